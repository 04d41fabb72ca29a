//! How a topic's batches are compressed, and what another codec would save.
//!
//! Pure: facts of batches and measured trials in, a table and one sentence out.

use super::record::{BatchFacts, Codec};
use super::show;
use std::collections::BTreeMap;

/// Below this many plain bytes a sample tells nothing.
const LEAST_BYTES: u64 = 32 << 10;
/// Savings below this share of today's bytes are not worth a change.
const WORTH: f64 = 0.1;
/// The dearest codec that is advised: processor seconds for a GB of plain bytes.
const MOST_SECONDS: f64 = 30.0;
/// Sizes this near to the smallest are as good as it.
const NEAR: f64 = 1.05;
/// So much less on the wire with larger batches is worth waiting a little for them.
const WORTH_WAITING: f64 = 0.15;

/// What one producer does, as far as the sample shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerUse {
    /// `None`: those that write without idempotence and have no id.
    pub producer_id: Option<i64>,
    pub codec: Codec,
    pub is_transactional: bool,
    pub batches: u64,
    pub records: u64,
    /// As they lie in the log, headers of batches included.
    pub wire_bytes: u64,
    /// After decompression.
    pub plain_bytes: u64,
}

impl ProducerUse {
    /// Plain bytes for each byte on the wire.
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.plain_bytes, self.wire_bytes)
    }
}

/// Plain bytes for each packed one; `None` where nothing was packed.
pub fn ratio(plain: u64, packed: u64) -> Option<f64> {
    (packed > 0).then(|| plain as f64 / packed as f64)
}

/// Batches by who wrote them and how, those with the most bytes on the wire first.
pub fn by_producer(batches: impl IntoIterator<Item = BatchFacts>) -> Vec<ProducerUse> {
    let mut found: BTreeMap<(Option<i64>, &'static str, bool), ProducerUse> = BTreeMap::new();
    for batch in batches {
        let producer_id = (batch.producer_id >= 0).then_some(batch.producer_id);
        let entry = found.entry((producer_id, batch.codec.word(), batch.is_transactional));
        let used = entry.or_insert(ProducerUse {
            producer_id,
            codec: batch.codec,
            is_transactional: batch.is_transactional,
            batches: 0,
            records: 0,
            wire_bytes: 0,
            plain_bytes: 0,
        });
        used.batches += 1;
        used.records += u64::from(batch.records);
        used.wire_bytes += u64::from(batch.wire_bytes);
        used.plain_bytes += u64::from(batch.plain_bytes);
    }
    let mut found: Vec<ProducerUse> = found.into_values().collect();
    found.sort_by_key(|used| std::cmp::Reverse(used.wire_bytes));
    found
}

/// The sample compressed once more in one way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    pub codec: Codec,
    /// `None`: the codec has none, or klamm's has one only.
    pub level: Option<i32>,
    /// Batches were put together up to about this many plain bytes; `None`: as they are.
    pub gathered: Option<u32>,
    pub plain_bytes: u64,
    /// Headers of batches included.
    pub packed_bytes: u64,
    /// Processor time to compress the sample, on one core of this machine.
    pub pack_nanos: u64,
    /// Processor time to decompress it again.
    pub unpack_nanos: u64,
}

impl Trial {
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.plain_bytes, self.packed_bytes)
    }

    /// Processor seconds to compress 10⁹ plain bytes.
    pub fn pack_seconds_per_gb(&self) -> Option<f64> {
        per_gb(self.pack_nanos, self.plain_bytes)
    }

    /// Processor seconds to decompress to 10⁹ plain bytes.
    pub fn unpack_seconds_per_gb(&self) -> Option<f64> {
        per_gb(self.unpack_nanos, self.plain_bytes)
    }

    /// "zstd 3", "snappy".
    pub fn name(&self) -> String {
        match self.level {
            Some(level) => format!("{} {level}", self.codec.word()),
            None => self.codec.word().to_owned(),
        }
    }
}

/// A nanosecond for a byte is a second for a GB.
fn per_gb(nanos: u64, bytes: u64) -> Option<f64> {
    (bytes > 0).then(|| nanos as f64 / bytes as f64)
}

/// What a topic's newest batches show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompressionReport {
    pub batches: u64,
    pub records: u64,
    pub wire_bytes: u64,
    pub plain_bytes: u64,
    /// The topic's `compression.type`; `None` where it may not be read.
    pub topic_codec: Option<String>,
    pub producers: Vec<ProducerUse>,
    pub trials: Vec<Trial>,
}

impl CompressionReport {
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.plain_bytes, self.wire_bytes)
    }

    pub fn records_per_batch(&self) -> Option<f64> {
        (self.batches > 0).then(|| self.records as f64 / self.batches as f64)
    }

    /// The share of today's bytes on the wire that a trial would save; negative
    /// where it needs more.
    pub fn saved(&self, trial: &Trial) -> Option<f64> {
        (self.wire_bytes > 0).then(|| 1.0 - trial.packed_bytes as f64 / self.wire_bytes as f64)
    }

    /// What to do, in one sentence or two.
    pub fn advice(&self) -> String {
        if self.batches == 0 {
            return "There is no record to look at.".to_owned();
        }
        if self.plain_bytes < LEAST_BYTES {
            return format!("{} are too little to tell.", show::size(self.plain_bytes));
        }
        let codec = self.codec_advice();
        match self.batch_advice() {
            Some(batches) => format!("{codec} {batches}"),
            None => codec,
        }
    }

    /// The cheapest way among those that come near to the smallest size and are not
    /// too dear.
    fn best(&self, is_gathered: bool) -> Option<&Trial> {
        let affordable = || {
            self.trials.iter().filter(|trial| {
                trial.gathered.is_some() == is_gathered
                    && trial.pack_seconds_per_gb().is_some_and(|seconds| seconds <= MOST_SECONDS)
            })
        };
        let smallest = affordable().map(|trial| trial.packed_bytes).min()?;
        let near = affordable().filter(|trial| trial.packed_bytes as f64 <= smallest as f64 * NEAR);
        near.min_by_key(|trial| trial.pack_nanos)
    }

    fn codec_advice(&self) -> String {
        let Some(best) = self.best(false) else { return "No codec was tried.".to_owned() };
        let saved = self.saved(best).unwrap_or_default();
        if saved < WORTH {
            let now = self.ratio().unwrap_or(1.0);
            return format!("It is compressed well: {now:.1} to 1, and no other codec saves a tenth of that.");
        }
        let cost = best.pack_seconds_per_gb().unwrap_or_default();
        format!(
            "{} would save {} of the bytes, for {cost:.1} processor seconds a GB at the producers.",
            best.name(),
            show::share(saved)
        )
    }

    fn batch_advice(&self) -> Option<String> {
        let (loose, gathered) = (self.best(false)?, self.best(true)?);
        let less = 1.0 - gathered.packed_bytes as f64 / loose.packed_bytes.max(1) as f64;
        if less < WORTH_WAITING {
            return None;
        }
        Some(format!(
            "Batches hold {:.1} records: with larger ones (linger.ms, batch.size) {} less would be written.",
            self.records_per_batch()?,
            show::share(less)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(producer_id: i64, codec: Codec, wire_bytes: u32) -> BatchFacts {
        BatchFacts {
            codec,
            records: 10,
            wire_bytes,
            plain_bytes: 1_000,
            producer_id,
            producer_epoch: 0,
            base_sequence: 0,
            base_offset: 0,
            leader_epoch: -1,
            is_transactional: false,
            is_append_time: false,
        }
    }

    fn trial(codec: Codec, gathered: Option<u32>, packed_bytes: u64, seconds: u64) -> Trial {
        let plain_bytes = 1_000_000;
        let pack_nanos = seconds * plain_bytes;
        Trial { codec, level: Some(1), gathered, plain_bytes, packed_bytes, pack_nanos, unpack_nanos: pack_nanos / 4 }
    }

    fn report(wire_bytes: u64, trials: Vec<Trial>) -> CompressionReport {
        let plain_bytes = 1_000_000;
        CompressionReport { batches: 500, records: 600, wire_bytes, plain_bytes, trials, ..Default::default() }
    }

    #[test]
    fn batches_are_told_apart_by_who_wrote_them_and_how() {
        let batches = [
            batch(7, Codec::Zstd, 100),
            batch(7, Codec::Zstd, 150),
            batch(7, Codec::None, 1_061),
            batch(-1, Codec::Gzip, 80),
        ];
        let used = by_producer(batches);
        let seen: Vec<_> =
            used.iter().map(|used| (used.producer_id, used.codec, used.batches, used.wire_bytes)).collect();
        assert_eq!(
            seen,
            [(Some(7), Codec::None, 1, 1_061), (Some(7), Codec::Zstd, 2, 250), (None, Codec::Gzip, 1, 80)]
        );
        assert_eq!(used[1].ratio(), Some(8.0));
    }

    #[test]
    fn the_cheapest_bytes_that_are_not_too_dear_are_advised() {
        let trials = vec![
            trial(Codec::Zstd, None, 200_000, 3),
            trial(Codec::Gzip, None, 195_000, 25),
            trial(Codec::Gzip, None, 100_000, 31),
            trial(Codec::Lz4, None, 300_000, 1),
        ];
        let advice = report(1_000_000, trials).advice();
        assert_eq!(advice, "zstd 1 would save 80 % of the bytes, for 3.0 processor seconds a GB at the producers.");
    }

    #[test]
    fn what_is_compressed_well_stays_as_it_is() {
        let advice = report(205_000, vec![trial(Codec::Zstd, None, 200_000, 3)]).advice();
        assert_eq!(advice, "It is compressed well: 4.9 to 1, and no other codec saves a tenth of that.");
    }

    #[test]
    fn small_batches_are_named() {
        let trials = vec![trial(Codec::Zstd, None, 800_000, 3), trial(Codec::Zstd, Some(65_536), 200_000, 3)];
        let advice = report(810_000, trials).advice();
        assert!(
            advice.ends_with(
                "Batches hold 1.2 records: with larger ones (linger.ms, batch.size) 75 % less would be written."
            ),
            "{advice}"
        );
    }

    #[test]
    fn too_little_and_nothing_are_said() {
        assert_eq!(CompressionReport::default().advice(), "There is no record to look at.");
        let little =
            CompressionReport { batches: 1, records: 1, wire_bytes: 90, plain_bytes: 30, ..Default::default() };
        assert_eq!(little.advice(), "30 B are too little to tell.");
    }
}
