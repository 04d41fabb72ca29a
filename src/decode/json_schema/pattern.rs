//! Patterns of JSON Schema, which are JavaScript's, as patterns that take linear time.

use regex::{Regex, RegexBuilder};

/// What all patterns of a schema may take in memory together, in bytes.
const ROOM: usize = 64 << 20;
/// The same of one of them.
const MOST: usize = 10 << 20;
/// More patterns than this are nobody's schema.
pub(super) const MOST_PATTERNS: usize = 4_096;

/// Ready to search by, where `count` patterns share the room. The error says why it
/// cannot be.
pub(super) fn compile(pattern: &str, count: usize) -> Result<Regex, String> {
    let room = (ROOM / count.max(1)).min(MOST);
    RegexBuilder::new(&translated(pattern)).size_limit(room).dfa_size_limit(room).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it grows too large".to_owned(),
        // The last line says what is wrong, those before it show where.
        error => {
            let said = error.to_string();
            let reason = said.lines().last().unwrap_or_default();
            reason.strip_prefix("error: ").unwrap_or(reason).to_owned()
        }
    })
}

/// Digits and letters of JavaScript's classes are ASCII; in brackets it knows no
/// brackets and no set operations.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut is_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => out.push_str(if is_class { "0-9" } else { "[0-9]" }),
                Some('w') => out.push_str(if is_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                Some('D') => out.push_str("[^0-9]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                // A control letter: \cA is the first.
                Some('c') if chars.peek().is_some_and(char::is_ascii_alphabetic) => {
                    let letter = chars.next().unwrap_or_default();
                    out.push_str(&format!("\\x{:02x}", u32::from(letter) % 32));
                }
                Some('0') if !chars.peek().is_some_and(char::is_ascii_digit) => out.push_str("\\x00"),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            '[' if is_class => out.push_str("\\["),
            '[' => {
                is_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // Of JavaScript's, an empty class is nothing, and the opposite everything.
                if chars.peek() == Some(&']') && !out.ends_with('^') {
                    out.push_str("^\\x{0}-\\x{10ffff}");
                } else if chars.peek() == Some(&']') {
                    out.pop();
                    out.push_str("\\x{0}-\\x{10ffff}");
                }
            }
            ']' => {
                is_class = false;
                out.push(']');
            }
            '&' | '~' if is_class => out.extend(['\\', c]),
            // Twice it would take one set from another.
            '-' if is_class && chars.peek() == Some(&'-') => out.push_str("\\-"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(r"^\d+$", "٣", false)]
    #[case(r"^[\d.]+$", "1.5", true)]
    #[case(r"^[\w-]+$", "a-b_9", true)]
    #[case(r"^\w$", "é", false)]
    #[case(r"^[^\D]$", "5", true)]
    #[case(r"^[[a]+$", "[a", true)]
    #[case(r"^[a&&b]+$", "a&b", true)]
    #[case(r"^\/x\-y\cJ$", "/x-y\n", true)]
    #[case(r"^\u0041$", "A", true)]
    #[case(r"^[]$", "a", false)]
    #[case(r"^[^]$", "a", true)]
    #[case(r"^\p{Lu}{1,50}$", "ÄÖ", true)]
    fn patterns_mean_what_they_mean_in_javascript(#[case] pattern: &str, #[case] text: &str, #[case] fits: bool) {
        let regex = compile(pattern, 1).unwrap_or_else(|reason| panic!("{pattern}: {reason}"));
        assert_eq!(regex.is_match(text), fits, "{pattern} became {regex}");
    }

    #[rstest]
    #[case("(?=x)y", "look-around, including look-ahead and look-behind, is not supported")]
    #[case(r"(a)\1", "backreferences are not supported")]
    #[case("((((a{99}){99}){99}){99})", "it grows too large")]
    fn what_is_not_linear_says_so(#[case] pattern: &str, #[case] reason: &str) {
        assert_eq!(compile(pattern, 1).unwrap_err(), reason);
    }
}
