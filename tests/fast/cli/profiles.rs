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
fn a_profile_is_tried() {
    let saved = two();
    let output = run(&saved, "profiles test demo -o json");
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let tried = document("profiles test demo", &output);
    assert_eq!((&tried["items"][0]["check"], &tried["items"][0]["status"]), (&json!("cluster"), &json!("ok")));
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
