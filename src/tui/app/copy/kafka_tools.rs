//! The same with the tools that come with Apache Kafka.
//!
//! Owns: their names and flags. Must not know the screen.

use crate::domain::command_line::join;
use crate::domain::group::GroupType;
use crate::domain::plan::{Change, OffsetMove, Plan, Step};
use crate::domain::{GroupId, Offset, PartitionId, TopicName};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How the tools reach the cluster.
pub struct Tools {
    bootstrap: String,
    /// They read passwords and certificates from a file only.
    needs_settings: bool,
}

/// The file with the client's settings: it is the user's to write.
const SETTINGS: &str = "client.properties";

impl Tools {
    pub fn new(brokers: &str, security: &str) -> Self {
        let bootstrap = brokers.split(',').map(str::trim).collect::<Vec<_>>().join(",");
        Self { bootstrap, needs_settings: security != "plaintext" }
    }

    fn line(&self, tool: &str, settings_flag: &str, words: &[&str]) -> String {
        let mut line = vec![tool, "--bootstrap-server", &self.bootstrap];
        if self.needs_settings {
            line.extend([settings_flag, SETTINGS]);
        }
        line.extend(words);
        join(line)
    }

    pub fn topic(&self, topic: &TopicName) -> String {
        self.line("kafka-topics.sh", "--command-config", &["--describe", "--topic", topic.as_str()])
    }

    pub fn offsets(&self, topic: &TopicName, partition: PartitionId) -> String {
        let partitions = format!("{topic}:{partition}");
        self.line("kafka-get-offsets.sh", "--command-config", &["--topic-partitions", &partitions])
    }

    pub fn configs(&self, topic: &TopicName) -> String {
        let words = ["--entity-type", "topics", "--entity-name", topic.as_str(), "--describe", "--all"];
        self.line("kafka-configs.sh", "--command-config", &words)
    }

    /// `view` is one of the tool's own: `--offsets`, `--members`.
    pub fn group(&self, group: &GroupId, kind: GroupType, view: &[&str]) -> String {
        let mut words = vec!["--describe", "--group", group.as_str()];
        words.extend(view);
        let tool = match kind {
            GroupType::Share => "kafka-share-groups.sh",
            GroupType::Streams => "kafka-streams-groups.sh",
            GroupType::Classic | GroupType::Consumer | GroupType::Other(_) | GroupType::Unknown => {
                "kafka-consumer-groups.sh"
            }
        };
        self.line(tool, "--command-config", &words)
    }

    /// A reset of a share group, which its tool knows in three ways only.
    fn share_reset(&self, group: &GroupId, plan: &Plan) -> Option<String> {
        let is = |end: fn(&OffsetMove) -> Option<Offset>| plan.moves().all(|step| step.target == end(step));
        let target = match (is(|step| step.log_start), is(|step| step.log_end)) {
            (true, _) => "--to-earliest",
            (_, true) => "--to-latest",
            (false, false) => return None,
        };
        let mut words = vec!["--reset-offsets", "--group", group.as_str(), target, "--dry-run"];
        let topics: BTreeSet<&str> = plan.moves().map(|step| step.topic.as_str()).collect();
        words.extend(topics.into_iter().flat_map(|topic| ["--topic", topic]));
        Some(self.line("kafka-share-groups.sh", "--command-config", &words))
    }

    pub fn record(&self, topic: &TopicName, partition: PartitionId, offset: Offset) -> String {
        let (partition, offset) = (partition.to_string(), offset.to_string());
        let words = [
            "--topic",
            topic.as_str(),
            "--partition",
            &partition,
            "--offset",
            &offset,
            "--max-messages",
            "1",
            "--property",
            "print.key=true",
        ];
        self.line("kafka-console-consumer.sh", "--consumer.config", &words)
    }

    pub fn cluster(&self) -> String {
        self.line("kafka-broker-api-versions.sh", "--command-config", &[])
    }

    /// What the tools would do instead; `None` where they cannot. Offsets go
    /// through a file, and are shown before they are written: `--execute` is for
    /// the user to type.
    pub fn plan(&self, plan: &Plan) -> Option<String> {
        let topics = |words: &[&str]| self.line("kafka-topics.sh", "--command-config", words);
        let group = match &plan.change {
            Change::ResetOffsets { group, .. } | Change::Undo { group: Some(group), .. } => group,
            Change::ResetShareGroup { group } => return self.share_reset(group, plan),
            Change::DeleteShareOffsets { group } => {
                let mut words = vec!["--delete-offsets", "--group", group.as_str()];
                let topics: BTreeSet<&str> = plan.moves().map(|step| step.topic.as_str()).collect();
                words.extend(topics.into_iter().flat_map(|topic| ["--topic", topic]));
                return Some(self.line("kafka-share-groups.sh", "--command-config", &words));
            }
            _ => {
                return match plan.steps.first()? {
                    Step::AddPartitions { topic, after, .. } => {
                        Some(topics(&["--alter", "--topic", topic.as_str(), "--partitions", &after.to_string()]))
                    }
                    Step::CreateTopic { topic, partitions, replication_factor, configs } => {
                        let mut words = vec!["--create".to_owned(), "--topic".into(), topic.to_string()];
                        if let Some(count) = partitions {
                            words.extend(["--partitions".into(), count.to_string()]);
                        }
                        if let Some(count) = replication_factor {
                            words.extend(["--replication-factor".into(), count.to_string()]);
                        }
                        for (name, value) in configs {
                            words.extend(["--config".into(), format!("{name}={value}")]);
                        }
                        Some(topics(&words.iter().map(String::as_str).collect::<Vec<_>>()))
                    }
                    Step::DeleteGroup { .. } => {
                        let mut words = vec!["--delete"];
                        words.extend(plan.deleted_groups().flat_map(|(_, group)| ["--group", group.as_str()]));
                        Some(self.line("kafka-consumer-groups.sh", "--command-config", &words))
                    }
                    Step::MoveOffset(OffsetMove { target: None, .. }) => {
                        let group = plan.change.group()?;
                        let mut words = vec!["--delete-offsets".to_owned(), "--group".into(), group.to_string()];
                        for step in plan.moves() {
                            words.extend(["--topic".into(), format!("{}:{}", step.topic, step.partition)]);
                        }
                        let words: Vec<&str> = words.iter().map(String::as_str).collect();
                        Some(self.line("kafka-consumer-groups.sh", "--command-config", &words))
                    }
                    Step::DeleteTopic { topic, .. } => Some(topics(&["--delete", "--topic", topic.as_str()])),
                    _ => None,
                };
            }
        };
        let mut rows = String::new();
        for step in plan.moves() {
            // A commit that was absent before is deleted by an undo, which the tool cannot do.
            let target = step.target?;
            // Writing into a string cannot fail.
            let _ = writeln!(rows, "{},{},{target}", step.topic, step.partition);
        }
        let words = ["--reset-offsets", "--group", group.as_str(), "--from-file", "offsets.csv", "--dry-run"];
        let line = self.line("kafka-consumer-groups.sh", "--command-config", &words);
        Some(format!("printf '%s' {} > offsets.csv\n{line}", join([rows.as_str()])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_get_addresses_and_settings() {
        let plain = Tools::new("kafka-1:9092, kafka-2:9092", "plaintext");
        assert_eq!(
            plain.topic(&"orders.v1".into()),
            "kafka-topics.sh --bootstrap-server kafka-1:9092,kafka-2:9092 --describe --topic orders.v1"
        );
        let secure = Tools::new("kafka-1:9094", "TLS, SCRAM-SHA-512");
        assert_eq!(
            secure.group(&"a b".into(), GroupType::Classic, &["--members"]),
            "kafka-consumer-groups.sh --bootstrap-server kafka-1:9094 --command-config client.properties --describe --group 'a b' --members"
        );
        assert!(
            secure.record(&"t".into(), 3, 41).contains("--consumer.config client.properties --topic t --partition 3")
        );
    }
}
