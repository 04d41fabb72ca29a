//! Ways of looking at the records that are kept.

use crate::cluster::StatsWish;
use crate::domain::query::Field;

/// What stands below the list instead of the selected record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chart {
    /// In the place of the facts.
    Sizes,
    /// How many have each value of a field.
    ByField(Field),
    Latest,
    OverTime,
    Keys,
    /// What dead letters failed of, and when.
    Causes,
}

impl Chart {
    /// What has to be counted for it; `None` where that is always at hand.
    pub fn wish(&self) -> Option<StatsWish> {
        let nothing = StatsWish::default();
        Some(match self {
            Self::Sizes => return None,
            Self::ByField(field) => StatsWish { by: Some(field.clone()), ..nothing },
            Self::Latest => StatsWish { latest: true, ..nothing },
            Self::OverTime => StatsWish { over_time: true, ..nothing },
            Self::Keys => StatsWish { keys: true, ..nothing },
            Self::Causes => StatsWish { causes: true, ..nothing },
        })
    }
}

/// In which order the kept records stand in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// Each part that comes is in order of time.
    #[default]
    Arrival,
    /// All partitions merged by time; within one the log has the order.
    Time,
    /// One partition after the other.
    Partition,
}

impl Order {
    pub fn next(self) -> Self {
        match self {
            Self::Arrival => Self::Time,
            Self::Time => Self::Partition,
            Self::Partition => Self::Arrival,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Arrival => "as they came",
            Self::Time => "merged by time",
            Self::Partition => "by partition",
        }
    }
}

/// The choices of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Record,
    Columns,
    ByField,
    Latest,
    OverTime,
    Keys,
    Causes,
    Sizes,
    Order,
}

impl Choice {
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Record, "record", "the selected record: its value and facts"),
        (Self::Columns, "columns…", "fields of the value as columns of the list"),
        (Self::ByField, "count by field…", "how many records have each value"),
        (Self::Latest, "latest per key", "as compaction would leave them"),
        (Self::OverTime, "over time", "how many there are in each stretch"),
        (Self::Keys, "keys by partition", "and which lie off their place"),
        (Self::Causes, "dead letters", "what they failed of, and when"),
        (Self::Sizes, "sizes", "of key and value"),
        (Self::Order, "order", "of the list"),
    ];
}
