//! What can be copied of the selected thing.
//!
//! Owns: the choices for each kind of thing, and how large a copy may be. Must
//! not know how a clipboard is reached.
//! Invariant: a copy that a terminal would drop is never called copied.

mod kafka_tools;
mod things;

use super::dialogs::{Dialog, Form, FormPurpose, Menu, MenuPurpose};
use super::effect::Effect;
use super::notes::Tone;
use super::state::State;
use crate::domain::record::DecodedRecord;
use crate::domain::{record_line, show};
use std::sync::Arc;

/// Terminals drop clipboard sequences above some size, and do not say so: 100 kB
/// of base64 pass through those in use.
const MOST_BYTES: usize = 75_000;
/// Characters of a copy that a menu or a toast shows.
const SHOWN: usize = 120;

/// One line of the menu.
#[derive(Clone, Debug)]
pub struct CopyChoice {
    pub label: &'static str,
    what: What,
}

/// Text, or what becomes text only when it is wanted: records may be large.
#[derive(Clone, Debug)]
enum What {
    Text(String),
    Value {
        of: Arc<DecodedRecord>,
        shown: String,
    },
    Record {
        of: Arc<DecodedRecord>,
        shown: String,
    },
    /// One below the other.
    Lines {
        of: Arc<[Arc<DecodedRecord>]>,
        part: Part,
        shown: String,
    },
}

/// What is taken of each of several records.
#[derive(Clone, Copy, Debug)]
enum Part {
    Record,
    Value,
}

impl CopyChoice {
    fn text(label: &'static str, text: impl Into<String>) -> Self {
        Self { label, what: What::Text(text.into()) }
    }

    /// The beginning, for the menu.
    pub fn shown(&self) -> &str {
        match &self.what {
            What::Text(text) => text.lines().next().unwrap_or_default(),
            What::Value { shown, .. } | What::Record { shown, .. } | What::Lines { shown, .. } => shown,
        }
    }

    fn whole(&self) -> String {
        match &self.what {
            What::Text(text) => text.clone(),
            What::Value { of, .. } => of.value.value.to_json(),
            What::Record { of, .. } => record_line::json(of, record_line::ALONE),
            What::Lines { of, part, .. } => {
                let line = |record: &Arc<DecodedRecord>| match part {
                    Part::Record => record_line::json(record, record_line::ALONE),
                    Part::Value => record.value.value.to_json(),
                };
                of.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// `klamm` with these words, on the profile that is open.
pub fn command_line(state: &State, words: &[&str]) -> String {
    things::klamm(state, words)
}

/// `c`: the choices for what is selected.
pub fn open(state: &mut State) {
    let (name, choices) = things::choices(state);
    open_menu(state, &name, choices);
}

/// `c` on a plan.
pub fn open_plan(state: &mut State) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last() else { return };
    let Some(plan) = dialog.plan().cloned() else { return };
    let choices = things::plan_choices(state, &plan);
    open_menu(state, "the plan", choices);
}

/// `c` on records that are written to a file.
pub fn open_export(state: &mut State) {
    let Some(Dialog::Export(dialog)) = state.dialogs.last() else { return };
    let path = dialog.wish.path.display().to_string();
    let line = dialog.wish.command_line.clone();
    open_menu(state, "the export", vec![CopyChoice::text("klamm", line), CopyChoice::text("path", path)]);
}

fn open_menu(state: &mut State, name: &str, choices: Vec<CopyChoice>) {
    if choices.is_empty() {
        state.say(Tone::Info, "there is nothing to copy yet");
        return;
    }
    let menu = Menu { purpose: MenuPurpose::Copy(choices), title: format!("Copy {name}"), cursor: 0 };
    state.dialogs.push(Dialog::Menu(menu));
}

/// Copies the choice, or offers a file for what is too large.
pub fn take(state: &mut State, choice: &CopyChoice, effects: &mut Vec<Effect>) {
    let text = choice.whole();
    if text.len() <= MOST_BYTES {
        let shown: String = choice.shown().chars().take(SHOWN).collect();
        effects.push(Effect::Copy(text));
        state.say(Tone::Good, format!("copied {}: {shown}", choice.label));
        return;
    }
    let size = show::size(text.len() as u64);
    state.say(Tone::Warning, format!("{size} is more than terminals take into the clipboard: save it to a file"));
    let extension = if matches!(choice.what, What::Text(_)) { "txt" } else { "json" };
    let fields = vec![Form::field("file", &format!("copied.{extension}"), "an existing file is not overwritten")];
    let form = Form::new(FormPurpose::SaveText { text }, format!("Save {} ({size})", choice.label), fields);
    state.dialogs.push(Dialog::Form(Box::new(form)));
}
