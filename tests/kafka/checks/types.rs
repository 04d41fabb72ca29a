//! Groups of every type: who is in them, what they do, and where they begin to read.

use super::fill;
use crate::klamm::{FAILED, Klamm, REFUSED, items};
use crate::patience::{SHORT, until};
use crate::raw::RawMember;
use crate::target::Target;
use crate::tools::Tools;
use crate::witness::Witness;
use serde_json::{Value, json};

fn described(klamm: &Klamm, group: &str) -> Value {
    let items = klamm.items(&["groups", "describe", group]);
    items.first().cloned().unwrap_or_default()
}

fn by_partition(rows: &[Value], field: &str) -> Vec<Value> {
    let mut rows: Vec<&Value> = rows.iter().collect();
    rows.sort_by_key(|row| row["partition"].as_i64());
    rows.into_iter().map(|row| row[field].clone()).collect()
}

fn partitions(item: &Value) -> Vec<Value> {
    item["partitions"].as_array().cloned().unwrap_or_default()
}

/// A share group: its members, where it begins, and what its broker says is left to it.
/// Its reset is refused while somebody is there, needs no commit, and has no undo.
pub fn share(target: &Target) {
    let (witness, tools, klamm) = (Witness::new(target), Tools::of(target), Klamm::on(target));
    let (topic, group) = ("check.share", "check-share");
    witness.create_topic(topic, 1, 1, &[]);
    fill(&witness, topic, 0, "a", 20);
    // Coordinators are ready from the first commit on.
    witness.commit("check-share-first", topic, &[(0, 0)]);
    // What a share group has not begun to read it begins at the end, unless told otherwise.
    let earliest = ["groups", "configure", group, "--set", "share.auto.offset.reset=earliest", "--yes"];
    klamm.run(&earliest).succeeded();
    tools.share(&["--topic", topic, "--group", group, "--max-messages", "5"]);

    let empty = until("the group to be empty", SHORT, || {
        let item = described(&klamm, group);
        if item["state"] == json!("Empty") { Ok(item) } else { Err(item.to_string()) }
    });
    assert_eq!((&empty["type"], &empty["protocol_type"]), (&json!("share"), &json!("share")));
    assert!(empty["delivery_state_reason"].is_string(), "{empty}");
    let rows = partitions(&empty);
    let start = rows[0]["share_start_offset"].as_i64().expect("where it begins");
    assert!((5..=20).contains(&start), "five were acknowledged: {empty}");
    assert_eq!(rows[0]["committed"], json!(null), "it commits nothing");
    assert_eq!(rows[0]["lag"], json!(20 - start), "{empty}");
    let lag = klamm.items(&["groups", "lag", group]);
    assert_eq!((&lag[0]["share_start_offset"], &lag[0]["lag"]), (&json!(start), &json!(20 - start)));
    let listed = klamm.items(&["groups", "list", "--filter", group, "--type", "share"]);
    assert_eq!((&listed[0]["lag"], &listed[0]["members"]), (&json!(20 - start), &json!(0)));

    let member = RawMember::share(target, group, topic);
    let item = described(&klamm, group);
    assert_eq!(item["state"], json!("Stable"), "{item}");
    let one = &item["members"][0];
    assert_eq!(one["partitions"], json!([format!("{topic}:0")]), "{item}");
    assert_eq!(one["subscription"], json!([topic]));
    assert_eq!(one["member_epoch"], item["epoch"], "{item}");
    assert_eq!(item["assignment_epoch"], item["epoch"], "{item}");
    assert_eq!(partitions(&item)[0]["client_id"], json!("raw"), "{item}");
    let reset = ["groups", "reset", group, "--topic", topic, "--to-earliest"];
    let ran = klamm.run(&[&reset[..], &["--yes"]].concat()).ended_with(REFUSED);
    assert!(ran.stderr.contains("raw at "), "who is there: {}", ran.stderr);
    drop(member);

    let plan = klamm.json(&[&reset[..], &["--dry-run"]].concat());
    assert_eq!(plan["plan"]["kind"], json!("reset_share_group"));
    assert!(plan["plan"]["not_undoable"].is_string(), "{plan}");
    assert_eq!((&items(&plan)[0]["committed"], &items(&plan)[0]["target"]), (&json!(start), &json!(0)));
    klamm.run(&reset).ended_with(REFUSED);
    assert_eq!(partitions(&described(&klamm, group))[0]["share_start_offset"], json!(start), "nothing changed");
    let done = klamm.json(&[&reset[..], &["--wait", "60s", "--yes"]].concat());
    assert_eq!(items(&done)[0]["status"], json!("done"), "{done}");
    let rows = partitions(&described(&klamm, group));
    assert_eq!((&rows[0]["share_start_offset"], &rows[0]["lag"]), (&json!(0), &json!(20)), "{rows:?}");
    let id = done["plan"]["id"].as_str().expect("an id");
    let ran = klamm.run(&["journal", "undo", id, "--yes"]).ended_with(REFUSED);
    assert!(ran.stderr.contains("share group"), "{}", ran.stderr);

    let to = ["groups", "reset", group, "--topic", topic, "--to-offset", "12", "--yes"];
    klamm.json(&to);
    let rows = partitions(&described(&klamm, group));
    assert_eq!((&rows[0]["share_start_offset"], &rows[0]["lag"]), (&json!(12), &json!(8)), "{rows:?}");
    // Together with a group that commits: each by its type, and the whole without undo.
    let both = ["groups", "reset", "check-share-first", group, "--topic", topic, "--to-offset", "7"];
    let plan = klamm.json(&[&both[..], &["--dry-run"]].concat());
    assert!(plan["plan"]["not_undoable"].to_string().contains(group), "{plan}");
    let done = klamm.json(&[&both[..], &["--yes"]].concat());
    assert_eq!(done["plan"]["kind"], json!("reset_offsets"), "{done}");
    assert!(items(&done).iter().all(|item| item["status"] == json!("done")), "{done}");
    assert_eq!(partitions(&described(&klamm, group))[0]["share_start_offset"], json!(7));
    assert_eq!(witness.committed("check-share-first", topic, 1).get(&0), Some(&7));
    let peeked = klamm.run(&["groups", "peek", group]).succeeded();
    assert!(peeked.stdout.contains("begins at 7") && !peeked.stdout.contains("committed"), "{}", peeked.stdout);
    let lag = klamm.run(&["groups", "lag", group]).succeeded();
    assert!(lag.stdout.contains("START OFFSET") && !lag.stdout.contains("COMMITTED"), "{}", lag.stdout);

    let one = format!("{topic}:5");
    klamm.run(&["groups", "delete-offsets", group, "--topic", &one, "--yes"]).ended_with(FAILED);
    let done = klamm.json(&["groups", "delete-offsets", group, "--topic", topic, "--yes"]);
    assert_eq!((&done["plan"]["kind"], &items(&done)[0]["status"]), (&json!("delete_share_offsets"), &json!("done")));
    assert!(partitions(&described(&klamm, group)).is_empty());
    let done = klamm.json(&["groups", "delete", group, "--yes"]);
    assert_eq!(items(&done)[0]["status"], json!("done"), "{done}");
    let listed = klamm.run(&["groups", "list", "--filter", group, "--output", "json"]);
    assert!(items(&listed.json()).iter().all(|item| item["group"] != json!(group)), "it is gone");
}

/// A streams group: its topology, and the tasks of its members. Its offsets are committed
/// ones, which a reset moves.
pub fn streams(target: &Target) {
    let (witness, klamm) = (Witness::new(target), Klamm::on(target));
    let (topic, group) = ("check.streams", "check-streams");
    witness.create_topic(topic, 2, 1, &[]);
    fill(&witness, topic, 0, "a", 10);
    fill(&witness, topic, 1, "b", 10);
    let member = RawMember::streams(target, group, topic);
    let item = until("the group to be stable", SHORT, || {
        let item = described(&klamm, group);
        if item["state"] == json!("Stable") { Ok(item) } else { Err(item.to_string()) }
    });
    assert_eq!((&item["type"], &item["role"]), (&json!("streams"), &json!("streams")));
    let subtopology = &item["topology"]["subtopologies"][0];
    assert_eq!((&subtopology["id"], &subtopology["sources"]), (&json!("0"), &json!([topic])), "{item}");
    assert_eq!(subtopology["changelogs"], json!([format!("{group}-store-changelog")]), "{item}");
    let one = &item["members"][0];
    assert_eq!(one["active_tasks"], json!(["0_0", "0_1"]), "{item}");
    assert_eq!((&one["target_active_tasks"], &one["standby_tasks"]), (&json!(["0_0", "0_1"]), &json!([])));
    assert_eq!((&one["process_id"], &one["endpoint"]), (&json!("process-1"), &json!("stores.example:7070")));
    assert_eq!((&one["client_tags"], &one["is_classic"]), (&json!(["zone=a"]), &json!(false)));
    assert_eq!(one["partitions"], json!([format!("{topic}:0"), format!("{topic}:1")]), "what its tasks read");
    assert_eq!(one["member_epoch"], item["epoch"], "{item}");
    assert_eq!(by_partition(&partitions(&item), "client_id"), [json!("raw"), json!("raw")]);
    let ran = klamm.run(&["groups", "remove-members", group, "--all", "--yes"]).ended_with(FAILED);
    assert!(ran.stderr.contains("streams group"), "{}", ran.stderr);
    let reset = ["groups", "reset", group, "--topic", topic, "--to-offset", "4"];
    klamm.run(&[&reset[..], &["--yes"]].concat()).ended_with(REFUSED);
    drop(member);
    let done = klamm.json(&[&reset[..], &["--wait", "60s", "--yes"]].concat());
    let id = done["plan"]["id"].as_str().expect("an id");
    let rows = klamm.items(&["groups", "lag", group]);
    assert_eq!(by_partition(&rows, "committed"), [json!(4), json!(4)]);
    assert_eq!(by_partition(&rows, "lag"), [json!(6), json!(6)]);
    klamm.json(&["journal", "undo", id, "--yes"]);
    let rows = partitions(&described(&klamm, group));
    assert!(rows.iter().all(|row| row["committed"].is_null()), "{rows:?}");
}

/// A group whose brokers assign: epochs, the assignment there is and the one to be, and a
/// subscription by pattern.
pub fn consumer(target: &Target) {
    let (witness, klamm) = (Witness::new(target), Klamm::on(target));
    let (topic, group) = ("check.consumer", "check-consumer");
    witness.create_topic(topic, 2, 1, &[]);
    let member =
        witness.join_with(group, "^check[.]consumer$", &[("group.protocol", "consumer"), ("client.rack", "r1")]);
    super::changing::is_assigned(&member);
    let item = until("the group to be stable", SHORT, || {
        let item = described(&klamm, group);
        if item["state"] == json!("Stable") { Ok(item) } else { Err(item.to_string()) }
    });
    let both = json!([format!("{topic}:0"), format!("{topic}:1")]);
    let one = &item["members"][0];
    assert_eq!((&item["type"], &item["assignor"]), (&json!("consumer"), &json!("uniform")));
    assert_eq!((&one["partitions"], &one["target"]), (&both, &both), "{item}");
    let pattern = one["subscription_pattern"].as_str().expect("a pattern");
    assert!(pattern.contains("^check[.]consumer$"), "as the client wrote it: {pattern}");
    assert_eq!(one["rack"], json!("r1"), "{item}");
    assert_eq!((&one["member_epoch"], &one["is_classic"]), (&item["epoch"], &json!(false)), "{item}");
    assert_eq!(item["assignment_epoch"], item["epoch"], "{item}");
}

/// The demo has a group of each type from its start, and tells of them what Kafka does.
pub fn in_the_world(target: &Target) {
    let klamm = Klamm::on(target);
    let share = described(&klamm, "push-senders");
    assert_eq!((&share["type"], &share["state"]), (&json!("share"), &json!("Stable")));
    let rows = partitions(&share);
    assert!(rows.iter().all(|row| row["share_start_offset"].is_i64() && row["lag"].is_u64()), "{share}");
    assert_eq!(share["members"][0]["subscription"], json!(["notifications.push"]));
    let idle = described(&klamm, "label-printers");
    assert_eq!((&idle["type"], &idle["state"]), (&json!("share"), &json!("Empty")));
    assert!(idle["lag"].as_u64().is_some_and(|lag| lag > 0), "it stopped hours ago: {idle}");
    let streams = described(&klamm, "sensor-averages");
    assert_eq!(streams["topology"]["subtopologies"][0]["sources"], json!(["iot.sensor-readings"]), "{streams}");
    for kind in ["active_tasks", "standby_tasks", "warmup_tasks"] {
        let members = streams["members"].as_array().expect("members");
        let has = |member: &Value| member[kind].as_array().is_some_and(|tasks| !tasks.is_empty());
        assert!(members.iter().any(has), "{kind}: {streams}");
    }
    assert_eq!(streams["topology"]["nodes"][1]["stores"], json!(["minutes"]), "{streams}");
    let changelogs = &streams["topology"]["subtopologies"][0]["changelogs"];
    assert_eq!(*changelogs, json!(["sensor-averages-minutes-changelog"]), "copies are kept of what there is");
    let stopped = described(&klamm, "sensor-alerts");
    assert_eq!((&stopped["type"], &stopped["state"]), (&json!("streams"), &json!("Empty")), "{stopped}");
    let consumer = described(&klamm, "price-cache");
    assert_eq!((&consumer["type"], &consumer["assignor"]), (&json!("consumer"), &json!("uniform")));
    assert_eq!(consumer["members"][0]["target"], consumer["members"][0]["partitions"], "{consumer}");
    let simple = described(&klamm, "refunds-audit");
    assert_eq!((&simple["type"], &simple["protocol_type"]), (&json!("classic"), &json!("")), "{simple}");
    assert_eq!((&simple["state"], &simple["role"]), (&json!("Empty"), &json!("simple")), "{simple}");
    let connect = described(&klamm, "connect-cluster");
    assert_eq!((&connect["protocol_type"], &connect["role"]), (&json!("connect"), &json!("connect_workers")));
}
