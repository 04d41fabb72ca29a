//! The same frame for every change.
//!
//! Invariant: `Canvas::plan_ended` is called only in a frame that shows the
//! last line of the plan, which is below all rows and checks.

use super::{boxed, plan_rows};
use crate::domain::plan::{Change, Check, Confirm, Plan, Warning};
use crate::domain::show;
use crate::tui::app::State;
use crate::tui::app::dialogs::PlanDialog;
use crate::tui::app::dialogs::plan::Stage;
use crate::tui::app::drawn::Pane;
use crate::tui::command::Right;
use crate::tui::ui::canvas::{Canvas, Span, span, width_of};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::text::{self, Line};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, dialog: &PlanDialog, is_top: bool) {
    let marks = canvas.theme.marks;
    let Some(plan) = dialog.plan() else {
        let inner = boxed(canvas, area, area.width.min(90), 7, vec![span(dialog.what.clone(), Role::Text)]);
        match &dialog.stage {
            Stage::Failed(failure) => states::say(canvas, inner, &format!("{} {failure}", marks.broken), Role::Danger),
            _ => states::say(canvas, inner, "working out what would change; nothing is changed by that…", Role::Muted),
        }
        return;
    };
    let width = area.width.min(140);
    let room = usize::from(width.saturating_sub(4));
    let lines = all_lines(state, dialog, plan, room, &marks);
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let title_role = if dialog.is_blocked() { Role::Danger } else { Role::Text };
    let mut title = vec![span(plan.title.clone(), title_role)];
    let frames = canvas.frames;
    if let Some(elsewhere) = &dialog.elsewhere {
        // The frame is that of the cluster which is written to.
        canvas.frames = canvas.theme.frames(elsewhere.colour.as_deref());
        let production = if elsewhere.is_production { " · production" } else { "" };
        title.push(span(format!(" · writes to {}{production}", elsewhere.profile), Role::Warning));
    }
    let inner = boxed(canvas, area, width, height, title);
    canvas.frames = frames;
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let viewport = text::draw(canvas, body, Pane::Plan, &lines, dialog.scroll);
    let last = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
    if viewport.shows_end() && is_top {
        canvas.plan_ended(&plan.id);
    }
    let hidden = lines.len().saturating_sub(viewport.first + viewport.height);
    let prompt = prompt(state, dialog, plan, hidden, usize::from(last.width), &marks);
    let shift = u16::try_from(usize::from(last.width).saturating_sub(width_of(&prompt)) / 2).unwrap_or(0);
    canvas.put_spans(last.x + shift, last.y, last.width, &prompt);
}

fn all_lines(state: &State, dialog: &PlanDialog, plan: &Plan, room: usize, marks: &Marks) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    let add = |lines: &mut Vec<Line<'static>>, text: &str, role: Role| {
        lines.extend(states::wrap(text, room).into_iter().map(|line| vec![span(line, role)]));
    };
    // What came of it is read first, however long the plan is.
    let afterwards: &[Warning] = match &dialog.stage {
        Stage::Done { outcome, .. } => &outcome.notes,
        _ => &[],
    };
    if let Stage::Broken { failure, .. } = &dialog.stage {
        add(&mut lines, &format!("{} {failure}", marks.broken), Role::Danger);
    }
    for note in afterwards.iter().chain(&dialog.afterwards) {
        let (mark, role) = plan_rows::weight(note.severity, marks);
        add(&mut lines, &format!("{mark} {}", note.text), role);
    }
    if !lines.is_empty() {
        lines.push(Vec::new());
    }
    for summary in &plan.summary {
        add(&mut lines, summary, Role::Text);
    }
    if !plan.summary.is_empty() {
        lines.push(Vec::new());
    }
    lines.extend(plan_rows::lines(plan, &|index| dialog.status(index), room, state.zone(), marks));
    if plan.steps.is_empty() {
        add(&mut lines, "nothing would change", Role::Muted);
    }
    lines.push(Vec::new());
    for warning in &plan.warnings {
        let (mark, role) = plan_rows::weight(warning.severity, marks);
        add(&mut lines, &format!("{mark} {}", warning.text), role);
    }
    lines.extend(check_lines(&plan.checks, room, marks));
    let undo = match &plan.not_undoable {
        Some(reason) => format!("undo: not possible: {reason}"),
        None if plan.moves().next().is_none() => "undo: u, as long as it is as it was applied".into(),
        None => "undo: u, until the group commits or retention passes; it puts positions back, not what consumers did"
            .into(),
    };
    add(&mut lines, &undo, Role::Muted);
    let made = format!("as of {}", plan.made_at.show(state.zone()));
    add(&mut lines, &made, Role::Muted);
    lines.push(Vec::new());
    add(&mut lines, &format!("command line:  {}", plan.command_line), Role::Info);
    lines
}

/// Several checks a line, as long as they fit.
fn check_lines(checks: &[Check], room: usize, marks: &Marks) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut used = usize::MAX;
    for check in checks {
        let (mark, role) = match check.passed {
            Some(true) => (marks.fine, Role::Success),
            Some(false) if check.is_advice => (marks.look, Role::Warning),
            Some(false) => (marks.broken, Role::Danger),
            None => (marks.unknown, Role::Muted),
        };
        let text_role = if check.blocks() { Role::Danger } else { Role::Text };
        let pair: [Span<'static>; 2] = [span(format!("{mark} "), role), span(check.text.clone(), text_role)];
        let width = width_of(&pair);
        match lines.last_mut() {
            Some(line) if used.saturating_add(3 + width) <= room => {
                line.push(span("   ", Role::Text));
                line.extend(pair);
                used += 3 + width;
            }
            _ => {
                used = width;
                lines.push(pair.to_vec());
            }
        }
    }
    lines
}

/// What can be done now, most important first; what does not fit is left out.
fn prompt(state: &State, dialog: &PlanDialog, plan: &Plan, hidden: usize, room: usize, marks: &Marks) -> Line<'static> {
    let mut items = prompt_items(state, dialog, plan, hidden, marks);
    let length = |items: &[Line<'static>], gap: usize| -> usize {
        items.iter().map(|item| width_of(item)).sum::<usize>() + items.len().saturating_sub(1) * gap
    };
    // The first says what is to be done, the last how to leave: those in between give way.
    while length(&items, PROMPT_GAP) > room && items.len() > 2 {
        items.remove(items.len() - 2);
    }
    let gap = if length(&items, PROMPT_GAP) > room { 1 } else { PROMPT_GAP };
    // Escape leaves everything, and the footer says so too.
    if length(&items, gap) > room && items.len() > 1 {
        items.truncate(1);
    }
    let mut line = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            line.push(span(" ".repeat(gap), Role::Text));
        }
        line.extend(item);
    }
    line
}

const PROMPT_GAP: usize = 6;

fn prompt_items(state: &State, dialog: &PlanDialog, plan: &Plan, hidden: usize, marks: &Marks) -> Vec<Line<'static>> {
    let key = |key: &'static str, words: &str| vec![span(key, Role::KeyHint), span(format!("  {words}"), Role::Text)];
    let say = |words: String, role: Role| vec![span(words, role)];
    match &dialog.stage {
        Stage::Loading | Stage::Failed(_) => Vec::new(),
        Stage::Shown(_) => {
            let first = if hidden > 0 {
                let mut line = say(format!("{} more lines  ", show::count(hidden as u64)), Role::Warning);
                line.extend(key("G", "to the end"));
                line
            } else if let Some(elsewhere) = dialog.elsewhere.as_ref().filter(|elsewhere| elsewhere.is_read_only) {
                say(format!("read-only: profile {}", elsewhere.profile), Role::Warning)
            } else if dialog.elsewhere.is_none()
                && matches!(state.link.right(), Right::ReadOnly | Right::ReadOnlyForGood)
            {
                say("read-only: :unlock".into(), Role::Warning)
            } else if dialog.can_wait() {
                key("w", "wait until the group is empty, then apply")
            } else if dialog.is_blocked() {
                say("a check failed".into(), Role::Danger)
            } else {
                match &plan.confirm {
                    Confirm::Yes => key("y", "apply"),
                    Confirm::TypeName(_) => key("y", "apply (asks for the name)"),
                }
            };
            let what = if matches!(plan.change, Change::Produce(_)) { "change the record" } else { "change target" };
            let change = state.ctx().has_picker.then(|| key("e", what));
            [Some(first), change, Some(key("esc", "leave as it is"))].into_iter().flatten().collect()
        }
        Stage::Waiting(_) => {
            vec![say("waiting until the group has no members…".into(), Role::Warning), key("esc", "stop waiting")]
        }
        Stage::Applying { steps, .. } => {
            if let Some(sent) = dialog.sent {
                let (records, passed) = (show::count(sent.records), show::count(sent.passed));
                let said = format!("sending: {records} sent, {passed} of {} offsets", show::count(sent.offsets));
                return vec![say(said, Role::Warning), key("esc", "stop behind what is there")];
            }
            let known = steps.iter().flatten().count();
            vec![say(format!("applying: {known} of {} answered…", show::plural(steps.len(), "step")), Role::Warning)]
        }
        Stage::Done { outcome, .. } => {
            let (done, all) = (outcome.done(), outcome.steps.len());
            let result = if outcome.is_complete() {
                say(format!("{} done and read back", marks.fine), Role::Success)
            } else {
                say(format!("{} {done} of {all} done", marks.broken), Role::Danger)
            };
            let mut items = vec![result];
            if dialog.first_written().is_some() {
                items.push(key("enter", "show the record"));
            }
            if dialog.why_it_stays().is_none() {
                items.push(key("u", "undo"));
            }
            items.push(key("esc", "close"));
            items
        }
        Stage::Broken { .. } => {
            vec![
                say("not applied, or not known".into(), Role::Danger),
                say("see the journal".into(), Role::Danger),
                key("esc", "close"),
            ]
        }
    }
}
