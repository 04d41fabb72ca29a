//! The states of a pane that are not rows: loading, empty, failed, partial.

use crate::domain::text::{display_width, sanitize};
use crate::domain::{Failure, Time};
use crate::tui::app::remote::Remote;
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;

/// A sentence in a pane that has nothing else to show. Where its lines do not all fit,
/// the last one says so.
pub fn say(canvas: &mut Canvas<'_>, area: Rect, text: &str, role: Role) {
    let lines = wrap(text, usize::from(area.width));
    let hidden = lines.len().saturating_sub(usize::from(area.height));
    for (mut line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        if hidden > 0 && y + 1 == area.bottom() {
            line.push('…');
        }
        canvas.put(area.x, y, area.width, &line, role);
    }
}

/// Draws loading or failure where there is no value yet; returns whether it did.
pub fn instead_of_value<T>(canvas: &mut Canvas<'_>, area: Rect, remote: &Remote<T>, what: &str) -> bool {
    if remote.value().is_some() {
        return false;
    }
    match remote.failure() {
        Some(failure) => say(canvas, area, &sentence(canvas.theme.marks.broken, failure), Role::Danger),
        None => say(canvas, area, &format!("asking for {what}…"), Role::Muted),
    }
    true
}

fn sentence(mark: &str, failure: &Failure) -> String {
    format!("{mark} {failure}")
}

/// One line over old rows when the last refresh failed, or when brokers did not
/// answer; returns the room that is left.
pub fn banner<T>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    remote: &Remote<T>,
    failures: &[Failure],
    zone: &TimeZone,
) -> Rect {
    let marks = canvas.theme.marks;
    let as_of = || remote.as_of().map_or(String::new(), |at: Time| format!("as of {} · ", at.clock_seconds(zone)));
    let age = if remote.is_overdue() { as_of() } else { String::new() };
    let (text, role) = match (remote.failure(), failures) {
        (Some(failure), _) => (format!("{} {}{failure}", marks.broken, as_of()), Role::Danger),
        (None, [one]) => (format!("{} {age}in part: {one}", marks.look), Role::Warning),
        (None, [first, rest @ ..]) => {
            (format!("{} {age}in part: {} failures, the first: {first}", marks.look, rest.len() + 1), Role::Warning)
        }
        (None, []) if remote.is_overdue() => (format!("{} {age}no answer since", marks.look), Role::Warning),
        (None, []) => return area,
    };
    if area.height < 3 {
        return area;
    }
    canvas.put(area.x, area.y, area.width, &text, role);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Words in lines of at most `width` columns.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let clean = sanitize(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in clean.split_whitespace() {
        if !line.is_empty() && display_width(&line) + 1 + display_width(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        assert_eq!(wrap("cannot list topics: no answer", 12), ["cannot list", "topics: no", "answer"]);
        assert_eq!(wrap("", 10), [""]);
    }
}
