//! What a live screen gets: the newest records every 50 ms, however many come.
//!
//! Invariant: reading is never held up by a slow screen; at most
//! [`MOST_BYTES`] wait for it, the oldest batches are let go first, and each
//! record that was let go is counted.

use super::{Batch, ReadEvent};
use crate::domain::transaction::TransactionEnd;
use crate::domain::{Failure, PartitionId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, MissedTickBehavior};

pub(super) const TICK: Duration = Duration::from_millis(50);
/// Memory that may wait for the screen.
const MOST_BYTES: usize = 16 << 20;
/// Failures that may wait; further ones of the same outage add nothing.
const MOST_FAILURES: usize = 100;
/// Ends of transactions that may wait; of older ones it is not known how they ended.
const MOST_ENDS: usize = 10_000;

/// What came since the screen last took something.
#[derive(Default)]
struct Backlog {
    batches: VecDeque<Arc<Batch>>,
    bytes: usize,
    failures: Vec<Failure>,
    /// Partitions that are, or are no longer, waited for.
    waiting: BTreeMap<PartitionId, Option<Failure>>,
    skipped_records: u64,
    skipped_bytes: u64,
    is_caught_up: bool,
    ends: VecDeque<(PartitionId, TransactionEnd)>,
}

impl Backlog {
    fn add(&mut self, event: ReadEvent) {
        match event {
            ReadEvent::Batch(batch) => {
                self.bytes += batch.pinned_bytes();
                self.batches.push_back(batch);
                while self.bytes > MOST_BYTES && self.batches.len() > 1 {
                    self.skip_oldest();
                }
            }
            ReadEvent::Skipped { records, bytes } => {
                self.skipped_records += records;
                self.skipped_bytes += bytes;
            }
            ReadEvent::CaughtUp => self.is_caught_up = true,
            // A screen that sees all as it comes has no sieve.
            ReadEvent::Passed(..) => {}
            ReadEvent::TransactionEnded(partition, end) => {
                self.ends.push_back((partition, end));
                if self.ends.len() > MOST_ENDS {
                    self.ends.pop_front();
                }
            }
            ReadEvent::Waiting { partitions, failure } => {
                self.waiting.extend(partitions.into_iter().map(|partition| (partition, Some(failure.clone()))));
            }
            ReadEvent::Settled(partitions) => {
                self.waiting.extend(partitions.into_iter().map(|partition| (partition, None)));
            }
            ReadEvent::Failed(failure) => {
                if self.failures.len() < MOST_FAILURES {
                    self.failures.push(failure);
                }
            }
        }
    }

    fn skip_oldest(&mut self) {
        if let Some(batch) = self.batches.pop_front() {
            self.bytes -= batch.pinned_bytes();
            self.skipped_records += batch.len() as u64;
            self.skipped_bytes += batch.wire_bytes() as u64;
        }
    }

    fn take(&mut self) -> Vec<ReadEvent> {
        let taken = std::mem::take(self);
        let mut events = Vec::with_capacity(taken.batches.len() + taken.failures.len() + 2);
        if taken.skipped_records > 0 {
            events.push(ReadEvent::Skipped { records: taken.skipped_records, bytes: taken.skipped_bytes });
        }
        events.extend(taken.batches.into_iter().map(ReadEvent::Batch));
        events.extend(taken.ends.into_iter().map(|(partition, end)| ReadEvent::TransactionEnded(partition, end)));
        if taken.is_caught_up {
            events.push(ReadEvent::CaughtUp);
        }
        events.extend(taken.failures.into_iter().map(ReadEvent::Failed));
        events.extend(taken.waiting.into_iter().map(|(partition, failure)| match failure {
            Some(failure) => ReadEvent::Waiting { partitions: vec![partition], failure },
            None => ReadEvent::Settled(vec![partition]),
        }));
        events
    }
}

/// Passes on what `source` brings until it ends or nobody listens.
pub(super) async fn run(mut source: Receiver<Vec<ReadEvent>>, out: Sender<Vec<ReadEvent>>) {
    let mut backlog = Backlog::default();
    let mut ticks = tokio::time::interval_at(Instant::now() + TICK, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            events = source.recv() => match events {
                Some(events) => events.into_iter().for_each(|event| backlog.add(event)),
                None => break,
            },
            _ = ticks.tick() => {
                // A place in the queue first: without one, the backlog waits.
                if let Ok(place) = out.try_reserve() {
                    let events = backlog.take();
                    if !events.is_empty() {
                        place.send(events);
                    }
                }
            }
            () = out.closed() => return,
        }
    }
    let rest = backlog.take();
    if !rest.is_empty() {
        // Whoever does not want the rest has gone.
        let _ = out.send(rest).await;
    }
}
