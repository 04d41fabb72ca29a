//! What the cluster says after a change, against what was planned.
//!
//! Invariant: a status is only ever corrected by what was found; a sentence that
//! says all is well weighs nothing.

use super::{Board, Cluster, moves_of, partition_of};
use crate::cluster::groups::Commits;
use crate::domain::plan::{Plan, Severity, Step, StepStatus, Warning};
use crate::domain::{Failure, GroupId, TopicName, show};
use crate::kafka::admin;
use std::time::Duration;

/// Brokers learn of a topic change one after the other: it is looked for so often.
pub(super) const LOOKS_MILLIS: [u64; 7] = [0, 50, 100, 200, 400, 800, 1600];

impl Cluster {
    pub(super) async fn read_back_moves(&self, plan: &Plan, group: &GroupId, board: &mut Board) -> Warning {
        match self.stands_at(group).await {
            Ok(commits) => {
                let (corrected, note) = compare_moves(plan, group, &commits, board);
                board.settle(corrected).await;
                note
            }
            Err(failure) => unread("the offsets", &failure),
        }
    }

    pub(super) async fn read_back_topic(&self, plan: &Plan, name: &TopicName, board: &mut Board) -> Warning {
        let mut found = None;
        for pause in LOOKS_MILLIS {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            match admin::topics::metadata(self.client(), Some(std::slice::from_ref(name))).await {
                Ok(metadata) => {
                    found =
                        metadata.topics.iter().find(|topic| topic.name == *name).map(|topic| topic.partitions.len());
                    if plan.steps.iter().all(|step| shows(step, found)) {
                        break;
                    }
                }
                Err(failure) => return unread("the topic", &failure),
            }
        }
        let seen = found.map_or("no topic".into(), |partitions| show::plural(partitions, "partition"));
        let mut corrected = Vec::new();
        let mut is_fine = true;
        for (index, step) in plan.steps.iter().enumerate() {
            if !step.is_of_topic() {
                continue;
            }
            let shows = shows(step, found);
            is_fine &= shows;
            match (board.of(index), shows) {
                (Some(StepStatus::Unknown(_)), true) => corrected.push((index, StepStatus::Done)),
                (Some(StepStatus::Done), false) => {
                    corrected.push((index, StepStatus::Overwritten { found: seen.clone() }));
                }
                _ => {}
            }
        }
        board.settle(corrected).await;
        Warning::new(weight(is_fine), format!("read back: {name}: {seen}"))
    }

    /// Looks at an applied change again, some seconds later: sentences about
    /// offsets that moved although nobody joined the group.
    pub async fn look_again(&self, plan: &Plan) -> Result<Vec<Warning>, Failure> {
        let groups = plan.groups();
        futures::future::try_join_all(groups.iter().map(|group| self.look_again_at(plan, group))).await
    }

    async fn look_again_at(&self, plan: &Plan, group: &GroupId) -> Result<Warning, Failure> {
        let (description, positions) = self.described(group).await?;
        let commits = positions?.commits;
        let moved = moves_of(plan, group)
            .filter(|(_, step)| commits.get(&partition_of(step)).map(|commit| commit.offset) != step.target)
            .count();
        let members = description.members.len();
        let partitions = show::plural(moved, "partition");
        Ok(match (moved, members) {
            (0, _) => Warning::new(Severity::Fine, format!("looked at again: {group} is still where it was put")),
            (_, 0) => {
                let text = format!(
                    "{partitions} of {group} moved although it has no members: something commits without joining \
                     (assign(), Flink, Spark, a mirror's sync), so the reset is probably overwritten"
                );
                Warning::new(Severity::Warning, text)
            }
            _ => {
                let members = show::plural(members, "member");
                let text = format!("{group} is active again ({members}) and has moved {partitions} on");
                Warning::new(Severity::Note, text)
            }
        })
    }
}

fn weight(is_fine: bool) -> Severity {
    if is_fine { Severity::Fine } else { Severity::Warning }
}

fn unread(what: &str, failure: &Failure) -> Warning {
    Warning::new(Severity::Warning, format!("{what} could not be read back: {failure}"))
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
        Step::MoveOffset(_)
        | Step::DeleteGroup { .. }
        | Step::RemoveMember { .. }
        | Step::Produce(_)
        | Step::Resend(_)
        | Step::SetGroupConfig { .. } => true,
    }
}

/// The statuses that a look at the commits corrects, and a sentence about all.
fn compare_moves(
    plan: &Plan,
    group: &GroupId,
    commits: &Commits,
    board: &Board,
) -> (Vec<(usize, StepStatus)>, Warning) {
    let (mut verified, mut all, mut corrected) = (0, 0, Vec::new());
    for (index, step) in moves_of(plan, group) {
        all += 1;
        let found = commits.get(&partition_of(step)).map(|commit| commit.offset);
        match board.of(index) {
            Some(StepStatus::Done | StepStatus::Unknown(_)) if found == step.target => {
                verified += 1;
                corrected.push((index, StepStatus::Done));
            }
            Some(StepStatus::Done) => {
                let found = found.map_or("nothing committed".into(), |offset| offset.to_string());
                corrected.push((index, StepStatus::Overwritten { found }));
            }
            _ => {}
        }
    }
    corrected.retain(|(index, status)| board.of(*index) != Some(status));
    let of = if plan.groups().len() > 1 { format!(" of {group}") } else { String::new() };
    let are_deleted = moves_of(plan, group).all(|(_, step)| step.target.is_none());
    let hold = match (are_deleted, all) {
        (true, 1) => "has no commit any more",
        (true, _) => "have no commit any more",
        (false, 1) => "holds its target",
        (false, _) => "hold their target",
    };
    let text = format!("read back: {verified} of {}{of} {hold}", show::plural(all, "partition"));
    (corrected, Warning::new(weight(verified == all), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::CommittedOffset;
    use crate::domain::plan::{Change, Confirm, OffsetMove};
    use crate::domain::{FailureKind, Time, TopicPartition};

    fn plan_to(targets: &[Option<i64>]) -> Plan {
        let steps = targets
            .iter()
            .zip(0..)
            .map(|(target, partition)| {
                Step::MoveOffset(OffsetMove {
                    group: None,
                    topic: "t".into(),
                    topic_id: None,
                    partition,
                    before: None,
                    target: *target,
                    metadata: String::new(),
                    leader_epoch: -1,
                    log_start: Some(0),
                    log_end: Some(100),
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
            finishes: None,
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

    async fn after(plan: &Plan, statuses: Vec<StepStatus>, rows: &[(i32, i64)]) -> (Vec<StepStatus>, Warning) {
        let mut board = Board { statuses, progress: None };
        let (corrected, note) = compare_moves(plan, &"g".into(), &commits(rows), &board);
        board.settle(corrected).await;
        (board.statuses, note)
    }

    #[tokio::test]
    async fn the_read_back_settles_what_was_unknown_and_tells_what_was_overwritten() {
        let plan = plan_to(&[Some(5), Some(6), Some(7), None]);
        let statuses = vec![StepStatus::Done, lost(), StepStatus::Done, StepStatus::Done];
        let (statuses, note) = after(&plan, statuses, &[(0, 5), (1, 6), (2, 9)]).await;
        assert_eq!(statuses[0], StepStatus::Done);
        assert_eq!(statuses[1], StepStatus::Done);
        assert_eq!(statuses[2], StepStatus::Overwritten { found: "9".into() });
        assert_eq!(statuses[3], StepStatus::Done);
        assert_eq!(note, Warning::new(Severity::Warning, "read back: 3 of 4 partitions hold their target"));
    }

    #[tokio::test]
    async fn a_read_back_that_found_all_well_says_so_calmly() {
        let (_, note) = after(&plan_to(&[Some(5)]), vec![StepStatus::Done], &[(0, 5)]).await;
        assert_eq!(note, Warning::new(Severity::Fine, "read back: 1 of 1 partition holds its target"));
    }

    #[tokio::test]
    async fn what_was_never_answered_and_does_not_show_stays_unknown() {
        let (statuses, note) = after(&plan_to(&[Some(5)]), vec![lost()], &[]).await;
        assert!(matches!(statuses[0], StepStatus::Unknown(_)));
        assert_eq!(note.severity, Severity::Warning);
    }

    #[tokio::test]
    async fn only_what_the_look_changed_is_told_again() {
        let (progress, mut told) = tokio::sync::mpsc::channel(8);
        let mut board = Board { statuses: vec![StepStatus::Done, lost()], progress: Some(progress) };
        let plan = plan_to(&[Some(5), Some(6)]);
        let (corrected, _) = compare_moves(&plan, &"g".into(), &commits(&[(0, 5), (1, 6)]), &board);
        board.settle(corrected).await;
        assert_eq!(told.try_recv(), Ok(vec![(1, StepStatus::Done)]));
        assert!(told.try_recv().is_err());
    }

    #[test]
    fn a_deleted_topic_shows_as_gone() {
        let step = Step::DeleteTopic { topic: "t".into(), topic_id: None, partitions: 3, records: None };
        assert!(shows(&step, None));
        assert!(!shows(&step, Some(3)));
    }
}
