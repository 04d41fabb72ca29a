//! Reading records: opening, choosing where from, decoding what is in view.

use super::super::dialogs::{Dialog, Form, FormPurpose, Menu, MenuPurpose};
use super::super::drawn::Pane;
use super::super::effect::{Effect, Request};
use super::super::notes::Tone;
use super::super::screens::records::{Chart, Reading};
use super::super::slot::Slot;
use super::super::state::{Screen, State};
use super::{open::deeper, record_views, start, stop};
use crate::cluster::{Keep, RecordsRequest, SearchRequest};
use crate::domain::query::Part;
use crate::domain::query::Query;
use crate::domain::record::{Isolation, StartAt, TieredRead};
use crate::domain::{TopicName, topic_formats};

/// Rows decoded ahead of what the last frame showed.
const SPARE_ROWS: usize = 4;
/// How many records a tail shows at once before it goes on live.
const TAIL_BEGINS_WITH: u64 = 100;

/// Opens the records of a topic.
pub fn open(state: &mut State, reading: Reading, effects: &mut Vec<Effect>) {
    deeper(state);
    state.screen = Screen::Records;
    begin(state, reading, effects);
}

/// Reads anew, forgetting what is on screen.
pub fn begin(state: &mut State, reading: Reading, effects: &mut Vec<Effect>) {
    stop(state, Slot::Decode, effects);
    stop(state, Slot::Stats, effects);
    if let Some(request) = searched(&reading) {
        state.views.records.begin(reading);
        start(state, Slot::Records, Request::Search(Box::new(request)), effects);
        return;
    }
    let request = RecordsRequest {
        topic: reading.topic.clone(),
        partitions: reading.partitions.clone(),
        start: reading.start,
        follow: true,
        limit: None,
        query: reading.query.clone(),
        view: reading.view,
        isolation: reading.isolation,
        tiered: reading.tiered,
        keep: Keep::Newest,
    };
    state.views.records.begin(reading);
    start(state, Slot::Records, Request::Records(request), effects);
}

/// The search that a reading is, if it is one.
fn searched(reading: &Reading) -> Option<SearchRequest> {
    let query = reading.query.clone().filter(|_| reading.covers)?;
    Some(SearchRequest {
        topics: vec![reading.topic.clone()],
        query,
        partitions: reading.partitions.clone(),
        start: reading.start,
        limit: None,
        slack_ms: None,
        view: Some(reading.view),
        isolation: reading.isolation,
        tiered: reading.tiered,
        keep: Keep::All,
    })
}

/// `esc` while a search runs: what it found stays. Whether there was one to stop.
pub fn stop_search(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let records = &state.views.records;
    let covers = records.reading.as_ref().is_some_and(|reading| reading.covers);
    if !covers || records.is_finished || !state.slots.is_running(Slot::Records) {
        return false;
    }
    stop(state, Slot::Records, effects);
    state.views.records.stop_search();
    true
}

pub fn tail_selected(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(topic) = state.topic_on_screen() {
        tail(state, topic, effects);
    }
}

pub fn tail(state: &mut State, topic: TopicName, effects: &mut Vec<Effect>) {
    let start = StartAt::Latest(TAIL_BEGINS_WITH);
    let view = state.usual_view(topic.as_str());
    open(state, Reading::of(topic, start, view), effects);
}

pub fn ask_from(state: &mut State) {
    let reading = state.views.records.reading.as_ref();
    let topic = reading.map_or("", |reading| reading.topic.as_str());
    let partitions = reading.and_then(|reading| reading.partitions.as_ref());
    let partitions =
        partitions.map_or(String::new(), |ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    let fields = vec![
        Form::field("topic", topic, "its name"),
        Form::field("from", "", "earliest, end, -100, an offset, 2026-11-21 10:45, or 15m ago"),
        Form::field("partitions", &partitions, "all, or 0,3,7"),
    ];
    let mut form = Form::new(FormPurpose::RecordsFrom(topic.into()), "Read records", fields);
    form.focus = usize::from(!topic.is_empty());
    state.dialogs.push(Dialog::Form(Box::new(form)));
}

pub fn ask_contains(state: &mut State) {
    let query = state.views.records.reading.as_ref().and_then(|reading| reading.query.as_ref());
    let hint = "words, or value.state = OPEN and not key exists";
    let start = "earliest, -500, a time, 15m: searches all; empty: filters";
    let fields =
        vec![Form::field("query", &query.map(Query::typed).unwrap_or_default(), hint), Form::field("from", "", start)];
    let title = "Show only records that meet a query";
    state.dialogs.push(Dialog::Form(Box::new(Form::new(FormPurpose::RecordsContains, title, fields))));
    record_views::offer(state);
}

/// `i`: with or without what was or may be aborted.
pub fn next_isolation(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(mut reading) = state.views.records.reading.clone() else { return };
    reading.isolation = match reading.isolation {
        Isolation::Uncommitted => Isolation::Committed,
        Isolation::Committed => Isolation::Uncommitted,
    };
    begin(state, reading, effects);
}

/// `enter`, where it was asked: also what only remote storage holds.
pub fn read_tiered(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(reading) = state.views.records.reading.clone() else { return };
    begin(state, Reading { tiered: TieredRead::Allowed, ..reading }, effects);
}

/// `v` and `V`: the formats, the one in use for this part under the cursor.
pub fn choose_view(state: &mut State, part: Part) {
    let Some(reading) = &state.views.records.reading else { return };
    let (used, purpose, title) = match part {
        Part::Value => (reading.view.value, MenuPurpose::View, format!("Read {} as", reading.topic)),
        Part::Key => (reading.view.key, MenuPurpose::KeyView, format!("Read keys of {} as", reading.topic)),
    };
    let cursor = topic_formats::WORDS.iter().position(|(_, view)| *view == used).unwrap_or(0);
    state.dialogs.push(Dialog::Menu(Menu { purpose, title, cursor }));
}

/// Reads these parts of what is there as the format in this place of the menu.
pub fn set_view(state: &mut State, place: usize, parts: &[Part]) {
    let records = &mut state.views.records;
    let (Some(reading), Some((_, view))) = (&mut records.reading, topic_formats::WORDS.get(place)) else { return };
    for part in parts {
        match part {
            Part::Key => reading.view.key = *view,
            Part::Value => reading.view.value = *view,
        }
    }
    records.forget_decoded();
}

/// `z`: the sizes in the place of the facts, in sight even where one pane fills the screen.
pub fn toggle_sizes(state: &mut State) {
    let is_shown = state.views.records.chart == Some(Chart::Sizes);
    record_views::show(state, (!is_shown).then_some(Chart::Sizes));
}

/// What of a name from the cluster may stand in the name of a file.
pub fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}

pub fn ask_save(state: &mut State) {
    let Some(record) = state.views.records.selected() else {
        state.say(Tone::Info, "the record is not decoded yet");
        return;
    };
    let facts = &record.record;
    let safe = file_name(facts.topic.as_str());
    let path = format!("{safe}-{}-{}.json", facts.partition, facts.offset);
    let text = record.value.value.to_json();
    let fields = vec![Form::field("file", &path, "an existing file is not overwritten")];
    state.dialogs.push(Dialog::Form(Box::new(Form::new(FormPurpose::SaveText { text }, "Save the value", fields))));
}

/// Asks for the records in view that are not decoded yet, one request at a time.
pub fn decode_visible(state: &mut State, effects: &mut Vec<Effect>) {
    if state.screen != Screen::Records || state.slots.is_running(Slot::Decode) {
        return;
    }
    let records = &state.views.records;
    let Some(reading) = &records.reading else { return };
    let viewport = state.viewport(Pane::Records);
    let height = viewport.height.max(1) + SPARE_ROWS;
    let first = if records.is_following {
        records.ring.len().saturating_sub(height)
    } else {
        viewport.first.min(records.cursor()).max((records.cursor() + 1).saturating_sub(height))
    };
    let wanted = records.undecoded(first..(first + height).min(records.ring.len()));
    if !wanted.is_empty() {
        let view = reading.view;
        start(state, Slot::Decode, Request::Decode { records: wanted, view }, effects);
    }
}
