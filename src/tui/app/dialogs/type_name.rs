//! A question that is answered by typing a name.

use crate::tui::app::input::TextInput;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeNamePurpose {
    /// Apply the plan below.
    Apply,
    /// Wait for the group below to empty, then apply.
    WaitThenApply,
    /// Allow changes for a while.
    Unlock,
    /// Take the profile out of the file.
    DeleteProfile,
}

#[derive(Debug)]
pub struct TypeName {
    pub purpose: TypeNamePurpose,
    pub expected: String,
    pub input: TextInput,
    /// Something was pasted: the name counts only when it is typed.
    pub was_pasted: bool,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

impl TypeName {
    pub fn new(purpose: TypeNamePurpose, expected: impl Into<String>) -> Self {
        Self { purpose, expected: expected.into(), input: TextInput::default(), was_pasted: false, error: None }
    }

    pub fn is_right(&self) -> bool {
        !self.was_pasted && self.input.text() == self.expected
    }
}
