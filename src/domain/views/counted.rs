//! How many records have each value of a field.
//!
//! Counts are exact for every value that is kept apart: one is kept from its first record
//! on. When there are too many, those that come first later share one count.

use std::collections::HashMap;

/// Values that are kept apart.
pub const MOST_VALUES: usize = 50_000;
/// Bytes of a value that are kept; longer ones that begin alike are one.
const MOST_BYTES: usize = 200;

#[derive(Clone, Debug, Default)]
pub struct Counted {
    counts: HashMap<Box<str>, u64>,
    /// Records without the field.
    missing: u64,
    /// Records of values that were not kept apart.
    beyond: u64,
}

impl Counted {
    /// A record with this value, `None` without the field.
    pub fn add(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            self.missing += 1;
            return;
        };
        let value = cut(value);
        let has_room = self.counts.len() < MOST_VALUES;
        match self.counts.get_mut(&*value) {
            Some(count) => *count += 1,
            None if has_room => {
                self.counts.insert(value.into(), 1);
            }
            None => self.beyond += 1,
        }
    }

    /// Takes back a record that was added. Exact as long as all values are kept apart.
    pub fn remove(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            self.missing = self.missing.saturating_sub(1);
            return;
        };
        let value = cut(value);
        match self.counts.get_mut(&*value) {
            None => self.beyond = self.beyond.saturating_sub(1),
            Some(1) => {
                self.counts.remove(&*value);
            }
            Some(count) => *count -= 1,
        }
    }

    /// The most frequent values, at most `most`; of equal counts by their names.
    pub fn top(&self, most: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.counts.iter().map(|(value, count)| (&**value, *count)).collect();
        let order = |a: &(&str, u64), b: &(&str, u64)| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0));
        if all.len() > most && most > 0 {
            all.select_nth_unstable_by(most - 1, order);
        }
        all.truncate(most);
        all.sort_unstable_by(order);
        all
    }

    /// Values that are kept apart.
    pub fn values(&self) -> usize {
        self.counts.len()
    }

    /// Records without the field.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Records whose values were not kept apart: one of them may be frequent.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// All records.
    pub fn total(&self) -> u64 {
        self.counts.values().sum::<u64>() + self.missing + self.beyond
    }
}

fn cut(value: &str) -> std::borrow::Cow<'_, str> {
    if value.len() <= MOST_BYTES {
        return value.into();
    }
    let end = value.floor_char_boundary(MOST_BYTES);
    format!("{}…", value.get(..end).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first() {
        let mut counted = Counted::default();
        for value in ["b", "a", "c", "a", "b", "a"] {
            counted.add(Some(value));
        }
        counted.add(None);
        assert_eq!(counted.top(2), [("a", 3), ("b", 2)]);
        assert_eq!(counted.top(9), [("a", 3), ("b", 2), ("c", 1)]);
        assert_eq!((counted.missing(), counted.beyond(), counted.total()), (1, 0, 7));
    }

    #[test]
    fn what_comes_first_too_late_shares_one_count() {
        let mut counted = Counted::default();
        (0..MOST_VALUES).for_each(|number| counted.add(Some(&number.to_string())));
        for value in ["new", "new", "0"] {
            counted.add(Some(value));
        }
        assert_eq!((counted.values(), counted.beyond()), (MOST_VALUES, 2));
        assert_eq!(counted.top(1), [("0", 2)], "what is kept stays exact");
    }

    #[test]
    fn a_long_value_is_kept_by_its_beginning() {
        let mut counted = Counted::default();
        counted.add(Some(&"ü".repeat(500)));
        assert_eq!(counted.top(1)[0].0.chars().count(), 101);
    }
}
