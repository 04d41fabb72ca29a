//! `klamm records tail`: from where, how many, and until when.

use super::{batch, line, range, what};
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Table, complain, number, text};
use crate::cli::session::{Session, blocking};
use crate::cluster::{Cluster, Keep, RecordCounts, RecordsRequest};
use crate::domain::plan::Confirm;
use crate::domain::query::Query;
use crate::domain::record::{Isolation, ReadAs, TieredPart, TieredRead};
use crate::domain::topic_formats::{self, TopicFormat};
use crate::domain::{Failure, FailureKind, PartitionId, TopicName, show};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, ValueEnum};
use std::ffi::OsStr;
use std::time::Duration;

/// Records decoded at once: enough to be quick, few enough to be soon on screen.
pub(super) const DECODE_AT_ONCE: usize = 512;

#[derive(Debug, Args)]
pub(crate) struct TailArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// earliest, latest (only what comes), -N (the newest N), an offset, a time, or how long ago (15m)
    #[arg(long, value_name = "WHERE", default_value = "-10", allow_hyphen_values = true)]
    from: String,
    /// Only these partitions
    #[arg(long, value_name = "P,…", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(0..))]
    partition: Vec<PartitionId>,
    /// Only say how many there are: each is read, so the number is exact; needs --no-follow
    #[arg(long, requires = "no_follow", conflicts_with = "limit")]
    count: bool,
    /// End after this many records
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// End at what was the end when it began
    #[arg(long)]
    no_follow: bool,
    /// Only records whose key, value or headers contain this
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
    /// Only records that meet a query, such as: value.state = OPEN and not key exists
    #[arg(long = "where", value_name = "QUERY")]
    query: Option<String>,
    /// Whether records of transactions are shown that were or may be aborted
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    isolation: Level,
    /// Also show the ends of transactions: their commit and abort markers
    #[arg(long, conflicts_with = "count")]
    show_control: bool,
    /// Also show each record's batch, its producer, and what became of its transaction
    #[arg(long, conflicts_with = "count")]
    show_batch: bool,
    /// Also read what only remote storage holds; it is slow, and asked for otherwise
    #[arg(long)]
    tiered: bool,
    /// How keys and values are read; without it as the profile's formats say
    #[arg(long = "as", value_parser = ReadAsParser)]
    view: Option<ReadAs>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    /// All records
    #[default]
    #[value(name = "read_uncommitted")]
    Uncommitted,
    /// Only what no transaction took back, up to the first that is open
    #[value(name = "read_committed")]
    Committed,
}

impl From<Level> for Isolation {
    fn from(level: Level) -> Self {
        match level {
            Level::Uncommitted => Self::Uncommitted,
            Level::Committed => Self::Committed,
        }
    }
}

/// A format of [`topic_formats`], or the keys' and the values', as the value of a flag.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadAsParser;

impl TypedValueParser for ReadAsParser {
    type Value = ReadAs;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<ReadAs, clap::Error> {
        let format = TopicFormat::parse(&value.to_string_lossy()).and_then(|format| {
            let has_file = format.key.schema.is_some() || format.value.schema.is_some();
            if has_file { Err("the file of a schema is named in the profile's formats".into()) } else { Ok(format) }
        });
        match format {
            Ok(format) => Ok(ReadAs { key: format.key.view, value: format.value.view }),
            Err(reason) => {
                Err(clap::Error::raw(ErrorKind::ValueValidation, format!("--as: {reason}\n")).with_cmd(command))
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(topic_formats::WORDS.iter().map(|(word, _)| PossibleValue::new(*word))))
    }
}

pub(super) async fn run(session: &mut Session, arguments: TailArguments) -> Result<Exit, Stop> {
    let start = range::at("--from", &arguments.from, session.now(), session.zone_asked_for())?.at;
    let query = match &arguments.query {
        Some(text) => what::read(text, session.now(), session.zone_asked_for())?,
        None => None,
    };
    let contains = arguments.contains.as_deref().filter(|text| !text.is_empty()).map(Query::anywhere).into_iter();
    let cluster = session.connect().await?;
    let topic = TopicName::from(arguments.topic.as_str());
    refuse_unknown(&cluster, &topic, &arguments.partition).await?;
    let usual = cluster.profile().formats.of(topic.as_str());
    let view = arguments.view.unwrap_or(usual);
    let mut request = RecordsRequest {
        partitions: (!arguments.partition.is_empty()).then_some(arguments.partition),
        follow: !arguments.no_follow,
        limit: arguments.limit,
        query: Query::all(contains.chain(query).collect()),
        view,
        isolation: arguments.isolation.into(),
        tiered: if arguments.tiered { TieredRead::Allowed } else { TieredRead::Ask },
        keep: if arguments.count { Keep::Counts } else { Keep::All },
        ..RecordsRequest::of(topic, start)
    };
    let mut feed = cluster.records(request.clone());
    let output = &mut session.output;
    if let Some(header) = line::header(output.format, arguments.show_batch).filter(|_| !arguments.count) {
        output.line(&header)?;
        output.flush()?;
    }
    let mut written = 0_usize;
    let mut failures: Vec<Failure> = Vec::new();
    let mut waits: Vec<Failure> = Vec::new();
    let mut counts = RecordCounts::default();
    while let Some(update) = feed.next().await {
        if let Some(part) = update.tiered {
            let topic = request.topic.clone();
            blocking("ask", move || Ok(agree(&topic, part)?)).await?;
            request.tiered = TieredRead::Allowed;
            feed = cluster.records(request.clone());
            continue;
        }
        // Who is away for a while is said, and costs nothing if everything comes after all.
        for failure in update.waiting {
            if !waits.contains(&failure) {
                complain(&format!("{failure}; waiting for it"));
                waits.push(failure);
            }
        }
        for failure in update.failures {
            if !failures.contains(&failure) {
                // A report says its failures itself.
                if !arguments.count {
                    complain(&failure.to_string());
                }
                failures.push(failure);
            }
        }
        counts = update.counts;
        for chunk in update.records.chunks(DECODE_AT_ONCE) {
            let records = cluster.decode(chunk, view).await;
            let batches = match arguments.show_batch {
                true => batch::lines(&cluster, chunk, &records).await,
                false => Vec::new(),
            };
            for (index, record) in records.iter().enumerate() {
                let text = line::write_with(record, batches.get(index), output.format, &output.look);
                output.line(&text)?;
                written += 1;
            }
        }
        for (partition, end) in update.ends.iter().filter(|_| arguments.show_control) {
            output.line(&batch::control(&request.topic, *partition, end, output.format, &output.look))?;
            written += 1;
        }
        output.flush()?;
        if update.finished {
            say_held_back(&cluster, update.held_back);
            break;
        }
    }
    if arguments.count {
        let exit = Exit::of_answer(usize::from(counts.seen > 0), &failures);
        output.report(&report(&request.topic, counts, failures))?;
        return Ok(exit);
    }
    Ok(Exit::of_look_up(written, &failures))
}

/// Held back for less, nobody noticed.
const NOTICED: Duration = Duration::from_millis(500);

/// Who reads a lot is told what it waited for, and what changes that.
pub(super) fn say_held_back(cluster: &Cluster, held_back: Duration) {
    let Some(budget) = cluster.profile().read_budget_bytes_per_second.filter(|_| held_back >= NOTICED) else { return };
    complain(&format!(
        "reading waited {} for the read budget of {} per broker (read_budget in the profile)",
        show::duration(u64::try_from(held_back.as_millis()).unwrap_or(u64::MAX)),
        show::byte_rate(budget as f64),
    ));
}

const COUNTS: &[Column] =
    &[text("topic", "TOPIC"), number("records", "RECORDS"), number("seen", "SEEN"), number("size_bytes", "SIZE")];

/// How many records matched, of how many.
fn report(topic: &TopicName, counts: RecordCounts, failures: Vec<Failure>) -> Report {
    let row = vec![
        Cell::text(topic.as_str()),
        Cell::Count(counts.matched),
        Cell::Count(counts.seen),
        Cell::Size(counts.bytes),
    ];
    Report::list(Table { columns: COUNTS, rows: vec![row] }, failures)
}

/// Asks whether records shall be fetched from remote storage, where there is
/// somebody to ask.
pub(super) fn agree(topic: &TopicName, part: TieredPart) -> Result<(), Failure> {
    let message = format!(
        "up to {} records of {} lie in remote storage: reading them is slow, and costs where requests are paid for",
        show::count(part.records),
        show::plural(part.partitions, "partition")
    );
    let failure = Failure::new(FailureKind::Refused, "read topic", message).on(topic.as_str());
    let consent = Consent::default();
    if !consent.will_ask() {
        return Err(failure.hint("Add --tiered to read them, or begin later in the log."));
    }
    complain(&failure.message);
    consent.obtain("read topic", topic.as_str(), &Confirm::Yes)
}

/// A topic or partition that is not there is said at once instead of waited for.
pub(in crate::cli) async fn refuse_unknown(
    cluster: &Cluster,
    topic: &TopicName,
    partitions: &[PartitionId],
) -> Result<(), Failure> {
    let metadata = cluster.metadata().await?;
    let failed = |message: String| Failure::new(FailureKind::NotFound, "read topic", message).on(topic.as_str());
    let known = metadata.find_topic("read topic", topic.as_str())?;
    match partitions.iter().find(|id| known.partition(**id).is_none()) {
        Some(id) => {
            Err(failed(format!("it has no partition {id}, only 0 to {}", known.partitions.len().saturating_sub(1))))
        }
        None => Ok(()),
    }
}
