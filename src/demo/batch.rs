//! Record batches, format 2: the bytes that Produce brings and Fetch returns.
//!
//! Owns the layout of a batch and nothing about which log it belongs to.
//! Invariant: what [`encode`] writes passes [`Head::parse`], [`is_intact`] and
//! [`records`], and none of these can panic on hostile bytes.

use super::codec::Codec;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::borrow::Cow;

/// The bytes before the first record.
pub(super) const HEADER: usize = 61;
/// Where the checksummed part begins.
const CHECKED_FROM: usize = 21;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// One header of a record. Names repeat freely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Cow<'static, str>,
    pub(super) value: Option<Bytes>,
}

impl Header {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, value: impl Into<Bytes>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }
}

/// What a record says, without its position.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Content {
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
    pub(super) headers: Vec<Header>,
}

/// A record within its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its offset less the batch's base offset.
    pub(super) delta: i32,
    pub(super) timestamp: i64,
    pub(super) content: Content,
}

/// All of a batch but its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) base_offset: i64,
    /// The last offset the batch covers, which compaction may leave without a record.
    pub(super) last_delta: i32,
    pub(super) leader_epoch: i32,
    pub(super) codec: Codec,
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    /// The first record's number in the producer's own count; −1 without one.
    pub(super) base_sequence: i32,
    pub(super) is_transactional: bool,
    pub(super) is_control: bool,
}

impl Envelope {
    /// A plain batch: no producer id, no transaction.
    pub(super) fn plain(base_offset: i64, last_delta: i32, leader_epoch: i32, codec: Codec) -> Self {
        Self {
            base_offset,
            last_delta,
            leader_epoch,
            codec,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            is_transactional: false,
            is_control: false,
        }
    }

    /// The same as a part of the transaction of a producer.
    pub(super) fn in_transaction(self, producer_id: i64, producer_epoch: i16) -> Self {
        Self { producer_id, producer_epoch, is_transactional: true, ..self }
    }
}

pub(super) fn encode(envelope: &Envelope, entries: &[Entry]) -> Bytes {
    let first = entries.first().map_or(-1, |entry| entry.timestamp);
    let newest = entries.iter().map(|entry| entry.timestamp).max().unwrap_or(-1);
    let mut plain = BytesMut::with_capacity(entries.len() * 128);
    let mut scratch = BytesMut::with_capacity(512);
    for entry in entries {
        scratch.clear();
        put_record(&mut scratch, entry, first);
        put_varint(&mut plain, length(&scratch));
        plain.extend_from_slice(&scratch);
    }
    let (codec, body) = match envelope.codec {
        Codec::None => (Codec::None, plain.freeze()),
        codec => match codec.pack(&plain) {
            Some(packed) => (codec, Bytes::from(packed)),
            None => (Codec::None, plain.freeze()),
        },
    };
    let mut attributes = codec.bits();
    if envelope.is_transactional {
        attributes |= TRANSACTIONAL;
    }
    if envelope.is_control {
        attributes |= CONTROL;
    }
    let mut checked = BytesMut::with_capacity(HEADER - CHECKED_FROM + body.len());
    checked.put_i16(attributes);
    checked.put_i32(envelope.last_delta);
    checked.put_i64(first);
    checked.put_i64(newest);
    checked.put_i64(envelope.producer_id);
    checked.put_i16(envelope.producer_epoch);
    checked.put_i32(envelope.base_sequence);
    checked.put_i32(i32::try_from(entries.len()).unwrap_or(i32::MAX));
    checked.extend_from_slice(&body);

    let mut out = BytesMut::with_capacity(CHECKED_FROM + checked.len());
    out.put_i64(envelope.base_offset);
    out.put_i32(i32::try_from(CHECKED_FROM - 12 + checked.len()).unwrap_or(i32::MAX));
    out.put_i32(envelope.leader_epoch);
    out.put_i8(2);
    out.put_u32(crc32c::crc32c(&checked));
    out.extend_from_slice(&checked);
    out.freeze()
}

fn put_record(out: &mut BytesMut, entry: &Entry, first: i64) {
    out.put_i8(0);
    put_varint(out, entry.timestamp.wrapping_sub(first));
    put_varint(out, i64::from(entry.delta));
    put_field(out, entry.content.key.as_deref());
    put_field(out, entry.content.value.as_deref());
    put_varint(out, length(&entry.content.headers));
    for header in &entry.content.headers {
        put_field(out, Some(header.name.as_bytes()));
        put_field(out, header.value.as_deref());
    }
}

fn length<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

fn put_field(out: &mut BytesMut, field: Option<&[u8]>) {
    match field {
        None => put_varint(out, -1),
        Some(bytes) => {
            put_varint(out, length(bytes));
            out.extend_from_slice(bytes);
        }
    }
}

/// A zigzag varint, as record batches and Avro write signed numbers.
pub(super) fn put_varint(out: &mut BytesMut, value: i64) {
    put_unsigned(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// A base-128 varint, as Protobuf writes numbers.
pub(super) fn put_unsigned(out: &mut BytesMut, mut value: u64) {
    while value > 0x7f {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// The fixed part of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) base_offset: i64,
    /// All bytes of the batch, with the twelve before the length's count begins.
    pub(super) size: usize,
    pub(super) magic: i8,
    pub(super) attributes: i16,
    pub(super) last_delta: i32,
    pub(super) max_timestamp: i64,
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    pub(super) base_sequence: i32,
    pub(super) count: i32,
}

impl Head {
    /// `None` when the bytes are too few to hold a batch header or claim a size
    /// that cannot be.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut buf = bytes.get(..HEADER)?;
        let base_offset = buf.get_i64();
        let size = usize::try_from(buf.get_i32()).ok()?.checked_add(12)?;
        buf.advance(4);
        let magic = buf.get_i8();
        buf.advance(4);
        let attributes = buf.get_i16();
        let last_delta = buf.get_i32();
        buf.advance(8);
        let max_timestamp = buf.get_i64();
        let producer_id = buf.get_i64();
        let producer_epoch = buf.get_i16();
        let base_sequence = buf.get_i32();
        let count = buf.get_i32();
        (size >= HEADER && last_delta >= 0 && count >= 0).then_some(Self {
            base_offset,
            size,
            magic,
            attributes,
            last_delta,
            max_timestamp,
            producer_id,
            producer_epoch,
            base_sequence,
            count,
        })
    }

    pub(super) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    pub(super) fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    pub(super) fn codec(&self) -> Option<Codec> {
        Codec::from_bits(self.attributes)
    }
}

/// Does the checksum of this one batch hold?
pub(super) fn is_intact(batch: &[u8]) -> bool {
    let claimed = batch.get(17..CHECKED_FROM).and_then(|crc| crc.first_chunk()).map(|crc| u32::from_be_bytes(*crc));
    batch.get(CHECKED_FROM..).is_some_and(|checked| Some(crc32c::crc32c(checked)) == claimed)
}

/// The batch with its offset and leader epoch replaced, as a leader does on
/// append: both lie outside the checksum.
pub(super) fn at_offset(batch: &[u8], base_offset: i64, leader_epoch: i32) -> Bytes {
    let mut out = BytesMut::with_capacity(batch.len());
    out.put_i64(base_offset);
    out.extend_from_slice(batch.get(8..12).unwrap_or_default());
    out.put_i32(leader_epoch);
    out.extend_from_slice(batch.get(16..).unwrap_or_default());
    out.freeze()
}

/// Every record of one batch, or `None` when it is broken anywhere.
pub(super) fn records(batch: &[u8]) -> Option<Vec<Entry>> {
    let head = Head::parse(batch)?;
    let base_timestamp = i64::from_be_bytes(*batch.get(27..35)?.first_chunk()?);
    let plain = Bytes::from(head.codec()?.unpack(batch.get(HEADER..head.size)?)?);
    let mut rest = plain;
    let mut entries = Vec::new();
    for _ in 0..head.count {
        let size = usize::try_from(take_varint(&mut rest)?).ok()?;
        let mut record = take(&mut rest, size)?;
        take(&mut record, 1)?;
        let timestamp = base_timestamp.wrapping_add(take_varint(&mut record)?);
        let delta = i32::try_from(take_varint(&mut record)?).ok()?;
        let key = take_field(&mut record)?;
        let value = take_field(&mut record)?;
        let mut headers = Vec::new();
        for _ in 0..take_varint(&mut record)? {
            let name = String::from_utf8_lossy(&take_field(&mut record)??).into_owned();
            headers.push(Header { name: name.into(), value: take_field(&mut record)? });
        }
        entries.push(Entry { delta, timestamp, content: Content { key, value, headers } });
    }
    Some(entries)
}

fn take(bytes: &mut Bytes, size: usize) -> Option<Bytes> {
    (bytes.len() >= size).then(|| bytes.split_to(size))
}

fn take_field(bytes: &mut Bytes) -> Option<Option<Bytes>> {
    match take_varint(bytes)? {
        -1 => Some(None),
        size => take(bytes, usize::try_from(size).ok()?).map(Some),
    }
}

fn take_varint(bytes: &mut Bytes) -> Option<i64> {
    let mut raw = 0u64;
    for shift in (0..70).step_by(7) {
        let byte = take(bytes, 1)?.first().copied()?;
        raw |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<Entry> {
        let content = |n: i64| Content {
            key: (n % 3 != 0).then(|| Bytes::from(format!("key-{n}"))),
            value: (n % 4 != 0).then(|| Bytes::from(vec![b'v'; 300])),
            headers: vec![
                Header::new("trace", "a"),
                Header::new("trace", "b"),
                Header { name: "x".into(), value: None },
            ],
        };
        (0..40)
            .map(|n| Entry { delta: n as i32 * 2, timestamp: 1_700_000_000_000 - n * 7, content: content(n) })
            .collect()
    }

    #[test]
    fn a_batch_survives_encoding_with_each_codec() {
        for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
            let bytes = encode(&Envelope::plain(500, 90, 7, codec), &sample());
            let head = Head::parse(&bytes).unwrap();
            assert_eq!((head.base_offset, head.size, head.magic, head.last_delta), (500, bytes.len(), 2, 90));
            assert_eq!((head.codec(), head.count, head.max_timestamp), (Some(codec), 40, 1_700_000_000_000));
            assert!(is_intact(&bytes));
            assert_eq!(records(&bytes).unwrap(), sample());
            let moved = at_offset(&bytes, 9_000, 8);
            assert!(is_intact(&moved), "offset and epoch lie outside the checksum");
            assert_eq!(Head::parse(&moved).unwrap().base_offset, 9_000);
        }
    }

    #[test]
    fn broken_batches_are_refused_wherever_they_break() {
        let bytes = encode(&Envelope::plain(0, 39, 0, Codec::None), &sample());
        for cut in 0..bytes.len() {
            assert_eq!(records(&bytes[..cut]), None, "cut at {cut}");
        }
        for at in 0..bytes.len() {
            let mut broken = bytes.to_vec();
            broken[at] ^= 0x55;
            assert!(at < CHECKED_FROM || !is_intact(&broken), "a flipped bit at {at} was not seen");
            let _ = records(&broken);
        }
    }
}
