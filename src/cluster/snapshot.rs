//! The cluster as it was at one moment: brokers, topics, health.
//!
//! A snapshot is immutable and shared. An answer that equals the last one in
//! everything shown gives the last one back, so that nothing is drawn for it.

use crate::domain::broker::Broker;
use crate::domain::origin::origin_of;
use crate::domain::topic::{Topic, TopicOrigin};
use crate::domain::{BrokerId, Fact, Failure, Time, TopicPartition};
use crate::kafka::admin;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Brokers and topics, in order of id and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Changes when anything below changes, `taken` aside.
    pub version: u64,
    pub taken: Time,
    pub cluster_id: Option<String>,
    pub controller: Option<BrokerId>,
    pub brokers: Vec<Broker>,
    pub topics: Vec<Arc<Topic>>,
    pub partitions: usize,
    pub health: Health,
    /// Topics that could not be described, with the reason.
    pub failures: Vec<Failure>,
    /// `Some(false)`: the cluster leaves out what one may not describe, so every
    /// total reads "of what you may see". `None`: it did not say.
    pub may_describe_cluster: Option<bool>,
}

/// What is wrong, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Partitions without a leader.
    pub offline: usize,
    /// Partitions with a replica out of sync.
    pub under_replicated: usize,
    /// Brokers that under-replicated partitions miss, most-missed first.
    pub missing_brokers: Vec<BrokerId>,
    /// Plain topics whose every partition has one replica only.
    pub single_replica_topics: usize,
    pub first_offline: Option<TopicPartition>,
    pub first_under_replicated: Option<TopicPartition>,
}

impl Metadata {
    pub fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        let index = self.topics.binary_search_by(|topic| topic.name.as_str().cmp(name)).ok()?;
        self.topics.get(index)
    }

    /// The topic of this name, or a failure that names the one that may have been meant.
    pub fn find_topic(&self, operation: &str, name: &str) -> Result<&Arc<Topic>, Failure> {
        self.topic(name).ok_or_else(|| self.or_meant(Failure::no_such_topic(operation, name)))
    }

    /// A failure for want of a topic, with the one that may have been meant before its hint.
    pub fn or_meant(&self, missing: Failure) -> Failure {
        missing.or_meant(self.topics.iter().map(|topic| topic.name.as_str()))
    }

    /// The cluster has this partition, led by somebody or not.
    pub(super) fn has(&self, partition: &TopicPartition) -> bool {
        self.topic(partition.topic.as_str()).is_some_and(|topic| topic.partition(partition.partition).is_some())
    }

    /// Builds the next snapshot, or gives `last` back when nothing changed.
    pub(super) fn next(answer: admin::topics::Metadata, last: Option<&Arc<Metadata>>, now: Time) -> Arc<Metadata> {
        let health = Health::of(&answer.topics);
        let next = Metadata {
            version: last.map_or(1, |last| last.version),
            taken: last.map_or(now, |last| last.taken),
            cluster_id: answer.cluster_id,
            controller: answer.controller,
            brokers: answer.brokers,
            partitions: answer.topics.iter().map(|topic| topic.partitions.len()).sum(),
            topics: answer.topics,
            health,
            failures: answer.failures,
            may_describe_cluster: answer.may_describe_cluster,
        };
        match last {
            Some(last) if **last == next => Arc::clone(last),
            Some(last) => Arc::new(Metadata { version: last.version + 1, taken: now, ..next }),
            None => Arc::new(next),
        }
    }
}

impl Health {
    fn of(topics: &[Arc<Topic>]) -> Self {
        let mut health = Self::default();
        let mut missed: HashMap<BrokerId, usize> = HashMap::new();
        for topic in topics {
            for partition in &topic.partitions {
                let here = || TopicPartition::new(topic.name.clone(), partition.id);
                if partition.is_offline() {
                    health.offline += 1;
                    health.first_offline.get_or_insert_with(here);
                }
                if partition.is_under_replicated() {
                    health.under_replicated += 1;
                    health.first_under_replicated.get_or_insert_with(here);
                    for id in partition.missing() {
                        *missed.entry(id).or_default() += 1;
                    }
                }
            }
            if topic.replication_factor() == 1 && origin_of(topic) == TopicOrigin::Plain {
                health.single_replica_topics += 1;
            }
        }
        let mut missed: Vec<(BrokerId, usize)> = missed.into_iter().collect();
        missed.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
        health.missing_brokers = missed.into_iter().map(|(id, _)| id).collect();
        health
    }
}

/// A broker with what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerRow {
    pub id: BrokerId,
    /// `None`: partitions have replicas on it, and it is not in the cluster.
    pub broker: Option<Broker>,
    pub is_controller: bool,
    pub leaders: usize,
    pub replicas: usize,
    /// Partitions that miss this broker in their ISR.
    pub under_replicated: usize,
    /// Bytes.
    pub disk_used: Fact<u64>,
    /// Bytes; unknown before Kafka 3.3.
    pub disk_total: Fact<u64>,
}

/// Brokers that live, and those that partitions still name although they are gone.
pub(super) fn broker_rows(metadata: &Metadata, disk: impl Fn(BrokerId) -> (Fact<u64>, Fact<u64>)) -> Vec<BrokerRow> {
    let row = |id: BrokerId, broker: Option<Broker>| {
        let gone = || Fact::unknown("it is not in the cluster");
        let (disk_used, disk_total) = if broker.is_some() { disk(id) } else { (gone(), gone()) };
        let is_controller = metadata.controller == Some(id);
        BrokerRow { id, broker, is_controller, leaders: 0, replicas: 0, under_replicated: 0, disk_used, disk_total }
    };
    let living = metadata.brokers.iter().map(|broker| (broker.id, row(broker.id, Some(broker.clone()))));
    let mut rows: BTreeMap<BrokerId, BrokerRow> = living.collect();
    let mut count = |id: BrokerId, add: fn(&mut BrokerRow)| add(rows.entry(id).or_insert_with(|| row(id, None)));
    for partition in metadata.topics.iter().flat_map(|topic| &topic.partitions) {
        if let Some(leader) = partition.leader {
            count(leader, |row| row.leaders += 1);
        }
        for &replica in partition.replicas.iter() {
            count(replica, |row| row.replicas += 1);
        }
        for missing in partition.missing() {
            count(missing, |row| row.under_replicated += 1);
        }
    }
    rows.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topic::Partition;

    fn partition(id: i32, leader: Option<i32>, replicas: &[i32], isr: &[i32]) -> Partition {
        let ids = |ids: &[i32]| ids.iter().map(|&id| BrokerId(id)).collect();
        Partition { id, leader: leader.map(BrokerId), leader_epoch: 0, replicas: ids(replicas), isr: ids(isr) }
    }

    fn topic(name: &str, partitions: Vec<Partition>) -> Arc<Topic> {
        Arc::new(Topic { name: name.into(), id: None, is_internal: false, partitions })
    }

    fn answer(topics: Vec<Arc<Topic>>) -> admin::topics::Metadata {
        admin::topics::Metadata {
            cluster_id: Some("c".into()),
            controller: Some(BrokerId(1)),
            brokers: (1..=2).map(|id| Broker { id: BrokerId(id), host: "h".into(), port: 1, rack: None }).collect(),
            topics,
            failures: vec![],
            may_describe_cluster: Some(true),
        }
    }

    #[test]
    fn health_counts_and_names_what_is_missing() {
        let topics = vec![
            topic("a", vec![partition(0, Some(1), &[1, 2], &[1]), partition(1, None, &[2], &[])]),
            topic("b", vec![partition(0, Some(1), &[1], &[1])]),
        ];
        let health = Health::of(&topics);
        assert_eq!((health.offline, health.under_replicated, health.single_replica_topics), (1, 2, 1));
        assert_eq!(health.missing_brokers, [BrokerId(2)]);
        assert_eq!(health.first_offline, Some(TopicPartition::new("a".into(), 1)));
    }

    #[test]
    fn an_unchanged_answer_gives_the_same_snapshot() {
        let topics = || vec![topic("a", vec![partition(0, Some(1), &[1], &[1])])];
        let first = Metadata::next(answer(topics()), None, Time(1));
        let second = Metadata::next(answer(topics()), Some(&first), Time(2));
        assert!(Arc::ptr_eq(&first, &second));
        let mut changed = topics();
        changed.push(topic("b", vec![]));
        let third = Metadata::next(answer(changed), Some(&second), Time(3));
        assert_eq!((third.version, third.taken), (2, Time(3)));
    }

    #[test]
    fn brokers_are_counted_by_what_they_carry() {
        let metadata = Metadata::next(
            answer(vec![topic("a", vec![partition(0, Some(1), &[1, 2], &[1]), partition(1, Some(1), &[1], &[1])])]),
            None,
            Time(0),
        );
        let rows = broker_rows(&metadata, |_| (Fact::unknown("not asked"), Fact::unknown("not asked")));
        assert_eq!((rows[0].leaders, rows[0].replicas, rows[0].under_replicated), (2, 2, 0));
        assert_eq!((rows[1].leaders, rows[1].replicas, rows[1].under_replicated), (0, 1, 1));
        assert!(rows[0].is_controller);
    }

    #[test]
    fn a_broker_that_is_gone_keeps_its_row_while_partitions_miss_it() {
        let topics = vec![topic("a", vec![partition(0, Some(1), &[1, 9], &[1]), partition(1, Some(2), &[2, 9], &[2])])];
        let metadata = Metadata::next(answer(topics), None, Time(0));
        let rows = broker_rows(&metadata, |_| (Fact::Known(1), Fact::Known(2)));
        let told = |row: &BrokerRow| (row.id.0, row.broker.is_some(), row.leaders, row.under_replicated);
        assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), [(1, true, 1, 0), (2, true, 1, 0), (9, false, 0, 2)]);
        assert_eq!(rows[2].disk_used.reason(), Some("it is not in the cluster"));
    }
}
