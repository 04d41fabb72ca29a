//! Searching ten million records, beside kcat and grep, and kcl where it is named.

use super::{Line, line, median, rest};
use crate::cluster::Listener;
use crate::klamm::{Klamm, items};
use crate::stage::Stage;
use crate::tools::Tools;
use crate::witness::Witness;
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RECORDS: u64 = 10_000_000;
const PARTITIONS: i32 = 12;
/// In none of the records, so that all are searched.
const NOWHERE: &str = "a text that nobody wrote";

pub fn measure(stage: &Stage) -> Vec<Line> {
    let target = stage.load().target(Listener::Plaintext);
    let witness = Witness::new(&target);
    let topic = "figures.search";
    witness.create_topic(topic, PARTITIONS, 1, &[]);
    let klamm = Klamm::on(&target).without_connection();
    let order = |index: usize| {
        format!(
            r#"{{"id":1{index:05},"state":"SHIPPED","customer":{{"id":"user-{:05}"}},"note":"as usual, at noon"}}"#,
            index % 9_973
        )
    };
    let lines: Vec<String> = (0..100_000).map(order).collect();
    let file = klamm.write("orders.json", &(lines.join("\n") + "\n")).display().to_string();
    Tools::of(&target).load_lines(topic, RECORDS, &file);
    let servers = &target.bootstrap;
    let profile = format!("version = 1\n[profiles.load]\nbootstrap = \"{servers}\"\nread_budget = \"unlimited\"\n");
    let config = klamm.write("config.toml", &profile).display().to_string();
    let mut memory = 0_u64;
    let mut ours = |query: &str| -> Duration {
        let once = |memory: &mut u64| {
            let words =
                ["--config", &config, "records", "search", topic, "--where", query, "--count", "--output", "json"];
            let began = Instant::now();
            let running = klamm.start(&words);
            // What it has at most is known only while it runs.
            while let Some(megabytes) = rest::resident(running.pid()) {
                *memory = (*memory).max(megabytes);
                std::thread::park_timeout(Duration::from_millis(20));
            }
            let ran = running.end();
            let took = began.elapsed();
            let item = items(&ran.json()).remove(0);
            assert_eq!((&item["seen"], &item["complete"]), (&json!(RECORDS), &json!(true)));
            took
        };
        median((0..3).map(|_| once(&mut memory)).collect())
    };
    let contains = ours(&format!("value contains '{NOWHERE}'"));
    let inside = ours(&format!("value.state = '{NOWHERE}'"));
    let grep = format!("kcat -b {servers} -C -t {topic} -o beginning -e -q | grep -c '{NOWHERE}'");
    let theirs = shell(&grep);
    let mut lines = vec![
        line("10 million 100-byte lz4 records, 12 partitions, value contains", super::shown(contains), "≤ 1/3 of kcl"),
        line("  the same inside JSON", super::shown(inside), "≤ 2 × the plain search"),
        line("  kcat | grep", super::shown(theirs), "the control"),
        line("  times as quick", format!("{:.1}", theirs.as_secs_f64() / contains.as_secs_f64()), "≥ 3"),
        line("  memory", format!("{memory} MB"), "≤ 150 MB"),
    ];
    if let Some(kcl) = std::env::var_os("KLAMM_KCL") {
        let kcl = kcl.to_string_lossy();
        let took =
            shell(&format!("{kcl} -X seed_brokers={servers} consume {topic} -o :end -f '%v\\n' | grep -c '{NOWHERE}'"));
        lines.push(line("  kcl | grep", super::shown(took), "the control"));
        let factor = took.as_secs_f64() / contains.as_secs_f64();
        lines.push(line("  times as quick as kcl", format!("{factor:.1}"), "≥ 3"));
    }
    lines
}

/// How long a line of the shell takes; grep finds nothing, which is no failure here.
fn shell(text: &str) -> Duration {
    let began = Instant::now();
    let output = Command::new("sh").args(["-c", text]).stdin(Stdio::null()).output().expect("a shell");
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "0", "{text}: {}", String::from_utf8_lossy(&output.stderr));
    took
}
