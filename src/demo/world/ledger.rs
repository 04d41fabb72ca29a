//! A bookkeeping service that writes in transactions, and one transaction that
//! nobody will ever end.
//!
//! Owns what it wrote before the demo began. It goes the way of any client: the
//! coordinator, then the partitions, then the markers.

use crate::demo::batch::{self, Content, Entry, Envelope};
use crate::demo::codec::Codec;
use crate::demo::group::Commit;
use crate::demo::internal::{self, topic_id};
use crate::demo::keys;
use crate::demo::log::Log;
use crate::demo::random::Random;
use crate::demo::state::{OFFSETS_TOPIC, Partition, State, Topic, keyed_partition};
use crate::demo::transactions;
use crate::domain::{GroupId, PartitionId, Time, TopicName};
use bytes::Bytes;
use kafka_protocol::ResponseError;
use std::collections::BTreeMap;

pub(in crate::demo) const TOPIC: &str = "accounting.postings";
const PARTITIONS: i32 = 3;
/// The topic it books, in the group of its instances.
const SOURCE: &str = "payments";
const GROUP: &str = "ledger-writer";
/// One transactional id an instance.
const WRITERS: [&str; 2] = ["ledger-writer-0", "ledger-writer-1"];
const TIMEOUT_MS: i32 = 60_000;
const TRANSACTIONS: i64 = 60;
const EVERY_MS: i64 = 4 * 60_000;
/// The transaction before which an instance died in the middle of one that its
/// coordinator has no memory of: nothing after it is visible to those who read
/// only what is committed.
const HANGS_BEFORE: i64 = 45;

/// The producers of the past: id, epoch, and the next sequence in each partition.
struct Writer {
    producer: (i64, i16),
    sequences: BTreeMap<PartitionId, i32>,
}

pub(super) fn seed(state: &mut State, seed: u64, now: Time) -> Result<(), ResponseError> {
    internal::create_transactions_topic(state, seed);
    let partitions =
        (0..PARTITIONS.unsigned_abs() as usize).map(|index| Partition::new(state.place(2, index, 3), Log::default()));
    let topic = Topic {
        id: topic_id(seed, TOPIC),
        is_internal: false,
        partitions: partitions.collect(),
        configs: BTreeMap::from([("min.insync.replicas".to_owned(), "2".to_owned())]),
    };
    state.insert_topic(TOPIC.into(), topic);
    let began = now.plus_millis(-EVERY_MS * TRANSACTIONS);
    let mut writers = Vec::new();
    for id in WRITERS {
        let producer = transactions::init(state, id, TIMEOUT_MS, None, began)?;
        writers.push((id, Writer { producer, sequences: BTreeMap::new() }));
    }
    let mut random = Random::of(&[seed, 31]);
    for number in 0..TRANSACTIONS {
        let at = began.plus_millis(EVERY_MS * number + random.below(EVERY_MS.unsigned_abs() / 2).cast_signed());
        if number == HANGS_BEFORE {
            let producer = (state.next_producer_id(), 0);
            let mut lost = Writer { producer, sequences: BTreeMap::new() };
            write(state, &mut lost, postings(number, &mut random).into_iter().take(1).collect(), at);
        }
        // Neither instance has a fixed turn.
        let turn = random.below(WRITERS.len() as u64);
        let Some((id, writer)) = usize::try_from(turn).ok().and_then(|turn| writers.get_mut(turn)) else { continue };
        let postings = postings(number, &mut random);
        let touched = postings.iter().map(|(partition, _)| (TopicName::from(TOPIC), *partition));
        let offsets = (TopicName::from(OFFSETS_TOPIC), keyed_partition(GROUP));
        transactions::add(state, id, writer.producer, touched.chain([offsets]), at)?;
        write(state, writer, postings, at);
        let commits = booked(state, number, at);
        transactions::add_commits(state, id, writer.producer, &GroupId::from(GROUP), commits, at)?;
        let is_commit = !random.chance(15);
        transactions::end(state, id, writer.producer, is_commit, at.plus_millis(40))?;
    }
    if let Some(group) = state.groups.get_mut(GROUP) {
        group.protocol_type = "consumer".to_owned();
    }
    Ok(())
}

/// Both sides of some bookings, each where its account's key belongs.
fn postings(number: i64, random: &mut Random) -> Vec<(PartitionId, Content)> {
    let count = random.below(3) + 1;
    let both = (0..count).flat_map(|line| {
        let cents = random.below(90_000) + 199;
        let debtor = 10_000 + random.below(400);
        [(debtor, "debit"), (4_400, "credit")].map(|(account, side)| {
            let key = format!("account-{account}");
            let value = format!(
                r#"{{"booking":"B-{:06}-{line}","account":{account},"side":"{side}","amount":"{}.{:02}","currency":"EUR"}}"#,
                number + 81_000,
                cents / 100,
                cents % 100
            );
            let partition = keys::partition_of(key.as_bytes(), PARTITIONS);
            let content = Content { key: Some(Bytes::from(key)), value: Some(Bytes::from(value)), headers: Vec::new() };
            (partition, content)
        })
    });
    both.collect()
}

/// Writes records as a part of the writer's open transaction.
fn write(state: &mut State, writer: &mut Writer, postings: Vec<(PartitionId, Content)>, at: Time) {
    let mut batches: BTreeMap<PartitionId, Vec<Content>> = BTreeMap::new();
    for (partition, content) in postings {
        batches.entry(partition).or_default().push(content);
    }
    for (index, contents) in batches {
        let entries: Vec<Entry> =
            (0..).zip(contents).map(|(delta, content)| Entry { delta, timestamp: at.millis(), content }).collect();
        let count = i32::try_from(entries.len()).unwrap_or(0);
        let sequence = writer.sequences.entry(index).or_default();
        let (id, epoch) = writer.producer;
        let envelope = Envelope::plain(0, count - 1, 0, Codec::None).in_transaction(id, epoch);
        let bytes = batch::encode(&Envelope { base_sequence: *sequence, ..envelope }, &entries);
        *sequence += count;
        if let Some(partition) = state.topics.get_mut(TOPIC).and_then(|topic| topic.partition_mut(index)) {
            partition.append(&bytes, at);
        }
    }
}

/// How far one partition of the payments is booked.
fn booked(state: &State, number: i64, at: Time) -> Vec<(TopicName, PartitionId, Commit)> {
    let Some((name, topic)) = state.topics.get_key_value(SOURCE) else { return Vec::new() };
    let count = i64::try_from(topic.partitions.len()).unwrap_or(1).max(1);
    let index = PartitionId::try_from(number % count).unwrap_or(0);
    let offset = topic.partition(index).map(|partition| partition.log.position_at(at, at));
    let commit = |offset| Commit { offset, leader_epoch: 0, metadata: String::new(), at };
    offset.map(|offset| (name.clone(), index, commit(offset))).into_iter().collect()
}
