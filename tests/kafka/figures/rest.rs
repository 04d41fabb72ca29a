//! What ten idle seconds cost.

use super::{Line, line};
use crate::console::Console;
use crate::stage::Stage;
use crate::witness::runtime;
use klamm::demo::{Clock, Demo, Options};
use klamm::domain::Time;
use std::fs;
use std::time::Duration;

/// Ten looks, ten seconds apart, and some patience.
const WINDOWS: Duration = Duration::from_secs(180);

pub fn measure(_: &Stage) -> Vec<Line> {
    let still = Options { clock: Clock::Stopped(Time(1_795_269_600_000)), traffic: false, ..Options::default() };
    let demo = runtime().block_on(Demo::start(still)).expect("the demo starts");
    let console = Console::open(&["--bootstrap", &demo.bootstrap()], 120, 40);
    console.wait("brokers", |screen| screen.contains("3 brokers"));
    // Until verdicts have their windows each look tells something new.
    let is_full = console.try_wait(WINDOWS, |screen| screen.contains("VERDICT") && !screen.contains(" of 10"));
    assert!(is_full.is_some(), "verdicts are still to come:\n{}", console.screen());
    console.settles(Duration::from_secs(7));
    let (cpu, bytes) = (cpu_ticks(console.pid()), console.bytes());
    std::thread::park_timeout(Duration::from_secs(10));
    let (cpu, bytes) = (cpu_ticks(console.pid()) - cpu, console.bytes() - bytes);
    vec![
        line("ten idle seconds: bytes to the terminal", bytes.to_string(), "0"),
        // A tick is 10 ms on every Linux that matters.
        line("ten idle seconds: CPU", format!("{} ms", cpu * 10), "≤ 50 ms"),
        line("memory at rest", memory(console.pid()), "≤ 40 MB"),
    ]
}

/// User and system time of a process, in ticks.
pub fn cpu_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; what follows it does not.
    let after = stat.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// The most memory a process had resident.
pub fn memory(pid: u32) -> String {
    megabytes(pid, "VmHWM:").map_or_else(|| "?".to_owned(), |megabytes| format!("{megabytes} MB"))
}

/// Megabytes that a process has resident now; `None` when it has ended.
pub fn resident(pid: u32) -> Option<u64> {
    megabytes(pid, "VmRSS:")
}

fn megabytes(pid: u32, what: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}
