//! Where the brokers listen: one listener per broker, all on loopback unless told.
//!
//! Owns sockets and connections. A stopped broker's connections are cut and its
//! port is closed, as if its machine were gone; started again, it listens where
//! it did.

use super::state::{Cluster, Node};
use super::{transactions, wire};
use crate::domain::{BrokerId, Failure, FailureKind};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

/// Connections that may wait to be taken.
const BACKLOG: u32 = 1_024;
/// Connections all brokers hold together.
const MAX_CONNECTIONS: usize = 4_096;

/// Binds one listener per broker: at `first` and the ports after it, or on free ports.
pub(super) fn bind(brokers: usize, first: Option<SocketAddr>) -> Result<Vec<TcpListener>, Failure> {
    (0..brokers)
        .map(|index| {
            let address = match first {
                None => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                Some(first) if first.port() == 0 => first,
                Some(first) => {
                    let port = u16::try_from(index).ok().and_then(|index| first.port().checked_add(index));
                    let port = port.ok_or_else(|| {
                        Failure::new(FailureKind::Invalid, "start the demo", "there are not that many ports after it")
                            .on(first.to_string())
                    })?;
                    SocketAddr::new(first.ip(), port)
                }
            };
            listen(address)
        })
        .collect()
}

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A port just left by a stopped broker can be taken again at once. On
        // Windows the option would let others take the port beside us.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|error| {
        Failure::new(FailureKind::Unreachable, "listen for the demo cluster", error.to_string())
            .on(address.to_string())
            .hint("Choose other ports with --listen, or leave it out for free ones.")
    })
}

/// The running listeners of a cluster.
#[derive(Debug)]
pub(super) struct Listeners {
    cluster: Arc<Cluster>,
    running: Mutex<BTreeMap<BrokerId, CancellationToken>>,
    connections: Arc<AtomicUsize>,
}

impl Listeners {
    pub(super) fn start(cluster: Arc<Cluster>, listeners: Vec<TcpListener>) -> Self {
        let started = Self { cluster, running: Mutex::default(), connections: Arc::default() };
        let ids: Vec<BrokerId> = started.cluster.lock().nodes.iter().map(|node| node.id).collect();
        for (id, listener) in ids.into_iter().zip(listeners) {
            started.run(id, listener);
        }
        started
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn run(&self, id: BrokerId, listener: TcpListener) {
        let stopped = CancellationToken::new();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id, stopped.clone());
        let (cluster, connections) = (Arc::clone(&self.cluster), Arc::clone(&self.connections));
        tokio::spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = accept(&listener, id, &cluster, &connections, &stopped) => {}
            }
        });
    }

    /// Stops one broker. Nothing happens when it is not running.
    pub(super) fn stop(&self, id: BrokerId) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(stopped) = running {
            self.cluster.lock().take_down(id, self.cluster.now());
            stopped.cancel();
            self.cluster.changed.notify_waiters();
        }
    }

    /// Starts a stopped broker again, at the address it had.
    pub(super) fn restart(&self, id: BrokerId) -> Result<(), Failure> {
        let node: Option<Node> = self.cluster.lock().node(id).cloned();
        let node = node.ok_or_else(|| {
            Failure::new(FailureKind::NotFound, "start broker", "the demo has no such broker").on(id.to_string())
        })?;
        if !node.is_up {
            let listener = listen(node.address)?;
            self.run(id, listener);
            let (now, mut state) = (self.cluster.now(), self.cluster.lock());
            state.bring_up(id, now);
            transactions::settle_all(&mut state, now);
            drop(state);
            self.cluster.changed.notify_waiters();
        }
        Ok(())
    }

    pub(super) fn stop_all(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        running.into_values().for_each(|stopped| stopped.cancel());
    }
}

async fn accept(
    listener: &TcpListener,
    id: BrokerId,
    cluster: &Arc<Cluster>,
    connections: &Arc<AtomicUsize>,
    stopped: &CancellationToken,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file handles, most likely: let others finish first.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        if connections.load(Ordering::Relaxed) >= MAX_CONNECTIONS {
            continue;
        }
        let (cluster, stopped, counted) = (Arc::clone(cluster), stopped.clone(), Counted::new(connections));
        tokio::spawn(async move {
            let _counted = counted;
            let served = tokio::select! {
                () = stopped.cancelled() => Ok(()),
                served = wire::serve(stream, id, cluster) => served,
            };
            if let Err(error) = served {
                tracing::debug!(broker = id.0, %error, "demo connection closed");
            }
        });
    }
}

/// One connection in the count, until dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
