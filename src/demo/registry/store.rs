//! Subjects and schemas, as the registry keeps them.
//!
//! Invariant: a version's number is never given twice while the subject is known,
//! and a schema stays as long as any version, deleted for a while or not, has it.

use super::compatibility::{self, Level};
use crate::demo::world::{SchemaKind, Seeded};
use crate::domain::registry_context::RegistryContext;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use uuid::Uuid;

/// Schemas kept at most: this is a demo, and a client may be a loop.
const MAX_SCHEMAS: usize = 10_000;
/// How deep schemas may refer to each other.
const MAX_DEPTH: usize = 32;

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
    #[error("Subject '{0}' was soft deleted. Set permanent=true to delete permanently")]
    SubjectIsDeleted(String),
    #[error("Subject '{0}' was not deleted first before being permanently deleted")]
    SubjectIsThere(String),
    #[error("Subject '{0}' Version {1} was soft deleted. Set permanent=true to delete permanently")]
    VersionIsDeleted(String, i32),
    #[error("Subject '{0}' Version {1} was not deleted first before being permanently deleted")]
    VersionIsThere(String, i32),
    #[error("One or more references exist to the schema {{magic=1,keytype=SCHEMA,subject={0},version={1}}}.")]
    IsReferenced(String, i32),
    #[error("Schema being registered is incompatible with an earlier schema for subject \"{0}\": {1}")]
    Incompatible(String, String),
    #[error("The demo's registry compares Avro schemas only")]
    CannotCompare,
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
            Self::SubjectIsDeleted(_) => 40404,
            Self::SubjectIsThere(_) => 40405,
            Self::VersionIsDeleted(..) => 40406,
            Self::VersionIsThere(..) => 40407,
            Self::NoLevel(_) => 40408,
            Self::Incompatible(..) => 409,
            Self::CannotCompare => 501,
            Self::IsReferenced(..) => 42206,
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

impl Schema {
    /// Made of what the schema says, so that all registries of the demo give it the same.
    fn guid(&self) -> Uuid {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &self.kind, &self.text, references(self).collect::<Vec<_>>()).hash(&mut hasher);
            hasher.finish()
        };
        Uuid::from_u64_pair(half(0), half(1))
    }
}

/// One version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    number: i32,
    schema: i32,
    /// For a while: it can still be deleted for good.
    is_deleted: bool,
}

/// One context.
#[derive(Debug, Default)]
pub(super) struct Store {
    context: RegistryContext,
    schemas: BTreeMap<i32, Schema>,
    /// The versions of each subject, oldest first.
    subjects: BTreeMap<String, Vec<Version>>,
    /// Ids given so far.
    last_id: i32,
    levels: BTreeMap<String, Level>,
    global_level: Level,
}

impl Store {
    pub(super) fn of(context: RegistryContext) -> Self {
        Self { context, ..Self::default() }
    }

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
            store.last_id = store.last_id.max(seeded.id);
            store.add_version(seeded.subject, seeded.id);
        }
        store
    }

    fn add_version(&mut self, subject: &str, schema: i32) {
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        let number = versions.last().map_or(1, |last| last.number + 1);
        versions.push(Version { number, schema, is_deleted: false });
    }

    /// By their names among those of all contexts.
    pub(super) fn subjects(&self, with_deleted: bool) -> Vec<String> {
        let is_there = |versions: &[Version]| with_deleted || versions.iter().any(|version| !version.is_deleted);
        let there = self.subjects.iter().filter(|(_, versions)| is_there(versions));
        there.map(|(subject, _)| self.context.qualified(subject)).collect()
    }

    pub(super) fn context(&self) -> &RegistryContext {
        &self.context
    }

    /// A context without subjects is none.
    pub(super) fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// The id of the schema with this GUID.
    pub(super) fn id_of_guid(&self, guid: Uuid) -> Option<i32> {
        self.schemas.iter().find(|(_, schema)| schema.guid() == guid).map(|(id, _)| *id)
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
        answer.insert("guid".to_owned(), json!(schema.guid().to_string()));
        Ok(Value::Object(answer))
    }

    pub(super) fn text_by_id(&self, id: &str) -> Result<Value, Refusal> {
        let (_, schema) = self.schema(id)?;
        Ok(raw(schema))
    }

    /// Subject and version of each use of a schema.
    fn uses_of(&self, id: i32) -> impl Iterator<Item = (&String, i32)> {
        self.subjects.iter().flat_map(move |(subject, versions)| {
            let used = versions.iter().filter(move |version| version.schema == id && !version.is_deleted);
            used.map(move |version| (subject, version.number))
        })
    }

    pub(super) fn uses(&self, id: &str) -> Result<Value, Refusal> {
        let (id, _) = self.schema(id)?;
        let named = |(subject, version): (&String, i32)| json!({"subject": self.context.qualified(subject), "version": version});
        Ok(self.uses_of(id).map(named).collect())
    }

    pub(super) fn subjects_of(&self, id: &str) -> Result<Value, Refusal> {
        let (id, _) = self.schema(id)?;
        let subjects: BTreeSet<String> = self.uses_of(id).map(|(subject, _)| self.context.qualified(subject)).collect();
        Ok(json!(subjects))
    }

    /// The versions of a subject, those deleted for a while only when asked for.
    fn versions_of(&self, subject: &str, with_deleted: bool) -> Result<Vec<Version>, Refusal> {
        let none = || Refusal::NoSubject(subject.to_owned());
        let versions = self.subjects.get(subject).ok_or_else(none)?;
        let found: Vec<Version> =
            versions.iter().filter(|version| with_deleted || !version.is_deleted).copied().collect();
        if found.is_empty() { Err(none()) } else { Ok(found) }
    }

    pub(super) fn versions(&self, subject: &str, with_deleted: bool) -> Result<Value, Refusal> {
        Ok(self.versions_of(subject, with_deleted)?.iter().map(|version| json!(version.number)).collect())
    }

    fn find_version(&self, subject: &str, version: &str, with_deleted: bool) -> Result<(Version, &Schema), Refusal> {
        let versions = self.versions_of(subject, with_deleted)?;
        let none = || Refusal::NoVersion(version.to_owned());
        let found = match version {
            "latest" | "-1" => versions.last(),
            text => {
                let number = text.parse::<i32>().ok().filter(|number| *number > 0);
                let number = number.ok_or_else(|| Refusal::BadVersion(version.to_owned()))?;
                versions.iter().find(|version| version.number == number)
            }
        };
        let found = *found.ok_or_else(none)?;
        Ok((found, self.schemas.get(&found.schema).ok_or_else(none)?))
    }

    pub(super) fn version(&self, subject: &str, version: &str, with_deleted: bool) -> Result<Value, Refusal> {
        let (found, schema) = self.find_version(subject, version, with_deleted)?;
        Ok(describe(&self.context.qualified(subject), found, schema))
    }

    pub(super) fn version_text(&self, subject: &str, version: &str) -> Result<Value, Refusal> {
        let (_, schema) = self.find_version(subject, version, false)?;
        Ok(raw(schema))
    }

    pub(super) fn register(&mut self, subject: &str, body: &[u8]) -> Result<Value, Refusal> {
        let schema = parse(body)?;
        if schema.kind == "AVRO" {
            self.avro(&schema)?;
        }
        let known = self.schemas.iter().find(|(_, other)| **other == schema).map(|(id, _)| *id);
        let versions = self.versions_of(subject, false).unwrap_or_default();
        if let Some(id) = known.filter(|id| versions.iter().any(|version| version.schema == *id)) {
            return Ok(json!({"id": id}));
        }
        let level = self.level_for(subject);
        match self.conflict(&schema, level.chosen(&versions), level) {
            // What cannot be compared is taken: nobody could register a second
            // version of a JSON or Protobuf schema here otherwise.
            Ok(None) | Err(Refusal::CannotCompare) => {}
            Ok(Some(conflict)) => return Err(Refusal::Incompatible(subject.to_owned(), conflict)),
            Err(refusal) => return Err(refusal),
        }
        let id = match known {
            Some(id) => id,
            None if self.schemas.len() >= MAX_SCHEMAS => return Err(Refusal::Full),
            None => {
                self.last_id += 1;
                self.last_id
            }
        };
        self.schemas.insert(id, schema);
        self.add_version(subject, id);
        Ok(json!({"id": id}))
    }

    /// Would a schema be taken next to one version, or to all that its level counts?
    pub(super) fn compatibility(
        &self,
        subject: &str,
        version: Option<&str>,
        body: &[u8],
        is_verbose: bool,
    ) -> Result<Value, Refusal> {
        let schema = parse(body)?;
        let level = self.level_for(subject);
        let conflict = match version {
            Some(version) => {
                let (found, _) = self.find_version(subject, version, false)?;
                self.conflict(&schema, &[found], level)?
            }
            None => {
                let versions = self.versions_of(subject, false).unwrap_or_default();
                self.conflict(&schema, level.chosen(&versions), level)?
            }
        };
        let mut answer = json!({"is_compatible": conflict.is_none()});
        if let (true, Some(answer)) = (is_verbose, answer.as_object_mut()) {
            answer.insert("messages".to_owned(), conflict.into_iter().map(Value::from).collect());
        }
        Ok(answer)
    }

    /// Why a new schema does not go with these versions.
    fn conflict(&self, schema: &Schema, versions: &[Version], level: Level) -> Result<Option<String>, Refusal> {
        for version in versions.iter().rev() {
            let Some(other) = self.schemas.get(&version.schema).filter(|other| *other != schema) else { continue };
            if level == Level::None {
                continue;
            }
            if other.kind != schema.kind {
                return Ok(Some(format!("version {} is {}, not {}", version.number, other.kind, schema.kind)));
            }
            if schema.kind != "AVRO" {
                return Err(Refusal::CannotCompare);
            }
            let (new, old) = (self.avro(schema)?, self.avro(other)?);
            if let Err(reason) = compatibility::check(&new, &old, level) {
                return Ok(Some(format!("version {}: {reason}", version.number)));
            }
        }
        Ok(None)
    }

    fn avro(&self, schema: &Schema) -> Result<apache_avro::Schema, Refusal> {
        let mut referenced = Vec::new();
        self.collect_references(schema, &mut referenced, 0)?;
        compatibility::parse(&schema.text, &referenced).map_err(Refusal::BadSchema)
    }

    fn collect_references(&self, schema: &Schema, found: &mut Vec<String>, depth: usize) -> Result<(), Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::BadSchema("its references go round in circles".to_owned()));
        }
        for (subject, version) in references(schema) {
            let missing = |refusal: Refusal| Refusal::BadSchema(format!("a reference leads nowhere: {refusal}"));
            let (_, other) = self.find_version(subject, &version.to_string(), true).map_err(missing)?;
            if !found.contains(&other.text) {
                found.push(other.text.clone());
                self.collect_references(other, found, depth + 1)?;
            }
        }
        Ok(())
    }

    pub(super) fn look_up(&self, subject: &str, body: &[u8], with_deleted: bool) -> Result<Value, Refusal> {
        let versions = self.versions_of(subject, with_deleted)?;
        let wanted = parse(body)?;
        let found = versions.into_iter().find(|version| self.schemas.get(&version.schema) == Some(&wanted));
        Ok(describe(&self.context.qualified(subject), found.ok_or(Refusal::NoSchema)?, &wanted))
    }

    /// Deletes a subject for a while, or for good what was deleted so; gives the versions.
    pub(super) fn delete(&mut self, subject: &str, is_permanent: bool) -> Result<Value, Refusal> {
        let all = self.versions_of(subject, true)?;
        let there: Vec<i32> = all.iter().filter(|version| !version.is_deleted).map(|version| version.number).collect();
        if is_permanent {
            if !there.is_empty() {
                return Err(Refusal::SubjectIsThere(subject.to_owned()));
            }
            self.subjects.remove(subject);
            self.levels.remove(subject);
            self.forget_unused();
            return Ok(all.iter().map(|version| json!(version.number)).collect());
        }
        if there.is_empty() {
            return Err(Refusal::SubjectIsDeleted(subject.to_owned()));
        }
        for number in &there {
            self.refuse_referenced(subject, *number)?;
        }
        self.subjects.get_mut(subject).into_iter().flatten().for_each(|version| version.is_deleted = true);
        Ok(json!(there))
    }

    /// The same for one version; gives its number.
    pub(super) fn delete_version(
        &mut self,
        subject: &str,
        version: &str,
        is_permanent: bool,
    ) -> Result<Value, Refusal> {
        let is_latest = matches!(version, "latest" | "-1");
        let (found, _) = self.find_version(subject, version, !is_latest)?;
        let number = found.number;
        match (is_permanent, found.is_deleted) {
            (true, false) => return Err(Refusal::VersionIsThere(subject.to_owned(), number)),
            (false, true) => return Err(Refusal::VersionIsDeleted(subject.to_owned(), number)),
            (false, false) => {
                self.refuse_referenced(subject, number)?;
                let versions = self.subjects.get_mut(subject).into_iter().flatten();
                versions.filter(|version| version.number == number).for_each(|version| version.is_deleted = true);
            }
            (true, true) => {
                if let Some(versions) = self.subjects.get_mut(subject) {
                    versions.retain(|version| version.number != number);
                    if versions.is_empty() {
                        self.subjects.remove(subject);
                        self.levels.remove(subject);
                    }
                }
                self.forget_unused();
            }
        }
        Ok(json!(number))
    }

    /// What others refer to stays.
    fn refuse_referenced(&self, subject: &str, number: i32) -> Result<(), Refusal> {
        let there = self.subjects.values().flatten().filter(|version| !version.is_deleted);
        let mut schemas = there.filter_map(|version| self.schemas.get(&version.schema));
        let is_meant = |schema: &Schema| references(schema).any(|known| known == (subject, i64::from(number)));
        if schemas.any(is_meant) { Err(Refusal::IsReferenced(subject.to_owned(), number)) } else { Ok(()) }
    }

    fn forget_unused(&mut self) {
        let used: BTreeSet<i32> = self.subjects.values().flatten().map(|version| version.schema).collect();
        self.schemas.retain(|id, _| used.contains(id));
    }

    pub(super) fn level(&self) -> Level {
        self.global_level
    }

    fn level_for(&self, subject: &str) -> Level {
        self.levels.get(subject).copied().unwrap_or(self.global_level)
    }

    pub(super) fn level_of(&self, subject: &str, or_global: bool) -> Result<Value, Refusal> {
        let level = self.levels.get(subject).copied().or(or_global.then(|| self.level()));
        let level = level.ok_or_else(|| Refusal::NoLevel(subject.to_owned()))?;
        Ok(json!({"compatibilityLevel": level.word()}))
    }

    pub(super) fn set_level(&mut self, subject: Option<&str>, body: &[u8]) -> Result<Value, Refusal> {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let word = asked.get("compatibility").and_then(Value::as_str).unwrap_or_default().to_uppercase();
        let level = Level::of_word(&word).ok_or(Refusal::BadLevel)?;
        match subject {
            Some(subject) => drop(self.levels.insert(subject.to_owned(), level)),
            None => self.global_level = level,
        }
        Ok(json!({"compatibility": level.word()}))
    }
}

/// The subjects and versions that a schema refers to.
fn references(schema: &Schema) -> impl Iterator<Item = (&str, i64)> {
    let list = schema.references.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|reference| Some((reference.get("subject")?.as_str()?, reference.get("version")?.as_i64()?)))
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

fn describe(subject: &str, version: Version, schema: &Schema) -> Value {
    let mut answer = Map::new();
    answer.insert("subject".to_owned(), json!(subject));
    answer.insert("version".to_owned(), json!(version.number));
    answer.insert("id".to_owned(), json!(version.schema));
    answer.insert("guid".to_owned(), json!(schema.guid().to_string()));
    put_kind(&mut answer, schema);
    answer.insert("schema".to_owned(), json!(schema.text));
    if version.is_deleted {
        answer.insert("deleted".to_owned(), json!(true));
    }
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
    let references = asked.get("references").filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
    let has_references = references.is_some();
    match kind {
        // A schema that refers to others is looked at together with them.
        "AVRO" if has_references => {
            serde_json::from_str::<Value>(text).map_err(|_| bad("not JSON"))?;
        }
        "AVRO" => drop(compatibility::parse(text, &[]).map_err(Refusal::BadSchema)?),
        "JSON" => drop(serde_json::from_str::<Value>(text).map_err(|_| bad("not JSON"))?),
        "PROTOBUF" => {}
        _ => return Err(bad("unknown schema type")),
    }
    let references = references.cloned().unwrap_or_default();
    Ok(Schema { kind: kind.to_owned(), text: text.to_owned(), references })
}
