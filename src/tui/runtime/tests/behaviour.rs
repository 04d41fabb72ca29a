//! Messages in, state and effects out.

use super::canned::{self, Desk};
use crate::cluster::{Access, JournalEntry, JournalView, RecordRef, RecordsUpdate};
use crate::domain::group::GroupState;
use crate::domain::partition_plan::CommitZero;
use crate::domain::plan::{Confirm, Outcome, Plan, Severity, StepStatus, Warning};
use crate::domain::{Failure, FailureKind, Partial};
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::dialogs::plan::Stage;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Message, Request, Screen};
use crate::tui::command::Place;
use std::sync::Arc;
use std::time::Duration;

fn refused() -> Failure {
    Failure::new(FailureKind::Timeout, "ask", "late")
}

/// An answer that would show if it counted.
fn answer_for(slot: Slot) -> Answer {
    match slot {
        Slot::Connect => Answer::Connected(Err(refused())),
        Slot::Metadata => Answer::Metadata(Err(refused())),
        Slot::TopicLogs => Answer::TopicLogs(Err(refused())),
        Slot::Brokers => Answer::Brokers(Err(refused())),
        Slot::Groups => Answer::Groups(Err(refused())),
        Slot::TopicConfigs => Answer::TopicConfigs(Ok(canned::configs())),
        Slot::TopicGroups => Answer::TopicGroups(Ok(Arc::new(Partial::whole(Vec::new())))),
        Slot::Group => Answer::Group(Ok(canned::group(GroupState::Stable))),
        Slot::TopicOrder => Answer::TopicsOrdered(Arc::new(vec![0])),
        Slot::Records => Answer::Records(RecordsUpdate {
            records: RecordRef::of_times(&"a".into(), 0, 0, &[1]),
            ..RecordsUpdate::default()
        }),
        Slot::Decode => Answer::Decoded(vec![canned::record(1)]),
        Slot::Plan => Answer::Planned(Ok(canned::plan(true, 1, Confirm::Yes))),
        Slot::PartitionReport => Answer::PartitionReport(Err(refused())),
        Slot::Apply => Answer::Applied(Err(refused())),
        Slot::LookAgain => Answer::LookedAgain(Ok(vec![Warning::new(Severity::Warning, "it moved")])),
        Slot::WaitEmpty => Answer::GroupIsEmpty(Ok(())),
        Slot::Journal => Answer::Journal(Ok(Arc::new(JournalView::default()))),
        Slot::LookInto => Answer::LookedInto(Err(refused())),
        Slot::Settle => Answer::Settled(Err(refused())),
        Slot::Unlock => Answer::Unlocked(Err(refused())),
        Slot::ReadFile => Answer::OffsetsRead(Err(refused())),
        Slot::SaveFile => Answer::Saved(Err(refused())),
        Slot::Toast => Answer::Rested,
    }
}

#[test]
fn a_late_answer_changes_nothing_in_any_slot() {
    for slot in Slot::ALL {
        let mut desk = Desk::filled(Access::ReadWrite);
        let late = desk.state.slots.start(slot);
        desk.state.slots.start(slot);
        desk.state.is_dirty = false;
        let before = desk.draw(120, 40);
        desk.effects.clear();
        desk.late(slot, late, answer_for(slot));
        assert!(!desk.state.is_dirty, "{slot:?}");
        assert_eq!(desk.draw(120, 40), before, "{slot:?}");
        assert!(desk.effects.is_empty(), "{slot:?}: {:?}", desk.effects);
    }
}

#[test]
fn the_answer_for_one_group_does_not_show_in_another() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter");
    let (first, request) = desk.open.get(&Slot::Group).cloned().unwrap();
    assert!(matches!(request, Request::Group(id) if id.as_str() == "fraud-scoring"));
    desk.press("esc j enter");
    assert_eq!(desk.state.views.group.id.as_ref().map(|id| id.as_str()), Some("billing-export"));
    desk.late(Slot::Group, first, Answer::Group(Ok(canned::group(GroupState::Empty))));
    assert!(desk.state.views.group.detail.value().is_none());
}

#[test]
fn only_what_is_on_screen_is_kept_fresh() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3");
    let running = |desk: &Desk, slot| desk.state.slots.is_running(slot);
    assert!(running(&desk, Slot::Metadata) && running(&desk, Slot::Groups));
    assert!(!running(&desk, Slot::TopicLogs) && !running(&desk, Slot::Brokers));
    desk.press("2");
    assert!(running(&desk, Slot::TopicLogs) && !running(&desk, Slot::Groups));
}

#[test]
fn a_refresh_waits_for_the_answer_and_backs_off_when_it_fails() {
    let mut desk = Desk::connected(Access::ReadWrite);
    let after = |desk: &Desk| match desk
        .effects
        .iter()
        .rev()
        .find(|effect| matches!(effect, Effect::Start { slot: Slot::Metadata, .. }))
    {
        Some(Effect::Start { after, .. }) => *after,
        other => panic!("{other:?}"),
    };
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(canned::metadata())));
    assert_eq!(after(&desk), Duration::from_secs(10));
    for seconds in [10, 20, 40, 60, 60] {
        desk.answer(Slot::Metadata, Answer::Metadata(Err(canned::failure())));
        assert_eq!(after(&desk), Duration::from_secs(seconds));
    }
    desk.effects.clear();
    let denied = Failure::new(FailureKind::Auth, "log in", "wrong password");
    desk.answer(Slot::Metadata, Answer::Metadata(Err(denied)));
    assert!(
        desk.effects.iter().all(|effect| !matches!(effect, Effect::Start { slot: Slot::Metadata, .. })),
        "no login loop"
    );
    desk.press("r");
    assert_eq!(after(&desk), Duration::ZERO);
}

#[test]
fn the_same_snapshot_again_draws_nothing() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let same = canned::groups();
    desk.answer(Slot::Groups, Answer::Groups(Ok(Arc::clone(&same))));
    desk.state.is_dirty = false;
    desk.answer(Slot::Groups, Answer::Groups(Ok(same)));
    assert!(!desk.state.is_dirty);
}

#[test]
fn a_new_snapshot_never_moves_the_user() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j");
    assert_eq!(desk.state.topic_on_screen().map(|t| t.to_string()).as_deref(), Some("orders.v1"));
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    metadata.topics.insert(0, canned::topic("aaa", 1, 3, None));
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
    assert_eq!(desk.state.topic_on_screen().map(|t| t.to_string()).as_deref(), Some("orders.v1"));
    let seen: Vec<_> = desk.state.views.overview.changes.seen.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(seen, ["topic aaa created"]);
}

#[test]
fn escape_closes_exactly_one_level() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 / 'ord' enter enter ?");
    assert_eq!((desk.state.place(), desk.state.dialogs.len()), (Place::Help, 1));
    desk.press("esc");
    assert_eq!(desk.state.place(), Place::Topic);
    desk.press("esc");
    assert_eq!((desk.state.place(), desk.state.views.topics.filter.text()), (Place::Topics, "ord"));
    desk.press("esc");
    assert_eq!((desk.state.place(), desk.state.views.topics.filter.text()), (Place::Topics, ""));
    desk.press("esc");
    assert_eq!(desk.state.screen, Screen::Topics, "there is no level further out");
    desk.press("[");
    assert_eq!(desk.state.screen, Screen::Overview);
    desk.press("]");
    assert_eq!(desk.state.screen, Screen::Topics);
}

#[test]
fn q_goes_back_and_leaves_only_from_the_top() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter q");
    assert_eq!(desk.state.screen, Screen::Groups);
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Quit)));
    desk.press("q");
    assert!(matches!(desk.effects.last(), Some(Effect::Quit)));
}

/// A reset's plan on screen, drawn to its end.
fn with_plan(access: Access, plan: Arc<Plan>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("3 enter");
    desk.answer(Slot::Group, Answer::Group(Ok(canned::group(GroupState::Empty))));
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(Ok(plan)));
    desk
}

fn is_applying(desk: &Desk) -> bool {
    desk.state.slots.is_running(Slot::Apply)
}

#[test]
fn y_applies_only_what_was_drawn_to_its_end() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 60, Confirm::Yes));
    desk.press("y");
    assert!(!is_applying(&desk), "nothing was drawn yet");
    desk.draw(120, 40);
    desk.press("y");
    assert!(!is_applying(&desk), "the end was not in view");
    desk.press("G");
    desk.draw(120, 40);
    desk.press("enter space");
    assert!(!is_applying(&desk), "enter never applies");
    desk.press("y");
    assert!(is_applying(&desk));
}

#[test]
fn a_y_from_before_the_frame_does_not_count() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 3, Confirm::Yes));
    let typed_ahead = desk.now;
    desk.draw(120, 40);
    let chord = crate::tui::command::Chord::parse("y").unwrap();
    desk.send(Message::Pressed { chord, at: typed_ahead });
    assert!(!is_applying(&desk));
    desk.send(Message::Pasted { text: "yyyy".into(), at: desk.now });
    assert!(!is_applying(&desk), "a paste never confirms");
    desk.press("y");
    assert!(is_applying(&desk));
}

#[test]
fn another_plan_has_to_be_seen_again() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 3, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("e enter");
    let mut other = (*canned::plan(true, 3, Confirm::Yes)).clone();
    other.id = "19f-2".into();
    desk.answer(Slot::Plan, Answer::Planned(Ok(Arc::new(other))));
    desk.press("y");
    assert!(!is_applying(&desk));
}

#[test]
fn a_read_only_profile_shows_plans_and_applies_none() {
    let mut desk = with_plan(Access::ReadOnly, canned::plan(true, 3, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("y");
    assert!(!is_applying(&desk));
    assert!(desk.state.notes.newest_first().any(|note| note.text.contains("read-only")));
}

#[test]
fn a_name_has_to_be_typed_not_pasted() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 3, Confirm::TypeName("fraud".into())));
    desk.draw(120, 40);
    desk.press("y");
    assert_eq!(desk.state.place(), Place::TypeName);
    desk.send(Message::Pasted { text: "fraud".into(), at: desk.now });
    desk.press("enter");
    assert!(!is_applying(&desk));
    for _ in 0..5 {
        desk.press("backspace");
    }
    desk.press("'frau' enter");
    assert!(!is_applying(&desk));
    desk.press("d enter");
    assert!(is_applying(&desk));
}

#[test]
fn an_apply_is_never_cut_in_half() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 3, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("y");
    desk.effects.clear();
    desk.press("esc ctrl-c ctrl-c");
    desk.send(Message::Terminated { at: desk.now });
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Quit | Effect::Cancel(Slot::Apply))));
    assert!(matches!(desk.state.dialogs.last(), Some(Dialog::Plan(plan)) if plan.is_applying()));
    let outcome =
        Outcome { plan_id: "19f-1".into(), at: canned::NOW, steps: vec![StepStatus::Done; 3], notes: Vec::new() };
    desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
    assert!(desk.effects.iter().any(|effect| matches!(effect, Effect::Quit)), "it leaves once it was read back");
}

#[test]
fn each_row_gets_its_mark_as_its_answer_comes_and_the_read_back_corrects_it() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 3, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("y");
    let statuses = |desk: &Desk| match desk.state.dialogs.last() {
        Some(Dialog::Plan(plan)) => (0..3).map(|index| plan.status(index).cloned()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let lost = StepStatus::Unknown(refused());
    desk.state.is_dirty = false;
    desk.answer(Slot::Apply, Answer::Progress(vec![(0, StepStatus::Done), (1, lost.clone())]));
    assert!(desk.state.is_dirty);
    assert_eq!(statuses(&desk), [Some(StepStatus::Done), Some(lost), None]);
    // What the plan has no row for is survived.
    desk.answer(Slot::Apply, Answer::Progress(vec![(1, StepStatus::Done), (9, StepStatus::Done)]));
    assert_eq!(statuses(&desk), [Some(StepStatus::Done), Some(StepStatus::Done), None]);
    assert!(is_applying(&desk), "progress is not the end");
}

#[test]
fn what_is_still_where_it_was_put_calls_nobody() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 1, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("y");
    let outcome =
        Outcome { plan_id: "19f-1".into(), at: canned::NOW, steps: vec![StepStatus::Done], notes: Vec::new() };
    desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
    let (said, fine) = (desk.state.notes.len(), Warning::new(Severity::Fine, "still there"));
    desk.answer(Slot::LookAgain, Answer::LookedAgain(Ok(vec![fine.clone()])));
    assert_eq!(desk.state.notes.len(), said);
    assert!(matches!(desk.state.dialogs.last(), Some(Dialog::Plan(plan)) if plan.afterwards == [fine]));
}

#[test]
fn offset_0_is_committed_only_where_it_was_chosen() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j p");
    let report = Arc::new(canned::partition_report());
    desk.answer(Slot::PartitionReport, Answer::PartitionReport(Ok(report)));
    let asked = |desk: &Desk| match desk.open.get(&Slot::Plan) {
        Some((_, Request::PlanAddPartitions { commit_zero, .. })) => commit_zero.clone(),
        other => panic!("{other:?}"),
    };
    desk.press("enter");
    assert_eq!(asked(&desk), CommitZero::No);
    desk.press("esc z enter");
    assert_eq!(asked(&desk), CommitZero::Offered);
    // The choice outlives a change of the wish, and can be taken back.
    desk.press("esc e enter");
    desk.answer(Slot::PartitionReport, Answer::PartitionReport(Ok(Arc::new(canned::partition_report()))));
    desk.press("enter");
    assert_eq!(asked(&desk), CommitZero::Offered);
    desk.press("esc z enter");
    assert_eq!(asked(&desk), CommitZero::No);
}

#[test]
fn after_a_reset_it_is_looked_at_again() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 3, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("y");
    let outcome =
        Outcome { plan_id: "19f-1".into(), at: canned::NOW, steps: vec![StepStatus::Done; 3], notes: Vec::new() };
    desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
    let look = desk.effects.iter().find_map(|effect| match effect {
        Effect::Start { slot: Slot::LookAgain, after, .. } => Some(*after),
        _ => None,
    });
    assert_eq!(look, Some(Duration::from_secs(10)));
    desk.press("u");
    assert!(matches!(desk.open.get(&Slot::Plan), Some((_, Request::PlanUndo(id))) if id == "19f-1"));
}

#[test]
fn waiting_applies_the_new_plan_only_if_it_says_the_same() {
    for same in [true, false] {
        let mut desk = with_plan(Access::ReadWrite, canned::plan(false, 3, Confirm::Yes));
        desk.press("w");
        assert!(!desk.state.slots.is_running(Slot::WaitEmpty), "the end was not drawn");
        desk.draw(120, 40);
        desk.press("w");
        desk.answer(Slot::WaitEmpty, Answer::GroupIsEmpty(Ok(())));
        let partitions = if same { 3 } else { 2 };
        desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(true, partitions, Confirm::Yes))));
        assert_eq!(is_applying(&desk), same);
    }
}

#[test]
fn waiting_can_be_given_up() {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(false, 3, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("w esc");
    assert!(matches!(desk.state.dialogs.last(), Some(Dialog::Plan(plan)) if matches!(plan.stage, Stage::Shown(_))));
    assert!(desk.effects.iter().any(|effect| matches!(effect, Effect::Cancel(Slot::WaitEmpty))));
}

#[test]
fn records_stand_still_when_one_reads_and_follow_when_told() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    let topic = "orders.v1".into();
    let records = |from: i64| RecordsUpdate {
        records: RecordRef::of_times(&topic, 0, from, &[1; 10]),
        ..RecordsUpdate::default()
    };
    desk.draw(80, 24);
    desk.answer(Slot::Records, Answer::Records(records(0)));
    let selected = |desk: &Desk| desk.state.views.records.selected_ref().map(|record| record.offset());
    assert_eq!(selected(&desk), Some(9));
    desk.press("k");
    desk.answer(Slot::Records, Answer::Records(records(10)));
    assert_eq!(selected(&desk), Some(8));
    desk.press("f");
    assert_eq!(selected(&desk), Some(19));
    desk.answer(Slot::Records, Answer::Records(records(20)));
    assert_eq!(selected(&desk), Some(29));
}

#[test]
fn only_records_in_view_are_decoded_and_one_request_runs_at_a_time() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    desk.draw(80, 24);
    let topic = "orders.v1".into();
    for from in [0, 1_000] {
        let records = RecordRef::of_times(&topic, 0, from, &[1; 1_000]);
        desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    }
    let asked: Vec<usize> = desk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Start { request: Request::Decode { records, .. }, .. } => Some(records.len()),
            _ => None,
        })
        .collect();
    assert_eq!(asked.len(), 1);
    assert!(asked.iter().all(|count| *count < 30), "{asked:?}");
}

/// A journal with one change whose result was never written.
fn unfinished() -> Arc<JournalView> {
    let plan = (*canned::plan(true, 3, Confirm::Yes)).clone();
    let (outcome, undone_by, finished_by) = (None, None, None);
    let entry = JournalEntry { plan, began: canned::NOW, outcome, undone_by, finished_by, undo: Ok(()) };
    Arc::new(JournalView { entries: vec![entry], unreadable: Vec::new() })
}

#[test]
fn an_unfinished_change_is_announced_when_a_cluster_is_opened_and_only_once() {
    let mut desk = Desk::filled(Access::ReadWrite);
    assert!(matches!(desk.open.get(&Slot::Journal), Some((_, Request::Journal))), "whatever is on screen");
    desk.answer(Slot::Journal, Answer::Journal(Ok(unfinished())));
    let said = |desk: &Desk| desk.state.notes.newest_first().filter(|note| note.text.contains("never written")).count();
    assert_eq!(said(&desk), 1);
    assert!(!desk.state.slots.is_running(Slot::Journal), "it is not kept fresh where it is not shown");
    assert!(desk.draw(120, 40).contains("9▲ Journal"));
    desk.press("9");
    desk.answer(Slot::Journal, Answer::Journal(Ok(unfinished())));
    assert_eq!(said(&desk), 1);
}

#[test]
fn an_unfinished_change_is_looked_into_finished_and_settled() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("9");
    desk.answer(Slot::Journal, Answer::Journal(Ok(unfinished())));
    assert!(matches!(desk.open.get(&Slot::LookInto), Some((_, Request::LookInto(id))) if id == "19f-1"));
    desk.press("f");
    assert!(matches!(desk.open.get(&Slot::Plan), Some((_, Request::PlanFinish(id))) if id == "19f-1"));
    desk.press("esc v");
    assert!(matches!(desk.open.get(&Slot::Settle), Some((_, Request::Settle(id))) if id == "19f-1"));
    // Once its end is written, there is nothing to finish or to settle.
    let mut view = (*unfinished()).clone();
    view.entries[0].finished_by = Some("19f-2".into());
    desk.answer(Slot::Journal, Answer::Journal(Ok(Arc::new(view))));
    assert!(!desk.state.slots.is_running(Slot::LookInto));
    desk.open.remove(&Slot::Plan);
    desk.press("f");
    assert!(!desk.open.contains_key(&Slot::Plan));
}

#[test]
fn another_profile_leaves_nothing_of_the_old_one() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 / 'ord' enter 0 enter");
    let session = desk.state.link.session().cloned();
    assert!(session.is_none(), "nothing may be asked of the old cluster any more");
    let generation = desk.open.get(&Slot::Connect).map(|(generation, _)| *generation).unwrap();
    let session = crate::tui::app::session::Session {
        card: canned::card("dev", false),
        access: Access::ReadWrite,
        zone: jiff::tz::TimeZone::UTC,
        since: desk.now,
    };
    desk.late(Slot::Connect, generation, Answer::Connected(Ok(Box::new(session))));
    assert!(desk.state.data.metadata.value().is_none());
    assert_eq!(desk.state.views.topics.filter.text(), "");
    assert_eq!((desk.state.screen, desk.state.back.len()), (Screen::Overview, 0));
}

#[test]
fn a_prefix_is_forgotten_by_a_key_that_does_not_belong() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 s x j");
    assert!(desk.state.pending.is_empty());
    assert_eq!(desk.state.views.topics.selection.cursor(), 1);
}

#[test]
fn y_and_n_mean_nothing_outside_a_plan() {
    let mut desk = Desk::filled(Access::ReadOnly);
    for view in ["1", "3", "4", "9", "0", "m"] {
        desk.press(view);
        desk.effects.clear();
        let (screen, dialogs) = (desk.state.screen, desk.state.dialogs.len());
        desk.press("y n");
        assert_eq!((desk.state.screen, desk.state.dialogs.len()), (screen, dialogs), "in view {view}");
    }
}
