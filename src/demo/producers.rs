//! What a partition remembers about idempotent and transactional producers.
//!
//! Invariant: of each producer only the newest epoch may write, its sequence has
//! no gaps, and a batch sent again is acknowledged without being written again.
//! A producer with an open transaction is never forgotten.

use super::batch::Head;
use crate::domain::Offset;
use std::collections::BTreeMap;

/// Batches remembered per producer: as many as it may have in flight.
const REMEMBERED: usize = 5;
/// Producers remembered per partition.
const MAX_PRODUCERS: usize = 1_000;

#[derive(Clone, Debug, Default)]
struct Producer {
    epoch: i16,
    /// First sequence, last sequence, base offset; oldest first.
    batches: Vec<(i32, i32, Offset)>,
    last_timestamp: i64,
    /// Where its open transaction begins here.
    open: Option<Offset>,
    /// The epoch of the coordinator that ended its last transaction.
    coordinator_epoch: Option<i32>,
}

/// The producers of one partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Producers {
    known: BTreeMap<i64, Producer>,
    /// In the order in which they were aborted.
    aborted: Vec<Aborted>,
}

/// A transaction that was aborted, as far as this partition is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aborted {
    pub(super) producer_id: i64,
    pub(super) first: Offset,
    /// The marker's offset.
    pub(super) last: Offset,
}

/// How a transaction ends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
    pub(super) coordinator_epoch: i32,
    pub(super) is_commit: bool,
}

/// What to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Write,
    /// It was written before, at this offset.
    Duplicate(Offset),
    StaleEpoch,
    OutOfOrder,
    /// A plain batch in the middle of the producer's transaction.
    Unexpected,
}

/// Who of those that want to end a transaction is no longer the one to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    Producer,
    Coordinator,
}

/// One line of `DescribeProducers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProducerLine {
    pub(super) id: i64,
    pub(super) epoch: i16,
    pub(super) last_sequence: i32,
    pub(super) last_timestamp: i64,
    pub(super) coordinator_epoch: Option<i32>,
    pub(super) open: Option<Offset>,
}

impl Producers {
    pub(super) fn check(&self, head: &Head) -> Verdict {
        let known = self.known.get(&head.producer_id);
        let Some(producer) = known.filter(|_| head.producer_id >= 0) else { return Verdict::Write };
        if head.producer_epoch < producer.epoch {
            return Verdict::StaleEpoch;
        }
        if producer.open.is_some() && !head.is_transactional() {
            return Verdict::Unexpected;
        }
        if head.producer_epoch > producer.epoch {
            return if head.base_sequence == 0 { Verdict::Write } else { Verdict::OutOfOrder };
        }
        let last = last_sequence(head);
        if let Some((.., offset)) = producer.batches.iter().find(|(f, l, _)| (*f, *l) == (head.base_sequence, last)) {
            return Verdict::Duplicate(*offset);
        }
        match producer.batches.last() {
            Some((_, newest, _)) if next_sequence(*newest) != head.base_sequence => Verdict::OutOfOrder,
            _ => Verdict::Write,
        }
    }

    pub(super) fn note(&mut self, head: &Head, offset: Offset) {
        if head.producer_id < 0 {
            return;
        }
        let producer = self.entry(head.producer_id);
        if producer.epoch != head.producer_epoch {
            producer.batches.clear();
        }
        producer.epoch = head.producer_epoch;
        producer.last_timestamp = head.max_timestamp;
        if head.is_transactional() && !head.is_control() {
            producer.open.get_or_insert(offset);
        }
        if head.base_sequence < 0 {
            // A coordinator's: it neither counts nor repeats itself.
            return;
        }
        producer.batches.push((head.base_sequence, last_sequence(head), offset));
        if producer.batches.len() > REMEMBERED {
            producer.batches.remove(0);
        }
    }

    fn entry(&mut self, id: i64) -> &mut Producer {
        if self.known.len() >= MAX_PRODUCERS && !self.known.contains_key(&id) {
            let idle = self.known.iter().find(|(_, producer)| producer.open.is_none()).map(|(id, _)| *id);
            idle.and_then(|idle| self.known.remove(&idle));
        }
        self.known.entry(id).or_default()
    }

    /// May this ending be written? Neither an older producer's nor one of an
    /// older coordinator's.
    pub(super) fn check_ending(&self, ending: &Ending) -> Result<(), Stale> {
        let Some(producer) = self.known.get(&ending.producer_id) else { return Ok(()) };
        if ending.epoch < producer.epoch {
            return Err(Stale::Producer);
        }
        let is_older = |known: i32| ending.coordinator_epoch < known;
        if producer.coordinator_epoch.is_some_and(is_older) { Err(Stale::Coordinator) } else { Ok(()) }
    }

    /// The marker that ends a producer's transaction stands at `offset`.
    pub(super) fn note_ending(&mut self, ending: &Ending, offset: Offset, timestamp: i64) {
        let producer = self.entry(ending.producer_id);
        if producer.epoch != ending.epoch {
            producer.batches.clear();
        }
        producer.epoch = ending.epoch;
        producer.last_timestamp = timestamp;
        producer.coordinator_epoch = Some(ending.coordinator_epoch);
        if let Some(first) = producer.open.take().filter(|_| !ending.is_commit) {
            self.aborted.push(Aborted { producer_id: ending.producer_id, first, last: offset });
        }
    }

    /// Where the oldest open transaction begins.
    pub(super) fn first_unstable(&self) -> Option<Offset> {
        self.known.values().filter_map(|producer| producer.open).min()
    }

    /// The aborted transactions with records in `from..to`.
    pub(super) fn aborted_in(&self, from: Offset, to: Offset) -> Vec<Aborted> {
        // They are in the order of their last offsets.
        let skip = self.aborted.partition_point(|aborted| aborted.last < from);
        self.aborted.iter().skip(skip).filter(|aborted| aborted.first < to).copied().collect()
    }

    /// Does the batch at `offset` belong to an aborted transaction?
    pub(super) fn has_aborted(&self, head: &Head, offset: Offset) -> bool {
        head.is_transactional()
            && self.aborted.iter().any(|a| a.producer_id == head.producer_id && (a.first..=a.last).contains(&offset))
    }

    /// The records before `offset` are gone, and what was aborted among them.
    pub(super) fn forget_aborted_before(&mut self, offset: Offset) {
        self.aborted.retain(|aborted| aborted.last >= offset);
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = ProducerLine> + '_ {
        self.known.iter().map(|(id, producer)| ProducerLine {
            id: *id,
            epoch: producer.epoch,
            last_sequence: producer.batches.last().map_or(-1, |(_, last, _)| *last),
            last_timestamp: producer.last_timestamp,
            coordinator_epoch: producer.coordinator_epoch,
            open: producer.open,
        })
    }
}

/// Sequences wrap from the largest number to 0, never into the negative.
fn last_sequence(head: &Head) -> i32 {
    let sum = i64::from(head.base_sequence) + i64::from(head.last_delta);
    i32::try_from(sum.rem_euclid(1 << 31)).unwrap_or(0)
}

fn next_sequence(sequence: i32) -> i32 {
    sequence.checked_add(1).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(epoch: i16, sequence: i32, records: i32) -> Head {
        Head {
            base_offset: 0,
            size: 100,
            magic: 2,
            attributes: 0,
            last_delta: records - 1,
            max_timestamp: 0,
            producer_id: 9,
            producer_epoch: epoch,
            base_sequence: sequence,
            count: records,
        }
    }

    #[test]
    fn a_batch_is_written_once_and_in_order() {
        let mut producers = Producers::default();
        assert_eq!(producers.check(&head(0, 0, 10)), Verdict::Write);
        producers.note(&head(0, 0, 10), 500);
        assert_eq!(producers.check(&head(0, 0, 10)), Verdict::Duplicate(500));
        assert_eq!(producers.check(&head(0, 11, 1)), Verdict::OutOfOrder);
        assert_eq!(producers.check(&head(0, 10, 1)), Verdict::Write);
        assert_eq!(producers.check(&head(1, 0, 1)), Verdict::Write, "a new epoch begins at 0");
        producers.note(&head(1, 0, 1), 510);
        assert_eq!(producers.check(&head(0, 10, 1)), Verdict::StaleEpoch);
        producers.note(&head(1, i32::MAX, 1), 511);
        assert_eq!(producers.check(&head(1, 0, 5)), Verdict::Write, "sequences wrap to 0");
    }

    fn transactional(epoch: i16, sequence: i32) -> Head {
        Head { attributes: 1 << 4, ..head(epoch, sequence, 1) }
    }

    #[test]
    fn what_is_aborted_is_known_where_it_overlaps_and_what_is_open_is_not_forgotten() {
        let mut producers = Producers::default();
        producers.note(&transactional(0, 0), 10);
        producers.note(&transactional(0, 1), 20);
        assert_eq!(producers.first_unstable(), Some(10));
        assert_eq!(producers.check(&head(0, 2, 1)), Verdict::Unexpected);
        for id in 100..100 + MAX_PRODUCERS as i64 {
            producers.note(&Head { producer_id: id, ..head(0, 0, 1) }, 21);
        }
        assert_eq!(producers.first_unstable(), Some(10), "one with an open transaction stays");
        let abort = Ending { producer_id: 9, epoch: 1, coordinator_epoch: 3, is_commit: false };
        assert_eq!(producers.check_ending(&abort), Ok(()));
        producers.note_ending(&abort, 30, 7);
        assert_eq!(producers.first_unstable(), None);
        assert_eq!(producers.check(&transactional(0, 2)), Verdict::StaleEpoch, "it was fenced");
        assert_eq!(producers.check_ending(&Ending { epoch: 0, ..abort }), Err(Stale::Producer));
        assert_eq!(producers.check_ending(&Ending { coordinator_epoch: 2, ..abort }), Err(Stale::Coordinator));
        let known = [Aborted { producer_id: 9, first: 10, last: 30 }];
        assert_eq!(producers.aborted_in(30, 31), known);
        assert_eq!(producers.aborted_in(0, 11), known);
        assert!(producers.aborted_in(31, 99).is_empty() && producers.aborted_in(0, 10).is_empty());
        assert!(producers.has_aborted(&transactional(0, 1), 20) && !producers.has_aborted(&transactional(0, 1), 31));
        producers.forget_aborted_before(31);
        assert!(producers.aborted_in(0, 99).is_empty());
    }
}
