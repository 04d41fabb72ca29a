//! The keys that work in the place below.

use crate::tui::command::Place;

#[derive(Debug)]
pub struct HelpDialog {
    pub of: Place,
    pub scroll: usize,
}
