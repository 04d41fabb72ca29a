//! A line of text that is being typed.
//!
//! Owns: the only use of the text area widget, and the keys of readline. Must
//! not know what the text is for.
//! Invariants: one line; what is pasted loses its line breaks; a line has at
//! most [`MOST`] characters.

use crate::tui::command::{Chord, Key};
use secrecy::SecretString;
use tui_textarea::{CursorMove, TextArea};

/// Longer than any path, name or filter one would type.
pub const MOST: usize = 4_096;

#[derive(Clone, Debug, Default)]
pub struct TextInput {
    area: TextArea<'static>,
}

impl TextInput {
    pub fn with(text: &str) -> Self {
        let mut area = TextArea::new(vec![one_line(text).chars().take(MOST).collect()]);
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
        let area = &mut self.area;
        match (chord.key(), chord.has_ctrl(), chord.has_alt()) {
            (Key::Char(c), false, false) => self.type_one(c),
            (Key::Backspace, false, false) | (Key::Char('h'), true, false) => area.delete_char(),
            (Key::Delete, false, false) | (Key::Char('d'), true, false) => area.delete_next_char(),
            // ctrl-w takes a word with its punctuation, alt-backspace stops at it.
            (Key::Char('w'), true, false) => self.delete_back_to_blank(),
            (Key::Backspace, _, _) => area.delete_word(),
            (Key::Char('d'), false, true) | (Key::Delete, _, _) => area.delete_next_word(),
            (Key::Char('u'), true, false) => area.delete_line_by_head(),
            (Key::Char('k'), true, false) => self.delete_to_end(),
            // Terminals send ctrl-_ and ctrl-/ alike, which is read as ctrl-7.
            (Key::Char('_' | '/' | '7'), true, false) => area.undo(),
            (Key::Char('y'), true, false) => self.put_back(),
            (Key::Left, false, false) | (Key::Char('b'), true, false) => self.go(CursorMove::Back),
            (Key::Right, false, false) | (Key::Char('f'), true, false) => self.go(CursorMove::Forward),
            (Key::Left, _, _) | (Key::Char('b'), false, true) => self.go(CursorMove::WordBack),
            (Key::Right, _, _) | (Key::Char('f'), false, true) => self.go_behind_word(),
            (Key::Home, ..) | (Key::Char('a'), true, false) => self.go(CursorMove::Head),
            (Key::End, ..) | (Key::Char('e'), true, false) => self.go(CursorMove::End),
            (
                Key::Char(_)
                | Key::Enter
                | Key::Esc
                | Key::Tab
                | Key::Insert
                | Key::Up
                | Key::Down
                | Key::PageUp
                | Key::PageDown
                | Key::F(_),
                ..,
            ) => false,
        }
    }

    /// Inserts what fits; returns how many characters did not.
    pub fn paste(&mut self, text: &str) -> usize {
        let line = one_line(text);
        let room = MOST.saturating_sub(self.text().chars().count());
        let fitting: String = line.chars().take(room).collect();
        let left = line.chars().count().saturating_sub(room);
        self.area.insert_str(fitting);
        left
    }

    fn type_one(&mut self, character: char) -> bool {
        if self.text().chars().count() >= MOST {
            return false;
        }
        self.area.insert_char(character);
        true
    }

    fn go(&mut self, to: CursorMove) -> bool {
        self.area.move_cursor(to);
        false
    }

    /// Behind the end of this word or the next, as readline does.
    fn go_behind_word(&mut self) -> bool {
        let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
        let rest: Vec<char> = self.text().chars().skip(self.cursor()).collect();
        let blanks = rest.iter().take_while(|c| !is_word(c)).count();
        let word = rest.iter().skip(blanks).take_while(|c| is_word(c)).count();
        let to = u16::try_from(self.cursor() + blanks + word).unwrap_or(u16::MAX);
        self.go(CursorMove::Jump(0, to))
    }

    fn delete_back_to_blank(&mut self) -> bool {
        let before: Vec<char> = self.text().chars().take(self.cursor()).collect();
        let blanks = before.iter().rev().take_while(|c| c.is_whitespace()).count();
        let word = before.iter().rev().skip(blanks).take_while(|c| !c.is_whitespace()).count();
        let to = before.len() - blanks - word;
        self.area.move_cursor(CursorMove::Jump(0, u16::try_from(to).unwrap_or(0)));
        self.area.delete_str(blanks + word)
    }

    /// The widget would take the line break where nothing is left; there is none.
    fn delete_to_end(&mut self) -> bool {
        self.area.delete_line_by_end()
    }

    /// What was deleted last, again.
    fn put_back(&mut self) -> bool {
        let room = MOST.saturating_sub(self.text().chars().count());
        self.area.yank_text().chars().count() <= room && self.area.paste()
    }
}

/// One of a few words.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    words: &'static [&'static str],
    pub at: usize,
}

impl Choice {
    pub fn new(words: &'static [&'static str], at: usize) -> Self {
        Self { words, at: at.min(words.len().saturating_sub(1)) }
    }

    pub fn word(&self) -> &'static str {
        self.words.get(self.at).copied().unwrap_or_default()
    }

    /// Turns to another word; returns whether the key means that here.
    pub fn press(&mut self, chord: Chord) -> bool {
        let count = self.words.len().max(1);
        match chord.key() {
            Key::Left => self.at = (self.at + count - 1) % count,
            Key::Right | Key::Char(' ') => self.at = (self.at + 1) % count,
            // The next word that begins so.
            Key::Char(letter) if !chord.has_ctrl() && !chord.has_alt() => {
                let begins = |at: &usize| {
                    self.words.get(at % count).is_some_and(|word| {
                        word.chars().next().is_some_and(|first| first.eq_ignore_ascii_case(&letter))
                    })
                };
                if let Some(next) = (self.at + 1..=self.at + count).find(begins) {
                    self.at = next % count;
                }
            }
            _ => return false,
        }
        true
    }
}

/// A line that is typed unseen. Its `Debug` shows nothing of it.
#[derive(Clone, Default)]
pub struct SecretInput(TextInput);

impl std::fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretInput(***)")
    }
}

impl SecretInput {
    pub fn line_mut(&mut self) -> &mut TextInput {
        &mut self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many characters were typed.
    pub fn len(&self) -> usize {
        self.0.text().chars().count()
    }

    pub fn secret(&self) -> SecretString {
        self.0.text().into()
    }
}

fn one_line(text: &str) -> String {
    // What will not fit need not be looked at.
    let text: String = text.trim_start_matches(['\r', '\n']).chars().take(MOST * 16).collect();
    text.trim_end_matches(['\r', '\n']).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn press(input: &mut TextInput, keys: &str) {
        for key in keys.split(' ') {
            input.press(Chord::parse(key).unwrap());
        }
    }

    #[test]
    fn typing_editing_and_pasting_stay_on_one_line() {
        let mut input = TextInput::with("orders");
        assert_eq!(input.paste(".v1\nrm -rf\u{1b}[2J\n"), 0);
        assert_eq!(input.text(), "orders.v1 rm -rf [2J");
        assert!(!input.press(Chord::parse("enter").unwrap()));
        assert!(!input.press(Chord::parse("ctrl-m").unwrap()));
        assert!(!input.press(Chord::parse("ctrl-j").unwrap()));
        assert!(input.press(Chord::parse("backspace").unwrap()));
        assert_eq!((input.text(), input.cursor()), ("orders.v1 rm -rf [2", 19));
    }

    #[test]
    fn a_choice_turns_and_goes_to_letters() {
        let mut choice = Choice::new(&["none", "file", "fish", "prompt"], 0);
        for (key, word) in
            [("right", "file"), ("f", "fish"), ("f", "file"), ("left", "none"), ("left", "prompt"), ("x", "prompt")]
        {
            assert!(choice.press(Chord::parse(key).unwrap()));
            assert_eq!(choice.word(), word, "{key}");
        }
        assert!(!choice.press(Chord::parse("enter").unwrap()));
    }

    #[test]
    fn a_secret_line_shows_nothing() {
        let mut input = SecretInput::default();
        input.line_mut().paste("hush");
        assert!(!format!("{input:?}").contains("hush"));
        assert_eq!((input.len(), secrecy::ExposeSecret::expose_secret(&input.secret())), (4, "hush"));
    }

    #[rstest]
    #[case::word_back("alt-b X", "orders.v1 --to Xearliest")]
    #[case::words_back("ctrl-left ctrl-left X", "orders.v1 --Xto earliest")]
    #[case::to_the_head("ctrl-a X", "Xorders.v1 --to earliest")]
    #[case::to_the_end("home ctrl-e X", "orders.v1 --to earliestX")]
    #[case::behind_a_word("home alt-f X", "ordersX.v1 --to earliest")]
    #[case::behind_words("home ctrl-right ctrl-right alt-f X", "orders.v1 --toX earliest")]
    #[case::a_word_with_its_dots("home alt-f alt-f ctrl-w", " --to earliest")]
    #[case::a_word_up_to_its_dot("home alt-f alt-f alt-backspace", "orders. --to earliest")]
    #[case::the_next_word("home alt-d", ".v1 --to earliest")]
    #[case::all_before("alt-b ctrl-u", "earliest")]
    #[case::all_behind("alt-b ctrl-k", "orders.v1 --to ")]
    #[case::nothing_behind("ctrl-k", "orders.v1 --to earliest")]
    #[case::put_back("alt-b ctrl-k home ctrl-y", "earliestorders.v1 --to ")]
    #[case::undone("ctrl-u ctrl-_", "orders.v1 --to earliest")]
    #[case::undone_as_terminals_send_it("ctrl-w ctrl-w ctrl-7", "orders.v1 --to ")]
    #[case::a_character_at_each_side("home ctrl-f ctrl-d ctrl-h", "ders.v1 --to earliest")]
    fn the_keys_of_readline(#[case] keys: &str, #[case] text: &str) {
        let mut input = TextInput::with("orders.v1 --to earliest");
        press(&mut input, keys);
        assert_eq!(input.text(), text);
    }

    #[test]
    fn a_megabyte_that_is_pasted_is_cut_and_said() {
        let mut input = TextInput::with("a");
        let began = std::time::Instant::now();
        assert!(input.paste(&"é".repeat(1 << 20)) > 0);
        assert_eq!(input.text().chars().count(), MOST);
        press(&mut input, "x");
        assert_eq!(input.text().chars().count(), MOST, "a full line takes no more");
        assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
    }

    proptest! {
        #[test]
        fn whatever_is_pressed_it_stays_one_short_line(
            keys in proptest::collection::vec((any::<char>(), any::<bool>(), any::<bool>()), 0..60),
            pasted in any::<String>(),
        ) {
            let mut input = TextInput::default();
            input.paste(&pasted);
            for (c, ctrl, alt) in keys {
                if !c.is_control() {
                    input.press(Chord::new(Key::Char(c), ctrl, alt, false));
                }
            }
            prop_assert!(input.text().chars().all(|c| !c.is_control()));
            prop_assert!(input.cursor() <= input.text().chars().count());
        }
    }
}
