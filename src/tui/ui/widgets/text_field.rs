//! A line of text with a cursor.

use crate::domain::text::{display_width, sanitize};
use crate::tui::app::input::TextInput;
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

/// Draws as many stars as there are characters, as far as they fit.
pub fn draw_hidden(canvas: &mut Canvas<'_>, area: Rect, length: usize, has_focus: bool) {
    let shown = length.min(usize::from(area.width.max(1)) - 1);
    canvas.put(area.x, area.y, area.width, &"*".repeat(shown), if has_focus { Role::Accent } else { Role::Text });
    if has_focus {
        canvas.place_cursor(area.x + u16::try_from(shown).unwrap_or(0), area.y);
    }
}

/// Draws the end of the text that holds the cursor.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &TextInput, has_focus: bool) {
    let text: Vec<char> = input.text().chars().collect();
    let (before, behind) = text.split_at_checked(input.cursor()).unwrap_or((&text, &[]));
    let room = usize::from(area.width.max(1)) - 1;
    // The most of what stands before the cursor that fits, from the cursor back.
    let end = |room: usize| -> Vec<char> {
        let mut used = 0;
        let fits = |character: &&char| {
            used += display_width(&sanitize(character.encode_utf8(&mut [0; 4])));
            used <= room
        };
        let mut end: Vec<char> = before.iter().rev().take_while(fits).copied().collect();
        end.reverse();
        end
    };
    let mut shown = end(room);
    if shown.len() < before.len() && room > 1 {
        shown = std::iter::once('…').chain(end(room - 1)).collect();
    }
    let shown: String = shown.into_iter().collect();
    let rest: String = shown.chars().chain(behind.iter().copied().take(usize::from(area.width) + 1)).collect();
    canvas.fill(area, Role::Text);
    canvas.put(area.x, area.y, area.width, &rest, if has_focus { Role::Accent } else { Role::Text });
    if has_focus {
        let x = area.x + u16::try_from(display_width(&sanitize(&shown))).unwrap_or(0);
        canvas.place_cursor(x.min(area.right().saturating_sub(1)), area.y);
    }
}
