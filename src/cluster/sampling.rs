//! The two rounds that look at everything: the logs of all topics, the lags of all
//! groups.
//!
//! Whoever waits for all of it asks at once; the console asks in parts.

use super::groups::{GroupRow, Groups};
use super::judge_all::judge_all;
use super::logs::{LogsPart, TopicLogs};
use super::reading::GroupRead;
use super::rounds::{self, walk};
use super::{Cluster, lock};
use crate::domain::group::{GroupListing, GroupPartition, GroupType};
use crate::domain::lag_time::NextRecord;
use crate::domain::origin::group_role;
use crate::domain::pace::{Behind, Pace};
use crate::domain::standing::Standing;
use crate::domain::topic::Topic;
use crate::domain::verdict::Source;
use crate::domain::{BrokerId, Failure, GroupId, Offset, PartitionMap, TopicName, TopicPartition};
use crate::kafka::admin;
use crate::kafka::admin::groups::{Rights, Whereabouts};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Sizes are asked for this seldom, in milliseconds: the answer is big and costs the brokers a disk walk.
const SIZES_EVERY: i64 = 30_000;
/// Topics that come first, and groups whose records are looked at, when nobody knows yet what is in sight: lists begin with them.
const FIRST: usize = 100;
/// Records that are asked at once since when they wait.
const MOST_ASKED: usize = 1_000;
/// Of groups that stand in the same partition so many are asked about.
const MOST_IN_ONE_PLACE: usize = 8;

/// The partitions of groups, in no order.
pub type PartitionsOfGroups = Vec<(GroupId, Vec<GroupPartition>)>;

/// Whether partitions are wanted beside the rows that are made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Partitions {
    Keep,
    Leave,
}

/// What was read of some groups.
struct GroupsPart {
    rows: Vec<GroupRow>,
    partitions: PartitionsOfGroups,
    failures: Vec<Failure>,
}

/// What to ask for first, and where to tell what is known then.
struct Sight<'a, N, T> {
    names: HashSet<&'a N>,
    so_far: mpsc::Sender<Arc<T>>,
}

impl Cluster {
    /// Where all logs begin and end; sizes ride along when they are old.
    pub async fn topic_logs(&self) -> Result<Arc<TopicLogs>, Failure> {
        self.sample_logs(None).await
    }

    /// The same in parts where there are many partitions: topics `in_sight` first, and
    /// what is known then is told at once.
    pub async fn topic_logs_in_parts(
        &self,
        in_sight: &[TopicName],
        so_far: mpsc::Sender<Arc<TopicLogs>>,
    ) -> Result<Arc<TopicLogs>, Failure> {
        self.sample_logs(Some(Sight { names: in_sight.iter().collect(), so_far })).await
    }

    async fn sample_logs(&self, sight: Option<Sight<'_, TopicName, TopicLogs>>) -> Result<Arc<TopicLogs>, Failure> {
        let metadata = self.known_metadata().await?;
        let (with_sizes, is_new) = {
            let sampler = lock(&self.inner.logs);
            (sampler.sizes_are_older_than(SIZES_EVERY, self.now()), sampler.is_new())
        };
        let all = metadata.topics.clone();
        let parts = match &sight {
            None => vec![all],
            Some(Sight { names, .. }) => {
                let firsts: HashSet<&TopicName> = metadata.topics.iter().take(FIRST).map(|topic| &topic.name).collect();
                let first = if names.is_empty() { &firsts } else { names };
                let weight = |topic: &Arc<Topic>| topic.partitions.len();
                rounds::parts(all, rounds::PARTITIONS, weight, |topic| first.contains(&topic.name))
            }
        };
        let (mut taken, count) = (0, parts.len());
        let (mut failures, mut refused) = (Vec::new(), None);
        let take = |part: Result<LogsPart, Failure>| {
            taken += 1;
            let now = self.now();
            let mut sampler = lock(&self.inner.logs);
            match part {
                Ok(part) => failures.extend(sampler.take(&part, now)),
                Err(failure) => refused = Some(failure),
            }
            // The first part is what is in sight. While there is nothing else, all of it is news.
            if let Some(sight) = sight.as_ref().filter(|_| taken < count && (taken == 1 || is_new)) {
                // Where this finds no room, something newer comes soon.
                let _ = sight.so_far.try_send(sampler.so_far(failures.clone(), now));
            }
        };
        walk(parts, sight.is_some() && !is_new, |topics| self.read_logs(topics, with_sizes), take).await;
        if let Some(failure) = refused {
            return Err(failure);
        }
        let mut sampler = lock(&self.inner.logs);
        if with_sizes {
            sampler.sizes_taken(self.now());
        }
        Ok(sampler.snapshot(&metadata, failures, self.now()))
    }

    /// The logs of these topics alone, as they are now; one that does not exist has none.
    pub async fn logs_of(&self, names: &[TopicName]) -> Result<Arc<TopicLogs>, Failure> {
        let metadata = self.known_metadata().await?;
        let topics = names.iter().filter_map(|name| metadata.topic(name.as_str()).map(Arc::clone)).collect();
        let part = self.read_logs(topics, true).await?;
        let (now, mut sampler) = (self.now(), lock(&self.inner.logs));
        let failures = sampler.take(&part, now);
        Ok(Arc::new(sampler.only(names, failures, now)))
    }

    async fn read_logs(&self, topics: Vec<Arc<Topic>>, with_sizes: bool) -> Result<LogsPart, Failure> {
        let alive = topics.iter().flat_map(|topic| {
            let alive = topic.partitions.iter().filter(|partition| !partition.is_offline());
            alive.map(|partition| TopicPartition::new(topic.name.clone(), partition.id))
        });
        let wanted: Vec<TopicPartition> = alive.collect();
        let sizes =
            async { if with_sizes { Some(admin::log_dirs::sizes(self.client(), &topics).await) } else { None } };
        let (bounds, sizes) = tokio::join!(self.log_bounds(&wanted), sizes);
        let (starts, ends) = bounds?;
        Ok(LogsPart { topics, starts, ends, sizes })
    }

    /// All groups with their lag. The same `Arc` comes back while nothing changes.
    pub async fn groups(&self) -> Result<Arc<Groups>, Failure> {
        self.sample_groups(None).await
    }

    /// The same in parts where there are many: groups `in_sight` first, and if the
    /// others are known from before, what is known then is told at once.
    pub async fn groups_in_parts(
        &self,
        in_sight: &[GroupId],
        so_far: mpsc::Sender<Arc<Groups>>,
    ) -> Result<Arc<Groups>, Failure> {
        self.sample_groups(Some(Sight { names: in_sight.iter().collect(), so_far })).await
    }

    /// All groups, judged by the log of commits, which is read for it.
    pub async fn groups_judged(&self) -> Result<Arc<Groups>, Failure> {
        self.groups_judged_with(Partitions::Leave).await.map(|(groups, _)| groups)
    }

    /// All groups with each of their partitions, judged by `source`; each is asked for once.
    pub async fn groups_and_partitions(&self, source: Source) -> Result<(Arc<Groups>, PartitionsOfGroups), Failure> {
        match source {
            Source::Commits => self.groups_judged_with(Partitions::Keep).await,
            Source::Sampled => self.sample_groups_by(None, source, Partitions::Keep).await,
        }
    }

    async fn groups_judged_with(&self, partitions: Partitions) -> Result<(Arc<Groups>, PartitionsOfGroups), Failure> {
        self.read_commits(None).await?;
        let (mut groups, partitions) = self.sample_groups_by(None, Source::Commits, partitions).await?;
        if let Some(failure) = self.not_understood() {
            Arc::make_mut(&mut groups).failures.push(failure);
        }
        Ok((groups, partitions))
    }

    async fn sample_groups(&self, sight: Option<Sight<'_, GroupId, Groups>>) -> Result<Arc<Groups>, Failure> {
        // A demo has few groups, and who tries it out wants to see verdicts before a window
        // of looks is full: its commits tell at once.
        let source = match self.profile().is_demo && self.read_commits(None).await.is_ok() {
            true => Source::Commits,
            false => Source::Sampled,
        };
        self.sample_groups_by(sight, source, Partitions::Leave).await.map(|(groups, _)| groups)
    }

    async fn sample_groups_by(
        &self,
        sight: Option<Sight<'_, GroupId, Groups>>,
        source: Source,
        partitions: Partitions,
    ) -> Result<(Arc<Groups>, PartitionsOfGroups), Failure> {
        let listed = admin::groups::list(self.client()).await;
        let (mut listings, mut failures) = (listed.value, listed.failures);
        let is_new = lock(&self.inner.lags).is_new();
        if listings.is_empty() && !failures.is_empty() && (is_new || listed.answered == 0) {
            return Err(failures.swap_remove(0));
        }
        // Those of a broker that does not answer stay; those that were deleted do not.
        let (unseen, more) = self.unseen_groups(&mut listings, &listed.silent).await;
        failures.extend(more);
        let parts = match &sight {
            None => vec![listings],
            Some(Sight { names, .. }) => {
                rounds::parts(listings, rounds::GROUPS, |_| 1, |listing| names.contains(&listing.id))
            }
        };
        let (mut taken, count) = (0, parts.len());
        let (mut rows, mut refused, mut kept) = (unseen, None, Vec::new());
        let take = |part: Result<GroupsPart, Failure>| {
            taken += 1;
            match part {
                Ok(part) => {
                    failures.extend(part.failures);
                    rows.extend(lock(&self.inner.lags).take(part.rows));
                    if partitions == Partitions::Keep {
                        kept.extend(part.partitions);
                    }
                }
                Err(failure) => refused = Some(failure),
            }
            if let Some(sight) = sight.as_ref().filter(|_| taken < count && taken == 1)
                && let Some(so_far) = lock(&self.inner.lags).so_far(&rows, &failures, self.now())
            {
                let _ = sight.so_far.try_send(so_far);
            }
        };
        let names = sight.as_ref().map(|sight| &sight.names);
        walk(parts, sight.is_some() && !is_new, |listings| self.read_groups(listings, source, names), take).await;
        if sight.is_some() {
            self.save_windows().await;
        }
        match refused {
            Some(failure) => Err(failure),
            None => Ok((lock(&self.inner.lags).next(rows, failures, self.now()), kept)),
        }
    }

    /// Groups of the last list that are not in this one: the rows of those that nobody
    /// answers for. One that is there all the same is put into `listed`.
    async fn unseen_groups(
        &self,
        listed: &mut Vec<GroupListing>,
        silent: &[BrokerId],
    ) -> (Vec<Arc<GroupRow>>, Vec<Failure>) {
        let missing = lock(&self.inner.lags).missing(listed);
        if missing.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let found = admin::groups::whereabouts(self.client(), &missing, silent).await;
        listed.extend(found.value.values().filter_map(|place| match place {
            Whereabouts::There(listing) => Some(listing.clone()),
            Whereabouts::Gone | Whereabouts::Unknown { .. } => None,
        }));
        (lock(&self.inner.lags).unseen(&found.value), found.failures)
    }

    async fn read_groups(
        &self,
        listings: Vec<GroupListing>,
        source: Source,
        in_sight: Option<&HashSet<&GroupId>>,
    ) -> Result<GroupsPart, Failure> {
        let described = self.describe_all(&listings, Rights::Leave).await;
        let mut failures = described.failures;
        let (groups, more) = self.lag_rows(listings, described.value, None).await?;
        failures.extend(more);
        let metadata = self.known_metadata().await?;
        let judged = match source {
            Source::Sampled => Vec::new(),
            Source::Commits => {
                let rows: Vec<_> =
                    groups.iter().map(|group| (&group.listing.id, group.partitions.as_slice())).collect();
                self.judge(&rows).await?
            }
        };
        self.restore_windows().await;
        let (now, rules) = (self.now(), &self.profile().rules);
        let mut rows = Vec::with_capacity(groups.len());
        let mut older = Vec::new();
        {
            let mut sampler = lock(&self.inner.lags);
            let mut flaps = Vec::with_capacity(groups.len());
            for GroupRead { listing, partitions, description, .. } in &groups {
                sampler.sample(&listing.id, listing.state, partitions, |here| metadata.has(here), now);
                flaps.push(description.as_ref().and_then(|group| sampler.company(group, now)));
            }
            let numbered: Vec<(usize, &GroupRead)> = groups.iter().enumerate().collect();
            let standings = judge_all(sampler.windows(), &numbered, now, rules, |judging, (index, group)| {
                let GroupRead { listing, partitions, why_no_commits, .. } = group;
                match (why_no_commits, judged.get(*index)) {
                    (Some(failure), _) => Standing::Unknown(failure.to_string().into()),
                    // What a share group acknowledges is in no log of commits.
                    (None, Some(judged)) if listing.kind != GroupType::Share => {
                        Standing::of(partitions, &judged.partitions)
                    }
                    (None, _) => sampler.standing(&listing.id, partitions, judging),
                }
            });
            for (((index, group), flaps), standing) in numbered.into_iter().zip(flaps).zip(standings) {
                let GroupRead { listing, partitions, .. } = group;
                let Pace { mut behind, drain, longest } = sampler.pace(&listing.id, partitions);
                if matches!(behind, Behind::Before(_) | Behind::Unknown) {
                    // Nobody knows what is in sight before the first list.
                    let is_seen = in_sight.is_none_or(|names| names.is_empty() || names.contains(&listing.id));
                    let known = longest.as_ref().filter(|_| !is_seen).and_then(|place| self.known_next(place));
                    match (is_seen, known) {
                        (true, _) => older.extend(longest.map(|place| (index, place))),
                        (false, Some(next)) => behind = since(next),
                        (false, None) => {}
                    }
                }
                rows.push(GroupRow {
                    behind,
                    drain,
                    members: group.members(),
                    topics: topics_of(group),
                    lag: group.lag(),
                    trend: sampler.trend(&listing.id),
                    role: group_role(listing, &metadata.topics),
                    standing,
                    flaps,
                    unseen: None,
                    listing: listing.clone(),
                });
            }
        }
        older.truncate(if in_sight.is_some() { FIRST } else { MOST_ASKED });
        self.ask_since_when(&older, &mut rows).await?;
        let partitions = groups.into_iter().map(|group| (group.listing.id, group.partitions)).collect();
        Ok(GroupsPart { rows, partitions, failures })
    }

    /// Has records tell since when they wait, where the looks do not reach back so far.
    async fn ask_since_when(
        &self,
        wanted: &[(usize, (TopicPartition, Offset))],
        rows: &mut [GroupRow],
    ) -> Result<(), Failure> {
        if wanted.is_empty() {
            return Ok(());
        }
        // Several groups may stand in the same partition: each asks in a round of its own.
        let mut rounds: Vec<Vec<(usize, (TopicPartition, Offset))>> = Vec::new();
        let mut times: PartitionMap<usize> = PartitionMap::default();
        for (index, (partition, offset)) in wanted {
            let round = times.entry(partition.clone()).or_default();
            if rounds.len() == *round {
                rounds.push(Vec::new());
            }
            if let Some(round) = rounds.get_mut(*round) {
                round.push((*index, (partition.clone(), *offset)));
            }
            *round += 1;
        }
        for round in rounds.into_iter().take(MOST_IN_ONE_PLACE) {
            let (indexes, places): (Vec<usize>, Vec<(TopicPartition, Offset)>) = round.into_iter().unzip();
            let found = self.next_records(&places).await?;
            for (index, (partition, _)) in indexes.into_iter().zip(&places) {
                let (Some(row), Some(Ok(next))) = (rows.get_mut(index), found.get(partition)) else { continue };
                row.behind = since(*next);
            }
        }
        Ok(())
    }
}

fn since(next: NextRecord) -> Behind {
    match next {
        NextRecord::None => Behind::Nothing,
        NextRecord::At { time, .. } if time.millis() > 0 => Behind::Since(time),
        NextRecord::At { .. } => Behind::Unknown,
    }
}

/// By name; the partitions are in order of it.
fn topics_of(group: &GroupRead) -> Vec<TopicName> {
    let mut topics: Vec<TopicName> = Vec::new();
    for row in &group.partitions {
        if topics.last() != Some(&row.partition.topic) {
            topics.push(row.partition.topic.clone());
        }
    }
    topics.shrink_to_fit();
    topics
}

#[cfg(test)]
mod tests;
