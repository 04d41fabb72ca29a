//! Produce: batches are checked and put at the end of the log.

use super::{Call, Code, code, text};
use crate::demo::batch::{self, Head};
use crate::demo::internal;
use crate::demo::producers::Verdict;
use crate::demo::state::{State, Topic};
use crate::domain::{BrokerId, Offset, Time};
use bytes::Bytes;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

/// The largest batch taken where the topic does not say (`message.max.bytes`).
const MAX_BATCH: usize = 1_048_588;
/// The client that alone may write to internal topics.
const ADMIN_CLIENT: &str = "__admin_client";

pub(super) fn produce(call: &Call, request: ProduceRequest) -> ProduceResponse {
    let now = call.cluster.now();
    let mut state = call.cluster.lock();
    let mut responses = Vec::with_capacity(request.topic_data.len());
    let transactional_id = request.transactional_id.map(|id| id.to_string());
    for data in request.topic_data {
        let name = super::find_topic(&state, data.name.as_str(), data.topic_id).map(|(name, _)| name.to_owned());
        let partitions = data.partition_data.into_iter().map(|partition| {
            let response = PartitionProduceResponse::default().with_index(partition.index).with_log_append_time_ms(-1);
            let written = name.clone().and_then(|name| {
                let records = partition.records.unwrap_or_default();
                let wanted = Wanted { acks: request.acks, transactional_id: transactional_id.as_deref() };
                write(&mut state, call, &name, partition.index, &records, wanted, now)
            });
            match written {
                Ok((base, start)) if call.version >= 5 => response.with_base_offset(base).with_log_start_offset(start),
                Ok((base, _)) => response.with_base_offset(base),
                Err(error) => refused(response, error, call.version),
            }
        });
        let partitions = partitions.collect();
        responses.push(
            TopicProduceResponse::default()
                .with_name(data.name)
                .with_topic_id(data.topic_id)
                .with_partition_responses(partitions),
        );
    }
    drop(state);
    call.cluster.changed.notify_waiters();
    ProduceResponse::default().with_responses(responses)
}

fn refused(response: PartitionProduceResponse, error: Code, version: i16) -> PartitionProduceResponse {
    let response = response.with_error_code(error).with_base_offset(-1);
    match E::try_from_code(error) {
        Some(error) if version >= 8 => response.with_error_message(Some(text(error.to_string()))),
        _ => response,
    }
}

/// What holds for all partitions of a request.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    acks: i16,
    transactional_id: Option<&'a str>,
}

/// Writes all batches of one partition; gives the first base offset and the log start.
fn write(
    state: &mut State,
    call: &Call,
    name: &str,
    index: i32,
    records: &Bytes,
    wanted: Wanted<'_>,
    now: Time,
) -> Result<(Offset, Offset), Code> {
    let topic = state.topics.get_mut(name).ok_or_else(|| code(E::UnknownTopicOrPartition))?;
    if topic.is_internal && call.client_id != ADMIN_CLIENT {
        return Err(code(E::InvalidTopicException));
    }
    let batches = split(records, max_batch(topic), topic.is_compacted())?;
    for (head, _) in batches.iter().filter(|(head, _)| head.is_transactional()) {
        let id = wanted.transactional_id.ok_or_else(|| code(E::TransactionalIdAuthorizationFailed))?;
        let producer = (head.producer_id, head.producer_epoch);
        state.transactions.may_write(id, producer, name, index).map_err(code)?;
    }
    append(topic, call.node, index, &batches, wanted.acks, now)
}

fn max_batch(topic: &Topic) -> usize {
    topic.configs.get("max.message.bytes").and_then(|text| text.parse().ok()).unwrap_or(MAX_BATCH)
}

/// The batches of a request, each checked as a leader checks it.
fn split(records: &Bytes, max: usize, needs_keys: bool) -> Result<Vec<(Head, Bytes)>, Code> {
    let mut rest = records.clone();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let head = Head::parse(&rest).ok_or_else(|| code(E::CorruptMessage))?;
        if head.magic != 2 {
            return Err(code(E::UnsupportedForMessageFormat));
        }
        if head.size > rest.len() || head.is_control() || head.codec().is_none() {
            return Err(code(E::CorruptMessage));
        }
        if head.is_transactional() && head.producer_id < 0 {
            return Err(code(E::InvalidRecord));
        }
        if head.size > max {
            return Err(code(E::MessageTooLarge));
        }
        let bytes = rest.split_to(head.size);
        if !batch::is_intact(&bytes) || head.count == 0 || head.last_delta != head.count - 1 {
            return Err(code(E::CorruptMessage));
        }
        if needs_keys && batch::records(&bytes).is_none_or(|all| all.iter().any(|entry| entry.content.key.is_none())) {
            return Err(code(E::InvalidRecord));
        }
        batches.push((head, bytes));
    }
    if batches.is_empty() { Err(code(E::CorruptMessage)) } else { Ok(batches) }
}

fn append(
    topic: &mut Topic,
    node: BrokerId,
    index: i32,
    batches: &[(Head, Bytes)],
    acks: i16,
    now: Time,
) -> Result<(Offset, Offset), Code> {
    let min_isr = topic.min_isr();
    let compaction = topic.compaction();
    let partition = topic.partition_mut(index);
    super::led_by(node, partition.as_deref())?;
    let partition = partition.ok_or_else(|| code(E::UnknownTopicOrPartition))?;
    if acks == -1 && partition.isr.len() < min_isr {
        return Err(code(E::NotEnoughReplicas));
    }
    let mut first = None;
    for (head, bytes) in batches {
        let base = match partition.producers.check(head) {
            Verdict::Duplicate(base) => base,
            Verdict::StaleEpoch => return Err(code(E::InvalidProducerEpoch)),
            Verdict::Unexpected => return Err(code(E::InvalidTxnState)),
            Verdict::OutOfOrder => return Err(code(E::OutOfOrderSequenceNumber)),
            Verdict::Write => {
                let base = partition.log.append(bytes, head, partition.epoch, now);
                partition.producers.note(head, base);
                // Only what is closed is cleaned.
                if let Some((segment_ms, ratio)) = compaction
                    && partition.log.rolls(head.max_timestamp, segment_ms)
                    && partition.log.is_dirty_before(base, ratio)
                {
                    internal::clean(partition, base);
                }
                base
            }
        };
        first.get_or_insert(base);
    }
    Ok((first.unwrap_or(-1), partition.log.start()))
}
