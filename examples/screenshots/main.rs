//! Pictures of the real screens: `cargo run --example screenshots`.
//!
//! Runs the console on the demo in a terminal of its own, and walks through the
//! story of the README, twice: once with the demo's clock stopped, for the
//! pictures that must be the same at each run, and once with it going, for those
//! with rates and charts. With `--check` nothing is written: every screen must
//! still come up, and those on which nothing depends on how long the console has
//! run are compared with the pictures in `screenshots/`, digits aside.
//! Each picture is an SVG in the dark and in the light theme, and the dark one a
//! PNG as well, which looks the same whatever fonts a reader has. PNGs are made
//! from the SVGs by rsvg-convert (Debian: librsvg2-bin, fonts-dejavu-core).
//! The console is the binary of the same build: `cargo build` comes first.

mod png;
mod shapes;
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
        keys: &[
            ("2", "PART"),
            ("/orders.v1\r", "▸ eu.orders.v1"),
            ("j", "▸ orders.v1"),
            ("\u{1b}", "connect-configs"),
            ("\r", "LEADER"),
        ],
    },
    Scene { name: "records-avro", is_timeless: false, keys: &[("t", "customer_id"), ("k", "paused")] },
    Scene { name: "partition-plan", is_timeless: false, keys: &[("2", "PART"), ("p", "PARTITIONS")] },
    Scene {
        name: "group-lag",
        is_timeless: false,
        keys: &[("\u{1b}", "t tail"), ("3", "GROUP"), ("/invoice\r", "invoice-export"), ("\r", "COMMITTED")],
    },
    Scene { name: "reset-preview", is_timeless: true, keys: &[("R", "earliest"), ("\r", "COMMITTED →")] },
];

/// The themes, and what stands behind a picture's name.
const THEMES: [(&str, &str); 2] = [("dark", ""), ("light", "-light")];

/// The lowest and the highest bar of a small picture.
const BARS: (char, char) = ('▁', '█');

/// What one walk through the story is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// The clock is stopped: every screen comes up, the timeless ones as they were.
    Check,
    /// The clock is stopped: the timeless pictures.
    Timeless,
    /// The clock goes: all others.
    Moving,
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => run(Walk::Timeless).and_then(|()| run(Walk::Moving)),
        ["--check"] => run(Walk::Check),
        other => bail!("`{}` is not --check", other.join(" ")),
    }
}

fn run(walk: Walk) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let is_moving = walk == Walk::Moving;
    let options = Options {
        // Addresses are on the pictures, so they do not change.
        listen: Some(([127, 0, 0, 1], 19_092).into()),
        clock: if is_moving { Clock::System } else { Clock::Stopped(NOON) },
        traffic: is_moving,
        ..Options::default()
    };
    let demo = runtime.block_on(Demo::start(options)).context("the demo needs ports 19092 to 19094 of 127.0.0.1")?;
    let told = tell(&demo, walk);
    runtime.block_on(demo.shutdown());
    told
}

fn tell(demo: &Demo, wish: Walk) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let (bootstrap, registry) = (demo.bootstrap(), demo.registry_url());
    let servers: Vec<String> = bootstrap.split(',').map(|server| format!("{server:?}")).collect();
    let settings = tempfile::tempdir()?;
    for (theme, suffix) in THEMES {
        let file = settings.path().join(format!("{theme}.toml"));
        let text = format!(
            "version = 1\ntheme = {theme:?}\n[profiles.demo]\nbootstrap = [{}]\nregistry = {{ url = {registry:?} }}\n",
            servers.join(", ")
        );
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        walk(&folder, &file, suffix, wish)?;
    }
    Ok(())
}

fn walk(folder: &Path, config: &Path, suffix: &str, wish: Walk) -> Result<()> {
    let words = ["--config", &config.to_string_lossy(), "--profile", "demo", "--tz", "UTC"];
    let terminal = Terminal::open(&console()?, &words, COLUMNS, ROWS)?;
    terminal.sees("Overview")?;
    if wish == Walk::Moving {
        // Until the pictures of a minute have something to show.
        let bars = |line: &str| line.chars().filter(|c| (BARS.0..=BARS.1).contains(c)).count();
        terminal.waits("rates", |screen| screen.lines().filter(|line| bars(line) >= 16).count() >= 3)?;
    }
    let mut differing = Vec::new();
    for scene in &STORY {
        for (keys, seen) in scene.keys {
            terminal.press(keys)?;
            terminal.sees(seen)?;
        }
        terminal.rests()?;
        let picture = terminal.look(|screen| svg::picture(screen, scene.name));
        let name = format!("{}{suffix}", scene.name);
        let file = folder.join(format!("{name}.svg"));
        if wish == Walk::Check {
            let kept = std::fs::read_to_string(&file).unwrap_or_default();
            if kept.is_empty() || scene.is_timeless && shape(&kept) != shape(&picture) {
                differing.push(name);
            }
        } else if scene.is_timeless == (wish == Walk::Timeless) {
            std::fs::create_dir_all(folder)?;
            std::fs::write(&file, picture).with_context(|| format!("cannot write {}", file.display()))?;
            writeln!(std::io::stdout(), "{}", file.display())?;
            if suffix.is_empty() {
                png::convert(&file)?;
            }
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
