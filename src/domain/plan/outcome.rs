//! What became of a plan, as the journal keeps it.

use super::{Severity, Warning};
use crate::domain::produce::Written;
use crate::domain::resend::Reached;
use crate::domain::{Failure, Time};
use serde::{Deserialize, Deserializer, Serialize};

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Sent, acknowledged, and read back as planned.
    Done,
    /// The cluster said no; nothing changed.
    Failed(Failure),
    /// Acknowledged, but the read-back shows something else.
    Overwritten { found: String },
    /// No answer: it may or may not have happened.
    Unknown(Failure),
    /// Not tried because an earlier step failed.
    Skipped,
    /// Its result was never written; looked at later, it had not happened.
    NotDone,
}

impl StepStatus {
    /// The cluster is as it was before.
    pub fn is_unchanged(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Skipped | Self::NotDone)
    }
}

/// What became of a plan: one status for each step, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub plan_id: String,
    pub at: Time,
    pub steps: Vec<StepStatus>,
    /// What was found at read-back.
    #[serde(deserialize_with = "notes")]
    pub notes: Vec<Warning>,
    /// Where records went that were written; empty for other changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<Written>,
    /// How far each step has come that sends records; empty for other changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reached: Vec<Reached>,
}

/// Notes of today, and those of the first journals, which were bare sentences.
fn notes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Warning>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Note {
        Weighed(Warning),
        Bare(String),
    }
    let notes = Vec::<Note>::deserialize(deserializer)?;
    let weigh = |note| match note {
        Note::Weighed(note) => note,
        Note::Bare(text) => Warning::new(Severity::Note, text),
    };
    Ok(notes.into_iter().map(weigh).collect())
}

impl Outcome {
    /// Nothing but what became of the steps.
    pub fn of(plan_id: impl Into<String>, at: Time, steps: Vec<StepStatus>) -> Self {
        let (notes, written, reached) = (Vec::new(), Vec::new(), Vec::new());
        Self { plan_id: plan_id.into(), at, steps, notes, written, reached }
    }

    pub fn done(&self) -> usize {
        self.steps.iter().filter(|status| **status == StepStatus::Done).count()
    }

    pub fn is_complete(&self) -> bool {
        self.done() == self.steps.len()
    }
}
