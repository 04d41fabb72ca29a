//! Ids of schemas in values that go to a cluster with another registry.
//!
//! A value, or a header beside it, names its schema by an id that means something to its
//! own registry only. It goes on with the id under which the other registry has the same
//! schema, or not at all. A GUID means the same everywhere: it stays, if the other
//! registry knows it.

mod references;

use crate::cluster::Cluster;
use crate::decode::{self, SchemaName};
use crate::domain::plan::{Severity, Warning};
use crate::domain::query::Part;
use crate::domain::record::Record;
use crate::domain::resend::Registries;
use crate::domain::{Failure, FailureKind, TopicName};
use crate::kafka::produce::Parcel;
use crate::services::registry::Registry;
use references::References;
use std::collections::HashMap;
use uuid::Uuid;

/// Whose ids become whose; `None` where they mean the same, or nothing is known of them.
pub(super) fn between(source: &Cluster, target: &Cluster) -> Option<Registries> {
    let (from, to) = (source.registry()?.url(), target.registry()?.url());
    (from != to).then(|| Registries { from: from.to_owned(), to: to.to_owned() })
}

/// What a plan says of it.
pub(super) fn said(source: &Cluster, target: &Cluster, is_elsewhere: bool) -> Option<Warning> {
    Some(match (source.registry(), target.registry()) {
        (Some(from), Some(to)) if from.url() == to.url() => return None,
        (Some(_), Some(to)) => Warning::new(
            Severity::Note,
            format!(
                "schema ids are mapped to those of {} for the same schema, in values and headers; where it has none, sending stops",
                to.url()
            ),
        ),
        // On the cluster itself they mean what they meant.
        (Some(_), None) if !is_elsewhere => return None,
        (Some(_), None) => Warning::new(
            Severity::Warning,
            "the target's profile names no registry: schema ids in values and headers stay those of the source's registry",
        ),
        (None, _) => return None,
    })
}

/// Maps the ids of one registry to those of another.
pub(super) struct Mapper<'a> {
    from: &'a Registry,
    to: &'a Registry,
    /// What became of a name, by the part it was found in. `None`: the source's registry
    /// does not know it.
    known: HashMap<(SchemaName, Part), Option<SchemaName>>,
}

const OPERATION: &str = "map a schema id";

impl<'a> Mapper<'a> {
    /// Where both have a registry.
    pub(super) fn of(source: &'a Cluster, target: &'a Cluster) -> Option<Self> {
        Some(Self::new(source.registry()?, target.registry()?))
    }

    fn new(from: &'a Registry, to: &'a Registry) -> Self {
        Self { from, to, known: HashMap::new() }
    }

    /// The parcel as the other registry's readers take it. `record` is what it was made of.
    pub(super) async fn map(&mut self, parcel: &mut Parcel, record: &Record) -> Result<(), Failure> {
        for part in [Part::Key, Part::Value] {
            self.map_part(parcel, part, record).await.map_err(|failure| {
                let Record { topic, partition, offset, .. } = record;
                failure.about("for the record", format_args!("{topic}:{partition}@{offset}"))
            })?;
        }
        Ok(())
    }

    async fn map_part(&mut self, parcel: &mut Parcel, part: Part, record: &Record) -> Result<(), Failure> {
        // Beside such a header the bytes are bare: what they begin with is no name.
        if let Some((place, name, rest)) = decode::named_by_header(&parcel.headers, part) {
            let other = self.other(name, part, &parcel.topic, record).await?.ok_or_else(|| {
                let header = decode::header_name(part);
                let message = format!("{header} names {}, which {} does not know", said_of(name), self.from.url());
                Failure::new(FailureKind::NotFound, OPERATION, message)
                    .hint("Its meaning in another registry cannot be known. Leave the record out to go on.")
            })?;
            if other != name
                && let Some(header) = parcel.headers.get_mut(place)
            {
                header.value = Some([other.bytes().as_slice(), &rest].concat().into());
            }
            return Ok(());
        }
        let bytes = match part {
            Part::Key => &mut parcel.key,
            Part::Value => &mut parcel.value,
        };
        let Some(whole) = bytes.as_deref() else { return Ok(()) };
        let framed = decode::framed(whole).map(|(id, _)| SchemaName::Id(id));
        let Some(name) = framed.or_else(|| decode::schema_guid(whole).map(SchemaName::Guid)) else { return Ok(()) };
        // Bytes may begin like that and mean something else.
        let other = self.other(name, part, &parcel.topic, record).await?;
        if let Some(SchemaName::Id(id)) = other.filter(|other| *other != name)
            && let Some((_, payload)) = decode::framed(whole)
        {
            *bytes = Some(decode::frame(id, payload).into());
        }
        Ok(())
    }

    /// The name in the other registry; `None` where the source's does not know it.
    async fn other(
        &mut self,
        name: SchemaName,
        part: Part,
        to: &TopicName,
        record: &Record,
    ) -> Result<Option<SchemaName>, Failure> {
        if let Some(other) = self.known.get(&(name, part)) {
            return Ok(*other);
        }
        let other = match name {
            SchemaName::Id(id) => self.other_id(id, part, to, record).await?.map(SchemaName::Id),
            SchemaName::Guid(guid) => self.same_guid(guid).await?.then_some(name),
        };
        // Noise may name any.
        if self.known.len() >= MOST_NAMES {
            self.known.clear();
        }
        self.known.insert((name, part), other);
        Ok(other)
    }

    async fn other_id(&self, id: i32, part: Part, to: &TopicName, record: &Record) -> Result<Option<i32>, Failure> {
        let schema = match self.from.schema_by_id(id).await {
            Ok(schema) => schema,
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let end = match part {
            Part::Key => "key",
            Part::Value => "value",
        };
        let mut subjects = vec![format!("{to}-{end}"), format!("{}-{end}", record.topic)];
        for (subject, _) in self.from.versions_of_id(id).await? {
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        let mut references = References::between(self.from, self.to);
        let refers_to = references.all(&schema.refers_to, 0).await.map_err(|failure| {
            let message = format!("the schema of id {id} refers to others: {}", failure.message);
            Failure { message, ..failure }
        })?;
        for subject in &subjects {
            let found = self.to.version_of(subject, &schema.schema_type, &schema.text, &refers_to).await?;
            if let Some(version) = found {
                return Ok(Some(version.id));
            }
        }
        let message = format!("{} has the schema of id {id} under none of {}", self.to.url(), subjects.join(", "));
        Err(Failure::new(FailureKind::NotFound, OPERATION, message).hint(REGISTER))
    }

    /// Does the other registry know it? `false`: the source's does not, either.
    async fn same_guid(&self, guid: u128) -> Result<bool, Failure> {
        // A registry that knows no GUIDs has no such path.
        let is_absent = |failure: &Failure| matches!(failure.kind, FailureKind::NotFound | FailureKind::Malformed);
        match self.to.schema_by_guid(guid).await {
            Ok(_) => return Ok(true),
            Err(failure) if is_absent(&failure) => {}
            Err(failure) => return Err(failure),
        }
        match self.from.schema_by_guid(guid).await {
            Ok(_) => {
                let message = format!("{} does not know {}", self.to.url(), said_of(SchemaName::Guid(guid)));
                Err(Failure::new(FailureKind::NotFound, OPERATION, message).hint(REGISTER))
            }
            Err(failure) if is_absent(&failure) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

pub(super) const REGISTER: &str = "Register the schema there, then go on with --resume.";
/// Names whose meaning is remembered.
const MOST_NAMES: usize = 10_000;

fn said_of(name: SchemaName) -> String {
    match name {
        SchemaName::Id(id) => format!("schema {id}"),
        SchemaName::Guid(guid) => format!("the schema of GUID {}", Uuid::from_u128(guid)),
    }
}

#[cfg(test)]
mod tests;
