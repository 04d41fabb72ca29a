//! Compression of record batches, in the framings Kafka clients expect.

use std::io::{Read, Write};

/// How the records of a batch are compressed; the numbers are those of the batch attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Codec {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// A batch may not unfold to more than this.
const MAX_UNPACKED: u64 = 64 << 20;
/// The header by which Java's Snappy streams are told from raw Snappy.
const XERIAL: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];

impl Codec {
    pub(super) fn from_bits(attributes: i16) -> Option<Self> {
        Some(match attributes & 7 {
            0 => Self::None,
            1 => Self::Gzip,
            2 => Self::Snappy,
            3 => Self::Lz4,
            4 => Self::Zstd,
            _ => return None,
        })
    }

    pub(super) fn bits(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// `None` where a codec fails, which for packing into memory none does.
    pub(super) fn pack(self, plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::None => Some(plain.to_vec()),
            Self::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(plain).ok()?;
                out.finish().ok()
            }
            Self::Snappy => {
                let block = snap::raw::Encoder::new().compress_vec(plain).ok()?;
                let mut out = Vec::from(XERIAL);
                out.extend_from_slice(&u32::try_from(block.len()).ok()?.to_be_bytes());
                out.extend_from_slice(&block);
                Some(out)
            }
            Self::Lz4 => {
                let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
                out.write_all(plain).ok()?;
                out.finish().ok()
            }
            Self::Zstd => zstd::bulk::compress(plain, 1).ok(),
        }
    }

    /// `None` for bytes that are not what they claim, or that unfold to too much.
    pub(super) fn unpack(self, packed: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::None => Some(packed.to_vec()),
            Self::Gzip => read_bounded(flate2::read::MultiGzDecoder::new(packed)),
            Self::Snappy => unpack_snappy(packed),
            Self::Lz4 => read_bounded(lz4_flex::frame::FrameDecoder::new(packed)),
            Self::Zstd => read_bounded(zstd::stream::read::Decoder::new(packed).ok()?),
        }
    }
}

fn read_bounded(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(MAX_UNPACKED + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= MAX_UNPACKED).then_some(out)
}

fn unpack_snappy(packed: &[u8]) -> Option<Vec<u8>> {
    let Some(mut rest) = packed.strip_prefix(&XERIAL) else { return unpack_snappy_block(packed) };
    let mut out = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let (block, tail) = tail.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        out.extend_from_slice(&unpack_snappy_block(block)?);
        if out.len() as u64 > MAX_UNPACKED {
            return None;
        }
        rest = tail;
    }
    rest.is_empty().then_some(out)
}

fn unpack_snappy_block(block: &[u8]) -> Option<Vec<u8>> {
    let claimed = snap::raw::decompress_len(block).ok()?;
    if claimed as u64 > MAX_UNPACKED {
        return None;
    }
    snap::raw::Decoder::new().decompress_vec(block).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

    #[test]
    fn each_codec_gives_back_what_it_took() {
        let plain: Vec<u8> = (0..20_000u32).map(|n| (n % 97) as u8).collect();
        for codec in ALL {
            let packed = codec.pack(&plain).unwrap();
            assert_eq!(codec.unpack(&packed).unwrap(), plain, "{codec:?}");
            assert_eq!(Codec::from_bits(codec.bits()), Some(codec));
            assert!(codec == Codec::None || packed.len() < plain.len() / 2, "{codec:?} {}", packed.len());
        }
    }

    #[test]
    fn nonsense_is_refused_without_a_panic() {
        for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
            assert_eq!(codec.unpack(&[0xff; 64]), None, "{codec:?}");
        }
        assert_eq!(Codec::Snappy.unpack(&[0xff, 0xff, 0xff, 0xff, 0x0f]), None, "four gigabytes claimed");
        assert_eq!(Codec::from_bits(7), None);
    }
}
