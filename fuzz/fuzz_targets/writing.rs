//! JSON against a JSON Schema, and as Avro and Protobuf.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz::writing(data));
