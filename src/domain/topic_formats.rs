//! How the records of a topic are read when nobody says otherwise.

use super::record::{NumberType, ReadAs, ViewAs};
use std::fmt;
use std::path::PathBuf;

/// Patterns of names, where `*` is any text, each with its format. The first that
/// matches counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicFormats(pub Vec<(String, TopicFormat)>);

/// How the keys and values of a topic are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicFormat {
    pub key: PartFormat,
    pub value: PartFormat,
}

/// How one of the two is read, and by which schema where its bytes name none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartFormat {
    pub view: ViewAs,
    pub schema: Option<SchemaFile>,
}

/// A schema that lies in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaFile {
    pub path: PathBuf,
    /// Of Protobuf, the full name of the message; without it the file's first.
    pub message: Option<String>,
}

impl TopicFormats {
    /// How keys and values of this topic are read.
    pub fn of(&self, topic: &str) -> ReadAs {
        self.format(topic)
            .map_or_else(ReadAs::default, |format| ReadAs { key: format.key.view, value: format.value.view })
    }

    /// What is said of this topic.
    pub fn format(&self, topic: &str) -> Option<&TopicFormat> {
        self.0.iter().find(|(pattern, _)| matches(pattern, topic)).map(|(_, format)| format)
    }
}

impl TopicFormat {
    /// Reads a format for both, or the key's and the value's with a space between them:
    /// `avro`, `int64 avro`, `text protobuf:shop.proto#shop.Order`. A single one with a
    /// file is the value's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [word] => {
                let value = PartFormat::parse(word)?;
                // One schema for both is nobody's topic: keys are then what they look like.
                let key = if value.schema.is_some() { PartFormat::default() } else { value.clone() };
                Ok(Self { key, value })
            }
            [key, value] => Ok(Self { key: PartFormat::parse(key)?, value: PartFormat::parse(value)? }),
            _ => Err("write one format, or one for keys and one for values, such as int64 avro".into()),
        }
    }
}

impl PartFormat {
    fn parse(word: &str) -> Result<Self, String> {
        let (format, file) = word.split_once(':').map_or((word, None), |(format, file)| (format, Some(file)));
        let view = parse(format).ok_or_else(|| {
            let known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
            format!("\u{201c}{format}\u{201d} is no format; it is one of {}", known.join(", "))
        })?;
        let schema = match (view, file) {
            (_, None) => None,
            (ViewAs::Avro | ViewAs::Protobuf, Some(file)) => {
                let (path, message) = match file.split_once('#') {
                    Some((path, message)) if view == ViewAs::Protobuf => (path, Some(message.to_owned())),
                    Some(_) => return Err("only a file of protobuf holds a message to be named behind #".into()),
                    None => (file, None),
                };
                if path.is_empty() || message.as_deref() == Some("") {
                    return Err(format!("write {format}:FILE, or protobuf:FILE#MESSAGE"));
                }
                Some(SchemaFile { path: path.into(), message })
            }
            (_, Some(_)) => {
                return Err(format!("{format} is read without a schema: only avro and protobuf take a file"));
            }
        };
        Ok(Self { view, schema })
    }
}

impl fmt::Display for TopicFormat {
    /// As it is read: one word where that says it all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_one =
            if self.value.schema.is_some() { self.key == PartFormat::default() } else { self.key == self.value };
        if !is_one {
            write!(f, "{} ", self.key)?;
        }
        write!(f, "{}", self.value)
    }
}

impl fmt::Display for PartFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(word(self.view))?;
        let Some(SchemaFile { path, message }) = &self.schema else { return Ok(()) };
        write!(f, ":{}", path.display())?;
        message.iter().try_for_each(|message| write!(f, "#{message}"))
    }
}

/// The words by which settings and flags name a format.
pub const WORDS: &[(&str, ViewAs)] = &[
    ("auto", ViewAs::Auto),
    ("text", ViewAs::Text),
    ("json", ViewAs::Json),
    ("avro", ViewAs::Avro),
    ("protobuf", ViewAs::Protobuf),
    ("xml", ViewAs::Xml),
    ("messagepack", ViewAs::MessagePack),
    ("cbor", ViewAs::Cbor),
    ("int8", ViewAs::Number(NumberType::Int8)),
    ("int16", ViewAs::Number(NumberType::Int16)),
    ("int32", ViewAs::Number(NumberType::Int32)),
    ("int64", ViewAs::Number(NumberType::Int64)),
    ("float32", ViewAs::Number(NumberType::Float32)),
    ("float64", ViewAs::Number(NumberType::Float64)),
    ("uuid", ViewAs::Uuid),
    ("base64", ViewAs::Base64),
    ("hex", ViewAs::Hex),
];

/// The format that `word` names.
pub fn parse(word: &str) -> Option<ViewAs> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, view)| *view)
}

/// The word that names a format.
pub fn word(view: ViewAs) -> &'static str {
    WORDS.iter().find(|(_, known)| *known == view).map_or("auto", |(word, _)| word)
}

/// The words that are typed for how key and value are read: one where both are the same.
pub fn words(view: ReadAs) -> String {
    match view.key == view.value {
        true => word(view.value).to_owned(),
        false => format!("{} {}", word(view.key), word(view.value)),
    }
}

pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("orders.*", "orders.v1", true)]
    #[case("orders.*", "orders", false)]
    #[case("*", "", true)]
    #[case("*.DLT", "orders.v1.DLT", true)]
    #[case("*.DLT", "orders.v1", false)]
    #[case("a*b*c", "a-b-b-c", true)]
    #[case("a*a", "a", false)]
    #[case("exact", "exact", true)]
    #[case("exact", "exactly", false)]
    #[case("öl*", "öltank", true)]
    fn a_star_is_any_text(#[case] pattern: &str, #[case] topic: &str, #[case] is_match: bool) {
        assert_eq!(matches(pattern, topic), is_match);
    }

    #[test]
    fn the_first_pattern_counts() {
        let formats = [("*.DLT", "hex"), ("orders.*", "int64 avro")];
        let formats = formats.map(|(pattern, text)| (pattern.to_owned(), TopicFormat::parse(text).unwrap()));
        let formats = TopicFormats(formats.to_vec());
        assert_eq!(formats.of("orders.DLT"), ViewAs::Hex.into());
        let mixed = ReadAs { key: ViewAs::Number(NumberType::Int64), value: ViewAs::Avro };
        assert_eq!((formats.of("orders.v1"), mixed.title().as_str()), (mixed, "int64 / Avro"));
        assert_eq!(formats.of("payments"), ViewAs::Auto.into());
        assert!(WORDS.iter().all(|(word, view)| parse(word) == Some(*view)));
    }

    #[test]
    fn a_format_may_name_the_file_of_its_schema() {
        let file = |path: &str, message: Option<&str>| {
            Some(SchemaFile { path: path.into(), message: message.map(str::to_owned) })
        };
        let read = |text| {
            let format = TopicFormat::parse(text).unwrap();
            assert_eq!(format.to_string(), text);
            format
        };
        assert_eq!(read("text avro:schemas/order.avsc").value.schema, file("schemas/order.avsc", None));
        assert_eq!(read("text avro:schemas/order.avsc").key.schema, None);
        let alone = read("protobuf:shop.proto#shop.Order");
        assert_eq!(alone.value.schema, file("shop.proto", Some("shop.Order")));
        assert_eq!(alone.key, PartFormat::default());
    }

    #[rstest]
    #[case("", "write one format")]
    #[case("text text text", "write one format")]
    #[case("avroo", "\u{201c}avroo\u{201d} is no format; it is one of auto, text")]
    #[case("json:schema.json", "json is read without a schema")]
    #[case("avro:", "write avro:FILE")]
    #[case("protobuf:a.proto#", "write protobuf:FILE")]
    #[case("avro:a.avsc#Order", "only a file of protobuf")]
    fn what_is_no_format_says_why(#[case] text: &str, #[case] why: &str) {
        let reason = TopicFormat::parse(text).unwrap_err();
        assert!(reason.starts_with(why), "{reason}");
    }
}
