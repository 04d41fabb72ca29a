//! How far behind a group is in time, and when it will have caught up, as its samples
//! tell: for lists, where nobody reads the log for each row.

use super::drain::{Drain, Rates, rate};
use super::group::GroupPartition;
use super::lag_time::waiting_since;
use super::windows::Windows;
use super::{Fact, GroupId, Offset, Time, TopicPartition};

/// Since when the next record of a group has been waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// Nothing waits.
    Nothing,
    /// Since this time, by the record itself.
    Since(Time),
    /// About since then: between two looks.
    About(Time),
    /// Since before the first look.
    Before(Time),
    Unknown,
}

impl Behind {
    /// Milliseconds that the next record has been waiting at `now`, about or exactly.
    pub fn waiting(&self, now: Time) -> Fact<u64> {
        match self {
            Self::Nothing => Fact::Known(0),
            Self::Since(at) | Self::About(at) => waiting_since(*at, now),
            Self::Before(_) => Fact::unknown("its record was not looked at"),
            Self::Unknown => Fact::unknown("its record tells no time, or was not looked at"),
        }
    }
}

/// Milliseconds: rates of less are not told.
const SHORTEST: i64 = 15_000;

/// What the samples tell of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    pub behind: Behind,
    pub drain: Fact<Drain>,
    /// Where it is behind for longest, and the offset it reads next there.
    pub longest: Option<(TopicPartition, Offset)>,
}

impl Pace {
    pub fn of(windows: &Windows, group: &GroupId, partitions: &[GroupPartition]) -> Self {
        let mut pace = Self { behind: Behind::Nothing, drain: Fact::Known(Drain::Drained), longest: None };
        let (mut drains, mut most) = (Vec::new(), 0);
        let is_any_known = partitions.iter().any(|row| row.lag().known().is_some());
        for row in partitions {
            let (lag, position) = match (row.lag(), row.position()) {
                (Fact::Known(0), _) | (Fact::Known(_), None) => continue,
                (Fact::Known(lag), Some(position)) => (lag, position),
                // Where it committed elsewhere, a partition without a commit tells nothing.
                (Fact::Unknown(_), _) if is_any_known && row.committed == Fact::Known(None) => continue,
                (Fact::Unknown(reason), _) => {
                    drains.push(Fact::Unknown(reason));
                    continue;
                }
            };
            let behind = behind(windows, &row.partition, position);
            let is_longer = match (&pace.behind, &behind) {
                (Behind::Nothing, _) => true,
                // Of those that are older than all looks the largest is looked into.
                (Behind::Before(_), Behind::Before(_)) | (Behind::Unknown, Behind::Unknown) => lag > most,
                (now, other) => since(other) < since(now),
            };
            if is_longer {
                (pace.behind, most) = (behind, lag);
                pace.longest = Some((row.partition.clone(), position));
            }
            let rates = rates(windows, group, &row.partition);
            drains.push(rates.map_or_else(|| Fact::unknown(TOO_EARLY), |rates| Fact::Known(Drain::of(lag, rates))));
        }
        // Not known to wait is not known to be read.
        if pace.behind == Behind::Nothing && !drains.is_empty() {
            pace.behind = Behind::Unknown;
        }
        pace.drain = Drain::of_all(&drains);
        pace
    }
}

const TOO_EARLY: &str = "it was not looked at for long enough";

/// For comparison: what is not known may be older than anything.
fn since(behind: &Behind) -> i64 {
    match behind {
        Behind::Nothing => i64::MAX,
        Behind::Since(at) | Behind::About(at) => at.millis(),
        Behind::Before(at) => at.millis().saturating_sub(1),
        Behind::Unknown => i64::MIN,
    }
}

/// When the log ended at `offset`: the record there was written then.
fn behind(windows: &Windows, partition: &TopicPartition, offset: Offset) -> Behind {
    let Some(ends) = windows.ends(partition) else { return Behind::Unknown };
    let mut before: Option<(Time, Offset)> = None;
    for (at, end) in ends.ends() {
        if end > offset {
            return match before {
                None => Behind::Before(at),
                Some((from, low)) => {
                    let share = offset.saturating_sub(low) as f64 / end.saturating_sub(low).max(1) as f64;
                    Behind::About(from.plus_millis((at.since(from) as f64 * share) as i64))
                }
            };
        }
        before = Some((at, end));
    }
    Behind::Unknown
}

fn rates(windows: &Windows, group: &GroupId, partition: &TopicPartition) -> Option<Rates> {
    let samples = windows.group(group)?;
    let track = samples.of_topic(&partition.topic).of(partition.partition, 0)?;
    Some(Rates { read: over(samples.commits(track))?, written: over(windows.ends(partition)?.ends())? })
}

/// The rate from the first look to the last.
fn over(mut looks: impl Iterator<Item = (Time, Offset)>) -> Option<f64> {
    let first = looks.next()?;
    let last = looks.last()?;
    if last.0.since(first.0) < SHORTEST { None } else { rate(first, last) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::CommittedOffset;
    use rstest::rstest;

    const PACE: i64 = 10_000;

    fn row(partition: i32, committed: i64, end: i64) -> GroupPartition {
        GroupPartition {
            partition: TopicPartition::new("t".into(), partition),
            committed: Fact::Known(Some(CommittedOffset {
                offset: committed,
                leader_epoch: -1,
                metadata: String::new(),
            })),
            start: Fact::Known(0),
            end: Fact::Known(end),
            member: Some(0),
            nothing_left: false,
            told_lag: None,
        }
    }

    /// A hundred records are written every ten seconds; this many are read.
    fn looks(read: i64, behind: i64) -> (Windows, Vec<GroupPartition>) {
        let (mut windows, mut rows) = (Windows::default(), Vec::new());
        for number in 1..=6 {
            let end = 1_000 + number * 100;
            rows = vec![row(0, 1_000 - behind + number * read, end), row(1, 50, 50)];
            windows.look(&"g".into(), &rows, Time(number * PACE));
        }
        (windows, rows)
    }

    #[rstest]
    // At 1,550: halfway between the looks at 50 s and 60 s.
    #[case::between_two_looks(100, 50, Behind::About(Time(55_000)), Drain::In(5_000))]
    #[case::longer_than_was_looked(100, 700, Behind::Before(Time(10_000)), Drain::Never)]
    #[case::nothing_is_read(0, 0, Behind::Before(Time(10_000)), Drain::Growing(10.0))]
    #[case::it_catches_up(150, 350, Behind::About(Time(55_000)), Drain::In(3_333))]
    fn samples_tell_since_when_and_until_when(
        #[case] read: i64,
        #[case] lag: i64,
        #[case] behind: Behind,
        #[case] drain: Drain,
    ) {
        let (windows, rows) = looks(read, lag);
        let pace = Pace::of(&windows, &"g".into(), &rows);
        assert_eq!((pace.behind, pace.drain), (behind, Fact::Known(drain)));
        assert_eq!(pace.longest.map(|(partition, _)| partition.partition), Some(0));
    }

    #[test]
    fn a_record_from_the_future_does_not_wait_for_zero() {
        let hour = 3_600_000;
        let since = |millis: i64| Behind::Since(Time(millis)).waiting(Time(10 * hour));
        assert_eq!((since(9 * hour), since(10 * hour + 5)), (Fact::Known(3_600_000), Fact::Known(0)));
        assert!(since(12 * hour).reason().is_some_and(|why| why.contains("future")));
        assert!(Behind::Before(Time(0)).waiting(Time(hour)).reason().is_some());
    }

    #[test]
    fn who_read_everything_waits_for_nothing() {
        let windows = Windows::default();
        let pace = Pace::of(&windows, &"g".into(), &[row(0, 9, 9)]);
        assert_eq!((pace.behind, pace.drain), (Behind::Nothing, Fact::Known(Drain::Drained)));
        let hidden = GroupPartition { end: Fact::unknown("it has no leader"), ..row(1, 4, 9) };
        let pace = Pace::of(&windows, &"g".into(), &[row(0, 9, 9), hidden]);
        assert_eq!((pace.behind, pace.drain), (Behind::Unknown, Fact::unknown("it has no leader")), "it is not zero");
        let bare = GroupPartition { committed: Fact::Known(None), ..row(1, 4, 9) };
        let of = |rows: &[GroupPartition]| Pace::of(&windows, &"g".into(), rows).behind;
        assert_eq!(of(std::slice::from_ref(&bare)), Behind::Unknown, "it has not committed anything yet");
        assert_eq!(of(&[row(0, 9, 9), bare]), Behind::Nothing);
        let pace = Pace::of(&windows, &"g".into(), &[row(0, 9, 9), row(1, 4, 9)]);
        assert_eq!(pace.behind, Behind::Unknown, "nobody looked yet");
        assert_eq!(pace.drain.reason(), Some(TOO_EARLY));
    }
}
