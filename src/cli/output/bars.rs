//! Bars for people: how many there are of each of a few things.

use crate::domain::show;
use crate::domain::text::{display_width, shorten_middle};

/// Columns of the longest bar.
const LONGEST: usize = 32;
/// Columns of a name.
const NAME: usize = 48;

pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) records: u64,
    /// Of all there are.
    pub(crate) share: Option<f64>,
    /// Behind the bar.
    pub(crate) note: String,
}

impl Bar {
    pub(crate) fn of(name: impl Into<String>, records: u64, total: u64) -> Self {
        let share = (total > 0).then(|| records as f64 / total as f64);
        Self { name: name.into(), records, share, note: String::new() }
    }
}

/// A line for each, not yet sanitised.
pub(crate) fn bars(all: &[Bar]) -> Vec<String> {
    let most = all.iter().map(|bar| bar.records).max().unwrap_or(0).max(1);
    let shown = |name: &str| shorten_middle(name, NAME).into_owned();
    let width = all.iter().map(|bar| display_width(&shown(&bar.name))).max().unwrap_or(0);
    let line = |bar: &Bar| {
        let name = shown(&bar.name);
        let pad = " ".repeat(width.saturating_sub(display_width(&name)));
        let full = (bar.records as f64 / most as f64 * LONGEST as f64).round() as usize;
        // What is there is seen, however little it is.
        let drawn = "▇".repeat(full.max(usize::from(bar.records > 0)));
        let share = bar.share.map_or_else(String::new, show::share);
        let text = format!("{name}{pad}  {:>11}  {share:>7}  {drawn}  {}", show::count(bar.records), bar.note);
        text.trim_end().to_owned()
    };
    all.iter().map(line).collect()
}
