//! How many records there are in each stretch of time.
//!
//! The stretches get wider as the times lie further apart, so that there are never many.

use crate::domain::Time;
use std::collections::BTreeMap;

/// Stretches from the first record to the last, at most.
const MOST: i64 = 60;
const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;
/// Each is a whole number of the one before; beyond the last, ten times as wide.
const WIDTHS: [i64; 17] = [
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    60 * SECOND,
    300 * SECOND,
    900 * SECOND,
    1_800 * SECOND,
    3_600 * SECOND,
    3 * 3_600 * SECOND,
    6 * 3_600 * SECOND,
    12 * 3_600 * SECOND,
    DAY,
    7 * DAY,
    28 * DAY,
    364 * DAY,
    3_640 * DAY,
];

#[derive(Clone, Debug)]
pub struct OverTime {
    width: i64,
    counts: BTreeMap<i64, u64>,
    without_time: u64,
}

impl Default for OverTime {
    fn default() -> Self {
        Self { width: SECOND, counts: BTreeMap::new(), without_time: 0 }
    }
}

/// The next width, a whole number of `width`.
pub(super) fn wider(width: i64) -> i64 {
    WIDTHS.into_iter().find(|wider| *wider > width).unwrap_or_else(|| width.saturating_mul(10))
}

/// Records from one time to another, that one excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub from: Time,
    pub to: Time,
    pub count: u64,
}

impl OverTime {
    pub fn add(&mut self, time: Time) {
        // Kafka's word for none.
        if time.millis() < 0 {
            self.without_time += 1;
            return;
        }
        *self.counts.entry(time.millis().div_euclid(self.width)).or_insert(0) += 1;
        while self.span() > MOST {
            self.widen();
        }
    }

    fn span(&self) -> i64 {
        match (self.counts.first_key_value(), self.counts.last_key_value()) {
            (Some((first, _)), Some((last, _))) => last.saturating_sub(*first).saturating_add(1),
            _ => 0,
        }
    }

    /// Takes back a record that was added.
    pub fn remove(&mut self, time: Time) {
        if time.millis() < 0 {
            self.without_time = self.without_time.saturating_sub(1);
            return;
        }
        let index = time.millis().div_euclid(self.width);
        if let Some(count) = self.counts.get_mut(&index) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(&index);
            }
        }
        if self.counts.is_empty() {
            self.width = SECOND;
        }
    }

    /// Where the first stretch begins that holds anything.
    pub fn first(&self) -> Option<Time> {
        let (first, _) = self.counts.first_key_value()?;
        Some(Time(first.saturating_mul(self.width)))
    }

    /// Where the last one begins.
    pub fn last(&self) -> Option<Time> {
        let (last, _) = self.counts.last_key_value()?;
        Some(Time(last.saturating_mul(self.width)))
    }

    fn widen(&mut self) {
        let width = wider(self.width);
        let factor = width / self.width;
        let mut counts = BTreeMap::new();
        for (index, count) in &self.counts {
            *counts.entry(index.div_euclid(factor)).or_insert(0) += count;
        }
        (self.width, self.counts) = (width, counts);
    }

    /// How long each stretch is, in milliseconds.
    pub fn width_ms(&self) -> i64 {
        self.width
    }

    /// Records that have no time.
    pub fn without_time(&self) -> u64 {
        self.without_time
    }

    /// From the first stretch that holds anything to the last, those between them too.
    pub fn buckets(&self) -> Vec<Bucket> {
        let (Some((first, _)), Some((last, _))) = (self.counts.first_key_value(), self.counts.last_key_value()) else {
            return Vec::new();
        };
        let at = |index: i64| Time(index.saturating_mul(self.width));
        let bucket = |index: i64| Bucket {
            from: at(index),
            to: at(index.saturating_add(1)),
            count: self.counts.get(&index).copied().unwrap_or(0),
        };
        (*first..=*last).map(bucket).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stretches_are_counted_and_those_between_are_nothing() {
        let mut times = OverTime::default();
        for millis in [0, 999, 3_000, -1] {
            times.add(Time(millis));
        }
        let counts: Vec<u64> = times.buckets().iter().map(|bucket| bucket.count).collect();
        assert_eq!((counts, times.width_ms(), times.without_time()), (vec![2, 0, 0, 1], 1_000, 1));
    }

    #[test]
    fn each_width_is_a_whole_number_of_the_one_before() {
        assert!(WIDTHS.windows(2).all(|pair| pair[1] % pair[0] == 0 && pair[1] > pair[0]));
    }

    proptest! {
        #[test]
        fn whatever_the_times_are_there_are_few_stretches_and_nothing_is_lost(all in prop::collection::vec(0..i64::MAX, 1..50)) {
            let mut times = OverTime::default();
            all.iter().for_each(|millis| times.add(Time(*millis)));
            let buckets = times.buckets();
            prop_assert!(buckets.len() as i64 <= MOST);
            prop_assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), all.len() as u64);
        }
    }
}
