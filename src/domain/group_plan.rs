//! Taking groups, some of their offsets, or their members away: what exactly goes.
//!
//! Facts come in as arguments. Invariant: every commit that would go is a step of
//! its own with its whole before-image, so that undo can commit it again.

use super::group::{GroupDescription, GroupState, GroupType, Member};
use super::plan::{Change, Check, Confirm, OffsetMove, Plan, Severity, Step, Warning, name_of};
use super::reset::{NO_UNDO_OF_SHARE, PartitionFacts, TouchedGroup, confirm, emptiness, group_warnings, some};
use super::{Failure, FailureKind, GroupId, PartitionId, Time, TopicName, TopicPartition, command_line, show};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What every plan of this file depends on.
#[derive(Clone, Debug)]
pub struct PlanBasis {
    pub id: String,
    pub now: Time,
    pub zone: TimeZone,
    /// The profile asks for more care.
    pub production: bool,
}

/// A group with every partition in which it has committed.
#[derive(Clone, Debug)]
pub struct GroupFacts {
    pub group: TouchedGroup,
    pub commits: Vec<PartitionFacts>,
}

/// The plan that deletes whole groups, or why one cannot be.
pub fn plan_delete_groups(basis: PlanBasis, groups: Vec<GroupFacts>) -> Result<Plan, Failure> {
    let fail = |kind, message: &str, on: &GroupId| Failure::new(kind, "delete group", message).on(on.as_str());
    if let Some(gone) = groups.iter().find(|facts| facts.group.would_be_created()) {
        return Err(fail(FailureKind::NotFound, "there is no such group, or you may not see it", gone.group.id()));
    }
    let ids: Vec<GroupId> = groups.iter().map(|facts| facts.group.id().clone()).collect();
    let has_many = ids.len() > 1;
    let mut steps = Vec::new();
    let mut moves = Vec::new();
    for facts in &groups {
        let group = facts.group.id();
        let name = has_many.then(|| group.clone());
        let gone: Vec<OffsetMove> = facts.commits.iter().filter_map(|row| deleted(row, name.clone())).collect();
        steps.push(Step::DeleteGroup { group: group.clone() });
        steps.extend(gone.iter().cloned().map(Step::MoveOffset));
        moves.extend(gone);
    }
    let touched: Vec<TouchedGroup> = groups.iter().map(|facts| facts.group.clone()).collect();
    let mut checks: Vec<Check> = touched.iter().map(|group| emptiness(&group.description, has_many)).collect();
    checks.push(unchanged(&basis));
    checks.extend(touched.iter().map(|group| right_to_delete(&group.description, has_many)));
    let mut warnings = group_warnings(&touched);
    warnings.extend(beyond_undo(groups.iter().flat_map(|facts| &facts.commits)));
    warnings.push(starts_anew());
    let name = name_of(&ids).into_owned();
    let has_share = touched.iter().any(is_share);
    let asked = if basis.production || has_share {
        Confirm::TypeName(name.clone())
    } else {
        confirm(&name, &touched, &moves, false)
    };
    let words = ["klamm", "groups", "delete"].into_iter().chain(ids.iter().map(GroupId::as_str));
    Ok(Plan {
        title: format!("Delete group{} {}", if has_many { "s" } else { "" }, listed(&ids)),
        summary: match has_share {
            true => vec![commits_of(&moves)],
            false => vec![
                commits_of(&moves),
                "undo commits the offsets again; type, generation and open transactions of the group are gone for good"
                    .into(),
            ],
        },
        steps,
        checks,
        warnings,
        confirm: asked,
        not_undoable: if has_share {
            Some(NO_UNDO_OF_SHARE.into())
        } else {
            moves.is_empty().then(|| "nothing is committed that could be committed again".into())
        },
        command_line: command_line::join(words),
        made_at: basis.now,
        finishes: None,
        change: Change::DeleteGroups { groups: ids },
        id: basis.id,
    })
}

/// The plan that deletes commits in these topics, whole or only some partitions.
pub fn plan_delete_offsets(
    basis: PlanBasis,
    facts: GroupFacts,
    scope: &[(TopicName, Option<Vec<PartitionId>>)],
) -> Result<Plan, Failure> {
    let group = facts.group.id().clone();
    let fail =
        |message: String| Failure::new(FailureKind::NotFound, "delete offsets of group", message).on(group.as_str());
    if facts.group.would_be_created() {
        return Err(fail("there is no such group, or you may not see it".into()));
    }
    let wanted: Vec<&PartitionFacts> = facts.commits.iter().filter(|row| row.partition.is_in(scope)).collect();
    let moves: Vec<OffsetMove> = wanted.iter().filter_map(|row| deleted(row, None)).collect();
    if moves.is_empty() {
        return Err(fail("it has nothing committed there".into()));
    }
    if is_share(&facts.group) {
        return plan_delete_starts(basis, facts, scope, moves);
    }
    let named = scope
        .iter()
        .flat_map(|(topic, partitions)| partitions.iter().flatten().map(|id| TopicPartition::new(topic.clone(), *id)));
    let without: Vec<TopicPartition> = named.filter(|here| !wanted.iter().any(|row| row.partition == *here)).collect();
    let topics: BTreeSet<&TopicName> = moves.iter().map(|step| &step.topic).collect();
    let mut warnings = group_warnings(std::slice::from_ref(&facts.group));
    warnings.extend(beyond_undo(wanted.iter().copied()));
    if !without.is_empty() {
        let names: Vec<&TopicPartition> = without.iter().collect();
        warnings.push(Warning::new(Severity::Note, format!("nothing is committed in {}", some(&names))));
    }
    warnings.push(starts_anew());
    let checks = vec![
        nobody_reads(&facts.group.description, &topics),
        unchanged(&basis),
        right_to_delete(&facts.group.description, false),
    ];
    let mut words: Vec<String> = ["klamm", "groups", "delete-offsets", group.as_str()].map(String::from).to_vec();
    for (topic, partitions) in scope {
        let ids = partitions.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        words.extend(["--topic".into(), ids.map_or_else(|| topic.to_string(), |ids| format!("{topic}:{ids}"))]);
    }
    let touched = std::slice::from_ref(&facts.group);
    Ok(Plan {
        title: format!("Delete committed offsets of {group}"),
        summary: vec![commits_of(&moves)],
        checks,
        warnings,
        confirm: confirm(group.as_str(), touched, &moves, false),
        not_undoable: None,
        command_line: command_line::join(words.iter().map(String::as_str)),
        made_at: basis.now,
        finishes: None,
        steps: moves.into_iter().map(Step::MoveOffset).collect(),
        change: Change::DeleteOffsets { group },
        id: basis.id,
    })
}

/// The plan that deletes the start offsets of a share group, which brokers do by whole
/// topics and while nobody is in it.
fn plan_delete_starts(
    basis: PlanBasis,
    facts: GroupFacts,
    scope: &[(TopicName, Option<Vec<PartitionId>>)],
    moves: Vec<OffsetMove>,
) -> Result<Plan, Failure> {
    let group = facts.group.id().clone();
    let topics: BTreeSet<&TopicName> = moves.iter().map(|step| &step.topic).collect();
    let is_left = |row: &&PartitionFacts| {
        topics.contains(&row.partition.topic) && row.committed.is_some() && !row.partition.is_in(scope)
    };
    let left: Vec<&TopicPartition> = facts.commits.iter().filter(is_left).map(|row| &row.partition).collect();
    if !left.is_empty() {
        let message = format!(
            "brokers delete the start offsets of a share group by whole topics, and {} would stay",
            some(&left)
        );
        let failure = Failure::new(FailureKind::Invalid, "delete offsets of group", message);
        return Err(failure.on(group.as_str()).hint("Name the topic without partitions."));
    }
    let mut words: Vec<&str> = vec!["klamm", "groups", "delete-offsets", group.as_str()];
    words.extend(topics.iter().flat_map(|topic| ["--topic", topic.as_str()]));
    let starts_again =
        "whoever comes back begins where share.auto.offset.reset of the group says, at the end by default";
    let mut warnings = group_warnings(std::slice::from_ref(&facts.group));
    warnings.push(Warning::new(Severity::Warning, starts_again));
    Ok(Plan {
        title: format!("Delete start offsets of {group}"),
        summary: vec![format!(
            "{} in {}",
            show::plural(moves.len(), "start offset"),
            show::plural(topics.len(), "topic")
        )],
        checks: vec![
            emptiness(&facts.group.description, false),
            unchanged(&basis),
            right_to_delete(&facts.group.description, false),
        ],
        warnings,
        confirm: Confirm::TypeName(group.to_string()),
        not_undoable: Some(NO_UNDO_OF_SHARE.into()),
        command_line: command_line::join(words),
        made_at: basis.now,
        finishes: None,
        steps: moves.into_iter().map(Step::MoveOffset).collect(),
        change: Change::DeleteShareOffsets { group },
        id: basis.id,
    })
}

fn is_share(group: &TouchedGroup) -> bool {
    group.description.listing.kind == GroupType::Share
}

/// Which members shall leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leavers {
    All,
    /// By member id, and by instance id.
    Named {
        members: Vec<String>,
        instances: Vec<String>,
    },
}

/// The plan that takes members out of a group.
pub fn plan_remove_members(basis: PlanBasis, group: &GroupDescription, leavers: &Leavers) -> Result<Plan, Failure> {
    let id = group.listing.id.clone();
    let fail =
        |message: String| Failure::new(FailureKind::NotFound, "remove members of group", message).on(id.as_str());
    if group.listing.state == GroupState::Dead {
        return Err(fail("there is no such group, or you may not see it".into()));
    }
    let mut words: Vec<String> = ["klamm", "groups", "remove-members", id.as_str()].map(String::from).to_vec();
    let leaving: Vec<&Member> = match leavers {
        Leavers::All => {
            words.push("--all".into());
            group.members.iter().collect()
        }
        Leavers::Named { members, instances } => {
            let mut found = Vec::new();
            for wanted in members {
                words.extend(["--member".into(), wanted.clone()]);
                let member = group.members.iter().find(|member| member.member_id == *wanted);
                found.push(member.ok_or_else(|| fail(format!("it has no member {wanted}")))?);
            }
            for wanted in instances {
                words.extend(["--instance".into(), wanted.clone()]);
                let member = group.members.iter().find(|member| member.instance_id.as_ref() == Some(wanted));
                found.push(member.ok_or_else(|| fail(format!("it has no member with the instance id {wanted}")))?);
            }
            let mut seen = BTreeSet::new();
            found.retain(|member| seen.insert(&member.member_id));
            found
        }
    };
    if leaving.is_empty() {
        return Err(fail("it has no members".into()));
    }
    let stay = group.members.len() - leaving.len();
    let held: usize = leaving.iter().map(|member| member.assignment.len()).sum();
    let mut warnings = vec![Warning::new(
        Severity::Warning,
        "a client that still runs notices at its next heartbeat and joins again: stop it first if it is to stay away",
    )];
    if stay > 0 {
        let text = format!("the group rebalances: what they held goes to the {} left", show::plural(stay, "member"));
        warnings.push(Warning::new(Severity::Note, text));
    }
    let text = "no committed offset changes; what was read and not committed is read again";
    warnings.push(Warning::new(Severity::Note, text));
    let title = match leaving.as_slice() {
        [one] => format!("Remove member {} from {id}", one.instance_id.as_ref().unwrap_or(&one.client_id)),
        many if stay == 0 => format!("Remove all {} from {id}", show::plural(many.len(), "member")),
        many => format!("Remove {} from {id}", show::plural(many.len(), "member")),
    };
    let step = |member: &Member| Step::RemoveMember {
        member_id: member.member_id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        host: member.host.clone(),
        partitions: member.assignment.len(),
    };
    Ok(Plan {
        title,
        summary: vec![format!(
            "{} of {} · {} assigned to them",
            show::count(leaving.len() as u64),
            show::plural(group.members.len(), "member"),
            show::plural(held, "partition")
        )],
        steps: leaving.iter().map(|member| step(member)).collect(),
        checks: vec![Check::new(Some(true), "each of them is in the group")],
        warnings,
        confirm: Confirm::TypeName(id.to_string()),
        not_undoable: Some("nobody can be put back into a group: clients join by themselves".into()),
        command_line: command_line::join(words.iter().map(String::as_str)),
        made_at: basis.now,
        finishes: None,
        change: Change::RemoveMembers { group: id },
        id: basis.id,
    })
}

/// The step that takes a commit away; `None` where there is none.
fn deleted(facts: &PartitionFacts, group: Option<GroupId>) -> Option<OffsetMove> {
    Some(OffsetMove {
        group,
        topic: facts.partition.topic.clone(),
        topic_id: facts.topic_id,
        partition: facts.partition.partition,
        before: Some(facts.committed.clone()?),
        target: None,
        metadata: String::new(),
        leader_epoch: -1,
        log_start: facts.start.get(),
        log_end: facts.end.get(),
        adjusted: None,
        next: None,
    })
}

fn commits_of(moves: &[OffsetMove]) -> String {
    let topics: BTreeSet<&TopicName> = moves.iter().map(|step| &step.topic).collect();
    match topics.len() {
        0 => "nothing is committed".into(),
        count => format!("{} in {}", show::plural(moves.len(), "committed offset"), show::plural(count, "topic")),
    }
}

fn listed(groups: &[GroupId]) -> String {
    const NAMED: usize = 3;
    let names: Vec<&str> = groups.iter().take(NAMED).map(GroupId::as_str).collect();
    match groups.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn unchanged(basis: &PlanBasis) -> Check {
    Check::new(Some(true), format!("offsets unchanged since {}", basis.now.clock_seconds(&basis.zone)))
}

fn right_to_delete(group: &GroupDescription, is_one_of_many: bool) -> Check {
    let of = if is_one_of_many { format!(" {}", group.listing.id) } else { String::new() };
    Check::new(group.may_delete, format!("the right to DELETE on the group{of}"))
}

/// Kafka deletes no offset of a topic that a member subscribes to. What is assigned
/// is what can be seen of that; the broker knows the rest and refuses by itself.
fn nobody_reads(group: &GroupDescription, topics: &BTreeSet<&TopicName>) -> Check {
    let reader = group.members.iter().find(|member| member.assignment.iter().any(|here| topics.contains(&here.topic)));
    let text = "no member reads what is deleted";
    match reader {
        Some(member) => {
            let who = format!("{text} ({} at {} does)", member.client_id, member.host.trim_start_matches('/'));
            Check::new(Some(false), who)
        }
        None => Check::new(
            (!matches!(group.listing.state, GroupState::Other(_) | GroupState::Unknown)).then_some(true),
            text,
        ),
    }
}

/// What undo will not be able to commit again.
fn beyond_undo<'a>(commits: impl Iterator<Item = &'a PartitionFacts>) -> Option<Warning> {
    let is_lost = |facts: &&PartitionFacts| {
        let below = match (&facts.committed, facts.start.get()) {
            (Some(committed), Some(start)) => committed.offset < start,
            _ => false,
        };
        !facts.exists || below
    };
    let lost: Vec<&TopicPartition> = commits.filter(is_lost).map(|facts| &facts.partition).collect();
    let what = show::plural(lost.len(), "commit");
    let text = format!("{what} cannot come back by undo, the records are gone: {}", some(&lost));
    (!lost.is_empty()).then(|| Warning::new(Severity::Warning, text))
}

fn starts_anew() -> Warning {
    Warning::new(
        Severity::Warning,
        "a consumer that comes back finds no offset: it starts where its auto.offset.reset says, at the end by default",
    )
}

#[cfg(test)]
mod tests;
