//! Records of the topics that Kafka keeps.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| klamm::decode::fuzz::kafka_topics(data));
