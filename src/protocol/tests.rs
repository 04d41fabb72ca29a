use super::*;
use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use proptest::prelude::*;

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn coded<T: Encodable>(message: &T, version: i16) -> Bytes {
    let mut out = BytesMut::new();
    message.encode(&mut out, version).expect("it can be coded");
    assert_eq!(message.compute_size(version).expect("it has a size"), out.len());
    out.freeze()
}

fn whole<T: Decodable>(bytes: &Bytes, version: i16) -> T {
    let mut rest = bytes.clone();
    let message = T::decode(&mut rest, version).expect("it can be read");
    assert!(rest.is_empty(), "{} bytes are left", rest.len());
    message
}

fn tasks(subtopology: &'static str, partitions: &[i32]) -> Vec<TaskIds> {
    vec![TaskIds { subtopology_id: text(subtopology), partitions: partitions.to_vec() }]
}

fn described() -> StreamsGroupDescribeResponse {
    let member = StreamsMember {
        member_id: text("m"),
        member_epoch: 7,
        instance_id: None,
        rack_id: Some(text("a")),
        client_id: text("app"),
        client_host: text("/10.0.0.1"),
        topology_epoch: 3,
        process_id: text("p"),
        user_endpoint: Some(Endpoint { host: text("h"), port: 65_000 }),
        client_tags: vec![KeyValue { key: text("zone"), value: text("1") }],
        task_offsets: vec![TaskOffset { subtopology_id: text("0"), partition: 1, offset: 1 << 40 }],
        task_end_offsets: Vec::new(),
        assignment: Tasks { active: tasks("0", &[0, 1]), standby: Vec::new(), warmup: tasks("0", &[2]) },
        target_assignment: Tasks { active: tasks("0", &[0, 1, 2]), standby: Vec::new(), warmup: Vec::new() },
        is_classic: true,
    };
    let changelog = TopicInfo { name: text("app-s-changelog"), partitions: 0, replication_factor: 3, configs: vec![] };
    let subtopology = Subtopology {
        id: text("0"),
        source_topics: vec![text("in")],
        repartition_sink_topics: vec![text("app-r-repartition")],
        state_changelog_topics: vec![changelog],
        repartition_source_topics: Vec::new(),
    };
    let group = StreamsGroup {
        error_code: 0,
        error_message: None,
        group_id: text("app"),
        group_state: text("Stable"),
        group_epoch: 9,
        assignment_epoch: 8,
        topology: Some(Topology { epoch: 3, subtopologies: Some(vec![subtopology]) }),
        members: vec![member],
        authorized_operations: i32::MIN,
        topology_description: None,
        topology_description_status: 1,
        assignor_name: None,
    };
    StreamsGroupDescribeResponse { throttle_time_ms: 0, groups: vec![group] }
}

/// Byte by byte, as Kafka's message definition has it.
#[test]
fn a_streams_group_is_read_as_kafka_writes_it() {
    let bytes = [
        &[0, 0, 0, 5][..],                      // throttle time
        &[2, 0, 0, 0],                          // one group, no error, no message
        b"\x02g\x07Stable",                     // its id and state
        &[0, 0, 0, 2, 0, 0, 0, 1],              // epochs of the group and its assignment
        &[1, 0, 0, 0, 4],                       // a topology of epoch 4
        b"\x02\x020\x02\x03in\x01\x01\x01\x00", // one subtopology "0" that reads "in"
        &[0],                                   // no tagged fields of the topology
        b"\x02\x02m\0\0\0\x02\0\0\x02c\x02h",   // one member: epoch, no instance, no rack
        b"\0\0\0\x04\x02p\xff",                 // epoch of its topology, process, no endpoint
        &[1, 1, 1],                             // no tags, no offsets
        b"\x02\x020\x02\0\0\0\x05\0\x01\x01\0", // active 0_5
        b"\x01\x01\x01\0",                      // no target
        &[0, 0],                                // not classic; end of the member
        &[0x80, 0, 0, 0],                       // rights are not told
        &[0, 0],                                // end of the group, end of all
    ]
    .concat();
    let read: StreamsGroupDescribeResponse = whole(&Bytes::from(bytes.clone()), 0);
    let group = &read.groups[0];
    assert_eq!((read.throttle_time_ms, group.group_id.as_str(), group.group_state.as_str()), (5, "g", "Stable"));
    assert_eq!((group.group_epoch, group.assignment_epoch, group.authorized_operations), (2, 1, i32::MIN));
    let topology = group.topology.as_ref().expect("a topology");
    let subtopologies = topology.subtopologies.as_ref().expect("subtopologies");
    assert_eq!((topology.epoch, subtopologies[0].source_topics[0].as_str()), (4, "in"));
    let member = &group.members[0];
    assert_eq!((member.member_epoch, member.topology_epoch, member.process_id.as_str()), (2, 4, "p"));
    assert_eq!(member.assignment.active, tasks("0", &[5]));
    assert_eq!(coded(&read, 0), bytes, "and written the same way");
}

#[test]
fn what_is_written_is_read() {
    let mut response = described();
    assert_eq!(whole::<StreamsGroupDescribeResponse>(&coded(&response, 1), 1), response);
    let node = |name, node_type| TopologyNode {
        name: text(name),
        node_type,
        source_topics: vec![text("in")],
        sink_topic: (node_type == 3).then(|| text("out")),
        stores: Vec::new(),
        successors: vec![text("next")],
    };
    response.groups[0].topology_description = Some(TopologyDescription {
        subtopologies: vec![SubtopologyNodes { subtopology_id: text("0"), nodes: vec![node("a", 1), node("b", 3)] }],
        global_stores: vec![GlobalStore { source: node("c", 1), processor: node("d", 2) }],
    });
    assert_eq!(whole::<StreamsGroupDescribeResponse>(&coded(&response, 1), 1), response);
    let before: StreamsGroupDescribeResponse = whole(&coded(&response, 0), 0);
    let group = &before.groups[0];
    assert_eq!((&group.topology_description, group.topology_description_status), (&None, 0), "not told before");
    let request = StreamsGroupDescribeRequest {
        group_ids: vec![text("a")],
        include_authorized_operations: true,
        include_topology_description: false,
    };
    assert_eq!(coded(&request, 0), &b"\x02\x02a\x01\0"[..]);
    assert_eq!(coded(&request, 1), &b"\x02\x02a\x01\0\0"[..]);
}

#[test]
fn a_heartbeat_of_a_streams_member_is_read_as_it_is_written() {
    let topic = |name| TopicInfo { name: text(name), partitions: 0, replication_factor: 0, configs: Vec::new() };
    let subtopology = GivenSubtopology {
        id: text("0"),
        source_topics: vec![text("in"), text("other")],
        source_topic_regex: Vec::new(),
        state_changelog_topics: vec![topic("app-s-changelog")],
        repartition_sink_topics: vec![text("app-r-repartition")],
        repartition_source_topics: Vec::new(),
        copartition_groups: vec![CopartitionGroup {
            source_topics: vec![0, 1],
            source_topic_regex: Vec::new(),
            repartition_source_topics: Vec::new(),
        }],
    };
    let joins = StreamsGroupHeartbeatRequest {
        group_id: text("g"),
        member_id: text("m"),
        member_epoch: 0,
        endpoint_information_epoch: 0,
        instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: 60_000,
        topology: Some(GivenTopology { epoch: 0, subtopologies: vec![subtopology] }),
        active_tasks: Some(Vec::new()),
        standby_tasks: Some(Vec::new()),
        warmup_tasks: Some(Vec::new()),
        process_id: Some(text("p")),
        user_endpoint: Some(Endpoint { host: text("h"), port: 7070 }),
        client_tags: Some(vec![KeyValue { key: text("zone"), value: text("a") }]),
        task_offsets: None,
        task_end_offsets: None,
        shutdown_application: false,
    };
    assert_eq!(whole::<StreamsGroupHeartbeatRequest>(&coded(&joins, 0), 0), joins);
    // Nothing has changed: what may be absent is.
    let stays = StreamsGroupHeartbeatRequest {
        member_epoch: 3,
        topology: None,
        active_tasks: None,
        standby_tasks: None,
        warmup_tasks: None,
        process_id: None,
        user_endpoint: None,
        client_tags: None,
        ..joins
    };
    let bytes = b"\x02g\x02m\0\0\0\x03\0\0\0\0\0\0\0\0\xea\x60\xff\0\0\0\0\xff\0\0\0\0\0";
    assert_eq!(coded(&stays, 0), &bytes[..]);
}

#[test]
fn the_lag_of_a_share_group_comes_with_version_1() {
    let partition =
        SharePartition { index: 1, start_offset: 5, leader_epoch: 0, lag: 9, error_code: 0, error_message: None };
    let topic = ShareTopic { name: text("t"), id: uuid::Uuid::from_u128(7), partitions: vec![partition] };
    let group = ShareGroupOffsets { group_id: text("g"), topics: vec![topic], error_code: 0, error_message: None };
    let response = DescribeShareGroupOffsetsResponse { throttle_time_ms: 0, groups: vec![group] };
    let read = |version| -> DescribeShareGroupOffsetsResponse { whole(&coded(&response, version), version) };
    assert_eq!(read(1), response);
    assert_eq!(read(0).groups[0].topics[0].partitions[0].lag, -1, "not told");
    // The crate's own codec has version 0 of it.
    let theirs: kafka_protocol::messages::DescribeShareGroupOffsetsResponse = whole(&coded(&response, 0), 0);
    assert_eq!(theirs.groups[0].topics[0].partitions[0].start_offset, 5);
    assert_eq!(coded(&theirs, 0), coded(&response, 0));
}

#[test]
fn lengths_that_lie_are_errors() {
    let claims = [
        &b"\0\0\0\0\xff\xff\xff\xff\x0f"[..],
        b"\0\0\0\0\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\0\x02\0\0\xff\xff\xff\x7f",
        b"\0\0\0\0\x02\0\0\0\0",
    ];
    for bytes in claims {
        let mut bytes = Bytes::from_static(bytes);
        assert!(StreamsGroupDescribeResponse::decode(&mut bytes, 0).is_err());
    }
    let all = coded(&described(), 1);
    for end in 0..all.len() {
        assert!(StreamsGroupDescribeResponse::decode(&mut all.slice(..end), 1).is_err(), "cut at {end}");
    }
}

#[test]
fn what_newer_brokers_add_is_passed_over() {
    let bytes = Bytes::from_static(b"\0\0\0\0\x01\x01\x05\x02ab");
    let read: StreamsGroupDescribeResponse = whole(&bytes, 0);
    assert!(read.groups.is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, version in 0i16..2) {
        let bytes = Bytes::from(bytes);
        let _ = StreamsGroupDescribeResponse::decode(&mut bytes.clone(), version);
        let _ = DescribeShareGroupOffsetsResponse::decode(&mut bytes.clone(), version);
        let _ = StreamsGroupHeartbeatRequest::decode(&mut bytes.clone(), 0);
    }
}
