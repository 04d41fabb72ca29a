//! Ctrl-C and SIGTERM, for everything but the console.
//!
//! Invariant: a change is never cut in half. A command that reads ends at once;
//! one that has begun to change something finishes, reads back and says what
//! happened.

use super::output::say;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Whether a change is under way. Held while it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applying(Arc<Mutex<()>>);

impl Applying {
    /// From here until the guard goes, an interrupt waits.
    pub(crate) async fn begin(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.0).lock_owned().await
    }

    /// Returns once somebody interrupts and no change is under way.
    pub(crate) async fn interrupted(&self) {
        signal().await;
        if self.0.try_lock().is_err() {
            say("klamm: the change has begun and is not cut in half; its result follows");
        }
        drop(self.0.lock().await);
    }
}

#[cfg(unix)]
pub(crate) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        () = ctrl_c() => {}
    }
}

#[cfg(not(unix))]
pub(crate) async fn signal() {
    ctrl_c().await;
}

/// Where the signal cannot be caught it ends the process by itself.
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
