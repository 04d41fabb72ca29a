//! FindCoordinator, and committed offsets: OffsetCommit and OffsetFetch.

use super::groups::is_coordinator;
use super::{Call, Code, code, text, topic_name, wire_id};
use crate::demo::commits;
use crate::demo::group::{Commit, Group, Kind};
use crate::demo::internal;
use crate::demo::membership;
use crate::demo::state::{MAX_GROUPS, State};
use crate::domain::{GroupId, PartitionId, TopicName};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestTopic;
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    FindCoordinatorRequest, FindCoordinatorResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest,
    OffsetFetchResponse,
};
use std::collections::{BTreeMap, BTreeSet};

/// From this version on a request names many keys.
const BATCHED: i16 = 4;

/// What a coordinator is asked for; the numbers are the protocol's.
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

pub(super) fn find(call: &Call, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let mut state = call.cluster.lock();
    if request.key_type == TRANSACTION {
        internal::create_transactions_topic(&mut state, call.cluster.seed);
    }
    let host = text(call.local.to_string());
    let find = |key: &str| {
        let node = match request.key_type {
            GROUP => state.coordinator(key),
            TRANSACTION => state.transaction_coordinator(key),
            _ => return Err(code(E::InvalidRequest)),
        };
        node.ok_or_else(|| code(E::CoordinatorNotAvailable))
    };
    if call.version < BATCHED {
        let response = FindCoordinatorResponse::default();
        return match find(request.key.as_str()) {
            Ok(node) => {
                response.with_node_id(wire_id(node.id)).with_host(host).with_port(i32::from(node.address.port()))
            }
            Err(error) => response.with_error_code(error).with_node_id((-1).into()).with_port(-1),
        };
    }
    let coordinators = request.coordinator_keys.into_iter().map(|key| {
        let found = find(key.as_str());
        let coordinator = Coordinator::default().with_key(key);
        match found {
            Ok(node) => {
                let coordinator = coordinator.with_node_id(wire_id(node.id)).with_host(host.clone());
                coordinator.with_port(i32::from(node.address.port()))
            }
            Err(error) => coordinator.with_error_code(error).with_node_id((-1).into()).with_port(-1),
        }
    });
    FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}

pub(super) fn offset_commit(call: &Call, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let mut state = call.cluster.lock();
    let allowed = may_commit(&mut state, call, &request);
    let mut accepted = Vec::new();
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = commit_topic(&state, call, &topic, allowed, &mut accepted);
        OffsetCommitResponseTopic::default().with_name(topic.name).with_partitions(partitions)
    });
    let topics = topics.collect();
    commits::commit(&mut state, &GroupId::from(request.group_id.as_str()), accepted, call.cluster.now());
    drop(state);
    call.cluster.changed.notify_waiters();
    OffsetCommitResponse::default().with_topics(topics)
}

fn commit_topic(
    state: &State,
    call: &Call,
    topic: &OffsetCommitRequestTopic,
    allowed: Result<(), Code>,
    accepted: &mut Vec<(TopicName, PartitionId, Commit)>,
) -> Vec<OffsetCommitResponsePartition> {
    let known = state.topics.get_key_value(topic.name.as_str());
    let one = |partition: &kafka_protocol::messages::offset_commit_request::OffsetCommitRequestPartition| {
        let index = partition.partition_index;
        let error = match (allowed, known) {
            (Err(error), _) => error,
            (Ok(()), Some((name, found))) if found.partition(index).is_some() => {
                let commit = Commit {
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.committed_metadata.as_ref().map(ToString::to_string).unwrap_or_default(),
                    at: call.cluster.now(),
                };
                accepted.push((name.clone(), index, commit));
                0
            }
            _ => code(E::UnknownTopicOrPartition),
        };
        OffsetCommitResponsePartition::default().with_partition_index(index).with_error_code(error)
    };
    topic.partitions.iter().map(one).collect()
}

/// Members commit in their generation; others only while nobody is in the group.
fn may_commit(state: &mut State, call: &Call, request: &OffsetCommitRequest) -> Result<(), Code> {
    let id = request.group_id.as_str();
    if !is_coordinator(state, call.node, id) {
        return Err(code(E::NotCoordinator));
    }
    let generation = request.generation_id_or_member_epoch;
    let is_full = state.groups.len() >= MAX_GROUPS;
    match state.groups.get_mut(id) {
        Some(group) if group.kind == Kind::Share => Err(code(E::GroupIdNotFound)),
        None if generation >= 0 => Err(code(E::IllegalGeneration)),
        None if id.is_empty() => Err(code(E::InvalidGroupId)),
        None if is_full => Err(code(E::PolicyViolation)),
        None => Ok(()),
        Some(group) if generation >= 0 => {
            let instance = request.group_instance_id.as_ref().map(|id| id.as_str());
            membership::check(group, request.member_id.as_str(), instance, generation)
        }
        Some(group) if !group.members.is_empty() => Err(code(E::UnknownMemberId)),
        Some(_) => Ok(()),
    }
}

/// Topic, and of each partition its number with what is committed there.
type Found<'a> = Vec<(TopicName, Vec<(PartitionId, Option<&'a Commit>)>)>;

pub(super) fn offset_fetch(call: &Call, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let state = call.cluster.lock();
    let error = |id: &str| if is_coordinator(&state, call.node, id) { 0 } else { code(E::NotCoordinator) };
    let with_epoch = call.version >= 5;
    // Those who want only what is stable wait for the transactions that commit here.
    let unstable = |group: &str| match request.require_stable {
        true => state.transactions.unstable_commits(group),
        false => BTreeSet::new(),
    };
    let epoch = |commit: Option<&Commit>| commit.filter(|_| with_epoch).map_or(-1, |commit| commit.leader_epoch);
    if call.version < 8 {
        let id = request.group_id.as_str();
        let wanted = request.topics.map(|topics| {
            topics.into_iter().map(|topic| (TopicName::from(topic.name.as_str()), topic.partition_indexes)).collect()
        });
        let (error, unstable) = (error(id), unstable(id));
        let topics = found(state.groups.get(id), wanted).into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|(index, commit)| {
                let partition = OffsetFetchResponsePartition::default().with_partition_index(index);
                if unstable.contains(&(name.clone(), index)) {
                    return partition.with_committed_offset(-1).with_error_code(code(E::UnstableOffsetCommit));
                }
                partition
                    .with_committed_offset(commit.map_or(-1, |commit| commit.offset))
                    .with_committed_leader_epoch(epoch(commit))
                    .with_metadata(Some(text(commit.map_or("", |commit| commit.metadata.as_str()))))
                    .with_error_code(if call.version < 2 { error } else { 0 })
            });
            OffsetFetchResponseTopic::default()
                .with_name(topic_name(name.as_str()))
                .with_partitions(partitions.collect())
        });
        let response = OffsetFetchResponse::default().with_topics(topics.collect());
        return if call.version >= 2 { response.with_error_code(error) } else { response };
    }
    let groups = request.groups.into_iter().map(|asked| {
        let wanted = asked.topics.map(|topics| {
            topics.into_iter().map(|topic| (TopicName::from(topic.name.as_str()), topic.partition_indexes)).collect()
        });
        let unstable = unstable(asked.group_id.as_str());
        let topics = found(state.groups.get(asked.group_id.as_str()), wanted).into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|(index, commit)| {
                let partition = OffsetFetchResponsePartitions::default().with_partition_index(index);
                if unstable.contains(&(name.clone(), index)) {
                    return partition.with_committed_offset(-1).with_error_code(code(E::UnstableOffsetCommit));
                }
                partition
                    .with_committed_offset(commit.map_or(-1, |commit| commit.offset))
                    .with_committed_leader_epoch(epoch(commit))
                    .with_metadata(Some(text(commit.map_or("", |commit| commit.metadata.as_str()))))
            });
            OffsetFetchResponseTopics::default()
                .with_name(topic_name(name.as_str()))
                .with_partitions(partitions.collect())
        });
        let topics = topics.collect();
        let error = error(asked.group_id.as_str());
        OffsetFetchResponseGroup::default().with_group_id(asked.group_id).with_topics(topics).with_error_code(error)
    });
    OffsetFetchResponse::default().with_groups(groups.collect())
}

/// What was asked for, or everything the group has.
fn found(group: Option<&Group>, wanted: Option<Vec<(TopicName, Vec<PartitionId>)>>) -> Found<'_> {
    let offsets = group.filter(|group| group.kind != Kind::Share).map(|group| &group.offsets);
    let wanted = wanted.unwrap_or_else(|| {
        let mut all: BTreeMap<TopicName, Vec<PartitionId>> = BTreeMap::new();
        for (name, partition) in offsets.iter().flat_map(|offsets| offsets.keys()) {
            all.entry(name.clone()).or_default().push(*partition);
        }
        all.into_iter().collect()
    });
    let look = |name: &TopicName, index: i32| offsets.and_then(|offsets| offsets.get(&(name.clone(), index)));
    wanted
        .into_iter()
        .map(|(name, indexes)| {
            let partitions = indexes.into_iter().map(|index| (index, look(&name, index))).collect();
            (name, partitions)
        })
        .collect()
}
