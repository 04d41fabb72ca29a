//! One table of the file, read with types and places.

use std::ops::Range;
use toml_edit::{Item, TableLike, Value};

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Bad {
    pub span: Option<Range<usize>>,
    pub text: String,
}

impl Bad {
    pub(super) fn at(span: Option<Range<usize>>, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }
}

pub(super) struct Section<'a> {
    table: &'a dyn TableLike,
    /// How messages call it: "a profile".
    what: &'static str,
}

impl<'a> Section<'a> {
    pub(super) fn new(table: &'a dyn TableLike, what: &'static str) -> Self {
        Self { table, what }
    }

    pub(super) fn item(&self, key: &str) -> Option<&'a Item> {
        self.table.get(key).filter(|item| !item.is_none())
    }

    /// All that stands here: name, place of the name, value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Option<Range<usize>>, &'a Item)> {
        let table = self.table;
        table.iter().map(move |(name, item)| (name, table.key(name).and_then(toml_edit::Key::span), item))
    }

    /// Where the value of a key stands, or the key when it is a table.
    pub(super) fn span(&self, key: &str) -> Option<Range<usize>> {
        let (key, item) = self.table.get_key_value(key)?;
        item.span().or_else(|| key.span())
    }

    /// A table below this one.
    pub(super) fn section(&self, key: &'static str) -> Result<Option<Section<'a>>, Bad> {
        let Some(item) = self.item(key) else { return Ok(None) };
        match item.as_table_like() {
            Some(table) => Ok(Some(Section::new(table, key))),
            None => Err(self.wrong(key, "a table")),
        }
    }

    pub(super) fn string(&self, key: &str) -> Result<Option<String>, Bad> {
        self.typed(key, "a text in quotes", |item| item.as_str().map(str::to_owned))
    }

    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>, Bad> {
        self.typed(key, "true or false, without quotes", Item::as_bool)
    }

    pub(super) fn integer(&self, key: &str) -> Result<Option<i64>, Bad> {
        self.typed(key, "a number", Item::as_integer)
    }

    /// A list of texts, or one text.
    pub(super) fn strings(&self, key: &str) -> Result<Option<Vec<String>>, Bad> {
        self.typed(key, "a list of texts", |item| match item {
            Item::Value(Value::String(text)) => Some(vec![text.value().clone()]),
            Item::Value(Value::Array(array)) => array.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
            _ => None,
        })
    }

    /// Bytes a second: a number, `"50MB/s"`, or `"unlimited"` as `Some(None)`.
    pub(super) fn byte_rate(&self, key: &str) -> Result<Option<Option<u64>>, Bad> {
        self.typed(key, "a number of bytes a second, \"50MB/s\" or \"unlimited\"", |item| match item {
            Item::Value(Value::Integer(bytes)) => {
                u64::try_from(*bytes.value()).ok().filter(|bytes| *bytes > 0).map(Some)
            }
            Item::Value(Value::String(text)) if text.value() == "unlimited" => Some(None),
            Item::Value(Value::String(text)) => crate::domain::throughput::parse(text.value()).map(Some),
            _ => None,
        })
    }

    fn typed<T>(&self, key: &str, wanted: &str, read: impl Fn(&'a Item) -> Option<T>) -> Result<Option<T>, Bad> {
        match self.item(key) {
            None => Ok(None),
            Some(item) => read(item).map(Some).ok_or_else(|| self.wrong(key, wanted)),
        }
    }

    fn wrong(&self, key: &str, wanted: &str) -> Bad {
        Bad::at(self.span(key), format!("{key} must be {wanted}"))
    }

    /// A sentence for each key that is not `known`, with its place.
    pub(super) fn unknown(&self, known: &[&'static str]) -> Vec<(String, Option<Range<usize>>)> {
        let mut unknown = Vec::new();
        for (name, _) in self.table.iter().filter(|(name, _)| !known.contains(name)) {
            let shown = crate::domain::text::sanitize(name);
            let meant = known.iter().find(|known| is_near(name, known));
            let hint = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            let span = self.table.get_key_value(name).and_then(|(key, item)| key.span().or_else(|| item.span()));
            unknown.push((format!("{} has no key {shown}{hint}", self.what), span));
        }
        unknown
    }
}

/// The same letters but for case, hyphens and underscores, or with one letter
/// wrong, missing, too many, or two of them swapped.
fn is_near(name: &str, known: &str) -> bool {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (a, b) = (plain(name), plain(known));
    let front = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let shorter = a.len().min(b.len());
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count().min(shorter - front);
    match (a.get(front..a.len() - back), b.get(front..b.len() - back)) {
        (Some([x, y]), Some([v, w])) => (x, y) == (w, v),
        (Some(a), Some(b)) => a.len() <= 1 && b.len() <= 1,
        _ => false,
    }
}
