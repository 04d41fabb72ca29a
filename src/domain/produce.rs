//! Writing records as a change: what is written, how it is handed over, and the plan.
//!
//! Owns: the record to write, the settings of a delivery by their names, the checks.
//! Must not know: where a record comes from, or the payload once it is planned: a plan
//! is written down, and a payload is not.
//! Invariant: one step for each record, or one for a stream whose length may be unknown.

use super::config::{ConfigEntry, is_compacted};
use super::partitioner::{Partitioner, partition_for};
use super::plan::{Change, Check, Confirm, Plan, Severity, Step, StepStatus, Warning};
use super::record::Codec;
use super::topic::Topic;
use super::{Failure, FailureKind, Offset, PartitionId, Time, TopicId, TopicName, command_line, show};
use serde::{Deserialize, Serialize};

/// A record to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// `None`: as the partitioner chooses.
    pub partition: Option<PartitionId>,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// `None`: when it is sent.
    pub timestamp: Option<Time>,
}

impl NewRecord {
    /// Bytes of key, value and headers.
    pub fn size(&self) -> usize {
        let of = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + of(value)).sum();
        of(&self.key) + of(&self.value) + headers
    }
}

/// Who must have a record before it counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acks {
    /// All replicas in sync.
    #[default]
    All,
    Leader,
    /// Nobody says anything.
    None,
}

impl Acks {
    pub const ALL: [Self; 3] = [Self::All, Self::Leader, Self::None];

    /// As Kafka's own setting is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Leader => "1",
            Self::None => "0",
        }
    }
}

/// Which partition a record goes to that names none, by librdkafka's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    Random,
    Consistent,
    ConsistentRandom,
    Murmur2,
    /// As the Java client: by the key's murmur2, without a key at random.
    #[default]
    Murmur2Random,
    Fnv1a,
    Fnv1aRandom,
}

impl Spread {
    pub const ALL: [Self; 7] = [
        Self::Random,
        Self::Consistent,
        Self::ConsistentRandom,
        Self::Murmur2,
        Self::Murmur2Random,
        Self::Fnv1a,
        Self::Fnv1aRandom,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Consistent => "consistent",
            Self::ConsistentRandom => "consistent_random",
            Self::Murmur2 => "murmur2",
            Self::Murmur2Random => "murmur2_random",
            Self::Fnv1a => "fnv1a",
            Self::Fnv1aRandom => "fnv1a_random",
        }
    }

    /// Where a key goes, where that can be told beforehand.
    pub fn partition(self, key: Option<&[u8]>, partitions: i32) -> Option<PartitionId> {
        match self {
            Self::Murmur2 | Self::Murmur2Random => partition_for(key?, partitions, Partitioner::Java),
            Self::Consistent | Self::ConsistentRandom => partition_for(key?, partitions, Partitioner::Librdkafka),
            Self::Random | Self::Fnv1a | Self::Fnv1aRandom => None,
        }
    }
}

/// How records are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub compression: Codec,
    pub acks: Acks,
    /// Each is written once and in order even where a request is sent again. Needs all acks.
    pub is_idempotent: bool,
    pub spread: Spread,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { compression: Codec::None, acks: Acks::All, is_idempotent: true, spread: Spread::default() }
    }
}

/// What a plan writes down about where records go, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produce {
    pub topic: TopicName,
    pub topic_id: Option<TopicId>,
    pub delivery: Delivery,
    /// Records a second at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Where each partition ended before anything was sent; those that did not answer
    /// are missing.
    pub ends: Vec<(PartitionId, Offset)>,
}

/// One record, or a stream of them, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Fixed, or told by the key; `None`: each goes where the partitioner says.
    pub partition: Option<PartitionId>,
    /// `None`: as many as come.
    pub records: Option<u64>,
    /// Of keys, values and headers; `None` like `records`.
    pub bytes: Option<u64>,
    /// SHA-256 of the record, in hexadecimal; of one record only.
    pub digest: Option<String>,
    /// The key's beginning, not sanitised; masked as the profile says. Of the first record.
    pub key: Option<String>,
    /// The value's beginning in the same way; `None` is a tombstone.
    pub value: Option<String>,
    /// Headers of the first record.
    pub headers: usize,
    pub timestamp: Option<Time>,
}

/// Where records of one step went: one row for each partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The index of the step.
    pub step: usize,
    pub partition: PartitionId,
    pub records: u64,
    /// `None`: nobody said (acks 0).
    pub first: Option<Offset>,
    pub last: Option<Offset>,
}

/// What is known of a record before it is planned.
#[derive(Clone, Debug)]
pub struct Draft {
    pub batch: Batch,
    /// The largest single record of it, in bytes, as far as it was read.
    pub largest: u64,
    pub has_key: bool,
    pub is_tombstone: bool,
    /// Where its key would go by the Java client's hash.
    pub by_key: Option<PartitionId>,
}

/// Everything a plan depends on.
pub struct ProduceInputs<'a> {
    pub id: String,
    pub now: Time,
    pub topic: &'a Topic,
    pub configs: Result<&'a [ConfigEntry], &'a Failure>,
    pub ends: Vec<(PartitionId, Offset)>,
    pub drafts: Vec<Draft>,
    pub delivery: Delivery,
    pub rate: Option<u32>,
    /// Whether one may write there; `None` where the cluster does not tell.
    pub may_write: Result<Option<bool>, Failure>,
    /// What others write there in another way.
    pub others: Vec<Warning>,
    /// How keys and values are written, for the summary.
    pub said: Vec<String>,
    pub production: bool,
    pub command_line: Vec<String>,
}

/// The plan that writes records.
pub fn plan(inputs: ProduceInputs<'_>) -> Result<Plan, Failure> {
    let ProduceInputs { topic, drafts, delivery, .. } = &inputs;
    let invalid = |message: String| Failure::new(FailureKind::Invalid, "produce to", message).on(topic.name.as_str());
    if delivery.is_idempotent && delivery.acks != Acks::All {
        return Err(invalid(format!("an idempotent producer needs acks all, not {}", delivery.acks.word())));
    }
    let mut checks = vec![Check::new(Some(true), format!("topic {} is there", topic.name))];
    checks.extend(match &inputs.may_write {
        Ok(may_write) => may_write.map(|may| {
            let text = if may { "you may write to it" } else { "you may write to it: that takes WRITE on the topic" };
            Check::new(Some(may), text)
        }),
        Err(failure) => Some(Check::new(None, format!("the right to write to it: {failure}"))),
    });
    checks.extend(partition_checks(topic, drafts));
    checks.extend(config_checks(&inputs));
    let records = total(drafts.iter().map(|draft| draft.batch.records));
    let bytes = total(drafts.iter().map(|draft| draft.batch.bytes));
    let count = records.map_or_else(|| "records as they come".to_owned(), |count| counted(count, "record"));
    let mut summary = vec![match bytes {
        Some(bytes) => format!("{count}, {} of keys, values and headers", show::size(bytes)),
        None => format!("{count}: how many is known at the end of the input"),
    }];
    summary.push(format!(
        "compression {}, acks {}, {}, partitioner {}{}",
        delivery.compression.word(),
        delivery.acks.word(),
        if delivery.is_idempotent { "idempotent" } else { "not idempotent" },
        delivery.spread.word(),
        inputs.rate.map_or_else(String::new, |rate| format!(", at most {} a second", show::count(rate.into()))),
    ));
    summary.extend(inputs.said.iter().cloned());
    let confirm =
        if inputs.production || topic.is_internal { Confirm::TypeName(topic.name.to_string()) } else { Confirm::Yes };
    Ok(Plan {
        title: format!("Write {count} to {}", topic.name),
        summary,
        warnings: warnings(&inputs),
        checks,
        confirm,
        not_undoable: Some("Kafka does not take back a record that was written".into()),
        command_line: command_line::join(inputs.command_line.iter().map(String::as_str)),
        made_at: inputs.now,
        change: Change::Produce(Box::new(Produce {
            topic: topic.name.clone(),
            topic_id: topic.id,
            delivery: *delivery,
            rate: inputs.rate,
            ends: inputs.ends,
        })),
        steps: inputs.drafts.into_iter().map(|draft| Step::Produce(Box::new(draft.batch))).collect(),
        finishes: None,
        id: inputs.id,
    })
}

fn total(parts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    parts.sum()
}

fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", show::count(count), if count == 1 { "" } else { "s" })
}

fn partition_checks(topic: &Topic, drafts: &[Draft]) -> Vec<Check> {
    let mut asked: Vec<PartitionId> = drafts.iter().filter_map(|draft| draft.batch.partition).collect();
    asked.sort_unstable();
    asked.dedup();
    let missing = asked.iter().find(|id| topic.partition(**id).is_none());
    if let Some(id) = missing {
        let has = counted(topic.partitions.len() as u64, "partition");
        return vec![Check::new(Some(false), format!("there is no partition {id}: the topic has {has}"))];
    }
    let offline = topic.partitions.iter().filter(|partition| partition.is_offline());
    let lost = |id: PartitionId| asked.is_empty() || asked.contains(&id);
    offline
        .filter(|partition| lost(partition.id))
        .map(|partition| Check::advice(Some(false), format!("partition {} has a leader", partition.id)))
        .collect()
}

/// What the topic's own settings ask of a record.
fn config_checks(inputs: &ProduceInputs<'_>) -> Vec<Check> {
    let ProduceInputs { configs, drafts, delivery, .. } = inputs;
    let configs = match configs {
        Ok(configs) => configs,
        Err(failure) => return vec![Check::new(None, format!("the topic's settings: {failure}"))],
    };
    let mut checks = Vec::new();
    if let Some(most) = value(configs, "max.message.bytes").and_then(|value| value.parse::<u64>().ok()) {
        let largest = drafts.iter().map(|draft| draft.largest).max().unwrap_or(0);
        let fits = largest.saturating_add(OVERHEAD) <= most;
        let of = format!("{} of at most {} (max.message.bytes)", show::size(largest), show::size(most));
        checks.push(match (fits, delivery.compression) {
            (true, _) => Check::new(Some(true), format!("the largest record fits: {of}")),
            (false, Codec::None) => Check::new(Some(false), format!("the largest record fits: it has {of}")),
            // The broker weighs what was compressed.
            (false, _) => Check::advice(Some(false), format!("the largest record fits as it is: {of}")),
        });
    }
    if is_compacted(configs) {
        let without = drafts.iter().filter(|draft| !draft.has_key).count();
        let text = "each record has a key, which a compacted topic asks for";
        checks.push(Check::new(Some(without == 0), text));
    }
    checks
}

/// A batch of one record has so much beside the record, at most.
const OVERHEAD: u64 = 61 + 30;

fn value<'a>(configs: &'a [ConfigEntry], name: &str) -> Option<&'a str> {
    configs.iter().find(|entry| entry.name == name)?.value.as_deref()
}

fn warnings(inputs: &ProduceInputs<'_>) -> Vec<Warning> {
    let ProduceInputs { topic, configs, drafts, delivery, others, .. } = inputs;
    let mut warnings = others.clone();
    let mut say = |severity, text: String| warnings.push(Warning::new(severity, text));
    if topic.is_internal {
        say(Severity::Danger, "it is a topic of Kafka's own: what reads it may break".into());
    }
    let configs = configs.unwrap_or_default();
    let tombstones = drafts.iter().filter(|draft| draft.is_tombstone).count() as u64;
    if tombstones > 0 {
        let what = counted(tombstones, "tombstone");
        if is_compacted(configs) {
            say(Severity::Warning, format!("{what}: compaction will delete what stands under the key"));
        } else {
            say(Severity::Note, format!("{what}: the topic is not compacted, so nothing is deleted by it"));
        }
    }
    let elsewhere = drafts.iter().find_map(|draft| {
        let (fixed, by_key) = (draft.batch.partition?, draft.by_key?);
        (fixed != by_key).then_some((fixed, by_key))
    });
    if let Some((fixed, by_key)) = elsewhere {
        let text = format!("goes to partition {fixed}; the Java client would write this key to {by_key}");
        say(Severity::Warning, format!("{text}: its order with others of the key is not kept"));
    }
    let has_timestamp = drafts.iter().any(|draft| draft.batch.timestamp.is_some());
    if has_timestamp && value(configs, "message.timestamp.type") == Some("LogAppendTime") {
        say(Severity::Warning, "the topic takes the broker's time (LogAppendTime): the timestamp is replaced".into());
    }
    if delivery.acks == Acks::None {
        say(Severity::Warning, "with acks 0 no broker says whether it has a record, nor where".into());
    }
    warnings
}

/// What became of a step whose result was never written: `ends` is where the partitions
/// end now. Nothing is known of a partition that does not answer.
pub fn judge(
    produce: &Produce,
    batch: &Batch,
    topic_id: Option<TopicId>,
    ends: &[(PartitionId, Offset)],
) -> StepStatus {
    let unknown =
        |message: String| StepStatus::Unknown(Failure::new(FailureKind::Conflict, "tell what became of it", message));
    if produce.topic_id != topic_id {
        return unknown("the topic was deleted and created again since".into());
    }
    let asked = |id: PartitionId| batch.partition.is_none_or(|partition| partition == id);
    let before = produce.ends.iter().filter(|(id, _)| asked(*id));
    let now = |id: PartitionId| ends.iter().find(|(other, _)| *other == id).map(|(_, end)| *end);
    let mut grown = Vec::new();
    let mut has_silent = produce.ends.iter().all(|(id, _)| !asked(*id));
    for (id, end) in before {
        match now(*id) {
            Some(now) if now == *end => {}
            Some(_) => grown.push(format!("partition {id} from offset {end}")),
            None => has_silent = true,
        }
    }
    match (grown.as_slice(), has_silent) {
        ([], false) => StepStatus::NotDone,
        ([], true) => unknown("not every partition says where it ends".into()),
        (grown, _) => {
            let more = grown.len().saturating_sub(PLACES);
            let mut places = grown.iter().take(PLACES).cloned().collect::<Vec<_>>().join(", ");
            if more > 0 {
                places.push_str(&format!(" and {more} more"));
            }
            unknown(format!("records came since; look at {places}"))
        }
    }
}

/// Places that a sentence names.
const PLACES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::BrokerId;
    use crate::domain::config::ConfigSource;
    use crate::domain::topic::Partition;
    use rstest::rstest;

    fn topic() -> Topic {
        let partition = |id| Partition {
            id,
            leader: Some(BrokerId(1)),
            leader_epoch: 0,
            replicas: [BrokerId(1)].into(),
            isr: [BrokerId(1)].into(),
        };
        Topic {
            name: "orders".into(),
            id: Some(TopicId(7)),
            is_internal: false,
            partitions: (0..3).map(partition).collect(),
        }
    }

    fn draft(partition: Option<PartitionId>, key: Option<&str>, value: Option<&str>) -> Draft {
        let bytes = key.map_or(0, str::len) + value.map_or(0, str::len);
        Draft {
            batch: Batch {
                partition,
                records: Some(1),
                bytes: Some(bytes as u64),
                digest: None,
                key: key.map(str::to_owned),
                value: value.map(str::to_owned),
                headers: 0,
                timestamp: None,
            },
            largest: bytes as u64,
            has_key: key.is_some(),
            is_tombstone: value.is_none(),
            by_key: Spread::default().partition(key.map(str::as_bytes), 3),
        }
    }

    fn planned(configs: &[(&str, &str)], drafts: Vec<Draft>, delivery: Delivery) -> Result<Plan, Failure> {
        let configs: Vec<ConfigEntry> =
            configs.iter().map(|(name, value)| ConfigEntry::plain(name, value, ConfigSource::Topic)).collect();
        plan(ProduceInputs {
            id: "p".into(),
            now: Time(1),
            topic: &topic(),
            configs: Ok(&configs),
            ends: vec![(0, 5), (1, 6), (2, 7)],
            drafts,
            delivery,
            rate: None,
            may_write: Ok(None),
            others: Vec::new(),
            said: vec!["the value is written as avro by schema 7".into()],
            production: false,
            command_line: vec!["klamm".into(), "records".into(), "produce".into(), "orders".into()],
        })
    }

    #[test]
    fn what_is_written_is_shown_and_cannot_be_taken_back() {
        let plan =
            planned(&[], vec![draft(None, Some("k"), Some("v")), draft(Some(1), None, Some("w"))], Delivery::default())
                .unwrap();
        assert_eq!(plan.title, "Write 2 records to orders");
        assert_eq!(plan.summary[0], "2 records, 3 B of keys, values and headers");
        assert_eq!(plan.summary[1], "compression none, acks all, idempotent, partitioner murmur2_random");
        assert_eq!(plan.summary[2], "the value is written as avro by schema 7");
        assert!(plan.not_undoable.is_some() && plan.failed_check().is_none());
    }

    #[rstest]
    #[case::no_such_partition(&[], draft(Some(9), None, Some("v")), "there is no partition 9: the topic has 3 partitions")]
    #[case::too_large(&[("max.message.bytes", "92")], draft(None, None, Some("four")), "it has 4 B of at most 92 B")]
    #[case::no_key(&[("cleanup.policy", "compact,delete")], draft(None, None, Some("v")), "each record has a key")]
    fn what_the_broker_would_refuse_is_refused(
        #[case] configs: &[(&str, &str)],
        #[case] draft: Draft,
        #[case] says: &str,
    ) {
        let plan = planned(configs, vec![draft], Delivery::default()).unwrap();
        let check = plan.failed_check().expect("a failed check");
        assert!(check.text.contains(says), "{}", check.text);
    }

    #[test]
    fn the_right_to_write_is_checked_where_the_cluster_tells() {
        let with = |may_write| {
            let configs = [];
            let (topic, drafts) = (topic(), vec![draft(None, Some("k"), Some("v"))]);
            let delivery = Delivery::default();
            plan(ProduceInputs {
                id: "p".into(),
                now: Time(1),
                topic: &topic,
                configs: Ok(&configs),
                ends: Vec::new(),
                drafts,
                delivery,
                rate: None,
                may_write,
                others: vec![Warning::new(Severity::Warning, "values there are avro")],
                said: Vec::new(),
                production: false,
                command_line: Vec::new(),
            })
            .unwrap()
        };
        assert!(with(Ok(Some(false))).failed_check().unwrap().text.contains("takes WRITE"));
        assert!(with(Ok(Some(true))).checks.iter().any(|check| check.text == "you may write to it"));
        assert!(with(Ok(None)).checks.iter().all(|check| !check.text.contains("write")));
        let unknown = with(Err(Failure::new(FailureKind::Timeout, "ask", "no answer")));
        assert!(unknown.failed_check().is_none() && unknown.checks.iter().any(|check| check.passed.is_none()));
        assert_eq!(unknown.warnings[0].text, "values there are avro");
    }

    #[test]
    fn compression_may_make_a_large_record_small_enough() {
        let packed = Delivery { compression: Codec::Zstd, ..Delivery::default() };
        let plan = planned(&[("max.message.bytes", "92")], vec![draft(None, None, Some("four"))], packed).unwrap();
        assert!(plan.failed_check().is_none());
        assert!(plan.checks.iter().any(|check| check.passed == Some(false) && check.is_advice));
    }

    #[test]
    fn a_tombstone_says_what_it_does_here() {
        let gone = || vec![draft(None, Some("k"), None)];
        let compacted = planned(&[("cleanup.policy", "compact")], gone(), Delivery::default()).unwrap();
        assert!(compacted.warnings[0].text.contains("will delete"), "{:?}", compacted.warnings);
        let plain = planned(&[("cleanup.policy", "delete")], gone(), Delivery::default()).unwrap();
        assert!(plain.warnings[0].text.contains("not compacted"), "{:?}", plain.warnings);
    }

    #[test]
    fn a_key_beside_its_place_is_warned_about() {
        // murmur2("21") is -973932308; with the sign bit cleared, it is a multiple of 3.
        let plan = planned(&[], vec![draft(Some(2), Some("21"), Some("v"))], Delivery::default()).unwrap();
        assert!(plan.warnings[0].text.contains("to partition 2"), "{:?}", plan.warnings);
        let home = Spread::default().partition(Some(b"21"), 3);
        assert!(
            planned(&[], vec![draft(home, Some("21"), Some("v"))], Delivery::default()).unwrap().warnings.is_empty()
        );
    }

    #[test]
    fn idempotence_needs_all_acks() {
        let delivery = Delivery { acks: Acks::Leader, ..Delivery::default() };
        let failure = planned(&[], vec![draft(None, None, Some("v"))], delivery).unwrap_err();
        assert!(failure.to_string().contains("needs acks all, not 1"), "{failure}");
    }

    #[rstest]
    #[case::nothing_came(&[(0, 5), (1, 6), (2, 7)], None, Some(7), "not done")]
    #[case::something_came(&[(0, 5), (1, 8), (2, 7)], None, Some(7), "look at partition 1 from offset 6")]
    #[case::elsewhere(&[(0, 5), (1, 8), (2, 7)], Some(0), Some(7), "not done")]
    #[case::one_is_silent(&[(0, 5), (1, 6)], None, Some(7), "not every partition")]
    #[case::recreated(&[(0, 5), (1, 6), (2, 7)], None, Some(8), "created again")]
    fn what_became_of_it_is_seen_at_the_ends(
        #[case] now: &[(PartitionId, Offset)],
        #[case] partition: Option<PartitionId>,
        #[case] id: Option<u128>,
        #[case] says: &str,
    ) {
        let plan = planned(&[], vec![draft(partition, None, Some("v"))], Delivery::default()).unwrap();
        let (Change::Produce(produce), Some(Step::Produce(batch))) = (&plan.change, plan.steps.first()) else {
            panic!("another change")
        };
        let said = match judge(produce, batch, id.map(TopicId), now) {
            StepStatus::NotDone => "not done".to_owned(),
            StepStatus::Unknown(failure) => failure.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(said.contains(says), "{said}");
    }
}
