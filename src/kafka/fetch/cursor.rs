//! A position in bytes that cannot be trusted.
//!
//! Invariant: every read is checked against what is left; nothing here
//! allocates.

/// The bytes ended before what they announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfBytes;

#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    pub fn at(all: &'a [u8], at: usize) -> Self {
        Self { all, at }
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn remaining(&self) -> usize {
        self.all.len().saturating_sub(self.at)
    }

    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], OutOfBytes> {
        let end = self.at.checked_add(count).ok_or(OutOfBytes)?;
        let bytes = self.all.get(self.at..end).ok_or(OutOfBytes)?;
        self.at = end;
        Ok(bytes)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], OutOfBytes> {
        let bytes = self.all.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(OutOfBytes)?;
        self.at += N;
        Ok(*bytes)
    }

    pub fn i8(&mut self) -> Result<i8, OutOfBytes> {
        self.array().map(i8::from_be_bytes)
    }

    pub fn i16(&mut self) -> Result<i16, OutOfBytes> {
        self.array().map(i16::from_be_bytes)
    }

    pub fn i32(&mut self) -> Result<i32, OutOfBytes> {
        self.array().map(i32::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, OutOfBytes> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, OutOfBytes> {
        self.array().map(i64::from_be_bytes)
    }

    /// A zigzag number of at most ten bytes.
    #[inline]
    pub fn varlong(&mut self) -> Result<i64, OutOfBytes> {
        let mut bits = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            bits |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((bits >> 1).cast_signed() ^ -((bits & 1).cast_signed()));
            }
        }
        Err(OutOfBytes)
    }

    /// A zigzag number that must fit 32 bits.
    #[inline]
    pub fn varint(&mut self) -> Result<i32, OutOfBytes> {
        i32::try_from(self.varlong()?).map_err(|_| OutOfBytes)
    }

    /// Bytes after a zigzag length, where a negative length is a null.
    #[inline]
    pub fn var_bytes(&mut self) -> Result<Option<&'a [u8]>, OutOfBytes> {
        let length = self.varint()?;
        self.nullable(length)
    }

    /// Bytes after a 32-bit length, where a negative length is a null.
    pub fn fixed_bytes(&mut self) -> Result<Option<&'a [u8]>, OutOfBytes> {
        let length = self.i32()?;
        self.nullable(length)
    }

    #[inline]
    fn nullable(&mut self, length: i32) -> Result<Option<&'a [u8]>, OutOfBytes> {
        match usize::try_from(length) {
            Ok(length) => self.take(length).map(Some),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(&[0x00], 0)]
    #[case(&[0x01], -1)]
    #[case(&[0x02], 1)]
    #[case(&[0xfe, 0x01], 127)]
    #[case(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], i64::MIN)]
    fn zigzag_numbers(#[case] bytes: &[u8], #[case] value: i64) {
        assert_eq!(Cursor::new(bytes).varlong(), Ok(value));
    }

    #[test]
    fn what_ends_early_or_never_is_refused() {
        assert_eq!(Cursor::new(&[0x80]).varlong(), Err(OutOfBytes));
        assert_eq!(Cursor::new(&[0xff; 20]).varlong(), Err(OutOfBytes));
        assert_eq!(Cursor::new(&[0xfe, 0xff, 0xff, 0xff, 0x7f]).varint(), Err(OutOfBytes));
        assert_eq!(Cursor::new(&[0x04, 1]).var_bytes(), Err(OutOfBytes));
        assert_eq!(Cursor::new(&[0x01]).var_bytes(), Ok(None));
        assert_eq!(Cursor::new(&[0x7f, 0xff, 0xff, 0xff, 1]).fixed_bytes(), Err(OutOfBytes));
    }
}
