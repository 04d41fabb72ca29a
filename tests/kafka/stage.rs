//! What stands on the stage: every server the tests share, started when the
//! first test asks for it and ended when the stage is dropped.
//!
//! Invariant: a server that cannot start is tried once, and fails each test
//! that needs it with the same message.

use crate::cluster::{Cluster, Mode, Recipe};
use crate::demo::Demo;
use crate::maven::Artifact;
use crate::registry::Registry;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

const KRAFT: Recipe =
    Recipe { name: "kraft-4.3.1", artifact: Artifact::Kafka431, mode: Mode::KRaft, brokers: 3, heap_mb: 192 };
const NEWEST: Recipe =
    Recipe { name: "kraft-4.4.0", artifact: Artifact::Kafka440, mode: Mode::KRaft, brokers: 1, heap_mb: 192 };
const OLD: Recipe =
    Recipe { name: "zookeeper-3.9.2", artifact: Artifact::Kafka392, mode: Mode::ZooKeeper, brokers: 1, heap_mb: 192 };
const FRAGILE: Recipe =
    Recipe { name: "fragile-4.3.1", artifact: Artifact::Kafka431, mode: Mode::KRaft, brokers: 3, heap_mb: 192 };

/// One broker with room for a load, for the figures.
const LOAD: Recipe =
    Recipe { name: "load-4.3.1", artifact: Artifact::Kafka431, mode: Mode::KRaft, brokers: 1, heap_mb: 1024 };

type Slot<T> = OnceLock<Result<T, String>>;

#[derive(Default)]
pub struct Stage {
    kraft: Slot<Cluster>,
    newest: Slot<Cluster>,
    old: Slot<Cluster>,
    fragile: Slot<Cluster>,
    load: Slot<Cluster>,
    fragile_turn: Mutex<()>,
    registry: Slot<Registry>,
    second_registry: Slot<Registry>,
    demo: Slot<Demo>,
    second_demo: Slot<Demo>,
}

/// The cluster whose brokers a test may kill and freeze, for one test at a time.
pub struct Fragile<'a> {
    pub cluster: &'a Cluster,
    _turn: MutexGuard<'a, ()>,
}

impl Stage {
    /// Three brokers, all listeners; to be left as it was found.
    pub fn kraft(&self) -> &Cluster {
        open(&self.kraft, || Cluster::start(KRAFT))
    }

    pub fn newest(&self) -> &Cluster {
        open(&self.newest, || Cluster::start(NEWEST))
    }

    pub fn old(&self) -> &Cluster {
        open(&self.old, || Cluster::start(OLD))
    }

    pub fn load(&self) -> &Cluster {
        open(&self.load, || Cluster::start(LOAD))
    }

    pub fn registry(&self) -> &Registry {
        open(&self.registry, || Registry::start("registry"))
    }

    /// One that knows nothing of the first.
    pub fn second_registry(&self) -> &Registry {
        open(&self.second_registry, || Registry::start("second-registry"))
    }

    pub fn demo(&self) -> &Demo {
        open(&self.demo, Demo::start)
    }

    /// With a registry of its own.
    pub fn second_demo(&self) -> &Demo {
        open(&self.second_demo, Demo::start)
    }

    /// All brokers up; whatever the last test did to them is put right first.
    pub fn fragile(&self) -> Fragile<'_> {
        let turn = self.fragile_turn.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = open(&self.fragile, || Cluster::start(FRAGILE));
        cluster.heal().unwrap_or_else(|message| panic!("{message}"));
        Fragile { cluster, _turn: turn }
    }
}

fn open<T>(slot: &Slot<T>, start: impl FnOnce() -> Result<T, String>) -> &T {
    slot.get_or_init(start).as_ref().unwrap_or_else(|message| panic!("{message}"))
}
