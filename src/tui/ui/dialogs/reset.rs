//! The picker of a reset's target.

use super::boxed;
use crate::domain::plan::name_of;
use crate::domain::text::display_width;
use crate::tui::app::State;
use crate::tui::app::dialogs::ResetDialog;
use crate::tui::app::dialogs::reset::TargetKind;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::text_field;
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, dialog: &ResetDialog) {
    let kinds = TargetKind::ALL.len() as u16;
    let inner = boxed(
        canvas,
        area,
        78,
        kinds + 7,
        vec![span(format!("Reset offsets of {}", name_of(&dialog.groups)), Role::Text)],
    );
    let marks = canvas.theme.marks;
    let mut y = inner.y;
    let more = if dialog.scopes.len() > 1 { "   (tab for another choice)" } else { "" };
    let scope = [span("of  ", Role::Muted), span(dialog.scope().words(), Role::Accent)];
    let end = canvas.put_spans(inner.x, y, inner.width, &scope);
    canvas.put_whole(end, y, inner.right().saturating_sub(end), more, Role::Muted);
    y += 2;
    // On a low screen the choices scroll so that the chosen one is in view.
    let room = usize::from(inner.height.saturating_sub(4)).max(1);
    let first = dialog.kind.saturating_sub(room - 1);
    for (index, kind) in TargetKind::ALL.into_iter().enumerate().skip(first).take(room) {
        let is_here = index == dialog.kind;
        let row = Rect { y, height: 1, ..inner };
        if is_here {
            canvas.fill(row, Role::Selection);
            canvas.put(inner.x, y, 1, marks.selected, Role::Accent);
        }
        let role = match (dialog.why_not(kind), is_here) {
            (Some(_), _) => Role::Muted,
            (None, true) => Role::Accent,
            (None, false) => Role::Text,
        };
        canvas.put(inner.x + 2, y, 16, kind.title(), role);
        let right = Rect { x: inner.x + 19, width: inner.width.saturating_sub(19), ..row };
        match (is_here, kind.example(), dialog.input()) {
            (true, Some(example), Some(input)) => {
                text_field::draw(canvas, right, input, true);
                if input.is_empty() {
                    canvas.put_whole(right.x + 1, y, right.width.saturating_sub(1), example, Role::Muted);
                }
            }
            _ => {
                let doc = dialog.why_not(kind).unwrap_or(kind.doc());
                canvas.put_whole(right.x, y, right.width, doc, Role::Muted);
            }
        }
        y += 1;
    }
    let bottom = inner.bottom().saturating_sub(1);
    match &dialog.error {
        Some(error) => canvas.put(inner.x, bottom, inner.width, &format!("{} {error}", marks.broken), Role::Danger),
        None => {
            let zone = crate::domain::when::zone_name(state.zone());
            // The longest hint that fits.
            let hint = format!("enter shows what would change, and changes nothing · times in {zone}");
            let short = format!("enter shows what would change · times in {zone}");
            let hints = [hint, short, format!("times in {zone}")];
            let fitting = hints.iter().find(|hint| display_width(hint) <= usize::from(inner.width));
            canvas.put(inner.x, bottom, inner.width, fitting.map_or("", String::as_str), Role::Muted)
        }
    };
}
