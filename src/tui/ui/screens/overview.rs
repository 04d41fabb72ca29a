//! The overview: health first, then where things move, then what changed.

use super::{leaders, split, split_top};
use crate::cluster::{BrokerRow, Groups, TopicLogs};
use crate::domain::text::display_width;
use crate::domain::{Fact, Failure, show};
use crate::tui::app::State;
use crate::tui::app::changes::Lead;
use crate::tui::app::drawn::{Pane, Viewport};
use crate::tui::app::list::first_visible;
use crate::tui::app::remote::Remote;
use crate::tui::app::screens::overview::{BrokersTab, HealthLine, Mark, OverviewPane, WayIn, health_lines};
use crate::tui::app::splits::Split;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell, name, nothing_marked};
use crate::tui::ui::widgets::{facts, spark, states, tabs, verdicts};
use ratatui::layout::Rect;

/// Share of a disk from which it is worth a look.
const FULL: f64 = 0.85;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.overview;
    if area.width < 80 || area.height < 14 {
        match view.pane {
            OverviewPane::Health => health(canvas, area, state),
            OverviewPane::Brokers => brokers(canvas, area, state),
            OverviewPane::Topics => busiest(canvas, area, state),
            OverviewPane::Groups => worst(canvas, area, state),
            OverviewPane::Changes => seen(canvas, area, state),
        }
        return;
    }
    let lines = health_lines(state).len() as u16;
    let count = state.data.metadata.value().map_or(0, |metadata| metadata.brokers.len()) as u16;
    let top = match (view.pane, view.brokers_tab) {
        // Who looks at the leaders gets more of them.
        (OverviewPane::Brokers, BrokersTab::Leaders) => area.height / 2,
        _ => (lines.max(count + 1).max(5) + 2).min(area.height / 2),
    };
    let (upper, rest) = split_top(area, top);
    // Who looks at the changes gets more of them.
    let changes = match (view.pane == OverviewPane::Changes, area.height) {
        (true, _) => (rest.height / 2).max(5).min(rest.height),
        (false, 30..) => 5,
        (false, 20..) => 3,
        (false, _) => 0,
    };
    let (middle, lower) = split_top(rest, rest.height - changes);
    let (left, right) = split(canvas, state, Split::Health, upper, 38);
    health(canvas, left, state);
    brokers(canvas, right, state);
    let (left, right) = split(canvas, state, Split::Busiest, middle, 50);
    busiest(canvas, left, state);
    worst(canvas, right, state);
    if changes > 0 {
        seen(canvas, lower, state);
    }
}

fn has_focus(state: &State, pane: OverviewPane) -> bool {
    state.views.overview.pane == pane && state.dialogs.is_empty()
}

fn health(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let focus = has_focus(state, OverviewPane::Health);
    let inner = frame::draw(canvas, area, &Titles::left(vec![span("Health", Role::Text)]), focus);
    if states::instead_of_value(canvas, inner, &state.data.metadata, "the cluster's state") {
        return;
    }
    let inner = states::banner(canvas, inner, &state.data.metadata, &[], state.zone());
    let lines = health_lines(state);
    let cursor = state.views.overview.health_cursor.min(lines.len().saturating_sub(1));
    let first = first_visible(state.viewport(Pane::Health).first, cursor, lines.len(), usize::from(inner.height));
    let viewport = Viewport { first, height: usize::from(inner.height), len: lines.len() };
    canvas.scrolled(Pane::Health, inner, viewport);
    for ((index, line), y) in lines.iter().enumerate().skip(first).zip(inner.y..inner.bottom()) {
        let place = Rect { y, height: 1, ..inner };
        health_line(canvas, place, line);
        if index == cursor && focus {
            canvas.fill(place, Role::Selection);
        }
    }
}

fn health_line(canvas: &mut Canvas<'_>, area: Rect, line: &HealthLine) {
    let marks = canvas.theme.marks;
    let (sign, role) = match line.mark {
        Mark::Fine => (marks.fine, Role::Success),
        Mark::Look => (marks.look, Role::Warning),
        Mark::Broken => (marks.broken, Role::Danger),
        Mark::Unknown => (marks.unknown, Role::Muted),
    };
    canvas.put(area.x, area.y, 1, sign, role);
    // What is fine is said quietly.
    let text = if line.mark == Mark::Fine || line.mark == Mark::Unknown { Role::Muted } else { Role::Text };
    let mut x = area.x + 2;
    if let Some(count) = line.count {
        let number = show::compact(count);
        canvas.put_right(Rect { x, width: 4, ..area }, &[span(number, if text == Role::Text { role } else { text })]);
    }
    x += 6;
    let leads = line.way_in != WayIn::None;
    let room = area.right().saturating_sub(x + if leads { 2 } else { 0 });
    canvas.put(x, area.y, room, &line.text, text);
    if leads {
        canvas.put(area.right() - 1, area.y, 1, marks.leads, Role::Accent);
    }
}

/// The brokers, or where the leaders of each topic are.
fn brokers(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let tab = state.views.overview.brokers_tab;
    let focus = has_focus(state, OverviewPane::Brokers);
    let (title, others) = match tab {
        BrokersTab::Brokers => ("Brokers", [("Brokers".to_owned(), true), ("Leaders".to_owned(), false)]),
        BrokersTab::Leaders => {
            ("Leaders, the most uneven first", [("Brokers".to_owned(), false), ("Leaders".to_owned(), true)])
        }
    };
    let titles = Titles { left: vec![span(title, Role::Text)], right: tabs::titles(&others) };
    let inner = frame::draw(canvas, area, &titles, focus);
    match tab {
        BrokersTab::Brokers => broker_table(canvas, inner, state, focus),
        BrokersTab::Leaders => leaders::draw(canvas, inner, state, focus),
    }
}

fn broker_table(canvas: &mut Canvas<'_>, inner: Rect, state: &State, focus: bool) {
    let remote = &state.data.brokers;
    if states::instead_of_value(canvas, inner, remote, "brokers") {
        return;
    }
    let Some(rows) = remote.value() else { return };
    let inner = states::banner(canvas, inner, remote, &[], state.zone());
    let rack = rows.iter().filter_map(|row| row.broker.as_ref()?.rack.as_deref()).map(display_width).max();
    let most = rows.iter().map(|row| row.leaders).max().unwrap_or(0).max(1) as f64;
    let mut columns = vec![Column::number("ID", 3), Column::text("HOST", Width::Name(17))];
    if let Some(width) = rack {
        let width = u16::try_from(width).unwrap_or(4).clamp(4, 12);
        columns.push(Column::text("RACK", Width::Fixed(width)).gives_way(3));
    }
    columns.extend([
        Column::number("LEADERS", 7),
        Column::text("", Width::Fixed(5)).gives_way(4),
        Column::number("URP", 3),
        Column::text("DISK", Width::Name(17)).gives_way(2),
    ]);
    let table = Table {
        pane: Pane::Brokers,
        columns: &columns,
        len: rows.len(),
        cursor: focus.then(|| state.views.overview.brokers_cursor.min(rows.len().saturating_sub(1))),
        has_focus: focus,
        first: state.viewport(Pane::Brokers).first,
        is_marked: &nothing_marked,
    };
    let marks = canvas.theme.marks;
    let area = Rect { x: inner.x.saturating_sub(2), width: inner.width + 2, ..inner };
    table::draw(canvas, area, &table, |row, column| {
        let (Some(row), Some(title)) = (rows.get(row), columns.get(column).map(|column| column.title)) else {
            return cell("", Role::Text);
        };
        match title {
            "ID" => cell(row.id.to_string(), if row.is_controller { Role::Accent } else { Role::Text }),
            "HOST" => match &row.broker {
                Some(broker) => name(broker.address(), Role::Text),
                None => cell("not in cluster", Role::Danger),
            },
            "RACK" => cell(row.broker.as_ref().and_then(|broker| broker.rack.clone()).unwrap_or_default(), Role::Muted),
            "LEADERS" => cell(show::count(row.leaders as u64), Role::Text),
            "URP" if row.under_replicated > 0 => cell(show::count(row.under_replicated as u64), Role::Warning),
            "URP" => cell("0", Role::Muted),
            "DISK" => disk(row, marks.look),
            _ => cell(spark::level(&marks, row.leaders as f64 / most, 5), Role::Info),
        }
    });
}

fn disk(row: &BrokerRow, look: &str) -> Cell<'static> {
    match (&row.disk_used, &row.disk_total) {
        (Fact::Known(used), Fact::Known(total)) if *total > 0 => {
            let share = *used as f64 / *total as f64;
            let text = format!("{} of {}", show::share(share), show::size(*total));
            if share >= FULL { cell(format!("{text} {look}"), Role::Warning) } else { cell(text, Role::Text) }
        }
        (Fact::Known(used), _) => cell(show::size(*used), Role::Text),
        (Fact::Unknown(reason), _) => cell(format!("? {reason}"), Role::Muted),
    }
}

/// A short list in the order of a rank: what both lists of the overview are.
struct Ranking<'a, T> {
    of: OverviewPane,
    pane: Pane,
    titles: Titles<'a>,
    remote: &'a Remote<T>,
    /// What is being loaded, for the time until it is there.
    what: &'static str,
    columns: &'a [Column<'a>],
    len: usize,
    cursor: usize,
}

impl<'a, T> Ranking<'a, T> {
    /// Draws it, or what stands in its place: `failures` and `nothing` are told by
    /// the value that is there.
    fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        state: &State,
        failures: impl Fn(&T) -> &[Failure],
        nothing: impl Fn(&T) -> &'static str,
        cell_at: impl Fn(&'a T, usize, usize) -> Option<Cell<'a>>,
    ) {
        let focus = has_focus(state, self.of);
        let inner = frame::draw(canvas, area, &self.titles, focus);
        if states::instead_of_value(canvas, inner, self.remote, self.what) {
            return;
        }
        let Some(value) = self.remote.value() else { return };
        let inner = states::banner(canvas, inner, self.remote, failures(value), state.zone());
        if self.len == 0 {
            states::say(canvas, inner, nothing(value), Role::Muted);
            return;
        }
        let table = Table {
            pane: self.pane,
            columns: self.columns,
            len: self.len,
            cursor: Some(self.cursor.min(self.len - 1)),
            has_focus: focus,
            first: state.viewport(self.pane).first,
            is_marked: &nothing_marked,
        };
        table::draw(canvas, inner, &table, |row, column| {
            cell_at(value, row, column).unwrap_or_else(|| cell("", Role::Text))
        });
    }
}

fn busiest(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.overview;
    let ranking = Ranking {
        of: OverviewPane::Topics,
        pane: Pane::BusiestTopics,
        titles: Titles::left(vec![span("Busiest topics", Role::Text)]),
        remote: &state.data.logs,
        what: "the topics' offsets",
        columns: &[
            Column::text("TOPIC", Width::Name(12)),
            Column::number("RECORDS/s", 9),
            Column::text("LAST MINUTE", Width::Fixed(12)).gives_way(1),
        ],
        len: view.busiest.len(),
        cursor: view.topics_cursor,
    };
    let nothing = |logs: &TopicLogs| match logs.topics.iter().any(|(_, log)| log.rate.known().is_some()) {
        true => "nothing is written at the moment",
        false if logs.topics.is_empty() => "there are no topics",
        false => "measuring rates…",
    };
    let (marks, metadata) = (canvas.theme.marks, state.data.metadata.value());
    ranking.draw(
        canvas,
        area,
        state,
        |logs| &logs.failures,
        nothing,
        |logs, row, column| {
            let topic = metadata?.topics.get(*view.busiest.get(row)? as usize)?;
            let log = logs.topic(topic.name.as_str());
            Some(match column {
                0 => name(topic.name.as_str(), Role::Text),
                1 => facts::rate(log.map(|log| &log.rate)),
                _ => {
                    let rates = log.map_or(Vec::new(), |log| log.rates.iter().map(|rate| f64::from(*rate)).collect());
                    cell(spark::line(&marks, &rates, 12), Role::Info)
                }
            })
        },
    );
}

fn worst(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.overview;
    let ranking = Ranking {
        of: OverviewPane::Groups,
        pane: Pane::WorstGroups,
        titles: Titles {
            left: vec![span("Groups to look at", Role::Text)],
            right: vec![span("worst first", Role::Muted)],
        },
        remote: &state.data.groups,
        what: "groups",
        columns: &[
            Column::text("GROUP", Width::Name(12)),
            Column::text("VERDICT", Width::Fixed(verdicts::WIDTH)),
            Column::text("STATE", Width::Fixed(11)).gives_way(4),
            Column::number("LAG", 8),
            Column::number("BEHIND", 11).gives_way(1),
            Column::number("DRAINED IN", 10).gives_way(2),
            Column::text("TREND", Width::Fixed(8)).gives_way(3),
        ],
        len: view.worst.len(),
        cursor: view.groups_cursor,
    };
    let nothing = |groups: &Groups| match groups.rows.as_slice() {
        [] => "there are no groups",
        rows if rows.iter().all(|row| row.lag.unknown == 0) => "no group is behind",
        rows if rows.iter().all(|row| row.lag.known == 0) => "no group's lag is known yet",
        _ => "no group is behind, as far as lag is known",
    };
    let marks = canvas.theme.marks;
    ranking.draw(
        canvas,
        area,
        state,
        |groups| &groups.failures,
        nothing,
        |groups, row, column| {
            let group = groups.rows.get(*view.worst.get(row)? as usize)?;
            Some(match column {
                0 => name(group.listing.id.as_str(), Role::Text),
                1 => verdicts::standing(&marks, &group.standing),
                2 => super::groups::state_cell(group),
                3 => super::groups::lag_cell(&group.lag),
                4 => super::groups::behind_cell(&group.behind, state.now),
                5 => super::groups::drain_cell(&group.drain),
                _ => {
                    let trend: Vec<f64> = group.trend.iter().map(|lag| *lag as f64).collect();
                    cell(spark::line(&marks, &trend, 8), Role::Info)
                }
            })
        },
    );
}

fn seen(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let since = state
        .link
        .session()
        .map_or(String::new(), |session| format!("seen by klamm since {}", session.since.clock_seconds(state.zone())));
    let titles = Titles { left: vec![span("Changes", Role::Text)], right: vec![span(since, Role::Muted)] };
    let focus = has_focus(state, OverviewPane::Changes);
    let inner = frame::draw(canvas, area, &titles, focus);
    let changes = &state.views.overview.changes;
    if changes.seen.is_empty() {
        states::say(
            canvas,
            inner,
            "nothing so far: ISR, leaders, topics, groups and configs are compared",
            Role::Muted,
        );
        return;
    }
    let (cursor, height) = (changes.cursor(), usize::from(inner.height));
    let first = first_visible(state.viewport(Pane::Changes).first, cursor, changes.seen.len(), height);
    let viewport = Viewport { first, height, len: changes.seen.len() };
    canvas.scrolled(Pane::Changes, inner, viewport);
    let marks = canvas.theme.marks;
    for ((index, change), y) in changes.seen.iter().enumerate().skip(first).zip(inner.top()..inner.bottom()) {
        let line = Rect { y, height: 1, ..inner };
        let leads = change.leads != Lead::Nowhere;
        let room = line.width.saturating_sub(if leads { 2 } else { 0 });
        let words: [Span<'_>; 2] = [
            span(format!("{}  ", change.at.clock_seconds(state.zone())), Role::Muted),
            span(change.text.as_str(), Role::Text),
        ];
        canvas.put_spans(line.x, y, room, &words);
        if leads {
            canvas.put_right(line, &[span(marks.leads, Role::Accent)]);
        }
        if index == cursor && focus {
            canvas.fill(line, Role::Selection);
        }
    }
}
