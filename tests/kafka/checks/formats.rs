//! Formats: what claims to be something, or is said to be, is read as that.

use super::reading::all;
use crate::klamm::{DONE, Klamm, NOT_MET, PARTLY};
use crate::registry;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::{Value, json};

const PROTO: &str = r#"syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto";
    message Unused { string x = 1; }
    message Order { int64 id = 1; string customer = 2; google.protobuf.Timestamp at = 3; }"#;

/// id 9007199254740993, customer "ada", at 1700000000 s.
const ORDER: &[u8] = &[
    0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0x12, 3, b'a', b'd', b'a', 0x1a, 6, 0x08, 0x80, 0xe2, 0xcf,
    0xaa, 0x06,
];

fn framed(id: u32, body: &[&[u8]]) -> Vec<u8> {
    [&[0][..], &id.to_be_bytes(), &body.concat()].concat()
}

fn write(target: &Target, topic: &str, values: &[&[u8]]) {
    let witness = Witness::new(target);
    witness.create_topic(topic, 1, 1, &[]);
    let seeds: Vec<Seed<'_>> = values.iter().map(|value| Seed { value: Some(value), ..Seed::default() }).collect();
    witness.produce(topic, &seeds);
}

/// Protobuf and JSON with a schema of the registry.
pub fn registered(target: &Target) {
    let url = target.registry.as_deref().expect("the target has a registry");
    let topic = "check.formats.registered";
    let proto = registry::register_as(url, &format!("{topic}-value"), "PROTOBUF", PROTO);
    let schema = r#"{"type":"object","properties":{"amount":{"type":"number"}}}"#;
    let json_schema = registry::register_as(url, &format!("{topic}.json-value"), "JSON", schema);
    write(
        target,
        topic,
        &[
            // The second message of the file, in full and cut short, one that is not
            // there, and JSON.
            &framed(proto, &[&[2, 2], ORDER]),
            &framed(proto, &[&[2, 2], &ORDER[..12]]),
            &framed(proto, &[&[2, 18], ORDER]),
            &framed(json_schema, &[br#"{"amount":1.25}"#]),
        ],
    );
    let records = Klamm::on(target).records(&all(topic, &[]));
    assert_eq!(records.len(), 4, "{records:?}");
    let order = json!({"id": 9_007_199_254_740_993_i64, "customer": "ada", "at": "2023-11-14T22:13:20Z"});
    assert_eq!((&records[0]["value"], &records[0]["value_format"]), (&order, &json!("protobuf")), "{}", records[0]);
    assert_eq!(records[0]["value_schema_id"], json!(proto));
    for (index, reason) in [(1, "it ends early"), (2, "the schema has no message [9]")] {
        assert!(records[index]["value"]["base64"].is_string(), "not a guess: {}", records[index]);
        let said = records[index]["value_undecoded_because"].as_str().expect("a reason");
        assert!(said.starts_with(reason), "{said}");
    }
    assert_eq!(records[3]["value_format"], json!("json-schema"), "{}", records[3]);
    assert_eq!(records[3]["value"].to_string(), r#"{"amount":1.25}"#);
    let found = Klamm::on(target).records(&all(topic, &["--contains", "ada"]));
    assert_eq!(found.len(), 2, "also in the bytes of what cannot be read");
}

/// What bytes say of themselves, and what only a user can say.
pub fn without_a_schema(target: &Target) {
    let topic = "check.formats.plain";
    write(
        target,
        topic,
        &[
            b"\x82\xa2id\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\xa1s\xa1x",
            b"\xa2\x62id\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x61s\x61x",
            b"<a><b>1</b></a>",
            // zstd, a raw block of `{"a":1}`.
            b"\x28\xb5\x2f\xfd\x20\x07\x39\x00\x00{\"a\":1}",
            b"\x00\x00\x00\x00\x00\x00\x00\x2a",
        ],
    );
    let klamm = Klamm::on(target);
    let records = klamm.records(&all(topic, &[]));
    let formats: Vec<&Value> = records.iter().map(|record| &record["value_format"]).collect();
    assert_eq!(formats, ["messagepack", "cbor", "xml", "json", "hex"], "{records:?}");
    for record in &records[..2] {
        assert_eq!(record["value"].to_string(), r#"{"id":9223372036854775807,"s":"x"}"#);
    }
    assert_eq!(records[3]["value_packed"], json!(["zstd"]));
    let numbers = klamm.records(&all(topic, &["--as", "int64"]));
    assert_eq!((&numbers[4]["value"], &numbers[4]["value_format"]), (&json!(42), &json!("int64")));
    assert_eq!(numbers[2]["value_undecoded_because"], json!("int64 takes 8 bytes, and here are 15"));
    let inside = klamm.records(&all(topic, &["--contains", "9223372036854775807"]));
    assert_eq!(inside.len(), 2, "a number is found as it is shown");
    assert_eq!(klamm.records(&all(topic, &["--contains", "\"a\":1"])).len(), 1, "what is packed is looked into");
}

/// Values that name no schema, read by files that the profile names; keys as something else.
pub fn by_a_schema_file(target: &Target) {
    let topic = "check.formats.files";
    let avro = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#;
    let schema = apache_avro::Schema::parse_str(avro).expect("a schema");
    let mut named = Vec::new();
    let order = apache_avro::types::Value::Record(vec![("id".into(), apache_avro::types::Value::Long(43))]);
    apache_avro::GenericSingleObjectWriter::new_with_capacity(&schema, 64)
        .and_then(|mut writer| writer.write_value_ref(&order, &mut named))
        .expect("it is written");
    let witness = Witness::new(target);
    witness.create_topic(topic, 1, 1, &[]);
    let key = 7_i64.to_be_bytes();
    let values: [&[u8]; 3] = [&[84], &named, &[84, 84]];
    witness.produce(topic, &values.map(|value| Seed { key: Some(&key), value: Some(value), ..Seed::default() }));
    write(target, "check.formats.proto", &[ORDER]);

    let klamm = Klamm::on(target).without_connection();
    klamm.write("order.avsc", avro);
    klamm.write("shop.proto", PROTO);
    let text = format!(
        "version = 1\n[profiles.files]\nbootstrap = {:?}\n\
         formats = {{ \"{topic}\" = \"int64 avro:order.avsc\", \"*.proto\" = \"protobuf:shop.proto#shop.Order\" }}\n",
        target.bootstrap
    );
    let file = klamm.write("files.toml", &text).display().to_string();
    let run = |words: &[&str]| klamm.run(&[&["--config", &file, "--profile", "files"][..], words].concat());
    let records = run(&all(topic, &["-o", "json"])).ended_with(DONE).lines();
    for (record, id) in records.iter().zip([42, 43]) {
        assert_eq!((&record["key"], &record["key_format"]), (&json!(7), &json!("int64")), "{record}");
        assert_eq!((&record["value"], &record["value_format"]), (&json!({"id": id}), &json!("avro")), "{record}");
        assert_eq!(record["value_schema"], json!("order.avsc"));
    }
    let said = records[2]["value_undecoded_because"].as_str().expect("a reason");
    assert_eq!(said, "1 bytes follow the value");
    let found = run(&["records", "search", topic, "--where", "value.id > 42", "-o", "json"]);
    let found = found.ended_with(PARTLY).lines();
    assert_eq!((found.len(), &found[0]["offset"]), (1, &json!(1)));
    let proto = run(&all("check.formats.proto", &["-o", "json"])).ended_with(DONE).lines();
    assert_eq!((&proto[0]["value"]["customer"], &proto[0]["value_schema"]), (&json!("ada"), &json!("shop.proto")));
    let mixed = run(&all(topic, &["--as", "hex text", "-o", "json"])).ended_with(DONE).lines();
    assert_eq!((&mixed[0]["key_format"], &mixed[0]["value_format"]), (&json!("hex"), &json!("text")));
}

/// The log of commits in words.
pub fn of_kafka_itself(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.formats.committed";
    witness.create_topic(topic, 1, 1, &[]);
    witness.produce(topic, &[Seed { value: Some(b"v"), ..Seed::default() }]);
    witness.commit("check-formats-group", topic, &[(0, 1)]);
    let found = Klamm::on(target).records(&all("__consumer_offsets", &["--contains", "check-formats-group"]));
    let commit = found.iter().find(|record| record["key"]["topic"] == json!(topic)).expect("the commit");
    assert_eq!((&commit["key_format"], &commit["value_format"]), (&json!("kafka"), &json!("kafka")), "{commit}");
    assert_eq!((&commit["key"]["group"], &commit["value"]["offset"]), (&json!("check-formats-group"), &json!(1)));
    assert_eq!(commit["value_schema"], json!("OffsetCommitValue"));
}

/// What nobody may see is nowhere, and is not found.
pub fn masked(target: &Target) {
    let topic = "check.formats.masked";
    let witness = Witness::new(target);
    witness.create_topic(topic, 1, 1, &[]);
    witness.produce(
        topic,
        &[
            Seed {
                key: Some(b"s3cret-key"),
                value: Some(br#"{"id":7,"by":{"mail":"s3cret@x"},"card":4111111111111111}"#),
                headers: vec![("token", Some(&b"s3cret-token"[..]))],
                ..Seed::default()
            },
            Seed { value: Some(b"{\"by\":{\"mail\":\"s3cret@x\""), ..Seed::default() },
        ],
    );
    let klamm = Klamm::on(target).without_connection();
    let text = format!(
        "version = 1\n[profiles.masked]\nbootstrap = {:?}\n\
         masks = {{ \"check.*\" = \"key value.by.mail headers.token\", \"*\" = \"/[0-9]{{16}}/\" }}\n",
        target.bootstrap
    );
    let file = klamm.write("masked.toml", &text).display().to_string();
    let run = |more: &[&str]| {
        let words = [&["--config", &file, "--profile", "masked"][..], &all(topic, more)].concat();
        klamm.run(&words)
    };
    for more in
        [&["-o", "json"][..], &["-o", "csv"], &["-o", "table"], &["--as", "hex", "-o", "json"], &["--as", "text"]]
    {
        let ran = run(more).ended_with(DONE);
        for secret in ["s3cret", "czNjcmV0", "4111111111111111"] {
            assert!(!ran.stdout.contains(secret), "{more:?}: {}", ran.stdout);
        }
    }
    let records = run(&["-o", "json"]).lines();
    assert_eq!(records[0]["value"], json!({"id": 7, "by": {"mail": "***"}, "card": "***"}));
    assert_eq!((&records[0]["key"], &records[1]["value"]), (&json!("***"), &json!("***")));
    run(&["--contains", "s3cret"]).ended_with(NOT_MET);
    run(&["--contains", "\"id\":7"]).ended_with(DONE);
    let other = |words: &[&str]| klamm.run(&[&["--config", &file, "--profile", "masked"][..], words].concat());
    other(&["records", "search", topic, "--where", "key = s3cret-key"]).ended_with(NOT_MET);
    let plan = other(&["topics", "plan-partitions", topic, "--partitions", "4", "--measure", "0s", "-o", "json"]);
    let plan = plan.ended_with(DONE).stdout;
    assert!(!plan.contains("s3cret") && plan.contains("***"), "its hottest key: {plan}");
}
