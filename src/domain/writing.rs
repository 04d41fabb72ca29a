//! How the text of a key or a value becomes bytes.
//!
//! Owns: the choices and their words, in the form and on the command line. Must not know:
//! what a schema says, or where it is kept.

use std::fmt;

/// What is done to a text before it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WrittenAs {
    /// As it stands.
    #[default]
    Text,
    /// As it stands, if it is JSON.
    Json,
    /// The bytes that its digits say.
    Hex,
    Base64,
    /// It is JSON, and written by this schema of the registry.
    Schema(SchemaChoice),
}

/// Which schema of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaChoice {
    /// The newest of this subject; of TOPIC-key or TOPIC-value without one.
    Latest(Option<String>),
    Id(i32),
}

/// What is written for the newest schema of the topic's own subject.
pub const LATEST: &str = "latest";

impl WrittenAs {
    /// Those that need no schema.
    pub const PLAIN: [Self; 4] = [Self::Text, Self::Json, Self::Hex, Self::Base64];

    /// The word for it, without a schema's name.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Schema(_) => "schema",
        }
    }

    /// What a form says: a word, `latest`, a schema's id, or a subject.
    pub fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::Text;
        }
        if let Some(plain) = Self::PLAIN.into_iter().find(|plain| plain.word() == text) {
            return plain;
        }
        Self::Schema(match text.parse() {
            Ok(id) if id > 0 => SchemaChoice::Id(id),
            _ if text == LATEST => SchemaChoice::Latest(None),
            _ => SchemaChoice::Latest(Some(text.to_owned())),
        })
    }

    /// The flags that say the same of a part, `key` or `value`.
    pub fn flags(&self, part: &str) -> Vec<String> {
        match self {
            Self::Text => Vec::new(),
            Self::Json | Self::Hex | Self::Base64 => vec![format!("--{part}-format"), self.word().to_owned()],
            Self::Schema(SchemaChoice::Id(id)) => vec![format!("--{part}-schema"), id.to_string()],
            Self::Schema(SchemaChoice::Latest(subject)) => {
                let mut flags = vec![format!("--{part}-schema"), LATEST.to_owned()];
                flags.extend(subject.iter().flat_map(|subject| [format!("--{part}-subject"), subject.clone()]));
                flags
            }
        }
    }
}

impl fmt::Display for WrittenAs {
    /// As [`WrittenAs::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => Ok(()),
            Self::Json | Self::Hex | Self::Base64 => f.write_str(self.word()),
            Self::Schema(SchemaChoice::Id(id)) => write!(f, "{id}"),
            Self::Schema(SchemaChoice::Latest(subject)) => f.write_str(subject.as_deref().unwrap_or(LATEST)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", "")]
    #[case("json", "--value-format json")]
    #[case("hex", "--value-format hex")]
    #[case("base64", "--value-format base64")]
    #[case("latest", "--value-schema latest")]
    #[case("41", "--value-schema 41")]
    #[case("shop.Order", "--value-schema latest --value-subject shop.Order")]
    #[case("-5", "--value-schema latest --value-subject -5")]
    fn a_form_and_the_command_line_say_the_same(#[case] text: &str, #[case] flags: &str) {
        let written = WrittenAs::parse(text);
        assert_eq!((written.flags("value").join(" "), written.to_string()), (flags.to_owned(), text.to_owned()));
    }
}
