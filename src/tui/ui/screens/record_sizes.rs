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
use crate::tui::ui::widgets::{bars, states};
use ratatui::layout::Rect;

/// Columns of the sizes.
const LABEL: usize = 17;

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
    let mut lines: Vec<Line<'_>> = vec![vec![
        span("half are up to ", Role::Muted),
        span(show::size(median.to), Role::Text),
        span(", all up to ", Role::Muted),
        span(show::size(largest.to), Role::Text),
    ]];
    let rows: Vec<(String, u64)> = classes.iter().map(|class| (label(class), class.count)).collect();
    lines.extend(bars::lines(&marks, &rows, sizes.total(), LABEL, inner.width));
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
