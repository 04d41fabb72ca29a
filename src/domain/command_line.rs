//! Writing a command line that can be pasted into a shell.

/// One `klamm …` line from its words, each quoted where a shell would read it
/// differently.
pub fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&quote(word));
    }
    line
}

/// `word` as a POSIX shell reads it back.
fn quote(word: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | ',' | '+' | '=' | '@' | '%');
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(join(["klamm", "groups", "reset", "a b"]), "klamm groups reset 'a b'");
        assert_eq!(join(["it's", "$HOME", ""]), r"'it'\''s' '$HOME' ''");
        assert_eq!(join(["--to-datetime", "2026-11-21T10:45:00+01:00"]), "--to-datetime 2026-11-21T10:45:00+01:00");
    }
}
