//! Where every log begins and ends, how big it is, and how fast it grows.
//!
//! Rates are differences between our own samples, so the first sample knows
//! none. Memory is bounded: one end offset per partition and a short ring of
//! rates per topic.

use super::snapshot::Metadata;
use crate::domain::topic::{PartitionLog, Rate};
use crate::domain::{Fact, Failure, Offset, PartitionId, Time, TopicId, TopicName, TopicPartition};
use crate::kafka::admin::log_dirs::LogDirs;
use crate::kafka::admin::offsets::Listed;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Rates kept per topic for its sparkline.
const HISTORY: usize = 60;
/// Samples closer together than this are not turned into a rate, in milliseconds.
const MIN_INTERVAL: i64 = 500;

/// The logs of all topics at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicLogs {
    pub version: u64,
    pub taken: Time,
    pub topics: HashMap<TopicName, Arc<TopicLog>>,
    pub failures: Vec<Failure>,
}

/// One topic's logs, by partition id.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicLog {
    pub partitions: Vec<PartitionLog>,
    /// At most this many records: compaction and transactions leave gaps.
    pub records: Fact<u64>,
    /// Bytes on the leaders' disks.
    pub size: Fact<u64>,
    /// Records a second.
    pub rate: Fact<Rate>,
    /// The last samples of the topic's rate, oldest first.
    pub rates: Vec<f32>,
}

impl Eq for TopicLog {}

/// What must be remembered between samples.
#[derive(Debug, Default)]
pub(super) struct LogSampler {
    last: Option<Arc<TopicLogs>>,
    topics: HashMap<TopicName, TopicSamples>,
    sampled: Option<Time>,
    sizes: Sizes,
}

#[derive(Debug, Default)]
struct TopicSamples {
    id: Option<TopicId>,
    ends: HashMap<PartitionId, Offset>,
    partition_rates: HashMap<PartitionId, f64>,
    rates: VecDeque<f32>,
}

/// The last answer about sizes; asked less often than offsets.
#[derive(Debug, Default)]
struct Sizes {
    asked: Option<Time>,
    leaders: HashMap<TopicPartition, Fact<u64>>,
}

impl LogSampler {
    pub(super) fn sizes_are_older_than(&self, millis: i64, now: Time) -> bool {
        self.sizes.asked.is_none_or(|asked| now.since(asked) >= millis)
    }

    /// Takes in sizes: of each partition the one its leader reports.
    pub(super) fn take_sizes(&mut self, metadata: &Metadata, dirs: &LogDirs, failures: &[Failure], now: Time) {
        self.sizes = Sizes { asked: Some(now), leaders: HashMap::new() };
        for topic in &metadata.topics {
            for partition in &topic.partitions {
                let here = TopicPartition::new(topic.name.clone(), partition.id);
                let size = match partition.leader {
                    None => Fact::unknown("no leader"),
                    Some(leader) => match dirs.sizes.get(&(leader, here.clone())) {
                        Some(&bytes) => Fact::Known(bytes),
                        None => Fact::unknown(why_no_size(leader, failures)),
                    },
                };
                self.sizes.leaders.insert(here, size);
            }
        }
    }

    /// Puts a sample together; gives the last one back when nothing changed.
    pub(super) fn take_offsets(
        &mut self,
        metadata: &Metadata,
        starts: &Listed,
        ends: &Listed,
        now: Time,
    ) -> Arc<TopicLogs> {
        let seconds = self
            .sampled
            .map(|sampled| now.since(sampled))
            .filter(|&millis| millis >= MIN_INTERVAL)
            .map(|millis| millis as f64 / 1000.0);
        let mut failures: Vec<Failure> = Vec::new();
        let mut topics = HashMap::with_capacity(metadata.topics.len());
        self.topics.retain(|name, _| metadata.topic(name.as_str()).is_some());
        for topic in &metadata.topics {
            let samples = self.topics.entry(topic.name.clone()).or_default();
            if samples.id != topic.id {
                // Recreated under the same name: its old offsets say nothing about it.
                *samples = TopicSamples { id: topic.id, ..TopicSamples::default() };
            }
            let partitions: Vec<PartitionLog> = topic
                .partitions
                .iter()
                .map(|partition| {
                    let here = TopicPartition::new(topic.name.clone(), partition.id);
                    let start = offset_of(starts, &here, partition.is_offline(), &mut failures);
                    let end = offset_of(ends, &here, partition.is_offline(), &mut failures);
                    let size = self.sizes.leaders.get(&here).cloned().unwrap_or_else(|| Fact::unknown("not asked yet"));
                    let rate = samples.rate_of(partition.id, &end, seconds);
                    PartitionLog { start, end, size, rate }
                })
                .collect();
            let rate = total_rate(&partitions);
            if let (Some(_), Some(rate)) = (seconds, rate.get()) {
                samples.rates.push_back(f64::from(rate) as f32);
                while samples.rates.len() > HISTORY {
                    samples.rates.pop_front();
                }
            }
            let log = TopicLog {
                records: total(partitions.iter().map(PartitionLog::records)),
                size: total(partitions.iter().map(|log| log.size.clone())),
                rate,
                rates: samples.recent_rates(),
                partitions,
            };
            let known =
                self.last.as_ref().and_then(|last| last.topics.get(&topic.name)).filter(|known| ***known == log);
            topics.insert(topic.name.clone(), known.map_or_else(|| Arc::new(log), Arc::clone));
        }
        if seconds.is_some() || self.sampled.is_none() {
            self.sampled = Some(now);
        }
        failures.sort_by(|a, b| a.broker.cmp(&b.broker).then_with(|| a.message.cmp(&b.message)));
        failures.dedup_by(|a, b| a.broker == b.broker && a.message == b.message);
        let next = TopicLogs { version: 0, taken: now, topics, failures };
        let next = match &self.last {
            Some(last) if last.topics == next.topics && last.failures == next.failures => Arc::clone(last),
            Some(last) => Arc::new(TopicLogs { version: last.version + 1, ..next }),
            None => Arc::new(TopicLogs { version: 1, ..next }),
        };
        self.last = Some(Arc::clone(&next));
        next
    }
}

impl TopicSamples {
    /// Oldest first. A rate that never changed is one point, so that a topic at
    /// rest looks the same at every sample.
    fn recent_rates(&self) -> Vec<f32> {
        let mut rates: Vec<f32> = self.rates.iter().copied().collect();
        if rates.windows(2).all(|pair| pair.first() == pair.last()) {
            rates.truncate(1);
        }
        rates
    }

    fn rate_of(&mut self, partition: PartitionId, end: &Fact<Offset>, seconds: Option<f64>) -> Fact<Rate> {
        let Fact::Known(end) = end else {
            return Fact::unknown("the end offset is unknown");
        };
        if let Some(seconds) = seconds {
            match self.ends.insert(partition, *end) {
                Some(before) if *end >= before => {
                    self.partition_rates.insert(partition, (*end - before) as f64 / seconds);
                }
                // The log was truncated or this is the first sight of it.
                _ => {
                    self.partition_rates.remove(&partition);
                }
            }
        } else {
            self.ends.entry(partition).or_insert(*end);
        }
        match self.partition_rates.get(&partition) {
            Some(&rate) => Fact::Known(rate.into()),
            None => Fact::unknown("one sample so far"),
        }
    }
}

fn offset_of(listed: &Listed, here: &TopicPartition, offline: bool, failures: &mut Vec<Failure>) -> Fact<Offset> {
    match listed.get(here) {
        Some(Ok(Some(found))) => Fact::Known(found.offset),
        Some(Ok(None)) => Fact::unknown("the broker gave no offset"),
        Some(Err(failure)) => {
            if !failures.iter().any(|known| known.broker == failure.broker && known.message == failure.message) {
                failures.push(failure.clone());
            }
            Fact::unknown(failure.to_string())
        }
        None if offline => Fact::unknown("no leader"),
        None => Fact::unknown("not asked"),
    }
}

fn why_no_size(leader: crate::domain::BrokerId, failures: &[Failure]) -> String {
    let id = leader.to_string();
    match failures.iter().find(|failure| failure.broker.as_deref() == Some(&id)) {
        Some(failure) => failure.to_string(),
        None => format!("broker {id} does not report it"),
    }
}

/// A sum that is unknown as soon as one part is.
fn total(parts: impl Iterator<Item = Fact<u64>>) -> Fact<u64> {
    let mut sum: u64 = 0;
    for part in parts {
        match part {
            Fact::Known(part) => sum = sum.saturating_add(part),
            Fact::Unknown(reason) => return Fact::Unknown(reason),
        }
    }
    Fact::Known(sum)
}

fn total_rate(partitions: &[PartitionLog]) -> Fact<Rate> {
    let mut sum = 0.0;
    for log in partitions {
        match &log.rate {
            Fact::Known(rate) => sum += f64::from(*rate),
            Fact::Unknown(reason) => return Fact::Unknown(reason.clone()),
        }
    }
    Fact::Known(sum.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topic::{Partition, Topic};
    use crate::domain::{BrokerId, FailureKind};
    use crate::kafka::admin;
    use crate::kafka::admin::offsets::ListedOffset;

    fn metadata(id: u128) -> Arc<Metadata> {
        let partition = |id| Partition {
            id,
            leader: Some(BrokerId(1)),
            leader_epoch: 0,
            replicas: [BrokerId(1)].into(),
            isr: [BrokerId(1)].into(),
        };
        let topic = Topic {
            name: "t".into(),
            id: Some(TopicId(id)),
            is_internal: false,
            partitions: vec![partition(0), partition(1)],
        };
        Metadata::next(
            admin::topics::Metadata {
                cluster_id: None,
                controller: None,
                brokers: vec![],
                topics: vec![Arc::new(topic)],
                failures: vec![],
                may_describe_cluster: None,
            },
            None,
            Time(0),
        )
    }

    fn listed(offsets: [Offset; 2]) -> Listed {
        offsets
            .into_iter()
            .zip(0..)
            .map(|(offset, partition)| {
                let found = ListedOffset { offset, timestamp: Time(-1), leader_epoch: 0 };
                (TopicPartition::new("t".into(), partition), Ok(Some(found)))
            })
            .collect()
    }

    #[test]
    fn the_second_sample_knows_the_rate() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        let first = sampler.take_offsets(&metadata, &listed([0, 0]), &listed([100, 50]), Time(0));
        assert_eq!(first.topics["t"].records, Fact::Known(150));
        assert!(first.topics["t"].rate.get().is_none());
        let second = sampler.take_offsets(&metadata, &listed([0, 0]), &listed([110, 70]), Time(2000));
        assert_eq!(second.topics["t"].rate.get().map(f64::from), Some(15.0));
        assert_eq!(second.topics["t"].rates, [15.0]);
    }

    #[test]
    fn a_recreated_topic_starts_anew() {
        let mut sampler = LogSampler::default();
        sampler.take_offsets(&metadata(1), &listed([0, 0]), &listed([100, 50]), Time(0));
        let again = sampler.take_offsets(&metadata(2), &listed([0, 0]), &listed([300, 50]), Time(2000));
        assert!(again.topics["t"].rate.get().is_none());
    }

    #[test]
    fn an_unknown_end_makes_the_total_unknown_and_is_named_once() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        let broken = Failure::new(FailureKind::Timeout, "list offsets", "no answer within 5 s").at_broker("1");
        let ends: Listed =
            (0..2).map(|partition| (TopicPartition::new("t".into(), partition), Err(broken.clone()))).collect();
        let logs = sampler.take_offsets(&metadata, &listed([0, 0]), &ends, Time(0));
        assert_eq!(logs.topics["t"].records.get(), None);
        assert_eq!(logs.failures.len(), 1);
    }

    #[test]
    fn nothing_new_gives_the_same_sample() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        for second in 0..=2 {
            sampler.take_offsets(&metadata, &listed([0, 0]), &listed([7, 7]), Time(second * 1000));
        }
        let last = Arc::clone(sampler.last.as_ref().unwrap());
        let next = sampler.take_offsets(&metadata, &listed([0, 0]), &listed([7, 7]), Time(1_000_000));
        assert!(Arc::ptr_eq(&last, &next));
    }
}
