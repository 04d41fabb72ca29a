//! What records say together, what became of their transactions, and that a search finds
//! what a reader of everything finds, in one piece or in two.

use crate::klamm::{DONE, Klamm, PARTLY, items};
use crate::target::Target;
use crate::witness::{Seed, Witness};
use klamm::domain::partitioner::{Partitioner, partition_for};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

/// Offset, key and value of every record of a partition, as the witness reads them.
type Read = BTreeMap<(i64, i64), (Value, Value)>;

fn text(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, |bytes| json!(std::str::from_utf8(bytes).expect("it is text")))
}

/// What a full read by librdkafka finds, which sees what is committed.
fn witnessed(witness: &Witness, topic: &str, counts: &[usize]) -> Read {
    let of = |(partition, count): (i32, &usize)| {
        let (start, _) = witness.ends(topic, partition);
        witness.read(topic, partition, start, *count)
    };
    let seen = (0..).zip(counts).flat_map(of);
    seen.map(|seen| {
        ((i64::from(seen.partition), seen.offset), (text(seen.key.as_deref()), text(seen.value.as_deref())))
    })
    .collect()
}

fn found(klamm: &Klamm, topic: &str) -> Read {
    let words = ["records", "search", topic, "--where", "offset >= 0", "--isolation", "read_committed", "--as", "text"];
    let lines = klamm.records(&[&words[..], &["--columns", "partition,offset,key,value"]].concat());
    let number = |value: &Value| value.as_i64().expect("a number");
    lines.iter().map(|line| ((number(&line[0]), number(&line[1])), (line[2].clone(), line[3].clone()))).collect()
}

/// The same offsets and bytes, in every codec, beside transactions that were taken back,
/// with five megabytes in one record, keys that come again, and tombstones.
pub fn everything(target: &Target) {
    let witness = Witness::new(target);
    let klamm = Klamm::on(target);
    let topic = "check.everything";
    witness.create_topic(topic, 6, 1, &[("max.message.bytes", "10000000")]);
    for (codec, partition) in ["none", "gzip", "snappy", "lz4", "zstd"].into_iter().zip(0..) {
        let values: Vec<String> =
            (0..200).map(|index| format!("{codec}, {index}: {}", "ü".repeat(index % 50))).collect();
        let seed = |value| Seed { partition, key: Some(b"k"), value: Some(value), ..Seed::default() };
        let seeds: Vec<Seed<'_>> = values.iter().map(|value| seed(value.as_bytes())).collect();
        witness.produce_with(topic, &seeds, &[("compression.type", codec)]).expect("it is written");
    }
    let large = "klamm ".repeat(5_000_000 / 6);
    let seed = |value| Seed { partition: 5, key: Some(b"large"), value, ..Seed::default() };
    witness.produce(topic, &[seed(Some(large.as_bytes())), seed(None)]);
    assert_eq!(found(&klamm, topic), witnessed(&witness, topic, &[200, 200, 200, 200, 200, 2]));

    let compacted = "check.everything.compacted";
    witness.create_topic(compacted, 1, 1, &[("cleanup.policy", "compact")]);
    let keys: Vec<String> = (0..300).map(|index| format!("key-{}", index % 7)).collect();
    let of = |(index, key): (usize, &String)| {
        let key: &'static str = key.clone().leak();
        Seed { key: Some(key.as_bytes()), value: (index % 11 != 0).then_some(&b"v"[..]), ..Seed::default() }
    };
    let seeds: Vec<Seed<'_>> = keys.iter().enumerate().map(of).collect();
    witness.produce(compacted, &seeds);
    assert_eq!(found(&klamm, compacted), witnessed(&witness, compacted, &[300]));

    let aborted = "check.everything.aborted";
    witness.create_topic(aborted, 1, 1, &[]);
    witness.produce_in_transactions(aborted, b"taken back", b"it stays");
    assert_eq!(found(&klamm, aborted), witnessed(&witness, aborted, &[1]));
}

/// Each record says what became of its transaction, and the markers can be shown.
pub fn transactions(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.fates";
    witness.create_topic(topic, 1, 1, &[]);
    witness.produce_in_transactions(topic, b"taken back", b"it stays");
    witness.produce(topic, &[Seed { value: Some(b"in none"), ..Seed::default() }]);
    let writer = witness.transactional("check-fates-open");
    writer.begin_with(topic, &[b"not yet"]);
    let klamm = Klamm::on(target);
    let words = ["records", "tail", topic, "--from", "earliest", "--no-follow", "--show-batch", "--show-control"];
    let lines = klamm.records(&words);
    let (markers, records): (Vec<Value>, Vec<Value>) =
        lines.into_iter().partition(|line| line.get("control").is_some());
    let said: Vec<(&Value, &Value)> =
        records.iter().map(|record| (&record["value"], &record["batch"]["transaction"])).collect();
    assert_eq!(
        said,
        [
            (&json!("taken back"), &json!("aborted")),
            (&json!("it stays"), &json!("committed")),
            (&json!("in none"), &Value::Null),
            (&json!("not yet"), &json!("open")),
        ]
    );
    let ends: Vec<(&Value, &Value)> = markers.iter().map(|marker| (&marker["offset"], &marker["control"])).collect();
    assert_eq!(ends, [(&json!(1), &json!("abort")), (&json!(3), &json!("commit"))]);
    let first = &records[0]["batch"];
    assert_eq!((&first["transactional"], &first["sequence"], &first["records"]), (&json!(true), &json!(0), &json!(1)));
    assert_eq!((&first["base_offset"], &first["producer_id"]), (&json!(0), &markers[0]["producer_id"]), "{first}");
    assert!(first["leader_epoch"].as_i64().is_some_and(|epoch| epoch >= 0), "{first}");
    let found = klamm.records(&["records", "search", topic, "--where", "stays", "--show-batch"]);
    assert_eq!(found[0]["batch"]["transaction"], json!("committed"));
    let place = format!("{topic}/0@0");
    let got = klamm.records(&["records", "get", &place, "--show-batch"]);
    assert_eq!(got[0]["batch"]["transaction"], json!("aborted"));
    writer.commit().expect("it ends");
}

/// Counts that can be known beforehand.
pub fn stats(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.stats";
    witness.create_topic(topic, 3, 1, &[("retention.ms", "-1")]);
    let base = 1_700_000_000_000_i64;
    let records: Vec<(String, String, i64)> = (0..300_i64)
        .map(|index| {
            let state = if index % 10 == 0 { "FAILED" } else { "OK" };
            (format!("user-{}", index % 20), format!(r#"{{"state":"{state}"}}"#), base + index * 1_000)
        })
        .collect();
    let of = |(key, value, time): &'static (String, String, i64)| Seed {
        partition: partition_for(key.as_bytes(), 3, Partitioner::Java).expect("a place"),
        key: Some(key.as_bytes()),
        value: Some(value.as_bytes()),
        timestamp: Some(*time),
        ..Seed::default()
    };
    let records: &'static [(String, String, i64)] = records.leak();
    let seeds: Vec<Seed<'_>> = records.iter().map(of).collect();
    witness.produce(topic, &seeds);
    let klamm = Klamm::on(target);
    let views = ["--by", "value.state", "--over-time", "--keys", "--sizes", "--latest-per-key"];
    let words = [&["records", "stats", topic], &views[..], &["--output", "json"]].concat();
    let item = items(&klamm.run(&words).ended_with(DONE).json()).remove(0);
    assert_eq!((&item["records"], &item["complete"]), (&json!(300), &json!(true)));
    let values = json!([{"value": "OK", "records": 270}, {"value": "FAILED", "records": 30}]);
    assert_eq!((&item["by"]["values"], &item["by"]["other"]), (&values, &json!(0)));
    let keys = &item["keys"];
    assert_eq!((&keys["distinct"], &keys["partitioner"], &keys["off_place"]), (&json!(20), &json!("Java"), &json!(0)));
    let sum = |list: &Value| -> u64 {
        list.as_array().expect("a list").iter().map(|one| one["records"].as_u64().expect("a number")).sum()
    };
    assert_eq!(sum(&item["over_time"]["buckets"]), 300);
    assert_eq!(sum(&item["sizes"]["classes"]), 300);
    assert_eq!(sum(&keys["partitions"]), 300);
    let latest = item["latest_per_key"]["keys"].as_array().expect("a list");
    assert_eq!(latest.len(), 20);
    assert!(latest.iter().all(|key| key["records"] == json!(15)), "{latest:?}");
    // A key off its place is told, and what a query leaves out is not counted.
    let key = "user-1";
    let off = (partition_for(key.as_bytes(), 3, Partitioner::Java).expect("a place") + 1) % 3;
    witness.produce(topic, &[Seed { partition: off, key: Some(key.as_bytes()), ..Seed::default() }]);
    let words = ["records", "stats", topic, "--keys", "--where", "key = user-1", "--output", "json"];
    let item = items(&klamm.run(&words).ended_with(DONE).json()).remove(0);
    let keys = &item["keys"];
    assert_eq!(
        (&item["records"], &keys["off_place"], &keys["in_another_partition"]),
        (&json!(16), &json!(1), &json!(1))
    );
}

/// Interrupted, it says what it found and where to go on; both parts are the whole.
pub fn in_two_parts(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.parts";
    witness.create_topic(topic, 6, 1, &[]);
    let value = format!("{{\"state\":\"FOUND\",\"filler\":\"{}\"}}", "x".repeat(4_000));
    let seed = |partition| Seed { partition, value: Some(value.as_bytes()), ..Seed::default() };
    let seeds: Vec<Seed<'_>> = (0..1_000).flat_map(|_| (0..6).map(seed)).collect();
    witness.produce(topic, &seeds);
    let klamm = Klamm::on(target).without_connection();
    let profile =
        format!("version = 1\n[profiles.slow]\nbootstrap = {:?}\nread_budget = \"1MB/s\"\n", target.bootstrap);
    let config = klamm.write("slow.toml", &profile).display().to_string();
    let words = ["--config", &config, "--profile", "slow", "records", "search", topic, "--where"];
    let shows = ["--columns", "partition,offset", "--output", "json"];
    let search = klamm.start(&[&words[..], &["value.state = FOUND"], &shows].concat());
    search.wait_for("the first matches", |out| out.lines().count() > 0);
    let signalled = Command::new("kill").args(["-INT", &search.pid().to_string()]).status().expect("kill");
    assert!(signalled.success());
    let ran = search.end().ended_with(PARTLY);
    let places = |lines: &[Value]| -> Vec<(i64, i64)> {
        lines.iter().filter_map(|line| Some((line[0].as_i64()?, line[1].as_i64()?))).collect()
    };
    let mut all = places(&ran.lines());
    assert!((1..6_000).contains(&all.len()), "{}", all.len());
    assert!(ran.stderr.contains("interrupted at "), "{}", ran.stderr);
    let (_, rest) = ran.stderr.split_once("add to the query: ").expect("where to go on");
    let query = format!("value.state = FOUND {}", rest.lines().next().expect("a line"));
    let fast = Klamm::on(target);
    all.extend(places(&fast.records(&[&["records", "search", topic, "--where", &query], &shows[..2]].concat())));
    all.sort_unstable();
    let expected: Vec<(i64, i64)> =
        (0..6).flat_map(|partition| (0..1_000).map(move |offset| (partition, offset))).collect();
    assert!(all == expected, "{} places", all.len());
}
