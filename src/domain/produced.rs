//! What was written to some partitions in the last hour, as their logs tell it.
//!
//! Owns: the times that are asked for, and how offsets at those times become records
//! for each step. By the records' own times, which producers may set as they like.

use super::{Offset, Time};

/// Past times that are asked for.
pub const STEPS: usize = 12;
/// Milliseconds between them.
pub const STEP: i64 = 300_000;

/// Records written in each step of the last hour, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Produced {
    /// When the first step begins.
    pub from: Time,
    pub records: [u64; STEPS],
    /// Partitions that count, and those that could not be asked.
    pub partitions: usize,
    pub unknown: usize,
}

/// The times to ask for, the oldest first; the last step ends now.
pub fn times(now: Time) -> [Time; STEPS] {
    std::array::from_fn(|step| now.plus_millis((step as i64 - STEPS as i64) * STEP))
}

impl Produced {
    pub fn none(now: Time) -> Self {
        Self { from: now.plus_millis(-(STEPS as i64) * STEP), records: [0; STEPS], partitions: 0, unknown: 0 }
    }

    /// Adds a partition by where it was at those times, and where it ends. An offset is
    /// `None` where nothing was written from that time on; the whole where it is not
    /// known at all.
    pub fn add(&mut self, offsets: Option<[Option<Offset>; STEPS]>, end: Offset) {
        let Some(offsets) = offsets else {
            self.unknown += 1;
            return;
        };
        self.partitions += 1;
        let mut from: Option<Offset> = None;
        let next = offsets.into_iter().skip(1).chain([None]);
        for ((at, next), records) in offsets.into_iter().zip(next).zip(&mut self.records) {
            // Times of records need not rise with their offsets: nothing counts twice.
            let begin = at.unwrap_or(end).max(from.unwrap_or(Offset::MIN));
            let until = next.unwrap_or(end).max(begin).min(end.max(begin));
            *records = records.saturating_add(until.saturating_sub(begin).max(0).cast_unsigned());
            from = Some(until);
        }
    }

    pub fn total(&self) -> u64 {
        self.records.iter().fold(0, |sum, records| sum.saturating_add(*records))
    }

    /// When each step is half over, with its records.
    pub fn points(&self) -> impl Iterator<Item = (Time, u64)> + '_ {
        let at = |step: usize| self.from.plus_millis(step as i64 * STEP + STEP / 2);
        self.records.iter().enumerate().map(move |(step, records)| (at(step), *records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(offsets: [Option<Offset>; STEPS], end: Offset) -> Vec<u64> {
        let mut produced = Produced::none(Time(0));
        produced.add(Some(offsets), end);
        produced.records.to_vec()
    }

    #[test]
    fn offsets_at_times_become_records_of_steps() {
        let ten = std::array::from_fn(|step| Some(100 + step as i64 * 10));
        assert_eq!(of(ten, 220), [10; STEPS]);
        let quiet_since = std::array::from_fn(|step| (step < 3).then_some(100 + step as i64 * 10));
        assert_eq!(of(quiet_since, 125)[..4], [10, 10, 5, 0]);
        assert_eq!(of([None; STEPS], 125), [0; STEPS]);
        let mut begins = [Some(0); STEPS];
        begins[STEPS - 1] = Some(7);
        assert_eq!(of(begins, 9)[STEPS - 2..], [7, 2]);
    }

    #[test]
    fn one_that_cannot_be_asked_is_counted() {
        let mut produced = Produced::none(Time(0));
        produced.add(None, 5);
        assert_eq!((produced.unknown, produced.partitions, produced.total()), (1, 0, 0));
        assert_eq!(times(Time(STEP * 12))[0], Time(0));
    }

    proptest! {
        #[test]
        fn no_record_counts_twice(offsets in prop::array::uniform12(prop::option::of(0..1_000_i64)), end in 0..1_000_i64) {
            let total: u64 = of(offsets, end).iter().sum();
            let first = offsets.iter().flatten().min().copied().unwrap_or(end);
            prop_assert!(total <= (end - first).max(0).cast_unsigned(), "of {} to {}", first, end);
        }
    }
}
