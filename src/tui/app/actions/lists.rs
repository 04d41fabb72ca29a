//! Moving, sorting, filtering and marking in lists.

use super::super::drawn::Pane;
use super::super::effect::{Effect, Request};
use super::super::list::Motion;
use super::super::notes::Tone;
use super::super::screens::groups::{self, GroupSort};
use super::super::screens::overview::{BrokersTab, OverviewPane};
use super::super::screens::records::RecordsPane;
use super::super::screens::topic::TopicTab;
use super::super::screens::topics::{self, TopicSort};
use super::super::slot::Slot;
use super::super::state::{Screen, State};
use super::start;
use crate::domain::{GroupId, TopicName};
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::screens::group::GroupTab;
use crate::tui::app::screens::overview::health_lines;
use std::sync::Arc;

/// More rows than this are sorted and filtered off the loop.
const MANY_ROWS: usize = 20_000;
/// Rows that a tall screen shows.
const TALL: usize = 100;

/// The pane that has the keyboard.
pub fn focused(state: &State) -> Option<Pane> {
    if let Some(dialog) = state.dialogs.last() {
        return match dialog {
            Dialog::Plan(_) => Some(Pane::Plan),
            Dialog::Partitions(_) => Some(Pane::Partitions),
            Dialog::Help(_) => Some(Pane::Help),
            Dialog::Palette(_) => Some(Pane::Palette),
            Dialog::Menu(_) => Some(Pane::Menu),
            Dialog::Probe(_) => Some(Pane::Probe),
            Dialog::Compression(_) => Some(Pane::Compression),
            Dialog::Export(_) => Some(Pane::Export),
            Dialog::Reset(_) | Dialog::TypeName(_) | Dialog::Form(_) | Dialog::Profile(_) | Dialog::Secret(_) => None,
        };
    }
    Some(match state.screen {
        Screen::Overview => match state.views.overview.pane {
            OverviewPane::Health => Pane::Health,
            OverviewPane::Brokers => match state.views.overview.brokers_tab {
                BrokersTab::Brokers => Pane::Brokers,
                BrokersTab::Leaders => Pane::Leaders,
            },
            OverviewPane::Topics => Pane::BusiestTopics,
            OverviewPane::Groups => Pane::WorstGroups,
            OverviewPane::Changes => Pane::Changes,
        },
        Screen::Topics if state.views.topics.in_detail => detail_pane(state.views.topics.detail.tab),
        Screen::Topics => Pane::Topics,
        Screen::Groups => Pane::Groups,
        Screen::Group => match state.views.group.tab {
            GroupTab::Partitions => Pane::GroupPartitions,
            GroupTab::Members => Pane::GroupMembers,
            GroupTab::Topology => Pane::GroupTopology,
            GroupTab::Timeline => Pane::GroupTimeline,
        },
        Screen::Records => match state.views.records.pane {
            RecordsPane::List => Pane::Records,
            RecordsPane::Value => Pane::RecordValue,
            RecordsPane::Facts => Pane::RecordFacts,
        },
        Screen::Journal => Pane::Journal,
        Screen::Profiles => Pane::Profiles,
        Screen::Messages => Pane::Messages,
    })
}

pub fn detail_pane(tab: TopicTab) -> Pane {
    match tab {
        TopicTab::Partitions => Pane::TopicPartitions,
        TopicTab::Groups => Pane::TopicGroups,
        TopicTab::Configs => Pane::TopicConfigs,
    }
}

pub fn motion(state: &mut State, motion: Motion) {
    if let Some(pane) = focused(state) {
        move_in(state, pane, motion);
    }
}

/// Gives the keyboard to the pane that was clicked.
pub fn focus(state: &mut State, pane: Pane) {
    match pane {
        Pane::Health => state.views.overview.pane = OverviewPane::Health,
        Pane::Brokers | Pane::Leaders => state.views.overview.pane = OverviewPane::Brokers,
        Pane::BusiestTopics => state.views.overview.pane = OverviewPane::Topics,
        Pane::WorstGroups => state.views.overview.pane = OverviewPane::Groups,
        Pane::Changes => state.views.overview.pane = OverviewPane::Changes,
        Pane::Topics => state.views.topics.in_detail = false,
        Pane::TopicPartitions | Pane::TopicGroups | Pane::TopicConfigs => state.views.topics.in_detail = true,
        Pane::Records => state.views.records.pane = RecordsPane::List,
        Pane::RecordValue => state.views.records.pane = RecordsPane::Value,
        Pane::RecordFacts => state.views.records.pane = RecordsPane::Facts,
        Pane::Groups
        | Pane::GroupPartitions
        | Pane::GroupMembers
        | Pane::GroupTopology
        | Pane::GroupTimeline
        | Pane::Journal
        | Pane::Profiles
        | Pane::Messages
        | Pane::Plan
        | Pane::Partitions
        | Pane::Help
        | Pane::Probe
        | Pane::Compression
        | Pane::Export
        | Pane::Palette
        | Pane::Menu => {}
    }
}

/// The selected row of a pane, and how many there are.
fn position(state: &State, pane: Pane) -> (usize, usize) {
    let views = &state.views;
    let detail = &views.topics.detail;
    match pane {
        Pane::Brokers => (views.overview.brokers_cursor, state.data.brokers.value().map_or(0, |rows| rows.len())),
        Pane::Leaders => (views.overview.leaders_cursor, views.overview.uneven.len()),
        Pane::Health => (views.overview.health_cursor, health_lines(state).len()),
        Pane::BusiestTopics => (views.overview.topics_cursor, views.overview.busiest.len()),
        Pane::WorstGroups => (views.overview.groups_cursor, views.overview.worst.len()),
        Pane::Changes => (views.overview.changes.cursor(), views.overview.changes.seen.len()),
        Pane::Topics => (views.topics.selection.cursor(), views.topics.order.len()),
        Pane::TopicPartitions => {
            let topic = state.data.metadata.value().and_then(|metadata| metadata.topic(detail.of.as_ref()?.as_str()));
            (detail.partition.cursor(), topic.map_or(0, |topic| topic.partitions.len()))
        }
        Pane::TopicGroups => (detail.group.cursor(), detail.groups.value().map_or(0, |groups| groups.value.len())),
        Pane::TopicConfigs => (detail.config.cursor(), detail.configs.value().map_or(0, |configs| configs.len())),
        Pane::Groups => (views.groups.selection.cursor(), views.groups.order.len()),
        Pane::GroupPartitions => (views.group.selection.cursor(), views.group.order.len()),
        Pane::GroupTopology => (views.group.topology_cursor, views.group.topology_len()),
        Pane::GroupTimeline => {
            (views.group.event_cursor, views.group.detail.value().map_or(0, |group| group.events.len()))
        }
        Pane::GroupMembers => {
            (views.group.member_cursor, views.group.detail.value().map_or(0, |group| group.description.members.len()))
        }
        Pane::Records => (views.records.cursor(), views.records.ring.len()),
        Pane::Journal => {
            (views.journal.selection.cursor(), views.journal.view.value().map_or(0, |view| view.entries.len()))
        }
        Pane::Profiles => (views.profiles.selection.cursor(), views.profiles.cards.len()),
        Pane::Messages => (views.messages.cursor, state.notes.len()),
        Pane::RecordValue => (views.records.value_scroll, state.viewport(pane).len),
        Pane::RecordFacts => (views.records.facts_scroll, state.viewport(pane).len),
        Pane::Plan
        | Pane::Partitions
        | Pane::Help
        | Pane::Palette
        | Pane::Menu
        | Pane::Probe
        | Pane::Compression
        | Pane::Export => match state.dialogs.last() {
            Some(Dialog::Plan(plan)) => (plan.scroll, state.viewport(pane).len),
            Some(Dialog::Partitions(dialog)) => (dialog.cursor, dialog.choices()),
            Some(Dialog::Help(help)) => (help.scroll, state.viewport(pane).len),
            Some(Dialog::Palette(palette)) => (palette.cursor, palette.hits.len()),
            Some(Dialog::Menu(menu)) => (menu.cursor, menu.len(&state.look)),
            Some(Dialog::Probe(probe)) => (probe.scroll, state.viewport(pane).len),
            Some(Dialog::Compression(dialog)) => (dialog.scroll, state.viewport(pane).len),
            Some(Dialog::Export(dialog)) => (dialog.scroll, state.viewport(pane).len),
            Some(Dialog::Reset(_) | Dialog::TypeName(_) | Dialog::Form(_) | Dialog::Profile(_) | Dialog::Secret(_))
            | None => (0, 0),
        },
    }
}

pub fn move_in(state: &mut State, pane: Pane, motion: Motion) {
    let height = state.viewport(pane).height;
    if pane == Pane::Records {
        state.views.records.move_by(motion, height);
        return;
    }
    let (cursor, len) = position(state, pane);
    let to = match pane {
        // Texts scroll as a whole.
        Pane::RecordValue
        | Pane::RecordFacts
        | Pane::Plan
        | Pane::Help
        | Pane::Probe
        | Pane::Compression
        | Pane::Export => motion.scroll(cursor, len, height),
        _ => motion.apply(cursor, len, height),
    };
    go_to(state, pane, to);
}

/// Selects row `row` of a pane.
pub fn go_to(state: &mut State, pane: Pane, row: usize) {
    let (_, len) = position(state, pane);
    let State { views, data, dialogs, notes: _, .. } = state;
    match pane {
        Pane::Brokers => views.overview.brokers_cursor = row.min(len.saturating_sub(1)),
        Pane::Leaders => views.overview.leaders_cursor = row.min(len.saturating_sub(1)),
        Pane::Health => views.overview.health_cursor = row.min(len.saturating_sub(1)),
        Pane::BusiestTopics => views.overview.topics_cursor = row.min(len.saturating_sub(1)),
        Pane::WorstGroups => views.overview.groups_cursor = row.min(len.saturating_sub(1)),
        Pane::Changes => views.overview.changes.go_to(row),
        Pane::Topics => {
            let Some(metadata) = data.metadata.value() else { return };
            let order = Arc::clone(&views.topics.order);
            let name_at = |row: usize| metadata.topics.get(*order.get(row)? as usize).map(|topic| topic.name.clone());
            views.topics.selection.go_to(row, len, name_at);
            turn_detail(state);
        }
        Pane::TopicPartitions => {
            let detail = &mut views.topics.detail;
            let topic = data.metadata.value().and_then(|metadata| metadata.topic(detail.of.as_ref()?.as_str()));
            detail.partition.go_to(row, len, |row| topic?.partitions.get(row).map(|partition| partition.id));
        }
        Pane::TopicGroups => {
            let detail = &mut views.topics.detail;
            let groups = detail.groups.value();
            detail.group.go_to(row, len, |row| groups?.value.get(row).map(|group| group.listing.id.clone()));
        }
        Pane::TopicConfigs => {
            let detail = &mut views.topics.detail;
            let configs = detail.configs.value();
            detail.config.go_to(row, len, |row| configs?.get(row).map(|config| config.name.clone()));
        }
        Pane::Groups => {
            let Some(groups) = data.groups.value() else { return };
            let view = &mut views.groups;
            let order = &view.order;
            let id_at = |row: usize| groups.rows.get(*order.get(row)? as usize).map(|row| row.listing.id.clone());
            view.selection.go_to(row, len, id_at);
        }
        Pane::GroupPartitions => {
            let view = &mut views.group;
            let Some(detail) = view.detail.value() else { return };
            let order = &view.order;
            let at = |row: usize| detail.partitions.get(*order.get(row)? as usize).map(|row| row.partition.clone());
            view.selection.go_to(row, len, at);
        }
        Pane::GroupMembers => views.group.member_cursor = row.min(len.saturating_sub(1)),
        Pane::GroupTopology => views.group.topology_cursor = row.min(len.saturating_sub(1)),
        Pane::GroupTimeline => views.group.event_cursor = row.min(len.saturating_sub(1)),
        Pane::Records => {
            views.records.is_following = false;
            views.records.go_to(row);
        }
        Pane::RecordValue => views.records.value_scroll = row,
        Pane::RecordFacts => views.records.facts_scroll = row,
        Pane::Journal => {
            let view = &mut views.journal;
            let journal = view.view.value();
            view.selection.go_to(row, len, |row| journal?.entries.get(row).map(|entry| entry.plan.id.clone()));
        }
        Pane::Profiles => {
            let cards = &views.profiles.cards;
            views.profiles.selection.go_to(row, len, |row| cards.get(row).map(|card| card.name.clone()));
        }
        Pane::Messages => views.messages.cursor = row.min(len.saturating_sub(1)),
        Pane::Plan
        | Pane::Partitions
        | Pane::Help
        | Pane::Palette
        | Pane::Menu
        | Pane::Probe
        | Pane::Compression
        | Pane::Export => match dialogs.last_mut() {
            Some(Dialog::Plan(plan)) => plan.scroll = row,
            Some(Dialog::Partitions(dialog)) => dialog.cursor = row.min(len.saturating_sub(1)),
            Some(Dialog::Help(help)) => help.scroll = row,
            Some(Dialog::Palette(palette)) => palette.cursor = row.min(len.saturating_sub(1)),
            Some(Dialog::Menu(menu)) => menu.cursor = row.min(len.saturating_sub(1)),
            Some(Dialog::Probe(probe)) => probe.scroll = row,
            Some(Dialog::Compression(dialog)) => dialog.scroll = row,
            Some(Dialog::Export(dialog)) => dialog.scroll = row,
            Some(Dialog::Reset(_) | Dialog::TypeName(_) | Dialog::Form(_) | Dialog::Profile(_) | Dialog::Secret(_))
            | None => {}
        },
    }
}

/// The detail follows the selection.
pub fn turn_detail(state: &mut State) {
    let topic = state.views.topics.selection.key().cloned();
    state.views.topics.detail.turn_to(topic);
    settle_detail(state);
}

fn settle_detail(state: &mut State) {
    let detail = &mut state.views.topics.detail;
    let topic = state.data.metadata.value().and_then(|metadata| metadata.topic(detail.of.as_ref()?.as_str()));
    let count = topic.map_or(0, |topic| topic.partitions.len());
    detail.partition.settle(count, |row| topic?.partitions.get(row).map(|partition| partition.id));
}

pub fn edit_filter(state: &mut State) {
    match state.screen {
        Screen::Topics => {
            state.views.topics.in_detail = false;
            state.views.topics.filter.is_editing = true;
        }
        Screen::Groups => state.views.groups.filter.is_editing = true,
        Screen::Overview | Screen::Group | Screen::Records | Screen::Journal | Screen::Profiles | Screen::Messages => {}
    }
}

pub fn mark(state: &mut State) {
    match state.screen {
        Screen::Topics => state.views.topics.selection.toggle_mark(),
        Screen::Groups => state.views.groups.selection.toggle_mark(),
        Screen::Group if state.views.group.tab != GroupTab::Partitions => {
            state.say(Tone::Info, "only partitions can be marked");
            return;
        }
        Screen::Group => state.views.group.selection.toggle_mark(),
        Screen::Records => {
            if let Err(why) = state.views.records.toggle_mark() {
                state.say(Tone::Info, why);
                return;
            }
            if state.views.records.in_record {
                return;
            }
        }
        Screen::Overview | Screen::Journal | Screen::Profiles | Screen::Messages => {}
    }
    motion(state, Motion::Down);
}

pub fn sort_topics(state: &mut State, by: TopicSort, effects: &mut Vec<Effect>) {
    state.views.topics.sort.choose(by);
    arrange_topics(state, effects);
}

pub fn sort_groups(state: &mut State, by: GroupSort, effects: &mut Vec<Effect>) {
    state.views.groups.sort.choose(by);
    arrange_groups(state, effects);
}

/// Puts the lists in order again after rows, filter or sort changed.
pub fn arrange(state: &mut State, effects: &mut Vec<Effect>) {
    arrange_topics(state, effects);
    arrange_groups(state, effects);
}

pub fn arrange_topics(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(metadata) = state.data.metadata.value().map(Arc::clone) else { return };
    let logs = state.data.logs.value().map(Arc::clone);
    let view = &state.views.topics;
    let (filter, sort) = (view.filter.text().to_owned(), view.sort);
    if metadata.topics.len() > MANY_ROWS && (sort.by != TopicSort::Name || !filter.is_empty()) {
        let request = Request::OrderTopics { metadata, logs, filter, sort };
        start(state, Slot::TopicOrder, request, effects);
    } else {
        state.slots.cancel(Slot::TopicOrder);
        let order = topics::order(&metadata, logs.as_deref(), &filter, sort);
        take_topic_order(state, Arc::new(order));
    }
}

pub fn take_topic_order(state: &mut State, order: Arc<Vec<u32>>) {
    let Some(metadata) = state.data.metadata.value() else { return };
    let view = &mut state.views.topics;
    // Who looks into a topic that is deleted meanwhile must not find another in its place.
    let is_gone = |topic: &TopicName| metadata.topic(topic.as_str()).is_none();
    if view.in_detail && view.selection.key().is_some_and(is_gone) {
        view.order = order;
        return;
    }
    view.selection.settle(order.len(), |row| {
        order.get(row).and_then(|index| metadata.topics.get(*index as usize)).map(|topic| topic.name.clone())
    });
    view.order = order;
    turn_detail(state);
}

/// The rows that may be in view: the cursor's always is.
fn around(cursor: usize, order: &[u32]) -> &[u32] {
    let rows = cursor.saturating_sub(TALL)..cursor.saturating_add(TALL).min(order.len());
    order.get(rows).unwrap_or_default()
}

/// The topics that the screen shows.
pub fn topics_in_sight(state: &State) -> Vec<TopicName> {
    let Some(metadata) = state.data.metadata.value() else { return Vec::new() };
    let name = |index: &u32| metadata.topics.get(*index as usize).map(|topic| topic.name.clone());
    match state.screen {
        Screen::Overview => state.views.overview.busiest.iter().filter_map(name).collect(),
        Screen::Topics => {
            let view = &state.views.topics;
            around(view.selection.cursor(), &view.order).iter().filter_map(name).collect()
        }
        _ => Vec::new(),
    }
}

/// The groups that the screen shows.
pub fn groups_in_sight(state: &State) -> Vec<GroupId> {
    let Some(groups) = state.data.groups.value() else { return Vec::new() };
    let id = |index: &u32| groups.rows.get(*index as usize).map(|row| row.listing.id.clone());
    match state.screen {
        Screen::Overview => state.views.overview.worst.iter().filter_map(id).collect(),
        Screen::Groups => {
            let view = &state.views.groups;
            around(view.selection.cursor(), &view.order).iter().filter_map(id).collect()
        }
        _ => Vec::new(),
    }
}

pub fn arrange_groups(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(groups) = state.data.groups.value().map(Arc::clone) else { return };
    let view = &state.views.groups;
    let (filter, sort) = (view.filter.text().to_owned(), view.sort);
    if groups.rows.len() > MANY_ROWS && (sort.by != GroupSort::Name || !filter.is_empty()) {
        start(state, Slot::GroupOrder, Request::OrderGroups { groups, filter, sort }, effects);
    } else {
        state.slots.cancel(Slot::GroupOrder);
        let order = groups::order(&groups, &filter, sort);
        take_group_order(state, Arc::new(order));
    }
}

pub fn take_group_order(state: &mut State, order: Arc<Vec<u32>>) {
    let Some(groups) = state.data.groups.value() else { return };
    let view = &mut state.views.groups;
    view.selection.settle(order.len(), |row| {
        order.get(row).and_then(|index| groups.rows.get(*index as usize)).map(|row| row.listing.id.clone())
    });
    view.order = order;
}
