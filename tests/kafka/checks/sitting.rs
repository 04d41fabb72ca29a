//! The console before a real cluster: the same story as on the demo.

use super::reading;
use crate::console::Console;
use crate::klamm::Klamm;
use crate::patience::{LONG, until};
use crate::registry;
use crate::screen::number_under;
use crate::story;
use crate::target::Target;
use crate::witness::{Seed, Witness};
use std::time::Duration;

pub fn the_story(target: &Target) {
    let url = target.registry.as_deref().expect("the target has a registry");
    let witness = Witness::new(target);
    let (topic, group) = ("story.orders", "story-readers");
    witness.create_topic(topic, 3, 3, &[]);
    let id = registry::register(url, &format!("{topic}-value"), reading::SCHEMA);
    let value = reading::framed(id, &reading::order());
    let keys: Vec<String> = (0..60).map(|index| format!("customer-{index}")).collect();
    let seeds: Vec<Seed<'_>> = keys
        .iter()
        .zip(0..)
        .map(|(key, index)| Seed {
            partition: index % 3,
            key: Some(key.as_bytes()),
            value: Some(&value),
            ..Seed::default()
        })
        .collect();
    witness.produce(topic, &seeds);
    let behind = [(0, 5), (1, 10), (2, 20)];
    witness.commit(group, topic, &behind);

    let console = Console::open(&["--bootstrap", &target.bootstrap, "--registry", url], 120, 40);
    console.sees("3 brokers");
    story::tell(&console, topic, group);
    assert_eq!(witness.committed(group, topic, 3), behind.into(), "reset, and put back");
}

/// What lies before the list is read page by page to the beginning of the log, one record
/// fills the screen, and what is marked goes into a file.
pub fn pages(target: &Target) {
    let witness = Witness::new(target);
    let topic = "console.pages";
    witness.create_topic(topic, 1, 1, &[]);
    let values: Vec<String> = (0..1_500).map(|n| format!("{{\"n\":{n}}}")).collect();
    let seeds: Vec<Seed<'_>> =
        values.iter().map(|value| Seed { value: Some(value.as_bytes()), ..Seed::default() }).collect();
    witness.produce(topic, &seeds);
    let console = Console::open(&["--bootstrap", &target.bootstrap], 120, 40);
    console.sees("0 offline");
    story::open_topic(&console, topic);
    console.press("t");
    console.wait("the newest hundred", |screen| screen.contains("\"n\":1499") && screen.contains("100 kept"));
    console.press("<");
    console.sees("1,000 records before these");
    console.press("<");
    console.sees("400 records before these");
    console.press("<");
    console.sees("the logs begin here");
    console.press("g<enter>");
    console.sees("1 of 1,500");
    console.press("n");
    console.sees("2 of 1,500");
    console.press("<esc>");
    console.sees("1,500 kept");
    console.press("g  ");
    console.sees("2 marked");
    console.press("E");
    console.sees("Export records of");
    let klamm = Klamm::on(target);
    let file = klamm.path("marked.jsonl");
    console.press(&format!("\u{15}{}<enter>", file.display()));
    console.sees("2 records, ");
    console.sees("command line:");
    let text = std::fs::read_to_string(&file).expect("the file");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let offsets: Vec<&serde_json::Value> = lines.iter().map(|line| &line["offset"]).collect();
    assert_eq!(offsets, [0, 1], "{text}");
    // The same as a command line.
    let again = ["records", "export", topic, "--where", "partition = 0 and offset in (0, 1)"];
    assert_eq!(klamm.run(&again).succeeded().stdout, text);
}

/// A group whose member comes and goes is said to flap, and its timeline says what was
/// seen.
pub fn rebalances(target: &Target) {
    let witness = Witness::new(target);
    let (topic, group) = ("check.flapping", "check-flapping");
    witness.create_topic(topic, 1, 1, &[]);
    witness.commit(group, topic, &[(0, 0)]);
    let console = Console::open(&["--bootstrap", &target.bootstrap], 120, 40);
    console.press("3");
    console.sees("by verdict");
    console.press("/check-flap<enter>");
    console.sees("/check-flap");
    let members = |count: usize| {
        // Each look is one that was asked for: a quick hand sees more than the pace shows.
        until(&format!("{count} members"), LONG, || {
            console.press("r");
            let is_there = |screen: &str| number_under(screen, "MEMBERS", group) == Some(count.to_string());
            console.try_wait(Duration::from_secs(1), is_there).map(drop).ok_or_else(|| console.screen())
        });
    };
    members(0);
    for _ in 0..3 {
        let member = witness.join(group, topic);
        until("the member is in", LONG, || (member.assigned() > 0).then_some(()).ok_or_else(String::new));
        members(1);
        drop(member);
        members(0);
    }
    console.sees("Flapping");
    console.press("<enter>");
    console.sees("times in ten minutes");
    console.press("ll");
    console.wait("what was seen", |screen| screen.contains("1 joined: ") && screen.contains("1 left; 0 members now"));
}

/// Bytes that would retitle the window, fill the clipboard, clear the screen or
/// turn the reading direction are shown and do nothing.
pub fn hostile_bytes(target: &Target) {
    let witness = Witness::new(target);
    let topic = "console.hostile";
    witness.create_topic(topic, 1, 1, &[]);
    let values: [&[u8]; 5] = [
        b"\x1b]0;pwned\x07first",
        b"\x1b]52;c;cHduZWQ=\x07second",
        b"\x1b[2J\x1b[Hthird\x07",
        "\u{202e}htruof\rover".as_bytes(),
        b"\x9b31mfifth\xff",
    ];
    let seeds: Vec<Seed<'_>> = values
        .iter()
        .map(|value| Seed { key: Some(b"\x1b[31mkey\x1b]0;key\x07"), value: Some(value), ..Seed::default() })
        .collect();
    witness.produce(topic, &seeds);
    let console = Console::open(&["--bootstrap", &target.bootstrap], 120, 40);
    console.sees("3 brokers");
    story::open_topic(&console, topic);
    console.press("t");
    console.sees("OFFSET");
    // F chooses where to read from; what is not text is shown as bytes.
    console.press("F");
    console.press("earliest<enter>");
    console.wait("all five", |screen| screen.contains("from the beginning") && screen.contains("htruof"));
    console.press("G");
    console.wait("the last one's bytes", |screen| screen.contains("00000000"));
    assert_eq!(console.tricks(), Vec::<String>::new());
}
