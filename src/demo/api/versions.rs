//! Which requests are served, in which versions.

use super::BEYOND;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};
use kafka_protocol::protocol::VersionRange;

/// Every request the demo answers, but for those of [`BEYOND`].
pub(in crate::demo) const SERVED: &[ApiKey] = &[
    ApiKey::Produce,
    ApiKey::Fetch,
    ApiKey::ListOffsets,
    ApiKey::Metadata,
    ApiKey::OffsetCommit,
    ApiKey::OffsetFetch,
    ApiKey::FindCoordinator,
    ApiKey::JoinGroup,
    ApiKey::Heartbeat,
    ApiKey::LeaveGroup,
    ApiKey::SyncGroup,
    ApiKey::DescribeGroups,
    ApiKey::ListGroups,
    ApiKey::ApiVersions,
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::DeleteRecords,
    ApiKey::InitProducerId,
    ApiKey::OffsetForLeaderEpoch,
    ApiKey::AddPartitionsToTxn,
    ApiKey::AddOffsetsToTxn,
    ApiKey::EndTxn,
    ApiKey::WriteTxnMarkers,
    ApiKey::TxnOffsetCommit,
    ApiKey::DescribeConfigs,
    ApiKey::AlterConfigs,
    ApiKey::DescribeLogDirs,
    ApiKey::CreatePartitions,
    ApiKey::DeleteGroups,
    ApiKey::ElectLeaders,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::AlterPartitionReassignments,
    ApiKey::ListPartitionReassignments,
    ApiKey::OffsetDelete,
    ApiKey::DescribeCluster,
    ApiKey::DescribeProducers,
    ApiKey::DescribeTransactions,
    ApiKey::ListTransactions,
    ApiKey::DescribeTopicPartitions,
    ApiKey::ConsumerGroupDescribe,
    ApiKey::ShareGroupDescribe,
    ApiKey::ConsumerGroupHeartbeat,
    ApiKey::ShareGroupHeartbeat,
    ApiKey::ShareFetch,
    ApiKey::ShareAcknowledge,
    ApiKey::AlterShareGroupOffsets,
    ApiKey::DeleteShareGroupOffsets,
];

/// The codec's range, cut where it claims more than it has or where a newer
/// version means something the demo does not do.
pub(in crate::demo) fn versions(api: ApiKey) -> VersionRange {
    let VersionRange { min, max } = api.valid_versions();
    let max = match api {
        ApiKey::Fetch => 17,
        ApiKey::OffsetCommit | ApiKey::OffsetFetch => 9,
        // Above these a producer's epoch changes with each transaction
        // (`transaction.version` 2), or only brokers ask.
        ApiKey::InitProducerId | ApiKey::EndTxn | ApiKey::TxnOffsetCommit => 4,
        ApiKey::AddPartitionsToTxn => 3,
        // The next one filters by a regular expression.
        ApiKey::ListTransactions => 1,
        _ => max,
    };
    VersionRange { min, max }
}

pub(super) fn api_versions() -> ApiVersionsResponse {
    let keys = SERVED.iter().map(|api| {
        let range = versions(*api);
        ApiVersion::default().with_api_key(*api as i16).with_min_version(range.min).with_max_version(range.max)
    });
    let beyond = BEYOND
        .iter()
        .map(|(key, min, max)| ApiVersion::default().with_api_key(*key).with_min_version(*min).with_max_version(*max));
    ApiVersionsResponse::default().with_api_keys(keys.chain(beyond).collect())
}

/// The answer to an ApiVersions request of a version that is not served.
pub(in crate::demo) fn unsupported_version() -> ApiVersionsResponse {
    api_versions().with_error_code(ResponseError::UnsupportedVersion.code())
}
