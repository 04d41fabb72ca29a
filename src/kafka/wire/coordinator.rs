//! Which broker answers for a group or a transactional id.
//!
//! Groups are asked for in batches where the cluster can do that (FindCoordinator
//! version 4, Kafka 3.0), else singly but all at once; the answers are kept until a
//! broker says that it is not the coordinator. Of the groups that a broker lists it is.

use super::client::{Client, Lane, Route, Trouble};
use super::code::failure_of_code;
use super::error::WireError;
use super::{Api as _, lock};
use crate::domain::{BrokerId, Failure, GroupId, Partial};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;

const BATCH: usize = 1000;
/// The first version that takes more than one key.
const BATCHES_FROM: i16 = 4;
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

fn request(version: i16, kind: i8, keys: &[&str]) -> FindCoordinatorRequest {
    let text = |key: &&str| StrBytes::from_string((*key).to_owned());
    let request = FindCoordinatorRequest::default();
    if version >= BATCHES_FROM {
        return request.with_key_type(kind).with_coordinator_keys(keys.iter().map(text).collect());
    }
    let request = request.with_key(keys.first().map(text).unwrap_or_default());
    if version >= 1 { request.with_key_type(kind) } else { request }
}

/// The answer for one key.
fn single(response: &FindCoordinatorResponse) -> Result<BrokerId, WireError> {
    let (code, node) = match response.coordinators.first() {
        Some(found) => (found.error_code, found.node_id.0),
        None => (response.error_code, response.node_id.0),
    };
    if code == 0 { Ok(BrokerId(node)) } else { Err(WireError::Code(code)) }
}

impl Client {
    /// The groups by their coordinator. What failed is named once per error.
    pub(in crate::kafka) async fn coordinators(&self, groups: &[GroupId]) -> Partial<HashMap<BrokerId, Vec<GroupId>>> {
        let mut found: HashMap<BrokerId, Vec<GroupId>> = HashMap::new();
        let mut unknown = Vec::new();
        {
            let known = lock(self.groups());
            for group in groups {
                match known.get(group) {
                    Some(broker) => found.entry(*broker).or_default().push(group.clone()),
                    None => unknown.push(group.clone()),
                }
            }
        }
        let mut failures = Vec::new();
        if !unknown.is_empty() {
            match self.version_of::<FindCoordinatorRequest>(Route::Any, Lane::Control).await {
                Ok(version) => {
                    let size = if version >= BATCHES_FROM { BATCH } else { 1 };
                    let mut asked: FuturesUnordered<_> =
                        unknown.chunks(size).map(|batch| self.find_groups(batch)).collect();
                    while let Some(part) = asked.next().await {
                        failures.extend(part.failures);
                        let mut known = lock(self.groups());
                        for (group, broker) in part.value {
                            known.insert(group.clone(), broker);
                            found.entry(broker).or_default().push(group);
                        }
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        Partial { value: found, failures }
    }

    async fn find_groups(&self, batch: &[GroupId]) -> Partial<Vec<(GroupId, BrokerId)>> {
        let keys: Vec<&str> = batch.iter().map(GroupId::as_str).collect();
        let sent = self.call_with(Route::Any, Lane::Control, |version| request(version, GROUP, &keys)).await;
        let response = match sent {
            Ok(response) => response,
            Err(failure) => return Partial { value: Vec::new(), failures: vec![named(failure, batch)] },
        };
        let mut part = Partial::whole(Vec::with_capacity(batch.len()));
        let fail =
            |code, group: &GroupId| failure_of_code(code, FindCoordinatorRequest::OPERATION).about("of group", group);
        if response.coordinators.is_empty() {
            for group in batch {
                match response.error_code {
                    0 => part.value.push((group.clone(), BrokerId(response.node_id.0))),
                    code => part.failures.push(fail(code, group)),
                }
            }
            return part;
        }
        // Brokers answer in the order of the request; one that does not is looked up.
        for (index, answer) in response.coordinators.iter().enumerate() {
            let group = batch.get(index).filter(|group| group.as_str() == &*answer.key);
            let group = group.or_else(|| batch.iter().find(|group| group.as_str() == &*answer.key));
            let Some(group) = group else { continue };
            match answer.error_code {
                0 => part.value.push((group.clone(), BrokerId(answer.node_id.0))),
                code => part.failures.push(fail(code, group)),
            }
        }
        part
    }

    pub(super) async fn coordinator_of_group(&self, group: &GroupId) -> Result<BrokerId, Trouble> {
        if let Some(broker) = lock(self.groups()).get(group) {
            return Ok(*broker);
        }
        let broker = self.find_one(GROUP, group.as_str()).await?;
        lock(self.groups()).insert(group.clone(), broker);
        Ok(broker)
    }

    pub(super) async fn coordinator_of_transaction(&self, id: &str) -> Result<BrokerId, Trouble> {
        self.find_one(TRANSACTION, id).await
    }

    async fn find_one(&self, kind: i8, key: &str) -> Result<BrokerId, Trouble> {
        let keys = [key];
        // Boxed because looking for a coordinator is itself a request that is routed.
        let build = |version| request(version, kind, &keys);
        let response = Box::pin(self.perform(None, Route::Any, Lane::Control, &build)).await?;
        single(&response).map_err(Trouble::nowhere)
    }

    /// A broker listed these groups, which it does only for those it coordinates:
    /// nobody needs to be asked again. Where it is not so any more, it says so.
    pub(in crate::kafka) fn learn_coordinator<'a>(&self, broker: BrokerId, groups: impl Iterator<Item = &'a GroupId>) {
        lock(self.groups()).extend(groups.map(|group| (group.clone(), broker)));
    }

    /// Who coordinated this group when that was asked or told last.
    pub(in crate::kafka) fn last_coordinator(&self, group: &GroupId) -> Option<BrokerId> {
        lock(self.groups()).get(group).copied()
    }

    /// A broker said that it does not coordinate this group.
    pub(in crate::kafka) fn forget_coordinator(&self, group: &GroupId) {
        lock(self.groups()).remove(group);
    }
}

fn named(failure: Failure, batch: &[GroupId]) -> Failure {
    match batch {
        [only] => failure.about("of group", only),
        _ => failure.about("of", format_args!("{} groups", batch.len())),
    }
}
