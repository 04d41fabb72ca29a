//! Records of the topics in which Kafka keeps its own: commits and groups,
//! transactions, share groups, and MirrorMaker's.
//!
//! Layouts: `group-coordinator`, `transaction-coordinator` and `share-coordinator` in
//! `src/main/resources/common/message`, `ConsumerProtocol*.json`, and the classes
//! `OffsetSync`, `Checkpoint` and `Heartbeat` of Apache Kafka. What Connect keeps, and
//! `_schemas`, is JSON and needs nothing here.
//!
//! Invariant: a type or a version that is not known is said, and never read as if it
//! were another.

mod groups;

use super::cursor::Broken;
use super::layout::Kind::{I16, I32, I64, Many, Structs, Text, Time, U16, Uuid, Word};
use super::layout::{Field, Layout, Reader};
use crate::domain::mirror::Mirror;
use crate::domain::value::Value;
use bytes::Bytes;
use groups::COMMITS;
use std::sync::Arc;

/// What is kept in one topic.
struct Keeper {
    records: &'static [Entry],
    /// Keys begin with the type of the record, values with a version.
    has_types: bool,
    /// Nobody else calls a topic so.
    is_certain: bool,
}

/// A type of record.
struct Entry {
    types: &'static [i16],
    name: &'static str,
    key: &'static [Field],
    /// Of one version several may be there, where Kafka changed its mind: the first
    /// that fits is taken.
    values: &'static [Layout],
}

const fn classic(from: i16, to: i16, fields: &'static [Field]) -> Layout {
    Layout { versions: (from, to), is_flexible: false, fields, tagged: &[] }
}

const fn flexible(version: i16, fields: &'static [Field], tagged: &'static [(u64, Field)]) -> Layout {
    Layout { versions: (version, version), is_flexible: true, fields, tagged }
}

const TRANSACTION_STATE: &[(i8, &str)] = &[
    (0, "Empty"),
    (1, "Ongoing"),
    (2, "PrepareCommit"),
    (3, "PrepareAbort"),
    (4, "CompleteCommit"),
    (5, "CompleteAbort"),
    (6, "Dead"),
    (7, "PrepareEpochFence"),
];
const TRANSACTION: &[Field] = &[
    ("producerId", I64),
    ("producerEpoch", I16),
    ("transactionTimeoutMs", I32),
    ("transactionStatus", Word(TRANSACTION_STATE)),
    ("transactionPartitions", Structs(&[("topic", Text), ("partitionIds", Many(&I32))])),
    ("transactionLastUpdateTimestamp", Time),
    ("transactionStartTimestamp", Time),
];
const TRANSACTIONS: Keeper = Keeper {
    has_types: true,
    is_certain: true,
    records: &[Entry {
        types: &[0],
        name: "TransactionLog",
        key: &[("transactionalId", Text)],
        values: &[
            classic(0, 0, TRANSACTION),
            flexible(
                1,
                TRANSACTION,
                &[
                    (0, ("previousProducerId", I64)),
                    (1, ("nextProducerId", I64)),
                    (2, ("clientTransactionVersion", I16)),
                    (3, ("nextProducerEpoch", I16)),
                ],
            ),
        ],
    }],
};

const SHARE_KEY: &[Field] = &[("group", Text), ("topicId", Uuid), ("partition", I32)];
const DELIVERY_STATE: &[(i8, &str)] = &[(0, "available"), (1, "acquired"), (2, "acknowledged"), (4, "archived")];
const BATCHES: &[Field] =
    &[("firstOffset", I64), ("lastOffset", I64), ("deliveryState", Word(DELIVERY_STATE)), ("deliveryCount", I16)];
const COMPLETE: &[(u64, Field)] = &[(0, ("deliveryCompleteCount", I32))];
macro_rules! snapshot {
    ($epoch:expr $(, $time:literal)*) => {
        flexible(
            0,
            &[
                ("snapshotEpoch", $epoch),
                ("stateEpoch", I32),
                ("leaderEpoch", I32),
                ("startOffset", I64),
                $(($time, Time),)*
                ("stateBatches", Structs(BATCHES)),
            ],
            COMPLETE,
        )
    };
}
const fn update(fields: &'static [Field]) -> Layout {
    flexible(0, fields, COMPLETE)
}
const SHARE_STATE: Keeper = Keeper {
    has_types: true,
    is_certain: true,
    records: &[
        Entry {
            types: &[0],
            name: "ShareSnapshot",
            key: SHARE_KEY,
            values: &[snapshot!(I32, "createTimestamp", "writeTimestamp"), snapshot!(I32), snapshot!(U16)],
        },
        Entry {
            types: &[1],
            name: "ShareUpdate",
            key: SHARE_KEY,
            values: &[
                update(&[
                    ("snapshotEpoch", I32),
                    ("leaderEpoch", I32),
                    ("startOffset", I64),
                    ("stateBatches", Structs(BATCHES)),
                ]),
                update(&[
                    ("snapshotEpoch", U16),
                    ("leaderEpoch", I32),
                    ("startOffset", I64),
                    ("stateBatches", Structs(BATCHES)),
                ]),
            ],
        },
    ],
};

const OFFSETS: &[Field] = &[("upstreamOffset", I64), ("downstreamOffset", I64)];
const OFFSET_SYNCS: Keeper = Keeper {
    has_types: false,
    is_certain: true,
    records: &[Entry {
        types: &[],
        name: "OffsetSync",
        key: &[("topic", Text), ("partition", I32)],
        values: &[classic(i16::MIN, i16::MIN, OFFSETS)],
    }],
};
const CHECKPOINTS: Keeper = Keeper {
    has_types: false,
    is_certain: true,
    records: &[Entry {
        types: &[],
        name: "Checkpoint",
        key: &[("group", Text), ("topic", Text), ("partition", I32)],
        values: &[classic(0, 0, &[("upstreamOffset", I64), ("downstreamOffset", I64), ("metadata", Text)])],
    }],
};
const HEARTBEATS: Keeper = Keeper {
    has_types: false,
    is_certain: false,
    records: &[Entry {
        types: &[],
        name: "Heartbeat",
        key: &[("sourceClusterAlias", Text), ("targetClusterAlias", Text)],
        values: &[classic(0, 0, &[("timestamp", Time)])],
    }],
};

fn keeper(topic: &str) -> Option<&'static Keeper> {
    Some(match topic {
        "__consumer_offsets" => &COMMITS,
        "__transaction_state" => &TRANSACTIONS,
        "__share_group_state" => &SHARE_STATE,
        _ if topic.starts_with("mm2-offset-syncs.") && topic.ends_with(".internal") => &OFFSET_SYNCS,
        _ if Mirror::of_checkpoints(topic).is_some() => &CHECKPOINTS,
        _ if topic == "heartbeats" || topic.ends_with(".heartbeats") => &HEARTBEATS,
        _ => return None,
    })
}

/// A topic of each, for feeding noise to.
pub(super) const EVERY: &[&str] = &[
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
    "mm2-offset-syncs.b.internal",
    "a.checkpoints.internal",
    "heartbeats",
];

pub(super) fn is_kept(topic: &str) -> bool {
    keeper(topic).is_some()
}

/// What a key or value of such a topic says, and what it is called; or why it cannot
/// be read, and whether nothing else can be there.
pub(super) struct Said {
    pub read: Result<(Value, Arc<str>), String>,
    pub is_certain: bool,
}

/// Reads a key.
pub(super) fn key(topic: &str, bytes: &Bytes) -> Option<Said> {
    let keeper = keeper(topic)?;
    let read = entry(keeper, bytes).and_then(|(entry, mut reader, mut fields)| {
        let layout = classic(0, 0, entry.key);
        reader.layout(&layout, &mut fields).and_then(|()| reader.end()).map_err(|error| said(entry, "key", &error))?;
        Ok((Value::Record(fields), format!("{}Key", entry.name).into()))
    });
    Some(Said { read, is_certain: keeper.is_certain })
}

/// Reads a value, whose layout the record's key tells.
pub(super) fn value(topic: &str, key: Option<&Bytes>, bytes: &Bytes) -> Option<Said> {
    let keeper = keeper(topic)?;
    let empty = Bytes::new();
    let read = entry(keeper, key.unwrap_or(&empty)).and_then(|(entry, _, _)| value_of(entry, bytes));
    Some(Said { read, is_certain: keeper.is_certain })
}

type Begun<'a> = (&'static Entry, Reader<'a>, Vec<(Arc<str>, Value)>);

/// The type of record that a key names.
fn entry<'a>(keeper: &'static Keeper, key: &'a Bytes) -> Result<Begun<'a>, String> {
    let mut reader = Reader::new(key);
    if !keeper.has_types {
        let entry = keeper.records.first().ok_or("there is no such record")?;
        return Ok((entry, reader, Vec::new()));
    }
    let kind = reader.int16().map_err(|error| format!("its key has no type: {error}"))?;
    let entry = keeper.records.iter().find(|entry| entry.types.contains(&kind));
    let entry = entry.ok_or_else(|| format!("a record of type {kind}, which klamm does not know"))?;
    Ok((entry, reader, vec![("type".into(), Value::Number(kind.to_string().into()))]))
}

fn value_of(entry: &'static Entry, bytes: &Bytes) -> Result<(Value, Arc<str>), String> {
    let has_version = entry.values.iter().all(|layout| layout.versions.0 != i16::MIN);
    let mut begun = Reader::new(bytes);
    let version = if has_version { begun.int16().map_err(|error| said(entry, "value", &error))? } else { i16::MIN };
    let mut failed = None;
    for layout in entry.values.iter().filter(|layout| (layout.versions.0..=layout.versions.1).contains(&version)) {
        let mut reader = Reader::new(bytes);
        let mut fields = Vec::new();
        if has_version {
            fields.push(("version".into(), Value::Number(version.to_string().into())));
        }
        let read = if has_version { reader.int16().map(drop) } else { Ok(()) };
        match read.and_then(|()| reader.layout(layout, &mut fields)).and_then(|()| reader.end()) {
            Ok(()) => return Ok((Value::Record(fields), format!("{}Value", entry.name).into())),
            Err(error) => failed = failed.or(Some(said(entry, "value", &error))),
        }
    }
    Err(failed.unwrap_or_else(|| format!("{}Value of version {version}, which klamm does not know", entry.name)))
}

fn said(entry: &Entry, part: &str, error: &Broken) -> String {
    format!("{}'s {part}: {error}", entry.name)
}

#[cfg(test)]
mod tests;
