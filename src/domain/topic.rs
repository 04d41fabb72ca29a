//! Topics and partitions as the cluster describes them.

use super::{BrokerId, Fact, Offset, PartitionId, TopicId, TopicName};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One partition, from metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    pub id: PartitionId,
    /// `None` while the partition is offline.
    pub leader: Option<BrokerId>,
    pub leader_epoch: i32,
    /// Shared: a cluster has few different lists of replicas.
    pub replicas: Arc<[BrokerId]>,
    pub isr: Arc<[BrokerId]>,
}

impl Partition {
    pub fn is_offline(&self) -> bool {
        self.leader.is_none()
    }

    pub fn is_under_replicated(&self) -> bool {
        self.isr.len() < self.replicas.len()
    }

    /// The replicas that are not in sync, in replica order.
    pub fn missing(&self) -> impl Iterator<Item = BrokerId> + '_ {
        self.replicas.iter().copied().filter(|id| !self.isr.contains(id))
    }
}

/// One topic, from metadata. Partitions are in order of their id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    pub name: TopicName,
    /// `None` where the cluster gives topics no id (before 2.8).
    pub id: Option<TopicId>,
    /// What the broker itself flags as internal; see [`TopicOrigin`] for what names tell.
    pub is_internal: bool,
    pub partitions: Vec<Partition>,
}

impl Topic {
    /// The largest replica count of any partition.
    pub fn replication_factor(&self) -> usize {
        self.partitions.iter().map(|p| p.replicas.len()).max().unwrap_or(0)
    }

    pub fn under_replicated(&self) -> usize {
        self.partitions.iter().filter(|p| p.is_under_replicated()).count()
    }

    pub fn offline(&self) -> usize {
        self.partitions.iter().filter(|p| p.is_offline()).count()
    }

    pub fn partition(&self, id: PartitionId) -> Option<&Partition> {
        let guess = usize::try_from(id).ok().and_then(|index| self.partitions.get(index));
        guess.filter(|p| p.id == id).or_else(|| self.partitions.iter().find(|p| p.id == id))
    }
}

/// Where a partition's log begins and ends, and how much it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionLog {
    pub start: Fact<Offset>,
    /// The high watermark: the offset the next visible record gets.
    pub end: Fact<Offset>,
    /// Bytes on the leader's disk.
    pub size: Fact<u64>,
    /// Records written per second, measured by klamm between its own samples.
    pub rate: Fact<Rate>,
}

/// Things per second, kept as bits so that snapshots can be compared for equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Rate(u64);

impl From<f64> for Rate {
    fn from(per_second: f64) -> Self {
        Self(per_second.to_bits())
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> Self {
        f64::from_bits(rate.0)
    }
}

impl PartitionLog {
    /// At most this many records: compaction and transactions leave gaps.
    pub fn records(&self) -> Fact<u64> {
        match (&self.start, &self.end) {
            (Fact::Known(start), Fact::Known(end)) => Fact::Known(end.saturating_sub(*start).max(0).cast_unsigned()),
            (Fact::Unknown(reason), _) | (_, Fact::Unknown(reason)) => Fact::Unknown(reason.clone()),
        }
    }
}

/// What a topic's name and flags say about who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicOrigin {
    /// An ordinary topic.
    Plain,
    /// Kafka's own (`__consumer_offsets`).
    Internal,
    /// Kept by a schema registry (`_schemas`).
    Registry,
    /// Kafka Connect's storage topics.
    Connect,
    /// MirrorMaker 2: storage, heartbeats, checkpoints.
    Mirror,
    /// A Streams state store's backup.
    StreamsChangelog,
    /// A Streams repartition topic.
    StreamsRepartition,
    /// Records that could not be processed.
    DeadLetter,
}
