//! Values in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz::json(data));
