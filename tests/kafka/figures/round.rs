//! What one round over all groups costs on three real brokers, and how long it takes to
//! learn from the logs how long groups have been behind.

use super::{Line, line, median, rest, shown};
use crate::cluster::Listener;
use crate::stage::Stage;
use crate::target::Target;
use crate::witness::{Seed, Witness, runtime};
use klamm::cluster::{Cluster, Groups};
use klamm::domain::pace::Behind;
use klamm::profile::Profile;
use std::sync::Arc;
use std::time::{Duration, Instant};

const GROUPS: usize = 10_000;
const PARTITIONS: i32 = 10;
/// Each of these reads a partition of its own, and is behind there.
const BEHIND: usize = 1_000;
const WRITERS: usize = 16;
const ROUNDS: u32 = 5;

pub fn measure(stage: &Stage) -> Vec<Line> {
    let target = stage.kraft().target(Listener::Plaintext);
    let witness = Witness::new(&target);
    let behind = i32::try_from(BEHIND).expect("few");
    witness.create_topic("figures.behind", behind, 1, &[]);
    let seeds: Vec<Seed<'_>> = (0..behind).map(|partition| Seed { partition, ..Seed::default() }).collect();
    witness.produce("figures.behind", &seeds);
    commit(&target, BEHIND, |group, witness| {
        let partition = i32::try_from(group).expect("few");
        witness.commit(&format!("figures-behind-{group:04}"), "figures.behind", &[(partition, 0)]);
    });
    // Each time a cluster of which nothing is known yet but its brokers and topics.
    let lags = (0..ROUNDS).map(|_| {
        let cluster = open(&target);
        let (took, groups) = round(&cluster);
        let known = groups.rows.iter().filter(|row| matches!(row.behind, Behind::Since(_))).count();
        assert!(known >= BEHIND, "{known} groups are known to wait since when");
        took
    });
    let lags = median(lags.collect());

    witness.create_topic("figures.round", PARTITIONS, 1, &[]);
    let offsets: Vec<(i32, i64)> = (0..PARTITIONS).map(|partition| (partition, 0)).collect();
    commit(&target, GROUPS, |group, witness| {
        witness.commit(&format!("figures-round-{group:05}"), "figures.round", &offsets);
    });
    let cluster = open(&target);
    // The first ones ask since when records wait, and find the connections closed.
    for _ in 0..2 {
        round(&cluster);
    }
    let cpu = rest::cpu_ticks(std::process::id());
    let rounds = (0..ROUNDS).map(|_| {
        let (took, groups) = round(&cluster);
        assert!(groups.rows.len() >= GROUPS + BEHIND && groups.failures.is_empty(), "{:?}", groups.failures);
        took
    });
    let rounds = median(rounds.collect());
    // A tick is 10 ms on every Linux that matters.
    let cpu = Duration::from_millis((rest::cpu_ticks(std::process::id()) - cpu) * 10) / ROUNDS;
    vec![
        line("1,000 groups behind: since when, from the logs", shown(lags), "≤ 1 s"),
        line("a round of 10,000 groups × 10 partitions, 3 brokers", shown(rounds), "≤ 1 s"),
        line("  CPU of it", shown(cpu), "≤ 0.5 s"),
    ]
}

fn open(target: &Target) -> Cluster {
    let bootstrap = target.bootstrap.split(',').map(str::to_owned).collect();
    let cluster = Cluster::connect(Profile::plain("figures", bootstrap)).expect("a cluster");
    runtime().block_on(cluster.metadata()).expect("its brokers and topics");
    cluster
}

fn round(cluster: &Cluster) -> (Duration, Arc<Groups>) {
    let began = Instant::now();
    let groups = runtime().block_on(cluster.groups()).expect("all groups");
    (began.elapsed(), groups)
}

/// Has each of so many groups commit, several at a time.
fn commit(target: &Target, groups: usize, commit: impl Fn(usize, &Witness) + Sync) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let commit = &commit;
            scope.spawn(move || {
                let witness = Witness::new(target);
                (writer..groups).step_by(WRITERS).for_each(|group| commit(group, &witness));
            });
        }
    });
}
