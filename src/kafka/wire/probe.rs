//! The stages of a connection one at a time, for whoever wants to see where it
//! fails.
//!
//! Owns: the order of the stages, held by their types. Every stage is the one that
//! an ordinary connection goes through; nothing is tried again.

use super::client::brokers_of;
use super::connection::{Connection, Io};
use super::endpoint::Endpoint;
use super::error::WireError;
use super::handshake::{Opener, Versions};
use super::tls;
use super::{Api, Options};
use crate::domain::broker::Broker;
use crate::domain::certificate::PeerCertificate;
use crate::domain::{BrokerId, Failure};
use kafka_protocol::messages::{ApiKey, DescribeClusterRequest, MetadataRequest};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// The bit of DESCRIBE among the authorised operations of the cluster.
const DESCRIBE: i32 = 1 << 8;

/// A way to a cluster that is walked step by step.
pub struct Probe {
    opener: Opener,
    request_timeout: Duration,
}

/// An open socket.
pub struct Dialled(TcpStream);

/// A socket, in TLS where the profile says so.
pub struct Line(Box<dyn Io>);

/// A broker that has said which versions it speaks.
pub struct Answering {
    connection: Connection,
    versions: Versions,
}

/// What the cluster says about its brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    pub cluster_id: Option<String>,
    pub controller: Option<BrokerId>,
    /// With the addresses that they advertise.
    pub brokers: Vec<Broker>,
    /// `None` where the cluster does not tell.
    pub may_describe_cluster: Option<bool>,
}

impl Probe {
    /// Reads certificates and keys; does no I/O to the cluster.
    pub fn new(options: &Options) -> Result<Self, Failure> {
        let opener = Opener::new(options).map_err(|error| error.failure("prepare the connection", None))?;
        Ok(Self { opener, request_timeout: options.request_timeout })
    }

    pub fn has_tls(&self) -> bool {
        self.opener.tls().is_some()
    }

    /// The mechanism that will be used, by its name on the wire.
    pub fn mechanism(&self) -> Option<&'static str> {
        self.opener.sasl().map(|sasl| sasl.mechanism())
    }

    pub async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Failure> {
        self.opener.resolve(endpoint).await.map_err(failed("resolve the name", endpoint))
    }

    pub async fn dial(&self, endpoint: &Endpoint, addresses: &[SocketAddr]) -> Result<Dialled, Failure> {
        self.opener.dial(addresses).await.map(Dialled).map_err(failed("connect", endpoint))
    }

    /// Through the TLS handshake, or on as it is where the profile has no TLS.
    pub async fn secure(
        &self,
        endpoint: &Endpoint,
        socket: Dialled,
    ) -> Result<(Line, Option<PeerCertificate>), Failure> {
        let Some(tls) = self.opener.tls() else { return Ok((Line(Box::new(socket.0)), None)) };
        let stream =
            self.opener.secure(tls, socket.0, endpoint).await.map_err(failed("make the TLS handshake", endpoint))?;
        let certificate = tls::peer(&stream);
        Ok((Line(Box::new(stream)), certificate))
    }

    pub async fn greet(&self, endpoint: &Endpoint, line: Line) -> Result<Answering, Failure> {
        let greeted = self.opener.greet(line.0, endpoint, Default::default()).await;
        let (connection, versions) = greeted.map_err(failed("agree on API versions", endpoint))?;
        Ok(Answering { connection, versions })
    }

    /// Sends credentials, once.
    pub async fn authenticate(&self, endpoint: &Endpoint, broker: &Answering) -> Result<(), Failure> {
        self.opener.authenticate(&broker.connection).await.map_err(failed("authenticate", endpoint))
    }

    pub async fn members(&self, endpoint: &Endpoint, broker: &Answering) -> Result<Members, Failure> {
        let asked = async {
            let version = broker.connection.version::<MetadataRequest>()?;
            // No topics: an empty list means that from version 1 on.
            let request = MetadataRequest::default().with_topics(Some(Vec::new()));
            let request = request.with_allow_auto_topic_creation(version < 4);
            broker.connection.call(&request, version, self.request_timeout).await
        };
        let response = asked.await.map_err(failed(MetadataRequest::OPERATION, endpoint))?;
        let mut brokers = brokers_of(&response);
        brokers.sort_unstable_by_key(|broker| broker.id);
        Ok(Members {
            cluster_id: response.cluster_id.map(|id| id.to_string()),
            controller: Some(BrokerId(response.controller_id.0)).filter(|id| id.0 >= 0),
            brokers,
            may_describe_cluster: self.may_describe(broker).await,
        })
    }

    /// A broker too old to be asked does not tell.
    async fn may_describe(&self, broker: &Answering) -> Option<bool> {
        let version = broker.connection.version::<DescribeClusterRequest>().ok()?;
        let request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
        let answer = broker.connection.call(&request, version, self.request_timeout).await.ok()?;
        let bits = Some(answer.cluster_authorized_operations).filter(|bits| *bits != i32::MIN)?;
        Some(bits & DESCRIBE != 0)
    }
}

impl Answering {
    pub fn apis(&self) -> usize {
        self.versions.len()
    }

    /// The oldest Kafka that speaks all of this. A broker does not say its release.
    pub fn release(&self) -> Option<&'static str> {
        let speaks =
            |key: ApiKey, version: i16| self.versions.get(&(key as i16)).is_some_and(|(_, max)| *max >= version);
        RELEASES.iter().find(|(key, version, _)| speaks(*key, *version)).map(|(.., release)| *release)
    }
}

/// What a release was the first to speak, newest first.
const RELEASES: &[(ApiKey, i16, &str)] = &[
    (ApiKey::Fetch, 18, "4.1"),
    (ApiKey::Metadata, 13, "4.0"),
    (ApiKey::Fetch, 17, "3.9"),
    (ApiKey::ListGroups, 5, "3.8"),
    (ApiKey::Fetch, 16, "3.7"),
    (ApiKey::Fetch, 15, "3.5"),
    (ApiKey::DescribeLogDirs, 4, "3.3"),
    (ApiKey::JoinGroup, 9, "3.2"),
    (ApiKey::Fetch, 13, "3.1"),
    (ApiKey::DescribeTransactions, 0, "3.0"),
    (ApiKey::DescribeCluster, 0, "2.8"),
    (ApiKey::DescribeUserScramCredentials, 0, "2.7"),
    (ApiKey::DescribeClientQuotas, 0, "2.6"),
    (ApiKey::AlterPartitionReassignments, 0, "2.4"),
    (ApiKey::IncrementalAlterConfigs, 0, "2.3"),
    (ApiKey::ElectLeaders, 0, "2.2"),
    (ApiKey::Fetch, 10, "2.1"),
    (ApiKey::Fetch, 8, "2.0"),
    (ApiKey::DeleteGroups, 0, "1.1"),
    (ApiKey::SaslAuthenticate, 0, "1.0"),
    (ApiKey::InitProducerId, 0, "0.11"),
    (ApiKey::ApiVersions, 0, "0.10"),
];

fn failed<'a>(operation: &'a str, endpoint: &'a Endpoint) -> impl Fn(WireError) -> Failure + 'a {
    move |error| error.failure(operation, Some(&endpoint.to_string()))
}
