//! Batches compressed once more, to see what another codec would make of them.
//!
//! What producers would do, as near as this machine's libraries come to theirs: Java's
//! lz4 has levels, this one packs as its quickest; Java's gzip is zlib.

use super::codec::{CodecError, XERIAL_MAGIC, decompress};
use crate::domain::record::Codec;
use std::io::{self, Write};
use std::time::Duration;

/// Java packs snappy in blocks of this size.
const SNAPPY_BLOCK: usize = 32 << 10;

/// A codec to try, and its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub codec: Codec,
    /// `None`: it has none here.
    pub level: Option<i32>,
}

/// Each codec, at two levels where it has levels: the quick one and the usual one.
pub const WAYS: [Way; 6] = [
    Way { codec: Codec::Snappy, level: None },
    Way { codec: Codec::Lz4, level: None },
    Way { codec: Codec::Gzip, level: Some(1) },
    Way { codec: Codec::Gzip, level: Some(6) },
    Way { codec: Codec::Zstd, level: Some(1) },
    Way { codec: Codec::Zstd, level: Some(3) },
];

/// What became of some blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repacked {
    pub plain_bytes: u64,
    /// Without headers of batches.
    pub packed_bytes: u64,
    /// As `timer` counts.
    pub pack: Duration,
    pub unpack: Duration,
}

/// Packs each block by itself and unpacks it again. `timer` gives the time that
/// this thread has used so far. Runs as long as that takes: not for the event loop.
pub fn repack<'a>(
    blocks: impl IntoIterator<Item = &'a [u8]>,
    way: Way,
    timer: impl Fn() -> Duration,
) -> Result<Repacked, CodecError> {
    let mut total = Repacked::default();
    let mut back = Vec::new();
    for block in blocks {
        let begin = timer();
        let packed = pack(block, way)
            .map_err(|error| CodecError::Corrupt { codec: way.codec.word(), reason: error.to_string() })?;
        let middle = timer();
        decompress(way.codec, &packed, &mut back)?;
        total.unpack += timer().saturating_sub(middle);
        total.pack += middle.saturating_sub(begin);
        total.plain_bytes += block.len() as u64;
        total.packed_bytes += packed.len() as u64;
    }
    Ok(total)
}

pub(super) fn pack(plain: &[u8], way: Way) -> io::Result<Vec<u8>> {
    match way.codec {
        Codec::None => Ok(plain.to_vec()),
        Codec::Gzip => {
            let level = way.level.and_then(|level| u32::try_from(level).ok());
            let level = level.map_or_else(flate2::Compression::default, flate2::Compression::new);
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(plain)?;
            writer.finish()
        }
        Codec::Snappy => {
            let mut framed = XERIAL_MAGIC.to_vec();
            framed.extend([0, 0, 0, 1, 0, 0, 0, 1]);
            let mut encoder = snap::raw::Encoder::new();
            for chunk in plain.chunks(SNAPPY_BLOCK) {
                let packed = encoder.compress_vec(chunk).map_err(io::Error::other)?;
                framed.extend(u32::try_from(packed.len()).map_err(io::Error::other)?.to_be_bytes());
                framed.extend(packed);
            }
            Ok(framed)
        }
        Codec::Lz4 => {
            let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            writer.write_all(plain)?;
            writer.finish().map_err(io::Error::other)
        }
        Codec::Zstd => zstd::stream::encode_all(plain, way.level.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::cell::Cell;

    #[rstest]
    fn every_way_packs_and_gives_back(#[values(0, 1, 2, 3, 4, 5)] index: usize) {
        let block = b"{\"id\":1,\"state\":\"paid\"}".repeat(4_000);
        let ticks = Cell::new(0);
        let timer = || {
            ticks.set(ticks.get() + 1);
            Duration::from_nanos(ticks.get() * 100)
        };
        let packed = repack([&block[..], &block[..]], WAYS[index], timer).unwrap();
        assert_eq!(packed.plain_bytes, 2 * block.len() as u64);
        assert!(packed.packed_bytes > 0 && packed.packed_bytes < packed.plain_bytes / 4, "{packed:?}");
        assert_eq!((packed.pack, packed.unpack), (Duration::from_nanos(200), Duration::from_nanos(200)));
    }
}
