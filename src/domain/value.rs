//! A decoded value: the only form in which decoded data crosses a door.
//!
//! Fields keep their order, numbers keep their digits (they stay text), and
//! what is not plain JSON keeps its type beside it.

use bytes::Bytes;
use std::sync::Arc;

/// What a scalar means beyond its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Logical {
    Decimal { precision: u32, scale: u32 },
    Date,
    TimeOfDay,
    Timestamp,
    LocalTimestamp,
    Duration,
    Uuid,
    Enum,
}

impl Logical {
    /// The word shown beside the value: `decimal(12,2)`.
    pub fn label(&self) -> String {
        match self {
            Self::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            Self::Date => "date".into(),
            Self::TimeOfDay => "time".into(),
            Self::Timestamp => "timestamp".into(),
            Self::LocalTimestamp => "local timestamp".into(),
            Self::Duration => "duration".into(),
            Self::Uuid => "uuid".into(),
            Self::Enum => "enum".into(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    /// The digits as they were written; never through a float.
    Number(Box<str>),
    Text(Box<str>),
    Bytes(Bytes),
    /// A scalar with a logical type, already readable.
    Typed {
        text: Box<str>,
        logical: Logical,
    },
    List(Vec<Value>),
    /// Fields in their order; a name may repeat in hostile JSON.
    Record(Vec<(Arc<str>, Value)>),
}

impl Value {
    /// Compact JSON: numbers unquoted, typed decimals as numbers, other typed
    /// scalars as strings, bytes as `{"base64":"…"}`, non-finite numbers as strings.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, usize::MAX);
        out
    }

    /// The beginning of the compact JSON, at most about `limit` bytes, for a
    /// list cell; costs O(limit) however large the value is.
    pub fn preview(&self, limit: usize) -> String {
        let mut out = String::new();
        match self {
            Self::Text(text) => push_prefix(&mut out, text, limit),
            other => {
                other.write_json(&mut out, limit);
            }
        }
        out
    }

    /// A field's value by name, for records.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Record(fields) => fields.iter().find(|(field, _)| &**field == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Writes until `out` is longer than `limit`; returns false once it is.
    fn write_json(&self, out: &mut String, limit: usize) -> bool {
        if out.len() > limit {
            return false;
        }
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(digits) => push_number(out, digits),
            Self::Typed { text, logical: Logical::Decimal { .. } } => push_number(out, text),
            Self::Text(text) | Self::Typed { text, .. } => push_string(out, text, limit),
            Self::Bytes(bytes) => {
                use base64::Engine as _;
                let take = bytes.get(..bytes.len().min(limit)).unwrap_or_default();
                out.push_str("{\"base64\":\"");
                base64::engine::general_purpose::STANDARD.encode_string(take, out);
                out.push_str("\"}");
            }
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    if !item.write_json(out, limit) {
                        return false;
                    }
                }
                out.push(']');
            }
            Self::Record(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    push_string(out, name, limit);
                    out.push(':');
                    if !value.write_json(out, limit) {
                        return false;
                    }
                }
                out.push('}');
            }
        }
        out.len() <= limit
    }
}

fn push_prefix(out: &mut String, text: &str, limit: usize) {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    out.push_str(text.get(..end).unwrap_or_default());
}

/// JSON has no NaN and no infinity: those are quoted.
fn push_number(out: &mut String, digits: &str) {
    let begins = digits.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if begins && digits.ends_with(|c: char| c.is_ascii_digit()) {
        out.push_str(digits);
    } else {
        push_string(out, digits, usize::MAX);
    }
}

fn push_string(out: &mut String, text: &str, limit: usize) {
    let mut prefix = String::new();
    let text = if text.len() > limit {
        push_prefix(&mut prefix, text, limit);
        prefix.as_str()
    } else {
        text
    };
    // A string always serialises.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_and_types_are_written_plainly() {
        let value = Value::Record(vec![
            ("id".into(), Value::Number("9223372036854775807".into())),
            (
                "amount".into(),
                Value::Typed { text: "12.00".into(), logical: Logical::Decimal { precision: 12, scale: 2 } },
            ),
            ("bad".into(), Value::Number("NaN".into())),
            ("low".into(), Value::Number("-Infinity".into())),
            ("raw".into(), Value::Bytes(Bytes::from_static(&[0, 255]))),
        ]);
        assert_eq!(
            value.to_json(),
            r#"{"id":9223372036854775807,"amount":12.00,"bad":"NaN","low":"-Infinity","raw":{"base64":"AP8="}}"#
        );
    }

    #[test]
    fn a_preview_is_bounded() {
        let value = Value::List(vec![Value::Text("x".repeat(1 << 20).into()); 100]);
        assert!(value.preview(80).len() < 200);
    }
}
