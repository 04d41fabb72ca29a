//! `klamm groups …`: list, describe, lag, verdict, reset, and what takes away.

mod configure;
mod copy;
mod delete;
mod describe;
mod lag;
mod peek;
mod reset;
mod rules;
mod verdict;

use super::exit::{Exit, Stop};
use super::output::{Cell, Column, Report, Table, complain, fact, hidden, number, text, word_fact};
use super::session::Session;
use crate::cluster::GroupRow;
use crate::domain::group::{GroupState, GroupType};
use crate::domain::origin::GroupRole;
use crate::domain::show;
use crate::domain::standing::Told;
use crate::domain::verdict::Verdict;
use crate::domain::{Fact, Time};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All groups with their state, members and lag
    List(ListArguments),
    /// Members, positions and lag of groups
    Describe(describe::DescribeArguments),
    /// The lag of each partition, quickly
    Lag(lag::LagArguments),
    /// How groups are doing, judged by their last commits
    Verdict(verdict::VerdictArguments),
    /// The records around the committed offsets of a group
    Peek(peek::PeekArguments),
    /// Move the committed offsets of groups
    Reset(Box<reset::ResetArguments>),
    /// What the cluster keeps for a group, and its members follow
    Configs(configure::ConfigsArguments),
    /// Change what the cluster keeps for a group
    Configure(configure::ConfigureArguments),
    /// Commit the offsets of a group to another
    Copy(copy::CopyArguments),
    /// Write down the committed offsets of groups
    Export(copy::ExportArguments),
    /// Commit the offsets of a file
    Import(copy::ImportArguments),
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
    /// Only groups in these states
    #[arg(long, value_name = "STATE,…", value_delimiter = ',', ignore_case = true, value_parser = one_of(&GroupState::ALL, GroupState::word))]
    state: Vec<GroupState>,
    /// Only groups of these types
    #[arg(long = "type", value_name = "TYPE,…", value_delimiter = ',', ignore_case = true, value_parser = one_of(&GroupType::ALL, GroupType::word))]
    kind: Vec<GroupType>,
    /// Only groups with lag
    #[arg(long)]
    lagging: bool,
    /// Only groups with these verdicts, by the log of commits
    #[arg(long, value_name = "VERDICT,…", value_delimiter = ',', ignore_case = true, value_parser = one_of(&Verdict::ALL, Verdict::word))]
    verdict: Vec<Verdict>,
    /// Judge by the log of commits, not by what was seen in the last minutes
    #[arg(long)]
    judge: bool,
    #[command(flatten)]
    rules: rules::RuleArguments,
}

/// One of a few words, in any case.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|one| word(*one))).try_map(move |text: String| {
        let found = all.iter().find(|one| word(**one).eq_ignore_ascii_case(&text));
        found.copied().ok_or_else(|| format!("{text} is none of them"))
    })
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List(arguments) => list(session, &arguments).await,
        Verb::Describe(arguments) => describe::run(session, &arguments).await,
        Verb::Lag(arguments) => lag::run(session, &arguments).await,
        Verb::Verdict(arguments) => verdict::run(session, &arguments).await,
        Verb::Peek(arguments) => peek::run(session, arguments).await,
        Verb::Reset(arguments) => reset::run(session, *arguments).await,
        Verb::Configs(arguments) => configure::list(session, &arguments).await,
        Verb::Configure(arguments) => configure::change(session, arguments).await,
        Verb::Copy(arguments) => copy::copy(session, arguments).await,
        Verb::Export(arguments) => copy::export(session, arguments).await,
        Verb::Import(arguments) => copy::import(session, arguments).await,
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
    word_fact("status", "STATUS"),
    word_fact("verdict", "VERDICT"),
    text("verdict_source", "BY"),
    fact("lag", "LAG"),
    fact("lag_ms", "BEHIND"),
    number("partitions", "PARTITIONS"),
    number("partitions_unknown", "UNKNOWN"),
    text("topics", "TOPICS"),
    text("role", "ROLE"),
    hidden("reason"),
];

async fn list(session: &mut Session, arguments: &ListArguments) -> Result<Exit, Stop> {
    let cluster = arguments.rules.connect(session).await?;
    // Who asks for a verdict wants to know it now: samples alone may not tell yet.
    let groups = match arguments.judge || !arguments.verdict.is_empty() {
        true => cluster.groups_judged().await?,
        false => cluster.groups().await?,
    };
    for remark in &groups.remarks {
        complain(remark);
    }
    let zone = session.output.look.zone.clone();
    let rows = groups.rows.iter().filter(|row| arguments.wants(row)).map(|row| {
        let standing = &row.standing;
        let told = standing.told();
        let why_not: Arc<str> = standing.why_not().unwrap_or_default().into();
        let word = |word: fn(&Told) -> Cell| told.map_or_else(|| Cell::Unknown(Arc::clone(&why_not)), word);
        let reason = |told: &Told| {
            let why = told.reason.told(|time| time.show(&zone));
            Cell::text(format!("{}: {why}", told.worst))
        };
        vec![
            Cell::text(row.listing.id.as_str()),
            Cell::text(row.listing.state.shown()),
            Cell::text(row.listing.kind.shown()),
            Cell::text(row.listing.protocol_type.as_str()),
            Cell::of(&row.members, Cell::count),
            word(|told| Cell::Word(told.verdict.status(), verdict::tone(told.verdict))),
            word(|told| Cell::Word(told.verdict.word(), verdict::tone(told.verdict))),
            Cell::or_absent(told, |told| Cell::word(told.source.word())),
            Cell::of(&row.lag.fact(), Cell::Count),
            behind(row, groups.taken),
            Cell::count(row.lag.known),
            Cell::count(row.lag.unknown),
            Cell::texts(&row.topics),
            Cell::word(role_word(&row.role)),
            told.map_or_else(|| Cell::text(Arc::clone(&why_not)), reason),
        ]
    });
    let rows = Table::of(LIST, rows);
    if !arguments.verdict.is_empty() {
        let unknown = groups.rows.iter().filter(|row| arguments.may_want(row) && row.standing.told().is_none());
        match unknown.count() {
            0 => {}
            count => complain(&format!("{} could not be judged and are left out", show::plural(count, "group"))),
        }
    }
    let exit = Exit::of_answer(rows.rows.len(), &groups.failures);
    session.output.report(&Report::list(rows, groups.failures.clone()))?;
    Ok(exit)
}

/// How long its next record has been waiting.
fn behind(row: &GroupRow, now: Time) -> Cell {
    match row.lag.fact() {
        // Then that is why.
        Fact::Unknown(reason) => Cell::Unknown(reason),
        Fact::Known(_) => Cell::of(&row.behind.waiting(now), Cell::Millis),
    }
}

impl ListArguments {
    fn wants(&self, row: &GroupRow) -> bool {
        let is_judged_so = |verdict: Verdict| self.verdict.contains(&verdict);
        self.may_want(row) && (self.verdict.is_empty() || row.standing.verdict().is_some_and(is_judged_so))
    }

    /// But for its verdict.
    fn may_want(&self, row: &GroupRow) -> bool {
        let of = |is_asked: bool, holds: bool| !is_asked || holds;
        let listing = &row.listing;
        self.filter.as_deref().is_none_or(|part| listing.id.as_str().contains(part))
            && of(!self.state.is_empty(), self.state.contains(&listing.state))
            && of(!self.kind.is_empty(), self.kind.contains(&listing.kind))
            // What is not known may be lag.
            && of(self.lagging, row.lag.fact().get().is_none_or(|lag| lag > 0) || row.lag.unknown > 0)
    }
}

/// Who stands behind the group, in one word.
fn role_word(role: &GroupRole) -> &'static str {
    match role {
        GroupRole::Plain => "plain",
        GroupRole::Simple => "simple",
        GroupRole::MirrorMaker { .. } => "mirror_maker",
        GroupRole::ConnectSink { .. } => "connect_sink",
        GroupRole::ConnectWorkers => "connect_workers",
        GroupRole::Streams => "streams",
        GroupRole::MirrorSynced => "mirror_synced",
    }
}
