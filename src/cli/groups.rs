//! `klamm groups …`: list, describe, lag, verdict, reset, and what takes away.

mod delete;
mod describe;
mod reset;
mod verdict;

use super::exit::{Exit, Stop};
use super::output::{Cell, Column, Report, Table, fact, number, text};
use super::session::Session;
use crate::cluster::GroupDetail;
use crate::domain::GroupId;
use crate::domain::group::GroupPartition;
use crate::domain::origin::GroupRole;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All groups with their state, members and lag
    List(ListArguments),
    /// Members, positions and lag of groups
    Describe(describe::DescribeArguments),
    /// The lag of each partition, quickly
    Lag(LagArguments),
    /// How groups are doing, judged by their last commits
    Verdict(verdict::VerdictArguments),
    /// Move the committed offsets of a group
    Reset(Box<reset::ResetArguments>),
    /// Delete groups with all they committed
    Delete(delete::DeleteArguments),
    /// Delete committed offsets of a group
    DeleteOffsets(delete::DeleteOffsetsArguments),
    /// Take members out of a group
    RemoveMembers(delete::RemoveMembersArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only groups whose id contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LagArguments {
    #[arg(value_name = "GROUP", required_unless_present = "all", conflicts_with = "all")]
    groups: Vec<String>,
    /// All groups
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List(arguments) => list(session, &arguments).await,
        Verb::Describe(arguments) => describe::run(session, &arguments).await,
        Verb::Lag(arguments) => lag(session, &arguments).await,
        Verb::Verdict(arguments) => verdict::run(session, &arguments).await,
        Verb::Reset(arguments) => reset::run(session, *arguments).await,
        Verb::Delete(arguments) => delete::delete(session, arguments).await,
        Verb::DeleteOffsets(arguments) => delete::delete_offsets(session, arguments).await,
        Verb::RemoveMembers(arguments) => delete::remove_members(session, arguments).await,
    }
}

const LIST: &[Column] = &[
    text("group", "GROUP"),
    text("state", "STATE"),
    text("type", "TYPE"),
    text("protocol_type", "PROTOCOL"),
    fact("members", "MEMBERS"),
    fact("lag", "LAG"),
    number("partitions", "PARTITIONS"),
    number("partitions_unknown", "UNKNOWN"),
    text("topics", "TOPICS"),
    text("role", "ROLE"),
];

async fn list(session: &mut Session, arguments: &ListArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let groups = cluster.groups().await?;
    let is_wanted = |id: &GroupId| arguments.filter.as_deref().is_none_or(|part| id.as_str().contains(part));
    let rows = groups.rows.iter().filter(|row| is_wanted(&row.listing.id)).map(|row| {
        vec![
            Cell::text(row.listing.id.as_str()),
            Cell::word(row.listing.state.word()),
            Cell::word(row.listing.kind.word()),
            Cell::text(row.listing.protocol_type.as_str()),
            Cell::of(&row.members, Cell::count),
            Cell::of(&row.lag.fact(), Cell::Count),
            Cell::count(row.lag.known),
            Cell::count(row.lag.unknown),
            Cell::texts(&row.topics),
            Cell::word(role_word(&row.role)),
        ]
    });
    let rows = Table::of(LIST, rows);
    let exit = Exit::of_answer(rows.rows.len(), &groups.failures);
    session.output.report(&Report::list(rows, groups.failures.clone()))?;
    Ok(exit)
}

/// Who stands behind the group, in one word.
fn role_word(role: &GroupRole) -> &'static str {
    match role {
        GroupRole::Plain => "plain",
        GroupRole::ConnectSink { .. } => "connect_sink",
        GroupRole::ConnectWorkers => "connect_workers",
        GroupRole::Streams => "streams",
        GroupRole::MirrorSynced => "mirror_synced",
    }
}

const LAG: &[Column] = &[
    text("group", "GROUP"),
    text("topic", "TOPIC"),
    number("partition", "P"),
    fact("start_offset", "START"),
    fact("committed", "COMMITTED"),
    fact("end_offset", "END"),
    fact("lag", "LAG"),
];

async fn lag(session: &mut Session, arguments: &LagArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let wanted: Vec<GroupId> = arguments.groups.iter().map(|group| GroupId::from(group.as_str())).collect();
    let answer = cluster.lags((!arguments.all).then_some(wanted.as_slice())).await?;
    let groups = answer.value;
    let mut failures = answer.failures;
    failures.extend(groups.iter().flat_map(|group| &group.failures).cloned());
    let exit = Exit::of_answer(groups.len(), &failures);
    let rows_of = |part: usize| {
        let rows_of_group = |group: &GroupDetail| {
            let id = &group.description.listing.id;
            group.partitions.iter().map(|partition| lag_cells(id, partition)).collect()
        };
        groups.get(part).map_or_else(Vec::new, rows_of_group)
    };
    session.output.list_in_parts(LAG, groups.len(), &rows_of, failures)?;
    Ok(exit)
}

/// The cells of [`LAG`]. Where nothing is committed there is no lag to know.
fn lag_cells(group: &GroupId, partition: &GroupPartition) -> Vec<Cell> {
    vec![
        Cell::text(group),
        Cell::text(&partition.partition.topic),
        Cell::Id(partition.partition.partition.into()),
        Cell::of(&partition.start, Cell::Offset),
        Cell::of(&partition.committed, |committed| match committed {
            Some(committed) => Cell::Offset(committed.offset),
            None => Cell::Unknown("nothing committed".into()),
        }),
        Cell::of(&partition.end, Cell::Offset),
        Cell::of(&partition.lag(), Cell::Count),
    ]
}
