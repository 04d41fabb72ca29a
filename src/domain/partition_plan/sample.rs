//! Recent keys and where they were found.

use crate::domain::partitioner::{Partitioner, partition_for};
use crate::domain::{PartitionId, Time};
use bytes::Bytes;
use std::collections::HashMap;

/// Longer keys count as records but are not kept: a sample stays small.
const MAX_KEY: usize = 8 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub records: u64,
    /// Where the newest record with this key lies.
    pub partition: PartitionId,
    at: Time,
}

/// A sample of a topic's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySample {
    keys: HashMap<Bytes, Seen>,
    by_partition: HashMap<PartitionId, u64>,
    records: u64,
    keyless: u64,
    span: Option<(Time, Time)>,
    /// Some sampled batch was written in a transaction.
    pub is_transactional: bool,
}

impl KeySample {
    /// Counts one record. Control records must not be given.
    pub fn add(&mut self, partition: PartitionId, key: Option<&[u8]>, at: Time) {
        self.records += 1;
        *self.by_partition.entry(partition).or_default() += 1;
        self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        match key {
            None => self.keyless += 1,
            Some(key) if key.len() > MAX_KEY => {}
            Some(key) => match self.keys.get_mut(key) {
                Some(seen) => {
                    seen.records += 1;
                    if at >= seen.at {
                        (seen.partition, seen.at) = (partition, at);
                    }
                }
                None => {
                    // A copy: the key must not keep its whole batch in memory.
                    self.keys.insert(Bytes::copy_from_slice(key), Seen { records: 1, partition, at });
                }
            },
        }
    }

    pub fn records(&self) -> u64 {
        self.records
    }

    pub fn keyless(&self) -> u64 {
        self.keyless
    }

    pub fn distinct(&self) -> usize {
        self.keys.len()
    }

    pub fn span(&self) -> Option<(Time, Time)> {
        self.span
    }

    /// The share of distinct keys that lie where each partitioner puts them.
    pub(super) fn explained(&self, partitions: i32) -> Vec<(Partitioner, f64)> {
        if self.keys.is_empty() {
            return Vec::new();
        }
        let share =
            |partitioner| self.share(|key, seen| partition_for(key, partitions, partitioner) == Some(seen.partition));
        Partitioner::ALL.into_iter().map(|partitioner| (partitioner, share(partitioner))).collect()
    }

    /// The share of distinct keys that another count sends elsewhere.
    pub(super) fn moved(&self, from: i32, to: i32) -> Vec<(Partitioner, f64)> {
        if self.keys.is_empty() {
            return Vec::new();
        }
        let share = |partitioner| {
            self.share(|key, _| partition_for(key, from, partitioner) != partition_for(key, to, partitioner))
        };
        Partitioner::ALL.into_iter().map(|partitioner| (partitioner, share(partitioner))).collect()
    }

    fn share(&self, counts: impl Fn(&[u8], &Seen) -> bool) -> f64 {
        let hits = self.keys.iter().filter(|(key, seen)| counts(key, seen)).count();
        hits as f64 / self.keys.len() as f64
    }

    /// Sampled records by partition now.
    pub(super) fn by_partition(&self, partitions: i32) -> Vec<u64> {
        if self.records == 0 {
            return Vec::new();
        }
        (0..partitions).map(|id| self.by_partition.get(&id).copied().unwrap_or(0)).collect()
    }

    /// Sampled records by partition, had there been `partitions` of them.
    /// Records without a key spread evenly.
    pub(super) fn spread(&self, partitions: i32, partitioner: Partitioner) -> Vec<u64> {
        let Some(count) = u64::try_from(partitions).ok().filter(|count| *count > 0) else { return Vec::new() };
        let (share, rest) = (self.keyless / count, self.keyless % count);
        let mut loads: Vec<u64> = (0..count).map(|index| share + u64::from(index < rest)).collect();
        for (key, seen) in &self.keys {
            let to = partition_for(key, partitions, partitioner).and_then(|to| usize::try_from(to).ok());
            if let Some(load) = to.and_then(|to| loads.get_mut(to)) {
                *load += seen.records;
            }
        }
        loads
    }

    /// The keys with the most records, most first.
    pub(super) fn hottest(&self, count: usize) -> Vec<(&Bytes, &Seen)> {
        let mut keys: Vec<(&Bytes, &Seen)> = self.keys.iter().collect();
        keys.sort_by(|a, b| (b.1.records, a.0).cmp(&(a.1.records, b.0)));
        keys.truncate(count);
        keys
    }
}
