//! A secret asked for on the terminal, before or without the console.
//!
//! Invariant: what is typed is shown nowhere, and the terminal is as it was
//! afterwards, also when the question is left by ctrl-c.

use crate::domain::{Failure, FailureKind};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use secrecy::SecretString;
use std::io::{self, Write as _};

/// Restores the terminal however the question ends.
struct Raw;

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing is left to be done where even this fails.
        let _ = disable_raw_mode();
        let _ = writeln!(io::stderr());
    }
}

/// Waits for a line that is typed unseen. Not for the event loop.
pub fn ask_secret(question: &str) -> Result<SecretString, Failure> {
    let failed = |error: io::Error| Failure::new(FailureKind::Storage, "ask for a secret", error.to_string());
    // Before the question: who answers at once must not see the answer either.
    enable_raw_mode().map_err(failed)?;
    let raw = Raw;
    let mut stderr = io::stderr().lock();
    write!(stderr, "{}: ", crate::domain::text::sanitize(question)).and_then(|()| stderr.flush()).map_err(failed)?;
    let mut typed = String::new();
    loop {
        match read().map_err(failed)? {
            Event::Key(key) if key.kind != KeyEventKind::Release => match take(&mut typed, key) {
                Taken::More => {}
                Taken::Done => break,
                Taken::Left => {
                    drop(raw);
                    return Err(Failure::new(FailureKind::Cancelled, "get secret", "the question was left"));
                }
            },
            Event::Paste(text) => typed.push_str(text.trim_end_matches(['\r', '\n'])),
            _ => {}
        }
    }
    Ok(SecretString::from(typed))
}

#[derive(Debug, PartialEq, Eq)]
enum Taken {
    More,
    Done,
    Left,
}

fn take(typed: &mut String, key: KeyEvent) -> Taken {
    let has_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => return Taken::Done,
        KeyCode::Esc => return Taken::Left,
        KeyCode::Char('c' | 'd') if has_ctrl => return Taken::Left,
        // An enter from before the terminal's modes were set.
        KeyCode::Char('j') if has_ctrl => return Taken::Done,
        KeyCode::Char('u') if has_ctrl => typed.clear(),
        KeyCode::Backspace => drop(typed.pop()),
        KeyCode::Char(c) if !has_ctrl => typed.push(c),
        _ => {}
    }
    Taken::More
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_typed_corrected_and_ended() {
        let mut typed = String::new();
        let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
        for c in "gehx".chars() {
            assert_eq!(take(&mut typed, key(KeyCode::Char(c))), Taken::More);
        }
        take(&mut typed, key(KeyCode::Backspace));
        assert_eq!(take(&mut typed, key(KeyCode::Enter)), Taken::Done);
        assert_eq!(typed, "geh");
        assert_eq!(take(&mut typed, KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Taken::Left);
        assert_eq!(take(&mut typed, KeyEvent::new(KeyCode::Char('j'), KeyModifiers::CONTROL)), Taken::Done);
        take(&mut typed, KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(typed, "");
    }
}
