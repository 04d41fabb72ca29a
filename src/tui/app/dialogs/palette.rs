//! Any command, by a few letters of its name.

use crate::tui::app::input::TextInput;
use crate::tui::command::{Row, search};

#[derive(Debug, Default)]
pub struct PaletteDialog {
    pub input: TextInput,
    pub cursor: usize,
}

impl PaletteDialog {
    pub fn hits(&self) -> Vec<&'static Row> {
        search::search(self.input.text())
    }
}
