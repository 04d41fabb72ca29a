//! The independent witness: librdkafka, which knows nothing of our wire.
//!
//! It seeds what the checks look at, and looks at what the checks changed.

use crate::patience::{LONG, SHORT, until};
use crate::target::Target;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// One record to be written.
#[derive(Clone, Debug, Default)]
pub struct Seed<'a> {
    pub partition: i32,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: Vec<(&'a str, Option<&'a [u8]>)>,
    pub timestamp: Option<i64>,
}

/// One record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
}

impl Seen {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        Self {
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
        }
    }
}

/// Keeps what librdkafka reports aside: it says the cause of a failure only there.
#[derive(Clone, Default)]
pub struct Ear {
    heard: Arc<Mutex<Vec<String>>>,
    /// Records that were not written, each with the reason.
    lost: Arc<Mutex<Vec<String>>>,
}

impl Ear {
    fn hear(&self, what: String) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub fn heard(&self) -> String {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).join("; ")
    }
}

impl ClientContext for Ear {
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.hear(format!("{error}: {reason}"));
    }
}

impl ConsumerContext for Ear {}

impl ProducerContext for Ear {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            let what = format!("{}:{} was not written: {error}", message.topic(), message.partition());
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).push(what);
        }
    }
}

pub struct Witness {
    config: ClientConfig,
    consumer: BaseConsumer<Ear>,
}

impl Witness {
    pub fn new(target: &Target) -> Self {
        let config = target.witness_config();
        let consumer = config.create_with_context(Ear::default()).expect("librdkafka takes these settings");
        Self { config, consumer }
    }

    /// How many brokers the cluster lists, or what went wrong.
    pub fn brokers(&self) -> Result<usize, String> {
        let metadata = self.consumer.fetch_metadata(None, Duration::from_secs(2)).map_err(|error| self.why(&error))?;
        Ok(metadata.brokers().len())
    }

    pub fn topics(&self) -> Result<Vec<String>, String> {
        let metadata = self.consumer.fetch_metadata(None, SHORT).map_err(|error| self.why(&error))?;
        Ok(metadata.topics().iter().map(|topic| topic.name().to_owned()).collect())
    }

    /// Partitions of a topic whose leader is known.
    pub fn partitions(&self, topic: &str) -> Result<usize, String> {
        let metadata = self.consumer.fetch_metadata(Some(topic), SHORT).map_err(|error| self.why(&error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        Ok(found.map_or(0, |found| found.partitions().iter().filter(|part| part.leader() >= 0).count()))
    }

    /// The broker that leads a partition.
    pub fn leader(&self, topic: &str, partition: i32) -> Result<i32, String> {
        let metadata = self.consumer.fetch_metadata(Some(topic), SHORT).map_err(|error| self.why(&error))?;
        metadata
            .topics()
            .iter()
            .flat_map(|found| found.partitions())
            .find(|found| found.id() == partition)
            .map(|found| found.leader())
            .ok_or_else(|| format!("{topic}:{partition} is not listed"))
    }

    fn admin(&self) -> AdminClient<Ear> {
        self.config.create_with_context(Ear::default()).expect("librdkafka takes these settings")
    }

    fn why(&self, error: &KafkaError) -> String {
        // Causes arrive as events, and events are handed over inside poll.
        while let Some(event) = self.consumer.poll(Duration::ZERO) {
            if let Err(event) = event {
                self.consumer.context().hear(event.to_string());
            }
        }
        format!("{error} ({})", self.consumer.context().heard())
    }

    /// Creates a topic and waits until all its partitions have leaders.
    pub fn create_topic(&self, name: &str, partitions: i32, replication: i32, configs: &[(&str, &str)]) {
        let admin = self.admin();
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replication));
        for (name, value) in configs {
            topic = topic.set(name, value);
        }
        let options = AdminOptions::new().request_timeout(Some(SHORT)).operation_timeout(Some(SHORT));
        let results = runtime().block_on(admin.create_topics([&topic], &options)).expect("the request is answered");
        for result in results {
            result.unwrap_or_else(|(topic, error)| panic!("cannot create {topic}: {error}"));
        }
        until(&format!("leaders of {name}"), SHORT, || {
            let led = self.partitions(name)?;
            if led == usize::try_from(partitions).unwrap_or(0) { Ok(()) } else { Err(format!("{led} have one")) }
        });
    }

    pub fn delete_topic(&self, name: &str) {
        let admin = self.admin();
        let options = AdminOptions::new().request_timeout(Some(SHORT)).operation_timeout(Some(SHORT));
        let results = runtime().block_on(admin.delete_topics(&[name], &options)).expect("the request is answered");
        for result in results {
            result.unwrap_or_else(|(topic, error)| panic!("cannot delete {topic}: {error}"));
        }
    }

    /// Deletes the records below `offset`, as retention would.
    pub fn delete_records(&self, topic: &str, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("a plain offset");
        let options = AdminOptions::new().request_timeout(Some(SHORT)).operation_timeout(Some(SHORT));
        runtime().block_on(self.admin().delete_records(&list, &options)).expect("the records are deleted");
    }

    /// A producer that writes in transactions. It is the newest of its id now.
    pub fn transactional(&self, id: &str) -> Transactional {
        let mut config = self.config.clone();
        config.set("transactional.id", id);
        let producer: BaseProducer<Ear> =
            config.create_with_context(Ear::default()).expect("librdkafka takes these settings");
        producer.init_transactions(SHORT).expect("transactions are offered");
        Transactional { producer }
    }

    /// Writes one record in a transaction that is aborted, then one in a
    /// transaction that is committed.
    pub fn produce_in_transactions(&self, topic: &str, aborted: &[u8], committed: &[u8]) {
        let writer = self.transactional(&format!("witness-{topic}"));
        writer.begin_with(topic, &[aborted]);
        writer.abort();
        writer.begin_with(topic, &[committed]);
        writer.commit().expect("the transaction ends");
    }

    /// Sends offsets of a group as a part of the writer's open transaction.
    pub fn send_offsets(&self, writer: &Transactional, group: &str, topic: &str, offsets: &[(i32, i64)]) {
        let group = self.in_group(group).group_metadata().expect("a consumer with a group knows it");
        let list = offset_list(topic, offsets);
        writer.producer.send_offsets_to_transaction(&list, &group, SHORT).expect("the offsets are taken");
    }

    /// Writes the records in order, acknowledged by all replicas.
    pub fn produce(&self, topic: &str, records: &[Seed<'_>]) {
        self.produce_with(topic, records, &[]).unwrap_or_else(|heard| panic!("cannot produce to {topic}: {heard}"));
    }

    /// The same with settings of one's own, and the failure as a value.
    pub fn produce_with(&self, topic: &str, records: &[Seed<'_>], settings: &[(&str, &str)]) -> Result<(), String> {
        let mut config = self.config.clone();
        config.set("acks", "all").set("linger.ms", "5").set("message.timeout.ms", "30000");
        config.set("message.max.bytes", "20000000");
        for (name, value) in settings {
            config.set(*name, *value);
        }
        let ear = Ear::default();
        let producer: BaseProducer<Ear> = config.create_with_context(ear.clone()).map_err(|error| error.to_string())?;
        for record in records {
            let mut headers = OwnedHeaders::new();
            for (key, value) in &record.headers {
                headers = headers.insert(Header { key, value: *value });
            }
            let mut message = BaseRecord::<[u8], [u8]>::to(topic).partition(record.partition).headers(headers);
            message.key = record.key;
            message.payload = record.value;
            message.timestamp = record.timestamp;
            while let Err((error, back)) = producer.send(message) {
                if error.rdkafka_error_code() != Some(rdkafka::types::RDKafkaErrorCode::QueueFull) {
                    return Err(error.to_string());
                }
                producer.poll(Duration::from_millis(50));
                message = back;
            }
        }
        producer.flush(Duration::from_secs(60)).map_err(|error| format!("{error} ({})", ear.heard()))?;
        let lost = ear.lost.lock().unwrap_or_else(PoisonError::into_inner).join("; ");
        if lost.is_empty() { Ok(()) } else { Err(lost) }
    }

    /// Writes the values over and over at a steady rate while `goes_on` says so, in
    /// lz4 batches; the records a second that were written.
    pub fn produce_steadily(
        &self,
        topic: &str,
        partitions: i32,
        values: &[Vec<u8>],
        a_second: usize,
        goes_on: impl Fn() -> bool,
    ) -> f64 {
        let mut config = self.config.clone();
        config.set("acks", "1").set("linger.ms", "20").set("batch.size", "262144").set("compression.type", "lz4");
        config.set("queue.buffering.max.messages", "1000000");
        let producer: BaseProducer<Ear> =
            config.create_with_context(Ear::default()).expect("librdkafka takes these settings");
        let (began, mut written) = (Instant::now(), 0);
        while goes_on() {
            let due = (began.elapsed().as_secs_f64() * a_second as f64) as usize;
            while written < due {
                let partition = i32::try_from(written / 1_000 % 1_000).unwrap_or(0) % partitions;
                let record =
                    BaseRecord::<[u8], [u8]>::to(topic).partition(partition).payload(&values[written % values.len()]);
                match producer.send(record) {
                    Ok(()) => written += 1,
                    Err(_) => break,
                }
            }
            producer.poll(Duration::from_millis(5));
        }
        let rate = written as f64 / began.elapsed().as_secs_f64();
        producer.flush(SHORT).expect("the rest is written");
        rate
    }

    fn in_group(&self, group: &str) -> BaseConsumer<Ear> {
        self.in_group_with(group, &[])
    }

    fn in_group_with(&self, group: &str, settings: &[(&str, &str)]) -> BaseConsumer<Ear> {
        let mut config = self.config.clone();
        for (name, value) in settings {
            config.set(*name, *value);
        }
        config.set("group.id", group).set("enable.auto.commit", "false").set("auto.offset.reset", "earliest");
        config.create_with_context(Ear::default()).expect("librdkafka takes these settings")
    }

    /// Commits without joining: the group stays empty.
    pub fn commit(&self, group: &str, topic: &str, offsets: &[(i32, i64)]) {
        let (consumer, list) = (self.in_group(group), offset_list(topic, offsets));
        until("the commit to be taken", SHORT, || from_coordinator(consumer.commit(&list, CommitMode::Sync)));
    }

    /// Committed offsets by partition; a partition without one is absent.
    pub fn committed(&self, group: &str, topic: &str, partitions: i32) -> BTreeMap<i32, i64> {
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition(topic, partition);
        }
        let consumer = self.in_group(group);
        let ask = || from_coordinator(consumer.committed_offsets(list.clone(), SHORT));
        let found = until("the group's offsets", LONG, ask);
        found
            .elements()
            .iter()
            .filter_map(|element| match element.offset() {
                Offset::Offset(offset) => Some((element.partition(), offset)),
                _ => None,
            })
            .collect()
    }

    /// Where a partition ends for those who read everything.
    pub fn end_of_all(&self, topic: &str, partition: i32) -> i64 {
        let mut config = self.config.clone();
        config.set("isolation.level", "read_uncommitted");
        let reader: BaseConsumer<Ear> =
            config.create_with_context(Ear::default()).expect("librdkafka takes these settings");
        reader.fetch_watermarks(topic, partition, SHORT).expect("ends are answered").1
    }

    /// First and next offset of a partition, as far as it is committed.
    pub fn ends(&self, topic: &str, partition: i32) -> (i64, i64) {
        self.consumer.fetch_watermarks(topic, partition, SHORT).expect("ends are answered")
    }

    /// Reads `count` records of a partition from `offset` on.
    pub fn read(&self, topic: &str, partition: i32, offset: i64, count: usize) -> Vec<Seen> {
        let consumer = self.in_group("klamm-witness-reads");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("a plain offset");
        consumer.assign(&list).expect("an assignment");
        let mut seen = Vec::new();
        until(&format!("{count} records of {topic}:{partition}"), SHORT, || {
            while seen.len() < count {
                match consumer.poll(Duration::from_millis(500)) {
                    Some(Ok(message)) => seen.push(Seen::of(&message)),
                    Some(Err(error)) => return Err(error.to_string()),
                    None => return Err(format!("{} came", seen.len())),
                }
            }
            Ok(())
        });
        seen
    }

    /// How many records there are, by reading every one. Ends of transactions are none.
    pub fn count(&self, topic: &str, partitions: i32) -> u64 {
        let consumer = self.in_group_with("klamm-witness-counts", &[("enable.partition.eof", "true")]);
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning).expect("a plain offset");
        }
        consumer.assign(&list).expect("an assignment");
        let (mut seen, mut at_end) = (0, BTreeSet::new());
        while at_end.len() < partitions as usize {
            match consumer.poll(SHORT) {
                Some(Ok(_)) => seen += 1,
                Some(Err(KafkaError::PartitionEOF(partition))) => _ = at_end.insert(partition),
                other => panic!("reading stopped after {seen}: {:?}", other.map(|found| found.map(drop))),
            }
        }
        seen
    }

    /// A member that joins, holds what it is assigned, and leaves when dropped.
    pub fn join(&self, group: &str, topic: &str) -> Member {
        self.join_with(group, topic, &[])
    }

    /// The same with settings of its own.
    pub fn join_with(&self, group: &str, topic: &str, settings: &[(&str, &str)]) -> Member {
        let consumer = self.in_group_with(group, settings);
        consumer.subscribe(&[topic]).expect("a subscription");
        Member { consumer }
    }
}

fn offset_list(topic: &str, offsets: &[(i32, i64)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset)).expect("a plain offset");
    }
    list
}

/// One transactional producer, writing to partition 0.
pub struct Transactional {
    producer: BaseProducer<Ear>,
}

impl Transactional {
    /// Opens a transaction and has records written in it.
    pub fn begin_with(&self, topic: &str, values: &[&[u8]]) {
        self.producer.begin_transaction().expect("a transaction begins");
        for value in values {
            let record = BaseRecord::<[u8], [u8]>::to(topic).partition(0).payload(value);
            self.producer.send(record).map_err(|(error, _)| error).expect("the record is queued");
        }
        self.producer.flush(SHORT).expect("the records are written");
    }

    pub fn commit(&self) -> Result<(), KafkaError> {
        self.producer.commit_transaction(SHORT)
    }

    pub fn abort(&self) {
        self.producer.abort_transaction(SHORT).expect("the transaction is aborted");
    }
}

pub struct Member {
    consumer: BaseConsumer<Ear>,
}

impl Member {
    /// Polls until `count` records were received and returns them, committed.
    pub fn consume(&self, count: usize) -> Vec<Seen> {
        let mut seen = Vec::new();
        until(&format!("{count} records in a group"), SHORT, || {
            while seen.len() < count {
                match self.consumer.poll(Duration::from_millis(500)) {
                    Some(Ok(message)) => seen.push(Seen::of(&message)),
                    Some(Err(error)) => return Err(error.to_string()),
                    None => return Err(format!("{} came", seen.len())),
                }
            }
            Ok(())
        });
        self.consumer.commit_consumer_state(CommitMode::Sync).expect("the commit is taken");
        seen
    }

    /// Partitions held now.
    pub fn assigned(&self) -> usize {
        // Joining happens inside poll.
        let _ = self.consumer.poll(Duration::from_millis(100));
        self.consumer.assignment().map_or(0, |list| list.count())
    }
}

/// For the few asynchronous calls: the admin client's and those over HTTP.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
}

/// What a coordinator answered; an objection where it has just taken the group over and is
/// still reading its log, or does not know yet that it is the one.
fn from_coordinator<T>(answer: Result<T, KafkaError>) -> Result<T, String> {
    use RDKafkaErrorCode::{CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator};
    let is_early = |code| matches!(code, CoordinatorLoadInProgress | CoordinatorNotAvailable | NotCoordinator);
    match answer {
        Err(error) if !error.rdkafka_error_code().is_some_and(is_early) => panic!("the coordinator refuses: {error}"),
        answer => answer.map_err(|error| error.to_string()),
    }
}
