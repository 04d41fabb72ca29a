//! Finding a command, a topic, a group, a profile or a place by a few letters.
//!
//! Owns: what is offered and in which order. Must not know how it is drawn.
//! Invariant: the hits are bounded, however many names there are; a large
//! cluster is searched off the loop by the same function.

use super::screens::group::GroupTab;
use super::screens::topic::TopicTab;
use super::state::{Screen, Spot};
use crate::cluster::{Groups, Metadata};
use crate::domain::{GroupId, TopicName};
use crate::tui::command::{Command, search};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::sync::Arc;

/// Hits kept.
const MOST: usize = 100;
/// Places offered before anything is typed.
const PLACES: usize = 6;

/// What of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfTopic {
    Detail(TopicTab),
    Records,
}

/// What one may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    Command(Command),
    Topic(TopicName, OfTopic),
    Group(GroupId, GroupTab),
    Profile(String),
    Place(Spot),
}

/// All that is searched.
#[derive(Clone, Debug, Default)]
pub struct Haystack {
    pub metadata: Option<Arc<Metadata>>,
    pub groups: Option<Arc<Groups>>,
    pub profiles: Vec<String>,
    /// The newest first.
    pub places: Vec<Spot>,
}

impl Haystack {
    /// Names that have to be looked at.
    pub fn size(&self) -> usize {
        let topics = self.metadata.as_ref().map_or(0, |metadata| metadata.topics.len());
        topics + self.groups.as_ref().map_or(0, |groups| groups.rows.len()) + self.profiles.len()
    }
}

/// Words that say what of a topic is meant: `ord lag`.
const OF_TOPIC: [(&str, OfTopic); 6] = [
    ("partitions", OfTopic::Detail(TopicTab::Partitions)),
    ("lag", OfTopic::Detail(TopicTab::Groups)),
    ("groups", OfTopic::Detail(TopicTab::Groups)),
    ("configs", OfTopic::Detail(TopicTab::Configs)),
    ("records", OfTopic::Records),
    ("tail", OfTopic::Records),
];
const OF_GROUP: [(&str, GroupTab); 5] = [
    ("lag", GroupTab::Partitions),
    ("partitions", GroupTab::Partitions),
    ("members", GroupTab::Members),
    ("topology", GroupTab::Topology),
    ("timeline", GroupTab::Timeline),
];

/// The best hits for `typed`. Without a word: the places one comes from, then
/// all commands.
pub fn find(typed: &str, haystack: &Haystack) -> Vec<Hit> {
    let typed = typed.trim();
    if typed.is_empty() {
        let places = haystack.places.iter().take(PLACES).cloned().map(Hit::Place);
        return places.chain(search::search("").into_iter().map(|(row, _)| Hit::Command(row.command))).collect();
    }
    let mut found: Vec<(u32, Hit)> =
        search::search(typed).into_iter().map(|(row, score)| (score, Hit::Command(row.command))).collect();
    let mut scorer = Scorer::new();
    let whole = pattern(typed);
    for name in &haystack.profiles {
        found.extend(scorer.score(&whole, name).map(|score| (score, Hit::Profile(name.clone()))));
    }
    for spot in &haystack.places {
        let score = scorer.score(&whole, &place_words(spot));
        // Where one was, one wants to go again.
        found.extend(score.map(|score| (score.saturating_add(8), Hit::Place(spot.clone()))));
    }
    if let Some(groups) = &haystack.groups {
        let asked = asked(typed, &OF_GROUP);
        for row in &groups.rows {
            let id = &row.listing.id;
            let (score, tab) = scorer.best(&whole, &asked, id.as_str(), GroupTab::Partitions);
            found.extend(score.map(|score| (score, Hit::Group(id.clone(), tab))));
        }
    }
    keep_best(&mut found);
    if let Some(metadata) = &haystack.metadata {
        let asked = asked(typed, &OF_TOPIC);
        for topic in &metadata.topics {
            let usual = OfTopic::Detail(TopicTab::Partitions);
            let (score, of) = scorer.best(&whole, &asked, topic.name.as_str(), usual);
            found.extend(score.map(|score| (score, Hit::Topic(topic.name.clone(), of))));
            if found.len() > MOST * 20 {
                keep_best(&mut found);
            }
        }
    }
    keep_best(&mut found);
    found.into_iter().map(|(_, hit)| hit).collect()
}

/// A place in words.
pub fn place_words(spot: &Spot) -> String {
    let view = match spot.screen {
        Screen::Overview => "Overview",
        Screen::Topics => "Topics",
        Screen::Groups | Screen::Group => "Groups",
        Screen::Records => "Records",
        Screen::Journal => "Journal",
        Screen::Profiles => "Profiles",
        Screen::Messages => "Messages",
    };
    let thing = match spot.screen {
        Screen::Topics | Screen::Records => spot.topic.as_ref().map(ToString::to_string),
        Screen::Groups | Screen::Group => spot.group.as_ref().map(ToString::to_string),
        Screen::Overview | Screen::Journal | Screen::Profiles | Screen::Messages => None,
    };
    thing.map_or_else(|| view.to_owned(), |thing| format!("{view} · {thing}"))
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart)
}

/// The words before one that says what is meant, and what that is. The last
/// word may be unfinished.
fn asked<T: Copy>(typed: &str, words: &[(&str, T)]) -> Option<(Pattern, T)> {
    let (before, last) = typed.rsplit_once(char::is_whitespace)?;
    let last = last.to_lowercase();
    let (_, what) = words.iter().find(|(word, _)| last.len() >= 2 && word.starts_with(&last))?;
    Some((pattern(before.trim()), *what))
}

/// The best first, not more than are kept. Equal ones keep their order.
fn keep_best(found: &mut Vec<(u32, Hit)>) {
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.truncate(MOST);
}

struct Scorer {
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Scorer {
    fn new() -> Self {
        Self { matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }

    fn score(&mut self, pattern: &Pattern, text: &str) -> Option<u32> {
        pattern.score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher)
    }

    /// A name that holds all that was typed counts as it is; one that holds what
    /// stands before the asking word leads to what was asked for.
    fn best<T: Copy>(
        &mut self,
        whole: &Pattern,
        asked: &Option<(Pattern, T)>,
        name: &str,
        usual: T,
    ) -> (Option<u32>, T) {
        let of_name = self.score(whole, name);
        match (of_name, asked) {
            (Some(_), _) | (None, None) => (of_name, usual),
            // A word that was understood is worth as much as letters found.
            (None, Some((before, what))) => (self.score(before, name).map(|score| score.saturating_add(100)), *what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::topic::Topic;

    fn haystack(names: impl Iterator<Item = String>) -> Haystack {
        let topic = |name: String| {
            Arc::new(Topic { name: name.as_str().into(), id: None, is_internal: false, partitions: Vec::new() })
        };
        let metadata = Metadata {
            version: 1,
            taken: Time(0),
            cluster_id: None,
            controller: None,
            brokers: Vec::new(),
            partitions: 0,
            topics: names.map(topic).collect(),
            health: Default::default(),
            failures: Vec::new(),
            may_describe_cluster: None,
        };
        Haystack { metadata: Some(Arc::new(metadata)), profiles: vec!["prod-eu".into()], ..Haystack::default() }
    }

    fn few() -> Haystack {
        haystack(["clickstream", "orders.v1", "orders.v1.DLT", "payments-lag-stats"].into_iter().map(str::to_owned))
    }

    #[test]
    fn a_word_says_what_of_a_topic_is_meant() {
        for (typed, of) in [
            ("ord lag", OfTopic::Detail(TopicTab::Groups)),
            ("orders.v1 conf", OfTopic::Detail(TopicTab::Configs)),
            ("ord tail", OfTopic::Records),
            ("orders", OfTopic::Detail(TopicTab::Partitions)),
        ] {
            assert_eq!(find(typed, &few()).first(), Some(&Hit::Topic("orders.v1".into(), of)), "{typed}");
        }
        // A name that holds the word itself is what it says.
        let usual = OfTopic::Detail(TopicTab::Partitions);
        assert_eq!(find("pay lag", &few()).first(), Some(&Hit::Topic("payments-lag-stats".into(), usual)));
    }

    #[test]
    fn commands_words_and_profiles_are_found_too() {
        assert_eq!(find("topics", &few()).first(), Some(&Hit::Command(Command::ViewTopics)));
        assert_eq!(find("q", &few()).first(), Some(&Hit::Command(Command::QuitNow)));
        assert!(find("prod", &few()).contains(&Hit::Profile("prod-eu".into())));
        assert!(find("zzqqxx", &few()).is_empty());
    }

    #[test]
    fn before_anything_is_typed_there_are_the_places_one_comes_from() {
        let spot = Spot { screen: Screen::Topics, depth: 0, in_detail: true, topic: Some("a".into()), group: None };
        let mut haystack = few();
        haystack.places = vec![spot.clone(); 20];
        let hits = find("", &haystack);
        assert_eq!(hits.iter().filter(|hit| matches!(hit, Hit::Place(_))).count(), PLACES);
        assert_eq!(hits.first(), Some(&Hit::Place(spot)));
    }

    #[test]
    fn a_hundred_thousand_topics_give_bounded_hits_and_the_best_is_among_them() {
        let haystack = haystack((0..100_000).map(|number| format!("team-{}-orders-{number}", number % 97)));
        let hits = find("orders 77777", &haystack);
        assert!(hits.len() <= MOST);
        let usual = OfTopic::Detail(TopicTab::Partitions);
        assert_eq!(hits.first(), Some(&Hit::Topic("team-80-orders-77777".into(), usual)));
    }
}
