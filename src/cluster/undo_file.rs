//! The undo of an applied change of offsets as a CSV that other tools read too.
//!
//! The next shift may sit at another machine: `klamm groups reset --from-file`
//! and `kafka-consumer-groups --reset-offsets --from-file` both take it.

use super::Cluster;
use super::apply::blocking;
use crate::domain::offsets_csv::{self, OffsetRow};
use crate::domain::plan::{Change, OffsetMove, Outcome, Plan, Severity, Warning};
use crate::domain::{Failure, FailureKind};
use std::path::Path;

impl Cluster {
    /// Writes the offsets as they were before `plan`; a sentence about where, or
    /// about why not. Nothing for plans that move no offsets and for the demo.
    pub(super) async fn save_undo_file(&self, plan: &Plan, outcome: &Outcome) -> Option<Warning> {
        match plan.change {
            Change::ResetOffsets { .. }
            | Change::ResetGroups { .. }
            | Change::DeleteGroups { .. }
            | Change::DeleteOffsets { .. } => {}
            // Other tools would commit them, which moves no share group.
            Change::ResetShareGroup { .. } | Change::DeleteShareOffsets { .. } => return None,
            Change::AddPartitions { .. }
            | Change::CreateTopic { .. }
            | Change::DeleteTopic { .. }
            | Change::RemoveMembers { .. }
            | Change::ConfigureGroup { .. }
            | Change::Produce(_)
            | Change::Resend(_)
            | Change::Undo { .. } => return None,
        }
        if outcome.done() == 0 || self.profile().is_demo {
            return None;
        }
        let dir = self.profile().state_dir.clone()?.join("undo");
        let path = dir.join(format!("{}.csv", plan.id));
        let is_commit =
            |step: &&OffsetMove| !plan.group_of(step).is_some_and(|group| plan.change.is_of_share_group(group));
        let rows: Vec<OffsetRow> = plan
            .moves()
            .filter(is_commit)
            .filter_map(|step| {
                Some(OffsetRow {
                    group: step.group.clone(),
                    topic: step.topic.clone(),
                    partition: step.partition,
                    offset: step.before.as_ref()?.offset,
                    metadata: String::new(),
                })
            })
            .collect();
        if rows.is_empty() {
            return None;
        }
        let text = offsets_csv::write(&rows);
        let shown = path.display().to_string();
        match blocking(move || save(&dir, &path, &text)).await {
            Ok(()) => Some(Warning::new(Severity::Note, format!("the offsets as they were: {shown}"))),
            Err(failure) => Some(Warning::new(Severity::Warning, failure.to_string())),
        }
    }
}

fn save(dir: &Path, path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).and_then(|()| std::fs::write(path, text)).map_err(|error| {
        Failure::new(FailureKind::Storage, "write the undo file", error.to_string()).on(path.display().to_string())
    })
}
