//! Bad days of a real cluster: brokers that die, freeze, and come back.
//!
//! What must hold: an answer in time, what is known is shown, who is missing is
//! named, and nothing is lost.

use crate::cluster::Listener;
use crate::console::Console;
use crate::klamm::{DONE, FAILED, Klamm, PARTLY};
use crate::patience::{LONG, SHORT, until};
use crate::screen::number_under;
use crate::service::Signal;
use crate::stage::Fragile;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use klamm::domain::partitioner::coordinated_in;
use serde_json::json;
use std::time::{Duration, Instant};

/// No command may take longer than this while a broker is silent.
const PATIENCE: Duration = Duration::from_secs(45);

fn target(fragile: &Fragile<'_>) -> Target {
    fragile.cluster.target(Listener::Plaintext)
}

/// A topic with one copy of each partition, spread over all three brokers, so
/// that a missing broker is a missing answer.
fn spread(witness: &Witness, topic: &str) {
    witness.create_topic(topic, 6, 1, &[]);
    for partition in 0..6 {
        witness.produce(topic, &[Seed { partition, value: Some(b"x"), ..Seed::default() }]);
    }
}

/// The broker that leads a partition of the topic, and neither coordinates the
/// group nor is asked first: any will do, since all are asked.
fn some_leader(witness: &Witness, topic: &str) -> usize {
    let leader = witness.leader(topic, 0).expect("a leader");
    usize::try_from(leader).expect("a broker's id")
}

/// Frozen: the connection stays open and nothing comes back.
pub fn a_frozen_broker_costs_its_share(fragile: &Fragile<'_>) {
    let target = target(fragile);
    let witness = Witness::new(&target);
    let topic = "faults.frozen";
    spread(&witness, topic);
    let frozen = some_leader(&witness, topic);
    fragile.cluster.signal_broker(frozen, Signal::Stop);
    let began = Instant::now();
    let ran = Klamm::on(&target).run(&["topics", "describe", topic, "--output", "json"]);
    let took = began.elapsed();
    fragile.cluster.signal_broker(frozen, Signal::Continue);
    assert!(took < PATIENCE, "it took {took:?}");
    assert!([PARTLY, DONE].contains(&ran.code), "{}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    let document = ran.json();
    let partitions = document["items"][0]["partitions"].as_array().expect("what is known is shown").clone();
    assert_eq!(partitions.len(), 6);
    let known = partitions.iter().filter(|partition| partition["end_offset"] == json!(1)).count();
    assert!((1..6).contains(&known), "some ends are known, and not all: {document}");
    for partition in partitions.iter().filter(|partition| partition["end_offset"].is_null()) {
        assert!(partition["end_offset_reason"].is_string(), "unknown says why: {partition}");
    }
}

/// Killed while a tail reads from it: the tail goes on when it is back, and
/// shows each record once.
pub fn a_tail_survives_a_killed_broker(fragile: &Fragile<'_>) {
    let target = target(fragile);
    let witness = Witness::new(&target);
    let topic = "faults.tail";
    spread(&witness, topic);
    let killed = some_leader(&witness, topic);
    let klamm = Klamm::on(&target);
    let tail = klamm.start(&["records", "tail", topic, "--from", "earliest", "--limit", "12", "--output", "json"]);
    tail.wait_for("the first records", |out| out.lines().count() == 6);
    fragile.cluster.kill_broker(killed);
    fragile.cluster.heal().unwrap_or_else(|message| panic!("{message}"));
    for partition in 0..6 {
        let seed = Seed { partition, value: Some(b"y"), ..Seed::default() };
        until("the record to be taken", LONG, || witness.produce_with(topic, std::slice::from_ref(&seed), &[]));
    }
    // Everything came after all: nothing is missing, however long one was away.
    let ran = tail.end().ended_with(DONE);
    let records = ran.lines();
    let mut positions: Vec<(i64, i64)> =
        records.iter().filter_map(|record| Some((record["partition"].as_i64()?, record["offset"].as_i64()?))).collect();
    positions.sort_unstable();
    let expected: Vec<(i64, i64)> = (0..6).flat_map(|partition| [(partition, 0), (partition, 1)]).collect();
    assert_eq!(positions, expected);
}

/// The broker that coordinates a group.
fn coordinator(witness: &Witness, group: &str) -> usize {
    // The topic has three partitions here.
    let home = witness.leader("__consumer_offsets", coordinated_in(group, 3)).expect("a leader");
    usize::try_from(home).expect("a broker's id")
}

/// Frozen while one looks at its groups: they stay in the list and say so, until it
/// answers for them. One that is deleted then is gone.
pub fn groups_of_a_silent_coordinator_stay(fragile: &Fragile<'_>) {
    let target = target(fragile);
    let witness = Witness::new(&target);
    let (topic, group) = ("faults.silent", "faults-silent");
    witness.create_topic(topic, 1, 3, &[]);
    witness.produce(topic, &[Seed { value: Some(b"x"), ..Seed::default() }, Seed::default()]);
    witness.commit(group, topic, &[(0, 1)]);
    let console = Console::open(&["--bootstrap", &target.bootstrap], 120, 40);
    console.press("3");
    console.sees("[3 Groups]");
    console.press(&format!("/{group}<enter>"));
    let lag = |screen: &str| number_under(screen, "LAG", group);
    console.wait("its lag", |screen| lag(screen).as_deref() == Some("1"));
    let silent = coordinator(&witness, group);
    // Without most of them nobody else takes its groups over.
    let frozen = [silent, silent % 3 + 1];
    frozen.iter().for_each(|id| fragile.cluster.signal_broker(*id, Signal::Stop));
    let is_listed = |screen: &str| screen.contains(&format!("▸ {group}"));
    let said = console.try_wait(LONG, |screen| !is_listed(screen) || screen.contains(&format!("? broker {silent}")));
    frozen.iter().for_each(|id| fragile.cluster.signal_broker(*id, Signal::Continue));
    assert!(said.is_some_and(|screen| is_listed(&screen)), "it stays and says why:\n{}", console.screen());
    console.wait("its lag again", |screen| lag(screen).as_deref() == Some("1"));
    Klamm::on(&target).run(&["groups", "delete", group, "--yes"]).ended_with(DONE);
    console.press("r");
    console.wait("an empty list", |screen| !screen.contains(&format!("▸ {group}")));
}

/// Killed in the middle of a search: it waits for the broker, and finds each record once.
pub fn a_search_survives_a_killed_broker(fragile: &Fragile<'_>) {
    let target = target(fragile);
    let witness = Witness::new(&target);
    let topic = "faults.search";
    witness.create_topic(topic, 6, 1, &[]);
    let value = format!("{{\"state\":\"FOUND\",\"filler\":\"{}\"}}", "x".repeat(4_000));
    let seed = |partition| Seed { partition, value: Some(value.as_bytes()), ..Seed::default() };
    let seeds: Vec<Seed<'_>> = (0..1_000).flat_map(|_| (0..6).map(seed)).collect();
    witness.produce(topic, &seeds);
    let klamm = Klamm::on(&target).without_connection();
    // Held back, it takes long enough to be caught in the middle.
    let profile =
        format!("version = 1\n[profiles.slow]\nbootstrap = {:?}\nread_budget = \"1MB/s\"\n", target.bootstrap);
    let config = klamm.write("slow.toml", &profile).display().to_string();
    let words =
        ["--config", &config, "--profile", "slow", "records", "search", topic, "--where", "value.state = FOUND"];
    let search = klamm.start(&[&words[..], &["--columns", "partition,offset", "--output", "json"]].concat());
    search.wait_for("the first matches", |out| out.lines().count() > 0);
    assert!(search.said().lines().count() < 6_000, "it is in the middle");
    fragile.cluster.kill_broker(some_leader(&witness, topic));
    fragile.cluster.heal().unwrap_or_else(|message| panic!("{message}"));
    let ran = search.end().ended_with(DONE);
    let mut places: Vec<(i64, i64)> =
        ran.lines().iter().filter_map(|line| Some((line[0].as_i64()?, line[1].as_i64()?))).collect();
    places.sort_unstable();
    let expected: Vec<(i64, i64)> =
        (0..6).flat_map(|partition| (0..1_000).map(move |offset| (partition, offset))).collect();
    assert!(places == expected, "{} places, {}", places.len(), ran.stderr);
    assert!(ran.stderr.contains("all of it was covered"), "{}", ran.stderr);
}

/// The broker that keeps a group's offsets dies; another takes over, and is found.
pub fn the_coordinator_moves(fragile: &Fragile<'_>) {
    let target = target(fragile);
    let witness = Witness::new(&target);
    let (topic, group) = ("faults.coordinator", "faults-coordinator");
    witness.create_topic(topic, 1, 3, &[]);
    witness.produce(topic, &[Seed { value: Some(b"x"), ..Seed::default() }, Seed::default()]);
    witness.commit(group, topic, &[(0, 1)]);
    fragile.cluster.kill_broker(coordinator(&witness, group));
    let klamm = Klamm::on(&target);
    until("the lag from the new coordinator", LONG, || {
        let ran = klamm.run(&["groups", "lag", group, "--output", "json"]);
        if ran.code != DONE {
            return Err(ran.stderr);
        }
        assert_eq!(ran.json()["items"][0]["lag"], json!(1));
        Ok(())
    });
}

/// All gone: a sentence in time. All back: as if nothing had been.
pub fn all_gone_and_back(fragile: &Fragile<'_>) {
    let target = target(fragile);
    let witness = Witness::new(&target);
    spread(&witness, "faults.gone");
    let klamm = Klamm::on(&target);
    for id in 1..=3 {
        fragile.cluster.kill_broker(id);
    }
    let began = Instant::now();
    let ran = klamm.run(&["topics", "list", "--output", "json"]).ended_with(FAILED);
    assert!(began.elapsed() < PATIENCE, "it took {:?}", began.elapsed());
    assert!(ran.stderr.contains("127.0.0.1"), "says on what: {}", ran.stderr);
    fragile.cluster.heal().unwrap_or_else(|message| panic!("{message}"));
    until("the list to be back", SHORT, || {
        let ran = klamm.run(&["topics", "list", "--output", "json"]);
        if ran.code == DONE { Ok(()) } else { Err(ran.stderr) }
    });
}
