//! Decompression of record batches, bounded.
//!
//! Invariant: no more than [`MAX_PLAIN_BYTES`] come out of one batch, whatever
//! its header claims; memory grows with what is really decompressed.

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
    if codec != Codec::Lz4 {
        out.clear();
    }
    match codec {
        Codec::None => {
            if input.len() > MAX_PLAIN_BYTES {
                return Err(CodecError::TooLarge);
            }
            out.extend_from_slice(input);
            Ok(())
        }
        Codec::Gzip => drain(codec, flate2::read::MultiGzDecoder::new(input), out),
        Codec::Lz4 => lz4(input, out),
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
    let limit = MAX_PLAIN_BYTES as u64 + 1;
    reader.take(limit).read_to_end(out).map_err(|error: io::Error| corrupt(codec, &error))?;
    if out.len() > MAX_PLAIN_BYTES {
        out.clear();
        return Err(CodecError::TooLarge);
    }
    Ok(())
}

/// Frames as Kafka's clients write them are taken apart here, since the library's reader
/// clears its room for each frame and copies what comes out: that is half of the time that
/// a search takes. Any other frame is left to it.
fn lz4(input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    let cut = || corrupt(Codec::Lz4, &"a block is cut short");
    let Some(Frame { most, is_linked, blocks: mut rest }) = Frame::of(input) else {
        out.clear();
        return drain(Codec::Lz4, lz4_flex::frame::FrameDecoder::new(input), out);
    };
    let mut end = 0;
    while let Some((word, after)) = rest.split_first_chunk::<4>() {
        let word = u32::from_le_bytes(*word);
        // Nothing follows it, for Java's reader neither.
        if word == 0 {
            break;
        }
        let (block, after) = after.split_at_checked((word & !STORED) as usize).ok_or_else(cut)?;
        make_room(out, end + most);
        let (before, room) = out.split_at_mut_checked(end).unwrap_or_default();
        let room = room.get_mut(..most).unwrap_or_default();
        end += if word & STORED != 0 {
            room.get_mut(..block.len()).ok_or_else(cut)?.copy_from_slice(block);
            block.len()
        } else {
            let window = before.get(before.len().saturating_sub(LZ4_WINDOW)..).unwrap_or_default();
            match is_linked {
                true => lz4_flex::block::decompress_into_with_dict(block, room, window),
                false => lz4_flex::block::decompress_into(block, room),
            }
            .map_err(|error| corrupt(Codec::Lz4, &error))?
        };
        if end > MAX_PLAIN_BYTES {
            out.clear();
            return Err(CodecError::TooLarge);
        }
        rest = after;
    }
    out.truncate(end);
    Ok(())
}

const LZ4_MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();
/// How far a block of a linked frame may look back.
const LZ4_WINDOW: usize = 64 << 10;
/// The bit of a length whose block was not compressed.
const STORED: u32 = 1 << 31;

/// An lz4 frame without checksums and dictionary (lz4_Frame_format.md of lz4, 1.6.4).
struct Frame<'a> {
    /// What a block may hold.
    most: usize,
    /// Blocks may refer to those before them.
    is_linked: bool,
    blocks: &'a [u8],
}

impl<'a> Frame<'a> {
    /// `None`: it is none, or of another kind.
    fn of(input: &'a [u8]) -> Option<Self> {
        let ([flags, sizes], rest) = input.strip_prefix(&LZ4_MAGIC)?.split_first_chunk::<2>()?;
        let most = match sizes {
            0x40 => 64 << 10,
            0x50 => 256 << 10,
            0x60 => 1 << 20,
            0x70 => 4 << 20,
            _ => return None,
        };
        let has_size = flags & 0x08 != 0;
        // Version 1; of the bits below only those of independence and size.
        if flags & 0xd7 != 0x40 {
            return None;
        }
        // The batch has a checksum of its own, which holds for the header's, too.
        let blocks = rest.get(if has_size { 9 } else { 1 }..)?;
        Some(Self { most, is_linked: flags & 0x20 == 0, blocks })
    }
}

/// Makes it at least so long. What is there keeps its bytes, which are written over.
fn make_room(out: &mut Vec<u8>, length: usize) {
    const NOTHING: [u8; 4096] = [0; 4096];
    while let Some(lacks) = length.checked_sub(out.len()).filter(|lacks| *lacks > 0) {
        out.extend_from_slice(NOTHING.get(..lacks).unwrap_or(&NOTHING));
    }
}

/// Raw snappy from C clients, or blocks of it behind a header from Java's.
fn snappy(input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
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
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    use proptest::prelude::*;
    use rstest::rstest;
    use std::io::Write as _;

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

    fn framed(plain: &[u8], info: FrameInfo) -> Vec<u8> {
        let mut writer = FrameEncoder::with_frame_info(info, Vec::new());
        writer.write_all(plain).unwrap();
        writer.finish().unwrap()
    }

    #[rstest]
    fn every_kind_of_lz4_frame_gives_back_what_went_in(
        #[values(BlockMode::Independent, BlockMode::Linked)] mode: BlockMode,
        #[values(BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max1MB, BlockSize::Max4MB)] size: BlockSize,
        #[values(false, true)] blocks_are_checked: bool,
        #[values(false, true)] is_checked: bool,
        #[values(false, true)] says_its_size: bool,
    ) {
        // What repeats over half a megabyte, then what cannot be compressed, then a little more.
        let mut plain: Vec<u8> = (0..500_000_u32).map(|i| (i % 4_099 % 251) as u8).collect();
        let mut seed = 7_u32;
        plain.extend((0..200_000).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        }));
        plain.extend_from_within(400_000..501_000);
        let info = FrameInfo::new()
            .block_mode(mode)
            .block_size(size)
            .block_checksums(blocks_are_checked)
            .content_checksum(is_checked)
            .content_size(says_its_size.then_some(plain.len() as u64));
        let frame = framed(&plain, info);
        let mut out = vec![9; 1_000];
        decompress(Codec::Lz4, &frame, &mut out).unwrap();
        assert!(out == plain);
        decompress(Codec::Lz4, &framed(b"short", FrameInfo::new()), &mut out).unwrap();
        assert_eq!(out, b"short", "nothing is left of what was there");
    }

    proptest! {
        #[test]
        fn a_damaged_lz4_frame_is_an_error_or_other_bytes(
            at in 0..2_000_usize, byte: u8, kept in 0..2_000_usize, is_linked: bool,
        ) {
            let plain: Vec<u8> = (0..150_000_u32).flat_map(|i| (i / 7).to_be_bytes()).collect();
            let mode = if is_linked { BlockMode::Linked } else { BlockMode::Independent };
            let mut frame = framed(&plain, FrameInfo::new().block_mode(mode));
            let at = at % frame.len();
            frame[at] = byte;
            frame.truncate(frame.len() - kept.saturating_sub(1_000).min(frame.len()));
            let mut out = Vec::new();
            if decompress(Codec::Lz4, &frame, &mut out).is_ok() {
                prop_assert!(out.len() <= MAX_PLAIN_BYTES);
            }
        }
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
