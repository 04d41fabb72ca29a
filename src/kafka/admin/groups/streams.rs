//! Streams groups: topology, and the tasks that members run (KIP-1071).

use super::super::TopicNames;
use super::members::{Answers, Described, answered, member};
use super::modern::owned;
use crate::domain::group::{
    GroupType, MemberDetail, NodeWork, StreamsDetail, Subtopology, Task, Tasks, Topology, TopologyNode,
};
use crate::domain::{BrokerId, Fact, TopicName, TopicPartition};
use crate::protocol::{self, StreamsGroup, StreamsGroupDescribeResponse, TaskIds, TopicInfo};
use kafka_protocol::protocol::StrBytes;

pub(super) fn read(broker: BrokerId, response: &StreamsGroupDescribeResponse) -> Answers {
    let mut names = TopicNames::default();
    let groups = response.groups.iter().map(|group| {
        let described = described(broker, group, &mut names);
        answered(broker, &group.group_id, group.error_code, described)
    });
    groups.collect()
}

fn described(broker: BrokerId, group: &StreamsGroup, names: &mut TopicNames) -> Described {
    let topology = group.topology.as_ref().map(|told| topology(told, nodes(group, names), names));
    let members = group.members.iter().map(|one| {
        let running = tasks(&one.assignment);
        let held = |task: &Task| -> Vec<TopicPartition> {
            topology.iter().flat_map(|topology| topology.read_by(task)).collect()
        };
        let held = running.active.iter().flat_map(held).collect();
        let mut member = member(&one.member_id, one.instance_id.as_ref(), &one.client_id, &one.client_host, held);
        member.detail = Some(Box::new(MemberDetail {
            epoch: one.member_epoch,
            rack: owned(one.rack_id.as_ref()),
            is_classic: Some(one.is_classic),
            streams: Some(StreamsDetail {
                topology_epoch: one.topology_epoch,
                process_id: one.process_id.to_string(),
                endpoint: one.user_endpoint.as_ref().map(|at| format!("{}:{}", at.host, at.port)),
                tags: one.client_tags.iter().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect(),
                target: tasks(&one.target_assignment),
                tasks: running,
            }),
            ..MemberDetail::default()
        }));
        member
    });
    let members = members.collect();
    Described {
        assignor: owned(group.assignor_name.as_ref()).unwrap_or_default(),
        topology,
        ..Described::assigned_by_broker(
            broker,
            (GroupType::Streams, "streams"),
            &group.group_state,
            (group.group_epoch, group.assignment_epoch),
            members,
            group.authorized_operations,
        )
    }
}

/// What the broker says of the nodes, or why it does not.
fn nodes(group: &StreamsGroup, names: &mut TopicNames) -> Fact<Vec<TopologyNode>> {
    let Some(told) = &group.topology_description else {
        return Fact::unknown(match group.topology_description_status {
            NOT_STORED => {
                "its brokers keep no description of its nodes (group.streams.topology.description.plugin.class)"
            }
            UNREADABLE => "its broker could not read the description of its nodes: its log says why",
            _ => "brokers tell the nodes of a topology from Kafka 4.4 on",
        });
    };
    let mut node = |subtopology: Option<&StrBytes>, told: &protocol::TopologyNode| TopologyNode {
        subtopology: owned(subtopology),
        name: told.name.to_string(),
        work: match told.node_type {
            SOURCE => NodeWork::Source(told.source_topics.iter().map(|name| names.get(name)).collect()),
            PROCESSOR => NodeWork::Processor(told.stores.iter().map(ToString::to_string).collect()),
            SINK => NodeWork::Sink(told.sink_topic.as_ref().map(|name| names.get(name))),
            _ => NodeWork::Other,
        },
        successors: told.successors.iter().map(ToString::to_string).collect(),
    };
    let mut all = Vec::new();
    for part in &told.subtopologies {
        all.extend(part.nodes.iter().map(|one| node(Some(&part.subtopology_id), one)));
    }
    for store in &told.global_stores {
        all.extend([&store.source, &store.processor].map(|one| node(None, one)));
    }
    Fact::Known(all)
}

/// Why nodes are not told, and what a node is; the numbers are the protocol's.
const NOT_STORED: i8 = 1;
const UNREADABLE: i8 = 2;
const SOURCE: i8 = 1;
const PROCESSOR: i8 = 2;
const SINK: i8 = 3;

fn topology(told: &protocol::Topology, nodes: Fact<Vec<TopologyNode>>, names: &mut TopicNames) -> Topology {
    let subtopology = |told: &protocol::Subtopology| {
        let mut made =
            |topics: &[TopicInfo]| -> Vec<TopicName> { topics.iter().map(|topic| names.get(&topic.name)).collect() };
        let (changelogs, repartition_sources) =
            (made(&told.state_changelog_topics), made(&told.repartition_source_topics));
        let mut named = |topics: &[StrBytes]| -> Vec<TopicName> { topics.iter().map(|name| names.get(name)).collect() };
        Subtopology {
            id: told.id.to_string(),
            sources: named(&told.source_topics),
            repartition_sinks: named(&told.repartition_sink_topics),
            repartition_sources,
            changelogs,
        }
    };
    Topology {
        epoch: told.epoch,
        subtopologies: told.subtopologies.as_ref().map(|all| all.iter().map(subtopology).collect()),
        nodes,
    }
}

fn tasks(told: &protocol::Tasks) -> Tasks {
    Tasks { active: sorted(&told.active), standby: sorted(&told.standby), warmup: sorted(&told.warmup) }
}

fn sorted(told: &[TaskIds]) -> Vec<Task> {
    let of = |ids: &TaskIds| -> Vec<Task> {
        let task = |partition: &i32| Task { subtopology: ids.subtopology_id.to_string(), partition: *partition };
        ids.partitions.iter().map(task).collect()
    };
    let mut tasks: Vec<Task> = told.iter().flat_map(of).collect();
    tasks.sort_unstable();
    tasks
}
