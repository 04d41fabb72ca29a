//! Schemas by id, fetched once and kept, for decoders that do no I/O.
//!
//! A missing registry, an unknown id and a registry that is down are each a
//! sentence that stands beside the value. Only answers are kept for good; a
//! failure is asked again after half a minute.

use super::lock;
use crate::decode::{Reference, SchemaLookup, SchemaState, WriterSchema};
use crate::domain::{Failure, FailureKind};
use crate::services::registry::{RegisteredSchema, Registry};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A registry answers each id once; more ids than this in one topic are hostile.
const MAX_SCHEMAS: usize = 4096;
/// How long a failed look-up is believed.
const FAILURE_HOLDS: Duration = Duration::from_secs(30);

pub(super) struct Schemas {
    registry: Option<Arc<Registry>>,
    known: Mutex<HashMap<i32, Entry>>,
}

enum Entry {
    Ready(Arc<WriterSchema>),
    Failed { reason: Arc<str>, at: Instant },
}

impl Schemas {
    pub(super) fn new(registry: Option<Arc<Registry>>) -> Self {
        Self { registry, known: Mutex::default() }
    }

    pub(super) fn registry(&self) -> Option<&Registry> {
        self.registry.as_deref()
    }

    /// Fetches what is not known yet of `ids`. Failures are kept, not returned:
    /// they show beside the values that need them.
    pub(super) async fn resolve(&self, ids: BTreeSet<i32>) {
        let Some(registry) = &self.registry else { return };
        let missing: Vec<i32> = {
            let known = lock(&self.known);
            ids.into_iter()
                .filter(|id| match known.get(id) {
                    None => true,
                    Some(Entry::Ready(_)) => false,
                    Some(Entry::Failed { at, .. }) => at.elapsed() >= FAILURE_HOLDS,
                })
                .take(MAX_SCHEMAS.saturating_sub(known.len()))
                .collect()
        };
        let fetched = futures::future::join_all(missing.into_iter().map(|id| async move {
            let answer = match registry.schema_by_id(id).await {
                Ok(found) => prepare(&found),
                Err(failure) => Err(reason(&failure)),
            };
            (id, answer)
        }))
        .await;
        let mut known = lock(&self.known);
        for (id, answer) in fetched {
            let entry = match answer {
                Ok(schema) => Entry::Ready(Arc::new(schema)),
                Err(reason) => Entry::Failed { reason: reason.into(), at: Instant::now() },
            };
            known.insert(id, entry);
        }
    }
}

fn prepare(found: &RegisteredSchema) -> Result<WriterSchema, String> {
    let references: Vec<Reference> =
        found.references.iter().map(|(name, text)| Reference { name: name.clone(), text: text.clone() }).collect();
    WriterSchema::parse(&found.text, &found.schema_type, &references, found.label.as_deref().map(Arc::from))
}

fn reason(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Timeout | FailureKind::Unreachable => format!("the registry is down: {}", failure.message),
        _ => failure.message.clone(),
    }
}

impl SchemaLookup for Schemas {
    fn schema(&self, id: i32) -> SchemaState {
        if self.registry.is_none() {
            return SchemaState::Missing("the profile has no registry".into());
        }
        match lock(&self.known).get(&id) {
            Some(Entry::Ready(schema)) => SchemaState::Ready(Arc::clone(schema)),
            Some(Entry::Failed { reason, .. }) => SchemaState::Missing(reason.to_string()),
            None => SchemaState::Missing(format!("schema {id} was not asked for")),
        }
    }
}
