//! Where the parts of a schema are, by the names that they refer to each other by.
//!
//! Owns: the documents, which part of them has a name of its own (`$id`), anchors, and
//! following a `$ref`. Only what was given is found: nothing is fetched and no file read.

use crate::domain::value::Value;
use std::cell::Cell;
use std::collections::HashMap;
use url::Url;

/// The drafts that are known, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    V4,
    V6,
    V7,
    V2019,
    V2020,
}

impl Draft {
    /// By what `$schema` names.
    fn named(uri: &str) -> Option<Self> {
        let plain = uri.trim_end_matches('#');
        let plain = plain.strip_prefix("https://").or_else(|| plain.strip_prefix("http://"))?;
        Some(match plain.strip_prefix("json-schema.org/")? {
            "draft-04/schema" => Self::V4,
            "draft-06/schema" => Self::V6,
            "draft-07/schema" => Self::V7,
            "draft/2019-09/schema" => Self::V2019,
            "draft/2020-12/schema" | "schema" => Self::V2020,
            _ => return None,
        })
    }

    /// What a value says of itself; `None` where it says nothing.
    fn of(value: &Value) -> Result<Option<Self>, String> {
        let Some(Value::Text(uri)) = value.field("$schema") else { return Ok(None) };
        let unknown = || format!("its $schema is {uri}, and klamm knows the drafts 4, 6, 7, 2019-09 and 2020-12");
        Self::named(uri).map(Some).ok_or_else(unknown)
    }
}

/// A part with a name of its own: a document, or what has an `$id` in one.
pub(super) struct Resource<'a> {
    pub root: &'a Value,
    pub draft: Draft,
    base: Url,
    anchors: HashMap<&'a str, &'a Value>,
    /// Those anchors that a later one of the same name may stand for.
    pub dynamic: HashMap<&'a str, &'a Value>,
}

/// Found behind a `$ref`, and whose it is.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub value: &'a Value,
    pub resource: usize,
    /// The name of the anchor, where it is one that another may stand for.
    pub dynamic: Option<&'a str>,
}

pub(super) struct Resources<'a> {
    all: Vec<Resource<'a>>,
    by_name: HashMap<String, usize>,
    /// By where the roots are in memory.
    roots: HashMap<usize, usize>,
    /// Names that pointers may still be compared with.
    left: Cell<usize>,
}

/// A schema of a hundred thousand references to as many parts would take hours.
const MOST_COMPARED: usize = 100_000_000;

/// Under these stands one schema, a list of them, or one under each name.
const ONE: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "items",
    "additionalItems",
    "contains",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
const LISTS: &[&str] = &["allOf", "anyOf", "oneOf", "items", "prefixItems"];
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas", "dependencies", "definitions", "$defs"];

/// Where a value is in memory: what tells two equal ones from each other.
pub(super) fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

impl<'a> Resources<'a> {
    /// The first document is the schema; the others have the names that it calls them by.
    pub fn index(main: &'a Value, others: impl Iterator<Item = (&'a str, &'a Value)>) -> Result<Self, String> {
        let left = Cell::new(MOST_COMPARED);
        let mut found = Self { all: Vec::new(), by_name: HashMap::new(), roots: HashMap::new(), left };
        // As the registry's own serializers have it: without a word it is draft 7.
        let draft = Draft::of(main)?.unwrap_or(Draft::V7);
        let nowhere = Url::parse("schema:///").map_err(|error| error.to_string())?;
        found.document(main, &nowhere, draft)?;
        let base = found.all.first().map_or(nowhere, |first| first.base.clone());
        for (name, other) in others {
            let draft = Draft::of(other)?.unwrap_or(draft);
            let called = base.join(name).unwrap_or_else(|_| base.clone());
            let at = found.all.len();
            found.document(other, &called, draft)?;
            for name in [name, without_fragment(called.as_str())] {
                found.by_name.entry(name.to_owned()).or_insert(at);
            }
        }
        Ok(found)
    }

    fn document(&mut self, root: &'a Value, base: &Url, draft: Draft) -> Result<(), String> {
        let at = self.add(root, base.clone(), draft);
        self.walk(root, at, true)
    }

    fn add(&mut self, root: &'a Value, base: Url, draft: Draft) -> usize {
        let at = self.all.len();
        self.by_name.entry(without_fragment(base.as_str()).to_owned()).or_insert(at);
        self.roots.insert(address(root), at);
        self.all.push(Resource { root, draft, base, anchors: HashMap::new(), dynamic: HashMap::new() });
        at
    }

    /// Looks for names in a schema and what is in it. As deep as JSON is read.
    fn walk(&mut self, schema: &'a Value, within: usize, is_root: bool) -> Result<(), String> {
        let Value::Record(fields) = schema else { return Ok(()) };
        let Some((mut draft, base)) = self.all.get(within).map(|around| (around.draft, around.base.clone())) else {
            return Ok(());
        };
        let mut within = within;
        // Beside a reference, nothing counted.
        let is_alone = draft < Draft::V2019 && schema.field("$ref").is_some();
        let word = if draft == Draft::V4 { "id" } else { "$id" };
        if let Some(Value::Text(id)) = schema.field(word).filter(|_| !is_alone) {
            let (uri, fragment) = split(id);
            if !uri.is_empty() {
                let base = base.join(uri).map_err(|error| format!("its {word} {id} is no URI: {error}"))?;
                if is_root {
                    self.by_name.entry(without_fragment(base.as_str()).to_owned()).or_insert(within);
                    if let Some(here) = self.all.get_mut(within) {
                        here.base = base;
                    }
                } else {
                    draft = Draft::of(schema)?.unwrap_or(draft);
                    within = self.add(schema, base, draft);
                }
            }
            if draft < Draft::V2019 && !fragment.is_empty() {
                self.anchor(within, fragment, schema, false);
            }
        }
        if draft >= Draft::V2019
            && let Some(Value::Text(name)) = schema.field("$anchor")
        {
            self.anchor(within, name, schema, false);
        }
        if draft >= Draft::V2020
            && let Some(Value::Text(name)) = schema.field("$dynamicAnchor")
        {
            self.anchor(within, name, schema, true);
        }
        for (name, inner) in fields {
            let name = &**name;
            match inner {
                Value::List(items) if LISTS.contains(&name) => {
                    for item in items {
                        self.walk(item, within, false)?;
                    }
                }
                Value::Record(named) if NAMED.contains(&name) => {
                    for (_, item) in named {
                        self.walk(item, within, false)?;
                    }
                }
                inner if ONE.contains(&name) => self.walk(inner, within, false)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn anchor(&mut self, within: usize, name: &'a str, schema: &'a Value, is_dynamic: bool) {
        if let Some(resource) = self.all.get_mut(within) {
            resource.anchors.entry(name).or_insert(schema);
            if is_dynamic {
                resource.dynamic.entry(name).or_insert(schema);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn get(&self, resource: usize) -> Option<&Resource<'a>> {
        self.all.get(resource)
    }

    /// Which resource's root this is.
    pub fn begins(&self, value: &Value) -> Option<usize> {
        self.roots.get(&address(value)).copied()
    }

    /// What a reference in `within` leads to.
    pub fn follow(&self, within: usize, reference: &str) -> Result<Found<'a>, String> {
        let nowhere = |what: &str| format!("its schema refers to {reference}, {what}");
        let (uri, fragment) = split(reference);
        let resource = if uri.is_empty() {
            Some(within)
        } else {
            let joined = self.get(within).and_then(|around| around.base.join(uri).ok());
            let by_uri = joined.and_then(|uri| self.by_name.get(without_fragment(uri.as_str())).copied());
            by_uri.or_else(|| self.by_name.get(uri).copied())
        };
        let resource = resource.ok_or_else(|| nowhere("which is not among its references"))?;
        let target = self.get(resource).ok_or_else(|| nowhere("which is not there"))?;
        let fragment = decoded(fragment).ok_or_else(|| nowhere("which is not written as it should be"))?;
        if fragment.is_empty() {
            return Ok(Found { value: target.root, resource, dynamic: None });
        }
        if let Some(pointer) = fragment.strip_prefix('/') {
            let found = self.at(target.root, resource, pointer);
            let is_tired = self.left.get() < MOST_COMPARED / 100;
            return found.ok_or_else(|| {
                nowhere(if is_tired { "and there is too much to look through" } else { "where nothing is" })
            });
        }
        let dynamic = target.dynamic.get_key_value(fragment.as_str()).map(|(name, _)| *name);
        let value = target.anchors.get(fragment.as_str()).copied().ok_or_else(|| nowhere("where nothing is"))?;
        Ok(Found { value, resource, dynamic })
    }

    /// Follows a JSON pointer, of which the first `/` is gone.
    fn at(&self, root: &'a Value, resource: usize, pointer: &str) -> Option<Found<'a>> {
        let (mut value, mut resource) = (root, resource);
        for token in pointer.split('/') {
            let token = token.replace("~1", "/").replace("~0", "~");
            value = match value {
                Value::Record(fields) => {
                    self.left.set(self.left.get().checked_sub(fields.len())?);
                    value.field(&token)?
                }
                Value::List(items) => items.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
            resource = self.begins(value).unwrap_or(resource);
        }
        Some(Found { value, resource, dynamic: None })
    }
}

fn split(uri: &str) -> (&str, &str) {
    uri.split_once('#').unwrap_or((uri, ""))
}

fn without_fragment(uri: &str) -> &str {
    split(uri).0
}

/// What is written with `%` in a fragment.
fn decoded(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
