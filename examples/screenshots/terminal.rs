//! A program in a terminal that nobody sits at.
//!
//! Invariant: everything waits for what must appear, with a deadline.

use anyhow::{Context as _, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(100);
/// Nothing was drawn for this long: the screen is complete.
const REST: Duration = Duration::from_millis(700);
/// A screen that never rests, because its data move, is taken as it is.
const ENOUGH: Duration = Duration::from_secs(12);

struct Shown {
    parser: vt100::Parser,
    bytes: usize,
    is_over: bool,
}

pub struct Terminal {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    keys: Mutex<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    /// The program's end of the terminal closes with this.
    _master: Box<dyn MasterPty + Send>,
    /// A home without settings.
    _home: TempDir,
}

impl Terminal {
    pub fn open(program: &Path, words: &[&str], columns: u16, rows: u16) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(program);
        command.args(words);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        command.cwd(home.path());
        let child = pair.slave.spawn_command(command).context("the console does not start")?;
        drop(pair.slave);
        let cells = |count| NonZeroU16::new(count).context("a terminal has cells");
        let parser = vt100::Parser::new(cells(rows)?, cells(columns)?, 0);
        let shown = Arc::new((Mutex::new(Shown { parser, bytes: 0, is_over: false }), Condvar::new()));
        let keys = Mutex::new(pair.master.take_writer()?);
        let output = pair.master.try_clone_reader()?;
        let eyes = Arc::clone(&shown);
        std::thread::spawn(move || watch(output, &eyes));
        Ok(Self { shown, keys, child, _master: pair.master, _home: home })
    }

    pub fn press(&self, keys: &str) -> Result<()> {
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
        let begin = Instant::now();
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = (shown.bytes, Instant::now());
        while last.1.elapsed() < REST && begin.elapsed() < ENOUGH {
            if shown.is_over {
                bail!("the console ended:\n{}", shown.parser.screen().contents());
            }
            let left = REST.saturating_sub(last.1.elapsed());
            (shown, _) = self.shown.1.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner);
            if shown.bytes != last.0 {
                last = (shown.bytes, Instant::now());
            }
        }
        Ok(())
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
        now.bytes += count;
        now.is_over = count == 0;
        drop(now);
        eyes.1.notify_all();
        if count == 0 {
            return;
        }
    }
}
