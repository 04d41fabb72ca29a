//! Foreign clients with a command line: Kafka's own tools, and kcat.
//!
//! Kafka's are always those of 4.3.1: the newest complete release, and they speak
//! to every broker here.

use crate::maven::{self, Artifact};
use crate::target::Target;
use crate::{java, needs};
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub struct Tools {
    classes: PathBuf,
    bootstrap: String,
    is_as_shipped: bool,
}

impl Tools {
    /// For targets without security.
    pub fn of(target: &Target) -> Self {
        let classes = needs::java()
            .and_then(|()| maven::resolve(Artifact::Kafka431))
            .unwrap_or_else(|message| panic!("{message}"));
        Self { classes, bootstrap: target.bootstrap.clone(), is_as_shipped: false }
    }

    /// With the Java settings of Kafka's own scripts, as people run them.
    pub fn as_shipped(target: &Target) -> Self {
        Self { is_as_shipped: true, ..Self::of(target) }
    }

    pub fn topics(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.TopicCommand", words, "")
    }

    pub fn groups(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", words, "")
    }

    pub fn offsets(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.GetOffsetShell", words, "")
    }

    pub fn configs(&self, words: &[&str]) -> String {
        self.run("kafka.admin.ConfigCommand", words, "")
    }

    pub fn acls(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.AclCommand", words, "")
    }

    pub fn transactions(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.TransactionsCommand", words, "")
    }

    pub fn consume(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.consumer.ConsoleConsumer", words, "")
    }

    /// Reads as a member of a share group, and acknowledges.
    pub fn share(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.consumer.ConsoleShareConsumer", words, "")
    }

    pub fn produce(&self, words: &[&str], lines: &str) {
        self.run("org.apache.kafka.tools.ConsoleProducer", words, lines);
    }

    /// Fills a topic with 100-byte records in lz4 batches.
    pub fn load(&self, topic: &str, records: u64) {
        self.load_with(topic, records, &["--record-size", "100"]);
    }

    /// Writes 100-byte records as durably as it can, and says how many a second.
    pub fn write(&self, topic: &str, records: u64) -> f64 {
        let count = records.to_string();
        let words = ["--topic", topic, "--num-records", &count, "--throughput", "-1", "--record-size", "100"];
        let settings =
            ["acks=all", "enable.idempotence=true", "compression.type=lz4", "batch.size=262144", "linger.ms=20"];
        let settings = settings.iter().flat_map(|setting| ["--command-property", setting]);
        let said = self.run(
            "org.apache.kafka.tools.ProducerPerformance",
            &words.into_iter().chain(settings).collect::<Vec<_>>(),
            "",
        );
        // "1000000 records sent, 204081.6 records/sec (…)": the last line is of all of it.
        let last = said.lines().rev().find(|line| line.contains("records/sec")).expect("a rate");
        let rate = last.split(", ").nth(1).and_then(|part| part.split(' ').next()).and_then(|rate| rate.parse().ok());
        rate.unwrap_or_else(|| panic!("{last} names a rate"))
    }

    /// The same with the lines of a file as values, drawn at random.
    pub fn load_lines(&self, topic: &str, records: u64, file: &str) {
        self.load_with(topic, records, &["--payload-file", file]);
    }

    fn load_with(&self, topic: &str, records: u64, payload: &[&str]) {
        let count = records.to_string();
        let words = [&["--topic", topic, "--num-records", &count, "--throughput", "-1"], payload].concat();
        let settings = ["acks=1", "batch.size=262144", "linger.ms=20", "compression.type=lz4"];
        let settings = settings.iter().flat_map(|setting| ["--command-property", setting]);
        self.run(
            "org.apache.kafka.tools.ProducerPerformance",
            &words.into_iter().chain(settings).collect::<Vec<_>>(),
            "",
        );
    }

    /// Runs one to its end and returns what it said; a failure is ours.
    fn run(&self, main: &str, words: &[&str], input: &str) -> String {
        let mut command = if self.is_as_shipped {
            java::as_shipped(&self.classes, main)
        } else {
            java::command(&self.classes, 128, &[], main)
        };
        command.extend(["--bootstrap-server".to_owned(), self.bootstrap.clone()]);
        command.extend(words.iter().map(|word| (*word).to_owned()));
        let output = answer(&command, input);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && !complained.contains("Exception"),
            "{main} {}: {}\n{said}\n{complained}",
            words.join(" "),
            output.status
        );
        said
    }
}

pub struct Kcat {
    bootstrap: String,
}

impl Kcat {
    /// For targets without security.
    pub fn of(target: &Target) -> Self {
        needs::kcat().unwrap_or_else(|message| panic!("{message}"));
        Self { bootstrap: target.bootstrap.clone() }
    }

    /// Runs it to its end and returns what it said; a failure is ours.
    pub fn run(&self, words: &[&str], input: &str) -> String {
        // Not this user's settings.
        let mut command = vec!["kcat", "-F", "/dev/null", "-b", &self.bootstrap, "-X", "broker.address.family=v4"];
        command.extend(words);
        let output = answer(&command, input);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kcat {}: {}\n{said}\n{complained}", words.join(" "), output.status);
        said
    }
}

/// Longer than any of them takes here.
const LIMIT_SECONDS: &str = "120";

/// Gives a program its input and waits for its end, but not for ever.
fn answer(command: &[impl AsRef<OsStr>], input: &str) -> Output {
    let mut child = Command::new("timeout")
        .arg(LIMIT_SECONDS)
        .args(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run timeout: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    // One that has failed already reads no more; its end says why.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}
