//! Texts that are written without a schema: JSON as it stands, digits of bytes.
//!
//! Invariant: what is no such text says at which line and column.

use super::{Unfit, json};
use base64::Engine as _;

fn text(bytes: &[u8]) -> Result<&str, Unfit> {
    std::str::from_utf8(bytes).map_err(|error| Unfit {
        reason: format!("it is not UTF-8 from byte {} on", error.valid_up_to()),
        ..Unfit::default()
    })
}

/// Is it JSON?
pub fn check_json(bytes: &[u8]) -> Result<(), Unfit> {
    let text = text(bytes)?;
    json::read(bytes).map(drop).map_err(|error| Unfit::at(text, Some(error.at), &[], error.reason))
}

/// The bytes of hexadecimal digits; white space may stand anywhere between them.
pub fn from_hex(bytes: &[u8]) -> Result<Vec<u8>, Unfit> {
    let text = text(bytes)?;
    let mut read = Vec::with_capacity(text.len() / 2);
    let mut half = None;
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let digit = c
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .ok_or_else(|| Unfit::at(text, Some(at), &[], "a hexadecimal digit was expected"))?;
        match half.take() {
            None => half = Some(digit),
            Some(high) => read.push(high << 4 | digit),
        }
    }
    match half {
        None => Ok(read),
        Some(_) => Err(Unfit::at(text, Some(text.trim_end().len()), &[], "the last byte has only one digit")),
    }
}

/// The bytes of Base64; white space around it and its line breaks do not count.
pub fn from_base64(bytes: &[u8]) -> Result<Vec<u8>, Unfit> {
    let text = text(bytes)?;
    let is_digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    if let Some((at, _)) = text.char_indices().find(|(_, c)| !c.is_whitespace() && !is_digit(*c)) {
        return Err(Unfit::at(text, Some(at), &[], "a digit of Base64 was expected"));
    }
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let decoded = base64::engine::general_purpose::STANDARD.decode(&digits);
    decoded.map_err(|error| Unfit::at(text, Some(text.trim_end().len()), &[], &error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn place(unfit: &Unfit) -> (usize, usize) {
        unfit.place.unwrap()
    }

    #[test]
    fn digits_become_bytes() {
        assert_eq!(from_hex(b" 00 fF\n10 ").unwrap(), [0, 255, 16]);
        assert_eq!(from_base64(b"AP8Q\n").unwrap(), [0, 255, 16]);
        assert_eq!((from_hex(b"").unwrap(), from_base64(b" ").unwrap()), (Vec::new(), Vec::new()));
        assert!(check_json(b" {\"a\": 1} ").is_ok());
    }

    #[rstest]
    #[case::hex(from_hex(b"00\n0x10").unwrap_err(), (2, 2), "digit")]
    #[case::hex_odd(from_hex("00 1 ".as_bytes()).unwrap_err(), (1, 5), "only one digit")]
    #[case::base64(from_base64("AP\n8ä".as_bytes()).unwrap_err(), (2, 2), "digit of Base64")]
    #[case::base64_short(from_base64(b"AP8Q A").unwrap_err(), (1, 7), "nvalid")]
    #[case::json(check_json(b"{\n \"a\": }").unwrap_err(), (2, 7), "expected")]
    fn what_is_none_says_where(#[case] unfit: Unfit, #[case] at: (usize, usize), #[case] says: &str) {
        assert_eq!(place(&unfit), at, "{unfit:?}");
        assert!(unfit.reason.contains(says), "{unfit:?}");
    }

    #[test]
    fn noise_is_refused_without_a_panic() {
        for noise in [&b"\xff\xfe"[..], "🦀".as_bytes(), b"====", b"A=A="] {
            assert!(from_hex(noise).is_err() && from_base64(noise).is_err() && check_json(noise).is_err());
        }
    }
}
