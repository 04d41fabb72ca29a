//! What all the records kept say together, below the list.
//!
//! In the place of the selected record. What was dropped is not in it, and it says so.

use super::record_causes;
use crate::domain::query::Field;
use crate::domain::show;
use crate::domain::text::{display_width, sanitize, shorten_middle};
use crate::domain::views::{Counted, KeySpread, Latest, LatestOfKeys, OverTime, PartitionKeys};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::records::Chart;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::text::{self, Line};
use crate::tui::ui::widgets::{bars, states};
use ratatui::layout::Rect;

/// Values and keys that are drawn at most.
const MOST_ROWS: usize = 200;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, focus: bool) {
    let view = &state.views.records;
    let Some(chart) = &view.chart else { return };
    let what = match chart {
        Chart::ByField(field) => format!("By {field}"),
        Chart::Latest => "The latest of each key".into(),
        Chart::OverTime => "Over time".into(),
        Chart::Keys => "Keys by partition".into(),
        Chart::Causes => "What the letters failed of".into(),
        Chart::Sizes => "Sizes".into(),
    };
    let Some(stats) = view.stats.as_ref().map(|(tally, _)| &tally.stats) else {
        let inner = frame::draw(canvas, area, &Titles::left(vec![span(what, Role::Text)]), focus);
        let text = if view.ring.is_empty() { "no record is kept yet" } else { "counting…" };
        states::say(canvas, inner, text, Role::Muted);
        return;
    };
    let of = usize::try_from(stats.records).unwrap_or(usize::MAX);
    let title = vec![span(what, Role::Text), span(format!(" · of {} kept", show::plural(of, "record")), Role::Muted)];
    let inner = frame::draw(canvas, area, &Titles::left(title), focus);
    if stats.records == 0 {
        states::say(canvas, inner, "no record is kept yet", Role::Muted);
        return;
    }
    let (marks, width) = (canvas.theme.marks, inner.width);
    let mut lines: Vec<Line<'_>> = Vec::new();
    if let Some((field, counted)) = &stats.by {
        lines.extend(by_field(&marks, field, counted, width));
    }
    if let Some(times) = &stats.over_time {
        lines.extend(over_time(&marks, times, state, width));
    }
    if let Some(keys) = &stats.keys {
        lines.extend(spread(&marks, keys, width));
    }
    if let Some(latest) = &stats.latest {
        lines.extend(latest_of_keys(latest, state));
    }
    if let Some(causes) = &stats.causes {
        lines.extend(record_causes::lines(&marks, causes, state, width));
    }
    let unseen = view.counts.dropped.saturating_add(view.missed);
    if unseen > 0 {
        lines.push(said(format!("{} not kept are not in it", show::abbreviated(unseen))));
    }
    text::draw(canvas, inner, Pane::RecordFacts, &lines, view.facts_scroll);
}

fn said(text: String) -> Line<'static> {
    vec![span(text, Role::Warning)]
}

fn by_field(marks: &Marks, field: &Field, counted: &Counted, width: u16) -> Vec<Line<'static>> {
    let (total, top) = (counted.total(), counted.top(MOST_ROWS));
    let mut rows: Vec<(String, u64)> = top.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect();
    let other = total - counted.missing() - rows.iter().map(|(_, count)| count).sum::<u64>();
    if other > 0 {
        rows.push(("(other values)".into(), other));
    }
    if counted.missing() > 0 {
        rows.push((format!("(no {field})"), counted.missing()));
    }
    let mut lines = bars::lines(marks, &rows, total, bars::label_width(&rows, width), width);
    if counted.beyond() > 0 {
        let text = format!("too many values: {} came too late to be counted apart", show::count(counted.beyond()));
        lines.push(said(text));
    }
    lines
}

fn over_time(marks: &Marks, times: &OverTime, state: &State, width: u16) -> Vec<Line<'static>> {
    let buckets = times.buckets();
    let mut rows: Vec<(String, u64)> = buckets
        .iter()
        .map(|bucket| {
            let shown = bucket.from.show(state.zone());
            // Stretches are whole seconds.
            (shown.strip_suffix(".000").unwrap_or(&shown).to_owned(), bucket.count)
        })
        .collect();
    if times.without_time() > 0 {
        rows.push(("(no time)".into(), times.without_time()));
    }
    let total = rows.iter().map(|(_, count)| count).sum();
    let each = show::duration(u64::try_from(times.width_ms()).unwrap_or(0));
    let mut lines = vec![vec![span("each line is ", Role::Muted), span(each, Role::Text)]];
    lines.extend(bars::lines(marks, &rows, total, bars::label_width(&rows, width).max(19), width));
    lines
}

fn spread(marks: &Marks, keys: &KeySpread, width: u16) -> Vec<Line<'static>> {
    let name = |partition: &i32, keyless: u64| match keyless {
        0 => format!("P {partition}"),
        _ => format!("P {partition}, {} keyless", show::abbreviated(keyless)),
    };
    let row = |(partition, here): (&i32, &PartitionKeys)| (name(partition, here.keyless), here.records);
    let rows: Vec<(String, u64)> = keys.partitions().iter().map(row).collect();
    let total = rows.iter().map(|(_, count)| count).sum();
    let more = if keys.beyond() > 0 { "more than " } else { "" };
    let (text, role) = match keys.partitioner() {
        None => ("no record has a key".to_owned(), Role::Muted),
        Some((by, 0)) => (format!("every key lies where {} puts it", by.word()), Role::Success),
        Some((by, off)) => {
            (format!("{} lie off the place where {} puts them", show::count(off), by.word()), Role::Warning)
        }
    };
    let mut lines =
        vec![vec![span(format!("{more}{} different keys; ", show::count(keys.keys())), Role::Muted), span(text, role)]];
    lines.extend(bars::lines(marks, &rows, total, bars::label_width(&rows, width), width));
    if keys.elsewhere() > 0 {
        let text = format!("{} lie in another partition than most of their key", show::count(keys.elsewhere()));
        lines.push(said(text));
    }
    lines
}

fn latest_of_keys(latest: &LatestOfKeys<Option<String>>, state: &State) -> Vec<Line<'static>> {
    let muted = |text: String| span(text, Role::Muted);
    let line = |(key, latest): (&str, &Latest<Option<String>>)| {
        let place = format!("  {:>4} {:>11}  ", latest.partition, show::offset(latest.offset));
        let value = match &latest.value {
            Some(value) => span(value.clone(), Role::Text),
            None => span("tombstone", Role::SyntaxNull),
        };
        let key = shorten_middle(&sanitize(key), 24).into_owned();
        let pad = " ".repeat(24_usize.saturating_sub(display_width(&key)));
        let time = latest.time.clock(state.zone());
        vec![span(format!("{key}{pad}"), Role::Accent), muted(place), muted(format!("{time}  ")), value]
    };
    let mut lines: Vec<Line<'static>> =
        latest.keys().iter().take(MOST_ROWS).map(|(key, latest)| line((key, latest))).collect();
    let hidden = latest.keys().len().saturating_sub(MOST_ROWS);
    if hidden > 0 {
        lines.push(vec![muted(format!("{} more keys", show::count(hidden as u64)))]);
    }
    if latest.keyless() > 0 {
        lines.push(vec![muted(format!("{} records have no key", show::count(latest.keyless())))]);
    }
    if latest.beyond() > 0 {
        lines.push(said(format!("{} records of further keys are not in it", show::count(latest.beyond()))));
    }
    lines
}
