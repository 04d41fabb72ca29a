//! A plan on screen: shown, confirmed, applied, read back.
//!
//! Invariant: nothing is applied before the frame with the last row and the
//! checks was drawn, and the key that confirms was read after that frame.

use crate::domain::plan::{Change, Outcome, Plan, StepStatus, Warning};
use crate::domain::produce::Written;
use crate::domain::{Failure, Offset, PartitionId, Time, TopicName};
use crate::tui::app::effect::Request;
use crate::tui::command::Place;
use std::sync::Arc;

/// How far a plan has come.
#[derive(Clone, Debug)]
pub enum Stage {
    /// It is being worked out: nothing is changed by that.
    Loading,
    Failed(Failure),
    Shown(Arc<Plan>),
    /// The user said yes; the group still has members.
    Waiting(Arc<Plan>),
    Applying {
        plan: Arc<Plan>,
        steps: Vec<Option<StepStatus>>,
    },
    Done {
        plan: Arc<Plan>,
        outcome: Outcome,
    },
    /// It ended without an outcome.
    Broken {
        plan: Arc<Plan>,
        failure: Failure,
    },
}

/// How far records that are sent again have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub records: u64,
    /// Offsets that are gone through, of so many.
    pub passed: u64,
    pub offsets: u64,
}

/// Another profile's cluster, which is the one that is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub profile: String,
    pub colour: Option<String>,
    pub is_read_only: bool,
    pub is_production: bool,
}

#[derive(Debug)]
pub struct PlanDialog {
    /// "reset of fraud-scoring"
    pub what: String,
    pub stage: Stage,
    /// Makes the plan again.
    pub request: Request,
    pub scroll: usize,
    /// When the frame with the plan's end was drawn.
    pub end_drawn: Option<Time>,
    /// The plan that was confirmed before the wait: the new one must say the same.
    pub confirmed: Option<Arc<Plan>>,
    /// What was found some time after it was applied.
    pub afterwards: Vec<Warning>,
    /// What is written to, where it is not the cluster that is open.
    pub elsewhere: Option<Elsewhere>,
    pub sent: Option<Sent>,
}

impl PlanDialog {
    pub fn new(what: impl Into<String>, request: Request) -> Self {
        Self {
            what: what.into(),
            stage: Stage::Loading,
            request,
            scroll: 0,
            end_drawn: None,
            confirmed: None,
            afterwards: Vec::new(),
            elsewhere: None,
            sent: None,
        }
    }

    pub fn place(&self) -> Place {
        match self.stage {
            Stage::Loading | Stage::Failed(_) | Stage::Shown(_) | Stage::Waiting(_) => Place::Plan,
            Stage::Applying { .. } | Stage::Done { .. } | Stage::Broken { .. } => Place::PlanResult,
        }
    }

    pub fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.stage {
            Stage::Loading | Stage::Failed(_) => None,
            Stage::Shown(plan)
            | Stage::Waiting(plan)
            | Stage::Applying { plan, .. }
            | Stage::Done { plan, .. }
            | Stage::Broken { plan, .. } => Some(plan),
        }
    }

    /// It waits for yes or no.
    pub fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Shown(_))
    }

    pub fn was_shown(&self) -> bool {
        self.is_ready() && self.end_drawn.is_some()
    }

    pub fn is_blocked(&self) -> bool {
        self.plan().is_some_and(|plan| plan.failed_check().is_some())
    }

    pub fn is_applying(&self) -> bool {
        matches!(self.stage, Stage::Applying { .. })
    }

    /// Why what was applied cannot be taken back, in a few words; `None` where it can, or
    /// where nothing was applied yet.
    pub fn why_it_stays(&self) -> Option<&'static str> {
        match &self.stage {
            Stage::Done { plan, .. } | Stage::Broken { plan, .. } if plan.not_undoable.is_some() => {
                Some(plan.change.why_it_stays().unwrap_or("nothing of it can be taken back"))
            }
            Stage::Done { outcome, .. } if outcome.steps.iter().all(StepStatus::is_unchanged) => {
                Some("nothing was changed")
            }
            Stage::Loading
            | Stage::Failed(_)
            | Stage::Shown(_)
            | Stage::Waiting(_)
            | Stage::Applying { .. }
            | Stage::Done { .. }
            | Stage::Broken { .. } => None,
        }
    }

    /// Members of a group keep it from being applied: they may leave.
    pub fn can_wait(&self) -> bool {
        matches!(&self.stage, Stage::Shown(plan) if !plan.waits_for().is_empty())
    }

    /// A new plan replaces the one on screen.
    pub fn show(&mut self, plan: Arc<Plan>) {
        self.stage = Stage::Shown(plan);
        self.scroll = 0;
        self.end_drawn = None;
    }

    /// Where the first record is that it has written, if it is known.
    pub fn first_written(&self) -> Option<(TopicName, PartitionId, Offset)> {
        let Stage::Done { plan, outcome } = &self.stage else { return None };
        let Change::Produce(produce) = &plan.change else { return None };
        let known = |written: &Written| Some((produce.topic.clone(), written.partition, written.first?));
        outcome.written.iter().find_map(known)
    }

    /// What became of step `index`, as far as it is known.
    pub fn status(&self, index: usize) -> Option<&StepStatus> {
        match &self.stage {
            Stage::Applying { steps, .. } => steps.get(index).and_then(Option::as_ref),
            Stage::Done { outcome, .. } => outcome.steps.get(index),
            Stage::Loading | Stage::Failed(_) | Stage::Shown(_) | Stage::Waiting(_) | Stage::Broken { .. } => None,
        }
    }
}

/// Would both write the same? Before-images may differ.
pub fn same_targets(a: &Plan, b: &Plan) -> bool {
    let targets = |plan: &Plan| -> Vec<_> {
        plan.moves().map(|step| (step.topic.clone(), step.topic_id, step.partition, step.target)).collect()
    };
    a.change == b.change && a.steps.len() == b.steps.len() && targets(a) == targets(b)
}
