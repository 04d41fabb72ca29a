//! Every request in every version that is advertised.

use super::client::{Client, batch_of, fetch, list_offsets, produce, s, topic};
use super::{NOON, World, start};
use crate::demo::api;
use kafka_protocol::messages as m;
use kafka_protocol::messages::{ApiKey, RequestKind};

pub(super) const TOPIC: &str = "orders.v1";
const GROUP: &str = "order-processor";

/// A request with something in every array, as `version` can say it.
pub(super) fn sample(api: ApiKey, version: i16, topic_id: uuid::Uuid) -> RequestKind {
    let group = || m::GroupId(s(GROUP));
    match api {
        ApiKey::ApiVersions => m::ApiVersionsRequest::default()
            .with_client_software_name(s(if version >= 3 { "klamm" } else { "" }))
            .into(),
        ApiKey::Metadata => {
            let asked = m::metadata_request::MetadataRequestTopic::default().with_name(Some(topic(TOPIC)));
            m::MetadataRequest::default()
                .with_topics(Some(vec![asked]))
                .with_include_topic_authorized_operations(version >= 8)
                .into()
        }
        ApiKey::Produce => {
            let mut request = produce(TOPIC, 0, 1, batch_of(&[("k", "v", NOON.millis())]));
            if version >= 13 {
                request.topic_data[0].name = Default::default();
                request.topic_data[0].topic_id = topic_id;
            }
            request.into()
        }
        ApiKey::Fetch => {
            let mut request = fetch(TOPIC, 0, 118_500, 0);
            if version >= 13 {
                request.topics[0].topic = Default::default();
                request.topics[0].topic_id = topic_id;
            }
            request.into()
        }
        ApiKey::ListOffsets => list_offsets(TOPIC, 0, NOON.millis() - 3_600_000).into(),
        ApiKey::FindCoordinator if version >= 4 => {
            m::FindCoordinatorRequest::default().with_coordinator_keys(vec![s(GROUP), s("b")]).into()
        }
        ApiKey::FindCoordinator => m::FindCoordinatorRequest::default().with_key(s(GROUP)).into(),
        ApiKey::OffsetCommit => {
            let asked = m::offset_commit_request::OffsetCommitRequestTopic::default()
                .with_name(topic(TOPIC))
                .with_partitions(vec![Default::default()]);
            m::OffsetCommitRequest::default().with_group_id(group()).with_topics(vec![asked]).into()
        }
        ApiKey::OffsetFetch if version >= 8 => {
            let asked =
                m::offset_fetch_request::OffsetFetchRequestGroup::default().with_group_id(group()).with_topics(None);
            m::OffsetFetchRequest::default().with_groups(vec![asked]).into()
        }
        ApiKey::OffsetFetch => {
            let asked = m::offset_fetch_request::OffsetFetchRequestTopic::default()
                .with_name(topic(TOPIC))
                .with_partition_indexes(vec![0, 99]);
            m::OffsetFetchRequest::default().with_group_id(group()).with_topics(Some(vec![asked])).into()
        }
        ApiKey::JoinGroup => {
            let protocol = m::join_group_request::JoinGroupRequestProtocol::default().with_name(s("range"));
            m::JoinGroupRequest::default()
                // One group a version: they need not wait for each other.
                .with_group_id(m::GroupId(s(&format!("sweep-{version}"))))
                .with_session_timeout_ms(6_000)
                .with_protocol_type(s("consumer"))
                .with_protocols(vec![protocol])
                .into()
        }
        ApiKey::SyncGroup => m::SyncGroupRequest::default().with_group_id(group()).into(),
        ApiKey::Heartbeat => m::HeartbeatRequest::default().with_group_id(group()).into(),
        ApiKey::LeaveGroup if version >= 3 => {
            m::LeaveGroupRequest::default().with_group_id(group()).with_members(vec![Default::default()]).into()
        }
        ApiKey::LeaveGroup => m::LeaveGroupRequest::default().with_group_id(group()).into(),
        ApiKey::DescribeGroups => m::DescribeGroupsRequest::default()
            .with_groups(vec![group(), m::GroupId(s("none"))])
            .with_include_authorized_operations(version >= 3)
            .into(),
        ApiKey::ListGroups => m::ListGroupsRequest::default().into(),
        ApiKey::DeleteGroups => m::DeleteGroupsRequest::default().with_groups_names(vec![group()]).into(),
        ApiKey::OffsetDelete => {
            let asked = m::offset_delete_request::OffsetDeleteRequestTopic::default()
                .with_name(topic(TOPIC))
                .with_partitions(vec![Default::default()]);
            m::OffsetDeleteRequest::default().with_group_id(group()).with_topics(vec![asked]).into()
        }
        ApiKey::CreateTopics => {
            let asked = m::create_topics_request::CreatableTopic::default()
                .with_name(topic("made.by.the-sweep"))
                .with_num_partitions(2)
                .with_replication_factor(3);
            m::CreateTopicsRequest::default()
                .with_topics(vec![asked.clone(), asked.with_name(topic("bad name"))])
                .into()
        }
        ApiKey::DeleteTopics if version >= 6 => {
            let asked = m::delete_topics_request::DeleteTopicState::default().with_name(Some(topic("nope")));
            m::DeleteTopicsRequest::default().with_topics(vec![asked]).into()
        }
        ApiKey::DeleteTopics => m::DeleteTopicsRequest::default().with_topic_names(vec![topic("nope")]).into(),
        ApiKey::CreatePartitions => {
            let asked = |count| {
                let asked = m::create_partitions_request::CreatePartitionsTopic::default().with_name(topic(TOPIC));
                asked.with_count(count).with_assignments(None)
            };
            m::CreatePartitionsRequest::default().with_topics(vec![asked(20), asked(1)]).with_validate_only(true).into()
        }
        ApiKey::DeleteRecords => {
            let asked = m::delete_records_request::DeleteRecordsTopic::default()
                .with_name(topic(TOPIC))
                .with_partitions(vec![Default::default()]);
            m::DeleteRecordsRequest::default().with_topics(vec![asked]).into()
        }
        ApiKey::OffsetForLeaderEpoch => {
            let asked = m::offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
                .with_topic(topic(TOPIC))
                .with_partitions(vec![Default::default()]);
            m::OffsetForLeaderEpochRequest::default().with_topics(vec![asked]).into()
        }
        ApiKey::DescribeConfigs => {
            let asked = |kind, name: &str| {
                let asked = m::describe_configs_request::DescribeConfigsResource::default().with_resource_type(kind);
                asked.with_resource_name(s(name)).with_configuration_keys(None)
            };
            m::DescribeConfigsRequest::default()
                .with_resources(vec![asked(2, TOPIC), asked(4, "1"), asked(4, ""), asked(2, "nope"), asked(9, "x")])
                .with_include_synonyms(true)
                .with_include_documentation(version >= 3)
                .into()
        }
        ApiKey::AlterConfigs => {
            let config = m::alter_configs_request::AlterableConfig::default()
                .with_name(s("retention.ms"))
                .with_value(Some(s("9")));
            let asked = m::alter_configs_request::AlterConfigsResource::default()
                .with_resource_type(2)
                .with_resource_name(s(TOPIC))
                .with_configs(vec![config]);
            m::AlterConfigsRequest::default().with_resources(vec![asked]).with_validate_only(true).into()
        }
        ApiKey::IncrementalAlterConfigs => {
            let config = m::incremental_alter_configs_request::AlterableConfig::default()
                .with_name(s("retention.ms"))
                .with_value(Some(s("soon")));
            let asked = m::incremental_alter_configs_request::AlterConfigsResource::default()
                .with_resource_type(2)
                .with_resource_name(s(TOPIC))
                .with_configs(vec![config]);
            m::IncrementalAlterConfigsRequest::default().with_resources(vec![asked]).into()
        }
        ApiKey::DescribeLogDirs => m::DescribeLogDirsRequest::default().with_topics(None).into(),
        ApiKey::ElectLeaders => {
            let asked = m::elect_leaders_request::TopicPartitions::default()
                .with_topic(topic(TOPIC))
                .with_partitions(vec![0, 99]);
            m::ElectLeadersRequest::default().with_topic_partitions(Some(vec![asked])).into()
        }
        ApiKey::AlterPartitionReassignments => {
            let asked = m::alter_partition_reassignments_request::ReassignablePartition::default()
                .with_replicas(Some(vec![m::BrokerId(1), m::BrokerId(9)]));
            let asked = m::alter_partition_reassignments_request::ReassignableTopic::default()
                .with_name(topic(TOPIC))
                .with_partitions(vec![asked]);
            m::AlterPartitionReassignmentsRequest::default().with_topics(vec![asked]).into()
        }
        ApiKey::ListPartitionReassignments => m::ListPartitionReassignmentsRequest::default().with_topics(None).into(),
        ApiKey::InitProducerId => m::InitProducerIdRequest::default().with_transactional_id(None).into(),
        ApiKey::AddPartitionsToTxn => {
            let asked = m::add_partitions_to_txn_request::AddPartitionsToTxnTopic::default()
                .with_name(topic(TOPIC))
                .with_partitions(vec![0, 99]);
            m::AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(m::TransactionalId(s("ledger-writer-0")))
                .with_v3_and_below_topics(vec![asked])
                .into()
        }
        ApiKey::AddOffsetsToTxn => m::AddOffsetsToTxnRequest::default().with_group_id(group()).into(),
        ApiKey::EndTxn => m::EndTxnRequest::default().into(),
        ApiKey::WriteTxnMarkers => {
            let asked = m::write_txn_markers_request::WritableTxnMarkerTopic::default()
                .with_name(topic(TOPIC))
                .with_partition_indexes(vec![99]);
            let marker = m::write_txn_markers_request::WritableTxnMarker::default().with_topics(vec![asked]);
            m::WriteTxnMarkersRequest::default().with_markers(vec![marker]).into()
        }
        ApiKey::TxnOffsetCommit => {
            let asked = m::txn_offset_commit_request::TxnOffsetCommitRequestTopic::default()
                .with_name(topic(TOPIC))
                .with_partitions(vec![Default::default()]);
            m::TxnOffsetCommitRequest::default().with_group_id(group()).with_topics(vec![asked]).into()
        }
        ApiKey::DescribeTransactions => m::DescribeTransactionsRequest::default()
            .with_transactional_ids(vec![m::TransactionalId(s("ledger-writer-0")), m::TransactionalId(s("nobody"))])
            .into(),
        ApiKey::ListTransactions => {
            m::ListTransactionsRequest::default().with_state_filters(vec![s("Empty"), s("Lost")]).into()
        }
        ApiKey::DescribeProducers => {
            let asked = m::describe_producers_request::TopicRequest::default()
                .with_name(topic(TOPIC))
                .with_partition_indexes(vec![0, 1]);
            m::DescribeProducersRequest::default().with_topics(vec![asked]).into()
        }
        ApiKey::ConsumerGroupHeartbeat => {
            let held = m::consumer_group_heartbeat_request::TopicPartitions::default()
                .with_topic_id(topic_id)
                .with_partitions(vec![0]);
            m::ConsumerGroupHeartbeatRequest::default()
                .with_group_id(group())
                .with_subscribed_topic_names(Some(vec![topic(TOPIC)]))
                .with_topic_partitions(Some(vec![held]))
                .into()
        }
        ApiKey::ShareGroupHeartbeat => m::ShareGroupHeartbeatRequest::default()
            .with_group_id(group())
            .with_subscribed_topic_names(Some(vec![topic(TOPIC)]))
            .into(),
        ApiKey::ShareFetch => {
            let said = m::share_fetch_request::AcknowledgementBatch::default().with_acknowledge_types(vec![1]);
            let asked = m::share_fetch_request::FetchPartition::default().with_acknowledgement_batches(vec![said]);
            let asked =
                m::share_fetch_request::FetchTopic::default().with_topic_id(topic_id).with_partitions(vec![asked]);
            let request = m::ShareFetchRequest::default().with_group_id(Some(m::GroupId(s("push-senders"))));
            request.with_member_id(Some(s("m"))).with_topics(vec![asked]).into()
        }
        ApiKey::ShareAcknowledge => {
            let said = m::share_acknowledge_request::AcknowledgementBatch::default().with_acknowledge_types(vec![1]);
            let asked =
                m::share_acknowledge_request::AcknowledgePartition::default().with_acknowledgement_batches(vec![said]);
            let asked = m::share_acknowledge_request::AcknowledgeTopic::default()
                .with_topic_id(topic_id)
                .with_partitions(vec![asked]);
            let request = m::ShareAcknowledgeRequest::default().with_group_id(Some(m::GroupId(s("push-senders"))));
            request.with_member_id(Some(s("m"))).with_topics(vec![asked]).into()
        }
        ApiKey::ConsumerGroupDescribe => {
            m::ConsumerGroupDescribeRequest::default().with_group_ids(vec![group(), m::GroupId(s("nobody"))]).into()
        }
        ApiKey::ShareGroupDescribe => {
            m::ShareGroupDescribeRequest::default().with_group_ids(vec![group(), m::GroupId(s("nobody"))]).into()
        }
        ApiKey::AlterShareGroupOffsets => {
            let asked = m::alter_share_group_offsets_request::AlterShareGroupOffsetsRequestTopic::default()
                .with_topic_name(topic(TOPIC))
                .with_partitions(vec![Default::default()]);
            m::AlterShareGroupOffsetsRequest::default().with_group_id(group()).with_topics(vec![asked]).into()
        }
        ApiKey::DeleteShareGroupOffsets => {
            let asked = m::delete_share_group_offsets_request::DeleteShareGroupOffsetsRequestTopic::default()
                .with_topic_name(topic(TOPIC));
            m::DeleteShareGroupOffsetsRequest::default().with_group_id(group()).with_topics(vec![asked]).into()
        }
        ApiKey::DescribeTopicPartitions => {
            let asked = m::describe_topic_partitions_request::TopicRequest::default().with_name(topic(TOPIC));
            m::DescribeTopicPartitionsRequest::default()
                .with_topics(vec![asked])
                .with_response_partition_limit(5)
                .with_cursor(None)
                .into()
        }
        ApiKey::DescribeCluster => {
            m::DescribeClusterRequest::default().with_include_cluster_authorized_operations(true).into()
        }
        other => panic!("{other:?} is served but not tried"),
    }
}

#[tokio::test]
async fn every_advertised_version_is_answered_by_every_broker() {
    let demo = start(World::Full, false).await;
    let topic_id = demo.cluster.lock().topics[TOPIC].id;
    for broker in 1..=3 {
        let mut client = Client::to(&demo, broker).await;
        for api in api::SERVED {
            let range = api::versions(*api);
            for version in range.min..=range.max {
                let answer = client.try_ask(version, sample(*api, version, topic_id)).await;
                assert!(answer.is_some(), "{api:?} v{version} on broker {broker}: the connection was closed");
            }
        }
    }
}
