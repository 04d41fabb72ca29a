//! What one round over all groups costs on three real brokers, and how long it takes to
//! learn from the logs how long groups have been behind.

use super::requests::{FETCH, counter};
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
/// As many of them first, to see how requests grow.
const FEWER: usize = 1_000;
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
    let (sent, mut fetches) = (counter(), Vec::new());
    let lags = (0..ROUNDS).map(|_| {
        let cluster = open(&target);
        let before = sent.of(FETCH);
        let (took, groups) = round(&cluster);
        fetches.push(sent.of(FETCH) - before);
        let known = groups.rows.iter().filter(|row| matches!(row.behind, Behind::Since(_))).count();
        assert!(known >= BEHIND, "{known} groups are known to wait since when");
        took
    });
    let lags = median(lags.collect());
    fetches.sort_unstable();

    witness.create_topic("figures.round", PARTITIONS, 1, &[]);
    let offsets: Vec<(i32, i64)> = (0..PARTITIONS).map(|partition| (partition, 0)).collect();
    let commit_round = |group: usize, witness: &Witness| {
        witness.commit(&format!("figures-round-{group:05}"), "figures.round", &offsets);
    };
    commit(&target, FEWER, commit_round);
    let requests = |cluster: &Cluster| {
        let before = sent.all();
        round(cluster);
        sent.all() - before
    };
    let cluster = open(&target);
    for _ in 0..2 {
        round(&cluster);
    }
    let of_fewer = requests(&cluster);
    commit(&target, GROUPS, commit_round);
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
    let of_all = requests(&cluster);
    let more = (of_all.saturating_sub(of_fewer)) as f64 / ((GROUPS - FEWER) / 100) as f64;
    vec![
        line("1,000 groups behind: since when, from the logs", shown(lags), "≤ 1 s"),
        line("  fetches for that, of 3 leaders", fetches[fetches.len() / 2].to_string(), "≤ 3 a round"),
        line("a round of 10,000 groups × 10 partitions, 3 brokers", shown(rounds), "≤ 1 s"),
        line("  CPU of it", shown(cpu), "≤ 0.5 s"),
        line("  requests of it, with 2,000 groups and with 11,000", format!("{of_fewer}, {of_all}"), "beside it"),
        line("  of these for each hundred groups more", format!("{more:.2}"), "≤ 0.3: members, by 500"),
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
