//! The fields that records have, for whoever types a query or picks columns.

use crate::domain::query::{Field, Path, Step};
use crate::domain::record::DecodedRecord;
use crate::domain::value::Value;
use std::collections::BTreeSet;

/// Names that are kept, and how deep they are looked for.
const MOST: usize = 500;
const DEEPEST: usize = 8;
/// Elements of a list that are looked at: they are mostly alike.
const ELEMENTS: usize = 3;
/// Characters of a name; nobody types longer ones.
const LONGEST: usize = 120;

/// Names of fields as a query writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldNames(BTreeSet<String>);

/// What every record has.
const ALWAYS: [&str; 9] = ["format", "key", "offset", "partition", "schema", "size", "timestamp", "topic", "value"];

impl FieldNames {
    pub fn add(&mut self, record: &DecodedRecord) {
        for header in &record.record.headers {
            self.keep(&Field::Header(header.name.as_str().into()));
        }
        let mut steps = Vec::new();
        self.look(&record.key.value, &mut steps, &|path| Field::Key(path));
        self.look(&record.value.value, &mut steps, &|path| Field::Value(path));
    }

    fn look(&mut self, value: &Value, steps: &mut Vec<Step>, field: &dyn Fn(Path) -> Field) {
        match value {
            Value::Record(fields) if steps.len() < DEEPEST => {
                for (name, value) in fields {
                    if self.0.len() >= MOST {
                        return;
                    }
                    steps.push(Step::Name((**name).into()));
                    self.keep(&field(Path(steps.clone())));
                    self.look(value, steps, field);
                    steps.pop();
                }
            }
            // A name leads into the elements.
            Value::List(items) => items.iter().take(ELEMENTS).for_each(|item| self.look(item, steps, field)),
            _ => {}
        }
    }

    fn keep(&mut self, field: &Field) {
        let name = field.to_string();
        if self.0.len() < MOST && name.chars().count() <= LONGEST {
            self.0.insert(name);
        }
    }

    /// Those seen, and those that every record has.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).chain(ALWAYS)
    }

    /// The names that go on from `typed`; those whose last part does, where none begins so.
    pub fn completing(&self, typed: &str, most: usize) -> Vec<&str> {
        let begins: Vec<&str> = self.all().filter(|name| name.starts_with(typed) && *name != typed).collect();
        let mut found = match begins.is_empty() && typed.chars().count() > 1 && !typed.contains('.') {
            true => {
                self.all().filter(|name| name.rsplit('.').next().is_some_and(|last| last.starts_with(typed))).collect()
            }
            false => begins,
        };
        found.sort_unstable_by_key(|name| (name.len(), *name));
        found.truncate(most);
        found
    }
}

/// The word that ends a line and may be a field, and where it begins, in bytes.
pub fn word_at_end(line: &str) -> (usize, &str) {
    let is_part = |c: char| c.is_alphanumeric() || "_-.@$#/[]*".contains(c);
    let start = line.char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(line.len(), |(at, _)| at);
    (start, line.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::{Decoded, Format, Record};

    fn record() -> DecodedRecord {
        let decoded = |value| Decoded {
            value,
            format: Format::Json,
            schema: None,
            written: None,
            packed: vec![],
            attempts: vec![],
        };
        let item = Value::Record(vec![("sku".into(), Value::Text("a".into()))]);
        let value = Value::Record(vec![
            ("customer".into(), Value::Record(vec![("id".into(), Value::Null), ("two words".into(), Value::Null)])),
            ("items".into(), Value::List(vec![item])),
        ]);
        let record = Record::bare("t", "k".into(), "v".into());
        DecodedRecord { record, key: decoded(Value::Text("k".into())), value: decoded(value) }
    }

    #[test]
    fn names_are_written_as_a_query_writes_them() {
        let mut names = FieldNames::default();
        names.add(&record());
        assert_eq!(
            names.completing("value.c", 9),
            ["value.customer", "value.customer.id", "value.customer.\"two words\""]
        );
        assert_eq!(names.completing("sku", 9), ["value.items.sku"], "by its last part");
        assert_eq!(names.completing("part", 9), ["partition"]);
        assert_eq!(names.completing("value.customer.id", 9), Vec::<&str>::new());
    }

    #[test]
    fn the_last_word_of_a_line_may_be_a_field() {
        assert_eq!(word_at_end("key exists and value.sta"), (15, "value.sta"));
        assert_eq!(word_at_end("(val"), (1, "val"));
        assert_eq!(word_at_end("a = "), (4, ""));
        assert_eq!(word_at_end("Grü"), (0, "Grü"));
    }

    #[test]
    fn names_are_bounded() {
        let mut names = FieldNames::default();
        let fields = (0..2_000).map(|number| (format!("f{number}").into(), Value::Null)).collect();
        let mut record = record();
        record.value.value = Value::Record(fields);
        names.add(&record);
        assert!(names.all().count() <= MOST + ALWAYS.len());
    }
}
