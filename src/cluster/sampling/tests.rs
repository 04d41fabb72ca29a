//! Groups while those that coordinate them do not answer.

use super::{Arc, Cluster, Groups};
use crate::domain::group::GroupState;
use crate::domain::{BrokerId, Fact};
use crate::kafka::admin::tests::pair::{Pair, Second};
use crate::profile::Profile;

async fn open() -> (Pair, Cluster) {
    let two = Pair::start().await;
    let cluster = Cluster::connect(Profile::plain("p", vec![two.bootstrap()])).unwrap();
    (two, cluster)
}

async fn groups(two: &Pair, cluster: &Cluster, second: Second) -> Arc<Groups> {
    two.second_is(second);
    cluster.groups().await.unwrap()
}

fn names(groups: &Groups) -> Vec<&str> {
    groups.rows.iter().map(|row| row.listing.id.as_str()).collect()
}

#[tokio::test]
async fn a_group_whose_coordinator_does_not_answer_stays_and_says_so() {
    let (two, cluster) = open().await;
    let well = groups(&two, &cluster, Second::Well).await;
    assert_eq!((names(&well), well.failures.len()), (vec!["a", "b"], 0));
    assert_eq!(two.looked_for(), 0, "while all are listed nobody is looked for");

    let silent = groups(&two, &cluster, Second::Silent).await;
    assert_eq!(names(&silent), ["a", "b"]);
    let row = &silent.rows[1];
    let why = "broker 2, its coordinator, does not answer";
    let unseen = row.unseen.as_deref().unwrap();
    assert_eq!((&*unseen.why, unseen.coordinator, unseen.lag), (why, Some(BrokerId(2)), Some(5)));
    assert_eq!((row.listing.state, row.last_state()), (GroupState::Unknown, GroupState::Empty));
    assert_eq!((row.members.reason(), row.lag.fact()), (Some(why), Fact::unknown(why)));
    assert_eq!((row.standing.why_not().as_deref(), row.drain.reason()), (Some(why), Some(why)));
    assert_eq!(row.topics, ["t".into()], "where it reads is known from before");
    assert_eq!((silent.rows[0].lag.lag, &silent.rows[0].unseen), (5, &None), "the other one is as ever");
    assert!(silent.failures.iter().any(|failure| failure.broker.as_deref().is_some_and(|id| id.starts_with('2'))));
    let again = groups(&two, &cluster, Second::Silent).await;
    assert!(Arc::ptr_eq(&again.rows[1], row), "nothing new is known");

    let back = groups(&two, &cluster, Second::Well).await;
    assert_eq!((&back.rows[1], back.failures.len()), (&well.rows[1], 0));
}

#[tokio::test]
async fn a_group_that_nobody_coordinates_stays_until_somebody_does() {
    let (two, cluster) = open().await;
    groups(&two, &cluster, Second::Well).await;
    let nobody = groups(&two, &cluster, Second::Nobody).await;
    let unseen = nobody.rows[1].unseen.as_deref().unwrap();
    assert_eq!(unseen.coordinator, None);
    assert!(unseen.why.contains("cannot find the coordinator of group b"), "{}", unseen.why);
    let told: Vec<_> = nobody.failures.iter().map(|failure| failure.target.as_str()).collect();
    assert_eq!(told, ["b"], "all brokers listed theirs, and yet the list is not whole");
    let moved = groups(&two, &cluster, Second::Forgetful).await;
    assert_eq!((names(&moved), moved.rows[1].lag.lag, &moved.rows[1].unseen), (vec!["a", "b"], 5, &None));
}

#[tokio::test]
async fn a_group_that_was_deleted_goes_at_once() {
    let (two, cluster) = open().await;
    groups(&two, &cluster, Second::Well).await;
    assert_eq!(names(&*groups(&two, &cluster, Second::Deleted).await), ["a"]);
    groups(&two, &cluster, Second::Well).await;
    // It was deleted while nobody answered for it.
    assert_eq!(names(&*groups(&two, &cluster, Second::Silent).await), ["a", "b"]);
    let gone = groups(&two, &cluster, Second::Deleted).await;
    assert_eq!((names(&gone), gone.failures.len()), (vec!["a"], 0));
}

#[tokio::test]
async fn where_the_only_one_that_answers_has_no_groups_the_others_stay() {
    let (two, cluster) = open().await;
    groups(&two, &cluster, Second::Well).await;
    assert_eq!(names(&*groups(&two, &cluster, Second::SilentAlone).await), ["b"]);
    let (two, cluster) = open().await;
    two.second_is(Second::SilentAlone);
    assert!(cluster.groups().await.is_err(), "who knows nothing from before knows nothing");
}
