//! How far a search is, and what it covered, in words.

use super::{SearchCounts, TopicSearched};
use crate::domain::{Failure, show};
use std::time::Duration;

impl SearchCounts {
    /// What an earlier search of other offsets has counted, together with this.
    pub fn add_before(&mut self, before: &Self) {
        self.seen += before.seen;
        self.skipped += before.skipped;
        self.matched += before.matched;
        self.undecodable += before.undecodable;
        self.bytes += before.bytes;
        // What it did not come to is this one's to read.
        self.offsets += before.passed;
        self.passed += before.passed;
    }

    /// "42 % · 1,200,000 records · 118 MiB · 800 k/s · 3 match · 2.1 s left"
    pub fn progress(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        let share = self.passed as f64 / self.offsets.max(1) as f64;
        let mut parts = vec![
            format!("{:.0} %", share * 100.0),
            format!("{} records", show::count(self.seen)),
            show::size(self.bytes),
        ];
        if seconds > 0.0 {
            parts.push(format!("{}/s", show::rate(self.seen as f64 / seconds)));
        }
        parts.push(format!("{} match", show::count(self.matched)));
        if seconds > 0.0 && share > 0.0 && share < 1.0 {
            let left = seconds * (1.0 - share) / share;
            parts.push(format!("{} left", show::duration((left * 1_000.0) as u64)));
        }
        parts.join(" · ")
    }
}

impl TopicSearched {
    /// What was covered, so that "no match" is a statement.
    pub fn coverage(&self, failures: &[Failure], is_limited: bool) -> String {
        let counts = &self.counts;
        let mut text = format!(
            "{} of {} match, in {}, {} read",
            show::count(counts.matched),
            show::plural(counts.seen, "record"),
            show::plural(self.partitions, "partition"),
            show::size(counts.bytes),
        );
        if counts.skipped > 0 {
            text.push_str(&format!("; {} lie outside the time", show::count(counts.skipped)));
        }
        if counts.undecodable > 0 {
            let unknown = show::count(counts.undecodable);
            text.push_str(&format!("; of {unknown} it is not known: they could not be decoded"));
        }
        let is_of_topic = |failure: &&Failure| {
            let rest = failure.target.strip_prefix(self.topic.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        let failed = failures.iter().filter(is_of_topic).count();
        if failed > 0 {
            text.push_str(&format!("; not all of it could be read ({})", show::plural(failed, "failure")));
        }
        if self.is_complete {
            text.push_str("; all of it was covered");
        } else if is_limited {
            text.push_str("; there may be more beyond the limit");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FailureKind;

    #[test]
    fn how_far_it_is() {
        let counts =
            SearchCounts { seen: 300, matched: 3, bytes: 2_048, offsets: 1_000, passed: 250, ..Default::default() };
        let said = counts.progress(Duration::from_secs(2));
        assert!(said.starts_with("25 % · 300 records"), "{said}");
        assert!(said.contains("3 match") && said.contains("6") && said.ends_with("left"), "{said}");
        assert!(!SearchCounts::default().progress(Duration::ZERO).contains("left"), "nothing is known yet");
    }

    #[test]
    fn what_was_covered() {
        let mut searched = TopicSearched {
            topic: "orders".into(),
            partitions: 12,
            counts: SearchCounts { seen: 5, ..Default::default() },
            is_complete: true,
            notes: Vec::new(),
            began: Default::default(),
            rest: Default::default(),
        };
        let said = searched.coverage(&[], false);
        assert!(said.starts_with("0 of 5 records match, in 12 partitions") && said.ends_with("all of it was covered"));
        searched.is_complete = false;
        searched.counts.undecodable = 2;
        let of = |target: &str| Failure::new(FailureKind::Timeout, "read records", "no answer").on(target);
        let said = searched.coverage(&[of("orders:3"), of("orders.v2:1")], false);
        assert!(said.contains("of 2 it is not known") && said.contains("(1 failure)"), "{said}");
    }
}
