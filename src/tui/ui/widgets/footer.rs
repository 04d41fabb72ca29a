//! The last line: what can be done here, or what a begun key may become.

use crate::domain::text::display_width;
use crate::tui::app::State;
use crate::tui::command::hints::{GAP, hints};
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let room = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if !state.pending.is_empty() {
        prefix(canvas, room, state);
        return;
    }
    let mut x = room.x;
    for hint in hints(&state.keymap, &state.ctx(), usize::from(room.width)) {
        let (key, title) = match hint.disabled {
            None => (Role::KeyHint, Role::Text),
            Some(_) => (Role::Muted, Role::Muted),
        };
        x = canvas.put(x, area.y, room.right().saturating_sub(x), &hint.key, key);
        x = canvas.put(x + 1, area.y, room.right().saturating_sub(x + 1), hint.title, title) + GAP as u16;
    }
}

/// After the first key of a longer binding: the keys that may follow.
fn prefix(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let pressed: Vec<String> = state.pending.iter().map(ToString::to_string).collect();
    let mut x = canvas.put(area.x, area.y, area.width, &format!("{} …", pressed.join(" ")), Role::Accent) + 2;
    for (keys, command) in state.keymap.continuations(state.place(), &state.pending) {
        let Some(row) = command.row() else { continue };
        let key = keys.to_string();
        let width = display_width(&key) + 1 + display_width(row.title);
        if usize::from(area.right().saturating_sub(x)) < width {
            continue;
        }
        x = canvas.put(x, area.y, area.width, &key, Role::KeyHint);
        x = canvas.put(x + 1, area.y, area.width, row.title, Role::Text) + 2;
    }
}
