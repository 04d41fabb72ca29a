//! What is read, and what one came to see in it.

use super::RecordsView;
use crate::cluster::{RecordRef, SearchRequest};
use crate::domain::query::Query;
use crate::domain::record::{Isolation, ReadAs, StartAt, TieredRead};
use crate::domain::{GroupId, Offset, PartitionId, TopicName};

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
    /// It was just written.
    Written,
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

    /// The search for `query` in what is read, in the same view.
    pub fn search(&self, query: Query, start: StartAt) -> SearchRequest {
        SearchRequest {
            partitions: self.partitions.clone(),
            start,
            view: Some(self.view),
            isolation: self.isolation,
            tiered: self.tiered,
            ..SearchRequest::of(vec![self.topic.clone()], query)
        }
    }
}

impl RecordsView {
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
        if matches!(position.why, Why::Became { .. } | Why::Written) {
            return self.ring.get(row).is_some_and(|record| record.offset() == position.offset);
        }
        let is_read = |row: usize| self.ring.get(row).is_some_and(|record| record.offset() < position.offset);
        // Offsets have gaps: it is the first that is not before the committed one.
        !is_read(row) && row.checked_sub(1).is_none_or(is_read)
    }

    /// Selects what is looked for, as soon as it is there.
    pub(super) fn seek(&mut self) {
        let Some(offset) = self.seeks else { return };
        let row = (0..self.ring.len()).find(|row| self.ring.get(*row).is_some_and(|record| record.offset() >= offset));
        if row.is_some() {
            self.seeks = None;
        }
        self.go_to(row.unwrap_or(usize::MAX));
    }
}
