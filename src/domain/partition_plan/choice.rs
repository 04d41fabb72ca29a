//! One partition count, looked at from all sides.

use super::sizing::Needs;
use super::{MAX_PARTITIONS, PartitionInputs, PartitionWish, partition_count};
use crate::domain::partitioner::{Partitioner, partition_for};
use crate::domain::replica_placement::assign_new_partitions;
use crate::domain::{PartitionId, show};

/// Hot keys shown for each count.
const HOTTEST: usize = 3;
/// A key's beginning, for showing.
const KEY_PREVIEW: usize = 48;

/// A key with many records, and where it would go.
#[derive(Clone, Debug, PartialEq)]
pub struct HotKey {
    /// The beginning of the key as text, not sanitised.
    pub key: String,
    /// Of the sampled records.
    pub share: f64,
    pub from: PartitionId,
    /// `None` when no partitioner explains where keys go.
    pub to: Option<PartitionId>,
}

/// What a count would mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub partitions: i32,
    /// Bytes a second on each partition, at the target or else at today's rate.
    pub rate_each: Option<f64>,
    /// The most replicas that any broker would hold, all topics counted.
    pub replicas_per_broker: usize,
    pub is_over_limit: bool,
    /// The share of sampled keys that go elsewhere, by partitioner.
    pub moved: Vec<(Partitioner, f64)>,
    /// The share that evenly hashed keys would have.
    pub expected_moved: f64,
    pub hottest: Vec<HotKey>,
    /// Sampled records by partition, as the partitioner in use would spread them.
    pub skew: Vec<u64>,
    /// It is a multiple of the number of brokers (and of the consumers said).
    pub divides_evenly: bool,
}

/// The counts worth looking at: the least that is needed, what divides evenly
/// over brokers and consumers, what moves the fewest keys, what was asked for.
pub(super) fn counts(current: i32, needs: Option<&Needs>, wish: &PartitionWish, brokers: usize) -> Vec<i32> {
    let minimum = needs.map_or(current + 1, |needs| needs.minimum.max(current + 1));
    let even = multiple_at_least(minimum, even_step(brokers, wish.consumers, minimum));
    // A multiple of the count of today moves the fewest keys.
    let kind = multiple_at_least(minimum, current);
    let mut counts = vec![even, kind];
    if needs.is_some_and(|needs| needs.minimum > current) {
        counts.push(minimum);
    }
    counts.extend(wish.partitions);
    counts.retain(|count| *count > current && *count <= MAX_PARTITIONS);
    counts.sort_unstable();
    counts.dedup();
    counts
}

pub(super) fn look_at(
    inputs: &PartitionInputs,
    wish: &PartitionWish,
    rate: Option<f64>,
    partitioner: Option<Partitioner>,
    to: i32,
) -> Choice {
    let topic = &inputs.topic;
    let current = partition_count(topic);
    let mut held = inputs.replicas_per_broker.clone();
    let factor = topic.replication_factor().max(1);
    let new = assign_new_partitions(&topic.partitions, &inputs.brokers, &held, current, to, factor);
    for replica in new.into_iter().flatten() {
        *held.entry(replica).or_default() += 1;
    }
    let replicas_per_broker = held.values().copied().max().unwrap_or(0);
    let sampled = inputs.keys.records().max(1) as f64;
    let hottest = inputs.keys.hottest(HOTTEST).into_iter().map(|(key, seen)| HotKey {
        key: String::from_utf8_lossy(key.get(..KEY_PREVIEW).unwrap_or(key)).into_owned(),
        share: seen.records as f64 / sampled,
        from: seen.partition,
        to: partitioner.and_then(|partitioner| partition_for(key, to, partitioner)),
    });
    Choice {
        partitions: to,
        rate_each: rate.map(|rate| rate / f64::from(to)),
        replicas_per_broker,
        is_over_limit: replicas_per_broker > wish.replica_limit,
        moved: inputs.keys.moved(current, to),
        expected_moved: expected_moved(current, to),
        hottest: hottest.collect(),
        skew: partitioner.map(|partitioner| inputs.keys.spread(to, partitioner)).unwrap_or_default(),
        divides_evenly: to % even_step(inputs.brokers.len(), wish.consumers, to) == 0,
    }
}

/// Rounds what is needed up to a count that divides evenly, and says over what.
pub(super) fn suggest(needs: &mut Needs, wish: &PartitionWish, brokers: usize) {
    let step = even_step(brokers, wish.consumers, needs.minimum);
    needs.suggested = multiple_at_least(needs.minimum, step).min(MAX_PARTITIONS);
    let brokers_step = i32::try_from(brokers).unwrap_or(1).max(1);
    let mut over = vec![show::plural(brokers, "broker")];
    if let Some(consumers) = wish.consumers.filter(|_| step != brokers_step) {
        over.push(show::plural(consumers, "consumer"));
    }
    if let Some(formula) = needs.lines.last_mut().filter(|_| brokers > 0) {
        formula.push_str(&format!(" \u{2192} {} divides evenly over {}", needs.suggested, over.join(" and ")));
    }
}

/// The share of evenly hashed keys that change their partition: 1 − gcd/max.
pub(super) fn expected_moved(from: i32, to: i32) -> f64 {
    let larger = from.max(to);
    if larger <= 0 { 0.0 } else { 1.0 - f64::from(gcd(from, to)) / f64::from(larger) }
}

/// What a count should be a multiple of: the brokers, and the consumers as well
/// unless that would be far beyond what is needed.
fn even_step(brokers: usize, consumers: Option<u32>, minimum: i32) -> i32 {
    let brokers = i32::try_from(brokers).unwrap_or(1).max(1);
    let consumers = consumers.and_then(|n| i32::try_from(n).ok()).unwrap_or(1).max(1);
    match (brokers / gcd(brokers, consumers)).checked_mul(consumers) {
        Some(both) if both <= minimum.saturating_mul(2) => both,
        _ => brokers,
    }
}

fn multiple_at_least(minimum: i32, step: i32) -> i32 {
    let step = step.max(1);
    minimum.checked_add(step - 1).map_or(i32::MAX, |sum| sum / step * step)
}

fn gcd(a: i32, b: i32) -> i32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
