//! What a query consists of, and how it is written.
//!
//! Invariant: what is written here is read back as the same.

use super::number::Number;
use crate::domain::Time;
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;

/// Which records are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    Test(Test),
}

impl Query {
    /// Records that hold `text` in key, value or headers.
    pub fn anywhere(text: &str) -> Self {
        Self::Test(Test { field: Field::Anywhere, condition: Condition::Contains(text.into()) })
    }

    /// All records.
    pub fn everything() -> Self {
        Self::And(Vec::new())
    }

    /// Records that meet all of `parts`; `None` where there are none.
    pub fn all(mut parts: Vec<Query>) -> Option<Self> {
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Self::And(parts)),
        }
    }

    pub fn compare(field: Field, comparison: Comparison, literal: Literal) -> Self {
        Self::Test(Test { field, condition: Condition::Compare(comparison, literal) })
    }

    /// The text, where it is looked for and nothing else is asked.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Test(Test { field: Field::Anywhere, condition: Condition::Contains(text) }) => Some(text.as_str()),
            _ => None,
        }
    }

    /// As one would type it: a single word without quotes.
    pub fn typed(&self) -> String {
        let is_plain = |c: char| c.is_alphanumeric() || "_-.:/@".contains(c);
        let keywords = ["and", "or", "not"];
        match self.word() {
            Some(word) if word.chars().all(is_plain) && !keywords.iter().any(|one| word.eq_ignore_ascii_case(one)) => {
                word.to_owned()
            }
            _ => self.to_string(),
        }
    }

    /// Every test in it.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Not(part) => part.tests(),
            Self::Test(test) => vec![test],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    pub field: Field,
    pub condition: Condition,
}

/// What of a record is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Key, value, names and values of headers.
    Anywhere,
    Key(Path),
    Value(Path),
    /// The values of the headers of this name.
    Header(Box<str>),
    Topic,
    Partition,
    Offset,
    Timestamp,
    /// Bytes of key and value.
    Size,
    /// The word for how the value was read.
    Format,
    /// What the value's schema is called.
    Schema,
}

/// The way into a decoded value; empty for the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field; of a list, that field of each element.
    Name(Box<str>),
    Index(usize),
    /// Every element.
    Each,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Compare(Comparison, Literal),
    In(Vec<Literal>),
    Contains(Text),
    StartsWith(Box<str>),
    Matches(Pattern),
    /// It is there and not null.
    Exists,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(Number),
    Text(Box<str>),
    /// Only beside `timestamp`.
    Time(Time),
}

/// A text that is looked for, prepared once.
#[derive(Clone, Debug)]
pub struct Text {
    text: Box<str>,
    finder: Box<Finder<'static>>,
}

impl Text {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.finder.find(bytes).is_some()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { text: text.into(), finder: Box::new(Finder::new(text).into_owned()) }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Text {}

/// A regular expression, which takes bounded memory and time that grows with the text.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    regex: Regex,
}

impl Pattern {
    /// Bytes that a compiled expression may take.
    const MOST_BYTES: usize = 1 << 20;

    /// The reason, where it is no expression that can be used.
    pub fn new(text: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(text).size_limit(Self::MOST_BYTES).dfa_size_limit(Self::MOST_BYTES).build();
        let regex = built.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        })?;
        Ok(Self { text: text.into(), regex })
    }

    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Query], word: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                part.write_inner(f)?;
            }
            Ok(())
        };
        match self {
            Self::And(parts) => joined(f, parts, "and"),
            Self::Or(parts) => joined(f, parts, "or"),
            Self::Not(part) => {
                f.write_str("not ")?;
                part.write_inner(f)
            }
            Self::Test(test) => test.fmt(f),
        }
    }
}

impl Query {
    /// As a part of another.
    fn write_inner(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
            Self::Not(_) | Self::Test(_) => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Field::Anywhere, Condition::Contains(text)) = (&self.field, &self.condition) {
            return write_text(f, text.as_str());
        }
        write!(f, "{} {}", self.field, self.condition)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere => f.write_str("anywhere"),
            Self::Key(path) => write!(f, "key{path}"),
            Self::Value(path) => write!(f, "value{path}"),
            Self::Header(name) => {
                f.write_str("headers")?;
                write_name(f, name)
            }
            Self::Topic => f.write_str("topic"),
            Self::Partition => f.write_str("partition"),
            Self::Offset => f.write_str("offset"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Size => f.write_str("size"),
            Self::Format => f.write_str("format"),
            Self::Schema => f.write_str("schema"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Name(name) => write_name(f, name)?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(comparison, literal) => write!(f, "{} {literal}", comparison.sign()),
            Self::In(literals) => {
                f.write_str("in (")?;
                for (index, literal) in literals.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{literal}")?;
                }
                f.write_str(")")
            }
            Self::Contains(text) => {
                f.write_str("contains ")?;
                write_text(f, text.as_str())
            }
            Self::StartsWith(text) => {
                f.write_str("starts-with ")?;
                write_text(f, text)
            }
            Self::Matches(pattern) => {
                f.write_str("matches ")?;
                write_text(f, &pattern.text)
            }
            Self::Exists => f.write_str("exists"),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => f.write_str(number.as_str()),
            Self::Text(text) => write_text(f, text),
            Self::Time(time) => match time.rfc3339().filter(|_| FOUR_DIGIT_YEARS.contains(&time.millis())) {
                Some(text) => f.write_str(&text),
                None => write!(f, "{}", time.millis()),
            },
        }
    }
}

/// From year 1 to 9999, in milliseconds.
const FOUR_DIGIT_YEARS: std::ops::Range<i64> = -62_135_596_800_000..253_402_300_800_000;

/// May a name stand in a path without quotes?
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '$' | '#' | '/'))
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    f.write_str(".")?;
    if is_plain_name(name) { f.write_str(name) } else { write_text(f, name) }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}
