//! A `.proto` file as far as reading values needs it: packages, messages, fields,
//! enums. Options, services and extensions are passed over.
//!
//! A parser of our own because the library's goes as deep as the text says, and
//! would take half a megabyte of the binary.

use super::super::MAX_DEPTH;
use super::source::{self, Token};

/// Why a text is no `.proto` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} in line {line}")]
pub(in crate::decode) struct ProtoError {
    pub reason: String,
    /// From 1.
    pub line: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct File {
    pub package: String,
    pub messages: Vec<Message>,
    pub enums: Vec<Enum>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Message {
    pub name: String,
    pub fields: Vec<Field>,
    pub messages: Vec<Message>,
    pub enums: Vec<Enum>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Field {
    pub name: String,
    pub number: u32,
    pub is_repeated: bool,
    /// Numbers of a repeated one lie together behind one length, when it is written.
    pub is_packed: bool,
    /// Which oneof of the message it belongs to, counted from 0.
    pub oneof: Option<usize>,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Kind {
    /// A scalar's word, or a type's name as it is written.
    Named(String),
    Map {
        key: String,
        value: String,
    },
    /// A message between two marks instead of behind a length.
    Group(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Enum {
    pub name: String,
    pub values: Vec<(String, i32)>,
}

/// The paths that a `.proto` file imports, as they are written.
pub fn imports(text: &str) -> Result<Vec<String>, String> {
    let tokens = source::tokens(text).map_err(|error| error.to_string())?;
    let words: Vec<Token<'_>> = tokens.into_iter().map(|(token, _)| token).collect();
    let imported = |at: usize| match words.get(at..)? {
        [Token::Word("import"), Token::Text(path), ..]
        | [Token::Word("import"), Token::Word("public" | "weak" | "option"), Token::Text(path), ..] => {
            Some((*path).to_owned())
        }
        _ => None,
    };
    Ok((0..words.len()).filter_map(imported).collect())
}

impl File {
    pub fn parse(text: &str) -> Result<Self, ProtoError> {
        let mut parser = Parser { tokens: source::tokens(text)?, at: 0, is_packed: false, oneofs: 0 };
        parser.is_packed = parser.packs();
        let mut file = Self::default();
        while let Some(token) = parser.peek(0) {
            match token {
                Token::Sign(';') => parser.at += 1,
                Token::Word("package") => {
                    parser.at += 1;
                    parser.word("a package")?.clone_into(&mut file.package);
                    parser.expect(';')?;
                }
                Token::Word("message") => file.messages.push(parser.message(0)?),
                Token::Word("enum") => file.enums.push(parser.enumeration()?),
                Token::Word("export" | "local") => parser.at += 1,
                Token::Word("syntax" | "edition" | "import" | "option" | "service" | "extend") => parser.pass_over()?,
                Token::Word(_) | Token::Text(_) | Token::Sign(_) => {
                    return Err(parser.error("a definition was expected"));
                }
            }
        }
        Ok(file)
    }
}

struct Parser<'a> {
    tokens: Vec<(Token<'a>, usize)>,
    at: usize,
    /// What the file says of fields that say nothing themselves.
    is_packed: bool,
    oneofs: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + ahead).map(|(token, _)| *token)
    }

    /// Are numbers packed unless it is said? By proto2 they are not; an edition's file may
    /// choose.
    fn packs(&self) -> bool {
        let said = |at: usize| match [self.peek(at)?, self.peek(at + 1)?, self.peek(at + 2)?] {
            [Token::Word("syntax"), Token::Sign('='), Token::Text(syntax)] => Some(syntax == "proto3"),
            [Token::Word("edition"), Token::Sign('='), Token::Text(_)] => Some(true),
            _ => None,
        };
        let chosen = |at: usize| match [self.peek(at)?, self.peek(at + 1)?, self.peek(at + 2)?, self.peek(at + 3)?] {
            [Token::Word("option"), word, Token::Sign('='), value] => packing(word, value),
            _ => None,
        };
        // Options of the file stand at no depth; braces are counted to find them.
        let mut depth = 0_usize;
        let mut option = None;
        for at in 0..self.tokens.len() {
            match self.peek(at) {
                Some(Token::Sign('{')) => depth += 1,
                Some(Token::Sign('}')) => depth = depth.saturating_sub(1),
                _ if depth == 0 && option.is_none() => option = chosen(at),
                _ => {}
            }
        }
        option.or_else(|| said(0)).unwrap_or(false)
    }

    fn error(&self, reason: &str) -> ProtoError {
        let here = self.tokens.get(self.at).or(self.tokens.last());
        ProtoError { reason: reason.into(), line: here.map_or(1, |(_, line)| *line) }
    }

    fn word(&mut self, what: &str) -> Result<&'a str, ProtoError> {
        match self.peek(0) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.error(&format!("{what} was expected"))),
        }
    }

    fn eat(&mut self, sign: char) -> bool {
        let is_next = self.peek(0) == Some(Token::Sign(sign));
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: char) -> Result<(), ProtoError> {
        if self.eat(sign) { Ok(()) } else { Err(self.error(&format!("'{sign}' was expected"))) }
    }

    /// To behind the `;` or the braces that end a statement.
    fn pass_over(&mut self) -> Result<(), ProtoError> {
        let mut depth = 0_usize;
        while let Some(token) = self.peek(0) {
            self.at += 1;
            match token {
                Token::Sign('{' | '[' | '(') => depth += 1,
                Token::Sign(']' | ')') => depth = depth.saturating_sub(1),
                Token::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    // `option (x) = { … };` has a `;` to come, which stands alone.
                    if depth == 0 {
                        return Ok(());
                    }
                }
                Token::Sign(';') if depth == 0 => return Ok(()),
                _ => {}
            }
        }
        Err(self.error("it breaks off"))
    }

    /// `[packed = true, …]`, if it is there: whether it says that numbers are packed.
    fn options(&mut self) -> Result<Option<bool>, ProtoError> {
        if !self.eat('[') {
            return Ok(None);
        }
        let mut depth = 1_usize;
        let mut packed = None;
        while let Some(token) = self.peek(0) {
            if let (Some(Token::Sign('=' | ':')), Some(value)) = (self.peek(1), self.peek(2)) {
                packed = packing(token, value).or(packed);
            }
            self.at += 1;
            match token {
                Token::Sign('[' | '{') => depth += 1,
                Token::Sign(']' | '}') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(packed);
            }
        }
        Err(self.error("it breaks off"))
    }

    fn message(&mut self, depth: usize) -> Result<Message, ProtoError> {
        self.at += 1;
        let mut message = Message { name: self.word("a name")?.to_owned(), ..Message::default() };
        self.body(&mut message, depth)?;
        Ok(message)
    }

    /// What stands between a message's braces, and the braces.
    fn body(&mut self, message: &mut Message, depth: usize) -> Result<(), ProtoError> {
        if depth > MAX_DEPTH {
            return Err(self.error("it nests too deeply"));
        }
        self.expect('{')?;
        loop {
            let begins = |word: &str| {
                self.peek(0) == Some(Token::Word(word))
                    && matches!(self.peek(1), Some(Token::Word(_)))
                    && self.peek(2) == Some(Token::Sign('{'))
            };
            match self.peek(0) {
                None => return Err(self.error("it breaks off")),
                Some(Token::Sign('}')) => {
                    self.at += 1;
                    return Ok(());
                }
                Some(Token::Sign(';')) => self.at += 1,
                _ if begins("message") => message.messages.push(self.message(depth + 1)?),
                _ if begins("enum") => message.enums.push(self.enumeration()?),
                _ if begins("oneof") => {
                    self.at += 2;
                    // Its fields are the message's; its braces hold nothing else.
                    let mut inside = Message::default();
                    let oneof = self.oneofs;
                    self.oneofs += 1;
                    self.body(&mut inside, depth + 1)?;
                    inside.fields.iter_mut().for_each(|field| field.oneof = Some(oneof));
                    message.fields.append(&mut inside.fields);
                    message.messages.append(&mut inside.messages);
                }
                Some(Token::Word("export" | "local"))
                    if matches!(self.peek(1), Some(Token::Word("message" | "enum"))) =>
                {
                    self.at += 1;
                }
                Some(Token::Word("extend" | "reserved" | "extensions" | "option")) if !self.is_field() => {
                    self.pass_over()?;
                }
                _ => self.field(message, depth)?,
            }
        }
    }

    /// `option`, `reserved` and the like may also be the name of a type.
    fn is_field(&self) -> bool {
        matches!(self.peek(1), Some(Token::Word(_))) && {
            let (sign, number, end) = (self.peek(2), self.peek(3), self.peek(4));
            sign == Some(Token::Sign('='))
                && matches!(number, Some(Token::Word(number)) if number.starts_with(|c: char| c.is_ascii_digit()))
                && matches!(end, Some(Token::Sign(';' | '[')))
                && self.peek(0) != Some(Token::Word("option"))
        }
    }

    fn field(&mut self, message: &mut Message, depth: usize) -> Result<(), ProtoError> {
        let mut is_repeated = false;
        while let (Some(Token::Word(label @ ("repeated" | "optional" | "required"))), Some(Token::Word(_))) =
            (self.peek(0), self.peek(1))
        {
            is_repeated |= label == "repeated";
            self.at += 1;
        }
        let word = self.word("a field")?;
        if word == "map" && self.eat('<') {
            let key = self.word("a type")?.to_owned();
            self.expect(',')?;
            let value = self.word("a type")?.to_owned();
            self.expect('>')?;
            let (name, number, _) = self.name_and_number()?;
            self.expect(';')?;
            let kind = Kind::Map { key, value };
            message.fields.push(Field { name, number, is_repeated: true, is_packed: false, oneof: None, kind });
            return Ok(());
        }
        let (name, number, packed) = self.name_and_number()?;
        let is_packed = packed.unwrap_or(self.is_packed);
        if word == "group" && self.peek(0) == Some(Token::Sign('{')) {
            let mut inner = Message { name: name.clone(), ..Message::default() };
            self.body(&mut inner, depth + 1)?;
            message.messages.push(inner);
            let kind = Kind::Group(name.clone());
            let name = name.to_ascii_lowercase();
            message.fields.push(Field { name, number, is_repeated, is_packed: false, oneof: None, kind });
            return Ok(());
        }
        self.expect(';')?;
        let kind = Kind::Named(word.to_owned());
        message.fields.push(Field { name, number, is_repeated, is_packed, oneof: None, kind });
        Ok(())
    }

    /// `name = 7 [options]`, and whether these say that it is packed.
    fn name_and_number(&mut self) -> Result<(String, u32, Option<bool>), ProtoError> {
        let name = self.word("a name")?.to_owned();
        self.expect('=')?;
        let number = self.word("a number").ok().and_then(|word| u32::try_from(integer(word)?).ok());
        let number = number.filter(|number| *number > 0).ok_or_else(|| self.error("a field's number was expected"))?;
        let packed = self.options()?;
        Ok((name, number, packed))
    }

    fn enumeration(&mut self) -> Result<Enum, ProtoError> {
        self.at += 1;
        let mut found = Enum { name: self.word("a name")?.to_owned(), values: Vec::new() };
        self.expect('{')?;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(Token::Sign('}')), _) => {
                    self.at += 1;
                    return Ok(found);
                }
                (Some(Token::Sign(';')), _) => self.at += 1,
                (Some(Token::Word(name)), Some(Token::Sign('='))) => {
                    self.at += 2;
                    let is_negative = self.eat('-');
                    let number = self.word("a number").ok().and_then(integer);
                    let number = number.map(|number| if is_negative { -number } else { number });
                    let number = number.and_then(|number| i32::try_from(number).ok());
                    found.values.push((name.to_owned(), number.ok_or_else(|| self.error("a number was expected"))?));
                    self.options()?;
                    self.expect(';')?;
                }
                (Some(Token::Word("option" | "reserved")), _) => self.pass_over()?,
                _ => return Err(self.error("a value of the enum was expected")),
            }
        }
    }
}

/// Whether an option says that numbers are packed: that of proto2 and 3, or an edition's.
fn packing(option: Token<'_>, value: Token<'_>) -> Option<bool> {
    let (Token::Word(option), Token::Word(value)) = (option, value) else { return None };
    match (option.rsplit('.').next(), value) {
        (Some("packed"), "true") | (Some("repeated_field_encoding"), "PACKED") => Some(true),
        (Some("packed"), "false") | (Some("repeated_field_encoding"), "EXPANDED") => Some(false),
        _ => None,
    }
}

/// Decimal, hexadecimal or octal.
fn integer(word: &str) -> Option<i64> {
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16).ok();
    }
    match word.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => i64::from_str_radix(digits, 8).ok(),
        _ => word.parse().ok(),
    }
}
