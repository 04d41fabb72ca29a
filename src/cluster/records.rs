//! The way of a record: fetched as part of a shared batch, filtered, handed on
//! as a reference, decoded only when somebody looks at it.
//!
//! A live screen keeps the newest and counts what it dropped; a reader gets
//! everything and slows the fetch down instead. At most one update leaves every
//! 50 ms, through a channel that holds two.

mod gathering;
mod reference;

pub use reference::RecordRef;
pub(super) use reference::{decoded, in_order_of_time};

use super::Cluster;
use super::feed::Feed;
use super::named::Named;
use crate::domain::query::Query;
use crate::domain::record::{DecodedRecord, Isolation, ReadAs, StartAt, TieredPart, TieredRead, Within};
use crate::domain::transaction::TransactionEnd;
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName, TopicPartition};
use crate::kafka::admin::offsets::{Listed, OffsetAt};
use crate::kafka::fetch::{self, PartitionBounds, ReadEvent, ReadRequest};
use gathering::Gathering;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Updates leave no more often than this.
const PACE: Duration = Duration::from_millis(50);
/// References that one update carries at most; a live screen drops older ones.
pub(super) const MAX_UPDATE: usize = 4096;
/// Ends of transactions that one update carries at most.
pub(super) const MOST_ENDS: usize = 10_000;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordsRequest {
    pub topic: TopicName,
    /// `None`: all.
    pub partitions: Option<Vec<PartitionId>>,
    pub start: StartAt,
    /// Go on with what is written after the end.
    pub follow: bool,
    /// Stop after this many records that match.
    pub limit: Option<u64>,
    /// Only records that meet this.
    pub query: Option<Query>,
    pub view: ReadAs,
    pub isolation: Isolation,
    pub tiered: TieredRead,
    /// What was read before, or shall not be read.
    pub within: Within,
    pub keep: Keep,
}

impl RecordsRequest {
    /// What a topic holds now from there on; what lies in remote storage is asked for.
    pub fn of(topic: TopicName, start: StartAt) -> Self {
        Self {
            topic,
            partitions: None,
            start,
            follow: false,
            limit: None,
            query: None,
            view: ReadAs::default(),
            isolation: Isolation::default(),
            tiered: TieredRead::Ask,
            within: Within::default(),
            keep: Keep::All,
        }
    }
}

/// What happens when records come faster than they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Older ones are dropped and counted.
    Newest,
    /// Fetching slows down.
    All,
    /// Nothing is kept: only the counts matter.
    Counts,
}

/// Totals since the feed began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    pub seen: u64,
    pub matched: u64,
    /// Matched, but older than what a live screen can hold.
    pub dropped: u64,
    /// Could not be read, and what they hold would have decided; counted only where a filter read them.
    pub undecodable: u64,
    /// Bytes of batches as they came off the wire.
    pub bytes: u64,
}

/// What arrived since the last update.
#[derive(Clone, Debug, Default)]
pub struct RecordsUpdate {
    /// In order of time; within a partition by offset.
    pub records: Vec<RecordRef>,
    pub counts: RecordCounts,
    /// Where each partition is read from; in the first update.
    pub began: Vec<(PartitionId, Offset)>,
    /// Ends of transactions that were read, which stand behind their records.
    pub ends: Vec<(PartitionId, TransactionEnd)>,
    /// What is missing for good.
    pub failures: Vec<Failure>,
    /// What keeps partitions from being read at the moment; they are tried again.
    pub waiting: Vec<Failure>,
    /// So much lies in remote storage, and nothing was read: ask, and read again
    /// with [`TieredRead::Allowed`].
    pub tiered: Option<TieredPart>,
    /// Everything that was there at the start has been read.
    pub caught_up: bool,
    /// Nothing more will come.
    pub finished: bool,
    /// So long reading has waited for the profile's read budget, at the broker where longest.
    pub held_back: Duration,
}

/// A running read.
pub type RecordsFeed = Feed<RecordsUpdate>;

impl Cluster {
    /// Begins to read. Failures arrive as part of updates.
    pub fn records(&self, request: RecordsRequest) -> RecordsFeed {
        let cluster = self.clone();
        Feed::start(async move |sender| {
            if let Err(failure) = cluster.feed(request, &sender).await {
                let last = RecordsUpdate { failures: vec![failure], finished: true, ..RecordsUpdate::default() };
                // Nobody listens any more: nothing is lost.
                let _ = sender.send(last).await;
            }
        })
    }

    /// Makes records readable, in the same order.
    pub async fn decode(&self, refs: &[RecordRef], view: ReadAs) -> Vec<Arc<DecodedRecord>> {
        let schemas = &self.inner.schemas;
        let mut named = Named::default();
        refs.iter().for_each(|record| record.add_to(&mut named));
        schemas.resolve(named).await;
        let masks = &self.profile().masks;
        refs.iter().filter_map(|record| decoded(record, schemas, view, masks)).map(Arc::new).collect()
    }

    /// Reads ranges to their ends, record by record. Failures only shorten it.
    pub(super) fn read_ranges(&self, topic: TopicName, ranges: Vec<fetch::ReadRange>) -> RangeRecords {
        let request = ReadRequest {
            topic,
            ranges,
            max_bytes_per_second: self.profile().read_budget_bytes_per_second,
            newest_only: false,
            isolation: Isolation::Uncommitted,
            rack: self.profile().rack.clone(),
            sieve: None,
            lane: self.next_read(),
        };
        RangeRecords { reading: fetch::read(self.client(), request), pending: VecDeque::new() }
    }

    async fn feed(&self, request: RecordsRequest, sender: &mpsc::Sender<RecordsUpdate>) -> Result<(), Failure> {
        let (ranges, left_out) = self.ranges(&request).await?;
        if request.tiered == TieredRead::Ask
            && let Some(part) = self.tiered_part(&request.topic, &ranges).await?
        {
            let asks = RecordsUpdate { tiered: Some(part), finished: true, ..RecordsUpdate::default() };
            // Nobody listens any more: nothing is lost.
            let _ = sender.send(asks).await;
            return Ok(());
        }
        let began = ranges.iter().map(|range| (range.partition, range.from)).collect();
        let mut reading = fetch::read(
            self.client(),
            ReadRequest {
                topic: request.topic.clone(),
                ranges,
                max_bytes_per_second: self.profile().read_budget_bytes_per_second,
                newest_only: request.keep == Keep::Newest && request.follow,
                isolation: request.isolation,
                rack: self.profile().rack.clone(),
                sieve: None,
                lane: self.next_read(),
            },
        );
        let mut feed = Gathering::new(Arc::clone(&self.inner.schemas), self.profile().masks.clone(), request);
        feed.update.began = began;
        for failure in left_out {
            feed.take(ReadEvent::Failed(failure)).await;
        }
        let mut pace = tokio::time::interval_at(Instant::now() + PACE, PACE);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let full = feed.must_flush();
            tokio::select! {
                biased;
                _ = pace.tick(), if feed.has_news() => {
                    if sender.send(feed.flush()).await.is_err() {
                        return Ok(());
                    }
                }
                events = reading.next(), if !full => match events {
                    Some(events) => {
                        for event in events {
                            feed.take(event).await;
                        }
                    }
                    None => feed.update.finished = true,
                },
            }
            if feed.update.finished || feed.is_satisfied() {
                let mut last = feed.flush();
                last.finished = true;
                last.held_back = reading.held_back();
                // Nobody listens any more: nothing is lost.
                let _ = sender.send(last).await;
                return Ok(());
            }
        }
    }

    /// How much of `ranges` is no longer on the brokers' own disks.
    pub(super) async fn tiered_part(
        &self,
        topic: &TopicName,
        ranges: &[fetch::ReadRange],
    ) -> Result<Option<TieredPart>, Failure> {
        let partitions: Vec<TopicPartition> =
            ranges.iter().map(|range| TopicPartition::new(topic.clone(), range.partition)).collect();
        let local = self.offsets_at(&partitions, OffsetAt::EarliestLocal).await?;
        let remote = ranges.iter().zip(&partitions).filter_map(|(range, here)| match local.get(here) {
            Some(Ok(Some(local))) => {
                let end = range.to.map_or(local.offset, |to| to.min(local.offset));
                u64::try_from(end.saturating_sub(range.from)).ok().filter(|records| *records > 0)
            }
            // Nobody told: reading itself will say what is wrong.
            _ => None,
        });
        let part = remote.fold(TieredPart { partitions: 0, records: 0 }, |part, records| TieredPart {
            partitions: part.partitions + 1,
            records: part.records.saturating_add(records),
        });
        Ok((part.partitions > 0).then_some(part))
    }

    /// Which of `here` lie in remote storage when they are read from these offsets.
    pub(super) async fn in_remote_storage(&self, here: &[(TopicPartition, Offset)]) -> HashSet<TopicPartition> {
        let partitions: Vec<TopicPartition> = here.iter().map(|(partition, _)| partition.clone()).collect();
        // Where it cannot be told, a preview of one record may be read.
        let local = self.offsets_at(&partitions, OffsetAt::EarliestLocal).await.unwrap_or_default();
        let is_remote = |partition: &TopicPartition, from: Offset| matches!(local.get(partition), Some(Ok(Some(local))) if from < local.offset);
        here.iter().filter(|(partition, from)| is_remote(partition, *from)).map(|(here, _)| here.clone()).collect()
    }

    /// What to read of each partition, the ends being those of now, and what cannot
    /// be read at all.
    pub(super) async fn ranges(
        &self,
        request: &RecordsRequest,
    ) -> Result<(Vec<fetch::ReadRange>, Vec<Failure>), Failure> {
        let known = self.known_metadata().await?;
        let topic = match known.topic(request.topic.as_str()).cloned() {
            Some(topic) => topic,
            None => {
                let metadata = self.metadata().await?;
                metadata.find_topic("read topic", request.topic.as_str())?.clone()
            }
        };
        let chosen: Vec<TopicPartition> = topic
            .partitions
            .iter()
            .filter(|partition| request.partitions.as_ref().is_none_or(|wanted| wanted.contains(&partition.id)))
            .map(|partition| TopicPartition::new(topic.name.clone(), partition.id))
            .collect();
        if let Some(missing) =
            request.partitions.iter().flatten().find(|id| !chosen.iter().any(|here| here.partition == **id))
        {
            return Err(Failure::new(FailureKind::NotFound, "read partition", "the topic has no such partition")
                .on(format!("{}:{missing}", request.topic)));
        }
        let end = match request.isolation {
            Isolation::Uncommitted => OffsetAt::Latest,
            // What is committed ends where the first open transaction begins.
            Isolation::Committed => OffsetAt::LastStable,
        };
        let (starts, ends) = tokio::join!(self.offsets_at(&chosen, OffsetAt::Earliest), self.offsets_at(&chosen, end));
        let (starts, ends) = (starts?, ends?);
        let times = match request.start {
            StartAt::Time(time) => self.offsets_at(&chosen, OffsetAt::Time(time)).await?,
            _ => Listed::default(),
        };
        let mut bounds = Vec::with_capacity(chosen.len());
        let mut left_out = Vec::new();
        for here in chosen {
            let (Some(Ok(Some(start))), Some(Ok(Some(end)))) = (starts.get(&here), ends.get(&here)) else {
                // A partition without a leader cannot be read now; the fetch reports it and goes on when it is back.
                if request.follow {
                    bounds.push(PartitionBounds { partition: here.partition, start: 0, end: 0, at_time: None });
                } else {
                    let said = [&starts, &ends].into_iter().find_map(|listed| listed.get(&here)?.as_ref().err());
                    left_out.push(said.map(|failure| (**failure).clone()).unwrap_or_else(|| {
                        Failure::new(FailureKind::Unreachable, "read records", "the partition has no leader")
                            .on(here.to_string())
                    }));
                }
                continue;
            };
            let at_time = match times.get(&here) {
                Some(Ok(Some(found))) => Some(found.offset),
                Some(Err(failure)) => return Err((**failure).clone()),
                Some(Ok(None)) | None => None,
            };
            let (start, end) = request.within.narrow(here.partition, start.offset, end.offset);
            bounds.push(PartitionBounds { partition: here.partition, start, end, at_time });
        }
        if bounds.is_empty() {
            let reason = starts.into_values().find_map(Result::err).map(|failure| *failure);
            return Err(reason.unwrap_or_else(|| {
                Failure::new(FailureKind::Unreachable, "read topic", "no partition has a leader")
                    .on(request.topic.as_str())
            }));
        }
        Ok((fetch::ranges(request.start, request.follow, &bounds), left_out))
    }
}

/// Records of some ranges as they come.
pub(super) struct RangeRecords {
    reading: fetch::Reading,
    pending: VecDeque<RecordRef>,
}

impl RangeRecords {
    pub(super) async fn next(&mut self) -> Option<RecordRef> {
        while self.pending.is_empty() {
            for event in self.reading.next().await? {
                if let ReadEvent::Batch(batch) = event {
                    self.pending.extend(RecordRef::of(&batch));
                }
            }
        }
        self.pending.pop_front()
    }
}

#[cfg(test)]
mod tests;
