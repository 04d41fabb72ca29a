//! ListGroups, DescribeGroups, DeleteGroups and OffsetDelete.

use super::{Call, code, text};
use crate::demo::group::{Group, Kind, Phase};
use crate::demo::state::State;
use crate::demo::{commits, subscription};
use crate::domain::{BrokerId, TopicName};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse, GroupId,
    ListGroupsRequest, ListGroupsResponse, OffsetDeleteRequest, OffsetDeleteResponse,
};

/// On groups: read, delete, describe and both for configs.
pub(super) const OPERATIONS: i32 = 0b1101_0100_1000;

pub(super) fn is_coordinator(state: &State, node: BrokerId, group: &str) -> bool {
    state.coordinator(group).is_some_and(|coordinator| coordinator.id == node)
}

pub(super) fn list(call: &Call, request: &ListGroupsRequest) -> ListGroupsResponse {
    let state = call.cluster.lock();
    let is_wanted = |filter: &[kafka_protocol::protocol::StrBytes], word: &str| {
        filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(word))
    };
    let groups = state
        .groups
        .iter()
        .filter(|(id, _)| is_coordinator(&state, call.node, id.as_str()))
        .filter(|(_, group)| is_wanted(&request.states_filter, group.phase.word()))
        .filter(|(_, group)| is_wanted(&request.types_filter, group.kind.word()))
        .map(|(id, group)| {
            ListedGroup::default()
                .with_group_id(GroupId(text(id.as_str())))
                .with_protocol_type(text(group.protocol_type.as_str()))
                .with_group_state(text(group.phase.word()))
                .with_group_type(text(group.kind.word()))
        });
    ListGroupsResponse::default().with_groups(groups.collect())
}

pub(super) fn describe(call: &Call, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let state = call.cluster.lock();
    let operations = if request.include_authorized_operations { OPERATIONS } else { super::metadata::NOT_ASKED };
    let groups = request.groups.into_iter().map(|id| {
        let described = DescribedGroup::default().with_group_id(id.clone()).with_authorized_operations(operations);
        if !is_coordinator(&state, call.node, id.as_str()) {
            return described.with_error_code(code(E::NotCoordinator));
        }
        // Of other kinds only their own requests tell.
        match state.groups.get(id.as_str()).filter(|group| group.kind == Kind::Classic) {
            Some(group) => describe_one(described, group),
            None if call.version >= 6 => described
                .with_group_state(text("Dead"))
                .with_error_code(code(E::GroupIdNotFound))
                .with_error_message(Some(text(format!("Group {} not found.", id.as_str())))),
            None => described.with_group_state(text("Dead")),
        }
    });
    DescribeGroupsResponse::default().with_groups(groups.collect())
}

fn describe_one(described: DescribedGroup, group: &Group) -> DescribedGroup {
    let is_stable = group.phase == Phase::Stable;
    let members = group.members.iter().map(|(id, member)| {
        let (metadata, assignment) =
            if is_stable { (member.metadata(&group.protocol), member.assignment.clone()) } else { Default::default() };
        DescribedGroupMember::default()
            .with_member_id(text(id.as_str()))
            .with_group_instance_id(member.instance_id.as_deref().map(text))
            .with_client_id(text(member.client_id.as_str()))
            .with_client_host(text(member.host.as_str()))
            .with_member_metadata(metadata)
            .with_member_assignment(assignment)
    });
    described
        .with_group_state(text(group.phase.word()))
        .with_protocol_type(text(group.protocol_type.as_str()))
        .with_protocol_data(text(group.protocol.as_str()))
        .with_members(members.collect())
}

pub(super) fn delete(call: &Call, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut state = call.cluster.lock();
    let results = request.groups_names.into_iter().map(|id| {
        let error = match state.groups.get(id.as_str()) {
            _ if !is_coordinator(&state, call.node, id.as_str()) => code(E::NotCoordinator),
            None => code(E::GroupIdNotFound),
            Some(group) if !group.members.is_empty() => code(E::NonEmptyGroup),
            Some(_) => {
                commits::remove_group(&mut state, &crate::domain::GroupId::from(id.as_str()), call.cluster.now());
                0
            }
        };
        DeletableGroupResult::default().with_group_id(id).with_error_code(error)
    });
    DeleteGroupsResponse::default().with_results(results.collect())
}

pub(super) fn delete_offsets(call: &Call, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let mut state = call.cluster.lock();
    let id = crate::domain::GroupId::from(request.group_id.as_str());
    let refused = |error: E| OffsetDeleteResponse::default().with_error_code(code(error));
    if !is_coordinator(&state, call.node, id.as_str()) {
        return refused(E::NotCoordinator);
    }
    let group = state.groups.get(&id).filter(|group| group.kind != Kind::Share);
    let Some(group) = group else { return refused(E::GroupIdNotFound) };
    // A group of consumers may lose commits of topics it no longer reads; who
    // reads what is in the members' own metadata.
    let subscribed = subscription::of_group(group);
    let mut gone = Vec::new();
    let topics = request.topics.into_iter().map(|topic| {
        let is_read = subscribed.contains(topic.name.as_str());
        let partitions = topic.partitions.iter().map(|partition| {
            let index = partition.partition_index;
            let error = if is_read { code(E::GroupSubscribedToTopic) } else { 0 };
            if !is_read {
                gone.push((TopicName::from(topic.name.as_str()), index));
            }
            OffsetDeleteResponsePartition::default().with_partition_index(index).with_error_code(error)
        });
        let partitions = partitions.collect();
        OffsetDeleteResponseTopic::default().with_name(topic.name).with_partitions(partitions)
    });
    let topics = topics.collect();
    commits::forget(&mut state, &id, &gone, call.cluster.now());
    OffsetDeleteResponse::default().with_topics(topics)
}
