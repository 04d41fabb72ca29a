//! `klamm demo`: an embedded Kafka cluster that foreign clients accept.
//!
//! Owns a real server of the Kafka protocol (several brokers on several ports, in
//! this process), a Schema Registry beside it, and the seeded world they serve.
//! Must not know the console or the client side: it is a server like any other.
//! Invariant: it listens on loopback only unless told otherwise, keeps nothing on
//! disk, and with the same seed and a stopped clock serves the same bytes.

mod api;
mod assigning;
mod batch;
mod clock;
mod codec;
mod commits;
mod deliveries;
mod faults;
mod group;
mod internal;
mod keys;
mod listener;
mod log;
mod membership;
mod producers;
mod random;
mod registry;
mod rhythm;
mod settings;
mod shape;
mod source;
mod state;
mod subscription;
mod traffic;
mod transactions;
mod wire;
mod work;
mod world;

#[cfg(test)]
mod tests;

pub use clock::Clock;

use crate::domain::{BrokerId, Failure, FailureKind};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Pulse;
use listener::Listeners;
use random::Random;
use state::{Cluster, Node};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use traffic::Traffic;

/// The most brokers a demo has.
const MAX_BROKERS: usize = 32;

/// How a demo cluster is set up.
#[derive(Clone, Debug)]
pub struct Options {
    pub brokers: usize,
    /// The first broker's address; the others take the ports after it. Free
    /// loopback ports when absent.
    pub listen: Option<SocketAddr>,
    pub seed: u64,
    pub clock: Clock,
    pub world: World,
    /// Do simulated producers and consumers go on as time passes?
    pub traffic: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { brokers: 3, listen: None, seed: 1, clock: Clock::System, world: World::Full, traffic: true }
    }
}

/// What the cluster holds at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// A company's topics and groups.
    Full,
    /// Nothing but Kafka's own topics.
    Empty,
    /// Many plain topics of so many partitions each, and groups, for measuring.
    Sized { topics: usize, partitions: i32, groups: usize },
}

impl World {
    /// A size that cannot be had is refused, not cut down.
    fn check(self) -> Result<(), Failure> {
        let Self::Sized { topics, partitions, groups } = self else { return Ok(()) };
        let each = usize::try_from(partitions).unwrap_or(0);
        let message = if !(1..=state::MAX_OF_TOPIC).contains(&each) {
            format!("a topic has 1 to {} partitions, not {partitions}", state::MAX_OF_TOPIC)
        } else if topics.saturating_mul(each) > state::MAX_PARTITIONS {
            format!("a demo has at most {} partitions, not {topics} times {each}", state::MAX_PARTITIONS)
        } else if groups > state::MAX_GROUPS {
            format!("a demo has at most {} groups, not {groups}", state::MAX_GROUPS)
        } else if groups > 0 && topics == 0 {
            "groups need topics to read".to_owned()
        } else {
            return Ok(());
        };
        Err(Failure::new(FailureKind::Invalid, "start the demo", message))
    }
}

/// What a running demo holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// Bytes of record batches kept in memory.
    pub batch_bytes: u64,
    pub topics: usize,
    pub partitions: usize,
    pub groups: usize,
    pub connections: usize,
}

/// A running demo cluster. Dropped, it stops.
#[derive(Debug)]
pub struct Demo {
    cluster: Arc<Cluster>,
    listeners: Listeners,
    registry: SocketAddr,
    traffic: Arc<Traffic>,
    moves: bool,
    stopped: CancellationToken,
}

impl Demo {
    pub async fn start(options: Options) -> Result<Self, Failure> {
        if !(1..=MAX_BROKERS).contains(&options.brokers) {
            let message = format!("a demo has 1 to {MAX_BROKERS} brokers, not {}", options.brokers);
            return Err(Failure::new(FailureKind::Invalid, "start the demo", message));
        }
        options.world.check()?;
        let sockets = listener::bind(options.brokers, options.listen)?;
        let mut nodes = Vec::with_capacity(sockets.len());
        for (index, socket) in (1..).zip(&sockets) {
            let address = socket.local_addr().map_err(|error| {
                Failure::new(FailureKind::Unreachable, "listen for the demo cluster", error.to_string())
            })?;
            let rack = format!("rack-{}", char::from(b'a' + u8::try_from((index - 1) % 26).unwrap_or(0)));
            nodes.push(Node { id: BrokerId(index), address, rack, is_up: true });
        }
        let pulse = Pulse::new(options.clock);
        // Each start is another cluster to whoever remembers clusters by id; with
        // a stopped clock it is the same one, so that pictures of it are too.
        let start = if pulse.is_stopped() { 0 } else { pulse.now().millis().cast_unsigned() };
        let id = URL_SAFE_NO_PAD.encode(Random::of(&[options.seed, start]).next_u128().to_be_bytes());
        let cluster = Arc::new(Cluster::new(id, options.seed, pulse, nodes));
        let troupe = world::fill(&cluster, &options);
        let traffic = Arc::new(Traffic::new(Arc::clone(&cluster), troupe));
        let stopped = CancellationToken::new();
        let schemas = if options.world == World::Full { world::SEEDED } else { &[] };
        let registry = registry::start(schemas, stopped.clone()).await?;
        let listeners = Listeners::start(Arc::clone(&cluster), sockets);
        tokio::spawn(membership::watch_sessions(Arc::clone(&cluster), stopped.clone()));
        tokio::spawn(transactions::watch_deadlines(Arc::clone(&cluster), stopped.clone()));
        if options.traffic {
            tokio::spawn(Arc::clone(&traffic).run(stopped.clone()));
        }
        Ok(Self { cluster, listeners, registry, traffic, moves: options.traffic, stopped })
    }

    /// `host:port` of every broker, separated by commas.
    pub fn bootstrap(&self) -> String {
        let state = self.cluster.lock();
        state.nodes.iter().map(|node| node.address.to_string()).collect::<Vec<_>>().join(",")
    }

    /// The address of the schema registry.
    pub fn registry_url(&self) -> String {
        format!("http://{}", self.registry)
    }

    pub fn cluster_id(&self) -> &str {
        &self.cluster.id
    }

    /// Cuts a broker off, as if its machine were gone.
    pub fn stop_broker(&self, id: BrokerId) {
        self.listeners.stop(id);
    }

    /// Brings a stopped broker back, at the address it had.
    pub fn start_broker(&self, id: BrokerId) -> Result<(), Failure> {
        self.listeners.restart(id)
    }

    /// Stops a broker that runs and starts one that does not. Does it run now?
    pub fn switch_broker(&self, id: BrokerId) -> Result<bool, Failure> {
        let is_up = self.cluster.lock().is_up(id);
        if is_up {
            self.stop_broker(id);
        } else {
            self.start_broker(id)?;
        }
        Ok(!is_up)
    }

    /// Moves the demo's clock, and with it the world.
    pub fn advance(&self, millis: i64) {
        self.cluster.clock.advance(millis);
        transactions::expire(&self.cluster);
        if self.moves {
            self.traffic.catch_up();
        }
    }

    pub fn stats(&self) -> Stats {
        let state = self.cluster.lock();
        let partitions = || state.topics.values().flat_map(|topic| &topic.partitions);
        Stats {
            batch_bytes: partitions().map(|partition| partition.log.stored_bytes()).sum(),
            topics: state.topics.len(),
            partitions: partitions().count(),
            groups: state.groups.len(),
            connections: self.listeners.connections(),
        }
    }

    pub async fn shutdown(self) {
        self.stop();
    }

    fn stop(&self) {
        self.stopped.cancel();
        self.listeners.stop_all();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop();
    }
}
