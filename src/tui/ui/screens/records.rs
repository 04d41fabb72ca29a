//! Records: the list, the selected one's value, and the facts about it.

use super::{record_charts, record_sizes, split};
use crate::cluster::RecordRef;
use crate::domain::query::{Field, pick};
use crate::domain::record::{DecodedRecord, Format, Header, Isolation, ReadAs, StartAt};
use crate::domain::text::{display_width, sanitize, shorten_middle};
use crate::domain::transaction::Fate;
use crate::domain::value::Value;
use crate::domain::{Time, dead_letter, show, xml};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::records::{Chart, Order, Position, Reading, RecordsPane, RecordsView, Why};
use crate::tui::app::splits::{Split, Way};
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell};
use crate::tui::ui::widgets::{states, text, value_tree};
use ratatui::layout::Rect;

/// Bytes of a value looked at for its line in the list.
const PREVIEW: usize = 400;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.records;
    if area.height < 14 || area.width < 60 {
        // Too small for three panes: the focused one gets all of it.
        match view.pane {
            RecordsPane::List => list(canvas, area, state),
            RecordsPane::Value => value(canvas, area, state),
            RecordsPane::Facts if is_charted(view) => record_charts::draw(canvas, area, state, true),
            RecordsPane::Facts => record_facts(canvas, area, state),
        }
        return;
    }
    let usual = area.height - (area.height * 45 / 100).max(7);
    let (upper, lower) = canvas.part(&state.splits, Split::Records, area, Way::Below, usual);
    list(canvas, upper, state);
    if is_charted(view) {
        record_charts::draw(canvas, lower, state, !has_focus(state, RecordsPane::List) && state.dialogs.is_empty());
        return;
    }
    let (left, right) = split(canvas, state, Split::RecordValue, lower, 54);
    value(canvas, left, state);
    record_facts(canvas, right, state);
}

/// All records kept are looked at, not the selected one.
fn is_charted(view: &RecordsView) -> bool {
    view.chart.as_ref().is_some_and(|chart| *chart != Chart::Sizes)
}

fn has_focus(state: &State, pane: RecordsPane) -> bool {
    state.views.records.pane == pane && state.dialogs.is_empty()
}

fn title(view: &RecordsView, reading: &Reading, canvas: &Canvas<'_>, width: u16, state: &State) -> Vec<Span<'static>> {
    let marks = canvas.theme.marks;
    // However long its name is, the state stands behind it.
    let name = sanitize(reading.topic.as_str());
    let name = shorten_middle(&name, usize::from(width).saturating_sub(40).max(16)).into_owned();
    let mut spans = vec![span(name, Role::Text)];
    if let Some(partitions) = &reading.partitions {
        let ids: Vec<String> = partitions.iter().take(8).map(ToString::to_string).collect();
        spans.push(span(format!(" P {}", ids.join(",")), Role::Text));
    }
    let how = if let Some(search) = view.search.as_ref().filter(|_| reading.covers) {
        match (view.is_finished, search.is_stopped) {
            (false, _) => span("searching", Role::Success),
            (true, true) => span("stopped", Role::Warning),
            (true, false) => span("searched", Role::Muted),
        }
    } else if view.is_finished {
        span("ended", Role::Muted)
    } else if view.is_following {
        span(format!("live {}", marks.following), Role::Success)
    } else {
        span(format!("paused {}", marks.paused), Role::Warning)
    };
    spans.extend([span(" · ", Role::Muted), how]);
    let from = match reading.start {
        StartAt::End => "from the end".to_owned(),
        StartAt::Earliest => "from the beginning".into(),
        StartAt::Latest(count) => format!("from the last {}", show::count(count)),
        StartAt::Offset(offset) => format!("from offset {}", show::offset(offset)),
        StartAt::Time(time) => format!("from {}", time.show(state.zone())),
    };
    match &reading.position {
        None => spans.push(span(format!(" · {from}"), Role::Muted)),
        // What is looked at; where reading began follows from it.
        Some(Position { why, offset }) => {
            let (marked, offset) = (canvas.theme.marks.marked, show::offset(*offset));
            let (text, role) = match why {
                Why::Committed(group) => (format!("{marked} {group} is at {offset}"), Role::Accent),
                Why::Became { .. } if view.looks_for_what_is_gone() => {
                    (format!("{offset} is no longer there"), Role::Warning)
                }
                Why::Became { topic, partition, offset: letter } => {
                    (format!("{marked} {offset} became {topic}:{partition}@{}", show::offset(*letter)), Role::Accent)
                }
            };
            spans.extend([span(" · ", Role::Muted), span(text, role)]);
        }
    }
    match reading.isolation {
        // Where room is short, the counts come before what is usual.
        Isolation::Uncommitted if width < 100 => {}
        Isolation::Uncommitted => spans.push(span(" · uncommitted", Role::Muted)),
        Isolation::Committed => spans.push(span(" · committed", Role::Match)),
    }
    if view.order != Order::Arrival {
        spans.push(span(format!(" · {}", view.order.title()), Role::Match));
    }
    if let Some(query) = &reading.query {
        let leads = if query.word().is_some() { " · contains " } else { " · where " };
        spans.extend([span(leads, Role::Muted), span(sanitize(&query.to_string()).into_owned(), Role::Match)]);
    }
    if reading.view != ReadAs::default() {
        spans.push(span(format!(" · as {}", reading.view.title()), Role::Muted));
    }
    spans
}

/// Counts are always there, so that an empty list is a statement.
fn counts(view: &RecordsView) -> Vec<Span<'static>> {
    let counts = &view.counts;
    let mut spans = Vec::new();
    if let Some(rate) = view.per_second() {
        spans.push(span(format!("{}/s ", show::rate(rate)), Role::Text));
    }
    spans.push(span(format!("{} seen", show::abbreviated(counts.seen)), Role::Muted));
    if view.reading.as_ref().is_some_and(|reading| reading.query.is_some()) {
        spans.push(span(format!(", {} match", show::abbreviated(counts.matched)), Role::Text));
    }
    spans.push(span(format!(", {} kept", show::abbreviated(view.ring.len() as u64)), Role::Muted));
    let unseen = counts.dropped.saturating_add(view.missed);
    if unseen > 0 {
        spans.push(span(format!(", {} not kept", show::abbreviated(unseen)), Role::Warning));
    }
    if counts.undecodable > 0 {
        spans.push(span(format!(", {} undecodable", show::abbreviated(counts.undecodable)), Role::Warning));
    }
    spans
}

fn list(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.records;
    let focus = has_focus(state, RecordsPane::List);
    let Some(reading) = &view.reading else {
        let inner = frame::draw(canvas, area, &Titles::left(vec![span("Records", Role::Text)]), focus);
        let text = "no topic is open: press t on a topic to see its records as they are written, or F to choose here";
        states::say(canvas, inner, text, Role::Muted);
        return;
    };
    let titles = Titles { left: title(view, reading, canvas, area.width, state), right: counts(view) };
    let inner = frame::draw(canvas, area, &titles, focus);
    let inner = failures(canvas, inner, view);
    let inner = search(canvas, inner, view);
    if let Some(part) = view.tiered {
        let key = state.keymap.shown(Command::RecordsTiered).map_or(String::new(), ToString::to_string);
        let text = format!(
            "{} up to {} of these records, in {}, lie in remote storage: reading them is slow, and costs where requests \
             are paid for. {key} reads them all the same",
            canvas.theme.marks.look,
            show::count(part.records),
            show::plural(part.partitions, "partition")
        );
        states::say(canvas, inner, &text, Role::Warning);
        return;
    }
    if view.ring.is_empty() {
        let text = match (view.is_finished, view.has_caught_up, view.counts.seen) {
            (true, _, 0) => "there are no records in this range".to_owned(),
            (false, true, 0) => "nothing there yet: waiting for what is written from now on".to_owned(),
            (false, false, 0) => "reading…".to_owned(),
            (_, _, seen) => format!("none of {} records seen so far meets the query; esc leaves", show::count(seen)),
        };
        states::say(canvas, inner, &text, Role::Muted);
        return;
    }
    let has_many = reading.partitions.as_ref().is_none_or(|partitions| partitions.len() > 1);
    let viewport = state.viewport(Pane::Records);
    let height = usize::from(inner.height.saturating_sub(1));
    let rows = viewport.first..viewport.first + height + 1;
    let widest_key = rows
        .filter_map(|row| view.ring.get(row))
        .filter_map(|record| view.decoded(record))
        .filter(|record| record.record.key.is_some())
        .map(|record| display_width(&record.key.value.preview(64)))
        .max();
    let mut columns = vec![Column::text("TIME", Width::Fixed(12)).gives_way(3)];
    if has_many {
        columns.push(Column::number("P", 3).gives_way(1));
    }
    columns.push(Column::number("OFFSET", 11).gives_way(2));
    if let Some(widest) = widest_key {
        // In steps, so that the columns do not twitch while one scrolls.
        let most = if area.width >= 100 { 24 } else { 12 };
        let width = u16::try_from(widest.next_multiple_of(4)).unwrap_or(most).clamp(4, most);
        columns.push(Column::text("KEY", Width::Fixed(width)).gives_way(4));
    }
    let mut seen = (viewport.first..viewport.first + height + 1).filter_map(|row| view.ring.get(row));
    if seen.any(RecordRef::is_transactional) {
        columns.push(Column::text("TXN", Width::Fixed(9)).gives_way(3));
    }
    let picked: Vec<String> = view.columns.iter().map(title_of).collect();
    match picked.split_last() {
        None => columns.push(Column::text("VALUE", Width::Fill(16))),
        Some((last, rest)) => {
            columns.extend(rest.iter().map(|title| Column::text(title, Width::Name(8)).gives_way(1)));
            columns.push(Column::text(last, Width::Fill(8)));
        }
    }
    let first_picked = columns.len().saturating_sub(picked.len());
    let table = Table {
        pane: Pane::Records,
        columns: &columns,
        len: view.ring.len(),
        cursor: Some(view.cursor()),
        has_focus: focus,
        first: viewport.first,
        is_marked: &|row| view.is_next(row),
    };
    table::draw(canvas, inner, &table, |row, column| {
        let (Some(record), Some(title)) = (view.ring.get(row), columns.get(column).map(|column| column.title)) else {
            return cell("", Role::Text);
        };
        let decoded = view.decoded(record);
        if let Some(field) = column.checked_sub(first_picked).and_then(|index| view.columns.get(index)) {
            return decoded.map_or_else(|| cell("…", Role::Muted), |record| field_cell(field, record));
        }
        match title {
            "TIME" => cell(record.timestamp().clock(state.zone()), Role::Muted),
            "P" => cell(record.partition().to_string(), Role::Muted),
            "OFFSET" => cell(show::offset(record.offset()), Role::Muted),
            "KEY" => decoded.map_or_else(|| cell("", Role::Muted), |record| key_cell(record)),
            "TXN" => view.fate(record).map_or_else(|| cell("", Role::Muted), |fate| cell(fate.word(), fate_role(fate))),
            _ => match (decoded, view.fate(record)) {
                (None, _) => cell("…", Role::Muted),
                // Nobody who reads what is committed has seen it.
                (Some(record), Some(Fate::Aborted)) => cell(record.value.value.preview(PREVIEW), Role::Muted),
                (Some(record), _) => value_cell(record),
            },
        }
    });
}

/// What a field is called above its column: the last part of its way, as there is little room.
fn title_of(field: &Field) -> String {
    let name = field.to_string();
    let last = name.rsplit('.').next().unwrap_or(&name);
    sanitize(last).to_uppercase()
}

fn field_cell(field: &Field, record: &DecodedRecord) -> Cell<'static> {
    match pick(field, record) {
        None => cell("–", Role::Muted),
        Some(value) => cell(value.preview(PREVIEW), Role::Text),
    }
}

fn fate_role(fate: Fate) -> Role {
    match fate {
        Fate::Committed => Role::Muted,
        Fate::Aborted => Role::Danger,
        Fate::Open => Role::Warning,
    }
}

fn failures(canvas: &mut Canvas<'_>, area: Rect, view: &RecordsView) -> Rect {
    let text = match (view.failures.first(), view.waiting.first()) {
        (Some(failure), _) => format!("in part: {failure}"),
        (None, Some(failure)) => format!("waiting: {failure}"),
        (None, None) => return area,
    };
    if area.height < 3 {
        return area;
    }
    let marks = canvas.theme.marks;
    canvas.put(area.x, area.y, area.width, &format!("{} {text}", marks.look), Role::Warning);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// How far a search is, or what it covered.
fn search(canvas: &mut Canvas<'_>, area: Rect, view: &RecordsView) -> Rect {
    let Some(search) = view.search.as_ref().filter(|_| area.height >= 3 && view.tiered.is_none()) else { return area };
    let progress = || search.counts.progress(search.elapsed);
    let (text, role) = match &search.coverage {
        Some(coverage) => (coverage.clone(), Role::Info),
        None if search.is_stopped => (format!("stopped at {}; the rest was not looked at", progress()), Role::Warning),
        None => (format!("{}; esc stops", progress()), Role::Info),
    };
    canvas.put(area.x, area.y, area.width, &text, role);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

fn key_cell(record: &DecodedRecord) -> Cell<'static> {
    match record.key.format {
        Format::Null => cell("–", Role::Muted),
        _ => cell(record.key.value.preview(64), Role::Accent),
    }
}

fn value_cell(record: &DecodedRecord) -> Cell<'static> {
    if record.value.format == Format::Null {
        return cell("tombstone", Role::SyntaxNull);
    }
    let role = if record.value.is_undecodable() { Role::Warning } else { Role::Text };
    cell(record.value.value.preview(PREVIEW), role)
}

fn value(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.records;
    let record = view.selected();
    let mut title = vec![span("Value", Role::Text)];
    if let Some(record) = record {
        title.push(span(format!(" · {}", described(record)), Role::Muted));
    }
    let inner = frame::draw(canvas, area, &Titles::left(title), has_focus(state, RecordsPane::Value));
    let Some(record) = record else { return };
    let mut lines: Vec<text::Line<'_>> = Vec::new();
    for attempt in &record.value.attempts {
        if record.value.is_undecodable() {
            let text = format!("{} {}: {}", canvas.theme.marks.look, attempt.decoder, attempt.reason);
            lines.extend(
                states::wrap(&text, usize::from(inner.width)).into_iter().map(|line| vec![span(line, Role::Warning)]),
            );
        }
    }
    if record.value.format == Format::Null {
        lines.push(vec![span("null: a tombstone, compaction removes the key", Role::SyntaxNull)]);
    } else {
        let indented = match (&record.value.format, &record.value.value) {
            (Format::Xml, Value::Text(text)) => xml::indented(text).ok().map(|text| Value::Text(text.into())),
            _ => None,
        };
        let value = indented.as_ref().unwrap_or(&record.value.value);
        lines.extend(value_tree::lines(value, usize::from(inner.width), view.wraps));
    }
    text::draw(canvas, inner, Pane::RecordValue, &lines, view.value_scroll);
}

/// "Avro orders.v1-value v3 id 41"
fn described(record: &DecodedRecord) -> String {
    let decoded = &record.value;
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

fn record_facts(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
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
    let facts = &record.record;
    let batch = &facts.batch;
    let mut lines: Vec<text::Line<'_>> = Vec::new();
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
    lines.extend(failure(&facts.headers, state));
    for (index, header) in facts.headers.iter().enumerate() {
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

/// Text as it is; anything else as bytes, with the number that 4 or 8 of them make.
fn header_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains(|c: char| c.is_control() && c != '\t') => Value::Text(text.into()).preview(300),
        _ => {
            let hex: Vec<String> = value.iter().take(32).map(|byte| format!("{byte:02x}")).collect();
            let number = match value.len() {
                4 => value.first_chunk().map(|bytes| i64::from(i32::from_be_bytes(*bytes))),
                8 => value.first_chunk().map(|bytes| i64::from_be_bytes(*bytes)),
                _ => None,
            };
            let more = if value.len() > 32 { " …" } else { "" };
            number.map_or_else(|| format!("{}{more}", hex.join(" ")), |number| format!("{}  = {number}", hex.join(" ")))
        }
    }
}

/// A time in the future is worth a look.
fn time_role(time: Time, now: Time) -> Role {
    if time > now.plus_millis(60_000) { Role::Warning } else { Role::Text }
}
