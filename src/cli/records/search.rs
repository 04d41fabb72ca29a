//! `klamm records search`: the records that meet a query, and what was not covered.

use super::columns::Columns;
use super::get::with_standard_input;
use super::status::Status;
use super::tail::{DECODE_AT_ONCE, Level, agree, say_held_back};
use super::{line, range, what};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Table, complain, number, text};
use crate::cli::session::{Session, blocking};
use crate::cluster::{Cluster, Keep, SearchRequest, SearchUpdate, TopicSearched};
use crate::domain::query::Query;
use crate::domain::record::{DecodedRecord, ReadAs, TieredRead};
use crate::domain::when::parse_duration;
use crate::domain::{Failure, PartitionId, TopicName};
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    /// Topics, searched one after the other; - reads them from standard input, one a line
    #[arg(value_name = "TOPIC", required = true)]
    topics: Vec<String>,
    /// What records must meet, such as: value.customer.id = 42 and not headers.retry exists
    #[arg(long = "where", value_name = "QUERY")]
    query: String,
    /// earliest, -N (the newest N), an offset, a time, or how long ago (15m)
    #[arg(long, value_name = "WHERE", default_value = "earliest", allow_hyphen_values = true)]
    from: String,
    /// Up to this offset, this time, or so long ago; without it up to the end of now
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true)]
    to: Option<String>,
    /// How far beyond a time of --to is read, since times are not in order; without it as
    /// long as the range, from a second to five minutes
    #[arg(long, value_name = "DURATION")]
    slack: Option<String>,
    /// Only these partitions
    #[arg(long, value_name = "P,…", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(0..))]
    partition: Vec<PartitionId>,
    /// End after this many matches
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Only say how many there are, and what was covered
    #[arg(long, conflicts_with_all = ["limit", "columns"])]
    count: bool,
    /// Show these fields instead of whole records, such as offset,key,value.customer.id
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// Whether records of transactions are searched that were or may be aborted
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    isolation: Level,
    /// Also read what only remote storage holds; it is slow, and asked for otherwise
    #[arg(long)]
    tiered: bool,
    /// How keys and values are read; without it as the profile's formats say
    #[arg(long = "as", value_parser = super::tail::ReadAsParser)]
    view: Option<ReadAs>,
}

pub(super) async fn run(session: &mut Session, arguments: SearchArguments) -> Result<Exit, Stop> {
    let columns = Columns::read(arguments.columns)?;
    let (now, zone) = (session.now(), session.zone_asked_for());
    let query = what::read(&arguments.query, now, zone)?;
    let (start, begins) = range::from(&arguments.from, now, zone)?;
    let ends = arguments.to.as_deref().map(|to| range::to(to, now, zone)).transpose()?;
    // Times and offsets first: they cost nothing.
    let query = Query::all(begins.into_iter().chain(ends).chain(query).collect())
        .ok_or_else(|| Stop::usage("--where: write what to look for; records tail shows all records"))?;
    let slack = arguments.slack.as_deref().map(parse_duration).transpose();
    let slack_ms = slack.map_err(|reason| Stop::usage(format!("--slack: {reason}")))?;
    let names: BTreeSet<String> = with_standard_input(arguments.topics.clone()).await?.into_iter().collect();
    if names.is_empty() {
        return Err(Stop::usage("standard input names no topic"));
    }
    let cluster = session.connect().await?;
    let mut request = SearchRequest {
        topics: names.iter().map(|name| TopicName::from(name.as_str())).collect(),
        query,
        partitions: (!arguments.partition.is_empty()).then_some(arguments.partition),
        start,
        limit: arguments.limit,
        slack_ms,
        view: arguments.view,
        isolation: arguments.isolation.into(),
        tiered: if arguments.tiered { TieredRead::Allowed } else { TieredRead::Ask },
        keep: if arguments.count { Keep::Counts } else { Keep::All },
    };
    if !arguments.count {
        let format = session.output.format;
        if let Some(header) = columns.as_ref().map_or_else(|| line::header(format), |columns| columns.header(format)) {
            session.output.line(&header)?;
            session.output.flush()?;
        }
    }
    let mut found = Found { status: Status::new(arguments.count), failures: Vec::new(), waits: Vec::new() };
    let mut last = found.follow(session, &cluster, &request, columns.as_ref()).await?;
    while let Some((topic, part)) = last.tiered.take() {
        let asks = topic.clone();
        blocking("ask", move || Ok(agree(&asks, part)?)).await?;
        // Topics before it were searched to their ends.
        request.tiered = TieredRead::Allowed;
        request.topics = request.topics.iter().skip_while(|name| **name != topic).cloned().collect();
        request.limit = request.limit.map(|limit| limit.saturating_sub(last.counts().matched).max(1));
        let before = std::mem::take(&mut last.topics);
        last = found.follow(session, &cluster, &request, columns.as_ref()).await?;
        last.topics.splice(0..0, before);
    }
    say_held_back(&cluster, last.held_back);
    ended(session, last, found.failures, arguments.count)
}

/// What came so far.
struct Found {
    status: Status,
    failures: Vec<Failure>,
    waits: Vec<Failure>,
}

impl Found {
    /// Writes what is found, to the update that ends it or asks.
    async fn follow(
        &mut self,
        session: &mut Session,
        cluster: &Cluster,
        request: &SearchRequest,
        columns: Option<&Columns>,
    ) -> Result<SearchUpdate, Stop> {
        let mut feed = cluster.search(request.clone());
        while let Some(update) = feed.next().await {
            self.status.clear();
            // Who is away for a while is said, and costs nothing if everything comes after all.
            for failure in &update.waiting {
                if !self.waits.contains(failure) {
                    complain(&format!("{failure}; waiting for it"));
                    self.waits.push(failure.clone());
                }
            }
            for failure in &update.failures {
                if !self.failures.contains(failure) {
                    // A report says its failures itself.
                    if request.keep != Keep::Counts {
                        complain(&failure.to_string());
                    }
                    self.failures.push(failure.clone());
                }
            }
            for chunk in update.records.chunks(DECODE_AT_ONCE) {
                for record in decode(cluster, request, chunk).await {
                    let output = &mut session.output;
                    let line = match columns {
                        Some(columns) => columns.write(&record, output.format, &output.look),
                        None => line::write(&record, output.format, &output.look),
                    };
                    output.line(&line)?;
                }
            }
            session.output.flush()?;
            if update.finished {
                return Ok(update);
            }
            self.status.show(&update);
        }
        Ok(SearchUpdate::default())
    }
}

/// Records of one topic are read in one way; an update may hold those of two.
async fn decode(
    cluster: &Cluster,
    request: &SearchRequest,
    records: &[crate::cluster::RecordRef],
) -> Vec<Arc<DecodedRecord>> {
    let mut decoded = Vec::with_capacity(records.len());
    for of_topic in records.chunk_by(|one, next| one.topic() == next.topic()) {
        let usual = |topic: &TopicName| cluster.profile().formats.of(topic.as_str());
        let view = request.view.or_else(|| of_topic.first().map(|record| usual(record.topic()))).unwrap_or_default();
        decoded.extend(cluster.decode(of_topic, view).await);
    }
    decoded
}

fn ended(session: &mut Session, last: SearchUpdate, failures: Vec<Failure>, only_counts: bool) -> Result<Exit, Stop> {
    if last.topics.is_empty()
        && let Some(failure) = failures.first()
    {
        return Err(failure.clone().into());
    }
    for searched in &last.topics {
        complain(&format!("{}: {}", searched.topic, searched.coverage(&failures, last.is_limited)));
        for note in &searched.notes {
            complain(&format!("{}: {note}", searched.topic));
        }
    }
    let is_complete = failures.is_empty() && last.topics.iter().all(|topic| topic.is_complete);
    if only_counts {
        session.output.report(&report(&last.topics, failures))?;
    }
    Ok(match last.counts().matched {
        _ if last.is_limited => Exit::Done,
        _ if !is_complete => Exit::Partial,
        0 => Exit::NotMet,
        _ => Exit::Done,
    })
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
