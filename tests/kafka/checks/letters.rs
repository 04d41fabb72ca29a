//! Dead letters: what their headers say, and where they were before.

use crate::klamm::Klamm;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::{Value, json};

/// By cause, letter by letter, and one of them beside the record that it was.
pub fn dead_letters(target: &Target) {
    let witness = Witness::new(target);
    let (source, letters) = ("check.sent", "check.sent-dlt");
    witness.create_topic(source, 1, 1, &[]);
    witness.create_topic(letters, 1, 1, &[]);
    witness.produce(source, &[Seed { value: Some(b"the order"), ..Seed::default() }]);
    let (zero, gone) = (0_i64.to_be_bytes(), 77_i64.to_be_bytes());
    let failed = |value: &'static [u8], offset, cause: &'static [u8]| Seed {
        value: Some(value),
        headers: vec![
            ("kafka_dlt-original-topic", Some(source.as_bytes())),
            ("kafka_dlt-original-partition", Some(&[0, 0, 0, 0])),
            ("kafka_dlt-original-offset", Some(offset)),
            ("kafka_dlt-original-consumer-group", Some(b"billing")),
            ("kafka_dlt-exception-cause-fqcn", Some(cause)),
            ("trace-id", Some(b"4bf9")),
        ],
        ..Seed::default()
    };
    witness.produce(
        letters,
        &[
            failed(b"the order", &zero, b"java.net.SocketTimeoutException"),
            failed(b"another", &gone, b"java.lang.IllegalStateException"),
            Seed { value: Some(b"silent"), ..Seed::default() },
        ],
    );
    let klamm = Klamm::on(target);
    let listed = klamm.items(&["dead-letters", "list", letters]);
    assert_eq!((&listed[0]["letters"], &listed[0]["unexplained"]), (&json!(3), &json!(1)), "{listed:?}");
    let causes = listed[0]["causes"].as_array().expect("a list");
    let classes: Vec<&Value> = causes.iter().map(|cause| &cause["exception"]).collect();
    assert_eq!(classes, [&json!("java.lang.IllegalStateException"), &json!("java.net.SocketTimeoutException")]);
    assert_eq!((&causes[0]["reader"], &causes[0]["source_topic"]), (&json!("billing"), &json!(source)));
    for cause in causes {
        let buckets = cause["over_time"]["buckets"].as_array().expect("stretches of time");
        let counted: u64 = buckets.iter().filter_map(|bucket| bucket["letters"].as_u64()).sum();
        assert_eq!(json!(counted), cause["letters"], "each letter in one of them: {cause}");
        assert!(cause["first"].as_str() >= buckets[0]["from"].as_str(), "{cause}");
    }
    let pictured = klamm.run(&["dead-letters", "list", letters, "--over-time"]).succeeded().stdout;
    assert!(pictured.contains("SocketTimeoutException of check.sent in billing, 1.0 s each"), "{pictured}");
    assert!(pictured.contains('▇'), "{pictured}");
    let shown = klamm.records(&["dead-letters", "show", letters]);
    let places: Vec<&Value> = shown.iter().map(|letter| &letter["source_offset"]).collect();
    assert_eq!(places, [&json!(0), &json!(77), &Value::Null]);
    let text = |at: &str| klamm.run(&["dead-letters", "show", letters, "--at", at]).succeeded().stdout;
    let (whole, lost, silent) = (text("0@0"), text("0@1"), text("0@2"));
    assert_eq!(whole.matches("the order").count(), 2, "the letter and the record that it was: {whole}");
    assert!(whole.contains("trace-id") && !whole.contains("kafka_dlt"), "{whole}");
    assert!(lost.contains("no longer there"), "{lost}");
    assert!(silent.contains("do not say where it was"), "{silent}");
    let missing = klamm.run(&["dead-letters", "show", letters, "--at", "0@9"]).ended_with(1);
    assert!(missing.stderr.contains("no record at this place"), "{}", missing.stderr);
}
