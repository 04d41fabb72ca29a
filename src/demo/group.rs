//! Groups as a coordinator keeps them.
//!
//! Owns members, generations and committed offsets of one group. The timing of
//! rebalances is in `membership`.

use super::deliveries::Deliveries;
use super::work::Work;
use crate::domain::{BrokerId, Offset, PartitionId, Time, TopicName};
use crate::protocol::{Topology, TopologyDescription};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Phase {
    #[default]
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
    /// Members change over, where the broker assigns.
    Reconciling,
    /// Topics that a streams application reads are missing.
    NotReady,
}

impl Phase {
    /// The word the protocol uses.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Reconciling => "Reconciling",
            Self::NotReady => "NotReady",
        }
    }
}

/// Who assigns work to a group's members, and what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Its leader assigns.
    #[default]
    Classic,
    /// The broker assigns, as with all that follow.
    Consumer,
    /// Its offsets are those where it begins: none is committed.
    Share,
    Streams,
}

impl Kind {
    /// The word the protocol uses.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Share => "share",
            Self::Streams => "streams",
        }
    }
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) offset: Offset,
    pub(super) leader_epoch: i32,
    pub(super) metadata: String,
    pub(super) at: Time,
}

/// What a joining member is told when the rebalance is over.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) generation: i32,
    pub(super) protocol: String,
    pub(super) leader: String,
    /// Member id, instance id, metadata: for the leader, who assigns.
    pub(super) members: Vec<(String, Option<String>, Bytes)>,
}

/// Why a waiting member gets no answer: the protocol's error code.
pub(super) type Refusal = i16;

#[derive(Debug)]
pub(super) struct Member {
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) session: Duration,
    pub(super) rebalance: Duration,
    /// Name and metadata of each protocol the member speaks, best first.
    pub(super) protocols: Vec<(String, Bytes)>,
    pub(super) assignment: Bytes,
    /// Where the broker assigns; nothing in a classic group.
    pub(super) work: Work,
    pub(super) seen: Instant,
    /// Played by the demo: it sends no heartbeats and needs none.
    pub(super) is_simulated: bool,
    pub(super) joining: Option<oneshot::Sender<Result<Joined, Refusal>>>,
    pub(super) syncing: Option<oneshot::Sender<Result<Bytes, Refusal>>>,
}

impl Member {
    pub(super) fn metadata(&self, protocol: &str) -> Bytes {
        self.protocols.iter().find(|(name, _)| name == protocol).map(|(_, bytes)| bytes.clone()).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) kind: Kind,
    pub(super) phase: Phase,
    pub(super) generation: i32,
    /// `consumer`, `connect`, …; empty for a group that only keeps offsets.
    pub(super) protocol_type: String,
    pub(super) protocol: String,
    pub(super) leader: String,
    pub(super) members: BTreeMap<String, Member>,
    /// Member ids given to clients that have not come back with them yet.
    pub(super) pending: BTreeSet<String>,
    /// Is the first generation waiting a moment for more members?
    pub(super) is_gathering: bool,
    pub(super) offsets: BTreeMap<(TopicName, PartitionId), Commit>,
    /// Of a streams group.
    pub(super) topology: Option<Topology>,
    /// The nodes of that, where they are kept.
    pub(super) nodes: Option<TopologyDescription>,
    /// How many partitions or tasks the broker has dealt.
    pub(super) dealt: usize,
    /// Of a share group: what became of the records that were given to members.
    pub(super) deliveries: BTreeMap<(TopicName, PartitionId), Deliveries>,
    /// What each of its members reads from each broker.
    pub(super) sessions: BTreeMap<(String, BrokerId), BTreeSet<(Uuid, PartitionId)>>,
}
