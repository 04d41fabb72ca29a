//! How soon one sees something.

use super::{Line, line, median, rest, shown};
use crate::console::Console;
use crate::klamm::Klamm;
use crate::stage::Stage;
use crate::target::{Security, Target};
use crate::witness::runtime;
use klamm::demo::{Demo, Options, World};
use std::process::Command;
use std::time::{Duration, Instant};

const TOPICS: usize = 2_000;

pub fn measure(_: &Stage) -> Vec<Line> {
    let world = World::Sized { topics: TOPICS, partitions: 4, groups: 100 };
    let demo = runtime()
        .block_on(Demo::start(Options { world, traffic: false, ..Options::default() }))
        .expect("the demo starts");
    let bootstrap = demo.bootstrap();
    let mut screens = Vec::new();
    let mut memory = String::new();
    let mut controls = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        let console = Console::open(&["--bootstrap", &bootstrap], 120, 40);
        // 2,000 and the topic of the commits.
        console.wait("the number of topics", |screen| screen.contains("2,001 topics"));
        screens.push(began.elapsed());
        memory = rest::memory(console.pid());
        controls.extend(kcat(&bootstrap));
    }
    let mut lines = vec![
        line("exec → first screen, 2,000 topics", shown(median(screens)), "≤ 60 ms"),
        line("  memory then", memory, "≤ 30 MB"),
    ];
    if controls.is_empty() {
        lines.push(line("  kcat -L", "not here", "the control: Debian package kcat"));
    } else {
        lines.push(line("  kcat -L", shown(median(controls)), "the control"));
    }
    lines.extend(embedded());
    lines
}

fn kcat(bootstrap: &str) -> Option<Duration> {
    let began = Instant::now();
    let output = Command::new("kcat").args(["-L", "-b", bootstrap]).output().ok()?;
    output.status.success().then(|| began.elapsed())
}

/// The demo's own start, up to the line that says where it is.
fn embedded() -> Vec<Line> {
    let nowhere = Target { bootstrap: String::new(), security: Security::default(), registry: None };
    let klamm = Klamm::on(&nowhere);
    let mut starts = Vec::new();
    let mut memory = String::new();
    for _ in 0..9 {
        let demo = klamm.serve_demo(&[]);
        starts.push(demo.took);
        memory = rest::memory(demo.pid());
    }
    vec![
        line("demo: exec → ready", shown(median(starts)), "≤ 150 ms"),
        line("  memory then, with the stored batches", memory, "≤ 40 MB beside them"),
    ]
}
