//! How a Java program is started here: small heap, serial collector, first
//! compiler only. A broker then takes some 150 MB and three seconds.

use std::path::Path;

/// The command up to and with the main class.
pub fn command(classes: &Path, heap_mb: u32, options: &[String], main: &str) -> Vec<String> {
    let mut words = vec!["java".to_owned(), "-Xms32m".to_owned(), format!("-Xmx{heap_mb}m")];
    words.extend(
        ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:MaxMetaspaceSize=160m", "-Xshare:auto", "-Xss512k"]
            .map(str::to_owned),
    );
    words.extend(options.iter().cloned());
    // Java expands the star itself; no shell sees it.
    words.extend(["-cp".to_owned(), format!("{}/*", classes.display()), main.to_owned()]);
    words
}
