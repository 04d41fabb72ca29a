//! Numbers compared by their digits, so that none is lost to a float.

use std::cmp::Ordering;

/// A number as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    digits: Box<str>,
    /// The same, where it is whole and fits.
    whole: Option<i64>,
}

impl Number {
    /// `None` where the text is no number: `-12.50`, `7`, `1e3`.
    pub fn read(text: &str) -> Option<Self> {
        Parts::of(text)?;
        Some(Self { digits: text.into(), whole: text.parse().ok() })
    }

    pub fn as_str(&self) -> &str {
        &self.digits
    }

    pub fn whole(&self) -> Option<i64> {
        self.whole
    }

    /// How `text` lies to this number; `None` where it is none.
    pub fn is_met_by(&self, text: &str) -> Option<Ordering> {
        Some(Parts::of(text)?.compare(&Parts::of(&self.digits)?))
    }

    pub fn is_met_by_whole(&self, number: i64) -> Option<Ordering> {
        match self.whole {
            Some(whole) => Some(number.cmp(&whole)),
            None => self.is_met_by(&number.to_string()),
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self { digits: number.to_string().into(), whole: Some(number) }
    }
}

/// `0.DIGITS × 10^exponent`, the digits beginning and ending with one that is not 0.
struct Parts<'a> {
    is_negative: bool,
    before: &'a [u8],
    after: &'a [u8],
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (rest, 0),
        };
        let (before, after) = match mantissa.split_once('.') {
            Some((before, after)) if !after.is_empty() => (before, after),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if before.is_empty() || !are_digits(before) || !are_digits(after) {
            return None;
        }
        let mut parts = Self { is_negative, before: before.as_bytes(), after: after.as_bytes(), exponent };
        parts.trim();
        Some(parts)
    }

    fn trim(&mut self) {
        while let [b'0', rest @ ..] = self.before {
            self.before = rest;
        }
        while let [rest @ .., b'0'] = self.after {
            self.after = rest;
        }
        let mut shift = length(self.before);
        if self.before.is_empty() {
            while let [b'0', rest @ ..] = self.after {
                self.after = rest;
                shift = shift.saturating_sub(1);
            }
        }
        if self.after.is_empty() {
            while let [rest @ .., b'0'] = self.before {
                self.before = rest;
            }
        }
        self.exponent = self.exponent.saturating_add(shift);
        if self.before.is_empty() && self.after.is_empty() {
            // Zero has no sign and no size.
            (self.is_negative, self.exponent) = (false, 0);
        }
    }

    fn is_zero(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self.sign(), other.sign()) {
            (mine, theirs) if mine != theirs => mine.cmp(&theirs),
            (0, _) => Ordering::Equal,
            (sign, _) => {
                let by_size = self
                    .exponent
                    .cmp(&other.exponent)
                    .then_with(|| self.before.iter().chain(self.after).cmp(other.before.iter().chain(other.after)));
                if sign < 0 { by_size.reverse() } else { by_size }
            }
        }
    }

    fn sign(&self) -> i8 {
        match (self.is_zero(), self.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

/// Beyond what an `i64` holds, sizes are no longer told apart.
fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("1", "1.0", Ordering::Equal)]
    #[case("100", "1e2", Ordering::Equal)]
    #[case("0.001", "1E-3", Ordering::Equal)]
    #[case("-0", "0.00", Ordering::Equal)]
    #[case("007", "7", Ordering::Equal)]
    #[case("9223372036854775807", "9223372036854775808", Ordering::Less)]
    #[case("0.1", "0.10000000000000000000001", Ordering::Less)]
    #[case("-2", "-10", Ordering::Greater)]
    #[case("-1", "0", Ordering::Less)]
    #[case("9", "10", Ordering::Less)]
    #[case("1e99999999999999999999", "1e308", Ordering::Greater)]
    #[case("1e-99999999999999999999", "0", Ordering::Greater)]
    fn numbers_are_compared_by_their_digits(#[case] left: &str, #[case] right: &str, #[case] expected: Ordering) {
        assert_eq!(Number::read(right).unwrap().is_met_by(left), Some(expected));
        assert_eq!(Number::read(left).unwrap().is_met_by(right), Some(expected.reverse()));
    }

    #[rstest]
    #[case("")]
    #[case("-")]
    #[case("1.")]
    #[case(".5")]
    #[case("1e")]
    #[case("NaN")]
    #[case("0x10")]
    #[case("1 ")]
    fn what_is_no_number(#[case] text: &str) {
        assert_eq!(Number::read(text), None);
    }

    proptest! {
        #[test]
        fn whole_numbers_are_ordered_as_ever(left in any::<i64>(), right in any::<i64>()) {
            let number = Number::from(right);
            prop_assert_eq!(number.is_met_by(&left.to_string()), Some(left.cmp(&right)));
            prop_assert_eq!(number.is_met_by_whole(left), Some(left.cmp(&right)));
        }
    }
}
