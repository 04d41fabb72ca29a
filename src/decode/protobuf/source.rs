//! The words of a `.proto` file: names, numbers, strings and signs, without comments.

use super::file::ProtoError;

/// A file longer than this is nobody's schema.
const LARGEST: usize = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Names, keywords and numbers: letters, digits, `_` and `.`.
    Word(&'a str),
    /// What stands between quotes, escapes as they are.
    Text(&'a str),
    Sign(char),
}

/// All tokens, each with the line it stands in.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, usize)>, ProtoError> {
    if text.len() > LARGEST {
        return Err(ProtoError { reason: "it is too long".into(), line: 1 });
    }
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let fail = |reason: &str| ProtoError { reason: reason.into(), line };
        let (token, length) = match first {
            '\u{feff}' => (None, first.len_utf8()),
            c if c.is_whitespace() => (None, c.len_utf8()),
            '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => {
                let inside = rest.get(2..).unwrap_or_default();
                (None, inside.find("*/").ok_or_else(|| fail("a comment does not end"))? + 4)
            }
            '"' | '\'' => {
                let inside = rest.get(1..).unwrap_or_default();
                let end = end_of_text(inside, first).ok_or_else(|| fail("a string does not end"))?;
                (Some(Token::Text(inside.get(..end).unwrap_or_default())), end + 2)
            }
            c if is_word(c) => {
                let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
                (Some(Token::Word(rest.get(..length).unwrap_or_default())), length)
            }
            c => (Some(Token::Sign(c)), c.len_utf8()),
        };
        if let Some(token) = token {
            tokens.push((token, line));
        }
        let (done, after) = rest.split_at_checked(length).ok_or_else(|| fail("it breaks off"))?;
        line += done.bytes().filter(|byte| *byte == b'\n').count();
        rest = after;
    }
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

fn end_of_text(inside: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\n' => return None,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}
