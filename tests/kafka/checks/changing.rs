//! Changing: shown first, done as shown, read back, journaled, undone.

use super::fill;
use crate::console::Console;
use crate::klamm::{DONE, Klamm, REFUSED};
use crate::patience::{SHORT, until};
use crate::target::Target;
use crate::witness::{Member, Witness};
use serde_json::json;
use std::collections::BTreeMap;

pub(super) fn offsets<const N: usize>(pairs: [(i32, i64); N]) -> BTreeMap<i32, i64> {
    BTreeMap::from(pairs)
}

/// A topic of two partitions with ten records each, and a group in the middle.
pub(super) fn scene(target: &Target, topic: &str, group: &str) -> Witness {
    let witness = Witness::new(target);
    witness.create_topic(topic, 2, 1, &[]);
    fill(&witness, topic, 0, "a", 10);
    fill(&witness, topic, 1, "b", 10);
    witness.commit(group, topic, &[(0, 4), (1, 6)]);
    witness
}

/// Waits until a member holds both partitions.
pub(super) fn is_assigned(member: &Member) {
    until("the member's assignment", SHORT, || match member.assigned() {
        2 => Ok(()),
        held => Err(format!("it holds {held}")),
    });
}

pub fn reset_and_undo(target: &Target) {
    let (topic, group) = ("check.reset", "check-reset");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target);
    let words = ["groups", "reset", group, "--topic", topic, "--to-earliest"];

    let before = offsets([(0, 4), (1, 6)]);
    let plan = klamm.json(&[&words[..], &["--dry-run"]].concat());
    assert_eq!(witness.committed(group, topic, 2), before, "a dry run changes nothing");
    let moves = crate::klamm::items(&plan);
    let shown: BTreeMap<i64, (i64, i64)> = moves
        .iter()
        .filter_map(|item| Some((item["partition"].as_i64()?, (item["committed"].as_i64()?, item["target"].as_i64()?))))
        .collect();
    assert_eq!(shown, BTreeMap::from([(0, (4, 0)), (1, (6, 0))]), "each partition, before and after: {plan}");

    klamm.run(&words).ended_with(REFUSED);
    assert_eq!(witness.committed(group, topic, 2), before, "without --yes and without a terminal nothing changes");

    klamm.json(&[&words[..], &["--yes"]].concat());
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 0), (1, 0)]));

    let journal = klamm.items(&["journal", "list"]);
    let id = journal[0]["id"].as_str().expect("an entry has an id").to_owned();
    klamm.json(&["journal", "show", &id]);
    klamm.json(&["journal", "undo", &id, "--yes"]);
    assert_eq!(witness.committed(group, topic, 2), before, "undone");
}

pub fn reset_scope(target: &Target) {
    let (topic, group) = ("check.reset.scope", "check-reset-scope");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target);
    klamm.json(&["groups", "reset", group, "--topic", &format!("{topic}:1"), "--to-offset", "9", "--yes"]);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 9)]));
    klamm.json(&["groups", "reset", group, "--all-topics", "--shift-by", "-2", "--yes"]);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 2), (1, 7)]));
    // Beyond the log is clamped to its end.
    klamm.json(&["groups", "reset", group, "--topic", topic, "--to-offset", "5000", "--yes"]);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 10), (1, 10)]));
}

/// What retention deleted cannot be read again: the target is the log's start, and
/// the plan says so.
pub fn below_the_log_start(target: &Target) {
    let (topic, group) = ("check.reset.start", "check-reset-start");
    let witness = scene(target, topic, group);
    witness.delete_records(topic, 0, 7);
    let klamm = Klamm::on(target);
    let words = ["groups", "reset", group, "--topic", topic, "--to-offset", "2"];
    let moves = klamm.items(&[&words[..], &["--dry-run"]].concat());
    let first = moves.iter().find(|item| item["partition"] == json!(0)).expect("partition 0 is in the plan");
    assert_eq!((&first["target"], &first["adjusted"]), (&json!(7), &json!("raised_to_start")), "{first}");
    klamm.json(&[&words[..], &["--yes"]].concat());
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 7), (1, 2)]));
}

pub fn reset_of_a_living_group(target: &Target) {
    let (topic, group) = ("check.reset.living", "check-reset-living");
    let witness = scene(target, topic, group);
    let member = witness.join(group, topic);
    is_assigned(&member);
    let klamm = Klamm::on(target);
    let ran = klamm.run(&["groups", "reset", group, "--topic", topic, "--to-earliest", "--yes"]).ended_with(REFUSED);
    assert!(ran.stderr.contains(group), "says which group: {}", ran.stderr);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 6)]));
}

/// Empty when it was shown, alive when it was confirmed: looked at again, refused.
pub fn came_alive(target: &Target) {
    let (topic, group) = ("check.reset.alive", "check-reset-alive");
    is_refused_when_it_came_alive(target, topic, group, &["reset", group, "--topic", topic, "--to-earliest"]);
}

pub fn came_alive_before_its_end(target: &Target) {
    let (topic, group) = ("check.gone.alive", "check-gone-alive");
    is_refused_when_it_came_alive(target, topic, group, &["delete", group]);
}

fn is_refused_when_it_came_alive(target: &Target, topic: &str, group: &str, change: &[&str]) {
    let witness = scene(target, topic, group);
    let words = [&["--bootstrap", &target.bootstrap, "groups"], change].concat();
    let mut console = Console::open(&words, 160, 50);
    console.sees("Type y");
    let member = witness.join(group, topic);
    is_assigned(&member);
    console.press("y<enter>");
    assert_eq!(i32::try_from(console.ends()), Ok(REFUSED), "{}", console.screen());
    assert!(console.screen().contains("1 member (rdkafka on "), "who, and where: {}", console.screen());
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 6)]));
}

/// A change that cannot be written down is not made.
pub fn no_journal(target: &Target) {
    let (topic, group) = ("check.reset.journal", "check-reset-journal");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target).without_state();
    let ran = klamm.run(&["groups", "reset", group, "--topic", topic, "--to-earliest", "--yes"]);
    assert_ne!(ran.code, DONE, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("journal"), "says what could not be written: {}", ran.stderr);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 6)]));
}

pub fn add_partitions(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.partitions";
    witness.create_topic(topic, 2, 1, &[]);
    fill(&witness, topic, 0, "a", 5);
    let klamm = Klamm::on(target);
    let words = ["topics", "add-partitions", topic, "--to", "5"];
    klamm.json(&[&words[..], &["--dry-run"]].concat());
    assert_eq!(witness.partitions(topic), Ok(2), "a dry run changes nothing");
    klamm.json(&[&words[..], &["--yes"]].concat());
    until("five partitions", SHORT, || match witness.partitions(topic)? {
        5 => Ok(()),
        count => Err(format!("there are {count}")),
    });
    assert_eq!(witness.ends(topic, 0), (0, 5), "the records are where they were");
}

/// One plan adds partitions and commits offset 0 there for a group that is away;
/// one that is there is named with why not. Undo takes the commits back.
pub fn commit_zero(target: &Target) {
    let (topic, away, here) = ("check.zero", "check-zero-away", "check-zero-here");
    let witness = Witness::new(target);
    witness.create_topic(topic, 2, 1, &[]);
    fill(&witness, topic, 0, "a", 5);
    witness.commit(away, topic, &[(0, 3)]);
    let member = witness.join(here, topic);
    is_assigned(&member);
    let klamm = Klamm::on(target);
    let words = ["topics", "add-partitions", topic, "--to", "4"];
    let plan = klamm.json(&[&words[..], &["--commit-zero", "--dry-run"]].concat());
    let said = plan["plan"]["warnings"].to_string();
    assert!(said.contains(&format!("{here} is not given offset 0: it is ")), "names who is there, and why: {said}");
    klamm.run(&[&words[..], &[&format!("--commit-zero={here}"), "--yes"]].concat()).ended_with(REFUSED);
    assert_eq!(witness.partitions(topic), Ok(2), "refused whole");

    let applied = klamm.json(&[&words[..], &["--commit-zero", "--yes"]].concat());
    let done: Vec<_> = crate::klamm::items(&applied)
        .iter()
        .map(|item| (item["step"].clone(), item["group"].clone(), item["status"].clone()))
        .collect();
    assert_eq!(
        done,
        [
            (json!("add_partitions"), json!(null), json!("done")),
            (json!("move_offset"), json!(away), json!("done")),
            (json!("move_offset"), json!(away), json!("done")),
        ]
    );
    assert_eq!(witness.partitions(topic), Ok(4));
    assert_eq!(witness.committed(away, topic, 4), offsets([(0, 3), (2, 0), (3, 0)]));

    let id = applied["plan"]["id"].as_str().expect("a plan has an id");
    klamm.json(&["journal", "undo", id, "--yes"]);
    assert_eq!(witness.committed(away, topic, 4), offsets([(0, 3)]), "the commits are taken back");
    assert_eq!(witness.partitions(topic), Ok(4), "the partitions stay");
}

/// Where nothing was committed, undo deletes: whether one may is looked up before.
pub fn right_to_undo(target: &Target) {
    let (topic, group) = ("check.right", "check-right");
    let witness = Witness::new(target);
    witness.create_topic(topic, 2, 1, &[]);
    witness.commit(group, topic, &[(0, 0)]);
    let klamm = Klamm::on(target);
    let plan = klamm.json(&["groups", "reset", group, "--topic", topic, "--to-earliest", "--dry-run"]);
    let checks = plan["plan"]["checks"].as_array().expect("checks");
    let advice: Vec<_> = checks.iter().filter(|check| check["is_advice"] == json!(true)).collect();
    assert_eq!(advice.len(), 1, "{plan}");
    assert_eq!(advice[0]["passed"], json!(true), "everybody may everything here: {plan}");
}

pub fn create_and_delete(target: &Target) {
    let witness = Witness::new(target);
    let topic = "check.created";
    let klamm = Klamm::on(target);
    klamm.json(&["topics", "create", topic, "--partitions", "3", "--replication-factor", "1", "--yes"]);
    until("the new topic", SHORT, || match witness.partitions(topic)? {
        3 => Ok(()),
        count => Err(format!("{count} partitions are there")),
    });
    klamm.json(&["topics", "delete", topic, "--yes"]);
    until("the topic to go", SHORT, || {
        if witness.topics()?.iter().any(|name| name == topic) { Err("it is still listed".to_owned()) } else { Ok(()) }
    });
}

/// A slip of the finger in a group's name is answered with the group that is there.
pub fn mistyped(target: &Target) {
    let (topic, group) = ("check.mistyped", "check-mistyped");
    scene(target, topic, group);
    let klamm = Klamm::on(target);
    let attempts: [&[&str]; 8] = [
        &["describe", "check-mistpyed"],
        &["lag", "check-mistpyed"],
        &["verdict", "check-mistpyed"],
        &["peek", "check-mistpyed"],
        &["reset", "check-mistpyed", "--topic", topic, "--to-earliest", "--yes"],
        &["delete", "check-mistpyed", "--yes"],
        &["delete-offsets", "check-mistpyed", "--topic", topic, "--yes"],
        &["remove-members", "check-mistpyed", "--all", "--yes"],
    ];
    for words in attempts {
        let ran = klamm.run(&[&["groups"], words].concat());
        assert!(ran.stderr.contains("Did you mean check-mistyped?"), "{words:?}: {}", ran.stderr);
    }
}

pub fn read_only(target: &Target) {
    let (topic, group) = ("check.readonly", "check-readonly");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target);
    let attempts: [&[&str]; 6] = [
        &["groups", "delete", group, "--yes"],
        &["groups", "delete-offsets", group, "--topic", topic, "--yes"],
        &["groups", "reset", group, "--topic", topic, "--to-earliest", "--yes"],
        &["topics", "add-partitions", topic, "--to", "9", "--yes"],
        &["topics", "delete", topic, "--yes"],
        &["topics", "create", "check.readonly.new", "--yes"],
    ];
    for words in attempts {
        let ran = klamm.run(&[&["--read-only"], words].concat()).ended_with(REFUSED);
        assert!(ran.stderr.contains("read-only"), "says why: {}", ran.stderr);
    }
    // The plan opens all the same.
    let dry_run = ["--read-only", "groups", "reset", group, "--topic", topic, "--to-earliest", "--dry-run"];
    klamm.run(&dry_run).ended_with(DONE);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 6)]));
    assert_eq!(witness.partitions(topic), Ok(2));
    let topics = witness.topics().expect("topics are listed");
    assert!(topics.iter().any(|name| name == topic));
    assert!(!topics.iter().any(|name| name == "check.readonly.new"));
    assert_eq!(json!(klamm.run(&["--read-only", "topics", "list"]).code), json!(DONE));
}
