//! A plan's steps as lines, each before → after. Shared with the journal.

use crate::domain::plan::{Adjusted, OffsetMove, Plan, Severity, Step, StepStatus};
use crate::domain::produce::Batch;
use crate::domain::show;
use crate::domain::text::display_width;
use crate::tui::ui::canvas::{Span, span};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::text::Line;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// Steps by topic, with a header wherever offsets of another topic begin.
pub fn lines<'a>(
    plan: &Plan,
    status: &dyn Fn(usize) -> Option<&'a StepStatus>,
    width: usize,
    zone: &TimeZone,
    marks: &Marks,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut above = None;
    let mut has_records = false;
    let (mut has_members, mut has_ranges) = (false, false);
    let widths = Widths::of(plan, width);
    let has_many = plan.moves().map(|step| (&step.group, &step.topic)).collect::<BTreeSet<_>>().len() > 1;
    for (index, step) in plan.steps.iter().enumerate() {
        if let Step::MoveOffset(step) = step
            && above != Some((&step.group, &step.topic))
        {
            if let Some(group) = &step.group {
                lines.push(vec![span(format!("{group} in {}", step.topic), Role::Accent)]);
            } else if has_many {
                lines.push(vec![span(step.topic.to_string(), Role::Accent)]);
            }
            if above.is_none() || has_many {
                lines.push(heading(&widths));
            }
            above = Some((&step.group, &step.topic));
        }
        let mark = status(index).map(|status| mark(status, marks));
        match step {
            Step::MoveOffset(step) => lines.push(offset_line(step, mark.clone(), &widths, zone)),
            Step::AddPartitions { before, assignments, .. } => {
                lines.push(vec![span("       P   REPLICAS, leader first", Role::Header)]);
                for (place, replicas) in assignments.iter().enumerate() {
                    let ids: Vec<String> = replicas.iter().map(ToString::to_string).collect();
                    let partition = i64::from(*before) + place as i64;
                    lines.push(vec![
                        sign(mark.clone()),
                        span(format!("{partition:>6}   "), Role::Text),
                        span(ids.join(" "), Role::Accent),
                    ]);
                }
            }
            Step::CreateTopic { topic, partitions, replication_factor, configs } => {
                let or_default = |value: Option<String>| value.unwrap_or_else(|| "the cluster's default".into());
                lines.push(fact(mark.clone(), "topic", topic.to_string()));
                lines.push(fact(None, "partitions", or_default(partitions.map(|count| count.to_string()))));
                lines.push(fact(None, "replicas", or_default(replication_factor.map(|count| count.to_string()))));
                for (name, value) in configs {
                    lines.push(fact(None, "config", format!("{name} = {value}")));
                }
            }
            Step::DeleteTopic { topic, partitions, records, .. } => {
                lines.push(fact(mark.clone(), "topic", topic.to_string()));
                lines.push(fact(None, "partitions", format!("{partitions} are deleted")));
                let records =
                    records.map_or("? not known".into(), |count| format!("up to {} are deleted", show::count(count)));
                lines.push(fact(None, "records", records));
            }
            Step::SetGroupConfig { name, before, after, .. } => {
                let or_default = |value: &Option<String>| value.clone().unwrap_or_else(|| "the default".into());
                lines.push(vec![
                    sign(mark.clone()),
                    span(format!("{name:<36}  {} → ", or_default(before)), Role::Text),
                    span(or_default(after), Role::Accent),
                ]);
            }
            Step::Produce(batch) => {
                if !has_records {
                    has_records = true;
                    lines.push(vec![span(format!("  {RECORD_HEADING}"), Role::Header)]);
                }
                lines.push(record_line(batch, sign(mark.clone())));
            }
            Step::Resend(range) => {
                if !has_ranges {
                    has_ranges = true;
                    lines.push(vec![span(format!("  {RANGE_HEADING}"), Role::Header)]);
                }
                let (from, to) = (show::offset(range.from), show::offset(range.to));
                lines.push(vec![
                    sign(mark.clone()),
                    span(format!("{:<24}  {:>4}  {from:>14} → ", range.topic, range.partition), Role::Text),
                    span(format!("{to:>14}"), Role::Accent),
                ]);
            }
            Step::DeleteGroup { group } => lines.push(fact(mark.clone(), "group", format!("{group} is deleted"))),
            Step::RemoveMember { member_id, instance_id, client_id, host, partitions } => {
                if !has_members {
                    has_members = true;
                    lines.push(vec![span(format!("  {MEMBER_HEADING}"), Role::Header)]);
                }
                let held = show::count(*partitions as u64);
                let id = instance_id.as_deref().unwrap_or(member_id);
                lines.push(vec![
                    sign(mark.clone()),
                    span(format!("{client_id:<24}  {host:<20}  {held:>10}  "), Role::Text),
                    span(id.to_owned(), Role::Muted),
                ]);
            }
        }
        if let Some(text) = status(index).and_then(explained) {
            lines.push(vec![span(format!("    {text}"), Role::Danger)]);
        }
    }
    lines
}

const RECORD_HEADING: &str = "   P  RECORDS       SIZE  KEY                 VALUE";

fn record_line(batch: &Batch, sign: Span<'static>) -> Line<'static> {
    let partition = batch.partition.map_or_else(|| "–".to_owned(), |id| id.to_string());
    let count = batch.records.map_or_else(|| "?".to_owned(), show::count);
    let size = batch.bytes.map_or_else(|| "?".to_owned(), show::size);
    let key = batch.key.as_deref().unwrap_or("–");
    let key: String = key.chars().take(18).collect();
    let value = match &batch.value {
        Some(value) => span(value.clone(), Role::Text),
        None => span("tombstone", Role::Warning),
    };
    vec![
        sign,
        span(format!("{partition:>4}  {count:>7}  {size:>9}  "), Role::Text),
        span(format!("{key:<18}  "), Role::Accent),
        value,
    ]
}

const RANGE_HEADING: &str = "TOPIC                        P            FROM               TO";
const MEMBER_HEADING: &str = "CLIENT                    HOST                  PARTITIONS  ID";

fn fact(mark: Option<Span<'static>>, label: &str, text: String) -> Line<'static> {
    vec![sign(mark), span(format!("{label:<12}"), Role::Muted), span(text, Role::Text)]
}

fn sign(mark: Option<Span<'static>>) -> Span<'static> {
    mark.unwrap_or_else(|| span("  ", Role::Text))
}

fn mark(status: &StepStatus, marks: &Marks) -> Span<'static> {
    match status {
        StepStatus::Done => span(format!("{} ", marks.fine), Role::Success),
        StepStatus::Failed(_) => span(format!("{} ", marks.broken), Role::Danger),
        StepStatus::Overwritten { .. } => span(format!("{} ", marks.look), Role::Warning),
        StepStatus::Unknown(_) => span(format!("{} ", marks.unknown), Role::Warning),
        StepStatus::Skipped | StepStatus::NotDone => span("- ", Role::Muted),
    }
}

/// How much a sentence weighs, as a sign and a colour.
pub fn weight(severity: Severity, marks: &Marks) -> (&'static str, Role) {
    match severity {
        Severity::Fine => (marks.fine, Role::Success),
        Severity::Note => (marks.leads, Role::Info),
        Severity::Warning => (marks.look, Role::Warning),
        Severity::Danger => (marks.broken, Role::Danger),
    }
}

fn explained(status: &StepStatus) -> Option<String> {
    match status {
        StepStatus::Done => None,
        StepStatus::Failed(failure) => Some(failure.to_string()),
        StepStatus::Overwritten { found } => Some(format!("read back: {found}")),
        StepStatus::Unknown(failure) => Some(format!("unknown, verify: {failure}")),
        StepStatus::Skipped => Some("not tried".into()),
        StepStatus::NotDone => Some("not done, as the cluster is now".into()),
    }
}

/// The widths of the columns of numbers, from the numbers that stand in them.
struct Widths {
    before: usize,
    target: usize,
    /// 0: no room.
    difference: usize,
    end: usize,
    has_record: bool,
}

impl Widths {
    fn of(plan: &Plan, width: usize) -> Self {
        let widest = |least: usize, text: &dyn Fn(&OffsetMove) -> String| {
            plan.moves().map(|step| display_width(&text(step))).max().unwrap_or(0).max(least)
        };
        let before = widest(9, &before);
        let target = widest(6, &target);
        let difference = widest(10, &difference);
        let end = widest(3, &end);
        let base = 2 + 4 + 2 + before + 3 + target;
        let with_difference = base + 2 + difference;
        // Where all goes, nothing is read next.
        let reads = plan.moves().any(|step| step.target.is_some());
        let has_room = width >= with_difference + 2 + RECORD;
        let has_record = has_room && reads;
        Self {
            before,
            target,
            difference: if width >= with_difference { difference } else { 0 },
            end: if has_room && width >= with_difference + 2 + RECORD + 2 + end { end } else { 0 },
            has_record,
        }
    }
}

/// Columns below which a record is not worth showing.
const RECORD: usize = 22;

fn before(step: &OffsetMove) -> String {
    step.before.as_ref().map_or("none".to_owned(), |before| show::offset(before.offset))
}

fn end(step: &OffsetMove) -> String {
    step.log_end.map_or("?".to_owned(), show::offset)
}

fn target(step: &OffsetMove) -> String {
    step.target.map_or("deleted".to_owned(), show::offset)
}

fn difference(step: &OffsetMove) -> String {
    step.difference().map_or("–".to_owned(), show::difference)
}

fn heading(widths: &Widths) -> Line<'static> {
    let mut text = format!(
        "  {:>4}  {:>before$} → {:>target$}",
        "P",
        "COMMITTED",
        "TARGET",
        before = widths.before,
        target = widths.target
    );
    if widths.difference > 0 {
        text.push_str(&format!("  {:>width$}", "DIFFERENCE", width = widths.difference));
    }
    if widths.end > 0 {
        text.push_str(&format!("  {:>width$}", "END", width = widths.end));
    }
    if widths.has_record {
        text.push_str("  THE RECORD READ NEXT");
    }
    vec![span(text, Role::Header)]
}

fn offset_line(step: &OffsetMove, mark: Option<Span<'static>>, widths: &Widths, zone: &TimeZone) -> Line<'static> {
    let role = if step.difference() == Some(0) { Role::Muted } else { Role::Text };
    let mut line = vec![
        sign(mark),
        span(format!("{:>4}  {:>width$} → ", step.partition, before(step), width = widths.before), role),
        span(
            format!("{:>width$}", target(step), width = widths.target),
            if role == Role::Text { Role::Accent } else { role },
        ),
    ];
    if widths.difference > 0 {
        line.push(span(format!("  {:>width$}", difference(step), width = widths.difference), role));
    }
    if widths.end > 0 {
        line.push(span(format!("  {:>width$}", end(step), width = widths.end), Role::Muted));
    }
    line.push(span("  ", Role::Text));
    line.extend(remark(step));
    if widths.has_record
        && let Some(next) = &step.next
    {
        line.push(span(format!("{}  ", next.timestamp.clock(zone)), Role::Muted));
        line.push(span(next.preview.clone(), Role::Text));
    }
    line
}

/// What is out of the ordinary about a target.
fn remark(step: &OffsetMove) -> Option<Span<'static>> {
    let lost = step.lost();
    let text = match &step.adjusted {
        Some(Adjusted::RaisedToStart { wish }) => format!("raised from {} to the log start  ", show::offset(*wish)),
        Some(Adjusted::LoweredToEnd { wish }) => format!("lowered from {} to the end  ", show::offset(*wish)),
        Some(Adjusted::NoRecordAfterTime) => "no record at or after that time: the end  ".into(),
        Some(Adjusted::NothingCommitted) => "nothing was committed: the end  ".into(),
        None if lost > 0 => format!("below the log start: {} were deleted unread  ", show::count(lost)),
        None => return None,
    };
    Some(span(text, Role::Warning))
}
