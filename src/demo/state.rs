//! Everything the demo cluster knows, behind one lock.
//!
//! Owns topics, partitions and their leaders, groups, and which brokers are up.
//! Must not know the wire: handlers in `api` translate.
//! Invariant: every partition's leader is an in-sync replica on a running broker,
//! or there is none.

use super::batch::Head;
use super::clock::Pulse;
use super::faults::Faults;
use super::group::Group;
use super::log::Log;
use super::producers::Producers;
use super::random::{self, Random};
use super::source::Source;
use super::transactions::Transactions;
use crate::domain::partitioner::coordinated_in;
use crate::domain::{BrokerId, GroupId, Offset, Time, TopicName};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// Where coordinators keep what they know, of groups and of transactions.
pub(super) const OFFSETS_TOPIC: &str = "__consumer_offsets";
pub(super) const TRANSACTIONS_TOPIC: &str = "__transaction_state";
/// Partitions of each of them, as Kafka has them unless told otherwise.
pub(super) const KEYED_PARTITIONS: i32 = 50;
/// The most topics and partitions a client may make: the demo is no data centre.
pub(super) const MAX_PARTITIONS: usize = 200_000;
/// The most partitions one topic may get here.
pub(super) const MAX_OF_TOPIC: usize = 10_000;
pub(super) const MAX_GROUPS: usize = 20_000;
const FIRST_PRODUCER_ID: i64 = 4_000;

/// One partition as all brokers see it.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) leader: Option<BrokerId>,
    pub(super) epoch: i32,
    pub(super) replicas: Vec<BrokerId>,
    pub(super) isr: Vec<BrokerId>,
    pub(super) log: Log,
    /// The first offset of each leader epoch.
    pub(super) epochs: Vec<(i32, Offset)>,
    pub(super) producers: Producers,
}

impl Partition {
    pub(super) fn new(replicas: Vec<BrokerId>, log: Log) -> Self {
        let epochs = vec![(0, log.start())];
        let leader = replicas.first().copied();
        Self { leader, epoch: 0, isr: replicas.clone(), replicas, log, epochs, producers: Producers::default() }
    }

    /// Puts a batch at the end of the log and remembers who wrote it; gives its offset.
    pub(super) fn append(&mut self, batch: &[u8], now: Time) -> Option<Offset> {
        let head = Head::parse(batch)?;
        let base = self.log.append(batch, &head, self.epoch, now);
        self.producers.note(&head, base);
        Some(base)
    }

    /// The last stable offset: before it every transaction has come to its end.
    pub(super) fn stable_end(&self, now: Time) -> Offset {
        let end = self.log.end(now);
        self.producers.first_unstable().map_or(end, |open| open.max(self.log.start()).min(end))
    }

    /// Makes another replica the leader, in a new epoch.
    pub(super) fn lead(&mut self, leader: Option<BrokerId>, now: Time) {
        if self.leader != leader {
            self.leader = leader;
            self.epoch += 1;
            self.epochs.push((self.epoch, self.log.end(now)));
        }
    }

    /// Where records written in `epoch` end, and the newest epoch up to it.
    pub(super) fn end_of_epoch(&self, epoch: i32, now: Time) -> Option<(i32, Offset)> {
        let at = self.epochs.iter().rposition(|(known, _)| *known <= epoch)?;
        let (known, _) = self.epochs.get(at)?;
        let end = self.epochs.get(at + 1).map_or_else(|| self.log.end(now), |(_, first)| *first);
        Some((*known, end))
    }
}

/// One topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) id: Uuid,
    pub(super) is_internal: bool,
    pub(super) partitions: Vec<Partition>,
    /// What was set on the topic; the rest are defaults.
    pub(super) configs: BTreeMap<String, String>,
}

impl Topic {
    pub(super) fn partition(&self, id: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(id).ok()?)
    }

    pub(super) fn partition_mut(&mut self, id: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(id).ok()?)
    }

    pub(super) fn is_compacted(&self) -> bool {
        self.configs.get("cleanup.policy").is_some_and(|policy| policy.contains("compact"))
    }

    /// How long a segment takes records, and the share of what is dirty from which on the
    /// closed ones are cleaned; `None` of a topic that is not compacted, or not by itself.
    pub(super) fn compaction(&self) -> Option<(i64, f64)> {
        let set = |name: &str| self.configs.get(name);
        let segment_ms = set("segment.ms").and_then(|text| text.parse().ok()).unwrap_or(7 * 86_400_000);
        let ratio = set("min.cleanable.dirty.ratio").and_then(|text| text.parse().ok()).unwrap_or(0.5);
        (self.is_compacted() && !self.is_internal).then_some((segment_ms, ratio))
    }

    /// Partitions were added: the simulated producers, started again, spread their
    /// keys over all of them.
    pub(super) fn respread(&mut self, now: Time) {
        let before: Vec<&Source> = self.partitions.iter().filter_map(|partition| partition.log.source()).collect();
        let count = i32::try_from(self.partitions.len()).unwrap_or(i32::MAX);
        let after = Source::spread(&before, count, now);
        for (partition, source) in self.partitions.iter_mut().zip(after) {
            partition.log.retell(source, now);
        }
    }

    /// In-sync replicas that a write with `acks=all` needs.
    pub(super) fn min_isr(&self) -> usize {
        self.configs.get("min.insync.replicas").and_then(|text| text.parse().ok()).unwrap_or(1)
    }
}

/// One broker.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: BrokerId,
    pub(super) address: SocketAddr,
    pub(super) rack: String,
    pub(super) is_up: bool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) nodes: Vec<Node>,
    pub(super) topics: BTreeMap<TopicName, Topic>,
    names: BTreeMap<Uuid, TopicName>,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) transactions: Transactions,
    /// What was set on one broker, or on all of them under −1.
    pub(super) broker_configs: BTreeMap<i32, BTreeMap<String, String>>,
    /// What was set for groups, whether they are there or not.
    pub(super) group_configs: BTreeMap<String, BTreeMap<String, String>>,
    made: u64,
    producer_ids: i64,
}

impl State {
    pub(super) fn node(&self, id: BrokerId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    pub(super) fn is_up(&self, id: BrokerId) -> bool {
        self.node(id).is_some_and(|node| node.is_up)
    }

    /// The running broker with the lowest id.
    pub(super) fn controller(&self) -> Option<BrokerId> {
        self.nodes.iter().find(|node| node.is_up).map(|node| node.id)
    }

    pub(super) fn name_of(&self, id: Uuid) -> Option<&TopicName> {
        self.names.get(&id)
    }

    pub(super) fn partition_count(&self) -> usize {
        self.topics.values().map(|topic| topic.partitions.len()).sum()
    }

    /// A number no one else in this cluster got, whose bits look random.
    pub(super) fn unique(&mut self, seed: u64) -> Random {
        self.made += 1;
        Random::of(&[seed, random::bits("unique"), self.made])
    }

    pub(super) fn next_producer_id(&mut self) -> i64 {
        self.producer_ids += 1;
        FIRST_PRODUCER_ID + self.producer_ids
    }

    pub(super) fn insert_topic(&mut self, name: TopicName, topic: Topic) {
        self.names.insert(topic.id, name.clone());
        self.topics.insert(name, topic);
    }

    pub(super) fn remove_topic(&mut self, name: &str) -> Option<Topic> {
        let topic = self.topics.remove(name)?;
        self.names.remove(&topic.id);
        for group in self.groups.values_mut() {
            group.offsets.retain(|(of, _), _| of.as_str() != name);
        }
        self.transactions.forget_topic(name);
        Some(topic)
    }

    /// The replicas of partition `index` of a topic, leaders spread evenly.
    pub(super) fn place(&self, shift: u64, index: usize, replication: usize) -> Vec<BrokerId> {
        let count = self.nodes.len().max(1);
        let shift = usize::try_from(shift % count as u64).unwrap_or(0);
        (0..replication.min(count)).filter_map(|r| self.nodes.get((shift + index + r) % count)).map(|n| n.id).collect()
    }

    /// The broker that coordinates a group.
    pub(super) fn coordinator(&self, group: &str) -> Option<&Node> {
        self.leader_by_key(OFFSETS_TOPIC, group)
    }

    /// The broker that coordinates a transactional id.
    pub(super) fn transaction_coordinator(&self, id: &str) -> Option<&Node> {
        self.leader_by_key(TRANSACTIONS_TOPIC, id)
    }

    fn leader_by_key(&self, topic: &str, id: &str) -> Option<&Node> {
        let leader = self.topics.get(topic)?.partition(keyed_partition(id))?.leader?;
        self.node(leader)
    }

    /// A broker went away: its replicas leave the in-sync sets, its partitions
    /// get other leaders.
    pub(super) fn take_down(&mut self, id: BrokerId, now: Time) {
        for node in self.nodes.iter_mut().filter(|node| node.id == id) {
            node.is_up = false;
        }
        for partition in self.topics.values_mut().flat_map(|topic| &mut topic.partitions) {
            // The last in-sync replica stays in the set: it alone has the data.
            if partition.isr.len() > 1 {
                partition.isr.retain(|replica| *replica != id);
            }
            if partition.leader == Some(id) {
                let next = partition.isr.iter().copied().find(|replica| *replica != id);
                partition.lead(next, now);
            }
        }
    }

    /// A broker is back: its replicas catch up, and lead where nobody else can
    /// or where they are preferred.
    pub(super) fn bring_up(&mut self, id: BrokerId, now: Time) {
        for node in self.nodes.iter_mut().filter(|node| node.id == id) {
            node.is_up = true;
        }
        for partition in self.topics.values_mut().flat_map(|topic| &mut topic.partitions) {
            if !partition.replicas.contains(&id) {
                continue;
            }
            if !partition.isr.contains(&id) {
                partition.isr.push(id);
            }
            if partition.leader.is_none() || partition.replicas.first() == Some(&id) {
                partition.lead(Some(id), now);
            }
        }
    }
}

/// The partition of its coordinator's topic that a group or transactional id lives in.
pub(super) fn keyed_partition(id: &str) -> i32 {
    coordinated_in(id, KEYED_PARTITIONS)
}

/// The cluster that all brokers of one demo are.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) id: String,
    pub(super) seed: u64,
    pub(super) clock: Pulse,
    /// Woken when a log got a batch or a partition a leader.
    pub(super) changed: Notify,
    /// Woken when a member joined, so that its session is watched.
    pub(super) members_changed: Notify,
    /// Woken when a transaction began, so that its time is watched.
    pub(super) transactions_changed: Notify,
    pub(super) faults: Faults,
    state: Mutex<State>,
}

impl Cluster {
    pub(super) fn new(id: String, seed: u64, clock: Pulse, nodes: Vec<Node>) -> Self {
        let faults = Faults::of(&nodes);
        let state = Mutex::new(State { nodes, ..State::default() });
        let (changed, members_changed, transactions_changed) = (Notify::new(), Notify::new(), Notify::new());
        Self { id, seed, clock, changed, members_changed, transactions_changed, faults, state }
    }

    /// A handler that panicked has left the state as its last whole step did.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_spread_as_kafka_spreads_them() {
        for (group, partition) in [("test", 48), ("my-group", 12), ("connect-my-sink", 33), ("payments-service", 43)] {
            assert_eq!(keyed_partition(group), partition, "{group}");
        }
    }
}
