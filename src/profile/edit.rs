//! Changing the configuration file: a profile added, edited, duplicated, deleted.
//!
//! Owns: the way of a setting into the text and out of it. What is not touched stays
//! as it was: comments, order, unknown keys, ways of writing. Must not know who asks.
//! Invariants: what was changed is read again before it is kept, so that no edit
//! makes a profile unreadable; a secret is written only when it was given as text;
//! what is shown of the change hides every secret.

mod diff;
mod store;

pub use store::FileChange;

use super::field::{self, FIELDS, Field, Kind};
use super::file;
use super::registry_url;
use super::secret::SecretSource;
use crate::domain::mask::{self, Mask};
use crate::domain::{Failure, FailureKind};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use std::path::Path;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// The value of one setting.
#[derive(Clone, Debug)]
pub enum Entry {
    /// As a person writes it.
    Text(String),
    Secret(SecretSource),
    /// Nothing: the default holds.
    Clear,
}

/// What shall be done with a profile.
#[derive(Clone, Debug)]
pub enum Action {
    Add { name: String, settings: Vec<(Field, Entry)>, as_default: bool },
    Edit { name: String, rename: Option<String>, settings: Vec<(Field, Entry)>, as_default: bool },
    Duplicate { from: String, name: String },
    Delete { name: String },
}

impl Action {
    /// The profile that is there afterwards; `None` after a deletion.
    pub fn result(&self) -> Option<&str> {
        match self {
            Self::Add { name, .. } | Self::Duplicate { name, .. } => Some(name),
            Self::Edit { name, rename, .. } => Some(rename.as_ref().unwrap_or(name)),
            Self::Delete { .. } => None,
        }
    }

    /// A word for what was done.
    pub fn done(&self) -> &'static str {
        match self {
            Self::Add { .. } => "added",
            Self::Edit { .. } => "edited",
            Self::Duplicate { .. } => "duplicated",
            Self::Delete { .. } => "deleted",
        }
    }

    fn operation(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add profile",
            Self::Edit { .. } => "edit profile",
            Self::Duplicate { .. } => "duplicate profile",
            Self::Delete { .. } => "delete profile",
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Add { name, .. } | Self::Edit { name, .. } | Self::Delete { name } => name,
            Self::Duplicate { from, .. } => from,
        }
    }

    fn refuse(&self, kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure::new(kind, self.operation(), message).on(self.subject())
    }
}

/// The text with the action done.
fn carry_out(text: &str, file: &Path, action: &Action) -> Result<String, Failure> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        let message = format!("{}:{line} cannot be read: {}", file.display(), error.message().trim_end());
        action.refuse(FailureKind::Invalid, message.replace('\n', ", ")).hint("Mend that line first.")
    })?;
    // With nothing in it but comments these stay above what comes.
    let head = if document.as_table().is_empty() { text } else { "" };
    if document.as_table().is_empty() {
        document = DocumentMut::new();
        document.insert("version", toml_edit::value(1));
    }
    let had_default = document.get("default").and_then(Item::as_str).map(str::to_owned);
    let profiles = profiles_of(&mut document, action)?;
    let there = |profiles: &dyn TableLike, name: &str| profiles.get(name).is_some();
    if let Some(name) = action.result() {
        check_name(name).map_err(|reason| action.refuse(FailureKind::Invalid, reason))?;
        let keeps_its_name = matches!(action, Action::Edit { name: old, .. } if old == name);
        if !keeps_its_name && there(profiles, name) {
            let message = format!("a profile {name} is there already");
            return Err(action.refuse(FailureKind::Conflict, message).hint("Choose another name, or edit that one."));
        }
    }
    if !matches!(action, Action::Add { .. }) && !there(profiles, action.subject()) {
        let names: Vec<&str> = profiles.iter().map(|(name, _)| name).collect();
        let message = match names.as_slice() {
            [] => "no profile is saved".to_owned(),
            names => format!("there is no such profile; saved are {}", names.join(", ")),
        };
        return Err(action.refuse(FailureKind::NotFound, message));
    }
    match action {
        Action::Add { name, settings, .. } => {
            let mut table = Table::new();
            table.decor_mut().set_prefix("\n");
            profiles.insert(name, Item::Table(table));
            set_all(profiles, name, settings, action)?;
        }
        Action::Edit { name, rename, settings, .. } => {
            if let Some(new) = rename.as_ref().filter(|new| *new != name) {
                rename_key(profiles, name, new);
            }
            set_all(profiles, rename.as_ref().unwrap_or(name), settings, action)?;
        }
        Action::Duplicate { from, name } => {
            if let Some(mut copy) = profiles.get(from).cloned() {
                forget_place(&mut copy);
                if let Item::Table(table) = &mut copy {
                    // The comment above the original is about the original.
                    table.decor_mut().set_prefix("\n");
                }
                profiles.insert(name, copy);
            }
        }
        Action::Delete { name } => {
            profiles.remove(name);
        }
    }
    set_default(&mut document, action, had_default);
    let text = format!("{head}{document}");
    judge(&text, file, action)?;
    Ok(text)
}

fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() || name != name.trim() {
        return Err("a profile needs a name that neither begins nor ends with a space".into());
    }
    if name.chars().any(char::is_control) {
        return Err("a name holds no control characters".into());
    }
    Ok(())
}

fn profiles_of<'a>(document: &'a mut DocumentMut, action: &Action) -> Result<&'a mut dyn TableLike, Failure> {
    let item = document.entry("profiles").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    item.as_table_like_mut().ok_or_else(|| action.refuse(FailureKind::Invalid, "profiles is no table in this file"))
}

/// The same place under another name.
fn rename_key(profiles: &mut dyn TableLike, old: &str, new: &str) {
    let names: Vec<String> = profiles.iter().map(|(name, _)| name.to_owned()).collect();
    // The order of a table is that of insertion: all are put back in theirs.
    let items: Vec<(String, Item)> =
        names.into_iter().filter_map(|name| profiles.remove(&name).map(|item| (name, item))).collect();
    for (name, item) in items {
        profiles.insert(if name == old { new } else { &name }, item);
    }
}

/// A copied table says where the original stood.
fn forget_place(item: &mut Item) {
    if let Item::Table(table) = item {
        table.set_position(None);
        for (_, inner) in table.iter_mut() {
            forget_place(inner);
        }
    }
}

fn set_default(document: &mut DocumentMut, action: &Action, had: Option<String>) {
    let wanted = match action {
        Action::Add { name, as_default: true, .. } => Some(name.as_str()),
        Action::Edit { as_default: true, .. } => action.result(),
        Action::Edit { name, rename: Some(new), .. } if had.as_ref() == Some(name) => Some(new.as_str()),
        Action::Delete { name } if had.as_ref() == Some(name) => {
            document.remove("default");
            None
        }
        Action::Add { .. } | Action::Edit { .. } | Action::Duplicate { .. } | Action::Delete { .. } => None,
    };
    if let Some(name) = wanted {
        set_value(document.as_table_mut(), "default", Value::from(name));
    }
}

/// The file as klamm will read it must hold the profile.
fn judge(text: &str, file: &Path, action: &Action) -> Result<(), Failure> {
    let Some(name) = action.result() else { return Ok(()) };
    let read = file::parse(text, file);
    if read.profiles.iter().any(|profile| profile.name == name) {
        return Ok(());
    }
    let beginning = format!("profile {name} is not loaded: ");
    let why = read.warnings.iter().find_map(|warning| warning.text.strip_prefix(&beginning).map(str::to_owned));
    Err(action.refuse(FailureKind::Invalid, why.unwrap_or_else(|| "it could not be read afterwards".into())))
}

fn set_all(
    profiles: &mut dyn TableLike,
    name: &str,
    settings: &[(Field, Entry)],
    action: &Action,
) -> Result<(), Failure> {
    let profile = profiles.get_mut(name).and_then(Item::as_table_like_mut);
    let profile = profile.ok_or_else(|| action.refuse(FailureKind::Invalid, "it is no table in this file"))?;
    for (field, entry) in settings {
        set(profile, *field, entry)
            .map_err(|reason| action.refuse(FailureKind::Invalid, format!("{}: {reason}", field.key())))?;
    }
    Ok(())
}

fn set(profile: &mut dyn TableLike, field: Field, entry: &Entry) -> Result<(), String> {
    let row = field.row();
    let value = match entry {
        Entry::Clear => None,
        Entry::Secret(source) => Some(of_secret(source)),
        Entry::Text(text) => {
            field.check(text)?;
            Some(of_text(row.kind, text)?)
        }
    };
    match (row.path, value) {
        (["tls"], Some(value)) => {
            match (value.as_bool(), profile.get("tls").is_some_and(|item| item.as_table_like().is_some())) {
                (Some(false), _) => drop(profile.remove("tls")),
                // A section says yes already.
                (_, true) => {}
                (_, false) => set_value(profile, "tls", value),
            }
        }
        ([key], Some(value)) => set_value(profile, key, value),
        ([key], None) => drop(profile.remove(key)),
        ([section, key], Some(value)) => set_below(profile, section, key, value),
        ([section, key], None) => clear_below(profile, section, key),
        _ => {}
    }
    Ok(())
}

/// Replaces a value; the spaces and the comment around it stay.
fn set_value(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => {
            table.insert(key, Item::Value(value));
        }
    }
}

/// Sets a key of a section, which is made where there is none.
fn set_below(profile: &mut dyn TableLike, section: &str, key: &str, value: Value) {
    let existing = profile.get(section);
    if existing.is_none_or(|item| item.as_table_like().is_none()) {
        // `registry = "http://…"` says the address alone, `tls = true` nothing more.
        let address = existing.and_then(Item::as_str).map(str::to_owned);
        if section == "registry" && key == "url" {
            return set_value(profile, section, value);
        }
        profile.remove(section);
        let mut made = InlineTable::new();
        if let Some(address) = address {
            made.insert("url", Value::from(address));
        }
        profile.insert(section, Item::Value(Value::InlineTable(made)));
    }
    if let Some(section) = profile.get_mut(section).and_then(Item::as_table_like_mut) {
        set_value(section, key, value);
    }
}

fn clear_below(profile: &mut dyn TableLike, section: &str, key: &str) {
    // Without these the rest of their section means nothing.
    let is_heart = matches!((section, key), ("sasl", "mechanism") | ("registry", "url"));
    let Some(item) = profile.get_mut(section) else { return };
    let is_empty = match item.as_table_like_mut() {
        Some(table) => {
            table.remove(key);
            // An empty `tls` still says that there is TLS.
            table.is_empty() && section != "tls"
        }
        None => key == "url",
    };
    if is_heart || is_empty {
        profile.remove(section);
    }
}

fn of_text(kind: Kind, text: &str) -> Result<Value, String> {
    Ok(match kind {
        Kind::Flag => Value::from(field::flag(text).unwrap_or_default()),
        Kind::Words(_) => Value::from(text.to_ascii_uppercase()),
        Kind::Addresses => {
            let list = text.split(',').map(str::trim).filter(|address| !address.is_empty());
            Value::Array(list.collect::<Array>())
        }
        Kind::Formats => {
            let pairs = field::formats(text)?;
            Value::InlineTable(pairs.into_iter().map(|(pattern, word)| (pattern, Value::from(word))).collect())
        }
        Kind::Masks => {
            let mut table = InlineTable::new();
            for Mask { topics, rule } in mask::parse(text)?.0 {
                let rules = match table.get(&topics).and_then(Value::as_str) {
                    Some(before) => format!("{before} {rule}"),
                    None => rule.to_string(),
                };
                table.insert(topics, rules.into());
            }
            Value::InlineTable(table)
        }
        Kind::Rule(rule) if rule.is_number() => match (text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
            (Ok(number), _) => Value::from(number),
            (_, Ok(number)) => Value::from(number),
            _ => Value::from(text),
        },
        Kind::Rule(_)
        | Kind::Path
        | Kind::Colour
        | Kind::Zone
        | Kind::ByteRate
        | Kind::Duration
        | Kind::Expression
        | Kind::Url
        | Kind::Context
        | Kind::Text
        | Kind::Secret => Value::from(text),
    })
}

fn of_secret(source: &SecretSource) -> Value {
    let (key, value) = match source {
        SecretSource::Env(name) => ("env", Value::from(name)),
        SecretSource::File(path) => ("file", Value::from(path.display().to_string())),
        SecretSource::Command(words) => ("command", Value::Array(words.iter().collect())),
        SecretSource::Keyring(name) => ("keyring", Value::from(name)),
        SecretSource::Prompt => ("prompt", Value::from(true)),
        SecretSource::Literal(secret) => return Value::from(secret.expose_secret()),
    };
    Value::InlineTable([(key, value)].into_iter().collect())
}

/// What the file says of a profile, as it is written there. A password in the
/// registry's address is left out.
pub fn entries(text: &str, name: &str) -> BTreeMap<Field, Entry> {
    let Ok(document) = text.parse::<DocumentMut>() else { return BTreeMap::new() };
    let profile = document.get("profiles").and_then(|profiles| profiles.get(name)).and_then(Item::as_table_like);
    let Some(profile) = profile else { return BTreeMap::new() };
    FIELDS.iter().filter_map(|row| Some((row.field, entry(profile, row.path, row.kind)?))).collect()
}

fn entry(profile: &dyn TableLike, path: &[&str], kind: Kind) -> Option<Entry> {
    let item = match path {
        ["tls"] => {
            let tls = profile.get("tls")?;
            return Some(Entry::Text((tls.as_table_like().is_some() || tls.as_bool() == Some(true)).to_string()));
        }
        ["registry", "url"] => {
            let registry = profile.get("registry")?;
            let url = registry.as_str().or_else(|| registry.get("url").and_then(Item::as_str))?;
            return Some(Entry::Text(registry_url::split(url).0));
        }
        [key] => profile.get(key)?,
        [section, key] => profile.get(section)?.as_table_like()?.get(key)?,
        _ => return None,
    };
    match kind {
        Kind::Secret => secret_entry(item).map(Entry::Secret),
        Kind::Formats | Kind::Masks => {
            let pairs = item.as_table_like()?;
            let pairs: Vec<String> =
                pairs.iter().filter_map(|(pattern, word)| Some(format!("{pattern}={}", word.as_str()?))).collect();
            Some(Entry::Text(pairs.join(", ")))
        }
        _ => Some(Entry::Text(match item {
            Item::Value(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            Item::Value(Value::String(text)) => text.value().clone(),
            Item::Value(Value::Boolean(flag)) => flag.value().to_string(),
            Item::Value(Value::Integer(number)) => number.value().to_string(),
            Item::Value(Value::Float(number)) => number.value().to_string(),
            _ => return None,
        })),
    }
}

fn secret_entry(item: &Item) -> Option<SecretSource> {
    if let Some(text) = item.as_str() {
        return Some(SecretSource::Literal(text.into()));
    }
    let table = item.as_table_like()?;
    let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    if let Some(words) = table.get("command") {
        let words = match words {
            Item::Value(Value::Array(words)) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            one => vec![one.as_str()?.to_owned()],
        };
        return Some(SecretSource::Command(words));
    }
    let kept = text("env").map(SecretSource::Env).or_else(|| text("file").map(|path| SecretSource::File(path.into())));
    kept.or_else(|| text("keyring").map(SecretSource::Keyring))
        .or_else(|| (table.get("prompt").and_then(Item::as_bool) == Some(true)).then_some(SecretSource::Prompt))
}

#[cfg(test)]
mod tests;
