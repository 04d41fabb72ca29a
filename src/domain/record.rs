//! Records and where to start reading them.

use super::value::Value;
use super::{Offset, PartitionId, Time, TopicName};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
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
    pub is_transactional: bool,
    /// The timestamp is the broker's, not the producer's.
    pub is_append_time: bool,
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

/// How bytes were read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// There are no bytes: a null key, a tombstone.
    Null,
    Text,
    Json,
    /// With the registry's id of the writer's schema.
    Avro {
        schema_id: i32,
    },
    Hex,
}

impl Format {
    /// The word shown beside a value and used in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text => "text",
            Self::Json => "json",
            Self::Avro { .. } => "avro",
            Self::Hex => "hex",
        }
    }
}

/// Which decoder a user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewAs {
    /// Try registry formats, then JSON, then text, then hex.
    #[default]
    Auto,
    Text,
    Json,
    Avro,
    Hex,
}

/// A decoder that was tried and why it did not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub decoder: &'static str,
    pub reason: String,
}

/// Bytes made readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    pub value: Value,
    pub format: Format,
    /// What the schema is called, where there is one: "orders.v1-value v3".
    pub schema: Option<Arc<str>>,
    /// Decoders that were tried first and why they did not fit. Not empty for a
    /// value that claims a schema and could not be read by it.
    pub attempts: Vec<Attempt>,
}

impl Decoded {
    /// The value claimed a format that could not be read.
    pub fn is_undecodable(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.decoder == "avro")
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
