//! The way of a record: fetched as part of a shared batch, filtered, handed on
//! as a reference, decoded only when somebody looks at it.
//!
//! A live screen keeps the newest and counts what it dropped; a reader gets
//! everything and slows the fetch down instead. At most one update leaves every
//! 50 ms, through a channel that holds two.

use super::Cluster;
use super::feed::Feed;
use super::matcher::Matcher;
use super::named::Named;
use super::schemas::Schemas;
use crate::decode;
use crate::domain::mask::Masks;
use crate::domain::query::{Query, Truth};
use crate::domain::record::{
    BatchFacts, DecodedRecord, Isolation, ReadAs, Record, StartAt, TieredPart, TieredRead, Within,
};
use crate::domain::transaction::TransactionEnd;
use crate::domain::{Failure, FailureKind, Offset, PartitionId, Time, TopicName, TopicPartition};
use crate::kafka::admin::offsets::{Listed, OffsetAt};
use crate::kafka::fetch::{self, Batch, PartitionBounds, ReadEvent, ReadRequest};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
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
/// The newest records of several partitions wait this long for each other, so
/// that a screen shows them in order of time.
const GATHER: Duration = Duration::from_millis(300);
/// Failures of one feed that are handed on; more of the same kind help nobody.
const MAX_FAILURES: usize = 16;

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

/// A record inside a shared batch.
#[derive(Clone, Debug)]
pub struct RecordRef {
    batch: Arc<Batch>,
    index: u32,
}

impl RecordRef {
    /// References into a batch that holds times only.
    #[cfg(test)]
    pub(crate) fn of_times(topic: &TopicName, partition: PartitionId, base_offset: Offset, times: &[i64]) -> Vec<Self> {
        let batch = Arc::new(Batch::of_times(topic, partition, base_offset, times));
        (0..u32::try_from(times.len()).unwrap()).map(|index| Self { batch: Arc::clone(&batch), index }).collect()
    }

    /// One record of a batch.
    pub(super) fn at(batch: &Arc<Batch>, index: usize) -> Self {
        Self { batch: Arc::clone(batch), index: u32::try_from(index).unwrap_or(u32::MAX) }
    }

    /// All records of a batch.
    pub(super) fn of(batch: &Arc<Batch>) -> impl Iterator<Item = Self> {
        let indexes = 0..u32::try_from(batch.len()).unwrap_or(u32::MAX);
        indexes.map(|index| Self { batch: Arc::clone(batch), index })
    }

    pub fn topic(&self) -> &TopicName {
        self.batch.topic()
    }

    pub fn partition(&self) -> PartitionId {
        self.batch.partition()
    }

    pub fn offset(&self) -> Offset {
        self.batch.offset(self.index as usize).unwrap_or(-1)
    }

    pub fn timestamp(&self) -> Time {
        self.batch.timestamp(self.index as usize).unwrap_or_default()
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.batch.key(self.index as usize).flatten()
    }

    /// The record itself, without masks: its bytes are for another topic, not for eyes.
    pub(super) fn record(&self) -> Option<Record> {
        self.batch.record(self.index as usize)
    }

    pub fn is_transactional(&self) -> bool {
        self.batch.facts().is_transactional
    }

    /// Bytes of its key and its value.
    pub fn size(&self) -> u64 {
        let length = |field: Option<Option<&[u8]>>| field.flatten().map_or(0, <[u8]>::len) as u64;
        let index = self.index as usize;
        length(self.batch.key(index)).saturating_add(length(self.batch.value(index)))
    }

    /// Bytes of the whole batch that this reference keeps alive.
    pub fn batch_bytes(&self) -> usize {
        self.batch.pinned_bytes()
    }

    pub fn batch_facts(&self) -> BatchFacts {
        self.batch.facts()
    }

    /// The whole batch as it was before compression.
    pub(super) fn plain(&self) -> &[u8] {
        self.batch.plain()
    }

    /// Equal for references into the same batch.
    pub fn batch_key(&self) -> usize {
        Arc::as_ptr(&self.batch).addr()
    }
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
        refs.iter().for_each(|record| named.add(&record.batch, record.index as usize));
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

/// The state of one feed between updates.
struct Gathering {
    request: RecordsRequest,
    matcher: Option<Matcher>,
    update: RecordsUpdate,
    pending: VecDeque<RecordRef>,
    counts: RecordCounts,
    /// Partitions that cannot be read at the moment.
    waiting: BTreeMap<PartitionId, Failure>,
    failed: usize,
    dirty: bool,
    has_caught_up: bool,
    began: Instant,
}

impl Gathering {
    fn new(schemas: Arc<Schemas>, masks: Masks, request: RecordsRequest) -> Self {
        Self {
            matcher: request
                .query
                .clone()
                .map(|query| Matcher::new(query, &request.topic, request.view, schemas, &masks)),
            request,
            update: RecordsUpdate::default(),
            pending: VecDeque::new(),
            counts: RecordCounts::default(),
            waiting: BTreeMap::new(),
            failed: 0,
            dirty: false,
            has_caught_up: false,
            began: Instant::now(),
        }
    }

    fn has_news(&self) -> bool {
        let gathers = matches!(self.request.start, StartAt::Latest(_)) && !self.has_caught_up;
        self.dirty && !(gathers && self.began.elapsed() < GATHER)
    }

    /// A reader's update is full: fetching waits until it is taken.
    fn must_flush(&self) -> bool {
        self.request.keep == Keep::All && (self.pending.len() >= MAX_UPDATE || self.update.ends.len() >= MOST_ENDS / 2)
    }

    fn is_satisfied(&self) -> bool {
        self.request.limit.is_some_and(|limit| self.counts.matched >= limit)
    }

    async fn take(&mut self, event: ReadEvent) {
        self.dirty = true;
        match event {
            ReadEvent::TransactionEnded(partition, end) => {
                // Nobody waits for the counts alone to be told of an end.
                if self.request.keep != Keep::Counts && self.update.ends.len() < MOST_ENDS {
                    self.update.ends.push((partition, end));
                }
            }
            ReadEvent::Batch(batch) => self.take_batch(batch).await,
            // There is no sieve.
            ReadEvent::Passed(..) => {}
            ReadEvent::Skipped { records, bytes } => {
                self.counts.seen += records;
                self.counts.matched += records;
                self.counts.dropped += records;
                self.counts.bytes += bytes;
            }
            ReadEvent::CaughtUp => {
                self.has_caught_up = true;
                self.update.caught_up = true;
            }
            ReadEvent::Waiting { partitions, failure } => {
                self.waiting.extend(partitions.into_iter().map(|partition| (partition, failure.clone())));
            }
            ReadEvent::Settled(partitions) => {
                self.waiting.retain(|partition, _| !partitions.contains(partition));
            }
            ReadEvent::Failed(failure) => {
                self.failed += 1;
                if self.failed <= MAX_FAILURES {
                    self.update.failures.push(failure);
                }
            }
        }
    }

    async fn take_batch(&mut self, batch: Arc<Batch>) {
        self.counts.bytes += batch.wire_bytes() as u64;
        self.counts.seen += batch.len() as u64;
        if let Some(matcher) = &self.matcher {
            let candidates: Vec<usize> = (0..batch.len()).filter(|index| matcher.may_meet(&batch, *index)).collect();
            let named = matcher.named(&batch, &candidates);
            if matcher.lacks(&named) {
                matcher.resolve(named).await;
            }
        }
        let room = match self.request.limit {
            Some(limit) => usize::try_from(limit.saturating_sub(self.counts.matched)).unwrap_or(usize::MAX),
            None => usize::MAX,
        };
        // Without a filter only what an update can carry is walked at all.
        let skip = match (self.request.keep, &self.matcher) {
            (Keep::Newest, None) if room == usize::MAX => batch.len().saturating_sub(MAX_UPDATE),
            (Keep::Counts, None) => batch.len().min(room),
            _ => 0,
        };
        self.counts.matched += skip as u64;
        if self.request.keep == Keep::Newest {
            self.counts.dropped += skip as u64;
        }
        let mut taken = skip;
        for index in skip..batch.len() {
            if taken == room {
                break;
            }
            if self.matches(&batch, index) {
                taken += 1;
                self.counts.matched += 1;
                if self.request.keep == Keep::Counts {
                    continue;
                }
                self.pending.push_back(RecordRef {
                    batch: Arc::clone(&batch),
                    index: u32::try_from(index).unwrap_or(u32::MAX),
                });
            }
        }
        if self.request.keep == Keep::Newest {
            while self.pending.len() > MAX_UPDATE {
                self.pending.pop_front();
                self.counts.dropped += 1;
            }
        }
    }

    fn matches(&mut self, batch: &Batch, index: usize) -> bool {
        let Some(matcher) = &self.matcher else { return true };
        let truth = if matcher.may_meet(batch, index) { matcher.truth(batch, index) } else { Truth::No };
        self.counts.undecodable += u64::from(truth == Truth::Unknown);
        truth == Truth::Yes
    }

    fn flush(&mut self) -> RecordsUpdate {
        self.dirty = false;
        let mut update = std::mem::take(&mut self.update);
        update.records = in_order_of_time(self.pending.drain(..).collect());
        update.counts = self.counts;
        let waiting: HashSet<&Failure> = self.waiting.values().collect();
        update.waiting = waiting.into_iter().take(MAX_FAILURES).cloned().collect();
        update
    }
}

/// Puts partitions together by time. Within a partition the order stays that of
/// the log, whatever its timestamps say.
pub(super) fn in_order_of_time(records: Vec<RecordRef>) -> Vec<RecordRef> {
    let mut latest: HashMap<PartitionId, Time> = HashMap::new();
    let mut keyed: Vec<(Time, PartitionId, RecordRef)> = records
        .into_iter()
        .map(|record| {
            let partition = record.partition();
            let latest = latest.entry(partition).or_insert(Time(i64::MIN));
            *latest = (*latest).max(record.timestamp());
            (*latest, partition, record)
        })
        .collect();
    keyed.sort_by_key(|(time, partition, _)| (*time, *partition));
    keyed.into_iter().map(|(_, _, record)| record).collect()
}

/// As it may be seen: records leave here only with their masks.
pub(super) fn decoded(reference: &RecordRef, schemas: &Schemas, view: ReadAs, masks: &Masks) -> Option<DecodedRecord> {
    let record = reference.batch.record(reference.index as usize)?;
    let mut decoded = decode::decode_record(record, view, schemas);
    masks.apply(&mut decoded);
    Some(decoded)
}

#[cfg(test)]
mod tests;
