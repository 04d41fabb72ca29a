//! What is asked of a broker, and what is not.

use super::*;
use crate::cluster::LastHour;
use crate::domain::verdict::Source;
use crate::kafka::admin::tests::world::{Away, World};
use crate::profile::Profile;

const GROUPS: &[Away] = &[
    Away { id: "billing", kind: GroupType::Classic, topics: &["orders", "payments"] },
    Away { id: "audit", kind: GroupType::Consumer, topics: &["orders"] },
    Away { id: "search", kind: GroupType::Classic, topics: &["clicks"] },
    Away { id: "shared", kind: GroupType::Share, topics: &[] },
];

fn open(world: &World) -> Cluster {
    Cluster::connect(Profile::plain("p", vec![world.bootstrap()])).unwrap()
}

#[tokio::test]
async fn only_the_groups_of_a_topic_are_asked_while_the_list_of_all_is_fresh() {
    let world = World::with(GROUPS).await;
    let cluster = open(&world);
    cluster.groups().await.unwrap();
    let (lists, offsets) = (world.lists(), world.offsets_of());
    let found = cluster.topic_groups(&"orders".into()).await.unwrap();
    let rows: Vec<_> = found.value.iter().map(|row| (row.listing.id.as_str(), row.lag.lag, row.lag.known)).collect();
    assert_eq!(rows, [("audit", 5, 1), ("billing", 5, 1)], "their lag in this topic alone");
    assert_eq!((world.lists() - lists, world.offsets_of() - offsets), (0, 2), "the other groups are left alone");
    // What the list of all could not tell is said here too.
    assert!(found.failures.iter().any(|failure| failure.target == "shared"), "{:?}", found.failures);
}

#[tokio::test]
async fn of_a_wide_cluster_what_is_in_sight_is_asked_first_and_told_at_once() {
    let world = World::wide(&[("a", 6_000), ("b", 6_000), ("seen", 5)]).await;
    let cluster = open(&world);
    let (so_far, mut told) = tokio::sync::mpsc::channel(1);
    let whole = cluster.topic_logs_in_parts(&["seen".into()], so_far).await.unwrap();
    let first = told.try_recv().unwrap();
    assert_eq!(first.topics.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["seen"]);
    assert_eq!(world.bounds_of(), ["seen", "a", "b"]);
    let records = |name: &str| whole.topic(name).unwrap().records.get();
    assert_eq!((records("a"), records("b"), records("seen")), (Some(60_000), Some(60_000), Some(50)));
    let (so_far, mut told) = tokio::sync::mpsc::channel(1);
    cluster.topic_logs_in_parts(&["b".into()], so_far).await.unwrap();
    assert!(told.try_recv().is_ok_and(|so_far| so_far.topics.len() == 3), "the others are as they were");
}

#[tokio::test]
async fn of_one_topic_only_its_own_logs_are_asked_for() {
    let world = World::wide(&[("a", 2), ("b", 3)]).await;
    let logs = open(&world).logs_of(&["b".into(), "nowhere".into()]).await.unwrap();
    assert_eq!((logs.topics.len(), logs.topic("b").unwrap().records.get()), (1, Some(30)));
    assert_eq!(world.bounds_of(), ["b"]);
}

#[test]
fn a_group_whose_commits_cannot_be_read_is_not_without_lag() {
    let failure = Failure::new(FailureKind::Timeout, "read offsets of group", "no answer within 5 s").on("g");
    let listing = GroupListing {
        id: "g".into(),
        state: GroupState::Empty,
        kind: GroupType::Classic,
        protocol_type: String::new(),
    };
    let read =
        |why_no_commits| GroupRead { listing: listing.clone(), description: None, partitions: vec![], why_no_commits };
    let unknown = read(Some(failure)).lag().fact();
    assert!(unknown.reason().is_some_and(|why| why.contains("no answer within 5 s")), "{unknown:?}");
    assert_eq!(read(None).lag().fact(), Fact::Known(0), "one that never committed has none");
}

#[tokio::test]
async fn without_the_log_of_commits_an_open_group_is_judged_by_samples_and_the_last_hour_is_known() {
    let world = World::with(GROUPS).await;
    let cluster = open(&world);
    cluster.judged_group(&"billing".into(), LastHour::Leave).await.unwrap();
    assert!(world.times_asked().is_empty(), "who does not want the curve does not pay for it");
    let detail = cluster.judged_group(&"billing".into(), LastHour::Ask).await.unwrap();
    let judged = detail.judged.known().unwrap();
    assert!(judged.why_sampled.as_ref().is_some_and(|why| why.contains("DESCRIBE and READ")), "{judged:?}");
    let looks: Vec<_> = judged.partitions.iter().flatten().map(|judgement| judgement.commits).collect();
    assert_eq!(looks, [1, 1], "one look at each partition");
    let produced = detail.produced.known().unwrap();
    assert_eq!((produced.partitions, produced.unknown), (2, 0));
    let asked = world.times_asked();
    assert_eq!(asked.len(), 12, "twelve times, each in one request: {asked:?}");
    cluster.judged_group(&"billing".into(), LastHour::Ask).await.unwrap();
    assert_eq!(world.times_asked().len(), 12, "and not again");
}

#[tokio::test]
async fn where_the_log_of_commits_may_not_be_read_groups_are_judged_by_looks() {
    let world = World::with(GROUPS).await;
    let only = ["billing".into(), "shared".into()];
    let groups = open(&world).judged_groups(Some(&only)).await.unwrap();
    let of = |id: &str| &groups.value.iter().find(|group| group.description.listing.id.as_str() == id).unwrap().judged;
    let judged = of("billing").known().unwrap();
    assert!(judged.why_sampled.as_ref().is_some_and(|why| why.contains("DESCRIBE and READ")), "{judged:?}");
    let looks: Vec<_> = judged.partitions.iter().flatten().map(|judgement| (judgement.commits, judgement.of)).collect();
    assert_eq!(looks, [(1, 10), (1, 10)]);
    assert!(of("shared").reason().is_some(), "who is in it cannot be known, nor how it does");
}

#[tokio::test]
async fn groups_with_their_partitions_are_asked_for_once() {
    let world = World::with(GROUPS).await;
    let (groups, mut partitions) = open(&world).groups_and_partitions(Source::Sampled).await.unwrap();
    partitions.sort_by(|(a, _), (b, _)| a.cmp(b));
    let counts: Vec<_> = partitions.iter().map(|(group, rows)| (group.as_str(), rows.len())).collect();
    assert_eq!(counts, [("audit", 1), ("billing", 2), ("search", 1), ("shared", 0)]);
    // One of them is a share group, which has no committed offsets to ask for.
    assert_eq!((groups.rows.len(), world.lists(), world.offsets_of()), (4, 1, 3));
}

#[tokio::test]
async fn without_a_list_all_groups_are_asked_once() {
    let world = World::with(GROUPS).await;
    let cluster = open(&world);
    assert_eq!(cluster.topic_groups(&"clicks".into()).await.unwrap().value.len(), 1);
    assert_eq!(cluster.topic_groups(&"payments".into()).await.unwrap().value.len(), 1);
    assert_eq!(world.lists(), 1);
}

#[tokio::test]
async fn one_group_is_described_without_a_list_of_all() {
    let world = World::with(GROUPS).await;
    let cluster = open(&world);
    let billing = cluster.describe_one(&"billing".into()).await.unwrap();
    assert_eq!((billing.listing.kind, billing.may_delete), (GroupType::Classic, Some(true)));
    let audit = cluster.describe_one(&"audit".into()).await.unwrap();
    assert_eq!((audit.listing.kind, audit.may_delete), (GroupType::Consumer, Some(false)));
    assert_eq!(world.lists(), 0);
    // Neither kind answers for it: only now its coordinator's list can tell.
    assert_eq!(cluster.describe_one(&"nobody".into()).await.unwrap().listing.state, GroupState::Dead);
    let shared = cluster.describe_one(&"shared".into()).await.unwrap_err();
    assert_eq!(shared.kind, FailureKind::Unsupported, "there is such a group: it is not taken for none");
    assert_eq!(world.lists(), 2);
}
