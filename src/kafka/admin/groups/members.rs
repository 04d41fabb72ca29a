//! Who is in a group, by the protocol of its type.
//!
//! Owns how groups are sorted by that, and the classic ones; the others are in `modern`
//! and `streams`. Classic groups carry their assignment as bytes that only the client library
//! understands; the consumer library's format is read here, within its bounds.

use super::super::coordinated::{self, Batch};
use super::super::{TopicNames, text};
use super::{modern, streams};
use crate::domain::group::{GroupDescription, GroupListing, GroupState, GroupType, Member, Topology};
use crate::domain::{BrokerId, Failure, FailureKind, GroupId, Partial, TopicPartition};
use crate::kafka::wire::{Api, Client, Lane, Route};
use crate::protocol::StreamsGroupDescribeRequest;
use bytes::{Buf as _, Bytes, TryGetError};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, DescribeGroupsRequest, DescribeGroupsResponse, GroupId as WireGroupId,
    ShareGroupDescribeRequest,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;

/// Groups in one request. Assignments of large groups make large answers.
const BATCH: usize = 500;
const OPERATION: &str = DescribeGroupsRequest::OPERATION;
const NO_SUCH_GROUP: i16 = ResponseError::GroupIdNotFound.code();

/// Whether to ask what one may do with the groups, beside who is in them. It
/// costs the broker a check for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    Leave,
    Ask,
}

/// The first version of a classic answer with rights.
const RIGHTS_FROM: i16 = 3;
/// The bit of the operation DELETE in a set of operations.
const MAY_DELETE: i32 = 1 << 6;
/// What a broker sends that was not asked for rights, or does not tell them.
const NOT_TOLD: i32 = i32::MIN;

/// The groups with their members, by the protocol that `groups` says they use. A
/// group of unknown type is tried both ways; one that is not there is `Dead`.
pub async fn describe(
    client: &Client,
    groups: &[GroupListing],
    rights: Rights,
) -> Partial<HashMap<GroupId, GroupDescription>> {
    let mut classic = Vec::new();
    let (mut modern, mut share, mut streams) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        let of_kind = match group.kind {
            GroupType::Classic | GroupType::Other(_) | GroupType::Unknown => &mut classic,
            GroupType::Consumer => &mut modern,
            GroupType::Share => &mut share,
            GroupType::Streams => &mut streams,
        };
        of_kind.push(group.id.clone());
    }
    let listings: HashMap<&GroupId, &GroupListing> = groups.iter().map(|group| (&group.id, group)).collect();
    let (of_classic, of_modern, of_share, of_streams) = futures::join!(
        coordinated::ask(client, OPERATION, &classic, |broker, groups| ask_classic(client, broker, groups, rights)),
        coordinated::ask(client, OPERATION, &modern, |broker, groups| ask_modern(client, broker, groups, rights)),
        coordinated::ask(client, OPERATION, &share, |broker, groups| ask_share(client, broker, groups, rights)),
        coordinated::ask(client, OPERATION, &streams, |broker, groups| ask_streams(client, broker, groups, rights)),
    );
    let Partial { value: mut described, mut failures } = of_classic;
    for more in [of_modern, of_share, of_streams] {
        described.extend(more.value);
        failures.extend(more.failures);
    }
    // A consumer-protocol group looks dead to those who ask in the classic way.
    let maybe_modern = |id: &&GroupId| {
        listings.get(id).is_some_and(|listing| matches!(listing.kind, GroupType::Other(_) | GroupType::Unknown))
            && described.get(*id).is_some_and(|group| group.state == GroupState::Dead)
    };
    let again: Vec<GroupId> = classic.iter().filter(maybe_modern).cloned().collect();
    if !again.is_empty() {
        let found =
            coordinated::ask(client, OPERATION, &again, |broker, groups| ask_modern(client, broker, groups, rights))
                .await;
        let is_known = |id: &GroupId| found.value.contains_key(id);
        // An old cluster has no such groups; where one cannot be asked, nobody knows.
        let troubles: Vec<&Failure> =
            found.failures.iter().filter(|failure| failure.kind != FailureKind::Unsupported).collect();
        if !troubles.is_empty() {
            described.retain(|id, _| !again.contains(id) || is_known(id));
            failures.extend(troubles.into_iter().cloned());
        }
        let alive = found.value.into_iter().filter(|(_, group)| group.state != GroupState::Dead);
        described.extend(alive);
    }
    let value = described.into_iter().filter_map(|(id, group)| {
        let listing = listings.get(&id)?;
        Some((id, group.description(listing)))
    });
    Partial { value: value.collect(), failures }
}

/// A group as a coordinator describes it.
pub(super) struct Described {
    pub(super) broker: BrokerId,
    pub(super) state: GroupState,
    /// `None` when the answer does not say.
    pub(super) kind: Option<GroupType>,
    pub(super) protocol_type: Option<String>,
    pub(super) assignor: String,
    pub(super) members: Vec<Member>,
    pub(super) epoch: Option<i32>,
    pub(super) assignment_epoch: Option<i32>,
    pub(super) topology: Option<Topology>,
    /// The operations one may do, as bits; [`NOT_TOLD`] when not known.
    pub(super) operations: i32,
}

impl Described {
    /// A group of a type whose members its broker assigns to, without assignor and
    /// topology. Both epochs: of the group, and of its assignment.
    pub(super) fn assigned_by_broker(
        broker: BrokerId,
        (kind, protocol_type): (GroupType, &str),
        state: &str,
        (epoch, assignment_epoch): (i32, i32),
        members: Vec<Member>,
        operations: i32,
    ) -> Self {
        Self {
            broker,
            state: GroupState::called(state),
            kind: Some(kind),
            protocol_type: Some(protocol_type.into()),
            assignor: String::new(),
            members,
            epoch: Some(epoch),
            assignment_epoch: Some(assignment_epoch),
            topology: None,
            operations,
        }
    }

    fn dead(broker: BrokerId) -> Self {
        Self {
            broker,
            state: GroupState::Dead,
            kind: None,
            protocol_type: None,
            assignor: String::new(),
            members: Vec::new(),
            epoch: None,
            assignment_epoch: None,
            topology: None,
            operations: NOT_TOLD,
        }
    }

    fn description(self, listing: &GroupListing) -> GroupDescription {
        let listing = GroupListing {
            id: listing.id.clone(),
            state: self.state,
            kind: self.kind.unwrap_or(listing.kind),
            protocol_type: self.protocol_type.unwrap_or_else(|| listing.protocol_type.clone()),
        };
        GroupDescription {
            listing,
            coordinator: Some(self.broker),
            assignor: self.assignor,
            members: self.members,
            epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            topology: self.topology.map(Box::new),
            may_delete: (self.operations != NOT_TOLD).then_some(self.operations & MAY_DELETE != 0),
        }
    }
}

pub(super) type Answers = HashMap<GroupId, Result<Described, i16>>;

async fn ask_classic(client: &Client, broker: BrokerId, groups: Vec<GroupId>, rights: Rights) -> Vec<Batch<Described>> {
    let request = |version, ids| {
        let request = DescribeGroupsRequest::default().with_groups(ids);
        request.with_include_authorized_operations(rights == Rights::Ask && version >= RIGHTS_FROM)
    };
    ask(client, broker, &groups, request, read_classic).await
}

async fn ask_modern(client: &Client, broker: BrokerId, groups: Vec<GroupId>, rights: Rights) -> Vec<Batch<Described>> {
    let request = |_, ids| {
        let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
        request.with_include_authorized_operations(rights == Rights::Ask)
    };
    ask(client, broker, &groups, request, modern::read_consumer).await
}

async fn ask_share(client: &Client, broker: BrokerId, groups: Vec<GroupId>, rights: Rights) -> Vec<Batch<Described>> {
    let request = |_, ids| {
        let request = ShareGroupDescribeRequest::default().with_group_ids(ids);
        request.with_include_authorized_operations(rights == Rights::Ask)
    };
    ask(client, broker, &groups, request, modern::read_share).await
}

async fn ask_streams(client: &Client, broker: BrokerId, groups: Vec<GroupId>, rights: Rights) -> Vec<Batch<Described>> {
    let request = |_, ids: Vec<WireGroupId>| StreamsGroupDescribeRequest {
        group_ids: ids.into_iter().map(|id| id.0).collect(),
        include_authorized_operations: rights == Rights::Ask,
        include_topology_description: rights == Rights::Ask,
    };
    ask(client, broker, &groups, request, streams::read).await
}

/// Asks one broker for some groups, in requests of a bounded size.
async fn ask<R: Api>(
    client: &Client,
    broker: BrokerId,
    groups: &[GroupId],
    request: impl Fn(i16, Vec<WireGroupId>) -> R + Send + Sync,
    read: impl Fn(BrokerId, &R::Response) -> Answers,
) -> Vec<Batch<Described>> {
    let (request, read) = (&request, &read);
    let asked = groups.chunks(BATCH).map(|batch| async move {
        let ids: Vec<WireGroupId> = batch.iter().map(|group| text(group.as_str()).into()).collect();
        let build = |version| request(version, ids.clone());
        let answer = client.call_with(Route::Broker(broker), Lane::Control, build).await;
        Batch { groups: batch.to_vec(), answer: answer.map(|response| read(broker, &response)) }
    });
    asked.collect::<FuturesUnordered<_>>().collect().await
}

fn read_classic(broker: BrokerId, response: &DescribeGroupsResponse) -> Answers {
    let mut names = TopicNames::default();
    let groups = response.groups.iter().map(|group| {
        let is_consumer = group.protocol_type.as_str() == "consumer";
        let members = group.members.iter().map(|one| {
            let held = if is_consumer { assignment(&one.member_assignment, &mut names) } else { Vec::new() };
            member(&one.member_id, one.group_instance_id.as_ref(), &one.client_id, &one.client_host, held)
        });
        let described = Described {
            broker,
            state: GroupState::called(&group.group_state),
            kind: (group.group_state.as_str() != "Dead").then_some(GroupType::Classic),
            protocol_type: Some(group.protocol_type.to_string()),
            assignor: group.protocol_data.to_string(),
            members: members.collect(),
            epoch: None,
            assignment_epoch: None,
            topology: None,
            operations: group.authorized_operations,
        };
        answered(broker, &group.group_id, group.error_code, described)
    });
    groups.collect()
}

/// A group's description unless the broker says that there is none, or why not.
pub(super) fn answered(
    broker: BrokerId,
    id: &str,
    code: i16,
    described: Described,
) -> (GroupId, Result<Described, i16>) {
    let answer = match code {
        0 => Ok(described),
        NO_SUCH_GROUP => Ok(Described::dead(broker)),
        code => Err(code),
    };
    (GroupId::from(id), answer)
}

pub(super) fn member(
    id: &StrBytes,
    instance: Option<&StrBytes>,
    client: &StrBytes,
    at: &StrBytes,
    mut assignment: Vec<TopicPartition>,
) -> Member {
    assignment.sort_unstable();
    Member {
        member_id: id.to_string(),
        instance_id: instance.map(ToString::to_string),
        client_id: client.to_string(),
        host: host(at),
        assignment,
        detail: None,
    }
}

/// Brokers write `/10.0.0.1`.
fn host(text: &StrBytes) -> String {
    text.strip_prefix('/').unwrap_or(text).to_owned()
}

/// The partitions in a consumer's assignment; none when the bytes are not one.
fn assignment(bytes: &Bytes, names: &mut TopicNames) -> Vec<TopicPartition> {
    read_assignment(bytes.clone(), names).unwrap_or_default()
}

/// `version i16, [topic string, [partition i32]], user data`; every length is
/// followed byte by byte, so none of them can make us reserve room.
fn read_assignment(mut bytes: Bytes, names: &mut TopicNames) -> Result<Vec<TopicPartition>, TryGetError> {
    let mut rows = Vec::new();
    // Members without an assignment have no bytes at all.
    if bytes.is_empty() {
        return Ok(rows);
    }
    bytes.try_get_i16()?;
    for _ in 0..bytes.try_get_i32()? {
        let length = usize::try_from(bytes.try_get_i16()?).unwrap_or(0);
        if length > bytes.len() {
            return Err(TryGetError { requested: length, available: bytes.len() });
        }
        let name = String::from_utf8_lossy(&bytes.split_to(length)).into_owned();
        for _ in 0..bytes.try_get_i32()? {
            rows.push(names.partition(&name, bytes.try_get_i32()?));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &'static [u8]) -> Vec<String> {
        let mut rows = assignment(&Bytes::from_static(bytes), &mut TopicNames::default());
        rows.sort_unstable();
        rows.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_consumers_assignment_is_read() {
        let bytes = b"\0\x01\0\0\0\x02\0\x01b\0\0\0\x01\0\0\0\x07\0\x01a\0\0\0\x02\0\0\0\x02\0\0\0\x01\xff\xff\xff\xff";
        assert_eq!(read(bytes), ["a:1", "a:2", "b:7"]);
        assert!(read(b"").is_empty());
    }

    #[test]
    fn lengths_that_lie_bring_nothing() {
        assert!(read(b"\0\x01\x7f\xff\xff\xff").is_empty());
        assert!(read(b"\0\x01\0\0\0\x01\x7f\xff").is_empty());
        assert!(read(b"\0\x01\0\0\0\x01\0\x01a\x7f\xff\xff\xff\0\0\0\0").is_empty());
        assert!(read(b"\0\x01\xff\xff\xff\xff").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = assignment(&Bytes::from(bytes), &mut TopicNames::default());
        }
    }
}
