//! ListOffsets.

use super::fetch::READ_COMMITTED;
use super::{Call, Code, code};
use crate::domain::{Offset, Time};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

/// The special times of ListOffsets.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;

pub(super) fn list(call: &Call, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let response = ListOffsetsPartitionResponse::default()
                .with_partition_index(asked.partition_index)
                .with_offset(-1)
                .with_timestamp(-1);
            let is_committed_only = request.isolation_level == READ_COMMITTED;
            match find(call, topic.name.as_str(), asked.partition_index, asked.timestamp, is_committed_only) {
                Err(error) => response.with_error_code(error),
                Ok((offset, time, epoch)) => {
                    let response = response.with_offset(offset).with_timestamp(time.millis());
                    if call.version >= 4 { response.with_leader_epoch(epoch) } else { response }
                }
            }
        });
        let partitions = partitions.collect();
        ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions)
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

fn find(call: &Call, name: &str, index: i32, at: i64, is_committed_only: bool) -> Result<(Offset, Time, i32), Code> {
    const NONE: (Offset, Time) = (-1, Time(-1));
    let now = call.cluster.now();
    let state = call.cluster.lock();
    let topic = state.topics.get(name).ok_or_else(|| code(E::UnknownTopicOrPartition))?;
    let partition = super::led_by(call.node, topic.partition(index))?;
    let log = &partition.log;
    let end = if is_committed_only { partition.stable_end(now) } else { log.end(now) };
    // What is not stable is not there for those who want what is committed.
    let is_there = |(offset, _): &(Offset, Time)| *offset < end;
    let (offset, time) = match at {
        LATEST => (end, Time(-1)),
        EARLIEST | EARLIEST_LOCAL => (log.start(), Time(-1)),
        MAX_TIMESTAMP => log.newest(now).filter(is_there).unwrap_or(NONE),
        LATEST_TIERED => NONE,
        at if at < 0 => return Err(code(E::InvalidRequest)),
        at => log.first_at(Time(at), now).filter(is_there).unwrap_or(NONE),
    };
    Ok((offset, time, if offset < 0 { -1 } else { partition.epoch }))
}
