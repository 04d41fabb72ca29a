//! `klamm topics describe`: everything about a few topics.

use super::{logs_of, origin_word};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Section, Table, fact, hidden, number, objects, text};
use crate::cli::session::Session;
use crate::cluster::{Cluster, TopicGroup, TopicLogs};
use crate::domain::config::{ConfigEntry, ConfigSource, is_compacted};
use crate::domain::origin::origin_of;
use crate::domain::topic::{PartitionLog, Topic};
use crate::domain::{Failure, PartitionId, TopicName, show};
use clap::Args;
use serde_json::{Value as Json, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(crate) struct DescribeArguments {
    #[arg(value_name = "TOPIC", required = true)]
    topics: Vec<String>,
    /// Show configs that have their default value, too
    #[arg(long)]
    defaults: bool,
}

const PARTITIONS: &[Column] = &[
    text("topic", "TOPIC"),
    number("partition", "P"),
    number("leader", "LEADER"),
    text("replicas", "REPLICAS"),
    text("isr", "ISR"),
    fact("start_offset", "START"),
    fact("end_offset", "END"),
    fact("records", "RECORDS"),
    fact("size_bytes", "SIZE"),
];

const CONFIGS: &[Column] = &[
    text("name", "CONFIG"),
    text("value", "VALUE"),
    text("source", "SOURCE"),
    hidden("is_sensitive"),
    hidden("is_read_only"),
    hidden("documentation"),
];

const GROUPS: &[Column] =
    &[text("group", "GROUP"), text("state", "STATE"), fact("members", "MEMBERS"), fact("lag", "LAG")];

pub(super) async fn run(session: &mut Session, arguments: DescribeArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let metadata = cluster.metadata().await?;
    let names: Vec<TopicName> = arguments.topics.iter().map(|name| TopicName::from(name.as_str())).collect();
    let logs = cluster.logs_of(&names).await;
    let mut report = Report { rows: Table::new(PARTITIONS), items: Some(Vec::new()), ..Report::default() };
    if let Err(failure) = &logs {
        report.failures.push(failure.clone());
    }
    for name in &arguments.topics {
        let topic = match metadata.find_topic("describe topic", name) {
            Ok(topic) => topic,
            Err(missing) => {
                report.failures.push(missing);
                continue;
            }
        };
        describe(&cluster, topic, logs.as_deref(), arguments.defaults, &mut report).await;
    }
    let exit = Exit::of_answer(report.items.as_ref().map_or(0, Vec::len), &report.failures);
    session.output.report(&report)?;
    Ok(exit)
}

async fn describe(
    cluster: &Cluster,
    topic: &Topic,
    logs: Result<&TopicLogs, &Failure>,
    defaults: bool,
    report: &mut Report,
) {
    let (configs, groups) = tokio::join!(cluster.topic_configs(&topic.name), cluster.topic_groups(&topic.name));
    let partitions = partition_rows(topic, logs);
    let at_most = if configs.as_ref().is_ok_and(|configs| is_compacted(configs)) { "up to " } else { "" };
    let (configs, configs_reason) = match configs {
        Ok(configs) => (Some(config_rows(&configs, defaults)), None),
        Err(failure) => (None, Some(note(&mut report.failures, failure))),
    };
    let (groups, groups_reason) = match groups {
        Ok(groups) => {
            report.failures.extend(groups.failures.iter().cloned());
            (Some(group_rows(&groups.value)), None)
        }
        Err(failure) => (None, Some(note(&mut report.failures, failure))),
    };
    let (records, size) = logs_of(topic, logs);
    let title = format!(
        "{}: {}, replication factor {}, {at_most}{} records, {}",
        topic.name,
        show::plural(topic.partitions.len(), "partition"),
        topic.replication_factor(),
        records.shown(&jiff::tz::TimeZone::UTC),
        size.shown(&jiff::tz::TimeZone::UTC),
    );
    report.sections.push(Section::Heading(title));
    report.sections.push(Section::Rows(partitions.clone()));
    report.sections.extend(groups.iter().filter(|rows| !rows.rows.is_empty()).cloned().map(Section::Rows));
    report.sections.extend(configs.iter().filter(|rows| !rows.rows.is_empty()).cloned().map(Section::Rows));

    let mut item = json!({
        "topic": topic.name,
        "topic_id": topic.id.map(|id| id.to_string()),
        "is_internal": topic.is_internal,
        "origin": origin_word(origin_of(topic)),
        "replication_factor": topic.replication_factor(),
        "partitions": objects(&partitions),
        "configs": configs.as_ref().map(objects),
        "groups": groups.as_ref().map(objects),
    });
    if let Json::Object(item) = &mut item {
        for (name, reason) in [("configs_reason", configs_reason), ("groups_reason", groups_reason)] {
            if let Some(reason) = reason {
                item.insert(name.into(), reason.into());
            }
        }
    }
    report.rows.rows.extend(partitions.rows);
    report.items.get_or_insert_default().push(item);
}

/// Keeps a failure and gives it back as the reason for a null.
fn note(failures: &mut Vec<Failure>, failure: Failure) -> String {
    let reason = failure.to_string();
    failures.push(failure);
    reason
}

fn partition_rows(topic: &Topic, logs: Result<&TopicLogs, &Failure>) -> Table {
    let known = logs.map(|logs| logs.topic(topic.name.as_str()));
    let log_of = |id: PartitionId| -> Result<&PartitionLog, Arc<str>> {
        let index = usize::try_from(id).unwrap_or(usize::MAX);
        match known {
            Ok(Some(log)) => log.partitions.get(index).ok_or_else(|| "the partition is new".into()),
            Ok(None) => Err("no leader answered for it".into()),
            Err(failure) => Err(failure.to_string().into()),
        }
    };
    let rows = topic.partitions.iter().map(|partition| {
        let log = log_of(partition.id);
        let offsets = match &log {
            Ok(log) => [
                Cell::of(&log.start, Cell::Offset),
                Cell::of(&log.end, Cell::Offset),
                Cell::of(&log.records(), Cell::Count),
                Cell::of(&log.size, Cell::Size),
            ],
            Err(reason) => [(); 4].map(|()| Cell::Unknown(Arc::clone(reason))),
        };
        let mut row = vec![
            Cell::text(topic.name.as_str()),
            Cell::Id(partition.id.into()),
            Cell::or_absent(partition.leader, |id| Cell::Id(id.0.into())),
            Cell::ids(partition.replicas.iter().map(|id| id.0)),
            Cell::ids(partition.isr.iter().map(|id| id.0)),
        ];
        row.extend(offsets);
        row
    });
    Table::of(PARTITIONS, rows)
}

fn config_rows(configs: &[ConfigEntry], defaults: bool) -> Table {
    let is_set =
        |entry: &&ConfigEntry| defaults || !matches!(entry.source, ConfigSource::Default | ConfigSource::StaticBroker);
    let rows = configs.iter().filter(is_set).map(|entry| {
        vec![
            Cell::text(entry.name.as_str()),
            Cell::or_absent(entry.value.as_deref(), Cell::text),
            Cell::word(source_word(entry.source)),
            Cell::Flag(entry.is_sensitive),
            Cell::Flag(entry.is_read_only),
            Cell::or_absent(entry.documentation.as_deref(), Cell::text),
        ]
    });
    Table::of(CONFIGS, rows)
}

fn source_word(source: ConfigSource) -> &'static str {
    match source {
        ConfigSource::Topic => "topic",
        ConfigSource::DynamicBroker => "dynamic_broker",
        ConfigSource::DynamicDefault => "dynamic_default",
        ConfigSource::StaticBroker => "static_broker",
        ConfigSource::Group => "group",
        ConfigSource::ClientMetrics => "client_metrics",
        ConfigSource::Default => "default",
        ConfigSource::Unknown => "unknown",
    }
}

fn group_rows(groups: &[TopicGroup]) -> Table {
    let rows = groups.iter().map(|group| {
        vec![
            Cell::text(group.listing.id.as_str()),
            Cell::text(group.listing.state.shown()),
            Cell::of(&group.members, Cell::count),
            Cell::of(&group.lag.fact(), Cell::Count),
        ]
    });
    Table::of(GROUPS, rows)
}
