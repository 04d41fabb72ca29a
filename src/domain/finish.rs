//! Changes that began and whose end was never written down.
//!
//! Owns: what the cluster shows of each step now, and the plan for the rest.
//! Facts come in as arguments.
//! Invariant: a step counts as done or not done only where the cluster shows what
//! was to be or what was before; everything else is unknown, with the reason.

use super::group::{CommittedOffset, GroupDescription, GroupState};
use super::plan::{Change, Check, Confirm, OffsetMove, Plan, Severity, Step, StepStatus, Warning};
use super::reset::{TouchedGroup, checks, confirm, group_warnings};
use super::{Failure, FailureKind, Time, TopicId, command_line, show};
use jiff::tz::TimeZone;

/// A topic as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicNow {
    pub id: Option<TopicId>,
    pub partitions: i32,
}

/// What became of a move: the group has committed `now` there.
pub fn judge_move(step: &OffsetMove, now: Option<&CommittedOffset>, topic: Option<TopicNow>) -> StepStatus {
    if is_another(step.topic_id, topic) {
        return unknown("the topic was deleted and created again since");
    }
    let offset = now.map(|commit| commit.offset);
    if offset == step.target {
        StepStatus::Done
    } else if now == step.before.as_ref() {
        StepStatus::NotDone
    } else {
        let found = offset.map_or("nothing".into(), show::offset);
        unknown(format!("{found} is committed there: neither what was before nor what was to be"))
    }
}

/// What became of a step that is about a topic; `None`: there is no such topic.
pub fn judge_topic(step: &Step, now: Option<TopicNow>) -> StepStatus {
    match (step, now) {
        (Step::AddPartitions { .. }, None) => unknown("the topic is gone"),
        (Step::AddPartitions { topic_id, .. }, Some(_)) if is_another(*topic_id, now) => {
            unknown("the topic was deleted and created again since")
        }
        (Step::AddPartitions { before, after, .. }, Some(topic)) => match topic.partitions {
            count if count == *after => StepStatus::Done,
            count if count == *before => StepStatus::NotDone,
            count => unknown(format!("it has {count} partitions: neither {before} nor {after}")),
        },
        (Step::CreateTopic { .. }, None) => StepStatus::NotDone,
        (Step::CreateTopic { partitions, .. }, Some(topic)) => match partitions {
            Some(wanted) if *wanted != topic.partitions => {
                unknown(format!("a topic of this name has {} partitions, not {wanted}", topic.partitions))
            }
            _ => StepStatus::Done,
        },
        (Step::DeleteTopic { .. }, None) => StepStatus::Done,
        (Step::DeleteTopic { topic_id, .. }, Some(topic)) => match (topic_id, topic.id) {
            (Some(then), Some(now)) if *then == now => StepStatus::NotDone,
            // The one that was to go is gone: this one came after it.
            (Some(_), Some(_)) => StepStatus::Done,
            _ => unknown("a topic of this name is there, and no id tells whether it is the same"),
        },
        (
            Step::MoveOffset(_)
            | Step::DeleteGroup { .. }
            | Step::RemoveMember { .. }
            | Step::Produce(_)
            | Step::Resend(_)
            | Step::SetGroupConfig { .. },
            _,
        ) => unknown("it is not about a topic"),
    }
}

/// What became of a step that is about a group itself or a member of it.
pub fn judge_group(step: &Step, now: &GroupDescription) -> StepStatus {
    let is_still_there = match step {
        Step::DeleteGroup { .. } => now.listing.state != GroupState::Dead,
        Step::RemoveMember { member_id, .. } => now.members.iter().any(|member| member.member_id == *member_id),
        Step::MoveOffset(_)
        | Step::AddPartitions { .. }
        | Step::CreateTopic { .. }
        | Step::DeleteTopic { .. }
        | Step::Produce(_)
        | Step::Resend(_)
        | Step::SetGroupConfig { .. } => return unknown("it is not about who is in a group"),
    };
    if is_still_there { StepStatus::NotDone } else { StepStatus::Done }
}

fn is_another(then: Option<TopicId>, now: Option<TopicNow>) -> bool {
    matches!((then, now.and_then(|topic| topic.id)), (Some(then), Some(now)) if then != now)
}

fn unknown(reason: impl Into<String>) -> StepStatus {
    StepStatus::Unknown(Failure::new(FailureKind::Conflict, "tell what became of it", reason))
}

/// A sentence about what was found, for whoever opens the change.
pub fn found(steps: &[StepStatus]) -> Warning {
    let count = |is: fn(&StepStatus) -> bool| steps.iter().filter(|status| is(status)).count();
    let done = count(|status| *status == StepStatus::Done);
    let not_done = count(|status| *status == StepStatus::NotDone);
    let rest = steps.len() - done - not_done;
    let mut text = format!("no result was written; as the cluster is now, {done} of {} done", steps_of(steps.len()));
    if not_done > 0 {
        text.push_str(&format!(", {not_done} not done"));
    }
    if rest > 0 {
        text.push_str(&format!(", {rest} unknown: verify"));
    }
    let severity = if rest > 0 { Severity::Warning } else { Severity::Note };
    Warning::new(severity, text)
}

fn steps_of(count: usize) -> String {
    show::plural(count, "step")
}

/// Everything a plan for the rest depends on.
#[derive(Clone, Debug)]
pub struct FinishInputs<'a> {
    pub id: String,
    pub now: Time,
    pub zone: TimeZone,
    pub begun: &'a Plan,
    pub began: Time,
    /// What the cluster shows of each step.
    pub steps: &'a [StepStatus],
    /// The groups whose offsets it moves.
    pub groups: Vec<TouchedGroup>,
    pub production: bool,
}

/// The plan that does what was not done, or why that is not safe.
pub fn plan_finish(inputs: FinishInputs<'_>) -> Result<Plan, Failure> {
    let begun = inputs.begun;
    let refused = |message: String, hint: &str| {
        Err(Failure::new(FailureKind::Conflict, "finish", message).on(begun.id.as_str()).hint(hint))
    };
    let doubtful = inputs.steps.iter().find_map(|status| match status {
        StepStatus::Done | StepStatus::NotDone => None,
        StepStatus::Unknown(failure) | StepStatus::Failed(failure) => Some(failure.message.clone()),
        StepStatus::Overwritten { found } => Some(format!("found {found}")),
        StepStatus::Skipped => Some("it was not looked at".into()),
    });
    if let Some(reason) = doubtful {
        return refused(
            format!("what became of it cannot be told everywhere: {reason}"),
            "Verify by hand; undo puts back what still holds the applied value.",
        );
    }
    if matches!(begun.change, Change::Produce(_)) {
        return refused(
            "the records themselves are not kept in the journal".into(),
            "Nothing of it was written: produce it again, and settle this one.",
        );
    }
    let rest: Vec<Step> = begun
        .steps
        .iter()
        .zip(inputs.steps)
        .filter(|(_, status)| **status == StepStatus::NotDone)
        .map(|(step, _)| step.clone())
        .collect();
    if rest.is_empty() {
        return refused("everything was done: nothing is left".into(), "Settle it: that writes down what was found.");
    }
    let moves: Vec<OffsetMove> = rest
        .iter()
        .filter_map(|step| match step {
            Step::MoveOffset(step) => Some(step.clone()),
            Step::AddPartitions { .. }
            | Step::CreateTopic { .. }
            | Step::DeleteTopic { .. }
            | Step::DeleteGroup { .. }
            | Step::RemoveMember { .. }
            | Step::Produce(_)
            | Step::Resend(_)
            | Step::SetGroupConfig { .. } => None,
        })
        .collect();
    let mut all_checks = Vec::new();
    if moves.len() < rest.len() {
        all_checks.push(Check::new(Some(true), "the cluster shows that it was not done"));
    }
    let mut asked = begun.confirm.clone();
    if !moves.is_empty() {
        let found = checks(&inputs.groups, &moves, inputs.now, &inputs.zone);
        // Members that do not read what is deleted may stay, as when it began.
        let may_be_alive = matches!(begun.change, Change::DeleteOffsets { .. });
        all_checks.extend(found.into_iter().skip(if may_be_alive { inputs.groups.len() } else { 0 }));
        if asked == Confirm::Yes {
            asked = confirm(&begun.change.target(), &inputs.groups, &moves, inputs.production);
        }
    }
    let done = begun.steps.len() - rest.len();
    let summary = vec![
        format!("{done} of {} were done, {} are left", steps_of(begun.steps.len()), rest.len()),
        format!("it began {} and was cut short", inputs.began.show(&inputs.zone)),
    ];
    let title = begun.title.strip_prefix(FINISH).unwrap_or(&begun.title);
    Ok(Plan {
        title: format!("{FINISH}{title}"),
        summary,
        checks: all_checks,
        warnings: group_warnings(&inputs.groups),
        confirm: asked,
        not_undoable: begun.not_undoable.clone(),
        command_line: command_line::join(["klamm", "journal", "finish", begun.id.as_str()]),
        made_at: inputs.now,
        steps: rest,
        change: begun.change.clone(),
        finishes: Some(begun.id.clone()),
        id: inputs.id,
    })
}

const FINISH: &str = "Finish: ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::{GroupListing, GroupType};
    use crate::domain::origin::GroupRole;
    use rstest::rstest;

    fn commit(offset: i64) -> CommittedOffset {
        CommittedOffset { offset, leader_epoch: 3, metadata: "m".into() }
    }

    fn moved(partition: i32, before: Option<i64>, target: Option<i64>) -> OffsetMove {
        OffsetMove {
            group: None,
            topic: "t".into(),
            topic_id: Some(TopicId(7)),
            partition,
            before: before.map(commit),
            target,
            metadata: String::new(),
            leader_epoch: -1,
            log_start: Some(0),
            log_end: Some(100),
            adjusted: None,
            next: None,
        }
    }

    fn topic(id: u128, partitions: i32) -> Option<TopicNow> {
        Some(TopicNow { id: Some(TopicId(id)), partitions })
    }

    /// `D` done, `N` not done, `?` unknown.
    fn word(status: &StepStatus) -> char {
        match status {
            StepStatus::Done => 'D',
            StepStatus::NotDone => 'N',
            StepStatus::Unknown(_) => '?',
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case::target(Some(5), Some(9), Some(9), 7, 'D')]
    #[case::before(Some(5), Some(9), Some(5), 7, 'N')]
    #[case::elsewhere(Some(5), Some(9), Some(6), 7, '?')]
    #[case::gone(Some(5), Some(9), None, 7, '?')]
    #[case::first_commit_done(None, Some(0), Some(0), 7, 'D')]
    #[case::first_commit_not_done(None, Some(0), None, 7, 'N')]
    #[case::deletion_done(Some(5), None, None, 7, 'D')]
    #[case::deletion_not_done(Some(5), None, Some(5), 7, 'N')]
    #[case::recreated(Some(5), Some(9), Some(9), 8, '?')]
    fn a_move(
        #[case] before: Option<i64>,
        #[case] target: Option<i64>,
        #[case] now: Option<i64>,
        #[case] id: u128,
        #[case] expected: char,
    ) {
        let now = now.map(commit);
        assert_eq!(word(&judge_move(&moved(0, before, target), now.as_ref(), topic(id, 1))), expected);
    }

    #[rstest]
    #[case::done(topic(7, 5), 'D')]
    #[case::not_done(topic(7, 3), 'N')]
    #[case::another_count(topic(7, 4), '?')]
    #[case::recreated(topic(8, 5), '?')]
    #[case::gone(None, '?')]
    fn added_partitions(#[case] now: Option<TopicNow>, #[case] expected: char) {
        let id = Some(TopicId(7));
        let step = Step::AddPartitions { topic: "t".into(), topic_id: id, before: 3, after: 5, assignments: vec![] };
        assert_eq!(word(&judge_topic(&step, now)), expected);
    }

    #[rstest]
    #[case::done(topic(7, 5), Some(5), 'D')]
    #[case::done_by_default(topic(7, 1), None, 'D')]
    #[case::not_done(None, Some(5), 'N')]
    #[case::another(topic(7, 4), Some(5), '?')]
    fn a_created_topic(#[case] now: Option<TopicNow>, #[case] partitions: Option<i32>, #[case] expected: char) {
        let step = Step::CreateTopic { topic: "t".into(), partitions, replication_factor: None, configs: vec![] };
        assert_eq!(word(&judge_topic(&step, now)), expected);
    }

    #[rstest]
    #[case::done(None, 'D')]
    #[case::not_done(topic(7, 3), 'N')]
    #[case::created_anew(topic(8, 3), 'D')]
    #[case::without_ids(Some(TopicNow { id: None, partitions: 3 }), '?')]
    fn a_deleted_topic(#[case] now: Option<TopicNow>, #[case] expected: char) {
        let id = Some(TopicId(7));
        let step = Step::DeleteTopic { topic: "t".into(), topic_id: id, partitions: 3, records: None };
        assert_eq!(word(&judge_topic(&step, now)), expected);
    }

    fn begun() -> Plan {
        Plan {
            id: "a".into(),
            change: Change::ResetOffsets { group: "g".into(), creates_group: false },
            title: "Reset g".into(),
            summary: vec![],
            steps: (0..3).map(|partition| Step::MoveOffset(moved(partition, Some(50), Some(70)))).collect(),
            checks: vec![],
            warnings: vec![],
            confirm: Confirm::Yes,
            not_undoable: None,
            command_line: String::new(),
            made_at: Time(0),
            finishes: None,
        }
    }

    fn finish(begun: &Plan, steps: &[StepStatus], production: bool) -> Result<Plan, Failure> {
        finish_in(GroupState::Empty, begun, steps, production)
    }

    fn finish_in(state: GroupState, begun: &Plan, steps: &[StepStatus], production: bool) -> Result<Plan, Failure> {
        let listing =
            GroupListing { id: "g".into(), state, kind: GroupType::Classic, protocol_type: "consumer".into() };
        let description = GroupDescription::of_listing(listing);
        plan_finish(FinishInputs {
            id: "b".into(),
            now: Time(9),
            zone: TimeZone::UTC,
            begun,
            began: Time(1),
            steps,
            groups: vec![TouchedGroup { description, role: GroupRole::Plain, commits_without_joining: false }],
            production,
        })
    }

    #[test]
    fn the_rest_is_planned_and_says_what_it_finishes() {
        let statuses = [StepStatus::Done, StepStatus::NotDone, StepStatus::NotDone];
        let plan = finish(&begun(), &statuses, false).unwrap();
        assert_eq!(plan.moves().map(|step| step.partition).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((plan.title.as_str(), plan.finishes.as_deref()), ("Finish: Reset g", Some("a")));
        assert_eq!(plan.change, begun().change);
        assert_eq!(plan.summary[0], "1 of 3 steps were done, 2 are left");
        assert!(plan.checks.iter().any(|check| check.text == "the group is empty"));
        assert_eq!(plan.confirm, Confirm::Yes);
        // It skips records, so production asks for the name, as the reset did.
        assert_eq!(finish(&begun(), &statuses, true).unwrap().confirm, Confirm::TypeName("g".into()));
        // And what was cut short twice is named once.
        let again = finish(&plan, &[StepStatus::NotDone, StepStatus::Done], false).unwrap();
        assert_eq!(again.title, "Finish: Reset g");
    }

    #[test]
    fn who_may_stay_when_offsets_are_deleted_may_stay_for_the_rest() {
        let left = [StepStatus::Done, StepStatus::NotDone, StepStatus::NotDone];
        let alive = |begun: &Plan| finish_in(GroupState::Stable, begun, &left, false).unwrap();
        assert!(alive(&begun()).failed_check().is_some(), "a reset needs an empty group");
        let steps = (0..3).map(|partition| Step::MoveOffset(moved(partition, Some(50), None))).collect();
        let deletion = Plan { change: Change::DeleteOffsets { group: "g".into() }, steps, ..begun() };
        assert!(alive(&deletion).failed_check().is_none());
    }

    #[test]
    fn what_becomes_of_a_group_and_of_its_members_is_seen() {
        let listing =
            |state| GroupListing { id: "g".into(), state, kind: GroupType::Classic, protocol_type: "consumer".into() };
        let describe = |state, members: &[&str]| GroupDescription {
            members: members
                .iter()
                .map(|id| crate::domain::group::Member {
                    member_id: (*id).into(),
                    client_id: "c".into(),
                    host: "h".into(),
                    ..crate::domain::group::Member::default()
                })
                .collect(),
            ..GroupDescription::of_listing(listing(state))
        };
        let deletion = Step::DeleteGroup { group: "g".into() };
        assert_eq!(word(&judge_group(&deletion, &describe(GroupState::Dead, &[]))), 'D');
        assert_eq!(word(&judge_group(&deletion, &describe(GroupState::Empty, &[]))), 'N');
        let removal = Step::RemoveMember {
            member_id: "a".into(),
            instance_id: None,
            client_id: "c".into(),
            host: "h".into(),
            partitions: 1,
        };
        assert_eq!(word(&judge_group(&removal, &describe(GroupState::Stable, &["a"]))), 'N');
        assert_eq!(word(&judge_group(&removal, &describe(GroupState::Stable, &["b"]))), 'D');
    }

    #[test]
    fn what_cannot_be_told_is_not_finished() {
        let doubt = judge_move(&moved(0, Some(5), Some(9)), Some(&commit(6)), topic(7, 1));
        let failure = finish(&begun(), &[StepStatus::Done, doubt.clone(), StepStatus::NotDone], false).unwrap_err();
        assert!(failure.to_string().contains("6 is committed there"), "{failure}");
        let failure = finish(&begun(), &[StepStatus::Done, StepStatus::Done, StepStatus::Done], false).unwrap_err();
        assert!(failure.to_string().contains("nothing is left"), "{failure}");
        let note = found(&[StepStatus::Done, doubt, StepStatus::NotDone]);
        assert_eq!(
            note.text,
            "no result was written; as the cluster is now, 1 of 3 steps done, 1 not done, 1 unknown: verify"
        );
    }
}
