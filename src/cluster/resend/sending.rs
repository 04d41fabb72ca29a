//! Sending what is wanted of pinned ranges again.
//!
//! Owns: the pace, when a transaction ends, and stopping.
//! Invariant: a position is committed only with, or behind, every wanted record before
//! it; in a partition records keep their order.

use super::mapping::Mapper;
use super::reader::Reader;
use super::{OPERATION, positions, ranges_of, total};
use crate::cluster::apply::Board;
use crate::cluster::{Cluster, Metadata, lock, settings};
use crate::domain::dead_letter;
use crate::domain::plan::{Plan, Severity, StepStatus, Warning};
use crate::domain::record::{Codec, Header, Record};
use crate::domain::resend::{Delivery, Destination, Headers, Placing, REDRIVEN, Reached, Resend, SourceRange, Stamp};
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName, WriteGrant, show};
use crate::kafka::admin;
use crate::kafka::produce::{Courier, Parcel};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A transaction stays open no longer: until it ends, readers of what is committed wait.
/// Each end waits for the brokers, so that more of them would take longer.
const LONGEST: Duration = Duration::from_secs(1);
/// With a rate, so many parts of a second are sent at once.
const PARTS: u64 = 20;
/// How long committed positions may take to show before the group is left as it is.
const SHOWS_WITHIN: Duration = Duration::from_secs(10);
pub(super) const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// A resend under way.
#[derive(Debug)]
pub struct Sending {
    pub plan_id: String,
    /// Offsets that are gone through.
    pub offsets: u64,
    sent: AtomicU64,
    passed: AtomicU64,
    stop: CancellationToken,
}

impl Sending {
    /// Records that are there for good.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Offsets that are done with.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// Ends it behind the records that are there; the plan can be gone on with.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

pub(in crate::cluster) type Sendings = Vec<Arc<Sending>>;

/// What came of it.
pub(in crate::cluster) struct Sent {
    pub(in crate::cluster) notes: Vec<Warning>,
    /// How far each step has come.
    pub(in crate::cluster) reached: Vec<Reached>,
}

impl Cluster {
    /// What is sent again from here at the moment.
    pub fn sendings(&self) -> Vec<Arc<Sending>> {
        lock(&self.inner.sendings).clone()
    }

    /// Sends what the plan says. Statuses are on the board when it returns.
    pub(in crate::cluster) async fn send_again(
        &self,
        source: &Cluster,
        plan: &Plan,
        resend: &Resend,
        grant: &WriteGrant,
        board: &mut Board,
    ) -> Sent {
        let ranges = ranges_of(plan);
        let sending = Arc::new(Sending {
            plan_id: plan.id.clone(),
            offsets: ranges.iter().map(SourceRange::offsets).sum(),
            sent: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            stop: CancellationToken::new(),
        });
        lock(&self.inner.sendings).push(Arc::clone(&sending));
        let begins = |range: &SourceRange| Reached { next: range.from, sent: range.sent_before };
        let mut run = Run {
            target: self,
            source,
            plan,
            resend,
            grant,
            reached: ranges.iter().map(begins).collect(),
            committed: ranges.iter().map(begins).collect(),
            ranges,
            board,
            sending: Arc::clone(&sending),
            notes: Vec::new(),
            open: Open::default(),
            topics: BTreeSet::new(),
            without_origin: 0,
            no_topic: BTreeMap::new(),
        };
        let ended = run.go().await;
        let sent = run.end(ended).await;
        lock(&self.inner.sendings).retain(|other| !Arc::ptr_eq(other, &sending));
        sent
    }

    /// Reads the positions of a plan that is done back, and deletes the group that held
    /// them; what keeps it from that is said.
    pub(in crate::cluster) async fn give_up_positions(
        &self,
        plan: &Plan,
        resend: &Resend,
        reached: &[Reached],
        grant: &WriteGrant,
    ) -> Option<Warning> {
        let group = &resend.positions;
        let note = |text: String| Some(Warning::new(Severity::Note, text));
        if reached.iter().all(|reached| reached.sent == 0) {
            return None;
        }
        let ranges = ranges_of(plan);
        let until = Instant::now() + SHOWS_WITHIN;
        loop {
            let shows = |kept: &[(usize, Reached)]| kept.iter().all(|(step, kept)| reached.get(*step) == Some(kept));
            match self.reached(resend, &ranges).await {
                Ok(kept) if !kept.is_empty() && shows(&kept) => break,
                Ok(_) | Err(_) if Instant::now() < until && resend.delivery == Delivery::ExactlyOnce => {
                    tokio::time::sleep(LOOK_PAUSE).await;
                }
                Ok(_) => return note(format!("group {group} does not show the last positions yet and is left")),
                Err(failure) => {
                    return note(format!("the positions cannot be read back, and group {group} is left: {failure}"));
                }
            }
        }
        let deleted = admin::groups::delete(self.client(), grant, std::slice::from_ref(group)).await;
        let failure = deleted.into_iter().find_map(Result::err)?;
        note(format!("group {group} held the positions and is left: {failure}"))
    }
}

/// What was queued since the last commit.
#[derive(Default)]
struct Open {
    /// When the first record was.
    since: Option<Instant>,
    /// Steps whose positions moved, in order.
    changed: Vec<usize>,
}

/// Why sending ended before its end.
enum Cut {
    Stopped,
    /// Nothing of what was queued last is there.
    Failed(Failure),
    /// What was queued last may be there.
    Unknown(Failure),
}

struct Run<'a> {
    target: &'a Cluster,
    source: &'a Cluster,
    plan: &'a Plan,
    resend: &'a Resend,
    grant: &'a WriteGrant,
    ranges: Vec<SourceRange>,
    /// As queued.
    reached: Vec<Reached>,
    /// As committed.
    committed: Vec<Reached>,
    board: &'a mut Board,
    sending: Arc<Sending>,
    notes: Vec<Warning>,
    open: Open,
    /// Where records were sent.
    topics: BTreeSet<TopicName>,
    /// Letters that do not say where they failed.
    without_origin: u64,
    /// Letters whose topic is not there, by its name.
    no_topic: BTreeMap<TopicName, u64>,
}

impl Run<'_> {
    async fn go(&mut self) -> Result<(), Cut> {
        let mut reader = Reader::new(self.source, self.resend, &self.ranges).map_err(Cut::Failed)?;
        let metadata = self.target.known_metadata().await.map_err(Cut::Failed)?;
        let (source, target) = (self.source, self.target);
        let mut mapper = self.resend.registries.as_ref().and_then(|_| Mapper::of(source, target));
        let options = settings::wire_options(self.target.profile()).map_err(Cut::Failed)?;
        let mut courier: Option<Courier> = None;
        let began = Instant::now();
        let mut pace = tokio::time::interval_at(began + LONGEST, LONGEST);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let stop = self.sending.stop.clone();
        // A plan that goes on must find the last one of its id ended, before positions are believed.
        if self.plan.finishes.is_some() {
            courier = Some(self.begin(&options, Codec::None).await?);
            self.catch_up().await.map_err(Cut::Failed)?;
        }
        let mut sent: u64 = 0;
        let limit = self.resend.limit.map_or(u64::MAX, |limit| limit.saturating_sub(total(&self.reached)));
        loop {
            let read = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.commit(courier.as_ref()).await?;
                    return Err(Cut::Stopped);
                }
                _ = pace.tick(), if !self.open.changed.is_empty() => {
                    self.commit(courier.as_ref()).await?;
                    continue;
                }
                read = reader.next() => read,
            };
            let read = match read {
                Ok(Some(read)) => read,
                Ok(None) => break,
                Err(failure) => {
                    self.commit(courier.as_ref()).await?;
                    return Err(Cut::Failed(failure));
                }
            };
            let mut records = read.records.into_iter().peekable();
            while records.peek().is_some() && sent < limit {
                let codec = records.peek().map_or(Codec::None, |record| record.batch.codec);
                let at_once = self.resend.rate.map_or(u64::MAX, |rate| (rate / PARTS).max(1)).min(limit - sent);
                let mut parcels = Vec::new();
                for record in records.by_ref() {
                    let (step, next) = (read.step, record.offset.saturating_add(1));
                    // What was committed by the run before is not sent a second time.
                    if self.reached.get(step).is_some_and(|reached| reached.next >= next) {
                        continue;
                    }
                    let parcel = self.parcel(record, &metadata, mapper.as_mut()).await;
                    let parcel = match parcel {
                        Ok(parcel) => parcel,
                        Err(failure) => {
                            self.queue(courier.as_ref(), parcels).await?;
                            self.commit(courier.as_ref()).await?;
                            return Err(Cut::Failed(failure));
                        }
                    };
                    self.advance(step, next, u64::from(parcel.is_some()));
                    parcels.extend(parcel);
                    if parcels.len() as u64 >= at_once {
                        break;
                    }
                }
                sent += parcels.len() as u64;
                if courier.is_none() && !parcels.is_empty() {
                    courier = Some(self.begin(&options, codec).await?);
                }
                self.queue(courier.as_ref(), parcels).await?;
                if let Some(rate) = self.resend.rate {
                    let due = began + Duration::from_secs_f64(sent as f64 / rate as f64);
                    self.wait(due, courier.as_ref(), &stop).await?;
                }
                if stop.is_cancelled() {
                    break;
                }
            }
            if sent >= limit {
                break;
            }
            if !stop.is_cancelled() {
                read.passed.into_iter().for_each(|(step, next)| self.advance(step, next, 0));
            }
        }
        self.commit(courier.as_ref()).await?;
        self.notes.extend(reader.said());
        Ok(())
    }

    async fn begin(&self, options: &crate::kafka::wire::Options, codec: Codec) -> Result<Courier, Cut> {
        let transaction = (self.resend.delivery == Delivery::ExactlyOnce).then_some(&self.resend.positions);
        let courier = Courier::start(options, transaction, codec).map_err(Cut::Failed)?;
        courier.begin(self.grant).await.map_err(Cut::Failed)?;
        Ok(courier)
    }

    /// A transaction that was ending when the plan was made may have ended since.
    async fn catch_up(&mut self) -> Result<(), Failure> {
        for (index, now) in self.target.reached(self.resend, &self.ranges).await? {
            for places in [&mut self.reached, &mut self.committed] {
                if let Some(place) = places.get_mut(index)
                    && now.next > place.next
                {
                    *place = now;
                }
            }
        }
        Ok(())
    }

    fn advance(&mut self, step: usize, next: Offset, sent: u64) {
        let Some(reached) = self.reached.get_mut(step) else { return };
        if next > reached.next || sent > 0 {
            reached.next = reached.next.max(next);
            reached.sent += sent;
            if let Err(place) = self.open.changed.binary_search(&step) {
                self.open.changed.insert(place, step);
            }
        }
    }

    /// The record as it is sent; `None` where there is nowhere to send it.
    async fn parcel(
        &mut self,
        record: Record,
        metadata: &Metadata,
        mapper: Option<&mut Mapper<'_>>,
    ) -> Result<Option<Parcel>, Failure> {
        let (topic, partition) = match &self.resend.to {
            Destination::Topic { topic, .. } => (topic.clone(), record.partition),
            Destination::Same => (record.topic.clone(), record.partition),
            Destination::Origin => match self.origin(&record, metadata) {
                Some(place) => place,
                None => return Ok(None),
            },
        };
        let fits = metadata.topic(topic.as_str()).is_some_and(|topic| topic.partition(partition).is_some());
        let partition = (self.resend.partition == Placing::Kept && fits).then_some(partition);
        let headers = self.headers(&record);
        let (key, value) = (record.key.clone(), record.value.clone());
        let timestamp = (self.resend.timestamp == Stamp::Kept).then_some(record.timestamp);
        let mut parcel = Parcel { topic, partition, key, value, headers, timestamp };
        if let Some(mapper) = mapper {
            mapper.map(&mut parcel, &record).await?;
        }
        if !self.topics.contains(&parcel.topic) {
            self.topics.insert(parcel.topic.clone());
        }
        Ok(Some(parcel))
    }

    fn origin(&mut self, record: &Record, metadata: &Metadata) -> Option<(TopicName, PartitionId)> {
        let source = dead_letter::read(&record.headers).map(|letter| letter.source);
        let Some(topic) = source.as_ref().and_then(|source| source.topic.clone()) else {
            self.without_origin += 1;
            return None;
        };
        if metadata.topic(topic.as_str()).is_none() {
            *self.no_topic.entry(topic).or_default() += 1;
            return None;
        }
        // Without a partition of its own the key decides: no topic has this one.
        Some((topic, source.and_then(|source| source.partition).unwrap_or(PartitionId::MAX)))
    }

    fn headers(&self, record: &Record) -> Vec<Header> {
        let mark = || Header {
            name: REDRIVEN.into(),
            value: Some(
                format!("{} {}:{}@{}", self.resend.positions, record.topic, record.partition, record.offset).into(),
            ),
        };
        match self.resend.headers {
            Headers::Kept => record.headers.clone(),
            Headers::KeptAndMarked => record.headers.iter().cloned().chain([mark()]).collect(),
            Headers::WithoutErrors => {
                let own = |header: &&Header| !dead_letter::is_error_header(&header.name);
                record.headers.iter().filter(own).cloned().chain([mark()]).collect()
            }
        }
    }

    async fn queue(&mut self, courier: Option<&Courier>, parcels: Vec<Parcel>) -> Result<(), Cut> {
        let Some(courier) = courier.filter(|_| !parcels.is_empty()) else { return Ok(()) };
        self.open.since.get_or_insert_with(Instant::now);
        match courier.send(self.grant, parcels).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.taken_back(courier, failure).await),
        }
    }

    /// What was queued is taken back, where that is possible.
    async fn taken_back(&mut self, courier: &Courier, failure: Failure) -> Cut {
        let aborted = courier.abort(self.grant).await;
        match (&self.resend.delivery, aborted) {
            // An open transaction shows nothing to who reads what is committed.
            (Delivery::ExactlyOnce, _) => Cut::Failed(failure),
            (Delivery::AtLeastOnce { .. }, _) => Cut::Unknown(failure),
        }
    }

    /// Waits for its turn, and lets no transaction stand open meanwhile.
    async fn wait(&mut self, due: Instant, courier: Option<&Courier>, stop: &CancellationToken) -> Result<(), Cut> {
        loop {
            if self.open.since.is_some_and(|since| since.elapsed() >= LONGEST) {
                self.commit(courier).await?;
            }
            let until = due.min(Instant::now() + LONGEST);
            if until <= Instant::now() {
                return Ok(());
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Makes what was queued count, and the positions with it.
    async fn commit(&mut self, courier: Option<&Courier>) -> Result<(), Cut> {
        // Without one nothing was sent yet: there is nothing that must not be sent again.
        let Some(courier) = courier else {
            self.counts();
            return Ok(());
        };
        if self.open.changed.is_empty() {
            return Ok(());
        }
        let rows = positions::to_commit(self.resend, &self.ranges, &self.reached, &self.open.changed);
        let is_transaction = self.resend.delivery == Delivery::ExactlyOnce;
        let committed = courier.commit(self.grant, if is_transaction { rows.clone() } else { Vec::new() }).await;
        match committed {
            Ok(()) => {}
            Err(failure) if failure.is_transient() => return Err(Cut::Unknown(failure)),
            Err(failure) => return Err(self.taken_back(courier, failure).await),
        }
        if !is_transaction {
            self.keep_positions(rows).await;
        }
        self.counts();
        let done = self.whole().into_iter().filter(|step| self.board.of(*step) != Some(&StepStatus::Done));
        let done = done.map(|step| (step, StepStatus::Done)).collect();
        self.board.settle(done).await;
        Ok(())
    }

    /// What was queued is there.
    fn counts(&mut self) {
        self.committed.clone_from(&self.reached);
        self.open = Open::default();
        let passed =
            self.ranges.iter().zip(&self.committed).map(|(range, reached)| reached.next.saturating_sub(range.from));
        let passed = passed.map(|passed| u64::try_from(passed).unwrap_or(0)).sum();
        self.sending.passed.store(passed, Ordering::Relaxed);
        self.sending.sent.store(total(&self.committed), Ordering::Relaxed);
    }

    /// Steps that have come to their ends.
    fn whole(&self) -> Vec<usize> {
        let is_whole = |(range, reached): &(&SourceRange, &Reached)| reached.next >= range.to;
        let steps = self.ranges.iter().zip(&self.committed).enumerate();
        steps.filter(|(_, step)| is_whole(step)).map(|(index, _)| index).collect()
    }

    /// Without a transaction positions follow behind the records.
    async fn keep_positions(&mut self, rows: Vec<crate::kafka::produce::Position>) {
        let row = |position: crate::kafka::produce::Position| admin::offsets::CommitRow {
            partition: position.partition,
            offset: position.offset,
            leader_epoch: -1,
            metadata: position.metadata,
        };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        let answers = admin::offsets::commit(self.target.client(), self.grant, &self.resend.positions, &rows).await;
        if let Some(failure) = answers.into_iter().find_map(Result::err) {
            let note = Warning::new(
                Severity::Warning,
                format!("positions are not kept, so going on would send from the start again: {failure}"),
            );
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// Settles every step, and says what happened.
    async fn end(mut self, ended: Result<(), Cut>) -> Sent {
        let whole = self.whole();
        let is_limited = self.resend.limit.is_some_and(|limit| total(&self.committed) >= limit);
        let id = &self.plan.id;
        let rest = match &ended {
            Ok(()) => StepStatus::Done,
            Err(Cut::Stopped) => StepStatus::Failed(
                Failure::new(FailureKind::Cancelled, OPERATION, "it was stopped")
                    .hint(format!("klamm records resend --resume {id} goes on.")),
            ),
            Err(Cut::Failed(failure)) => StepStatus::Failed(failure.clone()),
            Err(Cut::Unknown(failure)) => StepStatus::Unknown(failure.clone()),
        };
        let settled = (0..self.ranges.len())
            .map(|step| (step, if whole.contains(&step) { StepStatus::Done } else { rest.clone() }));
        let settled = settled.collect();
        self.board.settle(settled).await;
        let total = total(&self.committed);
        let records = show::plural(total, "record");
        let said = match &ended {
            Ok(()) if is_limited => Warning::new(Severity::Fine, format!("{records} sent: the limit is reached")),
            Ok(()) => Warning::new(Severity::Fine, format!("{records} sent")),
            Err(_) => {
                Warning::new(Severity::Warning, format!("{records} sent; klamm records resend --resume {id} goes on"))
            }
        };
        self.notes.insert(0, said);
        if ended.is_ok() && self.resend.delivery == Delivery::ExactlyOnce {
            self.notes.extend(self.target.wait_until_seen(&self.topics).await);
        }
        if self.without_origin > 0 {
            let letters = show::count(self.without_origin);
            let text = format!("{letters} not sent: their headers do not say where they failed");
            self.notes.push(Warning::new(Severity::Warning, text));
        }
        for (topic, letters) in std::mem::take(&mut self.no_topic) {
            let text = format!("{} not sent: topic {topic} is not there", show::count(letters));
            self.notes.push(Warning::new(Severity::Warning, text));
        }
        Sent { notes: self.notes, reached: self.committed }
    }
}
