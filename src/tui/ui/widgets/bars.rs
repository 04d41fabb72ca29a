//! Counts as bars below each other.

use super::{spark, text::Line};
use crate::domain::show;
use crate::domain::text::{display_width, sanitize, shorten_middle};
use crate::tui::ui::canvas::span;
use crate::tui::ui::theme::{Marks, Role};

/// Columns of the numbers behind the bars.
const NUMBERS: usize = 16;

/// One line for each of `rows`: a name of at most `label` columns, a bar that is scaled to
/// the largest, the count and its share of `total`.
pub fn lines(marks: &Marks, rows: &[(String, u64)], total: u64, label: usize, width: u16) -> Vec<Line<'static>> {
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1) as f64;
    let room = usize::from(width).saturating_sub(label + NUMBERS + 2);
    let line = |(name, count): &(String, u64)| {
        let bar = match (count, spark::level(marks, *count as f64 / most, room)) {
            // What is there is seen, however little it is.
            (1.., bar) if bar.is_empty() => spark::level(marks, 1.0, room.min(1)),
            (_, bar) => bar,
        };
        let pad = room.saturating_sub(bar.chars().count());
        let role = if *count == 0 { Role::Muted } else { Role::Text };
        let name = shorten_middle(&sanitize(name), label).into_owned();
        let before = " ".repeat(label.saturating_sub(display_width(&name)));
        let share = if total == 0 { String::new() } else { show::share(*count as f64 / total as f64) };
        vec![
            span(format!("{before}{name}  "), Role::Muted),
            span(bar, Role::Info),
            span(format!("{:pad$}{:>8}", "", show::count(*count)), role),
            span(format!("{share:>8}"), Role::Muted),
        ]
    };
    rows.iter().map(line).collect()
}

/// The columns that the names take, within a third of the width.
pub fn label_width(rows: &[(String, u64)], width: u16) -> usize {
    let widest = rows.iter().map(|(name, _)| display_width(&sanitize(name))).max().unwrap_or(0);
    widest.min(usize::from(width) / 3)
}
