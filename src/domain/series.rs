//! A few numbers that follow each other, in little memory.
//!
//! Owns: the bytes they are packed in ([`super::steps`]), which are as many as are needed.
//! Invariant: what was pushed comes back, whatever the numbers; the oldest go first.

use super::steps::{LONGEST, Numbers, pack};

/// The last numbers of one kind, no more than [`MOST`](super::steps::MOST).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    last: i64,
    len: u8,
    steps: Box<[u8]>,
}

impl Series {
    /// Adds a number, and drops the oldest where there would be too many.
    pub fn push(&mut self, value: i64) {
        let mut steps = Vec::with_capacity(LONGEST);
        self.len = self.numbers().follow(value, &mut steps);
        (self.last, self.steps) = (value, steps.into_boxed_slice());
    }

    /// The last ones of these, oldest first; as if they had been pushed.
    pub fn of(numbers: &[i64]) -> Self {
        let mut steps = Vec::with_capacity(LONGEST);
        let len = pack(numbers, &mut steps);
        Self { last: numbers.last().copied().unwrap_or_default(), len, steps: steps.into_boxed_slice() }
    }

    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn last(&self) -> Option<i64> {
        self.numbers().last()
    }

    pub fn numbers(&self) -> Numbers<'_> {
        Numbers::new(self.last, self.len, &self.steps)
    }

    /// Bytes of memory beside the series itself.
    pub fn heap(&self) -> usize {
        self.steps.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::steps::MOST;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![4 => 0..3_i64, 2 => -1_000_000..1_000_000_i64, 1 => any::<i64>()]
    }

    proptest! {
        #[test]
        fn what_was_pushed_comes_back(numbers in prop::collection::vec(number(), 0..100), asked in 0..40_usize) {
            let (mut series, mut plain) = (Series::default(), Vec::new());
            for number in numbers {
                series.push(number);
                plain.push(number);
                if plain.len() > MOST {
                    plain.remove(0);
                }
                prop_assert_eq!(series.numbers().iter().collect::<Vec<_>>(), plain.clone());
                prop_assert_eq!((series.last(), series.len()), (plain.last().copied(), plain.len()));
                let mut newest = vec![0; asked];
                let count = series.numbers().newest_into(&mut newest);
                prop_assert_eq!(count, asked.min(plain.len()));
                prop_assert!(newest.iter().take(count).eq(plain.iter().rev().take(count)));
                prop_assert_eq!(&Series::of(&plain), &series, "the same numbers are packed the same");
            }
        }
    }

    #[test]
    fn what_stands_still_takes_no_bytes_and_a_move_takes_few() {
        let mut series = Series::default();
        for _ in 0..200 {
            series.push(7_000_000_000);
        }
        assert_eq!((series.len(), series.heap()), (MOST, 0));
        series.push(7_000_000_060);
        assert_eq!(series.heap(), 4 + 1);
        for number in 0..30 {
            series.push(7_000_000_000 + number * 60);
        }
        assert_eq!(series.numbers().iter().next(), Some(7_000_000_000));
        assert!(series.heap() <= 4 + 29, "{} bytes", series.heap());
    }
}
