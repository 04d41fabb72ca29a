//! Answers as a hostile broker could send them, framed and decoded.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::kafka::wire::fuzz_frame(data));
