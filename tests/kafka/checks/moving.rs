//! Offsets on their way: copied to another group, written down, committed from a
//! file, and reset for several groups or only where records wait.

use super::changing::{is_assigned, offsets, scene};
use super::fill;
use crate::klamm::{DONE, FAILED, Klamm, REFUSED, items};
use crate::patience::{SHORT, until};
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::json;

pub fn copied(target: &Target) {
    let (topic, group, new) = ("check.copy", "check-copy", "check-copy-new");
    let witness = scene(target, topic, group);
    let klamm = Klamm::on(target);
    let ran = klamm.run(&["groups", "copy", group, new, "--yes"]);
    assert!(ran.stderr.contains("--create-group"), "says how: {}", ran.stderr);
    let plan = klamm.json(&["groups", "copy", group, new, "--create-group", "--dry-run"]);
    assert!(plan["plan"]["title"].to_string().contains("creates the group"), "{plan}");
    // Kafka keeps offsets for seven days, and nobody was ever in this group.
    assert!(plan["plan"]["warnings"].to_string().contains(", 7 d from now"), "{plan}");
    let done = klamm.json(&["groups", "copy", group, new, "--create-group", "--yes"]);
    assert_eq!(witness.committed(new, topic, 2), offsets([(0, 4), (1, 6)]));
    let id = done["plan"]["id"].as_str().expect("a plan has an id");
    klamm.json(&["journal", "undo", id, "--yes"]);
    assert_eq!(witness.committed(new, topic, 2), offsets([]));
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 6)]), "the one that was copied stays");
}

/// What export writes, import commits: in either form, and of several groups at once.
pub fn written_down(target: &Target) {
    let (topic, first, second) = ("check.export", "check-export-a", "check-export-b");
    let witness = scene(target, topic, first);
    witness.commit(second, topic, &[(1, 3)]);
    let klamm = Klamm::on(target);
    let one = klamm.run(&["groups", "export", first]).succeeded();
    assert_eq!(one.stdout, format!("{topic},0,4\n{topic},1,6\n"), "as Kafka's own tool writes it");
    let both = klamm.run(&["groups", "export", first, second]).succeeded();
    assert_eq!(both.stdout, format!("{first},{topic},0,4\n{first},{topic},1,6\n{second},{topic},1,3\n"));
    let json = klamm.run(&["groups", "export", first, second, "--format", "json"]).succeeded();

    for (name, text) in [("offsets.csv", &both.stdout), ("offsets.json", &json.stdout)] {
        witness.commit(first, topic, &[(0, 9), (1, 9)]);
        witness.commit(second, topic, &[(1, 9)]);
        let file = klamm.write(name, text);
        let file = file.to_str().expect("a path");
        let done = klamm.json(&["groups", "import", file, "--yes"]);
        assert_eq!(items(&done).len(), 3, "{done}");
        assert_eq!(witness.committed(first, topic, 2), offsets([(0, 4), (1, 6)]));
        assert_eq!(witness.committed(second, topic, 2), offsets([(1, 3)]));
        let id = done["plan"]["id"].as_str().expect("a plan has an id");
        klamm.json(&["journal", "undo", id, "--yes"]);
        assert_eq!(witness.committed(first, topic, 2), offsets([(0, 9), (1, 9)]));
        assert_eq!(witness.committed(second, topic, 2), offsets([(1, 9)]));
    }
    // What is noted beside an offset goes with it, by file and by copy.
    let noted =
        json!({"items": [{"group": first, "topic": topic, "partition": 0, "offset": 4, "metadata": "by hand"}]});
    let file = klamm.write("noted.json", &noted.to_string());
    klamm.json(&["groups", "import", file.to_str().expect("a path"), "--yes"]);
    klamm.json(&["groups", "copy", first, "check-export-c", "--create-group", "--yes"]);
    for group in [first, "check-export-c"] {
        let notes: Vec<_> =
            klamm.items(&["groups", "export", group]).iter().map(|row| row["metadata"].clone()).collect();
        assert_eq!(notes, [json!("by hand"), json!("")], "{group}");
    }
    let file = klamm.write("one.csv", &one.stdout);
    let words = ["groups", "import", file.to_str().expect("a path"), "--group", second, "--yes"];
    klamm.json(&words);
    assert_eq!(witness.committed(second, topic, 2), offsets([(0, 4), (1, 6)]));
}

/// Several groups in one plan, refused whole where one of them is alive, undone whole.
pub fn several_groups(target: &Target) {
    let (topic, first, second) = ("check.several", "check-several-a", "check-several-b");
    let witness = scene(target, topic, first);
    witness.commit(second, topic, &[(0, 2), (1, 2)]);
    let klamm = Klamm::on(target);
    let words = ["groups", "reset", first, second, "--topic", topic, "--to-latest", "--yes"];
    let member = witness.join(second, topic);
    is_assigned(&member);
    let ran = klamm.run(&words).ended_with(REFUSED);
    assert!(ran.stderr.contains(second), "{}", ran.stderr);
    assert_eq!(witness.committed(first, topic, 2), offsets([(0, 4), (1, 6)]), "refused whole");
    drop(member);
    let done = klamm.json(&[&words[..], &["--wait", "60s"]].concat());
    let owners: Vec<_> = items(&done).iter().map(|item| item["group"].clone()).collect();
    assert_eq!(owners, [json!(first), json!(first), json!(second), json!(second)]);
    assert_eq!(witness.committed(first, topic, 2), offsets([(0, 10), (1, 10)]));
    assert_eq!(witness.committed(second, topic, 2), offsets([(0, 10), (1, 10)]));
    let id = done["plan"]["id"].as_str().expect("a plan has an id");
    klamm.json(&["journal", "undo", id, "--yes"]);
    assert_eq!(witness.committed(first, topic, 2), offsets([(0, 4), (1, 6)]));
    assert_eq!(witness.committed(second, topic, 2), offsets([(0, 2), (1, 2)]));
    // The one that had a member keeps its offsets from when that left, not from this commit.
    until("when they expire", SHORT, || {
        let plan = klamm.json(&["groups", "reset", second, "--all-topics", "--to-latest", "--dry-run"]);
        let warnings = plan["plan"]["warnings"].to_string();
        let is_known = warnings.contains("these offsets expire") && warnings.contains("after the group became empty");
        if is_known { Ok(()) } else { Err(warnings) }
    });
}

/// What a group reads next, and what is around it; where nothing waits, what it read last.
pub fn peek(target: &Target) {
    let (topic, group) = ("check.peek", "check-peek");
    let witness = scene(target, topic, group);
    witness.commit(group, topic, &[(1, 10)]);
    let klamm = Klamm::on(target);
    let seen = |words: &[&str]| -> Vec<(i64, i64, String, String)> {
        let number = |line: &serde_json::Value, name: &str| line[name].as_i64().expect("a number");
        let text = |line: &serde_json::Value, name: &str| line[name].as_str().expect("a text").to_owned();
        let lines = klamm.records(&[&["groups", "peek", group], words].concat());
        let row = |line: &serde_json::Value| {
            (number(line, "partition"), number(line, "offset"), text(line, "place"), text(line, "value"))
        };
        lines.iter().map(row).collect()
    };
    let row = |partition, offset, place: &str, value: &str| (partition, offset, place.to_owned(), value.to_owned());
    assert_eq!(
        seen(&[]),
        [row(0, 3, "before", "a-3"), row(0, 4, "next", "a-4"), row(0, 5, "after", "a-5"), row(1, 9, "before", "b-9")]
    );
    let one = format!("{topic}:0");
    assert_eq!(seen(&["--topic", &one, "--before", "0", "--after", "0"]), [row(0, 4, "next", "a-4")]);
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 10)]), "a look moves nothing");
}

/// A group of another cluster goes on here, where the mirror of that put it.
pub fn from_a_mirror(target: &Target) {
    let (alias, group) = ("check-west", "check-mirrored");
    let topic = format!("{alias}.orders");
    let witness = Witness::new(target);
    witness.create_topic(&topic, 2, 1, &[]);
    fill(&witness, &topic, 0, "a", 10);
    fill(&witness, &topic, 1, "b", 10);
    let klamm = Klamm::on(target);
    let words = ["groups", "reset", group, "--from-mirror", alias, "--create-group"];
    let ran = klamm.run(&[&words[..], &["--yes"]].concat()).ended_with(FAILED);
    assert!(ran.stderr.contains("check-west.checkpoints.internal"), "{}", ran.stderr);
    let log = &format!("{alias}.checkpoints.internal");
    witness.create_topic(log, 1, 1, &[("cleanup.policy", "compact")]);
    for (partition, offset) in [(0, 2), (1, 6), (0, 4)] {
        checkpoint(&witness, log, group, &topic, partition, offset);
    }
    // A cluster in which nobody ever committed makes its log of commits first.
    witness.commit("check-mirrored-first", &topic, &[(0, 1)]);
    let plan = until("the coordinator of the group", SHORT, || {
        let ran = klamm.run(&[&words[..], &["--dry-run", "--output", "json"]].concat());
        if ran.code == DONE { Ok(ran.json()) } else { Err(ran.stderr) }
    });
    assert!(plan["plan"]["title"].to_string().contains("the mirror of check-west"), "{plan}");
    let done = klamm.json(&[&words[..], &["--yes"]].concat());
    assert_eq!(witness.committed(group, &topic, 2), offsets([(0, 4), (1, 6)]), "the newest of each");
    let id = done["plan"]["id"].as_str().expect("a plan has an id");
    klamm.json(&["journal", "undo", id, "--yes"]);
    assert_eq!(witness.committed(group, &topic, 2), offsets([]));
    let ran = klamm.run(&["groups", "reset", "check-elsewhere", "--from-mirror", alias, "--create-group", "--yes"]);
    assert!(ran.stderr.contains("there is none of group check-elsewhere"), "{}", ran.stderr);
}

/// What MirrorMaker writes down of a group, of which it read 90 records more at the source.
fn checkpoint(witness: &Witness, log: &str, group: &str, topic: &str, partition: i32, offset: i64) {
    let text = |text: &str| [&u16::try_from(text.len()).expect("short").to_be_bytes()[..], text.as_bytes()].concat();
    let key = [text(group), text(topic), partition.to_be_bytes().to_vec()].concat();
    let value = [&[0_u8; 2][..], &(offset + 90).to_be_bytes(), &offset.to_be_bytes(), &text("")[..]].concat();
    witness.produce(log, &[Seed { key: Some(&key), value: Some(&value), ..Seed::default() }]);
}

/// A mirror with a separator of its own that keeps the names of topics.
pub fn from_a_mirror_that_keeps_names(target: &Target) {
    let (topic, group, log) = ("check.kept.orders", "check-kept", "check-east-checkpoints-internal");
    let witness = scene(target, topic, group);
    witness.create_topic(log, 1, 1, &[("cleanup.policy", "compact")]);
    checkpoint(&witness, log, group, topic, 1, 3);
    let klamm = Klamm::on(target);
    let plan = klamm.json(&["groups", "reset", group, "--from-mirror", "check-east", "--yes"]);
    assert!(plan["plan"]["title"].to_string().contains("the mirror of check-east"), "{plan}");
    assert_eq!(witness.committed(group, topic, 2), offsets([(0, 4), (1, 3)]), "what is not mirrored stays");
    let ran = klamm.run(&["groups", "reset", group, "--from-mirror", "check-south", "--yes"]).ended_with(FAILED);
    assert!(ran.stderr.contains("check-east (check-east-checkpoints-internal)"), "{}", ran.stderr);
    // As long as it is there, every empty group of the cluster may be the mirror's.
    witness.delete_topic(log);
}

/// Several topics, and of them only where records wait to be read.
pub fn only_lagging(target: &Target) {
    let (topic, other, group) = ("check.lagging.a", "check.lagging.b", "check-lagging");
    let witness = scene(target, topic, group);
    witness.create_topic(other, 1, 1, &[]);
    fill(&witness, other, 0, "c", 3);
    witness.commit(group, topic, &[(0, 10)]);
    witness.commit(group, other, &[(0, 1)]);
    let klamm = Klamm::on(target);
    let words = ["groups", "reset", group, "--topic", topic, "--topic", other, "--lagging", "--to-latest", "--yes"];
    let moved: Vec<_> =
        klamm.items(&words).iter().map(|item| (item["topic"].clone(), item["partition"].clone())).collect();
    assert_eq!(moved, [(json!(topic), json!(1)), (json!(other), json!(0))]);
    let ran = klamm.run(&words);
    assert!(ran.stderr.contains("read everything"), "{}", ran.stderr);
}
