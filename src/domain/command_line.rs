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

/// The words of a line as a POSIX shell would cut it, without its expansions.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(rest.next()),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".into());
    }
    words.extend(word);
    Ok(words)
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
    fn a_line_is_cut_as_it_was_joined() {
        for words in [vec!["pass", "show", "a b"], vec!["it's", "", "\"x\"", "\\"]] {
            assert_eq!(split(&join(words.iter().copied())).unwrap(), words);
        }
        assert_eq!(split(r#"  a"b c"'d'\ e  "#).unwrap(), ["ab cd e"]);
        assert!(split("'open").is_err() && split("").unwrap().is_empty());
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(join(["klamm", "groups", "reset", "a b"]), "klamm groups reset 'a b'");
        assert_eq!(join(["it's", "$HOME", ""]), r"'it'\''s' '$HOME' ''");
        assert_eq!(join(["--to-datetime", "2026-11-21T10:45:00+01:00"]), "--to-datetime 2026-11-21T10:45:00+01:00");
    }
}
