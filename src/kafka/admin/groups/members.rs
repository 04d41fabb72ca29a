//! Who is in a group, by either of the two protocols.
//!
//! Classic groups carry their assignment as bytes that only the client library
//! understands; the consumer library's format is read here, within its bounds.

use super::super::coordinated::{self, Batch};
use super::super::{TopicNames, text};
use super::state;
use crate::domain::group::{GroupDescription, GroupListing, GroupState, GroupType, Member};
use crate::domain::{BrokerId, Failure, FailureKind, GroupId, Partial, TopicPartition};
use crate::kafka::wire::{Api as _, Client, Lane, Route};
use bytes::{Buf as _, Bytes, TryGetError};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::consumer_group_describe_response as modern;
use kafka_protocol::messages::describe_groups_response as classic;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribeGroupsRequest, DescribeGroupsResponse,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;

/// Groups in one request. Assignments of large groups make large answers.
const BATCH: usize = 100;
const OPERATION: &str = DescribeGroupsRequest::OPERATION;
const NO_SUCH_GROUP: i16 = ResponseError::GroupIdNotFound.code();

/// The groups with their members, by the protocol that `groups` says they use. A
/// group of unknown type is tried both ways; one that is not there is `Dead`.
pub async fn describe(client: &Client, groups: &[GroupListing]) -> Partial<HashMap<GroupId, GroupDescription>> {
    let mut classic = Vec::new();
    let mut modern = Vec::new();
    let mut failures = Vec::new();
    for group in groups {
        match group.kind {
            GroupType::Classic | GroupType::Unknown => classic.push(group.id.clone()),
            GroupType::Consumer => modern.push(group.id.clone()),
            GroupType::Share | GroupType::Streams => {
                let message = format!("klamm does not read the members of {} groups", group.kind.word());
                let failure = Failure::new(FailureKind::Unsupported, OPERATION, message);
                failures.push(failure.about("of group", &group.id));
            }
        }
    }
    let listings: HashMap<&GroupId, &GroupListing> = groups.iter().map(|group| (&group.id, group)).collect();
    let (of_classic, of_modern) = futures::join!(
        coordinated::ask(client, OPERATION, &classic, |broker, groups| ask_classic(client, broker, groups)),
        coordinated::ask(client, OPERATION, &modern, |broker, groups| ask_modern(client, broker, groups)),
    );
    let mut described: HashMap<GroupId, Described> = of_classic.value;
    described.extend(of_modern.value);
    failures.extend(of_classic.failures);
    failures.extend(of_modern.failures);
    // A consumer-protocol group looks dead to those who ask in the classic way.
    let maybe_modern = |id: &&GroupId| {
        listings.get(id).is_some_and(|listing| listing.kind == GroupType::Unknown)
            && described.get(*id).is_some_and(|group| group.state == GroupState::Dead)
    };
    let again: Vec<GroupId> = classic.iter().filter(maybe_modern).cloned().collect();
    if !again.is_empty() {
        let found = coordinated::ask(client, OPERATION, &again, |broker, groups| ask_modern(client, broker, groups));
        // Where that is not supported or fails, the group stays as it was found.
        let alive = found.await.value.into_iter().filter(|(_, group)| group.state != GroupState::Dead);
        described.extend(alive);
    }
    let value = described.into_iter().filter_map(|(id, group)| {
        let listing = listings.get(&id)?;
        Some((id, group.description(listing)))
    });
    Partial { value: value.collect(), failures }
}

/// A group as a coordinator describes it.
struct Described {
    broker: BrokerId,
    state: GroupState,
    /// `None` when the answer does not say.
    kind: Option<GroupType>,
    protocol_type: Option<String>,
    assignor: String,
    members: Vec<Member>,
}

impl Described {
    fn dead(broker: BrokerId) -> Self {
        Self {
            broker,
            state: GroupState::Dead,
            kind: None,
            protocol_type: None,
            assignor: String::new(),
            members: Vec::new(),
        }
    }

    fn description(self, listing: &GroupListing) -> GroupDescription {
        let listing = GroupListing {
            id: listing.id.clone(),
            state: self.state,
            kind: self.kind.unwrap_or(listing.kind),
            protocol_type: self.protocol_type.unwrap_or_else(|| listing.protocol_type.clone()),
        };
        GroupDescription { listing, coordinator: Some(self.broker), assignor: self.assignor, members: self.members }
    }
}

type Answers = HashMap<GroupId, Result<Described, i16>>;

async fn ask_classic(client: &Client, broker: BrokerId, groups: Vec<GroupId>) -> Vec<Batch<Described>> {
    let asked = groups.chunks(BATCH).map(|batch| async move {
        let ids = batch.iter().map(|group| text(group.as_str()).into()).collect();
        let request = DescribeGroupsRequest::default().with_groups(ids);
        let answer = client.call(Route::Broker(broker), Lane::Control, &request).await;
        Batch { groups: batch.to_vec(), answer: answer.map(|response| read_classic(broker, &response)) }
    });
    asked.collect::<FuturesUnordered<_>>().collect().await
}

async fn ask_modern(client: &Client, broker: BrokerId, groups: Vec<GroupId>) -> Vec<Batch<Described>> {
    let asked = groups.chunks(BATCH).map(|batch| async move {
        let ids = batch.iter().map(|group| text(group.as_str()).into()).collect();
        let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
        let answer = client.call(Route::Broker(broker), Lane::Control, &request).await;
        Batch { groups: batch.to_vec(), answer: answer.map(|response| read_modern(broker, &response)) }
    });
    asked.collect::<FuturesUnordered<_>>().collect().await
}

fn read_classic(broker: BrokerId, response: &DescribeGroupsResponse) -> Answers {
    let mut names = TopicNames::default();
    let mut read = |group: &classic::DescribedGroup| {
        let is_consumer = group.protocol_type.as_str() == "consumer";
        let member = |member: &classic::DescribedGroupMember| Member {
            member_id: member.member_id.to_string(),
            instance_id: member.group_instance_id.as_ref().map(ToString::to_string),
            client_id: member.client_id.to_string(),
            host: host(&member.client_host),
            assignment: if is_consumer { assignment(&member.member_assignment, &mut names) } else { Vec::new() },
        };
        Described {
            broker,
            state: state(&group.group_state),
            kind: (group.group_state.as_str() != "Dead").then_some(GroupType::Classic),
            protocol_type: Some(group.protocol_type.to_string()),
            assignor: group.protocol_data.to_string(),
            members: group.members.iter().map(member).collect(),
        }
    };
    let groups = response.groups.iter().map(|group| {
        let answer = match group.error_code {
            0 => Ok(read(group)),
            NO_SUCH_GROUP => Ok(Described::dead(broker)),
            code => Err(code),
        };
        (GroupId::from(group.group_id.as_str()), answer)
    });
    groups.collect()
}

fn read_modern(broker: BrokerId, response: &ConsumerGroupDescribeResponse) -> Answers {
    let mut names = TopicNames::default();
    let mut read = |group: &modern::DescribedGroup| {
        let member = |member: &modern::Member| {
            let mut rows: Vec<TopicPartition> = Vec::new();
            for topic in &member.assignment.topic_partitions {
                rows.extend(topic.partitions.iter().map(|partition| names.partition(&topic.topic_name, *partition)));
            }
            rows.sort_unstable();
            Member {
                member_id: member.member_id.to_string(),
                instance_id: member.instance_id.as_ref().map(ToString::to_string),
                client_id: member.client_id.to_string(),
                host: host(&member.client_host),
                assignment: rows,
            }
        };
        Described {
            broker,
            state: state(&group.group_state),
            kind: Some(GroupType::Consumer),
            protocol_type: Some("consumer".into()),
            assignor: group.assignor_name.to_string(),
            members: group.members.iter().map(member).collect(),
        }
    };
    let groups = response.groups.iter().map(|group| {
        let answer = match group.error_code {
            0 => Ok(read(group)),
            NO_SUCH_GROUP => Ok(Described::dead(broker)),
            code => Err(code),
        };
        (GroupId::from(group.group_id.as_str()), answer)
    });
    groups.collect()
}

/// Brokers write `/10.0.0.1`.
fn host(text: &StrBytes) -> String {
    text.strip_prefix('/').unwrap_or(text).to_owned()
}

/// The partitions in a consumer's assignment; none when the bytes are not one.
fn assignment(bytes: &Bytes, names: &mut TopicNames) -> Vec<TopicPartition> {
    let mut rows = read_assignment(bytes.clone(), names).unwrap_or_default();
    rows.sort_unstable();
    rows
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
        let rows = assignment(&Bytes::from_static(bytes), &mut TopicNames::default());
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
