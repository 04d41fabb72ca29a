//! The sizes of the records that are kept, as a histogram.
//!
//! In the place of a record's facts. What was dropped is not in it, and it says so.

use crate::domain::show;
use crate::domain::sizes::SizeClass;
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::text::{self, Line};
use crate::tui::ui::widgets::{spark, states};
use ratatui::layout::Rect;

/// Columns of the sizes, and of the numbers behind the bars.
const LABEL: usize = 17;
const NUMBERS: usize = 16;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, focus: bool) {
    let ring = &state.views.records.ring;
    let title = format!("Sizes of {}, key and value", show::plural(ring.len(), "record"));
    let inner = frame::draw(canvas, area, &Titles::left(vec![span(title, Role::Text)]), focus);
    let (sizes, marks) = (ring.sizes(), canvas.theme.marks);
    let classes = sizes.classes();
    let (Some(median), Some(largest)) = (sizes.median(), classes.last()) else {
        states::say(canvas, inner, "no record is kept yet", Role::Muted);
        return;
    };
    let total = sizes.total() as f64;
    let most = classes.iter().map(|class| class.count).max().unwrap_or(0).max(1) as f64;
    let room = usize::from(inner.width).saturating_sub(LABEL + NUMBERS + 2);
    let mut lines: Vec<Line<'_>> = vec![vec![
        span("half are up to ", Role::Muted),
        span(show::size(median.to), Role::Text),
        span(", all up to ", Role::Muted),
        span(show::size(largest.to), Role::Text),
    ]];
    lines.extend(classes.iter().map(|class| {
        let share = class.count as f64 / most;
        let bar = match (class.count, spark::level(&marks, share, room)) {
            // What is there is seen, however little it is.
            (1.., bar) if bar.is_empty() => spark::level(&marks, 1.0, room.min(1)),
            (_, bar) => bar,
        };
        let pad = room.saturating_sub(bar.chars().count());
        let number = if class.count == 0 { Role::Muted } else { Role::Text };
        vec![
            span(format!("{:>LABEL$}  ", label(class)), Role::Muted),
            span(bar, Role::Info),
            span(format!("{:pad$}{:>8}", "", show::count(class.count)), number),
            span(format!("{:>8}", show::share(class.count as f64 / total)), Role::Muted),
        ]
    }));
    let unseen = state.views.records.counts.dropped.saturating_add(state.views.records.missed);
    if unseen > 0 {
        let text = format!("{} not kept are not in it", show::abbreviated(unseen));
        lines.push(vec![span(text, Role::Warning)]);
    }
    text::draw(canvas, inner, Pane::RecordFacts, &lines, state.views.records.facts_scroll);
}

fn label(class: &SizeClass) -> String {
    match (class.from, class.to) {
        (0, 0) => "nothing".into(),
        (from, to) if from == to => show::size(from),
        (from, to) => format!("{} – {}", show::size(from), show::size(to)),
    }
}
