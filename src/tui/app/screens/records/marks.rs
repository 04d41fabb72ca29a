//! Marked records: they stay marked wherever they stand.

use super::{RecordKey, RecordsView, key};
use crate::cluster::{MOST_PLACES, RecordRef};
use crate::domain::record::DecodedRecord;
use crate::domain::{Offset, PartitionId, TopicName, show};
use std::collections::BTreeSet;
use std::sync::Arc;

impl RecordsView {
    pub fn marks(&self) -> &BTreeSet<RecordKey> {
        &self.marks
    }

    pub fn is_marked(&self, record: &RecordRef) -> bool {
        !self.marks.is_empty() && self.marks.contains(&key(record))
    }

    /// Marks the selected record, or takes the mark away; `Err` where there are too many.
    pub fn toggle_mark(&mut self) -> Result<(), String> {
        let Some(selected) = self.selected else { return Ok(()) };
        if self.marks.remove(&selected) {
            return Ok(());
        }
        if self.marks.len() >= MOST_PLACES {
            return Err(format!("at most {} records are marked: a query takes more", show::count(MOST_PLACES as u64)));
        }
        // Whoever marks reads: the list stands still.
        self.is_following = false;
        self.marks.insert(selected);
        Ok(())
    }

    /// Whether there were any.
    pub fn clear_marks(&mut self) -> bool {
        !std::mem::take(&mut self.marks).is_empty()
    }

    /// Where the marked records are, in order.
    pub fn marked_places(&self) -> impl Iterator<Item = (&TopicName, PartitionId, Offset)> {
        let topic = self.reading.as_ref().map(|reading| &reading.topic);
        self.marks.iter().filter_map(move |(partition, offset)| Some((topic?, *partition, *offset)))
    }

    /// The marked records that can be read, in order, and how many cannot: they have left
    /// the list, or are not decoded yet.
    pub fn marked(&self) -> (Vec<Arc<DecodedRecord>>, usize) {
        let found: Vec<_> = self.marks.iter().filter_map(|key| self.decoded.get(key).cloned()).collect();
        let missing = self.marks.len() - found.len();
        (found, missing)
    }

    /// Marked records of the list that are not decoded.
    pub(super) fn undecoded_marks(&self) -> Vec<RecordRef> {
        if self.marks.iter().all(|key| self.decoded.contains_key(key)) {
            return Vec::new();
        }
        let wanted = |record: &&RecordRef| self.is_marked(record) && self.decoded(record).is_none();
        self.ring.iter().filter(wanted).cloned().collect()
    }
}
