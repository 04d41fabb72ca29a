//! Records sent again: byte for byte, once each, and on from where it was cut short.

use crate::klamm::{DONE, Klamm, REFUSED, items};
use crate::patience::{LONG, until};
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What of each record must be the same, by partition, in order.
fn shape(klamm: &Klamm, topic: &str) -> BTreeMap<i64, Vec<Value>> {
    let mut found: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    let reading = ["records", "tail", topic, "--from", "earliest", "--no-follow", "--isolation", "read_committed"];
    for record in klamm.records(&reading) {
        let parts =
            ["timestamp", "key", "key_format", "value", "value_format", "headers"].map(|part| record[part].clone());
        found.entry(record["partition"].as_i64().expect("a partition")).or_default().push(json!(parts));
    }
    found
}

/// The first records of each partition that a consumer gets.
fn values(witness: &Witness, topic: &str, partitions: i32, each: usize) -> Vec<Vec<u8>> {
    let seen = (0..partitions).flat_map(|partition| witness.read(topic, partition, 0, each));
    seen.filter_map(|seen| seen.value).collect()
}

fn count(klamm: &Klamm, topic: &str) -> Value {
    let words = ["records", "search", topic, "--where", "partition >= 0", "--count", "--isolation", "read_committed"];
    let ran = klamm.run(&[&words[..], &["--output", "json"]].concat());
    items(&ran.json())[0]["records"].clone()
}

pub fn as_they_are(target: &Target) {
    let witness = Witness::new(target);
    let (source, copy) = ("check.send", "check.send.copy");
    witness.create_topic(source, 2, 1, &[]);
    witness.create_topic(copy, 2, 1, &[]);
    let seed = |partition, key: Option<&'static [u8]>, value: Option<&'static [u8]>| Seed {
        partition,
        key,
        value,
        headers: vec![("trace", Some(b"1")), ("trace", Some(b"2")), ("none", None), ("empty", Some(b""))],
        timestamp: Some(1_700_000_000_123),
    };
    witness.produce(
        source,
        &[
            seed(0, Some(b"a"), Some(b"{\"n\":1}")),
            seed(0, Some(b""), Some(b"")),
            seed(1, None, None),
            seed(1, Some(&[0xff, 0]), Some(&[0, 0xff, 0x80])),
        ],
    );
    witness.produce_in_transactions(source, b"aborted", b"committed");
    let klamm = Klamm::on(target);
    let words = ["records", "resend", source, "--to", copy];

    let plan = klamm.json(&[&words[..], &["--dry-run"]].concat());
    assert!(plan["plan"]["summary"][0].as_str().is_some_and(|text| text.starts_with("5 records")), "{plan}");
    let promise = plan["plan"]["warnings"][0]["text"].as_str().unwrap_or_default();
    assert!(promise.starts_with("exactly once"), "{promise}");
    klamm.run(&words).ended_with(REFUSED);
    assert_eq!(count(&klamm, copy), json!(0), "nothing is sent before somebody agreed");

    let sent = klamm.json(&[&words[..], &["--yes"]].concat());
    assert_eq!(shape(&klamm, copy), shape(&klamm, source), "{sent}");
    let records: u64 = items(&sent).iter().filter_map(|item| item["records"].as_u64()).sum();
    assert_eq!(records, 5, "the aborted one is not sent: {sent}");
    let groups = klamm.items(&["groups", "list"]);
    let held = format!("klamm-resend-{}", sent["plan"]["id"].as_str().expect("an id"));
    let is_left = groups.iter().any(|group| group["group"] == json!(held));
    assert!(!is_left, "its positions go with it: {groups:?}");
    let journal = klamm.items(&["journal", "list"]);
    assert_eq!(
        (&journal[0]["kind"], &journal[0]["status"], &journal[0]["can_undo"]),
        (&json!("resend"), &json!("done"), &json!(false))
    );

    // Into the topic that is read: it comes to an end.
    klamm.json(&["records", "resend", copy, "--to", copy, "--at-least-once", "--yes"]);
    assert_eq!(count(&klamm, copy), json!(10));

    // Some of them, by a query, by their places, and by number.
    klamm.json(&["records", "resend", source, "--to", copy, "--where", "value.n = 1", "--yes"]);
    assert_eq!(count(&klamm, copy), json!(11));
    let at = format!("{source}/1@1");
    klamm.json(&[
        "records",
        "resend",
        "--at",
        &at,
        "--to",
        copy,
        "--partition",
        "hashed",
        "--timestamp",
        "now",
        "--yes",
    ]);
    assert_eq!(count(&klamm, copy), json!(12));
    klamm.json(&["records", "resend", source, "--to", copy, "--limit", "2", "--yes"]);
    assert_eq!(count(&klamm, copy), json!(14));

    // A partition that the target does not have.
    let narrow = "check.send.narrow";
    witness.create_topic(narrow, 1, 1, &[]);
    let ran = klamm.run(&["records", "resend", source, "--to", narrow, "--yes"]).ended_with(REFUSED);
    assert!(ran.stdout.contains("--partition hashed") || ran.stderr.contains("--partition hashed"), "{}", ran.stderr);
    klamm.json(&["records", "resend", source, "--to", narrow, "--partition", "hashed", "--yes"]);
    assert_eq!(count(&klamm, narrow), json!(5));
}

/// Killed in the middle, it goes on, and each record is there once for who reads what is
/// committed.
pub fn killed_and_resumed(target: &Target) {
    const RECORDS: usize = 2_000;
    let witness = Witness::new(target);
    let (source, copy) = ("check.send.cut", "check.send.cut.copy");
    witness.create_topic(source, 2, 1, &[]);
    witness.create_topic(copy, 2, 1, &[]);
    for partition in [0, 1] {
        super::fill(&witness, source, partition, if partition == 0 { "a" } else { "b" }, RECORDS / 2);
    }
    let klamm = Klamm::on(target);
    let running = klamm.start(&["records", "resend", source, "--to", copy, "--rate", "400", "--yes"]);
    until("a part of it", LONG, || match count(&klamm, copy).as_u64() {
        Some(1..) => Ok(()),
        other => Err(format!("{other:?} are there")),
    });
    running.kill();
    let list = klamm.run(&["journal", "list", "--output", "json"]).ended_with(DONE);
    let entry = items(&list.json()).remove(0);
    let id = entry["id"].as_str().expect("an id").to_owned();
    assert!(list.stderr.contains("never written") && list.stderr.contains(&id), "{}", list.stderr);
    let shown = klamm.run(&["journal", "show", &id, "--output", "json"]).ended_with(DONE).json();
    let before: u64 = items(&shown).iter().filter_map(|item| item["records"].as_u64()).sum();
    assert!(before > 0 && before < RECORDS as u64, "a part is known to be there: {shown}");

    let resumed = klamm.json(&["records", "resend", "--resume", &id, "--yes"]);
    assert_eq!(resumed["plan"]["finishes"], json!(id));
    let records: u64 = items(&resumed).iter().filter_map(|item| item["records"].as_u64()).sum();
    assert_eq!(records, RECORDS as u64, "with those of before: {resumed}");
    let (mut there, mut here) = (values(&witness, copy, 2, RECORDS / 2), values(&witness, source, 2, RECORDS / 2));
    there.sort();
    here.sort();
    assert_eq!(count(&klamm, copy), json!(RECORDS), "no more than those");
    assert!(there == here, "each record exactly once");
    klamm.run(&["records", "resend", "--resume", &id, "--yes"]).ended_with(REFUSED);
}

/// Dead letters go back to where they failed, without what tells of the failure, once.
pub fn redriven(target: &Target) {
    let witness = Witness::new(target);
    let (source, letters) = ("check.redrive", "check.redrive-dlt");
    witness.create_topic(source, 2, 1, &[]);
    witness.create_topic(letters, 1, 1, &[]);
    let failed = |value: &'static [u8], cause: &'static [u8]| Seed {
        key: Some(b"k"),
        value: Some(value),
        headers: vec![
            ("kafka_dlt-original-topic", Some(source.as_bytes())),
            ("kafka_dlt-original-partition", Some(&[0, 0, 0, 1])),
            ("kafka_dlt-exception-cause-fqcn", Some(cause)),
            ("trace-id", Some(b"4bf9")),
        ],
        ..Seed::default()
    };
    witness.produce(
        letters,
        &[
            failed(b"first", b"a.Slow"),
            failed(b"second", b"a.Wrong"),
            Seed { value: Some(b"silent"), ..Seed::default() },
        ],
    );
    let klamm = Klamm::on(target);
    let slow = "headers.kafka_dlt-exception-cause-fqcn = \"a.Slow\"";
    let id = klamm.json(&["dead-letters", "redrive", letters, "--where", slow, "--yes"])["plan"]["id"].clone();
    let back = klamm.records(&["records", "tail", source, "--from", "earliest", "--no-follow"]);
    assert_eq!(back.len(), 1);
    assert_eq!((&back[0]["partition"], &back[0]["key"], &back[0]["value"]), (&json!(1), &json!("k"), &json!("first")));
    let headers = back[0]["headers"].as_array().expect("headers");
    assert_eq!(headers[0], json!({"name": "trace-id", "value": "4bf9"}), "{headers:?}");
    assert_eq!((headers.len(), &headers[1]["name"]), (2, &json!("klamm-redriven")));
    let mark = headers[1]["value"].as_str().expect("a mark");
    assert!(mark.contains(id.as_str().expect("an id")) && mark.ends_with(&format!("{letters}:0@0")), "{mark}");

    // All of them: the first was brought back already, and the silent one has nowhere to go.
    let all = klamm.json(&["dead-letters", "redrive", letters, "--yes"]);
    assert!(all["plan"]["notes"].to_string().contains("do not say where"), "{all}");
    let values = |topic: &str| -> Vec<Value> {
        let records = klamm.records(&["records", "tail", topic, "--from", "earliest", "--no-follow"]);
        records.iter().map(|record| record["value"].clone()).collect()
    };
    assert_eq!(values(source), [json!("first"), json!("second")], "{all}");
    klamm.json(&["dead-letters", "redrive", letters, "--yes"]);
    assert_eq!(values(source).len(), 2, "nothing is brought back twice");
    // One that fails again says that it was here before.
    witness.produce(
        letters,
        &[Seed { headers: vec![("klamm-redriven", Some(mark.as_bytes()))], ..failed(b"first", b"a.Slow") }],
    );
    let shown = klamm.records(&["dead-letters", "show", letters]);
    assert_eq!(shown.iter().filter(|letter| letter["redriven"] == json!(mark)).count(), 1, "{shown:?}");
    assert_eq!(klamm.items(&["dead-letters", "list", letters])[0]["returned"], json!(1));
    klamm.json(&["dead-letters", "redrive", letters, "--at", "0@0", "--again", "--keep-headers", "--yes"]);
    let back = klamm.records(&["records", "tail", source, "--from", "earliest", "--no-follow"]);
    assert_eq!(back.len(), 3, "but where that is wanted");
    assert_eq!(back[2]["headers"].as_array().map(Vec::len), Some(5), "with its headers and the mark: {}", back[2]);
}

/// A file holds records whole: they come back as they were, or the file says where it is torn.
pub fn stored(target: &Target) {
    let witness = Witness::new(target);
    let (source, copy) = ("check.store", "check.store.copy");
    witness.create_topic(source, 2, 1, &[]);
    witness.create_topic(copy, 2, 1, &[]);
    let seed = |partition, key: Option<&'static [u8]>, value: Option<&'static [u8]>| Seed {
        partition,
        key,
        value,
        headers: vec![("trace", Some(b"1")), ("trace", Some(b"2")), ("none", None)],
        timestamp: Some(1_700_000_000_123),
    };
    witness.produce(
        source,
        &[
            seed(0, Some(b"a"), Some(b"{\"n\":1}")),
            seed(0, Some(b""), Some(b"")),
            seed(1, None, None),
            seed(1, Some(&[255, 0]), Some(&[0, 255])),
        ],
    );
    let klamm = Klamm::on(target);
    let file = klamm.path("records.raw");
    let path = file.to_str().expect("a path");
    klamm.run(&["records", "export", source, "--format", "raw", "--file", path]).ended_with(DONE);
    let again = klamm.run(&["records", "export", source, "--format", "raw", "--file", path]).ended_with(1);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);

    let imported = klamm.json(&["records", "import", path, "--to", copy, "--yes"]);
    assert_eq!(shape(&klamm, copy), shape(&klamm, source), "{imported}");
    klamm.json(&["records", "import", path, "--yes"]);
    assert_eq!(count(&klamm, source), json!(8), "to the topic that the file names");

    let whole = std::fs::read(&file).expect("the file");
    let torn = klamm.path("torn.raw");
    std::fs::write(&torn, &whole[..whole.len() - 3]).expect("a file");
    let torn = torn.to_str().expect("a path");
    let refused = klamm.run(&["records", "import", torn, "--to", copy, "--yes"]).ended_with(REFUSED);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("at byte") && said.contains("--beginning"), "{said}");
    klamm.json(&["records", "import", torn, "--to", copy, "--beginning", "--yes"]);
    assert_eq!(count(&klamm, copy), json!(7), "what stands before it");

    // At once: an import is done when who reads only what is committed sees it.
    let lines = klamm.run(&["records", "export", copy, "--until", "1"]).ended_with(DONE).lines();
    assert_eq!(lines.len(), 2, "the first record of each partition: {lines:?}");
    let columns = ["records", "export", copy, "--format", "csv", "--columns", "offset,value.n", "--where", "key = a"];
    let csv = klamm.run(&columns).ended_with(DONE).stdout;
    assert_eq!(csv.lines().take(2).collect::<Vec<_>>(), ["offset,value.n", "0,1"], "{csv}");
}
