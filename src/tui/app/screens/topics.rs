//! The list of topics: order, filter and selection.

use super::filter::{Filter, Matcher};
use super::topic::TopicDetail;
use crate::cluster::{Metadata, TopicLog, TopicLogs};
use crate::domain::TopicName;
use crate::tui::app::list::Selection;
use std::cmp::Reverse;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TopicSort {
    #[default]
    Name,
    Partitions,
    Records,
    Size,
    Rate,
}

impl TopicSort {
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Partitions => "partitions",
            Self::Records => "records",
            Self::Size => "size",
            Self::Rate => "rate",
        }
    }

    /// The order changes with the logs.
    pub fn needs_logs(self) -> bool {
        match self {
            Self::Name | Self::Partitions => false,
            Self::Records | Self::Size | Self::Rate => true,
        }
    }
}

/// An order by a column; numbers begin with the largest, names with A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Sort<C> {
    pub by: C,
    pub is_reversed: bool,
}

impl<C: PartialEq> Sort<C> {
    /// The same column again turns the order around.
    pub fn choose(&mut self, by: C) {
        self.is_reversed = self.by == by && !self.is_reversed;
        self.by = by;
    }
}

#[derive(Debug, Default)]
pub struct TopicsView {
    pub selection: Selection<TopicName>,
    pub filter: Filter,
    pub sort: Sort<TopicSort>,
    /// Indexes into the metadata's topics, in the order shown.
    pub order: Arc<Vec<u32>>,
    /// The keyboard is in the detail.
    pub in_detail: bool,
    pub detail: TopicDetail,
}

/// The topics that match, in order. A large cluster does this off the loop.
pub fn order(metadata: &Metadata, logs: Option<&TopicLogs>, filter: &str, sort: Sort<TopicSort>) -> Vec<u32> {
    let matcher = Matcher::new(filter);
    let matching = || metadata.topics.iter().zip(0u32..).filter(|(topic, _)| matcher.matches(topic.name.as_str()));
    // Snapshots are ordered by name already.
    let by_name = || matching().map(|(_, index)| index).collect();
    let by_log = |number: fn(&TopicLog) -> Option<f64>| match logs {
        Some(logs) => {
            let beside = metadata.topics.iter().zip(0u32..).zip(logs.of(&metadata.topics));
            let matching = beside.filter(|((topic, _), _)| matcher.matches(topic.name.as_str()));
            largest_first(matching.map(|((_, index), log)| (log.and_then(|log| number(log)), index)))
        }
        None => by_name(),
    };
    let mut rows = match sort.by {
        TopicSort::Name => by_name(),
        TopicSort::Partitions => {
            largest_first(matching().map(|(topic, index)| (Some(topic.partitions.len() as f64), index)))
        }
        TopicSort::Records => by_log(|log| log.records.get().map(|records| records as f64)),
        TopicSort::Size => by_log(|log| log.size.get().map(|bytes| bytes as f64)),
        TopicSort::Rate => by_log(|log| log.rate.get().map(f64::from)),
    };
    if sort.is_reversed {
        rows.reverse();
    }
    rows
}

/// Unknown numbers go last; equal ones keep the order of their names.
pub fn largest_first(rows: impl Iterator<Item = (Option<f64>, u32)>) -> Vec<u32> {
    let mut keyed: Vec<(i64, u32)> = rows.map(|(value, row)| (value.map_or(i64::MIN, in_order), row)).collect();
    keyed.sort_unstable_by_key(|(key, row)| (Reverse(*key), *row));
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// A whole number that is ordered as the float is by `total_cmp`: quicker to compare.
fn in_order(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_is_first_and_what_is_unknown_last() {
        let rows = [Some(1.0), None, Some(7.5), Some(-2.0), Some(7.5), Some(0.0)];
        assert_eq!(largest_first(rows.into_iter().zip(0..)), [2, 4, 0, 5, 3, 1]);
    }

    proptest! {
        #[test]
        fn whole_numbers_are_ordered_as_their_floats(a in any::<f64>(), b in any::<f64>()) {
            prop_assert_eq!(in_order(a).cmp(&in_order(b)), a.total_cmp(&b));
        }
    }
}
