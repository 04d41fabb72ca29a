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

/// librdkafka's transactional producer commits, aborts, fences and sends offsets;
/// who reads what is committed sees no more than that.
pub fn transactions(target: &Target) {
    let witness = Witness::new(target);
    let (topic, id, group) = ("foreign.transactions", "foreign-writer", "foreign-transactions-group");
    witness.create_topic(topic, 1, 1, &[]);
    let writer = witness.transactional(id);
    writer.begin_with(topic, &[b"a", b"b"]);
    assert_eq!(witness.ends(topic, 0), (0, 0), "nothing is committed yet");
    assert_eq!(witness.end_of_all(topic, 0), 2);
    writer.commit().expect("a commit");
    writer.begin_with(topic, &[b"lost"]);
    writer.abort();

    writer.begin_with(topic, &[b"c"]);
    witness.send_offsets(&writer, group, topic, &[(0, 2)]);
    writer.commit().expect("a commit with offsets");
    writer.begin_with(topic, &[b"lost too"]);
    witness.send_offsets(&writer, group, topic, &[(0, 4)]);
    writer.abort();
    assert_eq!(witness.committed(group, topic, 1), BTreeMap::from([(0, 2)]), "what was aborted does not count");

    // The older producer is in the middle of a transaction when the newer comes.
    writer.begin_with(topic, &[b"fenced"]);
    let newer = witness.transactional(id);
    let fenced = writer.commit().expect_err("the older producer may not commit");
    let code = fenced.rdkafka_error_code();
    assert_eq!(code, Some(rdkafka::types::RDKafkaErrorCode::Fenced), "{fenced}");
    newer.begin_with(topic, &[b"d"]);
    newer.commit().expect("the newer producer commits");
    let values: Vec<_> = witness.read(topic, 0, 0, 4).into_iter().filter_map(|record| record.value).collect();
    assert_eq!(values, [b"a", b"b", b"c", b"d"]);
    witness.delete_topic(topic);
}

/// Kafka's own tool lists and describes a transaction that is open, and the one
/// producer that writes in it.
pub fn transactions_tool(target: &Target) {
    let (witness, tools) = (Witness::new(target), Tools::of(target));
    let (topic, id) = ("foreign.transactions.tool", "foreign-open-writer");
    witness.create_topic(topic, 1, 1, &[]);
    let writer = witness.transactional(id);
    writer.begin_with(topic, &[b"open"]);

    // The row of a table whose cells hold no spaces, by its headings.
    let row = |said: &str, key: &str| -> BTreeMap<String, String> {
        let mut lines = said.lines();
        let headings: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
        let cells = lines.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let found = cells.into_iter().find(|cells| cells.iter().any(|cell| cell == key));
        let found = found.unwrap_or_else(|| panic!("{key} is not in {said}"));
        headings.into_iter().map(str::to_owned).zip(found).collect()
    };
    let listed = row(&tools.transactions(&["list"]), id);
    assert_eq!(listed["TransactionState"], "Ongoing", "{listed:?}");
    let described = row(&tools.transactions(&["describe", "--transactional-id", id]), id);
    assert_eq!(described["TransactionState"], "Ongoing", "{described:?}");
    assert_eq!(described["TransactionTimeoutMs"], "60000", "{described:?}");
    assert_eq!(described["TopicPartitions"], format!("{topic}-0"), "{described:?}");
    let producers = tools.transactions(&["describe-producers", "--topic", topic, "--partition", "0"]);
    let producer = row(&producers, &listed["ProducerId"]);
    assert_eq!(producer["CurrentTransactionStartOffset"], "0", "{producer:?}");
    assert_eq!(producer["ProducerEpoch"], described["ProducerEpoch"]);

    // Forced to end by the partition alone, as one ends what its coordinator forgot.
    let abort = ["abort", "--topic", topic, "--partition", "0", "--start-offset", "0"];
    tools.transactions(&abort);
    crate::patience::until("the abort marker", crate::patience::SHORT, || match witness.ends(topic, 0) {
        (0, 2) => Ok(()),
        ends => Err(format!("{ends:?}")),
    });
    drop(writer);
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
    let with =
        |field: &str| format!(r#"{{"type":"record","name":"R","fields":[{{"name":"id","type":"long"}},{field}]}}"#);
    for (field, expected) in [
        (r#"{"name":"n","type":"int","default":0}"#, true),
        (r#"{"name":"n","type":["null","string"],"default":null}"#, true),
        (r#"{"name":"n","type":"int"}"#, false),
    ] {
        assert_eq!(registry::is_compatible(url, "foreign.registry-value", &with(field)), expected, "{field}");
    }
}
