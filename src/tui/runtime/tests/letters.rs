//! Dead letters in the records view: what they say, and the way to what they were.

use super::canned::{self, Desk};
use super::screens::shoot;
use super::states::places::{decode, decode_letters, read_with};
use crate::cluster::{Access, RecordRef, RecordsUpdate};
use crate::domain::record::StartAt;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Request};

fn at_a_letter() -> Desk {
    read_with(decode_letters, Access::ReadOnly, "k")
}

#[test]
fn a_dead_letter_says_why_and_where_it_was() {
    let mut desk = at_a_letter();
    let text = desk.draw(120, 40);
    for said in ["SocketTimeoutException: Read timed out", "group order-processor", "orders.v1:7@884990"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    shoot("dead_letter", &mut desk);
}

#[test]
fn its_original_is_opened_and_marked() {
    let mut desk = at_a_letter();
    desk.press("o");
    let Some((_, Request::Records(request))) = desk.open.get(&Slot::Records) else { panic!("records are read") };
    assert_eq!((request.start, request.partitions.clone()), (StartAt::Offset(884_985), Some(vec![7])));
    let topic = request.topic.clone();
    let update = |from: i64, count: usize| {
        let records = RecordRef::of_times(&topic, 7, from, &vec![canned::NOW.0; count]);
        Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() })
    };
    desk.answer(Slot::Records, update(884_985, 9));
    let text = desk.draw(120, 40);
    assert!(text.contains("884,990 became orders.v1:2@"), "{text}");
    assert_eq!(desk.state.views.records.selected_ref().map(|record| record.offset()), Some(884_990));
    assert_eq!(text.lines().filter(|line| line.contains("●") && line.contains("884,990 ")).count(), 2, "{text}");
}

#[test]
fn what_retention_took_is_said_to_be_gone() {
    let mut desk = at_a_letter();
    desk.press("o");
    let records = RecordRef::of_times(&"orders.v1".into(), 7, 900_000, &[canned::NOW.0; 3]);
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    let text = desk.draw(120, 40);
    assert!(text.contains("884,990 is no longer there"), "{text}");
}

#[test]
fn a_plain_record_was_nowhere_else() {
    let mut desk = read_with(decode, Access::ReadOnly, "k");
    desk.press("o");
    assert!(desk.draw(120, 40).contains("do not say that it was elsewhere"), "it says why");
}
