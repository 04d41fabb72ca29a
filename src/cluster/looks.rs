//! Short looks at records: one at its place, and the newest of a topic.

use super::groups::listed_offset;
use super::{Cluster, RecordRef, RecordsRequest};
use crate::domain::record::{Isolation, StartAt, TieredRead, ViewAs};
use crate::domain::{Fact, Failure, FailureKind, Offset, PartitionId, TopicName, TopicPartition};
use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

/// The newest records that a look waits for are there by then, or it goes without them.
const DEADLINE: Duration = Duration::from_secs(30);

/// Why there is no record at an offset, which is one that its partition could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The log begins later, at this offset.
    BeforeStart(Offset),
    /// The log ends here: the next record written gets this offset.
    BehindEnd(Offset),
    /// Compaction took it, or the end of a transaction stands there.
    Gap,
}

impl Absence {
    fn of(offset: Offset, start: Offset, end: Offset) -> Self {
        match offset {
            _ if offset < start => Self::BeforeStart(start),
            _ if offset >= end => Self::BehindEnd(end),
            _ => Self::Gap,
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeStart(start) => write!(f, "the partition begins at {start} by now"),
            Self::BehindEnd(0) => f.write_str("nothing was ever written to the partition"),
            Self::BehindEnd(end) => write!(f, "the partition ends at {}", end - 1),
            Self::Gap => f.write_str("it was compacted away, or is the end of a transaction"),
        }
    }
}

impl Cluster {
    /// Why there is no record at this place.
    pub async fn absence(
        &self,
        topic: &TopicName,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<Fact<Absence>, Failure> {
        let place = TopicPartition::new(topic.clone(), partition);
        let (starts, ends) = self.log_bounds(std::slice::from_ref(&place)).await?;
        let (start, end) = (listed_offset(&starts, &place), listed_offset(&ends, &place));
        Ok(start.and_then(|start| end.map(|end| Absence::of(offset, start, end))))
    }

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
            partitions: Some(vec![partition]),
            limit: Some(1),
            isolation: Isolation::Uncommitted,
            tiered,
            ..RecordsRequest::of(topic.clone(), StartAt::Offset(offset))
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
            limit: Some(count),
            view: ViewAs::Hex.into(),
            isolation,
            ..RecordsRequest::of(topic.clone(), StartAt::Latest(count))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_gone_or_not_yet_there_or_between() {
        let said = |offset| Absence::of(offset, 10, 20).to_string();
        assert_eq!(said(9), "the partition begins at 10 by now");
        assert_eq!(said(20), "the partition ends at 19");
        assert_eq!(said(10), "it was compacted away, or is the end of a transaction");
        assert_eq!(Absence::of(0, 0, 0).to_string(), "nothing was ever written to the partition");
    }
}
