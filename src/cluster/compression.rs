//! What a topic's newest batches show of how they are compressed, and what each
//! codec makes of them.
//!
//! Only read, and bounded: the newest records of each partition, up to a number and
//! a size; the processor is kept busy for a second or two, off the event loop.

use super::records::RecordRef;
use super::{Cluster, clock};
use crate::domain::compression::{CompressionReport, Trial, by_producer};
use crate::domain::record::Isolation;
use crate::domain::{Failure, FailureKind, Partial, PartitionId, TopicName};
use crate::kafka::fetch::{HEADER_BYTES, WAYS, Way, repack};
use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::time::Duration;

/// Plain bytes that are compressed again: enough to be true, few enough to be soon.
const MOST_BYTES: usize = 16 << 20;
/// What a producer with time to wait makes of a batch.
const GATHERED: u32 = 64 << 10;

impl Cluster {
    /// Looks at the batches of the newest `sample` records. Failures say what of the
    /// topic could not be read; an `Err`, that nothing could.
    pub async fn compression(&self, topic: &TopicName, sample: u64) -> Result<Partial<CompressionReport>, Failure> {
        let (configs, read) = tokio::join!(self.topic_configs(topic), self.sample_batches(topic, sample));
        let (batches, failures) = read?;
        let topic_codec = configs.ok().and_then(|configs| {
            configs.iter().find(|entry| entry.name == "compression.type").and_then(|entry| entry.value.clone())
        });
        let work = move || report(&batches, topic_codec);
        let report = tokio::task::spawn_blocking(work).await;
        let failed = |reason: String| Failure::new(FailureKind::Invalid, "compress the sample of", reason);
        let report = report.map_err(|error| failed(error.to_string()))?.map_err(failed);
        Ok(Partial { value: report.map_err(|failure| failure.on(topic.as_str()))?, failures })
    }

    /// One reference into each batch.
    async fn sample_batches(&self, topic: &TopicName, sample: u64) -> Result<(Vec<RecordRef>, Vec<Failure>), Failure> {
        let (mut batches, mut seen, mut bytes) = (Vec::new(), HashSet::new(), 0);
        let take = |records: Vec<RecordRef>| {
            for record in records {
                if bytes < MOST_BYTES && seen.insert(record.batch_key()) {
                    bytes += record.plain().len();
                    batches.push(record);
                }
            }
            if bytes < MOST_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let failures = self.newest_records(topic, sample, Isolation::Uncommitted, "sample records of", take).await;
        match failures.first() {
            Some(failure) if batches.is_empty() => Err(failure.clone()),
            _ => Ok((batches, failures)),
        }
    }
}

fn report(batches: &[RecordRef], topic_codec: Option<String>) -> Result<CompressionReport, String> {
    let facts = || batches.iter().map(RecordRef::batch_facts);
    let loose: Vec<&[u8]> = batches.iter().map(RecordRef::plain).collect();
    let gathered = gather(batches);
    let mut trials = Vec::new();
    for way in WAYS {
        trials.push(trial(&loose, None, way)?);
    }
    let has_more = gathered.len() < loose.len();
    for way in WAYS.into_iter().filter(|_| has_more) {
        let blocks: Vec<&[u8]> = gathered.iter().map(Vec::as_slice).collect();
        trials.push(trial(&blocks, Some(GATHERED), way)?);
    }
    Ok(CompressionReport {
        batches: batches.len() as u64,
        records: facts().map(|facts| u64::from(facts.records)).sum(),
        wire_bytes: facts().map(|facts| u64::from(facts.wire_bytes)).sum(),
        plain_bytes: facts().map(|facts| u64::from(facts.plain_bytes)).sum(),
        topic_codec,
        producers: by_producer(facts()),
        trials,
    })
}

fn trial(blocks: &[&[u8]], gathered: Option<u32>, way: Way) -> Result<Trial, String> {
    let packed = repack(blocks.iter().copied(), way, clock::of_this_thread).map_err(|error| error.to_string())?;
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Ok(Trial {
        codec: way.codec,
        level: way.level,
        gathered,
        plain_bytes: packed.plain_bytes,
        packed_bytes: packed.packed_bytes + (blocks.len() * HEADER_BYTES) as u64,
        pack_nanos: nanos(packed.pack),
        unpack_nanos: nanos(packed.unpack),
    })
}

/// Batches of a partition put together in their order, up to [`GATHERED`] bytes each.
/// Offsets and times in them would be written a little differently, which changes little.
fn gather(batches: &[RecordRef]) -> Vec<Vec<u8>> {
    let mut partitions: BTreeMap<PartitionId, Vec<&RecordRef>> = BTreeMap::new();
    for batch in batches {
        partitions.entry(batch.partition()).or_default().push(batch);
    }
    let mut gathered: Vec<Vec<u8>> = Vec::new();
    for mut batches in partitions.into_values() {
        batches.sort_by_key(|batch| batch.offset());
        let mut block = Vec::new();
        for batch in batches {
            if !block.is_empty() && block.len() + batch.plain().len() > GATHERED as usize {
                gathered.push(std::mem::take(&mut block));
            }
            block.extend_from_slice(batch.plain());
        }
        gathered.push(block);
    }
    gathered
}
