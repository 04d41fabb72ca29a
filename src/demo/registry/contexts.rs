//! The contexts of the registry, and which of them a request is about.

use super::store::{Refusal, Store};
use crate::domain::registry_context::RegistryContext;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Contexts kept at most: this is a demo, and a client may be a loop.
const MAX_CONTEXTS: usize = 100;

/// The default one is always there.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    default: Store,
    others: BTreeMap<RegistryContext, Store>,
}

impl From<Store> for Contexts {
    fn from(default: Store) -> Self {
        Self { default, others: BTreeMap::new() }
    }
}

impl Contexts {
    fn all(&self) -> impl Iterator<Item = &Store> {
        std::iter::once(&self.default).chain(self.others.values())
    }

    /// Of a request on one context. One that holds nothing after it is forgotten again.
    fn on(
        &mut self,
        context: RegistryContext,
        answer: impl FnOnce(&mut Store) -> Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        if context.is_default() {
            return answer(&mut self.default);
        }
        if self.others.len() >= MAX_CONTEXTS && !self.others.contains_key(&context) {
            return Err(Refusal::Full);
        }
        let store = self.others.entry(context.clone());
        let store = store.or_insert_with(|| Store::of(context.clone()));
        let answered = answer(store);
        if store.is_empty() {
            self.others.remove(&context);
        }
        answered
    }
}

pub(super) fn route(
    all: &mut Contexts,
    method: &Method,
    path: &str,
    query: &str,
    body: &[u8],
) -> Result<Value, Refusal> {
    let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(super::unescape).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (by_path, rest) = match segments.as_slice() {
        ["contexts"] if *method == Method::GET => {
            return Ok(all.all().map(|store| json!(store.context().to_string())).collect());
        }
        ["contexts", context, rest @ ..] => {
            (Some(RegistryContext::parse(context).map_err(|_| Refusal::NoSuchPath)?), rest)
        }
        rest => (None, rest),
    };
    match rest {
        // Without a context those of all are told.
        ["subjects"] if by_path.is_none() && *method == Method::GET => {
            let has_deleted = query.split('&').any(|part| part == "deleted=true");
            Ok(json!(all.all().flat_map(|store| store.subjects(has_deleted)).collect::<Vec<_>>()))
        }
        ["schemas", "guids", guid, more @ ..] if *method == Method::GET => by_guid(all, guid, more),
        _ => {
            let mut rest = rest.to_vec();
            let asked = query.split('&').find_map(|part| part.strip_prefix("subject=")).map(super::unescape);
            let by_name = match rest.as_mut_slice() {
                ["subjects" | "config", subject, ..] | ["compatibility", "subjects", subject, ..]
                    if subject.starts_with(":.") =>
                {
                    let (context, bare) = RegistryContext::split(subject);
                    *subject = bare;
                    Some(context)
                }
                ["schemas", "ids", ..] => asked
                    .as_deref()
                    .filter(|subject| subject.starts_with(":."))
                    .map(|subject| RegistryContext::split(subject).0),
                _ => None,
            };
            let context = by_name.or(by_path).unwrap_or_default();
            all.on(context, |store| super::route(store, method, &rest, query, body))
        }
    }
}

/// A GUID means the same in each context.
fn by_guid(all: &Contexts, guid: &str, more: &[&str]) -> Result<Value, Refusal> {
    let guid = Uuid::parse_str(guid).map_err(|_| Refusal::NoSchema)?;
    let mut found = all.all().filter_map(|store| Some((store, store.id_of_guid(guid)?))).peekable();
    let (store, id) = *found.peek().ok_or(Refusal::NoSchema)?;
    match more {
        [] => store.by_id(&id.to_string()),
        ["ids"] => Ok(found.map(|(store, id)| json!({"context": store.context().to_string(), "id": id})).collect()),
        _ => Err(Refusal::NoSuchPath),
    }
}
