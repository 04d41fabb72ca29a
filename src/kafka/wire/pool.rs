//! Open connections, by whom they lead to and what they are for.
//!
//! Invariant: for one broker and lane there is one connection that takes requests,
//! and it is dialled once however many callers wait for it.

use super::Lane;
use super::connection::Connection;
use super::error::WireError;
use super::lock;
use super::throttle::Throttle;
use crate::domain::BrokerId;
use futures::future::{BoxFuture, FutureExt as _, Shared};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Whom a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    /// Whichever address answered first; its broker's id may not be known.
    Seed,
    Broker(BrokerId),
}

type Dialled = Shared<BoxFuture<'static, Result<Arc<Connection>, WireError>>>;

#[derive(Default)]
pub(super) struct Pool {
    slots: Mutex<HashMap<(Peer, Lane), Dialled>>,
    throttles: Mutex<HashMap<BrokerId, Arc<Throttle>>>,
}

fn is_fresh(dialled: &Dialled) -> bool {
    match dialled.peek() {
        None => true,
        Some(Ok(connection)) => connection.is_usable(),
        Some(Err(_)) => false,
    }
}

impl Pool {
    /// The connection to `peer` on `lane`, dialled where there is none.
    pub(super) async fn get<F>(
        &self,
        peer: Peer,
        lane: Lane,
        dial: impl FnOnce() -> F,
    ) -> Result<Arc<Connection>, WireError>
    where
        F: Future<Output = Result<Connection, WireError>> + Send + 'static,
    {
        let dialled = {
            let mut slots = lock(&self.slots);
            match slots.get(&(peer, lane)).filter(|dialled| is_fresh(dialled)) {
                Some(dialled) => dialled.clone(),
                None => {
                    // A task of its own: a caller that gives up must not stop the
                    // dialling that others wait for.
                    let task = tokio::spawn(dial());
                    let dialled = async move {
                        match task.await {
                            Ok(result) => result.map(Arc::new),
                            Err(_) => Err(WireError::Shut),
                        }
                    };
                    let dialled = dialled.boxed().shared();
                    slots.insert((peer, lane), dialled.clone());
                    dialled
                }
            }
        };
        dialled.await
    }

    /// An open connection on `lane` to anybody.
    pub(super) fn any(&self, lane: Lane) -> Option<Arc<Connection>> {
        lock(&self.slots)
            .iter()
            .filter(|((_, open), _)| *open == lane)
            .find_map(|(_, dialled)| dialled.peek()?.as_ref().ok().filter(|connection| connection.is_usable()).cloned())
    }

    /// The seed's connections belong to `broker`, as it turned out.
    pub(super) fn adopt(&self, is_at: impl Fn(&str) -> Option<BrokerId>) {
        let mut slots = lock(&self.slots);
        let seeds: Vec<_> = slots
            .iter()
            .filter(|((peer, _), _)| *peer == Peer::Seed)
            .filter_map(|((_, lane), dialled)| {
                let connection = dialled.peek()?.as_ref().ok()?;
                let broker = is_at(connection.peer())?;
                // What the broker asked of the seed's connection holds for its others.
                lock(&self.throttles).entry(broker).or_insert_with(|| connection.throttle());
                Some((Peer::Broker(broker), *lane, dialled.clone()))
            })
            .collect();
        for (peer, lane, dialled) in seeds {
            let slot = slots.entry((peer, lane)).or_insert_with(|| dialled.clone());
            if !is_fresh(slot) {
                *slot = dialled;
            }
        }
    }

    pub(super) fn throttle(&self, broker: BrokerId) -> Arc<Throttle> {
        Arc::clone(lock(&self.throttles).entry(broker).or_default())
    }

    /// Lets go of the connections of a lane; requests under way still finish.
    pub(super) fn release(&self, lane: Lane) {
        lock(&self.slots).retain(|(_, open), _| *open != lane);
    }

    pub(super) fn clear(&self) {
        lock(&self.slots).clear();
    }
}
