//! A change of the file: made ready, shown, and written.
//!
//! Invariant: the file is the old one or the new one, never a part; it is not
//! written when somebody else has changed it meanwhile.

use super::{Action, carry_out, diff};
use crate::domain::{Failure, FailureKind};
use crate::profile::saved::ConfigWarning;
use crate::profile::{Loaded, file, paths};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A change that was made ready.
#[derive(Clone)]
pub struct FileChange {
    pub file: PathBuf,
    before: String,
    after: String,
    /// What is wrong with the file afterwards that was not before.
    pub warnings: Vec<ConfigWarning>,
}

impl fmt::Debug for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileChange").field("file", &self.file).field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

impl FileChange {
    /// Reads the file, which may be missing, and does the action on its text.
    pub fn of(file: &Path, action: &Action) -> Result<Self, Failure> {
        let before = read(file).map_err(|error| failed("read configuration", file, &error))?;
        let after = carry_out(&before, file, action)?;
        let known: Vec<String> = file::parse(&before, file).warnings.into_iter().map(|warning| warning.text).collect();
        let mut warnings = file::parse(&after, file).warnings;
        // Without its lines: those move. A second profile with the same fault is a new one.
        let mut known = known;
        warnings.retain(|warning| match known.iter().position(|text| *text == warning.text) {
            Some(at) => {
                known.swap_remove(at);
                false
            }
            None => true,
        });
        Ok(Self { file: file.to_owned(), before, after, warnings })
    }

    /// The change as a unified diff in which secrets are hidden.
    pub fn diff(&self) -> String {
        diff::unified(&self.before, &self.after)
    }

    /// The profiles as they would be.
    pub fn loaded(&self) -> Loaded {
        super::super::layers::of_text(&self.after, self.file.clone())
    }

    pub fn changes_something(&self) -> bool {
        self.before != self.after
    }

    /// Writes it. A symbolic link stays one, and what it leads to is replaced.
    pub fn save(&self) -> Result<(), Failure> {
        let fail = |error: io::Error| failed("write configuration", &self.file, &error);
        let place = followed(&self.file).map_err(fail)?;
        if read(&place).map_err(fail)? != self.before {
            let message = "somebody else has changed the file meanwhile";
            let failure = Failure::new(FailureKind::Conflict, "write configuration", message);
            return Err(failure.on(self.file.display().to_string()).hint("Look at it and do it again."));
        }
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(fail)?;
        }
        replace(&place, self.after.as_bytes()).map_err(fail)
    }
}

fn failed(operation: &str, file: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureKind::Storage, operation, error.to_string()).on(file.display().to_string())
}

fn read(file: &Path) -> io::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        other => other,
    }
}

/// Where a chain of links leads, also when nothing is there yet.
fn followed(file: &Path) -> io::Result<PathBuf> {
    let mut place = file.to_owned();
    // As many as the system itself would follow.
    for _ in 0..40 {
        match fs::read_link(&place) {
            Ok(target) => place = place.parent().map_or_else(|| target.clone(), |folder| folder.join(&target)),
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other("too many links lead to it"))
}

/// Writes beside `place` what only the owner can read, then puts it there at once.
fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = place.with_file_name(name);
    let written = write_new(&beside, bytes).and_then(|()| {
        // A file that others may read stays so.
        if let Ok(metadata) = fs::metadata(place) {
            fs::set_permissions(&beside, metadata.permissions())?;
        }
        fs::rename(&beside, place)
    });
    if written.is_err() {
        // It may hold secrets; when it cannot be removed, the failure names the folder.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = paths::private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Entry, Field};

    fn add(name: &str) -> Action {
        let settings = vec![(Field::Bootstrap, Entry::Text("h".into()))];
        Action::Add { name: name.into(), settings, as_default: false }
    }

    #[test]
    fn a_first_profile_makes_the_file_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("klamm/config.toml");
        let change = FileChange::of(&file, &add("a")).unwrap();
        assert!(!file.exists(), "nothing is written before it is asked for");
        change.save().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "version = 1\n\n[profiles.a]\nbootstrap = [\"h\"]\n");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_rights_stay_as_they_are() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real.toml"), dir.path().join("config.toml"));
        fs::write(&real, "# mine\n").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink("real.toml", &link).unwrap();
        FileChange::of(&link, &add("a")).unwrap().save().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().starts_with("# mine\n"));
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o644);
        let dangling = dir.path().join("dangling.toml");
        std::os::unix::fs::symlink("later.toml", &dangling).unwrap();
        FileChange::of(&dangling, &add("a")).unwrap().save().unwrap();
        assert!(dir.path().join("later.toml").exists());
    }

    #[test]
    fn what_somebody_else_wrote_meanwhile_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let change = FileChange::of(&file, &add("a")).unwrap();
        fs::write(&file, "# theirs\n").unwrap();
        assert_eq!(change.save().unwrap_err().kind, FailureKind::Conflict);
        assert_eq!(fs::read_to_string(&file).unwrap(), "# theirs\n");
    }
}
