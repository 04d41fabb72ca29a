//! `klamm groups copy`, `export` and `import`: offsets on their way to other groups.

use super::reset::{duration, group_ids, rows_in};
use crate::cli::change::{carry_out, wait_until_empty};
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Format, Report, Table, complain, number, text};
use crate::cli::session::{Session, blocking};
use crate::domain::GroupId;
use crate::domain::offsets_csv::{self, OffsetRow};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// Whose offsets are copied
    #[arg(value_name = "GROUP")]
    from: String,
    /// The group that gets them
    #[arg(value_name = "NEW")]
    to: String,
    /// Copy to a group that does not exist, which creates it
    #[arg(long)]
    create_group: bool,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<String>,
    /// csv as Kafka's own tool takes it, or json; what --output says where this is missing
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// What export wrote, csv or json; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The group of lines that name none
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Import into groups that do not exist, which creates them
    #[arg(long)]
    create_group: bool,
    /// Wait this long for the groups to become empty
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    #[command(flatten)]
    consent: Consent,
}

pub(super) async fn copy(session: &mut Session, arguments: CopyArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let (from, to) = (GroupId::from(arguments.from.as_str()), GroupId::from(arguments.to.as_str()));
    let plan = cluster.plan_copy(&from, &to, arguments.create_group).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}

const COMMITS: &[Column] = &[
    text("group", "GROUP"),
    text("topic", "TOPIC"),
    number("partition", "P"),
    number("offset", "OFFSET"),
    number("leader_epoch", "EPOCH"),
    text("metadata", "METADATA"),
];

pub(super) async fn export(session: &mut Session, arguments: ExportArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let groups = group_ids(&arguments.groups);
    let commits = cluster.committed(&groups).await;
    let exit = Exit::of_answer(commits.value.len(), &commits.failures);
    let is_json = match arguments.format {
        Some(format) => format == FileFormat::Json,
        None => session.output.format == Format::Json,
    };
    if is_json {
        session.output.format = Format::Json;
        let rows = commits.value.iter().map(|(group, here, commit)| {
            vec![
                Cell::text(group.as_str()),
                Cell::text(here.topic.as_str()),
                Cell::Id(here.partition.into()),
                Cell::Offset(commit.offset),
                Cell::or_absent((commit.leader_epoch >= 0).then_some(commit.leader_epoch), |epoch| {
                    Cell::Id(epoch.into())
                }),
                Cell::text(commit.metadata.as_str()),
            ]
        });
        session.output.report(&Report::list(Table::of(COMMITS, rows), commits.failures))?;
        return Ok(exit);
    }
    let has_many = groups.len() > 1;
    let rows = commits.value.into_iter().map(|(group, here, commit)| OffsetRow {
        group: has_many.then_some(group),
        topic: here.topic,
        partition: here.partition,
        offset: commit.offset,
        metadata: commit.metadata,
    });
    let written = offsets_csv::write(&rows.collect::<Vec<_>>());
    for line in written.lines() {
        let line = session.output.look.safe(line).into_owned();
        session.output.line(&line)?;
    }
    session.output.flush()?;
    for failure in &commits.failures {
        complain(&failure.to_string());
    }
    Ok(exit)
}

pub(super) async fn import(session: &mut Session, arguments: ImportArguments) -> Result<Exit, Stop> {
    let (file, named) = (arguments.file, arguments.group.map(|group| GroupId::from(group.as_str())));
    let mut rows = blocking("read the offsets", move || rows_in(&file)).await?;
    for row in &mut rows {
        row.group = row.group.take().or_else(|| named.clone());
    }
    if rows.iter().any(|row| row.group.is_none()) {
        return Err(Stop::usage("the file names no group: say which with --group"));
    }
    let names: Vec<String> = rows.iter().filter_map(|row| row.group.as_ref()).map(ToString::to_string).collect();
    let cluster = session.connect().await?;
    wait_until_empty(&cluster, &group_ids(&names), arguments.wait, arguments.consent).await?;
    let plan = cluster.plan_import(rows, arguments.create_group).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}
