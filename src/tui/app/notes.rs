//! What klamm says: toasts, and the list they end in.
//!
//! Invariant: at most 200 are kept, at most three are on screen.

use crate::domain::Time;
use std::collections::VecDeque;

const KEPT: usize = 200;
const SHOWN: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Info,
    Warning,
    Bad,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub at: Time,
    pub tone: Tone,
    pub text: String,
}

#[derive(Debug, Default)]
pub struct Notes {
    /// Oldest first.
    kept: VecDeque<Note>,
    /// How many of the newest are toasts still.
    on_screen: usize,
}

impl Notes {
    /// Shows a toast. Returns false when the very same was just said.
    pub fn say(&mut self, at: Time, tone: Tone, text: impl Into<String>) -> bool {
        let text = text.into();
        if self.on_screen > 0 && self.kept.back().is_some_and(|last| last.text == text) {
            return false;
        }
        let shown = self.on_screen;
        self.keep(at, tone, text);
        self.on_screen = (shown + 1).min(SHOWN);
        true
    }

    /// Keeps what is on screen elsewhere already.
    pub fn keep(&mut self, at: Time, tone: Tone, text: impl Into<String>) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        // What is kept only must not look like a toast: those end before it.
        self.on_screen = 0;
        self.kept.push_back(Note { at, tone, text: text.into() });
    }

    pub fn toasts(&self) -> impl Iterator<Item = &Note> {
        self.kept.iter().skip(self.kept.len().saturating_sub(self.on_screen))
    }

    /// Takes the oldest toast away; returns whether others are left.
    pub fn fade(&mut self) -> bool {
        self.on_screen = self.on_screen.saturating_sub(1);
        self.on_screen > 0
    }

    pub fn newest_first(&self) -> impl Iterator<Item = &Note> {
        self.kept.iter().rev()
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_bounded_and_not_repeated() {
        let mut notes = Notes::default();
        for number in 0..500 {
            assert!(notes.say(Time(number), Tone::Info, number.to_string()));
            assert!(!notes.say(Time(number), Tone::Info, number.to_string()));
        }
        assert_eq!((notes.len(), notes.toasts().count()), (KEPT, SHOWN));
        assert!(notes.fade() && notes.fade() && !notes.fade());
        assert_eq!(notes.newest_first().next().map(|note| note.text.as_str()), Some("499"));
    }
}
