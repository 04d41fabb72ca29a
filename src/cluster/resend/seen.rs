//! When what a transaction wrote is to be seen.
//!
//! A coordinator says that a transaction is committed before the markers of that stand in
//! its partitions (`TransactionMarkerChannelManager` of Apache Kafka): until they do,
//! who reads only what is committed stops before the records.

use super::sending::LOOK_PAUSE;
use crate::cluster::Cluster;
use crate::cluster::groups::listed_offset;
use crate::domain::plan::{Severity, Warning};
use crate::domain::{Failure, TopicName, TopicPartition};
use crate::kafka::admin::offsets::OffsetAt;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Markers come within milliseconds. Longer takes what is of somebody else: an open
/// transaction of another producer in the same partition.
const SEEN_WITHIN: Duration = Duration::from_secs(5);

impl Cluster {
    /// Waits until readers of what is committed see all that stands in `topics` now. What
    /// they do not see by then is said.
    pub(super) async fn wait_until_seen(&self, topics: &BTreeSet<TopicName>) -> Option<Warning> {
        match self.unseen(topics).await {
            Ok(unseen) => {
                let first = unseen.first()?;
                let more = match unseen.len() - 1 {
                    0 => String::new(),
                    more => format!(" and in {more} more"),
                };
                let text = format!(
                    "who reads only what is committed does not see all of it yet: a transaction is open in {first}{more}"
                );
                Some(Warning::new(Severity::Note, text))
            }
            Err(failure) => {
                let text = format!("whether readers of what is committed see it is not known: {failure}");
                Some(Warning::new(Severity::Note, text))
            }
        }
    }

    /// Partitions that are not seen to their ends of now.
    async fn unseen(&self, topics: &BTreeSet<TopicName>) -> Result<Vec<TopicPartition>, Failure> {
        let metadata = self.known_metadata().await?;
        let mut unseen: Vec<TopicPartition> = topics
            .iter()
            .filter_map(|name| metadata.topic(name.as_str()))
            .flat_map(|topic| topic.partitions.iter().map(|at| TopicPartition::new(topic.name.clone(), at.id)))
            .collect();
        let ends = self.offsets_at(&unseen, OffsetAt::Latest).await?;
        let until = Instant::now() + SEEN_WITHIN;
        loop {
            let stable = self.offsets_at(&unseen, OffsetAt::LastStable).await?;
            unseen.retain(|here| {
                let (stable, end) = (listed_offset(&stable, here).get(), listed_offset(&ends, here).get());
                end.is_some_and(|end| stable.is_none_or(|stable| stable < end))
            });
            if unseen.is_empty() || Instant::now() >= until {
                return Ok(unseen);
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }
}
