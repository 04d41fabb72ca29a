//! Short messages in a corner: above the footer, or above an open dialog's text.

use super::states::wrap;
use crate::domain::text::display_width;
use crate::tui::app::State;
use crate::tui::app::notes::{Note, Tone};
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

const WIDEST: usize = 64;
const LINES: usize = 4;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let room = usize::from(area.width).saturating_sub(8).min(WIDEST);
    let notes: Vec<(&Note, Vec<String>)> = state.notes.toasts().map(|note| (note, lines(&note.text, room))).collect();
    let height: usize = notes.iter().map(|(_, lines)| lines.len()).sum();
    let Ok(height) = u16::try_from(height) else { return };
    if height + 2 > area.height {
        return;
    }
    // The last line of a dialog says what can be done; it must stay readable.
    let mut y = if state.dialogs.is_empty() { area.bottom() - 1 - height } else { area.y };
    let marks = canvas.theme.marks;
    for (note, lines) in notes {
        let widest = lines.iter().map(|line| display_width(line)).max().unwrap_or(0);
        let width = u16::try_from(widest + 4).unwrap_or(area.width).min(area.width);
        let (mark, role) = match note.tone {
            Tone::Good => (marks.fine, Role::Success),
            Tone::Info => (marks.leads, Role::Info),
            Tone::Warning => (marks.look, Role::Warning),
            Tone::Bad => (marks.broken, Role::Danger),
        };
        let height = u16::try_from(lines.len()).unwrap_or(1);
        let place = Rect { x: area.right().saturating_sub(width + 2), y, width, height };
        canvas.clear(place);
        canvas.put(place.x + 1, y, 1, mark, role);
        for line in &lines {
            canvas.put(place.x + 3, y, width, line, role);
            y += 1;
        }
        canvas.fill(place, Role::Selection);
    }
}

fn lines(text: &str, room: usize) -> Vec<String> {
    let mut lines = wrap(text, room);
    if lines.len() > LINES {
        lines.truncate(LINES);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}
