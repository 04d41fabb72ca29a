//! A change that began and whose result was never written, as after a crash: said
//! at every look, judged by what the cluster shows, finished or settled.
//!
//! A crash is made by taking lines out of the journal: without its result, a change
//! crashed after sending; with the world put back as well, before it.

use super::fill;
use crate::klamm::{DONE, Klamm, PARTLY, REFUSED, items};
use crate::patience::{SHORT, until};
use crate::target::Target;
use crate::witness::Witness;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// The change's id, and its intent as the journal holds it.
fn intent(klamm: &Klamm, words: &[&str]) -> (String, String) {
    let applied = klamm.json(&[words, &["--yes"]].concat());
    let id = applied["plan"]["id"].as_str().expect("a plan has an id").to_owned();
    let journal = fs::read_to_string(klamm.journal()).expect("a journal");
    let line = journal.lines().rfind(|line| line.contains("\"intent\"") && line.contains(&id)).expect("an intent");
    (id, line.to_owned())
}

/// The journal holds this intent and nothing else.
fn crash(klamm: &Klamm, intent: &str) {
    fs::write(klamm.journal(), format!("{intent}\n")).expect("the journal is written");
}

/// What is said of each step now, after the list was seen to say that it is unfinished.
fn shown(klamm: &Klamm, id: &str, code: i32) -> Vec<Value> {
    let list = klamm.run(&["journal", "list", "--output", "json"]).ended_with(DONE);
    assert!(list.stderr.contains("never written") && list.stderr.contains(id), "it is announced: {}", list.stderr);
    let ran = klamm.run(&["journal", "show", id, "--output", "json"]).ended_with(code);
    items(&ran.json()).iter().map(|item| item["status"].clone()).collect()
}

fn is_closed(klamm: &Klamm) {
    let list = klamm.run(&["journal", "list"]).ended_with(DONE);
    assert!(!list.stderr.contains("never written"), "{}", list.stderr);
}

pub fn offsets(target: &Target) {
    let (topic, group) = ("check.cut.reset", "check-cut-reset");
    let witness = Witness::new(target);
    witness.create_topic(topic, 2, 1, &[]);
    for partition in [0, 1] {
        fill(&witness, topic, partition, "a", 10);
    }
    witness.commit(group, topic, &[(0, 4), (1, 6)]);
    let klamm = Klamm::on(target);
    let (id, line) = intent(&klamm, &["groups", "reset", group, "--topic", topic, "--to-earliest"]);

    // After sending: all done, nothing to finish; settled, and undone as ever.
    crash(&klamm, &line);
    assert_eq!(shown(&klamm, &id, DONE), [json!("done"), json!("done")]);
    let ran = klamm.run(&["journal", "finish", &id, "--yes"]).ended_with(REFUSED);
    assert!(ran.stderr.contains("nothing is left"), "{}", ran.stderr);
    klamm.run(&["journal", "settle", &id]).ended_with(DONE);
    is_closed(&klamm);
    klamm.json(&["journal", "undo", &id, "--yes"]);
    assert_eq!(witness.committed(group, topic, 2), BTreeMap::from([(0, 4), (1, 6)]));

    // Before sending: nothing done; the rest is all of it.
    crash(&klamm, &line);
    assert_eq!(shown(&klamm, &id, DONE), [json!("not_done"), json!("not_done")]);
    let finished = klamm.json(&["journal", "finish", &id, "--yes"]);
    assert_eq!(finished["plan"]["finishes"], json!(id));
    assert_eq!(witness.committed(group, topic, 2), BTreeMap::from([(0, 0), (1, 0)]));
    is_closed(&klamm);

    // In between: only the rest is planned.
    witness.commit(group, topic, &[(1, 6)]);
    crash(&klamm, &line);
    assert_eq!(shown(&klamm, &id, DONE), [json!("done"), json!("not_done")]);
    let rest = klamm.items(&["journal", "finish", &id, "--dry-run"]);
    assert_eq!(rest.iter().map(|item| item["partition"].clone()).collect::<Vec<_>>(), [json!(1)]);

    // Neither before nor after: nobody can tell, and nothing is sent.
    witness.commit(group, topic, &[(1, 3)]);
    assert_eq!(shown(&klamm, &id, PARTLY), [json!("done"), json!("unknown")]);
    klamm.run(&["journal", "finish", &id, "--yes"]).ended_with(REFUSED);
    assert_eq!(witness.committed(group, topic, 2), BTreeMap::from([(0, 0), (1, 3)]));
    klamm.run(&["journal", "settle", &id]).ended_with(PARTLY);
    is_closed(&klamm);
}

/// The id of a topic, as a plan to delete it names it; `None` on clusters without ids.
fn topic_id(klamm: &Klamm, topic: &str) -> Value {
    klamm.items(&["topics", "delete", topic, "--dry-run"])[0]["topic_id"].clone()
}

/// The same intent about another topic.
fn about(intent: &str, from: (&str, &Value), to: (&str, &Value)) -> String {
    let mut line = intent.replace(from.0, to.0);
    if let (Some(old), Some(new)) = (from.1.as_str(), to.1.as_str()) {
        line = line.replace(old, new);
    }
    line
}

pub fn partitions(target: &Target) {
    let (one, two) = ("check.cut.grown.a", "check.cut.grown.b");
    let witness = Witness::new(target);
    for topic in [one, two] {
        witness.create_topic(topic, 2, 1, &[]);
    }
    let klamm = Klamm::on(target);
    let ids = (topic_id(&klamm, one), topic_id(&klamm, two));
    let (id, line) = intent(&klamm, &["topics", "add-partitions", one, "--to", "4"]);
    crash(&klamm, &line);
    assert_eq!(shown(&klamm, &id, DONE), [json!("done")]);
    crash(&klamm, &about(&line, (one, &ids.0), (two, &ids.1)));
    assert_eq!(shown(&klamm, &id, DONE), [json!("not_done")]);
    klamm.json(&["journal", "finish", &id, "--yes"]);
    assert_eq!(witness.partitions(two), Ok(4));
    is_closed(&klamm);
}

pub fn creation(target: &Target) {
    let topic = "check.cut.created";
    let witness = Witness::new(target);
    let klamm = Klamm::on(target);
    let words = ["topics", "create", topic, "--partitions", "3", "--replication-factor", "1"];
    let (id, line) = intent(&klamm, &words);
    crash(&klamm, &line);
    assert_eq!(shown(&klamm, &id, DONE), [json!("done")]);
    klamm.json(&["topics", "delete", topic, "--yes"]);
    crash(&klamm, &line);
    until("the topic to be gone everywhere", SHORT, || match shown(&klamm, &id, DONE).as_slice() {
        [status] if *status == json!("not_done") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    klamm.json(&["journal", "finish", &id, "--yes"]);
    until("the topic", SHORT, || match witness.partitions(topic)? {
        3 => Ok(()),
        count => Err(format!("{count} partitions are there")),
    });
    is_closed(&klamm);
}

pub fn deletion(target: &Target) {
    let (one, two) = ("check.cut.deleted.a", "check.cut.deleted.b");
    let witness = Witness::new(target);
    for topic in [one, two] {
        witness.create_topic(topic, 2, 1, &[]);
    }
    let klamm = Klamm::on(target);
    let ids = (topic_id(&klamm, one), topic_id(&klamm, two));
    let (id, line) = intent(&klamm, &["topics", "delete", one]);
    crash(&klamm, &line);
    assert_eq!(shown(&klamm, &id, DONE), [json!("done")]);
    crash(&klamm, &about(&line, (one, &ids.0), (two, &ids.1)));
    if ids.1.is_null() {
        // Nothing tells whether it is the same topic.
        assert_eq!(shown(&klamm, &id, PARTLY), [json!("unknown")]);
        return;
    }
    assert_eq!(shown(&klamm, &id, DONE), [json!("not_done")]);
    klamm.json(&["journal", "finish", &id, "--yes"]);
    until("the topic to go", SHORT, || {
        if witness.topics()?.iter().any(|name| name == two) { Err("it is still listed".to_owned()) } else { Ok(()) }
    });
    is_closed(&klamm);
}
