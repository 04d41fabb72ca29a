//! ShareFetch and ShareAcknowledge: how members of share groups read.
//!
//! A session holds which partitions a member reads from this broker, so that a request
//! names only what changes.

use super::{Call, Code, code, find_topic, led_by};
use crate::demo::commits;
use crate::demo::deliveries::{Acquired, LOCK_MS};
use crate::demo::group::{Commit, Kind};
use crate::demo::state::State;
use crate::domain::{GroupId, PartitionId, TopicName};
use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::share_acknowledge_response::{self as acknowledged, ShareAcknowledgeTopicResponse};
use kafka_protocol::messages::share_fetch_response::{AcquiredRecords, PartitionData, ShareFetchableTopicResponse};
use kafka_protocol::messages::{
    ShareAcknowledgeRequest, ShareAcknowledgeResponse, ShareFetchRequest, ShareFetchResponse,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// Epochs by which a session begins and ends.
const OPEN: i32 = 0;
const CLOSE: i32 = -1;
/// Sessions of one group: one for each member and broker.
const MAX_SESSIONS: usize = 2_000;
/// Partitions that one member reads from one broker, at most.
const MAX_SESSION: usize = 10_000;
const MAX_ANSWER: usize = 1 << 20;
/// Batches looked at in one partition at once.
const AT_ONCE: usize = 8;

/// A member of a share group, as a request names it.
struct Reader {
    group: GroupId,
    member: String,
}

impl Reader {
    /// An error where the group is not there, or is none of this type.
    fn of(state: &State, group: Option<&str>, member: Option<&str>) -> Result<Self, Code> {
        let reader = Self { group: group.unwrap_or_default().into(), member: member.unwrap_or_default().to_owned() };
        let is_there = state.groups.get(&reader.group).is_some_and(|group| group.kind == Kind::Share);
        if is_there && !reader.member.is_empty() { Ok(reader) } else { Err(code(E::InvalidRequest)) }
    }
}

/// First and last offset, and what is said of them.
type Said = (i64, i64, Vec<i8>);

pub(super) async fn fetch(call: &Call, request: ShareFetchRequest) -> ShareFetchResponse {
    let (reader, said) = match begin(call, &request) {
        Ok(begun) => begun,
        Err(error) => return ShareFetchResponse::default().with_error_code(error),
    };
    let deadline = Instant::now() + Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let mut moves = call.cluster.clock.moves();
    loop {
        let changed = call.cluster.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let rows = if request.share_session_epoch == CLOSE { BTreeMap::new() } else { round(call, &reader, &request) };
        if !rows.is_empty() || !said.is_empty() || Instant::now() >= deadline || request.share_session_epoch == CLOSE {
            return answer(rows, &said);
        }
        tokio::select! {
            () = &mut changed => {}
            _ = moves.changed() => {}
            () = sleep_until(deadline.min(Instant::now() + LOOK_AGAIN)) => {}
        }
    }
}

/// Simulated records appear by the clock alone.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Which partition, and how what was said of its records went.
type Outcomes = BTreeMap<(Uuid, PartitionId), Code>;

/// Takes what is acknowledged, and what the session shall read from now on.
fn begin(call: &Call, request: &ShareFetchRequest) -> Result<(Reader, Outcomes), Code> {
    let mut state = call.cluster.lock();
    let group = request.group_id.as_ref().map(|id| id.as_str());
    let reader = Reader::of(&state, group, request.member_id.as_deref())?;
    let said = request.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|row| {
            let said = row.acknowledgement_batches.iter();
            let said = said.map(|one| (one.first_offset, one.last_offset, one.acknowledge_types.clone())).collect();
            ((topic.topic_id, row.partition_index), said)
        })
    });
    let said: Vec<((Uuid, PartitionId), Vec<Said>)> = said.collect();
    let outcomes = acknowledge_all(&mut state, call, &reader, &said);
    let Some(group) = state.groups.get_mut(&reader.group) else { return Err(code(E::InvalidRequest)) };
    let key = (reader.member.clone(), call.node);
    if request.share_session_epoch == OPEN {
        if group.sessions.len() >= MAX_SESSIONS {
            return Err(code(E::ShareSessionLimitReached));
        }
        group.sessions.insert(key.clone(), BTreeSet::new());
    }
    let Some(session) = group.sessions.get_mut(&key) else { return Err(code(E::ShareSessionNotFound)) };
    if request.share_session_epoch == CLOSE {
        close(&mut state, call, &reader);
        return Ok((reader, outcomes));
    }
    session.extend(said.iter().map(|(here, _)| *here).take(MAX_SESSION.saturating_sub(session.len())));
    for topic in &request.forgotten_topics_data {
        session.retain(|(id, index)| *id != topic.topic_id || !topic.partitions.contains(index));
    }
    Ok((reader, outcomes))
}

/// The session is over: what the member still has of this broker's records it gives back.
fn close(state: &mut State, call: &Call, reader: &Reader) {
    let State { groups, topics, .. } = state;
    let Some(group) = groups.get_mut(&reader.group) else { return };
    group.sessions.remove(&(reader.member.clone(), call.node));
    for ((name, index), deliveries) in &mut group.deliveries {
        let partition = topics.get(name).and_then(|topic| topic.partition(*index));
        if partition.is_some_and(|partition| partition.leader == Some(call.node)) {
            deliveries.release(&reader.member);
        }
    }
}

fn acknowledge_all(
    state: &mut State,
    call: &Call,
    reader: &Reader,
    said: &[((Uuid, PartitionId), Vec<Said>)],
) -> Outcomes {
    let now = call.cluster.now();
    let mut outcomes = Outcomes::new();
    for ((id, index), said) in said.iter().filter(|(_, said)| !said.is_empty()) {
        let outcome = find_topic(state, "", *id).and_then(|(name, topic)| {
            led_by(call.node, topic.partition(*index)).map(|_| (TopicName::from(name), *index))
        });
        let outcome = outcome.and_then(|here| {
            let group = state.groups.get_mut(&reader.group).ok_or_else(|| code(E::InvalidRequest))?;
            let deliveries = group.deliveries.entry(here.clone()).or_default();
            let refused = said
                .iter()
                .filter(|(first, last, says)| !deliveries.acknowledge(&reader.member, (*first, *last), says))
                .count();
            if let Some(begins) = group.offsets.get(&here).cloned() {
                let offset = deliveries.begins(begins.offset);
                if offset > begins.offset {
                    let begins = (here.0, here.1, Commit { offset, at: now, ..begins });
                    commits::commit(state, &reader.group, vec![begins], now);
                }
            }
            if refused == 0 { Ok(()) } else { Err(code(E::InvalidRecordState)) }
        });
        outcomes.insert((*id, *index), outcome.err().unwrap_or(0));
    }
    outcomes
}

struct Given {
    records: Bytes,
    acquired: Vec<Acquired>,
    error: Code,
}

/// What there is for a reader now.
fn round(call: &Call, reader: &Reader, request: &ShareFetchRequest) -> BTreeMap<(Uuid, PartitionId), Given> {
    let mut rows = BTreeMap::new();
    let mut state = call.cluster.lock();
    let key = (reader.member.clone(), call.node);
    let session = state.groups.get(&reader.group).and_then(|group| group.sessions.get(&key)).cloned();
    let mut room = usize::try_from(request.max_bytes).unwrap_or(0).min(MAX_ANSWER);
    let mut most = i64::from(request.max_records.max(1));
    for here in session.into_iter().flatten() {
        if most <= 0 {
            break;
        }
        match take(&mut state, call, reader, here, (room, most)) {
            Ok(None) => {}
            Ok(Some(given)) => {
                room = room.saturating_sub(given.records.len());
                most -= given.acquired.iter().map(|(first, last, _)| last - first + 1).sum::<i64>();
                rows.insert(here, given);
            }
            Err(error) => {
                rows.insert(here, Given { records: Bytes::new(), acquired: Vec::new(), error });
            }
        }
    }
    rows
}

fn take(
    state: &mut State,
    call: &Call,
    reader: &Reader,
    (id, index): (Uuid, PartitionId),
    (room, most): (usize, i64),
) -> Result<Option<Given>, Code> {
    let now = call.cluster.now();
    let (name, topic) = find_topic(state, "", id)?;
    let partition = led_by(call.node, topic.partition(index))?;
    let (log_start, end) = (partition.log.start(), partition.log.end(now));
    let log = partition.log.clone();
    let here = (TopicName::from(name), index);
    let Some(group) = state.groups.get_mut(&reader.group) else { return Err(code(E::InvalidRequest)) };
    // It begins where its coordinator has set it up.
    let Some(begins) = group.offsets.get(&here) else { return Ok(None) };
    let start = begins.offset.max(log_start);
    let deliveries = group.deliveries.entry(here).or_default();
    let next = deliveries.next(start, now);
    if next >= end {
        return Ok(None);
    }
    let (mut records, mut last) = (BytesMut::new(), next);
    for part in log.read(next, end, AT_ONCE, now) {
        if last - next >= most || (!records.is_empty() && records.len() >= room) {
            break;
        }
        last = part.end();
        records.extend_from_slice(&part.into_bytes());
    }
    // Of what is given, nothing more.
    let acquired = deliveries.acquire(&reader.member, (next, last), now);
    if acquired.is_empty() {
        return Ok(None);
    }
    Ok(Some(Given { records: records.freeze(), acquired, error: 0 }))
}

fn answer(rows: BTreeMap<(Uuid, PartitionId), Given>, said: &Outcomes) -> ShareFetchResponse {
    let mut topics: BTreeMap<Uuid, BTreeMap<PartitionId, PartitionData>> = BTreeMap::new();
    for ((id, index), error) in said {
        let row = PartitionData::default().with_partition_index(*index).with_acknowledge_error_code(*error);
        topics.entry(*id).or_default().insert(*index, row.with_records(Some(Bytes::new())));
    }
    for ((id, index), given) in rows {
        let row = topics.entry(id).or_default().entry(index).or_default();
        row.partition_index = index;
        row.error_code = given.error;
        row.records = Some(given.records);
        let acquired = given.acquired.into_iter().map(|(first, last, count)| {
            AcquiredRecords::default().with_first_offset(first).with_last_offset(last).with_delivery_count(count)
        });
        row.acquired_records = acquired.collect();
    }
    let topics = topics.into_iter().map(|(id, rows)| {
        ShareFetchableTopicResponse::default().with_topic_id(id).with_partitions(rows.into_values().collect())
    });
    ShareFetchResponse::default().with_acquisition_lock_timeout_ms(LOCK_MS).with_responses(topics.collect())
}

pub(super) fn acknowledge(call: &Call, request: &ShareAcknowledgeRequest) -> ShareAcknowledgeResponse {
    let mut state = call.cluster.lock();
    let group = request.group_id.as_ref().map(|id| id.as_str());
    let reader = match Reader::of(&state, group, request.member_id.as_deref()) {
        Ok(reader) => reader,
        Err(error) => return ShareAcknowledgeResponse::default().with_error_code(error),
    };
    let said = request.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|row| {
            let said = row.acknowledgement_batches.iter();
            let said = said.map(|one| (one.first_offset, one.last_offset, one.acknowledge_types.clone())).collect();
            ((topic.topic_id, row.partition_index), said)
        })
    });
    let said: Vec<((Uuid, PartitionId), Vec<Said>)> = said.collect();
    let outcomes = acknowledge_all(&mut state, call, &reader, &said);
    if request.share_session_epoch == CLOSE {
        close(&mut state, call, &reader);
    }
    let mut topics: BTreeMap<Uuid, Vec<acknowledged::PartitionData>> = BTreeMap::new();
    for ((id, index), error) in outcomes {
        let row = acknowledged::PartitionData::default().with_partition_index(index).with_error_code(error);
        topics.entry(id).or_default().push(row);
    }
    let topics = topics
        .into_iter()
        .map(|(id, rows)| ShareAcknowledgeTopicResponse::default().with_topic_id(id).with_partitions(rows));
    ShareAcknowledgeResponse::default().with_responses(topics.collect())
}
