//! Bytes that must stand in a record for a query to be met, told from the query alone.
//!
//! Invariant: a record that meets the query holds what is needed in the bytes it was
//! written in, or one of its parts names a schema, or the guard stands in it: behind an
//! escape, a document may spell any text differently. Where nothing of this kind is
//! certain, nothing is needed.

use super::ast::{Comparison, Condition, Field, Literal, Path, Query, Test, Text};
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// What bytes must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// They may hold anything.
    Nothing,
    Bytes(Needle),
    All(Vec<Need>),
    Any(Vec<Need>),
}

/// Looked for in every record, and prepared once.
static UNICODE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u"));

/// Bytes, and what may stand for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    text: Text,
    guard: Guard,
}

/// What a document may hide a text behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// It is looked for as it was written and nowhere else.
    None,
    /// `\u`: letters and digits are escaped in no other way.
    Unicode,
    /// `\`
    Backslash,
}

impl Need {
    /// What `query` needs of a record whose parts name no schema.
    pub fn of(query: &Query) -> Self {
        match query {
            Query::And(parts) => Self::all(parts.iter().map(Self::of)),
            Query::Or(parts) => Self::any(parts.iter().map(Self::of).collect()),
            Query::Not(_) => Self::Nothing,
            Query::Test(test) => of_test(test),
        }
    }

    fn all(parts: impl Iterator<Item = Self>) -> Self {
        let mut parts: Vec<Self> = parts.filter(|part| *part != Self::Nothing).collect();
        match parts.len() {
            0 => Self::Nothing,
            1 => parts.remove(0),
            _ => Self::All(parts),
        }
    }

    fn any(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            _ if parts.contains(&Self::Nothing) => Self::Nothing,
            1 => parts.remove(0),
            _ => Self::Any(parts),
        }
    }

    /// May these bytes hold a record that meets the query, as far as none of their
    /// parts names a schema? They may be those of many records.
    pub fn may_be_in(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Nothing => true,
            Self::Bytes(needle) => needle.may_be_in(bytes),
            Self::All(parts) => parts.iter().all(|part| part.may_be_in(bytes)),
            Self::Any(parts) => parts.iter().any(|part| part.may_be_in(bytes)),
        }
    }
}

impl Needle {
    fn of(text: &str, may_be_escaped: bool) -> Need {
        // A replaced character stands for bytes that are not its own.
        if text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER) {
            return Need::Nothing;
        }
        let has_own_escape = |c: char| c.is_control() || matches!(c, '"' | '\\' | '/');
        let guard = match may_be_escaped {
            false => Guard::None,
            true if text.contains(has_own_escape) => Guard::Backslash,
            true => Guard::Unicode,
        };
        Need::Bytes(Self { text: text.into(), guard })
    }

    fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.text.is_in(bytes)
            || match self.guard {
                Guard::None => false,
                Guard::Unicode => UNICODE.find(bytes).is_some(),
                Guard::Backslash => memchr::memchr(b'\\', bytes).is_some(),
            }
    }
}

fn of_test(test: &Test) -> Need {
    let condition = &test.condition;
    match &test.field {
        Field::Anywhere => of_condition(condition, true),
        Field::Key(path) | Field::Value(path) => {
            // The names on the way stand in every document that has them.
            let names = names(path).map(|name| Needle::of(name, true));
            Need::all(names.chain([of_condition(condition, true)]))
        }
        Field::Header(name) => Need::all([Needle::of(name, false), of_condition(condition, false)].into_iter()),
        Field::Topic | Field::Partition | Field::Offset | Field::Timestamp | Field::Size => Need::Nothing,
        Field::Format | Field::Schema => Need::Nothing,
    }
}

fn names(path: &Path) -> impl Iterator<Item = &str> {
    path.0.iter().filter_map(|step| match step {
        super::Step::Name(name) => Some(&**name),
        super::Step::Index(_) | super::Step::Each => None,
    })
}

fn of_condition(condition: &Condition, may_be_escaped: bool) -> Need {
    let literal = |literal: &Literal| match literal {
        Literal::Text(text) => Needle::of(text, may_be_escaped),
        // One number is written in many ways; nothing is written as nothing.
        Literal::Number(_) | Literal::Time(_) | Literal::Null => Need::Nothing,
        Literal::Bool(value) => Needle::of(if *value { "true" } else { "false" }, may_be_escaped),
    };
    match condition {
        Condition::Compare(Comparison::Equal, wanted) => literal(wanted),
        Condition::In(wanted) => Need::any(wanted.iter().map(literal).collect()),
        Condition::Contains(text) => pieces(text.as_str(), may_be_escaped),
        Condition::StartsWith(text) => pieces(text, may_be_escaped),
        Condition::Compare(..) | Condition::Matches(_) | Condition::Exists => Need::Nothing,
    }
}

/// A document is shown without the white space that may have stood at its signs.
fn pieces(text: &str, may_be_escaped: bool) -> Need {
    let is_sign = |c: char| may_be_escaped && "{}[]:,".contains(c);
    Need::all(text.split(is_sign).map(|piece| Needle::of(piece, may_be_escaped)))
}
