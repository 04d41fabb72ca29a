//! Numbers that follow each other, packed as their differences.
//!
//! Owns: the layout, whoever holds the bytes. Where no number differs from the one before
//! it there are no bytes. Else a word of four bytes says at which places they do, the
//! newest in its lowest bit, and in its highest three how many bytes a difference takes,
//! less one; then come the differences, the oldest first, their signs in the lowest bit.
//! So they are read from the newest on, and no more of them than are asked for.
//! Invariant: what was packed comes back, whatever the numbers; the same numbers are
//! packed the same.

/// Numbers kept: as many differences fit into the word, and one number before them.
pub const MOST: usize = 30;
/// Bytes of the longest line of numbers.
pub(super) const LONGEST: usize = 4 + (MOST - 1) * 8;
const WIDTH_SHIFT: u32 = 29;

/// Numbers of one kind at the last looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers<'a> {
    last: i64,
    len: u8,
    steps: &'a [u8],
}

impl<'a> Numbers<'a> {
    /// `len` of them, the newest of which is `last`.
    pub(super) fn new(last: i64, len: u8, steps: &'a [u8]) -> Self {
        Self { last, len, steps }
    }

    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn last(&self) -> Option<i64> {
        (self.len > 0).then_some(self.last)
    }

    pub(super) fn steps(&self) -> &'a [u8] {
        self.steps
    }

    /// As many of the newest as there is room for, the newest first, and how many. Verdicts
    /// over all groups are made of this.
    pub fn newest_into(&self, room: &mut [i64]) -> usize {
        let count = room.len().min(self.len());
        let Some((first, rest)) = room.get_mut(..count).unwrap_or_default().split_first_mut() else { return 0 };
        *first = self.last;
        let Some((word, steps)) = self.steps.split_first_chunk::<4>() else {
            rest.fill(self.last);
            return count;
        };
        let word = u32::from_le_bytes(*word);
        let back = match word >> WIDTH_SHIFT {
            0 => back::<1>,
            1 => back::<2>,
            2 => back::<3>,
            3 => back::<4>,
            4 => back::<5>,
            5 => back::<6>,
            6 => back::<7>,
            _ => back::<8>,
        };
        back(self.last, word, steps, rest);
        count
    }

    /// Oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i64> + use<> {
        let mut numbers = [0; MOST];
        let count = self.newest_into(&mut numbers);
        numbers.into_iter().rev().skip(MOST - count)
    }

    /// Adds to `bytes` the steps of these numbers with `value` after them, without the
    /// oldest where there would be too many. How many there are then.
    pub(super) fn follow(&self, value: i64, bytes: &mut Vec<u8>) -> u8 {
        let mut numbers = [value; MOST + 1];
        let known = self.newest_into(numbers.split_first_mut().map_or(&mut [], |(_, rest)| rest));
        let numbers = numbers.get_mut(..=known).unwrap_or_default();
        numbers.reverse();
        pack(numbers, bytes)
    }
}

/// Adds to `bytes` the steps of the last ones of these, oldest first, and how many they are.
pub(super) fn pack(numbers: &[i64], bytes: &mut Vec<u8>) -> u8 {
    let numbers = numbers.get(numbers.len().saturating_sub(MOST)..).unwrap_or_default();
    let (mut word, mut all) = (0_u32, 0_u64);
    for [before, after] in numbers.array_windows() {
        word = (word << 1) | u32::from(after != before);
        all |= folded(after.wrapping_sub(*before));
    }
    if word != 0 {
        let width = (u64::BITS - all.leading_zeros()).div_ceil(8);
        bytes.extend((word | (width - 1) << WIDTH_SHIFT).to_le_bytes());
        for [before, after] in numbers.array_windows().filter(|[before, after]| after != before) {
            let step = folded(after.wrapping_sub(*before)).to_le_bytes();
            bytes.extend_from_slice(step.get(..width as usize).unwrap_or_default());
        }
    }
    numbers.len() as u8
}

/// Fills the room with what was before `value`, from differences of so many bytes.
fn back<const WIDTH: usize>(mut value: i64, mut word: u32, mut steps: &[u8], room: &mut [i64]) {
    for place in room {
        if word & 1 == 1
            && let Some((before, step)) = steps.split_last_chunk::<WIDTH>()
        {
            let mut wide = [0; 8];
            if let Some(low) = wide.first_chunk_mut::<WIDTH>() {
                *low = *step;
            }
            value = value.wrapping_sub(unfolded(u64::from_le_bytes(wide)));
            steps = before;
        }
        word >>= 1;
        *place = value;
    }
}

/// The sign in the lowest bit, so that what is near zero is small.
fn folded(difference: i64) -> u64 {
    ((difference << 1) ^ (difference >> 63)).cast_unsigned()
}

fn unfolded(bits: u64) -> i64 {
    (bits >> 1).cast_signed() ^ -((bits & 1).cast_signed())
}
