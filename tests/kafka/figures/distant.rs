//! Committed offsets of many groups from brokers that are far away.
//!
//! The brokers here answer what this question needs and nothing else, each
//! answer a round trip after its request, however many are under way.

use super::{Line, line, median, shown};
use crate::stage::Stage;
use crate::witness::runtime;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, FindCoordinatorRequest, FindCoordinatorResponse, MetadataResponse,
    OffsetFetchRequest, OffsetFetchResponse, RequestHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use klamm::domain::GroupId;
use klamm::kafka::admin::offsets;
use klamm::kafka::wire::{Client, Endpoint, Options, Security};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const GROUPS: usize = 5_000;
const PARTITIONS: i32 = 10;
const BROKERS: usize = 3;
const ROUND_TRIP: Duration = Duration::from_millis(80);
/// What they answer, and up to which version.
const SERVED: [(ApiKey, i16); 4] =
    [(ApiKey::ApiVersions, 3), (ApiKey::Metadata, 12), (ApiKey::FindCoordinator, 4), (ApiKey::OffsetFetch, 8)];

pub fn measure(_: &Stage) -> Vec<Line> {
    let (ours, floor) = runtime().block_on(async {
        let brokers = start().await;
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for round in 0..5 {
            ours.push(ask(&brokers, round).await);
            floor.push(two_round_trips(brokers[0]).await);
        }
        (median(ours), median(floor))
    });
    vec![
        line("committed offsets of 5,000 groups × 10, 80 ms away", shown(ours), "≤ 0.4 s"),
        line("  two bare round trips: coordinators, then offsets", shown(floor), "the control"),
    ]
}

/// The time for groups whose coordinators nobody has asked for yet; the
/// connections are open.
async fn ask(brokers: &[SocketAddr], round: usize) -> Duration {
    let options = Options {
        bootstrap: brokers.iter().map(|at| Endpoint::parse(&at.to_string()).expect("an address")).collect(),
        security: Security::default(),
        client_id: "figures".to_owned(),
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(10),
    };
    let client = Client::new(options).expect("a client");
    let groups = |name: &str, count: usize| -> Vec<GroupId> {
        (0..count).map(|index| GroupId::from(format!("{name}-{round}-{index}").as_str())).collect()
    };
    let warm = offsets::committed(&client, &groups("warm", 30)).await;
    assert_eq!((warm.value.len(), warm.failures.len()), (30, 0));
    let wanted = groups("group", GROUPS);
    let began = Instant::now();
    let answer = offsets::committed(&client, &wanted).await;
    let took = began.elapsed();
    assert_eq!((answer.value.len(), answer.failures.len()), (GROUPS, 0));
    assert!(answer.value.values().all(|offsets| offsets.len() == 10), "every partition of every group");
    took
}

/// The same request twice, one after the other, on a connection that is open.
async fn two_round_trips(broker: SocketAddr) -> Duration {
    let mut stream = TcpStream::connect(broker).await.expect("a connection");
    let header = RequestHeader::default()
        .with_request_api_key(ApiKey::ApiVersions as i16)
        .with_request_api_version(0)
        .with_client_id(Some(StrBytes::from_static_str("figures")));
    let mut body = Vec::new();
    header.encode(&mut body, ApiKey::ApiVersions.request_header_version(0)).expect("a header");
    let mut frame = u32::try_from(body.len()).expect("a short frame").to_be_bytes().to_vec();
    frame.extend(body);
    let began = Instant::now();
    for _ in 0..2 {
        stream.write_all(&frame).await.expect("it is sent");
        let length = stream.read_u32().await.expect("an answer");
        let mut answer = vec![0; length as usize];
        stream.read_exact(&mut answer).await.expect("the whole answer");
    }
    began.elapsed()
}

async fn start() -> Vec<SocketAddr> {
    let mut listeners = Vec::new();
    for _ in 0..BROKERS {
        listeners.push(TcpListener::bind("127.0.0.1:0").await.expect("a port"));
    }
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(|listener| listener.local_addr().expect("an address")).collect();
    let shared = Arc::new(addresses.clone());
    for listener in listeners {
        let brokers = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&brokers)));
            }
        });
    }
    addresses
}

/// Answers in order, each a round trip after its request.
async fn serve(stream: TcpStream, brokers: Arc<Vec<SocketAddr>>) {
    stream.set_nodelay(true).expect("a socket takes it");
    let (mut from, mut to) = stream.into_split();
    let (later, mut due) = mpsc::channel::<(tokio::time::Instant, Vec<u8>)>(1024);
    tokio::spawn(async move {
        while let Some((at, frame)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&frame).await.is_err() {
                return;
            }
        }
    });
    while let Ok(length) = from.read_u32().await {
        let mut frame = vec![0; length as usize];
        if from.read_exact(&mut frame).await.is_err() {
            return;
        }
        let at = tokio::time::Instant::now() + ROUND_TRIP;
        if later.send((at, answer(&frame, &brokers))).await.is_err() {
            return;
        }
    }
}

fn answer(frame: &[u8], brokers: &[SocketAddr]) -> Vec<u8> {
    let key = i16::from_be_bytes([frame[0], frame[1]]);
    let version = i16::from_be_bytes([frame[2], frame[3]]);
    let api = ApiKey::try_from(key).expect("a known request");
    let mut rest = bytes::Bytes::copy_from_slice(frame);
    let header = RequestHeader::decode(&mut rest, api.request_header_version(version)).expect("a header");
    let mut body = Vec::new();
    let head = ResponseHeader::default().with_correlation_id(header.correlation_id);
    head.encode(&mut body, api.response_header_version(version)).expect("a header");
    let encoded = match api {
        ApiKey::ApiVersions => {
            let served = |(api, max): (ApiKey, i16)| {
                ApiVersion::default().with_api_key(api as i16).with_min_version(0).with_max_version(max)
            };
            ApiVersionsResponse::default().with_api_keys(SERVED.map(served).to_vec()).encode(&mut body, version)
        }
        ApiKey::Metadata => {
            let brokers = (1..).zip(brokers).map(|(id, at)| {
                MetadataResponseBroker::default()
                    .with_node_id(BrokerId(id))
                    .with_host(StrBytes::from_string(at.ip().to_string()))
                    .with_port(i32::from(at.port()))
            });
            let answer = MetadataResponse::default().with_brokers(brokers.collect()).with_controller_id(BrokerId(1));
            answer.encode(&mut body, version)
        }
        ApiKey::FindCoordinator => {
            let asked = FindCoordinatorRequest::decode(&mut rest, version).expect("a request");
            let coordinators = asked.coordinator_keys.into_iter().map(|key| {
                let broker = key.bytes().map(usize::from).sum::<usize>() % brokers.len();
                Coordinator::default()
                    .with_key(key)
                    .with_node_id(BrokerId(i32::try_from(broker + 1).expect("a small id")))
                    .with_host(StrBytes::from_string(brokers[broker].ip().to_string()))
                    .with_port(i32::from(brokers[broker].port()))
            });
            FindCoordinatorResponse::default().with_coordinators(coordinators.collect()).encode(&mut body, version)
        }
        ApiKey::OffsetFetch => {
            let asked = OffsetFetchRequest::decode(&mut rest, version).expect("a request");
            let partitions = (0..PARTITIONS).map(|partition| {
                OffsetFetchResponsePartitions::default()
                    .with_partition_index(partition)
                    .with_committed_offset(i64::from(partition) * 1_000)
            });
            let topic = OffsetFetchResponseTopics::default()
                .with_name(TopicName(StrBytes::from_static_str("orders")))
                .with_partitions(partitions.collect());
            let groups = asked.groups.into_iter().map(|group| {
                OffsetFetchResponseGroup::default().with_group_id(group.group_id).with_topics(vec![topic.clone()])
            });
            OffsetFetchResponse::default().with_groups(groups.collect()).encode(&mut body, version)
        }
        other => panic!("nobody asks these brokers for {other:?}"),
    };
    encoded.expect("an answer");
    let mut frame = u32::try_from(body.len()).expect("a short frame").to_be_bytes().to_vec();
    frame.extend(body);
    frame
}
