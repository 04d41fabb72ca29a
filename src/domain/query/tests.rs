//! The language as a whole: what is read, what it means, and that what is implied is so.

use super::*;
use crate::domain::Time;
use crate::domain::record::{Attempt, Decoded, Format, Header};
use crate::domain::value::Value;
use bytes::Bytes;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rstest::rstest;

const NOW: Time = Time(1_700_000_000_000);

fn moment() -> Moment {
    Moment { now: NOW, zone: Some(TimeZone::UTC) }
}

fn read(text: &str) -> Query {
    parse(text, &moment()).unwrap_or_else(|error| panic!("{text}: {error}")).expect("a query")
}

fn wrong(text: &str) -> QueryError {
    parse(text, &moment()).expect_err(text)
}

#[rstest]
#[case::a_word("timeout", r#""timeout""#)]
#[case::words_hold_together("payment failed", r#""payment" and "failed""#)]
#[case::a_phrase(r#""payment failed""#, r#""payment failed""#)]
#[case::a_field_alone_is_a_word("value.id", r#""value.id""#)]
#[case::precedence("a or b c", r#""a" or ("b" and "c")"#)]
#[case::not_binds_tighter("not a b", r#"not "a" and "b""#)]
#[case::paths("value.items[0].sku == A-1", r#"value.items[0].sku = "A-1""#)]
#[case::every_element("value.items[].sku != 'x'", r#"value.items[*].sku != "x""#)]
#[case::odd_names(r#"value."first name"."a.b" exists"#, r#"value."first name"."a.b" exists"#)]
#[case::headers("headers.trace.id = 7", r#"headers."trace.id" = 7"#)]
#[case::numbers_as_written("value.amount >= 12.00", "value.amount >= 12.00")]
#[case::quoted_digits(r#"key = "42""#, r#"key = "42""#)]
#[case::constants("value.ok = true and value.x != null", "value.ok = true and value.x != null")]
#[case::a_list("partition in (0,3)", "partition in (0, 3)")]
#[case::in_is_a_word("error in payment", r#""error" and "in" and "payment""#)]
#[case::an_instant("timestamp > 2023-11-14T23:13:20+01:00", "timestamp > 2023-11-14T22:13:20.000Z")]
#[case::in_the_zone("timestamp < '2023-11-14 22:13:20'", "timestamp < 2023-11-14T22:13:20.000Z")]
#[case::so_long_ago("timestamp >= -20s", "timestamp >= 2023-11-14T22:13:00.000Z")]
#[case::now("timestamp < now", "timestamp < 2023-11-14T22:13:20.000Z")]
#[case::patterns(r#"value matches "^a\\d+$""#, r#"value matches "^a\\d+$""#)]
#[case::capitals("NOT key EXISTS OR value CONTAINS x", r#"not key exists or value contains "x""#)]
#[case::json_as_it_stands(r#""status":"FAILED""#, r#""status" and ":" and "FAILED""#)]
fn what_is_read(#[case] text: &str, #[case] written: &str) {
    assert_eq!(read(text).to_string(), written);
    assert_eq!(read(written), read(text));
}

#[rstest]
#[case::no_such_field("customer.id = 3", 0, "no field is called customer.id")]
#[case::after_letters_of_more_bytes("\"Grüße 世界\" and amount > 5", 15, "no field is called amount")]
#[case::an_open_quote("key = \"abc", 6, "this quote is not closed")]
#[case::an_open_parenthesis("a and (b or c", 6, "this parenthesis is not closed")]
#[case::a_closing_one_too_many("a)", 1, "no parenthesis is open")]
#[case::nothing_after_and("a and", 5, "something to look for")]
#[case::nothing_between("a or or b", 5, "something to look for")]
#[case::nothing_inside("()", 1, "before this parenthesis")]
#[case::no_literal("key = and", 6, "")]
#[case::a_sign_without_field("= 3", 0, "a field was expected")]
#[case::text_for_a_number("partition = first", 12, "partition is compared with a number")]
#[case::text_in_a_number("offset contains 7", 7, "offset is a number")]
#[case::a_time_that_is_none("timestamp > soon", 12, "is not a time")]
#[case::an_expression_that_is_none("value matches \"a(\"", 14, "no regular expression")]
#[case::a_large_expression("value matches \"(a{900}){900}\"", 14, "too large")]
#[case::an_odd_path("value.a..b = 1", 8, "a name was expected")]
#[case::an_odd_index("value.a[x] = 1", 7, "write [0]")]
#[case::inside_a_number("offset.x = 1", 6, "offset has nothing inside")]
#[case::a_bang("!a", 0, "write not")]
#[case::an_escape("\"a\\q\"", 2, "after a backslash")]
#[case::no_order("value.ok > true", 9, "have no order")]
#[case::an_open_list("partition in (1, 2", 18, "a comma or a closing")]
#[case::a_header_without_name("headers = 1", 7, "headers.NAME")]
fn errors_say_what_and_where(#[case] text: &str, #[case] at: usize, #[case] what: &str) {
    match parse(text, &moment()) {
        // A word may stand where a literal is expected.
        Ok(_) if what.is_empty() => {}
        result => {
            let error = result.expect_err(text);
            assert_eq!(error.at, at, "{error}");
            assert!(error.message.contains(what), "{error}");
        }
    }
}

#[test]
fn what_is_pasted_costs_no_endless_stack() {
    assert!(wrong(&"(".repeat(10_000)).message.contains("nests deeper"));
    assert!(wrong(&"not ".repeat(4_000)).message.contains("nests deeper"));
    assert!(wrong(&"a ".repeat(2_000)).message.contains("at most 1000"));
    assert_eq!(wrong(&"x".repeat(1 << 20)).at, MAX_CHARACTERS);
    assert_eq!(parse("  \n", &moment()), Ok(None));
}

/// A record as a test wants it.
#[derive(Debug)]
struct Sample {
    key: Option<Bytes>,
    value: Option<Bytes>,
    key_read: Decoded,
    value_read: Decoded,
    headers: Vec<Header>,
    partition: i32,
    offset: i64,
    timestamp: Time,
    is_framed: bool,
}

impl Subject for Sample {
    fn topic(&self) -> &str {
        "orders"
    }
    fn partition(&self) -> i32 {
        self.partition
    }
    fn offset(&self) -> i64 {
        self.offset
    }
    fn timestamp(&self) -> Time {
        self.timestamp
    }
    fn bytes(&self, part: Part) -> Option<&[u8]> {
        match part {
            Part::Key => self.key.as_deref(),
            Part::Value => self.value.as_deref(),
        }
    }
    fn is_plain(&self, part: Part) -> bool {
        self.decoded(part).format == Format::Text && !self.is_framed
    }
    fn decoded(&self, part: Part) -> &Decoded {
        match part {
            Part::Key => &self.key_read,
            Part::Value => &self.value_read,
        }
    }
    fn headers(&self) -> &[Header] {
        &self.headers
    }
}

fn decoded(value: Value, format: Format) -> Decoded {
    Decoded { value, format, schema: None, written: None, packed: vec![], attempts: vec![] }
}

fn text(text: &str) -> (Option<Bytes>, Decoded) {
    (Some(Bytes::copy_from_slice(text.as_bytes())), decoded(Value::Text(text.into()), Format::Text))
}

fn sample(key: &str, value: Value) -> Sample {
    let (key, key_read) = text(key);
    let bytes = Bytes::from(value.to_json());
    Sample {
        key,
        value: Some(bytes),
        key_read,
        value_read: decoded(value, Format::Json),
        headers: vec![Header { name: "retry".into(), value: Some(Bytes::from_static(b"2")) }],
        partition: 3,
        offset: 1_000,
        timestamp: NOW,
        is_framed: false,
    }
}

fn order() -> Sample {
    let item = Value::Record(vec![("sku".into(), Value::Text("A-1".into()))]);
    sample(
        "user-42",
        Value::Record(vec![
            ("id".into(), Value::Number("9007199254740993".into())),
            ("state".into(), Value::Text("OPEN".into())),
            ("gone".into(), Value::Null),
            ("items".into(), Value::List(vec![item])),
        ]),
    )
}

#[rstest]
#[case("OPEN user-42", Truth::Yes)]
#[case("open", Truth::No)]
#[case("retry", Truth::Yes)]
#[case("value.id = 9007199254740993 and value.id > 9007199254740992", Truth::Yes)]
#[case("value.id = 9007199254740992", Truth::No)]
#[case("value.items.sku = A-1", Truth::Yes)]
#[case("value.items[1].sku = A-1", Truth::No)]
#[case("value.state in (PAID, OPEN)", Truth::Yes)]
#[case("value.gone exists", Truth::No)]
#[case("value.gone = null", Truth::Yes)]
#[case("value.none != 1", Truth::No)]
#[case("not value.none = 1", Truth::Yes)]
#[case("value.state starts-with OP and value.state matches '^O.*N$'", Truth::Yes)]
#[case("key = user-42 and key != user-4", Truth::Yes)]
#[case("headers.retry >= 2 and not headers.trace exists", Truth::Yes)]
#[case("partition = 3 and offset in (999, 1000) and timestamp <= now", Truth::Yes)]
#[case("format = json and topic starts-with ord", Truth::Yes)]
#[case("size > 20", Truth::Yes)]
#[case("schema exists", Truth::No)]
fn what_a_query_says(#[case] text: &str, #[case] expected: Truth) {
    assert_eq!(truth(&read(text), &order()), expected, "{text}");
}

/// A value that names a schema and could not be read by it.
fn unread() -> Sample {
    let mut record = order();
    record.value = Some(Bytes::from_static(b"\0\0\0\0\x07\x0cPAID-7"));
    record.value_read = decoded(Value::Bytes(record.value.clone().unwrap()), Format::Hex);
    record.value_read.attempts =
        vec![Attempt { decoder: "avro", reason: "schema 7 is unknown".into(), is_claim: true }];
    record.is_framed = true;
    record
}

#[rstest]
#[case::seen_in_the_bytes("PAID", Truth::Yes)]
#[case::nowhere_to_be_seen("OPEN", Truth::Unknown)]
#[case::inside("value.state = OPEN", Truth::Unknown)]
#[case::inside_differs("not value.state = OPEN", Truth::Unknown)]
#[case::decided_without_it("value.state = OPEN and key = other", Truth::No)]
#[case::decided_by_another("value.state = OPEN or key = user-42", Truth::Yes)]
#[case::whole("value != OPEN", Truth::Unknown)]
#[case::tombstones("value exists", Truth::Yes)]
fn what_could_not_be_read_is_not_known(#[case] text: &str, #[case] expected: Truth) {
    assert_eq!(truth(&read(text), &unread()), expected, "{text}");
}

#[test]
fn bytes_that_nobody_can_read_have_no_fields_that_are_known() {
    let mut record = order();
    record.value_read = decoded(Value::Bytes(Bytes::from_static(&[1, 2, 3])), Format::Hex);
    assert_eq!(truth(&read("value.id = 1"), &record), Truth::Unknown);
    assert_eq!(truth(&read("value = 1"), &record), Truth::Unknown, "a number may be written in bytes");
    record.value_read = decoded(Value::Text("{\"id\": 1".into()), Format::Text);
    record.value_read.attempts = vec![Attempt { decoder: "json", reason: "it breaks off".into(), is_claim: false }];
    assert_eq!(truth(&read("value.id = 1"), &record), Truth::Unknown);
    record.value_read.attempts.clear();
    assert_eq!(truth(&read("value.id = 1"), &record), Truth::No, "plain text has no fields");
}

#[test]
fn what_a_schema_is_called_may_not_be_told() {
    let mut record = order();
    record.value_read.format = Format::Avro { schema_id: Some(7) };
    assert_eq!(truth(&read("schema contains order"), &record), Truth::Unknown);
    record.value_read.schema = Some("orders-value v3".into());
    assert_eq!(truth(&read("schema contains order"), &record), Truth::Yes);
    assert_eq!(truth(&read("schema contains payment"), &record), Truth::No);
}

#[test]
fn a_tombstone_has_no_value() {
    let mut record = order();
    (record.value, record.value_read) = (None, decoded(Value::Null, Format::Null));
    for (text, expected) in [
        ("value exists", Truth::No),
        ("value = null", Truth::Yes),
        ("value.id = 1", Truth::No),
        ("value != x", Truth::No),
        ("not value contains x", Truth::Yes),
    ] {
        assert_eq!(truth(&read(text), &record), expected, "{text}");
    }
}

#[test]
fn what_a_query_implies() {
    let narrowed = narrow(&read(
        "key in (a, b) and partition < 3 and offset >= 10 and offset < 20 and (timestamp = -1s or timestamp = -3s)",
    ));
    assert_eq!(narrowed.keys, Some(["a".into(), "b".into()].into()));
    assert_eq!(narrowed.partitions, Some([0, 1, 2].into()));
    assert_eq!(narrowed.offsets, Range { from: Some(10), to: Some(20) });
    assert_eq!(narrowed.times, Range { from: Some(NOW.0 - 3_000), to: Some(NOW.0 - 999) });
    assert!(narrow(&read("partition = 1 and partition = 2")).is_nothing());
    assert_eq!(narrow(&read("key = a or value = b")), Narrowed::default());
    assert_eq!(narrow(&read("key = 42")).keys, None, "a number is written in many ways");
    assert_eq!(narrow(&read("not key = a")), Narrowed::default());
    assert_eq!(narrow(&read("key = a and partition = 1 or key = b and partition = 4")).partitions, Some([1, 4].into()));
}

#[test]
fn what_bytes_must_hold() {
    let may = |query: &str, bytes: &str| Need::of(&read(query)).may_be_in(bytes.as_bytes());
    assert!(!may("value.state = OPEN", r#"{"state":"PAID"}"#));
    assert!(may("value.state = OPEN", r#"{"state":"\u004fPEN"}"#), "escaped");
    assert!(!may("value.state = OPEN", r#"{"path":"a\/b"}"#), "another escape hides no letters");
    assert!(may("value.path = a/b", r#"{"path":"a\/b"}"#));
    assert!(may("value.n = 42", r#"{"n":4.2e1}"#), "one number is written in many ways");
    assert!(!may("value.n = 42", r#"{"m":4.2e1}"#), "its name is not");
    assert!(!may("a or b", "xyz"));
    assert!(may("a or key exists", "xyz"));
    assert!(may("not a", "a"));
    assert!(may(r#"'"state":"OPEN"'"#, r#"{"state": "OPEN"}"#), "white space at signs");
    assert!(!may(r#"'"state":"OPEN"'"#, r#"{"state": "PAID"}"#));
    assert!(!may("headers.trace exists", "\\u0074race"), "headers escape nothing");
}

/// JSON in which any character may be escaped, and white space stand between.
fn written(value: &Value, escapes: &mut impl Iterator<Item = u8>) -> String {
    let quoted = |text: &str, escapes: &mut dyn Iterator<Item = u8>| {
        let mut out = String::from("\"");
        for c in text.chars() {
            match (c, escapes.next().unwrap_or(0)) {
                ('/', 1..=60) => out.push_str("\\/"),
                (c, 1..=40) => {
                    let mut units = [0; 2];
                    out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
                }
                (c @ ('"' | '\\'), _) => out.extend(['\\', c]),
                (c, _) if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                (c, _) => out.push(c),
            }
        }
        out + "\""
    };
    match value {
        Value::Text(text) => quoted(text, escapes),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, escapes)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Record(fields) => {
            let field = |(name, value): &(std::sync::Arc<str>, Value)| {
                format!("{}: {}", quoted(name, escapes), written(value, escapes))
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_json(),
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab/\"\\\\]{0,3}",
        "[ab\":,{]{1,4}",
        "[abé世😀\u{1}\n]{1,3}",
        Just("true".to_owned()),
        Just("4.0".to_owned())
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![Just("4"), Just("4.0"), Just("0.4e1"), Just("-1")].prop_map(|digits| Value::Number(digits.into())),
        any_text().prop_map(|text| Value::Text(text.into())),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::vec((any_text().prop_map(Into::into), inner), 0..3).prop_map(Value::Record),
        ]
    })
}

fn any_literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        prop_oneof![Just("4"), Just("4.0"), Just("-1.50"), Just("40e-1")]
            .prop_map(|digits| Literal::Number(Number::read(digits).unwrap())),
        any_text().prop_map(|text| Literal::Text(text.into())),
    ]
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::*;
    prop::sample::select(vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual])
}

fn any_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (any_comparison(), any_literal()).prop_map(|(comparison, literal)| match literal {
            Literal::Null | Literal::Bool(_) => Condition::Compare(Comparison::Equal, literal),
            _ => Condition::Compare(comparison, literal),
        }),
        prop::collection::vec(any_literal(), 1..3).prop_map(Condition::In),
        any_text().prop_map(|text| Condition::Contains(text.as_str().into())),
        any_text().prop_map(|text| Condition::StartsWith(text.into())),
        prop::sample::select(vec!["a.*b", "^\\d", "\"q"])
            .prop_map(|text| Condition::Matches(Pattern::new(text).unwrap())),
        Just(Condition::Exists),
    ]
}

fn any_test() -> impl Strategy<Value = Test> {
    let step = prop_oneof![
        any_text().prop_map(|name| Step::Name(name.into())),
        (0usize..3).prop_map(Step::Index),
        Just(Step::Each),
    ];
    let path = prop::collection::vec(step, 0..3).prop_map(Path);
    let field = prop_oneof![
        path.clone().prop_map(Field::Key),
        path.prop_map(Field::Value),
        any_text().prop_filter("a name", |name| !name.is_empty()).prop_map(|name| Field::Header(name.into())),
        Just(Field::Topic),
        Just(Field::Format),
        Just(Field::Schema),
    ];
    let numbers = prop_oneof![Just(Field::Partition), Just(Field::Offset), Just(Field::Size)];
    let number = || (-3i64..8).prop_map(|number| Literal::Number(number.into()));
    let compared =
        (any_comparison(), number()).prop_map(|(comparison, literal)| Condition::Compare(comparison, literal));
    let of_number = prop_oneof![compared, prop::collection::vec(number(), 1..3).prop_map(Condition::In)];
    let time = (
        any_comparison(),
        prop_oneof![-3i64..8, any::<i64>()]
            .prop_filter("written out", |n| n.abs() > 1_000_000_000 || (0..8).contains(n)),
    );
    prop_oneof![
        4 => (field, any_condition()).prop_map(|(field, condition)| Test { field, condition }),
        2 => (numbers, of_number).prop_map(|(field, condition)| Test { field, condition }),
        1 => time.prop_map(|(comparison, millis)| Test {
            field: Field::Timestamp,
            condition: Condition::Compare(comparison, Literal::Time(Time(millis))),
        }),
        2 => any_text().prop_map(|text| Test { field: Field::Anywhere, condition: Condition::Contains(text.as_str().into()) }),
    ]
}

fn any_query() -> impl Strategy<Value = Query> {
    any_test().prop_map(Query::Test).prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Query::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Query::Or),
            inner.prop_map(|part| Query::Not(Box::new(part))),
        ]
    })
}

prop_compose! {
    fn any_sample()(
        key in any_text(),
        value in any_value(),
        name in any_text(),
        header in any_text(),
        escapes in prop::collection::vec(any::<u8>(), 0..40),
        partition in 0i32..6,
        offset in 0i64..6,
        timestamp in 0i64..6,
    ) -> Sample {
        let mut record = sample(&key, value);
        record.value = Some(Bytes::from(written(&record.value_read.value, &mut escapes.into_iter())));
        record.headers = vec![Header { name, value: Some(Bytes::from(header)) }];
        (record.partition, record.offset, record.timestamp) = (partition, offset, Time(timestamp));
        record
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(query in any_query()) {
        prop_assert_eq!(parse(&query.to_string(), &moment()), Ok(Some(query.clone())), "{}", query);
    }

    #[test]
    fn no_text_does_harm(text in r#"[a-c ()"'\\=!<>,.\[\]0-9:é-]{0,40}"#) {
        if let Err(error) = parse(&text, &moment()) {
            prop_assert!(error.at <= text.chars().count());
        }
    }

    /// A record that meets a query lies where the query says that it must, and holds
    /// what the query says that it must hold.
    #[test]
    fn what_is_implied_is_so(query in any_query(), record in any_sample()) {
        prop_assume!(truth(&query, &record) == Truth::Yes);
        let narrowed = narrow(&query);
        let key = record.key.as_deref().unwrap_or_default();
        prop_assert!(!narrowed.is_nothing());
        prop_assert!(narrowed.partitions.is_none_or(|ids| ids.contains(&record.partition)));
        prop_assert!(narrowed.offsets.holds(record.offset) && narrowed.times.holds(record.timestamp.millis()));
        prop_assert!(narrowed.keys.is_none_or(|keys| keys.iter().any(|wanted| wanted.as_bytes() == key)));
        let mut bytes = key.to_vec();
        bytes.extend_from_slice(record.value.as_deref().unwrap_or_default());
        for header in &record.headers {
            bytes.extend_from_slice(header.name.as_bytes());
            bytes.extend_from_slice(header.value.as_deref().unwrap_or_default());
        }
        prop_assert!(Need::of(&query).may_be_in(&bytes), "{} in {:?}", query, String::from_utf8_lossy(&bytes));
    }
}
