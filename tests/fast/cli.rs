//! The command line as scripts see it: the binary, a demo cluster, and nothing
//! else. What is asserted here is the contract: names, types, exit codes.

#![expect(clippy::panic, reason = "a document that is none ends the test with what it was")]

mod changes;
mod endings;
mod profiles;
mod reading;
mod records;
mod reference;
mod resend;
mod schemas;
mod secrets;
mod shell;
mod surroundings;

use crate::contract;
use klamm::demo::{Demo, Options};
use serde_json::Value as Json;
use std::process::Output;
use std::sync::LazyLock;
use tempfile::TempDir;

/// One demo cluster for all tests of this file, in this process: it is gone with
/// it. Each test changes only topics and groups of its own.
struct World {
    _runtime: tokio::runtime::Runtime,
    demo: Demo,
    bootstrap: String,
    home: TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = Options { traffic: false, ..Options::default() };
    let demo = runtime.block_on(Demo::start(options)).expect("the demo starts");
    let bootstrap = demo.bootstrap();
    World { _runtime: runtime, demo, bootstrap, home: TempDir::new().expect("a directory") }
});

/// The binary, far from the settings of whoever runs the tests.
fn bare() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_klamm"));
    let home = WORLD.home.path();
    command.env_clear().env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    command.env("XDG_DATA_HOME", home.join("data")).env("XDG_STATE_HOME", home.join("state"));
    command.timeout(std::time::Duration::from_secs(60));
    command
}

/// The binary, connected to the demo.
fn klamm(line: &str) -> assert_cmd::Command {
    let mut command = bare();
    command.env("KLAMM_BOOTSTRAP", &WORLD.bootstrap).args(line.split_whitespace());
    command
}

fn run(line: &str) -> Output {
    klamm(line).output().expect("klamm runs")
}

/// The document that a command writes, and its exit code.
fn json(line: &str) -> (Json, i32) {
    let output = run(&format!("{line} --output json"));
    (document(line, &output), code(&output))
}

/// The document of a command that must succeed.
fn done(line: &str) -> Json {
    let (document, code) = json(line);
    assert_eq!(code, 0, "{line}: {document}");
    document
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

/// What a run printed, which is what its schema says.
fn document(line: &str, output: &Output) -> Json {
    let text = text(&output.stdout);
    let document: Json = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text:?}, and on stderr {:?}", self::text(&output.stderr)));
    contract::holds(line, &document);
    document
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names of an object's members, in order.
fn names(object: &Json) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The item in which `name` is `value`.
fn item<'a>(document: &'a Json, name: &str, value: &str) -> &'a Json {
    let items = document["items"].as_array().expect("items");
    items.iter().find(|item| item[name] == value).unwrap_or_else(|| panic!("no {name} is {value}: {document}"))
}

/// A topic of the test's own with `records` records in its first partition.
fn topic_with(name: &str, partitions: usize, records: usize) {
    done(&format!("topics create {name} --partitions {partitions} --replication-factor 3 --yes"));
    if records == 0 {
        return;
    }
    let lines: String = (0..records).map(|index| format!("{{\"n\":{index}}}\n")).collect();
    klamm(&format!("records produce {name} --partition 0 --yes")).write_stdin(lines).assert().success();
}
