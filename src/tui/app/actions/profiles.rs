//! Saved profiles: new, edited, copied, deleted, tested; and the secrets that are
//! asked for.

use super::super::dialogs::plan::Stage as PlanStage;
use super::super::dialogs::profile::Test;
use super::super::dialogs::{
    Dialog, Form, FormPurpose, ProbeDialog, ProfileDialog, SecretDialog, TypeName, TypeNamePurpose,
};
use super::super::effect::{Effect, Request};
use super::super::input::SecretInput;
use super::super::notes::Tone;
use super::super::session::{Link, ProfilesNow};
use super::super::slot::Slot;
use super::super::state::State;
use super::{start, stop};
use crate::cluster::{ProbeStep, Stage};
use crate::domain::{Failure, FailureKind};
use crate::profile::{Action, Entry, Field, Question};
use std::collections::BTreeMap;
use std::time::Duration;

/// Typing must rest this long before files are looked for.
const REST: Duration = Duration::from_millis(150);

fn selected(state: &State) -> Option<String> {
    state.views.profiles.selection.key().cloned()
}

fn names(state: &State) -> Vec<String> {
    state.views.profiles.cards.iter().map(|card| card.name.clone()).collect()
}

pub fn new(state: &mut State) {
    let form = ProfileDialog::new(None, BTreeMap::new(), names(state));
    state.dialogs.push(Dialog::Profile(Box::new(form)));
}

/// What stands in the file is read first: it may have been edited since.
pub fn edit(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(name) = selected(state) {
        start(state, Slot::ProfileFile, Request::ReadProfile(name), effects);
    }
}

pub fn read(state: &mut State, result: Result<(String, BTreeMap<Field, Entry>), Failure>, effects: &mut Vec<Effect>) {
    state.is_dirty = true;
    match result {
        Ok((name, entries)) => {
            let form = ProfileDialog::new(Some(name), entries, names(state));
            state.dialogs.push(Dialog::Profile(Box::new(form)));
            check_files(state, effects);
        }
        Err(failure) => state.say(Tone::Bad, failure.to_string()),
    }
}

pub fn ask_name(state: &mut State) {
    let Some(from) = selected(state) else { return };
    let field = Form::field("name", "", format!("of the copy of {from}"));
    let form = Form::new(FormPurpose::DuplicateProfile(from), "Another profile like it", vec![field]);
    state.dialogs.push(Dialog::Form(Box::new(form)));
}

pub fn ask_deletion(state: &mut State) {
    if let Some(name) = selected(state) {
        state.dialogs.push(Dialog::TypeName(TypeName::new(TypeNamePurpose::DeleteProfile, name)));
    }
}

pub fn change(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    start(state, Slot::ProfileFile, Request::ChangeProfile(action), effects);
}

/// The file was changed, or could not be.
pub fn changed(state: &mut State, result: Result<Box<ProfilesNow>, Failure>) {
    state.is_dirty = true;
    let now = match result {
        Ok(now) => *now,
        Err(failure) => {
            match form(state) {
                Some(form) => form.error = Some(failure.to_string()),
                None => state.say(Tone::Bad, failure.to_string()),
            }
            return;
        }
    };
    let verdict = match state.dialogs.last() {
        Some(Dialog::Profile(form)) => {
            let verdict = form.verdict();
            state.dialogs.pop();
            format!("; {verdict}")
        }
        _ => String::new(),
    };
    let view = &mut state.views.profiles;
    view.cards = now.cards;
    view.warnings = now.warnings;
    if let Some(row) = view.cards.iter().position(|card| Some(&card.name) == now.select.as_ref()) {
        let cards = &view.cards;
        view.selection.go_to(row, cards.len(), |row| cards.get(row).map(|card| card.name.clone()));
    }
    view.arrange();
    state.say(Tone::Good, format!("{}{verdict}", now.said));
}

fn form(state: &mut State) -> Option<&mut ProfileDialog> {
    state.dialogs.iter_mut().rev().find_map(|dialog| match dialog {
        Dialog::Profile(form) => Some(&mut **form),
        _ => None,
    })
}

pub fn check_files(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(form) = form(state) else { return };
    let files = form.files();
    if files.is_empty() {
        form.missing.clear();
        stop(state, Slot::ProfileCheck, effects);
        return;
    }
    let generation = state.slots.start(Slot::ProfileCheck);
    let request = Request::CheckFiles(files);
    effects.push(Effect::Start { slot: Slot::ProfileCheck, generation, after: REST, request });
}

pub fn files_checked(state: &mut State, missing: Vec<(Field, String)>) {
    if let Some(form) = form(state) {
        let is_new = form.missing != missing;
        form.missing = missing;
        state.is_dirty |= is_new;
    }
}

pub fn test(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(name) = selected(state) else { return };
    let probe = ProbeDialog { name: name.clone(), steps: Vec::new(), is_running: true, scroll: 0 };
    state.dialogs.push(Dialog::Probe(probe));
    start(state, Slot::ProfileTest, Request::TestProfile(name), effects);
}

/// Tests what the form says, without saving it.
pub fn test_form(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(form) = form(state) else { return };
    if let Some((id, why)) = form.problems().into_iter().next() {
        form.focus = id;
        state.say(Tone::Info, why);
        return;
    }
    form.changed();
    form.test = Test::Running;
    let request = Request::TestDraft(form.action());
    start(state, Slot::ProfileTest, request, effects);
}

pub fn save_form(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(form) = form(state) else { return };
    // A file that is not there yet may come; everything else would not be read again.
    let missing: Vec<Field> = form.missing.iter().map(|(field, _)| *field).collect();
    let is_fatal = |id| !matches!(id, super::super::dialogs::profile::RowId::Value(field) if missing.contains(&field));
    if let Some((id, why)) = form.problems().into_iter().find(|(id, _)| is_fatal(*id)) {
        form.focus = id;
        state.say(Tone::Info, why);
        return;
    }
    let action = form.action();
    change(state, action, effects);
}

/// The dialog that shows a test.
fn steps(state: &mut State) -> Option<&mut Vec<ProbeStep>> {
    state.dialogs.iter_mut().rev().find_map(|dialog| match dialog {
        Dialog::Profile(form) => Some(&mut form.steps),
        Dialog::Probe(probe) => Some(&mut probe.steps),
        _ => None,
    })
}

pub fn probed(state: &mut State, step: ProbeStep) {
    state.is_dirty = true;
    if let Some(steps) = steps(state) {
        // Brokers are tried at once and answer in any order; they are shown in one.
        let goes_before = |known: &ProbeStep| {
            step.stage == Stage::Listener && known.stage == step.stage && known.target > step.target
        };
        let at = steps.iter().position(goes_before).unwrap_or(steps.len());
        steps.insert(at, step);
    }
}

pub fn probe_ended(state: &mut State, result: Result<(), Failure>) {
    state.is_dirty = true;
    let mut said = result.err().map(|failure| failure.to_string());
    for dialog in &mut state.dialogs {
        if let Dialog::Probe(probe) = dialog {
            probe.is_running = false;
        }
    }
    if let Some(form) = form(state) {
        form.test = if said.is_some() { Test::NotRun } else { Test::Ended };
        form.error = said.take();
    }
    if let Some(said) = said {
        state.say(Tone::Bad, said);
    }
}

pub fn ask_secret(state: &mut State, question: Question, then: Request) {
    state.is_dirty = true;
    let dialog = SecretDialog { question, input: SecretInput::default(), then };
    state.dialogs.push(Dialog::Secret(Box::new(dialog)));
}

pub fn secret_typed(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Secret(dialog)) = state.dialogs.pop() else { return };
    let SecretDialog { question, input, then } = *dialog;
    let slot = match &then {
        Request::TestProfile(_) | Request::TestDraft(_) => Slot::ProfileTest,
        Request::PlanResend { .. } => Slot::Plan,
        _ => Slot::Connect,
    };
    let request = Request::WithSecret { question, secret: input.secret(), then: Box::new(then) };
    start(state, slot, request, effects);
}

/// What waited for the secret does not go on.
pub fn left_unanswered(state: &mut State) {
    if let Link::Opening(name) = &state.link {
        let failure = Failure::new(FailureKind::Cancelled, "get secret", "the question was left");
        state.link = Link::Refused { name: name.clone(), failure };
    }
    if let Some(Dialog::Plan(plan)) = state.dialogs.last_mut()
        && matches!(plan.stage, PlanStage::Loading)
    {
        plan.stage = PlanStage::Failed(Failure::new(FailureKind::Cancelled, "get secret", "the question was left"));
    }
    probe_ended(state, Ok(()));
    if let Some(form) = form(state) {
        form.test = Test::NotRun;
    }
}
