//! Questions.

use super::super::offsets::{EpochEnd, OffsetAt};
use super::super::{configs, groups, log_dirs, offsets, topics};
use super::at;
use crate::domain::group::{GroupListing, GroupState, GroupType};
use crate::domain::{BrokerId, FailureKind, GroupId, Time, TopicName};
use crate::kafka::wire::scripted::{Reply, Script, Scripted};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn name(name: &str) -> kafka_protocol::messages::TopicName {
    StrBytes::from_string(name.to_owned()).into()
}

#[tokio::test]
async fn metadata_is_sorted_and_names_what_it_could_not_read() {
    use metadata_response::*;
    let broker = Script::new()
        .answer::<MetadataRequest>(|request, version| {
            assert!(!request.allow_auto_topic_creation);
            assert_eq!(request.include_cluster_authorized_operations, (8..=10).contains(&version));
            let partition = |index| {
                MetadataResponsePartition::default()
                    .with_partition_index(index)
                    .with_leader_id(kafka_protocol::messages::BrokerId(index - 1))
                    .with_replica_nodes(vec![kafka_protocol::messages::BrokerId(0); 2])
            };
            let topic = |topic: &str, code| {
                MetadataResponseTopic::default()
                    .with_name(Some(name(topic)))
                    .with_error_code(code)
                    .with_partitions(vec![partition(1), partition(0)])
            };
            let broker = |id| {
                MetadataResponseBroker::default()
                    .with_node_id(kafka_protocol::messages::BrokerId(id))
                    .with_host("h".into())
                    .with_port(if id == 9 { 70_000 } else { 9092 })
            };
            let response = MetadataResponse::default()
                .with_brokers(vec![broker(2), broker(1), broker(9)])
                .with_topics(vec![topic("b", 0), topic("secret", 29), topic("a", 0)])
                .with_cluster_id(Some("id".into()));
            if version <= 10 { response.with_cluster_authorized_operations(1 << 4) } else { response }
        })
        .versions::<MetadataRequest>(0, 10)
        .start()
        .await;
    let metadata = topics::metadata(&broker.client(), None).await.unwrap();
    assert_eq!(metadata.topics.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let partitions = &metadata.topics[0].partitions;
    assert_eq!(partitions.iter().map(|p| (p.id, p.leader)).collect::<Vec<_>>(), [(0, None), (1, Some(BrokerId(0)))]);
    assert!(partitions[0].is_offline() && partitions[0].is_under_replicated());
    assert_eq!(metadata.failures[0].kind, FailureKind::Denied);
    assert_eq!(metadata.failures[0].target, "secret");
    assert_eq!(metadata.brokers.iter().map(|broker| broker.id.0).collect::<Vec<_>>(), [1, 2], "9 has no real port");
    assert_eq!((metadata.cluster_id.as_deref(), metadata.controller), (Some("id"), None));
    assert_eq!(metadata.may_describe_cluster, Some(false));
}

/// Two brokers; broker 2 coordinates all groups and leads partitions 1 and 3.
async fn pair(one: Script, two: Script) -> (Scripted, Scripted) {
    let topic = |script: Script| script.topic("orders", &[1, 2, 1, 2, -1]);
    let (one, two) = (topic(one).start().await, topic(two).start().await);
    Scripted::join(&[&one, &two]);
    (one, two)
}

fn lists_offsets(script: Script) -> Script {
    script.answer::<ListOffsetsRequest>(|request, _| {
        use list_offsets_response::*;
        let topics = request.topics.into_iter().map(|topic| {
            let rows = topic.partitions.into_iter().map(|row| {
                let answer = ListOffsetsPartitionResponse::default().with_partition_index(row.partition_index);
                match (row.partition_index, row.timestamp) {
                    (3, _) => answer.with_error_code(29),
                    (_, -1) => answer.with_offset(100),
                    (_, -2) => answer.with_offset(7),
                    (_, 5_000) => answer.with_offset(-1).with_timestamp(-1),
                    (_, time) => answer.with_offset(50).with_timestamp(time + 1),
                }
            });
            ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(rows.collect())
        });
        ListOffsetsResponse::default().with_topics(topics.collect())
    })
}

#[tokio::test]
async fn offsets_are_asked_of_the_leaders_and_each_gap_has_a_reason() {
    let (one, two) = pair(lists_offsets(Script::new()), lists_offsets(Script::new())).await;
    let client = one.client();
    let metadata = topics::metadata(&client, None).await.unwrap();
    let wanted = [
        (at("orders", 0), OffsetAt::Latest),
        (at("orders", 1), OffsetAt::Earliest),
        (at("orders", 2), OffsetAt::Time(Time(1_000))),
        (at("orders", 3), OffsetAt::Latest),
        (at("orders", 4), OffsetAt::Latest),
        (at("orders", 5), OffsetAt::Latest),
        (at("ghost", 0), OffsetAt::Latest),
    ];
    let listed = offsets::list(&client, &wanted, &metadata.topics).await;
    let offset = |partition| listed[&at("orders", partition)].clone().unwrap().unwrap().offset;
    assert_eq!((offset(0), offset(1), offset(2)), (100, 7, 50));
    assert_eq!(listed[&at("orders", 2)].clone().unwrap().unwrap().timestamp, Time(1_001));
    let failure = |topic, partition| listed[&at(topic, partition)].clone().unwrap_err();
    assert_eq!(failure("orders", 3).kind, FailureKind::Denied);
    assert_eq!(failure("orders", 3).broker.as_deref(), Some("2"));
    assert_eq!(failure("orders", 4).message, "the partition has no leader");
    assert_eq!(failure("orders", 5).kind, FailureKind::NotFound);
    assert_eq!(failure("ghost", 0).kind, FailureKind::NotFound);
    assert_eq!((one.asked::<ListOffsetsRequest>().len(), two.asked::<ListOffsetsRequest>().len()), (1, 1));

    let late = offsets::list(&client, &[(at("orders", 0), OffsetAt::Time(Time(5_000)))], &metadata.topics).await;
    assert_eq!(late[&at("orders", 0)], Ok(None), "no record at or after it");
    let negative = offsets::list(&client, &[(at("orders", 0), OffsetAt::Time(Time(-1)))], &metadata.topics).await;
    assert_eq!(negative[&at("orders", 0)].clone().unwrap().unwrap().offset, 50, "−1 is a time here, not a command");
}

#[tokio::test]
async fn a_leader_that_moved_is_looked_up_once_more() {
    let moved = Script::new().answer::<ListOffsetsRequest>(|request, _| {
        use list_offsets_response::*;
        let row = ListOffsetsPartitionResponse::default().with_error_code(6);
        let topic =
            ListOffsetsTopicResponse::default().with_name(request.topics[0].name.clone()).with_partitions(vec![row]);
        ListOffsetsResponse::default().with_topics(vec![topic])
    });
    let one = moved.topic("orders", &[2]).start().await;
    let two = lists_offsets(Script::new()).topic("orders", &[2]).start().await;
    Scripted::join(&[&one, &two]);
    let client = one.client();
    let mut metadata = topics::metadata(&client, None).await.unwrap();
    Arc::make_mut(&mut metadata.topics[0]).partitions[0].leader = Some(BrokerId(1));
    let listed = offsets::list(&client, &[(at("orders", 0), OffsetAt::Latest)], &metadata.topics).await;
    assert_eq!(listed[&at("orders", 0)].clone().unwrap().unwrap().offset, 100);
    assert_eq!((one.asked::<ListOffsetsRequest>().len(), two.asked::<ListOffsetsRequest>().len()), (1, 1));
}

#[tokio::test]
async fn a_dead_broker_costs_its_partitions_only() {
    let (one, two) = pair(lists_offsets(Script::new()), lists_offsets(Script::new())).await;
    let client = one.client();
    let metadata = topics::metadata(&client, None).await.unwrap();
    drop(two);
    let wanted = [(at("orders", 0), OffsetAt::Latest), (at("orders", 1), OffsetAt::Latest)];
    let listed = offsets::list(&client, &wanted, &metadata.topics).await;
    assert!(listed[&at("orders", 0)].is_ok());
    let failure = listed[&at("orders", 1)].clone().unwrap_err();
    assert_eq!((failure.kind, failure.target.as_str()), (FailureKind::Unreachable, "orders:1"));
}

#[tokio::test]
async fn groups_are_listed_by_all_brokers_and_a_missing_one_is_named() {
    use list_groups_response::ListedGroup;
    let lists = |ids: &'static [&'static str]| {
        Script::new().answer::<ListGroupsRequest>(move |_, version| {
            let groups = ids.iter().map(|id| {
                let group = ListedGroup::default()
                    .with_group_id(StrBytes::from_static_str(id).into())
                    .with_protocol_type("consumer".into());
                if version >= 5 {
                    group.with_group_state("Stable".into()).with_group_type("Consumer".into())
                } else {
                    group
                }
            });
            ListGroupsResponse::default().with_groups(groups.collect())
        })
    };
    let denied = Script::new().answer::<ListGroupsRequest>(|_, _| ListGroupsResponse::default().with_error_code(31));
    let brokers = [
        lists(&["b", "moving"]).start().await,
        lists(&["a", "moving"]).versions::<ListGroupsRequest>(0, 2).start().await,
        denied.start().await,
    ];
    Scripted::join(&[&brokers[0], &brokers[1], &brokers[2]]);
    let client = brokers[0].client();
    let listed = groups::list(&client).await;
    assert_eq!(listed.value.iter().map(|group| group.id.as_str()).collect::<Vec<_>>(), ["a", "b", "moving"]);
    assert_eq!((listed.value[0].kind, listed.value[0].state), (GroupType::Classic, GroupState::Unknown));
    assert_eq!((listed.value[1].kind, listed.value[1].state), (GroupType::Consumer, GroupState::Stable));
    assert_eq!(listed.failures.len(), 1);
    assert_eq!((listed.failures[0].kind, listed.failures[0].broker.as_deref()), (FailureKind::Denied, Some("3")));

    let coordinators = client.coordinators(&["a".into(), "b".into()]).await;
    let known = [(BrokerId(1), vec!["b".into()]), (BrokerId(2), vec!["a".into()])];
    assert_eq!(coordinators.value, HashMap::from(known));
    let asked = brokers.iter().map(|broker| broker.asked::<FindCoordinatorRequest>().len());
    assert_eq!(asked.sum::<usize>(), 0, "a broker lists what it coordinates");
}

fn listing(id: &str, kind: GroupType) -> GroupListing {
    GroupListing { id: id.into(), state: GroupState::Unknown, kind, protocol_type: String::new() }
}

fn describes_classic(script: Script) -> Script {
    use describe_groups_response::*;
    script.answer::<DescribeGroupsRequest>(|request, version| {
        let groups = request.groups.into_iter().map(|id| {
            let known = id.as_str() == "old";
            let group = DescribedGroup::default().with_group_id(id.clone());
            if id.as_str() == "denied" {
                return group.with_error_code(30);
            }
            if !known {
                let group = group.with_group_state("Dead".into());
                return if version >= 6 { group.with_error_code(69) } else { group };
            }
            let bytes: &[u8] = b"\0\x01\0\0\0\x01\0\x06orders\0\0\0\x02\0\0\0\x03\0\0\0\x01\xff\xff\xff\xff";
            let member = DescribedGroupMember::default()
                .with_member_id("m".into())
                .with_client_host("/10.0.0.1".into())
                .with_member_assignment(bytes::Bytes::copy_from_slice(bytes));
            group
                .with_group_state("Stable".into())
                .with_protocol_type("consumer".into())
                .with_protocol_data("range".into())
                .with_members(vec![member])
        });
        DescribeGroupsResponse::default().with_groups(groups.collect())
    })
}

fn describes_modern(script: Script) -> Script {
    use consumer_group_describe_response::*;
    script.answer::<ConsumerGroupDescribeRequest>(|request, _| {
        let groups = request.group_ids.into_iter().map(|id| {
            let group = DescribedGroup::default().with_group_id(id.clone());
            if id.as_str() != "new" {
                return group.with_error_code(69);
            }
            let rows = TopicPartitions::default().with_topic_name(name("orders")).with_partitions(vec![2, 0]);
            let member = Member::default()
                .with_member_id("m".into())
                .with_instance_id(Some("i".into()))
                .with_assignment(Assignment::default().with_topic_partitions(vec![rows]));
            group.with_group_state("Reconciling".into()).with_assignor_name("uniform".into()).with_members(vec![member])
        });
        ConsumerGroupDescribeResponse::default().with_groups(groups.collect())
    })
}

#[tokio::test]
async fn groups_are_described_by_the_protocol_they_use() {
    let script = describes_modern(describes_classic(Script::new())).without::<ShareGroupDescribeRequest>();
    let broker = script.start().await;
    let wanted = [
        listing("old", GroupType::Classic),
        listing("new", GroupType::Consumer),
        listing("denied", GroupType::Classic),
        listing("ghost", GroupType::Unknown),
        listing("shared", GroupType::Share),
    ];
    let described = groups::describe(&broker.client(), &wanted, groups::Rights::Leave).await;
    let old = &described.value[&GroupId::from("old")];
    assert_eq!(
        (old.listing.state, old.listing.kind, old.assignor.as_str()),
        (GroupState::Stable, GroupType::Classic, "range")
    );
    assert_eq!(old.members[0].assignment, [at("orders", 1), at("orders", 3)]);
    assert_eq!((old.members[0].host.as_str(), old.coordinator), ("10.0.0.1", Some(BrokerId(1))));
    let new = &described.value[&GroupId::from("new")];
    assert_eq!((new.listing.state, new.listing.kind), (GroupState::Reconciling, GroupType::Consumer));
    assert_eq!(new.members[0].assignment, [at("orders", 0), at("orders", 2)]);
    assert_eq!(new.members[0].instance_id.as_deref(), Some("i"));
    assert_eq!(described.value[&GroupId::from("ghost")].listing.state, GroupState::Dead);
    assert_eq!(described.value.len(), 3);
    let mut failures: Vec<_> = described.failures.iter().map(|f| (f.target.as_str(), f.kind)).collect();
    failures.sort_by_key(|(target, _)| *target);
    assert_eq!(
        failures,
        [("denied", FailureKind::Denied), ("shared", FailureKind::Unsupported)],
        "this broker has no share groups"
    );
}

#[tokio::test]
async fn a_group_of_unknown_type_is_tried_both_ways() {
    let broker = describes_modern(describes_classic(Script::new())).start().await;
    let described =
        groups::describe(&broker.client(), &[listing("new", GroupType::Unknown)], groups::Rights::Leave).await;
    assert_eq!(described.value[&GroupId::from("new")].listing.kind, GroupType::Consumer);
    // An old broker knows only one way; there the group is simply not there.
    let broker = describes_classic(Script::new())
        .versions::<DescribeGroupsRequest>(0, 5)
        .without::<ConsumerGroupDescribeRequest>();
    let broker = broker.start().await;
    let described =
        groups::describe(&broker.client(), &[listing("new", GroupType::Unknown)], groups::Rights::Leave).await;
    assert_eq!(described.value[&GroupId::from("new")].listing.state, GroupState::Dead);
    assert!(described.is_whole());
}

/// Answers in the shape of every version; group `g2` is refused, `g3` moves once.
fn fetches_offsets(script: Script) -> Script {
    let moved = AtomicUsize::new(0);
    script.answer::<OffsetFetchRequest>(move |request, version| {
        use offset_fetch_response::*;
        let code = |id: &str| match id {
            "g2" => 30,
            "g3" if moved.fetch_add(1, Ordering::Relaxed) == 0 => 16,
            _ => 0,
        };
        if version >= 8 {
            let groups = request.groups.into_iter().map(|group| {
                let row = |index, offset| {
                    OffsetFetchResponsePartitions::default()
                        .with_partition_index(index)
                        .with_committed_offset(offset)
                        .with_committed_leader_epoch(4)
                        .with_metadata(Some("note".into()))
                };
                let rows = vec![row(0, 42), row(1, -1), row(2, 0).with_error_code(3)];
                let topic = OffsetFetchResponseTopics::default().with_name(name("orders")).with_partitions(rows);
                let code = code(&group.group_id);
                let group = OffsetFetchResponseGroup::default().with_group_id(group.group_id);
                if code == 0 { group.with_topics(vec![topic]) } else { group.with_error_code(code) }
            });
            return OffsetFetchResponse::default().with_groups(groups.collect());
        }
        let row = OffsetFetchResponsePartition::default().with_committed_offset(42);
        let topic = OffsetFetchResponseTopic::default().with_name(name("orders")).with_partitions(vec![row]);
        match code(&request.group_id) {
            0 => OffsetFetchResponse::default().with_topics(vec![topic]),
            code => OffsetFetchResponse::default().with_error_code(code),
        }
    })
}

#[tokio::test]
async fn committed_offsets_come_in_batches_and_singly() {
    let groups: Vec<GroupId> = ["g1", "g2", "g3"].map(GroupId::from).to_vec();
    for (newest, requests) in [(9, 2), (5, 4)] {
        let script = fetches_offsets(Script::new()).versions::<OffsetFetchRequest>(1, newest);
        let broker = if newest == 5 { script.versions::<FindCoordinatorRequest>(0, 3) } else { script }.start().await;
        let committed = offsets::committed(&broker.client(), &groups).await;
        assert_eq!(committed.value.len(), 2, "v{newest}: {:?}", committed.failures);
        for group in ["g1", "g3"] {
            let offsets = &committed.value[&GroupId::from(group)];
            assert_eq!(offsets.len(), 1, "neither what was never committed nor what failed");
            assert_eq!(offsets[&at("orders", 0)].offset, 42);
        }
        let denied = committed.failures.iter().filter(|failure| failure.kind == FailureKind::Denied);
        assert_eq!(denied.map(|failure| failure.target.as_str()).collect::<Vec<_>>(), ["g2"]);
        assert_eq!(broker.asked::<OffsetFetchRequest>().len(), requests, "v{newest}");
        if newest == 9 {
            let one = &committed.value[&groups[0]][&at("orders", 0)];
            assert_eq!((one.leader_epoch, one.metadata.as_str()), (4, "note"));
            let failed = committed.failures.iter().filter(|failure| failure.target == "orders:2");
            assert_eq!(failed.count(), 2, "once for each group");
        }
    }
}

#[tokio::test]
async fn groups_whose_coordinator_is_unknown_are_named() {
    let broker = Script::new()
        .answer::<FindCoordinatorRequest>(|request, _| {
            use find_coordinator_response::Coordinator;
            let keys = request.coordinator_keys.into_iter();
            let found = keys.map(|key| Coordinator::default().with_key(key).with_error_code(30));
            FindCoordinatorResponse::default().with_coordinators(found.collect())
        })
        .start()
        .await;
    let committed = offsets::committed(&broker.client(), &["g1".into()]).await;
    assert!(committed.value.is_empty());
    assert_eq!((committed.failures[0].kind, committed.failures[0].target.as_str()), (FailureKind::Denied, "g1"));
}

#[tokio::test]
async fn the_end_of_an_epoch_is_found_or_not() {
    let answers = |script: Script| {
        script.answer::<OffsetForLeaderEpochRequest>(|request, _| {
            use offset_for_leader_epoch_response::*;
            let topics = request.topics.into_iter().map(|topic| {
                let rows = topic.partitions.into_iter().map(|row| {
                    let end =
                        EpochEndOffset::default().with_partition(row.partition).with_leader_epoch(row.leader_epoch);
                    match row.leader_epoch {
                        9 => end.with_end_offset(-1),
                        8 => end.with_error_code(75),
                        _ => end.with_end_offset(33),
                    }
                });
                OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(rows.collect())
            });
            OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
        })
    };
    let (one, _two) =
        pair(answers(Script::new()).versions::<OffsetForLeaderEpochRequest>(2, 2), answers(Script::new())).await;
    let client = one.client();
    let metadata = topics::metadata(&client, None).await.unwrap();
    let wanted = [(at("orders", 0), 3), (at("orders", 1), 9), (at("orders", 3), 8), (at("orders", 4), 1)];
    let ends = offsets::epoch_end(&client, &wanted, &metadata.topics).await;
    assert_eq!(ends[&at("orders", 0)], Ok(Some(EpochEnd { leader_epoch: 3, end: 33 })));
    assert_eq!(ends[&at("orders", 1)], Ok(None));
    assert_eq!(ends[&at("orders", 3)].clone().unwrap_err().kind, FailureKind::Unreachable);
    assert_eq!(ends[&at("orders", 4)].clone().unwrap_err().message, "the partition has no leader");
}

fn describes_configs(script: Script) -> Script {
    use describe_configs_response::*;
    script.answer::<DescribeConfigsRequest>(|request, version| {
        assert_eq!(request.include_documentation, version >= 3);
        let results = request.resources.into_iter().map(|resource| {
            let result = DescribeConfigsResult::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone());
            if resource.resource_name.as_str() == "denied" {
                return result.with_error_code(29).with_error_message(Some("No.".into()));
            }
            let entry = |name: &'static str, source, sensitive| {
                DescribeConfigsResourceResult::default()
                    .with_name(name.into())
                    .with_value(Some("1".into()))
                    .with_config_source(source)
                    .with_is_sensitive(sensitive)
            };
            result.with_configs(vec![entry("retention.ms", 1, false), entry("password", 2, true)])
        });
        DescribeConfigsResponse::default().with_results(results.collect())
    })
}

#[tokio::test]
async fn configuration_is_read_and_secrets_stay_out() {
    use crate::domain::config::ConfigSource;
    use configs::Documentation;
    for newest in [1, 4] {
        let broker = describes_configs(Script::new()).versions::<DescribeConfigsRequest>(0, newest).start().await;
        let client = broker.client();
        let names: Vec<TopicName> = ["orders", "denied"].map(TopicName::from).to_vec();
        let found = configs::describe_topics(&client, &names, Documentation::With).await;
        let entries = &found.value[&names[0]];
        assert_eq!((entries[0].value.as_deref(), entries[0].source), (Some("1"), ConfigSource::Topic));
        assert_eq!((entries[1].value.as_deref(), entries[1].source), (None, ConfigSource::DynamicBroker));
        assert_eq!(found.failures.len(), 1);
        assert_eq!(
            found.failures[0].to_string(),
            "cannot describe configuration of denied: not authorised for the topic (No). It needs an ACL on the topic."
        );
        assert_eq!(configs::describe_broker(&client, BrokerId(1), Documentation::With).await.unwrap().len(), 2);
    }
    let broker =
        Script::new().answer::<DescribeConfigsRequest>(|_, _| DescribeConfigsResponse::default()).start().await;
    let failure = configs::describe_broker(&broker.client(), BrokerId(1), Documentation::With).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed, "an empty answer is not an empty configuration");
}

#[tokio::test]
async fn sizes_and_disks_are_read_and_a_broken_disk_is_named() {
    use describe_log_dirs_response::*;
    let broker = Script::new()
        .topic_on("orders", &[1])
        .answer::<DescribeLogDirsRequest>(|request, _| {
            let wanted =
                request.topics.expect("all of them are never asked for: half of the answer would be followers");
            let topics = wanted.into_iter().map(|topic| {
                assert_eq!((topic.topic.as_str(), topic.partitions.as_slice()), ("orders", [0].as_slice()));
                let replica = |size| DescribeLogDirsPartition::default().with_partition_size(size);
                let rows = vec![replica(10), replica(5).with_is_future_key(true)];
                DescribeLogDirsTopic::default().with_name(topic.topic).with_partitions(rows)
            });
            let good = DescribeLogDirsResult::default()
                .with_log_dir("/a".into())
                .with_topics(topics.collect())
                .with_total_bytes(1_000)
                .with_usable_bytes(0);
            let broken = DescribeLogDirsResult::default().with_log_dir("/b".into()).with_error_code(56);
            DescribeLogDirsResponse::default().with_results(vec![good, broken])
        })
        .start()
        .await;
    let client = broker.client();
    let metadata = topics::metadata(&client, None).await.unwrap();
    let sizes = log_dirs::sizes(&client, &metadata.topics).await;
    assert_eq!(sizes.value.into_iter().collect::<Vec<_>>(), [(at("orders", 0), 10)]);
    assert_eq!(sizes.failures[0].target, "/b");
    let found = log_dirs::disks(&client, &[BrokerId(1), BrokerId(2)]).await;
    let disk = &found.value[&BrokerId(1)][0];
    assert_eq!((disk.path.as_str(), disk.total, disk.usable), ("/a", Some(1_000), Some(0)));
    let mut targets: Vec<_> = found.failures.iter().map(|failure| failure.target.as_str()).collect();
    targets.sort_unstable();
    assert_eq!(targets, ["", "/b"], "broker 2 does not exist, /b is broken");
}

/// Who may not ask is told so from version 3 on, and before gets an empty answer.
#[tokio::test]
async fn disks_that_may_not_be_seen_are_unknown_and_not_empty() {
    for code in [31, 0] {
        let broker = Script::new()
            .answer::<DescribeLogDirsRequest>(move |_, _| DescribeLogDirsResponse::default().with_error_code(code))
            .start()
            .await;
        let found = log_dirs::disks(&broker.client(), &[BrokerId(1)]).await;
        assert!(found.value.is_empty(), "{code}");
        let failure = &found.failures[0];
        assert_eq!((failure.kind, failure.broker.as_deref()), (FailureKind::Denied, Some("1")), "{failure}");
    }
}

#[tokio::test]
async fn an_answer_without_what_was_asked_is_a_failure_not_a_gap() {
    let empty = |script: Script| {
        script
            .answer::<ListOffsetsRequest>(|_, _| ListOffsetsResponse::default())
            .answer::<OffsetFetchRequest>(|_, _| OffsetFetchResponse::default().with_groups(vec![Default::default()]))
            .answer::<DescribeGroupsRequest>(|_, _| DescribeGroupsResponse::default())
            .on::<ConsumerGroupDescribeRequest>(|_| Reply::Close)
    };
    let (one, _two) = pair(empty(Script::new()), empty(Script::new())).await;
    let client = one.client();
    let metadata = topics::metadata(&client, None).await.unwrap();
    let listed = offsets::list(&client, &[(at("orders", 0), OffsetAt::Latest)], &metadata.topics).await;
    assert_eq!(listed[&at("orders", 0)].clone().unwrap_err().kind, FailureKind::Malformed);
    let committed = offsets::committed(&client, &["g1".into()]).await;
    assert_eq!(committed.failures[0].kind, FailureKind::Malformed);
    let described = groups::describe(&client, &[listing("g1", GroupType::Classic)], groups::Rights::Leave).await;
    assert_eq!(described.failures[0].kind, FailureKind::Malformed);
}
