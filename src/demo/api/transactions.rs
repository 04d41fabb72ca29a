//! AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit, EndTxn, WriteTxnMarkers,
//! ListTransactions and DescribeTransactions.

use super::groups::is_coordinator;
use super::{Call, Code, code, text, topic_name};
use crate::demo::group::Commit;
use crate::demo::membership;
use crate::demo::producers::{Ending, Stale};
use crate::demo::state::{MAX_GROUPS, OFFSETS_TOPIC, State, keyed_partition};
use crate::demo::transactions::{self, Phase};
use crate::domain::{GroupId, PartitionId, TopicName};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::describe_transactions_response::{TopicData, TransactionState as Described};
use kafka_protocol::messages::list_transactions_response::TransactionState as Listed;
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::write_txn_markers_request::WritableTxnMarker;
use kafka_protocol::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    DescribeTransactionsRequest, DescribeTransactionsResponse, EndTxnRequest, EndTxnResponse, ListTransactionsRequest,
    ListTransactionsResponse, TransactionalId, TxnOffsetCommitRequest, TxnOffsetCommitResponse, WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
};
use std::collections::BTreeMap;

/// Only the broker that leads the id's partition speaks for it.
pub(super) fn check_coordinator(state: &State, call: &Call, id: &str) -> Result<(), Code> {
    match state.transaction_coordinator(id) {
        Some(node) if node.id == call.node => Ok(()),
        _ => Err(code(E::NotCoordinator)),
    }
}

/// The code of a refusal: those who do not know that a producer can be fenced by
/// name are told that its epoch is not valid.
pub(super) fn code_for(error: E, knows_fencing: bool) -> Code {
    match error {
        E::ProducerFenced if !knows_fencing => code(E::InvalidProducerEpoch),
        other => code(other),
    }
}

pub(super) fn add_partitions(call: &Call, request: AddPartitionsToTxnRequest) -> AddPartitionsToTxnResponse {
    let mut state = call.cluster.lock();
    let id = request.v3_and_below_transactional_id.as_str();
    let producer = (request.v3_and_below_producer_id.0, request.v3_and_below_producer_epoch);
    let wanted = || {
        let topics = request.v3_and_below_topics.iter();
        topics.flat_map(|topic| topic.partitions.iter().map(|index| (topic.name.as_str(), *index)))
    };
    let is_known = |state: &State, (name, index): (&str, PartitionId)| {
        state.topics.get(name).is_some_and(|topic| topic.partition(index).is_some())
    };
    let are_known = wanted().all(|partition| is_known(&state, partition));
    let added = check_coordinator(&state, call, id).and_then(|()| {
        if !are_known {
            return Err(code(E::OperationNotAttempted));
        }
        let partitions: Vec<_> = wanted().map(|(name, index)| (TopicName::from(name), index)).collect();
        let added = transactions::add(&mut state, id, producer, partitions, call.cluster.now());
        added.map_err(|error| code_for(error, call.version >= 2))
    });
    let error = added.err().unwrap_or(0);
    let topics = request.v3_and_below_topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|index| {
            let is_missing =
                error == code(E::OperationNotAttempted) && !is_known(&state, (topic.name.as_str(), *index));
            let error = if is_missing { code(E::UnknownTopicOrPartition) } else { error };
            AddPartitionsToTxnPartitionResult::default().with_partition_index(*index).with_partition_error_code(error)
        });
        let results = partitions.collect();
        AddPartitionsToTxnTopicResult::default().with_name(topic.name.clone()).with_results_by_partition(results)
    });
    let topics = topics.collect();
    drop(state);
    call.cluster.transactions_changed.notify_one();
    AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(topics)
}

pub(super) fn add_offsets(call: &Call, request: &AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse {
    let mut state = call.cluster.lock();
    let (id, group) = (request.transactional_id.as_str(), request.group_id.as_str());
    let producer = (request.producer_id.0, request.producer_epoch);
    let added = check_coordinator(&state, call, id).and_then(|()| {
        if group.is_empty() {
            return Err(code(E::InvalidGroupId));
        }
        let partition = [(TopicName::from(OFFSETS_TOPIC), keyed_partition(group))];
        let added = transactions::add(&mut state, id, producer, partition, call.cluster.now());
        added.map_err(|error| code_for(error, call.version >= 2))
    });
    drop(state);
    call.cluster.transactions_changed.notify_one();
    AddOffsetsToTxnResponse::default().with_error_code(added.err().unwrap_or(0))
}

pub(super) fn commit_offsets(call: &Call, request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    let now = call.cluster.now();
    let mut state = call.cluster.lock();
    let mut commits = Vec::new();
    for topic in &request.topics {
        let Some((name, known)) = state.topics.get_key_value(topic.name.as_str()) else { continue };
        for partition in topic.partitions.iter().filter(|asked| known.partition(asked.partition_index).is_some()) {
            let commit = Commit {
                offset: partition.committed_offset,
                leader_epoch: partition.committed_leader_epoch,
                metadata: partition.committed_metadata.as_ref().map(ToString::to_string).unwrap_or_default(),
                at: now,
            };
            commits.push((name.clone(), partition.partition_index, commit));
        }
    }
    let id = request.transactional_id.as_str();
    let producer = (request.producer_id.0, request.producer_epoch);
    let group = GroupId::from(request.group_id.as_str());
    let done = may_commit(&mut state, call, &request)
        .and_then(|()| transactions::add_commits(&mut state, id, producer, &group, commits, now).map_err(code));
    let error = done.err().unwrap_or(0);
    let topics = request.topics.iter().map(|topic| {
        let known = state.topics.get(topic.name.as_str());
        let partitions = topic.partitions.iter().map(|asked| {
            let index = asked.partition_index;
            let is_missing = known.and_then(|known| known.partition(index)).is_none();
            let error = if error == 0 && is_missing { code(E::UnknownTopicOrPartition) } else { error };
            TxnOffsetCommitResponsePartition::default().with_partition_index(index).with_error_code(error)
        });
        let partitions = partitions.collect();
        TxnOffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions)
    });
    TxnOffsetCommitResponse::default().with_topics(topics.collect())
}

/// A member commits in its generation. A producer that says nothing of one may
/// be older than the question, and is let through.
fn may_commit(state: &mut State, call: &Call, request: &TxnOffsetCommitRequest) -> Result<(), Code> {
    let id = request.group_id.as_str();
    if !is_coordinator(state, call.node, id) {
        return Err(code(E::NotCoordinator));
    }
    let is_member = request.generation_id >= 0 || !request.member_id.is_empty();
    let is_full = state.groups.len() >= MAX_GROUPS;
    match state.groups.get_mut(id) {
        _ if id.is_empty() => Err(code(E::InvalidGroupId)),
        Some(group) if is_member => {
            let instance = request.group_instance_id.as_ref().map(|id| id.as_str());
            membership::check(group, request.member_id.as_str(), instance, request.generation_id)
        }
        None if is_member => Err(code(E::IllegalGeneration)),
        None if is_full => Err(code(E::PolicyViolation)),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn end(call: &Call, request: &EndTxnRequest) -> EndTxnResponse {
    let mut state = call.cluster.lock();
    let id = request.transactional_id.as_str();
    let producer = (request.producer_id.0, request.producer_epoch);
    let ended = check_coordinator(&state, call, id).and_then(|()| {
        let ended = transactions::end(&mut state, id, producer, request.committed, call.cluster.now());
        ended.map_err(|error| code_for(error, call.version >= 2))
    });
    drop(state);
    call.cluster.changed.notify_waiters();
    EndTxnResponse::default().with_error_code(ended.err().unwrap_or(0))
}

/// Ends what a coordinator no longer knows of: how an operator aborts a hanging
/// transaction.
pub(super) fn write_markers(call: &Call, request: WriteTxnMarkersRequest) -> WriteTxnMarkersResponse {
    let mut state = call.cluster.lock();
    let markers = request.markers.into_iter().map(|marker| {
        let topics = marker.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|index| {
                let error = write_marker(&mut state, call, &marker, topic.name.as_str(), *index).err().unwrap_or(0);
                WritableTxnMarkerPartitionResult::default().with_partition_index(*index).with_error_code(error)
            });
            let partitions = partitions.collect();
            WritableTxnMarkerTopicResult::default().with_name(topic.name.clone()).with_partitions(partitions)
        });
        let topics = topics.collect();
        WritableTxnMarkerResult::default().with_producer_id(marker.producer_id).with_topics(topics)
    });
    let markers = markers.collect();
    drop(state);
    call.cluster.changed.notify_waiters();
    WriteTxnMarkersResponse::default().with_markers(markers)
}

fn write_marker(
    state: &mut State,
    call: &Call,
    marker: &WritableTxnMarker,
    topic: &str,
    index: PartitionId,
) -> Result<(), Code> {
    let partition = state.topics.get_mut(topic).and_then(|topic| topic.partition_mut(index));
    super::led_by(call.node, partition.as_deref())?;
    let partition = partition.ok_or_else(|| code(E::UnknownTopicOrPartition))?;
    let ending = Ending {
        producer_id: marker.producer_id.0,
        epoch: marker.producer_epoch,
        coordinator_epoch: marker.coordinator_epoch,
        is_commit: marker.transaction_result,
    };
    partition.producers.check_ending(&ending).map_err(|stale| match stale {
        Stale::Producer => code(E::InvalidProducerEpoch),
        Stale::Coordinator => code(E::TransactionCoordinatorFenced),
    })?;
    transactions::mark(partition, &ending, call.cluster.now());
    if topic == OFFSETS_TOPIC {
        transactions::finish_commits(state, ending.producer_id, index, ending.is_commit);
    }
    Ok(())
}

pub(super) fn list(call: &Call, request: ListTransactionsRequest) -> ListTransactionsResponse {
    let now = call.cluster.now();
    let state = call.cluster.lock();
    let wanted = |phase: Phase| {
        let filters = &request.state_filters;
        filters.is_empty() || filters.iter().any(|filter| filter.as_str() == phase.word())
    };
    let is_unknown = |word: &str| Phase::ALL.iter().all(|phase| phase.word() != word);
    let producers = &request.producer_id_filters;
    let runs_longer = |began: Option<crate::domain::Time>| {
        request.duration_filter < 0 || began.is_some_and(|began| now.since(began) > request.duration_filter)
    };
    let found = state
        .transactions
        .iter()
        .filter(|(id, _)| check_coordinator(&state, call, id).is_ok())
        .filter(|(_, known)| wanted(known.phase) && runs_longer(known.started))
        .filter(|(_, known)| producers.is_empty() || producers.iter().any(|id| id.0 == known.producer_id))
        .map(|(id, known)| {
            Listed::default()
                .with_transactional_id(TransactionalId(text(id.as_str())))
                .with_producer_id(known.producer_id.into())
                .with_transaction_state(text(known.phase.word()))
        });
    let found = found.collect();
    let unknown = request.state_filters.into_iter().filter(|word| is_unknown(word.as_str())).collect();
    ListTransactionsResponse::default().with_unknown_state_filters(unknown).with_transaction_states(found)
}

pub(super) fn describe(call: &Call, request: DescribeTransactionsRequest) -> DescribeTransactionsResponse {
    let state = call.cluster.lock();
    let described = request.transactional_ids.into_iter().map(|id| {
        let line = Described::default().with_transactional_id(id.clone());
        if let Err(error) = check_coordinator(&state, call, id.as_str()) {
            return line.with_error_code(error);
        }
        let Some(known) = state.transactions.get(id.as_str()) else {
            return line.with_error_code(code(E::TransactionalIdNotFound));
        };
        let mut topics: BTreeMap<&TopicName, Vec<PartitionId>> = BTreeMap::new();
        for (topic, index) in &known.partitions {
            topics.entry(topic).or_default().push(*index);
        }
        let topics = topics
            .into_iter()
            .map(|(name, partitions)| {
                TopicData::default().with_topic(topic_name(name.as_str())).with_partitions(partitions)
            })
            .collect();
        line.with_transaction_state(text(known.phase.word()))
            .with_transaction_timeout_ms(known.timeout_ms)
            .with_transaction_start_time_ms(known.started.map_or(-1, crate::domain::Time::millis))
            .with_producer_id(known.producer_id.into())
            .with_producer_epoch(known.epoch)
            .with_topics(topics)
    });
    DescribeTransactionsResponse::default().with_transaction_states(described.collect())
}
