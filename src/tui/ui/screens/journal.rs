//! The journal: what was changed, what became of it, what can be undone.

use super::{WIDE, split};
use crate::cluster::JournalEntry;
use crate::domain::plan::{Outcome, Severity, StepStatus};
use crate::domain::show;
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::remote::Remote;
use crate::tui::app::splits::Split;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::dialogs::plan_rows;
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell, name, nothing_marked};
use crate::tui::ui::widgets::{states, text};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let entry =
        state.views.journal.view.value().and_then(|view| view.entries.get(state.views.journal.selection.cursor()));
    if area.width >= WIDE {
        let (left, right) = split(canvas, state, Split::Journal, area, 55);
        list(canvas, left, state);
        detail(canvas, right, state, entry);
    } else if area.height >= 16 {
        let (top, bottom) = super::split_top(area, area.height / 2);
        list(canvas, top, state);
        detail(canvas, bottom, state, entry);
    } else {
        list(canvas, area, state);
    }
}

fn list(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.journal;
    let focus = state.dialogs.is_empty();
    let titles = Titles {
        left: vec![span("Journal", Role::Text)],
        right: vec![span("changes made by klamm, newest first", Role::Muted)],
    };
    let inner = frame::draw(canvas, area, &titles, focus);
    if states::instead_of_value(canvas, inner, &view.view, "the journal") {
        return;
    }
    let Some(journal) = view.view.value() else { return };
    let mut inner = states::banner(canvas, inner, &view.view, &[], state.zone());
    if let (Some(first), true) = (journal.unreadable.first(), inner.height > 3) {
        let more = journal.unreadable.len() - 1;
        let text = if more > 0 { format!("{first}; and {more} more") } else { first.clone() };
        canvas.put(inner.x, inner.y, inner.width, &text, Role::Warning);
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    if journal.entries.is_empty() {
        states::say(canvas, inner, "klamm has not changed anything on this cluster", Role::Muted);
        return;
    }
    // Where room is short the day and the minute are enough.
    let (from, to) = if inner.width >= 80 { (0, 19) } else { (5, 16) };
    let columns = [
        Column::text("WHEN", Width::Fixed(to - from)).gives_way(1),
        Column::text("WHAT", Width::Fill(14)),
        Column::text("RESULT", Width::Fixed(18)),
    ];
    let table = Table {
        pane: Pane::Journal,
        columns: &columns,
        len: journal.entries.len(),
        cursor: Some(view.selection.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::Journal).first,
        is_marked: &nothing_marked,
    };
    let marks = canvas.theme.marks;
    table::draw(canvas, inner, &table, |row, column| {
        let Some(entry) = journal.entries.get(row) else { return cell("", Role::Text) };
        match column {
            0 => {
                // "2026-11-21 14:03:07.000"
                let shown = entry.began.show(state.zone());
                let part = shown.get(usize::from(from)..usize::from(to)).unwrap_or(&shown).to_owned();
                cell(part, Role::Muted)
            }
            1 => name(entry.plan.title.as_str(), Role::Text),
            _ => result(entry, &marks),
        }
    });
}

fn result(entry: &JournalEntry, marks: &Marks) -> Cell<'static> {
    match (&entry.outcome, &entry.undone_by) {
        (_, Some(_)) => cell("undone", Role::Muted),
        (None, _) if entry.finished_by.is_some() => cell("finished later", Role::Muted),
        (None, _) => cell(format!("{} unknown: verify", marks.unknown), Role::Warning),
        (Some(outcome), _) if outcome.is_complete() => cell(format!("{} done", marks.fine), Role::Success),
        (Some(outcome), _) => {
            cell(format!("{} {} of {} done", marks.broken, outcome.done(), outcome.steps.len()), Role::Danger)
        }
    }
}

/// What is known of a change whose result was never written.
fn unfinished_lines(look: Option<&Remote<Outcome>>, width: usize, marks: &Marks) -> Vec<text::Line<'static>> {
    let (text, role) = match look {
        Some(look) => match (look.value(), look.failure()) {
            (_, Some(failure)) => (format!("{} {failure}", marks.broken), Role::Danger),
            (Some(found), None) => {
                let note = found.notes.first();
                let (mark, role) = plan_rows::weight(note.map_or(Severity::Note, |note| note.severity), marks);
                (format!("{mark} {}", note.map_or("", |note| note.text.as_str())), role)
            }
            (None, None) => ("looking at what the cluster shows now…".into(), Role::Muted),
        },
        None => ("looking at what the cluster shows now…".into(), Role::Muted),
    };
    states::wrap(&text, width).into_iter().map(|line| vec![span(line, role)]).collect()
}

fn detail(canvas: &mut Canvas<'_>, area: Rect, state: &State, entry: Option<&JournalEntry>) {
    let title = entry.map_or("Change".to_owned(), |entry| entry.plan.title.clone());
    let inner = frame::draw(canvas, area, &Titles::left(vec![span(title, Role::Text)]), false);
    let Some(entry) = entry else { return };
    let marks = canvas.theme.marks;
    let mut lines: Vec<text::Line<'_>> = Vec::new();
    match &entry.undo {
        Ok(()) => lines.push(vec![span("u", Role::KeyHint), span(" plans the undo", Role::Text)]),
        Err(reason) => {
            for line in states::wrap(&format!("cannot be undone: {reason}"), usize::from(inner.width)) {
                lines.push(vec![span(line, Role::Muted)]);
            }
        }
    }
    lines.push(vec![span(format!("id {}", entry.plan.id), Role::Muted)]);
    lines.push(Vec::new());
    let look = if entry.is_unfinished() { state.views.journal.look_at(&entry.plan.id) } else { None };
    if entry.is_unfinished() {
        lines.extend(unfinished_lines(look, usize::from(inner.width), &marks));
        lines.push(Vec::new());
    }
    let known = entry.outcome.as_ref().or_else(|| look?.value().map(|found| &**found));
    let statuses = known.map(|outcome| &outcome.steps);
    let status = |index: usize| -> Option<&StepStatus> { statuses.and_then(|statuses| statuses.get(index)) };
    lines.extend(plan_rows::lines(&entry.plan, &status, usize::from(inner.width), state.zone(), &marks));
    if let Some(outcome) = &entry.outcome {
        for note in &outcome.notes {
            let (mark, role) = plan_rows::weight(note.severity, &marks);
            let text = format!("{mark} {}", note.text);
            lines.extend(states::wrap(&text, usize::from(inner.width)).into_iter().map(|line| vec![span(line, role)]));
        }
    }
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
        canvas.put_spans(inner.x, y, inner.width, line);
    }
    if hidden > 0 {
        let more = [span(format!(" {} more lines ", show::count(hidden as u64)), Role::Muted)];
        canvas.put_right(Rect { x: area.x, y: area.bottom() - 1, width: area.width - 2, height: 1 }, &more);
    }
}
