//! A few choices below each other.

use crate::domain::topic_formats;
use crate::tui::app::copy::CopyChoice;
use crate::tui::app::look::Look;
use crate::tui::app::screens::records::Choice;

#[derive(Clone, Debug)]
pub enum MenuPurpose {
    /// Which colours: the one under the cursor is on screen at once.
    Theme,
    /// What goes to the clipboard.
    Copy(Vec<CopyChoice>),
    /// How the records kept are looked at.
    RecordViews,
    /// How keys and values are read.
    View,
    /// How keys alone are.
    KeyView,
}

#[derive(Debug)]
pub struct Menu {
    pub purpose: MenuPurpose,
    pub title: String,
    pub cursor: usize,
}

impl Menu {
    /// How many choices there are.
    pub fn len(&self, look: &Look) -> usize {
        match &self.purpose {
            MenuPurpose::Theme => look.themes.len(),
            MenuPurpose::Copy(choices) => choices.len(),
            MenuPurpose::RecordViews => Choice::ALL.len(),
            MenuPurpose::View | MenuPurpose::KeyView => topic_formats::WORDS.len(),
        }
    }
}
