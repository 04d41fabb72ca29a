//! Numbers as exact text: decimals of any size, floats in their shortest form.

/// Beyond this the conversion, which is quadratic, is not worth its time.
const LONGEST: usize = 512;
/// No more zeros than this are written for a scale.
const WIDEST_SCALE: i64 = 2_000;
/// Nine digits fit a limb.
const LIMB: u64 = 1_000_000_000;

/// A big-endian two's complement number divided by ten to the `scale`.
/// `None` when it is too long to be a number people deal with.
pub(super) fn unscaled(bytes: &[u8], scale: i64) -> Option<String> {
    if bytes.len() > LONGEST || scale.abs() > WIDEST_SCALE {
        return None;
    }
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    scaled(is_negative, &digits(&magnitude(bytes, is_negative)), scale)
}

/// A whole number in digits times ten to the `exponent`. `None` for anything else,
/// and when the result is too long to be a number people deal with.
pub(super) fn shifted(number: &str, exponent: i64) -> Option<String> {
    let (is_negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number),
    };
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_whole || exponent.unsigned_abs() > WIDEST_SCALE.unsigned_abs() {
        return None;
    }
    scaled(is_negative, digits, -exponent)
}

fn scaled(is_negative: bool, digits: &str, scale: i64) -> Option<String> {
    let mut text = String::with_capacity(digits.len() + 3);
    if is_negative {
        text.push('-');
    }
    match usize::try_from(scale) {
        Ok(0) => text.push_str(digits),
        Ok(scale) => {
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at_checked(padded.len() - scale)?;
            text.push_str(whole);
            text.push('.');
            text.push_str(fraction);
        }
        Err(_) => {
            text.push_str(digits);
            if digits != "0" {
                text.extend((0..-scale).map(|_| '0'));
            }
        }
    }
    Some(text)
}

/// The absolute value, big-endian.
fn magnitude(bytes: &[u8], is_negative: bool) -> Vec<u8> {
    let mut absolute = bytes.to_vec();
    if is_negative {
        let mut carry = true;
        for byte in absolute.iter_mut().rev() {
            let (next, overflowed) = (!*byte).overflowing_add(u8::from(carry));
            *byte = next;
            carry = overflowed;
        }
        if carry {
            absolute.insert(0, 1);
        }
    }
    absolute
}

fn digits(magnitude: &[u8]) -> String {
    // Limbs of nine digits, the least significant first.
    let mut limbs: Vec<u64> = vec![0];
    for byte in magnitude {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            let next = *limb * 256 + carry;
            *limb = next % LIMB;
            carry = next / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut text = limbs.pop().unwrap_or(0).to_string();
    for limb in limbs.iter().rev() {
        text.push_str(&format!("{limb:09}"));
    }
    text
}

/// A decimal number as a whole number of ten to the minus `scale`, big-endian in two's
/// complement, as short as can be. `precision` of 0 is any.
pub(super) fn to_unscaled(text: &str, scale: u32, precision: u32) -> Result<Vec<u8>, &'static str> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err("it is no plain decimal number");
    }
    let scale = usize::try_from(scale).map_err(|_| "its scale is too large")?;
    if scale > WIDEST_SCALE.unsigned_abs() as usize || digits.len() > 2 * LONGEST {
        return Err("it is too long");
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > scale {
        return Err("it has more digits behind the point than the scale");
    }
    let digits = format!("{whole}{fraction:0<scale$}");
    let digits = digits.trim_start_matches('0');
    if precision > 0 && digits.len() > precision as usize {
        return Err("it has more digits than the precision");
    }
    Ok(in_twos_complement(is_negative, digits))
}

fn in_twos_complement(is_negative: bool, digits: &str) -> Vec<u8> {
    // Bytes of the magnitude, the least significant first.
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in &mut bytes {
            let next = u16::from(*byte) * 10 + carry;
            *byte = (next & 0xff) as u8;
            carry = next >> 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    // Room for the sign.
    bytes.push(0);
    if is_negative {
        let mut carry = true;
        for byte in &mut bytes {
            let (next, overflowed) = (!*byte).overflowing_add(u8::from(carry));
            *byte = next;
            carry = overflowed;
        }
    }
    bytes.reverse();
    // The first byte says nothing where the next has the same sign.
    while let [first, next, ..] = bytes.as_slice()
        && (*first == 0 && next & 0x80 == 0 || *first == 0xff && next & 0x80 != 0)
    {
        bytes.remove(0);
    }
    bytes
}

/// The shortest digits that give this float back, with a point so that it is
/// seen to be one; large and small ones with an exponent.
pub(super) fn float(number: f32) -> String {
    if number.is_finite() { format!("{number:?}") } else { non_finite(number.into()) }
}

pub(super) fn double(number: f64) -> String {
    if number.is_finite() { format!("{number:?}") } else { non_finite(number) }
}

fn non_finite(number: f64) -> String {
    match number {
        n if n.is_nan() => "NaN",
        n if n > 0.0 => "Infinity",
        _ => "-Infinity",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(&[], 0, "0")]
    #[case(&[], 2, "0.00")]
    #[case(&[0x04, 0xd2], 2, "12.34")]
    #[case(&[0xff], 2, "-0.01")]
    #[case(&[0x80], 0, "-128")]
    #[case(&[0x80, 0], 0, "-32768")]
    #[case(&[0, 0, 0, 5], 3, "0.005")]
    #[case(&[5], -3, "5000")]
    #[case(&[0], -3, "0")]
    fn decimals_are_exact(#[case] bytes: &[u8], #[case] scale: i64, #[case] expected: &str) {
        assert_eq!(unscaled(bytes, scale).as_deref(), Some(expected));
    }

    #[test]
    fn a_number_of_a_thousand_digits_is_whole() {
        let mut two_to_3000 = vec![0; 376];
        two_to_3000[0] = 1;
        let text = unscaled(&two_to_3000, 0).unwrap();
        assert!(text.starts_with("1230231922161117176931558813276752514640713895736833715766118029160058"));
        assert_eq!(text.len(), 904);
        assert_eq!(unscaled(&[1; LONGEST + 1], 0), None);
        assert_eq!(unscaled(&[1], i64::MIN + 1), None);
    }

    #[test]
    fn floats_keep_their_digits() {
        assert_eq!(float(0.1), "0.1");
        assert_eq!(double(1e300), "1e300");
        assert_eq!(double(-0.0), "-0.0");
        assert_eq!(double(f64::NEG_INFINITY), "-Infinity");
        assert_eq!(float(f32::NAN), "NaN");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(number: i128, scale in 0..30_u32) {
            let text = unscaled(&number.to_be_bytes(), scale.into()).unwrap();
            let bytes = to_unscaled(&text, scale, 0).unwrap();
            prop_assert_eq!(unscaled(&bytes, scale.into()), Some(text));
        }

        #[test]
        fn whole_numbers_agree_with_i128(number: i128) {
            prop_assert_eq!(unscaled(&number.to_be_bytes(), 0), Some(number.to_string()));
        }
    }
}
