//! A heat map: topics by brokers, by how many partitions each broker leads.
//!
//! A pane of the overview. A bar of half a cell is a fair share; one that fills its
//! cell is twice that or more. Where there is room the number stands before it.

use crate::domain::leaders::Spread;
use crate::domain::text::{display_width, sanitize};
use crate::domain::{BrokerId, show};
use crate::tui::app::State;
use crate::tui::app::drawn::{Pane, Viewport};
use crate::tui::app::list::first_visible;
use crate::tui::app::screens::overview::broker_ids;
use crate::tui::ui::canvas::{Canvas, span, width_of};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::{spark, states};
use ratatui::layout::Rect;

/// The cursor's sign and a blank.
const GUTTER: u16 = 2;
/// Columns that a name keeps, however many brokers there are.
const NAME: u16 = 14;
/// Lines that make room for one that explains.
const ROOMY: u16 = 6;

/// Names in view count in steps of this, so that nothing twitches while one scrolls.
const STEP: usize = 8;

/// Where the cells begin, how wide each broker's is, and how many brokers are shown.
#[derive(Clone, Copy)]
struct Grid {
    x: u16,
    cell: u16,
    shown: usize,
    has_numbers: bool,
}

impl Grid {
    /// Numbers where they fit, else a bar each; brokers beyond that are counted.
    fn of(width: u16, brokers: &[BrokerId], most: u32) -> Self {
        let digits = brokers.iter().map(|id| id.to_string().len()).max().unwrap_or(1).max(most.to_string().len());
        let cell = u16::try_from(digits).unwrap_or(4) + 3;
        let room = width.saturating_sub(GUTTER + NAME);
        let count = u16::try_from(brokers.len()).unwrap_or(u16::MAX);
        if cell.saturating_mul(count) <= room {
            Self { x: 0, cell, shown: brokers.len(), has_numbers: true }
        } else {
            Self { x: 0, cell: 1, shown: brokers.len().min(usize::from(room)), has_numbers: false }
        }
    }

    fn width(self) -> u16 {
        self.cell.saturating_mul(u16::try_from(self.shown).unwrap_or(u16::MAX))
    }
}

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, focus: bool) {
    let remote = &state.data.metadata;
    if states::instead_of_value(canvas, area, remote, "leaders") {
        return;
    }
    let Some(metadata) = remote.value() else { return };
    let area = states::banner(canvas, area, remote, &metadata.failures, state.zone());
    let (view, brokers) = (&state.views.overview, broker_ids(state));
    if view.uneven.is_empty() || area.height < 2 {
        states::say(canvas, area, "this cluster has no topics you may see", Role::Muted);
        return;
    }
    let legend = if area.height > ROOMY { 1 } else { 0 };
    let body = Rect { y: area.y + 1, height: area.height - 1 - legend, ..area };
    let cursor = view.leaders_cursor.min(view.uneven.len() - 1);
    let height = usize::from(body.height);
    let first = first_visible(state.viewport(Pane::Leaders).first, cursor, view.uneven.len(), height);
    let viewport = Viewport { first, height, len: view.uneven.len() };
    canvas.scrolled(Pane::Leaders, body, viewport);
    let rows: Vec<_> = viewport
        .rows()
        .filter_map(|row| {
            let topic = metadata.topics.get(*view.uneven.get(row)? as usize)?;
            Some((row, &topic.name, Spread::of(topic, &brokers)))
        })
        .collect();
    let most = rows.iter().flat_map(|(_, _, spread)| &spread.led).copied().max().unwrap_or(0);
    let marks = canvas.theme.marks;
    // The numbers stand near the names, however wide the screen is.
    let width =
        |name: &str, spread: &Spread| display_width(&sanitize(name)) + display_width(&lost(spread, marks.broken));
    let widest = rows.iter().map(|(_, name, spread)| width(name.as_str(), spread)).max().unwrap_or(0);
    let names = u16::try_from(widest.next_multiple_of(STEP)).unwrap_or(u16::MAX).max(NAME);
    let mut grid = Grid::of(area.width, &brokers, most);
    grid.x = area.x + GUTTER + names.min(area.width.saturating_sub(GUTTER + grid.width() + 1)) + 1;
    header(canvas, area, grid, &brokers);
    for ((row, name, spread), y) in rows.into_iter().zip(body.y..) {
        let line = Rect { y, height: 1, ..body };
        let is_cursor = row == cursor;
        let room = grid.x.saturating_sub(line.x + GUTTER + 1);
        let lost = lost(&spread, marks.broken);
        let lost_width = u16::try_from(display_width(&lost)).unwrap_or(0);
        let end = canvas.put_name(line.x + GUTTER, y, room.saturating_sub(lost_width), name.as_str(), Role::Text);
        canvas.put(end, y, lost_width, &lost, Role::Danger);
        cells(canvas, line, grid, &spread);
        if is_cursor {
            canvas.put(line.x, y, 1, marks.selected, if focus { Role::Accent } else { Role::Muted });
            if focus {
                canvas.fill(line, Role::Selection);
            }
        }
    }
    if legend > 0 {
        let (half, full) = (spark::height(&marks, 0.5), spark::height(&marks, 1.0));
        let mut words = vec![
            span(half, Role::Info),
            span(" a fair share  ", Role::Muted),
            span(full, Role::Warning),
            span(" twice that or more  ", Role::Muted),
            span(marks.broken, Role::Danger),
            span(" without a leader", Role::Muted),
        ];
        let room = area.width.saturating_sub(GUTTER);
        // A sign without its word says nothing: both go.
        while width_of(&words) > usize::from(room) {
            words.truncate(words.len().saturating_sub(2));
        }
        canvas.put_spans(area.x + GUTTER, area.bottom() - 1, room, &words);
    }
}

/// " ✖ 2": partitions that nobody leads.
fn lost(spread: &Spread, broken: &str) -> String {
    if spread.leaderless > 0 { format!(" {broken} {}", spread.leaderless) } else { String::new() }
}

fn header(canvas: &mut Canvas<'_>, area: Rect, grid: Grid, brokers: &[BrokerId]) {
    let room = grid.x.saturating_sub(area.x + GUTTER + 1);
    let hidden = brokers.len() - grid.shown;
    let title = if hidden > 0 { format!("TOPIC, {} more", show::plural(hidden, "broker")) } else { "TOPIC".into() };
    canvas.put(area.x + GUTTER, area.y, room, &title, Role::Header);
    for (id, x) in brokers.iter().take(grid.shown).zip((grid.x..).step_by(usize::from(grid.cell))) {
        let id = id.to_string();
        // In a narrow cell the last digit has to do.
        let shown =
            if grid.has_numbers { id.as_str() } else { id.get(id.len().saturating_sub(1)..).unwrap_or_default() };
        let cell = Rect { x, y: area.y, width: grid.cell, height: 1 };
        // Above the numbers, where there are any.
        let shown = if grid.has_numbers { format!("{shown}  ") } else { shown.to_owned() };
        canvas.put_right(cell, &[span(shown, Role::Header)]);
    }
}

fn cells(canvas: &mut Canvas<'_>, line: Rect, grid: Grid, spread: &Spread) {
    let marks = canvas.theme.marks;
    let fair = spread.fair();
    for (led, x) in spread.led.iter().take(grid.shown).zip((grid.x..).step_by(usize::from(grid.cell))) {
        let role = match *led {
            0 => Role::Muted,
            led if led <= fair => Role::Info,
            led if led < fair.saturating_mul(2) => Role::Warning,
            _ => Role::Danger,
        };
        let share = f64::from(*led) / f64::from(fair.max(1)) / 2.0;
        let bar = if *led == 0 { " " } else { spark::height(&marks, share) };
        let cell = Rect { x, width: grid.cell, ..line };
        if grid.has_numbers {
            let number = if *led == 0 { Role::Muted } else { Role::Text };
            canvas.put_right(cell, &[span(show::count(u64::from(*led)), number), span(" ", number), span(bar, role)]);
        } else {
            canvas.put_right(cell, &[span(bar, role)]);
        }
    }
}
