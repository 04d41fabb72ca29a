//! What groups committed, asked of their coordinators.
//!
//! From version 8 on (Kafka 3.0) one request carries many groups; older brokers
//! are asked for one group at a time, all in flight at once.

use super::super::coordinated::{self, Batch};
use super::super::{TopicNames, text};
use crate::domain::group::CommittedOffset;
use crate::domain::{BrokerId, Failure, GroupId, Partial, PartitionMap};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use foldhash::HashMapExt as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;

/// Requests that the groups of a broker are shared out to: with one alone, its answer would
/// not be read while the broker makes the next.
const PARTS: usize = 4;
/// Groups in one request, at least where there are as many, and at most.
const BATCH: std::ops::RangeInclusive<usize> = 250..=5_000;
/// The first version that takes more than one group.
const BATCHES_FROM: i16 = 8;

/// The offsets of one group.
pub type Offsets = PartitionMap<CommittedOffset>;

/// All committed offsets of `groups`. A group that committed nothing has an empty
/// map; one that could not be asked is missing and named in the failures.
pub async fn committed(client: &Client, groups: &[GroupId]) -> Partial<HashMap<GroupId, Offsets>> {
    let ask = |broker, groups| ask_broker(client, broker, groups);
    coordinated::ask_for_parts(client, OffsetFetchRequest::OPERATION, groups, ask).await
}

/// A group's offsets, and the partitions that could not be read.
type Answer = (Offsets, Vec<Failure>);

async fn ask_broker(client: &Client, broker: BrokerId, groups: Vec<GroupId>) -> Vec<Batch<Answer>> {
    let route = Route::Broker(broker);
    let size = match client.version_of::<OffsetFetchRequest>(route, Lane::Bulk).await {
        Ok(version) if version >= BATCHES_FROM => groups.len().div_ceil(PARTS).clamp(*BATCH.start(), *BATCH.end()),
        Ok(_) => 1,
        Err(failure) => return vec![Batch { groups, answer: Err(failure) }],
    };
    let asked = groups.chunks(size).map(|batch| async move {
        let answer = client.call_with(route, Lane::Bulk, |version| request(version, batch)).await;
        Batch { groups: batch.to_vec(), answer: answer.map(|response| read(broker, batch, &response)) }
    });
    asked.collect::<FuturesUnordered<_>>().collect().await
}

fn request(version: i16, groups: &[GroupId]) -> OffsetFetchRequest {
    let request = OffsetFetchRequest::default();
    if version >= BATCHES_FROM {
        let group =
            |id: &GroupId| OffsetFetchRequestGroup::default().with_group_id(text(id.as_str()).into()).with_topics(None);
        return request.with_groups(groups.iter().map(group).collect());
    }
    let id = groups.first().map_or("", GroupId::as_str);
    request.with_group_id(text(id).into()).with_topics(None)
}

/// One partition of an answer; the two shapes of the protocol differ only in type.
struct Row<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    leader_epoch: i32,
    metadata: Option<&'a StrBytes>,
    code: i16,
}

/// The rows of a list of topics, whichever of the two types it is of.
macro_rules! rows {
    ($topics:expr) => {
        $topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|row| Row {
                topic: &topic.name,
                partition: row.partition_index,
                offset: row.committed_offset,
                leader_epoch: row.committed_leader_epoch,
                metadata: row.metadata.as_ref(),
                code: row.error_code,
            })
        })
    };
}

macro_rules! count {
    ($topics:expr) => {
        $topics.iter().map(|topic| topic.partitions.len()).sum()
    };
}

fn read(broker: BrokerId, batch: &[GroupId], response: &OffsetFetchResponse) -> HashMap<GroupId, Result<Answer, i16>> {
    let mut names = TopicNames::default();
    let mut answers = HashMap::with_capacity(batch.len());
    if let ([only], []) = (batch, response.groups.as_slice()) {
        let answer = match response.error_code {
            0 => Ok(read_rows(only, broker, &mut names, rows!(response.topics), count!(response.topics))),
            code => Err(code),
        };
        answers.insert(only.clone(), answer);
        return answers;
    }
    for answered in &response.groups {
        let group = GroupId::from(answered.group_id.as_str());
        let answer = match answered.error_code {
            0 => Ok(read_rows(&group, broker, &mut names, rows!(answered.topics), count!(answered.topics))),
            code => Err(code),
        };
        answers.insert(group, answer);
    }
    answers
}

fn read_rows<'a>(
    group: &GroupId,
    broker: BrokerId,
    names: &mut TopicNames,
    rows: impl Iterator<Item = Row<'a>>,
    count: usize,
) -> Answer {
    let (mut offsets, mut failures) = (Offsets::with_capacity(count), Vec::new());
    for row in rows {
        if row.code != 0 {
            let failure = failure_of_code(row.code, OffsetFetchRequest::OPERATION);
            let failure =
                failure.about(&format!("of group {group} in"), format_args!("{}:{}", row.topic, row.partition));
            failures.push(failure.at_broker(broker.to_string()));
        } else if row.offset >= 0 {
            // A negative offset stands for a partition without a commit.
            let committed = CommittedOffset {
                offset: row.offset,
                leader_epoch: row.leader_epoch,
                metadata: row.metadata.map(ToString::to_string).unwrap_or_default(),
            };
            offsets.insert(names.partition(row.topic, row.partition), committed);
        }
    }
    (offsets, failures)
}
