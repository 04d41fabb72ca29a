//! Anything by a few letters of its name: commands, topics, groups, profiles,
//! places.

use crate::tui::app::find::Hit;
use crate::tui::app::input::TextInput;
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct PaletteDialog {
    pub input: TextInput,
    pub cursor: usize,
    /// What was found for `found_for`.
    pub hits: Arc<Vec<Hit>>,
    /// The text that the hits belong to; another one is still being searched for.
    pub found_for: String,
    /// Which of the lines typed before stands in the field, counted from the newest.
    pub recalled: Option<usize>,
}

impl PaletteDialog {
    /// The hits are those of what is typed.
    pub fn is_settled(&self) -> bool {
        self.found_for == self.input.text()
    }
}
