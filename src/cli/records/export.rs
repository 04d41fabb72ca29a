//! `klamm records export`: records into a file or a pipe.
//!
//! JSON lines and CSV hold what is read of records, with masks; raw holds their bytes,
//! and is the form that `klamm records import` restores.

use super::columns::Columns;
use super::get::with_standard_input;
use super::resend::Which;
use super::status::Status;
use super::tail::{DECODE_AT_ONCE, Level, agree, say_held_back};
use super::{line, range, what};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Format, Look, complain};
use crate::cli::session::{Session, blocking};
use crate::cluster::{Cluster, Keep, RecordRef, SearchRequest, SearchUpdate};
use crate::domain::archive;
use crate::domain::query::Query;
use crate::domain::record::{TieredRead, Within};
use crate::domain::when::parse_duration;
use crate::domain::{Failure, FailureKind, TopicName, show};
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Topics, one after the other; - reads them from standard input
    #[arg(value_name = "TOPIC", required = true)]
    topics: Vec<String>,
    #[command(flatten)]
    which: Which,
    /// What is written of each record
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// Of a CSV these fields, such as offset,key,value.customer.id
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// The file; without it standard output
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "file")]
    force: bool,
    /// Raw bytes also of topics of which the profile masks something
    #[arg(long)]
    unmasked: bool,
    /// Whether records are taken that were or may be aborted
    #[arg(long, value_enum, default_value_t = Level::Committed, value_name = "LEVEL")]
    isolation: Level,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A JSON object a line, as records tail writes it; not what bytes are made from again
    #[default]
    Jsonl,
    /// A line a record, with --columns those alone
    Csv,
    /// The bytes as they are, for records import
    Raw,
}

pub(super) async fn run(session: &mut Session, arguments: ExportArguments) -> Result<Exit, Stop> {
    if !arguments.columns.is_empty() && arguments.format != Form::Csv {
        return Err(Stop::usage("--columns: only a CSV has columns; add --format csv"));
    }
    if arguments.format == Form::Raw && arguments.file.is_none() && io::stdout().is_terminal() {
        return Err(Stop::usage("--format raw: these bytes are not for a terminal; name a file with --file"));
    }
    let columns = Columns::read(arguments.columns.clone())?;
    let names: BTreeSet<String> = with_standard_input(arguments.topics.clone()).await?.into_iter().collect();
    if names.is_empty() {
        return Err(Stop::usage("standard input names no topic"));
    }
    let mut request = request(session, &names, &arguments)?;
    let cluster = session.connect().await?;
    if arguments.format == Form::Raw && !arguments.unmasked {
        refuse_masked(&cluster, &request.topics)?;
    }
    let to = arguments.file.clone();
    let force = arguments.force;
    let to: Box<dyn Write + Send> = match to {
        None => Box::new(io::stdout()),
        Some(path) => Box::new(blocking("open the file", move || Ok(create(&path, force)?)).await?),
    };
    // A file gets bytes as a pipe does.
    let is_terminal = arguments.file.is_none() && session.output.look.is_terminal;
    let look = Look { is_terminal, has_colours: false, zone: session.output.look.zone.clone() };
    let mut writing = Writing { to: BufWriter::new(to), form: arguments.format, columns, look, records: 0, bytes: 0 };
    writing.begin()?;
    let mut status = Status::new(arguments.file.is_some());
    let mut failures: Vec<Failure> = Vec::new();
    let mut last = follow(&cluster, &request, &mut writing, &mut status, &mut failures).await?;
    while let Some((topic, part)) = last.tiered.take() {
        let asks = topic.clone();
        blocking("ask", move || Ok(agree(&asks, part)?)).await?;
        request.tiered = TieredRead::Allowed;
        request.topics = request.topics.iter().skip_while(|name| **name != topic).cloned().collect();
        request.limit = arguments.which.limit.map(|limit| limit.saturating_sub(writing.records).max(1));
        last = follow(&cluster, &request, &mut writing, &mut status, &mut failures).await?;
    }
    writing.to.flush()?;
    say_held_back(&cluster, last.held_back);
    for searched in &last.topics {
        for note in &searched.notes {
            complain(&format!("{}: {note}", searched.topic));
        }
    }
    if let Some(path) = &arguments.file {
        let (records, bytes) = (show::plural(writing.records, "record"), writing.bytes);
        complain(&format!("{records} in {}, {}", path.display(), show::size(bytes)));
    }
    if last.topics.is_empty()
        && let Some(failure) = failures.first()
    {
        return Err(failure.clone().into());
    }
    let undecodable = last.counts().undecodable;
    if undecodable > 0 {
        complain(&format!(
            "{} not written: they cannot be decoded, so whether they meet the query is not known",
            show::count(undecodable)
        ));
    }
    Ok(match writing.records {
        _ if !failures.is_empty() || undecodable > 0 => Exit::Partial,
        0 => Exit::NotMet,
        _ => Exit::Done,
    })
}

fn request(session: &Session, names: &BTreeSet<String>, arguments: &ExportArguments) -> Result<SearchRequest, Stop> {
    let which = &arguments.which;
    let (now, zone) = (session.now(), session.zone_asked_for());
    let query = which.query.as_deref().map(|text| what::read(text, now, zone)).transpose()?.flatten();
    let (start, begins) = range::from(&which.from, now, zone)?;
    let ends = which.until.as_deref().map(|until| range::until(until, now, zone)).transpose()?;
    let slack = which.slack.as_deref().map(parse_duration).transpose();
    Ok(SearchRequest {
        topics: names.iter().map(|name| TopicName::from(name.as_str())).collect(),
        query: Query::all(begins.into_iter().chain(ends).chain(query).collect()).unwrap_or_else(Query::everything),
        partitions: (!which.from_partition.is_empty()).then(|| which.from_partition.clone()),
        start,
        limit: which.limit,
        slack_ms: slack.map_err(|reason| Stop::usage(format!("--slack: {reason}")))?,
        view: which.view,
        isolation: arguments.isolation.into(),
        tiered: if which.tiered { TieredRead::Allowed } else { TieredRead::Ask },
        within: Within::default(),
        keep: Keep::All,
    })
}

fn refuse_masked(cluster: &Cluster, topics: &[TopicName]) -> Result<(), Failure> {
    match topics.iter().find(|topic| cluster.profile().masks.touch(topic.as_str())) {
        None => Ok(()),
        Some(topic) => Err(Failure::new(FailureKind::Refused, "export", "the profile masks something of its records")
            .on(topic.as_str())
            .hint("JSON lines and CSV keep the masks; --unmasked writes the bytes as they are.")),
    }
}

/// For the owner alone, and never over what is there.
fn create(path: &PathBuf, force: bool) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|error| {
        let failure = Failure::new(FailureKind::Storage, "write to", error.to_string()).on(path.display().to_string());
        if error.kind() == io::ErrorKind::AlreadyExists { failure.hint("--force writes over it.") } else { failure }
    })
}

/// Where records go, and how.
struct Writing {
    to: BufWriter<Box<dyn Write + Send>>,
    form: Form,
    columns: Option<Columns>,
    look: Look,
    records: u64,
    bytes: u64,
}

impl Writing {
    fn begin(&mut self) -> io::Result<()> {
        match (self.form, &self.columns) {
            (Form::Jsonl, _) => Ok(()),
            (Form::Csv, Some(columns)) => columns.header(Format::Csv).map_or(Ok(()), |header| self.put_line(&header)),
            (Form::Csv, None) => line::header(Format::Csv, false).map_or(Ok(()), |header| self.put_line(&header)),
            (Form::Raw, _) => self.put(archive::MAGIC),
        }
    }

    fn put_line(&mut self, line: &str) -> io::Result<()> {
        self.put(line.as_bytes())?;
        self.put(b"\n")
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.to.write_all(bytes)
    }

    /// Writes records of one topic.
    async fn take(&mut self, cluster: &Cluster, request: &SearchRequest, records: &[RecordRef]) -> Result<(), Stop> {
        self.records += records.len() as u64;
        if self.form == Form::Raw {
            for reference in records {
                let at = || format!("{}:{}@{}", reference.topic(), reference.partition(), reference.offset());
                let failure =
                    |message: &str| Failure::new(FailureKind::Malformed, "export the record", message).on(at());
                let record = cluster.stored(reference).ok_or_else(|| failure("it cannot be read"))?;
                let frame = archive::frame(&record).ok_or_else(|| failure("it is too long for a file of records"))?;
                self.put(&frame)?;
            }
            return Ok(());
        }
        let usual = records.first().map(|record| cluster.profile().formats.of(record.topic().as_str()));
        let view = request.view.or(usual).unwrap_or_default();
        for record in cluster.decode(records, view).await {
            let line = match (self.form, &self.columns) {
                (Form::Csv, Some(columns)) => columns.write(&record, Format::Csv, &self.look),
                (Form::Csv, None) => line::write(&record, Format::Csv, &self.look),
                (Form::Jsonl | Form::Raw, _) => line::write(&record, Format::Json, &self.look),
            };
            self.put_line(&line)?;
        }
        Ok(())
    }
}

/// Writes what is found, to the update that ends it or asks.
async fn follow(
    cluster: &Cluster,
    request: &SearchRequest,
    writing: &mut Writing,
    status: &mut Status,
    failures: &mut Vec<Failure>,
) -> Result<SearchUpdate, Stop> {
    let mut feed = cluster.search(request.clone());
    while let Some(update) = feed.next().await {
        status.clear();
        for failure in &update.failures {
            if !failures.contains(failure) {
                complain(&failure.to_string());
                failures.push(failure.clone());
            }
        }
        for of_topic in update.records.chunk_by(|one, next| one.topic() == next.topic()) {
            for chunk in of_topic.chunks(DECODE_AT_ONCE) {
                writing.take(cluster, request, chunk).await?;
            }
        }
        // What is there when somebody interrupts is whole up to here.
        writing.to.flush()?;
        if update.finished {
            return Ok(update);
        }
        status.show(&update);
    }
    Ok(SearchUpdate::default())
}
