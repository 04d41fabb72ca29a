//! May a schema follow another? Avro's rules of resolution, as the library has them.
//!
//! Owns the levels and what each of them asks for.

use super::store::Version;
use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};

/// What a subject's versions promise each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Level {
    None,
    #[default]
    Backward,
    BackwardTransitive,
    Forward,
    ForwardTransitive,
    Full,
    FullTransitive,
}

impl Level {
    const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::BackwardTransitive,
        Self::Forward,
        Self::ForwardTransitive,
        Self::Full,
        Self::FullTransitive,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::Forward => "FORWARD",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::Full => "FULL",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// Those of a subject's versions that a new one is held against.
    pub(super) fn chosen(self, versions: &[Version]) -> &[Version] {
        match self {
            Self::None => &[],
            Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive => versions,
            Self::Backward | Self::Forward | Self::Full => {
                versions.split_at_checked(versions.len().saturating_sub(1)).map_or(&[], |(_, last)| last)
            }
        }
    }
}

/// The most that is said about one conflict: the library prints whole schemas.
const MAX_REASON: usize = 300;

pub(super) fn parse(text: &str, referenced: &[String]) -> Result<Schema, String> {
    // A bare type name is a schema too.
    let is_bare = !text.trim_start().starts_with(['{', '[', '"']);
    let quoted = if is_bare { serde_json::Value::from(text.trim()).to_string() } else { text.to_owned() };
    let parsed = Schema::parse_str_with_list(&quoted, referenced);
    parsed.map(|(schema, _)| schema).map_err(|error| shortened(&error.to_string()))
}

/// Does the new schema keep what the level promises about the old one?
pub(super) fn check(new: &Schema, old: &Schema, level: Level) -> Result<(), String> {
    let (reads_old, is_read) = match level {
        Level::None => (false, false),
        Level::Backward | Level::BackwardTransitive => (true, false),
        Level::Forward | Level::ForwardTransitive => (false, true),
        Level::Full | Level::FullTransitive => (true, true),
    };
    if reads_old {
        can_read(old, new).map_err(|reason| format!("the new schema cannot read what the old one wrote: {reason}"))?;
    }
    if is_read {
        can_read(new, old).map_err(|reason| format!("the old schema cannot read what the new one writes: {reason}"))?;
    }
    Ok(())
}

fn can_read(writer: &Schema, reader: &Schema) -> Result<(), String> {
    match SchemaCompatibility::can_read(writer, reader) {
        Ok(Compatibility::Full) => Ok(()),
        Ok(Compatibility::Partial) => Err("some values, of an enum or a union, have no counterpart".to_owned()),
        Err(error) => Err(shortened(&error.to_string())),
    }
}

fn shortened(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(MAX_REASON).collect()
}
