//! Opening a profile, and leaving everything of the one before.

use super::super::dialogs::{Dialog, Form, FormPurpose};
use super::super::effect::{Effect, Request};
use super::super::notes::Tone;
use super::super::screens::Views;
use super::super::session::{Link, Session};
use super::super::slot::Slot;
use super::super::state::{Data, Screen, State};
use super::super::watch;
use super::start;
use crate::domain::{BrokerId, Failure, FailureKind};

pub fn use_selected(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(name) = state.views.profiles.selection.key().cloned() {
        connect(state, name, effects);
    }
}

pub fn connect(state: &mut State, name: String, effects: &mut Vec<Effect>) {
    if state.slots.is_running(Slot::Apply) {
        state.say(Tone::Warning, "a change is being applied: wait until it is read back");
        return;
    }
    // Whoever opens it again after its login was refused wants to type anew.
    let was_refused = state.data.metadata.failure().is_some_and(|failure| failure.kind == FailureKind::Auth)
        && state.link.session().is_some_and(|session| session.card.name == name);
    state.link = Link::Opening(name.clone());
    let request = if was_refused { Request::ConnectAnew(name) } else { Request::Connect(name) };
    start(state, Slot::Connect, request, effects);
}

pub fn open_demo(state: &mut State, effects: &mut Vec<Effect>) {
    if state.slots.is_running(Slot::Apply) {
        state.say(Tone::Warning, "a change is being applied: wait until it is read back");
        return;
    }
    state.link = Link::Opening("demo".into());
    start(state, Slot::Connect, Request::OpenDemo, effects);
}

/// Which broker of the demo to stop, or to start: one that is stopped if there is
/// any, else the last.
pub fn ask_for_broker(state: &mut State) {
    let metadata = state.data.metadata.value();
    let ids = |ids: &[BrokerId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let running: Vec<BrokerId> =
        metadata.iter().flat_map(|known| known.brokers.iter().map(|broker| broker.id)).collect();
    let stopped = metadata.map_or(&[][..], |known| &known.health.missing_brokers);
    let proposed = stopped.first().or(running.last()).map_or(String::new(), ToString::to_string);
    let hint = match stopped {
        [] => format!("running: {}", ids(&running)),
        stopped => format!("running: {}; stopped: {}", ids(&running), ids(stopped)),
    };
    let fields = vec![Form::field("broker", &proposed, hint)];
    let form = Form::new(FormPurpose::SwitchBroker, "Stop a broker of the demo, or start it again", fields);
    state.dialogs.push(Dialog::Form(Box::new(form)));
}

pub fn broker_switched(state: &mut State, result: Result<(BrokerId, bool), Failure>, effects: &mut Vec<Effect>) {
    match result {
        Ok((id, true)) => state.say(Tone::Good, format!("broker {id} of the demo runs again")),
        Ok((id, false)) => {
            state.say(Tone::Warning, format!("broker {id} of the demo is stopped: its replicas fall behind"))
        }
        Err(failure) => state.say(Tone::Bad, failure.to_string()),
    }
    watch::refresh(state, effects);
}

/// A profile is open: nothing of the old one stays.
pub fn connected(state: &mut State, result: Result<Box<Session>, Failure>, effects: &mut Vec<Effect>) {
    state.is_dirty = true;
    for slot in Slot::ALL {
        if !matches!(slot, Slot::Toast) && state.slots.cancel(slot) {
            effects.push(Effect::Cancel(slot));
        }
    }
    watch::forget(state);
    let profiles = std::mem::take(&mut state.views.profiles);
    state.views = Views { profiles, ..Views::default() };
    state.data = Data::default();
    state.back.clear();
    state.forward.clear();
    state.last = None;
    state.depth = 0;
    state.dialogs.clear();
    match result {
        Ok(session) => {
            state.link = Link::Open(*session);
            // Whoever chose a list while this was opening stays there.
            if !matches!(state.screen, Screen::Topics | Screen::Groups | Screen::Journal) {
                state.screen = Screen::Overview;
            }
        }
        Err(failure) => {
            let name = match &state.link {
                Link::Opening(name) => name.clone(),
                Link::None | Link::Open(_) | Link::Refused { .. } => String::new(),
            };
            state.link = Link::Refused { name, failure };
            state.screen = Screen::Profiles;
        }
    }
}
