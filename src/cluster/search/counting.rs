//! Counting what the matches of a search say together, on the threads that unpack them:
//! what is counted there need not be handed on.

use crate::cluster::named::Named;
use crate::cluster::records::{RecordRef, decoded};
use crate::cluster::schemas::Schemas;
use crate::cluster::stats::Said;
use crate::cluster::{Stats, StatsWish, lock};
use crate::domain::TopicName;
use crate::domain::mask::Masks;
use crate::domain::record::ReadAs;
use crate::kafka::fetch::Batch;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;

/// What is counted, and what has been.
#[derive(Clone, Debug)]
pub struct Counting {
    wish: Arc<StatsWish>,
    topics: Arc<Mutex<BTreeMap<TopicName, Stats>>>,
}

impl PartialEq for Counting {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.topics, &other.topics)
    }
}

impl Eq for Counting {}

impl Counting {
    pub fn new(wish: StatsWish) -> Self {
        Self { wish: Arc::new(wish), topics: Arc::default() }
    }

    /// A topic with so many partitions is about to be searched.
    pub(super) fn begin(&self, topic: &TopicName, partitions: i32) {
        lock(&self.topics).entry(topic.clone()).or_insert_with(|| Stats::new(&self.wish, partitions));
    }

    /// What was counted so far.
    pub fn counted(&self) -> BTreeMap<TopicName, Stats> {
        lock(&self.topics).clone()
    }
}

/// Counting of one topic.
pub(super) struct Counter {
    pub(super) counting: Counting,
    pub(super) topic: TopicName,
    pub(super) view: ReadAs,
    pub(super) schemas: Arc<Schemas>,
    pub(super) masks: Masks,
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counter").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Counter {
    /// Counts these records of a batch; `found` is in order. It may wait for a schema.
    pub(super) fn count(&self, batch: &Arc<Batch>, found: &[usize], runtime: &Handle) {
        let wish = &self.counting.wish;
        let records: Vec<RecordRef> = found.iter().map(|index| RecordRef::at(batch, *index)).collect();
        let said: Vec<Said> = if wish.looks_inside() {
            let mut named = Named::default();
            found.iter().for_each(|index| named.add(batch, *index));
            // Here one may wait: this thread is for what takes its time.
            runtime.block_on(self.schemas.resolve(named));
            let read = |record: &RecordRef| decoded(record, &self.schemas, self.view, &self.masks);
            records.iter().filter_map(read).map(|record| Said::of(&record, wish)).collect()
        } else {
            Vec::new()
        };
        // What takes long is done by now.
        let mut topics = lock(&self.counting.topics);
        let Some(stats) = topics.get_mut(&self.topic) else { return };
        records.iter().for_each(|record| stats.add(record));
        said.into_iter().for_each(|said| stats.add_said(said));
    }
}
