//! Short looks at records: one at its place, and the newest of a topic.

use super::{Cluster, Keep, RecordRef, RecordsRequest};
use crate::domain::record::{Isolation, StartAt, TieredRead, ViewAs};
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName};
use std::ops::ControlFlow;
use std::time::Duration;

/// The newest records that a look waits for are there by then, or it goes without them.
const DEADLINE: Duration = Duration::from_secs(30);

impl Cluster {
    /// The record at exactly this place; `None`: it is not there (any more), or there is a
    /// gap at its offset.
    pub async fn record_at(
        &self,
        topic: &TopicName,
        partition: PartitionId,
        offset: Offset,
        tiered: TieredRead,
    ) -> Result<Option<RecordRef>, Failure> {
        let mut feed = self.records(RecordsRequest {
            topic: topic.clone(),
            partitions: Some(vec![partition]),
            start: StartAt::Offset(offset),
            follow: false,
            limit: Some(1),
            query: None,
            view: ViewAs::Auto,
            isolation: Isolation::Uncommitted,
            tiered,
            keep: Keep::All,
        });
        let mut found = None;
        while let Some(update) = feed.next().await {
            if update.tiered.is_some() {
                let failure = Failure::new(FailureKind::Refused, "read record", "it lies in remote storage");
                return Err(failure.on(topic.as_str()));
            }
            if let Some(failure) = update.failures.into_iter().next() {
                return Err(failure);
            }
            found = found.or(update.records.into_iter().next());
        }
        // Compaction and ends of transactions leave gaps: what comes next is another one.
        Ok(found.filter(|record| record.offset() == offset))
    }

    /// Gives the newest `count` records of a topic to `take`, until that has enough. What
    /// could not be read, or not in time, is returned; `operation` says what it was for.
    pub(super) async fn newest_records(
        &self,
        topic: &TopicName,
        count: u64,
        isolation: Isolation,
        operation: &str,
        mut take: impl FnMut(Vec<RecordRef>) -> ControlFlow<()>,
    ) -> Vec<Failure> {
        let mut feed = self.records(RecordsRequest {
            topic: topic.clone(),
            partitions: None,
            start: StartAt::Latest(count),
            follow: false,
            limit: Some(count),
            query: None,
            view: ViewAs::Hex,
            isolation,
            tiered: TieredRead::Ask,
            keep: Keep::All,
        });
        let fail = |kind, message: String| Failure::new(kind, operation, message).on(topic.as_str());
        let mut failures = Vec::new();
        let read = async {
            while let Some(update) = feed.next().await {
                failures.extend(update.failures);
                if update.tiered.is_some() {
                    let message = "some lie in remote storage, which is not read for a look";
                    failures.push(fail(FailureKind::Refused, message.into()));
                }
                if take(update.records).is_break() {
                    break;
                }
            }
        };
        if tokio::time::timeout(DEADLINE, read).await.is_err() {
            failures.push(fail(FailureKind::Timeout, format!("not all came within {} s", DEADLINE.as_secs())));
        }
        failures
    }
}
