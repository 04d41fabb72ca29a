//! What of each partition stands in the list, and so where older and further records
//! begin.

use crate::domain::record::Within;
use crate::domain::{Offset, PartitionId};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// What lies before is not in the list.
    from: Offset,
    /// Neither is this, nor what lies behind.
    next: Offset,
}

#[derive(Clone, Debug, Default)]
pub struct Reach {
    parts: BTreeMap<PartitionId, Part>,
}

impl Reach {
    /// Partitions are read from these offsets on.
    pub fn begins(&mut self, at: impl IntoIterator<Item = (PartitionId, Offset)>) {
        for (partition, from) in at {
            self.parts.entry(partition).or_insert(Part { from, next: from });
        }
    }

    /// Everything between these offsets and the list stands in it now.
    pub fn begins_before(&mut self, at: impl IntoIterator<Item = (PartitionId, Offset)>) {
        for (partition, from) in at {
            let part = self.parts.entry(partition).or_insert(Part { from, next: from });
            part.from = part.from.min(from);
        }
    }

    /// It stands in the list, as the last of its partition.
    pub fn came(&mut self, (partition, offset): (PartitionId, Offset)) {
        let part = self.parts.entry(partition).or_insert(Part { from: offset, next: offset });
        part.next = part.next.max(offset.saturating_add(1));
    }

    /// It was the first of its partition, and had to go.
    pub fn lost_first(&mut self, (partition, offset): (PartitionId, Offset)) {
        if let Some(part) = self.parts.get_mut(&partition) {
            part.from = part.from.max(offset.saturating_add(1));
        }
    }

    /// It was the last of its partition, and had to go.
    pub fn lost_last(&mut self, (partition, offset): (PartitionId, Offset)) {
        if let Some(part) = self.parts.get_mut(&partition) {
            part.next = part.next.min(offset);
        }
    }

    /// Where partitions are to be read on from.
    pub fn nexts(&self) -> BTreeMap<PartitionId, Offset> {
        self.parts.iter().map(|(partition, part)| (*partition, part.next)).collect()
    }

    /// What lies before the list.
    pub fn before(&self) -> Within {
        let to = self.parts.iter().map(|(partition, part)| (*partition, part.from)).collect();
        Within { from: BTreeMap::new(), to }
    }

    /// No log has anything before offset 0.
    pub fn may_have_older(&self) -> bool {
        self.parts.values().any(|part| part.from > 0)
    }

    /// The offsets of the only partition there is: the first, and the one that comes next.
    pub fn of_one(&self) -> Option<(PartitionId, Offset, Offset)> {
        let (partition, part) = self.parts.first_key_value().filter(|_| self.parts.len() == 1)?;
        Some((*partition, part.from, part.next))
    }

    pub fn partitions(&self) -> usize {
        self.parts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_moves_both_ends() {
        let mut reach = Reach::default();
        reach.begins([(0, 10), (1, 7)]);
        for offset in [10, 11, 14] {
            reach.came((0, offset));
        }
        assert_eq!(reach.nexts(), BTreeMap::from([(0, 15), (1, 7)]));
        reach.lost_first((0, 10));
        assert_eq!(reach.before().to, BTreeMap::from([(0, 11), (1, 7)]));
        reach.lost_last((0, 14));
        assert_eq!(reach.nexts()[&0], 14);
        reach.begins_before([(0, 0), (1, 0)]);
        assert!(!reach.may_have_older());
        reach.begins([(0, 9)]);
        assert_eq!(reach.nexts()[&0], 14, "where it was read from once is known already");
    }
}
