//! Reading: what was written comes back as it was, decoded where it can be.

use super::fill;
use crate::klamm::{DONE, Klamm};
use crate::registry;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::{Value, json};

/// Settings of a topic whose records have times of long ago.
const FOR_GOOD: &[(&str, &str)] = &[("retention.ms", "-1")];

/// All records of a topic, and then the end.
pub(super) fn all<'a>(topic: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["records", "tail", topic, "--from", "earliest", "--no-follow"], more].concat()
}

pub fn fetch(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.fetch";
    witness.create_topic(topic, 1, 1, FOR_GOOD);
    witness.produce(
        topic,
        &[
            Seed {
                key: Some(b"key-1"),
                value: Some(br#"{"id":9007199254740993,"name":"x"}"#),
                headers: vec![("trace", Some(b"a")), ("trace", Some(b"b")), ("none", None)],
                timestamp: Some(1_700_000_000_118),
                ..Seed::default()
            },
            Seed { key: Some(b"key-2"), value: None, ..Seed::default() },
            Seed { key: None, value: Some(b"plain text"), ..Seed::default() },
            Seed { key: None, value: Some(&[0xff, 0xfe, 0x00, 0x9c]), ..Seed::default() },
        ],
    );
    let records = Klamm::on(target).records(&all(topic, &[]));
    assert_eq!(records.len(), 4, "{records:?}");
    let first = &records[0];
    assert_eq!((&first["topic"], &first["partition"], &first["offset"]), (&json!(topic), &json!(0), &json!(0)));
    assert_eq!(first["key"], json!("key-1"));
    assert_eq!(first["value"]["id"].to_string(), "9007199254740993", "digits beyond a float's survive");
    assert_eq!(first["value_format"], json!("json"));
    assert_eq!(first["timestamp"], json!("2023-11-14T22:13:20.118Z"));
    assert_eq!(
        first["headers"],
        json!([{"name":"trace","value":"a"},{"name":"trace","value":"b"},{"name":"none","value":null}]),
        "order and repeats are kept"
    );
    assert_eq!(records[1]["value"], Value::Null, "a tombstone");
    assert_eq!((&records[2]["key"], &records[2]["value"]), (&Value::Null, &json!("plain text")));
    assert_eq!(records[3]["value"], json!({"base64":"//4AnA=="}));
}

pub fn starts(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.starts";
    // Its records are years old: retention would take them when it happens to run.
    witness.create_topic(topic, 2, 1, FOR_GOOD);
    let base = 1_700_000_000_000;
    let values: Vec<String> = (0..50).map(|index| format!("v-{index}")).collect();
    let seeds: Vec<Seed<'_>> = values
        .iter()
        .zip(0..)
        .map(|(value, index)| Seed {
            value: Some(value.as_bytes()),
            timestamp: Some(base + index * 1000),
            ..Seed::default()
        })
        .collect();
    witness.produce(topic, &seeds);
    fill(&witness, topic, 1, "other", 3);

    let klamm = Klamm::on(target);
    let offsets = |from: &str, more: &[&str]| -> Vec<i64> {
        let words = [&["records", "tail", topic, "--from", from, "--no-follow", "--partition", "0"], more].concat();
        klamm.records(&words).iter().filter_map(|record| record["offset"].as_i64()).collect()
    };
    assert_eq!(offsets("45", &[]), [45, 46, 47, 48, 49]);
    assert_eq!(offsets("-3", &[]), [47, 48, 49]);
    assert_eq!(offsets("2023-11-14T22:14:07Z", &[]), [47, 48, 49]);
    assert_eq!(offsets("latest", &[]), Vec::<i64>::new());
    assert_eq!(offsets("earliest", &["--limit", "2"]), [0, 1]);
    assert_eq!(offsets("earliest", &["--contains", "v-4"]), [4, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
    let both = klamm.records(&all(topic, &[]));
    assert_eq!(both.len(), 53);
}

pub fn codecs(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.codecs";
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    witness.create_topic(topic, 5, 1, &[]);
    for (codec, partition) in codecs.iter().zip(0..) {
        let value = format!("written with {codec} ").repeat(40);
        let seeds: Vec<Seed<'_>> = (0..200)
            .map(|_| Seed { partition, key: Some(codec.as_bytes()), value: Some(value.as_bytes()), ..Seed::default() })
            .collect();
        witness
            .produce_with(topic, &seeds, &[("compression.type", codec)])
            .unwrap_or_else(|heard| panic!("{codec}: {heard}"));
    }
    let records = Klamm::on(target).records(&all(topic, &[]));
    for (codec, partition) in codecs.iter().zip(0..) {
        let value = format!("written with {codec} ").repeat(40);
        let of_codec: Vec<&Value> = records.iter().filter(|record| record["partition"] == json!(partition)).collect();
        assert_eq!(of_codec.len(), 200, "{codec}");
        assert!(of_codec.iter().all(|record| record["value"] == json!(value)), "{codec}");
        let offsets: Vec<i64> = of_codec.iter().filter_map(|record| record["offset"].as_i64()).collect();
        assert_eq!(offsets, (0..200).collect::<Vec<i64>>(), "{codec}: in order, each once");
    }
}

/// Who writes how, and what each codec makes of it: a text that repeats itself shrinks
/// with any of them.
pub fn compression(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.compression";
    witness.create_topic(topic, 2, 1, &[]);
    for (codec, partition) in [("none", 0), ("zstd", 1)] {
        let value = format!("{{\"state\":\"paid\",\"by\":\"{codec}\"}}").repeat(20);
        let seeds: Vec<Seed<'_>> =
            (0..300).map(|_| Seed { partition, value: Some(value.as_bytes()), ..Seed::default() }).collect();
        witness
            .produce_with(topic, &seeds, &[("compression.type", codec)])
            .unwrap_or_else(|heard| panic!("{codec}: {heard}"));
    }
    let items = Klamm::on(target).items(&["records", "compression", topic]);
    let [seen] = &items[..] else { panic!("one topic: {items:?}") };
    assert_eq!((&seen["records"], &seen["compression_type"]), (&json!(600), &json!("producer")));
    let producers = seen["producers"].as_array().expect("a list");
    let ratio = |codec: &str| {
        let used = producers.iter().find(|used| used["codec"] == codec);
        used.and_then(|used| used["ratio"].as_f64()).unwrap_or_else(|| panic!("no {codec} in {producers:?}"))
    };
    assert!(ratio("none") < 1.0 && ratio("zstd") > 10.0, "{producers:?}");
    let trials = seen["trials"].as_array().expect("a list");
    let wire = seen["size_bytes"].as_u64().expect("a size");
    for trial in trials {
        let size = trial["size_bytes"].as_u64().expect("a size");
        assert!(size > 0 && size < wire && trial["pack_seconds_per_gb"].as_f64() > Some(0.0), "{trial}");
    }
    let advice = seen["advice"].as_str().expect("a sentence");
    assert!(advice.contains("would save 9"), "{advice}");
}

/// What is in the log is shown, aborted records too, as Kafka's own console consumer
/// does; the marks of transactions are not records.
pub fn transactions(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.transactions";
    witness.create_topic(topic, 1, 1, &[]);
    witness.produce_in_transactions(topic, b"aborted", b"committed");
    let records = Klamm::on(target).records(&all(topic, &[]));
    let seen: Vec<(&Value, &Value)> = records.iter().map(|record| (&record["offset"], &record["value"])).collect();
    assert_eq!(seen, [(&json!(0), &json!("aborted")), (&json!(2), &json!("committed"))]);
    let records = Klamm::on(target).records(&all(topic, &["--isolation", "read_committed"]));
    let seen: Vec<(&Value, &Value)> = records.iter().map(|record| (&record["offset"], &record["value"])).collect();
    assert_eq!(seen, [(&json!(2), &json!("committed"))], "what was taken back is not shown");
}

/// Without transactions both ways show the same.
pub fn isolation(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.isolation";
    witness.create_topic(topic, 2, 1, &[]);
    fill(&witness, topic, 0, "a", 7);
    fill(&witness, topic, 1, "b", 5);
    let klamm = Klamm::on(target);
    for level in ["read_committed", "read_uncommitted"] {
        assert_eq!(klamm.records(&all(topic, &["--isolation", level])).len(), 12, "{level}");
    }
}

/// A reader that says where it stands gets every record, whoever hands them out.
pub fn nearest(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.nearest";
    let copies = i32::try_from(witness.brokers().expect("brokers").min(3)).expect("few");
    witness.create_topic(topic, 3, copies, &[]);
    for partition in 0..3 {
        fill(&witness, topic, partition, "n", 50);
    }
    let klamm = Klamm::on(target).without_connection();
    for rack in ["rack-1", "rack-2", "nowhere"] {
        let text = format!("version = 1\n[profiles.near]\nbootstrap = {:?}\nrack = {rack:?}\n", target.bootstrap);
        let file = klamm.write("near.toml", &text);
        let file = file.to_str().expect("a path");
        let words = [&["--config", file, "--profile", "near"][..], &all(topic, &[])].concat();
        assert_eq!(klamm.records(&words).len(), 150, "from {rack}");
    }
}

pub fn large(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.large";
    witness.create_topic(topic, 1, 1, &[("max.message.bytes", "10000000")]);
    let value = "0123456789".repeat(500_000);
    let seed = Seed { value: Some(value.as_bytes()), ..Seed::default() };
    witness.produce(topic, &[seed.clone(), Seed { value: Some(b"small"), ..Seed::default() }, seed]);
    let records = Klamm::on(target).records(&all(topic, &[]));
    let lengths: Vec<usize> = records.iter().filter_map(|record| Some(record["value"].as_str()?.len())).collect();
    assert_eq!(lengths, [5_000_000, 5, 5_000_000]);
}

/// A tail of a topic that goes says so and ends.
pub fn deleted_meanwhile(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.deleted";
    witness.create_topic(topic, 1, 1, &[]);
    fill(&witness, topic, 0, "v", 3);
    let klamm = Klamm::on(target);
    let tail = klamm.start(&["records", "tail", topic, "--from", "earliest", "--output", "json"]);
    tail.wait_for("the records", |out| out.lines().count() == 3);
    witness.delete_topic(topic);
    let ran = tail.end();
    assert!(ran.stderr.contains(topic), "says what is gone: {}", ran.stderr);
    assert_ne!(ran.code, DONE, "{}", ran.stderr);
}

pub(super) const SCHEMA: &str = r#"{"type":"record","name":"Order","fields":[
    {"name":"id","type":"long"},
    {"name":"customer","type":["null","string"],"default":null},
    {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}}]}"#;

/// Id 42, customer "ada" as the union's second branch, amount 12.34.
pub(super) fn order() -> Vec<u8> {
    [&[0x54, 0x02, 0x06][..], b"ada", &[0x04, 0x04, 0xd2]].concat()
}

/// An Avro body as serializers with a registry write it.
pub(super) fn framed(id: u32, body: &[u8]) -> Vec<u8> {
    [&[0u8][..], &id.to_be_bytes(), body].concat()
}

/// Nobody listens at the registry's address: the records come all the same.
pub fn registry_down(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.registry.down";
    witness.create_topic(topic, 1, 1, &[]);
    witness.produce(topic, &[Seed { value: Some(&[0, 0, 0, 0, 1, 0x54]), ..Seed::default() }]);
    let target = Target { registry: Some("http://127.0.0.1:1".to_owned()), ..target.clone() };
    let records = Klamm::on(&target).records(&all(topic, &[]));
    assert_eq!(records.len(), 1);
    assert!(records[0]["value"]["base64"].is_string(), "{records:?}");
}

pub fn avro(target: &Target) {
    let url = target.registry.as_deref().expect("the target has a registry");
    let witness = Witness::new(target);
    let topic = "check.avro";
    witness.create_topic(topic, 1, 1, &[]);
    let id = registry::register(url, &format!("{topic}-value"), SCHEMA);
    let body = order();
    witness.produce(
        topic,
        &[
            Seed { value: Some(&framed(id, &body)), ..Seed::default() },
            Seed { value: Some(&framed(id, &body[..4])), ..Seed::default() },
            Seed { value: Some(&framed(999_999, &body)), ..Seed::default() },
        ],
    );
    let records = Klamm::on(target).records(&all(topic, &[]));
    assert_eq!(records.len(), 3, "what does not decode is still there: {records:?}");
    assert_eq!(records[0]["value"], json!({"id":42,"customer":"ada","amount":12.34}));
    assert_eq!(records[0]["value_format"], json!("avro"));
    assert!(records[1]["value"]["base64"].is_string(), "a cut value is bytes, not a guess: {}", records[1]);
    assert!(records[2]["value"]["base64"].is_string(), "an unknown schema is bytes: {}", records[2]);
}
