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
    /// Keys that were told apart and first seen here.
    pub keys: u64,
}

#[derive(Clone, Debug)]
pub struct KeySpread {
    /// Of the topic as it is now.
    partitions: i32,
    by_partition: BTreeMap<PartitionId, PartitionKeys>,
    /// Where each key was seen first, by its hash, and in how many records.
    keys: HashMap<u64, (PartitionId, u64)>,
    /// Records whose key was seen in another partition first.
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
        let has_room = self.keys.len() < MOST_KEYS;
        match self.keys.get_mut(&hash_of(key)) {
            Some((first, records)) => {
                self.elsewhere += u64::from(*first != partition);
                *records += 1;
            }
            None if has_room => {
                self.keys.insert(hash_of(key), (partition, 1));
                here.keys += 1;
            }
            None => self.beyond += 1,
        }
        // Where an empty one goes is not for its hash to say.
        if !key.is_empty() {
            for (partitioner, off) in &mut self.off {
                *off += u64::from(partition_for(key, self.partitions, *partitioner) != Some(partition));
            }
        }
    }

    /// Takes back a record that was added. A key stays where it was seen first until its
    /// last record goes.
    pub fn remove(&mut self, partition: PartitionId, key: Option<&[u8]>) {
        let Some(here) = self.by_partition.get_mut(&partition) else { return };
        here.records = here.records.saturating_sub(1);
        match key {
            None => here.keyless = here.keyless.saturating_sub(1),
            Some(key) => {
                match self.keys.get_mut(&hash_of(key)) {
                    None => self.beyond = self.beyond.saturating_sub(1),
                    Some((first, records)) => {
                        let first = *first;
                        self.elsewhere = self.elsewhere.saturating_sub(u64::from(first != partition));
                        *records -= 1;
                        if *records == 0 {
                            self.keys.remove(&hash_of(key));
                            if let Some(first) = self.by_partition.get_mut(&first) {
                                first.keys = first.keys.saturating_sub(1);
                            }
                        }
                    }
                }
                if !key.is_empty() {
                    for (partitioner, off) in &mut self.off {
                        let is_off = partition_for(key, self.partitions, *partitioner) != Some(partition);
                        *off = off.saturating_sub(u64::from(is_off));
                    }
                }
            }
        }
        self.by_partition.retain(|_, here| here.records > 0 || here.keys > 0);
    }

    /// By partition, of those that hold records.
    pub fn partitions(&self) -> &BTreeMap<PartitionId, PartitionKeys> {
        &self.by_partition
    }

    /// Keys that were told apart.
    pub fn keys(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Records whose key was seen in another partition first.
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
    fn without_keys_nothing_is_said_of_their_places() {
        let mut spread = KeySpread::new(3);
        spread.add(1, None);
        assert_eq!(spread.partitioner(), None);
    }
}
