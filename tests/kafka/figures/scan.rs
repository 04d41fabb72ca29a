//! Reading ten million records, beside a librdkafka consumer.

use super::{Line, line, median, rest};
use crate::cluster::Listener;
use crate::klamm::Klamm;
use crate::stage::Stage;
use crate::tools::Tools;
use crate::witness::Witness;
use std::time::{Duration, Instant};

const RECORDS: u64 = 10_000_000;
const PARTITIONS: i32 = 12;

pub fn measure(stage: &Stage) -> Vec<Line> {
    let target = stage.load().target(Listener::Plaintext);
    let witness = Witness::new(&target);
    let topic = "figures.scan";
    witness.create_topic(topic, PARTITIONS, 1, &[]);
    Tools::of(&target).load(topic, RECORDS);
    let klamm = Klamm::on(&target).without_connection();
    let servers = &target.bootstrap;
    let profile = format!("version = 1\n[profiles.load]\nbootstrap = \"{servers}\"\nread_budget = \"unlimited\"\n");
    let config = klamm.write("config.toml", &profile).display().to_string();
    let (mut ours, mut theirs, mut memory) = (Vec::new(), Vec::new(), 0);
    for _ in 0..3 {
        let reading = ["records", "tail", topic, "--from", "earliest", "--no-follow", "--count", "--output", "json"];
        let began = Instant::now();
        let running = klamm.start(&[&["--config", &config], reading.as_slice()].concat());
        // What it has at most is known only while it runs.
        while let Some(megabytes) = rest::resident(running.pid()) {
            memory = memory.max(megabytes);
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let counted = running.end().succeeded().json();
        ours.push(began.elapsed());
        assert_eq!(crate::klamm::items(&counted)[0]["records"], serde_json::json!(RECORDS));
        let began = Instant::now();
        assert_eq!(witness.count(topic, PARTITIONS), RECORDS);
        theirs.push(began.elapsed());
    }
    let rate = |took: Duration| format!("{:.0} k/s", RECORDS as f64 / took.as_secs_f64() / 1e3);
    let (ours, theirs) = (median(ours), median(theirs));
    vec![
        line("10 million 100-byte lz4 records, 12 partitions", rate(ours), "≥ 2 × the control"),
        line("  a librdkafka consumer", rate(theirs), "the control"),
        line("  memory", format!("{memory} MB"), "≤ 150 MB"),
        line("  times as quick", format!("{:.1}", theirs.as_secs_f64() / ours.as_secs_f64()), "≥ 2"),
    ]
}
