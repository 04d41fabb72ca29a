//! Numbers of JSON compared digit by digit, since a float would make neighbours equal.

use std::cmp::Ordering;

/// Digits of a divisor that a remainder is counted by.
const MOST_DIVISOR: usize = 36;
/// Zeros that a remainder is counted over.
const MOST_ZEROS: i64 = 10_000;

/// `digits` times ten to the `exponent`; zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exact {
    is_negative: bool,
    /// Neither begins nor ends with a zero.
    digits: String,
    exponent: i64,
}

impl Exact {
    /// Of a number as JSON writes it.
    pub fn parse(text: &str) -> Self {
        let (is_negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        // An exponent of twenty digits is as good as without end.
        const ENDLESS: i64 = 1 << 60;
        let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { -ENDLESS } else { ENDLESS });
        let exponent = exponent.clamp(-ENDLESS, ENDLESS);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        let zeros = all.len() - digits.len();
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Self { is_negative: false, digits: String::new(), exponent: 0 };
        }
        Self { is_negative, digits: digits.to_owned(), exponent: exponent - fraction.len() as i64 + zeros as i64 }
    }

    pub fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    /// As a count of something: what is beyond every count is the largest.
    pub fn count(&self) -> Option<u64> {
        if self.is_negative || !self.is_whole() {
            return None;
        }
        let zeros = usize::try_from(self.exponent).unwrap_or(usize::MAX).min(20);
        let zeros = if self.digits.is_empty() { 0 } else { zeros };
        Some(format!("0{}{}", self.digits, "0".repeat(zeros)).parse().unwrap_or(u64::MAX))
    }

    /// `None` where it would take too long to tell.
    pub fn is_multiple_of(&self, divisor: &Self) -> Option<bool> {
        if self.digits.is_empty() {
            return Some(true);
        }
        // The digits do not end with a zero, so that ten does not divide them.
        if self.exponent < divisor.exponent {
            return Some(false);
        }
        let zeros = self.exponent - divisor.exponent;
        if divisor.digits.len() > MOST_DIVISOR || zeros > MOST_ZEROS {
            return None;
        }
        let divisor: u128 = divisor.digits.parse().ok().filter(|divisor| *divisor > 0)?;
        let digits = self.digits.bytes().map(|digit| u128::from(digit - b'0'));
        let zeros = std::iter::repeat_n(0, usize::try_from(zeros).unwrap_or_default());
        Some(digits.chain(zeros).fold(0, |rest, digit| (rest * 10 + digit) % divisor) == 0)
    }

    /// One text for all ways to write a number.
    pub fn canonical(&self) -> String {
        format!("{}{}e{}", if self.is_negative { "-" } else { "" }, self.digits, self.exponent)
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        let height = |number: &Self| match number.digits.len() as i64 {
            0 => i64::MIN,
            length => number.exponent + length,
        };
        height(self).cmp(&height(other)).then_with(|| self.digits.cmp(&other.digits))
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("1", "1.0", Ordering::Equal)]
    #[case("1", "10e-1", Ordering::Equal)]
    #[case("-0", "0.00", Ordering::Equal)]
    #[case("9007199254740993", "9007199254740992", Ordering::Greater)]
    #[case("0.1", "0.09", Ordering::Greater)]
    #[case("-2", "-1", Ordering::Less)]
    #[case("-1", "0", Ordering::Less)]
    #[case("1e400", "9e399", Ordering::Greater)]
    #[case("1e-99999999999999999999", "0", Ordering::Greater)]
    #[case("12", "123", Ordering::Less)]
    fn numbers_are_compared_by_their_digits(#[case] one: &str, #[case] other: &str, #[case] wanted: Ordering) {
        assert_eq!(Exact::parse(one).cmp(&Exact::parse(other)), wanted);
    }

    #[rstest]
    #[case("0.3", "0.1", Some(true))]
    #[case("1.005", "0.01", Some(false))]
    #[case("123456789012345678901234567890", "10", Some(true))]
    #[case("7e3", "2", Some(true))]
    #[case("7", "0.5", Some(true))]
    #[case("1e1000000000", "3", None)]
    fn a_remainder_is_exact(#[case] number: &str, #[case] divisor: &str, #[case] wanted: Option<bool>) {
        assert_eq!(Exact::parse(number).is_multiple_of(&Exact::parse(divisor)), wanted);
    }

    #[test]
    fn a_count_is_whole_and_not_below_zero() {
        let count = |text| Exact::parse(text).count();
        assert_eq!((count("3"), count("3.0"), count("2e3"), count("0")), (Some(3), Some(3), Some(2000), Some(0)));
        assert_eq!((count("3.5"), count("-1"), count("1e99")), (None, None, Some(u64::MAX)));
    }

    proptest! {
        #[test]
        fn agrees_with_whole_numbers(a in any::<i64>(), b in any::<i64>(), c in 1_i64..1000) {
            let exact = |number: i64| Exact::parse(&number.to_string());
            prop_assert_eq!(exact(a).cmp(&exact(b)), a.cmp(&b));
            prop_assert_eq!(exact(a).is_multiple_of(&exact(c)), Some(a % c == 0));
        }
    }
}
