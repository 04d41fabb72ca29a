//! Looking: what is there, and how far behind it is.

use super::fill;
use crate::klamm::Klamm;
use crate::patience::{SHORT, until};
use crate::target::Target;
use crate::witness::{Seed, Witness, runtime};
use klamm::cluster::Cluster;
use serde_json::{Value, json};

fn by<'a>(items: &'a [Value], field: &str, value: impl Into<Value>) -> &'a Value {
    let value = value.into();
    items.iter().find(|item| item[field] == value).unwrap_or_else(|| panic!("no {field} {value} in {items:?}"))
}

pub fn connect(target: &Target) {
    let klamm = Klamm::on(target);
    let ran = klamm.run(&["topics", "list", "--output", "json"]).succeeded();
    assert_eq!(ran.stderr, "", "a good day says nothing beside the data");
}

/// Every stage of the way, and every address that a broker advertises.
pub fn probe(target: &Target) {
    let steps = Klamm::on(target).items(&["profiles", "test"]);
    let of = |check: &str| steps.iter().filter(|step| step["check"] == check).cloned().collect::<Vec<_>>();
    for check in ["resolve", "tcp", "api_versions", "metadata", "listener"] {
        let found = of(check);
        assert!(!found.is_empty() && found.iter().all(|step| step["status"] == "ok"), "{check}: {steps:#?}");
    }
    let spoken = of("api_versions");
    assert!(spoken[0]["message"].as_str().is_some_and(|said| said.contains("as Kafka ")), "{spoken:?}");
}

pub fn list(target: &Target) {
    let witness = Witness::new(target);
    witness.create_topic("check.list.one", 1, 1, &[]);
    witness.create_topic("check.list.three", 3, 1, &[]);
    // Other checks come and go: what was there before and after must be listed.
    let before = witness.topics().expect("topics are listed");
    let items = Klamm::on(target).items(&["topics", "list"]);
    let after = witness.topics().expect("topics are listed");
    let three = by(&items, "topic", "check.list.three");
    assert_eq!(three["partitions"], json!(3));
    assert_eq!(three["replication_factor"], json!(1));
    assert_eq!(by(&items, "topic", "check.list.one")["partitions"], json!(1));
    let names: Vec<&str> = items.iter().filter_map(|item| item["topic"].as_str()).collect();
    for topic in before.into_iter().filter(|topic| after.contains(topic)) {
        assert!(names.contains(&topic.as_str()) || topic.starts_with("__"), "{topic} is missing");
    }
}

pub fn describe(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.describe";
    witness.create_topic(topic, 2, 1, &[("retention.ms", "3600000")]);
    fill(&witness, topic, 1, "value", 7);
    let items = Klamm::on(target).items(&["topics", "describe", topic]);
    let described = by(&items, "topic", topic);
    let partitions = described["partitions"].as_array().expect("partitions are listed");
    assert_eq!(partitions.len(), 2);
    let second = by(partitions, "partition", 1);
    assert_eq!(second["start_offset"], json!(0));
    assert_eq!(second["end_offset"], json!(7));
    assert_eq!(second["leader"], json!(witness.leader(topic, 1).expect("a leader")));
    assert!(second["size_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "its leader tells its size: {second}");
    let configs = described["configs"].as_array().expect("configs are listed");
    assert_eq!(by(configs, "name", "retention.ms")["value"], json!("3600000"));
}

/// Directories are told when no sizes are asked for.
pub fn disks(target: &Target) {
    let cluster = Cluster::connect(target.profile()).expect("its settings can be used");
    let brokers = runtime().block_on(cluster.brokers()).expect("brokers are listed");
    for row in brokers.iter() {
        match (row.disk_total.known(), row.disk_total.reason()) {
            (Some(bytes), _) => assert!(*bytes > 0, "{row:?}"),
            (None, said) => assert!(said.is_some_and(|said| said.contains("since Kafka 3.3")), "{row:?}"),
        }
    }
}

pub fn lag(target: &Target) {
    let witness = Witness::new(target);
    let (topic, group) = ("check.lag", "check-lag");
    witness.create_topic(topic, 3, 1, &[]);
    fill(&witness, topic, 0, "a", 10);
    fill(&witness, topic, 1, "b", 20);
    fill(&witness, topic, 2, "c", 5);
    witness.commit(group, topic, &[(0, 3), (1, 20)]);

    let klamm = Klamm::on(target);
    let items = klamm.items(&["groups", "lag", group]);
    let first = by(&items, "partition", 0);
    assert_eq!(
        (&first["group"], &first["topic"], &first["committed"], &first["end_offset"], &first["lag"]),
        (&json!(group), &json!(topic), &json!(3), &json!(10), &json!(7))
    );
    assert_eq!(by(&items, "partition", 1)["lag"], json!(0));
    // What is not committed has no lag, and that is not zero.
    if let Some(third) = items.iter().find(|item| item["partition"] == json!(2)) {
        assert_eq!((&third["committed"], &third["lag"]), (&Value::Null, &Value::Null));
        assert!(third["lag_reason"].is_string(), "unknown says why: {third}");
    }
    let written = klamm.items(&["groups", "describe", group, "--written"]);
    let written = &by(&written, "group", group)["written_last_hour"];
    let records = written["records"].as_array().into_iter().flatten().filter_map(Value::as_u64).sum::<u64>();
    let ends = items.iter().filter(|item| !item["committed"].is_null()).filter_map(|item| item["end_offset"].as_u64());
    assert_eq!(
        (records, &written["partitions_unknown"]),
        (ends.sum(), &json!(0)),
        "all of it is of just now: {written}"
    );
    let everyone = klamm.items(&["groups", "lag", "--all"]);
    assert!(everyone.iter().any(|item| item["group"] == json!(group) && item["lag"] == json!(7)));
    let groups = klamm.items(&["groups", "list"]);
    by(&groups, "group", group);
}

/// Judged by the commits in the log: it went on and stopped, or stands at the end.
/// What a transaction took back was never committed.
pub fn verdict(target: &Target) {
    let witness = Witness::new(target);
    let (topic, group, exact) = ("check.verdict", "check-verdict", "check-verdict-exact");
    witness.create_topic(topic, 2, 1, &[]);
    // Written long ago, so that it was not at the end within the last minutes.
    let long_ago = 1_700_000_000_000;
    let seed = |number| Seed { partition: number % 2, value: Some(b"v"), timestamp: Some(long_ago), ..Seed::default() };
    witness.produce(topic, &(0..40).map(seed).collect::<Vec<_>>());
    for offset in 1..=12 {
        witness.commit(group, topic, &[(0, offset), (1, 20)]);
    }
    let klamm = Klamm::on(target);
    // From the moment on that it is quiet for longer than its commits took.
    let item = until("the verdict", SHORT, || {
        let items = klamm.items(&["groups", "verdict", group]);
        let item = by(&items, "group", group).clone();
        if item["verdict"] == json!("STOP") { Ok(item) } else { Err(item.to_string()) }
    });
    assert_eq!((&item["status"], &item["lag"], &item["complete"]), (&json!("ERR"), &json!(8), &json!(1.0)));
    let partitions = item["partitions"].as_array().expect("partitions");
    let (behind, at_end) = (by(partitions, "partition", 0), by(partitions, "partition", 1));
    assert_eq!((&behind["verdict"], &behind["commits"], &behind["lag"]), (&json!("STOP"), &json!(10), &json!(8)));
    assert_eq!((&at_end["verdict"], &at_end["lag"]), (&json!("OK"), &json!(0)));
    assert!(
        behind["last_commit"].is_string()
            && behind["reason"].as_str().is_some_and(|why| why.contains("no commit since"))
    );
    let check = |limit: &str| klamm.run(&["groups", "verdict", group, "--check", limit]).code;
    assert_eq!((check("stop"), check("stall")), (5, 0));

    let by_rules = |rules: &[&str]| {
        let items = klamm.items(&[&["groups", "verdict", group], rules].concat());
        let partitions = by(&items, "group", group)["partitions"].as_array().cloned().expect("partitions");
        let row = by(&partitions, "partition", 0);
        (row["verdict"].clone(), row["commits"].clone())
    };
    assert_eq!(by_rules(&["--intervals", "4"]), (json!("STOP"), json!(4)));
    assert_eq!(by_rules(&["--allowed-lag", "8"]), (json!("OK"), json!(10)));
    assert_eq!(by_rules(&["--min-distance", "1h"]), (Value::Null, json!(1)), "all of them are one commit");
    let complete = ["--intervals", "50", "--minimum-complete", "1"];
    assert_eq!(by_rules(&complete), (Value::Null, json!(12)), "less than one wants to see");

    let listed = |arguments: &[&str]| {
        let items = klamm.items(&[&["groups", "list", "--filter", group], arguments].concat());
        items.iter().find(|item| item["group"] == json!(group)).cloned()
    };
    let row = listed(&["--verdict", "stop,rewind"]).expect("it has stopped");
    assert_eq!(
        (&row["verdict"], &row["status"], &row["verdict_source"]),
        (&json!("STOP"), &json!("ERR"), &json!("commits"))
    );
    assert!(listed(&["--verdict", "ok"]).is_none() && listed(&["--state", "Stable"]).is_none());
    assert!(listed(&["--state", "empty", "--type", "classic", "--lagging"]).is_some());
    // One look alone tells nothing: neither that all is well nor that something is wrong.
    let row = listed(&[]).expect("it is listed");
    assert_eq!((&row["verdict"], &row["verdict_source"]), (&Value::Null, &Value::Null));
    assert_eq!(row["verdict_reason"], json!("cannot tell yet, 1 of 10 looks"));

    let writer = witness.transactional("check-verdict");
    writer.begin_with(topic, &[b"x"]);
    witness.send_offsets(&writer, exact, topic, &[(0, 3)]);
    writer.abort();
    writer.begin_with(topic, &[b"y"]);
    witness.send_offsets(&writer, exact, topic, &[(0, 5)]);
    writer.commit().expect("the transaction is committed");
    let commits = until("the commit to count", SHORT, || {
        let items = klamm.items(&["groups", "verdict", exact]);
        let partitions = by(&items, "group", exact)["partitions"].as_array().cloned().unwrap_or_default();
        let found = partitions.iter().find(|row| row["partition"] == json!(0)).map(|row| row["commits"].clone());
        found.filter(|commits| *commits != json!(0)).ok_or_else(|| format!("{items:?}"))
    });
    assert_eq!(commits, json!(1), "the one that was taken back does not count");
}
