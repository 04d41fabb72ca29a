//! The seeded world is believable, and the same at each start.

use super::client::{Client, fetch, fetched, offset_at, topic, unfold};
use super::{NOON, World, start};
use crate::demo::Demo;
use crate::demo::batch::Content;
use crate::demo::group::Phase;
use crate::demo::keys;
use crate::demo::world::SEEDED;
use kafka_protocol::messages as m;
use kafka_protocol::messages::ResponseKind;
use std::collections::{BTreeMap, BTreeSet};

/// The first batches of every partition of every topic, as they come off the wire.
async fn everything(demo: &Demo) -> BTreeMap<(String, i32), bytes::Bytes> {
    let all: Vec<(String, i32, i64)> = {
        let state = demo.cluster.lock();
        let one = |name: &crate::domain::TopicName, topic: &crate::demo::state::Topic| {
            let name = name.as_str().to_owned();
            (0..).zip(&topic.partitions).map(move |(index, p)| (name.clone(), index, p.log.start())).collect::<Vec<_>>()
        };
        state.topics.iter().flat_map(|(name, topic)| one(name, topic)).collect()
    };
    let mut clients = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (name, index, offset) in all {
        let leader = demo.cluster.lock().topics[name.as_str()].partition(index).unwrap().leader.unwrap();
        let client = match clients.entry(leader) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Client::to(demo, usize::try_from(leader.0).unwrap()).await)
            }
        };
        let mut request = fetch(&name, index, offset, 0);
        request.topics[0].partitions[0].partition_max_bytes = 20_000;
        let (error, _, bytes) = fetched(client.ask(11, request).await);
        assert_eq!(error, 0, "{name}-{index}");
        found.insert((name, index), bytes);
    }
    found
}

#[tokio::test]
async fn two_starts_with_one_seed_serve_the_same_bytes() {
    let (one, two) = (start(World::Full, true).await, start(World::Full, true).await);
    assert_eq!(one.cluster_id(), two.cluster_id());
    one.advance(4_000_000);
    two.advance(4_000_000);
    assert_eq!(everything(&one).await, everything(&two).await);
    let groups = |demo: &Demo| {
        let state = demo.cluster.lock();
        let line = |group: &crate::demo::group::Group| {
            (group.phase, group.generation, group.offsets.clone(), group.members.keys().cloned().collect::<Vec<_>>())
        };
        state.groups.iter().map(|(id, group)| (id.clone(), line(group))).collect::<BTreeMap<_, _>>()
    };
    assert!(groups(&one) == groups(&two));
    let ids = |demo: &Demo| demo.cluster.lock().topics.values().map(|topic| topic.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(&one), ids(&two));
}

#[tokio::test]
async fn every_record_is_where_its_key_belongs_and_when_it_should_be() {
    let demo = start(World::Full, false).await;
    for ((name, index), bytes) in everything(&demo).await {
        let (count, is_simulated) = {
            let state = demo.cluster.lock();
            let topic = &state.topics[name.as_str()];
            (topic.partitions.len(), topic.partition(index).unwrap().log.source().is_some())
        };
        let mut last = 0;
        for (_, time, Content { key, .. }) in unfold(bytes, 0).into_iter().filter(|_| is_simulated) {
            assert!(time >= last && time <= NOON.millis(), "{name}-{index}: {time}");
            last = time;
            if let Some(key) = key {
                let partition = keys::partition_of(&key, i32::try_from(count).unwrap());
                assert_eq!(partition, index, "{name}: {key:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_world_has_what_a_company_has() {
    let demo = start(World::Full, false).await;
    let stats = demo.stats();
    assert!((40..=50).contains(&stats.topics), "{stats:?}");
    assert!(stats.batch_bytes < 2 << 20, "{stats:?}");
    let state = demo.cluster.lock();
    let records = |name: &str| -> i64 {
        state.topics[name].partitions.iter().map(|partition| partition.log.end(NOON) - partition.log.start()).sum()
    };
    assert_eq!(state.topics["clickstream.v2"].partitions.len(), 96);
    assert_eq!(records("billing.invoices.2025"), 200_000);
    assert!(state.topics["customers"].is_compacted());
    let scratch = &state.topics["analytics.scratch"];
    assert!(scratch.partitions.iter().all(|partition| partition.isr.len() < scratch.min_isr()));
    let tenants = &state.topics["tenants.usage-events"].partitions;
    let largest = tenants.iter().map(|partition| partition.log.end(NOON)).max().unwrap();
    assert!(largest * 2 > records("tenants.usage-events"), "one partition holds most");
    assert!((20..=24).contains(&state.groups.len()));
    assert!(state.groups.values().any(|group| group.members.values().any(|member| member.instance_id.is_some())));
    let subjects: BTreeSet<_> = SEEDED.iter().filter_map(|schema| schema.subject.strip_suffix("-value")).collect();
    assert!(subjects.iter().all(|topic| state.topics.contains_key(*topic)));
}

#[tokio::test]
async fn a_time_is_looked_up_exactly() {
    let demo = start(World::Full, false).await;
    for (name, index) in [("orders.v1", 3), ("payments", 20), ("customers", 1), ("heartbeats", 0)] {
        let mut client = Client::to_leader(&demo, name, index).await;
        for hours in [1, 5, 30, 47] {
            let at = NOON.millis() - hours * 3_600_000 - 77;
            let (offset, time) = offset_at(&mut client, name, index, at).await;
            assert!(time >= at, "{name}");
            let bytes = fetched(client.ask(11, fetch(name, index, offset - 40, 0)).await).2;
            let records = unfold(bytes, offset - 40);
            let before = records.iter().rev().find(|(known, ..)| *known < offset).unwrap();
            assert!(before.1 < at, "{name}: the record before is older");
            assert_eq!(records.iter().find(|(known, ..)| *known == offset).unwrap().1, time);
        }
    }
}

#[tokio::test]
async fn groups_lag_recover_stand_still_rewind_and_rebalance() {
    let demo = start(World::Full, true).await;
    let lag = |id: &str| -> i64 {
        let (state, now) = (demo.cluster.lock(), demo.cluster.now());
        let one = |((topic, partition), commit): (&(crate::domain::TopicName, i32), &crate::demo::group::Commit)| {
            state.topics[topic].partition(*partition).unwrap().log.end(now) - commit.offset
        };
        state.groups[id].offsets.iter().map(one).sum()
    };
    let mut seen: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut phases = BTreeSet::new();
    let mut visits = BTreeSet::new();
    for _ in 0..180 {
        demo.advance(10_000);
        for id in [
            "order-processor",
            "clickstream-analytics",
            "invoice-export-nightly",
            "search-indexer",
            "billing-archive-2025",
        ] {
            seen.entry(id).or_default().push(lag(id));
        }
        let state = demo.cluster.lock();
        phases.insert(state.groups["recommendations-trainer"].phase.word());
        visits.insert(state.groups["warehouse-batch-loader"].phase == Phase::Empty);
    }
    let range = |id: &str| (*seen[id].iter().min().unwrap(), *seen[id].iter().max().unwrap());
    assert!(range("order-processor").1 < 60, "{:?}", range("order-processor"));
    let (low, high) = range("clickstream-analytics");
    assert!(high > 20 * low.max(100), "{low} {high}");
    let stuck = &seen["invoice-export-nightly"];
    assert!(stuck[0] > 50_000 && stuck.is_sorted(), "{stuck:?}");
    let (low, high) = range("search-indexer");
    assert!(high > 1_000 && low < 50, "{low} {high}");
    assert_eq!(range("billing-archive-2025"), (0, 0));
    assert_eq!(phases, BTreeSet::from(["CompletingRebalance", "PreparingRebalance", "Stable"]));
    assert_eq!(visits.len(), 2, "the batch loader comes and goes");
}

#[tokio::test]
async fn a_sized_world_has_the_size_asked_for_and_answers_for_all_of_it() {
    let demo = start(World::Sized { topics: 2_000, partitions: 5, groups: 1_000 }, false).await;
    let stats = demo.stats();
    assert_eq!((stats.topics, stats.partitions, stats.groups), (2_001, 10_050, 1_000));
    let (mut ends, mut committed, mut described) = (0, 0, 0);
    for broker in 1..=3 {
        let mut client = Client::to(&demo, broker).await;
        let request = m::MetadataRequest::default().with_topics(None);
        let ResponseKind::Metadata(metadata) = client.ask(12, request).await else { panic!() };
        let topics = metadata.topics.into_iter().filter(|topic| !topic.is_internal).map(|found| {
            let led = found.partitions.iter().filter(|partition| usize::try_from(partition.leader_id.0) == Ok(broker));
            let asked = led.map(|partition| {
                m::list_offsets_request::ListOffsetsPartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_timestamp(-1)
            });
            let asked = asked.collect();
            m::list_offsets_request::ListOffsetsTopic::default().with_name(found.name.unwrap()).with_partitions(asked)
        });
        let request = m::ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(topics.collect());
        let ResponseKind::ListOffsets(listed) = client.ask(7, request).await else { panic!() };
        let lines = listed.topics.iter().flat_map(|topic| &topic.partitions);
        ends += lines.filter(|line| (line.error_code, line.offset) == (0, 5_000)).count();

        let ResponseKind::ListGroups(listed) = client.ask(4, m::ListGroupsRequest::default()).await else { panic!() };
        let groups: Vec<_> = listed.groups.into_iter().map(|group| group.group_id).collect();
        let asked = groups.iter().map(|id| {
            let asked = m::offset_fetch_request::OffsetFetchRequestGroup::default().with_group_id(id.clone());
            asked.with_topics(None)
        });
        let request = m::OffsetFetchRequest::default().with_groups(asked.collect());
        let ResponseKind::OffsetFetch(found) = client.ask(8, request).await else { panic!() };
        let lines = found.groups.iter().flat_map(|group| &group.topics).flat_map(|topic| &topic.partitions);
        committed += lines.filter(|line| (4_000..=5_000).contains(&line.committed_offset)).count();
        let request = m::DescribeGroupsRequest::default().with_groups(groups);
        let ResponseKind::DescribeGroups(found) = client.ask(5, request).await else { panic!() };
        described += found.groups.iter().filter(|group| group.group_state.as_str() == "Empty").count();
    }
    assert_eq!((ends, committed, described), (10_000, 5_000, 1_000));
    demo.shutdown().await;
}

#[tokio::test]
async fn a_size_that_cannot_be_had_is_refused() {
    for (topics, partitions, groups) in [(200_001, 1, 0), (20, 10_001, 0), (1, 0, 0), (1, 1, 20_001), (0, 1, 1)] {
        let world = World::Sized { topics, partitions, groups };
        let refused = Demo::start(crate::demo::Options { world, ..Default::default() }).await;
        assert_eq!(refused.unwrap_err().kind, crate::domain::FailureKind::Invalid, "{world:?}");
    }
}

#[tokio::test]
async fn added_partitions_get_their_share_of_what_is_written_from_then_on() {
    let demo = start(World::Full, true).await;
    let ends = || -> Vec<i64> {
        let (state, now) = (demo.cluster.lock(), demo.cluster.now());
        state.topics["payments"].partitions.iter().map(|partition| partition.log.end(now)).collect()
    };
    let sum = |ends: &[i64]| ends.iter().sum::<i64>();
    let (before, day) = (ends(), 86_400_000);
    demo.advance(day);
    let grown = sum(&ends()) - sum(&before);
    let asked = m::create_partitions_request::CreatePartitionsTopic::default()
        .with_name(topic("payments"))
        .with_count(31)
        .with_assignments(None);
    let request = m::CreatePartitionsRequest::default().with_topics(vec![asked]);
    let ResponseKind::CreatePartitions(added) = Client::to(&demo, 1).await.ask(3, request).await else { panic!() };
    assert_eq!(added.results[0].error_code, 0);
    let switched = ends();
    assert_eq!(switched[24..], [0; 7], "new ones are empty");
    demo.advance(day);
    let later = ends();
    let again = sum(&later) - sum(&switched);
    assert!((again - grown).abs() < grown / 50, "as many records as before: {grown}, {again}");
    assert!((0..31).all(|index| later[index] - switched[index] > grown / 60), "each has its share: {later:?}");
    for index in [0, 11, 23, 24, 30] {
        let mut client = Client::to_leader(&demo, "payments", i32::try_from(index).unwrap()).await;
        let from = switched[index] - switched[index].min(150);
        let bytes = fetched(client.ask(11, fetch("payments", i32::try_from(index).unwrap(), from, 0)).await).2;
        let records = unfold(bytes, from);
        let gapless = records.iter().zip(from..).all(|((offset, ..), expected)| *offset == expected);
        assert!(gapless && records.len() > 200, "{index}: {}", records.len());
        assert!(records.is_sorted_by_key(|(_, time, _)| *time), "{index}");
        for (offset, _, content) in records {
            let partitions = if offset < switched[index] { 24 } else { 31 };
            let partition = keys::partition_of(&content.key.unwrap(), partitions);
            assert_eq!(usize::try_from(partition).unwrap(), index, "offset {offset}");
        }
    }
    let state = demo.cluster.lock();
    let group = &state.groups["payments-settlement"];
    assert_eq!(group.offsets.len(), 31, "its group reads the new ones");
    assert_eq!(group.members.len(), 6);
    assert_eq!(group.members.values().map(|member| (member.assignment.len() - 24) / 4).sum::<usize>(), 31);
}
