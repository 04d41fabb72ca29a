//! The decoders against vectors, the library as oracle, and noise.

mod naming;

use super::*;
use crate::domain::query::Asked;
use crate::domain::record::{Header, NumberType, Packing};
use crate::domain::topic_formats::WORDS;
use crate::domain::value::Logical;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Decimal, Schema};
use proptest::prelude::*;
use rstest::rstest;
use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Default)]
struct Known(HashMap<i32, Arc<WriterSchema>>);

impl Known {
    fn with(id: i32, text: &str) -> Self {
        let schema = WriterSchema::parse(text, "AVRO", &[], Some("orders-value v3".into())).unwrap();
        Self([(id, Arc::new(schema))].into())
    }
}

impl SchemaLookup for Known {
    fn schema(&self, id: i32) -> SchemaState {
        match self.0.get(&id) {
            Some(schema) => SchemaState::Ready(schema.clone()),
            None => SchemaState::Missing(format!("schema {id} is not in the registry")),
        }
    }
}

fn framed(id: i32, payload: &[u8]) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend(id.to_be_bytes());
    bytes.extend(payload);
    bytes.into()
}

fn auto(bytes: &Bytes, schemas: &dyn SchemaLookup) -> Decoded {
    decode(Some(bytes), ViewAs::Auto, schemas)
}

fn written(schema: &Schema, value: Avro) -> Vec<u8> {
    GenericDatumWriter::builder(schema).build().unwrap().write_value_to_vec(value).unwrap()
}

/// What the library writes for `value`, read by us.
fn through(schema: &str, value: Avro) -> Decoded {
    let parsed = Schema::parse_str(schema).unwrap();
    let payload = written(&parsed, value);
    auto(&framed(7, &payload), &Known::with(7, schema))
}

fn json_of(schema: &str, value: Avro) -> String {
    let decoded = through(schema, value);
    assert_eq!(decoded.attempts, [], "{schema}");
    decoded.value.to_json()
}

#[rstest]
#[case::object(b"{\"a\": [1, 2]}", Format::Json, r#"{"a":[1,2]}"#)]
#[case::json_number_is_text(b"42", Format::Text, r#""42""#)]
#[case::broken_json_is_text(b"{\"a\": ", Format::Text, r#""{\"a\": ""#)]
#[case::text("Grüße".as_bytes(), Format::Text, r#""Grüße""#)]
#[case::empty(b"", Format::Text, r#""""#)]
#[case::a_big_endian_long(&[0, 0, 0, 0, 0, 0, 0, 42], Format::Hex, r#"{"base64":"AAAAAAAAACo="}"#)]
#[case::latin1(&[b'G', b'r', 0xfc], Format::Hex, r#"{"base64":"R3L8"}"#)]
#[case::xml(b"<a>\n1</a>", Format::Xml, r#""<a>\n1</a>""#)]
#[case::no_xml(b"<a>", Format::Text, r#""<a>""#)]
#[case::messagepack(b"\x81\xa1a\x01", Format::MessagePack, r#"{"a":1}"#)]
#[case::no_text_as_a_key(b"\x81\x01\x01", Format::Hex, r#"{"base64":"gQEB"}"#)]
#[case::cbor(b"\xa1\x61a\x01", Format::Cbor, r#"{"a":1}"#)]
fn bytes_without_a_schema(#[case] bytes: &'static [u8], #[case] format: Format, #[case] json: &str) {
    let decoded = auto(&Bytes::from_static(bytes), &NoSchemas);
    assert_eq!((decoded.format.clone(), decoded.value.to_json().as_str()), (format, json));
    assert!(!decoded.is_undecodable());
}

#[test]
fn null_is_null_in_every_view() {
    for (word, view) in WORDS {
        assert_eq!(decode(None, *view, &NoSchemas).format, Format::Null, "{word}");
    }
}

#[test]
fn a_chosen_view_says_why_it_does_not_fit() {
    let bytes = Bytes::from_static(b"plain");
    let as_json = decode(Some(&bytes), ViewAs::Json, &NoSchemas);
    assert_eq!((as_json.format, as_json.attempts[0].decoder), (Format::Text, "json"));
    assert_eq!(as_json.attempts[0].reason, "a value was expected at byte 0");
    let as_avro = decode(Some(&bytes), ViewAs::Avro, &NoSchemas);
    assert_eq!(as_avro.attempts[0].decoder, "avro");
    assert_eq!(decode(Some(&bytes), ViewAs::Hex, &NoSchemas).value, Value::Bytes(bytes));
    let scalar = decode(Some(&Bytes::from_static(b" 1.10 ")), ViewAs::Json, &NoSchemas);
    assert_eq!(scalar.value, Value::Number("1.10".into()));
    let forced = decode(Some(&Bytes::from_static(b"a\xff")), ViewAs::Text, &NoSchemas);
    assert_eq!(forced.value, Value::Text("a\u{fffd}".into()));
}

#[rstest]
#[case(ViewAs::Number(NumberType::Int64), &[0, 0, 0, 0, 0, 0, 0, 42], Format::Number(NumberType::Int64), "42")]
#[case(ViewAs::MessagePack, &[0x93, 1, 2, 0xc0], Format::MessagePack, "[1,2,null]")]
#[case(ViewAs::Cbor, &[0x82, 1, 0x20], Format::Cbor, "[1,-1]")]
#[case(ViewAs::Uuid, &[1; 16], Format::Uuid, r#""01010101-0101-0101-0101-010101010101""#)]
#[case(ViewAs::Xml, b"<a/>", Format::Xml, r#""<a/>""#)]
#[case(ViewAs::Base64, b"eyJhIjoxfQ==", Format::Json, r#"{"a":1}"#)]
#[case::what_does_not_fit_is_guessed(ViewAs::Number(NumberType::Int8), b"{\"a\":1}", Format::Json, r#"{"a":1}"#)]
fn a_chosen_view_reads(#[case] view: ViewAs, #[case] bytes: &'static [u8], #[case] format: Format, #[case] json: &str) {
    let decoded = decode(Some(&Bytes::from_static(bytes)), view, &NoSchemas);
    assert_eq!((decoded.value.to_json().as_str(), decoded.format), (json, format));
}

#[test]
fn what_is_packed_is_read_as_what_it_holds() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{\"a\":1}").unwrap();
    let gzip = encoder.finish().unwrap();
    let twice = zstd::stream::encode_all(&gzip[..], 1).unwrap();
    let decoded = auto(&gzip.clone().into(), &NoSchemas);
    assert_eq!((decoded.format, decoded.packed), (Format::Json, vec![Packing::Gzip]));
    let decoded = auto(&twice.into(), &NoSchemas);
    assert_eq!((decoded.format, decoded.packed), (Format::Json, vec![Packing::Zstd, Packing::Gzip]));
    let as_hex = decode(Some(&gzip.clone().into()), ViewAs::Hex, &NoSchemas);
    assert_eq!(as_hex.value, Value::Bytes(gzip.clone().into()));
    let cut = auto(&gzip[..gzip.len() - 9].to_vec().into(), &NoSchemas);
    assert_eq!((cut.format.clone(), cut.attempts[0].decoder, cut.is_undecodable()), (Format::Hex, "gzip", true));
}

#[test]
fn an_order_is_read_with_all_its_types() {
    let schema = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
      {"name":"id","type":"long"},
      {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},
      {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
      {"name":"due","type":{"type":"int","logicalType":"date"}},
      {"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID"]}},
      {"name":"before","type":["null","Status"]},
      {"name":"note","type":["null","string"]},
      {"name":"tags","type":{"type":"map","values":"string"}},
      {"name":"items","type":{"type":"array","items":{"type":"record","name":"Item","fields":[
        {"name":"sku","type":"string"},{"name":"count","type":"int"}]}}}]}"#;
    let item = Avro::Record(vec![("sku".into(), Avro::String("A-1".into())), ("count".into(), Avro::Int(-3))]);
    let order = Avro::Record(vec![
        ("id".into(), Avro::Long(9_007_199_254_740_993)),
        ("amount".into(), Avro::Decimal(Decimal::from(1_234_i16.to_be_bytes()))),
        ("at".into(), Avro::TimestampMillis(1_700_000_000_118)),
        ("due".into(), Avro::Date(19_675)),
        ("status".into(), Avro::Enum(1, "PAID".into())),
        ("before".into(), Avro::Union(1, Box::new(Avro::Enum(0, "NEW".into())))),
        ("note".into(), Avro::Union(0, Box::new(Avro::Null))),
        ("tags".into(), Avro::Map([("k".into(), Avro::String("v".into()))].into())),
        ("items".into(), Avro::Array(vec![item])),
    ]);
    let decoded = through(schema, order);
    assert_eq!(decoded.format, Format::Avro { schema_id: Some(7) });
    assert_eq!(decoded.schema.as_deref(), Some("orders-value v3"));
    assert_eq!(
        decoded.value.to_json(),
        r#"{"id":9007199254740993,"amount":12.34,"at":"2023-11-14T22:13:20.118Z","due":"2023-11-14","status":"PAID","before":"NEW","note":null,"tags":{"k":"v"},"items":[{"sku":"A-1","count":-3}]}"#
    );
    let amount = decoded.value.field("amount").unwrap();
    assert!(matches!(amount, Value::Typed { logical: Logical::Decimal { precision: 12, scale: 2 }, .. }));
}

#[rstest]
#[case(r#""string""#, Avro::String("x".into()), r#""x""#)]
#[case(r#""boolean""#, Avro::Boolean(true), "true")]
#[case(r#""int""#, Avro::Int(i32::MIN), "-2147483648")]
#[case(r#""long""#, Avro::Long(i64::MIN), "-9223372036854775808")]
#[case(r#""float""#, Avro::Float(0.1), "0.1")]
#[case(r#""double""#, Avro::Double(f64::INFINITY), r#""Infinity""#)]
#[case(r#"{"type":"fixed","name":"F","size":2}"#, Avro::Fixed(2, vec![1, 2]), r#"{"base64":"AQI="}"#)]
#[case(
    r#"{"type":"string","logicalType":"uuid"}"#,
    Avro::Uuid(uuid::Uuid::from_u128(5)),
    r#""00000000-0000-0000-0000-000000000005""#
)]
#[case(
    r#"{"type":"fixed","size":16,"name":"U","logicalType":"uuid"}"#,
    Avro::Uuid(uuid::Uuid::from_u128(5)),
    r#""00000000-0000-0000-0000-000000000005""#
)]
#[case(r#"{"type":"int","logicalType":"time-millis"}"#, Avro::TimeMillis(61_001), r#""00:01:01.001""#)]
#[case(r#"{"type":"long","logicalType":"time-micros"}"#, Avro::TimeMicros(1), r#""00:00:00.000001""#)]
#[case(
    r#"{"type":"long","logicalType":"timestamp-micros"}"#,
    Avro::TimestampMicros(1),
    r#""1970-01-01T00:00:00.000001Z""#
)]
#[case(
    r#"{"type":"long","logicalType":"timestamp-nanos"}"#,
    Avro::TimestampNanos(1),
    r#""1970-01-01T00:00:00.000000001Z""#
)]
#[case(
    r#"{"type":"long","logicalType":"local-timestamp-millis"}"#,
    Avro::LocalTimestampMillis(1),
    r#""1970-01-01T00:00:00.001""#
)]
#[case(r#"{"type":"fixed","name":"D","size":3,"logicalType":"decimal","precision":6,"scale":1}"#, Avro::Decimal(Decimal::from([0xff, 0xff, 0xf6])), "-1.0")]
fn every_type_at_the_top(#[case] schema: &str, #[case] value: Avro, #[case] json: &str) {
    assert_eq!(json_of(schema, value), json);
}

#[test]
fn a_duration_and_a_big_decimal() {
    let duration = apache_avro::Duration::new(
        apache_avro::Months::new(2),
        apache_avro::Days::new(3),
        apache_avro::Millis::new(1_500),
    );
    let schema = r#"{"type":"fixed","name":"D","size":12,"logicalType":"duration"}"#;
    assert_eq!(json_of(schema, Avro::Duration(duration)), r#""P2M3DT1.500S""#);
    let big = apache_avro::BigDecimal::from(1_234) / 1_000;
    let schema = r#"{"type":"bytes","logicalType":"big-decimal"}"#;
    assert_eq!(json_of(schema, Avro::BigDecimal(big)), "1.234");
}

#[test]
fn a_schema_of_bytes_has_no_length_before_it() {
    let decoded = auto(&framed(7, &[9, 0xff]), &Known::with(7, r#""bytes""#));
    assert_eq!(decoded.value, Value::Bytes(Bytes::from_static(&[9, 0xff])));
    assert_eq!(decoded.format, Format::Avro { schema_id: Some(7) });
}

#[test]
fn map_entries_keep_their_order() {
    // Two entries in a block that states its size, then one in a plain block.
    let payload = [3, 8, 2, b'z', 2, 2, b'a', 4, 2, 2, b'm', 6, 0];
    let decoded = auto(&framed(7, &payload), &Known::with(7, r#"{"type":"map","values":"int"}"#));
    assert_eq!(decoded.value.to_json(), r#"{"z":1,"a":2,"m":3}"#);
}

const LIST: &str = r#"{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]}"#;

#[rstest]
#[case::empty(7, &[], "the payload ends early, at byte 0")]
#[case::truncated(7, &[2, 2], "the payload ends early, at byte 2")]
#[case::leftover(7, &[0, 0], "1 bytes follow the value")]
#[case::no_such_branch(7, &[4], "branch 2 is not in the union")]
#[case::too_deep(7, &[2; 1_000], "it nests deeper than 96")]
fn what_claims_a_schema_and_does_not_fit_says_why(#[case] id: i32, #[case] payload: &[u8], #[case] reason: &str) {
    let decoded = auto(&framed(id, payload), &Known::with(7, LIST));
    assert!(decoded.is_undecodable());
    assert_eq!((decoded.attempts[0].decoder, decoded.attempts[0].reason.as_str()), ("avro", reason));
    assert_eq!(decoded.format, Format::Hex);
}

#[test]
fn what_claims_an_unknown_schema_says_so() {
    let decoded = auto(&framed(8, &[0]), &Known::with(7, LIST));
    assert!(decoded.is_undecodable());
    let attempt = &decoded.attempts[0];
    assert_eq!((attempt.decoder, attempt.reason.as_str()), ("schema", "schema 8 is not in the registry"));
}

fn zigzag(number: i64) -> Vec<u8> {
    written(&Schema::Long, Avro::Long(number))
}

#[rstest]
#[case::items_without_bytes(r#"{"type":"array","items":"null"}"#, zigzag(1 << 40), "it holds more than 4480 values")]
#[case::items(r#"{"type":"array","items":"long"}"#, zigzag(1 << 40), "the payload ends early, at byte 6")]
#[case::least_count(r#"{"type":"array","items":"long"}"#, zigzag(i64::MIN), "the payload ends early, at byte 10")]
#[case::a_long_text(r#""string""#, zigzag(1 << 40), "the payload ends early, at byte 6")]
#[case::a_negative_text(r#""string""#, zigzag(-2), "a length of -2 cannot be")]
#[case::a_huge_fixed(r#"{"type":"fixed","name":"F","size":4611686018427387904}"#, vec![1], "the payload ends early, at byte 1")]
#[case::an_endless_number(r#""long""#, vec![0xff; 11], "a number at byte 10 does not end")]
fn absurd_lengths_cost_nothing(#[case] schema: &str, #[case] payload: Vec<u8>, #[case] reason: &str) {
    let decoded = auto(&framed(7, &payload), &Known::with(7, schema));
    assert_eq!(decoded.attempts[0].reason, reason);
}

#[test]
fn a_schema_may_be_spread_over_references() {
    let main =
        r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"by","type":"people.Customer"}]}"#;
    let references = [
        Reference {
            name: "people.Customer".into(),
            text:
                r#"{"type":"record","name":"Customer","namespace":"people","fields":[{"name":"of","type":"Country"}]}"#
                    .into(),
        },
        Reference {
            name: "people.Country".into(),
            text: r#"{"type":"enum","name":"Country","namespace":"people","symbols":["DE","FR"]}"#.into(),
        },
    ];
    let schema = WriterSchema::parse(main, "AVRO", &references, None).unwrap();
    let decoded = auto(&framed(1, &[2]), &Known([(1, Arc::new(schema))].into()));
    assert_eq!(decoded.value.to_json(), r#"{"by":{"of":"FR"}}"#);
    assert!(WriterSchema::parse(main, "AVRO", &references[1..], None).is_err());
}

#[test]
fn other_kinds_of_schema() {
    let schema = WriterSchema::parse("{}", "JSON", &[], None).unwrap();
    let decoded = auto(&framed(1, b"3.10"), &Known([(1, Arc::new(schema))].into()));
    assert_eq!(
        (decoded.format, decoded.value),
        (Format::JsonSchema { schema_id: Some(1) }, Value::Number("3.10".into()))
    );
    let schema =
        WriterSchema::parse("syntax = \"proto3\"; message M { string s = 1; }", "PROTOBUF", &[], None).unwrap();
    let decoded = auto(&framed(1, &[0, 0x0a, 1, b'x']), &Known([(1, Arc::new(schema))].into()));
    assert_eq!(decoded.format, Format::Protobuf { schema_id: Some(1) });
    assert_eq!(decoded.value.to_json(), r#"{"s":"x"}"#);
    let refused = WriterSchema::parse("", "THRIFT", &[], None).unwrap_err();
    assert_eq!(refused, "its schema is of type THRIFT, which klamm does not read");
    assert!(WriterSchema::parse("{", "AVRO", &[], None).unwrap_err().starts_with("its schema cannot be parsed"));
}

#[rstest]
#[case(&[0, 0, 0, 0, 7], Some(7))]
#[case(&[0, 0, 0, 1, 0, 9], Some(256))]
#[case(&[0, 0, 0, 0, 0, 9], None)]
#[case(&[0, 0xff, 0, 0, 0, 9], None)]
#[case(&[1, 0, 0, 0, 7], None)]
#[case(&[0, 0, 0, 7], None)]
#[case(&[], None)]
fn framing(#[case] bytes: &[u8], #[case] id: Option<i32>) {
    assert_eq!(schema_id(bytes), id);
}

/// A schema as JSON and a value that fits it.
fn schema_and_value() -> impl Strategy<Value = (String, Avro)> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|v| (r#""boolean""#.to_owned(), Avro::Boolean(v))),
        any::<i32>().prop_map(|v| (r#""int""#.to_owned(), Avro::Int(v))),
        any::<i64>().prop_map(|v| (r#""long""#.to_owned(), Avro::Long(v))),
        any::<f64>().prop_map(|v| (r#""double""#.to_owned(), Avro::Double(v))),
        ".{0,12}".prop_map(|v| (r#""string""#.to_owned(), Avro::String(v))),
        any::<i64>()
            .prop_map(|v| (r#"{"type":"long","logicalType":"timestamp-micros"}"#.to_owned(), Avro::TimestampMicros(v))),
        any::<i128>().prop_map(|v| (
            r#"{"type":"bytes","logicalType":"decimal","precision":39,"scale":4}"#.to_owned(),
            Avro::Decimal(Decimal::from(v.to_be_bytes()))
        )),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0usize..4).prop_map(|((schema, value), count)| (
                format!(r#"{{"type":"array","items":{schema}}}"#),
                Avro::Array(vec![value; count])
            )),
            (inner.clone(), "[a-z]{1,5}").prop_map(|((schema, value), name)| (
                format!(r#"{{"type":"map","values":{schema}}}"#),
                Avro::Map([(name, value)].into())
            )),
            inner.clone().prop_map(|(schema, value)| (
                format!(r#"{{"type":"array","items":["null",{schema}]}}"#),
                Avro::Array(vec![Avro::Union(1, Box::new(value)), Avro::Union(0, Box::new(Avro::Null))])
            )),
            prop::collection::vec(inner, 0..4).prop_map(|fields| {
                // A name may be defined once, also after shrinking.
                static NAMES: AtomicUsize = AtomicUsize::new(0);
                let unique = NAMES.fetch_add(1, Ordering::Relaxed);
                let schemas: Vec<String> = fields
                    .iter()
                    .enumerate()
                    .map(|(i, (schema, _))| format!(r#"{{"name":"f{i}","type":{schema}}}"#))
                    .collect();
                let values = fields.into_iter().enumerate().map(|(i, (_, value))| (format!("f{i}"), value)).collect();
                let schema = format!(r#"{{"type":"record","name":"R{unique}","fields":[{}]}}"#, schemas.join(","));
                (schema, Avro::Record(values))
            }),
        ]
    })
}

/// What the value should look like, told without reading any bytes.
fn expected(value: &Avro) -> Value {
    match value {
        Avro::Null => Value::Null,
        Avro::Boolean(v) => Value::Bool(*v),
        Avro::Int(v) => Value::Number(v.to_string().into()),
        Avro::Long(v) => Value::Number(v.to_string().into()),
        Avro::Double(v) if v.is_nan() => Value::Number("NaN".into()),
        Avro::Double(v) if v.is_infinite() => Value::Number(if *v > 0.0 { "Infinity" } else { "-Infinity" }.into()),
        Avro::Double(v) => Value::Number(format!("{v:?}").into()),
        Avro::String(v) => Value::Text(v.as_str().into()),
        Avro::Union(_, v) => expected(v),
        Avro::Array(items) => Value::List(items.iter().map(expected).collect()),
        Avro::Map(entries) => Value::Record(entries.iter().map(|(k, v)| (k.as_str().into(), expected(v))).collect()),
        Avro::Record(fields) => Value::Record(fields.iter().map(|(k, v)| (k.as_str().into(), expected(v))).collect()),
        Avro::TimestampMicros(v) => {
            let text = jiff::Timestamp::from_microsecond(*v).map_or(v.to_string(), |t| format!("{t:.6}"));
            Value::Typed { text: text.into(), logical: Logical::Timestamp }
        }
        Avro::Decimal(v) => {
            let digits = i128::from_be_bytes(<Vec<u8>>::try_from(v).unwrap().try_into().unwrap());
            let (sign, size) = (if digits < 0 { "-" } else { "" }, digits.unsigned_abs());
            let text = format!("{sign}{}.{:04}", size / 10_000, size % 10_000);
            Value::Typed { text: text.into(), logical: Logical::Decimal { precision: 39, scale: 4 } }
        }
        other => panic!("{other:?} is not generated"),
    }
}

#[test]
fn a_topic_of_kafkas_own_is_read_as_such() {
    let key = hex("00010002673100066f726465727300000002");
    let value = hex("0003000000000000002a0000000500000000018bcfe56800");
    let record = Record::bare("__consumer_offsets", key.clone().into(), value.clone().into());
    let decoded = decode_record(record, ViewAs::Auto.into(), &NoSchemas);
    assert_eq!((decoded.key.format, decoded.value.format), (Format::Kafka, Format::Kafka));
    assert_eq!(decoded.value.schema.as_deref(), Some("OffsetCommitValue"));
    let record = Record::bare("__consumer_offsets", key.clone().into(), vec![0, 99].into());
    let unknown = decode_record(record, ViewAs::Auto.into(), &NoSchemas);
    assert!(unknown.value.is_undecodable());
    assert_eq!(unknown.value.value, Value::Bytes(vec![0, 99].into()), "what is not known stays as it is");
    // Others may call a topic so.
    let record = Record::bare("heartbeats", "k".to_owned().into(), "{}".to_owned().into());
    let json = decode_record(record, ViewAs::Auto.into(), &NoSchemas);
    assert!(!json.value.is_undecodable());
    assert_eq!(json.value.format, Format::Json);
    let record = Record::bare("__consumer_offsets", key.into(), value.clone().into());
    assert_eq!(decode_record(record, ViewAs::Hex.into(), &NoSchemas).value.value, Value::Bytes(value.into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn noise_of_any_format_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz::formats(&bytes);
    }

    #[test]
    fn what_the_library_writes_is_read((schema, value) in schema_and_value()) {
        let want = expected(&value);
        let decoded = through(&schema, value);
        prop_assert_eq!(&decoded.attempts, &[], "{}", schema);
        prop_assert_eq!(decoded.value, want);
    }

    #[test]
    fn a_cut_payload_is_never_read_as_if_it_were_whole((schema, value) in schema_and_value(), cut in 1usize..8) {
        let parsed = Schema::parse_str(&schema).unwrap();
        let payload = written(&parsed, value);
        prop_assume!(payload.len() >= cut);
        let decoded = auto(&framed(7, &payload[..payload.len() - cut]), &Known::with(7, &schema));
        prop_assert!(decoded.is_undecodable(), "{:?}", decoded);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz::avro(&bytes);
    }

    #[test]
    fn small_noise_never_panics(bytes in prop::collection::vec(0u8..6, 0..300)) {
        fuzz::avro(&bytes);
    }
}
