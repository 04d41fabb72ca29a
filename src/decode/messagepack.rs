//! MessagePack.
//!
//! Specification: <https://github.com/msgpack/msgpack/blob/master/spec.md>. An item
//! takes at least a byte, so that a count is only ever counted down: nothing is
//! allocated by it.

use super::cursor::{Broken, Cursor};
use super::{decimal, moment};
use crate::domain::value::{Logical, Value};
use bytes::Bytes;

/// The extension that a timestamp is.
const TIMESTAMP: i8 = -1;

/// Does it begin as a map does? Nothing else is guessed.
pub(super) fn begins_a_map(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(0x81..=0x8f | 0xde | 0xdf))
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

fn number(digits: impl ToString) -> Value {
    Value::Number(digits.to_string().into())
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, Broken> {
        self.cursor.enter(depth)?;
        let marker = self.cursor.byte()?;
        Ok(match marker {
            0x00..=0x7f => number(marker),
            0x80..=0x8f => self.map(u64::from(marker & 0x0f), depth)?,
            0x90..=0x9f => self.list(u64::from(marker & 0x0f), depth)?,
            0xa0..=0xbf => self.text(u64::from(marker & 0x1f))?,
            0xc0 => Value::Null,
            0xc1 => return Err(self.cursor.wrong("a marker that is never used")),
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4 => self.binary(1)?,
            0xc5 => self.binary(2)?,
            0xc6 => self.binary(4)?,
            0xc7 => self.extension(1)?,
            0xc8 => self.extension(2)?,
            0xc9 => self.extension(4)?,
            0xca => Value::Number(decimal::float(f32::from_be_bytes(self.cursor.array()?)).into()),
            0xcb => Value::Number(decimal::double(f64::from_be_bytes(self.cursor.array()?)).into()),
            0xcc => number(self.unsigned(1)?),
            0xcd => number(self.unsigned(2)?),
            0xce => number(self.unsigned(4)?),
            0xcf => number(self.unsigned(8)?),
            0xd0 => number(i8::from_be_bytes(self.cursor.array()?)),
            0xd1 => number(i16::from_be_bytes(self.cursor.array()?)),
            0xd2 => number(i32::from_be_bytes(self.cursor.array()?)),
            0xd3 => number(i64::from_be_bytes(self.cursor.array()?)),
            0xd4..=0xd8 => self.extended(1 << (marker - 0xd4))?,
            0xd9 => self.sized_text(1)?,
            0xda => self.sized_text(2)?,
            0xdb => self.sized_text(4)?,
            0xdc => self.sized(2, depth, Self::list)?,
            0xdd => self.sized(4, depth, Self::list)?,
            0xde => self.sized(2, depth, Self::map)?,
            0xdf => self.sized(4, depth, Self::map)?,
            0xe0..=0xff => number(marker.cast_signed()),
        })
    }

    /// Of one, two, four or eight bytes.
    fn unsigned(&mut self, size: usize) -> Result<u64, Broken> {
        Ok(self.cursor.take(size)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn sized(
        &mut self,
        size: usize,
        depth: usize,
        read: fn(&mut Self, u64, usize) -> Result<Value, Broken>,
    ) -> Result<Value, Broken> {
        let count = self.unsigned(size)?;
        read(self, count, depth)
    }

    fn list(&mut self, count: u64, depth: usize) -> Result<Value, Broken> {
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, count: u64, depth: usize) -> Result<Value, Broken> {
        let mut fields = Vec::new();
        for _ in 0..count {
            let key = self.value(depth + 1)?;
            fields.push((self.cursor.name(key), self.value(depth + 1)?));
        }
        Ok(Value::Record(fields))
    }

    fn sized_text(&mut self, size: usize) -> Result<Value, Broken> {
        let length = self.unsigned(size)?;
        self.text(length)
    }

    /// Old writers had no type for bytes: what is no UTF-8 is bytes.
    fn text(&mut self, length: u64) -> Result<Value, Broken> {
        let bytes = self.cursor.take_long(length)?;
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Bytes(self.cursor.share(bytes)),
        })
    }

    fn binary(&mut self, size: usize) -> Result<Value, Broken> {
        let length = self.unsigned(size)?;
        let bytes = self.cursor.take_long(length)?;
        Ok(Value::Bytes(self.cursor.share(bytes)))
    }

    fn extension(&mut self, size: usize) -> Result<Value, Broken> {
        let length = self.unsigned(size)?;
        self.extended(length)
    }

    fn extended(&mut self, length: u64) -> Result<Value, Broken> {
        let kind = self.cursor.byte()?.cast_signed();
        let bytes = self.cursor.take_long(length)?;
        if kind == TIMESTAMP
            && let Some(text) = timestamp(bytes)
        {
            return Ok(Value::Typed { text: text.into(), logical: Logical::Timestamp });
        }
        let data = Value::Bytes(self.cursor.share(bytes));
        Ok(Value::Record(vec![("extension".into(), number(kind)), ("data".into(), data)]))
    }
}

/// Seconds; or nanoseconds in 30 bits and seconds in 34; or both in full.
fn timestamp(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => moment::instant(u32::from_be_bytes(*bytes.first_chunk()?).into(), 0),
        8 => {
            let both = u64::from_be_bytes(*bytes.first_chunk()?);
            moment::instant(i64::try_from(both & ((1 << 34) - 1)).ok()?, u32::try_from(both >> 34).ok()?)
        }
        12 => {
            let (nanos, seconds) = bytes.split_first_chunk::<4>()?;
            moment::instant(i64::from_be_bytes(*seconds.first_chunk()?), u32::from_be_bytes(*nanos))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::hex;
    use proptest::prelude::*;
    use rstest::rstest;

    // Written by msgpack 1.2.4 for Python.
    #[rstest]
    #[case::a_record("8ca26964cf7fffffffffffffffa36e6567d38000000000000000a175cfffffffffffffffffa166cb3fe0000000000000a46c6973749801ffd0dfd1ff7fd2ffff63c0c3c2c0a474657874a74772c3bcc39f65a3726177c40200ffa26174d7ff1c2226006553f100a36f6c64c70cff00000000ffffffffffffffffa3666172c70cff000000050000000800000000a3736563d6ff6553f100a3657874c70305010203", r#"{"id":9223372036854775807,"neg":-9223372036854775808,"u":18446744073709551615,"f":0.5,"list":[1,-1,-33,-129,-40000,true,false,null],"text":"Grüße","raw":{"base64":"AP8="},"at":"2023-11-14T22:13:20.118Z","old":"1969-12-31T23:59:59Z","far":"3058-10-26T03:46:08.000000005Z","sec":"2023-11-14T22:13:20Z","ext":{"extension":5,"data":{"base64":"AQID"}}}"#, true)]
    #[case::a_float("81a166ca3dcccccd", r#"{"f":0.1}"#, true)]
    #[case::a_long_text(
        "d92878787878787878787878787878787878787878787878787878787878787878787878787878787878",
        r#""xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx""#,
        true
    )]
    #[case::numbers_as_keys("8201a161a16202", r#"{"1":"a","b":2}"#, false)]
    #[case::many("de0011a26b3000a26b3101a26b3202a26b3303a26b3404a26b3505a26b3606a26b3707a26b3808a26b3909a36b31300aa36b31310ba36b31320ca36b31330da36b31340ea36b31350fa36b313610", r#"{"k0":0,"k1":1,"k2":2,"k3":3,"k4":4,"k5":5,"k6":6,"k7":7,"k8":8,"k9":9,"k10":10,"k11":11,"k12":12,"k13":13,"k14":14,"k15":15,"k16":16}"#, true)]
    fn vectors(#[case] bytes: &str, #[case] json: &str, #[case] has_plain_keys: bool) {
        let (value, plain) = read(&hex(bytes).into()).unwrap();
        assert_eq!((value.to_json().as_str(), plain), (json, has_plain_keys));
    }

    #[rstest]
    #[case::cut("82a161", "it ends early, at byte 3")]
    #[case::leftover("c0c0", "1 bytes follow the value")]
    #[case::never_used("c1", "a marker that is never used at byte 1")]
    #[case::a_long_text("dbffffffff", "it ends early, at byte 5")]
    #[case::a_long_list("ddffffffffc0", "it ends early, at byte 6")]
    fn what_is_not_says_why(#[case] bytes: &str, #[case] reason: &str) {
        assert_eq!(read(&hex(bytes).into()).unwrap_err().to_string(), reason);
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(read(&vec![0x91; 1 << 20].into()), Err(Broken::Depth));
    }

    proptest! {
        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes.into());
        }
    }
}
