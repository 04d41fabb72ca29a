//! Records: written, read back line by line, found or not found.

use crate::cli::{WORLD, bare, code, klamm, run, text, topic_with};
use crate::contract::holds;
use serde_json::{Value as Json, json};

fn lines(line: &str) -> Vec<Json> {
    let output = run(&format!("{line} --output json"));
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let read = |text: &str| {
        let json = serde_json::from_str(text).expect("a line is an object");
        holds(line, &json);
        json
    };
    text(&output.stdout).lines().map(read).collect()
}

#[test]
fn a_record_comes_back_as_it_was_written() {
    topic_with("cli-echo", 1, 0);
    let mut command =
        klamm("records produce cli-echo --partition 0 --key customer-88 --header retry=1 --header retry=2 --yes");
    command.args(["--value", r#"{"id":9223372036854775808,"amount":1.10}"#]).assert().success();
    klamm("records produce cli-echo --partition 0 --key gone --tombstone --yes").assert().success();
    let output = run("records tail cli-echo --from earliest --no-follow --output json");
    let first = text(&output.stdout).lines().next().expect("a record").to_owned();
    assert!(first.contains(r#""value":{"id":9223372036854775808,"amount":1.10}"#), "every digit stays: {first}");

    let read = lines("records tail cli-echo --from earliest --no-follow");
    assert_eq!(
        (&read[0]["topic"], &read[0]["partition"], &read[0]["offset"], &read[0]["key"], &read[0]["value_format"]),
        (&json!("cli-echo"), &json!(0), &json!(0), &json!("customer-88"), &json!("json"))
    );
    assert_eq!(read[0]["headers"], json!([{"name": "retry", "value": "1"}, {"name": "retry", "value": "2"}]));
    assert!(read[0]["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{}", read[0]);
    assert_eq!((&read[1]["key"], &read[1]["value"]), (&json!("gone"), &Json::Null));
}

#[test]
fn what_tail_writes_produce_reads() {
    topic_with("cli-from", 1, 5);
    topic_with("cli-to", 1, 0);
    let read = run("records tail cli-from --from earliest --no-follow --output json");
    klamm("records produce cli-to --json --yes").write_stdin(read.stdout).assert().success();
    let values = |topic: &str| -> Vec<Json> {
        let read = lines(&format!("records tail {topic} --from earliest --no-follow"));
        read.into_iter().map(|record| record["value"].clone()).collect()
    };
    assert_eq!(values("cli-to"), values("cli-from"));
}

#[test]
fn from_somewhere_and_no_further() {
    topic_with("cli-window", 1, 50);
    let offsets = |line: &str| -> Vec<i64> {
        lines(line).iter().map(|record| record["offset"].as_i64().expect("a number")).collect()
    };
    assert_eq!(offsets("records tail cli-window --from -3 --no-follow"), [47, 48, 49]);
    assert_eq!(offsets("records tail cli-window --from 10 --limit 2"), [10, 11]);
    assert_eq!(offsets("records tail cli-window --from 2020-01-01T00:00:00Z --limit 1"), [0]);
    assert_eq!(offsets("records tail cli-window --from earliest --no-follow --contains \"n\":33"), [33]);
}

#[test]
fn counting_reads_every_record_and_prints_none() {
    topic_with("cli-counted", 2, 50);
    let counted = |more: &str| -> Json {
        let output = run(&format!("records tail cli-counted --from earliest --no-follow --count {more} --output json"));
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        serde_json::from_slice::<Json>(&output.stdout).expect("a document")["items"][0].clone()
    };
    let all = counted("");
    assert_eq!((&all["records"], &all["seen"]), (&json!(50), &json!(50)));
    assert!(all["size_bytes"].as_u64().is_some_and(|bytes| bytes > 50), "{all}");
    let some = counted("--contains \"n\":33");
    assert_eq!((&some["records"], &some["seen"]), (&json!(1), &json!(50)));
    assert_eq!(code(&run("records tail cli-counted --count")), 2, "a count of what never ends");
}

/// The first answer holds all there is, and costs more than a second of the budget: what
/// comes next is waited for, and that is said once, beside the data.
#[test]
fn a_read_that_the_budget_slowed_says_so() {
    topic_with("cli-budget", 1, 200);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let profile = format!("[profiles.slow]\nbootstrap = {:?}\nread_budget = \"1KB/s\"\n", WORLD.bootstrap);
    std::fs::write(&file, format!("version = 1\n{profile}")).expect("a file");
    let tail = |limit: &str| {
        let mut command = bare();
        let file = file.to_string_lossy();
        command.args(["--config", &file, "--profile", "slow", "records", "tail", "cli-budget", "--from", "earliest"]);
        command.args(["--output", "json", "--limit", limit]);
        command.output().expect("klamm runs")
    };
    let quick = tail("200");
    assert_eq!((code(&quick), text(&quick.stderr)), (0, String::new()), "one answer is not waited for");
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| tail("201"));
        klamm("records produce cli-budget --value last --yes").assert().success();
        let slow = slow.join().expect("klamm runs");
        let lines = text(&slow.stdout);
        assert_eq!((code(&slow), lines.lines().count()), (0, 201));
        assert!(lines.lines().all(|line| line.starts_with('{')), "data alone");
        let said = text(&slow.stderr);
        assert!(said.contains("for the read budget of 1.0 kB/s per broker"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    });
}

#[test]
fn nothing_found_is_a_condition_not_met() {
    topic_with("cli-haystack", 1, 5);
    let output = run("records tail cli-haystack --from earliest --no-follow --contains needle --output json");
    assert_eq!((code(&output), output.stdout.len()), (5, 0));
}

#[test]
fn a_topic_that_is_not_there_fails_at_once() {
    let output = run("records tail cli-absent --output json");
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("cannot read topic cli-absent"), "{}", text(&output.stderr));
    let output = run("records produce cli-absent --value x --yes");
    assert_eq!(code(&output), 1);
}

#[test]
fn csv_has_one_record_a_line() {
    topic_with("cli-table", 1, 2);
    let output = run("records tail cli-table --from earliest --no-follow --output csv");
    let csv = text(&output.stdout);
    assert!(csv.starts_with("topic,partition,offset,timestamp,key,key_format,value,value_format,headers\n"), "{csv}");
    assert!(csv.contains(r#""{""n"":1}",json,[]"#), "{csv}");
}

#[test]
fn the_demo_is_described_by_one_line() {
    let output = bare().args(["demo", "--stats"]).output().expect("it runs");
    let stats: Json = serde_json::from_slice(&output.stdout).expect("an object");
    assert!(stats["batch_bytes"].is_u64() && stats["topics"].as_u64().is_some_and(|topics| topics > 0), "{stats}");
}
