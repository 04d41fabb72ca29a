//! The demo, the clock, and the consoles that look at it.
//!
//! Owns: what all of them share. Invariant: between two moves of the clock nothing
//! in this world changes.

use super::terminal::Terminal;
use anyhow::{Context as _, Result, bail};
use klamm::demo::{Clock, Demo, Options};
use klamm::domain::Time;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;
/// 2026-11-21 14:00:00 UTC
const NOON: Time = Time(1_795_269_600_000);
/// Names the file that says what time it is.
const CLOCK: &str = "KLAMM_SCREENSHOTS_CLOCK";

/// The themes, and what stands behind a picture's name.
pub const THEMES: [(&str, &str); 2] = [("dark", ""), ("light", "-light")];

/// Runs klamm with the time from the file, when this process is to be a console.
pub fn console() -> Option<ExitCode> {
    let file = PathBuf::from(std::env::var_os(CLOCK)?);
    let read = move || std::fs::read_to_string(&file).ok().and_then(|text| text.parse().ok()).map_or(NOON, Time);
    klamm::cluster::tell_time(read);
    Some(klamm::cli::main())
}

pub struct Stage {
    runtime: Runtime,
    demo: Option<Demo>,
    /// The consoles' home: they share a journal, as two people at one machine do.
    home: TempDir,
}

impl Stage {
    pub fn set() -> Result<Self> {
        let runtime = Runtime::new()?;
        // Addresses are on the pictures, so they do not change.
        let listen = Some(([127, 0, 0, 1], 19_092).into());
        let options = Options { listen, clock: Clock::Stopped(NOON), ..Options::default() };
        let demo =
            runtime.block_on(Demo::start(options)).context("the demo needs ports 19092 to 19094 of 127.0.0.1")?;
        let stage = Self { runtime, demo: Some(demo), home: tempfile::tempdir()? };
        stage.write("clock", &NOON.0.to_string())?;
        for (theme, _) in THEMES {
            for (desk, text) in [("", stage.settings(theme)?), ("-empty", format!("version = 1\ntheme = {theme:?}\n"))]
            {
                std::fs::create_dir(stage.home.path().join(format!("{theme}{desk}")))?;
                stage.write(&format!("{theme}{desk}/config.toml"), &text)?;
            }
        }
        Ok(stage)
    }

    fn demo(&self) -> Result<&Demo> {
        self.demo.as_ref().context("the demo is over")
    }

    /// Nothing is asked for again by itself: what is on screen is as of a key.
    fn settings(&self, theme: &str) -> Result<String> {
        let demo = self.demo()?;
        let servers: Vec<String> = demo.bootstrap().split(',').map(|server| format!("{server:?}")).collect();
        let (servers, registry) = (servers.join(", "), demo.registry_url());
        Ok(format!(
            "version = 1\ntheme = {theme:?}\n\n\
             [profiles.demo]\nbootstrap = [{servers}]\nregistry = {{ url = {registry:?} }}\n\
             refresh = {{ metadata = \"1h\", lag = \"1h\" }}\n\n\
             [profiles.prod-eu]\nbootstrap = [\"kafka-1.eu:9093\", \"kafka-2.eu:9093\"]\ntls = {{}}\n\
             sasl = {{ mechanism = \"SCRAM-SHA-512\", user = \"oncall\", password = {{ keyring = \"kafka-prod\" }} }}\n\
             colour = \"red\"\nread_only = true\nproduction = true\n\
             notes = \"On call: #kafka. Changes only after 18:00.\"\n\n\
             [profiles.staging]\nbootstrap = [\"kafka.staging:9092\"]\ncolour = \"green\"\n"
        ))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        // In one step: the consoles read the clock at any time.
        let (file, new) = (self.home.path().join(name), self.home.path().join(format!("{name}.new")));
        std::fs::write(&new, text)?;
        std::fs::rename(&new, &file).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Moves the time of everybody.
    pub fn advance(&self, millis: i64) -> Result<()> {
        let now: i64 = std::fs::read_to_string(self.home.path().join("clock"))?.parse()?;
        self.demo()?.advance(millis);
        self.write("clock", &(now + millis).to_string())
    }

    /// A console for each theme, on the settings of a desk.
    pub fn consoles(&self, desk: &str, words: &[&str]) -> Result<Vec<Terminal>> {
        let open = |(theme, _)| Terminal::open(self.klamm(&format!("{theme}{desk}"), words)?, COLUMNS, ROWS);
        THEMES.into_iter().map(open).collect()
    }

    /// Runs a command on the demo to its end.
    pub fn run(&self, words: &[&str]) -> Result<()> {
        let mut command = self.klamm("dark", &[&["--profile", "demo"], words].concat())?;
        let ended = command.stdin(Stdio::null()).output()?;
        if !ended.status.success() {
            bail!("klamm {}: {}", words.join(" "), String::from_utf8_lossy(&ended.stderr));
        }
        Ok(())
    }

    /// Settings are named without their folder: where it lies is on no picture.
    fn klamm(&self, desk: &str, words: &[&str]) -> Result<Command> {
        let home = self.home.path();
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--config", "config.toml", "--tz", "UTC"]).args(words);
        command.env_clear().current_dir(home.join(desk)).env("HOME", home).env(CLOCK, home.join("clock"));
        Ok(command)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(demo) = self.demo.take() {
            self.runtime.block_on(demo.shutdown());
        }
    }
}
