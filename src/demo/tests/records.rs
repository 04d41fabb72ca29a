//! Producing, fetching, looking up and deleting records.

use super::client::{Client, batch_of, create_topic, fetch, fetched, list_offsets, offset_at, produce, topic, unfold};
use super::{NOON, World, start};
use crate::demo::random::Random;
use crate::domain::BrokerId;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages as m;
use kafka_protocol::messages::ResponseKind;
use std::time::Duration;

async fn write(client: &mut Client, request: m::ProduceRequest) -> (i16, i64) {
    let ResponseKind::Produce(response) = client.ask(9, request).await else { panic!() };
    let line = &response.responses[0].partition_responses[0];
    (line.error_code, line.base_offset)
}

#[tokio::test]
async fn what_is_produced_is_fetched_found_by_time_and_deleted() {
    let demo = start(World::Empty, false).await;
    let mut any = Client::to(&demo, 2).await;
    assert_eq!(create_topic(&mut any, "orders", 1, &[]).await, 0);
    let mut client = Client::to_leader(&demo, "orders", 0).await;
    let first = batch_of(&[("a", "1", 1_000), ("b", "2", 2_000), ("c", "3", 1_500)]);
    assert_eq!(write(&mut client, produce("orders", 0, -1, first)).await, (0, 0));
    assert_eq!(write(&mut client, produce("orders", 0, 1, batch_of(&[("d", "4", 3_000)]))).await, (0, 3));

    let (error, end, bytes) = fetched(client.ask(11, fetch("orders", 0, 1, 0)).await);
    assert_eq!((error, end), (0, 4));
    let values: Vec<_> =
        unfold(bytes, 1).into_iter().map(|(offset, _, content)| (offset, content.value.unwrap())).collect();
    assert_eq!(values, [(1, "2".into()), (2, "3".into()), (3, "4".into())]);

    for (at, found) in [
        (-1, (4, -1)),
        (-2, (0, -1)),
        (-3, (3, 3_000)),
        (0, (0, 1_000)),
        (1_001, (1, 2_000)),
        (2_001, (3, 3_000)),
        (3_001, (-1, -1)),
    ] {
        assert_eq!(offset_at(&mut client, "orders", 0, at).await, found, "{at}");
    }

    let asked = m::delete_records_request::DeleteRecordsPartition::default().with_partition_index(0).with_offset(2);
    let asked = m::delete_records_request::DeleteRecordsTopic::default()
        .with_name(topic("orders"))
        .with_partitions(vec![asked]);
    let ResponseKind::DeleteRecords(deleted) =
        client.ask(2, m::DeleteRecordsRequest::default().with_topics(vec![asked])).await
    else {
        panic!()
    };
    assert_eq!(deleted.topics[0].partitions[0].low_watermark, 2);
    assert_eq!(offset_at(&mut client, "orders", 0, -2).await.0, 2);
    assert_eq!(offset_at(&mut client, "orders", 0, 0).await, (2, 1_500), "deleted records are not found");
    assert_eq!(fetched(client.ask(11, fetch("orders", 0, 1, 0)).await).0, E::OffsetOutOfRange.code());
}

#[tokio::test]
async fn batches_that_a_leader_must_refuse_are_refused() {
    let demo = start(World::Empty, false).await;
    let mut client = Client::to(&demo, 1).await;
    create_topic(&mut client, "t", 3, &[("max.message.bytes", "1000")]).await;
    create_topic(&mut client, "c", 1, &[("cleanup.policy", "compact")]).await;
    let mut leader = Client::to_leader(&demo, "t", 0).await;
    let good = batch_of(&[("k", "v", 1)]);
    let mut broken = good.to_vec();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(write(&mut leader, produce("t", 0, 1, broken.into())).await.0, E::CorruptMessage.code());
    assert_eq!(write(&mut leader, produce("t", 0, 1, good.slice(..70))).await.0, E::CorruptMessage.code());
    let mut old = good.to_vec();
    old[16] = 1;
    assert_eq!(write(&mut leader, produce("t", 0, 1, old.into())).await.0, E::UnsupportedForMessageFormat.code());
    let mut random = Random::of(&[3]);
    let random: String = (0..4_000).map(|_| char::from(b'!' + u8::try_from(random.below(90)).unwrap())).collect();
    let large = batch_of(&[("k", &random, 1)]);
    assert_eq!(write(&mut leader, produce("t", 0, 1, large)).await.0, E::MessageTooLarge.code());
    assert_eq!(write(&mut leader, produce("t", 9, 1, good.clone())).await.0, E::UnknownTopicOrPartition.code());
    assert_eq!(write(&mut leader, produce("t", 1, 1, good.clone())).await.0, E::NotLeaderOrFollower.code());
    assert_eq!(write(&mut leader, produce("__consumer_offsets", 0, 1, good)).await.0, E::InvalidTopicException.code());
}

#[tokio::test]
async fn a_long_poll_answers_when_there_is_something_and_not_before() {
    let demo = start(World::Empty, false).await;
    let mut any = Client::to(&demo, 1).await;
    create_topic(&mut any, "t", 1, &[]).await;
    let mut reader = Client::to_leader(&demo, "t", 0).await;
    let mut writer = Client::to_leader(&demo, "t", 0).await;
    reader.send(11, &fetch("t", 0, 0, 60_000).into()).await;
    let early = tokio::time::timeout(Duration::from_millis(80), reader.receive()).await;
    assert!(early.is_err(), "answered with nothing to say");
    let waiting = tokio::spawn(async move { reader.receive().await });
    write(&mut writer, produce("t", 0, 1, batch_of(&[("k", "v", 1)]))).await;
    let answer = tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("the poll was woken").unwrap();
    assert!(answer.is_some_and(|answer| answer.len() > 61));
    let began = std::time::Instant::now();
    let (error, end, bytes) = fetched(writer.ask(11, fetch("t", 0, 1, 120)).await);
    assert_eq!((error, end, bytes.len()), (0, 1, 0));
    assert!(began.elapsed() >= Duration::from_millis(110), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_long_poll_on_simulated_records_follows_the_clock() {
    let demo = start(World::Full, true).await;
    let mut client = Client::to_leader(&demo, "clickstream.v2", 5).await;
    let end = offset_at(&mut client, "clickstream.v2", 5, -1).await.0;
    client.send(11, &fetch("clickstream.v2", 5, end, 60_000).into()).await;
    let early = tokio::time::timeout(Duration::from_millis(50), client.receive()).await;
    assert!(early.is_err(), "a stopped clock brings no records");
    demo.advance(60_000);
    let answer = tokio::time::timeout(Duration::from_secs(5), client.receive()).await.expect("woken by the clock");
    assert!(answer.is_some_and(|answer| answer.len() > 61));
    assert!(offset_at(&mut client, "clickstream.v2", 5, -1).await.0 > end);
}

#[tokio::test]
async fn simulated_and_produced_records_share_one_log() {
    let demo = start(World::Full, true).await;
    let mut client = Client::to_leader(&demo, "payments", 3).await;
    let start_offset = offset_at(&mut client, "payments", 3, -2).await.0;
    let mut ends = Vec::new();
    for round in 0..4 {
        let (error, base) = write(
            &mut client,
            produce(
                "payments",
                3,
                -1,
                batch_of(&[("x", "mine", NOON.millis() + round), ("y", "mine", NOON.millis() + round)]),
            ),
        )
        .await;
        assert_eq!(error, 0);
        ends.push(base);
        demo.advance(900_000);
    }
    let end = offset_at(&mut client, "payments", 3, -1).await.0;
    let (mut next, mut mine) = (start_offset, Vec::new());
    while next < end {
        let (error, _, bytes) = fetched(client.ask(11, fetch("payments", 3, next, 0)).await);
        assert_eq!(error, 0);
        for (offset, _, content) in unfold(bytes, next) {
            assert_eq!(offset, next, "no offset is skipped or repeated");
            next += 1;
            if content.value.as_deref() == Some(b"mine") {
                mine.push(offset);
            }
        }
    }
    let expected: Vec<i64> = ends.iter().flat_map(|base| [*base, base + 1]).collect();
    assert_eq!(mine, expected);
}

#[tokio::test]
async fn a_stopped_broker_leaves_its_partitions_to_others_and_comes_back() {
    let demo = start(World::Full, false).await;
    demo.stop_broker(BrokerId(2));
    assert!(tokio::net::TcpStream::connect(demo.bootstrap().split(',').nth(1).unwrap()).await.is_err());
    let mut client = Client::to(&demo, 1).await;
    let ResponseKind::Metadata(metadata) = client.ask(12, m::MetadataRequest::default().with_topics(None)).await else {
        panic!()
    };
    assert_eq!(metadata.brokers.len(), 2);
    let partitions = || metadata.topics.iter().flat_map(|topic| &topic.partitions);
    assert!(partitions().all(|partition| partition.leader_id.0 != 2));
    assert!(partitions().any(|partition| partition.isr_nodes.len() < partition.replica_nodes.len()));
    let scratch =
        metadata.topics.iter().find(|topic| topic.name.as_ref().unwrap().as_str() == "analytics.scratch").unwrap();
    assert!(
        scratch.partitions.iter().any(|p| p.leader_id.0 == -1)
            || scratch.partitions.iter().all(|p| p.replica_nodes[0].0 != 2)
    );
    demo.start_broker(BrokerId(2)).unwrap();
    let mut back = Client::to(&demo, 2).await;
    let ResponseKind::Metadata(metadata) = back.ask(12, m::MetadataRequest::default().with_topics(None)).await else {
        panic!()
    };
    assert_eq!(metadata.brokers.len(), 3);
    let all_in_sync =
        metadata.topics.iter().flat_map(|topic| &topic.partitions).all(|p| p.isr_nodes.len() == p.replica_nodes.len());
    assert!(all_in_sync);
}

#[tokio::test]
async fn too_few_replicas_refuse_writes_that_want_all() {
    let demo = start(World::Full, false).await;
    let mut client = Client::to_leader(&demo, "analytics.scratch", 0).await;
    let records = || batch_of(&[("k", "v", NOON.millis())]);
    assert_eq!(write(&mut client, produce("analytics.scratch", 0, -1, records())).await.0, E::NotEnoughReplicas.code());
    assert_eq!(write(&mut client, produce("analytics.scratch", 0, 1, records())).await.0, 0);
}

#[tokio::test]
async fn an_old_leader_epoch_is_fenced() {
    let demo = start(World::Full, false).await;
    let led_by_two = {
        let state = demo.cluster.lock();
        let (name, topic) = state.topics.get_key_value("payments").unwrap();
        let index = topic.partitions.iter().position(|p| p.leader == Some(BrokerId(2))).unwrap();
        (name.as_str().to_owned(), i32::try_from(index).unwrap())
    };
    demo.stop_broker(BrokerId(2));
    let (name, index) = led_by_two;
    let mut client = Client::to_leader(&demo, &name, index).await;
    let mut old = fetch(&name, index, 40_300, 0);
    old.topics[0].partitions[0].current_leader_epoch = 0;
    assert_eq!(fetched(client.ask(11, old).await).0, E::FencedLeaderEpoch.code());
    let asked = m::offset_for_leader_epoch_request::OffsetForLeaderPartition::default()
        .with_partition(index)
        .with_leader_epoch(0);
    let asked = m::offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
        .with_topic(topic(&name))
        .with_partitions(vec![asked]);
    let request = m::OffsetForLeaderEpochRequest::default().with_replica_id((-1).into()).with_topics(vec![asked]);
    let ResponseKind::OffsetForLeaderEpoch(ends) = client.ask(4, request).await else { panic!() };
    let line = &ends.topics[0].partitions[0];
    let end = offset_at(&mut client, &name, index, -1).await.0;
    assert_eq!((line.error_code, line.leader_epoch, line.end_offset), (0, 0, end));
    let ResponseKind::ListOffsets(listed) = client.ask(7, list_offsets(&name, index, -1)).await else { panic!() };
    assert_eq!(listed.topics[0].partitions[0].leader_epoch, 1);
}
