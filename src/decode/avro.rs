//! Avro's binary encoding, read against the writer's schema.
//!
//! A reader of our own because the library's allocates what a length claims,
//! recurses as deep as the bytes say, loses the order of map entries and reads
//! a missing value as null; here it parses schemas, and is the oracle in tests.
//!
//! Invariant: every length is checked against the bytes that are left before
//! it is used; values that take no bytes are counted; depth is bounded; a
//! payload is read whole or not at all.

pub(super) mod encode;
mod plan;

pub(super) use plan::Plan;

use super::moment::{self, Unit};
use super::{MAX_DEPTH, MAX_VALUES, decimal};
use crate::domain::query::Asked;
use crate::domain::value::{Logical, Value};
use bytes::Bytes;
use plan::{Node, NodeId};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AvroError {
    #[error("the payload ends early, at byte {0}")]
    Short(usize),
    #[error("{left} bytes follow the value")]
    Leftover { left: usize },
    #[error("a length of {0} cannot be")]
    Length(i64),
    #[error("a number at byte {0} does not end")]
    Number(usize),
    #[error("branch {0} is not in the union")]
    Branch(i64),
    #[error("symbol {0} is not in the enum {1}")]
    Symbol(i64, Arc<str>),
    #[error("{0} is not a boolean")]
    Boolean(u8),
    #[error("text at byte {0} is not UTF-8")]
    Text(usize),
    #[error("it nests deeper than {MAX_DEPTH}")]
    Depth,
    #[error("it holds more than {0} values")]
    Values(usize),
    #[error("the schema refers to a type that it lacks")]
    Schema,
}

/// Reads a whole payload. Of what is not asked for nothing is made: it is walked over, and
/// must be whole all the same.
pub(super) fn read_asked(plan: &Plan, payload: &Bytes, asked: &Asked) -> Result<Value, AvroError> {
    // Serializers write a schema that is only `bytes` without a length.
    if matches!(plan.root(), Some(Node::Bytes)) {
        return Ok(Value::Bytes(payload.clone()));
    }
    let mut reader = Reader { plan, payload, at: 0, values: 0, most: most_values(payload.len()) };
    let value = reader.value(plan.root_id(), 0, asked)?;
    match payload.len() - reader.at {
        0 => Ok(value),
        left => Err(AvroError::Leftover { left }),
    }
}

/// Nulls and records of nothing take no bytes: a few of those claim millions of
/// them, and a screen holds many such records. What is meant has no more values
/// for each byte than records lie in each other.
fn most_values(bytes: usize) -> usize {
    const AT_LEAST: usize = 4_096;
    const FOR_EACH_BYTE: usize = 64;
    bytes.saturating_mul(FOR_EACH_BYTE).saturating_add(AT_LEAST).min(MAX_VALUES)
}

struct Reader<'a> {
    plan: &'a Plan,
    payload: &'a Bytes,
    at: usize,
    values: usize,
    most: usize,
}

fn typed(text: String, logical: Logical) -> Value {
    Value::Typed { text: text.into(), logical }
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], AvroError> {
        let end = self.at.checked_add(count).ok_or(AvroError::Short(self.at))?;
        let bytes = self.payload.get(self.at..end).ok_or(AvroError::Short(self.payload.len()))?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AvroError> {
        let bytes = self.take(N)?;
        bytes.first_chunk().copied().ok_or(AvroError::Short(self.at))
    }

    fn long(&mut self) -> Result<i64, AvroError> {
        let mut bits = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            bits |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((bits >> 1).cast_signed() ^ -((bits & 1).cast_signed()));
            }
        }
        Err(AvroError::Number(self.at))
    }

    fn int(&mut self) -> Result<i32, AvroError> {
        let number = self.long()?;
        i32::try_from(number).map_err(|_| AvroError::Number(self.at))
    }

    fn sized(&mut self) -> Result<&'a [u8], AvroError> {
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| AvroError::Length(length))?;
        self.take(length)
    }

    fn text(&mut self) -> Result<&'a str, AvroError> {
        let begin = self.at;
        std::str::from_utf8(self.sized()?).map_err(|_| AvroError::Text(begin))
    }

    fn value(&mut self, id: NodeId, depth: usize, asked: &Asked) -> Result<Value, AvroError> {
        self.values += 1;
        if self.values > self.most {
            return Err(AvroError::Values(self.most));
        }
        if depth > MAX_DEPTH {
            return Err(AvroError::Depth);
        }
        let plan = self.plan;
        let node = plan.node(id).ok_or(AvroError::Schema)?;
        if *asked != Asked::All && self.pass(node)? {
            return Ok(Value::Null);
        }
        Ok(match node {
            Node::Null => Value::Null,
            Node::Boolean => match self.array()? {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                [other] => return Err(AvroError::Boolean(other)),
            },
            Node::Int => Value::Number(self.int()?.to_string().into()),
            Node::Long => Value::Number(self.long()?.to_string().into()),
            Node::Float => Value::Number(decimal::float(f32::from_le_bytes(self.array()?)).into()),
            Node::Double => Value::Number(decimal::double(f64::from_le_bytes(self.array()?)).into()),
            Node::Bytes => {
                let bytes = self.sized()?;
                Value::Bytes(self.payload.slice_ref(bytes))
            }
            Node::Fixed(size) => {
                let bytes = self.take(*size)?;
                Value::Bytes(self.payload.slice_ref(bytes))
            }
            Node::Text => Value::Text(self.text()?.into()),
            Node::Enum { name, symbols } => {
                let index = self.long()?;
                let symbol = usize::try_from(index).ok().and_then(|index| symbols.get(index));
                let symbol = symbol.ok_or_else(|| AvroError::Symbol(index, name.clone()))?;
                typed(symbol.to_string(), Logical::Enum)
            }
            Node::Union(branches) => {
                let index = self.long()?;
                let branch = usize::try_from(index).ok().and_then(|index| branches.get(index));
                // A union holds no union, and what it holds lies no deeper.
                self.value(*branch.ok_or(AvroError::Branch(index))?, depth, asked)?
            }
            Node::Array(item) => {
                let mut items = Vec::new();
                self.blocks(|reader| {
                    let value = reader.value(*item, depth + 1, asked)?;
                    if *asked != Asked::Nothing {
                        items.push(value);
                    }
                    Ok(())
                })?;
                Value::List(items)
            }
            Node::Map(value) => {
                let mut fields = Vec::new();
                self.blocks(|reader| {
                    let name = reader.text()?;
                    let asked = asked.field(name);
                    let value = reader.value(*value, depth + 1, asked)?;
                    if *asked != Asked::Nothing {
                        fields.push((Arc::from(name), value));
                    }
                    Ok(())
                })?;
                Value::Record(fields)
            }
            Node::Record(fields) => {
                let mut read = Vec::with_capacity(if *asked == Asked::All { fields.len() } else { 0 });
                for (name, field) in fields {
                    let asked = asked.field(name);
                    let value = self.value(*field, depth + 1, asked)?;
                    if *asked != Asked::Nothing {
                        read.push((name.clone(), value));
                    }
                }
                Value::Record(read)
            }
            logical => self.logical(logical)?,
        })
    }

    /// Walks over a value that holds no others, as strictly as if it were made; whether it
    /// is one.
    fn pass(&mut self, node: &Node) -> Result<bool, AvroError> {
        match node {
            Node::Int | Node::Date | Node::TimeMillis => self.int().map(drop)?,
            Node::Long | Node::TimeMicros | Node::Timestamp(_) | Node::LocalTimestamp(_) => self.long().map(drop)?,
            Node::Float => self.array::<4>().map(drop)?,
            Node::Double => self.array::<8>().map(drop)?,
            Node::Bytes => self.sized().map(drop)?,
            Node::Fixed(size) | Node::Decimal { size: Some(size), .. } => self.take(*size).map(drop)?,
            Node::Decimal { size: None, .. } => self.sized().map(drop)?,
            Node::Text | Node::UuidText => self.text().map(drop)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Items come in blocks: a count and so many items, until a count of 0. A
    /// negative count is followed by the block's size in bytes. The count is
    /// only ever counted down: nothing is allocated for it.
    fn blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), AvroError>) -> Result<(), AvroError> {
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
        }
    }

    fn logical(&mut self, node: &Node) -> Result<Value, AvroError> {
        Ok(match node {
            Node::Decimal { precision, scale, size } => {
                let unscaled = match size {
                    Some(size) => self.take(*size)?,
                    None => self.sized()?,
                };
                match decimal::unscaled(unscaled, i64::from(*scale)) {
                    Some(text) => typed(text, Logical::Decimal { precision: *precision, scale: *scale }),
                    None => Value::Bytes(self.payload.slice_ref(unscaled)),
                }
            }
            Node::BigDecimal => self.big_decimal()?,
            Node::UuidText => typed(self.text()?.to_owned(), Logical::Uuid),
            Node::UuidBytes => {
                let bytes = self.sized()?;
                self.uuid(bytes)
            }
            Node::UuidFixed => {
                let bytes = self.take(16)?;
                self.uuid(bytes)
            }
            Node::Date => typed(moment::date(self.int()?), Logical::Date),
            Node::TimeMillis => typed(moment::time_of_day(self.int()?.into(), Unit::Millis), Logical::TimeOfDay),
            Node::TimeMicros => typed(moment::time_of_day(self.long()?, Unit::Micros), Logical::TimeOfDay),
            Node::Timestamp(unit) => typed(moment::timestamp(self.long()?, *unit), Logical::Timestamp),
            Node::LocalTimestamp(unit) => typed(moment::local_timestamp(self.long()?, *unit), Logical::LocalTimestamp),
            Node::Duration => typed(moment::duration(self.array()?), Logical::Duration),
            _ => return Err(AvroError::Schema),
        })
    }

    /// Its scale travels with it: unscaled number and scale within the bytes.
    fn big_decimal(&mut self) -> Result<Value, AvroError> {
        let whole = self.payload.slice_ref(self.sized()?);
        let mut inner = Reader { plan: self.plan, payload: &whole, at: 0, values: 0, most: self.most };
        let text = inner.sized().and_then(|unscaled| Ok((unscaled, inner.long()?)));
        Ok(match text {
            Ok((unscaled, scale)) => match decimal::unscaled(unscaled, scale) {
                Some(text) => {
                    let scale = u32::try_from(scale).unwrap_or(0);
                    typed(text, Logical::Decimal { precision: 0, scale })
                }
                None => Value::Bytes(whole),
            },
            Err(_) => Value::Bytes(whole),
        })
    }

    fn uuid(&self, bytes: &'a [u8]) -> Value {
        match uuid::Uuid::from_slice(bytes) {
            Ok(uuid) => typed(uuid.to_string(), Logical::Uuid),
            Err(_) => Value::Bytes(self.payload.slice_ref(bytes)),
        }
    }
}
