//! ElectLeaders and partition reassignments.
//!
//! A reassignment is done at once: replicas share one log here, so there is
//! nothing to copy and never one in progress.

use super::{Call, Code, code, text, topic_name};
use crate::demo::state::{Partition, State};
use crate::demo::transactions;
use crate::domain::{BrokerId, Time, TopicName};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::alter_partition_reassignments_request::ReassignablePartition;
use kafka_protocol::messages::alter_partition_reassignments_response::{
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use kafka_protocol::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ElectLeadersRequest, ElectLeadersResponse,
};

/// The preferred replica leads, as opposed to any that is left.
const PREFERRED: i8 = 0;

pub(super) fn elect(call: &Call, request: ElectLeadersRequest) -> ElectLeadersResponse {
    let now = call.cluster.now();
    let mut state = call.cluster.lock();
    let wanted: Vec<(TopicName, Vec<i32>)> = match request.topic_partitions {
        Some(wanted) => {
            wanted.into_iter().map(|topic| (TopicName::from(topic.topic.as_str()), topic.partitions)).collect()
        }
        None => state
            .topics
            .iter()
            .map(|(name, topic)| (name.clone(), (0..).zip(&topic.partitions).map(|(index, _)| index).collect()))
            .collect(),
    };
    let up: Vec<BrokerId> = state.nodes.iter().filter(|node| node.is_up).map(|node| node.id).collect();
    let results = wanted.into_iter().map(|(name, indexes)| {
        let mut topic = state.topics.get_mut(&name);
        let partitions = indexes.into_iter().map(|index| {
            let partition = topic.as_mut().and_then(|topic| topic.partition_mut(index));
            let done = match partition {
                None => Err(E::UnknownTopicOrPartition),
                Some(partition) => elect_one(partition, request.election_type, &up, now),
            };
            let result = PartitionResult::default().with_partition_id(index);
            match done {
                Ok(()) => result.with_error_message(None),
                Err(error) => result.with_error_code(error.code()).with_error_message(Some(text(error.to_string()))),
            }
        });
        let partitions = partitions.collect();
        ReplicaElectionResult::default().with_topic(topic_name(name.as_str())).with_partition_result(partitions)
    });
    let results = results.collect();
    transactions::settle_all(&mut state, now);
    drop(state);
    call.cluster.changed.notify_waiters();
    ElectLeadersResponse::default().with_replica_election_results(results)
}

fn elect_one(partition: &mut Partition, election: i8, up: &[BrokerId], now: Time) -> Result<(), E> {
    if election == PREFERRED {
        let preferred = partition.replicas.first().copied().ok_or(E::PreferredLeaderNotAvailable)?;
        if partition.leader == Some(preferred) {
            return Err(E::ElectionNotNeeded);
        }
        if !partition.isr.contains(&preferred) || !up.contains(&preferred) {
            return Err(E::PreferredLeaderNotAvailable);
        }
        partition.lead(Some(preferred), now);
        return Ok(());
    }
    if partition.leader.is_some() {
        return Err(E::ElectionNotNeeded);
    }
    let any = partition.replicas.iter().copied().find(|id| up.contains(id)).ok_or(E::EligibleLeadersNotAvailable)?;
    partition.isr = vec![any];
    partition.lead(Some(any), now);
    Ok(())
}

pub(super) fn reassign(
    call: &Call,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let now = call.cluster.now();
    let mut state = call.cluster.lock();
    let responses = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let response = ReassignablePartitionResponse::default().with_partition_index(asked.partition_index);
            match reassign_one(&mut state, topic.name.as_str(), asked, now) {
                Ok(()) => response.with_error_message(None),
                Err(error) => response
                    .with_error_code(error)
                    .with_error_message(E::try_from_code(error).map(|error| text(error.to_string()))),
            }
        });
        let partitions = partitions.collect();
        ReassignableTopicResponse::default().with_name(topic.name).with_partitions(partitions)
    });
    let responses = responses.collect();
    transactions::settle_all(&mut state, now);
    drop(state);
    call.cluster.changed.notify_waiters();
    AlterPartitionReassignmentsResponse::default().with_responses(responses).with_error_message(None)
}

fn reassign_one(state: &mut State, name: &str, asked: &ReassignablePartition, now: Time) -> Result<(), Code> {
    let up: Vec<BrokerId> = state.nodes.iter().filter(|node| node.is_up).map(|node| node.id).collect();
    let all: Vec<BrokerId> = state.nodes.iter().map(|node| node.id).collect();
    let partition = state
        .topics
        .get_mut(name)
        .and_then(|topic| topic.partition_mut(asked.partition_index))
        .ok_or_else(|| code(E::UnknownTopicOrPartition))?;
    let wanted = asked.replicas.as_ref().ok_or_else(|| code(E::NoReassignmentInProgress))?;
    let wanted: Vec<BrokerId> = wanted.iter().map(|id| BrokerId(id.0)).collect();
    let has_repeats = wanted.iter().enumerate().any(|(at, id)| wanted.iter().take(at).any(|other| other == id));
    if wanted.is_empty() || has_repeats || wanted.iter().any(|id| !all.contains(id)) {
        return Err(code(E::InvalidReplicaAssignment));
    }
    partition.isr = wanted.iter().copied().filter(|id| up.contains(id)).collect();
    partition.replicas = wanted;
    if partition.leader.is_none_or(|leader| !partition.isr.contains(&leader)) {
        let next = partition.isr.first().copied();
        partition.lead(next, now);
    }
    Ok(())
}
