//! The seeded world: what the cluster holds at its start.
//!
//! Owns which topics, records and groups there are. Records are described here
//! and made when they are read.
//! Invariant: seed, clock and options decide all of it.

mod avro;
mod cast;
mod catalog;
mod commerce;
mod ledger;
mod logistics;
mod plumbing;
mod schemas;
mod sized;
mod trouble;
mod web;
mod words;

pub(super) use cast::Troupe;
#[cfg(test)]
pub(super) use ledger::TOPIC as LEDGER;
pub(super) use schemas::{SEEDED, SchemaKind, Seeded};

use super::batch::{self, Content, Entry, Envelope};
use super::codec::Codec;
use super::internal::{self, topic_id};
use super::log::Log;
use super::random::{self, Random};
use super::rhythm::Rhythm;
use super::source::{Source, Story};
use super::state::{Cluster, Partition, State, Topic};
use super::{Options, World};
use crate::domain::{Time, TopicName};
use catalog::Spec;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

const HOUR_MS: i64 = 3_600_000;
const REGISTRY_TOPIC: &str = "_schemas";
/// Records per partition that the log cleaner has not come to yet.
const DIRTY_TAIL: i64 = 200;

/// Fills an empty cluster; gives those who will move it.
pub(super) fn fill(cluster: &Cluster, options: &Options) -> Troupe {
    let now = cluster.now();
    let mut state = cluster.lock();
    internal::create_offsets_topic(&mut state, options.seed);
    match options.world {
        World::Empty => Troupe::default(),
        World::Sized { topics, partitions, groups } => {
            sized::fill(&mut state, options, now, (topics, partitions, groups));
            Troupe::default()
        }
        World::Full => {
            for spec in catalog::TOPICS {
                add_topic(&mut state, spec, options, now);
            }
            add_registry_topic(&mut state, options.seed, now);
            if let Err(error) = ledger::seed(&mut state, options.seed, now) {
                tracing::error!(%error, "the demo's ledger could not be written");
            }
            Troupe::enter(&mut state, options.seed, now)
        }
    }
}

fn add_topic(state: &mut State, spec: &Spec, options: &Options, now: Time) {
    let seed = Random::of(&[options.seed, random::bits(spec.name)]).next();
    let moves = spec.is_live && options.traffic;
    let story = Arc::new(Story {
        seed,
        write: spec.write,
        keys: spec.keys,
        codec: spec.codec,
        partitions: spec.partitions,
        until: (!moves).then_some(now),
        things: OnceLock::new(),
        record_size: Arc::default(),
    });
    let began = now.plus_millis(-spec.hours * HOUR_MS);
    let total: u64 = (0..spec.partitions).map(|partition| story.share(partition)).sum();
    let mut dealt = 0;
    let mut left = spec.records;
    let partitions = (0..spec.partitions).map(|partition| {
        // Shares are rounded so that they add up to all records exactly.
        dealt += story.share(partition);
        let upto = i128::from(spec.records) * i128::from(dealt) / i128::from(total.max(1));
        let records = i64::try_from(upto).unwrap_or(0) - (spec.records - left);
        left -= records;
        let phase = Random::of(&[seed, 5, u64::from(partition.unsigned_abs())]).next();
        let rhythm = Rhythm::reaching(records, began, now, phase);
        let clean_before = if spec.is_compacted() { records - DIRTY_TAIL } else { 0 };
        let first = spec.first + i64::try_from(phase % 97).unwrap_or(0).min(spec.first);
        let source = Source { story: Arc::clone(&story), partition, rhythm, clean_before };
        let replicas = state.place(seed, partition.unsigned_abs() as usize, spec.replication);
        Partition::new(replicas, Log::told(source, first))
    });
    let partitions = partitions.collect();
    let configs = spec.configs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let topic = Topic { id: topic_id(options.seed, spec.name), is_internal: false, partitions, configs };
    state.insert_topic(TopicName::from(spec.name), topic);
}

/// The registry's own topic, as a registry writes it.
fn add_registry_topic(state: &mut State, seed: u64, now: Time) {
    let began = now.plus_millis(-150 * HOUR_MS);
    let mut versions: BTreeMap<&str, i32> = BTreeMap::new();
    let entries: Vec<Entry> = (0..)
        .zip(SEEDED)
        .map(|(delta, schema)| {
            let version = versions.entry(schema.subject).or_default();
            *version += 1;
            let subject = schema.subject;
            let key = format!(r#"{{"keytype":"SCHEMA","subject":"{subject}","version":{version},"magic":1}}"#);
            let kind = match schema.kind {
                SchemaKind::Avro => "",
                SchemaKind::Json => r#""schemaType":"JSON","#,
                SchemaKind::Protobuf => r#""schemaType":"PROTOBUF","#,
            };
            let text = serde_json::Value::from(schema.text);
            let id = schema.id;
            let value = format!(
                r#"{{"subject":"{subject}","version":{version},"id":{id},{kind}"schema":{text},"deleted":false}}"#
            );
            let content = Content { key: Some(key.into()), value: Some(value.into()), headers: Vec::new() };
            Entry { delta, timestamp: began.plus_millis(i64::from(delta) * 61_000).millis(), content }
        })
        .collect();
    let last = i32::try_from(entries.len()).unwrap_or(1) - 1;
    let mut partition = Partition::new(state.place(1, 0, 3), Log::default());
    partition.append(&batch::encode(&Envelope::plain(0, last, 0, Codec::None), &entries), now);
    let configs = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
    let partitions = vec![partition];
    let topic = Topic { id: topic_id(seed, REGISTRY_TOPIC), is_internal: false, partitions, configs };
    state.insert_topic(REGISTRY_TOPIC.into(), topic);
}
