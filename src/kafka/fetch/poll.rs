//! Fetching from one broker: the next request is under way while the last
//! answer is unpacked.
//!
//! Invariant: at most one request is under way, at most one answer is being
//! unpacked, and an answer is handed on before the next is taken up.

use super::record_set::{Window, sift_record_set};
use super::request::{self, Course, Issue, Knobs, OPERATION, Outcome, Portion, Source};
use super::sieve::{Passed, Sieve};
use super::{ReadEvent, ReadRequest};
use crate::domain::{BrokerId, Failure, FailureKind, TopicId, TopicName};
use crate::kafka::wire::{Client, Lane, Route};
use kafka_protocol::messages::FetchResponse;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// What one answer may hold, and one partition's part of it.
const ANSWER_BYTES: i32 = 4 << 20;
const PARTITION_BYTES: i32 = 1 << 20;
/// After failures less is asked for, but not less than this.
const LEAST_ANSWER: i32 = 64 << 10;
/// What the answers of all brokers of a search may hold together: it reads whole topics,
/// however many brokers they lie on.
const ALL_ANSWERS_BYTES: i32 = 24 << 20;
/// How long a broker holds an answer back when there is nothing new.
const WAIT: Duration = Duration::from_millis(500);
/// So long a replica is read before the leader says again which is nearest: it may
/// have fallen behind, or one that stands nearer may be back.
const REPLICA_HOLDS: Duration = Duration::from_secs(300);
/// Where records trickle in, a live reader asks no more often than this.
const LIVE_PACE: Duration = Duration::from_millis(40);

/// What all brokers of one read share.
#[derive(Debug)]
pub(super) struct Shared {
    pub request: ReadRequest,
    /// Partitions that have not yet reached where they ended at the start.
    pub behind: AtomicUsize,
    /// Milliseconds that the broker waited longest for has been left alone, for the budget.
    pub held: Arc<AtomicU64>,
}

impl Shared {
    pub fn lane(&self) -> Lane {
        Lane::Fetch(self.request.lane)
    }

    /// On so many threads an answer is unpacked.
    fn threads(&self) -> usize {
        match self.request.sieve {
            Some(_) => std::thread::available_parallelism().map_or(1, usize::from),
            None => 1,
        }
    }

    /// What an answer may hold where so many brokers are read from.
    pub fn answer_bytes(&self, brokers: usize) -> i32 {
        let brokers = i32::try_from(brokers).unwrap_or(i32::MAX).max(1);
        match self.request.sieve {
            Some(_) => (ALL_ANSWERS_BYTES / brokers).clamp(LEAST_ANSWER, ANSWER_BYTES),
            None => ANSWER_BYTES,
        }
    }

    /// `count` more partitions are no longer behind; true for the last of them.
    pub fn arrive(&self, count: usize) -> bool {
        count > 0 && self.behind.fetch_sub(count, Ordering::AcqRel) == count
    }
}

/// A broker's part of the read.
#[derive(Debug)]
pub(super) struct Errand {
    pub broker: BrokerId,
    pub topic_id: Option<TopicId>,
    pub courses: Vec<Course>,
    /// What one answer may hold.
    pub answer_bytes: i32,
    /// Not before this.
    pub begin: Instant,
}

/// Courses that came back, each with what is the matter with it, if anything.
pub(super) struct Returned {
    pub courses: Vec<(Course, Option<Issue>)>,
    /// The broker did not answer.
    pub failure: Option<Failure>,
}

/// Fetches until every course is done or one needs a decision; then all come
/// back. `None` when nobody wants the records any more.
pub(super) async fn run(
    client: Client,
    shared: Arc<Shared>,
    errand: Errand,
    out: Sender<Vec<ReadEvent>>,
) -> Option<Returned> {
    sleep_until(errand.begin).await;
    // On a slow line an answer that came too late may come in time when smaller.
    let tries = errand.courses.iter().map(|course| course.tries).max().unwrap_or(0);
    let max_bytes = errand.answer_bytes.checked_shr(2 * tries).unwrap_or(0).max(LEAST_ANSWER);
    let at_replica = errand.courses.iter().any(|course| matches!(course.source, Source::Nearer(_)));
    let mut poller = Poller {
        until: at_replica.then(|| Instant::now() + REPLICA_HOLDS),
        client,
        shared,
        broker: errand.broker,
        topic_id: errand.topic_id,
        courses: errand.courses,
        next_fetch: Instant::now(),
        is_held: false,
        held: Duration::ZERO,
        max_bytes,
    };
    poller.run(out).await
}

struct Poller {
    client: Client,
    /// Then the leader is asked again.
    until: Option<Instant>,
    shared: Arc<Shared>,
    broker: BrokerId,
    topic_id: Option<TopicId>,
    courses: Vec<Course>,
    next_fetch: Instant,
    /// It is the budget that the next request waits for.
    is_held: bool,
    /// For so long it was waited for.
    held: Duration,
    max_bytes: i32,
}

/// A task that ends when nobody waits for it any more.
struct Pending<T>(JoinHandle<T>);

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Poller {
    async fn run(&mut self, out: Sender<Vec<ReadEvent>>) -> Option<Returned> {
        let mut scratches = vec![Vec::new(); self.shared.threads()];
        let mut under_way = self.fetch();
        loop {
            let free = Instant::now();
            let answered = (&mut under_way.0).await;
            if self.is_held {
                // Not what passed while the reader took its time anyway.
                self.held += self.next_fetch.min(Instant::now()).saturating_duration_since(free);
                let millis = u64::try_from(self.held.as_millis()).unwrap_or(u64::MAX);
                self.shared.held.fetch_max(millis, Ordering::Relaxed);
            }
            let response = match answered {
                Ok(Ok(response)) => response,
                Ok(Err(failure)) => return Some(self.give_back(Vec::new(), Some(failure))),
                Err(_) => return Some(self.give_back(Vec::new(), Some(broke_off()))),
            };
            let isolation = self.shared.request.isolation;
            let outcome = request::sort_out(response, &self.shared.request.topic, isolation, &mut self.courses);
            self.pace(&outcome);
            let is_over = self.courses.is_empty() || !outcome.issues.is_empty() || self.ask_leader_again();
            if !is_over {
                under_way = self.fetch();
            }
            let mut events = Vec::new();
            for unpacking in self.unpack(outcome.portions, &mut scratches) {
                match unpacking.await {
                    Ok((unpacked, scratch)) => {
                        events.extend(unpacked);
                        scratches.push(scratch);
                    }
                    Err(_) => return Some(self.give_back(Vec::new(), Some(broke_off()))),
                }
            }
            events.extend(outcome.ended_early.into_iter().map(ReadEvent::Failed));
            if !outcome.recovered.is_empty() {
                events.push(ReadEvent::Settled(outcome.recovered));
            }
            if !events.is_empty() {
                out.send(events).await.ok()?;
            }
            if self.shared.arrive(outcome.arrived) {
                out.send(vec![ReadEvent::CaughtUp]).await.ok()?;
            }
            if is_over {
                return Some(self.give_back(outcome.issues, None));
            }
        }
    }

    /// Unpacks an answer, its parts side by side where there is more to do than to unpack;
    /// what comes of them comes in their order.
    fn unpack(&self, mut portions: Vec<Portion>, scratches: &mut Vec<Vec<u8>>) -> Vec<JoinHandle<Unpacked>> {
        let size = portions.len().div_ceil(self.shared.threads()).max(1);
        let mut tasks = Vec::new();
        while !portions.is_empty() {
            let rest = portions.split_off(size.min(portions.len()));
            let part = std::mem::replace(&mut portions, rest);
            let (topic, sieve) = (self.shared.request.topic.clone(), self.shared.request.sieve.clone());
            let mut scratch = scratches.pop().unwrap_or_default();
            tasks.push(tokio::task::spawn_blocking(move || {
                let events = unpack(part, &topic, &mut scratch, sieve.as_deref());
                (events, scratch)
            }));
        }
        tasks
    }

    /// A replica was read for long enough; true when that was said to its courses.
    fn ask_leader_again(&mut self) -> bool {
        let is_time = self.until.is_some_and(|until| Instant::now() >= until);
        if is_time {
            self.courses.iter_mut().for_each(|course| course.source = Source::Leader);
        }
        is_time
    }

    fn give_back(&mut self, issues: Vec<(Course, Issue)>, failure: Option<Failure>) -> Returned {
        let well = std::mem::take(&mut self.courses).into_iter().map(|course| (course, None));
        let courses = well.chain(issues.into_iter().map(|(course, issue)| (course, Some(issue)))).collect();
        Returned { courses, failure }
    }

    /// When the next request may go out.
    fn pace(&mut self, outcome: &Outcome) {
        let now = Instant::now();
        let mut next = now;
        self.is_held = false;
        if let Some(limit) = self.shared.request.max_bytes_per_second {
            let cost = Duration::from_secs_f64(outcome.bytes as f64 / limit.max(1) as f64);
            next = next.max(self.next_fetch.max(now) + cost);
            self.is_held = true;
        }
        let is_trickle = outcome.bytes > 0 && outcome.bytes < u64::from(self.max_bytes.unsigned_abs()) / 4;
        if self.shared.request.newest_only && is_trickle {
            self.is_held &= next > now + LIVE_PACE;
            next = next.max(now + LIVE_PACE);
        }
        self.next_fetch = next;
    }

    fn fetch(&self) -> Pending<Result<FetchResponse, Failure>> {
        let (client, shared, begin) = (self.client.clone(), Arc::clone(&self.shared), self.next_fetch);
        let (broker, topic_id, courses) = (self.broker, self.topic_id, self.courses.clone());
        let knobs = Knobs {
            isolation: shared.request.isolation,
            max_bytes: self.max_bytes,
            partition_bytes: PARTITION_BYTES.min(self.max_bytes),
            max_wait_ms: i32::try_from(WAIT.as_millis()).unwrap_or(i32::MAX),
        };
        Pending(tokio::spawn(async move {
            sleep_until(begin).await;
            // All courses of an errand have the same source.
            let hears_rack = courses.iter().all(|course| course.source == Source::Leader);
            let rack = shared.request.rack.as_deref().filter(|_| hears_rack);
            let build = |version| request::build(version, &shared.request.topic, topic_id, &courses, knobs, rack);
            let response = client.call_with(Route::Broker(broker), shared.lane(), build).await?;
            match response.error_code {
                0 => Ok(response),
                code => Err(crate::kafka::wire::failure_of_code(code, OPERATION).at_broker(broker.to_string())),
            }
        }))
    }
}

/// A task of ours panicked, which is a bug; the read ends and says so.
fn broke_off() -> Failure {
    Failure::new(FailureKind::Malformed, OPERATION, "unpacking an answer failed; please report this")
}

/// Events, and the room that unpacking took, for the next time.
type Unpacked = (Vec<ReadEvent>, Vec<u8>);

/// The batches of an answer, and the faults in it.
fn unpack(
    portions: Vec<Portion>,
    topic: &TopicName,
    scratch: &mut Vec<u8>,
    sieve: Option<&dyn Sieve>,
) -> Vec<ReadEvent> {
    let mut events = Vec::new();
    for portion in portions {
        let partition = portion.partition;
        let window = Window { from: portion.from, to: portion.to };
        let read = sift_record_set(&portion.set, topic, partition, window, portion.aborted, scratch, sieve);
        match sieve {
            None => events.extend(read.batches.into_iter().map(ReadEvent::Batch)),
            Some(sieve) => {
                events.extend(read.batches.iter().filter_map(|batch| sieve.sift(batch)).map(ReadEvent::Batch));
                let (next_offset, bytes) = (read.next_offset, portion.set.len() as u64);
                let (seen, skipped) = (read.seen_records, read.skipped_records);
                sieve.passed(&Passed { partition, next_offset, seen, skipped, bytes });
                events.push(ReadEvent::Passed(partition, next_offset));
            }
        }
        events.extend(read.markers.into_iter().map(|marker| ReadEvent::TransactionEnded(partition, marker)));
        events.extend(read.faults.into_iter().map(|fault| {
            let failure = Failure::new(FailureKind::Malformed, OPERATION, fault.to_string());
            ReadEvent::Failed(failure.on(format!("{topic}:{partition}")))
        }));
    }
    // Room that one large batch took is not kept for good.
    if scratch.capacity() > MOST_SCRATCH {
        *scratch = Vec::new();
    }
    events
}

const MOST_SCRATCH: usize = 8 << 20;
