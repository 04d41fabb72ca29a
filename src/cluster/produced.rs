//! What was written in the last hour where a group reads, known at once.
//!
//! Owns: asking the logs for their offsets at twelve past times, each time in one
//! request for each leader, all of them under way together. So a screen has a curve
//! before the first samples have made one. Kept for a step, for a few groups.

use super::{Cluster, lock};
use crate::domain::group::GroupPartition;
use crate::domain::produced::{Produced, STEP, STEPS, times};
use crate::domain::{Fact, Failure, GroupId, Offset, PartitionMap, Time, TopicPartition, show};
use crate::kafka::admin::offsets::{self, OffsetAt};
use futures::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// Partitions that are asked for at once.
const MOST: usize = 2_000;
/// Groups that are remembered.
const KEPT: usize = 8;
/// Nobody waits longer for a curve.
const PATIENCE: Duration = Duration::from_secs(2);

/// The last answers, oldest first.
pub(super) type Known = Vec<(GroupId, Time, Fact<Arc<Produced>>)>;

/// Whether the logs are asked what was written: a dozen requests for each leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastHour {
    Ask,
    Leave,
}

impl Cluster {
    /// The curve of a group's partitions.
    pub(super) async fn produced_for(&self, group: &GroupId, partitions: &[GroupPartition]) -> Fact<Arc<Produced>> {
        let now = self.now();
        {
            let mut known = lock(&self.inner.produced);
            known.retain(|(_, at, _)| (0..STEP).contains(&now.since(*at)));
            if let Some((_, _, produced)) = known.iter().find(|(id, ..)| id == group) {
                return produced.clone();
            }
        }
        let found = match tokio::time::timeout(PATIENCE, self.ask_produced(partitions, now)).await {
            Ok(Ok(produced)) => Fact::Known(Arc::new(produced)),
            Ok(Err(failure)) => Fact::unknown(failure.to_string()),
            Err(_) => Fact::unknown("the logs did not answer in time"),
        };
        let mut known = lock(&self.inner.produced);
        known.retain(|(id, ..)| id != group);
        let beyond = (known.len() + 1).saturating_sub(KEPT);
        known.drain(..beyond);
        known.push((group.clone(), now, found.clone()));
        found
    }

    async fn ask_produced(&self, partitions: &[GroupPartition], now: Time) -> Result<Produced, Failure> {
        let ends: Vec<(&TopicPartition, Offset)> =
            partitions.iter().filter_map(|row| Some((&row.partition, row.end.get()?))).collect();
        if ends.len() > MOST {
            let message = format!("{} are too many to ask", show::plural(ends.len(), "partition"));
            return Err(Failure::new(crate::domain::FailureKind::Unsupported, "look up the last hour", message));
        }
        let metadata = self.known_metadata().await?;
        let look = |at: Time| {
            let wanted: Vec<(TopicPartition, OffsetAt)> =
                ends.iter().map(|(partition, _)| ((*partition).clone(), OffsetAt::Time(at))).collect();
            let topics = &metadata.topics;
            async move { offsets::list(self.client(), &wanted, topics).await }
        };
        let listed = join_all(times(now).map(look)).await;
        let mut by_partition: PartitionMap<[Option<Offset>; STEPS]> = PartitionMap::default();
        let mut unknown: PartitionMap<()> = PartitionMap::default();
        for (step, listed) in listed.into_iter().enumerate() {
            for (partition, answer) in listed {
                match answer {
                    Ok(found) => {
                        let offsets = by_partition.entry(partition).or_insert([None; STEPS]);
                        if let Some(place) = offsets.get_mut(step) {
                            *place = found.map(|found| found.offset);
                        }
                    }
                    Err(_) => drop(unknown.insert(partition, ())),
                }
            }
        }
        let mut produced = Produced::none(now);
        for (partition, end) in ends {
            let offsets = by_partition.get(partition).filter(|_| !unknown.contains_key(partition));
            produced.add(offsets.copied(), end);
        }
        produced.unknown += partitions.iter().filter(|row| row.end.known().is_none()).count();
        Ok(produced)
    }
}
