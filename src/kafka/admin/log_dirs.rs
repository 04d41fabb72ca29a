//! What partitions take on the brokers' disks, and how full those are.

use super::TopicNames;
use crate::domain::{BrokerId, Failure, Partial, TopicPartition};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use std::collections::HashMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogDirs {
    /// Bytes of each replica on its broker.
    pub sizes: HashMap<(BrokerId, TopicPartition), u64>,
    /// The directories of each broker.
    pub disks: HashMap<BrokerId, Vec<Disk>>,
}

/// One log directory of a broker. How large it is, brokers tell since Kafka 3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    pub path: String,
    pub total: Option<u64>,
    pub usable: Option<u64>,
}

/// Asks all `brokers` in parallel.
pub async fn describe(client: &Client, brokers: &[BrokerId]) -> Partial<LogDirs> {
    let mut asked: FuturesUnordered<_> = brokers
        .iter()
        .map(|broker| async {
            // No list of topics means all of them.
            let request = DescribeLogDirsRequest::default().with_topics(None);
            (*broker, client.call(Route::Broker(*broker), Lane::Bulk, &request).await)
        })
        .collect();
    let mut found = Partial::whole(LogDirs::default());
    let mut names = TopicNames::default();
    while let Some((broker, answer)) = asked.next().await {
        match answer {
            Ok(response) => found.failures.extend(found.value.take(broker, &response, &mut names)),
            Err(failure) => found.failures.push(failure),
        }
    }
    found
}

impl LogDirs {
    fn take(&mut self, broker: BrokerId, response: &DescribeLogDirsResponse, names: &mut TopicNames) -> Vec<Failure> {
        let fail = |code| failure_of_code(code, DescribeLogDirsRequest::OPERATION).at_broker(broker.to_string());
        let mut failures = Vec::new();
        if response.error_code != 0 {
            failures.push(fail(response.error_code));
        }
        // A broker that may not be asked answers, before version 3, with nothing at all.
        let mut disks = Vec::with_capacity(response.results.len());
        for directory in &response.results {
            if directory.error_code != 0 {
                failures.push(fail(directory.error_code).on(directory.log_dir.as_str()));
                continue;
            }
            disks.push(Disk {
                path: directory.log_dir.to_string(),
                total: u64::try_from(directory.total_bytes).ok().filter(|bytes| *bytes > 0),
                usable: u64::try_from(directory.usable_bytes).ok().filter(|_| directory.total_bytes > 0),
            });
            for topic in &directory.topics {
                // A future replica is a copy on its way to another directory.
                for replica in topic.partitions.iter().filter(|replica| !replica.is_future_key) {
                    let partition = names.partition(&topic.name, replica.partition_index);
                    self.sizes.insert((broker, partition), u64::try_from(replica.partition_size).unwrap_or(0));
                }
            }
        }
        self.disks.insert(broker, disks);
        failures
    }
}
