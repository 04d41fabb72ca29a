//! Searching topics: a statement about everything in a range, not a look at some of it.
//!
//! What a query implies narrows what is read at all (`reach`); what is read is sifted on
//! the threads that unpack it (`sifting`), so that only what was found comes through
//! here. Topics are searched one after the other.
//!
//! Invariant: what was not covered is told: partitions that could not be read, records
//! that could not be decoded, and what the narrowing took for granted. A partition's
//! matches come by offset.

mod counting;
mod keys;
pub(super) mod reach;
mod said;
pub(super) mod sifting;

use super::Cluster;
use super::feed::Feed;
use super::records::{Keep, MAX_UPDATE, MOST_ENDS, RecordRef, in_order_of_time};
use crate::domain::query::{Query, narrow};
use crate::domain::record::{Isolation, ReadAs, StartAt, TieredPart, TieredRead, Within};
use crate::domain::transaction::TransactionEnd;
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName};
use crate::kafka::fetch::{self, ReadEvent, ReadRequest, Reading};
use counting::Counter;
pub use counting::Counting;
use sifting::Sifting;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Updates leave no more often than this.
const PACE: Duration = Duration::from_millis(50);
/// Bytes of matches that wait for whoever takes them; then reading waits.
const MOST_WAITING: usize = 16 << 20;
/// Failures of one topic that are handed on; more of the same kind help nobody.
const MOST_FAILURES: usize = 100;

/// What to look for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    pub topics: Vec<TopicName>,
    pub query: Query,
    /// `None`: all.
    pub partitions: Option<Vec<PartitionId>>,
    pub start: StartAt,
    /// Stop after this many matches.
    pub limit: Option<u64>,
    /// How far beyond the end of a range of time is read, in milliseconds, since times
    /// are not in order; `None` is as long as the range, from a second to five minutes.
    pub slack_ms: Option<i64>,
    /// `None`: as the profile's formats say.
    pub view: Option<ReadAs>,
    pub isolation: Isolation,
    pub tiered: TieredRead,
    /// What was searched before, or shall not be searched.
    pub within: Within,
    pub keep: Keep,
    /// Matches are counted there instead of being handed on.
    pub counting: Option<Counting>,
}

impl SearchRequest {
    /// All of these topics, handed on as it is found; what lies in remote storage is asked for.
    pub fn of(topics: Vec<TopicName>, query: Query) -> Self {
        Self {
            topics,
            query,
            partitions: None,
            start: StartAt::Earliest,
            limit: None,
            slack_ms: None,
            view: None,
            isolation: Isolation::default(),
            tiered: TieredRead::Ask,
            within: Within::default(),
            keep: Keep::All,
            counting: None,
        }
    }
}

/// How far a topic has been searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SearchCounts {
    /// Records that were looked at.
    pub seen: u64,
    /// Records that their batch's time ruled out.
    pub skipped: u64,
    pub matched: u64,
    /// Records of which it could not be known, since they could not be decoded.
    pub undecodable: u64,
    /// Bytes as they came off the wire.
    pub bytes: u64,
    /// Offsets of the ranges, and how many of them are done with.
    pub offsets: u64,
    pub passed: u64,
}

/// A topic that is or was searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSearched {
    pub topic: TopicName,
    /// How many of its partitions were read.
    pub partitions: usize,
    pub counts: SearchCounts,
    /// All of it was read and understood; not before the end of it.
    pub is_complete: bool,
    /// What was taken for granted where less was read than there is.
    pub notes: Vec<String>,
    /// Where each partition is read from.
    pub began: BTreeMap<PartitionId, Offset>,
    /// What was not searched: where to go on in each partition, exactly behind the matches
    /// that were handed on.
    pub rest: BTreeMap<PartitionId, Offset>,
}

/// What happened since the last update.
#[derive(Clone, Debug, Default)]
pub struct SearchUpdate {
    /// In order of time; within a partition by offset.
    pub records: Vec<RecordRef>,
    /// Ends of transactions that were passed, of the topic that is searched.
    pub ends: Vec<(PartitionId, TransactionEnd)>,
    /// Each topic as far as it was searched, in the order of the request.
    pub topics: Vec<TopicSearched>,
    /// What is missing for good.
    pub failures: Vec<Failure>,
    /// What keeps partitions from being read at the moment; they are tried again.
    pub waiting: Vec<Failure>,
    /// So much of this topic lies in remote storage, and nothing was read: ask, and
    /// search again with [`TieredRead::Allowed`].
    pub tiered: Option<(TopicName, TieredPart)>,
    pub elapsed: Duration,
    /// Nothing more will come.
    pub finished: bool,
    /// The limit was reached; there may be more.
    pub is_limited: bool,
    /// So long reading has waited for the profile's read budget, at the broker where longest.
    pub held_back: Duration,
}

impl SearchUpdate {
    /// Of all topics so far.
    pub fn counts(&self) -> SearchCounts {
        let mut sum = SearchCounts::default();
        for SearchCounts { seen, skipped, matched, undecodable, bytes, offsets, passed } in
            self.topics.iter().map(|topic| &topic.counts)
        {
            sum.seen += seen;
            sum.skipped += skipped;
            sum.matched += matched;
            sum.undecodable += undecodable;
            sum.bytes += bytes;
            sum.offsets += offsets;
            sum.passed += passed;
        }
        sum
    }
}

/// A running search.
pub type SearchFeed = Feed<SearchUpdate>;

impl Cluster {
    /// Begins to search. Failures arrive as part of updates.
    pub fn search(&self, request: SearchRequest) -> SearchFeed {
        let cluster = self.clone();
        Feed::start(async move |sender| {
            let mut search = Search {
                cluster,
                request,
                sender,
                update: SearchUpdate::default(),
                pending: Vec::new(),
                pending_bytes: 0,
                waiting: BTreeMap::new(),
                matched: 0,
                courses: BTreeMap::new(),
                is_dirty: false,
                began: Instant::now(),
            };
            // Whoever asked has gone: there is nobody left to tell.
            let _ = search.run().await;
        })
    }
}

/// Nobody listens any more.
struct Unwanted;

struct Search {
    cluster: Cluster,
    request: SearchRequest,
    sender: mpsc::Sender<SearchUpdate>,
    update: SearchUpdate,
    pending: Vec<RecordRef>,
    pending_bytes: usize,
    /// Partitions that cannot be read at the moment.
    waiting: BTreeMap<PartitionId, Failure>,
    /// Matches that were taken, of all topics.
    matched: u64,
    /// Where each range of the topic ends, and how far matches have come.
    courses: BTreeMap<PartitionId, (Option<Offset>, Offset)>,
    is_dirty: bool,
    began: Instant,
}

impl Search {
    async fn run(&mut self) -> Result<(), Unwanted> {
        for topic in self.request.topics.clone() {
            match self.topic(&topic).await {
                Ok(result) => result?,
                Err(failure) => self.update.failures.push(failure),
            }
            if self.update.is_limited || self.update.tiered.is_some() {
                break;
            }
        }
        self.update.finished = true;
        self.flush().await
    }

    /// Searches a topic; the failure where it cannot be searched at all.
    async fn topic(&mut self, topic: &TopicName) -> Result<Result<(), Unwanted>, Failure> {
        let narrowed = narrow(&self.request.query);
        let reach = self.cluster.reach(&self.request, topic, &narrowed).await?;
        if self.request.tiered == TieredRead::Ask
            && let Some(part) = self.cluster.tiered_part(topic, &reach.ranges).await?
        {
            self.update.tiered = Some((topic.clone(), part));
            return Ok(Ok(()));
        }
        let is_whole = reach.left_out.is_empty();
        self.update.failures.extend(reach.left_out);
        let usual = self.cluster.profile().formats.of(topic.as_str());
        let counter = match self.request.counting.clone() {
            None => None,
            Some(counting) => {
                let metadata = self.cluster.metadata().await?;
                let partitions = metadata.topic(topic.as_str()).map_or(0, |topic| topic.partitions.len());
                counting.begin(topic, i32::try_from(partitions).unwrap_or(i32::MAX));
                Some(Counter {
                    counting,
                    topic: topic.clone(),
                    view: self.request.view.unwrap_or(usual),
                    schemas: Arc::clone(&self.cluster.inner.schemas),
                    masks: self.cluster.profile().masks.clone(),
                })
            }
        };
        let sifting = Arc::new(
            Sifting::new(
                &self.request,
                topic,
                self.request.view.unwrap_or(usual),
                Arc::clone(&self.cluster.inner.schemas),
                &self.cluster.profile().masks,
                narrowed.times.from,
                &reach.ranges,
            )
            .counted_by(counter),
        );
        let profile = self.cluster.profile();
        let reading = fetch::read(
            self.cluster.client(),
            ReadRequest {
                topic: topic.clone(),
                ranges: reach.ranges.clone(),
                max_bytes_per_second: profile.read_budget_bytes_per_second,
                newest_only: false,
                isolation: self.request.isolation,
                rack: profile.rack.clone(),
                sieve: Some(Arc::clone(&sifting) as Arc<dyn fetch::Sieve>),
                lane: self.cluster.next_read(),
            },
        );
        self.update.topics.push(TopicSearched {
            topic: topic.clone(),
            partitions: reach.ranges.len(),
            counts: sifting.counts(),
            is_complete: false,
            notes: reach.notes,
            began: reach.ranges.iter().map(|range| (range.partition, range.from)).collect(),
            rest: BTreeMap::new(),
        });
        self.courses = reach.ranges.iter().map(|range| (range.partition, (range.to, range.from))).collect();
        Ok(self.follow(reading, &sifting, is_whole).await)
    }

    async fn follow(&mut self, mut reading: Reading, sifting: &Sifting, mut is_whole: bool) -> Result<(), Unwanted> {
        let mut pace = tokio::time::interval_at(Instant::now() + PACE, PACE);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failed = 0;
        loop {
            let is_full = self.pending.len() >= MAX_UPDATE
                || self.pending_bytes >= MOST_WAITING
                || self.update.ends.len() >= MOST_ENDS / 2;
            tokio::select! {
                biased;
                _ = pace.tick(), if self.is_dirty => {
                    self.count(sifting);
                    self.flush().await?;
                }
                events = reading.next(), if !is_full => {
                    let Some(events) = events else { break };
                    for event in events {
                        if let ReadEvent::Failed(_) = event {
                            is_whole = false;
                            failed += 1;
                            if failed > MOST_FAILURES {
                                continue;
                            }
                        }
                        self.take(event);
                    }
                    // Counts move with every answer, matches or none.
                    self.is_dirty = true;
                }
            }
            if self.update.is_limited {
                break;
            }
        }
        self.update.held_back = self.update.held_back.max(reading.held_back());
        self.waiting.clear();
        self.count(sifting);
        if let Some(last) = self.update.topics.last_mut() {
            if is_whole && !self.update.is_limited {
                last.counts.passed = last.counts.offsets;
            }
            last.is_complete = is_whole && !self.update.is_limited && last.counts.undecodable == 0;
        }
        Ok(())
    }

    fn count(&mut self, sifting: &Sifting) {
        if let Some(last) = self.update.topics.last_mut() {
            let before = std::mem::take(&mut last.counts);
            last.counts = sifting.counts();
            // Offsets that a log has given away are passed, too.
            last.counts.passed = last.counts.passed.max(before.passed);
        }
    }

    fn take(&mut self, event: ReadEvent) {
        match event {
            ReadEvent::Batch(batch) => {
                self.pending_bytes += batch.pinned_bytes();
                for record in RecordRef::of(&batch) {
                    if self.update.is_limited {
                        break;
                    }
                    self.matched += 1;
                    self.update.is_limited = self.request.limit.is_some_and(|limit| self.matched >= limit);
                    self.come(record.partition(), record.offset().saturating_add(1));
                    self.pending.push(record);
                }
            }
            // Beyond the limit nothing is handed on.
            ReadEvent::Passed(partition, next) if !self.update.is_limited => self.come(partition, next),
            ReadEvent::Passed(..) => {}
            ReadEvent::Waiting { partitions, failure } => {
                self.waiting.extend(partitions.into_iter().map(|partition| (partition, failure.clone())));
            }
            ReadEvent::Settled(partitions) => self.waiting.retain(|partition, _| !partitions.contains(partition)),
            ReadEvent::Failed(failure) => self.update.failures.push(failure),
            ReadEvent::TransactionEnded(partition, end) => {
                if self.request.keep != Keep::Counts && self.update.ends.len() < MOST_ENDS {
                    self.update.ends.push((partition, end));
                }
            }
            ReadEvent::CaughtUp | ReadEvent::Skipped { .. } => {}
        }
    }

    /// All matches of the partition before `next` were taken.
    fn come(&mut self, partition: PartitionId, next: Offset) {
        if let Some((_, come)) = self.courses.get_mut(&partition) {
            *come = next.max(*come);
        }
    }

    async fn flush(&mut self) -> Result<(), Unwanted> {
        self.is_dirty = false;
        self.pending_bytes = 0;
        if let Some(last) = self.update.topics.last_mut() {
            let is_left = |(to, next): &(Option<Offset>, Offset)| to.is_none_or(|to| *next < to) && !last.is_complete;
            last.rest =
                self.courses.iter().filter(|(_, course)| is_left(course)).map(|(id, (_, next))| (*id, *next)).collect();
        }
        let topics = self.update.topics.clone();
        let mut update = SearchUpdate { topics, ..SearchUpdate::default() };
        std::mem::swap(&mut update, &mut self.update);
        (self.update.is_limited, self.update.held_back) = (update.is_limited, update.held_back);
        update.records = in_order_of_time(std::mem::take(&mut self.pending));
        update.elapsed = self.began.elapsed();
        let mut waiting: Vec<Failure> = Vec::new();
        for failure in self.waiting.values() {
            if waiting.len() < MOST_FAILURES && !waiting.contains(failure) {
                waiting.push(failure.clone());
            }
        }
        update.waiting = waiting;
        self.sender.send(update).await.map_err(|_| Unwanted)
    }
}

fn no_partition(topic: &TopicName, partition: PartitionId) -> Failure {
    Failure::new(FailureKind::NotFound, "search partition", "the topic has no such partition")
        .on(format!("{topic}:{partition}"))
}

#[cfg(test)]
mod tests;
