//! The sizing formula and where each of its numbers comes from.

use super::{MAX_PARTITIONS, PartitionWish};
use crate::domain::show;
use crate::domain::topic::PartitionLog;

/// Bytes a second that one partition takes as a matter of course; used, and
/// said, where nothing better is known.
const USUAL_IN: f64 = 10_000_000.0;
/// A measured rate below this says that the topic is quiet, not what a
/// partition can take.
const WORTH_MEASURING: f64 = 1_000_000.0;

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The busiest partition carries it now.
    Measured,
    /// The user said so.
    Said,
    /// Usual, for want of better.
    Assumed,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Said => "you said",
            Self::Assumed => "assumed",
        }
    }
}

/// Bytes a second, and who says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    pub per_second: f64,
    pub source: Source,
}

/// The formula with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Needs {
    pub target: Option<f64>,
    pub takes: Figure,
    pub reads: Option<Figure>,
    pub consumers: Option<u32>,
    /// The least that carries the target.
    pub minimum: i32,
    /// The same, rounded up to what divides evenly.
    pub suggested: i32,
    /// The numbers in a sentence, then the formula.
    pub lines: Vec<String>,
}

/// What the topic carries now, as far as it is known.
pub(super) struct Load {
    pub rate: Option<f64>,
    pub busiest: Option<f64>,
    pub size: Option<u64>,
}

impl Load {
    pub(super) fn of(logs: &[PartitionLog]) -> Self {
        let rates: Vec<f64> = logs.iter().filter_map(bytes_per_second).collect();
        let sizes: Vec<u64> = logs.iter().filter_map(|log| log.size.get()).collect();
        Self {
            // A sum over some of the partitions would look like the whole.
            rate: (!logs.is_empty() && rates.len() == logs.len()).then(|| rates.iter().sum()),
            busiest: rates.iter().copied().reduce(f64::max),
            size: (!logs.is_empty() && sizes.len() == logs.len()).then(|| sizes.iter().sum()),
        }
    }
}

/// Records a second times the mean size of a stored record.
fn bytes_per_second(log: &PartitionLog) -> Option<f64> {
    let rate = f64::from(log.rate.get()?);
    let records = log.records().get()?;
    let size = log.size.get()?;
    if rate == 0.0 {
        return Some(0.0);
    }
    (records > 0 && rate.is_finite()).then(|| rate * size as f64 / records as f64)
}

/// The least number of partitions, when there is something to size for.
pub(super) fn needs(load: &Load, wish: &PartitionWish) -> Option<Needs> {
    if wish.target_rate.is_none() && wish.consumers.is_none() {
        return None;
    }
    let said = |rate: f64| Figure { per_second: rate, source: Source::Said };
    let takes = wish.in_rate.filter(|rate| *rate > 0.0).map(said).unwrap_or_else(|| {
        match load.busiest.filter(|rate| *rate >= WORTH_MEASURING) {
            Some(rate) => Figure { per_second: rate, source: Source::Measured },
            None => Figure { per_second: USUAL_IN, source: Source::Assumed },
        }
    });
    let reads = wish.read_rate.filter(|rate| *rate > 0.0).map(said);
    let per = |figure: Figure| wish.target_rate.map_or(1.0, |target| target / figure.per_second);
    let by_rate = per(takes).max(reads.map_or(0.0, per));
    let minimum = ceil(by_rate).max(wish.consumers.map_or(1, |n| i32::try_from(n).unwrap_or(MAX_PARTITIONS)));
    let minimum = minimum.clamp(1, MAX_PARTITIONS);
    Some(Needs {
        target: wish.target_rate,
        takes,
        reads,
        consumers: wish.consumers,
        minimum,
        suggested: minimum,
        lines: lines(wish, takes, reads, minimum),
    })
}

fn lines(wish: &PartitionWish, takes: Figure, reads: Option<Figure>, minimum: i32) -> Vec<String> {
    let mut parts = Vec::new();
    let mut terms = Vec::new();
    if let Some(target) = wish.target_rate {
        parts.push(format!("target {}", show::byte_rate(target)));
        parts.push(format!("one partition takes {} in ({})", show::byte_rate(takes.per_second), takes.source.word()));
        terms.push(format!("{}/{}", mega(target), mega(takes.per_second)));
        if let Some(reads) = reads {
            parts.push(format!("a consumer reads {} ({})", show::byte_rate(reads.per_second), reads.source.word()));
            terms.push(format!("{}/{}", mega(target), mega(reads.per_second)));
        }
    }
    if let Some(consumers) = wish.consumers {
        parts.push(show::plural(consumers, "consumer"));
        terms.push(consumers.to_string());
    }
    let formula = match terms.as_slice() {
        [one] => one.clone(),
        many => format!("max({})", many.join(", ")),
    };
    vec![parts.join(" \u{b7} "), format!("{formula} = {minimum}")]
}

/// Megabytes without the unit, for the formula: `50`, `6.1`.
fn mega(rate: f64) -> String {
    let text = format!("{:.1}", rate / 1_000_000.0);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn ceil(number: f64) -> i32 {
    // A float to an int saturates, which the clamp after it expects.
    number.ceil() as i32
}
