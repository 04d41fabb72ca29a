//! The few words of a screen that no stopped clock keeps still.
//!
//! How long a stage of a connection's test took is measured on the computer's own
//! clock, the demo's registry takes a free port, and the id of a change holds the
//! number of the process that made it. Nothing else is touched.

use anyhow::Result;
use regex::Regex;

pub struct Still {
    took: Regex,
    registry: Regex,
    change: Regex,
}

impl Still {
    pub fn new() -> Result<Self> {
        Ok(Self {
            took: Regex::new(r"\(\d+ ms\)")?,
            // Free ports have five digits, and so has the one that is shown.
            registry: Regex::new(r"http://127\.0\.0\.1:\d{5}")?,
            change: Regex::new(r"\b([0-9a-f]{11})-[0-9a-f]+-(\d+)")?,
        })
    }

    /// The same text, as long as before.
    pub fn words(&self, text: &str) -> String {
        let still = self.took.replace_all(text, "(1 ms)");
        let still = self.registry.replace_all(&still, "http://127.0.0.1:18081");
        let still = self.change.replace_all(&still, "$1-1-$2");
        let lost = text.chars().count().saturating_sub(still.chars().count());
        format!("{still}{}", " ".repeat(lost))
    }
}
