//! What an answer means for a partition whose first record is wanted.

use super::super::record_set::tests::{BatchOf, plain};
use super::*;
use rstest::rstest;

const CONTROL: i16 = 1 << 5;

fn course(next: Offset) -> Course {
    Course { partition: TopicPartition::new("orders".into(), 0), topic_id: None, next, room: ROOM }
}

fn answer(records: &[u8], end: Offset) -> PartitionData {
    PartitionData::default().with_high_watermark(end).with_records(Some(Bytes::copy_from_slice(records)))
}

fn looked(records: &[u8], end: Offset, next: Offset, is_first: bool) -> (Option<NextRecord>, Course) {
    let mut course = course(next);
    let first = look(&answer(records, end), &mut course, is_first, &mut Vec::new()).unwrap();
    (first.map(next_of), course)
}

fn offset(record: Option<NextRecord>) -> Option<Offset> {
    match record {
        Some(NextRecord::At { offset, .. }) => Some(offset),
        Some(NextRecord::None) => Some(-1),
        None => None,
    }
}

fn two_batches() -> Vec<u8> {
    let first = BatchOf::at(10).with(&[plain("a"), plain("b"), plain("c")]);
    let second = BatchOf::at(20).with(&[plain("d")]);
    [first, second].concat()
}

#[rstest]
#[case::in_the_middle_of_a_batch(11, Some(11))]
#[case::over_a_gap(13, Some(20))]
fn the_first_record_at_or_after_an_offset(#[case] next: Offset, #[case] expected: Option<Offset>) {
    assert_eq!(offset(looked(&two_batches(), 30, next, false).0), expected);
}

#[test]
fn ends_of_transactions_are_no_records() {
    let marker = BatchOf { attributes: CONTROL, ..BatchOf::at(10) }.with(&[plain("")]);
    let (at_the_end, _) = looked(&marker, 11, 10, false);
    assert_eq!(at_the_end, Some(NextRecord::None), "nothing but a marker is left");
    let (record, course) = looked(&marker, 15, 10, false);
    assert_eq!((record, course.next, course.room), (None, 11, ROOM), "it goes on behind it");
    let then = [marker, BatchOf::at(11).with(&[plain("a")])].concat();
    assert_eq!(offset(looked(&then, 15, 10, false).0), Some(11));
}

#[test]
fn an_empty_answer_is_a_batch_that_did_not_fit_unless_it_had_all_the_room() {
    let (record, course) = looked(&[], 15, 10, false);
    assert_eq!((record, course.next, course.room), (None, 10, ROOM * 8));
    assert_eq!(looked(&[], 15, 10, true).0, Some(NextRecord::None));
    assert_eq!(looked(&[], 10, 10, false).0, Some(NextRecord::None));
}

#[test]
fn a_batch_that_is_cut_is_asked_for_with_more_room() {
    let set = two_batches();
    let (record, course) = looked(&set[..40], 30, 10, true);
    assert_eq!((record, course.next, course.room), (None, 10, ROOM * 8));
}

#[test]
fn a_broken_batch_and_an_error_say_so() {
    let mut set = two_batches();
    set[30] ^= 1;
    let look_at = |answer: PartitionData| look(&answer, &mut course(10), false, &mut Vec::new()).unwrap_err();
    assert_eq!(look_at(answer(&set, 30)).kind, FailureKind::Malformed);
    let failure = look_at(answer(&[], 30).with_error_code(29));
    assert_eq!((failure.kind, failure.target.as_str()), (FailureKind::Denied, "orders:0"));
}

#[test]
fn what_an_answer_leaves_out_is_a_failure() {
    let mut firsts = FirstBatches::default();
    let again = sort_out(FetchResponse::default(), vec![course(1)], &mut firsts, &mut Vec::new());
    assert!(again.is_empty());
    assert!(firsts[&course(1).partition].is_err());
}
