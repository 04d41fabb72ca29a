//! Looking: what is there, and how far behind it is.

use super::fill;
use crate::klamm::Klamm;
use crate::target::Target;
use crate::witness::Witness;
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
    let configs = described["configs"].as_array().expect("configs are listed");
    assert_eq!(by(configs, "name", "retention.ms")["value"], json!("3600000"));
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
    let everyone = klamm.items(&["groups", "lag", "--all"]);
    assert!(everyone.iter().any(|item| item["group"] == json!(group) && item["lag"] == json!(7)));
    let groups = klamm.items(&["groups", "list"]);
    by(&groups, "group", group);
}
