//! All of the decoders one after the other.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz::formats(data));
