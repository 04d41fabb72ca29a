//! The seeded world is believable, and the same at each start.

use super::client::{Client, fetch, fetched, offset_at, unfold};
use super::{NOON, World, start};
use crate::demo::Demo;
use crate::demo::batch::Content;
use crate::demo::group::Phase;
use crate::demo::keys;
use crate::demo::world::SEEDED;
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
    assert!((14..=18).contains(&state.groups.len()));
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
async fn a_sized_world_has_the_size_asked_for() {
    let demo = start(World::Sized { topics: 200, partitions: 6, groups: 50 }, false).await;
    let stats = demo.stats();
    assert_eq!((stats.topics, stats.partitions), (201, 1_250));
    let mut client = Client::to_leader(&demo, "load.topic-00007", 2).await;
    assert_eq!(offset_at(&mut client, "load.topic-00007", 2, -1).await.0, 5_000);
    assert_eq!(demo.cluster.lock().groups.len(), 50);
    demo.shutdown().await;
}
