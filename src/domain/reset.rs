//! Moving a group's committed offsets: what exactly would change.
//!
//! Owns: the target of each partition, its limits, and what a plan says about
//! the whole. Facts about partitions come in as arguments, targets leave as
//! plain numbers.
//! Invariant: no target outside the log (except offsets that are committed
//! again unchanged), no partition without known bounds, and no partition left
//! out without a word.

mod many;
mod share;
mod target;
mod undo;
mod wording;

pub(super) use share::NO_UNDO as NO_UNDO_OF_SHARE;
pub(super) use wording::some;

pub use many::{as_copy, as_import, merge};
pub use undo::{UndoInputs, UndoPartition, plan_undo};

use super::group::{CommittedOffset, GroupDescription, GroupState, GroupType};
use super::origin::GroupRole;
use super::plan::{Change, Check, Confirm, OffsetMove, Plan, Severity, Step, Warning};
use super::{Fact, Failure, FailureKind, GroupId, Offset, Time, TopicId, TopicName, TopicPartition, show, when};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Where the offsets should go, with times already fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetTarget {
    Earliest,
    Latest,
    /// Commit again what is committed; the end where nothing is.
    Current,
    Offset(Offset),
    /// The first record in log order at or after this time.
    Time(Time),
    /// The same, said as milliseconds before now.
    Back {
        millis: i64,
        time: Time,
    },
    /// This many records on, or back when negative.
    Shift(i64),
    /// Where another group is; each partition brings the offset.
    Group(GroupId),
    /// Where the mirror of the cluster with this alias put it; each partition brings the offset.
    Mirror(String),
    /// What a file says; each partition brings the offset.
    File,
}

impl ResetTarget {
    /// The instant asked for, if the target is one.
    pub fn time(&self) -> Option<Time> {
        match self {
            Self::Time(time) | Self::Back { time, .. } => Some(*time),
            Self::Earliest
            | Self::Latest
            | Self::Current
            | Self::Offset(_)
            | Self::Shift(_)
            | Self::Group(_)
            | Self::Mirror(_)
            | Self::File => None,
        }
    }
}

/// What is known about one partition of the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionFacts {
    pub partition: TopicPartition,
    pub topic_id: Option<TopicId>,
    /// The cluster has this partition.
    pub exists: bool,
    pub committed: Option<CommittedOffset>,
    pub start: Fact<Offset>,
    pub end: Fact<Offset>,
    /// For targets by time: the first offset at or after it with its record's
    /// time, or that there is none.
    pub by_time: Option<Fact<Option<(Offset, Time)>>>,
    /// For targets by time: a record says that it was written later than
    /// [`CLOCK_TOLERANCE`] from now.
    pub is_ahead: bool,
    /// For targets from a group or a file.
    pub given: Option<CommittedOffset>,
}

/// Everything a reset plan depends on.
#[derive(Clone, Debug)]
pub struct ResetInputs {
    pub id: String,
    pub now: Time,
    pub zone: TimeZone,
    pub group: GroupDescription,
    pub role: GroupRole,
    /// The group does not exist and the user asked to create it.
    pub creates_group: bool,
    /// The profile asks for more care.
    pub production: bool,
    /// Its offsets were seen to move while nobody was in it.
    pub commits_without_joining: bool,
    /// The scope was "every topic with a commit".
    pub all_topics: bool,
    /// Topics that are in the scope with all their partitions.
    pub whole_topics: BTreeSet<TopicName>,
    pub target: ResetTarget,
    pub partitions: Vec<PartitionFacts>,
}

/// Partitions that a plan leaves out, by reason.
type LeftOut = BTreeMap<String, Vec<TopicPartition>>;

/// The plan for a reset, or why there can be none.
pub fn plan_reset(inputs: ResetInputs) -> Result<Plan, Failure> {
    let group = inputs.group.listing.id.clone();
    let fail = |kind, message: String| Failure::new(kind, "reset group", message).on(group.as_str());
    if matches!(inputs.target, ResetTarget::Shift(_)) {
        let without: Vec<&TopicPartition> =
            inputs.partitions.iter().filter(|p| p.exists && p.committed.is_none()).map(|p| &p.partition).collect();
        if !without.is_empty() {
            // As Kafka's own tool: a shift of some would look like a shift of all.
            return Err(fail(
                FailureKind::Invalid,
                format!("nothing is committed to shift from in {}", wording::some(&without)),
            )
            .hint("Leave those partitions out, or choose another target for them."));
        }
    }
    let mut moves = Vec::with_capacity(inputs.partitions.len());
    let mut left_out = LeftOut::new();
    for facts in &inputs.partitions {
        match target::of(facts, &inputs.target) {
            Ok(step) => moves.push(step),
            Err(reason) => left_out.entry(reason).or_default().push(facts.partition.clone()),
        }
    }
    moves.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    if moves.is_empty() {
        let reason = left_out.iter().next().map_or_else(
            || "no partition to reset: the group has committed nothing in this scope".to_owned(),
            |(reason, partitions)| format!("{reason} ({})", wording::some(&partitions.iter().collect::<Vec<_>>())),
        );
        return Err(fail(FailureKind::NotFound, reason).hint("Name topics whose partitions have a leader."));
    }
    let touched = [TouchedGroup {
        description: inputs.group.clone(),
        role: inputs.role.clone(),
        commits_without_joining: inputs.commits_without_joining,
    }];
    let plan = Plan {
        title: wording::title(&inputs),
        summary: wording::summary(&inputs, &moves),
        warnings: warnings(&inputs, &touched, &moves, &left_out),
        checks: checks(&touched, &moves, inputs.now, &inputs.zone),
        confirm: confirm(group.as_str(), &touched, &moves, inputs.production),
        not_undoable: None,
        command_line: wording::command_line(&inputs, &moves),
        made_at: inputs.now,
        finishes: None,
        steps: moves.into_iter().map(Step::MoveOffset).collect(),
        change: Change::ResetOffsets { group, creates_group: inputs.creates_group },
        id: inputs.id,
    };
    Ok(if inputs.group.listing.kind == GroupType::Share { share::of(plan) } else { plan })
}

/// A group whose offsets would change, and what calls for care with it.
#[derive(Clone, Debug)]
pub struct TouchedGroup {
    pub description: GroupDescription,
    pub role: GroupRole,
    /// Its offsets were seen to move while nobody was in it.
    pub commits_without_joining: bool,
}

impl TouchedGroup {
    pub(super) fn id(&self) -> &GroupId {
        &self.description.listing.id
    }

    /// It is not there: a commit makes it.
    pub(super) fn would_be_created(&self) -> bool {
        self.description.listing.state == GroupState::Dead
    }
}

/// How a change of offsets is confirmed, whichever way it came about: a reset, its
/// undo, or the rest of one that was cut short. `name` is what would be typed.
pub(super) fn confirm(name: &str, groups: &[TouchedGroup], moves: &[OffsetMove], production: bool) -> Confirm {
    let calls_for_care =
        |group: &TouchedGroup| group.role.is_special() || group.would_be_created() || group.commits_without_joining;
    let needs_name = groups.len() > 1
        || groups.iter().any(calls_for_care)
        || moves.iter().any(|step| step.topic.as_str().starts_with("__"))
        || (production && moves.iter().any(|step| step.skipped() > 0));
    if needs_name { Confirm::TypeName(name.to_owned()) } else { Confirm::Yes }
}

/// The preconditions, as they are now; all are looked at again before applying.
pub(super) fn checks(groups: &[TouchedGroup], moves: &[OffsetMove], now: Time, zone: &TimeZone) -> Vec<Check> {
    let has_ids = moves.iter().all(|step| step.topic_id.is_some());
    let mut checks: Vec<Check> = groups.iter().map(|group| emptiness(&group.description, groups.len() > 1)).collect();
    checks.push(Check::new(Some(true), format!("offsets unchanged since {}", now.clock_seconds(zone))));
    if moves.iter().any(|step| step.target.is_some()) {
        checks.extend([
            Check::new(has_ids.then_some(true), "the same topic ids"),
            Check::new(Some(true), "every target inside its log"),
        ]);
    }
    checks.extend(right_to_undo(groups, moves));
    checks
}

/// Is nobody in the group?
pub(super) fn emptiness(group: &GroupDescription, is_one_of_many: bool) -> Check {
    let state = group.listing.state;
    let name = if is_one_of_many { group.listing.id.to_string() } else { "the group".into() };
    let text = if state.is_inactive() {
        format!("{name} is empty")
    } else {
        let members: Vec<String> = group
            .members
            .iter()
            .take(3)
            .map(|member| format!("{} at {}", member.client_id, member.host.trim_start_matches('/')))
            .collect();
        let more = group.members.len().saturating_sub(members.len());
        let mut who = members.join(", ");
        if more > 0 {
            who.push_str(&format!(" and {more} more"));
        }
        let separator = if who.is_empty() { "" } else { ": " };
        format!("{name} is empty (it is {}{separator}{who})", state.shown())
    };
    Check::new((!matches!(state, GroupState::Other(_) | GroupState::Unknown)).then(|| state.is_inactive()), text)
}

/// Where nothing was committed before, undo deletes the offset again, which is
/// another right than the one to commit.
pub(super) fn right_to_undo(groups: &[TouchedGroup], moves: &[OffsetMove]) -> Vec<Check> {
    let is_new = |group: &TouchedGroup| {
        // Of a share group nothing is undone.
        group.description.listing.kind != GroupType::Share
            && moves.iter().any(|step| {
                step.before.is_none()
                    && step.target.is_some()
                    && step.group.as_ref().is_none_or(|named| named == group.id())
            })
    };
    let check = |group: &TouchedGroup| {
        // The rights on a group that is not there yet are those on its name: brokers do not tell them.
        let passed = if group.would_be_created() { None } else { group.description.may_delete };
        let of = if groups.len() > 1 { format!(" of {}", group.id()) } else { String::new() };
        Check::advice(passed, format!("the right to delete offsets{of}, which undo will need (DELETE on the group)"))
    };
    groups.iter().filter(|group| is_new(group)).map(check).collect()
}

/// What to know about the groups themselves before their offsets change.
pub(super) fn group_warnings(groups: &[TouchedGroup]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for group in groups {
        let (id, listing) = (group.id(), &group.description.listing);
        let mut say = |severity, text: String| {
            let text = if groups.len() > 1 { format!("{id}: {text}") } else { text };
            warnings.push(Warning::new(severity, text));
        };
        if let Some(explanation) = group.role.explanation() {
            say(Severity::Warning, explanation);
        }
        if group.would_be_created() {
            say(Severity::Warning, "the group does not exist: this creates it".into());
        }
        if group.commits_without_joining {
            let text = "its offsets move while nobody is in it: a program commits without joining (assign(), Flink, Spark, a mirror) \
                        and will probably overwrite or ignore this change";
            say(Severity::Warning, text.into());
        } else if listing.protocol_type.is_empty() && listing.state == GroupState::Empty {
            let text = "nobody ever joined this group: a program that commits without joining looks the same as one that is stopped";
            say(Severity::Note, text.into());
        }
    }
    warnings
}

fn warnings(inputs: &ResetInputs, touched: &[TouchedGroup], moves: &[OffsetMove], left_out: &LeftOut) -> Vec<Warning> {
    let mut warnings = group_warnings(touched);
    warnings.extend(wording::adjustments(moves, &inputs.target, &inputs.zone));
    if let Some(time) = inputs.target.time() {
        warnings.extend(future_records(inputs));
        if let Some(text) = when::repeated_clock_time(time, &inputs.zone) {
            warnings.push(Warning::new(Severity::Note, text));
        }
    }
    for (reason, partitions) in left_out {
        let names: Vec<&TopicPartition> = partitions.iter().collect();
        warnings.push(Warning::new(
            Severity::Warning,
            format!("{} left out, {reason}: {}", show::plural(partitions.len(), "partition"), wording::some(&names)),
        ));
    }
    warnings
}

/// Records that claim to be from the future pull a target by time forward.
fn future_records(inputs: &ResetInputs) -> Option<Warning> {
    let is_future = |facts: &&PartitionFacts| matches!(&facts.by_time, Some(Fact::Known(Some((_, time)))) if time.since(inputs.now) > CLOCK_TOLERANCE);
    let ahead: Vec<&TopicPartition> =
        inputs.partitions.iter().filter(is_future).map(|facts| &facts.partition).collect();
    let text = if ahead.is_empty() {
        let ahead: Vec<&TopicPartition> =
            inputs.partitions.iter().filter(|facts| facts.is_ahead).map(|facts| &facts.partition).collect();
        (!ahead.is_empty()).then(|| {
            format!(
                "records claim to be from the future in {}: the clock of this machine or of their producers is wrong, \
                 and a target by time is wrong by as much",
                wording::some(&ahead)
            )
        })
    } else {
        Some(format!(
            "the first record at or after that time claims to be from the future in {}: its producer's clock is wrong, \
             and records written after the time may lie before it",
            wording::some(&ahead)
        ))
    };
    text.map(|text| Warning::new(Severity::Warning, text))
}

/// Clocks differ by this much, in milliseconds, without anything being wrong.
pub const CLOCK_TOLERANCE: i64 = 60_000;

/// Adds what the records that would be read next tell about a target by time,
/// once they were fetched: `wish` is the instant asked for.
///
/// Kafka finds the first record in log order at or after a time. Where
/// producers' clocks differ, that record can be much later than the time while
/// records behind it are earlier: those were skipped over, not lost.
pub fn judge_next(plan: &mut Plan, wish: Option<Time>) {
    let Some(wish) = wish else { return };
    let out_of_order: Vec<TopicPartition> = plan
        .moves()
        .filter(|step| {
            step.next.as_ref().is_some_and(|next| {
                next.timestamp.since(wish) > CLOCK_TOLERANCE
                    && next.earliest_after.is_some_and(|after| after < next.timestamp)
            })
        })
        .map(|step| TopicPartition::new(step.topic.clone(), step.partition))
        .collect();
    if !out_of_order.is_empty() {
        let names: Vec<&TopicPartition> = out_of_order.iter().collect();
        let text = format!(
            "the record found is more than a minute after the time while later offsets are earlier in {}: \
             timestamps are out of order there, look at the records before you go on",
            wording::some(&names)
        );
        plan.warnings.push(Warning::new(Severity::Warning, text));
    }
}

#[cfg(test)]
mod tests;
