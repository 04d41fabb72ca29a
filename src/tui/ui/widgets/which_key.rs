//! After the first key of a longer binding: what can follow.

use super::frame::{self, Titles};
use crate::domain::text::display_width;
use crate::tui::app::State;
use crate::tui::command::Enabled;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

/// A small box in the corner above the footer.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    if state.pending.is_empty() {
        return;
    }
    let ctx = state.ctx();
    let mut rows: Vec<(String, String, Role)> = Vec::new();
    for (keys, command) in state.keymap.continuations(ctx.place, &state.pending) {
        let Some(row) = command.row() else { continue };
        rows.push(match (row.enabled)(&ctx) {
            Enabled::Yes => (keys.to_string(), row.doc.to_owned(), Role::Text),
            Enabled::No(reason) => (keys.to_string(), format!("{} ({reason})", row.doc), Role::Muted),
        });
    }
    let pressed: Vec<String> = state.pending.iter().map(ToString::to_string).collect();
    let key = rows.iter().map(|(keys, ..)| display_width(keys)).max().unwrap_or(0);
    let widest = rows.iter().map(|(_, doc, _)| key + 2 + display_width(doc)).max().unwrap_or(0);
    let width = u16::try_from(widest + 4).unwrap_or(area.width).min(area.width);
    let height = u16::try_from(rows.len() + 2).unwrap_or(area.height).min(area.height);
    let place = Rect { x: area.right() - width, y: area.bottom() - height, width, height };
    canvas.clear(place);
    let title = vec![span(format!("{} …", pressed.join(" ")), Role::Accent)];
    let inner = frame::draw(canvas, place, &Titles::left(title), true);
    for ((keys, doc, role), y) in rows.iter().zip(inner.top()..inner.bottom()) {
        canvas.put(inner.x, y, inner.width, keys, if *role == Role::Text { Role::KeyHint } else { Role::Muted });
        let x = inner.x + u16::try_from(key + 2).unwrap_or(0);
        canvas.put(x, y, inner.right().saturating_sub(x), doc, *role);
    }
}
