//! Changes made by klamm, what can be taken back, and what was never finished.

use crate::cluster::{JournalEntry, JournalView};
use crate::domain::plan::Outcome;
use crate::tui::app::list::Selection;
use crate::tui::app::remote::Remote;

#[derive(Debug, Default)]
pub struct JournalScreen {
    pub view: Remote<JournalView>,
    /// By plan id.
    pub selection: Selection<String>,
    /// What the cluster shows of an unfinished change, by its id.
    pub look: Option<(String, Remote<Outcome>)>,
    /// Unfinished changes were announced.
    pub has_announced: bool,
}

/// Why a change cannot be taken back, in a few words; `None` where it can.
pub fn why_it_stays(entry: &JournalEntry) -> Option<&'static str> {
    let why = entry.plan.change.why_it_stays();
    match &entry.undo {
        Ok(()) => None,
        Err(_) if entry.undone_by.is_some() => Some("it was taken back"),
        Err(_) if entry.plan.not_undoable.is_some() => Some(why.unwrap_or("nothing of it can be taken back")),
        Err(_) if entry.outcome.is_none() => Some("what became of it is not known"),
        Err(_) => Some("nothing was changed"),
    }
}

impl JournalScreen {
    pub fn arrange(&mut self) {
        if let Some(view) = self.view.value() {
            self.selection.settle(view.entries.len(), |row| view.entries.get(row).map(|entry| entry.plan.id.clone()));
        }
    }

    pub fn selected(&self) -> Option<&JournalEntry> {
        self.view.value()?.entries.get(self.selection.cursor())
    }

    /// The selected change, if its end was never written.
    pub fn selected_unfinished(&self) -> Option<&JournalEntry> {
        self.selected().filter(|entry| entry.is_unfinished())
    }

    /// The selected change, if a rest of it can be done.
    pub fn selected_with_rest(&self) -> Option<&JournalEntry> {
        self.selected().filter(|entry| entry.has_rest())
    }

    pub fn unfinished(&self) -> usize {
        self.view.value().map_or(0, |view| view.unfinished().count())
    }

    /// The journal is asked for once when a cluster is opened.
    pub fn was_never_read(&self) -> bool {
        self.view.value().is_none() && self.view.failure().is_none()
    }

    /// What was found of the change `id`.
    pub fn look_at(&self, id: &str) -> Option<&Remote<Outcome>> {
        self.look.as_ref().filter(|(of, _)| of == id).map(|(_, found)| found)
    }

    /// A look at the change `id` begins; what was found of another is forgotten.
    pub fn begin_look(&mut self, id: &str) {
        if self.look_at(id).is_none() {
            self.look = Some((id.to_owned(), Remote::default()));
        }
        if let Some((_, found)) = &mut self.look {
            found.begin();
        }
    }
}
