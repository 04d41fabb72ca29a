//! Any command by a few letters.

use super::boxed;
use crate::tui::app::State;
use crate::tui::app::dialogs::PaletteDialog;
use crate::tui::app::drawn::{Pane, Viewport};
use crate::tui::app::list::first_visible;
use crate::tui::command::Enabled;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::text_field;
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, palette: &PaletteDialog) {
    let inner = boxed(canvas, area, 84, 18, vec![span("Command", Role::Text)]);
    canvas.put(inner.x, inner.y, 1, ":", Role::KeyHint);
    let field = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), height: 1, ..inner };
    text_field::draw(canvas, field, &palette.input, true);
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let hits = palette.hits();
    if hits.is_empty() {
        canvas.put(body.x, body.y, body.width, "no command has these letters", Role::Muted);
        return;
    }
    let below = state.place_below();
    let height = usize::from(body.height);
    let first = first_visible(state.viewport(Pane::Palette).first, palette.cursor, hits.len(), height);
    let viewport = Viewport { first, height, len: hits.len() };
    canvas.scrolled(Pane::Palette, body, viewport);
    for (index, y) in viewport.rows().zip(body.y..) {
        let Some(row) = hits.get(index) else { break };
        let reason = if !row.places.contains(&below) {
            Some("in another view")
        } else {
            match (row.enabled)(&state.ctx_at(below)) {
                Enabled::Yes => None,
                Enabled::No(reason) => Some(reason),
            }
        };
        let line = Rect { y, height: 1, ..body };
        let role = if reason.is_some() { Role::Muted } else { Role::Text };
        let keys = state.keymap.shown(row.command).map_or(String::new(), ToString::to_string);
        canvas.put(body.x, y, 24, row.id, if reason.is_some() { Role::Muted } else { Role::Accent });
        let mut doc = row.doc.to_owned();
        if let Some(reason) = reason {
            doc.push_str(&format!(" ({reason})"));
        }
        canvas.put(body.x + 25, y, body.width.saturating_sub(33), &doc, role);
        canvas.put_right(line, &[span(keys, Role::KeyHint)]);
        if index == palette.cursor {
            canvas.fill(line, Role::Selection);
        }
    }
}
