//! Saved clusters; and the first screen, which says how to begin.

use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::session::Link;
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Column, Table, Width, cell, name, nothing_marked};
use crate::tui::ui::widgets::{states, text};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.profiles;
    let focus = state.dialogs.is_empty();
    let titles = Titles {
        left: vec![span(if view.cards.is_empty() { "Welcome" } else { "Profiles" }, Role::Text)],
        right: vec![span(view.file.clone(), Role::Muted)],
    };
    let mut inner = frame::draw(canvas, area, &titles, focus);
    let marks = canvas.theme.marks;
    let mut notes: Vec<(String, Role)> = Vec::new();
    match &state.link {
        Link::Refused { name, failure } => notes.push((format!("{} {name}: {failure}", marks.broken), Role::Danger)),
        Link::Opening(name) => notes.push((format!("opening {name}…"), Role::Muted)),
        Link::None | Link::Open(_) => {}
    }
    notes.extend(view.warnings.iter().map(|warning| (format!("{} {warning}", marks.look), Role::Warning)));
    for (note, role) in notes {
        for line in states::wrap(&note, usize::from(inner.width)) {
            if inner.height > 3 {
                canvas.put(inner.x, inner.y, inner.width, &line, role);
                inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
            }
        }
    }
    if view.cards.is_empty() {
        welcome(canvas, inner, state);
        return;
    }
    let inner = notes_below(canvas, inner, state);
    let columns = [
        Column::text("NAME", Width::Fixed(20)),
        Column::text("BROKERS", Width::Fill(20)),
        Column::text("SECURITY", Width::Fixed(24)).gives_way(2),
        Column::text("REGISTRY", Width::Fixed(32)).gives_way(4),
        Column::text("RIGHT", Width::Fixed(10)).gives_way(1),
        Column::text("", Width::Fixed(10)).gives_way(3),
    ];
    let table = Table {
        pane: Pane::Profiles,
        columns: &columns,
        len: view.cards.len(),
        cursor: Some(view.selection.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::Profiles).first,
        is_marked: &nothing_marked,
    };
    let open = state.link.session().map(|session| session.card.name.as_str());
    table::draw(canvas, inner, &table, |row, column| {
        let Some(card) = view.cards.get(row) else { return cell("", Role::Text) };
        match column {
            0 => name(card.name.as_str(), if open == Some(card.name.as_str()) { Role::Accent } else { Role::Text }),
            1 => cell(card.brokers.as_str(), Role::Text),
            2 => cell(card.security.as_str(), Role::Muted),
            3 => {
                let registry = card.registry.iter().chain(&card.registry_context).map(String::as_str);
                cell(registry.collect::<Vec<_>>().join(" "), Role::Muted)
            }
            4 if card.is_read_only => cell("read-only", Role::Warning),
            4 => cell("may write", Role::Muted),
            _ if card.is_production => cell("production", Role::Danger),
            _ => cell("", Role::Muted),
        }
    });
}

/// What is noted about the selected cluster, at the bottom; returns what is left above.
fn notes_below(canvas: &mut Canvas<'_>, area: Rect, state: &State) -> Rect {
    let view = &state.views.profiles;
    let card = view.cards.get(view.selection.cursor());
    let Some(notes) = card.and_then(|card| card.notes.as_deref()) else { return area };
    let lines = states::wrap(notes, usize::from(area.width));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height / 3);
    let left = Rect { height: area.height.saturating_sub(height), ..area };
    for (line, y) in lines.iter().zip(left.bottom()..area.bottom()) {
        canvas.put(area.x, y, area.width, line, Role::Info);
    }
    left
}

fn welcome(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let key = |command| state.keymap.shown(command).map_or(String::new(), ToString::to_string);
    let say = |words: &str| vec![span(words.to_owned(), Role::Text)];
    let code = |words: &str| vec![span(format!("    {words}"), Role::Accent)];
    let lines: Vec<text::Line<'_>> = vec![
        say("klamm is a console for Apache Kafka."),
        Vec::new(),
        vec![
            span(key(Command::ProfileNew), Role::KeyHint),
            span("  adds your cluster: a form that tests the connection step by step.", Role::Text),
        ],
        vec![
            span(key(Command::ProfileDemo), Role::KeyHint),
            span("  tries the demo: a living cluster inside klamm, nothing to install,", Role::Text),
        ],
        say("   nothing is kept, nothing can be broken."),
        Vec::new(),
        say("On the command line:"),
        code("klamm --bootstrap kafka-1:9092"),
        code("klamm profiles add prod --bootstrap kafka-1:9092"),
        Vec::new(),
        say("Profiles are kept in"),
        vec![span(format!("    {}", state.views.profiles.file), Role::Muted)],
    ];
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        canvas.put_spans(area.x, y, area.width, line);
    }
}
