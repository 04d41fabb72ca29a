//! Searching: what is found is what a full read finds, and what was not covered is said.

use super::fill;
use super::reading::{SCHEMA, framed, order};
use crate::klamm::{DONE, Klamm, NOT_MET, PARTLY, items};
use crate::registry;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use klamm::domain::partitioner::{Partitioner, partition_for};
use serde_json::{Value, json};

/// Records that keep their times of long ago.
const FOR_GOOD: &[(&str, &str)] = &[("retention.ms", "-1")];

fn search<'a>(topic: &'a str, query: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["records", "search", topic, "--where", query], more].concat()
}

/// Partition and offset of each.
fn places(records: &[Value]) -> Vec<(i64, i64)> {
    let mut places: Vec<(i64, i64)> = records
        .iter()
        .map(|record| (record["partition"].as_i64().expect("a number"), record["offset"].as_i64().expect("a number")))
        .collect();
    places.sort_unstable();
    places
}

/// The one item of a search that only counts, and how it ended.
fn counted(klamm: &Klamm, words: &[&str], code: i32) -> Value {
    let ran = klamm.run(&[words, &["--count", "--output", "json"]].concat()).ended_with(code);
    items(&ran.json()).remove(0)
}

/// In every codec the same offsets as a reader of everything finds.
pub fn codecs(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.search";
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    witness.create_topic(topic, 5, 1, &[]);
    let value = |index: usize| {
        let state = if index.is_multiple_of(97) { "FAILED" } else { "OK" };
        format!(r#"{{"id": {index}, "state": "{state}", "customer": {{"name": "Gr\u00fc{index}"}}}}"#)
    };
    let values: Vec<String> = (0..1_000).map(value).collect();
    for (codec, partition) in codecs.iter().zip(0..) {
        let seed = |value| Seed { partition, value: Some(value), ..Seed::default() };
        let seeds: Vec<Seed<'_>> = values.iter().map(|value| seed(value.as_bytes())).collect();
        witness.produce_with(topic, &seeds, &[("compression.type", codec)]).expect("it is written");
    }
    let klamm = Klamm::on(target);
    let mut expected = Vec::new();
    for partition in 0..5 {
        let seen = witness.read(topic, partition, 0, 1_000);
        let found = seen.iter().filter(|seen| seen.value.as_deref().is_some_and(|value| has(value, b"FAILED")));
        expected.extend(found.map(|seen| (i64::from(partition), seen.offset)));
    }
    assert_eq!(expected.len(), 5 * 11);
    for query in ["FAILED", "value.state = FAILED", "not value.state = OK", "value matches 'FAIL(ED)'"] {
        assert_eq!(places(&klamm.records(&search(topic, query, &[]))), expected, "{query}");
    }
    let one = |query: &str| places(&klamm.records(&search(topic, query, &[])));
    let everywhere: Vec<(i64, i64)> = (0..5).map(|partition| (partition, 777)).collect();
    assert_eq!(one("value.id = 777"), everywhere);
    assert_eq!(one("value.customer.name = Grü777"), everywhere, "as it reads, however it was written");
    assert_eq!(
        one("value.id >= 776 and value.id < 778 and partition in (1, 3) and offset != 776"),
        [(1, 777), (3, 777)]
    );
    assert_eq!(one("value.id = 1000"), []);
    let count = counted(&klamm, &search(topic, "value.state = FAILED", &[]), DONE);
    assert_eq!((&count["records"], &count["seen"], &count["complete"]), (&json!(55), &json!(5_000), &json!(true)));
    let none = counted(&klamm, &search(topic, "NOWHERE", &[]), NOT_MET);
    assert_eq!((&none["records"], &none["seen"], &none["complete"]), (&json!(0), &json!(5_000), &json!(true)));
    let limited = klamm.records(&search(topic, "OK", &["--limit", "3", "--columns", "offset,value.state,value.none"]));
    assert_eq!(limited.len(), 3);
    assert!(limited.iter().all(|line| line[1] == json!("OK") && line[2].is_null() && line[0].is_u64()), "{limited:?}");
    // A search's own time is the one that counts; nothing else is said about the wrong query.
    let wrong = klamm.run(&search(topic, "state = OK", &[])).ended_with(2);
    assert!(wrong.stderr.contains("at character 1: no field is called state"), "{}", wrong.stderr);
}

fn has(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// What was taken back, what retention took, and what is not there.
pub fn gaps(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.search.gaps";
    witness.create_topic(topic, 1, 1, &[]);
    witness.produce_in_transactions(topic, b"aborted v", b"committed v");
    fill(&witness, topic, 0, "v", 20);
    let klamm = Klamm::on(target);
    let found = |more: &[&str]| places(&klamm.records(&search(topic, "v", more))).len();
    assert_eq!((found(&[]), found(&["--isolation", "read_committed"])), (22, 21));
    assert_eq!(klamm.records(&search(topic, "aborted", &["--isolation", "read_committed"])), Vec::<Value>::new());
    witness.delete_records(topic, 0, 10);
    let ran = klamm.run(&search(topic, "v", &["--from", "4", "--to", "12", "--output", "json"])).succeeded();
    assert_eq!(places(&ran.lines()), [(0, 10), (0, 11)]);
    assert!(ran.stderr.contains("6 of the offsets asked for lie before the log's start"), "{}", ran.stderr);

    let place = |offset: i64| format!("{topic}/0@{offset}");
    let (there, gone) = (place(11), place(3));
    let got = klamm.records(&["records", "get", &there]);
    assert_eq!((places(&got), &got[0]["value"]), (vec![(0, 11)], &json!("v-7")));
    let ran = klamm.run(&["records", "get", &gone, "--output", "json"]).ended_with(NOT_MET);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("the partition begins at 10 by now"), "{}", ran.stderr);
    klamm.run(&["records", "get", &there, &gone, "--output", "json"]).ended_with(PARTLY);
}

/// A range of time leaves out what lies before it, and reads on behind it.
pub fn times(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.search.times";
    witness.create_topic(topic, 1, 1, FOR_GOOD);
    let base = 1_700_000_000_000;
    // One a second; the last but one claims to be older than it is.
    let time = |index: i64| if index == 98 { base + 50_500 } else { base + index * 1_000 };
    for index in 0..100 {
        let value = format!("v-{index}");
        let seed = Seed { value: Some(value.as_bytes()), timestamp: Some(time(index)), ..Seed::default() };
        witness.produce(topic, &[seed]);
    }
    let klamm = Klamm::on(target);
    let range = ["--from", "2023-11-14T22:14:10Z", "--to", "2023-11-14T22:14:12Z"];
    let offsets = |more: &[&str]| {
        let ran = klamm.run(&search(topic, "v", &[&range, more, &["--output", "json"]].concat())).succeeded();
        (places(&ran.lines()).into_iter().map(|(_, offset)| offset).collect::<Vec<i64>>(), ran.stderr)
    };
    let (found, said) = offsets(&[]);
    assert_eq!(found, [50, 51]);
    assert!(said.contains("older times behind it were not looked for"), "{said}");
    assert_eq!(offsets(&["--slack", "10m"]).0, [50, 51, 98], "as far as one asks");
    let count = counted(&klamm, &search(topic, "v", &range), DONE);
    assert!(count["seen"].as_u64().expect("a number") < 10, "{count}");
    assert_eq!(klamm.records(&search(topic, "timestamp = 2023-11-14T22:14:10.500Z", &[])).len(), 0);
}

/// A key is looked for where its producer's partitioner put it, as far as that holds.
pub fn keys(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.search.keys";
    witness.create_topic(topic, 6, 1, &[]);
    let keys: Vec<String> = (0..60).map(|index| format!("user-{index}")).collect();
    let place = |key: &str| partition_for(key.as_bytes(), 6, Partitioner::Java).expect("a place");
    let seed = |key: &'static str, partition| Seed { partition, key: Some(key.as_bytes()), ..Seed::default() };
    let of = |key: &String| Seed { key: Some(key.clone().leak().as_bytes()), partition: place(key), ..Seed::default() };
    let seeds: Vec<Seed<'_>> = (0..10).flat_map(|_| keys.iter().map(of)).collect();
    witness.produce(topic, &seeds);
    let klamm = Klamm::on(target);
    let words = search(topic, "key = user-42", &[]);
    let count = counted(&klamm, &words, DONE);
    assert_eq!((&count["records"], &count["partitions"]), (&json!(10), &json!(1)), "{count}");
    let note = count["notes"][0].as_str().expect("a note");
    assert!(note.contains(&format!("only partition {} was read: there Java puts", place("user-42"))), "{note}");
    // One key off its place, and nothing is taken for granted.
    witness.produce(topic, &[seed("user-42", (place("user-42") + 1) % 6)]);
    let count = counted(&klamm, &words, DONE);
    assert_eq!((&count["records"], &count["partitions"]), (&json!(11), &json!(6)), "{count}");
}

/// What cannot be decoded is not said to be absent.
pub fn undecodable(target: &Target) {
    let url = target.registry.as_deref().expect("the target has a registry");
    let witness = Witness::new(target);
    let topic = "check.search.avro";
    witness.create_topic(topic, 1, 1, &[]);
    let id = registry::register(url, &format!("{topic}-value"), SCHEMA);
    let body = order();
    witness.produce(topic, &[Seed { value: Some(&framed(id, &body)), ..Seed::default() }]);
    let klamm = Klamm::on(target);
    for query in ["value.customer = ada", "value.amount = 12.34", "value.id in (41, 42)", "format = avro", "12.34"] {
        assert_eq!(klamm.records(&search(topic, query, &[])).len(), 1, "{query}");
    }
    assert_eq!(counted(&klamm, &search(topic, "value.id = 7", &[]), NOT_MET)["complete"], json!(true));
    witness.produce(topic, &[Seed { value: Some(&framed(999_999, &body)), ..Seed::default() }]);
    let count = counted(&klamm, &search(topic, "value.id = 7", &[]), PARTLY);
    assert_eq!((&count["undecodable"], &count["complete"]), (&json!(1), &json!(false)));
    let ran = klamm.run(&search(topic, "value.id = 42", &["--output", "json"])).ended_with(PARTLY);
    assert_eq!(places(&ran.lines()), [(0, 0)]);
    assert!(ran.stderr.contains("of 1 it is not known: they could not be decoded"), "{}", ran.stderr);
}

/// Several topics, of which one is not there.
pub fn topics(target: &Target) {
    let witness = Witness::new(target);
    let (one, two) = ("check.search.one", "check.search.two");
    for topic in [one, two] {
        witness.create_topic(topic, 2, 1, &[]);
        fill(&witness, topic, 1, topic, 5);
    }
    let klamm = Klamm::on(target);
    let words = ["records", "search", two, one, "--where", "check.search"];
    let found = klamm.records(&words);
    let topics: Vec<&Value> = found.iter().map(|record| &record["topic"]).collect();
    assert_eq!(topics, [[&json!(one); 5], [&json!(two); 5]].concat());
    assert_eq!(klamm.records(&search(one, "check and not topic = check.search.one", &[])).len(), 0);
    let ran = klamm.run(&[&words[..], &["check.search.none", "--output", "json"]].concat()).ended_with(PARTLY);
    assert_eq!(ran.lines().len(), 10);
    assert!(ran.stderr.contains("check.search.none"), "{}", ran.stderr);
    klamm.run(&search("check.search.none", "x", &[])).ended_with(crate::klamm::FAILED);
}
