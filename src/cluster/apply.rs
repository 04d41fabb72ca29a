//! The only way a plan becomes a change.
//!
//! In this order, always: look again whether the plan still holds, write the
//! intent to the journal, send, read back, write the result. A plan that no
//! longer holds is refused whole and nothing is sent. Kafka has no atomic
//! check-and-commit; what changes between the look and the send shows at the
//! read-back and is reported, never hidden.

use super::Cluster;
use super::groups::Commits;
use crate::domain::group::GroupState;
use crate::domain::plan::{Change, OffsetMove, Outcome, Plan, Step, StepStatus};
use crate::domain::{Fact, Failure, FailureKind, GroupId, TopicName, TopicPartition, WriteGrant};
use crate::kafka::admin;
use std::time::Duration;
use tokio::sync::mpsc;

/// Where step results go as they become known: the step's index and its status.
pub type Progress = mpsc::Sender<(usize, StepStatus)>;

/// How often a group is looked at while waiting for it to empty.
const EMPTY_POLL: Duration = Duration::from_millis(1000);

impl Cluster {
    /// Applies a plan exactly as it was shown. An `Err` means that nothing was sent.
    pub async fn apply(&self, plan: &Plan, grant: &WriteGrant, progress: Option<Progress>) -> Result<Outcome, Failure> {
        if let Some(check) = plan.failed_check() {
            return Err(refused(plan, format!("a precondition does not hold: {}", check.text)));
        }
        self.recheck(plan).await?;
        let journal = self.journal_file().await?;
        let (begin, profile, intent, now) = (journal.clone(), self.profile().name.clone(), plan.clone(), self.now());
        blocking(move || begin.begin(&profile, &intent, now)).await?;

        let mut statuses = self.send(plan, grant).await;
        let mut notes = Vec::new();
        self.read_back(plan, &mut statuses, &mut notes).await;
        if let Some(progress) = progress {
            for (index, status) in statuses.iter().enumerate() {
                if progress.send((index, status.clone())).await.is_err() {
                    break;
                }
            }
        }
        if let Change::ResetOffsets { group, .. } | Change::Undo { group, .. } = &plan.change {
            self.forget_empty(group);
        }
        let mut outcome = Outcome { plan_id: plan.id.clone(), at: self.now(), steps: statuses, notes };
        let written = outcome.clone();
        if let Err(failure) = blocking(move || journal.finish(&written)).await {
            outcome.notes.push(format!("the change was made, but its result could not be journaled: {failure}"));
        }
        if let Some(note) = self.save_undo_file(plan, &outcome).await {
            outcome.notes.push(note);
        }
        Ok(outcome)
    }

    /// Refuses a plan whose ground has moved since it was shown.
    async fn recheck(&self, plan: &Plan) -> Result<(), Failure> {
        match &plan.change {
            Change::ResetOffsets { group, creates_group } => self.recheck_moves(plan, group, *creates_group).await,
            Change::Undo { group, .. } => self.recheck_moves(plan, group, true).await,
            Change::AddPartitions { topic } | Change::DeleteTopic { topic } => self.recheck_topic(plan, topic).await,
            // The cluster itself refuses a topic that exists by now.
            Change::CreateTopic { .. } => Ok(()),
        }
    }

    async fn recheck_moves(&self, plan: &Plan, group: &GroupId, may_be_absent: bool) -> Result<(), Failure> {
        let topics: Vec<TopicName> = unique_topics(plan);
        let (description, commits, metadata) = tokio::join!(
            self.describe_one(group),
            self.commits_of(group),
            admin::topics::metadata(self.client(), Some(&topics)),
        );
        let description = description?;
        match description.listing.state {
            GroupState::Empty => {}
            GroupState::Dead if may_be_absent => {}
            GroupState::Dead => return Err(refused(plan, "the group does not exist any more")),
            state => {
                return Err(refused(plan, format!("the group is {} with {}", state.word(), members(&description)))
                    .hint("Stop its consumers, or press w to wait until they have left."));
            }
        }
        let commits = commits?;
        let metadata = metadata?;
        let partitions: Vec<TopicPartition> = plan.moves().map(partition_of).collect();
        let (starts, ends) = self.log_bounds(&partitions).await?;
        for step in plan.moves() {
            let here = partition_of(step);
            if commits.get(&here) != step.before.as_ref() {
                let found = commits.get(&here).map_or("nothing".into(), |commit| commit.offset.to_string());
                return Err(refused(plan, format!("{here} has {found} committed since the preview")).hint(LOOK_AGAIN));
            }
            let Some(target) = step.target else { continue };
            match metadata.topics.iter().find(|topic| topic.name == step.topic) {
                None => return Err(refused(plan, format!("topic {} is gone", step.topic))),
                Some(topic) if topic.id != step.topic_id => {
                    return Err(refused(plan, format!("topic {} was recreated since the preview", step.topic)));
                }
                Some(_) => {}
            }
            let bounds = (super::groups::listed_offset(&starts, &here), super::groups::listed_offset(&ends, &here));
            match bounds {
                (Fact::Known(start), Fact::Known(end)) if (start..=end).contains(&target) => {}
                (Fact::Known(start), Fact::Known(end)) => {
                    let message = format!("the log of {here} now holds {start}–{end}, which leaves out {target}");
                    return Err(refused(plan, message).hint(LOOK_AGAIN));
                }
                (Fact::Unknown(reason), _) | (_, Fact::Unknown(reason)) => {
                    return Err(refused(plan, format!("the log of {here} cannot be checked: {reason}")));
                }
            }
        }
        Ok(())
    }

    async fn recheck_topic(&self, plan: &Plan, name: &TopicName) -> Result<(), Failure> {
        let metadata = admin::topics::metadata(self.client(), Some(std::slice::from_ref(name))).await?;
        let found = metadata.topics.iter().find(|topic| topic.name == *name);
        let Some(found) = found else {
            return Err(refused(plan, format!("topic {name} does not exist any more")));
        };
        for step in &plan.steps {
            let (id, partitions) = match step {
                Step::AddPartitions { topic_id, before, .. } => (topic_id, *before),
                Step::DeleteTopic { topic_id, partitions, .. } => (topic_id, *partitions),
                Step::MoveOffset(_) | Step::CreateTopic { .. } => continue,
            };
            if found.id != *id {
                return Err(refused(plan, format!("topic {name} was recreated since the preview")).hint(LOOK_AGAIN));
            }
            let now = i32::try_from(found.partitions.len()).unwrap_or(i32::MAX);
            if now != partitions {
                let message = format!("topic {name} has {now} partitions now, not {partitions}");
                return Err(refused(plan, message).hint(LOOK_AGAIN));
            }
        }
        Ok(())
    }

    /// Sends every step. Offsets go in large requests; the rest one by one, and
    /// a failed step stops those behind it.
    async fn send(&self, plan: &Plan, grant: &WriteGrant) -> Vec<StepStatus> {
        let mut statuses = vec![StepStatus::Skipped; plan.steps.len()];
        if let Change::ResetOffsets { group, .. } | Change::Undo { group, .. } = &plan.change {
            self.send_moves(plan, group, grant, &mut statuses).await;
        }
        for (step, status) in plan.steps.iter().zip(&mut statuses) {
            let result = match step {
                Step::MoveOffset(_) => continue,
                Step::AddPartitions { topic, after, assignments, .. } => {
                    admin::topics::add_partitions(self.client(), grant, topic, *after, assignments).await
                }
                Step::CreateTopic { topic, partitions, replication_factor, configs } => {
                    let topic = admin::topics::NewTopic {
                        name: topic.clone(),
                        partitions: partitions.unwrap_or(-1),
                        replication_factor: replication_factor.unwrap_or(-1),
                        assignments: Vec::new(),
                        configs: configs.clone(),
                    };
                    admin::topics::create(self.client(), grant, &topic).await
                }
                Step::DeleteTopic { topic, .. } => admin::topics::delete(self.client(), grant, topic).await,
            };
            *status = status_of(result);
            if *status != StepStatus::Done {
                break;
            }
        }
        statuses
    }

    async fn send_moves(&self, plan: &Plan, group: &GroupId, grant: &WriteGrant, statuses: &mut [StepStatus]) {
        let (mut commits, mut deletions) = (Vec::new(), Vec::new());
        let (mut commit_at, mut delete_at) = (Vec::new(), Vec::new());
        for (index, step) in plan.steps.iter().enumerate() {
            let Step::MoveOffset(step) = step else { continue };
            match step.target {
                Some(offset) => {
                    commits.push(admin::offsets::CommitRow {
                        partition: partition_of(step),
                        offset,
                        leader_epoch: step.leader_epoch,
                        metadata: step.metadata.clone(),
                    });
                    commit_at.push(index);
                }
                None => {
                    deletions.push(partition_of(step));
                    delete_at.push(index);
                }
            }
        }
        let mut results = Vec::with_capacity(plan.steps.len());
        if !commits.is_empty() {
            let answers = admin::offsets::commit(self.client(), grant, group, &commits).await;
            results.extend(commit_at.into_iter().zip(answers));
        }
        if !deletions.is_empty() {
            let answers = admin::offsets::delete(self.client(), grant, group, &deletions).await;
            results.extend(delete_at.into_iter().zip(answers));
        }
        for (index, result) in results {
            if let Some(status) = statuses.get_mut(index) {
                *status = status_of(result);
            }
        }
    }

    /// Compares what the cluster says now with what was planned.
    async fn read_back(&self, plan: &Plan, statuses: &mut [StepStatus], notes: &mut Vec<String>) {
        match &plan.change {
            Change::ResetOffsets { group, .. } | Change::Undo { group, .. } => match self.commits_of(group).await {
                Ok(commits) => compare_moves(plan, &commits, statuses, notes),
                Err(failure) => notes.push(format!("the offsets could not be read back: {failure}")),
            },
            Change::AddPartitions { topic } | Change::CreateTopic { topic } | Change::DeleteTopic { topic } => {
                self.read_back_topic(plan, topic, statuses, notes).await;
            }
        }
    }

    async fn read_back_topic(
        &self,
        plan: &Plan,
        name: &TopicName,
        statuses: &mut [StepStatus],
        notes: &mut Vec<String>,
    ) {
        // Brokers learn of a topic change one after the other: look until it shows.
        const PAUSES_MILLIS: [u64; 7] = [0, 50, 100, 200, 400, 800, 1600];
        let mut found = None;
        for pause in PAUSES_MILLIS {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            match admin::topics::metadata(self.client(), Some(std::slice::from_ref(name))).await {
                Ok(metadata) => {
                    let partitions =
                        metadata.topics.iter().find(|topic| topic.name == *name).map(|topic| topic.partitions.len());
                    found = Some(partitions);
                    if plan.steps.iter().all(|step| shows(step, partitions)) {
                        break;
                    }
                }
                Err(failure) => {
                    notes.push(format!("the topic could not be read back: {failure}"));
                    return;
                }
            }
        }
        let Some(partitions) = found else { return };
        let seen = partitions.map_or("no topic".into(), |partitions| format!("{partitions} partitions"));
        for (step, status) in plan.steps.iter().zip(statuses) {
            match (&*status, shows(step, partitions)) {
                (StepStatus::Unknown(_), true) => *status = StepStatus::Done,
                (StepStatus::Done, false) => *status = StepStatus::Overwritten { found: seen.clone() },
                _ => {}
            }
        }
        notes.push(format!("read back: {name}: {seen}"));
    }

    /// Looks at an applied reset again, some seconds later: sentences about
    /// offsets that moved although nobody joined the group.
    pub async fn look_again(&self, plan: &Plan) -> Result<Vec<String>, Failure> {
        let (Change::ResetOffsets { group, .. } | Change::Undo { group, .. }) = &plan.change else {
            return Ok(Vec::new());
        };
        let (description, commits) = tokio::join!(self.describe_one(group), self.commits_of(group));
        let (description, commits) = (description?, commits?);
        let moved =
            plan.moves().filter(|step| commits.get(&partition_of(step)).map(|c| c.offset) != step.target).count();
        if moved == 0 {
            return Ok(Vec::new());
        }
        let members = description.members.len();
        Ok(vec![if members > 0 {
            format!("{group} is active again ({members} members) and has moved {moved} partitions on")
        } else {
            format!(
                "{moved} partitions of {group} moved although it has no members: something commits without joining \
                 (assign(), Flink, Spark, a mirror's sync), so the reset is probably overwritten"
            )
        }])
    }

    /// Waits until nobody is in the group. Dropping the future stops waiting.
    pub async fn wait_until_empty(&self, group: &GroupId, deadline: Duration) -> Result<(), Failure> {
        let wait = async {
            loop {
                let description = self.describe_one(group).await?;
                if description.listing.state.is_inactive() {
                    return Ok(());
                }
                tokio::time::sleep(EMPTY_POLL).await;
            }
        };
        match tokio::time::timeout(deadline, wait).await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(
                FailureKind::Timeout,
                "wait for group",
                format!("it still has members after {} s", deadline.as_secs()),
            )
            .on(group.as_str())
            .hint("Stop its consumers and try again.")),
        }
    }
}

const LOOK_AGAIN: &str = "Nothing was changed; look at the new preview.";

fn refused(plan: &Plan, message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Conflict, "apply the plan", message).on(format!("for {}", plan.change.target()))
}

fn partition_of(step: &OffsetMove) -> TopicPartition {
    TopicPartition::new(step.topic.clone(), step.partition)
}

fn unique_topics(plan: &Plan) -> Vec<TopicName> {
    let mut topics: Vec<TopicName> = plan.moves().map(|step| step.topic.clone()).collect();
    topics.sort();
    topics.dedup();
    topics
}

fn members(description: &crate::domain::group::GroupDescription) -> String {
    match description.members.as_slice() {
        [] => "members on their way".into(),
        [one] => format!("1 member ({} on {})", one.client_id, one.host),
        many => format!("{} members", many.len()),
    }
}

fn status_of(result: Result<(), Failure>) -> StepStatus {
    match result {
        Ok(()) => StepStatus::Done,
        Err(failure) if failure.is_transient() => StepStatus::Unknown(failure),
        Err(failure) => StepStatus::Failed(failure),
    }
}

/// Does a topic with this many partitions (`None`: no topic) look as the step wants it?
fn shows(step: &Step, partitions: Option<usize>) -> bool {
    match step {
        Step::AddPartitions { after, .. } => partitions.and_then(|count| i32::try_from(count).ok()) == Some(*after),
        Step::CreateTopic { partitions: Some(wanted), .. } => {
            partitions.and_then(|count| i32::try_from(count).ok()) == Some(*wanted)
        }
        Step::CreateTopic { partitions: None, .. } => partitions.is_some(),
        Step::DeleteTopic { .. } => partitions.is_none(),
        Step::MoveOffset(_) => true,
    }
}

fn compare_moves(plan: &Plan, commits: &Commits, statuses: &mut [StepStatus], notes: &mut Vec<String>) {
    let mut verified = 0;
    for (step, status) in plan.steps.iter().zip(statuses.iter_mut()) {
        let Step::MoveOffset(step) = step else { continue };
        let found = commits.get(&partition_of(step)).map(|commit| commit.offset);
        if found == step.target {
            if matches!(status, StepStatus::Unknown(_)) {
                *status = StepStatus::Done;
            }
            verified += usize::from(*status == StepStatus::Done);
        } else if *status == StepStatus::Done {
            let found = found.map_or("nothing committed".into(), |offset| offset.to_string());
            *status = StepStatus::Overwritten { found };
        }
    }
    notes.push(format!("read back: {verified} of {} partitions hold their target", plan.steps.len()));
}

/// Files are written off the event loop.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Failure::new(FailureKind::Storage, "finish a file operation", error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::group::CommittedOffset;
    use crate::domain::plan::Confirm;

    fn plan_to(targets: &[Option<i64>]) -> Plan {
        let steps = targets
            .iter()
            .zip(0..)
            .map(|(target, partition)| {
                Step::MoveOffset(OffsetMove {
                    topic: "t".into(),
                    topic_id: None,
                    partition,
                    before: None,
                    target: *target,
                    metadata: String::new(),
                    leader_epoch: -1,
                    log_start: 0,
                    log_end: 100,
                    adjusted: None,
                    next: None,
                })
            })
            .collect();
        Plan {
            id: "p".into(),
            change: Change::ResetOffsets { group: "g".into(), creates_group: false },
            title: String::new(),
            summary: vec![],
            steps,
            checks: vec![],
            warnings: vec![],
            confirm: Confirm::Yes,
            not_undoable: None,
            command_line: String::new(),
            made_at: Time(0),
        }
    }

    fn commits(rows: &[(i32, i64)]) -> Commits {
        rows.iter()
            .map(|&(partition, offset)| {
                let commit = CommittedOffset { offset, leader_epoch: -1, metadata: String::new() };
                (TopicPartition::new("t".into(), partition), commit)
            })
            .collect()
    }

    fn lost() -> StepStatus {
        StepStatus::Unknown(Failure::new(FailureKind::Timeout, "commit offsets", "no answer"))
    }

    #[test]
    fn the_read_back_settles_what_was_unknown_and_tells_what_was_overwritten() {
        let plan = plan_to(&[Some(5), Some(6), Some(7), None]);
        let mut statuses = vec![StepStatus::Done, lost(), StepStatus::Done, StepStatus::Done];
        let mut notes = vec![];
        compare_moves(&plan, &commits(&[(0, 5), (1, 6), (2, 9)]), &mut statuses, &mut notes);
        assert_eq!(statuses[0], StepStatus::Done);
        assert_eq!(statuses[1], StepStatus::Done);
        assert_eq!(statuses[2], StepStatus::Overwritten { found: "9".into() });
        assert_eq!(statuses[3], StepStatus::Done);
        assert_eq!(notes, ["read back: 3 of 4 partitions hold their target"]);
    }

    #[test]
    fn what_was_never_answered_and_does_not_show_stays_unknown() {
        let mut statuses = vec![lost()];
        compare_moves(&plan_to(&[Some(5)]), &commits(&[]), &mut statuses, &mut vec![]);
        assert!(matches!(statuses[0], StepStatus::Unknown(_)));
    }

    #[test]
    fn a_deleted_topic_shows_as_gone() {
        let step = Step::DeleteTopic { topic: "t".into(), topic_id: None, partitions: 3, records: None };
        assert!(shows(&step, None));
        assert!(!shows(&step, Some(3)));
    }
}
