//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup.

use super::groups::is_coordinator;
use super::{Call, Code, code, text};
use crate::demo::membership::{self, Place, Wish};
use crate::domain::GroupId;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
    SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

pub(super) fn refuse_stranger(call: &Call, group: &str) -> Result<(), Code> {
    if is_coordinator(&call.cluster.lock(), call.node, group) { Ok(()) } else { Err(code(E::NotCoordinator)) }
}

pub(super) fn owned(id: Option<&StrBytes>) -> Option<String> {
    id.map(ToString::to_string)
}

pub(super) async fn join(call: &Call, request: JoinGroupRequest) -> JoinGroupResponse {
    let refused = |error: Code, id: StrBytes| {
        // Before version 7 the protocol's name could not be absent.
        let protocol = if call.version >= 7 { None } else { Some(StrBytes::new()) };
        JoinGroupResponse::default()
            .with_error_code(error)
            .with_generation_id(-1)
            .with_protocol_name(protocol)
            .with_member_id(id)
    };
    if let Err(error) = refuse_stranger(call, request.group_id.as_str()) {
        return refused(error, request.member_id);
    }
    let wish = Wish {
        group: GroupId::from(request.group_id.as_str()),
        member_id: request.member_id.to_string(),
        instance_id: owned(request.group_instance_id.as_ref()),
        client_id: call.client_id.clone(),
        host: call.host.clone(),
        protocol_type: request.protocol_type.to_string(),
        protocols: request.protocols.into_iter().map(|p| (p.name.to_string(), p.metadata)).collect(),
        session_ms: request.session_timeout_ms,
        rebalance_ms: request.rebalance_timeout_ms,
        needs_known_id: call.version >= 4,
    };
    match membership::join(&call.cluster, wish).await {
        Err((error, id)) => refused(error, text(id)),
        Ok((joined, id)) => {
            // Only the leader needs to know the others.
            let members = if joined.leader == id { joined.members } else { Vec::new() };
            let members = members.into_iter().map(|(id, instance, metadata)| {
                let member = JoinGroupResponseMember::default().with_member_id(text(id)).with_metadata(metadata);
                if call.version >= 5 { member.with_group_instance_id(instance.map(text)) } else { member }
            });
            JoinGroupResponse::default()
                .with_generation_id(joined.generation)
                .with_protocol_type((call.version >= 7).then_some(request.protocol_type))
                .with_protocol_name(Some(text(joined.protocol)))
                .with_leader(text(joined.leader))
                .with_member_id(text(id))
                .with_members(members.collect())
        }
    }
}

pub(super) async fn sync(call: &Call, request: SyncGroupRequest) -> SyncGroupResponse {
    if let Err(error) = refuse_stranger(call, request.group_id.as_str()) {
        return SyncGroupResponse::default().with_error_code(error);
    }
    let place = Place {
        group: request.group_id.as_str(),
        member: request.member_id.as_str(),
        instance: request.group_instance_id.as_ref().map(|id| id.as_str()),
        generation: request.generation_id,
    };
    let assignments = request.assignments.iter().map(|a| (a.member_id.to_string(), a.assignment.clone())).collect();
    match membership::sync(&call.cluster, place, assignments).await {
        Err(error) => SyncGroupResponse::default().with_error_code(error),
        Ok((assignment, protocol_type, protocol)) => {
            let response = SyncGroupResponse::default().with_assignment(assignment);
            if call.version < 5 {
                return response;
            }
            response.with_protocol_type(Some(text(protocol_type))).with_protocol_name(Some(text(protocol)))
        }
    }
}

pub(super) fn heartbeat(call: &Call, request: &HeartbeatRequest) -> HeartbeatResponse {
    let place = Place {
        group: request.group_id.as_str(),
        member: request.member_id.as_str(),
        instance: request.group_instance_id.as_ref().map(|id| id.as_str()),
        generation: request.generation_id,
    };
    let alive = refuse_stranger(call, place.group).and_then(|()| membership::heartbeat(&call.cluster, place));
    HeartbeatResponse::default().with_error_code(alive.err().unwrap_or(0))
}

pub(super) fn leave(call: &Call, request: LeaveGroupRequest) -> LeaveGroupResponse {
    if let Err(error) = refuse_stranger(call, request.group_id.as_str()) {
        return LeaveGroupResponse::default().with_error_code(error);
    }
    let id = GroupId::from(request.group_id.as_str());
    if call.version < 3 {
        let left = membership::leave(&call.cluster, &id, &[(request.member_id.as_str(), None)]);
        let error = left.into_iter().find_map(Result::err).unwrap_or(0);
        return LeaveGroupResponse::default().with_error_code(error);
    }
    let leaving: Vec<_> = request
        .members
        .iter()
        .map(|member| (member.member_id.as_str(), member.group_instance_id.as_ref().map(|id| id.as_str())))
        .collect();
    let left = membership::leave(&call.cluster, &id, &leaving);
    let members = request.members.iter().zip(left).map(|(member, left)| {
        MemberResponse::default()
            .with_member_id(member.member_id.clone())
            .with_group_instance_id(member.group_instance_id.clone())
            .with_error_code(left.err().unwrap_or(0))
    });
    LeaveGroupResponse::default().with_members(members.collect())
}
