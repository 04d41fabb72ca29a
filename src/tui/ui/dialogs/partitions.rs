//! How many partitions: the formula, the choices, and the price of each.

use super::{boxed, plan_rows};
use crate::domain::partition_plan::{Choice, PartitionReport};
use crate::domain::text::{sanitize, shorten_middle};
use crate::domain::{GroupId, show};
use crate::tui::app::State;
use crate::tui::app::dialogs::PartitionsDialog;
use crate::tui::app::drawn::Pane;
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::text::{self, Line};
use crate::tui::ui::widgets::{spark, states};
use ratatui::layout::Rect;

/// Columns of the labels at the left.
const LABEL: usize = 11;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, dialog: &PartitionsDialog) {
    let marks = canvas.theme.marks;
    let width = area.width.min(120);
    let Some(report) = dialog.report.value() else {
        let title = vec![span(format!("Partitions for {}", dialog.topic), Role::Text)];
        let inner = boxed(canvas, area, width, 6, title);
        states::instead_of_value(canvas, inner, &dialog.report, "rates, and a sample of recent keys");
        return;
    };
    let room = usize::from(width.saturating_sub(4));
    let key = state.keymap.shown(Command::PartitionsZero).map_or(String::new(), ToString::to_string);
    let (lines, chosen) = all_lines(report, dialog, &key, room, &marks);
    let now = format!(": {} now", report.current);
    let most = usize::from(width).saturating_sub("Partitions for ".len() + now.len() + 8);
    let topic = sanitize(report.topic.as_str());
    let title = vec![span(format!("Partitions for {}{now}", shorten_middle(&topic, most)), Role::Text)];
    let height = u16::try_from(lines.len() + 3).unwrap_or(u16::MAX);
    let inner = boxed(canvas, area, width, height, title);
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    // Where not all fits, the heading and the choice under the cursor come first,
    // and then as much of the reasons below as there is room for.
    let fits = lines.len() <= usize::from(body.height);
    let scroll =
        if fits || dialog.cursor == 0 && chosen < usize::from(body.height) { 0 } else { chosen.saturating_sub(1) };
    text::draw(canvas, body, Pane::Partitions, &lines, scroll);
}

fn labelled(label: &str, spans: Vec<crate::tui::ui::canvas::Span<'static>>) -> Line<'static> {
    let mut line = vec![span(format!("{label:<LABEL$}"), Role::Muted)];
    line.extend(spans);
    line
}

fn wrapped(label: &str, text: &str, role: Role, room: usize) -> Vec<Line<'static>> {
    states::wrap(text, room.saturating_sub(LABEL))
        .into_iter()
        .enumerate()
        .map(|(index, line)| labelled(if index == 0 { label } else { "" }, vec![span(line, role)]))
        .collect()
}

/// All of it, and the line of the choice under the cursor.
fn all_lines(
    report: &PartitionReport,
    dialog: &PartitionsDialog,
    key: &str,
    room: usize,
    marks: &Marks,
) -> (Vec<Line<'static>>, usize) {
    let cursor = dialog.cursor;
    let mut lines = Vec::new();
    if let Some(refusal) = &report.refusal {
        lines.extend(wrapped("refused", &format!("{} {refusal}", marks.broken), Role::Danger, room));
        lines.push(Vec::new());
    }
    let rate = |value: Option<f64>| value.map_or("?".to_owned(), show::byte_rate);
    let size = report.size.map_or("?".to_owned(), show::size);
    let now = format!("{} written, the busiest partition {}, {size} on disk", rate(report.rate), rate(report.busiest));
    lines.extend(wrapped("now", &now, Role::Text, room));
    match &report.needs {
        Some(needs) => {
            for (index, line) in needs.lines.iter().enumerate() {
                lines.extend(wrapped(if index == 0 { "needs" } else { "" }, line, Role::Text, room));
            }
        }
        None => lines.extend(wrapped("needs", "say what it should carry: e", Role::Muted, room)),
    }
    lines.push(Vec::new());
    let heading =
        format!("{:LABEL$}{:>12}  {:>11}  {:>15}   KEYS THAT MOVE", "", "PARTITIONS", "RATE EACH", "REPLICAS/BROKER");
    lines.push(vec![span(heading, Role::Header)]);
    let chosen = lines.len() + cursor;
    for (index, choice) in report.choices.iter().enumerate() {
        lines.push(choice_line(report, choice, index == cursor, marks));
    }
    lines.extend(zero_lines(report, dialog, key, room));
    lines.push(Vec::new());
    lines.extend(key_lines(report, report.choices.get(cursor), room));
    if let Some(choice) = report.choices.get(cursor) {
        let numbers = |counts: &[u64]| counts.iter().map(|count| *count as f64).collect::<Vec<_>>();
        let half = room.saturating_sub(LABEL + 14) / 2;
        if report.skew.iter().any(|count| *count > 0) {
            lines.push(labelled(
                "skew",
                vec![
                    span("now ", Role::Muted),
                    span(spark::squeezed(marks, &numbers(&report.skew), half), Role::Info),
                    span("  then ", Role::Muted),
                    span(spark::squeezed(marks, &numbers(&choice.skew), half), Role::Info),
                ],
            ));
        }
    }
    for (index, warning) in report.warnings.iter().enumerate() {
        let (mark, role) = plan_rows::weight(warning.severity, marks);
        lines.extend(wrapped(
            if index == 0 { "warnings" } else { "" },
            &format!("{mark} {}", warning.text),
            role,
            room,
        ));
    }
    lines.extend(not_zero_lines(report, room));
    (lines, chosen)
}

/// The offer to commit offset 0 in the new partitions.
fn zero_lines(report: &PartitionReport, dialog: &PartitionsDialog, key: &str, room: usize) -> Vec<Line<'static>> {
    let zero = &report.zero;
    let mut lines = Vec::new();
    if !zero.groups.is_empty() {
        let names: Vec<&str> = zero.groups.iter().take(NAMED).map(GroupId::as_str).collect();
        let more = zero.groups.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (sign, role) = if dialog.commits_zero() { ("[x]", Role::Accent) } else { ("[ ]", Role::Text) };
        let groups = if zero.groups.len() == 1 { "the Empty group" } else { "the Empty groups" };
        let text = format!("{sign} commit offset 0 there for {groups} {}{more}", names.join(", "));
        lines.push(Vec::new());
        lines.extend(wrapped(key, &text, role, room));
    }
    lines
}

/// Whom the offer cannot help.
fn not_zero_lines(report: &PartitionReport, room: usize) -> Vec<Line<'static>> {
    let zero = &report.zero;
    let mut lines = Vec::new();
    for (index, (group, reason)) in zero.others.iter().take(NAMED).enumerate() {
        let label = if index == 0 { "not at 0" } else { "" };
        lines.extend(wrapped(label, &format!("{group}: {reason}"), Role::Muted, room));
    }
    if zero.others.len() > NAMED {
        lines.extend(wrapped("", &format!("and {} more", zero.others.len() - NAMED), Role::Muted, room));
    }
    lines
}

/// Groups named before they are counted.
const NAMED: usize = 4;

fn choice_line(report: &PartitionReport, choice: &Choice, is_here: bool, marks: &Marks) -> Line<'static> {
    let moved = match report.partitioner {
        Some(partitioner) => choice
            .moved
            .iter()
            .find(|(other, _)| *other == partitioner)
            .map_or("?".to_owned(), |(_, share)| format!("{} ({})", show::share(*share), partitioner.word())),
        None if report.distinct_keys == 0 => "no keys".into(),
        None => format!("~{} of evenly hashed ones", show::share(choice.expected_moved)),
    };
    let role = if is_here { Role::Accent } else { Role::Text };
    let sign = if is_here { marks.selected } else { " " };
    let replicas = show::count(choice.replicas_per_broker as u64);
    let mut line = vec![
        span(format!("{:LABEL$}{sign} {:>10}", "", choice.partitions), role),
        span(format!("  {:>11}", choice.rate_each.map_or("?".to_owned(), show::byte_rate)), role),
        span(format!("  {replicas:>15}"), if choice.is_over_limit { Role::Danger } else { role }),
        span(format!("   {moved}"), role),
    ];
    if choice.is_over_limit {
        line.push(span(format!("  {} over {}", marks.look, show::count(report.replica_limit as u64)), Role::Danger));
    } else if choice.divides_evenly {
        line.push(span("  divides evenly", Role::Muted));
    }
    line
}

fn key_lines(report: &PartitionReport, choice: Option<&Choice>, room: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(failure) = &report.sample_failure {
        return wrapped("keys", &format!("could not be sampled: {failure}"), Role::Warning, room);
    }
    let mut text = format!("{} records sampled", show::count(report.sampled));
    if let Some((from, to)) = report.sampled_span {
        text.push_str(&format!(" over {}", show::duration(to.since(from).max(0).unsigned_abs())));
    }
    text.push_str(&format!(", {} distinct keys", show::count(report.distinct_keys as u64)));
    if report.keyless > 0 {
        text.push_str(&format!(", {} without a key", show::count(report.keyless)));
    }
    let explained = report.partitioner.and_then(|wanted| report.explained.iter().find(|(other, _)| *other == wanted));
    if let Some((partitioner, share)) = explained {
        text.push_str(&format!("; the {} default explains {} of them", partitioner.word(), show::share(*share)));
    }
    lines.extend(wrapped("keys", &text, Role::Text, room));
    let hot: Vec<String> = choice.map_or(Vec::new(), |choice| {
        choice
            .hottest
            .iter()
            .map(|key| {
                let goes = match key.to {
                    Some(to) if to == key.from => format!("stays on {to}"),
                    Some(to) => format!("{} → {to}", key.from),
                    None => format!("on {}", key.from),
                };
                format!("{} {} {goes}", key.key, show::share(key.share))
            })
            .collect()
    });
    if !hot.is_empty() {
        lines.extend(wrapped("hottest", &hot.join(" · "), Role::Text, room));
    }
    lines
}

#[cfg(test)]
mod tests;
