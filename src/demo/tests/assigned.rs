//! Groups in which the broker assigns: who joins, what each holds, and who has to let go.

use super::client::{Client, batch_of, create_topic, produce, s, topic};
use super::{World, start};
use crate::demo::Demo;
use crate::demo::assigning::{self, Beat, Told};
use crate::demo::group::{Kind, Phase};
use crate::demo::work::{Piece, Process};
use crate::protocol::{Subtopology, TopicInfo, Topology};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages as m;
use kafka_protocol::messages::ResponseKind;
use std::collections::BTreeSet;
use uuid::Uuid;

fn consumer(member: &str, epoch: i32, owned: Option<&BTreeSet<Piece>>) -> Beat {
    Beat {
        kind: Kind::Consumer,
        group: "g".into(),
        member_id: member.to_owned(),
        epoch,
        instance_id: None,
        client_id: "test".to_owned(),
        host: "/127.0.0.1".to_owned(),
        rebalance_ms: 60_000,
        rack: None,
        topics: (epoch == 0).then(|| vec!["t".to_owned()]),
        pattern: None,
        owned: owned.cloned(),
        topology: None,
        process: None,
    }
}

fn beat(demo: &Demo, beat: Beat) -> Told {
    assigning::beat(&demo.cluster, beat).unwrap()
}

fn phase(demo: &Demo) -> Phase {
    demo.cluster.lock().groups["g"].phase
}

fn pieces(name: &str, partitions: &[i32]) -> BTreeSet<Piece> {
    partitions.iter().map(|partition| (name.to_owned(), *partition)).collect()
}

async fn with_topic(partitions: i32) -> Demo {
    let demo = start(World::Empty, false).await;
    create_topic(&mut Client::to(&demo, 1).await, "t", partitions, &[]).await;
    demo
}

#[tokio::test]
async fn a_partition_comes_to_the_next_when_the_one_before_has_let_go() {
    let demo = with_topic(4).await;
    let none = BTreeSet::new();
    let first = beat(&demo, consumer("a", 0, Some(&none)));
    let all = first.holding.unwrap().active;
    assert_eq!((all.len(), first.epoch, phase(&demo)), (4, 1, Phase::Stable));
    beat(&demo, consumer("a", 1, Some(&all)));

    let second = beat(&demo, consumer("b", 0, Some(&none)));
    assert_eq!(second.holding.unwrap().active, none, "all is with the other");
    assert_eq!((second.epoch, phase(&demo)), (2, Phase::Reconciling));
    let told = beat(&demo, consumer("a", 1, None));
    let keeps = told.holding.unwrap().active;
    assert_eq!((keeps.len(), told.epoch), (2, 1), "it keeps its epoch until it has let go");
    assert_eq!(beat(&demo, consumer("b", 2, None)).holding.map(|holding| holding.active), None, "not yet");
    let told = beat(&demo, consumer("a", 1, Some(&keeps)));
    assert_eq!((told.epoch, told.holding.unwrap().active), (2, keeps.clone()));
    let rest = beat(&demo, consumer("b", 2, None)).holding.unwrap().active;
    assert_eq!((rest.len(), rest.is_disjoint(&keeps), phase(&demo)), (2, true, Phase::Stable));
    assert_eq!(beat(&demo, consumer("b", 2, None)).holding.map(|holding| holding.active), None, "nothing is new");

    let fenced = assigning::beat(&demo.cluster, consumer("b", 1, None)).unwrap_err();
    assert_eq!(fenced, E::FencedMemberEpoch.code());
    let unknown = assigning::beat(&demo.cluster, consumer("c", 1, None)).unwrap_err();
    assert_eq!(unknown, E::UnknownMemberId.code());
    beat(&demo, consumer("a", -1, None));
    assert_eq!(beat(&demo, consumer("b", 2, None)).holding.unwrap().active, all, "what is left is all its own");
    beat(&demo, consumer("b", -1, None));
    assert_eq!(phase(&demo), Phase::Empty);
}

#[tokio::test]
async fn members_by_pattern_follow_topics_that_come_and_static_ones_keep_their_place() {
    let demo = with_topic(1).await;
    let by_pattern = |epoch, member: &str| Beat {
        topics: None,
        pattern: (epoch == 0).then(|| "t.*".to_owned()),
        instance_id: Some("pod-1".to_owned()),
        ..consumer(member, epoch, None)
    };
    assert_eq!(beat(&demo, by_pattern(0, "a")).holding.unwrap().active, pieces("t", &[0]));
    create_topic(&mut Client::to(&demo, 1).await, "t2", 1, &[]).await;
    let told = beat(&demo, by_pattern(1, "a"));
    assert_eq!((told.holding.unwrap().active.len(), told.epoch), (2, 2));
    let unreleased = assigning::beat(&demo.cluster, by_pattern(0, "b")).unwrap_err();
    assert_eq!(unreleased, E::UnreleasedInstanceId.code(), "its place is taken");
    beat(&demo, by_pattern(-2, "a"));
    assert_eq!(demo.cluster.lock().groups["g"].members.len(), 1, "it will be back");
    assert_eq!(beat(&demo, by_pattern(0, "b")).holding.unwrap().active.len(), 2);
    assert!(demo.cluster.lock().groups["g"].members.contains_key("b"));
    let other = assigning::beat(&demo.cluster, Beat { kind: Kind::Share, ..consumer("c", 0, None) }).unwrap_err();
    assert_eq!(other, E::GroupIdNotFound.code(), "it is no share group");
}

#[tokio::test]
async fn a_streams_application_gets_its_topics_tasks_and_copies() {
    let demo = start(World::Empty, false).await;
    let info = |name: &str| TopicInfo { name: s(name), partitions: 0, replication_factor: 0, configs: Vec::new() };
    let subtopology = |id: &str, sources: &[&str], sinks: &[&str], made: &[&str], kept: &[&str]| Subtopology {
        id: s(id),
        source_topics: sources.iter().map(|name| s(name)).collect(),
        repartition_sink_topics: sinks.iter().map(|name| s(name)).collect(),
        state_changelog_topics: kept.iter().map(|name| info(name)).collect(),
        repartition_source_topics: made.iter().map(|name| info(name)).collect(),
    };
    let subtopologies =
        vec![subtopology("0", &["t"], &["g-r"], &[], &[]), subtopology("1", &[], &[], &["g-r"], &["g-c"])];
    let topology = Topology { epoch: 0, subtopologies: Some(subtopologies) };
    let member = |id: &str, epoch, owned: Option<&BTreeSet<Piece>>| Beat {
        kind: Kind::Streams,
        topics: None,
        topology: (epoch == 0).then(|| topology.clone()),
        process: (epoch == 0).then(|| Process { id: format!("process-{id}"), ..Process::default() }),
        ..consumer(id, epoch, owned)
    };
    let set = [("streams.num.standby.replicas".to_owned(), "1".to_owned())];
    demo.cluster.lock().group_configs.insert("g".to_owned(), set.into());
    let told = beat(&demo, member("a", 0, None));
    assert_eq!((told.missing, phase(&demo)), (vec!["t".to_owned()], Phase::NotReady));
    create_topic(&mut Client::to(&demo, 1).await, "t", 2, &[]).await;
    let told = beat(&demo, member("a", told.epoch, None));
    let all = told.holding.unwrap().active;
    assert_eq!((all.len(), phase(&demo)), (4, Phase::Stable));
    let partitions = |name: &str| demo.cluster.lock().topics[name].partitions.len();
    assert_eq!((partitions("g-r"), partitions("g-c")), (2, 2), "as many as there are tasks");

    let second = beat(&demo, member("b", 0, None));
    let keeps = beat(&demo, member("a", told.epoch, Some(&all))).holding.unwrap().active;
    let told = beat(&demo, member("a", told.epoch, Some(&keeps)));
    let other = beat(&demo, member("b", second.epoch, None)).holding.unwrap();
    assert_eq!((keeps.len(), other.active.len(), phase(&demo)), (2, 2, Phase::Stable));
    let of_second =
        |pieces: &BTreeSet<Piece>| pieces.iter().filter(|piece| piece.0 == "1").cloned().collect::<BTreeSet<_>>();
    assert_eq!(other.standby, of_second(&keeps), "copies of the stores that the other runs");
    assert_eq!(told.holding.unwrap().standby, of_second(&other.active));
}

fn share_fetch(id: Uuid, epoch: i32, said: &[(i64, i64)]) -> m::ShareFetchRequest {
    let said = said.iter().map(|(first, last)| {
        m::share_fetch_request::AcknowledgementBatch::default()
            .with_first_offset(*first)
            .with_last_offset(*last)
            .with_acknowledge_types(vec![1])
    });
    let row = m::share_fetch_request::FetchPartition::default().with_acknowledgement_batches(said.collect());
    let row = m::share_fetch_request::FetchTopic::default().with_topic_id(id).with_partitions(vec![row]);
    m::ShareFetchRequest::default()
        .with_group_id(Some(m::GroupId(s("g"))))
        .with_member_id(Some(s("a")))
        .with_share_session_epoch(epoch)
        .with_max_bytes(1 << 20)
        .with_max_records(10)
        .with_topics(vec![row])
}

#[tokio::test]
async fn a_share_group_reads_acknowledges_and_begins_later() {
    let demo = with_topic(1).await;
    let id = demo.cluster.lock().topics["t"].id;
    let set = [("share.auto.offset.reset".to_owned(), "earliest".to_owned())];
    demo.cluster.lock().group_configs.insert("g".to_owned(), set.into());
    let mut client = Client::to_leader(&demo, "t", 0).await;
    client.ask(9, produce("t", 0, 1, batch_of(&[("k", "v", 1), ("k", "w", 2), ("k", "x", 3)]))).await;
    let joins = Beat { kind: Kind::Share, ..consumer("a", 0, None) };
    assert_eq!(beat(&demo, joins).holding.unwrap().active, pieces("t", &[0]));
    let begins = || demo.cluster.lock().groups["g"].offsets[&("t".into(), 0)].offset;
    assert_eq!(begins(), 0);

    let ResponseKind::ShareFetch(got) = client.ask(1, share_fetch(id, 0, &[])).await else { panic!() };
    let row = &got.responses[0].partitions[0];
    assert_eq!(row.error_code, 0);
    assert!(!row.records.as_ref().unwrap().is_empty());
    let acquired: Vec<_> = row.acquired_records.iter().map(|one| (one.first_offset, one.last_offset)).collect();
    assert_eq!(acquired, [(0, 2)]);
    let ResponseKind::ShareFetch(got) = client.ask(1, share_fetch(id, 1, &[(0, 1)])).await else { panic!() };
    assert_eq!(got.responses[0].partitions[0].acknowledge_error_code, 0);
    assert_eq!(begins(), 2, "two are acknowledged");
    let ResponseKind::ShareFetch(got) = client.ask(1, share_fetch(id, 2, &[(0, 1)])).await else { panic!() };
    assert_eq!(got.responses[0].partitions[0].acknowledge_error_code, E::InvalidRecordState.code());

    let closes = m::ShareAcknowledgeRequest::default()
        .with_group_id(Some(m::GroupId(s("g"))))
        .with_member_id(Some(s("a")))
        .with_share_session_epoch(-1);
    let ResponseKind::ShareAcknowledge(closed) = client.ask(1, closes).await else { panic!() };
    assert_eq!(closed.error_code, 0);
    let ResponseKind::ShareFetch(got) = client.ask(1, share_fetch(id, 3, &[])).await else { panic!() };
    assert_eq!(got.error_code, E::ShareSessionNotFound.code());
    let ResponseKind::ShareFetch(got) = client.ask(1, share_fetch(id, 0, &[])).await else { panic!() };
    let again = &got.responses[0].partitions[0].acquired_records[0];
    assert_eq!((again.first_offset, again.delivery_count), (2, 2), "what it had it gave back");
    let leaves = Beat { kind: Kind::Share, ..consumer("a", -1, None) };
    beat(&demo, leaves);
    assert_eq!(phase(&demo), Phase::Empty);
}

#[tokio::test]
async fn members_commit_in_their_own_epoch_and_consumers_heartbeat_over_the_wire() {
    let demo = with_topic(1).await;
    let mut client = Client::to_coordinator(&demo, "g").await;
    let joins = m::ConsumerGroupHeartbeatRequest::default()
        .with_group_id(m::GroupId(s("g")))
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(vec![topic("t")]))
        .with_topic_partitions(Some(Vec::new()));
    let ResponseKind::ConsumerGroupHeartbeat(told) = client.ask(0, joins).await else { panic!() };
    assert_eq!((told.error_code, told.member_epoch), (0, 1));
    let member = told.member_id.clone().expect("it is given an id");
    assert_eq!(told.assignment.unwrap().topic_partitions[0].topic_id, demo.cluster.lock().topics["t"].id);
    let commit = |epoch| {
        let row = m::offset_commit_request::OffsetCommitRequestPartition::default().with_committed_offset(7);
        let row = m::offset_commit_request::OffsetCommitRequestTopic::default()
            .with_name(topic("t"))
            .with_partitions(vec![row]);
        m::OffsetCommitRequest::default()
            .with_group_id(m::GroupId(s("g")))
            .with_generation_id_or_member_epoch(epoch)
            .with_member_id(member.clone())
            .with_topics(vec![row])
    };
    for (epoch, expected) in [(1, 0), (9, E::StaleMemberEpoch.code())] {
        let ResponseKind::OffsetCommit(done) = client.ask(9, commit(epoch)).await else { panic!() };
        assert_eq!(done.topics[0].partitions[0].error_code, expected);
    }
    let described = m::ConsumerGroupDescribeRequest::default().with_group_ids(vec![m::GroupId(s("g"))]);
    let ResponseKind::ConsumerGroupDescribe(told) = client.ask(1, described).await else { panic!() };
    let group = &told.groups[0];
    assert_eq!((group.group_state.as_str(), group.assignor_name.as_str()), ("Stable", "uniform"));
    assert_eq!(group.members[0].assignment.topic_partitions[0].partitions, [0]);
}
