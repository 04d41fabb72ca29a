//! Groups that form, commit, shrink and go away.

use super::client::{Client, create_topic, fetch, fetched, s, topic, unfold};
use super::{World, start};
use crate::demo::state::keyed_partition;
use crate::demo::subscription;
use bytes::Bytes;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages as m;
use kafka_protocol::messages::ResponseKind;

fn group(id: &str) -> m::GroupId {
    m::GroupId(s(id))
}

fn join_request(member: &str, instance: Option<&str>) -> m::JoinGroupRequest {
    let protocol = m::join_group_request::JoinGroupRequestProtocol::default()
        .with_name(s("range"))
        .with_metadata(subscription::subscription(&["t"]));
    m::JoinGroupRequest::default()
        .with_group_id(group("g"))
        .with_session_timeout_ms(6_000)
        .with_rebalance_timeout_ms(6_000)
        .with_member_id(s(member))
        .with_group_instance_id(instance.map(s))
        .with_protocol_type(s("consumer"))
        .with_protocols(vec![protocol])
}

async fn join(client: &mut Client, member: &str, instance: Option<&str>) -> m::JoinGroupResponse {
    let ResponseKind::JoinGroup(response) = client.ask(7, join_request(member, instance)).await else { panic!() };
    if response.error_code != E::MemberIdRequired.code() {
        return response;
    }
    let given = response.member_id.to_string();
    let ResponseKind::JoinGroup(response) = client.ask(7, join_request(&given, instance)).await else { panic!() };
    response
}

async fn sync(client: &mut Client, joined: &m::JoinGroupResponse) -> m::SyncGroupResponse {
    let assignments = joined.members.iter().map(|member| {
        m::sync_group_request::SyncGroupRequestAssignment::default()
            .with_member_id(member.member_id.clone())
            .with_assignment(Bytes::from(format!("for {}", member.member_id.as_str())))
    });
    let request = m::SyncGroupRequest::default()
        .with_group_id(group("g"))
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone())
        .with_assignments(assignments.collect());
    let ResponseKind::SyncGroup(response) = client.ask(4, request).await else { panic!() };
    response
}

async fn heartbeat(client: &mut Client, joined: &m::JoinGroupResponse) -> i16 {
    let request = m::HeartbeatRequest::default()
        .with_group_id(group("g"))
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone());
    let ResponseKind::Heartbeat(response) = client.ask(3, request).await else { panic!() };
    response.error_code
}

fn commit_request(id: &str, generation: i32, member: &str, offset: i64) -> m::OffsetCommitRequest {
    let partition = m::offset_commit_request::OffsetCommitRequestPartition::default()
        .with_partition_index(0)
        .with_committed_offset(offset)
        .with_committed_leader_epoch(3)
        .with_committed_metadata(Some(s("note")));
    let asked = m::offset_commit_request::OffsetCommitRequestTopic::default()
        .with_name(topic("t"))
        .with_partitions(vec![partition]);
    m::OffsetCommitRequest::default()
        .with_group_id(group(id))
        .with_generation_id_or_member_epoch(generation)
        .with_member_id(s(member))
        .with_topics(vec![asked])
}

async fn commit(client: &mut Client, request: m::OffsetCommitRequest) -> i16 {
    let ResponseKind::OffsetCommit(response) = client.ask(7, request).await else { panic!() };
    response.topics[0].partitions[0].error_code
}

async fn state_of(client: &mut Client, id: &str) -> (String, usize) {
    let request = m::DescribeGroupsRequest::default().with_groups(vec![group(id)]);
    let ResponseKind::DescribeGroups(response) = client.ask(5, request).await else { panic!() };
    (response.groups[0].group_state.to_string(), response.groups[0].members.len())
}

#[tokio::test]
async fn members_join_share_commit_and_leave() {
    let demo = start(World::Empty, false).await;
    let mut any = Client::to(&demo, 1).await;
    create_topic(&mut any, "t", 2, &[]).await;
    let (mut one, mut two) = (Client::to_coordinator(&demo, "g").await, Client::to_coordinator(&demo, "g").await);
    let (first, second) = tokio::join!(join(&mut one, "", None), join(&mut two, "", None));
    assert_eq!((first.error_code, second.error_code), (0, 0));
    assert_eq!(first.generation_id, second.generation_id, "both are in the first generation");
    assert_eq!(first.members.len() + second.members.len(), 2, "only the leader is told the members");
    let (a, b) = tokio::join!(sync(&mut one, &first), sync(&mut two, &second));
    assert_eq!(a.assignment, format!("for {}", first.member_id.as_str()));
    assert_eq!(b.assignment, format!("for {}", second.member_id.as_str()));
    assert_eq!(state_of(&mut one, "g").await, ("Stable".to_owned(), 2));

    let member = first.member_id.to_string();
    assert_eq!(commit(&mut one, commit_request("g", first.generation_id, &member, 40)).await, 0);
    assert_eq!(
        commit(&mut one, commit_request("g", first.generation_id + 1, &member, 41)).await,
        E::IllegalGeneration.code()
    );
    assert_eq!(
        commit(&mut one, commit_request("g", -1, "", 42)).await,
        E::UnknownMemberId.code(),
        "outsiders wait until it is empty"
    );

    let leaving = m::leave_group_request::MemberIdentity::default().with_member_id(second.member_id.clone());
    let request = m::LeaveGroupRequest::default().with_group_id(group("g")).with_members(vec![leaving]);
    let ResponseKind::LeaveGroup(left) = two.ask(4, request.clone()).await else { panic!() };
    assert_eq!(left.members[0].error_code, 0);
    assert_eq!(heartbeat(&mut one, &first).await, E::RebalanceInProgress.code());
    let again = join(&mut one, &member, None).await;
    assert_eq!((again.error_code, again.generation_id), (0, first.generation_id + 1));
    sync(&mut one, &again).await;
    assert_eq!(heartbeat(&mut one, &again).await, 0);
    assert_eq!(heartbeat(&mut one, &first).await, E::IllegalGeneration.code());

    let leaving = m::leave_group_request::MemberIdentity::default().with_member_id(again.member_id.clone());
    one.ask(4, request.with_members(vec![leaving])).await;
    assert_eq!(state_of(&mut one, "g").await, ("Empty".to_owned(), 0));
    assert_eq!(commit(&mut one, commit_request("g", -1, "", 7)).await, 0);
    let delete = m::DeleteGroupsRequest::default().with_groups_names(vec![group("g")]);
    let ResponseKind::DeleteGroups(deleted) = one.ask(2, delete).await else { panic!() };
    assert_eq!(deleted.results[0].error_code, 0);
    assert_eq!(state_of(&mut one, "g").await, ("Dead".to_owned(), 0));
}

#[tokio::test]
async fn a_static_member_comes_back_without_a_rebalance_and_fences_its_old_self() {
    let demo = start(World::Empty, false).await;
    let mut client = Client::to_coordinator(&demo, "g").await;
    let first = join(&mut client, "", Some("worker-1")).await;
    sync(&mut client, &first).await;
    let again = join(&mut client, "", Some("worker-1")).await;
    assert_eq!((again.error_code, again.generation_id), (0, first.generation_id));
    assert_ne!(again.member_id, first.member_id);
    let fenced = join(&mut client, first.member_id.as_str(), Some("worker-1")).await;
    assert_eq!(fenced.error_code, E::FencedInstanceId.code());
    let synced = sync(&mut client, &again).await;
    assert_eq!(synced.assignment, format!("for {}", first.member_id.as_str()), "the assignment stayed");
}

#[tokio::test]
async fn commits_are_records_of_the_offsets_topic() {
    let demo = start(World::Empty, false).await;
    let mut any = Client::to(&demo, 1).await;
    create_topic(&mut any, "t", 1, &[]).await;
    let mut coordinator = Client::to_coordinator(&demo, "backup").await;
    assert_eq!(commit(&mut coordinator, commit_request("backup", -1, "", 42)).await, 0);
    let partition = keyed_partition("backup");
    let mut leader = Client::to_leader(&demo, "__consumer_offsets", partition).await;
    let (error, end, bytes) = fetched(leader.ask(11, fetch("__consumer_offsets", partition, 0, 0)).await);
    assert_eq!((error, end), (0, 1));
    let (_, _, content) = unfold(bytes, 0).remove(0);
    assert_eq!(content.key.unwrap(), Bytes::from_static(b"\0\x01\0\x06backup\0\x01t\0\0\0\0"));
    assert_eq!(content.value.unwrap().slice(..20), Bytes::from_static(b"\0\x03\0\0\0\0\0\0\0\x2a\0\0\0\x03\0\x04note"));

    let wanted =
        m::offset_fetch_request::OffsetFetchRequestGroup::default().with_group_id(group("backup")).with_topics(None);
    let request = m::OffsetFetchRequest::default().with_groups(vec![wanted]);
    let ResponseKind::OffsetFetch(found) = coordinator.ask(8, request).await else { panic!() };
    let line = &found.groups[0].topics[0].partitions[0];
    assert_eq!((line.committed_offset, line.committed_leader_epoch), (42, 3));
    assert_eq!(line.metadata.as_ref().unwrap().as_str(), "note");

    let id = demo.cluster.lock().coordinator("backup").unwrap().id.0;
    let mut stranger = Client::to(&demo, if id == 1 { 2 } else { 1 }).await;
    assert_eq!(commit(&mut stranger, commit_request("backup", -1, "", 1)).await, E::NotCoordinator.code());
}

#[tokio::test]
async fn offsets_of_topics_that_are_read_are_not_deleted() {
    let demo = start(World::Full, false).await;
    let delete = |id: &str, name: &str| {
        let asked = m::offset_delete_request::OffsetDeleteRequestPartition::default().with_partition_index(0);
        let asked = m::offset_delete_request::OffsetDeleteRequestTopic::default()
            .with_name(topic(name))
            .with_partitions(vec![asked]);
        m::OffsetDeleteRequest::default().with_group_id(group(id)).with_topics(vec![asked])
    };
    for (id, name, expected) in
        [("order-processor", "orders.v1", E::GroupSubscribedToTopic.code()), ("invoice-export-nightly", "orders.v1", 0)]
    {
        let mut client = Client::to_coordinator(&demo, id).await;
        let ResponseKind::OffsetDelete(deleted) = client.ask(0, delete(id, name)).await else { panic!() };
        assert_eq!(deleted.topics[0].partitions[0].error_code, expected, "{id}");
        let has = demo.cluster.lock().groups[id].offsets.contains_key(&(name.into(), 0));
        assert_eq!(has, expected != 0, "{id}");
    }
}
