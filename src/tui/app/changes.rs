//! What changed on the cluster while klamm looked.
//!
//! Owns: comparing two snapshots in a few sentences. Must not know the screen.
//! Invariant: bounded; the newest stay.

use crate::cluster::{Groups, Metadata};
use crate::domain::group::GroupState;
use crate::domain::{BrokerId, GroupId, Time, TopicName};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Sentences kept.
const MOST: usize = 200;
/// Names listed before a change is told as a number.
const NAMED: usize = 3;

#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Oldest first.
    pub seen: VecDeque<(Time, String)>,
}

impl Changes {
    pub fn add(&mut self, at: Time, sentences: Vec<String>) {
        for sentence in sentences {
            if self.seen.len() == MOST {
                self.seen.pop_front();
            }
            self.seen.push_back((at, sentence));
        }
    }
}

/// What the newer metadata says that the older did not.
pub fn between_metadata(old: &Metadata, new: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for broker in &old.brokers {
        if !new.brokers.iter().any(|other| other.id == broker.id) {
            found.push(format!("broker {} left the cluster", broker.id));
        }
    }
    for broker in &new.brokers {
        if !old.brokers.iter().any(|other| other.id == broker.id) {
            found.push(format!("broker {} joined the cluster", broker.id));
        }
    }
    let before: HashMap<&TopicName, _> = old.topics.iter().map(|topic| (&topic.name, topic)).collect();
    let mut left: BTreeMap<BrokerId, usize> = BTreeMap::new();
    let mut joined: BTreeMap<BrokerId, usize> = BTreeMap::new();
    let mut grown = Vec::new();
    let mut created = Vec::new();
    for topic in &new.topics {
        let Some(old_topic) = before.get(&topic.name) else {
            created.push(topic.name.as_str());
            continue;
        };
        if std::sync::Arc::ptr_eq(old_topic, topic) {
            continue;
        }
        if topic.partitions.len() > old_topic.partitions.len() {
            grown.push(format!("{} now has {} partitions", topic.name, topic.partitions.len()));
        }
        for (partition, earlier) in topic.partitions.iter().zip(&old_topic.partitions) {
            for id in earlier.isr.iter().filter(|id| !partition.isr.contains(id)) {
                *left.entry(*id).or_default() += 1;
            }
            for id in partition.isr.iter().filter(|id| !earlier.isr.contains(id)) {
                *joined.entry(*id).or_default() += 1;
            }
        }
    }
    let after: HashMap<&TopicName, ()> = new.topics.iter().map(|topic| (&topic.name, ())).collect();
    let deleted: Vec<&str> =
        old.topics.iter().filter(|topic| !after.contains_key(&topic.name)).map(|topic| topic.name.as_str()).collect();
    found.extend(left.iter().map(|(id, count)| format!("broker {id} left the ISR of {count} partitions")));
    found.extend(joined.iter().map(|(id, count)| format!("broker {id} is back in the ISR of {count} partitions")));
    found.extend(told("topic", "created", &created));
    found.extend(told("topic", "deleted", &deleted));
    found.extend(grown.into_iter().take(NAMED));
    found
}

/// What the newer list of groups says that the older did not.
pub fn between_groups(old: &Groups, new: &Groups) -> Vec<String> {
    let before: HashMap<&GroupId, GroupState> =
        old.rows.iter().map(|row| (&row.listing.id, row.listing.state)).collect();
    let moved: Vec<String> = new
        .rows
        .iter()
        .filter_map(|row| {
            let earlier = *before.get(&row.listing.id)?;
            let now = row.listing.state;
            (earlier != now).then(|| format!("{} {} → {}", row.listing.id, earlier.word(), now.word()))
        })
        .collect();
    let created: Vec<&str> = new
        .rows
        .iter()
        .filter(|row| !before.contains_key(&row.listing.id))
        .map(|row| row.listing.id.as_str())
        .collect();
    let mut found = if moved.len() > NAMED { vec![format!("{} groups changed state", moved.len())] } else { moved };
    found.extend(told("group", "appeared", &created));
    found
}

fn told(kind: &str, what: &str, names: &[&str]) -> Vec<String> {
    if names.len() > NAMED {
        return vec![format!("{} {kind}s {what}", names.len())];
    }
    names.iter().map(|name| format!("{kind} {name} {what}")).collect()
}
