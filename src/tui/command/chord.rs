//! One key press, normalised, and its written form.
//!
//! Owns the only translation from terminal key events. Must not know commands.
//! Invariant: there is one value per key press (`G` is never "shift-g"), and
//! parsing what a chord displays gives the same chord.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

const NAMED: [(&str, Key); 15] = [
    ("space", Key::Char(' ')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
];

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    key: Key,
    ctrl: bool,
    alt: bool,
    shift: bool,
}

impl Chord {
    pub fn new(key: Key, ctrl: bool, alt: bool, shift: bool) -> Self {
        match key {
            // A character already says whether shift was held; with ctrl, terminals do not tell.
            Key::Char(c) if ctrl => Self { key: Key::Char(c.to_ascii_lowercase()), ctrl, alt, shift: false },
            Key::Char(c) if shift => Self { key: Key::Char(c.to_ascii_uppercase()), ctrl, alt, shift: false },
            _ => Self { key, ctrl, alt, shift },
        }
    }

    pub fn key(self) -> Key {
        self.key
    }

    pub fn has_ctrl(self) -> bool {
        self.ctrl
    }

    pub fn has_alt(self) -> bool {
        self.alt
    }

    /// The character this chord types into a text field.
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// Presses and repeats only: some terminals report releases as well.
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let key = match event.code {
            KeyCode::Char(c) if !c.is_control() => Key::Char(c),
            KeyCode::Enter => Key::Enter,
            KeyCode::Esc => Key::Esc,
            KeyCode::Tab => Key::Tab,
            KeyCode::BackTab => {
                shift = true;
                Key::Tab
            }
            KeyCode::Backspace => Key::Backspace,
            KeyCode::Delete => Key::Delete,
            KeyCode::Insert => Key::Insert,
            KeyCode::Up => Key::Up,
            KeyCode::Down => Key::Down,
            KeyCode::Left => Key::Left,
            KeyCode::Right => Key::Right,
            KeyCode::Home => Key::Home,
            KeyCode::End => Key::End,
            KeyCode::PageUp => Key::PageUp,
            KeyCode::PageDown => Key::PageDown,
            KeyCode::F(n) => Key::F(n),
            _ => return None,
        };
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        Some(Self::new(key, ctrl, event.modifiers.contains(KeyModifiers::ALT), shift))
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("‘{text}’ is not a key: write it like j, G, enter, ctrl-d, alt-x, shift-tab or f5");
        let (mut rest, mut ctrl, mut alt, mut shift) = (text, false, false, false);
        loop {
            let flag = match rest {
                _ if strip(rest, "ctrl-").is_some() => &mut ctrl,
                _ if strip(rest, "alt-").is_some() => &mut alt,
                _ if strip(rest, "shift-").is_some() => &mut shift,
                _ => break,
            };
            if *flag {
                return Err(bad());
            }
            *flag = true;
            rest = rest.split_once('-').map_or("", |(_, rest)| rest);
        }
        let mut chars = rest.chars();
        let key = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() && c != ' ' => Key::Char(c),
            _ => named(rest).ok_or_else(bad)?,
        };
        Ok(Self::new(key, ctrl, alt, shift))
    }
}

/// What follows the prefix, if something does.
fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix).filter(|rest| !rest.is_empty())
}

fn named(name: &str) -> Option<Key> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, key)) = NAMED.iter().find(|(known, _)| *known == lower) {
        return Some(*key);
    }
    let number = lower.strip_prefix('f')?;
    // "f07" is not how it is displayed, so it is not accepted either.
    number.parse::<u8>().ok().filter(|n| (1..=24).contains(n) && number == n.to_string()).map(Key::F)
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, prefix) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(prefix)?;
            }
        }
        match self.key {
            Key::F(n) => write!(f, "f{n}"),
            key => match (NAMED.iter().find(|(_, known)| *known == key), key) {
                (Some((name, _)), _) => f.write_str(name),
                (None, Key::Char(c)) => write!(f, "{c}"),
                (None, _) => Ok(()),
            },
        }
    }
}

/// Chords pressed one after the other: `s n`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Keys(pub Vec<Chord>);

impl Keys {
    pub fn parse(text: &str) -> Result<Self, String> {
        let chords = text.split_whitespace().map(Chord::parse).collect::<Result<Vec<_>, _>>()?;
        if chords.is_empty() {
            return Err("a key is missing".into());
        }
        Ok(Self(chords))
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, chord) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            chord.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any::<char>().prop_filter("terminals send no control characters", |c| !c.is_control()).prop_map(Key::Char),
            proptest::sample::select(NAMED.to_vec()).prop_map(|(_, key)| key),
            (1u8..=24).prop_map(Key::F),
        ]
    }

    proptest! {
        #[test]
        fn what_is_displayed_parses_to_the_same_chord(key in key(), ctrl: bool, alt: bool, shift: bool) {
            let chord = Chord::new(key, ctrl, alt, shift);
            prop_assert_eq!(Chord::parse(&chord.to_string()), Ok(chord));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            drop(Chord::parse(&text));
        }
    }

    #[test]
    fn a_shifted_letter_is_its_capital() {
        assert_eq!(Chord::parse("shift-g"), Chord::parse("G"));
        assert_eq!(Chord::parse("ctrl-D"), Chord::parse("ctrl-d"));
        let back_tab = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Chord::from_event(&back_tab).map(|c| c.to_string()).as_deref(), Some("shift-tab"));
    }

    #[test]
    fn releases_are_not_key_presses() {
        let release = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Chord::from_event(&release), None);
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in ["", "ctrl-", "ctrl-ctrl-x", "hyper-x", "f0", "f99", "jj"] {
            assert!(Chord::parse(text).is_err_and(|why| why.contains("ctrl-d")), "{text}");
        }
    }
}
