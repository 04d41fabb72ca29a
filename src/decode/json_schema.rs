//! JSON held against a JSON Schema of any draft from 4 to 2020-12.
//!
//! Owns: reading the schema and what it refers to, and saying at which place a value
//! does not fit. Must not know: where schemas come from; it fetches nothing.
//! Invariant: hostile schemas and values cost bounded time, memory and stack.
//!
//! A checker of our own because a library's tries every branch to its end: ten
//! alternatives that contain each other, ten deep, would take hours, and a chain of
//! references the stack. It would also put numbers through floats, refuse a schema for
//! one pattern that JavaScript knows, and take a third of a megabyte of the binary. In the
//! tests a library is the independent witness.

mod check;
mod compile;
mod format;
mod number;
mod pattern;
mod resources;

use super::Reference;
use super::avro::encode::Misfit;
use super::json;
use crate::domain::value::Value;
use resources::Resources;

/// A schema, ready to hold values against.
pub(super) struct Checker {
    plan: compile::Plan,
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checker").field("nodes", &self.plan.nodes.len()).finish()
    }
}

impl Checker {
    /// `references` are all that a `$ref` is looked for in, by the names that they are
    /// referred to by.
    pub fn parse(text: &str, references: &[Reference]) -> Result<Self, String> {
        let main = json::read(text.as_bytes()).map_err(|error| format!("its schema is no JSON: {error}"))?;
        let read = |reference: &Reference| {
            let value = json::read(reference.text.as_bytes());
            let value = value.map_err(|error| format!("its reference {} is no JSON: {error}", reference.name))?;
            Ok::<_, String>((reference.name.clone(), value))
        };
        let others = references.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let resources = Resources::index(&main, others.iter().map(|(name, value)| (name.as_str(), value)))?;
        Ok(Self { plan: compile::compile(&resources, &main)? })
    }

    /// Where a value does not fit first, and why.
    pub fn check(&self, value: &Value) -> Result<(), Misfit> {
        check::check(&self.plan, value)
    }

    /// The patterns that are not looked for, each with the reason.
    pub fn unchecked(&self) -> impl Iterator<Item = (&str, &str)> {
        let patterns = self.plan.patterns.iter();
        patterns.filter_map(|pattern| Some((&*pattern.text, pattern.regex.as_ref().err()?.as_str())))
    }
}

/// A value in an error: its beginning. However large it is, it costs little.
fn short(value: &Value) -> String {
    const LONGEST: usize = 40;
    let (shown, is_cut) = match value {
        Value::Text(text) => {
            let begin: String = text.chars().take(LONGEST).collect();
            let is_cut = begin.len() < text.len();
            (Value::Text(begin.into()).to_json(), is_cut)
        }
        other => {
            let begin = other.preview(LONGEST);
            let shown: String = begin.chars().take(LONGEST).collect();
            let is_cut = shown.len() < begin.len();
            (shown, is_cut)
        }
    };
    if is_cut { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests;
