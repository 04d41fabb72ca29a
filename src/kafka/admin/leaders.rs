//! Who leads which partition, as some metadata had it.

use crate::domain::topic::Topic;
use crate::domain::{BrokerId, Failure, FailureKind, PartitionId, TopicId, TopicPartition};
use std::collections::HashMap;
use std::sync::Arc;

/// Rows by the leader to ask, and those that have none, each with the reason.
pub(in crate::kafka) type ByLeader<T> = (HashMap<BrokerId, Vec<T>>, Vec<(T, Failure)>);

pub(in crate::kafka) struct Leaders<'a>(HashMap<&'a str, &'a Topic>);

impl<'a> Leaders<'a> {
    pub(in crate::kafka) fn of(topics: &'a [Arc<Topic>]) -> Self {
        Self(topics.iter().map(|topic| (topic.name.as_str(), &**topic)).collect())
    }

    /// The leader, or why there is none for `operation`.
    pub(super) fn find(&self, wanted: &TopicPartition, operation: &str) -> Result<BrokerId, Failure> {
        let missing = |kind, message| Err(Failure::new(kind, operation, message).about("of", wanted));
        let Some(topic) = self.0.get(wanted.topic.as_str()) else {
            return missing(FailureKind::NotFound, "no such topic, or it may not be described");
        };
        match topic.partition(wanted.partition).map(|partition| partition.leader) {
            None => missing(FailureKind::NotFound, "the topic has no such partition"),
            Some(None) => missing(FailureKind::Unreachable, "the partition has no leader"),
            Some(Some(leader)) => Ok(leader),
        }
    }

    /// `None` where the cluster has no topic ids.
    pub(in crate::kafka) fn topic_id(&self, topic: &str) -> Option<TopicId> {
        self.0.get(topic).and_then(|topic| topic.id)
    }

    /// The rows by leader; what has none is in the second list.
    pub(in crate::kafka) fn group<T>(
        &self,
        rows: impl IntoIterator<Item = T>,
        partition: impl Fn(&T) -> &TopicPartition,
        operation: &str,
    ) -> ByLeader<T> {
        let mut by_leader: HashMap<BrokerId, Vec<T>> = HashMap::new();
        let mut without = Vec::new();
        for row in rows {
            match self.find(partition(&row), operation) {
                Ok(leader) => by_leader.entry(leader).or_default().push(row),
                Err(failure) => without.push((row, failure)),
            }
        }
        (by_leader, without)
    }
}

/// A partition's id beside its topic, as answers are looked up.
pub(super) type Place<'a> = (&'a str, PartitionId);
