//! Taking away: groups, some of their offsets, and members; put back where that can be.

use super::changing::{is_assigned, offsets, scene};
use crate::klamm::{DONE, FAILED, Klamm, REFUSED, items};
use crate::patience::{SHORT, until};
use crate::target::Target;
use serde_json::{Value, json};

fn is_there(klamm: &Klamm, group: &str) -> bool {
    klamm.items(&["groups", "list"]).iter().any(|row| row["group"] == json!(group))
}

fn statuses(document: &Value) -> Vec<(Value, Value)> {
    items(document).iter().map(|item| (item["step"].clone(), item["status"].clone())).collect()
}

pub fn group(target: &Target) {
    let (topic, group) = ("check.gone", "check-gone");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target);
    let before = offsets([(0, 4), (1, 6)]);
    let plan = klamm.json(&["groups", "delete", group, "--dry-run"]);
    assert_eq!(items(&plan).len(), 3, "the group, and each of its offsets: {plan}");
    assert!(is_there(&klamm, group), "a dry run changes nothing");
    klamm.run(&["groups", "delete", group]).ended_with(REFUSED);
    assert!(is_there(&klamm, group), "without --yes and without a terminal nothing changes");

    let done = klamm.json(&["groups", "delete", group, "--yes"]);
    assert!(statuses(&done).iter().all(|(_, status)| *status == json!("done")), "{done}");
    until("the group to be gone", SHORT, || if is_there(&klamm, group) { Err("it is there".into()) } else { Ok(()) });

    let id = done["plan"]["id"].as_str().expect("a plan has an id");
    let undone = klamm.json(&["journal", "undo", id, "--yes"]);
    assert!(undone["plan"]["title"].to_string().contains("creates the group"), "{undone}");
    assert_eq!(witness.committed(group, topic, 2), before, "its offsets are committed again");
}

/// Several at once, and one of them alive: named, refused whole.
pub fn groups(target: &Target) {
    let (topic, first, second) = ("check.gone.many", "check-gone-a", "check-gone-b");
    let witness = scene(target, topic, first);
    witness.commit(second, topic, &[(0, 1)]);
    let klamm = Klamm::on(target);
    let member = witness.join(second, topic);
    is_assigned(&member);
    let ran = klamm.run(&["groups", "delete", first, second, "--yes"]).ended_with(REFUSED);
    assert!(ran.stderr.contains(second) && ran.stderr.contains(" at "), "who is there, and where: {}", ran.stderr);
    assert!(is_there(&klamm, first), "nothing was sent");
    drop(member);
    let words = ["groups", "delete", first, second, "--wait", "60s", "--yes"];
    let done = klamm.json(&words);
    assert!(statuses(&done).iter().all(|(_, status)| *status == json!("done")), "{done}");
    let id = done["plan"]["id"].as_str().expect("a plan has an id");
    klamm.json(&["journal", "undo", id, "--yes"]);
    assert_eq!(witness.committed(first, topic, 2), offsets([(0, 4), (1, 6)]));
    assert_eq!(witness.committed(second, topic, 2), offsets([(0, 1)]));
}

pub fn some_offsets(target: &Target) {
    let (topic, group) = ("check.gone.offsets", "check-gone-offsets");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target);
    let one = format!("{topic}:1");
    let done = klamm.json(&["groups", "delete-offsets", group, "--topic", &one, "--yes"]);
    assert_eq!(statuses(&done), [(json!("move_offset"), json!("done"))]);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4)]));
    let id = done["plan"]["id"].as_str().expect("a plan has an id");
    klamm.json(&["journal", "undo", id, "--yes"]);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 6)]));

    // What a member reads stays.
    let member = witness.join(group, topic);
    is_assigned(&member);
    let ran = klamm.run(&["groups", "delete-offsets", group, "--topic", topic, "--yes"]).ended_with(REFUSED);
    assert!(ran.stderr.contains("no member reads"), "{}", ran.stderr);
    assert_eq!(witness.committed(group, topic, 2).len(), 2);
}

/// Settings of a group are shown before and after, set, read back and undone; where the
/// cluster keeps none, it says so.
pub fn settings(target: &Target) {
    let (topic, group) = ("check.settings", "check-settings");
    scene(target, topic, group);
    let klamm = Klamm::on(target);
    let ran = klamm.run(&["groups", "configs", group, "--output", "json"]);
    if ran.code != DONE {
        assert!(ran.stderr.contains("keeps no settings of groups"), "{}", ran.stderr);
        let words = ["groups", "configure", group, "--set", "consumer.session.timeout.ms=50000", "--yes"];
        let ran = klamm.run(&words).ended_with(FAILED);
        assert!(ran.stderr.contains("keeps no settings of groups"), "{}", ran.stderr);
        return;
    }
    let name = "consumer.session.timeout.ms";
    let shown = || {
        let rows = klamm.items(&["groups", "configs", group]);
        let row = rows.iter().find(|row| row["name"] == json!(name)).expect("the setting").clone();
        (row["value"].clone(), row["is_set"].clone())
    };
    let before = shown();
    assert_eq!(before.1, json!(false));
    let set = format!("{name}=50000");
    let words = ["groups", "configure", group, "--set", &set];
    let plan = klamm.items(&[&words[..], &["--dry-run"]].concat());
    assert_eq!((&plan[0]["before"], &plan[0]["target"]), (&json!(null), &json!("50000")));
    assert_eq!(shown(), before, "a dry run changes nothing");
    let done = klamm.json(&[&words[..], &["--yes"]].concat());
    assert_eq!(statuses(&done), [(json!("set_group_config"), json!("done"))], "{done}");
    assert_eq!(shown(), (json!("50000"), json!(true)));
    let id = done["plan"]["id"].as_str().expect("a plan has an id");
    klamm.json(&["journal", "undo", id, "--yes"]);
    assert_eq!(shown(), before, "undone");
    let ran = klamm.run(&["groups", "configure", group, "--set", "no.such.setting=1", "--yes"]).ended_with(FAILED);
    assert!(ran.stderr.contains("no setting no.such.setting"), "{}", ran.stderr);
    let wrong = format!("{name}=soon");
    klamm.run(&["groups", "configure", group, "--set", &wrong, "--yes"]).ended_with(FAILED);
    assert_eq!(shown(), before, "what the cluster does not take is not tried");
}

/// A member that was taken out is out; the offsets stay where they are. It is not
/// polled, so it does not come back by itself.
pub fn members(target: &Target) {
    taken_out(target, "check-leavers", &[]);
}

/// The same of a group in which the broker assigns.
pub fn members_of_the_consumer_protocol(target: &Target) {
    taken_out(target, "check-leavers-modern", &[("group.protocol", "consumer")]);
}

fn taken_out(target: &Target, group: &str, settings: &[(&str, &str)]) {
    let topic = format!("{group}.topic");
    let witness = scene(target, &topic, group);
    let klamm = Klamm::on(target);
    let member = witness.join_with(group, &topic, settings);
    is_assigned(&member);
    let described = klamm.items(&["groups", "describe", group]);
    let id = described[0]["members"][0]["member_id"].as_str().expect("a member").to_owned();
    let plan = klamm.json(&["groups", "remove-members", group, "--member", &id, "--dry-run"]);
    assert_eq!(items(&plan)[0]["member_id"], json!(id));
    assert!(plan["plan"]["not_undoable"].is_string(), "{plan}");
    klamm.run(&["groups", "remove-members", group, "--all"]).ended_with(REFUSED);
    let done = klamm.json(&["groups", "remove-members", group, "--all", "--yes"]);
    assert_eq!(statuses(&done), [(json!("remove_member"), json!("done"))], "{done}");
    assert_eq!(witness.committed(group, &topic, 2), offsets([(0, 4), (1, 6)]));
    let ran = klamm.run(&["groups", "remove-members", group, "--member", &id, "--yes"]).ended_with(FAILED);
    assert!(ran.stderr.contains("no member"), "{}", ran.stderr);
}

/// A static member that stopped keeps its place, and the group its members, until its
/// session ends: taken out by its instance id, the group is empty at once.
pub fn static_members(target: &Target) {
    static_member_out(target, "check-leavers-static", ("session.timeout.ms", "240000"));
}

pub fn static_members_of_the_consumer_protocol(target: &Target) {
    static_member_out(target, "check-leavers-static-modern", ("group.protocol", "consumer"));
}

fn static_member_out(target: &Target, group: &str, setting: (&str, &str)) {
    let topic = &format!("{group}.topic");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target);
    let member = witness.join_with(group, topic, &[("group.instance.id", "pod-7"), setting]);
    is_assigned(&member);
    drop(member);
    klamm.run(&["groups", "reset", group, "--topic", topic, "--to-earliest", "--yes"]).ended_with(REFUSED);
    let done = klamm.json(&["groups", "remove-members", group, "--instance", "pod-7", "--yes"]);
    assert_eq!(statuses(&done), [(json!("remove_member"), json!("done"))], "{done}");
    assert_eq!(items(&done)[0]["instance_id"], json!("pod-7"));
    klamm.json(&["groups", "reset", group, "--topic", topic, "--to-earliest", "--yes"]);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 0), (1, 0)]));
}
