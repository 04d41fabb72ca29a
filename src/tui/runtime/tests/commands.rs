//! Every command in every place: it does something, or it says why not.
//!
//! A place is a screen, tab or dialog in each state that it has. What a command
//! does is seen by what the state holds afterwards and by the effects it asks for;
//! what it cannot do, by what is said.

use super::canned::{self, Desk};
use crate::cluster::{Access, JournalEntry, JournalView, RecordCounts, RecordRef, RecordsUpdate};
use crate::domain::group::GroupState;
use crate::domain::plan::{Confirm, Outcome, Plan, StepStatus};
use crate::domain::{FailureKind, Time};
use crate::profile::{Field, Question};
use crate::tui::app::actions::lists;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::find::Hit;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Request, Screen};
use crate::tui::command::table::TABLE;
use crate::tui::command::{Command, Ctx, Enabled, Group, Place, Right, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Something to stand in: how one gets there.
struct Stand {
    name: String,
    desk: Box<dyn Fn() -> Desk>,
}

#[derive(Default)]
struct Stands(Vec<Stand>);

impl Stands {
    fn add(&mut self, name: impl Into<String>, desk: impl Fn() -> Desk + 'static) {
        self.0.push(Stand { name: name.into(), desk: Box::new(desk) });
    }

    /// A console with the common data, after these keys and answers.
    fn keys(&mut self, access: Access, keys: &'static str, answers: impl Fn(&mut Desk) + 'static) {
        self.add(format!("{access:?} {keys}"), move || {
            let mut desk = Desk::filled(access);
            desk.press(keys);
            answers(&mut desk);
            desk
        });
    }
}

fn journal() -> Answer {
    let plan = (*canned::plan(true, 3, Confirm::Yes)).clone();
    let entry = |id: &str, outcome| JournalEntry {
        plan: Plan { id: id.into(), ..plan.clone() },
        began: canned::NOW,
        outcome,
        undone_by: None,
        finished_by: None,
        undo: Ok(()),
    };
    let steps = vec![StepStatus::Done; 3];
    let outcome = Outcome::of("1", canned::NOW, steps);
    let entries = vec![entry("1", Some(outcome)), entry("2", None)];
    Answer::Journal(Ok(Arc::new(JournalView { entries, unreadable: Vec::new() })))
}

fn tail(desk: &mut Desk, is_decoded: bool) {
    let times: Vec<i64> = (0..40).map(|n| canned::NOW.0 - 9_000 + n * 211).collect();
    let records = RecordRef::of_times(&"orders.v1".into(), 2, 990_400, &times);
    let counts = RecordCounts { seen: 40, matched: 40, ..RecordCounts::default() };
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, counts, ..RecordsUpdate::default() }));
    desk.draw(120, 40);
    while is_decoded && let Some((generation, Request::Decode { records, .. })) = desk.open.remove(&Slot::Decode) {
        let decoded = records.iter().map(|record| canned::record(record.offset())).collect();
        desk.late(Slot::Decode, generation, Answer::Decoded(decoded));
    }
}

fn plan(desk: &mut Desk, confirm: Confirm, is_empty: bool) {
    desk.answer(Slot::Group, Answer::Group(Ok(canned::group(GroupState::Empty))));
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(is_empty, 60, confirm))));
    desk.draw(120, 100);
}

fn group(desk: &mut Desk) {
    desk.answer(Slot::Group, Answer::Group(Ok(canned::group(GroupState::Stable))));
}

/// All there is to stand in, for a profile that may write or may not.
fn stands(access: Access) -> Vec<Stand> {
    let mut all = Stands::default();
    let still = |_: &mut Desk| {};
    for keys in [
        "1",
        "1 tab",
        "1 tab tab",
        "1 shift-tab",
        "2",
        "2 /",
        "2 / 'ord'",
        "2 / 'nothing'",
        "2 / 'ord' enter",
        "2 enter",
        "2 enter l",
        "2 enter l l",
        "2 n",
        "2 n 'bad/name' enter",
        "2 ?",
        "2 ? /",
        "2 ? a",
        "2 :",
        "2 : 'ord'",
        "2 c",
        "2 p",
        "2 D",
        "3",
        "3 /",
        "3 / 'nothing'",
        "3 space",
        "3 enter",
        "4",
        "4 F",
        "9",
        "0",
        "0 n",
        "0 a",
        "0 D",
        "0 t",
        "0 c",
        "m",
        ": 'unlock' enter",
        ": 'theme' enter",
        "3 R",
        "3 R down down",
    ] {
        all.keys(access, keys, still);
    }
    all.keys(access, "2 enter l", |desk| {
        desk.answer(Slot::TopicGroups, Answer::TopicGroups(Ok(canned::topic_groups())));
    });
    all.keys(access, "2 enter l l", |desk| {
        desk.answer(Slot::TopicConfigs, Answer::TopicConfigs(Ok(canned::configs())));
    });
    for then in ["1", "l", "c", "R", "j", "space"] {
        all.keys(access, "3 enter", move |desk| {
            group(desk);
            if then != "1" {
                desk.press(then);
            }
        });
    }
    all.keys(access, "2 t", still);
    all.keys(access, "2 t", |desk| tail(desk, false));
    for then in ["k", "k tab", "k tab tab", "/", "k ctrl-s", "k R", "k c", "k enter", "g enter tab", "k E", "k space"] {
        all.keys(access, "2 t", move |desk| {
            tail(desk, true);
            desk.press(then);
        });
    }
    all.keys(access, "2 t", |desk| {
        tail(desk, true);
        desk.press("k E enter");
        let tiered = Some(crate::domain::record::TieredPart { partitions: 1, records: 7 });
        let exported = crate::tui::app::dialogs::export::Exported { tiered, ..Default::default() };
        desk.answer(Slot::Export, Answer::Exported(Ok(exported)));
    });
    all.keys(access, "9", |desk| desk.answer(Slot::Journal, Answer::Journal(Ok(Arc::new(JournalView::default())))));
    for then in ["g", "j"] {
        all.keys(access, "9", move |desk| {
            desk.answer(Slot::Journal, journal());
            desk.press(then);
        });
    }
    all.keys(access, "2 n c c", |desk| desk.press("esc m"));
    all.keys(access, "2 z", |desk| desk.answer(Slot::Compression, Answer::Compression(Err(canned::failure()))));
    all.keys(access, "2 p", |desk| desk.answer(Slot::PartitionReport, Answer::PartitionReport(Err(canned::failure()))));
    for then in ["j", "z", "e"] {
        all.keys(access, "2 p", move |desk| {
            let report = Arc::new(canned::partition_report());
            desk.answer(Slot::PartitionReport, Answer::PartitionReport(Ok(report)));
            desk.press(then);
        });
    }
    all.keys(access, "3 enter", |desk| {
        group(desk);
        desk.press("R enter");
    });
    all.keys(access, "3 enter", |desk| {
        group(desk);
        desk.press("R enter");
        desk.answer(Slot::Plan, Answer::Planned(Err(canned::failure())));
    });
    for (confirm, is_empty) in [(true, true), (true, false), (false, true), (false, false)] {
        let confirm = if confirm { Confirm::Yes } else { Confirm::TypeName("fraud-scoring".into()) };
        for then in ["j", "y", "w"] {
            let confirm = confirm.clone();
            all.keys(access, "3 enter", move |desk| {
                plan(desk, confirm.clone(), is_empty);
                desk.press(then);
            });
        }
    }
    if access == Access::ReadWrite {
        for keys in ["2 j j j j j P", "2 j j j j j P 'k' tab 'js'"] {
            all.keys(access, keys, still);
        }
        all.keys(access, "2 j j j j j P", |desk| {
            let (plan, outcome) = canned::produced();
            desk.press("enter");
            desk.answer(Slot::Plan, Answer::Planned(Ok(plan)));
            desk.draw(120, 100);
            desk.press("y");
            desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
        });
        all.keys(access, "3 enter", |desk| {
            plan(desk, Confirm::Yes, true);
            desk.press("y");
            let steps = vec![StepStatus::Done; 60];
            let outcome = Outcome::of("19f-1", canned::NOW, steps);
            desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
        });
        all.keys(access, "3 enter", |desk| {
            plan(desk, Confirm::Yes, true);
            desk.press("y");
            desk.answer(Slot::Apply, Answer::Applied(Err(canned::failure())));
        });
    }
    for screen in ["1", "1 tab", "1 tab tab", "2", "3", "4", "9", "0", "m"] {
        all.add(format!("{access:?} nothing yet {screen}"), move || {
            let mut desk = Desk::connected(access);
            desk.press(screen);
            desk
        });
    }
    for (slot, kind) in [(Slot::Metadata, FailureKind::Timeout), (Slot::Groups, FailureKind::Auth)] {
        all.add(format!("{access:?} failed {slot:?}"), move || {
            let mut desk = Desk::connected(access);
            let failure = crate::domain::Failure { kind, ..canned::failure() };
            let answer =
                if slot == Slot::Metadata { Answer::Metadata(Err(failure)) } else { Answer::Groups(Err(failure)) };
            desk.answer(slot, answer);
            desk
        });
    }
    all.keys(access, "0 t", |desk| {
        let question = Question { profile: "dev".into(), field: Field::Password };
        let then = Box::new(Request::TestProfile("dev".into()));
        desk.answer(Slot::ProfileTest, Answer::SecretWanted { question, then });
    });
    all.keys(access, "0 t", |desk| {
        for step in canned::probe_steps() {
            desk.answer(Slot::ProfileTest, Answer::Probed(Box::new(step)));
        }
        desk.answer(Slot::ProfileTest, Answer::ProbeEnded(Ok(())));
    });
    all.add("welcome", Desk::welcome);
    all.0
}

/// All that a command could change, but what is said and where the clock stands.
fn held(desk: &Desk) -> String {
    let state = &desk.state;
    let screen = (state.screen, state.depth, &state.dialogs, &state.views, &state.link, state.is_quitting);
    format!("{screen:?} {:?} {:?} {:?} {:?}", state.look, state.back, state.forward, state.last)
}

/// What came of a command.
struct Came {
    is_changed: bool,
    is_asked: bool,
    said: Option<String>,
}

impl Came {
    fn of(desk: &mut Desk, act: impl FnOnce(&mut Desk)) -> Self {
        while desk.state.notes.toasts().next().is_some() {
            desk.state.notes.fade();
        }
        desk.effects.clear();
        let before = held(desk);
        act(desk);
        let is_asked = desk.effects.iter().any(|effect| !matches!(effect, Effect::Start { slot: Slot::Toast, .. }));
        let said = desk.state.notes.toasts().last().map(|note| note.text.clone());
        Self { is_changed: before != held(desk), is_asked, said }
    }

    fn is_something(&self) -> bool {
        self.is_changed || self.is_asked || self.said.is_some()
    }
}

fn press(row: &Row) -> impl FnOnce(&mut Desk) {
    let keys = row.keys.first().copied();
    let command = row.command;
    move |desk| match keys {
        Some(keys) => desk.press(keys),
        None => by_palette(desk, command),
    }
}

/// Chooses the command from the palette, whatever is typed there to find it.
fn by_palette(desk: &mut Desk, command: Command) {
    desk.press(":");
    let Some(Dialog::Palette(palette)) = desk.state.dialogs.last_mut() else { panic!("no palette for {command:?}") };
    palette.hits = Arc::new(vec![Hit::Command(command)]);
    desk.press("enter");
}

/// The view that a command opens, whether or not one is there already.
fn view_of(command: Command) -> Option<Screen> {
    Some(match command {
        Command::ViewOverview => Screen::Overview,
        Command::ViewTopics => Screen::Topics,
        Command::ViewGroups => Screen::Groups,
        Command::ViewRecords => Screen::Records,
        Command::ViewJournal => Screen::Journal,
        Command::ViewProfiles => Screen::Profiles,
        Command::ViewMessages => Screen::Messages,
        _ => return None,
    })
}

/// The command that goes the other way: at an end, only that one moves.
fn opposite(command: Command) -> Option<Command> {
    Some(match command {
        Command::Down | Command::Bottom => Command::Top,
        Command::Up | Command::Top => Command::Bottom,
        Command::HalfDown | Command::PageDown => Command::Top,
        Command::HalfUp | Command::PageUp => Command::Bottom,
        Command::ListNext => Command::ListPrevious,
        Command::ListPrevious => Command::ListNext,
        _ => return None,
    })
}

/// Nothing to move to: all of the list is in sight, and it has one row or is a text.
fn has_no_way(desk: &Desk) -> bool {
    let viewport = lists::focused(&desk.state).map(|pane| desk.state.viewport(pane)).unwrap_or_default();
    viewport.len <= 1 || viewport.len <= viewport.height
}

/// Why a command that was to do something did nothing, if that is wrong.
fn verdict(desk: &Desk, row: &Row, came: &Came, fresh: impl Fn() -> Desk) -> Option<&'static str> {
    // What is wrong with a form stands in it until it is mended.
    let has_said = matches!(desk.state.dialogs.last(), Some(Dialog::Form(form)) if form.error.is_some());
    if has_said || came.is_something() || view_of(row.command).is_some_and(|screen| desk.state.screen == screen) {
        return None;
    }
    match opposite(row.command).and_then(Command::row) {
        Some(other) => {
            let mut desk = fresh();
            let moves = Came::of(&mut desk, press(other)).is_something();
            (!moves && !has_no_way(&desk)).then_some("moves nowhere")
        }
        None => Some("does nothing and says nothing"),
    }
}

#[test]
fn every_command_does_something_or_says_why_not() {
    let mut wrong = BTreeSet::new();
    let mut walked: BTreeMap<Place, BTreeSet<&str>> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, String> = BTreeMap::new();
    for stand in [Access::ReadWrite, Access::ReadOnly].into_iter().flat_map(stands) {
        let first = {
            let mut desk = (stand.desk)();
            desk.draw(120, 40);
            desk
        };
        let (place, ctx, drawn) = (first.state.place(), first.state.ctx(), first.state.drawn);
        let fresh = || {
            let mut desk = (stand.desk)();
            desk.state.drawn = drawn.clone();
            desk
        };
        for row in TABLE.iter().filter(|row| row.places.contains(&place)) {
            // What only the palette finds is walked below.
            if row.keys.is_empty() {
                continue;
            }
            // What a read-only profile takes away; the rest was walked with the right to write.
            let by_right = (row.enabled)(&ctx) != (row.enabled)(&Ctx { right: Right::Write, ..ctx });
            if ctx.right != Right::Write && !by_right {
                continue;
            }
            walked.entry(place).or_default().insert(row.id);
            let mut desk = fresh();
            let came = Came::of(&mut desk, press(row));
            let bad = match (row.enabled)(&ctx) {
                Enabled::No(reason) if came.is_changed || came.is_asked => Some(format!("is off ({reason}) and acts")),
                Enabled::No(reason) => {
                    let is_said = came.said.as_ref().is_some_and(|said| said.ends_with(reason));
                    if is_said && !reasons.contains_key(reason) {
                        reasons.insert(reason, desk.draw(120, 40));
                    }
                    (!is_said).then(|| format!("is off ({reason}) and says {:?}", came.said))
                }
                Enabled::Yes => verdict(&desk, row, &came, fresh).map(str::to_owned),
            };
            wrong.extend(bad.map(|bad| format!("{} in {}: {bad}", row.id, stand.name)));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
    for place in Place::ALL {
        let rows = TABLE.iter().filter(|row| row.places.contains(place) && !row.keys.is_empty());
        let missed: Vec<_> =
            rows.map(|row| row.id).filter(|id| !walked.get(place).is_some_and(|ids| ids.contains(id))).collect();
        assert!(missed.is_empty(), "{place:?} was not walked: {missed:?}");
    }
    for (reason, text) in reasons {
        let whole: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let first: Vec<&str> = reason.split(' ').take(3).collect();
        assert!(whole.contains(&first.join(" ")), "{reason:?} is not on screen:\n{text}");
    }
}

#[test]
fn every_command_of_the_palette_does_something_or_says_why_not() {
    let mut wrong = Vec::new();
    for keys in ["1", "2", "2 enter", "3", "3 enter", "4", "9", "0", "m"] {
        for access in [Access::ReadWrite, Access::ReadOnly] {
            for row in TABLE.iter().filter(|row| !matches!(row.group, Group::Moving | Group::Dialogs | Group::Plans)) {
                let mut desk = Desk::filled(access);
                desk.press(keys);
                let came = Came::of(&mut desk, |desk| by_palette(desk, row.command));
                let is_there = view_of(row.command).is_some_and(|screen| desk.state.screen == screen);
                if !came.is_something() && !is_there {
                    wrong.push(format!("{} at {keys} {access:?}", row.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_key_before_the_plan_was_seen_is_not_taken_for_a_yes() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter");
    plan(&mut desk, Confirm::Yes, true);
    if let Some(Dialog::Plan(dialog)) = desk.state.dialogs.last_mut() {
        dialog.end_drawn = Some(Time(desk.now.0 + 1_000));
    }
    let came = Came::of(&mut desk, |desk| desk.press("y"));
    assert!(!came.is_changed && !came.is_asked);
    assert!(came.said.is_some_and(|said| said.contains("press it again")));
}
