//! The only way a plan becomes a change.
//!
//! In this order, always: look again whether the plan still holds, write the
//! intent to the journal, send, read back, write the result. A plan that no
//! longer holds is refused whole and nothing is sent. Kafka has no atomic
//! check-and-commit; what changes between the look and the send shows at the
//! read-back and is reported, never hidden.

mod groups;
mod produce;
mod read_back;
mod recheck;
mod share;

use super::{Cluster, lock};
use crate::domain::plan::{Change, OffsetMove, Outcome, Plan, Severity, Step, StepStatus, Warning};
use crate::domain::{Failure, FailureKind, GroupId, TopicPartition, WriteGrant};
use crate::kafka::admin;
use std::time::Duration;
use tokio::sync::mpsc;

/// Where results go as they become known: steps by their index. A status may come
/// twice: as the cluster answered, and corrected by what was read back.
pub type Progress = mpsc::Sender<Vec<(usize, StepStatus)>>;

/// How often a group is looked at while waiting for it to empty.
const EMPTY_POLL: Duration = Duration::from_millis(1000);
/// A broker hears of new partitions a little after the controller made them.
const HEARS_LATE_MILLIS: [u64; 6] = [50, 100, 200, 400, 800, 1600];

/// What is known about each step so far, told as it changes.
pub(super) struct Board {
    statuses: Vec<StepStatus>,
    progress: Option<Progress>,
}

impl Board {
    fn new(steps: usize, progress: Option<Progress>) -> Self {
        Self { statuses: vec![StepStatus::Skipped; steps], progress }
    }

    pub(super) fn of(&self, index: usize) -> Option<&StepStatus> {
        self.statuses.get(index)
    }

    pub(super) async fn settle(&mut self, known: Vec<(usize, StepStatus)>) {
        for (index, status) in &known {
            if let Some(place) = self.statuses.get_mut(*index) {
                place.clone_from(status);
            }
        }
        if let Some(progress) = &self.progress
            && !known.is_empty()
            && progress.send(known).await.is_err()
        {
            // Nobody looks any more; the change goes on.
            self.progress = None;
        }
    }
}

impl Cluster {
    /// Applies a plan exactly as it was shown. An `Err` means that nothing was sent.
    pub async fn apply(&self, plan: &Plan, grant: &WriteGrant, progress: Option<Progress>) -> Result<Outcome, Failure> {
        self.apply_from(self, plan, grant, progress).await
    }

    /// The same where records of another cluster are sent.
    pub async fn apply_from(
        &self,
        source: &Cluster,
        plan: &Plan,
        grant: &WriteGrant,
        progress: Option<Progress>,
    ) -> Result<Outcome, Failure> {
        if let Some(check) = plan.failed_check() {
            return Err(refused(plan, format!("a precondition does not hold: {}", check.text)));
        }
        self.recheck(plan, source).await?;
        let journal = self.journal_file().await?;
        let (begin, profile, intent, now) = (journal.clone(), self.profile().name.clone(), plan.clone(), self.now());
        blocking(move || begin.begin(&profile, &intent, now)).await?;

        let mut board = Board::new(plan.steps.len(), progress);
        let mut notes = Vec::new();
        let mut written = Vec::new();
        if let Change::Produce(produce) = &plan.change {
            let sent = self.write_records(plan, produce, grant, &mut board).await;
            (notes, written) = (sent.notes, sent.written);
        }
        let mut reached = Vec::new();
        if let Change::Resend(resend) = &plan.change {
            let sent = self.send_again(source, plan, resend, grant, &mut board).await;
            (notes, reached) = (sent.notes, sent.reached);
        }
        self.change_topic(plan, grant, &mut board).await;
        if let Some(topic) = plan.change.topic() {
            notes.push(self.read_back_topic(plan, topic, &mut board).await);
        }
        // Offsets may be about partitions that were to be added just now.
        let is_ready = plan
            .steps
            .iter()
            .zip(&board.statuses)
            .all(|(step, status)| !step.is_of_topic() || *status == StepStatus::Done);
        if is_ready {
            notes.extend(self.change_groups(plan, grant, &mut board).await);
        }
        let mut outcome =
            Outcome { plan_id: plan.id.clone(), at: self.now(), steps: board.statuses, notes, written, reached };
        let written = outcome.clone();
        if let Err(failure) = blocking(move || journal.finish(&written)).await {
            let text = format!("the change was made, but its result could not be journaled: {failure}");
            outcome.notes.push(Warning::new(Severity::Danger, text));
        } else if let Change::Resend(resend) = &plan.change
            && outcome.is_complete()
        {
            // Not before: without a result its positions are all that tells what was sent.
            outcome.notes.extend(self.give_up_positions(plan, resend, &outcome.reached, grant).await);
        }
        outcome.notes.extend(self.save_undo_file(plan, &outcome).await);
        Ok(outcome)
    }

    /// Sends what is about groups, and reads it back.
    async fn change_groups(&self, plan: &Plan, grant: &WriteGrant, board: &mut Board) -> Vec<Warning> {
        let mut notes = Vec::new();
        let groups = plan.groups();
        for group in &groups {
            lock(&self.inner.lags).our_change_begins(group);
        }
        if plan.deleted_groups().next().is_some() {
            self.delete_groups(plan, grant, board).await;
            notes.extend(self.read_back_groups(plan, board).await);
        }
        for group in groups {
            if !plan.deletes(group) {
                self.send_moves(plan, group, grant, board).await;
            }
            if moves_of(plan, group).next().is_some() {
                notes.push(self.read_back_moves(plan, group, board).await);
            }
            let is_known = !board.statuses.iter().any(|status| matches!(status, StepStatus::Unknown(_)));
            lock(&self.inner.lags).our_change_ends(group, is_known, self.now());
        }
        if let Change::RemoveMembers { group } = &plan.change {
            self.remove_members(plan, group, grant, board).await;
            notes.push(self.read_back_members(plan, group, board).await);
        }
        if let Some(group) = plan.change.group()
            && plan.steps.iter().any(|step| matches!(step, Step::SetGroupConfig { .. }))
        {
            self.configure_group(plan, group, grant, board).await;
            notes.push(self.read_back_settings(plan, group, board).await);
        }
        notes
    }

    /// Sends what is about a topic, one step after the other; a failed one stops
    /// those behind it.
    async fn change_topic(&self, plan: &Plan, grant: &WriteGrant, board: &mut Board) {
        for (index, step) in plan.steps.iter().enumerate() {
            let result = match step {
                Step::MoveOffset(_)
                | Step::DeleteGroup { .. }
                | Step::RemoveMember { .. }
                | Step::Produce(_)
                | Step::Resend(_)
                | Step::SetGroupConfig { .. } => continue,
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
            let status = status_of(result);
            let goes_on = status == StepStatus::Done;
            board.settle(vec![(index, status)]).await;
            if !goes_on {
                break;
            }
        }
    }

    /// Commits and deletes the offsets of one group, in large requests; each row
    /// is told as its request is answered.
    async fn send_moves(&self, plan: &Plan, group: &GroupId, grant: &WriteGrant, board: &mut Board) {
        if plan.change.is_of_share_group(group) {
            return self.send_starts(plan, group, grant, board).await;
        }
        let mut commits = Vec::new();
        let mut deletions = Vec::new();
        for (index, step) in moves_of(plan, group) {
            match step.target {
                Some(offset) => {
                    let row = admin::offsets::CommitRow {
                        partition: partition_of(step),
                        offset,
                        leader_epoch: step.leader_epoch,
                        metadata: step.metadata.clone(),
                    };
                    commits.push((index, plan.adds(step), row));
                }
                None => deletions.push((index, partition_of(step))),
            }
        }
        for rows in commits.chunks(admin::offsets::BATCH) {
            self.send_commits(group, rows, grant, board).await;
        }
        for rows in deletions.chunks(admin::offsets::BATCH) {
            let partitions: Vec<TopicPartition> = rows.iter().map(|(_, partition)| partition.clone()).collect();
            let answers = admin::offsets::delete(self.client(), grant, group, &partitions).await;
            let known = rows.iter().zip(answers).map(|((index, _), answer)| (*index, status_of(answer)));
            board.settle(known.collect()).await;
        }
    }

    /// Sends rows of (step, is its partition new, what to commit). A partition that
    /// was added a moment ago may be news to the coordinator: those are sent again.
    async fn send_commits(
        &self,
        group: &GroupId,
        rows: &[(usize, bool, admin::offsets::CommitRow)],
        grant: &WriteGrant,
        board: &mut Board,
    ) {
        let mut left: Vec<&(usize, bool, admin::offsets::CommitRow)> = rows.iter().collect();
        let mut pauses = HEARS_LATE_MILLIS.into_iter();
        loop {
            let commits: Vec<_> = left.iter().map(|(_, _, row)| row.clone()).collect();
            let answers = admin::offsets::commit(self.client(), grant, group, &commits).await;
            let pause = pauses.next();
            let mut again = Vec::new();
            let mut known = Vec::new();
            for (row, answer) in left.into_iter().zip(answers) {
                let is_news = row.1 && answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::NotFound);
                if is_news && pause.is_some() {
                    again.push(row);
                } else {
                    known.push((row.0, status_of(answer)));
                }
            }
            board.settle(known).await;
            match pause {
                Some(pause) if !again.is_empty() => tokio::time::sleep(Duration::from_millis(pause)).await,
                _ => return,
            }
            left = again;
        }
    }

    /// Waits until nobody is in any of the groups. Dropping the future stops waiting.
    pub async fn wait_until_empty(&self, groups: &[GroupId], deadline: Duration) -> Result<(), Failure> {
        let waits = groups.iter().map(|group| self.wait_for_one(group, deadline));
        futures::future::try_join_all(waits).await.map(|_| ())
    }

    async fn wait_for_one(&self, group: &GroupId, deadline: Duration) -> Result<(), Failure> {
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

fn refused(plan: &Plan, message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Conflict, "apply the plan", message).on(format!("for {}", plan.change.target()))
}

fn partition_of(step: &OffsetMove) -> TopicPartition {
    TopicPartition::new(step.topic.clone(), step.partition)
}

/// The moves of one group's offsets, each with the index of its step.
fn moves_of<'a>(plan: &'a Plan, group: &'a GroupId) -> impl Iterator<Item = (usize, &'a OffsetMove)> {
    plan.steps.iter().enumerate().filter_map(move |(index, step)| match step {
        Step::MoveOffset(step) if plan.group_of(step) == Some(group) => Some((index, step)),
        _ => None,
    })
}

fn status_of(result: Result<(), Failure>) -> StepStatus {
    match result {
        Ok(()) => StepStatus::Done,
        Err(failure) if failure.is_transient() => StepStatus::Unknown(failure),
        Err(failure) => StepStatus::Failed(failure),
    }
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
