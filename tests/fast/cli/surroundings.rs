//! What klamm stands in: a disk that takes nothing, an input that is closed, a
//! clock that is wrong, a topic that is no longer the one that was looked at.

use crate::cli::{WORLD, bare, code, document, done, json, klamm, run, text, topic_with};
use klamm::cluster::Cluster;
use klamm::demo::{Clock, Demo, Options};
use klamm::domain::{FailureKind, Time};
use klamm::profile::Profile;
use serde_json::json;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// A group at the end of a topic of its own, which is to be moved to its start.
fn group_at_end(name: &str) -> String {
    topic_with(name, 1, 5);
    done(&format!("groups reset {name} --topic {name} --to-latest --create-group --yes"));
    format!("groups reset {name} --topic {name} --to-earliest --output json")
}

fn assert_refused_by_disk(line: &str, output: &Output, why: &str, cure: &str) {
    let document = document(line, output);
    let failure = &document["failures"][0];
    assert_eq!((code(output), &failure["kind"]), (1, &json!("storage")), "{document}");
    assert!(failure["target"].as_str().is_some_and(|path| path.contains("journal")), "on what: {failure}");
    assert!(failure["message"].as_str().is_some_and(|message| message.contains(why)), "why: {failure}");
    let hint = failure["hint"].as_str().expect("says what to do");
    assert!(hint.contains(cure) && hint.contains("KLAMM_STATE_DIR"), "what to do: {hint}");
}

fn committed(group: &str) -> serde_json::Value {
    done(&format!("groups lag {group}"))["items"][0]["committed"].clone()
}

/// Nothing can be made in `/sys`, not even by root.
#[test]
fn a_state_directory_that_takes_nothing_costs_changes_and_nothing_else() {
    let line = group_at_end("surroundings-read-only");
    let away = |line: &str| klamm(line).env("XDG_STATE_HOME", "/sys/klamm").output().expect("klamm runs");
    let refused = away(&format!("{line} --yes"));
    assert_refused_by_disk(&line, &refused, "os error", "writable");
    assert_eq!(committed("surroundings-read-only"), json!(5));
    for line in ["topics describe surroundings-read-only", "journal list", &format!("{line} --dry-run")] {
        let output = away(line);
        assert_eq!(code(&output), 0, "{line}: {}", text(&output.stderr));
    }
}

/// A journal that can take the intent of a change and not its result: the change is made
/// and says that it is not written down; the next start says so too, finds what became of
/// it, and it can be undone.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_between_intent_and_result_loses_nothing() {
    let group = "surroundings-filling";
    let line = group_at_end(group);
    let (first, state) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let journal_in =
        |state: &std::path::Path| state.join("klamm/journal").join(format!("{}.jsonl", WORLD.demo.cluster_id()));
    // How long the lines are is seen where there is room.
    let roomy = klamm(&format!("{line} --yes")).env("XDG_STATE_HOME", first.path()).output().expect("klamm runs");
    assert_eq!(code(&roomy), 0, "{}", text(&roomy.stderr));
    done(&format!("groups reset {group} --topic {group} --to-latest --yes"));
    let written = std::fs::read_to_string(journal_in(first.path())).expect("a journal");
    let lengths: Vec<usize> = written.lines().map(|line| line.len() + 1).collect();
    let [intent, result] = lengths[..] else { panic!("an intent and a result: {written}") };

    // Blank lines fill it up to the middle of the result; the limit is in blocks of 1 KiB.
    let blocks = (intent + result).div_ceil(1024);
    let file = journal_in(state.path());
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    std::fs::write(&file, "\n".repeat(blocks * 1024 - intent - result / 2)).expect("written");
    let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec {} {line} --yes", env!("CARGO_BIN_EXE_klamm"));
    let output = Command::new("bash")
        .args(["-c", &limited])
        .env("KLAMM_BOOTSTRAP", &WORLD.bootstrap)
        .env("XDG_STATE_HOME", state.path())
        .output()
        .expect("bash runs");
    let applied = document(&line, &output);
    assert_eq!(applied["items"][0]["status"], "done", "{applied}");
    assert_eq!(code(&output), 3, "made, and not all of it written down: {applied}");
    assert_eq!(committed(group), json!(0), "it is made");
    let id = applied["plan"]["id"].as_str().expect("an id");
    let notes = applied["plan"]["notes"].to_string();
    assert!(notes.contains("could not be journaled") && notes.contains("File too large"), "{applied}");
    assert!(notes.contains(&format!("klamm journal settle {id}")) && !notes.contains("Nothing is changed"), "{notes}");

    let after = |words: &str| klamm(words).env("XDG_STATE_HOME", state.path()).output().expect("klamm runs");
    let list = after("journal list --output json");
    let said = text(&list.stderr);
    assert!(said.contains("never written") && said.contains(id) && !said.contains("line"), "{said}");
    let shown = document("journal show", &after(&format!("journal show {id} --output json")));
    assert_eq!(shown["items"][0]["status"], "done", "{shown}");
    assert_eq!(code(&after(&format!("journal settle {id}"))), 0);
    assert_eq!(code(&after(&format!("journal undo {id} --yes"))), 0);
    assert_eq!(committed(group), json!(5), "and is taken back");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_changes_and_nothing_else() {
    let line = group_at_end("surroundings-full");
    let state = tempfile::tempdir().expect("a directory");
    let journal = state.path().join("klamm/journal");
    std::fs::create_dir_all(&journal).expect("a directory");
    let file = journal.join(format!("{}.jsonl", WORLD.demo.cluster_id()));
    std::os::unix::fs::symlink("/dev/full", file).expect("a link");
    let full = |line: &str| klamm(line).env("XDG_STATE_HOME", state.path()).output().expect("klamm runs");
    assert_refused_by_disk(&line, &full(&format!("{line} --yes")), "No space left", "make room");
    assert_eq!(committed("surroundings-full"), json!(5));
    assert_eq!(code(&full("topics describe surroundings-full")), 0);
    // Output that cannot be written is a failure too, and says so.
    let lost = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
    let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
    command.args(["topics", "describe", "surroundings-full", "--bootstrap", &WORLD.bootstrap]);
    command.stdout(Stdio::from(lost));
    let output = command.output().expect("klamm runs");
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("cannot write the output: No space left"), "{output:?}");
}

/// As a supervisor starts programs: without any standard input at all.
#[test]
fn a_closed_standard_input_confirms_nothing_and_is_no_terminal() {
    topic_with("surroundings-closed", 1, 1);
    let closed = |line: &str| {
        let script = format!("exec {} {line} <&-", env!("CARGO_BIN_EXE_klamm"));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).env_clear().env("HOME", WORLD.home.path());
        command.env("KLAMM_BOOTSTRAP", &WORLD.bootstrap).output().expect("sh runs")
    };
    for (line, ends, says) in [
        ("", 2, "needs a terminal"),
        ("demo", 2, "needs a terminal"),
        ("topics delete surroundings-closed", 4, "no terminal to ask on"),
        ("records produce surroundings-closed --yes", 2, "standard input was empty"),
    ] {
        let output = closed(line);
        let said = text(&output.stderr);
        assert_eq!(code(&output), ends, "{line}: {said}");
        assert!(said.contains(says), "{line}: {said}");
    }
    done("topics describe surroundings-closed");
}

/// A registry that is a web page, and a cluster whose records need it.
#[test]
fn a_web_page_in_place_of_a_registry_costs_the_decoding_only() {
    let page = crate::bad_days::open_page();
    let output = klamm("records tail catalog.products --from earliest --no-follow --limit 1 --output json")
        .env("KLAMM_REGISTRY", &page)
        .output()
        .expect("klamm runs");
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a record");
    assert!(record["value"]["base64"].is_string(), "{record}");
    let why = record["value_undecoded_because"].as_str().expect("says why");
    for part in ["a web page answered, not a schema registry", &page, "Check"] {
        assert!(why.contains(part), "{part}: {why}");
    }
}

/// A demo whose clock is off by so much, and klamm on it.
fn off_by(millis: i64) -> (tokio::runtime::Runtime, Demo) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let now = i64::try_from(since.as_millis()).expect("a time");
    let options = Options { clock: Clock::Stopped(Time(now + millis)), traffic: false, ..Options::default() };
    let demo = runtime.block_on(Demo::start(options)).expect("the demo starts");
    (runtime, demo)
}

#[test]
fn a_clock_that_is_an_hour_off_is_no_failure_and_a_reset_by_time_says_it() {
    for (millis, says) in
        [(3_600_000, "the clock of this machine or of their producers"), (-3_600_000, "without a record at or after")]
    {
        let (_runtime, demo) = off_by(millis);
        let there = |line: &str| {
            let output = bare()
                .env("KLAMM_BOOTSTRAP", demo.bootstrap())
                .args(line.split_whitespace())
                .args(["--output", "json"])
                .output()
                .expect("klamm runs");
            (document(line, &output), code(&output))
        };
        let (lags, ends) = there("groups lag --all");
        assert_eq!(ends, 0);
        for item in lags["items"].as_array().expect("items") {
            assert!(item["lag"].as_i64().is_none_or(|lag| lag >= 0), "{item}");
            assert!(item["lag_ms"].as_i64().is_none_or(|lag| lag >= 0), "{item}");
        }
        let reset = "groups reset invoice-export-nightly --all-topics --by-duration PT5M --dry-run";
        let (plan, ends) = there(reset);
        assert_eq!(ends, 0, "{plan}");
        assert!(plan["plan"]["warnings"].to_string().contains(says), "{plan}");
    }
}

#[test]
fn a_plan_for_a_topic_that_was_made_anew_changes_nothing() {
    topic_with("surroundings-anew", 1, 5);
    done("groups reset surroundings-anew --topic surroundings-anew --to-latest --create-group --yes");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let profile = Profile::plain("it", WORLD.bootstrap.split(',').map(str::to_owned).collect());
        let cluster = Cluster::connect(profile).expect("a cluster");
        let plan = cluster.plan_delete_topic(&"surroundings-anew".into()).await.expect("a plan");
        tokio::task::block_in_place(|| {
            done("topics delete surroundings-anew --yes");
            topic_with("surroundings-anew", 1, 2);
        });
        let grant = cluster.grant().expect("a grant");
        let failure = cluster.apply(&plan, &grant, None).await.expect_err("another topic is there");
        assert_eq!(failure.kind, FailureKind::Conflict);
        assert!(failure.to_string().contains("surroundings-anew was recreated since the preview"), "{failure}");
        assert!(failure.hint.is_some(), "{failure}");
        cluster.close();
    });
    let (described, _) = json("topics describe surroundings-anew");
    assert_eq!(described["items"][0]["partitions"][0]["end_offset"], json!(2), "the new one is whole");
    assert_eq!(code(&run("journal list")), 0);
}
