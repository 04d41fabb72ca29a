//! A schema that a header names instead of the bytes.
//!
//! Format: `HeaderSchemaIdSerializer` of Confluent's serializers: a magic byte, the id
//! or the GUID, and for Protobuf which message it is. The bytes are then bare.

use crate::domain::query::Part;
use crate::domain::record::{Header, Record};
use bytes::Bytes;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SchemaName {
    Id(i32),
    Guid(u128),
}

/// What the last header of the name says, and what follows in it.
pub(super) fn schema_name(record: &Record, part: Part) -> Option<(SchemaName, Bytes)> {
    let name = match part {
        Part::Key => "__key_schema_id",
        Part::Value => "__value_schema_id",
    };
    let bytes = record.headers.iter().rev().find(|header| header.name == name)?.value.as_ref()?;
    let (name, end) = read(bytes)?;
    Some((name, bytes.slice(end..)))
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
    let is_name = |header: &&Header| matches!(header.name.as_str(), "__key_schema_id" | "__value_schema_id");
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
