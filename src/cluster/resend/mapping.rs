//! Ids of schemas in values that go to a cluster with another registry.
//!
//! A value names its schema by an id that means something to its own registry only. It
//! goes on with the id under which the other registry has the same schema, or not at all.

use crate::cluster::Cluster;
use crate::decode;
use crate::domain::plan::{Severity, Warning};
use crate::domain::record::Record;
use crate::domain::{Failure, FailureKind, TopicName};
use crate::services::registry::Registry;
use bytes::Bytes;
use std::collections::HashMap;

/// What a plan says of it.
pub(super) fn said(source: &Cluster, target: &Cluster) -> Option<Warning> {
    Some(match (source.registry(), target.registry()) {
        (Some(from), Some(to)) if from.url() == to.url() => return None,
        (Some(_), Some(to)) => Warning::new(
            Severity::Note,
            format!(
                "schema ids are mapped to those of {} for the same schema; where it has none, sending stops",
                to.url()
            ),
        ),
        (Some(_), None) => Warning::new(
            Severity::Warning,
            "the target's profile names no registry: schema ids in values stay those of the source's registry",
        ),
        (None, _) => return None,
    })
}

/// Maps the ids of one registry to those of another.
pub(super) struct Mapper<'a> {
    from: &'a Registry,
    to: &'a Registry,
    /// `None`: the source's registry does not know the id; it is no id then.
    known: HashMap<(i32, bool), Option<i32>>,
}

impl<'a> Mapper<'a> {
    /// `None` where ids mean the same on both sides, or nothing is known about them.
    pub(super) fn between(source: &'a Cluster, target: &'a Cluster) -> Option<Self> {
        match (source.registry(), target.registry()) {
            (Some(from), Some(to)) if from.url() != to.url() => Some(Self { from, to, known: HashMap::new() }),
            _ => None,
        }
    }

    /// The bytes as the other registry's readers take them.
    pub(super) async fn map(
        &mut self,
        bytes: Option<Bytes>,
        is_key: bool,
        to: &TopicName,
        record: &Record,
    ) -> Result<Option<Bytes>, Failure> {
        let Some(bytes) = bytes else { return Ok(None) };
        let Some((id, payload)) = decode::framed(&bytes) else { return Ok(Some(bytes)) };
        let other = match self.known.get(&(id, is_key)) {
            Some(other) => *other,
            None => {
                let other = self.look_up(id, is_key, to, record).await.map_err(|failure| {
                    let Record { topic, partition, offset, .. } = record;
                    failure.about("for the record", format_args!("{topic}:{partition}@{offset}"))
                })?;
                self.known.insert((id, is_key), other);
                other
            }
        };
        Ok(Some(match other {
            Some(other) if other != id => decode::frame(other, payload).into(),
            Some(_) | None => bytes.clone(),
        }))
    }

    async fn look_up(&self, id: i32, is_key: bool, to: &TopicName, record: &Record) -> Result<Option<i32>, Failure> {
        const OPERATION: &str = "map a schema id";
        let schema = match self.from.schema_by_id(id).await {
            Ok(schema) => schema,
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let end = if is_key { "key" } else { "value" };
        let mut subjects = vec![format!("{to}-{end}"), format!("{}-{end}", record.topic)];
        for (subject, _) in self.from.versions_of_id(id).await? {
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        for subject in &subjects {
            if let Some(other) = self.to.id_of(subject, &schema).await? {
                return Ok(Some(other));
            }
        }
        let message = format!("{} has the schema of id {id} under none of {}", self.to.url(), subjects.join(", "));
        Err(Failure::new(FailureKind::NotFound, OPERATION, message)
            .hint("Register the schema there, then go on with --resume."))
    }
}
