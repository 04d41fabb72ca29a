//! The newest records, bounded by number and by the memory they pin.

use crate::cluster::RecordRef;
use crate::domain::sizes::Sizes;
use crate::domain::{PartitionId, Time};
use std::collections::{HashMap, VecDeque};

/// Something that keeps a whole batch in memory.
pub trait Held {
    /// Same batch, same key.
    fn batch_key(&self) -> usize;
    /// Bytes of the whole batch.
    fn batch_bytes(&self) -> usize;
    /// Bytes of its key and its value.
    fn size(&self) -> u64;
}

impl Held for RecordRef {
    fn batch_key(&self) -> usize {
        RecordRef::batch_key(self)
    }

    fn batch_bytes(&self) -> usize {
        RecordRef::batch_bytes(self)
    }

    fn size(&self) -> u64 {
        RecordRef::size(self)
    }
}

#[derive(Debug)]
pub struct Ring<R> {
    records: VecDeque<R>,
    /// Records here and bytes, by batch.
    batches: HashMap<usize, (usize, usize)>,
    bytes: usize,
    /// The sizes of those here.
    sizes: Sizes,
    most_records: usize,
    most_bytes: usize,
}

impl<R: Held> Ring<R> {
    pub fn new(most_records: usize, most_bytes: usize) -> Self {
        Self {
            records: VecDeque::new(),
            batches: HashMap::new(),
            bytes: 0,
            sizes: Sizes::default(),
            most_records,
            most_bytes,
        }
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.records.len() >= self.most_records || self.bytes >= self.most_bytes
    }

    pub fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    pub fn get(&self, row: usize) -> Option<&R> {
        self.records.get(row)
    }

    /// Returns whether an older record had to go. One record is always kept,
    /// however large its batch.
    pub fn push(&mut self, record: R) -> bool {
        let entry = self.batches.entry(record.batch_key()).or_insert((0, record.batch_bytes()));
        if entry.0 == 0 {
            self.bytes = self.bytes.saturating_add(entry.1);
        }
        entry.0 += 1;
        self.sizes.add(record.size());
        self.records.push_back(record);
        let mut dropped = false;
        while self.records.len() > 1 && (self.records.len() > self.most_records || self.bytes > self.most_bytes) {
            self.drop_oldest();
            dropped = true;
        }
        dropped
    }

    /// One after the other by `key`; what is equal keeps its order.
    pub fn sort_by_key<K: Ord>(&mut self, key: impl FnMut(&R) -> K) {
        self.records.make_contiguous().sort_by_key(key);
    }

    fn drop_oldest(&mut self) {
        let Some(record) = self.records.pop_front() else { return };
        self.sizes.remove(record.size());
        if let Some(entry) = self.batches.get_mut(&record.batch_key()) {
            entry.0 -= 1;
            if entry.0 == 0 {
                self.bytes = self.bytes.saturating_sub(entry.1);
                self.batches.remove(&record.batch_key());
            }
        }
    }
}

impl Ring<RecordRef> {
    /// Puts partitions together by time; within one the order is that of the log,
    /// whatever its times say.
    pub fn merge_by_time(&mut self) {
        self.sort_by_key(|record| (record.partition(), record.offset()));
        let mut latest: HashMap<PartitionId, Time> = HashMap::new();
        let mut keyed: Vec<(Time, PartitionId, RecordRef)> = std::mem::take(&mut self.records)
            .into_iter()
            .map(|record| {
                let latest = latest.entry(record.partition()).or_insert(Time(i64::MIN));
                *latest = (*latest).max(record.timestamp());
                (*latest, record.partition(), record)
            })
            .collect();
        keyed.sort_by_key(|(time, partition, _)| (*time, *partition));
        self.records = keyed.into_iter().map(|(_, _, record)| record).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(usize, usize);

    impl Held for Fake {
        fn batch_key(&self) -> usize {
            self.0
        }
        fn batch_bytes(&self) -> usize {
            self.1
        }
        fn size(&self) -> u64 {
            self.0 as u64
        }
    }

    #[test]
    fn a_batch_is_charged_once_and_freed_with_its_last_record() {
        let mut ring = Ring::new(100, 1_000);
        for _ in 0..3 {
            ring.push(Fake(1, 600));
        }
        assert_eq!((ring.len(), ring.bytes), (3, 600));
        assert!(ring.push(Fake(2, 600)), "the first batch has to go as a whole");
        assert_eq!((ring.len(), ring.bytes), (1, 600));
        assert!(ring.push(Fake(3, 9_000)));
        assert_eq!((ring.len(), ring.bytes), (1, 9_000), "one record is always kept");
    }

    #[test]
    fn the_number_of_records_is_bounded() {
        let mut ring = Ring::new(10, usize::MAX);
        for batch in 0..100 {
            ring.push(Fake(batch, 1));
        }
        assert_eq!((ring.len(), ring.batches.len(), ring.bytes), (10, 10, 10));
        assert_eq!(ring.get(0).map(|record| record.0), Some(90));
        assert_eq!(ring.sizes().total(), 10, "those that went are not counted");
        assert_eq!(ring.sizes().classes().first().map(|class| class.from), Some(64));
    }
}
