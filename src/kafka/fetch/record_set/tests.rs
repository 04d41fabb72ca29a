//! Record sets as brokers hold them, and as an attacker would.

use super::super::codec::{decompress, tests::compress};
use super::super::fuzz_record_set;
use super::super::sieve::{Outline, Passed};
use super::*;

use crate::domain::record::{Codec, Header, Record};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use rstest::rstest;

pub(crate) struct Wanted {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(&'static str, Option<&'static [u8]>)>,
}

pub(crate) fn plain(value: &str) -> Wanted {
    Wanted { key: None, value: Some(value.as_bytes().to_vec()), headers: Vec::new() }
}

fn zigzag(out: &mut Vec<u8>, number: i64) {
    let mut bits = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while bits >= 0x80 {
        out.push((bits & 0x7f) as u8 | 0x80);
        bits >>= 7;
    }
    out.push(bits as u8);
}

fn var_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => zigzag(out, -1),
        Some(bytes) => {
            zigzag(out, bytes.len() as i64);
            out.extend(bytes);
        }
    }
}

pub(crate) struct BatchOf {
    pub base: i64,
    pub attributes: i16,
    pub producer: i64,
    pub codec: Codec,
    pub claimed: Option<i32>,
}

impl Default for BatchOf {
    fn default() -> Self {
        Self { base: 0, attributes: 0, producer: -1, codec: Codec::None, claimed: None }
    }
}

impl BatchOf {
    pub fn at(base: i64) -> Self {
        Self { base, ..Self::default() }
    }

    pub fn with(self, records: &[Wanted]) -> Vec<u8> {
        let mut body = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let mut one = vec![0];
            zigzag(&mut one, index as i64 * 10);
            zigzag(&mut one, index as i64);
            var_bytes(&mut one, record.key.as_deref());
            var_bytes(&mut one, record.value.as_deref());
            zigzag(&mut one, record.headers.len() as i64);
            for (name, value) in &record.headers {
                var_bytes(&mut one, Some(name.as_bytes()));
                var_bytes(&mut one, *value);
            }
            zigzag(&mut body, one.len() as i64);
            body.extend(one);
        }
        self.around(&body, records.len() as i32)
    }

    fn around(&self, body: &[u8], count: i32) -> Vec<u8> {
        let packed = compress(self.codec, body);
        let codec = match self.codec {
            Codec::None => 0,
            Codec::Gzip => 1,
            Codec::Snappy => 2,
            Codec::Lz4 => 3,
            Codec::Zstd => 4,
        };
        let mut checked = Vec::new();
        checked.extend((self.attributes | codec).to_be_bytes());
        checked.extend((count - 1).max(0).to_be_bytes());
        checked.extend(1_000_i64.to_be_bytes());
        checked.extend(9_000_i64.to_be_bytes());
        checked.extend(self.producer.to_be_bytes());
        checked.extend(3_i16.to_be_bytes());
        checked.extend(40_i32.to_be_bytes());
        checked.extend(self.claimed.unwrap_or(count).to_be_bytes());
        checked.extend(packed);
        let mut batch = self.base.to_be_bytes().to_vec();
        batch.extend((9 + checked.len() as i32).to_be_bytes());
        batch.extend(0_i32.to_be_bytes());
        batch.push(2);
        batch.extend(crc32c::crc32c(&checked).to_be_bytes());
        batch.extend(checked);
        batch
    }

    /// A transaction's end. Type 0 aborts, 1 commits.
    pub fn marker(base: i64, producer: i64, kind: i16) -> Vec<u8> {
        let mut key = vec![0, 0];
        key.extend(kind.to_be_bytes());
        let record = Wanted { key: Some(key), value: Some(vec![0; 6]), headers: Vec::new() };
        Self { base, producer, attributes: 0x30, ..Self::default() }.with(&[record])
    }
}

fn read(set: &[u8], window: Window, aborted: Vec<AbortedTransaction>) -> ReadSet {
    read_record_set(set, &"t".into(), 0, window, aborted, &mut Vec::new())
}

const ALL: Window = Window { from: 0, to: None };

fn records(read: &ReadSet) -> Vec<Record> {
    read.batches.iter().flat_map(|batch| (0..batch.len()).map(|i| batch.record(i).unwrap())).collect()
}

fn offsets(read: &ReadSet) -> Vec<i64> {
    records(read).iter().map(|record| record.offset).collect()
}

#[rstest]
fn keys_values_tombstones_and_repeated_headers_survive(
    #[values(Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd)] codec: Codec,
) {
    let set = BatchOf { base: 5, codec, ..Default::default() }.with(&[
        Wanted {
            key: Some(b"k".to_vec()),
            value: Some(b"v".to_vec()),
            headers: vec![("a", Some(b"1")), ("b", None), ("a", Some(b"2"))],
        },
        Wanted { key: Some(b"k".to_vec()), value: None, headers: vec![] },
        Wanted { key: None, value: Some(Vec::new()), headers: vec![] },
    ]);
    let read = read(&set, ALL, vec![]);
    assert_eq!((read.faults.len(), read.next_offset, read.is_cut), (0, 8, false));
    let records = records(&read);
    let header = |name: &str, value: Option<&'static [u8]>| Header { name: name.into(), value: value.map(Bytes::from) };
    assert_eq!(records[0].headers, vec![header("a", Some(b"1")), header("b", None), header("a", Some(b"2"))]);
    assert_eq!(records.iter().map(|r| r.offset).collect::<Vec<_>>(), [5, 6, 7]);
    assert_eq!(records.iter().map(|r| r.timestamp.0).collect::<Vec<_>>(), [1_000, 1_010, 1_020]);
    assert_eq!(records[0].key.as_deref(), Some(&b"k"[..]));
    assert_eq!(records[1].value, None);
    assert_eq!(records[2].value.as_deref(), Some(&b""[..]));
    let facts = records[0].batch;
    assert_eq!((facts.codec, facts.records, facts.wire_bytes as usize), (codec, 3, set.len()));
    assert_eq!((facts.producer_epoch, facts.base_sequence), (3, 40));
    let batch = &read.batches[0];
    assert_eq!(batch.key(0), Some(Some(&b"k"[..])));
    assert_eq!(batch.value(1), Some(None));
    assert_eq!(batch.value(3), None);
}

#[test]
fn append_time_is_the_brokers() {
    let set = BatchOf { attributes: 1 << 3, ..Default::default() }.with(&[plain("a"), plain("b")]);
    let records = records(&read(&set, ALL, vec![]));
    assert!(records.iter().all(|r| r.timestamp.0 == 9_000 && r.batch.is_append_time));
}

#[test]
fn only_the_window_is_seen() {
    let mut set = BatchOf::at(0).with(&[plain("0"), plain("1"), plain("2")]);
    set.extend(BatchOf::at(3).with(&[plain("3"), plain("4")]));
    set.extend(BatchOf::at(5).with(&[plain("5")]));
    let read = read(&set, Window { from: 1, to: Some(4) }, vec![]);
    assert_eq!(offsets(&read), [1, 2, 3]);
    assert_eq!(read.next_offset, 5);
}

#[test]
fn a_batch_that_is_cut_waits_for_the_next_fetch() {
    let mut set = BatchOf::at(0).with(&[plain("0")]);
    set.extend(BatchOf::at(1).with(&[plain("1")]));
    for missing in 1..70 {
        let read = read(&set[..set.len() - missing], ALL, vec![]);
        assert_eq!((offsets(&read), read.next_offset, read.faults.len()), (vec![0], 1, 0));
        assert_eq!(next_offset(&set[..set.len() - missing], 0), Some(1));
    }
    assert_eq!(next_offset(&set, 0), Some(2));
}

#[test]
fn a_broken_batch_costs_only_itself() {
    let mut set = BatchOf::at(0).with(&[plain("0")]);
    let broken = set.len() + 30;
    set.extend(BatchOf::at(1).with(&[plain("1"), plain("2")]));
    set.extend(BatchOf::at(3).with(&[plain("3")]));
    set[broken] ^= 1;
    let read = read(&set, ALL, vec![]);
    assert_eq!(offsets(&read), [0, 3]);
    assert_eq!(read.faults, [BatchFault { offset: 1, next_offset: 3, kind: FaultKind::Checksum }]);
    assert_eq!(read.faults[0].to_string(), "the batch at offset 1 cannot be read: its checksum is wrong");
}

#[rstest]
#[case::more_than_there_are(7)]
#[case::fewer(1)]
#[case::two_billion(i32::MAX)]
#[case::negative(-2)]
fn a_wrong_record_count_is_a_fault(#[case] claimed: i32) {
    let set = BatchOf { claimed: Some(claimed), ..Default::default() }.with(&[plain("a"), plain("b")]);
    let read = read(&set, ALL, vec![]);
    assert_eq!((read.batches.len(), read.faults.len(), read.next_offset), (0, 1, 2));
}

#[rstest]
#[case::negative(-5)]
#[case::too_short(3)]
#[case::shorter_than_its_header(20)]
fn a_length_that_cannot_be_ends_the_set(#[case] length: i32) {
    let mut set = BatchOf::at(0).with(&[plain("0")]);
    let second = set.len();
    set.extend(BatchOf::at(1).with(&[plain("1")]));
    set[second + 8..second + 12].copy_from_slice(&length.to_be_bytes());
    let read = read(&set, ALL, vec![]);
    assert!(read.is_dead_end);
    assert_eq!(offsets(&read), [0]);
    assert_eq!(read.faults[0].kind, FaultKind::Length(length));
    assert_eq!(next_offset(&set, 0), None);
}

#[test]
fn a_length_of_two_gigabytes_is_a_cut_batch() {
    let mut set = BatchOf::at(0).with(&[plain("0")]);
    set[8..12].copy_from_slice(&i32::MAX.to_be_bytes());
    let read = read(&set, ALL, vec![]);
    assert!(read.is_cut && read.batches.is_empty());
}

#[test]
fn aborted_transactions_and_markers_are_counted_and_not_shown() {
    let transactional = |base, text| {
        BatchOf { base, producer: 7, attributes: 1 << 4, ..Default::default() }.with(&[plain(text), plain(text)])
    };
    let mut set = transactional(0, "gone");
    set.extend(BatchOf { base: 2, producer: -1, ..Default::default() }.with(&[plain("kept")]));
    set.extend(BatchOf::marker(3, 7, 0));
    set.extend(transactional(4, "kept"));
    set.extend(BatchOf::marker(6, 7, 1));
    let committed = read(&set, ALL, vec![AbortedTransaction { producer_id: 7, first_offset: 0 }]);
    assert_eq!(offsets(&committed), [2, 4, 5]);
    assert_eq!((committed.control_records, committed.aborted_records, committed.next_offset), (2, 2, 7));
    let all = read(&set, ALL, vec![]);
    assert_eq!(offsets(&all), [0, 1, 2, 4, 5]);
    let ends: Vec<(Offset, bool)> = all.markers.iter().map(|marker| (marker.offset, marker.is_commit)).collect();
    assert_eq!((ends, all.markers[0].producer_id), (vec![(3, false), (6, true)], 7));
    let part = Window { from: 4, to: Some(6) };
    assert!(read(&set, part, vec![]).markers.is_empty(), "what lies outside is not read");
}

#[test]
fn a_bomb_is_a_fault_and_the_next_batch_is_read() {
    let bomb = vec![0; super::super::MAX_PLAIN_BYTES + 1];
    let mut set = BatchOf { codec: Codec::Zstd, ..Default::default() }.around(&bomb, 1);
    set.extend(BatchOf::at(1).with(&[plain("1")]));
    let read = read(&set, ALL, vec![]);
    assert_eq!(read.faults[0].kind, FaultKind::Codec(CodecError::TooLarge));
    assert_eq!(offsets(&read), [1]);
}

fn message(magic: u8, offset: i64, attributes: u8, key: Option<&[u8]>, value: &[u8]) -> Vec<u8> {
    let mut checked = vec![magic, attributes];
    if magic == 1 {
        checked.extend((500 + offset).to_be_bytes());
    }
    checked.extend(key.map_or(-1, |key| key.len() as i32).to_be_bytes());
    checked.extend(key.unwrap_or_default());
    checked.extend((value.len() as i32).to_be_bytes());
    checked.extend(value);
    let mut crc = flate2::Crc::new();
    crc.update(&checked);
    let mut out = offset.to_be_bytes().to_vec();
    out.extend((checked.len() as i32 + 4).to_be_bytes());
    out.extend(crc.sum().to_be_bytes());
    out.extend(checked);
    out
}

#[test]
fn plain_messages_of_old_brokers_become_one_batch() {
    let mut set = message(0, 10, 0, Some(b"k"), b"a");
    set.extend(message(0, 11, 0, None, b"b"));
    set.extend(BatchOf::at(12).with(&[plain("c")]));
    let read = read(&set, Window { from: 10, to: None }, vec![]);
    assert_eq!((read.batches.len(), read.next_offset), (2, 13));
    let records = records(&read);
    assert_eq!(records.iter().map(|r| r.offset).collect::<Vec<_>>(), [10, 11, 12]);
    assert_eq!((records[0].key.as_deref(), records[0].timestamp.0), (Some(&b"k"[..]), -1));
    assert_eq!(records[1].value.as_deref(), Some(&b"b"[..]));
}

#[test]
fn a_compressed_message_set_counts_back_from_its_wrapper() {
    let inner: Vec<u8> =
        [0, 1, 4].iter().flat_map(|&o| message(1, o, 0, Some(b"k"), format!("v{o}").as_bytes())).collect();
    let set = message(1, 104, 1, None, &compress(Codec::Gzip, &inner));
    let read = read(&set, Window { from: 101, to: None }, vec![]);
    let records = records(&read);
    assert_eq!(records.iter().map(|r| (r.offset, r.timestamp.0)).collect::<Vec<_>>(), [(101, 501), (104, 504)]);
    assert_eq!(records[1].value.as_deref(), Some(&b"v4"[..]));
    assert_eq!((records[0].batch.codec, records[0].batch.records, read.next_offset), (Codec::Gzip, 3, 105));
}

#[test]
fn a_broken_old_message_costs_only_itself() {
    let mut set = message(1, 0, 0, None, b"a");
    let broken = set.len() + 20;
    set.extend(message(1, 1, 0, None, b"b"));
    set.extend(message(1, 2, 0, None, b"c"));
    set[broken] ^= 0xff;
    let read = read(&set, ALL, vec![]);
    assert_eq!(offsets(&read), [0, 2]);
    assert_eq!(read.faults[0].kind, FaultKind::Checksum);
}

/// The codec of the protocol library writes what we read.
#[test]
fn batches_of_another_writer_are_read() {
    use kafka_protocol::records::{
        Compression, Record as Theirs, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
    };
    let theirs: Vec<Theirs> = (0..50)
        .map(|i| Theirs {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 1,
            producer_id: 9,
            producer_epoch: 1,
            timestamp_type: TimestampType::Creation,
            offset: 1_000 + i,
            sequence: i as i32,
            timestamp: 1_700_000_000_000 + i * 7,
            key: (i % 3 != 0).then(|| Bytes::from(format!("key-{i}"))),
            value: (i % 5 != 0).then(|| Bytes::from("v".repeat(i as usize * 9))),
            headers: [("h".into(), Some(Bytes::from_static(b"x")))].into_iter().collect(),
        })
        .collect();
    let mut set = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut set, &theirs, &options).unwrap();
    let ours = records(&read(&set, ALL, vec![]));
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((ours.offset, ours.timestamp.0), (theirs.offset, theirs.timestamp));
        assert_eq!((&ours.key, &ours.value), (&theirs.key, &theirs.value));
        assert_eq!(ours.headers.len(), 1);
    }
}

/// Wraps `body` in a header with a true checksum, so that what lies behind the
/// checksum is reached.
fn checked(mut body: Vec<u8>) -> Vec<u8> {
    body.resize(body.len().max(50), 0);
    let mut batch = 0_i64.to_be_bytes().to_vec();
    batch.extend((9 + body.len() as i32).to_be_bytes());
    batch.extend([0, 0, 0, 0, 2]);
    batch.extend(crc32c::crc32c(&body).to_be_bytes());
    batch.extend(body);
    batch
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzz_record_set(&bytes);
    }

    #[test]
    fn arbitrary_bytes_behind_a_true_checksum_never_panic(
        codec in 0u8..8,
        body in prop::collection::vec(any::<u8>(), 0..400),
        count in prop::option::of(0i32..60),
    ) {
        let mut body = body;
        body.resize(body.len().max(50), 1);
        (body[0], body[1]) = (0, codec);
        if let Some(count) = count {
            body[36..40].copy_from_slice(&count.to_be_bytes());
        }
        fuzz_record_set(&checked(body));
    }

    #[test]
    fn a_flipped_byte_is_found_by_the_checksum(at in 21usize..200, bit in 0u8..8) {
        let mut set = BatchOf::at(0).with(&[plain(&"x".repeat(200))]);
        set[at] ^= 1 << bit;
        let read = read(&set, ALL, vec![]);
        prop_assert_eq!(&read.faults[0].kind, &FaultKind::Checksum);
    }

    #[test]
    fn what_is_written_is_read(values in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..50)), 1..20), codec in 0usize..5) {
        let codec = Codec::ALL[codec];
        let wanted: Vec<Wanted> = values.iter().map(|value| Wanted { key: value.clone(), value: value.clone(), headers: vec![] }).collect();
        let set = BatchOf { codec, ..Default::default() }.with(&wanted);
        let found: Vec<_> = records(&read(&set, ALL, vec![])).into_iter().map(|r| r.value.map(|v| v.to_vec())).collect();
        prop_assert_eq!(found, values);
    }
}

#[test]
fn scratch_is_reused() {
    let mut scratch = Vec::with_capacity(1 << 16);
    decompress(Codec::Lz4, &compress(Codec::Lz4, &[1; 5_000]), &mut scratch).unwrap();
    assert_eq!((scratch.len(), scratch.capacity()), (5_000, 1 << 16));
}

/// Wants values with an `x`, of batches that are not from before 9 s.
#[derive(Debug)]
struct Xs {
    not_before: i64,
}

impl Sieve for Xs {
    fn wants(&self, outline: &Outline) -> bool {
        outline.max_timestamp >= self.not_before
    }
    fn may_be_in(&self, block: &[u8]) -> bool {
        block.contains(&b'x')
    }
    fn is_opaque(&self, _: Option<&[u8]>, value: Option<&[u8]>, _: &[u8]) -> bool {
        value.is_some_and(|value| value.starts_with(b"?"))
    }
    fn sift(&self, batch: &Arc<Batch>) -> Option<Arc<Batch>> {
        Some(Arc::clone(batch))
    }
    fn passed(&self, _: &Passed) {}
}

fn sifted(set: &[u8], window: Window, not_before: i64) -> ReadSet {
    sift_record_set(set, &"t".into(), 0, window, Vec::new(), &mut Vec::new(), Some(&Xs { not_before }))
}

#[rstest]
fn a_sieve_leaves_out_what_is_not_wanted_and_all_of_it_is_counted(
    #[values(Codec::None, Codec::Lz4, Codec::Zstd)] codec: Codec,
) {
    let without = BatchOf { base: 0, codec, ..Default::default() }.with(&[plain("a"), plain("b"), plain("?c")]);
    let with = BatchOf { base: 3, codec, ..Default::default() }.with(&[plain("x"), plain("y")]);
    let set = [without, with].concat();
    let read = sifted(&set, ALL, 9_000);
    assert_eq!(offsets(&read), [2, 3], "what is opaque, and what holds it");
    assert_eq!((read.seen_records, read.skipped_records, read.next_offset), (5, 0, 5));
    let read = sifted(&set, Window { from: 1, to: Some(4) }, 9_000);
    assert_eq!((offsets(&read), read.seen_records), (vec![2, 3], 3));
    let read = sifted(&set, ALL, 9_001);
    assert_eq!((offsets(&read), read.seen_records, read.skipped_records), (vec![], 0, 5), "they are too old");
}

#[test]
fn a_sieve_hides_no_fault() {
    let broken = BatchOf { claimed: Some(9), ..BatchOf::at(0) }.with(&[plain("a")]);
    assert_eq!(sifted(&broken, ALL, 0).faults.len(), 1);
}

#[rstest]
fn a_part_of_a_batch_reads_as_it_did_in_the_whole(#[values(1, 40)] others: usize) {
    let wanted =
        Wanted { key: Some(b"k".to_vec()), value: None, headers: vec![("name", Some(&b"value"[..])), ("none", None)] };
    let mut all: Vec<Wanted> = (0..others).map(|_| plain("another one")).collect();
    all.insert(1, wanted);
    let read = read(&BatchOf::at(7).with(&all), ALL, Vec::new());
    let batch = &read.batches[0];
    let part = batch.only(&[1]);
    assert_eq!((part.len(), part.record(0)), (1, batch.record(1)));
    assert_eq!(part.bytes(0), batch.bytes(1));
    assert_eq!(part.pinned_bytes() < batch.pinned_bytes() / 2, others == 40, "a small part has memory of its own");
}
