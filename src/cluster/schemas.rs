//! Schemas by id, made ready once and kept, for decoders that do no I/O.
//!
//! A missing registry, an unknown id and a registry that is down are each a
//! sentence that stands beside the value. How long a failed look-up is believed is
//! the registry's to say: here its reason is kept, and it is asked again.

use super::lock;
use super::named::Named;
use super::own_schemas::OwnSchemas;
use crate::decode::{Reference, SchemaLookup, SchemaState, WriterSchema};
use crate::domain::query::Part;
use crate::domain::{Failure, FailureKind};
use crate::services::registry::{RegisteredSchema, Registry};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// A registry answers each id once; more ids than this in one topic are hostile.
const MAX_SCHEMAS: usize = 4096;

pub(super) struct Schemas {
    registry: Option<Arc<Registry>>,
    known: Mutex<HashMap<i32, Entry>>,
    by_guid: Mutex<HashMap<u128, Entry>>,
    own: OwnSchemas,
}

enum Entry {
    Ready(Arc<WriterSchema>),
    /// It was found and cannot be read, which no later look changes.
    Unusable(Arc<str>),
    /// It was not found, when last asked for.
    Missing(Arc<str>),
}

impl Schemas {
    pub(super) fn new(registry: Option<Arc<Registry>>, own: OwnSchemas) -> Self {
        Self { registry, known: Mutex::default(), by_guid: Mutex::default(), own }
    }

    pub(super) fn registry(&self) -> Option<&Registry> {
        self.registry.as_deref()
    }

    /// Is one of those named not there yet?
    pub(super) fn lacks(&self, named: &Named) -> bool {
        fn lacks<K: Eq + Hash>(known: &Mutex<HashMap<K, Entry>>, names: &BTreeSet<K>) -> bool {
            let is_there = |entry: Option<&Entry>| matches!(entry, Some(Entry::Ready(_) | Entry::Unusable(_)));
            let known = lock(known);
            names.iter().any(|name| !is_there(known.get(name)))
        }
        self.registry.is_some() && (lacks(&self.known, &named.ids) || lacks(&self.by_guid, &named.guids))
    }

    /// Fetches what is not known yet of those named. Failures are kept, not returned:
    /// they show beside the values that need them.
    pub(super) async fn resolve(&self, named: Named) {
        let Some(registry) = &self.registry else { return };
        tokio::join!(
            fetch(&self.known, named.ids, |id| registry.schema_by_id(id)),
            fetch(&self.by_guid, named.guids, |guid| registry.schema_by_guid(guid)),
        );
    }
}

async fn fetch<K: Copy + Eq + Hash + Ord, A: Future<Output = Result<RegisteredSchema, Failure>>>(
    known: &Mutex<HashMap<K, Entry>>,
    names: BTreeSet<K>,
    ask: impl Fn(K) -> A,
) {
    let wanted: Vec<K> = {
        let known = lock(known);
        let is_new = |name: &K| !known.contains_key(name);
        let new = names.iter().copied().filter(is_new).take(MAX_SCHEMAS.saturating_sub(known.len()));
        let again = names.iter().copied().filter(|name| matches!(known.get(name), Some(Entry::Missing(_))));
        new.chain(again).collect()
    };
    let fetched = futures::future::join_all(wanted.into_iter().map(|name| {
        let asked = ask(name);
        async move {
            let entry = match asked.await {
                Ok(found) => match prepare(&found) {
                    Ok(schema) => Entry::Ready(Arc::new(schema)),
                    Err(reason) => Entry::Unusable(reason.into()),
                },
                Err(failure) => Entry::Missing(reason(&failure).into()),
            };
            (name, entry)
        }
    }))
    .await;
    lock(known).extend(fetched);
}

pub(super) fn prepare(found: &RegisteredSchema) -> Result<WriterSchema, String> {
    WriterSchema::parse(&found.text, &found.schema_type, &references(found), label(found))
}

/// The same, to write by.
pub(super) fn prepare_to_write(found: &RegisteredSchema) -> Result<WriterSchema, String> {
    WriterSchema::parse_to_write(&found.text, &found.schema_type, &references(found), label(found))
}

fn references(found: &RegisteredSchema) -> Vec<Reference> {
    found.references.iter().map(|(name, text)| Reference { name: name.clone(), text: text.clone() }).collect()
}

fn label(found: &RegisteredSchema) -> Option<Arc<str>> {
    found.label.as_deref().map(Arc::from)
}

fn reason(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Timeout | FailureKind::Unreachable => format!("the registry is down: {}", failure.message),
        FailureKind::Malformed => {
            format!("{} ({}). {}", failure.message, failure.target, failure.hint.as_deref().unwrap_or_default())
        }
        _ => failure.message.clone(),
    }
}

impl Schemas {
    fn state(&self, entry: Option<&Entry>, name: impl Display) -> SchemaState {
        if self.registry.is_none() {
            return SchemaState::Missing("the profile has no registry".into());
        }
        match entry {
            Some(Entry::Ready(schema)) => SchemaState::Ready(Arc::clone(schema)),
            Some(Entry::Unusable(reason) | Entry::Missing(reason)) => SchemaState::Missing(reason.to_string()),
            None => SchemaState::Missing(format!("schema {name} was not asked for")),
        }
    }
}

impl SchemaLookup for Schemas {
    fn schema(&self, id: i32) -> SchemaState {
        self.state(lock(&self.known).get(&id), id)
    }

    fn by_guid(&self, guid: u128) -> SchemaState {
        self.state(lock(&self.by_guid).get(&guid), format_args!("{guid:032x}"))
    }

    fn of_topic(&self, topic: &str, part: Part) -> Option<&Result<Arc<WriterSchema>, String>> {
        self.own.of_topic(topic, part)
    }

    fn by_fingerprint(&self, fingerprint: u64) -> Option<Arc<WriterSchema>> {
        self.own.by_fingerprint(fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::registry::Options;
    use serde_json::json;
    use std::time::Duration;
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    async fn schemas(answers: &[(i32, u16, serde_json::Value)]) -> (MockServer, Schemas) {
        let server = MockServer::start().await;
        for (id, status, body) in answers {
            Mock::given(path(format!("/schemas/ids/{id}")))
                .respond_with(ResponseTemplate::new(*status).set_body_json(body))
                .expect(1)
                .mount(&server)
                .await;
        }
        let options = Options {
            url: server.uri(),
            context: crate::domain::registry_context::RegistryContext::default(),
            auth: None,
            extra_ca: None,
            timeout: Duration::from_secs(10),
            user_agent: "klamm/test".into(),
        };
        let schemas = Schemas::new(Some(Arc::new(Registry::new(options).unwrap())), OwnSchemas::default());
        (server, schemas)
    }

    fn said(schemas: &Schemas, id: i32) -> String {
        match schemas.schema(id) {
            SchemaState::Missing(reason) => reason,
            SchemaState::Ready(_) => "ready".into(),
            SchemaState::Pending => "pending".into(),
        }
    }

    /// Each id reaches the registry once (the server counts): what is not there
    /// is remembered in one place, the registry's client.
    #[tokio::test]
    async fn each_id_reaches_the_registry_once() {
        let absent = json!({"error_code": 40_403, "message": "Schema not found"});
        let answers =
            [(1, 200, json!({"schema": "\"string\""})), (2, 404, absent), (3, 200, json!({"schema": "{\"type\":"}))];
        let (_server, schemas) = schemas(&answers).await;
        assert_eq!(said(&schemas, 1), "schema 1 was not asked for");
        for _ in 0..3 {
            schemas.resolve(Named { ids: BTreeSet::from([1, 2, 3]), ..Named::default() }).await;
        }
        assert_eq!(said(&schemas, 1), "ready");
        assert!(said(&schemas, 2).contains("not"), "{}", said(&schemas, 2));
        assert_ne!(said(&schemas, 3), "ready");
        assert!(matches!(lock(&schemas.known).get(&3), Some(Entry::Unusable(_))));
    }

    #[tokio::test]
    async fn noise_that_names_ids_costs_no_endless_memory() {
        let (_server, schemas) = schemas(&[]).await;
        let ids = (0..i32::try_from(MAX_SCHEMAS).unwrap() + 100).collect();
        schemas.resolve(Named { ids, ..Named::default() }).await;
        assert_eq!(lock(&schemas.known).len(), MAX_SCHEMAS);
    }
}
