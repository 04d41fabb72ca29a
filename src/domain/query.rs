//! The language that says which records are wanted:
//! `value.customer.id = 42 and not headers.retry exists`.
//!
//! Owns: reading a query and saying where it is wrong, what it means for a record,
//! and what it implies for reading at all.
//! Must not know: how records are fetched or decoded; they come through [`Subject`].
//! Invariant: a query that was typed or pasted costs bounded time and stack, however
//! it looks. What cannot be known of a record is [`Truth::Unknown`], never "no".
//!
//! A field that a record does not have meets no comparison, not even `!=`;
//! `not value.state = "open"` takes those without a state, too. A list meets a
//! comparison when one of its elements does. `contains`, `starts-with` and `matches`
//! look at bytes as they were written and, where these are encoded or escaped, at the
//! value as it is shown. Words without a field are looked for in key, value and headers.

mod asked;
mod ast;
mod evaluate;
mod lexer;
mod literal;
mod narrow;
mod needle;
mod number;
mod parser;
mod pick;
mod places;
mod reach;

pub use asked::{Asked, AskedParts};
pub use ast::{Comparison, Condition, Field, Literal, Path, Pattern, Query, Step, Test, Text};
pub use evaluate::{Part, Subject, Truth, truth};
pub use narrow::{Narrowed, Range, narrow};
pub use needle::{Guard, Need, Needle};
pub use number::Number;
pub use parser::{Moment, QueryError, parse, read_field};
pub use pick::pick;

/// Characters of a query.
pub const MAX_CHARACTERS: usize = 16_384;
/// How deep parentheses and `not` may lie in each other.
pub const MAX_DEPTH: usize = 64;
/// Comparisons and words of one query.
pub const MAX_TESTS: usize = 1_000;

#[cfg(test)]
mod tests;
