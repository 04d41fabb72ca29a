//! Records as Kafka's own classes write them.

use super::*;
use crate::decode::hex;
use proptest::prelude::*;
use rstest::rstest;

fn json(said: Option<Said>) -> Result<String, String> {
    said.unwrap().read.map(|(value, name)| format!("{name} {}", value.to_json()))
}

const COMMIT: &str = "00010002673100066f726465727300000002";
const TX: &str = "00000003747831";

#[rstest]
#[case("__consumer_offsets", COMMIT, r#"OffsetCommitKey {"type":1,"group":"g1","topic":"orders","partition":2}"#)]
#[case("__consumer_offsets", "000200026731", r#"GroupMetadataKey {"type":2,"group":"g1"}"#)]
#[case("__transaction_state", TX, r#"TransactionLogKey {"type":0,"transactionalId":"tx1"}"#)]
#[case("mm2-offset-syncs.B.internal", "00066f726465727300000002", r#"OffsetSyncKey {"topic":"orders","partition":2}"#)]
#[case(
    "A.checkpoints.internal",
    "000267310008412e6f726465727300000002",
    r#"CheckpointKey {"group":"g1","topic":"A.orders","partition":2}"#
)]
#[case("A.heartbeats", "000141000142", r#"HeartbeatKey {"sourceClusterAlias":"A","targetClusterAlias":"B"}"#)]
fn keys(#[case] topic: &str, #[case] bytes: &str, #[case] expected: &str) {
    assert_eq!(json(key(topic, &hex(bytes).into())).as_deref(), Ok(expected));
}

#[rstest]
#[case::v1("__consumer_offsets", COMMIT, "0001000000000000002a00000000018bcfe56800ffffffffffffffff",
    r#"OffsetCommitValue {"version":1,"offset":42,"metadata":"","commitTimestamp":"2023-11-14T22:13:20.000Z","expireTimestamp":-1}"#)]
#[case::v3("__consumer_offsets", COMMIT, "0003000000000000002a0000000500000000018bcfe56800",
    r#"OffsetCommitValue {"version":3,"offset":42,"leaderEpoch":5,"metadata":"","commitTimestamp":"2023-11-14T22:13:20.000Z"}"#)]
#[case::v4("__consumer_offsets", COMMIT, "0004000000000000002a00000005056d6574610000018bcfe5680000",
    r#"OffsetCommitValue {"version":4,"offset":42,"leaderEpoch":5,"metadata":"meta","commitTimestamp":"2023-11-14T22:13:20.000Z"}"#)]
#[case::a_classic_group("__consumer_offsets", "000200026731",
    "00030008636f6e73756d657200000007000572616e676500026d310000018bcfe568000000000100026d31ffff0002633100092f31302e302e302e31000493e00000afc80000001200000000000100066f7264657273ffffffff0000001e00000000000100066f7264657273000000020000000000000001ffffffff",
    r#"GroupMetadataValue {"version":3,"protocolType":"consumer","generation":7,"protocol":"range","leader":"m1","currentStateTimestamp":"2023-11-14T22:13:20.000Z","members":[{"memberId":"m1","groupInstanceId":null,"clientId":"c1","clientHost":"/10.0.0.1","rebalanceTimeout":300000,"sessionTimeout":45000,"subscription":{"version":0,"topics":["orders"],"userData":null},"assignment":{"version":0,"assignedPartitions":[{"topic":"orders","partitions":[0,1]}],"userData":null}}]}"#)]
#[case::an_epoch(
    "__consumer_offsets",
    "000300026731",
    "00000000000900",
    r#"ConsumerGroupMetadataValue {"version":0,"epoch":9}"#
)]
#[case::a_transaction("__transaction_state", TX,
    "000000000000000003e800030000ea60010000000100066f726465727300000001000000020000018bcfe568000000018bcfe540f0",
    r#"TransactionLogValue {"version":0,"producerId":1000,"producerEpoch":3,"transactionTimeoutMs":60000,"transactionStatus":"Ongoing","transactionPartitions":[{"topic":"orders","partitionIds":[2]}],"transactionLastUpdateTimestamp":"2023-11-14T22:13:20.000Z","transactionStartTimestamp":"2023-11-14T22:13:10.000Z"}"#)]
#[case::a_sync(
    "mm2-offset-syncs.B.internal",
    "00066f726465727300000002",
    "00000000000003e800000000000003b6",
    r#"OffsetSyncValue {"upstreamOffset":1000,"downstreamOffset":950}"#
)]
#[case::a_checkpoint(
    "A.checkpoints.internal",
    "000267310008412e6f726465727300000002",
    "000000000000000004b0000000000000044d0000",
    r#"CheckpointValue {"version":0,"upstreamOffset":1200,"downstreamOffset":1101,"metadata":""}"#
)]
#[case::a_heartbeat(
    "heartbeats",
    "000141000142",
    "00000000018bcfe56800",
    r#"HeartbeatValue {"version":0,"timestamp":"2023-11-14T22:13:20.000Z"}"#
)]
#[case::a_tag_of_the_future(
    "__consumer_offsets",
    "000300026731",
    "00000000000901070201ff",
    r#"ConsumerGroupMetadataValue {"version":0,"epoch":9,"tag 7":{"base64":"Af8="}}"#
)]
// From here on written by Kafka 4.4.0's own classes.
#[case::a_member("__consumer_offsets", "00050002673100026d31", "0000000372310363310a2f31302e302e302e3103076f726465727306757365727301000493e008756e69666f726d010019010000afc8020672616e67650b000000000000ffffffff0000",
    r#"ConsumerGroupMemberMetadataValue {"version":0,"instanceId":null,"rackId":"r1","clientId":"c1","clientHost":"/10.0.0.1","subscribedTopicNames":["orders","users"],"subscribedTopicRegex":"","rebalanceTimeoutMs":300000,"serverAssignor":"uniform","classicMemberMetadata":{"sessionTimeoutMs":45000,"supportedProtocols":[{"name":"range","metadata":{"version":0,"topics":[],"userData":null}}]}}"#)]
#[case::an_assignment("__consumer_offsets", "00080002673100026d31", "00000000000700000006010200112233445566778899aabbccddeeff0300000000000000010100090300000005000000060100",
    r#"ConsumerGroupCurrentMemberAssignmentValue {"version":0,"memberEpoch":7,"previousMemberEpoch":6,"state":"UNREVOKED_PARTITIONS","assignedPartitions":[{"topicId":"ABEiM0RVZneImaq7zN3u_w","partitions":[0,1],"assignmentEpochs":[5,6]}],"partitionsPendingRevocation":[]}"#)]
#[case::a_share_snapshot("__share_group_state", "0000", "000000000003000000020000000100000000000000640000018bcfe568000000018bcfe56876020000000000000064000000000000006d0200010001000400000004",
    r#"ShareSnapshotValue {"version":0,"snapshotEpoch":3,"stateEpoch":2,"leaderEpoch":1,"startOffset":100,"createTimestamp":"2023-11-14T22:13:20.000Z","writeTimestamp":"2023-11-14T22:13:20.118Z","stateBatches":[{"firstOffset":100,"lastOffset":109,"deliveryState":"acknowledged","deliveryCount":1}],"deliveryCompleteCount":4}"#)]
#[case::a_share_update(
    "__share_group_state",
    "0001",
    "0000000000030000000100000000000000650100",
    r#"ShareUpdateValue {"version":0,"snapshotEpoch":3,"leaderEpoch":1,"startOffset":101,"stateBatches":[]}"#
)]
#[case::a_newer_transaction("__transaction_state", TX, "000100000000000003e800030000ea6004000000018bcfe56800ffffffffffffffff02000800000000000003e702020002",
    r#"TransactionLogValue {"version":1,"producerId":1000,"producerEpoch":3,"transactionTimeoutMs":60000,"transactionStatus":"CompleteCommit","transactionPartitions":null,"transactionLastUpdateTimestamp":"2023-11-14T22:13:20.000Z","transactionStartTimestamp":-1,"previousProducerId":999,"clientTransactionVersion":2}"#)]
#[case::a_streams_member("__consumer_offsets", "0013", "000001010263032f68000003e80000000202700102682384000100",
    r#"StreamsGroupMemberMetadataValue {"version":0,"instanceId":"","rackId":"","clientId":"c","clientHost":"/h","rebalanceTimeoutMs":1000,"topologyEpoch":2,"processId":"p","userEndpoint":{"host":"h","port":9092},"clientTags":[]}"#)]
#[case::a_flexible_group("__consumer_offsets", "0002", "000408636f6e6e6563740000000100000000018bcfe568000100",
    r#"GroupMetadataValue {"version":4,"protocolType":"connect","generation":1,"protocol":null,"leader":null,"currentStateTimestamp":"2023-11-14T22:13:20.000Z","members":[]}"#)]
#[case::a_tagged_commit("__consumer_offsets", COMMIT, "0004000000000000002affffffff026d0000018bcfe5680001001000112233445566778899aabbccddeeff",
    r#"OffsetCommitValue {"version":4,"offset":42,"leaderEpoch":-1,"metadata":"m","commitTimestamp":"2023-11-14T22:13:20.000Z","topicId":"ABEiM0RVZneImaq7zN3u_w"}"#)]
fn values(#[case] topic: &str, #[case] key: &str, #[case] bytes: &str, #[case] expected: &str) {
    assert_eq!(json(value(topic, Some(&hex(key).into()), &hex(bytes).into())).as_deref(), Ok(expected));
}

#[rstest]
#[case::a_type_of_the_future("00630001", "0000", "a record of type 99, which klamm does not know")]
#[case::a_version_of_the_future(COMMIT, "0009", "OffsetCommitValue of version 9, which klamm does not know")]
#[case::cut(COMMIT, "0003000000", "OffsetCommit's value: it ends early, at byte 5")]
#[case::leftover("000300026731", "0000000000090000", "ConsumerGroupMetadata's value: 1 bytes follow the value")]
#[case::a_huge_list(
    "000200026731",
    "0000ffff00000001ffffffff7fffffff",
    "GroupMetadata's value: it ends early, at byte 16"
)]
#[case::no_key("", "0000", "its key has no type: it ends early, at byte 0")]
fn what_is_not_known_is_said(#[case] key: &str, #[case] bytes: &str, #[case] reason: &str) {
    let said = value("__consumer_offsets", Some(&hex(key).into()), &hex(bytes).into());
    assert_eq!(json(said), Err(reason.into()));
}

#[test]
fn other_topics_are_not_looked_at() {
    for topic in ["orders", "checkpoints.internal.x", "_schemas", "connect-offsets"] {
        assert!(key(topic, &Bytes::from_static(&[0, 1])).is_none(), "{topic}");
    }
}

proptest! {
    #[test]
    fn noise_never_panics(
        kind in 0i16..24, version in 0i16..6, key in prop::collection::vec(any::<u8>(), 0..40),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let key = Bytes::from([&kind.to_be_bytes()[..], &key].concat());
        let bytes = Bytes::from([&version.to_be_bytes()[..], &bytes].concat());
        for topic in ["__consumer_offsets", "__transaction_state", "__share_group_state", "heartbeats"] {
            let _ = (super::key(topic, &key), value(topic, Some(&key), &bytes));
        }
    }
}
