//! Changes: shown first, refused without consent, applied, journaled, undone.

use crate::cli::{WORLD, bare, code, document, done, item, json, klamm, names, run, text, topic_with};
use serde_json::json;

#[test]
fn a_topic_is_planned_created_grown_and_deleted() {
    let line = "topics create cli-life --partitions 2 --replication-factor 3 --set cleanup.policy=compact";
    let planned = done(&format!("{line} --dry-run"));
    assert_eq!(planned["items"][0]["status"], "planned");
    let created = done(&format!("{line} --yes"));
    assert_eq!(created["items"][0]["status"], "done");
    assert_eq!(names(&planned), names(&created));
    assert_eq!(names(&planned["items"][0]), names(&created["items"][0]));
    assert_eq!(names(&planned["plan"]), names(&created["plan"]));

    let grown = done("topics add-partitions cli-life --to 5 --yes");
    assert_eq!((&grown["items"][0]["partitions"], &grown["items"][0]["target"]), (&json!(2), &json!(5)));
    let described = done("topics describe cli-life");
    let topic = item(&described, "topic", "cli-life");
    assert_eq!(topic["partitions"].as_array().map(Vec::len), Some(5));
    assert!(topic["configs"].as_array().is_some_and(|configs| {
        configs.iter().any(|config| config["name"] == "cleanup.policy" && config["value"] == "compact")
    }));

    let (refused, code) = json("topics delete cli-life");
    assert_eq!((code, &refused["failures"][0]["kind"]), (4, &json!("refused")));
    done("topics delete cli-life --yes");
    let (gone, code) = json("topics describe cli-life");
    assert_eq!((code, &gone["failures"][0]["kind"]), (1, &json!("not_found")));
}

/// The line that a plan gives to be copied does what the plan does.
#[test]
fn a_name_against_the_naming_is_refused_unless_that_is_wished() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let text = format!("version = 1\n[profiles.strict]\nbootstrap = {:?}\nnaming = \"[a-z.]+\"\n", WORLD.bootstrap);
    std::fs::write(&file, text).expect("a file");
    let strict = |line: &str| {
        let words = ["--config", &file.to_string_lossy(), "--profile", "strict", "--output", "json"].map(str::to_owned);
        let output = bare().args(&words).args(line.split_whitespace()).output().expect("klamm runs");
        (document(line, &output), code(&output))
    };
    let line = "topics create Cli-Odd --partitions 2 --set cleanup.policy=compact";
    let (refused, code) = strict(&format!("{line} --yes"));
    assert_eq!((code, &refused["failures"][0]["kind"]), (4, &json!("refused")), "{refused}");
    let (planned, code) = strict(&format!("{line} --ignore-naming --dry-run"));
    assert_eq!(code, 0, "{planned}");
    let copied = planned["plan"]["command_line"].as_str().expect("a line").to_owned();
    assert!(copied.ends_with("--ignore-naming"), "{copied}");
    let (created, code) = strict(&format!("{} --yes", copied.strip_prefix("klamm ").expect("its name")));
    assert_eq!((code, &created["items"][0]["status"]), (0, &json!("done")), "{created}");
    assert!(created["items"][0]["configs"].to_string().contains("cleanup.policy=compact"), "{created}");
}

#[test]
fn a_reset_is_previewed_applied_and_undone() {
    topic_with("cli-reset", 2, 10);
    let start = "groups reset cli-resetter --topic cli-reset --to-latest --create-group";
    let (refused, code) = json("groups reset cli-resetter --topic cli-reset --to-latest --yes");
    assert_eq!((code, &refused["failures"][0]["kind"]), (1, &json!("not_found")), "{refused}");
    done(&format!("{start} --yes"));

    let back = "groups reset cli-resetter --topic cli-reset:0 --to-offset 4";
    let planned = done(&format!("{back} --dry-run"));
    let step = &planned["items"][0];
    assert_eq!(
        (&step["topic"], &step["partition"], &step["committed"], &step["target"], &step["difference"], &step["status"]),
        (&json!("cli-reset"), &json!(0), &json!(10), &json!(4), &json!(-6), &json!("planned"))
    );
    assert_eq!(committed("cli-resetter"), json!(10), "a dry run changes nothing");

    let applied = done(&format!("{back} --yes"));
    assert_eq!(names(&planned["items"][0]), names(&applied["items"][0]));
    assert_eq!(applied["items"][0]["status"], "done");
    assert_eq!(committed("cli-resetter"), json!(4));

    let id = applied["plan"]["id"].as_str().expect("an id");
    let journal = done("journal list");
    let entry = item(&journal, "id", id);
    assert_eq!(
        (&entry["kind"], &entry["status"], &entry["can_undo"]),
        (&json!("reset_offsets"), &json!("done"), &json!(true))
    );
    assert_eq!(done(&format!("journal show {id}"))["items"][0]["target"], 4);

    done(&format!("journal undo {id} --yes"));
    assert_eq!(committed("cli-resetter"), json!(10));
    let (again, code) = json(&format!("journal undo {id} --yes"));
    assert_eq!(code, 4, "what was undone is not undone twice: {again}");
}

fn committed(group: &str) -> serde_json::Value {
    let lag = done(&format!("groups lag {group}"));
    let items = lag["items"].as_array().expect("items");
    items.iter().find(|item| item["partition"] == 0).expect("partition 0")["committed"].clone()
}

#[test]
fn every_target_has_a_plan() {
    topic_with("cli-targets", 1, 10);
    done("groups reset cli-targeted --topic cli-targets --to-offset 5 --create-group --yes");
    let csv = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(csv.path(), "cli-targets,0,7\n").expect("written");
    let file = format!("--from-file {}", csv.path().display());
    for (target, offset) in [
        ("--to-earliest", 0),
        ("--to-latest", 10),
        ("--to-current", 5),
        ("--to-offset 3", 3),
        ("--shift-by -2", 3),
        ("--shift-by 2", 7),
        ("--by-duration 1d", 0),
        ("--to-datetime 2020-01-01T00:00:00Z", 0),
        ("--from-group cli-targeted", 5),
        (file.as_str(), 7),
    ] {
        let plan = done(&format!("groups reset cli-targeted --all-topics {target} --dry-run"));
        assert_eq!(plan["items"][0]["target"], offset, "{target}: {plan}");
    }
}

#[test]
fn a_read_only_run_plans_and_changes_nothing() {
    topic_with("cli-frozen", 1, 1);
    assert_eq!(done("topics delete cli-frozen --read-only --dry-run")["items"][0]["status"], "planned");
    let (refused, code) = json("topics delete cli-frozen --read-only --yes");
    assert_eq!((code, &refused["failures"][0]["kind"]), (4, &json!("refused")));
    let produce = klamm("records produce cli-frozen --value x --read-only --yes").output().expect("it runs");
    assert_eq!(produce.status.code(), Some(4));
    assert!(text(&produce.stderr).contains("read-only"), "{}", text(&produce.stderr));
    done("topics describe cli-frozen");
}

#[test]
fn a_change_without_terminal_and_consent_is_shown_and_refused() {
    topic_with("cli-asked", 1, 1);
    let output = run("topics delete cli-asked");
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stdout).contains("cli-asked") && text(&output.stdout).contains("planned"));
    assert!(text(&output.stderr).contains("--yes"), "{}", text(&output.stderr));
}

#[test]
fn a_journal_that_cannot_all_be_read_is_partly_known() {
    let state = tempfile::tempdir().expect("a directory");
    let run = |line: &str| {
        let mut command = klamm(line);
        let output = command.env("XDG_STATE_HOME", state.path()).args(["-o", "json"]).output().expect("it runs");
        (document(line, &output), code(&output))
    };
    run("topics create cli-journaled --yes");
    let folder = state.path().join("klamm/journal");
    let file = std::fs::read_dir(folder).expect("a folder").next().expect("a journal").expect("a file").path();
    let journal = std::fs::read_to_string(&file).expect("text");
    std::fs::write(&file, format!("{journal}{{\"v\":9}}\n")).expect("written");
    let (listed, code) = run("journal list");
    assert_eq!((code, listed["items"].as_array().map(Vec::len)), (3, Some(1)), "{listed}");
    let message = listed["failures"][0]["message"].as_str().expect("a message");
    assert!(message.contains("line 3: written by another klamm"), "{message}");
}
