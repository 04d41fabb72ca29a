//! What moves the world: simulated groups commit as the clock goes on.
//!
//! Records need no mover, they appear by their rhythm. Here the groups act at
//! their times, and whoever waits is told. Between two acts nothing runs.

use super::state::Cluster;
use super::world::Troupe;
use crate::domain::Time;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// The simulated groups of a running demo.
#[derive(Debug)]
pub(super) struct Traffic {
    cluster: Arc<Cluster>,
    troupe: Mutex<Troupe>,
}

impl Traffic {
    pub(super) fn new(cluster: Arc<Cluster>, troupe: Troupe) -> Self {
        Self { cluster, troupe: Mutex::new(troupe) }
    }

    /// Plays all that is due; gives when the next is.
    pub(super) fn catch_up(&self) -> Option<Time> {
        let mut troupe = self.troupe.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.cluster.now();
        let has_played = troupe.play(&mut self.cluster.lock(), now);
        if has_played {
            self.cluster.changed.notify_waiters();
        }
        troupe.next()
    }

    /// Goes on until stopped.
    pub(super) async fn run(self: Arc<Self>, stopped: CancellationToken) {
        let mut moves = self.cluster.clock.moves();
        while let Some(next) = self.catch_up() {
            tokio::select! {
                () = stopped.cancelled() => return,
                () = self.cluster.clock.wait_until(next, &mut moves) => {}
            }
        }
    }
}
