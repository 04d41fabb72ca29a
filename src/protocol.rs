//! Messages of the Kafka protocol that the codec crate lacks, or has in too few versions.
//!
//! Owns: their fields, as Kafka's own message definitions list them, and how fields are
//! coded in flexible versions. Must not know: connections, and what a message is for.
//! Invariant: an array grows with the bytes that are there, never by the length it claims.

mod field;
mod message;
mod share_group_offsets;
mod streams_group_describe;
mod streams_group_heartbeat;

pub use share_group_offsets::{
    DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, ShareGroupOffsets, SharePartition, ShareTopic,
    WantedGroup, WantedTopic,
};
pub use streams_group_describe::{
    Endpoint, GlobalStore, KeyValue, StreamsGroup, StreamsGroupDescribeRequest, StreamsGroupDescribeResponse,
    StreamsMember, Subtopology, SubtopologyNodes, TaskIds, TaskOffset, Tasks, TopicInfo, Topology, TopologyDescription,
    TopologyNode,
};
pub use streams_group_heartbeat::{
    CopartitionGroup, EndpointPartitions, GivenSubtopology, GivenTopology, HeartbeatStatus, PartitionsOfTopic,
    StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse,
};

#[cfg(test)]
mod tests;
