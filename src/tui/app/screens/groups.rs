//! The list of groups: order, filter and selection.

use super::filter::{Filter, Matcher};
use super::topics::{Sort, largest_first};
use crate::cluster::{GroupRow, Groups};
use crate::domain::GroupId;
use crate::tui::app::list::Selection;
use std::cmp::Reverse;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GroupSort {
    #[default]
    Verdict,
    Lag,
    Name,
    State,
}

impl GroupSort {
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Verdict => "verdict",
            Self::Lag => "lag",
            Self::State => "state",
        }
    }
}

#[derive(Debug, Default)]
pub struct GroupsView {
    pub selection: Selection<GroupId>,
    pub filter: Filter,
    pub sort: Sort<GroupSort>,
    /// Indexes into the snapshot's rows, in the order shown.
    pub order: Arc<Vec<u32>>,
}

/// The worse its verdict, and among equals the more lag, the higher a group stands.
pub fn worst_first(row: &GroupRow) -> Reverse<(u8, Option<u64>)> {
    Reverse((row.standing.rank(), row.lag.fact().get()))
}

/// The groups that match, in order. A large cluster does this off the loop.
pub fn order(groups: &Groups, filter: &str, sort: Sort<GroupSort>) -> Vec<u32> {
    let matcher = Matcher::new(filter);
    let mut rows: Vec<u32> = groups
        .rows
        .iter()
        .zip(0u32..)
        .filter(|(row, _)| matcher.matches(row.listing.id.as_str()))
        .map(|(_, index)| index)
        .collect();
    match sort.by {
        // Snapshots are ordered by id already.
        GroupSort::Name => {}
        GroupSort::Lag => {
            let lag = |index: u32| groups.rows.get(index as usize)?.lag.fact().get().map(|lag| lag as f64);
            rows = largest_first(rows.into_iter().map(|index| (lag(index), index)));
        }
        GroupSort::Verdict => {
            let row = |index: u32| groups.rows.get(index as usize).map(|row| worst_first(row));
            rows.sort_by_cached_key(|index| row(*index));
        }
        GroupSort::State => {
            rows.sort_by_key(|index| groups.rows.get(*index as usize).map(|row| row.listing.state.word()));
        }
    }
    if sort.is_reversed {
        rows.reverse();
    }
    rows
}
