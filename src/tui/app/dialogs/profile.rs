//! The form of a profile: every setting, judged as it is typed.
//!
//! Owns: the rows that apply, what they hold, what is wrong with them, and the
//! change of the file that they mean. Must not know files: whether one is there is
//! told to it.
//! Invariant: a secret that stands in the file is never in a field; what is typed
//! as one is shown nowhere.

use super::super::input::{Choice, SecretInput, TextInput};
use crate::cluster::{Ending, ProbeStep};
use crate::domain::command_line;
use crate::profile::{Action, Entry, FIELDS, Field, Kind, SecretSource};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;

/// A row of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowId {
    Name,
    Value(Field),
    /// How a secret is kept.
    Way(Field),
    /// A secret that shall stand in the file.
    Literal(Field),
}

#[derive(Debug)]
pub enum Input {
    Line(TextInput),
    Choice(Choice),
    Hidden(SecretInput),
}

#[derive(Debug)]
pub struct Row {
    pub id: RowId,
    pub input: Input,
}

/// How far the test of what is in the form has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    NotRun,
    Running,
    Ended,
}

#[derive(Debug)]
pub struct ProfileDialog {
    /// The profile that is edited; `None` for a new one.
    pub edited: Option<String>,
    rows: Vec<Row>,
    pub focus: RowId,
    /// What the file says.
    before: BTreeMap<Field, Entry>,
    /// Names that are taken.
    others: Vec<String>,
    /// Files that are not there.
    pub missing: Vec<(Field, String)>,
    pub steps: Vec<ProbeStep>,
    pub test: Test,
    /// Why it was not saved or not tested.
    pub error: Option<String>,
}

const NO_YES: &[&str] = &["no", "yes"];
const MECHANISMS: &[&str] = &["none", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];
pub const WAYS: &[&str] = &["none", "environment", "file", "command", "keyring", "ask once a run", "in this file"];
const NONE: usize = 0;
const ENVIRONMENT: usize = 1;
const FILE: usize = 2;
const COMMAND: usize = 3;
const KEYRING: usize = 4;
const PROMPT: usize = 5;
const LITERAL: usize = 6;

impl ProfileDialog {
    pub fn new(edited: Option<String>, before: BTreeMap<Field, Entry>, others: Vec<String>) -> Self {
        let name = edited.clone().unwrap_or_default();
        let mut rows = vec![Row { id: RowId::Name, input: Input::Line(TextInput::with(&name)) }];
        for row in FIELDS {
            if row.kind == Kind::Secret {
                let (way, text) = kept(before.get(&row.field));
                rows.push(Row { id: RowId::Way(row.field), input: Input::Choice(Choice::new(WAYS, way)) });
                rows.push(Row { id: RowId::Value(row.field), input: Input::Line(TextInput::with(&text)) });
                rows.push(Row { id: RowId::Literal(row.field), input: Input::Hidden(SecretInput::default()) });
                continue;
            }
            let text = match before.get(&row.field) {
                Some(Entry::Text(text)) => text.as_str(),
                _ => "",
            };
            let input = match row.field {
                Field::Mechanism => {
                    let at = MECHANISMS.iter().position(|known| known.eq_ignore_ascii_case(text)).unwrap_or(NONE);
                    Input::Choice(Choice::new(MECHANISMS, at))
                }
                _ if row.kind == Kind::Flag => {
                    let is_on = if text.is_empty() { row.default == "true" } else { text == "true" };
                    Input::Choice(Choice::new(NO_YES, usize::from(is_on)))
                }
                _ => Input::Line(TextInput::with(text)),
            };
            rows.push(Row { id: RowId::Value(row.field), input });
        }
        let focus = if edited.is_some() { RowId::Value(Field::Bootstrap) } else { RowId::Name };
        Self {
            edited,
            rows,
            focus,
            before,
            others,
            missing: Vec::new(),
            steps: Vec::new(),
            test: Test::NotRun,
            error: None,
        }
    }

    /// The rows that mean something with what the others say.
    pub fn visible(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| self.is_visible(row.id))
    }

    fn is_visible(&self, id: RowId) -> bool {
        let (field, way_fits) = match id {
            RowId::Name => return true,
            RowId::Way(field) => (field, true),
            RowId::Literal(field) => (field, self.way(field) == LITERAL),
            RowId::Value(field) if field.row().kind == Kind::Secret => {
                (field, matches!(self.way(field), ENVIRONMENT | FILE | COMMAND | KEYRING))
            }
            RowId::Value(field) => (field, true),
        };
        way_fits && self.applies(field)
    }

    fn applies(&self, field: Field) -> bool {
        let mechanism = self.choice(Field::Mechanism);
        match field.row().path {
            ["tls", _] => self.choice(Field::Tls) == "yes",
            ["sasl", "user" | "password"] => !matches!(mechanism, "none" | "OAUTHBEARER"),
            ["sasl", "token"] => mechanism == "OAUTHBEARER",
            ["registry", key] => *key == "url" || !self.line(Field::Registry).is_empty(),
            ["forbid_unlock"] => self.choice(Field::ReadOnly) == "yes",
            _ => true,
        }
    }

    fn row(&self, id: RowId) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    fn line(&self, field: Field) -> &str {
        match self.row(RowId::Value(field)).map(|row| &row.input) {
            Some(Input::Line(line)) => line.text().trim(),
            _ => "",
        }
    }

    fn choice(&self, field: Field) -> &'static str {
        match self.row(RowId::Value(field)).map(|row| &row.input) {
            Some(Input::Choice(choice)) => choice.word(),
            _ => "",
        }
    }

    fn way(&self, field: Field) -> usize {
        match self.row(RowId::Way(field)).map(|row| &row.input) {
            Some(Input::Choice(choice)) => choice.at,
            _ => NONE,
        }
    }

    fn literal(&self, field: Field) -> Option<&SecretInput> {
        match self.row(RowId::Literal(field)).map(|row| &row.input) {
            Some(Input::Hidden(hidden)) => Some(hidden),
            _ => None,
        }
    }

    pub fn name(&self) -> String {
        match self.rows.first().map(|row| &row.input) {
            Some(Input::Line(line)) => line.text().trim().to_owned(),
            _ => String::new(),
        }
    }

    fn focused(&mut self) -> Option<&mut Input> {
        let focus = self.focus;
        self.rows.iter_mut().find(|row| row.id == focus).map(|row| &mut row.input)
    }

    pub fn input_mut(&mut self) -> Option<&mut TextInput> {
        match self.focused()? {
            Input::Line(line) => Some(line),
            Input::Hidden(hidden) => Some(hidden.line_mut()),
            Input::Choice(_) => None,
        }
    }

    pub fn choice_mut(&mut self) -> Option<&mut Choice> {
        match self.focused()? {
            Input::Choice(choice) => Some(choice),
            Input::Line(_) | Input::Hidden(_) => None,
        }
    }

    /// What was tested or wrong before is about other values.
    pub fn changed(&mut self) {
        self.error = None;
        self.steps.clear();
        self.test = Test::NotRun;
    }

    pub fn move_focus(&mut self, by: isize) {
        let visible: Vec<RowId> = self.visible().map(|row| row.id).collect();
        let at = visible.iter().position(|id| *id == self.focus).unwrap_or(0);
        let count = isize::try_from(visible.len()).unwrap_or(1).max(1);
        let to = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count).unsigned_abs();
        if let Some(id) = visible.get(to) {
            self.focus = *id;
        }
    }

    /// What is wrong, row by row.
    pub fn problems(&self) -> Vec<(RowId, String)> {
        let mut problems: Vec<(RowId, String)> =
            self.visible().filter_map(|row| self.problem(row).map(|why| (row.id, why))).collect();
        for (field, why) in &self.missing {
            let id = RowId::Value(*field);
            if self.is_visible(id) && !problems.iter().any(|(other, _)| *other == id) {
                problems.push((id, why.clone()));
            }
        }
        problems
    }

    fn problem(&self, row: &Row) -> Option<String> {
        let field = match row.id {
            RowId::Name => {
                let name = self.name();
                let is_taken = self.others.contains(&name) && self.edited.as_ref() != Some(&name);
                return match name.as_str() {
                    "" => Some("which name?".into()),
                    _ if is_taken => Some("this name is taken".into()),
                    _ => None,
                };
            }
            RowId::Way(field) => {
                let is_needed = matches!(field, Field::Password | Field::Token);
                return (is_needed && self.way(field) == NONE).then(|| "where is it kept?".into());
            }
            RowId::Literal(field) => {
                let is_kept = matches!(self.before.get(&field), Some(Entry::Secret(SecretSource::Literal(_))));
                let is_empty = self.literal(field).is_none_or(SecretInput::is_empty);
                return (is_empty && !is_kept).then(|| "what is it?".into());
            }
            RowId::Value(field) => field,
        };
        let text = self.line(field);
        match (field, field.row().kind) {
            (_, Kind::Secret) if text.is_empty() => Some(
                match self.way(field) {
                    ENVIRONMENT => "which variable?",
                    FILE => "which file?",
                    COMMAND => "which command?",
                    _ => "under which name?",
                }
                .into(),
            ),
            (_, Kind::Secret) if self.way(field) == COMMAND => command_line::split(text).err(),
            (Field::Bootstrap, _) if text.is_empty() => Some("which brokers? host:port, several with commas".into()),
            (Field::User, _) if text.is_empty() => Some("which user?".into()),
            (_, Kind::Flag | Kind::Words(_)) => None,
            _ if text.is_empty() => None,
            _ => field.check(text).err(),
        }
    }

    /// Files that the profile would name, to look whether they are there.
    pub fn files(&self) -> Vec<(Field, String)> {
        let named = self.visible().filter_map(|row| match row.id {
            RowId::Value(field) if field.row().kind == Kind::Path || self.way(field) == FILE => {
                Some((field, self.line(field).to_owned())).filter(|(_, path)| !path.is_empty())
            }
            _ => None,
        });
        named.collect()
    }

    /// The change of the file that saving makes.
    pub fn action(&self) -> Action {
        let settings = self.changes();
        match &self.edited {
            None => Action::Add { name: self.name(), settings, as_default: false },
            Some(name) => {
                let rename = Some(self.name()).filter(|new| new != name);
                Action::Edit { name: name.clone(), rename, settings, as_default: false }
            }
        }
    }

    fn changes(&self) -> Vec<(Field, Entry)> {
        let change = |row: &'static crate::profile::FieldRow| {
            let before = self.before.get(&row.field);
            let entry = if !self.applies(row.field) {
                before.map(|_| Entry::Clear)
            } else if row.kind == Kind::Secret {
                self.secret_change(row.field, before)
            } else {
                self.text_change(row.field, before)
            };
            entry.map(|entry| (row.field, entry))
        };
        FIELDS.iter().filter_map(change).collect()
    }

    fn text_change(&self, field: Field, before: Option<&Entry>) -> Option<Entry> {
        let row = field.row();
        let old = match before {
            Some(Entry::Text(text)) => Some(text.as_str()),
            Some(Entry::Secret(_) | Entry::Clear) | None => None,
        };
        let new = match (field, row.kind) {
            (Field::Mechanism, _) => Some(self.choice(field)).filter(|word| *word != "none"),
            (_, Kind::Flag) => {
                let new = if self.choice(field) == "yes" { "true" } else { "false" };
                // What is so anyway need not be written.
                Some(new).filter(|new| old.is_some() || *new != row.default)
            }
            _ => Some(self.line(field)).filter(|text| !text.is_empty()),
        };
        match (old, new) {
            (Some(old), Some(new)) if old == new => None,
            (_, Some(new)) => Some(Entry::Text(new.to_owned())),
            (Some(_), None) => Some(Entry::Clear),
            (None, None) => None,
        }
    }

    fn secret_change(&self, field: Field, before: Option<&Entry>) -> Option<Entry> {
        let (old_way, old_text) = kept(before);
        let (way, text) = (self.way(field), self.line(field));
        let typed = self.literal(field).map(SecretInput::secret);
        let source = match way {
            NONE => return before.map(|_| Entry::Clear),
            // Nothing typed: the one in the file stays.
            LITERAL if old_way == LITERAL && typed.as_ref().is_none_or(|secret| secret.expose_secret().is_empty()) => {
                return None;
            }
            LITERAL => SecretSource::Literal(typed?),
            _ if way == old_way && text == old_text => return None,
            ENVIRONMENT => SecretSource::Env(text.to_owned()),
            FILE => SecretSource::File(text.into()),
            COMMAND => SecretSource::Command(command_line::split(text).ok()?),
            KEYRING => SecretSource::Keyring(text.to_owned()),
            _ => SecretSource::Prompt,
        };
        Some(Entry::Secret(source))
    }

    /// What the last test says of the profile, in a clause.
    pub fn verdict(&self) -> String {
        let failed = self.steps.iter().find(|step| matches!(step.ending, Ending::Failed(_)));
        match (self.test, failed) {
            (Test::NotRun | Test::Running, _) => "it was not tested".into(),
            (Test::Ended, Some(step)) => format!("its test failed at {}", step.stage.word()),
            (Test::Ended, None) => "it works".into(),
        }
    }
}

/// The way in which a secret is kept, and the text that says where.
fn kept(entry: Option<&Entry>) -> (usize, String) {
    match entry {
        Some(Entry::Secret(SecretSource::Env(name))) => (ENVIRONMENT, name.clone()),
        Some(Entry::Secret(SecretSource::File(path))) => (FILE, path.display().to_string()),
        Some(Entry::Secret(SecretSource::Command(words))) => {
            (COMMAND, command_line::join(words.iter().map(String::as_str)))
        }
        Some(Entry::Secret(SecretSource::Keyring(name))) => (KEYRING, name.clone()),
        Some(Entry::Secret(SecretSource::Prompt)) => (PROMPT, String::new()),
        Some(Entry::Secret(SecretSource::Literal(_))) => (LITERAL, String::new()),
        Some(Entry::Text(_) | Entry::Clear) | None => (NONE, String::new()),
    }
}
