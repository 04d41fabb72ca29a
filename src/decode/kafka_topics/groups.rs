//! The table of `__consumer_offsets`: commits, and groups of every type. Layouts:
//! `group-coordinator/src/main/resources/common/message` of Apache Kafka.

use super::super::layout::Kind::{
    Bytes as Raw, I16, I32, I64, Many, Nested, Struct, Structs, Tagged, Text, Time, U16, Uuid, Word,
};
use super::super::layout::{Field, Kind, Layout};
use super::{Entry, Keeper, classic, flexible};

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

pub(super) const COMMITS: Keeper = Keeper {
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
