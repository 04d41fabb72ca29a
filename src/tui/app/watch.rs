//! Which data is kept fresh, and how often.
//!
//! Owns: the pace of each kind and the choice of what the screen needs now.
//! Invariant: one request per kind at a time; what no pane shows is not asked
//! for; a refused login is not tried again by itself; what is older than twice its
//! pace does not look as if it were of now.

use super::actions::lists;
use super::effect::{Effect, Request};
use super::remote::Ages;
use super::screens::topic::TopicTab;
use super::slot::Slot;
use super::state::{Screen, State};
use crate::domain::{Failure, FailureKind, GroupId, Time, TopicName};
use crate::profile::Refresh;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A kind of data, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Cluster,
    Topic(TopicName),
    Group(GroupId),
    /// A change of the journal, by its id.
    Change(String),
}

/// What is being watched.
#[derive(Debug, Default)]
pub struct Watches {
    running: BTreeMap<Slot, About>,
    /// Kinds that have been answered once since the cluster was opened.
    begun: BTreeSet<Slot>,
    /// From when on what is shown of a kind is too old to be shown without its age.
    overdue_at: BTreeMap<Slot, Time>,
    /// When that is looked at next.
    looks_at: Option<Time>,
}

/// A selection must rest this long before its detail is asked for.
const REST: Duration = Duration::from_millis(120);
const SLOWEST: Duration = Duration::from_secs(60);
/// Settings change seldom, and reading them is more than a glance.
const SETTINGS_EVERY: Duration = Duration::from_secs(60);
/// The first look at the settings lets the first screen come first.
const SETTINGS_AFTER: Duration = Duration::from_secs(5);
/// An answer that comes this soon after it was asked for need not be announced as late.
const GRACE_MILLIS: i64 = 500;
/// What shows rates needs a second sample before it has any to show.
const SECOND_SAMPLE: Duration = Duration::from_secs(1);

/// As the profile says; the journal is a file, which costs the cluster nothing.
fn pace(state: &State, slot: Slot) -> Duration {
    let refresh = state.link.session().map_or_else(Refresh::default, |session| session.refresh);
    match slot {
        Slot::TopicConfigs | Slot::Metadata | Slot::Brokers => refresh.metadata,
        Slot::Journal | Slot::LookInto => Duration::from_secs(10),
        Slot::Overrides => SETTINGS_EVERY,
        _ => refresh.lag,
    }
}

/// What the panes on screen show.
fn wanted(state: &State) -> Vec<(Slot, About)> {
    if state.link.session().is_none() {
        return Vec::new();
    }
    let mut wanted = vec![(Slot::Metadata, About::Cluster)];
    match state.screen {
        Screen::Overview => {
            wanted.extend([Slot::TopicLogs, Slot::Brokers, Slot::Groups].map(|slot| (slot, About::Cluster)));
        }
        Screen::Topics => {
            wanted.push((Slot::TopicLogs, About::Cluster));
            if let Some(topic) = state.topic_on_screen() {
                match state.views.topics.detail.tab {
                    TopicTab::Partitions => {}
                    TopicTab::Groups => wanted.push((Slot::TopicGroups, About::Topic(topic))),
                    TopicTab::Configs => wanted.push((Slot::TopicConfigs, About::Topic(topic))),
                }
            }
        }
        Screen::Groups => wanted.push((Slot::Groups, About::Cluster)),
        Screen::Group => {
            if let Some(id) = &state.views.group.id {
                wanted.push((Slot::Group, About::Group(id.clone())));
            }
        }
        Screen::Journal => {
            if let Some(entry) = state.views.journal.selected_unfinished() {
                wanted.push((Slot::LookInto, About::Change(entry.plan.id.clone())));
            }
        }
        Screen::Records | Screen::Profiles | Screen::Messages => {}
    }
    if state.data.metadata.value().is_some() {
        wanted.push((Slot::Overrides, About::Cluster));
    }
    // The file's name is the cluster's id, so it can be read once that is known; an
    // unfinished change is announced whatever is on screen.
    let is_at_start = state.data.metadata.value().is_some() && state.views.journal.was_never_read();
    if state.screen == Screen::Journal || is_at_start {
        wanted.push((Slot::Journal, About::Cluster));
    }
    wanted
}

fn request(state: &mut State, slot: Slot) -> Option<Request> {
    Some(match (slot, state.watches.running.get(&slot)?) {
        (Slot::Overrides, _) => {
            let metadata = state.data.metadata.value()?;
            Request::Overrides(state.views.overview.settings.next_round(metadata))
        }
        (Slot::Metadata, _) => Request::Metadata,
        (Slot::TopicLogs, _) => Request::TopicLogs { in_sight: lists::topics_in_sight(state) },
        (Slot::Brokers, _) => Request::Brokers,
        (Slot::Groups, _) => Request::Groups { in_sight: lists::groups_in_sight(state) },
        (Slot::Journal, _) => Request::Journal,
        (Slot::LookInto, About::Change(id)) => Request::LookInto(id.clone()),
        (Slot::TopicConfigs, About::Topic(topic)) => Request::TopicConfigs(topic.clone()),
        (Slot::TopicGroups, About::Topic(topic)) => Request::TopicGroups(topic.clone()),
        (Slot::Group, About::Group(group)) => Request::Group(group.clone()),
        _ => return None,
    })
}

/// Starts what is needed and not running, and stops what is no longer needed.
pub fn reconcile(state: &mut State, effects: &mut Vec<Effect>) {
    let wanted = wanted(state);
    let unwanted: Vec<Slot> = state
        .watches
        .running
        .iter()
        .filter(|(slot, about)| !wanted.iter().any(|(other, key)| other == *slot && key == *about))
        .map(|(slot, _)| *slot)
        .collect();
    for slot in unwanted {
        state.watches.running.remove(&slot);
        state.slots.cancel(slot);
        effects.push(Effect::Cancel(slot));
    }
    for (slot, about) in wanted {
        if !state.watches.running.contains_key(&slot) {
            let after = match (slot, &about) {
                (Slot::Overrides, _) => SETTINGS_AFTER,
                (_, About::Topic(_)) => REST,
                _ => Duration::ZERO,
            };
            mark_loading(state, slot, &about);
            let soonest = state.now.plus_millis(millis(after) + GRACE_MILLIS);
            let as_of = ageing(state, slot).and_then(|shown| shown.as_of());
            let too_old = as_of.map(|at| too_old(at, pace(state, slot)));
            state.watches.overdue_at.insert(slot, too_old.map_or(soonest, |at| at.max(soonest)));
            state.watches.running.insert(slot, about);
            start(state, slot, after, effects);
        }
    }
}

fn mark_loading(state: &mut State, slot: Slot, about: &About) {
    match slot {
        Slot::Metadata => state.data.metadata.begin(),
        Slot::TopicLogs => state.data.logs.begin(),
        Slot::Brokers => state.data.brokers.begin(),
        Slot::Groups => state.data.groups.begin(),
        Slot::TopicConfigs => state.views.topics.detail.configs.begin(),
        Slot::TopicGroups => state.views.topics.detail.groups.begin(),
        Slot::Group => state.views.group.detail.begin(),
        Slot::Journal => state.views.journal.view.begin(),
        Slot::LookInto => {
            if let About::Change(id) = about {
                state.views.journal.begin_look(id);
            }
        }
        _ => {}
    }
}

fn start(state: &mut State, slot: Slot, after: Duration, effects: &mut Vec<Effect>) {
    if let Some(request) = request(state, slot) {
        start_with(state, slot, after, request, effects);
    }
}

fn start_with(state: &mut State, slot: Slot, after: Duration, request: Request, effects: &mut Vec<Effect>) {
    let generation = state.slots.start(slot);
    effects.push(Effect::Start { slot, generation, after, request });
}

/// What is in sight is asked for first, and is known only when the pause is over.
pub fn begins_with_rest(slot: Slot) -> bool {
    matches!(slot, Slot::TopicLogs | Slot::Groups)
}

/// The pause before a round is over.
pub fn rested(state: &mut State, slot: Slot, effects: &mut Vec<Effect>) {
    start(state, slot, Duration::ZERO, effects);
}

/// Plans the next round of a kind that was answered.
pub fn answered(
    state: &mut State,
    slot: Slot,
    failure: Option<&Failure>,
    failures: u32,
    took: Duration,
    effects: &mut Vec<Effect>,
) {
    let is_first = state.watches.begun.insert(slot);
    if failure.is_none() {
        // Who takes longer than the pace sets a slower one.
        let at = too_old(state.now, pace(state, slot).max(took));
        state.watches.overdue_at.insert(slot, at);
    }
    let after = match failure {
        None if is_first && matches!(slot, Slot::TopicLogs | Slot::Groups) => SECOND_SAMPLE.max(took),
        None => pace(state, slot).max(took),
        Some(failure) => match failure.kind {
            FailureKind::Auth | FailureKind::Unsupported => return,
            _ => {
                let pace = pace(state, slot);
                pace.saturating_mul(1 << failures.saturating_sub(1).min(4)).min(SLOWEST.max(pace))
            }
        },
    };
    if begins_with_rest(slot) && state.watches.running.contains_key(&slot) {
        start_with(state, slot, after, Request::Rest, effects);
    } else {
        start(state, slot, after, effects);
    }
}

/// What is in sight is of now; the rest of the round is under way.
pub fn told(state: &mut State, slot: Slot) {
    let at = too_old(state.now, pace(state, slot));
    let known = state.watches.overdue_at.entry(slot).or_insert(at);
    *known = at.max(*known);
}

/// When something of this time is older than twice its pace.
fn too_old(at: Time, pace: Duration) -> Time {
    at.plus_millis(millis(pace).saturating_mul(2))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// What is shown of a kind.
fn ageing(state: &mut State, slot: Slot) -> Option<&mut dyn Ages> {
    Some(match slot {
        Slot::Metadata => &mut state.data.metadata,
        Slot::TopicLogs => &mut state.data.logs,
        Slot::Brokers => &mut state.data.brokers,
        Slot::Groups => &mut state.data.groups,
        Slot::TopicConfigs => &mut state.views.topics.detail.configs,
        Slot::TopicGroups => &mut state.views.topics.detail.groups,
        Slot::Group => &mut state.views.group.detail,
        Slot::Journal => &mut state.views.journal.view,
        _ => return None,
    })
}

/// Kinds on screen that look current, with the time from which they are not.
fn current(state: &mut State) -> Vec<(Slot, Time)> {
    let running: Vec<(Slot, Time)> = state.watches.overdue_at.iter().map(|(slot, at)| (*slot, *at)).collect();
    let is_watched = |state: &State, slot| state.watches.running.contains_key(&slot);
    let mut current = Vec::new();
    for (slot, at) in running {
        if is_watched(state, slot) && ageing(state, slot).is_some_and(|shown| shown.looks_current()) {
            current.push((slot, at));
        }
    }
    current
}

/// Waits until the next kind is too old, unless somebody looks sooner anyway.
pub fn wait_for_overdue(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(next) = current(state).into_iter().map(|(_, at)| at).min() else { return };
    if state.watches.looks_at.is_some_and(|at| at <= next) {
        return;
    }
    state.watches.looks_at = Some(next);
    let after = Duration::from_millis(u64::try_from(next.since(state.now)).unwrap_or(0));
    let generation = state.slots.start(Slot::Overdue);
    effects.push(Effect::Start { slot: Slot::Overdue, generation, after, request: Request::Rest });
}

/// What is too old by now says so from here on.
pub fn look_for_overdue(state: &mut State) {
    state.watches.looks_at = None;
    let now = state.now;
    for (slot, at) in current(state) {
        if at <= now
            && let Some(shown) = ageing(state, slot)
        {
            shown.become_overdue();
            state.is_dirty = true;
        }
    }
}

/// Asks for everything on screen at once.
pub fn refresh(state: &mut State, effects: &mut Vec<Effect>) {
    let slots: Vec<Slot> = state.watches.running.keys().copied().collect();
    for slot in slots {
        start(state, slot, Duration::ZERO, effects);
    }
}

/// Another cluster: nothing of the old one is watched.
pub fn forget(state: &mut State) {
    state.watches = Watches::default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::tui::command::KeyMap;
    use jiff::tz::TimeZone;
    use std::sync::Arc;

    #[test]
    fn the_second_sample_comes_soon_since_rates_need_it() {
        let mut state = State::new(Time(0), Arc::new(KeyMap::default()), TimeZone::UTC);
        let mut pauses_of = |slot| {
            state.watches.running.insert(slot, About::Cluster);
            [(); 3].map(|()| {
                let mut effects = Vec::new();
                answered(&mut state, slot, None, 0, Duration::ZERO, &mut effects);
                match effects.pop() {
                    Some(Effect::Start { after, .. }) => after.as_secs(),
                    other => panic!("{other:?}"),
                }
            })
        };
        assert_eq!(pauses_of(Slot::TopicLogs), [1, 5, 5]);
        assert_eq!(pauses_of(Slot::Metadata), [10, 10, 10], "what shows no rates has no hurry");
    }
}
