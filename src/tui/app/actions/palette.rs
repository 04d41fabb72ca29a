//! The palette: searching, choosing, and the lines typed before.

use super::super::dialogs::{Dialog, PaletteDialog};
use super::super::effect::{Effect, Request};
use super::super::find::{self, Haystack, Hit, OfTopic};
use super::super::input::TextInput;
use super::super::notes::Tone;
use super::super::slot::Slot;
use super::super::state::State;
use super::{open, records, session, start, stop};
use crate::domain::Time;
use std::sync::Arc;

/// More names than this are searched off the loop.
const MANY_NAMES: usize = 3_000;
/// Lines remembered.
const LINES: usize = 50;

pub fn open(state: &mut State, effects: &mut Vec<Effect>) {
    state.dialogs.push(Dialog::Palette(PaletteDialog::default()));
    search(state, effects);
}

/// What is searched: all that is known without asking.
fn haystack(state: &State) -> Haystack {
    let mut places: Vec<_> = Vec::new();
    let here = state.spot();
    for spot in state.back.iter().rev().chain(state.forward.iter().rev()) {
        if !places.contains(spot) && *spot != here {
            places.push(spot.clone());
        }
    }
    Haystack {
        metadata: state.data.metadata.value().cloned(),
        groups: state.data.groups.value().cloned(),
        profiles: state.views.profiles.cards.iter().map(|card| card.name.clone()).collect(),
        places,
    }
}

/// The text changed: look anew.
pub fn search(state: &mut State, effects: &mut Vec<Effect>) {
    let haystack = haystack(state);
    let Some(Dialog::Palette(palette)) = state.dialogs.last_mut() else { return };
    palette.cursor = 0;
    let typed = palette.input.text().to_owned();
    if haystack.size() > MANY_NAMES && !typed.trim().is_empty() {
        start(state, Slot::Find, Request::Find { typed, haystack }, effects);
    } else {
        palette.hits = Arc::new(find::find(&typed, &haystack));
        palette.found_for = typed;
        stop(state, Slot::Find, effects);
    }
}

pub fn found(state: &mut State, typed: String, hits: Vec<Hit>) {
    state.is_dirty = true;
    if let Some(Dialog::Palette(palette)) = state.dialogs.last_mut()
        && palette.input.text() == typed
    {
        palette.hits = Arc::new(hits);
        palette.found_for = typed;
        palette.cursor = 0;
    }
}

/// `up` and `down`: through the hits, and from the first of an empty or recalled
/// line through the lines typed before.
pub fn move_choice(state: &mut State, by: isize, effects: &mut Vec<Effect>) {
    let lines = state.typed.len();
    let Some(Dialog::Palette(palette)) = state.dialogs.last_mut() else { return };
    let is_recalling = palette.recalled.is_some() || by < 0 && palette.input.is_empty();
    if !is_recalling || palette.cursor > 0 {
        let last = palette.hits.len().saturating_sub(1);
        palette.cursor = palette.cursor.saturating_add_signed(by).min(last);
        return;
    }
    let next = match (palette.recalled, by < 0) {
        (None, _) => Some(0),
        (Some(line), true) => Some(line + 1),
        (Some(line), false) => line.checked_sub(1),
    };
    let line = next.and_then(|next| lines.checked_sub(next + 1)).and_then(|place| state.typed.get(place));
    match (next, line) {
        // There is none before the first.
        (Some(_), None) => return,
        (_, line) => {
            palette.input = TextInput::with(line.map_or("", String::as_str));
            palette.recalled = next;
        }
    }
    search(state, effects);
}

/// `enter`.
pub fn accept(state: &mut State, read_at: Time, effects: &mut Vec<Effect>) {
    let Some(Dialog::Palette(palette)) = state.dialogs.last() else { return };
    if !palette.is_settled() {
        state.say(Tone::Info, "still looking: press enter again");
        return;
    }
    let chosen = palette.hits.get(palette.cursor).cloned();
    let line = palette.input.text().trim().to_owned();
    state.dialogs.pop();
    stop(state, Slot::Find, effects);
    if !line.is_empty() {
        state.typed.retain(|other| *other != line);
        state.typed.push(line);
        if state.typed.len() > LINES {
            state.typed.remove(0);
        }
    }
    match chosen {
        None => {}
        Some(Hit::Command(command)) => {
            let place = state.place();
            match command.row() {
                Some(row) if !row.places.contains(&place) => {
                    state.say(Tone::Info, format!("{}: not here, it works in another view", row.title));
                }
                _ => crate::tui::app::update::run(state, command, read_at, effects),
            }
        }
        Some(Hit::Topic(name, OfTopic::Detail(tab))) => {
            state.views.topics.detail.tab = tab;
            open::topic(state, name, effects);
        }
        Some(Hit::Topic(topic, OfTopic::Records)) => records::tail(state, topic, effects),
        Some(Hit::Group(id, tab)) => {
            open::group(state, id);
            state.views.group.tab = tab;
        }
        Some(Hit::Profile(name)) => session::connect(state, name, effects),
        Some(Hit::Place(spot)) => open::spot(state, spot, effects),
    }
}
