//! Groups of the types in which the broker assigns, and share groups that have no commits.

use super::canned::{self, Desk, called};
use super::screens::shoot;
use super::states::in_group;
use crate::cluster::{Access, GroupDetail};
use crate::domain::Fact;
use crate::domain::group::{
    GroupState, GroupType, LagTotal, MemberDetail, NodeWork, StreamsDetail, Subtopology, Task, Tasks, Topology,
    TopologyNode,
};
use std::sync::Arc;

fn of_kind(kind: GroupType, state: GroupState, detail: MemberDetail) -> GroupDetail {
    let mut group = (*canned::group(state)).clone();
    group.description.listing.kind = kind;
    (group.description.epoch, group.description.assignment_epoch) = (Some(9), Some(9));
    for member in &mut group.description.members {
        member.detail = Some(Box::new(detail.clone()));
    }
    group
}

/// Where a share group begins, and what its broker tells of the rest.
pub fn share(state: GroupState) -> Arc<GroupDetail> {
    let subscription = vec![called("payments").as_str().into()];
    let detail = MemberDetail { epoch: 9, subscription, ..MemberDetail::default() };
    let mut group = of_kind(GroupType::Share, state, detail);
    group.partitions.retain(|row| row.partition.partition < 4);
    for (row, told) in group.partitions.iter_mut().zip([Fact::Known(0), Fact::Known(318), Fact::unknown("not known")]) {
        row.told_lag = Some(told);
    }
    group.lag = LagTotal::of(&group.partitions);
    Arc::new(group)
}

fn tasks(partitions: &[i32]) -> Vec<Task> {
    partitions.iter().map(|partition| Task { subtopology: "0".into(), partition: *partition }).collect()
}

/// One whose tasks move: some are built up where they will run.
pub fn streams(state: GroupState) -> Arc<GroupDetail> {
    let streams = StreamsDetail {
        topology_epoch: 2,
        process_id: called("7a6e-51"),
        endpoint: None,
        tags: Vec::new(),
        tasks: Tasks { active: tasks(&[0, 1]), standby: tasks(&[4]), warmup: tasks(&[2]) },
        target: Tasks { active: tasks(&[0, 1, 2]), standby: tasks(&[4]), warmup: Vec::new() },
    };
    let detail = MemberDetail { epoch: 8, streams: Some(streams), ..MemberDetail::default() };
    let mut group = of_kind(GroupType::Streams, state, detail);
    let name = |name: &str| called(name).as_str().into();
    let subtopology = Subtopology {
        id: "0".into(),
        sources: vec![name("payments")],
        repartition_sources: Vec::new(),
        repartition_sinks: Vec::new(),
        changelogs: vec![name("fraud-scoring-velocity-changelog")],
    };
    let node = |name: &str, work, successors: &[&str]| TopologyNode {
        subtopology: Some("0".into()),
        name: called(name),
        work,
        successors: successors.iter().map(|name| called(name)).collect(),
    };
    let nodes = Fact::Known(vec![
        node("read-payments", NodeWork::Source(vec![called("payments").as_str().into()]), &["count"]),
        node("count", NodeWork::Processor(vec![called("velocity")]), &[]),
    ]);
    group.description.topology = Some(Box::new(Topology { epoch: 2, subtopologies: Some(vec![subtopology]), nodes }));
    Arc::new(group)
}

/// One that subscribes by a pattern, and changes over to a new assignment.
fn consumer() -> Arc<GroupDetail> {
    let target = canned::group(GroupState::Stable).partitions.iter().take(3).map(|row| row.partition.clone()).collect();
    let pattern = Some(called("pay.*"));
    let detail = MemberDetail { epoch: 8, pattern, target: Some(target), ..MemberDetail::default() };
    Arc::new(of_kind(GroupType::Consumer, GroupState::Reconciling, detail))
}

fn members_of(group: Arc<GroupDetail>) -> Desk {
    let mut desk = in_group(Access::ReadWrite, Ok(group));
    desk.press("l");
    desk
}

#[test]
fn a_share_group_has_start_offsets_and_no_commits() {
    let mut desk = in_group(Access::ReadWrite, Ok(share(GroupState::Stable)));
    shoot("group_share", &mut desk);
    let text = desk.draw(160, 40);
    assert!(text.contains("LOG START") && text.contains("START OFFSET") && !text.contains("COMMITTED"), "{text}");
}

#[test]
fn a_streams_group_shows_its_topology_and_the_tasks_of_its_members() {
    let mut desk = members_of(streams(GroupState::Reconciling));
    shoot("group_streams_members", &mut desk);
    let text = desk.draw(160, 40);
    for word in ["0_0, 0_1", "0_4", "0_2", "epoch 9, 1 member behind"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    desk.press("l");
    shoot("group_streams_topology", &mut desk);
    let text = desk.draw(160, 40);
    for word in ["SUBTOPOLOGY", "source", "changelog", "processor", "read-payments reads payments"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    desk.press("l");
    assert!(desk.draw(160, 40).contains("SEEN AT"), "the timeline follows");
}

#[test]
fn a_group_that_changes_over_shows_what_its_members_shall_hold() {
    let mut desk = members_of(consumer());
    shoot("group_consumer_members", &mut desk);
    let text = desk.draw(160, 40);
    assert!(text.contains("TARGET") && text.contains("/pay.*/"), "{text}");
}

#[test]
fn a_topology_that_is_not_set_up_says_why() {
    let mut group = (*streams(GroupState::NotReady)).clone();
    group.description.topology = Some(Box::new(Topology { epoch: 2, subtopologies: None, nodes: Fact::unknown("-") }));
    // What is more urgent stands before it.
    (group.rebalances, group.outlook, group.judged) = (0, Fact::unknown("-"), Fact::unknown("-"));
    let text = in_group(Access::ReadWrite, Ok(Arc::new(group))).draw(160, 40);
    assert!(text.contains("source topics are missing"), "{text}");
}
