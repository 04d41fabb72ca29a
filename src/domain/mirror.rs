//! Which clusters MirrorMaker 2 mirrors here, told from the names of topics.
//!
//! Owns: how a replication policy names its topics. The topic of checkpoints is named with
//! the alias of the mirrored cluster and a separator under every policy; mirrored topics
//! are below the alias too, but under the policy that keeps names (`IdentityReplicationPolicy`)
//! they have the names they had. Invariant: a name is a hint, never proof.

use super::topic::Topic;
use std::sync::Arc;

const INTERNAL: &str = "internal";
const CHECKPOINTS: &str = "checkpoints";
const HEARTBEATS: &str = "heartbeats";
/// Unless a policy is told another one.
const SEPARATOR: &str = ".";

/// A cluster that is mirrored here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirror<'a> {
    pub alias: &'a str,
    /// What stands between the alias and a topic's name.
    pub separator: &'a str,
}

impl<'a> Mirror<'a> {
    /// The mirror whose checkpoints this topic holds, going by its name.
    pub fn of_checkpoints(topic: &'a str) -> Option<Self> {
        let (head, separator) = topic.strip_suffix(INTERNAL)?.rsplit_once(CHECKPOINTS)?;
        let alias = head.strip_suffix(separator)?;
        let is_one = !separator.is_empty() && !separator.contains(char::is_alphanumeric);
        (is_one && !alias.is_empty()).then_some(Self { alias, separator })
    }

    /// The mirror whose heartbeats this topic holds. Other separators than the usual one
    /// are in too many names to mean anything.
    pub fn of_heartbeats(topic: &'a str) -> Option<Self> {
        let alias = topic.strip_suffix(HEARTBEATS)?.strip_suffix(SEPARATOR)?;
        (!alias.is_empty()).then_some(Self { alias, separator: SEPARATOR })
    }

    /// Is the topic one that this mirror fills, with a name below the alias? Kafka's own
    /// topics of a mirror may keep the usual separator where the others have another.
    pub fn has(self, topic: &str) -> bool {
        let rest = topic.strip_prefix(self.alias).and_then(|rest| rest.strip_prefix(self.separator));
        rest.is_some_and(|rest| !rest.is_empty())
    }
}

/// The mirrors that keep checkpoints here, by the topics of the cluster.
pub fn with_checkpoints(topics: &[Arc<Topic>]) -> impl Iterator<Item = Mirror<'_>> {
    topics.iter().filter_map(|topic| Mirror::of_checkpoints(topic.name.as_str()))
}

/// The alias of the cluster that `topic` is mirrored from. Only heartbeats and
/// checkpoints show that an alias exists: a dot alone means nothing.
pub fn mirrored_from(topic: &str, topics: &[Arc<Topic>]) -> Option<String> {
    let mirror_of = |name| Mirror::of_checkpoints(name).or_else(|| Mirror::of_heartbeats(name));
    let mut mirrors = topics.iter().filter_map(|known| mirror_of(known.name.as_str()));
    mirrors.find(|mirror| mirror.has(topic)).map(|mirror| mirror.alias.to_owned())
}

/// May a mirror commit for a group that has offsets in these topics? It keeps
/// checkpoints here for the cluster that one of the topics comes from; or no topic has a
/// name below that cluster's alias, as where names are kept: then it may be any.
pub fn is_synced<'a>(committed: impl IntoIterator<Item = &'a str>, topics: &[Arc<Topic>]) -> bool {
    let mirrors: Vec<Mirror<'_>> = with_checkpoints(topics).collect();
    let is_own = |name: &str| Mirror::of_checkpoints(name).is_some() || Mirror::of_heartbeats(name).is_some();
    let keeps_names = |mirror: &Mirror<'_>| {
        let mut names = topics.iter().map(|topic| topic.name.as_str());
        !names.any(|name| mirror.has(name) && !is_own(name))
    };
    let any_topic = mirrors.iter().any(keeps_names);
    committed.into_iter().any(|topic| any_topic || mirrors.iter().any(|mirror| mirror.has(topic)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn topics(names: &[&str]) -> Vec<Arc<Topic>> {
        let topic = |name: &&str| Topic { name: (*name).into(), id: None, is_internal: false, partitions: vec![] };
        names.iter().map(|name| Arc::new(topic(name))).collect()
    }

    #[rstest]
    #[case::as_usual("eu-west.checkpoints.internal", Some(("eu-west", ".")))]
    #[case::another_separator("eu-checkpoints-internal", Some(("eu", "-")))]
    #[case::of_two("eu__checkpoints__internal", Some(("eu", "__")))]
    #[case::a_mirror_of_a_mirror("a.b.checkpoints.internal", Some(("a.b", ".")))]
    #[case::two_that_differ("eu-checkpoints.internal", None)]
    #[case::without("eucheckpointsinternal", None)]
    #[case::nobody(".checkpoints.internal", None)]
    #[case::another("checkpoints.internal", None)]
    #[case::a_word("my-checkpoints", None)]
    fn checkpoints_name_their_mirror(#[case] topic: &str, #[case] expected: Option<(&str, &str)>) {
        let mirror = Mirror::of_checkpoints(topic).map(|mirror| (mirror.alias, mirror.separator));
        assert_eq!(mirror, expected);
    }

    #[test]
    fn a_dot_means_a_mirror_only_with_a_known_alias() {
        let topics = topics(&[".heartbeats", "eu.heartbeats", "orders", "us.checkpoints.internal", "x-heartbeats"]);
        assert_eq!(mirrored_from("eu.orders", &topics).as_deref(), Some("eu"));
        assert_eq!(mirrored_from("us.orders", &topics).as_deref(), Some("us"));
        for other in ["shop.orders", "europe.orders", "eu.", "x-orders"] {
            assert_eq!(mirrored_from(other, &topics), None, "{other}");
        }
        let topics = self::topics(&["us-checkpoints-internal"]);
        assert_eq!(mirrored_from("us-orders", &topics).as_deref(), Some("us"));
        assert_eq!(mirrored_from("us.orders", &topics), None);
    }

    #[test]
    fn offsets_in_mirrored_topics_may_be_synchronised() {
        let topics = topics(&["eu.checkpoints.internal", "eu.orders", "us.heartbeats"]);
        assert!(is_synced(["orders", "eu.orders"], &topics));
        assert!(!is_synced(["orders"], &topics));
        // Heartbeats alone: records are mirrored, offsets are not.
        assert!(!is_synced(["us.orders"], &topics));
        // Names are kept: nothing but heartbeats and checkpoints is below the alias.
        let kept = self::topics(&["eu.checkpoints.internal", "eu.heartbeats", "orders"]);
        assert!(is_synced(["orders"], &kept));
        assert!(!is_synced([], &kept), "a group that has nothing committed");
    }
}
