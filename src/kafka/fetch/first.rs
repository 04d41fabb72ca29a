//! The first record at or after an offset, in many partitions at once.
//!
//! A leader is asked for the beginnings of all its partitions in one request. Only the
//! first partition of an answer may be larger than was asked for: the batch of another
//! that does not fit comes as nothing, and is asked for again with more room. What
//! holds no records for a reader (ends of transactions, batches that compaction
//! emptied) is walked over.

use super::Batch;
use super::record_set::{Window, next_frame, read_record_set};
use super::request::{MOST_PARTITION_BYTES, OPERATION, of_topic};
use crate::domain::lag_time::NextRecord;
use crate::domain::topic::Topic;
use crate::domain::{BrokerId, Failure, FailureKind, Offset, PartitionMap, TopicId, TopicPartition};
use crate::kafka::admin::{Leaders, left_out};
use crate::kafka::wire::{Client, Lane, Route, failure_of_code};
use bytes::Bytes;
use futures::future::join_all;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use std::sync::Arc;

/// Room for a batch at first; what does not fit gets eight times as much.
const ROOM: i32 = 8 << 10;
/// Partitions of one request, and bytes of its answer.
const MOST_AT_ONCE: usize = 1_000;
const ANSWER: i32 = 8 << 20;
/// Rounds until what was not found counts as not found.
const ROUNDS: usize = 8;

/// By partition: what is read first, or why that is not known.
pub type Firsts = PartitionMap<Result<NextRecord, Box<Failure>>>;

/// By partition: the first batch with a record, `None` where nothing follows, or why
/// that is not known.
pub type FirstBatches = PartitionMap<Result<Option<Arc<Batch>>, Box<Failure>>>;

/// A partition on the way.
#[derive(Clone, Debug)]
struct Course {
    partition: TopicPartition,
    topic_id: Option<TopicId>,
    next: Offset,
    room: i32,
}

/// What `wanted` partitions hold first from an offset on; each partition is wanted once.
pub async fn first_records(client: &Client, wanted: &[(TopicPartition, Offset)], topics: &[Arc<Topic>]) -> Firsts {
    let batches = first_batches(client, wanted, topics).await;
    batches.into_iter().map(|(partition, found)| (partition, found.map(next_of))).collect()
}

fn next_of(batch: Option<Arc<Batch>>) -> NextRecord {
    match batch.and_then(|batch| Some((batch.offset(0)?, batch.timestamp(0)?))) {
        Some((offset, time)) => NextRecord::At { offset, time },
        None => NextRecord::None,
    }
}

/// The first batch of each, from the offset on.
pub async fn first_batches(
    client: &Client,
    wanted: &[(TopicPartition, Offset)],
    topics: &[Arc<Topic>],
) -> FirstBatches {
    let leaders = Leaders::of(topics);
    let courses = wanted.iter().map(|(partition, offset)| Course {
        partition: partition.clone(),
        topic_id: leaders.topic_id(partition.topic.as_str()),
        next: *offset,
        room: ROOM,
    });
    let (by_leader, without) = leaders.group(courses, |course| &course.partition, OPERATION);
    let mut firsts: FirstBatches =
        without.into_iter().map(|(course, failure)| (course.partition, Err(Box::new(failure)))).collect();
    let asked = by_leader.into_iter().map(|(leader, courses)| ask_leader(client, leader, courses));
    for found in join_all(asked).await {
        firsts.extend(found);
    }
    firsts
}

async fn ask_leader(client: &Client, leader: BrokerId, mut courses: Vec<Course>) -> FirstBatches {
    let mut firsts = FirstBatches::default();
    let mut scratch = Vec::new();
    for _ in 0..ROUNDS {
        // One topic after the other, and what needs much room first: it is sent whatever its size.
        courses.sort_unstable_by(|a, b| (b.room, &a.partition).cmp(&(a.room, &b.partition)));
        let mut left = Vec::new();
        while !courses.is_empty() {
            let batch = courses.split_off(courses.len() - courses.len().min(MOST_AT_ONCE));
            let build = |version| request(version, &batch);
            match client.call_with(Route::Broker(leader), Lane::Bulk, build).await.and_then(whole) {
                Ok(response) => left.extend(sort_out(response, batch, &mut firsts, &mut scratch)),
                Err(failure) => {
                    let failed = |course: Course| {
                        let failure = failure.clone().about("of", &course.partition);
                        (course.partition, Err(Box::new(failure)))
                    };
                    firsts.extend(batch.into_iter().map(failed));
                }
            }
        }
        courses = left;
    }
    for course in courses {
        let failure = Failure::new(FailureKind::Malformed, OPERATION, "no whole batch came after several tries");
        let failure = failure.about("of", &course.partition);
        firsts.insert(course.partition, Err(Box::new(failure)));
    }
    firsts
}

/// `courses` of one topic stand together.
fn request(version: i16, courses: &[Course]) -> FetchRequest {
    let partition = |course: &Course| {
        FetchPartition::default()
            .with_partition(course.partition.partition)
            .with_fetch_offset(course.next)
            .with_partition_max_bytes(course.room)
    };
    let topics = courses.chunk_by(|a, b| a.partition.topic == b.partition.topic).filter_map(|courses| {
        let first = courses.first()?;
        let partitions = courses.iter().map(partition).collect();
        Some(of_topic(version, &first.partition.topic, first.topic_id, partitions))
    });
    FetchRequest::default().with_max_wait_ms(0).with_min_bytes(0).with_max_bytes(ANSWER).with_topics(topics.collect())
}

fn whole(response: FetchResponse) -> Result<FetchResponse, Failure> {
    match response.error_code {
        0 => Ok(response),
        code => Err(failure_of_code(code, OPERATION)),
    }
}

/// Takes the answers in; gives back what must be asked again.
fn sort_out(
    response: FetchResponse,
    mut courses: Vec<Course>,
    firsts: &mut FirstBatches,
    scratch: &mut Vec<u8>,
) -> Vec<Course> {
    let mut again = Vec::new();
    let Some(first) = courses.first().map(|course| course.partition.clone()) else { return again };
    for topic in response.responses {
        let id = TopicId(topic.topic_id.as_u128());
        for answer in topic.partitions {
            let is_it = |course: &Course| {
                let is_topic = match topic.topic.is_empty() {
                    true => course.topic_id == Some(id),
                    false => course.partition.topic.as_str() == topic.topic.as_str(),
                };
                is_topic && course.partition.partition == answer.partition_index
            };
            let Some(index) = courses.iter().position(is_it) else { continue };
            let mut course = courses.swap_remove(index);
            let is_first = course.partition == first;
            match look(&answer, &mut course, is_first, scratch) {
                Ok(Some(first)) => {
                    firsts.insert(course.partition, Ok(first));
                }
                Ok(None) => again.push(course),
                Err(failure) => {
                    firsts.insert(course.partition, Err(Box::new(failure)));
                }
            }
        }
    }
    let forgotten = |course: Course| {
        let failure = left_out(OPERATION).about("of", &course.partition);
        (course.partition, Err(Box::new(failure)))
    };
    firsts.extend(courses.into_iter().map(forgotten));
    again
}

/// The first batch in an answer; outside `None`: ask again for `course`, which has moved on or
/// been given more room. What `is_first` in a request is sent whole, whatever its size.
fn look(
    answer: &PartitionData,
    course: &mut Course,
    is_first: bool,
    scratch: &mut Vec<u8>,
) -> Result<Option<Option<Arc<Batch>>>, Failure> {
    if answer.error_code != 0 {
        return Err(failure_of_code(answer.error_code, OPERATION).about("of", &course.partition));
    }
    let mut rest = answer.records.as_deref().unwrap_or_default();
    let partition = &course.partition;
    let malformed = |what: String| Failure::new(FailureKind::Malformed, OPERATION, what).about("of", partition);
    let began_at = course.next;
    // A batch at a time: those behind the first record are not unpacked.
    while let Some(frame) = next_frame(rest).map_err(|fault| malformed(fault.to_string()))? {
        let window = Window { from: course.next, to: None };
        let read = read_record_set(frame.bytes, &partition.topic, partition.partition, window, Vec::new(), scratch);
        if let Some(fault) = read.faults.first() {
            return Err(malformed(fault.to_string()));
        }
        if let Some(first) = read.batches.into_iter().next() {
            return Ok(Some(Some(first)));
        }
        course.next = course.next.max(read.next_offset);
        rest = rest.get(frame.bytes.len()..).unwrap_or_default();
    }
    let is_empty = answer.records.as_ref().is_none_or(Bytes::is_empty);
    // Compaction may leave nothing between the last batch and the end.
    if course.next >= answer.high_watermark || (is_empty && is_first) {
        return Ok(Some(None));
    }
    if course.next == began_at {
        course.room = course.room.saturating_mul(8).min(MOST_PARTITION_BYTES);
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
