//! Kafka's own command line tools, as foreign clients.
//!
//! Always those of 4.3.1: the newest complete release, and they speak to every
//! broker here.

use crate::maven::{self, Artifact};
use crate::target::Target;
use crate::{java, needs};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

    pub fn consume(&self, words: &[&str]) -> String {
        self.run("org.apache.kafka.tools.consumer.ConsoleConsumer", words, "")
    }

    pub fn produce(&self, words: &[&str], lines: &str) {
        self.run("org.apache.kafka.tools.ConsoleProducer", words, lines);
    }

    /// Fills a topic with 100-byte records in lz4 batches.
    pub fn load(&self, topic: &str, records: u64) {
        let count = records.to_string();
        let words = ["--topic", topic, "--num-records", &count, "--record-size", "100", "--throughput", "-1"];
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
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {main}: {error}"));
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("the tool reads its input");
        drop(stdin);
        let output = child.wait_with_output().expect("the tool ends");
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
