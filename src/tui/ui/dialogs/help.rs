//! The keys that work in a place, from the command table.

use super::boxed;
use crate::tui::app::State;
use crate::tui::app::dialogs::HelpDialog;
use crate::tui::app::drawn::Pane;
use crate::tui::command::table::TABLE;
use crate::tui::command::{Enabled, Group};
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::text::{self, Line};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, dialog: &HelpDialog) {
    let ctx = state.ctx_at(dialog.of);
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut group: Option<Group> = None;
    // What belongs to this place comes before what works everywhere.
    let mut rows: Vec<_> = TABLE.iter().filter(|row| row.places.contains(&dialog.of)).collect();
    rows.sort_by_key(|row| (row.group <= Group::Lists, row.group));
    for row in rows {
        if group != Some(row.group) {
            if group.is_some() {
                lines.push(Vec::new());
            }
            lines.push(vec![span(row.group.title(), Role::Header)]);
            group = Some(row.group);
        }
        let keys: Vec<String> = state.keymap.all(row.command).iter().map(ToString::to_string).collect();
        let keys = if keys.is_empty() { format!(":{}", row.id) } else { keys.join("  ") };
        let mut line = vec![span(format!("  {keys:<18}"), Role::KeyHint), span(row.doc, Role::Text)];
        if let Enabled::No(reason) = (row.enabled)(&ctx) {
            line = vec![span(format!("  {keys:<18}"), Role::Muted), span(row.doc, Role::Muted)];
            line.push(span(format!("  ({reason})"), Role::Warning));
        }
        lines.push(line);
    }
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let inner = boxed(canvas, area, 92, height, vec![span("Keys that work here", Role::Text)]);
    let viewport = text::draw(canvas, inner, Pane::Help, &lines, dialog.scroll);
    if !viewport.shows_end() {
        let more = [span(" more below: j ", Role::Muted)];
        canvas.put_right(Rect { y: inner.bottom(), height: 1, ..inner }, &more);
    }
}
