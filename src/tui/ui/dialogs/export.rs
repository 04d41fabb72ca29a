//! Records on their way into a file: how many so far, and at the end where they are.

use super::boxed;
use crate::domain::show;
use crate::domain::text::sanitize;
use crate::tui::app::State;
use crate::tui::app::dialogs::ExportDialog;
use crate::tui::app::dialogs::export::ExportStage;
use crate::tui::app::drawn::Pane;
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::text::{self, Line};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, dialog: &ExportDialog) {
    let width = area.width.min(90);
    let lines = lines(canvas, state, dialog, usize::from(width.saturating_sub(4)));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).max(6);
    let inner = boxed(canvas, area, width, height, vec![span("Export of records", Role::Text)]);
    text::draw(canvas, inner, Pane::Export, &lines, dialog.scroll);
}

fn lines(canvas: &Canvas<'_>, state: &State, dialog: &ExportDialog, room: usize) -> Vec<Line<'static>> {
    let marks = canvas.theme.marks;
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut say = |text: &str, role: Role| {
        lines.extend(states::wrap(text, room).into_iter().map(|line| vec![span(line, role)]));
    };
    let path = sanitize(&dialog.wish.path.display().to_string()).into_owned();
    let shown = |command| state.keymap.shown(command).map_or(String::new(), ToString::to_string);
    match &dialog.stage {
        ExportStage::Running | ExportStage::Stopping => {
            say(&format!("{} so far, into {path}", dialog.said()), Role::Accent);
            say(&dialog.progress.searched, Role::Muted);
            match dialog.stage {
                ExportStage::Stopping => say("stopping behind what is being written…", Role::Warning),
                _ => say("esc stops; what is written stays, as whole records", Role::Muted),
            }
        }
        ExportStage::Failed(failure) => {
            say(&format!("{} {failure}", marks.broken), Role::Danger);
            if dialog.progress.records > 0 {
                say(&format!("{} are in {path}, as whole records", dialog.said()), Role::Warning);
            }
        }
        ExportStage::Done(exported) => {
            if let Some(part) = exported.tiered {
                let text = format!(
                    "{} up to {} of these records, in {}, lie in remote storage: reading them is slow, and costs \
                     where requests are paid for. {} reads them all the same; no file was made",
                    marks.look,
                    show::count(part.records),
                    show::plural(part.partitions, "partition"),
                    shown(Command::RecordsTiered)
                );
                say(&text, Role::Warning);
            } else {
                let (mark, role) = match (exported.is_stopped, exported.failures.is_empty(), dialog.progress.records) {
                    (false, true, 1..) => (marks.fine, Role::Success),
                    _ => (marks.look, Role::Warning),
                };
                say(&format!("{mark} {} in {path}", dialog.said()), role);
                if exported.is_stopped {
                    say("stopped: the rest was not looked at", Role::Warning);
                }
                exported
                    .failures
                    .iter()
                    .for_each(|failure| say(&format!("{} in part: {failure}", marks.look), Role::Warning));
                exported.notes.iter().for_each(|note| say(note, Role::Muted));
            }
        }
    }
    lines.push(Vec::new());
    let mut say = |text: &str, role: Role| {
        lines.extend(states::wrap(text, room).into_iter().map(|line| vec![span(line, role)]));
    };
    say(&format!("command line:  {}", dialog.wish.command_line), Role::Info);
    lines
}
