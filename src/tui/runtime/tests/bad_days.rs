//! Answers as they come on bad days: late, in part, empty, or about things with
//! names that nobody expects.

use super::canned::{self, Desk};
use crate::cluster::{Access, Groups, Metadata};
use crate::domain::text::display_width;
use crate::domain::{Time, TopicName};
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Answered, Effect, Message, Request};
use std::sync::Arc;
use std::time::Duration;

fn first_line(screen: &str) -> &str {
    screen.lines().next().unwrap()
}

/// The time that passes until the console looks for overdue answers, and its look.
fn let_pass(desk: &mut Desk, millis: i64) {
    desk.now = desk.now.plus_millis(millis);
    if desk.open.contains_key(&Slot::Overdue) {
        desk.answer(Slot::Overdue, Answer::Rested);
    }
}

#[test]
fn without_the_right_to_see_all_nothing_is_said_to_be_well() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let all = desk.draw(160, 40);
    assert!(first_line(&all).contains("✔ 0 offline  ▲ 3 URP"), "{all}");
    let part = Metadata { may_describe_cluster: Some(false), version: 2, ..(*canned::metadata()).clone() };
    desk.state.data.metadata.settle(Ok(Arc::new(part)), canned::NOW);
    let part = desk.draw(160, 40);
    let header = first_line(&part);
    assert!(header.contains("? 0 offline  ▲ 3 URP (miss 2)  ? 3 brokers  9 topics you may see"), "{header}");
    assert!(!header.contains('✔'), "{header}");
    assert!(part.contains("in part: no DESCRIBE on cluster"), "{part}");
}

/// Twice the pace of lag is ten seconds: older than that, it says so, although
/// nothing has failed yet, and no longer once it is answered.
#[test]
fn what_is_overdue_says_of_when_it_is() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3");
    let asked = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Start { slot: Slot::Overdue, after, request: Request::Rest, .. } => Some(*after),
        _ => None,
    });
    assert!(asked.is_some_and(|after| after <= Duration::from_secs(10)), "{asked:?}");
    let_pass(&mut desk, 9_000);
    assert!(!desk.draw(120, 40).contains("no answer since"), "it is fresh");
    desk.state.is_dirty = false;
    let_pass(&mut desk, 1_100);
    assert!(desk.state.is_dirty);
    let late = desk.draw(120, 40);
    assert!(late.contains("▲ as of 14:03:07 · no answer since"), "{late}");
    let generation = desk.state.slots.start(Slot::Groups);
    let took = Duration::from_secs(11);
    let answer = Answer::Groups(Ok(canned::groups()));
    let at = desk.now;
    desk.send(Message::Answered(Answered { slot: Slot::Groups, generation, at, took, access: None, answer }));
    assert!(!desk.draw(120, 40).contains("no answer since"), "it is fresh again");
    // Who took eleven seconds is given twice as many.
    let_pass(&mut desk, 20_000);
    assert!(!desk.draw(120, 40).contains("no answer since"));
    let_pass(&mut desk, 2_100);
    assert!(desk.draw(120, 40).contains("no answer since"));
}

/// Whoever comes back to a view after a while sees at once how old it is, unless
/// the new answer is there as soon as one looks.
#[test]
fn what_was_left_long_ago_is_not_shown_as_of_now() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3");
    desk.press("9");
    let_pass(&mut desk, 300_000);
    desk.press("3");
    assert!(!desk.draw(120, 40).contains("no answer since"), "an answer may be here in a moment");
    let_pass(&mut desk, 600);
    assert!(desk.draw(120, 40).contains("as of 14:03:07 · no answer since"));
}

#[test]
fn a_cluster_without_topics_groups_or_controller_is_a_cluster() {
    let mut desk = Desk::connected(Access::ReadWrite);
    let empty = Metadata {
        topics: Vec::new(),
        partitions: 0,
        health: Default::default(),
        controller: None,
        ..(*canned::metadata()).clone()
    };
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(empty))));
    let logs = crate::cluster::TopicLogs { topics: Default::default(), ..(*canned::logs()).clone() };
    desk.answer(Slot::TopicLogs, Answer::TopicLogs(Ok(Arc::new(logs))));
    desk.answer(Slot::Groups, Answer::Groups(Ok(Arc::new(Groups { rows: Vec::new(), ..(*canned::groups()).clone() }))));
    let overview = desk.draw(120, 40);
    assert!(overview.contains("controller: none is named"), "{overview}");
    assert!(first_line(&overview).contains("0 topics  0 partitions"), "{overview}");
    assert!(overview.contains("there are no topics") && overview.contains("there are no groups"), "{overview}");
    for (keys, says) in [("2", "no topics you may see"), ("3", "no groups you may see")] {
        desk.press(keys);
        let screen = desk.draw(120, 40);
        assert!(screen.contains(says), "{screen}");
        // Nothing is selected, and no key minds.
        desk.press("j k G g enter p D R s space c esc esc esc");
        for (width, height) in [(40, 12), (80, 24), (200, 1)] {
            desk.draw(width, height);
        }
    }
}

/// As long as Kafka allows, and with everything in it that could move a frame.
#[test]
fn no_name_moves_a_frame_or_hides_in_it() {
    let names = [
        "x".repeat(249),
        "א".repeat(60),
        "مواضيع-كافكا".to_owned(),
        "pay\u{200b}ments".to_owned(),
        "\u{202e}stnemyap".to_owned(),
        "paym\u{2066}ents\u{2069}\u{200f}".to_owned(),
        "a\u{300}\u{301}\u{302}\u{303}".repeat(40),
        "日本語トピック".repeat(20),
        "👩\u{200d}👩\u{200d}👧".repeat(20),
    ];
    let topics = names.iter().map(|name| canned::topic(name, 3, 3, None)).collect();
    let metadata = Metadata { topics, version: 2, ..(*canned::metadata()).clone() };
    let mut desk = Desk::filled(Access::ReadWrite);
    let mut rows = canned::groups().rows.clone();
    rows.truncate(1);
    let row = rows.remove(0);
    let groups = names.iter().map(|name| {
        let mut row = (*row).clone();
        row.listing.id = name.as_str().into();
        Arc::new(row)
    });
    let groups = Groups { rows: groups.collect(), ..(*canned::groups()).clone() };
    desk.state.data.metadata.settle(Ok(Arc::new(metadata)), canned::NOW);
    desk.state.data.groups.settle(Ok(Arc::new(groups)), canned::NOW);
    for keys in ["2", "3", "1"] {
        // The lists are put in order anew.
        desk.press(&format!("{keys} s n"));
        for (width, height) in [(40, 12), (80, 24), (120, 40), (200, 50)] {
            for step in 0..names.len() {
                let screen = desk.draw(width, height);
                // Behind its cells the backend notes which of them a wide sign covers.
                let rows = screen.lines().map(|line| line.split("\" Hidden").next().unwrap_or_default());
                for line in rows.filter(|line| line.starts_with(['│', '╭', '╰'])) {
                    assert_eq!(display_width(line), usize::from(width), "{keys} {step}: {line:?}\n{screen}");
                    assert!(line.ends_with(['│', '╮', '╯']), "{line:?}");
                }
                let is_hidden =
                    |c: char| matches!(c, '\u{200b}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                assert!(!screen.contains(is_hidden), "{screen}");
                desk.press("j");
            }
        }
    }
    let name: TopicName = names[0].as_str().into();
    assert!(name.as_str().len() == 249);
}

/// While another cluster is being opened nothing is begun on this one: it would
/// be cut off when the other is open.
#[test]
fn no_change_is_begun_on_a_cluster_that_is_being_left() {
    let mut desk = super::plans::with_plan(Access::ReadWrite, canned::plan(true, 3, crate::domain::plan::Confirm::Yes));
    desk.draw(120, 40);
    desk.state.link = crate::tui::app::session::Link::Opening("dev".into());
    desk.press("y");
    assert!(!desk.open.contains_key(&Slot::Apply));
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Start { slot: Slot::Apply, .. })));
}

/// A clock that jumps back makes nothing older or younger than it is.
#[test]
fn a_clock_that_is_set_back_is_survived() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.now = Time(canned::NOW.millis() - 3_600_000);
    for keys in ["1", "2", "3", "3 enter", "9", "m", "4"] {
        desk.press(keys);
        desk.draw(120, 40);
        let_pass(&mut desk, 5_000);
    }
}
