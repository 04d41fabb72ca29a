//! Groups whose members the broker assigns work to: of consumers, share groups and streams
//! groups; and where share groups begin.

use super::groups::{OPERATIONS, is_coordinator};
use super::metadata::NOT_ASKED;
use super::{Call, Code, code, text, topic_name};
use crate::demo::commits;
use crate::demo::group::{Commit, Group, Kind, Member, Phase};
use crate::demo::state::State;
use crate::demo::work::{self, Holding, Process, Work};
use crate::domain::TopicName;
use crate::protocol::{
    DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, Endpoint, KeyValue, ShareGroupOffsets,
    SharePartition, ShareTopic, StreamsGroup, StreamsGroupDescribeRequest, StreamsGroupDescribeResponse,
    StreamsGroupHeartbeatRequest, StreamsMember, Tasks, Topology,
};
use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::{
    AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse, DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse,
    ShareGroupDescribeRequest, ShareGroupDescribeResponse, alter_share_group_offsets_response as altered,
    consumer_group_describe_response as of_consumers, delete_share_group_offsets_response as deleted,
    share_group_describe_response as of_sharers,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};
use std::collections::BTreeMap;

/// Requests that the codec crate lacks, with the versions that are served.
pub(in crate::demo) const BEYOND: [(i16, i16, i16); 3] = [
    (StreamsGroupHeartbeatRequest::KEY, 0, 0),
    (StreamsGroupDescribeRequest::KEY, 0, 1),
    (DescribeShareGroupOffsetsRequest::KEY, 0, 1),
];

/// The body of the answer to one of [`BEYOND`]; `None` where it does not decode.
pub(in crate::demo) fn beyond(call: &Call, key: i16, body: Bytes) -> Option<BytesMut> {
    match key {
        StreamsGroupHeartbeatRequest::KEY => coded(call, body, super::heartbeats::streams),
        StreamsGroupDescribeRequest::KEY => coded(call, body, describe_streams),
        DescribeShareGroupOffsetsRequest::KEY => coded(call, body, share_offsets),
        _ => None,
    }
}

fn coded<Q: Decodable, A: Encodable>(call: &Call, mut body: Bytes, answer: fn(&Call, Q) -> A) -> Option<BytesMut> {
    let request = Q::decode(&mut body, call.version).ok()?;
    let mut out = BytesMut::new();
    answer(call, request).encode(&mut out, call.version).ok()?;
    Some(out)
}

/// The group of this kind that the broker asked coordinates.
fn find<'a>(state: &'a State, call: &Call, id: &str, kind: Kind) -> Result<&'a Group, Code> {
    if !is_coordinator(state, call.node, id) {
        return Err(code(E::NotCoordinator));
    }
    state.groups.get(id).filter(|group| group.kind == kind).ok_or_else(|| code(E::GroupIdNotFound))
}

/// The epoch that a member has taken over. One that the demo plays always keeps up.
fn epoch(member: &Member, group: &Group) -> i32 {
    if member.is_simulated { group.generation } else { member.work.epoch }
}

fn topic_id(state: &State, name: &str) -> uuid::Uuid {
    state.topics.get(name).map(|topic| topic.id).unwrap_or_default()
}

fn operations(is_asked: bool) -> i32 {
    if is_asked { OPERATIONS } else { NOT_ASKED }
}

pub(super) fn describe_consumers(call: &Call, request: ConsumerGroupDescribeRequest) -> ConsumerGroupDescribeResponse {
    let state = call.cluster.lock();
    let operations = operations(request.include_authorized_operations);
    let groups = request.group_ids.into_iter().map(|id| {
        let found = find(&state, call, id.as_str(), Kind::Consumer);
        let described =
            of_consumers::DescribedGroup::default().with_group_id(id).with_authorized_operations(operations);
        let group = match found {
            Ok(group) => group,
            Err(error) => return described.with_error_code(error),
        };
        let assignment = |holding: &Holding| {
            let rows = work::by_name(&holding.active).into_iter().map(|(topic, partitions)| {
                of_consumers::TopicPartitions::default()
                    .with_topic_id(topic_id(&state, topic))
                    .with_topic_name(topic_name(topic))
                    .with_partitions(partitions)
            });
            of_consumers::Assignment::default().with_topic_partitions(rows.collect())
        };
        let members = group.members.iter().map(|(id, member)| {
            let Work { rack, topics, pattern, held, target, .. } = &member.work;
            let told = of_consumers::Member::default()
                .with_member_id(text(id.as_str()))
                .with_instance_id(member.instance_id.as_deref().map(text))
                .with_rack_id(rack.as_deref().map(text))
                .with_member_epoch(epoch(member, group))
                .with_client_id(text(member.client_id.as_str()))
                .with_client_host(text(member.host.as_str()))
                .with_subscribed_topic_names(topics.iter().map(|name| topic_name(name)).collect())
                .with_subscribed_topic_regex(pattern.as_deref().map(text))
                .with_assignment(assignment(held))
                .with_target_assignment(assignment(target));
            if call.version >= 1 { told.with_member_type(1) } else { told }
        });
        described
            .with_group_state(text(group.phase.word()))
            .with_group_epoch(group.generation)
            .with_assignment_epoch(group.generation)
            .with_assignor_name(text(group.protocol.as_str()))
            .with_members(members.collect())
    });
    ConsumerGroupDescribeResponse::default().with_groups(groups.collect())
}

pub(super) fn describe_sharers(call: &Call, request: ShareGroupDescribeRequest) -> ShareGroupDescribeResponse {
    let state = call.cluster.lock();
    let operations = operations(request.include_authorized_operations);
    let groups = request.group_ids.into_iter().map(|id| {
        let found = find(&state, call, id.as_str(), Kind::Share);
        let described = of_sharers::DescribedGroup::default().with_group_id(id).with_authorized_operations(operations);
        let group = match found {
            Ok(group) => group,
            Err(error) => return described.with_error_code(error),
        };
        let members = group.members.iter().map(|(id, member)| {
            let Work { rack, topics, held, .. } = &member.work;
            let rows = work::by_name(&held.active).into_iter().map(|(topic, partitions)| {
                of_sharers::TopicPartitions::default()
                    .with_topic_id(topic_id(&state, topic))
                    .with_topic_name(topic_name(topic))
                    .with_partitions(partitions)
            });
            of_sharers::Member::default()
                .with_member_id(text(id.as_str()))
                .with_rack_id(rack.as_deref().map(text))
                .with_member_epoch(epoch(member, group))
                .with_client_id(text(member.client_id.as_str()))
                .with_client_host(text(member.host.as_str()))
                .with_subscribed_topic_names(topics.iter().map(|name| topic_name(name)).collect())
                .with_assignment(of_sharers::Assignment::default().with_topic_partitions(rows.collect()))
        });
        described
            .with_group_state(text(group.phase.word()))
            .with_group_epoch(group.generation)
            .with_assignment_epoch(group.generation)
            .with_assignor_name(text("simple"))
            .with_members(members.collect())
    });
    ShareGroupDescribeResponse::default().with_groups(groups.collect())
}

fn describe_streams(call: &Call, request: StreamsGroupDescribeRequest) -> StreamsGroupDescribeResponse {
    let state = call.cluster.lock();
    let operations = operations(request.include_authorized_operations);
    let groups = request.group_ids.into_iter().map(|id| {
        let found = find(&state, call, id.as_str(), Kind::Streams);
        let empty = StreamsGroup {
            error_code: 0,
            error_message: None,
            group_id: id,
            group_state: StrBytes::new(),
            group_epoch: 0,
            assignment_epoch: 0,
            topology: None,
            members: Vec::new(),
            authorized_operations: operations,
            topology_description: None,
            topology_description_status: NOT_WANTED,
            assignor_name: None,
        };
        let nodes = found.ok().and_then(|group| group.nodes.clone());
        let is_asked = request.include_topology_description;
        match found {
            Err(error_code) => StreamsGroup { error_code, ..empty },
            Ok(group) => StreamsGroup {
                group_state: text(group.phase.word()),
                group_epoch: group.generation,
                assignment_epoch: group.generation,
                topology: topology(group),
                topology_description_status: match &nodes {
                    _ if !is_asked => NOT_WANTED,
                    None => NOT_STORED,
                    Some(_) => AVAILABLE,
                },
                topology_description: nodes.filter(|_| is_asked),
                members: group.members.iter().map(|(id, member)| streams_member(id, member, group)).collect(),
                assignor_name: Some(text(group.protocol.as_str())),
                ..empty
            },
        }
    });
    StreamsGroupDescribeResponse { throttle_time_ms: 0, groups: groups.collect() }
}

/// What becomes of a wish for the nodes of a topology; the numbers are the protocol's.
const NOT_WANTED: i8 = 0;
const NOT_STORED: i8 = 1;
const AVAILABLE: i8 = 3;

/// While source topics are missing nothing is set up.
fn topology(group: &Group) -> Option<Topology> {
    let topology = group.topology.clone()?;
    Some(if group.phase == Phase::NotReady { Topology { subtopologies: None, ..topology } } else { topology })
}

fn streams_member(id: &str, member: &Member, group: &Group) -> StreamsMember {
    let Process { id: process, endpoint, tags, topology_epoch } = &member.work.process;
    StreamsMember {
        member_id: text(id),
        member_epoch: epoch(member, group),
        instance_id: member.instance_id.as_deref().map(text),
        rack_id: member.work.rack.as_deref().map(text),
        client_id: text(member.client_id.as_str()),
        client_host: text(member.host.as_str()),
        topology_epoch: *topology_epoch,
        process_id: text(process.as_str()),
        user_endpoint: endpoint.as_ref().map(|(host, port)| Endpoint { host: text(host.as_str()), port: *port }),
        client_tags: tags.iter().map(|(key, value)| KeyValue { key: text(key), value: text(value) }).collect(),
        task_offsets: Vec::new(),
        task_end_offsets: Vec::new(),
        assignment: tasks(&member.work.held),
        target_assignment: tasks(&member.work.target),
        is_classic: false,
    }
}

fn tasks(holding: &Holding) -> Tasks {
    let ids = super::heartbeats::task_ids;
    Tasks { active: ids(&holding.active), standby: ids(&holding.standby), warmup: ids(&holding.warmup) }
}

fn share_offsets(call: &Call, request: DescribeShareGroupOffsetsRequest) -> DescribeShareGroupOffsetsResponse {
    let (state, now) = (call.cluster.lock(), call.cluster.now());
    let row = |topic: &str, index: i32, begins: Option<&Commit>| {
        let end = state.topics.get(topic).and_then(|topic| topic.partition(index)).map(|found| found.log.end(now));
        SharePartition {
            index,
            start_offset: begins.map_or(-1, |begins| begins.offset),
            leader_epoch: begins.map_or(0, |begins| begins.leader_epoch),
            lag: begins.zip(end).map_or(-1, |(begins, end)| (end - begins.offset).max(0)),
            error_code: if end.is_some() { 0 } else { code(E::UnknownTopicOrPartition) },
            error_message: None,
        }
    };
    let groups = request.groups.into_iter().map(|asked| {
        let found = find(&state, call, asked.group_id.as_str(), Kind::Share);
        let begins = |topic: &TopicName, index: i32| {
            found.as_ref().ok().and_then(|group| group.offsets.get(&(topic.clone(), index)))
        };
        let mut wanted: BTreeMap<TopicName, Vec<i32>> = BTreeMap::new();
        match (asked.topics, &found) {
            (Some(topics), _) => {
                let topics = topics.into_iter().map(|topic| (TopicName::from(topic.name.as_str()), topic.partitions));
                wanted.extend(topics);
            }
            (None, Ok(group)) => {
                group.offsets.keys().for_each(|(topic, index)| wanted.entry(topic.clone()).or_default().push(*index));
            }
            (None, Err(_)) => {}
        }
        let topics = wanted.into_iter().map(|(name, indexes)| ShareTopic {
            id: topic_id(&state, name.as_str()),
            partitions: indexes.into_iter().map(|index| row(name.as_str(), index, begins(&name, index))).collect(),
            name: text(name.as_str()),
        });
        ShareGroupOffsets {
            topics: topics.collect(),
            error_code: found.as_ref().err().copied().unwrap_or(0),
            error_message: None,
            group_id: asked.group_id,
        }
    });
    DescribeShareGroupOffsetsResponse { throttle_time_ms: 0, groups: groups.collect() }
}

/// The share group may be changed: nobody is in it.
fn may_change(state: &State, call: &Call, id: &str) -> Result<(), Code> {
    let group = find(state, call, id, Kind::Share)?;
    if group.members.is_empty() { Ok(()) } else { Err(code(E::NonEmptyGroup)) }
}

pub(super) fn set_starts(call: &Call, request: AlterShareGroupOffsetsRequest) -> AlterShareGroupOffsetsResponse {
    let (mut state, at) = (call.cluster.lock(), call.cluster.now());
    if let Err(error) = may_change(&state, call, request.group_id.as_str()) {
        return AlterShareGroupOffsetsResponse::default().with_error_code(error);
    }
    let mut begins = Vec::new();
    let topics = request.topics.into_iter().map(|topic| {
        let known = state.topics.get_key_value(topic.topic_name.as_str());
        let rows = topic.partitions.iter().map(|row| {
            let found = known.and_then(|(name, known)| Some((name, known.partition(row.partition_index)?)));
            let error = match found {
                None => code(E::UnknownTopicOrPartition),
                Some((name, partition)) => {
                    let (offset, leader_epoch) = (row.start_offset, partition.epoch);
                    let begin = Commit { offset, leader_epoch, metadata: String::new(), at };
                    begins.push((name.clone(), row.partition_index, begin));
                    0
                }
            };
            altered::AlterShareGroupOffsetsResponsePartition::default()
                .with_partition_index(row.partition_index)
                .with_error_code(error)
        });
        let rows = rows.collect();
        let id = known.map(|(_, known)| known.id).unwrap_or_default();
        altered::AlterShareGroupOffsetsResponseTopic::default()
            .with_topic_name(topic.topic_name)
            .with_topic_id(id)
            .with_partitions(rows)
    });
    let topics = topics.collect();
    if let Some(group) = state.groups.get_mut(request.group_id.as_str()) {
        begins.iter().for_each(|(name, index, _)| drop(group.deliveries.remove(&(name.clone(), *index))));
    }
    commits::commit(&mut state, &request.group_id.as_str().into(), begins, at);
    AlterShareGroupOffsetsResponse::default().with_responses(topics)
}

pub(super) fn delete_starts(call: &Call, request: DeleteShareGroupOffsetsRequest) -> DeleteShareGroupOffsetsResponse {
    let mut state = call.cluster.lock();
    if let Err(error) = may_change(&state, call, request.group_id.as_str()) {
        return DeleteShareGroupOffsetsResponse::default().with_error_code(error);
    }
    let Some(group) = state.groups.get_mut(request.group_id.as_str()) else {
        return DeleteShareGroupOffsetsResponse::default().with_error_code(code(E::GroupIdNotFound));
    };
    let topics = request.topics.into_iter().map(|topic| {
        let before = group.offsets.len();
        group.offsets.retain(|(name, _), _| name.as_str() != topic.topic_name.as_str());
        group.deliveries.retain(|(name, _), _| name.as_str() != topic.topic_name.as_str());
        let error = if group.offsets.len() < before { 0 } else { code(E::UnknownTopicOrPartition) };
        deleted::DeleteShareGroupOffsetsResponseTopic::default()
            .with_topic_name(topic.topic_name)
            .with_error_code(error)
    });
    let topics = topics.collect();
    DeleteShareGroupOffsetsResponse::default().with_responses(topics)
}
