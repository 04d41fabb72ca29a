//! Where klamm's own log goes: standard error for a command, a file for the
//! console, whose screen must not be written over.
//!
//! Nothing is logged unless `KLAMM_LOG` asks for it (`debug`,
//! `klamm::kafka=trace`), the console's warnings aside.

use super::output::complain;
use std::path::{Path, PathBuf};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "KLAMM_LOG";
const FILE: &str = "klamm.log";
/// One file a day; a week says enough.
const DAYS: usize = 7;
/// Lines that may wait for the disk; more are dropped. Their places are memory.
const WAITING_LINES: usize = 4_000;

/// What the variable asks for; one that is not understood is said.
fn asked_for() -> Option<EnvFilter> {
    let text = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())?;
    let filter = EnvFilter::try_new(&text);
    filter.map_err(|error| complain(&format!("{VARIABLE} is not understood: {error}"))).ok()
}

/// For commands. Silent unless asked.
pub(crate) fn to_stderr() {
    if let Some(filter) = asked_for() {
        // A second subscriber in one process is refused, which only tests meet.
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    }
}

/// For the console. The guard writes the last lines when it goes. `None` where
/// the file cannot be written: the console works without a log.
pub(crate) fn to_file(dir: &Path) -> Option<WorkerGuard> {
    std::fs::create_dir_all(dir).ok()?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(FILE)
        .max_log_files(DAYS)
        .build(dir)
        .ok()?;
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(WAITING_LINES).finish(file);
    let filter = asked_for().unwrap_or_else(|| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false);
    log.try_init().ok()?;
    Some(guard)
}

/// What `klamm --print-log-path` says: the beginning of the files' names.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}
