//! What the tests against real Kafka need of the system, and where to get it.
//!
//! Invariant: a missing tool is a failure that names the package, never a skip.

use std::process::{Command, Stdio};

/// Java 17 or newer.
pub fn java() -> Result<(), String> {
    let advice = "the tests against real Kafka need Java 17 or newer: \
                  install the Debian package openjdk-17-jre-headless";
    let answer = Command::new("java")
        .arg("-version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{advice} (java: {error})"))?;
    let banner = String::from_utf8_lossy(&answer.stderr);
    match major(&banner) {
        Some(major) if major >= 17 => Ok(()),
        Some(major) => Err(format!("{advice} (found Java {major})")),
        None => Err(format!("{advice} (java -version said: {})", banner.lines().next().unwrap_or_default())),
    }
}

/// A Java that compiles: what the tests bring as source it runs as it is.
pub fn jdk() -> Result<(), String> {
    java()?;
    let advice =
        "the tests with Kafka Streams need a Java compiler: install the Debian package openjdk-17-jdk-headless";
    let answer = Command::new("java")
        .arg("--list-modules")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{advice} (java: {error})"))?;
    let modules = String::from_utf8_lossy(&answer.stdout);
    if modules.lines().any(|line| line.starts_with("jdk.compiler")) { Ok(()) } else { Err(advice.to_owned()) }
}

/// Maven, any version 3.
pub fn maven() -> Result<(), String> {
    let advice = "the tests against real Kafka fetch it with Maven: install the Debian package maven";
    let answer = Command::new("mvn")
        .args(["-B", "-version"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{advice} (mvn: {error})"))?;
    if answer.status.success() {
        Ok(())
    } else {
        Err(format!("{advice} (mvn -version failed: {})", String::from_utf8_lossy(&answer.stderr).trim()))
    }
}

/// kcat, which must know groups and JSON.
pub fn kcat() -> Result<(), String> {
    let advice = "the tests with foreign clients need kcat: install the Debian package kcat";
    let answer = Command::new("kcat")
        .arg("-V")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{advice} (kcat: {error})"))?;
    let said = String::from_utf8_lossy(&answer.stdout);
    if said.contains("JSON") { Ok(()) } else { Err(format!("{advice} (kcat -V said: {})", said.trim())) }
}

/// `openjdk version "17.0.15"` is 17, `java version "1.8.0_402"` is 8.
fn major(banner: &str) -> Option<u32> {
    let version = banner.split('"').nth(1)?;
    let mut parts = version.split(['.', '_', '-']);
    let first: u32 = parts.next()?.parse().ok()?;
    if first == 1 { parts.next()?.parse().ok() } else { Some(first) }
}
