//! What the fuzz targets begin with, and what they once found, read at each run.

use std::fs;
use std::path::Path;

fn survives(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds = 0;
    for entry in fs::read_dir(&folder).expect("the seeds are readable") {
        body(&fs::read(entry.expect("an entry").path()).expect("a seed"));
        seeds += 1;
    }
    assert!(seeds > 10, "{seeds} seeds in {}", folder.display());
}

#[test]
fn batches() {
    survives("batch", klamm::kafka::fetch::fuzz_record_set);
}

#[test]
fn avro() {
    survives("avro", klamm::decode::fuzz::avro);
}

#[test]
fn formats() {
    survives("formats", klamm::decode::fuzz::formats);
}

#[test]
fn writing() {
    survives("writing", klamm::decode::fuzz::writing);
}

#[test]
fn frames() {
    survives("frame", klamm::kafka::wire::fuzz_frame);
}
