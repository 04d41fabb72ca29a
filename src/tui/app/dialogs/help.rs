//! The keys: those that work in the place below, or all.

use crate::tui::app::screens::filter::Filter;
use crate::tui::command::Place;

#[derive(Debug)]
pub struct HelpDialog {
    pub of: Place,
    pub scroll: usize,
    /// Shows only rows with these letters.
    pub filter: Filter,
    pub shows_all: bool,
}

impl HelpDialog {
    pub fn new(of: Place) -> Self {
        Self { of, scroll: 0, filter: Filter::default(), shows_all: false }
    }

    pub fn place(&self) -> Place {
        if self.filter.is_editing { Place::Filter } else { Place::Help }
    }
}
