//! DescribeLogDirs: how much each replica holds.

use super::{Call, text, topic_name};
use crate::domain::BrokerId;
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use std::collections::BTreeMap;

/// The disk each broker claims to have, of which simulated logs take their part.
const DISK: u64 = 200 << 30;

pub(super) fn path(broker: BrokerId) -> String {
    format!("/demo/kafka-logs-{broker}")
}

pub(super) fn describe(call: &Call, request: &DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    let now = call.cluster.now();
    let state = call.cluster.lock();
    let wanted: Option<BTreeMap<&str, &Vec<i32>>> = request
        .topics
        .as_ref()
        .map(|topics| topics.iter().map(|topic| (topic.topic.as_str(), &topic.partitions)).collect());
    let is_wanted = |name: &str, partition: i32| {
        wanted.as_ref().is_none_or(|wanted| wanted.get(name).is_some_and(|indexes| indexes.contains(&partition)))
    };
    let mut used = 0u64;
    let mut topics = Vec::new();
    for (name, topic) in &state.topics {
        let mut partitions = Vec::new();
        for (index, partition) in (0..).zip(&topic.partitions) {
            if !partition.replicas.contains(&call.node) {
                continue;
            }
            let size = partition.log.size(now);
            used += size;
            if is_wanted(name.as_str(), index) {
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                // A replica that fell out of the in-sync set is behind by something.
                let lag = if partition.isr.contains(&call.node) { 0 } else { 1 };
                partitions.push(
                    DescribeLogDirsPartition::default()
                        .with_partition_index(index)
                        .with_partition_size(size)
                        .with_offset_lag(lag),
                );
            }
        }
        if !partitions.is_empty() {
            let topic = DescribeLogDirsTopic::default().with_name(topic_name(name.as_str()));
            topics.push(topic.with_partitions(partitions));
        }
    }
    let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let dir = DescribeLogDirsResult::default().with_log_dir(text(path(call.node))).with_topics(topics);
    let dir = if call.version >= 4 {
        dir.with_total_bytes(signed(DISK)).with_usable_bytes(signed(DISK.saturating_sub(used)))
    } else {
        dir
    };
    DescribeLogDirsResponse::default().with_results(vec![dir])
}
