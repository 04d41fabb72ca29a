//! Reading a query. Every error names the character where it is.

use super::ast::{Comparison, Condition, Field, Literal, Path, Pattern, Query, Step, Test, is_plain_name};
use super::lexer::{Placed, Token, quoted_name, tokens};
use super::number::Number;
use super::{MAX_CHARACTERS, MAX_DEPTH, MAX_TESTS};
use crate::domain::Time;
use crate::domain::text::sanitize;
use crate::domain::when::{parse_duration, parse_time};
use jiff::tz::TimeZone;
use std::fmt;

/// What makes an instant of a time that is written in a query.
#[derive(Clone, Debug)]
pub struct Moment {
    pub now: Time,
    /// Of times that name none; `None` where these are an error.
    pub zone: Option<TimeZone>,
}

/// Why a query cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Characters before the one that is meant.
    pub at: usize,
    pub message: String,
}

impl QueryError {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for QueryError {}

const FIELDS: &str = "key, value.NAME, headers.NAME, topic, partition, offset, timestamp, size, format, schema";

/// Reads a query. `None` where there is nothing but white space.
pub fn parse(text: &str, moment: &Moment) -> Result<Option<Query>, QueryError> {
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(QueryError::new(MAX_CHARACTERS, format!("a query has at most {MAX_CHARACTERS} characters")));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens: &tokens, next: 0, end: text.chars().count(), tests: 0, moment };
    let query = parser.or(0)?;
    match parser.peek() {
        None => Ok(Some(query)),
        Some(Token::Close) => Err(parser.error("no parenthesis is open here")),
        Some(_) => Err(parser.error("and, or, or the end was expected")),
    }
}

/// Reads a field by itself, such as `value.customer.id`.
pub fn read_field(text: &str) -> Result<Field, QueryError> {
    match tokens(text)?.as_slice() {
        [Placed { token: Token::Word(word), at }] => field(word, *at),
        _ => Err(QueryError::new(0, format!("one of these was expected: {FIELDS}"))),
    }
}

struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    /// Characters of the whole.
    end: usize,
    tests: usize,
    moment: &'a Moment,
}

/// Words that join and compare; in quotes they are looked for like any other.
fn is(token: Option<&Token>, word: &str) -> bool {
    matches!(token, Some(Token::Word(written)) if written.eq_ignore_ascii_case(word))
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.next + ahead).map(|placed| &placed.token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |placed| placed.at)
    }

    fn error(&self, message: impl Into<String>) -> QueryError {
        QueryError::new(self.at(), message)
    }

    fn eat(&mut self, word: &str) -> bool {
        let is_next = is(self.peek(), word);
        self.next += usize::from(is_next);
        is_next
    }

    fn or(&mut self, depth: usize) -> Result<Query, QueryError> {
        let first = self.and(depth)?;
        let mut parts = vec![first];
        while self.eat("or") {
            parts.push(self.and(depth)?);
        }
        Ok(joined(parts, Query::Or))
    }

    /// What stands side by side must hold together.
    fn and(&mut self, depth: usize) -> Result<Query, QueryError> {
        let first = self.not(depth)?;
        let mut parts = vec![first];
        loop {
            let ends = matches!(self.peek(), None | Some(Token::Close)) || is(self.peek(), "or");
            if !self.eat("and") && ends {
                return Ok(joined(parts, Query::And));
            }
            parts.push(self.not(depth)?);
        }
    }

    fn not(&mut self, depth: usize) -> Result<Query, QueryError> {
        if depth >= MAX_DEPTH {
            return Err(self.error(format!("it nests deeper than {MAX_DEPTH}")));
        }
        if self.eat("not") {
            return Ok(Query::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.peek() == Some(&Token::Open) {
            let opened = self.at();
            self.next += 1;
            let inner = self.or(depth + 1)?;
            if self.peek() != Some(&Token::Close) {
                return Err(match self.peek() {
                    None => QueryError::new(opened, "this parenthesis is not closed"),
                    Some(_) => self.error("and, or, or a closing parenthesis was expected"),
                });
            }
            self.next += 1;
            return Ok(inner);
        }
        self.test()
    }

    fn test(&mut self) -> Result<Query, QueryError> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(self.error(format!("a query has at most {MAX_TESTS} comparisons")));
        }
        let at = self.at();
        let text = match self.peek() {
            Some(Token::Text(text)) => {
                self.next += 1;
                return Ok(Query::anywhere(text));
            }
            Some(Token::Word(word)) if !["and", "or"].iter().any(|joins| word.eq_ignore_ascii_case(joins)) => word,
            Some(Token::Close) => return Err(self.error("something to look for was expected before this parenthesis")),
            Some(Token::Comma) => return Err(self.error("a comma stands only in the list after in; quote the text")),
            Some(Token::Sign(_)) => return Err(self.error(format!("a field was expected before this: {FIELDS}"))),
            Some(_) => return Err(self.error("something to look for was expected; quote the word to look for it")),
            None => return Err(self.error("something to look for was expected")),
        };
        self.next += 1;
        let field = field(text, at);
        let is_comparison = match self.peek() {
            Some(Token::Sign(_)) => true,
            Some(Token::Word(_)) => {
                let has_list = is(self.peek(), "in") && self.peek_at(1) == Some(&Token::Open);
                has_list
                    || ["contains", "starts-with", "matches"].iter().any(|word| is(self.peek(), word))
                    || is(self.peek(), "exists") && field.is_ok()
            }
            _ => false,
        };
        if !is_comparison {
            return Ok(Query::anywhere(text));
        }
        let field = field?;
        let condition = self.condition(&field)?;
        Ok(Query::Test(Test { field, condition }))
    }

    fn condition(&mut self, field: &Field) -> Result<Condition, QueryError> {
        let at = self.at();
        if let Some(Token::Sign(comparison)) = self.peek() {
            self.next += 1;
            let literal = self.literal(field)?;
            let has_order = !matches!(literal, Literal::Null | Literal::Bool(_));
            return match comparison {
                Comparison::Equal | Comparison::NotEqual => Ok(Condition::Compare(*comparison, literal)),
                _ if has_order => Ok(Condition::Compare(*comparison, literal)),
                _ => Err(QueryError::new(at, "true, false and null have no order: write = or !=")),
            };
        }
        if self.eat("exists") {
            return Ok(Condition::Exists);
        }
        if self.eat("in") {
            return self.list(field).map(Condition::In);
        }
        if is_number(field) {
            return Err(QueryError::new(at, format!("{field} is a number: write one of = != < <= > >= in")));
        }
        if self.eat("contains") {
            return Ok(Condition::Contains(self.text()?.as_str().into()));
        }
        if self.eat("starts-with") {
            return Ok(Condition::StartsWith(self.text()?.into()));
        }
        self.next += 1;
        let at = self.at();
        let text = self.text()?;
        let pattern =
            Pattern::new(&text).map_err(|why| QueryError::new(at, format!("this is no regular expression: {why}")))?;
        Ok(Condition::Matches(pattern))
    }

    fn list(&mut self, field: &Field) -> Result<Vec<Literal>, QueryError> {
        self.next += 1;
        let mut literals = Vec::new();
        loop {
            literals.push(self.literal(field)?);
            match self.peek() {
                Some(Token::Comma) => self.next += 1,
                Some(Token::Close) => {
                    self.next += 1;
                    return Ok(literals);
                }
                _ => return Err(self.error("a comma or a closing parenthesis was expected")),
            }
        }
    }

    fn text(&mut self) -> Result<String, QueryError> {
        match self.peek() {
            Some(Token::Text(text) | Token::Word(text)) => {
                self.next += 1;
                Ok(text.clone())
            }
            _ => Err(self.error("a text was expected")),
        }
    }

    fn literal(&mut self, field: &Field) -> Result<Literal, QueryError> {
        let at = self.at();
        let (text, is_quoted) = match self.peek() {
            Some(Token::Text(text)) => (text, true),
            Some(Token::Word(text)) => (text, false),
            _ => return Err(self.error("a number, a text or a time was expected")),
        };
        self.next += 1;
        match field {
            Field::Timestamp => self.time(text, at).map(Literal::Time),
            field if is_number(field) => Number::read(text)
                .map(Literal::Number)
                .ok_or_else(|| QueryError::new(at, format!("{field} is compared with a number"))),
            _ if is_quoted => Ok(Literal::Text(text.as_str().into())),
            _ => Ok(match text.as_str() {
                "null" => Literal::Null,
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                _ => Number::read(text).map_or_else(|| Literal::Text(text.as_str().into()), Literal::Number),
            }),
        }
    }

    /// An instant, a time in the zone, or how long ago: `15m`, `-15m`.
    fn time(&self, text: &str, at: usize) -> Result<Time, QueryError> {
        let Moment { now, zone } = self.moment;
        if text == "now" {
            return Ok(*now);
        }
        if let Ok(millis) = parse_duration(text.strip_prefix('-').unwrap_or(text)) {
            return Ok(now.plus_millis(millis.saturating_neg()));
        }
        // Milliseconds are written where the calendar does not reach.
        if let Some(millis) = text.parse::<i64>().ok().filter(|_| text.len() >= 10) {
            return Ok(Time(millis));
        }
        parse_time(text, *now, zone.as_ref()).map(|instant| instant.time).map_err(|why| QueryError::new(at, why))
    }
}

fn joined(mut parts: Vec<Query>, join: fn(Vec<Query>) -> Query) -> Query {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

fn is_number(field: &Field) -> bool {
    matches!(field, Field::Partition | Field::Offset | Field::Timestamp | Field::Size)
}

fn field(text: &str, at: usize) -> Result<Field, QueryError> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let none = |field| match rest {
        "" => Ok(field),
        _ => Err(QueryError::new(at + name.chars().count(), format!("{name} has nothing inside"))),
    };
    match name {
        "key" => path(text, end, at).map(Field::Key),
        "value" => path(text, end, at).map(Field::Value),
        "headers" | "header" => header(text, end, at),
        "topic" => none(Field::Topic),
        "partition" => none(Field::Partition),
        "offset" => none(Field::Offset),
        "timestamp" => none(Field::Timestamp),
        "size" => none(Field::Size),
        "format" => none(Field::Format),
        "schema" => none(Field::Schema),
        _ => {
            let shown = sanitize(text);
            let message =
                format!("no field is called {shown}: inside the value it is value.{shown}; others are {FIELDS}");
            Err(QueryError::new(at, message))
        }
    }
}

/// Everything behind the dot is the name: names of headers have dots and dashes.
fn header(text: &str, end: usize, at: usize) -> Result<Field, QueryError> {
    let rest = text.get(end..).unwrap_or_default();
    let wrong = || QueryError::new(at + chars(text, end), "a header is written headers.NAME or headers.\"NAME\"");
    let name = rest.strip_prefix('.').ok_or_else(wrong)?;
    if name.starts_with('"') {
        return match quoted_name(name) {
            Some((name, "")) => Ok(Field::Header(name.into())),
            _ => Err(wrong()),
        };
    }
    if name.is_empty() { Err(wrong()) } else { Ok(Field::Header(name.into())) }
}

fn chars(text: &str, end: usize) -> usize {
    text.get(..end).unwrap_or(text).chars().count()
}

fn path(text: &str, end: usize, at: usize) -> Result<Path, QueryError> {
    let mut steps = Vec::new();
    let mut rest = text.get(end..).unwrap_or_default();
    while let Some(first) = rest.chars().next() {
        let here = at + chars(text, text.len() - rest.len());
        let inner = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '.' if inner.starts_with('"') => {
                let (name, after) =
                    quoted_name(inner).ok_or_else(|| QueryError::new(here + 1, "this quote is not closed"))?;
                steps.push(Step::Name(name.into()));
                rest = after;
            }
            '.' => {
                let length = inner.find(['.', '[']).unwrap_or(inner.len());
                let (name, after) = inner.split_at_checked(length).unwrap_or((inner, ""));
                if !is_plain_name(name) {
                    let message = "a name was expected; one with other characters is written .\"NAME\"";
                    return Err(QueryError::new(here + 1, message));
                }
                steps.push(Step::Name(name.into()));
                rest = after;
            }
            '[' => {
                let wrong = || QueryError::new(here, "write [0] for an element or [*] for every one");
                let (index, after) = inner.split_once(']').ok_or_else(wrong)?;
                steps.push(match index {
                    "*" | "" => Step::Each,
                    _ => Step::Index(index.parse().map_err(|_| wrong())?),
                });
                rest = after;
            }
            _ => return Err(QueryError::new(here, "a dot or [ was expected here")),
        }
    }
    Ok(Path(steps))
}
