//! A schema that a header names instead of the bytes.
//!
//! Format: `HeaderSchemaIdSerializer` of Confluent's serializers: a magic byte, the id
//! or the GUID, and for Protobuf which message it is. The bytes are then bare.

use super::Part;
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
    match bytes.split_first()? {
        (0, rest) => {
            let id = i32::from_be_bytes(*rest.first_chunk()?);
            Some((SchemaName::Id(id), bytes.slice(5..)))
        }
        (1, rest) => {
            let guid = u128::from_be_bytes(*rest.first_chunk()?);
            Some((SchemaName::Guid(guid), bytes.slice(17..)))
        }
        _ => None,
    }
}

/// The schemas that headers name by their GUIDs. Whoever decodes fetches them
/// beforehand.
pub fn schema_guids(headers: &[Header]) -> impl Iterator<Item = u128> {
    let is_name = |header: &&Header| matches!(header.name.as_str(), "__key_schema_id" | "__value_schema_id");
    headers.iter().filter(is_name).filter_map(|header| match header.value.as_ref()?.split_first()? {
        (1, rest) => rest.first_chunk().map(|guid| u128::from_be_bytes(*guid)),
        _ => None,
    })
}
