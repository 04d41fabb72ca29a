//! Topics: the metadata of a cluster, creating and deleting topics, adding partitions.

mod change;

pub use change::{NewTopic, add_partitions, create, delete, validate_add_partitions, validate_create};

use super::text;
use crate::domain::broker::Broker;
use crate::domain::topic::{Partition, Topic};
use crate::domain::{BrokerId, Failure, TopicId, TopicName};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code, metadata as wire_metadata};
use bytes::Bytes;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{BrokerId as NodeId, DescribeClusterRequest, MetadataRequest};
use std::collections::HashSet;
use std::sync::Arc;

/// What the cluster says about itself and its topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    pub cluster_id: Option<String>,
    /// With KRaft a broker chosen at random, not the controller.
    pub controller: Option<BrokerId>,
    /// In order of their id.
    pub brokers: Vec<Broker>,
    /// In order of their name.
    pub topics: Vec<Arc<Topic>>,
    /// One for each topic that could not be described.
    pub failures: Vec<Failure>,
    /// Whether we may describe the cluster; without that right brokers leave out
    /// silently what we may not see. `None` where the cluster does not tell.
    pub may_describe_cluster: Option<bool>,
}

/// The bit of DESCRIBE among the authorised operations of the cluster.
const DESCRIBE: i32 = 1 << 8;
/// The bit of WRITE among those of a topic.
const WRITE: i32 = 1 << 4;
/// From this version on metadata tells them of a topic.
const RIGHTS_FROM: i16 = 8;
/// What a broker answers that was not asked for authorised operations.
const NOT_ASKED: i32 = i32::MIN;

/// Metadata of `topics`, or of all that may be seen. Never creates a topic, except
/// that brokers before 0.11 cannot be told not to: there, ask for all.
pub async fn metadata(client: &Client, topics: Option<&[TopicName]>) -> Result<Metadata, Failure> {
    read(client, topics, &[]).await
}

/// Metadata of all topics that may be seen. One that is as it is among `known`, which
/// are in order of their names, keeps its memory.
pub async fn all(client: &Client, known: &[Arc<Topic>]) -> Result<Metadata, Failure> {
    read(client, None, known).await
}

async fn read(client: &Client, topics: Option<&[TopicName]>, known: &[Arc<Topic>]) -> Result<Metadata, Failure> {
    let build = |version: i16| {
        let wanted = topics.map(|topics| {
            let topic = |name: &TopicName| MetadataRequestTopic::default().with_name(Some(text(name.as_str()).into()));
            topics.iter().map(topic).collect::<Vec<_>>()
        });
        // Version 0 has no null: there an empty list means all.
        let wanted = if version == 0 { Some(wanted.unwrap_or_default()) } else { wanted };
        let request = MetadataRequest::default().with_topics(wanted).with_allow_auto_topic_creation(false);
        if (8..=10).contains(&version) { request.with_include_cluster_authorized_operations(true) } else { request }
    };
    let read = |body: &Bytes, version| {
        let (mut found, mut failures, mut lists) = (Vec::new(), Vec::new(), BrokerLists::default());
        let take = |topic: MetadataResponseTopic| {
            let name = topic.name.as_ref().map_or("", |name| name.as_str());
            if topic.error_code == 0 {
                found.push(keep(read_topic(&topic, name, &mut lists), known));
            } else {
                failures.push(failure_of_code(topic.error_code, MetadataRequest::OPERATION).about("of", name));
            }
        };
        let response = wire_metadata::read(body, version, take)?;
        Ok((response, (found, failures)))
    };
    let (response, (mut found, failures)) = client.read_with(Route::Any, Lane::Control, build, read).await?;
    client.learn(&response);
    let operations = match Some(response.cluster_authorized_operations).filter(|bits| *bits != NOT_ASKED) {
        None if topics.is_none() => cluster_operations(client).await,
        told => told,
    };
    found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let mut brokers = client.brokers();
    brokers.sort_unstable_by_key(|broker| broker.id);
    Ok(Metadata {
        cluster_id: response.cluster_id.map(|id| id.to_string()),
        controller: node(response.controller_id),
        brokers,
        topics: found,
        failures,
        may_describe_cluster: operations.map(|bits| bits & DESCRIBE != 0),
    })
}

/// Whether one may write to a topic; `None` where the cluster does not tell.
pub async fn may_write(client: &Client, topic: &TopicName) -> Result<Option<bool>, Failure> {
    let build = |version: i16| {
        let topic = MetadataRequestTopic::default().with_name(Some(text(topic.as_str()).into()));
        let request = MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(false);
        request.with_include_topic_authorized_operations(version >= RIGHTS_FROM)
    };
    let answer = client.call_with::<MetadataRequest>(Route::Any, Lane::Control, build).await?;
    let operations = answer.topics.first().filter(|topic| topic.error_code == 0);
    let operations = operations.map(|topic| topic.topic_authorized_operations).filter(|bits| *bits != NOT_ASKED);
    Ok(operations.map(|bits| bits & WRITE != 0))
}

/// What one may do with the cluster, where metadata no longer says it (since
/// version 11). A broker too old to be asked does not tell.
async fn cluster_operations(client: &Client) -> Option<i32> {
    let request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
    let answer = client.call(Route::Any, Lane::Control, &request).await.ok()?;
    Some(answer.cluster_authorized_operations).filter(|bits| *bits != NOT_ASKED)
}

/// The topic as it is known already, if nothing about it changed.
fn keep(topic: Topic, known: &[Arc<Topic>]) -> Arc<Topic> {
    let found = known.binary_search_by(|other| other.name.cmp(&topic.name)).ok().and_then(|index| known.get(index));
    found.filter(|known| ***known == topic).map_or_else(|| Arc::new(topic), Arc::clone)
}

/// One shared allocation per list of brokers within one answer.
#[derive(Default)]
struct BrokerLists {
    lists: HashSet<Arc<[BrokerId]>>,
    list: Vec<BrokerId>,
}

impl BrokerLists {
    fn get(&mut self, nodes: &[NodeId]) -> Arc<[BrokerId]> {
        self.list.clear();
        self.list.extend(nodes.iter().map(|node| BrokerId(node.0)));
        if let Some(known) = self.lists.get(self.list.as_slice()) {
            return Arc::clone(known);
        }
        let list: Arc<[BrokerId]> = self.list.as_slice().into();
        self.lists.insert(Arc::clone(&list));
        list
    }
}

fn read_topic(topic: &MetadataResponseTopic, name: &str, lists: &mut BrokerLists) -> Topic {
    let mut partitions: Vec<_> = topic.partitions.iter().map(|partition| read_partition(partition, lists)).collect();
    partitions.sort_unstable_by_key(|partition| partition.id);
    Topic {
        name: name.into(),
        id: Some(TopicId(topic.topic_id.as_u128())).filter(|id| id.0 != 0),
        is_internal: topic.is_internal,
        partitions,
    }
}

fn read_partition(partition: &MetadataResponsePartition, lists: &mut BrokerLists) -> Partition {
    Partition {
        id: partition.partition_index,
        leader: node(partition.leader_id),
        leader_epoch: partition.leader_epoch,
        replicas: lists.get(&partition.replica_nodes),
        isr: lists.get(&partition.isr_nodes),
    }
}

/// −1 stands for nobody.
fn node(id: NodeId) -> Option<BrokerId> {
    (id.0 >= 0).then_some(BrokerId(id.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_topic_that_changed_takes_memory_of_its_own() {
        let mut lists = BrokerLists::default();
        let mut read = |isr: &[i32]| {
            let nodes = |ids: &[i32]| ids.iter().map(|id| NodeId(*id)).collect::<Vec<_>>();
            let partition =
                MetadataResponsePartition::default().with_replica_nodes(nodes(&[1, 2])).with_isr_nodes(nodes(isr));
            read_topic(&MetadataResponseTopic::default().with_partitions(vec![partition]), "t", &mut lists)
        };
        let known = [keep(read(&[1, 2]), &[])];
        assert!(Arc::ptr_eq(&known[0].partitions[0].replicas, &known[0].partitions[0].isr));
        assert!(Arc::ptr_eq(&keep(read(&[1, 2]), &known), &known[0]));
        let changed = keep(read(&[1]), &known);
        assert_eq!(changed.partitions[0].missing().collect::<Vec<_>>(), [BrokerId(2)]);
    }
}
