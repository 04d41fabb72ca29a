//! What a record shares with its batch, and the ends of transactions, as lines.

use crate::cli::output::{Format, Look, csv_record, escaped};
use crate::cluster::{Cluster, RecordRef};
use crate::domain::record::DecodedRecord;
use crate::domain::transaction::{Fate, TransactionEnd};
use crate::domain::{Failure, Offset, PartitionId, TopicName, show};
use serde::Serialize;

/// The batch of a record, and its place in it.
#[derive(Debug, Serialize)]
pub(super) struct BatchLine {
    codec: &'static str,
    records: u32,
    base_offset: Offset,
    size_bytes: u32,
    plain_bytes: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    leader_epoch: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    producer_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    producer_epoch: Option<i16>,
    /// Of this record.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<i32>,
    transactional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_reason: Option<String>,
}

impl BatchLine {
    pub(super) fn of(record: &DecodedRecord, fate: Option<Result<Fate, Failure>>) -> Self {
        let batch = &record.record.batch;
        let has_producer = batch.producer_id >= 0;
        let ratio = f64::from(batch.plain_bytes) / f64::from(batch.wire_bytes.max(1));
        let (transaction, transaction_reason) = match fate {
            None => (None, None),
            Some(Ok(fate)) => (Some(fate.word()), None),
            Some(Err(failure)) => (None, Some(failure.to_string())),
        };
        Self {
            codec: batch.codec.word(),
            records: batch.records,
            base_offset: batch.base_offset,
            size_bytes: batch.wire_bytes,
            plain_bytes: batch.plain_bytes,
            ratio: (batch.wire_bytes > 0).then_some((ratio * 100.0).round() / 100.0),
            leader_epoch: (batch.leader_epoch >= 0).then_some(batch.leader_epoch),
            producer_id: has_producer.then_some(batch.producer_id),
            producer_epoch: has_producer.then_some(batch.producer_epoch),
            sequence: batch.sequence(record.record.offset),
            transactional: batch.is_transactional,
            transaction,
            transaction_reason,
        }
    }

    /// For people, under the record's own line.
    pub(super) fn shown(&self) -> String {
        let mut parts = vec![
            format!("batch at {}", self.base_offset),
            self.codec.to_owned(),
            show::plural(self.records, "record"),
            format!("{} from {}", show::size(self.size_bytes.into()), show::size(self.plain_bytes.into())),
        ];
        parts.extend(self.leader_epoch.map(|epoch| format!("leader epoch {epoch}")));
        if let (Some(id), Some(epoch)) = (self.producer_id, self.producer_epoch) {
            parts.push(format!("producer {id} epoch {epoch}"));
        }
        parts.extend(self.sequence.map(|sequence| format!("sequence {sequence}")));
        if self.transactional {
            let word = self.transaction.unwrap_or("not known");
            let reason = self.transaction_reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            parts.push(format!("transaction {word}{reason}"));
        }
        format!("    {}", parts.join(", "))
    }
}

/// The batches of these records; none where they are not asked for.
pub(super) async fn lines(
    cluster: &Cluster,
    refs: &[RecordRef],
    records: &[std::sync::Arc<DecodedRecord>],
) -> Vec<BatchLine> {
    let fates = cluster.fates(refs).await;
    records.iter().zip(fates).map(|(record, fate)| BatchLine::of(record, fate)).collect()
}

#[derive(Serialize)]
struct ControlLine<'a> {
    topic: &'a str,
    partition: PartitionId,
    offset: Offset,
    timestamp: Option<String>,
    control: &'static str,
    producer_id: i64,
    producer_epoch: i16,
}

/// The end of a transaction as one line.
pub(super) fn control(
    topic: &TopicName,
    partition: PartitionId,
    end: &TransactionEnd,
    format: Format,
    look: &Look,
) -> String {
    let control = if end.is_commit { "commit" } else { "abort" };
    let said = format!("{control} of producer {} epoch {}", end.producer_id, end.producer_epoch);
    match format {
        Format::Json => {
            let line = ControlLine {
                topic: topic.as_str(),
                partition,
                offset: end.offset,
                timestamp: end.time.rfc3339(),
                control,
                producer_id: end.producer_id,
                producer_epoch: end.producer_epoch,
            };
            // Every part of a line serialises.
            let line = serde_json::to_string(&line).unwrap_or_default();
            if look.is_terminal { escaped(&line) } else { line }
        }
        Format::Csv => {
            let time = end.time.rfc3339().unwrap_or_default();
            let (partition, offset) = (partition.to_string(), end.offset.to_string());
            let none = String::new;
            csv_record(&[topic.to_string(), partition, offset, time, none(), none(), said, "control".into(), none()])
        }
        Format::Table => {
            format!("{}  {partition:>3}  {:>10}  {said}", end.time.show(&look.zone), end.offset)
        }
    }
}
