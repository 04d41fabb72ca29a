//! Consumer groups with their lag, as lists and details show them.
//!
//! Owns how answers about groups, commits and log ends are put together, and what must
//! be remembered between two looks at them.

use super::commits::Judged;
use super::histories::{Histories, Stand};
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
use crate::domain::samples::Ends;
use crate::domain::standing::Standing;
use crate::domain::windows::{Judging, Windows};
use crate::domain::{BrokerId, Fact, Failure, GroupId, Offset, PartitionMap, Time, TopicName, TopicPartition};
use crate::kafka::admin::groups::Whereabouts;
use crate::kafka::admin::offsets::Listed;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

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
    histories: Histories,
    windows: Windows,
    remarks: Vec<String>,
    churn: HashMap<GroupId, Churn>,
    /// Groups of which the log of commits was read, and when.
    by_commits: HashMap<GroupId, (Time, Standing)>,
    /// What was committed when the group was last seen Empty.
    empty_at: HashMap<GroupId, Stand>,
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
        self.histories.of(group)
    }

    /// The group's offsets were seen moving while it had no members.
    pub(super) fn commits_without_joining(&self, group: &GroupId) -> bool {
        self.commits_without_joining.contains(group)
    }

    /// The newest lags, oldest first. A lag that never changed is one point, so
    /// that a group at rest looks the same at every sample.
    pub(super) fn trend(&self, group: &GroupId) -> Vec<u64> {
        self.histories.trend(group)
    }

    /// Remembers how a group is at `now`. A partition that is not there any more does not
    /// count: what is committed in it is left over.
    pub(super) fn sample(
        &mut self,
        group: &GroupId,
        state: GroupState,
        partitions: &[GroupPartition],
        is_there: impl Fn(&TopicPartition) -> bool,
        now: Time,
    ) {
        self.windows.look(group, partitions, now);
        if partitions.iter().any(|row| row.committed.known().is_none()) {
            return;
        }
        self.look_at_commits(group, state, partitions, now);
        let mut point = LagPoint { at: now, lag: 0, committed: 0, end: 0, partitions: 0 };
        for row in partitions {
            let Some(committed) = row.committed_offset() else { continue };
            let (lag, end) = match (row.lag().get(), row.end.get()) {
                (Some(lag), Some(end)) => (lag, end),
                _ if !is_there(&row.partition) => continue,
                // A log whose leader does not answer ends where it ended last, or the sum
                // would dip each time.
                _ => match self.windows.ends(&row.partition).map(Ends::last_end) {
                    Some(end) => (end.saturating_sub(committed).max(0).cast_unsigned(), end),
                    None => continue,
                },
            };
            point.lag = point.lag.saturating_add(lag);
            point.committed = point.committed.saturating_add(committed);
            point.end = point.end.saturating_add(end);
            point.partitions += 1;
        }
        if point.partitions > 0 {
            self.histories.push(group, point);
        }
    }

    /// Sees whether offsets move while nobody is in the group.
    fn look_at_commits(&mut self, group: &GroupId, state: GroupState, partitions: &[GroupPartition], now: Time) {
        match state {
            GroupState::Empty if self.ours_until.get(group).is_some_and(|until| now <= *until) => {
                self.empty_at.remove(group);
            }
            GroupState::Empty => {
                self.ours_until.remove(group);
                let stand = Stand::of(partitions);
                if self.empty_at.insert(group.clone(), stand).is_some_and(|before| stand.has_moved_since(before)) {
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
        judging: &mut Judging<'_>,
    ) -> Standing {
        let is_fresh = |at: &Time| (0..=JUDGED_FOR).contains(&judging.now().since(*at));
        match self.by_commits.get(group).filter(|(at, _)| is_fresh(at)) {
            Some((_, standing)) if standing.told().is_some() => standing.clone(),
            _ => judging.standing(group, partitions),
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
            self.histories.keep(is_alive);
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
mod tests;
