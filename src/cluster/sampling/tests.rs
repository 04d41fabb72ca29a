//! Groups while those that coordinate them do not answer.

use super::{Arc, Cluster, Groups};
use crate::domain::group::GroupState;
use crate::domain::{BrokerId, Fact};
use crate::kafka::wire::scripted::{Reply, Script, Scripted};
use crate::profile::Profile;
use kafka_protocol::messages::{
    DescribeGroupsRequest, DescribeGroupsResponse, FindCoordinatorRequest, FindCoordinatorResponse, ListGroupsRequest,
    ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse, OffsetFetchRequest, OffsetFetchResponse,
    describe_groups_response, find_coordinator_response, list_groups_response, list_offsets_response,
    offset_fetch_response,
};
use kafka_protocol::protocol::StrBytes;
use std::sync::atomic::{AtomicU8, Ordering};

/// How the second broker is, which coordinates the group `b`; the first has `a`.
const WELL: u8 = 0;
const SILENT: u8 = 1;
/// It has let go of its groups, and nobody has taken them yet.
const NOBODY: u8 = 2;
/// It answers, does not list `b`, and describes it.
const FORGETFUL: u8 = 3;
const DELETED: u8 = 4;

fn script(id: u8, state: &Arc<AtomicU8>) -> Script {
    use describe_groups_response::DescribedGroup;
    use find_coordinator_response::Coordinator;
    use list_groups_response::ListedGroup;
    use offset_fetch_response::{
        OffsetFetchResponseGroup, OffsetFetchResponsePartitions as Row, OffsetFetchResponseTopics,
    };
    let at = |state: &Arc<AtomicU8>| {
        let state = Arc::clone(state);
        move || state.load(Ordering::Relaxed)
    };
    let (lists, finds, describes) = (at(state), at(state), at(state));
    Script::new()
        .topic("t", &[1])
        .on::<ListGroupsRequest>(move |asked| {
            let groups = match (id, lists()) {
                (2, SILENT) => return Reply::Close,
                (2, WELL) => vec!["b"],
                (2, _) => vec![],
                _ => vec!["a"],
            };
            let listed = |id: &'static str| {
                let group = ListedGroup::default().with_group_id(StrBytes::from_static_str(id).into());
                group.with_protocol_type("consumer".into()).with_group_state("Empty".into())
            };
            let groups = groups.into_iter().map(listed).collect();
            Reply::with(&ListGroupsResponse::default().with_groups(groups), asked.version)
        })
        .answer::<FindCoordinatorRequest>(move |request, _| {
            let found = request.coordinator_keys.into_iter().map(|key| {
                let found = Coordinator::default().with_key(key.clone());
                match (key.as_str(), finds()) {
                    ("b", NOBODY) => found.with_error_code(15),
                    ("b", _) => found.with_node_id(2.into()),
                    _ => found.with_node_id(1.into()),
                }
            });
            FindCoordinatorResponse::default().with_coordinators(found.collect())
        })
        .answer::<DescribeGroupsRequest>(move |request, _| {
            let groups = request.groups.into_iter().map(|id| {
                let is_gone = id.as_str() == "b" && describes() == DELETED;
                let group = DescribedGroup::default().with_group_id(id);
                match is_gone {
                    true => group.with_group_state("Dead".into()),
                    false => group.with_group_state("Empty".into()).with_protocol_type("consumer".into()),
                }
            });
            DescribeGroupsResponse::default().with_groups(groups.collect())
        })
        .answer::<OffsetFetchRequest>(|request, _| {
            let groups = request.groups.into_iter().map(|asked| {
                let topic = OffsetFetchResponseTopics::default().with_name(StrBytes::from_static_str("t").into());
                let topic = topic.with_partitions(vec![Row::default().with_committed_offset(4)]);
                OffsetFetchResponseGroup::default().with_group_id(asked.group_id).with_topics(vec![topic])
            });
            OffsetFetchResponse::default().with_groups(groups.collect())
        })
        .answer::<ListOffsetsRequest>(|request, _| {
            use list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
            let topics = request.topics.into_iter().map(|topic| {
                let rows = topic.partitions.iter().map(|row| {
                    let offset = if row.timestamp == -1 { 9 } else { 0 };
                    let answer = ListOffsetsPartitionResponse::default().with_partition_index(row.partition_index);
                    answer.with_offset(offset)
                });
                ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(rows.collect())
            });
            ListOffsetsResponse::default().with_topics(topics.collect())
        })
}

struct Two {
    state: Arc<AtomicU8>,
    brokers: [Scripted; 2],
    cluster: Cluster,
}

impl Two {
    async fn start() -> Self {
        let state = Arc::new(AtomicU8::new(WELL));
        let brokers = [script(1, &state).start().await, script(2, &state).start().await];
        Scripted::join(&[&brokers[0], &brokers[1]]);
        let cluster = Cluster::connect(Profile::plain("p", vec![format!("127.0.0.1:{}", brokers[0].port)])).unwrap();
        Self { state, brokers, cluster }
    }

    async fn groups(&self, state: u8) -> Arc<Groups> {
        self.state.store(state, Ordering::Relaxed);
        self.cluster.groups().await.unwrap()
    }
}

fn names(groups: &Groups) -> Vec<&str> {
    groups.rows.iter().map(|row| row.listing.id.as_str()).collect()
}

#[tokio::test]
async fn a_group_whose_coordinator_does_not_answer_stays_and_says_so() {
    let two = Two::start().await;
    let well = two.groups(WELL).await;
    assert_eq!((names(&well), well.failures.len()), (vec!["a", "b"], 0));
    let asked = || two.brokers.iter().map(|broker| broker.asked::<FindCoordinatorRequest>().len()).sum::<usize>();
    assert_eq!(asked(), 0, "while all are listed nobody is looked for");

    let silent = two.groups(SILENT).await;
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
    let again = two.groups(SILENT).await;
    assert!(Arc::ptr_eq(&again.rows[1], row), "nothing new is known");

    let back = two.groups(WELL).await;
    assert_eq!((&back.rows[1], back.failures.len()), (&well.rows[1], 0));
}

#[tokio::test]
async fn a_group_that_nobody_coordinates_stays_until_somebody_does() {
    let two = Two::start().await;
    two.groups(WELL).await;
    let nobody = two.groups(NOBODY).await;
    let unseen = nobody.rows[1].unseen.as_deref().unwrap();
    assert_eq!(unseen.coordinator, None);
    assert!(unseen.why.contains("cannot find the coordinator of group b"), "{}", unseen.why);
    let told: Vec<_> = nobody.failures.iter().map(|failure| failure.target.as_str()).collect();
    assert_eq!(told, ["b"], "all brokers listed theirs, and yet the list is not whole");
    let moved = two.groups(FORGETFUL).await;
    assert_eq!((names(&moved), moved.rows[1].lag.lag, &moved.rows[1].unseen), (vec!["a", "b"], 5, &None));
}

#[tokio::test]
async fn a_group_that_was_deleted_goes_at_once() {
    let two = Two::start().await;
    two.groups(WELL).await;
    assert_eq!(names(&*two.groups(DELETED).await), ["a"]);
    two.groups(WELL).await;
    // It was deleted while nobody answered for it.
    assert_eq!(names(&*two.groups(SILENT).await), ["a", "b"]);
    let gone = two.groups(DELETED).await;
    assert_eq!((names(&gone), gone.failures.len()), (vec!["a"], 0));
}
