//! A client of a few lines: one request, one answer.

use super::Demo;
use crate::demo::batch::{self, Content, Entry, Envelope};
use crate::demo::codec::Codec;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as m;
use kafka_protocol::messages::{ApiKey, RequestHeader, RequestKind, ResponseHeader, ResponseKind};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn s(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(super) fn topic(name: &str) -> m::TopicName {
    m::TopicName(s(name))
}

pub(super) struct Client {
    stream: TcpStream,
    sent: i32,
}

impl Client {
    pub(super) async fn to(demo: &Demo, broker: usize) -> Self {
        let bootstrap = demo.bootstrap();
        let address = bootstrap.split(',').nth(broker - 1).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, sent: 0 }
    }

    /// A connection to the broker that leads the partition.
    pub(super) async fn to_leader(demo: &Demo, name: &str, partition: i32) -> Self {
        let leader = demo.cluster.lock().topics[name].partition(partition).unwrap().leader.unwrap();
        Self::to(demo, usize::try_from(leader.0).unwrap()).await
    }

    /// A connection to the broker that coordinates the group.
    pub(super) async fn to_coordinator(demo: &Demo, group: &str) -> Self {
        let id = demo.cluster.lock().coordinator(group).unwrap().id;
        Self::to(demo, usize::try_from(id.0).unwrap()).await
    }

    pub(super) async fn ask(&mut self, version: i16, request: impl Into<RequestKind>) -> ResponseKind {
        self.try_ask(version, request.into()).await.expect("an answer")
    }

    /// `None` when the broker closed the connection instead of answering.
    pub(super) async fn try_ask(&mut self, version: i16, request: RequestKind) -> Option<ResponseKind> {
        self.send(version, &request).await;
        let api = key_of(&request);
        let frame = self.receive().await?;
        let mut bytes = Bytes::from(frame);
        let header = ResponseHeader::decode(&mut bytes, api.response_header_version(version)).unwrap();
        assert_eq!(header.correlation_id, self.sent);
        let response = ResponseKind::decode(api, &mut bytes, version).unwrap();
        assert!(bytes.is_empty(), "{api:?} v{version}: {} bytes too many", bytes.len());
        Some(response)
    }

    pub(super) async fn send(&mut self, version: i16, request: &RequestKind) {
        self.sent += 1;
        let api = key_of(request);
        let mut frame = BytesMut::new();
        let header = RequestHeader::default()
            .with_request_api_key(api as i16)
            .with_request_api_version(version)
            .with_correlation_id(self.sent)
            .with_client_id(Some(s("test-client")));
        header.encode(&mut frame, api.request_header_version(version)).unwrap();
        request.encode(&mut frame, version).unwrap_or_else(|error| panic!("{api:?} v{version}: {error}"));
        self.send_raw(&u32::try_from(frame.len()).unwrap().to_be_bytes()).await;
        self.send_raw(&frame).await;
    }

    pub(super) async fn send_raw(&mut self, bytes: &[u8]) {
        // The broker may have hung up already: that is what some tests want.
        let _ = self.stream.write_all(bytes).await;
    }

    pub(super) async fn receive(&mut self) -> Option<Vec<u8>> {
        let read = async {
            let size = self.stream.read_u32().await.ok()?;
            let mut frame = vec![0; size as usize];
            self.stream.read_exact(&mut frame).await.ok()?;
            Some(frame)
        };
        tokio::time::timeout(PATIENCE, read).await.expect("the broker neither answered nor hung up")
    }
}

fn key_of(request: &RequestKind) -> ApiKey {
    macro_rules! keys {
        ($($kind:ident)*) => { match request { $(RequestKind::$kind(_) => ApiKey::$kind,)* other => panic!("{other:?}") } };
    }
    keys!(Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat LeaveGroup
        SyncGroup DescribeGroups ListGroups ApiVersions CreateTopics DeleteTopics DeleteRecords InitProducerId
        OffsetForLeaderEpoch DescribeConfigs AlterConfigs DescribeLogDirs CreatePartitions DeleteGroups ElectLeaders
        IncrementalAlterConfigs AlterPartitionReassignments ListPartitionReassignments OffsetDelete DescribeCluster
        DescribeProducers DescribeTopicPartitions AddPartitionsToTxn AddOffsetsToTxn EndTxn WriteTxnMarkers
        TxnOffsetCommit DescribeTransactions ListTransactions ConsumerGroupDescribe ShareGroupDescribe
        ConsumerGroupHeartbeat ShareGroupHeartbeat ShareFetch ShareAcknowledge
        AlterShareGroupOffsets DeleteShareGroupOffsets)
}

/// A batch of text records with the given times.
pub(super) fn batch_of(records: &[(&str, &str, i64)]) -> Bytes {
    let entries: Vec<Entry> = (0..)
        .zip(records)
        .map(|(delta, (key, value, timestamp))| Entry {
            delta,
            timestamp: *timestamp,
            content: Content {
                key: Some(Bytes::copy_from_slice(key.as_bytes())),
                value: Some(Bytes::copy_from_slice(value.as_bytes())),
                headers: Vec::new(),
            },
        })
        .collect();
    let last = i32::try_from(entries.len()).unwrap() - 1;
    batch::encode(&Envelope::plain(0, last, -1, Codec::Zstd), &entries)
}

pub(super) fn produce(name: &str, partition: i32, acks: i16, records: Bytes) -> m::ProduceRequest {
    let data = m::produce_request::PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let data = m::produce_request::TopicProduceData::default().with_name(topic(name)).with_partition_data(vec![data]);
    m::ProduceRequest::default().with_acks(acks).with_timeout_ms(1_000).with_topic_data(vec![data])
}

pub(super) fn fetch(name: &str, partition: i32, offset: i64, max_wait_ms: i32) -> m::FetchRequest {
    let asked = m::fetch_request::FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let asked = m::fetch_request::FetchTopic::default().with_topic(topic(name)).with_partitions(vec![asked]);
    m::FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(8 << 20)
        .with_topics(vec![asked])
}

/// The one partition of a fetch answer: error, high watermark, records.
pub(super) fn fetched(response: ResponseKind) -> (i16, i64, Bytes) {
    let ResponseKind::Fetch(response) = response else { panic!("{response:?}") };
    let partition = response.responses[0].partitions[0].clone();
    (partition.error_code, partition.high_watermark, partition.records.unwrap_or_default())
}

/// All records in a fetch answer from `offset` on: offset, time, content.
pub(super) fn unfold(mut bytes: Bytes, offset: i64) -> Vec<(i64, i64, Content)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let head = batch::Head::parse(&bytes).unwrap();
        let one = bytes.split_to(head.size);
        assert!(batch::is_intact(&one));
        for entry in batch::records(&one).unwrap() {
            all.push((head.base_offset + i64::from(entry.delta), entry.timestamp, entry.content));
        }
    }
    all.retain(|(at, ..)| *at >= offset);
    all
}

pub(super) fn list_offsets(name: &str, partition: i32, at: i64) -> m::ListOffsetsRequest {
    let asked =
        m::list_offsets_request::ListOffsetsPartition::default().with_partition_index(partition).with_timestamp(at);
    let asked =
        m::list_offsets_request::ListOffsetsTopic::default().with_name(topic(name)).with_partitions(vec![asked]);
    m::ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![asked])
}

pub(super) async fn offset_at(client: &mut Client, name: &str, partition: i32, at: i64) -> (i64, i64) {
    let ResponseKind::ListOffsets(response) = client.ask(7, list_offsets(name, partition, at)).await else { panic!() };
    let line = &response.topics[0].partitions[0];
    assert_eq!(line.error_code, 0);
    (line.offset, line.timestamp)
}

pub(super) async fn create_topic(client: &mut Client, name: &str, partitions: i32, configs: &[(&str, &str)]) -> i16 {
    let configs = configs.iter().map(|(name, value)| {
        m::create_topics_request::CreatableTopicConfig::default().with_name(s(name)).with_value(Some(s(value)))
    });
    let asked = m::create_topics_request::CreatableTopic::default()
        .with_name(topic(name))
        .with_num_partitions(partitions)
        .with_replication_factor(-1)
        .with_configs(configs.collect());
    let request = m::CreateTopicsRequest::default().with_topics(vec![asked]).with_timeout_ms(1_000);
    let ResponseKind::CreateTopics(response) = client.ask(5, request).await else { panic!() };
    response.topics[0].error_code
}
