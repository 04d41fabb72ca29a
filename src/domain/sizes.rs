//! How many things there are of each size.
//!
//! Sizes are counted in classes, each twice as wide as the one before: a histogram
//! of a few lines, whatever is counted, to which one adds and from which one takes.

/// 0, then 1, 2–3, 4–7 and so on.
const CLASSES: usize = 65;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    counts: [u64; CLASSES],
}

/// The sizes from `from` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeClass {
    pub from: u64,
    pub to: u64,
    pub count: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { counts: [0; CLASSES] }
    }
}

fn class_of(size: u64) -> usize {
    (u64::BITS - size.leading_zeros()) as usize
}

fn class(index: usize, count: u64) -> SizeClass {
    let from = index.checked_sub(1).map_or(0, |power| 1_u64 << power);
    SizeClass { from, to: from + from.saturating_sub(1), count }
}

impl Sizes {
    pub fn add(&mut self, size: u64) {
        if let Some(count) = self.counts.get_mut(class_of(size)) {
            *count += 1;
        }
    }

    /// Takes away what was added before.
    pub fn remove(&mut self, size: u64) {
        if let Some(count) = self.counts.get_mut(class_of(size)) {
            *count = count.saturating_sub(1);
        }
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// From the first class that holds anything to the last, those between them too.
    pub fn classes(&self) -> Vec<SizeClass> {
        let all: Vec<SizeClass> = self.counts.iter().enumerate().map(|(index, count)| class(index, *count)).collect();
        let first = all.iter().position(|class| class.count > 0);
        let last = all.iter().rposition(|class| class.count > 0);
        first.zip(last).and_then(|(first, last)| all.get(first..=last)).unwrap_or_default().to_vec()
    }

    /// The class in which the middle one lies.
    pub fn median(&self) -> Option<SizeClass> {
        let middle = self.total().div_ceil(2);
        let mut seen = 0;
        self.classes().into_iter().find(|class| {
            seen += class.count;
            seen >= middle
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_class_is_twice_as_wide_as_the_one_before() {
        let mut sizes = Sizes::default();
        for size in [0, 1, 2, 3, 4, 7, 8, u64::MAX] {
            sizes.add(size);
        }
        let shown: Vec<_> = sizes.classes().iter().take(5).map(|class| (class.from, class.to, class.count)).collect();
        assert_eq!(shown, [(0, 0, 1), (1, 1, 1), (2, 3, 2), (4, 7, 2), (8, 15, 1)]);
        assert_eq!(sizes.classes().last().map(|class| (class.from, class.count)), Some((1 << 63, 1)));
        assert_eq!(sizes.median().map(|class| class.from), Some(2));
    }

    proptest! {
        #[test]
        fn what_is_added_is_counted_once_and_taken_away_again(all in prop::collection::vec(any::<u64>(), 0..50)) {
            let mut sizes = Sizes::default();
            all.iter().for_each(|size| sizes.add(*size));
            prop_assert_eq!(sizes.total(), all.len() as u64);
            for size in &all {
                prop_assert!(sizes.classes().iter().any(|class| (class.from..=class.to).contains(size)));
            }
            all.iter().for_each(|size| sizes.remove(*size));
            prop_assert_eq!(sizes.classes(), Vec::new());
            prop_assert_eq!(sizes.median(), None);
        }
    }
}
