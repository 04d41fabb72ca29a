//! Where the harness keeps things: libraries, logs and broker data.
//!
//! Invariant: nothing is written outside `target/it` and one folder per run on
//! tmpfs, and the latter is gone after the run.

use std::fs;
use std::path::{Path, PathBuf};

/// `target/it`, whatever the target folder is called.
pub fn root() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().unwrap_or(tmp).join("it")
}

pub fn libraries() -> PathBuf {
    root().join("libs")
}

/// Logs of this run; kept when something fails.
pub fn logs() -> PathBuf {
    root().join("logs").join(format!("run-{}", std::process::id()))
}

/// Data of this run: on tmpfs where there is one, since a broker's start and
/// every acknowledged record wait for the disk otherwise.
pub fn data() -> PathBuf {
    base().join(format!("{PREFIX}{}", std::process::id()))
}

const PREFIX: &str = "klamm-it-";

fn base() -> PathBuf {
    let shm = Path::new("/dev/shm");
    let probe = shm.join(format!("{PREFIX}probe-{}", std::process::id()));
    if fs::write(&probe, b"").is_ok() {
        let _ = fs::remove_file(&probe);
        shm.to_path_buf()
    } else {
        root().join("run")
    }
}

/// Removes data that runs which were killed left behind.
pub fn sweep() {
    let Ok(entries) = fs::read_dir(base()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|pid| pid.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
