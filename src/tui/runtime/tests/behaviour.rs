//! Messages in, state and effects out.

use super::canned::{self, Desk};
use crate::cluster::{Access, JournalEntry, JournalView, RecordRef, RecordsUpdate};
use crate::domain::group::GroupState;
use crate::domain::partition_plan::CommitZero;
use crate::domain::plan::{Confirm, Outcome, Plan, Severity, StepStatus, Warning};
use crate::domain::record::{Isolation, TieredPart, TieredRead};
use crate::domain::{BrokerId, Failure, FailureKind, Partial};
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
        Slot::Find => Answer::Found { typed: String::new(), hits: Vec::new() },
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
        Slot::SwitchBroker => Answer::BrokerSwitched(Err(refused())),
        Slot::ReadFile => Answer::OffsetsRead(Err(refused())),
        Slot::SaveFile => Answer::Saved(Err(refused())),
        Slot::ProfileFile => Answer::ProfilesChanged(Err(refused())),
        Slot::ProfileCheck => Answer::FilesChecked(Vec::new()),
        Slot::ProfileTest => Answer::ProbeEnded(Err(refused())),
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
    let seen: Vec<_> = desk.state.views.overview.changes.seen.iter().map(|seen| seen.text.as_str()).collect();
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

#[test]
fn remote_storage_is_asked_about_and_read_only_when_told() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    let asked = |desk: &Desk| match desk.open.get(&Slot::Records) {
        Some((_, Request::Records(request))) => (request.tiered, request.isolation),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(&desk), (TieredRead::Ask, Isolation::Uncommitted));
    desk.press("enter");
    assert_eq!(asked(&desk).0, TieredRead::Ask, "nothing was asked yet");
    let tiered = Some(TieredPart { partitions: 2, records: 41_000 });
    let update = RecordsUpdate { tiered, finished: true, ..RecordsUpdate::default() };
    desk.answer(Slot::Records, Answer::Records(update));
    let shown = desk.draw(120, 40);
    assert!(shown.contains("up to 41,000 of these records, in 2 partitions, lie in remote storage"), "{shown}");
    desk.press("enter");
    assert_eq!(asked(&desk).0, TieredRead::Allowed);
    assert!(!desk.draw(120, 40).contains("lie in remote storage"));
}

#[test]
fn the_isolation_is_chosen_and_said_in_the_title() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    assert!(desk.draw(120, 40).contains(" · uncommitted"));
    desk.press("i");
    assert!(matches!(
        desk.open.get(&Slot::Records),
        Some((_, Request::Records(request))) if request.isolation == Isolation::Committed
    ));
    assert!(desk.draw(120, 40).contains(" · committed"));
}

#[test]
fn who_is_away_for_a_while_is_said_until_it_is_back() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { waiting: vec![refused()], ..RecordsUpdate::default() }));
    assert!(desk.draw(120, 40).contains("waiting: cannot ask: late"));
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate::default()));
    assert!(!desk.draw(120, 40).contains("waiting: cannot ask"));
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
        is_demo: false,
        refresh: crate::profile::Refresh::default(),
        formats: crate::domain::topic_formats::TopicFormats::default(),
        naming: None,
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
    // In lists of what people make, n is new.
    for view in ["1", "3", "4", "9", "m"] {
        desk.press(view);
        desk.effects.clear();
        let (screen, dialogs) = (desk.state.screen, desk.state.dialogs.len());
        desk.press("y n");
        assert_eq!((desk.state.screen, desk.state.dialogs.len()), (screen, dialogs), "in view {view}");
    }
}

#[test]
fn a_theme_is_seen_before_it_is_chosen_and_esc_takes_it_back() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let shown = |desk: &mut Desk| -> Vec<String> {
        let themes = desk.effects.drain(..).filter_map(|effect| match effect {
            Effect::ShowTheme(name) => Some(name),
            _ => None,
        });
        themes.collect()
    };
    desk.press(": 'theme' enter");
    assert_eq!((desk.state.place(), shown(&mut desk)), (Place::Menu, Vec::new()));
    desk.press("j j k");
    assert_eq!(shown(&mut desk), ["light", "high-contrast", "light"]);
    desk.press("esc");
    assert_eq!(shown(&mut desk), ["dark"]);
    desk.press(": 'theme' enter j enter");
    assert_eq!((shown(&mut desk), desk.state.look.kept.as_str()), (vec!["light".to_owned()], "light"));
    let said = desk.state.notes.newest_first().next().map(|note| note.text.clone()).unwrap();
    assert!(said.contains("theme = \"light\" in /home/sam/.config/klamm/config.toml"), "{said}");
}

#[test]
fn the_palette_finds_the_lag_of_a_topic_and_remembers_what_was_typed() {
    use crate::tui::app::screens::topic::TopicTab;
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press(": 'orders.v1' space 'lag' enter");
    assert_eq!(desk.state.place(), Place::Topic);
    assert_eq!(desk.state.topic_on_screen().map(|topic| topic.to_string()).as_deref(), Some("orders.v1"));
    assert_eq!(desk.state.views.topics.detail.tab, TopicTab::Groups);
    desk.press(": 'groups' enter : 'nosuchthing' enter");
    assert_eq!(desk.state.screen, Screen::Groups);
    let line = |desk: &Desk| match desk.state.dialogs.last() {
        Some(Dialog::Palette(palette)) => palette.input.text().to_owned(),
        other => panic!("{other:?}"),
    };
    desk.press(": up up");
    assert_eq!(line(&desk), "groups");
    desk.press("up up down");
    assert_eq!(line(&desk), "groups", "there is none before the first");
    desk.press("down down");
    assert_eq!(line(&desk), "");
    desk.press("up up enter");
    assert_eq!((desk.state.screen, desk.state.dialogs.len()), (Screen::Groups, 0));
}

#[test]
fn q_typed_as_a_command_leaves_from_anywhere() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter : q enter");
    assert!(matches!(desk.effects.last(), Some(Effect::Quit)), "{:?}", desk.effects.last());
}

#[test]
fn a_hyphen_goes_to_and_fro() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 3 -");
    assert_eq!(desk.state.screen, Screen::Topics);
    desk.press("-");
    assert_eq!(desk.state.screen, Screen::Groups);
    desk.press("[ [");
    assert_eq!(desk.state.screen, Screen::Groups, "each step is a place in the history");
}

#[test]
fn a_large_cluster_is_searched_off_the_loop_and_a_late_answer_is_not_taken() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    metadata.topics = (0..5_000).map(|number| canned::topic(&format!("t-{number}"), 1, 1, None)).collect();
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
    desk.press(": '77'");
    let Some((late, _)) = desk.open.get(&Slot::Find).cloned() else { panic!("nothing was asked") };
    desk.press("7 enter");
    assert_eq!(desk.state.place(), Place::Palette, "it says that it is still looking");
    let hits = vec![crate::tui::app::find::Hit::Profile("dev".into())];
    desk.late(Slot::Find, late, Answer::Found { typed: "77".into(), hits: hits.clone() });
    assert!(matches!(desk.state.dialogs.last(), Some(Dialog::Palette(palette)) if !palette.is_settled()));
    let Some((_, Request::Find { typed, haystack })) = desk.open.get(&Slot::Find).cloned() else { panic!() };
    let hits = crate::tui::app::find::find(&typed, &haystack);
    desk.answer(Slot::Find, Answer::Found { typed, hits });
    desk.press("enter");
    assert_eq!(desk.state.topic_on_screen().map(|topic| topic.to_string()).as_deref(), Some("t-777"));
}

/// What the menu of `c` offers: labels and texts.
fn copies(desk: &mut Desk) -> Vec<(&'static str, String)> {
    use crate::tui::app::dialogs::MenuPurpose;
    let Some(Dialog::Menu(menu)) = desk.state.dialogs.last() else { panic!("no menu") };
    let MenuPurpose::Copy(choices) = &menu.purpose else { panic!("another menu") };
    choices.iter().map(|choice| (choice.label, choice.shown().to_owned())).collect()
}

#[test]
fn a_topic_is_copied_by_name_row_json_and_two_command_lines() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j c");
    let choices = copies(&mut desk);
    let labels: Vec<_> = choices.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, ["name", "row", "JSON", "klamm", "Kafka's tool"]);
    let text = |label| choices.iter().find(|(other, _)| *other == label).map(|(_, text)| text.as_str()).unwrap();
    assert_eq!(text("name"), "orders.v1");
    assert!(text("row").starts_with("orders.v1\t12\t3\tfalse\t"), "{}", text("row"));
    assert!(text("JSON").starts_with(r#"{"topic":"orders.v1","partitions":12,"replication_factor":3,"#));
    assert_eq!(text("klamm"), "klamm --profile prod-eu topics describe orders.v1");
    assert_eq!(
        text("Kafka's tool"),
        "kafka-topics.sh --bootstrap-server kafka-1.prod-eu:9092,kafka-2.prod-eu:9092 --command-config client.properties --describe --topic orders.v1"
    );
    desk.press("j j j enter");
    let copied = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("klamm --profile prod-eu topics describe orders.v1"));
}

#[test]
fn everything_that_can_be_selected_can_be_copied() {
    let mut desk = Desk::filled(Access::ReadWrite);
    for (keys, answer, first) in [
        ("3", None, "fraud-scoring"),
        ("3 enter", Some((Slot::Group, Answer::Group(Ok(canned::group(GroupState::Stable))))), "payments:7"),
        ("l", None, "fraud-1-7a6e"),
        ("2 j j j j j enter", None, "orders.v1:0"),
    ] {
        desk.press(keys);
        if let Some((slot, answer)) = answer {
            desk.answer(slot, answer);
        }
        desk.press("c");
        let choices = copies(&mut desk);
        assert_eq!(choices.first().map(|(_, text)| text.as_str()), Some(first), "{keys}");
        assert!(choices.iter().any(|(label, text)| *label == "JSON" && text.starts_with('{')), "{keys}");
        assert!(choices.iter().any(|(label, text)| *label == "Kafka's tool" && text.contains(".sh ")), "{keys}");
        desk.press("esc");
    }
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 2, Confirm::Yes));
    desk.press("c");
    let choices = copies(&mut desk);
    assert!(choices[0].1.starts_with("klamm groups reset fraud-scoring"), "{choices:?}");
    assert!(choices[3].1.contains("payments,0,874704\n") || choices[3].1.starts_with("printf"), "{choices:?}");
}

#[test]
fn a_record_is_copied_with_every_digit() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    desk.draw(80, 24);
    let records = RecordRef::of_times(&"orders.v1".into(), 2, 41, &[1]);
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    desk.answer(Slot::Decode, Answer::Decoded(vec![canned::record(41)]));
    desk.press("c");
    let labels: Vec<_> = copies(&mut desk).into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["value", "key", "place", "JSON", "klamm", "Kafka's tool"]);
    desk.press("j j j enter");
    let Some(Effect::Copy(json)) = desk.effects.iter().rev().find(|effect| matches!(effect, Effect::Copy(_))) else {
        panic!("nothing was copied")
    };
    let read: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((read["offset"].as_i64(), read["headers"][2]["value"].as_str()), (Some(41), Some("2")));
    assert!(json.contains(r#""amount":"99.90""#) || json.contains(r#""amount":99.90"#), "{json}");
}

#[test]
fn what_a_terminal_would_drop_is_saved_instead_of_called_copied() {
    use crate::domain::value::Value;
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    desk.draw(80, 24);
    let records = RecordRef::of_times(&"orders.v1".into(), 2, 41, &[1]);
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    let mut large = (*canned::record(41)).clone();
    large.value.value = Value::Text("x".repeat(100_000).into());
    desk.answer(Slot::Decode, Answer::Decoded(vec![Arc::new(large)]));
    desk.effects.clear();
    desk.press("c c");
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Copy(_))), "{:?}", desk.effects);
    assert_eq!(desk.state.place(), Place::Form);
    assert!(desk.state.notes.newest_first().all(|note| !note.text.contains("copied")));
    desk.press("enter");
    let saved = desk.open.get(&Slot::SaveFile).map(|(_, request)| request.clone());
    assert!(matches!(saved, Some(Request::SaveFile { text, .. }) if text.len() == 100_002), "the whole value");
}

#[test]
fn changes_are_told_and_lead_to_what_they_are_about() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    for topic in &mut metadata.topics {
        if topic.name.as_str() == "payments" {
            *topic = canned::topic("payments", 24, 3, Some(1));
        }
    }
    metadata.topics.retain(|topic| topic.name.as_str() != "audit.v1");
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
    let mut groups = (*canned::groups()).clone();
    groups.version = 2;
    groups.rows[0].listing.state = GroupState::Empty;
    groups.rows.pop();
    desk.answer(Slot::Groups, Answer::Groups(Ok(Arc::new(groups))));
    let seen: Vec<_> = desk.state.views.overview.changes.seen.iter().map(|seen| seen.text.clone()).collect();
    assert_eq!(
        seen,
        [
            "broker 1 left the ISR of 24 partitions",
            "broker 2 now leads 8 partitions",
            "topic audit.v1 deleted",
            "group billing-export Stable → Empty",
            "group shadow is gone",
        ]
    );
    desk.draw(120, 40);
    desk.press("tab tab tab");
    desk.draw(120, 40);
    desk.press("enter");
    assert_eq!(desk.state.screen, Screen::Overview, "nothing is left to open of a group that is gone");
    desk.press("k enter");
    assert_eq!(desk.state.views.group.id.as_ref().map(|id| id.as_str()), Some("billing-export"));
    desk.press("esc g enter");
    assert_eq!(desk.state.topic_on_screen().map(|topic| topic.to_string()).as_deref(), Some("payments"));
}

#[test]
fn a_changed_config_is_a_change() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j enter l l");
    desk.answer(Slot::TopicConfigs, Answer::TopicConfigs(Ok(canned::configs())));
    let mut configs = (*canned::configs()).clone();
    configs[2].value = Some("1000".into());
    desk.answer(Slot::TopicConfigs, Answer::TopicConfigs(Ok(Arc::new(configs))));
    let seen: Vec<_> = desk.state.views.overview.changes.seen.iter().map(|seen| seen.text.as_str()).collect();
    assert_eq!(seen, ["config orders.v1 retention.ms: 604800000 → 1000"]);
}

#[test]
fn help_is_narrowed_by_letters_and_shows_all_on_request() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 ?");
    let here = desk.draw(120, 60);
    assert!(here.contains("Keys that work here") && !here.contains("Plan the undo of the selected change"));
    desk.press("/ 'undo'");
    assert_eq!(desk.state.place(), Place::Filter);
    desk.press("enter");
    let narrowed = desk.draw(120, 60);
    assert!(!narrowed.contains("Into the selected row"), "{narrowed}");
    desk.press("a");
    let all = desk.draw(120, 60);
    assert!(all.contains("All keys") && all.contains("Plan the undo of the selected change"), "{all}");
    desk.press("esc");
    assert_eq!(desk.state.dialogs.len(), 1, "esc takes the filter away first");
    assert!(desk.draw(120, 120).contains("Into the selected row"));
    desk.press("esc");
    assert!(desk.state.dialogs.is_empty());
}

#[test]
fn a_megabyte_that_is_pasted_costs_neither_time_nor_silence() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 /");
    desk.send(Message::Pasted { text: "x".repeat(1 << 20), at: desk.now });
    assert_eq!(desk.state.views.topics.filter.text().len(), crate::tui::app::input::MOST);
    assert!(desk.state.notes.newest_first().any(|note| note.text.contains("not pasted")));
    desk.draw(80, 24);
}

#[test]
fn a_broker_is_stopped_in_a_demo_and_nowhere_else() {
    let said = |desk: &Desk, words: &str| desk.state.notes.newest_first().any(|note| note.text.contains(words));
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press(": 'demo.stop' enter");
    assert!(desk.state.dialogs.iter().all(|dialog| !matches!(dialog, Dialog::Form(_))));
    assert!(said(&desk, "only in the demo"));
    desk.press("esc");
    if let crate::tui::app::session::Link::Open(session) = &mut desk.state.link {
        session.is_demo = true;
    }
    desk.press(": 'demo.stop' enter");
    desk.effects.clear();
    desk.press("enter");
    let asked = desk
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Start { request: Request::SwitchBroker(BrokerId(2)), .. }));
    assert!(asked, "the one that is missing is proposed: {:?}", desk.effects);
    desk.answer(Slot::SwitchBroker, Answer::BrokerSwitched(Ok((BrokerId(2), true))));
    assert!(said(&desk, "broker 2 of the demo runs again"));
    desk.press(": 'demo.stop' enter enter");
    desk.answer(Slot::SwitchBroker, Answer::BrokerSwitched(Ok((BrokerId(1), false))));
    assert!(said(&desk, "broker 1 of the demo is stopped"));
}
