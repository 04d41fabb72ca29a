//! A secret that is typed unseen.

use super::boxed;
use crate::tui::app::dialogs::SecretDialog;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::{states, text_field};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, dialog: &SecretDialog) {
    let inner = boxed(canvas, area, 66, 6, vec![span("A secret is needed", Role::Text)]);
    canvas.put(inner.x, inner.y, inner.width, &dialog.question.to_string(), Role::Text);
    text_field::draw_hidden(canvas, Rect { y: inner.y + 1, height: 1, ..inner }, dialog.input.len(), true);
    let below = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    states::say(canvas, below, "It is kept until klamm ends, and written nowhere.", Role::Muted);
}
