//! The text of a JSON document, laid out for a person who changes it.

/// The same document, a value a line. What is not JSON comes back whole all the same.
pub fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if in_text {
            out.push(c);
            in_text = c != '"' || is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                out.push(c);
                if chars.peek().is_some_and(|next| matches!(next, '}' | ']')) {
                    out.extend(chars.next());
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            '"' => {
                in_text = true;
                out.push(c);
            }
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

/// Hostile depth must not fill the memory with spaces.
const MOST_DEPTH: usize = 32;

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(MOST_DEPTH)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_a_line_for_each_value_and_says_the_same() {
        let json = r#"{"a":[1,{"b":"x, {\"y\": [\\"}],"none":{},"n":[]}"#;
        let wanted = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {\\\"y\\\": [\\\\\"\n    }\n  ],\n  \"none\": {},\n  \"n\": []\n}";
        assert_eq!(indented(json), wanted);
        assert_eq!(indented(wanted), wanted);
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(json).unwrap(), serde_json::from_str(wanted).unwrap());
        assert_eq!(before, after);
    }

    #[test]
    fn a_lone_value_stays() {
        assert_eq!((indented("1.10"), indented("\"a b\"")), ("1.10".to_owned(), "\"a b\"".to_owned()));
    }
}
