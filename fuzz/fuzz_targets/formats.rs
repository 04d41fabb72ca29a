//! Keys and values as a hostile producer could write them, in every format but Avro.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz_formats(data));
