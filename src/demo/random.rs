//! Numbers that look random and are the same at each start.
//!
//! Everything the seeded world invents comes from here, so that two starts with
//! the same seed are equal byte for byte.

/// A small generator (SplitMix64): good enough to look alive, one `u64` of state.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A generator for one thing among many: equal parts give equal numbers.
    pub(super) fn of(parts: &[u64]) -> Self {
        let mut state = 0x6b6c_616d_6d5f_6465;
        for part in parts {
            state = mix(state ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        Self(state)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..limit`; 0 when `limit` is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// True `percent` times in a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, or the type's empty value when there are none.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        items.get(index).copied().unwrap_or_default()
    }

    /// A version 4 UUID.
    pub(super) fn uuid(&mut self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.next_u128().to_be_bytes()).into_uuid()
    }

    pub(super) fn next_u128(&mut self) -> u128 {
        (u128::from(self.next()) << 64) | u128::from(self.next())
    }
}

/// The bits of a name, for [`Random::of`] (FNV-1a).
pub(super) fn bits(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_give_equal_numbers_and_other_parts_others() {
        let take = |parts: &[u64]| Random::of(parts).next();
        assert_eq!(take(&[1, bits("orders")]), take(&[1, bits("orders")]));
        assert_ne!(take(&[1, bits("orders")]), take(&[2, bits("orders")]));
        assert_ne!(take(&[1, 2]), take(&[2, 1]));
    }

    #[test]
    fn an_empty_choice_is_no_failure() {
        assert_eq!(Random::of(&[1]).below(0), 0);
        assert_eq!(Random::of(&[1]).pick::<&str>(&[]), "");
    }
}
