//! Keys and values that were packed before they were written.
//!
//! Invariant: what comes out is at most [`MOST_FOR_EACH_BYTE`] times as long as what
//! goes in, and never longer than [`LARGEST`].

use crate::domain::record::Packing;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use std::io::Read;

/// Text that repeats itself packs a hundredfold; a bomb a thousandfold and more.
const MOST_FOR_EACH_BYTE: usize = 256;
/// Packed, and packed again, is possible; more is noise.
pub(super) const MOST_PACKINGS: usize = 3;
/// So much may come out of even a few bytes.
const AT_LEAST: usize = 64 << 10;
const LARGEST: usize = 64 << 20;
/// The largest window that zstd's usual levels write: 8 MiB.
const WIDEST_WINDOW_LOG: u32 = 23;

/// What these bytes say that they are packed by.
pub(super) fn packing(bytes: &[u8]) -> Option<Packing> {
    match bytes {
        [0x1f, 0x8b, 0x08, ..] => Some(Packing::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
        _ => None,
    }
}

pub(super) fn unpack(bytes: &[u8], packing: Packing) -> Result<Bytes, String> {
    match packing {
        Packing::Gzip => bounded(flate2::read::MultiGzDecoder::new(bytes), bytes.len()),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(bytes).map_err(|error| error.to_string())?;
            decoder.window_log_max(WIDEST_WINDOW_LOG).map_err(|error| error.to_string())?;
            bounded(decoder, bytes.len())
        }
        Packing::Base64 => from_base64(bytes),
    }
}

/// What is left when nothing is packed any more, or cannot be unpacked; `None` for what
/// is not packed.
pub(super) fn unpack_all(bytes: &[u8]) -> Option<Bytes> {
    let next = |bytes: &[u8]| unpack(bytes, packing(bytes)?).ok();
    let first = next(bytes)?;
    let within = std::iter::successors(Some(first), |bytes| next(bytes));
    within.take(MOST_PACKINGS).last()
}

fn bounded(mut from: impl Read, packed: usize) -> Result<Bytes, String> {
    let most = packed.saturating_mul(MOST_FOR_EACH_BYTE).clamp(AT_LEAST, LARGEST);
    let mut out = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.by_ref().take(limit).read_to_end(&mut out).map_err(|error| error.to_string())?;
    if out.len() > most {
        return Err(format!("{packed} bytes unpack to more than {most}, which is not read"));
    }
    Ok(out.into())
}

/// Either alphabet, padded or not, with line ends or without.
fn from_base64(bytes: &[u8]) -> Result<Bytes, String> {
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if text.is_empty() {
        return Err("it is empty".into());
    }
    let alphabet = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { URL_SAFE } else { STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    match GeneralPurpose::new(&alphabet, config).decode(text) {
        Ok(plain) => Ok(plain.into()),
        Err(error) => Err(format!("it is no Base64: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_packed_comes_back() {
        let plain = b"{\"a\":1}".repeat(500);
        for (packing, packed) in
            [(Packing::Gzip, gzip(&plain)), (Packing::Zstd, zstd::stream::encode_all(&plain[..], 3).unwrap())]
        {
            assert_eq!(super::packing(&packed), Some(packing));
            assert_eq!(unpack(&packed, packing).unwrap(), plain);
            assert!(unpack(&packed[..packed.len() - 9], packing).is_err(), "a cut one is not taken for whole");
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let plain = vec![0; 32 << 20];
        let packed =
            [(Packing::Gzip, gzip(&plain)), (Packing::Zstd, zstd::stream::encode_all(&plain[..], 19).unwrap())];
        for (packing, bomb) in packed {
            let reason = unpack(&bomb, packing).unwrap_err();
            assert!(reason.contains("unpack to more than"), "{reason}");
        }
    }

    #[test]
    fn a_window_is_not_taken_at_its_word() {
        // A frame that asks for a window of 2 GiB.
        assert!(unpack(&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00], Packing::Zstd).is_err());
    }

    #[test]
    fn base64_of_either_alphabet() {
        for text in ["+/8=", "+/8", "-_8=", "-_8", "+/\r\n8=\n"] {
            assert_eq!(unpack(text.as_bytes(), Packing::Base64).unwrap().as_ref(), [0xfb, 0xff], "{text}");
        }
        assert!(unpack(b"hello world!", Packing::Base64).is_err());
        assert!(unpack(b"", Packing::Base64).is_err());
    }
}
