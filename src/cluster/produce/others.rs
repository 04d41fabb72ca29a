//! How others write keys and values of the topic.
//!
//! Only read, and bounded: the newest few records, and one look into the registry.

use crate::cluster::{Cluster, RecordRef};
use crate::decode;
use crate::domain::plan::{Severity, Warning};
use crate::domain::produce::NewRecord;
use crate::domain::query::Part;
use crate::domain::record::{Isolation, Record};
use crate::domain::writing::own_subject;
use crate::domain::{FailureKind, TopicName};
use std::ops::ControlFlow;

/// Records that are looked at.
const NEWEST: u64 = 24;

impl Cluster {
    /// A warning for each part that names no schema where those of others do.
    pub(super) async fn written_otherwise(&self, topic: &TopicName, records: &[NewRecord]) -> Vec<Warning> {
        let plain = [Part::Key, Part::Value].into_iter();
        let plain = plain.filter(|part| records.iter().any(|new| is_plain(new, *part)));
        let (mut warnings, mut newest) = (Vec::new(), None);
        for part in plain {
            let word = part.word();
            let (severity, text) = match self.registered_for(topic, part).await {
                Ok(Some(known)) => (
                    Severity::Warning,
                    format!("the {word} names no schema, and the registry has {known}: who reads by it will fail"),
                ),
                Ok(None) => {
                    let newest: &Vec<Record> = match &newest {
                        Some(newest) => newest,
                        None => newest.insert(self.newest(topic).await),
                    };
                    let named = newest.iter().filter(|record| names_schema(record, part)).count();
                    if named == 0 {
                        continue;
                    }
                    let of = format!("{named} of the newest {} records", newest.len());
                    let text = format!("the {word} names no schema, and those of {of} do: who reads by it will fail");
                    (Severity::Warning, text)
                }
                Err(reason) => {
                    (Severity::Note, format!("whether the registry has a schema for the {word} is not known: {reason}"))
                }
            };
            warnings.push(Warning::new(severity, text));
        }
        warnings
    }

    /// "orders-value v3 (AVRO)", of the topic's own subject.
    async fn registered_for(&self, topic: &TopicName, part: Part) -> Result<Option<String>, String> {
        let Some(registry) = self.registry() else { return Ok(None) };
        match registry.latest(&own_subject(topic.as_str(), part.word())).await {
            Ok(found) => Ok(Some(format!("{} v{} ({})", found.subject, found.version, found.schema_type))),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure.message),
        }
    }

    /// The newest few records; fewer where they do not come in time.
    async fn newest(&self, topic: &TopicName) -> Vec<Record> {
        let mut newest: Vec<RecordRef> = Vec::new();
        let take = |more| {
            newest.extend::<Vec<RecordRef>>(more);
            ControlFlow::Continue(())
        };
        // What did not come says nothing.
        let _ = self.newest_records(topic, NEWEST, Isolation::Uncommitted, "look at records of", take).await;
        newest.iter().filter_map(RecordRef::record).collect()
    }
}

fn is_framed(bytes: &[u8]) -> bool {
    decode::schema_id(bytes).is_some() || decode::schema_guid(bytes).is_some()
}

/// Is it there, and names no schema?
fn is_plain(record: &NewRecord, part: Part) -> bool {
    let bytes = match part {
        Part::Key => &record.key,
        Part::Value => &record.value,
    };
    let is_named = record.headers.iter().any(|(name, _)| name == decode::header_name(part));
    bytes.as_deref().is_some_and(|bytes| !is_framed(bytes)) && !is_named
}

fn names_schema(record: &Record, part: Part) -> bool {
    let bytes = match part {
        Part::Key => &record.key,
        Part::Value => &record.value,
    };
    bytes.as_deref().is_some_and(is_framed) || decode::named_by_header(&record.headers, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_schema_in_bytes_or_header_is_not_plain() {
        let of = |value: Option<&[u8]>, header: &str| NewRecord {
            value: value.map(<[u8]>::to_vec),
            headers: vec![(header.to_owned(), None)],
            ..NewRecord::default()
        };
        assert!(is_plain(&of(Some(b"{}"), "h"), Part::Value));
        assert!(!is_plain(&of(Some(b"{}"), "__value_schema_id"), Part::Value));
        assert!(!is_plain(&of(Some(&decode::frame(7, b"x")), "h"), Part::Value));
        assert!(!is_plain(&of(None, "h"), Part::Value), "a tombstone");
        assert!(!is_plain(&of(Some(b"v"), "h"), Part::Key), "no key");
    }
}
