//! A broker with some groups that committed in some topics, for tests of whoever
//! asks about them.

use crate::domain::group::GroupType;
use crate::kafka::wire::scripted::{Script, Scripted};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;

/// A group without members, and where it committed.
#[derive(Clone, Copy)]
pub(crate) struct Away {
    pub(crate) id: &'static str,
    pub(crate) kind: GroupType,
    pub(crate) topics: &'static [&'static str],
}

pub(crate) struct World {
    broker: Scripted,
}

impl World {
    pub(crate) async fn with(groups: &'static [Away]) -> Self {
        let mut script = Script::new().without::<ShareGroupDescribeRequest>();
        let mut topics: Vec<&str> = groups.iter().flat_map(|group| group.topics).copied().collect();
        topics.sort_unstable();
        topics.dedup();
        for topic in topics {
            script = script.topic(topic, &[1]);
        }
        let script = offsets(describes(lists(script, groups), groups), groups);
        Self { broker: script.start().await }
    }

    /// These topics with so many partitions of ten records, and no groups.
    pub(crate) async fn wide(topics: &[(&str, usize)]) -> Self {
        let script =
            topics.iter().fold(Script::new(), |script, (name, partitions)| script.topic(name, &vec![1; *partitions]));
        let script = script
            .answer::<ListOffsetsRequest>(|request, _| listed(request, |at, _| if at == -1 { 10 } else { 0 }))
            .answer::<DescribeLogDirsRequest>(|_, _| DescribeLogDirsResponse::default());
        Self { broker: script.start().await }
    }

    /// The past times at which offsets were asked for: one for each request.
    pub(crate) fn times_asked(&self) -> Vec<i64> {
        let asked = self.broker.asked::<ListOffsetsRequest>();
        let time = |request: ListOffsetsRequest| {
            let partition = request.topics.first()?.partitions.first()?.timestamp;
            (partition >= 0).then_some(partition)
        };
        asked.into_iter().filter_map(|asked| time(asked.read::<ListOffsetsRequest>())).collect()
    }

    /// The topics whose offsets were asked for, each when it was asked for first.
    pub(crate) fn bounds_of(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for asked in self.broker.asked::<ListOffsetsRequest>() {
            for topic in asked.read::<ListOffsetsRequest>().topics {
                if !names.contains(&topic.name.to_string()) {
                    names.push(topic.name.to_string());
                }
            }
        }
        names
    }

    /// One topic, `orders`, of 100 records in one partition; the first 50 are in
    /// remote storage, and offsets from 90 on belong to an open transaction.
    pub(crate) async fn tiered(oldest_only: bool) -> Self {
        let script = Script::new()
            .topic("orders", &[1])
            .answer::<ListOffsetsRequest>(|request, _| {
                listed(request, |at, isolation| match (at, isolation) {
                    (-4, _) => 50,
                    (-1, 1) => 90,
                    (-1, _) => 100,
                    _ => 0,
                })
            })
            .answer::<FetchRequest>(|request, version| {
                use fetch_response::{FetchableTopicResponse, PartitionData};
                let topics = request.topics.into_iter().map(|topic| {
                    let rows = topic.partitions.iter().map(|row| {
                        PartitionData::default()
                            .with_partition_index(row.partition)
                            .with_high_watermark(row.fetch_offset)
                            .with_records(Some(bytes::Bytes::new()))
                    });
                    let answer = FetchableTopicResponse::default().with_partitions(rows.collect());
                    if version >= 13 { answer.with_topic_id(topic.topic_id) } else { answer.with_topic(topic.topic) }
                });
                FetchResponse::default().with_responses(topics.collect())
            });
        let script = if oldest_only { script.versions::<ListOffsetsRequest>(1, 7) } else { script };
        Self { broker: script.start().await }
    }

    /// The first offset of each fetch, so far.
    pub(crate) fn fetched_from(&self) -> Vec<i64> {
        let asked = self.broker.asked::<FetchRequest>();
        asked.iter().map(|asked| asked.read::<FetchRequest>().topics[0].partitions[0].fetch_offset).collect()
    }

    pub(crate) fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.broker.port)
    }

    /// How often all groups were asked for.
    pub(crate) fn lists(&self) -> usize {
        self.broker.asked::<ListGroupsRequest>().len()
    }

    /// How many groups' offsets were asked for.
    pub(crate) fn offsets_of(&self) -> usize {
        let asked = self.broker.asked::<OffsetFetchRequest>();
        asked.iter().map(|asked| asked.read::<OffsetFetchRequest>().groups.len()).sum()
    }
}

fn lists(script: Script, groups: &'static [Away]) -> Script {
    use list_groups_response::ListedGroup;
    script.answer::<ListGroupsRequest>(move |_, _| {
        let groups = groups.iter().map(|group| {
            ListedGroup::default()
                .with_group_id(StrBytes::from_static_str(group.id).into())
                .with_protocol_type("consumer".into())
                .with_group_state("Empty".into())
                .with_group_type(StrBytes::from_static_str(group.kind.word()))
        });
        ListGroupsResponse::default().with_groups(groups.collect())
    })
}

fn describes(script: Script, groups: &'static [Away]) -> Script {
    let is = |id: &str, kind| groups.iter().any(|group| group.id == id && group.kind == kind);
    script
        .answer::<DescribeGroupsRequest>(move |request, _| {
            use describe_groups_response::DescribedGroup;
            let groups = request.groups.into_iter().map(|id| {
                let group = DescribedGroup::default().with_group_id(id.clone());
                match is(&id, GroupType::Classic) {
                    true => group.with_group_state("Empty".into()).with_protocol_type("consumer".into()),
                    false => group.with_group_state("Dead".into()).with_error_code(69),
                }
                .with_authorized_operations(if request.include_authorized_operations {
                    1 << 6
                } else {
                    i32::MIN
                })
            });
            DescribeGroupsResponse::default().with_groups(groups.collect())
        })
        .answer::<ConsumerGroupDescribeRequest>(move |request, _| {
            use consumer_group_describe_response::DescribedGroup;
            let groups = request.group_ids.into_iter().map(|id| {
                let group = DescribedGroup::default().with_group_id(id.clone());
                match is(&id, GroupType::Consumer) {
                    true => group.with_group_state("Empty".into()).with_authorized_operations(1 << 3),
                    false => group.with_error_code(69),
                }
            });
            ConsumerGroupDescribeResponse::default().with_groups(groups.collect())
        })
}

fn offsets(script: Script, groups: &'static [Away]) -> Script {
    script
        .answer::<OffsetFetchRequest>(move |request, _| {
            use offset_fetch_response::*;
            let groups = request.groups.into_iter().map(|asked| {
                let known = groups.iter().find(|group| asked.group_id.as_str() == group.id);
                let topics = known.map_or(&[][..], |group| group.topics).iter().map(|topic| {
                    let row = OffsetFetchResponsePartitions::default().with_committed_offset(4);
                    OffsetFetchResponseTopics::default()
                        .with_name(StrBytes::from_static_str(topic).into())
                        .with_partitions(vec![row])
                });
                OffsetFetchResponseGroup::default().with_group_id(asked.group_id).with_topics(topics.collect())
            });
            OffsetFetchResponse::default().with_groups(groups.collect())
        })
        .answer::<ListOffsetsRequest>(|request, _| listed(request, |at, _| if at == -1 { 9 } else { 0 }))
}

/// Each partition's offset, as `at` says by what was asked for and the isolation.
fn listed(request: ListOffsetsRequest, at: impl Fn(i64, i8) -> i64) -> ListOffsetsResponse {
    use list_offsets_response::*;
    let isolation = request.isolation_level;
    let topics = request.topics.into_iter().map(|topic| {
        let rows = topic.partitions.iter().map(|row| {
            let offset = at(row.timestamp, isolation);
            ListOffsetsPartitionResponse::default().with_partition_index(row.partition_index).with_offset(offset)
        });
        ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(rows.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}
