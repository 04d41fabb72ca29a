//! What lies before the list of records, and on from where reading stopped.

use super::canned::Desk;
use crate::cluster::{Access, RecordRef, RecordsRequest, RecordsUpdate, SearchCounts, SearchUpdate, TopicSearched};
use crate::domain::record::StartAt;
use crate::domain::{Offset, TopicName};
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Request};
use std::collections::BTreeMap;

fn topic() -> TopicName {
    "orders.v1".into()
}

fn some(partition: i32, from: Offset, count: i64) -> Vec<RecordRef> {
    let times: Vec<i64> = (from..from + count).collect();
    RecordRef::of_times(&topic(), partition, from, &times)
}

fn come(records: Vec<RecordRef>) -> RecordsUpdate {
    RecordsUpdate { records, ..RecordsUpdate::default() }
}

fn asked(desk: &Desk) -> &RecordsRequest {
    match desk.open.get(&Slot::Records) {
        Some((_, Request::Records(request))) => request,
        other => panic!("{other:?}"),
    }
}

fn offsets(desk: &Desk) -> Vec<Offset> {
    desk.state.views.records.kept().map(RecordRef::offset).collect()
}

/// A tail of one partition, from the 50th record on.
fn tailing() -> Desk {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    desk.draw(120, 40);
    let update = RecordsUpdate { began: vec![(0, 50), (1, 0)], ..come(some(0, 50, 10)) };
    desk.answer(Slot::Records, Answer::Records(update));
    desk
}

#[test]
fn what_lies_before_comes_in_whole_and_the_selection_stays() {
    let mut desk = tailing();
    desk.press("k <");
    let request = asked(&desk);
    assert_eq!((request.start, request.follow), (StartAt::Latest(1_000), false));
    assert_eq!(request.within.to, BTreeMap::from([(0, 50), (1, 0)]), "not what is in the list already");
    let shown = desk.draw(120, 40);
    assert!(shown.contains("the 1,000 records before") && shown.contains("reading"), "{shown}");
    let selected = |desk: &Desk| desk.state.views.records.selected_ref().map(RecordRef::offset);
    assert_eq!(selected(&desk), Some(58));
    let update = RecordsUpdate { began: vec![(0, 30)], ..come(some(0, 30, 10)) };
    desk.answer(Slot::Records, Answer::Records(update));
    assert_eq!(offsets(&desk).len(), 10, "half of it would leave a gap");
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { finished: true, ..come(some(0, 40, 10)) }));
    assert_eq!((offsets(&desk), selected(&desk)), ((30..60).collect(), Some(58)));
    desk.press("<");
    assert_eq!(asked(&desk).within.to, BTreeMap::from([(0, 30), (1, 0)]));
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { finished: true, ..come(Vec::new()) }));
    assert!(desk.draw(120, 40).contains("nothing lies before these"));
    desk.press(">");
    assert_eq!(asked(&desk).within.from, BTreeMap::from([(0, 60), (1, 0)]), "and on from the end of the list");
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { finished: true, ..come(some(0, 60, 2)) }));
    assert_eq!((offsets(&desk), selected(&desk)), ((30..62).collect(), Some(60)), "what is new is selected");
    desk.press("f");
    assert!(asked(&desk).follow, "what has ended begins anew when it is to be live");
}

#[test]
fn a_page_that_is_stopped_adds_nothing_and_says_so() {
    let mut desk = tailing();
    desk.press("<");
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { began: vec![(0, 30)], ..come(some(0, 30, 10)) }));
    desk.press("esc");
    assert!(!desk.open.contains_key(&Slot::Records));
    assert_eq!(offsets(&desk), (50..60).collect::<Vec<_>>());
    assert!(desk.draw(120, 40).contains("nothing older was added"));
}

/// From the beginning the list takes what it holds, and reading stops there.
#[test]
fn a_full_list_stops_reading_and_goes_on_when_told() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t F 'earliest' enter");
    desk.draw(120, 40);
    for from in 0..21 {
        let began = if from == 0 { vec![(0, 0)] } else { Vec::new() };
        if desk.open.contains_key(&Slot::Records) {
            let update = RecordsUpdate { began, ..come(some(0, from * 1_000, 1_000)) };
            desk.answer(Slot::Records, Answer::Records(update));
        }
    }
    assert!(!desk.open.contains_key(&Slot::Records), "nothing is read that has no room");
    assert_eq!(offsets(&desk).len(), 20_000);
    let shown = desk.draw(120, 40);
    assert!(shown.contains("the list is full") && shown.contains("> on from 20,000 of P 0"), "{shown}");
    desk.press("<");
    assert!(!desk.open.contains_key(&Slot::Records), "the log begins here");
    desk.press(">");
    assert_eq!(asked(&desk).within.from, BTreeMap::from([(0, 20_000)]));
    for from in 20..31 {
        if desk.open.contains_key(&Slot::Records) {
            desk.answer(Slot::Records, Answer::Records(come(some(0, from * 1_000, 1_000))));
        }
    }
    assert!(!desk.open.contains_key(&Slot::Records), "half a list is a page");
    assert_eq!(offsets(&desk), (10_000..30_000).collect::<Vec<_>>());
    desk.press("<");
    assert_eq!(asked(&desk).within.to, BTreeMap::from([(0, 10_000)]), "what went can be read again");
}

#[test]
fn a_search_that_was_stopped_goes_on_with_its_rest() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t / 'OPEN' tab 'earliest' enter");
    let update = |passed, offsets, rest: &[(i32, Offset)], finished| SearchUpdate {
        records: some(0, offsets, 1),
        topics: vec![TopicSearched {
            topic: topic(),
            partitions: 2,
            counts: SearchCounts {
                seen: passed,
                matched: 1,
                offsets: offsets as u64,
                passed,
                ..SearchCounts::default()
            },
            is_complete: finished,
            notes: Vec::new(),
            began: BTreeMap::from([(0, 0), (1, 0)]),
            rest: rest.iter().copied().collect(),
        }],
        finished,
        ..SearchUpdate::default()
    };
    desk.answer(Slot::Records, Answer::Searched(update(400, 1_000, &[(0, 300), (1, 101)], false)));
    desk.press("esc");
    let shown = desk.draw(120, 40);
    assert!(shown.contains("stopped at 40 %") && shown.contains("> on from") && shown.contains("600 left"), "{shown}");
    desk.press(">");
    let Some((_, Request::Search(request))) = desk.open.get(&Slot::Records) else { panic!("a search") };
    assert_eq!(request.within.from, BTreeMap::from([(0, 300), (1, 101)]));
    assert_eq!((request.start, request.partitions.clone()), (StartAt::Earliest, Some(vec![0, 1])));
    desk.answer(Slot::Records, Answer::Searched(update(300, 600, &[(0, 600)], false)));
    assert!(desk.draw(120, 40).contains("70 %"), "of all of it");
    desk.answer(Slot::Records, Answer::Searched(update(600, 600, &[], true)));
    let shown = desk.draw(120, 40);
    assert!(shown.contains("2 of 1,000 records match") && shown.contains("all of it was covered"), "{shown}");
    desk.effects.clear();
    desk.press(">");
    assert!(!desk.effects.iter().any(|effect| matches!(effect, Effect::Start { slot: Slot::Records, .. })));
    assert!(desk.draw(120, 40).contains("all of the range was read"));
}
