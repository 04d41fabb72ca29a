//! One record: its value, and the facts about it, below the list or as large as the screen.

use super::records::{fate_role, has_focus};
use super::{record_sizes, split};
use crate::domain::record::{Decoded, DecodedRecord, Format, Header};
use crate::domain::text::{display_width, sanitize, shorten_middle};
use crate::domain::transaction::Fate;
use crate::domain::value::Value;
use crate::domain::{Time, dead_letter, show, xml};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::records::{Chart, RecordsPane};
use crate::tui::app::splits::Split;
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::{states, text, value_tree};
use ratatui::layout::Rect;

/// From this width on, value and facts stand beside each other when a record fills the screen.
const BESIDE: u16 = 100;

/// The whole screen: the key and the value, and beside them, or behind `tab`, all the rest.
pub fn whole(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    if area.width >= BESIDE {
        let (left, right) = split(canvas, state, Split::RecordValue, area, 60);
        whole_value(canvas, left, state, None);
        whole_facts(canvas, right, state, None);
        return;
    }
    let other = |words: &str| state.keymap.shown(Command::NextPane).map(|key| format!("{key} {words}"));
    match state.views.records.pane {
        RecordsPane::Facts => whole_facts(canvas, area, state, other("key and value")),
        RecordsPane::List | RecordsPane::Value => whole_value(canvas, area, state, other("Headers and batch")),
    }
}

/// Which of the list's records it is, and what leads to its other side.
fn titles(canvas: &Canvas<'_>, area: Rect, state: &State, other: Option<String>) -> Titles<'static> {
    let view = &state.views.records;
    let Some(record) = view.selected_ref() else { return Titles::left(vec![span("Record", Role::Text)]) };
    let name = sanitize(record.topic().as_str());
    let name = shorten_middle(&name, usize::from(area.width).saturating_sub(40).max(12)).into_owned();
    let place = format!("{name} {}:{}", record.partition(), show::offset(record.offset()));
    let row = format!("{} of {}", show::count(view.cursor() as u64 + 1), show::count(view.ring.len() as u64));
    let mut left: Vec<Span<'static>> = vec![span(place, Role::Text), span(format!(" · {row}"), Role::Muted)];
    if view.is_marked(record) {
        left.push(span(format!(" · {} marked", canvas.theme.marks.marked), Role::Match));
    }
    Titles { left, right: other.map(|other| span(other, Role::Muted)).into_iter().collect() }
}

fn whole_value(canvas: &mut Canvas<'_>, area: Rect, state: &State, other: Option<String>) {
    let view = &state.views.records;
    let titles = titles(canvas, area, state, other);
    let inner = frame::draw(canvas, area, &titles, has_focus(state, RecordsPane::Value));
    let Some(record) = view.selected() else {
        states::say(canvas, inner, "reading it…", Role::Muted);
        return;
    };
    let width = usize::from(inner.width);
    let part = |name: &str, decoded: &Decoded| {
        vec![span(name.to_owned(), Role::Header), span(format!("  {}", described(decoded)), Role::Muted)]
    };
    let mut lines = Vec::new();
    match record.key.format {
        Format::Null => lines.push(vec![span("key", Role::Header), span("  none", Role::Muted)]),
        _ => {
            lines.push(part("key", &record.key));
            lines.extend(value_tree::lines(&record.key.value, width, view.wraps));
        }
    }
    lines.push(Vec::new());
    lines.push(part("value", &record.value));
    lines.extend(value_lines(canvas, record, width, view.wraps));
    text::draw(canvas, inner, Pane::RecordValue, &lines, view.value_scroll);
}

fn whole_facts(canvas: &mut Canvas<'_>, area: Rect, state: &State, other: Option<String>) {
    let view = &state.views.records;
    let titles = match &other {
        None => Titles::left(vec![span("Headers and batch", Role::Text)]),
        Some(_) => titles(canvas, area, state, other),
    };
    let inner = frame::draw(canvas, area, &titles, has_focus(state, RecordsPane::Facts));
    let Some(record) = view.selected() else { return };
    let headers = &record.record.headers;
    let mut lines = fact_lines(record, state);
    lines.extend(failure(headers, state));
    lines.push(Vec::new());
    let count = if headers.is_empty() { "none".to_owned() } else { show::count(headers.len() as u64) };
    lines.push(vec![span(format!("{:<11}", "headers"), Role::Header), span(count, Role::Muted)]);
    headers.iter().for_each(|header| lines.extend(header_lines(header, usize::from(inner.width), view.wraps)));
    text::draw(canvas, inner, Pane::RecordFacts, &lines, view.facts_scroll);
}

/// A header in full: beside its name where it fits, else below it.
fn header_lines(header: &Header, width: usize, wraps: bool) -> Vec<text::Line<'static>> {
    let name = sanitize(&header.name).into_owned();
    let Some(value) = &header.value else {
        return vec![vec![span(format!("{name}  "), Role::SyntaxName), span("null", Role::SyntaxNull)]];
    };
    let text = std::str::from_utf8(value).ok().filter(|text| !is_for_machines(text));
    let short = header_text(value);
    let is_whole = text.is_none_or(|text| text.len() <= short.len()) && (text.is_some() || value.len() <= HEX_SHOWN);
    if is_whole && display_width(&name) + 2 + display_width(&short) <= width {
        return vec![vec![span(format!("{name}  "), Role::SyntaxName), span(short, Role::Text)]];
    }
    let value = text.map_or_else(|| Value::Bytes(value.clone()), |text| Value::Text(text.into()));
    let mut lines = vec![vec![span(name, Role::SyntaxName)]];
    lines.extend(value_tree::lines(&value, width.saturating_sub(2), wraps).into_iter().map(|mut line| {
        line.insert(0, span("  ", Role::Text));
        line
    }));
    lines
}

/// The value beside its facts.
pub fn value(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.records;
    let record = view.selected();
    let mut title = vec![span("Value", Role::Text)];
    if let Some(record) = record {
        title.push(span(format!(" · {}", described(&record.value)), Role::Muted));
    }
    let inner = frame::draw(canvas, area, &Titles::left(title), has_focus(state, RecordsPane::Value));
    let Some(record) = record else { return };
    let lines = value_lines(canvas, record, usize::from(inner.width), view.wraps);
    text::draw(canvas, inner, Pane::RecordValue, &lines, view.value_scroll);
}

fn value_lines(canvas: &Canvas<'_>, record: &DecodedRecord, width: usize, wraps: bool) -> Vec<text::Line<'static>> {
    let mut lines = Vec::new();
    for attempt in record.value.attempts.iter().filter(|_| record.value.is_undecodable()) {
        let text = format!("{} {}: {}", canvas.theme.marks.look, attempt.decoder, attempt.reason);
        lines.extend(states::wrap(&text, width).into_iter().map(|line| vec![span(line, Role::Warning)]));
    }
    if record.value.format == Format::Null {
        lines.push(vec![span("null: a tombstone, compaction removes the key", Role::SyntaxNull)]);
        return lines;
    }
    let indented = match (&record.value.format, &record.value.value) {
        (Format::Xml, Value::Text(text)) => xml::indented(text).ok().map(|text| Value::Text(text.into())),
        _ => None,
    };
    lines.extend(value_tree::lines(indented.as_ref().unwrap_or(&record.value.value), width, wraps));
    lines
}

/// "Avro orders.v1-value v3 id 41"
fn described(decoded: &Decoded) -> String {
    let mut text: String = decoded.packed.iter().map(|packing| format!("{} → ", packing.word())).collect();
    text.push_str(decoded.format.title());
    if let Some(schema) = &decoded.schema {
        text.push_str(&format!(" {schema}"));
    }
    if let Some(schema_id) = decoded.format.schema_id() {
        text.push_str(&format!(" id {schema_id}"));
    }
    text
}

/// What is known of it beside its value.
pub fn facts(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.records;
    if view.chart == Some(Chart::Sizes) {
        record_sizes::draw(canvas, area, state, has_focus(state, RecordsPane::Facts));
        return;
    }
    let title = match view.selected_ref() {
        Some(record) => format!("Record {}:{}", record.partition(), record.offset()),
        None => "Record".into(),
    };
    let titles = Titles::left(vec![span(title, Role::Text)]);
    let inner = frame::draw(canvas, area, &titles, has_focus(state, RecordsPane::Facts));
    let Some(record) = view.selected() else { return };
    let mut lines = fact_lines(record, state);
    lines.extend(failure(&record.record.headers, state));
    for (index, header) in record.record.headers.iter().enumerate() {
        let value = header.value.as_deref().map_or_else(|| "null".to_owned(), header_text);
        let label = if index == 0 { "headers" } else { "" };
        lines.push(vec![
            span(format!("{label:<11}"), Role::Muted),
            span(format!("{}  ", header.name), Role::SyntaxName),
            span(value, Role::Text),
        ]);
    }
    text::draw(canvas, inner, Pane::RecordFacts, &lines, view.facts_scroll);
}

/// Time, sizes, batch, producer and outcome.
fn fact_lines(record: &DecodedRecord, state: &State) -> Vec<text::Line<'static>> {
    let view = &state.views.records;
    let facts = &record.record;
    let batch = &facts.batch;
    let mut lines: Vec<text::Line<'static>> = Vec::new();
    let mut add = |label: &'static str, text: String, role: Role| {
        lines.push(vec![span(format!("{label:<11}"), Role::Muted), span(text, role)]);
    };
    let by = if batch.is_append_time { "broker" } else { "producer" };
    add("time", format!("{} by the {by}", facts.timestamp.show(state.zone())), time_role(facts.timestamp, state.now));
    match (&facts.key, &record.key.format) {
        (None, _) => add("key", "none".into(), Role::Muted),
        (Some(_), _) => add("key", record.key.value.preview(200), Role::Accent),
    }
    let bytes =
        |field: &Option<bytes::Bytes>| field.as_ref().map_or("null".into(), |field| show::size(field.len() as u64));
    add("size", format!("key {}, value {}", bytes(&facts.key), bytes(&facts.value)), Role::Text);
    let ratio = f64::from(batch.plain_bytes) / f64::from(batch.wire_bytes.max(1));
    let of = show::plural(batch.records, "record");
    add("batch", format!("{}, {of}, {ratio:.1} : 1", batch.codec.word()), Role::Text);
    let sizes = (show::size(batch.wire_bytes.into()), show::size(batch.plain_bytes.into()));
    add("", format!("{} from {}", sizes.0, sizes.1), Role::Text);
    let epoch = if batch.leader_epoch >= 0 { format!(", leader epoch {}", batch.leader_epoch) } else { String::new() };
    add("", format!("at {}{epoch}", show::offset(batch.base_offset)), Role::Text);
    if batch.producer_id >= 0 {
        let kind = if batch.is_transactional { ", transactional" } else { "" };
        let sequence = batch.sequence(facts.offset).unwrap_or(batch.base_sequence);
        let text = format!("{} epoch {} seq {sequence}{kind}", batch.producer_id, batch.producer_epoch);
        add("producer", text, Role::Text);
    }
    if let Some(reference) = view.selected_ref()
        && let Some(fate) = view.fate(reference)
    {
        let text = match (view.transaction_end(reference), fate) {
            (Some(end), fate) => format!("{}, by the marker at {}", fate.word(), show::offset(end.offset)),
            (None, Fate::Open) => "open as far as was read".into(),
            (None, fate) => fate.word().into(),
        };
        add("outcome", text, fate_role(fate));
    }
    lines
}

/// What the headers of a dead letter say, in words.
fn failure(headers: &[Header], state: &State) -> Vec<text::Line<'static>> {
    let Some(letter) = dead_letter::read(headers) else { return Vec::new() };
    let mut lines = Vec::new();
    let mut add = |label: &'static str, text: Option<String>, role: Role| {
        lines.extend(text.map(|text| vec![span(format!("{label:<11}"), Role::Muted), span(text, role)]));
    };
    let class = letter.exception.as_deref().map_or("an unknown exception", dead_letter::short_class);
    let failed = match letter.message.as_deref().and_then(|message| message.lines().next()) {
        Some(message) => format!("{class}: {message}"),
        None => class.to_owned(),
    };
    add("failed", Some(failed), Role::Danger);
    add("in", letter.reader.as_ref().map(|reader| reader.to_string()), Role::Text);
    add("stage", letter.stage, Role::Text);
    add("attempts", letter.attempts.map(show::count), Role::Text);
    add("due", letter.due.map(|due| due.show(state.zone())), Role::Text);
    add("original", letter.source.place(), Role::Accent);
    lines
}

/// Bytes of a header that are shown in one line.
const HEX_SHOWN: usize = 32;

fn is_for_machines(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n'))
}

/// Text as it is; anything else as bytes, with the number that 4 or 8 of them make.
fn header_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !is_for_machines(text) => Value::Text(text.into()).preview(300),
        _ => {
            let hex = show::hex(value.get(..HEX_SHOWN).unwrap_or(value), " ");
            let number = match value.len() {
                4 => value.first_chunk().map(|bytes| i64::from(i32::from_be_bytes(*bytes))),
                8 => value.first_chunk().map(|bytes| i64::from_be_bytes(*bytes)),
                _ => None,
            };
            let more = if value.len() > HEX_SHOWN { " …" } else { "" };
            number.map_or_else(|| format!("{hex}{more}"), |number| format!("{hex}  = {number}"))
        }
    }
}

/// A time in the future is worth a look.
fn time_role(time: Time, now: Time) -> Role {
    if time > now.plus_millis(60_000) { Role::Warning } else { Role::Text }
}
