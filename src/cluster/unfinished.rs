//! Changes whose end was never written down: what the cluster shows of them now,
//! the plan for the rest, and writing down what was found.
//!
//! A crash, a lost connection to the journal's disk or another klamm that is still
//! at it all look the same here; nothing is sent before a plan was confirmed.

use super::apply::blocking;
use super::groups::{Commits, listed_offset};
use super::journal::JournalEntry;
use super::{Cluster, Metadata};
use crate::domain::finish::{self, FinishInputs, TopicNow};
use crate::domain::group::GroupDescription;
use crate::domain::group_config;
use crate::domain::plan::{Change, Outcome, Plan, Step, StepStatus};
use crate::domain::produce;
use crate::domain::{Failure, FailureKind, GroupId, TopicName, TopicPartition};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

impl Cluster {
    /// What the cluster shows now of each step of a change. Changes nothing.
    pub async fn look_into(&self, plan_id: &str) -> Result<Arc<Outcome>, Failure> {
        let entry = self.entry("look into", plan_id).await?;
        self.look(&entry.plan).await.map(Arc::new)
    }

    /// Writes down what is found of a change that has no result, which closes it.
    pub async fn settle(&self, plan_id: &str) -> Result<Outcome, Failure> {
        let entry = self.entry("settle", plan_id).await?;
        if !entry.is_unfinished() {
            return Err(Failure::new(FailureKind::Refused, "settle", "its end is written down already").on(plan_id));
        }
        let outcome = self.look(&entry.plan).await?;
        let (journal, written) = (self.journal_file().await?, outcome.clone());
        blocking(move || journal.finish(&written)).await?;
        Ok(outcome)
    }

    /// The plan that does what was not done of a change, or why that is not safe.
    pub async fn plan_finish(&self, plan_id: &str) -> Result<Plan, Failure> {
        let entry = self.entry("finish", plan_id).await?;
        if let Change::Resend(_) = &entry.plan.change {
            return self.plan_resume(self, plan_id).await;
        }
        if !entry.is_unfinished() {
            return Err(Failure::new(FailureKind::Refused, "finish", "its end is written down already").on(plan_id));
        }
        let found = self.look(&entry.plan).await?;
        let metadata = self.known_metadata().await?;
        let mut plan = finish::plan_finish(FinishInputs {
            id: self.next_plan_id(),
            now: self.now(),
            zone: self.profile().zone.clone(),
            begun: &entry.plan,
            began: entry.began,
            steps: &found.steps,
            groups: self
                .touched_groups(&entry.plan, &metadata.topics)
                .await?
                .into_iter()
                .map(|(group, _)| group)
                .collect(),
            production: self.profile().production,
        })?;
        self.refresh_bounds(&mut plan).await?;
        self.fill_next(&mut plan).await;
        Ok(plan)
    }

    async fn entry(&self, operation: &str, plan_id: &str) -> Result<JournalEntry, Failure> {
        let journal = self.journal().await?;
        journal.entries.iter().find(|entry| entry.plan.id == plan_id).cloned().ok_or_else(|| {
            Failure::new(FailureKind::NotFound, operation, "the journal of this cluster has no such change").on(plan_id)
        })
    }

    async fn look(&self, plan: &Plan) -> Result<Outcome, Failure> {
        if let Change::Resend(resend) = &plan.change {
            return self.look_at_resend(plan, resend).await;
        }
        let metadata = self.metadata().await?;
        let groups: Vec<GroupId> = plan.groups().into_iter().cloned().collect();
        let commits = futures::future::join_all(groups.iter().map(|group| self.stands_at(group))).await;
        let commits: HashMap<&GroupId, Result<Commits, Failure>> = groups.iter().zip(commits).collect();
        let of_groups: BTreeSet<&GroupId> = plan.steps.iter().filter_map(|step| group_of(plan, step)).collect();
        let described = futures::future::join_all(of_groups.iter().map(|group| self.describe_one(group))).await;
        let described: HashMap<&GroupId, Result<GroupDescription, Failure>> =
            of_groups.into_iter().zip(described).collect();
        let is_setting = |step: &Step| matches!(step, Step::SetGroupConfig { .. });
        let entries = match plan.change.group() {
            Some(group) if plan.steps.iter().any(is_setting) => Some(self.group_configs(group).await),
            _ => None,
        };
        let (topic, ends) = match &plan.change {
            Change::Produce(produce) => {
                let topic = topic_now(&metadata, &produce.topic);
                (topic, self.ends_of(&produce.topic, produce.ends.iter().map(|(id, _)| *id)).await)
            }
            _ => (None, Vec::new()),
        };
        let steps: Vec<StepStatus> = plan
            .steps
            .iter()
            .map(|step| match step {
                Step::MoveOffset(step) => {
                    let here = TopicPartition::new(step.topic.clone(), step.partition);
                    match plan.group_of(step).and_then(|group| commits.get(group)) {
                        Some(Ok(commits)) => {
                            finish::judge_move(step, commits.get(&here), topic_now(&metadata, &step.topic))
                        }
                        Some(Err(failure)) => StepStatus::Unknown(failure.clone()),
                        None => StepStatus::Skipped,
                    }
                }
                Step::AddPartitions { topic, .. }
                | Step::CreateTopic { topic, .. }
                | Step::DeleteTopic { topic, .. } => finish::judge_topic(step, topic_now(&metadata, topic)),
                // Its positions were looked at already.
                Step::Resend(_) => StepStatus::Skipped,
                Step::SetGroupConfig { .. } => match &entries {
                    Some(Ok(entries)) => group_config::judge(step, entries),
                    Some(Err(failure)) => StepStatus::Unknown(failure.clone()),
                    None => StepStatus::Skipped,
                },
                Step::Produce(batch) => match &plan.change {
                    Change::Produce(produce) => produce::judge(produce, batch, topic.and_then(|topic| topic.id), &ends),
                    _ => StepStatus::Skipped,
                },
                Step::DeleteGroup { .. } | Step::RemoveMember { .. } => {
                    match group_of(plan, step).and_then(|group| described.get(group)) {
                        Some(Ok(description)) => finish::judge_group(step, description),
                        Some(Err(failure)) => StepStatus::Unknown(failure.clone()),
                        None => StepStatus::Skipped,
                    }
                }
            })
            .collect();
        let notes = vec![finish::found(&steps)];
        Ok(Outcome { notes, ..Outcome::of(plan.id.clone(), self.now(), steps) })
    }

    /// Logs went on since the plan was made: its rows show them as they are now.
    async fn refresh_bounds(&self, plan: &mut Plan) -> Result<(), Failure> {
        let existing: Vec<TopicPartition> = plan
            .moves()
            .filter(|step| !plan.adds(step))
            .map(|step| TopicPartition::new(step.topic.clone(), step.partition))
            .collect();
        let (starts, ends) = self.log_bounds(&existing).await?;
        for step in &mut plan.steps {
            let Step::MoveOffset(step) = step else { continue };
            let here = TopicPartition::new(step.topic.clone(), step.partition);
            step.next = None;
            // Where it is not known, applying will refuse and say so.
            step.log_start = listed_offset(&starts, &here).get().or(step.log_start);
            step.log_end = listed_offset(&ends, &here).get().or(step.log_end);
        }
        Ok(())
    }
}

/// The group that a step deletes or takes a member out of.
fn group_of<'a>(plan: &'a Plan, step: &'a Step) -> Option<&'a GroupId> {
    match step {
        Step::DeleteGroup { group } => Some(group),
        Step::RemoveMember { .. } => plan.change.group(),
        Step::MoveOffset(_)
        | Step::AddPartitions { .. }
        | Step::CreateTopic { .. }
        | Step::DeleteTopic { .. }
        | Step::Produce(_)
        | Step::Resend(_)
        | Step::SetGroupConfig { .. } => None,
    }
}

fn topic_now(metadata: &Metadata, name: &TopicName) -> Option<TopicNow> {
    let topic = metadata.topic(name.as_str())?;
    Some(TopicNow { id: topic.id, partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX) })
}
