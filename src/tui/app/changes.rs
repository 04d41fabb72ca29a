//! What changed on the cluster while klamm looked.
//!
//! Owns: comparing two snapshots in a few sentences. Must not know the screen.
//! Invariant: bounded; the newest stay.

use crate::cluster::{Groups, Metadata};
use crate::domain::group::GroupState;
use crate::domain::topic::Topic;
use crate::domain::{BrokerId, GroupId, Time, TopicName};
use foldhash::{HashMap, HashSet};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Sentences kept.
const MOST: usize = 200;
/// Names listed before a change is told as a number.
const NAMED: usize = 3;

/// Where a change leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    Nowhere,
    Topic(TopicName),
    Group(GroupId),
}

/// A sentence, and the thing it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub text: String,
    pub leads: Lead,
}

impl Change {
    pub(super) fn new(text: String, leads: Lead) -> Self {
        Self { text, leads }
    }
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Time,
    pub text: String,
    pub leads: Lead,
}

#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Oldest first.
    pub seen: VecDeque<Seen>,
    /// How many are kept no longer.
    dropped: usize,
    /// The selected one, counted from the first ever seen; the newest otherwise.
    selected: Option<usize>,
}

impl Changes {
    pub fn add(&mut self, at: Time, changes: Vec<Change>) {
        for Change { text, leads } in changes {
            if self.seen.len() == MOST {
                self.seen.pop_front();
                self.dropped += 1;
            }
            self.seen.push_back(Seen { at, text, leads });
        }
    }

    /// The selected row.
    pub fn cursor(&self) -> usize {
        let newest = self.seen.len().saturating_sub(1);
        self.selected.map_or(newest, |selected| selected.saturating_sub(self.dropped).min(newest))
    }

    /// Selects a row; on the last one the selection follows what comes.
    pub fn go_to(&mut self, row: usize) {
        self.selected = (row + 1 < self.seen.len()).then_some(row + self.dropped);
    }

    pub fn selected(&self) -> Option<&Seen> {
        self.seen.get(self.cursor())
    }
}

/// What the newer metadata says that the older did not.
pub fn between_metadata(old: &Metadata, new: &Metadata) -> Vec<Change> {
    let mut found = Vec::new();
    let ids = |metadata: &Metadata| metadata.brokers.iter().map(|broker| broker.id).collect::<Vec<_>>();
    let (before, after) = (ids(old), ids(new));
    let gone = before.iter().filter(|id| !after.contains(id)).map(|id| format!("broker {id} left the cluster"));
    let come = after.iter().filter(|id| !before.contains(id)).map(|id| format!("broker {id} joined the cluster"));
    found.extend(gone.chain(come).map(|text| Change::new(text, Lead::Nowhere)));
    let earlier: HashMap<&TopicName, &Arc<Topic>> = old.topics.iter().map(|topic| (&topic.name, topic)).collect();
    let mut moves = Moves::default();
    let mut created = Vec::new();
    for topic in &new.topics {
        match earlier.get(&topic.name) {
            None => created.push(&topic.name),
            Some(old_topic) if Arc::ptr_eq(old_topic, topic) => {}
            Some(old_topic) => moves.compare(old_topic, topic),
        }
    }
    let later: HashSet<&TopicName> = new.topics.iter().map(|topic| &topic.name).collect();
    let deleted: Vec<&TopicName> =
        old.topics.iter().map(|topic| &topic.name).filter(|name| !later.contains(name)).collect();
    found.extend(moves.told());
    let lead = |name: &TopicName| Lead::Topic(name.clone());
    found.extend(told("topic", "created", &created, lead));
    found.extend(told("topic", "deleted", &deleted, |_| Lead::Nowhere));
    found
}

/// What happened to partitions, with the first topic it happened to.
#[derive(Default)]
struct Moves {
    left: BTreeMap<BrokerId, (usize, TopicName)>,
    back: BTreeMap<BrokerId, (usize, TopicName)>,
    leads: BTreeMap<Option<BrokerId>, (usize, TopicName)>,
    grown: Vec<Change>,
}

impl Moves {
    fn compare(&mut self, old: &Topic, new: &Topic) {
        fn count<K: Ord>(of: &mut BTreeMap<K, (usize, TopicName)>, key: K, topic: &Topic) {
            of.entry(key).or_insert_with(|| (0, topic.name.clone())).0 += 1;
        }
        if new.partitions.len() > old.partitions.len() {
            let text = format!("topic {} now has {} partitions", new.name, new.partitions.len());
            self.grown.push(Change::new(text, Lead::Topic(new.name.clone())));
        }
        for (partition, earlier) in new.partitions.iter().zip(&old.partitions) {
            for id in earlier.isr.iter().filter(|id| !partition.isr.contains(id)) {
                count(&mut self.left, *id, new);
            }
            for id in partition.isr.iter().filter(|id| !earlier.isr.contains(id)) {
                count(&mut self.back, *id, new);
            }
            if partition.leader != earlier.leader {
                count(&mut self.leads, partition.leader, new);
            }
        }
    }

    fn told(self) -> Vec<Change> {
        let partitions = |count: usize, topic: &TopicName| match count {
            1 => format!("a partition of {topic}"),
            count => format!("{count} partitions"),
        };
        let mut found = Vec::new();
        let mut tell = |text: String, topic: TopicName| found.push(Change::new(text, Lead::Topic(topic)));
        for (id, (count, topic)) in self.left {
            tell(format!("broker {id} left the ISR of {}", partitions(count, &topic)), topic);
        }
        for (id, (count, topic)) in self.back {
            tell(format!("broker {id} is back in the ISR of {}", partitions(count, &topic)), topic);
        }
        for (leader, (count, topic)) in self.leads {
            let which = partitions(count, &topic);
            match leader {
                Some(id) => tell(format!("broker {id} now leads {which}"), topic),
                None => tell(format!("nobody leads {which} any more"), topic),
            }
        }
        found.extend(self.grown.into_iter().take(NAMED));
        found
    }
}

/// What the newer list of groups says that the older did not.
pub fn between_groups(old: &Groups, new: &Groups) -> Vec<Change> {
    let before: HashMap<&GroupId, GroupState> =
        old.rows.iter().map(|row| (&row.listing.id, row.last_state())).collect();
    let after: HashSet<&GroupId> = new.rows.iter().map(|row| &row.listing.id).collect();
    let moved: Vec<Change> = new
        .rows
        .iter()
        .filter_map(|row| {
            let id = &row.listing.id;
            let (earlier, now) = (*before.get(id)?, row.last_state());
            let text = || format!("group {id} {} → {}", earlier.word(), now.word());
            (earlier != now).then(|| Change::new(text(), Lead::Group(id.clone())))
        })
        .collect();
    let created: Vec<&GroupId> =
        new.rows.iter().map(|row| &row.listing.id).filter(|id| !before.contains_key(id)).collect();
    let gone: Vec<&GroupId> = old.rows.iter().map(|row| &row.listing.id).filter(|id| !after.contains(id)).collect();
    let mut found = match moved.as_slice() {
        [first, ..] if moved.len() > NAMED => {
            vec![Change::new(format!("{} groups changed state", moved.len()), first.leads.clone())]
        }
        _ => moved,
    };
    found.extend(told("group", "appeared", &created, |id| Lead::Group(id.clone())));
    // Where its coordinator does not answer, it is listed still.
    found.extend(told("group", "is gone", &gone, |_| Lead::Nowhere));
    found
}

fn told<N: std::fmt::Display>(kind: &str, what: &str, names: &[&N], lead: impl Fn(&N) -> Lead) -> Vec<Change> {
    match names {
        [first, ..] if names.len() > NAMED => {
            let what = what.strip_prefix("is ").map_or_else(|| what.to_owned(), |what| format!("are {what}"));
            vec![Change::new(format!("{} {kind}s {what}", names.len()), lead(first))]
        }
        _ => names.iter().map(|name| Change::new(format!("{kind} {name} {what}"), lead(name))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(number: usize) -> Vec<Change> {
        vec![Change::new(number.to_string(), Lead::Nowhere)]
    }

    #[test]
    fn the_selection_follows_the_newest_until_one_looks_at_an_older() {
        let mut changes = Changes::default();
        for number in 0..10 {
            changes.add(Time(0), change(number));
        }
        assert_eq!(changes.selected().map(|seen| seen.text.as_str()), Some("9"));
        changes.go_to(4);
        for number in 10..MOST + 3 {
            changes.add(Time(0), change(number));
        }
        assert_eq!(changes.seen.len(), MOST, "bounded");
        assert_eq!(changes.selected().map(|seen| seen.text.as_str()), Some("4"), "it stays on its row");
        changes.add(Time(0), (0..50).flat_map(change).collect());
        assert_eq!(changes.cursor(), 0, "what is gone gives way to the oldest there is");
        changes.go_to(MOST - 1);
        changes.add(Time(0), change(777));
        assert_eq!(changes.selected().map(|seen| seen.text.as_str()), Some("777"));
    }
}
