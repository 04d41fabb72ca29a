//! Saved profiles: listed, shown without their secrets, and tried.

use crate::cli::{WORLD, bare, code, document, text};
use serde_json::json;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

struct Saved {
    _dir: TempDir,
    file: PathBuf,
}

fn saved(text: &str) -> Saved {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("config.toml");
    std::fs::write(&file, text).expect("written");
    Saved { _dir: dir, file }
}

fn two() -> Saved {
    let demo = &WORLD.bootstrap;
    saved(&format!(
        r#"
version = 1
default = "demo"

[profiles.demo]
bootstrap = "{demo}"
read_only = true

[profiles.prod]
bootstrap = ["kafka-1:9093", "kafka-2:9093"]
production = true
[profiles.prod.tls]
[profiles.prod.sasl]
mechanism = "SCRAM-SHA-512"
user = "klamm"
password = "hunter2-do-not-show"
"#
    ))
}

fn run(saved: &Saved, line: &str) -> Output {
    bare().env("KLAMM_CONFIG", &saved.file).args(line.split_whitespace()).output().expect("klamm runs")
}

#[test]
fn profiles_are_listed_and_the_default_is_marked() {
    let output = run(&two(), "profiles list -o json");
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let listed = document("profiles list", &output);
    let (demo, prod) = (&listed["items"][0], &listed["items"][1]);
    assert_eq!(
        (&demo["profile"], &demo["default"], &demo["security"]),
        (&json!("demo"), &json!(true), &json!("PLAINTEXT"))
    );
    assert_eq!((&prod["security"], &prod["production"]), (&json!("SASL_SSL"), &json!(true)));
    assert_eq!(prod["bootstrap"], json!(["kafka-1:9093", "kafka-2:9093"]));
}

#[test]
fn a_profile_is_shown_without_its_secret() {
    let saved = two();
    for format in ["table", "json", "csv"] {
        let output = run(&saved, &format!("profiles show prod -o {format}"));
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        assert!(shown.contains("SCRAM-SHA-512") && !shown.contains("hunter2"), "{shown}");
    }
    assert_eq!(code(&run(&saved, "profiles show nobody")), 1);
}

#[test]
fn a_profile_is_tried_step_by_step() {
    let saved = two();
    let output = run(&saved, "profiles test demo -o json");
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let tried = document("profiles test demo", &output);
    let steps: Vec<(&str, &str)> = tried["items"].as_array().expect("items").iter().map(step).collect();
    let way = [("resolve", "ok"), ("tcp", "ok"), ("tls", "skipped"), ("api_versions", "ok"), ("sasl", "skipped")];
    assert_eq!(steps[..5], way);
    // The demo advertises the three addresses that were given: they are not tried twice.
    let rest =
        [("metadata", "ok"), ("listener", "ok"), ("listener", "ok"), ("listener", "ok"), ("registry", "skipped")];
    assert_eq!(steps[5..], rest);
}

fn step(item: &serde_json::Value) -> (&str, &str) {
    (item["check"].as_str().expect("a check"), item["status"].as_str().expect("a status"))
}

#[test]
fn the_step_that_fails_is_named_with_its_cause_and_what_to_do() {
    let saved =
        saved("[profiles.gone]\nbootstrap = \"127.0.0.1:9\"\n[profiles.away]\nbootstrap = \"no-such.invalid\"\n");
    let output = run(&saved, "profiles test gone -o json");
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let tried = document("profiles test gone", &output);
    let failed: Vec<_> =
        tried["items"].as_array().expect("items").iter().filter(|item| item["status"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["check"]), (1, &json!("tcp")));
    assert!(failed[0]["hint"].as_str().is_some_and(|hint| hint.contains("port")), "{tried}");
    // For people each step is a line, as it ends.
    let table = text(&run(&saved, "profiles test away").stdout);
    let mut lines = table.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("resolve      failed")), "{table}");
    assert!(table.contains("does not resolve") && table.contains("What to do"), "{table}");
}

#[test]
fn the_default_profile_is_used_and_its_read_only_holds() {
    let saved = two();
    assert_eq!(code(&run(&saved, "topics list")), 0);
    let output = run(&saved, "topics create cli-refused --yes -o json");
    assert_eq!(code(&output), 4);
    assert_eq!(document("topics create cli-refused --yes", &output)["failures"][0]["kind"], "refused");
}

#[test]
fn an_unknown_profile_is_a_usage_error() {
    let output = run(&two(), "topics list --profile nobody");
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("nobody"), "{}", text(&output.stderr));
}

#[test]
fn a_bad_line_is_named_and_the_rest_still_works() {
    let saved = saved("[profiles.good]\nbootstrap = \"h:9092\"\n[profiles.bad]\nbootstrap = 7\n");
    let output = run(&saved, "profiles list -o json");
    let listed = document("profiles list", &output);
    assert_eq!((&listed["items"][0]["profile"], &listed["warnings"][0]["line"]), (&json!("good"), &json!(4)));
    assert!(text(&output.stderr).contains("config.toml:4:"), "{}", text(&output.stderr));
}

#[test]
fn a_profile_is_added_edited_duplicated_and_deleted_and_comments_stay() {
    let saved = saved("# my clusters\nversion = 1\n\n# a toy\n[profiles.toy]\nbootstrap = \"h\" # one\n");
    let before = std::fs::read_to_string(&saved.file).expect("read");
    let line = "profiles add prod --bootstrap a:1,b:2 --tls --ca /certs/ca.pem --sasl-mechanism PLAIN --user u \
                --password-env P --production --default";
    let shown = run(&saved, &format!("{line} --dry-run"));
    assert_eq!(code(&shown), 0, "{}", text(&shown.stderr));
    assert!(text(&shown.stdout).contains("+[profiles.prod]"), "{}", text(&shown.stdout));
    assert_eq!(std::fs::read_to_string(&saved.file).expect("read"), before, "a dry run writes nothing");
    let added = run(&saved, &format!("{line} -o json"));
    let document = document("profiles add", &added);
    assert_eq!((&document["items"][0]["change"], &document["items"][0]["applied"]), (&json!("added"), &json!(true)));
    assert_eq!(code(&run(&saved, &format!("{line} -o json"))), 4, "it is there already");

    let edited = run(&saved, "profiles edit prod --read-only --notes careful --unset production --rename live");
    assert_eq!(code(&edited), 0, "{}", text(&edited.stderr));
    assert_eq!(code(&run(&saved, "profiles duplicate live spare")), 0);
    let refused = run(&saved, "profiles delete toy");
    assert_eq!(code(&refused), 4, "{}", text(&refused.stderr));
    assert_eq!(code(&run(&saved, "profiles delete toy --yes")), 0);
    let file = std::fs::read_to_string(&saved.file).expect("read");
    let settings = "bootstrap = [\"a:1\", \"b:2\"]\ntls = { ca = \"/certs/ca.pem\" }\n\
        sasl = { mechanism = \"PLAIN\", user = \"u\", password = { env = \"P\" } }\nread_only = true\nnotes = \"careful\"\n";
    assert_eq!(
        file,
        format!(
            "# my clusters\nversion = 1\ndefault = \"live\"\n\n[profiles.live]\n{settings}\n[profiles.spare]\n{settings}"
        )
    );
}

#[test]
fn what_cannot_be_saved_says_why_and_changes_nothing() {
    let saved = saved("[profiles.a]\nbootstrap = \"h\"\n");
    for (line, exit, words) in [
        ("profiles add b", 2, "--bootstrap"),
        ("profiles edit a", 2, "what shall change"),
        ("profiles add b --bootstrap h:x", 2, "no port"),
        ("profiles add b --bootstrap h --registry http://u:hush@r", 2, "--registry-user"),
        ("profiles add b --bootstrap h --sasl-mechanism PLAIN", 1, "sasl.user is missing"),
        ("profiles edit nobody --notes x", 1, "saved are a"),
        ("profiles edit a --naming [", 2, "--naming"),
    ] {
        let output = run(&saved, line);
        assert_eq!(code(&output), exit, "{line}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(words), "{line}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("hush"), "{}", text(&output.stderr));
    }
    assert_eq!(std::fs::read_to_string(&saved.file).expect("read"), "[profiles.a]\nbootstrap = \"h\"\n");
}

#[test]
fn a_secret_that_must_be_asked_for_needs_a_terminal() {
    let saved = saved(
        "[profiles.a]\nbootstrap = \"127.0.0.1:9\"\nsasl = { mechanism = \"PLAIN\", user = \"u\", password = { prompt = true } }\n",
    );
    let output = run(&saved, "topics list");
    assert_eq!(code(&output), 2);
    assert!(
        text(&output.stderr).contains("password for profile a is asked for on a terminal"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn each_value_is_explained_by_its_origin() {
    let saved = two();
    let mut command = bare();
    command.env("KLAMM_CONFIG", &saved.file).env("KLAMM_TZ", "UTC");
    let output = command.args("config explain --registry http://r -o json".split(' ')).output().expect("it runs");
    let told = document("config explain", &output);
    let of = |key: &str| {
        let items = told["items"].as_array().expect("items");
        items.iter().find(|item| item["setting"] == key).cloned().unwrap_or_default()
    };
    assert_eq!((&of("profile")["value"], &of("profile")["line"]), (&json!("demo"), &json!(3)));
    assert_eq!((&of("read_only")["origin"], &of("read_only")["line"]), (&json!("file"), &json!(7)));
    assert_eq!((&of("registry.url")["origin"], &of("registry.url")["place"]), (&json!("flag"), &json!("--registry")));
    assert_eq!((&of("time_zone")["origin"], &of("time_zone")["place"]), (&json!("environment"), &json!("KLAMM_TZ")));
    assert_eq!((&of("refresh.lag")["origin"], &of("refresh.lag")["value"]), (&json!("default"), &json!("5s")));
    let prod = text(&run(&saved, "config explain --profile prod").stdout);
    assert!(prod.contains("in the configuration file") && !prod.contains("hunter2"), "{prod}");
    let path = run(&saved, "config path");
    assert_eq!(text(&path.stdout), format!("{}\n", saved.file.display()));
}

#[cfg(target_os = "linux")]
#[test]
fn the_keyring_is_read_by_the_systems_program() {
    use std::os::unix::fs::PermissionsExt as _;
    let saved = saved(
        "[profiles.a]\nbootstrap = \"127.0.0.1:9\"\n\
         sasl = { mechanism = \"PLAIN\", user = \"u\", password = { keyring = \"prod\" } }\n",
    );
    let programs = TempDir::new().expect("a directory");
    let listing = |path: &std::path::Path| {
        let mut command = bare();
        command.env("KLAMM_CONFIG", &saved.file).env("PATH", path);
        command.args(["topics", "list"]).output().expect("klamm runs")
    };
    let without = listing(programs.path());
    assert_eq!(code(&without), 1);
    let said = text(&without.stderr);
    assert!(said.contains("from keyring, klamm prod"), "{said}");
    assert!(said.contains("secret-tool store --label=klamm service klamm account prod"), "{said}");
    let program = programs.path().join("secret-tool");
    std::fs::write(&program, "#!/bin/sh\n[ \"$*\" = \"lookup service klamm account prod\" ] && echo kept\n")
        .expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("allowed");
    let with = listing(programs.path());
    assert!(text(&with.stderr).contains("the connection was refused"), "{}", text(&with.stderr));
}
