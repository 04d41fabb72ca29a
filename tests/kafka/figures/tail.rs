//! A tail that receives 100,000 records a second: is a key answered, is what is
//! shown new, and what does it cost?
//!
//! Writer, broker, terminal and console share the machine: what the console
//! alone needs is its CPU time.

use super::{Line, line, median, p99, rest, shown};
use crate::cluster::Listener;
use crate::console::Console;
use crate::registry::register;
use crate::stage::Stage;
use crate::target::Target;
use crate::witness::{Witness, runtime};
use klamm::demo::{Demo, Options, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const RECORDS_A_SECOND: usize = 100_000;
pub const PARTITIONS: i32 = 12;
pub const KEYS: usize = 200;
const MINUTE: usize = 60;
/// Between two keys: a quick finger, and no multiple of the pace of frames.
const PAUSE: Duration = Duration::from_millis(37);

pub fn measure(stage: &Stage) -> Vec<Line> {
    let target = stage.load().target(Listener::Plaintext);
    let mut lines = plain(&target);
    // Only the registry of this one is used.
    let options = Options { world: World::Empty, ..Options::default() };
    let demo = runtime().block_on(Demo::start(options)).expect("the demo starts");
    lines.extend(filtered(&Target { registry: Some(demo.registry_url()), ..target }));
    lines
}

fn plain(target: &Target) -> Vec<Line> {
    let topic = "figures.tail";
    Witness::new(target).create_topic(topic, PARTITIONS, 1, &[("retention.bytes", "50000000")]);
    let writer = Writer::start(target, topic, values());
    let console = open(target, topic, &[]);
    let keys = keys_in(&console, KEYS);
    let control = echoes();
    let minutes = minutes();
    let minute = watch(&console, minutes);
    let written = writer.stop();
    let mut lines = vec![
        line("a tail of 100,000 records/s: written", format!("{:.0} k/s", written / 1e3), "100 k/s"),
        line("  key → screen changed, median", shown(median(keys.clone())), "≤ 5 ms"),
        line("  key → screen changed, p99", shown(p99(keys)), "≤ 16 ms"),
        line("  an echo program in the same terminal, median", shown(median(control.clone())), "the control"),
        line("  an echo program in the same terminal, p99", shown(p99(control)), "the control"),
        line("  age of the newest record on screen, median", shown(minute.age), "≤ 0.5 s"),
        line("  CPU of one core", format!("{:.0} %", minute.cpu * 100.0), "≤ 35 %"),
        line("  memory after ten seconds", format!("{} MB", minute.early), "≤ 150 MB"),
        line("  memory after a minute", format!("{} MB", minute.first), "the same"),
    ];
    if minutes > 1 {
        lines.push(line(format!("  memory after {minutes} minutes"), format!("{} MB", minute.late), "the same"));
    }
    lines
}

/// How long it is watched: an hour, where somebody has the time.
fn minutes() -> usize {
    std::env::var("KLAMM_TAIL_MINUTES").map_or(1, |text| text.parse().expect("KLAMM_TAIL_MINUTES is a number"))
}

/// The bytes hold no digits, so that each record must be decoded to be looked at.
fn filtered(target: &Target) -> Vec<Line> {
    let topic = "figures.avro";
    Witness::new(target).create_topic(topic, PARTITIONS, 1, &[("retention.bytes", "50000000")]);
    let id = register(target.registry.as_deref().expect("a registry"), &format!("{topic}-value"), ORDER);
    let writer = Writer::start(target, topic, (0..1_000).map(|index| order(id, index)).collect());
    let console = open(target, topic, &["/", "700500<enter>"]);
    let minute = watch(&console, 1);
    writer.stop();
    vec![
        line("the same with a filter on an Avro field: age, median", shown(minute.age), "≤ 0.5 s"),
        line("  CPU of one core", format!("{:.0} %", minute.cpu * 100.0), "not promised"),
        line("  memory after a minute", format!("{} MB", minute.late), "≤ 150 MB"),
    ]
}

/// The schema of an order.
pub const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"customer","type":"string"},{"name":"cents","type":"int"}]}"#;

/// An order as Avro, framed with the id of its schema.
pub fn order(schema: u32, index: usize) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(schema.to_be_bytes());
    varint(&mut bytes, 700_000 + index as u64);
    let customer = "a customer with a name as long as names are in some of the countries of this world";
    varint(&mut bytes, customer.len() as u64);
    bytes.extend(customer.as_bytes());
    varint(&mut bytes, 1_200);
    bytes
}

/// Avro's zigzag encoding of what is not negative.
fn varint(bytes: &mut Vec<u8>, value: u64) {
    let mut rest = value << 1;
    while rest >= 0x80 {
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
}

/// The console with the topic's tail on screen and running.
pub fn open(target: &Target, topic: &str, then: &[&str]) -> Console {
    let mut words = vec!["--bootstrap", &target.bootstrap, "--tz", "UTC"];
    words.extend(target.registry.iter().flat_map(|url| ["--registry", url]));
    let console = Console::open(&words, 120, 40);
    console.sees(" broker");
    console.press("2");
    console.sees("PART");
    console.press(&format!("/{topic}<enter>"));
    console.sees(&format!("▸ {topic}"));
    console.press("t");
    console.sees("live");
    for keys in then {
        console.press(keys);
    }
    console.wait("records", |screen| newest(screen).is_some());
    console
}

/// Plain JSON.
pub fn values() -> Vec<Vec<u8>> {
    let value = |index: usize| {
        format!(
            r#"{{"id":{index:09},"customer":"customer-{:05}","amount":"12.00","state":"accepted","reason":null}}"#,
            index % 40_000
        )
        .into_bytes()
    };
    (0..1_000).map(value).collect()
}

/// The times from a key to what it shows, of so many keys, where records are.
pub fn keys_in(console: &Console, count: usize) -> Vec<Duration> {
    keys(
        count,
        || console.press("?"),
        || console.press("<esc>"),
        |what, shows| {
            console.wait(what, |screen| screen.contains("Keys that work here") == shows);
        },
    )
}

/// The times from a key to what it shows, one key after the other: two that undo
/// each other.
fn keys(count: usize, on: impl Fn(), off: impl Fn(), wait: impl Fn(&str, bool)) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..count / 2 {
        for (press, shows) in [(&on as &dyn Fn(), true), (&off, false)] {
            std::thread::park_timeout(PAUSE);
            let began = Instant::now();
            press();
            wait("the key's effect", shows);
            times.push(began.elapsed());
        }
    }
    times
}

/// What the terminal itself takes, and the machine: the control.
pub fn echoes() -> Vec<Duration> {
    let echo = Console::open_program("sh", &["-c", "stty raw -echo; echo ready; cat"], &[], 120, 40);
    echo.sees("ready");
    let mut times = Vec::new();
    for count in 1..=KEYS {
        std::thread::park_timeout(PAUSE);
        let began = Instant::now();
        echo.press("x");
        echo.wait("the echo", |screen| screen.matches('x').count() == count);
        times.push(began.elapsed());
    }
    times
}

struct Minute {
    age: Duration,
    cpu: f64,
    /// Megabytes after ten seconds, after a minute, and at the end.
    early: u64,
    first: u64,
    late: u64,
}

/// Looks once a second.
fn watch(console: &Console, minutes: usize) -> Minute {
    let (began, ticks) = (Instant::now(), rest::cpu_ticks(console.pid()));
    let (mut ages, mut early, mut first) = (Vec::new(), 0, 0);
    let memory = || rest::resident(console.pid()).unwrap_or(0);
    for second in 1..=MINUTE * minutes {
        std::thread::park_timeout(Duration::from_secs(1));
        if let Some(newest) = newest(&console.screen()) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let today = u64::try_from(now.as_millis() % 86_400_000).unwrap_or(0);
            ages.push(Duration::from_millis(today.saturating_sub(newest)));
        }
        match second {
            10 => early = memory(),
            MINUTE => first = memory(),
            _ => {}
        }
    }
    // A tick is 10 ms on every Linux that matters.
    let cpu = (rest::cpu_ticks(console.pid()) - ticks) as f64 / 100.0 / began.elapsed().as_secs_f64();
    Minute { age: median(ages), cpu, early, first, late: memory() }
}

/// The latest time of day on screen, in milliseconds.
fn newest(screen: &str) -> Option<u64> {
    screen.split_whitespace().filter_map(time_of_day).max()
}

/// `14:03:07.118`
fn time_of_day(word: &str) -> Option<u64> {
    let (clock, millis) = word.split_once('.')?;
    let parts: Vec<u64> = clock.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    match (parts.as_slice(), millis.len()) {
        ([hours, minutes, seconds], 3) => {
            Some(((hours * 60 + minutes) * 60 + seconds) * 1_000 + millis.parse::<u64>().ok()?)
        }
        _ => None,
    }
}

/// Writes until it is stopped.
pub struct Writer {
    goes_on: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<f64>,
}

impl Writer {
    pub fn start(target: &Target, topic: &str, values: Vec<Vec<u8>>) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let (more, target, topic) = (Arc::clone(&goes_on), target.clone(), topic.to_owned());
        let thread = std::thread::spawn(move || {
            Witness::new(&target)
                .produce_steadily(&topic, PARTITIONS, &values, RECORDS_A_SECOND, || more.load(Ordering::Relaxed))
        });
        Self { goes_on, thread }
    }

    /// Records a second that were written.
    pub fn stop(self) -> f64 {
        self.goes_on.store(false, Ordering::Relaxed);
        self.thread.join().expect("the writer ends")
    }
}
