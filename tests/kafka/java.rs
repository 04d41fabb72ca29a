//! How a Java program is started here: small heap, serial collector, first
//! compiler only. A broker then takes some 150 MB and three seconds.
//! What is measured as a control runs as Kafka's own scripts start it.

use std::path::Path;

/// The command up to and with the main class.
pub fn command(classes: &Path, heap_mb: u32, options: &[String], main: &str) -> Vec<String> {
    let mut words = vec!["java".to_owned(), "-Xms32m".to_owned(), format!("-Xmx{heap_mb}m")];
    words.extend(
        ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:MaxMetaspaceSize=160m", "-Xshare:auto", "-Xss512k"]
            .map(str::to_owned),
    );
    words.extend(options.iter().cloned());
    words.extend(program(classes, main));
    words
}

/// The settings of `kafka-run-class.sh` for a tool.
pub fn as_shipped(classes: &Path, main: &str) -> Vec<String> {
    let settings = [
        "java",
        "-Xmx256M",
        "-server",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:InitiatingHeapOccupancyPercent=35",
        "-XX:+ExplicitGCInvokesConcurrent",
        "-XX:MaxInlineLevel=15",
        "-Djava.awt.headless=true",
    ];
    settings.map(str::to_owned).into_iter().chain(program(classes, main)).collect()
}

/// Java expands the star itself; no shell sees it.
fn program(classes: &Path, main: &str) -> [String; 3] {
    ["-cp".to_owned(), format!("{}/*", classes.display()), main.to_owned()]
}
