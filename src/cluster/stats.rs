//! What the records of a topic say together, fed by a search or by what is on screen.

use super::{Cluster, RecordRef};
use crate::domain::query::{Field, pick};
use crate::domain::record::{DecodedRecord, Format, ReadAs};
use crate::domain::sizes::Sizes;
use crate::domain::value::Value;
use crate::domain::views::{Counted, KeySpread, Latest, LatestOfKeys, OverTime};

/// Characters of a value that are kept of each key's latest record.
const PREVIEW: usize = 200;
/// Records that are looked at before others have their turn.
const AT_ONCE: usize = 256;

/// What is wanted of the records.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StatsWish {
    /// How many have each value of this field.
    pub by: Option<Field>,
    pub over_time: bool,
    pub keys: bool,
    pub sizes: bool,
    pub latest: bool,
}

impl StatsWish {
    /// Whether records have to be decoded.
    pub fn looks_inside(&self) -> bool {
        self.by.is_some() || self.latest
    }
}

/// What the records of one topic say.
#[derive(Clone, Debug)]
pub struct Stats {
    pub records: u64,
    pub by: Option<(Field, Counted)>,
    pub over_time: Option<OverTime>,
    pub keys: Option<KeySpread>,
    pub sizes: Option<Sizes>,
    /// `None` within: a tombstone.
    pub latest: Option<LatestOfKeys<Option<String>>>,
}

impl Stats {
    /// Of a topic with so many partitions.
    pub fn new(wish: &StatsWish, partitions: i32) -> Self {
        Self {
            records: 0,
            by: wish.by.clone().map(|field| (field, Counted::default())),
            over_time: wish.over_time.then(OverTime::default),
            keys: wish.keys.then(|| KeySpread::new(partitions)),
            sizes: wish.sizes.then(Sizes::default),
            latest: wish.latest.then(LatestOfKeys::default),
        }
    }

    /// What can be told of a record without reading it.
    pub fn add(&mut self, record: &RecordRef) {
        self.records += 1;
        if let Some(times) = &mut self.over_time {
            times.add(record.timestamp());
        }
        if let Some(keys) = &mut self.keys {
            keys.add(record.partition(), record.key());
        }
        if let Some(sizes) = &mut self.sizes {
            sizes.add(record.size());
        }
    }

    /// The rest, of a record that was added.
    pub fn add_decoded(&mut self, record: &DecodedRecord) {
        if let Some((field, counted)) = &mut self.by {
            let value = pick(field, record).map(|value| shown(&value));
            counted.add(value.as_deref());
        }
        if let Some(latest) = &mut self.latest {
            let facts = &record.record;
            let key = facts.key.as_ref().map(|_| record.key.value.preview(PREVIEW));
            let has_value = record.value.format != Format::Null;
            let value = has_value.then(|| record.value.value.preview(PREVIEW));
            let (partition, offset, time) = (facts.partition, facts.offset, facts.timestamp);
            latest.add(key.as_deref(), Latest { partition, offset, time, value, records: 0 });
        }
    }
}

impl Cluster {
    /// What these records, of one topic, say together. It gives way to others now and then.
    pub async fn stats(&self, records: &[RecordRef], wish: &StatsWish, view: ReadAs) -> Stats {
        let topic = records.first().map(RecordRef::topic);
        let metadata = self.known_metadata().await.ok();
        let known = topic.zip(metadata.as_ref()).and_then(|(topic, metadata)| metadata.topic(topic.as_str()));
        let partitions = known.map_or(0, |topic| i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
        let mut stats = Stats::new(wish, partitions);
        for chunk in records.chunks(AT_ONCE) {
            chunk.iter().for_each(|record| stats.add(record));
            if wish.looks_inside() {
                self.decode(chunk, view).await.iter().for_each(|record| stats.add_decoded(record));
            }
            tokio::task::yield_now().await;
        }
        stats
    }
}

/// A value as a name for a row.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Number(text) | Value::Typed { text, .. } => text.to_string(),
        Value::Null | Value::Bool(_) | Value::Bytes(_) | Value::List(_) | Value::Record(_) => value.to_json(),
    }
}
