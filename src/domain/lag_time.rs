//! Lag in time: how long the record that a group reads next has been waiting.
//!
//! The record itself is asked, not a curve of offsets over time: what was deleted,
//! compacted away or aborted cannot mislead it. What it says is as true as its time,
//! which most topics take from the producer.

use super::{Fact, Offset, Time};
use serde::{Deserialize, Serialize};

/// A producer's clock may be ahead by so many milliseconds before it counts as wrong.
const CLOCKS_DIFFER_BY: i64 = 60_000;

/// What a reader at an offset gets next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NextRecord {
    /// Up to the end there is nothing that a reader gets to see: no record, or only
    /// ends of transactions and gaps that compaction left.
    None,
    At {
        offset: Offset,
        time: Time,
    },
}

impl NextRecord {
    /// Milliseconds that it has been waiting at `now`; zero where nothing waits.
    pub fn waiting(self, now: Time) -> Fact<u64> {
        match self {
            Self::None => Fact::Known(0),
            Self::At { time, .. } => waiting_since(time, now),
        }
    }
}

/// Milliseconds that a record of this time has been waiting at `now`.
pub fn waiting_since(time: Time, now: Time) -> Fact<u64> {
    let age = now.since(time);
    if time.millis() <= 0 {
        Fact::unknown("the next record carries no time")
    } else if age < -CLOCKS_DIFFER_BY {
        Fact::unknown("the next record claims to be from the future")
    } else {
        Fact::Known(age.max(0).cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::old(1_000, Some(99_000))]
    #[case::a_clock_that_is_ahead(120_000, Some(0))]
    #[case::a_clock_that_is_wrong(10_000_000, None)]
    #[case::without_a_time(-1, None)]
    #[case::no_time_at_all(i64::MIN, None)]
    #[case::the_end_of_time(i64::MAX, None)]
    fn a_record_waits_since_its_time(#[case] time: i64, #[case] expected: Option<u64>) {
        let record = NextRecord::At { offset: 7, time: Time(time) };
        assert_eq!(record.waiting(Time(100_000)).get(), expected);
    }

    #[test]
    fn where_nothing_waits_nothing_is_late() {
        assert_eq!(NextRecord::None.waiting(Time(100_000)), Fact::Known(0));
    }
}
