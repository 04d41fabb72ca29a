//! How long until retention deletes what a group has not read yet.
//!
//! A log is deleted by whole segments, the oldest first: by time once the newest
//! record of a segment is older than `retention.ms`, by size once the log without it
//! still has `retention.bytes`. A segment goes later than its oldest record is due,
//! so what is told here is the soonest (Kafka's `UnifiedLog.deleteOldSegments`).

use super::{Fact, Offset, Time, show};
use serde::{Deserialize, Serialize};

/// What a topic's settings say about deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// `cleanup.policy` holds `delete`.
    pub deletes: bool,
    /// Milliseconds; `None` is for ever.
    pub millis: Option<u64>,
    /// Bytes of each partition; `None` is any number.
    pub bytes: Option<u64>,
}

/// What is known of a partition and of a group's place in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    pub committed: Offset,
    pub start: Offset,
    pub end: Offset,
    /// When the record that is read next was written.
    pub next: Fact<Time>,
    /// Bytes of the log on its leader's disk.
    pub size: Fact<u64>,
    /// Records a second that are written to it.
    pub written: Fact<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headroom {
    /// Nothing is left to read.
    NothingUnread,
    /// Nothing is ever deleted there.
    Forever,
    Left {
        /// Milliseconds; zero: it may be deleted at any moment.
        millis: u64,
        /// Less than a quarter of what the topic keeps, and less than a day.
        is_short: bool,
    },
    /// So many records were deleted before they were read.
    Lost(u64),
}

impl Headroom {
    pub fn of(at: &Position, retention: Retention, now: Time) -> Fact<Self> {
        if at.committed < at.start {
            return Fact::Known(Self::Lost(at.start.saturating_sub(at.committed).cast_unsigned()));
        }
        if at.committed >= at.end {
            return Fact::Known(Self::NothingUnread);
        }
        if !retention.deletes || (retention.millis.is_none() && retention.bytes.is_none()) {
            return Fact::Known(Self::Forever);
        }
        let by_time = retention.millis.map(|keep| {
            at.next.clone().map(|time| {
                let due = time.plus_millis(i64::try_from(keep).unwrap_or(i64::MAX));
                let millis = due.since(now).max(0).cast_unsigned();
                Self::left(millis, millis as f64 / keep.max(1) as f64)
            })
        });
        let by_size = retention.bytes.map(|keep| by_size(at, keep));
        match (by_time, by_size) {
            (Some(Fact::Known(time)), Some(Fact::Known(size))) => {
                Fact::Known(if size.urgency() < time.urgency() { size } else { time })
            }
            (Some(Fact::Unknown(reason)), _) | (_, Some(Fact::Unknown(reason))) => Fact::Unknown(reason),
            (Some(Fact::Known(left)), None) | (None, Some(Fact::Known(left))) => Fact::Known(left),
            (None, None) => Fact::Known(Self::Forever),
        }
    }

    /// `share` of what the topic keeps.
    fn left(millis: u64, share: f64) -> Self {
        const DAY: u64 = 86_400_000;
        Self::Left { millis, is_short: millis < DAY && share < 0.25 }
    }

    /// Somebody should look: it is lost, or soon will be.
    pub fn is_short(self) -> bool {
        matches!(self, Self::Lost(_) | Self::Left { is_short: true, .. })
    }

    /// The worst first: what is lost, then what is left, the least of it first.
    pub fn urgency(self) -> u64 {
        match self {
            Self::Lost(_) => 0,
            Self::Left { millis, .. } => millis.saturating_add(1),
            Self::Forever | Self::NothingUnread => u64::MAX,
        }
    }

    /// In words that stand alone.
    pub fn told(self) -> String {
        match self {
            Self::NothingUnread => "nothing unread".into(),
            Self::Forever => "nothing is deleted".into(),
            Self::Left { millis: 0, .. } => "retention has reached it".into(),
            Self::Left { millis, .. } => format!("retention reaches it in {}", show::duration(millis)),
            Self::Lost(records) => format!("{} lost unread", show::count(records)),
        }
    }
}

/// Until `keep` bytes lie behind the committed offset, where records are of one size
/// throughout the log. A log that does not grow loses nothing.
fn by_size(at: &Position, keep: u64) -> Fact<Headroom> {
    let (Fact::Known(size), Fact::Known(written)) = (&at.size, &at.written) else {
        let reason = at.size.reason().or(at.written.reason()).unwrap_or_default();
        return Fact::unknown(reason);
    };
    let records = at.end.saturating_sub(at.start).max(1) as f64;
    let each = *size as f64 / records;
    let room = (keep as f64 - at.end.saturating_sub(at.committed) as f64 * each).max(0.0);
    let grows = each * written;
    Fact::Known(if room > 0.0 && grows <= 0.0 {
        Headroom::Forever
    } else {
        // Nothing by nothing is nothing.
        let millis = if room > 0.0 { (room / grows * 1_000.0) as u64 } else { 0 };
        Headroom::left(millis, room / keep.max(1) as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: Time = Time(100_000_000);

    fn position() -> Position {
        Position {
            committed: 500,
            start: 0,
            end: 1_000,
            next: Fact::Known(NOW.plus_millis(-40_000)),
            size: Fact::Known(10_000),
            written: Fact::Known(5.0),
        }
    }

    fn left(millis: u64, is_short: bool) -> Headroom {
        Headroom::Left { millis, is_short }
    }

    fn keeps(millis: Option<u64>, bytes: Option<u64>) -> Retention {
        Retention { deletes: true, millis, bytes }
    }

    #[rstest]
    #[case::by_time(keeps(Some(60_000), None), left(20_000, false))]
    #[case::overdue(keeps(Some(30_000), None), left(0, true))]
    #[case::soon(keeps(Some(50_000), None), left(10_000, true))]
    // 10 bytes each: 5,000 lie behind the offset, and 50 come each second.
    #[case::by_size(keeps(None, Some(6_000)), left(20_000, true))]
    #[case::by_size_overdue(keeps(None, Some(5_000)), left(0, true))]
    #[case::whichever_comes_first(keeps(Some(45_000), Some(6_000)), left(5_000, true))]
    #[case::for_ever(keeps(None, None), Headroom::Forever)]
    #[case::compacted(Retention { deletes: false, ..keeps(Some(1), Some(1)) }, Headroom::Forever)]
    fn what_is_left(#[case] retention: Retention, #[case] expected: Headroom) {
        assert_eq!(Headroom::of(&position(), retention, NOW), Fact::Known(expected));
    }

    #[test]
    fn what_was_deleted_is_lost_and_what_was_read_is_safe() {
        let keeps = keeps(Some(1), Some(1));
        let lost = Position { start: 620, ..position() };
        assert_eq!(Headroom::of(&lost, keeps, NOW), Fact::Known(Headroom::Lost(120)));
        let read = Position { committed: 1_000, ..position() };
        assert_eq!(Headroom::of(&read, keeps, NOW), Fact::Known(Headroom::NothingUnread));
    }

    #[test]
    fn a_log_that_stands_still_is_never_deleted_by_size() {
        let still = Position { written: Fact::Known(0.0), ..position() };
        assert_eq!(Headroom::of(&still, keeps(None, Some(6_000)), NOW), Fact::Known(Headroom::Forever));
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        let unknown = Position { next: Fact::unknown("why"), ..position() };
        assert_eq!(Headroom::of(&unknown, keeps(Some(60_000), None), NOW), Fact::unknown("why"));
        assert_eq!(Headroom::of(&unknown, keeps(None, Some(5_000)), NOW), Fact::Known(left(0, true)));
        let unknown = Position { size: Fact::unknown("why"), ..position() };
        assert_eq!(Headroom::of(&unknown, keeps(Some(60_000), Some(9_000)), NOW), Fact::unknown("why"));
    }
}
