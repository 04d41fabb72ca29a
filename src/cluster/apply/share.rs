//! Start offsets of share groups: set, and deleted by whole topics.

use super::{Board, Cluster, moves_of, partition_of, status_of};
use crate::domain::plan::{Plan, StepStatus};
use crate::domain::{GroupId, Offset, TopicName, TopicPartition, WriteGrant};
use crate::kafka::admin::offsets;
use std::collections::BTreeMap;

impl Cluster {
    /// Sends the moves of one group, in large requests; each row is told as its request
    /// is answered.
    pub(super) async fn send_starts(&self, plan: &Plan, group: &GroupId, grant: &WriteGrant, board: &mut Board) {
        let mut starts: Vec<(usize, (TopicPartition, Offset))> = Vec::new();
        let mut gone: BTreeMap<TopicName, Vec<usize>> = BTreeMap::new();
        for (index, step) in moves_of(plan, group) {
            match step.target {
                Some(offset) => starts.push((index, (partition_of(step), offset))),
                None => gone.entry(step.topic.clone()).or_default().push(index),
            }
        }
        for rows in starts.chunks(offsets::BATCH) {
            let (indexes, rows): (Vec<usize>, Vec<(TopicPartition, Offset)>) = rows.iter().cloned().unzip();
            let answers = offsets::set_starts(self.client(), grant, group, &rows).await;
            board.settle(indexes.into_iter().zip(answers.into_iter().map(status_of)).collect()).await;
        }
        if gone.is_empty() {
            return;
        }
        let topics: Vec<TopicName> = gone.keys().cloned().collect();
        let answers = offsets::delete_starts(self.client(), grant, group, &topics).await;
        let known = gone.into_values().zip(answers.into_iter().map(status_of));
        let known = known.flat_map(|(indexes, status)| indexes.into_iter().map(move |index| (index, status.clone())));
        board.settle(known.collect::<Vec<(usize, StepStatus)>>()).await;
    }
}
