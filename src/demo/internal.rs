//! Kafka's own compacted topics: making them, writing to them, cleaning them.
//!
//! Owns how a coordinator keeps records in `__consumer_offsets` and
//! `__transaction_state`. What the records say is in `commits` and `transactions`.
//! Invariant: cleaning never touches what is at or after an open transaction, and
//! never brings an aborted record back.

use super::batch::{self, Content, Entry, Envelope, Head};
use super::codec::Codec;
use super::log::Log;
use super::random::{self, Random};
use super::state::{
    KEYED_PARTITIONS, MAX_OF_TOPIC, MAX_PARTITIONS, OFFSETS_TOPIC, Partition, State, TRANSACTIONS_TOPIC, Topic,
};
use crate::domain::Time;
use bytes::{BufMut, Bytes, BytesMut};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Records in a batch that the cleaner writes.
const CLEANED_BATCH: usize = 100;

/// Key and value; without a value the key is deleted.
pub(super) type Record = (Bytes, Option<Bytes>);

/// The id of a topic that is there from the start.
pub(super) fn topic_id(seed: u64, name: &str) -> Uuid {
    Random::of(&[seed, random::bits(name), 11]).uuid()
}

pub(super) fn create_offsets_topic(state: &mut State, seed: u64) {
    create(state, OFFSETS_TOPIC, "producer", seed);
}

/// Makes the coordinators' topic, as brokers do when the first transactional
/// client asks for its coordinator.
pub(super) fn create_transactions_topic(state: &mut State, seed: u64) {
    if !state.topics.contains_key(TRANSACTIONS_TOPIC) {
        create(state, TRANSACTIONS_TOPIC, "uncompressed", seed);
    }
}

fn create(state: &mut State, name: &str, compression: &str, seed: u64) {
    let partitions = (0..KEYED_PARTITIONS.unsigned_abs() as usize)
        .map(|index| Partition::new(state.place(0, index, 3), Log::default()))
        .collect();
    let configs = [("cleanup.policy", "compact"), ("compression.type", compression), ("segment.bytes", "104857600")];
    let configs = configs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    state.insert_topic(name.into(), Topic { id: topic_id(seed, name), is_internal: true, partitions, configs });
}

/// Makes a topic that a streams application keeps for itself: so many partitions, with so
/// many replicas or, of 0, as many as is usual.
pub(super) fn create_for_streams(
    state: &mut State,
    name: &str,
    (partitions, replication): (i32, usize),
    configs: BTreeMap<String, String>,
    seed: u64,
) {
    let replication = if replication == 0 { 3 } else { replication }.min(state.nodes.len());
    let partitions = usize::try_from(partitions).unwrap_or(0).min(MAX_OF_TOPIC);
    if state.partition_count() + partitions > MAX_PARTITIONS {
        return;
    }
    let mut bits = state.unique(seed);
    let shift = bits.next();
    let partitions =
        (0..partitions).map(|index| Partition::new(state.place(shift, index, replication), Log::default())).collect();
    state.insert_topic(name.into(), Topic { id: bits.uuid(), is_internal: false, partitions, configs });
}

/// Writes records of a coordinator, as a part of the transaction of `producer`
/// when there is one (its id and epoch).
pub(super) fn append(partition: &mut Partition, records: Vec<Record>, producer: Option<(i64, i16)>, now: Time) {
    if records.is_empty() {
        return;
    }
    let entries: Vec<Entry> = (0..)
        .zip(records)
        .map(|(delta, (key, value))| Entry {
            delta,
            timestamp: now.millis(),
            content: Content { key: Some(key), value, headers: Vec::new() },
        })
        .collect();
    let last = i32::try_from(entries.len()).unwrap_or(1) - 1;
    let mut envelope = Envelope::plain(0, last, partition.epoch, Codec::None);
    if let Some((id, epoch)) = producer {
        envelope = envelope.in_transaction(id, epoch);
    }
    partition.append(&batch::encode(&envelope, &entries), now);
    if partition.log.wants_cleaning() {
        clean(partition, i64::MAX);
    }
}

/// Keeps the newest record of each key before an offset, where it is.
pub(super) fn clean(partition: &mut Partition, before: i64) {
    let (log, producers) = (&mut partition.log, &mut partition.producers);
    let stable = producers.first_unstable().unwrap_or(i64::MAX).min(before);
    let mut all: BTreeMap<i64, Entry> = BTreeMap::new();
    let mut newest: HashMap<Bytes, i64> = HashMap::new();
    for stored in log.stored().take_while(|stored| stored.base < stable) {
        let head = Head::parse(&stored.bytes);
        if head.is_none_or(|head| head.is_control() || producers.has_aborted(&head, stored.base)) {
            continue;
        }
        for entry in batch::records(&stored.bytes).unwrap_or_default() {
            let offset = stored.base + i64::from(entry.delta);
            let key = entry.content.key.clone().unwrap_or_default();
            if let Some(older) = newest.insert(key, offset) {
                all.remove(&older);
            }
            all.insert(offset, entry);
        }
    }
    let kept: Vec<(i64, Entry)> = all.into_iter().collect();
    let cleaned = kept.chunks(CLEANED_BATCH).filter_map(|chunk| {
        let base = chunk.first()?.0;
        let delta = |offset: i64| i32::try_from(offset - base).ok();
        let last = delta(chunk.last()?.0)?;
        let entries: Option<Vec<Entry>> =
            chunk.iter().map(|(offset, entry)| Some(Entry { delta: delta(*offset)?, ..entry.clone() })).collect();
        Some(batch::encode(&Envelope::plain(base, last, partition.epoch, Codec::None), &entries?))
    });
    let rest = log.stored().skip_while(|stored| stored.base < stable).map(|stored| stored.bytes.clone());
    let cleaned: Vec<Bytes> = cleaned.collect();
    let clean = cleaned.len();
    let batches: Vec<Bytes> = cleaned.into_iter().chain(rest).collect();
    // What waits behind an open transaction is no reason to clean all again.
    let clean = if before == i64::MAX { batches.len() } else { clean };
    log.rewrite(batches, clean);
    producers.forget_aborted_before(stable);
}

pub(super) fn put_string(out: &mut BytesMut, text: &str) {
    out.put_i16(i16::try_from(text.len()).unwrap_or(i16::MAX));
    out.extend_from_slice(text.as_bytes().get(..text.len().min(32_767)).unwrap_or_default());
}
