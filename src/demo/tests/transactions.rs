//! Transactions: what is committed is seen, what is aborted is not, and only the
//! newest producer of an id may act.

use super::client::{Client, create_topic, fetch, fetched, list_offsets, produce, s, topic, unfold};
use super::{NOON, World, start};
use crate::demo::Demo;
use crate::demo::batch::{self, Content, Entry, Envelope};
use crate::demo::codec::Codec;
use crate::demo::state::{OFFSETS_TOPIC, TRANSACTIONS_TOPIC, keyed_partition};
use crate::domain::BrokerId;
use bytes::Bytes;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages as m;
use kafka_protocol::messages::ResponseKind;

const ID: &str = "writer";
const READ_COMMITTED: i8 = 1;

fn transactional(id: &str) -> m::TransactionalId {
    m::TransactionalId(s(id))
}

/// A producer with its connections: to its coordinator, and to the leader of `t-0`.
struct Producer {
    coordinator: Client,
    leader: Client,
    id: i64,
    epoch: i16,
    sequence: i32,
}

impl Producer {
    async fn init(demo: &Demo, timeout_ms: i32) -> Self {
        let mut any = Client::to(demo, 1).await;
        let request = m::FindCoordinatorRequest::default().with_key_type(1).with_coordinator_keys(vec![s(ID)]);
        let ResponseKind::FindCoordinator(found) = any.ask(4, request).await else { panic!() };
        let broker = usize::try_from(found.coordinators[0].node_id.0).unwrap();
        let (coordinator, leader) = (Client::to(demo, broker).await, Client::to_leader(demo, "t", 0).await);
        let mut producer = Self { coordinator, leader, id: -1, epoch: -1, sequence: 0 };
        let (error, id, epoch) = producer.init_again(timeout_ms, None).await;
        assert_eq!(error, 0);
        (producer.id, producer.epoch) = (id, epoch);
        producer
    }

    async fn init_again(&mut self, timeout_ms: i32, claimed: Option<(i64, i16)>) -> (i16, i64, i16) {
        let (id, epoch) = claimed.unwrap_or((-1, -1));
        let request = m::InitProducerIdRequest::default()
            .with_transactional_id(Some(transactional(ID)))
            .with_transaction_timeout_ms(timeout_ms)
            .with_producer_id(id.into())
            .with_producer_epoch(epoch);
        let ResponseKind::InitProducerId(given) = self.coordinator.ask(4, request).await else { panic!() };
        (given.error_code, given.producer_id.0, given.producer_epoch)
    }

    async fn add(&mut self, name: &str, partition: i32) -> i16 {
        let asked = m::add_partitions_to_txn_request::AddPartitionsToTxnTopic::default()
            .with_name(topic(name))
            .with_partitions(vec![partition]);
        let request = m::AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(transactional(ID))
            .with_v3_and_below_producer_id(self.id.into())
            .with_v3_and_below_producer_epoch(self.epoch)
            .with_v3_and_below_topics(vec![asked]);
        let ResponseKind::AddPartitionsToTxn(added) = self.coordinator.ask(3, request).await else { panic!() };
        added.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code
    }

    fn batch(&self, value: &str) -> Bytes {
        let content = Content { key: None, value: Some(Bytes::from(value.to_owned())), headers: Vec::new() };
        let envelope = Envelope::plain(0, 0, -1, Codec::None).in_transaction(self.id, self.epoch);
        let envelope = Envelope { base_sequence: self.sequence, ..envelope };
        batch::encode(&envelope, &[Entry { delta: 0, timestamp: NOON.millis(), content }])
    }

    async fn write(&mut self, value: &str) -> i16 {
        let request = produce("t", 0, -1, self.batch(value)).with_transactional_id(Some(transactional(ID)));
        let ResponseKind::Produce(written) = self.leader.ask(9, request).await else { panic!() };
        let error = written.responses[0].partition_responses[0].error_code;
        self.sequence += i32::from(error == 0);
        error
    }

    async fn end(&mut self, is_commit: bool) -> i16 {
        let request = m::EndTxnRequest::default()
            .with_transactional_id(transactional(ID))
            .with_producer_id(self.id.into())
            .with_producer_epoch(self.epoch)
            .with_committed(is_commit);
        let ResponseKind::EndTxn(ended) = self.coordinator.ask(3, request).await else { panic!() };
        ended.error_code
    }

    async fn described(&mut self) -> m::describe_transactions_response::TransactionState {
        let request = m::DescribeTransactionsRequest::default().with_transactional_ids(vec![transactional(ID)]);
        let ResponseKind::DescribeTransactions(mut all) = self.coordinator.ask(0, request).await else { panic!() };
        all.transaction_states.remove(0)
    }
}

async fn with_topic() -> Demo {
    let demo = start(World::Empty, false).await;
    create_topic(&mut Client::to(&demo, 1).await, "t", 2, &[]).await;
    demo
}

/// What a reader sees: the values of `t-0`, control batches and aborted ones left out.
async fn committed(client: &mut Client) -> Vec<String> {
    let request = fetch("t", 0, 0, 0).with_isolation_level(READ_COMMITTED);
    let ResponseKind::Fetch(response) = client.ask(11, request).await else { panic!() };
    let partition = response.responses[0].partitions[0].clone();
    let aborted: Vec<(i64, i64)> = partition
        .aborted_transactions
        .expect("who reads what is committed is told what was aborted")
        .iter()
        .map(|aborted| (aborted.producer_id.0, aborted.first_offset))
        .collect();
    let (mut rest, mut skipped, mut seen) = (partition.records.unwrap(), Vec::new(), Vec::new());
    while !rest.is_empty() {
        let head = batch::Head::parse(&rest).unwrap();
        let one = rest.split_to(head.size);
        if aborted.contains(&(head.producer_id, head.base_offset)) {
            skipped.push(head.producer_id);
        }
        let records = batch::records(&one).unwrap();
        if head.is_control() {
            assert_eq!(records[0].content.value.as_ref().unwrap().len(), 6);
            if records[0].content.key.as_deref() == Some(&[0, 0, 0, 0]) {
                skipped.retain(|id| *id != head.producer_id);
            }
        } else if !skipped.contains(&head.producer_id) {
            seen.extend(records.into_iter().map(|r| String::from_utf8(r.content.value.unwrap().to_vec()).unwrap()));
        }
    }
    seen
}

/// The ends of `t-0`: for those who read all, and for those who read what is committed.
async fn ends(client: &mut Client) -> (i64, i64) {
    let mut end = async |isolation| {
        let request = list_offsets("t", 0, -1).with_isolation_level(isolation);
        let ResponseKind::ListOffsets(listed) = client.ask(7, request).await else { panic!() };
        listed.topics[0].partitions[0].offset
    };
    (end(0).await, end(READ_COMMITTED).await)
}

#[tokio::test]
async fn what_is_committed_is_seen_and_what_is_aborted_is_not() {
    let demo = with_topic().await;
    let mut producer = Producer::init(&demo, 60_000).await;
    let mut reader = Client::to_leader(&demo, "t", 0).await;
    assert_eq!(producer.write("early").await, E::InvalidTxnState.code(), "not before the partition is in it");
    assert_eq!(producer.end(true).await, E::InvalidTxnState.code(), "nothing is open");
    for (value, is_commit) in [("a", true), ("b", false), ("c", true)] {
        assert_eq!(producer.add("t", 0).await, 0);
        assert_eq!(producer.write(value).await, 0);
        let (end, stable) = ends(&mut reader).await;
        assert_eq!(end, stable + 1, "the open one is not stable");
        assert_eq!(producer.described().await.transaction_state.as_str(), "Ongoing");
        assert_eq!(producer.end(is_commit).await, 0);
        assert_eq!(producer.end(is_commit).await, 0, "the answer may have been lost");
        assert_eq!(producer.end(!is_commit).await, E::InvalidTxnState.code());
        assert_eq!(ends(&mut reader).await, (end + 1, end + 1), "one marker an end");
    }
    assert_eq!(committed(&mut reader).await, ["a", "c"]);
    let all = unfold(fetched(reader.ask(11, fetch("t", 0, 0, 0)).await).2, 0);
    assert_eq!(all.len(), 6, "records and markers");
    assert_eq!(all[1].2.key.as_deref(), Some(&[0, 0, 0, 1][..]), "a commit");
    assert_eq!(all[3].2.key.as_deref(), Some(&[0, 0, 0, 0][..]), "an abort");
    let line = producer.described().await;
    assert_eq!((line.transaction_state.as_str(), line.topics.len()), ("CompleteCommit", 0));
}

#[tokio::test]
async fn a_newer_producer_fences_the_older_and_aborts_what_it_left_open() {
    let demo = with_topic().await;
    let mut older = Producer::init(&demo, 60_000).await;
    assert_eq!(older.add("t", 0).await, 0);
    assert_eq!(older.write("lost").await, 0);
    let mut newer = Producer::init(&demo, 60_000).await;
    assert_eq!(newer.id, older.id);
    assert!(newer.epoch > older.epoch);
    assert_eq!(older.write("late").await, E::InvalidProducerEpoch.code());
    assert_eq!(older.add("t", 1).await, E::ProducerFenced.code());
    assert_eq!(older.end(true).await, E::ProducerFenced.code());
    let mut reader = Client::to_leader(&demo, "t", 0).await;
    assert_eq!(ends(&mut reader).await, (2, 2), "the record and its abort marker");
    assert_eq!((newer.add("t", 0).await, newer.write("kept").await, newer.end(true).await), (0, 0, 0));
    assert_eq!(committed(&mut reader).await, ["kept"]);

    let mine = (newer.id, newer.epoch);
    let (error, id, epoch) = newer.init_again(60_000, Some(mine)).await;
    assert_eq!((error, id, epoch), (0, mine.0, mine.1 + 1), "its own next epoch");
    assert_eq!(newer.init_again(60_000, Some(mine)).await, (0, id, epoch), "asked again, the same answer");
    let stale = Some((mine.0, mine.1 - 1));
    assert_eq!(newer.init_again(60_000, stale).await.0, E::ProducerFenced.code());
    assert_eq!(newer.init_again(900_001, None).await.0, E::InvalidTransactionTimeout.code());
}

#[tokio::test]
async fn an_open_transaction_is_aborted_at_its_deadline() {
    let demo = with_topic().await;
    let mut producer = Producer::init(&demo, 5_000).await;
    assert_eq!((producer.add("t", 0).await, producer.write("slow").await), (0, 0));
    let mut reader = Client::to_leader(&demo, "t", 0).await;
    let waits = fetch("t", 0, 0, 60_000).with_isolation_level(READ_COMMITTED);
    reader.send(11, &waits.into()).await;
    demo.advance(4_999);
    assert_eq!(producer.described().await.transaction_state.as_str(), "Ongoing");
    demo.advance(1);
    assert!(reader.receive().await.is_some(), "the abort wakes who waited for it");
    assert_eq!(producer.described().await.transaction_state.as_str(), "CompleteAbort");
    assert_eq!(producer.end(true).await, E::ProducerFenced.code());
    assert_eq!(committed(&mut reader).await, Vec::<String>::new());
}

#[tokio::test]
async fn offsets_in_a_transaction_count_when_it_is_committed() {
    let demo = with_topic().await;
    let mut producer = Producer::init(&demo, 60_000).await;
    let mut group = Client::to_coordinator(&demo, "g").await;
    let commit = |producer: &Producer, offset| {
        let asked = m::txn_offset_commit_request::TxnOffsetCommitRequestPartition::default()
            .with_partition_index(0)
            .with_committed_offset(offset);
        let asked = m::txn_offset_commit_request::TxnOffsetCommitRequestTopic::default()
            .with_name(topic("t"))
            .with_partitions(vec![asked]);
        m::TxnOffsetCommitRequest::default()
            .with_transactional_id(transactional(ID))
            .with_group_id(m::GroupId(s("g")))
            .with_producer_id(producer.id.into())
            .with_producer_epoch(producer.epoch)
            .with_topics(vec![asked])
    };
    let committed = async |client: &mut Client, require_stable| {
        let asked = m::offset_fetch_request::OffsetFetchRequestTopics::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        let asked = m::offset_fetch_request::OffsetFetchRequestGroup::default()
            .with_group_id(m::GroupId(s("g")))
            .with_topics(Some(vec![asked]));
        let request = m::OffsetFetchRequest::default().with_groups(vec![asked]).with_require_stable(require_stable);
        let ResponseKind::OffsetFetch(found) = client.ask(8, request).await else { panic!() };
        let line = &found.groups[0].topics[0].partitions[0];
        (line.error_code, line.committed_offset)
    };
    for (offset, is_commit, then) in [(5, false, -1), (7, true, 7), (9, false, 7)] {
        let before = committed(&mut group, false).await;
        let ResponseKind::TxnOffsetCommit(refused) = group.ask(3, commit(&producer, offset)).await else { panic!() };
        let error = refused.topics[0].partitions[0].error_code;
        assert_eq!(error, E::InvalidTxnState.code(), "not before the group is in it");
        let request = m::AddOffsetsToTxnRequest::default()
            .with_transactional_id(transactional(ID))
            .with_producer_id(producer.id.into())
            .with_producer_epoch(producer.epoch)
            .with_group_id(m::GroupId(s("g")));
        let ResponseKind::AddOffsetsToTxn(added) = producer.coordinator.ask(3, request).await else { panic!() };
        assert_eq!(added.error_code, 0);
        let ResponseKind::TxnOffsetCommit(taken) = group.ask(3, commit(&producer, offset)).await else { panic!() };
        assert_eq!(taken.topics[0].partitions[0].error_code, 0);
        assert_eq!(committed(&mut group, false).await, before, "nothing counts yet");
        assert_eq!(committed(&mut group, true).await.0, E::UnstableOffsetCommit.code());
        assert_eq!(producer.end(is_commit).await, 0);
        assert_eq!(committed(&mut group, true).await, (0, then));
    }
    let partition = keyed_partition("g");
    let mut leader = Client::to_leader(&demo, OFFSETS_TOPIC, partition).await;
    let bytes = fetched(leader.ask(11, fetch(OFFSETS_TOPIC, partition, 0, 0)).await).2;
    assert_eq!(unfold(bytes, 0).len(), 6, "each commit and its marker are records");
}

#[tokio::test]
async fn the_coordinator_writes_down_where_a_transaction_stands() {
    let demo = with_topic().await;
    let mut producer = Producer::init(&demo, 60_000).await;
    producer.add("t", 1).await;
    let partition = keyed_partition(ID);
    let mut leader = Client::to_leader(&demo, TRANSACTIONS_TOPIC, partition).await;
    let bytes = fetched(leader.ask(11, fetch(TRANSACTIONS_TOPIC, partition, 0, 0)).await).2;
    let records = unfold(bytes, 0);
    let values: Vec<_> =
        records.into_iter().map(|(.., content)| (content.key.unwrap(), content.value.unwrap())).collect();
    assert_eq!(values.len(), 2);
    assert_eq!(values[0].0, Bytes::from_static(b"\0\0\0\x06writer"));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (id, noon) = (format!("{:016x}", producer.id), format!("{:016x}", NOON.millis()));
    let empty = format!("0000{id}00000000ea6000ffffffff{noon}ffffffffffffffff");
    assert_eq!(hex(&values[0].1), empty);
    let ongoing = format!("0000{id}00000000ea600100000001000174{}{}{noon}{noon}", "00000001", "00000001");
    assert_eq!(hex(&values[1].1), ongoing);
}

#[tokio::test]
async fn a_partition_without_a_leader_gets_its_marker_when_it_has_one() {
    let demo = start(World::Empty, false).await;
    let mut any = Client::to(&demo, 1).await;
    let id = BrokerId(2);
    let asked = m::create_topics_request::CreatableReplicaAssignment::default()
        .with_partition_index(0)
        .with_broker_ids(vec![m::BrokerId(2)]);
    let asked = m::create_topics_request::CreatableTopic::default()
        .with_name(topic("t"))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![asked]);
    any.ask(5, m::CreateTopicsRequest::default().with_topics(vec![asked]).with_timeout_ms(1_000)).await;
    let mut producer = Producer::init(&demo, 60_000).await;
    assert_eq!((producer.add("t", 0).await, producer.write("a").await), (0, 0));
    demo.stop_broker(id);
    let broker = demo.cluster.lock().transaction_coordinator(ID).unwrap().id.0;
    producer.coordinator = Client::to(&demo, usize::try_from(broker).unwrap()).await;
    assert_eq!(producer.end(true).await, 0, "it is decided");
    let line = producer.described().await;
    assert_eq!((line.transaction_state.as_str(), line.topics.len()), ("PrepareCommit", 1));
    assert_eq!(producer.add("t", 0).await, E::ConcurrentTransactions.code());
    assert_eq!(producer.init_again(60_000, None).await.0, E::ConcurrentTransactions.code());
    demo.start_broker(id).unwrap();
    let broker = demo.cluster.lock().transaction_coordinator(ID).unwrap().id.0;
    producer.coordinator = Client::to(&demo, usize::try_from(broker).unwrap()).await;
    assert_eq!(producer.described().await.transaction_state.as_str(), "CompleteCommit");
    assert_eq!(committed(&mut Client::to(&demo, 2).await).await, ["a"]);
}

#[tokio::test]
async fn a_hanging_transaction_is_found_and_aborted_by_its_producer_id() {
    let demo = start(World::Full, false).await;
    let name = crate::demo::world::LEDGER;
    let mut hanging = Vec::new();
    for partition in 0..3 {
        let mut leader = Client::to_leader(&demo, name, partition).await;
        let asked = m::describe_producers_request::TopicRequest::default()
            .with_name(topic(name))
            .with_partition_indexes(vec![partition]);
        let request = m::DescribeProducersRequest::default().with_topics(vec![asked]);
        let ResponseKind::DescribeProducers(found) = leader.ask(0, request).await else { panic!() };
        let open = found.topics[0].partitions[0].active_producers.iter().filter(|p| p.current_txn_start_offset >= 0);
        hanging
            .extend(open.map(|line| (partition, line.producer_id, line.producer_epoch, line.current_txn_start_offset)));
    }
    let [(partition, id, epoch, first)] = hanging[..] else { panic!("{hanging:?}") };
    let mut known = Vec::new();
    for broker in 1..=3 {
        let request = m::ListTransactionsRequest::default();
        let ResponseKind::ListTransactions(listed) = Client::to(&demo, broker).await.ask(1, request).await else {
            panic!()
        };
        known.extend(
            listed.transaction_states.into_iter().map(|line| (line.transactional_id.to_string(), line.producer_id)),
        );
    }
    known.sort();
    assert_eq!(known.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["ledger-writer-0", "ledger-writer-1"]);
    assert!(known.iter().all(|(_, known)| *known != id), "no coordinator knows it");

    let mut leader = Client::to_leader(&demo, name, partition).await;
    let stable = async |leader: &mut Client| {
        let request = list_offsets(name, partition, -1).with_isolation_level(READ_COMMITTED);
        let ResponseKind::ListOffsets(listed) = leader.ask(7, request).await else { panic!() };
        listed.topics[0].partitions[0].offset
    };
    assert_eq!(stable(&mut leader).await, first);
    let asked = m::write_txn_markers_request::WritableTxnMarkerTopic::default()
        .with_name(topic(name))
        .with_partition_indexes(vec![partition]);
    let marker = m::write_txn_markers_request::WritableTxnMarker::default()
        .with_producer_id(id)
        .with_producer_epoch(i16::try_from(epoch).unwrap())
        .with_topics(vec![asked]);
    let request = m::WriteTxnMarkersRequest::default().with_markers(vec![marker]);
    let ResponseKind::WriteTxnMarkers(written) = leader.ask(1, request).await else { panic!() };
    assert_eq!(written.markers[0].topics[0].partitions[0].error_code, 0);
    assert!(stable(&mut leader).await > first + 1, "what stood behind it is visible");
}
