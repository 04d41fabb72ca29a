//! Plans that take groups, offsets or members away: what they depend on is read
//! here, and only read.

use super::groups::{Commits, listed_offset};
use super::{Cluster, Metadata, lock};
use crate::domain::config::ConfigEntry;
use crate::domain::expiry::{self, Expiry};
use crate::domain::group::{GroupDescription, GroupType};
use crate::domain::group_config::{self, Wish};
use crate::domain::group_plan::{self, GroupFacts, Leavers, PlanBasis};
use crate::domain::plan::{Plan, Step, Warning};
use crate::domain::reset::{PartitionFacts, TouchedGroup};
use crate::domain::{Fact, Failure, FailureKind, GroupId, PartitionId, TopicName, TopicPartition};
use crate::kafka::admin::configs;

impl Cluster {
    /// What deleting groups would take away. Changes nothing.
    pub async fn plan_delete_groups(&self, groups: &[GroupId]) -> Result<Plan, Failure> {
        let metadata = self.metadata().await?;
        let facts = groups.iter().map(|group| self.group_facts(group, &metadata));
        let facts = futures::future::try_join_all(facts).await?;
        self.or_meant_group(group_plan::plan_delete_groups(self.plan_basis(), facts)).await
    }

    pub async fn plan_delete_offsets(
        &self,
        group: &GroupId,
        scope: &[(TopicName, Option<Vec<PartitionId>>)],
    ) -> Result<Plan, Failure> {
        let metadata = self.metadata().await?;
        let facts = self.group_facts(group, &metadata).await?;
        self.or_meant_group(group_plan::plan_delete_offsets(self.plan_basis(), facts, scope)).await
    }

    pub async fn plan_remove_members(&self, group: &GroupId, leavers: &Leavers) -> Result<Plan, Failure> {
        let description = self.describe_one(group).await?;
        can_be_left(&description)?;
        self.or_meant_group(group_plan::plan_remove_members(self.plan_basis(), &description, leavers)).await
    }

    /// What the cluster keeps for a group, set or not.
    pub async fn group_configs(&self, group: &GroupId) -> Result<Vec<ConfigEntry>, Failure> {
        configs::describe_group(self.client(), group).await
    }

    /// What changing settings of a group would do; the cluster itself says whether it would.
    pub async fn plan_configure_group(&self, group: &GroupId, wishes: &[Wish]) -> Result<Plan, Failure> {
        let (description, entries) = tokio::join!(self.describe_one(group), self.group_configs(group));
        let (description, entries) = (description?, entries?);
        let plan = group_config::plan_configure(self.plan_basis(), &description, &entries, wishes)?;
        configs::validate_group(self.client(), group, &settings(&plan)).await?;
        Ok(plan)
    }

    /// How long offsets are kept, in milliseconds, as the group's coordinator says.
    pub(super) async fn offsets_retention(&self, group: &GroupDescription) -> Fact<i64> {
        let Some(coordinator) = group.coordinator else { return Fact::unknown("its coordinator is not known") };
        let asked = configs::describe_broker_entry(self.client(), coordinator, "offsets.retention.minutes").await;
        let entry = match asked {
            Ok(entry) => entry,
            Err(failure) => return Fact::unknown(failure.to_string()),
        };
        let minutes = entry.and_then(|entry| entry.value.as_deref()?.parse::<i64>().ok());
        match minutes {
            Some(minutes) => Fact::Known(minutes.saturating_mul(60_000)),
            None => Fact::unknown("its coordinator does not say how long it keeps them"),
        }
    }

    /// A sentence about when offsets that are committed now will be forgotten.
    pub(super) async fn expiry_of(&self, group: &GroupDescription, basis: &PlanBasis) -> Warning {
        let retention = self.offsets_retention(group).await;
        let empty_since = match expiry::counts_from(group) {
            Expiry::FromCommit => Fact::unknown("it does not matter"),
            Expiry::FromEmpty => self.empty_since(&group.listing.id).await,
        };
        expiry::of_commit(group, &retention, &empty_since, basis.now, &basis.zone)
    }

    pub(super) fn plan_basis(&self) -> PlanBasis {
        let profile = self.profile();
        PlanBasis {
            id: self.next_plan_id(),
            now: self.now(),
            zone: profile.zone.clone(),
            production: profile.production,
        }
    }

    async fn group_facts(&self, group: &GroupId, metadata: &Metadata) -> Result<GroupFacts, Failure> {
        let (description, positions) = self.described(group).await?;
        let commits = positions?.commits;
        let touched = TouchedGroup {
            role: self.role_of(&description, &commits, &metadata.topics),
            commits_without_joining: lock(&self.inner.lags).commits_without_joining(group),
            description,
        };
        Ok(GroupFacts { group: touched, commits: self.partition_facts(&commits, metadata).await? })
    }

    /// Every commit with where its log begins and ends, by topic and partition.
    async fn partition_facts(&self, commits: &Commits, metadata: &Metadata) -> Result<Vec<PartitionFacts>, Failure> {
        let mut places: Vec<&TopicPartition> = commits.keys().collect();
        places.sort_unstable();
        let topic = |here: &TopicPartition| metadata.topic(here.topic.as_str());
        let is_there = |here: &TopicPartition| topic(here).and_then(|topic| topic.partition(here.partition));
        let online = places.iter().filter(|here| is_there(here).is_some_and(|partition| !partition.is_offline()));
        let online: Vec<TopicPartition> = online.map(|here| (*here).clone()).collect();
        let (starts, ends) = self.log_bounds(&online).await?;
        let facts = places.into_iter().map(|here| PartitionFacts {
            topic_id: topic(here).and_then(|topic| topic.id),
            exists: is_there(here).is_some(),
            committed: commits.get(here).cloned(),
            start: listed_offset(&starts, here),
            end: listed_offset(&ends, here),
            by_time: None,
            is_ahead: false,
            given: None,
            partition: here.clone(),
        });
        Ok(facts.collect())
    }
}

/// The settings that a plan makes, as they are sent.
pub(super) fn settings(plan: &Plan) -> Vec<Wish> {
    let wish = |step: &Step| match step {
        Step::SetGroupConfig { name, after, .. } => Some((name.clone(), after.clone())),
        _ => None,
    };
    plan.steps.iter().filter_map(wish).collect()
}

/// Brokers take members out of classic groups and of those of consumers only.
fn can_be_left(description: &GroupDescription) -> Result<(), Failure> {
    match description.listing.kind {
        GroupType::Classic | GroupType::Consumer | GroupType::Other(_) | GroupType::Unknown => Ok(()),
        kind @ (GroupType::Share | GroupType::Streams) => {
            let message = format!("it is a {} group, and brokers take no members out of those", kind.word());
            let failure = Failure::new(FailureKind::Unsupported, "remove members of group", message);
            Err(failure.on(description.listing.id.as_str()).hint("Stop them where they run."))
        }
    }
}
