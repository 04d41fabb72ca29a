//! What the file says about the console: its theme, its keys, its signs.
//!
//! Owns: the values, each with its place. Must not know themes or commands:
//! whoever does judges the names, and says what is wrong with
//! [`Loaded::warning`](super::Loaded::warning).

/// A value and where it stands, line and column from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    pub value: T,
    pub line: usize,
    pub column: usize,
}

/// One line of `[keys]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySetting {
    /// A command's id.
    pub command: Placed<String>,
    /// Its keys; none takes them all away.
    pub keys: Vec<Placed<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleSettings {
    pub theme: Option<Placed<String>>,
    pub keymap: Option<Placed<String>>,
    /// No character outside ASCII is drawn. Said by the locale otherwise.
    pub ascii: Option<bool>,
    pub keys: Vec<KeySetting>,
}
