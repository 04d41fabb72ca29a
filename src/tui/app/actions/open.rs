//! Going in: views, panes, tabs, and the selected row.

use super::super::changes::Lead;
use super::super::dialogs::Dialog;
use super::super::effect::Effect;
use super::super::notes::Tone;
use super::super::screens::overview::{
    BrokersTab, OverviewPane, WayIn, health_lines, rank_leaders, selected_change, selected_group, selected_topic,
    selected_uneven,
};
use super::super::screens::records::{Position, Reading, RecordsPane, Why};
use super::super::screens::topic::TopicTab;
use super::super::state::{Screen, Spot, State};
use super::{leave, lists, records};
use crate::domain::record::StartAt;
use crate::domain::{GroupId, TopicName};
use crate::tui::command::Place;

/// Places remembered in each direction.
const REMEMBERED: usize = 50;
/// Why a list without rows opens nothing.
const NOTHING_HERE: &str = "there is no row to open";

/// Remembers the place that is left.
fn leave_spot(state: &mut State) {
    let spot = state.spot();
    state.last = Some(spot.clone());
    if state.back.last() != Some(&spot) {
        state.back.push(spot);
    }
    if state.back.len() > REMEMBERED {
        state.back.remove(0);
    }
    state.forward.clear();
}

/// Goes a level deeper, to come back by `esc`.
pub fn deeper(state: &mut State) {
    leave_spot(state);
    state.depth += 1;
}

/// Switches to a view by its number: a new beginning, not a level deeper.
pub fn screen(state: &mut State, screen: Screen) {
    state.dialogs.clear();
    if state.screen != screen {
        leave_spot(state);
        state.screen = screen;
    }
    state.depth = 0;
}

pub fn history(state: &mut State, is_back: bool, effects: &mut Vec<Effect>) {
    let from = if is_back { &mut state.back } else { &mut state.forward };
    let Some(spot) = from.pop() else { return };
    let here = state.spot();
    state.last = Some(here.clone());
    if is_back {
        state.forward.push(here)
    } else {
        state.back.push(here)
    }
    go(state, spot, effects);
}

/// `-`: where one was last, and back again.
pub fn last(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(last) = state.last.take() {
        spot(state, last, effects);
    }
}

/// Goes to a place one was at.
pub fn spot(state: &mut State, spot: Spot, effects: &mut Vec<Effect>) {
    leave_spot(state);
    go(state, spot, effects);
}

fn go(state: &mut State, spot: Spot, effects: &mut Vec<Effect>) {
    state.screen = spot.screen;
    state.depth = spot.depth;
    match spot.screen {
        Screen::Topics => {
            state.views.topics.in_detail = spot.in_detail;
            if let Some(topic) = spot.topic {
                state.views.topics.selection.select(topic);
                lists::arrange_topics(state, effects);
            }
        }
        Screen::Group => {
            if let Some(group) = spot.group {
                state.views.group.turn_to(group);
            }
        }
        Screen::Groups => {
            if let Some(group) = spot.group {
                state.views.groups.selection.select(group);
                lists::arrange_groups(state, effects);
            }
        }
        Screen::Overview | Screen::Records | Screen::Journal | Screen::Profiles | Screen::Messages => {}
    }
}

/// `enter` on the selected row.
pub fn selected(state: &mut State, effects: &mut Vec<Effect>) {
    match state.place() {
        Place::Overview => match state.views.overview.pane {
            OverviewPane::Health => way_in(state, effects),
            OverviewPane::Brokers => match (state.views.overview.brokers_tab, selected_uneven(state)) {
                // What a broker has to do with is what it leads.
                (BrokersTab::Brokers, _) => next_tab(state, true),
                (BrokersTab::Leaders, Some(name)) => topic(state, name, effects),
                (BrokersTab::Leaders, None) => {}
            },
            OverviewPane::Topics => {
                if let Some(name) = selected_topic(state) {
                    topic(state, name, effects);
                }
            }
            OverviewPane::Groups => {
                if let Some(id) = selected_group(state) {
                    group(state, id);
                }
            }
            OverviewPane::Changes => match selected_change(state).map(|change| change.leads.clone()) {
                Some(Lead::Topic(name)) => topic(state, name, effects),
                Some(Lead::Group(id)) => group(state, id),
                Some(Lead::Nowhere) => state.say(Tone::Info, "what this was about is not there to be opened"),
                None => {}
            },
        },
        Place::Topics => state.views.topics.in_detail = true,
        Place::Topic => in_topic(state, effects),
        Place::Groups => {
            if let Some(id) = state.group_on_screen() {
                group(state, id);
            }
        }
        Place::Group => at_committed(state, effects),
        Place::Records => record(state),
        Place::Record
        | Place::Journal
        | Place::Profiles
        | Place::Messages
        | Place::Filter
        | Place::Plan
        | Place::PlanResult
        | Place::TypeName
        | Place::Reset
        | Place::Partitions
        | Place::Form
        | Place::RecordForm
        | Place::Help
        | Place::Palette
        | Place::Menu
        | Place::ProfileForm
        | Place::Probe
        | Place::Compression
        | Place::Export
        | Place::Secret => {}
    }
}

/// The selected record as large as the screen; the list stands still behind it.
fn record(state: &mut State) {
    let records = &mut state.views.records;
    records.is_following = false;
    (records.in_record, records.pane) = (true, RecordsPane::Value);
}

fn way_in(state: &mut State, effects: &mut Vec<Effect>) {
    let lines = health_lines(state);
    match lines.get(state.views.overview.health_cursor).map(|line| line.way_in.clone()) {
        Some(WayIn::Topic(name)) => topic(state, name, effects),
        Some(WayIn::Groups) => screen(state, Screen::Groups),
        Some(WayIn::Messages) => screen(state, Screen::Messages),
        Some(WayIn::None) | None => state.say(Tone::Info, "this line leads nowhere: the fact is all there is"),
    }
}

/// Shows the detail of a topic, whatever the list is narrowed to.
pub fn topic(state: &mut State, name: TopicName, effects: &mut Vec<Effect>) {
    deeper(state);
    let view = &mut state.views.topics;
    view.filter.clear();
    view.selection.select(name);
    view.in_detail = true;
    state.screen = Screen::Topics;
    lists::arrange_topics(state, effects);
}

pub fn group(state: &mut State, id: GroupId) {
    deeper(state);
    state.views.group.turn_to(id);
    state.screen = Screen::Group;
}

/// `enter` in the detail of a topic.
fn in_topic(state: &mut State, effects: &mut Vec<Effect>) {
    let detail = &state.views.topics.detail;
    match detail.tab {
        TopicTab::Partitions => {
            let (Some(topic), Some(partition)) = (detail.of.clone(), detail.partition.key().copied()) else {
                state.say(Tone::Info, NOTHING_HERE);
                return;
            };
            let view = state.usual_view(topic.as_str());
            let reading =
                Reading { partitions: Some(vec![partition]), ..Reading::of(topic, StartAt::Latest(100), view) };
            records::open(state, reading, effects);
        }
        TopicTab::Groups => {
            let row = detail.groups.value().and_then(|groups| groups.value.get(detail.group.cursor()));
            match row.map(|row| row.listing.id.clone()) {
                Some(id) => group(state, id),
                None => state.say(Tone::Info, NOTHING_HERE),
            }
        }
        TopicTab::Configs => {
            let row = detail.configs.value().and_then(|configs| configs.get(detail.config.cursor()));
            let said = row.map(|row| match &row.documentation {
                Some(documentation) => format!("{}: {documentation}", row.name),
                None => format!("{}: the broker says nothing about it", row.name),
            });
            state.say(Tone::Info, said.unwrap_or_else(|| NOTHING_HERE.into()));
        }
    }
}

/// Records shown before the one that a group reads next.
const BEFORE: i64 = 5;

/// `enter` on a group's partition: the record that is read next, among those around it.
fn at_committed(state: &mut State, effects: &mut Vec<Effect>) {
    let view = &state.views.group;
    let Some(detail) = view.detail.value() else { return };
    let row = view.order.get(view.selection.cursor()).and_then(|index| detail.partitions.get(*index as usize));
    let Some(row) = row else {
        state.say(Tone::Info, NOTHING_HERE);
        return;
    };
    let offset = row.committed.known().and_then(Option::as_ref).map(|committed| committed.offset);
    let log_start = row.start.get().unwrap_or(0);
    let before = |offset: i64| StartAt::Offset(offset.saturating_sub(BEFORE).max(log_start.min(offset)));
    let start = offset.map_or(StartAt::Earliest, before);
    let group = detail.description.listing.id.clone();
    let position = offset.map(|offset| Position { why: Why::Committed(group), offset });
    let view = state.usual_view(row.partition.topic.as_str());
    let reading = Reading {
        partitions: Some(vec![row.partition.partition]),
        position,
        ..Reading::of(row.partition.topic.clone(), start, view)
    };
    records::open(state, reading, effects);
}

/// The record that the selected dead letter was, among those around it.
pub fn source(state: &mut State, effects: &mut Vec<Effect>) {
    let records = &state.views.records;
    let (Some(letter), Some((topic, partition, offset))) = (records.selected(), records.source()) else { return };
    let record = &letter.record;
    let why = Why::Became { topic: record.topic.clone(), partition: record.partition, offset: record.offset };
    let view = state.usual_view(topic.as_str());
    let reading = Reading {
        partitions: Some(vec![partition]),
        position: Some(Position { why, offset }),
        ..Reading::of(topic, StartAt::Offset(offset.saturating_sub(BEFORE).max(0)), view)
    };
    records::open(state, reading, effects);
}

/// The first record that the plan on screen has written, among those around it.
pub fn written(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last() else { return };
    let Some((topic, partition, offset)) = dialog.first_written() else { return };
    leave::leave_plan(state, effects);
    let view = state.usual_view(topic.as_str());
    let reading = Reading {
        partitions: Some(vec![partition]),
        position: Some(Position { why: Why::Written, offset }),
        ..Reading::of(topic, StartAt::Offset(offset.saturating_sub(BEFORE).max(0)), view)
    };
    records::open(state, reading, effects);
}

pub fn next_pane(state: &mut State, forward: bool) {
    match state.screen {
        Screen::Overview => {
            let pane = state.views.overview.pane;
            state.views.overview.pane = if forward { pane.next() } else { pane.previous() };
        }
        Screen::Topics => state.views.topics.in_detail = !state.views.topics.in_detail,
        Screen::Records => {
            let pane = state.views.records.pane;
            state.views.records.pane = match pane {
                RecordsPane::Value if state.views.records.in_record => RecordsPane::Facts,
                _ if state.views.records.in_record => RecordsPane::Value,
                _ if forward => pane.next(),
                _ => pane.previous(),
            };
        }
        Screen::Groups | Screen::Group | Screen::Journal | Screen::Profiles | Screen::Messages => {}
    }
}

pub fn next_tab(state: &mut State, forward: bool) {
    match state.screen {
        Screen::Topics => {
            let tab = state.views.topics.detail.tab;
            state.views.topics.detail.tab = if forward { tab.next() } else { tab.previous() };
        }
        Screen::Group => state.views.group.turn_tab(forward),
        Screen::Overview => {
            let view = &mut state.views.overview;
            view.brokers_tab = view.brokers_tab.other();
            rank_leaders(state);
        }
        Screen::Groups | Screen::Records | Screen::Journal | Screen::Profiles | Screen::Messages => {}
    }
}
