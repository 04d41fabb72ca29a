//! What klamm said, the newest first.

use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::notes::Tone;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::table::{self, Column, Table, Width, cell, nothing_marked};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let titles = Titles::left(vec![span("Messages", Role::Text)]);
    let focus = state.dialogs.is_empty();
    let inner = frame::draw(canvas, area, &titles, focus);
    let notes: Vec<_> = state.notes.newest_first().collect();
    if notes.is_empty() {
        states::say(canvas, inner, "nothing was said so far", Role::Muted);
        return;
    }
    let cursor = state.views.messages.cursor.min(notes.len() - 1);
    let columns = [Column::text("TIME", Width::Fixed(8)), Column::text("", Width::Fill(10))];
    let detail = if inner.height > 8 { 4 } else { 0 };
    let body = Rect { height: inner.height - detail, ..inner };
    let table = Table {
        pane: Pane::Messages,
        columns: &columns,
        len: notes.len(),
        cursor: Some(cursor),
        has_focus: focus,
        first: state.viewport(Pane::Messages).first,
        is_marked: &nothing_marked,
    };
    table::draw(canvas, body, &table, |row, column| {
        let Some(note) = notes.get(row) else { return cell("", Role::Text) };
        let role = match note.tone {
            Tone::Good => Role::Success,
            Tone::Info => Role::Text,
            Tone::Warning => Role::Warning,
            Tone::Bad => Role::Danger,
        };
        match column {
            0 => cell(note.at.clock_seconds(state.zone()), Role::Muted),
            _ => cell(note.text.as_str(), role),
        }
    });
    if let (Some(note), true) = (notes.get(cursor), detail > 0) {
        let place = Rect { y: body.bottom() + 1, height: detail - 1, ..inner };
        states::say(canvas, place, &note.text, Role::Text);
    }
}
