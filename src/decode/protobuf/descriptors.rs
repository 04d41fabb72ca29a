//! What `protoc` makes of `.proto` files: a set of descriptors.
//!
//! Format: `FileDescriptorSet` of `google/protobuf/descriptor.proto`; a file stands behind
//! those that it imports. Invariant: descriptors nest no deeper than values may.

use super::super::MAX_DEPTH;
use super::super::cursor::Broken;
use super::file::{Enum, Field, File, Kind, Message};
use super::wire::{Raw, Wire, low};
use bytes::Bytes;

/// The files, in the order of the set.
pub(super) fn files(set: &Bytes) -> Result<Vec<File>, Broken> {
    messages(set, 1)?.iter().map(file).collect()
}

fn file(bytes: &Bytes) -> Result<File, Broken> {
    const EDITION: u32 = 14;
    // By proto2 numbers are not packed unless it is said; an edition's file may choose.
    let is_later = text(bytes, 12)?.as_deref() == Some("proto3") || number(bytes, EDITION)?.is_some();
    let is_packed = match messages(bytes, 8)?.last() {
        Some(options) => packing(options, 50)?.unwrap_or(is_later),
        None => is_later,
    };
    Ok(File {
        package: text(bytes, 2)?.unwrap_or_default(),
        messages: messages(bytes, 4)?.iter().map(|inner| message(inner, is_packed, 0)).collect::<Result<_, _>>()?,
        enums: messages(bytes, 5)?.iter().map(enumeration).collect::<Result<_, _>>()?,
    })
}

fn message(bytes: &Bytes, is_packed: bool, depth: usize) -> Result<Message, Broken> {
    if depth > MAX_DEPTH {
        return Err(Broken::Depth);
    }
    let mut found = Message {
        name: text(bytes, 1)?.unwrap_or_default(),
        enums: messages(bytes, 4)?.iter().map(enumeration).collect::<Result<_, _>>()?,
        ..Message::default()
    };
    let mut entries = Vec::new();
    for inner in messages(bytes, 3)? {
        let nested = message(&inner, is_packed, depth + 1)?;
        if is_entry_of_a_map(&inner)? {
            entries.push(nested.clone());
        }
        // An entry keeps its place: messages are counted.
        found.messages.push(nested);
    }
    let fields = messages(bytes, 2)?;
    found.fields = fields.iter().map(|inner| field(inner, is_packed, &entries)).collect::<Result<_, _>>()?;
    Ok(found)
}

fn field(bytes: &Bytes, is_packed: bool, entries: &[Message]) -> Result<Field, Broken> {
    const REPEATED: u64 = 3;
    const GROUP: u64 = 10;
    let type_name = text(bytes, 6)?.unwrap_or_default();
    let kind = number(bytes, 5)?.unwrap_or_default();
    let entry = entries.iter().find(|entry| type_name.rsplit('.').next() == Some(entry.name.as_str()));
    let word = |field: &Field| match &field.kind {
        Kind::Named(word) => word.clone(),
        Kind::Map { .. } | Kind::Group(_) => String::new(),
    };
    let kind = match (entry.map(|entry| entry.fields.as_slice()), kind) {
        (Some([key, value]), _) => Kind::Map { key: word(key), value: word(value) },
        (_, GROUP) => Kind::Group(type_name),
        (_, number) => Kind::Named(scalar(number).map_or(type_name, str::to_owned)),
    };
    let said = match messages(bytes, 8)?.last() {
        Some(options) => number(options, 2)?.map(|packed| packed != 0).or(packing(options, 21)?),
        None => None,
    };
    // What is optional by itself stands alone in a oneof that nobody wrote.
    let is_alone = number(bytes, 17)? == Some(1);
    let oneof = number(bytes, 9)?.filter(|_| !is_alone).and_then(|index| usize::try_from(index).ok());
    Ok(Field {
        name: text(bytes, 1)?.unwrap_or_default(),
        is_packed: said.unwrap_or(is_packed),
        oneof,
        number: number(bytes, 3)?.map(low).unwrap_or_default(),
        is_repeated: number(bytes, 4)? == Some(REPEATED),
        kind,
    })
}

/// What the features of options, which are their field `place`, say of repeated numbers.
fn packing(options: &Bytes, place: u32) -> Result<Option<bool>, Broken> {
    const PACKED: u64 = 1;
    const EXPANDED: u64 = 2;
    let Some(features) = messages(options, place)?.pop() else { return Ok(None) };
    Ok(match number(&features, 3)? {
        Some(PACKED) => Some(true),
        Some(EXPANDED) => Some(false),
        _ => None,
    })
}

/// The language's word for a type that is no message, group or enum.
fn scalar(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "double",
        2 => "float",
        3 => "int64",
        4 => "uint64",
        5 => "int32",
        6 => "fixed64",
        7 => "fixed32",
        8 => "bool",
        9 => "string",
        12 => "bytes",
        13 => "uint32",
        15 => "sfixed32",
        16 => "sfixed64",
        17 => "sint32",
        18 => "sint64",
        _ => return None,
    })
}

fn is_entry_of_a_map(bytes: &Bytes) -> Result<bool, Broken> {
    let options = messages(bytes, 7)?;
    options.last().map_or(Ok(false), |options| Ok(number(options, 7)? == Some(1)))
}

fn enumeration(bytes: &Bytes) -> Result<Enum, Broken> {
    let value = |bytes: &Bytes| -> Result<(String, i32), Broken> {
        let number = number(bytes, 2)?.map(low).unwrap_or_default();
        Ok((text(bytes, 1)?.unwrap_or_default(), number.cast_signed()))
    };
    Ok(Enum {
        name: text(bytes, 1)?.unwrap_or_default(),
        values: messages(bytes, 2)?.iter().map(value).collect::<Result<_, _>>()?,
    })
}

fn all(bytes: &Bytes, wanted: u32) -> Result<Vec<Raw>, Broken> {
    let fields = Wire::new(bytes).fields()?;
    Ok(fields.into_iter().filter(|(number, _)| *number == wanted).map(|(_, raw)| raw).collect())
}

fn messages(bytes: &Bytes, wanted: u32) -> Result<Vec<Bytes>, Broken> {
    let inner = |raw| match raw {
        Raw::Bytes(bytes) => Some(bytes),
        Raw::Varint(_) | Raw::Fixed64(_) | Raw::Group(_) | Raw::Fixed32(_) => None,
    };
    Ok(all(bytes, wanted)?.into_iter().filter_map(inner).collect())
}

/// The last one counts.
fn text(bytes: &Bytes, wanted: u32) -> Result<Option<String>, Broken> {
    let last = messages(bytes, wanted)?.pop();
    Ok(last.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

fn number(bytes: &Bytes, wanted: u32) -> Result<Option<u64>, Broken> {
    Ok(all(bytes, wanted)?.into_iter().rev().find_map(|raw| match raw {
        Raw::Varint(bits) => Some(bits),
        Raw::Fixed64(_) | Raw::Bytes(_) | Raw::Group(_) | Raw::Fixed32(_) => None,
    }))
}
