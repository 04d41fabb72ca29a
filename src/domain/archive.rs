//! Records as bytes in a file, so that they can be restored as they were.
//!
//! Owns: the format. Behind eight bytes that name it, record after record: four bytes of
//! length, four of CRC-32C over what follows, then topic, partition, offset, time and its
//! type, key, value and headers; all numbers big-endian, a length of −1 is null.
//! Must not know: where the bytes come from or go to.
//! Invariant: whatever the bytes are, reading ends with records and at most one [`Torn`],
//! and takes no more memory than there are bytes. A file that ends early is a readable
//! beginning.

use super::record::{BatchFacts, Header, Record};
use super::{Offset, PartitionId, Time, TopicName};
use bytes::{Buf as _, Bytes};
use std::fmt;
use std::io::{self, Read};

/// How a file of version 1 begins.
pub const MAGIC: &[u8; 8] = b"klammR\0\x01";
/// No record is longer than this; a length beyond it is no length.
pub const LARGEST: u32 = 256 << 20;
/// Length and checksum.
const FRAME: usize = 8;

/// Where a file stops being readable, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The first byte that belongs to nothing readable.
    pub at: u64,
    pub reason: String,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.reason)
    }
}

/// One record as it stands in the file. `None`: it is longer than a file may hold.
pub fn frame(record: &Record) -> Option<Vec<u8>> {
    let mut body = vec![0; FRAME];
    let sized = |body: &mut Vec<u8>, bytes: Option<&[u8]>| {
        let length = bytes.map_or(Some(-1), |bytes| i32::try_from(bytes.len()).ok())?;
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(bytes.unwrap_or_default());
        Some(())
    };
    sized(&mut body, Some(record.topic.as_str().as_bytes()))?;
    body.extend_from_slice(&record.partition.to_be_bytes());
    body.extend_from_slice(&record.offset.to_be_bytes());
    body.extend_from_slice(&record.timestamp.millis().to_be_bytes());
    body.push(u8::from(record.batch.is_append_time));
    sized(&mut body, record.key.as_deref())?;
    sized(&mut body, record.value.as_deref())?;
    body.extend_from_slice(&i32::try_from(record.headers.len()).ok()?.to_be_bytes());
    for Header { name, value } in &record.headers {
        sized(&mut body, Some(name.as_bytes()))?;
        sized(&mut body, value.as_deref())?;
    }
    let (head, rest) = body.split_first_chunk_mut::<FRAME>()?;
    let length = u32::try_from(rest.len()).ok().filter(|length| *length <= LARGEST)?;
    let [a, b, c, d] = length.to_be_bytes();
    let [e, f, g, h] = crc32c::crc32c(rest).to_be_bytes();
    *head = [a, b, c, d, e, f, g, h];
    Some(body)
}

/// Reads records, one after the other.
#[derive(Debug)]
pub struct Archive<R> {
    input: R,
    at: u64,
    has_ended: bool,
}

impl<R: Read> Archive<R> {
    /// Begins to read; the input names its format first.
    pub fn open(mut input: R) -> io::Result<Result<Self, Torn>> {
        let begins = take(&mut input, MAGIC.len() as u64)?;
        let reason = match begins.as_slice() {
            begins if begins == MAGIC => return Ok(Ok(Self { input, at: MAGIC.len() as u64, has_ended: false })),
            begins if begins.get(..7) == MAGIC.get(..7) && begins.len() == MAGIC.len() => {
                "it was written by another klamm, in a format that this one does not know"
            }
            _ => "it is no file of records as klamm records export --format raw writes it",
        };
        Ok(Err(Torn { at: 0, reason: reason.into() }))
    }

    /// The next record; `None` at the end. After something torn nothing comes.
    pub fn read(&mut self) -> io::Result<Option<Result<Record, Torn>>> {
        if self.has_ended {
            return Ok(None);
        }
        let head = take(&mut self.input, FRAME as u64)?;
        if head.is_empty() {
            self.has_ended = true;
            return Ok(None);
        }
        let Some(head) = head.first_chunk::<FRAME>() else { return self.torn("it ends within a record") };
        let [a, b, c, d, e, f, g, h] = *head;
        let (length, checksum) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        if length > LARGEST {
            return self.torn("a length there is none");
        }
        // Memory is taken as bytes come, whatever the length says.
        let body = take(&mut self.input, u64::from(length))?;
        if body.len() as u64 != u64::from(length) {
            return self.torn("it ends within a record");
        }
        if crc32c::crc32c(&body) != checksum {
            return self.torn("the record's checksum is wrong");
        }
        let Some(record) = record_of(Bytes::from(body)) else { return self.torn("what stands there is no record") };
        self.at += FRAME as u64 + u64::from(length);
        Ok(Some(Ok(record)))
    }

    /// Bytes that were read and understood.
    pub fn at(&self) -> u64 {
        self.at
    }

    fn torn(&mut self, reason: &str) -> io::Result<Option<Result<Record, Torn>>> {
        self.has_ended = true;
        Ok(Some(Err(Torn { at: self.at, reason: reason.into() })))
    }
}

/// So many bytes, or those that are left.
fn take(input: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn record_of(mut body: Bytes) -> Option<Record> {
    let topic = text(&mut body)?;
    let partition: PartitionId = body.try_get_i32().ok().filter(|partition| *partition >= 0)?;
    let offset: Offset = body.try_get_i64().ok()?;
    let timestamp = Time(body.try_get_i64().ok()?);
    let is_append_time = match body.try_get_u8().ok()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let (key, value) = (sized(&mut body)?, sized(&mut body)?);
    let mut headers = Vec::new();
    for _ in 0..body.try_get_i32().ok()? {
        headers.push(Header { name: text(&mut body)?, value: sized(&mut body)? });
    }
    let batch = BatchFacts { is_append_time, ..BatchFacts::unknown() };
    let topic = TopicName::from(topic.as_str());
    body.is_empty().then_some(Record { topic, partition, offset, timestamp, key, value, headers, batch })
}

/// Outside `None`: it does not fit. Inside `None`: null.
fn sized(body: &mut Bytes) -> Option<Option<Bytes>> {
    let length = body.try_get_i32().ok()?;
    if length == -1 {
        return Some(None);
    }
    let length = usize::try_from(length).ok().filter(|length| *length <= body.len())?;
    Some(Some(body.split_to(length)))
}

fn text(body: &mut Bytes) -> Option<String> {
    String::from_utf8(sized(body)??.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(offset: Offset, key: Option<&[u8]>, value: Option<&[u8]>) -> Record {
        let bytes = |field: Option<&[u8]>| field.map(Bytes::copy_from_slice);
        let header = |name: &str, value: Option<&[u8]>| Header { name: name.into(), value: bytes(value) };
        let plain = Record::bare("orders.v1", Bytes::new(), Bytes::new());
        Record {
            partition: 3,
            offset,
            timestamp: Time(1_700_000_000_118),
            key: bytes(key),
            value: bytes(value),
            headers: vec![header("retry", Some(b"1")), header("retry", None), header("", Some(b""))],
            batch: BatchFacts { is_append_time: offset % 2 == 1, ..plain.batch },
            ..plain
        }
    }

    fn written(records: &[Record]) -> Vec<u8> {
        let frames = records.iter().flat_map(|record| frame(record).unwrap());
        MAGIC.iter().copied().chain(frames).collect()
    }

    fn all(bytes: &[u8]) -> (Vec<Record>, Option<Torn>) {
        let mut archive = match Archive::open(bytes).unwrap() {
            Ok(archive) => archive,
            Err(torn) => return (Vec::new(), Some(torn)),
        };
        let mut records = Vec::new();
        while let Some(read) = archive.read().unwrap() {
            match read {
                Ok(record) => records.push(record),
                Err(torn) => return (records, Some(torn)),
            }
        }
        (records, None)
    }

    #[test]
    fn records_come_back_as_they_were() {
        let records = [record(1, None, Some(b"")), record(2, Some(b""), None), record(9, Some(&[0, 255]), Some(b"v"))];
        assert_eq!(all(&written(&records)), (records.to_vec(), None));
        assert_eq!(all(&written(&[])), (vec![], None));
    }

    #[test]
    fn a_file_that_ends_early_is_a_readable_beginning() {
        let records = [record(1, None, Some(b"one")), record(2, None, Some(b"two"))];
        let (one, both) = (written(&records[..1]).len(), written(&records));
        for end in one + 1..both.len() {
            let (read, torn) = all(&both[..end]);
            assert_eq!(read, records[..1], "cut at {end}");
            assert_eq!(torn, Some(Torn { at: one as u64, reason: "it ends within a record".into() }));
        }
    }

    #[test]
    fn what_was_changed_is_told_by_its_place() {
        let records = [record(1, None, Some(b"one")), record(2, None, Some(b"two"))];
        let (at, mut bytes) = (written(&records[..1]).len(), written(&records));
        *bytes.last_mut().unwrap() ^= 1;
        let (read, torn) = all(&bytes);
        assert_eq!(read.len(), 1);
        assert_eq!(torn.unwrap().to_string(), format!("at byte {at}: the record's checksum is wrong"));
        assert!(all(b"{\"topic\":").1.unwrap().reason.starts_with("it is no file of records"));
        assert!(all(b"klammR\0\x02").1.unwrap().reason.starts_with("it was written by another klamm"));
        assert!(all(b"").1.is_some());
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(body in prop::collection::vec(any::<u8>(), 0..200), is_framed: bool) {
            let mut bytes = MAGIC.to_vec();
            if is_framed {
                bytes.extend_from_slice(&(body.len() as u32).to_be_bytes());
                bytes.extend_from_slice(&crc32c::crc32c(&body).to_be_bytes());
            }
            bytes.extend_from_slice(&body);
            let (records, torn) = all(&bytes);
            prop_assert!(records.len() as u64 + torn.map_or(0, |torn| torn.at) <= bytes.len() as u64);
        }
    }
}
