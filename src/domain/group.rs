//! Consumer groups: who is in them, what they committed, how far behind they are.

mod detail;
mod word;

pub use detail::{
    MemberDetail, NodeWork, StreamsDetail, Subtopology, Task, Tasks, Topology, TopologyNode, TopologyPart, TopologyRow,
};
pub use word::Word;

use super::{BrokerId, Fact, GroupId, Offset, Time, TopicPartition};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupType {
    Classic,
    /// The consumer protocol of Kafka 4 (KIP-848).
    Consumer,
    Share,
    Streams,
    /// A type that is newer than klamm.
    Other(Word),
    /// Not told.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupState {
    Stable,
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Assigning,
    Reconciling,
    NotReady,
    /// The group does not exist.
    Dead,
    /// A state that is newer than klamm.
    Other(Word),
    /// Not told.
    Unknown,
}

impl GroupState {
    pub const ALL: [Self; 9] = [
        Self::Stable,
        Self::Empty,
        Self::PreparingRebalance,
        Self::CompletingRebalance,
        Self::Assigning,
        Self::Reconciling,
        Self::NotReady,
        Self::Dead,
        Self::Unknown,
    ];

    /// Nobody is in the group, so its offsets may be changed.
    pub fn is_inactive(self) -> bool {
        matches!(self, Self::Empty | Self::Dead)
    }

    /// The state that Kafka calls so.
    pub fn called(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|state| state.word() == word);
        known.unwrap_or_else(|| Word::of(word).map_or(Self::Unknown, Self::Other))
    }

    /// The word Kafka uses, also where klamm does not know it.
    pub fn shown(&self) -> &str {
        match self {
            Self::Other(word) => word.as_str(),
            known => known.word(),
        }
    }

    /// The word Kafka uses; of a state that klamm does not know, that it does not.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stable => "Stable",
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::NotReady => "NotReady",
            Self::Dead => "Dead",
            Self::Other(_) | Self::Unknown => "Unknown",
        }
    }
}

impl GroupType {
    pub const ALL: [Self; 5] = [Self::Classic, Self::Consumer, Self::Share, Self::Streams, Self::Unknown];

    /// The type that Kafka calls so, in any case.
    pub fn called(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(word));
        known.unwrap_or_else(|| Word::of(word).map_or(Self::Unknown, Self::Other))
    }

    /// The word Kafka uses, also where klamm does not know it.
    pub fn shown(&self) -> &str {
        match self {
            Self::Other(word) => word.as_str(),
            known => known.word(),
        }
    }

    /// The word Kafka uses; of a type that klamm does not know, that it does not.
    pub fn word(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Share => "share",
            Self::Streams => "streams",
            Self::Other(_) | Self::Unknown => "unknown",
        }
    }
}

/// A group as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupListing {
    pub id: GroupId,
    pub state: GroupState,
    pub kind: GroupType,
    /// `consumer`, `connect`, …; empty for a group that only stores offsets.
    pub protocol_type: String,
}

impl GroupListing {
    /// It only stores offsets: nobody in it ever joined.
    pub fn is_simple(&self) -> bool {
        self.kind == GroupType::Classic && self.protocol_type.is_empty() && self.state == GroupState::Empty
    }

    /// The type for people: of a classic group that is none of consumers also what it is.
    pub fn type_shown(&self) -> &str {
        match (&self.kind, self.protocol_type.as_str()) {
            (GroupType::Classic, "connect") => "connect",
            _ if self.is_simple() => "simple",
            (kind, _) => kind.shown(),
        }
    }
}

/// One member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub member_id: String,
    pub instance_id: Option<String>,
    pub client_id: String,
    pub host: String,
    /// What it holds, in order. Of a streams group: what its active tasks read.
    pub assignment: Vec<TopicPartition>,
    /// `None`: a member of a classic group, which tells no more.
    #[serde(default)]
    pub detail: Option<Box<MemberDetail>>,
}

/// A group with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDescription {
    pub listing: GroupListing,
    pub coordinator: Option<BrokerId>,
    /// The assignor in use; empty when there are no members.
    pub assignor: String,
    pub members: Vec<Member>,
    /// How often the group has changed, where the cluster counts that: of all types but
    /// the classic one.
    #[serde(default)]
    pub epoch: Option<i32>,
    /// The epoch that is assigned; behind the group's while it is being computed.
    #[serde(default)]
    pub assignment_epoch: Option<i32>,
    /// Of a streams group.
    #[serde(default)]
    pub topology: Option<Box<Topology>>,
    /// May one delete the group, and with it single offsets of it? `None`: the
    /// cluster did not say.
    pub may_delete: Option<bool>,
}

impl GroupDescription {
    /// Of a streams group: active tasks of a subtopology that its members run.
    pub fn running_tasks(&self, subtopology: &str) -> usize {
        let streams = self.members.iter().filter_map(|member| member.detail.as_ref()?.streams.as_ref());
        let active = streams.flat_map(|streams| &streams.tasks.active);
        active.filter(|task| task.subtopology == subtopology).count()
    }

    /// What is known of a group that is only listed: nobody in it, and nothing of its rights.
    pub fn of_listing(listing: GroupListing) -> Self {
        Self {
            listing,
            coordinator: None,
            assignor: String::new(),
            members: Vec::new(),
            may_delete: None,
            epoch: None,
            assignment_epoch: None,
            topology: None,
        }
    }
}

/// A committed offset with all that Kafka stores beside it; of a share group the offset
/// where it begins, before which everything is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedOffset {
    pub offset: Offset,
    /// −1 where the committer gave none.
    pub leader_epoch: i32,
    pub metadata: String,
}

/// A group's position in one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPartition {
    pub partition: TopicPartition,
    /// `Known(None)` when the group never committed here.
    pub committed: Fact<Option<CommittedOffset>>,
    pub start: Fact<Offset>,
    pub end: Fact<Offset>,
    /// Index into the description's members.
    pub member: Option<usize>,
    /// Someone looked: between the committed offset and the end there is no record that
    /// a reader gets to see, only ends of transactions and gaps.
    pub nothing_left: bool,
    /// The lag as the cluster tells it. `None`: it follows from the offsets. Of a share
    /// group it does not: records behind its start are delivered out of order.
    pub told_lag: Option<Fact<u64>>,
}

impl GroupPartition {
    /// Records between the committed offset and the end, never below zero. What was
    /// deleted before it was read does not count: nobody can read it any more.
    pub fn lag(&self) -> Fact<u64> {
        if let Some(told) = &self.told_lag {
            return told.clone();
        }
        let committed = match &self.committed {
            Fact::Known(Some(committed)) => committed.offset,
            Fact::Known(None) => return Fact::unknown("nothing committed"),
            Fact::Unknown(reason) => return Fact::Unknown(reason.clone()),
        };
        match &self.end {
            Fact::Known(_) if self.nothing_left => Fact::Known(0),
            Fact::Known(end) => {
                let from = self.start.get().map_or(committed, |start| committed.max(start));
                Fact::Known(end.saturating_sub(from).max(0).cast_unsigned())
            }
            Fact::Unknown(reason) => Fact::Unknown(reason.clone()),
        }
    }
}

impl GroupPartition {
    /// Its position is where a share group begins: nothing is committed.
    pub fn is_of_share_group(&self) -> bool {
        self.told_lag.is_some()
    }

    /// `None` where it is not known, or nothing is committed.
    pub fn committed_offset(&self) -> Option<Offset> {
        self.committed.known()?.as_ref().map(|committed| committed.offset)
    }

    /// The offset from which a reader goes on: the committed one, or the log's start
    /// where that lies behind it.
    pub fn position(&self) -> Option<Offset> {
        let committed = self.committed_offset()?;
        Some(self.start.get().map_or(committed, |start| committed.max(start)))
    }
}

/// The lag of a whole group: the sum over the partitions where it is known.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LagTotal {
    pub lag: u64,
    /// Partitions that count.
    pub known: usize,
    /// Partitions whose lag is unknown.
    pub unknown: usize,
    pub first_reason: Option<String>,
}

impl LagTotal {
    pub fn of<'a>(partitions: impl IntoIterator<Item = &'a GroupPartition>) -> Self {
        let mut total = Self::default();
        for partition in partitions {
            match partition.lag() {
                Fact::Known(lag) => {
                    total.lag = total.lag.saturating_add(lag);
                    total.known += 1;
                }
                Fact::Unknown(reason) => {
                    total.unknown += 1;
                    total.first_reason.get_or_insert_with(|| reason.to_string());
                }
            }
        }
        total
    }

    /// The total as a fact: unknown only when no partition's lag is known.
    pub fn fact(&self) -> Fact<u64> {
        match (&self.first_reason, self.known) {
            (Some(reason), 0) => Fact::unknown(reason.as_str()),
            _ => Fact::Known(self.lag),
        }
    }
}

/// One measurement of a group's lag, for trends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LagPoint {
    pub at: Time,
    pub lag: u64,
    /// Sum of the committed offsets, for the reading rate.
    pub committed: i64,
    /// Sum of the end offsets, for the writing rate.
    pub end: i64,
    /// Partitions in these sums: of others they tell nothing.
    pub partitions: usize,
}

impl LagPoint {
    /// What was read and written up to each point, counted from the first one. Where
    /// partitions came or went between two points, nothing is known to have moved.
    pub fn moved(history: &[Self]) -> impl Iterator<Item = (i64, i64)> {
        let (mut last, mut read, mut written) = (history.first(), 0_i64, 0_i64);
        history.iter().map(move |point| {
            if let Some(before) = last.replace(point).filter(|before| before.partitions == point.partitions) {
                read = read.saturating_add(point.committed.saturating_sub(before.committed));
                written = written.saturating_add(point.end.saturating_sub(before.end));
            }
            (read, written)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_newer_than_klamm_is_called_by_its_name() {
        for state in GroupState::ALL {
            assert_eq!(GroupState::called(state.word()), state);
        }
        let state = GroupState::called("Hibernating");
        assert_eq!((state.shown(), state.word(), state.is_inactive()), ("Hibernating", "Unknown", false));
        assert_eq!((GroupState::called(""), GroupState::called("").shown()), (GroupState::Unknown, "Unknown"));
        for kind in GroupType::ALL {
            assert_eq!(GroupType::called(&kind.word().to_uppercase()), kind);
        }
        assert_eq!(GroupType::called("Swarm").shown(), "Swarm");
    }
}
