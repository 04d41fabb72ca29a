//! Writing a record: the form, what it says, and the plan made of it.

use super::super::dialogs::form::Field;
use super::super::dialogs::{Dialog, Form, FormPurpose};
use super::super::effect::{Effect, Request};
use super::super::input;
use super::super::notes::Tone;
use super::super::state::State;
use super::plans;
use crate::domain::produce::{Acks, Delivery, NewRecord, Spread};
use crate::domain::recipe::Recipe;
use crate::domain::record::{Codec, Record};
use crate::domain::when::parse_time;
use crate::domain::{PartitionId, TopicName, show};

/// What stands in a field for bytes that cannot be typed.
pub const AS_IT_IS: &str = "@";
/// What is typed for a record without a value.
const TOMBSTONE: &str = "tombstone";
/// The place of each field.
const KEY: usize = 0;
const VALUE: usize = 1;
const HEADERS: usize = 2;
const PARTITION: usize = 3;
const TIMESTAMP: usize = 4;
const COMPRESSION: usize = 5;
const ACKS: usize = 6;
const REPEAT: usize = 7;
const KIND: usize = 8;

/// `P`: a record for the topic on screen.
pub fn ask(state: &mut State) {
    if let Some(topic) = state.topic_on_screen() {
        push(state, topic, None, "");
    }
}

/// `N`: one like the selected record. It goes where its key says, as a new one would.
pub fn ask_copy(state: &mut State) {
    let Some(selected) = state.views.records.selected() else {
        state.say(Tone::Info, "the record is not decoded yet");
        return;
    };
    let base = base_of(&selected.record);
    let topic = selected.record.topic.clone();
    push(state, topic, Some(Box::new(base)), "");
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

fn push(state: &mut State, topic: TopicName, base: Option<Box<NewRecord>>, partition: &str) {
    let title = match &base {
        Some(_) => format!("Write a copy of the record to {topic}"),
        None => format!("Write a record to {topic}"),
    };
    let empty = NewRecord::default();
    let record = base.as_deref().unwrap_or(&empty);
    let kind = if base.is_some() && record.value.is_none() { TOMBSTONE } else { "" };
    let fields = vec![
        bytes_field("key", record.key.as_deref(), "empty: none"),
        bytes_field(
            "value",
            record.value.as_deref(),
            "as it stands; {{seq}}, {{now}}, {{uuid}}, {{random 1..6}} when repeated",
        ),
        headers_field(&record.headers),
        Form::field("partition", partition, "empty: by the key, as the Java client does it"),
        Form::field("time", "", "empty: that of sending; 2026-11-21 10:45 or milliseconds"),
        Form::field("codec", "", "empty: none; gzip, snappy, lz4, zstd"),
        Form::field("acks", "", "empty: all; 1: the leader; 0: nobody says whether it is there"),
        Form::field("repeat", "", "empty: once"),
        Form::field("kind", kind, format!("{TOMBSTONE}: no value at all; compaction then deletes the key")),
    ];
    state.dialogs.push(Dialog::Form(Box::new(Form::new(FormPurpose::Produce { topic, base }, title, fields))));
}

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
pub fn read(state: &State, form: &Form, topic: &TopicName, base: Option<&NewRecord>) -> Result<Recipe, String> {
    let is_tombstone = match form.text(KIND) {
        "" | "value" => false,
        TOMBSTONE => true,
        other => return Err(format!("kind: ‘{other}’: empty, or {TOMBSTONE}")),
    };
    let bytes = |field: usize, of_base: Option<&Vec<u8>>| match (form.text(field), of_base) {
        (AS_IT_IS, Some(bytes)) => Some(bytes.clone()),
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
        text => one_of(&CODECS, Codec::word, text)
            .ok_or_else(|| format!("codec: ‘{text}’: none, gzip, snappy, lz4 or zstd"))?,
    };
    let timestamp = match form.text(TIMESTAMP) {
        "" => None,
        text => Some(parse_time(text, state.now, Some(state.zone())).map_err(|reason| format!("time: {reason}"))?.time),
    };
    let recipe = Recipe {
        topic: topic.clone(),
        record: NewRecord {
            partition: partition(form.text(PARTITION))?,
            // Nothing typed is no key; one that is there and empty is copied as it is.
            key: bytes(KEY, base.and_then(|base| base.key.as_ref()))
                .filter(|key| !key.is_empty() || form.text(KEY) == AS_IT_IS),
            value: value.filter(|_| !is_tombstone),
            headers,
            timestamp,
        },
        repeat: repeat(form.text(REPEAT))?,
        has_placeholders: false,
        delivery: Delivery { compression, acks, is_idempotent: acks == Acks::All, spread: Spread::default() },
        rate: None,
    };
    // A placeholder that is none is said here, beside the field.
    recipe.prepare(0)?;
    Ok(recipe)
}

const CODECS: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

/// Records that the form writes at most; more is a job for the command line.
const MAX_REPEAT: u64 = 100_000;

fn one_of<T: Copy>(all: &[T], word: fn(T) -> &'static str, text: &str) -> Option<T> {
    all.iter().copied().find(|one| word(*one) == text)
}

fn partition(text: &str) -> Result<Option<PartitionId>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.map(Some).ok_or_else(|| format!("partition: ‘{text}’ is not a number"))
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
