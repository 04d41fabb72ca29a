//! What was set for topics and brokers when klamm last looked.
//!
//! Owns: whose turn it is to be looked at, and what is different from last time.
//! Only what is set for the thing itself is kept, not the defaults: few hundred
//! values even of a large cluster.

use super::changes::{Change, Lead};
use crate::cluster::{Metadata, Overrides};
use crate::domain::config::ConfigEntry;
use crate::domain::{BrokerId, TopicName};
use std::collections::{BTreeMap, HashMap};

/// Topics looked at in one round; of a larger cluster a part has its turn each time.
const ROUND: usize = 1_000;

type Values = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub struct SettingsSeen {
    topics: HashMap<TopicName, Values>,
    brokers: HashMap<BrokerId, Values>,
    /// The topic after which the next round begins.
    last: Option<TopicName>,
}

impl SettingsSeen {
    /// Whose turn it is. Topics are in order of their names.
    pub fn next_round(&mut self, metadata: &Metadata) -> Vec<TopicName> {
        let topics = &metadata.topics;
        let begin = self.last.as_ref().map_or(0, |last| topics.partition_point(|topic| topic.name <= *last));
        let turn = topics.iter().skip(begin).take(ROUND);
        let turn: Vec<TopicName> = turn.map(|topic| topic.name.clone()).collect();
        self.last = turn.last().filter(|_| begin + turn.len() < topics.len()).cloned();
        turn
    }

    /// Takes in a round; says what is not as it was.
    pub fn take(&mut self, read: &Overrides, metadata: &Metadata) -> Vec<Change> {
        let is_there = |name: &TopicName| metadata.topics.binary_search_by(|topic| topic.name.cmp(name)).is_ok();
        self.topics.retain(|name, _| is_there(name));
        let mut found = Vec::new();
        for (id, entries) in &read.brokers {
            let changes = compare(self.brokers.insert(*id, values(entries)), values(entries));
            let lead = |text| Change::new(format!("config of broker {id} {text}"), Lead::Nowhere);
            found.extend(changes.into_iter().map(lead));
        }
        for (topic, entries) in &read.topics {
            found.extend(self.take_topic(topic, entries));
        }
        found
    }

    /// The same for one topic whose configuration was read for the screen.
    pub fn take_topic(&mut self, topic: &TopicName, entries: &[ConfigEntry]) -> Vec<Change> {
        let changes = compare(self.topics.insert(topic.clone(), values(entries)), values(entries));
        let lead = |text| Change::new(format!("config {topic} {text}"), Lead::Topic(topic.clone()));
        changes.into_iter().map(lead).collect()
    }
}

/// What is set, the defaults left out.
fn values(entries: &[ConfigEntry]) -> Values {
    let own = entries.iter().filter(|entry| entry.is_override());
    let shown = |entry: &ConfigEntry| match &entry.value {
        _ if entry.is_sensitive => "hidden".to_owned(),
        Some(value) => value.clone(),
        None => "not set".to_owned(),
    };
    own.map(|entry| (entry.name.clone(), shown(entry))).collect()
}

/// The first look finds nothing: it has nothing to compare with.
fn compare(before: Option<Values>, after: Values) -> Vec<String> {
    let Some(before) = before else { return Vec::new() };
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let told = names.filter_map(|name| {
        let (old, new) = (before.get(name), after.get(name));
        let word = |value: Option<&String>| value.map_or_else(|| "the default".to_owned(), Clone::clone);
        (old != new).then(|| format!("{name}: {} → {}", word(old), word(new)))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Health;
    use crate::domain::Time;
    use crate::domain::config::ConfigSource;
    use crate::domain::topic::Topic;
    use std::sync::Arc;

    fn metadata(names: impl IntoIterator<Item = String>) -> Metadata {
        let topic = |name: String| {
            Arc::new(Topic { name: name.as_str().into(), id: None, is_internal: false, partitions: Vec::new() })
        };
        Metadata {
            version: 1,
            taken: Time(0),
            cluster_id: None,
            controller: None,
            brokers: Vec::new(),
            topics: names.into_iter().map(topic).collect(),
            partitions: 0,
            health: Health::default(),
            failures: Vec::new(),
            may_describe_cluster: None,
        }
    }

    fn set(name: &str, value: &str, source: ConfigSource) -> ConfigEntry {
        ConfigEntry::plain(name, value, source)
    }

    fn texts(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.text.as_str()).collect()
    }

    #[test]
    fn a_large_cluster_has_its_turn_in_parts() {
        let all = metadata((0..2_500).map(|number| format!("t{number:05}")));
        let mut seen = SettingsSeen::default();
        let rounds: Vec<usize> = (0..4).map(|_| seen.next_round(&all).len()).collect();
        assert_eq!(rounds, [1_000, 1_000, 500, 1_000]);
        let turn = seen.next_round(&metadata((0..1_200).map(|number| format!("t{number:05}"))));
        assert_eq!(turn.len(), 200, "topics were deleted meanwhile");
    }

    #[test]
    fn what_was_set_changed_and_taken_back_is_told_once() {
        let all = metadata(["orders".to_owned()]);
        let round = |entries: Vec<ConfigEntry>| Overrides {
            topics: vec![("orders".into(), entries)],
            brokers: vec![(BrokerId(2), vec![set("log.retention.ms", "1", ConfigSource::StaticBroker)])],
        };
        let mut seen = SettingsSeen::default();
        assert!(
            seen.take(&round(vec![set("a", "1", ConfigSource::Topic)]), &all).is_empty(),
            "nothing to compare with"
        );
        let defaults = set("b", "9", ConfigSource::Default);
        let told = seen.take(&round(vec![set("a", "2", ConfigSource::Topic), defaults]), &all);
        assert_eq!(texts(&told), ["config orders a: 1 → 2"]);
        let told = seen.take_topic(&"orders".into(), &[set("b", "8", ConfigSource::Topic)]);
        assert_eq!(texts(&told), ["config orders a: 2 → the default", "config orders b: the default → 8"]);
        assert!(seen.take(&round(vec![set("b", "8", ConfigSource::Topic)]), &all).is_empty(), "it was told already");
        let other = metadata(["another".to_owned()]);
        seen.take(&Overrides::default(), &other);
        assert!(seen.take(&round(Vec::new()), &all).is_empty(), "a topic made anew is not compared with the old one");
    }

    #[test]
    fn a_setting_of_a_broker_is_told_without_its_secret() {
        let all = metadata([]);
        let round = |value: &str, is_sensitive| {
            let entry =
                ConfigEntry { is_sensitive, ..set("ssl.keystore.password", value, ConfigSource::DynamicBroker) };
            Overrides { topics: Vec::new(), brokers: vec![(BrokerId(2), vec![entry])] }
        };
        let mut seen = SettingsSeen::default();
        seen.take(&round("x", false), &all);
        let told = seen.take(&round("hush", true), &all);
        assert_eq!(texts(&told), ["config of broker 2 ssl.keystore.password: x → hidden"]);
    }
}
