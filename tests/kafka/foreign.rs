//! Clients that are not ours, doing a day's work on a cluster.
//!
//! Run against the demo, which must be taken for Kafka by all of them, and
//! against real Kafka, which proves that the story itself is right.

use crate::registry;
use crate::target::Target;
use crate::tools::{Kcat, Tools};
use crate::witness::{Seed, Witness};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Kafka's own tools create, describe, write, read, commit, reset and delete.
pub fn java_tools(target: &Target) {
    let tools = Tools::of(target);
    let topic = "foreign.java";
    tools.topics(&["--create", "--topic", topic, "--partitions", "3", "--config", "retention.ms=3600000"]);
    assert!(tools.topics(&["--list"]).lines().any(|line| line == topic));
    let described = tools.topics(&["--describe", "--topic", topic]);
    assert!(described.contains("PartitionCount: 3"), "{described}");
    assert!(described.contains("retention.ms=3600000"), "{described}");
    let configs = tools.configs(&["--describe", "--entity-type", "topics", "--entity-name", topic]);
    assert!(configs.contains("retention.ms=3600000"), "{configs}");

    tools.produce(
        &["--topic", topic, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:"],
        "a:one\nb:two\nc:three\nd:four\n",
    );
    let offsets = tools.offsets(&["--topic", topic]);
    let written: i64 = offsets.lines().filter_map(|line| line.rsplit(':').next()?.parse::<i64>().ok()).sum();
    assert_eq!(written, 4, "{offsets}");

    let group = "foreign-java-group";
    let read = tools.consume(&["--topic", topic, "--group", group, "--from-beginning", "--max-messages", "4"]);
    let values: BTreeSet<&str> = read.lines().collect();
    assert_eq!(values, BTreeSet::from(["four", "one", "three", "two"]));

    assert!(tools.groups(&["--list"]).lines().any(|line| line == group));
    let lag = |described: &str| -> i64 {
        described
            .lines()
            .filter(|line| line.split_whitespace().next() == Some(group))
            .filter_map(|line| line.split_whitespace().nth(5)?.parse::<i64>().ok())
            .sum()
    };
    let described = tools.groups(&["--describe", "--group", group]);
    assert_eq!(lag(&described), 0, "{described}");
    let reset = ["--reset-offsets", "--group", group, "--topic", topic, "--to-earliest", "--execute"];
    tools.groups(&reset);
    let described = tools.groups(&["--describe", "--group", group]);
    assert_eq!(lag(&described), 4, "{described}");

    tools.topics(&["--alter", "--topic", topic, "--partitions", "5"]);
    let described = tools.topics(&["--describe", "--topic", topic]);
    assert!(described.contains("PartitionCount: 5"), "{described}");
    tools.groups(&["--delete", "--group", group]);
    assert!(!tools.groups(&["--list"]).lines().any(|line| line == group));
    tools.topics(&["--delete", "--topic", topic]);
    assert!(!tools.topics(&["--list"]).lines().any(|line| line == topic));
}

/// librdkafka: each codec, keys and headers, two members of a group that share
/// the partitions, commits, and the other member taking over.
pub fn librdkafka(target: &Target) {
    let witness = Witness::new(target);
    let topic = "foreign.librdkafka";
    witness.create_topic(topic, 4, 1, &[]);
    for (partition, codec) in ["gzip", "snappy", "lz4", "zstd"].iter().enumerate() {
        let partition = i32::try_from(partition).unwrap_or(0);
        let value = format!("compressed by {codec} ").repeat(20);
        let seeds: Vec<Seed<'_>> = (0..25)
            .map(|_| Seed { partition, key: Some(b"k"), value: Some(value.as_bytes()), ..Seed::default() })
            .collect();
        witness
            .produce_with(topic, &seeds, &[("compression.type", codec), ("enable.idempotence", "true")])
            .unwrap_or_else(|heard| panic!("{codec}: {heard}"));
        assert_eq!(witness.ends(topic, partition), (0, 25));
        let back = witness.read(topic, partition, 5, 20);
        assert!(back.iter().all(|record| record.value.as_deref() == Some(value.as_bytes())), "{codec}");
        assert_eq!(back.first().map(|record| record.offset), Some(5));
    }

    let group = "foreign-librdkafka-group";
    let first = witness.join(group, topic);
    assert_eq!(first.consume(100).len(), 100);
    let everything: BTreeMap<i32, i64> = (0..4).map(|partition| (partition, 25)).collect();
    assert_eq!(witness.committed(group, topic, 4), everything);

    let second = witness.join(group, topic);
    crate::patience::until("two members with two partitions each", crate::patience::SHORT, || {
        match (first.assigned(), second.assigned()) {
            (2, 2) => Ok(()),
            held => Err(format!("they hold {held:?}")),
        }
    });
    drop(first);
    crate::patience::until("one member with all four", crate::patience::SHORT, || match second.assigned() {
        4 => Ok(()),
        held => Err(format!("it holds {held}")),
    });
    witness.delete_topic(topic);
}

/// kcat lists, writes with keys and headers, reads a part and everything, asks for
/// offsets, and reads as a group, whose offsets are then committed.
pub fn kcat(target: &Target) {
    let kcat = Kcat::of(target);
    let witness = Witness::new(target);
    let topic = "foreign.kcat";
    witness.create_topic(topic, 3, 1, &[]);
    let listed: Value = serde_json::from_str(&kcat.run(&["-L", "-J"], "")).expect("a document");
    let topics = listed["topics"].as_array().expect("topics");
    let found = topics.iter().find(|listed| listed["topic"] == topic).expect("the topic is listed");
    assert_eq!(found["partitions"].as_array().map(Vec::len), Some(3), "{found}");
    let brokers = target.bootstrap.split(',').count();
    assert_eq!(listed["brokers"].as_array().map(Vec::len), Some(brokers), "{listed}");

    let write = ["-P", "-t", topic, "-p", "1", "-K", ":", "-H", "trace=a", "-H", "trace=b", "-z", "lz4"];
    kcat.run(&write, "k1:one\nk2:two\nk3:three\n");
    let format = "%p %o %k %s %h\n";
    let read = kcat.run(&["-C", "-t", topic, "-p", "1", "-o", "1", "-e", "-q", "-f", format], "");
    assert_eq!(read, "1 1 k2 two trace=a,trace=b\n1 2 k3 three trace=a,trace=b\n");
    assert_eq!(kcat.run(&["-C", "-t", topic, "-o", "beginning", "-e", "-q"], ""), "one\ntwo\nthree\n");
    assert_eq!(kcat.run(&["-Q", "-t", &format!("{topic}:1:-1")], ""), format!("{topic} [1] offset 3\n"));

    let group = "foreign-kcat-group";
    let joined = ["-G", group, "-c", "3", "-q", "-X", "auto.offset.reset=earliest", topic];
    assert_eq!(kcat.run(&joined, ""), "one\ntwo\nthree\n");
    assert_eq!(witness.committed(group, topic, 3).get(&1), Some(&3));
    witness.delete_topic(topic);
}

/// A registry's client registers, finds and reads back; what a topic holds in
/// Avro is readable by the schema its records name.
pub fn registry(target: &Target) {
    let url = target.registry.as_deref().expect("the target has a registry");
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"}]}"#;
    let id = registry::register(url, "foreign.registry-value", schema);
    assert_eq!(registry::register(url, "foreign.registry-value", schema), id, "the same schema keeps its id");
    let found = registry::get(url, &format!("/schemas/ids/{id}"));
    let text = found["schema"].as_str().expect("a schema");
    assert_eq!(serde_json::from_str::<Value>(text).ok(), serde_json::from_str::<Value>(schema).ok());
    let subjects = registry::get(url, "/subjects");
    assert!(subjects.as_array().is_some_and(|all| all.contains(&Value::from("foreign.registry-value"))));
    let latest = registry::get(url, "/subjects/foreign.registry-value/versions/latest");
    assert_eq!(latest["id"], Value::from(id));
}
