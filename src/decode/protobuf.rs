//! Protobuf's binary encoding, read against the writer's schema.
//!
//! Invariant: as for Avro: every length is checked against the bytes that are left,
//! values are counted, depth is bounded, a payload is read whole or not at all. What
//! the schema does not know is shown by its number.

mod descriptors;
mod encode;
mod file;
mod plan;
mod source;
mod well_known;
mod wire;

use super::avro::encode::Misfit;
use super::cursor::Broken;
use super::{decimal, moment};
use crate::domain::value::{Logical, Value};
use bytes::Bytes;
use file::File;
pub use file::imports;
use plan::{FieldPlan, MessageId, Plan, Type};
use std::sync::Arc;
use wire::{Raw, Wire};

/// A path of message indexes goes no deeper.
const MOST_INDEXES: u64 = 64;

/// A schema that holds every type, for feeding noise to.
pub(super) const EVERY_TYPE: &str = r#"package fuzz; message Every {
    double a = 1; float b = 2; int32 c = 3; int64 d = 4; uint32 e = 5; uint64 f = 6; sint32 g = 7; sint64 h = 8;
    fixed32 i = 9; fixed64 j = 10; sfixed32 k = 11; sfixed64 l = 12; bool m = 13; string n = 14; bytes o = 15;
    enum Kind { A = 0; B = -1; } Kind p = 16; Every next = 17; repeated Every list = 18; repeated sint32 numbers = 19;
    map<string, Every> map = 20; map<int64, Kind> kinds = 21; repeated group Part = 22 { Every in = 1; }
    google.protobuf.Timestamp at = 23; google.protobuf.Duration span = 24; google.protobuf.Struct tree = 25;
    google.protobuf.Any any = 26; google.protobuf.FieldMask mask = 27; google.protobuf.BytesValue wrapped = 28;
    confluent.type.Decimal price = 29; missing.Type missing = 30; }"#;

/// A `.proto` file with everything it imports, ready to read by.
#[derive(Debug)]
pub(super) struct Schema {
    plan: Plan,
    /// What is read where nothing says which message it is, instead of the first.
    chosen: Option<MessageId>,
}

impl Schema {
    /// `others` are the files that `text` imports, in any order. Types of files that
    /// are missing are shown by their fields' numbers.
    pub fn parse<'a>(text: &'a str, others: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let parse = |text: &str| File::parse(text).map_err(|error| format!("its schema cannot be parsed: {error}"));
        let main = parse(text)?;
        let others = others.map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { plan: Plan::link(main, others), chosen: None })
    }

    /// The same from a set of descriptors, of which the last is the main file.
    pub fn of_descriptors(set: &Bytes) -> Result<Self, String> {
        let mut files = descriptors::files(set).map_err(|error| format!("it is no set of descriptors: {error}"))?;
        let main = files.pop().ok_or("the set of descriptors is empty")?;
        Ok(Self { plan: Plan::link(main, files), chosen: None })
    }

    /// Names the message to be read where nothing else does.
    pub fn choose(&mut self, message: &str) -> Result<(), String> {
        let found = self.plan.named(message.trim_start_matches('.'));
        self.chosen = Some(found.ok_or_else(|| format!("its schema has no message {message}"))?);
        Ok(())
    }

    /// The message that is written: the one chosen, or the first.
    fn written(&self) -> Result<MessageId, String> {
        self.chosen.or_else(|| self.plan.by_indexes(&[0])).ok_or_else(|| "the schema has no message".to_owned())
    }

    /// What stands in a registry's frame, or behind the id in a header, about which message
    /// is written.
    pub fn indexes(&self) -> Result<Vec<u8>, String> {
        let path = self.plan.indexes_of(self.written()?).ok_or("the message is in a file that the schema imports")?;
        let mut out = Vec::new();
        if path == [0] {
            return Ok(vec![0]);
        }
        for number in std::iter::once(path.len()).chain(path) {
            let mut bits = (number as u64) << 1;
            while bits >= 0x80 {
                out.push((bits & 0x7f) as u8 | 0x80);
                bits >>= 7;
            }
            out.push(bits as u8);
        }
        Ok(out)
    }

    /// The full name of the message that indexes at the beginning of `which` lead to;
    /// `None` for the first.
    pub fn message_of(&self, which: &Bytes) -> Option<String> {
        let path = indexes(&mut Wire::new(which)).ok().filter(|path| *path != [0])?;
        self.plan.name_of(self.plan.by_indexes(&path)?).map(str::to_owned)
    }

    /// The bytes of a value, without a frame.
    pub fn write(&self, value: &Value) -> Result<Vec<u8>, Misfit> {
        let id = self.written().map_err(|reason| Misfit { path: Vec::new(), reason })?;
        encode::write(&self.plan, id, value)
    }

    /// Reads what follows a registry's frame: which message it is, and the message.
    pub fn read_framed(&self, payload: &Bytes) -> Result<Value, String> {
        let mut wire = Wire::new(payload);
        let path = indexes(&mut wire).map_err(|error| error.to_string())?;
        let id = self.plan.by_indexes(&path).ok_or_else(|| format!("the schema has no message {path:?}"))?;
        let rest = payload.slice(wire.at()..);
        self.read(&rest, id)
    }

    /// Reads a message of which `path` says which it is; the chosen one, or the first, if
    /// it says nothing.
    pub fn read_named(&self, path: &Bytes, payload: &Bytes) -> Result<Value, String> {
        if let Some(id) = self.chosen.filter(|_| path.is_empty()) {
            return self.read(payload, id);
        }
        let path = if path.is_empty() {
            vec![0]
        } else {
            let mut wire = Wire::new(path);
            let path = indexes(&mut wire).map_err(|error| error.to_string())?;
            if !wire.is_at_end() {
                return Err(wire.wrong("more than message indexes begins").to_string());
            }
            path
        };
        let id = self.plan.by_indexes(&path).ok_or_else(|| format!("the schema has no message {path:?}"))?;
        self.read(payload, id)
    }

    /// Reads a message of this type.
    pub fn read(&self, payload: &Bytes, id: MessageId) -> Result<Value, String> {
        let mut reader = Reader { plan: &self.plan, values: 0 };
        reader.message(payload, id, 0).map_err(|error| error.to_string())
    }
}

/// Zigzag numbers: how many, then the place of each message in the one around it.
/// A single 0 is short for the first message of the file.
fn indexes(wire: &mut Wire<'_>) -> Result<Vec<usize>, Broken> {
    let zigzag = |wire: &mut Wire<'_>| {
        let bits = wire.varint()?;
        if bits & 1 == 1 { Err(wire.wrong("a message index below zero ends")) } else { Ok(bits >> 1) }
    };
    let count = zigzag(wire)?;
    if count > MOST_INDEXES {
        return Err(wire.wrong("more message indexes than messages can nest end"));
    }
    let mut path = Vec::new();
    for _ in 0..count {
        let index = zigzag(wire)?;
        path.push(usize::try_from(index).map_err(|_| wire.wrong("a message index that is too large ends"))?);
    }
    if path.is_empty() {
        path.push(0);
    }
    Ok(path)
}

/// Reads a message of which nothing is known: fields by their numbers.
pub(super) fn read_without_schema(payload: &Bytes) -> Result<Value, String> {
    let plan = Plan::default();
    let mut reader = Reader { plan: &plan, values: 0 };
    reader.unknown_message(payload, 0).map_err(|error| error.to_string())
}

struct Reader<'a> {
    plan: &'a Plan,
    values: usize,
}

fn number(digits: impl ToString) -> Value {
    Value::Number(digits.to_string().into())
}

impl Reader<'_> {
    fn enter(&mut self, depth: usize) -> Result<(), Broken> {
        self.values += 1;
        if depth > super::MAX_DEPTH {
            return Err(Broken::Depth);
        }
        if self.values > super::MAX_VALUES { Err(Broken::Values) } else { Ok(()) }
    }

    fn message(&mut self, payload: &Bytes, id: MessageId, depth: usize) -> Result<Value, Broken> {
        let plan = self.plan;
        let Some(message) = plan.message(id) else { return self.unknown_message(payload, depth) };
        self.enter(depth)?;
        let mut found = Wire::new(payload).fields()?;
        // Fields stand in the schema's order, and what it does not know behind them.
        let place = |field: &(u32, Raw)| message.place(field.0).map_or((true, field.0 as usize), |at| (false, at));
        found.sort_by_key(place);
        let mut fields = Vec::new();
        for group in found.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, _)) = group.first() else { continue };
            let known = message.place(*number).and_then(|at| message.fields.get(at));
            match known {
                Some(field) => {
                    let raws = group.iter().map(|(_, raw)| raw);
                    if let Some(value) = self.field(field, raws, depth)? {
                        fields.push((Arc::clone(&field.name), value));
                        continue;
                    }
                    // Written as another type than the schema's.
                    fields.push((Arc::clone(&field.name), self.unknown(group, depth)?));
                }
                None => fields.push((number.to_string().into(), self.unknown(group, depth)?)),
            }
        }
        Ok(well_known::shown(self, message.known, fields, depth))
    }

    /// `None` where what is there cannot be of this type.
    fn field<'r>(
        &mut self,
        field: &FieldPlan,
        raws: impl Iterator<Item = &'r Raw>,
        depth: usize,
    ) -> Result<Option<Value>, Broken> {
        if let Type::Map { key, value } = &field.kind {
            return self.map(key, value, raws, depth);
        }
        let mut items = Vec::new();
        let mut whole: Option<Bytes> = None;
        for raw in raws {
            match (&field.kind, raw) {
                // One message written in parts: the parts are one after the other.
                (Type::Message(_), Raw::Bytes(part)) if !field.is_repeated => {
                    whole = Some(match whole {
                        Some(before) => [before, part.clone()].concat().into(),
                        None => part.clone(),
                    });
                }
                (kind, Raw::Bytes(packed)) if field.is_repeated && kind.is_packable() => {
                    let mut wire = Wire::new(packed);
                    while !wire.is_at_end() {
                        let raw = wire.scalar(kind.wire_type())?;
                        self.enter(depth + 1)?;
                        let Some(item) = self.single(kind, &raw, depth)? else { return Ok(None) };
                        items.push(item);
                    }
                }
                (kind, raw) => {
                    let Some(item) = self.single(kind, raw, depth)? else { return Ok(None) };
                    items.push(item);
                }
            }
        }
        if let Some(whole) = whole {
            return self.single(&field.kind, &Raw::Bytes(whole), depth);
        }
        if field.is_repeated {
            return Ok(Some(Value::List(items)));
        }
        // Of a field that comes again, the last counts.
        Ok(items.pop())
    }

    fn map<'r>(
        &mut self,
        key: &Type,
        value: &Type,
        raws: impl Iterator<Item = &'r Raw>,
        depth: usize,
    ) -> Result<Option<Value>, Broken> {
        let mut entries = Vec::new();
        for raw in raws {
            let Raw::Bytes(entry) = raw else { return Ok(None) };
            self.enter(depth + 1)?;
            let (mut name, mut held) = (None, None);
            for (number, raw) in Wire::new(entry).fields()? {
                match number {
                    1 => name = self.single(key, &raw, depth + 1)?,
                    2 => held = self.single(value, &raw, depth + 1)?,
                    _ => {}
                }
            }
            let name: Arc<str> = match name.unwrap_or_else(|| self.default(key)) {
                Value::Text(text) => text.into(),
                other => other.to_json().into(),
            };
            entries.push((name, held.unwrap_or_else(|| self.default(value))));
        }
        Ok(Some(Value::Record(entries)))
    }

    /// What a field that was not written holds.
    fn default(&self, kind: &Type) -> Value {
        match kind {
            Type::Text => Value::Text("".into()),
            Type::Bytes => Value::Bytes(Bytes::new()),
            Type::Bool => Value::Bool(false),
            Type::Float | Type::Double => Value::Number("0.0".into()),
            Type::Message(_) | Type::Group(_) | Type::Map { .. } | Type::Unresolved => Value::Record(Vec::new()),
            Type::Enum(id) => self.plan.symbol(*id, 0),
            _ => number(0),
        }
    }

    fn single(&mut self, kind: &Type, raw: &Raw, depth: usize) -> Result<Option<Value>, Broken> {
        Ok(Some(match (kind, raw) {
            (Type::Bool, Raw::Varint(bits)) => Value::Bool(*bits != 0),
            (Type::Int32, Raw::Varint(bits)) => number(wire::low(*bits).cast_signed()),
            (Type::UInt32, Raw::Varint(bits)) => number(wire::low(*bits)),
            (Type::SInt32, Raw::Varint(bits)) => {
                let low = wire::low(*bits);
                number((low >> 1).cast_signed() ^ -((low & 1).cast_signed()))
            }
            (Type::Int64, Raw::Varint(bits)) => number(bits.cast_signed()),
            (Type::UInt64, Raw::Varint(bits)) => number(bits),
            (Type::SInt64, Raw::Varint(bits)) => number((bits >> 1).cast_signed() ^ -((bits & 1).cast_signed())),
            (Type::Enum(id), Raw::Varint(bits)) => self.plan.symbol(*id, wire::low(*bits).cast_signed()),
            (Type::Fixed32, Raw::Fixed32(bits)) => number(bits),
            (Type::SFixed32, Raw::Fixed32(bits)) => number(bits.cast_signed()),
            (Type::Float, Raw::Fixed32(bits)) => Value::Number(decimal::float(f32::from_bits(*bits)).into()),
            (Type::Fixed64, Raw::Fixed64(bits)) => number(bits),
            (Type::SFixed64, Raw::Fixed64(bits)) => number(bits.cast_signed()),
            (Type::Double, Raw::Fixed64(bits)) => Value::Number(decimal::double(f64::from_bits(*bits)).into()),
            (Type::Text, Raw::Bytes(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => Value::Text(text.into()),
                Err(_) => Value::Bytes(bytes.clone()),
            },
            (Type::Bytes, Raw::Bytes(bytes)) => Value::Bytes(bytes.clone()),
            (Type::Message(id), Raw::Bytes(bytes)) | (Type::Group(id), Raw::Group(bytes)) => {
                self.message(bytes, *id, depth + 1)?
            }
            (Type::Unresolved, raw) => self.unknown_single(raw, depth + 1)?,
            _ => return Ok(None),
        }))
    }

    fn unknown_message(&mut self, payload: &Bytes, depth: usize) -> Result<Value, Broken> {
        self.enter(depth)?;
        let mut found = Wire::new(payload).fields()?;
        found.sort_by_key(|(number, _)| *number);
        let mut fields = Vec::new();
        for group in found.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, _)) = group.first() else { continue };
            fields.push((number.to_string().into(), self.unknown(group, depth)?));
        }
        Ok(Value::Record(fields))
    }

    fn unknown(&mut self, group: &[(u32, Raw)], depth: usize) -> Result<Value, Broken> {
        match group {
            [(_, raw)] => self.unknown_single(raw, depth + 1),
            many => many
                .iter()
                .map(|(_, raw)| self.unknown_single(raw, depth + 1))
                .collect::<Result<_, _>>()
                .map(Value::List),
        }
    }

    /// Numbers as they are; of bytes text if they are some, else a message if they can
    /// be one.
    fn unknown_single(&mut self, raw: &Raw, depth: usize) -> Result<Value, Broken> {
        self.enter(depth)?;
        Ok(match raw {
            Raw::Varint(bits) => number(bits),
            Raw::Fixed32(bits) => number(bits),
            Raw::Fixed64(bits) => number(bits),
            Raw::Group(bytes) => self.unknown_message(bytes, depth)?,
            Raw::Bytes(bytes) => match super::text::read(bytes) {
                Ok(text) => Value::Text(text.into()),
                // Wrong guesses cost no more than right ones: the values stay counted.
                Err(_) => match self.unknown_message(bytes, depth) {
                    Ok(message) => message,
                    Err(Broken::Values) => return Err(Broken::Values),
                    Err(_) => Value::Bytes(bytes.clone()),
                },
            },
        })
    }
}

fn typed(text: String, logical: Logical) -> Value {
    Value::Typed { text: text.into(), logical }
}

/// Seconds and nanoseconds as a moment.
fn instant(seconds: i64, nanos: i64) -> Option<Value> {
    moment::instant(seconds, u32::try_from(nanos).ok()?).map(|text| typed(text, Logical::Timestamp))
}

#[cfg(test)]
mod tests;
