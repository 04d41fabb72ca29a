//! What is read for a query, and what is asked about first.

use super::*;
use crate::domain::query::{Moment, parse};
use crate::domain::{Offset, Time};
use crate::kafka::admin::tests::world::World;
use crate::profile::Profile;

fn request(query: &str) -> SearchRequest {
    SearchRequest {
        isolation: Isolation::Uncommitted,
        tiered: TieredRead::Allowed,
        ..SearchRequest::of(vec!["orders".into()], parse(query, &Moment { now: Time(0), zone: None }).unwrap().unwrap())
    }
}

/// The last update of a search, and from where it fetched.
async fn search(world: &World, request: SearchRequest) -> (SearchUpdate, Vec<Offset>) {
    let cluster = Cluster::connect(Profile::plain("p", vec![world.bootstrap()])).unwrap();
    let mut feed = cluster.search(request);
    loop {
        let update = feed.next().await.expect("an end");
        if update.finished {
            return (update, world.fetched_from());
        }
    }
}

#[tokio::test]
async fn only_offsets_that_a_query_leaves_possible_are_read() {
    let world = World::tiered(false).await;
    let (end, fetched) = search(&world, request("offset >= 60 and offset < 70 and key exists")).await;
    assert_eq!(fetched.first(), Some(&60));
    assert_eq!((end.failures, end.topics[0].counts.offsets), (vec![], 10));
}

#[tokio::test]
async fn what_no_record_can_meet_is_not_read_and_all_of_it_is_covered() {
    let world = World::tiered(false).await;
    for query in ["offset = 5 and offset = 6", "partition = 7", "topic = other", "offset >= 100"] {
        let (end, fetched) = search(&world, request(query)).await;
        assert_eq!((end.failures, fetched), (vec![], vec![]), "{query}");
        assert!(end.topics[0].is_complete && end.topics[0].partitions == 0, "{query}");
    }
}

#[tokio::test]
async fn remote_storage_is_not_touched_before_somebody_said_so() {
    let world = World::tiered(false).await;
    let asks = |query: &str| SearchRequest { tiered: TieredRead::Ask, ..request(query) };
    let (end, fetched) = search(&world, asks("offset >= 43")).await;
    assert_eq!(end.tiered, Some(("orders".into(), TieredPart { partitions: 1, records: 7 })));
    assert_eq!((end.topics, fetched), (vec![], vec![]));
    let (end, _) = search(&world, asks("offset >= 50")).await;
    assert_eq!(end.tiered, None, "what the query leaves out is not asked about");
}

#[tokio::test]
async fn a_topic_or_a_partition_that_is_not_there_is_a_failure() {
    let world = World::tiered(false).await;
    for request in [
        SearchRequest { topics: vec!["none".into()], ..request("a") },
        SearchRequest { partitions: Some(vec![7]), ..request("a") },
    ] {
        let (end, fetched) = search(&world, request).await;
        assert_eq!(end.failures.iter().map(|failure| failure.kind).collect::<Vec<_>>(), [FailureKind::NotFound]);
        assert_eq!((end.topics, fetched), (vec![], vec![]));
    }
}
