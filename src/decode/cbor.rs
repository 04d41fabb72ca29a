//! CBOR (RFC 8949), with the tags that mean dates, big numbers, decimals and UUIDs.
//!
//! An item takes at least a byte, so that a count is only ever counted down.

use super::cursor::{Broken, Cursor};
use super::{decimal, moment};
use crate::domain::value::{Logical, Value};
use bytes::Bytes;
use std::sync::Arc;

const BREAK: u8 = 0xff;
/// "What follows is CBOR".
const SELF_DESCRIBED: u64 = 55_799;

/// Does it begin as a map does, or say that it is CBOR? Nothing else is guessed.
pub(super) fn begins_a_map(bytes: &[u8]) -> bool {
    matches!(bytes, [0xa1..=0xbb | 0xbf, ..] | [0xd9, 0xd9, 0xf7, ..])
}

/// Reads a whole payload, and says whether all keys of its maps are texts.
pub(super) fn read(bytes: &Bytes) -> Result<(Value, bool), Broken> {
    let mut reader = Reader { cursor: Cursor::new(bytes) };
    let value = reader.value(0)?;
    reader.cursor.end()?;
    Ok((value, reader.cursor.has_plain_keys()))
}

struct Reader<'a> {
    cursor: Cursor<'a>,
}

/// What follows an item's first byte: a number, or "until a break".
#[derive(Clone, Copy)]
enum Argument {
    Number(u64),
    Open,
}

fn typed(text: String, logical: Logical) -> Value {
    Value::Typed { text: text.into(), logical }
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Broken> {
        self.cursor.enter(depth)?;
        let first = self.cursor.byte()?;
        let (major, short) = (first >> 5, first & 0x1f);
        if major == 7 {
            return self.simple(short);
        }
        let argument = self.argument(short)?;
        match (major, argument) {
            (0, Argument::Number(number)) => Ok(Value::Number(number.to_string().into())),
            (1, Argument::Number(number)) => Ok(Value::Number((-1 - i128::from(number)).to_string().into())),
            (2, argument) => self.bytes(argument).map(Value::Bytes),
            (3, argument) => self.text(argument),
            (4, argument) => self.list(argument, depth),
            (5, argument) => self.map(argument, depth),
            (6, Argument::Number(tag)) => self.tagged(tag, depth),
            _ => Err(self.cursor.wrong("an open length where there is none")),
        }
    }

    fn argument(&mut self, short: u8) -> Result<Argument, Broken> {
        Ok(Argument::Number(match short {
            0..=23 => u64::from(short),
            24 => u64::from(self.cursor.byte()?),
            25 => u64::from(u16::from_be_bytes(self.cursor.array()?)),
            26 => u64::from(u32::from_be_bytes(self.cursor.array()?)),
            27 => u64::from_be_bytes(self.cursor.array()?),
            31 => return Ok(Argument::Open),
            _ => return Err(self.cursor.wrong("a length that means nothing")),
        }))
    }

    /// Is there another item? Takes the break of an open list.
    fn has_more(&mut self, argument: Argument, done: u64) -> bool {
        match argument {
            Argument::Number(count) => done < count,
            Argument::Open if self.cursor.peek() == Some(BREAK) => self.cursor.byte().is_err(),
            Argument::Open => true,
        }
    }

    fn chunk(&mut self, length: u64) -> Result<&'a [u8], Broken> {
        self.cursor.take_long(length)
    }

    /// In one piece, or in pieces that have a length each.
    fn bytes(&mut self, argument: Argument) -> Result<Bytes, Broken> {
        if let Argument::Number(length) = argument {
            let chunk = self.chunk(length)?;
            return Ok(self.cursor.share(chunk));
        }
        let mut whole = Vec::new();
        while self.has_more(argument, 0) {
            let first = self.cursor.byte()?;
            match self.argument(first & 0x1f)? {
                Argument::Number(length) if matches!(first >> 5, 2 | 3) => {
                    whole.extend_from_slice(self.chunk(length)?);
                }
                _ => return Err(self.cursor.wrong("a piece that is none")),
            }
        }
        Ok(whole.into())
    }

    fn text(&mut self, argument: Argument) -> Result<Value, Broken> {
        let bytes = self.bytes(argument)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Value::Text(text.into())),
            Err(_) => Err(self.cursor.wrong("a text that is not UTF-8 ends")),
        }
    }

    fn list(&mut self, argument: Argument, depth: usize) -> Result<Value, Broken> {
        let mut items = Vec::new();
        while self.has_more(argument, items.len() as u64) {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, argument: Argument, depth: usize) -> Result<Value, Broken> {
        let mut fields = Vec::new();
        while self.has_more(argument, fields.len() as u64) {
            let key = self.value(depth + 1)?;
            fields.push((self.cursor.name(key), self.value(depth + 1)?));
        }
        Ok(Value::Record(fields))
    }

    fn simple(&mut self, short: u8) -> Result<Value, Broken> {
        Ok(match short {
            20 => Value::Bool(false),
            21 => Value::Bool(true),
            // Null and undefined.
            22 | 23 => Value::Null,
            25 => Value::Number(decimal::float(half(u16::from_be_bytes(self.cursor.array()?))).into()),
            26 => Value::Number(decimal::float(f32::from_be_bytes(self.cursor.array()?)).into()),
            27 => Value::Number(decimal::double(f64::from_be_bytes(self.cursor.array()?)).into()),
            31 => return Err(self.cursor.wrong("a break outside of a list")),
            24 => named("simple", Value::Number(self.cursor.byte()?.to_string().into()), None),
            0..=19 => named("simple", Value::Number(short.to_string().into()), None),
            _ => return Err(self.cursor.wrong("a simple value that means nothing")),
        })
    }

    fn tagged(&mut self, tag: u64, depth: usize) -> Result<Value, Broken> {
        let value = self.value(depth + 1)?;
        let meant = match (tag, &value) {
            (SELF_DESCRIBED, _) => return Ok(value),
            (0, Value::Text(text)) => Some(typed(text.to_string(), Logical::Timestamp)),
            (1, Value::Number(digits)) => seconds(digits).map(|text| typed(text, Logical::Timestamp)),
            (100, Value::Number(digits)) => {
                digits.parse().ok().map(|days: i32| typed(moment::date(days), Logical::Date))
            }
            (1004, Value::Text(text)) => Some(typed(text.to_string(), Logical::Date)),
            (2, Value::Bytes(bytes)) => big(bytes, false).map(|digits| Value::Number(digits.into())),
            (3, Value::Bytes(bytes)) => big(bytes, true).map(|digits| Value::Number(digits.into())),
            (4, Value::List(parts)) => fraction(parts),
            (37, Value::Bytes(bytes)) => {
                uuid::Uuid::from_slice(bytes).ok().map(|uuid| typed(uuid.to_string(), Logical::Uuid))
            }
            _ => None,
        };
        Ok(meant.unwrap_or_else(|| named("tag", Value::Number(tag.to_string().into()), Some(value))))
    }
}

fn named(name: &str, number: Value, value: Option<Value>) -> Value {
    let mut fields: Vec<(Arc<str>, Value)> = vec![(name.into(), number)];
    fields.extend(value.map(|value| ("value".into(), value)));
    Value::Record(fields)
}

/// Two's complement of `n`, or of `-1 - n`.
fn big(bytes: &[u8], is_negative: bool) -> Option<String> {
    let mut signed = vec![0];
    signed.extend_from_slice(bytes);
    if is_negative {
        signed.iter_mut().for_each(|byte| *byte = !*byte);
    }
    decimal::unscaled(&signed, 0)
}

/// `[exponent, mantissa]`, of ten.
fn fraction(parts: &[Value]) -> Option<Value> {
    let [Value::Number(exponent), Value::Number(mantissa)] = parts else { return None };
    let exponent: i64 = exponent.parse().ok()?;
    let text = decimal::shifted(mantissa, exponent)?;
    let scale = u32::try_from(-exponent).unwrap_or(0);
    Some(typed(text, Logical::Decimal { precision: 0, scale }))
}

/// Seconds since 1970, whole or with a fraction that no float loses.
fn seconds(digits: &str) -> Option<String> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 9 || whole.starts_with('-') && !fraction.trim_end_matches('0').is_empty() {
        return None;
    }
    moment::instant(whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?)
}

/// IEEE 754 in sixteen bits, as RFC 8949, appendix D reads it.
fn half(bits: u16) -> f32 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let size = match exponent {
        0 => mantissa * 2_f32.powi(-24),
        31 if mantissa == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (mantissa + 1024.0) * 2_f32.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::hex;
    use proptest::prelude::*;
    use rstest::rstest;

    // Written by cbor2 6.3.0 for Python, and of RFC 8949, appendix A.
    #[rstest]
    #[case::a_record("ae6269641b7fffffffffffffff636e65673bffffffffffffffff63626967c249400000000000000000646e626967c3493fffffffffffffffff6166fb3fb999999999999a657072696365c482211904ce6474696e79c48222016468756765c4820305626174c0781b323032332d31312d31345432323a31333a32302e3131383030305a63646179d903ec6a323032332d31312d31346475756964d8255000112233445566778899aabbccddeeff637261774200ff646c697374850120f5f4f66474657874674772c3bcc39f65", r#"{"id":9223372036854775807,"neg":-18446744073709551616,"big":1180591620717411303424,"nbig":-1180591620717411303424,"f":0.1,"price":12.30,"tiny":0.001,"huge":5000,"at":"2023-11-14T22:13:20.118000Z","day":"2023-11-14","uuid":"00112233-4455-6677-8899-aabbccddeeff","raw":{"base64":"AP8="},"list":[1,-1,true,false,null],"text":"Grüße"}"#, true)]
    #[case::a_time_as_a_number(
        "a2626174c1fb41d954fc402000006577686f6c65c11a6553f100",
        r#"{"at":"2023-11-14T22:13:20.5Z","whole":"2023-11-14T22:13:20Z"}"#,
        true
    )]
    #[case::an_unknown_tag("d912678101", r#"{"tag":4711,"value":[1]}"#, true)]
    #[case::a_simple_value("f0", r#"{"simple":16}"#, true)]
    #[case::it_says_what_it_is("d9d9f7a1616101", r#"{"a":1}"#, true)]
    #[case::numbers_as_keys("a1016161", r#"{"1":"a"}"#, false)]
    #[case::open_lengths(
        "bf61610161629f0203ff61637f657374726561646d696e67ffff",
        r#"{"a":1,"b":[2,3],"c":"streaming"}"#,
        true
    )]
    #[case::open_bytes("5f42010243030405ff", r#"{"base64":"AQIDBAU="}"#, true)]
    #[case::halves(
        "88f90000f98000f93c00f93e00f97bfff90001f9c400f97c00",
        r#"[0.0,-0.0,1.0,1.5,65504.0,5.9604645e-8,-4.0,"Infinity"]"#,
        true
    )]
    #[case::a_float("fa47c35000", r#"100000.0"#, true)]
    #[case::undefined("f7", r#"null"#, true)]
    fn vectors(#[case] bytes: &str, #[case] json: &str, #[case] has_plain_keys: bool) {
        let (value, plain) = read(&hex(bytes).into()).unwrap();
        assert_eq!((value.to_json().as_str(), plain), (json, has_plain_keys));
    }

    #[rstest]
    #[case::cut("a2616101", "it ends early, at byte 4")]
    #[case::leftover("f6f6", "1 bytes follow the value")]
    #[case::a_long_text("7bffffffffffffffff", "it ends early, at byte 9")]
    #[case::a_long_list("9affffffff01", "it ends early, at byte 6")]
    #[case::a_list_without_an_end("9f01", "it ends early, at byte 2")]
    #[case::a_break("ff", "a break outside of a list at byte 1")]
    #[case::a_reserved_length("1c", "a length that means nothing at byte 1")]
    #[case::an_open_number("1f", "an open length where there is none at byte 1")]
    fn what_is_not_says_why(#[case] bytes: &str, #[case] reason: &str) {
        assert_eq!(read(&hex(bytes).into()).unwrap_err().to_string(), reason);
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(read(&vec![0x81; 1 << 20].into()), Err(Broken::Depth));
        assert_eq!(read(&vec![0xc1; 1 << 20].into()), Err(Broken::Depth));
    }

    proptest! {
        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes.into());
        }
    }
}
