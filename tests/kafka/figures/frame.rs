//! What a frame costs, and an order of all rows, with 100,000 of them behind it.
//!
//! Without a cluster and without a terminal: the processor time of the console alone.

use super::{Line, line, median, p99, shown};
use crate::stage::Stage;
use klamm::tui::Rehearsal;
use std::time::{Duration, Instant};

const ROWS: u32 = 100_000;
const FRAMES: usize = 1_000;
const ORDERS: usize = 20;
/// Each shows other rows than the one before.
const KEYS: [&str; 7] = ["j", "ctrl-d", "ctrl-d", "k", "G", "ctrl-u", "g"];

pub fn measure(_: &Stage) -> Vec<Line> {
    let mut console = Rehearsal::new(ROWS, ROWS, (200, 60));
    let mut lines = Vec::new();
    for (key, title, reach) in [("2", "Topics 100,000", "≤ 2 ms"), ("3", "Groups 100,000", "≤ 2 ms")] {
        console.press(key);
        console.draw();
        assert!(console.screen().contains(title), "{}", console.screen());
        let frames = frames(&mut console);
        lines.push(line(
            format!("a frame of 200×60 on {title}: median"),
            shown(median(frames.clone())),
            "not promised",
        ));
        lines.push(line("  p99", shown(p99(frames)), reach));
    }
    for (filter, column) in [("", "name"), ("orders 77", "name"), ("", "rate"), ("", "size"), ("orders 7", "records")] {
        let what = format!("100,000 topics by {column}, filter ‘{filter}’: median");
        lines.push(line(what, shown(median(orders(&console, filter, column))), "≤ 10 ms"));
    }
    lines
}

/// The times from a key that was taken in to the end of its frame.
fn frames(console: &mut Rehearsal) -> Vec<Duration> {
    let timed = |key: &&str| {
        console.press(key);
        let began = Instant::now();
        console.draw();
        began.elapsed()
    };
    KEYS.iter().cycle().take(FRAMES).map(timed).collect()
}

fn orders(console: &Rehearsal, filter: &str, column: &str) -> Vec<Duration> {
    let timed = |_| {
        let began = Instant::now();
        assert!(console.order(filter, column) > 0, "nothing is left");
        began.elapsed()
    };
    (0..ORDERS).map(timed).collect()
}
