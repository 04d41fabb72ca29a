//! Reading from brokers that answer well, badly, elsewhere, or not at all.

use super::super::record_set::tests::{BatchOf, plain};
use super::super::{Isolation, ReadEvent, ReadRange, ReadRequest, Reading, read};
use crate::domain::{Failure, FailureKind, Offset, PartitionId};
use crate::kafka::wire::Client;
use crate::kafka::wire::scripted::{Reply, Script, Scripted};
use bytes::Bytes;
use kafka_protocol::messages::fetch_response::{AbortedTransaction, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::{FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const TOPIC: &str = "orders";

/// A partition as a broker holds it: whole batches, and what it says of itself.
#[derive(Clone, Default)]
struct Log {
    batches: Vec<(Offset, Offset, Bytes)>,
    end: Offset,
    error: i16,
    last_stable: Option<Offset>,
    aborted: Vec<(i64, Offset)>,
}

impl Log {
    /// `count` records from `first` on, `each` in a batch.
    fn of(first: Offset, count: i64, each: i64) -> Self {
        let mut log = Self { end: first, ..Self::default() };
        while log.end < first + count {
            let records: Vec<_> = (log.end..log.end + each).map(|offset| plain(&format!("v{offset}"))).collect();
            let batch = BatchOf::at(log.end).with(&records).into();
            log.batches.push((log.end, log.end + each, batch));
            log.end += each;
        }
        log
    }

    fn failing(error: i16) -> Self {
        Self { error, ..Self::default() }
    }

    /// The answer to a fetch from `from` for at most `most` bytes: like a
    /// broker, whole batches and a piece of the next one.
    fn answer(&self, partition: PartitionId, from: Offset, most: usize) -> PartitionData {
        let mut set = Vec::new();
        for (_, next, batch) in &self.batches {
            if *next > from && set.len() < most {
                set.extend_from_slice(batch);
            }
        }
        if let Some((_, _, first)) = self.batches.iter().find(|(_, next, _)| *next > from) {
            set.truncate(most.max(first.len()));
        }
        let start = self.batches.first().map_or(0, |batch| batch.0);
        let is_outside = self.error == 0 && !(start..=self.end).contains(&from);
        let aborted = self.aborted.iter().map(|(producer, first)| {
            AbortedTransaction::default().with_producer_id((*producer).into()).with_first_offset(*first)
        });
        PartitionData::default()
            .with_partition_index(partition)
            .with_error_code(if is_outside { 1 } else { self.error })
            .with_high_watermark(self.end)
            .with_last_stable_offset(self.last_stable.unwrap_or(self.end))
            .with_aborted_transactions(Some(aborted.collect()))
            .with_records(Some(if is_outside || self.error != 0 { Bytes::new() } else { set.into() }))
    }
}

fn answer(request: &FetchRequest, version: i16, log: impl Fn(PartitionId) -> Log) -> FetchResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let most = usize::try_from(asked.partition_max_bytes.min(request.max_bytes)).unwrap();
            log(asked.partition).answer(asked.partition, asked.fetch_offset, most)
        });
        let response = FetchableTopicResponse::default().with_partitions(partitions.collect());
        if version >= 13 { response.with_topic_id(topic.topic_id) } else { response.with_topic(topic.topic.clone()) }
    });
    FetchResponse::default().with_responses(topics.collect())
}

fn serving(log: impl Fn(PartitionId) -> Log + Send + Sync + 'static) -> Script {
    Script::new().answer::<FetchRequest>(move |request, version| answer(&request, version, &log))
}

fn range(partition: PartitionId, from: Offset, to: Option<Offset>) -> ReadRange {
    ReadRange { partition, from, to }
}

fn request(ranges: Vec<ReadRange>) -> ReadRequest {
    ReadRequest {
        topic: TOPIC.into(),
        ranges,
        isolation: Isolation::Uncommitted,
        rack: None,
        max_bytes_per_second: None,
        newest_only: false,
        sieve: None,
        lane: 0,
    }
}

#[derive(Debug, Default)]
struct Seen {
    values: Vec<(PartitionId, Offset, String)>,
    failures: Vec<Failure>,
    waited: Vec<Failure>,
    waits_for: BTreeSet<PartitionId>,
    skipped: u64,
    caught_up: usize,
    /// Records seen when it was said that all had been.
    at_caught_up: usize,
}

impl Seen {
    fn add(&mut self, events: Vec<ReadEvent>) {
        for event in events {
            match event {
                ReadEvent::Batch(batch) => self.values.extend((0..batch.len()).map(|index| {
                    let record = batch.record(index).unwrap();
                    let value = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
                    (record.partition, record.offset, value)
                })),
                ReadEvent::Failed(failure) => self.failures.push(failure),
                ReadEvent::Waiting { partitions, failure } => {
                    self.waits_for.extend(partitions);
                    self.waited.push(failure);
                }
                ReadEvent::Settled(partitions) => self.waits_for.retain(|partition| !partitions.contains(partition)),
                ReadEvent::Skipped { records, .. } => self.skipped += records,
                ReadEvent::TransactionEnded(..) | ReadEvent::Passed(..) => {}
                ReadEvent::CaughtUp => {
                    self.caught_up += 1;
                    self.at_caught_up = self.values.len();
                }
            }
        }
    }

    fn offsets(&self, partition: PartitionId) -> Vec<Offset> {
        self.values.iter().filter(|(from, ..)| *from == partition).map(|(_, offset, _)| *offset).collect()
    }

    fn kinds(&self) -> Vec<FailureKind> {
        self.failures.iter().map(|failure| failure.kind).collect()
    }
}

const DEADLINE: Duration = Duration::from_secs(30);

async fn until(reading: &mut Reading, is_enough: impl Fn(&Seen) -> bool) -> Seen {
    let mut seen = Seen::default();
    let reading = async {
        while let Some(events) = reading.next().await {
            seen.add(events);
            if is_enough(&seen) {
                break;
            }
        }
    };
    assert!(tokio::time::timeout(DEADLINE, reading).await.is_ok(), "still waiting: {seen:?}");
    seen
}

async fn all(client: &Client, request: ReadRequest) -> Seen {
    until(&mut read(client, request), |_| false).await
}

#[tokio::test]
async fn ranges_of_several_brokers_are_read_to_their_ends() {
    let log = |partition: PartitionId| Log::of(100, 60 + i64::from(partition), 4);
    let brokers =
        [serving(log).topic(TOPIC, &[1, 2, 1]).start().await, serving(log).topic(TOPIC, &[1, 2, 1]).start().await];
    Scripted::join(&[&brokers[0], &brokers[1]]);
    let ranges = vec![range(0, 103, Some(130)), range(1, 100, Some(161)), range(2, 150, Some(150))];
    let seen = all(&brokers[0].client(), request(ranges)).await;
    assert_eq!(seen.failures, []);
    assert_eq!(seen.offsets(0), (103..130).collect::<Vec<_>>());
    assert_eq!(seen.offsets(1), (100..161).collect::<Vec<_>>());
    assert!(seen.offsets(2).is_empty());
    assert_eq!((seen.caught_up, seen.at_caught_up), (1, 88));
    assert!(seen.values.iter().all(|(_, offset, value)| *value == format!("v{offset}")));
}

#[tokio::test]
async fn every_version_of_fetch_is_understood() {
    for version in [4, 7, 11, 12, 18] {
        let script = serving(|_| Log::of(0, 10, 5)).topic(TOPIC, &[1]).versions::<FetchRequest>(4, version);
        let seen = all(&script.start().await.client(), request(vec![range(0, 0, Some(10))])).await;
        assert_eq!((seen.offsets(0).len(), seen.failures.len()), (10, 0), "version {version}: {seen:?}");
    }
}

#[tokio::test]
async fn nothing_to_read_is_caught_up_at_once() {
    let broker = Script::new().topic(TOPIC, &[1]).start().await;
    let seen = all(&broker.client(), request(vec![])).await;
    assert_eq!((seen.caught_up, seen.values.len(), seen.failures.len()), (1, 0, 0));
}

#[tokio::test]
async fn a_read_without_end_goes_on_after_catching_up() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let log = move |_| Log::of(0, if count.fetch_add(1, Ordering::Relaxed) < 3 { 10 } else { 30 }, 5);
    let broker = serving(log).topic(TOPIC, &[1]).start().await;
    let mut reading = read(&broker.client(), request(vec![range(0, 0, None)]));
    let seen = until(&mut reading, |seen| seen.values.len() == 30).await;
    assert_eq!((seen.caught_up, seen.at_caught_up), (1, 10));
    assert_eq!(seen.offsets(0), (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_partition_is_followed_to_its_new_leader() {
    let brokers = [
        serving(|_| Log::failing(6)).topic(TOPIC, &[1]).start().await,
        serving(|_| Log::of(0, 10, 5)).topic(TOPIC, &[2]).start().await,
    ];
    // The first broker says that it leads and refuses; once it has left, the second is asked.
    Scripted::join(&[&brokers[0], &brokers[1]]);
    let client = brokers[0].client();
    let mut reading = read(&client, request(vec![range(0, 0, Some(10))]));
    let mut seen = until(&mut reading, |seen| !seen.waited.is_empty()).await;
    assert_eq!(seen.waits_for, BTreeSet::from([0]));
    let [first, second] = brokers;
    drop(first);
    drop(client);
    let rest = until(&mut reading, |_| false).await;
    drop(second);
    seen.values.extend(rest.values);
    assert_eq!(seen.waited.iter().map(|failure| failure.kind).collect::<Vec<_>>(), [FailureKind::Unreachable]);
    assert_eq!(seen.waited[0].target, "orders:0");
    assert_eq!((rest.failures.len(), rest.waits_for.len()), (0, 0), "everything came after all");
    assert_eq!(seen.offsets(0), (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_broker_that_breaks_off_is_asked_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let script = Script::new().topic(TOPIC, &[1]).on::<FetchRequest>(move |asked| {
        if (1..6).contains(&count.fetch_add(1, Ordering::Relaxed)) {
            return Reply::Close;
        }
        let request: FetchRequest = asked.read();
        Reply::with(&answer(&request, asked.version, |_| Log::of(0, 100_000, 5_000)), asked.version)
    });
    let seen = all(&script.start().await.client(), request(vec![range(0, 0, Some(100_000))])).await;
    assert_eq!(seen.offsets(0), (0..100_000).collect::<Vec<_>>());
    assert_eq!((seen.failures.len(), seen.waits_for.len()), (0, 0), "nothing is missing: {:?}", seen.failures);
    assert_eq!(seen.waited.iter().map(|failure| failure.kind).collect::<Vec<_>>(), [FailureKind::Unreachable]);
    assert_eq!(seen.waited[0].target, TOPIC);
    assert!(seen.waited[0].broker.is_some());
}

fn bounds(start: Offset, end: Offset) -> impl Fn(ListOffsetsRequest, i16) -> ListOffsetsResponse + Send + Sync {
    move |request, _| {
        let topics = request.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                let offset = if asked.timestamp == -2 { start } else { end };
                ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index).with_offset(offset)
            });
            ListOffsetsTopicResponse::default().with_partitions(partitions.collect()).with_name(topic.name)
        });
        ListOffsetsResponse::default().with_topics(topics.collect())
    }
}

#[tokio::test]
async fn what_retention_took_is_said_and_reading_goes_on_behind_it() {
    let script = serving(|_| Log::of(50, 10, 5)).topic(TOPIC, &[1]).answer::<ListOffsetsRequest>(bounds(50, 60));
    let seen = all(&script.start().await.client(), request(vec![range(0, 10, Some(60))])).await;
    assert_eq!(seen.offsets(0), (50..60).collect::<Vec<_>>());
    assert_eq!(seen.failures.len(), 1);
    assert_eq!(
        seen.failures[0].to_string(),
        "cannot read records orders:0: offset 10 is not in the log; reading goes on at its start, 50. \
         Retention, a deletion of records or a lost leader took what was there."
    );
}

#[tokio::test]
async fn a_range_behind_the_end_of_a_cut_log_is_over() {
    let script = serving(|_| Log::of(0, 10, 5)).topic(TOPIC, &[1]).answer::<ListOffsetsRequest>(bounds(0, 10));
    let seen = all(&script.start().await.client(), request(vec![range(0, 90, Some(100))])).await;
    assert_eq!((seen.values.len(), seen.kinds(), seen.caught_up), (0, vec![FailureKind::Invalid], 1));
}

#[tokio::test]
async fn a_deleted_topic_ends_the_read() {
    let script = serving(|_| Log::failing(3)).topic(TOPIC, &[1]);
    let seen = all(&script.start().await.client(), request(vec![range(0, 0, None)])).await;
    assert!(seen.kinds().iter().all(|kind| *kind == FailureKind::NotFound) && !seen.failures.is_empty());
    assert_eq!(seen.caught_up, 1);
    let seen = all(&Script::new().start().await.client(), request(vec![range(0, 0, None)])).await;
    assert_eq!(seen.kinds().last(), Some(&FailureKind::NotFound), "{:?}", seen.failures);
}

#[tokio::test]
async fn what_may_not_be_read_is_said_once_and_the_rest_is_read() {
    let log = |partition| if partition == 0 { Log::failing(29) } else { Log::of(0, 10, 5) };
    let broker = serving(log).topic(TOPIC, &[1, 1]).start().await;
    let ranges = vec![range(0, 0, None), range(1, 0, Some(10)), range(7, 0, Some(10))];
    let seen = all(&broker.client(), request(ranges)).await;
    let mut kinds = seen.kinds();
    kinds.sort_by_key(|kind| kind.word());
    assert_eq!(kinds, [FailureKind::Denied, FailureKind::NotFound]);
    assert_eq!(seen.offsets(1).len(), 10);
    assert_eq!(seen.caught_up, 1);
}

#[tokio::test]
async fn open_and_aborted_transactions_are_hidden_from_a_committed_read() {
    let transactional = |base, value: &str| -> Bytes {
        BatchOf { base, producer: 7, attributes: 1 << 4, ..Default::default() }.with(&[plain(value)]).into()
    };
    let log = Log {
        batches: vec![
            (0, 1, transactional(0, "aborted")),
            (1, 2, BatchOf::marker(1, 7, 0).into()),
            (2, 3, transactional(2, "committed")),
            (3, 4, BatchOf::marker(3, 7, 1).into()),
        ],
        end: 6,
        last_stable: Some(4),
        aborted: vec![(7, 0)],
        ..Log::default()
    };
    let broker = serving(move |_| log.clone()).topic(TOPIC, &[1]).start().await;
    let committed = ReadRequest { isolation: Isolation::Committed, ..request(vec![range(0, 0, Some(6))]) };
    let seen = all(&broker.client(), committed).await;
    assert_eq!(seen.values, [(0, 2, "committed".to_owned())]);
    assert_eq!(seen.kinds(), [FailureKind::Conflict]);
    assert!(seen.failures[0].message.contains("open since offset 4"), "{}", seen.failures[0]);
    assert_eq!(seen.caught_up, 1);
}

#[rstest::rstest]
#[case::short(40, 640 << 10)]
#[case::long(400, 5 << 20)]
#[tokio::test]
async fn what_is_asked_for_is_near_to_what_the_range_takes(#[case] to: Offset, #[case] most: usize) {
    // Ten kilobytes each.
    let value = "x".repeat(10_000);
    let batches: Vec<_> =
        (0..1_000).map(|base| (base, base + 1, Bytes::from(BatchOf::at(base).with(&[plain(&value)])))).collect();
    let broker = serving(move |_| Log { batches: batches.clone(), end: 1_000, ..Log::default() })
        .topic(TOPIC, &[1])
        .start()
        .await;
    let seen = all(&broker.client(), request(vec![range(0, 0, Some(to))])).await;
    assert_eq!(seen.values.len() as Offset, to);
    let asked = broker.asked::<FetchRequest>();
    let room = |one: &FetchRequest| usize::try_from(one.topics[0].partitions[0].partition_max_bytes).unwrap();
    let room: Vec<usize> = asked.iter().map(|asked| room(&asked.read())).collect();
    assert!(room.iter().sum::<usize>() <= most, "{room:?}");
    assert!(room.len() <= 8, "{room:?}");
}

#[tokio::test]
async fn a_batch_larger_than_a_partitions_share_is_read() {
    let large = "x".repeat(3 << 20);
    let batch: Bytes = BatchOf::at(0).with(&[plain(&large)]).into();
    // This broker never sends more than it was asked for.
    let script = Script::new().topic(TOPIC, &[1]).answer::<FetchRequest>(move |request, version| {
        let log = Log { batches: vec![(0, 1, batch.clone())], end: 1, ..Log::default() };
        let asked = &request.topics[0].partitions[0];
        let most = usize::try_from(asked.partition_max_bytes).unwrap();
        let mut response = answer(&request, version, |_| log.clone());
        let records = &mut response.responses[0].partitions[0].records;
        *records = records.take().map(|set| set.slice(..set.len().min(most)));
        response
    });
    let seen = all(&script.start().await.client(), request(vec![range(0, 0, Some(1))])).await;
    assert_eq!((seen.values[0].2.len(), seen.failures.len()), (large.len(), 0));
}

#[tokio::test]
async fn a_batch_that_never_comes_whole_is_given_up() {
    let script = Script::new().topic(TOPIC, &[1]).answer::<FetchRequest>(|request, version| {
        let mut response = answer(&request, version, |_| Log::of(0, 5, 5));
        let records = &mut response.responses[0].partitions[0].records;
        *records = records.take().map(|set| set.slice(..set.len() - 1));
        response
    });
    let seen = all(&script.start().await.client(), request(vec![range(0, 0, None)])).await;
    assert_eq!(seen.kinds(), [FailureKind::Malformed]);
    assert_eq!(seen.caught_up, 1);
}

#[tokio::test]
async fn a_broken_batch_is_reported_and_the_next_ones_are_read() {
    let log = || {
        let mut log = Log::of(0, 15, 5);
        let mut broken = log.batches[1].2.to_vec();
        broken[40] ^= 1;
        log.batches[1].2 = broken.into();
        log
    };
    let broker = serving(move |_| log()).topic(TOPIC, &[1]).start().await;
    let seen = all(&broker.client(), request(vec![range(0, 0, Some(15))])).await;
    assert_eq!(seen.offsets(0), [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
    assert_eq!(
        seen.failures[0].to_string(),
        "cannot read records orders:0: the batch at offset 5 cannot be read: its checksum is wrong"
    );
}

#[tokio::test]
async fn a_slow_reader_holds_the_fetch_up() {
    let broker = serving(|_| Log::of(0, 1_000, 1)).topic(TOPIC, &[1]).start().await;
    let small = |request: &FetchRequest| request.max_bytes;
    let mut reading = read(&broker.client(), request(vec![range(0, 0, None)]));
    // Two answers wait in the queue, one before it, and one more was asked for.
    let first = until(&mut reading, |seen| !seen.values.is_empty()).await;
    assert!(!first.values.is_empty());
    let asked = broker.asked::<FetchRequest>();
    assert!(asked.len() <= 6, "{}", asked.len());
    assert!(asked.iter().all(|asked| small(&asked.read()) <= 4 << 20));
}

#[tokio::test]
async fn the_budget_spaces_the_fetches() {
    let broker = serving(|_| Log::of(0, 4_000, 1)).topic(TOPIC, &[1]).start().await;
    let limited = ReadRequest { max_bytes_per_second: Some(1), ..request(vec![range(0, 0, None)]) };
    let mut reading = read(&broker.client(), limited);
    // The log fits one answer, and that one used up the budget of days.
    until(&mut reading, |seen| seen.values.len() == 4_000 && seen.caught_up == 1).await;
    let more = tokio::time::timeout(Duration::from_millis(300), reading.next()).await;
    assert!(more.is_err(), "{more:?}");
    assert_eq!(broker.asked::<FetchRequest>().len(), 1);
    assert_eq!(reading.held_back(), Duration::ZERO, "nothing came of waiting yet");
}

#[tokio::test]
async fn a_live_read_skips_and_counts_what_is_not_taken() {
    // Each answer is new: the log grows with every fetch.
    let script = Script::new().topic(TOPIC, &[1]).answer::<FetchRequest>(|request, version| {
        let from = request.topics[0].partitions[0].fetch_offset;
        let records: Vec<_> = (0..1_000).map(|_| plain(&"x".repeat(1_000))).collect();
        let batch = BatchOf::at(from).with(&records).into();
        let log = Log { batches: vec![(from, from + 1_000, batch)], end: from + 1_000, ..Log::default() };
        let mut response = answer(&request, version, |_| Log::default());
        response.responses[0].partitions[0] = log.answer(0, from, 4 << 20);
        response
    });
    let broker = script.start().await;
    let live = ReadRequest { newest_only: true, ..request(vec![range(0, 0, None)]) };
    let mut reading = read(&broker.client(), live);
    // Nobody takes anything until far more was fetched than may wait.
    while broker.asked::<FetchRequest>().len() < 120 {
        tokio::task::yield_now().await;
    }
    let seen = until(&mut reading, |seen| seen.skipped > 0).await;
    assert_eq!(seen.caught_up, 1);
    let mut offsets = seen.offsets(0);
    assert!(offsets.is_sorted(), "in a partition records come by offset");
    offsets.dedup();
    let total = offsets.len() as u64 + seen.skipped;
    assert_eq!(total, offsets.last().unwrap().cast_unsigned() + 1, "every record was delivered or counted");
}

/// A leader that sends readers of rack `b` to broker 2; alone, it has all ten records.
fn leader_with_a_nearer_replica() -> Script {
    Script::new().topic_on(TOPIC, &[1, 2]).answer::<FetchRequest>(|request, version| {
        let is_sent_on = request.rack_id.as_str() == "b";
        let mut response = answer(&request, version, |_| Log::of(0, 10, 5));
        if is_sent_on {
            let partition = &mut response.responses[0].partitions[0];
            partition.preferred_read_replica = 2.into();
            partition.records = Some(Bytes::new());
        }
        response
    })
}

/// What a reader in rack `b` sees, and how often each of both brokers was asked.
async fn from_rack_b(replica: Script, to: Option<Offset>) -> (Seen, [usize; 2]) {
    let brokers = [leader_with_a_nearer_replica().start().await, replica.start().await];
    Scripted::join(&[&brokers[0], &brokers[1]]);
    let near = ReadRequest { rack: Some("b".into()), ..request(vec![range(0, 0, to)]) };
    let seen = until(&mut read(&brokers[0].client(), near), |seen| to.is_none() && seen.values.len() == 10).await;
    (seen, brokers.map(|broker| broker.asked::<FetchRequest>().len()))
}

#[tokio::test]
async fn records_come_from_the_replica_that_the_leader_names() {
    let replica = serving(|_| Log::of(0, 10, 5)).topic_on(TOPIC, &[1, 2]);
    let (seen, [leader, _]) = from_rack_b(replica, Some(10)).await;
    assert_eq!(seen.offsets(0), (0..10).collect::<Vec<_>>());
    assert_eq!((seen.failures.len(), seen.waited.len(), leader), (0, 0, 1), "the leader was asked where, and no more");
}

#[rstest::rstest]
#[case::out_of_range(serving(|_| Log::failing(1)))]
#[case::not_a_replica(serving(|_| Log::failing(6)))]
#[case::closes(Script::new().on::<FetchRequest>(|_| Reply::Close))]
#[case::knows_of_half(serving(|_| Log::of(0, 5, 5)))]
#[case::knows_of_nothing(serving(|_| Log::default()))]
#[tokio::test]
async fn where_the_replica_is_not_up_to_it_the_leader_is_read(#[case] replica: Script) {
    let (seen, [leader, asked]) = from_rack_b(replica.topic_on(TOPIC, &[1, 2]), Some(10)).await;
    assert_eq!(seen.offsets(0), (0..10).collect::<Vec<_>>(), "each record once");
    assert_eq!((seen.failures.len(), seen.caught_up), (0, 1), "{:?}", seen.failures);
    assert!(leader >= 2 && asked >= 1, "{leader} {asked}");
}

#[tokio::test]
async fn without_a_rack_nobody_is_sent_on() {
    let broker = leader_with_a_nearer_replica().start().await;
    let seen = all(&broker.client(), request(vec![range(0, 0, Some(10))])).await;
    assert_eq!(seen.offsets(0).len(), 10);
}

#[tokio::test]
async fn dropping_a_read_lets_go_of_its_connection() {
    let broker = serving(|_| Log::of(0, 10, 5)).topic(TOPIC, &[1]).start().await;
    let client = broker.client();
    for lane in 0..3 {
        let mut reading = read(&client, ReadRequest { lane, ..request(vec![range(0, 0, None)]) });
        until(&mut reading, |seen| seen.caught_up == 1).await;
    }
    // One for metadata, one for each read.
    assert_eq!(broker.accepted(), 4);
}
