//! The schema a value was written with, prepared for reading.

use super::avro::encode::Misfit;
use super::avro::{self, Plan};
use super::json_schema::Checker;
use super::{json, protobuf, single_object};
use crate::domain::query::Asked;
use crate::domain::record::Format;
use crate::domain::value::Value;
use apache_avro::Schema;
use bytes::Bytes;
use std::sync::Arc;

/// A schema that another one names, already fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What the referring schema calls it.
    pub name: String,
    pub text: String,
}

/// Where the messages of a Protobuf schema are described.
#[derive(Clone, Copy, Debug)]
pub enum ProtobufSource<'a> {
    /// A `.proto` file.
    Text(&'a str),
    /// A `FileDescriptorSet`, as `protoc --descriptor_set_out` writes it.
    Descriptors(&'a Bytes),
}

/// A registered schema, parsed once and used for every record that names it.
#[derive(Debug)]
pub struct WriterSchema {
    body: Body,
    label: Option<Arc<str>>,
    fingerprint: Option<u64>,
}

/// Why a text cannot be written by a schema, and at which place of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfit {
    /// Line and column, each from 1, where there is a place.
    pub place: Option<(usize, usize)>,
    /// `.customer.id`, by a JSON Schema ` at /customer/id`; empty for the whole.
    pub path: String,
    pub reason: String,
}

impl Unfit {
    pub(super) fn at(text: &str, byte: Option<usize>, path: &[json::Step], reason: &str) -> Self {
        let place = byte.and_then(|byte| text.get(..byte)).map(|before| {
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            (line, column)
        });
        let path = path.iter().map(|step| match step {
            json::Step::Field(name) => format!(".{name}"),
            json::Step::Item(index) => format!("[{index}]"),
        });
        Self { place, path: path.collect(), reason: reason.to_owned() }
    }
}

/// What was written by a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub bytes: Vec<u8>,
    /// Fields that the text leaves out, `.lines.state`, and the default that stands for
    /// each.
    pub filled: Vec<(String, String)>,
}

impl Written {
    fn whole(bytes: Vec<u8>) -> Self {
        Self { bytes, filled: Vec::new() }
    }
}

#[derive(Debug)]
enum Body {
    Avro(Plan),
    /// Payloads are JSON; the schema only restricts them, which matters to who writes.
    Json(Option<Box<Checker>>),
    Protobuf(protobuf::Schema),
}

impl WriterSchema {
    /// `schema_type` is the registry's word: `AVRO`, `JSON`, `PROTOBUF`.
    /// `references` may come in any order. `label` is what the schema is
    /// called on screen.
    pub fn parse(
        text: &str,
        schema_type: &str,
        references: &[Reference],
        label: Option<Arc<str>>,
    ) -> Result<Self, String> {
        let mut fingerprint = None;
        let body = match schema_type {
            "AVRO" => {
                let others = references.iter().map(|reference| reference.text.as_str());
                let (main, others) = Schema::parse_str_with_list(text, others)
                    .map_err(|error| format!("its schema cannot be parsed: {error}"))?;
                fingerprint = single_object::fingerprint(&main);
                Body::Avro(Plan::compile(&main, &others)?)
            }
            "JSON" => Body::Json(None),
            "PROTOBUF" => {
                let others = references.iter().map(|reference| reference.text.as_str());
                Body::Protobuf(protobuf::Schema::parse(text, others)?)
            }
            other => return Err(format!("its schema is of type {other}, which klamm does not read")),
        };
        Ok(Self { body, label, fingerprint })
    }

    /// The same, ready to [`write`](Self::write) by.
    pub fn parse_to_write(
        text: &str,
        schema_type: &str,
        references: &[Reference],
        label: Option<Arc<str>>,
    ) -> Result<Self, String> {
        let mut schema = Self::parse(text, schema_type, references, label)?;
        if let Body::Json(checker) = &mut schema.body {
            *checker = Some(Box::new(Checker::parse(text, references)?));
        }
        Ok(schema)
    }

    /// A Protobuf schema of which this message, by its full name, is read where bytes do
    /// not say which; without one the first.
    pub fn protobuf(
        main: &ProtobufSource<'_>,
        imports: &[String],
        message: Option<&str>,
        label: Option<Arc<str>>,
    ) -> Result<Self, String> {
        let mut schema = match main {
            ProtobufSource::Text(text) => protobuf::Schema::parse(text, imports.iter().map(String::as_str))?,
            ProtobufSource::Descriptors(bytes) => protobuf::Schema::of_descriptors(bytes)?,
        };
        if let Some(message) = message {
            schema.choose(message)?;
        }
        Ok(Self { body: Body::Protobuf(schema), label, fingerprint: None })
    }

    /// Of an Avro schema, what values of single-object encoding name it by.
    pub fn fingerprint(&self) -> Option<u64> {
        self.fingerprint
    }

    /// A JSON text by this schema, without a frame. By a JSON Schema it is the text, which
    /// fits the schema.
    pub fn write(&self, text: &[u8]) -> Result<Written, Unfit> {
        let text = std::str::from_utf8(text).map_err(|error| Unfit {
            reason: format!("it is not UTF-8 from byte {} on", error.valid_up_to()),
            ..Unfit::default()
        })?;
        let value = json::read(text.as_bytes()).map_err(|error| Unfit::at(text, Some(error.at), &[], error.reason))?;
        let unfit = |misfit: Misfit| Unfit::at(text, json::place(text, &misfit.path), &misfit.path, &misfit.reason);
        match &self.body {
            Body::Avro(plan) => {
                let (bytes, filled) = avro::encode::write(plan, &value).map_err(unfit)?;
                let filled = filled.into_iter().map(|filled| (json::fields(&filled.path), filled.default));
                Ok(Written { bytes, filled: filled.collect() })
            }
            Body::Protobuf(schema) => schema.write(&value).map(Written::whole).map_err(unfit),
            Body::Json(checker) => {
                let checker = checker.as_ref().ok_or_else(|| Unfit {
                    reason: "the schema was made ready for reading only".to_owned(),
                    ..Unfit::default()
                })?;
                match checker.check(&value) {
                    Ok(()) => Ok(Written::whole(text.as_bytes().to_vec())),
                    Err(misfit) => Err(Unfit { path: json::pointer(&misfit.path), ..unfit(misfit) }),
                }
            }
        }
    }

    /// What [`write`](Self::write) does not look at although the schema says it, a clause
    /// for each.
    pub fn unchecked(&self) -> Vec<String> {
        let Body::Json(Some(checker)) = &self.body else { return Vec::new() };
        checker
            .unchecked()
            .map(|(pattern, reason)| format!("its pattern {pattern} is not looked for: {reason}"))
            .collect()
    }

    /// What stands before the bytes in a frame, or behind the id in a header: of Protobuf
    /// which message it is.
    pub fn which(&self) -> Result<Vec<u8>, String> {
        match &self.body {
            Body::Protobuf(schema) => schema.indexes(),
            Body::Avro(_) | Body::Json(_) => Ok(Vec::new()),
        }
    }

    /// The full name of the message that `which` begins by naming, of Protobuf; `None` for
    /// the first, which needs no name.
    pub(super) fn message_of(&self, which: &Bytes) -> Option<String> {
        match &self.body {
            Body::Protobuf(schema) => schema.message_of(which),
            Body::Avro(_) | Body::Json(_) => None,
        }
    }

    /// Names the message of a Protobuf schema that is written, by its full name.
    pub fn choose(&mut self, message: &str) -> Result<(), String> {
        match &mut self.body {
            Body::Protobuf(schema) => schema.choose(message),
            Body::Avro(_) | Body::Json(_) => Err(format!("only a schema of protobuf holds messages such as {message}")),
        }
    }

    pub fn label(&self) -> Option<Arc<str>> {
        self.label.clone()
    }

    /// The word for what it describes.
    pub fn kind(&self) -> &'static str {
        match self.body {
            Body::Avro(_) => "avro",
            Body::Json(_) => "json-schema",
            Body::Protobuf(_) => "protobuf",
        }
    }

    /// Reads bytes without a frame: what a header said beside the schema is `which`.
    pub(super) fn read_bare(
        &self,
        payload: &Bytes,
        which: &Bytes,
        id: Option<i32>,
        asked: &Asked,
    ) -> Result<(Value, Format), String> {
        match &self.body {
            Body::Protobuf(schema) => Ok((schema.read_named(which, payload)?, Format::Protobuf { schema_id: id })),
            Body::Avro(_) | Body::Json(_) => self.read(payload, id, asked),
        }
    }

    /// Reads what follows magic byte and id; all of it must be used up. Fields that are not
    /// asked for may be missing.
    pub(super) fn read(
        &self,
        payload: &Bytes,
        schema_id: Option<i32>,
        asked: &Asked,
    ) -> Result<(Value, Format), String> {
        match &self.body {
            Body::Avro(plan) => match avro::read_asked(plan, payload, asked) {
                Ok(value) => Ok((value, Format::Avro { schema_id })),
                Err(error) => Err(error.to_string()),
            },
            Body::Protobuf(schema) => Ok((schema.read_framed(payload)?, Format::Protobuf { schema_id })),
            Body::Json(_) => match json::read_asked(payload, asked) {
                Ok(value) => Ok((value, Format::JsonSchema { schema_id })),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// A schema that holds every type, for feeding noise to.
pub(super) const EVERY_TYPE: &str = r#"{"type":"record","name":"Every","namespace":"fuzz","fields":[
  {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B","C"]}},
  {"name":"next","type":["null","Every"]},
  {"name":"list","type":{"type":"array","items":{"type":"map","values":["null","long","string","Kind"]}}},
  {"name":"nulls","type":{"type":"array","items":"null"}},
  {"name":"flag","type":"boolean"},{"name":"raw","type":"bytes"},
  {"name":"f","type":"float"},{"name":"d","type":"double"},
  {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},
  {"name":"fdec","type":{"type":"fixed","name":"F9","size":9,"logicalType":"decimal","precision":20,"scale":4}},
  {"name":"big","type":{"type":"bytes","logicalType":"big-decimal"}},
  {"name":"id","type":{"type":"string","logicalType":"uuid"}},
  {"name":"day","type":{"type":"int","logicalType":"date"}},
  {"name":"t","type":{"type":"int","logicalType":"time-millis"}},
  {"name":"tu","type":{"type":"long","logicalType":"time-micros"}},
  {"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}},
  {"name":"tsu","type":{"type":"long","logicalType":"timestamp-micros"}},
  {"name":"tsn","type":{"type":"long","logicalType":"timestamp-nanos"}},
  {"name":"lts","type":{"type":"long","logicalType":"local-timestamp-micros"}},
  {"name":"span","type":{"type":"fixed","name":"Span","size":12,"logicalType":"duration"}}]}"#;
