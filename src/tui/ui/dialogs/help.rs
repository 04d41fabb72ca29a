//! The keys that work in a place, or all of them, from the command table.

use super::boxed;
use crate::tui::app::State;
use crate::tui::app::dialogs::HelpDialog;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::filter::Matcher;
use crate::tui::command::table::TABLE;
use crate::tui::command::{Command, Enabled, Group};
use crate::tui::ui::canvas::{Canvas, Span, span, width_of};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::text::{self, Line};
use crate::tui::ui::widgets::text_field;
use ratatui::layout::Rect;

/// Columns of the keys.
const KEYS: usize = 18;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, dialog: &HelpDialog) {
    let lines = lines(state, dialog);
    let key = |command| state.keymap.shown(command).map_or(String::new(), ToString::to_string);
    let title = if dialog.shows_all { "All keys" } else { "Keys that work here" };
    let mut title = vec![span(title, Role::Text)];
    if !dialog.filter.text().is_empty() {
        title.extend([span(" · ", Role::Muted), span(format!("/{}", dialog.filter.text()), Role::Match)]);
    }
    let height = u16::try_from(lines.len() + 3).unwrap_or(u16::MAX).max(8);
    let inner = boxed(canvas, area, 92, height, title);
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let foot = Rect { y: body.bottom(), height: 1, ..inner };
    let mut used = 0;
    if dialog.filter.is_editing {
        let x = canvas.put(foot.x, foot.y, 1, "/", Role::KeyHint);
        text_field::draw(canvas, Rect { x, width: foot.right() - x, ..foot }, &dialog.filter.input, true);
    } else {
        let other = if dialog.shows_all { "only those here" } else { "all" };
        let ways: [Span<'_>; 4] = [
            span(key(Command::HelpFilter), Role::KeyHint),
            span(" filter   ", Role::Muted),
            span(key(Command::HelpAll), Role::KeyHint),
            span(format!(" {other}"), Role::Muted),
        ];
        canvas.put_spans(foot.x, foot.y, foot.width, &ways);
        used = width_of(&ways);
    }
    if lines.is_empty() {
        let text = format!("no key has ‘{}’; esc clears", dialog.filter.text());
        canvas.put(body.x, body.y, body.width, &text, Role::Muted);
    }
    let viewport = text::draw(canvas, body, Pane::Help, &lines, dialog.scroll);
    if !viewport.shows_end() && !dialog.filter.is_editing {
        let more = [span(format!("more below: {}", key(Command::Down)), Role::Muted)];
        if used + width_of(&more) + 2 <= usize::from(foot.width) {
            canvas.put_right(foot, &more);
        }
    }
}

fn lines(state: &State, dialog: &HelpDialog) -> Vec<Line<'static>> {
    let ctx = state.ctx_at(dialog.of);
    let matcher = Matcher::new(dialog.filter.text());
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut group: Option<Group> = None;
    // What belongs to this place comes before what works everywhere.
    let is_here = |row: &&crate::tui::command::Row| dialog.shows_all || row.places.contains(&dialog.of);
    let mut rows: Vec<_> = TABLE.iter().filter(is_here).collect();
    rows.sort_by_key(|row| (row.group <= Group::Lists, row.group));
    for row in rows {
        let keys: Vec<String> = state.keymap.all(row.command).iter().map(ToString::to_string).collect();
        let keys = if keys.is_empty() { format!(":{}", row.id) } else { keys.join("  ") };
        if !matcher.matches(&format!("{keys} {} {} {}", row.id, row.title, row.doc).to_lowercase()) {
            continue;
        }
        if group != Some(row.group) {
            if group.is_some() {
                lines.push(Vec::new());
            }
            lines.push(vec![span(row.group.title(), Role::Header)]);
            group = Some(row.group);
        }
        let keys = format!("  {keys:<KEYS$}");
        lines.push(match (row.enabled)(&ctx) {
            Enabled::Yes => vec![span(keys, Role::KeyHint), span(row.doc, Role::Text)],
            // Elsewhere it may well be possible.
            Enabled::No(_) if !row.places.contains(&dialog.of) => {
                vec![span(keys, Role::KeyHint), span(row.doc, Role::Text)]
            }
            Enabled::No(reason) => {
                vec![span(keys, Role::Muted), span(row.doc, Role::Muted), span(format!("  ({reason})"), Role::Warning)]
            }
        });
    }
    lines
}
