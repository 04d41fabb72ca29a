//! A line of text with a cursor.

use crate::domain::text::{display_width, sanitize};
use crate::tui::app::input::TextInput;
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

/// Draws the end of the text that holds the cursor.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &TextInput, has_focus: bool) {
    let before: String = input.text().chars().take(input.cursor()).collect();
    let room = usize::from(area.width.max(1)) - 1;
    let mut skipped = 0;
    let mut shown = before.as_str();
    while display_width(&sanitize(shown)) > room {
        let mut chars = shown.chars();
        chars.next();
        skipped += 1;
        shown = chars.as_str();
    }
    let rest: String = input.text().chars().skip(skipped).collect();
    canvas.fill(area, Role::Text);
    canvas.put(area.x, area.y, area.width, &rest, if has_focus { Role::Accent } else { Role::Text });
    if has_focus {
        let x = area.x + u16::try_from(display_width(&sanitize(shown))).unwrap_or(0);
        canvas.place_cursor(x.min(area.right().saturating_sub(1)), area.y);
    }
}
