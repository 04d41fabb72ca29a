//! A convention for topics' names.

use regex::Regex;

/// What the names of topics must match, from their first to their last letter.
#[derive(Clone, Debug)]
pub struct Naming {
    wanted: String,
    regex: Regex,
}

impl Naming {
    /// Fails with a clause that says what is wrong with the expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let regex = Regex::new(&format!("^(?:{text})$")).map_err(|error| {
            // The library draws the expression and an arrow; the last line says what it means.
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        Ok(Self { wanted: text.to_owned(), regex })
    }

    /// As it was written.
    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    pub fn allows(&self, topic: &str) -> bool {
        self.regex.is_match(topic)
    }
}

impl PartialEq for Naming {
    fn eq(&self, other: &Self) -> bool {
        self.wanted == other.wanted
    }
}

impl Eq for Naming {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_must_match() {
        let naming = Naming::parse("[a-z]+(\\.v\\d+)?|x").unwrap();
        assert!(naming.allows("orders.v1") && naming.allows("x"));
        assert!(!naming.allows("Orders.v1") && !naming.allows("orders.v1.DLT") && !naming.allows("x1"));
        assert_eq!(naming.wanted(), "[a-z]+(\\.v\\d+)?|x");
    }

    #[test]
    fn what_is_no_expression_says_why() {
        assert_eq!(Naming::parse("a(").unwrap_err(), "unclosed group");
    }
}
