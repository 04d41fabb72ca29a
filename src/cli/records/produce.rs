//! `klamm records produce`: a record from flags, or many from standard input.
//!
//! With `--json` it reads what `records tail --output json` writes, so that
//! records can be taken from one topic and written to another.

use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Table, Tone, number, text};
use crate::cli::session::{Session, blocking};
use crate::cluster::{Cluster, NewRecord};
use crate::domain::plan::Confirm;
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName, WriteGrant};
use base64::Engine as _;
use clap::Args;
use futures::StreamExt as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};

/// More lines than this are a mistake, or a job for the load generator.
const MAX_RECORDS: usize = 1_000_000;
/// Records sent and not yet acknowledged.
const UNDER_WAY: usize = 1_000;

#[derive(Debug, Args)]
pub(crate) struct ProduceArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// The value; without it each line of standard input is one
    #[arg(long, value_name = "TEXT")]
    value: Option<String>,
    /// Write a tombstone: no value at all
    #[arg(long, conflicts_with = "value")]
    tombstone: bool,
    /// Each line of standard input is an object with key, value and headers
    #[arg(long, conflicts_with_all = ["value", "tombstone", "key"])]
    json: bool,
    /// The key; without it there is none
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    /// A header; may be repeated, order and repeats are kept
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Without it the key decides, as in the Java client
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<PartitionId>,
    #[command(flatten)]
    consent: Consent,
}

fn header(text: &str) -> Result<(String, String), String> {
    text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE".into())
}

const PRODUCED: &[Column] = &[
    text("topic", "TOPIC"),
    number("partition", "P"),
    number("offset", "OFFSET"),
    text("key", "KEY"),
    number("size_bytes", "SIZE"),
    text("status", "STATUS"),
    text("message", "MESSAGE"),
];

pub(super) async fn run(session: &mut Session, arguments: ProduceArguments) -> Result<Exit, Stop> {
    let consent = arguments.consent;
    let records = blocking("read standard input", move || records(arguments)).await?;
    let cluster = session.connect().await?;
    let Some(first) = records.first() else {
        return Err(Stop::usage("there is no record to write: standard input was empty"));
    };
    let topic = first.topic.clone();
    refuse_unknown(&cluster, &topic).await?;
    if consent.dry_run {
        let rows = Table::of(PRODUCED, records.iter().map(|record| row(record, None)));
        session.output.report(&Report::list(rows, vec![]))?;
        return Ok(Exit::Done);
    }
    let grant = cluster.grant()?;
    let target = format!("{topic}, {} to write", crate::domain::show::plural(records.len(), "record"));
    let ask = move || Ok(consent.obtain("produce to", &target, &Confirm::Yes)?);
    blocking("ask", ask).await?;
    write(session, &cluster, &grant, records).await
}

/// Sends in order, many under way at once, and stops taking more at the first
/// failure: what is written is a beginning of the input, or nearly so, and the
/// rows say which records to send again.
async fn write(
    session: &mut Session,
    cluster: &Cluster,
    grant: &WriteGrant,
    records: Vec<NewRecord>,
) -> Result<Exit, Stop> {
    let applying = session.applying.clone();
    let _under_way = applying.begin().await;
    let has_failed = AtomicBool::new(false);
    let send = async |record: NewRecord| -> Produced {
        if has_failed.load(Ordering::Relaxed) {
            return Err(None);
        }
        let sent = cluster.produce(grant, record).await;
        sent.map_err(|failure| {
            has_failed.store(true, Ordering::Relaxed);
            Some(failure)
        })
    };
    let mut results = Vec::with_capacity(records.len());
    // The first one alone: it starts the producer, and those behind it must queue in order.
    let mut waiting = records.iter().cloned();
    if let Some(first) = waiting.next() {
        results.push(send(first).await);
    }
    let mut rest = std::pin::pin!(futures::stream::iter(waiting.map(&send)).buffered(UNDER_WAY));
    while let Some(result) = rest.next().await {
        results.push(result);
    }
    let rows = Table::of(PRODUCED, records.iter().zip(&results).map(|(record, result)| row(record, Some(result))));
    let mut failures: Vec<Failure> = Vec::new();
    for failure in results.iter().filter_map(|result| result.as_ref().err()?.as_ref()) {
        if !failures.contains(failure) {
            failures.push(failure.clone());
        }
    }
    let written = results.iter().filter(|result| result.is_ok()).count();
    let exit = Exit::of_answer(written, &failures);
    session.output.report(&Report::list(rows, failures))?;
    Ok(exit)
}

/// What became of a record: where it is, why it is nowhere, or not tried.
type Produced = Result<(PartitionId, Offset), Option<Failure>>;

fn row(record: &NewRecord, produced: Option<&Produced>) -> Vec<Cell> {
    let size = record.key.as_ref().map_or(0, Vec::len) + record.value.as_ref().map_or(0, Vec::len);
    let at = produced.and_then(|produced| produced.as_ref().ok());
    let partition = at.map(|(partition, _)| *partition).or(record.partition);
    let (status, message) = match produced {
        None => (Cell::word("planned"), Cell::Absent),
        Some(Ok(_)) => (Cell::Word("done", Tone::Good), Cell::Absent),
        Some(Err(Some(failure))) => (Cell::Word("failed", Tone::Bad), Cell::text(failure.to_string())),
        Some(Err(None)) => (Cell::Word("skipped", Tone::Look), Cell::text("an earlier record failed")),
    };
    vec![
        Cell::text(record.topic.as_str()),
        Cell::or_absent(partition, |partition| Cell::Id(partition.into())),
        Cell::or_absent(at, |(_, offset)| Cell::Offset(*offset)),
        Cell::or_absent(record.key.as_deref(), |key| Cell::text(String::from_utf8_lossy(key))),
        Cell::Size(size as u64),
        status,
        message,
    ]
}

/// librdkafka would wait half a minute for a topic that is not there.
async fn refuse_unknown(cluster: &Cluster, topic: &TopicName) -> Result<(), Failure> {
    match cluster.metadata().await?.topic(topic.as_str()) {
        Some(_) => Ok(()),
        None => {
            let missing = Failure::no_such_topic("produce to", topic.as_str());
            Err(missing.hint("Create it with klamm topics create; to see one takes DESCRIBE on the topic."))
        }
    }
}

fn records(arguments: ProduceArguments) -> Result<Vec<NewRecord>, Stop> {
    let template = NewRecord {
        topic: TopicName::from(arguments.topic.as_str()),
        partition: arguments.partition,
        key: arguments.key.map(String::into_bytes),
        value: None,
        headers: arguments.headers.into_iter().map(|(name, value)| (name, Some(value.into_bytes()))).collect(),
    };
    if arguments.tombstone {
        return Ok(vec![template]);
    }
    if let Some(value) = arguments.value {
        return Ok(vec![NewRecord { value: Some(value.into_bytes()), ..template }]);
    }
    let read = |lines: &mut dyn BufRead| {
        if arguments.json { json_lines(lines, &template) } else { plain_lines(lines, &template) }
    };
    read(&mut std::io::stdin().lock()).map_err(Stop::from)
}

fn unreadable(line: usize, kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure::new(kind, "read a record from", message).on(format!("line {line} of standard input"))
}

fn lines(input: &mut dyn BufRead) -> impl Iterator<Item = (usize, Result<Vec<u8>, Failure>)> {
    // One more than may be, so that what is left out is said.
    let lines = input.split(b'\n').take(MAX_RECORDS + 1).enumerate();
    lines.map(|(index, line)| {
        if index == MAX_RECORDS {
            let advice = format!("there are more than {MAX_RECORDS} lines: write them in parts");
            return (index + 1, Err(unreadable(index + 1, FailureKind::Invalid, advice)));
        }
        let line = line.map(|mut line| {
            line.pop_if(|byte| *byte == b'\r');
            line
        });
        (index + 1, line.map_err(|error| unreadable(index + 1, FailureKind::Storage, error.to_string())))
    })
}

fn plain_lines(input: &mut dyn BufRead, template: &NewRecord) -> Result<Vec<NewRecord>, Failure> {
    lines(input).map(|(_, line)| Ok(NewRecord { value: Some(line?), ..template.clone() })).collect()
}

/// A record as `records tail --output json` writes it; what else stands in the
/// line (offset, timestamp, formats) is ignored.
#[derive(Deserialize)]
struct RecordLine<'a> {
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    headers: Vec<HeaderLine<'a>>,
}

#[derive(Deserialize)]
struct HeaderLine<'a> {
    name: String,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

fn json_lines(input: &mut dyn BufRead, template: &NewRecord) -> Result<Vec<NewRecord>, Failure> {
    let mut records = Vec::new();
    for (number, line) in lines(input) {
        let line = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let invalid = |message: String| unreadable(number, FailureKind::Invalid, message);
        let parsed: RecordLine = serde_json::from_slice(&line).map_err(|error| invalid(error.to_string()))?;
        let mut record = NewRecord {
            key: bytes(parsed.key).map_err(&invalid)?,
            value: bytes(parsed.value).map_err(&invalid)?,
            ..template.clone()
        };
        for header in parsed.headers {
            record.headers.push((header.name, bytes(header.value).map_err(&invalid)?));
        }
        records.push(record);
    }
    Ok(records)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base64 {
    base64: String,
}

/// A string is its text, `{"base64":…}` its bytes, null nothing, and any other
/// JSON is written as it stands.
fn bytes(raw: Option<&RawValue>) -> Result<Option<Vec<u8>>, String> {
    let Some(raw) = raw.map(RawValue::get).filter(|raw| *raw != "null") else { return Ok(None) };
    if let Ok(text) = serde_json::from_str::<String>(raw) {
        return Ok(Some(text.into_bytes()));
    }
    match serde_json::from_str::<Base64>(raw) {
        Ok(encoded) => {
            let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.base64);
            decoded.map(Some).map_err(|error| format!("base64: {error}"))
        }
        Err(_) => Ok(Some(raw.as_bytes().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> NewRecord {
        NewRecord { topic: "orders".into(), partition: None, key: None, value: None, headers: vec![] }
    }

    #[test]
    fn each_line_is_a_value() {
        let records = plain_lines(&mut &b"one\r\n\ntwo"[..], &template()).unwrap();
        let values: Vec<_> = records.iter().map(|record| record.value.clone().unwrap()).collect();
        assert_eq!(values, [b"one".to_vec(), b"".to_vec(), b"two".to_vec()]);
    }

    #[test]
    fn too_many_lines_are_refused_and_not_cut() {
        let at_most = vec![b'\n'; MAX_RECORDS];
        assert_eq!(plain_lines(&mut &at_most[..], &template()).unwrap().len(), MAX_RECORDS);
        let failure = plain_lines(&mut &vec![b'\n'; MAX_RECORDS + 1][..], &template()).unwrap_err();
        assert!(failure.to_string().contains("more than 1000000 lines"), "{failure}");
    }

    #[test]
    fn what_tail_writes_can_be_written_again() {
        let line = r#"{"topic":"x","partition":3,"offset":7,"key":"customer-88","value":{"id":9223372036854775808,"a":1.10},"headers":[{"name":"h","value":"1"},{"name":"h","value":{"base64":"AP8="}},{"name":"n","value":null}]}"#;
        let records = json_lines(&mut line.as_bytes(), &template()).unwrap();
        assert_eq!(records[0].key.as_deref(), Some(&b"customer-88"[..]));
        assert_eq!(records[0].value.as_deref(), Some(&br#"{"id":9223372036854775808,"a":1.10}"#[..]));
        assert_eq!(
            records[0].headers,
            [("h".into(), Some(b"1".to_vec())), ("h".into(), Some(vec![0, 255])), ("n".into(), None)]
        );
        assert_eq!(records[0].topic.as_str(), "orders");
    }

    #[test]
    fn a_tombstone_is_null_and_a_bad_line_is_named() {
        assert_eq!(json_lines(&mut &br#"{"key":"k","value":null}"#[..], &template()).unwrap()[0].value, None);
        let failure = json_lines(&mut &b"{}\nnonsense"[..], &template()).unwrap_err();
        assert!(failure.to_string().contains("line 2 of standard input"), "{failure}");
    }
}
