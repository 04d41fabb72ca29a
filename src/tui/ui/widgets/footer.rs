//! The last line: what can be done here.

use crate::tui::app::State;
use crate::tui::command::hints::{GAP, hints};
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let room = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if !state.pending.is_empty() {
        // What can follow stands in a box of its own.
        let pressed: Vec<String> = state.pending.iter().map(ToString::to_string).collect();
        canvas.put(room.x, room.y, room.width, &format!("{} …", pressed.join(" ")), Role::Accent);
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
