//! A read as a whole: gives each partition to its leader, and again when
//! leaders move, brokers die, logs are cut or the topic goes.
//!
//! Invariant: every range either is read to its end or its end is explained by
//! a failure; `CaughtUp` comes exactly once.

use super::poll::{self, Errand, Returned, Shared};
use super::request::{Course, Issue, OPERATION, Source};
use super::{ReadEvent, ReadRequest};
use crate::domain::topic::Topic;
use crate::domain::{BrokerId, Failure, FailureKind, Offset, TopicId, TopicPartition};
use crate::kafka::admin::offsets::{self, OffsetAt};
use crate::kafka::admin::topics;
use crate::kafka::wire::{Client, Lane};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Fetches in a row that may fail before a range that has an end is given up.
/// A range without end is tried for ever: whoever watches it decides.
const MOST_TRIES: u32 = 8;
/// So often a topic may seem to be gone before it is: metadata spreads slowly.
const MOST_ABSENCES: u32 = 3;

/// Lets go of the read's connections, however it ends.
struct LaneGuard(Client, Lane);

impl Drop for LaneGuard {
    fn drop(&mut self) {
        self.0.release(self.1);
    }
}

pub(super) async fn run(client: Client, request: ReadRequest, held: Arc<AtomicU64>, out: Sender<Vec<ReadEvent>>) {
    let _guard = LaneGuard(client.clone(), Lane::Fetch(request.lane));
    let waiting: Vec<Course> =
        request.ranges.iter().map(|range| Course::new(*range)).filter(|course| !course.is_done()).collect();
    // One more, for the scan itself: a read of nothing has also caught up.
    let shared = Arc::new(Shared { request, behind: AtomicUsize::new(waiting.len() + 1), held });
    let mut scan = Scan { client, shared, out, topic_id: None, running: JoinSet::new(), waiting, absences: 0 };
    // The reader is gone: there is nobody left to tell.
    let _ = scan.run().await;
}

/// The reader is gone.
struct Unwanted;

/// Why the topic cannot be read at the moment, or at all.
struct Absence {
    failure: Failure,
    is_final: bool,
}

struct Scan {
    client: Client,
    shared: Arc<Shared>,
    out: Sender<Vec<ReadEvent>>,
    /// The topic that reading began with; another one of its name is not it.
    topic_id: Option<TopicId>,
    running: JoinSet<Option<Returned>>,
    /// Courses without a broker.
    waiting: Vec<Course>,
    absences: u32,
}

impl Scan {
    async fn run(&mut self) -> Result<(), Unwanted> {
        self.arrive(1).await?;
        while !self.waiting.is_empty() || !self.running.is_empty() {
            if !self.waiting.is_empty() {
                self.place().await?;
            }
            if let Some(done) = self.running.join_next().await {
                // A task that was cancelled or that lost its reader.
                let returned = done.ok().flatten().ok_or(Unwanted)?;
                self.take_back(returned).await?;
            }
        }
        Ok(())
    }

    async fn arrive(&self, count: usize) -> Result<(), Unwanted> {
        if self.shared.arrive(count) { self.send(ReadEvent::CaughtUp).await } else { Ok(()) }
    }

    async fn send(&self, event: ReadEvent) -> Result<(), Unwanted> {
        self.out.send(vec![event]).await.map_err(|_| Unwanted)
    }

    async fn fail(&self, failure: Failure) -> Result<(), Unwanted> {
        self.send(ReadEvent::Failed(failure)).await
    }

    fn target(&self, course: &Course) -> String {
        format!("{}:{}", self.shared.request.topic, course.partition())
    }

    /// Sends waiting courses to the leaders of their partitions.
    async fn place(&mut self) -> Result<(), Unwanted> {
        let waiting = std::mem::take(&mut self.waiting);
        let topic = match self.find_topic().await {
            Ok(topic) => topic,
            Err(Absence { failure, is_final }) => return self.put_off(waiting, failure, is_final).await,
        };
        let mut by_broker: BTreeMap<(BrokerId, Source), Vec<Course>> = BTreeMap::new();
        for mut course in waiting {
            let partition = topic.partition(course.partition());
            if let (Some(partition), Source::Nearer(replica)) = (partition, course.source) {
                if partition.replicas.contains(&replica) {
                    by_broker.entry((replica, course.source)).or_default().push(course);
                    continue;
                }
                course.source = Source::OnlyLeader;
            }
            let leader = partition.map(|partition| partition.leader);
            let missing = |kind, message| Failure::new(kind, OPERATION, message).on(self.target(&course));
            match leader {
                Some(Some(leader)) => by_broker.entry((leader, course.source)).or_default().push(course),
                Some(None) => {
                    let failure = missing(FailureKind::Unreachable, "the partition has no leader")
                        .hint("A broker is down or is starting.");
                    self.put_off(vec![course], failure, false).await?;
                }
                None => {
                    let failure = missing(FailureKind::NotFound, "the topic has no such partition");
                    self.put_off(vec![course], failure, true).await?;
                }
            }
        }
        let answer_bytes = self.shared.answer_bytes(by_broker.len() + self.running.len());
        for ((broker, _), courses) in by_broker {
            let begin = Instant::now() + pause(most_tries(&courses));
            let errand = Errand { broker, topic_id: self.topic_id, courses, answer_bytes, begin };
            self.running.spawn(poll::run(self.client.clone(), Arc::clone(&self.shared), errand, self.out.clone()));
        }
        Ok(())
    }

    async fn find_topic(&mut self) -> Result<Arc<Topic>, Absence> {
        let name = self.shared.request.topic.clone();
        let failure = |message| Failure::new(FailureKind::NotFound, OPERATION, message).on(name.as_str());
        let found = match topics::metadata(&self.client, Some(std::slice::from_ref(&name))).await {
            Ok(mut metadata) => match metadata.failures.pop() {
                Some(failure) => Err(failure),
                None => metadata
                    .topics
                    .into_iter()
                    .find(|topic| topic.name == name)
                    .ok_or_else(|| failure("the topic is not there or may not be described")),
            },
            Err(failure) => Err(failure),
        };
        let topic = found.map_err(|failure| {
            self.absences += u32::from(failure.kind == FailureKind::NotFound);
            let is_final = match failure.kind {
                FailureKind::NotFound => self.absences >= MOST_ABSENCES,
                _ => !failure.is_transient(),
            };
            Absence { failure: failure.on(name.as_str()), is_final }
        })?;
        self.absences = 0;
        if self.topic_id.is_some() && self.topic_id != topic.id {
            let failure = failure("the topic was deleted and made anew").hint("Open it again to read the new one.");
            return Err(Absence { failure, is_final: true });
        }
        self.topic_id = topic.id;
        Ok(topic)
    }

    /// Courses that something is in the way of: they wait a while and are
    /// placed again, unless it is final or has gone on for too long. What is
    /// in the way is told when it begins and when it ends a course.
    async fn put_off(&mut self, courses: Vec<Course>, failure: Failure, is_final: bool) -> Result<(), Unwanted> {
        let mut kept = Vec::new();
        let (mut given_up, mut begin_to_wait) = (Vec::new(), Vec::new());
        let mut ended_behind = 0;
        for mut course in courses {
            course.tries += 1;
            if is_final || course.range.to.is_some() && course.tries >= MOST_TRIES {
                given_up.push(course.partition());
                ended_behind += usize::from(!course.has_arrived);
                continue;
            }
            if course.tries == 1 {
                begin_to_wait.push(course.partition());
            }
            kept.push(course);
        }
        if !given_up.is_empty() {
            self.fail(failure.clone()).await?;
            self.send(ReadEvent::Settled(given_up)).await?;
        }
        if !begin_to_wait.is_empty() {
            self.send(ReadEvent::Waiting { partitions: begin_to_wait, failure }).await?;
        }
        self.arrive(ended_behind).await?;
        if !kept.is_empty() {
            let wait = pause(most_tries(&kept));
            self.running.spawn(async move {
                tokio::time::sleep(wait).await;
                Some(Returned { courses: kept.into_iter().map(|course| (course, None)).collect(), failure: None })
            });
        }
        Ok(())
    }

    async fn take_back(&mut self, returned: Returned) -> Result<(), Unwanted> {
        let mut unserved = Vec::new();
        for (course, issue) in returned.courses {
            match issue {
                None if returned.failure.is_some() && matches!(course.source, Source::Nearer(_)) => {
                    self.waiting.push(course.at(Source::OnlyLeader));
                }
                None if returned.failure.is_some() => unserved.push(course),
                None => self.waiting.push(course),
                Some(Issue::Moved(failure)) => self.put_off(vec![course], failure, false).await?,
                Some(Issue::Gone(failure)) => {
                    let is_final = course.tries >= MOST_ABSENCES;
                    self.put_off(vec![course], failure, is_final).await?;
                }
                Some(Issue::Final(failure)) => self.put_off(vec![course], failure, true).await?,
                Some(Issue::OutOfRange) => self.relocate(course).await?,
                Some(Issue::Nearer(replica)) => {
                    self.waiting.push(course.at(Source::Nearer(replica)));
                }
                Some(Issue::AskLeader) => self.waiting.push(course.at(Source::OnlyLeader)),
            }
        }
        match returned.failure {
            Some(_) if unserved.is_empty() => Ok(()),
            Some(failure) => {
                let is_final = !failure.is_transient();
                let failure = failure.on(self.shared.request.topic.as_str());
                self.put_off(unserved, failure, is_final).await
            }
            None => Ok(()),
        }
    }

    /// The log does not hold the offset: it goes on at the log's start, or at
    /// its end when the log was cut from there.
    async fn relocate(&mut self, mut course: Course) -> Result<(), Unwanted> {
        let (start, end) = match self.bounds(&course).await {
            Ok(bounds) => bounds,
            Err(failure) => return self.put_off(vec![course], failure, false).await,
        };
        let wanted = course.next;
        let (side, resumed) = if wanted < start { ("start", start) } else { ("end", wanted.min(end)) };
        let message = format!("offset {wanted} is not in the log; reading goes on at its {side}, {resumed}");
        let failure = Failure::new(FailureKind::Invalid, OPERATION, message)
            .on(self.target(&course))
            .hint("Retention, a deletion of records or a lost leader took what was there.");
        course.next = resumed;
        // Nothing is left of a range with an end when the log ends before it.
        let is_over = course.is_done() || course.range.to.is_some() && resumed < wanted;
        if !is_over {
            // What was there is gone for good, wherever reading goes on.
            self.fail(failure.clone()).await?;
        }
        self.put_off(vec![course], failure, is_over).await
    }

    async fn bounds(&mut self, course: &Course) -> Result<(Offset, Offset), Failure> {
        let topic = self.find_topic().await.map_err(|absence| absence.failure)?;
        let partition = TopicPartition::new(topic.name.clone(), course.partition());
        let mut bounds = [0; 2];
        for (bound, at) in bounds.iter_mut().zip([OffsetAt::Earliest, OffsetAt::Latest]) {
            let wanted = [(partition.clone(), at)];
            let listed = offsets::list(&self.client, &wanted, std::slice::from_ref(&topic)).await;
            let offset = listed.into_values().next().unwrap_or(Ok(None)).map_err(|failure| *failure)?;
            let nothing = || Failure::new(FailureKind::NotFound, OPERATION, "the log's bounds are not known");
            *bound = offset.ok_or_else(nothing)?.offset;
        }
        let [start, end] = bounds;
        Ok((start, end))
    }
}

fn most_tries(courses: &[Course]) -> u32 {
    courses.iter().map(|course| course.tries).max().unwrap_or(0)
}

fn pause(tries: u32) -> Duration {
    match tries.checked_sub(1) {
        None => Duration::ZERO,
        Some(again) => FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(again)).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests;
