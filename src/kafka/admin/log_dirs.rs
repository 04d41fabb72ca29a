//! What partitions take on the brokers' disks, and how full those are.

use super::{TopicNames, text};
use crate::domain::topic::Topic;
use crate::domain::{BrokerId, Failure, Partial, PartitionId, PartitionMap};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_log_dirs_request::DescribableLogDirTopic;
use kafka_protocol::messages::describe_log_dirs_response::DescribeLogDirsResult;
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use std::collections::HashMap;
use std::sync::Arc;

/// One log directory of a broker. How large it is, brokers tell since Kafka 3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    pub path: String,
    pub total: Option<u64>,
    pub usable: Option<u64>,
}

/// The directories of each of `brokers`.
pub async fn disks(client: &Client, brokers: &[BrokerId]) -> Partial<HashMap<BrokerId, Vec<Disk>>> {
    // An empty list of topics means none of them: only the directories are of interest.
    let asked = ask(client, brokers.iter().map(|broker| (*broker, Vec::new())).collect()).await;
    let disk = |directory: &DescribeLogDirsResult| Disk {
        path: directory.log_dir.to_string(),
        total: u64::try_from(directory.total_bytes).ok().filter(|bytes| *bytes > 0),
        usable: u64::try_from(directory.usable_bytes).ok().filter(|_| directory.total_bytes > 0),
    };
    asked.map(|answers| {
        answers.into_iter().map(|(broker, directories)| (broker, directories.iter().map(disk).collect())).collect()
    })
}

/// Bytes that the partitions of `topics` take on the disks of their leaders.
pub async fn sizes(client: &Client, topics: &[Arc<Topic>]) -> Partial<PartitionMap<u64>> {
    let mut wanted: HashMap<BrokerId, Vec<DescribableLogDirTopic>> = HashMap::new();
    for topic in topics {
        let mut led: HashMap<BrokerId, Vec<PartitionId>> = HashMap::new();
        for partition in &topic.partitions {
            if let Some(leader) = partition.leader {
                led.entry(leader).or_default().push(partition.id);
            }
        }
        for (leader, partitions) in led {
            let name = text(topic.name.as_str()).into();
            let topic = DescribableLogDirTopic::default().with_topic(name).with_partitions(partitions);
            wanted.entry(leader).or_default().push(topic);
        }
    }
    let answers = ask(client, wanted).await;
    let (mut sizes, mut names) = (PartitionMap::default(), TopicNames::default());
    for topic in answers.value.iter().flat_map(|(_, directories)| directories).flat_map(|directory| &directory.topics) {
        // A future replica is a copy on its way to another directory.
        for replica in topic.partitions.iter().filter(|replica| !replica.is_future_key) {
            let size = u64::try_from(replica.partition_size).unwrap_or(0);
            sizes.insert(names.partition(&topic.name, replica.partition_index), size);
        }
    }
    Partial { value: sizes, failures: answers.failures }
}

type Directories = Vec<(BrokerId, Vec<DescribeLogDirsResult>)>;

/// Asks all brokers in parallel; directories that are broken are failures.
async fn ask(client: &Client, wanted: HashMap<BrokerId, Vec<DescribableLogDirTopic>>) -> Partial<Directories> {
    let mut asked: FuturesUnordered<_> = wanted
        .into_iter()
        .map(|(broker, topics)| async move {
            let request = DescribeLogDirsRequest::default().with_topics(Some(topics));
            (broker, client.call(Route::Broker(broker), Lane::Bulk, &request).await)
        })
        .collect();
    let mut found = Partial::whole(Vec::new());
    while let Some((broker, answer)) = asked.next().await {
        match answer.and_then(|response| sound(broker, response)) {
            Ok((directories, failures)) => {
                found.failures.extend(failures);
                found.value.push((broker, directories));
            }
            Err(failure) => found.failures.push(failure),
        }
    }
    found
}

/// The directories that are well, and what is wrong with the others.
fn sound(
    broker: BrokerId,
    response: DescribeLogDirsResponse,
) -> Result<(Vec<DescribeLogDirsResult>, Vec<Failure>), Failure> {
    let fail = |code| failure_of_code(code, DescribeLogDirsRequest::OPERATION).at_broker(broker.to_string());
    // A broker that may not be asked answers, before version 3, with nothing at all.
    // Every broker has a directory: no bytes of none is not known, and not zero.
    let code = match response.error_code {
        0 if response.results.is_empty() => ResponseError::ClusterAuthorizationFailed.code(),
        code => code,
    };
    if code != 0 {
        return Err(fail(code));
    }
    let (broken, sound): (Vec<_>, Vec<_>) =
        response.results.into_iter().partition(|directory| directory.error_code != 0);
    let failures = broken.iter().map(|directory| fail(directory.error_code).on(directory.log_dir.as_str())).collect();
    Ok((sound, failures))
}
