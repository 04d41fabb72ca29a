//! The configuration entries that topics and brokers have, with their defaults.
//!
//! Owns names, types, defaults, validation, what falls back on what, and one
//! sentence of documentation each, written for this demo.

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

/// What an entry is set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Topic,
    Broker,
    Group,
}

/// One configuration entry.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) scope: Scope,
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) kind: Kind,
    pub(super) is_read_only: bool,
    pub(super) documentation: &'static str,
    /// The broker's entry that holds where a topic does not say.
    pub(super) fallback: Option<&'static str>,
}

impl Definition {
    const fn else_of(mut self, broker_entry: &'static str) -> Self {
        self.fallback = Some(broker_entry);
        self
    }
}

const fn topic(name: &'static str, default: &'static str, kind: Kind, documentation: &'static str) -> Definition {
    Definition { scope: Scope::Topic, name, default, kind, is_read_only: false, documentation, fallback: None }
}

const fn broker(name: &'static str, default: &'static str, kind: Kind, documentation: &'static str) -> Definition {
    Definition { scope: Scope::Broker, name, default, kind, is_read_only: false, documentation, fallback: None }
}

const fn group(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    Definition { scope: Scope::Group, name, default, kind: Int, is_read_only: false, documentation, fallback: None }
}

/// A broker's, which takes a restart to change.
const fn fixed(name: &'static str, default: &'static str, kind: Kind, documentation: &'static str) -> Definition {
    Definition { is_read_only: true, ..broker(name, default, kind, documentation) }
}

use Kind::{Boolean, Double, Int, List, Long, Password, Text};

const FOREVER: &str = "9223372036854775807";

/// Every entry there is, those of topics first.
#[rustfmt::skip]
const ALL: &[Definition] = &[
    topic("cleanup.policy", "delete", List, "What happens to old segments: deleted, compacted to the newest record of each key, or both.").else_of("log.cleanup.policy"),
    topic("compression.gzip.level", "-1", Int, "The level when the broker compresses with gzip."),
    topic("compression.lz4.level", "9", Int, "The level when the broker compresses with lz4."),
    topic("compression.type", "producer", Text, "How batches are compressed on disk; `producer` keeps what the producer chose.").else_of("compression.type"),
    topic("compression.zstd.level", "3", Int, "The level when the broker compresses with zstd."),
    topic("delete.retention.ms", "86400000", Long, "How long a tombstone stays visible in a compacted topic."),
    topic("file.delete.delay.ms", "60000", Long, "How long a deleted segment stays on disk."),
    topic("flush.messages", FOREVER, Long, "Records after which the log is forced to disk."),
    topic("flush.ms", FOREVER, Long, "Time after which the log is forced to disk."),
    topic("follower.replication.throttled.replicas", "", List, "Replicas whose followers are throttled, as partition:broker pairs."),
    topic("index.interval.bytes", "4096", Int, "Bytes between two entries of the offset index."),
    topic("leader.replication.throttled.replicas", "", List, "Replicas whose leaders are throttled, as partition:broker pairs."),
    topic("local.retention.bytes", "-2", Long, "Bytes kept locally of a tiered partition; -2 means retention.bytes."),
    topic("local.retention.ms", "-2", Long, "Time kept locally of a tiered partition; -2 means retention.ms."),
    topic("max.compaction.lag.ms", FOREVER, Long, "The longest a record may wait for compaction."),
    topic("max.message.bytes", "1048588", Int, "The largest record batch taken, after compression.").else_of("message.max.bytes"),
    topic("message.timestamp.after.max.ms", "3600000", Long, "How far a record's time may lie in the future."),
    topic("message.timestamp.before.max.ms", FOREVER, Long, "How far a record's time may lie in the past."),
    topic("message.timestamp.type", "CreateTime", Text, "Whose time a record carries: the producer's or the broker's."),
    topic("min.cleanable.dirty.ratio", "0.5", Double, "The share of uncleaned records at which compaction starts."),
    topic("min.compaction.lag.ms", "0", Long, "The least time a record stays uncompacted."),
    topic("min.insync.replicas", "1", Int, "In-sync replicas that a write with acks=all needs.").else_of("min.insync.replicas"),
    topic("preallocate", "false", Boolean, "Are segment files made in full size at once?"),
    topic("remote.storage.enable", "false", Boolean, "Are old segments moved to remote storage?"),
    topic("retention.bytes", "-1", Long, "The size a partition may reach before old segments are deleted; -1 for no limit.").else_of("log.retention.bytes"),
    topic("retention.ms", "604800000", Long, "How long records are kept before their segment is deleted; -1 for ever.").else_of("log.retention.ms"),
    topic("segment.bytes", "1073741824", Int, "The size of one segment file.").else_of("log.segment.bytes"),
    topic("segment.index.bytes", "10485760", Int, "The size of the index of one segment."),
    topic("segment.jitter.ms", "0", Long, "Random time taken off segment.ms, so that segments do not all roll at once."),
    topic("segment.ms", "604800000", Long, "The time after which a segment is closed even when not full."),
    topic("unclean.leader.election.enable", "false", Boolean, "May a replica that is not in sync become leader, losing records?").else_of("unclean.leader.election.enable"),

    broker("advertised.listeners", "", Text, "The addresses given to clients."),
    fixed("auto.create.topics.enable", "false", Boolean, "Are topics made when a client names one that is not there?"),
    broker("background.threads", "10", Int, "Threads for background work."),
    fixed("broker.rack", "", Text, "Where the broker stands; replicas are spread over racks."),
    broker("compression.type", "producer", Text, "How batches are compressed where the topic does not say."),
    fixed("controller.quorum.voters", "", List, "The controllers of the cluster."),
    fixed("default.replication.factor", "3", Int, "Replicas of a topic made without saying how many."),
    fixed("delete.topic.enable", "true", Boolean, "May topics be deleted?"),
    fixed("fetch.max.bytes", "57671680", Int, "The most a fetch answers with."),
    fixed("group.initial.rebalance.delay.ms", "200", Int, "How long a new group waits for more members."),
    fixed("group.max.session.timeout.ms", "1800000", Int, "The longest session a member may ask for."),
    fixed("group.min.session.timeout.ms", "6000", Int, "The shortest session a member may ask for."),
    broker("leader.replication.throttled.rate", FOREVER, Long, "Bytes a second that throttled leaders send."),
    fixed("log.dirs", "/demo/kafka-logs", Text, "Where the logs are."),
    broker("log.cleanup.policy", "delete", List, "The clean-up policy where the topic does not say."),
    broker("log.retention.bytes", "-1", Long, "The size limit of partitions where the topic does not say."),
    fixed("log.retention.hours", "168", Int, "The age limit of records where nothing finer is set."),
    broker("log.retention.ms", "604800000", Long, "The age limit of records where the topic does not say."),
    broker("log.segment.bytes", "1073741824", Int, "The size of segments where the topic does not say."),
    broker("max.connections", "2147483647", Int, "Connections the broker takes."),
    broker("max.connections.per.ip", "2147483647", Int, "Connections taken from one address."),
    broker("message.max.bytes", "1048588", Int, "The largest record batch where the topic does not say."),
    broker("min.insync.replicas", "1", Int, "In-sync replicas a write needs where the topic does not say."),
    fixed("node.id", "", Int, "The broker's number."),
    broker("num.io.threads", "8", Int, "Threads that work on requests."),
    broker("num.network.threads", "3", Int, "Threads that move bytes."),
    fixed("num.partitions", "3", Int, "Partitions of a topic made without saying how many."),
    broker("num.replica.fetchers", "1", Int, "Threads that follow each other broker."),
    fixed("offsets.retention.minutes", "10080", Int, "How long commits of an empty group are kept."),
    fixed("offsets.topic.num.partitions", "50", Int, "Partitions of __consumer_offsets."),
    fixed("offsets.topic.replication.factor", "3", Int, "Replicas of __consumer_offsets."),
    fixed("process.roles", "broker,controller", List, "What this process does."),
    broker("ssl.keystore.password", "", Password, "The password of the key store."),
    fixed("transaction.max.timeout.ms", "900000", Int, "The longest a transaction may ask to stay open."),
    fixed("transaction.state.log.num.partitions", "50", Int, "Partitions of __transaction_state."),
    broker("unclean.leader.election.enable", "false", Boolean, "May out-of-sync replicas lead where the topic does not say?"),
    group("consumer.heartbeat.interval.ms", "5000", "How often members of the group say that they are alive."),
    group("consumer.session.timeout.ms", "45000", "After how long in silence a member is taken out."),
    Definition { kind: Text, ..group("share.auto.offset.reset", "latest", "Where a share group begins in what is new to it.") },
    group("share.heartbeat.interval.ms", "5000", "The same of a share group: how often its members speak."),
    group("share.session.timeout.ms", "45000", "The same of a share group: after how long one is out."),
    group("streams.heartbeat.interval.ms", "5000", "The same of a streams group: how often its members speak."),
    group("streams.num.standby.replicas", "0", "Copies of each store that are kept ready."),
    group("streams.session.timeout.ms", "45000", "The same of a streams group: after how long one is out."),
];

/// The entries that a topic, a broker or a group has.
pub(super) fn of(scope: Scope) -> impl Iterator<Item = &'static Definition> {
    ALL.iter().filter(move |definition| definition.scope == scope)
}

pub(super) fn find(scope: Scope, name: &str) -> Option<&'static Definition> {
    of(scope).find(|definition| definition.name == name)
}

/// Why a value cannot be set, in the words of an error message.
pub(super) fn refusal(definition: &Definition, value: &str) -> Option<String> {
    let wrong = |reason: &str| Some(format!("Invalid value {value} for configuration {}: {reason}", definition.name));
    let allowed: &[&str] = match definition.name {
        "cleanup.policy" | "log.cleanup.policy" => &["compact", "delete"],
        "compression.type" => &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
        "share.auto.offset.reset" => &["earliest", "latest"],
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
        for (index, definition) in ALL.iter().enumerate() {
            let needs_value = !matches!(definition.name, "node.id");
            assert!(!needs_value || refusal(definition, definition.default).is_none(), "{}", definition.name);
            let is_same = |other: &Definition| (other.scope, other.name) == (definition.scope, definition.name);
            assert!(!ALL[..index].iter().any(is_same), "{}", definition.name);
            assert!(definition.fallback.is_none_or(|name| find(Scope::Broker, name).is_some()), "{}", definition.name);
        }
    }

    #[test]
    fn lists_grow_and_shrink_and_bad_values_are_refused() {
        let policy = find(Scope::Topic, "cleanup.policy").unwrap();
        let mut set = BTreeMap::new();
        change(policy, &mut set, Change::Append("compact".into())).unwrap();
        assert_eq!(set["cleanup.policy"], "delete,compact");
        change(policy, &mut set, Change::Subtract("delete".into())).unwrap();
        assert_eq!(set["cleanup.policy"], "compact");
        assert!(change(policy, &mut set, Change::Set("shred".into())).is_err());
        change(policy, &mut set, Change::Delete).unwrap();
        assert!(set.is_empty());
        let retention = find(Scope::Topic, "retention.ms").unwrap();
        assert!(change(retention, &mut set, Change::Set("soon".into())).is_err());
        assert!(change(retention, &mut set, Change::Append("1".into())).is_err());
    }
}
