//! DeleteRecords and OffsetForLeaderEpoch.

use super::{Call, Code, code};
use crate::demo::state::State;
use crate::domain::Offset;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use kafka_protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use kafka_protocol::messages::{
    DeleteRecordsRequest, DeleteRecordsResponse, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
};

/// In DeleteRecords: up to the end, wherever that is.
const TO_END: Offset = -1;

pub(super) fn delete(call: &Call, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut state = call.cluster.lock();
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let result = DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index);
            match delete_before(&mut state, call, topic.name.as_str(), asked.partition_index, asked.offset) {
                Ok(start) => result.with_low_watermark(start),
                Err(error) => result.with_error_code(error).with_low_watermark(-1),
            }
        });
        let partitions = partitions.collect();
        DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions)
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}

fn delete_before(state: &mut State, call: &Call, name: &str, index: i32, offset: Offset) -> Result<Offset, Code> {
    let now = call.cluster.now();
    let topic = state.topics.get_mut(name).ok_or_else(|| code(E::UnknownTopicOrPartition))?;
    if topic.is_internal {
        return Err(code(E::InvalidTopicException));
    }
    if topic.configs.get("cleanup.policy").is_some_and(|policy| !policy.contains("delete")) {
        return Err(code(E::PolicyViolation));
    }
    let partition = topic.partition_mut(index);
    super::led_by(call.node, partition.as_deref())?;
    let partition = partition.ok_or_else(|| code(E::UnknownTopicOrPartition))?;
    let end = partition.log.end(now);
    let before = if offset == TO_END { end } else { offset };
    if !(0..=end).contains(&before) {
        return Err(code(E::OffsetOutOfRange));
    }
    partition.log.truncate_before(before, now);
    partition.producers.forget_aborted_before(partition.log.start());
    Ok(partition.log.start())
}

pub(super) fn end_of_epoch(call: &Call, request: OffsetForLeaderEpochRequest) -> OffsetForLeaderEpochResponse {
    let now = call.cluster.now();
    let state = call.cluster.lock();
    let topics = request.topics.into_iter().map(|topic| {
        let known = state.topics.get(topic.topic.as_str());
        let partitions = topic.partitions.iter().map(|asked| {
            let result = EpochEndOffset::default().with_partition(asked.partition);
            let partition = super::led_by(call.node, known.and_then(|known| known.partition(asked.partition)));
            let partition = partition.and_then(|partition| match asked.current_leader_epoch {
                claimed if claimed > partition.epoch => Err(code(E::UnknownLeaderEpoch)),
                claimed if claimed >= 0 && claimed < partition.epoch => Err(code(E::FencedLeaderEpoch)),
                _ => Ok(partition),
            });
            match partition.map(|partition| partition.end_of_epoch(asked.leader_epoch, now)) {
                Ok(Some((epoch, end))) => result.with_leader_epoch(epoch).with_end_offset(end),
                Ok(None) => result.with_leader_epoch(-1).with_end_offset(-1),
                Err(error) => result.with_error_code(error).with_leader_epoch(-1).with_end_offset(-1),
            }
        });
        let partitions = partitions.collect();
        OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}
