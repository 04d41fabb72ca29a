//! What says that it is packed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz::packed(data));
