//! Which records belong to transactions that were aborted.
//!
//! A fetch with read-committed names, per partition, the aborted transactions
//! that overlap the answer. A producer's records from such an offset up to its
//! abort marker are not to be seen; the same producer's next transaction is.

use crate::domain::Offset;
use std::collections::HashSet;

/// An aborted transaction, as the fetch response names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedTransaction {
    pub producer_id: i64,
    pub first_offset: Offset,
}

#[derive(Debug)]
pub(super) struct AbortFilter {
    /// Not yet reached, the next one last.
    upcoming: Vec<AbortedTransaction>,
    open: HashSet<i64>,
}

impl AbortFilter {
    pub fn new(mut aborted: Vec<AbortedTransaction>) -> Self {
        aborted.sort_unstable_by_key(|transaction| std::cmp::Reverse(transaction.first_offset));
        Self { upcoming: aborted, open: HashSet::new() }
    }

    /// Must a transactional batch of this producer, whose last offset is
    /// `last`, stay hidden?
    pub fn hides(&mut self, producer_id: i64, last: Offset) -> bool {
        while let Some(next) = self.upcoming.pop_if(|next| next.first_offset <= last) {
            self.open.insert(next.producer_id);
        }
        self.open.contains(&producer_id)
    }

    /// An abort marker of this producer was read.
    pub fn abort_marker(&mut self, producer_id: i64, offset: Offset) {
        self.hides(producer_id, offset);
        self.open.remove(&producer_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_between_first_offset_and_marker_are_hidden() {
        let mut filter = AbortFilter::new(vec![
            AbortedTransaction { producer_id: 7, first_offset: 30 },
            AbortedTransaction { producer_id: 7, first_offset: 10 },
            AbortedTransaction { producer_id: 8, first_offset: 12 },
        ]);
        assert!(!filter.hides(7, 9));
        assert!(filter.hides(7, 10));
        assert!(filter.hides(8, 14));
        filter.abort_marker(7, 15);
        assert!(!filter.hides(7, 20));
        assert!(filter.hides(8, 21));
        assert!(filter.hides(7, 30));
    }
}
