//! The windows of samples of all groups.
//!
//! Owns: which are kept. Ends are kept once for each partition, whoever reads it.
//! Invariant: bounded; what no group reads is forgotten after a while.

mod encoded;

use super::group::GroupPartition;
use super::samples::{Ends, GroupSamples, Judge, Logs, Seen, Together};
use super::standing::Standing;
use super::verdict::{Judgement, Rules};
use super::{Fact, GroupId, Time, TopicName, TopicPartition};
use foldhash::HashMap;

/// Partitions of groups that are remembered, of all groups together.
pub const MOST_TRACKS: usize = 200_000;
/// Milliseconds after which an end is forgotten that nobody looked at.
const UNREAD: i64 = 3_600_000;
const NO_ROOM: &str = "more partitions of groups than klamm remembers";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    groups: HashMap<GroupId, GroupSamples>,
    /// By partition. A group's rows are in order of their topics: one look-up serves many.
    ends: HashMap<TopicName, Logs>,
    tracks: usize,
}

impl Windows {
    /// Takes in what was read of a group. Where its commits could not be read, there was
    /// no look.
    pub fn look(&mut self, group: &GroupId, partitions: &[GroupPartition], now: Time) {
        if partitions.iter().any(|row| row.committed.known().is_none()) {
            return;
        }
        let mut together = Together::default();
        let mut seen = Vec::new();
        for rows in partitions.chunk_by(|a, b| a.partition.topic == b.partition.topic) {
            seen.clear();
            seen.extend(rows.iter().filter_map(|row| match (&row.committed, &row.end) {
                (Fact::Known(Some(_)), Fact::Known(end)) => Some((row.partition.partition, *end)),
                _ => None,
            }));
            let Some(first) = rows.first().filter(|_| !seen.is_empty()) else { continue };
            let logs = match self.ends.get_mut(&first.partition.topic) {
                Some(logs) => logs,
                None => self.ends.entry(first.partition.topic.clone()).or_default(),
            };
            logs.look(now, &seen, &mut together);
        }
        let seen = partitions.iter().filter_map(|row| {
            let committed = row.committed.known()?.as_ref()?.offset;
            Some(Seen { partition: &row.partition, committed, has_member: row.member.is_some() })
        });
        let before = self.groups.get(group).map_or(0, |samples| samples.len());
        let more = seen.clone().count().saturating_sub(before);
        if more > 0 && self.tracks + more > MOST_TRACKS {
            return;
        }
        let samples = match self.groups.get_mut(group) {
            Some(samples) => samples,
            None => self.groups.entry(group.clone()).or_default(),
        };
        samples.look(now, seen, &mut together);
        self.tracks = self.tracks - before + samples.len();
    }

    /// For judging groups at `now`, one after the other.
    pub fn judging<'a>(&'a self, now: Time, rules: &'a Rules) -> Judging<'a> {
        Judging { windows: self, judge: Judge::new(now, rules) }
    }

    pub fn group(&self, group: &GroupId) -> Option<&GroupSamples> {
        self.groups.get(group)
    }

    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&GroupId, &GroupSamples)> {
        self.groups.iter()
    }

    /// The ends of a partition that groups read.
    pub fn ends(&self, partition: &TopicPartition) -> Option<Ends<'_>> {
        self.ends.get(&partition.topic)?.of(partition.partition)
    }

    /// Forgets groups that are gone, and ends that nobody reads.
    pub fn keep(&mut self, is_there: impl Fn(&GroupId) -> bool, now: Time) {
        self.groups.retain(|group, _| is_there(group));
        self.tracks = self.groups.values().map(|samples| samples.len()).sum();
        self.ends.retain(|_, logs| {
            logs.keep_since(now.plus_millis(-UNREAD));
            !logs.is_empty()
        });
    }

    /// Bytes of memory, as far as one can count them: what the allocator adds and what
    /// names take is not in it.
    pub fn memory(&self) -> usize {
        let groups = self.groups.capacity() * size_of::<(GroupId, GroupSamples)>();
        let of_groups: usize = self.groups.values().map(GroupSamples::memory).sum();
        let topics = self.ends.capacity() * size_of::<(TopicName, Logs)>();
        groups + of_groups + topics + self.ends.values().map(Logs::memory).sum::<usize>()
    }
}

/// What judges groups at one time.
#[derive(Debug)]
pub struct Judging<'a> {
    windows: &'a Windows,
    judge: Judge<'a>,
}

impl Judging<'_> {
    pub fn now(&self) -> Time {
        self.judge.now()
    }

    /// How a group is doing in each of its partitions, in their order.
    pub fn of(&mut self, group: &GroupId, partitions: &[GroupPartition]) -> Vec<Option<Judgement>> {
        let Self { windows, judge } = self;
        let Some(samples) = windows.groups.get(group) else { return vec![None; partitions.len()] };
        judge.turn_to(samples);
        let mut judged = Vec::with_capacity(partitions.len());
        for rows in partitions.chunk_by(|a, b| a.partition.topic == b.partition.topic) {
            let Some(topic) = rows.first().map(|row| &row.partition.topic) else { continue };
            let (tracks, logs, mut next) = (samples.of_topic(topic), windows.ends.get(topic), 0);
            for row in rows {
                let (lag, track) = (row.lag().get(), tracks.of(row.partition.partition, next));
                next += usize::from(track.is_some());
                let ends = logs.and_then(|logs| logs.of(row.partition.partition));
                judged.push(lag.zip(track).map(|(lag, track)| judge.of(track, ends, lag)));
            }
        }
        judged
    }

    /// The same for all of it.
    pub fn standing(&mut self, group: &GroupId, partitions: &[GroupPartition]) -> Standing {
        if self.windows.tracks >= MOST_TRACKS && !self.windows.groups.contains_key(group) {
            return Standing::Unknown(NO_ROOM.into());
        }
        Standing::of(partitions, &self.of(group, partitions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TopicPartition;
    use crate::domain::group::CommittedOffset;
    use crate::domain::verdict::{Source, Verdict};

    const PACE: i64 = 10_000;

    fn row(partition: i32, committed: Option<i64>, end: i64) -> GroupPartition {
        let committed = committed.map(|offset| CommittedOffset { offset, leader_epoch: -1, metadata: String::new() });
        GroupPartition {
            partition: TopicPartition::new("t".into(), partition),
            committed: Fact::Known(committed),
            start: Fact::Known(0),
            end: Fact::Known(end),
            nothing_left: false,
            told_lag: None,
            member: Some(0),
        }
    }

    fn logs(windows: &Windows) -> usize {
        windows.ends.values().map(Logs::len).sum()
    }

    fn standing(windows: &Windows, rows: &[GroupPartition], now: i64) -> Standing {
        windows.judging(Time(now), &Rules::default()).standing(&"g".into(), rows)
    }

    #[test]
    fn a_look_that_failed_is_none_and_what_was_seen_before_stays() {
        let (group, mut windows) = (GroupId::from("g"), Windows::default());
        let rows = |number: i64| vec![row(0, None, 9), row(1, Some(number * 10), number * 15 + 20)];
        for number in 0..10 {
            windows.look(&group, &rows(number), Time(number * PACE));
        }
        assert_eq!(standing(&windows, &rows(9), 92_000).verdict(), Some(Verdict::Warn));
        // The coordinator is gone, and then a leader.
        let mut without_commits = rows(10);
        without_commits[1].committed = Fact::unknown("the coordinator moves");
        let mut without_end = rows(11);
        without_end[1].end = Fact::unknown("it has no leader");
        windows.look(&group, &without_commits, Time(10 * PACE));
        let why = |windows: &Windows, rows: &[GroupPartition], now| standing(windows, rows, now).why_not();
        assert_eq!(why(&windows, &without_commits, 100_000).as_deref(), Some("the coordinator moves"));
        windows.look(&group, &without_end, Time(11 * PACE));
        assert_eq!(why(&windows, &without_end, 110_000).as_deref(), Some("it has no leader"));
        windows.look(&group, &rows(12), Time(12 * PACE));
        assert_eq!(standing(&windows, &rows(12), 122_000).verdict(), Some(Verdict::Warn), "and it goes on");
    }

    #[test]
    fn offsets_that_expired_and_topics_that_are_deleted_say_so() {
        let (group, mut windows) = (GroupId::from("g"), Windows::default());
        let rows = |number: i64| vec![row(0, Some(number), number + 5), row(1, Some(7), 7)];
        for number in 0..10 {
            windows.look(&group, &rows(number), Time(number * PACE));
        }
        // The topic is gone and its commits are there still: nobody knows how far behind it is.
        let gone = Fact::unknown("the partition does not exist or has no leader");
        let mut deleted = rows(10);
        deleted.iter_mut().for_each(|row| row.end = gone.clone());
        windows.look(&group, &deleted, Time(10 * PACE));
        let why = standing(&windows, &deleted, 100_000).why_not();
        assert_eq!(why.as_deref(), Some("the partition does not exist or has no leader"));
        // What it committed is forgotten by the coordinator, and by us; then it begins anew.
        let expired = [row(0, None, 15), row(1, None, 7)];
        windows.look(&group, &expired, Time(11 * PACE));
        assert_eq!(standing(&windows, &expired, 110_000).why_not().as_deref(), Some("nothing is committed"));
        windows.look(&group, &rows(12), Time(12 * PACE));
        assert_eq!(
            standing(&windows, &rows(12), 120_000),
            Standing::TooEarly { seen: 1, of: 10, source: Source::Sampled }
        );
    }

    #[test]
    fn partitions_that_are_looked_at_together_share_the_times() {
        let mut windows = Windows::default();
        let rows = |partitions: std::ops::Range<i32>| partitions.map(|id| row(id, Some(1), 2)).collect::<Vec<_>>();
        for number in 0..20 {
            windows.look(&"all".into(), &rows(0..4), Time(number * PACE));
        }
        fn ends(windows: &Windows, id: i32) -> Ends<'_> {
            windows.ends(&TopicPartition::new("t".into(), id)).unwrap()
        }
        let are_together = |windows: &Windows, a, b| ends(windows, a).is_together_with(ends(windows, b));
        assert!(are_together(&windows, 0, 3));
        // Another group reads two of them at times of its own, and what was seen stays true.
        windows.look(&"some".into(), &rows(0..2), Time(20 * PACE - 500));
        windows.look(&"all".into(), &rows(0..4), Time(20 * PACE));
        assert!(are_together(&windows, 0, 1) && are_together(&windows, 2, 3) && !are_together(&windows, 1, 2));
        let last = |windows: &Windows, id| ends(windows, id).ends().last().map(|(at, _)| at.millis());
        assert_eq!((last(&windows, 0), last(&windows, 2)), (Some(20 * PACE), Some(20 * PACE)));
        let read = Windows::decode(&windows.encode()).unwrap();
        assert!(read == windows && are_together(&read, 2, 3));
        assert!(read.memory() <= windows.memory() + 1_000, "{} {}", read.memory(), windows.memory());
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut windows = Windows::default();
        for name in ["a", "b"] {
            windows.look(&name.into(), &[row(0, Some(1), 2), row(1, Some(1), 2)], Time(0));
        }
        windows.look(&"a".into(), &[row(0, Some(1), 2)], Time(PACE));
        assert_eq!((windows.tracks, windows.groups().len(), logs(&windows)), (3, 2, 2));
        windows.keep(|group| group.as_str() == "a", Time(PACE + UNREAD - 1));
        assert_eq!((windows.tracks, windows.groups().len(), logs(&windows)), (1, 1, 1));
        assert_eq!(
            standing(&windows, &[row(0, Some(1), 2)], PACE).why_not().as_deref(),
            Some("its commits were not seen")
        );
    }

    #[test]
    fn there_is_a_most_of_them_and_it_is_said() {
        let mut windows = Windows::default();
        let rows: Vec<GroupPartition> = (0..1_000).map(|partition| row(partition, Some(1), 2)).collect();
        for number in 0..=MOST_TRACKS / 1_000 {
            windows.look(&format!("g{number}").as_str().into(), &rows, Time(0));
        }
        assert_eq!(windows.tracks, MOST_TRACKS);
        assert_eq!(standing(&windows, &rows, 0).why_not().as_deref(), Some(NO_ROOM));
        windows.look(&"g0".into(), &rows[..10], Time(PACE));
        windows.look(&"g".into(), &rows[..10], Time(PACE));
        assert_eq!(windows.groups().len(), MOST_TRACKS / 1_000 + 1, "there is room again");
    }
}
