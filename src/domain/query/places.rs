//! Records by their places.

use super::{Comparison, Condition, Field, Literal, Query, Test};
use crate::domain::{Offset, PartitionId, TopicName};
use std::collections::BTreeMap;

impl Query {
    /// Met by the records at these places alone; `None` without any.
    pub fn at_places<'a>(places: impl IntoIterator<Item = (&'a TopicName, PartitionId, Offset)>) -> Option<Self> {
        let mut by_partition: BTreeMap<(&TopicName, PartitionId), Vec<Offset>> = BTreeMap::new();
        for (topic, partition, offset) in places {
            by_partition.entry((topic, partition)).or_default().push(offset);
        }
        let one = |((topic, partition), mut offsets): ((&TopicName, PartitionId), Vec<Offset>)| {
            offsets.sort_unstable();
            offsets.dedup();
            let offsets = offsets.into_iter().map(|offset| Literal::Number(offset.into())).collect();
            Self::And(vec![
                Self::compare(Field::Topic, Comparison::Equal, Literal::Text(topic.as_str().into())),
                Self::compare(Field::Partition, Comparison::Equal, Literal::Number(i64::from(partition).into())),
                Self::Test(Test { field: Field::Offset, condition: Condition::In(offsets) }),
            ])
        };
        let mut named: Vec<Self> = by_partition.into_iter().map(one).collect();
        match named.len() {
            0 | 1 => named.pop(),
            _ => Some(Self::Or(named)),
        }
    }
}
