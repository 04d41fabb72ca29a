//! Clusters that bear being hurt, and how each is.
//!
//! Invariant: after `heal` three brokers answer; what was begun before is history.

use super::chance::Chance;
use crate::cluster::{Cluster, Listener};
use crate::patience::{LONG, SHORT, until};
use crate::service::Signal;
use crate::target::{Security, Target};
use crate::witness::{Witness, runtime};
use klamm::demo::{Demo, Options};
use klamm::domain::BrokerId;
use std::collections::BTreeSet;
use std::time::Duration;

pub trait Patient {
    fn target(&self) -> Target;
    /// Does one bad thing, or ends one; says which.
    fn injure(&mut self, chance: &mut Chance) -> String;
    /// Nobody answers from here on.
    fn silence(&mut self);
    fn heal(&mut self);
}

const BROKERS: [i32; 3] = [1, 2, 3];

pub struct OnDemo {
    demo: Demo,
    stopped: BTreeSet<i32>,
}

/// Requests that a broker may refuse, with the codes it may have reason to answer.
const REFUSALS: &[(i16, &[i16])] = &[
    // ListOffsets: the leader moved; the partition is offline.
    (2, &[6, 9]),
    // OffsetCommit and OffsetFetch: loading, moved, not available.
    (8, &[14, 15, 16]),
    (9, &[14, 16]),
    // FindCoordinator: not available.
    (10, &[15]),
    // DescribeGroups and ListGroups.
    (15, &[14, 16]),
    (16, &[14, 15]),
];

impl OnDemo {
    pub fn start() -> Self {
        let demo = runtime().block_on(Demo::start(Options::default())).expect("the demo starts");
        Self { demo, stopped: BTreeSet::new() }
    }

    /// A broker that was stopped a moment ago may not have let go of its port.
    fn bring_back(&mut self) {
        let _runtime = runtime().enter();
        for number in std::mem::take(&mut self.stopped) {
            until("a broker to be back", SHORT, || {
                self.demo.start_broker(BrokerId(number)).map_err(|failure| failure.to_string())
            });
        }
    }
}

impl Patient for OnDemo {
    fn target(&self) -> Target {
        Target { bootstrap: self.demo.bootstrap(), security: Security::default(), registry: None }
    }

    fn injure(&mut self, chance: &mut Chance) -> String {
        let number = chance.pick(&BROKERS);
        let (id, demo) = (BrokerId(number), &self.demo);
        match chance.below(12) {
            0..3 => {
                demo.freeze_broker(id).expect("a broker");
                format!("broker {id} freezes")
            }
            3..5 => {
                demo.thaw_broker(id).expect("a broker");
                format!("broker {id} thaws")
            }
            5 => {
                let delay = Duration::from_millis(50 * (1 + chance.below(20) as u64));
                demo.slow_broker(id, delay).expect("a broker");
                format!("broker {id} takes {delay:?} longer")
            }
            6..8 => {
                demo.cut_connections(id).expect("a broker");
                format!("the connections of broker {id} are cut")
            }
            8..10 => {
                let (api, codes) = chance.pick(REFUSALS);
                let (code, count) = (chance.pick(codes), 1 + chance.below(6));
                demo.fail_requests(id, api, code, u32::try_from(count).expect("few")).expect("a broker");
                format!("broker {id} answers {count} requests of API {api} with error {code}")
            }
            10 if self.stopped.is_empty() => {
                demo.stop_broker(id);
                self.stopped.insert(number);
                format!("broker {id} is gone")
            }
            _ => {
                self.bring_back();
                "all that were gone are back".to_owned()
            }
        }
    }

    fn silence(&mut self) {
        for number in BROKERS {
            self.demo.freeze_broker(BrokerId(number)).expect("a broker");
        }
    }

    fn heal(&mut self) {
        self.bring_back();
        for id in BROKERS.map(BrokerId) {
            self.demo.slow_broker(id, Duration::ZERO).expect("a broker");
            for (api, codes) in REFUSALS {
                self.demo.fail_requests(id, *api, codes[0], 0).expect("a broker");
            }
            self.demo.thaw_broker(id).expect("a broker");
        }
    }
}

pub struct OnKafka<'a> {
    cluster: &'a Cluster,
    /// At most one: two of three controllers must live, or nothing ever comes back.
    killed: Option<usize>,
}

impl<'a> OnKafka<'a> {
    pub fn of(cluster: &'a Cluster) -> Self {
        Self { cluster, killed: None }
    }
}

impl Patient for OnKafka<'_> {
    fn target(&self) -> Target {
        self.cluster.target(Listener::Plaintext)
    }

    fn injure(&mut self, chance: &mut Chance) -> String {
        let id = usize::try_from(chance.pick(&BROKERS)).expect("an id");
        match (chance.below(8), self.killed) {
            (0..3, _) => {
                self.cluster.signal_broker(id, Signal::Stop);
                format!("broker {id} freezes")
            }
            (3..6, _) => {
                self.cluster.signal_broker(id, Signal::Continue);
                format!("broker {id} thaws")
            }
            (6, None) => {
                self.cluster.kill_broker(id);
                self.killed = Some(id);
                format!("broker {id} is killed")
            }
            (_, Some(id)) => {
                self.cluster.start_broker(id).expect("it starts");
                self.killed = None;
                format!("broker {id} starts again")
            }
            (_, None) => {
                self.cluster.signal_broker(id, Signal::Continue);
                format!("broker {id} thaws")
            }
        }
    }

    fn silence(&mut self) {
        for id in 1..=BROKERS.len() {
            self.cluster.signal_broker(id, Signal::Stop);
        }
    }

    fn heal(&mut self) {
        self.killed = None;
        self.cluster.heal().unwrap_or_else(|message| panic!("{message}"));
        let witness = Witness::new(&self.target());
        until("every partition to be led", LONG, || match witness.partitions(super::TOPIC)? {
            0 => Err("there is no topic".to_owned()),
            led if led == super::PARTITIONS => Ok(()),
            led => Err(format!("{led} are led")),
        });
    }
}
