//! Records of the topics in which Kafka keeps its own: commits and groups,
//! transactions, share groups, and MirrorMaker's.
//!
//! Layouts: `group-coordinator`, `transaction-coordinator` and `share-coordinator` in
//! `src/main/resources/common/message`, `ConsumerProtocol*.json`, and the classes
//! `OffsetSync`, `Checkpoint` and `Heartbeat` of Apache Kafka. What Connect keeps, and
//! `_schemas`, is JSON and needs nothing here.
//!
//! Invariant: a type or a version that is not known is said, and never read as if it
//! were another.

use super::cursor::Broken;
use super::layout::Kind::{
    Bytes as Raw, I16, I32, I64, Many, Nested, Struct, Structs, Tagged, Text, Time, U16, Uuid, Word,
};
use super::layout::{Field, Kind, Layout, Reader};
use crate::domain::value::Value;
use bytes::Bytes;
use std::sync::Arc;

/// What is kept in one topic.
struct Keeper {
    records: &'static [Entry],
    /// Keys begin with the type of the record, values with a version.
    has_types: bool,
    /// Nobody else calls a topic so.
    is_certain: bool,
}

/// A type of record.
struct Entry {
    types: &'static [i16],
    name: &'static str,
    key: &'static [Field],
    /// Of one version several may be there, where Kafka changed its mind: the first
    /// that fits is taken.
    values: &'static [Layout],
}

const fn classic(from: i16, to: i16, fields: &'static [Field]) -> Layout {
    Layout { versions: (from, to), is_flexible: false, fields, tagged: &[] }
}

const fn flexible(version: i16, fields: &'static [Field], tagged: &'static [(u64, Field)]) -> Layout {
    Layout { versions: (version, version), is_flexible: true, fields, tagged }
}

const GROUP: &[Field] = &[("group", Text)];
const MEMBER: &[Field] = &[("group", Text), ("member", Text)];
const TOPIC_PARTITIONS: &[Field] = &[("topicId", Uuid), ("partitions", Many(&I32))];
const ASSIGNED: Kind = Tagged(TOPIC_PARTITIONS, &[(0, ("assignmentEpochs", Many(&I32)))]);
const EPOCH: &[Layout] = &[flexible(0, &[("epoch", I32)], &[(0, ("metadataHash", I64))])];
const TARGET_EPOCH: &[Layout] = &[flexible(0, &[("assignmentEpoch", I32)], &[(0, ("assignmentTimestamp", Time))])];
const TARGET_MEMBER: &[Layout] = &[flexible(0, &[("topicPartitions", Structs(TOPIC_PARTITIONS))], &[])];
const MEMBER_STATE: &[(i8, &str)] =
    &[(0, "STABLE"), (1, "UNREVOKED_PARTITIONS"), (2, "UNRELEASED_PARTITIONS"), (127, "UNKNOWN")];
const PARTITION_METADATA: &[Layout] = &[flexible(
    0,
    &[(
        "topics",
        Structs(&[
            ("topicId", Uuid),
            ("topicName", Text),
            ("numPartitions", I32),
            ("partitionMetadata", Structs(&[("partition", I32), ("racks", Many(&Text))])),
        ]),
    )],
    &[],
)];

const OWNED: &[Field] = &[("topic", Text), ("partitions", Many(&I32))];
const SUBSCRIPTION: &[Layout] = &[
    classic(0, 0, &[("topics", Many(&Text)), ("userData", Raw)]),
    classic(1, 1, &[("topics", Many(&Text)), ("userData", Raw), ("ownedPartitions", Structs(OWNED))]),
    classic(
        2,
        2,
        &[("topics", Many(&Text)), ("userData", Raw), ("ownedPartitions", Structs(OWNED)), ("generationId", I32)],
    ),
    classic(
        3,
        i16::MAX,
        &[
            ("topics", Many(&Text)),
            ("userData", Raw),
            ("ownedPartitions", Structs(OWNED)),
            ("generationId", I32),
            ("rackId", Text),
        ],
    ),
];
const ASSIGNMENT: &[Layout] = &[classic(0, i16::MAX, &[("assignedPartitions", Structs(OWNED)), ("userData", Raw)])];

macro_rules! classic_group {
    ([$($time:expr)?], [$($instance:expr)?], [$($rebalance:expr)?]) => {
        &[
            ("protocolType", Text),
            ("generation", I32),
            ("protocol", Text),
            ("leader", Text),
            $(("currentStateTimestamp", $time),)?
            (
                "members",
                Structs(&[
                    ("memberId", Text),
                    $(("groupInstanceId", $instance),)?
                    ("clientId", Text),
                    ("clientHost", Text),
                    $(("rebalanceTimeout", $rebalance),)?
                    ("sessionTimeout", I32),
                    ("subscription", Nested(SUBSCRIPTION)),
                    ("assignment", Nested(ASSIGNMENT)),
                ]),
            ),
        ]
    };
}

const COMMITS: Keeper = Keeper {
    has_types: true,
    is_certain: true,
    records: &[
        Entry {
            types: &[0, 1],
            name: "OffsetCommit",
            key: &[("group", Text), ("topic", Text), ("partition", I32)],
            values: &[
                classic(0, 0, &[("offset", I64), ("metadata", Text), ("commitTimestamp", Time)]),
                classic(
                    1,
                    1,
                    &[("offset", I64), ("metadata", Text), ("commitTimestamp", Time), ("expireTimestamp", Time)],
                ),
                classic(2, 2, &[("offset", I64), ("metadata", Text), ("commitTimestamp", Time)]),
                classic(3, 3, &[("offset", I64), ("leaderEpoch", I32), ("metadata", Text), ("commitTimestamp", Time)]),
                flexible(
                    4,
                    &[("offset", I64), ("leaderEpoch", I32), ("metadata", Text), ("commitTimestamp", Time)],
                    &[(0, ("topicId", Uuid))],
                ),
            ],
        },
        Entry {
            types: &[2],
            name: "GroupMetadata",
            key: GROUP,
            values: &[
                classic(0, 0, classic_group!([], [], [])),
                classic(1, 1, classic_group!([], [], [I32])),
                classic(2, 2, classic_group!([Time], [], [I32])),
                classic(3, 3, classic_group!([Time], [Text], [I32])),
                flexible(4, classic_group!([Time], [Text], [I32]), &[]),
            ],
        },
        Entry { types: &[3], name: "ConsumerGroupMetadata", key: GROUP, values: EPOCH },
        Entry { types: &[4], name: "ConsumerGroupPartitionMetadata", key: GROUP, values: PARTITION_METADATA },
        Entry {
            types: &[5],
            name: "ConsumerGroupMemberMetadata",
            key: MEMBER,
            values: &[flexible(
                0,
                &[
                    ("instanceId", Text),
                    ("rackId", Text),
                    ("clientId", Text),
                    ("clientHost", Text),
                    ("subscribedTopicNames", Many(&Text)),
                    ("subscribedTopicRegex", Text),
                    ("rebalanceTimeoutMs", I32),
                    ("serverAssignor", Text),
                ],
                &[(
                    0,
                    (
                        "classicMemberMetadata",
                        Struct(&[
                            ("sessionTimeoutMs", I32),
                            ("supportedProtocols", Structs(&[("name", Text), ("metadata", Nested(SUBSCRIPTION))])),
                        ]),
                    ),
                )],
            )],
        },
        Entry { types: &[6], name: "ConsumerGroupTargetAssignmentMetadata", key: GROUP, values: TARGET_EPOCH },
        Entry { types: &[7], name: "ConsumerGroupTargetAssignmentMember", key: MEMBER, values: TARGET_MEMBER },
        Entry {
            types: &[8],
            name: "ConsumerGroupCurrentMemberAssignment",
            key: MEMBER,
            values: &[flexible(
                0,
                &[
                    ("memberEpoch", I32),
                    ("previousMemberEpoch", I32),
                    ("state", Word(MEMBER_STATE)),
                    ("assignedPartitions", ASSIGNED),
                    ("partitionsPendingRevocation", ASSIGNED),
                ],
                &[],
            )],
        },
        Entry { types: &[9], name: "ShareGroupPartitionMetadata", key: GROUP, values: PARTITION_METADATA },
        Entry {
            types: &[10],
            name: "ShareGroupMemberMetadata",
            key: MEMBER,
            values: &[flexible(
                0,
                &[("rackId", Text), ("clientId", Text), ("clientHost", Text), ("subscribedTopicNames", Many(&Text))],
                &[],
            )],
        },
        Entry {
            types: &[11],
            name: "ShareGroupMetadata",
            key: GROUP,
            values: &[flexible(0, &[("epoch", I32), ("metadataHash", I64)], &[]), flexible(0, &[("epoch", I32)], &[])],
        },
        Entry { types: &[12], name: "ShareGroupTargetAssignmentMetadata", key: GROUP, values: TARGET_EPOCH },
        Entry { types: &[13], name: "ShareGroupTargetAssignmentMember", key: MEMBER, values: TARGET_MEMBER },
        Entry {
            types: &[14],
            name: "ShareGroupCurrentMemberAssignment",
            key: MEMBER,
            values: &[flexible(
                0,
                &[
                    ("memberEpoch", I32),
                    ("previousMemberEpoch", I32),
                    ("state", Word(MEMBER_STATE)),
                    ("assignedPartitions", Structs(TOPIC_PARTITIONS)),
                ],
                &[],
            )],
        },
        Entry {
            types: &[16],
            name: "ConsumerGroupRegularExpression",
            key: &[("group", Text), ("regex", Text)],
            values: &[flexible(0, &[("topics", Many(&Text)), ("version", I64), ("timestamp", Time)], &[])],
        },
        Entry {
            types: &[15],
            name: "ShareGroupStatePartitionMetadata",
            key: GROUP,
            values: &[flexible(
                0,
                &[
                    ("initializingTopics", Structs(NAMED_PARTITIONS)),
                    ("initializedTopics", Structs(NAMED_PARTITIONS)),
                    ("deletingTopics", Structs(&[("topicId", Uuid), ("topicName", Text)])),
                ],
                &[],
            )],
        },
        Entry {
            types: &[17],
            name: "StreamsGroupMetadata",
            key: GROUP,
            values: &[flexible(
                0,
                &[("epoch", I32), ("metadataHash", I64)],
                &[
                    (0, ("validatedTopologyEpoch", I32)),
                    (1, ("lastAssignmentConfigs", Structs(KEY_VALUE))),
                    (2, ("storedDescriptionTopologyEpoch", I32)),
                    (3, ("failedDescriptionTopologyEpoch", I32)),
                ],
            )],
        },
        Entry {
            types: &[19],
            name: "StreamsGroupMemberMetadata",
            key: MEMBER,
            values: &[flexible(
                0,
                &[
                    ("instanceId", Text),
                    ("rackId", Text),
                    ("clientId", Text),
                    ("clientHost", Text),
                    ("rebalanceTimeoutMs", I32),
                    ("topologyEpoch", I32),
                    ("processId", Text),
                    ("userEndpoint", Struct(&[("host", Text), ("port", U16)])),
                    ("clientTags", Structs(KEY_VALUE)),
                ],
                &[],
            )],
        },
        Entry { types: &[20], name: "StreamsGroupTargetAssignmentMetadata", key: GROUP, values: TARGET_EPOCH },
        Entry {
            types: &[21],
            name: "StreamsGroupTargetAssignmentMember",
            key: MEMBER,
            values: &[flexible(
                0,
                &[("activeTasks", Structs(TASKS)), ("standbyTasks", Structs(TASKS)), ("warmupTasks", Structs(TASKS))],
                &[],
            )],
        },
        Entry {
            types: &[22],
            name: "StreamsGroupCurrentMemberAssignment",
            key: MEMBER,
            values: &[flexible(
                0,
                &[
                    ("memberEpoch", I32),
                    ("previousMemberEpoch", I32),
                    ("state", Word(MEMBER_STATE)),
                    ("activeTasks", ASSIGNED_TASKS),
                    ("standbyTasks", ASSIGNED_TASKS),
                    ("warmupTasks", ASSIGNED_TASKS),
                    ("activeTasksPendingRevocation", ASSIGNED_TASKS),
                    ("standbyTasksPendingRevocation", ASSIGNED_TASKS),
                    ("warmupTasksPendingRevocation", ASSIGNED_TASKS),
                ],
                &[],
            )],
        },
        Entry {
            types: &[23],
            name: "StreamsGroupTopology",
            key: GROUP,
            values: &[flexible(0, &[("epoch", I32), ("subtopologies", Structs(SUBTOPOLOGY))], &[])],
        },
    ],
};

const NAMED_PARTITIONS: &[Field] = &[("topicId", Uuid), ("topicName", Text), ("partitions", Many(&I32))];
const KEY_VALUE: &[Field] = &[("key", Text), ("value", Text)];
const TASKS: &[Field] = &[("subtopologyId", Text), ("partitions", Many(&I32))];
const ASSIGNED_TASKS: Kind = Tagged(TASKS, &[(0, ("assignmentEpochs", Many(&I32)))]);
const INNER_TOPIC: &[Field] =
    &[("name", Text), ("partitions", I32), ("replicationFactor", I16), ("topicConfigs", Structs(KEY_VALUE))];
const SUBTOPOLOGY: &[Field] = &[
    ("subtopologyId", Text),
    ("sourceTopics", Many(&Text)),
    ("sourceTopicRegex", Many(&Text)),
    ("stateChangelogTopics", Structs(INNER_TOPIC)),
    ("repartitionSinkTopics", Many(&Text)),
    ("repartitionSourceTopics", Structs(INNER_TOPIC)),
    (
        "copartitionGroups",
        Structs(&[
            ("sourceTopics", Many(&I16)),
            ("sourceTopicRegex", Many(&I16)),
            ("repartitionSourceTopics", Many(&I16)),
        ]),
    ),
];

const TRANSACTION_STATE: &[(i8, &str)] = &[
    (0, "Empty"),
    (1, "Ongoing"),
    (2, "PrepareCommit"),
    (3, "PrepareAbort"),
    (4, "CompleteCommit"),
    (5, "CompleteAbort"),
    (6, "Dead"),
    (7, "PrepareEpochFence"),
];
const TRANSACTION: &[Field] = &[
    ("producerId", I64),
    ("producerEpoch", I16),
    ("transactionTimeoutMs", I32),
    ("transactionStatus", Word(TRANSACTION_STATE)),
    ("transactionPartitions", Structs(&[("topic", Text), ("partitionIds", Many(&I32))])),
    ("transactionLastUpdateTimestamp", Time),
    ("transactionStartTimestamp", Time),
];
const TRANSACTIONS: Keeper = Keeper {
    has_types: true,
    is_certain: true,
    records: &[Entry {
        types: &[0],
        name: "TransactionLog",
        key: &[("transactionalId", Text)],
        values: &[
            classic(0, 0, TRANSACTION),
            flexible(
                1,
                TRANSACTION,
                &[
                    (0, ("previousProducerId", I64)),
                    (1, ("nextProducerId", I64)),
                    (2, ("clientTransactionVersion", I16)),
                    (3, ("nextProducerEpoch", I16)),
                ],
            ),
        ],
    }],
};

const SHARE_KEY: &[Field] = &[("group", Text), ("topicId", Uuid), ("partition", I32)];
const DELIVERY_STATE: &[(i8, &str)] = &[(0, "available"), (1, "acquired"), (2, "acknowledged"), (4, "archived")];
const BATCHES: &[Field] =
    &[("firstOffset", I64), ("lastOffset", I64), ("deliveryState", Word(DELIVERY_STATE)), ("deliveryCount", I16)];
const COMPLETE: &[(u64, Field)] = &[(0, ("deliveryCompleteCount", I32))];
macro_rules! snapshot {
    ($epoch:expr $(, $time:literal)*) => {
        flexible(
            0,
            &[
                ("snapshotEpoch", $epoch),
                ("stateEpoch", I32),
                ("leaderEpoch", I32),
                ("startOffset", I64),
                $(($time, Time),)*
                ("stateBatches", Structs(BATCHES)),
            ],
            COMPLETE,
        )
    };
}
const fn update(fields: &'static [Field]) -> Layout {
    flexible(0, fields, COMPLETE)
}
const SHARE_STATE: Keeper = Keeper {
    has_types: true,
    is_certain: true,
    records: &[
        Entry {
            types: &[0],
            name: "ShareSnapshot",
            key: SHARE_KEY,
            values: &[snapshot!(I32, "createTimestamp", "writeTimestamp"), snapshot!(I32), snapshot!(U16)],
        },
        Entry {
            types: &[1],
            name: "ShareUpdate",
            key: SHARE_KEY,
            values: &[
                update(&[
                    ("snapshotEpoch", I32),
                    ("leaderEpoch", I32),
                    ("startOffset", I64),
                    ("stateBatches", Structs(BATCHES)),
                ]),
                update(&[
                    ("snapshotEpoch", U16),
                    ("leaderEpoch", I32),
                    ("startOffset", I64),
                    ("stateBatches", Structs(BATCHES)),
                ]),
            ],
        },
    ],
};

const OFFSETS: &[Field] = &[("upstreamOffset", I64), ("downstreamOffset", I64)];
const OFFSET_SYNCS: Keeper = Keeper {
    has_types: false,
    is_certain: true,
    records: &[Entry {
        types: &[],
        name: "OffsetSync",
        key: &[("topic", Text), ("partition", I32)],
        values: &[classic(i16::MIN, i16::MIN, OFFSETS)],
    }],
};
const CHECKPOINTS: Keeper = Keeper {
    has_types: false,
    is_certain: true,
    records: &[Entry {
        types: &[],
        name: "Checkpoint",
        key: &[("group", Text), ("topic", Text), ("partition", I32)],
        values: &[classic(0, 0, &[("upstreamOffset", I64), ("downstreamOffset", I64), ("metadata", Text)])],
    }],
};
const HEARTBEATS: Keeper = Keeper {
    has_types: false,
    is_certain: false,
    records: &[Entry {
        types: &[],
        name: "Heartbeat",
        key: &[("sourceClusterAlias", Text), ("targetClusterAlias", Text)],
        values: &[classic(0, 0, &[("timestamp", Time)])],
    }],
};

fn keeper(topic: &str) -> Option<&'static Keeper> {
    Some(match topic {
        "__consumer_offsets" => &COMMITS,
        "__transaction_state" => &TRANSACTIONS,
        "__share_group_state" => &SHARE_STATE,
        _ if topic.starts_with("mm2-offset-syncs.") && topic.ends_with(".internal") => &OFFSET_SYNCS,
        _ if topic.ends_with(".checkpoints.internal") => &CHECKPOINTS,
        _ if topic == "heartbeats" || topic.ends_with(".heartbeats") => &HEARTBEATS,
        _ => return None,
    })
}

/// A topic of each, for feeding noise to.
pub(super) const EVERY: &[&str] = &[
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
    "mm2-offset-syncs.b.internal",
    "a.checkpoints.internal",
    "heartbeats",
];

pub(super) fn is_kept(topic: &str) -> bool {
    keeper(topic).is_some()
}

/// What a key or value of such a topic says, and what it is called; or why it cannot
/// be read, and whether nothing else can be there.
pub(super) struct Said {
    pub read: Result<(Value, Arc<str>), String>,
    pub is_certain: bool,
}

/// Reads a key.
pub(super) fn key(topic: &str, bytes: &Bytes) -> Option<Said> {
    let keeper = keeper(topic)?;
    let read = entry(keeper, bytes).and_then(|(entry, mut reader, mut fields)| {
        let layout = classic(0, 0, entry.key);
        reader.layout(&layout, &mut fields).and_then(|()| reader.end()).map_err(|error| said(entry, "key", &error))?;
        Ok((Value::Record(fields), format!("{}Key", entry.name).into()))
    });
    Some(Said { read, is_certain: keeper.is_certain })
}

/// Reads a value, whose layout the record's key tells.
pub(super) fn value(topic: &str, key: Option<&Bytes>, bytes: &Bytes) -> Option<Said> {
    let keeper = keeper(topic)?;
    let empty = Bytes::new();
    let read = entry(keeper, key.unwrap_or(&empty)).and_then(|(entry, _, _)| value_of(entry, bytes));
    Some(Said { read, is_certain: keeper.is_certain })
}

type Begun<'a> = (&'static Entry, Reader<'a>, Vec<(Arc<str>, Value)>);

/// The type of record that a key names.
fn entry<'a>(keeper: &'static Keeper, key: &'a Bytes) -> Result<Begun<'a>, String> {
    let mut reader = Reader::new(key);
    if !keeper.has_types {
        let entry = keeper.records.first().ok_or("there is no such record")?;
        return Ok((entry, reader, Vec::new()));
    }
    let kind = reader.int16().map_err(|error| format!("its key has no type: {error}"))?;
    let entry = keeper.records.iter().find(|entry| entry.types.contains(&kind));
    let entry = entry.ok_or_else(|| format!("a record of type {kind}, which klamm does not know"))?;
    Ok((entry, reader, vec![("type".into(), Value::Number(kind.to_string().into()))]))
}

fn value_of(entry: &'static Entry, bytes: &Bytes) -> Result<(Value, Arc<str>), String> {
    let has_version = entry.values.iter().all(|layout| layout.versions.0 != i16::MIN);
    let mut begun = Reader::new(bytes);
    let version = if has_version { begun.int16().map_err(|error| said(entry, "value", &error))? } else { i16::MIN };
    let mut failed = None;
    for layout in entry.values.iter().filter(|layout| (layout.versions.0..=layout.versions.1).contains(&version)) {
        let mut reader = Reader::new(bytes);
        let mut fields = Vec::new();
        if has_version {
            fields.push(("version".into(), Value::Number(version.to_string().into())));
        }
        let read = if has_version { reader.int16().map(drop) } else { Ok(()) };
        match read.and_then(|()| reader.layout(layout, &mut fields)).and_then(|()| reader.end()) {
            Ok(()) => return Ok((Value::Record(fields), format!("{}Value", entry.name).into())),
            Err(error) => failed = failed.or(Some(said(entry, "value", &error))),
        }
    }
    Err(failed.unwrap_or_else(|| format!("{}Value of version {version}, which klamm does not know", entry.name)))
}

fn said(entry: &Entry, part: &str, error: &Broken) -> String {
    format!("{}'s {part}: {error}", entry.name)
}

#[cfg(test)]
mod tests {
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
    #[case(
        "mm2-offset-syncs.B.internal",
        "00066f726465727300000002",
        r#"OffsetSyncKey {"topic":"orders","partition":2}"#
    )]
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
}
