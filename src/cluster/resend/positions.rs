//! How far a resend has come, as the cluster that is written to keeps it.
//!
//! Of its own partitions a cluster keeps offsets as for any group. Of another cluster's
//! it cannot: those are written beside offsets of the topic that records go to.

use crate::cluster::Cluster;
use crate::domain::resend::{Destination, Reached, Resend, SourceRange, carried};
use crate::domain::{Failure, PartitionId, TopicPartition};
use crate::kafka::produce::Position;

/// What to commit for the steps in `changed`, in order, so that `reached` is kept.
pub(super) fn to_commit(
    resend: &Resend,
    ranges: &[SourceRange],
    reached: &[Reached],
    changed: &[usize],
) -> Vec<Position> {
    let of_step = |index: usize| Some((ranges.get(index)?, reached.get(index)?));
    let beside = match &resend.to {
        Destination::Topic { topic, .. } => Some(topic),
        Destination::Origin | Destination::Same => ranges.first().map(|range| &range.topic),
    };
    match beside.filter(|_| resend.is_elsewhere()) {
        Some(topic) => {
            let mut carriers: Vec<usize> = changed.iter().map(|index| index / carried::EACH).collect();
            carriers.dedup();
            let carrier = |carrier: usize| {
                let first = carrier * carried::EACH;
                let steps = reached.iter().enumerate().skip(first).take(carried::EACH);
                Position {
                    partition: TopicPartition::new(
                        topic.clone(),
                        PartitionId::try_from(carrier).unwrap_or(PartitionId::MAX),
                    ),
                    offset: 0,
                    metadata: carried::note(steps),
                }
            };
            carriers.into_iter().map(carrier).collect()
        }
        None => {
            let position = |(range, reached): (&SourceRange, &Reached)| Position {
                partition: range.place(),
                offset: reached.next,
                metadata: reached.note(),
            };
            changed.iter().filter_map(|index| of_step(*index)).map(position).collect()
        }
    }
}

impl Cluster {
    /// How far each step has come, as far as that was kept.
    pub(in crate::cluster) async fn reached(
        &self,
        resend: &Resend,
        ranges: &[SourceRange],
    ) -> Result<Vec<(usize, Reached)>, Failure> {
        let commits = self.stands_at(&resend.positions).await?;
        if resend.is_elsewhere() {
            let kept = commits.values().filter_map(|commit| carried::read(&commit.metadata)).flatten();
            return Ok(kept.filter(|(step, _)| *step < ranges.len()).collect());
        }
        let kept = ranges.iter().enumerate().filter_map(|(index, range)| {
            let commit = commits.get(&range.place())?;
            Some((index, Reached::read(commit.offset, &commit.metadata)?))
        });
        Ok(kept.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::resend::{Delivery, Elsewhere, Headers, Placing, Stamp};

    fn resend(from: Option<Elsewhere>) -> Resend {
        Resend {
            registries: None,
            from,
            file: None,
            query: None,
            view: None,
            to: Destination::Topic { topic: "copies".into(), topic_id: None },
            partition: Placing::Kept,
            timestamp: Stamp::Kept,
            headers: Headers::Kept,
            rate: None,
            limit: None,
            delivery: Delivery::ExactlyOnce,
            positions: "g".into(),
        }
    }

    fn ranges(count: i32) -> Vec<SourceRange> {
        let range = |partition| SourceRange {
            topic: "orders".into(),
            topic_id: None,
            partition,
            from: 0,
            to: 100,
            sent_before: 0,
        };
        (0..count).map(range).collect()
    }

    #[test]
    fn own_partitions_are_committed_as_they_are() {
        let reached = [Reached { next: 7, sent: 3 }, Reached { next: 9, sent: 9 }];
        let rows = to_commit(&resend(None), &ranges(2), &reached, &[1]);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].partition.to_string(), rows[0].offset), ("orders:1".to_owned(), 9));
        assert_eq!(Reached::read(9, &rows[0].metadata), Some(reached[1]));
    }

    #[test]
    fn another_clusters_positions_stand_beside_offsets_of_the_target() {
        let elsewhere = Elsewhere { profile: "prod".into(), cluster_id: "c".into() };
        let reached: Vec<Reached> = (0..200).map(|step| Reached { next: step, sent: 1 }).collect();
        let rows = to_commit(&resend(Some(elsewhere)), &ranges(200), &reached, &[0, 1, 81]);
        let places: Vec<String> = rows.iter().map(|row| row.partition.to_string()).collect();
        assert_eq!(places, ["copies:0", "copies:1"], "one carrier for {} steps", carried::EACH);
        let kept = carried::read(&rows[1].metadata).unwrap();
        assert_eq!((kept.len(), kept[1]), (carried::EACH, (81, reached[81])));
    }
}
