//! Reading ten million records, beside a librdkafka consumer.

use super::{Line, line, median};
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
    let klamm = Klamm::on(&target);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        // Every record is looked at, and none has these bytes.
        let words = ["records", "tail", topic, "--from", "earliest", "--no-follow", "--contains", "\u{1}\u{2}\u{3}"];
        let began = Instant::now();
        klamm.run(&words);
        ours.push(began.elapsed());
        let began = Instant::now();
        assert_eq!(witness.count(topic, PARTITIONS), RECORDS);
        theirs.push(began.elapsed());
    }
    let rate = |took: Duration| format!("{:.0} k/s", RECORDS as f64 / took.as_secs_f64() / 1e3);
    let (ours, theirs) = (median(ours), median(theirs));
    vec![
        line("10 million 100-byte lz4 records, 12 partitions", rate(ours), "≥ 2 × the control"),
        line("  a librdkafka consumer", rate(theirs), "the control"),
        line("  times as quick", format!("{:.1}", theirs.as_secs_f64() / ours.as_secs_f64()), "≥ 2"),
    ]
}
