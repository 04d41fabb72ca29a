//! Records from the lines of standard input, as they come.
//!
//! Invariant: at most a few hundred lines are held, however many there are, unless a
//! person at a terminal is to be asked first.

use crate::cli::confirm::Consent;
use crate::cli::exit::Stop;
use crate::cluster::{self, Encoders, RecordSource};
use crate::domain::produce::NewRecord;
use crate::domain::recipe::Prepared;
use crate::domain::{Failure, FailureKind};
use base64::Engine as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::{BufRead, Read as _};
use std::time::Duration;
use tokio::sync::mpsc;

/// A longer line is a mistake.
const MAX_LINE: u64 = 64 << 20;
/// Whoever is asked has typed them; more is a job for `--yes`.
const MAX_TYPED: usize = 10_000;
/// So many are waited for, so that a few records have a row each.
const AT_ONCE: usize = 100;
/// And so long: what comes slowly is sent as it comes.
const MOST_WAIT: Duration = Duration::from_millis(200);

type Line = Result<NewRecord, Failure>;

/// The records of standard input, and what the first leave out.
pub(super) async fn read(
    prepared: Prepared,
    encoders: Encoders,
    is_json: bool,
    consent: Consent,
) -> Result<RecordSource, Stop> {
    let encoders = encoders.anew();
    let written = encoders.clone();
    let source = gathered(prepared, encoders, is_json, consent).await?;
    Ok(RecordSource { said: written.filled().into_iter().collect(), ..source })
}

/// A dry run reads all of it, and holds the first.
async fn gathered(
    prepared: Prepared,
    encoders: Encoders,
    is_json: bool,
    consent: Consent,
) -> Result<RecordSource, Stop> {
    let (feed, mut lines) = mpsc::channel(AT_ONCE);
    // A thread of its own: reading a pipe cannot be cut short, and must not hold up the end.
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        records(&mut input, &prepared, &encoders, is_json, &mut |line| feed.blocking_send(line).is_ok());
    });
    let most = if consent.will_ask() { MAX_TYPED } else { AT_ONCE };
    let mut source = RecordSource::default();
    let Some(first) = lines.recv().await else { return Ok(source) };
    source.first.push(first?);
    let patient = consent.dry_run || consent.will_ask();
    let mut wait = std::pin::pin!(tokio::time::sleep(MOST_WAIT));
    let is_over = loop {
        if source.first.len() > most {
            break false;
        }
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => source.first.push(line?),
                None => break true,
            },
            () = &mut wait, if !patient => break false,
        }
    };
    if is_over {
        source.count = Some(source.first.len() as u64);
        return Ok(source);
    }
    if consent.will_ask() {
        return Err(Stop::usage(format!("more than {MAX_TYPED} lines: write them with --yes")));
    }
    if !consent.dry_run {
        source.rest = Some(lines);
        return Ok(source);
    }
    let mut count = source.first.len() as u64;
    let mut bytes: u64 = source.first.iter().map(|record| record.size() as u64).sum();
    while let Some(line) = lines.recv().await {
        count += 1;
        bytes += line?.size() as u64;
    }
    (source.count, source.bytes) = (Some(count), Some(bytes));
    Ok(source)
}

/// Gives each line's record, or why it is none, until there are no more, one fails, or
/// nobody wants them.
fn records(
    input: &mut dyn BufRead,
    prepared: &Prepared,
    encoders: &Encoders,
    is_json: bool,
    give: &mut dyn FnMut(Line) -> bool,
) {
    for number in 1.. {
        let line = match next_line(input, number) {
            None => return,
            Some(Err(failure)) => Err(failure),
            Some(Ok(line)) if is_json && line.iter().all(u8::is_ascii_whitespace) => continue,
            Some(Ok(line)) if is_json => {
                json(&line, number, prepared.record(number, cluster::now()), encoders.takes_json())
            }
            Some(Ok(line)) => plain(line, number, prepared),
        };
        let encoded = line.and_then(|record| {
            encoders.encode(record).map_err(Failure::from).map_err(|failure| {
                let target = format!("{} in line {number} of standard input", failure.target);
                failure.on(target)
            })
        });
        let is_last = encoded.is_err();
        if !give(encoded) || is_last {
            return;
        }
    }
}

fn unreadable(line: u64, kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure::new(kind, "read a record from", message).on(format!("line {line} of standard input"))
}

fn next_line(input: &mut dyn BufRead, number: u64) -> Option<Result<Vec<u8>, Failure>> {
    let mut line = Vec::new();
    match input.take(MAX_LINE + 1).read_until(b'\n', &mut line) {
        Ok(0) => return None,
        Ok(_) => {}
        Err(error) => return Some(Err(unreadable(number, FailureKind::Storage, error.to_string()))),
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    } else if line.len() as u64 > MAX_LINE {
        let message = format!("it has more than {} MiB", MAX_LINE >> 20);
        return Some(Err(unreadable(number, FailureKind::Invalid, message)));
    }
    Some(Ok(line))
}

/// The line is the value.
fn plain(line: Vec<u8>, number: u64, prepared: &Prepared) -> Line {
    let (record, value) = prepared
        .record_with(number, cluster::now(), &line)
        .map_err(|reason| unreadable(number, FailureKind::Invalid, reason))?;
    Ok(NewRecord { value: Some(value.unwrap_or(line)), ..record })
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

fn json(line: &[u8], number: u64, template: NewRecord, takes_json: (bool, bool)) -> Line {
    let invalid = |message: String| unreadable(number, FailureKind::Invalid, message);
    let parsed: RecordLine = serde_json::from_slice(line).map_err(|error| invalid(error.to_string()))?;
    let mut record = NewRecord {
        key: part(parsed.key, takes_json.0).map_err(invalid)?,
        value: part(parsed.value, takes_json.1).map_err(invalid)?,
        ..template
    };
    for header in parsed.headers {
        record.headers.push((header.name, bytes(header.value).map_err(invalid)?));
    }
    Ok(record)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base64 {
    base64: String,
}

/// What is written by a schema stays the JSON that it is.
fn part(raw: Option<&RawValue>, takes_json: bool) -> Result<Option<Vec<u8>>, String> {
    match raw.map(RawValue::get) {
        Some(raw) if takes_json && raw != "null" => Ok(Some(raw.as_bytes().to_vec())),
        _ => bytes(raw),
    }
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
    use crate::domain::produce::Delivery;
    use crate::domain::recipe::Recipe;
    use crate::domain::writing::WrittenAs;

    fn read_all(mut input: &[u8], is_json: bool, has_placeholders: bool) -> Result<Vec<NewRecord>, Failure> {
        let recipe = Recipe {
            topic: "orders".into(),
            record: NewRecord::default(),
            key_as: WrittenAs::Text,
            value_as: WrittenAs::Text,
            repeat: None,
            has_placeholders,
            delivery: Delivery::default(),
            rate: None,
        };
        let mut read = Vec::new();
        records(&mut input, &recipe.prepare(1).unwrap(), &Encoders::default(), is_json, &mut |line| {
            read.push(line);
            true
        });
        read.into_iter().collect()
    }

    #[test]
    fn each_line_is_a_value() {
        let records = read_all(b"one\r\n\ntwo", false, false).unwrap();
        let values: Vec<_> = records.iter().map(|record| record.value.clone().unwrap()).collect();
        assert_eq!(values, [b"one".to_vec(), b"".to_vec(), b"two".to_vec()]);
    }

    #[test]
    fn placeholders_in_lines_are_filled_in_when_asked_for() {
        let value = |has_placeholders| read_all(b"a\nn={{seq}}", false, has_placeholders).unwrap()[1].value.clone();
        assert_eq!(value(false).as_deref(), Some(&b"n={{seq}}"[..]));
        assert_eq!(value(true).as_deref(), Some(&b"n=2"[..]));
        let failure = read_all(b"{{nothing}}", false, true).unwrap_err();
        assert!(failure.to_string().contains("line 1 of standard input"), "{failure}");
    }

    #[test]
    fn what_tail_writes_can_be_written_again() {
        let line = r#"{"topic":"x","partition":3,"offset":7,"key":"customer-88","value":{"id":9223372036854775808,"a":1.10},"headers":[{"name":"h","value":"1"},{"name":"h","value":{"base64":"AP8="}},{"name":"n","value":null}]}"#;
        let records = read_all(line.as_bytes(), true, false).unwrap();
        assert_eq!(records[0].key.as_deref(), Some(&b"customer-88"[..]));
        assert_eq!(records[0].value.as_deref(), Some(&br#"{"id":9223372036854775808,"a":1.10}"#[..]));
        assert_eq!(
            records[0].headers,
            [("h".into(), Some(b"1".to_vec())), ("h".into(), Some(vec![0, 255])), ("n".into(), None)]
        );
    }

    #[test]
    fn a_tombstone_is_null_and_a_bad_line_ends_it_and_is_named() {
        assert_eq!(read_all(br#"{"key":"k","value":null}"#, true, false).unwrap()[0].value, None);
        let failure = read_all(b"{}\nnonsense\n{}", true, false).unwrap_err();
        assert!(failure.to_string().contains("line 2 of standard input"), "{failure}");
    }
}
