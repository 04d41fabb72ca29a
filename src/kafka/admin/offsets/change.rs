//! Committing and deleting offsets on behalf of a group without members.
//!
//! Invariant: results stand in the order of what was asked, one for each row.

use super::super::leaders::Place;
use super::super::{left_out, text};
use crate::domain::{Failure, GroupId, Offset, TopicPartition, WriteGrant};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code, needs_new_coordinator};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetDeleteRequest};
use std::collections::HashMap;

/// Partitions in one request; beyond it a broker may refuse the batch it writes.
pub const BATCH: usize = 1000;
/// The first version with a leader epoch beside the offset.
const EPOCHS_FROM: i16 = 6;

/// An offset to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRow {
    pub partition: TopicPartition,
    pub offset: Offset,
    /// −1 for none.
    pub leader_epoch: i32,
    pub metadata: String,
}

/// Commits `rows` as an administrator does: without being a member. The broker
/// refuses each row while the group has members.
pub async fn commit(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    rows: &[CommitRow],
) -> Vec<Result<(), Failure>> {
    let mut results = Vec::with_capacity(rows.len());
    for batch in rows.chunks(BATCH) {
        let mut outcome = commit_batch(client, grant, group, batch).await;
        // The broker says that it did nothing: another one coordinates by now.
        if outcome
            .as_ref()
            .is_ok_and(|codes| !codes.is_empty() && codes.values().all(|code| needs_new_coordinator(*code)))
        {
            client.forget_coordinator(group);
            outcome = commit_batch(client, grant, group, batch).await;
        }
        let partitions = batch.iter().map(|row| &row.partition);
        results.extend(in_order(OffsetCommitRequest::OPERATION, group, partitions, outcome));
    }
    results
}

/// Deletes the committed offsets of `partitions`. A partition without one succeeds.
pub async fn delete(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    partitions: &[TopicPartition],
) -> Vec<Result<(), Failure>> {
    let mut results = Vec::with_capacity(partitions.len());
    for batch in partitions.chunks(BATCH) {
        let outcome = delete_batch(client, grant, group, batch).await;
        results.extend(in_order(OffsetDeleteRequest::OPERATION, group, batch.iter(), outcome));
    }
    results
}

/// Error codes by partition.
pub(super) type Codes = HashMap<TopicPartition, i16>;

async fn commit_batch(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    rows: &[CommitRow],
) -> Result<Codes, Failure> {
    let build = |version: i16| {
        let mut topics: HashMap<&str, Vec<OffsetCommitRequestPartition>> = HashMap::new();
        for row in rows {
            let partition = OffsetCommitRequestPartition::default()
                .with_partition_index(row.partition.partition)
                .with_committed_offset(row.offset)
                .with_committed_metadata(Some(text(&row.metadata)));
            let partition = if version >= EPOCHS_FROM {
                partition.with_committed_leader_epoch(row.leader_epoch)
            } else {
                partition
            };
            topics.entry(row.partition.topic.as_str()).or_default().push(partition);
        }
        let topics = topics.into_iter().map(|(name, partitions)| {
            OffsetCommitRequestTopic::default().with_name(text(name).into()).with_partitions(partitions)
        });
        OffsetCommitRequest::default()
            .with_group_id(text(group.as_str()).into())
            .with_generation_id_or_member_epoch(-1)
            .with_topics(topics.collect())
    };
    let response = client.change_with(grant, Route::Group(group), Lane::Control, build).await?;
    let codes = response.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|row| ((topic.name.as_str(), row.partition_index), row.error_code))
    });
    Ok(owned(rows.iter().map(|row| &row.partition), &codes.collect()))
}

async fn delete_batch(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    partitions: &[TopicPartition],
) -> Result<Codes, Failure> {
    let mut topics: HashMap<&str, Vec<OffsetDeleteRequestPartition>> = HashMap::new();
    for partition in partitions {
        let row = OffsetDeleteRequestPartition::default().with_partition_index(partition.partition);
        topics.entry(partition.topic.as_str()).or_default().push(row);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        OffsetDeleteRequestTopic::default().with_name(text(name).into()).with_partitions(partitions)
    });
    let request =
        OffsetDeleteRequest::default().with_group_id(text(group.as_str()).into()).with_topics(topics.collect());
    let response = client.change(grant, Route::Group(group), Lane::Control, &request).await?;
    if response.error_code != 0 {
        return Err(failure_of_code(response.error_code, OffsetDeleteRequest::OPERATION));
    }
    let codes = response.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|row| ((topic.name.as_str(), row.partition_index), row.error_code))
    });
    Ok(owned(partitions.iter(), &codes.collect()))
}

/// The codes of `partitions`, so far as the answer has them.
pub(super) fn owned<'a>(
    partitions: impl Iterator<Item = &'a TopicPartition>,
    codes: &HashMap<Place<'_>, i16>,
) -> Codes {
    let known = partitions.filter_map(|partition| {
        let code = codes.get(&(partition.topic.as_str(), partition.partition))?;
        Some((partition.clone(), *code))
    });
    known.collect()
}

pub(super) fn in_order<'a>(
    operation: &str,
    group: &GroupId,
    partitions: impl Iterator<Item = &'a TopicPartition>,
    outcome: Result<Codes, Failure>,
) -> Vec<Result<(), Failure>> {
    let result = |partition: &TopicPartition| {
        let failure = match &outcome {
            Err(failure) => failure.clone(),
            Ok(codes) => match codes.get(partition) {
                Some(0) => return Ok(()),
                Some(code) => failure_of_code(*code, operation),
                None => left_out(operation),
            },
        };
        Err(failure.about(&format!("of group {group} in"), partition))
    };
    partitions.map(result).collect()
}
