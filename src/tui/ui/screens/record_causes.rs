//! What dead letters failed of: each cause with its letters over time.

use crate::domain::dead_letter::short_class;
use crate::domain::text::{display_width, sanitize, shorten_middle};
use crate::domain::views::{Cause, CauseKey, Causes, Stretches};
use crate::domain::{Time, show};
use crate::tui::app::State;
use crate::tui::ui::canvas::span;
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::spark;
use crate::tui::ui::widgets::text::Line;

/// Causes that are drawn at most.
const MOST_ROWS: usize = 100;
/// Columns of the count and the two times.
const NUMBERS: usize = 8 + 2 + TIME + 2 + TIME + 2;
/// A time to the second.
const TIME: usize = 19;
/// From this width on, a cause has its picture beside it; else below.
const ROOMY: usize = 110;

/// Two lines a cause: what it is, how often, when first and last, a bar for each stretch of
/// time; and its newest message with where the records were.
pub fn lines(marks: &Marks, causes: &Causes, state: &State, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let all = causes.by_letters();
    if all.is_empty() {
        return vec![vec![span("none of them says that it failed: these are no dead letters", Role::Muted)]];
    }
    let stretches = causes.span();
    let (name, picture) = columns(width);
    let mut head = vec![span(format!("{:<name$}  {:>8}  ", "CAUSE", "LETTERS"), Role::Header)];
    head.push(span(format!("{:<TIME$}  {:<TIME$}  ", "FIRST", "LAST"), Role::Header));
    let each = stretches.map_or(String::new(), |stretches| show::duration(stretches.width_ms.unsigned_abs()));
    if picture > 0 {
        head.push(span(format!("{each} each"), Role::Muted));
    }
    let mut lines = vec![head];
    for (key, cause) in all.iter().take(MOST_ROWS) {
        lines.push(row(marks, (key, cause), stretches, (name, picture), state));
        if let (0, Some(stretches)) = (picture, stretches) {
            let room = width.saturating_sub(each.len() + 8);
            let bars = span(format!("  {}", bars(marks, stretches, cause, room)), Role::Info);
            lines.push(vec![bars, span(format!("  {each} each"), Role::Muted)]);
        }
        lines.push(detail(key, cause));
    }
    let more = all.len().saturating_sub(MOST_ROWS);
    if more > 0 {
        lines.push(vec![span(format!("{} more causes", show::count(more as u64)), Role::Muted)]);
    }
    if causes.unexplained() > 0 {
        let text = format!("{} whose headers say nothing of a failure", show::count(causes.unexplained()));
        lines.push(vec![span(text, Role::Muted)]);
    }
    if causes.beyond() > 0 {
        let text = format!("{} of further causes are not told apart", show::count(causes.beyond()));
        lines.push(vec![span(text, Role::Warning)]);
    }
    lines
}

/// Columns of the name, and of the picture.
fn columns(width: usize) -> (usize, usize) {
    let room = width.saturating_sub(NUMBERS + 2);
    if width < ROOMY { (room.max(8), 0) } else { (room / 2, room - room / 2 - 2) }
}

fn row(
    marks: &Marks,
    (key, cause): (&CauseKey, &Cause),
    stretches: Option<Stretches>,
    (name, picture): (usize, usize),
    state: &State,
) -> Line<'static> {
    let class = key.exception.as_deref().map_or("unknown", short_class);
    let class = shorten_middle(&sanitize(class), name).into_owned();
    let pad = " ".repeat(name.saturating_sub(display_width(&class)));
    let clock = |time: Time| {
        let shown = time.show(state.zone());
        let seconds = shown.split_once('.').map_or(shown.as_str(), |(seconds, _)| seconds);
        format!("{seconds:<TIME$}  ")
    };
    let mut line = vec![
        span(format!("{class}{pad}  "), Role::Danger),
        span(format!("{:>8}  ", show::count(cause.letters)), Role::Text),
        span(clock(cause.first), Role::Muted),
        span(clock(cause.last), Role::Muted),
    ];
    if let (1.., Some(stretches)) = (picture, stretches) {
        line.push(span(bars(marks, stretches, cause, picture), Role::Info));
    }
    line
}

/// A bar for each stretch, as high as it has letters.
fn bars(marks: &Marks, stretches: Stretches, cause: &Cause, width: usize) -> String {
    let counts: Vec<f64> = stretches.counts(&cause.times).into_iter().map(|count| count as f64).collect();
    spark::squeezed(marks, &counts, width)
}

/// "  of orders in fraud-scoring, VALUE_CONVERTER: cannot parse …"
fn detail(key: &CauseKey, cause: &Cause) -> Line<'static> {
    let mut said = Vec::new();
    said.extend(key.topic.as_ref().map(|topic| format!("of {topic}")));
    said.extend(key.reader.as_deref().map(|reader| format!("in {reader}")));
    said.extend(key.stage.as_deref().map(|stage| format!("at {stage}")));
    let message = cause.message.as_deref().and_then(|message| message.lines().next()).unwrap_or_default();
    let place = said.join(" ");
    let between = if place.is_empty() || message.is_empty() { "" } else { ": " };
    vec![span(format!("  {place}{between}"), Role::Muted), span(message.to_owned(), Role::Text)]
}
