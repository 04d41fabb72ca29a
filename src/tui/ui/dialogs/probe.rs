//! The steps of a test, each with what was found and what to do.

use super::boxed;
use crate::cluster::{Ending, ProbeStep};
use crate::domain::{Failure, show};
use crate::tui::app::dialogs::ProbeDialog;
use crate::tui::app::drawn::Pane;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::text::{self, Line};
use ratatui::layout::Rect;

const STAGE: u16 = 13;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, probe: &ProbeDialog) {
    let title = vec![span(format!("Test of {} · esc closes", probe.name), Role::Text)];
    let width = area.width.min(110);
    let lines = lines(canvas, &probe.steps, probe.is_running, width.saturating_sub(2));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).max(6);
    let inner = boxed(canvas, area, width, height, title);
    text::draw(canvas, inner, Pane::Probe, &lines, probe.scroll);
}

/// The newest steps that fit, for a form above them.
pub fn draw_tail(canvas: &mut Canvas<'_>, area: Rect, steps: &[ProbeStep], is_running: bool) {
    let lines = lines(canvas, steps, is_running, area.width);
    let first = lines.len().saturating_sub(usize::from(area.height));
    for (line, y) in lines.iter().skip(first).zip(area.top()..area.bottom()) {
        canvas.put_spans(area.x, y, area.width, line);
    }
}

/// All steps as lines of this width.
pub fn lines(canvas: &Canvas<'_>, steps: &[ProbeStep], is_running: bool, width: u16) -> Vec<Line<'static>> {
    let marks = canvas.theme.marks;
    let mut lines: Vec<Line<'static>> = Vec::new();
    for step in steps {
        let (mark, role, said, hint) = match &step.ending {
            Ending::Ok(found) => (marks.fine, Role::Success, found.clone(), None),
            Ending::Look { found, hint } => (marks.look, Role::Warning, found.clone(), Some(hint.clone())),
            Ending::Failed(failure) => (marks.broken, Role::Danger, cause(failure), failure.hint.clone()),
            Ending::Skipped(why) => ("-", Role::Muted, why.clone(), None),
        };
        let took = match &step.ending {
            Ending::Skipped(_) => String::new(),
            _ => format!(" ({})", show::duration(u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX))),
        };
        let target = if step.target.is_empty() { String::new() } else { format!("{} ", step.target) };
        let room = usize::from(width.saturating_sub(STAGE + 2));
        for (index, line) in states::wrap(&format!("{target}{said}{took}"), room).into_iter().enumerate() {
            let stage = if index == 0 { step.stage.word().replace('_', " ") } else { String::new() };
            let shown = if index == 0 { mark } else { " " };
            lines.push(vec![
                span(format!("{shown} "), role),
                span(format!("{stage:<width$}", width = usize::from(STAGE)), Role::Muted),
                span(line, if role == Role::Success { Role::Text } else { role }),
            ]);
        }
        for line in hint.iter().flat_map(|hint| states::wrap(hint, room)) {
            lines.push(vec![span(" ".repeat(usize::from(STAGE) + 2), Role::Muted), span(line, Role::Info)]);
        }
    }
    if is_running {
        lines.push(vec![span("  testing…", Role::Muted)]);
    }
    lines
}

/// The failure without the address and the advice, which stand beside it.
fn cause(failure: &Failure) -> String {
    Failure { hint: None, broker: None, ..failure.clone() }.to_string()
}
