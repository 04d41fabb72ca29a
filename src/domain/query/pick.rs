//! What a field of a query is in a record, to be shown in a column.

use super::ast::{Field, Path};
use super::reach;
use crate::domain::record::{Decoded, DecodedRecord};
use crate::domain::value::Value;

/// The field's value; several are a list. `None` where the record has none.
pub fn pick(field: &Field, record: &DecodedRecord) -> Option<Value> {
    let number = |number: i64| Some(Value::Number(number.to_string().into()));
    let facts = &record.record;
    match field {
        Field::Anywhere => None,
        Field::Key(path) => inside(&record.key, path),
        Field::Value(path) => inside(&record.value, path),
        Field::Header(name) => {
            let named = facts.headers.iter().filter(|header| *header.name == **name);
            one_or_list(named.map(
                |header| match header.value.as_ref().map(|value| (value, std::str::from_utf8(value))) {
                    None => Value::Null,
                    Some((_, Ok(text))) => Value::Text(text.into()),
                    Some((bytes, Err(_))) => Value::Bytes(bytes.clone()),
                },
            ))
        }
        Field::Topic => Some(Value::Text(facts.topic.as_str().into())),
        Field::Partition => number(facts.partition.into()),
        Field::Offset => number(facts.offset),
        Field::Timestamp => Some(match facts.timestamp.rfc3339() {
            Some(text) => Value::Text(text.into()),
            None => return number(facts.timestamp.millis()),
        }),
        Field::Size => {
            let length = |bytes: Option<&bytes::Bytes>| bytes.map_or(0, |bytes| bytes.len());
            let size = length(facts.key.as_ref()) + length(facts.value.as_ref());
            number(i64::try_from(size).unwrap_or(i64::MAX))
        }
        Field::Format => Some(Value::Text(record.value.format.word().into())),
        Field::Schema => record.value.schema.as_ref().map(|schema| Value::Text((**schema).into())),
    }
}

fn inside(decoded: &Decoded, path: &Path) -> Option<Value> {
    let mut found = Vec::new();
    reach::any(&decoded.value, &path.0, &mut |value| {
        found.push(value.clone());
        false
    });
    one_or_list(found.into_iter())
}

fn one_or_list(found: impl Iterator<Item = Value>) -> Option<Value> {
    let mut found: Vec<Value> = found.collect();
    match found.len() {
        0 | 1 => found.pop(),
        _ => Some(Value::List(found)),
    }
}
