//! Where a mirror (MirrorMaker 2) put groups of another cluster.
//!
//! Its checkpoints stand in this cluster, in one topic for each cluster that is
//! mirrored; of each group and partition the newest counts.

use super::Cluster;
use super::groups::{Commits, listed_offset};
use crate::decode::{Checkpoint, checkpoint};
use crate::domain::group::CommittedOffset;
use crate::domain::mirror::Mirror;
use crate::domain::topic::Topic;
use crate::domain::{Failure, FailureKind, GroupId, TopicPartition, show};
use crate::kafka::fetch::{self, Isolation, ReadEvent, ReadRange, ReadRequest};
use std::collections::HashMap;
use std::sync::Arc;

const OPERATION: &str = "read the checkpoints of mirror";

impl Cluster {
    /// Where the mirror of the cluster `alias` would have each of `groups` go on. A
    /// checkpoint that cannot be read is a failure: an older one would be taken for it.
    pub(super) async fn checkpoints(
        &self,
        alias: &str,
        groups: &[GroupId],
    ) -> Result<HashMap<GroupId, Commits>, Failure> {
        let metadata = self.metadata().await?;
        let topic = topic_of(alias, &metadata.topics)?;
        let name = &topic.name;
        let here: Vec<TopicPartition> =
            topic.partitions.iter().map(|partition| TopicPartition::new(name.clone(), partition.id)).collect();
        let (starts, ends) = self.log_bounds(&here).await?;
        let mut ranges = Vec::new();
        for place in &here {
            let bound = |listed| {
                let failed = |reason: &str| Failure::new(FailureKind::Unreachable, OPERATION, reason).on(name.as_str());
                let fact = listed_offset(listed, place);
                fact.get().ok_or_else(|| failed(fact.reason().unwrap_or_default()))
            };
            let (start, end) = (bound(&starts)?, bound(&ends)?);
            if start < end {
                ranges.push(ReadRange { partition: place.partition, from: start, to: Some(end) });
            }
        }
        let mut reading = fetch::read(
            self.client(),
            ReadRequest {
                topic: name.clone(),
                ranges,
                max_bytes_per_second: self.profile().read_budget_bytes_per_second,
                newest_only: false,
                isolation: Isolation::Uncommitted,
                rack: self.profile().rack.clone(),
                lane: self.next_read(),
                sieve: None,
            },
        );
        let (mut found, mut not_understood) = (HashMap::<GroupId, Commits>::new(), 0_usize);
        while let Some(events) = reading.next().await {
            for event in events {
                match event {
                    ReadEvent::Batch(batch) => {
                        for index in 0..batch.len() {
                            let (Some(Some(key)), Some(value)) = (batch.key(index), batch.value(index)) else {
                                continue;
                            };
                            match checkpoint(key, value) {
                                Ok(read) if groups.contains(&read.group) => take(&mut found, read),
                                Ok(_) => {}
                                Err(_) => not_understood += 1,
                            }
                        }
                    }
                    ReadEvent::Failed(failure) => return Err(failure),
                    ReadEvent::Skipped { .. }
                    | ReadEvent::Passed(..)
                    | ReadEvent::TransactionEnded(..)
                    | ReadEvent::CaughtUp
                    | ReadEvent::Waiting { .. }
                    | ReadEvent::Settled(_) => {}
                }
            }
        }
        if not_understood > 0 {
            let message = format!("{} in it could not be understood", show::plural(not_understood, "record"));
            return Err(Failure::new(FailureKind::Unsupported, OPERATION, message).on(name.as_str()));
        }
        if let Some(group) = groups.iter().find(|group| found.get(*group).is_none_or(HashMap::is_empty)) {
            let message = format!("there is none of group {group}");
            let failure = Failure::new(FailureKind::NotFound, OPERATION, message).on(name.as_str());
            return Err(failure.hint("A mirror writes them once a minute, for the groups that it is told to follow."));
        }
        Ok(found)
    }
}

/// The topic that holds the checkpoints of the mirrored cluster `alias`, or that is called so.
fn topic_of<'a>(alias: &str, topics: &'a [Arc<Topic>]) -> Result<&'a Arc<Topic>, Failure> {
    let of = |topic: &'a Arc<Topic>| Some((topic, Mirror::of_checkpoints(topic.name.as_str())?));
    let known: Vec<(&Arc<Topic>, Mirror<'_>)> = topics.iter().filter_map(of).collect();
    let named = |topics: &[&(&Arc<Topic>, Mirror<'_>)]| {
        let named = topics.iter().map(|(topic, mirror)| format!("{} ({})", mirror.alias, topic.name));
        named.collect::<Vec<_>>().join(", ")
    };
    let meant: Vec<_> =
        known.iter().filter(|(topic, mirror)| mirror.alias == alias || topic.name.as_str() == alias).collect();
    match (meant.as_slice(), known.as_slice()) {
        ([(topic, _)], _) => Ok(topic),
        ([], []) => Err(Failure::no_such_topic(OPERATION, &format!("{alias}.checkpoints.internal"))
            .hint("This cluster has no topic of checkpoints; it is kept where the mirror is.")),
        ([], others) => {
            let others: Vec<_> = others.iter().collect();
            Err(Failure::no_such_topic(OPERATION, &format!("{alias}.checkpoints.internal"))
                .hint(format!("Checkpoints are kept here of {}.", named(&others))))
        }
        (many, _) => {
            let message = format!("there are several by this alias: {}", named(many));
            Err(Failure::new(FailureKind::Invalid, OPERATION, message).on(alias).hint("Name the topic instead."))
        }
    }
}

/// The newest of a partition counts, and may take it back.
fn take(found: &mut HashMap<GroupId, Commits>, Checkpoint { group, partition, downstream }: Checkpoint) {
    let commits = found.entry(group).or_default();
    match downstream {
        Some(to) => {
            let commit = CommittedOffset { offset: to.offset, leader_epoch: -1, metadata: to.metadata };
            commits.insert(partition, commit);
        }
        None => {
            commits.remove(&partition);
        }
    }
}
