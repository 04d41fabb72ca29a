//! Signs of life in groups whose broker assigns: ConsumerGroupHeartbeat,
//! ShareGroupHeartbeat and StreamsGroupHeartbeat.

use super::membership::{owned, refuse_stranger};
use super::{Call, Code, code, text};
use crate::demo::assigning::{self, Beat, Told};
use crate::demo::group::Kind;
use crate::demo::state::State;
use crate::demo::work::{self, Holding, Piece, Process};
use crate::protocol::{
    GivenTopology, HeartbeatStatus, StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse, Subtopology, TaskIds,
    Topology,
};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, ShareGroupHeartbeatRequest,
    ShareGroupHeartbeatResponse, consumer_group_heartbeat_response as to_consumer,
    share_group_heartbeat_response as to_sharer,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A task could not be given out: topics that the application reads are not there.
const MISSING_SOURCE_TOPICS: i8 = 1;
/// How often a member may say how far its copies are, and how far behind is near enough.
const TASK_OFFSETS_MS: i32 = 60_000;
const ACCEPTABLE_LAG: i32 = 10_000;

/// One that tells nothing but that the member is there.
fn bare(call: &Call, kind: Kind, group: &str, member_id: &StrBytes, epoch: i32) -> Beat {
    Beat {
        kind,
        group: group.into(),
        member_id: member_id.to_string(),
        epoch,
        instance_id: None,
        client_id: call.client_id.clone(),
        host: call.host.clone(),
        rebalance_ms: 0,
        rack: None,
        topics: None,
        pattern: None,
        owned: None,
        topology: None,
        process: None,
    }
}

fn told(call: &Call, beat: Beat) -> Result<Told, Code> {
    refuse_stranger(call, beat.group.as_str())?;
    assigning::beat(&call.cluster, beat)
}

/// The pieces by the ids of their topics; what was deleted meanwhile is left out.
fn by_id(state: &State, pieces: &BTreeSet<Piece>) -> Vec<(Uuid, Vec<i32>)> {
    let rows = work::by_name(pieces).into_iter();
    rows.filter_map(|(name, partitions)| Some((state.topics.get(name)?.id, partitions))).collect()
}

pub(super) fn consumer(call: &Call, request: ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatResponse {
    let group = request.group_id.as_str();
    let said = request.topic_partitions.map(|topics| {
        let state = call.cluster.lock();
        let named = topics.into_iter().filter_map(|topic| Some((state.name_of(topic.topic_id)?.to_string(), topic)));
        named
            .flat_map(|(name, topic)| topic.partitions.into_iter().map(move |index| (name.clone(), index)))
            .collect::<BTreeSet<Piece>>()
    });
    let beat = Beat {
        instance_id: owned(request.instance_id.as_ref()),
        rebalance_ms: request.rebalance_timeout_ms,
        rack: owned(request.rack_id.as_ref()),
        topics: request.subscribed_topic_names.map(|names| names.iter().map(|name| name.to_string()).collect()),
        pattern: owned(request.subscribed_topic_regex.as_ref()),
        owned: said,
        ..bare(call, Kind::Consumer, group, &request.member_id, request.member_epoch)
    };
    match told(call, beat) {
        Err(error) => ConsumerGroupHeartbeatResponse::default().with_error_code(error),
        Ok(Told { member_id, epoch, heartbeat_ms, holding, .. }) => {
            let state = call.cluster.lock();
            let assignment = |holding: Holding| {
                let rows = by_id(&state, &holding.active).into_iter().map(|(id, partitions)| {
                    to_consumer::TopicPartitions::default().with_topic_id(id).with_partitions(partitions)
                });
                to_consumer::Assignment::default().with_topic_partitions(rows.collect())
            };
            ConsumerGroupHeartbeatResponse::default()
                .with_member_id(Some(text(member_id)))
                .with_member_epoch(epoch)
                .with_heartbeat_interval_ms(heartbeat_ms)
                .with_assignment(holding.map(assignment))
        }
    }
}

pub(super) fn sharer(call: &Call, request: ShareGroupHeartbeatRequest) -> ShareGroupHeartbeatResponse {
    let group = request.group_id.as_str();
    let beat = Beat {
        rack: owned(request.rack_id.as_ref()),
        topics: request.subscribed_topic_names.map(|names| names.iter().map(|name| name.to_string()).collect()),
        ..bare(call, Kind::Share, group, &request.member_id, request.member_epoch)
    };
    match told(call, beat) {
        Err(error) => ShareGroupHeartbeatResponse::default().with_error_code(error),
        Ok(Told { member_id, epoch, heartbeat_ms, holding, .. }) => {
            let state = call.cluster.lock();
            let assignment = |holding: Holding| {
                let rows = by_id(&state, &holding.active).into_iter().map(|(id, partitions)| {
                    to_sharer::TopicPartitions::default().with_topic_id(id).with_partitions(partitions)
                });
                to_sharer::Assignment::default().with_topic_partitions(rows.collect())
            };
            ShareGroupHeartbeatResponse::default()
                .with_member_id(Some(text(member_id)))
                .with_member_epoch(epoch)
                .with_heartbeat_interval_ms(heartbeat_ms)
                .with_assignment(holding.map(assignment))
        }
    }
}

pub(super) fn streams(call: &Call, request: StreamsGroupHeartbeatRequest) -> StreamsGroupHeartbeatResponse {
    let group = request.group_id.as_str();
    let topology_epoch = request.topology.as_ref().map_or(0, |topology| topology.epoch);
    let process = request.process_id.as_ref().map(|id| Process {
        id: id.to_string(),
        endpoint: request.user_endpoint.as_ref().map(|at| (at.host.to_string(), at.port)),
        tags: request.client_tags.iter().flatten().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect(),
        topology_epoch,
    });
    let told = request.topology.map(topology).transpose().and_then(|topology| {
        let beat = Beat {
            instance_id: owned(request.instance_id.as_ref()),
            rebalance_ms: request.rebalance_timeout_ms,
            rack: owned(request.rack_id.as_ref()),
            owned: request.active_tasks.as_deref().map(pieces),
            topology,
            process,
            ..bare(call, Kind::Streams, group, &request.member_id, request.member_epoch)
        };
        told(call, beat)
    });
    let empty = StreamsGroupHeartbeatResponse {
        throttle_time_ms: 0,
        error_code: 0,
        error_message: None,
        member_id: request.member_id,
        member_epoch: request.member_epoch,
        heartbeat_interval_ms: 0,
        acceptable_recovery_lag: ACCEPTABLE_LAG,
        task_offset_interval_ms: TASK_OFFSETS_MS,
        status: None,
        active_tasks: None,
        standby_tasks: None,
        warmup_tasks: None,
        endpoint_information_epoch: request.endpoint_information_epoch,
        partitions_by_user_endpoint: None,
    };
    match told {
        Err(error_code) => StreamsGroupHeartbeatResponse { error_code, ..empty },
        Ok(Told { member_id, epoch, heartbeat_ms, holding, missing }) => {
            let ids = |pieces: &BTreeSet<Piece>| task_ids(pieces);
            let missing = (!missing.is_empty()).then(|| HeartbeatStatus {
                code: MISSING_SOURCE_TOPICS,
                detail: text(format!("Source topics {} are missing.", missing.join(", "))),
            });
            StreamsGroupHeartbeatResponse {
                member_id: text(member_id),
                member_epoch: epoch,
                heartbeat_interval_ms: heartbeat_ms,
                status: Some(missing.into_iter().collect()),
                active_tasks: holding.as_ref().map(|holding| ids(&holding.active)),
                standby_tasks: holding.as_ref().map(|holding| ids(&holding.standby)),
                warmup_tasks: holding.as_ref().map(|holding| ids(&holding.warmup)),
                ..empty
            }
        }
    }
}

fn pieces(tasks: &[TaskIds]) -> BTreeSet<Piece> {
    let of = |ids: &TaskIds| {
        let id = ids.subtopology_id.to_string();
        ids.partitions.iter().map(move |index| (id.clone(), *index)).collect::<Vec<_>>()
    };
    tasks.iter().flat_map(of).collect()
}

pub(super) fn task_ids(pieces: &BTreeSet<Piece>) -> Vec<TaskIds> {
    let ids = work::by_name(pieces).into_iter();
    ids.map(|(name, partitions)| TaskIds { subtopology_id: text(name), partitions }).collect()
}

/// As the group keeps it. Brokers refuse patterns of source topics by now, and so does this.
fn topology(given: GivenTopology) -> Result<Topology, Code> {
    if given.subtopologies.iter().any(|one| !one.source_topic_regex.is_empty()) {
        return Err(code(E::InvalidRequest));
    }
    let subtopologies = given.subtopologies.into_iter().map(|one| Subtopology {
        id: one.id,
        source_topics: one.source_topics,
        repartition_sink_topics: one.repartition_sink_topics,
        state_changelog_topics: one.state_changelog_topics,
        repartition_source_topics: one.repartition_source_topics,
    });
    Ok(Topology { epoch: given.epoch, subtopologies: Some(subtopologies.collect()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::GivenSubtopology;

    #[test]
    fn patterns_of_source_topics_are_refused_as_brokers_refuse_them() {
        let given = |patterns: &[&str]| {
            let one = GivenSubtopology {
                id: text("0"),
                source_topics: vec![text("orders")],
                source_topic_regex: patterns.iter().map(|pattern| text(*pattern)).collect(),
                state_changelog_topics: Vec::new(),
                repartition_sink_topics: Vec::new(),
                repartition_source_topics: Vec::new(),
                copartition_groups: Vec::new(),
            };
            GivenTopology { epoch: 1, subtopologies: vec![one] }
        };
        assert_eq!(topology(given(&[])).map(|kept| kept.epoch), Ok(1));
        assert_eq!(topology(given(&["orders.*"])).err(), Some(E::InvalidRequest.code()));
    }
}
