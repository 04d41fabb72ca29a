//! From a key press to a command or a character.

use crate::domain::{Time, show};
use crate::tui::app::actions;
use crate::tui::app::dialogs::{Dialog, FormPurpose};
use crate::tui::app::effect::Effect;
use crate::tui::app::input::{self, TextInput};
use crate::tui::app::notes::Tone;
use crate::tui::app::state::{Screen, State};
use crate::tui::command::{Chord, Command, Enabled, Resolved};

pub fn press(state: &mut State, chord: Chord, read_at: Time, effects: &mut Vec<Effect>) {
    let place = state.place();
    if state.pending.is_empty()
        && let Some(Dialog::Profile(form)) = state.dialogs.last_mut()
        && form.choice_mut().is_some_and(|choice| choice.press(chord))
    {
        typed_in_dialog(state, effects);
        return;
    }
    if place.takes_text() && state.pending.is_empty() && chord.typed().is_some() {
        type_into(state, effects, |input| input.press(chord));
        return;
    }
    state.pending.push(chord);
    match state.keymap.resolve(place, &state.pending) {
        Resolved::Command(command) => {
            state.pending.clear();
            run(state, command, read_at, effects);
        }
        Resolved::Prefix => {}
        Resolved::Nothing => {
            let was_alone = state.pending.len() == 1;
            state.pending.clear();
            // `esc` leaves everything, also where a user took it from a command.
            if place.takes_text() && was_alone {
                if Some(chord) == Chord::parse("esc").ok() {
                    actions::leave::back(state, effects);
                } else {
                    type_into(state, effects, |input| input.press(chord));
                }
            } else if was_alone && Some(chord) == Chord::parse("esc").ok() {
                actions::leave::back(state, effects);
            }
        }
    }
}

/// Runs a command if it applies, or says why it does not.
pub fn run(state: &mut State, command: Command, read_at: Time, effects: &mut Vec<Effect>) {
    let Some(row) = command.row() else { return };
    match (row.enabled)(&state.ctx()) {
        Enabled::Yes => actions::perform(state, command, read_at, effects),
        Enabled::No(reason) => state.say(Tone::Info, format!("{}: {reason}", row.title)),
    }
}

pub fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    if let Some(Dialog::TypeName(question)) = state.dialogs.last_mut() {
        question.was_pasted = true;
    }
    if state.place().takes_text() {
        let mut left = 0;
        type_into(state, effects, |input| {
            left = input.paste(text);
            true
        });
        if left > 0 {
            let most = show::count(input::MOST as u64);
            state.say(Tone::Warning, format!("a line takes {most} characters: the rest was not pasted"));
        }
    }
}

fn type_into(state: &mut State, effects: &mut Vec<Effect>, change: impl FnOnce(&mut TextInput) -> bool) {
    match state.dialogs.last_mut() {
        Some(dialog) => {
            let Some(input) = dialog.input_mut() else { return };
            if change(input) {
                typed_in_dialog(state, effects);
            }
        }
        None => {
            let filter = match state.screen {
                Screen::Topics => &mut state.views.topics.filter,
                Screen::Groups => &mut state.views.groups.filter,
                Screen::Overview
                | Screen::Group
                | Screen::Records
                | Screen::Journal
                | Screen::Profiles
                | Screen::Messages => return,
            };
            if change(&mut filter.input) {
                actions::lists::arrange(state, effects);
            }
        }
    }
}

/// What follows from a change of text.
fn typed_in_dialog(state: &mut State, effects: &mut Vec<Effect>) {
    let groups = state.data.groups.value().cloned();
    match state.dialogs.last_mut() {
        Some(Dialog::Palette(palette)) => {
            palette.recalled = None;
            actions::palette::search(state, effects);
        }
        Some(Dialog::TypeName(question)) => {
            question.error = None;
            if question.input.is_empty() {
                question.was_pasted = false;
            }
        }
        Some(Dialog::Help(help)) => help.scroll = 0,
        Some(Dialog::Profile(form)) => {
            form.changed();
            actions::profiles::check_files(state, effects);
        }
        Some(Dialog::Reset(reset)) => reset.error = None,
        Some(Dialog::Form(form)) => match form.purpose {
            FormPurpose::ResetGroupHere { .. } | FormPurpose::ResetGroupOfTopic(_) | FormPurpose::CopyGroup(_) => {
                if let Some(groups) = groups {
                    actions::plans::offer_groups(form, &groups);
                }
            }
            FormPurpose::RecordsContains
            | FormPurpose::RecordsColumns
            | FormPurpose::RecordsByField
            | FormPurpose::Produce(_) => {
                actions::record_views::offer(state);
            }
            FormPurpose::CreateTopic
            | FormPurpose::ConfigureGroup(_)
            | FormPurpose::ImportOffsets
            | FormPurpose::SendAgain { .. }
            | FormPurpose::ExportRecords
            | FormPurpose::SwitchBroker
            | FormPurpose::RecordsFrom(_)
            | FormPurpose::PartitionWish(_)
            | FormPurpose::SaveText { .. }
            | FormPurpose::DuplicateProfile(_) => {}
        },
        Some(
            Dialog::Plan(_)
            | Dialog::Partitions(_)
            | Dialog::Compression(_)
            | Dialog::Export(_)
            | Dialog::Menu(_)
            | Dialog::Probe(_)
            | Dialog::Secret(_),
        )
        | None => {}
    }
}
