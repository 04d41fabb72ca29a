//! One key or value: what it claims to be, then what it may be, then its bytes.
//!
//! Invariant: there is always an answer, and what was tried before stands beside it.

use super::header::SchemaName;
use super::{
    FRAME_BYTES, GUID_FRAME_BYTES, SchemaLookup, SchemaState, WriterSchema, cbor, header, json, kafka_topics,
    messagepack, number, packed, protobuf, schema_guid, schema_id, single_object, text,
};
use crate::domain::query::{Asked, Part};
use crate::domain::record::{Attempt, Decoded, Format, Packing, Record, ViewAs};
use crate::domain::value::Value;
use crate::domain::writing::{Framing, SchemaChoice};
use crate::domain::xml;
use bytes::Bytes;
use std::sync::Arc;

pub(super) struct Trial<'a> {
    schemas: &'a dyn SchemaLookup,
    within: Option<(&'a Record, Part)>,
    /// Of a value whose fields can be told apart, no others need be made.
    asked: &'a Asked,
    attempts: Vec<Attempt>,
}

struct Found {
    value: Value,
    format: Format,
    schema: Option<Arc<str>>,
    written: Option<SchemaChoice>,
}

fn plain(value: Value, format: Format) -> Found {
    Found { value, format, schema: None, written: None }
}

impl<'a> Trial<'a> {
    pub fn new(schemas: &'a dyn SchemaLookup, within: Option<(&'a Record, Part)>, asked: &'a Asked) -> Self {
        Self { schemas, within, asked, attempts: Vec::new() }
    }

    pub fn run(mut self, bytes: &Bytes, view: ViewAs) -> Decoded {
        let (bytes, packed) =
            if view == ViewAs::Hex { (bytes.clone(), Vec::new()) } else { self.unpacked(bytes, view) };
        let found = self
            .as_chosen(&bytes, view)
            .or_else(|| self.as_kafka_keeps_it(&bytes, view))
            .or_else(|| self.as_claimed(&bytes, view))
            .or_else(|| self.by_a_file(&bytes, view))
            .or_else(|| self.as_guessed(&bytes, view))
            .unwrap_or_else(|| plain(Value::Bytes(bytes.clone()), Format::Hex));
        // What was packed would come back plain.
        let written = found.written.filter(|_| packed.is_empty());
        let Found { value, format, schema, .. } = found;
        Decoded { value, format, schema, written, packed, attempts: self.attempts }
    }

    fn claim(&mut self, decoder: &'static str, reason: impl ToString) {
        self.attempts.push(Attempt { decoder, reason: reason.to_string(), is_claim: true });
    }

    fn guess(&mut self, decoder: &'static str, reason: impl ToString) {
        self.attempts.push(Attempt { decoder, reason: reason.to_string(), is_claim: false });
    }

    fn unpacked(&mut self, bytes: &Bytes, view: ViewAs) -> (Bytes, Vec<Packing>) {
        let mut bytes = bytes.clone();
        let mut packings = Vec::new();
        let mut next = if view == ViewAs::Base64 { Some(Packing::Base64) } else { packed::packing(&bytes) };
        while let Some(packing) = next.filter(|_| packings.len() < packed::MOST_PACKINGS) {
            match packed::unpack(&bytes, packing) {
                Ok(plain) => bytes = plain,
                Err(reason) => {
                    self.claim(packing.word(), reason);
                    break;
                }
            }
            packings.push(packing);
            next = packed::packing(&bytes);
        }
        (bytes, packings)
    }

    /// What the user says it is.
    fn as_chosen(&mut self, bytes: &Bytes, view: ViewAs) -> Option<Found> {
        let (decoder, read) = match view {
            ViewAs::Hex => return Some(plain(Value::Bytes(bytes.clone()), Format::Hex)),
            ViewAs::Text => {
                let text = String::from_utf8_lossy(bytes);
                return Some(plain(Value::Text(text.into()), Format::Text));
            }
            ViewAs::Json => (
                "json",
                json::read_asked(bytes, self.asked)
                    .map(|value| (value, Format::Json))
                    .map_err(|error| error.to_string()),
            ),
            ViewAs::Xml => ("xml", xml_text(bytes)),
            ViewAs::MessagePack => (
                "messagepack",
                messagepack::read(bytes)
                    .map(|(value, _)| (value, Format::MessagePack))
                    .map_err(|error| error.to_string()),
            ),
            ViewAs::Cbor => {
                ("cbor", cbor::read(bytes).map(|(value, _)| (value, Format::Cbor)).map_err(|error| error.to_string()))
            }
            ViewAs::Number(kind) => (kind.word(), number::read(bytes, kind).map(|value| (value, Format::Number(kind)))),
            ViewAs::Uuid => ("uuid", number::uuid(bytes).map(|value| (value, Format::Uuid))),
            // Without a schema its fields still have numbers.
            ViewAs::Protobuf if !self.names_a_schema(bytes) => (
                "protobuf",
                protobuf::read_without_schema(bytes).map(|value| (value, Format::Protobuf { schema_id: None })),
            ),
            ViewAs::Auto | ViewAs::Avro | ViewAs::Protobuf | ViewAs::Base64 => return None,
        };
        match read {
            Ok((value, format)) => Some(plain(value, format)),
            Err(reason) => {
                self.claim(decoder, reason);
                None
            }
        }
    }

    /// What Kafka itself writes to this topic.
    fn as_kafka_keeps_it(&mut self, bytes: &Bytes, view: ViewAs) -> Option<Found> {
        let (record, part) = self.within.filter(|_| view == ViewAs::Auto)?;
        let said = match part {
            Part::Key => kafka_topics::key(record.topic.as_str(), bytes)?,
            Part::Value => kafka_topics::value(record.topic.as_str(), record.key.as_ref(), bytes)?,
        };
        match said.read {
            Ok((value, name)) => return Some(Found { schema: Some(name), ..plain(value, Format::Kafka) }),
            Err(reason) if said.is_certain => self.claim("kafka", reason),
            Err(reason) => self.guess("kafka", reason),
        }
        None
    }

    fn named_by_header(&self) -> Option<(SchemaName, Bytes)> {
        self.within.and_then(|(record, part)| header::schema_name(record, part))
    }

    /// Is there a schema to read them by, theirs or the topic's?
    fn names_a_schema(&self, bytes: &[u8]) -> bool {
        schema_id(bytes).is_some()
            || schema_guid(bytes).is_some()
            || self.named_by_header().is_some()
            || self.of_topic().is_some()
    }

    fn of_topic(&self) -> Option<&'a Result<Arc<WriterSchema>, String>> {
        self.within.and_then(|(record, part)| self.schemas.of_topic(record.topic.as_str(), part))
    }

    /// What the bytes say they are.
    fn as_claimed(&mut self, bytes: &Bytes, view: ViewAs) -> Option<Found> {
        let wants_schema = match view {
            ViewAs::Avro => Some("avro"),
            ViewAs::Auto | ViewAs::Protobuf | ViewAs::Base64 => None,
            _ => return None,
        };
        let named = self.named_by_header();
        let (name, frame) = match (&named, schema_id(bytes), schema_guid(bytes)) {
            (Some((name, _)), ..) => (*name, 0),
            (None, Some(id), _) => (SchemaName::Id(id), FRAME_BYTES),
            (None, None, Some(guid)) => (SchemaName::Guid(guid), GUID_FRAME_BYTES),
            (None, None, None) => return self.as_single_object(bytes, wants_schema),
        };
        let (state, id) = match name {
            SchemaName::Id(id) => (self.schemas.schema(id), Some(id)),
            SchemaName::Guid(guid) => (self.schemas.by_guid(guid), None),
        };
        let schema = match state {
            SchemaState::Ready(schema) => schema,
            SchemaState::Missing(reason) => {
                // A byte of 1 is the beginning of much else.
                match (frame, wants_schema) {
                    (GUID_FRAME_BYTES, None) => self.guess("schema", reason),
                    _ => self.claim("schema", reason),
                }
                return None;
            }
            SchemaState::Pending => {
                self.claim("schema", "its schema is being fetched");
                return None;
            }
        };
        let payload = bytes.slice(frame..);
        let read = match &named {
            Some((_, which)) => schema.read_bare(bytes, which, id, self.asked),
            None => schema.read(&payload, id, self.asked),
        };
        let mut found = self.taken(&schema, read)?;
        // Who looks for one field writes nothing.
        if *self.asked == Asked::All {
            let (framing, which) = match &named {
                Some((_, which)) => (Framing::Header, which),
                None => (Framing::Prefix, &payload),
            };
            let message = schema.message_of(which);
            found.written = Some(SchemaChoice { message, framing, ..SchemaChoice::of(name.into()) });
        }
        Some(found)
    }

    /// Avro that names its schema by a fingerprint.
    fn as_single_object(&mut self, bytes: &Bytes, wants_schema: Option<&'static str>) -> Option<Found> {
        let Some(fingerprint) = single_object::single_object(bytes) else {
            if let Some(decoder) = wants_schema.filter(|_| self.of_topic().is_none()) {
                self.claim(decoder, "it does not begin with a zero byte and a schema id");
            }
            return None;
        };
        let Some(schema) = self.schemas.by_fingerprint(fingerprint) else {
            self.claim("avro", format!("no schema file of the profile has the fingerprint {fingerprint:016x}"));
            return None;
        };
        let read = schema.read(&single_object::payload(bytes), None, self.asked);
        self.taken(&schema, read)
    }

    /// By the schema that somebody named for the topic.
    fn by_a_file(&mut self, bytes: &Bytes, view: ViewAs) -> Option<Found> {
        let schema = match self.of_topic().filter(|_| matches!(view, ViewAs::Auto | ViewAs::Avro | ViewAs::Protobuf))? {
            Ok(schema) => Arc::clone(schema),
            Err(reason) => {
                self.claim("schema", reason);
                return None;
            }
        };
        let read = schema.read_bare(bytes, &Bytes::new(), None, self.asked);
        self.taken(&schema, read)
    }

    fn taken(&mut self, schema: &WriterSchema, read: Result<(Value, Format), String>) -> Option<Found> {
        match read {
            Ok((value, format)) => Some(Found { schema: schema.label(), ..plain(value, format) }),
            Err(reason) => {
                self.claim(schema.kind(), reason);
                None
            }
        }
    }

    /// What it looks like.
    fn as_guessed(&mut self, bytes: &Bytes, view: ViewAs) -> Option<Found> {
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') if view != ViewAs::Json => match json::read_asked(bytes, self.asked) {
                Ok(value) => return Some(plain(value, Format::Json)),
                Err(error) => self.guess("json", error),
            },
            Some(b'<') if view != ViewAs::Xml => match xml_text(bytes) {
                Ok((value, format)) => return Some(plain(value, format)),
                Err(reason) => self.guess("xml", reason),
            },
            _ => {}
        }
        match text::read(bytes) {
            Ok(text) => return Some(plain(Value::Text(text.into()), Format::Text)),
            Err(reason) => self.guess("text", reason),
        }
        if messagepack::begins_a_map(bytes) && view != ViewAs::MessagePack {
            match messagepack::read(bytes) {
                Ok((value, true)) => return Some(plain(value, Format::MessagePack)),
                Ok((_, false)) => self.guess("messagepack", "its keys are not all texts"),
                Err(error) => self.guess("messagepack", error),
            }
        }
        if cbor::begins_a_map(bytes) && view != ViewAs::Cbor {
            match cbor::read(bytes) {
                Ok((value, true)) => return Some(plain(value, Format::Cbor)),
                Ok((_, false)) => self.guess("cbor", "its keys are not all texts"),
                Err(error) => self.guess("cbor", error),
            }
        }
        None
    }
}

fn xml_text(bytes: &[u8]) -> Result<(Value, Format), String> {
    let text = text::read(bytes).map_err(|error| error.to_string())?;
    xml::check(text).map_err(|error| error.to_string())?;
    Ok((Value::Text(text.into()), Format::Xml))
}
