//! Record sets as a hostile broker could send them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::kafka::fetch::fuzz_record_set(data));
