//! Keys and values written in another form than they are typed in.
//!
//! Owns: which schema, and how the bytes or a header name it. A text
//! that does not fit is refused before anything is sent, with its place.

use super::own_schemas::imported;
use super::{Cluster, lock, schemas};
use crate::decode::{self, SchemaName, Unfit, WriterSchema};
use crate::domain::produce::NewRecord;
use crate::domain::query::Part;
use crate::domain::recipe::Recipe;
use crate::domain::writing::{Framing, Which, WrittenAs, own_subject};
use crate::domain::{Failure, FailureKind};
use crate::profile::expand;
use crate::services::registry::{RegisteredSchema, Registry};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A larger file is nobody's schema.
const LARGEST: u64 = 4 << 20;
const LOOK_UP: &str = "look up a schema";

/// How one part is written.
#[derive(Clone, Debug)]
enum Encoder {
    Json,
    Hex,
    Base64,
    Schema {
        schema: Arc<WriterSchema>,
        /// As what is written says it; `None` where nothing says it.
        named: Option<Named>,
        /// What the schema is called in a sentence: "schema 41".
        called: String,
    },
}

/// How a schema is named beside what it has written.
#[derive(Clone, Debug)]
enum Named {
    /// Before the bytes, which message it is of Protobuf included.
    Before(Vec<u8>),
    /// In a header, beside which the bytes are bare.
    Header(Vec<u8>),
}

/// What is done to keys and values before they are written. The default does nothing.
#[derive(Clone, Debug, Default)]
pub struct Encoders {
    key: Option<Encoder>,
    value: Option<Encoder>,
    filled: Arc<Mutex<Filled>>,
}

/// Fields that texts left out, and the default that stands for each.
type Filled = BTreeMap<String, String>;

/// So many of them are told, and a few more counted.
const MOST_FILLED: usize = 8;
const MOST_COUNTED: usize = 1_000;

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
        Ok(Encoders { key, value, ..Encoders::default() })
    }

    async fn encoder(&self, recipe: &Recipe, part: Part, written: &WrittenAs) -> Result<Option<Encoder>, Failure> {
        let choice = match written {
            WrittenAs::Text => return Ok(None),
            WrittenAs::Json => return Ok(Some(Encoder::Json)),
            WrittenAs::Hex => return Ok(Some(Encoder::Hex)),
            WrittenAs::Base64 => return Ok(Some(Encoder::Base64)),
            WrittenAs::Schema(choice) => choice,
        };
        let subject = choice.subject.clone().unwrap_or_else(|| own_subject(recipe.topic.as_str(), part.word()));
        let (found, name) = match (&choice.which, choice.framing) {
            (Which::File(path), Framing::None) => (file(path).await?, None),
            (Which::File(path), _) => {
                let found = file(path).await?;
                // What its imports are called there is not known: it is found by its text alone, if at all.
                let registry = self.registry_wanted(LOOK_UP)?;
                let registered =
                    registry.version_of(registry.own(&subject)?, &found.schema_type, &found.text, &[]).await?;
                let id = registered.map(|version| version.id).ok_or_else(|| {
                    let message = format!("the registry has no such schema under {subject}");
                    Failure::new(FailureKind::NotFound, LOOK_UP, message)
                        .on(path.display().to_string())
                        .hint("Register it there, name another --subject-strategy, or write with --framing none.")
                })?;
                (found, Some(SchemaName::Id(id)))
            }
            (Which::Latest, _) => {
                let registry = self.registry_wanted(LOOK_UP)?;
                let id = registry.latest(&subject).await?.id;
                (registry.schema_by_id(id).await?, Some(SchemaName::Id(id)))
            }
            (Which::Id(id), _) => (self.registry_wanted(LOOK_UP)?.schema_by_id(*id).await?, Some(SchemaName::Id(*id))),
            (Which::Guid(guid), _) => {
                let found = self.registry_wanted(LOOK_UP)?.schema_by_guid(*guid).await?;
                (found, Some(SchemaName::Guid(*guid)))
            }
        };
        let target = name.map_or_else(|| found.label.clone().unwrap_or_default(), |name| name.to_string());
        let invalid = |reason| {
            let target = target.clone();
            Failure::new(FailureKind::Invalid, "prepare schema", reason).on(target)
        };
        // A schema may hold thousands of patterns to make ready.
        let prepared = tokio::task::spawn_blocking(move || schemas::prepare_to_write(&found)).await;
        let prepared = prepared.map_err(|error| invalid(error.to_string()))?;
        let mut schema = prepared.map_err(invalid)?;
        // An Avro schema is one record; its name says only where it is looked up.
        if let Some(message) = choice.message.as_ref().filter(|_| schema.kind() == "protobuf") {
            schema.choose(message).map_err(invalid)?;
        }
        let named = match (name, choice.framing) {
            (None, _) | (_, Framing::None) => None,
            (Some(name), Framing::Prefix) => {
                Some(Named::Before([name.bytes(), schema.which().map_err(invalid)?].concat()))
            }
            (Some(name), Framing::Header) => {
                let guid = match name {
                    SchemaName::Id(id) => self.registry_wanted(LOOK_UP)?.guid_of(id).await?,
                    SchemaName::Guid(guid) => Some(guid),
                };
                let name = guid.map_or(name, SchemaName::Guid);
                Some(Named::Header([name.bytes(), schema.which().map_err(invalid)?].concat()))
            }
        };
        let called = match name {
            Some(name) => format!("schema {name}"),
            None => "the schema".to_owned(),
        };
        Ok(Some(Encoder::Schema { schema: Arc::new(schema), named, called }))
    }

    fn registry_wanted(&self, operation: &str) -> Result<&Registry, Failure> {
        self.registry().ok_or_else(|| {
            Failure::new(FailureKind::Unsupported, operation, "the profile has no registry")
                .hint("Name one with --registry, or in the profile.")
        })
    }

    /// The subjects of the registry, by their names.
    pub async fn subjects(&self) -> Result<Vec<String>, Failure> {
        self.registry_wanted("list subjects")?.subjects().await
    }
}

/// A schema of a file, told by the file's ending what it is.
async fn file(path: &Path) -> Result<RegisteredSchema, Failure> {
    let path = &expand(&path.to_string_lossy(), None);
    let failed = |kind, reason: String| Failure::new(kind, "read schema", reason).on(path.display().to_string());
    let schema_type = match path.extension().and_then(|ending| ending.to_str()) {
        Some("avsc" | "avro") => "AVRO",
        Some("proto") => "PROTOBUF",
        Some("json") => "JSON",
        _ => {
            let message = "a schema's file ends in .avsc, .proto or .json (JSON Schema)".to_owned();
            return Err(failed(FailureKind::Invalid, message));
        }
    };
    let size = tokio::fs::metadata(path).await.map_err(|error| failed(FailureKind::Storage, error.to_string()))?.len();
    if size > LARGEST {
        return Err(failed(FailureKind::Invalid, "it is too long for a schema".into()));
    }
    let text =
        tokio::fs::read_to_string(path).await.map_err(|error| failed(FailureKind::Storage, error.to_string()))?;
    let label = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut references = Vec::new();
    if schema_type == "PROTOBUF" {
        let (main, place) = (text.clone(), path.to_owned());
        let imported = tokio::task::spawn_blocking(move || imported(&main, &place)).await;
        let imported = imported.map_err(|error| failed(FailureKind::Cancelled, error.to_string()))?;
        let imported = imported.map_err(|reason| failed(FailureKind::Invalid, reason))?;
        references.extend(imported.into_iter().map(|text| (String::new(), text)));
    }
    Ok(RegisteredSchema { text, schema_type: schema_type.into(), references, refers_to: Vec::new(), label })
}

impl Encoder {
    fn encode(&self, part: Part, text: &[u8], filled: &Mutex<Filled>) -> Result<Vec<u8>, Misfit> {
        let encoded = match self {
            Self::Json => decode::check_json(text).map(|()| text.to_vec()),
            Self::Hex => decode::from_hex(text),
            Self::Base64 => decode::from_base64(text),
            Self::Schema { schema, named, .. } => schema.write(text).map(|written| {
                if !written.filled.is_empty() {
                    let mut known = lock(filled);
                    let told =
                        written.filled.into_iter().map(|(path, default)| (format!("{}{path}", part.word()), default));
                    let room = MOST_COUNTED.saturating_sub(known.len());
                    known.extend(told.take(room));
                }
                match named {
                    Some(Named::Before(name)) => [name.as_slice(), &written.bytes].concat(),
                    Some(Named::Header(_)) | None => written.bytes,
                }
            }),
        };
        encoded.map_err(|Unfit { place, path, reason }| {
            let wanted = match self {
                Self::Json => "it is not JSON".to_owned(),
                Self::Hex => "it is not hexadecimal".to_owned(),
                Self::Base64 => "it is not Base64".to_owned(),
                Self::Schema { called, .. } => format!("it does not fit {called}"),
            };
            let path = if path.is_empty() { String::new() } else { format!("{}{path}: ", part.word()) };
            Misfit { part, place, wanted, reason: format!("{path}{reason}") }
        })
    }

    /// The words about it for a plan; `None` where the plan shows it by itself.
    fn said(&self, part: Part) -> Option<String> {
        let Self::Schema { schema, named, called } = self else { return None };
        // One that was asked for by its GUID is called by it, too.
        let label = schema.label().filter(|label| !called.ends_with(&**label));
        let label = label.map_or_else(String::new, |label| format!(", {label}"));
        let how = match named {
            Some(Named::Before(_)) => String::new(),
            Some(Named::Header(_)) => format!("; the header {} names it", decode::header_name(part)),
            None => "; nothing in it names the schema".to_owned(),
        };
        let unchecked = schema.unchecked().into_iter().take(3).map(|clause| format!("; {clause}")).collect::<String>();
        Some(format!("the {} is written as {} by {called}{label}{how}{unchecked}", part.word(), schema.kind()))
    }
}

impl Encoders {
    /// Is the key, is the value JSON before it is written?
    pub fn takes_json(&self) -> (bool, bool) {
        let takes = |encoder: &Option<Encoder>| matches!(encoder, Some(Encoder::Schema { .. } | Encoder::Json));
        (takes(&self.key), takes(&self.value))
    }

    /// Takes away what names the schemas of parts that are written by others: a copy has the
    /// headers of its original.
    pub fn unname(&self, record: &mut NewRecord) {
        let parts = [(Part::Key, &self.key, &record.key), (Part::Value, &self.value, &record.value)];
        let anew = parts.map(|(part, encoder, bytes)| {
            let is_anew = bytes.is_some() && matches!(encoder, Some(Encoder::Schema { .. }));
            is_anew.then(|| decode::header_name(part))
        });
        record.headers.retain(|(name, _)| !anew.contains(&Some(name.as_str())));
    }

    /// The record as it is sent. What is null stays null.
    pub fn encode(&self, mut record: NewRecord) -> Result<NewRecord, Misfit> {
        self.unname(&mut record);
        for (part, encoder, bytes) in
            [(Part::Key, &self.key, &mut record.key), (Part::Value, &self.value, &mut record.value)]
        {
            if let (Some(encoder), Some(text)) = (encoder, bytes) {
                *text = encoder.encode(part, text, &self.filled)?;
                let Encoder::Schema { named, .. } = encoder else { continue };
                if let Some(Named::Header(name)) = named {
                    record.headers.push((decode::header_name(part).to_owned(), Some(name.clone())));
                }
            }
        }
        Ok(record)
    }

    /// The same, of which nothing was written yet.
    pub fn anew(&self) -> Self {
        Self { filled: Arc::default(), ..self.clone() }
    }

    /// The fields that got a schema's default in what was written so far, in a sentence.
    pub fn filled(&self) -> Option<String> {
        let filled = lock(&self.filled);
        let told: Vec<String> =
            filled.iter().take(MOST_FILLED).map(|(path, default)| format!("{path} = {default}")).collect();
        let more = match filled.len() - told.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!told.is_empty()).then(|| format!("what is left out gets the schema's default: {}{more}", told.join(", ")))
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
        naming(Named::Before(SchemaName::Id(258).bytes()))
    }

    fn naming(named: Named) -> Encoders {
        let text = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"}]}"#;
        let schema = Arc::new(WriterSchema::parse(text, "AVRO", &[], None).unwrap());
        let value = Encoder::Schema { schema, named: Some(named), called: "schema 258".into() };
        Encoders { value: Some(value), ..Encoders::default() }
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
    fn a_header_names_the_schema_once_and_the_bytes_are_bare() {
        let encoders = naming(Named::Header(SchemaName::Guid(5).bytes()));
        let old = ("__value_schema_id".to_owned(), Some(vec![0, 0, 0, 0, 9]));
        let copy = NewRecord { headers: vec![old, ("h".into(), None)], ..record(Some(r#"{"id":5}"#)) };
        let encoded = encoders.encode(copy).unwrap();
        assert_eq!(encoded.value.as_deref(), Some(&[10][..]));
        let name = ("__value_schema_id".to_owned(), Some([[1].as_slice(), &5_u128.to_be_bytes()].concat()));
        assert_eq!(encoded.headers, [("h".into(), None), name]);
        let wanted = "the value is written as avro by schema 258; the header __value_schema_id names it";
        assert_eq!(encoders.said(), [wanted]);
        // Beside a prefix an old header would still be believed; of a tombstone nothing is written.
        let mut copy = NewRecord { headers: encoded.headers.clone(), ..record(Some("{}")) };
        naming(Named::Before(Vec::new())).unname(&mut copy);
        assert_eq!(copy.headers, [("h".into(), None)]);
        let mut tombstone = NewRecord { headers: encoded.headers.clone(), ..record(None) };
        encoders.unname(&mut tombstone);
        assert_eq!(tombstone.headers, encoded.headers);
    }

    #[test]
    fn what_is_left_out_is_told_once() {
        let text = r#"{"type":"record","name":"R","fields":[{"name":"lines","type":{"type":"array","items":{"type":"record",
            "name":"L","fields":[{"name":"a","type":"int","default":7}]}}},{"name":"b","type":["null","string"],"default":null}]}"#;
        let schema = Arc::new(WriterSchema::parse(text, "AVRO", &[], None).unwrap());
        let value = Encoder::Schema { schema, named: None, called: "the schema".into() };
        let encoders = Encoders { value: Some(value), ..Encoders::default() };
        let of = |encoders: &Encoders, text| encoders.encode(record(Some(text))).unwrap().value.unwrap();
        assert_eq!(of(&encoders, r#"{"lines":[{},{"a":1},{}]}"#), [6, 14, 2, 14, 0, 0]);
        let told = "what is left out gets the schema's default: value.b = null, value.lines.a = 7";
        assert_eq!(encoders.filled().as_deref(), Some(told));
        let anew = encoders.anew();
        assert_eq!(of(&anew, r#"{"lines":[{"a":7}],"b":{"string":"x"}}"#), [2, 14, 0, 2, 2, b'x']);
        assert_eq!(anew.filled(), None);
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
            let encoders = Encoders { value: Some(encoder), ..Encoders::default() };
            encoders.encode(record(Some(value))).map(|record| record.value.unwrap())
        };
        assert_eq!(of(Encoder::Json, " [1] ").unwrap(), b" [1] ");
        assert_eq!(of(Encoder::Hex, "00 ff").unwrap(), [0, 255]);
        assert_eq!(of(Encoder::Base64, "AP8=").unwrap(), [0, 255]);
        let misfit = of(Encoder::Hex, "0g").unwrap_err();
        assert_eq!(misfit.to_string(), "it is not hexadecimal: line 1, column 2: a hexadecimal digit was expected");
    }
}
