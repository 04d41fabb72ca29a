//! Anything by a few letters.

use super::boxed;
use crate::domain::text::display_width;
use crate::tui::app::State;
use crate::tui::app::dialogs::PaletteDialog;
use crate::tui::app::drawn::{Pane, Viewport};
use crate::tui::app::find::{Hit, OfTopic, place_words};
use crate::tui::app::list::first_visible;
use crate::tui::app::screens::group::GroupTab;
use crate::tui::command::{Command, Enabled};
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::text_field;
use ratatui::layout::Rect;

/// Columns of a command's id.
const ID: u16 = 25;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, palette: &PaletteDialog) {
    let inner = boxed(canvas, area, 92, 18, vec![span("Find", Role::Text)]);
    canvas.put(inner.x, inner.y, 1, ":", Role::KeyHint);
    let field = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), height: 1, ..inner };
    text_field::draw(canvas, field, &palette.input, true);
    if palette.input.is_empty() && palette.recalled.is_none() {
        let hint = "command, topic, group, profile or place; up: what you typed before";
        let x = field.x + 2;
        canvas.put_whole(x, field.y, field.right().saturating_sub(x), hint, Role::Muted);
    }
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let hits = &palette.hits;
    if hits.is_empty() {
        let text = if palette.is_settled() { "nothing has these letters" } else { "looking…" };
        canvas.put(body.x, body.y, body.width, text, Role::Muted);
        return;
    }
    let height = usize::from(body.height);
    let first = first_visible(state.viewport(Pane::Palette).first, palette.cursor, hits.len(), height);
    let viewport = Viewport { first, height, len: hits.len() };
    canvas.scrolled(Pane::Palette, body, viewport);
    for (index, y) in viewport.rows().zip(body.y..) {
        let Some(hit) = hits.get(index) else { break };
        let line = Rect { y, height: 1, ..body };
        match hit {
            Hit::Command(found) => command(canvas, line, state, *found),
            Hit::Topic(name, of) => thing(canvas, line, "topic", name.as_str(), of_topic(*of)),
            Hit::Group(id, GroupTab::Partitions) => thing(canvas, line, "group", id.as_str(), "lag"),
            Hit::Group(id, GroupTab::Topology) => thing(canvas, line, "group", id.as_str(), "topology"),
            Hit::Group(id, GroupTab::Timeline) => thing(canvas, line, "group", id.as_str(), "timeline"),
            Hit::Group(id, GroupTab::Members) => thing(canvas, line, "group", id.as_str(), "members"),
            Hit::Profile(name) => thing(canvas, line, "profile", name, "connect"),
            Hit::Place(spot) => thing(canvas, line, "place", &place_words(spot), ""),
        }
        if index == palette.cursor {
            canvas.fill(line, Role::Selection);
        }
    }
}

fn of_topic(of: OfTopic) -> &'static str {
    match of {
        OfTopic::Detail(tab) => tab.title(),
        OfTopic::Records => "Records",
    }
}

/// A kind, a name, and what of it is opened.
fn thing(canvas: &mut Canvas<'_>, line: Rect, kind: &str, name: &str, of: &str) {
    let room = u16::try_from(display_width(of)).unwrap_or(0);
    canvas.put(line.x, line.y, line.width, kind, Role::Muted);
    let x = line.x + 9;
    canvas.put_name(x, line.y, line.right().saturating_sub(x + room + 1), name, Role::Text);
    canvas.put_right(line, &[span(of, Role::Muted)]);
}

fn command(canvas: &mut Canvas<'_>, line: Rect, state: &State, command: Command) {
    let Some(row) = command.row() else { return };
    let below = state.place_below();
    let reason = if !row.places.contains(&below) {
        Some("in another view")
    } else {
        match (row.enabled)(&state.ctx_at(below)) {
            Enabled::Yes => None,
            Enabled::No(reason) => Some(reason),
        }
    };
    let keys = state.keymap.shown(row.command).map_or(String::new(), ToString::to_string);
    let room = u16::try_from(display_width(&keys)).unwrap_or(0);
    canvas.put(line.x, line.y, ID - 1, row.id, if reason.is_some() { Role::Muted } else { Role::Accent });
    let x = line.x + ID;
    let width = line.right().saturating_sub(x + room + 2);
    match reason {
        // Why it cannot be used matters more than what it would do.
        Some(reason) => {
            let text = format!("({reason}) {}", row.doc);
            canvas.put(x, line.y, width, &text, Role::Muted);
        }
        None => {
            canvas.put(x, line.y, width, row.doc, Role::Text);
        }
    }
    canvas.put_right(line, &[span(keys, Role::KeyHint)]);
}
