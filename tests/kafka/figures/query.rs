//! What a query says of key, time and format, over ten million records each.

use super::{Line, line, median, p99, rest, shown, tail};
use crate::cluster::Listener;
use crate::klamm::{Klamm, items};
use crate::registry::register;
use crate::stage::Stage;
use crate::target::Target;
use crate::witness::{Seed, Witness, runtime};
use klamm::demo::{Demo, Options, World};
use klamm::domain::Time;
use serde_json::json;
use std::time::{Duration, Instant};

const RECORDS: usize = 10_000_000;
/// Written by one producer, which the next one follows.
const AT_ONCE: usize = 1_000_000;
const PARTITIONS: i32 = 12;
/// So many keys are spread over the partitions.
const USERS: usize = 40_000;
/// The times of the keyed records, which lie ten hours apart.
const FIRST_MS: i64 = 1_790_000_000_000;
const LENGTH_MS: i64 = 36_000_000;
const KEYED: &str = "figures.keyed";
const AVRO: &str = "figures.avro.all";
const EMPTY: &str = "figures.empty";
const RUNS: usize = 3;
/// Of the console, in each of so many searches.
const KEYS: usize = 60;
const SEARCHES: usize = 4;

pub fn measure(stage: &Stage) -> Vec<Line> {
    // Only the registry of this one is used.
    let options = Options { world: World::Empty, ..Options::default() };
    let demo = runtime().block_on(Demo::start(options)).expect("the demo starts");
    let target = Target { registry: Some(demo.registry_url()), ..stage.load().target(Listener::Plaintext) };
    let witness = Witness::new(&target);
    for topic in [KEYED, AVRO, EMPTY] {
        // Their times are those of another month.
        witness.create_topic(topic, PARTITIONS, 1, &[("retention.ms", "-1")]);
    }
    write_keyed(&witness);
    write_avro(&witness, &demo.registry_url());

    let klamm = Klamm::on(&target).without_connection();
    let (servers, registry) = (&target.bootstrap, demo.registry_url());
    let profile = format!(
        "version = 1\n[profiles.load]\nbootstrap = \"{servers}\"\nread_budget = \"unlimited\"\n\
         [profiles.load.registry]\nurl = \"{registry}\"\n"
    );
    let config = klamm.write("config.toml", &profile).display().to_string();
    let mut searches = Searches { klamm, config, memory: 0 };
    let empty = searches.run(EMPTY, &["--where", "value contains 'nowhere'"]);
    let full = searches.run(KEYED, &["--where", "value contains 'nowhere'"]);
    let key = searches.run(KEYED, &["--where", "key = 'user-00042'"]);
    assert_eq!(key.matches, (RECORDS / USERS) as u64);
    let number = searches.run(KEYED, &["--where", "value.cents > 99999"]);
    let from = FIRST_MS + LENGTH_MS / 2;
    let time = |millis: i64| Time(millis).rfc3339().expect("a time of this century");
    let (from, to) = (time(from), time(from + LENGTH_MS / 100));
    let part = searches.run(KEYED, &["--where", "value contains 'nowhere'", "--from", &from, "--to", &to]);
    let avro = searches.run(AVRO, &["--where", "value.cents > 99999"]);
    for all in [&full, &number, &avro] {
        assert_eq!((all.matches, all.seen), (0, RECORDS as u64));
    }
    assert!(part.seen >= RECORDS as u64 / 100, "{} records seen", part.seen);
    let beyond = |search: &Search| search.took.saturating_sub(empty.took).as_secs_f64();
    let share = |of: f64, all: f64| format!("{:.3}", of / all);
    let mut lines = vec![
        line("10 million keyed JSON records, value contains", shown(full.took), "the control"),
        line("  a topic without records", shown(empty.took), "the control"),
        line("  one key", shown(key.took), "not promised"),
        line("  its part of the time beyond nothing", share(beyond(&key), beyond(&full)), "≤ 0.167"),
        line("  1 % of the time", shown(part.took), "not promised"),
        line("  its part of the bytes", share(part.bytes as f64, full.bytes as f64), "≤ 0.030 and the slack"),
        line("  a number in JSON, which no text tells", shown(number.took), "not promised"),
        line("10 million Avro records, a number in them", shown(avro.took), "≤ 10 s"),
        line("memory at most in any of these", format!("{} MB", searches.memory), "≤ 150 MB"),
    ];
    lines.extend(keys(&target));
    lines
}

/// One search on the command line.
struct Search {
    took: Duration,
    matches: u64,
    seen: u64,
    bytes: u64,
}

struct Searches {
    klamm: Klamm,
    config: String,
    /// The most that any of them took, in megabytes.
    memory: u64,
}

impl Searches {
    fn run(&mut self, topic: &str, words: &[&str]) -> Search {
        let words =
            [&["--config", &self.config, "records", "search", topic], words, &["--count", "--output", "json"]].concat();
        let (mut times, mut item) = (Vec::new(), json!(null));
        for _ in 0..RUNS {
            let began = Instant::now();
            let running = self.klamm.start(&words);
            // What it has at most is known only while it runs.
            while let Some(megabytes) = rest::resident(running.pid()) {
                self.memory = self.memory.max(megabytes);
                std::thread::park_timeout(Duration::from_millis(20));
            }
            let ran = running.end();
            times.push(began.elapsed());
            item = items(&ran.json()).remove(0);
            assert_eq!(item["complete"], json!(true), "{item}");
        }
        let number = |name: &str| item[name].as_u64().unwrap_or_else(|| panic!("{name} in {item}"));
        Search { took: median(times), matches: number("records"), seen: number("seen"), bytes: number("size_bytes") }
    }
}

/// Keys in the console while it searches.
fn keys(target: &Target) -> Vec<Line> {
    let console = tail::open(target, KEYED, &[]);
    let mut times = Vec::new();
    for _ in 0..SEARCHES {
        console.press("/");
        console.sees("Show only records");
        console.press("<ctrl-u>value.cents > 99999<tab>earliest<enter>");
        console.sees("searching");
        times.extend(tail::keys_in(&console, KEYS));
        console.sees("searching");
    }
    vec![
        line("key → screen changed, while it searches, median", shown(median(times.clone())), "not promised"),
        line("  p99", shown(p99(times)), "≤ 16 ms"),
    ]
}

/// Their keys decide their partitions, as with the Java client.
fn write_keyed(witness: &Witness) {
    let keys: Vec<String> = (0..USERS).map(|user| format!("user-{user:05}")).collect();
    let value = |index: usize| {
        format!(r#"{{"id":1{index:06},"state":"SHIPPED","cents":{},"note":"as usual, at noon"}}"#, index % 9_973)
    };
    let values: Vec<String> = (0..AT_ONCE).map(value).collect();
    for begin in (0..RECORDS).step_by(AT_ONCE) {
        let at = |index: usize| FIRST_MS + ((begin + index) as f64 / RECORDS as f64 * LENGTH_MS as f64) as i64;
        write(witness, KEYED, |index| Seed {
            partition: -1,
            key: Some(keys[index % USERS].as_bytes()),
            value: Some(values[index].as_bytes()),
            timestamp: Some(at(index)),
            ..Seed::default()
        });
    }
}

/// The bytes hold no digits, so that each record must be decoded to be looked at.
fn write_avro(witness: &Witness, registry: &str) {
    let id = register(registry, &format!("{AVRO}-value"), tail::ORDER);
    let values: Vec<Vec<u8>> = (0..1_000).map(|index| tail::order(id, index)).collect();
    for begin in (0..RECORDS).step_by(AT_ONCE) {
        write(witness, AVRO, |index| Seed {
            partition: i32::try_from((begin + index) / 1_000).unwrap_or(0) % PARTITIONS,
            value: Some(&values[index % values.len()]),
            ..Seed::default()
        });
    }
}

fn write<'a>(witness: &Witness, topic: &str, record: impl Fn(usize) -> Seed<'a>) {
    let records: Vec<Seed<'a>> = (0..AT_ONCE).map(record).collect();
    let settings = [
        ("acks", "1"),
        ("linger.ms", "20"),
        ("batch.size", "262144"),
        ("compression.type", "lz4"),
        ("partitioner", "murmur2_random"),
    ];
    witness.produce_with(topic, &records, &settings).unwrap_or_else(|heard| panic!("cannot fill {topic}: {heard}"));
}
