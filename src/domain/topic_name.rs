//! Which topic names Kafka accepts.
//!
//! Owns: the rules a broker applies to a new name, so that a form can say no
//! before anything is sent.

use super::TopicName;
use super::name::MAX_TOPIC_NAME;

/// Why Kafka would refuse `name`, as a clause.
pub fn validate(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("a topic needs a name".into());
    }
    if name == "." || name == ".." {
        return Err(format!("\u{201c}{name}\u{201d} is not allowed as a name"));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if let Some(bad) = name.chars().find(|c| !is_allowed(*c)) {
        return Err(format!(
            "\u{201c}{}\u{201d} is not allowed: only a-z A-Z 0-9 . _ - are",
            super::text::sanitize(&bad.to_string())
        ));
    }
    if name.len() > MAX_TOPIC_NAME {
        return Err(format!("a name has at most {MAX_TOPIC_NAME} characters, this one has {}", name.len()));
    }
    Ok(())
}

/// The topic whose metric names would be the same: Kafka treats `.` and `_` as
/// equal there and refuses the second of two such topics.
pub fn collision<'a>(name: &str, existing: impl IntoIterator<Item = &'a TopicName>) -> Option<&'a TopicName> {
    let folded = |text: &str| text.replace('.', "_");
    let name_folded = folded(name);
    existing.into_iter().find(|other| {
        other.as_str() != name && other.as_str().len() == name.len() && folded(other.as_str()) == name_folded
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("orders", true)]
    #[case("a..b", true)]
    #[case("...", true)]
    #[case("-x", true)]
    #[case("_", true)]
    #[case("주문", false)]
    #[case("a b", false)]
    #[case("a/b", false)]
    #[case("", false)]
    #[case(".", false)]
    #[case("..", false)]
    #[case(&"x".repeat(249), true)]
    #[case(&"x".repeat(250), false)]
    fn names_kafka_takes(#[case] name: &str, #[case] is_valid: bool) {
        assert_eq!(validate(name).is_ok(), is_valid, "{name}");
    }

    #[test]
    fn dots_and_underscores_collide() {
        let existing = [TopicName::from("a_b"), TopicName::from("a-c")];
        assert_eq!(collision("a.b", &existing), existing.first());
        assert_eq!(collision("a.c", &existing), None);
        // The topic itself is "already exists", which is another error.
        assert_eq!(collision("a_b", &existing), None);
    }
}
