//! Sending a million records again, beside Kafka's own Java producer writing as many.

use super::{Line, line, median};
use crate::cluster::Listener;
use crate::klamm::Klamm;
use crate::stage::Stage;
use crate::tools::Tools;
use crate::witness::Witness;
use std::time::{Duration, Instant};

const RECORDS: u64 = 1_000_000;
const PARTITIONS: i32 = 12;
const RUNS: usize = 3;

pub fn measure(stage: &Stage) -> Vec<Line> {
    let target = stage.load().target(Listener::Plaintext);
    let witness = Witness::new(&target);
    let tools = Tools::of(&target);
    let source = "figures.resend";
    witness.create_topic(source, PARTITIONS, 1, &[]);
    tools.load(source, RECORDS);
    let klamm = Klamm::on(&target).without_connection();
    let servers = &target.bootstrap;
    let profile = format!("version = 1\n[profiles.load]\nbootstrap = \"{servers}\"\nread_budget = \"unlimited\"\n");
    let config = klamm.write("config.toml", &profile).display().to_string();
    let (mut ours, mut theirs, mut written) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let copy = format!("figures.resend.{run}");
        witness.create_topic(&copy, PARTITIONS, 1, &[]);
        let words = ["--config", &config, "records", "resend", source, "--to", &copy, "--yes", "--output", "json"];
        let began = Instant::now();
        klamm.run(&words).succeeded();
        ours.push(began.elapsed());
        assert_eq!(witness.count(&copy, PARTITIONS), RECORDS);
        let control = format!("figures.produced.{run}");
        witness.create_topic(&control, PARTITIONS, 1, &[]);
        let began = Instant::now();
        // Its own word for its rate leaves its start out, which is to its favour.
        written.push(tools.write(&control, RECORDS));
        theirs.push(began.elapsed());
    }
    written.sort_by(f64::total_cmp);
    let (ours, theirs, written) = (median(ours), median(theirs), written[RUNS / 2]);
    let rate = |took: Duration| RECORDS as f64 / took.as_secs_f64();
    let shown = |rate: f64| format!("{:.0} k/s", rate / 1e3);
    vec![
        line("1 million 100-byte records sent again, exactly once", shown(rate(ours)), "≥ 0.7 × the control"),
        line("  Kafka's Java producer, acks=all, by its own word", shown(written), "the control"),
        line("  the same with its start", shown(rate(theirs)), ""),
        line("  times its rate", format!("{:.2}", rate(ours) / written), "≥ 0.7"),
    ]
}
