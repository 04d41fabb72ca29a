//! Going out: of a dialog, of a filter, of a view, of klamm.

use super::super::dialogs::plan::Stage;
use super::super::dialogs::{Dialog, FormPurpose};
use super::super::effect::Effect;
use super::super::notes::Tone;
use super::super::slot::Slot;
use super::super::state::{Screen, State};
use super::{export, lists, open, profiles, records, stop};
use crate::domain::plan::Change;

/// One level out.
pub fn back(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(Dialog::Help(help)) = state.dialogs.last_mut()
        && help.filter.is_active()
    {
        help.filter.clear();
        return;
    }
    if let Some(dialog) = state.dialogs.last() {
        if matches!(dialog, Dialog::Plan(_)) {
            leave_plan(state, effects);
        } else if matches!(dialog, Dialog::Export(_)) {
            export::leave(state, effects);
        } else {
            let closed = state.dialogs.pop();
            if matches!(closed, Some(Dialog::Partitions(_))) {
                stop(state, Slot::PartitionReport, effects);
            }
            if let Some(Dialog::Form(form)) = &closed
                && matches!(form.purpose, FormPurpose::Produce(_))
            {
                stop(state, Slot::Subjects, effects);
            }
            if matches!(closed, Some(Dialog::Compression(_))) {
                stop(state, Slot::Compression, effects);
            }
            if matches!(closed, Some(Dialog::Profile(_) | Dialog::Probe(_))) {
                stop(state, Slot::ProfileTest, effects);
                stop(state, Slot::ProfileCheck, effects);
            }
            if matches!(closed, Some(Dialog::Secret(_))) {
                profiles::left_unanswered(state);
            }
        }
        return;
    }
    if state.screen == Screen::Records {
        if records::close(state) {
            return;
        }
        if records::stop_search(state, effects) {
            return;
        }
        if state.views.records.clear_marks() {
            return;
        }
        if state.views.records.chart.is_some() {
            state.views.records.show_chart(None);
            return;
        }
    }
    match state.screen {
        Screen::Topics if state.views.topics.filter.is_editing || !state.views.topics.in_detail => {
            if state.views.topics.filter.is_active() {
                state.views.topics.filter.clear();
                lists::arrange(state, effects);
                return;
            }
        }
        Screen::Topics => {
            state.views.topics.in_detail = false;
            // The topic may be gone since: the list selects what is there.
            lists::arrange_topics(state, effects);
            return;
        }
        Screen::Groups if state.views.groups.filter.is_active() => {
            state.views.groups.filter.clear();
            lists::arrange(state, effects);
            return;
        }
        Screen::Overview
        | Screen::Groups
        | Screen::Group
        | Screen::Records
        | Screen::Journal
        | Screen::Profiles
        | Screen::Messages => {}
    }
    if state.depth > 0 {
        open::history(state, true, effects);
    }
}

/// `q` leaves a level, and klamm from the top.
pub fn quit_or_back(state: &mut State, effects: &mut Vec<Effect>) {
    let in_detail = match state.screen {
        Screen::Topics => state.views.topics.in_detail,
        Screen::Records => state.views.records.in_record,
        Screen::Overview | Screen::Groups | Screen::Group | Screen::Journal | Screen::Profiles | Screen::Messages => {
            false
        }
    };
    if state.depth == 0 && !in_detail {
        quit(state, effects);
    } else {
        back(state, effects);
    }
}

/// Leaves; a change that is being applied is finished first.
pub fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if state.slots.is_running(Slot::Apply) {
        if !state.is_quitting {
            state.say(Tone::Warning, "a change is being applied: klamm leaves when it is done and read back");
        }
        state.is_quitting = true;
    } else {
        state.is_quitting = true;
        effects.push(Effect::Quit);
    }
}

/// Closes a plan without changing anything; one that is being applied goes on
/// in sight.
pub fn leave_plan(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut() else { return };
    match &dialog.stage {
        Stage::Applying { plan, .. } if matches!(plan.change, Change::Resend(_)) => {
            effects.push(Effect::StopSending);
            state.say(Tone::Info, "it stops behind what is there; f in the journal goes on");
            return;
        }
        Stage::Applying { .. } => {
            state.say(Tone::Info, "the change is being applied: it cannot be cut in half");
            return;
        }
        Stage::Waiting(plan) => {
            let plan = std::sync::Arc::clone(plan);
            dialog.show(plan);
            stop(state, Slot::WaitEmpty, effects);
            return;
        }
        Stage::Loading | Stage::Failed(_) | Stage::Shown(_) | Stage::Done { .. } | Stage::Broken { .. } => {}
    }
    stop(state, Slot::Plan, effects);
    state.dialogs.pop();
    // The picker lies below for `e` only.
    if matches!(state.dialogs.last(), Some(Dialog::Reset(_) | Dialog::Form(_))) {
        state.dialogs.pop();
    }
}
