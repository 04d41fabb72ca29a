//! Records of the list, or all that are looked for, into a file.

use super::super::copy;
use super::super::dialogs::export::{ExportProgress, ExportStage, Exported};
use super::super::dialogs::{Dialog, ExportDialog, Form, FormPurpose};
use super::super::effect::{Effect, ExportWish, Request};
use super::super::notes::Tone;
use super::super::slot::Slot;
use super::super::state::State;
use super::{record_views, records, start};
use crate::cluster::ExportForm;
use crate::domain::query::{Field, Moment, Query, parse};
use crate::domain::range::place;
use crate::domain::record::{Isolation, StartAt, TieredRead};
use crate::domain::{Failure, topic_formats};
use std::path::PathBuf;

const KEPT: &str = "kept";
const OFF: &str = "off";

/// The lines of the form.
const FILE: usize = 0;
const FORMAT: usize = 1;
const COLUMNS: usize = 2;
const WHICH: usize = 3;
const FROM: usize = 4;
const UNTIL: usize = 5;
const QUERY: usize = 6;
const MASKS: usize = 7;

/// `E` on the records.
pub fn ask(state: &mut State) {
    let records = &state.views.records;
    let Some(reading) = &records.reading else { return };
    let columns: Vec<String> = records.columns.iter().map(Field::to_string).collect();
    let form = if columns.is_empty() { ExportForm::Jsonl } else { ExportForm::Csv };
    let file = format!("{}.{}", records::file_name(reading.topic.as_str()), form.word());
    let from = match reading.start {
        StartAt::Earliest => "earliest".to_owned(),
        StartAt::Offset(offset) => offset.to_string(),
        StartAt::Time(time) => time.show(state.zone()),
        // What a screen begins with is not what one wants in a file.
        StartAt::End | StartAt::Latest(_) if !reading.covers => "earliest".into(),
        StartAt::End => "earliest".into(),
        StartAt::Latest(count) => format!("-{count}"),
    };
    let marked = records.marks().len();
    let which = if marked > 0 { records::MARKED } else { records::ALL };
    let which_hint = format!("{}: all in the range that meet the query; {}: {marked}", records::ALL, records::MARKED);
    let query = reading.query.as_ref().map(Query::typed).unwrap_or_default();
    let fields = vec![
        Form::field("file", &file, "an existing file is not overwritten"),
        Form::field("format", form.word(), "jsonl, csv, or raw: the bytes as they are, for records import"),
        Form::field("columns", &columns.join(", "), "of a CSV, such as offset, key, value.id; empty: the usual ones"),
        Form::field("which", which, which_hint),
        Form::field("from", &from, "earliest, -500, an offset, 2026-11-21 10:45, or 15m ago"),
        Form::field("until", "", "an offset, a time, 5m ago; empty: up to now"),
        Form::field("query", &query, "such as value.state = OPEN; empty: all records"),
        Form::field("masks", KEPT, format!("{KEPT}, or {OFF}: raw bytes also of what the profile masks")),
    ];
    let title = format!("Export records of {}", reading.topic);
    state.dialogs.push(Dialog::Form(Box::new(Form::new(FormPurpose::ExportRecords, title, fields))));
}

/// What the form asks for.
pub fn read(state: &State, form: &Form) -> Result<ExportWish, String> {
    let records = &state.views.records;
    let reading = records.reading.as_ref().ok_or("no topic is open")?;
    let path = match form.text(FILE) {
        "" => return Err("which file?".into()),
        path => PathBuf::from(path),
    };
    let word = form.text(FORMAT);
    let format = ExportForm::ALL.into_iter().find(|format| format.word() == word);
    let format = format.ok_or_else(|| format!("format: ‘{word}’: jsonl, csv or raw"))?;
    let columns = record_views::read_columns(form.text(COLUMNS))?;
    if !columns.is_empty() && format != ExportForm::Csv {
        return Err("columns: only a csv has them".into());
    }
    let unmasked = match form.text(MASKS) {
        "" | KEPT => false,
        OFF if format != ExportForm::Raw => return Err("masks: only raw bytes can go without them".into()),
        OFF => true,
        other => return Err(format!("masks: ‘{other}’: {KEPT} or {OFF}")),
    };
    let is_marked = match form.text(WHICH) {
        records::MARKED if records.marks().is_empty() => return Err("no record is marked".into()),
        records::MARKED => true,
        "" | records::ALL => false,
        other => return Err(format!("which: ‘{other}’: {} or {}", records::ALL, records::MARKED)),
    };
    let (start, query) = match is_marked {
        true => (StartAt::Earliest, Query::at_places(records.marked_places())),
        false => {
            let moment = Moment { now: state.now, zone: Some(state.zone().clone()) };
            let query = parse(form.line(QUERY), &moment).map_err(|error| error.message)?;
            let place = |text: &str| place(text, state.now, Some(state.zone()));
            let (start, begins) = match form.text(FROM) {
                "" => (StartAt::Earliest, None),
                text => place(text)?.begins().map_err(|reason| format!("from: {reason}"))?,
            };
            let ends = match form.text(UNTIL) {
                "" => None,
                text => Some(place(text)?.ends().map_err(|reason| format!("until: ‘{text}’: {reason}"))?),
            };
            (start, Query::all(begins.into_iter().chain(ends).chain(query).collect()))
        }
    };
    let mut wish = ExportWish {
        search: reading.search(query.unwrap_or_else(Query::everything), start),
        form: format,
        columns: columns.into_iter().map(|field| (field.to_string(), field)).collect(),
        path,
        unmasked,
        command_line: String::new(),
    };
    wish.command_line = words(state, &wish);
    Ok(wish)
}

/// The same as a command line; its times stand in the query, where they need no zone.
fn words(state: &State, wish: &ExportWish) -> String {
    let ExportWish { search, form, columns, path, unmasked, .. } = wish;
    let columns: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let partitions: Vec<String> = search.partitions.iter().flatten().map(ToString::to_string).collect();
    let view = search.view.unwrap_or_default();
    let latest = match search.start {
        StartAt::Latest(count) => Some(format!("-{count}")),
        StartAt::Earliest | StartAt::End | StartAt::Offset(_) | StartAt::Time(_) => None,
    };
    let query = (search.query != Query::everything()).then(|| search.query.to_string());
    let options = [
        ("--format", (*form != ExportForm::Jsonl).then(|| form.word().to_owned())),
        ("--columns", (!columns.is_empty()).then(|| columns.join(","))),
        ("--file", Some(path.display().to_string())),
        ("--from", latest),
        ("--where", query),
        ("--from-partition", (!partitions.is_empty()).then(|| partitions.join(","))),
        ("--as", (view != Default::default()).then(|| topic_formats::words(view))),
        ("--isolation", (search.isolation == Isolation::Uncommitted).then(|| "read_uncommitted".to_owned())),
    ];
    let mut words: Vec<String> = ["records", "export"].map(String::from).to_vec();
    words.extend(search.topics.iter().map(ToString::to_string));
    for (flag, value) in options {
        words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    words.extend(unmasked.then(|| "--unmasked".to_owned()));
    words.extend((search.tiered == TieredRead::Allowed).then(|| "--tiered".to_owned()));
    copy::command_line(state, &words.iter().map(String::as_str).collect::<Vec<_>>())
}

pub fn begin(state: &mut State, wish: ExportWish, effects: &mut Vec<Effect>) {
    state.dialogs.push(Dialog::Export(Box::new(ExportDialog::new(wish.clone()))));
    start(state, Slot::Export, Request::Export(Box::new(wish)), effects);
}

/// `t`: also what only remote storage holds.
pub fn read_tiered(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Export(dialog)) = state.dialogs.pop() else { return };
    let mut wish = dialog.wish;
    wish.search.tiered = TieredRead::Allowed;
    wish.command_line = words(state, &wish);
    begin(state, wish, effects);
}

fn dialog(state: &mut State) -> Option<&mut ExportDialog> {
    state.dialogs.iter_mut().rev().find_map(|dialog| match dialog {
        Dialog::Export(export) => Some(&mut **export),
        _ => None,
    })
}

/// `esc`: stops it behind whole records, and closes what has ended.
pub fn leave(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Export(export)) = state.dialogs.last_mut() else { return };
    match export.stage {
        ExportStage::Running => {
            export.stage = ExportStage::Stopping;
            effects.push(Effect::StopExport);
        }
        ExportStage::Stopping => state.say(Tone::Info, "it stops behind what is being written"),
        ExportStage::Done(_) | ExportStage::Failed(_) => {
            state.dialogs.pop();
        }
    }
}

pub fn came(state: &mut State, progress: ExportProgress) {
    state.is_dirty = true;
    if let Some(export) = dialog(state) {
        export.progress = progress;
    }
}

pub fn ended(state: &mut State, result: Result<Exported, Failure>) {
    state.is_dirty = true;
    let now = state.now;
    let Some(export) = dialog(state) else { return };
    match result {
        Err(failure) => {
            let said = failure.to_string();
            export.stage = ExportStage::Failed(failure);
            state.notes.keep(now, Tone::Bad, said);
        }
        Ok(exported) => {
            export.progress = exported.progress.clone();
            let said = format!("{} in {}", export.said(), export.wish.path.display());
            let has_file = exported.tiered.is_none();
            let is_whole = exported.failures.is_empty() && !exported.is_stopped;
            export.stage = ExportStage::Done(exported);
            if has_file {
                // The dialog shows it; the list of messages keeps it.
                state.notes.keep(now, if is_whole { Tone::Good } else { Tone::Warning }, said);
            }
        }
    }
}
