//! Records of fixed layout, as Kafka describes its own: fields one after the other,
//! in Kafka's two encodings. The layouts are data, in `kafka_topics`.
//!
//! Encoding: "The Messages" of Apache Kafka's protocol guide; flexible versions are
//! those of KIP-482.

use super::cursor::{Broken, Cursor};
use super::moment::{self, Unit};
use crate::domain::TopicId;
use crate::domain::value::{Logical, Value};
use bytes::Bytes;
use std::sync::Arc;

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    I16,
    U16,
    I32,
    I64,
    /// Milliseconds since 1970; below zero there is none.
    Time,
    /// The id of a topic.
    Uuid,
    /// A text, or null.
    Text,
    Bytes,
    /// A number that has a word.
    Word(&'static [(i8, &'static str)]),
    Many(&'static Kind),
    /// Many of these fields, or null.
    Structs(&'static [Field]),
    /// The same, with what may be tagged behind each.
    Tagged(&'static [Field], &'static [(u64, Field)]),
    /// These fields, or null.
    Struct(&'static [Field]),
    /// Bytes that hold a version and then fields of the older encoding, as far as
    /// they are known.
    Nested(&'static [Layout]),
}

pub(super) type Field = (&'static str, Kind);

/// The fields of some versions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// From, to.
    pub versions: (i16, i16),
    pub is_flexible: bool,
    pub fields: &'static [Field],
    /// Fields that may follow, by number.
    pub tagged: &'static [(u64, Field)],
}

pub(super) struct Reader<'a> {
    cursor: Cursor<'a>,
    is_flexible: bool,
}

fn number(digits: impl ToString) -> Value {
    Value::Number(digits.to_string().into())
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a Bytes) -> Self {
        Self { cursor: Cursor::new(bytes), is_flexible: false }
    }

    pub fn int16(&mut self) -> Result<i16, Broken> {
        Ok(i16::from_be_bytes(self.cursor.array()?))
    }

    pub fn end(&self) -> Result<(), Broken> {
        self.cursor.end()
    }

    /// The fields of a layout and what is tagged behind them.
    pub fn layout(&mut self, layout: &Layout, into: &mut Vec<(Arc<str>, Value)>) -> Result<(), Broken> {
        self.is_flexible = layout.is_flexible;
        self.fields(layout.fields, layout.tagged, 0, into)
    }

    fn fields(
        &mut self,
        fields: &[Field],
        tagged: &[(u64, Field)],
        depth: usize,
        into: &mut Vec<(Arc<str>, Value)>,
    ) -> Result<(), Broken> {
        for (name, kind) in fields {
            into.push(((*name).into(), self.value(*kind, depth + 1)?));
        }
        if self.is_flexible {
            for _ in 0..self.varint()? {
                let (tag, size) = (self.varint()?, self.varint()?);
                let raw = self.cursor.take_long(size)?;
                let raw = self.cursor.share(raw);
                match tagged.iter().find(|(known, _)| *known == tag) {
                    Some((_, (name, kind))) => {
                        let mut inner = Reader { cursor: Cursor::new(&raw), is_flexible: true };
                        let value = inner.value(*kind, depth + 1)?;
                        inner.end()?;
                        into.push(((*name).into(), value));
                    }
                    None => into.push((format!("tag {tag}").into(), Value::Bytes(raw))),
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: Kind, depth: usize) -> Result<Value, Broken> {
        self.cursor.enter(depth)?;
        Ok(match kind {
            Kind::I16 => number(self.int16()?),
            Kind::U16 => number(u16::from_be_bytes(self.cursor.array()?)),
            Kind::I32 => number(i32::from_be_bytes(self.cursor.array()?)),
            Kind::I64 => number(i64::from_be_bytes(self.cursor.array()?)),
            Kind::Time => {
                let millis = i64::from_be_bytes(self.cursor.array()?);
                if millis < 0 {
                    number(millis)
                } else {
                    typed(moment::timestamp(millis, Unit::Millis), Logical::Timestamp)
                }
            }
            Kind::Uuid => typed(TopicId(u128::from_be_bytes(self.cursor.array()?)).to_string(), Logical::Uuid),
            Kind::Word(words) => {
                let code = i8::from_be_bytes(self.cursor.array()?);
                match words.iter().find(|(known, _)| *known == code) {
                    Some((_, word)) => typed((*word).to_owned(), Logical::Enum),
                    None => number(code),
                }
            }
            Kind::Text => match self.length(2)? {
                None => Value::Null,
                Some(length) => {
                    let bytes = self.cursor.take_long(length)?;
                    match std::str::from_utf8(bytes) {
                        Ok(text) => Value::Text(text.into()),
                        Err(_) => Value::Bytes(self.cursor.share(bytes)),
                    }
                }
            },
            Kind::Bytes => match self.length(4)? {
                None => Value::Null,
                Some(length) => {
                    let bytes = self.cursor.take_long(length)?;
                    Value::Bytes(self.cursor.share(bytes))
                }
            },
            Kind::Nested(layouts) => match self.value(Kind::Bytes, depth)? {
                Value::Bytes(bytes) => nested(&bytes, layouts).unwrap_or(Value::Bytes(bytes)),
                other => other,
            },
            Kind::Many(item) => self.many(|reader| reader.value(*item, depth + 1))?,
            Kind::Structs(fields) => self.many(|reader| reader.record(fields, &[], depth + 1))?,
            Kind::Tagged(fields, tagged) => self.many(|reader| reader.record(fields, tagged, depth + 1))?,
            Kind::Struct(fields) => match i8::from_be_bytes(self.cursor.array()?) {
                -1 => Value::Null,
                _ => self.record(fields, &[], depth + 1)?,
            },
        })
    }

    fn record(&mut self, fields: &[Field], tagged: &[(u64, Field)], depth: usize) -> Result<Value, Broken> {
        self.cursor.enter(depth)?;
        let mut read = Vec::new();
        self.fields(fields, tagged, depth, &mut read)?;
        Ok(Value::Record(read))
    }

    /// A count is only ever counted down: nothing is allocated by it.
    fn many(&mut self, mut item: impl FnMut(&mut Self) -> Result<Value, Broken>) -> Result<Value, Broken> {
        let Some(count) = self.length(4)? else { return Ok(Value::Null) };
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(Value::List(items))
    }

    /// `None` is null. In the older encoding of so many bytes.
    fn length(&mut self, size: usize) -> Result<Option<u64>, Broken> {
        if self.is_flexible {
            return Ok(self.varint()?.checked_sub(1));
        }
        let length = match size {
            2 => i64::from(self.int16()?),
            _ => i64::from(i32::from_be_bytes(self.cursor.array()?)),
        };
        match length {
            -1 => Ok(None),
            length => match u64::try_from(length) {
                Ok(length) => Ok(Some(length)),
                Err(_) => Err(self.cursor.wrong("a length below zero ends")),
            },
        }
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.cursor.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.cursor.wrong("a length without an end"))
    }
}

/// What a client put into bytes: a later version begins with the fields of those
/// before it.
fn nested(bytes: &Bytes, layouts: &[Layout]) -> Option<Value> {
    let mut reader = Reader::new(bytes);
    let version = reader.int16().ok()?;
    let layout = layouts.iter().find(|layout| (layout.versions.0..=layout.versions.1).contains(&version))?;
    let mut fields = vec![("version".into(), number(version))];
    reader.layout(layout, &mut fields).ok()?;
    Some(Value::Record(fields))
}

fn typed(text: String, logical: Logical) -> Value {
    Value::Typed { text: text.into(), logical }
}
