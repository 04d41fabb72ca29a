//! `klamm dead-letters show`: the letters of a topic one by one, or one of them whole.

use super::{class_of, first_line};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Format, Report, Section, Table, complain, number, text};
use crate::cli::records::line;
use crate::cli::session::Session;
use crate::cluster::{Cluster, Letter};
use crate::domain::dead_letter::{self, DeadLetter, Reader, Source};
use crate::domain::record::{DecodedRecord, TieredRead};
use crate::domain::{Failure, FailureKind, Offset, PartitionId, Time, TopicName, show};
use clap::Args;
use serde::Serialize;
use std::sync::Arc;

/// Lines of a stack trace that people are shown.
const TRACE_LINES: usize = 40;
/// Of a value that is shown whole.
const VALUE_BYTES: usize = 64 << 10;

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// Only the letter at this place, whole, with the record that it was
    #[arg(long, value_name = "P@OFFSET", value_parser = place)]
    at: Option<(PartitionId, Offset)>,
    /// The newest letters
    #[arg(long, value_name = "N", default_value_t = 100, conflicts_with = "at", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    newest: u64,
}

pub(super) fn place(text: &str) -> Result<(PartitionId, Offset), String> {
    let parts = text.split_once('@').and_then(|(partition, offset)| {
        Some((partition.parse().ok()?, offset.parse().ok()?))
            .filter(|(partition, offset)| *partition >= 0 && *offset >= 0)
    });
    parts.ok_or_else(|| "write PARTITION@OFFSET".to_owned())
}

const LETTERS: &[Column] = &[
    text("timestamp", "TIME"),
    number("partition", "P"),
    number("offset", "OFFSET"),
    text("source", "FROM"),
    text("exception", "EXCEPTION"),
    text("reader", "READER"),
    number("attempts", "ATTEMPTS"),
    text("message", "MESSAGE"),
];

/// What a letter says, before the members of its record.
#[derive(Serialize)]
struct Said<'a> {
    convention: Option<&'static str>,
    source_topic: Option<&'a str>,
    source_partition: Option<PartitionId>,
    source_offset: Option<Offset>,
    source_timestamp: Option<String>,
    group: Option<&'a str>,
    connector: Option<&'a str>,
    task: Option<u32>,
    stage: Option<&'a str>,
    exception: Option<&'a str>,
    message: Option<&'a str>,
    stack_trace: Option<&'a str>,
    attempts: Option<u64>,
    due: Option<String>,
    earlier_failures: usize,
    redriven: Option<String>,
}

pub(super) async fn run(session: &mut Session, arguments: ShowArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let topic = TopicName::from(arguments.topic.as_str());
    crate::cli::records::refuse_unknown(&cluster, &topic, &[]).await?;
    match arguments.at {
        Some((partition, offset)) => one(session, &cluster, &topic, partition, offset).await,
        None => newest(session, &cluster, &topic, arguments.newest).await,
    }
}

async fn newest(session: &mut Session, cluster: &Cluster, topic: &TopicName, count: u64) -> Result<Exit, Stop> {
    let found = cluster.newest_letters(topic, count).await?;
    let exit = Exit::of_look_up(found.value.len(), &found.failures);
    let output = &mut session.output;
    if output.format == Format::Json {
        for letter in &found.value {
            let line = json(letter, &output.look);
            output.line(&line)?;
        }
        output.flush()?;
        for failure in &found.failures {
            complain(&failure.to_string());
        }
        return Ok(exit);
    }
    let rows = Table::of(LETTERS, found.value.iter().map(row));
    output.report(&Report::list(rows, found.failures))?;
    Ok(exit)
}

async fn one(
    session: &mut Session,
    cluster: &Cluster,
    topic: &TopicName,
    partition: PartitionId,
    offset: Offset,
) -> Result<Exit, Stop> {
    let Some(record) = read(cluster, topic, partition, offset).await? else {
        let message = "there is no record at this place";
        let failure = Failure::new(FailureKind::NotFound, "show dead letter", message);
        return Err(failure.on(format!("{topic}:{partition}@{offset}")).into());
    };
    let said = dead_letter::read(&record.record.headers);
    let letter = Letter { record, said };
    let output = &mut session.output;
    if output.format == Format::Json {
        let line = json(&letter, &output.look);
        output.line(&line)?;
        output.flush()?;
        return Ok(Exit::Done);
    }
    let source = letter.said.as_ref().map(|said| &said.source);
    let found = match source {
        Some(Source { topic: Some(topic), partition: Some(partition), offset: Some(offset), .. }) => {
            Some(read(cluster, topic, *partition, *offset).await)
        }
        _ => None,
    };
    let line = |record: &DecodedRecord| line::write(record, Format::Table, &output.look);
    let was = match found {
        None => "its headers do not say where it was".to_owned(),
        Some(Ok(None)) => "no longer there: retention or compaction took it".to_owned(),
        Some(Ok(Some(record))) => line(&record),
        Some(Err(failure)) => failure.to_string(),
    };
    let report = Report {
        rows: Table::of(LETTERS, [row(&letter)]),
        sections: sections(&letter, was, &output.look.zone),
        ..Report::default()
    };
    output.report(&report)?;
    Ok(Exit::Done)
}

/// The record at a place, made readable as the profile says.
async fn read(
    cluster: &Cluster,
    topic: &TopicName,
    partition: PartitionId,
    offset: Offset,
) -> Result<Option<Arc<DecodedRecord>>, Failure> {
    let found = cluster.record_at(topic, partition, offset, TieredRead::Allowed).await?;
    let view = cluster.profile().formats.of(topic.as_str());
    Ok(cluster.decode(found.as_slice(), view).await.pop())
}

fn sections(letter: &Letter, was: String, zone: &jiff::tz::TimeZone) -> Vec<Section> {
    let record = &letter.record.record;
    let at = format!("{}:{}@{}", record.topic, record.partition, show::offset(record.offset));
    let mut lines = vec![Section::Heading(format!("{at}  {}", record.timestamp.show(zone)))];
    let mut fact = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| Section::Line(format!("{name:<10} {value}"))));
    };
    if let Some(said) = &letter.said {
        fact("exception", said.exception.clone());
        fact("message", said.message.as_deref().map(|message| first_line(message).to_owned()));
        fact("reader", said.reader.as_ref().map(Reader::to_string));
        fact("stage", said.stage.clone());
        fact("attempts", said.attempts.map(show::count));
        fact("due", said.due.map(|due| due.show(zone)));
        fact(
            "before",
            (said.earlier > 0).then(|| format!("it failed {} before this", show::plural(said.earlier, "time"))),
        );
        fact("from", said.source.place());
        fact("returned", dead_letter::redriven(&record.headers));
    } else {
        fact("says", Some("nothing: it has no headers of a failure".into()));
    }
    lines.push(Section::Heading("The record it was".into()));
    lines.push(Section::Line(was));
    lines.push(Section::Heading("The letter".into()));
    let preview = |name: &str, value: &crate::domain::value::Value| {
        Section::Line(format!("{name:<10} {}", value.preview(VALUE_BYTES)))
    };
    lines.push(preview("key", &letter.record.key.value));
    lines.push(preview("value", &letter.record.value.value));
    let own = record.headers.iter().filter(|header| !dead_letter::is_error_header(&header.name));
    for header in own {
        let value = header.value.as_ref().map_or("–".into(), |value| String::from_utf8_lossy(value));
        lines.push(Section::Line(format!("header     {}  {value}", header.name)));
    }
    if let Some(trace) = letter.said.as_ref().and_then(|said| said.stack_trace.as_deref()) {
        lines.push(Section::Heading("Stack trace".into()));
        let all: Vec<&str> = trace.lines().collect();
        lines.extend(all.iter().take(TRACE_LINES).map(|line| Section::Line(line.replace('\t', "    "))));
        if let Some(more) = all.len().checked_sub(TRACE_LINES).filter(|more| *more > 0) {
            lines.push(Section::Line(format!("… {} more; all of it with --output json", show::plural(more, "line"))));
        }
    }
    lines
}

fn row(letter: &Letter) -> Vec<Cell> {
    let record = &letter.record.record;
    let said = letter.said.as_ref();
    vec![
        Cell::Time(record.timestamp),
        Cell::Id(record.partition.into()),
        Cell::Offset(record.offset),
        Cell::or_absent(said.and_then(|said| said.source.place()), Cell::text),
        Cell::or_absent(said, |said| Cell::text(class_of(said.exception.as_deref()))),
        Cell::or_absent(said.and_then(|said| said.reader.as_ref()), |reader| Cell::text(reader.name())),
        Cell::or_absent(said.and_then(|said| said.attempts), Cell::Count),
        Cell::or_absent(said.and_then(|said| said.message.as_deref()), |message| Cell::text(first_line(message))),
    ]
}

fn json(letter: &Letter, look: &crate::cli::output::Look) -> String {
    let time = |time: Time| time.rfc3339();
    let said = letter.said.as_ref();
    let source = said.map(|said| &said.source);
    let reader = said.and_then(|said| said.reader.as_ref());
    let (connector, task) = match reader {
        Some(Reader::Connector { name, task }) => (Some(name.as_str()), *task),
        _ => (None, None),
    };
    let text = |field: fn(&DeadLetter) -> &Option<String>| said.and_then(|said| field(said).as_deref());
    let head = Said {
        convention: said.map(|said| said.convention.word()),
        source_topic: source.and_then(|source| source.topic.as_ref()).map(TopicName::as_str),
        source_partition: source.and_then(|source| source.partition),
        source_offset: source.and_then(|source| source.offset),
        source_timestamp: source.and_then(|source| source.timestamp).and_then(time),
        group: match reader {
            Some(Reader::Group(group)) => Some(group.as_str()),
            _ => None,
        },
        connector,
        task,
        stage: text(|said| &said.stage),
        exception: text(|said| &said.exception),
        message: text(|said| &said.message),
        stack_trace: text(|said| &said.stack_trace),
        attempts: said.and_then(|said| said.attempts),
        due: said.and_then(|said| said.due).and_then(time),
        earlier_failures: said.map_or(0, |said| said.earlier),
        redriven: dead_letter::redriven(&letter.record.record.headers),
    };
    // Options of text and numbers always serialise.
    let head = serde_json::to_string(&head).unwrap_or_default();
    let head = if look.is_terminal { crate::cli::output::escaped(&head) } else { head };
    let record = line::write(&letter.record, Format::Json, look);
    let (head, members) = (head.strip_suffix('}').unwrap_or(&head), record.strip_prefix('{').unwrap_or(&record));
    format!("{head},{members}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("3@120", Some((3, 120)))]
    #[case("3@-1", None)]
    #[case("-1@5", None)]
    #[case("3", None)]
    #[case("x@y", None)]
    fn places(#[case] text: &str, #[case] expected: Option<(PartitionId, Offset)>) {
        assert_eq!(place(text).ok(), expected);
    }
}
