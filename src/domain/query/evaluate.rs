//! What a query says of one record.

use super::ast::{Comparison, Condition, Field, Literal, Path, Query, Test};
use super::literal::{as_shown, meets};
use super::reach;
use crate::domain::record::{Decoded, Format, Header};
use crate::domain::value::Value;
use crate::domain::{Offset, PartitionId, Time};
use bytes::Bytes;

/// In their order, the lesser wins in `and`, the greater in `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    No,
    /// What would decide it could not be read.
    Unknown,
    Yes,
}

impl From<bool> for Truth {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Key,
    Value,
}

impl Part {
    pub fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Value => "value",
        }
    }
}

/// A record that is looked at. Whatever costs something is asked for only when it
/// decides, and may be asked for more than once.
pub trait Subject {
    fn topic(&self) -> &str;
    fn partition(&self) -> PartitionId;
    fn offset(&self) -> Offset;
    fn timestamp(&self) -> Time;
    fn bytes(&self, part: Part) -> Option<&[u8]>;
    /// It is shown as it was written: it names no schema and is no document.
    fn is_plain(&self, part: Part) -> bool;
    fn decoded(&self, part: Part) -> &Decoded;
    fn headers(&self) -> &[Header];
}

/// Does the record meet the query?
pub fn truth(query: &Query, record: &dyn Subject) -> Truth {
    match query {
        Query::And(parts) => {
            let mut all = Truth::Yes;
            for part in parts {
                all = all.min(truth(part, record));
                if all == Truth::No {
                    break;
                }
            }
            all
        }
        Query::Or(parts) => {
            let mut any = Truth::No;
            for part in parts {
                any = any.max(truth(part, record));
                if any == Truth::Yes {
                    break;
                }
            }
            any
        }
        Query::Not(part) => match truth(part, record) {
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
            Truth::Yes => Truth::No,
        },
        Query::Test(test) => test_truth(test, record),
    }
}

fn test_truth(test: &Test, record: &dyn Subject) -> Truth {
    let condition = &test.condition;
    match &test.field {
        Field::Anywhere => anywhere(condition, record),
        Field::Key(path) => inside(Part::Key, path, condition, record),
        Field::Value(path) => inside(Part::Value, path, condition, record),
        Field::Header(name) => {
            let named = record.headers().iter().filter(|header| *header.name == **name);
            named.map(|header| header_value(header.value.as_ref())).any(|value| meets(&value, condition)).into()
        }
        Field::Topic => meets(&Value::Text(record.topic().into()), condition).into(),
        Field::Partition => whole(i64::from(record.partition()), condition).into(),
        Field::Offset => whole(record.offset(), condition).into(),
        Field::Timestamp => whole(record.timestamp().millis(), condition).into(),
        Field::Size => {
            let length = |part| record.bytes(part).map_or(0, <[u8]>::len);
            whole(i64::try_from(length(Part::Key) + length(Part::Value)).unwrap_or(i64::MAX), condition).into()
        }
        Field::Format => meets(&Value::Text(record.decoded(Part::Value).format.word().into()), condition).into(),
        Field::Schema => {
            let decoded = record.decoded(Part::Value);
            match &decoded.schema {
                Some(schema) => meets(&Value::Text((**schema).into()), condition).into(),
                // There is one; what it is called the registry did not say.
                None if names_a_schema(&decoded.format) => Truth::Unknown,
                None => Truth::No,
            }
        }
    }
}

fn names_a_schema(format: &Format) -> bool {
    matches!(
        format,
        Format::Avro { schema_id: Some(_) }
            | Format::Protobuf { schema_id: Some(_) }
            | Format::JsonSchema { schema_id: Some(_) }
    )
}

/// Numbers and times without writing them down.
fn whole(number: i64, condition: &Condition) -> bool {
    let compares = |comparison: Comparison, literal: &Literal| match literal {
        Literal::Number(wanted) => wanted.is_met_by_whole(number).is_some_and(|ordering| comparison.holds(ordering)),
        Literal::Time(time) => comparison.holds(number.cmp(&time.millis())),
        // The parser leaves nothing else beside a number.
        Literal::Null | Literal::Bool(_) | Literal::Text(_) => false,
    };
    match condition {
        Condition::Compare(comparison, literal) => compares(*comparison, literal),
        Condition::In(literals) => literals.iter().any(|literal| compares(Comparison::Equal, literal)),
        Condition::Contains(_) | Condition::StartsWith(_) | Condition::Matches(_) => false,
        Condition::Exists => true,
    }
}

fn header_value(bytes: Option<&Bytes>) -> Value {
    match bytes {
        None => Value::Null,
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Bytes(bytes.clone()),
        },
    }
}

fn anywhere(condition: &Condition, record: &dyn Subject) -> Truth {
    let Condition::Contains(text) = condition else { return Truth::No };
    let parts = || [Part::Key, Part::Value];
    // What costs nothing first.
    if parts().into_iter().any(|part| record.bytes(part).is_some_and(|bytes| text.is_in(bytes))) {
        return Truth::Yes;
    }
    let in_header = |header: &Header| {
        text.is_in(header.name.as_bytes()) || header.value.as_ref().is_some_and(|value| text.is_in(value))
    };
    if record.headers().iter().any(in_header) {
        return Truth::Yes;
    }
    parts().into_iter().map(|part| of_whole(part, condition, record)).max().unwrap_or(Truth::No)
}

fn inside(part: Part, path: &Path, condition: &Condition, record: &dyn Subject) -> Truth {
    if path.0.is_empty() {
        return of_whole(part, condition, record);
    }
    if record.bytes(part).is_none() {
        return Truth::No;
    }
    let decoded = record.decoded(part);
    if !is_readable(decoded) {
        return Truth::Unknown;
    }
    reach::any(&decoded.value, &path.0, &mut |value| meets(value, condition)).into()
}

/// Are these all the fields that there are? Not of bytes that nobody could read, and
/// not of what began like a document and is none.
fn is_readable(decoded: &Decoded) -> bool {
    match decoded.format {
        Format::Hex => false,
        Format::Text => decoded.attempts.is_empty(),
        Format::Null
        | Format::Json
        | Format::Avro { .. }
        | Format::Protobuf { .. }
        | Format::JsonSchema { .. }
        | Format::Xml
        | Format::MessagePack
        | Format::Cbor
        | Format::Number(_)
        | Format::Uuid
        | Format::Kafka => true,
    }
}

/// Of a key or a value as a whole: as it was written, or as it reads.
fn of_whole(part: Part, condition: &Condition, record: &dyn Subject) -> Truth {
    let Some(bytes) = record.bytes(part) else {
        return meets(&Value::Null, condition).into();
    };
    let literals = match condition {
        Condition::Exists => return Truth::Yes,
        Condition::Contains(text) => return of_text(part, record, &|shown| text.is_in(shown)),
        Condition::StartsWith(text) => return of_text(part, record, &|shown| shown.starts_with(text.as_bytes())),
        Condition::Matches(pattern) => return of_text(part, record, &|shown| pattern.is_in(shown)),
        Condition::Compare(Comparison::Equal, literal) => std::slice::from_ref(literal),
        Condition::In(literals) => literals,
        Condition::Compare(..) => &[],
    };
    let is_it = |literal: &Literal| matches!(literal, Literal::Text(text) if text.as_bytes() == bytes);
    if literals.iter().any(is_it) {
        return Truth::Yes;
    }
    let is_text = |literal: &Literal| matches!(literal, Literal::Text(_));
    if !literals.is_empty() && literals.iter().all(is_text) && record.is_plain(part) {
        return Truth::No;
    }
    let decoded = record.decoded(part);
    if meets(&decoded.value, condition) && !(decoded.is_undecodable() && is_negative(condition)) {
        return Truth::Yes;
    }
    // A text is not hidden in bytes that claim nothing; a number may be.
    let asks_number = literals_of(condition).iter().any(|literal| matches!(literal, Literal::Number(_)));
    let is_unknown = decoded.is_undecodable() || decoded.format == Format::Hex && asks_number;
    if is_unknown { Truth::Unknown } else { Truth::No }
}

fn literals_of(condition: &Condition) -> &[Literal] {
    match condition {
        Condition::Compare(_, literal) => std::slice::from_ref(literal),
        Condition::In(literals) => literals,
        Condition::Contains(_) | Condition::StartsWith(_) | Condition::Matches(_) | Condition::Exists => &[],
    }
}

/// Met by what is not there: of bytes that could not be read, it says nothing.
fn is_negative(condition: &Condition) -> bool {
    !matches!(condition, Condition::Compare(Comparison::Equal, _) | Condition::In(_))
}

fn of_text(part: Part, record: &dyn Subject, look: &dyn Fn(&[u8]) -> bool) -> Truth {
    if record.bytes(part).is_some_and(look) {
        return Truth::Yes;
    }
    if record.is_plain(part) {
        return Truth::No;
    }
    let decoded = record.decoded(part);
    match as_shown(&decoded.value, look) {
        true => Truth::Yes,
        false if decoded.is_undecodable() => Truth::Unknown,
        false => Truth::No,
    }
}
