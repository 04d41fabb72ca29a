//! How the text of a key or a value becomes bytes.
//!
//! Owns: the choices and their words, in the form and on the command line. Must not know:
//! what a schema says, or where it is kept.

use std::fmt;
use std::path::PathBuf;
use uuid::Uuid;

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
    /// It is JSON, and written by this schema.
    Schema(SchemaChoice),
}

/// By which schema, and how the bytes name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaChoice {
    pub which: Which,
    /// Whose schema, or under which it is looked up; TOPIC-key or TOPIC-value without one.
    pub subject: Option<String>,
    /// Of Protobuf, the full name of the message; the first without one.
    pub message: Option<String>,
    pub framing: Framing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The newest of the subject.
    Latest,
    Id(i32),
    /// The same in every registry.
    Guid(u128),
    /// A file. Where bytes name their schema, the registry must have it.
    File(PathBuf),
}

impl Which {
    /// One of a registry by its number, there or everywhere.
    pub fn number(text: &str) -> Option<Self> {
        match text.parse() {
            Ok(id) => Some(Self::Id(id)).filter(|_| id > 0),
            // A subject may look like a GUID without its dashes.
            Err(_) if text.len() == 36 => Uuid::parse_str(text).ok().map(|guid| Self::Guid(guid.as_u128())),
            Err(_) => None,
        }
    }

    /// How it is named where nothing else is said: a file by nothing.
    pub fn framing(&self) -> Framing {
        match self {
            Self::File(_) => Framing::None,
            Self::Latest | Self::Id(_) | Self::Guid(_) => Framing::Prefix,
        }
    }
}

/// How a schema is named beside what it has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Magic byte and id before the bytes.
    #[default]
    Prefix,
    /// A header names it, and the bytes are bare.
    Header,
    /// Nothing names it.
    None,
}

impl Framing {
    pub const ALL: [Self; 3] = [Self::Prefix, Self::Header, Self::None];

    pub fn word(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Header => "header",
            Self::None => "none",
        }
    }
}

/// Which subject of a registry a schema stands under, by the names of Confluent's clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectStrategy {
    /// TOPIC-key or TOPIC-value.
    #[default]
    Topic,
    /// The full name of what is written.
    Record,
    /// Both.
    TopicRecord,
}

impl SubjectStrategy {
    pub const ALL: [Self; 3] = [Self::Topic, Self::Record, Self::TopicRecord];

    pub fn word(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Record => "record",
            Self::TopicRecord => "topic-record",
        }
    }

    /// The subject of a part, `key` or `value`; `None` without the name that it takes.
    pub fn subject(self, topic: &str, part: &str, record: Option<&str>) -> Option<String> {
        Some(match self {
            Self::Topic => own_subject(topic, part),
            Self::Record => record?.to_owned(),
            Self::TopicRecord => format!("{topic}-{}", record?),
        })
    }
}

/// The subject of a topic's own keys or values.
pub fn own_subject(topic: &str, part: &str) -> String {
    format!("{topic}-{part}")
}

impl SchemaChoice {
    /// Named by the topic, and as it is named unless something else is said.
    pub fn of(which: Which) -> Self {
        let framing = which.framing();
        Self { which, subject: None, message: None, framing }
    }

    fn flags(&self, part: &str) -> Vec<String> {
        let (name, value) = match &self.which {
            Which::Latest => ("schema", LATEST.to_owned()),
            Which::Id(id) => ("schema", id.to_string()),
            Which::Guid(guid) => ("schema", Uuid::from_u128(*guid).to_string()),
            Which::File(path) => ("schema-file", path.display().to_string()),
        };
        let mut flags = vec![format!("--{part}-{name}"), value];
        flags.extend(self.subject.iter().flat_map(|subject| [format!("--{part}-subject"), subject.clone()]));
        flags.extend(self.message.iter().flat_map(|message| [format!("--{part}-record"), message.clone()]));
        flags
    }
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

    /// What a form says: a word, `latest`, a schema's id or GUID, a file whose path begins
    /// with `/`, `./`, `../` or `~/`, or a subject; behind `#` the message of Protobuf.
    pub fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::Text;
        }
        if let Some(plain) = Self::PLAIN.into_iter().find(|plain| plain.word() == text) {
            return plain;
        }
        let (schema, message) = text.split_once('#').map_or((text, None), |(schema, message)| (schema, Some(message)));
        let is_path = ["/", "./", "../", "~/"].iter().any(|begin| schema.starts_with(begin));
        let choice = match Which::number(schema) {
            Some(number) => SchemaChoice::of(number),
            None if schema == LATEST => SchemaChoice::of(Which::Latest),
            None if is_path => SchemaChoice::of(Which::File(schema.into())),
            None => SchemaChoice { subject: Some(schema.to_owned()), ..SchemaChoice::of(Which::Latest) },
        };
        Self::Schema(SchemaChoice { message: message.map(str::to_owned), ..choice })
    }

    /// The flags that say the same of a part, `key` or `value`.
    pub fn flags(&self, part: &str) -> Vec<String> {
        match self {
            Self::Text => Vec::new(),
            Self::Json | Self::Hex | Self::Base64 => vec![format!("--{part}-format"), self.word().to_owned()],
            Self::Schema(choice) => choice.flags(part),
        }
    }

    /// The same with another way to name the schema, where there is one to be named.
    pub fn named(mut self, framing: Option<Framing>) -> Self {
        if let (Self::Schema(choice), Some(framing)) = (&mut self, framing) {
            choice.framing = framing;
        }
        self
    }

    /// How its bytes name a schema, where they are written by one and not as it usually is.
    pub fn unusual_framing(&self) -> Option<Framing> {
        match self {
            Self::Schema(choice) => Some(choice.framing).filter(|framing| *framing != choice.which.framing()),
            Self::Text | Self::Json | Self::Hex | Self::Base64 => None,
        }
    }

    /// How its bytes name a schema, where they are written by one.
    pub fn framing(&self) -> Option<Framing> {
        match self {
            Self::Schema(choice) => Some(choice.framing),
            Self::Text | Self::Json | Self::Hex | Self::Base64 => None,
        }
    }
}

impl fmt::Display for WrittenAs {
    /// As [`WrittenAs::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => Ok(()),
            Self::Json | Self::Hex | Self::Base64 => f.write_str(self.word()),
            Self::Schema(SchemaChoice { which, subject, message, .. }) => {
                match which {
                    Which::Latest => f.write_str(subject.as_deref().unwrap_or(LATEST))?,
                    Which::Id(id) => write!(f, "{id}")?,
                    Which::Guid(guid) => write!(f, "{}", Uuid::from_u128(*guid))?,
                    Which::File(path) => write!(f, "{}", path.display())?,
                }
                message.iter().try_for_each(|message| write!(f, "#{message}"))
            }
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
    #[case("latest#shop.Order", "--value-schema latest --value-record shop.Order")]
    #[case("00112233-4455-6677-8899-aabbccddeeff", "--value-schema 00112233-4455-6677-8899-aabbccddeeff")]
    #[case("./shop.proto#shop.Order", "--value-schema-file ./shop.proto --value-record shop.Order")]
    #[case("~/order.avsc", "--value-schema-file ~/order.avsc")]
    #[case("-5", "--value-schema latest --value-subject -5")]
    fn a_form_and_the_command_line_say_the_same(#[case] text: &str, #[case] flags: &str) {
        let written = WrittenAs::parse(text);
        assert_eq!((written.flags("value").join(" "), written.to_string()), (flags.to_owned(), text.to_owned()));
    }

    #[test]
    fn a_file_is_named_by_nothing_unless_it_is_said() {
        let of = |text, framing| WrittenAs::parse(text).named(framing);
        assert_eq!((of("/a.avsc", None).framing(), of("/a.avsc", None).unusual_framing()), (Some(Framing::None), None));
        assert_eq!(of("/a.avsc", Some(Framing::Prefix)).unusual_framing(), Some(Framing::Prefix));
        assert_eq!(of("5", Some(Framing::Prefix)).unusual_framing(), None);
        assert_eq!(of("5", Some(Framing::Header)).unusual_framing(), Some(Framing::Header));
        assert_eq!(of("json", Some(Framing::Header)).framing(), None);
    }

    #[test]
    fn a_strategy_names_the_subject() {
        let of = |strategy: SubjectStrategy, record| strategy.subject("orders", "value", record);
        assert_eq!(of(SubjectStrategy::Topic, None).as_deref(), Some("orders-value"));
        assert_eq!(of(SubjectStrategy::Record, Some("shop.Order")).as_deref(), Some("shop.Order"));
        assert_eq!(of(SubjectStrategy::TopicRecord, Some("shop.Order")).as_deref(), Some("orders-shop.Order"));
        assert_eq!(of(SubjectStrategy::Record, None), None);
    }
}
