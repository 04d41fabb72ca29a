//! Groups whose members the broker assigns partitions to: of consumers (KIP-848), and
//! share groups (KIP-932).

use super::super::TopicNames;
use super::members::{Answers, Described, answered, member};
use crate::domain::group::{GroupType, MemberDetail};
use crate::domain::{BrokerId, TopicName, TopicPartition};
use kafka_protocol::messages::{
    ConsumerGroupDescribeResponse, ShareGroupDescribeResponse, TopicName as WireName, consumer_group_describe_response,
    share_group_describe_response,
};
use kafka_protocol::protocol::StrBytes;

/// What `ConsumerGroupDescribe` calls a member of the classic protocol; 1 is one of the
/// new protocol, −1 is not told.
const CLASSIC_MEMBER: i8 = 0;

pub(super) fn read_consumer(broker: BrokerId, response: &ConsumerGroupDescribeResponse) -> Answers {
    let mut names = TopicNames::default();
    let groups = response.groups.iter().map(|group| {
        let members = group.members.iter().map(|one| {
            let held = held_by_consumer(&one.assignment, &mut names);
            let mut member = member(&one.member_id, one.instance_id.as_ref(), &one.client_id, &one.client_host, held);
            let mut target = held_by_consumer(&one.target_assignment, &mut names);
            target.sort_unstable();
            member.detail = Some(Box::new(MemberDetail {
                epoch: one.member_epoch,
                rack: owned(one.rack_id.as_ref()),
                subscription: subscription(&one.subscribed_topic_names, &mut names),
                pattern: owned(one.subscribed_topic_regex.as_ref()).filter(|pattern| !pattern.is_empty()),
                target: Some(target),
                is_classic: (one.member_type >= 0).then_some(one.member_type == CLASSIC_MEMBER),
                ..MemberDetail::default()
            }));
            member
        });
        let described = Described {
            assignor: group.assignor_name.to_string(),
            ..Described::assigned_by_broker(
                broker,
                (GroupType::Consumer, "consumer"),
                &group.group_state,
                (group.group_epoch, group.assignment_epoch),
                members.collect(),
                group.authorized_operations,
            )
        };
        answered(broker, &group.group_id, group.error_code, described)
    });
    groups.collect()
}

pub(super) fn read_share(broker: BrokerId, response: &ShareGroupDescribeResponse) -> Answers {
    let mut names = TopicNames::default();
    let groups = response.groups.iter().map(|group| {
        let members = group.members.iter().map(|one| {
            let held = held_by_sharer(&one.assignment, &mut names);
            let mut member = member(&one.member_id, None, &one.client_id, &one.client_host, held);
            member.detail = Some(Box::new(MemberDetail {
                epoch: one.member_epoch,
                rack: owned(one.rack_id.as_ref()),
                subscription: subscription(&one.subscribed_topic_names, &mut names),
                ..MemberDetail::default()
            }));
            member
        });
        let described = Described {
            assignor: group.assignor_name.to_string(),
            ..Described::assigned_by_broker(
                broker,
                (GroupType::Share, "share"),
                &group.group_state,
                (group.group_epoch, group.assignment_epoch),
                members.collect(),
                group.authorized_operations,
            )
        };
        answered(broker, &group.group_id, group.error_code, described)
    });
    groups.collect()
}

fn held_by_consumer(
    assignment: &consumer_group_describe_response::Assignment,
    names: &mut TopicNames,
) -> Vec<TopicPartition> {
    let topics = assignment.topic_partitions.iter();
    topics.flat_map(|topic| held(&topic.topic_name, &topic.partitions, names)).collect()
}

fn held_by_sharer(
    assignment: &share_group_describe_response::Assignment,
    names: &mut TopicNames,
) -> Vec<TopicPartition> {
    let topics = assignment.topic_partitions.iter();
    topics.flat_map(|topic| held(&topic.topic_name, &topic.partitions, names)).collect()
}

fn held(name: &WireName, partitions: &[i32], names: &mut TopicNames) -> Vec<TopicPartition> {
    partitions.iter().map(|partition| names.partition(name, *partition)).collect()
}

fn subscription(topics: &[WireName], names: &mut TopicNames) -> Vec<TopicName> {
    let mut topics: Vec<TopicName> = topics.iter().map(|name| names.get(name)).collect();
    topics.sort_unstable();
    topics
}

pub(super) fn owned(text: Option<&StrBytes>) -> Option<String> {
    text.map(ToString::to_string)
}
