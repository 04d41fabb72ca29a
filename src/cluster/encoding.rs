//! Keys and values written in another form than they are typed in.
//!
//! Owns: which schema, and the frame: a zero byte, the schema's id, the value. A text
//! that does not fit is refused before anything is sent, with its place.

use super::{Cluster, schemas};
use crate::decode::{self, Unfit, WriterSchema};
use crate::domain::produce::NewRecord;
use crate::domain::query::Part;
use crate::domain::recipe::Recipe;
use crate::domain::writing::{SchemaChoice, WrittenAs};
use crate::domain::{Failure, FailureKind};
use std::fmt;
use std::sync::Arc;

/// How one part is written.
#[derive(Clone, Debug)]
enum Encoder {
    Json,
    Hex,
    Base64,
    Schema { schema: Arc<WriterSchema>, id: i32 },
}

/// What is done to keys and values before they are written. The default does nothing.
#[derive(Clone, Debug, Default)]
pub struct Encoders {
    key: Option<Encoder>,
    value: Option<Encoder>,
}

/// A key or value that cannot be written as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub part: Part,
    /// Line and column of the text, each from 1, where there is a place.
    pub place: Option<(usize, usize)>,
    /// What it is not: "it is not JSON".
    pub wanted: String,
    /// The path into it, and what is wrong there.
    pub reason: String,
}

/// Why no record can be made.
#[derive(Clone, Debug)]
pub enum Unwritable {
    Misfit(Misfit),
    Failed(Failure),
}

impl Cluster {
    /// Looks up what keys and values of a recipe are written by.
    pub async fn encoders(&self, recipe: &Recipe) -> Result<Encoders, Failure> {
        let (key, value) = tokio::try_join!(
            self.encoder(recipe, Part::Key, &recipe.key_as),
            self.encoder(recipe, Part::Value, &recipe.value_as)
        )?;
        Ok(Encoders { key, value })
    }

    async fn encoder(&self, recipe: &Recipe, part: Part, written: &WrittenAs) -> Result<Option<Encoder>, Failure> {
        let choice = match written {
            WrittenAs::Text => return Ok(None),
            WrittenAs::Json => return Ok(Some(Encoder::Json)),
            WrittenAs::Hex => return Ok(Some(Encoder::Hex)),
            WrittenAs::Base64 => return Ok(Some(Encoder::Base64)),
            WrittenAs::Schema(choice) => choice,
        };
        let registry = self.registry().ok_or_else(|| {
            Failure::new(FailureKind::Unsupported, "look up a schema", "the profile has no registry")
                .hint("Name one with --registry, or in the profile.")
        })?;
        let id = match choice {
            SchemaChoice::Id(id) => *id,
            SchemaChoice::Latest(Some(subject)) => registry.latest(subject).await?.id,
            SchemaChoice::Latest(None) => registry.latest(&format!("{}-{}", recipe.topic, part.word())).await?.id,
        };
        let found = registry.schema_by_id(id).await?;
        let schema = schemas::prepare(&found)
            .map_err(|reason| Failure::new(FailureKind::Invalid, "prepare schema", reason).on(id.to_string()))?;
        Ok(Some(Encoder::Schema { schema: Arc::new(schema), id }))
    }

    /// The subjects of the registry, by their names.
    pub async fn subjects(&self) -> Result<Vec<String>, Failure> {
        match self.registry() {
            Some(registry) => registry.subjects().await,
            None => Err(Failure::new(FailureKind::Unsupported, "list subjects", "the profile has no registry")),
        }
    }
}

impl Encoder {
    fn encode(&self, part: Part, text: &[u8]) -> Result<Vec<u8>, Misfit> {
        let encoded = match self {
            Self::Json => decode::check_json(text).map(|()| text.to_vec()),
            Self::Hex => decode::from_hex(text),
            Self::Base64 => decode::from_base64(text),
            Self::Schema { schema, id } => schema.write(text).map(|written| decode::frame(*id, &written)),
        };
        encoded.map_err(|Unfit { place, path, reason }| {
            let wanted = match self {
                Self::Json => "it is not JSON".to_owned(),
                Self::Hex => "it is not hexadecimal".to_owned(),
                Self::Base64 => "it is not Base64".to_owned(),
                Self::Schema { id, .. } => format!("it does not fit schema {id}"),
            };
            let path = if path.is_empty() { String::new() } else { format!("{}{path}: ", part.word()) };
            Misfit { part, place, wanted, reason: format!("{path}{reason}") }
        })
    }

    /// The words about it for a plan; `None` where the plan shows it by itself.
    fn said(&self, part: Part) -> Option<String> {
        let Self::Schema { schema, id } = self else { return None };
        let label = schema.label().map_or_else(String::new, |label| format!(", {label}"));
        Some(format!("the {} is written as {} by schema {id}{label}", part.word(), schema.kind()))
    }
}

impl Encoders {
    /// Is the key, is the value JSON before it is written?
    pub fn takes_json(&self) -> (bool, bool) {
        let takes = |encoder: &Option<Encoder>| matches!(encoder, Some(Encoder::Schema { .. } | Encoder::Json));
        (takes(&self.key), takes(&self.value))
    }

    /// The record as it is sent. What is null stays null.
    pub fn encode(&self, mut record: NewRecord) -> Result<NewRecord, Misfit> {
        for (part, encoder, bytes) in
            [(Part::Key, &self.key, &mut record.key), (Part::Value, &self.value, &mut record.value)]
        {
            if let (Some(encoder), Some(text)) = (encoder, bytes) {
                *text = encoder.encode(part, text)?;
            }
        }
        Ok(record)
    }

    /// A sentence for each part that a schema writes.
    pub fn said(&self) -> Vec<String> {
        let said = |part, encoder: &Option<Encoder>| encoder.as_ref().and_then(|encoder| encoder.said(part));
        said(Part::Key, &self.key).into_iter().chain(said(Part::Value, &self.value)).collect()
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.wanted)?;
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl From<Misfit> for Failure {
    fn from(misfit: Misfit) -> Self {
        let target = format!("the {}", misfit.part.word());
        Self::new(FailureKind::Invalid, "encode", misfit.to_string()).on(target)
    }
}

impl From<Misfit> for Unwritable {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

impl From<Failure> for Unwritable {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Unwritable> for Failure {
    fn from(unwritable: Unwritable) -> Self {
        match unwritable {
            Unwritable::Misfit(misfit) => misfit.into(),
            Unwritable::Failed(failure) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoders() -> Encoders {
        let text = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"}]}"#;
        let schema = Arc::new(WriterSchema::parse(text, "AVRO", &[], None).unwrap());
        Encoders { key: None, value: Some(Encoder::Schema { schema, id: 258 }) }
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
        assert_eq!(encoders().said(), ["the value is written as avro by schema 258"]);
    }

    #[test]
    fn what_does_not_fit_is_named_by_place_and_path() {
        let misfit = encoders().encode(record(Some("{\n  \"id\": \"x\"}"))).unwrap_err();
        assert_eq!((misfit.part, misfit.place), (Part::Value, Some((2, 9))));
        let said = Failure::from(misfit).to_string();
        let wanted = r#"cannot encode the value: it does not fit schema 258: line 2, column 9: value.id: expected long, got "x""#;
        assert_eq!(said, wanted);
        let misfit = encoders().encode(record(Some("{"))).unwrap_err();
        assert!(misfit.to_string().contains("schema 258: line 1, column 2: a field name"), "{misfit}");
    }

    #[test]
    fn plain_forms_need_no_schema() {
        let of = |encoder, value| {
            Encoders { key: None, value: Some(encoder) }.encode(record(Some(value))).map(|record| record.value.unwrap())
        };
        assert_eq!(of(Encoder::Json, " [1] ").unwrap(), b" [1] ");
        assert_eq!(of(Encoder::Hex, "00 ff").unwrap(), [0, 255]);
        assert_eq!(of(Encoder::Base64, "AP8=").unwrap(), [0, 255]);
        let misfit = of(Encoder::Hex, "0g").unwrap_err();
        assert_eq!(misfit.to_string(), "it is not hexadecimal: line 1, column 2: a hexadecimal digit was expected");
    }
}
