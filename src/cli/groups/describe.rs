//! `klamm groups describe`: everything about a few groups.

use super::{lag_cells, role_word};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Section, Table, fact, number, objects, text};
use crate::cli::session::Session;
use crate::cluster::GroupDetail;
use crate::domain::{GroupId, show};
use clap::Args;
use serde_json::{Value as Json, json};

#[derive(Debug, Args)]
pub(crate) struct DescribeArguments {
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<String>,
}

const PARTITIONS: &[Column] = &[
    text("group", "GROUP"),
    text("topic", "TOPIC"),
    number("partition", "P"),
    fact("start_offset", "START"),
    fact("committed", "COMMITTED"),
    fact("end_offset", "END"),
    fact("lag", "LAG"),
    text("member_id", "MEMBER"),
    text("client_id", "CLIENT"),
    text("host", "HOST"),
];

const MEMBERS: &[Column] = &[
    text("member_id", "MEMBER"),
    text("instance_id", "INSTANCE"),
    text("client_id", "CLIENT"),
    text("host", "HOST"),
    text("partitions", "PARTITIONS"),
];

pub(super) async fn run(session: &mut Session, arguments: &DescribeArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let mut report = Report { rows: Table::new(PARTITIONS), items: Some(Vec::new()), ..Report::default() };
    for group in &arguments.groups {
        match cluster.group(&GroupId::from(group.as_str())).await {
            Ok(group) => describe(&group, &mut report),
            Err(failure) => report.failures.push(failure),
        }
    }
    let exit = Exit::of_answer(report.items.as_ref().map_or(0, Vec::len), &report.failures);
    session.output.report(&report)?;
    Ok(exit)
}

fn describe(group: &GroupDetail, report: &mut Report) {
    let (partitions, members) = (partition_rows(group), member_rows(group));
    let listing = &group.description.listing;
    let lag = group.lag.fact();
    report.sections.push(Section::Heading(format!(
        "{}: {}, {}, {}, lag {}",
        listing.id,
        listing.state.word(),
        listing.kind.word(),
        show::plural(group.description.members.len(), "member"),
        lag.known().map_or("?".into(), |lag| show::count(*lag)),
    )));
    report.sections.extend(group.role.explanation().map(|sentence| Section::Line(format!("▲ {sentence}"))));
    report.sections.push(Section::Rows(partitions.clone()));
    if !members.rows.is_empty() {
        report.sections.push(Section::Rows(members.clone()));
    }
    let mut item = json!({
        "group": listing.id,
        "state": listing.state.word(),
        "type": listing.kind.word(),
        "protocol_type": listing.protocol_type,
        "assignor": group.description.assignor,
        "coordinator": group.description.coordinator,
        "role": role_word(&group.role),
        "lag": lag.known(),
    });
    if let Json::Object(item) = &mut item {
        if let Some(reason) = lag.reason() {
            item.insert("lag_reason".into(), reason.into());
        }
        item.insert("partitions_unknown".into(), group.lag.unknown.into());
        item.insert("members".into(), objects(&members));
        item.insert("partitions".into(), objects(&partitions));
    }
    report.items.get_or_insert_default().push(item);
    report.rows.rows.extend(partitions.rows);
    report.failures.extend(group.failures.iter().cloned());
}

fn partition_rows(group: &GroupDetail) -> Table {
    let rows = group.partitions.iter().map(|partition| {
        let member = partition.member.and_then(|index| group.description.members.get(index));
        let mut row = lag_cells(&group.description.listing.id, partition);
        row.extend([
            Cell::or_absent(member, |member| Cell::text(member.member_id.as_str())),
            Cell::or_absent(member, |member| Cell::text(member.client_id.as_str())),
            Cell::or_absent(member, |member| Cell::text(member.host.as_str())),
        ]);
        row
    });
    Table::of(PARTITIONS, rows)
}

fn member_rows(group: &GroupDetail) -> Table {
    let rows = group.description.members.iter().map(|member| {
        vec![
            Cell::text(member.member_id.as_str()),
            Cell::or_absent(member.instance_id.as_deref(), Cell::text),
            Cell::text(member.client_id.as_str()),
            Cell::text(member.host.as_str()),
            Cell::texts(&member.assignment),
        ]
    });
    Table::of(MEMBERS, rows)
}
