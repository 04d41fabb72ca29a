//! Values against an Avro schema of every type.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz::avro(data));
