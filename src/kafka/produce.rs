//! Writing records, through librdkafka.
//!
//! Owns: the one producer of a cluster, on a thread of its own: creating,
//! queueing and dropping it block, and none of that may hold up the runtime.
//! Must not know: profiles, decoding, where a record comes from.
//! Invariant: nothing is written without a grant, no topic is created by
//! writing to it, and every record ends with its position or a [`Failure`].

mod courier;
mod settings;

pub use courier::{Courier, Parcel, Position};

use crate::domain::produce::{Delivery, NewRecord};
use crate::domain::{Failure, FailureKind, Offset, PartitionId, Time, TopicName, WriteGrant};
use crate::kafka::wire::{Options, Sasl};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord};
use secrecy::{ExposeSecret as _, SecretString};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

const OPERATION: &str = "write a record";
/// Calls that may wait for the producer's thread.
const QUEUE: usize = 4;
/// A static token has no lifetime that we know: the year 2100.
const TOKEN_LIFETIME_MS: i64 = 4_102_444_800_000;

struct Job {
    records: Vec<NewRecord>,
    queued: oneshot::Sender<(Vec<DeliveryFuture>, Option<KafkaError>)>,
}

/// What librdkafka last complained about; a time-out alone says too little.
type Complaint = Arc<Mutex<Option<String>>>;

/// A producer of one topic, for records that are handed over in one way.
#[derive(Debug)]
pub struct Producer {
    topic: TopicName,
    jobs: mpsc::Sender<Job>,
    complaint: Complaint,
}

impl Producer {
    /// Starts the producer. It connects by itself, later; this fails only for
    /// settings that cannot be used. Blocks for some milliseconds. `most` is the size of
    /// a batch that the topic takes, in bytes.
    pub fn new(options: &Options, topic: TopicName, delivery: &Delivery, most: Option<u64>) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new(FailureKind::Invalid, "prepare the producer", message);
        let mut config = rdkafka::ClientConfig::new();
        let how = settings::of_delivery(delivery, most);
        for (name, value) in settings::of(options).map_err(invalid)?.into_iter().chain(how) {
            config.set(name, value);
        }
        config.set_log_level(RDKafkaLogLevel::Warning);
        let complaint = Complaint::default();
        let token = match &options.security.sasl {
            Some(Sasl::OAuthBearer { token }) => Some(token.clone()),
            _ => None,
        };
        let context = Context { complaint: Arc::clone(&complaint), token };
        let producer: FutureProducer<Context> =
            config.create_with_context(context).map_err(|error| invalid(error.to_string()))?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let target = topic.clone();
        std::thread::Builder::new()
            .name("producer".into())
            .spawn(move || serve(&producer, &target, queue))
            .map_err(|error| invalid(format!("its thread cannot be started: {error}")))?;
        Ok(Self { topic, jobs, complaint })
    }

    /// Hands records over, behind those before them, up to the first that is refused. What
    /// is given back for each waits until the cluster has it: partition and offset, which
    /// nobody tells with acks 0.
    pub async fn queue(
        &self,
        _grant: &WriteGrant,
        records: Vec<NewRecord>,
    ) -> (Vec<impl Future<Output = Result<(PartitionId, Option<Offset>), Failure>> + Send + '_>, Option<Failure>) {
        let (queued, answer) = oneshot::channel();
        let is_taken = self.jobs.send(Job { records, queued }).await.is_ok();
        let answer = if is_taken { answer.await.ok() } else { None };
        let refused = match &answer {
            None => Some(self.ended()),
            Some((_, refused)) => refused.as_ref().map(|error| self.failure(error)),
        };
        let wait = |delivery: DeliveryFuture| async move {
            match delivery.await.map_err(|_| self.ended())? {
                Ok(delivered) => Ok((delivered.partition, Some(delivered.offset).filter(|offset| *offset >= 0))),
                Err((error, _)) => Err(self.failure(&error)),
            }
        };
        (answer.into_iter().flat_map(|(deliveries, _)| deliveries).map(wait).collect(), refused)
    }

    fn ended(&self) -> Failure {
        Failure::new(FailureKind::Cancelled, OPERATION, "the producer has ended").on(self.topic.as_str())
    }

    fn failure(&self, error: &KafkaError) -> Failure {
        let code = error.rdkafka_error_code();
        let (kind, hint) = kind_of(code);
        let mut message = code.map_or_else(|| error.to_string(), |code| code.to_string());
        if kind == FailureKind::Timeout {
            let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(complaint) = complaint.as_ref() {
                message = format!("{message}; last error: {complaint}");
            }
        }
        let failure = Failure::new(kind, OPERATION, message).on(self.topic.as_str());
        if hint.is_empty() { failure } else { failure.hint(hint) }
    }
}

/// Queues records until the last handle is gone; then the producer is dropped
/// here, where its waiting disturbs nobody.
fn serve(producer: &FutureProducer<Context>, topic: &TopicName, mut queue: mpsc::Receiver<Job>) {
    while let Some(Job { records, queued }) = queue.blocking_recv() {
        let (mut deliveries, mut refused) = (Vec::with_capacity(records.len()), None);
        for record in &records {
            match producer.send_result(outgoing(topic, record)) {
                Ok(delivery) => deliveries.push(delivery),
                Err((error, _)) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        // Whoever gave up waiting does not want to know.
        let _ = queued.send((deliveries, refused));
    }
}

fn outgoing<'a>(topic: &'a TopicName, record: &'a NewRecord) -> FutureRecord<'a, [u8], [u8]> {
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
    for (key, value) in &record.headers {
        headers = headers.insert(Header { key, value: value.as_deref() });
    }
    FutureRecord {
        topic: topic.as_str(),
        partition: record.partition,
        payload: record.value.as_deref(),
        key: record.key.as_deref(),
        timestamp: record.timestamp.map(Time::millis),
        headers: Some(headers),
    }
}

fn kind_of(code: Option<Code>) -> (FailureKind, &'static str) {
    use FailureKind::{Auth, Conflict, Denied, Invalid, NotFound, Timeout, Unreachable};
    match code {
        Some(Code::MessageTimedOut | Code::OperationTimedOut | Code::RequestTimedOut) => {
            (Timeout, "The record may or may not have been written: look before you send it again.")
        }
        Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => (NotFound, "It may have been deleted."),
        Some(Code::UnknownPartition) => (NotFound, "The topic has no such partition."),
        Some(Code::TopicAuthorizationFailed) => (Denied, "It needs WRITE on the topic."),
        Some(Code::ClusterAuthorizationFailed) => {
            (Denied, "Before Kafka 2.8 it needs IDEMPOTENT_WRITE on the cluster.")
        }
        Some(Code::Authentication | Code::SaslAuthenticationFailed) => (Auth, "Check user and password."),
        Some(Code::MessageSizeTooLarge) => (Invalid, "The topic's max.message.bytes is smaller than the record."),
        Some(Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend) => {
            (Unreachable, "Fewer replicas are in sync than min.insync.replicas asks for.")
        }
        Some(Code::AllBrokersDown | Code::BrokerTransportFailure | Code::Resolve) => (Unreachable, ""),
        Some(Code::QueueFull) => (Conflict, "Wait until earlier records are written."),
        _ => (Invalid, ""),
    }
}

struct Context {
    complaint: Complaint,
    token: Option<SecretString>,
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "librdkafka");
    }

    fn error(&self, _: KafkaError, reason: &str) {
        *self.complaint.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        let token = self.token.as_ref().ok_or("the profile has no token")?;
        Ok(OAuthToken {
            token: token.expose_secret().to_owned(),
            // Only for librdkafka's log; the broker reads the token.
            principal_name: "klamm".to_owned(),
            lifetime_ms: TOKEN_LIFETIME_MS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::wire::Security;
    use futures::future::join_all;
    use rdkafka::mocking::MockCluster;
    use std::time::Duration;

    fn options(bootstrap: &str) -> Options {
        let (host, port) = bootstrap.split_once(':').unwrap();
        Options {
            bootstrap: vec![crate::kafka::wire::Endpoint::new(host, port.parse().unwrap())],
            security: Security::default(),
            client_id: "klamm-test".into(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
        }
    }

    fn record(partition: Option<PartitionId>, key: Option<&str>) -> NewRecord {
        NewRecord {
            timestamp: Some(Time(5)),
            partition,
            key: key.map(|key| key.as_bytes().to_vec()),
            value: Some(b"v".to_vec()),
            headers: vec![("h".into(), Some(b"1".to_vec())), ("h".into(), None)],
        }
    }

    fn on_a_cluster() -> (MockCluster<'static, rdkafka::producer::DefaultProducerContext>, Producer) {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("orders", 3, 1).unwrap();
        let producer = Producer::new(
            &options(cluster.bootstrap_servers().split(',').next().unwrap()),
            "orders".into(),
            &Delivery::default(),
            Some(1_048_588),
        )
        .unwrap();
        (cluster, producer)
    }

    #[tokio::test]
    async fn a_record_ends_with_its_position() {
        let (_cluster, producer) = on_a_cluster();
        let grant = WriteGrant::issue();
        let send = async |records| {
            let (deliveries, refused) = producer.queue(&grant, records).await;
            assert_eq!(refused, None);
            join_all(deliveries).await
        };
        let two = send(vec![record(Some(2), None), record(Some(2), None)]).await;
        assert_eq!(two, [Ok((2, Some(0))), Ok((2, Some(1)))]);
        // murmur2("21") is -973932308; with the sign bit cleared, modulo 3.
        let by_key = send(vec![record(None, Some("21"))]).await.remove(0).unwrap();
        assert_eq!(i64::from(by_key.0), ((-973_932_308_i64) & 0x7fff_ffff) % 3);
    }

    #[tokio::test]
    async fn a_partition_that_is_not_there_is_a_failure() {
        let (_cluster, producer) = on_a_cluster();
        let grant = WriteGrant::issue();
        let records = vec![record(Some(2), None), record(Some(9), None), record(Some(2), None)];
        let (deliveries, refused) = producer.queue(&grant, records).await;
        let mut told = join_all(deliveries).await;
        assert_eq!(told.remove(0), Ok((2, Some(0))));
        // Told at once where the partitions are known already, else when they are.
        let failure = refused.unwrap_or_else(|| told.remove(0).unwrap_err());
        assert_eq!(failure.kind, FailureKind::NotFound, "{failure}");
        assert!(failure.hint.is_some() && failure.target == "orders");
    }
}
