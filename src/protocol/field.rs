//! Fields as flexible versions code them: compact lengths, one higher than they are.

use anyhow::{Result, bail};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::protocol::buf::{ByteBuf, ByteBufMut};
use uuid::Uuid;

/// Something that stands in a message. `version` is that of the message.
pub(super) trait Field: Sized {
    fn write<B: ByteBufMut>(&self, out: &mut B, version: i16) -> Result<()>;
    fn read<B: ByteBuf>(from: &mut B, version: i16) -> Result<Self>;
}

macro_rules! number {
    ($($type:ty: $put:ident $get:ident;)*) => {
        $(impl Field for $type {
            fn write<B: ByteBufMut>(&self, out: &mut B, _: i16) -> Result<()> {
                out.$put(*self);
                Ok(())
            }

            fn read<B: ByteBuf>(from: &mut B, _: i16) -> Result<Self> {
                Ok(from.$get()?)
            }
        })*
    };
}

number! {
    i8: put_i8 try_get_i8;
    i16: put_i16 try_get_i16;
    u16: put_u16 try_get_u16;
    i32: put_i32 try_get_i32;
    i64: put_i64 try_get_i64;
}

impl Field for bool {
    fn write<B: ByteBufMut>(&self, out: &mut B, version: i16) -> Result<()> {
        i8::from(*self).write(out, version)
    }

    fn read<B: ByteBuf>(from: &mut B, version: i16) -> Result<Self> {
        Ok(i8::read(from, version)? != 0)
    }
}

impl Field for Uuid {
    fn write<B: ByteBufMut>(&self, out: &mut B, _: i16) -> Result<()> {
        out.put_slice(self.as_bytes());
        Ok(())
    }

    fn read<B: ByteBuf>(from: &mut B, _: i16) -> Result<Self> {
        Ok(Self::from_slice(&from.try_get_bytes(16)?)?)
    }
}

impl Field for Option<StrBytes> {
    fn write<B: ByteBufMut>(&self, out: &mut B, _: i16) -> Result<()> {
        put_length(out, self.as_ref().map(|text| text.len()))?;
        if let Some(text) = self {
            out.put_slice(text.as_bytes());
        }
        Ok(())
    }

    fn read<B: ByteBuf>(from: &mut B, _: i16) -> Result<Self> {
        let Some(length) = length(from)? else { return Ok(None) };
        Ok(Some(StrBytes::from_utf8(from.try_get_bytes(length)?)?))
    }
}

impl Field for StrBytes {
    fn write<B: ByteBufMut>(&self, out: &mut B, version: i16) -> Result<()> {
        Some(self.clone()).write(out, version)
    }

    fn read<B: ByteBuf>(from: &mut B, version: i16) -> Result<Self> {
        match Option::<Self>::read(from, version)? {
            Some(text) => Ok(text),
            None => bail!("a text that may not be absent is"),
        }
    }
}

impl<T: Field> Field for Option<Vec<T>> {
    fn write<B: ByteBufMut>(&self, out: &mut B, version: i16) -> Result<()> {
        put_length(out, self.as_ref().map(Vec::len))?;
        self.iter().flatten().try_for_each(|row| row.write(out, version))
    }

    fn read<B: ByteBuf>(from: &mut B, version: i16) -> Result<Self> {
        let Some(length) = length(from)? else { return Ok(None) };
        let mut rows = Vec::new();
        // Every row takes a byte at least: the end of the bytes ends a claim that is too long.
        for _ in 0..length {
            rows.push(T::read(from, version)?);
        }
        Ok(Some(rows))
    }
}

impl<T: Field> Field for Vec<T> {
    fn write<B: ByteBufMut>(&self, out: &mut B, version: i16) -> Result<()> {
        put_length(out, Some(self.len()))?;
        self.iter().try_for_each(|row| row.write(out, version))
    }

    fn read<B: ByteBuf>(from: &mut B, version: i16) -> Result<Self> {
        match Option::<Self>::read(from, version)? {
            Some(rows) => Ok(rows),
            None => bail!("an array that may not be absent is"),
        }
    }
}

/// A struct that may be absent: −1, or 1 and the struct.
pub(super) fn put_optional<T: Field, B: ByteBufMut>(row: Option<&T>, out: &mut B, version: i16) -> Result<()> {
    out.put_i8(if row.is_some() { 1 } else { -1 });
    row.map_or(Ok(()), |row| row.write(out, version))
}

pub(super) fn optional<T: Field, B: ByteBuf>(from: &mut B, version: i16) -> Result<Option<T>> {
    Ok(if from.try_get_i8()? < 0 { None } else { Some(T::read(from, version)?) })
}

/// What newer brokers add to any struct; nothing of it is known here.
pub(super) fn skip_tagged<B: ByteBuf>(from: &mut B) -> Result<()> {
    for _ in 0..varint(from)? {
        varint(from)?;
        let size = varint(from)?;
        from.try_get_bytes(usize::try_from(size)?)?;
    }
    Ok(())
}

fn put_length<B: ByteBufMut>(out: &mut B, length: Option<usize>) -> Result<()> {
    put_varint(out, length.map_or(Ok(0), |length| u32::try_from(length + 1))?);
    Ok(())
}

/// `None` for what is absent.
fn length<B: ByteBuf>(from: &mut B) -> Result<Option<usize>> {
    Ok(varint(from)?.checked_sub(1).map(usize::try_from).transpose()?)
}

pub(super) fn put_varint<B: ByteBufMut>(out: &mut B, mut value: u32) {
    while value >= 0x80 {
        out.put_u8(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.put_u8(value.to_le_bytes()[0]);
}

fn varint<B: ByteBuf>(from: &mut B) -> Result<u32> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = from.try_get_u8()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("a length of more than five bytes")
}
