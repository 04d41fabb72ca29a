//! What can be done to groups: which plan each key asks for, and how it looks.

use super::canned::{self, Desk};
use super::screens::{in_group, shoot};
use crate::cluster::{Access, RecordRef, RecordsUpdate};
use crate::domain::group::GroupState;
use crate::domain::group_plan::{GroupFacts, Leavers, PlanBasis, plan_delete_groups, plan_remove_members};
use crate::domain::origin::GroupRole;
use crate::domain::plan::Plan;
use crate::domain::record::StartAt;
use crate::domain::reset::{PartitionFacts, TouchedGroup};
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Request};
use jiff::tz::TimeZone;
use std::sync::Arc;

fn basis() -> PlanBasis {
    PlanBasis { id: "19f-2".into(), now: canned::NOW, zone: TimeZone::UTC, production: false }
}

fn deletion(state: GroupState) -> Plan {
    let detail = canned::group(state);
    let commits = detail.partitions.iter().filter_map(|row| {
        Some(PartitionFacts {
            partition: row.partition.clone(),
            topic_id: None,
            exists: true,
            committed: Some(row.committed.known()?.clone()?),
            start: row.start.clone(),
            end: row.end.clone(),
            by_time: None,
            is_ahead: false,
            given: None,
        })
    });
    let commits = commits.collect();
    let group = TouchedGroup {
        description: detail.description.clone(),
        role: GroupRole::Plain,
        commits_without_joining: false,
    };
    plan_delete_groups(basis(), vec![GroupFacts { group, commits }]).unwrap()
}

fn asked(desk: &Desk) -> Option<&Request> {
    desk.open.get(&Slot::Plan).map(|(_, request)| request)
}

#[test]
fn the_group_on_screen_is_planned_away_or_all_that_are_marked() {
    let mut desk = in_group(GroupState::Empty, Access::ReadOnly);
    let group = desk.state.views.group.id.clone().unwrap();
    desk.press("D");
    assert!(matches!(asked(&desk), Some(Request::PlanDeleteGroups(groups)) if *groups == [group]), "also read-only");
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 space space D");
    assert!(matches!(asked(&desk), Some(Request::PlanDeleteGroups(groups)) if groups.len() == 2));
}

#[test]
fn offsets_go_by_partition_and_members_one_or_all() {
    let mut desk = in_group(GroupState::Stable, Access::ReadWrite);
    desk.press("space space X");
    let Some(Request::PlanDeleteOffsets { scope, .. }) = asked(&desk) else { panic!("a plan is asked for") };
    assert_eq!(scope.iter().filter_map(|(_, ids)| ids.as_ref()).map(Vec::len).sum::<usize>(), 2);
    desk.press("esc M");
    assert!(matches!(asked(&desk), Some(Request::PlanRemoveMembers { leavers: Leavers::All, .. })));
    desk.press("esc right M");
    let Some(Request::PlanRemoveMembers { leavers, .. }) = asked(&desk) else { panic!("a plan is asked for") };
    assert!(matches!(leavers, Leavers::Named { members, .. } if *members == ["fraud-1-7a6e"]));
}

#[test]
fn a_group_without_members_has_none_to_remove() {
    let mut desk = in_group(GroupState::Empty, Access::ReadWrite);
    desk.press("M");
    assert!(asked(&desk).is_none());
    assert!(desk.draw(120, 40).contains("the group has no members"));
}

#[test]
fn offsets_are_copied_to_a_group_that_is_named() {
    let mut desk = in_group(GroupState::Stable, Access::ReadWrite);
    let group = desk.state.views.group.id.clone().unwrap();
    desk.press("C");
    desk.press("'billing-export'");
    desk.press("enter");
    assert!(
        matches!(asked(&desk), Some(Request::PlanCopy { from, to }) if *from == group && to.as_str() == "billing-export")
    );
}

#[test]
fn offsets_are_saved_as_a_file_that_says_what_is_missing() {
    let mut desk = in_group(GroupState::Stable, Access::ReadOnly);
    desk.press("E");
    assert!(desk.draw(120, 40).contains("Save the offsets of fraud-scoring, 1 partition unknown"));
    desk.press("enter");
    let Some((_, Request::SaveFile { path, text })) = desk.open.get(&Slot::SaveFile) else { panic!("a file") };
    assert_eq!(path.display().to_string(), "fraud-scoring-offsets.csv");
    assert_eq!(text.lines().next(), Some("payments,0,880000"));
    assert_eq!(text.lines().count(), 10);
}

#[test]
fn marked_groups_are_reset_together_and_only_where_they_lag() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 space space R tab");
    assert!(desk.draw(120, 40).contains("Reset offsets of 2 groups"));
    desk.press("enter");
    let Some(Request::PlanReset(request)) = asked(&desk) else { panic!("a plan is asked for") };
    assert_eq!((request.groups.len(), request.only_lagging), (2, true));
}

#[test]
fn a_file_for_other_groups_resets_none() {
    let mut desk = in_group(GroupState::Empty, Access::ReadWrite);
    desk.press("R down down down down down down down down down");
    desk.press("'offsets.csv'");
    desk.press("enter");
    let rows = crate::domain::offsets_csv::parse("elsewhere,payments,0,12").unwrap();
    desk.answer(Slot::ReadFile, Answer::OffsetsRead(Ok(rows)));
    assert!(asked(&desk).is_none());
    assert!(desk.draw(120, 40).contains("no line of the file is for fraud-scoring"));
}

/// `enter` on a partition: what is read next is selected and marked among its neighbours.
#[test]
fn the_records_around_a_committed_offset_are_opened_with_it_marked() {
    let mut desk = in_group(GroupState::Empty, Access::ReadOnly);
    desk.press("j enter");
    let Some((_, Request::Records(request))) = desk.open.get(&Slot::Records) else { panic!("records are read") };
    let (topic, committed) = (request.topic.clone(), 880_791);
    assert_eq!((request.start, request.partitions.clone()), (StartAt::Offset(committed - 5), Some(vec![7])));
    let update = |from: i64, count: usize| {
        let records = RecordRef::of_times(&topic, 7, from, &vec![canned::NOW.0; count]);
        Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() })
    };
    let selected = |desk: &Desk| desk.state.views.records.selected_ref().map(|record| record.offset());
    desk.answer(Slot::Records, update(committed - 5, 3));
    assert_eq!(selected(&desk), Some(committed - 3), "not there yet");
    // The log was compacted: the committed offset itself is gone.
    desk.answer(Slot::Records, update(committed + 1, 9));
    assert_eq!(selected(&desk), Some(committed + 1));
    let text = desk.draw(120, 40);
    assert!(text.contains("● fraud-scoring is at 880,791"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("●") && line.contains("880,792")).count(), 1, "{text}");
    desk.answer(Slot::Records, update(committed + 20, 9));
    assert_eq!(selected(&desk), Some(committed + 1), "it stays there");
}

#[test]
fn a_file_that_names_groups_is_imported() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 I enter");
    assert!(desk.draw(120, 40).contains("which file?"));
    desk.press("'offsets.csv'");
    desk.press("enter");
    assert!(matches!(asked(&desk), Some(Request::PlanImport(path)) if path.display().to_string() == "offsets.csv"));
}

#[test]
fn settings_are_read_from_what_is_typed() {
    let mut desk = in_group(GroupState::Stable, Access::ReadWrite);
    desk.press("e enter");
    assert!(desk.draw(120, 40).contains("which setting?"));
    desk.press("'a.b=7'");
    desk.press("tab");
    desk.press("'c.d'");
    desk.press("enter");
    let Some(Request::PlanConfigureGroup { wishes, .. }) = asked(&desk) else { panic!("a plan is asked for") };
    assert_eq!(*wishes, [("a.b".to_owned(), Some("7".to_owned())), ("c.d".to_owned(), None)]);
}

#[test]
fn plans_about_groups() {
    let mut desk = in_group(GroupState::Empty, Access::ReadWrite);
    desk.press("D");
    desk.answer(Slot::Plan, Answer::Planned(Ok(Arc::new(deletion(GroupState::Empty)))));
    shoot("plan_delete_group", &mut desk);
    let mut desk = in_group(GroupState::Stable, Access::ReadWrite);
    desk.press("D");
    desk.answer(Slot::Plan, Answer::Planned(Ok(Arc::new(deletion(GroupState::Stable)))));
    desk.press("G");
    shoot("plan_delete_group_alive", &mut desk);
    let mut desk = in_group(GroupState::Stable, Access::ReadWrite);
    desk.press("M");
    let detail = canned::group(GroupState::Stable);
    let plan = plan_remove_members(basis(), &detail.description, &Leavers::All).unwrap();
    desk.answer(Slot::Plan, Answer::Planned(Ok(Arc::new(plan))));
    shoot("plan_remove_members", &mut desk);
}
