//! How many partitions a topic needs, what another count would do, and the plan
//! that adds partitions.
//!
//! Owns: the sizing formula with the origin of each number, a few counts side
//! by side, which keys would move, and what breaks.
//! Invariant: a number that was assumed says so, and topics that belong to
//! Kafka, Connect, a mirror or a Streams application are refused.

mod choice;
mod sample;
mod sizing;

pub use choice::{Choice, HotKey};
pub use sample::KeySample;
pub use sizing::{Figure, Needs, Source};

use super::broker::Broker;
use super::group::{GroupListing, GroupState};
use super::origin::{GroupRole, origin_of, partition_change_refusal};
use super::partitioner::Partitioner;
use super::plan::{Change, Check, Confirm, Plan, Severity, Step, Warning};
use super::replica_placement::assign_new_partitions;
use super::topic::{PartitionLog, Topic};
use super::{BrokerId, Failure, FailureKind, GroupId, Time, command_line, show};
use std::collections::HashMap;
use std::sync::Arc;

/// What a user wants to know, and what they know better than klamm.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionWish {
    /// Bytes a second the topic should carry.
    pub target_rate: Option<f64>,
    /// Bytes a second producers get into one partition.
    pub in_rate: Option<f64>,
    /// Bytes a second one consumer reads from one partition.
    pub read_rate: Option<f64>,
    /// Consumers that should work in parallel in one group.
    pub consumers: Option<u32>,
    /// A count to look at beside those that are worked out.
    pub partitions: Option<i32>,
    /// Replicas a broker should hold at most.
    pub replica_limit: usize,
    /// Records to sample for keys.
    pub sample: u64,
}

impl Default for PartitionWish {
    fn default() -> Self {
        Self {
            target_rate: None,
            in_rate: None,
            read_rate: None,
            consumers: None,
            partitions: None,
            replica_limit: 4_000,
            sample: 2_000,
        }
    }
}

/// A group that has offsets in the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub group: GroupListing,
    /// `None` when not known.
    pub members: Option<usize>,
    pub role: GroupRole,
}

/// What is known about the topic.
#[derive(Clone, Debug)]
pub struct PartitionInputs {
    pub topic: Arc<Topic>,
    /// The cluster it is mirrored from.
    pub mirrored_from: Option<String>,
    /// By partition id; empty when not known.
    pub logs: Vec<PartitionLog>,
    pub brokers: Vec<Broker>,
    pub replicas_per_broker: HashMap<BrokerId, usize>,
    pub keys: KeySample,
    /// Why no keys could be sampled.
    pub sample_failure: Option<String>,
    /// `None` when its configuration is not known.
    pub is_compacted: Option<bool>,
    pub readers: Vec<Reader>,
}

/// What a partition count means for a topic.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionReport {
    pub topic: super::TopicName,
    pub current: i32,
    /// Why the count must not be changed; the rest is still worth reading.
    pub refusal: Option<String>,
    /// Bytes a second now, and the busiest partition's; `None` where not known.
    pub rate: Option<f64>,
    pub busiest: Option<f64>,
    pub size: Option<u64>,
    /// The formula, when a target or a number of consumers was given.
    pub needs: Option<Needs>,
    /// Counts side by side, ascending.
    pub choices: Vec<Choice>,
    /// Index of the choice to look at first.
    pub recommended: Option<usize>,
    pub sampled: u64,
    pub distinct_keys: usize,
    pub keyless: u64,
    /// From the oldest to the newest sampled record.
    pub sampled_span: Option<(Time, Time)>,
    /// The share of sampled keys that lie where each partitioner puts them.
    pub explained: Vec<(Partitioner, f64)>,
    /// The partitioner that explains most, if it explains more than half.
    pub partitioner: Option<Partitioner>,
    pub sample_failure: Option<String>,
    /// Sampled records by partition.
    pub skew: Vec<u64>,
    pub replica_limit: usize,
    pub warnings: Vec<Warning>,
    /// Empty groups that could be given offset 0 in new partitions.
    pub start_at_zero: Vec<GroupId>,
}

/// Works out what `wish` means.
pub fn report(inputs: &PartitionInputs, wish: &PartitionWish) -> PartitionReport {
    let topic = &inputs.topic;
    let current = partition_count(topic);
    let load = sizing::Load::of(&inputs.logs);
    let mut needs = sizing::needs(&load, wish);
    if let Some(needs) = &mut needs {
        choice::suggest(needs, wish, inputs.brokers.len());
    }
    let explained = inputs.keys.explained(current);
    let partitioner = explained
        .iter()
        .filter(|(_, share)| *share > 0.5)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(partitioner, _)| *partitioner);
    let counts = choice::counts(current, needs.as_ref(), wish, inputs.brokers.len());
    let rate = wish.target_rate.or(load.rate);
    let choices: Vec<Choice> = counts.iter().map(|&to| choice::look_at(inputs, wish, rate, partitioner, to)).collect();
    let wanted = wish.partitions.or_else(|| needs.as_ref().map(|needs| needs.suggested)).unwrap_or(0);
    let recommended = choices.iter().position(|choice| choice.partitions >= wanted);
    let mut warnings = Vec::new();
    let keyed = inputs.keys.distinct() > 0;
    if inputs.is_compacted == Some(true) {
        let text = "compacted: the old copies of a key that moves stay in its old partition for good";
        warnings.push(Warning::new(Severity::Danger, text));
    } else if inputs.is_compacted.is_none() {
        warnings.push(Warning::new(
            Severity::Note,
            "its cleanup policy is not known: if it is compacted, old copies of moved keys stay",
        ));
    }
    if keyed && partitioner.is_none() {
        let text = "no default partitioner explains where keys lie: producers choose partitions themselves, differ, \
                    or the count changed before; which keys move cannot be told";
        warnings.push(Warning::new(Severity::Warning, text));
    }
    if inputs.keys.is_transactional {
        let text = "written in transactions: restart exactly-once processors after the change, so that none keeps the old count";
        warnings.push(Warning::new(Severity::Warning, text));
    }
    warnings.extend(reader_warnings(topic, &inputs.readers));
    PartitionReport {
        topic: topic.name.clone(),
        current,
        refusal: partition_change_refusal(origin_of(topic), inputs.mirrored_from.as_deref()),
        rate: load.rate,
        busiest: load.busiest,
        size: load.size,
        needs,
        choices,
        recommended,
        sampled: inputs.keys.records(),
        distinct_keys: inputs.keys.distinct(),
        keyless: inputs.keys.keyless(),
        sampled_span: inputs.keys.span(),
        explained,
        partitioner,
        sample_failure: inputs.sample_failure.clone(),
        skew: inputs.keys.by_partition(current),
        replica_limit: wish.replica_limit,
        warnings,
        start_at_zero: empty_groups(&inputs.readers).map(|reader| reader.group.id.clone()).collect(),
    }
}

/// What breaks for those who read and write the topic, whatever the count.
fn reader_warnings(topic: &Topic, readers: &[Reader]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for reader in readers.iter().filter(|reader| reader.role == GroupRole::Streams) {
        let text = format!(
            "{} (Streams) will stop at its next rebalance: its internal topics have {}",
            reader.group.id,
            show::plural(topic.partitions.len(), "partition")
        );
        warnings.push(Warning::new(Severity::Danger, text));
    }
    let plain = readers.iter().filter(|reader| reader.role != GroupRole::Streams).count();
    if plain > 0 {
        let text = format!(
            "{} may skip what reaches new partitions before they see them (\u{2264} 5 min) if they start at latest",
            show::plural(plain, "group")
        );
        warnings.push(Warning::new(Severity::Warning, text));
    }
    let text = "producers learn the new count at different times: order is at risk for at least as long";
    warnings.push(Warning::new(Severity::Warning, text));
    warnings
}

/// Groups that can be given a position in new partitions before they read them.
fn empty_groups(readers: &[Reader]) -> impl Iterator<Item = &Reader> {
    readers.iter().filter(|reader| reader.group.state == GroupState::Empty && reader.role == GroupRole::Plain)
}

/// Everything a plan to add partitions depends on.
#[derive(Clone, Debug)]
pub struct AddInputs {
    pub id: String,
    pub now: Time,
    pub topic: Arc<Topic>,
    /// The cluster it is mirrored from.
    pub mirrored_from: Option<String>,
    pub brokers: Vec<Broker>,
    pub replicas_per_broker: HashMap<BrokerId, usize>,
    pub readers: Vec<Reader>,
    pub to: i32,
}

/// The plan that brings a topic to `to` partitions, or why it must not be.
pub fn plan_add_partitions(inputs: AddInputs) -> Result<Plan, Failure> {
    let topic = &inputs.topic;
    let name = topic.name.as_str();
    let fail = |kind, message: String| Failure::new(kind, "add partitions", message).on(name);
    if let Some(reason) = partition_change_refusal(origin_of(topic), inputs.mirrored_from.as_deref()) {
        return Err(fail(FailureKind::Refused, reason));
    }
    let (current, to) = (partition_count(topic), inputs.to);
    if to <= current {
        let reason = format!("it has {} and Kafka can only add", show::plural(topic.partitions.len(), "partition"));
        return Err(fail(FailureKind::Invalid, reason).hint("To have fewer, create a new topic and copy."));
    }
    if to > MAX_PARTITIONS {
        return Err(fail(
            FailureKind::Invalid,
            format!("a cluster carries at most about {} partitions", show::count(MAX_PARTITIONS.unsigned_abs().into())),
        ));
    }
    if inputs.brokers.is_empty() {
        return Err(fail(FailureKind::Unreachable, "no broker is there to hold them".into()));
    }
    let factor = topic.replication_factor().max(1);
    let mut warnings = reader_warnings(topic, &inputs.readers);
    if inputs.brokers.len() < factor {
        let text = format!(
            "{} are there for {factor} replicas: the new partitions get fewer",
            show::plural(inputs.brokers.len(), "broker")
        );
        warnings.push(Warning::new(Severity::Danger, text));
    }
    let new: Vec<String> = (current..to).map(|id| id.to_string()).collect();
    for reader in empty_groups(&inputs.readers) {
        let partitions = format!("{name}:{}", new.join(","));
        let words = ["klamm", "groups", "reset", reader.group.id.as_str(), "--topic", &partitions, "--to-earliest"];
        let text =
            format!("so that {} skips nothing there, afterwards: {}", reader.group.id, command_line::join(words));
        warnings.push(Warning::new(Severity::Note, text));
    }
    let assignments =
        assign_new_partitions(&topic.partitions, &inputs.brokers, &inputs.replicas_per_broker, current, to, factor);
    let added = usize::try_from(to - current).unwrap_or(0);
    let to_text = to.to_string();
    Ok(Plan {
        title: format!("Add {} to {name}: {current} \u{2192} {to}", show::plural(added, "partition")),
        summary: vec![
            format!(
                "{} new with {factor} replicas each, spread over brokers and racks",
                show::plural(added, "partition")
            ),
            "records stay where they are; keys may go to other partitions from then on".into(),
        ],
        steps: vec![Step::AddPartitions {
            topic: topic.name.clone(),
            topic_id: topic.id,
            before: current,
            after: to,
            assignments,
        }],
        checks: vec![
            Check { passed: Some(true), text: format!("still {}", show::plural(topic.partitions.len(), "partition")) },
            Check { passed: topic.id.map(|_| true), text: "the same topic id".into() },
        ],
        warnings,
        confirm: Confirm::TypeName(name.to_owned()),
        not_undoable: Some("Kafka can add partitions and never take them away".into()),
        command_line: command_line::join(["klamm", "topics", "add-partitions", name, "--to", &to_text]),
        made_at: inputs.now,
        change: Change::AddPartitions { topic: topic.name.clone() },
        id: inputs.id,
    })
}

/// No cluster carries more; a larger wish is a typing error.
const MAX_PARTITIONS: i32 = 200_000;

fn partition_count(topic: &Topic) -> i32 {
    i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
