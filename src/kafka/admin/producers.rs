//! Who has written to partitions of late, and whose transaction is open there.

use super::leaders::{Leaders, Place};
use super::{left_out, text};
use crate::domain::topic::Topic;
use crate::domain::{Failure, Offset, PartitionMap, TopicPartition};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use futures::future::join_all;
use kafka_protocol::messages::DescribeProducersRequest;
use kafka_protocol::messages::describe_producers_request::TopicRequest;
use std::collections::HashMap;
use std::sync::Arc;

/// A transaction that has neither been committed nor aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTransaction {
    pub producer_id: i64,
    /// Of its first record in the partition.
    pub start: Offset,
}

/// The open transactions of partitions, the oldest first, or why they are not known.
pub type OpenTransactions = PartitionMap<Result<Vec<OpenTransaction>, Box<Failure>>>;

/// Asks the leaders of `partitions`; brokers tell it since Kafka 2.8.
pub async fn open_transactions(
    client: &Client,
    partitions: &[TopicPartition],
    topics: &[Arc<Topic>],
) -> OpenTransactions {
    let operation = DescribeProducersRequest::OPERATION;
    let (by_leader, without) = Leaders::of(topics).group(partitions, |partition| partition, operation);
    let mut open: OpenTransactions =
        without.into_iter().map(|(partition, failure)| (partition.clone(), Err(Box::new(failure)))).collect();
    let asked = by_leader.into_iter().map(|(leader, mut partitions)| async move {
        partitions.sort_unstable();
        let topics = partitions.chunk_by(|a, b| a.topic == b.topic).map(|partitions| {
            let name = partitions.first().map_or("", |partition| partition.topic.as_str());
            let ids = partitions.iter().map(|partition| partition.partition).collect();
            TopicRequest::default().with_name(text(name).into()).with_partition_indexes(ids)
        });
        let request = DescribeProducersRequest::default().with_topics(topics.collect());
        let answer = client.call(Route::Broker(leader), Lane::Bulk, &request).await;
        (leader, partitions, answer)
    });
    for (leader, partitions, answer) in join_all(asked).await {
        let answers: Result<HashMap<Place<'_>, _>, _> = answer.as_ref().map(|response| {
            let rows = response
                .topics
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|row| ((topic.name.as_str(), row.partition_index), row)));
            rows.collect()
        });
        for partition in partitions {
            let found = match &answers {
                Err(failure) => Err((*failure).clone()),
                Ok(answers) => match answers.get(&(partition.topic.as_str(), partition.partition)) {
                    None => Err(left_out(operation)),
                    Some(row) if row.error_code != 0 => Err(failure_of_code(row.error_code, operation)),
                    Some(row) => {
                        let of = row.active_producers.iter().filter(|producer| producer.current_txn_start_offset >= 0);
                        let mut of: Vec<OpenTransaction> = of
                            .map(|producer| OpenTransaction {
                                producer_id: producer.producer_id.0,
                                start: producer.current_txn_start_offset,
                            })
                            .collect();
                        of.sort_unstable_by_key(|open| open.start);
                        Ok(of)
                    }
                },
            };
            let at = |failure: Failure| Box::new(failure.about("of", partition).at_broker(leader.to_string()));
            open.insert(partition.clone(), found.map_err(at));
        }
    }
    open
}
