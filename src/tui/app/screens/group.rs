//! One group: its lag over time, its partitions, its members.

use crate::cluster::GroupDetail;
use crate::domain::group::{GroupType, LagPoint};
use crate::domain::headroom::Headroom;
use crate::domain::{GroupId, TopicPartition};
use crate::tui::app::list::Selection;
use crate::tui::app::remote::Remote;
use crate::tui::app::screens::topics::largest_first;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GroupTab {
    #[default]
    Partitions,
    Members,
    /// Of a streams group.
    Topology,
    /// What was seen of its members.
    Timeline,
}

#[derive(Debug, Default)]
pub struct GroupView {
    pub id: Option<GroupId>,
    pub detail: Remote<GroupDetail>,
    pub tab: GroupTab,
    pub selection: Selection<TopicPartition>,
    /// Indexes into the detail's partitions: those that retention threatens, then those
    /// with most lag.
    pub order: Vec<u32>,
    /// How many of them retention threatens.
    threatened: usize,
    pub member_cursor: usize,
    pub topology_cursor: usize,
    pub event_cursor: usize,
}

impl GroupView {
    pub fn turn_to(&mut self, id: GroupId) {
        if self.id.as_ref() != Some(&id) {
            *self = Self { id: Some(id), ..Self::default() };
        }
    }

    /// Orders the partitions anew and finds the selected one again.
    pub fn arrange(&mut self) {
        let Some(detail) = self.detail.value() else { return };
        let lags = detail.partitions.iter().map(|row| row.lag().get().map(|lag| lag as f64));
        self.order = largest_first(lags.zip(0..));
        let threat = |index: &u32| {
            let outlook = detail.outlook.known().and_then(|outlook| outlook.partitions.get(*index as usize));
            let headroom = outlook.and_then(|outlook| outlook.headroom.get());
            headroom.filter(|headroom| headroom.is_short()).map_or(u64::MAX, Headroom::urgency)
        };
        // Stable: where nothing threatens, the lag decides.
        self.order.sort_by_cached_key(threat);
        self.threatened = self.order.iter().filter(|index| threat(index) < u64::MAX).count();
        let order = &self.order;
        self.selection.settle(order.len(), |row| {
            order.get(row).and_then(|index| detail.partitions.get(*index as usize)).map(|row| row.partition.clone())
        });
    }
}

impl GroupView {
    /// The tabs that a group of its type has.
    pub fn tabs(&self) -> Vec<GroupTab> {
        let is_streams = |detail: &GroupDetail| detail.description.listing.kind == GroupType::Streams;
        let mut tabs = vec![GroupTab::Partitions, GroupTab::Members, GroupTab::Timeline];
        if self.tab == GroupTab::Topology || self.detail.value().is_some_and(|detail| is_streams(detail)) {
            tabs.insert(2, GroupTab::Topology);
        }
        tabs
    }

    /// Turns to the tab after this one, or before it.
    pub fn turn_tab(&mut self, forward: bool) {
        let tabs = self.tabs();
        let here = tabs.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        let step = if forward { 1 } else { tabs.len() - 1 };
        self.tab = tabs.get((here + step) % tabs.len()).copied().unwrap_or_default();
    }

    /// How many lines are told of its topology.
    pub fn topology_len(&self) -> usize {
        let topology = self.detail.value().and_then(|detail| detail.description.topology.as_deref());
        topology.map_or(0, |topology| topology.rows().count())
    }

    pub fn ordered_by(&self) -> &'static str {
        if self.threatened > 0 { "by headroom, then lag" } else { "by lag" }
    }
}

/// Records read and written a second over the kept history; `None` when it is too short.
pub fn rates(history: &[LagPoint]) -> Option<(f64, f64)> {
    let (first, last) = (history.first()?, history.last()?);
    let seconds = last.at.since(first.at) as f64 / 1000.0;
    if seconds < 1.0 {
        return None;
    }
    let (read, written) = LagPoint::moved(history).last()?;
    Some((read as f64 / seconds, written as f64 / seconds))
}

/// What to think of a group, in a mark and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub is_trouble: bool,
    pub text: String,
}

/// Only what was measured; nothing is concluded from less than two samples.
pub fn finding(detail: &GroupDetail) -> Finding {
    let lag = match detail.lag.fact() {
        crate::domain::Fact::Known(lag) => lag,
        crate::domain::Fact::Unknown(reason) => {
            return Finding { is_trouble: false, text: format!("lag unknown: {reason}") };
        }
    };
    let members = detail.description.members.len();
    let Some((read, written)) = rates(&detail.history) else {
        let text = if members == 0 && lag > 0 { "no member reads" } else { "measuring…" };
        return Finding { is_trouble: members == 0 && lag > 0, text: text.into() };
    };
    let growing = written - read;
    let (is_trouble, text) = if lag == 0 {
        (false, "keeps up".to_owned())
    } else if read < 0.0 {
        (true, "its offsets went back".to_owned())
    } else if read == 0.0 && written > 0.0 {
        (
            true,
            if members == 0 { "records arrive and no member reads" } else { "records arrive and nothing is committed" }
                .to_owned(),
        )
    } else if read == 0.0 {
        (members == 0, if members == 0 { "no member reads" } else { "nothing is committed" }.to_owned())
    } else if growing > read * 0.05 {
        (true, "reads slower than is written: the lag grows".to_owned())
    } else if growing < 0.0 {
        let millis = lag as f64 / -growing * 1000.0;
        (false, format!("catches up, drained in ~{}", crate::domain::show::duration(millis as u64)))
    } else {
        (false, "keeps pace".to_owned())
    };
    Finding { is_trouble, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;

    fn point(at: i64, committed: i64, end: i64) -> LagPoint {
        LagPoint { at: Time(at), lag: (end - committed).unsigned_abs(), committed, end, partitions: 2 }
    }

    #[test]
    fn rates_come_from_the_ends_of_the_history() {
        assert_eq!(rates(&[point(0, 0, 100)]), None);
        assert_eq!(rates(&[point(0, 0, 100), point(10_000, 500, 400)]), Some((50.0, 30.0)));
        let fewer = |at, committed, end| LagPoint { partitions: 1, ..point(at, committed, end) };
        let deleted = [point(0, 0, 100), point(5_000, 500, 400), fewer(7_000, 20, 30), fewer(10_000, 25, 40)];
        assert_eq!(rates(&deleted), Some((50.5, 31.0)), "a topic that was deleted was not read backwards");
    }
}
