//! What the brokers answer: one file per kind of request.
//!
//! Owns which API versions are served and which handler answers. Handlers take
//! decoded requests and give responses; they hold the cluster's lock only while
//! they read or change its state, never while they wait.

mod cluster;
mod configs;
mod coordinator;
mod fetch;
mod groups;
mod heartbeats;
mod leadership;
mod log_dirs;
mod membership;
mod metadata;
mod modern;
mod offsets;
mod produce;
mod producers;
mod records;
mod sharing;
mod topics;
mod transactions;
mod versions;

pub(super) use modern::{BEYOND, beyond};
pub(super) use versions::{SERVED, unsupported_version, versions};

use super::state::{Cluster, Partition, State, Topic};
use crate::domain::BrokerId;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{self, RequestKind, ResponseKind};
use kafka_protocol::protocol::StrBytes;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// One request's surroundings.
pub(super) struct Call {
    pub(super) cluster: Arc<Cluster>,
    /// The broker that was asked.
    pub(super) node: BrokerId,
    pub(super) version: i16,
    pub(super) client_id: String,
    /// The client's address, as Kafka shows it: `/127.0.0.1`.
    pub(super) host: String,
    /// The address the client reached us at, under which it will find the others too.
    pub(super) local: IpAddr,
}

/// `None` where the protocol wants no answer.
pub(super) async fn dispatch(call: &Call, request: RequestKind) -> Option<ResponseKind> {
    use RequestKind as Q;
    use ResponseKind as R;
    Some(match request {
        Q::ApiVersions(_) => R::ApiVersions(versions::api_versions()),
        Q::Metadata(request) => R::Metadata(metadata::metadata(call, request)),
        Q::DescribeCluster(request) => R::DescribeCluster(cluster::describe(call, &request)),
        Q::Produce(request) => {
            let wants_answer = request.acks != 0;
            let response = produce::produce(call, request);
            return wants_answer.then_some(R::Produce(response));
        }
        Q::Fetch(request) => R::Fetch(fetch::fetch(call, request).await),
        Q::ListOffsets(request) => R::ListOffsets(offsets::list(call, request)),
        Q::FindCoordinator(request) => R::FindCoordinator(coordinator::find(call, request)),
        Q::ListGroups(request) => R::ListGroups(groups::list(call, &request)),
        Q::DescribeGroups(request) => R::DescribeGroups(groups::describe(call, request)),
        Q::ConsumerGroupDescribe(request) => R::ConsumerGroupDescribe(modern::describe_consumers(call, request)),
        Q::ShareGroupDescribe(request) => R::ShareGroupDescribe(modern::describe_sharers(call, request)),
        Q::AlterShareGroupOffsets(request) => R::AlterShareGroupOffsets(modern::set_starts(call, request)),
        Q::DeleteShareGroupOffsets(request) => R::DeleteShareGroupOffsets(modern::delete_starts(call, request)),
        Q::ConsumerGroupHeartbeat(request) => R::ConsumerGroupHeartbeat(heartbeats::consumer(call, request)),
        Q::ShareGroupHeartbeat(request) => R::ShareGroupHeartbeat(heartbeats::sharer(call, request)),
        Q::ShareFetch(request) => R::ShareFetch(sharing::fetch(call, request).await),
        Q::ShareAcknowledge(request) => R::ShareAcknowledge(sharing::acknowledge(call, &request)),
        Q::OffsetFetch(request) => R::OffsetFetch(coordinator::offset_fetch(call, request)),
        Q::OffsetCommit(request) => R::OffsetCommit(coordinator::offset_commit(call, request)),
        Q::JoinGroup(request) => R::JoinGroup(membership::join(call, request).await),
        Q::SyncGroup(request) => R::SyncGroup(membership::sync(call, request).await),
        Q::Heartbeat(request) => R::Heartbeat(membership::heartbeat(call, &request)),
        Q::LeaveGroup(request) => R::LeaveGroup(membership::leave(call, request)),
        Q::DeleteGroups(request) => R::DeleteGroups(groups::delete(call, request)),
        Q::OffsetDelete(request) => R::OffsetDelete(groups::delete_offsets(call, request)),
        Q::CreateTopics(request) => R::CreateTopics(topics::create(call, request)),
        Q::DeleteTopics(request) => R::DeleteTopics(topics::delete(call, request)),
        Q::CreatePartitions(request) => R::CreatePartitions(topics::create_partitions(call, request)),
        Q::DescribeTopicPartitions(request) => R::DescribeTopicPartitions(metadata::describe_partitions(call, request)),
        Q::DescribeConfigs(request) => R::DescribeConfigs(configs::describe(call, request)),
        Q::AlterConfigs(request) => R::AlterConfigs(configs::replace(call, request)),
        Q::IncrementalAlterConfigs(request) => R::IncrementalAlterConfigs(configs::incremental(call, request)),
        Q::DescribeLogDirs(request) => R::DescribeLogDirs(log_dirs::describe(call, &request)),
        Q::DeleteRecords(request) => R::DeleteRecords(records::delete(call, request)),
        Q::OffsetForLeaderEpoch(request) => R::OffsetForLeaderEpoch(records::end_of_epoch(call, request)),
        Q::ElectLeaders(request) => R::ElectLeaders(leadership::elect(call, request)),
        Q::AlterPartitionReassignments(request) => R::AlterPartitionReassignments(leadership::reassign(call, request)),
        Q::ListPartitionReassignments(_) => R::ListPartitionReassignments(Default::default()),
        Q::InitProducerId(request) => R::InitProducerId(producers::init(call, &request)),
        Q::AddPartitionsToTxn(request) => R::AddPartitionsToTxn(transactions::add_partitions(call, request)),
        Q::AddOffsetsToTxn(request) => R::AddOffsetsToTxn(transactions::add_offsets(call, &request)),
        Q::TxnOffsetCommit(request) => R::TxnOffsetCommit(transactions::commit_offsets(call, request)),
        Q::EndTxn(request) => R::EndTxn(transactions::end(call, &request)),
        Q::WriteTxnMarkers(request) => R::WriteTxnMarkers(transactions::write_markers(call, request)),
        Q::ListTransactions(request) => R::ListTransactions(transactions::list(call, request)),
        Q::DescribeTransactions(request) => R::DescribeTransactions(transactions::describe(call, request)),
        Q::DescribeProducers(request) => R::DescribeProducers(producers::describe(call, request)),
        // Everything in SERVED is above; the rest never gets here.
        _ => return None,
    })
}

/// A code of the protocol, for the cases where a handler refuses.
pub(super) type Code = i16;

pub(super) fn code(error: ResponseError) -> Code {
    error.code()
}

pub(super) fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

pub(super) fn wire_id(id: BrokerId) -> messages::BrokerId {
    messages::BrokerId(id.0)
}

pub(super) fn wire_ids(ids: &[BrokerId]) -> Vec<messages::BrokerId> {
    ids.iter().copied().map(wire_id).collect()
}

pub(super) fn topic_name(name: &str) -> messages::TopicName {
    messages::TopicName(text(name))
}

/// The topic a request means, by id from the versions on that use ids.
fn find_topic<'a>(state: &'a State, name: &str, id: Uuid) -> Result<(&'a str, &'a Topic), Code> {
    if id.is_nil() {
        return state
            .topics
            .get_key_value(name)
            .map(|(name, topic)| (name.as_str(), topic))
            .ok_or_else(|| code(ResponseError::UnknownTopicOrPartition));
    }
    state
        .name_of(id)
        .and_then(|name| state.topics.get_key_value(name))
        .map(|(name, topic)| (name.as_str(), topic))
        .ok_or_else(|| code(ResponseError::UnknownTopicId))
}

/// The partition, when the broker asked is its leader.
fn led_by(node: BrokerId, partition: Option<&Partition>) -> Result<&Partition, Code> {
    let partition = partition.ok_or_else(|| code(ResponseError::UnknownTopicOrPartition))?;
    match partition.leader {
        Some(leader) if leader == node => Ok(partition),
        Some(_) => Err(code(ResponseError::NotLeaderOrFollower)),
        None => Err(code(ResponseError::LeaderNotAvailable)),
    }
}
