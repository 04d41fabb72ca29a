//! Writing many records that were read elsewhere, and where they were read, together.
//!
//! Owns: one librdkafka producer on a thread of its own, with a transactional id or
//! without. Records are queued in order; what was queued counts only once `commit`
//! said so.
//! Invariant: with a transactional id, either all records since the last commit are
//! there with their positions, or none of them is.

use super::{Complaint, Context, kind_of, settings};
use crate::domain::record::{Codec, Header};
use crate::domain::{Failure, FailureKind, GroupId, Offset, PartitionId, Time, TopicName, TopicPartition, WriteGrant};
use crate::kafka::wire::{Options, Sasl};
use bytes::Bytes;
use rdkafka::TopicPartitionList;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Header as HeaderOut, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use rdkafka::topic_partition_list::Offset as ListOffset;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

const OPERATION: &str = "send records again";
/// Calls that may wait for the producer's thread.
const QUEUE: usize = 4;
/// How long the cluster may take for one step of a transaction.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the thread waits for room in librdkafka's queue before it looks again.
const ROOM_POLL: Duration = Duration::from_millis(20);

/// A record to write. Its parts share the memory of the batch they were read in.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub topic: TopicName,
    /// `None`: by the key's hash as the Java client does it, without a key at random.
    pub partition: Option<PartitionId>,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
    /// `None`: that of now.
    pub timestamp: Option<Time>,
}

/// An offset to commit with the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub partition: TopicPartition,
    pub offset: Offset,
    pub metadata: String,
}

type Answer = oneshot::Sender<Result<(), Failure>>;

enum Job {
    Begin(Answer),
    Send(Vec<Parcel>, Answer),
    Commit(Vec<Position>, Answer),
    Abort(Answer),
}

/// A producer for one resend.
#[derive(Debug)]
pub struct Courier {
    jobs: mpsc::Sender<Job>,
}

impl Courier {
    /// Starts the producer's thread; it connects with [`Courier::begin`]. With `transaction`,
    /// its name is that of the transactional id and of the group that positions go to.
    pub fn start(options: &Options, transaction: Option<&GroupId>, codec: Codec) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new(FailureKind::Invalid, "prepare the producer", message);
        let mut config = rdkafka::ClientConfig::new();
        for (name, value) in settings::of(options).map_err(invalid)? {
            config.set(name, value);
        }
        // Many records come at once, and nobody waits for one of them.
        config
            .set("linger.ms", "5")
            .set("queue.buffering.max.messages", "200000")
            .set("queue.buffering.max.kbytes", "65536")
            // What the topic takes, the broker says.
            .set("message.max.bytes", "67108864")
            .set("compression.codec", codec.word())
            // Of those that are there nobody asks.
            .set("delivery.report.only.error", "true")
            .set("message.timeout.ms", "55000");
        if let Some(id) = transaction {
            config.set("transactional.id", id.as_str()).set("transaction.timeout.ms", "60000");
        }
        config.set_log_level(RDKafkaLogLevel::Warning);
        let token = match &options.security.sasl {
            Some(Sasl::OAuthBearer { token }) => Some(token.clone()),
            _ => None,
        };
        let complaint = Complaint::default();
        let lost = Lost::default();
        let context = Watching { inner: Context { complaint: Arc::clone(&complaint), token }, lost: Arc::clone(&lost) };
        let producer: BaseProducer<Watching> =
            BaseProducer::from_config_and_context(&config, context).map_err(|error| invalid(error.to_string()))?;
        let group = transaction.map(membership).transpose().map_err(|error| invalid(error.to_string()))?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let work = Work { producer, group, complaint, lost, is_open: false };
        std::thread::Builder::new()
            .name("courier".into())
            .spawn(move || work.serve(queue))
            .map_err(|error| invalid(format!("its thread cannot be started: {error}")))?;
        Ok(Self { jobs })
    }

    /// Makes the transactional id its own: what another producer of that id has open is
    /// aborted, and that producer can write no more.
    pub async fn begin(&self, _grant: &WriteGrant) -> Result<(), Failure> {
        self.ask(Job::Begin).await
    }

    /// Queues records in this order; waits while the queue is full.
    pub async fn send(&self, _grant: &WriteGrant, parcels: Vec<Parcel>) -> Result<(), Failure> {
        self.ask(|answer| Job::Send(parcels, answer)).await
    }

    /// Waits until all that was queued is there, and the positions with it where it has
    /// a transactional id.
    pub async fn commit(&self, _grant: &WriteGrant, positions: Vec<Position>) -> Result<(), Failure> {
        self.ask(|answer| Job::Commit(positions, answer)).await
    }

    /// Takes back what was queued since the last commit. Without a transactional id
    /// nothing can be taken back; what is under way is waited for.
    pub async fn abort(&self, _grant: &WriteGrant) -> Result<(), Failure> {
        self.ask(Job::Abort).await
    }

    async fn ask(&self, job: impl FnOnce(Answer) -> Job) -> Result<(), Failure> {
        let ended = || Failure::new(FailureKind::Cancelled, OPERATION, "the producer has ended");
        let (answer, told) = oneshot::channel();
        self.jobs.send(job(answer)).await.map_err(|_| ended())?;
        told.await.map_err(|_| ended())?
    }
}

/// Somebody who commits for a group without being in it.
fn membership(group: &GroupId) -> Result<ConsumerGroupMetadata, KafkaError> {
    // It never connects: it knows no broker.
    let consumer: BaseConsumer = rdkafka::ClientConfig::new()
        .set("group.id", group.as_str())
        .set_log_level(RDKafkaLogLevel::Critical)
        .create()?;
    consumer.group_metadata().ok_or_else(|| KafkaError::ClientCreation("the group has no metadata".into()))
}

/// The first record that could not be written since the last commit.
type Lost = Arc<Mutex<Option<(KafkaError, String)>>>;

struct Work {
    producer: BaseProducer<Watching>,
    group: Option<ConsumerGroupMetadata>,
    complaint: Complaint,
    lost: Lost,
    /// A transaction has begun.
    is_open: bool,
}

impl Work {
    /// Works until the last handle is gone. A transaction that is open then is left to
    /// the coordinator, which aborts it, or to the next producer of its id.
    fn serve(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            // Whoever gave up waiting does not want to know.
            let _ = match job {
                Job::Begin(answer) => answer.send(self.begin()),
                Job::Send(parcels, answer) => answer.send(self.send(&parcels)),
                Job::Commit(positions, answer) => answer.send(self.commit(&positions)),
                Job::Abort(answer) => answer.send(self.abort()),
            };
        }
    }

    fn begin(&self) -> Result<(), Failure> {
        match &self.group {
            Some(_) => self.patiently(|producer, left| producer.init_transactions(left)),
            None => Ok(()),
        }
    }

    fn send(&mut self, parcels: &[Parcel]) -> Result<(), Failure> {
        if self.group.is_some() && !self.is_open {
            self.producer.begin_transaction().map_err(|error| self.failure(&error))?;
            self.is_open = true;
        }
        for parcel in parcels {
            let mut waits_since = None;
            loop {
                match self.producer.send(record(parcel)) {
                    Ok(()) => break,
                    Err((KafkaError::MessageProduction(Code::QueueFull), _)) => {
                        self.producer.poll(ROOM_POLL);
                        self.check_lost()?;
                        if waits_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                            return Err(self.failure(&KafkaError::MessageProduction(Code::MessageTimedOut)));
                        }
                    }
                    Err((error, _)) => return Err(self.failure(&error).on(parcel.topic.as_str())),
                }
            }
        }
        self.producer.poll(Duration::ZERO);
        self.check_lost()
    }

    fn commit(&mut self, positions: &[Position]) -> Result<(), Failure> {
        let Some(group) = &self.group else {
            self.producer.flush(PATIENCE).map_err(|error| self.failure(&error))?;
            return self.check_lost();
        };
        if !self.is_open {
            self.producer.begin_transaction().map_err(|error| self.failure(&error))?;
        }
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for position in positions {
            let (topic, id) = (position.partition.topic.as_str(), position.partition.partition);
            list.add_partition_offset(topic, id, ListOffset::Offset(position.offset))
                .map_err(|error| self.failure(&error))?;
            if let Some(mut place) = list.find_partition(topic, id) {
                place.set_metadata(position.metadata.as_str());
            }
        }
        self.is_open = true;
        if !positions.is_empty() {
            self.patiently(|producer, left| producer.send_offsets_to_transaction(&list, group, left))?;
        }
        let committed = self.patiently(|producer, left| producer.commit_transaction(left));
        // What lost a record fails as a whole; which record that was says more.
        let committed = committed.and_then(|()| self.check_lost());
        if committed.is_ok() {
            self.is_open = false;
        }
        committed.map_err(|failure| self.take_lost().unwrap_or(failure))
    }

    fn abort(&mut self) -> Result<(), Failure> {
        if self.group.is_none() {
            return self.producer.flush(PATIENCE).map_err(|error| self.failure(&error));
        }
        if !self.is_open {
            return Ok(());
        }
        self.is_open = false;
        self.producer.purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        // What was purged must be told of before the transaction can be aborted.
        self.producer.flush(PATIENCE).map_err(|error| self.failure(&error))?;
        let aborted = self.patiently(|producer, left| producer.abort_transaction(left));
        // Records that were taken back are not lost.
        let _ = self.take_lost();
        aborted
    }

    /// Goes on with a step of a transaction that may be asked for again, for a while.
    fn patiently(
        &self,
        step: impl Fn(&BaseProducer<Watching>, Duration) -> Result<(), KafkaError>,
    ) -> Result<(), Failure> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match step(&self.producer, left) {
                Err(KafkaError::Transaction(error)) if error.is_retriable() && !left.is_zero() => {
                    self.producer.poll(ROOM_POLL);
                }
                result => return result.map_err(|error| self.failure(&error)),
            }
        }
    }

    fn check_lost(&self) -> Result<(), Failure> {
        self.take_lost().map_or(Ok(()), Err)
    }

    fn take_lost(&self) -> Option<Failure> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        lost.map(|(error, topic)| self.failure(&error).on(topic))
    }

    fn failure(&self, error: &KafkaError) -> Failure {
        let code = match error {
            KafkaError::Transaction(error) => Some(error.code()),
            other => other.rdkafka_error_code(),
        };
        if matches!(code, Some(Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)) {
            let message = "another klamm has gone on with this plan in the meantime";
            return Failure::new(FailureKind::Conflict, OPERATION, message);
        }
        let (kind, hint) = match code {
            Some(Code::TransactionalIdAuthorizationFailed) => {
                (FailureKind::Denied, "It needs WRITE on the transactional id; --at-least-once does without.")
            }
            Some(Code::GroupAuthorizationFailed) => {
                (FailureKind::Denied, "It needs READ on the group; --at-least-once does without.")
            }
            Some(Code::InvalidTimestamp) => (
                FailureKind::Invalid,
                "The topic takes no times that old (message.timestamp.before.max.ms): --timestamp now.",
            ),
            code => kind_of(code),
        };
        let mut message = match error {
            KafkaError::Transaction(error) => error.to_string(),
            _ => code.map_or_else(|| error.to_string(), |code| code.to_string()),
        };
        if kind == FailureKind::Timeout {
            let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(complaint) = complaint.as_ref() {
                message = format!("{message}; last error: {complaint}");
            }
        }
        let failure = Failure::new(kind, OPERATION, message);
        if hint.is_empty() { failure } else { failure.hint(hint) }
    }
}

fn record(parcel: &Parcel) -> BaseRecord<'_, [u8], [u8]> {
    let mut record = BaseRecord::<[u8], [u8]>::to(parcel.topic.as_str());
    record.partition = parcel.partition;
    record.key = parcel.key.as_deref();
    record.payload = parcel.value.as_deref();
    record.timestamp = parcel.timestamp.map(Time::millis);
    if !parcel.headers.is_empty() {
        let mut headers = OwnedHeaders::new_with_capacity(parcel.headers.len());
        for Header { name, value } in &parcel.headers {
            headers = headers.insert(HeaderOut { key: name, value: value.as_deref() });
        }
        record.headers = Some(headers);
    }
    record
}

/// Remembers what became of records that could not be written.
struct Watching {
    inner: Context,
    lost: Lost,
}

impl ClientContext for Watching {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.inner.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.inner.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.inner.generate_oauth_token(config)
    }
}

impl ProducerContext for Watching {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        use rdkafka::Message as _;
        if let Err((error, message)) = result {
            let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            lost.get_or_insert_with(|| (error.clone(), message.topic().to_owned()));
        }
    }
}
