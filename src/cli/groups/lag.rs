//! `klamm groups lag`: the lag of each partition, once or again and again.

use super::reset::duration;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Format, Report, Section, Table, complain, fact, number, text};
use crate::cli::session::Session;
use crate::cluster::{Cluster, GroupDetail};
use crate::domain::group::{GroupListing, GroupPartition, GroupType};
use crate::domain::{Failure, GroupId, Partial};
use clap::Args;
use serde_json::json;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub(crate) struct LagArguments {
    #[arg(value_name = "GROUP", required_unless_present = "all", conflicts_with = "all")]
    groups: Vec<String>,
    /// All groups
    #[arg(long)]
    all: bool,
    /// Look again and again, 5s apart or so far, until interrupted; JSON is one document a line
    #[arg(long, value_name = "INTERVAL", num_args = 0..=1, require_equals = true, default_missing_value = "5s", value_parser = interval)]
    watch: Option<Duration>,
}

/// Looks at brokers that follow sooner tell nothing more.
const SHORTEST: Duration = Duration::from_millis(100);

fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < SHORTEST { Err("looks are at least 100ms apart".into()) } else { Ok(interval) }
}

/// Rows of many looks under one header.
const WATCHED: &[Column] = &[
    text("time", "TIME"),
    text("group", "GROUP"),
    text("topic", "TOPIC"),
    number("partition", "P"),
    fact("start_offset", "START"),
    fact("committed", "COMMITTED"),
    number("share_start_offset", "START OFFSET"),
    fact("end_offset", "END"),
    fact("lag", "LAG"),
];

/// The same without the time.
const LAG: &[Column] = match WATCHED {
    [_time, columns @ ..] => columns,
    [] => &[],
};

pub(super) async fn run(session: &mut Session, arguments: &LagArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let wanted: Vec<GroupId> = arguments.groups.iter().map(|group| GroupId::from(group.as_str())).collect();
    let only = (!arguments.all).then_some(wanted.as_slice());
    if let Some(interval) = arguments.watch {
        return watch(session, &cluster, only, interval).await;
    }
    let (groups, failures) = answered(cluster.lags(only).await?);
    let exit = Exit::of_answer(groups.len(), &failures);
    let rows_of = |part: usize| groups.get(part).map_or_else(Vec::new, |group| rows_of(group).collect());
    session.output.list_in_parts(LAG, groups.len(), &rows_of, failures)?;
    Ok(exit)
}

/// One look after the other. One that fails is said, and the next is taken all the same;
/// where already the first does, so does the command.
async fn watch(
    session: &mut Session,
    cluster: &Cluster,
    only: Option<&[GroupId]>,
    interval: Duration,
) -> Result<Exit, Stop> {
    for number in 0_u64.. {
        let began = Instant::now();
        match cluster.lags(only).await {
            Ok(answer) => {
                let (groups, failures) = answered(answer);
                // Who names only groups that are not there has mistyped them.
                if number == 0 && groups.is_empty() && only.is_some() {
                    let exit = Exit::of_answer(0, &failures);
                    session.output.report_again(&look(session, &groups, failures), true)?;
                    return Ok(exit);
                }
                session.output.report_again(&look(session, &groups, failures), number == 0)?;
            }
            Err(failure) if number == 0 => return Err(failure.into()),
            Err(failure) => complain(&failure.to_string()),
        }
        tokio::time::sleep(interval.saturating_sub(began.elapsed())).await;
    }
    Ok(Exit::Done)
}

/// What one look saw, with its time.
fn look(session: &Session, groups: &[GroupDetail], failures: Vec<Failure>) -> Report {
    let now = session.now();
    let rows = Table::of(LAG, groups.iter().flat_map(rows_of));
    match session.output.format {
        Format::Table => Report {
            sections: vec![Section::Heading(now.show(&session.output.look.zone)), Section::Rows(rows)],
            failures,
            ..Report::default()
        },
        Format::Json => Report { rows, members: vec![("time", json!(now.rfc3339()))], failures, ..Report::default() },
        Format::Csv => {
            let with_time = |row: Vec<Cell>| [vec![Cell::Time(now)], row].concat();
            Report::list(Table::of(WATCHED, rows.rows.into_iter().map(with_time)), failures)
        }
    }
}

fn answered(answer: Partial<Vec<GroupDetail>>) -> (Vec<GroupDetail>, Vec<Failure>) {
    let mut failures = answer.failures;
    failures.extend(answer.value.iter().flat_map(|group| &group.failures).cloned());
    (answer.value, failures)
}

fn rows_of(group: &GroupDetail) -> impl Iterator<Item = Vec<Cell>> {
    let listing = &group.description.listing;
    group.partitions.iter().map(move |partition| lag_cells(listing, partition))
}

/// The cells of [`LAG`]. Where nothing is committed there is no lag to know.
pub(super) fn lag_cells(group: &GroupListing, partition: &GroupPartition) -> Vec<Cell> {
    let (committed, begins) = match group.kind {
        GroupType::Share => {
            let begins = Cell::or_absent(partition.committed_offset(), Cell::Offset);
            (Cell::Without("a share group commits nothing".into()), begins)
        }
        GroupType::Classic | GroupType::Consumer | GroupType::Streams | GroupType::Other(_) | GroupType::Unknown => {
            let committed = Cell::of(&partition.committed, |committed| match committed {
                Some(committed) => Cell::Offset(committed.offset),
                None => Cell::Unknown("nothing committed".into()),
            });
            (committed, Cell::Absent)
        }
    };
    vec![
        Cell::text(&group.id),
        Cell::text(&partition.partition.topic),
        Cell::Id(partition.partition.partition.into()),
        Cell::of(&partition.start, Cell::Offset),
        committed,
        begins,
        Cell::of(&partition.end, Cell::Offset),
        Cell::of(&partition.lag(), Cell::Count),
    ]
}
