//! Lag of a thousand groups, beside Kafka's own tool.

use super::{Line, line, median, shown};
use crate::cluster::Listener;
use crate::klamm::Klamm;
use crate::stage::Stage;
use crate::tools::Tools;
use crate::witness::Witness;
use std::time::Instant;

const GROUPS: usize = 1_000;
const PARTITIONS: i32 = 50;
const WRITERS: usize = 8;
/// Runs before those that count.
const WARM: usize = 10;

pub fn measure(stage: &Stage) -> Vec<Line> {
    let target = stage.load().target(Listener::Plaintext);
    let topic = "figures.lag";
    Witness::new(&target).create_topic(topic, PARTITIONS, 1, &[]);
    let offsets: Vec<(i32, i64)> = (0..PARTITIONS).map(|partition| (partition, 0)).collect();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (target, offsets) = (&target, &offsets);
            scope.spawn(move || {
                let witness = Witness::new(target);
                for group in (writer..GROUPS).step_by(WRITERS) {
                    witness.commit(&format!("figures-lag-{group}"), topic, offsets);
                }
            });
        }
    });

    let klamm = Klamm::on(&target);
    let tools = Tools::as_shipped(&target);
    // A broker that has just started answers slowly; both find one that is warm.
    tools.groups(&["--describe", "--all-groups"]);
    for _ in 0..WARM {
        klamm.timed(&["groups", "lag", "--all", "--output", "json"]);
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let (took, document) = klamm.timed(&["groups", "lag", "--all", "--output", "json"]);
        assert_eq!(crate::klamm::items(&document).len(), GROUPS * 50, "all of them");
        ours.push(took);
        let began = Instant::now();
        tools.groups(&["--describe", "--all-groups"]);
        theirs.push(began.elapsed());
    }
    let (ours, theirs) = (median(ours), median(theirs));
    vec![
        line("lag of 1,000 groups × 50 partitions, JSON", shown(ours), "≤ 0.25 s"),
        line("  kafka-consumer-groups --describe --all-groups", shown(theirs), "the control"),
        line("  times as quick", format!("{:.0}", theirs.as_secs_f64() / ours.as_secs_f64()), "≥ 100"),
    ]
}
