//! What of records nobody may see: by topic and path, or by what it looks like.
//!
//! Invariant: what cannot be looked into is masked whole, so that a value that does
//! not decode, or that is looked at as hex, shows nothing either. A mask is of a fixed
//! length; raw bytes keep theirs, so that sizes stay true.

use super::record::{DecodedRecord, Header};
use super::topic_formats;
use super::value::Value;
use bytes::Bytes;
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::sync::Arc;

/// What stands in the place of what is masked.
pub const MASK: &str = "***";
/// A pattern compiles to no more than this, in bytes.
const LARGEST_PATTERN: usize = 1 << 20;

/// Patterns of topics' names, where `*` is any text, each with what is masked there.
/// All that match count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks(pub Vec<Mask>);

#[derive(Clone, Debug)]
pub struct Mask {
    pub topics: String,
    pub rule: Rule,
}

#[derive(Clone, Debug)]
pub enum Rule {
    Key(Vec<String>),
    Value(Vec<String>),
    /// A header's name, whatever its case.
    Header(String),
    /// Any text or number, of whatever field, that looks so.
    Like(Regex),
}

impl PartialEq for Mask {
    fn eq(&self, other: &Self) -> bool {
        self.topics == other.topics && self.rule.to_string() == other.rule.to_string()
    }
}

impl Eq for Mask {}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let joined = |f: &mut std::fmt::Formatter<'_>, first: &str, path: &[String]| {
            f.write_str(first)?;
            path.iter().try_for_each(|step| write!(f, ".{step}"))
        };
        match self {
            Self::Key(path) => joined(f, "key", path),
            Self::Value(path) => joined(f, "value", path),
            Self::Header(name) => write!(f, "headers.{name}"),
            Self::Like(regex) => write!(f, "/{regex}/"),
        }
    }
}

impl Rule {
    /// `key`, `value.customer.email`, `headers.NAME` or `/regular expression/`. In a
    /// path `*` is any field, and lists are looked into.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(pattern) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            let regex = RegexBuilder::new(pattern).size_limit(LARGEST_PATTERN).build();
            return match regex {
                Ok(regex) if regex.is_match("") => Err(format!("/{pattern}/ also matches nothing at all")),
                Ok(regex) => Ok(Self::Like(regex)),
                Err(error) => Err(error.to_string()),
            };
        }
        let mut steps = text.split('.');
        let first = steps.next().unwrap_or_default();
        let path: Vec<String> = steps.map(str::to_owned).collect();
        let is_whole = path.iter().all(|step| !step.is_empty());
        match first {
            "key" if is_whole => Ok(Self::Key(path)),
            "value" if is_whole => Ok(Self::Value(path)),
            "headers" if is_whole && !path.is_empty() => Ok(Self::Header(path.join("."))),
            _ => Err(format!("{text}: write key, value.FIELD.FIELD, headers.NAME or /EXPRESSION/")),
        }
    }
}

/// `orders.*=value.email value.card, *=/[0-9]{16}/`: pairs stand behind a comma and
/// white space, rules behind white space.
pub fn parse(text: &str) -> Result<Masks, String> {
    let mut masks = Vec::new();
    for pair in text.split(", ").map(str::trim).filter(|pair| !pair.is_empty()) {
        let (topics, rules) = pair.split_once('=').ok_or_else(|| format!("{pair}: write TOPICS=WHAT"))?;
        masks.extend(parse_rules(topics.trim(), rules)?);
    }
    Ok(Masks(masks))
}

/// The rules of one pattern of topics.
pub fn parse_rules(topics: &str, rules: &str) -> Result<Vec<Mask>, String> {
    let rules: Vec<&str> = rules.split_whitespace().collect();
    if rules.is_empty() {
        return Err(format!("{topics}: nothing is said to be masked"));
    }
    rules.into_iter().map(|rule| Ok(Mask { topics: topics.to_owned(), rule: Rule::parse(rule)? })).collect()
}

impl Masks {
    /// Does anything of this topic have to be masked?
    pub fn touch(&self, topic: &str) -> bool {
        self.of(topic).next().is_some()
    }

    /// Is everything that `others` mask of one topic masked by these of another, too?
    pub fn covers(&self, others: &Self, of: &str, to: &str) -> bool {
        let here: Vec<String> = self.of(to).map(Rule::to_string).collect();
        others.of(of).all(|rule| here.contains(&rule.to_string()))
    }

    fn of<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a Rule> {
        let of_topic = move |mask: &&Mask| topic_formats::matches(&mask.topics, topic);
        self.0.iter().filter(of_topic).map(|mask| &mask.rule)
    }

    /// Masks a record: what is shown of it, and its bytes.
    pub fn apply(&self, decoded: &mut DecodedRecord) {
        let topic = decoded.record.topic.clone();
        for rule in self.of(topic.as_str()) {
            let (mut in_key, mut in_value) = (false, false);
            match rule {
                Rule::Key(path) => in_key = by_path(&mut decoded.key.value, path),
                Rule::Value(path) => in_value = by_path(&mut decoded.value.value, path),
                Rule::Header(name) => {
                    let named = |header: &&mut Header| header.name.eq_ignore_ascii_case(name);
                    decoded.record.headers.iter_mut().filter(named).for_each(hide_header);
                }
                Rule::Like(regex) => {
                    in_key = by_look(&mut decoded.key.value, regex);
                    in_value = by_look(&mut decoded.value.value, regex);
                    let like = |header: &&mut Header| {
                        let value = header.value.as_deref().map(String::from_utf8_lossy);
                        value.is_some_and(|value| regex.is_match(&value))
                    };
                    decoded.record.headers.iter_mut().filter(like).for_each(hide_header);
                }
            }
            if in_key {
                hide(&mut decoded.record.key);
            }
            if in_value {
                hide(&mut decoded.record.value);
            }
        }
        // A reason may quote what did not fit.
        for part in [&mut decoded.key, &mut decoded.value] {
            if matches!(&part.value, Value::Text(text) if &**text == MASK) {
                part.attempts.clear();
            }
        }
    }
}

fn masked() -> Value {
    Value::Text(MASK.into())
}

fn hide(bytes: &mut Option<Bytes>) {
    if let Some(bytes) = bytes {
        *bytes = vec![b'*'; bytes.len()].into();
    }
}

fn hide_header(header: &mut Header) {
    header.value = header.value.is_some().then(|| Bytes::from_static(MASK.as_bytes()));
}

/// Does it hold for any? Asks all of them, since asking is what masks.
fn each<T>(items: impl Iterator<Item = T>, mut mask: impl FnMut(T) -> bool) -> bool {
    let mut any = false;
    for item in items {
        any |= mask(item);
    }
    any
}

/// Masks what lies at `path`, and what cannot be looked into. Was there any?
fn by_path(value: &mut Value, path: &[String]) -> bool {
    if *value == Value::Null {
        return false;
    }
    let Some((first, rest)) = path.split_first() else {
        *value = masked();
        return true;
    };
    match value {
        Value::Record(fields) => {
            let named = |name: &Arc<str>| first == "*" || **name == **first;
            let found = fields.iter_mut().filter(|(name, _)| named(name));
            each(found, |(_, field)| by_path(field, rest))
        }
        Value::List(items) => each(items.iter_mut(), |item| by_path(item, path)),
        // A path was promised, and here is none.
        _ => {
            *value = masked();
            true
        }
    }
}

/// Masks what looks so, wherever it is; in bytes, all of them.
fn by_look(value: &mut Value, regex: &Regex) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(text) | Value::Text(text) | Value::Typed { text, .. } => match regex.replace_all(text, MASK) {
            Cow::Borrowed(_) => false,
            Cow::Owned(text) => {
                *value = Value::Text(text.into());
                true
            }
        },
        Value::Bytes(bytes) => {
            let found = regex.is_match(&String::from_utf8_lossy(bytes));
            if found {
                *value = masked();
            }
            found
        }
        Value::List(items) => each(items.iter_mut(), |item| by_look(item, regex)),
        Value::Record(fields) => each(fields.iter_mut(), |(name, field)| {
            // A name may be data, as in a map.
            let renamed = match regex.replace_all(name, MASK) {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(Arc::from(text)),
            };
            let is_renamed = renamed.is_some();
            if let Some(other) = renamed {
                *name = other;
            }
            by_look(field, regex) || is_renamed
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::{Decoded, Format, Record};
    use rstest::rstest;

    fn decoded(value: Value) -> Decoded {
        Decoded { value, format: Format::Json, schema: None, written: None, packed: Vec::new(), attempts: Vec::new() }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn record(value: Value) -> DecodedRecord {
        let header = |name: &str, value: &'static str| Header { name: name.into(), value: Some(value.into()) };
        let mut record = Record::bare("orders.v1", "ada@example.org".into(), value.to_json().into());
        record.headers = vec![header("Token", "s3cret"), header("mail", "ada@example.org")];
        DecodedRecord { record, key: decoded(text("ada@example.org")), value: decoded(value) }
    }

    fn order() -> Value {
        let item = |card: &str| Value::Record(vec![("card".into(), Value::Number(card.into()))]);
        Value::Record(vec![
            ("id".into(), Value::Number("7".into())),
            ("by".into(), Value::Record(vec![("mail".into(), text("ada@example.org"))])),
            ("paid".into(), Value::List(vec![item("4111111111111111"), item("5500000000000004")])),
        ])
    }

    #[rstest]
    #[case(
        "orders.*=value.by.mail",
        r#"{"id":7,"by":{"mail":"***"},"paid":[{"card":4111111111111111},{"card":5500000000000004}]}"#
    )]
    #[case("*=value.paid.card", r#"{"id":7,"by":{"mail":"ada@example.org"},"paid":[{"card":"***"},{"card":"***"}]}"#)]
    #[case("*=value.by", r#"{"id":7,"by":"***","paid":[{"card":4111111111111111},{"card":5500000000000004}]}"#)]
    #[case("*=value", r#""***""#)]
    #[case(
        "*=/[0-9]{16}/ /[a-z]+@/",
        r#"{"id":7,"by":{"mail":"***example.org"},"paid":[{"card":"***"},{"card":"***"}]}"#
    )]
    #[case::into_a_number(
        "*=value.id.more",
        r#"{"id":"***","by":{"mail":"ada@example.org"},"paid":[{"card":4111111111111111},{"card":5500000000000004}]}"#
    )]
    fn values(#[case] masks: &str, #[case] expected: &str) {
        let mut record = record(order());
        let before = record.record.value.clone().unwrap();
        parse(masks).unwrap().apply(&mut record);
        assert_eq!(record.value.value.to_json(), expected);
        assert_eq!(
            record.record.value,
            Some(vec![b'*'; before.len()].into()),
            "the bytes are gone, their length is not"
        );
    }

    #[test]
    fn what_is_not_named_stays() {
        let mut masked = record(order());
        parse("payments=value, orders.*=value.nothing").unwrap().apply(&mut masked);
        assert_eq!(masked, record(order()));
        assert!(!parse("payments=value").unwrap().touch("orders.v1"));
    }

    #[test]
    fn keys_and_headers_are_masked_too() {
        let mut masked = record(order());
        parse("*=key headers.token").unwrap().apply(&mut masked);
        assert_eq!(masked.key.value, text(MASK));
        assert_eq!(masked.record.key, Some("***************".into()));
        let values: Vec<_> = masked.record.headers.iter().map(|header| header.value.clone()).collect();
        assert_eq!(values, [Some("***".into()), Some("ada@example.org".into())]);
        let mut masked = record(order());
        parse("*=/ada@/").unwrap().apply(&mut masked);
        assert_eq!(masked.record.headers[1].value, Some("***".into()));
    }

    #[test]
    fn what_cannot_be_looked_into_is_masked_whole() {
        let masks = parse("*=value.by.mail").unwrap();
        for opaque in [text("{\"by\":{\"mail\":\"ada@"), Value::Bytes("ada@example.org".into())] {
            let mut record = record(opaque);
            masks.apply(&mut record);
            assert_eq!(record.value.value, text(MASK));
        }
        let mut tombstone = record(Value::Null);
        masks.apply(&mut tombstone);
        assert_eq!(tombstone.value.value, Value::Null);
    }

    #[rstest]
    #[case("orders", "orders: write TOPICS=WHAT")]
    #[case("orders=", "orders: nothing is said to be masked")]
    #[case("orders=body.x", "body.x: write key, value.FIELD.FIELD, headers.NAME or /EXPRESSION/")]
    #[case("orders=value..x", "value..x: write key, value.FIELD.FIELD, headers.NAME or /EXPRESSION/")]
    #[case("orders=/x*/", "/x*/ also matches nothing at all")]
    fn what_is_no_rule_says_so(#[case] masks: &str, #[case] reason: &str) {
        assert_eq!(parse(masks).unwrap_err(), reason);
    }

    #[test]
    fn rules_are_written_as_they_are_read() {
        for rule in ["key", "key.id", "value.a.*.b", "headers.x.y", "/[0-9]{2,4}/"] {
            assert_eq!(Rule::parse(rule).unwrap().to_string(), rule);
        }
        assert!(Rule::parse("/(/").is_err());
    }
}
