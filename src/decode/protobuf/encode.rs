//! A value as Protobuf's binary encoding, by Protobuf's own mapping of JSON.
//!
//! It takes what the reader beside it prints, too: fields by their names or in camel
//! case, whole numbers also as texts, bytes in Base64, enums by name or number, and the
//! well-known types in their short forms.
//!
//! Invariant: what does not fit says at which place; nothing is rounded or cut.

mod short;

use super::plan::{FieldPlan, MessageId, Plan, Type};
use super::well_known::Known;
use crate::decode::avro::encode::{Misfit, bytes_of_object, double, shown, single};
use crate::decode::json::Step;
use crate::decode::{MAX_DEPTH, MAX_VALUES};
use crate::domain::value::Value;
use base64::Engine as _;
use std::str::FromStr;
use std::sync::Arc;

/// Writes a whole message.
pub(super) fn write(plan: &Plan, id: MessageId, value: &Value) -> Result<Vec<u8>, Misfit> {
    let mut writer = Writer { plan, out: Vec::new(), path: Vec::new(), left: MAX_VALUES };
    writer.message(id, value, 0)?;
    Ok(writer.out)
}

struct Writer<'a> {
    plan: &'a Plan,
    out: Vec<u8>,
    path: Vec<Step>,
    left: usize,
}

/// Wire types of what is no scalar.
const SIZED: u8 = 2;
const BEGIN: u8 = 3;
const END: u8 = 4;

impl Writer<'_> {
    fn misfit(&self, reason: impl Into<String>) -> Misfit {
        Misfit { path: self.path.clone(), reason: reason.into() }
    }

    fn expected(&self, what: &str, found: &Value) -> Misfit {
        self.misfit(format!("expected {what}, got {}", shown(found)))
    }

    fn varint(&mut self, mut bits: u64) {
        while bits >= 0x80 {
            self.out.push((bits & 0x7f) as u8 | 0x80);
            bits >>= 7;
        }
        self.out.push(bits as u8);
    }

    fn tag(&mut self, number: u32, wire_type: u8) {
        self.varint(u64::from(number) << 3 | u64::from(wire_type));
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    /// What `write` writes, with its length before it.
    fn within(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Misfit>) -> Result<(), Misfit> {
        let outer = std::mem::take(&mut self.out);
        write(self)?;
        let inner = std::mem::replace(&mut self.out, outer);
        self.sized(&inner);
        Ok(())
    }

    fn at(&mut self, step: Step, write: impl FnOnce(&mut Self) -> Result<(), Misfit>) -> Result<(), Misfit> {
        self.path.push(step);
        write(self)?;
        self.path.pop();
        Ok(())
    }

    fn enter(&mut self, depth: usize) -> Result<(), Misfit> {
        if depth > MAX_DEPTH {
            return Err(self.misfit(format!("it nests deeper than {MAX_DEPTH}")));
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| self.misfit("there are too many values"))?;
        Ok(())
    }

    fn message(&mut self, id: MessageId, value: &Value, depth: usize) -> Result<(), Misfit> {
        self.enter(depth)?;
        let plan = self.plan;
        let message = plan.message(id).ok_or_else(|| self.misfit("the schema refers to a type that it lacks"))?;
        if let Some(known) = message.known
            && self.known(known, message, value, depth)?
        {
            return Ok(());
        }
        let Value::Record(given) = value else { return Err(self.expected("a message", value)) };
        let mut fields: Vec<(&FieldPlan, &Arc<str>, &Value)> = Vec::with_capacity(given.len());
        for (name, value) in given {
            let Some(field) = message.fields.iter().find(|field| is_called(field, name)) else {
                self.path.push(Step::Field(Arc::clone(name)));
                return Err(self.misfit("the schema has no such field"));
            };
            if fields.iter().any(|(known, ..)| known.number == field.number) {
                self.path.push(Step::Field(Arc::clone(name)));
                return Err(self.misfit("the field stands there twice"));
            }
            let is_there = |field: &FieldPlan, value: &Value| *value != Value::Null || self.takes_null(&field.kind);
            let beside = fields.iter().find(|(known, _, other)| {
                field.oneof.is_some() && known.oneof == field.oneof && is_there(known, other)
            });
            if let Some((_, other, _)) = beside.filter(|_| is_there(field, value)) {
                let reason = format!("it stands beside {other}, and of their oneof only one can be there");
                self.path.push(Step::Field(Arc::clone(name)));
                return Err(self.misfit(reason));
            }
            fields.push((field, name, value));
        }
        fields.sort_by_key(|(field, ..)| field.number);
        for (field, name, value) in fields {
            self.at(Step::Field(Arc::clone(name)), |writer| writer.field(field, value, depth))?;
        }
        Ok(())
    }

    fn field(&mut self, field: &FieldPlan, value: &Value, depth: usize) -> Result<(), Misfit> {
        // What is null is not there; of one type null is a value.
        if matches!(value, Value::Null) && !self.takes_null(&field.kind) {
            return Ok(());
        }
        if let Type::Map { key, value: held } = &field.kind {
            let Value::Record(entries) = value else { return Err(self.expected("a map", value)) };
            for (name, value) in entries {
                self.enter(depth + 1)?;
                let name_value = Value::Text(name.as_ref().into());
                self.tag(field.number, SIZED);
                self.at(Step::Field(Arc::clone(name)), |writer| {
                    writer.within(|writer| {
                        writer.key(key, &name_value, depth + 1)?;
                        writer.single(2, held, value, depth + 1)
                    })
                })?;
            }
            return Ok(());
        }
        if !field.is_repeated {
            return self.single(field.number, &field.kind, value, depth);
        }
        let Value::List(items) = value else { return Err(self.expected("an array", value)) };
        if items.is_empty() {
            return Ok(());
        }
        if field.is_packed {
            self.tag(field.number, SIZED);
            return self.within(|writer| {
                for (index, item) in items.iter().enumerate() {
                    writer.at(Step::Item(index), |writer| {
                        writer.enter(depth + 1)?;
                        writer.scalar(&field.kind, item)
                    })?;
                }
                Ok(())
            });
        }
        for (index, item) in items.iter().enumerate() {
            self.at(Step::Item(index), |writer| writer.single(field.number, &field.kind, item, depth))?;
        }
        Ok(())
    }

    fn takes_null(&self, kind: &Type) -> bool {
        matches!(kind, Type::Message(id) if self.plan.message(*id).is_some_and(|found| found.known == Some(Known::Value)))
    }

    /// The key of an entry, which JSON writes as a text.
    fn key(&mut self, kind: &Type, name: &Value, depth: usize) -> Result<(), Misfit> {
        match (kind, name) {
            (Type::Bool, Value::Text(text)) => match &**text {
                "true" => self.single(1, kind, &Value::Bool(true), depth),
                "false" => self.single(1, kind, &Value::Bool(false), depth),
                _ => Err(self.expected("true or false", name)),
            },
            _ => self.single(1, kind, name, depth),
        }
    }

    /// A value with the number of its field.
    fn single(&mut self, number: u32, kind: &Type, value: &Value, depth: usize) -> Result<(), Misfit> {
        match kind {
            Type::Message(id) => {
                self.tag(number, SIZED);
                self.within(|writer| writer.message(*id, value, depth + 1))
            }
            Type::Group(id) => {
                self.tag(number, BEGIN);
                self.message(*id, value, depth + 1)?;
                self.tag(number, END);
                Ok(())
            }
            Type::Unresolved | Type::Map { .. } => Err(self.misfit("its type is in a file that is not there")),
            scalar => {
                self.enter(depth)?;
                self.tag(number, scalar.wire_type());
                self.scalar(scalar, value)
            }
        }
    }

    fn whole<T: FromStr>(&self, what: &str, value: &Value) -> Result<T, Misfit> {
        let (Value::Number(digits) | Value::Text(digits)) = value else { return Err(self.expected(what, value)) };
        // 1.0 is whole, too.
        let whole = digits.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
        whole.map_or(&**digits, |(whole, _)| whole).parse().map_err(|_| self.expected(what, value))
    }

    fn scalar(&mut self, kind: &Type, value: &Value) -> Result<(), Misfit> {
        match kind {
            Type::Bool => match value {
                Value::Bool(flag) => self.varint(u64::from(*flag)),
                other => return Err(self.expected("bool", other)),
            },
            Type::Int32 => {
                let number = self.whole::<i32>("int32", value)?;
                self.varint(i64::from(number).cast_unsigned());
            }
            Type::Int64 => {
                let number = self.whole::<i64>("int64", value)?;
                self.varint(number.cast_unsigned());
            }
            Type::UInt32 => {
                let number = self.whole::<u32>("uint32", value)?;
                self.varint(number.into());
            }
            Type::UInt64 => {
                let number = self.whole("uint64", value)?;
                self.varint(number);
            }
            Type::SInt32 => {
                let number = self.whole::<i32>("sint32", value)?;
                self.varint(((number << 1) ^ (number >> 31)).cast_unsigned().into());
            }
            Type::SInt64 => {
                let number = self.whole::<i64>("sint64", value)?;
                self.varint(((number << 1) ^ (number >> 63)).cast_unsigned());
            }
            Type::Fixed32 => {
                let number = self.whole::<u32>("fixed32", value)?;
                self.out.extend(number.to_le_bytes());
            }
            Type::SFixed32 => {
                let number = self.whole::<i32>("sfixed32", value)?;
                self.out.extend(number.to_le_bytes());
            }
            Type::Fixed64 => {
                let number = self.whole::<u64>("fixed64", value)?;
                self.out.extend(number.to_le_bytes());
            }
            Type::SFixed64 => {
                let number = self.whole::<i64>("sfixed64", value)?;
                self.out.extend(number.to_le_bytes());
            }
            Type::Float => {
                let number = single(value).ok_or_else(|| self.expected("float", value))?;
                self.out.extend(number.to_le_bytes());
            }
            Type::Double => {
                let number = double(value).ok_or_else(|| self.expected("double", value))?;
                self.out.extend(number.to_le_bytes());
            }
            Type::Text => match value {
                Value::Text(text) => self.sized(text.as_bytes()),
                other => return Err(self.expected("string", other)),
            },
            Type::Bytes => {
                let bytes = bytes(value).ok_or_else(|| self.expected("bytes in Base64", value))?;
                self.sized(&bytes);
            }
            Type::Enum(id) => {
                let number = match value {
                    Value::Text(name) => self.plan.number_of(*id, name).ok_or_else(|| {
                        let known = self.plan.symbols(*id).join(", ");
                        self.expected(&format!("one of {known}"), value)
                    })?,
                    other => self.whole::<i32>("a name or number of the enum", other)?,
                };
                self.varint(i64::from(number).cast_unsigned());
            }
            Type::Message(_) | Type::Group(_) | Type::Map { .. } | Type::Unresolved => {
                return Err(self.misfit("its type is in a file that is not there"));
            }
        }
        Ok(())
    }
}

/// By the name in its file, or in camel case.
fn is_called(field: &FieldPlan, name: &str) -> bool {
    *field.name == *name || camel(&field.name) == name
}

/// `first_name` as JSON writes it: `firstName`.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut is_next = false;
    for c in name.chars() {
        if c == '_' {
            is_next = true;
        } else if std::mem::take(&mut is_next) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// Base64 in either alphabet, with or without what fills it up.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    let Value::Text(text) = value else { return bytes_of_object(value) };
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(plain).ok()
}
