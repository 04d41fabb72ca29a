//! What is set for topics and brokers themselves, to see it change.

use super::Cluster;
use crate::domain::config::ConfigEntry;
use crate::domain::{BrokerId, Failure, TopicName};
use crate::kafka::admin::configs::{self, Documentation};
use futures::future::join_all;

/// Settings that differ from what the cluster would use by itself. A topic or
/// broker that could not be asked is missing: nothing is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub topics: Vec<(TopicName, Vec<ConfigEntry>)>,
    pub brokers: Vec<(BrokerId, Vec<ConfigEntry>)>,
}

impl Cluster {
    /// The overrides of `topics` and of every broker. An error if nothing at all
    /// could be asked.
    pub async fn overrides(&self, topics: &[TopicName]) -> Result<Overrides, Failure> {
        let brokers: Vec<BrokerId> = self.known_metadata().await?.brokers.iter().map(|broker| broker.id).collect();
        let ask = |id: BrokerId| async move {
            (id, configs::describe_broker(self.client(), id, Documentation::Without).await)
        };
        let (of_topics, of_brokers) = tokio::join!(
            configs::describe_topics(self.client(), topics, Documentation::Without),
            join_all(brokers.into_iter().map(ask))
        );
        let mut failure = of_topics.failures.into_iter().next();
        let mut read = Overrides::default();
        read.topics.extend(of_topics.value.into_iter().map(|(topic, entries)| (topic, set(entries))));
        for (id, answer) in of_brokers {
            match answer {
                Ok(entries) => read.brokers.push((id, set(entries))),
                Err(other) => failure = Some(other),
            }
        }
        match failure {
            Some(failure) if read == Overrides::default() => Err(failure),
            _ => Ok(read),
        }
    }
}

fn set(entries: Vec<ConfigEntry>) -> Vec<ConfigEntry> {
    entries.into_iter().filter(ConfigEntry::is_override).collect()
}
