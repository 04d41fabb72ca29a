//! The records of a topic: what is kept, what is in view, what is decoded.
//!
//! Invariant: memory is bounded by records and by the bytes of the batches
//! they pin; only records in view are decoded, and nothing is formatted here.

mod look;
mod marks;
mod paging;
mod partitions;
mod reach;
mod reading;
mod ring;
mod taking;

pub use look::{Chart, Choice, Order};
pub use paging::{Further, Paging};
pub use partitions::parse_partitions;
use reach::Reach;
pub use reading::{Position, Reading, Why};
pub use ring::Ring;

use crate::cluster::{RecordCounts, RecordRef, SearchCounts, Tally};
use crate::domain::query::Field;
use crate::domain::record::{DecodedRecord, Isolation, StartAt, TieredPart};
use crate::domain::transaction::{Fate, TransactionEnd, TransactionEnds};
use crate::domain::views::FieldNames;
use crate::domain::{Failure, Offset, PartitionId, Time, TopicName, dead_letter};
use crate::tui::app::list::Motion;
use std::collections::{BTreeMap, BTreeSet, HashMap};
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

/// How far a search is, or what it covered.
#[derive(Clone, Debug)]
pub struct Searched {
    pub counts: SearchCounts,
    pub elapsed: Duration,
    /// What was covered, and what that took for granted; once it is over.
    pub coverage: Option<String>,
}

/// Why reading ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    ByHand,
    /// The list holds no more.
    Full,
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
    /// Reading beyond the records of the list, and why it stopped.
    pub paging: Paging,
    pub stopped: Option<Stop>,
    /// What of each partition stands in the list.
    reach: Reach,
    /// What was counted before the reading that is under way.
    before: SearchCounts,
    /// A word on what came of the last page, to be said once.
    said: Option<String>,
    /// Where a search left off, and the first records that had no room.
    rest: BTreeMap<PartitionId, Offset>,
    left_out: BTreeMap<PartitionId, Offset>,
    pub pane: RecordsPane,
    /// The selected record fills the screen.
    pub in_record: bool,
    pub wraps: bool,
    /// What is shown of all records kept, instead of the selected one.
    pub chart: Option<Chart>,
    /// What was counted for the chart, and of how many records that had arrived.
    pub stats: Option<(Tally, u64)>,
    /// What has left the list since it was counted, and whether that is all.
    left: Vec<RecordKey>,
    /// Fields in the place of the value in the list.
    pub columns: Vec<Field>,
    pub order: Order,
    /// The fields of the records that were decoded.
    pub fields: FieldNames,
    pub value_scroll: usize,
    pub facts_scroll: usize,
    /// The marked records, whether they are in the list still or not.
    marks: BTreeSet<RecordKey>,
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
            paging: Paging::default(),
            stopped: None,
            reach: Reach::default(),
            before: SearchCounts::default(),
            said: None,
            rest: BTreeMap::new(),
            left_out: BTreeMap::new(),
            pane: RecordsPane::List,
            in_record: false,
            wraps: true,
            chart: None,
            stats: None,
            left: Vec::new(),
            columns: Vec::new(),
            order: Order::default(),
            fields: FieldNames::default(),
            arrived: 0,
            value_scroll: 0,
            facts_scroll: 0,
            marks: BTreeSet::new(),
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
        let (wraps, pane) = (self.wraps, self.pane);
        // A live list stands as records come.
        let order = if is_following { Order::Arrival } else { self.order };
        let seeks = reading.position.as_ref().map(|position| position.offset);
        let is_same = self.reading.as_ref().is_some_and(|before| before.topic == reading.topic);
        // Another topic has other fields.
        let (fields, columns, marks) = match is_same {
            true => {
                (std::mem::take(&mut self.fields), std::mem::take(&mut self.columns), std::mem::take(&mut self.marks))
            }
            false => Default::default(),
        };
        let chart = self.chart.take().filter(|chart| is_same || !matches!(chart, Chart::ByField(_)));
        let reading = Some(reading);
        *self =
            Self { reading, is_following, wraps, chart, columns, fields, order, pane, seeks, marks, ..Self::default() };
        self.ring.set_order(order);
    }

    /// What stands below the list.
    pub fn show_chart(&mut self, chart: Option<Chart>) {
        if self.chart != chart {
            (self.stats, self.facts_scroll) = (None, 0);
            self.left.clear();
        }
        self.chart = chart;
    }

    /// Something has come since the chart was counted.
    pub fn is_uncounted(&self) -> bool {
        let counted = self.stats.as_ref().map(|(_, as_of)| *as_of);
        self.chart.as_ref().is_some_and(|chart| chart.wish().is_some()) && counted != Some(self.arrived)
    }

    /// What is to be counted: all anew, or what has come and gone since.
    pub fn uncounted(&mut self) -> (Option<Tally>, Vec<RecordRef>, Vec<RecordKey>) {
        let gone = std::mem::take(&mut self.left);
        match &self.stats {
            Some((tally, as_of)) => (Some(tally.clone()), self.ring.since(*as_of).cloned().collect(), gone),
            None => (None, self.ring.iter().cloned().collect(), Vec::new()),
        }
    }

    /// What was counted; of another chart than this it is of no use.
    pub fn take_tally(&mut self, tally: Tally, as_of: u64) {
        let wish = self.chart.as_ref().and_then(Chart::wish);
        if wish.as_ref() == Some(&tally.wish) {
            self.stats = Some((tally, as_of));
        }
    }

    /// What has left the list is counted no more.
    fn has_left(&mut self, gone: &[RecordRef]) {
        if self.chart.as_ref().is_none_or(|chart| chart.wish().is_none()) {
            return;
        }
        self.left.extend(gone.iter().map(key));
    }

    /// Records that have come into the list, also those that had to go again.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    #[cfg(test)]
    pub fn kept(&self) -> impl Iterator<Item = &RecordRef> {
        self.ring.iter()
    }

    pub fn take_said(&mut self) -> Option<String> {
        self.said.take()
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
        self.left_out.clear();
        if follow {
            self.order = Order::Arrival;
            self.ring.set_order(self.order);
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
        let marked = self.undecoded_marks();
        let is_taken = |record: &&RecordRef| !marked.iter().any(|marked| key(marked) == key(record));
        let seen: Vec<RecordRef> = std::iter::once(self.cursor)
            .chain(rows.filter(|row| *row != self.cursor))
            .filter_map(|row| self.ring.get(row))
            .filter(|record| !self.decoded.contains_key(&key(record)))
            .filter(is_taken)
            .cloned()
            .collect();
        seen.into_iter().chain(marked).collect()
    }

    pub fn take_decoded(&mut self, records: Vec<Arc<DecodedRecord>>) {
        if self.decoded.len() + records.len() > MOST_DECODED {
            let keep = self.selected;
            self.decoded.retain(|key, _| Some(*key) == keep || self.marks.contains(key));
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
