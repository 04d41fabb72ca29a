//! Faults on purpose: what can go wrong between a client and one broker.
//!
//! Owns the switches, and how a request meets them. Must not know what requests
//! mean, but for where their answers hold error codes.
//! Invariant: a request that is answered with an error was not carried out.

use super::api::{self, Call};
use super::clock::{Clock, Pulse};
use super::state::{Cluster, Node};
use crate::domain::{BrokerId, Failure, FailureKind};
use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, RequestKind, ResponseKind};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What is wrong with one broker.
#[derive(Clone, Debug, Default)]
struct Switches {
    is_frozen: bool,
    delay: Duration,
    /// How often its connections were cut.
    cuts: u64,
    /// By API key: the error, and how many requests still get it.
    errors: BTreeMap<i16, (i16, u32)>,
}

/// The switches of all brokers.
#[derive(Debug, Default)]
pub(super) struct Faults {
    brokers: BTreeMap<BrokerId, watch::Sender<Switches>>,
    stop: Mutex<Stop>,
}

/// When the whole cluster is to fall silent.
#[derive(Debug, Default)]
struct Stop {
    /// Requests that are still answered; `None`: all.
    left: Option<u64>,
    /// Whether the one behind them is carried out before nobody answers.
    carries_out: bool,
    is_silent: bool,
    /// Requests that were answered.
    answered: u64,
}

/// What becomes of a request where the cluster is to fall silent.
enum Fate {
    Answered,
    /// Carried out, and never answered.
    Unanswered,
    /// Never looked at.
    Lost,
}

impl Faults {
    pub(super) fn of(nodes: &[Node]) -> Self {
        let brokers = nodes.iter().map(|node| (node.id, watch::Sender::default())).collect();
        Self { brokers, stop: Mutex::default() }
    }

    fn stop(&self) -> MutexGuard<'_, Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self) -> Fate {
        let mut stop = self.stop();
        match stop.left {
            None => {
                stop.answered += 1;
                Fate::Answered
            }
            Some(0) => {
                let is_first = !std::mem::replace(&mut stop.is_silent, true);
                if is_first && stop.carries_out { Fate::Unanswered } else { Fate::Lost }
            }
            Some(left) => {
                stop.left = Some(left - 1);
                stop.answered += 1;
                Fate::Answered
            }
        }
    }

    /// What a new connection to this broker has to pass.
    pub(super) fn gate(&self, id: BrokerId) -> Gate {
        let switches = self.brokers.get(&id).map(watch::Sender::subscribe);
        let cuts = switches.as_ref().map_or(0, |switches| switches.borrow().cuts);
        Gate { switches, cuts }
    }

    /// The error that the next request of this kind gets, if it is to get one.
    fn take(&self, id: BrokerId, api: ApiKey) -> Option<i16> {
        let mut taken = None;
        self.brokers.get(&id)?.send_if_modified(|switches| {
            let Some((code, left)) = switches.errors.get_mut(&(api as i16)) else { return false };
            taken = Some(*code);
            *left = left.saturating_sub(1);
            if *left == 0 {
                switches.errors.remove(&(api as i16));
            }
            true
        });
        taken
    }

    fn switch(&self, id: BrokerId, change: impl FnOnce(&mut Switches)) -> Result<(), Failure> {
        let missing =
            || Failure::new(FailureKind::NotFound, "switch a fault", "the demo has no such broker").on(id.to_string());
        self.brokers.get(&id).ok_or_else(missing)?.send_modify(change);
        Ok(())
    }
}

/// The switches of a broker as one connection meets them.
pub(super) struct Gate {
    switches: Option<watch::Receiver<Switches>>,
    cuts: u64,
}

impl Gate {
    /// Waits while the broker is frozen.
    pub(super) async fn thawed(&self) {
        if let Some(mut switches) = self.switches.clone() {
            // Without its cluster a broker is neither frozen nor anything else.
            let _ = switches.wait_for(|switches| !switches.is_frozen).await;
        }
    }

    /// Waits as long as a request has to wait before it is looked at.
    pub(super) async fn pass(&self) {
        self.thawed().await;
        let delay = self.switches.as_ref().map_or(Duration::ZERO, |switches| switches.borrow().delay);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
            self.thawed().await;
        }
    }

    /// Returns when the connection is to end.
    pub(super) async fn cut(&self) {
        if let Some(mut switches) = self.switches.clone()
            && switches.wait_for(|switches| switches.cuts != self.cuts).await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

/// Answers a request: with an error where one is switched on, else as it is meant.
pub(super) async fn dispatch(call: Call, api: ApiKey, request: RequestKind) -> Option<ResponseKind> {
    match call.cluster.faults.fate() {
        Fate::Answered => {}
        Fate::Unanswered => {
            api::dispatch(&call, request).await;
            return std::future::pending().await;
        }
        Fate::Lost => return std::future::pending().await,
    }
    let Some(code) = call.cluster.faults.take(call.node, api) else { return api::dispatch(&call, request).await };
    let version = call.version;
    let changes_nothing = matches!(api, ApiKey::Metadata | ApiKey::DescribeCluster);
    // The shape of the answer is that of a cluster that has nothing, where nothing
    // is done; only who names the brokers must name the real ones.
    let call = if changes_nothing { call } else { Call { cluster: nowhere(), ..call } };
    let mut response = api::dispatch(&call, request).await?;
    refuse(&mut response, code, version);
    Some(response)
}

/// The same for a request that the codec crate lacks; it is never refused. `None` where it
/// does not decode.
pub(super) async fn dispatch_beyond(call: Call, key: i16, body: Bytes) -> Option<BytesMut> {
    match call.cluster.faults.fate() {
        Fate::Answered => api::beyond(&call, key, body),
        Fate::Unanswered => {
            api::beyond(&call, key, body);
            std::future::pending().await
        }
        Fate::Lost => std::future::pending().await,
    }
}

fn nowhere() -> Arc<Cluster> {
    Arc::new(Cluster::new(String::new(), 0, Pulse::new(Clock::System), Vec::new()))
}

/// Puts the code wherever the answer has room for one.
#[rustfmt::skip]
fn refuse(response: &mut ResponseKind, code: i16, version: i16) {
    use ResponseKind as R;
    match response {
        R::Produce(r) => r.responses.iter_mut().flat_map(|t| &mut t.partition_responses).for_each(|p| { p.error_code = code; p.error_message = None; }),
        R::Fetch(r) => r.responses.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::ListOffsets(r) => r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::Metadata(r) => r.topics.iter_mut().for_each(|t| { t.error_code = code; t.partitions.clear(); }),
        R::OffsetCommit(r) => r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::OffsetFetch(r) if version >= 8 => r.groups.iter_mut().for_each(|g| g.error_code = code),
        R::OffsetFetch(r) if version >= 2 => r.error_code = code,
        R::OffsetFetch(r) => r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::FindCoordinator(r) if version >= 4 => r.coordinators.iter_mut().for_each(|c| c.error_code = code),
        R::FindCoordinator(r) => r.error_code = code,
        R::JoinGroup(r) => r.error_code = code,
        R::Heartbeat(r) => r.error_code = code,
        R::LeaveGroup(r) => r.error_code = code,
        R::SyncGroup(r) => r.error_code = code,
        R::DescribeGroups(r) => r.groups.iter_mut().for_each(|g| { g.error_code = code; g.error_message = None; }),
        R::ListGroups(r) => r.error_code = code,
        R::ApiVersions(r) => r.error_code = code,
        R::CreateTopics(r) => r.topics.iter_mut().for_each(|t| { t.error_code = code; t.error_message = None; }),
        R::DeleteTopics(r) => r.responses.iter_mut().for_each(|t| { t.error_code = code; t.error_message = None; }),
        R::DeleteRecords(r) => r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::InitProducerId(r) => { r.error_code = code; r.producer_id = (-1).into(); r.producer_epoch = -1; }
        R::OffsetForLeaderEpoch(r) => r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::AddPartitionsToTxn(r) => r.results_by_topic_v3_and_below.iter_mut().flat_map(|t| &mut t.results_by_partition).for_each(|p| p.partition_error_code = code),
        R::AddOffsetsToTxn(r) => r.error_code = code,
        R::EndTxn(r) => r.error_code = code,
        R::WriteTxnMarkers(r) => r.markers.iter_mut().flat_map(|m| &mut m.topics).flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::TxnOffsetCommit(r) => r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = code),
        R::DescribeConfigs(r) => r.results.iter_mut().for_each(|c| { c.error_code = code; c.error_message = None; c.configs.clear(); }),
        R::AlterConfigs(r) => r.responses.iter_mut().for_each(|c| { c.error_code = code; c.error_message = None; }),
        R::IncrementalAlterConfigs(r) => r.responses.iter_mut().for_each(|c| { c.error_code = code; c.error_message = None; }),
        R::DescribeLogDirs(r) => r.results.iter_mut().for_each(|d| d.error_code = code),
        R::CreatePartitions(r) => r.results.iter_mut().for_each(|t| { t.error_code = code; t.error_message = None; }),
        R::DeleteGroups(r) => r.results.iter_mut().for_each(|g| g.error_code = code),
        R::ElectLeaders(r) => r.replica_election_results.iter_mut().flat_map(|t| &mut t.partition_result).for_each(|p| { p.error_code = code; p.error_message = None; }),
        R::AlterPartitionReassignments(r) => { r.error_code = code; r.error_message = None; }
        R::ListPartitionReassignments(r) => r.error_code = code,
        R::OffsetDelete(r) => r.error_code = code,
        R::DescribeCluster(r) => r.error_code = code,
        R::DescribeProducers(r) => r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| { p.error_code = code; p.error_message = None; }),
        R::DescribeTransactions(r) => r.transaction_states.iter_mut().for_each(|t| t.error_code = code),
        R::ListTransactions(r) => r.error_code = code,
        R::ConsumerGroupHeartbeat(r) => { r.error_code = code; r.error_message = None; }
        R::ShareGroupHeartbeat(r) => { r.error_code = code; r.error_message = None; }
        R::ShareFetch(r) => { r.error_code = code; r.error_message = None; }
        R::ShareAcknowledge(r) => { r.error_code = code; r.error_message = None; }
        R::ConsumerGroupDescribe(r) => r.groups.iter_mut().for_each(|g| { g.error_code = code; g.error_message = None; }),
        R::ShareGroupDescribe(r) => r.groups.iter_mut().for_each(|g| { g.error_code = code; g.error_message = None; }),
        R::AlterShareGroupOffsets(r) => { r.error_code = code; r.error_message = None; }
        R::DeleteShareGroupOffsets(r) => { r.error_code = code; r.error_message = None; }
        R::DescribeTopicPartitions(r) => r.topics.iter_mut().for_each(|t| t.error_code = code),
        // Everything in SERVED is above; a test holds that.
        _ => {}
    }
}

/// The switches. A broker that is not there is a failure, and so is an error that
/// Kafka does not know.
impl super::Demo {
    /// Makes a broker hold every request, until it is thawed. It still takes
    /// connections, as a process that is stopped does.
    pub fn freeze_broker(&self, id: BrokerId) -> Result<(), Failure> {
        self.cluster.faults.switch(id, |switches| switches.is_frozen = true)
    }

    pub fn thaw_broker(&self, id: BrokerId) -> Result<(), Failure> {
        self.cluster.faults.switch(id, |switches| switches.is_frozen = false)
    }

    /// Makes every request to a broker take this much longer.
    pub fn slow_broker(&self, id: BrokerId, delay: Duration) -> Result<(), Failure> {
        self.cluster.faults.switch(id, |switches| switches.delay = delay)
    }

    /// Cuts all connections of a broker, once: new ones are taken.
    pub fn cut_connections(&self, id: BrokerId) -> Result<(), Failure> {
        self.cluster.faults.switch(id, |switches| switches.cuts += 1)
    }

    /// Makes the whole cluster fall silent when it has answered so many more requests.
    /// The one after them is still carried out, or lost as all that follow it.
    pub fn fall_silent_after(&self, requests: u64, carries_out: bool) {
        let mut stop = self.cluster.faults.stop();
        *stop = Stop { left: Some(requests), carries_out, is_silent: false, answered: stop.answered };
    }

    /// Requests that it has answered since it began.
    pub fn answered(&self) -> u64 {
        self.cluster.faults.stop().answered
    }

    /// It has fallen silent: somebody waits for an answer that will not come.
    pub fn is_silent(&self) -> bool {
        self.cluster.faults.stop().is_silent
    }

    /// Answers again whoever asks anew; the connections of before are cut.
    pub fn speak_again(&self) {
        let mut stop = self.cluster.faults.stop();
        *stop = Stop { answered: stop.answered, ..Stop::default() };
        drop(stop);
        for broker in self.cluster.faults.brokers.values() {
            broker.send_modify(|switches| switches.cuts += 1);
        }
    }

    /// Makes a broker answer the next `count` requests of an API key with an error
    /// code, both as the protocol numbers them. The requests are not carried out.
    pub fn fail_requests(&self, id: BrokerId, api_key: i16, error: i16, count: u32) -> Result<(), Failure> {
        let invalid = |what: &str| Err(Failure::new(FailureKind::Invalid, "switch a fault", what).on(id.to_string()));
        if !api::SERVED.iter().any(|api| *api as i16 == api_key) {
            return invalid("the demo serves no such API key");
        }
        if matches!(ResponseError::try_from_code(error), None | Some(ResponseError::Unknown(_))) {
            return invalid("there is no such error code");
        }
        self.cluster.faults.switch(id, |switches| match count {
            0 => drop(switches.errors.remove(&api_key)),
            count => drop(switches.errors.insert(api_key, (error, count))),
        })
    }
}
