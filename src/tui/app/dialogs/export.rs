//! Records that are being written to a file, or were.

use crate::domain::record::TieredPart;
use crate::domain::{Failure, show};
use crate::tui::app::effect::ExportWish;

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportProgress {
    pub records: u64,
    pub bytes: u64,
    /// How far the search is that they come from.
    pub searched: String,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    pub progress: ExportProgress,
    /// It was stopped; what is in the file is whole.
    pub is_stopped: bool,
    /// What was not covered, or was taken for granted.
    pub notes: Vec<String>,
    pub failures: Vec<Failure>,
    /// So much lies in remote storage, and nothing was written: there is no file.
    pub tiered: Option<TieredPart>,
}

#[derive(Debug)]
pub enum ExportStage {
    Running,
    /// It ends behind what is being written.
    Stopping,
    Done(Exported),
    Failed(Failure),
}

#[derive(Debug)]
pub struct ExportDialog {
    pub wish: ExportWish,
    pub stage: ExportStage,
    pub progress: ExportProgress,
    pub scroll: usize,
}

impl ExportDialog {
    pub fn new(wish: ExportWish) -> Self {
        Self { wish, stage: ExportStage::Running, progress: ExportProgress::default(), scroll: 0 }
    }

    /// It waits for a word on what lies in remote storage.
    pub fn asks_tiered(&self) -> Option<TieredPart> {
        match &self.stage {
            ExportStage::Done(exported) => exported.tiered,
            ExportStage::Running | ExportStage::Stopping | ExportStage::Failed(_) => None,
        }
    }

    /// "12,034 records, 3.1 MiB"
    pub fn said(&self) -> String {
        let records = show::plural(self.progress.records, "record");
        format!("{records}, {}", show::size(self.progress.bytes))
    }
}
