//! The steps of a plan as rows: a table of columns and a row for each kind of step.

use crate::cli::output::{Cell, Column, Table, Tone, hidden, number, text};
use crate::domain::plan::{Adjusted, Change, OffsetMove, Outcome, Plan, Step, StepStatus};
use crate::domain::produce::{Batch, Written};
use crate::domain::resend::Reached;

const MOVES: &[Column] = &moves(hidden("group"));

/// The same for changes that are not about one group alone.
const MOVES_OF_GROUPS: &[Column] = &moves(text("group", "GROUP"));

const fn moves(group: Column) -> [Column; 18] {
    [
        hidden("step"),
        group,
        text("topic", "TOPIC"),
        number("partition", "P"),
        number("committed", "COMMITTED"),
        number("target", "TARGET"),
        number("difference", "DIFFERENCE"),
        hidden("log_start"),
        number("end_offset", "END"),
        hidden("read_again"),
        hidden("skipped"),
        hidden("lost"),
        text("adjusted", "ADJUSTED"),
        hidden("next_offset"),
        hidden("next_timestamp"),
        text("next_value", "THE RECORD READ NEXT"),
        text("status", "STATUS"),
        text("message", "MESSAGE"),
    ]
}

const ADDITIONS: &[Column] = &[
    hidden("step"),
    text("topic", "TOPIC"),
    number("partitions", "PARTITIONS"),
    number("target", "TARGET"),
    text("assignments", "REPLICAS OF EACH NEW PARTITION"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

const CREATIONS: &[Column] = &[
    hidden("step"),
    text("topic", "TOPIC"),
    number("partitions", "PARTITIONS"),
    number("replication_factor", "RF"),
    text("configs", "CONFIGS"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

const DELETIONS: &[Column] = &[
    hidden("step"),
    text("topic", "TOPIC"),
    hidden("topic_id"),
    number("partitions", "PARTITIONS"),
    number("records", "RECORDS"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

const GROUPS: &[Column] =
    &[hidden("step"), text("group", "GROUP"), text("status", "STATUS"), text("message", "MESSAGE")];

const LEAVERS: &[Column] = &[
    hidden("step"),
    hidden("group"),
    text("client_id", "CLIENT"),
    text("host", "HOST"),
    text("instance_id", "INSTANCE"),
    text("member_id", "MEMBER"),
    number("partitions", "PARTITIONS"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

const RECORDS: &[Column] = &[
    hidden("step"),
    text("topic", "TOPIC"),
    number("partition", "P"),
    number("offset", "OFFSET"),
    hidden("last_offset"),
    number("records", "RECORDS"),
    text("key", "KEY"),
    text("value", "VALUE"),
    number("size_bytes", "SIZE"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

const RESENDS: &[Column] = &[
    hidden("step"),
    text("topic", "TOPIC"),
    number("partition", "P"),
    number("from_offset", "FROM"),
    number("end_offset", "TO"),
    number("reached", "REACHED"),
    number("records", "RECORDS SENT"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

const SETTINGS: &[Column] = &[
    hidden("step"),
    hidden("group"),
    text("name", "SETTING"),
    text("before", "BEFORE"),
    text("target", "TARGET"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

/// The steps, a table for each kind; those of kinds that the plan lacks are empty.
pub(super) fn tables(plan: &Plan, outcome: Option<&Outcome>) -> [Table; 9] {
    let moves = if plan.change.group().is_some() { MOVES } else { MOVES_OF_GROUPS };
    let mut tables =
        [ADDITIONS, CREATIONS, DELETIONS, GROUPS, LEAVERS, SETTINGS, RECORDS, RESENDS, moves].map(Table::new);
    for (index, step) in plan.steps.iter().enumerate() {
        let status = outcome.and_then(|outcome| outcome.steps.get(index));
        let [additions, creations, deletions, groups, leavers, settings, records, resends, moves] = &mut tables;
        let table = match step {
            Step::MoveOffset(_) => moves,
            Step::AddPartitions { .. } => additions,
            Step::CreateTopic { .. } => creations,
            Step::DeleteTopic { .. } => deletions,
            Step::DeleteGroup { .. } => groups,
            Step::RemoveMember { .. } => leavers,
            Step::SetGroupConfig { .. } => settings,
            Step::Produce(batch) => {
                let written = outcome.map_or(&[][..], |outcome| &outcome.written);
                for row in produced(plan, batch, status, written.iter().filter(|written| written.step == index)) {
                    records.push(row);
                }
                continue;
            }
            Step::Resend(_) => resends,
        };
        let reached = outcome.and_then(|outcome| outcome.reached.get(index));
        table.push(row(plan, step, status, reached));
    }
    tables
}

pub(super) fn columns_of(change: &Change) -> &'static [Column] {
    match change {
        Change::ResetOffsets { .. }
        | Change::ResetShareGroup { .. }
        | Change::DeleteOffsets { .. }
        | Change::DeleteShareOffsets { .. }
        | Change::Undo { .. } => MOVES,
        Change::ResetGroups { .. } => MOVES_OF_GROUPS,
        Change::DeleteGroups { .. } => GROUPS,
        Change::RemoveMembers { .. } => LEAVERS,
        Change::ConfigureGroup { .. } => SETTINGS,
        Change::Produce(_) => RECORDS,
        Change::Resend(_) => RESENDS,
        Change::AddPartitions { .. } => ADDITIONS,
        Change::CreateTopic { .. } => CREATIONS,
        Change::DeleteTopic { .. } => DELETIONS,
    }
}

fn moved(plan: &Plan, step: &OffsetMove) -> Vec<Cell> {
    let next = step.next.as_ref();
    vec![
        Cell::word("move_offset"),
        Cell::or_absent(plan.group_of(step), |group| Cell::text(group.as_str())),
        Cell::text(step.topic.as_str()),
        Cell::Id(step.partition.into()),
        Cell::or_absent(step.before.as_ref(), |before| Cell::Offset(before.offset)),
        Cell::or_absent(step.target, Cell::Offset),
        Cell::or_absent(step.difference(), Cell::Difference),
        Cell::or_absent(step.log_start, Cell::Offset),
        Cell::or_absent(step.log_end, Cell::Offset),
        Cell::Count(step.read_again()),
        Cell::Count(step.skipped()),
        Cell::Count(step.lost()),
        Cell::or_absent(step.adjusted.as_ref(), |adjusted| Cell::word(adjusted_word(adjusted))),
        Cell::or_absent(next, |next| Cell::Offset(next.offset)),
        Cell::or_absent(next, |next| Cell::Time(next.timestamp)),
        Cell::or_absent(next, |next| Cell::text(next.preview.as_str())),
    ]
}

fn adjusted_word(adjusted: &Adjusted) -> &'static str {
    match adjusted {
        Adjusted::RaisedToStart { .. } => "raised_to_start",
        Adjusted::LoweredToEnd { .. } => "lowered_to_end",
        Adjusted::NoRecordAfterTime => "no_record_after_time",
        Adjusted::NothingCommitted => "nothing_committed",
    }
}

fn row(plan: &Plan, step: &Step, status: Option<&StepStatus>, reached: Option<&Reached>) -> Vec<Cell> {
    let mut row = match step {
        Step::MoveOffset(step) => moved(plan, step),
        Step::AddPartitions { topic, before, after, assignments, .. } => vec![
            Cell::word("add_partitions"),
            Cell::text(topic.as_str()),
            Cell::Id((*before).into()),
            Cell::Id((*after).into()),
            Cell::List(assignments.iter().map(|brokers| Cell::ids(brokers.iter().map(|id| id.0))).collect()),
        ],
        Step::CreateTopic { topic, partitions, replication_factor, configs } => vec![
            Cell::word("create_topic"),
            Cell::text(topic.as_str()),
            Cell::or_absent(*partitions, |count| Cell::Id(count.into())),
            Cell::or_absent(*replication_factor, |factor| Cell::Id(factor.into())),
            Cell::texts(configs.iter().map(|(name, value)| format!("{name}={value}"))),
        ],
        Step::DeleteTopic { topic, topic_id, partitions, records } => vec![
            Cell::word("delete_topic"),
            Cell::text(topic.as_str()),
            Cell::or_absent(*topic_id, |id| Cell::text(id.to_string())),
            Cell::Id((*partitions).into()),
            Cell::or_absent(*records, Cell::Count),
        ],
        Step::DeleteGroup { group } => vec![Cell::word("delete_group"), Cell::text(group.as_str())],
        Step::RemoveMember { member_id, instance_id, client_id, host, partitions } => vec![
            Cell::word("remove_member"),
            Cell::or_absent(plan.change.group(), |group| Cell::text(group.as_str())),
            Cell::text(client_id.as_str()),
            Cell::text(host.as_str()),
            Cell::or_absent(instance_id.as_deref(), Cell::text),
            Cell::text(member_id.as_str()),
            Cell::count(*partitions),
        ],
        Step::SetGroupConfig { group, name, before, after } => vec![
            Cell::word("set_group_config"),
            Cell::text(group.as_str()),
            Cell::text(name.as_str()),
            Cell::or_absent(before.as_deref(), Cell::text),
            Cell::or_absent(after.as_deref(), Cell::text),
        ],
        // These have rows of their own making.
        Step::Produce(_) => vec![],
        Step::Resend(range) => vec![
            Cell::word("resend"),
            Cell::text(range.topic.as_str()),
            Cell::Id(range.partition.into()),
            Cell::Offset(range.from),
            Cell::Offset(range.to),
            Cell::or_absent(reached, |reached| Cell::Offset(reached.next)),
            Cell::or_absent(reached, |reached| Cell::Count(reached.sent)),
        ],
    };
    row.extend(status_cells(status));
    row
}

/// A row for each partition that a step wrote to; and one for what was not written.
fn produced<'a>(
    plan: &Plan,
    batch: &Batch,
    status: Option<&StepStatus>,
    written: impl Iterator<Item = &'a Written>,
) -> Vec<Vec<Cell>> {
    let row = |written: Option<&Written>, status: Option<&StepStatus>| {
        let is_one = batch.digest.is_some();
        let mut row = vec![
            Cell::word("produce"),
            Cell::text(plan.change.target()),
            Cell::or_absent(written.map(|written| written.partition).or(batch.partition), |id| Cell::Id(id.into())),
            Cell::or_absent(written.and_then(|written| written.first), Cell::Offset),
            Cell::or_absent(written.and_then(|written| written.last), Cell::Offset),
            Cell::or_absent(written.map(|written| written.records).or(batch.records), Cell::Count),
            Cell::or_absent(batch.key.as_deref(), Cell::text),
            Cell::or_absent(batch.value.as_deref(), Cell::text),
            Cell::or_absent(batch.bytes.filter(|_| is_one || written.is_none()), Cell::Size),
        ];
        row.extend(status_cells(status));
        row
    };
    let mut rows: Vec<Vec<Cell>> = written.map(|written| row(Some(written), Some(&StepStatus::Done))).collect();
    if rows.is_empty() || status != Some(&StepStatus::Done) {
        rows.push(row(None, status));
    }
    rows
}

/// `status`, and `message` where there is something to say about it.
fn status_cells(status: Option<&StepStatus>) -> [Cell; 2] {
    match status {
        None => [Cell::word("planned"), Cell::Absent],
        Some(StepStatus::Done) => [Cell::Word("done", Tone::Good), Cell::Absent],
        Some(StepStatus::Failed(failure)) => [Cell::Word("failed", Tone::Bad), Cell::text(failure.to_string())],
        Some(StepStatus::Overwritten { found }) => {
            [Cell::Word("overwritten", Tone::Bad), Cell::text(format!("read back: {found}"))]
        }
        Some(StepStatus::Unknown(failure)) => {
            [Cell::Word("unknown", Tone::Look), Cell::text(format!("it may have happened, verify: {failure}"))]
        }
        Some(StepStatus::Skipped) => [Cell::Word("skipped", Tone::Look), Cell::text("an earlier step failed")],
        Some(StepStatus::NotDone) => [Cell::Word("not_done", Tone::Look), Cell::text("as the cluster is now")],
    }
}
