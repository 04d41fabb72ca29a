//! Decoding that cannot be made to allocate what a frame merely claims.
//!
//! The codec reads an array length and reserves room for that many elements at
//! once, so a length of two billion aborts the process before the missing bytes
//! are noticed. The lengths cannot be checked from outside without the schema,
//! but the codec asks our buffer for every byte, and how it asks tells enough:
//!
//! - Compact lengths are unsigned varints, read one `u8` at a time, and nothing
//!   else is read so except booleans (0 or 1). Every `u8` is therefore looked at
//!   as the possible start of a varint. One that exceeds the bytes left is an
//!   error there and then. One that exceeds [`MOST_ELEMENTS`] can only be the
//!   length of a byte string: it is handed out as [`MOST_ELEMENTS`], and unless
//!   the codec asks for exactly that many bytes next, the decoding has failed.
//! - Classic lengths are `i32`, and so are ordinary fields. An `i32` too large to
//!   be a length is handed out as [`NOT_A_LENGTH`], which the codec refuses as a
//!   length before it allocates and takes as any other number in a field. When
//!   the decoding succeeds all these were fields, no length was excessive, and
//!   the frame is decoded once more as it is. When it fails and one of them could
//!   have been a long byte string (records), it is tried the compact way.
//!
//! Invariant: room is never reserved for more than [`MOST_ELEMENTS`] elements, nor
//! for more than [`SLACK`] beyond the number of bytes that are really there.

use bytes::{Buf, Bytes, TryGetError};
use kafka_protocol::protocol::Decodable;
use kafka_protocol::protocol::buf::{ByteBuf, NotEnoughBytesError};
use std::fmt::Display;
use std::ops::Range;

/// No array of any response comes near this.
const MOST_ELEMENTS: u32 = 1 << 20;
/// Small numbers are let through even where they exceed the bytes left: reserving
/// room for them is harmless, and taking them for lengths would only cost time.
const SLACK: usize = 4096;
/// Negative, and not the −1 that stands for null.
const NOT_A_LENGTH: i32 = i32::MIN;

/// Decodes one message from the beginning of `frame`.
pub(crate) fn decode<T: Decodable>(frame: &Bytes, version: i16) -> Result<T, String> {
    let mut buffer = Suspicious::new(frame.clone(), Doubt::Field);
    let first = T::decode(&mut buffer, version);
    let (replaced, long) = (buffer.replaced, buffer.long);
    let result = match (buffer.finish(first), replaced) {
        (Ok(message), false) => Ok(message),
        (Ok(_), true) => {
            let mut plain = frame.clone();
            T::decode(&mut plain, version).map_err(|error| error.to_string())
        }
        (Err(_), _) if long => {
            let mut buffer = Suspicious::new(frame.clone(), Doubt::ByteString);
            let second = T::decode(&mut buffer, version);
            buffer.finish(second)
        }
        (Err(error), _) => Err(error),
    };
    result.map_err(|error| error.trim().to_owned())
}

/// Decodes one message at the front of `rest` and goes on behind it.
pub(crate) fn next<T: Decodable>(rest: &mut Bytes, version: i16) -> Result<T, String> {
    let mut buffer = Suspicious::new(rest.clone(), Doubt::Field);
    let first = T::decode(&mut buffer, version);
    let first = buffer.finish(first).map_err(|error| error.trim().to_owned())?;
    if buffer.replaced {
        return T::decode(rest, version).map_err(|error| error.to_string());
    }
    *rest = buffer.rest;
    Ok(first)
}

/// What an `i32` that is too large for an array length is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Field,
    ByteString,
}

struct Suspicious {
    rest: Bytes,
    doubt: Doubt,
    /// An `i32` was handed out as [`NOT_A_LENGTH`].
    replaced: bool,
    /// One of those could have been the length of a byte string that is there.
    long: bool,
    /// Bytes of a varint that stands in for a longer one, to be handed out next.
    stand_in: &'static [u8],
    /// The real length of the byte string that must be asked for next.
    owed: Option<usize>,
    broken: bool,
}

/// [`MOST_ELEMENTS`] + 1 as an unsigned varint: compact lengths are one higher.
const STAND_IN: &[u8] = &[0x81, 0x80, 0x40];

impl Suspicious {
    fn new(rest: Bytes, doubt: Doubt) -> Self {
        Self { rest, doubt, replaced: false, long: false, stand_in: &[], owed: None, broken: false }
    }

    fn finish<T, E: Display>(&self, result: Result<T, E>) -> Result<T, String> {
        if self.broken || (self.owed.is_some() && result.is_ok()) {
            return Err(format!("an array claims more than {MOST_ELEMENTS} elements"));
        }
        result.map_err(|error| error.to_string())
    }

    /// Anything but the byte string that was announced proves it was an array.
    fn touch(&mut self) {
        self.broken |= self.owed.is_some();
    }

    /// The unsigned varint at the front, as the codec would read it, and its length.
    fn varint(&self) -> (u32, usize) {
        let mut value = 0u32;
        for (index, byte) in self.rest.iter().take(5).enumerate() {
            value |= u32::from(byte & 0x7f) << (index * 7);
            if *byte < 0x80 {
                return (value, index + 1);
            }
        }
        (value, self.rest.len().min(5))
    }

    fn shortage(&self, requested: usize) -> TryGetError {
        TryGetError { requested, available: self.rest.len() }
    }
}

impl Buf for Suspicious {
    fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.rest
    }

    fn advance(&mut self, count: usize) {
        self.touch();
        self.rest.advance(count);
    }

    fn try_get_u8(&mut self) -> Result<u8, TryGetError> {
        if let Some((first, rest)) = self.stand_in.split_first() {
            self.stand_in = rest;
            return Ok(*first);
        }
        self.touch();
        let (value, length) = self.varint();
        let claimed = value as usize;
        if claimed > (self.rest.len() - length).max(SLACK) + 1 {
            return Err(self.shortage(claimed));
        }
        if value > MOST_ELEMENTS + 1 {
            self.owed = Some(claimed - 1);
            self.rest.advance(length);
            let (first, rest) = STAND_IN.split_first().unwrap_or((&0, &[]));
            self.stand_in = rest;
            return Ok(*first);
        }
        self.rest.try_get_u8()
    }

    fn try_get_i32(&mut self) -> Result<i32, TryGetError> {
        self.touch();
        let value = self.rest.try_get_i32()?;
        let Ok(claimed) = usize::try_from(value) else { return Ok(value) };
        let is_there = claimed <= self.rest.len();
        if claimed <= MOST_ELEMENTS as usize && (is_there || claimed <= SLACK) {
            return Ok(value);
        }
        if self.doubt == Doubt::ByteString && is_there {
            self.owed = Some(claimed);
            return Ok(MOST_ELEMENTS.cast_signed());
        }
        self.replaced = true;
        self.long |= is_there;
        Ok(NOT_A_LENGTH)
    }
}

impl ByteBuf for Suspicious {
    fn peek_bytes(&mut self, range: Range<usize>) -> Bytes {
        self.touch();
        self.rest.slice(range)
    }

    fn get_bytes(&mut self, size: usize) -> Bytes {
        self.touch();
        self.rest.split_to(size)
    }

    fn try_get_bytes(&mut self, size: usize) -> Result<Bytes, NotEnoughBytesError> {
        let size = match self.owed {
            Some(owed) if size == MOST_ELEMENTS as usize && self.stand_in.is_empty() => {
                self.owed = None;
                owed
            }
            _ => {
                self.touch();
                size
            }
        };
        if size > self.rest.len() { Err(NotEnoughBytesError) } else { Ok(self.rest.split_to(size)) }
    }
}
