//! Changes: sent as asked, with a result for each part.

use super::super::offsets::CommitRow;
use super::super::{offsets, topics};
use super::at;
use crate::domain::{BrokerId, FailureKind, GroupId, TopicPartition, WriteGrant};
use crate::kafka::wire::scripted::Script;
use kafka_protocol::messages::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn row(partition: TopicPartition) -> CommitRow {
    CommitRow { partition, offset: 5, leader_epoch: 3, metadata: "note".into() }
}

/// Partition 2 of any topic is refused because the group is active.
fn commits(script: Script) -> Script {
    use offset_commit_response::*;
    script.answer::<OffsetCommitRequest>(|request, _| {
        assert_eq!(request.generation_id_or_member_epoch, -1);
        assert!(request.member_id.is_empty());
        let topics = request.topics.into_iter().map(|topic| {
            let rows = topic.partitions.iter().map(|row| {
                OffsetCommitResponsePartition::default()
                    .with_partition_index(row.partition_index)
                    .with_error_code(if row.partition_index == 2 { 25 } else { 0 })
            });
            OffsetCommitResponseTopic::default().with_name(topic.name).with_partitions(rows.collect())
        });
        OffsetCommitResponse::default().with_topics(topics.collect())
    })
}

#[tokio::test]
async fn offsets_are_committed_with_a_result_each_in_order() {
    for newest in [2, 5, 6, 9] {
        let broker = commits(Script::new()).versions::<OffsetCommitRequest>(2, newest).start().await;
        let rows: Vec<_> = [at("b", 0), at("a", 2), at("b", 2), at("a", 1)].map(row).into();
        let group = GroupId::from("orders");
        let results = offsets::commit(&broker.client(), &WriteGrant::issue(), &group, &rows).await;
        let kinds: Vec<_> = results.iter().map(|result| result.as_ref().err().map(|failure| failure.kind)).collect();
        assert_eq!(kinds, [None, Some(FailureKind::Conflict), Some(FailureKind::Conflict), None], "v{newest}");
        assert_eq!(
            results[1].clone().unwrap_err().to_string(),
            "cannot commit offsets of group orders in a:2: the group is active. Stop its consumers first."
        );
        let asked = broker.asked::<OffsetCommitRequest>()[0].read::<OffsetCommitRequest>();
        let sent = &asked.topics[0].partitions[0];
        assert_eq!(sent.committed_offset, 5);
        assert_eq!(sent.committed_metadata.as_deref(), Some("note"));
        assert_eq!(sent.committed_leader_epoch, if newest >= 6 { 3 } else { -1 });
    }
}

#[tokio::test]
async fn a_large_commit_is_split() {
    let broker = commits(Script::new()).start().await;
    let rows: Vec<_> = (3..2_503).map(|partition| row(at("orders", partition))).collect();
    let results = offsets::commit(&broker.client(), &WriteGrant::issue(), &"g".into(), &rows).await;
    assert!(results.len() == 2_500 && results.iter().all(Result::is_ok));
    assert_eq!(broker.asked::<OffsetCommitRequest>().len(), 3);
}

#[tokio::test]
async fn a_commit_refused_by_the_wrong_coordinator_is_sent_to_the_right_one() {
    use offset_commit_response::*;
    let count = AtomicUsize::new(0);
    let broker = Script::new()
        .answer::<OffsetCommitRequest>(move |request, _| {
            let code = if count.fetch_add(1, Ordering::Relaxed) == 0 { 16 } else { 0 };
            let row = OffsetCommitResponsePartition::default().with_error_code(code);
            let topic = OffsetCommitResponseTopic::default()
                .with_name(request.topics[0].name.clone())
                .with_partitions(vec![row]);
            OffsetCommitResponse::default().with_topics(vec![topic])
        })
        .start()
        .await;
    let results = offsets::commit(&broker.client(), &WriteGrant::issue(), &"g".into(), &[row(at("t", 0))]).await;
    assert_eq!(results, [Ok(())]);
    assert_eq!(broker.asked::<FindCoordinatorRequest>().len(), 2);
}

#[tokio::test]
async fn a_commit_that_is_left_out_of_the_answer_is_not_taken_for_done() {
    let broker = Script::new().answer::<OffsetCommitRequest>(|_, _| OffsetCommitResponse::default()).start().await;
    let results = offsets::commit(&broker.client(), &WriteGrant::issue(), &"g".into(), &[row(at("t", 0))]).await;
    assert_eq!(results[0].clone().unwrap_err().kind, FailureKind::Malformed);
}

#[tokio::test]
async fn committed_offsets_are_deleted_with_a_result_each() {
    use offset_delete_response::*;
    let deletes = |code: i16| {
        Script::new().answer::<OffsetDeleteRequest>(move |request, _| {
            let topics = request.topics.into_iter().map(|topic| {
                let rows = topic.partitions.iter().map(|row| {
                    OffsetDeleteResponsePartition::default()
                        .with_partition_index(row.partition_index)
                        .with_error_code(if row.partition_index == 1 { 86 } else { 0 })
                });
                OffsetDeleteResponseTopic::default().with_name(topic.name).with_partitions(rows.collect())
            });
            OffsetDeleteResponse::default().with_error_code(code).with_topics(topics.collect())
        })
    };
    let partitions = [at("orders", 0), at("orders", 1)];
    let grant = WriteGrant::issue();
    let broker = deletes(0).start().await;
    let results = offsets::delete(&broker.client(), &grant, &"g".into(), &partitions).await;
    assert_eq!(results[0], Ok(()));
    let failure = results[1].clone().unwrap_err();
    assert_eq!((failure.kind, failure.target.as_str()), (FailureKind::Conflict, "orders:1"));
    let broker = deletes(69).start().await;
    let results = offsets::delete(&broker.client(), &grant, &"g".into(), &partitions).await;
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|failure| failure.kind == FailureKind::NotFound)));
}

fn new_topic() -> topics::NewTopic {
    topics::NewTopic {
        name: "orders".into(),
        partitions: 6,
        replication_factor: 3,
        assignments: Vec::new(),
        configs: vec![("retention.ms".into(), "1000".into())],
    }
}

fn creates(code: i16) -> Script {
    use create_topics_response::*;
    Script::new().answer::<CreateTopicsRequest>(move |request, version| {
        let result = CreatableTopicResult::default().with_name(request.topics[0].name.clone()).with_error_code(code);
        let result = if version >= 5 { result } else { result.with_num_partitions(-1).with_replication_factor(-1) };
        let said = (code != 0).then(|| "Because.".into());
        CreateTopicsResponse::default().with_topics(vec![result.with_error_message(said)])
    })
}

#[tokio::test]
async fn a_topic_is_created_as_asked_and_a_refusal_says_why() {
    let grant = WriteGrant::issue();
    let broker = creates(0).start().await;
    topics::create(&broker.client(), &grant, &new_topic()).await.unwrap();
    topics::validate_create(&broker.client(), &new_topic()).await.unwrap();
    let assigned = topics::NewTopic { assignments: vec![vec![BrokerId(1), BrokerId(2)]], ..new_topic() };
    topics::create(&broker.client(), &grant, &assigned).await.unwrap();
    let asked: Vec<_> =
        broker.asked::<CreateTopicsRequest>().iter().map(|asked| asked.read::<CreateTopicsRequest>()).collect();
    assert_eq!(asked.iter().map(|asked| asked.validate_only).collect::<Vec<_>>(), [false, true, false]);
    let sent = &asked[0].topics[0];
    assert_eq!((sent.num_partitions, sent.replication_factor, sent.configs.len()), (6, 3, 1));
    let sent = &asked[2].topics[0];
    assert_eq!((sent.num_partitions, sent.replication_factor, sent.assignments[0].broker_ids.len()), (-1, -1, 2));

    let failure = topics::create(&creates(36).start().await.client(), &grant, &new_topic()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(failure.to_string(), "cannot create topic orders: the topic exists already (Because)");
}

#[tokio::test]
async fn a_controller_that_moved_is_found_again() {
    use create_topics_response::*;
    let count = AtomicUsize::new(0);
    let broker = Script::new()
        .answer::<CreateTopicsRequest>(move |request, _| {
            let code = if count.fetch_add(1, Ordering::Relaxed) == 0 { 41 } else { 0 };
            let result =
                CreatableTopicResult::default().with_name(request.topics[0].name.clone()).with_error_code(code);
            CreateTopicsResponse::default().with_topics(vec![result])
        })
        .start()
        .await;
    topics::create(&broker.client(), &WriteGrant::issue(), &new_topic()).await.unwrap();
    assert_eq!(broker.asked::<CreateTopicsRequest>().len(), 2);
}

#[tokio::test]
async fn a_topic_is_deleted_in_old_and_new_versions() {
    use delete_topics_response::*;
    for (newest, code) in [(1, 0), (5, 3), (6, 0), (6, 29)] {
        let broker = Script::new()
            .answer::<DeleteTopicsRequest>(move |request, version| {
                let name = match version {
                    6 => request.topics[0].name.clone(),
                    _ => request.topic_names.first().cloned(),
                };
                assert_eq!(name.as_ref().map(|name| name.as_str()), Some("orders"));
                let result = DeletableTopicResult::default().with_name(name).with_error_code(code);
                DeleteTopicsResponse::default().with_responses(vec![result])
            })
            .versions::<DeleteTopicsRequest>(0, newest)
            .start()
            .await;
        let deleted = topics::delete(&broker.client(), &WriteGrant::issue(), &"orders".into()).await;
        let kind = deleted.err().map(|failure| failure.kind);
        let expected = match code {
            3 => Some(FailureKind::NotFound),
            29 => Some(FailureKind::Denied),
            _ => None,
        };
        assert_eq!(kind, expected, "v{newest}");
    }
}

#[tokio::test]
async fn partitions_are_added_where_they_are_wanted() {
    use create_partitions_response::*;
    let broker = Script::new()
        .answer::<CreatePartitionsRequest>(|request, _| {
            let topic = &request.topics[0];
            let code = if topic.count <= 6 { 37 } else { 0 };
            let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone()).with_error_code(code);
            CreatePartitionsResponse::default().with_results(vec![result])
        })
        .start()
        .await;
    let client = broker.client();
    let grant = WriteGrant::issue();
    let topic = "orders".into();
    topics::add_partitions(&client, &grant, &topic, 7, &[vec![BrokerId(2), BrokerId(1)]]).await.unwrap();
    topics::validate_add_partitions(&client, &topic, 8, &[]).await.unwrap();
    let failure = topics::add_partitions(&client, &grant, &topic, 6, &[]).await.unwrap_err();
    assert_eq!((failure.kind, failure.target.as_str()), (FailureKind::Invalid, "orders"));
    let asked: Vec<_> =
        broker.asked::<CreatePartitionsRequest>().iter().map(|asked| asked.read::<CreatePartitionsRequest>()).collect();
    assert_eq!(asked[0].topics[0].assignments.as_ref().unwrap()[0].broker_ids[0].0, 2);
    assert_eq!((asked[1].validate_only, asked[1].topics[0].assignments.as_ref()), (true, None));
}
