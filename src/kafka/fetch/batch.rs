//! One record batch: a block of plain bytes and where each record lies in it.
//!
//! Reading a batch walks it once, checks every length, and keeps sixteen bytes
//! a record; keys, values and headers are looked at only for records that are
//! asked for, and then share the block.
//!
//! Invariant: every position was walked to the end of its record when the
//! batch was made, so looking at it again cannot run out of bytes.

use super::codec::{codec_of, decompress};
use super::cursor::{Cursor, OutOfBytes};
use super::record_set::{FaultKind, Window};
use super::sieve::{Outline, Sieve};
use crate::domain::record::{BatchFacts, Codec, Header, Record};
use crate::domain::transaction::TransactionEnd;
use crate::domain::{Offset, PartitionId, Time, TopicName};
use bytes::Bytes;

/// From the base offset to the first record, in a batch of version 2.
pub const HEADER_BYTES: usize = 61;
/// The checksum covers what follows it.
const CHECKED_FROM: usize = 21;
/// No record of version 2 is shorter: seven numbers of a byte each.
const SHORTEST_RECORD: usize = 7;

const APPEND_TIME: i16 = 1 << 3;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// How lengths are written within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Version 2: zigzag numbers, headers after the value.
    Compact,
    /// Versions 0 and 1: 32-bit lengths, no headers.
    Wide,
}

/// A visible record's place: `start` is where its key's length stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub timestamp: i64,
    pub offset_delta: u32,
    pub start: u32,
}

/// Records that were written together, in their own block of memory.
#[derive(Debug)]
pub struct Batch {
    topic: TopicName,
    partition: PartitionId,
    base_offset: Offset,
    facts: BatchFacts,
    layout: Layout,
    block: Bytes,
    positions: Box<[Position]>,
}

impl Batch {
    pub(super) fn new(
        topic: &TopicName,
        partition: PartitionId,
        base_offset: Offset,
        facts: BatchFacts,
        layout: Layout,
        block: Bytes,
        positions: Vec<Position>,
    ) -> Self {
        let positions = positions.into_boxed_slice();
        Self { topic: topic.clone(), partition, base_offset, facts, layout, block, positions }
    }

    /// A batch whose records have a time and nothing else, for tests of what shows them.
    #[cfg(test)]
    pub(crate) fn of_times(topic: &TopicName, partition: PartitionId, base_offset: Offset, times: &[i64]) -> Self {
        let positions: Vec<Position> = times
            .iter()
            .zip(0..)
            .map(|(timestamp, offset_delta)| Position { timestamp: *timestamp, offset_delta, start: 0 })
            .collect();
        let facts = BatchFacts {
            codec: Codec::Zstd,
            records: u32::try_from(times.len()).unwrap(),
            wire_bytes: 400,
            plain_bytes: 2_840,
            producer_id: 4711,
            producer_epoch: 0,
            base_sequence: 990,
            base_offset,
            leader_epoch: 4,
            is_transactional: false,
            is_append_time: false,
        };
        Self::new(topic, partition, base_offset, facts, Layout::Compact, Bytes::new(), positions)
    }

    pub fn topic(&self) -> &TopicName {
        &self.topic
    }

    pub fn partition(&self) -> PartitionId {
        self.partition
    }

    pub fn facts(&self) -> BatchFacts {
        self.facts
    }

    /// The records of the batch that lie in the range that was asked for.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// All its records as they were before compression, also those outside the range.
    pub fn plain(&self) -> &[u8] {
        &self.block
    }

    /// What it took on the wire.
    pub fn wire_bytes(&self) -> usize {
        self.facts.wire_bytes as usize
    }

    /// The memory that stays in use while anything of this batch is held.
    pub fn pinned_bytes(&self) -> usize {
        self.block.len() + self.positions.len() * size_of::<Position>() + size_of::<Self>()
    }

    pub fn offset(&self, index: usize) -> Option<Offset> {
        self.positions.get(index).map(|position| self.base_offset + Offset::from(position.offset_delta))
    }

    pub fn timestamp(&self, index: usize) -> Option<Time> {
        self.positions.get(index).map(|position| Time(position.timestamp))
    }

    /// Outside `None`: no such record. Inside `None`: its key is null.
    pub fn key(&self, index: usize) -> Option<Option<&[u8]>> {
        self.key_and_rest(index).map(|(key, _)| key)
    }

    /// Outside `None`: no such record. Inside `None`: a tombstone.
    pub fn value(&self, index: usize) -> Option<Option<&[u8]>> {
        let (_, mut rest) = self.key_and_rest(index)?;
        self.field(&mut rest).ok()
    }

    /// Whether the record has headers, without looking at them.
    pub fn has_headers(&self, index: usize) -> bool {
        let count = || {
            let (_, mut rest) = self.key_and_rest(index)?;
            self.field(&mut rest).ok()?;
            rest.varint().ok()
        };
        self.layout == Layout::Compact && count().is_some_and(|count| count > 0)
    }

    /// The record at `index`, sharing this batch's memory.
    pub fn record(&self, index: usize) -> Option<Record> {
        let (key, mut rest) = self.key_and_rest(index)?;
        let value = self.field(&mut rest).ok()?;
        Some(Record {
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.offset(index)?,
            timestamp: self.timestamp(index)?,
            key: key.map(|key| self.block.slice_ref(key)),
            value: value.map(|value| self.block.slice_ref(value)),
            headers: self.headers(&mut rest).ok()?,
            batch: self.facts,
        })
    }

    /// Key, value and headers as they lie in memory, lengths included.
    pub fn bytes(&self, index: usize) -> Option<&[u8]> {
        let start = usize::try_from(self.positions.get(index)?.start).ok()?;
        let (_, mut rest) = self.key_and_rest(index)?;
        self.field(&mut rest).ok()?;
        if self.layout == Layout::Compact {
            for _ in 0..rest.varint().ok()? {
                rest.var_bytes().ok()?;
                rest.var_bytes().ok()?;
            }
        }
        self.block.get(start..rest.position())
    }

    /// The same batch with these of its records alone, in memory of its own where they
    /// are a small part of it.
    #[must_use]
    pub fn only(&self, indexes: &[usize]) -> Self {
        let chosen = || indexes.iter().filter_map(|index| Some((self.positions.get(*index)?, self.bytes(*index)?)));
        let bytes: usize = chosen().map(|(_, bytes)| bytes.len()).sum();
        let is_small_part = bytes < self.block.len() / 4;
        let mut block = Vec::with_capacity(if is_small_part { bytes } else { 0 });
        let mut positions = Vec::with_capacity(indexes.len());
        for (position, bytes) in chosen() {
            // The block it came from is no longer than 32 bits can count.
            let start = if is_small_part { u32::try_from(block.len()).unwrap_or(u32::MAX) } else { position.start };
            if is_small_part {
                block.extend_from_slice(bytes);
            }
            positions.push(Position { start, ..*position });
        }
        let block = if is_small_part { Bytes::from(block) } else { self.block.clone() };
        Self::new(&self.topic, self.partition, self.base_offset, self.facts, self.layout, block, positions)
    }

    /// Messages of the versions before batches. No sieve was asked about each of them.
    pub fn is_legacy(&self) -> bool {
        self.layout == Layout::Wide
    }

    fn key_and_rest(&self, index: usize) -> Option<(Option<&[u8]>, Cursor<'_>)> {
        let position = self.positions.get(index)?;
        let mut cursor = Cursor::at(&self.block, usize::try_from(position.start).ok()?);
        let key = self.field(&mut cursor).ok()?;
        Some((key, cursor))
    }

    fn field<'a>(&self, cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, OutOfBytes> {
        match self.layout {
            Layout::Compact => cursor.var_bytes(),
            Layout::Wide => cursor.fixed_bytes(),
        }
    }

    fn headers(&self, cursor: &mut Cursor<'_>) -> Result<Vec<Header>, OutOfBytes> {
        if self.layout == Layout::Wide {
            return Ok(Vec::new());
        }
        let mut headers = Vec::new();
        for _ in 0..cursor.varint()? {
            let name = cursor.var_bytes()?.unwrap_or_default();
            let value = cursor.var_bytes()?;
            headers.push(Header {
                name: String::from_utf8_lossy(name).into_owned(),
                value: value.map(|value| self.block.slice_ref(value)),
            });
        }
        Ok(headers)
    }
}

/// The fixed part of a batch of version 2, its checksum verified.
#[derive(Clone, Debug)]
pub(super) struct BatchHeader<'a> {
    pub base_offset: Offset,
    pub last_offset: Offset,
    pub records: u32,
    leader_epoch: i32,
    attributes: i16,
    codec: Codec,
    base_timestamp: i64,
    max_timestamp: i64,
    pub producer_id: i64,
    producer_epoch: i16,
    base_sequence: i32,
    wire_bytes: usize,
    payload: &'a [u8],
}

impl<'a> BatchHeader<'a> {
    /// Reads a batch that is there in full, from its base offset to its end.
    pub fn read(frame: &'a [u8]) -> Result<Self, FaultKind> {
        let mut cursor = Cursor::new(frame);
        let base_offset = cursor.i64()?;
        cursor.take(4)?;
        let leader_epoch = cursor.i32()?;
        cursor.take(1)?;
        let checksum = cursor.u32()?;
        let checked = frame.get(CHECKED_FROM..).ok_or(OutOfBytes)?;
        if crc32c::crc32c(checked) != checksum {
            return Err(FaultKind::Checksum);
        }
        let attributes = cursor.i16()?;
        let last_delta = u32::try_from(cursor.i32()?).map_err(|_| FaultKind::Shape("a negative last offset"))?;
        let header = Self {
            base_offset,
            last_offset: base_offset
                .checked_add(i64::from(last_delta))
                .ok_or(FaultKind::Shape("an offset overflow"))?,
            leader_epoch,
            attributes,
            codec: codec_of(attributes)?,
            base_timestamp: cursor.i64()?,
            max_timestamp: cursor.i64()?,
            producer_id: cursor.i64()?,
            producer_epoch: cursor.i16()?,
            base_sequence: cursor.i32()?,
            records: u32::try_from(cursor.i32()?).map_err(|_| FaultKind::Shape("a negative record count"))?,
            wire_bytes: frame.len(),
            payload: frame.get(HEADER_BYTES..).ok_or(OutOfBytes)?,
        };
        Ok(header)
    }

    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// The transaction that this control batch ends; `None` where it ends none.
    pub fn transaction_end(&self) -> Option<TransactionEnd> {
        const ABORT: i16 = 0;
        const COMMIT: i16 = 1;
        let kind = || -> Result<i16, OutOfBytes> {
            let mut cursor = Cursor::new(self.payload);
            cursor.varint()?;
            cursor.i8()?;
            cursor.varlong()?;
            cursor.varint()?;
            let mut key = Cursor::new(cursor.var_bytes()?.ok_or(OutOfBytes)?);
            key.i16()?;
            key.i16()
        };
        let is_commit = match kind() {
            Ok(ABORT) if self.is_control() => false,
            Ok(COMMIT) if self.is_control() => true,
            _ => return None,
        };
        Some(TransactionEnd {
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            offset: self.last_offset,
            time: Time(self.max_timestamp),
            is_commit,
        })
    }

    /// What is known of it before it is decompressed.
    pub fn outline(&self, partition: PartitionId) -> Outline {
        Outline { partition, last_offset: self.last_offset, max_timestamp: self.max_timestamp }
    }

    /// Decompresses, walks and keeps the records that lie in `window` and may be wanted;
    /// how many lie there comes beside them.
    pub fn into_batch(
        self,
        topic: &TopicName,
        partition: PartitionId,
        window: &Window,
        scratch: &mut Vec<u8>,
        sieve: Option<&dyn Sieve>,
    ) -> Result<(Batch, u64), FaultKind> {
        let plain = if self.codec == Codec::None {
            self.payload
        } else {
            decompress(self.codec, self.payload, scratch)?;
            scratch.as_slice()
        };
        let (positions, seen) = self.walk(plain, window, sieve)?;
        let facts = BatchFacts {
            codec: self.codec,
            records: self.records,
            wire_bytes: u32::try_from(self.wire_bytes).unwrap_or(u32::MAX),
            plain_bytes: u32::try_from(plain.len()).unwrap_or(u32::MAX),
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            base_sequence: self.base_sequence,
            base_offset: self.base_offset,
            leader_epoch: self.leader_epoch,
            is_transactional: self.is_transactional(),
            is_append_time: self.attributes & APPEND_TIME != 0,
        };
        // Its own memory: a slice would keep the whole fetch response alive.
        let block = if positions.is_empty() { Bytes::new() } else { Bytes::copy_from_slice(plain) };
        Ok((Batch::new(topic, partition, self.base_offset, facts, Layout::Compact, block, positions), seen))
    }

    /// The places of records, and how many lie in the window. With a `sieve`, only those
    /// that may be wanted by their bytes.
    fn walk(
        &self,
        block: &[u8],
        window: &Window,
        sieve: Option<&dyn Sieve>,
    ) -> Result<(Vec<Position>, u64), FaultKind> {
        let claimed = usize::try_from(self.records).unwrap_or(usize::MAX);
        let expected = if sieve.is_some() { 0 } else { claimed.min(block.len() / SHORTEST_RECORD) };
        let mut positions = Vec::with_capacity(expected);
        let mut seen = 0;
        let append_time = self.attributes & APPEND_TIME != 0;
        // What stands nowhere in the whole need not be looked for in each.
        let may_be_there = sieve.is_some_and(|sieve| sieve.may_be_in(block));
        let mut cursor = Cursor::new(block);
        for _ in 0..self.records {
            let length = usize::try_from(cursor.varint()?).map_err(|_| FaultKind::Shape("a negative record length"))?;
            let end = cursor.position().checked_add(length).ok_or(OutOfBytes)?;
            cursor.i8()?;
            let timestamp_delta = cursor.varlong()?;
            let offset_delta =
                u32::try_from(cursor.varint()?).map_err(|_| FaultKind::Shape("a negative offset delta"))?;
            let start = cursor.position();
            let key = cursor.var_bytes()?;
            let value = cursor.var_bytes()?;
            let headers_at = cursor.position();
            for _ in 0..cursor.varint()? {
                cursor.var_bytes()?;
                cursor.var_bytes()?;
            }
            if cursor.position() != end {
                return Err(FaultKind::Shape("a record whose length does not fit its fields"));
            }
            let offset =
                self.base_offset.checked_add(i64::from(offset_delta)).ok_or(FaultKind::Shape("an offset overflow"))?;
            if window.holds(offset) {
                seen += 1;
                let is_wanted = |sieve: &dyn Sieve| {
                    let part = |from: usize| block.get(from..end).unwrap_or_default();
                    (may_be_there && sieve.may_be_in(part(start))) || sieve.is_opaque(key, value, part(headers_at))
                };
                if !sieve.is_none_or(is_wanted) {
                    continue;
                }
                positions.push(Position {
                    timestamp: if append_time {
                        self.max_timestamp
                    } else {
                        self.base_timestamp.saturating_add(timestamp_delta)
                    },
                    offset_delta,
                    start: u32::try_from(start).map_err(|_| OutOfBytes)?,
                });
            }
        }
        if cursor.remaining() > 0 {
            return Err(FaultKind::Shape("bytes after its last record"));
        }
        Ok((positions, seen))
    }
}
