//! A program in a terminal that nobody sits at.
//!
//! Invariant: everything waits for what must appear, with a deadline.

use anyhow::{Context as _, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
/// Nothing was drawn for this long: the screen is complete.
const REST: Duration = Duration::from_millis(500);

struct Shown {
    parser: vt100::Parser,
    /// When something was drawn, or a key pressed.
    changed: Instant,
    is_over: bool,
}

pub struct Terminal {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    keys: Mutex<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    /// The program's end of the terminal closes with this.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    pub fn open(program: Command, columns: u16, rows: u16) -> Result<Self> {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(program.get_program());
        command.args(program.get_args());
        command.env_clear();
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        if let Some(folder) = program.get_current_dir() {
            command.cwd(folder);
        }
        let child = pair.slave.spawn_command(command).context("the console does not start")?;
        drop(pair.slave);
        let cells = |count| NonZeroU16::new(count).context("a terminal has cells");
        let parser = vt100::Parser::new(cells(rows)?, cells(columns)?, 0);
        let shown = Arc::new((Mutex::new(Shown { parser, changed: Instant::now(), is_over: false }), Condvar::new()));
        let keys = Mutex::new(pair.master.take_writer()?);
        let output = pair.master.try_clone_reader()?;
        let eyes = Arc::clone(&shown);
        std::thread::spawn(move || watch(output, &eyes));
        Ok(Self { shown, keys, child, _master: pair.master })
    }

    pub fn press(&self, keys: &str) -> Result<()> {
        // Whoever waits for rest waits for what follows from this.
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).changed = Instant::now();
        let mut writer = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(keys.as_bytes())?;
        Ok(writer.flush()?)
    }

    /// Waits until `text` is on the screen.
    pub fn sees(&self, text: &str) -> Result<()> {
        self.waits(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is as it should be.
    pub fn waits(&self, what: &str, is_right: impl Fn(&str) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let screen = shown.parser.screen().contents();
            if is_right(&screen) {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || shown.is_over {
                bail!("waited for {what:?} and saw:\n{screen}");
            }
            (shown, _) = self.shown.1.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until nothing more is drawn.
    pub fn rests(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = REST.saturating_sub(shown.changed.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            if shown.is_over || Instant::now() > deadline {
                bail!("no rest comes to:\n{}", shown.parser.screen().contents());
            }
            (shown, _) = self.shown.1.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub fn look<T>(&self, with: impl FnOnce(&vt100::Screen) -> T) -> T {
        with(self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).parser.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nothing is left to save: the console only looked.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(mut output: Box<dyn std::io::Read + Send>, eyes: &(Mutex<Shown>, Condvar)) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = output.read(&mut buffer).unwrap_or(0);
        let mut now = eyes.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.parser.process(buffer.get(..count).unwrap_or_default());
        now.changed = Instant::now();
        now.is_over = count == 0;
        drop(now);
        eyes.1.notify_all();
        if count == 0 {
            return;
        }
    }
}
