//! Answers that lie about lengths. An unguarded length of two billion would end
//! this process, so each of these tests fails loudly.

use super::super::guard::decode;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, Message};
use proptest::prelude::*;

/// One response type with a value in which every array has an element, so that
/// every length is there to be falsified.
struct Sample {
    name: &'static str,
    versions: std::ops::RangeInclusive<i16>,
    encode: Box<dyn Fn(i16) -> Option<Bytes>>,
    /// Whether the guarded decoding brings what was encoded.
    is_same: fn(&Bytes, i16) -> bool,
    survives: fn(&Bytes, i16),
}

fn sample<T>(name: &'static str, value: T) -> Sample
where
    T: Message + Encodable + Decodable + PartialEq + 'static,
{
    Sample {
        name,
        versions: T::VERSIONS.min..=T::VERSIONS.max,
        encode: Box::new(move |version| {
            let mut bytes = BytesMut::new();
            value.encode(&mut bytes, version).ok().map(|()| bytes.freeze())
        }),
        is_same: |bytes, version| {
            let plain = T::decode(&mut bytes.clone(), version).unwrap();
            decode::<T>(bytes, version).is_ok_and(|guarded| guarded == plain)
        },
        survives: |bytes, version| {
            let _ = decode::<T>(bytes, version);
        },
    }
}

/// Every response type that klamm decodes.
fn samples() -> Vec<Sample> {
    let node = BrokerId(1_000_017);
    vec![
        sample("ApiVersions", {
            use api_versions_response::*;
            ApiVersionsResponse::default().with_api_keys(vec![ApiVersion::default(); 3])
        }),
        sample("SaslHandshake", SaslHandshakeResponse::default().with_mechanisms(vec!["PLAIN".into(); 2])),
        sample("SaslAuthenticate", SaslAuthenticateResponse::default().with_auth_bytes(Bytes::from_static(b"v=x"))),
        sample("Metadata", {
            use metadata_response::*;
            let partition =
                MetadataResponsePartition::default().with_replica_nodes(vec![node; 3]).with_isr_nodes(vec![node; 3]);
            let topic = MetadataResponseTopic::default()
                .with_name(Some(TopicName("orders".into())))
                .with_partitions(vec![partition; 2]);
            let broker = MetadataResponseBroker::default().with_node_id(node).with_host("b".into()).with_port(65_535);
            MetadataResponse::default().with_brokers(vec![broker; 2]).with_topics(vec![topic; 2])
        }),
        sample("FindCoordinator", FindCoordinatorResponse::default().with_node_id(node).with_port(65_535)),
        sample("FindCoordinator of many", {
            use find_coordinator_response::*;
            FindCoordinatorResponse::default().with_coordinators(vec![Coordinator::default().with_key("g".into()); 2])
        }),
        sample("Fetch", {
            use fetch_response::*;
            let partition = PartitionData::default()
                .with_aborted_transactions(Some(vec![AbortedTransaction::default(); 2]))
                .with_records(Some(Bytes::from_static(b"records")));
            let topic = FetchableTopicResponse::default().with_partitions(vec![partition; 2]);
            FetchResponse::default().with_responses(vec![topic; 2])
        }),
        sample("ListOffsets", {
            use list_offsets_response::*;
            let topic = ListOffsetsTopicResponse::default()
                .with_name(TopicName("orders".into()))
                .with_partitions(vec![ListOffsetsPartitionResponse::default(); 2]);
            ListOffsetsResponse::default().with_topics(vec![topic; 2])
        }),
        sample("OffsetForLeaderEpoch", {
            use offset_for_leader_epoch_response::*;
            let topic = OffsetForLeaderTopicResult::default().with_partitions(vec![EpochEndOffset::default(); 2]);
            OffsetForLeaderEpochResponse::default().with_topics(vec![topic; 2])
        }),
        sample("ListGroups", {
            use list_groups_response::*;
            ListGroupsResponse::default()
                .with_groups(vec![ListedGroup::default().with_group_id(GroupId("g".into())); 2])
        }),
        sample("DescribeGroups", {
            use describe_groups_response::*;
            let member = DescribedGroupMember::default().with_member_assignment(Bytes::from_static(b"\0\0"));
            let group = DescribedGroup::default().with_members(vec![member; 2]);
            DescribeGroupsResponse::default().with_groups(vec![group; 2])
        }),
        sample("ConsumerGroupDescribe", {
            use consumer_group_describe_response::*;
            let topic = TopicPartitions::default().with_partitions(vec![1, 2]);
            let assignment = Assignment::default().with_topic_partitions(vec![topic; 2]);
            let member = Member::default()
                .with_subscribed_topic_names(vec![TopicName("orders".into())])
                .with_assignment(assignment.clone())
                .with_target_assignment(assignment);
            let group = DescribedGroup::default().with_members(vec![member; 2]);
            ConsumerGroupDescribeResponse::default().with_groups(vec![group; 2])
        }),
        sample("OffsetFetch", {
            use offset_fetch_response::*;
            let topic =
                OffsetFetchResponseTopic::default().with_partitions(vec![OffsetFetchResponsePartition::default(); 2]);
            OffsetFetchResponse::default().with_topics(vec![topic; 2])
        }),
        sample("OffsetFetch of many", {
            use offset_fetch_response::*;
            let topic =
                OffsetFetchResponseTopics::default().with_partitions(vec![OffsetFetchResponsePartitions::default(); 2]);
            let group = OffsetFetchResponseGroup::default().with_topics(vec![topic; 2]);
            OffsetFetchResponse::default().with_groups(vec![group; 2])
        }),
        sample("OffsetCommit", {
            use offset_commit_response::*;
            let topic =
                OffsetCommitResponseTopic::default().with_partitions(vec![OffsetCommitResponsePartition::default(); 2]);
            OffsetCommitResponse::default().with_topics(vec![topic; 2])
        }),
        sample("OffsetDelete", {
            use offset_delete_response::*;
            let topic =
                OffsetDeleteResponseTopic::default().with_partitions(vec![OffsetDeleteResponsePartition::default(); 2]);
            OffsetDeleteResponse::default().with_topics(vec![topic; 2])
        }),
        sample("DescribeConfigs", {
            use describe_configs_response::*;
            let entry =
                DescribeConfigsResourceResult::default().with_synonyms(vec![DescribeConfigsSynonym::default(); 2]);
            let result = DescribeConfigsResult::default().with_configs(vec![entry; 2]);
            DescribeConfigsResponse::default().with_results(vec![result; 2])
        }),
        sample("CreateTopics", {
            use create_topics_response::*;
            CreateTopicsResponse::default().with_topics(vec![CreatableTopicResult::default(); 2])
        }),
        sample("DeleteTopics", {
            use delete_topics_response::*;
            let topic = DeletableTopicResult::default().with_name(Some(TopicName("orders".into())));
            DeleteTopicsResponse::default().with_responses(vec![topic; 2])
        }),
        sample("CreatePartitions", {
            use create_partitions_response::*;
            CreatePartitionsResponse::default().with_results(vec![CreatePartitionsTopicResult::default(); 2])
        }),
        sample("DescribeLogDirs", {
            use describe_log_dirs_response::*;
            let topic = DescribeLogDirsTopic::default().with_partitions(vec![DescribeLogDirsPartition::default(); 2]);
            let directory = DescribeLogDirsResult::default().with_topics(vec![topic; 2]);
            DescribeLogDirsResponse::default().with_results(vec![directory; 2])
        }),
        sample("DescribeCluster", {
            use describe_cluster_response::*;
            DescribeClusterResponse::default().with_brokers(vec![DescribeClusterBroker::default(); 2])
        }),
    ]
}

fn replaced(bytes: &Bytes, at: usize, count: usize, with: &[u8]) -> Bytes {
    let end = (at + count).min(bytes.len());
    [&bytes[..at], with, &bytes[end..]].concat().into()
}

#[test]
fn every_response_is_read_as_the_codec_reads_it() {
    for sample in samples() {
        let encoded: Vec<_> =
            sample.versions.clone().filter_map(|version| Some((version, (sample.encode)(version)?))).collect();
        assert!(!encoded.is_empty(), "{} cannot be encoded in any version", sample.name);
        for (version, bytes) in encoded {
            assert!((sample.is_same)(&bytes, version), "{} v{version}", sample.name);
        }
    }
}

#[test]
fn two_billion_elements_claimed_anywhere_in_any_response_are_survived() {
    const CLASSIC: [&[u8]; 3] = [&[0x7f, 0xff, 0xff, 0xff], &[0x77, 0x35, 0x94, 0], &[0x0f, 0xff, 0xff, 0xff]];
    const COMPACT: [&[u8]; 3] =
        [&[0xff, 0xff, 0xff, 0xff, 0x0f], &[0x80, 0xa8, 0xd6, 0xb9, 7], &[0xff, 0xff, 0xff, 0x7f]];
    let mut tried = 0;
    for sample in samples() {
        for version in sample.versions.clone() {
            let Some(bytes) = (sample.encode)(version) else { continue };
            for at in 0..bytes.len() {
                for claim in CLASSIC {
                    (sample.survives)(&replaced(&bytes, at, 4, claim), version);
                }
                for claim in COMPACT {
                    (sample.survives)(&replaced(&bytes, at, 1, claim), version);
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}

#[test]
fn a_false_length_is_an_error_in_words() {
    // throttle time, then an array of topics
    let mut classic = vec![0, 0, 0, 0];
    classic.extend([0x7f, 0xff, 0xff, 0xff]);
    assert!(decode::<ListOffsetsResponse>(&classic.into(), 2).is_err());
    let mut compact = vec![0, 0, 0, 0];
    compact.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert!(decode::<ListOffsetsResponse>(&compact.into(), 6).unwrap_err().contains("Not enough bytes"));
    // Two million are there, byte for byte, but no array is that long.
    let mut many = vec![0, 0, 0, 0];
    many.extend([0x81, 0x89, 0x7a]);
    many.extend(vec![0; 3_000_000]);
    assert!(decode::<ListOffsetsResponse>(&many.into(), 6).unwrap_err().contains("elements"));
    let mut many = vec![0, 0, 0, 0, 0, 0x1e, 0x84, 0x80];
    many.extend(vec![0; 3_000_000]);
    assert!(decode::<ListOffsetsResponse>(&many.into(), 2).is_err());
}

#[test]
fn long_byte_strings_are_no_arrays() {
    use fetch_response::{FetchableTopicResponse, PartitionData};
    let records = Bytes::from(vec![7; 3 << 20]);
    for version in [4, 11, 12] {
        let partition = PartitionData::default().with_records(Some(records.clone()));
        let topic = FetchableTopicResponse::default().with_partitions(vec![partition; 2]);
        let response = FetchResponse::default().with_responses(vec![topic]);
        let mut bytes = BytesMut::new();
        response.encode(&mut bytes, version).unwrap();
        let read = decode::<FetchResponse>(&bytes.freeze(), version).unwrap();
        assert_eq!(read, response, "v{version}");
    }
}

#[test]
fn large_numbers_in_fields_are_no_lengths() {
    let response = FindCoordinatorResponse::default().with_node_id(BrokerId(i32::MAX)).with_port(2_000_000_000);
    for version in 0..4 {
        let mut bytes = BytesMut::new();
        response.encode(&mut bytes, version).unwrap();
        assert_eq!(decode::<FindCoordinatorResponse>(&bytes.freeze(), version).as_ref(), Ok(&response));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), version in 0i16..14) {
        let bytes = Bytes::from(bytes);
        for sample in samples() {
            if sample.versions.contains(&version) {
                (sample.survives)(&bytes, version);
            }
        }
    }
}
