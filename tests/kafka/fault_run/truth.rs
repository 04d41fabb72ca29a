//! What is known: where each partition of the group may stand, which lags were true
//! when, and how many partitions the growing topic may have.
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
    /// Where each has ever stood: an undo leads to one of them.
    ever: [BTreeSet<i64>; PARTITIONS],
    /// How many partitions the growing topic may have; the journal decides.
    counts: BTreeSet<usize>,
    /// More were asked for, and the journal was not read since.
    is_growing: bool,
    /// The least and the largest lag there could be, from a time on.
    history: Vec<(Instant, (i64, i64))>,
}

/// One step of a change, as the journal tells it.
pub struct Change {
    /// Which partition was moved; `None` where partitions were added.
    partition: Option<usize>,
    before: i64,
    target: i64,
    status: String,
}

impl Change {
    pub fn read(step: &Value) -> Self {
        let number = |name: &str| step[name].as_i64().unwrap_or_else(|| panic!("{name}: {step}"));
        let adds = step["step"] == "add_partitions";
        Self {
            partition: (!adds).then(|| usize::try_from(number("partition")).expect("an index")),
            before: number(if adds { "partitions" } else { "committed" }),
            target: number("target"),
            status: step["status"].as_str().expect("a status").to_owned(),
        }
    }

    /// What is possible after it, by its own account.
    fn leaves(&self) -> BTreeSet<i64> {
        match self.status.as_str() {
            "done" => BTreeSet::from([self.target]),
            "failed" | "not_done" => BTreeSet::from([self.before]),
            "unknown" | "overwritten" => BTreeSet::from([self.before, self.target]),
            other => panic!("a step that is {other}"),
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

    /// An undo is begun: back to where it stood once.
    pub fn may_go_back(&mut self) {
        for (at, ever) in self.committed.iter_mut().zip(&self.ever) {
            at.extend(ever);
        }
        self.note();
    }

    /// More partitions are asked for; how many says the journal.
    pub fn may_grow(&mut self) {
        self.is_growing = true;
    }

    /// The most partitions that the growing topic may have.
    pub fn partitions(&self) -> usize {
        self.counts.last().copied().unwrap_or(PARTITIONS)
    }

    /// The growing topic has so many; an error if that cannot be.
    pub fn has(&mut self, count: usize) -> Result<(), String> {
        if self.counts.is_empty() {
            self.counts.insert(PARTITIONS);
        }
        if !self.counts.contains(&count) {
            return Err(format!("there are {count} partitions, of {:?}", self.counts));
        }
        (self.counts, self.is_growing) = (BTreeSet::from([count]), false);
        Ok(())
    }

    /// What a change did, by its own account. What stood there before it must have
    /// been possible, and what it says is done leaves nothing else.
    pub fn changes(&mut self, steps: &[Change]) {
        for step in steps {
            let Some(partition) = step.partition else {
                let count = |number: i64| usize::try_from(number).expect("a count");
                let before = count(step.before);
                assert!(self.counts.contains(&before), "there were {before} partitions, of {:?}", self.counts);
                assert!(self.is_growing, "nobody asked for more partitions");
                self.counts = step.leaves().into_iter().map(count).collect();
                continue;
            };
            let at = &mut self.committed[partition];
            assert!(at.contains(&step.before), "{partition} stood at {}, of {at:?}", step.before);
            *at = step.leaves();
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
            self.ever[partition].insert(*offset);
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
