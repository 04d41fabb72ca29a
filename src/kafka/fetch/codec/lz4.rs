//! Lz4 frames, block by block into one piece of memory.
//!
//! Frames as Kafka's clients write them are taken apart here, since the library's reader
//! clears its room for each frame and copies what comes out: that is half of the time that
//! a search takes. Its blocks are the library's, and any other frame is left to it.

use super::{CodecError, MAX_PLAIN_BYTES, corrupt, drain};
use crate::domain::record::Codec;

/// Decompresses a frame into `out`, in the place of what it holds.
pub(super) fn decompress(input: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    let cut = || corrupt(Codec::Lz4, &"a block is cut short");
    let Some(Frame { most, is_linked, blocks: mut rest }) = Frame::of(input) else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    use proptest::prelude::*;
    use rstest::rstest;
    use std::io::Write as _;

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
        decompress(&frame, &mut out).unwrap();
        assert!(out == plain);
        decompress(&framed(b"short", FrameInfo::new()), &mut out).unwrap();
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
            if decompress(&frame, &mut out).is_ok() {
                prop_assert!(out.len() <= MAX_PLAIN_BYTES);
            }
        }
    }
}
