//! Plans that move committed offsets: what they depend on is read here, and only read.
//!
//! Targets are looked up now and frozen as numbers.

use super::groups::{Commits, listed_offset};
use super::plans::FIND_TOPIC;
use super::{Cluster, Metadata, lock};
use crate::domain::group::{CommittedOffset, GroupState, GroupType};
use crate::domain::group_plan::PlanBasis;
use crate::domain::offsets_csv::OffsetRow;
use crate::domain::plan::Plan;
use crate::domain::reset::{self, PartitionFacts, ResetInputs, ResetTarget};
use crate::domain::{
    Fact, Failure, FailureKind, GroupId, Offset, Partial, PartitionId, Time, TopicName, TopicPartition,
};
use crate::kafka::admin;
use crate::kafka::admin::offsets::{Listed, OffsetAt};
use std::collections::{BTreeSet, HashMap};

/// Which offsets of which groups should move where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRequest {
    /// Never empty, none twice.
    pub groups: Vec<GroupId>,
    pub scope: ResetScope,
    /// Of the scope only where records wait to be read.
    pub only_lagging: bool,
    pub target: ResetWish,
    /// Reset a group that does not exist, which creates it.
    pub create_group: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetScope {
    /// Every partition in which the group has a commit.
    AllCommitted,
    /// Every partition in which another group has one.
    CommittedBy(GroupId),
    /// These topics, whole or only some partitions of them.
    Partitions(Vec<(TopicName, Option<Vec<PartitionId>>)>),
}

/// Where to, as a user says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetWish {
    Earliest,
    Latest,
    Current,
    Offset(Offset),
    Time(Time),
    /// Milliseconds before now.
    Back(i64),
    /// Records forward, or back when negative.
    Shift(i64),
    /// Where another group is.
    Group(GroupId),
    /// Where the checkpoints of the mirror of this cluster, by its alias, put it.
    Mirror(String),
    /// The rows that name the group, and those that name none.
    File(Vec<OffsetRow>),
}

impl Cluster {
    /// What resetting would do, in full. Changes nothing.
    pub async fn plan_reset(&self, request: ResetRequest) -> Result<Plan, Failure> {
        let basis = self.plan_basis();
        let metadata = self.metadata().await?;
        let target = target_of(&request.target, basis.now);
        let (mut other, mut mirrored) = (None, HashMap::new());
        match &request.target {
            ResetWish::Group(group) => other = Some(self.stands_at(group).await?),
            ResetWish::Mirror(alias) => mirrored = self.checkpoints(alias, &request.groups).await?,
            _ => {}
        }
        let given = |group: &GroupId| other.as_ref().or_else(|| mirrored.get(group));
        let one = |group| self.reset_of_one(group, &request, &target, given(group), &metadata, &basis);
        let found = futures::future::try_join_all(request.groups.iter().map(one)).await?;
        let mut plan = match (<[Result<Plan, Failure>; 1]>::try_from(found), request.groups.as_slice()) {
            (Ok([only]), _) => self.or_meant_group(only).await?,
            (Err(many), groups) => reset::merge(basis, &target, &scope_words(&request), groups, many)?,
        };
        self.fill_next(&mut plan).await;
        reset::judge_next(&mut plan, target.time());
        Ok(plan)
    }

    /// What copying the offsets of a group to another would do.
    pub async fn plan_copy(&self, from: &GroupId, to: &GroupId, create_group: bool) -> Result<Plan, Failure> {
        if from == to {
            let failure = Failure::new(FailureKind::Invalid, "copy group", "it is the same group");
            return Err(failure.on(from.as_str()));
        }
        let request = ResetRequest {
            groups: vec![to.clone()],
            scope: ResetScope::CommittedBy(from.clone()),
            only_lagging: false,
            target: ResetWish::Group(from.clone()),
            create_group,
        };
        Ok(reset::as_copy(self.plan_reset(request).await?, from, to))
    }

    /// What committing the offsets of a file would do: of the groups that it names.
    pub async fn plan_import(&self, rows: Vec<OffsetRow>, create_group: bool) -> Result<Plan, Failure> {
        let groups: BTreeSet<GroupId> = rows.iter().filter_map(|row| row.group.clone()).collect();
        if groups.is_empty() {
            return Err(Failure::new(FailureKind::Invalid, "import offsets", "no line names a group"));
        }
        let request = ResetRequest {
            groups: groups.into_iter().collect(),
            scope: ResetScope::AllCommitted,
            only_lagging: false,
            target: ResetWish::File(rows),
            create_group,
        };
        Ok(reset::as_import(self.plan_reset(request).await?))
    }

    /// The inner failure is one of this group alone: that nothing of it is in the scope.
    async fn reset_of_one(
        &self,
        group: &GroupId,
        request: &ResetRequest,
        target: &ResetTarget,
        other: Option<&Commits>,
        metadata: &Metadata,
        basis: &PlanBasis,
    ) -> Result<Result<Plan, Failure>, Failure> {
        let (description, positions) = self.described(group).await?;
        let commits = positions?.commits;
        let is_share = description.listing.kind == GroupType::Share;
        let creates_group = description.listing.state == GroupState::Dead;
        if creates_group && !request.create_group {
            let missing = Failure::no_such_group("reset group", group.as_str());
            let missing = missing.hint("Add --create-group to create it with these offsets.");
            return self.or_meant_group(Err(missing)).await;
        }
        let scope = scope_of(request, group, &commits, other, metadata)?;
        let present: Vec<TopicPartition> = scope
            .iter()
            .filter(|here| {
                let topic = metadata.topic(here.topic.as_str());
                topic.and_then(|topic| topic.partition(here.partition)).is_some_and(|p| !p.is_offline())
            })
            .cloned()
            .collect();
        let (starts, ends) = self.log_bounds(&present).await?;
        let (by_time, ahead) = match target {
            ResetTarget::Time(time) | ResetTarget::Back { time, .. } => {
                let later = OffsetAt::Time(basis.now.plus_millis(reset::CLOCK_TOLERANCE));
                let found = self.offsets_at(&present, OffsetAt::Time(*time));
                let (found, ahead) = tokio::try_join!(found, self.offsets_at(&present, later))?;
                (Some(found), ahead)
            }
            _ => (None, Listed::default()),
        };
        let lags = |here: &TopicPartition| match (commits.get(here), listed_offset(&ends, here)) {
            (Some(commit), Fact::Known(end)) => commit.offset < end,
            // What is not known is not left out without a word: the plan says why.
            (Some(_), Fact::Unknown(_)) => true,
            (None, _) => false,
        };
        let scope: Vec<&TopicPartition> = scope.iter().filter(|here| !request.only_lagging || lags(here)).collect();
        if request.only_lagging && scope.is_empty() {
            let failure = Failure::new(FailureKind::NotFound, "reset group", "it has read everything in this scope");
            return Ok(Err(failure.on(group.as_str())));
        }
        let partitions = scope
            .iter()
            .map(|&here| PartitionFacts {
                topic_id: metadata.topic(here.topic.as_str()).and_then(|topic| topic.id),
                exists: metadata.topic(here.topic.as_str()).and_then(|topic| topic.partition(here.partition)).is_some(),
                committed: commits.get(here).cloned(),
                start: listed_offset(&starts, here),
                end: listed_offset(&ends, here),
                by_time: by_time.as_ref().map(|found| found_at_time(found, here)),
                is_ahead: matches!(ahead.get(here), Some(Ok(Some(_)))),
                given: given_offset(&request.target, group, other, here),
                partition: here.clone(),
            })
            .collect();
        let role = self.role_of(&description, &commits, &metadata.topics);
        // Start offsets stay as long as their group.
        let expiry = if is_share { None } else { Some(self.expiry_of(&description, basis).await) };
        let mut plan = reset::plan_reset(ResetInputs {
            id: basis.id.clone(),
            now: basis.now,
            zone: basis.zone.clone(),
            role,
            creates_group,
            production: basis.production,
            commits_without_joining: lock(&self.inner.lags).commits_without_joining(group),
            all_topics: request.scope == ResetScope::AllCommitted && !request.only_lagging,
            whole_topics: if request.only_lagging { BTreeSet::new() } else { whole_topics(&request.scope) },
            target: target.clone(),
            partitions,
            group: description,
        })?;
        plan.warnings.extend(expiry);
        Ok(Ok(plan))
    }
}

impl Cluster {
    /// What groups committed, by group, topic and partition. One that has nothing
    /// committed is named in the failures.
    pub async fn committed(&self, groups: &[GroupId]) -> Partial<Vec<(GroupId, TopicPartition, CommittedOffset)>> {
        let mut answer = admin::offsets::committed(self.client(), groups).await;
        let mut found = Partial { value: Vec::new(), failures: std::mem::take(&mut answer.failures) };
        let all_answered = found.failures.is_empty();
        for group in groups {
            let Some(commits) = answer.value.remove(group) else { continue };
            if commits.is_empty() && all_answered {
                let message = "nothing is committed, or there is no such group";
                let failure = Failure::new(FailureKind::NotFound, "read committed offsets of group", message);
                found.failures.push(failure.on(group.as_str()));
            }
            let mut rows: Vec<(TopicPartition, CommittedOffset)> = commits.into_iter().collect();
            rows.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            found.value.extend(rows.into_iter().map(|(here, commit)| (group.clone(), here, commit)));
        }
        found
    }
}

fn target_of(wish: &ResetWish, now: Time) -> ResetTarget {
    match wish {
        ResetWish::Earliest => ResetTarget::Earliest,
        ResetWish::Latest => ResetTarget::Latest,
        ResetWish::Current => ResetTarget::Current,
        ResetWish::Offset(offset) => ResetTarget::Offset(*offset),
        ResetWish::Time(time) => ResetTarget::Time(*time),
        ResetWish::Back(millis) => {
            ResetTarget::Back { millis: *millis, time: now.plus_millis(millis.saturating_neg()) }
        }
        ResetWish::Shift(records) => ResetTarget::Shift(*records),
        ResetWish::Group(group) => ResetTarget::Group(group.clone()),
        ResetWish::Mirror(alias) => ResetTarget::Mirror(alias.clone()),
        ResetWish::File(_) => ResetTarget::File,
    }
}

fn scope_of(
    request: &ResetRequest,
    group: &GroupId,
    commits: &Commits,
    other: Option<&Commits>,
    metadata: &Metadata,
) -> Result<Vec<TopicPartition>, Failure> {
    let find = |name: &TopicName| metadata.find_topic(FIND_TOPIC, name.as_str());
    let mut scope = BTreeSet::new();
    match (&request.scope, &request.target) {
        (ResetScope::AllCommitted, ResetWish::File(rows)) => {
            let of_group = rows.iter().filter(|row| row.is_of(group));
            scope.extend(of_group.map(|row| TopicPartition::new(row.topic.clone(), row.partition)));
        }
        (ResetScope::CommittedBy(_), _) | (ResetScope::AllCommitted, ResetWish::Mirror(_)) => {
            scope.extend(other.into_iter().flat_map(HashMap::keys).cloned())
        }
        (ResetScope::AllCommitted, _) => scope.extend(commits.keys().cloned()),
        (ResetScope::Partitions(wanted), _) => {
            for (name, partitions) in wanted {
                let topic = find(name)?;
                match partitions {
                    None => scope.extend(topic.partitions.iter().map(|p| TopicPartition::new(name.clone(), p.id))),
                    Some(ids) => scope.extend(ids.iter().map(|&id| TopicPartition::new(name.clone(), id))),
                }
            }
        }
    }
    Ok(scope.into_iter().collect())
}

fn whole_topics(scope: &ResetScope) -> BTreeSet<TopicName> {
    match scope {
        ResetScope::AllCommitted | ResetScope::CommittedBy(_) => BTreeSet::new(),
        ResetScope::Partitions(wanted) => {
            wanted.iter().filter(|(_, partitions)| partitions.is_none()).map(|(topic, _)| topic.clone()).collect()
        }
    }
}

fn found_at_time(found: &Listed, here: &TopicPartition) -> Fact<Option<(Offset, Time)>> {
    match found.get(here) {
        Some(Ok(Some(listed))) => Fact::Known(Some((listed.offset, listed.timestamp))),
        Some(Ok(None)) => Fact::Known(None),
        Some(Err(failure)) => Fact::unknown(failure.to_string()),
        None => Fact::unknown("the partition has no leader"),
    }
}

fn given_offset(
    wish: &ResetWish,
    group: &GroupId,
    other: Option<&Commits>,
    here: &TopicPartition,
) -> Option<CommittedOffset> {
    match wish {
        ResetWish::File(rows) => rows
            .iter()
            .find(|row| row.is_of(group) && row.topic == here.topic && row.partition == here.partition)
            .map(|row| CommittedOffset { offset: row.offset, leader_epoch: -1, metadata: row.metadata.clone() }),
        ResetWish::Group(_) | ResetWish::Mirror(_) => other.and_then(|commits| commits.get(here)).cloned(),
        _ => None,
    }
}

/// The scope as words of a command line.
fn scope_words(request: &ResetRequest) -> Vec<String> {
    let mut words = match &request.scope {
        ResetScope::AllCommitted | ResetScope::CommittedBy(_) => vec!["--all-topics".to_owned()],
        ResetScope::Partitions(topics) => topics
            .iter()
            .flat_map(|(topic, partitions)| {
                let ids = partitions.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>());
                [
                    "--topic".to_owned(),
                    ids.map_or_else(|| topic.to_string(), |ids| format!("{topic}:{}", ids.join(","))),
                ]
            })
            .collect(),
    };
    if request.only_lagging {
        words.push("--lagging".into());
    }
    words
}
