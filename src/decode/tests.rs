//! The decoders against vectors, the library as oracle, and noise.

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
fn a_header_may_name_the_schema() {
    struct ByGuid(Arc<WriterSchema>);
    impl SchemaLookup for ByGuid {
        fn schema(&self, id: i32) -> SchemaState {
            SchemaState::Missing(format!("schema {id} is not in the registry"))
        }
        fn by_guid(&self, guid: u128) -> SchemaState {
            assert_eq!(guid, 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
            SchemaState::Ready(Arc::clone(&self.0))
        }
    }
    let proto = "message First { string a = 1; } message Second { string b = 1; message Inner { string c = 1; } }";
    let schema = Arc::new(WriterSchema::parse(proto, "PROTOBUF", &[], Some("guid".into())).unwrap());
    let lookup = ByGuid(schema);
    let guid = hex("0100112233445566778899aabbccddeeff");
    let read = |header: Vec<u8>| {
        let mut record = Record::bare("orders", Bytes::from_static(b"k"), Bytes::from_static(&[0x0a, 1, b'x']));
        let old = Header { name: "__value_schema_id".into(), value: Some(vec![0, 0, 0, 0, 9].into()) };
        record.headers = vec![old, Header { name: "__value_schema_id".into(), value: Some(header.into()) }];
        let has_guid = usize::from(record.headers[1].value.as_ref().unwrap()[0]);
        assert_eq!(schema_guids(&record.headers).count(), has_guid);
        assert_eq!(header_schema_ids(&record.headers).count(), 2 - has_guid);
        decode_record(record, ViewAs::Auto.into(), &lookup)
    };
    for (indexes, json) in
        [("", r#"{"a":"x"}"#), ("00", r#"{"a":"x"}"#), ("0202", r#"{"b":"x"}"#), ("040200", r#"{"c":"x"}"#)]
    {
        let decoded = read([guid.clone(), hex(indexes)].concat());
        assert_eq!(decoded.value.value.to_json(), json, "{indexes}");
        assert_eq!(decoded.value.format, Format::Protobuf { schema_id: None });
        assert_eq!(decoded.key.format, Format::Text, "the other part is not meant");
    }
    let unknown = read(vec![0, 0, 0, 0, 8]);
    assert_eq!(unknown.value.attempts[0].reason, "schema 8 is not in the registry");
    let odd = read([guid, hex("020202")].concat());
    assert_eq!((odd.value.attempts[0].decoder, odd.value.format), ("protobuf", Format::Hex));
}

/// Schemas that somebody named for topics, and none of a registry.
#[derive(Default)]
struct Named {
    value: Option<Result<Arc<WriterSchema>, String>>,
    fingerprints: HashMap<u64, Arc<WriterSchema>>,
    guids: HashMap<u128, Arc<WriterSchema>>,
}

impl SchemaLookup for Named {
    fn schema(&self, id: i32) -> SchemaState {
        SchemaState::Missing(format!("schema {id} is not in the registry"))
    }

    fn by_guid(&self, guid: u128) -> SchemaState {
        let known = self.guids.get(&guid);
        known.map_or(SchemaState::Missing("no such schema".into()), |schema| SchemaState::Ready(schema.clone()))
    }

    fn of_topic(&self, topic: &str, part: Part) -> Option<&Result<Arc<WriterSchema>, String>> {
        self.value.as_ref().filter(|_| topic == "orders" && part == Part::Value)
    }

    fn by_fingerprint(&self, fingerprint: u64) -> Option<Arc<WriterSchema>> {
        self.fingerprints.get(&fingerprint).cloned()
    }
}

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#;

fn order() -> Arc<WriterSchema> {
    Arc::new(WriterSchema::parse(ORDER, "AVRO", &[], Some("order.avsc".into())).unwrap())
}

#[test]
fn bytes_without_a_frame_are_read_by_the_schema_named_for_their_topic() {
    let lookup = Named { value: Some(Ok(order())), ..Named::default() };
    let read = |topic: &str, view: ViewAs, value: &[u8]| {
        let record = Record::bare(topic, Bytes::from_static(b"k"), Bytes::copy_from_slice(value));
        decode_record(record, view.into(), &lookup)
    };
    for view in [ViewAs::Auto, ViewAs::Avro] {
        let decoded = read("orders", view, &[84]);
        assert_eq!(decoded.value.value.to_json(), r#"{"id":42}"#);
        assert_eq!(decoded.value.schema.as_deref(), Some("order.avsc"));
        assert_eq!(decoded.value.attempts, []);
        assert_eq!(decoded.key.format, Format::Text, "keys have none");
    }
    assert_eq!(read("payments", ViewAs::Auto, &[84]).value.format, Format::Text);
    assert_eq!(read("orders", ViewAs::Hex, &[84]).value.format, Format::Hex);
    let broken = read("orders", ViewAs::Auto, &[84, 1]).value;
    assert_eq!((broken.attempts[0].decoder, broken.is_undecodable()), ("avro", true));
    let missing = Named { value: Some(Err("order.avsc: not there".into())), ..Named::default() };
    let record = Record::bare("orders", Bytes::from_static(b"k"), Bytes::from_static(&[84]));
    let decoded = decode_record(record, ReadAs::default(), &missing).value;
    assert_eq!((decoded.attempts[0].reason.as_str(), decoded.format), ("order.avsc: not there", Format::Text));
    let views = TopicView::new("orders", ReadAs::default(), &lookup);
    assert!(views.part(Part::Value).reads_differently(&[84]) && !views.part(Part::Key).reads_differently(&[84]));
}

/// What the library writes, read by us.
#[test]
fn a_fingerprint_names_one_of_the_schemas_at_hand() {
    let schema = Schema::parse_str(ORDER).unwrap();
    let mut writer = apache_avro::GenericSingleObjectWriter::new_with_capacity(&schema, 64).unwrap();
    let mut bytes = Vec::new();
    writer.write_value_ref(&Avro::Record(vec![("id".into(), Avro::Long(42))]), &mut bytes).unwrap();
    let bytes = Bytes::from(bytes);
    let order = order();
    let lookup = Named { fingerprints: [(order.fingerprint().unwrap(), order)].into(), ..Named::default() };
    let read = auto(&bytes, &lookup);
    assert_eq!((read.value.to_json().as_str(), read.schema.as_deref()), (r#"{"id":42}"#, Some("order.avsc")));
    let unknown = auto(&bytes, &NoSchemas);
    assert!(unknown.attempts[0].reason.starts_with("no schema file of the profile has the fingerprint "));
    assert!(unknown.is_undecodable() && unknown.format == Format::Hex);
    let view = TopicView::new("t", ReadAs::default(), &NoSchemas).part(Part::Value);
    assert!(view.reads_differently(&bytes));
}

#[test]
fn a_guid_before_the_payload_names_its_schema() {
    let guid = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128;
    let lookup = Named { guids: [(guid, order())].into(), ..Named::default() };
    let bytes = Bytes::from([&[1][..], &guid.to_be_bytes(), &[84]].concat());
    assert_eq!(schema_guid(&bytes), Some(guid));
    let read = auto(&bytes, &lookup);
    assert_eq!((read.value.to_json().as_str(), read.format), (r#"{"id":42}"#, Format::Avro { schema_id: None }));
    // Much begins with a byte of 1.
    let other = auto(&Bytes::from(vec![1; 30]), &lookup);
    assert!(!other.is_undecodable() && other.format == Format::Hex);
    assert!(decode(Some(&Bytes::from(vec![1; 30])), ViewAs::Avro, &lookup).is_undecodable());
}

/// `protoc --include_imports --descriptor_set_out` (35.1) of the two files below.
const SHOP: &str = "0a5f0a12636f6d6d6f6e2f6d6f6e65792e70726f746f1206636f6d6d6f6e22390a054d6f6e657912140a05756e697473\
    1801200128035205756e697473121a0a0863757272656e6379180220012809520863757272656e6379620670726f746f\
    330adc020a0a73686f702e70726f746f120473686f701a12636f6d6d6f6e2f6d6f6e65792e70726f746f22ab020a054f\
    72646572120e0a02696418012001280952026964122f0a06636f756e747318022003280b32172e73686f702e4f726465\
    722e436f756e7473456e7472795206636f756e747312240a046b696e6418032001280e32102e73686f702e4f72646572\
    2e4b696e6452046b696e6412210a047061696418042003280b320d2e636f6d6d6f6e2e4d6f6e65795204706169641226\
    0a056c696e657318052003280b32102e73686f702e4f726465722e4c696e6552056c696e65731a390a0b436f756e7473\
    456e74727912100a036b657918012001280952036b657912140a0576616c7565180220012805520576616c75653a0238\
    011a160a044c696e65120e0a02617418012001281252026174221d0a044b696e64120b0a07554e4b4e4f574e10001208\
    0a04474946541002620670726f746f33";

#[test]
fn a_set_of_descriptors_reads_as_its_files_do() {
    let main = r#"syntax = "proto3"; package shop; import "common/money.proto";
        message Order { string id = 1; map<string, int32> counts = 2; Kind kind = 3; repeated common.Money paid = 4;
          enum Kind { UNKNOWN = 0; GIFT = 2; } message Line { sint64 at = 1; } repeated Line lines = 5; }"#;
    let imported = r#"syntax = "proto3"; package common; message Money { int64 units = 1; string currency = 2; }"#;
    assert_eq!(imports(main).unwrap(), ["common/money.proto"]);
    let descriptors = Bytes::from(hex(SHOP));
    let by_text = WriterSchema::protobuf(&ProtobufSource::Text(main), &[imported.into()], None, None).unwrap();
    let by_set = WriterSchema::protobuf(&ProtobufSource::Descriptors(&descriptors), &[], None, None).unwrap();
    let payload = Bytes::from(hex("0a026f3112050a0161100718022207080c120345555222020806"));
    for (schema, how) in [(by_text, "text"), (by_set, "set")] {
        let (value, _) = schema.read_bare(&payload, &Bytes::new(), None, &Asked::All).unwrap();
        let json = r#"{"id":"o1","counts":{"a":7},"kind":"GIFT","paid":[{"units":12,"currency":"EUR"},{"units":6}]}"#;
        assert_eq!(value.to_json(), json, "{how}");
    }
    let chosen = WriterSchema::protobuf(&ProtobufSource::Descriptors(&descriptors), &[], Some("shop.Order.Line"), None);
    let (value, _) = chosen.unwrap().read_bare(&hex("0803").into(), &Bytes::new(), None, &Asked::All).unwrap();
    assert_eq!(value.to_json(), r#"{"at":-2}"#);
    let unknown = WriterSchema::protobuf(&ProtobufSource::Text(main), &[], Some("shop.Oder"), None).unwrap_err();
    assert_eq!(unknown, "its schema has no message shop.Oder");
    let noise = ProtobufSource::Descriptors(&Bytes::from_static(b"\xff\xff"));
    assert!(WriterSchema::protobuf(&noise, &[], None, None).unwrap_err().starts_with("it is no set of descriptors"));
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
