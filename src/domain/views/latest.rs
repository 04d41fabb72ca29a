//! The latest record of each key, as compaction would leave it.

use crate::domain::{Offset, PartitionId, Time};
use std::collections::BTreeMap;

/// Keys that are kept.
const MOST_KEYS: usize = 10_000;

/// A key's latest record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest<V> {
    pub partition: PartitionId,
    pub offset: Offset,
    pub time: Time,
    pub value: V,
    /// Records of the key.
    pub records: u64,
}

impl<V> Latest<V> {
    /// Within a partition the log has the order, between partitions the time.
    fn is_before(&self, other: &Self) -> bool {
        match self.partition == other.partition {
            true => self.offset < other.offset,
            false => (self.time, self.partition) < (other.time, other.partition),
        }
    }
}

#[derive(Clone, Debug)]
pub struct LatestOfKeys<V> {
    keys: BTreeMap<Box<str>, Latest<V>>,
    keyless: u64,
    beyond: u64,
}

impl<V> Default for LatestOfKeys<V> {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), keyless: 0, beyond: 0 }
    }
}

impl<V> LatestOfKeys<V> {
    /// A record with this key, as it is shown; `records` of `latest` is not looked at.
    pub fn add(&mut self, key: Option<&str>, latest: Latest<V>) {
        let Some(key) = key else {
            self.keyless += 1;
            return;
        };
        let has_room = self.keys.len() < MOST_KEYS;
        match self.keys.get_mut(key) {
            Some(known) => {
                let records = known.records + 1;
                if known.is_before(&latest) {
                    *known = latest;
                }
                known.records = records;
            }
            None if has_room => {
                self.keys.insert(key.into(), Latest { records: 1, ..latest });
            }
            None => self.beyond += 1,
        }
    }

    /// Takes back a record of this key that was added, one that lies before others of it.
    pub fn remove(&mut self, key: Option<&str>) {
        let Some(key) = key else {
            self.keyless = self.keyless.saturating_sub(1);
            return;
        };
        match self.keys.get_mut(key) {
            None => self.beyond = self.beyond.saturating_sub(1),
            Some(Latest { records: 0 | 1, .. }) => {
                self.keys.remove(key);
            }
            Some(latest) => latest.records -= 1,
        }
    }

    /// By key.
    pub fn keys(&self) -> &BTreeMap<Box<str>, Latest<V>> {
        &self.keys
    }

    /// Records without a key.
    pub fn keyless(&self) -> u64 {
        self.keyless
    }

    /// Records of keys that were not kept.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(partition: PartitionId, offset: Offset, time: i64) -> Latest<i64> {
        Latest { partition, offset, time: Time(time), value: offset, records: 0 }
    }

    #[test]
    fn the_log_has_the_order_in_a_partition_and_time_between_them() {
        let mut latest = LatestOfKeys::default();
        latest.add(Some("a"), at(0, 5, 100));
        latest.add(Some("a"), at(0, 6, 90));
        assert_eq!((latest.keys()["a"].offset, latest.keys()["a"].records), (6, 2));
        latest.add(Some("a"), at(1, 2, 95));
        latest.add(Some("a"), at(2, 9, 80));
        assert_eq!((latest.keys()["a"].partition, latest.keys()["a"].records), (1, 4));
        latest.add(None, at(0, 7, 0));
        assert_eq!((latest.keyless(), latest.beyond()), (1, 0));
    }

    #[test]
    fn keys_are_bounded() {
        let mut latest = LatestOfKeys::default();
        (0..MOST_KEYS as i64 + 3).for_each(|number| latest.add(Some(&number.to_string()), at(0, number, 0)));
        assert_eq!((latest.keys().len(), latest.beyond()), (MOST_KEYS, 3));
    }
}
