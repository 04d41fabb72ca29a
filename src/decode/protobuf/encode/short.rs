//! The well-known types in the short forms that JSON has for them.

use super::Writer;
use crate::decode::avro::encode::Misfit;
use crate::decode::decimal;
use crate::decode::protobuf::plan::MessagePlan;
use crate::decode::protobuf::well_known::{Known, Zero};
use crate::domain::value::Value;
use base64::Engine as _;
use std::sync::Arc;

impl Writer<'_> {
    /// A field by the name that its file gives it, of a type that is known.
    fn own(&mut self, message: &MessagePlan, name: &str, value: &Value, depth: usize) -> Result<(), Misfit> {
        let field = message.fields.iter().find(|field| &*field.name == name);
        let field = field.ok_or_else(|| self.misfit(format!("the schema's type has no field {name}")))?;
        self.field(field, value, depth + 1)
    }

    /// Writes what has a short form; `false` where it is written field by field.
    pub(super) fn known(
        &mut self,
        known: Known,
        message: &MessagePlan,
        value: &Value,
        depth: usize,
    ) -> Result<bool, Misfit> {
        let number = |number: i64| Value::Number(number.to_string().into());
        match (known, value) {
            (Known::Timestamp, Value::Text(text)) => {
                let time: jiff::Timestamp =
                    text.parse().map_err(|_| self.expected("a time such as 2026-11-21T10:45:00Z", value))?;
                let (mut seconds, mut nanos) = (time.as_second(), i64::from(time.subsec_nanosecond()));
                if nanos < 0 {
                    (seconds, nanos) = (seconds - 1, nanos + 1_000_000_000);
                }
                self.seconds(message, seconds, nanos, depth)?;
            }
            (Known::Duration, Value::Text(text)) => {
                let (seconds, nanos) = span(text).ok_or_else(|| self.expected("a duration such as 1.5s", value))?;
                self.seconds(message, seconds, nanos, depth)?;
            }
            (Known::FieldMask, Value::Text(text)) => {
                let paths = text.split(',').filter(|path| !path.is_empty());
                let paths = paths.map(|path| Value::Text(snake(path).into())).collect();
                self.own(message, "paths", &Value::List(paths), depth)?;
            }
            (Known::Struct, Value::Record(_)) => self.own(message, "fields", value, depth)?,
            (Known::List, Value::List(_)) => self.own(message, "values", value, depth)?,
            (Known::Value, value) => {
                let name = match value {
                    Value::Null => {
                        self.own(message, "null_value", &number(0), depth)?;
                        return Ok(true);
                    }
                    Value::Bool(_) => "bool_value",
                    Value::Number(_) => "number_value",
                    Value::List(_) => "list_value",
                    Value::Record(_) => "struct_value",
                    Value::Text(_) | Value::Typed { .. } | Value::Bytes(_) => "string_value",
                };
                self.own(message, name, value, depth)?;
            }
            (Known::Wrapper(_), Value::Record(fields)) if fields.iter().any(|(name, _)| &**name == "value") => {
                return Ok(false);
            }
            (Known::Wrapper(zero), value) if is_zero(zero, value) => {}
            (Known::Wrapper(_), value) => self.own(message, "value", value, depth)?,
            (Known::Decimal, Value::Number(text) | Value::Text(text)) => {
                let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                let unscaled = decimal::to_unscaled(text, u32::try_from(scale).unwrap_or(u32::MAX), 0)
                    .map_err(|reason| self.expected(&format!("a decimal: {reason}"), value))?;
                let precision = text.bytes().filter(u8::is_ascii_digit).count();
                let encoded = base64::engine::general_purpose::STANDARD.encode(unscaled);
                self.own(message, "value", &Value::Text(encoded.into()), depth)?;
                self.own(message, "precision", &number(precision as i64), depth)?;
                self.own(message, "scale", &number(scale as i64), depth)?;
            }
            (Known::Any, Value::Record(fields)) => return self.any(message, fields, depth),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Seconds and nanoseconds, of which zero is not written.
    fn seconds(&mut self, message: &MessagePlan, seconds: i64, nanos: i64, depth: usize) -> Result<(), Misfit> {
        for (name, number) in [("seconds", seconds), ("nanos", nanos)] {
            if number != 0 {
                self.own(message, name, &Value::Number(number.to_string().into()), depth)?;
            }
        }
        Ok(())
    }

    fn any(&mut self, message: &MessagePlan, fields: &[(Arc<str>, Value)], depth: usize) -> Result<bool, Misfit> {
        let Some((_, Value::Text(url))) = fields.iter().find(|(name, _)| &**name == "@type") else { return Ok(false) };
        let name = url.rsplit('/').next().unwrap_or_default();
        let id = self.plan.named(name).ok_or_else(|| self.misfit(format!("the schema has no message {name}")))?;
        let is_short = self.plan.message(id).is_some_and(|found| found.known.is_some());
        let rest: Vec<(Arc<str>, Value)> = fields.iter().filter(|(name, _)| &**name != "@type").cloned().collect();
        let outer = std::mem::take(&mut self.out);
        match rest.as_slice() {
            [(name, value)] if is_short && &**name == "value" => self.message(id, value, depth + 1)?,
            _ => self.message(id, &Value::Record(rest), depth + 1)?,
        }
        let inner = std::mem::replace(&mut self.out, outer);
        self.own(message, "type_url", &Value::Text(url.clone()), depth)?;
        let encoded = base64::engine::general_purpose::STANDARD.encode(inner);
        self.own(message, "value", &Value::Text(encoded.into()), depth)?;
        Ok(true)
    }
}

/// What a wrapper holds when nothing is written in it.
fn is_zero(zero: Zero, value: &Value) -> bool {
    match (zero, value) {
        (Zero::Float | Zero::Whole, Value::Number(digits)) => {
            !digits.starts_with('-') && digits.parse::<f64>().is_ok_and(|number| number == 0.0)
        }
        (Zero::Bool, Value::Bool(flag)) => !flag,
        (Zero::Text | Zero::Bytes, Value::Text(text)) => text.is_empty(),
        _ => false,
    }
}

/// `firstName` as its file writes it: `first_name`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `-1.5s` in seconds and nanoseconds of the same sign.
fn span(text: &str) -> Option<(i64, i64)> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = number.strip_prefix('-').map_or((1, number), |number| (-1, number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 9 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    Some((whole.parse::<i64>().ok()? * sign, nanos * sign))
}
