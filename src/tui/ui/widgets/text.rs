//! Lines of spans that scroll as a whole.

use crate::tui::app::drawn::{Pane, Viewport};
use crate::tui::ui::canvas::{Canvas, Span};
use ratatui::layout::Rect;

pub type Line<'a> = Vec<Span<'a>>;

/// Draws the lines from `scroll` on and notes what is in view.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, pane: Pane, lines: &[Line<'_>], scroll: usize) -> Viewport {
    let height = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(height));
    let viewport = Viewport { first, height, len: lines.len() };
    canvas.scrolled(pane, area, viewport);
    for (line, y) in lines.iter().skip(first).take(height).zip(area.y..) {
        canvas.put_spans(area.x, y, area.width, line);
    }
    viewport
}
