//! Finding a text in records without decoding more of them than needed.

use crate::domain::value::Value;
use memchr::memmem::Finder;

/// A text that is looked for, prepared once.
#[derive(Clone, Debug)]
pub struct Needle {
    text: Box<str>,
    finder: Finder<'static>,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), finder: Finder::new(text).into_owned() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Does it stand in these bytes as they are? For plain text and JSON that
    /// is an answer; bytes with a schema must be decoded to know.
    pub fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        self.finder.find(bytes).is_some()
    }

    /// Does it stand in the value as it is shown, which for everything but
    /// text is its JSON?
    pub fn is_in_value(&self, value: &Value) -> bool {
        match value {
            Value::Text(text) => self.is_in_bytes(text.as_bytes()),
            other => self.is_in_bytes(other.to_json().as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_as_it_is_shown() {
        let value = Value::Record(vec![("status".into(), Value::Text("FAILED".into()))]);
        assert!(Needle::new(r#""status":"FAILED""#).is_in_value(&value));
        assert!(!Needle::new("failed").is_in_value(&value));
        assert!(Needle::new("ü").is_in_bytes("Grüße".as_bytes()));
        assert!(Needle::new("").is_in_bytes(b""));
    }
}
