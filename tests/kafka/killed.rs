//! SIGKILL at every step of every kind of change.
//!
//! The embedded cluster falls silent at one request after the other, which is either
//! carried out or lost; whoever waits for the answer is killed. What must hold then:
//! nothing was sent before the intent was journaled; the next start says that the
//! change was cut short and knows of each step whether it was done; it can be finished
//! or settled, and undone as if nothing had been.

use crate::klamm::{DONE, FAILED, Klamm, PARTLY, REFUSED, items};
use crate::patience::{SHORT, until};
use crate::target::{Security, Target};
use crate::witness::runtime;
use klamm::demo::{Clock, Demo, Options};
use klamm::domain::Time;
use serde_json::{Value, json};

/// On 2026-11-21.
const NOON: Time = Time(1_795_262_400_000);

/// A kind of change.
pub struct Kind {
    pub name: &'static str,
    /// The change, to which `--yes` is added.
    change: &'static str,
    /// What shows whether it was made.
    look: &'static str,
    /// The part of an item that tells.
    shows: fn(&Value) -> Value,
    can_undo: bool,
    /// What was not done can be done later: the journal holds all it takes.
    can_finish: bool,
}

/// It committed and stopped, so that its offsets may be changed: `GROUP` in the lines below.
const IDLE: &str = "invoice-export-nightly";

pub const KINDS: &[Kind] = &[
    Kind {
        name: "reset",
        change: "groups reset GROUP --all-topics --to-earliest",
        look: "groups export GROUP",
        shows: committed,
        can_undo: true,
        can_finish: true,
    },
    Kind {
        name: "reset of several groups",
        change: "groups reset GROUP killed-b --topic orders.v1 --to-offset 3 --create-group",
        look: "groups export killed-b GROUP",
        shows: committed,
        can_undo: true,
        can_finish: true,
    },
    Kind {
        name: "copy",
        change: "groups copy GROUP killed-copy --create-group",
        look: "groups export killed-copy",
        shows: committed,
        can_undo: true,
        can_finish: true,
    },
    Kind {
        name: "deletion of a group",
        change: "groups delete GROUP",
        look: "groups export GROUP",
        shows: committed,
        can_undo: true,
        can_finish: true,
    },
    Kind {
        name: "deletion of offsets",
        change: "groups delete-offsets GROUP --topic orders.v1",
        look: "groups export GROUP",
        shows: committed,
        can_undo: true,
        can_finish: true,
    },
    Kind {
        name: "removal of members",
        change: "groups remove-members order-processor --all",
        look: "groups describe order-processor",
        shows: |item| item["members"].clone(),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "reset of a share group",
        change: "groups reset label-printers --all-topics --to-earliest",
        look: "groups lag label-printers",
        shows: |item| json!([item["topic"], item["partition"], item["share_start_offset"]]),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "deletion of start offsets",
        change: "groups delete-offsets label-printers --topic shipping.labels",
        look: "groups lag label-printers",
        shows: |item| json!([item["topic"], item["partition"], item["share_start_offset"]]),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "reset of groups of several types",
        change: "groups reset GROUP label-printers sensor-alerts --all-topics --to-earliest",
        look: "groups lag GROUP label-printers sensor-alerts",
        shows: |item| json!([committed(item), item["committed"], item["share_start_offset"]]),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "settings of a group",
        change: "groups configure GROUP --set consumer.session.timeout.ms=50000",
        look: "groups configs GROUP",
        shows: |item| item["value"].clone(),
        can_undo: true,
        can_finish: true,
    },
    Kind {
        name: "creation of a topic",
        change: "topics create killed.topic --partitions 3 --replication-factor 1",
        look: "topics list --filter killed.topic",
        shows: |item| item["partitions"].clone(),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "more partitions",
        change: "topics add-partitions orders.v1 --to 15",
        look: "topics list --filter orders.v1",
        shows: |item| item["partitions"].clone(),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "records sent again",
        change: "records resend orders.v1-dlt --to shipping.labels",
        look: "records search shipping.labels --where partition>=0 --count --isolation read_committed",
        shows: |item| item["records"].clone(),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "deletion of a topic",
        change: "topics delete catalog.products",
        look: "topics list --filter catalog.products",
        shows: |item| item["topic"].clone(),
        can_undo: false,
        can_finish: true,
    },
    Kind {
        name: "a record",
        change: "records produce orders.v1 --partition 0 --key killed --value v",
        look: "topics describe orders.v1",
        shows: |item| json!(item["partitions"].as_array().map(|all| all.iter().map(ends).collect::<Vec<_>>())),
        can_undo: false,
        can_finish: false,
    },
];

fn committed(item: &Value) -> Value {
    json!([item["group"], item["topic"], item["partition"], item["offset"]])
}

fn ends(partition: &Value) -> Value {
    partition["end_offset"].clone()
}

struct Scene {
    demo: Demo,
    klamm: Klamm,
}

impl Scene {
    fn new() -> Self {
        // The same world each time.
        let options = Options { traffic: false, clock: Clock::Stopped(NOON), ..Options::default() };
        let demo = runtime().block_on(Demo::start(options)).expect("the demo starts");
        let target = Target { bootstrap: demo.bootstrap(), security: Security::default(), registry: None };
        Self { klamm: Klamm::on(&target), demo }
    }
}

/// The words of a line, the idle group in its place, and more behind them.
fn words<'a>(line: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    line.split(' ').map(|word| if word == "GROUP" { IDLE } else { word }).chain(more.iter().copied()).collect()
}

fn change(kind: &Kind) -> Vec<&str> {
    words(kind.change, &["--yes", "--output", "json"])
}

/// What of the change shows now.
fn look(klamm: &Klamm, kind: &Kind) -> Vec<Value> {
    items(&klamm.run(&words(kind.look, &["--output", "json"])).json()).iter().map(kind.shows).collect()
}

pub fn at_every_step(kind: &Kind) {
    let scene = Scene::new();
    let before = look(&scene.klamm, kind);
    let asked_before = scene.demo.answered();
    scene.klamm.run(&change(kind)).ended_with(DONE);
    // The order of what is asked at once differs, and with it how much is asked.
    let most = scene.demo.answered() - asked_before + SPARE;
    let after = look(&scene.klamm, kind);
    assert_ne!(before, after, "the change shows");
    for carries_out in [false, true] {
        let (mut cut_short, mut earlier) = (0, 0);
        for requests in (0..most).rev() {
            match killed_at(kind, requests, carries_out, &before, &after) {
                Killed::CutShort => cut_short += 1,
                // What comes before the change began is alike.
                Killed::Earlier => earlier += 1,
                Killed::Never => {}
            }
            if earlier > SPARE {
                break;
            }
        }
        assert!(cut_short > 0 && earlier > 0, "{}: cut short {cut_short} times, {earlier} before", kind.name);
    }
}

/// Steps looked at on either side, in case the run was shorter or longer than the first.
const SPARE: u64 = 3;

enum Killed {
    /// Before the change began.
    Earlier,
    CutShort,
    /// It was over before.
    Never,
}

fn killed_at(kind: &Kind, requests: u64, carries_out: bool, before: &[Value], after: &[Value]) -> Killed {
    let Scene { demo, klamm } = &Scene::new();
    let at = format!("{} killed at request {requests}, carried out: {carries_out}", kind.name);
    demo.fall_silent_after(requests, carries_out);
    let mut running = klamm.start(&change(kind));
    let has_ended = until("silence, or the end", SHORT, || match (demo.is_silent(), running.has_ended()) {
        (true, _) => Ok(false),
        (false, true) => Ok(true),
        (false, false) => Err(at.clone()),
    });
    if has_ended {
        running.end().ended_with(DONE);
        return Killed::Never;
    }
    running.kill();
    demo.speak_again();
    let look = || look(klamm, kind);
    let list = klamm.run(&["journal", "list", "--output", "json"]).ended_with(DONE);
    let entries = items(&list.json());
    let Some(entry) = entries.first() else {
        assert_eq!(look(), before, "{at}: nothing is sent before it is written down");
        return Killed::Earlier;
    };
    if entry["status"] == json!("done") {
        // Only what it leaves behind was still to be tidied up.
        assert_eq!(look(), after, "{at}: its result was written");
        return Killed::Never;
    }
    let id = entry["id"].as_str().expect("an id");
    assert_eq!(entry["status"], json!("unknown"), "{at}: its end was not written: {entry}");
    assert!(
        list.stderr.contains("never written") && list.stderr.contains(id),
        "{at}: it is announced: {}",
        list.stderr
    );

    // Nothing else moves here, so of each step it can be told.
    // Of a record it cannot be told where its partition has grown.
    let told = |words: &[&str]| {
        let ran = klamm.run(words);
        if kind.can_finish || ran.code != PARTLY { ran.ended_with(DONE) } else { ran }
    };
    let shown = told(&["journal", "show", id, "--output", "json"]).json();
    let left = items(&shown).iter().filter(|item| item["status"] == json!("not_done")).count();
    let finish = ["journal", "finish", id, "--yes"];
    if left > 0 && kind.can_finish {
        klamm.run(&finish).ended_with(DONE);
    } else {
        klamm.run(&finish).ended_with(REFUSED);
        // What is settled as not done has failed.
        let settled = klamm.run(&["journal", "settle", id]);
        let codes: &[i32] = if kind.can_finish { &[DONE] } else { &[DONE, PARTLY, FAILED] };
        assert!(codes.contains(&settled.code), "{at}: {}{}", settled.stdout, settled.stderr);
    }
    let expected = if left > 0 && !kind.can_finish { before } else { after };
    assert_eq!(look(), expected, "{at}: it is done now, or known not to be");
    let list = klamm.run(&["journal", "list", "--output", "json"]).ended_with(DONE);
    assert!(!list.stderr.contains("never written"), "{at}: {}", list.stderr);
    let undoable: Vec<Value> =
        items(&list.json()).into_iter().filter(|entry| entry["can_undo"] == json!(true)).collect();
    assert_eq!(!undoable.is_empty(), kind.can_undo, "{at}: {}", list.stdout);
    for entry in undoable {
        let ran = klamm.run(&["journal", "undo", entry["id"].as_str().expect("an id"), "--yes"]);
        // Of the one that was cut short before it had done anything, nothing is to be undone.
        if ran.code != DONE {
            let ran = ran.ended_with(REFUSED);
            let is_as_before = ran.stderr.contains("where it was before") || ran.stderr.contains("as it was before");
            assert!(is_as_before, "{at}: {}", ran.stderr);
        }
    }
    if kind.can_undo {
        assert_eq!(look(), before, "{at}: and undone");
    }
    Killed::CutShort
}
