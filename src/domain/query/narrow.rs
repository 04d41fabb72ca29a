//! What a query implies for reading: which partitions, offsets, times and keys a record
//! that meets it can have.
//!
//! Invariant: what is implied is necessary, never sufficient. Every record that meets
//! the query lies within it.

use super::ast::{Comparison, Condition, Field, Literal, Query, Test};
use crate::domain::{PartitionId, TopicName};
use std::collections::BTreeSet;

/// Partitions beyond this are not listed one by one.
const MOST_PARTITIONS: i64 = 10_000;

/// Whole numbers from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Range {
    pub from: Option<i64>,
    /// Exclusive.
    pub to: Option<i64>,
}

impl Range {
    pub fn holds(self, number: i64) -> bool {
        self.from.is_none_or(|from| number >= from) && self.to.is_none_or(|to| number < to)
    }

    pub fn is_empty(self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from >= to)
    }

    fn of(comparison: Comparison, number: i64) -> Self {
        let next = number.checked_add(1);
        match comparison {
            Comparison::Equal => Self { from: Some(number), to: next },
            Comparison::Less => Self { from: None, to: Some(number) },
            Comparison::LessOrEqual => Self { from: None, to: next },
            Comparison::Greater => match next {
                Some(next) => Self { from: Some(next), to: None },
                None => Self { from: Some(number), to: Some(number) },
            },
            Comparison::GreaterOrEqual => Self { from: Some(number), to: None },
            Comparison::NotEqual => Self::default(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: [self.to, other.to].into_iter().flatten().min() }
    }

    /// Both and what lies between them.
    fn or(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self { from: self.from.min(other.from), to: self.to.zip(other.to).map(|(a, b)| a.max(b)) },
        }
    }
}

/// Where records that meet a query can be; `None` is everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Narrowed {
    pub topics: Option<BTreeSet<TopicName>>,
    pub partitions: Option<BTreeSet<PartitionId>>,
    pub offsets: Range,
    /// Milliseconds since 1970.
    pub times: Range,
    /// Keys, as text.
    pub keys: Option<BTreeSet<Box<str>>>,
}

impl Narrowed {
    /// No record can meet the query.
    pub fn is_nothing(&self) -> bool {
        self.offsets.is_empty()
            || self.times.is_empty()
            || self.partitions.as_ref().is_some_and(BTreeSet::is_empty)
            || self.topics.as_ref().is_some_and(BTreeSet::is_empty)
            || self.keys.as_ref().is_some_and(BTreeSet::is_empty)
    }

    fn and(self, other: Self) -> Self {
        Self {
            topics: both(self.topics, other.topics),
            partitions: both(self.partitions, other.partitions),
            offsets: self.offsets.and(other.offsets),
            times: self.times.and(other.times),
            keys: both(self.keys, other.keys),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self.is_nothing(), other.is_nothing()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self {
                topics: either(self.topics, other.topics),
                partitions: either(self.partitions, other.partitions),
                offsets: self.offsets.or(other.offsets),
                times: self.times.or(other.times),
                keys: either(self.keys, other.keys),
            },
        }
    }
}

fn both<T: Ord>(left: Option<BTreeSet<T>>, right: Option<BTreeSet<T>>) -> Option<BTreeSet<T>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.into_iter().filter(|one| right.contains(one)).collect()),
        (left, right) => left.or(right),
    }
}

fn either<T: Ord>(left: Option<BTreeSet<T>>, right: Option<BTreeSet<T>>) -> Option<BTreeSet<T>> {
    left.zip(right).map(|(left, right)| left.into_iter().chain(right).collect())
}

/// Where records that meet `query` can be.
pub fn narrow(query: &Query) -> Narrowed {
    match query {
        Query::And(parts) => parts.iter().map(narrow).fold(Narrowed::default(), Narrowed::and),
        Query::Or(parts) => parts.iter().map(narrow).reduce(Narrowed::or).unwrap_or_default(),
        Query::Not(_) => Narrowed::default(),
        Query::Test(test) => of_test(test),
    }
}

fn of_test(test: &Test) -> Narrowed {
    let everywhere = Narrowed::default();
    match &test.field {
        Field::Topic => Narrowed { topics: texts(&test.condition, |text| text.into()), ..everywhere },
        Field::Key(path) if path.0.is_empty() => {
            Narrowed { keys: texts(&test.condition, |text| text.into()), ..everywhere }
        }
        Field::Partition => Narrowed { partitions: partitions(range(&test.condition)), ..everywhere },
        Field::Offset => Narrowed { offsets: range(&test.condition), ..everywhere },
        Field::Timestamp => Narrowed { times: range(&test.condition), ..everywhere },
        Field::Anywhere | Field::Key(_) | Field::Value(_) | Field::Header(_) => everywhere,
        Field::Size | Field::Format | Field::Schema => everywhere,
    }
}

fn texts<T: Ord>(condition: &Condition, make: impl Fn(&str) -> T) -> Option<BTreeSet<T>> {
    let literals = match condition {
        Condition::Compare(Comparison::Equal, literal) => std::slice::from_ref(literal),
        Condition::In(literals) => literals,
        _ => return None,
    };
    let text = |literal: &Literal| match literal {
        Literal::Text(text) => Some(make(text)),
        _ => None,
    };
    literals.iter().map(text).collect()
}

fn range(condition: &Condition) -> Range {
    let of = |comparison: Comparison, literal: &Literal| match literal {
        Literal::Number(number) => number.whole().map(|number| Range::of(comparison, number)),
        Literal::Time(time) => Some(Range::of(comparison, time.millis())),
        Literal::Null | Literal::Bool(_) | Literal::Text(_) => None,
    };
    match condition {
        Condition::Compare(comparison, literal) => of(*comparison, literal).unwrap_or_default(),
        Condition::In(literals) => {
            let ranges: Option<Vec<Range>> = literals.iter().map(|literal| of(Comparison::Equal, literal)).collect();
            ranges.and_then(|ranges| ranges.into_iter().reduce(Range::or)).unwrap_or_default()
        }
        Condition::Contains(_) | Condition::StartsWith(_) | Condition::Matches(_) | Condition::Exists => {
            Range::default()
        }
    }
}

fn partitions(range: Range) -> Option<BTreeSet<PartitionId>> {
    let from = range.from.unwrap_or(0).max(0);
    let to = range.to.filter(|to| to.saturating_sub(from) <= MOST_PARTITIONS)?;
    Some((from..to).filter_map(|id| PartitionId::try_from(id).ok()).collect())
}
