//! A child process that never outlives the tests.
//!
//! Each runs under a small shell that watches a pipe from us. When we end, in
//! whatever way, the pipe closes and the shell kills its one child: statics are
//! never dropped, and a killed test binary drops nothing at all.
//! Invariant: a signal goes only to a process that was started here.

use crate::patience;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Starts `$@` with its output in `$LOG`, says its pid, and ends when it does.
const WATCH: &str = r#"
exec 3<&0
"$@" </dev/null >>"$LOG" 2>&1 3<&- &
child=$!
echo "$child"
( cat <&3 >/dev/null; kill -KILL "$child" ) >/dev/null 2>&1 &
wait "$child"
"#;

#[derive(Clone, Copy, Debug)]
pub enum Signal {
    Kill,
    Stop,
    Continue,
}

pub struct Service {
    name: String,
    shell: Child,
    pid: u32,
    log: PathBuf,
}

impl Service {
    pub fn start(name: &str, dir: &Path, log: &Path, command: &[String]) -> Result<Self, String> {
        let fail = |error: std::io::Error| format!("cannot start {name}: {error}");
        if let Some(parent) = log.parent() {
            fs::create_dir_all(parent).map_err(fail)?;
        }
        File::options().create(true).append(true).open(log).map_err(fail)?;
        let mut shell = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .args(command)
            .current_dir(dir)
            .env("LOG", log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Its own group: an interrupt typed at the terminal reaches us alone,
            // and we decide in which order things end.
            .process_group(0)
            .spawn()
            .map_err(fail)?;
        let mut line = String::new();
        let stdout = shell.stdout.take().ok_or_else(|| format!("cannot start {name}: no pipe"))?;
        BufReader::new(stdout).read_line(&mut line).map_err(fail)?;
        let pid = line.trim().parse().map_err(|_| format!("cannot start {name}: its shell said {line:?}"))?;
        Ok(Self { name: name.to_owned(), shell, pid, log: log.to_owned() })
    }

    /// Whether it has ended by itself, with the end of its log.
    pub fn check(&mut self) -> Result<(), String> {
        match self.shell.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("{} ended ({status}):\n{}", self.name, self.log_tail())),
            Err(error) => Err(format!("{} cannot be watched: {error}", self.name)),
        }
    }

    pub fn signal(&self, signal: Signal) {
        let flag = match signal {
            Signal::Kill => "-KILL",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        // The shell has not reaped it while it still runs itself, so the pid is ours.
        let sent = Command::new("kill").args([flag, &self.pid.to_string()]).stderr(Stdio::null()).status();
        // One that is gone already needs no signal.
        sent.expect("kill runs, of the Debian package procps");
    }

    /// Ends it at once and waits until it is gone.
    pub fn kill(&mut self) {
        if self.check().is_err() {
            return;
        }
        self.signal(Signal::Kill);
        let _ = patience::try_until("a killed process to go", patience::SHORT, || match self.shell.try_wait() {
            Ok(Some(_)) => Ok(()),
            _ => Err("it is still there".to_owned()),
        });
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(25);
        format!("{}\n(whole log: {})", lines[from..].join("\n"), self.log.display())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
