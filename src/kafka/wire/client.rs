//! A cluster to which requests can be sent.
//!
//! Owns: what is known of brokers and coordinators, the way of a request to the
//! right one, and when it is sent again.
//! Invariants: without a grant nothing is sent that could change the cluster; a
//! change is sent again only when it is certain that the broker did not act on it;
//! rejected credentials are never tried again.

use super::api::Api;
use super::code::{needs_new_coordinator, needs_new_metadata};
use super::connection::Connection;
use super::dial;
use super::error::WireError;
use super::handshake::Opener;
use super::pool::{Peer, Pool};
use super::{Endpoint, Security, guard, lock, reading};
use crate::domain::broker::Broker;
use crate::domain::{BrokerId, Failure, GroupId, WriteGrant};
use bytes::Bytes;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_protocol::protocol::Request;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a request is sent before its error is believed.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug)]
pub struct Options {
    pub bootstrap: Vec<Endpoint>,
    pub security: Security,
    pub client_id: String,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
}

/// Who should answer.
#[derive(Clone, Copy, Debug)]
pub enum Route<'a> {
    /// Whoever is connected already.
    Any,
    /// The controller. With KRaft this is any broker: it forwards.
    Controller,
    Broker(BrokerId),
    /// The group's coordinator.
    Group(&'a GroupId),
    /// The coordinator of a transactional id.
    Transaction(&'a str),
}

/// What a connection is for. A broker answers in order, so what may take long never
/// shares a connection with what should be quick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    Control,
    /// Offsets and sampling: many requests, large answers.
    Bulk,
    /// One per running fetch; let go of it with [`Client::release`].
    Fetch(u64),
}

/// What the cluster last said about itself.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Grows with every answer; tells whether somebody else has asked meanwhile.
    round: u64,
    brokers: Vec<Broker>,
    controller: Option<BrokerId>,
}

/// Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    bootstrap: Vec<Endpoint>,
    request_timeout: Duration,
    opener: Arc<Opener>,
    pool: Pool,
    known: Mutex<Arc<Known>>,
    /// Held while metadata is asked for, so that it is asked for once.
    asking: tokio::sync::Mutex<()>,
    groups: Mutex<HashMap<GroupId, BrokerId>>,
    is_shut: AtomicBool,
}

/// An error with the broker it happened at.
pub(super) struct Trouble {
    pub(super) error: WireError,
    broker: Option<String>,
}

impl Trouble {
    pub(super) fn nowhere(error: WireError) -> Self {
        Self { error, broker: None }
    }

    pub(super) fn failure(&self, operation: &str) -> Failure {
        self.error.failure(operation, self.broker.as_deref())
    }
}

impl Client {
    /// Prepares everything that needs no network. A certificate that cannot be
    /// read fails here.
    pub fn new(options: Options) -> Result<Self, Failure> {
        let prepare = |error: WireError| error.failure("prepare the connection", None);
        if options.bootstrap.is_empty() {
            return Err(prepare(WireError::Settings("no bootstrap address is given".into())));
        }
        let opener = Opener::new(&options).map_err(prepare)?;
        Ok(Self {
            inner: Arc::new(Inner {
                bootstrap: options.bootstrap,
                request_timeout: options.request_timeout,
                opener: Arc::new(opener),
                pool: Pool::default(),
                known: Mutex::default(),
                asking: tokio::sync::Mutex::default(),
                groups: Mutex::default(),
                is_shut: AtomicBool::new(false),
            }),
        })
    }

    /// Sends a request that leaves the cluster as it is; anything else is refused.
    pub async fn call<R>(&self, route: Route<'_>, lane: Lane, request: &R) -> Result<R::Response, Failure>
    where
        R: Api + Clone,
    {
        self.call_with(route, lane, |_| request.clone()).await
    }

    /// Like [`call`](Self::call), with the request made for the version that will be
    /// spoken: a field that a version lacks cannot be sent in it.
    pub async fn call_with<R: Api>(
        &self,
        route: Route<'_>,
        lane: Lane,
        build: impl Fn(i16) -> R + Send + Sync,
    ) -> Result<R::Response, Failure> {
        self.perform(None, route, lane, &build).await.map_err(|trouble| trouble.failure(R::OPERATION))
    }

    /// Like [`call_with`](Self::call_with), with the answer read by `read`: what it
    /// keeps elsewhere comes beside the response.
    pub(in crate::kafka) async fn read_with<R: Api, T>(
        &self,
        route: Route<'_>,
        lane: Lane,
        build: impl Fn(i16) -> R + Send + Sync,
        read: impl Fn(&Bytes, i16) -> Result<(R::Response, T), String> + Send + Sync,
    ) -> Result<(R::Response, T), Failure> {
        let attempt = || self.attempt(None, route, lane, &build, &read);
        self.persist(route, false, attempt).await.map_err(|trouble| trouble.failure(R::OPERATION))
    }

    /// Sends any request. The grant is the right to change the cluster.
    pub async fn change<R>(
        &self,
        grant: &WriteGrant,
        route: Route<'_>,
        lane: Lane,
        request: &R,
    ) -> Result<R::Response, Failure>
    where
        R: Api + Clone,
    {
        self.change_with(grant, route, lane, |_| request.clone()).await
    }

    /// Like [`change`](Self::change), with the request made for a version.
    pub async fn change_with<R: Api>(
        &self,
        grant: &WriteGrant,
        route: Route<'_>,
        lane: Lane,
        build: impl Fn(i16) -> R + Send + Sync,
    ) -> Result<R::Response, Failure> {
        self.perform(Some(grant), route, lane, &build).await.map_err(|trouble| trouble.failure(R::OPERATION))
    }

    /// The version in which `R` would be sent.
    pub async fn version_of<R: Api>(&self, route: Route<'_>, lane: Lane) -> Result<i16, Failure> {
        let look = || async {
            let peer = self.resolve(route).await?;
            let connection = self.connection(peer, lane).await?;
            connection.version::<R>().map_err(|error| at(error, &connection, peer))
        };
        self.persist(route, false, look).await.map_err(|trouble| trouble.failure(R::OPERATION))
    }

    /// Asks for the brokers and the controller anew.
    pub async fn refresh(&self) -> Result<(), Failure> {
        self.ask_again().await.map_err(|trouble| trouble.failure(MetadataRequest::OPERATION))
    }

    /// The brokers as last heard of; empty before the first answer.
    pub fn brokers(&self) -> Vec<Broker> {
        self.known().brokers.clone()
    }

    /// The controller as last heard of. With KRaft it is a broker chosen at random.
    pub fn controller(&self) -> Option<BrokerId> {
        self.known().controller
    }

    /// How long a broker may work on a change before it answers: a little less than
    /// we wait for the answer, so that a late change is the broker's to report.
    pub(in crate::kafka) fn patience_ms(&self) -> i32 {
        let patience = self.inner.request_timeout * 4 / 5;
        i32::try_from(patience.as_millis()).unwrap_or(i32::MAX)
    }

    /// Lets go of the connections of a lane.
    pub fn release(&self, lane: Lane) {
        self.inner.pool.release(lane);
    }

    /// Leaves the cluster. Requests under way still finish, new ones are refused.
    pub fn close(&self) {
        self.inner.is_shut.store(true, Ordering::Relaxed);
        self.inner.pool.clear();
    }

    pub(super) async fn perform<R: Api>(
        &self,
        grant: Option<&WriteGrant>,
        route: Route<'_>,
        lane: Lane,
        build: &(impl Fn(i16) -> R + Sync),
    ) -> Result<R::Response, Trouble> {
        let decode = |body: &Bytes, version: i16| Ok((guard::decode::<R::Response>(body, version)?, ()));
        let attempt = || self.attempt(grant, route, lane, build, &decode);
        self.persist(route, grant.is_some(), attempt).await.map(|(response, ())| response)
    }

    /// Makes attempts until one succeeds or none can.
    async fn persist<T, F>(&self, route: Route<'_>, is_change: bool, attempt: impl Fn() -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let mut number = 1;
        loop {
            let round = self.known().round;
            let trouble = match attempt().await {
                Ok(response) => return Ok(response),
                Err(trouble) => trouble,
            };
            if number == ATTEMPTS || !may_repeat(&trouble.error, is_change) {
                return Err(trouble);
            }
            tokio::time::sleep(pause(number)).await;
            if let Route::Group(group) = route {
                self.forget_coordinator(group);
            }
            // Failing to learn more is no reason to stop: the next attempt will tell.
            let _ = self.ask_if_unchanged_since(round).await;
            number += 1;
        }
    }

    async fn attempt<R: Api, T>(
        &self,
        grant: Option<&WriteGrant>,
        route: Route<'_>,
        lane: Lane,
        build: &(impl Fn(i16) -> R + Sync),
        read: &(impl Fn(&Bytes, i16) -> Result<(R::Response, T), String> + Sync),
    ) -> Result<(R::Response, T), Trouble> {
        let peer = self.resolve(route).await?;
        let connection = self.connection(peer, lane).await?;
        let sent = async {
            let version = connection.version::<R>()?;
            let request = build(version);
            if grant.is_none() && !is_reading(&request) {
                return Err(WireError::NotGranted);
            }
            let (response, rest) = connection.call_read(&request, version, self.inner.request_timeout, read).await?;
            match R::error_code(&response) {
                code if needs_new_metadata(code) || needs_new_coordinator(code) => Err(WireError::Code(code)),
                _ => Ok((response, rest)),
            }
        };
        sent.await.map_err(|error| at(error, &connection, peer))
    }

    async fn resolve(&self, route: Route<'_>) -> Result<Peer, Trouble> {
        match route {
            Route::Any => Ok(Peer::Seed),
            Route::Broker(broker) => Ok(Peer::Broker(broker)),
            Route::Controller => {
                if self.known().controller.is_none() {
                    self.ask_if_unchanged_since(self.known().round).await?;
                }
                Ok(self.known().controller.map_or(Peer::Seed, Peer::Broker))
            }
            Route::Group(group) => Ok(Peer::Broker(self.coordinator_of_group(group).await?)),
            Route::Transaction(id) => Ok(Peer::Broker(self.coordinator_of_transaction(id).await?)),
        }
    }

    async fn connection(&self, peer: Peer, lane: Lane) -> Result<Arc<Connection>, Trouble> {
        let Peer::Broker(id) = peer else { return self.seed(lane).await };
        self.refuse_if_shut()?;
        let endpoint = self.endpoint(id).await?;
        let shown = format!("{id} ({endpoint})");
        let (opener, throttle) = (Arc::clone(&self.inner.opener), self.inner.pool.throttle(id));
        let dial = || async move { opener.open(&endpoint, throttle).await };
        let opened = self.inner.pool.get(peer, lane, dial).await;
        let listener = || self.inner.bootstrap.iter().map(Endpoint::to_string).collect::<Vec<_>>().join(", ");
        opened.map_err(|error| Trouble { error: error.of_advertised(listener), broker: Some(shown) })
    }

    /// A connection to whoever answers.
    async fn seed(&self, lane: Lane) -> Result<Arc<Connection>, Trouble> {
        self.refuse_if_shut()?;
        if let Some(open) = self.inner.pool.any(lane) {
            return Ok(open);
        }
        let candidates = self.candidates();
        let shown = candidates.iter().map(Endpoint::to_string).collect::<Vec<_>>().join(", ");
        let opener = Arc::clone(&self.inner.opener);
        let dial = || async move {
            let open = |endpoint| {
                let opener = &opener;
                async move { opener.open(&endpoint, Arc::default()).await }
            };
            dial::race(candidates, open).await
        };
        self.inner.pool.get(Peer::Seed, lane, dial).await.map_err(|error| Trouble { error, broker: Some(shown) })
    }

    fn refuse_if_shut(&self) -> Result<(), Trouble> {
        if self.inner.is_shut.load(Ordering::Relaxed) { Err(Trouble::nowhere(WireError::Shut)) } else { Ok(()) }
    }

    /// Where to begin: what the user gave, then what the cluster told.
    fn candidates(&self) -> Vec<Endpoint> {
        let mut candidates = self.inner.bootstrap.clone();
        for broker in &self.known().brokers {
            let endpoint = Endpoint::new(&*broker.host, broker.port);
            if !candidates.contains(&endpoint) {
                candidates.push(endpoint);
            }
        }
        candidates
    }

    async fn endpoint(&self, id: BrokerId) -> Result<Endpoint, Trouble> {
        let find = |known: &Known| {
            known.brokers.iter().find(|broker| broker.id == id).map(|broker| Endpoint::new(&*broker.host, broker.port))
        };
        let known = self.known();
        if let Some(endpoint) = find(&known) {
            return Ok(endpoint);
        }
        self.ask_if_unchanged_since(known.round).await?;
        find(&self.known()).ok_or_else(|| Trouble::nowhere(WireError::NoSuchBroker(id.0)))
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&lock(&self.inner.known))
    }

    async fn ask_if_unchanged_since(&self, round: u64) -> Result<(), Trouble> {
        let _asking = self.inner.asking.lock().await;
        if self.known().round == round { self.ask_again().await } else { Ok(()) }
    }

    async fn ask_again(&self) -> Result<(), Trouble> {
        let connection = self.seed(Lane::Control).await?;
        let asked = async {
            let version = connection.version::<MetadataRequest>()?;
            // No topics: an empty list means that from version 1 on.
            let request = MetadataRequest::default().with_topics(Some(Vec::new()));
            let request = request.with_allow_auto_topic_creation(version < 4);
            connection.call(&request, version, self.inner.request_timeout).await
        };
        let response = asked.await.map_err(|error| at(error, &connection, Peer::Seed))?;
        self.learn(&response);
        Ok(())
    }

    /// Takes brokers and controller from an answer.
    pub(in crate::kafka) fn learn(&self, response: &MetadataResponse) {
        let brokers = brokers_of(response);
        let controller = Some(BrokerId(response.controller_id.0)).filter(|id| id.0 >= 0);
        self.inner.pool.adopt(|peer| brokers.iter().find(|broker| broker.address() == peer).map(|broker| broker.id));
        let mut known = lock(&self.inner.known);
        *known = Arc::new(Known { round: known.round + 1, brokers, controller });
    }

    /// The coordinators that are known by now.
    pub(super) fn groups(&self) -> &Mutex<HashMap<GroupId, BrokerId>> {
        &self.inner.groups
    }
}

fn is_reading<R: Api>(request: &R) -> bool {
    reading::is_reading_key(<R as Request>::KEY, request.changes_nothing())
}

fn at(error: WireError, connection: &Connection, peer: Peer) -> Trouble {
    let broker = match peer {
        Peer::Seed => connection.peer().to_owned(),
        Peer::Broker(id) => format!("{id} ({})", connection.peer()),
    };
    Trouble { error, broker: Some(broker) }
}

fn may_repeat(error: &WireError, is_change: bool) -> bool {
    match error {
        // The broker says itself that it did nothing.
        WireError::Code(code) => needs_new_metadata(*code) || needs_new_coordinator(*code),
        error => error.is_worth_a_retry() && (!is_change || error.was_not_sent()),
    }
}

/// Doubles with every attempt; up to half of it is chance, so that many callers
/// do not come back at the same moment.
fn pause(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE * 2u32.saturating_pow(attempt - 1);
    let mut chance = [0];
    // Without randomness the pause is merely not spread.
    let _ = openssl::rand::rand_bytes(&mut chance);
    longest - longest * u32::from(chance[0]) / 512
}

/// The brokers that an answer names.
pub(super) fn brokers_of(response: &MetadataResponse) -> Vec<Broker> {
    let broker = |broker: &MetadataResponseBroker| {
        Some(Broker {
            id: BrokerId(broker.node_id.0),
            host: broker.host.to_string(),
            port: u16::try_from(broker.port).ok()?,
            rack: broker.rack.as_ref().map(ToString::to_string),
        })
    };
    response.brokers.iter().filter_map(broker).collect()
}
