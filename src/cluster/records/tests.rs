//! What is read, and what is asked about first.

use super::*;
use crate::kafka::admin::tests::world::World;
use crate::profile::Profile;

fn request(start: StartAt) -> RecordsRequest {
    RecordsRequest { isolation: Isolation::Uncommitted, ..RecordsRequest::of("orders".into(), start) }
}

/// What a read asks about, and from where it fetched.
async fn read(world: &World, request: RecordsRequest) -> (Option<TieredPart>, Vec<Offset>) {
    let cluster = Cluster::connect(Profile::plain("p", vec![world.bootstrap()])).unwrap();
    let mut feed = cluster.records(request);
    let mut asks = None;
    while let Some(update) = feed.next().await {
        assert_eq!(update.failures, [], "nothing is missing");
        asks = asks.or(update.tiered);
        if update.finished {
            break;
        }
    }
    (asks, world.fetched_from())
}

#[tokio::test]
async fn remote_storage_is_not_touched_before_somebody_said_so() {
    let world = World::tiered(false).await;
    let asks = Some(TieredPart { partitions: 1, records: 50 });
    assert_eq!(read(&world, request(StartAt::Earliest)).await, (asks, vec![]));
    let some = Some(TieredPart { partitions: 1, records: 7 });
    assert_eq!(read(&world, request(StartAt::Offset(43))).await, (some, vec![]));
    let allowed = RecordsRequest { tiered: TieredRead::Allowed, ..request(StartAt::Earliest) };
    assert_eq!(read(&world, allowed).await, (None, vec![0]));
}

#[tokio::test]
async fn what_lies_on_the_brokers_is_read_without_a_question() {
    let world = World::tiered(false).await;
    assert_eq!(read(&world, request(StartAt::Offset(50))).await, (None, vec![50]));
    assert_eq!(read(&world, request(StartAt::Latest(10))).await, (None, vec![50, 90]));
}

#[tokio::test]
async fn what_was_read_before_is_not_read_again() {
    let world = World::tiered(false).await;
    let at = |offset| std::collections::BTreeMap::from([(0, offset)]);
    let older = Within { to: at(80), ..Within::default() };
    let request_within = |start, within| RecordsRequest { within, ..request(start) };
    assert_eq!(read(&world, request_within(StartAt::Latest(10), older)).await, (None, vec![70]));
    let on = Within { from: at(60), ..Within::default() };
    assert_eq!(read(&world, request_within(StartAt::Earliest, on)).await, (None, vec![70, 60]));
    let none = Within { from: at(999), ..Within::default() };
    assert_eq!(read(&world, request_within(StartAt::Earliest, none)).await, (None, vec![70, 60]));
}

#[tokio::test]
async fn brokers_that_cannot_tell_are_read_as_ever() {
    let world = World::tiered(true).await;
    assert_eq!(read(&world, request(StartAt::Earliest)).await, (None, vec![0]));
}

/// The newest committed records end where the open transaction begins.
#[tokio::test]
async fn a_committed_read_counts_back_from_what_is_stable() {
    let world = World::tiered(false).await;
    let committed = RecordsRequest { isolation: Isolation::Committed, ..request(StartAt::Latest(10)) };
    assert_eq!(read(&world, committed).await, (None, vec![80]));
}
