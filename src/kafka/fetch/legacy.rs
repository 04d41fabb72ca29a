//! Messages of versions 0 and 1, which brokers still hold in logs written
//! before 0.11.
//!
//! A message is a frame of its own; a compressed one holds a whole set as its
//! value. Plain messages in a row become one [`Batch`], so that a reader does
//! not pay for each.

use super::batch::{Batch, Layout, Position};
use super::codec::{codec_of, decompress};
use super::cursor::{Cursor, OutOfBytes};
use super::record_set::{FaultKind, Window};
use crate::domain::record::{BatchFacts, Codec};
use crate::domain::{Offset, PartitionId, TopicName};
use bytes::Bytes;
use std::sync::Arc;

/// Offset, size and checksum come before what the checksum covers.
const CHECKED_FROM: usize = 16;
/// The shortest message: version 0 with a null key and a null value.
const SHORTEST_MESSAGE: usize = 26;
const APPEND_TIME: i16 = 1 << 3;
/// What a message without a timestamp is said to have.
const NO_TIMESTAMP: i64 = -1;

struct Message<'a> {
    offset: Offset,
    attributes: i16,
    timestamp: i64,
    magic: i8,
    /// Where the key's length stands in the frame.
    body: usize,
    value: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    fn read(frame: &'a [u8]) -> Result<Self, FaultKind> {
        let mut cursor = Cursor::new(frame);
        let offset = cursor.i64()?;
        cursor.i32()?;
        let checksum = cursor.u32()?;
        let mut crc = flate2::Crc::new();
        crc.update(frame.get(CHECKED_FROM..).ok_or(OutOfBytes)?);
        if crc.sum() != checksum {
            return Err(FaultKind::Checksum);
        }
        let magic = cursor.i8()?;
        let attributes = i16::from(cursor.i8()?);
        let timestamp = match magic {
            0 => NO_TIMESTAMP,
            1 => cursor.i64()?,
            other => return Err(FaultKind::Magic(other)),
        };
        let body = cursor.position();
        cursor.fixed_bytes()?;
        let value = cursor.fixed_bytes()?;
        if cursor.remaining() > 0 {
            return Err(FaultKind::Shape("bytes after its last record"));
        }
        Ok(Self { offset, attributes, timestamp, magic, body, value })
    }
}

/// Plain messages that follow each other.
pub(super) struct Run<'a> {
    topic: &'a TopicName,
    partition: PartitionId,
    window: Window,
    block: Vec<u8>,
    messages: Vec<(Offset, i64, usize)>,
    append_time: bool,
}

impl<'a> Run<'a> {
    pub fn new(topic: &'a TopicName, partition: PartitionId, window: Window) -> Self {
        Self { topic, partition, window, block: Vec::new(), messages: Vec::new(), append_time: false }
    }

    /// Takes one frame of the set: a message, or a compressed set of them.
    pub fn entry(
        &mut self,
        frame: &[u8],
        batches: &mut Vec<Arc<Batch>>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), FaultKind> {
        let message = Message::read(frame)?;
        let codec = codec_of(message.attributes)?;
        if codec != Codec::None {
            self.flush(batches);
            let packed = message.value.ok_or(FaultKind::Shape("no value to decompress"))?;
            decompress(codec, packed, scratch)?;
            self.inner_set(&message, scratch)?;
            self.emit(codec, frame.len(), batches);
            return Ok(());
        }
        self.append_time = message.attributes & APPEND_TIME != 0;
        let start = self.block.len() + message.body;
        self.block.extend_from_slice(frame);
        self.messages.push((message.offset, message.timestamp, start));
        Ok(())
    }

    /// Ends the run of plain messages.
    pub fn flush(&mut self, batches: &mut Vec<Arc<Batch>>) {
        self.emit(Codec::None, self.block.len(), batches);
    }

    /// Takes the messages of a decompressed set. From version 1 their offsets
    /// count from 0 and the wrapper holds the last one's.
    fn inner_set(&mut self, wrapper: &Message<'_>, set: &[u8]) -> Result<(), FaultKind> {
        let mut messages = Vec::with_capacity(set.len() / SHORTEST_MESSAGE);
        let mut at = 0;
        while at < set.len() {
            let mut cursor = Cursor::at(set, at);
            cursor.i64()?;
            let size = usize::try_from(cursor.i32()?).map_err(|_| FaultKind::Shape("a negative message length"))?;
            let end = cursor.position().checked_add(size).ok_or(OutOfBytes)?;
            let inner = Message::read(set.get(at..end).ok_or(OutOfBytes)?)?;
            if codec_of(inner.attributes)? != Codec::None {
                return Err(FaultKind::Shape("a compressed set within a compressed set"));
            }
            messages.push((inner.offset, inner.timestamp, at + inner.body));
            at = end;
        }
        let last = messages.last().map_or(0, |(offset, ..)| *offset);
        let base = if wrapper.magic == 0 { 0 } else { wrapper.offset.saturating_sub(last) };
        self.append_time = wrapper.attributes & APPEND_TIME != 0;
        for (offset, timestamp, _) in &mut messages {
            *offset = offset.saturating_add(base);
            if self.append_time {
                *timestamp = wrapper.timestamp;
            }
        }
        self.messages = messages;
        self.block.extend_from_slice(set);
        Ok(())
    }

    fn emit(&mut self, codec: Codec, wire_bytes: usize, batches: &mut Vec<Arc<Batch>>) {
        let block = Bytes::copy_from_slice(&self.block);
        self.block.clear();
        let messages = std::mem::take(&mut self.messages);
        let records = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        let wanted = messages.iter().filter(|(offset, ..)| self.window.holds(*offset));
        let Some(base) = wanted.clone().map(|(offset, ..)| *offset).min() else {
            return;
        };
        let positions: Vec<Position> = wanted
            .filter_map(|&(offset, timestamp, start)| {
                Some(Position {
                    timestamp,
                    offset_delta: u32::try_from(offset.checked_sub(base)?).ok()?,
                    start: u32::try_from(start).ok()?,
                })
            })
            .collect();
        let facts = BatchFacts {
            codec,
            records,
            wire_bytes: u32::try_from(wire_bytes).unwrap_or(u32::MAX),
            plain_bytes: u32::try_from(block.len()).unwrap_or(u32::MAX),
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            base_offset: base,
            leader_epoch: -1,
            is_transactional: false,
            is_append_time: self.append_time,
        };
        let batch = Batch::new(self.topic, self.partition, base, facts, Layout::Wide, block, positions);
        batches.push(Arc::new(batch));
    }
}
