//! One file per view, named as in `app/screens`.

mod group;
mod groups;
mod journal;
mod leaders;
mod messages;
mod overview;
mod profiles;
mod record;
mod record_causes;
mod record_charts;
mod record_sizes;
mod records;
mod topic;
mod topics;

use super::canvas::Canvas;
use crate::tui::app::splits::{Split, Way};
use crate::tui::app::{Screen, State};
use ratatui::layout::Rect;

/// From this width on, the detail stands beside the list.
pub const WIDE: u16 = 120;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    match state.screen {
        Screen::Overview => overview::draw(canvas, area, state),
        Screen::Topics => topics::draw(canvas, area, state),
        Screen::Groups => groups::draw(canvas, area, state),
        Screen::Group => group::draw(canvas, area, state),
        Screen::Records => records::draw(canvas, area, state),
        Screen::Journal => journal::draw(canvas, area, state),
        Screen::Profiles => profiles::draw(canvas, area, state),
        Screen::Messages => messages::draw(canvas, area, state),
    }
}

/// Two panes beside each other: the left gets `share` hundredths, unless its line was moved.
fn split(canvas: &mut Canvas<'_>, state: &State, line: Split, area: Rect, share: u16) -> (Rect, Rect) {
    let left = u16::try_from(u32::from(area.width) * u32::from(share) / 100).unwrap_or(area.width);
    canvas.part(&state.splits, line, area, Way::Beside, left)
}

/// Splits off `height` lines at the top.
fn split_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}
