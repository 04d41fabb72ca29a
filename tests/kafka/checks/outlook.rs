//! What becomes of a group's lag: how long records wait, what retention takes, what
//! holds a reader back.

use super::fill;
use crate::klamm::Klamm;
use crate::patience::{SHORT, until};
use crate::target::Target;
use crate::witness::{Seed, Witness};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(now.as_millis()).expect("in this age")
}

pub(super) fn described(klamm: &Klamm, group: &str) -> Value {
    klamm.items(&["groups", "describe", group]).remove(0)
}

pub(super) fn partition<'a>(group: &'a Value, topic: &str, partition: i32) -> &'a Value {
    let rows = group["partitions"].as_array().expect("partitions are listed");
    let found = rows.iter().find(|row| row["topic"] == json!(topic) && row["partition"] == json!(partition));
    found.unwrap_or_else(|| panic!("no partition {partition} of {topic}: {group}"))
}

/// A number between two others.
#[track_caller]
pub(super) fn assert_between(row: &Value, field: &str, least: i64, most: i64) {
    let value = row[field].as_i64();
    assert!(value.is_some_and(|value| (least..=most).contains(&value)), "{field} in {least}..={most}: {row}");
}

/// The record that is read next tells how long it waits and when it goes, however large
/// its batch is; what was deleted unread is counted.
pub fn waiting(target: &Target) {
    let witness = Witness::new(target);
    let (topic, kept, group) = ("check.outlook", "check.outlook.kept", "check-outlook");
    witness.create_topic(topic, 4, 1, &[("retention.ms", &(7 * DAY).to_string())]);
    witness.create_topic(kept, 1, 1, &[("cleanup.policy", "compact")]);
    let began = now();
    let at = |partition, ago, value| Seed {
        partition,
        key: Some(b"k"),
        value: Some(value),
        timestamp: Some(began - ago),
        ..Seed::default()
    };
    let large = vec![b'x'; 300_000];
    let small: Vec<Seed<'_>> = (0..5).map(|number| at(0, (5 - number) * HOUR, b"v".as_slice())).collect();
    witness.produce(topic, &small);
    // More than one that does not fit into what is asked for at first: only one is sent whole.
    witness.produce(topic, &[at(1, 2 * HOUR, &large), at(2, 3 * HOUR, &large), at(3, HOUR, b"read")]);
    witness.produce(kept, &[at(0, HOUR, b"v")]);
    witness.commit(group, topic, &[(0, 2), (1, 0), (2, 0), (3, 1)]);
    witness.commit(group, kept, &[(0, 0)]);

    let klamm = Klamm::on(target);
    let found = described(&klamm, group);
    let later = now() - began + 1_000;
    for (number, hours) in [(0, 3), (1, 2), (2, 3)] {
        let row = partition(&found, topic, number);
        assert_between(row, "lag_ms", hours * HOUR - 1_000, hours * HOUR + later);
        assert_eq!(row["headroom"], json!("left"), "{row}");
        assert_between(row, "headroom_ms", 7 * DAY - hours * HOUR - later, 7 * DAY - hours * HOUR + 1_000);
    }
    assert_between(&found, "lag_ms", 3 * HOUR - 1_000, 3 * HOUR + later);
    let listed = klamm.items(&["groups", "list", "--filter", group]);
    let listed = listed.iter().find(|item| item["group"] == json!(group)).expect("it is listed");
    assert_between(listed, "lag_ms", HOUR - 1_000, 3 * HOUR + now() - began + 1_000);
    let read = partition(&found, topic, 3);
    assert_eq!(
        (&read["lag_ms"], &read["drain"], &read["headroom"]),
        (&json!(0), &json!("drained"), &json!("nothing_unread"))
    );
    assert_eq!(partition(&found, kept, 0)["headroom"], json!("forever"));

    witness.delete_records(topic, 0, 4);
    let found = described(&klamm, group);
    let row = partition(&found, topic, 0);
    assert_eq!((&row["headroom"], &row["lost"], &row["lag"]), (&json!("lost"), &json!(2), &json!(1)));
    assert_between(row, "lag_ms", HOUR - 1_000, HOUR + now() - began + 1_000);
}

/// The end of a transaction is nothing that is left to read; an open one holds back who
/// reads what is committed, and that is no fault of the group's.
pub fn transactions(target: &Target) {
    let witness = Witness::new(target);
    let (topic, group) = ("check.outlook.transactions", "check-outlook-transactions");
    witness.create_topic(topic, 1, 1, &[]);
    let writer = witness.transactional("check-outlook");
    writer.begin_with(topic, &[b"a"]);
    writer.commit().expect("the transaction ends");
    witness.commit(group, topic, &[(0, 1)]);
    let klamm = Klamm::on(target);
    let found = described(&klamm, group);
    let row = partition(&found, topic, 0);
    assert_eq!((&row["end_offset"], &row["lag"], &row["drain"]), (&json!(2), &json!(0), &json!("drained")));
    assert_eq!((&found["lag"], &row["held_by_producer"]), (&json!(0), &Value::Null));

    writer.begin_with(topic, &[b"b", b"c"]);
    witness.commit(group, topic, &[(0, 2)]);
    let found = described(&klamm, group);
    let row = partition(&found, topic, 0);
    assert_eq!((&row["end_offset"], &row["lag"]), (&json!(4), &json!(2)), "{row}");
    assert!(row["held_by_producer"].is_i64(), "{row}");
    assert_between(row, "lag_ms", 0, 5 * MINUTE);

    writer.abort();
    let found = described(&klamm, group);
    assert_eq!(partition(&found, topic, 0)["held_by_producer"], Value::Null, "its end lets the group go on");
}

/// Prometheus gets what is known of each group, and the last round's page at once.
pub fn exporter(target: &Target) {
    let witness = Witness::new(target);
    let (topic, group) = ("check.exporter", "check-exporter");
    witness.create_topic(topic, 1, 1, &[]);
    fill(&witness, topic, 0, "v", 9);
    witness.commit(group, topic, &[(0, 2)]);
    let klamm = Klamm::on(target);
    let mut running = klamm.start(&["exporter", "--listen", "127.0.0.1:0", "--every", "1", "--partitions"]);
    running.wait_for("its address", |said| said.ends_with('\n'));
    let said: Value = serde_json::from_str(&running.said()).expect("one JSON line");
    let url = said["metrics"].as_str().expect("where it serves");
    let address = url.strip_prefix("http://").and_then(|url| url.strip_suffix("/metrics")).expect("an address");
    let page = until("its first round", SHORT, || {
        let answer = get(address, "/metrics").map_err(|error| error.to_string())?;
        if answer.starts_with("HTTP/1.1 200") { Ok(answer) } else { Err(answer) }
    });
    let sample = |name: &str| {
        let found = page
            .lines()
            .find(|line| line.starts_with(&format!("{name}{{")) && line.contains(&format!("group=\"{group}\"")));
        found.and_then(|line| line.rsplit_once(' ')).map(|(_, value)| value.to_owned())
    };
    assert_eq!(sample("klamm_group_lag").as_deref(), Some("7"), "{page}");
    assert_eq!(sample("klamm_partition_lag").as_deref(), Some("7"), "{page}");
    assert_eq!(sample("klamm_partition_end_offset").as_deref(), Some("9"));
    let seconds: f64 = sample("klamm_group_lag_seconds").and_then(|value| value.parse().ok()).expect("it is known");
    assert!((0.0..600.0).contains(&seconds), "{seconds}");
    assert!(page.lines().any(|line| line.starts_with("klamm_up{") && line.ends_with(" 1")));
    terminate(running.pid());
    until("its end", SHORT, || if running.has_ended() { Ok(()) } else { Err("it serves".to_owned()) });
    assert_eq!(running.end().code, 0, "an interrupt is how it ends");
}

/// An answer over HTTP, head and body.
fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SHORT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn terminate(pid: u32) {
    let sent = Command::new("kill").args(["-s", "TERM", &pid.to_string()]).status().expect("kill runs");
    assert!(sent.success());
}
