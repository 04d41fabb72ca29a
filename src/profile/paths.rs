//! Where klamm keeps things, by the platform's rules.

use std::fs::OpenOptions;
use std::path::PathBuf;

const NAME: &str = "klamm";

/// What is opened so is, where it is new, for its owner alone.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// The file with the profiles. `None` where the platform names no home.
pub fn config_file() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join(NAME).join("config.toml"))
}

/// Journals and samples.
pub fn state_dir() -> Option<PathBuf> {
    Some(dirs::state_dir().or_else(dirs::data_local_dir)?.join(NAME))
}

/// Log files.
pub fn log_dir() -> Option<PathBuf> {
    Some(state_dir()?.join("log"))
}
