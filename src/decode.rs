//! Bytes made readable.
//!
//! Owns: telling what bytes are, and turning them into a [`Value`].
//! Must not know: where bytes come from, where schemas are kept (they come
//! through [`SchemaLookup`]), the network, the clock.
//! Invariant: hostile bytes cost bounded time, memory and stack, and always
//! give an answer; what was tried before and why it did not fit stands in
//! [`Decoded::attempts`].

mod avro;
mod commit_log;
mod json;
mod schema;
mod search;
mod text;

pub use commit_log::{CommitEntry, commit_entry};
pub use schema::{Reference, WriterSchema};
pub use search::Needle;

use crate::domain::quiet;
use crate::domain::record::{Attempt, Decoded, Format, ViewAs};
use crate::domain::value::Value;
use bytes::Bytes;
use std::sync::{Arc, LazyLock};

/// How deep lists and records may lie in each other.
const MAX_DEPTH: usize = 96;
/// How many values one payload may hold.
const MAX_VALUES: usize = 2_000_000;
/// Magic byte and schema id before a registry's payload.
const FRAME_BYTES: usize = 5;

/// Where the schemas of framed values are looked up. Never does I/O: whoever
/// calls [`decode`] fetches the ids that [`schema_id`] finds beforehand.
pub trait SchemaLookup {
    fn schema(&self, id: i32) -> SchemaState;
}

/// What is known of a schema id.
#[derive(Clone, Debug)]
pub enum SchemaState {
    Ready(Arc<WriterSchema>),
    /// Why there is none, as a clause.
    Missing(String),
    /// Asked for, not there yet.
    Pending,
}

/// For a cluster without a registry.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSchemas;

impl SchemaLookup for NoSchemas {
    fn schema(&self, id: i32) -> SchemaState {
        SchemaState::Missing(format!("schema {id} cannot be looked up: the profile names no registry"))
    }
}

/// The schema id that a payload in a registry's framing begins with: a zero
/// byte, then the id. Ids count from 1, so that a big-endian number of eight
/// bytes is not taken for one.
pub fn schema_id(bytes: &[u8]) -> Option<i32> {
    let (prefix, _) = bytes.split_first_chunk::<FRAME_BYTES>()?;
    let [0, id @ ..] = *prefix else {
        return None;
    };
    Some(i32::from_be_bytes(id)).filter(|id| *id > 0)
}

/// Makes a key or value readable as `view` says. `ViewAs::Auto` tries the
/// schema that the bytes name, JSON, text, and shows bytes when none fits.
pub fn decode(bytes: Option<&Bytes>, view: ViewAs, schemas: &dyn SchemaLookup) -> Decoded {
    let Some(bytes) = bytes else {
        return plain(Value::Null, Format::Null, Vec::new());
    };
    // A decoder that panics is a bug; it must not take the console with it.
    quiet::catch(|| decode_bytes(bytes, view, schemas)).unwrap_or_else(|| {
        let reason = "the decoder failed on these bytes; please report this".to_owned();
        plain(Value::Bytes(bytes.clone()), Format::Hex, vec![Attempt { decoder: "avro", reason }])
    })
}

fn decode_bytes(bytes: &Bytes, view: ViewAs, schemas: &dyn SchemaLookup) -> Decoded {
    let mut attempts = Vec::new();
    let mut failed = |decoder, reason| attempts.push(Attempt { decoder, reason });
    if matches!(view, ViewAs::Auto | ViewAs::Avro) {
        match schema_id(bytes) {
            Some(id) => match by_schema(bytes, id, schemas) {
                Ok(decoded) => return decoded,
                Err(reason) => failed("avro", reason),
            },
            None if view == ViewAs::Avro => {
                failed("avro", "it does not begin with a zero byte and a schema id".into());
            }
            None => {}
        }
    }
    let looks_like_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    if view == ViewAs::Json || view == ViewAs::Auto && looks_like_json {
        match json::read(bytes) {
            Ok(value) => return plain(value, Format::Json, attempts),
            Err(error) => attempts.push(Attempt { decoder: "json", reason: error.to_string() }),
        }
    }
    match view {
        ViewAs::Hex => {}
        ViewAs::Text => {
            return plain(Value::Text(String::from_utf8_lossy(bytes).into()), Format::Text, attempts);
        }
        ViewAs::Auto | ViewAs::Json | ViewAs::Avro => match text::read(bytes) {
            Ok(text) => return plain(Value::Text(text.into()), Format::Text, attempts),
            Err(reason) => attempts.push(Attempt { decoder: "text", reason: reason.to_string() }),
        },
    }
    plain(Value::Bytes(bytes.clone()), Format::Hex, attempts)
}

fn plain(value: Value, format: Format, attempts: Vec<Attempt>) -> Decoded {
    Decoded { value, format, schema: None, attempts }
}

fn by_schema(bytes: &Bytes, id: i32, schemas: &dyn SchemaLookup) -> Result<Decoded, String> {
    let schema = match schemas.schema(id) {
        SchemaState::Ready(schema) => schema,
        SchemaState::Missing(reason) => return Err(reason),
        SchemaState::Pending => return Err(format!("schema {id} is being fetched")),
    };
    let (value, format) = schema.read(&bytes.slice(FRAME_BYTES..), id)?;
    Ok(Decoded { value, format, schema: schema.label(), attempts: Vec::new() })
}

/// Reads hostile bytes against a schema of every type: the body of the fuzz
/// target `avro` and of the property tests.
#[doc(hidden)]
pub fn fuzz_avro(data: &[u8]) {
    struct Every(Arc<WriterSchema>);
    impl SchemaLookup for Every {
        fn schema(&self, _: i32) -> SchemaState {
            SchemaState::Ready(self.0.clone())
        }
    }
    static SCHEMA: LazyLock<Option<Arc<WriterSchema>>> =
        LazyLock::new(|| WriterSchema::parse(schema::EVERY_TYPE, "AVRO", &[], None).ok().map(Arc::new));
    let Some(schema) = &*SCHEMA else { return };
    let mut framed = vec![0, 0, 0, 0, 1];
    framed.extend_from_slice(data);
    let lookup = Every(Arc::clone(schema));
    for bytes in [Bytes::from(framed), Bytes::copy_from_slice(data)] {
        for view in [ViewAs::Auto, ViewAs::Json, ViewAs::Avro, ViewAs::Text, ViewAs::Hex] {
            std::hint::black_box(decode(Some(&bytes), view, &lookup).value.to_json());
        }
    }
}

#[cfg(test)]
mod tests;
