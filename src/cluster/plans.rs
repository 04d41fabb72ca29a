//! Plans: what the pure rules need to know is read here, and only read.
//!
//! Targets are looked up now and frozen as numbers; the record that would be
//! read next is fetched, so that a preview shows what it means.

use super::groups::{Commits, TopicGroup, listed_offset};
use super::records::{RecordRef, RecordsRequest};
use super::{Cluster, lock};
use crate::domain::group::{GroupDescription, GroupState};
use crate::domain::group_config;
use crate::domain::group_plan::PlanBasis;
use crate::domain::mask::MASK;
use crate::domain::mirror::{is_synced, mirrored_from};
use crate::domain::origin::{GroupRole, group_role};
use crate::domain::partition_plan::{
    self, AddInputs, CommitZero, KeySample, PartitionInputs, PartitionReport, PartitionWish,
};
use crate::domain::plan::{Change, NextRecord, OffsetMove, Plan, Step};
use crate::domain::record::{Isolation, StartAt, ViewAs};
use crate::domain::reset::{self, TouchedGroup, UndoInputs, UndoPartition};
use crate::domain::topic::Topic;
use crate::domain::topic_plan;
use crate::domain::{Failure, FailureKind, GroupId, Offset, PartitionId, Time, TopicName, TopicPartition};
use crate::kafka::admin;
use crate::kafka::fetch;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub use crate::domain::topic_plan::NewTopic;

/// What is tried when a plan looks for its topic.
pub(super) const FIND_TOPIC: &str = "find topic";
/// A preview reads at most this many records; the rest show none.
const MAX_PREVIEWS: usize = 200;
/// A preview that takes longer than this shows what it has.
const PREVIEW_DEADLINE: Duration = Duration::from_secs(3);
/// Bytes of a decoded value that a preview keeps.
const PREVIEW_BYTES: usize = 160;
/// Offsets behind a target that are looked at for times out of order.
const LOOK_AHEAD: i64 = 100;
/// Sampling keys stops after this long.
const SAMPLE_DEADLINE: Duration = Duration::from_secs(5);

impl Cluster {
    /// What taking an applied plan back would do.
    pub async fn plan_undo(&self, plan_id: &str) -> Result<Plan, Failure> {
        let journal = self.journal().await?;
        let entry = journal.entries.iter().find(|entry| entry.plan.id == plan_id).ok_or_else(|| {
            Failure::new(FailureKind::NotFound, "undo", "the journal of this cluster has no such change").on(plan_id)
        })?;
        if let Err(reason) = &entry.undo {
            return Err(Failure::new(FailureKind::Refused, "undo", reason.clone()).on(plan_id));
        }
        if let Change::ConfigureGroup { group } = &entry.plan.change {
            let entries = self.group_configs(group).await?;
            let statuses = entry.outcome.as_ref().map(|outcome| outcome.steps.as_slice());
            return group_config::plan_undo(self.plan_basis(), group, &entries, &entry.plan, statuses);
        }
        let metadata = self.metadata().await?;
        let wanted: BTreeSet<TopicPartition> = entry.plan.moves().map(partition_of).collect();
        let wanted: Vec<TopicPartition> = wanted.into_iter().collect();
        let (starts, ends) = self.log_bounds(&wanted).await?;
        let epochs: Vec<(TopicPartition, i32)> = entry
            .plan
            .moves()
            .filter_map(|step| {
                let epoch = step.before.as_ref()?.leader_epoch;
                (epoch >= 0).then(|| (partition_of(step), epoch))
            })
            .collect();
        let epoch_ends = admin::offsets::epoch_end(self.client(), &epochs, &metadata.topics).await;
        let mut groups = Vec::new();
        let mut partitions = Vec::new();
        for (touched, commits) in self.touched_groups(&entry.plan, &metadata.topics).await? {
            let group = touched.description.listing.id.clone();
            let moves = entry.plan.moves().filter(|step| entry.plan.group_of(step) == Some(&group));
            partitions.extend(moves.map(partition_of).map(|here| UndoPartition {
                group: group.clone(),
                topic_id: metadata.topic(here.topic.as_str()).and_then(|topic| topic.id),
                exists: metadata.topic(here.topic.as_str()).is_some(),
                committed: commits.get(&here).cloned(),
                start: listed_offset(&starts, &here),
                end: listed_offset(&ends, &here),
                epoch_end:
                    epoch_ends.get(&here).and_then(|answer| answer.as_ref().ok().copied().flatten()).map(|end| end.end),
                partition: here,
            }));
            groups.push(touched);
        }
        // Of many groups it is not told: each has its own.
        let only = match groups.as_slice() {
            [only] => Some(only.description.clone()),
            _ => None,
        };
        let mut plan = reset::plan_undo(UndoInputs {
            id: self.next_plan_id(),
            now: self.now(),
            undone: &entry.plan,
            outcome: entry.outcome.as_ref(),
            groups,
            production: self.profile().production,
            partitions,
        })?;
        if let Some(group) = only.filter(|_| plan.moves().any(|step| step.target.is_some())) {
            let basis = PlanBasis { now: plan.made_at, ..self.plan_basis() };
            plan.warnings.push(self.expiry_of(&group, &basis).await);
        }
        self.fill_next(&mut plan).await;
        Ok(plan)
    }

    /// What a partition count means for a topic: load, keys, limits.
    pub async fn partition_report(
        &self,
        name: &TopicName,
        wish: PartitionWish,
    ) -> Result<Arc<PartitionReport>, Failure> {
        let metadata = self.metadata().await?;
        let topic = metadata.find_topic(FIND_TOPIC, name.as_str())?;
        let (logs, keys, configs, groups) = tokio::join!(
            self.logs_of(std::slice::from_ref(name)),
            self.sample_keys(topic, wish.sample),
            self.topic_configs(name),
            self.readers_now(name),
        );
        let log = logs?.topic(name.as_str()).cloned();
        let (keys, sample_failure) = match keys {
            Ok(keys) => (keys, None),
            Err(failure) => (KeySample::default(), Some(failure)),
        };
        let is_compacted = configs.as_ref().ok().map(|entries| {
            let policy = entries.iter().find(|entry| entry.name == "cleanup.policy");
            policy.and_then(|entry| entry.value.as_deref()).is_some_and(|value| value.contains("compact"))
        });
        let readers = groups.map(|groups| readers(groups.value, &metadata.topics)).unwrap_or_default();
        let mut report = partition_plan::report(
            &PartitionInputs {
                topic: Arc::clone(topic),
                mirrored_from: mirrored_from(name.as_str(), &metadata.topics),
                logs: log.map(|log| log.partitions.clone()).unwrap_or_default(),
                brokers: metadata.brokers.clone(),
                replicas_per_broker: replicas_per_broker(&metadata),
                keys,
                sample_failure: sample_failure.map(|failure| failure.to_string()),
                is_compacted,
                readers,
            },
            &wish,
        );
        // How keys spread is told of a topic that is masked, but not which they are.
        if self.profile().masks.touch(name.as_str()) {
            let hottest = report.choices.iter_mut().flat_map(|choice| &mut choice.hottest);
            hottest.for_each(|hot| hot.key = MASK.into());
        }
        Ok(Arc::new(report))
    }

    /// The plan that adds partitions up to `to`, with where replicas go, and
    /// commits offset 0 there for the groups of `commit_zero`.
    pub async fn plan_add_partitions(
        &self,
        name: &TopicName,
        to: i32,
        commit_zero: CommitZero,
    ) -> Result<Plan, Failure> {
        let metadata = self.metadata().await?;
        let topic = metadata.find_topic(FIND_TOPIC, name.as_str())?;
        let readers = readers(self.readers_now(name).await?.value, &metadata.topics);
        let described = match commit_zero {
            CommitZero::No => Vec::new(),
            CommitZero::Offered | CommitZero::Only(_) => {
                let empty = readers.iter().filter(|reader| reader.group.state == GroupState::Empty);
                futures::future::try_join_all(empty.map(|reader| self.describe_one(&reader.group.id))).await?
            }
        };
        let plan = partition_plan::plan_add_partitions(AddInputs {
            id: self.next_plan_id(),
            now: self.now(),
            topic: Arc::clone(topic),
            mirrored_from: mirrored_from(name.as_str(), &metadata.topics),
            brokers: metadata.brokers.clone(),
            replicas_per_broker: replicas_per_broker(&metadata),
            readers,
            described,
            commit_zero,
            to,
        })?;
        for step in &plan.steps {
            if let Step::AddPartitions { topic, after, assignments, .. } = step {
                admin::topics::validate_add_partitions(self.client(), topic, *after, assignments).await?;
            }
        }
        Ok(plan)
    }

    pub async fn plan_create_topic(&self, topic: NewTopic) -> Result<Plan, Failure> {
        let metadata = self.metadata().await?;
        let naming = self.profile().naming.as_ref();
        let plan = topic_plan::plan_create(self.next_plan_id(), self.now(), &topic, &metadata.topics, naming)?;
        let wanted = admin::topics::NewTopic {
            name: topic.name,
            partitions: topic.partitions.unwrap_or(-1),
            replication_factor: topic.replication_factor.unwrap_or(-1),
            assignments: Vec::new(),
            configs: topic.configs,
        };
        admin::topics::validate_create(self.client(), &wanted).await?;
        Ok(plan)
    }

    pub async fn plan_delete_topic(&self, name: &TopicName) -> Result<Plan, Failure> {
        let metadata = self.metadata().await?;
        let topic = metadata.find_topic(FIND_TOPIC, name.as_str())?;
        let (logs, groups) = tokio::join!(self.logs_of(std::slice::from_ref(name)), self.readers_now(name));
        let records = logs.ok().and_then(|logs| logs.topic(name.as_str())?.records.get());
        let readers: Vec<GroupId> = groups
            .map(|groups| groups.value.iter().map(|group| group.listing.id.clone()).collect())
            .unwrap_or_default();
        topic_plan::plan_delete(self.next_plan_id(), self.now(), topic, records, &readers)
    }

    /// The groups whose offsets a plan moves, as they are now, with what they committed.
    pub(super) async fn touched_groups(
        &self,
        plan: &Plan,
        topics: &[Arc<Topic>],
    ) -> Result<Vec<(TouchedGroup, Commits)>, Failure> {
        let look = |group: GroupId| async move {
            let (description, positions) = self.described(&group).await?;
            let commits = positions?.commits;
            let touched = TouchedGroup {
                role: self.role_of(&description, &commits, topics),
                commits_without_joining: lock(&self.inner.lags).commits_without_joining(&group),
                description,
            };
            Ok((touched, commits))
        };
        futures::future::try_join_all(plan.groups().into_iter().cloned().map(look)).await
    }

    /// Who the group belongs to. An Empty group whose every commit lies in mirrored
    /// topics is taken for one that a mirror keeps in step.
    pub(super) fn role_of(
        &self,
        description: &GroupDescription,
        commits: &Commits,
        topics: &[Arc<Topic>],
    ) -> GroupRole {
        let committed = commits.keys().map(|partition| partition.topic.as_str());
        let role = group_role(&description.listing, topics);
        let may_be = !role.is_special() && description.members.is_empty();
        if may_be && is_synced(committed, topics) { GroupRole::MirrorSynced } else { role }
    }

    /// Reads the record that each target would read next, as far as time allows: a
    /// slow broker costs the preview its records, never the plan.
    pub(super) async fn fill_next(&self, plan: &mut Plan) {
        let mut wanted: Vec<(TopicPartition, fetch::ReadRange)> = plan
            .moves()
            .filter_map(|step| {
                let (from, end) = (step.target?, step.log_end?);
                let to = Some(end.min(from.saturating_add(LOOK_AHEAD)));
                let range = fetch::ReadRange { partition: step.partition, from, to };
                (from < end).then(|| (partition_of(step), range))
            })
            .take(MAX_PREVIEWS)
            .collect();
        wanted.sort_by(|(a, one), (b, other)| (a, one.from).cmp(&(b, other.from)));
        wanted.dedup();
        let places: Vec<(TopicPartition, Offset)> =
            wanted.iter().map(|(here, range)| (here.clone(), range.from)).collect();
        let remote = self.in_remote_storage(&places).await;
        wanted.retain(|(here, _)| !remote.contains(here));
        // Groups may go to different places of one partition, which is read once for each.
        let mut rounds: Vec<BTreeMap<TopicName, Vec<fetch::ReadRange>>> = Vec::new();
        for (here, range) in wanted {
            let is_free = |round: &&mut BTreeMap<TopicName, Vec<fetch::ReadRange>>| {
                let ranges = round.get(&here.topic).map_or(&[][..], Vec::as_slice);
                !ranges.iter().any(|taken| taken.partition == range.partition)
            };
            match rounds.iter_mut().find(is_free) {
                Some(round) => round.entry(here.topic).or_default().push(range),
                None => rounds.push(BTreeMap::from([(here.topic, vec![range])])),
            }
        }
        let mut seen: HashMap<(TopicPartition, Offset), (RecordRef, Option<Time>)> = HashMap::new();
        let read = async {
            for (topic, ranges) in rounds.into_iter().flatten() {
                let begins: HashMap<PartitionId, Offset> =
                    ranges.iter().map(|range| (range.partition, range.from)).collect();
                let mut records = self.read_ranges(topic.clone(), ranges);
                while let Some(record) = records.next().await {
                    let here = TopicPartition::new(topic.clone(), record.partition());
                    let Some(from) = begins.get(&record.partition()) else { continue };
                    let time = record.timestamp();
                    seen.entry((here, *from))
                        .and_modify(|(_, later)| *later = Some(later.map_or(time, |earliest| earliest.min(time))))
                        .or_insert((record, None));
                }
            }
        };
        // What was read by then is shown; the rest of the rows stand without.
        let _ = tokio::time::timeout(PREVIEW_DEADLINE, read).await;
        for step in &mut plan.steps {
            let Step::MoveOffset(step) = step else { continue };
            let here = TopicPartition::new(step.topic.clone(), step.partition);
            let Some((record, earliest_after)) = step.target.and_then(|target| seen.get(&(here, target))) else {
                continue;
            };
            let usual = self.profile().formats.of(step.topic.as_str());
            let decoded = self.decode(std::slice::from_ref(record), usual).await;
            step.next = decoded.first().map(|decoded| NextRecord {
                offset: record.offset(),
                timestamp: record.timestamp(),
                preview: decoded.value.value.preview(PREVIEW_BYTES),
                earliest_after: *earliest_after,
            });
        }
    }

    async fn sample_keys(&self, topic: &Topic, sample: u64) -> Result<KeySample, Failure> {
        let mut feed = self.records(RecordsRequest {
            limit: Some(sample),
            view: ViewAs::Text.into(),
            isolation: Isolation::Uncommitted,
            ..RecordsRequest::of(topic.name.clone(), StartAt::Latest(sample))
        });
        let mut keys = KeySample::default();
        let read = async {
            while let Some(update) = feed.next().await {
                if let Some(failure) = update.failures.into_iter().next() {
                    return Err(failure);
                }
                if update.tiered.is_some() {
                    let message = "its newest records lie in remote storage, which is not read without being asked";
                    return Err(Failure::new(FailureKind::Refused, "sample keys of", message).on(topic.name.as_str()));
                }
                for record in &update.records {
                    keys.add(record.partition(), record.key(), record.timestamp());
                    keys.is_transactional |= record.is_transactional();
                }
                if update.finished {
                    break;
                }
            }
            Ok(())
        };
        // What was read within the deadline is a sample too.
        let result = tokio::time::timeout(SAMPLE_DEADLINE, read).await;
        match result {
            Ok(Err(failure)) => Err(failure),
            Ok(Ok(())) | Err(_) => Ok(keys),
        }
    }
}

fn partition_of(step: &OffsetMove) -> TopicPartition {
    TopicPartition::new(step.topic.clone(), step.partition)
}

fn readers(groups: Vec<TopicGroup>, topics: &[Arc<Topic>]) -> Vec<partition_plan::Reader> {
    let reader = |group: TopicGroup| partition_plan::Reader {
        members: group.members.get(),
        role: group_role(&group.listing, topics),
        group: group.listing,
    };
    groups.into_iter().map(reader).collect()
}

fn replicas_per_broker(metadata: &super::Metadata) -> HashMap<crate::domain::BrokerId, usize> {
    let mut counts: HashMap<crate::domain::BrokerId, usize> =
        metadata.brokers.iter().map(|broker| (broker.id, 0)).collect();
    for partition in metadata.topics.iter().flat_map(|topic| &topic.partitions) {
        for replica in partition.replicas.iter() {
            *counts.entry(*replica).or_default() += 1;
        }
    }
    counts
}
