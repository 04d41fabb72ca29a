//! What a search does on the threads that unpack answers: look at bytes first, decode
//! what is left, and count.

use super::SearchRequest;
use super::counting::Counter;
use crate::cluster::matcher::Matcher;
use crate::cluster::records::Keep;
use crate::cluster::schemas::Schemas;
use crate::cluster::search::SearchCounts;
use crate::domain::mask::Masks;
use crate::domain::query::Truth;
use crate::domain::record::ReadAs;
use crate::domain::{Offset, PartitionId, TopicName};
use crate::kafka::fetch::{Batch, Outline, Passed, ReadRange, Sieve};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::runtime::Handle;

#[derive(Debug)]
pub(in crate::cluster) struct Sifting {
    matcher: Matcher,
    /// Batches whose records are all older are not wanted; milliseconds.
    not_before: Option<i64>,
    keeps: bool,
    /// What was found is counted there, and not handed on.
    counter: Option<Counter>,
    runtime: Handle,
    seen: AtomicU64,
    skipped: AtomicU64,
    matched: AtomicU64,
    undecodable: AtomicU64,
    bytes: AtomicU64,
    /// Where each range begins, ends, and has come to.
    courses: HashMap<PartitionId, (Offset, Offset, AtomicI64)>,
}

impl Sifting {
    /// Must be called within the runtime.
    pub(in crate::cluster) fn new(
        request: &SearchRequest,
        topic: &TopicName,
        view: ReadAs,
        schemas: Arc<Schemas>,
        masks: &Masks,
        not_before: Option<i64>,
        ranges: &[ReadRange],
    ) -> Self {
        let course = |range: &ReadRange| {
            let to = range.to.unwrap_or(range.from);
            (range.partition, (range.from, to, AtomicI64::new(range.from)))
        };
        Self {
            matcher: Matcher::new(request.query.clone(), topic, view, schemas, masks),
            not_before,
            keeps: request.keep != Keep::Counts,
            counter: None,
            runtime: Handle::current(),
            seen: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            matched: AtomicU64::new(0),
            undecodable: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            courses: ranges.iter().map(course).collect(),
        }
    }

    pub(super) fn counted_by(mut self, counter: Option<Counter>) -> Self {
        self.counter = counter;
        self
    }

    pub(in crate::cluster) fn counts(&self) -> SearchCounts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let length = |from: Offset, to: Offset| u64::try_from(to.saturating_sub(from)).unwrap_or(0);
        let (mut offsets, mut passed) = (0, 0);
        for (from, to, next) in self.courses.values() {
            offsets += length(*from, *to);
            passed += length(*from, next.load(Ordering::Relaxed).min(*to));
        }
        SearchCounts {
            seen: load(&self.seen),
            skipped: load(&self.skipped),
            matched: load(&self.matched),
            undecodable: load(&self.undecodable),
            bytes: load(&self.bytes),
            offsets,
            passed,
        }
    }
}

fn add(counter: &AtomicU64, count: u64) {
    if count > 0 {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

impl Sieve for Sifting {
    fn wants(&self, outline: &Outline) -> bool {
        // Without a time, it may be any.
        self.not_before.is_none_or(|from| outline.max_timestamp < 0 || outline.max_timestamp >= from)
    }

    fn may_be_in(&self, block: &[u8]) -> bool {
        self.matcher.may_be_in(block)
    }

    fn is_opaque(&self, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[u8]) -> bool {
        self.matcher.is_opaque(key, value, headers)
    }

    fn sift(&self, batch: &Arc<Batch>) -> Option<Arc<Batch>> {
        // Records of batches were asked about one by one; messages of the versions before come as they are.
        let candidates =
            if batch.is_legacy() { self.matcher.candidates(batch) } else { (0..batch.len()).collect::<Vec<_>>() };
        if let Some(named) = self.matcher.lacks(batch, &candidates) {
            // Here one may wait: this thread is for what takes its time.
            self.runtime.block_on(self.matcher.resolve(named));
        }
        let mut found = Vec::new();
        let (mut matched, mut unknown) = (0, 0);
        for index in candidates {
            match self.matcher.truth(batch, index) {
                Truth::No => {}
                Truth::Unknown => unknown += 1,
                Truth::Yes => {
                    matched += 1;
                    if self.keeps || self.counter.is_some() {
                        found.push(index);
                    }
                }
            }
        }
        add(&self.matched, matched);
        add(&self.undecodable, unknown);
        if let Some(counter) = &self.counter {
            counter.count(batch, &found, &self.runtime);
            return None;
        }
        match found.len() {
            0 => None,
            all if all == batch.len() => Some(Arc::clone(batch)),
            _ => Some(Arc::new(batch.only(&found))),
        }
    }

    fn passed(&self, passed: &Passed) {
        add(&self.seen, passed.seen);
        add(&self.skipped, passed.skipped);
        add(&self.bytes, passed.bytes);
        if let Some((_, _, next)) = self.courses.get(&passed.partition) {
            next.fetch_max(passed.next_offset, Ordering::Relaxed);
        }
    }
}
