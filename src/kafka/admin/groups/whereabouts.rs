//! What became of groups that no broker lists any more: deleted, on their way to another
//! coordinator, or those of a broker that does not answer.

use super::{Rights, describe};
use crate::domain::group::{GroupListing, GroupState};
use crate::domain::{BrokerId, Failure, FailureKind, GroupId, Partial};
use crate::kafka::wire::{Api as _, Client};
use kafka_protocol::messages::FindCoordinatorRequest;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a group is that was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Its coordinator says that there is no such group, or nothing about it.
    Gone,
    /// It is there all the same.
    There(GroupListing),
    /// Nobody answers for it: the coordinator, where it is known, and why, as a clause.
    Unknown { coordinator: Option<BrokerId>, why: Arc<str> },
}

/// Asks who coordinates `groups` now, and those brokers about them; but for groups that one
/// of the `silent` brokers listed, which stay unknown while it is. Every group has an answer.
pub async fn whereabouts(
    client: &Client,
    groups: &[GroupListing],
    silent: &[BrokerId],
) -> Partial<HashMap<GroupId, Whereabouts>> {
    let mut found = HashMap::with_capacity(groups.len());
    let mut asked = Vec::new();
    for group in groups {
        match client.last_coordinator(&group.id).filter(|broker| silent.contains(broker)) {
            Some(broker) => {
                found.insert(group.id.clone(), does_not_answer(broker));
            }
            None => asked.push(group.clone()),
        }
    }
    // Whoever coordinated these before does not list them.
    asked.iter().for_each(|group| client.forget_coordinator(&group.id));
    let ids: Vec<GroupId> = asked.iter().map(|group| group.id.clone()).collect();
    let coordinators = client.coordinators(&ids).await;
    let coordinator_of: HashMap<&GroupId, BrokerId> =
        coordinators.value.iter().flat_map(|(broker, ids)| ids.iter().map(|id| (id, *broker))).collect();
    asked.retain(|group| match coordinator_of.get(&group.id) {
        Some(broker) if silent.contains(broker) => {
            found.insert(group.id.clone(), does_not_answer(*broker));
            false
        }
        Some(_) => true,
        None => {
            found.insert(group.id.clone(), without_answer(&group.id, &coordinators.failures, None));
            false
        }
    });
    let described = describe(client, &asked, Rights::Leave).await;
    for GroupListing { id, .. } in asked {
        let place = match described.value.get(&id) {
            Some(group) if group.listing.state == GroupState::Dead => Whereabouts::Gone,
            Some(group) => Whereabouts::There(group.listing.clone()),
            None => without_answer(&id, &described.failures, coordinator_of.get(&id).copied()),
        };
        found.insert(id, place);
    }
    let mut failures = named_once(&found);
    // The others are of groups that are gone, and would not come back.
    failures.extend(described.failures.into_iter().filter(Failure::is_transient));
    Partial { value: found, failures }
}

fn does_not_answer(broker: BrokerId) -> Whereabouts {
    let why = format!("broker {broker}, its coordinator, does not answer");
    Whereabouts::Unknown { coordinator: Some(broker), why: why.into() }
}

/// Only who may answer later keeps a group in the list.
fn without_answer(group: &GroupId, failures: &[Failure], coordinator: Option<BrokerId>) -> Whereabouts {
    let own = failures.iter().find(|failure| failure.target == group.as_str()).or_else(|| failures.first());
    match own {
        Some(failure) if !failure.is_transient() => Whereabouts::Gone,
        Some(failure) => Whereabouts::Unknown { coordinator, why: failure.to_string().into() },
        None => Whereabouts::Unknown { coordinator, why: "its coordinator left it out of its answer".into() },
    }
}

/// One failure for all groups whose coordinator is not known: a broker that does not
/// answer was named when it was asked for its list.
fn named_once(found: &HashMap<GroupId, Whereabouts>) -> Vec<Failure> {
    let lost = found.iter().filter(|(_, place)| matches!(place, Whereabouts::Unknown { coordinator: None, .. }));
    let mut lost: Vec<&GroupId> = lost.map(|(group, _)| group).collect();
    lost.sort_unstable();
    let failure = || {
        let message = "nobody coordinates it: a partition of __consumer_offsets has no leader, or is being read";
        Failure::new(FailureKind::Unreachable, FindCoordinatorRequest::OPERATION, message)
    };
    match lost.as_slice() {
        [] => Vec::new(),
        [only] => vec![failure().about("of group", only)],
        [first, rest @ ..] => {
            vec![failure().about("of group", format_args!("{first} and {} more", rest.len()))]
        }
    }
}
