//! The list of topics: order, filter and selection.

use super::filter::{Filter, Matcher};
use super::topic::TopicDetail;
use crate::cluster::{Metadata, TopicLog, TopicLogs};
use crate::domain::TopicName;
use crate::tui::app::list::Selection;
use std::cmp::Ordering;
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
    let mut rows: Vec<u32> = metadata
        .topics
        .iter()
        .zip(0u32..)
        .filter(|(topic, _)| matcher.matches(topic.name.as_str()))
        .map(|(_, index)| index)
        .collect();
    match sort.by {
        // Snapshots are ordered by name already.
        TopicSort::Name => {}
        TopicSort::Partitions => {
            largest_first(&mut rows, |index| {
                metadata.topics.get(index as usize).map(|topic| topic.partitions.len() as f64)
            });
        }
        TopicSort::Records => {
            largest_first(&mut rows, |index| log(metadata, logs, index)?.records.get().map(|n| n as f64))
        }
        TopicSort::Size => largest_first(&mut rows, |index| log(metadata, logs, index)?.size.get().map(|n| n as f64)),
        TopicSort::Rate => largest_first(&mut rows, |index| log(metadata, logs, index)?.rate.get().map(f64::from)),
    }
    if sort.is_reversed {
        rows.reverse();
    }
    rows
}

fn log<'a>(metadata: &Metadata, logs: Option<&'a TopicLogs>, index: u32) -> Option<&'a Arc<TopicLog>> {
    logs?.topics.get(&metadata.topics.get(index as usize)?.name)
}

/// Unknown numbers go last; equal ones keep the order of their names.
pub fn largest_first(rows: &mut Vec<u32>, value: impl Fn(u32) -> Option<f64>) {
    let mut keyed: Vec<(Option<f64>, u32)> = rows.iter().map(|index| (value(*index), *index)).collect();
    keyed.sort_unstable_by(|(a, i), (b, j)| {
        let by_value = match (a, b) {
            (Some(a), Some(b)) => b.total_cmp(a),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_value.then(i.cmp(j))
    });
    *rows = keyed.into_iter().map(|(_, index)| index).collect();
}
