use super::super::read_asked;
use super::*;
use crate::decode::json;
use crate::domain::query::Asked;
use bytes::Bytes;
use proptest::prelude::*;
use rstest::rstest;

fn plan(schema: &str) -> Plan {
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    Plan::compile(&schema, &[]).unwrap()
}

fn encoded(schema: &str, text: &str) -> Result<Vec<u8>, String> {
    let written = write(&plan(schema), &json::read(text.as_bytes()).unwrap()).map(|(bytes, _)| bytes);
    written.map_err(|misfit| {
        let steps = misfit.path.iter().map(|step| match step {
            Step::Field(name) => format!(".{name}"),
            Step::Item(index) => format!("[{index}]"),
        });
        format!("{}: {}", steps.collect::<String>(), misfit.reason)
    })
}

/// What is read back of what was written.
fn again(schema: &str, text: &str) -> String {
    let bytes = encoded(schema, text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
    read_asked(&plan(schema), &Bytes::from(bytes), &Asked::All).unwrap().to_json()
}

#[rstest]
#[case::null("\"null\"", "null")]
#[case::boolean("\"boolean\"", "true")]
#[case::int("\"int\"", "-2147483648")]
#[case::long("\"long\"", "9223372036854775807")]
#[case::double("\"double\"", "0.1")]
#[case::not_a_number("\"float\"", "\"NaN\"")]
#[case::below_all("\"double\"", "\"-Infinity\"")]
#[case::string("\"string\"", "\"Grüße\"")]
#[case::bytes("\"bytes\"", r#"{"base64":"AP8="}"#)]
#[case::fixed(r#"{"type":"fixed","name":"F","size":2}"#, r#"{"base64":"AP8="}"#)]
#[case::symbol(r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, "\"B\"")]
#[case::array(r#"{"type":"array","items":"int"}"#, "[1,2,3]")]
#[case::map(r#"{"type":"map","values":"int"}"#, r#"{"b":1,"a":2}"#)]
#[case::optional(r#"["null","string"]"#, "\"x\"")]
#[case::absent(r#"["null","string"]"#, "null")]
#[case::decimal(r#"{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}"#, "-1234567890.10")]
#[case::decimal_in_fixed(
    r#"{"type":"fixed","name":"D","size":9,"logicalType":"decimal","precision":20,"scale":4}"#,
    "-0.0001"
)]
#[case::big_decimal(r#"{"type":"bytes","logicalType":"big-decimal"}"#, "12.3400")]
#[case::uuid(r#"{"type":"string","logicalType":"uuid"}"#, "\"01010101-0101-0101-0101-010101010101\"")]
#[case::date(r#"{"type":"int","logicalType":"date"}"#, "\"2026-11-21\"")]
#[case::before_christ(r#"{"type":"int","logicalType":"date"}"#, "\"-000001-12-31\"")]
#[case::time(r#"{"type":"int","logicalType":"time-millis"}"#, "\"12:34:56.789\"")]
#[case::time_in_micros(r#"{"type":"long","logicalType":"time-micros"}"#, "\"00:00:00.000001\"")]
#[case::timestamp(r#"{"type":"long","logicalType":"timestamp-millis"}"#, "\"2023-11-14T22:13:20.118Z\"")]
#[case::beyond_calendars(r#"{"type":"long","logicalType":"timestamp-millis"}"#, "\"9223372036854775807\"")]
#[case::local(r#"{"type":"long","logicalType":"local-timestamp-micros"}"#, "\"1969-12-31T23:59:59.999999\"")]
#[case::span(r#"{"type":"fixed","name":"S","size":12,"logicalType":"duration"}"#, "\"P2M3DT1.500S\"")]
fn what_is_printed_can_be_written(#[case] schema: &str, #[case] text: &str) {
    assert_eq!(again(schema, text), text);
}

/// Every type, in two records within each other.
const EVERY: &str = r#"{"type":"record","name":"Every","namespace":"vector","fields":[
{"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B"]}},
{"name":"next","type":["null","Every"]},
{"name":"list","type":{"type":"array","items":["null","long","string","Kind"]}},
{"name":"map","type":{"type":"map","values":"int"}},
{"name":"flag","type":"boolean"},{"name":"raw","type":"bytes"},{"name":"fix","type":{"type":"fixed","name":"Two","size":2}},
{"name":"i","type":"int"},{"name":"l","type":"long"},{"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":"string"},
{"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},
{"name":"fdec","type":{"type":"fixed","name":"F9","size":9,"logicalType":"decimal","precision":20,"scale":4}},
{"name":"big","type":{"type":"bytes","logicalType":"big-decimal"}},
{"name":"id","type":{"type":"string","logicalType":"uuid"}},
{"name":"day","type":{"type":"int","logicalType":"date"}},
{"name":"t","type":{"type":"int","logicalType":"time-millis"}},{"name":"tu","type":{"type":"long","logicalType":"time-micros"}},
{"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"tsu","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"tsn","type":{"type":"long","logicalType":"timestamp-nanos"}},
{"name":"lts","type":{"type":"long","logicalType":"local-timestamp-micros"}}]}"#;

/// What Java's own library writes of it: Avro 1.12.0, `GenericDatumWriter` with the
/// conversions of all logical types. (Of nanoseconds before 1970 it writes another time.)
const BY_JAVA: &str = concat!(
    "02020000000000000102ffffffff0ffeffffffffffffffff010000c07f000000000000f0ff000200ffffffffffffffffff06",
    "0200004830303030303030302d303030302d303030302d303030302d3030303030303030303030300100feffbadd830501cf",
    "0f02000800020e04027806020002026b0500010400ff0102d80401cdcccc3d9a9999999999b93f184772c3bcc39f6520f09f",
    "a6800ae34166e5ee00ab54a98ceb1f0ad20a06fe1df8084830613162326333642d346535662d363037312d383239332d6134",
    "62356336643765386639d4c402aab2992b02acf1acdbbf68b4c3d5d6e1b1b0068ed7968c8de384ea31b4d3f2bffcb1b006"
);

#[test]
fn the_bytes_are_those_of_javas_own_library() {
    let inner = r#"{"kind":"A","next":null,"list":[],"map":{},"flag":false,"raw":{"base64":""},"fix":{"base64":"AQI="},
        "i":-2147483648,"l":9223372036854775807,"f":"NaN","d":"-Infinity","s":"","dec":0.00,"fdec":-0.0001,"big":0,
        "id":"00000000-0000-0000-0000-000000000000","day":"1969-12-31","t":"00:00:00","tu":"23:59:59.999999",
        "ts":"1969-12-31T23:59:59.999Z","tsu":"1969-12-31T23:59:59.999Z","tsn":"1970-01-01T00:00:00.000000001Z",
        "lts":"1970-01-01T00:00:00"}"#;
    let outer = r#"{"kind":"B","next":INNER,"list":[null,7,"x",{"vector.Kind":"B"}],"map":{"k":-3},"flag":true,
        "raw":{"base64":"AP8="},"fix":{"base64":"AQI="},"i":300,"l":-1,"f":0.1,"d":0.1,"s":"Grüße 🦀",
        "dec":-1234567890.10,"fdec":1234567890123456.7890,"big":-12.3400,
        "id":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","day":"2026-11-21","t":"12:34:56.789","tu":"00:00:00.000001",
        "ts":"2026-11-21T10:45:00.118Z","tsu":"2026-11-21T10:45:00.118234Z","tsn":"2026-11-21T10:45:00.118234567Z",
        "lts":"2026-11-21T11:45:00.118234"}"#;
    let written = encoded(EVERY, &outer.replace("INNER", inner)).unwrap();
    assert_eq!(written, crate::decode::hex(BY_JAVA));
}

const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
  {"name":"id","type":"long"},
  {"name":"customer","type":{"type":"record","name":"Customer","fields":[{"name":"id","type":"long"}]}},
  {"name":"lines","type":{"type":"array","items":["null","Customer"]}}]}"#;

#[rstest]
#[case::wrong_type(r#"{"id":1,"customer":{"id":"x"},"lines":[]}"#, r#".customer.id: expected long, got "x""#)]
#[case::missing(r#"{"id":1,"customer":{},"lines":[]}"#, ".customer: the field id is missing")]
#[case::unknown(r#"{"id":1,"customer":{"id":1},"lines":[],"y":2}"#, ".y: the schema has no such field")]
#[case::twice(r#"{"id":1,"id":1,"customer":{"id":1},"lines":[]}"#, ".id: the field stands there twice")]
#[case::within_a_branch(
    r#"{"id":1,"customer":{"id":1},"lines":[null,{"id":true}]}"#,
    ".lines[1].id: expected long, got true"
)]
#[case::no_branch(
    r#"{"id":1,"customer":{"id":1},"lines":[7]}"#,
    ".lines[0]: expected one of null, shop.Customer, got 7"
)]
#[case::too_large(
    r#"{"id":9223372036854775808,"customer":{"id":1},"lines":[]}"#,
    ".id: expected long, got 9223372036854775808"
)]
fn what_does_not_fit_says_where(#[case] text: &str, #[case] says: &str) {
    assert_eq!(encoded(ORDER, text).unwrap_err(), says);
}

#[rstest]
#[case("\"float\"", "1e99", "expected float")]
#[case(r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#, "1.001", "more digits behind the point")]
#[case(
    r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
    "100.00",
    "more digits than the precision"
)]
#[case(r#"{"type":"fixed","name":"F","size":2}"#, "\"abc\"", "expected 2 bytes, got 3")]
#[case(r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, "\"C\"", "expected one of A, B")]
#[case(r#"{"type":"int","logicalType":"date"}"#, "\"2026-02-30\"", "a date such as")]
#[case(r#"["int","long"]"#, "5", "it fits int, long: name the one")]
fn nothing_is_rounded_cut_or_guessed(#[case] schema: &str, #[case] text: &str, #[case] says: &str) {
    let said = encoded(schema, text).unwrap_err();
    assert!(said.contains(says), "{said}");
}

/// Defaults say what lies beneath a logical type, and of a union a branch without its name.
const DEFAULTS: &str = r#"{"type":"record","name":"Defaults","namespace":"vector","fields":[
  {"name":"id","type":"long"},
  {"name":"n","type":["null","string"],"default":null},
  {"name":"s","type":["string","null"],"default":"x"},
  {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]},"default":"B"},
  {"name":"raw","type":"bytes","default":"\u00ff\u0001"},
  {"name":"fix","type":{"type":"fixed","name":"F","size":2},"default":"\u0000\u00ff"},
  {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2},"default":"\u0004\u00d2"},
  {"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"},"default":1700000000000},
  {"name":"day","type":{"type":"int","logicalType":"date"},"default":-1},
  {"name":"list","type":{"type":"array","items":"int"},"default":[1,2]},
  {"name":"map","type":{"type":"map","values":"boolean"},"default":{"k":true}},
  {"name":"in","type":{"type":"record","name":"In","fields":[{"name":"a","type":"int"},
    {"name":"b","type":"double","default":0.5}]},"default":{"a":3}}]}"#;

/// What Java's own library makes of it, of which only the id is given: Avro 1.12.0,
/// `GenericRecordBuilder`.
const DEFAULTS_BY_JAVA: &str = "02000002780204ff0100ff0404d280a0abfef962010402040002026b010006000000000000e03f";

#[test]
fn what_is_left_out_gets_its_default() {
    assert_eq!(encoded(DEFAULTS, r#"{"id":1}"#).unwrap(), crate::decode::hex(DEFAULTS_BY_JAVA));
    let plan = plan(DEFAULTS);
    let (bytes, filled) = write(&plan, &json::read(br#"{"id":1,"s":null,"day":"1970-01-01"}"#).unwrap()).unwrap();
    let read = read_asked(&plan, &Bytes::from(bytes), &Asked::All).unwrap().to_json();
    let wanted = concat!(
        r#"{"id":1,"n":null,"s":null,"e":"B","raw":{"base64":"/wE="},"fix":{"base64":"AP8="},"dec":12.34,"#,
        r#""ts":"2023-11-14T22:13:20.000Z","day":"1970-01-01","list":[1,2],"map":{"k":true},"in":{"a":3,"b":0.5}}"#
    );
    assert_eq!(read, wanted);
    let told: Vec<String> =
        filled.iter().map(|left| format!("{}={}", json::fields(&left.path), left.default)).collect();
    let wanted = r#".n=null .e="B" .raw="ÿ\u0001" .fix="\u0000ÿ" .dec="\u0004Ò" .ts=1700000000000 .list=[1,2] .map={"k":true} .in={"a":3}"#;
    assert_eq!(told.join(" "), wanted);
    assert_eq!(encoded(DEFAULTS, "{}").unwrap_err(), ": the field id is missing");
}

/// A branch that takes all as it stands is meant, and not one that would have to be filled.
#[test]
fn a_default_does_not_make_a_union_ambiguous() {
    let schema = r#"[{"type":"record","name":"A","fields":[{"name":"id","type":"int"}]},
        {"type":"record","name":"B","fields":[{"name":"id","type":"int"},{"name":"x","type":"int","default":0}]}]"#;
    assert_eq!(encoded(schema, r#"{"id":1}"#).unwrap(), [0, 2]);
    assert_eq!(encoded(schema, r#"{"id":1,"x":0}"#).unwrap(), [2, 2, 0]);
    let written = write(&plan(schema), &json::read(br#"{"B":{"id":1}}"#).unwrap()).unwrap();
    assert_eq!((written.0, written.1.len()), (vec![2, 2, 0], 1));
}

#[test]
fn a_branch_can_be_named() {
    let schema = r#"["int","long","string"]"#;
    assert_eq!(encoded(schema, r#"{"long":5}"#).unwrap(), [2, 10]);
    assert_eq!(encoded(schema, r#"{"int":5}"#).unwrap(), [0, 10]);
    let named = encoded(r#"["null",{"type":"record","name":"R","namespace":"n","fields":[]}]"#, r#"{"n.R":{}}"#);
    assert_eq!(named.unwrap(), [2]);
}

#[test]
fn what_would_be_tried_without_end_is_given_up() {
    let schema = r#"{"type":"record","name":"A","fields":[{"name":"n","type":["null","A",
        {"type":"record","name":"B","fields":[{"name":"n","type":["null","A","B"]}]}]}]}"#;
    let text = format!("{}null{}", r#"{"n":"#.repeat(60), "}".repeat(60));
    assert!(encoded(schema, &text).is_err());
}

proptest! {
    /// Whatever bytes are read as a value of every type, what is printed of it is
    /// written as bytes that read as the same.
    #[test]
    fn what_is_read_is_written_back(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        let plan = plan(crate::decode::schema::EVERY_TYPE);
        if let Ok(value) = read_asked(&plan, &Bytes::from(payload), &Asked::All) {
            let printed = json::read(value.to_json().as_bytes()).unwrap();
            if let Ok((bytes, _)) = write(&plan, &printed) {
                prop_assert_eq!(read_asked(&plan, &Bytes::from(bytes), &Asked::All).unwrap().to_json(), value.to_json());
            }
        }
    }

    #[test]
    fn numbers_come_back(long: i64, int: i32, double: f64, float: f32) {
        prop_assume!(double.is_finite() && float.is_finite());
        for (schema, text) in [
            ("\"long\"", long.to_string()),
            ("\"int\"", int.to_string()),
            ("\"double\"", format!("{double:?}")),
            ("\"float\"", format!("{float:?}")),
            (r#"{"type":"bytes","logicalType":"decimal","precision":40,"scale":0}"#, long.to_string()),
        ] {
            prop_assert_eq!(again(schema, &text), text);
        }
    }

    #[test]
    fn moments_come_back(millis in -62_000_000_000_000_i64..250_000_000_000_000, days in -700_000..2_900_000_i32) {
        let stamp = moment::timestamp(millis, Unit::Millis);
        prop_assert_eq!(moment::since_epoch(&stamp, Unit::Millis, false), Some(millis));
        let local = moment::local_timestamp(millis, Unit::Micros);
        prop_assert_eq!(moment::since_epoch(&local, Unit::Micros, true), Some(millis));
        prop_assert_eq!(moment::days(&moment::date(days)), Some(days));
    }
}
