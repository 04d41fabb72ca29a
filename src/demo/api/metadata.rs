//! Metadata and DescribeTopicPartitions: brokers, topics, partitions and who leads them.

use super::{Call, code, text, topic_name, wire_id, wire_ids};
use crate::demo::state::{Partition, State, Topic};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, MetadataRequest, MetadataResponse,
};
use std::collections::BTreeSet;

/// What everyone may do here, as bits by ACL operation: on topics read, write,
/// create, delete, alter, describe and both for configs.
pub(super) const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
/// On the cluster: create, alter, describe, cluster action, configs, idempotent write.
pub(super) const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;
/// What stands where operations were not asked for.
pub(super) const NOT_ASKED: i32 = i32::MIN;

pub(super) fn metadata(call: &Call, request: MetadataRequest) -> MetadataResponse {
    let state = call.cluster.lock();
    let with_operations = request.include_topic_authorized_operations;
    let wanted = request.topics.filter(|topics| call.version > 0 || !topics.is_empty());
    let topics = match wanted {
        None => {
            state.topics.iter().map(|(name, topic)| describe(&state, name.as_str(), topic, with_operations)).collect()
        }
        Some(wanted) => wanted
            .iter()
            .map(|topic| {
                let name = topic.name.as_ref().map_or("", |name| name.as_str());
                match super::find_topic(&state, name, topic.topic_id) {
                    Ok((name, topic)) => describe(&state, name, topic, with_operations),
                    Err(error) => MetadataResponseTopic::default()
                        .with_error_code(error)
                        .with_name(if call.version < 12 { Some(topic_name(name)) } else { topic.name.clone() })
                        .with_topic_id(topic.topic_id),
                }
            })
            .collect(),
    };
    let brokers = state.nodes.iter().filter(|node| node.is_up).map(|node| {
        let broker = MetadataResponseBroker::default()
            .with_node_id(wire_id(node.id))
            .with_host(text(call.local.to_string()))
            .with_port(i32::from(node.address.port()));
        broker.with_rack(Some(text(node.rack.as_str())))
    });
    let operations = if request.include_cluster_authorized_operations { CLUSTER_OPERATIONS } else { NOT_ASKED };
    MetadataResponse::default()
        .with_brokers(brokers.collect())
        .with_cluster_id(Some(text(call.cluster.id.as_str())))
        .with_controller_id(state.controller().map_or((-1).into(), wire_id))
        .with_topics(topics)
        .with_cluster_authorized_operations(operations)
}

fn describe(state: &State, name: &str, topic: &Topic, with_operations: bool) -> MetadataResponseTopic {
    let partitions = (0..).zip(&topic.partitions).map(|(index, partition)| describe_partition(state, index, partition));
    MetadataResponseTopic::default()
        .with_name(Some(topic_name(name)))
        .with_topic_id(topic.id)
        .with_is_internal(topic.is_internal)
        .with_partitions(partitions.collect())
        .with_topic_authorized_operations(if with_operations { TOPIC_OPERATIONS } else { NOT_ASKED })
}

fn describe_partition(state: &State, index: i32, partition: &Partition) -> MetadataResponsePartition {
    let offline: Vec<_> = partition.replicas.iter().copied().filter(|replica| !state.is_up(*replica)).collect();
    let error = if partition.leader.is_none() { code(ResponseError::LeaderNotAvailable) } else { 0 };
    MetadataResponsePartition::default()
        .with_partition_index(index)
        .with_leader_id(partition.leader.map_or((-1).into(), wire_id))
        .with_leader_epoch(partition.epoch)
        .with_replica_nodes(wire_ids(&partition.replicas))
        .with_isr_nodes(wire_ids(&partition.isr))
        .with_offline_replicas(wire_ids(&offline))
        .with_error_code(error)
}

/// Partitions in one answer at most, as a broker's `max.request.partition.size.limit`.
const MAX_PAGE: usize = 2_000;

/// Topics in order of their names, a page at a time: the cursor names the first
/// partition of the next page.
pub(super) fn describe_partitions(
    call: &Call,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let state = call.cluster.lock();
    let wanted: BTreeSet<&str> = if request.topics.is_empty() {
        state.topics.keys().map(|name| name.as_str()).collect()
    } else {
        request.topics.iter().map(|topic| topic.name.as_str()).collect()
    };
    let (from, first) = match &request.cursor {
        Some(cursor) => (cursor.topic_name.to_string(), usize::try_from(cursor.partition_index).unwrap_or(0)),
        None => Default::default(),
    };
    let mut room = usize::try_from(request.response_partition_limit).unwrap_or(0).clamp(1, MAX_PAGE);
    let mut response = DescribeTopicPartitionsResponse::default();
    for name in wanted.range(from.as_str()..).copied() {
        let skip = if name == from { first } else { 0 };
        let line = DescribeTopicPartitionsResponseTopic::default().with_name(Some(topic_name(name)));
        let Some(topic) = state.topics.get(name) else {
            response.topics.push(line.with_error_code(code(ResponseError::UnknownTopicOrPartition)));
            continue;
        };
        if room == 0 {
            return response.with_next_cursor(Some(cursor(name, skip)));
        }
        let page = (0i32..).zip(&topic.partitions).skip(skip).take(room).map(|(index, partition)| {
            let offline: Vec<_> = partition.replicas.iter().copied().filter(|replica| !state.is_up(*replica)).collect();
            DescribeTopicPartitionsResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(partition.leader.map_or((-1).into(), wire_id))
                .with_leader_epoch(partition.epoch)
                .with_replica_nodes(wire_ids(&partition.replicas))
                .with_isr_nodes(wire_ids(&partition.isr))
                .with_eligible_leader_replicas(Some(Vec::new()))
                .with_last_known_elr(Some(Vec::new()))
                .with_offline_replicas(wire_ids(&offline))
        });
        let page: Vec<_> = page.collect();
        room -= page.len();
        let next = skip + page.len();
        response.topics.push(
            line.with_topic_id(topic.id)
                .with_is_internal(topic.is_internal)
                .with_partitions(page)
                .with_topic_authorized_operations(TOPIC_OPERATIONS),
        );
        if next < topic.partitions.len() {
            return response.with_next_cursor(Some(cursor(name, next)));
        }
    }
    response
}

fn cursor(name: &str, partition: usize) -> Cursor {
    let partition = i32::try_from(partition).unwrap_or(i32::MAX);
    Cursor::default().with_topic_name(topic_name(name)).with_partition_index(partition)
}
