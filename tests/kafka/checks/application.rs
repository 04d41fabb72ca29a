//! Kafka Streams itself: two instances of a small application, whose tasks the broker
//! assigns, with a copy of each store on the other instance.

use crate::java;
use crate::klamm::{Klamm, REFUSED};
use crate::maven::{self, Artifact};
use crate::patience::{LONG, until};
use crate::service::Service;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use crate::{needs, places};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/StreamsApp.java");

/// One instance of the application, which lives until dropped.
fn instance(target: &Target, group: &str, topic: &str, name: &str) -> Service {
    let classes =
        needs::jdk().and_then(|()| maven::resolve(Artifact::Streams440)).unwrap_or_else(|message| panic!("{message}"));
    let dir = places::data().join(format!("{group}-{name}"));
    fs::create_dir_all(&dir).expect("a folder for its state");
    let mut command = java::command(&classes, 128, &[], PROGRAM);
    command.extend([&target.bootstrap, group, topic, name].map(str::to_owned));
    let log = places::logs().join(group).join(format!("{name}.log"));
    Service::start(name, &dir, &log, &command).unwrap_or_else(|message| panic!("{message}"))
}

fn members(item: &Value) -> Vec<Value> {
    item["members"].as_array().cloned().unwrap_or_default()
}

/// Records that are committed as read, in all partitions.
fn committed(item: &Value) -> i64 {
    item["partitions"].as_array().into_iter().flatten().filter_map(|row| row["committed"].as_i64()).sum()
}

/// The tasks of a kind that a member runs.
fn tasks(member: &Value, kind: &str) -> BTreeSet<String> {
    let all = member[kind].as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The brokers keep the nodes of its topology, or say that they do not.
pub fn streams(target: &Target, keeps_nodes: bool) {
    let (witness, klamm) = (Witness::new(target), Klamm::on(target));
    let (topic, group) = ("check.application", "check-application");
    witness.create_topic(topic, 2, 1, &[]);
    let seed = |partition| Seed { partition, key: Some(b"k"), value: Some(b"v"), ..Seed::default() };
    witness.produce(topic, &[0, 0, 0, 1, 1].map(seed));
    // Coordinators are ready from the first commit on.
    witness.commit("check-application-first", topic, &[(0, 0)]);
    let copies = ["groups", "configure", group, "--set", "streams.num.standby.replicas=1", "--yes"];
    klamm.run(&copies).succeeded();
    let mut instances = ["one", "two"].map(|name| instance(target, group, topic, name));

    let all: BTreeSet<String> = ["0_0", "0_1", "1_0", "1_1"].map(str::to_owned).into();
    let item = until("every task and its copy", LONG, || {
        instances.iter_mut().try_for_each(Service::check)?;
        let ran = klamm.run(&["groups", "describe", group, "--output", "json"]);
        let item = crate::klamm::items(&ran.json()).into_iter().next().ok_or("it is not there yet")?;
        let members = members(&item);
        let run = |kind| members.iter().flat_map(|member| tasks(member, kind)).collect::<BTreeSet<_>>();
        let is_whole = members.len() == 2 && run("active_tasks") == all && run("standby_tasks") == all;
        // Five records, and again from the topic between both parts.
        let is_read = item["lag"] == json!(0) && committed(&item) == 10;
        let is_told = item["topology"]["nodes"].is_array() == keeps_nodes;
        if is_whole && is_read && is_told && item["state"] == json!("Stable") {
            Ok(item)
        } else {
            Err(item.to_string())
        }
    });
    assert_eq!((&item["type"], &item["role"]), (&json!("streams"), &json!("streams")));
    assert_eq!(item["assignor"], json!("sticky"), "told from version 1 on: {item}");
    let processes: BTreeSet<String> = members(&item).iter().map(|member| member["process_id"].to_string()).collect();
    assert_eq!(processes.len(), 2, "each instance is a process of its own: {item}");
    for member in members(&item) {
        let (active, standby) = (tasks(&member, "active_tasks"), tasks(&member, "standby_tasks"));
        assert_eq!((active.len(), standby.len()), (2, 2), "{member}");
        assert!(active.is_disjoint(&standby), "a copy beside its store is none: {member}");
        assert_eq!((&member["warmup_tasks"], &member["is_classic"]), (&json!([]), &json!(false)), "{member}");
        let name = member["client_id"].as_str().and_then(|id| id.split('-').next()).expect("a name");
        assert_eq!(member["endpoint"], json!(format!("{name}.example:7070")), "{member}");
    }
    let parts = item["topology"]["subtopologies"].as_array().expect("subtopologies");
    let repartition = &parts[0]["repartition_sinks"];
    assert_eq!((parts.len(), &parts[0]["sources"]), (2, &json!([topic])), "{item}");
    assert_eq!(*repartition, parts[1]["repartition_sources"], "what one writes, the other reads: {item}");
    for part in parts {
        let changelog = part["changelogs"][0].as_str().expect("a store is kept");
        assert!(changelog.starts_with(group) && changelog.ends_with("-changelog"), "{changelog}");
        assert_eq!(witness.partitions(changelog), Ok(2), "{changelog}");
    }
    let nodes = &item["topology"]["nodes"];
    if keeps_nodes {
        let nodes = nodes.as_array().expect("nodes");
        let has = |kind: &str, of: &str, what: &Value| {
            let is_one = |node: &&Value| {
                node["kind"] == json!(kind) && node[of].as_array().is_some_and(|all| all.contains(what))
            };
            nodes.iter().any(|node| is_one(&node))
        };
        assert!(has("source", "topics", &json!(topic)), "{nodes:?}");
        assert!(has("source", "topics", &repartition[0]) && has("sink", "topics", &repartition[0]), "{nodes:?}");
        let stores = nodes.iter().filter(|node| node["stores"] != json!([])).count();
        assert!(stores >= 2, "both count: {nodes:?}");
        let names: Vec<&Value> = nodes.iter().map(|node| &node["name"]).collect();
        let next = nodes.iter().flat_map(|node| node["successors"].as_array().into_iter().flatten());
        assert!(next.clone().count() > 0 && next.clone().all(|name| names.contains(&name)), "{nodes:?}");
    } else {
        assert!(item["topology"]["nodes_reason"].to_string().contains("keep no description"), "{item}");
    }
    let verdicts = klamm.items(&["groups", "verdict", group]);
    assert!(!verdicts.is_empty() && verdicts.iter().all(|row| row["verdict"] == json!("OK")), "{verdicts:?}");
    let reset = ["groups", "reset", group, "--topic", topic, "--to-earliest", "--yes"];
    let ran = klamm.run(&reset).ended_with(REFUSED);
    assert!(ran.stderr.contains("one-") && ran.stderr.contains(" at "), "who is there, and where: {}", ran.stderr);
}
