//! StreamsGroupDescribe: groups of Kafka Streams that the broker assigns tasks to (KIP-1071).
//!
//! Version 1 (Kafka 4.4) adds the assignor, and on request the nodes of a topology (KIP-1331),
//! where brokers have been given something that keeps them.

use super::field::{Field, optional, put_optional};
use super::message::{coded, message};
use anyhow::Result;
use kafka_protocol::protocol::buf::{ByteBuf, ByteBufMut};
use kafka_protocol::protocol::{Request, StrBytes};

coded! {
    pub struct StreamsGroupDescribeRequest {
        group_ids: Vec<StrBytes>,
        include_authorized_operations: bool,
        include_topology_description: bool = false, from 1,
    }

    pub struct StreamsGroupDescribeResponse {
        throttle_time_ms: i32,
        groups: Vec<StreamsGroup>,
    }

    pub struct StreamsGroup {
        error_code: i16,
        error_message: Option<StrBytes>,
        group_id: StrBytes,
        group_state: StrBytes,
        group_epoch: i32,
        assignment_epoch: i32,
        topology: Option<Topology>,
        members: Vec<StreamsMember>,
        authorized_operations: i32,
        topology_description: Option<TopologyDescription> = None, from 1,
        /// 0: not asked for; 1: none is kept; 2: it cannot be read; 3: it is there.
        topology_description_status: i8 = 0, from 1,
        assignor_name: Option<StrBytes> = None, from 1,
    }

    pub struct Topology {
        epoch: i32,
        /// `None` while source topics are missing or do not fit each other.
        subtopologies: Option<Vec<Subtopology>>,
    }

    pub struct Subtopology {
        id: StrBytes,
        source_topics: Vec<StrBytes>,
        repartition_sink_topics: Vec<StrBytes>,
        state_changelog_topics: Vec<TopicInfo>,
        repartition_source_topics: Vec<TopicInfo>,
    }

    pub struct TopicInfo {
        name: StrBytes,
        /// 0: as many as it takes.
        partitions: i32,
        /// 0: the cluster's default.
        replication_factor: i16,
        configs: Vec<KeyValue>,
    }

    pub struct KeyValue {
        key: StrBytes,
        value: StrBytes,
    }

    pub struct StreamsMember {
        member_id: StrBytes,
        member_epoch: i32,
        instance_id: Option<StrBytes>,
        rack_id: Option<StrBytes>,
        client_id: StrBytes,
        client_host: StrBytes,
        topology_epoch: i32,
        process_id: StrBytes,
        user_endpoint: Option<Endpoint>,
        client_tags: Vec<KeyValue>,
        task_offsets: Vec<TaskOffset>,
        task_end_offsets: Vec<TaskOffset>,
        assignment: Tasks,
        target_assignment: Tasks,
        is_classic: bool,
    }

    pub struct Endpoint {
        host: StrBytes,
        port: u16,
    }

    pub struct TaskOffset {
        subtopology_id: StrBytes,
        partition: i32,
        offset: i64,
    }

    pub struct Tasks {
        active: Vec<TaskIds>,
        standby: Vec<TaskIds>,
        warmup: Vec<TaskIds>,
    }

    pub struct TaskIds {
        subtopology_id: StrBytes,
        partitions: Vec<i32>,
    }

    pub struct TopologyDescription {
        subtopologies: Vec<SubtopologyNodes>,
        global_stores: Vec<GlobalStore>,
    }

    pub struct SubtopologyNodes {
        subtopology_id: StrBytes,
        nodes: Vec<TopologyNode>,
    }

    pub struct TopologyNode {
        name: StrBytes,
        /// 1: a source; 2: a processor; 3: a sink.
        node_type: i8,
        source_topics: Vec<StrBytes>,
        /// `None` also where a sink decides for each record.
        sink_topic: Option<StrBytes>,
        stores: Vec<StrBytes>,
        successors: Vec<StrBytes>,
    }

    pub struct GlobalStore {
        source: TopologyNode,
        processor: TopologyNode,
    }
}

message!(StreamsGroupDescribeRequest, versions 0 to 1, header 2);
message!(StreamsGroupDescribeResponse, versions 0 to 1, header 1);

impl Request for StreamsGroupDescribeRequest {
    const KEY: i16 = 89;
    type Response = StreamsGroupDescribeResponse;
}

macro_rules! may_be_absent {
    ($($name:ident)*) => {
        $(impl Field for Option<$name> {
            fn write<B: ByteBufMut>(&self, out: &mut B, version: i16) -> Result<()> {
                put_optional(self.as_ref(), out, version)
            }

            fn read<B: ByteBuf>(from: &mut B, version: i16) -> Result<Self> {
                optional(from, version)
            }
        })*
    };
}

may_be_absent! { Topology Endpoint TopologyDescription }
