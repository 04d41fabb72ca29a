//! The client's side of the Kafka protocol.
//!
//! Owns: connections (framing, pipelining, deadlines), TLS and SASL, version
//! negotiation, the pool, routing to brokers and coordinators, retries, and the
//! rule that nothing is changed without a [`WriteGrant`].
//! Must not know: what a topic list or a reset looks like, profiles, files.
//! Invariant: every request ends with an answer or a [`Failure`] by its deadline.
//!
//! [`WriteGrant`]: crate::domain::WriteGrant
//! [`Failure`]: crate::domain::Failure

mod api;
mod client;
mod code;
mod connection;
mod coordinator;
mod dial;
mod endpoint;
mod error;
mod frame;
mod fuzz;
mod guard;
mod handshake;
pub(in crate::kafka) mod metadata;
mod pool;
mod probe;
mod reading;
mod sasl;
mod scram;
#[cfg(test)]
pub(crate) mod scripted;
mod security;
#[cfg(test)]
mod tests;
mod throttle;
mod tls;

pub use api::Api;
pub use client::{Client, Lane, Options, Route};
pub use code::{failure_of_code, needs_new_coordinator, needs_new_metadata};
pub use endpoint::Endpoint;
#[doc(hidden)]
pub use fuzz::fuzz_frame;
pub use probe::{Answering, Dialled, Line, Members, Probe};
pub use security::{CaSource, Identity, Sasl, ScramHash, Security, Tls};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock's data. A panic elsewhere cannot leave it half changed: no guarded
/// section in this room can panic between two writes that belong together.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
