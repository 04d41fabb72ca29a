//! InitProducerId and DescribeProducers.

use super::{Call, Code, code, transactions};
use crate::demo::state::State;
use crate::demo::transactions as coordinator;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::describe_producers_response::{PartitionResponse, ProducerState, TopicResponse};
use kafka_protocol::messages::{
    DescribeProducersRequest, DescribeProducersResponse, InitProducerIdRequest, InitProducerIdResponse,
};

pub(super) fn init(call: &Call, request: &InitProducerIdRequest) -> InitProducerIdResponse {
    let mut state = call.cluster.lock();
    let given = match &request.transactional_id {
        None => Ok((state.next_producer_id(), 0)),
        Some(id) => init_transactional(&mut state, call, id.as_str(), request),
    };
    drop(state);
    // Fencing may have ended a transaction, and with it the wait of readers.
    call.cluster.changed.notify_waiters();
    let response = InitProducerIdResponse::default();
    match given {
        Ok((id, epoch)) => response.with_producer_id(id.into()).with_producer_epoch(epoch),
        Err(error) => response.with_error_code(error).with_producer_id((-1).into()).with_producer_epoch(-1),
    }
}

fn init_transactional(
    state: &mut State,
    call: &Call,
    id: &str,
    request: &InitProducerIdRequest,
) -> Result<(i64, i16), Code> {
    if id.is_empty() {
        return Err(code(E::InvalidRequest));
    }
    transactions::check_coordinator(state, call, id)?;
    let claimed = (request.producer_id.0, request.producer_epoch);
    let claimed = (call.version >= 3 && claimed.0 >= 0).then_some(claimed);
    let now = call.cluster.now();
    let given = coordinator::init(state, id, request.transaction_timeout_ms, claimed, now);
    given.map_err(|error| transactions::code_for(error, call.version >= 4))
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
                            .with_coordinator_epoch(line.coordinator_epoch.unwrap_or(-1))
                            .with_current_txn_start_offset(line.open.unwrap_or(-1))
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
