//! A partition's part of a fetch response: batches end to end, the last one
//! possibly cut.
//!
//! Invariant: a batch that cannot be read becomes a [`BatchFault`] that says
//! which offsets are missing, and reading goes on with the next one. Only a
//! batch whose length cannot be true ends the set, since nothing says where
//! the next begins.

use super::aborted::AbortFilter;
pub use super::aborted::AbortedTransaction;
use super::batch::{Batch, BatchHeader, HEADER_BYTES};
use super::codec::CodecError;
use super::cursor::{Cursor, OutOfBytes};
use super::legacy;
use super::sieve::Sieve;
use crate::domain::transaction::TransactionEnd;
use crate::domain::{Offset, PartitionId, TopicName};
use std::sync::Arc;

/// Offset and length, which all versions begin with.
const PREFIX_BYTES: usize = 12;
const MAGIC_AT: usize = 16;

/// The offsets that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Offset,
    /// Exclusive; `None` is without end.
    pub to: Option<Offset>,
}

impl Window {
    pub fn holds(&self, offset: Offset) -> bool {
        offset >= self.from && self.to.is_none_or(|to| offset < to)
    }

    fn is_behind(&self, offset: Offset) -> bool {
        self.to.is_some_and(|to| offset >= to)
    }
}

/// Why a batch cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    #[error("its checksum is wrong")]
    Checksum,
    #[error("it ends before what it announces")]
    Short,
    #[error("it has {0}")]
    Shape(&'static str),
    #[error("it has a length of {0}")]
    Length(i32),
    #[error("it has version {0}")]
    Magic(i8),
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl From<OutOfBytes> for FaultKind {
    fn from(OutOfBytes: OutOfBytes) -> Self {
        Self::Short
    }
}

/// A batch that could not be read: the records from `offset` up to
/// `next_offset` are missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the batch at offset {offset} cannot be read: {kind}")]
pub struct BatchFault {
    pub offset: Offset,
    pub next_offset: Offset,
    pub kind: FaultKind,
}

/// What a record set held.
#[derive(Debug)]
pub struct ReadSet {
    /// Those with records in the window, by offset.
    pub batches: Vec<Arc<Batch>>,
    pub faults: Vec<BatchFault>,
    /// Where to go on: behind the last batch that was there in full.
    pub next_offset: Offset,
    /// Transaction markers and the like, which are not records to a reader.
    pub control_records: u64,
    /// Ends of transactions in the window, by offset.
    pub markers: Vec<TransactionEnd>,
    /// Records of aborted transactions.
    pub aborted_records: u64,
    /// Records in the window that were looked at.
    pub seen_records: u64,
    /// Records of batches that were not wanted.
    pub skipped_records: u64,
    /// The set ended within a batch, which is usual.
    pub is_cut: bool,
    /// The set cannot be followed beyond `next_offset`.
    pub is_dead_end: bool,
}

/// Reads a record set. `aborted` is what the broker named, empty unless the
/// fetch was read-committed; `scratch` is kept between calls.
pub fn read_record_set(
    set: &[u8],
    topic: &TopicName,
    partition: PartitionId,
    window: Window,
    aborted: Vec<AbortedTransaction>,
    scratch: &mut Vec<u8>,
) -> ReadSet {
    sift_record_set(set, topic, partition, window, aborted, scratch, None)
}

/// The same, where records that a sieve does not want are left out.
pub(super) fn sift_record_set(
    set: &[u8],
    topic: &TopicName,
    partition: PartitionId,
    window: Window,
    aborted: Vec<AbortedTransaction>,
    scratch: &mut Vec<u8>,
    sieve: Option<&dyn Sieve>,
) -> ReadSet {
    let mut filter = AbortFilter::new(aborted);
    let mut read = ReadSet {
        batches: Vec::new(),
        faults: Vec::new(),
        next_offset: window.from,
        control_records: 0,
        markers: Vec::new(),
        aborted_records: 0,
        seen_records: 0,
        skipped_records: 0,
        is_cut: false,
        is_dead_end: false,
    };
    let mut legacy = legacy::Run::new(topic, partition, window);
    let mut rest = set;
    while !rest.is_empty() && !window.is_behind(read.next_offset) {
        let frame = match next_frame(rest) {
            Ok(Some(frame)) => frame,
            Ok(None) => {
                read.is_cut = true;
                break;
            }
            Err(fault) => {
                read.faults.push(fault);
                read.is_dead_end = true;
                break;
            }
        };
        rest = rest.get(frame.bytes.len()..).unwrap_or_default();
        let result = match frame.magic {
            0 | 1 => legacy.entry(frame.bytes, &mut read.batches, scratch),
            2 => {
                legacy.flush(&mut read.batches);
                read_batch(frame.bytes, topic, partition, &window, &mut filter, &mut read, scratch, sieve)
            }
            other => Err(FaultKind::Magic(other)),
        };
        let next_offset = frame.next_offset.max(read.next_offset);
        if let Err(kind) = result {
            read.faults.push(BatchFault { offset: frame.base_offset, next_offset, kind });
        }
        read.next_offset = next_offset;
    }
    legacy.flush(&mut read.batches);
    read.seen_records +=
        read.batches.iter().filter(|batch| batch.is_legacy()).map(|batch| batch.len() as u64).sum::<u64>();
    read
}

/// Where reading goes on after `set`, told from the headers alone. `None` when
/// the set ends in something that cannot be followed.
pub(super) fn next_offset(set: &[u8], from: Offset) -> Option<Offset> {
    let mut next = from;
    let mut rest = set;
    while let Some(frame) = next_frame(rest).ok()? {
        next = next.max(frame.next_offset);
        rest = rest.get(frame.bytes.len()..).unwrap_or_default();
    }
    Some(next)
}

#[expect(clippy::too_many_arguments, reason = "the state of one walk over a set")]
fn read_batch(
    frame: &[u8],
    topic: &TopicName,
    partition: PartitionId,
    window: &Window,
    filter: &mut AbortFilter,
    read: &mut ReadSet,
    scratch: &mut Vec<u8>,
    sieve: Option<&dyn Sieve>,
) -> Result<(), FaultKind> {
    let header = BatchHeader::read(frame)?;
    if header.is_control() {
        read.control_records += u64::from(header.records);
        let Some(end) = header.transaction_end() else { return Ok(()) };
        if !end.is_commit {
            filter.abort_marker(end.producer_id, end.offset);
        }
        if window.holds(end.offset) {
            read.markers.push(end);
        }
        return Ok(());
    }
    if header.is_transactional() && filter.hides(header.producer_id, header.last_offset) {
        read.aborted_records += u64::from(header.records);
        return Ok(());
    }
    if header.last_offset < window.from || window.is_behind(header.base_offset) {
        return Ok(());
    }
    if sieve.is_some_and(|sieve| !sieve.wants(&header.outline(partition))) {
        read.skipped_records += u64::from(header.records);
        return Ok(());
    }
    let (batch, seen) = header.into_batch(topic, partition, window, scratch, sieve)?;
    read.seen_records += seen;
    if !batch.is_empty() {
        read.batches.push(Arc::new(batch));
    }
    Ok(())
}

/// A batch or message that is there in full.
pub(super) struct Frame<'a> {
    pub bytes: &'a [u8],
    base_offset: Offset,
    magic: i8,
    next_offset: Offset,
}

/// The first batch of `set`, `None` if it is cut.
pub(super) fn next_frame(set: &[u8]) -> Result<Option<Frame<'_>>, BatchFault> {
    let mut cursor = Cursor::new(set);
    let (Ok(base_offset), Ok(length)) = (cursor.i64(), cursor.i32()) else {
        return Ok(None);
    };
    let fault = |kind| BatchFault { offset: base_offset, next_offset: base_offset, kind };
    let size = usize::try_from(length).map_err(|_| fault(FaultKind::Length(length)))? + PREFIX_BYTES;
    if size <= MAGIC_AT {
        return Err(fault(FaultKind::Length(length)));
    }
    let Some(bytes) = set.get(..size) else {
        return Ok(None);
    };
    let magic = Cursor::at(bytes, MAGIC_AT).i8().map_err(|error| fault(error.into()))?;
    if magic >= 2 && size < HEADER_BYTES {
        return Err(fault(FaultKind::Length(length)));
    }
    // Before version 2 a frame's offset is that of its last message.
    let last_delta = if magic >= 2 { Cursor::at(bytes, 23).i32().unwrap_or(0).max(0) } else { 0 };
    let next_offset = base_offset.saturating_add(i64::from(last_delta)).saturating_add(1);
    Ok(Some(Frame { bytes, base_offset, magic, next_offset }))
}

#[cfg(test)]
pub(super) mod tests;
