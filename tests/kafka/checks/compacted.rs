//! A topic that the log cleaner went over: of its offsets only some hold records.

use super::outlook::{assert_between, described, now, partition};
use crate::klamm::{DONE, Klamm, items};
use crate::patience::{LONG, until};
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::json;

const FIRST: i64 = 1_700_000_000_000;
/// Records of ten keys, of which compaction leaves the last ten.
const WRITTEN: i64 = 100;
/// So many offsets, all in all: one key that is written once, those, and one that closes
/// their segment.
const END: i64 = WRITTEN + 2;
/// Where records are left.
const LEFT: [i64; 12] = [0, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101];

pub fn after_cleaning(target: &Target) {
    let witness = Witness::new(target);
    let (topic, group) = ("check.compacted", "check-compacted");
    let configs = [
        ("cleanup.policy", "compact"),
        ("segment.ms", "60000"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("min.compaction.lag.ms", "0"),
    ];
    witness.create_topic(topic, 1, 1, &configs);
    let text = |index: i64| match index {
        0 => ("once".to_owned(), r#"{"n":0,"state":"KEPT"}"#.to_owned()),
        101 => ("last".to_owned(), r#"{"n":101,"state":"LAST"}"#.to_owned()),
        _ => (format!("key-{}", index % 10), format!(r#"{{"n":{index},"state":"NEW"}}"#)),
    };
    let texts: Vec<(String, String)> = (0..END).map(text).collect();
    let seed = |index: i64| {
        let (key, value) = &texts[usize::try_from(index).expect("an index")];
        // The last comes so much later that it begins a segment of its own.
        let timestamp = Some(FIRST + if index == END - 1 { 600_000 } else { index });
        Seed { key: Some(key.as_bytes()), value: Some(value.as_bytes()), timestamp, ..Seed::default() }
    };
    // In batches of ten, that a cleaned one may hold some of its records, or none.
    for tenth in 0..10 {
        let seeds: Vec<Seed<'_>> =
            (0..=WRITTEN).filter(|index| index * 10 / (WRITTEN + 1) == tenth).map(seed).collect();
        witness.produce(topic, &seeds);
    }
    // While all records are there, at one that will go.
    witness.commit(group, topic, &[(0, 50)]);
    witness.produce(topic, &[seed(END - 1)]);
    let offsets =
        |from: i64, count| witness.read(topic, 0, from, count).iter().map(|seen| seen.offset).collect::<Vec<_>>();
    until("the cleaner", LONG, || match offsets(1, 1).as_slice() {
        [91] => Ok(()),
        other => Err(format!("the first record behind 0 is at {other:?}")),
    });
    assert_eq!(offsets(0, LEFT.len()), LEFT, "else the rest proves nothing");

    let klamm = Klamm::on(target);
    let places = |words: &[&str]| -> Vec<i64> {
        klamm.records(words).iter().map(|record| record["offset"].as_i64().expect("an offset")).collect()
    };
    let tail = ["records", "tail", topic, "--no-follow"];
    assert_eq!(places(&[&tail[..], &["--from", "earliest"]].concat()), LEFT);
    assert_eq!(places(&[&tail[..], &["--from", "50"]].concat()), LEFT[1..], "from within the gap");
    assert_eq!(places(&[&tail[..], &["--from", "-3"]].concat()), LEFT[9..], "the newest three, not three offsets");

    let search = ["records", "search", topic, "--where"];
    assert_eq!(places(&[&search[..], &["value.state = NEW"]].concat()), LEFT[1..11]);
    assert_eq!(places(&[&search[..], &["value.n >= 0", "--from", "10", "--to", "95"]].concat()), LEFT[1..5]);
    let counted =
        klamm.run(&[&search[..], &["partition >= 0", "--count", "--output", "json"]].concat()).ended_with(DONE);
    let counted = items(&counted.json()).remove(0);
    assert_eq!((&counted["records"], &counted["seen"]), (&json!(12), &json!(12)), "{counted}");
    assert_eq!(counted["complete"], json!(true), "a gap is no record that was missed: {counted}");
    let tailed = klamm.run(&[&tail[..], &["--from", "earliest", "--count", "--output", "json"]].concat()).succeeded();
    assert_eq!(items(&tailed.json())[0]["records"], json!(12));

    let text = klamm.run(&["topics", "describe", topic]).succeeded().stdout;
    assert!(text.contains(&format!("up to {END} records")), "not so many: {text}");

    let stats = items(&klamm.json(&["records", "stats", topic, "--latest-per-key", "--over-time"])).remove(0);
    let latest = stats["latest_per_key"]["keys"].as_array().expect("keys");
    assert_eq!((stats["records"].clone(), latest.len()), (json!(12), 12), "{stats}");
    assert!(latest.iter().all(|key| key["records"] == json!(1)), "each once: {latest:?}");
    let nine = latest.iter().find(|key| key["key"] == json!("key-9")).expect("the key");
    assert_eq!(nine["offset"], json!(99));

    // What lies between is counted as lag, as Kafka counts it; the time is that of the
    // record that is read next.
    let lag = klamm.items(&["groups", "lag", group]);
    let place = &lag[0];
    assert_eq!((&place["committed"], &place["end_offset"], &place["lag"]), (&json!(50), &json!(END), &json!(END - 50)));
    let described = described(&klamm, group);
    let row = partition(&described, topic, 0);
    let age = now() - (FIRST + 91);
    assert_between(row, "lag_ms", age - 60_000, age + 60_000);
    let peeked = klamm.records(&["groups", "peek", group]);
    assert!(peeked.iter().any(|next| next["offset"] == json!(91)), "what it reads next: {peeked:?}");
    witness.commit(group, topic, &[(0, END)]);
    let lag = klamm.items(&["groups", "lag", group]);
    assert_eq!(lag[0]["lag"], json!(0), "{lag:?}");
}
