//! The line of a terminal that says how far a search is.

use crate::cluster::SearchUpdate;
use std::io::{self, IsTerminal as _, Write as _};

/// A line on standard error that is written over; nothing where nobody watches it or
/// where what was found is written to the same terminal.
pub(in crate::cli) struct Status {
    is_watched: bool,
    is_shown: bool,
}

impl Status {
    pub(in crate::cli) fn new(only_counts: bool) -> Self {
        let is_free = only_counts || !io::stdout().is_terminal();
        Self { is_watched: io::stderr().is_terminal() && is_free, is_shown: false }
    }

    pub(super) fn show(&mut self, update: &SearchUpdate) {
        if self.is_watched {
            self.show_line(&update.counts().progress(update.elapsed));
        }
    }

    pub(in crate::cli) fn show_line(&mut self, line: &str) {
        if self.is_watched {
            self.write(&format!("\r{line}\u{1b}[K"));
            self.is_shown = true;
        }
    }

    pub(in crate::cli) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            self.write("\r\u{1b}[K");
        }
    }

    fn write(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        // Nobody can be told when that fails.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}
