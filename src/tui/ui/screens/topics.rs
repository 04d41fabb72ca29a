//! The list of topics; the detail beside it, or over it on a narrow screen.

use super::{WIDE, split, topic};
use crate::domain::show;
use crate::domain::topic::{Topic, TopicOrigin};
use crate::domain::{TopicName, origin};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::topics::Sort;
use crate::tui::app::slot::Slot;
use crate::tui::app::splits::Split;
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Column, Table, Width, cell, name};
use crate::tui::ui::widgets::{facts, spark, states, text_field};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let in_detail = state.views.topics.in_detail;
    if area.width >= WIDE {
        let (left, right) = split(canvas, state, Split::Topics, area, 54);
        list(canvas, left, state);
        topic::draw(canvas, right, state);
    } else if in_detail {
        topic::draw(canvas, area, state);
    } else {
        list(canvas, area, state);
    }
}

/// "37 of 412 · /ord · by rate ▾"
pub fn list_title(
    what: &str,
    shown: usize,
    all: Option<usize>,
    filter: &str,
    (sort, is_reversed): (&str, bool),
    marks: &Marks,
) -> Vec<Span<'static>> {
    let count = match all {
        None => what.to_owned(),
        Some(all) if filter.is_empty() => format!("{what} {}", show::count(all as u64)),
        Some(all) => format!("{what} {} of {}", show::count(shown as u64), show::count(all as u64)),
    };
    let mut spans = vec![span(count, Role::Text)];
    if !filter.is_empty() {
        spans.extend([span(" · ", Role::Muted), span(format!("/{filter}"), Role::Match)]);
    }
    let arrow = if is_reversed { marks.ascending } else { marks.descending };
    spans.push(span(format!(" · by {sort} {arrow}"), Role::Muted));
    spans
}

/// The filter's own line while it is typed; returns the room below it.
pub fn filter_line(canvas: &mut Canvas<'_>, area: Rect, filter: &crate::tui::app::screens::filter::Filter) -> Rect {
    if !filter.is_editing || area.height < 3 {
        return area;
    }
    let x = canvas.put(area.x, area.y, 1, "/", Role::KeyHint);
    let room = Rect { x, width: area.right() - x, height: 1, ..area };
    text_field::draw(canvas, room, &filter.input, true);
    if filter.input.is_empty() {
        canvas.put(
            x + 1,
            area.y,
            room.width.saturating_sub(1),
            " letters of the name; !letters leaves out",
            Role::Muted,
        );
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Its name is not what the profile asks of topics that people make.
fn is_misnamed(state: &State, topic: &Topic) -> bool {
    let naming = state.link.session().and_then(|session| session.naming.as_ref());
    naming.is_some_and(|naming| origin::origin_of(topic) == TopicOrigin::Plain && !naming.allows(topic.name.as_str()))
}

fn list(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.topics;
    let marks = canvas.theme.marks;
    let all = state.data.metadata.value().map(|metadata| metadata.topics.len());
    let Sort { by, is_reversed } = view.sort;
    let marked = view.selection.marks.len();
    let titles = Titles {
        left: list_title("Topics", view.order.len(), all, view.filter.text(), (by.word(), is_reversed), &marks),
        right: if marked > 0 { vec![span(format!("{marked} marked"), Role::Accent)] } else { Vec::new() },
    };
    let focus = !view.in_detail && state.dialogs.is_empty();
    let inner = frame::draw(canvas, area, &titles, focus);
    let remote = &state.data.metadata;
    if states::instead_of_value(canvas, inner, remote, "topics") {
        return;
    }
    let Some(metadata) = remote.value() else { return };
    let failures = state.data.logs.value().map_or(&metadata.failures, |logs| {
        if metadata.failures.is_empty() { &logs.failures } else { &metadata.failures }
    });
    // The names are the metadata's, the numbers beside them the logs'.
    let inner = if remote.is_current() && !state.data.logs.is_current() {
        states::banner(canvas, inner, &state.data.logs, failures, state.zone())
    } else {
        states::banner(canvas, inner, remote, failures, state.zone())
    };
    let inner = filter_line(canvas, inner, &view.filter);
    if view.order.is_empty() {
        let text = if state.slots.is_running(Slot::TopicOrder) {
            "putting them in order…".to_owned()
        } else if view.filter.text().is_empty() {
            "this cluster has no topics you may see; n plans one".to_owned()
        } else {
            format!("no topics match ‘{}’; esc clears the filter", view.filter.text())
        };
        states::say(canvas, inner, &text, Role::Muted);
        return;
    }
    let columns = [
        Column::text("NAME", Width::Name(14)).sort(Command::SortName),
        Column::number("PART", 4).sort(Command::SortPartitions),
        Column::number("RF", 2).gives_way(2),
        Column::number("RECORDS", 7).gives_way(3).sort(Command::SortRecords),
        Column::number("SIZE", 8).gives_way(4).sort(Command::SortSize),
        Column::number("RATE/s", 7).gives_way(1).sort(Command::SortRate),
        Column::text("LAST MINUTE", Width::Fixed(12)).gives_way(5),
    ];
    let logs = state.data.logs.value();
    let name_at = |row: usize| -> Option<&TopicName> {
        metadata.topics.get(*view.order.get(row)? as usize).map(|topic| &topic.name)
    };
    let table = Table {
        pane: Pane::Topics,
        columns: &columns,
        len: view.order.len(),
        cursor: Some(view.selection.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::Topics).first,
        is_marked: &|row| name_at(row).is_some_and(|name| view.selection.marks.contains(name)),
    };
    table::draw(canvas, inner, &table, |row, column| {
        let topic = view.order.get(row).and_then(|index| metadata.topics.get(*index as usize));
        let Some(topic) = topic else { return cell("", Role::Text) };
        let log = logs.and_then(|logs| logs.topic(topic.name.as_str()));
        match column {
            0 => {
                let (offline, missing) = (topic.offline(), topic.under_replicated());
                let mut shown = name(topic.name.as_str(), name_role(origin::origin_of(topic)));
                if offline > 0 {
                    shown.suffix = Some(span(format!(" {}", marks.broken), Role::Danger));
                } else if missing > 0 {
                    shown.suffix = Some(span(format!(" {}", marks.look), Role::Warning));
                } else if is_misnamed(state, topic) {
                    shown.suffix = Some(span(" misnamed", Role::Warning));
                }
                shown
            }
            1 => cell(show::count(topic.partitions.len() as u64), Role::Text),
            2 => {
                let factor = topic.replication_factor();
                cell(factor.to_string(), if factor < 2 { Role::Warning } else { Role::Text })
            }
            3 => facts::records(log.map(|log| &log.records)),
            4 => facts::size(log.map(|log| &log.size)),
            5 => facts::rate(log.map(|log| &log.rate)),
            _ => {
                let rates: Vec<f64> =
                    log.map_or(Vec::new(), |log| log.rates.iter().map(|rate| f64::from(*rate)).collect());
                cell(spark::line(&marks, &rates, 12), Role::Info)
            }
        }
    });
}

/// What nobody made by hand is quieter.
fn name_role(origin: TopicOrigin) -> Role {
    match origin {
        TopicOrigin::Plain | TopicOrigin::DeadLetter => Role::Text,
        TopicOrigin::Internal
        | TopicOrigin::Registry
        | TopicOrigin::Connect
        | TopicOrigin::Mirror
        | TopicOrigin::StreamsChangelog
        | TopicOrigin::StreamsRepartition => Role::Muted,
    }
}
