//! One rounded line around a pane.

use crate::tui::ui::canvas::{Canvas, Span, width_of};
use ratatui::layout::Rect;

/// What stands in a frame's upper line.
#[derive(Default)]
pub struct Titles<'a> {
    pub left: Vec<Span<'a>>,
    /// Left out where it does not fit.
    pub right: Vec<Span<'a>>,
}

impl<'a> Titles<'a> {
    pub fn left(left: Vec<Span<'a>>) -> Self {
        Self { left, right: Vec::new() }
    }
}

/// Draws the frame and returns the room inside it, with a column of air on each side.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, titles: &Titles<'_>, has_focus: bool) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let style = if has_focus { canvas.frames.0 } else { canvas.frames.1 };
    let [top_left, top_right, bottom_left, bottom_right, across, down] = canvas.theme.marks.frame;
    let inner = area.width - 2;
    let line = across.repeat(usize::from(inner));
    canvas.put_styled(area.x, area.y, area.width, &format!("{top_left}{line}{top_right}"), style);
    canvas.put_styled(area.x, area.bottom() - 1, area.width, &format!("{bottom_left}{line}{bottom_right}"), style);
    for y in area.y + 1..area.bottom() - 1 {
        canvas.put_styled(area.x, y, 1, down, style);
        canvas.put_styled(area.right() - 1, y, 1, down, style);
    }
    let left = width_of(&titles.left);
    if left > 0 {
        // "╭─ title ─"
        let room = area.width.saturating_sub(6);
        canvas.put_styled(area.x + 2, area.y, 1, " ", style);
        let end = canvas.put_spans(area.x + 3, area.y, room, &titles.left);
        canvas.put_styled(end, area.y, 1, " ", style);
    }
    let right = width_of(&titles.right);
    if right > 0 && left + right + 9 <= usize::from(area.width) {
        let x = area.right() - 4 - u16::try_from(right).unwrap_or(0);
        canvas.put_styled(x, area.y, 1, " ", style);
        let end = canvas.put_spans(x + 1, area.y, u16::try_from(right).unwrap_or(0), &titles.right);
        canvas.put_styled(end, area.y, 1, " ", style);
    }
    Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
}
