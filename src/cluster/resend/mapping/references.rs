//! What a schema refers to, as another registry has it.
//!
//! A reference names a subject and a version, which another registry counts by itself. It
//! means the same there where a version of the same subject has the same text, and that
//! refers to the same in turn. How far it goes is bounded in depth and number: registries
//! are not believed.

use super::{OPERATION, REGISTER};
use crate::domain::registry_context::RegistryContext;
use crate::domain::{Failure, FailureKind};
use crate::services::registry::{MOST_REFERENCES, Reference, Registry};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

/// Schemas that refer to each other deeper than this go round in circles.
const DEEPEST: usize = 32;

pub(super) struct References<'a> {
    from: &'a Registry,
    to: &'a Registry,
    /// The subject and version there of what was found, by those here.
    known: HashMap<(String, i32), (String, i32)>,
}

impl<'a> References<'a> {
    pub(super) fn between(from: &'a Registry, to: &'a Registry) -> Self {
        Self { from, to, known: HashMap::new() }
    }

    /// The same references in the other registry; `depth` is 0 for those of a schema that
    /// values name.
    pub(super) fn all<'b>(
        &'b mut self,
        references: &'b [Reference],
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Reference>, Failure>> + Send + 'b>> {
        Box::pin(async move {
            let mut all = Vec::with_capacity(references.len().min(MOST_REFERENCES));
            for reference in references {
                let (subject, version) = self.one(reference, depth).await?;
                all.push(Reference { name: reference.name.clone(), subject, version });
            }
            Ok(all)
        })
    }

    async fn one(&mut self, reference: &Reference, depth: usize) -> Result<(String, i32), Failure> {
        let here = (reference.subject.clone(), reference.version);
        if let Some(there) = self.known.get(&here) {
            return Ok(there.clone());
        }
        if depth == DEEPEST || self.known.len() == MOST_REFERENCES {
            let message = format!(
                "{}: there are more than {MOST_REFERENCES} of them, or they go round in circles",
                self.from.url()
            );
            return Err(Failure::new(FailureKind::Malformed, OPERATION, message));
        }
        let meant = self.from.referred(reference).await?;
        let refers_to = self.all(&meant.refers_to, depth + 1).await?;
        let mut found = self.to.version_of(&reference.subject, &meant.schema_type, &meant.text, &refers_to).await?;
        let (_, bare) = RegistryContext::split(&reference.subject);
        if found.is_none() && bare != reference.subject {
            // What another context holds here may lie beside the rest there.
            found = self.to.version_of(bare, &meant.schema_type, &meant.text, &refers_to).await?;
        }
        let Some(found) = found else {
            let Reference { name, subject, version } = reference;
            let message =
                format!("{} has not the same as {subject} v{version} ({name}) under that subject", self.to.url());
            return Err(Failure::new(FailureKind::NotFound, OPERATION, message).hint(REGISTER));
        };
        let there = (found.subject, found.version);
        self.known.insert(here, there.clone());
        Ok(there)
    }
}
