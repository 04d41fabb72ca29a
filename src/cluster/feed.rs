//! Work that goes on beside whoever asked for it, and tells them what it finds.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Updates that may wait to be taken; then the work waits, too.
const QUEUE: usize = 2;

/// A running read or search. Dropping it stops it.
#[derive(Debug)]
pub struct Feed<T> {
    updates: mpsc::Receiver<T>,
    task: JoinHandle<()>,
}

impl<T: Send + 'static> Feed<T> {
    /// Must be called within the runtime.
    pub(super) fn start<F: Future<Output = ()> + Send + 'static>(work: impl FnOnce(mpsc::Sender<T>) -> F) -> Self {
        let (sender, updates) = mpsc::channel(QUEUE);
        Self { updates, task: tokio::spawn(work(sender)) }
    }

    /// The next update; `None` after the one that says `finished`.
    pub async fn next(&mut self) -> Option<T> {
        self.updates.recv().await
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
