//! Clicks and the wheel.

use super::keys;
use crate::domain::Time;
use crate::tui::app::actions::lists;
use crate::tui::app::drawn::Click;
use crate::tui::app::effect::Effect;
use crate::tui::app::list::Motion;
use crate::tui::app::state::State;

/// A click selects a row, or is the command that is drawn there. It never
/// confirms: plans have no targets.
pub fn click(state: &mut State, x: u16, y: u16, at: Time, effects: &mut Vec<Effect>) {
    if state.splits.hold(&state.drawn.lines, x, y) {
        return;
    }
    match state.drawn.target_at(x, y) {
        Some((_, Click::Command(command))) => keys::run(state, command, at, effects),
        Some((area, Click::Rows { pane, first })) => {
            lists::focus(state, pane);
            lists::go_to(state, pane, first + usize::from(y.saturating_sub(area.y)));
        }
        None => {}
    }
}

pub fn wheel(state: &mut State, x: u16, y: u16, lines: i32) {
    if let Some((_, Click::Rows { pane, .. })) = state.drawn.target_at(x, y) {
        lists::move_in(state, pane, Motion::Wheel(lines));
    }
}
