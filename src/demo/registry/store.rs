//! Subjects and schemas, as the registry keeps them.

use crate::demo::world::{SchemaKind, Seeded};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Schemas kept at most: this is a demo, and a client may be a loop.
const MAX_SCHEMAS: usize = 10_000;
const LEVELS: &[&str] =
    &["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];
const DEFAULT_LEVEL: &str = "BACKWARD";

/// Why a request is refused, with the codes of the Confluent registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("HTTP 404 Not Found")]
    NoSuchPath,
    #[error("Subject '{0}' not found.")]
    NoSubject(String),
    #[error("Version {0} not found.")]
    NoVersion(String),
    #[error("Schema not found")]
    NoSchema,
    #[error("Subject '{0}' does not have subject-level compatibility configured")]
    NoLevel(String),
    #[error("Invalid schema: {0}")]
    BadSchema(String),
    #[error("The specified version '{0}' is not a valid version id.")]
    BadVersion(String),
    #[error("Invalid compatibility level")]
    BadLevel,
    #[error("The demo's registry holds no more schemas")]
    Full,
}

impl Refusal {
    pub(super) fn code(&self) -> u32 {
        match self {
            Self::NoSuchPath => 404,
            Self::NoSubject(_) => 40401,
            Self::NoVersion(_) => 40402,
            Self::NoSchema => 40403,
            Self::NoLevel(_) => 40408,
            Self::BadSchema(_) => 42201,
            Self::BadVersion(_) => 42202,
            Self::BadLevel => 42203,
            Self::Full => 50001,
        }
    }

    /// The HTTP status is the code's first three digits.
    pub(super) fn status(&self) -> u16 {
        let code = self.code();
        u16::try_from(if code > 999 { code / 100 } else { code }).unwrap_or(500)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Schema {
    kind: String,
    text: String,
    references: Value,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    schemas: BTreeMap<i32, Schema>,
    /// The schema id of each version, the first being version 1.
    subjects: BTreeMap<String, Vec<i32>>,
    levels: BTreeMap<String, String>,
    global_level: Option<String>,
}

impl Store {
    pub(super) fn seeded(schemas: &[Seeded]) -> Self {
        let mut store = Self::default();
        for seeded in schemas {
            let kind = match seeded.kind {
                SchemaKind::Avro => "AVRO",
                SchemaKind::Json => "JSON",
                SchemaKind::Protobuf => "PROTOBUF",
            };
            let schema = Schema { kind: kind.to_owned(), text: seeded.text.to_owned(), references: Value::Null };
            store.schemas.insert(seeded.id, schema);
            store.subjects.entry(seeded.subject.to_owned()).or_default().push(seeded.id);
        }
        store
    }

    pub(super) fn subjects(&self) -> Vec<&String> {
        self.subjects.keys().collect()
    }

    fn schema(&self, id: &str) -> Result<(i32, &Schema), Refusal> {
        let id: i32 = id.parse().map_err(|_| Refusal::NoSuchPath)?;
        self.schemas.get(&id).map(|schema| (id, schema)).ok_or(Refusal::NoSchema)
    }

    pub(super) fn by_id(&self, id: &str) -> Result<Value, Refusal> {
        let (_, schema) = self.schema(id)?;
        let mut answer = Map::new();
        put_kind(&mut answer, schema);
        answer.insert("schema".to_owned(), json!(schema.text));
        Ok(Value::Object(answer))
    }

    pub(super) fn text_by_id(&self, id: &str) -> Result<Value, Refusal> {
        let (_, schema) = self.schema(id)?;
        Ok(raw(schema))
    }

    pub(super) fn uses(&self, id: &str) -> Result<Value, Refusal> {
        let (id, _) = self.schema(id)?;
        let uses = self.subjects.iter().flat_map(|(subject, ids)| {
            let versions = (1..).zip(ids).filter(|(_, known)| **known == id);
            versions.map(move |(version, _): (i32, _)| json!({"subject": subject, "version": version}))
        });
        Ok(uses.collect())
    }

    pub(super) fn subjects_of(&self, id: &str) -> Result<Value, Refusal> {
        let (id, _) = self.schema(id)?;
        Ok(self.subjects.iter().filter(|(_, ids)| ids.contains(&id)).map(|(subject, _)| json!(subject)).collect())
    }

    fn ids(&self, subject: &str) -> Result<&Vec<i32>, Refusal> {
        self.subjects.get(subject).ok_or_else(|| Refusal::NoSubject(subject.to_owned()))
    }

    pub(super) fn versions(&self, subject: &str) -> Result<Value, Refusal> {
        Ok((1..).zip(self.ids(subject)?).map(|(version, _): (i32, _)| json!(version)).collect())
    }

    fn find_version(&self, subject: &str, version: &str) -> Result<(usize, i32, &Schema), Refusal> {
        let ids = self.ids(subject)?;
        let number = match version {
            "latest" | "-1" => ids.len(),
            text => {
                let number = text.parse::<i32>().ok().filter(|number| *number > 0);
                let number = number.ok_or_else(|| Refusal::BadVersion(version.to_owned()))?;
                usize::try_from(number).unwrap_or(0)
            }
        };
        let none = || Refusal::NoVersion(version.to_owned());
        let id = *number.checked_sub(1).and_then(|index| ids.get(index)).ok_or_else(none)?;
        Ok((number, id, self.schemas.get(&id).ok_or_else(none)?))
    }

    pub(super) fn version(&self, subject: &str, version: &str) -> Result<Value, Refusal> {
        let (number, id, schema) = self.find_version(subject, version)?;
        Ok(describe(subject, number, id, schema))
    }

    pub(super) fn version_text(&self, subject: &str, version: &str) -> Result<Value, Refusal> {
        let (_, _, schema) = self.find_version(subject, version)?;
        Ok(raw(schema))
    }

    pub(super) fn register(&mut self, subject: &str, body: &[u8]) -> Result<Value, Refusal> {
        let schema = parse(body)?;
        let known = self.schemas.iter().find(|(_, other)| **other == schema).map(|(id, _)| *id);
        let id = match known {
            Some(id) => id,
            None if self.schemas.len() >= MAX_SCHEMAS => return Err(Refusal::Full),
            None => self.schemas.last_key_value().map_or(1, |(last, _)| last + 1),
        };
        self.schemas.insert(id, schema);
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        if !versions.contains(&id) {
            versions.push(id);
        }
        Ok(json!({"id": id}))
    }

    pub(super) fn look_up(&self, subject: &str, body: &[u8]) -> Result<Value, Refusal> {
        let ids = self.ids(subject)?;
        let wanted = parse(body)?;
        let found = (1..).zip(ids).find(|(_, id)| self.schemas.get(id) == Some(&wanted));
        let (number, id) = found.ok_or(Refusal::NoSchema)?;
        Ok(describe(subject, number, *id, &wanted))
    }

    pub(super) fn delete(&mut self, subject: &str) -> Result<Value, Refusal> {
        let versions = self.versions(subject)?;
        self.subjects.remove(subject);
        Ok(versions)
    }

    pub(super) fn level(&self) -> &str {
        self.global_level.as_deref().unwrap_or(DEFAULT_LEVEL)
    }

    pub(super) fn level_of(&self, subject: &str, or_global: bool) -> Result<Value, Refusal> {
        let level = self.levels.get(subject).map(String::as_str).or(or_global.then(|| self.level()));
        let level = level.ok_or_else(|| Refusal::NoLevel(subject.to_owned()))?;
        Ok(json!({"compatibilityLevel": level}))
    }

    pub(super) fn set_level(&mut self, subject: Option<&str>, body: &[u8]) -> Result<Value, Refusal> {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let level = asked.get("compatibility").and_then(Value::as_str).unwrap_or_default().to_uppercase();
        if !LEVELS.contains(&level.as_str()) {
            return Err(Refusal::BadLevel);
        }
        let answer = json!({"compatibility": level});
        match subject {
            Some(subject) => drop(self.levels.insert(subject.to_owned(), level)),
            None => self.global_level = Some(level),
        }
        Ok(answer)
    }
}

/// The registry leaves the kind out for Avro.
fn put_kind(answer: &mut Map<String, Value>, schema: &Schema) {
    if schema.kind != "AVRO" {
        answer.insert("schemaType".to_owned(), json!(schema.kind));
    }
    if !schema.references.is_null() {
        answer.insert("references".to_owned(), schema.references.clone());
    }
}

fn describe(subject: &str, version: usize, id: i32, schema: &Schema) -> Value {
    let mut answer = Map::new();
    answer.insert("subject".to_owned(), json!(subject));
    answer.insert("version".to_owned(), json!(version));
    answer.insert("id".to_owned(), json!(id));
    put_kind(&mut answer, schema);
    answer.insert("schema".to_owned(), json!(schema.text));
    Value::Object(answer)
}

/// The bare schema: JSON as it is, Protobuf as a string.
fn raw(schema: &Schema) -> Value {
    serde_json::from_str(&schema.text).unwrap_or_else(|_| json!(schema.text))
}

fn parse(body: &[u8]) -> Result<Schema, Refusal> {
    let bad = |reason: &str| Refusal::BadSchema(reason.to_owned());
    let asked: Value = serde_json::from_slice(body).map_err(|_| bad("the request is not JSON"))?;
    let text = asked.get("schema").and_then(Value::as_str).ok_or_else(|| bad("there is none"))?;
    let kind = asked.get("schemaType").and_then(Value::as_str).unwrap_or("AVRO");
    match kind {
        // A bare type name is a schema too, quoted or not.
        "AVRO" if text.starts_with(['{', '[', '"']) => {
            serde_json::from_str::<Value>(text).map_err(|_| bad("not JSON"))?;
        }
        "JSON" => drop(serde_json::from_str::<Value>(text).map_err(|_| bad("not JSON"))?),
        "AVRO" | "PROTOBUF" => {}
        _ => return Err(bad("unknown schema type")),
    }
    let references = asked.get("references").filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
    let references = references.cloned().unwrap_or_default();
    Ok(Schema { kind: kind.to_owned(), text: text.to_owned(), references })
}
