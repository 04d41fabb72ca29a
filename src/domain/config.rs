//! Configuration entries of topics and brokers.

use serde::{Deserialize, Serialize};

/// Where a configuration value comes from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigSource {
    Topic,
    DynamicBroker,
    DynamicDefault,
    StaticBroker,
    Group,
    ClientMetrics,
    Default,
    Unknown,
}

/// One configuration entry. A sensitive value is never sent by the broker and stays `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigEntry {
    pub name: String,
    pub value: Option<String>,
    pub source: ConfigSource,
    pub is_sensitive: bool,
    pub is_read_only: bool,
    /// What the broker says the entry does; absent before Kafka 2.6.
    pub documentation: Option<String>,
}

/// Do these settings of a topic say that older records of a key may go? Then there are fewer
/// records than offsets.
pub fn is_compacted(configs: &[ConfigEntry]) -> bool {
    let policy = configs.iter().find(|entry| entry.name == "cleanup.policy");
    policy.and_then(|entry| entry.value.as_deref()).is_some_and(|policy| policy.contains("compact"))
}

impl ConfigEntry {
    /// An entry with nothing special about it.
    #[cfg(test)]
    pub fn plain(name: &str, value: &str, source: ConfigSource) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
            source,
            is_sensitive: false,
            is_read_only: false,
            documentation: None,
        }
    }

    /// Somebody set it for the thing itself, or for all brokers, while the cluster ran.
    pub fn is_override(&self) -> bool {
        matches!(self.source, ConfigSource::Topic | ConfigSource::DynamicBroker | ConfigSource::DynamicDefault)
    }
}
