//! Drawing, and nothing else.
//!
//! Owns: where things stand on the screen and in which role. Must not change
//! the state: a frame's account of itself goes back as [`Drawn`].
//! Invariant: a frame costs O(what is visible), however large the cluster is.
//!
//! ```text
//! header     profile ▌right▐                              health strip
//! tabs       [1 Overview]  2 Topics  3 Groups …
//! ╭─ pane ─────────────────────╮╭─ pane ───────────────────────────────╮
//! │ body: ui/screens           ││ dialogs lie over it: ui/dialogs      │
//! ╰────────────────────────────╯╰──────────────────────────────────────╯
//! footer     hints of the place that has the keyboard
//! ```

pub mod canvas;
mod dialogs;
mod screens;
pub mod theme;
mod widgets;

use crate::tui::app::State;
use crate::tui::app::drawn::Drawn;
use canvas::Canvas;
use ratatui::Frame;
use ratatui::layout::Rect;
use theme::Theme;

/// Draws the whole screen.
pub fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme) -> Drawn {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), theme);
    canvas.frames = theme.frames(state.link.session().and_then(|session| session.card.colour.as_deref()));
    canvas.fill(area, theme::Role::Text);
    if area.width < 20 || area.height < 5 {
        canvas.put(area.x, area.y, area.width, "klamm needs 20×5", theme::Role::Muted);
        return canvas.finish().0;
    }
    let row = |y: u16| Rect { y, height: 1, ..area };
    widgets::header::draw(&mut canvas, row(area.y), state);
    widgets::tabs::draw(&mut canvas, row(area.y + 1), state);
    let body = Rect { y: area.y + 2, height: area.height - 3, ..area };
    screens::draw(&mut canvas, body, state);
    dialogs::draw(&mut canvas, body, state);
    widgets::footer::draw(&mut canvas, row(area.y + area.height - 1), state);
    widgets::which_key::draw(&mut canvas, body, state);
    widgets::toast::draw(&mut canvas, body, state);
    let (drawn, cursor) = canvas.finish();
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    drawn
}
