//! The overview: facts about the cluster's health, each with a way in.

use crate::cluster::GroupRow;
use crate::domain::leaders::Spread;
use crate::domain::show;
use crate::domain::{BrokerId, GroupId, TopicName};
use crate::tui::app::changes::{Changes, Seen};
use crate::tui::app::screens::groups::worst_first;
use crate::tui::app::settings_seen::SettingsSeen;
use crate::tui::app::state::State;
use std::cmp::Ordering;
use std::sync::Arc;

/// The panes one can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OverviewPane {
    #[default]
    Health,
    Brokers,
    Topics,
    Groups,
    Changes,
}

impl OverviewPane {
    pub fn next(self) -> Self {
        match self {
            Self::Health => Self::Brokers,
            Self::Brokers => Self::Topics,
            Self::Topics => Self::Groups,
            Self::Groups => Self::Changes,
            Self::Changes => Self::Health,
        }
    }

    pub fn previous(self) -> Self {
        self.next().next().next().next()
    }
}

/// What the pane of the brokers shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BrokersTab {
    #[default]
    Brokers,
    /// Where the leaders of each topic are.
    Leaders,
}

impl BrokersTab {
    pub fn other(self) -> Self {
        match self {
            Self::Brokers => Self::Leaders,
            Self::Leaders => Self::Brokers,
        }
    }
}

#[derive(Debug, Default)]
pub struct OverviewView {
    pub pane: OverviewPane,
    pub health_cursor: usize,
    pub brokers_tab: BrokersTab,
    pub brokers_cursor: usize,
    pub leaders_cursor: usize,
    pub topics_cursor: usize,
    pub groups_cursor: usize,
    /// Changes seen since the profile was opened.
    pub changes: Changes,
    pub settings: SettingsSeen,
    /// Indexes into the metadata's topics, busiest first.
    pub busiest: Vec<u32>,
    /// Indexes into the metadata's topics, those with the most uneven leaders first.
    pub uneven: Vec<u32>,
    /// Indexes into the groups, the worst first.
    pub worst: Vec<u32>,
}

/// How a fact is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Fine,
    Look,
    Broken,
    Unknown,
}

/// Where a line of the health pane leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayIn {
    None,
    Topic(TopicName),
    Groups,
    Messages,
}

/// One line of the health pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthLine {
    pub mark: Mark,
    pub count: Option<u64>,
    pub text: String,
    pub way_in: WayIn,
}

/// The rows kept for the busiest topics and the worst groups.
pub const SHORT_LIST: usize = 50;

/// The lines of the health pane; empty until the cluster answered once.
pub fn health_lines(state: &State) -> Vec<HealthLine> {
    let Some(metadata) = state.data.metadata.value() else { return Vec::new() };
    let health = &metadata.health;
    let sure = metadata.may_describe_cluster != Some(false);
    let line = |count: usize, broken: Mark, text: String, way_in: WayIn| HealthLine {
        mark: match (count, sure) {
            (0, true) => Mark::Fine,
            (0, false) => Mark::Unknown,
            _ => broken,
        },
        count: Some(count as u64),
        text,
        way_in,
    };
    let to_topic = |place: &Option<crate::domain::TopicPartition>| {
        place.as_ref().map_or(WayIn::None, |place| WayIn::Topic(place.topic.clone()))
    };
    let missing: Vec<String> = health.missing_brokers.iter().map(ToString::to_string).collect();
    let under_replicated = match missing.as_slice() {
        [] => "under-replicated".to_owned(),
        [one] => format!("URP, all miss broker {one}"),
        many => format!("URP, missing brokers {}", many.join(" ")),
    };
    let mut lines = vec![
        line(health.offline, Mark::Broken, "offline partitions".into(), to_topic(&health.first_offline)),
        line(health.under_replicated, Mark::Look, under_replicated, to_topic(&health.first_under_replicated)),
        line(
            health.single_replica_topics,
            Mark::Look,
            topics_with_one_replica(health.single_replica_topics),
            WayIn::None,
        ),
    ];
    if let Some(groups) = state.data.groups.value() {
        let is_unstable = |row: &GroupRow| row.flaps.is_some() || is_rebalancing(row.listing.state);
        let unstable = groups.rows.iter().filter(|row| is_unstable(row)).count();
        lines.push(line(
            unstable,
            Mark::Look,
            if unstable == 1 { "group rebalancing".into() } else { "groups rebalancing".into() },
            if unstable > 0 { WayIn::Groups } else { WayIn::None },
        ));
    }
    lines.push(match metadata.controller {
        Some(id) => {
            HealthLine { mark: Mark::Fine, count: None, text: format!("controller: {id}"), way_in: WayIn::None }
        }
        None => HealthLine {
            mark: Mark::Unknown,
            count: None,
            text: "controller: none is named".into(),
            way_in: WayIn::None,
        },
    });
    if !sure {
        lines.push(HealthLine {
            mark: Mark::Unknown,
            count: None,
            text: "in part: no DESCRIBE on cluster".into(),
            way_in: WayIn::None,
        });
    }
    let failures = metadata.failures.len();
    if failures > 0 {
        let text = format!("{} without an answer", show::plural(failures, "broker"));
        lines.push(HealthLine { mark: Mark::Unknown, count: None, text, way_in: WayIn::Messages });
    }
    lines
}

fn topics_with_one_replica(count: usize) -> String {
    if count == 1 { "topic with RF 1".into() } else { "topics with RF 1".into() }
}

fn is_rebalancing(state: crate::domain::group::GroupState) -> bool {
    use crate::domain::group::GroupState as S;
    match state {
        S::PreparingRebalance | S::CompletingRebalance | S::Assigning | S::Reconciling => true,
        S::Stable | S::Empty | S::NotReady | S::Dead | S::Other(_) | S::Unknown => false,
    }
}

/// Ranks the busiest topics anew.
pub fn rank_topics(state: &mut State) {
    let (Some(metadata), Some(logs)) = (state.data.metadata.value(), state.data.logs.value()) else { return };
    let ranked: Vec<(f64, u32)> = logs
        .of(&metadata.topics)
        .zip(0u32..)
        .filter_map(|(log, index)| {
            let rate = log?.rate.get().map(f64::from)?;
            (rate > 0.0).then_some((rate, index))
        })
        .collect();
    state.views.overview.busiest = highest(ranked, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
}

/// The brokers there are, in rising order.
pub fn broker_ids(state: &State) -> Vec<BrokerId> {
    let metadata = state.data.metadata.value();
    let mut ids: Vec<BrokerId> =
        metadata.iter().flat_map(|known| known.brokers.iter().map(|broker| broker.id)).collect();
    ids.sort_unstable();
    ids
}

/// Ranks the topics by how unevenly they are led anew, where somebody looks at that.
pub fn rank_leaders(state: &mut State) {
    if state.views.overview.brokers_tab != BrokersTab::Leaders {
        return;
    }
    let brokers = broker_ids(state);
    let Some(metadata) = state.data.metadata.value() else { return };
    let ranked: Vec<((u32, usize), u32)> = metadata
        .topics
        .iter()
        .zip(0u32..)
        .map(|(topic, index)| ((Spread::of(topic, &brokers).excess(), topic.partitions.len()), index))
        .collect();
    state.views.overview.uneven = highest(ranked, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
}

/// The topic under the cursor of the leaders.
pub fn selected_uneven(state: &State) -> Option<TopicName> {
    let view = &state.views.overview;
    let index = *view.uneven.get(view.leaders_cursor)?;
    state.data.metadata.value()?.topics.get(index as usize).map(|topic| topic.name.clone())
}

/// Ranks the groups that are behind anew, the worst first.
pub fn rank_groups(state: &mut State) {
    let Some(groups) = state.data.groups.value() else { return };
    let last_lag = |row: &GroupRow| row.unseen.as_ref().map_or_else(|| row.lag.fact().get(), |unseen| unseen.lag);
    let is_behind = |row: &GroupRow| last_lag(row).is_some_and(|lag| lag > 0);
    let behind = groups.rows.iter().zip(0u32..).filter(|(row, _)| is_behind(row));
    let ranked: Vec<_> = behind.map(|(row, index)| (worst_first(row), index)).collect();
    state.views.overview.worst = highest(ranked, |a, b| a.cmp(b));
}

/// The first of a short list; of many only they are put in order.
fn highest<N>(mut ranked: Vec<(N, u32)>, order: impl Fn(&(N, u32), &(N, u32)) -> Ordering) -> Vec<u32> {
    if ranked.len() > SHORT_LIST {
        ranked.select_nth_unstable_by(SHORT_LIST, &order);
        ranked.truncate(SHORT_LIST);
    }
    ranked.sort_unstable_by(order);
    ranked.into_iter().map(|(_, index)| index).collect()
}

/// The change under the cursor.
pub fn selected_change(state: &State) -> Option<&Seen> {
    state.views.overview.changes.selected()
}

/// The topic under the cursor of the busiest topics.
pub fn selected_topic(state: &State) -> Option<TopicName> {
    let view = &state.views.overview;
    let index = *view.busiest.get(view.topics_cursor)?;
    let metadata: &Arc<_> = state.data.metadata.value()?;
    metadata.topics.get(index as usize).map(|topic| topic.name.clone())
}

/// The group under the cursor of the groups to look at.
pub fn selected_group(state: &State) -> Option<GroupId> {
    let view = &state.views.overview;
    let index = *view.worst.get(view.groups_cursor)?;
    state.data.groups.value()?.rows.get(index as usize).map(|row| row.listing.id.clone())
}
