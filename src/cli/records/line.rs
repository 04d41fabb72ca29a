//! A record as one line of output.
//!
//! Invariant: a decoded value reaches JSON with every digit it had; bytes that
//! are no text are base64, never replaced characters. Headers keep their order
//! and repeats.

use super::batch::BatchLine;
use crate::cli::output::{Format, Look, csv_record, escaped};
use crate::domain::record::{Decoded, DecodedRecord, Header};
use crate::domain::value::Value;
use crate::domain::{Offset, PartitionId};
use serde::Serialize;
use serde_json::value::RawValue;

/// A line of a table never gets longer than this for its value.
const SHOWN_BYTES: usize = 16 << 10;

#[derive(Serialize)]
struct Line<'a> {
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
    batch: Option<&'a BatchLine>,
}

#[derive(Serialize)]
struct HeaderLine {
    name: String,
    value: Box<RawValue>,
}

/// The first line of the stream, where the format has one.
pub(in crate::cli) fn header(format: Format, has_batch: bool) -> Option<String> {
    let batch = if has_batch { ",batch" } else { "" };
    match format {
        Format::Json | Format::Table => None,
        Format::Csv => {
            Some(format!("topic,partition,offset,timestamp,key,key_format,value,value_format,headers{batch}"))
        }
    }
}

/// One record in `format`, safe for whoever reads it.
pub(in crate::cli) fn write(record: &DecodedRecord, format: Format, look: &Look) -> String {
    write_with(record, None, format, look)
}

/// The same, with what it shares with its batch: a member, a column more, or a line below.
pub(super) fn write_with(record: &DecodedRecord, batch: Option<&BatchLine>, format: Format, look: &Look) -> String {
    match format {
        Format::Json => {
            let line = json(record, batch);
            if look.is_terminal { escaped(&line) } else { line }
        }
        Format::Csv => look.safe(&csv(record, batch)).into_owned(),
        Format::Table => match batch {
            Some(batch) => format!("{}\n{}", shown(record, look), look.safe(&batch.shown())),
            None => shown(record, look),
        },
    }
}

fn json(decoded: &DecodedRecord, batch: Option<&BatchLine>) -> String {
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
pub(super) fn raw(value: &Value) -> Box<RawValue> {
    let json = value.to_json();
    RawValue::from_string(json.clone())
        .or_else(|_| serde_json::value::to_raw_value(&json))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn packed(decoded: &Decoded) -> Vec<&'static str> {
    decoded.packed.iter().map(|packing| packing.word()).collect()
}

fn why_undecoded(decoded: &Decoded) -> Option<&str> {
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

fn csv(decoded: &DecodedRecord, batch: Option<&BatchLine>) -> String {
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
    csv_record(&cells)
}

/// For people: time, partition, offset, key, value. The columns before the key
/// are as wide as they usually are, since what comes later is not known yet.
fn shown(decoded: &DecodedRecord, look: &Look) -> String {
    let record = &decoded.record;
    let part = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::Bytes(bytes) => hex(bytes),
        other => look.safe(&other.preview(SHOWN_BYTES)).into_owned(),
    };
    let mut line = format!(
        "{}  {:>3}  {:>10}  {:<16}  {}",
        record.timestamp.show(&look.zone),
        record.partition,
        record.offset,
        part(&decoded.key.value),
        part(&decoded.value.value),
    );
    if let Some(reason) = why_undecoded(&decoded.value) {
        line.push_str(&format!("  ({})", look.safe(reason)));
    }
    line
}

/// As a person reads bytes, as far as a line shows them.
fn hex(bytes: &[u8]) -> String {
    let most = SHOWN_BYTES / 3;
    let digits: Vec<String> = bytes.iter().take(most).map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ") + if bytes.len() > most { " …" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::memory::look;
    use crate::domain::Time;
    use crate::domain::record::{Attempt, BatchFacts, Format as ValueFormat, Record};
    use crate::domain::value::Logical;
    use bytes::Bytes;

    fn decoded(value: Value, format: ValueFormat) -> Decoded {
        Decoded { value, format, schema: None, packed: vec![], attempts: vec![] }
    }

    fn record(key: Decoded, value: Decoded, headers: Vec<Header>) -> DecodedRecord {
        let batch = BatchFacts { wire_bytes: 1, plain_bytes: 1, ..BatchFacts::unknown() };
        let record = Record {
            topic: "orders.v1".into(),
            partition: 2,
            offset: 990_412,
            timestamp: Time(1_700_000_000_118),
            key: None,
            value: None,
            headers,
            batch,
        };
        DecodedRecord { record, key, value }
    }

    fn avro() -> DecodedRecord {
        let value = Value::Record(vec![
            ("id".into(), Value::Number("9223372036854775807".into())),
            (
                "amount".into(),
                Value::Typed { text: "12.00".into(), logical: Logical::Decimal { precision: 12, scale: 2 } },
            ),
        ]);
        let mut value = decoded(value, ValueFormat::Avro { schema_id: Some(41) });
        value.schema = Some("orders.v1-value v3".into());
        let header = |name: &str, value: Option<&'static [u8]>| Header {
            name: name.into(),
            value: value.map(Bytes::from_static),
        };
        let headers = vec![
            header("retry", Some(b"1")),
            header("retry", Some(b"2")),
            header("raw", Some(&[0, 255])),
            header("none", None),
        ];
        record(decoded(Value::Text("customer-88".into()), ValueFormat::Text), value, headers)
    }

    #[test]
    fn json_keeps_digits_header_order_and_repeats() {
        insta::assert_snapshot!(write(&avro(), Format::Json, &look(false)), @r#"{"topic":"orders.v1","partition":2,"offset":990412,"timestamp":"2023-11-14T22:13:20.118Z","key":"customer-88","key_format":"text","value":{"id":9223372036854775807,"amount":12.00},"value_format":"avro","value_schema":"orders.v1-value v3","value_schema_id":41,"headers":[{"name":"retry","value":"1"},{"name":"retry","value":"2"},{"name":"raw","value":{"base64":"AP8="}},{"name":"none","value":null}]}"#);
    }

    #[test]
    fn nothing_is_null_and_bytes_are_base64() {
        let hex = decoded(Value::Bytes(Bytes::from_static(&[0, 255])), ValueFormat::Hex);
        let line = write(&record(decoded(Value::Null, ValueFormat::Null), hex, vec![]), Format::Json, &look(false));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&read["key"], &read["value"]["base64"]), (&serde_json::Value::Null, &"AP8=".into()));
        assert_eq!((&read["key_format"], &read["value_format"]), (&"null".into(), &"hex".into()));
    }

    #[test]
    fn a_value_that_does_not_decode_says_why() {
        let mut hex = decoded(Value::Bytes(Bytes::from_static(&[0])), ValueFormat::Hex);
        hex.attempts =
            vec![Attempt { decoder: "avro", reason: "schema 7 is unknown to the registry".into(), is_claim: true }];
        let record = record(decoded(Value::Null, ValueFormat::Null), hex, vec![]);
        let read: serde_json::Value = serde_json::from_str(&write(&record, Format::Json, &look(false))).unwrap();
        assert_eq!(read["value_undecoded_because"], "schema 7 is unknown to the registry");
        assert!(write(&record, Format::Table, &look(false)).ends_with("  00  (schema 7 is unknown to the registry)"));
    }

    #[test]
    fn digits_that_are_no_json_do_not_break_the_line() {
        let odd = decoded(Value::Number("007".into()), ValueFormat::Json);
        let line = write(&record(decoded(Value::Null, ValueFormat::Null), odd, vec![]), Format::Json, &look(false));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["value"], "007");
    }

    #[test]
    fn a_hostile_value_reaches_a_pipe_whole_and_a_terminal_harmless() {
        let hostile = "\u{1b}[2J\u{9b}31m";
        let record = record(
            decoded(Value::Null, ValueFormat::Null),
            decoded(Value::Text(hostile.into()), ValueFormat::Text),
            vec![],
        );
        assert!(write(&record, Format::Table, &look(false)).contains(hostile));
        for format in [Format::Table, Format::Csv, Format::Json] {
            let line = write(&record, format, &look(true));
            assert!(!line.contains(['\u{1b}', '\u{9b}']), "{line:?}");
        }
    }

    #[test]
    fn people_see_time_place_key_and_value() {
        insta::assert_snapshot!(write(&avro(), Format::Table, &look(false)), @r#"2023-11-14 22:13:20.118    2      990412  customer-88       {"id":9223372036854775807,"amount":12.00}"#);
    }
}
