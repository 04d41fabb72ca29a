//! What this room must know of each request beside how it is coded.
//!
//! Invariant: a request has a row here or it cannot be sent; whether it may be
//! sent without a grant stands in [`reading`](super::reading).

use super::guard;
use crate::protocol::{DescribeShareGroupOffsetsRequest, StreamsGroupDescribeRequest};
use bytes::Bytes;
use kafka_protocol::messages::{
    AlterShareGroupOffsetsRequest, ApiVersionsRequest, ConsumerGroupDescribeRequest, CreatePartitionsRequest,
    CreateTopicsRequest, DeleteGroupsRequest, DeleteShareGroupOffsetsRequest, DeleteTopicsRequest,
    DescribeClusterRequest, DescribeConfigsRequest, DescribeGroupsRequest, DescribeLogDirsRequest,
    DescribeProducersRequest, DescribeTransactionsRequest, FetchRequest, FindCoordinatorRequest,
    IncrementalAlterConfigsRequest, LeaveGroupRequest, ListGroupsRequest, ListOffsetsRequest, MetadataRequest,
    OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest, OffsetForLeaderEpochRequest, ResponseHeader,
    SaslAuthenticateRequest, SaslHandshakeRequest, ShareGroupDescribeRequest,
};
use kafka_protocol::protocol::{Decodable, HeaderVersion, Message, Request};

/// A request that can be sent, with what its response says about itself.
pub trait Api: Request<Response: Send> + Send + Sync {
    /// The API's name as a verb phrase, for failures.
    const OPERATION: &'static str;

    /// This request asks the broker to change nothing: `validate_only`, or a
    /// metadata request that does not create topics.
    fn changes_nothing(&self) -> bool {
        false
    }

    fn throttle_time_ms(_response: &Self::Response) -> i32 {
        0
    }

    /// The error of the response as a whole, 0 where there is none. Errors of
    /// single items are the caller's to read.
    fn error_code(_response: &Self::Response) -> i16 {
        0
    }
}

/// Decodes a response of some version as a connection does, and drops it.
fn decoded<T: Decodable + Message + HeaderVersion>(frame: &Bytes, version: u8) {
    let versions = T::VERSIONS.max - T::VERSIONS.min + 1;
    let version = T::VERSIONS.min + i16::from(version) % versions;
    let mut body = frame.clone();
    if ResponseHeader::decode(&mut body, T::header_version(version)).is_ok() {
        drop(std::hint::black_box(guard::decode::<T>(&body, version)));
    }
}

macro_rules! api {
    (@row throttle) => {
        fn throttle_time_ms(response: &Self::Response) -> i32 { response.throttle_time_ms }
    };
    (@row error) => {
        fn error_code(response: &Self::Response) -> i16 { response.error_code }
    };
    (@row validate) => {
        fn changes_nothing(&self) -> bool { self.validate_only }
    };
    (@row no_creation) => {
        fn changes_nothing(&self) -> bool { !self.allow_auto_topic_creation }
    };
    ($($request:ident $operation:literal [$($row:ident)*];)*) => {
        $(impl Api for $request {
            const OPERATION: &'static str = $operation;
            $(api!(@row $row);)*
        })*

        /// The decoding of every response there is, for bytes that are none.
        pub(super) const DECODERS: &[fn(&Bytes, u8)] = &[$(decoded::<<$request as Request>::Response>),*];
    };
}

api! {
    ApiVersionsRequest "negotiate versions" [throttle];
    SaslHandshakeRequest "negotiate the SASL mechanism" [];
    SaslAuthenticateRequest "authenticate" [];
    MetadataRequest "read metadata" [throttle no_creation];
    DescribeClusterRequest "describe the cluster" [throttle error];
    FindCoordinatorRequest "find the coordinator" [throttle error];
    FetchRequest "fetch records" [throttle error];
    ListOffsetsRequest "list offsets" [throttle];
    OffsetForLeaderEpochRequest "read the end of a leader epoch" [throttle];
    DescribeProducersRequest "describe producers" [throttle];
    DescribeTransactionsRequest "describe transactions" [throttle];
    ListGroupsRequest "list groups" [throttle error];
    DescribeGroupsRequest "describe groups" [throttle];
    ConsumerGroupDescribeRequest "describe groups" [throttle];
    OffsetFetchRequest "read committed offsets" [throttle error];
    OffsetCommitRequest "commit offsets" [throttle];
    DeleteGroupsRequest "delete group" [throttle];
    LeaveGroupRequest "remove members" [throttle error];
    OffsetDeleteRequest "delete committed offsets" [throttle error];
    DescribeConfigsRequest "describe configuration" [throttle];
    IncrementalAlterConfigsRequest "alter configuration" [throttle validate];
    CreateTopicsRequest "create topic" [throttle validate];
    DeleteTopicsRequest "delete topic" [throttle];
    CreatePartitionsRequest "add partitions to" [throttle validate];
    DescribeLogDirsRequest "describe log directories" [throttle error];
    ShareGroupDescribeRequest "describe groups" [throttle];
    StreamsGroupDescribeRequest "describe groups" [throttle];
    DescribeShareGroupOffsetsRequest "read start offsets" [throttle];
    AlterShareGroupOffsetsRequest "set start offsets" [throttle error];
    DeleteShareGroupOffsetsRequest "delete start offsets" [throttle error];
}
