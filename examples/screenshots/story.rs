//! What is pictured, and the way from one picture to the next.

use super::stage::{Stage, THEMES};
use super::still::Still;
use super::svg;
use super::terminal::Terminal;
use anyhow::Result;
use std::collections::BTreeMap;

/// A step of the story, taken by all consoles.
enum Step {
    /// Keys, and what must be seen before the next step.
    Press(&'static str, &'static str),
    /// Two minutes pass, with a look every ten seconds: groups are judged by ten looks.
    TwoMinutes,
    /// Somebody runs klamm on the command line.
    Command(&'static [&'static str]),
    /// Ten seconds pass.
    Pause,
    /// What was said for a moment is gone from the corner.
    Fades(&'static str),
    Picture(&'static str),
}
use Step::{Command, Fades, Pause, Picture, Press, TwoMinutes};

const DOWN: &str = "\u{1b}[B";
const ESC: &str = "\u{1b}";
const BACK_TAB: &str = "\u{1b}[Z";

/// From the overview through a day at work to what others changed meanwhile.
const DAY: &[Step] = &[
    Press("1", "measuring rates"),
    TwoMinutes,
    Picture("overview"),
    Press("\t", "Busiest"),
    Press("l", "a fair share"),
    Picture("leaders"),
    Press("h", "RACK"),
    Press("2", "PART"),
    Press("/orders.v1\r", "▸ eu.orders.v1"),
    Press("j", "▸ orders.v1"),
    Press(ESC, "connect-configs"),
    Press("\r", "LEADER"),
    Picture("topics"),
    Press("l", "MEMBERS"),
    Picture("topic-groups"),
    Press("l", "cleanup.policy"),
    Picture("topic-configs"),
    Press("l", "LEADER"),
    Press("t", "customer_id"),
    Picture("records"),
    Press("k", "paused"),
    Press("\t", "paused"),
    Picture("records-avro"),
    Press("z", "half are up to"),
    Picture("record-sizes"),
    Press("z", "headers"),
    Press("2", "PART"),
    Press("p", "PARTITIONS"),
    Picture("partition-plan"),
    Press(ESC, "t tail"),
    Press("3", "GROUP"),
    Picture("groups"),
    Press("/order-processor\r", "▸ order-processor"),
    Press("\r", "COMMITTED"),
    Press("l", "HOST"),
    Picture("group-members"),
    Press("h", "COMMITTED"),
    Press("3", "GROUP"),
    Press("/\u{15}ledger\r", "▸ ledger-writer"),
    Press("\r", "STOP"),
    Picture("group-lag"),
    Press("3", "GROUP"),
    Press("/\u{15}invoice\r", "▸ invoice-export"),
    Press("\r", "COMMITTED"),
    Press("c", "Copy"),
    Picture("copy-menu"),
    Press(ESC, "COMMITTED"),
    Press("R", "earliest"),
    Press(DOWN, "latest"),
    Press(DOWN, "10:45"),
    Press("13:30", "13:30"),
    Picture("reset-form"),
    Press("\r", "COMMITTED →"),
    Picture("reset-preview"),
    Press(ESC, "R reset"),
    Press(":ord lag", "orders.v1-dlt"),
    Picture("palette"),
    Press(ESC, "R reset"),
    Press("?", "One level out"),
    Picture("help"),
    Press(ESC, "R reset"),
    Press(":theme\r", "high-contrast"),
    Picture("themes"),
    Press(ESC, "R reset"),
    Command(&["groups", "reset", "invoice-export-nightly", "--by-duration", "10m", "--all-topics", "--yes"]),
    Press("9", "plans the undo"),
    Picture("journal"),
    Press("cc", "copied"),
    Press("m", "Messages"),
    Fades("✔ copied"),
    Picture("messages"),
    Press("0", "prod-eu"),
    Press("j", "▸ prod-eu"),
    Picture("profiles"),
    Press("k", "▸ demo"),
    Press("e", "read budget"),
    Press("\r", "subjects"),
    Picture("profile-form"),
    Press(ESC, "SECURITY"),
    // Where nothing but topics and brokers is asked for, so that what is asked on the
    // overview knows of them already.
    Press("m", "[Messages]"),
    Command(&["topics", "create", "invoices.v2", "--partitions", "12", "--yes"]),
    Command(&["topics", "add-partitions", "orders.v1", "--to", "18", "--yes"]),
    Command(&["topics", "delete", "loyalty.points", "--yes"]),
    Pause,
    Press("r", "545 partitions"),
    Press("1", "invoices.v2"),
    Press(BACK_TAB, "invoices.v2"),
    Press(BACK_TAB, "loyalty.points"),
    Picture("changes"),
];

/// Tells it, and takes the pictures.
pub fn tell(stage: &Stage, pictures: &mut BTreeMap<String, String>) -> Result<()> {
    let welcome = stage.consoles("-empty", &[])?;
    all(&welcome, |console| console.sees("demo"))?;
    shoot(&welcome, "welcome", pictures)?;
    drop(welcome);
    let consoles = stage.consoles("", &["--profile", "demo"])?;
    all(&consoles, |console| console.sees("Overview"))?;
    for step in DAY {
        match step {
            Press(keys, seen) => {
                all(&consoles, |console| console.press(keys))?;
                all(&consoles, |console| console.sees(seen))?;
                if *keys == ESC {
                    // Together with the next key it would be another one.
                    all(&consoles, Terminal::rests)?;
                }
            }
            TwoMinutes => two_minutes(stage, &consoles)?,
            Command(words) => stage.run(words)?,
            Pause => stage.advance(LOOK)?,
            Fades(said) => {
                all(&consoles, |console| console.waits(said, |screen| !screen.contains(said)))?;
            }
            Picture(name) => shoot(&consoles, name, pictures)?,
        }
    }
    Ok(())
}

/// Between two looks, in milliseconds.
const LOOK: i64 = 10_000;

/// The lowest and the highest bar of a small picture.
const BARS: (char, char) = ('▁', '█');

/// Each look adds a bar to the busiest topic: that is how one sees that its answer came.
fn two_minutes(stage: &Stage, consoles: &[Terminal]) -> Result<()> {
    all(consoles, Terminal::rests)?;
    for look in 1..=120_000 / LOOK {
        stage.advance(LOOK)?;
        all(consoles, |console| console.press("r"))?;
        let bars = |line: &str| line.chars().filter(|c| (BARS.0..=BARS.1).contains(c)).count();
        let wanted = usize::try_from(look)?;
        all(consoles, |console| {
            console.waits("rates", |screen| {
                let row = screen.lines().skip_while(|line| !line.contains("RECORDS/s")).nth(1);
                row.and_then(|row| row.split("││").next()).is_some_and(|row| bars(row) >= wanted)
            })
        })?;
        all(consoles, Terminal::rests)?;
    }
    Ok(())
}

fn shoot(consoles: &[Terminal], name: &str, pictures: &mut BTreeMap<String, String>) -> Result<()> {
    all(consoles, Terminal::rests)?;
    let still = Still::new()?;
    for (console, (_, suffix)) in consoles.iter().zip(THEMES) {
        let picture = console.look(|screen| svg::picture(screen, name, &still));
        pictures.insert(format!("{name}{suffix}.svg"), picture);
    }
    Ok(())
}

fn all(consoles: &[Terminal], act: impl Fn(&Terminal) -> Result<()>) -> Result<()> {
    consoles.iter().try_for_each(act)
}
