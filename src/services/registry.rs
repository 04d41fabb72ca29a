//! A schema registry with Confluent's REST interface.
//!
//! Owns: asking for schemas and remembering them. A schema id never changes
//! its meaning, so what was found is kept; what was not found is asked for
//! again after a while.
//! Invariant: an answer is read up to [`LARGEST_BODY`] and within the deadline,
//! and whatever goes wrong is a [`Failure`] that names the registry's address.

mod answer;
mod http;
mod reading;

use crate::domain::registry_context::RegistryContext;
use crate::domain::{Failure, FailureKind};
pub use answer::Reference;
use answer::{SchemaById, SubjectVersion, Version};
use http::Http;
use secrecy::SecretString;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use uuid::Uuid;

/// The largest answer that is read.
pub const LARGEST_BODY: usize = 16 << 20;
/// An id that the registry does not know is not asked for again sooner.
const ABSENT_FOR: Duration = Duration::from_secs(30);
/// The same for an id whose look-up failed in another way.
const FAILED_FOR: Duration = Duration::from_secs(5);
/// Schemas that one schema may pull in.
pub const MOST_REFERENCES: usize = 256;
/// Failed look-ups that are remembered; noise may name any id.
const MOST_FAILURES: usize = 10_000;

#[derive(Clone, Debug)]
pub struct Basic {
    pub user: String,
    pub password: SecretString,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// May have a path, as behind a proxy or with other registries.
    pub url: String,
    /// Whose ids and subjects are asked for.
    pub context: RegistryContext,
    pub auth: Option<Basic>,
    /// Certificates in PEM that are trusted beside the system's.
    pub extra_ca: Option<Vec<u8>>,
    pub timeout: Duration,
    /// `klamm/<version>`.
    pub user_agent: String,
}

/// A schema with everything it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSchema {
    pub text: String,
    /// `AVRO`, `JSON`, `PROTOBUF`.
    pub schema_type: String,
    /// What referring schemas call it, and its text; directly and through
    /// others, each once, the deepest first.
    pub references: Vec<(String, String)>,
    /// What it refers to directly, by this registry's subjects and versions.
    pub refers_to: Vec<Reference>,
    /// Where it is in use: "orders.v1-value v3".
    pub label: Option<String>,
}

/// A version of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaVersion {
    pub subject: String,
    pub version: i32,
    pub id: i32,
    pub schema_type: String,
    pub text: String,
    /// What it refers to directly, by this registry's subjects and versions.
    pub refers_to: Vec<Reference>,
}

/// Cheap to clone; clones share connections and what is known.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    /// A cell is filled once however many ask for its id at the same time.
    schemas: Mutex<HashMap<Named, Arc<OnceCell<RegisteredSchema>>>>,
    failures: Mutex<HashMap<Named, (Instant, Failure)>>,
}

/// How values name a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Named {
    Id(i32),
    /// The same in every registry: made of what the schema says.
    Guid(u128),
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Guid(guid) => write!(f, "{}", Uuid::from_u128(*guid)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    /// Does no I/O; fails for an address or a certificate that cannot be used.
    pub fn new(options: Options) -> Result<Self, Failure> {
        let inner = Inner { http: Http::new(options)?, schemas: Mutex::default(), failures: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The address, without credentials; with the context where it is not the default one.
    pub fn url(&self) -> &str {
        self.inner.http.url()
    }

    /// Does a registry answer there, does it let us in, and has it the context?
    pub async fn ping(&self) -> Result<(), Failure> {
        if !self.inner.http.context.is_default() {
            self.find_context().await?;
        }
        let types = self.inner.http.get::<Vec<String>>("reach the registry", &["schemas", "types"]).await;
        match types {
            Ok(_) => Ok(()),
            // Other registries lack this path; all have subjects.
            Err(failure) if failure.kind == FailureKind::NotFound || failure.kind == FailureKind::Malformed => {
                self.subjects().await.map(|_| ())
            }
            Err(failure) => Err(failure),
        }
    }

    async fn find_context(&self) -> Result<(), Failure> {
        const OPERATION: &str = "find a context";
        let http = &self.inner.http;
        let context = &http.context;
        let found: Vec<String> =
            http.get_of_all(OPERATION, &["contexts"]).await.map_err(|failure| match failure.kind {
                FailureKind::NotFound | FailureKind::Malformed => {
                    http.failure(FailureKind::Unsupported, OPERATION, "this registry has no contexts")
                }
                _ => failure,
            })?;
        let found: Vec<RegistryContext> = found.iter().filter_map(|text| RegistryContext::parse(text).ok()).collect();
        if found.contains(context) {
            return Ok(());
        }
        let named: Vec<String> = found.iter().map(ToString::to_string).collect();
        let message = format!("it has no context {context}; it has {}", named.join(", "));
        Err(http.failure(FailureKind::NotFound, OPERATION, message).hint("A context is there once it has a subject."))
    }

    /// The names of all subjects of the context, in their order.
    pub async fn subjects(&self) -> Result<Vec<String>, Failure> {
        let subjects: Vec<String> = self.inner.http.get("list subjects", &["subjects"]).await?;
        let own = subjects.iter().filter_map(|subject| self.inner.http.context.own(subject));
        let mut subjects: Vec<String> = own.map(str::to_owned).collect();
        subjects.sort_unstable();
        Ok(subjects)
    }

    /// A subject's name within the context. The ids of another one mean other schemas here.
    pub fn own<'a>(&self, subject: &'a str) -> Result<&'a str, Failure> {
        let http = &self.inner.http;
        let context = &http.context;
        context.own(subject).ok_or_else(|| {
            let message = format!("the subject {subject} is not of the context {context}");
            http.failure(FailureKind::Invalid, "choose a subject", message)
                .hint("Name its context with --registry-context, or in the profile.")
        })
    }

    /// A name within the context, or the one among those of all of another's.
    fn named(&self, subject: String) -> String {
        match self.inner.http.context.own(&subject) {
            Some(own) => own.to_owned(),
            None => subject,
        }
    }

    fn refers_to(&self, references: Vec<Reference>) -> Vec<Reference> {
        let named = |reference: Reference| Reference { subject: self.named(reference.subject), ..reference };
        references.into_iter().map(named).collect()
    }

    fn version(&self, found: Version) -> SchemaVersion {
        let Version { subject, version, id, schema, schema_type, references, guid: _ } = found;
        let refers_to = self.refers_to(references);
        SchemaVersion { subject: self.named(subject), version, id, schema_type, text: schema, refers_to }
    }

    /// The newest version of a subject.
    pub async fn latest(&self, subject: &str) -> Result<SchemaVersion, Failure> {
        let operation = "read the latest schema";
        let subject = self.own(subject)?;
        let version: Version =
            self.inner.http.get(operation, &["subjects", subject, "versions", "latest"]).await.map_err(|failure| {
                if failure.kind == FailureKind::NotFound { failure.on(format!("subject {subject}")) } else { failure }
            })?;
        Ok(self.version(version))
    }

    /// What a reference means here.
    pub async fn referred(&self, to: &Reference) -> Result<SchemaVersion, Failure> {
        let path = ["subjects", &to.subject, "versions", &to.version.to_string()];
        self.inner.http.get::<Version>("read a referenced schema", &path).await.map(|found| self.version(found))
    }

    /// Where an id is in use, as subject and version. Empty where a registry
    /// cannot tell.
    pub async fn versions_of_id(&self, id: i32) -> Result<Vec<(String, i32)>, Failure> {
        let path = ["schemas", "ids", &id.to_string(), "versions"];
        match self.inner.http.get::<Vec<SubjectVersion>>("read the versions of a schema", &path).await {
            Ok(versions) => {
                let own = |found: SubjectVersion| {
                    Some((self.inner.http.context.own(&found.subject)?.to_owned(), found.version))
                };
                Ok(versions.into_iter().filter_map(own).collect())
            }
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Malformed) => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// The number that a schema has in every registry; `None` where this one tells none.
    pub async fn guid_of(&self, id: i32) -> Result<Option<u128>, Failure> {
        let versions = self.versions_of_id(id).await?;
        let Some((subject, version)) = versions.first() else { return Ok(None) };
        let path = ["subjects", subject, "versions", &version.to_string()];
        let found: Version = self.inner.http.get("read the GUID of a schema", &path).await?;
        Ok(found.guid.and_then(|guid| Uuid::parse_str(&guid).ok()).map(|guid| guid.as_u128()))
    }

    /// The version of `subject` that is this very schema, with these references; `None`
    /// where it has none. They are by this registry's subjects and versions.
    pub async fn version_of(
        &self,
        subject: &str,
        schema_type: &str,
        text: &str,
        refers_to: &[Reference],
    ) -> Result<Option<SchemaVersion>, Failure> {
        let mut body = serde_json::json!({ "schema": text, "schemaType": schema_type });
        if let (Some(body), false) = (body.as_object_mut(), refers_to.is_empty()) {
            body.insert("references".into(), serde_json::json!(refers_to));
        }
        let found = self.inner.http.look_up::<Version>("look a schema up", &["subjects", subject], &body).await;
        match found {
            Ok(version) => Ok(Some(self.version(version))),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The schema that values name by `id`. Asked for once, however many ask.
    pub async fn schema_by_id(&self, id: i32) -> Result<RegisteredSchema, Failure> {
        self.schema(Named::Id(id)).await
    }

    /// The same by GUID, which only newer registries know.
    pub async fn schema_by_guid(&self, guid: u128) -> Result<RegisteredSchema, Failure> {
        self.schema(Named::Guid(guid)).await
    }

    async fn schema(&self, id: Named) -> Result<RegisteredSchema, Failure> {
        let cell = Arc::clone(lock(&self.inner.schemas).entry(id).or_default());
        let found = cell
            .get_or_try_init(|| async {
                // Whoever waited for another's look-up takes over its failure.
                match self.recent_failure(id, Instant::now()) {
                    Some(failure) => Err(failure),
                    None => self.fetch(id).await.inspect_err(|failure| self.remember(id, failure)),
                }
            })
            .await;
        match found {
            Ok(schema) => Ok(schema.clone()),
            Err(failure) => {
                lock(&self.inner.schemas).retain(|known, cell| *known != id || cell.initialized());
                Err(failure)
            }
        }
    }

    fn recent_failure(&self, id: Named, now: Instant) -> Option<Failure> {
        let failures = lock(&self.inner.failures);
        let (until, failure) = failures.get(&id)?;
        (*until > now).then(|| failure.clone())
    }

    fn remember(&self, id: Named, failure: &Failure) {
        let keep = if failure.kind == FailureKind::NotFound { ABSENT_FOR } else { FAILED_FOR };
        let mut failures = lock(&self.inner.failures);
        if failures.len() >= MOST_FAILURES {
            failures.clear();
        }
        failures.insert(id, (Instant::now() + keep, failure.clone()));
    }

    async fn fetch(&self, id: Named) -> Result<RegisteredSchema, Failure> {
        let http = &self.inner.http;
        let kind = match id {
            Named::Id(_) => "ids",
            Named::Guid(_) => "guids",
        };
        let found: SchemaById =
            http.get("read schema", &["schemas", kind, &id.to_string()]).await.map_err(|failure| {
                if failure.kind == FailureKind::NotFound { failure.on(id.to_string()) } else { failure }
            })?;
        let mut references = Vec::new();
        let mut seen = Vec::new();
        let refers_to = self.refers_to(found.references);
        let mut waiting = refers_to.clone();
        while let Some(next) = waiting.pop() {
            let key = (next.subject.clone(), next.version);
            if seen.contains(&key) {
                continue;
            }
            if seen.len() == MOST_REFERENCES {
                let many = format!("it refers to more than {MOST_REFERENCES} schemas");
                return Err(http.failure(FailureKind::Malformed, "read schema", many).on(id.to_string()));
            }
            seen.push(key);
            let referenced = self.referred(&next).await?;
            references.push((next.name, referenced.text));
            waiting.extend(referenced.refers_to);
        }
        references.reverse();
        // Without a label a schema is as readable as with one.
        let label = match id {
            Named::Id(id) => self.versions_of_id(id).await.ok().and_then(|versions| label(&versions)),
            Named::Guid(_) => Some(id.to_string()),
        };
        Ok(RegisteredSchema { text: found.schema, schema_type: found.schema_type, references, refers_to, label })
    }
}

/// A subject's version, with how many more use the same schema. The shortest name
/// is taken: the subject of a mirrored or derived topic is a longer one.
fn label(versions: &[(String, i32)]) -> Option<String> {
    let (subject, version) = versions.iter().min_by_key(|(subject, version)| (subject.len(), subject, *version))?;
    Some(match versions.len() - 1 {
        0 => format!("{subject} v{version}"),
        more => format!("{subject} v{version} +{more}"),
    })
}

#[cfg(test)]
mod tests;
