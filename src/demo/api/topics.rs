//! CreateTopics, DeleteTopics and CreatePartitions.

use super::{Call, Code, code, text, topic_name};
use crate::demo::log::Log;
use crate::demo::settings::{self, Change, Scope};
use crate::demo::state::{MAX_OF_TOPIC, MAX_PARTITIONS, Partition, State, Topic};
use crate::domain::name::MAX_TOPIC_NAME;
use crate::domain::{BrokerId, Time, TopicName};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest,
    DeleteTopicsResponse,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a topic gets that does not say (`num.partitions`, `default.replication.factor`).
const DEFAULT_PARTITIONS: i32 = 3;
const DEFAULT_REPLICATION: usize = 3;

type Refused = (Code, String);

fn refuse<T>(error: E, message: impl Into<String>) -> Result<T, Refused> {
    Err((code(error), message.into()))
}

/// The rules every Kafka broker has for names.
fn check_name(state: &State, name: &str) -> Result<(), Refused> {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if state.topics.contains_key(name) {
        return refuse(E::TopicAlreadyExists, format!("Topic '{name}' already exists."));
    }
    if name.is_empty() || name == "." || name == ".." || name.len() > MAX_TOPIC_NAME || !name.chars().all(is_legal) {
        return refuse(
            E::InvalidTopicException,
            format!(
                "The topic name '{}' is invalid: it must be 1 to {MAX_TOPIC_NAME} of a-z A-Z 0-9 . _ -",
                name.escape_debug()
            ),
        );
    }
    let alike = |name: &str| name.replace('.', "_");
    if let Some(other) = state.topics.keys().find(|known| alike(known.as_str()) == alike(name)) {
        return refuse(E::InvalidTopicException, format!("Topic '{name}' collides with existing topic: {other}"));
    }
    Ok(())
}

/// Replica lists as a request gives them, each checked against the brokers there are.
fn check_assignment(state: &State, replicas: &[messages::BrokerId]) -> Result<Vec<BrokerId>, Refused> {
    let replicas: Vec<BrokerId> = replicas.iter().map(|id| BrokerId(id.0)).collect();
    let has_repeats = replicas.iter().enumerate().any(|(at, id)| replicas.iter().take(at).any(|other| other == id));
    if replicas.is_empty() || has_repeats {
        return refuse(E::InvalidReplicaAssignment, "The manual partition assignment is empty or repeats a broker.");
    }
    if let Some(unknown) = replicas.iter().find(|id| state.node(**id).is_none()) {
        return refuse(
            E::InvalidReplicaAssignment,
            format!("The assignment names broker {unknown}, which is not there."),
        );
    }
    Ok(replicas)
}

/// A topic as it will be.
struct Planned {
    placement: Vec<Vec<BrokerId>>,
    configs: BTreeMap<String, String>,
}

fn plan(state: &State, asked: &CreatableTopic, shift: u64) -> Result<Planned, Refused> {
    check_name(state, asked.name.as_str())?;
    let placement: Vec<Vec<BrokerId>> = if asked.assignments.is_empty() {
        let partitions = if asked.num_partitions == -1 { DEFAULT_PARTITIONS } else { asked.num_partitions };
        let replication = match asked.replication_factor {
            -1 => DEFAULT_REPLICATION.min(state.nodes.len()),
            given => usize::try_from(given).unwrap_or(0),
        };
        let Some(partitions) = usize::try_from(partitions).ok().filter(|count| (1..=MAX_OF_TOPIC).contains(count))
        else {
            return refuse(E::InvalidPartitions, "Number of partitions must be larger than 0 and at most 10000.");
        };
        if !(1..=state.nodes.len()).contains(&replication) {
            let message = format!(
                "Unable to replicate the partition {replication} time(s): there are {} brokers.",
                state.nodes.len()
            );
            return refuse(E::InvalidReplicationFactor, message);
        }
        (0..partitions).map(|index| state.place(shift, index, replication)).collect()
    } else {
        let mut lists = BTreeMap::new();
        for assignment in &asked.assignments {
            lists.insert(assignment.partition_index, check_assignment(state, &assignment.broker_ids)?);
        }
        let is_gapless =
            lists.len() == asked.assignments.len() && (0..).zip(lists.keys()).all(|(n, index)| n == *index);
        if !is_gapless || lists.len() > MAX_OF_TOPIC {
            return refuse(E::InvalidReplicaAssignment, "The assignment must name each partition once, from 0 on.");
        }
        lists.into_values().collect()
    };
    if state.partition_count() + placement.len() > MAX_PARTITIONS {
        return refuse(E::PolicyViolation, format!("The demo holds at most {MAX_PARTITIONS} partitions."));
    }
    let mut configs = BTreeMap::new();
    for config in &asked.configs {
        let name = config.name.as_str();
        let Some(definition) = settings::find(Scope::Topic, name) else {
            return refuse(E::InvalidConfig, format!("Unknown topic config name: {name}"));
        };
        let change = config.value.as_ref().map_or(Change::Delete, |value| Change::Set(value.to_string()));
        settings::change(definition, &mut configs, change).or_else(|message| refuse(E::InvalidConfig, message))?;
    }
    Ok(Planned { placement, configs })
}

pub(super) fn create(call: &Call, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let mut state = call.cluster.lock();
    let mut results = Vec::with_capacity(request.topics.len());
    for asked in request.topics {
        let mut bits = state.unique(call.cluster.seed);
        let result = CreatableTopicResult::default().with_name(asked.name.clone());
        let planned = match plan(&state, &asked, bits.next()) {
            Ok(planned) => planned,
            Err((error, message)) => {
                results.push(result.with_error_code(error).with_error_message(Some(text(message))));
                continue;
            }
        };
        let partitions = i32::try_from(planned.placement.len()).unwrap_or(i32::MAX);
        let replication = planned.placement.first().map_or(0, Vec::len);
        let shown = planned.configs.iter().map(|(name, value)| {
            let config = CreatableTopicConfigs::default().with_name(text(name.as_str()));
            config.with_value(Some(text(value.as_str()))).with_config_source(1)
        });
        let shown = shown.collect();
        let id = bits.uuid();
        let result = if call.version >= 5 {
            result
                .with_num_partitions(partitions)
                .with_replication_factor(i16::try_from(replication).unwrap_or(i16::MAX))
                .with_configs(Some(shown))
        } else {
            result
        };
        results.push(if call.version >= 7 && !request.validate_only { result.with_topic_id(id) } else { result });
        if !request.validate_only {
            let partitions =
                planned.placement.into_iter().map(|replicas| Partition::new(replicas, Log::default())).collect();
            let topic = Topic { id, is_internal: false, partitions, configs: planned.configs };
            state.insert_topic(TopicName::from(asked.name.as_str()), topic);
        }
    }
    CreateTopicsResponse::default().with_topics(results)
}

pub(super) fn delete(call: &Call, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let mut state = call.cluster.lock();
    let wanted: Vec<_> = if call.version >= 6 {
        request.topics.into_iter().map(|topic| (topic.name, topic.topic_id)).collect()
    } else {
        request.topic_names.into_iter().map(|name| (Some(name), Uuid::nil())).collect()
    };
    let responses = wanted.into_iter().map(|(name, id)| {
        let asked = name.as_ref().map_or("", |name| name.as_str());
        let found = super::find_topic(&state, asked, id).map(|(name, topic)| (name.to_owned(), topic.is_internal));
        let result = DeletableTopicResult::default();
        match found {
            Err(error) => result.with_error_code(error).with_name(name).with_topic_id(id),
            Ok((name, true)) => {
                result.with_error_code(code(E::InvalidTopicException)).with_name(Some(topic_name(&name)))
            }
            Ok((name, false)) => {
                let removed = state.remove_topic(&name).map_or(id, |topic| topic.id);
                result.with_name(Some(topic_name(&name))).with_topic_id(removed)
            }
        }
    });
    let responses = responses.collect();
    drop(state);
    // Readers that wait for this topic learn that it is gone.
    call.cluster.changed.notify_waiters();
    DeleteTopicsResponse::default().with_responses(responses)
}

pub(super) fn create_partitions(call: &Call, request: CreatePartitionsRequest) -> CreatePartitionsResponse {
    let now = call.cluster.now();
    let mut state = call.cluster.lock();
    let results = request.topics.into_iter().map(|asked| {
        let result = CreatePartitionsTopicResult::default().with_name(asked.name.clone());
        match add(&mut state, &asked, request.validate_only, now) {
            Ok(()) => result.with_error_message(None),
            Err((error, message)) => result.with_error_code(error).with_error_message(Some(text(message))),
        }
    });
    let results = results.collect();
    drop(state);
    // Who waits for simulated records waits for another source from now on.
    call.cluster.changed.notify_waiters();
    CreatePartitionsResponse::default().with_results(results)
}

fn add(state: &mut State, asked: &CreatePartitionsTopic, validate_only: bool, now: Time) -> Result<(), Refused> {
    let Some(topic) = state.topics.get(asked.name.as_str()) else {
        return refuse(E::UnknownTopicOrPartition, "This server does not host this topic-partition.");
    };
    let have = topic.partitions.len();
    let wanted = usize::try_from(asked.count).unwrap_or(0);
    if wanted <= have {
        let message = format!(
            "The topic {} currently has {have} partition(s); {} would not be an increase.",
            asked.name.as_str(),
            asked.count
        );
        return refuse(E::InvalidPartitions, message);
    }
    if wanted > MAX_OF_TOPIC || state.partition_count() + (wanted - have) > MAX_PARTITIONS {
        return refuse(E::PolicyViolation, format!("The demo holds at most {MAX_PARTITIONS} partitions."));
    }
    let replication = topic.partitions.first().map_or(1, |partition| partition.replicas.len());
    let first_leader = topic.partitions.first().and_then(|partition| partition.replicas.first());
    let shift = first_leader.and_then(|leader| state.nodes.iter().position(|node| node.id == *leader)).unwrap_or(0);
    let placement: Vec<Vec<BrokerId>> = match &asked.assignments {
        None => (have..wanted).map(|index| state.place(shift as u64, index, replication)).collect(),
        Some(lists) if lists.len() == wanted - have => {
            lists.iter().map(|list| check_assignment(state, &list.broker_ids)).collect::<Result<_, _>>()?
        }
        Some(lists) => {
            let message = format!("{} new partitions but {} assignments.", wanted - have, lists.len());
            return refuse(E::InvalidReplicaAssignment, message);
        }
    };
    if validate_only {
        return Ok(());
    }
    if let Some(topic) = state.topics.get_mut(asked.name.as_str()) {
        topic.partitions.extend(placement.into_iter().map(|replicas| Partition::new(replicas, Log::default())));
        topic.respread(now);
    }
    Ok(())
}
