//! A broker for tests that says what the test tells it to: rightly, wrongly, late,
//! cut short, or not at all. It listens on loopback on a port of its own.
//!
//! What the test does not script is answered as a broker without topics would:
//! ApiVersions with everything that can be coded, Metadata with the broker itself
//! (or the [members](Scripted::join) it was told of).

use super::{Endpoint, Options, Security, lock};
use crate::protocol::{DescribeShareGroupOffsetsRequest, StreamsGroupDescribeRequest};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId as NodeId, FindCoordinatorRequest, FindCoordinatorResponse, MetadataResponse,
    RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, Message as _, Request, StrBytes, VersionRange};
use openssl::ssl::{Ssl, SslAcceptor};
use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) key: i16,
    pub(crate) version: i16,
    pub(crate) correlation: i32,
    body: Bytes,
}

impl Asked {
    pub(crate) fn read<R: Request>(&self) -> R {
        R::decode(&mut self.body.clone(), self.version).expect("the client's request can be decoded")
    }
}

/// What the broker does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A response's body; the frame around it is made as it should be.
    Body(Bytes),
    /// These bytes on the wire and nothing else.
    Bytes(Bytes),
    /// The reply, but only after a while. Later answers wait behind it.
    Late(Duration, Box<Reply>),
    /// No answer to this request, then or later.
    Silence,
    /// Closes the connection.
    Close,
}

impl Reply {
    /// `response` as `version` writes it.
    pub(crate) fn with<T: Encodable>(response: &T, version: i16) -> Self {
        let mut body = BytesMut::new();
        response.encode(&mut body, version).expect("the scripted response fits the version");
        Self::Body(body.freeze())
    }

    pub(crate) fn late(self, by: Duration) -> Self {
        Self::Late(by, Box::new(self))
    }
}

type Handler = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// What a broker will do, before it is started.
#[derive(Default)]
pub(crate) struct Script {
    handlers: HashMap<i16, Handler>,
    versions: HashMap<i16, (i16, i16)>,
    missing: Vec<i16>,
    tls: Option<SslAcceptor>,
    latency: Duration,
    topics: Vec<MetadataResponseTopic>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Answers `R` with what `answer` makes of it; the second argument is the version.
    pub(crate) fn answer<R: Request>(self, answer: impl Fn(R, i16) -> R::Response + Send + Sync + 'static) -> Self {
        self.on::<R>(move |asked| Reply::with(&answer(asked.read::<R>(), asked.version), asked.version))
    }

    /// Does with `R` whatever `reply` says.
    pub(crate) fn on<R: Request>(mut self, reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        self.handlers.insert(R::KEY, Box::new(reply));
        self
    }

    /// Offers these versions of `R` instead of all.
    pub(crate) fn versions<R: Request>(mut self, low: i16, high: i16) -> Self {
        self.versions.insert(R::KEY, (low, high));
        self
    }

    /// Does not offer `R`.
    pub(crate) fn without<R: Request>(mut self) -> Self {
        self.missing.push(R::KEY);
        self
    }

    pub(crate) fn tls(mut self, acceptor: SslAcceptor) -> Self {
        self.tls = Some(acceptor);
        self
    }

    /// Metadata lists this topic, whose partitions have these leaders.
    pub(crate) fn topic(mut self, name: &str, leaders: &[i32]) -> Self {
        let partitions = (0..).zip(leaders).map(|(index, leader)| {
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(NodeId(*leader))
                .with_replica_nodes(vec![NodeId(*leader)])
                .with_isr_nodes(vec![NodeId(*leader)])
        });
        let topic = MetadataResponseTopic::default()
            .with_name(Some(StrBytes::from_string(name.to_owned()).into()))
            .with_partitions(partitions.collect());
        self.topics.push(topic);
        self
    }

    /// Metadata lists this topic with one partition, led by the first of `replicas`.
    pub(crate) fn topic_on(mut self, name: &str, replicas: &[i32]) -> Self {
        self = self.topic(name, &replicas[..1]);
        let all = || replicas.iter().map(|id| NodeId(*id)).collect::<Vec<_>>();
        if let Some(partition) = self.topics.last_mut().and_then(|topic| topic.partitions.last_mut()) {
            partition.replica_nodes = all();
            partition.isr_nodes = all();
        }
        self
    }

    /// Every answer comes this much later; requests do not wait for each other.
    pub(crate) fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    pub(crate) async fn start(self) -> Scripted {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let state = Arc::new(State {
            script: self,
            members: Mutex::new(vec![(1, port)]),
            asked: Mutex::default(),
            accepted: Mutex::default(),
        });
        let task = tokio::spawn(listen(listener, Arc::clone(&state))).abort_handle();
        Scripted { port, state, task }
    }
}

struct State {
    script: Script,
    members: Mutex<Vec<(i32, u16)>>,
    asked: Mutex<Vec<Asked>>,
    accepted: Mutex<usize>,
}

/// A running scripted broker; it ends when this is dropped.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    state: Arc<State>,
    task: AbortHandle,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new("127.0.0.1", self.port)
    }

    /// Options that lead here, with deadlines short enough for tests.
    pub(crate) fn options(&self) -> Options {
        Options {
            bootstrap: vec![self.endpoint()],
            security: Security::default(),
            client_id: "klamm-test".into(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
        }
    }

    pub(crate) fn client(&self) -> super::Client {
        super::Client::new(self.options()).expect("plaintext needs nothing")
    }

    /// Makes these brokers one cluster: each lists all of them, with ids from 1.
    pub(crate) fn join(brokers: &[&Scripted]) {
        let members: Vec<_> = (1..).zip(brokers.iter().map(|broker| broker.port)).collect();
        for broker in brokers {
            *lock(&broker.state.members) = members.clone();
        }
    }

    /// The requests of this API so far, in order of arrival.
    pub(crate) fn asked<R: Request>(&self) -> Vec<Asked> {
        lock(&self.state.asked).iter().filter(|asked| asked.key == R::KEY).cloned().collect()
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        *lock(&self.state.accepted)
    }
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    // Connections end with the broker.
    let mut open = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        *lock(&state.accepted) += 1;
        let state = Arc::clone(&state);
        open.spawn(async move {
            let served = match state.script.tls.as_ref() {
                None => serve(socket, &state).await,
                Some(acceptor) => serve_tls(acceptor, socket, &state).await,
            };
            // A client that goes away is nothing to report.
            let _ = served;
        });
    }
}

async fn serve_tls(acceptor: &SslAcceptor, socket: TcpStream, state: &State) -> std::io::Result<()> {
    let ssl = Ssl::new(acceptor.context())?;
    let mut stream = tokio_openssl::SslStream::new(ssl, socket)?;
    Pin::new(&mut stream).accept().await.map_err(std::io::Error::other)?;
    serve(stream, state).await
}

async fn serve(socket: impl AsyncRead + AsyncWrite, state: &State) -> std::io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(socket);
    let (ready, mut answers) = mpsc::channel::<(Instant, Reply, i32, i16)>(10_000);
    let read = async {
        loop {
            let size = reader.read_u32().await?;
            // As a broker does with what is no request (`socket.request.max.bytes`).
            if size > 100 << 20 {
                return Ok(());
            }
            let mut frame = vec![0; size as usize];
            reader.read_exact(&mut frame).await?;
            let Some(asked) = parse(frame.into()) else { return Ok(()) };
            // What the codec crate does not know is flexible in all versions.
            let header = ApiKey::try_from(asked.key).map_or(1, |api| api.response_header_version(asked.version));
            let mut reply = state.reply(&asked);
            let mut at = Instant::now() + state.script.latency;
            lock(&state.asked).push(asked.clone());
            while let Reply::Late(by, then) = reply {
                at += by;
                reply = *then;
            }
            if ready.send((at, reply, asked.correlation, header)).await.is_err() {
                return Ok::<_, std::io::Error>(());
            }
        }
    };
    let write = async {
        while let Some((at, reply, correlation, header)) = answers.recv().await {
            tokio::time::sleep_until(at).await;
            match reply {
                Reply::Body(body) => writer.write_all(&frame(correlation, header, &body)).await?,
                Reply::Bytes(bytes) => writer.write_all(&bytes).await?,
                Reply::Close => return writer.shutdown().await,
                Reply::Silence | Reply::Late(..) => {}
            }
            writer.flush().await?;
        }
        Ok(())
    };
    tokio::select! {
        result = read => result,
        result = write => result,
    }
}

/// A frame with `body`, as it should be.
pub(crate) fn frame(correlation: i32, header_version: i16, body: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u32(0);
    let header = ResponseHeader::default().with_correlation_id(correlation);
    header.encode(&mut frame, header_version).expect("a response header can be encoded");
    frame.put_slice(body);
    let size = u32::try_from(frame.len() - 4).expect("test frames are small");
    frame[..4].copy_from_slice(&size.to_be_bytes());
    frame.freeze()
}

fn parse(mut frame: Bytes) -> Option<Asked> {
    let mut prefix = frame.slice(..4.min(frame.len()));
    let (key, version) = (prefix.try_get_i16().ok()?, prefix.try_get_i16().ok()?);
    let header_version = ApiKey::try_from(key).map_or(2, |api| api.request_header_version(version));
    let header = RequestHeader::decode(&mut frame, header_version).ok()?;
    Some(Asked { key, version, correlation: header.correlation_id, body: frame })
}

impl State {
    fn reply(&self, asked: &Asked) -> Reply {
        if let Some(handler) = self.script.handlers.get(&asked.key) {
            return handler(asked);
        }
        match ApiKey::try_from(asked.key).ok() {
            Some(ApiKey::ApiVersions) => Reply::with(&self.api_versions(), asked.version),
            Some(ApiKey::Metadata) => Reply::with(&self.metadata(asked.version), asked.version),
            Some(ApiKey::FindCoordinator) => Reply::with(&self.coordinators(asked), asked.version),
            _ => Reply::Close,
        }
    }

    fn api_versions(&self) -> ApiVersionsResponse {
        let mut all: BTreeMap<i16, VersionRange> =
            ApiKey::iter().map(|api| (api as i16, api.valid_versions())).collect();
        all.insert(StreamsGroupDescribeRequest::KEY, StreamsGroupDescribeRequest::VERSIONS);
        all.insert(DescribeShareGroupOffsetsRequest::KEY, DescribeShareGroupOffsetsRequest::VERSIONS);
        let offered = all.into_iter().filter(|(key, _)| !self.script.missing.contains(key)).map(|(key, all)| {
            let (low, high) = self.script.versions.get(&key).copied().unwrap_or((all.min, all.max));
            ApiVersion::default().with_api_key(key).with_min_version(low).with_max_version(high)
        });
        ApiVersionsResponse::default().with_api_keys(offered.collect())
    }

    fn metadata(&self, version: i16) -> MetadataResponse {
        let members = lock(&self.members);
        let brokers = members.iter().map(|(id, port)| {
            MetadataResponseBroker::default()
                .with_node_id(NodeId(*id))
                .with_host(StrBytes::from_static_str("127.0.0.1"))
                .with_port(i32::from(*port))
        });
        let topics = self.script.topics.clone();
        let response = MetadataResponse::default().with_brokers(brokers.collect()).with_topics(topics);
        let response = if version >= 1 { response.with_controller_id(NodeId(1)) } else { response };
        let id = (version >= 2).then(|| StrBytes::from_static_str("scripted"));
        response.with_cluster_id(id)
    }

    /// Every group and transaction is coordinated by the last member.
    fn coordinators(&self, asked: &Asked) -> FindCoordinatorResponse {
        use kafka_protocol::messages::find_coordinator_response::Coordinator;
        let (id, port) = lock(&self.members).last().copied().expect("a cluster has members");
        let (host, port) = (StrBytes::from_static_str("127.0.0.1"), i32::from(port));
        let request = asked.read::<FindCoordinatorRequest>();
        if asked.version < 4 {
            return FindCoordinatorResponse::default().with_node_id(NodeId(id)).with_host(host).with_port(port);
        }
        let one = |key: StrBytes| {
            Coordinator::default().with_key(key).with_node_id(NodeId(id)).with_host(host.clone()).with_port(port)
        };
        FindCoordinatorResponse::default().with_coordinators(request.coordinator_keys.into_iter().map(one).collect())
    }
}
