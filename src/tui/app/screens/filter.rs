//! The words a list is narrowed by.

use crate::tui::app::input::TextInput;

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub input: TextInput,
    /// The keyboard goes into the filter.
    pub is_editing: bool,
}

impl Filter {
    pub fn text(&self) -> &str {
        self.input.text()
    }

    pub fn is_active(&self) -> bool {
        self.is_editing || !self.input.is_empty()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A filter ready to be matched against many names: all words must occur, `!word` must not.
pub struct Matcher {
    words: Vec<(bool, String)>,
    folds_case: bool,
}

impl Matcher {
    /// Capitals in the filter make it exact about case.
    pub fn new(filter: &str) -> Self {
        let folds_case = !filter.chars().any(char::is_uppercase);
        let words = filter
            .split_whitespace()
            .map(|word| match word.strip_prefix('!') {
                Some(rest) => (false, rest.to_owned()),
                None => (true, word.to_owned()),
            })
            .filter(|(_, word)| !word.is_empty())
            .collect();
        Self { words, folds_case }
    }

    pub fn matches(&self, name: &str) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let folded;
        let name = if self.folds_case && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            folded = name.to_ascii_lowercase();
            folded.as_str()
        } else {
            name
        };
        self.words.iter().all(|(wanted, word)| name.contains(word.as_str()) == *wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_narrow_and_a_bang_excludes() {
        let hits = |filter: &str| {
            let matcher = Matcher::new(filter);
            ["orders.v1", "orders.v1.DLT", "Payments"].iter().filter(|name| matcher.matches(name)).count()
        };
        assert_eq!((hits(""), hits("ord"), hits("ord !dlt"), hits("pay"), hits("DLT"), hits("!")), (3, 2, 1, 1, 1, 3));
    }
}
