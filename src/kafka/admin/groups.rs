//! Groups: which there are, who is in them and what they are assigned; and their end.

mod change;
mod members;
mod modern;
mod streams;
mod whereabouts;

pub use change::{Leaving, delete, remove_members};
pub use members::{Rights, describe};
pub use whereabouts::{Whereabouts, whereabouts};

use crate::domain::group::{GroupListing, GroupState, GroupType};
use crate::domain::{BrokerId, Failure};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::messages::ListGroupsRequest;
use kafka_protocol::messages::list_groups_response::ListedGroup;

/// The groups of all brokers.
#[derive(Debug, Default)]
pub struct Listings {
    /// In order of their id.
    pub value: Vec<GroupListing>,
    pub failures: Vec<Failure>,
    /// Brokers that told theirs, and those that did not.
    pub answered: usize,
    pub silent: Vec<BrokerId>,
}

/// All groups, asked of every broker: each lists those it coordinates.
pub async fn list(client: &Client) -> Listings {
    let mut groups = Listings::default();
    let mut brokers = client.brokers();
    if brokers.is_empty() {
        if let Err(failure) = client.refresh().await {
            return Listings { failures: vec![failure], ..groups };
        }
        brokers = client.brokers();
    }
    let ask = |broker: BrokerId| async move { (broker, list_of_broker(client, broker).await) };
    let mut asked: FuturesUnordered<_> = brokers.iter().map(|broker| ask(broker.id)).collect();
    while let Some((broker, answer)) = asked.next().await {
        match answer {
            Ok(listed) => {
                client.learn_coordinator(broker, listed.iter().map(|group| &group.id));
                groups.value.extend(listed);
                groups.answered += 1;
            }
            Err(failure) => {
                groups.failures.push(failure);
                groups.silent.push(broker);
            }
        }
    }
    groups.value.sort_unstable_by(|a: &GroupListing, b| a.id.cmp(&b.id));
    // While a coordinator moves, both brokers may list its groups.
    groups.value.dedup_by(|a, b| a.id == b.id);
    groups
}

/// The groups that one broker coordinates.
pub async fn list_of_broker(client: &Client, broker: BrokerId) -> Result<Vec<GroupListing>, Failure> {
    let response = client.call(Route::Broker(broker), Lane::Control, &ListGroupsRequest::default()).await?;
    if response.error_code != 0 {
        let failure = failure_of_code(response.error_code, ListGroupsRequest::OPERATION);
        return Err(failure.at_broker(broker.to_string()));
    }
    let listing = |group: &ListedGroup| GroupListing {
        id: group.group_id.as_str().into(),
        state: GroupState::called(&group.group_state),
        // Before types were told (Kafka 3.8) nearly every group was a classic one.
        kind: if group.group_type.is_empty() { GroupType::Classic } else { GroupType::called(&group.group_type) },
        protocol_type: group.protocol_type.to_string(),
    };
    Ok(response.groups.iter().map(listing).collect())
}
