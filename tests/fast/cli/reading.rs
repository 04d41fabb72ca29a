//! What is read: each noun's JSON, and the same rows as CSV and as a table.

use crate::cli::{code, done, item, json, names, run, text, topic_with};
use serde_json::json;

#[test]
fn topics_have_numbers_not_words() {
    topic_with("cli-listed", 3, 4);
    let topics = done("topics list --filter cli-listed");
    let topic = item(&topics, "topic", "cli-listed");
    assert_eq!(
        (&topic["partitions"], &topic["replication_factor"], &topic["records"]),
        (&json!(3), &json!(3), &json!(4)),
        "{topic}"
    );
    assert!(topic["size_bytes"].is_u64(), "{topic}");
    assert_eq!((&topic["under_replicated"], &topic["is_internal"]), (&json!(0), &json!(false)));
}

#[test]
fn a_described_topic_has_partitions_configs_and_groups() {
    topic_with("cli-described", 2, 6);
    done("groups reset cli-describer --topic cli-described --to-offset 1 --create-group --yes");
    let described = done("topics describe cli-described --defaults");
    let topic = &described["items"][0];
    let first = &topic["partitions"][0];
    assert_eq!(
        (&first["partition"], &first["start_offset"], &first["end_offset"], &first["records"]),
        (&json!(0), &json!(0), &json!(6), &json!(6))
    );
    assert!(first["leader"].is_i64() && first["replicas"].as_array().is_some_and(|ids| ids.len() == 3), "{first}");
    assert_eq!(topic["groups"][0]["group"], "cli-describer");
    assert!(topic["configs"].as_array().is_some_and(|configs| !configs.is_empty()));
}

#[test]
fn lag_is_known_by_partition_and_by_group() {
    topic_with("cli-lagging", 1, 9);
    done("groups reset cli-lagger --topic cli-lagging --to-offset 2 --create-group --yes");
    let lag = done("groups lag cli-lagger");
    let row = &lag["items"][0];
    assert_eq!(
        (&row["topic"], &row["partition"], &row["committed"], &row["end_offset"], &row["lag"]),
        (&json!("cli-lagging"), &json!(0), &json!(2), &json!(9), &json!(7))
    );
    let groups = done("groups list");
    let group = item(&groups, "group", "cli-lagger");
    assert_eq!((&group["state"], &group["lag"], &group["members"]), (&json!("Empty"), &json!(7), &json!(0)));
    let row = |line: &str| {
        let groups = done(line);
        groups["items"].as_array().and_then(|rows| rows.iter().find(|row| row["group"] == "cli-lagger").cloned())
    };
    assert_eq!(group["verdict_reason"], "cannot tell yet, 1 of 10 looks");
    assert_eq!(
        row("groups list --judge").expect("it is there")["verdict_source"],
        json!(null),
        "one commit is too few"
    );
    assert!(row("groups list --state EMPTY --type classic --lagging").is_some());
    assert!(row("groups list --verdict ok,warn").is_none(), "what is not known is neither");
    for wrong in ["--state gone", "--type old", "--verdict fine"] {
        assert_eq!(code(&run(&format!("groups list {wrong}"))), 2, "{wrong}");
    }
    let described = done("groups describe cli-lagger");
    assert_eq!((&described["items"][0]["lag"], &described["items"][0]["members"]), (&json!(7), &json!([])));
    assert!(done("groups lag --all")["items"].as_array().is_some_and(|rows| rows.len() > 1));
}

#[test]
fn a_missing_one_among_several_is_partly_known() {
    topic_with("cli-there", 1, 1);
    let (described, code) = json("topics describe cli-there cli-nowhere");
    assert_eq!((code, described["items"].as_array().map(Vec::len)), (3, Some(1)));
    assert_eq!(names(&described["failures"][0]), ["kind", "operation", "target", "broker", "message", "hint"]);
    assert_eq!(described["failures"][0]["target"], "cli-nowhere");
}

#[test]
fn csv_has_a_header_and_plain_numbers() {
    topic_with("cli-spread", 1, 3);
    let output = run("topics list --filter cli-spread --output csv");
    let csv = text(&output.stdout);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("topic,partitions,replication_factor,records,records_reason,size_bytes"), "{csv}");
    assert!(lines[1].starts_with("cli-spread,1,3,3,,"), "{csv}");
}

#[test]
fn a_table_in_a_pipe_has_no_colours() {
    let output = run("topics list");
    assert!(text(&output.stdout).starts_with("TOPIC"), "{}", text(&output.stdout));
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_partition_plan_has_its_choices() {
    topic_with("cli-planned", 2, 20);
    let plan = done("topics plan-partitions cli-planned --partitions 4 --measure 0s");
    let report = &plan["items"][0];
    assert_eq!((&report["topic"], &report["partitions"]), (&json!("cli-planned"), &json!(2)), "{plan}");
}
