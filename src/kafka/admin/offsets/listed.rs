//! Offsets of the log itself: its beginning, its end, or by time.

use super::super::leaders::{Leaders, Place};
use super::super::topics;
use super::super::{left_out, text};
use crate::domain::topic::Topic;
use crate::domain::{BrokerId, Failure, Offset, PartitionMap, Time, TopicName, TopicPartition};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code, needs_new_metadata};
use foldhash::HashMapExt as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId as NodeId, ListOffsetsRequest, ListOffsetsResponse};
use std::sync::Arc;

/// Partitions in one request: large enough to be quick, small enough that a broker
/// answers within a deadline.
const BATCH: usize = 2000;

/// Which offset of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OffsetAt {
    Earliest,
    /// The high watermark: the offset the next visible record gets.
    Latest,
    /// Where the open transactions begin: the end of what is committed for good.
    LastStable,
    /// The first offset on the brokers' own disks; what lies before it is in
    /// remote storage. A broker that cannot tell has none.
    EarliestLocal,
    /// The first record, in log order, at or after this time.
    Time(Time),
}

/// The first version in which a broker tells what is local.
const LOCAL_FROM: i16 = 8;
/// The first version with a choice of what of transactions is seen.
const ISOLATION_FROM: i16 = 2;

impl OffsetAt {
    fn code(self, version: i16) -> i64 {
        match self {
            Self::Latest | Self::LastStable => -1,
            Self::EarliestLocal if version >= LOCAL_FROM => -4,
            Self::Earliest | Self::EarliestLocal => -2,
            // Negative numbers are commands, not times.
            Self::Time(time) => time.millis().max(0),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedOffset {
    pub offset: Offset,
    /// The record's, for a look-up by time; else −1.
    pub timestamp: Time,
    pub leader_epoch: i32,
}

/// Failures are boxed: they are few and large, and rows are many.
pub type Listed = PartitionMap<Result<Option<ListedOffset>, Box<Failure>>>;

type Wanted<'a> = (&'a TopicPartition, OffsetAt);

/// The offsets of `wanted`, asked of the partitions' leaders in parallel. `None` is
/// a look-up by time that found nothing at or after it. Each partition may be
/// wanted once; where it occurs twice the later wins.
pub async fn list(client: &Client, wanted: &[(TopicPartition, OffsetAt)], leaders: &[Arc<Topic>]) -> Listed {
    let leaders = Leaders::of(leaders);
    let mut listed = Listed::with_capacity(wanted.len());
    let first: foldhash::HashMap<_, _> = wanted.iter().map(|(partition, at)| (partition, *at)).collect();
    let moved = round(client, first.into_iter().collect(), &leaders, &mut listed).await;
    if moved.is_empty() {
        return listed;
    }
    // Leaders moved since `leaders` was read. Ask once more who leads these.
    let mut topics: Vec<TopicName> = moved.iter().map(|(partition, _)| partition.topic.clone()).collect();
    topics.sort_unstable();
    topics.dedup();
    match topics::metadata(client, Some(&topics)).await {
        Ok(fresh) => {
            round(client, moved, &Leaders::of(&fresh.topics), &mut listed).await;
        }
        Err(failure) => {
            for (partition, _) in moved {
                listed.insert(partition.clone(), Err(Box::new(failure.clone())));
            }
        }
    }
    listed
}

/// Asks every leader once; returns what has moved to another leader.
async fn round<'a>(
    client: &Client,
    wanted: Vec<Wanted<'a>>,
    leaders: &Leaders<'_>,
    listed: &mut Listed,
) -> Vec<Wanted<'a>> {
    let (by_leader, without) = leaders.group(wanted, |(partition, _)| partition, ListOffsetsRequest::OPERATION);
    listed.extend(without.into_iter().map(|((partition, _), failure)| (partition.clone(), Err(Box::new(failure)))));
    let mut batches = Vec::new();
    for (leader, mut wanted) in by_leader {
        // A request sees transactions in one way: what asks for the other goes apart.
        wanted.sort_unstable_by_key(|(partition, at)| (*at == OffsetAt::LastStable, *partition));
        let alike = wanted.chunk_by(|(_, a), (_, b)| (*a == OffsetAt::LastStable) == (*b == OffsetAt::LastStable));
        batches.extend(alike.flat_map(|rows| rows.chunks(BATCH)).map(|batch| (leader, batch.to_vec())));
    }
    let mut asked: FuturesUnordered<_> = batches
        .into_iter()
        .map(|(leader, batch)| async move {
            let build = |version| request(version, &batch);
            let answer = client.call_with(Route::Broker(leader), Lane::Bulk, build).await;
            (leader, batch, answer)
        })
        .collect();
    let mut moved = Vec::new();
    while let Some((leader, batch, answer)) = asked.next().await {
        match answer {
            Ok(response) => moved.extend(take(leader, batch, &response, listed)),
            Err(failure) => {
                for (partition, _) in batch {
                    listed.insert(partition.clone(), Err(Box::new(failure.clone().about("of", partition))));
                }
            }
        }
    }
    moved
}

/// `batch` is in order of topic.
fn request(version: i16, batch: &[Wanted<'_>]) -> ListOffsetsRequest {
    let topics = batch.chunk_by(|(a, _), (b, _)| a.topic == b.topic).map(|rows| {
        let partitions = rows.iter().map(|(partition, at)| {
            ListOffsetsPartition::default().with_partition_index(partition.partition).with_timestamp(at.code(version))
        });
        let name = rows.first().map_or("", |(partition, _)| partition.topic.as_str());
        ListOffsetsTopic::default().with_name(text(name).into()).with_partitions(partitions.collect())
    });
    let request = ListOffsetsRequest::default().with_replica_id(NodeId(-1)).with_topics(topics.collect());
    let is_committed = batch.first().is_some_and(|(_, at)| *at == OffsetAt::LastStable);
    let request = if is_committed && version >= ISOLATION_FROM { request.with_isolation_level(1) } else { request };
    // How long the broker may look in remote storage.
    if version >= 10 { request.with_timeout_ms(30_000) } else { request }
}

/// Files the answers; returns the partitions that this broker does not lead.
fn take<'a>(
    leader: BrokerId,
    batch: Vec<Wanted<'a>>,
    response: &ListOffsetsResponse,
    listed: &mut Listed,
) -> Vec<Wanted<'a>> {
    let mut answers = foldhash::HashMap::<Place<'_>, _>::with_capacity(batch.len());
    for topic in &response.topics {
        for partition in &topic.partitions {
            answers.insert((topic.name.as_str(), partition.partition_index), partition);
        }
    }
    let mut moved = Vec::new();
    for (partition, at) in batch {
        let fail = |failure: Failure| Box::new(failure.about("of", partition).at_broker(leader.to_string()));
        let result = match answers.get(&(partition.topic.as_str(), partition.partition)) {
            None => Err(fail(left_out(ListOffsetsRequest::OPERATION))),
            Some(answer) if answer.error_code == 0 => Ok((answer.offset >= 0).then_some(ListedOffset {
                offset: answer.offset,
                timestamp: Time(answer.timestamp),
                leader_epoch: answer.leader_epoch,
            })),
            Some(answer) => {
                if needs_new_metadata(answer.error_code) {
                    moved.push((partition, at));
                }
                Err(fail(failure_of_code(answer.error_code, ListOffsetsRequest::OPERATION)))
            }
        };
        listed.insert(partition.clone(), result);
    }
    moved
}
