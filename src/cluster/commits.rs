//! The last commits of groups, read from the log that Kafka keeps of them.
//!
//! Owns: how far `__consumer_offsets` was read, and the windows of commits by which
//! groups are judged. A commit within a transaction counts when that is committed;
//! the log is read without waiting for open ones, or one of them would hide every
//! group that shares its partition. Memory is bounded: windows, groups and commits
//! that wait for their transaction have a most.

use super::groups::listed_offset;
use super::{Cluster, lock};
use crate::decode::{CommitEntry, commit_entry};
use crate::domain::drain::{Rates, rate};
use crate::domain::group::GroupPartition;
use crate::domain::partitioner::coordinated_in;
use crate::domain::transaction::TransactionEnd;
use crate::domain::verdict::{Commit, GroupVerdict, Judgement, Rules, Window};
use crate::domain::{
    Fact, Failure, FailureKind, GroupId, Offset, PartitionId, PartitionMap, Time, TopicPartition, show,
};
use crate::kafka::admin::offsets::{self, OffsetAt};
use crate::kafka::fetch::{self, Batch, Isolation, ReadEvent, ReadRange, ReadRequest};
use futures::future::join_all;
use std::collections::{HashMap, VecDeque};

const LOG: &str = "__consumer_offsets";
/// Records looked at before the end of each partition of the log, the first time.
const TAIL: Offset = 4_000;
/// Commits kept in windows, of all groups together.
const MOST_COMMITS: usize = 1_000_000;
/// Commits that wait for the end of a transaction, of one producer, and producers that
/// may have such.
const MOST_WAITING: usize = 10_000;
const MOST_PRODUCERS: usize = 1_000;
/// Groups of which it is remembered since when nobody is in them.
const MOST_EMPTY: usize = 100_000;
/// Partitions whose lag at earlier commits is looked up at once.
const MOST_LOOKED_UP: usize = 2_000;
/// Milliseconds between the ends that are kept of each partition, as many as make a
/// window of commits.
const ENDS_EVERY: i64 = 10_000;
/// Milliseconds after which a group that commits no more does not read.
const A_MINUTE: i64 = 60_000;
/// Milliseconds over which a rate of writing is measured at least.
const SHORTEST_SPAN: i64 = 5_000;

type Waiting = Vec<(GroupId, TopicPartition, Commit)>;

/// What was read of the log of commits.
#[derive(Debug, Default)]
pub(super) struct CommitLog {
    rules: Rules,
    /// Where each of its partitions goes on.
    next: HashMap<PartitionId, Offset>,
    groups: HashMap<GroupId, PartitionMap<Window>>,
    windows: usize,
    /// Classic groups in which nobody is, and since when.
    empty_since: HashMap<GroupId, Time>,
    /// By partition of the log and producer, until the transaction ends.
    waiting: HashMap<(PartitionId, i64), Waiting>,
    /// The last ends of topics' partitions, with which lags at commits are known.
    ends: PartitionMap<VecDeque<(Time, Offset)>>,
    /// Records of versions that are not known.
    not_understood: usize,
}

impl CommitLog {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Milliseconds that the kept ends reach back.
    fn reach(&self) -> i64 {
        self.rules.intervals as i64 * ENDS_EVERY
    }

    fn take(&mut self, batch: &Batch) {
        let facts = batch.facts();
        for index in 0..batch.len() {
            let (Some(Some(key)), Some(value), Some(order)) =
                (batch.key(index), batch.value(index), batch.offset(index))
            else {
                continue;
            };
            match commit_entry(key, value) {
                Ok(CommitEntry::Committed { group, partition, offset, at }) => {
                    let commit = Commit { offset, at, order, lag: None };
                    if facts.is_transactional {
                        self.wait((batch.partition(), facts.producer_id), (group, partition, commit));
                    } else {
                        self.add(group, partition, commit);
                    }
                }
                Ok(CommitEntry::Classic { group, empty_since: Some(since) })
                    if self.empty_since.len() < MOST_EMPTY || self.empty_since.contains_key(&group) =>
                {
                    self.empty_since.insert(group, since);
                }
                Ok(CommitEntry::Classic { group, .. }) => {
                    self.empty_since.remove(&group);
                }
                Ok(CommitEntry::GroupGone(group)) => {
                    self.empty_since.remove(&group);
                    let gone = self.groups.remove(&group);
                    self.windows -= gone.map_or(0, |windows| windows.len());
                }
                Ok(CommitEntry::Other) => {}
                Err(_) => self.not_understood += 1,
            }
        }
    }

    /// Keeps a commit until its transaction ends, where there is room.
    fn wait(&mut self, producer: (PartitionId, i64), commit: (GroupId, TopicPartition, Commit)) {
        if self.waiting.len() >= MOST_PRODUCERS && !self.waiting.contains_key(&producer) {
            return;
        }
        let waiting = self.waiting.entry(producer).or_default();
        if waiting.len() < MOST_WAITING {
            waiting.push(commit);
        }
    }

    /// Commits of a transaction count from its end on, or not at all.
    fn ended(&mut self, partition: PartitionId, marker: TransactionEnd) {
        let Some(waiting) = self.waiting.remove(&(partition, marker.producer_id)) else { return };
        let (of_this, later): (Waiting, Waiting) =
            waiting.into_iter().partition(|(_, _, commit)| commit.order < marker.offset);
        if !later.is_empty() {
            self.waiting.insert((partition, marker.producer_id), later);
        }
        if marker.is_commit {
            for (group, partition, commit) in of_this {
                self.add(group, partition, commit);
            }
        }
    }

    fn add(&mut self, group: GroupId, partition: TopicPartition, mut commit: Commit) {
        // The end is known as of a look shortly before or after the commit.
        let end = self.ends.get(&partition).and_then(|ends| {
            let (at, end) = ends.back()?;
            (commit.at.since(*at).abs() < 2 * ENDS_EVERY).then_some(*end)
        });
        commit.lag = end.map(|end| behind(end, commit.offset));
        let is_known = self.groups.get(&group).is_some_and(|windows| windows.contains_key(&partition));
        if !is_known && self.windows >= MOST_COMMITS / self.rules.intervals.max(1) {
            return;
        }
        self.windows += usize::from(!is_known);
        self.groups.entry(group).or_default().entry(partition).or_default().add(commit, &self.rules);
    }

    /// Remembers where a partition ends at `now`.
    fn look(&mut self, partition: &TopicPartition, end: Offset, now: Time) {
        let (most, reach) = (self.rules.intervals, self.reach());
        let ends = match self.ends.get_mut(partition) {
            Some(ends) => ends,
            None => self.ends.entry(partition.clone()).or_default(),
        };
        if ends.back().is_none_or(|(at, _)| now.since(*at).abs() >= ENDS_EVERY) {
            ends.push_back((now, end));
        }
        // After a pause what was seen before it says nothing of the last minutes.
        let is_old = |(at, _): &(Time, Offset)| now.since(*at) >= reach;
        while ends.len() > most || ends.front().is_some_and(is_old) {
            ends.pop_front();
        }
    }

    /// Takes in where partitions ended at earlier times.
    fn learn(&mut self, group: &GroupId, past: &PartitionMap<Vec<(Time, Offset)>>) {
        for (partition, window) in self.groups.get_mut(group).into_iter().flatten() {
            let Some(known) = past.get(partition) else { continue };
            window.learn_lag(|commit| {
                let (_, end) = known.iter().find(|(at, _)| *at == commit.at)?;
                Some(behind(*end, commit.offset))
            });
        }
    }

    /// `earlier` is an end from before there were looks.
    fn judge(&self, group: &GroupId, row: &GroupPartition, earlier: Option<Offset>, now: Time) -> Option<Judgement> {
        let (Fact::Known(lag), Fact::Known(end)) = (row.lag(), &row.end) else { return None };
        let window = self.groups.get(group)?.get(&row.partition)?;
        let known = self.ends.get(&row.partition).into_iter().flatten().map(|(_, end)| *end);
        let ends: Vec<Offset> = earlier.into_iter().chain(known).chain([*end]).collect();
        window.judge(&ends, lag, now, &self.rules)
    }

    /// How fast a group reads in a partition, by its commits, and others write there.
    /// `earlier` is an end from before there were looks, with its time.
    fn rates(&self, group: &GroupId, row: &GroupPartition, earlier: Option<(Time, Offset)>, now: Time) -> Fact<Rates> {
        let Some(window) = self.groups.get(group).and_then(|windows| windows.get(&row.partition)) else {
            return Fact::unknown("no commit was seen");
        };
        let mut commits = window.commits();
        let (Some(first), last) = (commits.next(), commits.next_back()) else {
            return Fact::unknown("no commit was seen");
        };
        let last = last.unwrap_or(first);
        let (span, quiet) = (last.at.since(first.at), now.since(last.at));
        let read = if quiet > span.max(A_MINUTE) {
            // It commits no more.
            0.0
        } else if last.order == first.order {
            return Fact::unknown("only one commit was seen");
        } else {
            match rate((first.at, first.offset), (last.at, last.offset)) {
                Some(read) => read,
                None => return Fact::unknown("it went back"),
            }
        };
        let look = self.ends.get(&row.partition).and_then(VecDeque::front).copied();
        let since = earlier.into_iter().chain(look).min_by_key(|(at, _)| *at);
        let (Some(since), Some(end)) = (since, row.end.get()) else { return Fact::unknown("its end is not known") };
        match rate(since, (now, end)).filter(|_| now.since(since.0) >= SHORTEST_SPAN) {
            Some(written) => Fact::Known(Rates { read, written }),
            None => Fact::unknown("not measured for long enough"),
        }
    }
}

pub(super) fn whole(rows: &[GroupPartition], judged: &[Option<Judgement>]) -> Option<GroupVerdict> {
    let rows = rows.iter().zip(judged);
    GroupVerdict::of(rows.map(|(row, judged)| (&row.partition, judged.as_ref())))
}

fn behind(end: Offset, committed: Offset) -> u64 {
    end.saturating_sub(committed).max(0).cast_unsigned()
}

/// How a group is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// In the order of the group's partitions. `None` where no commit was seen, or the
    /// lag is not known.
    pub partitions: Vec<Option<Judgement>>,
    /// How fast it reads and others write, in the same order.
    pub rates: Vec<Fact<Rates>>,
    pub group: Option<GroupVerdict>,
    /// Why it is judged by samples: the log of commits could not be read.
    pub why_sampled: Option<String>,
}

impl Judged {
    pub(super) fn of(rows: &[GroupPartition], partitions: Vec<Option<Judgement>>) -> Self {
        Self { group: whole(rows, &partitions), partitions, rates: Vec::new(), why_sampled: None }
    }
}

/// The groups to judge, with their partitions.
pub(super) type Rows<'a> = [(&'a GroupId, &'a [GroupPartition])];

impl Cluster {
    /// Records in the log that could not be read.
    pub(super) fn not_understood(&self) -> Option<Failure> {
        let unknown = lock(&self.inner.commits).not_understood;
        let message = format!("{} in it could not be understood", show::plural(unknown, "record"));
        (unknown > 0).then(|| Failure::new(FailureKind::Unsupported, "read commits", message).on(LOG))
    }

    /// Judges groups by what was read of the log. What the lag was at earlier commits is
    /// looked up by their times.
    pub(super) async fn judge(&self, groups: &Rows<'_>) -> Result<Vec<Judged>, Failure> {
        let now = self.now();
        let a_window_ago = now.plus_millis(-lock(&self.inner.commits).reach());
        let past = self.past_ends(groups, a_window_ago).await?;
        let mut log = lock(&self.inner.commits);
        let mut all = Vec::with_capacity(groups.len());
        for (id, rows) in groups {
            log.learn(id, &past);
            for row in *rows {
                if let Fact::Known(end) = row.end {
                    log.look(&row.partition, end, now);
                }
            }
            let oldest = |row: &GroupPartition| {
                past.get(&row.partition)?.iter().find(|(at, _)| *at == a_window_ago).map(|(_, end)| *end)
            };
            let judged = rows.iter().map(|row| log.judge(id, row, oldest(row), now)).collect();
            let earlier = |row: &GroupPartition| oldest(row).map(|end| (a_window_ago, end));
            let rates = rows.iter().map(|row| log.rates(id, row, earlier(row), now)).collect();
            all.push(Judged { rates, ..Judged::of(rows, judged) });
        }
        Ok(all)
    }

    /// Since when nobody is in a classic group, as its coordinator noted it.
    pub(super) async fn empty_since(&self, group: &GroupId) -> Fact<Time> {
        if let Err(failure) = self.read_commits(Some(std::slice::from_ref(group))).await {
            return Fact::unknown(failure.to_string());
        }
        let since = lock(&self.inner.commits).empty_since.get(group).copied();
        since.map_or_else(|| Fact::unknown("that is not in the newest part of the log of commits"), Fact::Known)
    }

    /// Reads on in the log of commits, where `only` these groups are kept or all of it.
    pub(super) async fn read_commits(&self, only: Option<&[GroupId]>) -> Result<(), Failure> {
        let metadata = self.known_metadata().await?;
        let Some(topic) = metadata.topic(LOG) else {
            let failure =
                Failure::new(FailureKind::Denied, "read commits", "the topic is not there, or you may not see it");
            return Err(failure.on(LOG).hint("Verdicts need DESCRIBE and READ on the topic __consumer_offsets."));
        };
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let mut wanted: Vec<PartitionId> = match only {
            Some(groups) => groups.iter().map(|group| coordinated_in(group.as_str(), count)).collect(),
            None => topic.partitions.iter().map(|partition| partition.id).collect(),
        };
        wanted.sort_unstable();
        wanted.dedup();
        let here: Vec<TopicPartition> =
            wanted.iter().map(|partition| TopicPartition::new(topic.name.clone(), *partition)).collect();
        let (starts, ends) = self.log_bounds(&here).await?;
        let ranges: Vec<ReadRange> = {
            let log = lock(&self.inner.commits);
            let range = |here: &TopicPartition| {
                let (start, end) = (listed_offset(&starts, here).get()?, listed_offset(&ends, here).get()?);
                let from = log.next.get(&here.partition).copied().unwrap_or(end - TAIL).max(start);
                (from < end).then_some(ReadRange { partition: here.partition, from, to: Some(end) })
            };
            here.iter().filter_map(range).collect()
        };
        let mut reading = fetch::read(
            self.client(),
            ReadRequest {
                topic: topic.name.clone(),
                ranges: ranges.clone(),
                max_bytes_per_second: self.profile().read_budget_bytes_per_second,
                newest_only: false,
                isolation: Isolation::Uncommitted,
                rack: self.profile().rack.clone(),
                sieve: None,
                lane: self.next_read(),
            },
        );
        let mut failed = None;
        while let Some(events) = reading.next().await {
            let mut log = lock(&self.inner.commits);
            for event in events {
                match event {
                    ReadEvent::Batch(batch) => log.take(&batch),
                    ReadEvent::TransactionEnded(partition, marker) => log.ended(partition, marker),
                    ReadEvent::Failed(failure) => failed = Some(failure),
                    ReadEvent::Skipped { .. }
                    | ReadEvent::Passed(..)
                    | ReadEvent::CaughtUp
                    | ReadEvent::Waiting { .. }
                    | ReadEvent::Settled(_) => {}
                }
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        let read = ranges.iter().filter_map(|range| Some((range.partition, range.to?)));
        lock(&self.inner.commits).next.extend(read);
        Ok(())
    }

    /// Where partitions ended when groups that are behind committed there, and at
    /// `also`, where that is not known.
    async fn past_ends(&self, groups: &Rows<'_>, also: Time) -> Result<PartitionMap<Vec<(Time, Offset)>>, Failure> {
        let mut times: PartitionMap<Vec<Time>> = PartitionMap::default();
        let mut ends: PartitionMap<Offset> = PartitionMap::default();
        {
            let log = lock(&self.inner.commits);
            for (group, rows) in groups {
                let Some(windows) = log.groups.get(*group) else { continue };
                for row in *rows {
                    let (Fact::Known(lag), Fact::Known(end)) = (row.lag(), &row.end) else { continue };
                    let Some(window) = windows.get(&row.partition).filter(|_| lag > 0) else { continue };
                    if times.len() == MOST_LOOKED_UP && !times.contains_key(&row.partition) {
                        continue;
                    }
                    // Looks of our own that reach back that far need no look-up.
                    let is_seen = log.ends.get(&row.partition).is_some_and(|ends| ends.len() >= log.rules.intervals);
                    let first = || if is_seen { Vec::new() } else { vec![also] };
                    let wanted = times.entry(row.partition.clone()).or_insert_with(first);
                    wanted.extend(window.commits().filter(|commit| commit.lag.is_none()).map(|commit| commit.at));
                    ends.insert(row.partition.clone(), *end);
                }
            }
        }
        let rounds = times.values().map(Vec::len).max().unwrap_or(0);
        let metadata = self.known_metadata().await?;
        let round = |index: usize| {
            let wanted =
                times.iter().filter_map(|(here, times)| Some((here.clone(), OffsetAt::Time(*times.get(index)?))));
            let wanted: Vec<(TopicPartition, OffsetAt)> = wanted.collect();
            let topics = &metadata.topics;
            async move { (index, offsets::list(self.client(), &wanted, topics).await) }
        };
        let mut past: PartitionMap<Vec<(Time, Offset)>> = PartitionMap::default();
        for (index, listed) in join_all((0..rounds).map(round)).await {
            for (here, answer) in listed {
                let Some(at) = times.get(&here).and_then(|times| times.get(index)) else { continue };
                let end = match answer {
                    Ok(Some(found)) => Some(found.offset),
                    // Nothing was written since: it ended where it ends now.
                    Ok(None) => ends.get(&here).copied(),
                    Err(_) => None,
                };
                if let Some(end) = end {
                    past.entry(here).or_default().push((*at, end));
                }
            }
        }
        Ok(past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> TopicPartition {
        TopicPartition::new("orders".into(), 0)
    }

    fn commit(order: Offset) -> Commit {
        Commit { offset: order * 10, at: Time(order * 1_000), order, lag: None }
    }

    fn kept(log: &CommitLog) -> Vec<(Offset, Option<u64>)> {
        let windows = log.groups.get(&GroupId::from("g"));
        let window = windows.and_then(|windows| windows.get(&here()));
        window.into_iter().flat_map(Window::commits).map(|commit| (commit.order, commit.lag)).collect()
    }

    #[test]
    fn a_commit_in_a_transaction_counts_when_that_is_committed() {
        let mut log = CommitLog::default();
        let waits = |log: &mut CommitLog, order| {
            log.waiting.entry((3, 7)).or_default().push(("g".into(), here(), commit(order)));
        };
        let end =
            |offset, is_commit| TransactionEnd { producer_id: 7, producer_epoch: 0, offset, time: Time(0), is_commit };
        waits(&mut log, 1);
        waits(&mut log, 4);
        log.ended(3, TransactionEnd { producer_id: 8, ..end(2, true) });
        assert_eq!(kept(&log), [], "another producer's transaction ended");
        log.ended(3, end(2, false));
        log.ended(3, end(5, true));
        assert_eq!(kept(&log), [(4, None)]);
        assert!(log.waiting.is_empty());
    }

    #[test]
    fn the_lag_at_a_commit_is_known_from_a_look_near_it() {
        let mut log = CommitLog::default();
        log.look(&here(), 50, Time(0));
        log.look(&here(), 70, Time(3_000));
        log.add("g".into(), here(), commit(2));
        log.add("g".into(), here(), commit(60));
        assert_eq!(kept(&log), [(2, Some(30)), (60, None)]);
        log.learn(&"g".into(), &PartitionMap::from_iter([(here(), vec![(Time(60_000), 612)])]));
        assert_eq!(kept(&log), [(2, Some(30)), (60, Some(12))]);
        for number in 1..50 {
            log.look(&here(), 50, Time(number * ENDS_EVERY));
        }
        assert_eq!(log.ends[&here()].len(), Rules::default().intervals, "bounded");
        log.look(&here(), 90, Time(3_600_000));
        assert_eq!(log.ends[&here()], [(Time(3_600_000), 90)], "nobody looked for an hour");
    }

    #[test]
    fn rates_come_from_commits_and_from_ends() {
        let row = |end| GroupPartition {
            partition: here(),
            committed: Fact::Known(None),
            start: Fact::Known(0),
            end: Fact::Known(end),
            member: None,
            nothing_left: false,
            told_lag: None,
        };
        let mut log = CommitLog::default();
        let rates = |log: &CommitLog, end, earlier, now| log.rates(&"g".into(), &row(end), earlier, Time(now));
        assert!(rates(&log, 0, None, 0).reason().is_some_and(|why| why.contains("no commit")));
        log.add("g".into(), here(), commit(1));
        log.look(&here(), 100, Time(0));
        assert!(rates(&log, 100, None, 5_000).reason().is_some_and(|why| why.contains("only one")));
        assert_eq!(rates(&log, 700, None, 100_000), Fact::Known(Rates { read: 0.0, written: 6.0 }), "long ago");
        log.add("g".into(), here(), commit(5));
        // 40 records in four seconds; 200 more at the end in ten.
        assert_eq!(rates(&log, 300, None, 10_000), Fact::Known(Rates { read: 10.0, written: 20.0 }));
        let earlier = Some((Time(-10_000), 0));
        assert_eq!(rates(&log, 300, earlier, 10_000), Fact::Known(Rates { read: 10.0, written: 15.0 }));
        assert!(rates(&log, 300, None, 1_000).reason().is_some_and(|why| why.contains("long enough")));
        assert_eq!(rates(&log, 300, None, 80_000).get().map(|rates| rates.read), Some(0.0), "it went quiet");
        log.add("g".into(), here(), Commit { offset: 0, ..commit(6) });
        assert!(rates(&log, 300, None, 10_000).reason().is_some_and(|why| why.contains("back")));
    }
}
