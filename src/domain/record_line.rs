//! A record as one line of JSON or CSV, as scripts read it.
//!
//! Invariant: a decoded value reaches JSON with every digit it had; bytes that are no text
//! are base64, never replaced characters. Headers keep their order and repeats.

use super::query::{Field, pick};
use super::record::{Decoded, DecodedRecord, Header};
use super::value::Value;
use super::{Offset, PartitionId, csv};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Line<'a, B: Serialize> {
    topic: &'a str,
    partition: PartitionId,
    offset: Offset,
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp_reason: Option<String>,
    key: Box<RawValue>,
    key_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key_packed: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_undecoded_because: Option<&'a str>,
    value: Box<RawValue>,
    value_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_schema_id: Option<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    value_packed: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_undecoded_because: Option<&'a str>,
    headers: Vec<HeaderLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<&'a B>,
}

#[derive(Serialize)]
struct HeaderLine {
    name: String,
    value: Box<RawValue>,
}

/// Of a record without its batch.
pub const ALONE: Option<&()> = None;

/// A JSON object, with what the record shares with its batch as a member.
pub fn json<B: Serialize>(decoded: &DecodedRecord, batch: Option<&B>) -> String {
    let record = &decoded.record;
    let timestamp = record.timestamp.rfc3339();
    let line = Line {
        topic: record.topic.as_str(),
        partition: record.partition,
        offset: record.offset,
        timestamp_reason: timestamp.is_none().then(|| outside(record.timestamp.millis())),
        timestamp,
        key: raw(&decoded.key.value),
        key_format: decoded.key.format.word(),
        key_schema: decoded.key.schema.as_deref(),
        key_packed: packed(&decoded.key),
        key_undecoded_because: why_undecoded(&decoded.key),
        value: raw(&decoded.value.value),
        value_format: decoded.value.format.word(),
        value_schema: decoded.value.schema.as_deref(),
        value_schema_id: decoded.value.format.schema_id(),
        value_packed: packed(&decoded.value),
        value_undecoded_because: why_undecoded(&decoded.value),
        headers: record.headers.iter().map(header_line).collect(),
        batch,
    };
    // Every part of a line serialises: its maps have string keys.
    serde_json::to_string(&line).unwrap_or_default()
}

fn outside(millis: i64) -> String {
    format!("{millis} ms lies outside the calendar")
}

/// The value's JSON as it is; what its decoder took for JSON and is none becomes
/// a string, so that a line is always whole.
pub fn raw(value: &Value) -> Box<RawValue> {
    let json = value.to_json();
    RawValue::from_string(json.clone())
        .or_else(|_| serde_json::value::to_raw_value(&json))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn packed(decoded: &Decoded) -> Vec<&'static str> {
    decoded.packed.iter().map(|packing| packing.word()).collect()
}

/// Why a value that seemed to be of some format could not be read as that.
pub fn why_undecoded(decoded: &Decoded) -> Option<&str> {
    decoded.attempts.iter().find(|attempt| attempt.is_claim).map(|attempt| attempt.reason.as_str())
}

fn header_line(header: &Header) -> HeaderLine {
    let value = match &header.value {
        None => Value::Null,
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Bytes(bytes.clone()),
        },
    };
    HeaderLine { name: header.name.clone(), value: raw(&value) }
}

/// A value in one field: text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_string(),
        other => other.to_json(),
    }
}

/// The first line of a CSV.
pub fn csv_header(has_batch: bool) -> String {
    let batch = if has_batch { ",batch" } else { "" };
    format!("topic,partition,offset,timestamp,key,key_format,value,value_format,headers{batch}")
}

/// A line of a CSV.
pub fn csv<B: Serialize>(decoded: &DecodedRecord, batch: Option<&B>) -> String {
    let record = &decoded.record;
    let headers: Vec<HeaderLine> = record.headers.iter().map(header_line).collect();
    let mut cells = vec![
        record.topic.to_string(),
        record.partition.to_string(),
        record.offset.to_string(),
        record.timestamp.rfc3339().unwrap_or_default(),
        plain(&decoded.key.value),
        decoded.key.format.word().to_owned(),
        plain(&decoded.value.value),
        decoded.value.format.word().to_owned(),
        serde_json::to_string(&headers).unwrap_or_default(),
    ];
    cells.extend(batch.map(|batch| serde_json::to_string(batch).unwrap_or_default()));
    csv::record(&cells)
}

/// Chosen fields as a line of a CSV; what a record does not have is empty.
pub fn picked_csv<'a>(decoded: &DecodedRecord, fields: impl IntoIterator<Item = &'a Field>) -> String {
    let cell = |field| pick(field, decoded).as_ref().map_or(String::new(), in_a_cell);
    csv::record(&fields.into_iter().map(cell).collect::<Vec<_>>())
}

/// A field's value without quotes around it.
pub fn in_a_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) | Value::Number(text) | Value::Typed { text, .. } => text.to_string(),
        Value::Bool(_) | Value::Bytes(_) | Value::List(_) | Value::Record(_) => value.to_json(),
    }
}
