//! What a feed gathers between its updates.

use super::{Keep, MAX_UPDATE, MOST_ENDS, RecordCounts, RecordRef, RecordsRequest, RecordsUpdate, in_order_of_time};
use crate::cluster::matcher::Matcher;
use crate::cluster::schemas::Schemas;
use crate::domain::mask::Masks;
use crate::domain::query::Truth;
use crate::domain::record::StartAt;
use crate::domain::{Failure, PartitionId};
use crate::kafka::fetch::{Batch, ReadEvent};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The newest records of several partitions wait this long for each other, so
/// that a screen shows them in order of time.
const GATHER: Duration = Duration::from_millis(300);
/// Failures of one feed that are handed on; more of the same kind help nobody.
const MAX_FAILURES: usize = 16;

/// The state of one feed between updates.
pub(super) struct Gathering {
    request: RecordsRequest,
    matcher: Option<Matcher>,
    pub(super) update: RecordsUpdate,
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
    pub(super) fn new(schemas: Arc<Schemas>, masks: Masks, request: RecordsRequest) -> Self {
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

    pub(super) fn has_news(&self) -> bool {
        let gathers = matches!(self.request.start, StartAt::Latest(_)) && !self.has_caught_up;
        self.dirty && !(gathers && self.began.elapsed() < GATHER)
    }

    /// A reader's update is full: fetching waits until it is taken.
    pub(super) fn must_flush(&self) -> bool {
        self.request.keep == Keep::All && (self.pending.len() >= MAX_UPDATE || self.update.ends.len() >= MOST_ENDS / 2)
    }

    pub(super) fn is_satisfied(&self) -> bool {
        self.request.limit.is_some_and(|limit| self.counts.matched >= limit)
    }

    pub(super) async fn take(&mut self, event: ReadEvent) {
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
        let candidates = self.matcher.as_ref().map(|matcher| matcher.candidates(&batch));
        if let (Some(matcher), Some(candidates)) = (&self.matcher, &candidates)
            && let Some(named) = matcher.lacks(&batch, candidates)
        {
            matcher.resolve(named).await;
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
        for index in candidates.unwrap_or_else(|| (skip..batch.len()).collect()) {
            if taken == room {
                break;
            }
            if self.matches(&batch, index) {
                taken += 1;
                self.counts.matched += 1;
                if self.request.keep == Keep::Counts {
                    continue;
                }
                self.pending.push_back(RecordRef::at(&batch, index));
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
        let truth = matcher.truth(batch, index);
        self.counts.undecodable += u64::from(truth == Truth::Unknown);
        truth == Truth::Yes
    }

    pub(super) fn flush(&mut self) -> RecordsUpdate {
        self.dirty = false;
        let mut update = std::mem::take(&mut self.update);
        update.records = in_order_of_time(self.pending.drain(..).collect());
        update.counts = self.counts;
        let waiting: HashSet<&Failure> = self.waiting.values().collect();
        update.waiting = waiting.into_iter().take(MAX_FAILURES).cloned().collect();
        update
    }
}
