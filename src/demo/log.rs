//! One partition's log: simulated stretches and stored batches, in offset order.
//!
//! Owns offsets: which there are, what stands at each, and when it was written.
//! Must not know topics, brokers or the wire.
//! Invariant: pieces are in offset order without gaps between them, and only the
//! last one, the open stretch, grows by itself as time passes. What was told stays
//! told by its own source, whoever tells what comes next.

use super::batch::{self, Head};
use super::source::{BATCH, Source};
use crate::domain::{Offset, Time};
use bytes::Bytes;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// A batch that was written by a client or by the demo's own coordinator.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) bytes: Bytes,
    pub(super) base: Offset,
    pub(super) last: Offset,
    pub(super) max_timestamp: i64,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Records `indices` of the source, from offset `first`.
    Told {
        source: Arc<Source>,
        first: Offset,
        indices: Range<i64>,
    },
    Kept(Stored),
}

/// A part of a read: bytes that are there, or a batch that is yet to be made.
/// Making it needs no lock.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Stored { bytes: Bytes, last: Offset },
    Told { source: Arc<Source>, base: Offset, indices: Range<i64> },
}

impl Part {
    /// The offset after its last.
    pub(super) fn end(&self) -> Offset {
        match self {
            Self::Stored { last, .. } => last + 1,
            Self::Told { base, indices, .. } => base + (indices.end - indices.start),
        }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Stored { bytes, .. } => bytes,
            Self::Told { source, base, indices } => source.batch(base, indices),
        }
    }
}

/// The log of one partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    start: Offset,
    pieces: VecDeque<Piece>,
    /// The source, the first offset of the open stretch, and its first index.
    open: Option<(Arc<Source>, Offset, i64)>,
    /// Where the next stored batch goes when there is no open stretch.
    end: Offset,
    stored_bytes: u64,
    /// Pieces left by the last cleaning.
    cleaned: usize,
    /// The time of the first batch of the segment that is written to.
    segment: Option<i64>,
}

/// Batches that gather before a cleaning is worth its while.
const DIRTY: usize = 400;

impl Log {
    /// A log whose simulated records begin at offset `first`.
    pub(super) fn told(source: Source, first: Offset) -> Self {
        Self { start: first, end: first, open: Some((Arc::new(source), first, 0)), ..Self::default() }
    }

    /// From now on another source tells the records.
    pub(super) fn retell(&mut self, source: Source, now: Time) {
        self.close(now);
        self.open = Some((Arc::new(source), self.end, 0));
    }

    pub(super) fn start(&self) -> Offset {
        self.start
    }

    /// The offset the next record gets.
    pub(super) fn end(&self, now: Time) -> Offset {
        match &self.open {
            Some((source, first, from)) => first + (source.count(now) - from).max(0),
            None => self.end,
        }
    }

    /// Bytes held in memory.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// The source of the open stretch.
    pub(super) fn source(&self) -> Option<&Source> {
        self.open.as_ref().map(|(source, ..)| &**source)
    }

    /// When the log grows by itself next, if it does.
    pub(super) fn grows_at(&self, now: Time) -> Option<Time> {
        let (source, ..) = self.open.as_ref()?;
        source.due(source.count(now))
    }

    /// Puts one batch, already checked, at the end. Returns its base offset.
    pub(super) fn append(&mut self, batch: &[u8], head: &Head, leader_epoch: i32, now: Time) -> Offset {
        self.close(now);
        let base = self.end;
        let bytes = batch::at_offset(batch, base, leader_epoch);
        let last = base + i64::from(head.last_delta);
        self.stored_bytes += bytes.len() as u64;
        self.pieces.push_back(Piece::Kept(Stored { bytes, base, last, max_timestamp: head.max_timestamp }));
        self.end = last + 1;
        if let Some((_, first, _)) = &mut self.open {
            *first = self.end;
        }
        base
    }

    /// Turns what the open stretch holds by now into a piece of its own.
    fn close(&mut self, now: Time) {
        if let Some((source, first, from)) = &mut self.open {
            let count = source.count(now).max(*from);
            if count > *from {
                let source = Arc::clone(source);
                self.pieces.push_back(Piece::Told { source, first: *first, indices: *from..count });
                *first += count - *from;
                *from = count;
            }
            self.end = *first;
        }
    }

    /// Removes what lies before `offset`, in whole batches; the start moves exactly.
    pub(super) fn truncate_before(&mut self, offset: Offset, now: Time) {
        self.start = self.start.max(offset.min(self.end(now)));
        while let Some(piece) = self.pieces.front() {
            let (end, bytes) = match piece {
                Piece::Told { first, indices, .. } => (first + (indices.end - indices.start), 0),
                Piece::Kept(stored) => (stored.last + 1, stored.bytes.len() as u64),
            };
            if end > self.start {
                break;
            }
            self.stored_bytes = self.stored_bytes.saturating_sub(bytes);
            self.pieces.pop_front();
        }
    }

    /// Replaces all stored batches, as the log cleaner does: offsets stay, the end stays.
    /// So many of the new ones are clean.
    pub(super) fn rewrite(&mut self, batches: Vec<Bytes>, clean: usize) {
        self.pieces = batches
            .into_iter()
            .filter_map(|bytes| {
                let head = Head::parse(&bytes)?;
                let last = head.base_offset + i64::from(head.last_delta);
                Some(Piece::Kept(Stored { base: head.base_offset, last, max_timestamp: head.max_timestamp, bytes }))
            })
            .collect();
        self.stored_bytes = self.stored().map(|stored| stored.bytes.len() as u64).sum();
        self.cleaned = clean;
    }

    /// Told of each batch that is appended: does a new segment begin with it, since it is
    /// so much later than the first of the old one?
    pub(super) fn rolls(&mut self, timestamp: i64, segment_ms: i64) -> bool {
        let first = *self.segment.get_or_insert(timestamp);
        let rolls = timestamp.saturating_sub(first) > segment_ms;
        if rolls {
            self.segment = Some(timestamp);
        }
        rolls
    }

    /// Is enough of what lies before `offset` not cleaned yet? `ratio` is of its batches,
    /// where Kafka takes their bytes. What a source tells was written as if cleaned.
    pub(super) fn is_dirty_before(&self, offset: Offset, ratio: f64) -> bool {
        let is_told = self.open.is_some() || self.pieces.iter().any(|piece| matches!(piece, Piece::Told { .. }));
        let closed = self.stored().take_while(|stored| stored.base < offset).count();
        let dirty = closed.saturating_sub(self.cleaned);
        !is_told && dirty > 0 && dirty as f64 >= ratio * closed as f64
    }

    pub(super) fn wants_cleaning(&self) -> bool {
        self.pieces.len() > 2 * self.cleaned + DIRTY
    }

    pub(super) fn stored(&self) -> impl Iterator<Item = &Stored> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Kept(stored) => Some(stored),
            Piece::Told { .. } => None,
        })
    }

    /// All pieces by `now`, with the open stretch as one of them.
    fn all(&self, now: Time) -> impl Iterator<Item = Piece> + '_ {
        self.all_from(0, now)
    }

    fn all_from(&self, skip: usize, now: Time) -> impl Iterator<Item = Piece> + '_ {
        let open = self.open.as_ref().and_then(|(source, first, from)| {
            let count = source.count(now);
            (count > *from).then(|| Piece::Told { source: Arc::clone(source), first: *first, indices: *from..count })
        });
        self.pieces.range(skip.min(self.pieces.len())..).cloned().chain(open)
    }

    /// The batches from `offset` up to `end`, at most `limit` of them. A batch
    /// that covers `offset` is given whole, as Kafka does, but for the one that
    /// is still growing: there a reader gets only what it has not seen.
    pub(super) fn read(&self, offset: Offset, end: Offset, limit: usize, now: Time) -> Vec<Part> {
        let mut parts = Vec::new();
        let skip = self.pieces.partition_point(|piece| match piece {
            Piece::Told { first, indices, .. } => first + (indices.end - indices.start) <= offset,
            Piece::Kept(stored) => stored.last < offset,
        });
        let closed = self.pieces.len();
        for (number, piece) in (skip..).zip(self.all_from(skip, now)) {
            match piece {
                Piece::Kept(stored) if stored.base < end => {
                    parts.push(Part::Stored { bytes: stored.bytes, last: stored.last });
                }
                Piece::Told { source, first, indices } if first < end => {
                    let is_open = number >= closed;
                    let mut at = indices.start + (offset - first).max(0);
                    let stop = indices.end.min(indices.start + (end - first));
                    while at < stop && parts.len() < limit {
                        let whole = at.div_euclid(BATCH) * BATCH;
                        let to = (whole + BATCH).min(stop);
                        let is_growing = is_open && to == stop && to < whole + BATCH;
                        let from = if is_growing { at } else { whole.max(indices.start) };
                        let base = first + (from - indices.start);
                        if source.first_kept(from..to).is_some() {
                            parts.push(Part::Told { source: Arc::clone(&source), base, indices: from..to });
                        }
                        at = to;
                    }
                }
                _ => break,
            }
            if parts.len() >= limit {
                break;
            }
        }
        parts
    }

    /// The first offset whose record is at or after `at`, and that record's time.
    pub(super) fn first_at(&self, at: Time, now: Time) -> Option<(Offset, Time)> {
        for piece in self.all(now) {
            let found = match piece {
                Piece::Kept(stored) if stored.max_timestamp >= at.millis() => batch::records(&stored.bytes)?
                    .into_iter()
                    .map(|entry| (stored.base + i64::from(entry.delta), Time(entry.timestamp)))
                    .find(|(offset, time)| *time >= at && *offset >= self.start),
                Piece::Told { source, first, indices } => {
                    let from = source.index_at(at).max(indices.start).max(indices.start + (self.start - first));
                    source
                        .first_kept(from..indices.end)
                        .map(|index| (first + (index - indices.start), source.time(index)))
                }
                Piece::Kept(_) => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The first offset at or after `at`, or the end when nothing is that new.
    pub(super) fn position_at(&self, at: Time, now: Time) -> Offset {
        self.first_at(at, now).map_or_else(|| self.end(now), |(offset, _)| offset)
    }

    /// The newest timestamp and the first offset that has it.
    pub(super) fn newest(&self, now: Time) -> Option<(Offset, Time)> {
        let newest = self.all(now).map(|piece| match piece {
            Piece::Kept(stored) => stored.max_timestamp,
            Piece::Told { source, indices, .. } => source.time(indices.end - 1).millis(),
        });
        self.first_at(Time(newest.max()?), now)
    }

    /// Bytes on disk: what is stored, and for simulated records the size of one
    /// batch made for the purpose, times their number.
    pub(super) fn size(&self, now: Time) -> u64 {
        let told = self.all(now).map(|piece| match piece {
            Piece::Told { source, first, indices } => {
                let count = (indices.end - indices.start) - (self.start - first).max(0);
                count.max(0).unsigned_abs() * source.bytes_per_record()
            }
            Piece::Kept(_) => 0,
        });
        self.stored_bytes + told.sum::<u64>()
    }
}
