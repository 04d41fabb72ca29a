//! How the records of a topic are read when nobody says otherwise.

use super::record::{NumberType, ViewAs};

/// Patterns of names, where `*` is any text, each with its format. The first that
/// matches counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicFormats(pub Vec<(String, ViewAs)>);

impl TopicFormats {
    pub fn of(&self, topic: &str) -> ViewAs {
        self.0.iter().find(|(pattern, _)| matches(pattern, topic)).map_or(ViewAs::Auto, |(_, view)| *view)
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
        let formats = TopicFormats(vec![("*.DLT".into(), ViewAs::Hex), ("orders.*".into(), ViewAs::Avro)]);
        assert_eq!(formats.of("orders.DLT"), ViewAs::Hex);
        assert_eq!(formats.of("orders.v1"), ViewAs::Avro);
        assert_eq!(formats.of("payments"), ViewAs::Auto);
        assert!(WORDS.iter().all(|(word, view)| parse(word) == Some(*view)));
    }
}
