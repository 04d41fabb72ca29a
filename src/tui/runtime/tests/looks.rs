//! What is seen beside the words: colours that mean something, pictures of numbers,
//! a large screen, and the lines between panes that a mouse moves.

use super::canned::{self, Desk};
use crate::cluster::{Access, JournalEntry, JournalView, Metadata, RecordCounts, RecordRef, RecordsUpdate};
use crate::domain::group::GroupState;
use crate::domain::plan::{Confirm, Outcome, StepStatus};
use crate::domain::{BrokerId, Failure, FailureKind};
use crate::tui::app::drawn::Pane;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Message, Request};
use crate::tui::ui::theme::{Depth, Role, Theme};
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use std::sync::Arc;

fn dark() -> Theme {
    Theme::built_in("dark", Depth::True)
}

/// The colour of a text's first letter.
fn ink(screen: &TestBackend, text: &str) -> Color {
    let buffer = screen.buffer();
    let width = buffer.area.width;
    for y in 0..buffer.area.height {
        let row: Vec<&str> = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        let line = row.concat();
        if let Some((before, _)) = line.split_once(text) {
            return buffer[(before.chars().count() as u16, y)].fg;
        }
    }
    panic!("{text:?} is not on screen:\n{screen}");
}

fn of(theme: &Theme, role: Role) -> Color {
    theme.style(role).fg.unwrap()
}

#[test]
fn production_is_in_every_frame() {
    let theme = dark();
    let (lit, dim) = theme.frames(Some("red"));
    let (usual, _) = theme.frames(None);
    assert_ne!(lit.fg, usual.fg);
    for keys in ["1", "2", "3", "9", "0", "2 ?", "2 D"] {
        let mut desk = Desk::filled(Access::ReadOnly);
        desk.press(keys);
        let (screen, _) = desk.frame(120, 40, &theme);
        let corners: Vec<_> = screen.buffer().content.iter().filter(|cell| cell.symbol() == "╭").collect();
        assert!(!corners.is_empty());
        for corner in corners {
            assert!([lit.fg, dim.fg].contains(&Some(corner.fg)), "{keys}: {corner:?}");
        }
    }
}

#[test]
fn what_is_wrong_has_the_colour_of_it_and_what_is_fine_is_quiet() {
    let theme = dark();
    let mut desk = Desk::filled(Access::ReadOnly);
    let (screen, _) = desk.frame(120, 40, &theme);
    assert_eq!(ink(&screen, "▲    3"), of(&theme, Role::Warning));
    assert_eq!(ink(&screen, "✔    0"), of(&theme, Role::Success));
    assert_eq!(ink(&screen, "offline partitions"), of(&theme, Role::Muted));
    assert_eq!(ink(&screen, "91 % of"), of(&theme, Role::Warning));
    let mut broken = (*canned::metadata()).clone();
    broken.version = 2;
    broken.health.offline = 2;
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(broken))));
    let (screen, _) = desk.frame(120, 40, &theme);
    assert_eq!(ink(&screen, "✖    2"), of(&theme, Role::Danger));
}

#[test]
fn what_is_not_known_looks_like_nothing_that_is() {
    let theme = dark();
    let mut desk = Desk::filled(Access::ReadWrite);
    let (screen, _) = desk.frame(120, 40, &theme);
    assert_eq!(ink(&screen, "? not authorised"), of(&theme, Role::Muted));
    desk.press("2");
    let (screen, _) = desk.frame(120, 40, &theme);
    assert_eq!(ink(&screen, "?   750 MiB"), of(&theme, Role::Muted));
}

#[test]
fn a_clock_stands_on_what_is_old_alone_and_is_not_overlooked() {
    let theme = dark();
    let mut desk = Desk::filled(Access::ReadWrite);
    assert!(!desk.draw(120, 40).contains("as of"));
    desk.answer(Slot::Metadata, Answer::Metadata(Err(canned::failure())));
    let (screen, _) = desk.frame(120, 40, &theme);
    assert_eq!(ink(&screen, "✖ no answer, as of 14:03:07"), of(&theme, Role::Danger));
}

fn large(name: &str, desk: &mut Desk) {
    insta::assert_snapshot!(format!("{name}@200x50"), desk.draw(200, 50));
}

fn in_records() -> Desk {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j t");
    let times: Vec<i64> = (0..40).map(|n| canned::NOW.0 - 9_000 + n * 211).collect();
    let records = RecordRef::of_times(&"orders.v1".into(), 2, 990_400, &times);
    let counts = RecordCounts { seen: 3_204, matched: 3_204, ..RecordCounts::default() };
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, counts, ..RecordsUpdate::default() }));
    for _ in 0..2 {
        desk.draw(200, 50);
        while let Some((generation, Request::Decode { records, .. })) = desk.open.remove(&Slot::Decode) {
            let decoded = records.iter().map(|record| canned::record(record.offset())).collect();
            desk.late(Slot::Decode, generation, Answer::Decoded(decoded));
        }
    }
    desk
}

#[test]
fn on_a_large_screen() {
    large("overview", &mut Desk::filled(Access::ReadOnly));
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j enter");
    large("topics", &mut desk);
    desk.press("3");
    large("groups", &mut desk);
    desk.press("enter");
    desk.answer(Slot::Group, Answer::Group(Ok(canned::group(GroupState::Stable))));
    large("group", &mut desk);
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(true, 12, Confirm::Yes))));
    large("plan", &mut desk);
    large("records", &mut in_records());
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("0");
    large("profiles", &mut desk);
    desk.press("9");
    let plan = (*canned::plan(true, 3, Confirm::Yes)).clone();
    let steps = vec![StepStatus::Done; 3];
    let outcome = Some(Outcome::of(plan.id.clone(), canned::NOW, steps));
    let (undone_by, finished_by, undo) = (None, None, Ok(()));
    let entries = vec![JournalEntry { plan, began: canned::NOW, outcome, undone_by, finished_by, undo }];
    desk.answer(Slot::Journal, Answer::Journal(Ok(Arc::new(JournalView { entries, unreadable: Vec::new() }))));
    large("journal", &mut desk);
}

/// A cluster of so many brokers, one topic of which is led by one of them alone.
fn brokers(count: i32) -> Arc<Metadata> {
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    metadata.brokers = (1..=count).map(canned::broker).collect();
    for (topic, at) in metadata.topics.iter_mut().zip(0..) {
        let mut changed = (**topic).clone();
        for (partition, place) in changed.partitions.iter_mut().zip(0..) {
            partition.leader = Some(BrokerId(if at == 4 { 2 } else { (place + at) % count + 1 }));
        }
        if at == 5 {
            changed.partitions.iter_mut().take(2).for_each(|partition| partition.leader = None);
        }
        *topic = Arc::new(changed);
    }
    Arc::new(metadata)
}

fn at_leaders(count: i32) -> Desk {
    let mut desk = Desk::filled(Access::ReadOnly);
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(brokers(count))));
    desk.press("1 tab l");
    desk
}

#[test]
fn leaders_by_topic_and_broker() {
    let mut desk = at_leaders(3);
    for (width, height) in [(200, 50), (120, 40), (40, 12)] {
        insta::assert_snapshot!(format!("leaders@{width}x{height}"), desk.draw(width, height));
    }
    insta::assert_snapshot!("leaders_of_40_brokers@80x24", at_leaders(40).draw(80, 24));
    let text = desk.draw_with(120, 40, &dark().with_ascii_marks()).0;
    assert!(text.is_ascii(), "{text}");
    let theme = dark();
    let (screen, _) = desk.frame(120, 40, &theme);
    let row = desk.draw(120, 40).lines().find(|line| line.contains("orders-returns")).unwrap().to_owned();
    assert!(row.contains("12 █"), "{row}");
    assert_eq!(ink(&screen, "█  "), of(&theme, Role::Danger), "all on one broker");
    desk.press("enter");
    assert!(
        desk.draw(120, 40).contains("orders-returns"),
        "the most uneven one is on top, and leads to its partitions"
    );
}

#[test]
fn leaders_before_and_without_anything_to_show() {
    let mut desk = Desk::connected(Access::ReadOnly);
    desk.press("tab l");
    assert!(desk.draw(120, 40).contains("leaders"));
    let mut nothing = (*canned::metadata()).clone();
    nothing.topics.clear();
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(nothing))));
    assert!(desk.draw(120, 40).contains("no topics you may see"));
    let failure = Failure::new(FailureKind::Timeout, "list topics", "no answer").at_broker("2");
    let mut partial = (*canned::metadata()).clone();
    partial.version = 3;
    partial.failures = vec![failure];
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(partial))));
    assert!(desk.draw(120, 40).contains("in part"));
}

#[test]
fn sizes_of_what_is_kept() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t z");
    assert!(desk.draw(120, 40).contains("no record is kept yet"));
    let mut desk = in_records();
    assert!(desk.draw(120, 40).contains("Record 2:"));
    desk.press("z");
    let text = desk.draw(120, 40);
    assert!(text.contains("Sizes of 40 records") && text.contains("100 %"), "{text}");
    let text = desk.draw_with(120, 40, &dark().with_ascii_marks()).0;
    assert!(text.is_ascii(), "{text}");
    desk.press("z");
    assert!(desk.draw(120, 40).contains("Record 2:"), "again, and the facts are back");
    desk.draw(40, 12);
    desk.press("z");
    assert!(desk.draw(40, 12).contains("Sizes of 40"), "in sight where one pane fills the screen");
}

fn mouse(desk: &mut Desk, from: (u16, u16), to: (u16, u16)) {
    let at = desk.now;
    desk.send(Message::Clicked { x: from.0, y: from.1, at });
    desk.send(Message::Dragged { x: to.0, y: to.1, at });
    desk.send(Message::Released { at });
}

/// Where the detail of a topic begins.
fn edge(desk: &mut Desk) -> u16 {
    let text = desk.draw(120, 40);
    let corners = text.lines().nth(2).unwrap().chars().zip(0..).filter(|(c, _)| *c == '╭');
    corners.map(|(_, x)| x).nth(1).unwrap()
}

#[test]
fn the_line_between_two_panes_is_pulled_and_stays() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2");
    let usual = edge(&mut desk);
    let selected = desk.state.views.topics.selection.cursor();
    mouse(&mut desk, (usual, 10), (80, 12));
    assert_eq!(edge(&mut desk), 80);
    assert_eq!(desk.state.views.topics.selection.cursor(), selected, "taking hold selects nothing");
    desk.press("3 2");
    assert_eq!(edge(&mut desk), 80, "kept for the session");
    desk.send(Message::Dragged { x: 30, y: 10, at: desk.now });
    assert_eq!(edge(&mut desk), 80, "nothing is held any more");
    mouse(&mut desk, (79, 10), (2, 10));
    assert_eq!(edge(&mut desk), 24, "a pane keeps some room");
    mouse(&mut desk, (23, 10), (119, 10));
    assert_eq!(edge(&mut desk), 96);
    let narrow = desk.draw(100, 30);
    assert!(narrow.contains("orders.v1"), "{narrow}");
}

#[test]
fn panes_below_each_other_are_pulled_too() {
    let mut desk = in_records();
    let (_, drawn) = desk.draw_with(120, 40, &dark());
    let line = drawn.lines.first().copied().unwrap();
    let before = desk.state.viewport(Pane::Records).height;
    mouse(&mut desk, (10, line.area.y + line.first), (10, 12));
    desk.draw(120, 40);
    assert!(desk.state.viewport(Pane::Records).height < before);
    desk.press("?");
    let (_, drawn) = desk.draw_with(120, 40, &dark());
    assert!(drawn.lines.is_empty(), "a dialog lies over the lines");
}
