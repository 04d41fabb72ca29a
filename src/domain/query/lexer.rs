//! A query cut into words, texts and signs, each with its place.

use super::ast::Comparison;
use super::parser::QueryError;
use std::iter::Peekable;
use std::str::CharIndices;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    Sign(Comparison),
    /// Without quotes, but for quoted names after a dot.
    Word(String),
    /// What stood in quotes.
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub token: Token,
    /// Characters before it.
    pub at: usize,
}

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, QueryError> {
    let mut lexer = Lexer { text, rest: text.char_indices().peekable(), at: 0 };
    let mut tokens = Vec::new();
    while let Some(placed) = lexer.next()? {
        tokens.push(placed);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    /// Characters before the next one.
    at: usize,
}

impl Lexer<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn advance(&mut self) -> Option<char> {
        let (_, c) = self.rest.next()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.advance();
        }
        is_next
    }

    fn next(&mut self) -> Result<Option<Placed>, QueryError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.advance();
        }
        let at = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let token = match first {
            '"' | '\'' => Token::Text(self.quoted()?),
            '(' | ')' | ',' | '=' | '!' | '<' | '>' => {
                self.advance();
                let or_equal = |lexer: &mut Self, yes, no| Token::Sign(if lexer.eat('=') { yes } else { no });
                match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    ',' => Token::Comma,
                    '=' => {
                        self.eat('=');
                        Token::Sign(Comparison::Equal)
                    }
                    '<' => or_equal(self, Comparison::LessOrEqual, Comparison::Less),
                    '>' => or_equal(self, Comparison::GreaterOrEqual, Comparison::Greater),
                    _ if self.eat('=') => Token::Sign(Comparison::NotEqual),
                    _ => {
                        return Err(QueryError::new(
                            at,
                            "\u{201c}!\u{201d} stands only before =; write not, or quote the text",
                        ));
                    }
                }
            }
            _ => Token::Word(self.word()?),
        };
        Ok(Some(Placed { token, at }))
    }

    /// Up to white space or a sign. A quoted name after a dot belongs to it, as it is.
    fn word(&mut self) -> Result<String, QueryError> {
        let begin = self.rest.peek().map_or(self.text.len(), |(index, _)| *index);
        let mut before = ' ';
        while let Some(c) = self.peek() {
            match c {
                '"' if before == '.' => {
                    self.quoted()?;
                    before = '"';
                }
                '"' | '\'' | '(' | ')' | ',' | '=' | '!' | '<' | '>' => break,
                c if c.is_whitespace() => break,
                c => {
                    before = c;
                    self.advance();
                }
            }
        }
        let end = self.rest.peek().map_or(self.text.len(), |(index, _)| *index);
        Ok(self.text.get(begin..end).unwrap_or_default().to_owned())
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let begin = self.at;
        let quote = self.advance().unwrap_or('"');
        let mut out = String::new();
        loop {
            let at = self.at;
            match self.advance() {
                None => return Err(QueryError::new(begin, "this quote is not closed")),
                Some(c) if c == quote => return Ok(out),
                Some('\\') => out.push(self.escape(at)?),
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self, at: usize) -> Result<char, QueryError> {
        match self.advance() {
            Some(c @ ('"' | '\'' | '\\')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => {
                let wrong = || QueryError::new(at, "write \\u{1f600}: hexadecimal digits in braces");
                if !self.eat('{') {
                    return Err(wrong());
                }
                let mut digits = String::new();
                while let Some(c) = self.peek().filter(char::is_ascii_hexdigit) {
                    digits.push(c);
                    self.advance();
                }
                if !self.eat('}') || digits.len() > 6 {
                    return Err(wrong());
                }
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or_else(wrong)
            }
            _ => Err(QueryError::new(at, "after a backslash comes one of \" ' \\ n r t u; write \\\\ for a backslash")),
        }
    }
}

/// The text of a quoted name within a word, and what follows it. The word was cut by
/// the lexer, which found the quotes to be closed.
pub(super) fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut lexer = Lexer { text, rest: text.char_indices().peekable(), at: 0 };
    let name = lexer.quoted().ok()?;
    let end = lexer.rest.peek().map_or(text.len(), |(index, _)| *index);
    Some((name, text.get(end..)?))
}
