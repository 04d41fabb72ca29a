//! Rounds of refreshing: what is in sight first.

use super::canned::{self, Desk};
use crate::cluster::{Access, Groups, TopicLogs};
use crate::domain::Fact;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Request};
use std::sync::Arc;

/// The pause before the next round is over.
fn rest(desk: &mut Desk, slot: Slot) -> Request {
    assert!(matches!(desk.open[&slot].1, Request::Rest), "{:?}", desk.open[&slot].1);
    desk.answer(slot, Answer::Rested);
    desk.open[&slot].1.clone()
}

fn known(desk: &Desk, topic: &str) -> Option<u64> {
    desk.state.data.logs.value().unwrap().topic(topic)?.records.get()
}

/// Another snapshot, with as many records in `orders.v1`.
fn logs(records: u64) -> Arc<TopicLogs> {
    let mut logs = (*canned::logs()).clone();
    let (_, log) = logs.topics.iter_mut().find(|(name, _)| name.as_str() == "orders.v1").unwrap();
    Arc::make_mut(log).records = Fact::Known(records);
    Arc::new(logs)
}

#[test]
fn a_round_asks_first_for_what_is_in_sight_when_it_begins() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2");
    desk.draw(80, 24);
    // Scrolled to while it rested.
    desk.press("/ 'orders' enter");
    desk.draw(80, 24);
    let Request::TopicLogs { in_sight } = rest(&mut desk, Slot::TopicLogs) else { panic!("no round") };
    let names: Vec<_> = in_sight.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["orders-returns", "orders.v1", "orders.v1.DLT"]);
    // A screen that is opened asks at once, before it was drawn.
    desk.press("3");
    let Request::Groups { in_sight } = desk.open[&Slot::Groups].1.clone() else { panic!("no round") };
    assert_eq!(in_sight.len(), canned::groups().rows.len());
    assert_eq!(in_sight[0].as_str(), "fraud-scoring", "as they are sorted");
}

#[test]
fn what_is_known_in_the_middle_of_a_round_is_shown_and_the_round_goes_on() {
    let mut desk = Desk::filled(Access::ReadWrite);
    rest(&mut desk, Slot::TopicLogs);
    desk.state.is_dirty = false;
    desk.effects.clear();
    desk.answer(Slot::TopicLogs, Answer::TopicLogsSoFar(logs(77)));
    assert_eq!(known(&desk, "orders.v1"), Some(77));
    assert!(desk.state.is_dirty && desk.state.slots.is_running(Slot::TopicLogs));
    assert!(!desk.effects.iter().any(|effect| matches!(effect, Effect::Start { .. })), "{:?}", desk.effects);
    desk.answer(Slot::TopicLogs, Answer::TopicLogs(Ok(logs(78))));
    assert_eq!(known(&desk, "orders.v1"), Some(78));
    assert!(matches!(desk.open[&Slot::TopicLogs].1, Request::Rest));

    rest(&mut desk, Slot::Groups);
    let groups = Arc::new(Groups { rows: Vec::new(), ..(*canned::groups()).clone() });
    desk.answer(Slot::Groups, Answer::GroupsSoFar(groups));
    assert!(desk.state.data.groups.value().unwrap().rows.is_empty() && desk.state.slots.is_running(Slot::Groups));
}

/// The first round of a large cluster may take longer than one waits for an answer.
#[test]
fn a_round_that_is_under_way_is_not_overdue_at_once() {
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(canned::metadata())));
    desk.answer(Slot::TopicLogs, Answer::TopicLogsSoFar(logs(77)));
    let mut is_overdue_after = |millis| {
        desk.now = desk.now.plus_millis(millis);
        if desk.open.contains_key(&Slot::Overdue) {
            desk.answer(Slot::Overdue, Answer::Rested);
        }
        desk.state.data.logs.is_overdue()
    };
    assert!(!is_overdue_after(2_000) && !is_overdue_after(7_000));
    assert!(is_overdue_after(1_100), "after twice the pace");
}

#[test]
fn a_part_of_an_earlier_round_changes_nothing() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let before = known(&desk, "orders.v1");
    rest(&mut desk, Slot::TopicLogs);
    let (late, _) = desk.open[&Slot::TopicLogs];
    desk.press("r");
    desk.late(Slot::TopicLogs, late, Answer::TopicLogsSoFar(logs(77)));
    assert_eq!(known(&desk, "orders.v1"), before);
    let (late, _) = desk.open[&Slot::Groups];
    desk.press("r");
    let groups = Arc::new(Groups { rows: Vec::new(), ..(*canned::groups()).clone() });
    desk.late(Slot::Groups, late, Answer::GroupsSoFar(groups));
    assert!(!desk.state.data.groups.value().unwrap().rows.is_empty());
}
