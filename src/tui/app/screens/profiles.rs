//! Saved clusters, and the first screen when there are none.

use crate::tui::app::list::Selection;
use crate::tui::app::session::ProfileCard;

#[derive(Debug, Default)]
pub struct ProfilesView {
    pub cards: Vec<ProfileCard>,
    /// By name.
    pub selection: Selection<String>,
    /// Where profiles are kept, for the words that say how to add one.
    pub file: String,
    /// What was wrong with the file, with line and column.
    pub warnings: Vec<String>,
}

impl ProfilesView {
    pub fn arrange(&mut self) {
        let cards = &self.cards;
        self.selection.settle(cards.len(), |row| cards.get(row).map(|card| card.name.clone()));
    }
}
