//! A record that is being typed: what does not stand in the lines of its form.

use crate::domain::TopicName;
use crate::domain::produce::NewRecord;
use crate::domain::writing::WrittenAs;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDraft {
    pub topic: TopicName,
    /// The one that it begins as a copy of.
    pub base: Option<NewRecord>,
    /// The base's value as one can change it, and how that is written.
    pub readable: Option<(String, WrittenAs)>,
    /// A value from the editor that no line can hold.
    pub edited: Option<String>,
    pub subjects: Subjects,
}

/// The subjects of the registry, which values may be written by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Subjects {
    /// The profile has no registry.
    #[default]
    NoRegistry,
    Asked,
    Known(Arc<Vec<String>>),
    /// Why they are not known.
    Failed(String),
}

impl Subjects {
    pub fn known(&self) -> &[String] {
        match self {
            Self::Known(subjects) => subjects,
            Self::NoRegistry | Self::Asked | Self::Failed(_) => &[],
        }
    }
}
