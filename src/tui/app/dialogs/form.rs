//! A few text fields and what they are for.

use super::draft::RecordDraft;
use crate::domain::{GroupId, Offset, PartitionId, TopicName};
use crate::tui::app::input::TextInput;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormPurpose {
    CreateTopic,
    /// Where to read the records of this topic from.
    RecordsFrom(TopicName),
    RecordsContains,
    /// Which fields stand in the list.
    RecordsColumns,
    /// By which field the records kept are counted.
    RecordsByField,
    /// A record for this topic.
    Produce(Box<RecordDraft>),
    /// Which group to put at this record.
    ResetGroupHere {
        topic: TopicName,
        partition: PartitionId,
        offset: Offset,
    },
    /// Where to send this record again, or all that are looked for.
    SendAgain {
        topic: TopicName,
        partition: PartitionId,
        offset: Offset,
        /// It says where it failed.
        is_letter: bool,
    },
    /// Which records of the list to write to which file.
    ExportRecords,
    /// Which group to reset, from a topic.
    ResetGroupOfTopic(TopicName),
    /// Which file names groups and their offsets.
    ImportOffsets,
    /// What the cluster shall keep for this group.
    ConfigureGroup(GroupId),
    /// Which group gets the offsets of this one.
    CopyGroup(GroupId),
    PartitionWish(TopicName),
    /// Which broker of the demo to stop, or to start again.
    SwitchBroker,
    SaveText {
        text: String,
    },
    /// What the copy of this profile is called.
    DuplicateProfile(String),
}

impl FormPurpose {
    /// Its first line names fields of records.
    pub fn names_fields(&self) -> bool {
        matches!(self, Self::RecordsContains | Self::RecordsColumns | Self::RecordsByField)
    }

    /// Something may be offered below its lines.
    pub fn offers(&self) -> bool {
        self.names_fields() || matches!(self, Self::Produce(_))
    }
}

#[derive(Debug)]
pub struct Field {
    pub label: &'static str,
    pub hint: String,
    pub input: TextInput,
}

#[derive(Debug)]
pub struct Form {
    pub purpose: FormPurpose,
    pub title: String,
    pub fields: Vec<Field>,
    pub focus: usize,
    pub error: Option<String>,
    /// The character of the line in focus that the error is about.
    pub error_at: Option<usize>,
    /// Ids offered for the field, as far as they match what is typed.
    pub choices: Vec<GroupId>,
    /// Names of fields or schemas that the last word may become.
    pub offered: Vec<String>,
}

impl Form {
    pub fn new(purpose: FormPurpose, title: impl Into<String>, fields: Vec<Field>) -> Self {
        Self {
            purpose,
            title: title.into(),
            fields,
            focus: 0,
            error: None,
            error_at: None,
            choices: Vec::new(),
            offered: Vec::new(),
        }
    }

    pub fn field(label: &'static str, value: &str, hint: impl Into<String>) -> Field {
        Field { label, hint: hint.into(), input: TextInput::with(value) }
    }

    pub fn input_mut(&mut self) -> Option<&mut TextInput> {
        (self.error, self.error_at) = (None, None);
        self.fields.get_mut(self.focus).map(|field| &mut field.input)
    }

    pub fn text(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", |field| field.input.text().trim())
    }

    /// As it was typed, so that characters can be counted in it.
    pub fn line(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", |field| field.input.text())
    }

    pub fn move_focus(&mut self, by: isize) {
        let count = isize::try_from(self.fields.len()).unwrap_or(1).max(1);
        let focus = isize::try_from(self.focus).unwrap_or(0);
        self.focus = (focus + by).rem_euclid(count).unsigned_abs();
    }
}
