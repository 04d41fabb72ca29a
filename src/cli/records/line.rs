//! A record as one line of output, as safe as whoever gets it needs it.

use super::batch::BatchLine;
use crate::cli::output::{Format, Look, escaped};
use crate::domain::record::DecodedRecord;
use crate::domain::value::Value;
use crate::domain::{record_line, show};

/// A line of a table never gets longer than this for its value.
const SHOWN_BYTES: usize = 16 << 10;

/// The first line of the stream, where the format has one.
pub(in crate::cli) fn header(format: Format, has_batch: bool) -> Option<String> {
    match format {
        Format::Json | Format::Table => None,
        Format::Csv => Some(record_line::csv_header(has_batch)),
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
            let line = record_line::json(record, batch);
            if look.is_terminal { escaped(&line) } else { line }
        }
        Format::Csv => look.safe(&record_line::csv(record, batch)).into_owned(),
        Format::Table => match batch {
            Some(batch) => format!("{}\n{}", shown(record, look), look.safe(&batch.shown())),
            None => shown(record, look),
        },
    }
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
    if let Some(reason) = record_line::why_undecoded(&decoded.value) {
        line.push_str(&format!("  ({})", look.safe(reason)));
    }
    line
}

/// As a person reads bytes, as far as a line shows them.
fn hex(bytes: &[u8]) -> String {
    let most = SHOWN_BYTES / 3;
    show::hex(bytes.get(..most).unwrap_or(bytes), " ") + if bytes.len() > most { " …" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::memory::look;
    use crate::domain::Time;
    use crate::domain::record::{Attempt, BatchFacts, Decoded, Format as ValueFormat, Header, Record};
    use crate::domain::value::Logical;
    use bytes::Bytes;

    fn decoded(value: Value, format: ValueFormat) -> Decoded {
        Decoded { value, format, schema: None, written: None, packed: vec![], attempts: vec![] }
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
