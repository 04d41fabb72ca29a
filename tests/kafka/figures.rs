//! The figures that klamm promises, measured on whole processes.
//!
//! Run by `benches/run`, not by `cargo test`. Each figure is a median, beside a
//! control measured in the same run on the same machine: what is promised is the
//! distance to it, since machines differ.

mod burrow;
mod distant;
mod frame;
mod lag;
mod query;
mod requests;
mod resend;
mod rest;
mod round;
mod scan;
mod search;
mod size;
mod start;
mod tail;
mod window;

use crate::stage::Stage;
use libtest_mimic::Arguments;
use std::process::ExitCode;
use std::time::Duration;

/// One measured value and what it should be.
pub struct Line {
    pub what: String,
    pub value: String,
    pub reach: &'static str,
}

type Figure = (&'static str, fn(&Stage) -> Vec<Line>);

const FIGURES: &[Figure] = &[
    ("frame", frame::measure),
    ("rest", rest::measure),
    ("start", start::measure),
    ("window", window::measure),
    ("size", size::measure),
    ("distant", distant::measure),
    ("lag", lag::measure),
    ("round", round::measure),
    ("burrow", burrow::measure),
    ("scan", scan::measure),
    ("search", search::measure),
    ("query", query::measure),
    ("resend", resend::measure),
    ("tail", tail::measure),
];

/// Measures those whose name holds the filter, and prints a table.
pub fn measure(arguments: &Arguments, stage: &Stage) -> ExitCode {
    if cfg!(debug_assertions) {
        eprintln!("a debug build: these are not the figures of klamm");
    }
    for (name, figure) in FIGURES {
        if arguments.filter.as_ref().is_some_and(|filter| !name.contains(filter.as_str())) {
            continue;
        }
        for line in figure(stage) {
            eprintln!("{name:<8} {:<58} {:>14}   {}", line.what, line.value, line.reach);
        }
    }
    ExitCode::SUCCESS
}

fn line(what: impl Into<String>, value: impl Into<String>, reach: &'static str) -> Line {
    Line { what: what.into(), value: value.into(), reach }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}
