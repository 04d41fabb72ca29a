//! Who made a topic, and who writes a group's offsets: told from names.
//!
//! Owns: the naming conventions of Kafka, Connect, Streams and the schema registry
//! (those of MirrorMaker 2 are in [`super::mirror`]), and what follows from them for a change.
//! Invariant: a name is a hint, never proof; what is recognised is explained
//! and asks for more care, it hides nothing.

use super::group::{GroupListing, GroupType};
use super::mirror::Mirror;
use super::topic::{Topic, TopicOrigin};
use std::sync::Arc;

/// What a topic's flags and name say about who made it.
pub fn origin_of(topic: &Topic) -> TopicOrigin {
    if topic.is_internal { TopicOrigin::Internal } else { origin_of_name(topic.name.as_str()) }
}

/// The same from the name alone, for topics that are not there (yet).
pub fn origin_of_name(name: &str) -> TopicOrigin {
    if name == "_schemas" || (name.starts_with("_schemas") && !name.contains('.')) {
        TopicOrigin::Registry
    } else if name.starts_with("__") || name.starts_with("_confluent") {
        TopicOrigin::Internal
    } else if is_mirror_own(name) {
        TopicOrigin::Mirror
    } else if is_connect_storage(name) {
        TopicOrigin::Connect
    } else if name.ends_with("-changelog") {
        TopicOrigin::StreamsChangelog
    } else if name.ends_with("-repartition") || is_foreign_key_join(name) {
        TopicOrigin::StreamsRepartition
    } else if is_dead_letter(name) {
        TopicOrigin::DeadLetter
    } else {
        TopicOrigin::Plain
    }
}

fn is_mirror_own(name: &str) -> bool {
    name == "heartbeats"
        || Mirror::of_heartbeats(name).is_some()
        || Mirror::of_checkpoints(name).is_some()
        || (name.starts_with("mm2-") && name.ends_with(".internal"))
}

/// The three storage topics of a Connect cluster have free names; these are
/// the shapes in use: `connect-configs`, `prod-connect-offsets`, `connect_status`.
fn is_connect_storage(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_storage =
        |word: &str| matches!(word, "config" | "configs" | "offset" | "offsets" | "status" | "statuses" | "storage");
    let mut words = name.split(['-', '_', '.']);
    words.any(|word| word == "connect") && words.any(is_storage)
}

fn is_foreign_key_join(name: &str) -> bool {
    name.contains("-KTABLE-FK-JOIN-SUBSCRIPTION-") && name.ends_with("-topic")
}

fn is_dead_letter(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(['-', '_', '.']).peekable();
    while let Some(word) = words.next() {
        if matches!(word, "dlt" | "dlq" | "deadletter" | "deadletters") {
            return true;
        }
        if word == "dead" && matches!(words.peek(), Some(&("letter" | "letters"))) {
            return true;
        }
    }
    false
}

/// Why the number of partitions of such a topic must not be changed by hand;
/// `None` for topics people own.
pub fn partition_change_refusal(origin: TopicOrigin, mirrored_from: Option<&str>) -> Option<String> {
    let reason = match origin {
        TopicOrigin::Internal => {
            "it is Kafka's own: a different count would send groups and transactions to the wrong coordinator"
        }
        TopicOrigin::Registry => "a schema registry keeps its order of schemas in exactly one partition",
        TopicOrigin::Connect => "Kafka Connect keeps its state there and expects the count it created",
        TopicOrigin::Mirror => "MirrorMaker keeps its state there, always in partition 0",
        TopicOrigin::StreamsChangelog => {
            "it backs a Streams store: state is found by partition, and the application refuses to start on another count"
        }
        TopicOrigin::StreamsRepartition => {
            "a Streams application made it: its count must stay that of the application's tasks"
        }
        TopicOrigin::Plain | TopicOrigin::DeadLetter => {
            return mirrored_from
                .map(|alias| format!("it is mirrored from {alias}: change the count there and the mirror follows"));
        }
    };
    Some(reason.to_owned())
}

/// Who stands behind a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRole {
    Plain,
    /// The consumer of one sink connector.
    ConnectSink {
        connector: String,
    },
    /// The workers of a Connect cluster: it coordinates, it has no offsets.
    ConnectWorkers,
    /// The same of a MirrorMaker that runs by itself and copies from `source`.
    MirrorMaker {
        source: String,
    },
    /// It only stores offsets: whoever commits them never joins.
    Simple,
    /// A Streams application.
    Streams,
    /// Its offsets are, or may be, committed by a mirror or another program that does not join.
    MirrorSynced,
}

impl GroupRole {
    /// A change needs the name typed.
    pub fn is_special(&self) -> bool {
        !matches!(self, Self::Plain | Self::Simple)
    }

    /// What to know before changing offsets; `None` for a plain group.
    pub fn explanation(&self) -> Option<String> {
        match self {
            // What follows from it depends on whether anybody commits: a plan says so.
            Self::Plain | Self::Simple => None,
            Self::MirrorMaker { source } => Some(format!(
                "this group coordinates the MirrorMaker that copies from {source} and reads nothing: its offsets mean nothing, \
                 what was copied is kept in mm2-offsets.{source}.internal"
            )),
            Self::ConnectSink { connector } => Some(format!(
                "these are the offsets of sink connector {connector}: stop the connector (pausing keeps its consumers in the group), \
                 reset, resume"
            )),
            Self::ConnectWorkers => Some(
                "this group coordinates Connect workers and reads nothing: its offsets mean nothing, \
                 the connectors' own groups are named connect-<connector>"
                    .into(),
            ),
            Self::Streams => Some(
                "a Streams application keeps state beside its offsets: a reset does not rewind its stores, and records of its \
                 internal topics are read again; the application reset tool clears both"
                    .into(),
            ),
            Self::MirrorSynced => Some(
                "its offsets are committed without joining, as a mirror does every minute while the group is empty: \
                 a reset can be overwritten, stop the checkpoint connector (or the job that commits) first"
                    .into(),
            ),
        }
    }
}

/// Who stands behind `group`, from its protocol, its name and the topics of the
/// cluster, which must be in order of their names.
pub fn group_role(group: &GroupListing, topics: &[Arc<Topic>]) -> GroupRole {
    let id = group.id.as_str();
    if group.protocol_type == "connect" {
        return match id.strip_suffix("-mm2").filter(|source| !source.is_empty()) {
            Some(source) => GroupRole::MirrorMaker { source: source.to_owned() },
            None => GroupRole::ConnectWorkers,
        };
    }
    if group.kind == GroupType::Streams || has_internal_topics(id, topics) {
        return GroupRole::Streams;
    }
    match id.strip_prefix("connect-").filter(|connector| !connector.is_empty()) {
        Some(connector) => GroupRole::ConnectSink { connector: connector.to_owned() },
        None if group.is_simple() => GroupRole::Simple,
        None => GroupRole::Plain,
    }
}

/// Did a Streams application of this id make topics? Groups are many and so are
/// topics: only those that begin with the id are looked at.
fn has_internal_topics(id: &str, topics: &[Arc<Topic>]) -> bool {
    let first = topics.partition_point(|topic| topic.name.as_str() < id);
    let own = topics.iter().skip(first).map(|topic| topic.name.as_str()).take_while(|name| name.starts_with(id));
    own.filter(|name| name.get(id.len()..).is_some_and(|rest| rest.starts_with('-')))
        .any(|name| matches!(origin_of_name(name), TopicOrigin::StreamsChangelog | TopicOrigin::StreamsRepartition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::GroupState;
    use rstest::rstest;

    #[rstest]
    #[case("orders.v1", TopicOrigin::Plain)]
    #[case("order-status", TopicOrigin::Plain)]
    #[case("reconnect-offsets", TopicOrigin::Plain)]
    #[case("__consumer_offsets", TopicOrigin::Internal)]
    #[case("_schemas", TopicOrigin::Registry)]
    #[case("connect-configs", TopicOrigin::Connect)]
    #[case("prod-connect-offsets-v2", TopicOrigin::Connect)]
    #[case("heartbeats", TopicOrigin::Mirror)]
    #[case("eu.heartbeats", TopicOrigin::Mirror)]
    #[case("eu.checkpoints.internal", TopicOrigin::Mirror)]
    #[case("mm2-offset-syncs.eu.internal", TopicOrigin::Mirror)]
    #[case("app-store-changelog", TopicOrigin::StreamsChangelog)]
    #[case("app-KSTREAM-AGGREGATE-0003-repartition", TopicOrigin::StreamsRepartition)]
    #[case("app-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-04-topic", TopicOrigin::StreamsRepartition)]
    #[case("orders.v1.DLT", TopicOrigin::DeadLetter)]
    #[case("dlq-payments", TopicOrigin::DeadLetter)]
    #[case("payments_dead_letter", TopicOrigin::DeadLetter)]
    fn names_tell_who_made_them(#[case] name: &str, #[case] origin: TopicOrigin) {
        assert_eq!(origin_of_name(name), origin);
    }

    #[test]
    fn the_brokers_flag_wins() {
        let topic = Topic { name: "odd".into(), id: None, is_internal: true, partitions: vec![] };
        assert_eq!(origin_of(&topic), TopicOrigin::Internal);
    }

    fn topics(names: &[&str]) -> Vec<Arc<Topic>> {
        let topic = |name: &&str| Topic { name: (*name).into(), id: None, is_internal: false, partitions: vec![] };
        names.iter().map(|name| Arc::new(topic(name))).collect()
    }

    #[test]
    fn the_count_of_a_mirrored_topic_is_that_of_its_source() {
        let refusal = partition_change_refusal(TopicOrigin::Plain, Some("eu")).unwrap();
        assert!(refusal.contains("mirrored from eu"), "{refusal}");
    }

    fn role(id: &str, protocol: &str, kind: GroupType, names: &[&str]) -> GroupRole {
        let group = GroupListing { id: id.into(), state: GroupState::Empty, kind, protocol_type: protocol.into() };
        group_role(&group, &topics(names))
    }

    #[test]
    fn groups_are_recognised() {
        let classic = GroupType::Classic;
        assert_eq!(role("billing", "consumer", classic, &["orders"]), GroupRole::Plain);
        assert_eq!(role("workers", "connect", classic, &[]), GroupRole::ConnectWorkers);
        assert_eq!(role("eu-mm2", "connect", classic, &[]), GroupRole::MirrorMaker { source: "eu".into() });
        assert_eq!(role("eu-mm2", "consumer", classic, &[]), GroupRole::Plain, "only its name is like that");
        assert_eq!(role("flink", "", classic, &[]), GroupRole::Simple);
        assert!(!GroupRole::Simple.is_special());
        assert_eq!(
            role("connect-s3-sink", "consumer", classic, &[]),
            GroupRole::ConnectSink { connector: "s3-sink".into() }
        );
        let around = ["search", "search-app-a", "search-app-store-changelog", "search.x", "z"];
        assert_eq!(role("search-app", "consumer", classic, &around), GroupRole::Streams);
        assert_eq!(role("search-a", "consumer", classic, &around), GroupRole::Plain);
        assert_eq!(role("any", "streams", GroupType::Streams, &[]), GroupRole::Streams);
        assert!(GroupRole::Streams.explanation().is_some() && GroupRole::Plain.explanation().is_none());
    }
}
