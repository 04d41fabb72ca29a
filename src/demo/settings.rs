//! The configuration entries that topics and brokers have, with their defaults.
//!
//! Owns names, types, defaults, validation and one sentence of documentation
//! each, written for this demo.

use std::collections::BTreeMap;

/// How a value is written; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean = 1,
    Text = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
    Password = 9,
}

/// One configuration entry.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) kind: Kind,
    pub(super) is_read_only: bool,
    pub(super) documentation: &'static str,
}

const fn entry(name: &'static str, default: &'static str, kind: Kind, documentation: &'static str) -> Definition {
    Definition { name, default, kind, is_read_only: false, documentation }
}

const fn fixed(name: &'static str, default: &'static str, kind: Kind, documentation: &'static str) -> Definition {
    Definition { name, default, kind, is_read_only: true, documentation }
}

use Kind::{Boolean, Double, Int, List, Long, Password, Text};

const FOREVER: &str = "9223372036854775807";

#[rustfmt::skip]
pub(super) const TOPIC: &[Definition] = &[
    entry("cleanup.policy", "delete", List, "What happens to old segments: deleted, compacted to the newest record of each key, or both."),
    entry("compression.gzip.level", "-1", Int, "The level when the broker compresses with gzip."),
    entry("compression.lz4.level", "9", Int, "The level when the broker compresses with lz4."),
    entry("compression.type", "producer", Text, "How batches are compressed on disk; `producer` keeps what the producer chose."),
    entry("compression.zstd.level", "3", Int, "The level when the broker compresses with zstd."),
    entry("delete.retention.ms", "86400000", Long, "How long a tombstone stays visible in a compacted topic."),
    entry("file.delete.delay.ms", "60000", Long, "How long a deleted segment stays on disk."),
    entry("flush.messages", FOREVER, Long, "Records after which the log is forced to disk."),
    entry("flush.ms", FOREVER, Long, "Time after which the log is forced to disk."),
    entry("follower.replication.throttled.replicas", "", List, "Replicas whose followers are throttled, as partition:broker pairs."),
    entry("index.interval.bytes", "4096", Int, "Bytes between two entries of the offset index."),
    entry("leader.replication.throttled.replicas", "", List, "Replicas whose leaders are throttled, as partition:broker pairs."),
    entry("local.retention.bytes", "-2", Long, "Bytes kept locally of a tiered partition; -2 means retention.bytes."),
    entry("local.retention.ms", "-2", Long, "Time kept locally of a tiered partition; -2 means retention.ms."),
    entry("max.compaction.lag.ms", FOREVER, Long, "The longest a record may wait for compaction."),
    entry("max.message.bytes", "1048588", Int, "The largest record batch taken, after compression."),
    entry("message.timestamp.after.max.ms", "3600000", Long, "How far a record's time may lie in the future."),
    entry("message.timestamp.before.max.ms", FOREVER, Long, "How far a record's time may lie in the past."),
    entry("message.timestamp.type", "CreateTime", Text, "Whose time a record carries: the producer's or the broker's."),
    entry("min.cleanable.dirty.ratio", "0.5", Double, "The share of uncleaned records at which compaction starts."),
    entry("min.compaction.lag.ms", "0", Long, "The least time a record stays uncompacted."),
    entry("min.insync.replicas", "1", Int, "In-sync replicas that a write with acks=all needs."),
    entry("preallocate", "false", Boolean, "Are segment files made in full size at once?"),
    entry("remote.storage.enable", "false", Boolean, "Are old segments moved to remote storage?"),
    entry("retention.bytes", "-1", Long, "The size a partition may reach before old segments are deleted; -1 for no limit."),
    entry("retention.ms", "604800000", Long, "How long records are kept before their segment is deleted; -1 for ever."),
    entry("segment.bytes", "1073741824", Int, "The size of one segment file."),
    entry("segment.index.bytes", "10485760", Int, "The size of the index of one segment."),
    entry("segment.jitter.ms", "0", Long, "Random time taken off segment.ms, so that segments do not all roll at once."),
    entry("segment.ms", "604800000", Long, "The time after which a segment is closed even when not full."),
    entry("unclean.leader.election.enable", "false", Boolean, "May a replica that is not in sync become leader, losing records?"),
];

#[rustfmt::skip]
pub(super) const BROKER: &[Definition] = &[
    entry("advertised.listeners", "", Text, "The addresses given to clients."),
    fixed("auto.create.topics.enable", "false", Boolean, "Are topics made when a client names one that is not there?"),
    entry("background.threads", "10", Int, "Threads for background work."),
    fixed("broker.rack", "", Text, "Where the broker stands; replicas are spread over racks."),
    entry("compression.type", "producer", Text, "How batches are compressed where the topic does not say."),
    fixed("controller.quorum.voters", "", List, "The controllers of the cluster."),
    fixed("default.replication.factor", "3", Int, "Replicas of a topic made without saying how many."),
    fixed("delete.topic.enable", "true", Boolean, "May topics be deleted?"),
    fixed("fetch.max.bytes", "57671680", Int, "The most a fetch answers with."),
    fixed("group.initial.rebalance.delay.ms", "200", Int, "How long a new group waits for more members."),
    fixed("group.max.session.timeout.ms", "1800000", Int, "The longest session a member may ask for."),
    fixed("group.min.session.timeout.ms", "6000", Int, "The shortest session a member may ask for."),
    entry("leader.replication.throttled.rate", FOREVER, Long, "Bytes a second that throttled leaders send."),
    fixed("log.dirs", "/demo/kafka-logs", Text, "Where the logs are."),
    entry("log.cleanup.policy", "delete", List, "The clean-up policy where the topic does not say."),
    entry("log.retention.bytes", "-1", Long, "The size limit of partitions where the topic does not say."),
    fixed("log.retention.hours", "168", Int, "The age limit of records where nothing finer is set."),
    entry("log.retention.ms", "604800000", Long, "The age limit of records where the topic does not say."),
    entry("log.segment.bytes", "1073741824", Int, "The size of segments where the topic does not say."),
    entry("max.connections", "2147483647", Int, "Connections the broker takes."),
    entry("max.connections.per.ip", "2147483647", Int, "Connections taken from one address."),
    entry("message.max.bytes", "1048588", Int, "The largest record batch where the topic does not say."),
    entry("min.insync.replicas", "1", Int, "In-sync replicas a write needs where the topic does not say."),
    fixed("node.id", "", Int, "The broker's number."),
    entry("num.io.threads", "8", Int, "Threads that work on requests."),
    entry("num.network.threads", "3", Int, "Threads that move bytes."),
    fixed("num.partitions", "3", Int, "Partitions of a topic made without saying how many."),
    entry("num.replica.fetchers", "1", Int, "Threads that follow each other broker."),
    fixed("offsets.retention.minutes", "10080", Int, "How long commits of an empty group are kept."),
    fixed("offsets.topic.num.partitions", "50", Int, "Partitions of __consumer_offsets."),
    fixed("offsets.topic.replication.factor", "3", Int, "Replicas of __consumer_offsets."),
    fixed("process.roles", "broker,controller", List, "What this process does."),
    entry("ssl.keystore.password", "", Password, "The password of the key store."),
    entry("unclean.leader.election.enable", "false", Boolean, "May out-of-sync replicas lead where the topic does not say?"),
];

pub(super) fn find(definitions: &'static [Definition], name: &str) -> Option<&'static Definition> {
    definitions.iter().find(|definition| definition.name == name)
}

/// The broker entry a topic entry falls back on.
pub(super) fn broker_synonym(topic_entry: &str) -> Option<&'static str> {
    Some(match topic_entry {
        "cleanup.policy" => "log.cleanup.policy",
        "compression.type" => "compression.type",
        "max.message.bytes" => "message.max.bytes",
        "min.insync.replicas" => "min.insync.replicas",
        "retention.bytes" => "log.retention.bytes",
        "retention.ms" => "log.retention.ms",
        "segment.bytes" => "log.segment.bytes",
        "unclean.leader.election.enable" => "unclean.leader.election.enable",
        _ => return None,
    })
}

/// Why a value cannot be set, in the words of an error message.
pub(super) fn refusal(definition: &Definition, value: &str) -> Option<String> {
    let wrong = |reason: &str| Some(format!("Invalid value {value} for configuration {}: {reason}", definition.name));
    let allowed: &[&str] = match definition.name {
        "cleanup.policy" | "log.cleanup.policy" => &["compact", "delete"],
        "compression.type" => &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
        "message.timestamp.type" => &["CreateTime", "LogAppendTime"],
        _ => &[],
    };
    if let Some(bad) = items(value).find(|item| !allowed.is_empty() && !allowed.contains(item)) {
        return wrong(&format!("String must be one of: {}, not {bad}", allowed.join(", ")));
    }
    match definition.kind {
        Boolean if !matches!(value, "true" | "false") => wrong("Expected value to be either true or false"),
        Int if value.parse::<i32>().is_err() => wrong("Not a number of type INT"),
        Long if value.parse::<i64>().is_err() => wrong("Not a number of type LONG"),
        Double if value.parse::<f64>().is_err() => wrong("Not a number of type DOUBLE"),
        _ => None,
    }
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// One change of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Set(String),
    /// Back to what it falls back on.
    Delete,
    /// Adds to a list.
    Append(String),
    /// Takes out of a list.
    Subtract(String),
}

/// Applies one change to what is set; `Err` says why it cannot be.
pub(super) fn change(
    definition: &'static Definition,
    set: &mut BTreeMap<String, String>,
    change: Change,
) -> Result<(), String> {
    let current = || set.get(definition.name).map_or(definition.default, String::as_str);
    let value = match change {
        Change::Delete => {
            set.remove(definition.name);
            return Ok(());
        }
        Change::Set(value) => value,
        Change::Append(_) | Change::Subtract(_) if definition.kind != List => {
            return Err(format!("Config value append is not allowed for config key: {}", definition.name));
        }
        Change::Append(more) => {
            let mut all: Vec<&str> = items(current()).collect();
            all.extend(items(&more).filter(|item| !items(current()).any(|known| known == *item)));
            all.join(",")
        }
        Change::Subtract(less) => {
            let left: Vec<&str> = items(current()).filter(|item| !items(&less).any(|gone| gone == *item)).collect();
            left.join(",")
        }
    };
    if let Some(reason) = refusal(definition, &value) {
        return Err(reason);
    }
    set.insert(definition.name.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_names_unique() {
        for table in [TOPIC, BROKER] {
            for (index, definition) in table.iter().enumerate() {
                let needs_value = !matches!(definition.name, "node.id");
                assert!(!needs_value || refusal(definition, definition.default).is_none(), "{}", definition.name);
                assert!(table[..index].iter().all(|other| other.name != definition.name), "{}", definition.name);
            }
        }
        assert!(TOPIC.iter().filter_map(|d| broker_synonym(d.name)).all(|name| find(BROKER, name).is_some()));
    }

    #[test]
    fn lists_grow_and_shrink_and_bad_values_are_refused() {
        let policy = find(TOPIC, "cleanup.policy").unwrap();
        let mut set = BTreeMap::new();
        change(policy, &mut set, Change::Append("compact".into())).unwrap();
        assert_eq!(set["cleanup.policy"], "delete,compact");
        change(policy, &mut set, Change::Subtract("delete".into())).unwrap();
        assert_eq!(set["cleanup.policy"], "compact");
        assert!(change(policy, &mut set, Change::Set("shred".into())).is_err());
        change(policy, &mut set, Change::Delete).unwrap();
        assert!(set.is_empty());
        let retention = find(TOPIC, "retention.ms").unwrap();
        assert!(change(retention, &mut set, Change::Set("soon".into())).is_err());
        assert!(change(retention, &mut set, Change::Append("1".into())).is_err());
    }
}
