//! Groups whose members brokers assign work to, and where share groups begin.

use super::super::{groups, offsets};
use super::at;
use crate::domain::group::{GroupListing, GroupState, GroupType, Task};
use crate::domain::{Fact, FailureKind, GroupId, WriteGrant};
use crate::kafka::wire::scripted::{Script, Scripted};
use crate::protocol::{self, DescribeShareGroupOffsetsRequest, StreamsGroupDescribeRequest};
use kafka_protocol::messages::{
    AlterShareGroupOffsetsRequest, DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse,
    ShareGroupDescribeRequest, ShareGroupDescribeResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

fn name(name: &'static str) -> TopicName {
    StrBytes::from_static_str(name).into()
}

fn listing(id: &str, kind: GroupType) -> GroupListing {
    GroupListing { id: id.into(), state: GroupState::Unknown, kind, protocol_type: String::new() }
}

#[tokio::test]
async fn a_share_group_tells_its_members_and_their_epochs() {
    use kafka_protocol::messages::share_group_describe_response::{
        Assignment, DescribedGroup, Member, TopicPartitions,
    };
    let script = Script::new().answer::<ShareGroupDescribeRequest>(|request, _| {
        let groups = request.group_ids.into_iter().map(|id| {
            if id.as_str() != "shared" {
                return DescribedGroup::default().with_group_id(id).with_error_code(69);
            }
            let rows = TopicPartitions::default().with_topic_name(name("orders")).with_partitions(vec![2, 0]);
            let member = Member::default()
                .with_member_id("m".into())
                .with_member_epoch(4)
                .with_rack_id(Some("a".into()))
                .with_subscribed_topic_names(vec![name("payments"), name("orders")])
                .with_assignment(Assignment::default().with_topic_partitions(vec![rows]));
            DescribedGroup::default()
                .with_group_id(id)
                .with_group_state("Stable".into())
                .with_group_epoch(5)
                .with_assignment_epoch(4)
                .with_assignor_name("simple".into())
                .with_members(vec![member])
        });
        ShareGroupDescribeResponse::default().with_groups(groups.collect())
    });
    let broker = script.start().await;
    let wanted = [listing("shared", GroupType::Share), listing("gone", GroupType::Share)];
    let described = groups::describe(&broker.client(), &wanted, groups::Rights::Leave).await;
    assert!(described.is_whole(), "{:?}", described.failures);
    assert_eq!(described.value[&GroupId::from("gone")].listing.state, GroupState::Dead);
    let group = &described.value[&GroupId::from("shared")];
    assert_eq!((group.epoch, group.assignment_epoch, group.assignor.as_str()), (Some(5), Some(4), "simple"));
    let member = &group.members[0];
    assert_eq!(member.assignment, [at("orders", 0), at("orders", 2)]);
    let detail = member.detail.as_ref().unwrap();
    assert_eq!((detail.epoch, detail.rack.as_deref(), &detail.target), (4, Some("a"), &None));
    assert_eq!(detail.subscription, ["orders".into(), "payments".into()]);
}

fn streams_group(id: StrBytes) -> protocol::StreamsGroup {
    let text = StrBytes::from_static_str;
    let tasks = |id: &'static str, partitions: &[i32]| {
        vec![protocol::TaskIds { subtopology_id: text(id), partitions: partitions.to_vec() }]
    };
    let member = protocol::StreamsMember {
        member_id: text("m"),
        member_epoch: 2,
        instance_id: None,
        rack_id: None,
        client_id: text("app"),
        client_host: text("/10.0.0.1"),
        topology_epoch: 1,
        process_id: text("p"),
        user_endpoint: None,
        client_tags: Vec::new(),
        task_offsets: Vec::new(),
        task_end_offsets: Vec::new(),
        assignment: protocol::Tasks { active: tasks("1", &[1, 0]), standby: tasks("0", &[3]), warmup: Vec::new() },
        target_assignment: protocol::Tasks { active: tasks("1", &[0]), standby: Vec::new(), warmup: Vec::new() },
        is_classic: false,
    };
    let node = |name, node_type, of: &[&'static str], successors: &[&'static str]| {
        let of: Vec<StrBytes> = of.iter().map(|name| text(name)).collect();
        protocol::TopologyNode {
            name: text(name),
            node_type,
            source_topics: if node_type == 1 { of.clone() } else { Vec::new() },
            sink_topic: None,
            stores: if node_type == 2 { of } else { Vec::new() },
            successors: successors.iter().map(|name| text(name)).collect(),
        }
    };
    let subtopology = protocol::Subtopology {
        id: text("1"),
        source_topics: vec![text("in")],
        repartition_sink_topics: Vec::new(),
        state_changelog_topics: Vec::new(),
        repartition_source_topics: Vec::new(),
    };
    protocol::StreamsGroup {
        error_code: 0,
        error_message: None,
        group_id: id,
        group_state: text("NotReady"),
        group_epoch: 3,
        assignment_epoch: 2,
        topology: Some(protocol::Topology { epoch: 1, subtopologies: Some(vec![subtopology]) }),
        members: vec![member],
        authorized_operations: i32::MIN,
        topology_description: Some(protocol::TopologyDescription {
            subtopologies: vec![protocol::SubtopologyNodes {
                subtopology_id: text("1"),
                nodes: vec![
                    node("read", 1, &["in"], &["count"]),
                    node("count", 2, &["store"], &[]),
                    node("new", 9, &[], &[]),
                ],
            }],
            global_stores: vec![protocol::GlobalStore {
                source: node("all", 1, &["rates"], &["fill"]),
                processor: node("fill", 2, &["rates-store"], &[]),
            }],
        }),
        topology_description_status: 3,
        assignor_name: Some(text("sticky")),
    }
}

#[tokio::test]
async fn a_streams_group_tells_its_tasks_and_what_they_read() {
    let script = Script::new().answer::<StreamsGroupDescribeRequest>(|request, _| {
        assert!(request.include_authorized_operations && request.include_topology_description);
        let groups = request.group_ids.into_iter().map(streams_group).collect();
        protocol::StreamsGroupDescribeResponse { throttle_time_ms: 0, groups }
    });
    let broker = script.start().await;
    let wanted = [listing("app", GroupType::Streams)];
    let described = groups::describe(&broker.client(), &wanted, groups::Rights::Ask).await;
    let group = &described.value[&GroupId::from("app")];
    assert_eq!((group.listing.state, group.assignor.as_str()), (GroupState::NotReady, "sticky"));
    assert_eq!(group.members[0].assignment, [at("in", 0), at("in", 1)], "what the active tasks read");
    let streams = group.members[0].detail.as_ref().unwrap().streams.as_ref().unwrap();
    let words = |tasks: &[Task]| tasks.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (words(&streams.tasks.active), words(&streams.tasks.standby)),
        (vec!["1_0".to_owned(), "1_1".into()], vec!["0_3".to_owned()])
    );
    assert_eq!(words(&streams.target.active), ["1_0"]);
    let nodes = group.topology.as_ref().unwrap().nodes.known().unwrap();
    let told: Vec<_> = nodes.iter().map(|node| (node.subtopology.as_deref(), node.work.word(), node.told())).collect();
    let row = |part, word, told: &str| (part, word, told.to_owned());
    assert_eq!(
        told,
        [
            row(Some("1"), "source node", "read reads in → count"),
            row(Some("1"), "processor", "count keeps store"),
            row(Some("1"), "node", "new"),
            row(None, "source node", "all reads rates → fill"),
            row(None, "processor", "fill keeps rates-store"),
        ]
    );
}

fn tells_starts(script: Script) -> Script {
    script.answer::<DescribeShareGroupOffsetsRequest>(|request, _| {
        let row = |index, start_offset, lag, error_code| protocol::SharePartition {
            index,
            start_offset,
            leader_epoch: 1,
            lag,
            error_code,
            error_message: None,
        };
        let groups = request.groups.into_iter().map(|group| {
            assert!(group.topics.is_none(), "all of them");
            let partitions = vec![row(0, 42, 7, 0), row(1, 5, -1, 0), row(2, -1, -1, 0), row(3, 0, 0, 29)];
            let topic = protocol::ShareTopic { name: "orders".into(), id: uuid::Uuid::nil(), partitions };
            protocol::ShareGroupOffsets {
                error_code: if group.group_id.as_str() == "denied" { 30 } else { 0 },
                group_id: group.group_id,
                topics: vec![topic],
                error_message: None,
            }
        });
        protocol::DescribeShareGroupOffsetsResponse { throttle_time_ms: 0, groups: groups.collect() }
    })
}

#[tokio::test]
async fn where_share_groups_begin_is_told_and_their_lag_as_far_as_brokers_know_it() {
    let ask = |broker: Scripted| async move {
        let client = broker.client();
        offsets::share_offsets(&client, &["g".into(), "denied".into()]).await
    };
    let found = ask(tells_starts(Script::new()).start().await).await;
    let rows = &found.value[&GroupId::from("g")];
    assert_eq!((rows[&at("orders", 0)].start.offset, rows[&at("orders", 0)].lag.get()), (42, Some(7)));
    assert!(matches!(&rows[&at("orders", 1)].lag, Fact::Unknown(why) if why.contains("does not know")));
    assert_eq!(rows.len(), 2, "where it has not begun there is none");
    let mut kinds: Vec<_> = found.failures.iter().map(|failure| failure.kind).collect();
    kinds.dedup();
    assert_eq!((found.failures.len(), kinds), (2, vec![FailureKind::Denied]));
    let older = tells_starts(Script::new()).versions::<DescribeShareGroupOffsetsRequest>(0, 0);
    let found = ask(older.start().await).await;
    let row = &found.value[&GroupId::from("g")][&at("orders", 0)];
    assert!(matches!(&row.lag, Fact::Unknown(why) if why.contains("4.2")), "{row:?}");
}

#[tokio::test]
async fn start_offsets_are_set_a_partition_at_a_time_and_deleted_by_topics() {
    use kafka_protocol::messages::alter_share_group_offsets_response::*;
    use kafka_protocol::messages::delete_share_group_offsets_response::DeleteShareGroupOffsetsResponseTopic;
    let script = Script::new()
        .answer::<AlterShareGroupOffsetsRequest>(|request, _| {
            if request.group_id.as_str() == "alive" {
                return AlterShareGroupOffsetsResponse::default()
                    .with_error_code(68)
                    .with_error_message(Some("there are members".into()));
            }
            let topics = request.topics.into_iter().map(|topic| {
                let rows = topic.partitions.into_iter().map(|row| {
                    let code = if row.start_offset == 9 { 3 } else { 0 };
                    AlterShareGroupOffsetsResponsePartition::default()
                        .with_partition_index(row.partition_index)
                        .with_error_code(code)
                });
                AlterShareGroupOffsetsResponseTopic::default()
                    .with_topic_name(topic.topic_name)
                    .with_partitions(rows.collect())
            });
            AlterShareGroupOffsetsResponse::default().with_responses(topics.collect())
        })
        .answer::<DeleteShareGroupOffsetsRequest>(|request, _| {
            let topics = request.topics.into_iter().take(1);
            let topics =
                topics.map(|topic| DeleteShareGroupOffsetsResponseTopic::default().with_topic_name(topic.topic_name));
            DeleteShareGroupOffsetsResponse::default().with_responses(topics.collect())
        });
    let broker = script.start().await;
    let (client, grant) = (broker.client(), WriteGrant::issue());
    let rows = [(at("a", 0), 5), (at("b", 0), 9)];
    let set = offsets::set_starts(&client, &grant, &"g".into(), &rows).await;
    assert_eq!(set[0], Ok(()));
    assert_eq!(set[1].as_ref().unwrap_err().kind, FailureKind::NotFound);
    let refused = offsets::set_starts(&client, &grant, &"alive".into(), &rows).await;
    assert!(refused.iter().all(|row| row.as_ref().is_err_and(|failure| failure.message.contains("members"))));
    let deleted = offsets::delete_starts(&client, &grant, &"g".into(), &["a".into(), "b".into()]).await;
    assert_eq!(deleted[0], Ok(()));
    assert_eq!(deleted[1].as_ref().unwrap_err().kind, FailureKind::Malformed, "it was left out");
}
