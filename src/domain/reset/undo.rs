//! Taking back a change of offsets.
//!
//! Owns: which partitions can still be put back, and why not the others. An old
//! offset that the log no longer holds is lost and said so, never moved to the
//! nearest one.

use super::{LeftOut, TouchedGroup, checks, confirm, group_warnings, wording};
use crate::domain::group::CommittedOffset;
use crate::domain::plan::{Change, OffsetMove, Outcome, Plan, Severity, Step, Warning};
use crate::domain::{Fact, Failure, FailureKind, GroupId, Offset, Time, TopicId, TopicPartition, command_line, show};
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// What is known now about one partition of the plan to undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoPartition {
    pub group: GroupId,
    pub partition: TopicPartition,
    pub topic_id: Option<TopicId>,
    pub exists: bool,
    pub committed: Option<CommittedOffset>,
    pub start: Fact<Offset>,
    pub end: Fact<Offset>,
    /// Where the leader epoch of the old commit ends, as OffsetForLeaderEpoch says.
    pub epoch_end: Option<Offset>,
}

/// Everything an undo depends on.
#[derive(Clone, Debug)]
pub struct UndoInputs<'a> {
    pub id: String,
    pub now: Time,
    pub undone: &'a Plan,
    /// `None` when the change began and its end is not known.
    pub outcome: Option<&'a Outcome>,
    /// All groups whose offsets the change moved.
    pub groups: Vec<TouchedGroup>,
    /// The profile asks for more care.
    pub production: bool,
    pub partitions: Vec<UndoPartition>,
}

/// The plan that puts offsets back, or why there can be none.
pub fn plan_undo(inputs: UndoInputs<'_>) -> Result<Plan, Failure> {
    let now_there: HashMap<(&GroupId, &TopicPartition), &UndoPartition> =
        inputs.partitions.iter().map(|facts| ((&facts.group, &facts.partition), facts)).collect();
    let mut moves = Vec::new();
    let mut left_out = LeftOut::new();
    for (index, step) in inputs.undone.steps.iter().enumerate() {
        let Step::MoveOffset(applied) = step else { continue };
        let status = inputs.outcome.map(|outcome| outcome.steps.get(index));
        if matches!(status, Some(Some(status)) if status.is_unchanged()) {
            continue;
        }
        let here = TopicPartition::new(applied.topic.clone(), applied.partition);
        let facts = inputs.undone.group_of(applied).and_then(|group| now_there.get(&(group, &here)));
        let back = match facts {
            Some(facts) => put_back(applied, facts),
            None => Err("nothing is known about it now".into()),
        };
        match back {
            Ok(step) => moves.push(step),
            Err(reason) => left_out.entry(reason).or_default().push(here),
        }
    }
    if moves.is_empty() {
        let reason = left_out.iter().next().map_or_else(
            || "the change moved no offset".to_owned(),
            |(reason, partitions)| format!("{reason} ({})", wording::some(&partitions.iter().collect::<Vec<_>>())),
        );
        return Err(Failure::new(FailureKind::Conflict, "undo", reason)
            .on(inputs.undone.id.as_str())
            .hint("Reset the group to where it should be instead."));
    }
    let mut summary =
        vec![format!("{} · {}", show::plural(moves.len(), "partition"), wording::totals(&moves).join(" · "))];
    summary.push("puts positions back, not what consumers did meanwhile".into());
    let touches = |group: &TouchedGroup| moves.iter().any(|step| inputs.undone.group_of(step) == Some(group.id()));
    let groups: Vec<TouchedGroup> = inputs.groups.iter().filter(|group| touches(group)).cloned().collect();
    let mut warnings = group_warnings(&groups);
    warnings.extend(left_out.iter().map(|(reason, partitions)| {
        let names: Vec<&TopicPartition> = partitions.iter().collect();
        Warning::new(
            Severity::Warning,
            format!(
                "{} stay as they are, {reason}: {}",
                show::plural(partitions.len(), "partition"),
                wording::some(&names)
            ),
        )
    }));
    let undone = &inputs.undone.change;
    let title = match (undone.group(), undone.topic()) {
        (None, Some(topic)) => {
            summary.push("the new partitions stay: Kafka can add them and never take them away".into());
            format!("Undo: take the commits at the new partitions of {topic} back")
        }
        (Some(group), _) => format!("Undo: put {group} back to where it was"),
        (None, None) => format!("Undo: put {} back to where they were", show::plural(groups.len(), "group")),
    };
    let title = match groups.iter().filter(|group| group.would_be_created()).count() {
        0 => title,
        1 => format!("{title} (creates the group)"),
        many => format!("{title} (creates {})", show::plural(many, "group")),
    };
    let group = undone.group().cloned();
    let name = group.as_ref().map_or_else(|| undone.target(), |group| group.as_str().into());
    Ok(Plan {
        title,
        summary,
        warnings,
        checks: checks(&groups, &moves, inputs.now, &TimeZone::UTC),
        confirm: confirm(&name, &groups, &moves, inputs.production),
        not_undoable: None,
        command_line: command_line::join(["klamm", "journal", "undo", inputs.undone.id.as_str()]),
        made_at: inputs.now,
        finishes: None,
        steps: moves.into_iter().map(Step::MoveOffset).collect(),
        change: Change::Undo { of: inputs.undone.id.clone(), group },
        id: inputs.id,
    })
}

/// The move that takes `applied` back, or why this partition stays.
fn put_back(applied: &OffsetMove, now: &UndoPartition) -> Result<OffsetMove, String> {
    if !now.exists {
        return Err("the topic or partition is gone".into());
    }
    if let (Some(then), Some(now)) = (applied.topic_id, now.topic_id)
        && then != now
    {
        return Err("the topic was deleted and created again".into());
    }
    let offset_now = now.committed.as_ref().map(|committed| committed.offset);
    if now.committed == applied.before {
        return Err("the offset is where it was before".into());
    }
    if offset_now != applied.target {
        return Err("the offset is no longer the one that was applied".into());
    }
    let bound = |fact: &Fact<Offset>| match fact {
        Fact::Known(offset) => Ok(*offset),
        Fact::Unknown(reason) => Err(format!("where its log begins and ends is not known ({reason})")),
    };
    let (start, end) = (bound(&now.start)?, bound(&now.end)?);
    let (target, metadata, leader_epoch) = match &applied.before {
        None => (None, String::new(), -1),
        Some(before) if before.offset < start => {
            return Err("the old offset is lost: retention deleted what it pointed at".into());
        }
        Some(before) if before.offset > end => {
            return Err("the old offset lies beyond the end of the log now".into());
        }
        Some(before) => {
            // A stale epoch makes Java consumers ignore newer metadata; none
            // only costs them the detection of a truncation.
            let is_valid = now.epoch_end.is_some_and(|end| end >= before.offset);
            (Some(before.offset), before.metadata.clone(), if is_valid { before.leader_epoch } else { -1 })
        }
    };
    Ok(OffsetMove {
        group: applied.group.clone(),
        topic: applied.topic.clone(),
        topic_id: now.topic_id,
        partition: applied.partition,
        before: now.committed.clone(),
        target,
        metadata,
        leader_epoch,
        log_start: Some(start),
        log_end: Some(end),
        adjusted: None,
        next: None,
    })
}
