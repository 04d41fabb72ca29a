//! `klamm groups peek`: the records that a group reads next, and those around them.

use super::reset::topic_scope;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Format, Look, complain};
use crate::cli::records::line;
use crate::cli::session::Session;
use crate::cluster::{Around, Peeked};
use crate::domain::record::DecodedRecord;
use crate::domain::{GroupId, PartitionId, TopicName, show};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct PeekArguments {
    #[arg(value_name = "GROUP")]
    group: String,
    /// Only a topic, or some of its partitions; may be repeated
    #[arg(long = "topic", value_name = "TOPIC[:P,…]", value_parser = topic_scope)]
    topics: Vec<(TopicName, Option<Vec<PartitionId>>)>,
    /// Records before the committed offset, or where a share group begins
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(..=50))]
    before: u8,
    /// Records behind the one that is read next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(..=50))]
    after: u8,
}

pub(super) async fn run(session: &mut Session, arguments: PeekArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let group = GroupId::from(arguments.group.as_str());
    let around = Around { before: arguments.before.into(), after: arguments.after.into() };
    let found = cluster.peek(&group, &arguments.topics, around).await?;
    let (format, look) = (session.output.format, session.output.look.clone());
    if format == Format::Csv {
        let columns = line::header(format, false).unwrap_or_default();
        session.output.line(&format!("group,committed,share_start_offset,place,{columns}"))?;
    }
    for partition in &found.value {
        if format == Format::Table {
            session.output.line(&look.safe(&heading(partition)))?;
        }
        for record in &partition.records {
            session.output.line(&written(&group, partition, record, format, &look))?;
        }
    }
    session.output.flush()?;
    for failure in &found.failures {
        complain(&failure.to_string());
    }
    Ok(Exit::of_answer(found.value.len(), &found.failures))
}

fn heading(partition: &Peeked) -> String {
    let has_next = partition.records.iter().any(|record| record.record.offset >= partition.committed);
    let rest = if has_next { "" } else { ", nothing waits there" };
    let does = if partition.is_of_share_group { "begins at" } else { "committed" };
    format!("{}  {does} {}{rest}", partition.partition, show::offset(partition.committed))
}

/// Where a record stands to the committed offset. Offsets have gaps: the one read next
/// is the first that is not before it.
fn place(partition: &Peeked, record: &DecodedRecord) -> &'static str {
    let offset = record.record.offset;
    if offset < partition.committed {
        return "before";
    }
    let next =
        partition.records.iter().map(|record| record.record.offset).find(|offset| *offset >= partition.committed);
    if next == Some(offset) { "next" } else { "after" }
}

fn written(group: &GroupId, partition: &Peeked, record: &DecodedRecord, format: Format, look: &Look) -> String {
    let place = place(partition, record);
    let line = line::write(record, format, look);
    match format {
        Format::Table => format!("{} {line}", if place == "next" { "▸" } else { " " }),
        Format::Csv => {
            let offset = partition.committed;
            let (committed, begins) = match partition.is_of_share_group {
                true => (String::new(), offset.to_string()),
                false => (offset.to_string(), String::new()),
            };
            format!("{},{committed},{begins},{place},{line}", look.safe(&csv_field(group.as_str())))
        }
        Format::Json => {
            let members = line.strip_prefix('{').unwrap_or(&line);
            let group = serde_json::Value::from(group.as_str());
            let offset = match partition.is_of_share_group {
                true => format!("\"committed\":null,\"share_start_offset\":{}", partition.committed),
                false => format!("\"committed\":{}", partition.committed),
            };
            format!("{{\"group\":{group},{offset},\"place\":\"{place}\",{members}")
        }
    }
}

fn csv_field(field: &str) -> String {
    crate::cli::output::csv_record(&[field.to_owned()])
}
