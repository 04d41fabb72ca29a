//! The one table of what may be asked without the right to write.
//!
//! Invariant: every API of the protocol has a row (the match has no wildcard), and
//! what is not known to leave the cluster as it is counts as writing.

use crate::protocol::StreamsGroupDescribeRequest;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::Request as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Reads,
    /// Reads when the request says so: `validate_only`, or no topic creation.
    ReadsIfAsked,
    Writes,
}

/// Whether a request of this API leaves the cluster as it is. `changes_nothing` is
/// what the request itself says.
fn is_reading(api: ApiKey, changes_nothing: bool) -> bool {
    match access(api) {
        Access::Reads => true,
        Access::ReadsIfAsked => changes_nothing,
        Access::Writes => false,
    }
}

/// The same by the number of an API, which may be one that the codec crate does not know.
pub(super) fn is_reading_key(key: i16, changes_nothing: bool) -> bool {
    match ApiKey::try_from(key) {
        Ok(api) => is_reading(api, changes_nothing),
        Err(_) => BEYOND.contains(&key),
    }
}

/// APIs beside those of the codec crate, all of which only ask.
const BEYOND: [i16; 1] = [StreamsGroupDescribeRequest::KEY];

fn access(api: ApiKey) -> Access {
    match api {
        ApiKey::Fetch
        | ApiKey::ListOffsets
        | ApiKey::OffsetFetch
        | ApiKey::FindCoordinator
        | ApiKey::DescribeGroups
        | ApiKey::ListGroups
        | ApiKey::SaslHandshake
        | ApiKey::ApiVersions
        | ApiKey::SaslAuthenticate
        | ApiKey::OffsetForLeaderEpoch
        | ApiKey::DescribeAcls
        | ApiKey::DescribeConfigs
        | ApiKey::DescribeLogDirs
        | ApiKey::DescribeDelegationToken
        | ApiKey::ListPartitionReassignments
        | ApiKey::DescribeClientQuotas
        | ApiKey::DescribeUserScramCredentials
        | ApiKey::DescribeQuorum
        | ApiKey::DescribeCluster
        | ApiKey::DescribeProducers
        | ApiKey::DescribeTransactions
        | ApiKey::ListTransactions
        | ApiKey::ConsumerGroupDescribe
        | ApiKey::ListConfigResources
        | ApiKey::DescribeTopicPartitions
        | ApiKey::ShareGroupDescribe
        | ApiKey::DescribeShareGroupOffsets => Access::Reads,
        ApiKey::Metadata
        | ApiKey::CreateTopics
        | ApiKey::CreatePartitions
        | ApiKey::AlterConfigs
        | ApiKey::IncrementalAlterConfigs
        | ApiKey::AlterClientQuotas
        | ApiKey::UpdateFeatures => Access::ReadsIfAsked,
        ApiKey::Produce
        | ApiKey::OffsetCommit
        | ApiKey::JoinGroup
        | ApiKey::Heartbeat
        | ApiKey::LeaveGroup
        | ApiKey::SyncGroup
        | ApiKey::DeleteTopics
        | ApiKey::DeleteRecords
        | ApiKey::InitProducerId
        | ApiKey::AddPartitionsToTxn
        | ApiKey::AddOffsetsToTxn
        | ApiKey::EndTxn
        | ApiKey::WriteTxnMarkers
        | ApiKey::TxnOffsetCommit
        | ApiKey::CreateAcls
        | ApiKey::DeleteAcls
        | ApiKey::AlterReplicaLogDirs
        | ApiKey::CreateDelegationToken
        | ApiKey::RenewDelegationToken
        | ApiKey::ExpireDelegationToken
        | ApiKey::DeleteGroups
        | ApiKey::ElectLeaders
        | ApiKey::AlterPartitionReassignments
        | ApiKey::OffsetDelete
        | ApiKey::AlterUserScramCredentials
        | ApiKey::Vote
        | ApiKey::BeginQuorumEpoch
        | ApiKey::EndQuorumEpoch
        | ApiKey::AlterPartition
        | ApiKey::Envelope
        | ApiKey::FetchSnapshot
        | ApiKey::BrokerRegistration
        | ApiKey::BrokerHeartbeat
        | ApiKey::UnregisterBroker
        | ApiKey::AllocateProducerIds
        | ApiKey::ConsumerGroupHeartbeat
        | ApiKey::ControllerRegistration
        | ApiKey::GetTelemetrySubscriptions
        | ApiKey::PushTelemetry
        | ApiKey::AssignReplicasToDirs
        | ApiKey::ShareGroupHeartbeat
        | ApiKey::ShareFetch
        | ApiKey::ShareAcknowledge
        | ApiKey::AddRaftVoter
        | ApiKey::RemoveRaftVoter
        | ApiKey::UpdateRaftVoter
        | ApiKey::InitializeShareGroupState
        | ApiKey::ReadShareGroupState
        | ApiKey::WriteShareGroupState
        | ApiKey::DeleteShareGroupState
        | ApiKey::ReadShareGroupStateSummary
        | ApiKey::AlterShareGroupOffsets
        | ApiKey::DeleteShareGroupOffsets => Access::Writes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that only ever ask. Written apart from the table so that a slip of
    /// the hand there fails here.
    fn asks(name: &str) -> bool {
        name.starts_with("Describe")
            || name.starts_with("List")
            || [
                "Fetch",
                "OffsetFetch",
                "FindCoordinator",
                "ApiVersions",
                "OffsetForLeaderEpoch",
                "ConsumerGroupDescribe",
            ]
            .contains(&name)
            || ["ShareGroupDescribe", "SaslHandshake", "SaslAuthenticate"].contains(&name)
    }

    #[test]
    fn every_api_is_refused_unless_it_only_asks() {
        for api in ApiKey::iter() {
            let name = format!("{api:?}");
            assert_eq!(is_reading(api, false), asks(&name), "{name} without validate_only");
        }
    }

    #[test]
    fn an_api_that_nobody_knows_counts_as_writing() {
        let unknown = (0..i16::MAX).filter(|key| ApiKey::try_from(*key).is_err());
        let reading: Vec<i16> = unknown.filter(|key| is_reading_key(*key, true)).collect();
        assert_eq!(reading, [89], "describing streams groups");
    }

    #[test]
    fn a_validation_counts_as_reading_only_where_the_protocol_has_one() {
        let validated: Vec<_> =
            ApiKey::iter().filter(|api| is_reading(*api, true) && !is_reading(*api, false)).collect();
        assert_eq!(
            validated,
            [
                ApiKey::Metadata,
                ApiKey::CreateTopics,
                ApiKey::AlterConfigs,
                ApiKey::CreatePartitions,
                ApiKey::IncrementalAlterConfigs,
                ApiKey::AlterClientQuotas,
                ApiKey::UpdateFeatures,
            ]
        );
    }
}
