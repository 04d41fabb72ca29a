//! The types that every program of Protobuf's knows without importing them, and how
//! their JSON form shows them.

use super::file::File;
use super::{Reader, instant, typed};
use crate::decode::decimal;
use crate::domain::value::{Logical, Value};
use std::sync::Arc;

/// `google/protobuf/*.proto` as far as they hold messages, and the decimal of the
/// registry's own.
const FILES: &[&str] = &[
    r"package google.protobuf;
    message Timestamp { int64 seconds = 1; int32 nanos = 2; }
    message Duration { int64 seconds = 1; int32 nanos = 2; }
    message Any { string type_url = 1; bytes value = 2; }
    message Empty {}
    message FieldMask { repeated string paths = 1; }
    message Struct { map<string, Value> fields = 1; }
    message ListValue { repeated Value values = 1; }
    enum NullValue { NULL_VALUE = 0; }
    message Value {
      oneof kind {
        NullValue null_value = 1; double number_value = 2; string string_value = 3;
        bool bool_value = 4; Struct struct_value = 5; ListValue list_value = 6;
      }
    }
    message DoubleValue { double value = 1; } message FloatValue { float value = 1; }
    message Int64Value { int64 value = 1; } message UInt64Value { uint64 value = 1; }
    message Int32Value { int32 value = 1; } message UInt32Value { uint32 value = 1; }
    message BoolValue { bool value = 1; } message StringValue { string value = 1; }
    message BytesValue { bytes value = 1; }",
    "package google.type;
    message Date { int32 year = 1; int32 month = 2; int32 day = 3; }
    message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }
    message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }
    message LatLng { double latitude = 1; double longitude = 2; }
    message Decimal { string value = 1; }
    message Interval { google.protobuf.Timestamp start_time = 1; google.protobuf.Timestamp end_time = 2; }",
    "package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }",
];

pub(super) fn files() -> Vec<File> {
    // A test reads them all.
    FILES.iter().filter_map(|text| File::parse(text).ok()).collect()
}

/// A message that is shown as something simpler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Timestamp,
    Duration,
    Any,
    FieldMask,
    Struct,
    List,
    Value,
    /// Its value, or what it holds when none is written.
    Wrapper(Zero),
    Decimal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    Float,
    Whole,
    Bool,
    Text,
    Bytes,
}

impl Known {
    pub fn of(name: &str) -> Option<Self> {
        if name == "confluent.type.Decimal" {
            return Some(Self::Decimal);
        }
        Some(match name.strip_prefix("google.protobuf.")? {
            "Timestamp" => Self::Timestamp,
            "Duration" => Self::Duration,
            "Any" => Self::Any,
            "FieldMask" => Self::FieldMask,
            "Struct" => Self::Struct,
            "ListValue" => Self::List,
            "Value" => Self::Value,
            "DoubleValue" | "FloatValue" => Self::Wrapper(Zero::Float),
            "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value" => Self::Wrapper(Zero::Whole),
            "BoolValue" => Self::Wrapper(Zero::Bool),
            "StringValue" => Self::Wrapper(Zero::Text),
            "BytesValue" => Self::Wrapper(Zero::Bytes),
            _ => return None,
        })
    }
}

/// The fields of a message as it is shown. What does not have the fields that its
/// name promises, or more, is shown as it is.
pub(super) fn shown(
    reader: &mut Reader<'_>,
    known: Option<Known>,
    fields: Vec<(Arc<str>, Value)>,
    depth: usize,
) -> Value {
    let simple = match known {
        Some(Known::Any) => any(reader, &fields, depth),
        Some(known) => simpler(known, &fields),
        None => None,
    };
    simple.unwrap_or(Value::Record(fields))
}

fn simpler(known: Known, fields: &[(Arc<str>, Value)]) -> Option<Value> {
    let whole = |name| match get(fields, name) {
        Some(Value::Number(digits)) => digits.parse::<i64>().ok(),
        Some(_) => None,
        None => Some(0),
    };
    let only = |names: &[&str]| fields.iter().all(|(name, _)| names.contains(&&**name)).then_some(());
    match known {
        Known::Timestamp => {
            only(&["seconds", "nanos"])?;
            instant(whole("seconds")?, whole("nanos")?)
        }
        Known::Duration => {
            only(&["seconds", "nanos"])?;
            let (seconds, nanos) = (whole("seconds")?, whole("nanos")?);
            let is_span = nanos.unsigned_abs() < 1_000_000_000 && (seconds.signum() * nanos.signum()) >= 0;
            let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
            let fraction = format!(".{:09}", nanos.unsigned_abs());
            let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
            is_span.then(|| typed(format!("{sign}{}{fraction}s", seconds.unsigned_abs()), Logical::Duration))
        }
        Known::FieldMask => {
            only(&["paths"])?;
            let Some(Value::List(paths)) = get(fields, "paths") else { return Some(Value::Text("".into())) };
            let paths: Option<Vec<&str>> =
                paths.iter().map(|path| if let Value::Text(path) = path { Some(&**path) } else { None }).collect();
            Some(Value::Text(paths?.join(",").into()))
        }
        Known::Struct => {
            only(&["fields"])?;
            Some(get(fields, "fields").cloned().unwrap_or(Value::Record(Vec::new())))
        }
        Known::List => {
            only(&["values"])?;
            Some(get(fields, "values").cloned().unwrap_or(Value::List(Vec::new())))
        }
        Known::Value => match fields {
            [(name, _)] if &**name == "null_value" => Some(Value::Null),
            [(name, value)] if name.ends_with("_value") => Some(value.clone()),
            _ => None,
        },
        Known::Wrapper(zero) => {
            only(&["value"])?;
            Some(get(fields, "value").cloned().unwrap_or(match zero {
                Zero::Float => Value::Number("0.0".into()),
                Zero::Whole => Value::Number("0".into()),
                Zero::Bool => Value::Bool(false),
                Zero::Text => Value::Text("".into()),
                Zero::Bytes => Value::Bytes(bytes::Bytes::new()),
            }))
        }
        Known::Decimal => {
            only(&["value", "precision", "scale"])?;
            let Some(Value::Bytes(unscaled)) = get(fields, "value") else { return None };
            let scale = whole("scale")?;
            let precision = u32::try_from(whole("precision")?).ok()?;
            let text = decimal::unscaled(unscaled, scale)?;
            Some(typed(text, Logical::Decimal { precision, scale: u32::try_from(scale).unwrap_or(0) }))
        }
        Known::Any => None,
    }
}

/// Its message where the schema knows it, beside what it is called.
fn any(reader: &mut Reader<'_>, fields: &[(Arc<str>, Value)], depth: usize) -> Option<Value> {
    let (Some(Value::Text(url)), Some(Value::Bytes(bytes))) = (get(fields, "type_url"), get(fields, "value")) else {
        return None;
    };
    let id = reader.plan.named(url.rsplit('/').next()?)?;
    let inner = reader.message(bytes, id, depth + 1).ok()?;
    let mut shown = vec![("@type".into(), Value::Text(url.clone()))];
    match inner {
        Value::Record(fields) => shown.extend(fields),
        other => shown.push(("value".into(), other)),
    }
    Some(Value::Record(shown))
}

fn get<'a>(fields: &'a [(Arc<str>, Value)], name: &str) -> Option<&'a Value> {
    fields.iter().find(|(field, _)| &**field == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_files() {
        assert_eq!(files().len(), FILES.len());
    }
}
