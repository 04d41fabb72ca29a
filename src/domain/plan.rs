//! A change as data: shown in full, checked, applied exactly as shown.
//!
//! Plans are built by pure functions, shared by the dialogs and the command
//! line, written to the journal before anything is sent, and never altered
//! after they were shown. Only `cluster` applies them.

mod outcome;
mod steps;

pub use outcome::{Outcome, StepStatus};
pub use steps::{Adjusted, NextRecord, OffsetMove, Step};

use super::produce::Produce;
use super::resend::{Destination, Resend};
use super::{GroupId, Time, TopicName, show};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What kind of change this is, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Change {
    ResetOffsets {
        group: GroupId,
        creates_group: bool,
    },
    /// Offsets of several groups move; each step names its own.
    ResetGroups {
        groups: Vec<GroupId>,
        /// Those among them that are not there: a commit makes them.
        creates: Vec<GroupId>,
        /// Those among them that are share groups: they begin elsewhere.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shares: Vec<GroupId>,
    },
    /// A share group begins elsewhere, and forgets what it acknowledged.
    ResetShareGroup {
        group: GroupId,
    },
    AddPartitions {
        topic: TopicName,
    },
    CreateTopic {
        topic: TopicName,
    },
    DeleteTopic {
        topic: TopicName,
    },
    /// Groups go, with all they committed.
    DeleteGroups {
        groups: Vec<GroupId>,
    },
    /// Some of its committed offsets go; the group stays.
    DeleteOffsets {
        group: GroupId,
    },
    /// A share group keeps nothing of some topics any more; the group stays.
    DeleteShareOffsets {
        group: GroupId,
    },
    RemoveMembers {
        group: GroupId,
    },
    /// What the cluster keeps for the group, and its members follow.
    ConfigureGroup {
        group: GroupId,
    },
    /// Records are written to a topic.
    Produce(Box<Produce>),
    /// Records are sent again, from partitions that the steps name.
    Resend(Box<Resend>),
    /// Takes back the plan with this id.
    Undo {
        of: String,
        /// `None`: each step names its own.
        group: Option<GroupId>,
    },
}

impl Change {
    /// Why nothing takes it back, in a few words; `None` where that depends on the change.
    pub fn why_it_stays(&self) -> Option<&'static str> {
        match self {
            Self::Produce(_) | Self::Resend(_) => Some("a record that was written stays"),
            Self::DeleteTopic { .. } => Some("a deleted topic is gone"),
            Self::AddPartitions { .. } => Some("partitions are never taken away"),
            Self::RemoveMembers { .. } => Some("clients join by themselves"),
            Self::ResetShareGroup { .. } | Self::DeleteShareOffsets { .. } => Some("what a share group forgot is gone"),
            Self::ResetOffsets { .. }
            | Self::ResetGroups { .. }
            | Self::CreateTopic { .. }
            | Self::DeleteGroups { .. }
            | Self::DeleteOffsets { .. }
            | Self::ConfigureGroup { .. }
            | Self::Undo { .. } => None,
        }
    }

    /// The name of what is changed.
    pub fn target(&self) -> Cow<'_, str> {
        match self {
            Self::ResetOffsets { group, .. }
            | Self::ResetShareGroup { group }
            | Self::DeleteOffsets { group }
            | Self::DeleteShareOffsets { group }
            | Self::RemoveMembers { group }
            | Self::ConfigureGroup { group }
            | Self::Undo { group: Some(group), .. } => group.as_str().into(),
            Self::DeleteGroups { groups } | Self::ResetGroups { groups, .. } => name_of(groups),
            Self::Undo { of, group: None } => of.into(),
            Self::Produce(produce) => produce.topic.as_str().into(),
            Self::Resend(resend) => match &resend.to {
                Destination::Topic { topic, .. } => topic.as_str().into(),
                Destination::Origin => "where they failed".into(),
                Destination::Same => "their topics".into(),
            },
            Self::AddPartitions { topic } | Self::CreateTopic { topic } | Self::DeleteTopic { topic } => {
                topic.as_str().into()
            }
        }
    }

    /// The group whose offsets the steps move that name none.
    pub fn group(&self) -> Option<&GroupId> {
        match self {
            Self::ResetOffsets { group, .. }
            | Self::ResetShareGroup { group }
            | Self::DeleteOffsets { group }
            | Self::DeleteShareOffsets { group }
            | Self::RemoveMembers { group }
            | Self::ConfigureGroup { group } => Some(group),
            Self::DeleteGroups { groups } | Self::ResetGroups { groups, .. } => match groups.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            Self::Undo { group, .. } => group.as_ref(),
            Self::AddPartitions { .. }
            | Self::CreateTopic { .. }
            | Self::DeleteTopic { .. }
            | Self::Produce(_)
            | Self::Resend(_) => None,
        }
    }

    /// The topic that is made, grown or deleted.
    pub fn topic(&self) -> Option<&TopicName> {
        match self {
            Self::AddPartitions { topic } | Self::CreateTopic { topic } | Self::DeleteTopic { topic } => Some(topic),
            Self::ResetOffsets { .. }
            | Self::ResetGroups { .. }
            | Self::ResetShareGroup { .. }
            | Self::DeleteGroups { .. }
            | Self::DeleteOffsets { .. }
            | Self::DeleteShareOffsets { .. }
            | Self::RemoveMembers { .. }
            | Self::ConfigureGroup { .. }
            | Self::Produce(_)
            | Self::Resend(_)
            | Self::Undo { .. } => None,
        }
    }

    /// The moves of this group are of the start offsets of a share group, which are set by
    /// requests of their own.
    pub fn is_of_share_group(&self, group: &GroupId) -> bool {
        match self {
            Self::ResetGroups { shares, .. } => shares.contains(group),
            _ => matches!(self, Self::ResetShareGroup { .. } | Self::DeleteShareOffsets { .. }),
        }
    }

    /// The groups in which nobody may be when it is applied.
    fn needs_empty(&self) -> &[GroupId] {
        match self {
            Self::ResetOffsets { group, .. }
            | Self::ResetShareGroup { group }
            | Self::DeleteShareOffsets { group }
            | Self::Undo { group: Some(group), .. } => std::slice::from_ref(group),
            Self::DeleteGroups { groups } | Self::ResetGroups { groups, .. } => groups,
            // What the members do not read may go while they are there.
            Self::DeleteOffsets { .. }
            | Self::RemoveMembers { .. }
            | Self::ConfigureGroup { .. }
            | Self::AddPartitions { .. }
            | Self::CreateTopic { .. }
            | Self::DeleteTopic { .. }
            | Self::Produce(_)
            | Self::Resend(_)
            | Self::Undo { group: None, .. } => &[],
        }
    }
}

/// What several groups are called together; also what is typed to confirm.
pub fn name_of(groups: &[GroupId]) -> Cow<'_, str> {
    match groups {
        [only] => only.as_str().into(),
        many => show::plural(many.len(), "group").into(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Note,
    /// Look before you go on.
    Warning,
    /// Something will break.
    Danger,
}

/// A sentence with its weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub severity: Severity,
    pub text: String,
}

impl Warning {
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { severity, text: text.into() }
    }
}

/// How the user says yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// By `y`.
    Yes,
    /// By typing this name.
    TypeName(String),
}

/// A precondition that was looked at while the plan was made, and is looked at
/// again before it is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `None`: could not be found out.
    pub passed: Option<bool>,
    /// "the group is empty"
    pub text: String,
    /// Worth knowing before one goes on, and no reason not to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_advice: bool,
}

impl Check {
    /// A plan whose check failed is not applied.
    pub fn new(passed: Option<bool>, text: impl Into<String>) -> Self {
        Self { passed, text: text.into(), is_advice: false }
    }

    /// A check that keeps nobody from going on.
    pub fn advice(passed: Option<bool>, text: impl Into<String>) -> Self {
        Self { is_advice: true, ..Self::new(passed, text) }
    }

    /// Does it keep the plan from being applied?
    pub fn blocks(&self) -> bool {
        self.passed == Some(false) && !self.is_advice
    }
}

/// A change, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Unique per plan: made from the time and a counter by the room that builds it.
    pub id: String,
    pub change: Change,
    /// One line: what becomes of what.
    pub title: String,
    /// More lines under the title: instants in two zones, totals.
    pub summary: Vec<String>,
    pub steps: Vec<Step>,
    pub checks: Vec<Check>,
    pub warnings: Vec<Warning>,
    pub confirm: Confirm,
    /// Why it cannot be undone; `None` when it can.
    pub not_undoable: Option<String>,
    /// The same as a `klamm …` command line.
    pub command_line: String,
    /// As of when the before-images and targets hold.
    pub made_at: Time,
    /// The change that began and was cut short, whose rest this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finishes: Option<String>,
}

impl Plan {
    /// The offset moves in order, for plans about offsets.
    pub fn moves(&self) -> impl Iterator<Item = &OffsetMove> {
        self.steps.iter().filter_map(|step| match step {
            Step::MoveOffset(step) => Some(step),
            _ => None,
        })
    }

    /// The first check that failed: the plan must not be applied.
    pub fn failed_check(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.blocks())
    }

    /// Whose offset a step moves. Only a plan that was put together wrongly has a
    /// move without a group.
    pub fn group_of<'a>(&'a self, step: &'a OffsetMove) -> Option<&'a GroupId> {
        step.group.as_ref().or_else(|| self.change.group())
    }

    /// Every group whose offsets move or which goes, each once.
    pub fn groups(&self) -> BTreeSet<&GroupId> {
        let moved = self.moves().filter_map(|step| self.group_of(step));
        moved.chain(self.deleted_groups().map(|(_, group)| group)).collect()
    }

    /// Does this plan itself add the partition that `step` is about?
    pub fn adds(&self, step: &OffsetMove) -> bool {
        self.steps.iter().any(|other| match other {
            Step::AddPartitions { topic, before, after, .. } => {
                *topic == step.topic && (*before..*after).contains(&step.partition)
            }
            Step::MoveOffset(_)
            | Step::CreateTopic { .. }
            | Step::DeleteTopic { .. }
            | Step::DeleteGroup { .. }
            | Step::RemoveMember { .. }
            | Step::Produce(_)
            | Step::Resend(_)
            | Step::SetGroupConfig { .. } => false,
        })
    }

    /// The groups that go with this plan, each with the index of its step.
    pub fn deleted_groups(&self) -> impl Iterator<Item = (usize, &GroupId)> {
        self.steps.iter().enumerate().filter_map(|(index, step)| match step {
            Step::DeleteGroup { group } => Some((index, group)),
            _ => None,
        })
    }

    /// Does this plan delete the group itself, and its offsets by that?
    pub fn deletes(&self, group: &GroupId) -> bool {
        self.deleted_groups().any(|(_, deleted)| deleted == group)
    }

    /// The groups whose members keep the plan from being applied: worth waiting for.
    pub fn waits_for(&self) -> &[GroupId] {
        if self.failed_check().is_some() { self.change.needs_empty() } else { &[] }
    }
}
