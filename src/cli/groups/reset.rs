//! `klamm groups reset`: the targets of `kafka-consumer-groups` by their names,
//! and another group's offsets.

use crate::cli::change::{carry_out, wait_until_empty};
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::say;
use crate::cli::session::{Session, blocking};
use crate::cluster::{ResetRequest, ResetScope, ResetWish};
use crate::domain::offsets_csv::{self, OffsetRow};
use crate::domain::when::{parse_duration, parse_time};
use crate::domain::{Failure, FailureKind, GroupId, Offset, PartitionId, Time, TopicName, show};
use clap::Args;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file of offsets longer than this is a mistake.
const MAX_FILE: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(crate) struct ResetArguments {
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<String>,
    /// A topic, or some of its partitions; may be repeated
    #[arg(long = "topic", value_name = "TOPIC[:P,…]", value_parser = topic_scope, required_unless_present_any = ["all_topics", "from_file", "from_mirror"])]
    topics: Vec<(TopicName, Option<Vec<PartitionId>>)>,
    /// Every partition in which the group has committed
    #[arg(long, conflicts_with = "topics")]
    all_topics: bool,
    /// Of these only where records wait to be read
    #[arg(long)]
    lagging: bool,
    #[command(flatten)]
    target: TargetArguments,
    /// Reset a group that does not exist, which creates it
    #[arg(long)]
    create_group: bool,
    /// Wait this long for the group to become empty
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    /// Look at the offsets again after this long, and say who moved them
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    look_again: Option<Duration>,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Default, Args)]
#[group(required = true, multiple = false)]
struct TargetArguments {
    /// The oldest record that is still there
    #[arg(long)]
    to_earliest: bool,
    /// The end, as of now
    #[arg(long)]
    to_latest: bool,
    /// Where it is: commits an offset where nothing is committed yet
    #[arg(long)]
    to_current: bool,
    /// This offset in each partition
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    to_offset: Option<Offset>,
    /// The first record at or after this time: 2026-11-21T10:45:00Z
    #[arg(long, value_name = "TIME")]
    to_datetime: Option<String>,
    /// The first record at or after this long ago: 6h, PT6H
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    by_duration: Option<i64>,
    /// This many records on, or back when negative
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    shift_by: Option<i64>,
    /// The offsets in this file (topic,partition,offset); - reads standard input
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    /// Where this group is
    #[arg(long, value_name = "GROUP")]
    from_group: Option<String>,
    /// Where MirrorMaker's checkpoints, kept here, put it; alias of its source
    ///
    /// The alias is the mirror's own name for the cluster (source.cluster.alias). No
    /// checkpoint tells the cluster's id or address, so the name of a saved profile does not
    /// say which is meant; what is kept here is listed where the alias is not known.
    #[arg(long, value_name = "ALIAS")]
    from_mirror: Option<String>,
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    Ok(Duration::from_millis(parse_duration(text)?.unsigned_abs()))
}

/// `orders` or `orders:0,3`. A topic's name cannot hold a colon.
pub(super) fn topic_scope(text: &str) -> Result<(TopicName, Option<Vec<PartitionId>>), String> {
    let Some((topic, partitions)) = text.split_once(':') else {
        return if text.is_empty() { Err("the topic is empty".into()) } else { Ok((text.into(), None)) };
    };
    let partition = |text: &str| {
        let parsed = text.trim().parse::<PartitionId>().ok().filter(|id| *id >= 0);
        parsed.ok_or_else(|| format!("“{text}” is no partition"))
    };
    let partitions: Vec<PartitionId> = partitions.split(',').map(partition).collect::<Result<_, _>>()?;
    if topic.is_empty() { Err("the topic is empty".into()) } else { Ok((topic.into(), Some(partitions))) }
}

pub(super) async fn run(session: &mut Session, arguments: ResetArguments) -> Result<Exit, Stop> {
    let groups = group_ids(&arguments.groups);
    let (target, zone, now, of) = (arguments.target, session.zone_asked_for().cloned(), session.now(), groups.clone());
    let target = blocking("read the target", move || wish(target, &of, zone.as_ref(), now)).await?;
    let scope =
        if arguments.topics.is_empty() { ResetScope::AllCommitted } else { ResetScope::Partitions(arguments.topics) };
    let request = ResetRequest {
        groups: groups.clone(),
        scope,
        only_lagging: arguments.lagging,
        target,
        create_group: arguments.create_group,
    };
    let cluster = session.connect().await?;
    wait_until_empty(&cluster, &groups, arguments.wait, arguments.consent).await?;
    let mirror = match &request.target {
        ResetWish::Mirror(alias) => Some(alias.clone()),
        _ => None,
    };
    let plan = cluster.plan_reset(request).await.map_err(|failure| no_alias(session, mirror.as_deref(), failure))?;
    carry_out(session, &cluster, &plan, arguments.consent, arguments.look_again).await
}

/// What a mirror calls a cluster stands in its own configuration alone: neither its
/// checkpoints nor its heartbeats tell an address or an id, by which it could be found for
/// a saved profile.
fn no_alias(session: &Session, alias: Option<&str>, failure: Failure) -> Failure {
    let is_profile =
        |name: &str| session.saved().is_ok_and(|saved| saved.profiles.iter().any(|saved| saved.name == name));
    match alias.filter(|alias| failure.kind == FailureKind::NotFound && is_profile(alias)) {
        Some(name) => {
            let known = failure.hint.clone().unwrap_or_default();
            let said =
                format!("{name} is a saved profile; a mirror calls its cluster as source.cluster.alias says. {known}");
            failure.hint(said.trim().to_owned())
        }
        None => failure,
    }
}

fn wish(target: TargetArguments, groups: &[GroupId], zone: Option<&TimeZone>, now: Time) -> Result<ResetWish, Stop> {
    Ok(match target {
        TargetArguments { to_earliest: true, .. } => ResetWish::Earliest,
        TargetArguments { to_latest: true, .. } => ResetWish::Latest,
        TargetArguments { to_current: true, .. } => ResetWish::Current,
        TargetArguments { to_offset: Some(offset), .. } => ResetWish::Offset(offset),
        TargetArguments { to_datetime: Some(text), .. } => {
            let instant =
                parse_time(&text, now, zone).map_err(|reason| Stop::usage(format!("--to-datetime: {reason}")))?;
            if let Some(note) = instant.note {
                say(&format!("klamm: {note}"));
            }
            ResetWish::Time(instant.time)
        }
        TargetArguments { by_duration: Some(millis), .. } => ResetWish::Back(millis),
        TargetArguments { shift_by: Some(records), .. } => ResetWish::Shift(records),
        TargetArguments { from_file: Some(file), .. } => ResetWish::File(rows_of(&file, groups)?),
        TargetArguments { from_group: Some(other), .. } => ResetWish::Group(GroupId::from(other.as_str())),
        TargetArguments { from_mirror: Some(alias), .. } => ResetWish::Mirror(alias),
        _ => return Err(Stop::usage("a target is missing: --to-earliest, --to-offset N, …")),
    })
}

/// The rows of a file that are meant for `groups`: those that name one of them, or
/// all where no group is named.
fn rows_of(file: &Path, groups: &[GroupId]) -> Result<Vec<OffsetRow>, Stop> {
    let rows = rows_in(file)?;
    if let Some(without) = groups.iter().find(|group| !rows.iter().any(|row| row.is_of(group))) {
        let failure = Failure::new(FailureKind::Invalid, READING, format!("no line is for group {without}"));
        return Err(failure.on(file.display().to_string()).into());
    }
    Ok(rows)
}

const READING: &str = "read offsets from";

/// Every row of a file.
pub(super) fn rows_in(file: &Path) -> Result<Vec<OffsetRow>, Stop> {
    let name = file.display().to_string();
    let failed = |kind, message: String| Failure::new(kind, READING, message).on(name.as_str());
    let text = read(file).map_err(|error| failed(FailureKind::Storage, error.to_string()))?;
    Ok(offsets_csv::parse_any(&text).map_err(|reason| failed(FailureKind::Invalid, reason))?)
}

/// The groups as they were named, each once.
pub(super) fn group_ids(names: &[String]) -> Vec<GroupId> {
    let mut seen = BTreeSet::new();
    let ids = names.iter().map(|name| GroupId::from(name.as_str()));
    ids.filter(|id| seen.insert(id.clone())).collect()
}

fn read(file: &Path) -> std::io::Result<String> {
    if file.as_os_str() == "-" {
        whole(std::io::stdin(), MAX_FILE)
    } else {
        whole(std::fs::File::open(file)?, MAX_FILE)
    }
}

/// All of it: what is cut would end in the middle of an offset.
fn whole(source: impl Read, most: u64) -> std::io::Result<String> {
    let mut text = String::new();
    if source.take(most + 1).read_to_string(&mut text)? as u64 > most {
        return Err(std::io::Error::other(format!("it is longer than {}", show::size(most))));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_refused_and_not_cut() {
        assert_eq!(whole(&b"t,0,12"[..], 6).unwrap(), "t,0,12");
        assert!(whole(&b"t,0,123"[..], 6).is_err());
    }
}
