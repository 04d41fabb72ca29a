//! Hostile bytes for each decoder: the bodies of the fuzz targets of the same names, and
//! of the property tests.
//!
//! Each must give an answer, in bounded time and memory, and never panic.

use super::schema::{self, WriterSchema};
use super::{
    ProtobufSource, SchemaLookup, SchemaState, cbor, decode, decode_record, imports, json, kafka_topics, messagepack,
    number, packed, protobuf, text,
};
use crate::domain::record::{NumberType, Packing, ReadAs, Record};
use crate::domain::topic_formats::WORDS;
use crate::domain::xml as xml_text;
use bytes::Bytes;
use std::hint::black_box;
use std::sync::{Arc, LazyLock};

/// One schema, whatever it is looked up by.
struct Every(Arc<WriterSchema>);

impl SchemaLookup for Every {
    fn schema(&self, _: i32) -> SchemaState {
        SchemaState::Ready(Arc::clone(&self.0))
    }

    fn by_guid(&self, _: u128) -> SchemaState {
        SchemaState::Ready(Arc::clone(&self.0))
    }

    fn by_fingerprint(&self, _: u64) -> Option<Arc<WriterSchema>> {
        Some(Arc::clone(&self.0))
    }
}

static AVRO: LazyLock<Option<Arc<WriterSchema>>> =
    LazyLock::new(|| WriterSchema::parse(schema::EVERY_TYPE, "AVRO", &[], None).ok().map(Arc::new));
static PROTOBUF: LazyLock<Option<Arc<WriterSchema>>> =
    LazyLock::new(|| WriterSchema::parse(protobuf::EVERY_TYPE, "PROTOBUF", &[], None).ok().map(Arc::new));

/// The data behind each frame that names a schema, and without one, read as everything.
fn framed(data: &[u8], schema: &LazyLock<Option<Arc<WriterSchema>>>) {
    let Some(schema) = &**schema else { return };
    let lookup = Every(Arc::clone(schema));
    let by_id: &[u8] = &[0, 0, 0, 0, 1];
    let by_guid: &[u8] = &[1; 17];
    let by_fingerprint: &[u8] = &[0xc3, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    for frame in [by_id, by_guid, by_fingerprint, &[]] {
        let bytes = Bytes::from([frame, data].concat());
        for (_, view) in WORDS {
            black_box(decode(Some(&bytes), *view, &lookup).value.to_json());
        }
    }
}

/// Values against a schema of every type.
pub fn avro(data: &[u8]) {
    framed(data, &AVRO);
}

/// The same, and texts and descriptors that schemas are made of.
pub fn protobuf(data: &[u8]) {
    framed(data, &PROTOBUF);
    let bytes = Bytes::copy_from_slice(data);
    // Whether they are one does not matter here.
    let _ = black_box(protobuf::read_without_schema(&bytes));
    let _ = black_box(WriterSchema::protobuf(&ProtobufSource::Descriptors(&bytes), &[], None, None));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = black_box(WriterSchema::protobuf(&ProtobufSource::Text(text), &[], Some("a.B"), None));
        let _ = black_box(imports(text));
    }
}

pub fn messagepack(data: &[u8]) {
    if let Ok((value, _)) = messagepack::read(&Bytes::copy_from_slice(data)) {
        black_box(value.to_json());
    }
}

pub fn cbor(data: &[u8]) {
    if let Ok((value, _)) = cbor::read(&Bytes::copy_from_slice(data)) {
        black_box(value.to_json());
    }
}

pub fn json(data: &[u8]) {
    if let Ok(value) = json::read(data) {
        black_box(value.to_json());
    }
}

pub fn xml(data: &[u8]) {
    if let Ok(text) = text::read(data) {
        let _ = black_box(xml_text::check(text));
        let _ = black_box(xml_text::indented(text));
    }
}

/// Numbers and UUIDs.
pub fn numbers(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    for kind in [
        NumberType::Int8,
        NumberType::Int16,
        NumberType::Int32,
        NumberType::Int64,
        NumberType::Float32,
        NumberType::Float64,
    ] {
        let _ = black_box(number::read(&bytes, kind));
    }
    let _ = black_box(number::uuid(&bytes));
}

/// gzip, zstd and Base64.
pub fn packed(data: &[u8]) {
    for packing in [Packing::Gzip, Packing::Zstd, Packing::Base64] {
        let _ = black_box(packed::unpack(data, packing));
    }
    black_box(packed::unpack_all(data));
}

/// Records of each topic that Kafka keeps. The first byte says how long the key is.
pub fn kafka_topics(data: &[u8]) {
    let Some(schema) = &*PROTOBUF else { return };
    let lookup = Every(Arc::clone(schema));
    let data = Bytes::copy_from_slice(data);
    let key = data.first().map_or(0, |length| usize::from(*length)).min(data.len().saturating_sub(1));
    let (begin, end) = (data.len().min(1), (key + 1).min(data.len()));
    for topic in kafka_topics::EVERY {
        let record = Record::bare(topic, data.slice(begin..end), data.slice(end..));
        black_box(decode_record(record, ReadAs::default(), &lookup));
    }
}

/// A JSON Schema in the first line, and a value to hold against it in the others; the value
/// is written as Avro and as Protobuf, too.
pub fn writing(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (schema, value) = data.split_at(end);
    if let Ok(text) = std::str::from_utf8(schema)
        && let Ok(schema) = WriterSchema::parse_to_write(text, "JSON", &[], None)
    {
        // Whether it fits does not matter here.
        let _ = black_box(schema.write(value));
        black_box(schema.unchecked());
    }
    for schema in [&AVRO, &PROTOBUF] {
        let _ = black_box(schema.as_ref().map(|schema| schema.write(value)));
    }
}

/// All of them.
pub fn formats(data: &[u8]) {
    for body in [avro, protobuf, messagepack, cbor, json, xml, numbers, packed, kafka_topics, writing] {
        body(data);
    }
}
