//! Changes made by klamm, and what can be taken back.

use crate::cluster::JournalView;
use crate::tui::app::list::Selection;
use crate::tui::app::remote::Remote;

#[derive(Debug, Default)]
pub struct JournalScreen {
    pub view: Remote<JournalView>,
    /// By plan id.
    pub selection: Selection<String>,
}

impl JournalScreen {
    pub fn arrange(&mut self) {
        if let Some(view) = self.view.value() {
            self.selection.settle(view.entries.len(), |row| view.entries.get(row).map(|entry| entry.plan.id.clone()));
        }
    }
}
