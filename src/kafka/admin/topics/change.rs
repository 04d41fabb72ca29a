//! Creating and deleting topics, adding partitions. Each change that Kafka can
//! check without doing it has a `validate_` twin, which needs no grant.

use super::super::{explained, left_out, text};
use crate::domain::{BrokerId, Failure, TopicName, WriteGrant};
use crate::kafka::wire::{Api, Client, Lane, Route, needs_new_metadata};
use kafka_protocol::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::{BrokerId as NodeId, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest};
use kafka_protocol::protocol::StrBytes;

/// The first version that deletes by name or id.
const DELETE_BY_STATE_FROM: i16 = 6;

/// A topic to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    pub name: TopicName,
    /// −1 for the broker's default (since Kafka 2.4). Ignored with `assignments`.
    pub partitions: i32,
    /// −1 for the broker's default (since Kafka 2.4). Ignored with `assignments`.
    pub replication_factor: i16,
    /// The replicas of each partition, the preferred leader first; empty lets the
    /// cluster choose.
    pub assignments: Vec<Vec<BrokerId>>,
    pub configs: Vec<(String, String)>,
}

/// An error of the one topic that a request was about.
type Answer = Option<(i16, Option<StrBytes>)>;

pub async fn create(client: &Client, grant: &WriteGrant, topic: &NewTopic) -> Result<(), Failure> {
    create_or_validate(client, Some(grant), topic).await
}

/// Whether `topic` could be created.
pub async fn validate_create(client: &Client, topic: &NewTopic) -> Result<(), Failure> {
    create_or_validate(client, None, topic).await
}

async fn create_or_validate(client: &Client, grant: Option<&WriteGrant>, topic: &NewTopic) -> Result<(), Failure> {
    let request = CreateTopicsRequest::default()
        .with_topics(vec![creatable(topic)])
        .with_timeout_ms(client.patience_ms())
        .with_validate_only(grant.is_none());
    let read = |response: &<CreateTopicsRequest as kafka_protocol::protocol::Request>::Response| {
        response.topics.first().map(|topic| (topic.error_code, topic.error_message.clone()))
    };
    at_controller(client, grant, &topic.name, |_| request.clone(), read).await
}

fn creatable(topic: &NewTopic) -> CreatableTopic {
    let assignment = |(index, replicas): (i32, &Vec<BrokerId>)| {
        CreatableReplicaAssignment::default().with_partition_index(index).with_broker_ids(nodes(replicas))
    };
    let config = |(name, value): &(String, String)| {
        CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
    };
    let is_assigned = !topic.assignments.is_empty();
    CreatableTopic::default()
        .with_name(text(topic.name.as_str()).into())
        .with_num_partitions(if is_assigned { -1 } else { topic.partitions })
        .with_replication_factor(if is_assigned { -1 } else { topic.replication_factor })
        .with_assignments((0..).zip(&topic.assignments).map(assignment).collect())
        .with_configs(topic.configs.iter().map(config).collect())
}

pub async fn delete(client: &Client, grant: &WriteGrant, topic: &TopicName) -> Result<(), Failure> {
    let build = |version| {
        let request = DeleteTopicsRequest::default().with_timeout_ms(client.patience_ms());
        let name = text(topic.as_str()).into();
        if version >= DELETE_BY_STATE_FROM {
            request.with_topics(vec![DeleteTopicState::default().with_name(Some(name))])
        } else {
            request.with_topic_names(vec![name])
        }
    };
    let read = |response: &<DeleteTopicsRequest as kafka_protocol::protocol::Request>::Response| {
        response.responses.first().map(|topic| (topic.error_code, topic.error_message.clone()))
    };
    at_controller(client, Some(grant), topic, build, read).await
}

/// Raises the number of partitions to `total`. `assignments` are the replicas of
/// the new ones; empty lets the cluster choose.
pub async fn add_partitions(
    client: &Client,
    grant: &WriteGrant,
    topic: &TopicName,
    total: i32,
    assignments: &[Vec<BrokerId>],
) -> Result<(), Failure> {
    add_or_validate(client, Some(grant), topic, total, assignments).await
}

/// Whether the partitions could be added.
pub async fn validate_add_partitions(
    client: &Client,
    topic: &TopicName,
    total: i32,
    assignments: &[Vec<BrokerId>],
) -> Result<(), Failure> {
    add_or_validate(client, None, topic, total, assignments).await
}

async fn add_or_validate(
    client: &Client,
    grant: Option<&WriteGrant>,
    topic: &TopicName,
    total: i32,
    assignments: &[Vec<BrokerId>],
) -> Result<(), Failure> {
    let assignment = |replicas: &Vec<BrokerId>| CreatePartitionsAssignment::default().with_broker_ids(nodes(replicas));
    let assignments: Vec<_> = assignments.iter().map(assignment).collect();
    let wanted = CreatePartitionsTopic::default()
        .with_name(text(topic.as_str()).into())
        .with_count(total)
        .with_assignments(Some(assignments).filter(|assignments| !assignments.is_empty()));
    let request = CreatePartitionsRequest::default()
        .with_topics(vec![wanted])
        .with_timeout_ms(client.patience_ms())
        .with_validate_only(grant.is_none());
    let read = |response: &<CreatePartitionsRequest as kafka_protocol::protocol::Request>::Response| {
        response.results.first().map(|topic| (topic.error_code, topic.error_message.clone()))
    };
    at_controller(client, grant, topic, |_| request.clone(), read).await
}

fn nodes(brokers: &[BrokerId]) -> Vec<NodeId> {
    brokers.iter().map(|broker| NodeId(broker.0)).collect()
}

/// Sends a request about one topic to the controller; once more when that has
/// moved, since then nothing was done.
async fn at_controller<R: Api>(
    client: &Client,
    grant: Option<&WriteGrant>,
    topic: &TopicName,
    build: impl Fn(i16) -> R + Send + Sync,
    read: impl Fn(&R::Response) -> Answer,
) -> Result<(), Failure> {
    let mut is_first = true;
    loop {
        let sent = match grant {
            Some(grant) => client.change_with(grant, Route::Controller, Lane::Control, &build).await,
            None => client.call_with(Route::Controller, Lane::Control, &build).await,
        };
        let response = sent.map_err(|failure| failure.on(topic.as_str()))?;
        let failure = match read(&response) {
            Some((0, _)) => return Ok(()),
            Some((code, _)) if is_first && needs_new_metadata(code) => {
                is_first = false;
                client.refresh().await?;
                continue;
            }
            Some((code, said)) => explained(code, said.as_ref(), R::OPERATION),
            None => left_out(R::OPERATION),
        };
        return Err(failure.on(topic.as_str()));
    }
}
