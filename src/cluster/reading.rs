//! What can be asked of a cluster without changing it.
//!
//! Each question is answered from several requests at once, grouped by broker.
//! A part that fails is named in the answer; only a question that cannot be
//! answered at all is an error.

use super::groups::{GroupDetail, TopicGroup, partitions_of};
use super::positions::Positions;
use super::snapshot::{BrokerRow, Metadata, broker_rows};
use super::{Cluster, lock};
use crate::domain::config::ConfigEntry;
use crate::domain::group::{GroupDescription, GroupListing, GroupState, GroupType, LagTotal};
use crate::domain::origin::group_role;
use crate::domain::{BrokerId, Fact, Failure, FailureKind, GroupId, Partial, TopicName, TopicPartition};
use crate::kafka::admin;
use crate::kafka::admin::configs::Documentation;
use crate::kafka::admin::groups::Rights;
use crate::kafka::admin::log_dirs::Disk;
use crate::kafka::admin::offsets::Listed;
use crate::kafka::admin::offsets::OffsetAt;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Which groups read a topic is asked of all groups this seldom, in milliseconds:
/// with 10,000 groups the answer is big.
const KNOWN_FOR: i64 = 30_000;
/// A plan looks at what was known this short a time ago.
const KNOWN_FOR_PLANS: i64 = 10_000;

const NOT_JUDGED: &str = "nobody looked at its commits";

impl Cluster {
    /// Brokers and topics. The same `Arc` comes back while nothing changes.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, Failure> {
        // Others wait for the first answer only: later a slow one keeps nobody else waiting.
        let is_first = lock(&self.inner.metadata).is_none();
        let _turn = if is_first { Some(self.inner.metadata_turn.lock().await) } else { None };
        self.ask_metadata().await
    }

    async fn ask_metadata(&self) -> Result<Arc<Metadata>, Failure> {
        let last = lock(&self.inner.metadata).clone();
        let topics = last.as_ref().map_or(&[][..], |last| &last.topics);
        let answer = admin::topics::all(self.client(), topics).await?;
        let mut known = lock(&self.inner.metadata);
        let next = Metadata::next(answer, known.as_ref(), self.now());
        *known = Some(Arc::clone(&next));
        Ok(next)
    }

    /// The last snapshot, or the first one if there is none yet. Whoever needs
    /// the first waits for the one request that brings it.
    pub(super) async fn known_metadata(&self) -> Result<Arc<Metadata>, Failure> {
        let last = || lock(&self.inner.metadata).clone();
        if let Some(known) = last() {
            return Ok(known);
        }
        let _turn = self.inner.metadata_turn.lock().await;
        match last() {
            Some(known) => Ok(known),
            None => self.ask_metadata().await,
        }
    }

    /// The log starts and ends of partitions, each or why not.
    pub(super) async fn log_bounds(&self, partitions: &[TopicPartition]) -> Result<(Listed, Listed), Failure> {
        let (starts, ends) = tokio::join!(
            self.offsets_at(partitions, OffsetAt::Earliest),
            self.offsets_at(partitions, OffsetAt::Latest)
        );
        Ok((starts?, ends?))
    }

    pub(super) async fn offsets_at(&self, partitions: &[TopicPartition], at: OffsetAt) -> Result<Listed, Failure> {
        if partitions.is_empty() {
            return Ok(Listed::default());
        }
        let wanted: Vec<(TopicPartition, OffsetAt)> =
            partitions.iter().map(|partition| (partition.clone(), at)).collect();
        let metadata = self.known_metadata().await?;
        Ok(admin::offsets::list(self.client(), &wanted, &metadata.topics).await)
    }

    /// Brokers with what they carry and how full their disks are. The same `Arc`
    /// comes back while nothing changes.
    pub async fn brokers(&self) -> Result<Arc<Vec<BrokerRow>>, Failure> {
        let metadata = self.known_metadata().await?;
        let brokers: Vec<BrokerId> = metadata.brokers.iter().map(|broker| broker.id).collect();
        let dirs = admin::log_dirs::disks(self.client(), &brokers).await;
        let unknown = |id: BrokerId| -> String {
            let failure = dirs.failures.iter().find(|failure| failure.is_of_broker(id));
            failure.map_or_else(|| "the broker does not report it".into(), |failure| failure.message.clone())
        };
        let rows = broker_rows(&metadata, |id| match dirs.value.get(&id) {
            Some(disks) => (used(disks), total(disks)),
            None => (Fact::unknown(unknown(id)), Fact::unknown(unknown(id))),
        });
        let mut known = lock(&self.inner.brokers);
        match known.as_ref().filter(|last| ***last == rows) {
            Some(last) => Ok(Arc::clone(last)),
            None => Ok(Arc::clone(known.insert(Arc::new(rows)))),
        }
    }

    pub async fn topic_configs(&self, topic: &TopicName) -> Result<Arc<Vec<ConfigEntry>>, Failure> {
        let mut answer =
            admin::configs::describe_topics(self.client(), std::slice::from_ref(topic), Documentation::With).await;
        match answer.value.remove(topic) {
            Some(entries) => Ok(Arc::new(entries)),
            None => Err(answer.failures.into_iter().next().unwrap_or_else(|| {
                Failure::new(FailureKind::NotFound, "describe configs of topic", "the broker did not answer for it")
                    .on(topic.as_str())
            })),
        }
    }

    /// The groups that committed in a topic, with their lag there. Which those are
    /// is taken from the last list of all groups while it is fresh; only they are
    /// asked then.
    pub async fn topic_groups(&self, topic: &TopicName) -> Result<Arc<Partial<Vec<TopicGroup>>>, Failure> {
        self.readers(topic, KNOWN_FOR).await.map(Arc::new)
    }

    /// The same as of the last seconds, for plans.
    pub(super) async fn readers_now(&self, topic: &TopicName) -> Result<Partial<Vec<TopicGroup>>, Failure> {
        self.readers(topic, KNOWN_FOR_PLANS).await
    }

    async fn readers(&self, topic: &TopicName, max_age: i64) -> Result<Partial<Vec<TopicGroup>>, Failure> {
        let fresh = lock(&self.inner.lags).fresh(max_age, self.now());
        let known = match fresh {
            Some(known) => known,
            None => self.groups().await?,
        };
        let listings: Vec<GroupListing> = known
            .rows
            .iter()
            .filter(|row| row.topics.binary_search(topic).is_ok())
            .map(|row| row.listing.clone())
            .collect();
        let mut failures = known.failures.clone();
        let described = self.describe_all(&listings, Rights::Leave).await;
        failures.extend(described.failures);
        let (groups, more) = self.lag_rows(listings, described.value, Some(topic)).await?;
        failures.extend(more);
        let mut seen = HashSet::new();
        failures.retain(|failure| seen.insert(failure.clone()));
        let rows = groups.into_iter().filter(|group| !group.partitions.is_empty()).map(|group| TopicGroup {
            members: group.members(),
            lag: group.lag(),
            listing: group.listing,
        });
        Ok(Partial { value: rows.collect(), failures })
    }

    /// Groups with every partition's lag, without members: what `groups lag` needs.
    /// `None` asks for all groups.
    pub async fn lags(&self, only: Option<&[GroupId]>) -> Result<Partial<Vec<GroupDetail>>, Failure> {
        let listed = admin::groups::list(self.client()).await;
        let mut failures = listed.failures;
        let mut listings = listed.value;
        if let Some(only) = only {
            for group in only.iter().filter(|group| !listings.iter().any(|listing| listing.id == **group)) {
                failures.push(no_such_group(group).or_meant(listings.iter().map(|listing| listing.id.as_str())));
            }
            listings.retain(|listing| only.contains(&listing.id));
        } else if listings.is_empty() && !failures.is_empty() {
            return Err(failures.swap_remove(0));
        }
        let (rows, more) = self.lag_rows(listings, HashMap::new(), None).await?;
        failures.extend(more);
        let metadata = self.known_metadata().await?;
        let taken = self.now();
        let value = rows
            .into_iter()
            .map(|row| GroupDetail {
                taken,
                lag: LagTotal::of(&row.partitions),
                role: group_role(&row.listing, &metadata.topics),
                description: GroupDescription::of_listing(row.listing),
                partitions: row.partitions,
                history: Vec::new(),
                judged: Fact::unknown(NOT_JUDGED),
                outlook: Fact::unknown(NOT_JUDGED),
                produced: Fact::unknown(NOT_JUDGED),
                events: Vec::new(),
                rebalances: 0,
                failures: Vec::new(),
            })
            .collect();
        Ok(Partial { value, failures })
    }

    /// Where a group was not found, with the one that may have been meant.
    pub(super) async fn or_meant_group<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        match result {
            Err(failure) if failure.kind == FailureKind::NotFound => {
                let listed = admin::groups::list(self.client()).await.value;
                Err(failure.or_meant(listed.iter().map(|listing| listing.id.as_str())))
            }
            result => result,
        }
    }

    /// One group, whole, but for how it is doing.
    pub async fn group(&self, group: &GroupId) -> Result<GroupDetail, Failure> {
        let (description, positions) = self.described(group).await?;
        let has_none = positions.as_ref().is_ok_and(|positions| positions.commits.is_empty());
        if description.listing.state == GroupState::Dead && has_none {
            return self.or_meant_group(Err(no_such_group(group))).await;
        }
        let wanted = distinct(partitions_in(Some(&description), &positions));
        let (starts, ends) = self.log_bounds(&wanted).await?;
        let metadata = self.known_metadata().await?;
        let failures = positions.as_ref().err().cloned().into_iter().collect();
        let partitions = partitions_of(Some(&description), &positions, &starts, &ends);
        self.restore_windows().await;
        let now = self.now();
        let mut sampler = lock(&self.inner.lags);
        sampler.sample(group, description.listing.state, &partitions, |here| metadata.has(here), now);
        sampler.company(&description, now);
        let (events, rebalances) = sampler.seen_of(group, now);
        Ok(GroupDetail {
            taken: now,
            lag: LagTotal::of(&partitions),
            history: sampler.history(group),
            role: group_role(&description.listing, &metadata.topics),
            description,
            partitions,
            judged: Fact::unknown(NOT_JUDGED),
            outlook: Fact::unknown(NOT_JUDGED),
            produced: Fact::unknown(NOT_JUDGED),
            events,
            rebalances,
            failures,
        })
    }

    /// A group's state and members; `Dead` when it does not exist. Asks only the
    /// group's coordinator, whatever else the cluster holds.
    pub(super) async fn describe_one(&self, group: &GroupId) -> Result<GroupDescription, Failure> {
        let listing = GroupListing {
            id: group.clone(),
            state: GroupState::Unknown,
            kind: GroupType::Unknown,
            protocol_type: String::new(),
        };
        let description = self.describe_listed(&listing).await?;
        let (GroupState::Dead, Some(coordinator)) = (description.listing.state, description.coordinator) else {
            return Ok(description);
        };
        // Neither a classic group nor one of the consumer protocol: it may be of another type.
        let listed = admin::groups::list_of_broker(self.client(), coordinator).await?;
        match listed.into_iter().find(|listing| listing.id == *group) {
            Some(listing) => self.describe_listed(&listing).await,
            None => Ok(description),
        }
    }

    async fn describe_listed(&self, listing: &GroupListing) -> Result<GroupDescription, Failure> {
        let mut answer = self.describe_all(std::slice::from_ref(listing), Rights::Ask).await;
        match answer.value.remove(&listing.id) {
            Some(description) => Ok(description),
            None => Err(answer.failures.into_iter().next().unwrap_or_else(|| {
                Failure::new(FailureKind::NotFound, "describe group", "the coordinator did not answer for it")
                    .on(listing.id.as_str())
            })),
        }
    }

    /// Groups with their members, asked of their coordinators.
    pub(super) async fn describe_all(
        &self,
        listings: &[GroupListing],
        rights: Rights,
    ) -> Partial<HashMap<GroupId, GroupDescription>> {
        let mut answer = admin::groups::describe(self.client(), listings, rights).await;
        if answer.value.values().any(|group| group.topology.is_some())
            && let Ok(metadata) = self.known_metadata().await
        {
            // A topic may have fewer partitions than its subtopology has tasks.
            let is_there = |here: &TopicPartition| {
                let topic = metadata.topic(here.topic.as_str());
                topic.is_none_or(|topic| topic.partition(here.partition).is_some())
            };
            for group in answer.value.values_mut().filter(|group| group.topology.is_some()) {
                group.members.iter_mut().for_each(|member| member.assignment.retain(is_there));
            }
        }
        answer
    }

    /// Groups with their partitions, or only those `of` one topic.
    pub(super) async fn lag_rows(
        &self,
        listings: Vec<GroupListing>,
        mut descriptions: HashMap<GroupId, GroupDescription>,
        of: Option<&TopicName>,
    ) -> Result<(Vec<GroupRead>, Vec<Failure>), Failure> {
        let kinds = listings.iter().map(|listing| (&listing.id, listing.kind));
        let mut committed = self.positions(kinds).await;
        let mut read = Vec::with_capacity(listings.len());
        for listing in listings {
            let description = descriptions.remove(&listing.id);
            let positions = match committed.value.remove(&listing.id) {
                Some(positions) => Ok(positions),
                None => Err(why_no_commits(&listing.id, &committed.failures)),
            };
            read.push((listing, description, positions));
        }
        let everywhere =
            read.iter().flat_map(|(_, description, positions)| partitions_in(description.as_ref(), positions));
        let wanted = distinct(everywhere.filter(|here| of.is_none_or(|topic| here.topic == *topic)));
        let (starts, ends) = self.log_bounds(&wanted).await?;
        let groups = read
            .into_iter()
            .map(|(listing, description, positions)| {
                let mut partitions = partitions_of(description.as_ref(), &positions, &starts, &ends);
                partitions.retain(|row| of.is_none_or(|topic| row.partition.topic == *topic));
                GroupRead {
                    partitions,
                    why_no_commits: positions.err(),
                    listing: description.as_ref().map_or(listing, |description| description.listing.clone()),
                    description,
                }
            })
            .collect();
        Ok((groups, committed.failures))
    }
}

pub(super) struct GroupRead {
    pub(super) listing: GroupListing,
    pub(super) description: Option<GroupDescription>,
    pub(super) partitions: Vec<crate::domain::group::GroupPartition>,
    pub(super) why_no_commits: Option<Failure>,
}

impl GroupRead {
    pub(super) fn members(&self) -> Fact<usize> {
        match &self.description {
            Some(description) => Fact::Known(description.members.len()),
            None => Fact::unknown("the group could not be described"),
        }
    }

    /// Unknown where its commits are, even of a group that nothing is assigned to.
    pub(super) fn lag(&self) -> LagTotal {
        let lag = LagTotal::of(&self.partitions);
        match &self.why_no_commits {
            Some(failure) => LagTotal { first_reason: Some(failure.to_string()), ..lag },
            None => lag,
        }
    }
}

/// Bytes in use on all disks of a broker.
fn used(disks: &[Disk]) -> Fact<u64> {
    sum(disks, |disk| Some(disk.total?.saturating_sub(disk.usable?)))
}

fn total(disks: &[Disk]) -> Fact<u64> {
    sum(disks, |disk| disk.total)
}

fn sum(disks: &[Disk], bytes: impl Fn(&Disk) -> Option<u64>) -> Fact<u64> {
    let sum: Option<u64> = disks.iter().map(bytes).sum();
    sum.map_or_else(|| Fact::unknown("brokers tell it since Kafka 3.3"), Fact::Known)
}

/// What a group is assigned and what it committed; a partition may come twice.
fn partitions_in<'a>(
    description: Option<&'a GroupDescription>,
    positions: &'a Result<Positions, Failure>,
) -> impl Iterator<Item = &'a TopicPartition> {
    let assigned = description.into_iter().flat_map(|description| &description.members).flat_map(|m| &m.assignment);
    assigned.chain(positions.iter().flat_map(|positions| positions.commits.keys()))
}

/// Each partition once.
fn distinct<'a>(partitions: impl Iterator<Item = &'a TopicPartition>) -> Vec<TopicPartition> {
    let distinct: foldhash::HashSet<&TopicPartition> = partitions.collect();
    distinct.into_iter().cloned().collect()
}

fn why_no_commits(group: &GroupId, failures: &[Failure]) -> Failure {
    let named = failures.iter().find(|failure| failure.target == group.as_str()).or_else(|| failures.first());
    named.cloned().unwrap_or_else(|| {
        Failure::new(FailureKind::NotFound, "read offsets of group", "the coordinator did not answer for it")
            .on(group.as_str())
    })
}

fn no_such_group(group: &GroupId) -> Failure {
    Failure::no_such_group("find group", group.as_str())
}

#[cfg(test)]
mod tests;
