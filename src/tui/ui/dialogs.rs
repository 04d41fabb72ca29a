//! What lies over the views, bottom to top.

mod compression;
mod export;
mod form;
mod help;
mod menu;
mod palette;
mod partitions;
mod plan;
pub mod plan_rows;
mod probe;
mod profile;
mod reset;
mod secret;
mod type_name;

use super::canvas::{Canvas, Span};
use super::widgets::frame::{self, Titles};
use crate::tui::app::State;
use crate::tui::app::dialogs::Dialog;
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let top = state.dialogs.len().saturating_sub(1);
    for (index, dialog) in state.dialogs.iter().enumerate() {
        // What lies below the topmost plan would only be noise around it.
        let is_top = index == top;
        if !is_top && matches!(state.dialogs.get(index + 1), Some(Dialog::Plan(_))) {
            continue;
        }
        canvas.drop_targets();
        match dialog {
            Dialog::Plan(plan) => plan::draw(canvas, area, state, plan, is_top),
            Dialog::Reset(reset) => reset::draw(canvas, area, state, reset),
            Dialog::Compression(dialog) => compression::draw(canvas, area, dialog),
            Dialog::Export(dialog) => export::draw(canvas, area, state, dialog),
            Dialog::Partitions(partitions) => partitions::draw(canvas, area, state, partitions),
            Dialog::TypeName(question) => type_name::draw(canvas, area, state, question),
            Dialog::Form(form) => form::draw(canvas, area, form),
            Dialog::Help(help) => help::draw(canvas, area, state, help),
            Dialog::Palette(palette) => palette::draw(canvas, area, state, palette),
            Dialog::Menu(menu) => menu::draw(canvas, area, state, menu),
            Dialog::Profile(form) => profile::draw(canvas, area, form),
            Dialog::Probe(probe) => probe::draw(canvas, area, probe),
            Dialog::Secret(dialog) => secret::draw(canvas, area, dialog),
        }
    }
}

/// An empty framed box of at most this size in the middle; returns its inside.
fn boxed(canvas: &mut Canvas<'_>, area: Rect, width: u16, height: u16, title: Vec<Span<'_>>) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    canvas.clear(place);
    frame::draw(canvas, place, &Titles::left(title), true)
}
