//! Where a leader epoch ends in the log: whether an old commit's epoch still holds.

use super::super::leaders::{Leaders, Place};
use super::super::{left_out, text};
use crate::domain::topic::Topic;
use crate::domain::{Failure, Offset, TopicPartition};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{BrokerId as NodeId, OffsetForLeaderEpochRequest};
use std::collections::HashMap;
use std::sync::Arc;

/// The largest epoch up to the one asked for, and the offset after its last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnd {
    pub leader_epoch: i32,
    pub end: Offset,
}

type Wanted<'a> = (&'a TopicPartition, i32);

/// The ends of the epochs in `wanted`; `None` where the log knows none that old.
pub async fn epoch_end(
    client: &Client,
    wanted: &[(TopicPartition, i32)],
    leaders: &[Arc<Topic>],
) -> HashMap<TopicPartition, Result<Option<EpochEnd>, Failure>> {
    let operation = OffsetForLeaderEpochRequest::OPERATION;
    let rows = wanted.iter().map(|(partition, epoch)| (partition, *epoch));
    let (by_leader, without) = Leaders::of(leaders).group(rows, |(partition, _)| partition, operation);
    let mut ends: HashMap<_, _> =
        without.into_iter().map(|((partition, _), failure)| (partition.clone(), Err(failure))).collect();
    let mut asked: FuturesUnordered<_> = by_leader
        .into_iter()
        .map(|(leader, mut rows)| async move {
            rows.sort_unstable();
            let build = |version| request(version, &rows);
            let answer = client.call_with(Route::Broker(leader), Lane::Bulk, build).await;
            (leader, rows, answer)
        })
        .collect();
    while let Some((leader, rows, answer)) = asked.next().await {
        let answers: Result<HashMap<Place<'_>, _>, _> = answer.as_ref().map(|response| {
            let of_topic = response
                .topics
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|row| ((topic.topic.as_str(), row.partition), row)));
            of_topic.collect()
        });
        for (partition, _) in rows {
            let result = match &answers {
                Err(failure) => Err((*failure).clone()),
                Ok(answers) => match answers.get(&(partition.topic.as_str(), partition.partition)) {
                    None => Err(left_out(operation)),
                    Some(row) if row.error_code != 0 => Err(failure_of_code(row.error_code, operation)),
                    Some(row) => Ok((row.end_offset >= 0)
                        .then_some(EpochEnd { leader_epoch: row.leader_epoch, end: row.end_offset })),
                },
            };
            let at = |failure: Failure| failure.about("of", partition).at_broker(leader.to_string());
            ends.insert(partition.clone(), result.map_err(at));
        }
    }
    ends
}

/// `rows` are in order of topic.
fn request(version: i16, rows: &[Wanted<'_>]) -> OffsetForLeaderEpochRequest {
    let topics = rows.chunk_by(|(a, _), (b, _)| a.topic == b.topic).map(|rows| {
        let partitions = rows.iter().map(|(partition, epoch)| {
            OffsetForLeaderPartition::default().with_partition(partition.partition).with_leader_epoch(*epoch)
        });
        let name = rows.first().map_or("", |(partition, _)| partition.topic.as_str());
        OffsetForLeaderTopic::default().with_topic(text(name).into()).with_partitions(partitions.collect())
    });
    let request = OffsetForLeaderEpochRequest::default().with_topics(topics.collect());
    // −1 is a consumer; before version 3 nobody says who asks.
    if version >= 3 { request.with_replica_id(NodeId(-1)) } else { request }
}
