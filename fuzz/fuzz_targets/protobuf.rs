//! Values against a Protobuf schema of every type, and what schemas are made of.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz::protobuf(data));
