//! Real servers, resolved by Maven from the POMs beside this file.
//!
//! Invariant: a folder under `target/it/libs` is complete or absent. It is
//! filled aside and renamed, and carries the POM it was made from.

use crate::{needs, places};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// The newest complete release: brokers and the command line tools.
    Kafka431,
    /// The newest release at all, brokers only.
    Kafka440,
    /// Kafka Streams of that release.
    Streams440,
    /// The last one with ZooKeeper.
    Kafka392,
    /// A registry with the Confluent interface.
    Apicurio,
}

impl Artifact {
    pub fn name(self) -> &'static str {
        match self {
            Self::Kafka431 => "kafka-4.3.1",
            Self::Kafka440 => "kafka-4.4.0",
            Self::Streams440 => "kafka-streams-4.4.0",
            Self::Kafka392 => "kafka-3.9.2",
            Self::Apicurio => "apicurio-2.6.13",
        }
    }

    fn pom(self) -> &'static str {
        match self {
            Self::Kafka431 => include_str!("poms/kafka-4.3.1/pom.xml"),
            Self::Kafka440 => include_str!("poms/kafka-4.4.0/pom.xml"),
            Self::Streams440 => include_str!("poms/kafka-streams-4.4.0/pom.xml"),
            Self::Kafka392 => include_str!("poms/kafka-3.9.2/pom.xml"),
            Self::Apicurio => include_str!("poms/apicurio-2.6.13/pom.xml"),
        }
    }

    fn goal(self) -> &'static str {
        match self {
            Self::Apicurio => "dependency:unpack",
            _ => "dependency:copy-dependencies",
        }
    }
}

/// One Maven at a time: two of them on one local repository corrupt each other.
static TURN: Mutex<()> = Mutex::new(());

/// The folder that holds the artifact's files.
pub fn resolve(artifact: Artifact) -> Result<PathBuf, String> {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let home = places::libraries().join(artifact.name());
    let mark = home.join("made-from.xml");
    if fs::read_to_string(&mark).is_ok_and(|made_from| made_from == artifact.pom()) {
        return Ok(home);
    }
    needs::maven()?;
    let fail = |what: &Path, error: std::io::Error| format!("cannot prepare {}: {error}", what.display());
    let aside = places::libraries().join(format!(".{}-{}", artifact.name(), std::process::id()));
    let files = aside.join("files");
    fs::create_dir_all(&files).map_err(|error| fail(&files, error))?;
    let pom = aside.join("pom.xml");
    fs::write(&pom, artifact.pom()).map_err(|error| fail(&pom, error))?;

    let run = |extra: &[&str]| {
        Command::new("mvn")
            .args(["-B", "-q", "-ntp"])
            .args(extra)
            .arg("-f")
            .arg(&pom)
            .arg(artifact.goal())
            .arg(format!("-DoutputDirectory={}", files.display()))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cannot run mvn: {error}"))
    };
    let mut answer = run(&[])?;
    if !answer.status.success() {
        // Maven remembers a failed download for a day; -U makes it look again.
        answer = run(&["-U"])?;
    }
    if !answer.status.success() {
        let said = String::from_utf8_lossy(&answer.stdout);
        let head: Vec<&str> = said.lines().filter(|line| line.contains("ERROR")).take(5).collect();
        let _ = fs::remove_dir_all(&aside);
        return Err(format!("Maven cannot resolve {}:\n{}", artifact.name(), head.join("\n")));
    }
    fs::write(files.join("made-from.xml"), artifact.pom()).map_err(|error| fail(&files, error))?;
    let _ = fs::remove_dir_all(&home);
    fs::rename(&files, &home).map_err(|error| fail(&home, error))?;
    let _ = fs::remove_dir_all(&aside);
    Ok(home)
}
