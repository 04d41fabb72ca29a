//! klamm against real Kafka, and the demo against the same checks.
//!
//! A harness of its own, because the servers are shared: each is started when
//! the first test asks for it, and all are ended here. Servers die with this
//! process whatever becomes of it. Logs are kept when something fails.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that meets the unexpected stops there and says so"
)]

mod checks;
mod cluster;
#[expect(dead_code, reason = "shared with the tests of the console, which use the rest")]
#[path = "../pty/console.rs"]
mod console;
#[path = "../contract.rs"]
mod contract;
mod demo;
mod fault_run;
mod faults;
mod figures;
mod foreign;
mod java;
mod killed;
mod klamm;
mod maven;
mod needs;
mod patience;
mod pki;
mod places;
mod ports;
mod raw;
mod registry;
mod rights;
mod screen;
mod security;
mod service;
mod stage;
#[path = "../pty/story.rs"]
mod story;
mod target;
mod tools;
mod witness;

use cluster::{Cluster, Listener};
use libtest_mimic::{Arguments, Trial};
use stage::{Fragile, Stage};
use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use target::Target;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    places::sweep();
    let stage = Arc::new(Stage::default());
    if arguments.bench {
        let code = figures::measure(&arguments, &stage);
        drop(stage);
        let _ = fs::remove_dir_all(places::data());
        return code;
    }
    let conclusion = libtest_mimic::run(&arguments, trials(&stage));
    drop(stage);
    let _ = fs::remove_dir_all(places::data());
    let logs = places::logs();
    if conclusion.has_failed() {
        if logs.exists() {
            eprintln!("logs of the servers: {}", logs.display());
        }
    } else {
        let _ = fs::remove_dir_all(logs);
    }
    conclusion.exit_code()
}

/// A test by name that is given the stage.
fn trial(stage: &Arc<Stage>, name: impl Into<String>, body: impl FnOnce(&Stage) + Send + 'static) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(name, move || {
        body(&stage);
        Ok(())
    })
}

type Open = fn(&Stage) -> Target;

/// Every cluster that the checks run against, by name.
const CLUSTERS: &[(&str, Open)] = &[
    ("demo", |stage| stage.demo().target()),
    ("kraft", |stage| with_registry(stage, stage.kraft())),
    ("newest", |stage| with_registry(stage, stage.newest())),
    ("old", |stage| with_registry(stage, stage.old())),
];

fn with_registry(stage: &Stage, cluster: &Cluster) -> Target {
    Target { registry: Some(stage.registry().url()), ..cluster.target(Listener::Plaintext) }
}

type Fault = fn(&Fragile<'_>);

const FAULTS: &[(&str, Fault)] = &[
    ("a frozen broker costs its share", faults::a_frozen_broker_costs_its_share),
    ("a tail survives a killed broker", faults::a_tail_survives_a_killed_broker),
    ("a search survives a killed broker", faults::a_search_survives_a_killed_broker),
    ("the coordinator moves", faults::the_coordinator_moves),
    ("groups of a silent coordinator stay", faults::groups_of_a_silent_coordinator_stay),
    ("all gone and back", faults::all_gone_and_back),
];

fn trials(stage: &Arc<Stage>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for row in security::ROWS {
        trials.push(trial(stage, format!("security/witness/{}", row.name), |stage| {
            security::witness_agrees(stage.kraft(), row);
        }));
        trials.push(trial(stage, format!("security/klamm/{}", row.name), |stage| {
            security::klamm_agrees(stage.kraft(), row);
        }));
    }
    trials.push(trial(stage, "security/rights hide topics", |stage| security::rights_hide_topics(stage.kraft())));
    trials.push(trial(stage, "security/each missing right is named", |stage| {
        rights::each_missing_right_is_named(stage.kraft());
    }));
    trials.push(trial(stage, "security/a saved profile", |stage| security::saved_profile(stage.kraft())));
    for (place, open) in &CLUSTERS[..2] {
        trials.push(trial(stage, format!("foreign/java tools/{place}"), move |stage| {
            foreign::java_tools(&open(stage));
        }));
        trials.push(trial(stage, format!("foreign/librdkafka/{place}"), move |stage| {
            foreign::librdkafka(&open(stage));
        }));
        trials.push(trial(stage, format!("foreign/kcat/{place}"), move |stage| foreign::kcat(&open(stage))));
        trials.push(trial(stage, format!("foreign/transactions/{place}"), move |stage| {
            foreign::transactions(&open(stage));
        }));
        trials.push(trial(stage, format!("foreign/transactions tool/{place}"), move |stage| {
            foreign::transactions_tool(&open(stage));
        }));
        trials.push(trial(stage, format!("foreign/registry/{place}"), move |stage| {
            foreign::registry(&open(stage));
        }));
    }
    for (place, open) in CLUSTERS {
        for (name, check) in checks::CHECKS {
            trials.push(trial(stage, format!("checks/{place}/{name}"), move |stage| check(&open(stage))));
        }
    }
    for (place, open) in &CLUSTERS[..3] {
        for (name, check) in checks::MODERN {
            trials.push(trial(stage, format!("checks/{place}/{name}"), move |stage| check(&open(stage))));
        }
    }
    let (name, check) = checks::APPLICATION;
    for ((place, open), keeps_nodes) in [(CLUSTERS[0], false), (CLUSTERS[2], true)] {
        trials.push(trial(stage, format!("checks/{place}/{name}"), move |stage| check(&open(stage), keeps_nodes)));
    }
    trials.push(trial(stage, "registries/demo", |stage| {
        checks::BETWEEN_REGISTRIES(&stage.demo().target(), &stage.second_demo().target(), true);
    }));
    trials.push(trial(stage, "registries/contexts/demo", |stage| {
        checks::IN_CONTEXTS(&stage.second_demo().target(), true);
    }));
    trials.push(trial(stage, "registries/contexts/kafka", |stage| {
        checks::IN_CONTEXTS(&with_registry(stage, stage.newest()), false);
    }));
    trials.push(trial(stage, "registries/kafka", |stage| {
        let first = with_registry(stage, stage.newest());
        let second = Target { registry: Some(stage.second_registry().url()), ..first.clone() };
        checks::BETWEEN_REGISTRIES(&first, &second, false);
    }));
    trials.push(trial(stage, "demo/a group of each type", |stage| checks::in_the_world(&stage.demo().target())));
    for kind in killed::KINDS {
        trials.push(trial(stage, format!("killed/{}", kind.name), |_| killed::at_every_step(kind)));
    }
    trials.push(trial(stage, "console/the story on real Kafka", |stage| {
        checks::the_story(&with_registry(stage, stage.kraft()));
    }));
    trials.push(trial(stage, "console/hostile bytes stay text", |stage| {
        checks::hostile_bytes(&stage.kraft().target(Listener::Plaintext));
    }));
    trials.push(trial(stage, "fault_run/demo", |_| fault_run::on_the_demo()));
    trials.push(trial(stage, "fault_run/kafka", |stage| fault_run::on_kafka(&stage.fragile())));
    for (name, fault) in FAULTS {
        trials.push(trial(stage, format!("faults/{name}"), move |stage| fault(&stage.fragile())));
    }
    trials
}
