//! Deleting groups and taking members out of one.
//!
//! Invariant: results stand in the order of what was asked, one for each row.

use super::super::coordinated::{self, Batch};
use super::super::{left_out, text};
use crate::domain::{BrokerId, Failure, FailureKind, GroupId, WriteGrant};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code, needs_new_coordinator};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{DeleteGroupsRequest, GroupId as WireGroupId, LeaveGroupRequest};
use std::collections::HashMap;

/// Groups in one request.
const BATCH: usize = 100;
/// Members in one request.
const MEMBERS: usize = 500;
/// The first version that takes members by name, and more than one.
const MEMBERS_FROM: i16 = 3;
/// The first version that can say why.
const REASON_FROM: i16 = 5;
const REASON: &str = "removed by an administrator with klamm";

/// Deletes groups with all they committed. A coordinator refuses one that has members.
pub async fn delete(client: &Client, grant: &WriteGrant, groups: &[GroupId]) -> Vec<Result<(), Failure>> {
    let ask = |broker, groups| delete_at(client, grant, broker, groups);
    let mut answers = coordinated::ask(client, DeleteGroupsRequest::OPERATION, groups, ask).await;
    let of = |group: &GroupId| match answers.value.remove(group) {
        Some(result) => result,
        // Its coordinator is not known: nothing was sent.
        None => Err(answers.failures.first().cloned().unwrap_or_else(|| left_out(DeleteGroupsRequest::OPERATION))),
    };
    groups.iter().map(of).collect()
}

/// Asks one coordinator, which decides for each group by itself.
async fn delete_at(
    client: &Client,
    grant: &WriteGrant,
    broker: BrokerId,
    groups: Vec<GroupId>,
) -> Vec<Batch<Result<(), Failure>>> {
    const OPERATION: &str = DeleteGroupsRequest::OPERATION;
    let asked = groups.chunks(BATCH).map(|batch| async move {
        let ids: Vec<WireGroupId> = batch.iter().map(|group| text(group.as_str()).into()).collect();
        let request = DeleteGroupsRequest::default().with_groups_names(ids);
        let answer = client.change(grant, Route::Broker(broker), Lane::Control, &request).await;
        let results: HashMap<GroupId, Result<Result<(), Failure>, i16>> = match answer {
            // What was sent may have been done: each group is to be looked at.
            Err(failure) => {
                batch.iter().map(|group| (group.clone(), Ok(Err(failure.clone().on(group.as_str()))))).collect()
            }
            Ok(response) => response
                .results
                .iter()
                .map(|result| {
                    let group = GroupId::from(result.group_id.as_str());
                    let outcome = match result.error_code {
                        0 => Ok(Ok(())),
                        code if needs_new_coordinator(code) => Err(code),
                        code => Ok(Err(failure_of_code(code, OPERATION).on(group.as_str()))),
                    };
                    (group, outcome)
                })
                .collect(),
        };
        Batch { groups: batch.to_vec(), answer: Ok(results) }
    });
    asked.collect::<FuturesUnordered<_>>().collect().await
}

/// A member to be taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// A static member: whoever holds the instance id.
    Instance(String),
    Member(String),
}

/// Takes members out of a group, as an administrator does. Whoever still runs may
/// join again.
pub async fn remove_members(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    leaving: &[Leaving],
) -> Vec<Result<(), Failure>> {
    let mut results = Vec::with_capacity(leaving.len());
    match client.version_of::<LeaveGroupRequest>(Route::Group(group), Lane::Control).await {
        Ok(version) if version < MEMBERS_FROM => {
            let failure = Failure::new(
                FailureKind::Unsupported,
                LeaveGroupRequest::OPERATION,
                "the cluster takes members out by name since Kafka 2.4 only",
            );
            return leaving.iter().map(|_| Err(failure.clone().on(group.as_str()))).collect();
        }
        Ok(_) => {}
        Err(failure) => return leaving.iter().map(|_| Err(failure.clone())).collect(),
    }
    for batch in leaving.chunks(MEMBERS) {
        results.extend(remove_batch(client, grant, group, batch).await);
    }
    results
}

async fn remove_batch(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    batch: &[Leaving],
) -> Vec<Result<(), Failure>> {
    const OPERATION: &str = LeaveGroupRequest::OPERATION;
    let build = |version: i16| {
        let identity = |leaving: &Leaving| {
            let identity = match leaving {
                Leaving::Instance(id) => MemberIdentity::default().with_group_instance_id(Some(text(id))),
                Leaving::Member(id) => MemberIdentity::default().with_member_id(text(id)),
            };
            if version >= REASON_FROM { identity.with_reason(Some(text(REASON))) } else { identity }
        };
        LeaveGroupRequest::default()
            .with_group_id(text(group.as_str()).into())
            .with_members(batch.iter().map(identity).collect())
    };
    let response = match client.change_with(grant, Route::Group(group), Lane::Control, build).await {
        Ok(response) => response,
        Err(failure) => return batch.iter().map(|_| Err(failure.clone())).collect(),
    };
    let codes: HashMap<(&str, &str), i16> = response
        .members
        .iter()
        .map(|member| {
            let instance = member.group_instance_id.as_ref().map_or("", |id| id.as_str());
            // An instance is answered with the member id that was sent, or that it holds.
            let key = if instance.is_empty() { member.member_id.as_str() } else { "" };
            ((key, instance), member.error_code)
        })
        .collect();
    let of = |leaving: &Leaving| {
        let key = match leaving {
            Leaving::Instance(id) => ("", id.as_str()),
            Leaving::Member(id) => (id.as_str(), ""),
        };
        match codes.get(&key) {
            Some(0) => Ok(()),
            Some(code) => Err(explained(*code, leaving)),
            None => Err(left_out(OPERATION)),
        }
        .map_err(|failure| failure.about("of group", group))
    };
    batch.iter().map(of).collect()
}

/// The code for "unknown member" means another thing here than in a commit.
fn explained(code: i16, leaving: &Leaving) -> Failure {
    let (Leaving::Instance(who) | Leaving::Member(who)) = leaving;
    if code == ResponseError::UnknownMemberId.code() {
        let message = format!("it has no member {who}, or it is one that cannot be removed");
        return Failure::new(FailureKind::NotFound, LeaveGroupRequest::OPERATION, message)
            .hint("Members of groups of type consumer can be removed since Kafka 4.0.");
    }
    failure_of_code(code, LeaveGroupRequest::OPERATION)
}
