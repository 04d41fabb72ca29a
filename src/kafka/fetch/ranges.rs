//! What to read of each partition.
//!
//! Pure: offsets in, ranges out.

use crate::domain::record::StartAt;
use crate::domain::{Offset, PartitionId};

/// Where a partition's log begins and ends at the moment of planning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionBounds {
    pub partition: PartitionId,
    pub start: Offset,
    /// Exclusive.
    pub end: Offset,
    /// For `StartAt::Time`: the first offset at or after it, `None` where
    /// there is none yet.
    pub at_time: Option<Offset>,
}

impl PartitionBounds {
    fn available(self) -> u64 {
        self.end.saturating_sub(self.start).max(0).cast_unsigned()
    }

    fn clamp(self, offset: Offset) -> Offset {
        offset.clamp(self.start, self.end.max(self.start))
    }
}

/// A part of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRange {
    pub partition: PartitionId,
    pub from: Offset,
    /// Exclusive; `None` goes on for ever.
    pub to: Option<Offset>,
}

/// The ranges for `start`. Without `follow` they end where the logs end now,
/// and partitions with nothing to read are left out.
pub fn ranges(start: StartAt, follow: bool, logs: &[PartitionBounds]) -> Vec<ReadRange> {
    let newest = match start {
        StartAt::Latest(count) => newest(count, logs),
        _ => Vec::new(),
    };
    let mut planned = Vec::with_capacity(logs.len());
    for (index, log) in logs.iter().enumerate() {
        let from = match start {
            StartAt::Earliest => log.start,
            StartAt::End => log.end,
            StartAt::Offset(offset) => log.clamp(offset),
            StartAt::Time(_) => log.clamp(log.at_time.unwrap_or(log.end)),
            StartAt::Latest(_) => log.end.saturating_sub_unsigned(newest.get(index).copied().unwrap_or(0)),
        };
        if follow || from < log.end {
            planned.push(ReadRange { partition: log.partition, from, to: (!follow).then_some(log.end) });
        }
    }
    planned
}

/// How many of the newest records of each log make `count` together: as equal
/// as can be, where short logs give what they have and the others make up for
/// them, the lower partitions first.
fn newest(count: u64, logs: &[PartitionBounds]) -> Vec<u64> {
    let available: Vec<u64> = logs.iter().map(|log| log.available()).collect();
    let mut by_size: Vec<u64> = available.clone();
    by_size.sort_unstable();
    let mut left = count;
    let mut level = 0;
    let mut extra = 0;
    for (index, size) in by_size.iter().enumerate() {
        let sharing = u64::try_from(by_size.len() - index).unwrap_or(u64::MAX);
        if (size - level).saturating_mul(sharing) >= left {
            level += left / sharing;
            extra = left % sharing;
            break;
        }
        left -= (size - level) * sharing;
        level = *size;
    }
    let share = |size: &u64| {
        if *size <= level {
            return *size;
        }
        let more = u64::from(extra > 0);
        extra -= more;
        level + more
    };
    available.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use proptest::prelude::*;
    use rstest::rstest;

    fn logs(bounds: &[(Offset, Offset)]) -> Vec<PartitionBounds> {
        (0..)
            .zip(bounds)
            .map(|(partition, &(start, end))| PartitionBounds { partition, start, end, at_time: None })
            .collect()
    }

    fn froms(start: StartAt, bounds: &[(Offset, Offset)]) -> Vec<Offset> {
        ranges(start, true, &logs(bounds)).iter().map(|range| range.from).collect()
    }

    #[rstest]
    #[case::earliest(StartAt::Earliest, vec![10, 0, 7])]
    #[case::end(StartAt::End, vec![20, 5, 7])]
    #[case::offset_inside_and_clamped(StartAt::Offset(12), vec![12, 5, 7])]
    #[case::offset_below(StartAt::Offset(-4), vec![10, 0, 7])]
    #[case::newest_none(StartAt::Latest(0), vec![20, 5, 7])]
    #[case::newest_one(StartAt::Latest(1), vec![19, 5, 7])]
    #[case::newest_shared(StartAt::Latest(7), vec![16, 2, 7])]
    #[case::newest_beyond_the_short_one(StartAt::Latest(12), vec![13, 0, 7])]
    #[case::newest_all(StartAt::Latest(15), vec![10, 0, 7])]
    #[case::newest_more_than_there_are(StartAt::Latest(u64::MAX), vec![10, 0, 7])]
    fn where_reading_begins(#[case] start: StartAt, #[case] expected: Vec<Offset>) {
        assert_eq!(froms(start, &[(10, 20), (0, 5), (7, 7)]), expected);
    }

    #[test]
    fn by_time_goes_to_the_end_where_nothing_is_newer() {
        let mut logs = logs(&[(10, 20), (0, 5), (0, 6)]);
        (logs[0].at_time, logs[2].at_time) = (Some(15), Some(99));
        let ranges = ranges(StartAt::Time(Time(1)), true, &logs);
        assert_eq!(ranges.iter().map(|range| range.from).collect::<Vec<_>>(), [15, 5, 6]);
    }

    #[test]
    fn without_following_empty_partitions_are_left_out() {
        let bounded = ranges(StartAt::Earliest, false, &logs(&[(10, 20), (7, 7)]));
        assert_eq!(bounded, [ReadRange { partition: 0, from: 10, to: Some(20) }]);
        assert_eq!(ranges(StartAt::Earliest, true, &logs(&[(7, 7)]))[0].to, None);
    }

    #[test]
    fn a_log_that_ends_before_it_starts_is_empty() {
        assert_eq!(froms(StartAt::Offset(3), &[(9, 4)]), [9]);
        assert_eq!(froms(StartAt::Latest(3), &[(9, 4)]), [4]);
    }

    proptest! {
        #[test]
        fn the_newest_add_up_and_are_fair(
            bounds in prop::collection::vec((0i64..1_000, 0i64..1_000), 0..20),
            count in 0u64..20_000,
        ) {
            let logs = logs(&bounds);
            let taken = newest(count, &logs);
            let available: u64 = logs.iter().map(|log| log.available()).sum();
            prop_assert_eq!(taken.iter().sum::<u64>(), count.min(available));
            // Whoever gives less than another gives all it has, but for the remainder.
            let most = taken.iter().max().copied().unwrap_or(0);
            for (taken, log) in taken.iter().zip(&logs) {
                prop_assert!(*taken <= log.available());
                prop_assert!(*taken == log.available() || *taken + 1 >= most);
            }
        }
    }
}
