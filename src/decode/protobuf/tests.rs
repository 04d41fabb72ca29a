//! Against what Confluent's own client writes: confluent-kafka 2.16.1 for Python, by
//! `ProtobufSerializer`, from the same files.

use super::*;
use crate::decode::hex;
use proptest::prelude::*;
use rstest::rstest;

const ORDER: &str = r#"syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
import "common/money.proto";

// Not the first message that is used.
message First { string x = 1; }
message Order {
  enum State { NEW = 0; PAID = 1; }
  message Item { string sku = 1; int32 count = 2; message Deep { sint64 d = 1; } }
  int64 id = 1;
  uint64 big = 2;
  sint32 zig = 3;
  fixed64 fix = 4;
  sfixed32 sfix = 5;
  double ratio = 6;
  float rough = 7;
  bool paid = 8;
  string note = 9 [deprecated = true];
  bytes raw = 10;
  State state = 11;
  repeated Item items = 12;
  repeated int32 packed = 13;
  repeated int32 loose = 14 [packed = false];
  map<string, Item> by_name = 15;
  map<int32, string> by_number = 16;
  oneof pay { string card = 17; common.Money cash = 18; }
  google.protobuf.Timestamp at = 19;
  google.protobuf.Duration took = 20;
  google.protobuf.Struct extra = 21;
  google.protobuf.Int64Value maybe = 22;
  google.protobuf.Any any = 23;
  google.protobuf.FieldMask mask = 24;
  int32 neg = 25;
  google.protobuf.StringValue blank = 26;
  repeated State states = 27;
  reserved 30 to 40, 50;
  reserved "old";
}
"#;

const MONEY: &str = r#"syntax = "proto3";
package common;
message Money { string currency = 1; int64 units = 2; }
"#;

fn schema() -> Schema {
    Schema::parse(ORDER, [MONEY].into_iter()).unwrap()
}

fn framed(bytes: &str) -> Result<String, String> {
    schema().read_framed(&hex(bytes).into()).map(|value| value.to_json())
}

/// Every scalar, nesting, both ways of lists, maps, a oneof, an import and the
/// well-known types.
const EVERYTHING: &str = "020208ffffffffffffffff7f10ffffffffffffffffff0118052100000000000000802dffffffff319a9999999999b93f3dcdcccc3d40014a074772c3bcc39f65520200ff580162100a03412d3110fdffffffffffffffff0162006a0d01ffffffffffffffffff01ac02700770087a080a016b12030a014282010808051204666976659201070a03455552100c9a010b0880e2cfaa06108093a238a2011608fdffffffffffffffff011080b6ca91feffffffff01aa01210a1f0a0161121a32180a0911000000000000f03f0a0208000a031a01780a022001b201020807ba012b0a20747970652e676f6f676c65617069732e636f6d2f636f6d6d6f6e2e4d6f6e657912070a035553441001c201080a03612e620a0163c801ffffffffffffffffff01d20100da0103010001";

#[test]
fn an_order_is_read_with_all_its_types() {
    let value = schema().read_framed(&hex(EVERYTHING).into()).unwrap();
    let expected = concat!(
        r#"{"id":9223372036854775807,"big":18446744073709551615,"zig":-3,"fix":9223372036854775808,"sfix":-1,"#,
        r#""ratio":0.1,"rough":0.1,"paid":true,"note":"Grüße","raw":{"base64":"AP8="},"state":"PAID","#,
        r#""items":[{"sku":"A-1","count":-3},{}],"packed":[1,-1,300],"loose":[7,8],"by_name":{"k":{"sku":"B"}},"#,
        r#""by_number":{"5":"five"},"cash":{"currency":"EUR","units":12},"at":"2023-11-14T22:13:20.118Z","#,
        r#""took":"-3.5s","extra":{"a":[1.0,null,"x",true]},"maybe":7,"#,
        r#""any":{"@type":"type.googleapis.com/common.Money","currency":"USD","units":1},"#,
        r#""mask":"a.b,c","neg":-1,"blank":"","states":["PAID","NEW","PAID"]}"#
    );
    assert_eq!(value.to_json(), expected);
    assert!(matches!(value.field("at"), Some(Value::Typed { logical: Logical::Timestamp, .. })));
    assert!(matches!(value.field("state"), Some(Value::Typed { logical: Logical::Enum, .. })));
}

/// The same bytes as Confluent's own client writes.
#[test]
fn an_order_is_written_with_all_its_types() {
    let mut schema = schema();
    schema.choose("shop.Order").unwrap();
    let json = schema.read_framed(&hex(EVERYTHING).into()).unwrap().to_json();
    let written = |json: &str| {
        let value = crate::decode::json::read(json.as_bytes()).unwrap();
        [schema.indexes().unwrap(), schema.write(&value).unwrap()].concat()
    };
    assert_eq!(written(&json), hex(EVERYTHING));
    // As Protobuf's own JSON form has it.
    let own = json
        .replace("9223372036854775807", "\"9223372036854775807\"")
        .replace(r#"{"base64":"AP8="}"#, r#""AP8=""#)
        .replace("by_name", "byName")
        .replace(r#""states":["PAID","#, r#""card":null,"states":[1,"#);
    assert_eq!(written(&own), hex(EVERYTHING));
    schema.choose("shop.Order.Item.Deep").unwrap();
    assert_eq!(schema.indexes().unwrap(), hex("06020000"));
    schema.choose("common.Money").unwrap();
    assert!(schema.indexes().is_err(), "no frame can name it");
}

#[rstest]
#[case(r#"{"id":"x"}"#, ".id", r#"expected int64, got "x""#)]
#[case(r#"{"nothing":1}"#, ".nothing", "the schema has no such field")]
#[case(r#"{"by_name":{},"byName":{}}"#, ".byName", "the field stands there twice")]
#[case(r#"{"items":[{},{"count":2147483648}]}"#, ".items[1].count", "expected int32, got 2147483648")]
#[case(r#"{"state":"GONE"}"#, ".state", r#"expected one of NEW, PAID, got "GONE""#)]
#[case(r#"{"at":"yesterday"}"#, ".at", r#"expected a time such as 2026-11-21T10:45:00Z, got "yesterday""#)]
#[case(r#"{"took":"1.5"}"#, ".took", r#"expected a duration such as 1.5s, got "1.5""#)]
#[case(r#"{"raw":"?"}"#, ".raw", r#"expected bytes in Base64, got "?""#)]
#[case(r#"{"packed":[1,1.5]}"#, ".packed[1]", "expected int32, got 1.5")]
#[case(r#"{"by_number":{"x":"y"}}"#, ".by_number.x", r#"expected int32, got "x""#)]
#[case("7", "", "expected a message, got 7")]
#[case(r#"{"card":"1","cash":{}}"#, ".cash", "it stands beside card, and of their oneof only one can be there")]
fn what_cannot_be_written_says_where(#[case] json: &str, #[case] path: &str, #[case] reason: &str) {
    let proto = super::super::Reference { name: "common/money.proto".into(), text: MONEY.into() };
    let mut schema = super::super::WriterSchema::parse(ORDER, "PROTOBUF", &[proto], None).unwrap();
    schema.choose("shop.Order").unwrap();
    let unfit = schema.write(json.as_bytes()).unwrap_err();
    assert_eq!((unfit.path.as_str(), unfit.reason.as_str()), (path, reason));
    assert!(unfit.place.is_some(), "{unfit:?}");
}

#[rstest]
#[case::the_first("000a0179", r#"{"x":"y"}"#)]
#[case::one_within_another("0402000a01731002", r#"{"sku":"s","count":2}"#)]
#[case::two_deep("060200000809", r#"{"d":-5}"#)]
fn the_indexes_name_the_message(#[case] bytes: &str, #[case] json: &str) {
    assert_eq!(framed(bytes).as_deref(), Ok(json));
}

#[rstest]
#[case::no_such_message("0208", "the schema has no message [4]")]
#[case::no_such_message_within("04020a", "the schema has no message [1, 5]")]
#[case::below_zero("0201", "a message index below zero ends at byte 2")]
#[case::a_count_below_zero("01", "a message index below zero ends at byte 1")]
#[case::very_many("feffffff0f", "more message indexes than messages can nest end at byte 5")]
#[case::nothing("", "it ends early, at byte 0")]
#[case::cut("000a05", "it ends early, at byte 2")]
#[case::a_number_without_an_end("00ffffffffffffffffffffff", "a number that does not end at byte 10")]
#[case::field_zero("000001", "a field's number that cannot be ends at byte 1")]
#[case::a_group_that_was_not_begun("000c", "a wire type that means nothing here ends at byte 1")]
fn what_does_not_fit_says_why(#[case] bytes: &str, #[case] reason: &str) {
    assert_eq!(framed(bytes), Err(reason.into()));
}

/// By proto2 numbers are loose unless it is said, by proto3 packed; an edition's file says
/// for all, and each field for itself.
#[rstest]
#[case("", "loose")]
#[case("syntax = \"proto3\";", "packed")]
#[case("edition = \"2023\";", "packed")]
#[case("edition = \"2023\"; option features.repeated_field_encoding = EXPANDED;", "loose")]
#[case("edition = \"2023\"; option (x) = { repeated_field_encoding: EXPANDED };", "packed")]
fn numbers_are_packed_as_the_file_says(#[case] head: &str, #[case] unsaid: &str) {
    let body = "enum E { option allow_alias = true; A = 0; B = 1; ALSO_B = 1; } message M {
        option (y).packed = true; repeated int32 unsaid = 1; repeated int32 yes = 2 [packed = true, deprecated = false];
        repeated E no = 3 [(z) = {packed: 1}, packed=false]; repeated int32 expanded = 4 [features.repeated_field_encoding = EXPANDED]; }";
    let schema = Schema::parse(&format!("{head} {body}"), std::iter::empty()).unwrap();
    let value = r#"{"unsaid":[1,2],"yes":[1,2],"no":["ALSO_B",1],"expanded":[5]}"#;
    let written = schema.write(&crate::decode::json::read(value.as_bytes()).unwrap()).unwrap();
    let begin = if unsaid == "packed" { "0a020102" } else { "08010802" };
    assert_eq!(written, hex(&format!("{begin}12020102180118012005")), "{head}");
    let read = schema.read(&written.into(), schema.plan.by_indexes(&[0]).unwrap()).unwrap().to_json();
    assert_eq!(read, r#"{"unsaid":[1,2],"yes":[1,2],"no":["B","B"],"expanded":[5]}"#);
}

/// What is null is not there, and so stands beside nothing.
#[test]
fn one_of_a_oneof_is_there() {
    let proto = "message M { oneof a { string b = 1; int32 c = 2; } oneof d { string e = 3; } string f = 4; }";
    let schema = Schema::parse(proto, std::iter::empty()).unwrap();
    let written = |json: &str| schema.write(&crate::decode::json::read(json.as_bytes()).unwrap());
    assert_eq!(written(r#"{"b":null,"c":1,"e":"x","f":"y"}"#).unwrap(), hex("10011a0178220179"));
    let misfit = written(r#"{"c":1,"b":""}"#).unwrap_err();
    assert_eq!(misfit.reason, "it stands beside c, and of their oneof only one can be there");
}

#[test]
fn what_a_newer_writer_added_is_shown_by_its_number() {
    // Fields 60 to 63 are not in the schema.
    let newer = "08015801e203036e6577e80305f50309000000fa03030a0101";
    let json = framed(&format!("0202{newer}")).unwrap();
    assert_eq!(json, r#"{"id":1,"state":"PAID","60":"new","61":5,"62":9,"63":{"1":{"base64":"AQ=="}}}"#);
    let bare = read_without_schema(&hex(newer).into()).unwrap();
    assert_eq!(bare.to_json(), r#"{"1":1,"11":1,"60":"new","61":5,"62":9,"63":{"1":{"base64":"AQ=="}}}"#);
}

#[rstest]
#[case::a_type_that_was_not_handed_over("020292010708011203455552", r#"{"cash":{"1":1,"2":"EUR"}}"#)]
#[case::written_as_another_type("02020a0161", r#"{"id":"a"}"#)]
fn what_is_not_known_is_shown_as_it_lies_there(#[case] bytes: &str, #[case] json: &str) {
    let alone = Schema::parse(ORDER, std::iter::empty()).unwrap();
    assert_eq!(alone.read_framed(&hex(bytes).into()).unwrap().to_json(), json);
}

#[test]
fn a_message_in_parts_is_one_and_of_a_scalar_the_last_counts() {
    // cash twice, id twice.
    let json = framed(concat!("0202", "9201050a03455552", "9201021005", "0801", "0802")).unwrap();
    assert_eq!(json, r#"{"id":2,"cash":{"currency":"EUR","units":5}}"#);
}

#[test]
fn the_old_syntax_with_groups() {
    let text = "syntax = 'proto2';\npackage old;\nmessage M {\n  required int32 a = 1 [default = 5];\n  \
                repeated group Part = 2 { optional string s = 3; }\n  extensions 100 to max;\n  \
                extend M { optional int32 e = 100; }\n  optional old.M again = 4; // comment {\n}\n\
                service S { rpc Call (M) returns (stream M) { option (x) = { a: 'b}' }; } }";
    let schema = Schema::parse(text, std::iter::empty()).unwrap();
    let bytes = concat!("00", "0801", "131a017814", "1314", "131a017914", "22020802");
    let value = schema.read_framed(&hex(bytes).into()).unwrap();
    assert_eq!(value.to_json(), r#"{"a":1,"part":[{"s":"x"},{},{"s":"y"}],"again":{"a":2}}"#);
    assert_eq!(schema.read_framed(&hex("00131a0178").into()), Err("it ends early, at byte 4".into()));
}

#[rstest]
#[case("message M {", "it breaks off in line 1")]
#[case("message M {\n int32 a;\n}", "'=' was expected in line 2")]
#[case("message M {\n int32 a = 0;\n}", "a field's number was expected in line 2")]
#[case("hello", "a definition was expected in line 1")]
#[case("/* ", "a comment does not end in line 1")]
#[case("enum E { A = x; }", "a number was expected in line 1")]
fn a_schema_that_is_none_says_where(#[case] text: &str, #[case] reason: &str) {
    let error = Schema::parse(text, std::iter::empty()).unwrap_err();
    assert_eq!(error, format!("its schema cannot be parsed: {reason}"));
}

#[test]
fn depth_is_bounded_in_schemas_and_in_values() {
    let deep = "message M { ".repeat(100_000);
    assert!(Schema::parse(&deep, std::iter::empty()).unwrap_err().contains("too deeply"));
    let list = Schema::parse("message Node { Node next = 1; }", std::iter::empty()).unwrap();
    let mut nested: Vec<u8> = Vec::new();
    for _ in 0..60 {
        let length = u8::try_from(nested.len()).unwrap();
        nested = [&[0x0a, length][..], &nested].concat();
    }
    let before = nested.clone();
    nested.insert(0, 0);
    assert!(list.read_framed(&nested.into()).is_ok());
    let groups = vec![0x0b; 100_000];
    assert_eq!(read_without_schema(&groups.into()), Err("it nests deeper than 96".into()));
    // A length of two bytes from here on.
    let mut deeper = before;
    for _ in 0..60 {
        let [low, high] = [(deeper.len() & 0x7f) as u8 | 0x80, u8::try_from(deeper.len() >> 7).unwrap()];
        deeper = [&[0x0a, low, high][..], &deeper].concat();
    }
    deeper.insert(0, 0);
    assert_eq!(list.read_framed(&deeper.into()), Err("it nests deeper than 96".into()));
}

proptest! {
    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        let _ = schema().read_framed(&bytes);
        let _ = read_without_schema(&bytes);
    }

    #[test]
    fn no_value_breaks_the_writer(json in r#"\{"(id|at|took|any|extra|mask|items|by_name|raw)":(null|1|-1.5|"[a-z0-9.s]{0,5}"|\[\]|\{\}|\[1\]|\{"@type":"x"\})\}"#) {
        if let Ok(value) = crate::decode::json::read(json.as_bytes()) {
            let mut schema = schema();
            schema.choose("shop.Order").unwrap();
            let _ = schema.write(&value);
        }
    }

    #[test]
    fn what_is_damaged_never_panics(at in 0usize..300, byte: u8, cut in 0usize..300) {
        let mut bytes = hex(EVERYTHING);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(length - cut.min(length));
        let _ = schema().read_framed(&bytes.into());
    }

    #[test]
    fn no_text_breaks_the_parser(text in r#"(message|enum|M|int32|map|oneof|[{}<>=;,"'/*\[\]()0-9 \n]){0,40}"#) {
        let _ = Schema::parse(&text, std::iter::empty());
    }
}
