//! JSON as it was written: digits, field order and repeated names are kept.
//!
//! A parser of our own because a general one puts numbers through floats or
//! sixty-four bits, and drops repeated names. Depth and number of values are
//! bounded.

use super::{MAX_DEPTH, MAX_VALUES};
use crate::domain::query::Asked;
use crate::domain::value::Value;
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {at}")]
pub(super) struct JsonError {
    pub reason: &'static str,
    pub at: usize,
}

/// Reads a document; nothing but white space may stand around it.
pub(super) fn read(bytes: &[u8]) -> Result<Value, JsonError> {
    read_asked(bytes, &Asked::All)
}

/// The same, but of what is not asked for nothing is made: it is walked over, and must be
/// whole all the same.
pub(super) fn read_asked(bytes: &[u8], asked: &Asked) -> Result<Value, JsonError> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| JsonError { reason: "it is not UTF-8", at: error.valid_up_to() })?;
    let mut reader = Reader { text, at: 0, values: 0 };
    let value = reader.value(0, asked)?;
    reader.white_space();
    if reader.at < text.len() {
        return Err(reader.error("something follows the document"));
    }
    Ok(value)
}

/// A step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(Arc<str>),
    Item(usize),
}

/// The steps as a JSON pointer in a sentence: ` at /a/0`; nothing for the whole.
pub(super) fn pointer(steps: &[Step]) -> String {
    let token = |step: &Step| match step {
        Step::Field(name) => name.replace('~', "~0").replace('/', "~1"),
        Step::Item(index) => index.to_string(),
    };
    if steps.is_empty() {
        return String::new();
    }
    steps.iter().fold(" at ".to_owned(), |text, step| text + "/" + &token(step))
}

/// The steps without the places in lists: `.lines.state`.
pub(super) fn fields(steps: &[Step]) -> String {
    let name = |step: &Step| match step {
        Step::Field(name) => format!(".{name}"),
        Step::Item(_) => String::new(),
    };
    steps.iter().map(name).collect()
}

/// At which byte the value begins that the steps lead to; of a name that repeats, the first.
pub(super) fn place(text: &str, steps: &[Step]) -> Option<usize> {
    Reader { text, at: 0, values: 0 }.find(steps)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, reason: &'static str) -> JsonError {
        JsonError { reason, at: self.at }
    }

    fn find(&mut self, steps: &[Step]) -> Option<usize> {
        self.white_space();
        let Some((step, rest)) = steps.split_first() else { return Some(self.at) };
        match step {
            Step::Field(wanted) => {
                self.eat(b'{').then_some(())?;
                loop {
                    self.white_space();
                    (self.peek() == Some(b'"')).then_some(())?;
                    let name = self.string().ok()?;
                    self.white_space();
                    self.eat(b':').then_some(())?;
                    if *name == **wanted {
                        return self.find(rest);
                    }
                    self.pass()?;
                }
            }
            Step::Item(index) => {
                self.eat(b'[').then_some(())?;
                for _ in 0..*index {
                    self.pass()?;
                }
                self.find(rest)
            }
        }
    }

    /// Behind a value and its comma.
    fn pass(&mut self) -> Option<()> {
        self.value(0, &Asked::Nothing).ok()?;
        self.white_space();
        self.eat(b',').then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn slice(&self, from: usize, to: usize) -> Result<&'a str, JsonError> {
        self.text.get(from..to).ok_or_else(|| self.error("it breaks off"))
    }

    fn value(&mut self, depth: usize, asked: &Asked) -> Result<Value, JsonError> {
        self.values += 1;
        if depth > MAX_DEPTH {
            return Err(self.error("it nests too deeply"));
        }
        if self.values > MAX_VALUES {
            return Err(self.error("it holds too many values"));
        }
        self.white_space();
        match self.peek() {
            Some(b'{') => self.object(depth, asked),
            Some(b'[') => self.array(depth, asked),
            Some(b'"') => {
                let text = self.string()?;
                Ok(if *asked == Asked::All { Value::Text(text.into()) } else { Value::Null })
            }
            Some(b'-' | b'0'..=b'9') => {
                let digits = self.number()?;
                Ok(if *asked == Asked::All { Value::Number(digits.into()) } else { Value::Null })
            }
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.error("a value was expected")),
            None => Err(self.error("it breaks off")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error("a value was expected"))
        }
    }

    fn object(&mut self, depth: usize, asked: &Asked) -> Result<Value, JsonError> {
        self.at += 1;
        let mut fields = Vec::new();
        self.white_space();
        if self.eat(b'}') {
            return Ok(Value::Record(fields));
        }
        loop {
            self.white_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("a field name was expected"));
            }
            let name = self.string()?;
            self.white_space();
            if !self.eat(b':') {
                return Err(self.error("':' was expected"));
            }
            let asked = asked.field(&name);
            let value = self.value(depth + 1, asked)?;
            if *asked != Asked::Nothing {
                fields.push((Arc::from(name), value));
            }
            self.white_space();
            if self.eat(b'}') {
                return Ok(Value::Record(fields));
            }
            if !self.eat(b',') {
                return Err(self.error("',' or '}' was expected"));
            }
        }
    }

    fn array(&mut self, depth: usize, asked: &Asked) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.white_space();
        if self.eat(b']') {
            return Ok(Value::List(items));
        }
        loop {
            let item = self.value(depth + 1, asked)?;
            if *asked != Asked::Nothing {
                items.push(item);
            }
            self.white_space();
            if self.eat(b']') {
                return Ok(Value::List(items));
            }
            if !self.eat(b',') {
                return Err(self.error("',' or ']' was expected"));
            }
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin { Err(self.error("a digit was expected")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let begin = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.slice(begin, self.at)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let run = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let run = run.ok_or_else(|| self.error("a string does not end"))?;
            let part = self.slice(self.at, self.at + run)?;
            self.at += run + 1;
            if rest.get(run) == Some(&b'"') && out.is_empty() {
                return Ok(part.into());
            }
            out.push_str(part);
            match rest.get(run) {
                Some(b'"') => return Ok(out.into()),
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.error("a control character stands in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let escaped = self.peek().ok_or_else(|| self.error("it breaks off"))?;
        self.at += 1;
        Ok(match escaped {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return Err(self.error("an unknown escape")),
        })
    }

    /// Half a surrogate pair by itself has no character: it becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex4()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let after_first = self.at;
        if (0xd800..0xdc00).contains(&first) && self.eat(b'\\') && self.eat(b'u') {
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let joined = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        self.at = after_first;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.slice(self.at, self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.error("four hexadecimal digits were expected"));
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.error("four hexadecimal digits were expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"a":1,"a":2}"#)]
    #[case(r#"{"big":12345678901234567890123456789.10,"e":-1.5E+300,"z":0.0}"#)]
    #[case(r#"[true,false,null,"",[],{}]"#)]
    #[case(r#"{"text":"Grüße \"quoted\" \\ tab\t"}"#)]
    fn what_is_compact_comes_back_unchanged(#[case] text: &str) {
        assert_eq!(read(text.as_bytes()).unwrap().to_json(), text);
    }

    /// What a query asks for is there as in the whole, and the rest is not made.
    #[rstest]
    #[case("value.b.c = 1", r#"{"b":{"c":1}}"#)]
    #[case("value.list.d = 1", r#"{"list":[{"d":1},{"d":2},null]}"#)]
    #[case("value.list[1].d = 1", r#"{"list":[{"d":1},{"d":2},null]}"#)]
    #[case("value.a.x = 1", r#"{"a":null}"#)]
    #[case("value.b exists", r#"{"b":{"c":1,"e":"Grü"}}"#)]
    #[case("format = json", r#"{}"#)]
    fn only_what_is_asked_for_is_made(#[case] query: &str, #[case] expected: &str) {
        use crate::domain::Time;
        use crate::domain::query::{AskedParts, Moment, Part, parse};
        let text = r#"{"a":"x","b":{"c":1,"e":"Gr\u00fc"},"list":[{"d":1,"f":0},{"d":2},"no"]}"#;
        let query = parse(query, &Moment { now: Time(0), zone: None }).unwrap().unwrap();
        let asked = AskedParts::of(&query);
        assert_eq!(read_asked(text.as_bytes(), asked.part(Part::Value)).unwrap().to_json(), expected);
        let broken = text.replace("\"f\":0", "\"f\":01");
        assert!(read_asked(broken.as_bytes(), asked.part(Part::Value)).is_err(), "it is looked at all the same");
    }

    #[rstest]
    #[case(r#""\u0041\u00e9\ud83d\ude00\/\b""#, "Aé😀/\u{8}")]
    #[case(r#""\ud83d!""#, "\u{fffd}!")]
    #[case(r#""\ud83d\u0041""#, "\u{fffd}A")]
    #[case(r#""\udc00""#, "\u{fffd}")]
    fn escapes(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(read(text.as_bytes()).unwrap(), Value::Text(expected.into()));
    }

    #[rstest]
    #[case("", "it breaks off", 0)]
    #[case("{\"a\":1", "',' or '}' was expected", 6)]
    #[case("[1,]", "a value was expected", 3)]
    #[case("{a:1}", "a field name was expected", 1)]
    #[case("01", "something follows the document", 1)]
    #[case("1.", "a digit was expected", 2)]
    #[case("\"abc", "a string does not end", 1)]
    #[case("\"\\x\"", "an unknown escape", 3)]
    #[case("\"\\u12é\"", "four hexadecimal digits were expected", 3)]
    #[case("\"\\u123é\"", "it breaks off", 3)]
    #[case("{} x", "something follows the document", 3)]
    #[case("NaN", "a value was expected", 0)]
    fn errors_say_what_and_where(#[case] text: &str, #[case] reason: &'static str, #[case] at: usize) {
        assert_eq!(read(text.as_bytes()), Err(JsonError { reason, at }));
    }

    #[rstest]
    #[case(&[], 1)]
    #[case(&[Step::Field("b".into())], 12)]
    #[case(&[Step::Field("b".into()), Step::Item(1), Step::Field("c".into())], 22)]
    fn a_part_has_a_place(#[case] steps: &[Step], #[case] at: usize) {
        assert_eq!(place(r#" {"a":1,"b":[ 0 ,{"c":true}]}"#, steps), Some(at));
    }

    #[test]
    fn a_part_that_is_not_there_has_none() {
        assert_eq!(place(r#"{"a":[1]}"#, &[Step::Field("b".into())]), None);
        assert_eq!(place(r#"{"a":[1]}"#, &[Step::Field("a".into()), Step::Item(1)]), None);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(read(deep.as_bytes()).unwrap_err().reason, "it nests too deeply");
    }

    proptest! {
        #[test]
        fn agrees_with_the_general_parser(text in r#"[\[\]{}:, "a\\u0-9eE.+\-truefalsn]{0,24}"#) {
            let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            let ours = read(text.as_bytes());
            // Lone surrogates are shown here and refused there.
            prop_assume!(!text.contains("\\u"));
            prop_assert_eq!(ours.is_ok(), theirs, "{:?}", ours);
        }
    }
}
