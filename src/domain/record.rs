//! Records and where to start reading them.

use super::value::Value;
use super::writing::SchemaChoice;
use super::{Offset, PartitionId, Time, TopicName};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A header. Names may repeat and their order is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: Option<Bytes>,
}

/// What of transactions is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Everything, also what was or may still be aborted.
    #[default]
    Uncommitted,
    Committed,
}

/// Bounds of what is read, besides those of the logs and of where reading starts.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Within {
    /// Nothing before these.
    pub from: BTreeMap<PartitionId, Offset>,
    /// Nothing from these on.
    pub to: BTreeMap<PartitionId, Offset>,
}

impl Within {
    /// What is left of a log from `start` to `end`; empty rather than turned around.
    pub fn narrow(&self, partition: PartitionId, start: Offset, end: Offset) -> (Offset, Offset) {
        let end = self.to.get(&partition).map_or(end, |to| end.min(*to)).max(start);
        (self.from.get(&partition).map_or(start, |from| start.max(*from)).min(end), end)
    }
}

/// May records be read that only remote storage holds? That is slow, and costs
/// where it is paid by the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TieredRead {
    /// Nothing is read before somebody said so.
    #[default]
    Ask,
    Allowed,
}

/// What of a read lies in remote storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TieredPart {
    pub partitions: usize,
    /// At most; offsets have gaps.
    pub records: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Codec {
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// What a record shares with the others of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchFacts {
    pub codec: Codec,
    /// Records in the batch.
    pub records: u32,
    /// Bytes on the wire, header included.
    pub wire_bytes: u32,
    /// Bytes after decompression.
    pub plain_bytes: u32,
    /// −1 without idempotence.
    pub producer_id: i64,
    pub producer_epoch: i16,
    /// The first record's sequence number, −1 without idempotence.
    pub base_sequence: i32,
    /// The first record's offset, as the batch was written.
    pub base_offset: Offset,
    /// Which leader wrote it down, −1 where that was not kept.
    pub leader_epoch: i32,
    pub is_transactional: bool,
    /// The timestamp is the broker's, not the producer's.
    pub is_append_time: bool,
}

impl BatchFacts {
    /// Of a record that is known without its batch.
    pub(crate) fn unknown() -> Self {
        Self {
            codec: Codec::None,
            records: 1,
            wire_bytes: 0,
            plain_bytes: 0,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            base_offset: 0,
            leader_epoch: -1,
            is_transactional: false,
            is_append_time: false,
        }
    }

    /// The sequence number of the record at `offset`; `None` without idempotence. They
    /// begin anew at 0 behind the largest.
    pub fn sequence(&self, offset: Offset) -> Option<i32> {
        let delta = i32::try_from(offset.checked_sub(self.base_offset)?).ok()?;
        let sequence = i64::from(self.base_sequence) + i64::from(delta);
        let wrapped = if sequence > i64::from(i32::MAX) { sequence - i64::from(i32::MAX) - 1 } else { sequence };
        i32::try_from(wrapped).ok().filter(|_| self.base_sequence >= 0 && delta >= 0)
    }
}

/// A record as it was read. Key, value and headers share the batch's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub topic: TopicName,
    pub partition: PartitionId,
    pub offset: Offset,
    pub timestamp: Time,
    pub key: Option<Bytes>,
    /// `None` is a tombstone.
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
    pub batch: BatchFacts,
}

impl Record {
    /// A key and a value of a topic, and nothing else: for feeding noise to.
    pub(crate) fn bare(topic: &str, key: Bytes, value: Bytes) -> Self {
        let batch = BatchFacts::unknown();
        Self {
            topic: topic.into(),
            partition: 0,
            offset: 0,
            timestamp: Time(0),
            key: Some(key),
            value: Some(value),
            headers: Vec::new(),
            batch,
        }
    }
}

/// A number of a fixed size, most significant byte first, as Kafka's serializers
/// write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberType {
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
}

impl NumberType {
    pub fn word(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// Bytes of one.
    pub fn size(self) -> usize {
        match self {
            Self::Int8 => 1,
            Self::Int16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Int64 | Self::Float64 => 8,
        }
    }
}

/// How bytes were read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// There are no bytes: a null key, a tombstone.
    Null,
    Text,
    Json,
    /// With the registry's id of the writer's schema; without where the schema
    /// was found in another way.
    Avro {
        schema_id: Option<i32>,
    },
    /// As for Avro.
    Protobuf {
        schema_id: Option<i32>,
    },
    /// JSON that names a JSON Schema. As for Avro.
    JsonSchema {
        schema_id: Option<i32>,
    },
    Xml,
    MessagePack,
    Cbor,
    Number(NumberType),
    Uuid,
    /// A record of Kafka's own: of an internal topic, or of one that Connect or
    /// MirrorMaker keeps.
    Kafka,
    Hex,
}

impl Format {
    /// The word used in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text => "text",
            Self::Json => "json",
            Self::Avro { .. } => "avro",
            Self::Protobuf { .. } => "protobuf",
            Self::JsonSchema { .. } => "json-schema",
            Self::Xml => "xml",
            Self::MessagePack => "messagepack",
            Self::Cbor => "cbor",
            Self::Number(number) => number.word(),
            Self::Uuid => "uuid",
            Self::Kafka => "kafka",
            Self::Hex => "hex",
        }
    }

    /// How people write it, beside a value on screen.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text => "text",
            Self::Json => "JSON",
            Self::Avro { .. } => "Avro",
            Self::Protobuf { .. } => "Protobuf",
            Self::JsonSchema { .. } => "JSON Schema",
            Self::Xml => "XML",
            Self::MessagePack => "MessagePack",
            Self::Cbor => "CBOR",
            Self::Number(number) => number.word(),
            Self::Uuid => "UUID",
            Self::Kafka => "Kafka",
            Self::Hex => "bytes",
        }
    }

    /// The registry's id of the writer's schema, where it has one.
    pub fn schema_id(&self) -> Option<i32> {
        match self {
            Self::Avro { schema_id } | Self::Protobuf { schema_id } | Self::JsonSchema { schema_id } => *schema_id,
            Self::Null
            | Self::Text
            | Self::Json
            | Self::Xml
            | Self::MessagePack
            | Self::Cbor
            | Self::Number(_)
            | Self::Uuid
            | Self::Kafka
            | Self::Hex => None,
        }
    }
}

/// What lay around a key or value, beside the compression of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    Gzip,
    Zstd,
    Base64,
}

impl Packing {
    pub fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Base64 => "base64",
        }
    }
}

/// Which decoder a user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewAs {
    /// Try what the topic, the headers and the bytes themselves say, then text,
    /// then hex.
    #[default]
    Auto,
    Text,
    Json,
    Avro,
    Protobuf,
    Xml,
    MessagePack,
    Cbor,
    Number(NumberType),
    Uuid,
    Base64,
    Hex,
}

impl ViewAs {
    /// How people write it, beside a value on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Auto => "what fits",
            Self::Text => "text",
            Self::Json => "JSON",
            Self::Avro => "Avro",
            Self::Protobuf => "Protobuf",
            Self::Xml => "XML",
            Self::MessagePack => "MessagePack",
            Self::Cbor => "CBOR",
            Self::Number(number) => number.word(),
            Self::Uuid => "UUID",
            Self::Base64 => "Base64",
            Self::Hex => "hex",
        }
    }
}

/// How a record's key and its value are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct ReadAs {
    pub key: ViewAs,
    pub value: ViewAs,
}

impl ReadAs {
    /// How people write it: one format, or the key's and the value's.
    pub fn title(self) -> String {
        if self.key == self.value {
            return self.value.title().to_owned();
        }
        format!("{} / {}", self.key.title(), self.value.title())
    }
}

impl From<ViewAs> for ReadAs {
    /// Both the same.
    fn from(view: ViewAs) -> Self {
        Self { key: view, value: view }
    }
}

/// A decoder that was tried and why it did not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub decoder: &'static str,
    pub reason: String,
    /// The user, the topic or the bytes themselves say that they are this. Without,
    /// it was only a guess.
    pub is_claim: bool,
}

/// Bytes made readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    pub value: Value,
    pub format: Format,
    /// What the schema is called, where there is one: "orders.v1-value v3".
    pub schema: Option<Arc<str>>,
    /// By what it can be written so again, where its schema has a number.
    pub written: Option<SchemaChoice>,
    /// What the bytes were unpacked from before they were read, the outermost first.
    pub packed: Vec<Packing>,
    /// Decoders that were tried first and why they did not fit. Not empty for a
    /// value that claims a schema and could not be read by it.
    pub attempts: Vec<Attempt>,
}

impl Decoded {
    /// The value claimed a format that could not be read.
    pub fn is_undecodable(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.is_claim)
    }
}

/// A record with its key and value made readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedRecord {
    pub record: Record,
    pub key: Decoded,
    pub value: Decoded,
}

/// Where reading begins, per partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartAt {
    Earliest,
    /// Only what is written from now on.
    End,
    /// The newest N records of the topic, spread over its partitions.
    Latest(u64),
    Offset(Offset),
    /// The first record at or after this time.
    Time(Time),
}
