//! Records that exist without being stored: made from seed and offset when read.
//!
//! Owns how one partition's simulated records come to be. A partition of a
//! hundred million records costs as much memory as one of ten.
//! Invariant: the same seed, partition and index give the same record, however
//! often and in whatever pieces they are read; and a keyed record is in the
//! partition where the Java producer would put its key.

use super::batch::{self, Content, Entry, Envelope};
use super::codec::Codec;
use super::keys;
use super::random::Random;
use super::rhythm::Rhythm;
use crate::domain::{PartitionId, Time};
use bytes::Bytes;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Records in a whole batch.
pub(super) const BATCH: i64 = 100;

/// What a record is made from.
pub(super) struct Moment {
    pub(super) random: Random,
    /// The record's number within its partition, from 0.
    pub(super) index: i64,
    pub(super) partition: PartitionId,
    pub(super) time: Time,
    /// Which of the topic's keyed things the record is about.
    pub(super) thing: u32,
    /// That thing's key; `None` in topics without keys.
    pub(super) key: Option<Bytes>,
}

/// Writes one kind of record.
pub(super) type Write = fn(&mut Moment) -> Content;

/// The keys of a topic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub(super) make: fn(u32) -> Bytes,
    /// How many different ones there are.
    pub(super) count: u32,
    /// Of a hundred records, how many are about thing 0 alone.
    pub(super) hot: u64,
}

/// What all partitions of a simulated topic share.
#[derive(Debug)]
pub(super) struct Story {
    /// The seed of the world and the topic's name, in one.
    pub(super) seed: u64,
    pub(super) write: Write,
    pub(super) keys: Option<Keys>,
    pub(super) codec: Codec,
    pub(super) partitions: i32,
    /// Where the simulated records end: at the start of the demo when nothing moves.
    pub(super) until: Option<Time>,
    /// The things of each partition, found out on first use.
    pub(super) things: OnceLock<Vec<Vec<u32>>>,
    /// Bytes on disk per record, measured on first use.
    pub(super) record_size: Arc<OnceLock<u64>>,
}

impl Story {
    fn things_of(&self, partition: PartitionId) -> &[u32] {
        let all = self.things.get_or_init(|| {
            let mut all = vec![Vec::new(); usize::try_from(self.partitions).unwrap_or(0)];
            if let Some(keys) = self.keys {
                for thing in 0..keys.count {
                    let partition = keys::partition_of(&(keys.make)(thing), self.partitions);
                    if let Some(things) = usize::try_from(partition).ok().and_then(|index| all.get_mut(index)) {
                        things.push(thing);
                    }
                }
            }
            all
        });
        usize::try_from(partition).ok().and_then(|index| all.get(index)).map_or(&[], Vec::as_slice)
    }

    /// Which share of the topic's records goes to `partition`, in thousandths of
    /// an even share.
    pub(super) fn share(&self, partition: PartitionId) -> u64 {
        let even = 900 + Random::of(&[self.seed, 3, u64::from(partition.unsigned_abs())]).below(200);
        let few = u32::try_from(self.partitions).unwrap_or(0).saturating_mul(4);
        if self.keys.is_some_and(|keys| keys.count < few) && self.things_of(partition).is_empty() {
            return 0;
        }
        let Some(keys) = self.keys.filter(|keys| keys.hot > 0) else { return even };
        let cold = even * (100 - keys.hot) / 100;
        let is_hot = keys::partition_of(&(keys.make)(0), self.partitions) == partition;
        if is_hot { cold + keys.hot * 10 * u64::from(self.partitions.unsigned_abs()) } else { cold }
    }

    /// Picks what a record is about: some things come up more often than others.
    fn pick(&self, random: &mut Random, partition: PartitionId) -> (u32, Option<Bytes>) {
        let Some(keys) = self.keys else { return (u32::try_from(random.below(1 << 20)).unwrap_or(0), None) };
        let things = self.things_of(partition);
        let cold = (100 - keys.hot) / u64::from(self.partitions.unsigned_abs()).max(1);
        let is_hot = keys.hot > 0 && things.first() == Some(&0) && random.below(keys.hot + cold) < keys.hot;
        let at = random.below(things.len() as u64).min(random.below(things.len() as u64));
        let thing = if is_hot { 0 } else { things.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or(0) };
        (thing, Some((keys.make)(thing)))
    }
}

/// One partition's simulated records.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) story: Arc<Story>,
    pub(super) partition: PartitionId,
    pub(super) rhythm: Rhythm,
    /// Indices below this are thinned out, as the log cleaner does.
    pub(super) clean_before: i64,
}

impl Source {
    /// Who tells the records of a topic from now on, when it has `partitions` of
    /// them instead of those of `before`: as many records, spread over all of them,
    /// each where its key belongs now. Nobody, when nothing was going on.
    pub(super) fn spread(before: &[&Self], partitions: PartitionId, now: Time) -> Vec<Self> {
        let rate: i128 = before.iter().map(|source| source.rhythm.rate()).sum();
        let Some(first) = before.first().filter(|first| first.story.until.is_none() && rate > 0) else {
            return Vec::new();
        };
        let story = Arc::new(Story {
            // Another seed: the same records are not told twice.
            seed: Random::of(&[first.story.seed, u64::from(partitions.unsigned_abs())]).next(),
            write: first.story.write,
            keys: first.story.keys,
            codec: first.story.codec,
            partitions,
            until: None,
            things: OnceLock::new(),
            record_size: Arc::default(),
        });
        let all: u64 = (0..partitions).map(|partition| story.share(partition)).sum();
        let source = |partition: PartitionId| {
            let share = rate * i128::from(story.share(partition)) / i128::from(all.max(1));
            let phase = Random::of(&[story.seed, 5, u64::from(partition.unsigned_abs())]).next();
            let rhythm = Rhythm::at_rate(now, share, phase);
            Self { story: Arc::clone(&story), partition, rhythm, clean_before: 0 }
        };
        (0..partitions).map(source).collect()
    }

    /// Records there are at `now`.
    pub(super) fn count(&self, now: Time) -> i64 {
        self.rhythm.count(self.story.until.map_or(now, |until| now.min(until)))
    }

    /// When record `index` appears; `None` when it never will.
    pub(super) fn due(&self, index: i64) -> Option<Time> {
        self.rhythm.due(index).filter(|due| self.story.until.is_none_or(|until| *due <= until))
    }

    pub(super) fn time(&self, index: i64) -> Time {
        self.rhythm.time(index)
    }

    /// The first index at or after `at`.
    pub(super) fn index_at(&self, at: Time) -> i64 {
        let mut index = self.rhythm.count(at);
        while index > 0 && self.rhythm.time(index - 1) >= at {
            index -= 1;
        }
        while index < i64::MAX && self.rhythm.time(index) < at && self.rhythm.due(index).is_some() {
            index += 1;
        }
        index
    }

    /// Was the record at `index` left by the log cleaner?
    fn is_kept(&self, index: i64) -> bool {
        index >= self.clean_before || self.random(7, index).chance(30)
    }

    fn random(&self, purpose: u64, index: i64) -> Random {
        Random::of(&[self.story.seed, purpose, u64::from(self.partition.unsigned_abs()), index.unsigned_abs()])
    }

    fn content(&self, index: i64, time: Time) -> Content {
        let mut random = self.random(1, index);
        let (thing, key) = self.story.pick(&mut random, self.partition);
        (self.story.write)(&mut Moment { random, index, partition: self.partition, time, thing, key })
    }

    /// The first of `indices` whose record is kept.
    pub(super) fn first_kept(&self, mut indices: Range<i64>) -> Option<i64> {
        indices.find(|index| self.is_kept(*index))
    }

    /// Bytes on disk per record, measured on one batch.
    pub(super) fn bytes_per_record(&self) -> u64 {
        let measure = || (self.batch(0, 0..BATCH).len() as u64).div_ceil(BATCH.unsigned_abs());
        *self.story.record_size.get_or_init(measure)
    }

    /// One batch of the records `range`, whose first has offset `base_offset`.
    /// Simulated records were all written in leader epoch 0.
    pub(super) fn batch(&self, base_offset: i64, range: Range<i64>) -> Bytes {
        let entries: Vec<Entry> = range
            .clone()
            .filter(|index| self.is_kept(*index))
            .map(|index| {
                let (delta, time) = (index - range.start, self.time(index));
                let content = self.content(index, time);
                Entry { delta: i32::try_from(delta).unwrap_or(i32::MAX), timestamp: time.millis(), content }
            })
            .collect();
        let last_delta = i32::try_from(range.end - range.start - 1).unwrap_or(0);
        batch::encode(&Envelope::plain(base_offset, last_delta, 0, self.story.codec), &entries)
    }
}
