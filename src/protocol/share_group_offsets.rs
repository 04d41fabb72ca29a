//! DescribeShareGroupOffsets: where share groups begin to read, and how much is left to
//! them. Version 1 tells the lag (Kafka 4.2).

use super::message::{coded, message};
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Request, StrBytes};
use uuid::Uuid;

coded! {
    pub struct DescribeShareGroupOffsetsRequest {
        groups: Vec<WantedGroup>,
    }

    pub struct WantedGroup {
        group_id: StrBytes,
        /// `None`: all that it has.
        topics: Option<Vec<WantedTopic>>,
    }

    pub struct WantedTopic {
        name: StrBytes,
        partitions: Vec<i32>,
    }

    pub struct DescribeShareGroupOffsetsResponse {
        throttle_time_ms: i32,
        groups: Vec<ShareGroupOffsets>,
    }

    pub struct ShareGroupOffsets {
        group_id: StrBytes,
        topics: Vec<ShareTopic>,
        error_code: i16,
        error_message: Option<StrBytes>,
    }

    pub struct ShareTopic {
        name: StrBytes,
        id: Uuid,
        partitions: Vec<SharePartition>,
    }

    pub struct SharePartition {
        index: i32,
        /// −1 where none is kept.
        start_offset: i64,
        leader_epoch: i32,
        /// Records left to it; −1 where the broker does not know it.
        lag: i64 = -1, from 1,
        error_code: i16,
        error_message: Option<StrBytes>,
    }
}

message!(DescribeShareGroupOffsetsRequest, versions 0 to 1, header 2);
message!(DescribeShareGroupOffsetsResponse, versions 0 to 1, header 1);

impl Request for DescribeShareGroupOffsetsRequest {
    const KEY: i16 = ApiKey::DescribeShareGroupOffsets as i16;
    type Response = DescribeShareGroupOffsetsResponse;
}
