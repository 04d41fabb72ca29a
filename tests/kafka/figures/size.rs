//! A cluster of 20,000 topics, 100,000 partitions and 10,000 groups: how soon it is
//! there, whether keys wait for it, and what it costs.
//!
//! The cluster is a process of its own: `klamm demo --serve`. Its topics all grow, so
//! that every refresh brings something new.

use super::{Line, line, median, p99, rest, shown, tail};
use crate::console::Console;
use crate::klamm::Klamm;
use crate::stage::Stage;
use crate::target::{Security, Target};
use crate::witness::Witness;
use std::time::{Duration, Instant};

const LARGE: [&str; 6] = ["--topics", "20000", "--partitions", "5", "--groups", "10000"];
const MEDIUM: [&str; 4] = ["--topics", "2000", "--partitions", "4"];
const STARTS: usize = 5;
/// Long enough for three rounds of the refreshes.
const KEYS: usize = 400;
/// Between two keys: a quick finger, and no multiple of the pace of frames.
const PAUSE: Duration = Duration::from_millis(37);
const REST: Duration = Duration::from_secs(10);

pub fn measure(_: &Stage) -> Vec<Line> {
    let klamm = Klamm::on(&at(String::new()));
    let large = klamm.serve_demo(&LARGE);
    let mut lines = vec![line("demo of that size: exec → ready", shown(large.took), "not promised")];
    lines.extend(starts(&large.bootstrap));
    let console = open(&large.bootstrap);
    lines.extend(keys(&console));
    lines.extend(at_rest(&console));
    // The rest of what there is to look at, and back.
    for (key, shows) in [("3", "Groups 10,000"), ("1", "Busiest"), ("2", "Topics 20,001")] {
        console.press(key);
        console.sees(shows);
        std::thread::park_timeout(REST);
    }
    lines.push(line("  memory after all of it", now(&console), "≤ 100 MB"));
    lines.push(line("  the most it ever was", rest::memory(console.pid()), "not promised"));
    lines.push(line("  memory of the demo", resident(large.pid()), "not promised"));
    drop(console);
    lines.extend(tailing(&at(large.bootstrap.clone())));
    drop(large);

    let medium = klamm.serve_demo(&MEDIUM);
    let console = open(&medium.bootstrap);
    std::thread::park_timeout(REST);
    lines.push(line("2,000 topics: memory after ten seconds", now(&console), "≤ 30 MB"));
    lines
}

fn at(bootstrap: String) -> Target {
    Target { bootstrap, security: Security::default(), registry: None }
}

/// Keys typed ahead of the first frame lead to the list.
fn starts(bootstrap: &str) -> Vec<Line> {
    let until = |keys: &str, is_there: &dyn Fn(&str) -> bool| {
        let times = (0..STARTS).map(|_| {
            let began = Instant::now();
            let console = Console::open(&["--bootstrap", bootstrap], 120, 40);
            console.press(keys);
            console.wait("the list", is_there);
            began.elapsed()
        });
        median(times.collect())
    };
    let topics = until("2", &|screen| screen.contains("Topics 20,001") && screen.contains("load.topic-00000"));
    let groups = until("3", &|screen| screen.contains("Groups 10,000"));
    vec![
        line("exec → the list of 20,000 topics", shown(topics), "≤ 300 ms"),
        line("exec → 10,000 groups, the lag of each known", shown(groups), "≤ 3 s"),
    ]
}

fn open(bootstrap: &str) -> Console {
    let console = Console::open(&["--bootstrap", bootstrap], 120, 40);
    console.press("2");
    console.sees("load.topic-00000");
    console
}

/// The times from a key to what it shows, while the topics are sampled.
fn keys(console: &Console) -> Vec<Line> {
    let mut times = Vec::new();
    console.press("j");
    console.sees("▸ load.topic-00000");
    for _ in 0..KEYS / 2 {
        for (key, shows) in [("j", "▸ load.topic-00001"), ("k", "▸ load.topic-00000")] {
            std::thread::park_timeout(PAUSE);
            let began = Instant::now();
            console.press(key);
            console.sees(shows);
            times.push(began.elapsed());
        }
    }
    let control = tail::echoes();
    let mut narrowed = Vec::new();
    for _ in 0..STARTS {
        console.press("/");
        console.sees("letters of the name");
        let began = Instant::now();
        console.press("19999");
        console.sees("Topics 1 of 20,001");
        narrowed.push(began.elapsed());
        console.press("<esc>");
        console.sees("Topics 20,001");
    }
    vec![
        line("key → screen changed, while refreshes run, median", shown(median(times.clone())), "≤ 3 ms"),
        line("  p99", shown(p99(times)), "≤ 16 ms"),
        line("  an echo program beside it, median", shown(median(control.clone())), "the control"),
        line("  an echo program beside it, p99", shown(p99(control)), "the control"),
        line("five letters of a filter → one topic left", shown(median(narrowed)), "not promised"),
    ]
}

/// Writer and brokers share the machine with the console.
fn tailing(target: &Target) -> Vec<Line> {
    let topic = "load.tail";
    Witness::new(target).create_topic(topic, tail::PARTITIONS, 1, &[("retention.bytes", "50000000")]);
    let writer = tail::Writer::start(target, topic, tail::values());
    let console = tail::open(target, topic, &[]);
    let keys = tail::keys_in(&console, tail::KEYS);
    let written = writer.stop();
    vec![
        line("a tail there of 100,000 records/s: written", format!("{:.0} k/s", written / 1e3), "100 k/s"),
        line("  key → screen changed, median", shown(median(keys.clone())), "≤ 3 ms"),
        line("  p99", shown(p99(keys)), "≤ 16 ms"),
    ]
}

fn at_rest(console: &Console) -> Vec<Line> {
    let (cpu, bytes) = (rest::cpu_ticks(console.pid()), console.bytes());
    std::thread::park_timeout(REST);
    let (cpu, bytes) = (rest::cpu_ticks(console.pid()) - cpu, console.bytes() - bytes);
    vec![
        line("ten seconds without a key: bytes to the terminal", bytes.to_string(), "what moved"),
        // A tick is 10 ms on every Linux that matters.
        line("  CPU", format!("{} ms", cpu * 10), "not promised"),
    ]
}

fn now(console: &Console) -> String {
    resident(console.pid())
}

fn resident(pid: u32) -> String {
    rest::resident(pid).map_or_else(|| "?".to_owned(), |megabytes| format!("{megabytes} MB"))
}
