//! Fields as they lie in bytes: a number, a wire type, a value.

use super::super::MAX_DEPTH;
use super::super::cursor::{Broken, Cursor};
use bytes::Bytes;

/// A field's value before its type is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    Varint(u64),
    Fixed64(u64),
    Bytes(Bytes),
    /// What stands between the marks.
    Group(Bytes),
    Fixed32(u32),
}

pub(super) struct Wire<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Wire<'a> {
    pub fn new(bytes: &'a Bytes) -> Self {
        Self { cursor: Cursor::new(bytes) }
    }

    pub fn at(&self) -> usize {
        self.cursor.at()
    }

    pub fn is_at_end(&self) -> bool {
        self.cursor.is_at_end()
    }

    pub fn wrong(&self, what: &'static str) -> Broken {
        self.cursor.wrong(what)
    }

    pub fn varint(&mut self) -> Result<u64, Broken> {
        let mut bits = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.cursor.byte()?;
            bits |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Ok(bits);
            }
        }
        Err(self.wrong("a number that does not end"))
    }

    /// All fields to the end, in their order. Each takes two bytes at least.
    pub fn fields(&mut self) -> Result<Vec<(u32, Raw)>, Broken> {
        let mut fields = Vec::new();
        while !self.is_at_end() {
            let (number, wire_type) = self.tag()?;
            let raw = match wire_type {
                3 => Raw::Group(self.group(number)?),
                other => self.scalar(other)?,
            };
            fields.push((number, raw));
        }
        Ok(fields)
    }

    fn tag(&mut self) -> Result<(u32, u8), Broken> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let wire_type = u8::try_from(tag & 7).unwrap_or(7);
        Ok((number.ok_or_else(|| self.wrong("a field's number that cannot be ends"))?, wire_type))
    }

    /// A value that is no group.
    pub fn scalar(&mut self, wire_type: u8) -> Result<Raw, Broken> {
        Ok(match wire_type {
            0 => Raw::Varint(self.varint()?),
            1 => Raw::Fixed64(u64::from_le_bytes(self.cursor.array()?)),
            2 => {
                let length = self.varint()?;
                let bytes = self.cursor.take_long(length)?;
                Raw::Bytes(self.cursor.share(bytes))
            }
            5 => Raw::Fixed32(u32::from_le_bytes(self.cursor.array()?)),
            _ => return Err(self.wrong("a wire type that means nothing here ends")),
        })
    }

    /// To behind the mark that ends it.
    fn group(&mut self, number: u32) -> Result<Bytes, Broken> {
        let begin = self.at();
        let mut open = vec![number];
        while let Some(innermost) = open.last().copied() {
            let end = self.at();
            match self.tag()? {
                (number, 4) if number == innermost => {
                    open.pop();
                    if open.is_empty() {
                        return Ok(self.cursor.between(begin, end));
                    }
                }
                (_, 4) => return Err(self.wrong("a group that was not begun ends")),
                (number, 3) if open.len() < MAX_DEPTH => open.push(number),
                (_, 3) => return Err(Broken::Depth),
                (_, wire_type) => drop(self.scalar(wire_type)?),
            }
        }
        Err(self.wrong("a group that does not end"))
    }
}

/// The lower half: numbers of 32 bits may be written with 64.
pub(super) fn low(bits: u64) -> u32 {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
