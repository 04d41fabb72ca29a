//! The newest records, bounded by number and by the memory they pin, in the order that
//! was chosen.
//!
//! Invariant: within a partition records stand by offset, whatever the order is; what
//! comes is put in its place, and what is there already is not sorted again.

use super::Order;
use crate::cluster::RecordRef;
use crate::domain::sizes::Sizes;
use crate::domain::{Offset, PartitionId, Time};
use std::collections::{HashMap, VecDeque};

/// Something that keeps a whole batch in memory.
pub trait Held {
    /// Same batch, same key.
    fn batch_key(&self) -> usize;
    /// Bytes of the whole batch.
    fn batch_bytes(&self) -> usize;
    /// Bytes of its key and its value.
    fn size(&self) -> u64;
    fn place(&self) -> (PartitionId, Offset);
    fn time(&self) -> Time;
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

    fn place(&self) -> (PartitionId, Offset) {
        (self.partition(), self.offset())
    }

    fn time(&self) -> Time {
        self.timestamp()
    }
}

#[derive(Debug)]
struct Kept<R> {
    record: R,
    /// The latest of its partition up to it: the log has the order, whatever its times say.
    time: Time,
    /// How many had come into the ring, with it.
    arrival: u64,
}

impl<R: Held> Kept<R> {
    /// Equal in every order but that of arrival, where all stand as they came.
    fn rank(&self, order: Order) -> (Time, PartitionId, Offset) {
        let (partition, offset) = self.record.place();
        match order {
            Order::Arrival | Order::Partition => (Time(0), partition, offset),
            Order::Time => (self.time, partition, offset),
        }
    }
}

#[derive(Debug)]
pub struct Ring<R> {
    records: VecDeque<Kept<R>>,
    order: Order,
    /// So many at the end are not in their place yet.
    fresh: usize,
    /// The latest time of each partition.
    latest: HashMap<PartitionId, Time>,
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
            order: Order::Arrival,
            fresh: 0,
            latest: HashMap::new(),
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
        self.records.get(row).map(|kept| &kept.record)
    }

    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.records.iter().map(|kept| &kept.record)
    }

    /// Records that came after so many others.
    pub fn since(&self, arrived: u64) -> impl Iterator<Item = &R> {
        self.records.iter().filter(move |kept| kept.arrival > arrived).map(|kept| &kept.record)
    }

    /// Takes a record, the `arrival`th; it is in its place after [`Ring::settle`].
    pub fn push(&mut self, record: R, arrival: u64) {
        self.charge(&record);
        let latest = self.latest.entry(record.place().0).or_insert(Time(i64::MIN));
        *latest = record.time().max(*latest);
        self.records.push_back(Kept { time: *latest, record, arrival });
        self.fresh += 1;
    }

    /// Puts what was pushed in its place, and gives back what has to go for it: the first
    /// of the list. One record is always kept, however large its batch.
    pub fn settle(&mut self) -> Vec<R> {
        let order = self.order;
        let fresh = std::mem::take(&mut self.fresh);
        if order != Order::Arrival && fresh > 0 {
            let mut fresh: Vec<Kept<R>> = self.records.split_off(self.records.len() - fresh).into();
            fresh.sort_by_cached_key(|kept| kept.rank(order));
            let first = fresh.first().map(|kept| kept.rank(order));
            let stays = first.map_or(0, |first| self.records.partition_point(|kept| kept.rank(order) <= first));
            let mut moved = self.records.split_off(stays).into_iter().peekable();
            for kept in fresh {
                let rank = kept.rank(order);
                while let Some(before) = moved.next_if(|moved| moved.rank(order) <= rank) {
                    self.records.push_back(before);
                }
                self.records.push_back(kept);
            }
            self.records.extend(moved);
        }
        self.shrink(VecDeque::pop_front)
    }

    /// Puts records before those here, which lie before them in every partition, and gives
    /// back what has to go for them: the last of the list.
    pub fn put_before(&mut self, records: Vec<R>, arrival: u64) -> Vec<R> {
        for record in records.into_iter().rev() {
            self.charge(&record);
            self.records.push_front(Kept { time: record.time(), record, arrival });
        }
        self.latest.clear();
        for kept in &mut self.records {
            let latest = self.latest.entry(kept.record.place().0).or_insert(Time(i64::MIN));
            *latest = kept.record.time().max(*latest);
            kept.time = *latest;
        }
        self.set_order(self.order);
        self.shrink(VecDeque::pop_back)
    }

    /// From now on records stand in this order. As they came is the order of what comes.
    pub fn set_order(&mut self, order: Order) {
        self.order = order;
        if order != Order::Arrival {
            self.records.make_contiguous().sort_by_cached_key(|kept| kept.rank(order));
        }
    }

    fn charge(&mut self, record: &R) {
        let entry = self.batches.entry(record.batch_key()).or_insert((0, record.batch_bytes()));
        if entry.0 == 0 {
            self.bytes = self.bytes.saturating_add(entry.1);
        }
        entry.0 += 1;
        self.sizes.add(record.size());
    }

    fn shrink(&mut self, take: impl Fn(&mut VecDeque<Kept<R>>) -> Option<Kept<R>>) -> Vec<R> {
        let mut gone = Vec::new();
        while self.records.len() > 1 && (self.records.len() > self.most_records || self.bytes > self.most_bytes) {
            let Some(Kept { record, .. }) = take(&mut self.records) else { break };
            self.sizes.remove(record.size());
            if let Some(entry) = self.batches.get_mut(&record.batch_key()) {
                entry.0 -= 1;
                if entry.0 == 0 {
                    self.bytes = self.bytes.saturating_sub(entry.1);
                    self.batches.remove(&record.batch_key());
                }
            }
            gone.push(record);
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Batch, bytes.
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
        fn place(&self) -> (PartitionId, Offset) {
            (0, self.0 as i64)
        }
        fn time(&self) -> Time {
            Time(self.0 as i64)
        }
    }

    fn push(ring: &mut Ring<Fake>, record: Fake) -> usize {
        ring.push(record, 1);
        ring.settle().len()
    }

    #[test]
    fn a_batch_is_charged_once_and_freed_with_its_last_record() {
        let mut ring = Ring::new(100, 1_000);
        for _ in 0..3 {
            push(&mut ring, Fake(1, 600));
        }
        assert_eq!((ring.len(), ring.bytes), (3, 600));
        assert_eq!(push(&mut ring, Fake(2, 600)), 3, "the first batch has to go as a whole");
        assert_eq!((ring.len(), ring.bytes), (1, 600));
        assert_eq!(push(&mut ring, Fake(3, 9_000)), 1);
        assert_eq!((ring.len(), ring.bytes), (1, 9_000), "one record is always kept");
    }

    #[test]
    fn the_number_of_records_is_bounded() {
        let mut ring = Ring::new(10, usize::MAX);
        for batch in 0..100 {
            push(&mut ring, Fake(batch, 1));
        }
        assert_eq!((ring.len(), ring.batches.len(), ring.bytes), (10, 10, 10));
        assert_eq!(ring.get(0).map(|record| record.0), Some(90));
        assert_eq!(ring.sizes().total(), 10, "those that went are not counted");
        assert_eq!(ring.sizes().classes().first().map(|class| class.from), Some(64));
        let gone = ring.put_before(vec![Fake(80, 1), Fake(81, 1)], 200);
        assert_eq!(gone.iter().map(|record| record.0).collect::<Vec<_>>(), [99, 98], "the last goes first");
        assert_eq!(ring.iter().map(|record| record.0).next(), Some(80));
    }

    /// Partition, offset, time.
    #[derive(Clone, Debug)]
    struct At(PartitionId, Offset, i64);

    impl Held for At {
        fn batch_key(&self) -> usize {
            self.1 as usize
        }
        fn batch_bytes(&self) -> usize {
            1
        }
        fn size(&self) -> u64 {
            1
        }
        fn place(&self) -> (PartitionId, Offset) {
            (self.0, self.1)
        }
        fn time(&self) -> Time {
            Time(self.2)
        }
    }

    proptest! {
        #[test]
        fn what_comes_in_parts_stands_as_if_all_were_sorted_at_once(
            parts in prop::collection::vec(prop::collection::vec((0..4, 0..50_i64), 0..12), 0..12),
            by_time: bool,
        ) {
            let order = if by_time { Order::Time } else { Order::Partition };
            let (mut whole, mut grown) = (Ring::new(1_000, usize::MAX), Ring::new(1_000, usize::MAX));
            grown.set_order(order);
            let mut next = [0; 4];
            for part in parts {
                for (partition, time) in part {
                    let offset = &mut next[partition as usize];
                    *offset += 1;
                    whole.push(At(partition, *offset, time), 1);
                    grown.push(At(partition, *offset, time), 1);
                }
                grown.settle();
            }
            whole.settle();
            whole.set_order(order);
            let places = |ring: &Ring<At>| ring.iter().map(At::place).collect::<Vec<_>>();
            prop_assert_eq!(places(&whole), places(&grown));
            let mut last = HashMap::new();
            for (partition, offset) in places(&grown) {
                prop_assert!(last.insert(partition, offset).is_none_or(|before| before < offset));
            }
        }
    }
}
