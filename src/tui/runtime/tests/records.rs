//! Records as they come, and what is asked about them.

use super::behaviour::refused;
use super::canned::Desk;
use crate::cluster::{Access, RecordRef, RecordsUpdate, SearchCounts, SearchUpdate, TopicSearched};
use crate::domain::record::{Isolation, ReadAs, TieredPart, TieredRead, ViewAs};
use crate::tui::app::Screen;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Message, Request};

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
    desk.press("t");
    assert_eq!(asked(&desk).0, TieredRead::Ask, "nothing was asked yet");
    let tiered = Some(TieredPart { partitions: 2, records: 41_000 });
    let update = RecordsUpdate { tiered, finished: true, ..RecordsUpdate::default() };
    desk.answer(Slot::Records, Answer::Records(update));
    let shown = desk.draw(120, 40);
    assert!(shown.contains("up to 41,000 of these records, in 2 partitions, lie in remote storage"), "{shown}");
    desk.press("enter");
    assert_eq!(asked(&desk).0, TieredRead::Ask, "what may cost is not read by enter");
    desk.press("t");
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

#[test]
fn a_format_is_chosen_from_a_menu() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    let records = RecordRef::of_times(&"orders.v1".into(), 0, 0, &[1; 10]);
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    desk.press("v");
    let view = |desk: &Desk| desk.state.views.records.reading.as_ref().map(|reading| reading.view);
    assert_eq!(view(&desk), Some(ViewAs::Auto.into()), "nothing changes before it is chosen");
    desk.press("j j enter");
    assert_eq!(view(&desk), Some(ViewAs::Json.into()));
    assert!(desk.draw(200, 50).contains("· as JSON"));
    assert!(desk.open.contains_key(&Slot::Decode), "what is in sight is read anew");
    desk.press("v esc");
    assert_eq!(view(&desk), Some(ViewAs::Json.into()));
    desk.press("V k enter");
    assert_eq!(view(&desk), Some(ReadAs { key: ViewAs::Text, value: ViewAs::Json }));
    assert!(desk.draw(200, 50).contains("· as text / JSON"));
}

#[test]
fn leaving_closes_what_stands_below_the_list_first() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    let records = RecordRef::of_times(&"orders.v1".into(), 0, 0, &[1; 10]);
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    desk.press("z esc");
    assert!(desk.state.views.records.chart.is_none() && desk.state.screen == Screen::Records);
    desk.press("esc");
    assert_eq!(desk.state.screen, Screen::Topics);
}

/// `enter`: one record as large as the screen, the list standing still behind it.
#[test]
fn a_record_fills_the_screen_and_the_next_one_is_a_key_away() {
    use super::states::places::{decode, read_with};
    let mut desk = read_with(decode, Access::ReadWrite, "enter");
    let shown = desk.draw(120, 40);
    for word in ["40 of 40", "key", "value", "headers", "batch", "amount"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let at = |desk: &Desk| desk.state.views.records.selected_ref().map(|record| record.offset());
    let topic: crate::domain::TopicName = "orders.v1".into();
    let more = RecordsUpdate { records: RecordRef::of_times(&topic, 2, 990_440, &[1; 3]), ..RecordsUpdate::default() };
    desk.answer(Slot::Records, Answer::Records(more));
    assert_eq!(at(&desk), Some(990_439), "what comes does not take its place");
    desk.press("p");
    assert_eq!(at(&desk), Some(990_438));
    desk.press("n ]");
    assert_eq!(at(&desk), Some(990_440));
    desk.press("[ [ g tab");
    assert!(desk.draw(80, 24).contains("headers"));
    desk.press("c");
    assert!(desk.draw(80, 24).contains("Copy of record 2:990438"));
    desk.press("esc q");
    assert!(desk.state.screen == Screen::Records && !desk.state.views.records.in_record, "q closes it only");
    desk.press("enter esc");
    assert!(desk.state.screen == Screen::Records && !desk.state.views.records.in_record);
    desk.press("esc");
    assert_eq!(desk.state.screen, Screen::Topics);
}

fn paste(desk: &mut Desk, text: &str) {
    let at = desk.now;
    desk.send(Message::Pasted { text: text.into(), at });
}

/// What was typed into the form of `/`, and from where.
fn ask(desk: &mut Desk, query: &str, from: &str) {
    desk.press("/");
    paste(desk, query);
    desk.press("tab");
    paste(desk, from);
    desk.press("enter");
}

#[test]
fn a_query_that_is_wrong_is_marked_where_it_is() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t /");
    paste(&mut desk, "value.id = 4 and amount > 5");
    desk.press("enter");
    let shown = desk.draw(120, 40);
    assert!(shown.contains("no field is called amount"), "{shown}");
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.contains("value.id = 4 and amount")).expect("the line");
    let column = |line: &str, what: &str| line.split(what).next().map(|before| before.chars().count());
    assert_eq!(column(lines[at + 1], "^"), column(lines[at], "amount"), "{shown}");
}

#[test]
fn words_are_looked_for_in_what_comes() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    ask(&mut desk, "FAILED", "");
    match desk.open.get(&Slot::Records) {
        Some((_, Request::Records(request))) => {
            assert_eq!(request.query.as_ref().and_then(|query| query.word()), Some("FAILED"));
        }
        other => panic!("{other:?}"),
    }
    assert!(desk.draw(120, 40).contains("contains \"FAILED\""));
}

#[test]
fn a_search_says_how_far_it_is_and_esc_keeps_what_it_found() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    ask(&mut desk, "value.state = OPEN", "earliest");
    let Some((_, Request::Search(request))) = desk.open.get(&Slot::Records) else { panic!("a search") };
    assert_eq!(request.query.to_string(), "value.state = \"OPEN\"");
    let topic: crate::domain::TopicName = request.topics[0].clone();
    let update = |passed: u64, finished: bool| SearchUpdate {
        records: RecordRef::of_times(&topic, 0, 7, &[1; 3]),
        topics: vec![TopicSearched {
            topic: topic.clone(),
            partitions: 12,
            counts: SearchCounts { seen: passed, matched: 3, offsets: 1_000, passed, ..SearchCounts::default() },
            is_complete: finished,
            notes: Vec::new(),
            began: Default::default(),
            rest: Default::default(),
        }],
        finished,
        ..SearchUpdate::default()
    };
    desk.answer(Slot::Records, Answer::Searched(update(420, false)));
    let shown = desk.draw(120, 40);
    assert!(shown.contains("searching") && shown.contains("42 %") && shown.contains("esc stops"), "{shown}");
    desk.press("esc");
    assert!(!desk.open.contains_key(&Slot::Records), "it is stopped");
    let shown = desk.draw(120, 40);
    assert!(shown.contains("stopped at 42 %") && shown.contains("the rest was not looked at"), "{shown}");
    assert_eq!(desk.state.views.records.ring.len(), 3, "what was found stays");

    ask(&mut desk, "", "earliest");
    desk.answer(Slot::Records, Answer::Searched(update(1_000, true)));
    let shown = desk.draw(120, 40);
    assert!(shown.contains("3 of 1,000 records match, in 12 partitions"), "{shown}");
    assert!(shown.contains("all of it was covered"), "{shown}");
}

/// `a`: the records kept are looked at in other ways, and what comes later is counted, too.
#[test]
fn the_records_kept_are_counted_and_stand_in_columns() {
    use super::states::places::{counted, decode, read_with};
    let mut desk = read_with(decode, Access::ReadWrite, "k");
    desk.press("a j j enter 'value.st' tab");
    let shown = desk.draw(120, 40);
    assert!(shown.contains("value.state"), "tab completes a field that was seen: {shown}");
    desk.press("enter");
    let Some((_, Request::Stats { come, .. })) = desk.open.get(&Slot::Stats) else { panic!("it is counted") };
    assert_eq!(come.len(), 40);
    counted(&mut desk);
    let shown = desk.draw(120, 40);
    assert!(shown.contains("By value.state · of 40 records kept") && shown.contains("100 %"), "{shown}");
    assert!(!desk.open.contains_key(&Slot::Stats), "nothing has come since");

    desk.press("a k enter 'value.id,value.customer.id,value.none' enter");
    let shown = desk.draw(120, 40);
    assert!(shown.contains("NONE") && shown.contains("990438"), "{shown}");
    desk.press("a k enter ctrl-u enter");
    assert!(desk.draw(120, 40).contains("VALUE"));
    desk.press("a k k enter");
    assert!(desk.draw(120, 40).contains("Record 2:"), "the record again");
}

#[test]
fn partitions_are_merged_by_time_and_stand_one_after_the_other() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t f");
    let topic: crate::domain::TopicName = "a".into();
    let mut come = |partition, times: &[i64]| {
        let records = RecordRef::of_times(&topic, partition, 10, times);
        desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
        desk.draw(120, 40);
    };
    come(1, &[100, 300]);
    // The second claims to be older than the first, and yet it stands behind it.
    come(0, &[200, 50]);
    let order = |desk: &Desk| -> Vec<(i32, i64)> {
        desk.state.views.records.kept().map(|record| (record.partition(), record.offset())).collect()
    };
    assert_eq!(order(&desk), [(1, 10), (1, 11), (0, 10), (0, 11)]);
    desk.press("a G enter");
    assert_eq!(order(&desk), [(1, 10), (0, 10), (0, 11), (1, 11)]);
    assert!(desk.draw(120, 40).contains("merged by time"));
    desk.press("a G enter");
    assert_eq!(order(&desk), [(0, 10), (0, 11), (1, 10), (1, 11)]);
}
