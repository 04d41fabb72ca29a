//! Where every log begins and ends, how big it is, and how fast it grows.
//!
//! Rates are differences between our own samples, so the first sample knows
//! none. A round over a large cluster comes in parts, each of which may be shown.
//! Memory is bounded: one end offset per partition and a short list of rates per
//! topic.

use super::snapshot::Metadata;
use crate::domain::topic::{Partition, PartitionLog, Rate, Topic};
use crate::domain::{
    BrokerId, Fact, Failure, Offset, Partial, PartitionMap, Reasons, Time, TopicId, TopicName, TopicPartition,
};
use crate::kafka::admin::offsets::Listed;
use std::sync::Arc;

/// Rates kept per topic: as many as a sparkline shows.
const HISTORY: usize = 12;
/// Samples closer together than this are not turned into a rate, in milliseconds.
const MIN_INTERVAL: i64 = 500;

/// The logs of all topics at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicLogs {
    pub version: u64,
    pub taken: Time,
    /// By name.
    pub topics: Vec<(TopicName, Arc<TopicLog>)>,
    pub failures: Vec<Failure>,
}

impl TopicLogs {
    pub fn topic(&self, name: &str) -> Option<&Arc<TopicLog>> {
        let index = self.topics.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.topics.get(index).map(|(_, log)| log)
    }

    /// The logs of `topics`, which are in order of their names, each or none: for many
    /// topics quicker than one after the other.
    pub fn of<'a>(&'a self, topics: &'a [Arc<Topic>]) -> impl Iterator<Item = Option<&'a Arc<TopicLog>>> {
        let mut known = self.topics.iter().peekable();
        topics.iter().map(move |topic| {
            while known.next_if(|(name, _)| *name < topic.name).is_some() {}
            known.next_if(|(name, _)| *name == topic.name).map(|(_, log)| log)
        })
    }
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

/// What brokers said about some topics.
pub(super) struct LogsPart {
    pub topics: Vec<Arc<Topic>>,
    pub starts: Listed,
    pub ends: Listed,
    /// Asked less often than offsets.
    pub sizes: Option<Partial<PartitionMap<u64>>>,
}

/// What must be remembered between samples.
#[derive(Debug, Default)]
pub(super) struct LogSampler {
    last: Option<Arc<TopicLogs>>,
    topics: foldhash::HashMap<TopicName, Samples>,
    /// Something is not as in the last snapshot.
    is_changed: bool,
    sizes_asked: Option<Time>,
}

#[derive(Debug)]
struct Samples {
    id: Option<TopicId>,
    /// When the ends of the log were read.
    sampled: Time,
    /// How many equal rates a single one in the log stands for.
    alike: usize,
    log: Arc<TopicLog>,
}

impl LogSampler {
    pub(super) fn sizes_are_older_than(&self, millis: i64, now: Time) -> bool {
        self.sizes_asked.is_none_or(|asked| now.since(asked) >= millis)
    }

    /// All parts of a round came with sizes.
    pub(super) fn sizes_taken(&mut self, now: Time) {
        self.sizes_asked = Some(now);
    }

    /// There was no whole round yet.
    pub(super) fn is_new(&self) -> bool {
        self.last.is_none()
    }

    /// Takes in what is known about some topics; gives back what failed.
    pub(super) fn take(&mut self, part: &LogsPart, now: Time) -> Vec<Failure> {
        let mut taking = Taking { part, now, failures: Vec::new(), reasons: Reasons::default() };
        for topic in &part.topics {
            // Recreated under the same name: its old offsets say nothing about it.
            let before = self.topics.get(&topic.name).filter(|before| before.id == topic.id);
            let mut next = taking.samples(topic, before);
            match before {
                Some(before) if before.log == next.log => next.log = Arc::clone(&before.log),
                _ => self.is_changed = true,
            }
            self.topics.insert(topic.name.clone(), next);
        }
        taking.failures
    }

    /// What is known in the middle of a round: older where its parts are not in yet.
    pub(super) fn so_far(&mut self, mut failures: Vec<Failure>, now: Time) -> Arc<TopicLogs> {
        failures.extend(self.last.iter().flat_map(|last| last.failures.iter().cloned()));
        self.next(failures, now)
    }

    /// The snapshot at the end of a round; gives the last one back when nothing changed.
    pub(super) fn snapshot(&mut self, metadata: &Metadata, failures: Vec<Failure>, now: Time) -> Arc<TopicLogs> {
        let before = self.topics.len();
        self.topics.retain(|name, _| metadata.topic(name.as_str()).is_some());
        self.is_changed |= self.topics.len() != before;
        self.next(failures, now)
    }

    /// What is known about some topics alone.
    pub(super) fn only(&self, names: &[TopicName], failures: Vec<Failure>, now: Time) -> TopicLogs {
        let log = |name: &TopicName| Some((name.clone(), Arc::clone(&self.topics.get(name)?.log)));
        let mut topics: Vec<_> = names.iter().filter_map(log).collect();
        topics.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        TopicLogs { version: 1, taken: now, topics, failures: each_once(failures) }
    }

    fn next(&mut self, failures: Vec<Failure>, now: Time) -> Arc<TopicLogs> {
        let failures = each_once(failures);
        let version = match &self.last {
            Some(last) if !self.is_changed && last.failures == failures => return Arc::clone(last),
            last => last.as_ref().map_or(1, |last| last.version + 1),
        };
        self.is_changed = false;
        let mut topics: Vec<(TopicName, Arc<TopicLog>)> =
            self.topics.iter().map(|(name, samples)| (name.clone(), Arc::clone(&samples.log))).collect();
        topics.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let next = Arc::new(TopicLogs { version, taken: now, topics, failures });
        self.last = Some(Arc::clone(&next));
        next
    }
}

/// One part being taken in.
struct Taking<'a> {
    part: &'a LogsPart,
    now: Time,
    failures: Vec<Failure>,
    reasons: Reasons,
}

impl Taking<'_> {
    fn samples(&mut self, topic: &Topic, before: Option<&Samples>) -> Samples {
        let seconds = before
            .map(|before| self.now.since(before.sampled))
            .filter(|&millis| millis >= MIN_INTERVAL)
            .map(|millis| millis as f64 / 1000.0);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for (index, partition) in topic.partitions.iter().enumerate() {
            let here = TopicPartition::new(topic.name.clone(), partition.id);
            let start = self.offset_of(&self.part.starts, &here, partition);
            let end = self.offset_of(&self.part.ends, &here, partition);
            let known = before.and_then(|before| before.log.partitions.get(index));
            let size = match &self.part.sizes {
                Some(sizes) => self.size_of(sizes, &here, partition.leader),
                None => known.map_or_else(|| self.reasons.unknown("not asked yet"), |known| known.size.clone()),
            };
            let rate = self.rate_of(&end, known, seconds);
            partitions.push(PartitionLog { start, end, size, rate });
        }
        let rate = total_rate(&partitions);
        let known = before.map_or((&[][..], 0), |before| (before.log.rates.as_slice(), before.alike));
        let (rates, alike) = match (seconds, rate.get()) {
            (Some(_), Some(rate)) => followed_by(known, f64::from(rate) as f32),
            _ => (known.0.to_vec(), known.1),
        };
        let log = TopicLog {
            records: total(partitions.iter().map(PartitionLog::records)),
            size: total(partitions.iter().map(|log| log.size.clone())),
            rate,
            rates,
            partitions,
        };
        Samples { id: topic.id, sampled: self.now, alike, log: Arc::new(log) }
    }

    fn offset_of(&mut self, listed: &Listed, here: &TopicPartition, partition: &Partition) -> Fact<Offset> {
        match listed.get(here) {
            Some(Ok(Some(found))) => Fact::Known(found.offset),
            Some(Ok(None)) => self.reasons.unknown("the broker gave no offset"),
            Some(Err(failure)) => {
                if !self.failures.iter().any(|known| is_alike(known, failure)) {
                    self.failures.push((**failure).clone());
                }
                self.reasons.unknown(&failure.to_string())
            }
            None if partition.is_offline() => self.reasons.unknown("no leader"),
            None => self.reasons.unknown("not asked"),
        }
    }

    fn size_of(
        &mut self,
        sizes: &Partial<PartitionMap<u64>>,
        here: &TopicPartition,
        leader: Option<BrokerId>,
    ) -> Fact<u64> {
        match (sizes.value.get(here), leader) {
            (Some(&bytes), _) => Fact::Known(bytes),
            (None, None) => self.reasons.unknown("no leader"),
            (None, Some(leader)) => self.reasons.unknown(&why_no_size(leader, &sizes.failures)),
        }
    }

    fn rate_of(&mut self, end: &Fact<Offset>, before: Option<&PartitionLog>, seconds: Option<f64>) -> Fact<Rate> {
        let Fact::Known(end) = end else {
            return self.reasons.unknown("the end offset is unknown");
        };
        let rate = match (seconds, before.and_then(|before| before.end.get())) {
            (Some(seconds), Some(earlier)) if *end >= earlier => Some(((end - earlier) as f64 / seconds).into()),
            // The log was truncated or this is the first sight of it.
            (Some(_), _) => None,
            (None, _) => before.and_then(|before| before.rate.get()),
        };
        rate.map_or_else(|| self.reasons.unknown("one sample so far"), Fact::Known)
    }
}

fn each_once(mut failures: Vec<Failure>) -> Vec<Failure> {
    failures.sort_by(|a, b| a.broker.cmp(&b.broker).then_with(|| a.message.cmp(&b.message)));
    failures.dedup_by(|a, b| is_alike(a, b));
    failures
}

fn is_alike(a: &Failure, b: &Failure) -> bool {
    a.broker == b.broker && a.message == b.message
}

/// The last rates, oldest first. A rate that never changed is one point, so that a
/// topic at rest looks the same at every sample; how many it stands for is beside it.
fn followed_by((rates, alike): (&[f32], usize), next: f32) -> (Vec<f32>, usize) {
    if rates.iter().all(|rate| *rate == next) {
        return (vec![next], (alike.max(rates.len()) + 1).min(HISTORY));
    }
    let mut all = match rates {
        [only] => vec![*only; alike],
        several => several.to_vec(),
    };
    all.push(next);
    all.drain(..all.len().saturating_sub(HISTORY));
    (all, 1)
}

fn why_no_size(leader: BrokerId, failures: &[Failure]) -> String {
    match failures.iter().find(|failure| failure.is_of_broker(leader)) {
        Some(failure) => failure.to_string(),
        None => format!("broker {leader} does not report it"),
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
    use crate::domain::FailureKind;
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

    /// A round of one part.
    fn sample(
        sampler: &mut LogSampler,
        metadata: &Arc<Metadata>,
        starts: Listed,
        ends: Listed,
        at: i64,
    ) -> Arc<TopicLogs> {
        let part = LogsPart { topics: metadata.topics.clone(), starts, ends, sizes: None };
        let failures = sampler.take(&part, Time(at));
        sampler.snapshot(metadata, failures, Time(at))
    }

    #[test]
    fn the_second_sample_knows_the_rate() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        let first = sample(&mut sampler, &metadata, listed([0, 0]), listed([100, 50]), 0);
        assert_eq!(first.topic("t").unwrap().records, Fact::Known(150));
        assert!(first.topic("t").unwrap().rate.get().is_none());
        let second = sample(&mut sampler, &metadata, listed([0, 0]), listed([110, 70]), 2000);
        assert_eq!(second.topic("t").unwrap().rate.get().map(f64::from), Some(15.0));
        assert_eq!(second.topic("t").unwrap().rates, [15.0]);
    }

    #[test]
    fn a_recreated_topic_starts_anew() {
        let mut sampler = LogSampler::default();
        sample(&mut sampler, &metadata(1), listed([0, 0]), listed([100, 50]), 0);
        let again = sample(&mut sampler, &metadata(2), listed([0, 0]), listed([300, 50]), 2000);
        assert!(again.topic("t").unwrap().rate.get().is_none());
    }

    #[test]
    fn an_unknown_end_makes_the_total_unknown_and_is_named_once() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        let broken = Failure::new(FailureKind::Timeout, "list offsets", "no answer within 5 s").at_broker("1");
        let ends: Listed = (0..2)
            .map(|partition| (TopicPartition::new("t".into(), partition), Err(Box::new(broken.clone()))))
            .collect();
        let logs = sample(&mut sampler, &metadata, listed([0, 0]), ends, 0);
        assert_eq!(logs.topic("t").unwrap().records.get(), None);
        assert_eq!(logs.failures.len(), 1);
    }

    #[test]
    fn nothing_new_gives_the_same_sample() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        for second in 0..=2 {
            sample(&mut sampler, &metadata, listed([0, 0]), listed([7, 7]), second * 1000);
        }
        let last = Arc::clone(sampler.last.as_ref().unwrap());
        let next = sample(&mut sampler, &metadata, listed([0, 0]), listed([7, 7]), 1_000_000);
        assert!(Arc::ptr_eq(&last, &next));
    }

    #[test]
    fn samples_too_close_to_each_other_leave_the_rate_as_it_was() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        let mut rate = |end, at| {
            let logs = sample(&mut sampler, &metadata, listed([0, 0]), listed([end, 0]), at);
            logs.topic("t").unwrap().rate.get().map(f64::from)
        };
        assert_eq!([rate(0, 0), rate(10, 1_000), rate(90, 1_100)], [None, Some(10.0), Some(10.0)]);
        assert_eq!(rate(100, 2_100), Some(10.0), "measured from the last sample");
    }

    #[test]
    fn many_logs_are_found_in_one_pass() {
        let topic = |name: &str| Arc::new(Topic { name: name.into(), ..(*metadata(1).topics[0]).clone() });
        let log = |rates: &[f32]| {
            let [records, size] = [Fact::Known(1), Fact::Known(1)];
            let rate = Fact::Known(Rate::from(1.0));
            Arc::new(TopicLog { partitions: Vec::new(), records, size, rate, rates: rates.to_vec() })
        };
        let topics = vec![("b".into(), log(&[1.0])), ("c".into(), log(&[2.0])), ("e".into(), log(&[3.0]))];
        let logs = TopicLogs { version: 1, taken: Time(0), topics, failures: Vec::new() };
        let wanted = ["a", "b", "d", "e", "f"].map(topic);
        let found: Vec<Option<f32>> = logs.of(&wanted).map(|log| log.map(|log| log.rates[0])).collect();
        assert_eq!(found, [None, Some(1.0), None, Some(3.0), None]);
        assert_eq!(
            found,
            wanted.iter().map(|topic| Some(logs.topic(topic.name.as_str())?.rates[0])).collect::<Vec<_>>()
        );
    }

    #[test]
    fn rates_are_few_and_those_alike_are_one_until_they_change() {
        let series = |rates: &[f32]| {
            rates.iter().fold((Vec::new(), 0), |(known, alike), next| followed_by((&known, alike), *next)).0
        };
        assert_eq!(series(&[2.0, 2.0, 2.0]), [2.0]);
        assert_eq!(series(&[2.0, 2.0, 2.0, 3.0, 2.0]), [2.0, 2.0, 2.0, 3.0, 2.0]);
        assert_eq!(series(&[1.0; 100]), [1.0]);
        let long: Vec<f32> = (0..100).map(|rate| rate as f32).collect();
        assert_eq!(series(&long), long[88..]);
    }

    #[test]
    fn in_the_middle_of_a_round_the_rest_is_as_it_was() {
        let (metadata, mut sampler) = (metadata(1), LogSampler::default());
        let broken = Failure::new(FailureKind::Timeout, "list offsets", "no answer within 5 s").at_broker("1");
        let ends: Listed = [(TopicPartition::new("t".into(), 0), Err(Box::new(broken)))].into_iter().collect();
        sample(&mut sampler, &metadata, listed([0, 0]), ends, 0);
        let other = Arc::new(Topic { name: "a".into(), ..(*metadata.topics[0]).clone() });
        let part = LogsPart { topics: vec![other], starts: Listed::default(), ends: Listed::default(), sizes: None };
        let failures = sampler.take(&part, Time(1_000));
        let so_far = sampler.so_far(failures, Time(1_000));
        assert_eq!((so_far.topics.len(), so_far.failures.len()), (2, 1), "what was not asked again did not get well");
        let whole = sampler.snapshot(&metadata, Vec::new(), Time(2_000));
        assert_eq!((whole.topics.len(), whole.failures.len()), (1, 0));
    }
}
