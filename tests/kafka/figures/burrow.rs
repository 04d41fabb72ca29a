//! Verdicts beside those of Burrow, on the same groups at the same time.
//!
//! Needs Burrow 1.2 (the Debian package `burrow`) and a cluster with ZooKeeper, where
//! Burrow keeps its own things. Groups are made to keep up, to fall behind, to stop, to
//! stand still and to go back; in each round both are asked about every partition.
//!
//! Burrow knows an end when it looks, klamm where it was at a commit's time. So Burrow
//! looks each second, and each commit comes later than that after the records. Burrow's
//! ends then reach back for ten seconds and klamm's for a hundred: what was there in the
//! beginning is of long ago, so that nobody was at the end within either.

use super::{Line, line};
use crate::cluster::Listener;
use crate::klamm::Klamm;
use crate::patience::until;
use crate::ports;
use crate::service::Service;
use crate::stage::Stage;
use crate::witness::{Seed, Witness};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const PARTITIONS: i32 = 2;
/// From records to the commits after them: longer than Burrow takes to look again.
const PACE: Duration = Duration::from_millis(2_500);
/// Records of each partition that are there from the beginning.
const THERE: i64 = 2_000;
const LONG_AGO: i64 = 1_700_000_000_000;
/// Rounds in which all commit, so that every window is full.
const FILLING: i64 = 14;
/// Rounds in which both are asked. The last ones are long after the one that stops.
const ASKED: i64 = 24;
const LAST: i64 = FILLING + ASKED;

/// What a group does: its name, its offset at a round of all, and the verdict in the end.
type Story = (&'static str, fn(i64) -> Option<i64>, &'static str);

const STORIES: &[Story] = &[
    ("keeps-up", |round| Some(THERE + (round + 1) * WRITTEN), "OK"),
    ("falls-behind", |round| Some(round * WRITTEN / 2), "WARN"),
    ("stops", |round| (round < FILLING).then_some(round * WRITTEN / 2), "STOP"),
    ("stands", |_| Some(0), "STALL"),
    ("goes-back", |round| Some(if round < LAST - 6 { 500 + round * WRITTEN / 2 } else { round }), "REWIND"),
];
/// Records written to each partition in a round.
const WRITTEN: i64 = 20;

pub fn measure(stage: &Stage) -> Vec<Line> {
    if std::process::Command::new("Burrow").arg("--help").output().is_err() {
        return vec![line("Burrow is not there", "apt-get install burrow", "needed for this figure")];
    }
    let target = stage.old().target(Listener::Plaintext);
    let (witness, klamm) = (Witness::new(&target), Klamm::on(&target));
    for (story, ..) in STORIES {
        witness.create_topic(&topic(story), PARTITIONS, 1, &[]);
        witness.produce(&topic(story), &records(THERE, Some(LONG_AGO)));
        // Burrow reads the log of commits only where there is one when it starts.
        witness.commit(&group(story), &topic(story), &[(0, 0), (1, 0)]);
    }
    let burrow = Burrow::start(&target.bootstrap, &stage.old().zookeeper().expect("a cluster with ZooKeeper"));
    let mut seen: BTreeMap<&str, Compared> = BTreeMap::new();
    for round in 0..LAST {
        for (story, ..) in STORIES {
            witness.produce(&topic(story), &records(WRITTEN, None));
        }
        std::thread::park_timeout(PACE);
        for (story, offset_at, _) in STORIES {
            if let Some(offset) = offset_at(round) {
                let offsets: Vec<(i32, i64)> = (0..PARTITIONS).map(|partition| (partition, offset)).collect();
                witness.commit(&group(story), &topic(story), &offsets);
            }
        }
        if round < FILLING {
            continue;
        }
        let groups: Vec<String> = STORIES.iter().map(|(story, ..)| group(story)).collect();
        let words: Vec<&str> = ["groups", "verdict"].into_iter().chain(groups.iter().map(String::as_str)).collect();
        let ours = klamm.items(&words);
        for (story, _, expected) in STORIES {
            let theirs = burrow.verdicts(&group(story));
            let ours =
                ours.iter().find(|item| item["group"] == group(story).as_str()).map(verdicts).unwrap_or_default();
            seen.entry(story).or_insert_with(|| Compared { expected, ..Compared::default() }).add(&ours, &theirs);
        }
    }
    let mut lines = Vec::new();
    for (story, _, _) in STORIES {
        let Compared { expected, same, all, last, other } = &seen[story];
        lines.push(line(
            format!("{story}: the same verdicts on partitions"),
            format!("{same} of {all}"),
            "all of them",
        ));
        lines.push(line("  in the end Burrow, klamm", format!("{}, {}", last.1, last.0), expected));
        for ((ours, theirs), count) in other {
            lines.push(line(
                format!("  {count} times Burrow, klamm"),
                format!("{theirs}, {ours}"),
                "at a change alone",
            ));
        }
    }
    lines
}

/// So many for each partition.
fn records(each: i64, timestamp: Option<i64>) -> Vec<Seed<'static>> {
    let seed = |partition| Seed { partition, value: Some(b"v"), timestamp, ..Seed::default() };
    (0..each).flat_map(|_| (0..PARTITIONS).map(seed)).collect()
}

fn topic(story: &str) -> String {
    format!("figures.burrow.{story}")
}

fn group(story: &str) -> String {
    format!("figures-burrow-{story}")
}

#[derive(Default)]
struct Compared {
    expected: &'static str,
    same: usize,
    all: usize,
    /// Ours and theirs.
    last: (String, String),
    other: BTreeMap<(String, String), usize>,
}

impl Compared {
    fn add(&mut self, ours: &BTreeMap<i64, String>, theirs: &BTreeMap<i64, String>) {
        for partition in 0..i64::from(PARTITIONS) {
            let word = |of: &BTreeMap<i64, String>| of.get(&partition).cloned().unwrap_or_else(|| "none".to_owned());
            let pair = (word(ours), word(theirs));
            self.all += 1;
            if pair.0 == pair.1 {
                self.same += 1;
            } else {
                *self.other.entry(pair.clone()).or_default() += 1;
            }
            self.last = pair;
        }
    }
}

/// The verdict of each partition, of our document.
fn verdicts(item: &Value) -> BTreeMap<i64, String> {
    let rows = item["partitions"].as_array().into_iter().flatten();
    rows.filter_map(|row| {
        Some((row["partition"].as_i64()?, row["verdict"].as_str().unwrap_or("cannot tell").to_owned()))
    })
    .collect()
}

struct Burrow {
    _service: Service,
    port: u16,
}

impl Burrow {
    fn start(bootstrap: &str, zookeeper: &str) -> Self {
        let port = ports::take(1)[0];
        let dir = crate::places::data().join("burrow");
        std::fs::create_dir_all(&dir).expect("a folder for Burrow");
        let config = format!(
            r#"[general]
pidfile="{dir}/burrow.pid"
[logging]
filename="{dir}/burrow.log"
level="info"
[zookeeper]
servers=["{zookeeper}"]
timeout=6
root-path="/burrow"
[client-profile.plain]
client-id="burrow"
kafka-version="2.0.0"
[cluster.local]
class-name="kafka"
servers=["{bootstrap}"]
client-profile="plain"
topic-refresh=2
offset-refresh=1
[consumer.local]
class-name="kafka"
cluster="local"
servers=["{bootstrap}"]
client-profile="plain"
group-denylist=""
group-allowlist="^figures-burrow-.*$"
[storage.default]
class-name="inmemory"
workers=4
intervals=10
min-distance=0
[evaluator.default]
class-name="caching"
expire-cache=1
[httpserver.default]
address="127.0.0.1:{port}"
"#,
            dir = dir.display()
        );
        std::fs::write(dir.join("burrow.toml"), config).expect("Burrow's settings");
        let command = ["Burrow", "--config-dir", &dir.display().to_string()].map(str::to_owned);
        let log = crate::places::logs().join("burrow.log");
        let service = Service::start("Burrow", &dir, &log, &command).unwrap_or_else(|why| panic!("{why}"));
        let burrow = Self { _service: service, port };
        until("Burrow", Duration::from_secs(30), || {
            burrow
                .get("/burrow/admin")
                .filter(|answer| answer.contains("GOOD"))
                .ok_or_else(|| "it is not there".to_owned())
        });
        burrow
    }

    /// The verdict of each partition; nothing where it does not know the group yet.
    fn verdicts(&self, group: &str) -> BTreeMap<i64, String> {
        let answer = self.get(&format!("/v3/kafka/local/consumer/{group}/lag")).unwrap_or_default();
        let document: Value = serde_json::from_str(&answer).unwrap_or_default();
        let rows = document["status"]["partitions"].as_array().into_iter().flatten();
        rows.filter_map(|row| Some((row["partition"].as_i64()?, row["status"].as_str()?.to_owned()))).collect()
    }

    /// The body of an answer.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }
}
