//! What is known of the group: where each partition may stand, and which lags were
//! true when.
//!
//! A change whose outcome is not known leaves two possibilities; looking at the
//! cluster when all is well decides.

use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Instant;

pub const PARTITIONS: usize = 3;

#[derive(Default)]
pub struct Truth {
    pub ends: [i64; PARTITIONS],
    committed: [BTreeSet<i64>; PARTITIONS],
    /// The least and the largest lag there could be, from a time on.
    history: Vec<(Instant, (i64, i64))>,
}

/// One step of a change, as the journal tells it.
pub struct Change {
    partition: usize,
    before: i64,
    target: i64,
    status: String,
}

impl Change {
    pub fn read(step: &Value) -> Self {
        let number = |name: &str| step[name].as_i64().unwrap_or_else(|| panic!("{name}: {step}"));
        Self {
            partition: usize::try_from(number("partition")).expect("an index"),
            before: number("committed"),
            target: number("target"),
            status: step["status"].as_str().expect("a status").to_owned(),
        }
    }
}

impl Truth {
    pub fn lags(&self) -> (i64, i64) {
        let sum = |of: fn(&BTreeSet<i64>) -> Option<&i64>| -> i64 {
            self.ends.iter().zip(&self.committed).map(|(end, at)| end - of(at).unwrap_or(end)).sum()
        };
        (sum(BTreeSet::last), sum(BTreeSet::first))
    }

    fn note(&mut self) {
        let lags = self.lags();
        self.history.push((Instant::now(), lags));
    }

    /// Was this the lag at some time since then?
    pub fn held(&self, lag: i64, since: Instant) -> bool {
        // The last that began before counts too: it held until the next one.
        let first = self.history.iter().rposition(|(from, _)| *from <= since).unwrap_or(0);
        self.history[first..].iter().any(|(_, (least, most))| (*least..=*most).contains(&lag))
    }

    /// Records are about to be written.
    pub fn grows(&mut self, partition: usize, count: usize) {
        let before = self.lags();
        self.ends[partition] += i64::try_from(count).expect("few");
        let after = self.lags();
        // They come one by one.
        self.history.push((Instant::now(), (before.0, after.1)));
    }

    /// A change is begun.
    pub fn may_become(&mut self, targets: &[i64; PARTITIONS]) {
        for (at, target) in self.committed.iter_mut().zip(targets) {
            at.insert(*target);
        }
        self.note();
    }

    /// What a change did, by its own account. What stood there before it must have
    /// been possible, and what it says is done leaves nothing else.
    pub fn changes(&mut self, steps: &[Change]) {
        for step in steps {
            let at = &mut self.committed[step.partition];
            assert!(at.contains(&step.before), "{} stood at {}, of {at:?}", step.partition, step.before);
            match step.status.as_str() {
                "done" => *at = BTreeSet::from([step.target]),
                "failed" | "not_done" => *at = BTreeSet::from([step.before]),
                "unknown" | "overwritten" => *at = BTreeSet::from([step.before, step.target]),
                other => panic!("a step that is {other}"),
            }
        }
        self.note();
    }

    /// What the cluster holds, as somebody else sees it.
    pub fn settles(&mut self, found: &[i64]) {
        if self.committed.iter().all(BTreeSet::is_empty) {
            self.committed = [0, 1, 2].map(|partition: usize| BTreeSet::from([found[partition]]));
        }
        assert_eq!(found.len(), PARTITIONS, "{found:?}");
        for (partition, offset) in found.iter().enumerate() {
            let at = &mut self.committed[partition];
            assert!(at.contains(offset), "partition {partition} stands at {offset}, of {at:?}");
            *at = BTreeSet::from([*offset]);
        }
        self.note();
    }

    /// Nothing is under way any more.
    pub fn is_exact(&mut self) {
        let (least, most) = self.lags();
        assert_eq!(least, most);
        self.note();
    }
}
