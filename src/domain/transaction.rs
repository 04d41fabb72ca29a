//! What became of the transactions that records were written in.
//!
//! A record does not know it. Where records are read on, the markers behind them tell;
//! where one is looked at alone, its leader is asked.

use super::{Offset, PartitionId, Time};
use std::collections::{BTreeMap, VecDeque};

/// The end of a producer's transaction in one partition, as its marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionEnd {
    pub producer_id: i64,
    pub producer_epoch: i16,
    /// The marker's own, above those of the transaction's records.
    pub offset: Offset,
    pub time: Time,
    pub is_commit: bool,
}

impl TransactionEnd {
    pub fn fate(&self) -> Fate {
        if self.is_commit { Fate::Committed } else { Fate::Aborted }
    }
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    Committed,
    Aborted,
    /// It has not ended yet.
    Open,
}

impl Fate {
    /// The word used in JSON and on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Aborted => "aborted",
            Self::Open => "open",
        }
    }
}

/// Ends that are remembered; older ones are forgotten first.
const MOST_ENDS: usize = 20_000;

/// The ends of transactions of one topic, as far as its log was read.
#[derive(Clone, Debug, Default)]
pub struct TransactionEnds {
    ends: BTreeMap<(PartitionId, i64, Offset), TransactionEnd>,
    /// In the order in which they came.
    order: VecDeque<(PartitionId, i64, Offset)>,
}

impl TransactionEnds {
    pub fn add(&mut self, partition: PartitionId, end: TransactionEnd) {
        let key = (partition, end.producer_id, end.offset);
        if self.ends.insert(key, end).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > MOST_ENDS {
            if let Some(oldest) = self.order.pop_front() {
                self.ends.remove(&oldest);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// What ended the transaction of this producer in which the record at `offset` was
    /// written; `None` where no such marker was read.
    pub fn of(&self, partition: PartitionId, producer_id: i64, offset: Offset) -> Option<&TransactionEnd> {
        let behind = (partition, producer_id, offset)..=(partition, producer_id, Offset::MAX);
        self.ends.range(behind).next().map(|(_, end)| end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(producer_id: i64, offset: Offset, is_commit: bool) -> TransactionEnd {
        TransactionEnd { producer_id, producer_epoch: 0, offset, time: Time(0), is_commit }
    }

    #[test]
    fn the_next_marker_of_the_same_producer_and_partition_tells() {
        let mut ends = TransactionEnds::default();
        for (partition, end) in
            [(0, end(7, 10, false)), (0, end(8, 12, true)), (0, end(7, 20, true)), (1, end(7, 5, true))]
        {
            ends.add(partition, end);
        }
        let fate = |partition, producer, offset| ends.of(partition, producer, offset).map(TransactionEnd::fate);
        assert_eq!(fate(0, 7, 3), Some(Fate::Aborted));
        assert_eq!(fate(0, 7, 11), Some(Fate::Committed));
        assert_eq!(fate(0, 8, 11), Some(Fate::Committed));
        assert_eq!(fate(0, 7, 21), None, "it has not ended as far as was read");
        assert_eq!(fate(1, 7, 6), None);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut ends = TransactionEnds::default();
        let count = MOST_ENDS as i64 + 5;
        (0..count).for_each(|offset| ends.add(0, end(offset, offset, true)));
        assert_eq!(ends.ends.len(), MOST_ENDS);
        assert_eq!((ends.of(0, 4, 0), ends.of(0, 5, 0).is_some()), (None, true));
    }
}
