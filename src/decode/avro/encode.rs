//! A value as Avro's binary encoding, by the writer's schema.
//!
//! It takes what the reader beside it prints: plain JSON, readable dates, decimals as
//! numbers, bytes as `{"base64":…}`. A branch of a union is chosen by what fits; where
//! several do, it is named as in Avro's own JSON encoding, `{"long":5}`.
//!
//! Invariant: what does not fit says at which place; nothing is rounded or cut.

use super::plan::{Node, NodeId, Plan};
use crate::decode::json::Step;
use crate::decode::moment::{self, Unit};
use crate::decode::{MAX_DEPTH, MAX_VALUES, decimal};
use crate::domain::value::Value;
use base64::Engine as _;
use std::sync::Arc;

/// Why a value does not fit its schema, and at which place of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Misfit {
    pub path: Vec<Step>,
    pub reason: String,
}

/// A value that was left out, and what stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Filled {
    pub path: Vec<Step>,
    pub default: String,
}

/// So many values that were left out are told.
const MOST_FILLED: usize = 100;

/// Writes a whole value; for what it leaves out, the schema's defaults.
pub(in crate::decode) fn write(plan: &Plan, value: &Value) -> Result<(Vec<u8>, Vec<Filled>), Misfit> {
    let mut writer =
        Writer { plan, out: Vec::new(), path: Vec::new(), left: MAX_VALUES, filled: Vec::new(), is_default: false };
    // Serializers write a schema that is only `bytes` without a length.
    if matches!(plan.root(), Some(Node::Bytes)) {
        let bytes = bytes_of(value).ok_or_else(|| writer.expected("bytes", value))?;
        return Ok((bytes, Vec::new()));
    }
    writer.value(plan.root_id(), value, 0)?;
    Ok((writer.out, writer.filled))
}

struct Writer<'a> {
    plan: &'a Plan,
    out: Vec<u8>,
    path: Vec<Step>,
    /// Values that may still be looked at: unions are tried branch by branch.
    left: usize,
    filled: Vec<Filled>,
    /// Is this what stands for a field? It is written in a form of its own.
    is_default: bool,
}

impl Writer<'_> {
    fn misfit(&self, reason: impl Into<String>) -> Misfit {
        Misfit { path: self.path.clone(), reason: reason.into() }
    }

    fn expected(&self, what: &str, found: &Value) -> Misfit {
        self.misfit(format!("expected {what}, got {}", shown(found)))
    }

    fn long(&mut self, number: i64) {
        let mut bits = ((number << 1) ^ (number >> 63)).cast_unsigned();
        while bits >= 0x80 {
            self.out.push((bits & 0x7f) as u8 | 0x80);
            bits >>= 7;
        }
        self.out.push(bits as u8);
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.long(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        self.out.extend_from_slice(bytes);
    }

    fn within(&mut self, step: Step, id: NodeId, value: &Value, depth: usize) -> Result<(), Misfit> {
        self.path.push(step);
        self.value(id, value, depth + 1)?;
        self.path.pop();
        Ok(())
    }

    fn value(&mut self, id: NodeId, value: &Value, depth: usize) -> Result<(), Misfit> {
        if depth > MAX_DEPTH {
            return Err(self.misfit(format!("it nests deeper than {MAX_DEPTH}")));
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| self.misfit("there is too much to try"))?;
        let plan = self.plan;
        match plan.node(id).ok_or_else(|| self.misfit("the schema refers to a type that it lacks"))? {
            Node::Null => match value {
                Value::Null => {}
                other => return Err(self.expected("null", other)),
            },
            Node::Boolean => match value {
                Value::Bool(flag) => self.out.push(u8::from(*flag)),
                other => return Err(self.expected("boolean", other)),
            },
            Node::Int => {
                let number: i32 = whole(value).ok_or_else(|| self.expected("int", value))?;
                self.long(number.into());
            }
            Node::Long => {
                let number = whole(value).ok_or_else(|| self.expected("long", value))?;
                self.long(number);
            }
            Node::Float => {
                let number = single(value).ok_or_else(|| self.expected("float", value))?;
                self.out.extend(number.to_le_bytes());
            }
            Node::Double => {
                let number = double(value).ok_or_else(|| self.expected("double", value))?;
                self.out.extend(number.to_le_bytes());
            }
            Node::Bytes => {
                let bytes = bytes_of(value).ok_or_else(|| self.expected("bytes", value))?;
                self.sized(&bytes);
            }
            Node::Fixed(size) => self.fixed(*size, value)?,
            Node::Text => {
                let Value::Text(text) = value else { return Err(self.expected("string", value)) };
                self.sized(text.as_bytes());
            }
            Node::Enum { name, symbols } => {
                let Value::Text(text) = value else { return Err(self.expected(&format!("a symbol of {name}"), value)) };
                let Some(index) = symbols.iter().position(|symbol| **symbol == **text) else {
                    let known: Vec<&str> = symbols.iter().take(8).map(|symbol| &**symbol).collect();
                    let more = if symbols.len() > known.len() { ", …" } else { "" };
                    return Err(self.expected(&format!("one of {}{more}", known.join(", ")), value));
                };
                self.long(i64::try_from(index).unwrap_or(i64::MAX));
            }
            Node::Union(branches) => self.union(branches, value, depth)?,
            Node::Array(item) => {
                let Value::List(items) = value else { return Err(self.expected("an array", value)) };
                if !items.is_empty() {
                    self.long(i64::try_from(items.len()).unwrap_or(i64::MAX));
                    for (index, each) in items.iter().enumerate() {
                        self.within(Step::Item(index), *item, each, depth)?;
                    }
                }
                self.long(0);
            }
            Node::Map(inner) => {
                let Value::Record(fields) = value else { return Err(self.expected("a map", value)) };
                if !fields.is_empty() {
                    self.long(i64::try_from(fields.len()).unwrap_or(i64::MAX));
                    for (name, each) in fields {
                        self.sized(name.as_bytes());
                        self.within(Step::Field(Arc::clone(name)), *inner, each, depth)?;
                    }
                }
                self.long(0);
            }
            Node::Record(fields) => self.record(id, fields, value, depth)?,
            logical if self.is_default => self.plainly(logical, value)?,
            logical => self.logical(logical, value)?,
        }
        Ok(())
    }

    /// A default of a logical type, which says the number or the bytes beneath.
    fn plainly(&mut self, node: &Node, value: &Value) -> Result<(), Misfit> {
        match node {
            Node::Date | Node::TimeMillis => {
                let number: i32 = whole(value).ok_or_else(|| self.expected("int", value))?;
                self.long(number.into());
            }
            Node::TimeMicros | Node::Timestamp(_) | Node::LocalTimestamp(_) => {
                let number = whole(value).ok_or_else(|| self.expected("long", value))?;
                self.long(number);
            }
            Node::Decimal { size: Some(size), .. } => self.fixed(*size, value)?,
            Node::UuidFixed => self.fixed(16, value)?,
            Node::Duration => self.fixed(12, value)?,
            Node::Decimal { size: None, .. } | Node::BigDecimal | Node::UuidBytes => {
                let bytes = bytes_of(value).ok_or_else(|| self.expected("bytes", value))?;
                self.sized(&bytes);
            }
            _ => self.logical(node, value)?,
        }
        Ok(())
    }

    /// What stands for a field that was left out.
    fn default(&mut self, name: &Arc<str>, id: NodeId, default: &Value, depth: usize) -> Result<(), Misfit> {
        let outer = std::mem::replace(&mut self.is_default, true);
        self.within(Step::Field(Arc::clone(name)), id, default, depth)?;
        self.is_default = outer;
        if !outer && self.filled.len() < MOST_FILLED {
            let path = self.path.iter().cloned().chain([Step::Field(Arc::clone(name))]).collect();
            self.filled.push(Filled { path, default: shown(default) });
        }
        Ok(())
    }

    fn record(
        &mut self,
        record: NodeId,
        fields: &[(Arc<str>, NodeId)],
        value: &Value,
        depth: usize,
    ) -> Result<(), Misfit> {
        let Value::Record(given) = value else { return Err(self.expected("a record", value)) };
        for (index, (name, _)) in given.iter().enumerate() {
            let reason = if !fields.iter().any(|(known, _)| known == name) {
                "the schema has no such field"
            } else if given.iter().take(index).any(|(earlier, _)| earlier == name) {
                "the field stands there twice"
            } else {
                continue;
            };
            self.path.push(Step::Field(Arc::clone(name)));
            return Err(self.misfit(reason));
        }
        let plan = self.plan;
        for (place, (name, id)) in fields.iter().enumerate() {
            match (given.iter().find(|(given, _)| given == name), plan.default(record, place)) {
                (Some((_, value)), _) => self.within(Step::Field(Arc::clone(name)), *id, value, depth)?,
                (None, Some(default)) => self.default(name, *id, default, depth)?,
                (None, None) => return Err(self.misfit(format!("the field {name} is missing"))),
            }
        }
        Ok(())
    }

    fn union(&mut self, branches: &[NodeId], value: &Value, depth: usize) -> Result<(), Misfit> {
        // As Avro's JSON encoding names it. A record or map may look so, too: then it must fit.
        if !self.is_default
            && let Value::Record(fields) = value
            && let [(name, inner)] = fields.as_slice()
            && let Some(index) = branches.iter().position(|branch| self.plan.is_called(*branch, name))
        {
            self.long(i64::try_from(index).unwrap_or(i64::MAX));
            let branch = branches.get(index).copied().unwrap_or_default();
            return self.within(Step::Field(Arc::clone(name)), branch, inner, depth);
        }
        let (begin, filled, is_default) = (self.out.len(), self.filled.len(), self.is_default);
        let depth_of_path = self.path.len();
        let mut fits: Vec<(usize, Vec<u8>, Vec<Filled>)> = Vec::new();
        let mut deepest: Option<Misfit> = None;
        for (index, branch) in branches.iter().enumerate() {
            let tried = self.value(*branch, value, depth);
            let written = self.out.split_off(begin);
            let left_out = self.filled.split_off(filled);
            self.path.truncate(depth_of_path);
            self.is_default = is_default;
            match tried {
                Ok(()) => fits.push((index, written, left_out)),
                Err(misfit) if deepest.as_ref().is_none_or(|known| known.path.len() < misfit.path.len()) => {
                    deepest = Some(misfit);
                }
                Err(_) => {}
            }
            // A default is of the first branch that it fits.
            if is_default && !fits.is_empty() {
                break;
            }
        }
        // With nothing left out beats with something.
        let whole = fits.iter().filter(|(.., left_out)| left_out.is_empty()).count();
        if whole == 1 {
            fits.retain(|(.., left_out)| left_out.is_empty());
        }
        match fits.as_mut_slice() {
            [(index, written, left_out)] => {
                let (index, written, left_out) = (*index, std::mem::take(written), std::mem::take(left_out));
                self.long(i64::try_from(index).unwrap_or(i64::MAX));
                self.out.extend(written);
                self.filled.extend(left_out);
                Ok(())
            }
            [] => match deepest.filter(|misfit| misfit.path.len() > depth_of_path) {
                // One branch fits but for a part of it: that part is what is wrong.
                Some(misfit) => Err(misfit),
                None => {
                    let names = self.names(branches.iter());
                    Err(self.expected(&format!("one of {names}"), value))
                }
            },
            several => {
                let names = self.names(several.iter().filter_map(|(index, ..)| branches.get(*index)));
                let first = branches
                    .iter()
                    .find(|branch| several.iter().any(|(index, ..)| branches.get(*index) == Some(branch)));
                let name = first.map(|branch| self.plan.name(*branch)).unwrap_or_default();
                Err(self.misfit(format!("it fits {names}: name the one, as in {{\"{name}\":…}}")))
            }
        }
    }

    fn names<'b>(&self, branches: impl Iterator<Item = &'b NodeId>) -> String {
        let names: Vec<String> = branches.map(|branch| self.plan.name(*branch)).collect();
        names.join(", ")
    }

    fn fixed(&mut self, size: usize, value: &Value) -> Result<(), Misfit> {
        match bytes_of(value) {
            Some(bytes) if bytes.len() == size => {
                self.out.extend(bytes);
                Ok(())
            }
            Some(bytes) => Err(self.misfit(format!("expected {size} bytes, got {}", bytes.len()))),
            None => Err(self.expected(&format!("{size} bytes"), value)),
        }
    }

    fn logical(&mut self, node: &Node, value: &Value) -> Result<(), Misfit> {
        let text = match value {
            Value::Text(text) | Value::Number(text) => &**text,
            _ => "",
        };
        match node {
            Node::Decimal { precision, scale, size } => {
                let bytes = match decimal::to_unscaled(text, *scale, *precision) {
                    Ok(bytes) => bytes,
                    Err(reason) => match bytes_of_object(value) {
                        Some(bytes) => bytes,
                        None => return Err(self.expected(&format!("decimal({precision},{scale}): {reason}"), value)),
                    },
                };
                let Some(size) = size else {
                    self.sized(&bytes);
                    return Ok(());
                };
                let missing = size
                    .checked_sub(bytes.len())
                    .ok_or_else(|| self.misfit(format!("it takes more than {size} bytes")))?;
                let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { 0xff } else { 0 };
                self.out.extend(std::iter::repeat_n(sign, missing));
                self.out.extend(bytes);
            }
            Node::BigDecimal => match bytes_of_object(value) {
                Some(bytes) => self.sized(&bytes),
                None => {
                    let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                    let scale = u32::try_from(scale).unwrap_or(u32::MAX);
                    let unscaled = decimal::to_unscaled(text, scale, 0)
                        .map_err(|reason| self.expected(&format!("decimal: {reason}"), value))?;
                    let outer = std::mem::take(&mut self.out);
                    self.sized(&unscaled);
                    self.long(scale.into());
                    let inner = std::mem::replace(&mut self.out, outer);
                    self.sized(&inner);
                }
            },
            Node::UuidText => {
                uuid::Uuid::parse_str(text).map_err(|_| self.expected("a UUID", value))?;
                self.sized(text.as_bytes());
            }
            Node::UuidBytes | Node::UuidFixed => {
                let uuid = uuid::Uuid::parse_str(text).map_err(|_| self.expected("a UUID", value))?;
                if matches!(node, Node::UuidBytes) {
                    self.sized(uuid.as_bytes())
                } else {
                    self.out.extend(uuid.as_bytes())
                }
            }
            Node::Date => {
                let days = moment::days(text).ok_or_else(|| self.expected("a date such as 2026-11-21", value))?;
                self.long(days.into());
            }
            Node::TimeMillis | Node::TimeMicros => {
                let is_millis = matches!(node, Node::TimeMillis);
                let unit = if is_millis { Unit::Millis } else { Unit::Micros };
                let number =
                    moment::since_midnight(text, unit).filter(|number| !is_millis || i32::try_from(*number).is_ok());
                self.long(number.ok_or_else(|| self.expected("a time such as 12:34:56.789", value))?);
            }
            Node::Timestamp(unit) | Node::LocalTimestamp(unit) => {
                let is_local = matches!(node, Node::LocalTimestamp(_));
                let example = if is_local { "2026-11-21T10:45:00.000" } else { "2026-11-21T10:45:00.000Z" };
                let number = moment::since_epoch(text, *unit, is_local);
                self.long(number.ok_or_else(|| self.expected(&format!("a time such as {example}"), value))?);
            }
            Node::Duration => {
                let fixed = moment::months_days_millis(text)
                    .ok_or_else(|| self.expected("a span such as P2M3DT1.500S", value))?;
                self.out.extend(fixed);
            }
            _ => return Err(self.misfit("the schema refers to a type that it lacks")),
        }
        Ok(())
    }
}

/// A value in an error, short.
pub(in crate::decode) fn shown(value: &Value) -> String {
    const LONGEST: usize = 40;
    let json = value.to_json();
    if json.chars().count() <= LONGEST {
        return json;
    }
    let begin: String = json.chars().take(LONGEST).collect();
    format!("{begin}…")
}

fn whole<T: std::str::FromStr>(value: &Value) -> Option<T> {
    match value {
        Value::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// `None` also where a number is too large for it.
pub(in crate::decode) fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Number(digits) => digits.parse().ok().filter(|number: &f64| number.is_finite()),
        Value::Text(text) => match &**text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// The same of four bytes.
pub(in crate::decode) fn single(value: &Value) -> Option<f32> {
    let wide = double(value)?;
    Some(wide as f32).filter(|number| number.is_finite() || !wide.is_finite())
}

/// `{"base64":"AP8="}`, or as Avro's JSON encoding has it: a character for each byte.
fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Text(text) => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
        other => bytes_of_object(other),
    }
}

pub(in crate::decode) fn bytes_of_object(value: &Value) -> Option<Vec<u8>> {
    let Value::Record(fields) = value else { return None };
    match fields.as_slice() {
        [(name, Value::Text(text))] if &**name == "base64" => {
            base64::engine::general_purpose::STANDARD.decode(text.as_bytes()).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
