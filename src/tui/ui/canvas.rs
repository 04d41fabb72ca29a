//! The surface that widgets draw on.
//!
//! Owns: putting text into cells so that nothing hostile and nothing cut
//! reaches them, and the account of what was drawn.

use super::theme::{Marks, Role, Theme, ascii};
use crate::domain::text::{display_width, sanitize, shorten_end, shorten_middle};
use crate::tui::app::drawn::{Click, Drawn, Pane, Viewport};
use crate::tui::app::splits::{Line, Split, Splits, Way};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use std::borrow::Cow;

/// A piece of text in one role.
#[derive(Clone, Debug)]
pub struct Span<'a> {
    pub text: Cow<'a, str>,
    pub role: Role,
}

/// Text in a role.
pub fn span<'a>(text: impl Into<Cow<'a, str>>, role: Role) -> Span<'a> {
    Span { text: text.into(), role }
}

/// Columns that all spans take.
/// The first parts that find room beside each other, one in any case: what does not fit
/// is left out and never cut.
pub fn those_that_fit(parts: Vec<Vec<Span<'_>>>, width: u16) -> Vec<Span<'_>> {
    let mut line: Vec<Span<'_>> = Vec::new();
    for part in parts {
        if !line.is_empty() {
            if width_of(&line) + GAP.len() + width_of(&part) > usize::from(width) {
                break;
            }
            line.push(span(GAP, Role::Muted));
        }
        line.extend(part);
    }
    line
}

/// Between parts of a line.
const GAP: &str = "   ";

pub fn width_of(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| display_width(&sanitize(&span.text))).sum()
}

pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    pub theme: &'a Theme,
    /// Lines around panes: of the focused one, and of the others.
    pub frames: (Style, Style),
    drawn: Drawn,
    cursor: Option<Position>,
}

impl<'a> Canvas<'a> {
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme, frames: theme.frames(None), drawn: Drawn::default(), cursor: None }
    }

    pub fn finish(self) -> (Drawn, Option<Position>) {
        (self.drawn, self.cursor)
    }

    /// Puts text, shortened at its end where it does not fit; returns the column after it.
    pub fn put(&mut self, x: u16, y: u16, width: u16, text: &str, role: Role) -> u16 {
        self.put_styled(x, y, width, text, self.theme.style(role))
    }

    pub fn put_styled(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.y || y >= area.bottom() || x >= area.right() {
            return x;
        }
        let width = width.min(area.right() - x);
        let clean = sanitize(text);
        let fitting = shorten_end(&clean, usize::from(width));
        // The last door before a cell: nothing else has to think of it.
        let shown = if self.theme.marks == Marks::ASCII { ascii(&fitting) } else { fitting };
        let (after, _) = self.buffer.set_stringn(x, y, &shown, usize::from(width), style);
        after
    }

    /// Puts a name, shortened in its middle where it does not fit.
    pub fn put_name(&mut self, x: u16, y: u16, width: u16, name: &str, role: Role) -> u16 {
        let clean = sanitize(name);
        self.put(x, y, width, &shorten_middle(&clean, usize::from(width)), role)
    }

    /// Puts text that is worth showing whole or not at all.
    pub fn put_whole(&mut self, x: u16, y: u16, width: u16, text: &str, role: Role) -> u16 {
        if display_width(text) <= usize::from(width) { self.put(x, y, width, text, role) } else { x }
    }

    /// Puts spans one after the other. Where they do not fit, an ellipsis stands
    /// for all that is left out.
    pub fn put_spans(&mut self, x: u16, y: u16, width: u16, spans: &[Span<'_>]) -> u16 {
        let end = x.saturating_add(width);
        let mut at = x;
        for (index, span) in spans.iter().enumerate() {
            let (room, rest) = (end.saturating_sub(at), spans.get(index + 1..).unwrap_or_default());
            let fits = display_width(&sanitize(&span.text)) < usize::from(room);
            // Blanks at the end are missed by nobody.
            let is_last = rest.iter().all(|span| span.text.trim().is_empty());
            if fits || is_last {
                at = self.put(at, y, room, &span.text, span.role);
            } else {
                // More follows and finds no room: this one says so.
                return self.put(at, y, room, &format!("{}…", span.text), span.role);
            }
        }
        at
    }

    /// Puts spans so that they end at the right edge, if they fit.
    pub fn put_right(&mut self, area: Rect, spans: &[Span<'_>]) -> bool {
        let Ok(width) = u16::try_from(width_of(spans)) else { return false };
        if width > area.width {
            return false;
        }
        self.put_spans(area.right() - width, area.y, width, spans);
        true
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
        self.fill(area, Role::Text);
    }

    /// Lays a role over what is there.
    pub fn fill(&mut self, area: Rect, role: Role) {
        self.fill_styled(area, self.theme.style(role));
    }

    pub fn fill_styled(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    pub fn place_cursor(&mut self, x: u16, y: u16) {
        self.cursor = Some(Position { x, y });
    }

    /// Clicks fall through a dialog to nothing.
    pub fn drop_targets(&mut self) {
        self.drawn.targets.clear();
        self.drawn.lines.clear();
    }

    /// Parts an area in two where `usual` says, or where somebody moved the line to.
    pub fn part(&mut self, splits: &Splits, split: Split, area: Rect, way: Way, usual: u16) -> (Rect, Rect) {
        let whole = if way == Way::Beside { area.width } else { area.height };
        let first = splits.first(split, way, whole, usual.min(whole)).min(whole);
        self.drawn.lines.push(Line { split, area, way, first });
        match way {
            Way::Beside => (Rect { width: first, ..area }, Rect { x: area.x + first, width: whole - first, ..area }),
            Way::Below => (Rect { height: first, ..area }, Rect { y: area.y + first, height: whole - first, ..area }),
        }
    }

    pub fn target(&mut self, area: Rect, click: Click) {
        self.drawn.targets.push((area, click));
    }

    /// Notes which rows of a pane are in view, for paging and clicking.
    pub fn scrolled(&mut self, pane: Pane, area: Rect, viewport: Viewport) {
        self.drawn.viewports.insert(pane, viewport);
        self.target(area, Click::Rows { pane, first: viewport.first });
    }

    pub fn plan_ended(&mut self, plan_id: &str) {
        self.drawn.plan_end = Some(plan_id.to_owned());
    }
}
