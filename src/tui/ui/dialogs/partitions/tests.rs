//! The partition dialog with a report, at three sizes.

use super::*;
use crate::domain::Time;
use crate::domain::partition_plan::{HotKey, PartitionWish, ZeroOffer};
use crate::domain::partitioner::Partitioner;
use crate::domain::plan::{Severity, Warning};
use crate::tui::command::KeyMap;
use crate::tui::ui::theme::{Depth, Theme};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use std::sync::Arc;

const NOW: Time = Time(1_795_269_787_000);

fn choice(partitions: i32, moved: f64) -> Choice {
    Choice {
        partitions,
        rate_each: Some(50_000_000.0 / f64::from(partitions)),
        replicas_per_broker: 3_980 + partitions as usize,
        is_over_limit: partitions > 20,
        moved: Partitioner::ALL.map(|partitioner| (partitioner, moved)).to_vec(),
        expected_moved: moved,
        hottest: vec![
            HotKey { key: "customer-88".into(), share: 0.041, from: 2, to: Some(2) },
            HotKey { key: "customer-12".into(), share: 0.039, from: 7, to: Some(13) },
        ],
        skew: (0..partitions.unsigned_abs().into()).map(|id: u64| 90 + id * 7 % 40).collect(),
        divides_evenly: partitions % 3 == 0,
    }
}

fn report() -> PartitionReport {
    let stops = "search-app (Streams) will stop at its next rebalance: its internal topics have 12 partitions";
    let order = "producers learn the new count at different times: order is at risk for at least as long";
    PartitionReport {
        topic: "orders.v1".into(),
        current: 12,
        refusal: None,
        rate: Some(41_000_000.0),
        busiest: Some(6_100_000.0),
        size: Some(1 << 31),
        needs: None,
        choices: vec![choice(13, 0.92), choice(18, 0.67), choice(24, 0.5)],
        recommended: Some(1),
        sampled: 2_000,
        distinct_keys: 1_412,
        keyless: 0,
        sampled_span: Some((NOW.plus_millis(-600_000), NOW)),
        explained: vec![(Partitioner::Java, 1.0), (Partitioner::Librdkafka, 0.08), (Partitioner::Sarama, 0.07)],
        partitioner: Some(Partitioner::Java),
        sample_failure: None,
        skew: (0..12).map(|id| 150 + id * 11 % 60).collect(),
        replica_limit: 4_000,
        warnings: vec![Warning::new(Severity::Danger, stops), Warning::new(Severity::Warning, order)],
        zero: ZeroOffer {
            groups: vec!["billing-export".into(), "audit".into()],
            others: vec![("search-app".into(), "it is Stable: Kafka takes no commit for a group with members".into())],
        },
    }
}

fn drawn(width: u16, height: u16, cursor: usize, wants_zero: bool) -> String {
    let state = State::new(NOW, Arc::new(KeyMap::default()), TimeZone::UTC);
    let mut dialog = PartitionsDialog::new("orders.v1".into(), PartitionWish::default());
    dialog.report.settle(Ok(Arc::new(report())), NOW);
    dialog.cursor = cursor;
    dialog.wants_zero = wants_zero;
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::built_in("dark", Depth::True);
    draw(&mut Canvas::new(&mut buffer, &theme), area, &state, &dialog);
    let line = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_offer_of_offset_0_says_whether_it_is_taken_up() {
    let offered = drawn(120, 24, 1, false);
    assert!(
        offered.contains("z          [ ] commit offset 0 there for the Empty groups billing-export, audit"),
        "{offered}"
    );
    assert!(offered.contains("not at 0   search-app: it is Stable"), "{offered}");
    assert!(drawn(120, 24, 1, true).contains("[x] commit offset 0 there"));
}

#[test]
fn each_choice_stands_beside_its_price() {
    for (width, height) in [(120, 20), (80, 21), (40, 9)] {
        insta::assert_snapshot!(format!("report@{width}x{height}"), drawn(width, height, 1, false));
    }
}

#[test]
fn the_choice_under_the_cursor_is_in_view_on_a_small_screen() {
    for cursor in 0..3 {
        let shown = drawn(60, 8, cursor, false);
        assert!(shown.contains('▸'), "{cursor}:\n{shown}");
    }
}
