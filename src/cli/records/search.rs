//! `klamm records search`: the records that meet a query, and what was not covered.

use super::columns::Columns;
use super::follow::Following;
use super::scope::Scope;
use super::tail::DECODE_AT_ONCE;
use super::{batch, line};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Table, number, text};
use crate::cli::session::Session;
use crate::cluster::{Cluster, Keep, RecordRef, SearchRequest, SearchUpdate, TopicSearched};
use crate::domain::record::DecodedRecord;
use crate::domain::{Failure, TopicName};
use clap::Args;
use serde_json::json;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    scope: Scope,
    /// End after this many matches
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Only say how many there are, and what was covered
    #[arg(long, conflicts_with_all = ["limit", "columns"])]
    count: bool,
    /// Show these fields instead of whole records, such as offset,key,value.customer.id
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// Also show the ends of transactions: their commit and abort markers
    #[arg(long, conflicts_with_all = ["count", "columns"])]
    show_control: bool,
    /// Also show each record's batch, its producer, and what became of its transaction
    #[arg(long, conflicts_with_all = ["count", "columns"])]
    show_batch: bool,
}

pub(super) async fn run(session: &mut Session, arguments: SearchArguments) -> Result<Exit, Stop> {
    let columns = Columns::read(arguments.columns)?;
    let (query, mut asked) = arguments.scope.read(session, arguments.count).await?;
    if query.is_none() {
        return Err(Stop::usage("--where: write what to look for; records tail shows all records"));
    }
    asked.request.limit = arguments.limit;
    let cluster = session.connect().await?;
    if !arguments.count {
        let format = session.output.format;
        let header = || line::header(format, arguments.show_batch);
        if let Some(header) = columns.as_ref().map_or_else(header, |columns| columns.header(format)) {
            session.output.line(&header)?;
            session.output.flush()?;
        }
    }
    let lines = Lines { columns, control: arguments.show_control, batch: arguments.show_batch };
    let keep = if arguments.count { Keep::Counts } else { Keep::All };
    let mut following = Following::begin(session, &cluster, asked, keep);
    while let Some(update) = following.next().await? {
        lines.write(session, &cluster, following.request(), &update).await?;
        following.show();
    }
    let exit = following.end()?;
    if arguments.count {
        session.output.report(&report(&following.last.topics, following.failures))?;
    }
    Ok(exit)
}

/// What is written of each record.
struct Lines {
    columns: Option<Columns>,
    control: bool,
    batch: bool,
}

impl Lines {
    async fn write(
        &self,
        session: &mut Session,
        cluster: &Cluster,
        request: &SearchRequest,
        update: &SearchUpdate,
    ) -> Result<(), Stop> {
        let output = &mut session.output;
        for chunk in update.records.chunks(DECODE_AT_ONCE) {
            let records = decode(cluster, request, chunk).await;
            let batches = match self.batch {
                true => batch::lines(cluster, chunk, &records).await,
                false => Vec::new(),
            };
            for (index, record) in records.iter().enumerate() {
                let line = match &self.columns {
                    Some(columns) => columns.write(record, output.format, &output.look),
                    None => line::write_with(record, batches.get(index), output.format, &output.look),
                };
                output.line(&line)?;
            }
        }
        if let Some(searched) = update.topics.last().filter(|_| self.control) {
            for (partition, end) in &update.ends {
                output.line(&batch::control(&searched.topic, *partition, end, output.format, &output.look))?;
            }
        }
        Ok(output.flush()?)
    }
}

/// Records of one topic are read in one way; an update may hold those of two.
pub(super) async fn decode(
    cluster: &Cluster,
    request: &SearchRequest,
    records: &[RecordRef],
) -> Vec<Arc<DecodedRecord>> {
    let mut decoded = Vec::with_capacity(records.len());
    for of_topic in records.chunk_by(|one, next| one.topic() == next.topic()) {
        let usual = |topic: &TopicName| cluster.profile().formats.of(topic.as_str());
        let view = request.view.or_else(|| of_topic.first().map(|record| usual(record.topic()))).unwrap_or_default();
        decoded.extend(cluster.decode(of_topic, view).await);
    }
    decoded
}

const COUNTS: &[Column] = &[
    text("topic", "TOPIC"),
    number("records", "RECORDS"),
    number("seen", "SEEN"),
    number("skipped", "SKIPPED"),
    number("undecodable", "UNDECODABLE"),
    number("partitions", "PARTITIONS"),
    number("size_bytes", "SIZE"),
    text("complete", "COMPLETE"),
];

/// How many records matched, of how many, and whether that is all.
fn report(topics: &[TopicSearched], failures: Vec<Failure>) -> Report {
    let row = |searched: &TopicSearched| {
        let counts = &searched.counts;
        vec![
            Cell::text(searched.topic.as_str()),
            Cell::Count(counts.matched),
            Cell::Count(counts.seen),
            Cell::Count(counts.skipped),
            Cell::Count(counts.undecodable),
            Cell::Count(searched.partitions as u64),
            Cell::Size(counts.bytes),
            Cell::text(if searched.is_complete { "yes" } else { "no" }),
        ]
    };
    let item = |searched: &TopicSearched| {
        let counts = &searched.counts;
        json!({
            "topic": searched.topic.as_str(),
            "records": counts.matched,
            "seen": counts.seen,
            "skipped": counts.skipped,
            "undecodable": counts.undecodable,
            "partitions": searched.partitions,
            "size_bytes": counts.bytes,
            "complete": searched.is_complete,
            "notes": searched.notes,
        })
    };
    let rows = Table { columns: COUNTS, rows: topics.iter().map(row).collect() };
    Report { items: Some(topics.iter().map(item).collect()), ..Report::list(rows, failures) }
}
