//! Keys and values written by a registered schema.
//!
//! Owns: which schema, and the frame: a zero byte, the schema's id, the value. A text
//! that does not fit is refused before anything is sent, with its place.

use super::{Cluster, schemas};
use crate::decode::{self, WriterSchema};
use crate::domain::produce::NewRecord;
use crate::domain::{Failure, FailureKind};
use std::sync::Arc;

/// Which schema a key or value is written by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaWish {
    /// The newest of this subject.
    Latest(String),
    Id(i32),
}

/// Writes a key or a value.
#[derive(Clone, Debug)]
struct Encoder {
    schema: Arc<WriterSchema>,
    id: i32,
    what: &'static str,
}

/// What is done to keys and values before they are written. The default does nothing.
#[derive(Clone, Debug, Default)]
pub struct Encoders {
    key: Option<Encoder>,
    value: Option<Encoder>,
}

impl Cluster {
    /// Looks the schemas up; a part without a wish is written as it is.
    pub async fn encoders(&self, key: Option<&SchemaWish>, value: Option<&SchemaWish>) -> Result<Encoders, Failure> {
        let encoder = async |what, wish: Option<&SchemaWish>| match wish {
            Some(wish) => self.encoder(what, wish).await.map(Some),
            None => Ok(None),
        };
        Ok(Encoders { key: encoder("key", key).await?, value: encoder("value", value).await? })
    }

    async fn encoder(&self, what: &'static str, wish: &SchemaWish) -> Result<Encoder, Failure> {
        let registry = self.registry().ok_or_else(|| {
            Failure::new(FailureKind::Unsupported, "look up a schema", "the profile has no registry")
                .hint("Name one with --registry, or in the profile.")
        })?;
        let id = match wish {
            SchemaWish::Id(id) => *id,
            SchemaWish::Latest(subject) => registry.latest(subject).await?.id,
        };
        let found = registry.schema_by_id(id).await?;
        let schema = schemas::prepare(&found)
            .map_err(|reason| Failure::new(FailureKind::Invalid, "prepare schema", reason).on(id.to_string()))?;
        Ok(Encoder { schema: Arc::new(schema), id, what })
    }
}

impl Encoder {
    fn encode(&self, text: &[u8]) -> Result<Vec<u8>, Failure> {
        let written = self.schema.write(text).map_err(|unfit| {
            let place =
                unfit.place.map_or_else(String::new, |(line, column)| format!("line {line}, column {column}: "));
            let path = if unfit.path.is_empty() { String::new() } else { format!("{}{}: ", self.what, unfit.path) };
            let message = format!("it does not fit schema {}: {place}{path}{}", self.id, unfit.reason);
            Failure::new(FailureKind::Invalid, "encode", message).on(format!("the {}", self.what))
        })?;
        Ok(decode::frame(self.id, &written))
    }
}

impl Encoders {
    /// Is the key, is the value written by a schema? Such a part is JSON before it.
    pub fn takes_json(&self) -> (bool, bool) {
        (self.key.is_some(), self.value.is_some())
    }

    /// The record as it is sent. What is null stays null.
    pub fn encode(&self, mut record: NewRecord) -> Result<NewRecord, Failure> {
        let each = [(&self.key, &mut record.key), (&self.value, &mut record.value)];
        for (encoder, part) in each {
            if let (Some(encoder), Some(text)) = (encoder, part) {
                *text = encoder.encode(text)?;
            }
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoders() -> Encoders {
        let text = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"}]}"#;
        let schema = Arc::new(WriterSchema::parse(text, "AVRO", &[], None).unwrap());
        Encoders { key: None, value: Some(Encoder { schema, id: 258, what: "value" }) }
    }

    fn record(value: Option<&str>) -> NewRecord {
        let bytes = |text: &str| text.as_bytes().to_vec();
        NewRecord { key: Some(bytes("k")), value: value.map(bytes), ..NewRecord::default() }
    }

    #[test]
    fn a_value_is_framed_and_null_stays_null() {
        let encoded = encoders().encode(record(Some(r#"{"id":5}"#))).unwrap();
        assert_eq!(
            (encoded.key.as_deref(), encoded.value.as_deref()),
            (Some(&b"k"[..]), Some(&[0, 0, 0, 1, 2, 10][..]))
        );
        assert_eq!(encoders().encode(record(None)).unwrap().value, None);
    }

    #[test]
    fn what_does_not_fit_is_named_by_place_and_path() {
        let failure = encoders().encode(record(Some("{\n  \"id\": \"x\"}"))).unwrap_err();
        let said = failure.to_string();
        assert!(said.contains(r#"schema 258: line 2, column 9: value.id: expected long, got "x""#), "{said}");
        let failure = encoders().encode(record(Some("{"))).unwrap_err();
        assert!(failure.to_string().contains("line 1, column 2: a field name was expected"), "{failure}");
    }
}
