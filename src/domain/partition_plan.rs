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
mod zero;

pub use choice::{Choice, HotKey};
pub use sample::KeySample;
pub use sizing::{Figure, Needs, Source};
pub use zero::{CommitZero, ZeroOffer};

use super::broker::Broker;
use super::group::{GroupDescription, GroupListing};
use super::origin::{GroupRole, origin_of, partition_change_refusal};
use super::partitioner::Partitioner;
use super::plan::{Change, Check, Confirm, OffsetMove, Plan, Severity, Step, Warning};
use super::replica_placement::assign_new_partitions;
use super::reset::{TouchedGroup, emptiness, right_to_undo};
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
    /// Who could be given offset 0 in new partitions.
    pub zero: ZeroOffer,
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
        zero: ZeroOffer::of(&inputs.readers),
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
    /// Groups to be given offset 0 are described, for their right to take it back.
    pub described: Vec<GroupDescription>,
    pub commit_zero: CommitZero,
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
    let offer = ZeroOffer::of(&inputs.readers);
    let chosen = offer.chosen(&inputs.commit_zero, &topic.name)?;
    warnings.extend(zero_warnings(&offer, &inputs.commit_zero));
    let assignments =
        assign_new_partitions(&topic.partitions, &inputs.brokers, &inputs.replicas_per_broker, current, to, factor);
    let added = usize::try_from(to - current).unwrap_or(0);
    let moves = zero_moves(topic, current..to, &chosen);
    let touched = |id: &GroupId| {
        let description = inputs.described.iter().find(|known| known.listing.id == *id)?;
        Some(TouchedGroup { description: description.clone(), role: GroupRole::Plain, commits_without_joining: false })
    };
    let touched: Vec<TouchedGroup> = chosen.iter().filter_map(touched).collect();
    let mut checks = vec![
        Check::new(Some(true), format!("still {}", show::plural(topic.partitions.len(), "partition"))),
        Check::new(topic.id.map(|_| true), "the same topic id"),
    ];
    checks.extend(touched.iter().map(|group| emptiness(&group.description, true)));
    checks.extend(right_to_undo(&touched, &moves));
    let mut summary = vec![
        format!("{} new with {factor} replicas each, spread over brokers and racks", show::plural(added, "partition")),
        "records stay where they are; keys may go to other partitions from then on".into(),
    ];
    if !chosen.is_empty() {
        summary.push(format!(
            "then offset 0 is committed there for {}; undo takes that back, the partitions stay",
            show::plural(chosen.len(), "group")
        ));
    }
    let mut steps = vec![Step::AddPartitions {
        topic: topic.name.clone(),
        topic_id: topic.id,
        before: current,
        after: to,
        assignments,
    }];
    steps.extend(moves.into_iter().map(Step::MoveOffset));
    Ok(Plan {
        title: format!("Add {} to {name}: {current} \u{2192} {to}", show::plural(added, "partition")),
        summary,
        steps,
        checks,
        warnings,
        confirm: Confirm::TypeName(name.to_owned()),
        not_undoable: chosen.is_empty().then(|| "Kafka can add partitions and never take them away".into()),
        command_line: add_command(name, to, &inputs.commit_zero),
        made_at: inputs.now,
        finishes: None,
        change: Change::AddPartitions { topic: topic.name.clone() },
        id: inputs.id,
    })
}

/// Offset 0 in each new partition for each group; a new log begins there.
fn zero_moves(topic: &Topic, new: std::ops::Range<i32>, groups: &[GroupId]) -> Vec<OffsetMove> {
    let here = |group: &GroupId, partition| OffsetMove {
        group: Some(group.clone()),
        topic: topic.name.clone(),
        topic_id: topic.id,
        partition,
        before: None,
        target: Some(0),
        metadata: String::new(),
        leader_epoch: -1,
        log_start: Some(0),
        log_end: Some(0),
        adjusted: None,
        next: None,
    };
    groups.iter().flat_map(|group| new.clone().map(move |partition| here(group, partition))).collect()
}

/// The offer where it was not taken up, and whom it cannot help.
fn zero_warnings(offer: &ZeroOffer, wish: &CommitZero) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if *wish == CommitZero::No && !offer.groups.is_empty() {
        let text = format!(
            "{} could be given offset 0 there in the same change, so that nothing is skipped: --commit-zero",
            named(&offer.groups)
        );
        warnings.push(Warning::new(Severity::Note, text));
    }
    let others = offer
        .others
        .iter()
        .take(NAMED)
        .map(|(group, reason)| Warning::new(Severity::Note, format!("{group} is not given offset 0: {reason}")));
    warnings.extend(others);
    if offer.others.len() > NAMED {
        let text = format!("nor are {} other groups, for such reasons", offer.others.len() - NAMED);
        warnings.push(Warning::new(Severity::Note, text));
    }
    warnings
}

/// Groups named one by one before they are counted.
const NAMED: usize = 6;

fn named(groups: &[GroupId]) -> String {
    let names: Vec<&str> = groups.iter().take(NAMED).map(GroupId::as_str).collect();
    match groups.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn add_command(topic: &str, to: i32, wish: &CommitZero) -> String {
    let to = to.to_string();
    let zero = match wish {
        CommitZero::No => None,
        CommitZero::Offered => Some("--commit-zero".to_owned()),
        CommitZero::Only(groups) => {
            let names: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
            Some(format!("--commit-zero={}", names.join(",")))
        }
    };
    let words = ["klamm", "topics", "add-partitions", topic, "--to", &to].into_iter();
    command_line::join(words.chain(zero.as_deref()))
}

/// No cluster carries more; a larger wish is a typing error.
const MAX_PARTITIONS: i32 = 200_000;

fn partition_count(topic: &Topic) -> i32 {
    i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
