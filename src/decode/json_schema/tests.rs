//! A checker that lets through what a schema forbids is worse than none: a library that
//! nobody here has written is asked the same, of schemas by hand and by chance.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn checker(schema: &str) -> Checker {
    Checker::parse(schema, &[]).unwrap_or_else(|reason| panic!("{schema}: {reason}"))
}

fn said(checker: &Checker, value: &str) -> String {
    match checker.check(&json::read(value.as_bytes()).unwrap()) {
        Ok(()) => "fits".into(),
        Err(misfit) => format!("{}{}", json::pointer(&misfit.path), format_args!(": {}", misfit.reason)),
    }
}

/// Does it fit, as the library sees it? `None` where it takes the schema for none.
fn theirs(schema: &str, references: &[(&str, &str)], value: &str) -> Option<bool> {
    let mut compiler = boon::Compiler::new();
    compiler.set_default_draft(boon::Draft::V7);
    compiler.add_resource("schema:///", serde_json::from_str(schema).unwrap()).unwrap();
    for (name, text) in references {
        compiler.add_resource(&format!("schema:///{name}"), serde_json::from_str(text).unwrap()).unwrap();
    }
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("schema:///", &mut schemas).ok()?;
    Some(schemas.validate(&serde_json::from_str(value).unwrap(), index).is_ok())
}

const V4: &str = r#""$schema":"http://json-schema.org/draft-04/schema#""#;
const V6: &str = r#""$schema":"http://json-schema.org/draft-06/schema#""#;
const V7: &str = r#""$schema":"http://json-schema.org/draft-07/schema#""#;
const V2019: &str = r#""$schema":"https://json-schema.org/draft/2019-09/schema""#;
const V2020: &str = r#""$schema":"https://json-schema.org/draft/2020-12/schema""#;

/// The rows of the drafts up to 7 were also given to Java's everit 1.14.4, by which
/// Confluent's serializers check: it sees the same, but that 1.0 is for it neither an integer
/// nor the same as 1, and that an address of mail needs a domain which it knows.
#[rstest]
#[case::types(V7, r#""type":["integer","null"]"#, &["1", "1.0", "1.5", "null", "\"1\"", "1e2", "[]"])]
#[case::type_by_type(V4, r#""items":[{"type":"object"},{"type":"array"},{"type":"boolean"},{"type":"string"}]"#, &["[{},[],true,\"\"]", "[[]]", "[{},{}]", "[{},[],1]", "[{},[],false,null,5]"])]
#[case::numbers(V7, r#""minimum":1,"exclusiveMaximum":2.5,"multipleOf":0.5"#, &["1", "2.5", "2", "0.5", "1.25", "\"x\""])]
#[case::numbers_of_4(V4, r#""minimum":1,"exclusiveMinimum":true,"maximum":3,"exclusiveMaximum":false"#, &["1", "1.1", "3", "3.1"])]
#[case::texts(V7, r#""minLength":2,"maxLength":3,"pattern":"^[a-zä]+$""#, &["\"ab\"", "\"a\"", "\"abcd\"", "\"ÄÄ\"", "\"ää\"", "3"])]
#[case::values(V7, r#""enum":[1,"a",{"x":[1,2],"y":null}]"#, &["1.0", "\"a\"", "{\"y\":null,\"x\":[1.0,2]}", "{\"x\":[2,1],\"y\":null}", "2"])]
#[case::one_value(V6, r#""const":{"a":1}"#, &["{\"a\":1.0}", "{}", "1"])]
#[case::objects(V7, r#""required":["a"],"properties":{"a":{"type":"string"}},"patternProperties":{"^x":{"type":"number"}},"additionalProperties":false"#, &["{\"a\":\"\"}", "{}", "{\"a\":1}", "{\"a\":\"\",\"x1\":1}", "{\"a\":\"\",\"x1\":\"\"}", "{\"a\":\"\",\"b\":1}", "[]"])]
#[case::other_properties(V7, r#""properties":{"a":true},"additionalProperties":{"type":"null"},"minProperties":1,"maxProperties":2"#, &["{\"a\":1}", "{\"b\":1}", "{\"b\":null}", "{}", "{\"a\":1,\"b\":null,\"c\":null}"])]
#[case::names(V6, r#""propertyNames":{"maxLength":2}"#, &["{\"ab\":1}", "{\"abc\":1}"])]
#[case::dependencies(V7, r#""dependencies":{"a":["b"],"c":{"required":["d"]}}"#, &["{\"a\":1}", "{\"a\":1,\"b\":1}", "{\"c\":1}", "{\"c\":1,\"d\":1}"])]
#[case::later_dependencies(V2019, r#""dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"required":["d"]}}"#, &["{\"a\":1}", "{\"a\":1,\"b\":1}", "{\"c\":1}", "{\"c\":1,\"d\":1}"])]
#[case::items(V7, r#""items":[{"type":"integer"}],"additionalItems":{"type":"string"},"uniqueItems":true"#, &["[1,\"a\"]", "[1,2]", "[\"a\"]", "[1,\"a\",\"a\"]", "[]"])]
#[case::same_items(V7, r#""uniqueItems":true,"minItems":1,"maxItems":3"#, &["[1,1.0]", "[1,true]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]", "[]", "[1,2,3,4]", "[0,false,null]"])]
#[case::contains(V6, r#""contains":{"minimum":5}"#, &["[1,5]", "[1]", "[]", "{}"])]
#[case::contains_some(V2019, r#""contains":{"minimum":5},"minContains":2,"maxContains":3"#, &["[5,6]", "[5]", "[5,6,7,8]", "[1,5,6]"])]
#[case::contains_none(V2020, r#""contains":{"minimum":5},"minContains":0"#, &["[]", "[1]", "[5]"])]
#[case::first_items(V2020, r#""prefixItems":[{"type":"integer"}],"items":false"#, &["[1]", "[]", "[1,2]", "[\"a\"]"])]
#[case::any(V7, r#""anyOf":[{"type":"integer"},{"minimum":2}]"#, &["1", "1.5", "2.5", "\"a\""])]
#[case::one(V7, r#""oneOf":[{"type":"integer"},{"minimum":2}]"#, &["1", "1.5", "2.5", "3"])]
#[case::all(V7, r#""allOf":[{"type":"integer"},{"minimum":2}],"not":{"const":7}"#, &["1", "3", "7", "2.5"])]
#[case::when(V7, r#""if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},"else":{"required":["c"]}"#, &["{\"a\":1,\"b\":1}", "{\"a\":1}", "{\"a\":2,\"c\":1}", "{\"a\":2}"])]
#[case::when_of_6(V6, r#""if":{"const":1},"then":false"#, &["1", "2"])]
#[case::references(V7, r##""definitions":{"n":{"type":"number"},"t":{"$id":"#tag","minLength":2}},"properties":{"a":{"$ref":"#/definitions/n"},"b":{"$ref":"#tag"},"me":{"$ref":"#"}}"##, &["{\"a\":1}", "{\"a\":\"\"}", "{\"b\":\"x\"}", "{\"me\":{\"a\":\"\"}}", "{\"me\":{\"me\":{\"a\":1}}}"])]
#[case::beside_a_reference(V7, r##""definitions":{"n":{"type":"number"}},"properties":{"a":{"$ref":"#/definitions/n","minimum":5}}"##, &["{\"a\":1}", "{\"a\":\"\"}"])]
#[case::beside_a_later_reference(V2020, r##""$defs":{"n":{"type":"number"}},"properties":{"a":{"$ref":"#/$defs/n","minimum":5}}"##, &["{\"a\":1}", "{\"a\":6}"])]
#[case::names_of_parts(V2019, r##""$id":"http://x.y/main.json","$defs":{"a":{"$id":"part.json","$defs":{"b":{"$anchor":"here","type":"string"}},"items":{"$ref":"#here"}}},"properties":{"p":{"$ref":"part.json"},"q":{"$ref":"http://x.y/part.json#/$defs/b"},"r":{"$ref":"part.json#here"}}"##, &["{\"p\":[\"\"]}", "{\"p\":[1]}", "{\"q\":1}", "{\"r\":1}", "{\"r\":\"\"}"])]
#[case::left_properties(V2020, r#""allOf":[{"properties":{"a":true}}],"anyOf":[{"properties":{"b":{"const":1}},"required":["b"]},{"properties":{"c":true}}],"unevaluatedProperties":false"#, &["{\"a\":1}", "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":2}", "{\"c\":1}", "{\"d\":1}"])]
#[case::left_by_a_condition(V2019, r#""if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":true}},"unevaluatedProperties":{"type":"string"}"#, &["{\"a\":1,\"b\":1}", "{\"a\":1,\"c\":1}", "{\"a\":2}", "{\"a\":\"\",\"b\":1}", "{\"a\":\"\",\"b\":\"\"}"])]
#[case::left_items(V2020, r#""prefixItems":[true],"contains":{"type":"string"},"unevaluatedItems":{"type":"null"}"#, &["[1,\"a\"]", "[1,\"a\",2]", "[1,\"a\",null]", "[1]"])]
#[case::left_items_of_2019(V2019, r#""items":[true],"contains":{"type":"string"},"unevaluatedItems":{"type":"null"}"#, &["[1,\"a\"]", "[\"a\",null]", "[\"a\",1]"])]
#[case::one_for_another(V2020, r##""$id":"http://x.y/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,"$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node","type":"object","properties":{"data":true,"children":{"type":"array","items":{"$dynamicRef":"#node"}}}}}"##, &["{\"children\":[{\"data\":1}]}", "{\"children\":[{\"daat\":1}]}", "{\"daat\":1}"])]
#[case::one_for_another_of_2019(V2019, r##""$id":"http://x.y/strict","$recursiveAnchor":true,"$ref":"tree","unevaluatedProperties":false,"$defs":{"tree":{"$id":"tree","$recursiveAnchor":true,"type":"object","properties":{"data":true,"children":{"type":"array","items":{"$recursiveRef":"#"}}}}}"##, &["{\"children\":[{\"data\":1}]}", "{\"children\":[{\"daat\":1}]}"])]
#[case::formats(V7, r#""properties":{"a":{"format":"date-time"},"b":{"format":"email"},"c":{"format":"ipv4"}}"#, &["{\"a\":\"2026-11-28T10:00:00Z\"}", "{\"a\":\"now\"}", "{\"b\":\"a@b.c\"}", "{\"b\":\"a\"}", "{\"c\":\"1.2.3.4\"}", "{\"c\":1}"])]
#[case::formats_that_describe(V2020, r#""format":"date-time""#, &["\"now\""])]
#[case::nothing_and_everything(V7, r#""properties":{"a":false,"b":true}"#, &["{\"a\":1}", "{\"b\":1}"])]
fn a_library_sees_the_same(#[case] draft: &str, #[case] keywords: &str, #[case] values: &[&str]) {
    let schema = format!("{{{draft},{keywords}}}");
    let ours = checker(&schema);
    let verdicts: Vec<bool> = values
        .iter()
        .map(|value| {
            let fits = said(&ours, value) == "fits";
            assert_eq!(Some(fits), theirs(&schema, &[], value), "{schema} on {value}: {}", said(&ours, value));
            fits
        })
        .collect();
    // Rows that cannot tell a checker from none would prove nothing.
    let forbids_nothing = [r#""format":"date-time""#, r#""if":{"const":1},"then":false"#];
    let forbids_nothing = forbids_nothing.contains(&keywords) || keywords.ends_with(r#""minContains":0"#);
    assert!(forbids_nothing || (verdicts.contains(&true) && verdicts.contains(&false)), "{schema}: {verdicts:?}");
}

fn schemas() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        "\"(null|boolean|number|integer|string|array|object)\"".prop_map(|word| format!(r#"{{"type":{word}}}"#)),
        (0..4, 0..4).prop_map(|(low, high)| format!(r#"{{"minimum":{low},"exclusiveMaximum":{high}}}"#)),
        // By floats, 0.3 is no multiple of 0.1.
        prop_oneof![Just("0.5"), Just("2")].prop_map(|n| format!(r#"{{"multipleOf":{n}}}"#)),
        (0..3, 0..3).prop_map(|(low, high)| format!(r#"{{"minLength":{low},"maxLength":{high}}}"#)),
        Just(r#"{"enum":[1,"a",[],{"a":1}]}"#.to_owned()),
        Just(r#"{"required":["a"]}"#.to_owned()),
        Just(r#"{"uniqueItems":true,"maxItems":2}"#.to_owned()),
        Just(r#"{"pattern":"^a\\d?$"}"#.to_owned()),
        Just(r##"{"$ref":"#"}"##.to_owned()),
        Just(r##"{"$ref":"#/$defs/x"}"##.to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (prop_oneof![Just("allOf"), Just("anyOf"), Just("oneOf"), Just("prefixItems")], pair.clone())
                .prop_map(|(word, (a, b))| format!(r#"{{"{word}":[{a},{b}]}}"#)),
            pair.clone().prop_map(|(a, b)| format!(r#"{{"properties":{{"a":{a}}},"additionalProperties":{b}}}"#)),
            pair.clone().prop_map(|(a, b)| format!(r#"{{"patternProperties":{{"^a":{a}}},"propertyNames":{b}}}"#)),
            pair.clone().prop_map(|(a, b)| format!(r#"{{"items":{a},"contains":{b}}}"#)),
            pair.clone().prop_map(|(a, b)| format!(r#"{{"if":{a},"then":{b},"properties":{{"b":{b}}}}}"#)),
            pair.clone().prop_map(|(a, b)| format!(
                r#"{{"anyOf":[{a},{{"properties":{{"a":{b}}}}}],"unevaluatedProperties":false}}"#
            )),
            pair.prop_map(|(a, b)| format!(r#"{{"oneOf":[{a},{{"prefixItems":[{b}]}}],"unevaluatedItems":{b}}}"#)),
            inner.clone().prop_map(|a| format!(r#"{{"not":{a}}}"#)),
            inner.prop_map(|a| format!(r#"{{"dependentSchemas":{{"a":{a}}},"dependentRequired":{{"a":["b"]}}}}"#)),
        ]
    })
}

fn values() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        (-3_i32..5).prop_map(|number| number.to_string()),
        (0_u32..40).prop_map(|number| format!("{}.{}", number / 10, number % 10)),
        "\"[ab1]{0,3}\"",
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map("[abc]{1,2}", inner, 0..4).prop_map(|fields| {
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_library_sees_the_same_by_chance(main in schemas(), part in schemas(), value in values()) {
        let schema = format!(r#"{{{V2020},"$defs":{{"x":{part}}},"allOf":[{main}]}}"#);
        // A schema that leads to itself without a value between is wrong in a way of its own.
        let ours = said(&checker(&schema), &value);
        prop_assume!(!ours.contains("deeper here than"));
        prop_assert_eq!(Some(ours == "fits"), theirs(&schema, &[], &value), "{} on {}: {}", schema, value, ours);
    }
}

#[test]
fn a_misfit_says_where_and_what_was_expected() {
    let schema = r##"{"type":"object","required":["id"],"additionalProperties":false,"properties":{
        "id":{"type":"integer","minimum":1},"mail":{"type":"string","format":"email"},"kind":{"enum":["new","old"]},
        "lines":{"type":"array","minItems":1,"items":{"$ref":"#/definitions/line"}},
        "who":{"oneOf":[{"type":"string"},{"type":"null"}]},
        "a/b":{"anyOf":[{"properties":{"x":{"type":"number"}},"required":["x"]},{"type":"string"}]}},
        "definitions":{"line":{"type":"object","properties":{"sku":{"type":"string","pattern":"^[A-Z]+$"}}}}}"##;
    let checker = checker(schema);
    for (value, wanted) in [
        (r#"{"id":1,"lines":[{"sku":"A"}],"who":null,"kind":"new"}"#, "fits"),
        ("[]", ": expected object, got []"),
        (r#"{"mail":"a@b.c"}"#, ": the field id is missing"),
        (r#"{"id":0}"#, " at /id: expected at least 1, got 0"),
        (r#"{"id":1,"idd":1}"#, " at /idd: the schema has no such field"),
        (r#"{"id":1,"mail":"x"}"#, r#" at /mail: expected a text of format email, got "x""#),
        (r#"{"id":1,"kind":"odd"}"#, r#" at /kind: expected one of "new", "old", got "odd""#),
        (r#"{"id":1,"lines":[]}"#, " at /lines: expected at least 1 item, got 0"),
        (
            r#"{"id":1,"lines":[{"sku":"A"},{"sku":"b"}]}"#,
            r#" at /lines/1/sku: expected a text like ^[A-Z]+$, got "b""#,
        ),
        (r#"{"id":1,"who":5}"#, " at /who: it fits no schema of oneOf: expected string, got 5; expected null, got 5"),
        (r#"{"id":1,"a/b":{"x":"y"}}"#, r#" at /a~1b/x: expected number, got "y""#),
    ] {
        assert_eq!(said(&checker, value), wanted, "{value}");
    }
}

#[test]
fn references_are_found_by_their_names_and_nowhere_else() {
    let main = r##"{"$id":"https://shop.example/order.json","type":"object","properties":{
        "who":{"$ref":"customer.json"},"where":{"$ref":"https://shop.example/customer.json#/definitions/town"}}}"##;
    let other = r##"{"type":"object","required":["name"],"definitions":{"town":{"type":"string"}},
        "properties":{"home":{"$ref":"#/definitions/town"},"order":{"$ref":"order.json"}}}"##;
    let reference = |name: &str| Reference { name: name.into(), text: other.into() };
    let checker = Checker::parse(main, &[reference("customer.json")]).unwrap();
    assert_eq!(said(&checker, r#"{"who":{"name":"a","home":"x","order":{"where":"y"}}}"#), "fits");
    assert_eq!(said(&checker, r#"{"who":{}}"#), " at /who: the field name is missing");
    assert_eq!(said(&checker, r#"{"who":{"name":1,"home":2}}"#), " at /who/home: expected string, got 2");
    assert_eq!(said(&checker, r#"{"where":5}"#), " at /where: expected string, got 5");
    assert_eq!(
        said(&checker, r#"{"who":{"name":1,"order":{"where":0}}}"#),
        " at /who/order/where: expected string, got 0"
    );
    for (schema, wanted) in [
        (
            r#"{"$id":"https://a.b/c","$ref":"customer.json"}"#,
            "its schema refers to customer.json, which is not among its references",
        ),
        (
            r#"{"$ref":"file:///etc/passwd"}"#,
            "its schema refers to file:///etc/passwd, which is not among its references",
        ),
        (r##"{"$ref":"#/definitions/a"}"##, "its schema refers to #/definitions/a, where nothing is"),
        (r##"{"items":{"$ref":"#a"}}"##, "its schema refers to #a, where nothing is"),
        (r#"{"type":"strin"}"#, r#"its schema says type: "strin", where a type of JSON is expected"#),
        (r#"{"properties":{"a":1}}"#, "its schema holds 1 where a schema is expected"),
        (r#"{"minLength":-1}"#, "its schema says minLength: -1, where a count is expected"),
        (r#"{"type":"null","type":"string"}"#, "its schema says type twice in one place"),
        (
            r#"{"$schema":"https://a.b/c"}"#,
            "its $schema is https://a.b/c, and klamm knows the drafts 4, 6, 7, 2019-09 and 2020-12",
        ),
        ("{", "its schema is no JSON: a field name was expected at byte 1"),
    ] {
        assert_eq!(Checker::parse(schema, &[]).unwrap_err(), wanted);
    }
}

#[test]
fn digits_are_not_rounded() {
    let checker = checker(r#"{"maximum":9007199254740992,"multipleOf":1}"#);
    assert_eq!(said(&checker, "9007199254740992"), "fits");
    assert_eq!(said(&checker, "9007199254740993"), ": expected at most 9007199254740992, got 9007199254740993");
    assert_eq!(said(&checker, "1e400"), ": expected at most 9007199254740992, got 1e400");
}

/// A pattern that does not take linear time is told, and the rest is checked.
#[test]
fn what_cannot_be_looked_for_is_told_and_decides_nothing() {
    let checker = checker(
        r#"{"properties":{"a":{"pattern":"^(?!x)"},"n":{"type":"number"},
            "not":{"not":{"pattern":"^(?!x)"}},
            "one":{"oneOf":[{"pattern":"^(?!x)"},{"minLength":3}]},
            "any":{"anyOf":[{"pattern":"^(?!x)"},{"type":"null"}]}}}"#,
    );
    let unchecked: Vec<_> = checker.unchecked().collect();
    assert_eq!(unchecked, [("^(?!x)", "look-around, including look-ahead and look-behind, is not supported")]);
    for fits in [r#"{"a":"x"}"#, r#"{"not":"abc"}"#, r#"{"one":"abc"}"#, r#"{"any":"abc"}"#] {
        assert_eq!(said(&checker, fits), "fits");
    }
    assert_eq!(said(&checker, r#"{"n":""}"#), r#" at /n: expected number, got """#);
}

/// Each of these takes a library time without end, or the whole stack.
#[test]
fn hostile_schemas_end_soon() {
    let doubling: Vec<String> = (0..60)
        .map(|n| {
            format!(
                r##""d{n}":{{"allOf":[{{"$ref":"#/definitions/d{m}"}},{{"$ref":"#/definitions/d{m}"}}]}}"##,
                m = n + 1
            )
        })
        .collect();
    let doubling = format!(r##"{{"$ref":"#/definitions/d0","definitions":{{{},"d60":{{}}}}}}"##, doubling.join(","));
    assert!(said(&checker(&doubling), "1").contains("the schema leaves too much to try here"));

    let chain: Vec<String> =
        (0..50_000).map(|n| format!(r##""d{n}":{{"$ref":"#/definitions/d{}"}}"##, n + 1)).collect();
    let chain = format!(r##"{{"$ref":"#/definitions/d0","definitions":{{{},"d50000":{{}}}}}}"##, chain.join(","));
    match Checker::parse(&chain, &[]) {
        Ok(checker) => assert!(said(&checker, "1").contains("leads deeper here than")),
        Err(reason) => assert!(reason.contains("too much to look through"), "{reason}"),
    }
    assert!(said(&checker(r##"{"$ref":"#"}"##), "1").contains("leads deeper here than"));

    let tree = r##"{"anyOf":[{"properties":{"a":{"$ref":"#"},"b":{"type":"null"}}},{"properties":{"a":{"$ref":"#"},"b":{"type":"null"}}},{"properties":{"a":{"$ref":"#"},"b":{"type":"null"}}}],"required":["b"]}"##;
    let deep = format!("{}1{}", r#"{"b":1,"a":"#.repeat(80), "}".repeat(80));
    let end = said(&checker(tree), &deep);
    assert!(end.contains("too much") || end.contains("deeper") || end.contains("expected null"), "{end}");

    let patterns: Vec<String> = (0..2_000).map(|n| format!(r#"{{"pattern":"(\\w{{1,40}}x{n}){{1,40}}"}}"#)).collect();
    let patterns = checker(&format!(r#"{{"anyOf":[{}]}}"#, patterns.join(",")));
    assert!(patterns.unchecked().count() > 0, "they share their room");
    said(&patterns, &format!("\"{}\"", "a".repeat(1 << 16)));
    assert!(Checker::parse(&"{\"not\":".repeat(500), &[]).unwrap_err().contains("it nests too deeply"));
}

proptest! {
    #[test]
    fn noise_is_no_schema_and_does_no_harm(text in r##"[\[\]{}:,"a$#/0-9ref\\]{0,40}"##, value in values()) {
        if let Ok(checker) = Checker::parse(&text, &[]) {
            said(&checker, &value);
        }
    }
}
