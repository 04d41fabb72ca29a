//! Where share groups begin: asked of their coordinators, set, and deleted.
//!
//! A share group commits nothing. For each partition it keeps a start offset, before which
//! everything is acknowledged, and the state of each record that was delivered behind it;
//! of that the protocol tells the start offset and, since Kafka 4.2, how many records are
//! left. Invariant: results of changes stand in the order of what was asked.

use super::super::coordinated::{self, Batch};
use super::super::leaders::Place;
use super::super::{TopicNames, explained, left_out, text};
use super::change::{BATCH as ROWS, Codes, in_order, owned};
use crate::domain::group::CommittedOffset;
use crate::domain::{
    BrokerId, Fact, Failure, GroupId, Offset, Partial, PartitionMap, TopicName, TopicPartition, WriteGrant,
};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use crate::protocol::{
    DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, ShareGroupOffsets, WantedGroup,
};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::messages::alter_share_group_offsets_request::{
    AlterShareGroupOffsetsRequestPartition, AlterShareGroupOffsetsRequestTopic,
};
use kafka_protocol::messages::delete_share_group_offsets_request::DeleteShareGroupOffsetsRequestTopic;
use kafka_protocol::messages::{AlterShareGroupOffsetsRequest, DeleteShareGroupOffsetsRequest};
use std::collections::HashMap;

/// Groups in one request.
const GROUPS: usize = 100;
/// The first version that tells the lag.
const LAG_FROM: i16 = 1;
const OPERATION: &str = DescribeShareGroupOffsetsRequest::OPERATION;

/// Where a share group begins in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareOffset {
    pub start: CommittedOffset,
    /// Records that are left to it.
    pub lag: Fact<u64>,
}

/// The start offsets of one group.
pub type ShareOffsets = PartitionMap<ShareOffset>;

/// All start offsets of share groups. A group that has none has an empty map; one that
/// could not be asked is missing and named in the failures.
pub async fn share_offsets(client: &Client, groups: &[GroupId]) -> Partial<HashMap<GroupId, ShareOffsets>> {
    coordinated::ask_for_parts(client, OPERATION, groups, |broker, groups| ask_broker(client, broker, groups)).await
}

/// A group's start offsets, and the partitions that could not be read.
type Answer = (ShareOffsets, Vec<Failure>);

async fn ask_broker(client: &Client, broker: BrokerId, groups: Vec<GroupId>) -> Vec<Batch<Answer>> {
    let route = Route::Broker(broker);
    let version = match client.version_of::<DescribeShareGroupOffsetsRequest>(route, Lane::Bulk).await {
        Ok(version) => version,
        Err(failure) => return vec![Batch { groups, answer: Err(failure) }],
    };
    let asked = groups.chunks(GROUPS).map(|batch| async move {
        let wanted = |group: &GroupId| WantedGroup { group_id: text(group.as_str()), topics: None };
        let build = |_| DescribeShareGroupOffsetsRequest { groups: batch.iter().map(wanted).collect() };
        let answer = client.call_with(route, Lane::Bulk, build).await;
        Batch { groups: batch.to_vec(), answer: answer.map(|response| read(broker, version, &response)) }
    });
    asked.collect::<FuturesUnordered<_>>().collect().await
}

fn read(
    broker: BrokerId,
    version: i16,
    response: &DescribeShareGroupOffsetsResponse,
) -> HashMap<GroupId, Result<Answer, i16>> {
    let mut names = TopicNames::default();
    let groups = response.groups.iter().map(|group| {
        let answer = match group.error_code {
            0 => Ok(read_group(broker, version, group, &mut names)),
            code => Err(code),
        };
        (GroupId::from(group.group_id.as_str()), answer)
    });
    groups.collect()
}

fn read_group(broker: BrokerId, version: i16, group: &ShareGroupOffsets, names: &mut TopicNames) -> Answer {
    let (mut offsets, mut failures) = (ShareOffsets::default(), Vec::new());
    for topic in &group.topics {
        for row in &topic.partitions {
            let here = names.partition(&topic.name, row.index);
            if row.error_code != 0 {
                let failure = explained(row.error_code, row.error_message.as_ref(), OPERATION);
                let failure = failure.about(&format!("of group {} in", group.group_id), here);
                failures.push(failure.at_broker(broker.to_string()));
            } else if row.start_offset >= 0 {
                let start = CommittedOffset {
                    offset: row.start_offset,
                    leader_epoch: row.leader_epoch,
                    metadata: String::new(),
                };
                let lag = match u64::try_from(row.lag) {
                    Ok(lag) => Fact::Known(lag),
                    Err(_) if version < LAG_FROM => Fact::unknown("brokers tell it of share groups since Kafka 4.2"),
                    Err(_) => Fact::unknown("its broker does not know how much is left to it"),
                };
                offsets.insert(here, ShareOffset { start, lag });
            }
        }
    }
    (offsets, failures)
}

/// Has a share group without members begin elsewhere. What was acknowledged behind its
/// start offset is forgotten by the cluster.
pub async fn set_starts(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    rows: &[(TopicPartition, Offset)],
) -> Vec<Result<(), Failure>> {
    let mut results = Vec::with_capacity(rows.len());
    for batch in rows.chunks(ROWS) {
        let outcome = set_batch(client, grant, group, batch).await;
        let partitions = batch.iter().map(|(here, _)| here);
        results.extend(in_order(AlterShareGroupOffsetsRequest::OPERATION, group, partitions, outcome));
    }
    results
}

async fn set_batch(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    rows: &[(TopicPartition, Offset)],
) -> Result<Codes, Failure> {
    let mut topics: HashMap<&str, Vec<AlterShareGroupOffsetsRequestPartition>> = HashMap::new();
    for (here, offset) in rows {
        let row = AlterShareGroupOffsetsRequestPartition::default()
            .with_partition_index(here.partition)
            .with_start_offset(*offset);
        topics.entry(here.topic.as_str()).or_default().push(row);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        AlterShareGroupOffsetsRequestTopic::default().with_topic_name(text(name).into()).with_partitions(partitions)
    });
    let request = AlterShareGroupOffsetsRequest::default()
        .with_group_id(text(group.as_str()).into())
        .with_topics(topics.collect());
    let response = client.change(grant, Route::Group(group), Lane::Control, &request).await?;
    if response.error_code != 0 {
        let operation = AlterShareGroupOffsetsRequest::OPERATION;
        return Err(explained(response.error_code, response.error_message.as_ref(), operation));
    }
    let codes: HashMap<Place<'_>, i16> = response
        .responses
        .iter()
        .flat_map(|topic| {
            topic.partitions.iter().map(|row| ((topic.topic_name.as_str(), row.partition_index), row.error_code))
        })
        .collect();
    Ok(owned(rows.iter().map(|(here, _)| here), &codes))
}

/// Deletes the start offsets of a share group without members in whole topics.
pub async fn delete_starts(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    topics: &[TopicName],
) -> Vec<Result<(), Failure>> {
    const OPERATION: &str = DeleteShareGroupOffsetsRequest::OPERATION;
    let named =
        |topic: &TopicName| DeleteShareGroupOffsetsRequestTopic::default().with_topic_name(text(topic.as_str()).into());
    let request = DeleteShareGroupOffsetsRequest::default()
        .with_group_id(text(group.as_str()).into())
        .with_topics(topics.iter().map(named).collect());
    let answer = match client.change(grant, Route::Group(group), Lane::Control, &request).await {
        Ok(response) if response.error_code != 0 => {
            Err(explained(response.error_code, response.error_message.as_ref(), OPERATION))
        }
        other => other,
    };
    let result = |topic: &TopicName| {
        let failure = match &answer {
            Err(failure) => failure.clone(),
            Ok(response) => match response.responses.iter().find(|row| row.topic_name.as_str() == topic.as_str()) {
                None => left_out(OPERATION),
                Some(row) if row.error_code == 0 => return Ok(()),
                Some(row) => failure_of_code(row.error_code, OPERATION),
            },
        };
        Err(failure.about(&format!("of group {group} in"), topic))
    };
    topics.iter().map(result).collect()
}
