//! A few numbers that follow each other, in little memory.
//!
//! Owns: how they are kept, as differences of variable length; of a stretch in which
//! nothing changes only its length is kept. A hundred thousand of these are held.
//! Invariant: what was pushed comes back, whatever the numbers; the oldest go first.

use smallvec::SmallVec;

/// Numbers of one kind, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    first: i64,
    last: i64,
    len: u16,
    ends_in_run: bool,
    /// Each number after the first: its difference to the one before it, of seven bits
    /// a byte, its sign in the lowest; the last byte has no eighth bit. No difference is
    /// a zero and how often it comes. No other byte is zero, so that it can be read from
    /// either end.
    bytes: SmallVec<[u8; INLINE]>,
}

/// Bytes in the series itself, where a vector's length and place would be: most groups
/// and logs stand still, and those need no memory of their own.
const INLINE: usize = 16;
/// Bytes that the memory of a series grows by: it holds a few dozen.
const GROWTH: usize = 16;
/// Bytes of the longest difference.
const LONGEST: usize = 10;
/// How often a zero comes at the most: without the eighth bit too.
const LONGEST_RUN: u8 = 0x7f;

impl Series {
    /// Adds a number and drops the oldest beyond `most` of them.
    pub fn push(&mut self, value: i64, most: usize) {
        if self.len == 0 {
            self.first = value;
        } else {
            self.append(value.wrapping_sub(self.last));
        }
        self.last = value;
        self.len = self.len.saturating_add(1);
        while self.len() > most.clamp(1, usize::from(u16::MAX - 1)) {
            self.drop_oldest();
        }
    }

    fn append(&mut self, difference: i64) {
        if self.bytes.capacity() - self.bytes.len() < LONGEST {
            self.bytes.reserve_exact(GROWTH);
        }
        if difference == 0 {
            match self.bytes.last_mut().filter(|_| self.ends_in_run) {
                Some(times) if *times < LONGEST_RUN => *times += 1,
                _ => self.bytes.extend([0, 1]),
            }
            self.ends_in_run = true;
            return;
        }
        self.ends_in_run = false;
        let mut rest = ((difference << 1) ^ (difference >> 63)).cast_unsigned();
        while rest >= 0x80 {
            self.bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    fn drop_oldest(&mut self) {
        self.len = self.len.saturating_sub(1);
        match self.bytes.as_mut_slice() {
            [0, times, ..] if *times > 1 => *times -= 1,
            [0, _, ..] => {
                self.bytes.drain(..2);
            }
            bytes => {
                let (difference, used) = difference(bytes);
                self.first = self.first.wrapping_add(difference);
                self.bytes.drain(..used);
            }
        }
        self.ends_in_run &= !self.bytes.is_empty();
    }

    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn first(&self) -> Option<i64> {
        (self.len > 0).then_some(self.first)
    }

    pub fn last(&self) -> Option<i64> {
        (self.len > 0).then_some(self.last)
    }

    /// Oldest first.
    pub fn iter(&self) -> Iter<'_> {
        Iter(Walk::from(self.first, self.len, &self.bytes))
    }

    /// Newest first, which reads no more of them than are asked for.
    pub fn newest(&self) -> Newest<'_> {
        Newest(Walk::from(self.last, self.len, &self.bytes))
    }

    /// Bytes of memory beside the series itself.
    pub fn heap(&self) -> usize {
        if self.bytes.spilled() { self.bytes.capacity() } else { 0 }
    }
}

impl<'a> IntoIterator for &'a Series {
    type Item = i64;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The first difference in `bytes`, and how many of them it takes.
fn difference(bytes: &[u8]) -> (i64, usize) {
    let (mut value, mut used) = (0_u64, 0);
    for byte in bytes.iter().take(LONGEST) {
        value |= u64::from(byte & 0x7f) << (7 * used);
        used += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    (signed(value), used)
}

/// Where one is in a series.
#[derive(Clone, Debug)]
struct Walk<'a> {
    value: i64,
    left: u16,
    /// How often the number comes once more.
    run: u8,
    bytes: &'a [u8],
    is_first: bool,
}

/// What comes next.
enum Next {
    /// The number that is there.
    Same,
    /// One that is in the bytes.
    Other,
}

impl<'a> Walk<'a> {
    fn from(value: i64, left: u16, bytes: &'a [u8]) -> Self {
        Self { value, left, run: 0, bytes, is_first: true }
    }

    #[inline]
    fn step(&mut self) -> Option<Next> {
        self.left = self.left.checked_sub(1)?;
        if std::mem::take(&mut self.is_first) {
            return Some(Next::Same);
        }
        Some(match self.run.checked_sub(1) {
            Some(run) => {
                self.run = run;
                Next::Same
            }
            None => Next::Other,
        })
    }
}

/// The numbers of a series, oldest first.
#[derive(Clone, Debug)]
pub struct Iter<'a>(Walk<'a>);

impl Iterator for Iter<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let walk = &mut self.0;
        if let (Next::Other, bytes) = (walk.step()?, walk.bytes) {
            if let [0, times, rest @ ..] = bytes {
                walk.run = times.saturating_sub(1);
                walk.bytes = rest;
            } else {
                let (difference, used) = difference(bytes);
                walk.value = walk.value.wrapping_add(difference);
                walk.bytes = bytes.get(used..).unwrap_or_default();
            }
        }
        Some(walk.value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.0.left), Some(usize::from(self.0.left)))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The numbers of a series, newest first.
#[derive(Clone, Debug)]
pub struct Newest<'a>(Walk<'a>);

impl Iterator for Newest<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        let walk = &mut self.0;
        if let Next::Other = walk.step()? {
            let (last, mut rest) = walk.bytes.split_last()?;
            if let [before @ .., 0] = rest {
                walk.run = last.saturating_sub(1);
                walk.bytes = before;
            } else {
                let mut bits = u64::from(*last);
                while let Some((byte, before)) = rest.split_last().filter(|(byte, _)| **byte >= 0x80) {
                    bits = (bits << 7) | u64::from(byte & 0x7f);
                    rest = before;
                }
                walk.bytes = rest;
                walk.value = walk.value.wrapping_sub(signed(bits));
            }
        }
        Some(walk.value)
    }
}

fn signed(bits: u64) -> i64 {
    (bits >> 1).cast_signed() ^ -((bits & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![4 => 0..3_i64, 2 => -1_000_000..1_000_000_i64, 1 => any::<i64>()]
    }

    proptest! {
        #[test]
        fn what_was_pushed_comes_back(numbers in prop::collection::vec(number(), 0..700), most in 1_usize..400) {
            let (mut series, mut plain) = (Series::default(), Vec::new());
            for number in numbers {
                series.push(number, most);
                plain.push(number);
                if plain.len() > most {
                    plain.remove(0);
                }
                prop_assert_eq!(series.iter().collect::<Vec<_>>(), plain.clone());
                prop_assert!(series.newest().eq(plain.iter().rev().copied()));
                prop_assert_eq!((series.first(), series.last()), (plain.first().copied(), plain.last().copied()));
            }
        }
    }

    #[test]
    fn a_stretch_in_which_nothing_changes_takes_a_few_bytes() {
        let mut series = Series::default();
        for _ in 0..200 {
            series.push(7_000_000_000, 300);
        }
        assert_eq!((series.len(), series.bytes.len()), (200, 4));
        for number in 0..30 {
            series.push(7_000_000_000 + number * 60, 30);
        }
        assert_eq!((series.len(), series.first()), (30, Some(7_000_000_000)));
        assert!(series.heap() <= 64, "{} bytes", series.heap());
    }
}
