//! InitProducerId and DescribeProducers.

use super::{Call, code};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::describe_producers_response::{PartitionResponse, ProducerState, TopicResponse};
use kafka_protocol::messages::{
    DescribeProducersRequest, DescribeProducersResponse, InitProducerIdRequest, InitProducerIdResponse,
};

pub(super) fn init(call: &Call, request: &InitProducerIdRequest) -> InitProducerIdResponse {
    let mut state = call.cluster.lock();
    let response = InitProducerIdResponse::default();
    if request.transactional_id.is_some() {
        return response
            .with_error_code(code(E::UnsupportedVersion))
            .with_producer_id((-1).into())
            .with_producer_epoch(-1);
    }
    response.with_producer_id(state.next_producer_id().into()).with_producer_epoch(0)
}

pub(super) fn describe(call: &Call, request: DescribeProducersRequest) -> DescribeProducersResponse {
    let state = call.cluster.lock();
    let topics = request.topics.into_iter().map(|topic| {
        let known = state.topics.get(topic.name.as_str());
        let partitions = topic.partition_indexes.iter().map(|index| {
            let response = PartitionResponse::default().with_partition_index(*index).with_error_message(None);
            match super::led_by(call.node, known.and_then(|known| known.partition(*index))) {
                Err(error) => response.with_error_code(error),
                Ok(partition) => {
                    let producers = partition.producers.lines().map(|line| {
                        ProducerState::default()
                            .with_producer_id(line.id.into())
                            .with_producer_epoch(i32::from(line.epoch))
                            .with_last_sequence(line.last_sequence)
                            .with_last_timestamp(line.last_timestamp)
                            .with_coordinator_epoch(-1)
                            .with_current_txn_start_offset(-1)
                    });
                    response.with_active_producers(producers.collect())
                }
            }
        });
        let partitions = partitions.collect();
        TopicResponse::default().with_name(topic.name).with_partitions(partitions)
    });
    DescribeProducersResponse::default().with_topics(topics.collect())
}
