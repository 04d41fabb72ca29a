//! Reading records: opening, choosing where from, decoding what is in view.

use super::super::dialogs::{Dialog, Form, FormPurpose, Menu, MenuPurpose};
use super::super::drawn::Pane;
use super::super::effect::{Effect, Request};
use super::super::notes::Tone;
use super::super::screens::records::{Chart, Further, Paging, Reading, RecordsPane, Stop};
use super::super::slot::Slot;
use super::super::state::{Screen, State};
use super::{open::deeper, record_views, start, stop};
use crate::cluster::{Keep, RecordsRequest, SearchRequest};
use crate::domain::query::Part;
use crate::domain::query::Query;
use crate::domain::record::{Isolation, StartAt, TieredRead, Within};
use crate::domain::{TopicName, topic_formats};

/// Which records a form is about.
pub const ALL: &str = "all";
pub const MARKED: &str = "marked";
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
    state.views.records.begin(reading);
    let is_tail = state.views.records.is_tail();
    let Some(reading) = &state.views.records.reading else { return };
    let keep = if is_tail { Keep::Newest } else { Keep::All };
    let request = request(reading, reading.start, Within::default(), true, keep);
    start(state, Slot::Records, request, effects);
}

/// How a reading is asked for; one that covers is a search.
fn request(reading: &Reading, start: StartAt, within: Within, follow: bool, keep: Keep) -> Request {
    let partitions = match within.from.is_empty() {
        true => reading.partitions.clone(),
        false => Some(within.from.keys().copied().collect()),
    };
    match reading.query.clone() {
        Some(query) if reading.covers => {
            Request::Search(Box::new(SearchRequest { partitions, within, ..reading.search(query, start) }))
        }
        query => Request::Records(Box::new(RecordsRequest {
            partitions,
            follow,
            query,
            view: reading.view,
            isolation: reading.isolation,
            tiered: reading.tiered,
            within,
            keep,
            ..RecordsRequest::of(reading.topic.clone(), start)
        })),
    }
}

/// `<` and `>`: what lies before the list, and on from where reading left off.
pub fn page(state: &mut State, further: Further, effects: &mut Vec<Effect>) {
    let records = &mut state.views.records;
    let Ok((from, within)) = records.page(further) else { return };
    let said = records.page_said(further, state.link.session().map_or(&state.local_zone, |session| &session.zone));
    let Some(reading) = &records.reading else { return };
    let request = request(reading, from, within, false, Keep::All);
    records.begin_page(further);
    if let Some(said) = said {
        state.say(Tone::Info, format!("reading {said}"));
    }
    start(state, Slot::Records, request, effects);
}

/// What has filled the list is not read any further before somebody says so.
pub fn stop_when_full(state: &mut State, effects: &mut Vec<Effect>) {
    if state.views.records.is_overfull() && state.slots.is_running(Slot::Records) {
        stop(state, Slot::Records, effects);
        state.views.records.stop(Stop::Full);
        state.is_dirty = true;
    }
}

/// `esc` while a search or a page is read: what was found stays. Whether there was one to
/// stop.
pub fn stop_search(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let records = &mut state.views.records;
    let covers = records.reading.as_ref().is_some_and(|reading| reading.covers);
    let asks = records.tiered.is_some() && !matches!(records.paging, Paging::None);
    let is_read = !records.is_finished && state.slots.is_running(Slot::Records);
    if !asks && !((covers || records.is_paging()) && is_read) {
        return false;
    }
    records.stop(Stop::ByHand);
    stop(state, Slot::Records, effects);
    say_page(state);
    true
}

/// What came of a page, if one has just ended.
pub fn say_page(state: &mut State) {
    if let Some(said) = state.views.records.take_said() {
        state.say(Tone::Info, said);
    }
}

/// `f`: what is written from now on, or standing still. What has ended begins anew.
pub fn follow(state: &mut State, effects: &mut Vec<Effect>) {
    let records = &mut state.views.records;
    let goes_on = !records.is_finished && (records.is_tail() || records.has_caught_up);
    if records.is_following || (goes_on && !records.is_paging()) {
        records.follow(!records.is_following);
        return;
    }
    let Some(reading) = records.reading.clone() else { return };
    let start = StartAt::Latest(TAIL_BEGINS_WITH);
    begin(state, Reading { start, covers: false, position: None, ..reading }, effects);
}

/// Back from one record to the list. Whether one was open.
pub fn close(state: &mut State) -> bool {
    let records = &mut state.views.records;
    let was_open = std::mem::take(&mut records.in_record);
    if was_open {
        records.pane = RecordsPane::List;
    }
    was_open
}

/// The record below the one that fills the screen, or above it.
pub fn turn(state: &mut State, is_forward: bool) {
    let records = &mut state.views.records;
    let (at, len) = (records.cursor(), records.ring.len());
    let next = if is_forward { at.checked_add(1).filter(|row| *row < len) } else { at.checked_sub(1) };
    match next {
        Some(row) => records.go_to(row),
        None if is_forward => state.say(Tone::Info, "this is the last record of the list"),
        None => state.say(Tone::Info, "this is the first record of the list"),
    }
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

/// `t`, where it was asked: also what only remote storage holds.
pub fn read_tiered(state: &mut State, effects: &mut Vec<Effect>) {
    let records = &mut state.views.records;
    let Some(reading) = &mut records.reading else { return };
    reading.tiered = TieredRead::Allowed;
    let further = match std::mem::take(&mut records.paging) {
        Paging::None => None,
        Paging::Older { .. } => Some(Further::Older),
        Paging::Further { .. } => Some(Further::On),
    };
    match (further, records.reading.clone()) {
        (Some(further), _) => page(state, further, effects),
        (None, Some(reading)) => begin(state, reading, effects),
        (None, None) => {}
    }
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
