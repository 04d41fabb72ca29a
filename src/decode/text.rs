//! Is it text?

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotText {
    #[error("it is not UTF-8 at byte {0}")]
    Encoding(usize),
    #[error("{0} of its characters are control characters")]
    Unprintable(usize),
}

/// Text is valid UTF-8 of which at most one character in twenty is a control
/// character other than tab and line ends; a zero never occurs in it.
pub(super) fn read(bytes: &[u8]) -> Result<&str, NotText> {
    let text = std::str::from_utf8(bytes).map_err(|error| NotText::Encoding(error.valid_up_to()))?;
    let is_strange = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let strange = text.chars().filter(is_strange).count();
    if strange == 0 || (!bytes.contains(&0) && strange * 20 <= text.chars().count()) {
        Ok(text)
    } else {
        Err(NotText::Unprintable(strange))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::empty(b"", true)]
    #[case::words("Grüße, 世界\n".as_bytes(), true)]
    #[case::colours("an error in \u{1b}[31mred\u{1b}[0m, in the middle of a long line".as_bytes(), true)]
    #[case::a_small_number(&[0, 0, 0, 7], false)]
    #[case::a_zero_in_text(b"a long enough text with a zero \0 in it and more behind it", false)]
    #[case::latin1(&[b'G', b'r', 0xfc], false)]
    fn text_is_told_from_bytes(#[case] bytes: &[u8], #[case] is_text: bool) {
        assert_eq!(read(bytes).is_ok(), is_text);
    }
}
