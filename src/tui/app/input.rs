//! A line of text that is being typed.
//!
//! Owns: the only use of the text area widget. Must not know what the text is for.
//! Invariant: one line; what is pasted loses its line breaks.

use crate::tui::command::{Chord, Key};
use tui_textarea::{CursorMove, Input, Key as AreaKey, TextArea};

#[derive(Clone, Debug, Default)]
pub struct TextInput {
    area: TextArea<'static>,
}

impl TextInput {
    pub fn with(text: &str) -> Self {
        let mut area = TextArea::new(vec![one_line(text)]);
        area.move_cursor(CursorMove::End);
        Self { area }
    }

    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// The cursor's place, in characters.
    pub fn cursor(&self) -> usize {
        self.area.cursor().1
    }

    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Returns whether the text changed.
    pub fn press(&mut self, chord: Chord) -> bool {
        let key = match chord.key() {
            Key::Char(c) => AreaKey::Char(c),
            Key::Backspace => AreaKey::Backspace,
            Key::Delete => AreaKey::Delete,
            Key::Left => AreaKey::Left,
            Key::Right => AreaKey::Right,
            Key::Home => AreaKey::Home,
            Key::End => AreaKey::End,
            Key::Enter
            | Key::Esc
            | Key::Tab
            | Key::Insert
            | Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::F(_) => return false,
        };
        // The widget takes ctrl-m for a line break.
        if chord.has_ctrl() && key == AreaKey::Char('m') {
            return false;
        }
        self.area.input(Input { key, ctrl: chord.has_ctrl(), alt: chord.has_alt(), shift: chord.has_shift() })
    }

    pub fn paste(&mut self, text: &str) -> bool {
        self.area.insert_str(one_line(text))
    }
}

fn one_line(text: &str) -> String {
    text.trim_matches(['\r', '\n']).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_editing_and_pasting_stay_on_one_line() {
        let mut input = TextInput::with("orders");
        assert!(input.paste(".v1\nrm -rf\u{1b}[2J\n"));
        assert_eq!(input.text(), "orders.v1 rm -rf [2J");
        assert!(!input.press(Chord::parse("enter").unwrap()));
        assert!(!input.press(Chord::parse("ctrl-m").unwrap()));
        assert!(input.press(Chord::parse("backspace").unwrap()));
        assert_eq!((input.text(), input.cursor()), ("orders.v1 rm -rf [2", 19));
    }
}
