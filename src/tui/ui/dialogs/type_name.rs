//! A question answered by typing a name.

use super::boxed;
use crate::tui::app::State;
use crate::tui::app::dialogs::{TypeName, TypeNamePurpose};
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::{states, text_field};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, _state: &State, question: &TypeName) {
    let (title, why) = match question.purpose {
        TypeNamePurpose::Apply => ("Apply the plan", "This needs more than a key: type the name to go on."),
        TypeNamePurpose::WaitThenApply => {
            ("Wait, then apply the plan", "This needs more than a key: type the name to go on.")
        }
        TypeNamePurpose::DeleteProfile => {
            ("Delete the profile from the file", "What the cluster holds stays. Type the name to go on.")
        }
        TypeNamePurpose::Unlock => ("Allow changes for 15 minutes", "Type the profile's name to go on."),
    };
    let inner = boxed(canvas, area, 66, 8, vec![span(title, Role::Danger)]);
    states::say(canvas, inner, why, Role::Text);
    canvas.put_spans(
        inner.x,
        inner.y + 2,
        inner.width,
        &[span("name   ", Role::Muted), span(question.expected.clone(), Role::Accent)],
    );
    canvas.put(inner.x, inner.y + 3, inner.width, "typed", Role::Muted);
    let field = Rect { x: inner.x + 7, y: inner.y + 3, width: inner.width.saturating_sub(7), height: 1 };
    text_field::draw(canvas, field, &question.input, true);
    if let Some(error) = &question.error {
        canvas.put(inner.x, inner.y + 5, inner.width, error, Role::Danger);
    }
}
