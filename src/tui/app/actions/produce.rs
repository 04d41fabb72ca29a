//! Writing a record: the form, what it says, and the plan made of it.

use super::super::dialogs::form::Field;
use super::super::dialogs::{Dialog, Form, FormPurpose, RecordDraft, Subjects};
use super::super::effect::{EditText, Effect, Request};
use super::super::input::{self, TextInput};
use super::super::notes::Tone;
use super::super::slot::Slot;
use super::super::state::State;
use super::{plans, start};
use crate::cluster::Misfit;
use crate::domain::json_text;
use crate::domain::produce::{Acks, Delivery, NewRecord, Spread};
use crate::domain::query::Part;
use crate::domain::recipe::Recipe;
use crate::domain::record::{Codec, DecodedRecord, Format, Record};
use crate::domain::when::parse_time;
use crate::domain::writing::{Framing, LATEST, WrittenAs, own_subject};
use crate::domain::{Failure, PartitionId, TopicName, show};

/// What stands in a field for bytes that cannot be typed.
pub const AS_IT_IS: &str = "@";
/// What stands in it for a text of the editor that no line can hold.
pub const EDITED: &str = "@editor";
/// What is typed for a record without a value.
const TOMBSTONE: &str = "tombstone";
const VALUE_HINT: &str = "ctrl-e: in the editor; {{seq}}, {{now}}, {{uuid}}, {{random 1..6}} when repeated";
/// The place of each field.
const KEY: usize = 0;
const KEY_AS: usize = 1;
const VALUE: usize = 2;
const VALUE_AS: usize = 3;
const FRAMING: usize = 4;
const HEADERS: usize = 5;
const PARTITION: usize = 6;
const TIMESTAMP: usize = 7;
const COMPRESSION: usize = 8;
const ACKS: usize = 9;
const REPEAT: usize = 10;

/// `P`: a record for the topic on screen.
pub fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(topic) = state.topic_on_screen() {
        push(state, topic, None, None, effects);
    }
}

/// `N`: one like the selected record. It goes where its key says, as a new one would.
pub fn ask_copy(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(selected) = state.views.records.selected() else {
        state.say(Tone::Info, "the record is not decoded yet");
        return;
    };
    let base = base_of(&selected.record);
    let topic = selected.record.topic.clone();
    let readable = readable(selected);
    push(state, topic, Some(base), readable, effects);
}

/// The value as one can change it: by the schema it was written by, or in digits.
fn readable(selected: &DecodedRecord) -> Option<(String, WrittenAs)> {
    let bytes = selected.record.value.as_deref()?;
    match &selected.value.written {
        Some(choice) => {
            // Beside a header the bytes may be the text.
            let bare = match (&selected.value.format, choice.framing) {
                (Format::JsonSchema { .. }, Framing::Header) => String::from_utf8(bytes.to_vec()).ok(),
                _ => None,
            };
            let text = bare.unwrap_or_else(|| json_text::indented(&selected.value.value.to_json()));
            Some((text, WrittenAs::Schema(choice.clone())))
        }
        _ if std::str::from_utf8(bytes).is_ok() => None,
        _ => Some((show::hex(bytes, ""), WrittenAs::Hex)),
    }
}

fn base_of(record: &Record) -> NewRecord {
    let headers = record.headers.iter();
    NewRecord {
        key: record.key.as_ref().map(|key| key.to_vec()),
        value: record.value.as_ref().map(|value| value.to_vec()),
        headers: headers
            .map(|header| (header.name.clone(), header.value.as_ref().map(|value| value.to_vec())))
            .collect(),
        partition: None,
        timestamp: None,
    }
}

fn push(
    state: &mut State,
    topic: TopicName,
    base: Option<NewRecord>,
    readable: Option<(String, WrittenAs)>,
    effects: &mut Vec<Effect>,
) {
    let title = match &base {
        Some(_) => format!("Write a copy of the record to {topic}"),
        None => format!("Write a record to {topic}"),
    };
    let empty = NewRecord::default();
    let record = base.as_ref().unwrap_or(&empty);
    // A text that stands in its line is held to its schema all the same.
    let bare = readable.as_ref().filter(|(text, _)| record.value.as_deref().and_then(typeable) == Some(text));
    let (kind, framing) = match bare {
        Some((_, written)) => (written.to_string(), written.unusual_framing().map_or("", Framing::word)),
        None if base.is_some() && record.value.is_none() => (TOMBSTONE.to_owned(), ""),
        None => (String::new(), ""),
    };
    let fields = vec![
        bytes_field("key", record.key.as_deref(), "empty: none"),
        Form::field("key as", "", ""),
        bytes_field("value", record.value.as_deref(), VALUE_HINT),
        Form::field("value as", &kind, ""),
        Form::field("framing", framing, "how a schema is named; empty: prefix, of a file none; header"),
        headers_field(&record.headers),
        Form::field("partition", "", "empty: by the key, as the Java client does it; a number, or a partitioner"),
        Form::field("time", "", "empty: that of sending; 2026-11-21 10:45 or milliseconds"),
        Form::field("codec", "", "empty: none; gzip, snappy, lz4, zstd"),
        Form::field("acks", "", "empty: all; 1: the leader; 0: nobody says whether it is there"),
        Form::field("repeat", "", "empty: once"),
    ];
    let has_registry = state.link.session().is_some_and(|session| session.card.registry.is_some());
    let subjects = if has_registry { Subjects::Asked } else { Subjects::NoRegistry };
    let draft = RecordDraft { topic, base, readable, edited: None, subjects };
    let mut form = Form::new(FormPurpose::Produce(Box::new(draft)), title, fields);
    hint(&mut form);
    state.dialogs.push(Dialog::Form(Box::new(form)));
    if has_registry {
        start(state, Slot::Subjects, Request::Subjects, effects);
    }
}

/// The subjects are here: what can be written by them is said and offered.
pub fn subjects(state: &mut State, result: Result<Vec<String>, Failure>) {
    state.is_dirty = true;
    let form = state.dialogs.iter_mut().find_map(|dialog| match dialog {
        Dialog::Form(form) if matches!(form.purpose, FormPurpose::Produce(_)) => Some(&mut **form),
        _ => None,
    });
    let Some(form) = form else { return };
    if let FormPurpose::Produce(draft) = &mut form.purpose {
        draft.subjects = match result {
            Ok(subjects) => Subjects::Known(subjects.into()),
            Err(failure) => Subjects::Failed(failure.message),
        };
    }
    hint(form);
    form.offered = offered(form);
}

/// What may stand in the fields about schemas, as far as it is known.
fn hint(form: &mut Form) {
    let FormPurpose::Produce(draft) = &form.purpose else { return };
    let hints = [(KEY_AS, "key", ""), (VALUE_AS, "value", ", tombstone")].map(|(field, part, more)| {
        let own = own_subject(draft.topic.as_str(), part);
        let hint = match &draft.subjects {
            Subjects::NoRegistry => format!("no registry; empty: as it stands; json, hex, base64{more}"),
            Subjects::Asked => format!("asking for subjects…; empty: as it stands; json, hex, base64{more}"),
            Subjects::Known(subjects) if subjects.binary_search(&own).is_ok() => {
                format!("latest: by {own}; json, hex, base64{more}, subject, id, ./file; empty: as it stands")
            }
            Subjects::Known(_) => format!("json, hex, base64{more}, subject, id, ./file; empty: as it stands"),
            Subjects::Failed(reason) => format!("no subjects: {reason}; empty: as it stands; json, hex, base64{more}"),
        };
        (field, hint)
    });
    for (field, hint) in hints {
        if let Some(field) = form.fields.get_mut(field) {
            field.hint = hint;
        }
    }
}

/// What the line in focus may become: the topic's own schema first, then the forms, then
/// subjects.
pub fn offered(form: &Form) -> Vec<String> {
    let FormPurpose::Produce(draft) = &form.purpose else { return Vec::new() };
    let part = match form.focus {
        KEY_AS => "key",
        VALUE_AS => "value",
        FRAMING => {
            let words = Framing::ALL.map(Framing::word).into_iter();
            return words.filter(|word| word.starts_with(form.text(FRAMING))).map(str::to_owned).collect();
        }
        _ => return Vec::new(),
    };
    let subjects = draft.subjects.known();
    let has_own = subjects.binary_search(&own_subject(draft.topic.as_str(), part)).is_ok();
    let mut words: Vec<&str> = has_own.then_some(LATEST).into_iter().collect();
    words.extend(WrittenAs::PLAIN.iter().map(WrittenAs::word).skip(1));
    words.extend((part == "value").then_some(TOMBSTONE));
    let typed = form.text(form.focus);
    let all = words.into_iter().chain(subjects.iter().map(String::as_str));
    all.filter(|word| word.starts_with(typed)).take(OFFERED).map(str::to_owned).collect()
}

/// Names that are offered at once.
const OFFERED: usize = 6;

fn bytes_field(label: &'static str, bytes: Option<&[u8]>, hint: &str) -> Field {
    match bytes.map(|bytes| (bytes, typeable(bytes))) {
        None => Form::field(label, "", hint),
        Some((_, Some(text))) => Form::field(label, text, hint),
        Some((bytes, None)) => {
            let size = show::size(bytes.len() as u64);
            Form::field(label, AS_IT_IS, format!("{AS_IT_IS}: the {label} of the record as it is, {size}"))
        }
    }
}

fn headers_field(headers: &[(String, Option<Vec<u8>>)]) -> Field {
    let words: Option<Vec<String>> = headers
        .iter()
        .map(|(name, value)| {
            let value = typeable(value.as_deref()?)?;
            let is_plain =
                !name.contains(|c: char| c == '=' || c.is_whitespace()) && !value.contains(char::is_whitespace);
            is_plain.then(|| format!("{name}={value}"))
        })
        .collect();
    match words.map(|words| words.join(" ")).filter(|words| is_short(words)) {
        Some(words) => Form::field("headers", &words, "name=value, separated by spaces"),
        None => {
            let count = show::plural(headers.len(), "header");
            Form::field("headers", AS_IT_IS, format!("{AS_IT_IS}: those of the record as they are, {count}"))
        }
    }
}

/// Text that a line can hold, whole, and that comes back the same.
fn typeable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_plain = !text.is_empty() && text.trim() == text && text != AS_IT_IS && !text.contains(char::is_control);
    (is_plain && is_short(text)).then_some(text)
}

fn is_short(text: &str) -> bool {
    text.chars().nth(input::MOST).is_none()
}

/// What the form says; the sentence names the field that cannot be read.
pub fn read(state: &State, form: &Form, draft: &RecordDraft) -> Result<Recipe, String> {
    let RecordDraft { topic, base, .. } = draft;
    let base = base.as_ref();
    let is_tombstone = form.text(VALUE_AS) == TOMBSTONE;
    let framing = match form.text(FRAMING) {
        "" => None,
        text => Some(
            one_of(&Framing::ALL, Framing::word, text)
                .ok_or_else(|| format!("framing: ‘{text}’: prefix, header or none"))?,
        ),
    };
    let key_as = written(form, KEY, KEY_AS, base)?.named(framing);
    let value_as = written(form, VALUE, VALUE_AS, base)?.named(framing);
    if framing.is_some() && key_as.framing().is_none() && value_as.framing().is_none() {
        return Err("framing: no schema writes the key or the value".into());
    }
    let bytes = |field: usize, of_base: Option<&Vec<u8>>| match (form.text(field), of_base) {
        (AS_IT_IS, Some(bytes)) => Some(bytes.clone()),
        (EDITED, _) if field == VALUE && draft.edited.is_some() => draft.edited.clone().map(String::into_bytes),
        // As it was typed: spaces around it may be meant.
        _ => Some(form.line(field).as_bytes().to_vec()),
    };
    let value = bytes(VALUE, base.and_then(|base| base.value.as_ref()));
    let is_of_base = base.is_some_and(|base| base.value.is_some());
    if is_tombstone && !is_of_base && !form.line(VALUE).is_empty() {
        return Err("a tombstone has no value".into());
    }
    let headers = match (form.text(HEADERS), base) {
        (AS_IT_IS, Some(base)) => base.headers.clone(),
        (text, _) => text
            .split_whitespace()
            .map(|pair| {
                let (name, value) =
                    pair.split_once('=').ok_or_else(|| format!("headers: ‘{pair}’: write name=value"))?;
                Ok((name.to_owned(), Some(value.as_bytes().to_vec())))
            })
            .collect::<Result<_, String>>()?,
    };
    let acks = match form.text(ACKS) {
        "" => Acks::All,
        text => one_of(&Acks::ALL, Acks::word, text).ok_or_else(|| format!("acks: ‘{text}’: all, 1 or 0"))?,
    };
    let compression = match form.text(COMPRESSION) {
        "" => Codec::None,
        text => one_of(&Codec::ALL, Codec::word, text)
            .ok_or_else(|| format!("codec: ‘{text}’: none, gzip, snappy, lz4 or zstd"))?,
    };
    let timestamp = match form.text(TIMESTAMP) {
        "" => None,
        text => Some(parse_time(text, state.now, Some(state.zone())).map_err(|reason| format!("time: {reason}"))?.time),
    };
    let (partition, spread) = place(form.text(PARTITION))?;
    let recipe = Recipe {
        topic: topic.clone(),
        key_as,
        value_as: if is_tombstone { WrittenAs::Text } else { value_as },
        record: NewRecord {
            partition,
            // Nothing typed is no key; one that is there and empty is copied as it is.
            key: bytes(KEY, base.and_then(|base| base.key.as_ref()))
                .filter(|key| !key.is_empty() || form.text(KEY) == AS_IT_IS),
            value: value.filter(|_| !is_tombstone),
            headers,
            timestamp,
        },
        repeat: repeat(form.text(REPEAT))?,
        has_placeholders: false,
        delivery: Delivery { compression, acks, is_idempotent: acks == Acks::All, spread },
        rate: None,
    };
    // A placeholder that is none is said here, beside the field.
    recipe.prepare(0)?;
    Ok(recipe)
}

/// Records that the form writes at most; more is a job for the command line.
const MAX_REPEAT: u64 = 100_000;

fn one_of<T: Copy>(all: &[T], word: fn(T) -> &'static str, text: &str) -> Option<T> {
    all.iter().copied().find(|one| word(*one) == text)
}

/// How the text of a field is written.
fn written(form: &Form, field: usize, field_as: usize, base: Option<&NewRecord>) -> Result<WrittenAs, String> {
    let text = form.text(field_as);
    let label = form.fields.get(field_as).map_or("", |field| field.label);
    if text == TOMBSTONE && field_as == VALUE_AS {
        return Ok(WrittenAs::Text);
    }
    if text.contains(char::is_whitespace) {
        return Err(format!("{label}: ‘{text}’: one word, or one subject"));
    }
    let written = WrittenAs::parse(text);
    if written != WrittenAs::Text && base.is_some() && form.text(field) == AS_IT_IS {
        return Err(format!("{label}: {AS_IT_IS} is written as it is; ctrl-e makes a text of the value"));
    }
    Ok(written)
}

/// A partition, or who chooses one.
fn place(text: &str) -> Result<(Option<PartitionId>, Spread), String> {
    if text.is_empty() {
        return Ok((None, Spread::default()));
    }
    if let Some(spread) = one_of(&Spread::ALL, Spread::word, text) {
        return Ok((None, spread));
    }
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.map(|number| (Some(number), Spread::default())).ok_or_else(|| {
        let words: Vec<&str> = Spread::ALL.iter().map(|spread| spread.word()).collect();
        format!("partition: ‘{text}’ is not a number; or {}", words.join(", "))
    })
}

fn repeat(text: &str) -> Result<Option<u64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.replace([',', '_'], "").parse().ok().filter(|count| (1..=MAX_REPEAT).contains(count));
    number.map(Some).ok_or_else(|| format!("repeat: ‘{text}’ is not a number from 1 to {}", show::count(MAX_REPEAT)))
}

pub fn plan(state: &mut State, recipe: Recipe, effects: &mut Vec<Effect>) {
    let name = format!("records for {}", recipe.topic);
    plans::show(state, name, Request::PlanProduce(Box::new(recipe)), effects);
}

/// `ctrl-e`: the value, in the editor.
pub fn edit(state: &State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Form(form)) = state.dialogs.last() else { return };
    let FormPurpose::Produce(draft) = &form.purpose else { return };
    let as_typed = WrittenAs::parse(form.text(VALUE_AS));
    let (text, written) = match (form.text(VALUE), &**draft) {
        (EDITED, RecordDraft { edited: Some(text), .. }) => (text.clone(), as_typed),
        (AS_IT_IS, RecordDraft { readable: Some((text, written)), .. }) => (text.clone(), written.clone()),
        (AS_IT_IS, RecordDraft { base: Some(base), .. }) => {
            let bytes = base.value.as_deref().unwrap_or_default();
            (String::from_utf8_lossy(bytes).into_owned(), as_typed)
        }
        _ => (form.line(VALUE).to_owned(), as_typed),
    };
    let is_json =
        matches!(written, WrittenAs::Json | WrittenAs::Schema(_)) || text.trim_start().starts_with(['{', '[']);
    effects.push(Effect::Edit(EditText { text, extension: if is_json { "json" } else { "txt" } }));
}

/// The editor is closed.
pub fn edited(state: &mut State, text: Result<String, String>) {
    state.is_dirty = true;
    let text = match text {
        Ok(text) => text,
        Err(reason) => {
            state.say(Tone::Warning, reason);
            return;
        }
    };
    let Some(Dialog::Form(form)) = state.dialogs.last_mut() else { return };
    let was_readable = form.text(VALUE) == AS_IT_IS;
    let FormPurpose::Produce(draft) = &mut form.purpose else { return };
    let readable = draft.readable.as_ref().filter(|_| was_readable);
    if readable.is_some_and(|(shown, _)| shown.trim_end() == text.trim_end()) {
        // What was not changed stays the bytes it is, however a schema would write it anew.
        state.say(Tone::Info, "nothing was changed: the value stays as it is");
        return;
    }
    let written = readable.map(|(_, written)| written.clone());
    let is_line = text.is_empty() || typeable(text.as_bytes()).is_some_and(|line| line != EDITED);
    let (line, hint) = if is_line {
        draft.edited = None;
        (text, VALUE_HINT.to_owned())
    } else {
        let size = format!("{}, {}", show::plural(text.lines().count(), "line"), show::size(text.len() as u64));
        draft.edited = Some(text);
        (EDITED.to_owned(), format!("{EDITED}: the text of the editor, {size}; ctrl-e opens it again"))
    };
    if let Some(field) = form.fields.get_mut(VALUE) {
        (field.input, field.hint) = (TextInput::with(&line), hint);
    }
    if let Some(written) = written {
        let framing = written.unusual_framing().map_or("", Framing::word);
        for (field, text) in [(VALUE_AS, written.to_string().as_str()), (FRAMING, framing)] {
            if let Some(field) = form.fields.get_mut(field) {
                field.input = TextInput::with(text);
            }
        }
    }
    (form.error, form.error_at, form.focus) = (None, None, VALUE);
    form.offered = offered(form);
}

/// The text does not fit: back to the form, to the place.
pub fn unfit(state: &mut State, misfit: &Misfit) {
    state.is_dirty = true;
    if !matches!(state.dialogs.last(), Some(Dialog::Plan(_))) {
        return;
    }
    state.dialogs.pop();
    let Some(Dialog::Form(form)) = state.dialogs.last_mut() else {
        state.say(Tone::Bad, misfit.to_string());
        return;
    };
    form.focus = match misfit.part {
        Part::Key => KEY,
        Part::Value => VALUE,
    };
    let is_as_typed = form.text(form.focus) != EDITED && form.text(REPEAT).is_empty();
    form.error_at = misfit.place.filter(|(line, _)| *line == 1 && is_as_typed).map(|(_, column)| column - 1);
    form.error = Some(misfit.to_string());
    form.offered = offered(form);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("plain", "plain")]
    #[case(&"x".repeat(input::MOST), &"x".repeat(input::MOST))]
    // What a line would cut, trim or change is taken as it is.
    #[case(&"x".repeat(input::MOST + 1), AS_IT_IS)]
    #[case("two\nlines", AS_IT_IS)]
    #[case(" spaces ", AS_IT_IS)]
    #[case("", AS_IT_IS)]
    fn a_copy_loses_nothing_to_the_line_it_stands_in(#[case] value: &str, #[case] stands: &str) {
        assert_eq!(bytes_field("value", Some(value.as_bytes()), "").input.text(), stands);
    }

    #[rstest]
    #[case(&[("a", Some("1")), ("a", Some("2"))], "a=1 a=2")]
    #[case(&[("a", None)], AS_IT_IS)]
    #[case(&[("a b", Some("1"))], AS_IT_IS)]
    #[case(&[("a", Some("1 b=2"))], AS_IT_IS)]
    #[case(&[("a", Some(&*"x".repeat(input::MOST)))], AS_IT_IS)]
    fn headers_of_a_copy_stand_there_whole(#[case] headers: &[(&str, Option<&str>)], #[case] stands: &str) {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(|value| value.as_bytes().to_vec())))
            .collect();
        assert_eq!(headers_field(&headers).input.text(), stands);
    }
}
