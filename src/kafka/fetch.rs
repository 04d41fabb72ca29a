//! Reading records: ranges to read, raw fetches, batches without copying.
//!
//! Owns: what lies between "read these partitions" and [`Batch`]es whose
//! records share one block of memory each.
//! Must not know: how values are decoded, filtered or shown.
//! Invariant: whatever a broker sends, reading a record set ends with batches
//! and typed faults; it never panics and never allocates more than
//! [`MAX_PLAIN_BYTES`] for one batch. Memory is bounded by one answer under
//! way and one being unpacked per broker, and a queue of two.
//!
//! The way of a record: `scan` gives partitions to their leaders, `poll`
//! fetches from one broker, `request` sorts an answer out, `record_set`
//! and `batch` unpack it, a `sieve` may leave records out, and for a live screen `tail` lets old ones go. `first` looks at
//! one record of each of many partitions instead.

mod aborted;
mod batch;
mod codec;
mod cursor;
mod fate;
mod first;
mod legacy;
mod pack;
mod poll;
mod ranges;
mod record_set;
mod request;
mod scan;
mod sieve;
mod tail;

pub use batch::{Batch, HEADER_BYTES};
pub use codec::MAX_PLAIN_BYTES;
pub use fate::{Written, fates};
pub use first::{first_batches, first_records};
pub use pack::{Repacked, WAYS, Way, repack};
pub use ranges::{PartitionBounds, ReadRange, ranges};
pub use record_set::{AbortedTransaction, BatchFault, FaultKind, ReadSet, Window, read_record_set};
pub use sieve::{Outline, Passed, Sieve};

use crate::domain::transaction::TransactionEnd;
use crate::domain::{Failure, Offset, PartitionId, TopicName};
use crate::kafka::wire::Client;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

pub use crate::domain::record::Isolation;

#[derive(Clone, Debug)]
pub struct ReadRequest {
    pub topic: TopicName,
    pub ranges: Vec<ReadRange>,
    pub isolation: Isolation,
    /// Where the reader stands; a leader may name a replica that stands nearer.
    pub rack: Option<String>,
    /// The most that is asked of each broker; `None` is without limit.
    pub max_bytes_per_second: Option<u64>,
    /// For a live screen: events come every 50 ms, and what a slow reader does
    /// not take is let go, the oldest first, and counted. Otherwise fetching
    /// waits for the reader and nothing is left out.
    pub newest_only: bool,
    /// What leaves out records that are not wanted; without one all are.
    pub sieve: Option<Arc<dyn Sieve>>,
    /// The number of the connections that this read has for itself.
    pub lane: u64,
}

#[derive(Debug)]
pub enum ReadEvent {
    /// Records within the range. In a partition batches come by offset.
    Batch(Arc<Batch>),
    /// The end of a transaction whose records came before.
    TransactionEnded(PartitionId, TransactionEnd),
    /// With a sieve: all that it left of this partition before this offset has come.
    Passed(PartitionId, Offset),
    /// Records that a live reader was too slow for.
    Skipped { records: u64, bytes: u64 },
    /// All that was there at the start has been read. Comes once.
    CaughtUp,
    /// Something is missing for good; reading goes on with the rest.
    Failed(Failure),
    /// These cannot be read at the moment and are tried again.
    Waiting { partitions: Vec<PartitionId>, failure: Failure },
    /// These are waited for no longer: they are read again with nothing left out,
    /// or were given up, which a failure of its own says.
    Settled(Vec<PartitionId>),
}

/// A running read. Dropping it ends the read.
#[derive(Debug)]
pub struct Reading {
    receiver: mpsc::Receiver<Vec<ReadEvent>>,
    task: AbortHandle,
    /// Milliseconds.
    held: Arc<AtomicU64>,
}

impl Reading {
    /// The next events; `None` once every range was read to its end or cannot be.
    pub async fn next(&mut self) -> Option<Vec<ReadEvent>> {
        self.receiver.recv().await
    }

    /// For how long reading has waited because of `max_bytes_per_second`, at the broker
    /// where it waited longest.
    pub fn held_back(&self) -> Duration {
        Duration::from_millis(self.held.load(Ordering::Relaxed))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers that may wait for the reader.
const QUEUE: usize = 2;

/// Begins to read. Must be called within the runtime.
pub fn read(client: &Client, request: ReadRequest) -> Reading {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (client, held) = (client.clone(), Arc::new(AtomicU64::new(0)));
    let tells = Arc::clone(&held);
    let task = if request.newest_only {
        let (inner, batches) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            tokio::join!(scan::run(client, request, tells, inner), tail::run(batches, sender));
        })
    } else {
        tokio::spawn(scan::run(client, request, tells, sender))
    };
    Reading { receiver, task: task.abort_handle(), held }
}

/// Reads hostile bytes and everything found in them, as they are and as a batch
/// whose length and checksum are right, since few bytes get past those: the body
/// of the fuzz target `batch` and of the property tests.
#[doc(hidden)]
pub fn fuzz_record_set(data: &[u8]) {
    read_all(data);
    if let Some((offset, rest)) = data.split_first_chunk::<8>()
        && let Some((epoch, body)) = rest.split_first_chunk::<4>()
    {
        let length = (body.len() as u32 + 9).to_be_bytes();
        let checksum = crc32c::crc32c(body).to_be_bytes();
        read_all(&[&offset[..], &length, epoch, &[2], &checksum, body].concat());
    }
}

fn read_all(data: &[u8]) {
    let topic = TopicName::from("fuzz");
    let mut scratch = Vec::new();
    for window in [Window { from: i64::MIN, to: None }, Window { from: 3, to: Some(9) }] {
        let read = read_record_set(data, &topic, 0, window, Vec::new(), &mut scratch);
        for batch in &read.batches {
            for index in 0..=batch.len() {
                std::hint::black_box(batch.record(index));
            }
        }
    }
}
