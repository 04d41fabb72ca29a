//! A few choices below each other.

use super::super::widgets::frame::{self, Titles};
use super::boxed;
use crate::domain::text::display_width;
use crate::domain::topic_formats;
use crate::tui::app::State;
use crate::tui::app::dialogs::{Menu, MenuPurpose};
use crate::tui::app::drawn::{Pane, Viewport};
use crate::tui::app::list::first_visible;
use crate::tui::app::screens::records::Choice;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, menu: &Menu) {
    let title = vec![span(menu.title.clone(), Role::Text)];
    // A label, and what it stands for.
    let rows: Vec<(String, String)> = match &menu.purpose {
        MenuPurpose::Theme => state.look.themes.iter().map(|name| (name.clone(), String::new())).collect(),
        MenuPurpose::Copy(choices) => {
            choices.iter().map(|choice| (choice.label.to_owned(), choice.shown().to_owned())).collect()
        }
        MenuPurpose::RecordViews => {
            let order = state.views.records.order;
            let text = |choice: Choice, doc: &str| match choice {
                Choice::Order => format!("{doc}: now {}, next {}", order.title(), order.next().title()),
                _ => doc.to_owned(),
            };
            Choice::ALL.iter().map(|(choice, word, doc)| ((*word).to_owned(), text(*choice, doc))).collect()
        }
        MenuPurpose::View | MenuPurpose::KeyView => {
            topic_formats::WORDS.iter().map(|(word, view)| ((*word).to_owned(), view.title().to_owned())).collect()
        }
    };
    let height = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX);
    let inner = match &menu.purpose {
        // At the side, so that one sees what the colours do to the screen.
        MenuPurpose::Theme => {
            let widest = rows.iter().map(|(label, _)| display_width(label)).max().unwrap_or(0).max(12);
            let width = u16::try_from(widest + 8).unwrap_or(area.width).min(area.width);
            let height = height.min(area.height);
            let place = Rect { x: area.right() - width, y: area.bottom() - height, width, height };
            canvas.clear(place);
            frame::draw(canvas, place, &Titles::left(title), true)
        }
        MenuPurpose::RecordViews => boxed(canvas, area, 78, height, title),
        MenuPurpose::Copy(_) => boxed(canvas, area, 100, height, title),
        MenuPurpose::View | MenuPurpose::KeyView => boxed(canvas, area, 64, height, title),
    };
    let label = rows.iter().map(|(label, _)| display_width(label)).max().unwrap_or(0);
    let room = usize::from(inner.height);
    let first = first_visible(state.viewport(Pane::Menu).first, menu.cursor, rows.len(), room);
    let viewport = Viewport { first, height: room, len: rows.len() };
    canvas.scrolled(Pane::Menu, inner, viewport);
    let marks = canvas.theme.marks;
    for ((index, (name, text)), y) in rows.iter().enumerate().skip(first).zip(inner.top()..inner.bottom()) {
        let line = Rect { y, height: 1, ..inner };
        let is_here = index == menu.cursor;
        if is_here {
            canvas.put(line.x, y, 1, marks.selected, Role::Accent);
        }
        let x = line.x + 2;
        canvas.put(x, y, line.right().saturating_sub(x), name, if is_here { Role::Accent } else { Role::Text });
        let x = x + u16::try_from(label + 2).unwrap_or(0);
        canvas.put(x, y, line.right().saturating_sub(x), text, Role::Muted);
        if is_here {
            canvas.fill(line, Role::Selection);
        }
    }
}
