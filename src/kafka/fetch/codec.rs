//! Decompression of record batches, bounded.
//!
//! Invariant: no more than [`MAX_PLAIN_BYTES`] come out of one batch, whatever
//! its header claims; memory grows with what is really decompressed.

mod lz4;

use crate::domain::record::Codec;
use std::io::{self, Read};

/// The most one batch may hold after decompression. Kafka's own limit on a
/// batch is about 1 MB compressed unless an operator raised it.
pub const MAX_PLAIN_BYTES: usize = 64 << 20;

/// Java's snappy streams begin with this, a version and a compatible version.
pub(super) const XERIAL_MAGIC: &[u8] = b"\x82SNAPPY\0";
const XERIAL_HEADER: usize = 16;

/// A snappy copy of three bytes yields 64; whoever claims more than this per
/// byte lies, and is refused before memory is set aside for the claim.
const SNAPPY_MAX_RATIO: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("codec {0} is not known")]
    Unknown(i16),
    #[error("it holds more than {MAX_PLAIN_BYTES} bytes")]
    TooLarge,
    #[error("it does not decompress with {codec}: {reason}")]
    Corrupt { codec: &'static str, reason: String },
}

/// The codec that a batch's attributes name.
pub(super) fn codec_of(attributes: i16) -> Result<Codec, CodecError> {
    match attributes & 0x07 {
        0 => Ok(Codec::None),
        1 => Ok(Codec::Gzip),
        2 => Ok(Codec::Snappy),
        3 => Ok(Codec::Lz4),
        4 => Ok(Codec::Zstd),
        other => Err(CodecError::Unknown(other)),
    }
}

/// Decompresses into `out`, in the place of what it holds. The caller keeps `out`
/// between batches, so that its pages are touched once.
pub(super) fn decompress(codec: Codec, input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    match codec {
        Codec::None => {
            out.clear();
            if input.len() > MAX_PLAIN_BYTES {
                return Err(CodecError::TooLarge);
            }
            out.extend_from_slice(input);
            Ok(())
        }
        Codec::Gzip => drain(codec, flate2::read::MultiGzDecoder::new(input), out),
        Codec::Lz4 => lz4::decompress(input, out),
        Codec::Zstd => {
            let reader = zstd::stream::read::Decoder::with_buffer(input).map_err(|error| corrupt(codec, &error))?;
            drain(codec, reader, out)
        }
        Codec::Snappy => snappy(input, out),
    }
}

fn corrupt(codec: Codec, reason: &dyn std::fmt::Display) -> CodecError {
    CodecError::Corrupt { codec: codec.word(), reason: reason.to_string() }
}

fn drain(codec: Codec, reader: impl Read, out: &mut Vec<u8>) -> Result<(), CodecError> {
    out.clear();
    let limit = MAX_PLAIN_BYTES as u64 + 1;
    reader.take(limit).read_to_end(out).map_err(|error: io::Error| corrupt(codec, &error))?;
    if out.len() > MAX_PLAIN_BYTES {
        out.clear();
        return Err(CodecError::TooLarge);
    }
    Ok(())
}

/// Raw snappy from C clients, or blocks of it behind a header from Java's.
fn snappy(input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    out.clear();
    if !input.starts_with(XERIAL_MAGIC) {
        return snappy_block(input, out);
    }
    let cut = || corrupt(Codec::Snappy, &"a block is cut short");
    let mut rest = input.get(XERIAL_HEADER..).ok_or_else(cut)?;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut())?;
        let (block, tail) = tail.split_at_checked(length).ok_or_else(cut)?;
        snappy_block(block, out)?;
        rest = tail;
    }
    if rest.is_empty() { Ok(()) } else { Err(cut()) }
}

fn snappy_block(block: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    let claimed = snap::raw::decompress_len(block).map_err(|error| corrupt(Codec::Snappy, &error))?;
    let begin = out.len();
    if claimed > MAX_PLAIN_BYTES - begin.min(MAX_PLAIN_BYTES) {
        return Err(CodecError::TooLarge);
    }
    if claimed > block.len().saturating_mul(SNAPPY_MAX_RATIO) {
        return Err(corrupt(Codec::Snappy, &"it claims more than it can hold"));
    }
    out.resize(begin + claimed, 0);
    let target = out.get_mut(begin..).unwrap_or_default();
    let written =
        snap::raw::Decoder::new().decompress(block, target).map_err(|error| corrupt(Codec::Snappy, &error))?;
    out.truncate(begin + written);
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::pack::{Way, pack};
    use super::*;
    use rstest::rstest;

    /// As C clients write it: snappy without a header.
    pub fn compress(codec: Codec, plain: &[u8]) -> Vec<u8> {
        match codec {
            Codec::Snappy => snap::raw::Encoder::new().compress_vec(plain).unwrap(),
            _ => pack(plain, Way { codec, level: Some(1) }).unwrap(),
        }
    }

    fn xerial(plain: &[u8], block: usize) -> Vec<u8> {
        let mut framed = XERIAL_MAGIC.to_vec();
        framed.extend([0, 0, 0, 1, 0, 0, 0, 1]);
        for chunk in plain.chunks(block) {
            let packed = compress(Codec::Snappy, chunk);
            framed.extend(u32::try_from(packed.len()).unwrap().to_be_bytes());
            framed.extend(packed);
        }
        framed
    }

    #[rstest]
    fn every_codec_gives_back_what_went_in(
        #[values(Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd)] codec: Codec,
        #[values(0, 1, 100, 300_000)] size: usize,
    ) {
        let plain: Vec<u8> = (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut out = vec![9; 7];
        decompress(codec, &compress(codec, &plain), &mut out).unwrap();
        assert_eq!(out, plain);
    }

    #[test]
    fn snappy_blocks_of_java_clients_are_joined() {
        let plain: Vec<u8> = (0..100_000u32).flat_map(u32::to_be_bytes).collect();
        let mut out = Vec::new();
        decompress(Codec::Snappy, &xerial(&plain, 32 << 10), &mut out).unwrap();
        assert_eq!(out, plain);
        let framed = xerial(&plain, 32 << 10);
        let cut = decompress(Codec::Snappy, &framed[..framed.len() - 3], &mut out);
        assert!(matches!(cut, Err(CodecError::Corrupt { .. })), "{cut:?}");
    }

    #[rstest]
    fn a_bomb_is_stopped_at_the_limit(#[values(Codec::Gzip, Codec::Lz4, Codec::Zstd)] codec: Codec) {
        let bomb = compress(codec, &vec![0; MAX_PLAIN_BYTES + 1]);
        assert!(bomb.len() < MAX_PLAIN_BYTES / 100);
        let mut out = Vec::new();
        assert_eq!(decompress(codec, &bomb, &mut out), Err(CodecError::TooLarge));
    }

    #[test]
    fn a_snappy_block_that_claims_gigabytes_is_refused_before_allocating() {
        // A length of 4 GiB − 1 as snappy's varint, then nothing.
        let mut out = Vec::new();
        let refused = decompress(Codec::Snappy, &[0xff, 0xff, 0xff, 0xff, 0x0f], &mut out);
        assert_eq!(refused, Err(CodecError::TooLarge));
        let lying = decompress(Codec::Snappy, &[0x80, 0x80, 0x80, 0x08, 0], &mut out);
        assert!(matches!(lying, Err(CodecError::Corrupt { .. })), "{lying:?}");
        assert!(out.capacity() < 1 << 20);
    }

    #[rstest]
    fn noise_is_a_typed_error(#[values(Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd)] codec: Codec) {
        let mut out = Vec::new();
        assert!(matches!(decompress(codec, &[0xfe; 40], &mut out), Err(CodecError::Corrupt { .. })));
    }
}
