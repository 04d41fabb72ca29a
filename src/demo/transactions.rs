//! Transactions as their coordinators see them, and as records of
//! `__transaction_state`.
//!
//! Owns which transactional id stands where, who may act for it, and the markers
//! that end a transaction in each of its partitions. Must not know the wire.
//! Invariant: of each transactional id only the newest producer epoch may act;
//! every change of a state is written to the topic; a transaction is complete
//! when every partition that still exists has its marker.

use super::batch::{self, Content, Entry, Envelope};
use super::codec::Codec;
use super::group::Commit;
use super::internal::{self, put_string};
use super::producers::Ending;
use super::state::{Cluster, OFFSETS_TOPIC, Partition, State, TRANSACTIONS_TOPIC, keyed_partition};
use crate::domain::{GroupId, PartitionId, Time, TopicName};
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError as E;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Transactional ids a demo remembers.
const MAX_IDS: usize = 10_000;
/// The longest a transaction may ask to stay open (`transaction.max.timeout.ms`).
pub(super) const MAX_TIMEOUT_MS: i32 = 900_000;

/// Where a transaction stands; the numbers are those of the topic's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Empty = 0,
    Ongoing = 1,
    PrepareCommit = 2,
    PrepareAbort = 3,
    CompleteCommit = 4,
    CompleteAbort = 5,
}

impl Phase {
    pub(super) const ALL: [Self; 6] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
    ];

    /// The word the protocol uses.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
        }
    }

    /// Decided, but not all markers are written: is it a commit?
    fn decided(self) -> Option<bool> {
        match self {
            Self::PrepareCommit => Some(true),
            Self::PrepareAbort => Some(false),
            Self::Empty | Self::Ongoing | Self::CompleteCommit | Self::CompleteAbort => None,
        }
    }
}

/// What a group will have committed when the transaction is.
type Commits = BTreeMap<(TopicName, PartitionId), Commit>;

/// One transactional id.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
    /// The epoch that asked for this one: it may ask again when the answer was lost.
    asked_with: Option<i16>,
    pub(super) timeout_ms: i32,
    pub(super) phase: Phase,
    /// Those written to, or still without the marker.
    pub(super) partitions: BTreeSet<(TopicName, PartitionId)>,
    commits: BTreeMap<GroupId, Commits>,
    /// When the newest transaction began.
    pub(super) started: Option<Time>,
}

impl Transaction {
    /// When the coordinator gives up on it.
    fn deadline(&self) -> Option<Time> {
        let started = self.started.filter(|_| self.phase == Phase::Ongoing)?;
        Some(started.plus_millis(i64::from(self.timeout_ms)))
    }
}

/// All transactional ids.
#[derive(Debug, Default)]
pub(super) struct Transactions(BTreeMap<String, Transaction>);

impl Transactions {
    pub(super) fn get(&self, id: &str) -> Option<&Transaction> {
        self.0.get(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Transaction)> {
        self.0.iter()
    }

    /// The transaction, when this producer may act for it.
    fn of(&mut self, id: &str, (producer_id, epoch): (i64, i16)) -> Result<&mut Transaction, E> {
        let known = self.0.get_mut(id).filter(|known| known.producer_id == producer_id);
        let known = known.ok_or(E::InvalidProducerIdMapping)?;
        if known.epoch == epoch { Ok(known) } else { Err(E::ProducerFenced) }
    }

    /// May this producer write to a partition now, as a part of its transaction?
    pub(super) fn may_write(
        &mut self,
        id: &str,
        producer: (i64, i16),
        topic: &str,
        partition: PartitionId,
    ) -> Result<(), E> {
        let known = self.of(id, producer).map_err(|error| match error {
            // The words of those who write, for the same thing.
            E::ProducerFenced => E::InvalidProducerEpoch,
            other => other,
        })?;
        let has_it = known.partitions.iter().any(|(name, index)| name.as_str() == topic && *index == partition);
        if known.phase == Phase::Ongoing && has_it { Ok(()) } else { Err(E::InvalidTxnState) }
    }

    /// Partitions in which the group's committed offset may change any moment.
    pub(super) fn unstable_commits(&self, group: &str) -> BTreeSet<(TopicName, PartitionId)> {
        let commits = self.0.values().filter_map(|known| known.commits.get(group));
        commits.flat_map(|commits| commits.keys().cloned()).collect()
    }

    pub(super) fn forget_commits(&mut self, group: &GroupId, is_gone: impl Fn(&(TopicName, PartitionId)) -> bool) {
        for commits in self.0.values_mut().filter_map(|known| known.commits.get_mut(group)) {
            commits.retain(|key, _| !is_gone(key));
        }
    }

    /// A topic was deleted: nothing of it needs a marker any more.
    pub(super) fn forget_topic(&mut self, name: &str) {
        for known in self.0.values_mut() {
            known.partitions.retain(|(topic, _)| topic.as_str() != name);
            known.commits.values_mut().for_each(|commits| commits.retain(|(topic, _), _| topic.as_str() != name));
        }
    }
}

/// Gives a transactional id to a producer, and fences whoever had it: an open
/// transaction is aborted. `claimed` is the producer's own id and epoch when it
/// has some already.
pub(super) fn init(
    state: &mut State,
    id: &str,
    timeout_ms: i32,
    claimed: Option<(i64, i16)>,
    now: Time,
) -> Result<(i64, i16), E> {
    if !(1..=MAX_TIMEOUT_MS).contains(&timeout_ms) {
        return Err(E::InvalidTransactionTimeout);
    }
    let Some(known) = state.transactions.get(id) else {
        if state.transactions.0.len() >= MAX_IDS {
            return Err(E::PolicyViolation);
        }
        let producer_id = state.next_producer_id();
        let fresh = Transaction {
            producer_id,
            epoch: 0,
            asked_with: None,
            timeout_ms,
            phase: Phase::Empty,
            partitions: BTreeSet::new(),
            commits: BTreeMap::new(),
            started: None,
        };
        state.transactions.0.insert(id.to_owned(), fresh);
        note(state, id, now);
        return Ok((producer_id, 0));
    };
    if known.phase.decided().is_some() {
        return Err(E::ConcurrentTransactions);
    }
    let current = (known.producer_id, known.epoch);
    if let Some((producer_id, epoch)) = claimed.filter(|claimed| *claimed != current) {
        let repeats = producer_id == known.producer_id && known.asked_with == Some(epoch);
        return if repeats && known.phase != Phase::Ongoing { Ok(current) } else { Err(E::ProducerFenced) };
    }
    if known.phase == Phase::Ongoing && !abort(state, id, now) {
        return Err(E::ConcurrentTransactions);
    }
    // The last epoch is kept for fencing the last producer.
    let is_used_up = state.transactions.get(id).is_some_and(|known| known.epoch >= i16::MAX - 1);
    let fresh_id = is_used_up.then(|| state.next_producer_id());
    let known = state.transactions.0.get_mut(id).ok_or(E::InvalidProducerIdMapping)?;
    match fresh_id {
        Some(fresh_id) => (known.producer_id, known.epoch) = (fresh_id, 0),
        None => known.epoch += 1,
    }
    known.asked_with = claimed.map(|(_, epoch)| epoch);
    (known.timeout_ms, known.phase, known.started) = (timeout_ms, Phase::Empty, None);
    let given = (known.producer_id, known.epoch);
    note(state, id, now);
    Ok(given)
}

/// Takes partitions into the transaction, beginning it if there is none.
pub(super) fn add(
    state: &mut State,
    id: &str,
    producer: (i64, i16),
    partitions: impl IntoIterator<Item = (TopicName, PartitionId)>,
    now: Time,
) -> Result<(), E> {
    let known = state.transactions.of(id, producer)?;
    match known.phase {
        Phase::PrepareCommit | Phase::PrepareAbort => return Err(E::ConcurrentTransactions),
        Phase::Ongoing => {}
        Phase::Empty | Phase::CompleteCommit | Phase::CompleteAbort => {
            known.phase = Phase::Ongoing;
            known.started = Some(now);
        }
    }
    known.partitions.extend(partitions);
    note(state, id, now);
    Ok(())
}

/// Notes what a group commits when the transaction does.
pub(super) fn add_commits(
    state: &mut State,
    id: &str,
    producer: (i64, i16),
    group: &GroupId,
    commits: Vec<(TopicName, PartitionId, Commit)>,
    now: Time,
) -> Result<(), E> {
    state.transactions.may_write(id, producer, OFFSETS_TOPIC, keyed_partition(group.as_str()))?;
    super::commits::commit_later(state, group, producer, &commits, now);
    state.groups.entry(group.clone()).or_default();
    let held = state.transactions.of(id, producer)?.commits.entry(group.clone()).or_default();
    held.extend(commits.into_iter().map(|(topic, partition, commit)| ((topic, partition), commit)));
    Ok(())
}

/// Ends the transaction as its producer wants it.
pub(super) fn end(state: &mut State, id: &str, producer: (i64, i16), is_commit: bool, now: Time) -> Result<(), E> {
    let known = state.transactions.of(id, producer)?;
    match (known.phase, is_commit) {
        (Phase::Ongoing, _) => {}
        // The answer to the first request was lost.
        (Phase::CompleteCommit, true) | (Phase::CompleteAbort, false) => return Ok(()),
        (Phase::PrepareCommit, true) | (Phase::PrepareAbort, false) => return Err(E::ConcurrentTransactions),
        _ => return Err(E::InvalidTxnState),
    }
    known.phase = if is_commit { Phase::PrepareCommit } else { Phase::PrepareAbort };
    note(state, id, now);
    settle(state, id, now);
    Ok(())
}

/// Aborts an open transaction and fences its producer. Is it complete?
fn abort(state: &mut State, id: &str, now: Time) -> bool {
    let Some(known) = state.transactions.0.get_mut(id) else { return true };
    known.epoch = known.epoch.saturating_add(1);
    known.phase = Phase::PrepareAbort;
    note(state, id, now);
    settle(state, id, now)
}

/// Writes the markers of a decided transaction wherever there is a leader to
/// write them. Is it complete?
fn settle(state: &mut State, id: &str, now: Time) -> bool {
    let coordinator_epoch = coordinator_epoch(state, id);
    let Some(known) = state.transactions.0.get_mut(id) else { return true };
    let Some(is_commit) = known.phase.decided() else { return true };
    let ending = Ending { producer_id: known.producer_id, epoch: known.epoch, coordinator_epoch, is_commit };
    let partitions = std::mem::take(&mut known.partitions);
    let (mut waiting, mut ended) = (BTreeSet::new(), Vec::new());
    for (topic, index) in partitions {
        match state.topics.get_mut(&topic).and_then(|topic| topic.partition_mut(index)) {
            Some(partition) if partition.leader.is_none() => drop(waiting.insert((topic, index))),
            Some(partition) => {
                mark(partition, &ending, now);
                ended.push((topic, index));
            }
            None => {}
        }
    }
    for (_, index) in ended.iter().filter(|(topic, _)| topic.as_str() == OFFSETS_TOPIC) {
        finish_commits(state, ending.producer_id, *index, is_commit);
    }
    let Some(known) = state.transactions.0.get_mut(id) else { return true };
    known.partitions = waiting;
    if !known.partitions.is_empty() {
        return false;
    }
    known.commits.clear();
    known.phase = if is_commit { Phase::CompleteCommit } else { Phase::CompleteAbort };
    note(state, id, now);
    true
}

/// A partition got a leader: what waited for it goes on.
pub(super) fn settle_all(state: &mut State, now: Time) {
    let decided = state.transactions.0.iter().filter(|(_, known)| known.phase.decided().is_some());
    let decided: Vec<String> = decided.map(|(id, _)| id.clone()).collect();
    for id in decided {
        settle(state, &id, now);
    }
}

/// Writes the marker that ends a producer's transaction in one partition.
pub(super) fn mark(partition: &mut Partition, ending: &Ending, now: Time) {
    let mut key = BytesMut::new();
    key.put_i16(0);
    key.put_i16(i16::from(ending.is_commit));
    let mut value = BytesMut::new();
    value.put_i16(0);
    value.put_i32(ending.coordinator_epoch);
    let content = Content { key: Some(key.freeze()), value: Some(value.freeze()), headers: Vec::new() };
    let envelope = Envelope::plain(0, 0, partition.epoch, Codec::None);
    let envelope = Envelope { is_control: true, ..envelope.in_transaction(ending.producer_id, ending.epoch) };
    let bytes = batch::encode(&envelope, &[Entry { delta: 0, timestamp: now.millis(), content }]);
    if let Some(offset) = partition.append(&bytes, now) {
        partition.producers.note_ending(ending, offset, now.millis());
    }
}

/// A marker stands in one partition of `__consumer_offsets`: what the producer
/// committed there for groups counts from now on, or never.
pub(super) fn finish_commits(state: &mut State, producer_id: i64, index: PartitionId, is_commit: bool) {
    for known in state.transactions.0.values_mut().filter(|known| known.producer_id == producer_id) {
        let here = |group: &GroupId| keyed_partition(group.as_str()) == index;
        let commits = std::mem::take(&mut known.commits);
        let (ended, open): (BTreeMap<_, _>, BTreeMap<_, _>) = commits.into_iter().partition(|(group, _)| here(group));
        known.commits = open;
        for (group, commits) in ended.into_iter().filter(|_| is_commit) {
            state.groups.entry(group).or_default().offsets.extend(commits);
        }
    }
}

/// Aborts what is open for too long; gives when to look again.
pub(super) fn expire(cluster: &Cluster) -> Option<Time> {
    let now = cluster.now();
    let mut state = cluster.lock();
    let deadlines = state.transactions.0.iter().filter_map(|(id, known)| Some((id.clone(), known.deadline()?)));
    let (late, open): (Vec<_>, Vec<_>) = deadlines.partition(|(_, at)| *at <= now);
    for (id, _) in &late {
        abort(&mut state, id, now);
    }
    drop(state);
    if !late.is_empty() {
        cluster.changed.notify_waiters();
    }
    open.into_iter().map(|(_, at)| at).min()
}

/// Aborts transactions at their deadlines, until cancelled.
pub(super) async fn watch_deadlines(cluster: Arc<Cluster>, stopped: CancellationToken) {
    let mut moves = cluster.clock.moves();
    loop {
        let changed = cluster.transactions_changed.notified();
        let next = expire(&cluster);
        let deadline = async {
            match next {
                Some(at) => cluster.clock.wait_until(at, &mut moves).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stopped.cancelled() => return,
            () = changed => {}
            () = deadline => {}
        }
    }
}

fn coordinator_epoch(state: &State, id: &str) -> i32 {
    let topic = state.topics.get(TRANSACTIONS_TOPIC);
    topic.and_then(|topic| topic.partition(keyed_partition(id))).map_or(0, |partition| partition.epoch)
}

/// Writes down where a transaction stands.
fn note(state: &mut State, id: &str, now: Time) {
    let Some(value) = state.transactions.get(id).map(|known| value(known, now)) else { return };
    let topic = state.topics.get_mut(TRANSACTIONS_TOPIC);
    if let Some(partition) = topic.and_then(|topic| topic.partition_mut(keyed_partition(id))) {
        internal::append(partition, vec![(key(id), Some(value))], None, now);
    }
}

fn key(id: &str) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(0);
    put_string(&mut out, id);
    out.freeze()
}

fn value(known: &Transaction, now: Time) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(0);
    out.put_i64(known.producer_id);
    out.put_i16(known.epoch);
    out.put_i32(known.timeout_ms);
    out.put_i8(known.phase as i8);
    let mut topics: BTreeMap<&str, Vec<PartitionId>> = BTreeMap::new();
    for (topic, partition) in &known.partitions {
        topics.entry(topic.as_str()).or_default().push(*partition);
    }
    let count = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    out.put_i32(if known.phase == Phase::Empty { -1 } else { count(topics.len()) });
    for (topic, partitions) in topics {
        put_string(&mut out, topic);
        out.put_i32(count(partitions.len()));
        partitions.iter().for_each(|partition| out.put_i32(*partition));
    }
    out.put_i64(now.millis());
    out.put_i64(known.started.map_or(-1, Time::millis));
    out.freeze()
}
