//! The short history of groups' lags, and what they committed while nobody was in them.
//!
//! Invariant: bounded; of all groups together so many points are kept, and with many
//! groups each is remembered for less long.

use crate::domain::GroupId;
use crate::domain::group::{GroupPartition, LagPoint};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// Points kept per group: an hour at the usual pace of 5 s is 720.
const HISTORY: usize = 720;
/// Points kept of all groups together.
const ALL_POINTS: usize = 300_000;
/// Points of the history that a list row carries.
const TREND: usize = 24;
/// Milliseconds between them.
const TREND_STEP: i64 = 5_000;

#[derive(Debug, Default)]
pub(super) struct Histories(HashMap<GroupId, VecDeque<LagPoint>>);

impl Histories {
    /// Oldest first.
    pub(super) fn of(&self, group: &GroupId) -> Vec<LagPoint> {
        self.0.get(group).map(|points| points.iter().copied().collect()).unwrap_or_default()
    }

    pub(super) fn push(&mut self, group: &GroupId, point: LagPoint) {
        let most = (ALL_POINTS / self.0.len().max(1)).clamp(TREND, HISTORY);
        let points = self.0.entry(group.clone()).or_default();
        let is_same = |known: &LagPoint| LagPoint { at: point.at, ..*known } == point;
        // Of a stretch in which nothing moves its ends are enough.
        if points.iter().rev().take(2).filter(|known| is_same(known)).count() == 2 {
            points.pop_back();
        }
        points.push_back(point);
        while points.len() > most {
            points.pop_front();
        }
    }

    /// The newest lags, oldest first; one point where they never changed.
    pub(super) fn trend(&self, group: &GroupId) -> Vec<u64> {
        let Some(points) = self.0.get(group) else { return Vec::new() };
        let Some(last) = points.back() else { return Vec::new() };
        let mut lags: Vec<u64> = (0..TREND as i64)
            .rev()
            .filter_map(|step| {
                let at = last.at.plus_millis(-step * TREND_STEP);
                let known = points.partition_point(|point| point.at <= at);
                points.get(known.checked_sub(1)?).map(|point| point.lag)
            })
            .collect();
        if lags.windows(2).all(|pair| pair.first() == pair.last()) {
            lags.truncate(1);
        }
        // Ten thousand rows keep theirs.
        lags.shrink_to_fit();
        lags
    }

    /// Forgets groups that are gone.
    pub(super) fn keep(&mut self, is_there: impl Fn(&GroupId) -> bool) {
        self.0.retain(|group, _| is_there(group));
    }
}

/// What a group committed at one look, as far as is needed to see a commit at the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    partitions: usize,
    /// Of each partition with its offset, in any order.
    sum: u64,
}

impl Stand {
    pub(super) fn of(partitions: &[GroupPartition]) -> Self {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let mut stand = Self { partitions: 0, sum: 0 };
        for row in partitions {
            if let Some(offset) = row.committed_offset() {
                stand.partitions += 1;
                stand.sum = stand.sum.wrapping_add(hasher.hash_one((&row.partition, offset)));
            }
        }
        stand
    }

    /// Something was committed. Where there is less than before, a topic was deleted or
    /// offsets have expired, which is no commit.
    pub(super) fn has_moved_since(self, before: Self) -> bool {
        self.partitions >= before.partitions && self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;

    fn point(lag: u64, second: i64) -> LagPoint {
        LagPoint { at: Time(second * 1_000), lag, committed: 0, end: lag.cast_signed(), partitions: 1 }
    }

    #[test]
    fn the_history_is_bounded() {
        let (group, mut histories) = (GroupId::from("g"), Histories::default());
        histories.push(&group, point(0, 0));
        histories.push(&group, point(0, 1));
        assert_eq!(histories.trend(&group), [0], "a lag that never changed is one point");
        for second in 0..2_000_i64 {
            histories.push(&group, point(second.unsigned_abs(), second));
        }
        assert_eq!(histories.of(&group).len(), HISTORY);
        for second in 2000..2010 {
            histories.push(&group, point(1999, second));
        }
        let times: Vec<i64> = histories.of(&group).iter().rev().take(3).map(|point| point.at.0 / 1_000).collect();
        assert_eq!(times, [2009, 1999, 1998], "a stretch at rest is its two ends");
        for number in 0..2_000 {
            histories.push(&GroupId::from(format!("g{number}").as_str()), point(0, 0));
        }
        histories.push(&group, point(2_000, 3_000));
        assert_eq!(histories.of(&group).len(), ALL_POINTS / 2_001, "many groups share the room");
        assert_eq!(histories.trend(&group).len(), TREND);
    }
}
