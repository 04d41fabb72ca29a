//! Rust source as words and marks, without comments, strings and lifetimes.
//!
//! Just enough to find paths: no grammar, and it never fails.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Word(String),
    /// A single mark; two colons together are `PathSeparator`.
    Mark(char),
    PathSeparator,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub kind: Kind,
    pub line: usize,
    /// Inside an item that is compiled for tests only.
    pub is_test: bool,
}

impl Token {
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(found) if found == word)
    }

    pub fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

pub fn tokenize(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut i = 0;
    while i < chars.len() {
        let from = i;
        let start_line = line;
        let mut kind = None;
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => i = after_block_comment(&chars, i),
            '"' => i = after_string(&chars, i + 1),
            '\'' => i = after_quote(&chars, i),
            ':' if at(i + 1) == ':' => {
                kind = Some(Kind::PathSeparator);
                i += 2;
            }
            c if c.is_alphabetic() || c == '_' => {
                while at(i).is_alphanumeric() || at(i) == '_' {
                    i += 1;
                }
                let word: String = chars[from..i].iter().collect();
                let is_prefix = matches!(word.as_str(), "r" | "b" | "br" | "c" | "cr");
                if is_prefix && word.contains('r') && raw_string_hashes(&chars, i).is_some() {
                    i = after_raw_string(&chars, i);
                } else if is_prefix && at(i) == '"' {
                    i = after_string(&chars, i + 1);
                } else if word == "b" && at(i) == '\'' {
                    i = after_quote(&chars, i);
                } else if word == "r" && at(i) == '#' {
                    // A raw word: the same name without its prefix.
                    i += 1;
                } else {
                    kind = Some(Kind::Word(word));
                }
            }
            c => {
                i += 1;
                if !c.is_whitespace() {
                    kind = Some(Kind::Mark(c));
                }
            }
        }
        line += chars[from..i.min(chars.len())].iter().filter(|c| **c == '\n').count();
        tokens.extend(kind.map(|kind| Token { kind, line: start_line, is_test: false }));
    }
    mark_tests(&mut tokens);
    tokens
}

fn after_block_comment(chars: &[char], mut i: usize) -> usize {
    let mut depth = 0;
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                i += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => i += 1,
        }
    }
    i
}

fn after_string(chars: &[char], mut i: usize) -> usize {
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn raw_string_hashes(chars: &[char], i: usize) -> Option<usize> {
    let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
    (chars.get(i + hashes) == Some(&'"')).then_some(hashes)
}

fn after_raw_string(chars: &[char], i: usize) -> usize {
    let hashes = raw_string_hashes(chars, i).unwrap_or(0);
    let mut i = i + hashes + 1;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    i
}

/// A character, or a lifetime, which is skipped with its name.
fn after_quote(chars: &[char], i: usize) -> usize {
    if chars.get(i + 1) == Some(&'\\') {
        // '\'' and '\u{1f600}': the escaped character is never the end.
        let mut end = i + 3;
        while end < chars.len() && chars[end] != '\'' {
            end += 1;
        }
        return end + 1;
    }
    if chars.get(i + 2) == Some(&'\'') {
        return i + 3;
    }
    let mut end = i + 1;
    while end < chars.len() && (chars[end].is_alphanumeric() || chars[end] == '_') {
        end += 1;
    }
    end
}

/// Marks every item under `#[cfg(test)]`.
fn mark_tests(tokens: &mut [Token]) {
    let mut i = 0;
    while i < tokens.len() {
        if is_cfg_test(&tokens[i..]) {
            let end = after_item(tokens, i);
            for token in &mut tokens[i..end] {
                token.is_test = true;
            }
            i = end;
        } else {
            i += 1;
        }
    }
}

fn is_cfg_test(tokens: &[Token]) -> bool {
    matches!(tokens, [hash, open, cfg, paren, test, close, ..]
        if hash.is_mark('#') && open.is_mark('[') && cfg.is_word("cfg")
            && paren.is_mark('(') && test.is_word("test") && close.is_mark(')'))
}

/// The index after the item whose attributes begin at `i`.
fn after_item(tokens: &[Token], mut i: usize) -> usize {
    while i + 1 < tokens.len() && tokens[i].is_mark('#') && tokens[i + 1].is_mark('[') {
        i = after_group(tokens, i + 1);
    }
    let is_use = tokens.iter().skip(i).take(6).take_while(|token| !token.is_mark(';')).any(|t| t.is_word("use"));
    while i < tokens.len() {
        let token = &tokens[i];
        if token.is_mark(';') {
            return i + 1;
        }
        if token.is_mark('{') && !is_use {
            return after_group(tokens, i);
        }
        i = if ['(', '[', '{'].iter().any(|open| token.is_mark(*open)) { after_group(tokens, i) } else { i + 1 };
    }
    i
}

/// The index after the bracket that closes the one at `i`.
pub fn after_group(tokens: &[Token], mut i: usize) -> usize {
    let mut depth = 0;
    while i < tokens.len() {
        match tokens[i].kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
        i += 1;
    }
    i
}
