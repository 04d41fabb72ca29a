//! The records of a topic: what is kept, what is in view, what is decoded.
//!
//! Invariant: memory is bounded by records and by the bytes of the batches
//! they pin; only records in view are decoded, and nothing is formatted here.

mod look;
mod ring;
mod start;

pub use look::{Chart, Choice, Order};
pub use ring::Ring;
pub use start::{parse_partitions, parse_start};

use crate::cluster::{RecordCounts, RecordRef, RecordsUpdate, SearchCounts, SearchUpdate, Stats};
use crate::domain::query::{Field, Query};
use crate::domain::record::{DecodedRecord, Isolation, ReadAs, StartAt, TieredPart, TieredRead};
use crate::domain::transaction::{Fate, TransactionEnd, TransactionEnds};
use crate::domain::views::FieldNames;
use crate::domain::{Failure, GroupId, Offset, PartitionId, Time, TopicName, dead_letter};
use crate::tui::app::list::Motion;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Records kept on screen's behalf.
const MOST_RECORDS: usize = 20_000;
/// Bytes of batches pinned by them.
const MOST_BYTES: usize = 48 << 20;
/// Decoded records kept beside those in view.
const MOST_DECODED: usize = 1_000;

pub type RecordKey = (PartitionId, Offset);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RecordsPane {
    #[default]
    List,
    Value,
    Facts,
}

impl RecordsPane {
    pub fn next(self) -> Self {
        match self {
            Self::List => Self::Value,
            Self::Value => Self::Facts,
            Self::Facts => Self::List,
        }
    }

    pub fn previous(self) -> Self {
        self.next().next()
    }
}

/// What is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub topic: TopicName,
    pub partitions: Option<Vec<PartitionId>>,
    pub start: StartAt,
    pub query: Option<Query>,
    /// Everything from the start to the end of now is searched, and then no more.
    pub covers: bool,
    pub view: ReadAs,
    pub isolation: Isolation,
    pub tiered: TieredRead,
    /// What one came to see; of one partition only.
    pub position: Option<Position>,
}

/// A place in the partition that is read, and why it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub why: Why,
    pub offset: Offset,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A group has committed it.
    Committed(GroupId),
    /// The record there became this dead letter.
    Became { topic: TopicName, partition: PartitionId, offset: Offset },
}

impl Reading {
    /// The usual way to read a topic.
    pub fn of(topic: TopicName, start: StartAt, view: ReadAs) -> Self {
        Self {
            topic,
            partitions: None,
            start,
            query: None,
            covers: false,
            view,
            isolation: Isolation::default(),
            tiered: TieredRead::default(),
            position: None,
        }
    }
}

/// How far a search is, or what it covered.
#[derive(Clone, Debug)]
pub struct Searched {
    pub counts: SearchCounts,
    pub elapsed: Duration,
    /// What was covered, and what that took for granted; once it is over.
    pub coverage: Option<String>,
    /// It was stopped before its end.
    pub is_stopped: bool,
}

/// How fast records come, from two counts and their times.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    since: Option<(Time, u64)>,
    per_second: Option<f64>,
}

#[derive(Debug)]
pub struct RecordsView {
    pub reading: Option<Reading>,
    pub ring: Ring<RecordRef>,
    pub counts: RecordCounts,
    /// Arrived while standing still, and not kept.
    pub missed: u64,
    pub is_following: bool,
    pub is_finished: bool,
    pub has_caught_up: bool,
    pub failures: Vec<Failure>,
    /// What keeps partitions from being read at the moment.
    pub waiting: Vec<Failure>,
    /// So much lies in remote storage, and nothing is read before it is wanted.
    pub tiered: Option<TieredPart>,
    /// Of a reading that covers.
    pub search: Option<Searched>,
    pub pane: RecordsPane,
    pub wraps: bool,
    /// What is shown of all records kept, instead of the selected one.
    pub chart: Option<Chart>,
    /// What was counted for the chart, and of how many records that had arrived.
    pub stats: Option<(Arc<Stats>, u64)>,
    /// Fields in the place of the value in the list.
    pub columns: Vec<Field>,
    pub order: Order,
    /// The fields of the records that were decoded.
    pub fields: FieldNames,
    pub value_scroll: usize,
    pub facts_scroll: usize,
    /// The selected record; the newest while following.
    selected: Option<RecordKey>,
    cursor: usize,
    /// The record to be selected once it has come.
    seeks: Option<Offset>,
    decoded: HashMap<RecordKey, Arc<DecodedRecord>>,
    /// The ends of transactions that were read.
    ends: TransactionEnds,
    /// Records that have come into the ring.
    arrived: u64,
    pace: Pace,
}

impl Default for RecordsView {
    fn default() -> Self {
        Self {
            reading: None,
            ring: Ring::new(MOST_RECORDS, MOST_BYTES),
            counts: RecordCounts::default(),
            missed: 0,
            is_following: false,
            is_finished: false,
            has_caught_up: false,
            failures: Vec::new(),
            waiting: Vec::new(),
            tiered: None,
            search: None,
            pane: RecordsPane::List,
            wraps: true,
            chart: None,
            stats: None,
            columns: Vec::new(),
            order: Order::default(),
            fields: FieldNames::default(),
            arrived: 0,
            value_scroll: 0,
            facts_scroll: 0,
            selected: None,
            cursor: 0,
            seeks: None,
            decoded: HashMap::new(),
            ends: TransactionEnds::default(),
            pace: Pace::default(),
        }
    }
}

fn key(record: &RecordRef) -> RecordKey {
    (record.partition(), record.offset())
}

impl RecordsView {
    /// Forgets all records and begins anew.
    pub fn begin(&mut self, reading: Reading) {
        let is_following =
            !reading.covers && !matches!(reading.start, StartAt::Earliest | StartAt::Offset(_) | StartAt::Time(_));
        let (wraps, pane, order) = (self.wraps, self.pane, self.order);
        let seeks = reading.position.as_ref().map(|position| position.offset);
        let is_same = self.reading.as_ref().is_some_and(|before| before.topic == reading.topic);
        // Another topic has other fields.
        let (fields, columns) = match is_same {
            true => (std::mem::take(&mut self.fields), std::mem::take(&mut self.columns)),
            false => Default::default(),
        };
        let chart = self.chart.take().filter(|chart| is_same || !matches!(chart, Chart::ByField(_)));
        let reading = Some(reading);
        *self = Self { reading, is_following, wraps, chart, columns, fields, order, pane, seeks, ..Self::default() };
    }

    fn position(&self) -> Option<&Position> {
        self.reading.as_ref()?.position.as_ref()
    }

    /// The record that became a dead letter is looked for, those behind it are here, and
    /// it is not among them.
    pub fn looks_for_what_is_gone(&self) -> bool {
        let Some(Position { why: Why::Became { .. }, offset }) = self.position() else { return false };
        let mut kept = (0..self.ring.len()).filter_map(|row| self.ring.get(row)).map(RecordRef::offset);
        kept.find(|kept| kept >= offset).is_some_and(|kept| kept > *offset)
    }

    /// This row is what one came to see: what the group reads next, or what became a
    /// dead letter.
    pub fn is_next(&self, row: usize) -> bool {
        let Some(position) = self.position() else { return false };
        if matches!(position.why, Why::Became { .. }) {
            return self.ring.get(row).is_some_and(|record| record.offset() == position.offset);
        }
        let is_read = |row: usize| self.ring.get(row).is_some_and(|record| record.offset() < position.offset);
        // Offsets have gaps: it is the first that is not before the committed one.
        !is_read(row) && row.checked_sub(1).is_none_or(is_read)
    }

    /// Selects what is looked for, as soon as it is there.
    fn seek(&mut self) {
        let Some(offset) = self.seeks else { return };
        let row = (0..self.ring.len()).find(|row| self.ring.get(*row).is_some_and(|record| record.offset() >= offset));
        if row.is_some() {
            self.seeks = None;
        }
        self.go_to(row.unwrap_or(usize::MAX));
    }

    pub fn take(&mut self, update: RecordsUpdate, at: Time) {
        self.measure(update.counts, at);
        self.counts = update.counts;
        self.is_finished = update.finished;
        self.has_caught_up |= update.caught_up;
        if !update.failures.is_empty() {
            self.failures = update.failures;
        }
        self.waiting = update.waiting;
        self.tiered = update.tiered;
        update.ends.into_iter().for_each(|(partition, end)| self.ends.add(partition, end));
        for record in update.records {
            // Standing still, what one looks at must not be pushed out.
            if !self.is_following && self.ring.is_full() {
                self.missed += 1;
            } else {
                self.arrived += 1;
                if self.ring.push(record) {
                    self.cursor = self.cursor.saturating_sub(1);
                }
            }
        }
        self.put_in_order();
        if self.is_following {
            self.select_newest();
        } else if self.seeks.is_some() {
            self.seek();
        } else if self.selected.is_none() {
            self.go_to(0);
        }
    }

    /// In the order that was chosen; a live list stands as records come.
    fn put_in_order(&mut self) {
        if self.is_following {
            return;
        }
        match self.order {
            Order::Arrival => return,
            Order::Time => self.ring.merge_by_time(),
            Order::Partition => self.ring.sort_by_key(key),
        }
        let selected = self.selected;
        let row = (0..self.ring.len()).find(|row| self.ring.get(*row).map(key) == selected);
        self.cursor = row.unwrap_or(self.cursor).min(self.ring.len().saturating_sub(1));
        self.selected = self.ring.get(self.cursor).map(key);
    }

    /// The next of the orders. As they came is the order of what comes from now on.
    pub fn next_order(&mut self) {
        self.order = self.order.next();
        self.is_following &= self.order == Order::Arrival;
        self.put_in_order();
    }

    /// What stands below the list.
    pub fn show_chart(&mut self, chart: Option<Chart>) {
        if self.chart != chart {
            (self.stats, self.facts_scroll) = (None, 0);
        }
        self.chart = chart;
    }

    /// Something has come since the chart was counted.
    pub fn is_uncounted(&self) -> bool {
        let counted = self.stats.as_ref().map(|(_, as_of)| *as_of);
        self.chart.as_ref().is_some_and(|chart| chart.wish().is_some()) && counted != Some(self.arrived)
    }

    /// Records that have come into the list, also those that had to go again.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    pub fn kept(&self) -> impl Iterator<Item = &RecordRef> {
        (0..self.ring.len()).filter_map(|row| self.ring.get(row))
    }

    /// What a search has found since, and how far it is.
    pub fn take_search(&mut self, update: SearchUpdate, at: Time) {
        let counts = update.counts();
        let is_over = update.finished && update.tiered.is_none();
        let searched = update.topics.first().filter(|_| is_over);
        let coverage = searched.map(|searched| {
            let mut said = vec![searched.coverage(&update.failures, update.is_limited)];
            said.extend(searched.notes.iter().cloned());
            said.join("; ")
        });
        self.search = Some(Searched { counts, elapsed: update.elapsed, coverage, is_stopped: false });
        let SearchCounts { seen, matched, undecodable, bytes, .. } = counts;
        let update = RecordsUpdate {
            records: update.records,
            ends: update.ends,
            counts: RecordCounts { seen, matched, dropped: 0, undecodable, bytes },
            failures: update.failures,
            waiting: update.waiting,
            tiered: update.tiered.map(|(_, part)| part),
            caught_up: false,
            finished: update.finished,
            held_back: update.held_back,
        };
        self.take(update, at);
    }

    /// What was found stays; how much was not looked at is said.
    pub fn stop_search(&mut self) {
        self.is_finished = true;
        if let Some(search) = &mut self.search {
            search.is_stopped = true;
        }
    }

    fn measure(&mut self, counts: RecordCounts, at: Time) {
        match self.pace.since {
            Some((since, _)) if at.since(since) < 1_000 => {}
            Some((since, seen)) => {
                let seconds = at.since(since) as f64 / 1_000.0;
                self.pace = Pace {
                    since: Some((at, counts.seen)),
                    per_second: Some(counts.seen.saturating_sub(seen) as f64 / seconds),
                };
            }
            None => self.pace.since = Some((at, counts.seen)),
        }
    }

    /// Records seen a second, once it has been measured.
    pub fn per_second(&self) -> Option<f64> {
        self.pace.per_second
    }

    pub fn cursor(&self) -> usize {
        self.cursor
    }

    fn select_newest(&mut self) {
        self.go_to(self.ring.len().saturating_sub(1));
    }

    pub fn go_to(&mut self, row: usize) {
        let before = self.selected;
        self.cursor = row.min(self.ring.len().saturating_sub(1));
        self.selected = self.ring.get(self.cursor).map(key);
        if before != self.selected {
            self.value_scroll = 0;
            self.facts_scroll = 0;
        }
    }

    pub fn move_by(&mut self, motion: Motion, height: usize) {
        let row = motion.apply(self.cursor, self.ring.len(), height);
        let at_end = row + 1 >= self.ring.len();
        self.seeks = None;
        // Going up means reading: the list stands still until it is told to follow.
        if !at_end {
            self.is_following = false;
        }
        self.go_to(row);
    }

    pub fn follow(&mut self, follow: bool) {
        self.is_following = follow;
        self.missed = 0;
        if follow {
            self.order = Order::Arrival;
        }
        if follow {
            self.select_newest();
        }
    }

    pub fn selected_ref(&self) -> Option<&RecordRef> {
        self.ring.get(self.cursor)
    }

    pub fn decoded(&self, record: &RecordRef) -> Option<&Arc<DecodedRecord>> {
        self.decoded.get(&key(record))
    }

    pub fn selected(&self) -> Option<&Arc<DecodedRecord>> {
        self.decoded(self.selected_ref()?)
    }

    /// The end of the transaction that a record was written in, as far as it was read.
    pub fn transaction_end(&self, record: &RecordRef) -> Option<&TransactionEnd> {
        self.ends.of(record.partition(), record.batch_facts().producer_id, record.offset())
    }

    /// What became of that transaction; `None` for a record that was written in none.
    pub fn fate(&self, record: &RecordRef) -> Option<Fate> {
        if !record.is_transactional() {
            return None;
        }
        let is_committed = self.reading.as_ref().is_some_and(|reading| reading.isolation == Isolation::Committed);
        let end = self.transaction_end(record).map(TransactionEnd::fate);
        Some(end.unwrap_or(if is_committed { Fate::Committed } else { Fate::Open }))
    }

    /// Where the selected record was first, if it is a dead letter that says so.
    pub fn source(&self) -> Option<(TopicName, PartitionId, Offset)> {
        let source = dead_letter::read(&self.selected()?.record.headers)?.source;
        Some((source.topic?, source.partition?, source.offset?))
    }

    /// Records of `rows` that are not decoded yet; the selected one first.
    pub fn undecoded(&self, rows: std::ops::Range<usize>) -> Vec<RecordRef> {
        std::iter::once(self.cursor)
            .chain(rows.filter(|row| *row != self.cursor))
            .filter_map(|row| self.ring.get(row))
            .filter(|record| !self.decoded.contains_key(&key(record)))
            .cloned()
            .collect()
    }

    pub fn take_decoded(&mut self, records: Vec<Arc<DecodedRecord>>) {
        if self.decoded.len() + records.len() > MOST_DECODED {
            let keep = self.selected;
            self.decoded.retain(|key, _| Some(*key) == keep);
        }
        for record in records {
            self.fields.add(&record);
            self.decoded.insert((record.record.partition, record.record.offset), record);
        }
    }

    /// Values read another way have to be decoded again.
    pub fn forget_decoded(&mut self) {
        self.decoded.clear();
        self.fields = FieldNames::default();
        self.stats = None;
    }
}
