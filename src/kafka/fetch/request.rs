//! One Fetch request and what its response means for each partition.
//!
//! Pure: no connection, no clock.

use super::record_set::{AbortedTransaction, next_offset};
use super::{Isolation, ReadRange};
use crate::domain::{BrokerId, Failure, FailureKind, Offset, PartitionId, TopicId, TopicName};
use crate::kafka::wire::{failure_of_code, needs_new_metadata};
use bytes::Bytes;
use kafka_protocol::ResponseError as Code;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::protocol::StrBytes;

pub(super) const OPERATION: &str = "read records";
/// From here on a topic is asked for by its id.
const BY_ID: i16 = 13;
/// From here on a leader hears where the reader stands.
const RACK_FROM: i16 = 11;
/// A batch beyond this is not asked for again and again.
pub(super) const MOST_PARTITION_BYTES: i32 = 64 << 20;
/// What is asked for first where a range has an end: nobody knows yet how large its
/// records are, and it may be short.
const FIRST_BYTES: i32 = 128 << 10;
/// Answers that hold a partition's bytes and not one whole batch, in a row,
/// before it is given up.
const MOST_STALLS: u32 = 3;

/// A partition on its way through its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Course {
    pub range: ReadRange,
    pub next: Offset,
    /// Fetches in a row that failed.
    pub tries: u32,
    /// Who is asked for it.
    pub source: Source,
    stalls: u32,
    /// What came so far, and how many offsets it covers.
    bytes: u64,
    offsets: u64,
    /// Where the partition ended when it was first read.
    goal: Option<Offset>,
    /// The goal was reached and said to be.
    pub has_arrived: bool,
}

impl Course {
    pub fn new(range: ReadRange) -> Self {
        Self {
            range,
            next: range.from,
            tries: 0,
            source: Source::Leader,
            stalls: 0,
            bytes: 0,
            offsets: 0,
            goal: None,
            has_arrived: false,
        }
    }

    pub fn partition(&self) -> PartitionId {
        self.range.partition
    }

    /// The same, asked of somebody else.
    pub fn at(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// Its next batch did not fit; first in a request, it is sent whole.
    fn is_stalled(&self) -> bool {
        self.stalls > 0
    }

    /// What the rest of the range takes, as far as what came before tells, and a quarter
    /// more; at most `most`.
    fn room(&self, most: i32) -> i32 {
        let Some(to) = self.range.to else { return most };
        let rest = u64::try_from(to.saturating_sub(self.next)).unwrap_or(0);
        let expected = u128::from(self.bytes) * u128::from(rest) * 5 / 4 / u128::from(self.offsets.max(1));
        i32::try_from(expected).unwrap_or(most).clamp(FIRST_BYTES.min(most), most)
    }

    /// Everything that was there at the start has been fetched; true once.
    fn arrives(&mut self, end: Option<Offset>) -> bool {
        self.goal = self.goal.or(end);
        let arrives = !self.has_arrived && (self.is_done() || self.goal.is_some_and(|goal| self.next >= goal));
        self.has_arrived |= arrives;
        arrives
    }

    pub fn is_done(&self) -> bool {
        self.range.to.is_some_and(|to| self.next >= to)
    }
}

/// Who is asked for a partition's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The leader, which may name a replica nearer to the reader.
    Leader,
    /// The replica it named.
    Nearer(BrokerId),
    /// The leader and nobody else, since a replica was not up to it.
    OnlyLeader,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub isolation: Isolation,
    pub max_bytes: i32,
    pub partition_bytes: i32,
    pub max_wait_ms: i32,
}

pub(super) fn build(
    version: i16,
    topic: &TopicName,
    id: Option<TopicId>,
    courses: &[Course],
    knobs: Knobs,
    rack: Option<&str>,
) -> FetchRequest {
    let partition = |course: &Course| {
        let (room, factor) = (course.room(knobs.partition_bytes), 4_i32.saturating_pow(course.stalls));
        FetchPartition::default()
            .with_partition(course.partition())
            .with_fetch_offset(course.next)
            .with_partition_max_bytes(room.saturating_mul(factor).min(MOST_PARTITION_BYTES))
    };
    let wanted = of_topic(version, topic, id, courses.iter().map(partition).collect());
    let request = FetchRequest::default()
        .with_max_wait_ms(knobs.max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(knobs.max_bytes)
        .with_isolation_level(match knobs.isolation {
            Isolation::Uncommitted => 0,
            Isolation::Committed => 1,
        })
        .with_topics(vec![wanted]);
    match rack {
        Some(rack) if version >= RACK_FROM => request.with_rack_id(StrBytes::from_string(rack.to_owned())),
        _ => request,
    }
}

/// The partitions of a topic, which is told by its id where brokers go by that.
pub(super) fn of_topic(
    version: i16,
    topic: &TopicName,
    id: Option<TopicId>,
    partitions: Vec<FetchPartition>,
) -> FetchTopic {
    let wanted = FetchTopic::default().with_partitions(partitions);
    if version >= BY_ID {
        wanted.with_topic_id(uuid::Uuid::from_u128(id.map_or(0, |id| id.0)))
    } else {
        wanted.with_topic(StrBytes::from_string(topic.as_str().to_owned()).into())
    }
}

/// Why a partition cannot simply go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Issue {
    /// Ask the cluster again who leads it.
    Moved(Failure),
    /// The log does not hold the next offset.
    OutOfRange,
    /// The topic or the partition is not there, as far as this broker knows.
    Gone(Failure),
    /// Nothing that waiting would cure.
    Final(Failure),
    /// The leader says that this replica is nearer.
    Nearer(BrokerId),
    /// The replica cannot go on: the leader decides what that means.
    AskLeader,
}

/// What came for one partition.
#[derive(Debug)]
pub(super) struct Portion {
    pub partition: PartitionId,
    pub set: Bytes,
    /// The range that was asked for when this came.
    pub from: Offset,
    pub to: Option<Offset>,
    pub aborted: Vec<AbortedTransaction>,
}

/// A response sorted out: courses are moved on, what is finished or in trouble
/// is taken out of them.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub portions: Vec<Portion>,
    pub issues: Vec<(Course, Issue)>,
    /// Finished before their range ended, with the reason.
    pub ended_early: Vec<Failure>,
    pub bytes: u64,
    /// Partitions that have now reached where they ended at the start.
    pub arrived: usize,
    /// Partitions that are read again after failures.
    pub recovered: Vec<PartitionId>,
}

pub(super) fn sort_out(
    response: FetchResponse,
    topic: &TopicName,
    isolation: Isolation,
    courses: &mut Vec<Course>,
) -> Outcome {
    let mut outcome = Outcome::default();
    // Those that were served go behind those that were not: a response has room
    // for some of them only, and is filled from the front.
    let mut served = Vec::new();
    for answer in response.responses.into_iter().flat_map(|topic| topic.partitions) {
        let Some(at) = courses.iter().position(|course| course.partition() == answer.partition_index) else {
            continue;
        };
        let mut course = courses.remove(at);
        let target = format!("{topic}:{}", course.partition());
        if let Some(issue) = issue_of(answer.error_code, &target).or_else(|| detour(&answer, &course)) {
            let at_replica = matches!(course.source, Source::Nearer(_));
            outcome.issues.push((course, if at_replica { Issue::AskLeader } else { issue }));
            continue;
        }
        if course.tries > 0 {
            outcome.recovered.push(course.partition());
        }
        match take(answer, &target, isolation, &mut course) {
            Ok(Taken { portion, early, arrives }) => {
                outcome.arrived += usize::from(arrives || (early.is_some() && !course.has_arrived));
                outcome.bytes += portion.set.len() as u64;
                if let Some(failure) = early {
                    outcome.ended_early.push(failure);
                } else if course.is_stalled() {
                    courses.insert(0, course);
                } else if !course.is_done() {
                    served.push(course);
                }
                outcome.portions.push(portion);
            }
            Err(failure) => outcome.issues.push((course, Issue::Final(failure))),
        }
    }
    courses.append(&mut served);
    outcome
}

/// Whether somebody else should be asked.
fn detour(answer: &PartitionData, course: &Course) -> Option<Issue> {
    let is_empty = answer.records.as_ref().is_none_or(Bytes::is_empty);
    match course.source {
        // It comes with no records: they are to be had there.
        Source::Leader if answer.preferred_read_replica.0 >= 0 && is_empty => {
            Some(Issue::Nearer(BrokerId(answer.preferred_read_replica.0)))
        }
        // A replica may not have heard yet of all that the leader has. Where a range
        // ends, only the leader knows that nothing more comes.
        Source::Nearer(_) if is_empty && course.range.to.is_some() => Some(Issue::AskLeader),
        Source::Leader | Source::Nearer(_) | Source::OnlyLeader => None,
    }
}

struct Taken {
    portion: Portion,
    /// The range ends here, for this reason.
    early: Option<Failure>,
    arrives: bool,
}

fn take(answer: PartitionData, target: &str, isolation: Isolation, course: &mut Course) -> Result<Taken, Failure> {
    let set = answer.records.unwrap_or_default();
    let from = course.next;
    let high_watermark = Some(answer.high_watermark).filter(|offset| *offset >= 0);
    course.tries = 0;
    // What cannot be followed is still read, for what stands before the fault.
    let follow = next_offset(&set, from);
    course.next = follow.unwrap_or(from).max(from);
    course.bytes += set.len() as u64;
    course.offsets += u64::try_from(course.next - from).unwrap_or(0);
    let mut early = None;
    if follow.is_none() {
        early = Some(
            Failure::new(FailureKind::Malformed, OPERATION, "a batch has a length that cannot be, reading ends there")
                .on(target),
        );
    } else if course.next == from && !set.is_empty() {
        course.stalls += 1;
        if course.stalls > MOST_STALLS {
            let message = format!("the batch at offset {from} is larger than {MOST_PARTITION_BYTES} bytes or is cut");
            return Err(Failure::new(FailureKind::Malformed, OPERATION, message).on(target));
        }
    } else {
        course.stalls = 0;
    }
    if set.is_empty() {
        early = dried_up(&answer.last_stable_offset, high_watermark, target, isolation, course);
    }
    let aborted = answer.aborted_transactions.unwrap_or_default();
    let aborted = aborted
        .iter()
        .map(|one| AbortedTransaction { producer_id: one.producer_id.0, first_offset: one.first_offset })
        .collect();
    let end = match isolation {
        Isolation::Committed if answer.last_stable_offset >= 0 => Some(answer.last_stable_offset),
        _ => high_watermark,
    };
    let arrives = course.arrives(end);
    let portion = Portion { partition: course.partition(), set, from, to: course.range.to, aborted };
    Ok(Taken { portion, early, arrives })
}

/// A range with an end is over when the partition has nothing more to give,
/// also before that end: the log was truncated, or a transaction is open.
fn dried_up(
    last_stable: &Offset,
    high_watermark: Option<Offset>,
    target: &str,
    isolation: Isolation,
    course: &mut Course,
) -> Option<Failure> {
    let to = course.range.to?;
    let end = high_watermark?;
    if course.next >= end {
        course.next = to;
        return None;
    }
    let is_hidden = isolation == Isolation::Committed && *last_stable >= 0 && course.next >= *last_stable;
    is_hidden.then(|| {
        let message = format!("a transaction that is open since offset {last_stable} hides what follows");
        Failure::new(FailureKind::Conflict, OPERATION, message)
            .on(target)
            .hint("Read uncommitted records to see them, or look again when the transaction has ended.")
    })
}

fn issue_of(code: i16, target: &str) -> Option<Issue> {
    if code == 0 {
        return None;
    }
    let failure = failure_of_code(code, OPERATION).on(target);
    Some(match Code::try_from_code(code) {
        Some(Code::OffsetOutOfRange) => Issue::OutOfRange,
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopicId | Code::InconsistentTopicId) => Issue::Gone(failure),
        _ if needs_new_metadata(code) || failure.is_transient() => Issue::Moved(failure),
        _ => Issue::Final(failure),
    })
}
