//! What a group reads next: the records around its committed offsets.
//!
//! Only read, and bounded: a few records of each partition, within a deadline.

use super::groups::listed_offset;
use super::records::RecordRef;
use super::{Cluster, Metadata};
use crate::domain::group::GroupType;
use crate::domain::record::DecodedRecord;
use crate::domain::{Failure, FailureKind, GroupId, Offset, Partial, PartitionId, TopicName, TopicPartition};
use crate::kafka::fetch;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Partitions looked at in one go.
const MOST: usize = 200;
/// Offsets on either side that are read for the records wanted: offsets have gaps.
const REACH: i64 = 100;
const DEADLINE: Duration = Duration::from_secs(10);

/// How many records on either side of a committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    pub before: usize,
    /// Behind the one that is read next.
    pub after: usize,
}

/// A partition with the records around the committed offset, in order.
#[derive(Clone, Debug)]
pub struct Peeked {
    pub partition: TopicPartition,
    /// Of a share group: the offset where it begins.
    pub committed: Offset,
    pub is_of_share_group: bool,
    pub records: Vec<Arc<DecodedRecord>>,
}

impl Cluster {
    /// The records around what a group committed: everywhere, or only in `scope`.
    pub async fn peek(
        &self,
        group: &GroupId,
        scope: &[(TopicName, Option<Vec<PartitionId>>)],
        around: Around,
    ) -> Result<Partial<Vec<Peeked>>, Failure> {
        let fail = |kind, message: String| Failure::new(kind, "peek at group", message).on(group.as_str());
        let (found, metadata) = tokio::join!(self.described(group), self.metadata());
        let ((description, positions), metadata) = (found?, metadata?);
        let is_share = description.listing.kind == GroupType::Share;
        let commits = positions?.commits;
        let mut wanted: Vec<(TopicPartition, Offset)> = commits
            .iter()
            .filter(|(here, _)| scope.is_empty() || here.is_in(scope))
            .map(|(here, commit)| (here.clone(), commit.offset))
            .collect();
        wanted.sort_unstable();
        if wanted.is_empty() {
            let nothing = if is_share { "it begins nowhere there" } else { "it has nothing committed there" };
            return self.or_meant_group(Err(fail(FailureKind::NotFound, nothing.into()))).await;
        }
        if wanted.len() > MOST {
            let does = if is_share { "reads" } else { "has committed in" };
            let message = format!("it {does} {} partitions: at most {MOST} are looked at", wanted.len());
            return Err(fail(FailureKind::Invalid, message).hint("Name some with --topic TOPIC:P,…"));
        }
        let mut found = self.around(wanted, around, &metadata).await?;
        found.value.iter_mut().for_each(|peeked| peeked.is_of_share_group = is_share);
        Ok(found)
    }

    async fn around(
        &self,
        wanted: Vec<(TopicPartition, Offset)>,
        around: Around,
        metadata: &Metadata,
    ) -> Result<Partial<Vec<Peeked>>, Failure> {
        let mut failures = Vec::new();
        let mut cannot = |here: &TopicPartition, kind, message: String| {
            failures.push(Failure::new(kind, "read records of", message).on(here.to_string()));
        };
        let online = wanted.iter().filter(|(here, _)| {
            let topic = metadata.topic(here.topic.as_str());
            topic.and_then(|topic| topic.partition(here.partition)).is_some_and(|found| !found.is_offline())
        });
        let online: Vec<TopicPartition> = online.map(|(here, _)| here.clone()).collect();
        let (starts, ends) = self.log_bounds(&online).await?;
        let remote = self.in_remote_storage(&wanted).await;
        let mut topics: BTreeMap<TopicName, Vec<fetch::ReadRange>> = BTreeMap::new();
        for (here, committed) in &wanted {
            let bounds = (listed_offset(&starts, here).get(), listed_offset(&ends, here).get());
            let (Some(start), Some(end)) = bounds else {
                cannot(here, FailureKind::NotFound, "where its log begins and ends is not known".into());
                continue;
            };
            if remote.contains(here) {
                cannot(here, FailureKind::Refused, "they lie in remote storage, which is not read for a look".into());
                continue;
            }
            let from = committed.saturating_sub(REACH).max(start);
            let to = committed.saturating_add(REACH).min(end);
            if from < to {
                let range = fetch::ReadRange { partition: here.partition, from, to: Some(to) };
                topics.entry(here.topic.clone()).or_default().push(range);
            }
        }
        let mut found: HashMap<TopicPartition, Vec<RecordRef>> = HashMap::new();
        let read = async {
            for (topic, ranges) in topics {
                let mut records = self.read_ranges(topic.clone(), ranges);
                while let Some(record) = records.next().await {
                    let here = TopicPartition::new(topic.clone(), record.partition());
                    found.entry(here).or_default().push(record);
                }
            }
        };
        if tokio::time::timeout(DEADLINE, read).await.is_err() {
            let message = format!("not all came within {} s", DEADLINE.as_secs());
            failures.push(Failure::new(FailureKind::Timeout, "read records", message));
        }
        let mut peeked = Vec::with_capacity(wanted.len());
        for (here, committed) in wanted {
            let records = nearest(found.remove(&here).unwrap_or_default(), committed, around);
            let records = self.decode(&records, self.profile().formats.of(here.topic.as_str())).await;
            peeked.push(Peeked { partition: here, committed, is_of_share_group: false, records });
        }
        Ok(Partial { value: peeked, failures })
    }
}

/// The last records before `committed`, the one read next, and those behind it.
fn nearest(mut records: Vec<RecordRef>, committed: Offset, around: Around) -> Vec<RecordRef> {
    records.sort_unstable_by_key(RecordRef::offset);
    let next = records.partition_point(|record| record.offset() < committed);
    records.truncate(next.saturating_add(1).saturating_add(around.after));
    records.split_off(next.saturating_sub(around.before))
}
