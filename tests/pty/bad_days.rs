//! A terminal that is dumb, tiny, restless, floods, or goes away.

use super::console::{Console, PATIENCE};
use klamm::demo::{Demo, Options};
use klamm::domain::BrokerId;
use rstest::rstest;
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

const GROUP: &str = "invoice-export-nightly";

fn demo() -> (tokio::runtime::Runtime, Demo) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = Options { traffic: false, ..Options::default() };
    let demo = runtime.block_on(Demo::start(options)).expect("the demo starts");
    (runtime, demo)
}

/// What the command line says, beside the console and on the same state.
fn klamm(demo: &Demo, state: &str, line: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
    command.args(["--bootstrap", &demo.bootstrap()]).args(line.split_whitespace()).args(["--output", "json"]);
    let output = command.env("XDG_STATE_HOME", state).output().expect("klamm runs");
    serde_json::from_slice(&output.stdout).expect("a document")
}

#[rstest]
#[case::the_console(&["--bootstrap", "127.0.0.1:1"])]
#[case::the_demo(&["demo"])]
fn a_dumb_terminal_is_told_why_there_is_no_console(#[case] words: &[&str]) {
    let mut console = Console::open_with(words, &[("TERM", "dumb")], 80, 24);
    let screen = console.wait("the reason", |screen| screen.contains("--help"));
    assert!(screen.contains("TERM=dumb") && screen.contains("set TERM"), "{screen}");
    assert_eq!(console.ends(), 2);
    console.assert_restored();
    assert_eq!(console.tricks(), Vec::<String>::new());
}

/// Nothing can be read in one row, and everything still works.
#[test]
fn a_terminal_of_one_row_takes_keys_and_grows_again() {
    let mut console = Console::open(&["demo"], 80, 1);
    console.sees("klamm");
    for keys in ["2", "G", "<enter>", "<esc>", ":", "<esc>", "?", "<esc>", "3", "/x", "<esc>", "9", "2"] {
        console.press(keys);
    }
    console.resize(80, 24);
    console.sees("PART");
    console.press(":q<enter>");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
}

/// As when a window is dragged for two seconds: the last size is what counts, keys
/// pressed meanwhile are not lost.
#[test]
fn two_hundred_sizes_a_second_end_in_the_last_one() {
    let mut console = Console::open(&["demo"], 120, 40);
    console.sees("3 brokers");
    console.press("2");
    console.sees("PART");
    let began = Instant::now();
    let mut next = began;
    for number in 0..400_u16 {
        console.resize(20 + number % 150, 2 + number % 50);
        if number == 200 {
            console.press("3");
        }
        next += Duration::from_millis(5);
        std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
    }
    console.resize(100, 30);
    let screen = console.wait("the list of groups at its size", |screen| {
        let lines: Vec<&str> = screen.lines().collect();
        let is_framed = |line: &&str| line.starts_with('╭') && line.ends_with('╮') && line.chars().count() == 100;
        lines.iter().any(is_framed) && screen.contains("Groups") && lines.len() == 30
    });
    assert!(screen.contains("GROUP") && screen.contains("help"), "{screen}");
    console.press("q");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
}

/// A megabyte into a line, where nothing takes text, and where a plan waits for a yes.
#[test]
fn a_megabyte_that_is_pasted_confirms_nothing_and_blocks_nothing() {
    let (_runtime, demo) = demo();
    let state = tempfile::tempdir().expect("a directory");
    let path = state.path().to_string_lossy().into_owned();
    let mut console = Console::open_with(&["--bootstrap", &demo.bootstrap()], &[("XDG_STATE_HOME", &path)], 120, 40);
    console.sees("3 brokers");
    let paste = |text: &str| console.press(&format!("\x1b[200~{text}\x1b[201~"));
    let megabyte = "y\nD\x03q".repeat(1 << 18);
    console.press("2");
    console.sees("PART");
    paste(&megabyte);
    console.press("/");
    paste(&megabyte);
    console.sees("the rest was not pasted");
    console.press("<esc>");
    console.sees_no_more("qy D");
    console.press("3");
    console.sees(GROUP);
    console.opens_reset(GROUP);
    paste(&megabyte);
    console.press("n");
    console.sees_no_more("y  apply");
    console.press(":q<enter>");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
    assert_eq!(klamm(&demo, &path, "journal list")["items"], serde_json::json!([]), "nothing was begun");
}

/// The window is closed while the coordinator takes its time: the change is made
/// whole, read back and journaled, and klamm is gone.
#[test]
fn a_terminal_that_goes_away_in_the_middle_of_a_change_cuts_nothing() {
    let (_runtime, demo) = demo();
    let state = tempfile::tempdir().expect("a directory");
    let path = state.path().to_string_lossy().into_owned();
    let mut console = Console::open_with(&["--bootstrap", &demo.bootstrap()], &[("XDG_STATE_HOME", &path)], 120, 50);
    console.sees("3 brokers");
    console.press("3");
    console.sees(GROUP);
    console.opens_reset(GROUP);
    let before = lag(&klamm(&demo, &path, &format!("groups lag {GROUP}")));
    let brokers = [1, 2, 3].map(BrokerId);
    let slow = |by| brokers.iter().for_each(|id| demo.slow_broker(*id, by).expect("a broker"));
    slow(Duration::from_millis(300));
    console.press("y");
    // The intent is written before anything is sent.
    let journal = state.path().join("klamm/journal").join(format!("{}.jsonl", demo.cluster_id()));
    let deadline = Instant::now() + PATIENCE;
    while !journal.exists() {
        assert!(Instant::now() < deadline, "nothing is begun:\n{}", console.screen());
        std::thread::park_timeout(Duration::from_millis(5));
    }
    brokers.iter().for_each(|id| demo.freeze_broker(*id).expect("a broker"));
    console.goes_away("?");
    assert!(!console.has_ended(), "it finishes what it began");
    brokers.iter().for_each(|id| demo.thaw_broker(*id).expect("a broker"));
    slow(Duration::ZERO);
    console.ends();
    let journal = klamm(&demo, &path, "journal list");
    assert_eq!(journal["items"].as_array().map(Vec::len), Some(1), "{journal}");
    assert_eq!(journal["items"][0]["status"], "done", "{journal}");
    let after = lag(&klamm(&demo, &path, &format!("groups lag {GROUP}")));
    assert!(after > before, "all of it was moved: {before} {after}");
}

/// In a session of its own nobody sends it a hangup: it finds out by itself.
#[test]
fn a_terminal_that_vanishes_without_a_signal_ends_it() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("pid");
    // The shell writes its own number and becomes klamm.
    let inner = format!("echo $$ > {}; exec {} demo", file.display(), env!("CARGO_BIN_EXE_klamm"));
    let line = format!("setsid sh -c '{inner}'; read -r forever");
    let mut console = Console::open_program("bash", &["--norc", "--noprofile", "-c", &line], &[], 120, 40);
    console.sees("3 brokers");
    let pid: u32 = std::fs::read_to_string(&file).expect("a number").trim().parse().expect("a number");
    let runs = || std::path::Path::new(&format!("/proc/{pid}/stat")).exists();
    assert!(runs(), "it runs");
    console.goes_away("?");
    let deadline = Instant::now() + PATIENCE;
    while runs() {
        assert!(Instant::now() < deadline, "it goes on without a terminal");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn lag(document: &Value) -> i64 {
    let items = document["items"].as_array().expect("items");
    items.iter().map(|item| item["lag"].as_i64().expect("a lag")).sum()
}
