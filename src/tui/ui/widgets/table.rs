//! A table that draws only the rows in view.
//!
//! Owns: column widths, alignment, the cursor's row, and which columns give way
//! on a narrow screen. Must not know what the rows are.
//! Invariant: cells are asked for visible rows only.

use crate::domain::text::{display_width, sanitize, shorten_end, shorten_middle};
use crate::tui::app::drawn::{Click, Pane, Viewport};
use crate::tui::app::list::first_visible;
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, Span};
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Fixed(u16),
    /// Takes what is left, but at least this.
    Fill(u16),
    /// As wide as what is in view, but at least this: a large screen keeps a name
    /// and its numbers within one glance.
    Name(u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    pub title: &'a str,
    pub width: Width,
    pub align: Align,
    /// The larger, the sooner it gives way; 0 always stays.
    pub gives_way: u8,
    /// What a click on the title does.
    pub sort: Option<Command>,
}

impl<'a> Column<'a> {
    pub const fn text(title: &'a str, width: Width) -> Self {
        Self { title, width, align: Align::Left, gives_way: 0, sort: None }
    }

    pub const fn number(title: &'a str, width: u16) -> Self {
        Self { title, width: Width::Fixed(width), align: Align::Right, gives_way: 0, sort: None }
    }

    pub const fn gives_way(mut self, rank: u8) -> Self {
        self.gives_way = rank;
        self
    }

    pub const fn sort(mut self, command: Command) -> Self {
        self.sort = Some(command);
        self
    }

    fn least(self) -> u16 {
        match self.width {
            Width::Fixed(width) | Width::Fill(width) | Width::Name(width) => width,
        }
    }
}

/// What stands in a cell.
pub struct Cell<'a> {
    pub spans: Vec<Span<'a>>,
    /// Names differ most at their ends: they are cut in the middle.
    pub is_name: bool,
    /// Stays whole behind what may have to be shortened.
    pub suffix: Option<Span<'a>>,
}

impl Cell<'_> {
    fn width(&self) -> usize {
        self.spans.iter().chain(&self.suffix).map(|span| display_width(&sanitize(&span.text))).sum()
    }
}

pub fn cell<'a>(text: impl Into<Cow<'a, str>>, role: Role) -> Cell<'a> {
    Cell { spans: vec![Span { text: text.into(), role }], is_name: false, suffix: None }
}

pub fn name<'a>(text: impl Into<Cow<'a, str>>, role: Role) -> Cell<'a> {
    Cell { spans: vec![Span { text: text.into(), role }], is_name: true, suffix: None }
}

pub struct Table<'a> {
    pub pane: Pane,
    pub columns: &'a [Column<'a>],
    pub len: usize,
    pub cursor: Option<usize>,
    pub has_focus: bool,
    /// Where the view began before.
    pub first: usize,
    /// A column for marks before the rows.
    pub is_marked: &'a dyn Fn(usize) -> bool,
}

pub fn nothing_marked(_: usize) -> bool {
    false
}

const GAP: u16 = 2;
/// Columns between two columns where there is more room than names need.
const WIDEST_GAP: u16 = 6;
/// Names in view count in steps of this, so that nothing twitches while one scrolls.
const STEP: usize = 8;
/// The cursor's and the mark's sign, and a blank.
const GUTTER: u16 = 2;

/// Draws a header line and the rows; `cell_at` is asked by row and by index into `columns`.
pub fn draw<'c>(canvas: &mut Canvas<'_>, area: Rect, table: &Table<'_>, cell_at: impl Fn(usize, usize) -> Cell<'c>) {
    if area.height < 2 || area.width <= GUTTER {
        return;
    }
    let inner = Rect { x: area.x + GUTTER, width: area.width - GUTTER, ..area };
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let height = usize::from(body.height);
    let cursor = table.cursor.unwrap_or(0);
    let first = first_visible(table.first, cursor, table.len, height);
    let viewport = Viewport { first, height, len: table.len };
    let needed = |index: usize| -> u16 {
        let widest = viewport.rows().map(|row| cell_at(row, index).width()).max().unwrap_or(0);
        u16::try_from(widest.next_multiple_of(STEP)).unwrap_or(u16::MAX)
    };
    let places = layout(table.columns, inner.width, needed);
    for (index, x, width) in &places {
        let Some(column) = table.columns.get(*index) else { continue };
        let title = shorten_end(column.title, usize::from(*width));
        let shift = if column.align == Align::Right { width.saturating_sub(display_width(&title) as u16) } else { 0 };
        canvas.put(inner.x + x + shift, inner.y, *width, &title, Role::Header);
        if let Some(command) = column.sort {
            canvas.target(Rect { x: inner.x + x, y: inner.y, width: *width, height: 1 }, Click::Command(command));
        }
    }
    canvas.scrolled(table.pane, body, viewport);
    let marks = canvas.theme.marks;
    for (row, y) in viewport.rows().zip(body.y..) {
        let is_cursor = table.cursor == Some(row);
        let line = Rect { y, height: 1, ..body };
        if is_cursor && table.has_focus {
            canvas.fill(line, Role::Selection);
        }
        let sign = match (is_cursor, (table.is_marked)(row)) {
            (true, false) => Some((marks.selected, if table.has_focus { Role::Accent } else { Role::Muted })),
            (_, true) => Some((marks.marked, Role::Accent)),
            (false, false) => None,
        };
        for (index, x, width) in &places {
            let Some(column) = table.columns.get(*index) else { continue };
            draw_cell(canvas, inner.x + x, y, *width, column.align, cell_at(row, *index));
        }
        if let Some((sign, role)) = sign {
            canvas.put(line.x, y, 1, sign, role);
        }
        if is_cursor && table.has_focus {
            canvas.fill(line, Role::Selection);
        }
    }
}

fn draw_cell(canvas: &mut Canvas<'_>, x: u16, y: u16, width: u16, align: Align, cell: Cell<'_>) {
    let room = usize::from(width);
    let reserved = cell.suffix.as_ref().map_or(0, |suffix| display_width(&suffix.text));
    let mut left = room.saturating_sub(reserved);
    let mut parts = Vec::with_capacity(cell.spans.len());
    for span in &cell.spans {
        let clean = sanitize(&span.text);
        let fitting = if cell.is_name { shorten_middle(&clean, left) } else { shorten_end(&clean, left) };
        left = left.saturating_sub(display_width(&fitting));
        parts.push((fitting.into_owned(), span.role));
    }
    parts.extend(cell.suffix.map(|suffix| (suffix.text.into_owned(), suffix.role)));
    let mut at = if align == Align::Right { x + left as u16 } else { x };
    for (text, role) in parts {
        at = canvas.put(at, y, width, &text, role);
    }
}

/// The columns that fit: index, place, width. `needed` is what a column of names needs.
fn layout(columns: &[Column<'_>], width: u16, needed: impl Fn(usize) -> u16) -> Vec<(usize, u16, u16)> {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let least = |kept: &[usize]| -> u16 {
        let sum: u16 = kept.iter().filter_map(|index| columns.get(*index)).map(|column| column.least()).sum();
        sum + GAP * u16::try_from(kept.len().saturating_sub(1)).unwrap_or(0)
    };
    while least(&kept) > width {
        let next = kept
            .iter()
            .enumerate()
            .filter_map(|(place, index)| columns.get(*index).map(|column| (column.gives_way, place)))
            .filter(|(rank, _)| *rank > 0)
            .max();
        match next {
            Some((_, place)) => {
                kept.remove(place);
            }
            None => break,
        }
    }
    let mut spare = width.saturating_sub(least(&kept));
    let kind = |index: &usize| columns.get(*index).map(|column| column.width);
    let mut widths: Vec<u16> =
        kept.iter().map(|index| columns.get(*index).map_or(0, |column| column.least())).collect();
    // Names first, as far as they need it; then whoever takes all there is.
    let grows: [fn(&Width) -> bool; 2] =
        [|width| matches!(width, Width::Name(_)), |width| matches!(width, Width::Fill(_))];
    for grows in grows {
        let mut left = kept.iter().filter(|index| kind(index).is_some_and(|width| grows(&width))).count();
        for (index, own) in kept.iter().zip(&mut widths) {
            let Some(width) = kind(index).filter(grows) else { continue };
            let share = spare / u16::try_from(left.max(1)).unwrap_or(1);
            left -= 1;
            let most = if matches!(width, Width::Name(_)) { needed(*index).saturating_sub(*own) } else { spare };
            // The last one takes what rounding left.
            let extra = if left == 0 { spare } else { share }.min(most);
            *own += extra;
            spare -= extra;
        }
    }
    let gaps = u16::try_from(kept.len().saturating_sub(1)).unwrap_or(u16::MAX).max(1);
    let gap = (GAP + spare / gaps).min(WIDEST_GAP);
    let mut places = Vec::with_capacity(kept.len());
    let mut x = 0;
    for (index, own) in kept.into_iter().zip(widths) {
        let own = own.min(width.saturating_sub(x));
        if own == 0 {
            break;
        }
        places.push((index, x, own));
        x += own + gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_give_way_by_rank_and_the_name_takes_the_rest() {
        let columns = [
            Column::text("NAME", Width::Fill(10)),
            Column::number("A", 6).gives_way(1),
            Column::number("B", 6).gives_way(2),
        ];
        let layout = |width| layout(&columns, width, |_| 0);
        assert_eq!(layout(30), [(0, 0, 14), (1, 16, 6), (2, 24, 6)]);
        assert_eq!(layout(20), [(0, 0, 12), (1, 14, 6)]);
        assert_eq!(layout(12), [(0, 0, 12)]);
        assert_eq!(layout(4), [(0, 0, 4)]);
    }

    #[test]
    fn a_name_takes_what_it_needs_and_the_numbers_stay_near() {
        let columns = [Column::text("NAME", Width::Name(10)), Column::number("A", 6), Column::number("B", 6)];
        let layout = |columns: &[Column<'_>], width| layout(columns, width, |_| 24);
        assert_eq!(layout(&columns, 30), [(0, 0, 14), (1, 16, 6), (2, 24, 6)], "no room: as much as there is");
        assert_eq!(layout(&columns, 40), [(0, 0, 24), (1, 26, 6), (2, 34, 6)]);
        assert_eq!(layout(&columns, 200), [(0, 0, 24), (1, 30, 6), (2, 42, 6)], "room: the gaps grow a little");
        let columns = [Column::text("NAME", Width::Name(10)), Column::text("VALUE", Width::Fill(10))];
        assert_eq!(layout(&columns, 100), [(0, 0, 24), (1, 26, 74)], "what follows takes the rest");
    }

    #[test]
    fn a_hundred_thousand_rows_cost_what_is_visible() {
        use crate::tui::ui::theme::{Depth, Theme};
        use std::cell::Cell as Counter;
        let (theme, area) = (Theme::built_in("dark", Depth::True), Rect::new(0, 0, 200, 60));
        let mut buffer = ratatui::buffer::Buffer::empty(area);
        let mut canvas = Canvas::new(&mut buffer, &theme);
        let columns = [Column::text("NAME", Width::Fill(10)), Column::number("A", 6)];
        let asked = Counter::new(0);
        let table = Table {
            pane: Pane::Topics,
            columns: &columns,
            len: 100_000,
            cursor: Some(77_777),
            has_focus: true,
            first: 0,
            is_marked: &nothing_marked,
        };
        draw(&mut canvas, area, &table, |row, _| {
            asked.set(asked.get() + 1);
            assert!((77_777 - 60..=77_777).contains(&row));
            cell("x", Role::Text)
        });
        assert_eq!(asked.get(), 59 * 2);
    }
}
