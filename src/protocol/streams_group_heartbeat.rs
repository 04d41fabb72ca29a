//! StreamsGroupHeartbeat: how members of a streams group say that they are there, what they
//! run, and are told what they shall run (KIP-1071). Version 0, of Kafka 4.1.

use super::field::{Field, optional, put_optional};
use super::message::{coded, message};
use super::streams_group_describe::{Endpoint, KeyValue, TaskIds, TaskOffset, TopicInfo};
use anyhow::Result;
use kafka_protocol::protocol::buf::{ByteBuf, ByteBufMut};
use kafka_protocol::protocol::{Request, StrBytes};

coded! {
    pub struct StreamsGroupHeartbeatRequest {
        group_id: StrBytes,
        member_id: StrBytes,
        /// 0 joins, −1 leaves, −2 leaves for a while.
        member_epoch: i32,
        endpoint_information_epoch: i32,
        instance_id: Option<StrBytes>,
        rack_id: Option<StrBytes>,
        rebalance_timeout_ms: i32,
        /// Only of who joins.
        topology: Option<GivenTopology>,
        /// These and all that follow: `None` where it is as before.
        active_tasks: Option<Vec<TaskIds>>,
        standby_tasks: Option<Vec<TaskIds>>,
        warmup_tasks: Option<Vec<TaskIds>>,
        process_id: Option<StrBytes>,
        user_endpoint: Option<Endpoint>,
        client_tags: Option<Vec<KeyValue>>,
        task_offsets: Option<Vec<TaskOffset>>,
        task_end_offsets: Option<Vec<TaskOffset>>,
        shutdown_application: bool,
    }

    pub struct GivenTopology {
        epoch: i32,
        subtopologies: Vec<GivenSubtopology>,
    }

    pub struct GivenSubtopology {
        id: StrBytes,
        source_topics: Vec<StrBytes>,
        source_topic_regex: Vec<StrBytes>,
        state_changelog_topics: Vec<TopicInfo>,
        repartition_sink_topics: Vec<StrBytes>,
        repartition_source_topics: Vec<TopicInfo>,
        copartition_groups: Vec<CopartitionGroup>,
    }

    /// Positions in the lists of the subtopology.
    pub struct CopartitionGroup {
        source_topics: Vec<i16>,
        source_topic_regex: Vec<i16>,
        repartition_source_topics: Vec<i16>,
    }

    pub struct StreamsGroupHeartbeatResponse {
        throttle_time_ms: i32,
        error_code: i16,
        error_message: Option<StrBytes>,
        member_id: StrBytes,
        member_epoch: i32,
        heartbeat_interval_ms: i32,
        acceptable_recovery_lag: i32,
        task_offset_interval_ms: i32,
        status: Option<Vec<HeartbeatStatus>>,
        active_tasks: Option<Vec<TaskIds>>,
        standby_tasks: Option<Vec<TaskIds>>,
        warmup_tasks: Option<Vec<TaskIds>>,
        endpoint_information_epoch: i32,
        partitions_by_user_endpoint: Option<Vec<EndpointPartitions>>,
    }

    pub struct HeartbeatStatus {
        code: i8,
        detail: StrBytes,
    }

    pub struct EndpointPartitions {
        user_endpoint: Endpoint,
        active_partitions: Vec<PartitionsOfTopic>,
        standby_partitions: Vec<PartitionsOfTopic>,
    }

    pub struct PartitionsOfTopic {
        topic: StrBytes,
        partitions: Vec<i32>,
    }
}

message!(StreamsGroupHeartbeatRequest, versions 0 to 0, header 2);
message!(StreamsGroupHeartbeatResponse, versions 0 to 0, header 1);

impl Request for StreamsGroupHeartbeatRequest {
    const KEY: i16 = 88;
    type Response = StreamsGroupHeartbeatResponse;
}

impl Field for Option<GivenTopology> {
    fn write<B: ByteBufMut>(&self, out: &mut B, version: i16) -> Result<()> {
        put_optional(self.as_ref(), out, version)
    }

    fn read<B: ByteBuf>(from: &mut B, version: i16) -> Result<Self> {
        optional(from, version)
    }
}
