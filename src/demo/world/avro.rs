//! Writing Avro, framed as the registry's serializers frame it.

use crate::demo::batch::put_varint;
use bytes::{BufMut, Bytes, BytesMut};

/// One datum in the making, field by field in the order of its schema.
pub(super) struct Datum(BytesMut);

impl Datum {
    /// Begins with the registry's prefix: a zero, then the schema's id.
    pub(super) fn framed(schema: i32) -> Self {
        let mut out = BytesMut::with_capacity(160);
        out.put_u8(0);
        out.put_i32(schema);
        Self(out)
    }

    pub(super) fn finish(self) -> Bytes {
        self.0.freeze()
    }

    /// An int, a long, a date, a timestamp, an enum's index or a union's branch.
    pub(super) fn number(mut self, value: i64) -> Self {
        put_varint(&mut self.0, value);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        put_varint(&mut self.0, i64::try_from(bytes.len()).unwrap_or(0));
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn boolean(mut self, value: bool) -> Self {
        self.0.put_u8(u8::from(value));
        self
    }

    pub(super) fn double(mut self, value: f64) -> Self {
        self.0.put_f64_le(value);
        self
    }

    /// A decimal by its unscaled value: big-endian two's complement, as short as can be.
    pub(super) fn decimal(self, unscaled: i64) -> Self {
        let bytes = unscaled.to_be_bytes();
        let fits = |from: usize| {
            let sign = if unscaled < 0 { 0xff } else { 0 };
            let dropped = bytes.iter().take(from).all(|byte| *byte == sign);
            let next = bytes.get(from).copied().unwrap_or(0);
            dropped && (next & 0x80 != 0) == (unscaled < 0)
        };
        let from = (0..bytes.len()).rev().find(|from| fits(*from)).unwrap_or(0);
        self.bytes(bytes.get(from..).unwrap_or_default())
    }

    /// An array of `count` items, each written by `item`.
    pub(super) fn array(mut self, count: i64, mut item: impl FnMut(Self, i64) -> Self) -> Self {
        if count > 0 {
            self = self.number(count);
            for index in 0..count {
                self = item(self, index);
            }
        }
        self.number(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_as_short_as_can_be() {
        let bytes = |unscaled: i64| Datum(BytesMut::new()).decimal(unscaled).finish().to_vec();
        assert_eq!(bytes(0), [2, 0]);
        assert_eq!(bytes(127), [2, 127]);
        assert_eq!(bytes(128), [4, 0, 128]);
        assert_eq!(bytes(-1), [2, 255]);
        assert_eq!(bytes(-129), [4, 255, 127]);
        assert_eq!(bytes(i64::MIN).len(), 9);
    }

    #[test]
    fn the_frame_names_the_schema() {
        let datum = Datum::framed(7).number(-2).text("é").boolean(true).array(2, |datum, n| datum.number(n)).finish();
        assert_eq!(datum.to_vec(), [0, 0, 0, 0, 7, 3, 4, 0xc3, 0xa9, 1, 4, 0, 2, 0]);
    }
}
