//! Records: the list, and what stands below it.

use super::{record, record_charts, split};
use crate::cluster::RecordRef;
use crate::domain::query::{Field, pick};
use crate::domain::record::{DecodedRecord, Format, Isolation, ReadAs, StartAt};
use crate::domain::show;
use crate::domain::text::{display_width, sanitize, shorten_middle};
use crate::domain::transaction::Fate;
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::records::{
    Chart, Further, Order, Position, Reading, RecordsPane, RecordsView, Stop, Why,
};
use crate::tui::app::splits::{Split, Way};
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell};
use ratatui::layout::Rect;

/// Bytes of a value looked at for its line in the list.
const PREVIEW: usize = 400;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.records;
    if view.in_record {
        record::whole(canvas, area, state);
        return;
    }
    if area.height < 14 || area.width < 60 {
        // Too small for three panes: the focused one gets all of it.
        match view.pane {
            RecordsPane::List => list(canvas, area, state),
            RecordsPane::Value => record::value(canvas, area, state),
            RecordsPane::Facts if is_charted(view) => record_charts::draw(canvas, area, state, true),
            RecordsPane::Facts => record::facts(canvas, area, state),
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
    record::value(canvas, left, state);
    record::facts(canvas, right, state);
}

/// All records kept are looked at, not the selected one.
fn is_charted(view: &RecordsView) -> bool {
    view.chart.as_ref().is_some_and(|chart| *chart != Chart::Sizes)
}

pub(super) fn has_focus(state: &State, pane: RecordsPane) -> bool {
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
        match (view.is_finished, &search.coverage) {
            (false, _) => span("searching", Role::Success),
            (true, None) => span("stopped", Role::Warning),
            (true, Some(_)) => span("searched", Role::Muted),
        }
    } else if view.is_paging() {
        span("reading", Role::Success)
    } else if view.stopped.is_some() {
        span("stopped", Role::Warning)
    } else if view.is_paged() {
        span(format!("paused {}", marks.paused), Role::Warning)
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
                Why::Written => (format!("{marked} {offset} was written"), Role::Accent),
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
    if !view.marks().is_empty() {
        spans.insert(0, span(format!("{} marked  ", show::count(view.marks().len() as u64)), Role::Match));
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
    let inner = pages(canvas, inner, state);
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
        is_marked: &|row| view.is_next(row) || view.ring.get(row).is_some_and(|record| view.is_marked(record)),
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

pub(super) fn fate_role(fate: Fate) -> Role {
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
    if area.height < 3 || view.tiered.is_some() {
        return area;
    }
    let Some(search) = &view.search else { return area };
    let progress = || search.counts.progress(search.elapsed);
    let (text, role) = match &search.coverage {
        Some(coverage) => (coverage.clone(), Role::Info),
        None if view.stopped == Some(Stop::Full) => {
            (format!("stopped at {}: the list is full; the rest was not looked at", progress()), Role::Warning)
        }
        None if view.stopped.is_some() => {
            (format!("stopped at {}; the rest was not looked at", progress()), Role::Warning)
        }
        None => (format!("{}; esc stops", progress()), Role::Info),
    };
    canvas.put(area.x, area.y, area.width, &text, role);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// What is read by a key where reading has stopped: records, and from where.
fn pages(canvas: &mut Canvas<'_>, area: Rect, state: &State) -> Rect {
    let view = &state.views.records;
    let stands = view.stopped.is_some() || (view.is_finished && view.is_paged());
    if area.height < 3 || !stands || view.tiered.is_some() || view.is_paging() {
        return area;
    }
    let mut spans = Vec::new();
    if view.stopped == Some(Stop::Full) && view.search.is_none() {
        spans.push(span("the list is full   ", Role::Warning));
    }
    for (further, command) in [(Further::On, Command::RecordsOn), (Further::Older, Command::RecordsOlder)] {
        let said = view.page_said(further, state.zone());
        if let (Some(said), Some(keys)) = (said, state.keymap.shown(command)) {
            spans.extend([span(keys.to_string(), Role::KeyHint), span(format!(" {said}   "), Role::Text)]);
        }
    }
    if spans.is_empty() {
        return area;
    }
    canvas.put_spans(area.x, area.y, area.width, &spans);
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
