//! Values as a hostile producer could write them, against a schema of every type.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz_avro(data));
