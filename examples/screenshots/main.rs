//! Pictures of the real screens, as SVG: `cargo run --example screenshots`.
//!
//! Starts the demo with its seed and its clock fixed, runs the console on it in
//! a terminal of its own, and walks through the story of the README. With
//! `--check` nothing is written: every screen must still come up, and those on
//! which nothing depends on how long the console has run are compared with the
//! pictures in `screenshots/`, digits aside.
//! With `--moving` the demo's clock runs, for pictures with rates in them.
//! The console is the binary of the same build: `cargo build` comes first.

mod svg;
mod terminal;

use anyhow::{Context as _, Result, bail};
use klamm::demo::{Clock, Demo, Options};
use klamm::domain::Time;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use terminal::Terminal;

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;
/// 2026-11-21 14:00:00 UTC
const NOON: Time = Time(1_795_269_600_000);

/// One picture: the keys that lead to it from the one before, and the words
/// that are on it when it is complete.
struct Scene {
    name: &'static str,
    /// Rates, charts and arrivals change with the time a console has run.
    is_timeless: bool,
    keys: &'static [(&'static str, &'static str)],
}

/// Keys, and what must be seen before the next ones.
const STORY: [Scene; 6] = [
    Scene { name: "overview", is_timeless: false, keys: &[("1", "Busiest")] },
    Scene {
        name: "topics",
        is_timeless: false,
        keys: &[("2", "PART"), ("/orders.v1\r", "▸ eu.orders.v1"), ("j", "▸ orders.v1"), ("\r", "LEADER")],
    },
    Scene { name: "records-avro", is_timeless: false, keys: &[("t", "customer"), ("k", "paused")] },
    Scene { name: "partition-plan", is_timeless: false, keys: &[("2", "PART"), ("p", "PARTITIONS")] },
    Scene {
        name: "group-lag",
        is_timeless: false,
        keys: &[("\u{1b}", "t tail"), ("3", "GROUP"), ("/invoice\r", "invoice-export"), ("\r", "COMMITTED")],
    },
    Scene { name: "reset-preview", is_timeless: true, keys: &[("R", "earliest"), ("\r", "COMMITTED →")] },
];

struct Wish {
    checks: bool,
    is_moving: bool,
}

fn main() -> Result<()> {
    let mut wish = Wish { checks: false, is_moving: false };
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "--check" => wish.checks = true,
            "--moving" => wish.is_moving = true,
            other => bail!("`{other}` is neither --check nor --moving"),
        }
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let clock = if wish.is_moving { Clock::System } else { Clock::Stopped(NOON) };
    let options = Options {
        // Addresses are on the pictures, so they do not change.
        listen: Some(([127, 0, 0, 1], 19_092).into()),
        clock,
        traffic: wish.is_moving,
        ..Options::default()
    };
    let demo = runtime.block_on(Demo::start(options)).context("the demo needs ports 19092 to 19094 of 127.0.0.1")?;
    let told = tell(&demo, &wish);
    runtime.block_on(demo.shutdown());
    told
}

fn tell(demo: &Demo, wish: &Wish) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let (bootstrap, registry) = (demo.bootstrap(), demo.registry_url());
    let file = std::env::temp_dir().join(format!("klamm-screenshots-{}.toml", std::process::id()));
    let servers: Vec<String> = bootstrap.split(',').map(|server| format!("{server:?}")).collect();
    let profile = format!(
        "version = 1\n[profiles.demo]\nbootstrap = [{}]\nregistry = {{ url = {registry:?} }}\n",
        servers.join(", ")
    );
    std::fs::write(&file, profile).with_context(|| format!("cannot write {}", file.display()))?;
    let told = walk(&folder, &file, wish);
    std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    told
}

fn walk(folder: &Path, config: &Path, wish: &Wish) -> Result<()> {
    let words = ["--config", &config.to_string_lossy(), "--profile", "demo", "--tz", "UTC"];
    let terminal = Terminal::open(&console()?, &words, COLUMNS, ROWS)?;
    terminal.sees("Overview")?;
    let mut differing = Vec::new();
    for scene in &STORY {
        for (keys, seen) in scene.keys {
            terminal.press(keys)?;
            terminal.sees(seen)?;
        }
        terminal.rests()?;
        let picture = terminal.look(|screen| svg::picture(screen, scene.name));
        let file = folder.join(format!("{}.svg", scene.name));
        if wish.checks {
            let kept = std::fs::read_to_string(&file).unwrap_or_default();
            if kept.is_empty() || scene.is_timeless && shape(&kept) != shape(&picture) {
                differing.push(scene.name);
            }
        } else {
            std::fs::create_dir_all(folder)?;
            std::fs::write(&file, picture).with_context(|| format!("cannot write {}", file.display()))?;
            writeln!(std::io::stdout(), "{}", file.display())?;
        }
    }
    if !differing.is_empty() {
        bail!("screenshots are out of date: {}; run `cargo run --example screenshots`", differing.join(", "));
    }
    Ok(())
}

/// The picture with its digits made equal.
fn shape(picture: &str) -> String {
    picture.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// The console beside this program: `target/<profile>/examples/../klamm`.
fn console() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).context("this program is in no folder")?;
    let console = folder.join(format!("klamm{}", std::env::consts::EXE_SUFFIX));
    if !console.exists() {
        bail!("{} is missing: run `cargo build` first", console.display());
    }
    Ok(console)
}
