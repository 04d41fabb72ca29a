//! Consumer groups with their lag, as lists and details show them.
//!
//! Owns how answers about groups, commits and log ends are put together and the
//! short history of lags behind trends. Memory is bounded: a ring of points per
//! group that exists.

use super::commits::Judged;
use super::outlook::Outlook;
use super::positions::Positions;
use crate::domain::churn::{Churn, Event, TOO_MANY};
use crate::domain::drain::Drain;
use crate::domain::group::{
    CommittedOffset, GroupDescription, GroupListing, GroupPartition, GroupState, LagPoint, LagTotal,
};
use crate::domain::origin::GroupRole;
use crate::domain::pace::{Behind, Pace};
use crate::domain::produced::Produced;
use crate::domain::standing::Standing;
use crate::domain::verdict::Rules;
use crate::domain::windows::Windows;
use crate::domain::{BrokerId, Fact, Failure, GroupId, Offset, PartitionMap, Time, TopicName, TopicPartition};
use crate::kafka::admin::groups::Whereabouts;
use crate::kafka::admin::offsets::Listed;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// Points kept per group: an hour at the usual pace of 5 s is 720.
const HISTORY: usize = 720;
/// Points kept of all groups together: with many groups each is remembered for less long.
const ALL_POINTS: usize = 300_000;
/// Points of the history that a list row carries.
const TREND: usize = 24;
/// Milliseconds between them.
const TREND_STEP: i64 = 5_000;

/// All groups at one moment, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    pub version: u64,
    pub taken: Time,
    /// Those that did not change are shared with the list before.
    pub rows: Vec<Arc<GroupRow>>,
    pub failures: Vec<Failure>,
    /// What is to be said once, such as what was kept and cannot be used.
    pub remarks: Vec<String>,
}

/// A group in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    pub listing: GroupListing,
    pub members: Fact<usize>,
    /// Topics with a commit, by name.
    pub topics: Vec<TopicName>,
    pub lag: LagTotal,
    /// Lags, oldest first.
    pub trend: Vec<u64>,
    pub role: GroupRole,
    pub standing: Standing,
    /// Since when its next record waits.
    pub behind: Behind,
    pub drain: Fact<Drain>,
    /// Rebalances within ten minutes, where those are too many.
    pub flaps: Option<u32>,
    /// Its coordinator does not answer: what is known of it is old.
    pub unseen: Option<Arc<Unseen>>,
}

/// A group of which nothing new can be known, as it was when its coordinator answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    pub coordinator: Option<BrokerId>,
    /// Why, as a clause.
    pub why: Arc<str>,
    pub state: GroupState,
    pub lag: Option<u64>,
}

impl GroupRow {
    /// The state in which it was seen last.
    pub fn last_state(&self) -> GroupState {
        self.unseen.as_ref().map_or(self.listing.state, |unseen| unseen.state)
    }

    /// The row of this group while its coordinator does not answer.
    fn unseen(&self, coordinator: Option<BrokerId>, why: &Arc<str>) -> Self {
        let (state, lag) = match &self.unseen {
            Some(unseen) => (unseen.state, unseen.lag),
            None => (self.listing.state, self.lag.fact().get()),
        };
        Self {
            listing: GroupListing { state: GroupState::Unknown, ..self.listing.clone() },
            members: Fact::Unknown(Arc::clone(why)),
            topics: self.topics.clone(),
            lag: LagTotal {
                lag: 0,
                known: 0,
                unknown: self.lag.known + self.lag.unknown,
                first_reason: Some(why.to_string()),
            },
            trend: self.trend.clone(),
            role: self.role.clone(),
            standing: Standing::Unknown(Arc::clone(why)),
            behind: Behind::Unknown,
            drain: Fact::Unknown(Arc::clone(why)),
            flaps: None,
            unseen: Some(Arc::new(Unseen { coordinator, why: Arc::clone(why), state, lag })),
        }
    }
}

/// A group that reads a topic, with its lag there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicGroup {
    pub listing: GroupListing,
    pub members: Fact<usize>,
    pub lag: LagTotal,
}

/// One group, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDetail {
    pub taken: Time,
    pub description: GroupDescription,
    /// By topic and partition: what is committed and what is assigned.
    pub partitions: Vec<GroupPartition>,
    pub lag: LagTotal,
    /// Oldest first.
    pub history: Vec<LagPoint>,
    pub role: GroupRole,
    pub judged: Fact<Judged>,
    pub outlook: Fact<Outlook>,
    /// What was written in the last hour where it reads.
    pub produced: Fact<Arc<Produced>>,
    /// What was seen of its members, newest first.
    pub events: Vec<Event>,
    /// Rebalances within the last ten minutes, as far as was seen.
    pub rebalances: u32,
    pub failures: Vec<Failure>,
}

/// What a group committed, by partition.
pub(super) type Commits = PartitionMap<CommittedOffset>;

/// What must be remembered between samples.
#[derive(Debug, Default)]
pub(super) struct LagSampler {
    last: Option<Arc<Groups>>,
    /// When all groups were asked for the last time, changed or not.
    asked: Option<Time>,
    history: HashMap<GroupId, VecDeque<LagPoint>>,
    windows: Windows,
    remarks: Vec<String>,
    churn: HashMap<GroupId, Churn>,
    /// Groups of which the log of commits was read, and when.
    by_commits: HashMap<GroupId, (Time, Standing)>,
    /// Sum of commits when the group was last seen Empty.
    empty_at: HashMap<GroupId, Offset>,
    /// Groups whose commits moved while nobody was in them.
    commits_without_joining: BTreeSet<GroupId>,
    /// Until when a move may be a change of ours, or be seen by a round that began
    /// before it.
    ours_until: HashMap<GroupId, Time>,
}

/// Milliseconds for which a verdict by the log of commits holds in the list.
const JUDGED_FOR: i64 = 60_000;
/// A round that began before a change of ours has ended by then.
const ROUND_MILLIS: i64 = 30_000;
/// A broker may still carry out what it did not answer: it had stopped, and goes on.
const LATE_MILLIS: i64 = 300_000;

impl LagSampler {
    pub(super) fn history(&self, group: &GroupId) -> Vec<LagPoint> {
        self.history.get(group).map(|points| points.iter().copied().collect()).unwrap_or_default()
    }

    /// The group's offsets were seen moving while it had no members.
    pub(super) fn commits_without_joining(&self, group: &GroupId) -> bool {
        self.commits_without_joining.contains(group)
    }

    /// The newest lags, oldest first. A lag that never changed is one point, so
    /// that a group at rest looks the same at every sample.
    pub(super) fn trend(&self, group: &GroupId) -> Vec<u64> {
        let Some(points) = self.history.get(group) else { return Vec::new() };
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

    /// Remembers a group's lag at `now`.
    pub(super) fn sample(&mut self, group: &GroupId, state: GroupState, partitions: &[GroupPartition], now: Time) {
        self.windows.look(group, partitions, now);
        let (mut committed, mut end, mut lag, mut known) = (0_i64, 0_i64, 0_u64, false);
        for partition in partitions {
            let here = (partition.committed_offset(), partition.end.get(), partition.lag().get());
            if let (Some(offset), Some(log_end), Some(behind)) = here {
                committed = committed.saturating_add(offset);
                end = end.saturating_add(log_end);
                lag = lag.saturating_add(behind);
                known = true;
            }
        }
        if !known {
            return;
        }
        let most = (ALL_POINTS / self.history.len().max(1)).clamp(TREND, HISTORY);
        let points = self.history.entry(group.clone()).or_default();
        let point = LagPoint { at: now, lag, committed, end };
        let is_same = |known: &LagPoint| LagPoint { at: now, ..*known } == point;
        // Of a stretch in which nothing moves its ends are enough.
        if points.iter().rev().take(2).filter(|known| is_same(known)).count() == 2 {
            points.pop_back();
        }
        points.push_back(point);
        while points.len() > most {
            points.pop_front();
        }
        match state {
            GroupState::Empty if self.ours_until.get(group).is_some_and(|until| now <= *until) => {
                self.empty_at.remove(group);
            }
            GroupState::Empty => {
                self.ours_until.remove(group);
                let before = self.empty_at.insert(group.clone(), committed);
                if before.is_some_and(|before| before != committed) {
                    self.commits_without_joining.insert(group.clone());
                }
            }
            _ => {
                self.empty_at.remove(group);
                self.commits_without_joining.remove(group);
            }
        }
    }

    /// Goes on from the windows of an earlier run, where they could be read.
    pub(super) fn restore(&mut self, windows: Option<Windows>, remark: Option<String>) {
        if let Some(windows) = windows {
            self.windows = windows;
        }
        self.remarks.extend(remark);
    }

    /// Says something with every list from now on.
    pub(super) fn remark(&mut self, remark: String) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Remembers who is in a group; the rebalances where those are too many.
    pub(super) fn company(&mut self, group: &GroupDescription, now: Time) -> Option<u32> {
        let id = &group.listing.id;
        let churn = match self.churn.get_mut(id) {
            Some(churn) => churn,
            None => self.churn.entry(id.clone()).or_default(),
        };
        churn.look(group, now);
        Some(churn.rebalances(now)).filter(|rebalances| *rebalances >= TOO_MANY)
    }

    /// How far behind it is in time, as the looks tell.
    pub(super) fn pace(&self, group: &GroupId, partitions: &[GroupPartition]) -> Pace {
        Pace::of(&self.windows, group, partitions)
    }

    /// What was seen of a group's members, newest first, and how often it was rebalanced.
    pub(super) fn seen_of(&self, group: &GroupId, now: Time) -> (Vec<Event>, u32) {
        let churn = self.churn.get(group);
        churn.map_or((Vec::new(), 0), |churn| (churn.events().cloned().collect(), churn.rebalances(now)))
    }

    /// What was seen of all groups at the last looks.
    pub(super) fn windows(&self) -> &Windows {
        &self.windows
    }

    /// How a group is doing; by the log of commits where that was just read.
    pub(super) fn standing(
        &self,
        group: &GroupId,
        partitions: &[GroupPartition],
        now: Time,
        rules: &Rules,
    ) -> Standing {
        let is_fresh = |at: &Time| (0..=JUDGED_FOR).contains(&now.since(*at));
        match self.by_commits.get(group).filter(|(at, _)| is_fresh(at)) {
            Some((_, standing)) if standing.told().is_some() => standing.clone(),
            _ => self.windows.standing(group, partitions, now, rules),
        }
    }

    /// Remembers what the log of commits told of a group.
    pub(super) fn judged_by_commits(&mut self, group: &GroupId, standing: Standing, now: Time) {
        self.by_commits.insert(group.clone(), (now, standing));
    }

    /// A change of ours moves the group's offsets: those are no commits of its own.
    pub(super) fn our_change_begins(&mut self, group: &GroupId) {
        self.ours_until.insert(group.clone(), Time(i64::MAX));
    }

    /// It is over; where its outcome is not known, it may still come.
    pub(super) fn our_change_ends(&mut self, group: &GroupId, is_known: bool, now: Time) {
        let rest = if is_known { ROUND_MILLIS } else { LATE_MILLIS };
        self.by_commits.remove(group);
        self.ours_until.insert(group.clone(), now.plus_millis(rest));
    }

    /// The last list, if all groups were asked at most `max_age` milliseconds ago.
    pub(super) fn fresh(&self, max_age: i64, now: Time) -> Option<Arc<Groups>> {
        let age = now.since(self.asked?);
        self.last.clone().filter(|_| (0..=max_age).contains(&age))
    }

    /// There was no whole list yet.
    pub(super) fn is_new(&self) -> bool {
        self.last.is_none()
    }

    /// Rows that did not change keep their memory.
    pub(super) fn take(&self, rows: Vec<GroupRow>) -> Vec<Arc<GroupRow>> {
        let keep = |row: GroupRow| {
            let known = self.last.as_ref().and_then(|last| last.row(&row.listing.id));
            known.filter(|known| ***known == row).map_or_else(|| Arc::new(row), Arc::clone)
        };
        rows.into_iter().map(keep).collect()
    }

    /// Groups of the last list that are not `listed`, in order of their id, any more.
    pub(super) fn missing(&self, listed: &[GroupListing]) -> Vec<GroupListing> {
        let is_listed = |id: &GroupId| listed.binary_search_by(|listing| listing.id.cmp(id)).is_ok();
        let rows = self.last.iter().flat_map(|last| &last.rows);
        rows.filter(|row| !is_listed(&row.listing.id)).map(|row| row.listing.clone()).collect()
    }

    /// The rows of those that nobody answers for, as they were seen last.
    pub(super) fn unseen(&self, found: &HashMap<GroupId, Whereabouts>) -> Vec<Arc<GroupRow>> {
        let rows = found.iter().filter_map(|(group, place)| {
            let Whereabouts::Unknown { coordinator, why } = place else { return None };
            Some(self.last.as_ref()?.row(group)?.unseen(*coordinator, why))
        });
        self.take(rows.collect())
    }

    /// What is known in the middle of a round: rows of the last list where there are no
    /// newer ones yet. None before the first whole list.
    pub(super) fn so_far(&mut self, rows: &[Arc<GroupRow>], failures: &[Failure], now: Time) -> Option<Arc<Groups>> {
        let last = self.last.as_ref()?;
        let (mut all, mut failures) = (last.rows.clone(), failures.to_vec());
        for row in rows {
            if let Ok(index) = all.binary_search_by(|known| known.listing.id.cmp(&row.listing.id))
                && let Some(known) = all.get_mut(index)
            {
                *known = Arc::clone(row);
            }
        }
        failures
            .extend(last.failures.iter().filter(|failure| !failures.contains(failure)).cloned().collect::<Vec<_>>());
        Some(self.put(all, failures, now))
    }

    /// The list at the end of a round; gives the last one back when nothing changed.
    pub(super) fn next(&mut self, mut rows: Vec<Arc<GroupRow>>, failures: Vec<Failure>, now: Time) -> Arc<Groups> {
        self.asked = Some(now);
        rows.sort_by(|a, b| a.listing.id.cmp(&b.listing.id));
        if failures.is_empty() {
            let is_alive = |id: &GroupId| rows.binary_search_by(|row| row.listing.id.cmp(id)).is_ok();
            self.history.retain(|group, _| is_alive(group));
            self.empty_at.retain(|group, _| is_alive(group));
            self.by_commits.retain(|group, _| is_alive(group));
            self.churn.retain(|group, _| is_alive(group));
            self.windows.keep(is_alive, now);
        }
        self.put(rows, failures, now)
    }

    fn put(&mut self, rows: Vec<Arc<GroupRow>>, failures: Vec<Failure>, now: Time) -> Arc<Groups> {
        let remarks = self.remarks.clone();
        let is_same = |last: &Groups| last.rows == rows && last.failures == failures && last.remarks == remarks;
        let version = match &self.last {
            Some(last) if is_same(last) => return Arc::clone(last),
            Some(last) => last.version + 1,
            None => 1,
        };
        let next = Groups { version, taken: now, rows, failures, remarks };
        let next = Arc::new(next);
        self.last = Some(Arc::clone(&next));
        next
    }
}

impl Groups {
    pub fn row(&self, group: &GroupId) -> Option<&Arc<GroupRow>> {
        let index = self.rows.binary_search_by(|row| row.listing.id.cmp(group)).ok()?;
        self.rows.get(index)
    }
}

/// A group's partitions: what is committed, what is assigned, by topic and id.
pub(super) fn partitions_of(
    description: Option<&GroupDescription>,
    positions: &Result<Positions, Failure>,
    starts: &Listed,
    ends: &Listed,
) -> Vec<GroupPartition> {
    let members = description.iter().flat_map(|description| description.members.iter().enumerate());
    let owners: foldhash::HashMap<&TopicPartition, usize> =
        members.flat_map(|(index, member)| member.assignment.iter().map(move |partition| (partition, index))).collect();
    let all = positions.as_ref().ok().map(|positions| &positions.commits);
    let lags = positions.as_ref().ok().and_then(|positions| positions.lags.as_ref());
    let committed = all.into_iter().flatten().map(|(partition, committed)| (partition, Some(committed)));
    let is_committed = |partition: &TopicPartition| all.is_some_and(|all| all.contains_key(partition));
    let assigned = owners.keys().filter(|partition| !is_committed(partition)).map(|partition| (*partition, None));
    let mut here: Vec<(&TopicPartition, Option<&CommittedOffset>)> = committed.chain(assigned).collect();
    // Within a group a topic's name is one text, which need not be compared.
    here.sort_unstable_by(|(a, _), (b, _)| match a.topic.is_same(&b.topic) {
        true => a.partition.cmp(&b.partition),
        false => a.cmp(b),
    });
    here.into_iter()
        .map(|(partition, committed)| GroupPartition {
            committed: match positions {
                Ok(_) => Fact::Known(committed.cloned()),
                Err(failure) => Fact::unknown(failure.to_string()),
            },
            start: listed_offset(starts, partition),
            end: listed_offset(ends, partition),
            member: owners.get(partition).copied(),
            nothing_left: false,
            told_lag: lags.map(|lags| {
                let told = lags.get(partition).cloned();
                told.unwrap_or_else(|| Fact::unknown("the group has not begun to read here"))
            }),
            partition: partition.clone(),
        })
        .collect()
}

pub(super) fn listed_offset(listed: &Listed, partition: &TopicPartition) -> Fact<Offset> {
    match listed.get(partition) {
        Some(Ok(Some(found))) => Fact::Known(found.offset),
        Some(Ok(None)) => Fact::unknown("the broker gave no offset"),
        Some(Err(failure)) => Fact::unknown(failure.to_string()),
        None => Fact::unknown("the partition does not exist or has no leader"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::Member;
    use crate::kafka::admin::offsets::ListedOffset;

    fn committed(offset: Offset) -> CommittedOffset {
        CommittedOffset { offset, leader_epoch: -1, metadata: String::new() }
    }

    fn at(partition: i32) -> TopicPartition {
        TopicPartition::new("t".into(), partition)
    }

    fn ends(rows: &[(i32, Offset)]) -> Listed {
        rows.iter()
            .map(|&(partition, offset)| {
                (at(partition), Ok(Some(ListedOffset { offset, timestamp: Time(-1), leader_epoch: 0 })))
            })
            .collect()
    }

    fn one(offset: Offset, end: Offset) -> Vec<GroupPartition> {
        let commits = Ok(Commits::from_iter([(at(0), committed(offset))]).into());
        partitions_of(None, &commits, &Listed::default(), &ends(&[(0, end)]))
    }

    #[test]
    fn lag_is_unknown_where_the_end_is_and_counted_where_it_is_not() {
        let commits = Ok(Commits::from_iter([(at(0), committed(10)), (at(1), committed(5))]).into());
        let rows = partitions_of(None, &commits, &Listed::default(), &ends(&[(0, 25)]));
        let total = LagTotal::of(&rows);
        assert_eq!((total.lag, total.known, total.unknown), (15, 1, 1));
    }

    #[test]
    fn the_lag_of_a_share_group_is_what_the_cluster_tells() {
        let lags = [(at(0), Fact::Known(3)), (at(1), Fact::unknown("not told"))];
        let commits = Commits::from_iter([(at(0), committed(10)), (at(1), committed(5))]);
        let positions = Ok(Positions { commits, lags: Some(lags.into_iter().collect()) });
        let member = Member { assignment: vec![at(2)], ..Member::default() };
        let listing = GroupListing {
            id: "g".into(),
            state: GroupState::Stable,
            kind: crate::domain::group::GroupType::Share,
            protocol_type: "share".into(),
        };
        let description = GroupDescription { members: vec![member], ..GroupDescription::of_listing(listing) };
        let ends = ends(&[(0, 25), (1, 25), (2, 25)]);
        let rows = partitions_of(Some(&description), &positions, &Listed::default(), &ends);
        let lags: Vec<Option<u64>> = rows.iter().map(|row| row.lag().get()).collect();
        assert_eq!(lags, [Some(3), None, None], "not what lies between start and end");
        assert!(rows[2].lag().reason().is_some_and(|why| why.contains("not begun")));
    }

    #[test]
    fn a_commit_beyond_the_end_is_no_negative_lag() {
        assert_eq!(one(30, 20)[0].lag(), Fact::Known(0));
    }

    #[test]
    fn commits_that_move_while_nobody_is_in_the_group_are_noticed() {
        let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
        sampler.sample(&group, GroupState::Empty, &one(10, 100), Time(0));
        assert!(!sampler.commits_without_joining(&group));
        sampler.sample(&group, GroupState::Empty, &one(20, 100), Time(1));
        assert!(sampler.commits_without_joining(&group));
        sampler.sample(&group, GroupState::Stable, &one(20, 100), Time(2));
        assert!(!sampler.commits_without_joining(&group));
    }

    #[test]
    fn our_own_reset_is_not_taken_for_a_commit() {
        let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
        let look = |sampler: &mut LagSampler, offset, at| {
            sampler.sample(&group, GroupState::Empty, &one(offset, 100), Time(at));
            sampler.commits_without_joining(&group)
        };
        assert!(!look(&mut sampler, 10, 0));
        sampler.our_change_begins(&group);
        assert!(!look(&mut sampler, 30, 5), "it is seen half done");
        sampler.our_change_ends(&group, true, Time(10));
        // A round that began before it is noted after it.
        assert!(!look(&mut sampler, 10, 20));
        assert!(!look(&mut sampler, 50, 1_000));
        assert!(!look(&mut sampler, 50, 40_000));
        assert!(look(&mut sampler, 51, 41_000), "that was somebody else");
    }

    #[test]
    fn a_reset_that_arrives_late_is_not_taken_for_a_commit() {
        let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
        sampler.our_change_begins(&group);
        sampler.our_change_ends(&group, false, Time(0));
        for (offset, at) in [(10, 1_000), (10, 60_000), (50, 120_000), (50, 400_000)] {
            sampler.sample(&group, GroupState::Empty, &one(offset, 100), Time(at));
            assert!(!sampler.commits_without_joining(&group), "{at}");
        }
    }

    #[test]
    fn an_unchanged_list_is_as_fresh_as_the_last_look() {
        let mut sampler = LagSampler::default();
        assert!(sampler.fresh(10, Time(0)).is_none(), "nothing was asked yet");
        let first = sampler.next(Vec::new(), Vec::new(), Time(0));
        assert!(sampler.fresh(10, Time(11)).is_none());
        let second = sampler.next(Vec::new(), Vec::new(), Time(20));
        assert!(Arc::ptr_eq(&first, &second));
        assert!(sampler.fresh(10, Time(30)).is_some());
        assert!(sampler.fresh(10, Time(19)).is_none(), "a clock that was set back makes nothing fresh");
    }

    #[test]
    fn in_the_middle_of_a_round_the_other_groups_are_as_they_were() {
        let row = |id: &str, lag| GroupRow {
            listing: GroupListing {
                id: id.into(),
                state: GroupState::Empty,
                kind: crate::domain::group::GroupType::Classic,
                protocol_type: String::new(),
            },
            members: Fact::Known(0),
            topics: Vec::new(),
            lag: LagTotal { lag, known: 1, ..LagTotal::default() },
            standing: Standing::Unknown("nobody looked".into()),
            behind: Behind::Unknown,
            drain: Fact::unknown("nobody looked"),
            flaps: None,
            unseen: None,
            trend: Vec::new(),
            role: GroupRole::Plain,
        };
        let lags = |groups: &Groups| groups.rows.iter().map(|row| row.lag.lag).collect::<Vec<_>>();
        let failure = Failure::new(crate::domain::FailureKind::Timeout, "list groups", "no answer").at_broker("2");
        let mut sampler = LagSampler::default();
        assert!(sampler.so_far(&[], &[], Time(0)).is_none(), "a list with most groups missing is none");
        let rows = sampler.take(vec![row("b", 2), row("a", 1)]);
        let first = sampler.next(rows, vec![failure], Time(0));
        let rows = sampler.take(vec![row("b", 7)]);
        let so_far = sampler.so_far(&rows, &[], Time(20)).unwrap();
        assert_eq!((lags(&so_far), so_far.failures.len()), (vec![1, 7], 1));
        assert!(Arc::ptr_eq(&so_far.rows[0], &first.rows[0]));
        assert!(sampler.fresh(10, Time(20)).is_none(), "all of them were asked long ago");
        let rows = [rows, sampler.take(vec![row("a", 1)])].concat();
        let whole = sampler.next(rows, Vec::new(), Time(30));
        assert_eq!((lags(&whole), whole.failures.len()), (vec![1, 7], 0));
    }

    #[test]
    fn the_history_is_bounded() {
        let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
        sampler.sample(&group, GroupState::Stable, &one(0, 0), Time(0));
        sampler.sample(&group, GroupState::Stable, &one(0, 0), Time(1_000));
        assert_eq!(sampler.trend(&group), [0], "a lag that never changed is one point");
        for second in 0..2000 {
            sampler.sample(&group, GroupState::Stable, &one(0, second), Time(second * 1_000));
        }
        assert_eq!(sampler.history(&group).len(), HISTORY);
        for second in 2000..2010 {
            sampler.sample(&group, GroupState::Stable, &one(0, 1999), Time(second * 1_000));
        }
        let times: Vec<i64> = sampler.history(&group).iter().rev().take(3).map(|point| point.at.0 / 1_000).collect();
        assert_eq!(times, [2009, 1999, 1998], "a stretch at rest is its two ends");
        for number in 0..2_000 {
            sampler.sample(&GroupId::from(format!("g{number}").as_str()), GroupState::Stable, &one(0, 0), Time(0));
        }
        sampler.sample(&group, GroupState::Stable, &one(0, 2_000), Time(3_000_000));
        assert_eq!(sampler.history(&group).len(), ALL_POINTS / 2_001, "many groups share the room");
        assert_eq!(sampler.trend(&group).len(), TREND);
    }
}
