//! A plan from its preview to its end, and one that was cut short.

use super::behaviour::refused;
use super::canned::{self, Desk};
use super::states::places::read_with;
use crate::cluster::{Access, JournalEntry, JournalView, Misfit};
use crate::domain::group::GroupState;
use crate::domain::naming::Naming;
use crate::domain::partition_plan::CommitZero;
use crate::domain::plan::{Confirm, Outcome, Plan, Severity, StepStatus, Warning};
use crate::domain::produce::Spread;
use crate::domain::query::Part;
use crate::domain::record::StartAt;
use crate::domain::writing::{Framing, SchemaChoice, Which, WrittenAs};
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::dialogs::plan::Stage;
use crate::tui::app::session::Link;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Message, Request};
use crate::tui::command::Place;
use std::sync::Arc;
use std::time::Duration;

/// A reset's plan on screen, drawn to its end.
pub(super) fn with_plan(access: Access, plan: Arc<Plan>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("3 enter");
    desk.answer(Slot::Group, Answer::Group(Ok(canned::group(GroupState::Empty))));
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(Ok(plan)));
    desk
}

/// The dialog of a plan that was confirmed.
pub(super) fn applying() -> Dialog {
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 3, Confirm::Yes));
    desk.draw(120, 40);
    desk.press("y");
    desk.state.dialogs.pop().unwrap()
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
fn a_topic_may_be_called_otherwise_where_that_is_said() {
    let wish = |text: &str| {
        let mut desk = Desk::filled(Access::ReadWrite);
        if let Link::Open(session) = &mut desk.state.link {
            session.naming = Naming::parse("[a-z]+").ok();
        }
        desk.press("2 n 'Orders' tab tab tab tab");
        if !text.is_empty() {
            desk.press(&format!("'{text}'"));
        }
        desk.press("enter");
        match desk.open.get(&Slot::Plan) {
            Some((_, Request::PlanCreateTopic(topic))) => Some(topic.ignores_naming),
            _ => None,
        }
    };
    assert_eq!((wish(""), wish("Ignore"), wish("yes")), (Some(false), Some(true), None));
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 n");
    assert!(!desk.draw(120, 40).contains("naming"), "there is none to ignore");
}

#[test]
fn a_record_is_typed_and_planned() {
    let typed = |fields: &str| {
        let mut desk = Desk::filled(Access::ReadWrite);
        desk.press("2 j j j j j P");
        for (place, text) in fields.split('|').enumerate() {
            if place > 0 {
                desk.press("tab");
            }
            desk.send(Message::Pasted { text: text.into(), at: desk.now });
        }
        desk.press("enter");
        match desk.open.get(&Slot::Plan) {
            Some((_, Request::PlanProduce(recipe))) => Ok((**recipe).clone()),
            _ => Err(desk.draw(120, 40)),
        }
    };
    let recipe = typed("k|| v |||a=1 a=2|3").unwrap();
    assert_eq!((recipe.record.key.as_deref(), recipe.record.value.as_deref()), (Some(&b"k"[..]), Some(&b" v "[..])));
    assert_eq!(recipe.record.headers, [("a".into(), Some(b"1".to_vec())), ("a".into(), Some(b"2".to_vec()))]);
    assert_eq!((recipe.record.partition, recipe.repeat), (Some(3), None));
    let tombstone = typed("k|||tombstone").unwrap();
    assert_eq!((tombstone.record.value, tombstone.value_as), (None, WrittenAs::Text));
    let written = typed("{}|json|41|shop.Order|header||consistent").unwrap();
    assert_eq!(written.key_as, WrittenAs::Json);
    let named = SchemaChoice { framing: Framing::Header, ..SchemaChoice::of(Which::Latest) };
    let own = SchemaChoice { subject: Some("shop.Order".into()), ..named };
    assert_eq!(written.value_as, WrittenAs::Schema(own));
    assert_eq!((written.delivery.spread, written.record.partition), (Spread::Consistent, None));
    for (fields, says) in [
        ("k||||||x", "partition: ‘x’ is not a number"),
        ("|||||a", "headers: ‘a’: write name=value"),
        ("||{{no}}||||||||5", "is no placeholder"),
        ("||v|tombstone", "a tombstone has no value"),
        ("|a b", "key as: ‘a b’: one word"),
        ("||||||||gz", "codec: ‘gz’"),
        ("||||||||||0", "repeat: ‘0’"),
        ("||v|5|odd", "framing: ‘odd’: prefix, header or none"),
        ("||v||header", "framing: no schema writes the key or the value"),
    ] {
        assert!(typed(fields).unwrap_err().contains(says), "{fields}: {says}");
    }
}

/// What does not fit is said in the form, which still has what was typed.
#[test]
fn what_does_not_fit_leads_back_to_its_place() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j P 'k' tab tab '[1,x]' tab 'js' tab enter");
    assert!(matches!(desk.state.dialogs.last(), Some(Dialog::Plan(_))));
    let misfit = Misfit {
        part: Part::Value,
        place: Some((1, 4)),
        wanted: "it is not JSON".into(),
        reason: "a value was expected".into(),
    };
    desk.answer(Slot::Plan, Answer::Unfit(misfit));
    let Some(Dialog::Form(form)) = desk.state.dialogs.last() else { panic!("the form is gone") };
    assert_eq!((form.line(form.focus), form.error_at), ("[1,x]", Some(3)));
    assert_eq!(form.line(form.focus + 1), "json", "tab completed it");
    assert!(desk.draw(120, 40).contains("it is not JSON: line 1, column 4: a value was expected"));
    // The plan comes when it is mended, and `e` leads back once more.
    desk.press("backspace backspace '2]' enter");
    desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(true, 1, Confirm::Yes))));
    desk.draw(120, 40);
    desk.press("e");
    assert_eq!(desk.state.place(), Place::RecordForm);
    desk.press("enter esc");
    assert!(desk.state.dialogs.is_empty(), "leaving the plan leaves it all");
}

/// From the result to the record that was written, with what led there closed.
#[test]
fn a_record_that_was_written_is_shown_where_it_is() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j P 'k' enter");
    let (plan, outcome) = canned::produced();
    desk.answer(Slot::Plan, Answer::Planned(Ok(plan)));
    desk.draw(120, 40);
    desk.press("y");
    desk.press("enter");
    assert!(desk.draw(120, 40).contains("written no record"), "it is being applied");
    desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
    assert!(desk.draw(120, 40).contains("enter  show the record"));
    desk.press("enter");
    assert!(desk.state.dialogs.is_empty());
    match desk.open.get(&Slot::Records) {
        Some((_, Request::Records(request))) => {
            assert_eq!((request.topic.as_str(), request.partitions.clone()), ("orders.v1", Some(vec![2])));
            assert_eq!(request.start, StartAt::Offset(990_407));
        }
        other => panic!("{other:?}"),
    }
    assert!(desk.draw(120, 40).contains("990,412 was written"));
}

/// What the editor leaves goes into the line, or stands beside it where no line can hold it.
#[test]
fn a_value_is_changed_in_the_editor() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let edits = |desk: &mut Desk| {
        desk.effects.clear();
        desk.press("ctrl-e");
        desk.effects.iter().find_map(|effect| match effect {
            Effect::Edit(edit) => Some((edit.text.clone(), edit.extension)),
            _ => None,
        })
    };
    let left = |desk: &mut Desk, text: Result<&str, &str>| {
        let text = text.map(str::to_owned).map_err(str::to_owned);
        desk.send(Message::Edited { text, at: desk.now });
    };
    desk.press("2 j j j j j P tab tab '{}'");
    assert_eq!(edits(&mut desk), Some(("{}".into(), "json")));
    left(&mut desk, Ok("plain"));
    assert_eq!(edits(&mut desk), Some(("plain".into(), "txt")));
    left(&mut desk, Ok("[\n1]"));
    assert!(desk.draw(120, 40).contains("@editor: the text of the editor, 2 lines, 4 B"));
    assert_eq!(edits(&mut desk), Some(("[\n1]".into(), "json")));
    left(&mut desk, Err("no editor is chosen: set VISUAL or EDITOR"));
    assert!(desk.draw(120, 40).contains("no editor is chosen"));
    desk.press("enter");
    match desk.open.get(&Slot::Plan) {
        Some((_, Request::PlanProduce(recipe))) => assert_eq!(recipe.record.value.as_deref(), Some(&b"[\n1]"[..])),
        other => panic!("{other:?}"),
    }
}

/// A copy is edited as JSON and written as it was: by the same schema, the same message,
/// named in the same place. What nobody changed stays the bytes that it is.
#[test]
fn a_copy_is_written_back_as_it_was() {
    fn decode(desk: &mut Desk) {
        while let Some((generation, Request::Decode { records, .. })) = desk.open.remove(&Slot::Decode) {
            let decoded = records.iter().map(|record| {
                let mut decoded = (*canned::record(record.offset())).clone();
                let choice = SchemaChoice::of(Which::Guid(5));
                let message = Some("shop.Order.Line".to_owned());
                decoded.value.written = Some(SchemaChoice { message, framing: Framing::Header, ..choice });
                Arc::new(decoded)
            });
            let decoded = decoded.collect();
            desk.late(Slot::Decode, generation, Answer::Decoded(decoded));
        }
    }
    let planned = |edited: &dyn Fn(String) -> String| {
        let mut desk = read_with(decode, Access::ReadWrite, "k N ctrl-e");
        let edit = desk.effects.iter().find_map(|effect| match effect {
            Effect::Edit(edit) => Some((edit.text.clone(), edit.extension)),
            _ => None,
        });
        let (text, extension) = edit.expect("an editor");
        assert_eq!(extension, "json");
        desk.send(Message::Edited { text: Ok(edited(text)), at: desk.now });
        desk.press("enter");
        match desk.open.get(&Slot::Plan) {
            Some((_, Request::PlanProduce(recipe))) => (**recipe).clone(),
            _ => panic!("{}", desk.draw(120, 40)),
        }
    };
    let same = planned(&|text| text + "\n");
    assert_eq!((same.record.value, same.value_as), (Some(vec![0; 184]), WrittenAs::Text));
    let other = planned(&|text| text.replace("declined", "paid"));
    let text = String::from_utf8(other.record.value.unwrap()).unwrap();
    assert!(text.contains("\n") && text.contains("\"state\": \"paid\""), "{text}");
    let WrittenAs::Schema(choice) = other.value_as else { panic!("no schema") };
    assert_eq!((choice.which, choice.message.as_deref()), (Which::Guid(5), Some("shop.Order.Line")));
    assert_eq!(choice.framing, Framing::Header);
}

/// Late names of schemas change nothing but what is offered.
#[test]
fn subjects_are_offered_the_topics_own_first() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j");
    let own = format!("{}-value", desk.state.topic_on_screen().unwrap());
    desk.press("P tab tab tab");
    let offered = |desk: &Desk| match desk.state.dialogs.last() {
        Some(Dialog::Form(form)) => form.offered.clone(),
        _ => panic!("no form"),
    };
    assert_eq!(offered(&desk), ["json", "hex", "base64", "tombstone"]);
    let mut subjects = vec!["shop.Order".to_owned(), own];
    subjects.sort_unstable();
    desk.answer(Slot::Subjects, Answer::Subjects(Ok(subjects)));
    assert_eq!(offered(&desk)[..2], ["latest", "json"]);
    desk.press("'sh' tab");
    assert!(desk.draw(120, 40).contains("shop.Order"));
    desk.press("esc P tab");
    desk.answer(Slot::Subjects, Answer::Subjects(Err(canned::failure())));
    assert!(desk.draw(120, 40).contains("no answer within 5 s"), "why there are none");
}

#[test]
fn nothing_is_typed_where_nothing_may_be_written() {
    let mut desk = Desk::filled(Access::ReadOnly);
    desk.press("2 j j j j j P");
    assert!(desk.state.dialogs.is_empty());
    assert!(desk.draw(120, 40).contains("read-only"), "and the reason is said");
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
    let outcome = Outcome::of("19f-1", canned::NOW, vec![StepStatus::Done; 3]);
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
    let outcome = Outcome::of("19f-1", canned::NOW, vec![StepStatus::Done]);
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
    let outcome = Outcome::of("19f-1", canned::NOW, vec![StepStatus::Done; 3]);
    desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
    let look = desk.effects.iter().find_map(|effect| match effect {
        Effect::Start { slot: Slot::LookAgain, after, .. } => Some(*after),
        _ => None,
    });
    assert_eq!(look, Some(Duration::from_secs(10)));
    desk.press("u");
    assert!(matches!(desk.open.get(&Slot::Plan), Some((_, Request::PlanUndo(id))) if id == "19f-1"));
}

/// The footer, the key and the help agree on what a change leaves behind.
#[test]
fn only_what_can_be_taken_back_offers_that() {
    use crate::domain::plan::Change;
    let done = |change: Option<Change>| {
        let mut plan = (*canned::plan(true, 1, Confirm::Yes)).clone();
        if let Some(change) = change {
            (plan.change, plan.not_undoable) = (change, Some("they stay".into()));
        }
        let mut desk = with_plan(Access::ReadWrite, Arc::new(plan));
        desk.draw(120, 40);
        desk.press("y");
        let steps = vec![StepStatus::Done];
        let outcome = Outcome::of("19f-1", canned::NOW, steps);
        desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
        desk
    };
    let footer = |desk: &mut Desk| desk.draw(120, 40).lines().last().unwrap_or_default().to_owned();
    assert!(footer(&mut done(None)).contains("u undo"));
    let mut desk = done(Some(Change::AddPartitions { topic: "orders".into() }));
    assert!(!footer(&mut desk).contains("u undo"));
    desk.press("u");
    assert!(!matches!(desk.open.get(&Slot::Plan), Some((_, Request::PlanUndo(_)))));
    assert!(desk.draw(120, 40).contains("undo: partitions are never taken away"));
    desk.press("?");
    assert!(desk.draw(120, 40).contains("partitions are never taken away"), "the help says why not");
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
