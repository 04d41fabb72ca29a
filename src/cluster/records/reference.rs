//! A record as it lies in its batch, decoded when somebody looks at it.

use crate::cluster::named::Named;
use crate::cluster::schemas::Schemas;
use crate::decode;
use crate::domain::mask::Masks;
use crate::domain::record::{BatchFacts, DecodedRecord, ReadAs, Record};
use crate::domain::{Offset, PartitionId, Time, TopicName};
use crate::kafka::fetch::Batch;
use std::collections::HashMap;
use std::sync::Arc;

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

    /// The schemas that it names are added.
    pub(in crate::cluster) fn add_to(&self, named: &mut Named) {
        named.add(&self.batch, self.index as usize);
    }

    /// One record of a batch.
    pub(in crate::cluster) fn at(batch: &Arc<Batch>, index: usize) -> Self {
        Self { batch: Arc::clone(batch), index: u32::try_from(index).unwrap_or(u32::MAX) }
    }

    /// All records of a batch.
    pub(in crate::cluster) fn of(batch: &Arc<Batch>) -> impl Iterator<Item = Self> {
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

    pub(in crate::cluster) fn key(&self) -> Option<&[u8]> {
        self.batch.key(self.index as usize).flatten()
    }

    /// The record itself, without masks: its bytes are for another topic, not for eyes.
    pub(in crate::cluster) fn record(&self) -> Option<Record> {
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
    pub(in crate::cluster) fn plain(&self) -> &[u8] {
        self.batch.plain()
    }

    /// Equal for references into the same batch.
    pub fn batch_key(&self) -> usize {
        Arc::as_ptr(&self.batch).addr()
    }
}

/// Puts partitions together by time. Within a partition the order stays that of
/// the log, whatever its timestamps say.
pub(in crate::cluster) fn in_order_of_time(records: Vec<RecordRef>) -> Vec<RecordRef> {
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
pub(in crate::cluster) fn decoded(
    reference: &RecordRef,
    schemas: &Schemas,
    view: ReadAs,
    masks: &Masks,
) -> Option<DecodedRecord> {
    let record = reference.batch.record(reference.index as usize)?;
    let mut decoded = decode::decode_record(record, view, schemas);
    masks.apply(&mut decoded);
    Some(decoded)
}
