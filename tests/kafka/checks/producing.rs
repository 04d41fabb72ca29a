//! Writing records: each as it was asked for, read back by the witness.

use crate::klamm::{DONE, Klamm, REFUSED};
use crate::registry;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::{Value, json};

/// One record with everything, as the witness and as `records tail` see it.
pub fn one_record(target: &Target) {
    let topic = "check.produce";
    let witness = Witness::new(target);
    witness.create_topic(topic, 3, 1, &[]);
    let klamm = Klamm::on(target);
    let words = ["records", "produce", topic, "--key", "customer-88", "--value", "v", "--partition", "2"];
    let more = ["--header", "h=1", "--header", "h=2", "--header-null", "n", "--timestamp", "2026-11-21T10:45:00Z"];
    let words = [&words[..], &more].concat();

    let planned = klamm.items(&[&words[..], &["--dry-run"]].concat());
    assert_eq!((&planned[0]["partition"], &planned[0]["status"]), (&json!(2), &json!("planned")));
    assert_eq!(witness.ends(topic, 2), (0, 0), "a dry run writes nothing");
    klamm.run(&words).ended_with(REFUSED);
    assert_eq!(witness.ends(topic, 2), (0, 0), "nothing is written that nobody agreed to");

    let written = klamm.json(&[&words[..], &["--yes"]].concat());
    let row = &written["items"][0];
    assert_eq!((&row["partition"], &row["offset"], &row["status"]), (&json!(2), &json!(0), &json!("done")), "{row}");
    let seen = witness.read(topic, 2, 0, 1).remove(0);
    assert_eq!((seen.key.as_deref(), seen.value.as_deref()), (Some(&b"customer-88"[..]), Some(&b"v"[..])));
    let read = klamm.records(&["records", "tail", topic, "--from", "earliest", "--no-follow"]).remove(0);
    let headers = json!([{"name": "h", "value": "1"}, {"name": "h", "value": "2"}, {"name": "n", "value": null}]);
    assert_eq!(read["headers"], headers);
    assert_eq!(read["timestamp"], json!("2026-11-21T10:45:00.000Z"));

    let journal = klamm.items(&["journal", "list"]);
    assert_eq!((&journal[0]["kind"], &journal[0]["can_undo"]), (&json!("produce"), &json!(false)), "{}", journal[0]);
    klamm.run(&["journal", "undo", journal[0]["id"].as_str().expect("an id"), "--yes"]).ended_with(REFUSED);
}

/// Each codec and each way to be acknowledged.
pub fn deliveries(target: &Target) {
    let topic = "check.produce.how";
    let witness = Witness::new(target);
    witness.create_topic(topic, 1, 1, &[]);
    let klamm = Klamm::on(target);
    let ways: [&[&str]; 7] = [
        &["--compression", "gzip"],
        &["--compression", "snappy"],
        &["--compression", "lz4"],
        &["--compression", "zstd"],
        &["--acks", "1"],
        &["--acks", "0"],
        &["--no-idempotent"],
    ];
    let value = "x".repeat(2_000);
    for way in ways {
        let words = ["records", "produce", topic, "--value", &value, "--yes"];
        let row = klamm.items(&[&words[..], way].concat()).remove(0);
        assert_eq!(row["status"], json!("done"), "{way:?}: {row}");
        assert_eq!(row["offset"].is_null(), way == ["--acks", "0"], "{way:?}: {row}");
    }
    let seen = witness.read(topic, 0, 0, ways.len());
    assert!(seen.iter().all(|record| record.value.as_deref() == Some(value.as_bytes())));
    let ran = klamm.run(&["records", "produce", topic, "--value", "v", "--idempotent", "--acks", "1", "--yes"]);
    assert!(ran.stderr.contains("needs --acks all"), "{}", ran.stderr);
}

/// Keys go where the Java client and librdkafka send them.
pub fn partitioners(target: &Target) {
    let topic = "check.produce.where";
    let witness = Witness::new(target);
    witness.create_topic(topic, 7, 1, &[]);
    let klamm = Klamm::on(target);
    for (partitioner, witness_says) in [("murmur2_random", "murmur2_random"), ("consistent", "consistent")] {
        for key in ["21", "foobar", "a-little-bit-longer-string", "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"] {
            let words = ["records", "produce", topic, "--key", key, "--value", "v", "--partitioner", partitioner];
            let planned = klamm.items(&[&words[..], &["--dry-run"]].concat()).remove(0);
            let row = klamm.items(&[&words[..], &["--yes"]].concat()).remove(0);
            assert_eq!(planned["partition"], row["partition"], "{key} by {partitioner}");
            // The witness lets librdkafka choose for the same key.
            let partition = row["partition"].as_i64().and_then(|id| i32::try_from(id).ok()).expect("a partition");
            let before = witness.end_of_all(topic, partition);
            let seed = Seed { partition: -1, key: Some(key.as_bytes()), value: Some(b"w"), ..Seed::default() };
            witness.produce_with(topic, &[seed], &[("partitioner", witness_says)]).expect("it is written");
            assert_eq!(witness.end_of_all(topic, partition), before + 1, "{key} by {partitioner}");
        }
    }
}

/// Repeats, few with a row each, many with a row for each partition.
pub fn repeated(target: &Target) {
    let topic = "check.produce.often";
    let witness = Witness::new(target);
    witness.create_topic(topic, 2, 1, &[]);
    let klamm = Klamm::on(target);
    let words = ["records", "produce", topic, "--partition", "0", "--key", "k-{{seq}}", "--yes"];
    let template = r#"{"n":{{seq}},"dice":{{random 1..6}},"id":"{{uuid}}","at":"{{now}}"}"#;
    let few = klamm.items(&[&words[..], &["--value", template, "--repeat", "3"]].concat());
    let offsets: Vec<&Value> = few.iter().map(|row| &row["offset"]).collect();
    assert_eq!(offsets, [&json!(0), &json!(1), &json!(2)]);
    for (index, record) in witness.read(topic, 0, 0, 3).iter().enumerate() {
        let value: Value = serde_json::from_slice(record.value.as_deref().expect("a value")).expect("it is JSON");
        assert_eq!(record.key.as_deref(), Some(format!("k-{}", index + 1).as_bytes()));
        assert_eq!(value["n"], json!(index + 1));
        assert!(value["dice"].as_i64().is_some_and(|dice| (1..=6).contains(&dice)), "{value}");
    }
    let many = klamm.json(&[&words[..], &["--value", "v-{{seq}}", "--repeat", "5000"]].concat());
    let row = &many["items"][0];
    assert_eq!((&row["records"], &row["offset"], &row["last_offset"]), (&json!(5000), &json!(3), &json!(5002)));
    let last = witness.read(topic, 0, 5002, 1).remove(0);
    assert_eq!(last.value.as_deref(), Some(&b"v-5000"[..]), "in order to the last");
    // Without being asked for, text stays as it is.
    klamm.run(&["records", "produce", topic, "--partition", "1", "--value", "{{seq}}", "--yes"]).ended_with(DONE);
    assert_eq!(witness.read(topic, 1, 0, 1).remove(0).value.as_deref(), Some(&b"{{seq}}"[..]));
}

/// What a broker would refuse is refused before it is asked.
pub fn refused_before(target: &Target) {
    let witness = Witness::new(target);
    witness.create_topic("check.produce.kept", 1, 1, &[("cleanup.policy", "compact")]);
    witness.create_topic("check.produce.small", 1, 1, &[("max.message.bytes", "1000")]);
    let klamm = Klamm::on(target);
    let refused = |words: &[&str], says: &str| {
        let ran = klamm.run(&[&["records", "produce"], words, &["--yes"]].concat()).ended_with(REFUSED);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    };
    refused(&["check.produce.kept", "--value", "v"], "each record has a key");
    refused(&["check.produce.kept", "--value", "v", "--key", "k", "--partition", "7"], "no partition 7");
    refused(&["check.produce.small", "--value", &"x".repeat(1_000)], "max.message.bytes");
    let gone = klamm.json(&["records", "produce", "check.produce.kept", "--key", "k", "--tombstone", "--yes"]);
    let warned = gone["plan"]["warnings"].to_string();
    assert!(warned.contains("tombstone"), "{warned}");
    let seen = witness.read("check.produce.kept", 0, 0, 1).remove(0);
    assert_eq!((seen.key.as_deref(), seen.value), (Some(&b"k"[..]), None));
}

const SCHEMA: &str = r#"{"type":"record","name":"Order","namespace":"check","fields":[
  {"name":"id","type":"long"},
  {"name":"customer","type":["null","string"]},
  {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},
  {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}"#;

/// JSON in, Avro on the wire, the same JSON out; and what does not fit is not sent.
pub fn by_schema(target: &Target) {
    let topic = "check.produce.avro";
    let witness = Witness::new(target);
    witness.create_topic(topic, 1, 1, &[]);
    let url = target.registry.as_deref().expect("the target has a registry");
    let id = registry::register(url, &format!("{topic}-value"), SCHEMA);
    let klamm = Klamm::on(target);
    let value = r#"{"id":42,"customer":"ada","amount":12.34,"at":"2026-11-21T10:45:00.118Z"}"#;
    let which = id.to_string();
    for which in ["latest", which.as_str()] {
        klamm.json(&["records", "produce", topic, "--value", value, "--value-schema", which, "--yes"]);
    }
    let wire = witness.read(topic, 0, 0, 1).remove(0).value.expect("a value");
    let body = [84, 2, 6, b'a', b'd', b'a', 4, 4, 0xd2];
    assert_eq!(wire.get(..5), Some(&[&[0][..], &id.to_be_bytes()].concat()[..]), "the registry's frame");
    assert_eq!(wire.get(5..14), Some(&body[..]), "by hand, from Avro's specification");
    for read in klamm.records(&["records", "tail", topic, "--from", "earliest", "--no-follow"]) {
        assert_eq!(read["value"], serde_json::from_str::<Value>(value).expect("it is JSON"));
        assert_eq!(read["value_format"], json!("avro"));
    }
    let wrong = value.replace("42", "\"x\"");
    let ran = klamm.run(&["records", "produce", topic, "--value", &wrong, "--value-schema", "latest", "--yes"]);
    assert_ne!(ran.code, DONE);
    let says = r#"line 1, column 7: value.id: expected long, got "x""#;
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
    assert_eq!(witness.ends(topic, 0).1, 2, "nothing of it was sent");
}

const PROTO: &str = r#"syntax = "proto3"; package check; import "google/protobuf/timestamp.proto";
    message Unused { string x = 1; }
    message Order { int64 id = 1; string customer = 2; google.protobuf.Timestamp at = 3; }"#;

/// Digits, JSON that is checked, Protobuf with the message's place, a schema of a file, and
/// a schema that a header names: each as it is on the wire, and as it is read again.
pub fn in_other_forms(target: &Target) {
    // Clusters share a registry: each has subjects of its own.
    let port = target.bootstrap.rsplit(':').next().expect("a port");
    let topic = &format!("check.produce.forms.{port}");
    let witness = Witness::new(target);
    witness.create_topic(topic, 1, 1, &[]);
    let url = target.registry.as_deref().expect("the target has a registry");
    let klamm = Klamm::on(target);
    let write = |more: &[&str]| klamm.json(&[&["records", "produce", topic, "--yes"], more].concat());
    write(&["--key", "00 FF", "--key-format", "hex", "--value", "AP8Q", "--value-format", "base64"]);
    let seen = witness.read(topic, 0, 0, 1).remove(0);
    assert_eq!((seen.key.as_deref(), seen.value.as_deref()), (Some(&[0, 255][..]), Some(&[0, 255, 16][..])));

    let proto = registry::register_as(url, &format!("{topic}-check.Order"), "PROTOBUF", PROTO);
    let value = r#"{"id":"9007199254740993","customer":"ada","at":"2023-11-14T22:13:20Z"}"#;
    let by = ["--value", value, "--value-schema", "latest", "--value-record", "check.Order"];
    let written = write(&[&by[..], &["--subject-strategy", "topic-record"]].concat());
    let said = written["plan"]["summary"].to_string();
    assert!(said.contains(&format!("the value is written as protobuf by schema {proto}")), "{said}");
    let bare = [0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0x12, 3, b'a', b'd', b'a', 0x1a, 6];
    let bare = [&bare[..], &[0x08, 0x80, 0xe2, 0xcf, 0xaa, 0x06]].concat();
    let wire = witness.read(topic, 0, 1, 1).remove(0).value.expect("a value");
    assert_eq!(wire, [&[0][..], &proto.to_be_bytes(), &[2, 2], &bare].concat(), "frame, the second message, the value");

    let avro = registry::register(url, &format!("{topic}-value"), SCHEMA);
    let value = r#"{"id":42,"customer":"ada","amount":12.34,"at":"2026-11-21T10:45:00.118Z"}"#;
    let header = write(&["--value", value, "--value-schema", "latest", "--framing", "header"]);
    assert!(header["plan"]["summary"].to_string().contains("the header __value_schema_id names it"), "{header}");
    let file = klamm.write("order.avsc", SCHEMA).display().to_string();
    let plain = write(&["--value", value, "--value-schema-file", &file]);
    let warned = plain["plan"]["warnings"].to_string();
    assert!(warned.contains("the value names no schema, and the registry has"), "{warned}");
    write(&["--value", value, "--value-schema-file", &file, "--framing", "prefix"]);
    let wires: Vec<Vec<u8>> =
        witness.read(topic, 0, 2, 3).into_iter().map(|record| record.value.expect("a value")).collect();
    assert_eq!(wires[0], wires[1], "bare beside a header, and by a file alone");
    assert_eq!(wires[2], [&[0][..], &avro.to_be_bytes(), &wires[0]].concat());

    let (own, part) = (format!("{topic}.json"), format!("{topic}.part"));
    let number = r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"number","minimum":1}"#;
    registry::register_as(url, &part, "JSON", number);
    let schema = r#"{"type":"object","properties":{"a":{"$ref":"part.json"}},"additionalProperties":false}"#;
    let id = registry::register_with(url, &own, "JSON", schema, &[("part.json", &part, 1)]);
    let by_json = ["--value-schema", "latest", "--value-subject", &own];
    let json = write(&[&["--value", r#"{"a": 1}"#], &by_json[..]].concat());
    let said = json["plan"]["summary"].to_string();
    assert!(said.contains(&format!("the value is written as json-schema by schema {id}")), "{said}");

    let read = klamm.records(&["records", "tail", topic, "--from", "earliest", "--no-follow"]);
    assert_eq!((&read[5]["value_format"], &read[5]["value"]), (&json!("json-schema"), &json!({"a": 1})));
    assert_eq!((&read[1]["value_format"], &read[1]["value"]["customer"]), (&json!("protobuf"), &json!("ada")));
    for index in [2, 4] {
        assert_eq!(read[index]["value_format"], json!("avro"), "{}", read[index]);
        assert_eq!(read[index]["value"], serde_json::from_str::<Value>(value).expect("it is JSON"));
    }

    let refused = |words: &[&str], says: &str| {
        let ran = klamm.run(&[&["records", "produce", topic, "--yes"], words].concat());
        assert_ne!(ran.code, DONE);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    };
    refused(&["--value", "{\n\"a\":}", "--value-format", "json"], "it is not JSON: line 2, column 5");
    refused(&["--value", "0g", "--value-format", "hex"], "it is not hexadecimal: line 1, column 2");
    let wrong = by.map(|word| if word == value || word.starts_with('{') { r#"{"id":1,"at":"now"}"# } else { word });
    refused(&[&wrong[..], &["--subject-strategy", "topic-record"]].concat(), "line 1, column 14: value.at: expected");
    let defaults = SCHEMA.replace(r#""type":"long"}"#, r#""type":"long","default":7}"#);
    assert_ne!(defaults, SCHEMA);
    let file = klamm.write("defaults.avsc", &defaults).display().to_string();
    let left_out = r#"{"customer":"ada","amount":12.34,"at":"2026-11-21T10:45:00.118Z"}"#;
    let words = ["records", "produce", topic, "--value", left_out, "--value-schema-file", &file, "--dry-run"];
    let said = klamm.json(&words)["plan"]["summary"].to_string();
    assert!(said.contains("what is left out gets the schema's default: value.id = 7"), "{said}");
    refused(&["--value", left_out, "--value-schema", "latest"], "line 1, column 1: the field id is missing");

    // What the schema refers to counts, too.
    let misfit = format!("it does not fit schema {id}: line 2, column 5: value at /a: expected at least 1, got 0.5");
    refused(&[&["--value", "{\n\"a\":0.5}"], &by_json[..]].concat(), &misfit);
    refused(&[&["--value", r#"{"b":1}"#], &by_json[..]].concat(), "value at /b: the schema has no such field");
    let file = klamm.write("part.json", r#"{"$ref":"http://127.0.0.1/part.json"}"#).display().to_string();
    let nowhere = "its schema refers to http://127.0.0.1/part.json, which is not among its references";
    refused(&["--value", "1", "--value-schema-file", &file], nowhere);
    assert_eq!(witness.ends(topic, 0).1, 6, "nothing of it was sent");
}
