//! One file per view, named as in `app/screens`.

mod group;
mod groups;
mod journal;
mod messages;
mod overview;
mod profiles;
mod records;
mod topic;
mod topics;

use super::canvas::Canvas;
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

/// Splits a row of two panes: the left gets `share` hundredths.
fn split(area: Rect, share: u16) -> (Rect, Rect) {
    let left = u16::try_from(u32::from(area.width) * u32::from(share) / 100).unwrap_or(area.width);
    (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area })
}

/// Splits off `height` lines at the top.
fn split_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}
