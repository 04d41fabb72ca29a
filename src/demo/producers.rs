//! What a partition remembers about idempotent producers.
//!
//! Invariant: of each producer only the newest epoch may write, its sequence has
//! no gaps, and a batch sent again is acknowledged without being written again.

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
}

/// The producers of one partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Producers(BTreeMap<i64, Producer>);

/// What to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Write,
    /// It was written before, at this offset.
    Duplicate(Offset),
    StaleEpoch,
    OutOfOrder,
}

/// One line of `DescribeProducers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProducerLine {
    pub(super) id: i64,
    pub(super) epoch: i16,
    pub(super) last_sequence: i32,
    pub(super) last_timestamp: i64,
}

impl Producers {
    pub(super) fn check(&self, head: &Head) -> Verdict {
        let known = self.0.get(&head.producer_id);
        let Some(producer) = known.filter(|_| head.producer_id >= 0) else { return Verdict::Write };
        if head.producer_epoch < producer.epoch {
            return Verdict::StaleEpoch;
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
        let map = &mut self.0;
        if map.len() >= MAX_PRODUCERS && !map.contains_key(&head.producer_id) {
            map.pop_first();
        }
        let producer = map.entry(head.producer_id).or_default();
        if producer.epoch != head.producer_epoch {
            producer.batches.clear();
        }
        producer.epoch = head.producer_epoch;
        producer.last_timestamp = head.max_timestamp;
        producer.batches.push((head.base_sequence, last_sequence(head), offset));
        if producer.batches.len() > REMEMBERED {
            producer.batches.remove(0);
        }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = ProducerLine> + '_ {
        self.0.iter().map(|(id, producer)| ProducerLine {
            id: *id,
            epoch: producer.epoch,
            last_sequence: producer.batches.last().map_or(-1, |(_, last, _)| *last),
            last_timestamp: producer.last_timestamp,
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
}
