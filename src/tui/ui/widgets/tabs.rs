//! The line of views, and the tabs of a detail.

use crate::domain::text::display_width;
use crate::tui::app::drawn::Click;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Screen, State};
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

const VIEWS: [(Screen, Command); 6] = [
    (Screen::Overview, Command::ViewOverview),
    (Screen::Topics, Command::ViewTopics),
    (Screen::Groups, Command::ViewGroups),
    (Screen::Records, Command::ViewRecords),
    (Screen::Journal, Command::ViewJournal),
    (Screen::Profiles, Command::ViewProfiles),
];

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let current = match state.screen {
        Screen::Group => Screen::Groups,
        screen => screen,
    };
    // A change that is being applied has no result yet: that is no news.
    let has_unfinished = state.views.journal.unfinished() > 0 && !state.slots.is_running(Slot::Apply);
    let look = canvas.theme.marks.look;
    let word = |command: Command| {
        let key = state.keymap.shown(command).map_or(String::new(), ToString::to_string);
        let title = command.row().map_or("", |row| row.title);
        match command {
            Command::ViewJournal if has_unfinished => (format!("{key}{look}"), title),
            _ => (key, title),
        }
    };
    let full: usize = VIEWS
        .iter()
        .map(|(_, command)| {
            let (key, title) = word(*command);
            display_width(&key) + title.len() + 3
        })
        .sum();
    let is_wide = full + 3 <= usize::from(area.width);
    let has_cluster = state.link.session().is_some();
    let mut x = area.x + 1;
    for (screen, command) in VIEWS {
        let (key, title) = word(command);
        let is_here = screen == current;
        let text = match (is_here, is_wide) {
            (true, _) => format!("[{key} {title}]"),
            (false, true) => format!("{key} {title}"),
            (false, false) => key,
        };
        let role = match (is_here, has_cluster || screen == Screen::Profiles) {
            (true, _) => Role::Accent,
            (false, true) if screen == Screen::Journal && has_unfinished => Role::Warning,
            (false, true) => Role::Text,
            (false, false) => Role::Muted,
        };
        let end = canvas.put(x, area.y, area.right().saturating_sub(x), &text, role);
        canvas.target(Rect { x, y: area.y, width: end - x, height: 1 }, Click::Command(command));
        x = end + 2;
    }
    if current == Screen::Messages {
        canvas.put(x, area.y, area.right().saturating_sub(x), "[Messages]", Role::Accent);
    }
}

/// `[Partitions]  Groups 4  Configs 3`, as spans.
pub fn titles(tabs: &[(String, bool)]) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for (index, (title, is_here)) in tabs.iter().enumerate() {
        if index > 0 {
            spans.push(span("  ", Role::Text));
        }
        spans.push(if *is_here { span(format!("[{title}]"), Role::Accent) } else { span(title.clone(), Role::Muted) });
    }
    spans
}
