//! How keys spread over partitions, and which lie where their partitioner does not put
//! them.

use crate::domain::PartitionId;
use crate::domain::partitioner::{Partitioner, partition_for};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Keys that are told apart; of further ones only the records are counted.
const MOST_KEYS: usize = 500_000;

/// The keys of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PartitionKeys {
    pub records: u64,
    /// Records without a key.
    pub keyless: u64,
    /// Keys that were told apart, of which most records lie here.
    pub keys: u64,
}

#[derive(Clone, Debug)]
pub struct KeySpread {
    /// Of the topic as it is now.
    partitions: i32,
    by_partition: BTreeMap<PartitionId, PartitionKeys>,
    /// Where the records of each key lie, by its hash.
    keys: HashMap<u64, Places>,
    /// Records in another partition than most of their key.
    elsewhere: u64,
    /// Records of keys that were not told apart.
    beyond: u64,
    /// Records whose key each partitioner would have put elsewhere.
    off: Vec<(Partitioner, u64)>,
}

impl KeySpread {
    pub fn new(partitions: i32) -> Self {
        Self {
            partitions,
            by_partition: BTreeMap::new(),
            keys: HashMap::new(),
            elsewhere: 0,
            beyond: 0,
            off: Partitioner::ALL.iter().map(|partitioner| (*partitioner, 0)).collect(),
        }
    }

    pub fn add(&mut self, partition: PartitionId, key: Option<&[u8]>) {
        let here = self.by_partition.entry(partition).or_default();
        here.records += 1;
        let Some(key) = key else {
            here.keyless += 1;
            return;
        };
        let hash = hash_of(key);
        if self.keys.len() < MOST_KEYS || self.keys.contains_key(&hash) {
            self.change(hash, |places| places.add(partition));
        } else {
            self.beyond += 1;
        }
        // Where an empty one goes is not for its hash to say.
        if !key.is_empty() {
            for (partitioner, off) in &mut self.off {
                *off += u64::from(partition_for(key, self.partitions, *partitioner) != Some(partition));
            }
        }
    }

    /// Takes back a record that was added.
    pub fn remove(&mut self, partition: PartitionId, key: Option<&[u8]>) {
        let Some(here) = self.by_partition.get_mut(&partition) else { return };
        here.records = here.records.saturating_sub(1);
        match key {
            None => here.keyless = here.keyless.saturating_sub(1),
            Some(key) => {
                let hash = hash_of(key);
                match self.keys.contains_key(&hash) {
                    true => self.change(hash, |places| places.remove(partition)),
                    false => self.beyond = self.beyond.saturating_sub(1),
                }
                if !key.is_empty() {
                    for (partitioner, off) in &mut self.off {
                        let is_off = partition_for(key, self.partitions, *partitioner) != Some(partition);
                        *off = off.saturating_sub(u64::from(is_off));
                    }
                }
            }
        }
        if self.by_partition.get(&partition).is_some_and(|here| here.records == 0) {
            self.by_partition.remove(&partition);
        }
    }

    /// Changes where a key lies, and what follows from that.
    fn change(&mut self, hash: u64, change: impl FnOnce(&mut Places)) {
        let places = self.keys.entry(hash).or_default();
        let before = (places.home(), places.away());
        change(places);
        let after = (places.home(), places.away());
        if after.0.is_none() {
            self.keys.remove(&hash);
        }
        self.elsewhere = (self.elsewhere + after.1).saturating_sub(before.1);
        if before.0 != after.0 {
            if let Some(here) = before.0.and_then(|home| self.by_partition.get_mut(&home)) {
                here.keys = here.keys.saturating_sub(1);
            }
            if let Some(home) = after.0 {
                self.by_partition.entry(home).or_default().keys += 1;
            }
        }
    }

    /// By partition, of those that hold records.
    pub fn partitions(&self) -> &BTreeMap<PartitionId, PartitionKeys> {
        &self.by_partition
    }

    /// Keys that were told apart.
    pub fn keys(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Records in another partition than most of their key.
    pub fn elsewhere(&self) -> u64 {
        self.elsewhere
    }

    /// Records of keys that were not told apart: there are more keys than are counted.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// The partitioner that explains most keys, and how many records lie off its places;
    /// `None` without a key.
    pub fn partitioner(&self) -> Option<(Partitioner, u64)> {
        let has_keys = self.by_partition.values().any(|keys| keys.records > keys.keyless);
        self.off.iter().min_by_key(|(_, off)| *off).copied().filter(|_| has_keys)
    }
}

/// In how many records a key lies in each partition; nearly always in one.
#[derive(Clone, Debug, Default)]
struct Places {
    most: Option<(PartitionId, u64)>,
    others: BTreeMap<PartitionId, u64>,
}

impl Places {
    /// The partition with most of its records, the lowest of equal ones: in whatever order
    /// records are counted, it is the same.
    fn home(&self) -> Option<PartitionId> {
        self.most.map(|(partition, _)| partition)
    }

    /// Records that lie elsewhere.
    fn away(&self) -> u64 {
        self.others.values().sum()
    }

    fn add(&mut self, partition: PartitionId) {
        match &mut self.most {
            Some((home, records)) if *home == partition => *records += 1,
            None => self.most = Some((partition, 1)),
            Some(_) => {
                *self.others.entry(partition).or_insert(0) += 1;
                self.settle();
            }
        }
    }

    fn remove(&mut self, partition: PartitionId) {
        match &mut self.most {
            Some((home, records)) if *home == partition => *records = records.saturating_sub(1),
            _ => {
                if let Some(records) = self.others.get_mut(&partition) {
                    *records = records.saturating_sub(1);
                }
            }
        }
        self.settle();
    }

    /// Puts most of them first.
    fn settle(&mut self) {
        let mut all = std::mem::take(&mut self.others);
        all.extend(self.most.take());
        all.retain(|_, records| *records > 0);
        let most = all.iter().max_by_key(|(partition, records)| (**records, std::cmp::Reverse(**partition)));
        self.most = most.map(|(partition, records)| (*partition, *records));
        if let Some((home, _)) = self.most {
            all.remove(&home);
        }
        self.others = all;
    }
}

fn hash_of(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partitioner_that_explains_most_is_named() {
        let mut spread = KeySpread::new(12);
        // Places of `domain::partitioner`'s own vectors; the last lies elsewhere.
        for (partition, key) in [(4, "a"), (3, "abc"), (4, "kafka"), (8, "user-1"), (8, "user-1"), (5, "kafka")] {
            spread.add(partition, Some(key.as_bytes()));
        }
        spread.add(0, None);
        assert_eq!(spread.partitioner(), Some((Partitioner::Java, 1)));
        assert_eq!((spread.keys(), spread.elsewhere(), spread.beyond()), (4, 1, 0));
        assert_eq!(spread.partitions()[&8], PartitionKeys { records: 2, keyless: 0, keys: 1 });
        assert_eq!(spread.partitions()[&0], PartitionKeys { records: 1, keyless: 1, keys: 0 });
    }

    #[test]
    fn the_order_of_counting_changes_nothing_and_what_is_taken_back_leaves_nothing() {
        let records: [(PartitionId, &[u8]); 6] = [(1, b"a"), (0, b"a"), (0, b"a"), (2, b"b"), (1, b"b"), (2, b"c")];
        let count = |order: &mut dyn Iterator<Item = &(PartitionId, &[u8])>| {
            let mut spread = KeySpread::new(3);
            order.for_each(|(partition, key)| spread.add(*partition, Some(key)));
            spread
        };
        let (one, other) = (count(&mut records.iter()), count(&mut records.iter().rev()));
        assert_eq!((one.elsewhere(), other.elsewhere()), (2, 2));
        assert_eq!(one.partitions(), other.partitions());
        assert_eq!(one.partitions()[&1].keys, 1, "of equal counts the lowest partition is a key's home");
        let mut spread = one;
        records.iter().take(3).for_each(|(partition, key)| spread.remove(*partition, Some(key)));
        let rest = count(&mut records.iter().skip(3));
        assert_eq!((spread.partitions(), spread.elsewhere(), spread.keys()), (rest.partitions(), 1, 2));
    }

    #[test]
    fn without_keys_nothing_is_said_of_their_places() {
        let mut spread = KeySpread::new(3);
        spread.add(1, None);
        assert_eq!(spread.partitioner(), None);
    }
}
