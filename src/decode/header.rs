//! A schema that a header names instead of the bytes.
//!
//! Format: `HeaderSchemaIdSerializer` of Confluent's serializers: a magic byte, the id
//! or the GUID, and for Protobuf which message it is. The bytes are then bare.

use crate::domain::query::Part;
use crate::domain::record::{Header, Record};
use crate::domain::writing::Which;
use bytes::Bytes;
use std::fmt;
use uuid::Uuid;

/// How a header names a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaName {
    /// Which has a meaning in one registry only.
    Id(i32),
    /// The same in every registry.
    Guid(u128),
}

impl SchemaName {
    /// A magic byte and the name.
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Self::Id(id) => [&[0], &id.to_be_bytes()[..]].concat(),
            Self::Guid(guid) => [&[1], &guid.to_be_bytes()[..]].concat(),
        }
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Guid(guid) => write!(f, "{}", Uuid::from_u128(*guid)),
        }
    }
}

impl From<SchemaName> for Which {
    fn from(name: SchemaName) -> Self {
        match name {
            SchemaName::Id(id) => Self::Id(id),
            SchemaName::Guid(guid) => Self::Guid(guid),
        }
    }
}

/// What the header is called that names the schema of this part.
pub fn header_name(part: Part) -> &'static str {
    match part {
        Part::Key => "__key_schema_id",
        Part::Value => "__value_schema_id",
    }
}

/// Where among the headers the one stands that names the schema of this part, the name,
/// and what follows it there. The last of its name counts.
pub fn named_by_header(headers: &[Header], part: Part) -> Option<(usize, SchemaName, Bytes)> {
    let place = headers.iter().rposition(|header| header.name == header_name(part))?;
    let bytes = headers.get(place)?.value.as_ref()?;
    let (name, end) = read(bytes)?;
    Some((place, name, bytes.slice(end..)))
}

/// The same of a record, without the place.
pub(super) fn schema_name(record: &Record, part: Part) -> Option<(SchemaName, Bytes)> {
    named_by_header(&record.headers, part).map(|(_, name, rest)| (name, rest))
}

/// The schemas that headers name by their GUIDs. Whoever decodes fetches them
/// beforehand.
pub fn schema_guids(headers: &[Header]) -> impl Iterator<Item = u128> {
    names(headers).filter_map(|name| match name {
        SchemaName::Guid(guid) => Some(guid),
        SchemaName::Id(_) => None,
    })
}

/// The same for those that they name by their ids.
pub fn header_schema_ids(headers: &[Header]) -> impl Iterator<Item = i32> {
    names(headers).filter_map(|name| match name {
        SchemaName::Id(id) => Some(id),
        SchemaName::Guid(_) => None,
    })
}

fn names(headers: &[Header]) -> impl Iterator<Item = SchemaName> {
    let is_name = |header: &&Header| [Part::Key, Part::Value].map(header_name).contains(&header.name.as_str());
    headers.iter().filter(is_name).filter_map(|header| Some(read(header.value.as_ref()?)?.0))
}

/// A magic byte and a name, and where it ends.
fn read(bytes: &[u8]) -> Option<(SchemaName, usize)> {
    match bytes.split_first()? {
        (0, rest) => Some((SchemaName::Id(i32::from_be_bytes(*rest.first_chunk()?)), 5)),
        (1, rest) => Some((SchemaName::Guid(u128::from_be_bytes(*rest.first_chunk()?)), 17)),
        _ => None,
    }
}
