//! Hostile bytes where a broker's answers should be: the body of the fuzz target
//! `frame` and of the property tests.

use super::api::DECODERS;
use super::frame::Frames;
use bytes::Bytes;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Reads `data` as what a broker sends: the first two bytes choose the response
/// that is expected and its version.
pub fn fuzz_frame(data: &[u8]) {
    let Some(([choice, version], stream)) = data.split_first_chunk() else { return };
    let Some(decode) = DECODERS.get(usize::from(*choice) % DECODERS.len()) else { return };
    decode(&Bytes::copy_from_slice(stream), *version);
    let mut frames = Frames::new(stream);
    let mut context = Context::from_waker(Waker::noop());
    // A stream in memory never waits.
    while let Poll::Ready(Ok(frame)) = pin!(frames.next()).poll(&mut context) {
        decode(&frame, *version);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            fuzz_frame(&bytes);
        }

        #[test]
        fn noise_in_whole_frames_never_panics(
            choice in any::<[u8; 2]>(),
            frames in prop::collection::vec(prop::collection::vec(0u8..6, 4..60), 1..4),
        ) {
            let mut bytes = choice.to_vec();
            for frame in frames {
                bytes.extend((frame.len() as u32).to_be_bytes());
                bytes.extend(frame);
            }
            fuzz_frame(&bytes);
        }
    }
}
