//! What the records of a topic say together, fed by a search or by what is on screen.

use super::{Cluster, RecordRef, lock};
use crate::domain::dead_letter::{self, DeadLetter};
use crate::domain::query::{Field, pick};
use crate::domain::record::{DecodedRecord, Format, ReadAs};
use crate::domain::sizes::Sizes;
use crate::domain::value::Value;
use crate::domain::views::{CauseKey, Causes, Counted, KeySpread, Latest, LatestOfKeys, OverTime};
use crate::domain::{Offset, PartitionId, Time};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

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
    /// What dead letters failed of, and when.
    pub causes: bool,
}

impl StatsWish {
    /// Whether records have to be decoded.
    pub fn looks_inside(&self) -> bool {
        self.by.is_some() || self.latest || self.causes
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
    pub causes: Option<Causes>,
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
            causes: wish.causes.then(Causes::default),
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
    #[cfg(test)]
    pub fn add_decoded(&mut self, record: &DecodedRecord, wish: &StatsWish) {
        self.add_said(Said::of(record, wish));
    }

    pub(super) fn add_said(&mut self, said: Said) {
        if let Some((_, counted)) = &mut self.by {
            counted.add(said.by.as_deref());
        }
        if let Some(causes) = &mut self.causes {
            causes.add(said.time, said.letter.as_ref());
        }
        if let (Some(latest), Some(of_key)) = (&mut self.latest, said.latest) {
            latest.add(said.key.as_deref(), of_key);
        }
    }

    /// Takes back a record that was added, an oldest one.
    fn remove(&mut self, share: &Share) {
        self.records = self.records.saturating_sub(1);
        if let Some(times) = &mut self.over_time {
            times.remove(share.time);
        }
        if let Some(keys) = &mut self.keys {
            keys.remove(share.partition, share.key.as_deref());
        }
        if let Some(sizes) = &mut self.sizes {
            sizes.remove(share.size);
        }
        let Some(inside) = &share.inside else { return };
        if let Some((_, counted)) = &mut self.by {
            counted.remove(inside.by.as_deref());
        }
        if let Some(causes) = &mut self.causes {
            causes.remove(share.time, inside.cause.as_ref());
        }
        if let Some(latest) = &mut self.latest {
            latest.remove(inside.key.as_deref());
        }
    }
}

/// What one record says, as far as it is wanted.
#[derive(Debug)]
pub(super) struct Said {
    time: Time,
    by: Option<String>,
    key: Option<String>,
    latest: Option<Latest<Option<String>>>,
    letter: Option<DeadLetter>,
}

impl Said {
    pub(super) fn of(record: &DecodedRecord, wish: &StatsWish) -> Self {
        let facts = &record.record;
        let (partition, offset, time) = (facts.partition, facts.offset, facts.timestamp);
        let has_value = record.value.format != Format::Null;
        let latest = wish.latest.then(|| {
            let value = has_value.then(|| record.value.value.preview(PREVIEW));
            Latest { partition, offset, time, value, records: 0 }
        });
        let has_key = wish.latest && facts.key.is_some();
        Self {
            time,
            by: wish.by.as_ref().and_then(|field| pick(field, record)).map(|value| shown(&value)),
            key: has_key.then(|| record.key.value.preview(PREVIEW)),
            latest,
            letter: wish.causes.then(|| dead_letter::read(&facts.headers)).flatten(),
        }
    }
}

/// What a record has added, as far as that is needed to take it back.
#[derive(Debug)]
struct Share {
    time: Time,
    partition: PartitionId,
    size: u64,
    key: Option<Box<[u8]>>,
    /// Of a record that was decoded.
    inside: Option<Inside>,
}

#[derive(Debug)]
struct Inside {
    by: Option<String>,
    key: Option<String>,
    cause: Option<CauseKey>,
}

impl Share {
    fn of(record: &RecordRef, wish: &StatsWish) -> Self {
        Self {
            time: record.timestamp(),
            partition: record.partition(),
            size: record.size(),
            key: record.key().filter(|_| wish.keys).map(Into::into),
            inside: None,
        }
    }

    fn looked_into(&mut self, said: &Said) {
        let (by, key) = (said.by.clone(), said.key.clone());
        self.inside = Some(Inside { by, key, cause: said.letter.as_ref().map(CauseKey::of) });
    }
}

type Shares = HashMap<(PartitionId, Offset), Share>;

/// What records say that come and go: only what came is looked at.
#[derive(Clone, Debug)]
pub struct Tally {
    pub wish: StatsWish,
    pub stats: Arc<Stats>,
    /// Of the records that are counted. One tally goes on where another ended.
    shares: Arc<Mutex<Shares>>,
}

impl Tally {
    /// Of nothing yet, of a topic with so many partitions.
    pub fn new(wish: &StatsWish, partitions: i32) -> Self {
        Self { wish: wish.clone(), stats: Arc::new(Stats::new(wish, partitions)), shares: Arc::default() }
    }
}

impl Cluster {
    /// What records of one topic say together: those that were counted before, without those
    /// that have `gone`, and with those that have come. It gives way to others now and then.
    pub async fn tally(
        &self,
        before: Option<Tally>,
        come: &[RecordRef],
        gone: &[(PartitionId, Offset)],
        wish: &StatsWish,
        view: ReadAs,
    ) -> Tally {
        let (before, mut stats) = match before {
            Some(before) => {
                let stats = (*before.stats).clone();
                (before, stats)
            }
            None => {
                let topic = come.first().map(RecordRef::topic);
                let metadata = self.known_metadata().await.ok();
                let known = topic.zip(metadata.as_ref()).and_then(|(topic, known)| known.topic(topic.as_str()));
                let partitions = known.map_or(0, |topic| i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
                (Tally::new(wish, partitions), Stats::new(wish, partitions))
            }
        };
        for chunk in gone.chunks(AT_ONCE) {
            let mut shares = lock(&before.shares);
            chunk.iter().filter_map(|place| shares.remove(place)).for_each(|share| stats.remove(&share));
        }
        for chunk in come.chunks(AT_ONCE) {
            let mut added: Shares =
                chunk.iter().map(|record| ((record.partition(), record.offset()), Share::of(record, wish))).collect();
            chunk.iter().for_each(|record| stats.add(record));
            if wish.looks_inside() {
                for record in self.decode(chunk, view).await {
                    let said = Said::of(&record, wish);
                    if let Some(share) = added.get_mut(&(record.record.partition, record.record.offset)) {
                        share.looked_into(&said);
                    }
                    stats.add_said(said);
                }
            }
            lock(&before.shares).extend(added);
            tokio::task::yield_now().await;
        }
        Tally { stats: Arc::new(stats), ..before }
    }
}

/// A value as a name for a row.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Number(text) | Value::Typed { text, .. } => text.to_string(),
        Value::Null | Value::Bool(_) | Value::Bytes(_) | Value::List(_) | Value::Record(_) => value.to_json(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    /// However often it is counted in between, the end is as if all was counted at once.
    #[tokio::test]
    async fn what_came_and_went_leaves_what_is_there() {
        let cluster = Cluster::connect(Profile::plain("p", vec!["127.0.0.1:1".into()])).unwrap();
        let wish =
            StatsWish { over_time: true, keys: true, sizes: true, latest: true, causes: true, ..Default::default() };
        let times: Vec<i64> = (0..900).map(|n| 1_000 * n).collect();
        let records = RecordRef::of_times(&"orders".into(), 0, 0, &times);
        let mut tally = None;
        let mut kept = 0;
        for (index, part) in records.chunks(100).enumerate() {
            // After the third part, as many leave as come.
            let gone: Vec<_> = if index >= 3 { (kept..kept + 100).map(|offset| (0, offset)).collect() } else { vec![] };
            kept += gone.len() as i64;
            tally = Some(cluster.tally(tally, part, &gone, &wish, ReadAs::default()).await);
        }
        let stats = tally.unwrap().stats;
        let whole = cluster.tally(None, &records[600..], &[], &wish, ReadAs::default()).await.stats;
        assert_eq!((stats.records, whole.records), (300, 300));
        let counts = |stats: &Stats| stats.over_time.as_ref().unwrap().buckets().iter().map(|b| b.count).sum::<u64>();
        assert_eq!((counts(&stats), counts(&whole)), (300, 300));
        let keys = |stats: &Stats| stats.keys.as_ref().unwrap().partitions().clone();
        assert_eq!(keys(&stats), keys(&whole));
        let sizes = |stats: &Stats| stats.sizes.as_ref().unwrap().total();
        assert_eq!(sizes(&stats), sizes(&whole));
        let keyless = |stats: &Stats| stats.latest.as_ref().unwrap().keyless();
        assert_eq!(keyless(&stats), keyless(&whole));
        let unexplained = |stats: &Stats| stats.causes.as_ref().unwrap().unexplained();
        assert_eq!(unexplained(&stats), unexplained(&whole));
    }
}
