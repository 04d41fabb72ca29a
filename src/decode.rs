//! Bytes made readable.
//!
//! Owns: telling what bytes are, and turning them into a [`Value`].
//! Must not know: where bytes come from, where schemas are kept (they come
//! through [`SchemaLookup`]), the network, the clock.
//! Invariant: hostile bytes cost bounded time, memory and stack, and always
//! give an answer; what was tried before and why it did not fit stands in
//! [`Decoded::attempts`].

mod avro;
mod cbor;
mod checkpoint;
mod commit_log;
mod cursor;
mod decimal;
#[doc(hidden)]
pub mod fuzz;
mod header;
mod json;
mod json_schema;
mod kafka_topics;
mod layout;
mod messagepack;
mod moment;
mod number;
mod packed;
mod plain;
mod protobuf;
mod schema;
mod single_object;
mod text;
mod trial;

pub use checkpoint::{Checkpoint, Downstream, checkpoint};
pub use commit_log::{CommitEntry, commit_entry};
pub use header::{SchemaName, header_name, header_schema_ids, named_by_header, schema_guids};
pub use plain::{check_json, from_base64, from_hex};
pub use protobuf::imports;
pub use schema::{ProtobufSource, Reference, Unfit, WriterSchema};

use crate::domain::query::{Asked, Part};
use crate::domain::quiet;
use crate::domain::record::{Attempt, Decoded, DecodedRecord, Format, ReadAs, Record, ViewAs};
use crate::domain::value::Value;
use bytes::Bytes;
use single_object::single_object;
use std::sync::Arc;
use trial::Trial;
use uuid::Uuid;

/// How deep lists and records may lie in each other.
const MAX_DEPTH: usize = 96;
/// How many values one payload may hold.
const MAX_VALUES: usize = 2_000_000;
/// Magic byte and schema id before a registry's payload.
const FRAME_BYTES: usize = 5;
/// Magic byte and GUID before it.
const GUID_FRAME_BYTES: usize = 17;

/// Where the schemas of framed values are looked up. Never does I/O: whoever
/// calls [`decode`] fetches the ids that [`schema_id`] finds beforehand.
pub trait SchemaLookup {
    fn schema(&self, id: i32) -> SchemaState;

    /// The same by the number that a schema has in every registry.
    fn by_guid(&self, guid: u128) -> SchemaState {
        SchemaState::Missing(format!("schema {} cannot be looked up here", Uuid::from_u128(guid)))
    }

    /// The schema that somebody named for this part of the topic's records, for bytes
    /// that name none; or why it cannot be used.
    fn of_topic(&self, _topic: &str, _part: Part) -> Option<&Result<Arc<WriterSchema>, String>> {
        None
    }

    /// The one among those with this fingerprint (CRC-64-AVRO of its canonical form).
    fn by_fingerprint(&self, _fingerprint: u64) -> Option<Arc<WriterSchema>> {
        None
    }
}

/// What is known of a schema id.
#[derive(Clone, Debug)]
pub enum SchemaState {
    Ready(Arc<WriterSchema>),
    /// Why there is none, as a clause.
    Missing(String),
    /// Asked for, not there yet.
    Pending,
}

/// For a cluster without a registry.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSchemas;

impl SchemaLookup for NoSchemas {
    fn schema(&self, id: i32) -> SchemaState {
        SchemaState::Missing(format!("schema {id} cannot be looked up: the profile names no registry"))
    }
}

/// The schema id that a payload in a registry's framing begins with, and what follows: a
/// zero byte, then the id. Ids count from 1, so that a big-endian number of eight bytes is
/// not taken for one.
pub fn framed(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (prefix, payload) = bytes.split_first_chunk::<FRAME_BYTES>()?;
    let [0, id @ ..] = *prefix else {
        return None;
    };
    Some((i32::from_be_bytes(id), payload)).filter(|(id, _)| *id > 0)
}

/// The id alone.
pub fn schema_id(bytes: &[u8]) -> Option<i32> {
    framed(bytes).map(|(id, _)| id)
}

/// The payload in that framing.
pub fn frame(id: i32, payload: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], payload].concat()
}

/// The GUID of a schema that a payload begins with: a byte of 1, then the GUID.
pub fn schema_guid(bytes: &[u8]) -> Option<u128> {
    let (prefix, _) = bytes.split_first_chunk::<GUID_FRAME_BYTES>()?;
    let [1, guid @ ..] = *prefix else {
        return None;
    };
    Some(u128::from_be_bytes(guid))
}

/// What is in these bytes, where they say that they are packed and can be unpacked.
pub fn unpacked(bytes: &[u8]) -> Option<Bytes> {
    packed::unpack_all(bytes)
}

/// How keys and values of one topic are read: what their bytes say before they are
/// decoded.
#[derive(Clone, Copy, Debug)]
pub struct TopicView {
    key: PartView,
    value: PartView,
}

impl TopicView {
    pub fn new(topic: &str, read_as: ReadAs, schemas: &dyn SchemaLookup) -> Self {
        let is_kept = kafka_topics::is_kept(topic);
        let of = |part, view| PartView { view, is_kept, has_schema: schemas.of_topic(topic, part).is_some() };
        Self { key: of(Part::Key, read_as.key), value: of(Part::Value, read_as.value) }
    }

    pub fn part(&self, part: Part) -> PartView {
        match part {
            Part::Key => self.key,
            Part::Value => self.value,
        }
    }
}

/// The same of one of the two.
#[derive(Clone, Copy, Debug)]
pub struct PartView {
    view: ViewAs,
    /// Kafka keeps its own there, which is read by its layouts.
    is_kept: bool,
    /// Somebody named a schema for it.
    has_schema: bool,
}

impl PartView {
    /// Are these bytes shown as they are? Not where they say of themselves what they
    /// are, or look like a document, which may be read as something else.
    pub fn is_plain(self, bytes: &[u8]) -> bool {
        match self.view {
            ViewAs::Hex => true,
            ViewAs::Text => !self.reads_differently(bytes),
            ViewAs::Auto => !self.reads_differently(bytes) && !looks_like_a_document(bytes),
            ViewAs::Json
            | ViewAs::Xml
            | ViewAs::Avro
            | ViewAs::Protobuf
            | ViewAs::MessagePack
            | ViewAs::Cbor
            | ViewAs::Number(_)
            | ViewAs::Uuid
            | ViewAs::Base64 => false,
        }
    }

    /// Does their meaning not show in the bytes: is there a schema to be read by, are
    /// they packed, or is there nothing that could be text?
    pub fn is_opaque(self, bytes: &[u8]) -> bool {
        self.reads_differently(bytes) || memchr::memchr(0, bytes).is_some() || std::str::from_utf8(bytes).is_err()
    }

    /// Whether the readable value may hold other text than the bytes do. Of a topic of
    /// Kafka's own it always may.
    pub fn reads_differently(self, bytes: &[u8]) -> bool {
        match self.view {
            ViewAs::Text | ViewAs::Json | ViewAs::Xml => packed::packing(bytes).is_some(),
            ViewAs::Auto => {
                self.is_kept
                    || self.has_schema
                    || schema_id(bytes).is_some()
                    || schema_guid(bytes).is_some()
                    || single_object(bytes).is_some()
                    || packed::packing(bytes).is_some()
                    || messagepack::begins_a_map(bytes)
                    || cbor::begins_a_map(bytes)
            }
            ViewAs::Hex => false,
            ViewAs::Avro
            | ViewAs::Protobuf
            | ViewAs::MessagePack
            | ViewAs::Cbor
            | ViewAs::Number(_)
            | ViewAs::Uuid
            | ViewAs::Base64 => true,
        }
    }
}

fn looks_like_a_document(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[' | b'<'))
}

/// Makes a key or value readable as `view` says. `ViewAs::Auto` takes what the bytes
/// say of themselves (packed, a schema) at their word, then tries JSON, XML, text,
/// MessagePack and CBOR, and shows bytes when none fits.
pub fn decode(bytes: Option<&Bytes>, view: ViewAs, schemas: &dyn SchemaLookup) -> Decoded {
    decode_part(bytes, view, schemas, None, &Asked::All)
}

/// Makes a record readable: what its topic and its key say of it counts too.
pub fn decode_record(record: Record, read_as: ReadAs, schemas: &dyn SchemaLookup) -> DecodedRecord {
    let key = decode_part(record.key.as_ref(), read_as.key, schemas, Some((&record, Part::Key)), &Asked::All);
    let value = decode_part(record.value.as_ref(), read_as.value, schemas, Some((&record, Part::Value)), &Asked::All);
    DecodedRecord { record, key, value }
}

/// Makes one part of a record readable, as far as it is asked for: fields that are not
/// may be missing.
pub fn decode_asked(
    record: &Record,
    part: Part,
    read_as: ReadAs,
    schemas: &dyn SchemaLookup,
    asked: &Asked,
) -> Decoded {
    let (bytes, view) = match part {
        Part::Key => (&record.key, read_as.key),
        Part::Value => (&record.value, read_as.value),
    };
    decode_part(bytes.as_ref(), view, schemas, Some((record, part)), asked)
}

fn decode_part(
    bytes: Option<&Bytes>,
    view: ViewAs,
    schemas: &dyn SchemaLookup,
    within: Option<(&Record, Part)>,
    asked: &Asked,
) -> Decoded {
    let Some(bytes) = bytes else {
        return Decoded {
            value: Value::Null,
            format: Format::Null,
            schema: None,
            written: None,
            packed: Vec::new(),
            attempts: Vec::new(),
        };
    };
    // A decoder that panics is a bug; it must not take the console with it.
    quiet::catch(|| Trial::new(schemas, within, asked).run(bytes, view)).unwrap_or_else(|| {
        let reason = "the decoder failed on these bytes; please report this".to_owned();
        Decoded {
            value: Value::Bytes(bytes.clone()),
            format: Format::Hex,
            schema: None,
            written: None,
            packed: Vec::new(),
            attempts: vec![Attempt { decoder: "klamm", reason, is_claim: true }],
        }
    })
}

/// The bytes that this text writes in hexadecimal digits.
#[cfg(test)]
fn hex(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests;
