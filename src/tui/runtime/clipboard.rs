//! Copying to the clipboard of the terminal the user sits at.
//!
//! Owns: OSC 52, the escape sequence that also works over SSH. Must not know
//! what is copied.
//! Invariant: what is copied is copied whole or not at all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Terminals cut or drop longer sequences; the smallest limit in use is 100,000
/// bytes with the envelope.
const LARGEST: usize = 74_990;

/// Why nothing was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    pub bytes: usize,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (size, limit) = (self.bytes, LARGEST);
        write!(f, "{size} bytes are too many for the terminal's clipboard, which takes {limit}: save them instead")
    }
}

/// The bytes to write to the terminal so that `text` is in its clipboard.
pub fn sequence(text: &str) -> Result<Vec<u8>, TooLarge> {
    if text.len() > LARGEST {
        return Err(TooLarge { bytes: text.len() });
    }
    Ok(format!("\u{1b}]52;c;{}\u{1b}\\", STANDARD.encode(text)).into_bytes())
}

/// What to tell beside "copied": the sequence has no answer, and tmux swallows
/// it unless it was told otherwise.
pub fn note(variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("TMUX") {
        Some("inside tmux this needs: set -g set-clipboard on")
    } else if is_set("STY") {
        Some("screen does not pass the clipboard on")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_so_that_it_cannot_end_the_sequence() {
        assert_eq!(sequence("orders\u{1b}\\").unwrap(), b"\x1b]52;c;b3JkZXJzG1w=\x1b\\");
    }

    #[test]
    fn what_is_too_large_is_refused_and_not_cut() {
        assert!(sequence(&"x".repeat(LARGEST)).unwrap().len() <= 100_000);
        let refused = sequence(&"x".repeat(LARGEST + 1)).unwrap_err();
        assert!(refused.to_string().contains("74991 bytes"), "{refused}");
    }

    #[test]
    fn tmux_needs_a_word() {
        let inside = |name: &str| (name == "TMUX").then(|| "/tmp/tmux-0/default,1,0".to_owned());
        assert!(note(inside).unwrap().contains("set-clipboard"));
        assert_eq!(note(|_| None), None);
    }
}
