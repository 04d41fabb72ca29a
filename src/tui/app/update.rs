//! The only function that changes the state.
//!
//! Owns: where a message goes. Must not know the clock, the terminal or tokio.
//! Invariant: an answer that does not match its slot's generation changes
//! nothing.

mod answers;
mod keys;
mod mouse;

pub use keys::run;

use super::effect::Effect;
use super::message::Message;
use super::slot::Slot;
use super::state::State;
use super::{actions, drawn::Drawn, look, watch};
use crate::domain::Time;
use crate::tui::app::dialogs::Dialog;

pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    let mut effects = Vec::new();
    match message {
        Message::Pressed { chord, at } => {
            begin(state, at);
            keys::press(state, chord, at, &mut effects);
        }
        Message::Pasted { text, at } => {
            begin(state, at);
            keys::paste(state, &text, &mut effects);
        }
        Message::Clicked { x, y, at } => {
            begin(state, at);
            mouse::click(state, x, y, at, &mut effects);
        }
        Message::Dragged { x, y, at } => {
            begin(state, at);
            state.splits.pull(x, y);
        }
        Message::Released { at } => {
            state.now = at;
            state.splits.let_go();
        }
        Message::Wheeled { x, y, lines, at } => {
            begin(state, at);
            mouse::wheel(state, x, y, lines);
        }
        Message::Resized { at } => begin(state, at),
        Message::Drawn { drawn, at } => frame_drawn(state, drawn, at),
        Message::Answered(answered) => {
            state.now = answered.at;
            answers::take(state, answered, &mut effects);
        }
        Message::Edited { text, at } => {
            begin(state, at);
            actions::produce::edited(state, text);
        }
        Message::Terminated { at } => {
            begin(state, at);
            actions::leave::quit(state, &mut effects);
        }
    }
    watch::reconcile(state, &mut effects);
    look::reconcile(state, &mut effects);
    actions::records::stop_when_full(state, &mut effects);
    actions::records::decode_visible(state, &mut effects);
    actions::record_views::count(state, &mut effects);
    watch::wait_for_overdue(state, &mut effects);
    if state.notes.toasts().next().is_some() && !state.slots.is_running(Slot::Toast) {
        actions::fade_later(state, &mut effects);
    }
    effects
}

/// Whatever a person does is drawn at once.
fn begin(state: &mut State, at: Time) {
    state.now = at;
    state.is_dirty = true;
}

/// Remembers the frame. It makes nothing dirty, or an idle screen would never rest.
fn frame_drawn(state: &mut State, drawn: Drawn, at: Time) {
    if let Some(id) = &drawn.plan_end
        && let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut()
        && dialog.end_drawn.is_none()
        && dialog.plan().is_some_and(|plan| plan.id == *id)
    {
        dialog.end_drawn = Some(at);
        // The hint for `y` is lit from now on.
        state.is_dirty = true;
    }
    state.drawn = drawn;
}
