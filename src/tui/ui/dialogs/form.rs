//! A few text fields.

use super::boxed;
use crate::domain::text::display_width;
use crate::tui::app::dialogs::Form;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::{states, text_field};
use ratatui::layout::Rect;

/// Lines that an error has at most.
const MOST_ERROR: usize = 3;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, form: &Form) {
    // Room for it stays, so that the form stands still.
    let offered = usize::from(form.purpose.offers());
    let width = area.width.min(78);
    let error = form.error.as_ref().map(|error| format!("{} {error}", canvas.theme.marks.broken));
    let mut error: Vec<String> =
        error.map_or_else(Vec::new, |error| states::wrap(&error, usize::from(width.saturating_sub(4))));
    error.truncate(MOST_ERROR);
    let below = offered + error.len().max(1);
    let rows = form.fields.len() * 2 + form.choices.len() + below;
    let inner =
        boxed(canvas, area, width, u16::try_from(rows + 3).unwrap_or(20), vec![span(form.title.clone(), Role::Text)]);
    let label_width = form.fields.iter().map(|field| display_width(field.label)).max().unwrap_or(0) as u16 + 2;
    let mut y = inner.y;
    // Where not all fit, the one in focus does.
    let room = (usize::from(inner.height).saturating_sub(below) / 2).max(1);
    let first = (form.focus + 1).saturating_sub(room);
    let end = inner.bottom().saturating_sub(u16::try_from(error.len().saturating_sub(1)).unwrap_or(0));
    let mut behind = first;
    for (index, field) in form.fields.iter().enumerate().skip(first).take(room) {
        if y + 1 >= end {
            break;
        }
        let is_here = index == form.focus;
        canvas.put(inner.x, y, label_width, field.label, if is_here { Role::Accent } else { Role::Text });
        let place = Rect { x: inner.x + label_width, y, width: inner.width.saturating_sub(label_width), height: 1 };
        text_field::draw(canvas, place, &field.input, is_here);
        match form.error_at.and_then(|at| under(field.input.text(), at, place.width)).filter(|_| is_here) {
            Some(column) => canvas.put(place.x + column, y + 1, 1, "^", Role::Danger),
            None => canvas.put(place.x, y + 1, place.width, &field.hint, Role::Muted),
        };
        y += 2;
        behind = index + 1;
    }
    for choice in &form.choices {
        if y + 1 >= end {
            break;
        }
        canvas.put(inner.x + label_width, y, inner.width, choice.as_str(), Role::Info);
        y += 1;
    }
    if !form.offered.is_empty() && y + 1 < end {
        canvas.put(inner.x + label_width, y, inner.width.saturating_sub(label_width), &completions(form), Role::Info);
    }
    // The line of errors, while there is none.
    let hidden = (first, form.fields.len() - behind);
    if error.is_empty() && hidden != (0, 0) {
        canvas.put(inner.x, inner.bottom().saturating_sub(1), inner.width, &out_of_sight(hidden), Role::Muted);
    }
    for (line, text) in error.iter().rev().enumerate() {
        let y = inner.bottom().saturating_sub(1 + u16::try_from(line).unwrap_or(0));
        canvas.put(inner.x, y, inner.width, text, Role::Danger);
    }
}

/// How many fields stand before and behind those in sight.
fn out_of_sight((before, behind): (usize, usize)) -> String {
    let parts = [(before, "above"), (behind, "below")].into_iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, side)| format!("{count} more {side}")).collect::<Vec<_>>().join(", ")
}

/// What `tab` may make of the last word.
fn completions(form: &Form) -> String {
    format!("tab: {}", form.offered.join("  "))
}

/// The column of a character, where the whole line is in sight.
fn under(text: &str, at: usize, width: u16) -> Option<u16> {
    let before: String = text.chars().take(at).collect();
    let column = u16::try_from(display_width(&before)).ok()?;
    (display_width(text) < usize::from(width) && column < width).then_some(column)
}
