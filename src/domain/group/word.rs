//! A word of a broker's that klamm does not know, to be shown as it is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The longest word that is kept whole.
const MOST: usize = 24;

/// A short word of letters, digits, `_` and `-`; anything else in it is shown as `?`, so
/// that it can stand anywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word {
    bytes: [u8; MOST],
    length: u8,
}

impl Word {
    /// `None` of an empty text.
    pub fn of(text: &str) -> Option<Self> {
        let mut word = Self { bytes: [0; MOST], length: 0 };
        for (place, letter) in word.bytes.iter_mut().zip(text.chars()) {
            let is_plain = letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
            *place = u8::try_from(letter).ok().filter(|_| is_plain).unwrap_or(b'?');
            word.length += 1;
        }
        (word.length > 0).then_some(word)
    }

    pub fn as_str(&self) -> &str {
        let word = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(word).unwrap_or_default()
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::of(&text).ok_or_else(|| serde::de::Error::custom("an empty word"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_word_is_kept_as_it_is_and_nothing_in_it_can_do_harm() {
        let shown = |text: &str| Word::of(text).map(|word| word.as_str().to_owned());
        assert_eq!(shown("Hibernating").as_deref(), Some("Hibernating"));
        assert_eq!(shown("a\u{1b}[2J\u{202e}é").as_deref(), Some("a??2J??"));
        assert_eq!(shown(&"x".repeat(100)).as_deref(), Some("x".repeat(MOST).as_str()));
        assert_eq!(shown(""), None);
        let word = Word::of("Hibernating").unwrap();
        assert_eq!(serde_json::from_str::<Word>(&serde_json::to_string(&word).unwrap()).unwrap(), word);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            if let Some(word) = Word::of(&text) {
                prop_assert!(word.as_str().is_ascii() && !word.as_str().is_empty());
            }
        }
    }
}
