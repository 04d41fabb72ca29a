//! `klamm topics …`: list, describe, create, delete, and how many partitions.

mod describe;
mod partitions;

use super::change::carry_out;
use super::confirm::Consent;
use super::exit::{Exit, Stop};
use super::output::{Cell, Column, Report, Table, fact, number, text};
use super::session::Session;
use crate::cluster::{NewTopic, TopicLogs};
use crate::domain::naming::Naming;
use crate::domain::origin::origin_of;
use crate::domain::topic::{Topic, TopicOrigin};
use crate::domain::{Failure, TopicName};
use clap::{Args, Subcommand};
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All topics with their partitions, records and size
    List(ListArguments),
    /// Partitions, configs and groups of topics
    Describe(describe::DescribeArguments),
    /// Create a topic
    Create(CreateArguments),
    /// Delete a topic with all its records
    Delete(DeleteArguments),
    /// How many partitions a topic needs, and which keys would move
    PlanPartitions(partitions::PlanArguments),
    /// Add partitions to a topic
    AddPartitions(partitions::AddArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only topics whose name contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Leave out what Kafka, Connect, Streams and mirrors keep for themselves
    #[arg(long)]
    plain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// Without it the cluster's default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Without it the cluster's default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// A configuration entry; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    configs: Vec<(String, String)>,
    /// Although the profile's naming asks for another name
    #[arg(long)]
    ignore_naming: bool,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    #[command(flatten)]
    consent: Consent,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".into()),
    }
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List(arguments) => list(session, &arguments).await,
        Verb::Describe(arguments) => describe::run(session, arguments).await,
        Verb::Create(arguments) => create(session, arguments).await,
        Verb::Delete(arguments) => {
            let cluster = session.connect().await?;
            let plan = cluster.plan_delete_topic(&TopicName::from(arguments.topic.as_str())).await?;
            carry_out(session, &cluster, &plan, arguments.consent, None).await
        }
        Verb::PlanPartitions(arguments) => partitions::plan(session, arguments).await,
        Verb::AddPartitions(arguments) => partitions::add(session, arguments).await,
    }
}

const LIST: &[Column] = &[
    text("topic", "TOPIC"),
    number("partitions", "PART"),
    number("replication_factor", "RF"),
    fact("records", "RECORDS"),
    fact("size_bytes", "SIZE"),
    number("under_replicated", "URP"),
    number("offline", "OFFLINE"),
    text("origin", "ORIGIN"),
    text("is_internal", "INTERNAL"),
    text("follows_naming", "FOLLOWS NAMING"),
];

async fn list(session: &mut Session, arguments: &ListArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let metadata = cluster.metadata().await?;
    let logs = cluster.topic_logs().await;
    let naming = cluster.profile().naming.as_ref();
    let is_wanted = |topic: &Topic| {
        let is_named = arguments.filter.as_deref().is_none_or(|part| topic.name.as_str().contains(part));
        is_named && (!arguments.plain || matches!(origin_of(topic), TopicOrigin::Plain | TopicOrigin::DeadLetter))
    };
    let topics = metadata.topics.iter().filter(|topic| is_wanted(topic));
    let rows = Table::of(LIST, topics.map(|topic| summary(topic, logs.as_deref(), naming)));
    let mut failures = metadata.failures.clone();
    match logs.as_deref() {
        Ok(logs) => failures.extend(logs.failures.iter().cloned()),
        Err(failure) => failures.push(failure.clone()),
    }
    let exit = Exit::of_answer(rows.rows.len(), &failures);
    session.output.report(&Report::list(rows, failures))?;
    Ok(exit)
}

/// The topic's records and size, or why they are not known.
fn logs_of(topic: &Topic, logs: Result<&TopicLogs, &Failure>) -> (Cell, Cell) {
    match logs {
        Ok(logs) => match logs.topic(topic.name.as_str()) {
            Some(log) => (Cell::of(&log.records, Cell::Count), Cell::of(&log.size, Cell::Size)),
            None => (Cell::Unknown("no leader answered for it".into()), Cell::Unknown("no broker reported it".into())),
        },
        Err(failure) => {
            let reason: Arc<str> = failure.to_string().into();
            (Cell::Unknown(Arc::clone(&reason)), Cell::Unknown(reason))
        }
    }
}

fn summary(topic: &Topic, logs: Result<&TopicLogs, &Failure>, naming: Option<&Naming>) -> Vec<Cell> {
    let (records, size) = logs_of(topic, logs);
    // What Kafka, Connect and Streams name is not for people to name.
    let naming = naming.filter(|_| origin_of(topic) == TopicOrigin::Plain);
    vec![
        Cell::text(topic.name.as_str()),
        Cell::count(topic.partitions.len()),
        Cell::count(topic.replication_factor()),
        records,
        size,
        Cell::count(topic.under_replicated()),
        Cell::count(topic.offline()),
        Cell::word(origin_word(origin_of(topic))),
        Cell::Flag(topic.is_internal),
        naming.map_or(Cell::Absent, |naming| Cell::Flag(naming.allows(topic.name.as_str()))),
    ]
}

fn origin_word(origin: TopicOrigin) -> &'static str {
    match origin {
        TopicOrigin::Plain => "plain",
        TopicOrigin::Internal => "internal",
        TopicOrigin::Registry => "registry",
        TopicOrigin::Connect => "connect",
        TopicOrigin::Mirror => "mirror",
        TopicOrigin::StreamsChangelog => "streams_changelog",
        TopicOrigin::StreamsRepartition => "streams_repartition",
        TopicOrigin::DeadLetter => "dead_letter",
    }
}

async fn create(session: &mut Session, arguments: CreateArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let topic = NewTopic {
        name: TopicName::from(arguments.topic.as_str()),
        partitions: arguments.partitions,
        replication_factor: arguments.replication_factor,
        configs: arguments.configs,
        ignores_naming: arguments.ignore_naming,
    };
    let plan = cluster.plan_create_topic(topic).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}
