//! The detail of the selected topic: partitions, groups, configuration.

use crate::cluster::TopicLog;
use crate::domain::config::ConfigSource;
use crate::domain::topic::{Partition, PartitionLog, Topic};
use crate::domain::{Fact, show};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::topic::TopicTab;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell, name, nothing_marked};
use crate::tui::ui::widgets::{facts, spark, states, tabs};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.topics;
    let focus = view.in_detail && state.dialogs.is_empty();
    let Some(topic_name) = state.topic_on_screen() else {
        let inner = frame::draw(canvas, area, &Titles::left(vec![span("Detail", Role::Muted)]), focus);
        states::say(canvas, inner, "no topic is selected", Role::Muted);
        return;
    };
    let titles = Titles::left(vec![span(topic_name.to_string(), Role::Text)]);
    let inner = frame::draw(canvas, area, &titles, focus);
    let Some(metadata) = state.data.metadata.value() else { return };
    let Some(topic) = metadata.topic(topic_name.as_str()) else {
        states::say(canvas, inner, "the topic is gone: it was deleted while you looked", Role::Warning);
        return;
    };
    canvas.put_spans(inner.x, inner.y, inner.width, &tab_titles(state));
    // A line of air below the tabs, where there is room.
    let skip = if inner.height > 12 { 2 } else { 1 };
    let body = Rect { y: inner.y + skip, height: inner.height.saturating_sub(skip), ..inner };
    let log = state.data.logs.value().and_then(|logs| logs.topic(topic.name.as_str()));
    match view.detail.tab {
        TopicTab::Partitions => partitions(canvas, body, state, topic, log.map(|log| &**log), focus),
        TopicTab::Groups => groups(canvas, body, state, focus),
        TopicTab::Configs => configs(canvas, body, state, focus),
    }
}

fn tab_titles(state: &State) -> Vec<Span<'static>> {
    let detail = &state.views.topics.detail;
    let titles: Vec<(String, bool)> = TopicTab::ALL
        .into_iter()
        .map(|tab| {
            let count = match tab {
                TopicTab::Partitions => None,
                TopicTab::Groups => detail.groups.value().map(|groups| groups.value.len()),
                TopicTab::Configs => detail
                    .configs
                    .value()
                    .map(|configs| configs.iter().filter(|config| config.source == ConfigSource::Topic).count()),
            };
            let title = count.map_or(tab.title().to_owned(), |count| format!("{} {count}", tab.title()));
            (title, tab == detail.tab)
        })
        .collect();
    tabs::titles(&titles)
}

fn partitions(canvas: &mut Canvas<'_>, area: Rect, state: &State, topic: &Topic, log: Option<&TopicLog>, focus: bool) {
    let marks = canvas.theme.marks;
    let replicas = topic.replication_factor().max(1);
    let isr_width = u16::try_from(topic.partitions.iter().map(isr_width).max().unwrap_or(3)).unwrap_or(20);
    let columns = [
        Column::number("P", 3),
        Column::number("LEADER", 6),
        Column::text("ISR", Width::Fixed(isr_width.clamp(3, 24))),
        Column::number("START", offset_width(log, 5, |log| &log.start)).gives_way(3),
        Column::number("END", offset_width(log, 3, |log| &log.end)),
        Column::number("RECORDS", 8).gives_way(4),
        Column::number("SIZE", 8).gives_way(2),
        Column::number("RATE/s", 7).gives_way(1),
    ];
    let skew_room = if area.height > 6 && topic.partitions.len() > 1 { 2 } else { 0 };
    let body = Rect { height: area.height - skew_room, ..area };
    let table = Table {
        pane: Pane::TopicPartitions,
        columns: &columns,
        len: topic.partitions.len(),
        cursor: Some(state.views.topics.detail.partition.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::TopicPartitions).first,
        is_marked: &nothing_marked,
    };
    table::draw(canvas, body, &table, |row, column| {
        let Some(partition) = topic.partitions.get(row) else { return cell("", Role::Text) };
        let own = log.and_then(|log| log.partitions.get(row));
        let offset = |fact: &Fact<i64>| facts::fact(fact, Role::Text, |offset| show::offset(*offset));
        let nothing = || cell("", Role::Muted);
        match column {
            0 => cell(partition.id.to_string(), Role::Text),
            1 => match partition.leader {
                Some(id) => cell(id.to_string(), Role::Text),
                None => cell(format!("{} none", marks.broken), Role::Danger),
            },
            2 => isr(partition, &marks, replicas),
            3 => own.map_or_else(nothing, |own| offset(&own.start)),
            4 => own.map_or_else(nothing, |own| offset(&own.end)),
            5 => facts::records(own.map(|own| own.records()).as_ref()),
            6 => facts::size(own.map(|own| &own.size)),
            _ => facts::rate(own.map(|own| &own.rate)),
        }
    });
    if skew_room > 0
        && let Some(log) = log
    {
        skew(canvas, Rect { y: area.bottom() - 1, height: 1, ..area }, log);
    }
}

/// The columns that the largest offset takes.
fn offset_width(log: Option<&TopicLog>, least: u16, of: impl Fn(&PartitionLog) -> &Fact<i64>) -> u16 {
    let largest = log.and_then(|log| log.partitions.iter().filter_map(|log| of(log).get()).max());
    let width = largest.map_or(0, |offset| show::offset(offset).len());
    u16::try_from(width).unwrap_or(least).max(least)
}

fn isr_width(partition: &Partition) -> usize {
    let digits: usize = partition.replicas.iter().map(|id| id.to_string().len()).sum();
    digits + partition.replicas.len().saturating_sub(1)
}

/// The replicas in order; one that is not in sync is crossed out.
fn isr(partition: &Partition, marks: &Marks, replicas: usize) -> Cell<'static> {
    let mut spans = Vec::with_capacity(replicas * 2);
    for (index, id) in partition.replicas.iter().enumerate() {
        if index > 0 {
            spans.push(span(" ", Role::Text));
        }
        if partition.isr.contains(id) {
            spans.push(span(id.to_string(), Role::Text));
        } else {
            spans.push(span(marks.broken, Role::Danger));
        }
    }
    Cell { spans, is_name: false, suffix: None }
}

/// How evenly the partitions are written, or filled where nothing is written.
fn skew(canvas: &mut Canvas<'_>, area: Rect, log: &TopicLog) {
    let rates: Vec<f64> = log.partitions.iter().map(|p| p.rate.get().map_or(0.0, f64::from)).collect();
    let total: f64 = rates.iter().sum();
    let (values, of) = if total > 0.0 {
        (rates, "rate")
    } else {
        (log.partitions.iter().map(|p| p.records().get().unwrap_or(0) as f64).collect(), "records")
    };
    let total: f64 = values.iter().sum();
    let hottest = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    let Some((partition, most)) = hottest.filter(|_| total > 0.0) else { return };
    let room = usize::from(area.width).saturating_sub(40).clamp(4, 48);
    let marks = canvas.theme.marks;
    let line = [
        span("skew  ", Role::Muted),
        span(spark::squeezed(&marks, &values, room), Role::Info),
        span(format!("  hottest {partition}: {} of the {of}", show::share(most / total)), Role::Muted),
    ];
    canvas.put_spans(area.x, area.y, area.width, &line);
}

fn groups(canvas: &mut Canvas<'_>, area: Rect, state: &State, focus: bool) {
    let detail = &state.views.topics.detail;
    if states::instead_of_value(canvas, area, &detail.groups, "groups that read it") {
        return;
    }
    let Some(groups) = detail.groups.value() else { return };
    let area = states::banner(canvas, area, &detail.groups, &groups.failures, state.zone());
    if groups.value.is_empty() {
        states::say(canvas, area, "no group has offsets or members in this topic", Role::Muted);
        return;
    }
    let columns = [
        Column::text("GROUP", Width::Name(14)),
        Column::text("STATE", Width::Fixed(9)),
        Column::number("MEMBERS", 7).gives_way(1),
        Column::number("LAG", 9),
    ];
    let table = Table {
        pane: Pane::TopicGroups,
        columns: &columns,
        len: groups.value.len(),
        cursor: Some(detail.group.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::TopicGroups).first,
        is_marked: &nothing_marked,
    };
    table::draw(canvas, area, &table, |row, column| {
        let Some(group) = groups.value.get(row) else { return cell("", Role::Text) };
        match column {
            0 => name(group.listing.id.as_str(), Role::Text),
            1 => super::groups::state_word(group.listing.state, group.lag.lag),
            2 => facts::fact(&group.members, Role::Text, |count| show::count(*count as u64)),
            _ => super::groups::lag_cell(&group.lag),
        }
    });
}

fn configs(canvas: &mut Canvas<'_>, area: Rect, state: &State, focus: bool) {
    let detail = &state.views.topics.detail;
    if states::instead_of_value(canvas, area, &detail.configs, "its configuration") {
        return;
    }
    let Some(configs) = detail.configs.value() else { return };
    let area = states::banner(canvas, area, &detail.configs, &[], state.zone());
    let doc_room = if area.height > 8 { 3 } else { 0 };
    let body = Rect { height: area.height - doc_room, ..area };
    let columns = [
        Column::text("NAME", Width::Name(14)),
        Column::text("VALUE", Width::Fill(18)),
        Column::text("FROM", Width::Fixed(14)).gives_way(1),
    ];
    let table = Table {
        pane: Pane::TopicConfigs,
        columns: &columns,
        len: configs.len(),
        cursor: Some(detail.config.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::TopicConfigs).first,
        is_marked: &nothing_marked,
    };
    table::draw(canvas, body, &table, |row, column| {
        let Some(config) = configs.get(row) else { return cell("", Role::Text) };
        let role = if config.source == ConfigSource::Topic { Role::Text } else { Role::Muted };
        match column {
            0 => name(config.name.as_str(), role),
            1 => match (&config.value, config.is_sensitive) {
                (_, true) => cell("hidden by the broker", Role::Muted),
                (Some(value), false) => cell(value.as_str(), if role == Role::Text { Role::Accent } else { role }),
                (None, false) => cell("not set", Role::Muted),
            },
            _ => cell(source(config.source), role),
        }
    });
    let selected = configs.get(detail.config.cursor());
    if let (Some(text), true) = (selected.and_then(|config| config.documentation.as_deref()), doc_room > 0) {
        let place = Rect { y: body.bottom() + 1, height: doc_room - 1, ..area };
        states::say(canvas, place, text, Role::Muted);
    }
}

fn source(source: ConfigSource) -> &'static str {
    match source {
        ConfigSource::Topic => "topic",
        ConfigSource::DynamicBroker => "broker",
        ConfigSource::DynamicDefault => "all brokers",
        ConfigSource::StaticBroker => "broker's file",
        ConfigSource::Group => "group",
        ConfigSource::ClientMetrics => "client metrics",
        ConfigSource::Default => "default",
        ConfigSource::Unknown => "?",
    }
}
