//! `klamm records export`: records into a file or a pipe.
//!
//! JSON lines and CSV hold what is read of records, with masks; raw holds their bytes,
//! and is the form that `klamm records import` restores.

use super::columns::Columns;
use super::get::with_standard_input;
use super::resend::Which;
use super::status::Status;
use super::tail::{Level, agree, say_held_back};
use super::{range, what};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{complain, escaped};
use crate::cli::session::{Session, blocking};
use crate::cluster::{Cluster, ExportError, ExportForm, RecordWriter, SearchRequest, SearchUpdate, create_file};
use crate::domain::query::Query;
use crate::domain::record::TieredRead;
use crate::domain::when::parse_duration;
use crate::domain::{Failure, TopicName, show};
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

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

fn create(path: &Path, force: bool) -> Result<File, Failure> {
    create_file(path, force).map_err(|failure| match path.exists() && !force {
        true => failure.hint("--force writes over it."),
        false => failure,
    })
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

impl From<Form> for ExportForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Jsonl => Self::Jsonl,
            Form::Csv => Self::Csv,
            Form::Raw => Self::Raw,
        }
    }
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
        cluster.refuse_masked(request.topics.iter().map(TopicName::as_str))?;
    }
    let to = arguments.file.clone();
    let force = arguments.force;
    let to: Box<dyn Write + Send> = match to {
        None => Box::new(io::stdout()),
        Some(path) => Box::new(blocking("open the file", move || Ok(create(&path, force)?)).await?),
    };
    let form = ExportForm::from(arguments.format);
    let mut writer = RecordWriter::new(to, form, columns.map(Columns::named).unwrap_or_default());
    // A file gets bytes as a pipe does.
    if arguments.file.is_none() && session.output.look.is_terminal {
        let look = session.output.look.clone();
        writer = writer.with(Box::new(move |line| match form {
            ExportForm::Csv => look.safe(&line).into_owned(),
            ExportForm::Jsonl | ExportForm::Raw => escaped(&line),
        }));
    }
    writer.begin().await?;
    let mut status = Status::new(arguments.file.is_some());
    let mut failures: Vec<Failure> = Vec::new();
    let mut last = follow(&cluster, &request, &mut writer, &mut status, &mut failures).await?;
    while let Some((topic, part)) = last.tiered.take() {
        let asks = topic.clone();
        blocking("ask", move || Ok(agree(&asks, part)?)).await?;
        request.tiered = TieredRead::Allowed;
        request.topics = request.topics.iter().skip_while(|name| **name != topic).cloned().collect();
        request.limit = arguments.which.limit.map(|limit| limit.saturating_sub(writer.records).max(1));
        last = follow(&cluster, &request, &mut writer, &mut status, &mut failures).await?;
    }
    say_held_back(&cluster, last.held_back);
    for searched in &last.topics {
        for note in &searched.notes {
            complain(&format!("{}: {note}", searched.topic));
        }
    }
    if let Some(path) = &arguments.file {
        let (records, bytes) = (show::plural(writer.records, "record"), writer.bytes);
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
    Ok(match writer.records {
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
    let ends = which.until.as_deref().map(|until| range::to("--to", until, now, zone)).transpose()?;
    let slack = which.slack.as_deref().map(parse_duration).transpose();
    Ok(SearchRequest {
        partitions: (!which.from_partition.is_empty()).then(|| which.from_partition.clone()),
        start,
        limit: which.limit,
        slack_ms: slack.map_err(|reason| Stop::usage(format!("--slack: {reason}")))?,
        view: which.view,
        isolation: arguments.isolation.into(),
        tiered: if which.tiered { TieredRead::Allowed } else { TieredRead::Ask },
        ..SearchRequest::of(
            names.iter().map(|name| TopicName::from(name.as_str())).collect(),
            Query::all(begins.into_iter().chain(ends).chain(query).collect()).unwrap_or_else(Query::everything),
        )
    })
}

/// Writes what is found, to the update that ends it or asks.
async fn follow(
    cluster: &Cluster,
    request: &SearchRequest,
    writer: &mut RecordWriter,
    status: &mut Status,
    failures: &mut Vec<Failure>,
) -> Result<SearchUpdate, Stop> {
    let told = |update: &SearchUpdate, _, _| {
        status.clear();
        for failure in &update.failures {
            if !failures.contains(failure) {
                complain(&failure.to_string());
                failures.push(failure.clone());
            }
        }
        if !update.finished {
            status.show(update);
        }
        true
    };
    cluster.export(request, writer, told).await.map_err(|error| match error {
        ExportError::Io(error) => error.into(),
        ExportError::Failed(failure) => failure.into(),
    })
}
