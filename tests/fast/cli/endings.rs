//! How commands end: codes, interrupts, closed pipes, bad addresses.

use crate::cli::{bare, code, document, json, klamm, run, text, topic_with};
use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A child whose end is not waited for by accident: it dies with the test.
struct Running(Child);

impl Running {
    fn start(arguments: &str, bootstrap: Option<&str>) -> (Self, BufReader<ChildStdout>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
        command.args(arguments.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(bootstrap) = bootstrap {
            command.env("KLAMM_BOOTSTRAP", bootstrap);
        }
        let mut child = command.spawn().expect("klamm starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        (Self(child), stdout)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.0.id().to_string()])
            .status()
            .expect("kill runs, of the Debian package procps");
        assert!(sent.success());
    }

    fn end(&mut self) -> (Option<i32>, String) {
        let status = self.0.wait().expect("it ends");
        let mut said = String::new();
        self.0.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        (status.code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is what was wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bootstrap() -> Option<&'static str> {
    Some(super::WORLD.bootstrap.as_str())
}

#[test]
fn serving_says_where_and_ends_when_told() {
    let (mut served, mut stdout) = Running::start("demo --serve --brokers 2", None);
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    let addresses: Json = serde_json::from_str(&line).expect("one JSON object");
    let bootstrap = addresses["bootstrap"].as_str().expect("bootstrap");
    assert_eq!(bootstrap.split(',').count(), 2);
    assert!(addresses["registry"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")), "{line}");
    let listed = bare().args(["topics", "list", "--bootstrap", bootstrap, "-o", "json"]).output().expect("it runs");
    assert!(document("topics list", &listed)["items"].as_array().is_some_and(|topics| !topics.is_empty()));
    served.signal("-TERM");
    assert_eq!(served.end().0, Some(0));
}

#[test]
fn ctrl_c_ends_a_tail_with_130() {
    topic_with("cli-tailed", 1, 3);
    let (mut tail, mut stdout) = Running::start("records tail cli-tailed --from -1 -o json", bootstrap());
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a record");
    assert!(line.contains("cli-tailed"), "{line}");
    tail.signal("-INT");
    assert_eq!(tail.end(), (Some(130), String::new()));
}

#[test]
fn a_lag_is_watched_until_ctrl_c() {
    let topic = "cli-watched";
    topic_with(topic, 1, 3);
    let reset = format!("groups reset cli-watched --topic {topic} --to-earliest --create-group --yes");
    assert_eq!(code(&run(&reset)), 0);
    let (mut watch, mut stdout) = Running::start("groups lag cli-watched --watch=100ms -o json", bootstrap());
    let mut look = || {
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a look");
        serde_json::from_str::<Json>(&line).expect("one document a line")
    };
    let (first, second) = (look(), look());
    assert_eq!((&first["items"][0]["lag"], &first["items"]), (&json!(3), &second["items"]));
    assert!(first["time"].as_str() < second["time"].as_str(), "{first} {second}");
    watch.signal("-INT");
    assert_eq!(watch.end(), (Some(130), String::new()));

    let (mut watch, mut stdout) = Running::start("groups lag cli-watched --watch=100ms -o csv", bootstrap());
    let mut lines = (&mut stdout).lines().map(|line| line.expect("a line"));
    let header = lines.next().expect("a header");
    assert!(header.starts_with("time,group,topic,partition,"), "{header}");
    assert!(lines.take(3).all(|line| line.contains("cli-watched") && line != header), "one header");
    drop(stdout);
    assert_eq!(watch.end(), (Some(0), String::new()), "a closed pipe ends it quietly");

    let (mut watch, mut stdout) = Running::start("groups lag cli-watched --watch=100ms", bootstrap());
    let mut text = String::new();
    while text.matches("LAG").count() < 2 {
        assert!(stdout.read_line(&mut text).expect("a line") > 0, "{text}");
    }
    watch.signal("-INT");
    assert_eq!(watch.end(), (Some(130), String::new()));
    for wrong in ["groups lag cli-watched --watch=0s", "groups lag cli-watched --watch=soon"] {
        assert_eq!(code(&run(wrong)), 2, "{wrong}");
    }
    assert_eq!(code(&run("groups lag cli-nowhere --watch=100ms")), 1, "a name that is mistyped is not waited for");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    topic_with("cli-piped", 1, 20_000);
    let (mut tail, mut stdout) =
        Running::start("records tail cli-piped --from earliest --no-follow -o json", bootstrap());
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a record");
    drop(stdout);
    assert_eq!(tail.end(), (Some(0), String::new()));
}

#[test]
fn a_closed_port_fails_with_a_sentence_and_a_document() {
    // Nothing listens on the discard port of a machine that runs tests.
    let output = klamm("topics list --bootstrap 127.0.0.1:9 -o json").output().expect("it runs");
    assert_eq!(code(&output), 1);
    let failed = document("topics list", &output);
    assert_eq!((&failed["items"], &failed["failures"][0]["kind"]), (&json!([]), &json!("unreachable")));
    assert!(text(&output.stderr).contains("127.0.0.1:9"), "{}", text(&output.stderr));
}

#[test]
fn a_time_without_a_zone_is_a_usage_error_unless_one_is_given() {
    topic_with("cli-zoned", 1, 1);
    let line = "groups reset cli-zoner --topic cli-zoned --create-group --dry-run --to-datetime 2026-11-21T10:45:00";
    let output = run(line);
    assert_eq!(code(&output), 2, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("zone"), "{}", text(&output.stderr));
    let (_, code) = json(&format!("{line} --tz Europe/Berlin"));
    assert_eq!(code, 0);
}

#[test]
fn without_any_cluster_it_says_how_to_get_one() {
    let output = bare().args(["topics", "list"]).output().expect("it runs");
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("--bootstrap") && said.contains("klamm demo"), "{said}");
}

#[test]
fn the_console_needs_a_terminal() {
    for line in ["", "demo"] {
        let output = bare().args(line.split_whitespace()).output().expect("it runs");
        assert_eq!(code(&output), 2, "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("terminal"), "{}", text(&output.stderr));
    }
}

#[test]
fn help_is_no_failure() {
    let output = bare().arg("--help").output().expect("it runs");
    assert_eq!(code(&output), 0);
    assert!(text(&output.stdout).contains("groups"));
}
