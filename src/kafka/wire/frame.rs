//! Frames off a stream of bytes.
//!
//! Invariant: room is made for bytes that have arrived and at most as many again,
//! never for what a frame claims to be.

use super::error::WireError;
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The largest frame that is believed.
pub(crate) const LARGEST_FRAME: usize = 256 << 20;
const SMALLEST_READ: usize = 16 << 10;
/// The room of frames from this size on is not kept for the next one.
const LARGE: usize = 1 << 20;

pub(super) struct Frames<S> {
    source: S,
    buffer: BytesMut,
    read: u64,
}

impl<S: AsyncRead + Unpin> Frames<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, buffer: BytesMut::new(), read: 0 }
    }

    /// The next frame without its length. How the end is called depends on how
    /// much came before it: the first answer is that to ApiVersions.
    pub(super) async fn next(&mut self) -> Result<Bytes, WireError> {
        loop {
            let missing = match self.buffer.get(..4).and_then(|prefix| <[u8; 4]>::try_from(prefix).ok()) {
                None => 0,
                Some(prefix) => {
                    let size = self.size(prefix)?;
                    if self.buffer.len() >= 4 + size {
                        self.read += 1;
                        self.buffer.advance(4);
                        let frame = self.buffer.split_to(size).freeze();
                        if size >= LARGE {
                            self.buffer = BytesMut::from(self.buffer.as_ref());
                        }
                        return Ok(frame);
                    }
                    4 + size - self.buffer.len()
                }
            };
            self.buffer.reserve(missing.clamp(SMALLEST_READ, self.buffer.len().max(SMALLEST_READ)));
            match self.source.read_buf(&mut self.buffer).await {
                Ok(0) => return Err(self.end()),
                Ok(_) => {}
                Err(error) => {
                    return Err(match WireError::from(error) {
                        WireError::Closed { .. } => self.end(),
                        other => other,
                    });
                }
            }
        }
    }

    fn end(&self) -> WireError {
        match self.read {
            0 => WireError::ClosedAtOnce,
            1 => WireError::ClosedAfterVersions,
            _ => WireError::Closed { sent: true },
        }
    }

    fn size(&self, prefix: [u8; 4]) -> Result<usize, WireError> {
        let claimed = u32::from_be_bytes(prefix);
        match (prefix, claimed as usize) {
            _ if &prefix == b"HTTP" && self.read == 0 => Err(WireError::Http),
            // A TLS record: an alert (21) or a handshake (22) of any version.
            ([0x15 | 0x16, 3, 0..=4, _], _) if self.read == 0 => Err(WireError::TlsWanted),
            (_, size) if !(4..=LARGEST_FRAME).contains(&size) => Err(WireError::Oversized(claimed)),
            (_, size) => Ok(size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Result<Bytes, WireError> {
        Frames::new(bytes).next().await
    }

    #[tokio::test]
    async fn frames_follow_each_other() {
        let mut frames = Frames::new(&b"\0\0\0\x05hello\0\0\0\x04four"[..]);
        assert_eq!(frames.next().await.unwrap(), "hello");
        assert_eq!(frames.next().await.unwrap(), "four");
        assert_eq!(frames.next().await, Err(WireError::Closed { sent: true }));
        let mut one = Frames::new(&b"\0\0\0\x05hello"[..]);
        assert_eq!(one.next().await.unwrap(), "hello");
        assert_eq!(one.next().await, Err(WireError::ClosedAfterVersions));
    }

    #[tokio::test]
    async fn the_room_of_a_large_frame_goes_with_it() {
        let mut bytes = (LARGE as u32).to_be_bytes().to_vec();
        bytes.extend(vec![0; LARGE]);
        bytes.extend(b"\0\0\0\x05hello");
        let mut frames = Frames::new(bytes.as_slice());
        assert_eq!(frames.next().await.unwrap().len(), LARGE);
        assert!(frames.buffer.capacity() < LARGE);
        assert_eq!(frames.next().await.unwrap(), "hello");
    }

    #[tokio::test]
    async fn what_is_no_broker_is_named() {
        assert_eq!(read(b"HTTP/1.1 400 Bad Request").await, Err(WireError::Http));
        assert_eq!(read(b"\x15\x03\x03\x00\x02\x02\x28").await, Err(WireError::TlsWanted));
        assert_eq!(read(b"").await, Err(WireError::ClosedAtOnce));
        assert_eq!(read(b"\x7f\xff\xff\xff").await, Err(WireError::Oversized(i32::MAX as u32)));
        assert_eq!(read(b"\xff\xff\xff\xff").await, Err(WireError::Oversized(u32::MAX)));
        assert_eq!(read(b"\0\0\0\x03abc").await, Err(WireError::Oversized(3)));
    }

    #[tokio::test]
    async fn a_claimed_frame_takes_no_room_before_its_bytes_come() {
        let mut frames = Frames::new(&b"\x0f\xff\xff\xff and nothing more"[..]);
        assert_eq!(frames.next().await, Err(WireError::ClosedAtOnce));
        assert!(frames.buffer.capacity() <= 4 * SMALLEST_READ, "{}", frames.buffer.capacity());
    }
}
