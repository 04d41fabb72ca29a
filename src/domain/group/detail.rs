//! What groups tell of their members and of their work where the broker assigns it: all
//! types but the classic one.

use crate::domain::{Fact, TopicName, TopicPartition};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a classic group does not tell of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDetail {
    /// The epoch of the assignment that it has taken over; behind the group's while it
    /// still changes over.
    pub epoch: i32,
    pub rack: Option<String>,
    /// Topics that it subscribes to by name.
    pub subscription: Vec<TopicName>,
    /// The regular expression by which it subscribes.
    pub pattern: Option<String>,
    /// What it shall hold, in order. `None`: not told of groups of this type.
    pub target: Option<Vec<TopicPartition>>,
    /// It still speaks the classic protocol. `None`: not told.
    pub is_classic: Option<bool>,
    /// Of a member of a streams group.
    pub streams: Option<StreamsDetail>,
}

/// What a streams group tells of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamsDetail {
    /// The epoch of the topology that it runs.
    pub topology_epoch: i32,
    /// The process it is part of; members of one process share their stores' disk.
    pub process_id: String,
    /// Where its stores are asked, `host:port`.
    pub endpoint: Option<String>,
    /// Names and values.
    pub tags: Vec<(String, String)>,
    pub tasks: Tasks,
    /// What it shall run.
    pub target: Tasks,
}

/// Tasks, each list in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tasks {
    pub active: Vec<Task>,
    /// Copies of stores that are kept ready.
    pub standby: Vec<Task>,
    /// Copies of stores that are being built before their task moves there.
    pub warmup: Vec<Task>,
}

/// A subtopology at one partition of its topics. Shown as Kafka writes it: `0_5`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Task {
    pub subtopology: String,
    pub partition: i32,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.subtopology, self.partition)
    }
}

impl Task {
    /// Tasks in their order, three and more neighbours as one: `0_0–11, 0_14, 1_2`.
    pub fn shown(tasks: &[Self]) -> String {
        let is_next = |before: &Self, task: &Self| {
            before.subtopology == task.subtopology && before.partition.checked_add(1) == Some(task.partition)
        };
        let runs = tasks.chunk_by(is_next).flat_map(|run| match run {
            [first, _, .., last] => vec![format!("{first}–{}", last.partition)],
            few => few.iter().map(ToString::to_string).collect(),
        });
        runs.collect::<Vec<_>>().join(", ")
    }
}

/// What a streams application does, as its group knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    pub epoch: i32,
    /// `None`: not set up, because source topics are missing or their counts of
    /// partitions do not fit.
    pub subtopologies: Option<Vec<Subtopology>>,
    /// What it consists of, in the order of its parts.
    #[serde(default = "not_told")]
    pub nodes: Fact<Vec<TopologyNode>>,
}

fn not_told() -> Fact<Vec<TopologyNode>> {
    Fact::unknown("brokers tell the nodes of a topology from Kafka 4.4 on")
}

/// A node of the graph that a streams application is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyNode {
    /// `None`: it fills a store that every instance has whole.
    pub subtopology: Option<String>,
    pub name: String,
    pub work: NodeWork,
    /// Names of the nodes that get what it passes on.
    pub successors: Vec<String>,
}

/// What a node does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeWork {
    /// Reads topics; none where a pattern says which.
    Source(Vec<TopicName>),
    /// With the stores that it uses.
    Processor(Vec<String>),
    /// Writes a topic; `None` where it decides for each record.
    Sink(Option<TopicName>),
    /// Of a kind that is newer than klamm.
    Other,
}

impl NodeWork {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Source(_) => "source node",
            Self::Processor(_) => "processor",
            Self::Sink(_) => "sink node",
            Self::Other => "node",
        }
    }

    pub fn topics(&self) -> &[TopicName] {
        match self {
            Self::Source(topics) => topics,
            Self::Sink(topic) => topic.as_slice(),
            Self::Processor(_) | Self::Other => &[],
        }
    }

    pub fn stores(&self) -> &[String] {
        match self {
            Self::Processor(stores) => stores,
            Self::Source(_) | Self::Sink(_) | Self::Other => &[],
        }
    }
}

impl TopologyNode {
    /// "count keeps per-minute → sink": what it does, and who comes next.
    pub fn told(&self) -> String {
        let list = |what: &str, names: Vec<&str>| {
            if names.is_empty() { String::new() } else { format!(" {what} {}", names.join(", ")) }
        };
        let topics = self.work.topics().iter().map(TopicName::as_str).collect();
        let does = match &self.work {
            NodeWork::Source(_) => list("reads", topics),
            NodeWork::Sink(_) => list("writes", topics),
            NodeWork::Processor(stores) => list("keeps", stores.iter().map(String::as_str).collect()),
            NodeWork::Other => String::new(),
        };
        format!("{}{does}{}", self.name, list("→", self.successors.iter().map(String::as_str).collect()))
    }
}

/// A line of what is told of a topology.
#[derive(Clone, Copy, Debug)]
pub enum TopologyRow<'a> {
    Topic(&'a Subtopology, TopologyPart, &'a TopicName),
    Node(&'a TopologyNode),
}

/// A part of a topology that runs by itself, one task a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtopology {
    pub id: String,
    pub sources: Vec<TopicName>,
    /// Repartition topics that it reads, which it has itself made.
    pub repartition_sources: Vec<TopicName>,
    /// Repartition topics that it writes.
    pub repartition_sinks: Vec<TopicName>,
    pub changelogs: Vec<TopicName>,
}

/// What a topic is to a subtopology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopologyPart {
    Source,
    RepartitionSource,
    RepartitionSink,
    Changelog,
}

impl TopologyPart {
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::RepartitionSource => "repartition source",
            Self::RepartitionSink => "repartition sink",
            Self::Changelog => "changelog",
        }
    }
}

impl Topology {
    /// Its topics, and behind them its nodes where they are told.
    pub fn rows(&self) -> impl Iterator<Item = TopologyRow<'_>> {
        let topics = self.topics().map(|(one, part, topic)| TopologyRow::Topic(one, part, topic));
        topics.chain(self.nodes.known().into_iter().flatten().map(TopologyRow::Node))
    }

    /// Every topic of every subtopology, in their order.
    pub fn topics(&self) -> impl Iterator<Item = (&Subtopology, TopologyPart, &TopicName)> {
        self.subtopologies.iter().flatten().flat_map(|one| {
            let parts = [
                (TopologyPart::Source, &one.sources),
                (TopologyPart::RepartitionSource, &one.repartition_sources),
                (TopologyPart::RepartitionSink, &one.repartition_sinks),
                (TopologyPart::Changelog, &one.changelogs),
            ];
            parts.into_iter().flat_map(move |(part, topics)| topics.iter().map(move |topic| (one, part, topic)))
        })
    }

    /// The partitions that a task reads. A topic with fewer partitions than its
    /// subtopology has tasks is named for all of them.
    pub fn read_by(&self, task: &Task) -> impl Iterator<Item = TopicPartition> {
        let all = self.subtopologies.iter().flatten().filter(|subtopology| subtopology.id == task.subtopology);
        let topics = all.flat_map(|subtopology| subtopology.sources.iter().chain(&subtopology.repartition_sources));
        topics.map(|topic| TopicPartition::new(topic.clone(), task.partition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_tells_what_it_does_and_who_comes_next() {
        let told = |work, successors: &[&str]| {
            let successors = successors.iter().map(|name| (*name).to_owned()).collect();
            TopologyNode { subtopology: None, name: "n".into(), work, successors }.told()
        };
        assert_eq!(told(NodeWork::Source(vec!["a".into(), "b".into()]), &["m", "o"]), "n reads a, b → m, o");
        assert_eq!(told(NodeWork::Processor(vec!["s".into()]), &[]), "n keeps s");
        assert_eq!(told(NodeWork::Sink(Some("t".into())), &[]), "n writes t");
        assert_eq!(told(NodeWork::Sink(None), &[]), "n");
        let node = TopologyNode { subtopology: None, name: "n".into(), work: NodeWork::Other, successors: Vec::new() };
        let topology = Topology { epoch: 0, subtopologies: None, nodes: Fact::Known(vec![node]) };
        assert_eq!(topology.rows().count(), 1);
    }

    #[test]
    fn neighbouring_tasks_are_shown_as_one() {
        let task = |subtopology: &str, partition| Task { subtopology: subtopology.into(), partition };
        let of = |parts: &[i32]| -> Vec<Task> { parts.iter().map(|partition| task("0", *partition)).collect() };
        assert_eq!(Task::shown(&of(&[0, 1, 2, 3, 5, 7, 8])), "0_0–3, 0_5, 0_7, 0_8");
        assert_eq!(
            Task::shown(&[of(&[0, 1]), vec![task("1", 2), task("1", 3), task("1", 4)]].concat()),
            "0_0, 0_1, 1_2–4"
        );
        assert_eq!(Task::shown(&[task("0", i32::MAX), task("0", i32::MIN)]), "0_2147483647, 0_-2147483648");
        assert_eq!(Task::shown(&[]), "");
    }

    #[test]
    fn a_task_reads_its_partition_of_each_source() {
        let subtopology = |id: &str, sources: &[&str], repartition: &[&str]| Subtopology {
            id: id.into(),
            sources: sources.iter().map(|name| (*name).into()).collect(),
            repartition_sources: repartition.iter().map(|name| (*name).into()).collect(),
            repartition_sinks: Vec::new(),
            changelogs: Vec::new(),
        };
        let subtopologies = vec![subtopology("0", &["a", "b"], &[]), subtopology("1", &[], &["app-r-repartition"])];
        let topology = Topology { epoch: 0, subtopologies: Some(subtopologies), nodes: not_told() };
        let read = |id: &str, partition| -> Vec<String> {
            let task = Task { subtopology: id.into(), partition };
            topology.read_by(&task).map(|here| here.to_string()).collect()
        };
        assert_eq!(read("0", 2), ["a:2", "b:2"]);
        assert_eq!(read("1", 0), ["app-r-repartition:0"]);
        assert!(read("2", 0).is_empty());
        let parts: Vec<_> =
            topology.topics().map(|(one, part, topic)| format!("{} {} {topic}", one.id, part.word())).collect();
        assert_eq!(parts, ["0 source a", "0 source b", "1 repartition source app-r-repartition"]);
        let unready = Topology { epoch: 0, subtopologies: None, nodes: not_told() };
        assert_eq!(unready.read_by(&Task { subtopology: "0".into(), partition: 0 }).count(), 0);
    }
}
