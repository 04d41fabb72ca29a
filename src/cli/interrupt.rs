//! Ctrl-C and SIGTERM, for everything but the console.
//!
//! Invariant: a change is never cut in half. A command that reads ends at once
//! (a search with what it found); one that has begun to change something finishes, reads back and says what
//! happened.

use super::output::say;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

/// Whether a change is under way. Held while it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applying {
    change: Arc<Mutex<()>>,
    /// The command answers an interrupt itself, with what it has.
    answers: Arc<AtomicBool>,
    told: Arc<Notify>,
}

impl Applying {
    /// From here until the guard goes, an interrupt waits.
    pub(crate) async fn begin(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.change).lock_owned().await
    }

    /// From here on whoever reads ends with what it has at the first interrupt, and at once
    /// at the second.
    pub(crate) fn answers_itself(&self) {
        self.answers.store(true, Ordering::Relaxed);
    }

    /// Returns once somebody has interrupted who answers itself.
    pub(crate) async fn told(&self) {
        self.told.notified().await;
    }

    /// Returns once somebody interrupts and no change is under way.
    pub(crate) async fn interrupted(&self) {
        signal().await;
        if self.answers.load(Ordering::Relaxed) {
            self.told.notify_one();
            signal().await;
        }
        if self.change.try_lock().is_err() {
            say("klamm: the change has begun and is not cut in half; its result follows");
        }
        drop(self.change.lock().await);
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
