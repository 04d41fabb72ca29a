//! A text in the editor of whoever sits there.
//!
//! Owns: which editor, and the file between: in a folder that only its owner may enter
//! and that is gone afterwards, with whatever the editor left beside the file. Must not
//! know what the text is for.
//! Invariant: the terminal's modes are afterwards what they were, however the editor ended.

use crate::profile::paths;
use crate::tui::app::EditText;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use tokio::process::{Child, Command};
use uuid::Uuid;

/// A longer text is not taken back.
const MOST: u64 = 64 << 20;

/// The editor as it was chosen: `$VISUAL`, else `$EDITOR`.
pub fn chosen() -> Result<OsString, String> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    variable("VISUAL")
        .or_else(|| variable("EDITOR"))
        .ok_or_else(|| "no editor is chosen: set VISUAL or EDITOR, such as EDITOR=vi, and start klamm again".to_owned())
}

/// The file that is edited. Dropped, it is gone.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    file: PathBuf,
    ends_with_line: bool,
}

impl Scratch {
    /// Blocks.
    pub fn write(edit: &EditText) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("klamm-{}", Uuid::from_u128(seed())));
        private(&mut fs::DirBuilder::new()).create(&folder)?;
        let file = folder.join(format!("value.{}", edit.extension));
        let scratch = Self { folder, file, ends_with_line: edit.text.ends_with('\n') };
        let mut opened = paths::private(fs::File::options().write(true).create_new(true)).open(&scratch.file)?;
        opened.write_all(edit.text.as_bytes())?;
        Ok(scratch)
    }

    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The text as it is now, without the line break that editors add at its end. Blocks.
    pub fn read(&self) -> Result<String, String> {
        let size = fs::metadata(&self.file).map_err(|error| error.to_string())?.len();
        if size > MOST {
            return Err(format!("it has more than {} MiB", MOST >> 20));
        }
        let bytes = fs::read(&self.file).map_err(|error| error.to_string())?;
        let mut text = String::from_utf8(bytes).map_err(|_| "what the editor wrote is not UTF-8".to_owned())?;
        if !self.ends_with_line && text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "what was edited is not removed");
        }
    }
}

/// Something that no other process guesses.
fn seed() -> u128 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

#[cfg(unix)]
fn private(builder: &mut fs::DirBuilder) -> &mut fs::DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;
    builder.mode(0o700)
}

#[cfg(not(unix))]
fn private(builder: &mut fs::DirBuilder) -> &mut fs::DirBuilder {
    builder
}

/// Starts the editor on a file. What was chosen may have arguments of its own, as for git.
pub fn start(editor: &OsString, file: &Path) -> io::Result<Child> {
    let mut command = if cfg!(unix) {
        let mut line = editor.clone();
        line.push(" \"$@\"");
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).arg(editor);
        command
    } else {
        Command::new(editor)
    };
    command.arg(file).kill_on_drop(true).spawn()
}

/// Why a text is not taken.
pub fn refused(status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("the editor ended with {status}: nothing of it is taken")) }
}

/// Edits a text on the terminal that this process has; for the command line.
pub async fn edit(edit: EditText) -> Result<String, String> {
    let editor = chosen()?;
    let scratch = written(edit).await?;
    let modes = Modes::now();
    let status = match start(&editor, scratch.path()) {
        Ok(mut child) => child.wait().await,
        Err(error) => Err(error),
    };
    modes.restore();
    refused(status.map_err(|error| format!("{}: {error}", editor.display()))?)?;
    read(scratch).await
}

/// The same as [`Scratch::write`], beside the loop.
pub async fn written(edit: EditText) -> Result<Scratch, String> {
    let written = tokio::task::spawn_blocking(move || Scratch::write(&edit)).await;
    written.map_err(|error| error.to_string())?.map_err(|error| format!("no file to edit can be made: {error}"))
}

/// The same as [`Scratch::read`], beside the loop. The file is then gone.
pub async fn read(scratch: Scratch) -> Result<String, String> {
    tokio::task::spawn_blocking(move || scratch.read()).await.map_err(|error| error.to_string())?
}

/// The modes of the terminal, which an editor that dies leaves as it needed them.
#[derive(Debug)]
pub struct Modes {
    #[cfg(unix)]
    kept: Option<rustix::termios::Termios>,
}

impl Modes {
    #[cfg(unix)]
    pub fn now() -> Self {
        Self { kept: rustix::termios::tcgetattr(io::stdin()).ok() }
    }

    #[cfg(unix)]
    pub fn restore(self) {
        if let Some(kept) = self.kept
            && let Err(error) = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &kept)
        {
            tracing::warn!(%error, "the terminal's modes are not restored");
        }
    }

    #[cfg(not(unix))]
    pub fn now() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    pub fn restore(self) {}
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn scratch(text: &str) -> Scratch {
        Scratch::write(&EditText { text: text.into(), extension: "json" }).unwrap()
    }

    #[test]
    fn the_file_is_private_and_gone_afterwards() {
        let scratch = scratch("secret");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&scratch.folder), mode(&scratch.file)), (0o700, 0o600));
        assert_eq!(scratch.file.extension().unwrap(), "json");
        // What an editor leaves beside it goes, too.
        fs::write(scratch.folder.join("value.json~"), "secret").unwrap();
        let folder = scratch.folder.clone();
        drop(scratch);
        assert!(!folder.exists());
    }

    #[test]
    fn a_line_break_that_an_editor_adds_is_no_part_of_the_text() {
        for (before, after, wanted) in [("a", "b\n", "b"), ("a\n", "b\n", "b\n"), ("", "b\n\n", "b\n"), ("", "", "")] {
            let scratch = scratch(before);
            fs::write(&scratch.file, after).unwrap();
            assert_eq!(scratch.read().unwrap(), wanted);
        }
        let scratch = scratch("a");
        fs::write(&scratch.file, [0xff]).unwrap();
        assert!(scratch.read().unwrap_err().contains("UTF-8"));
    }

    #[tokio::test]
    async fn what_was_chosen_may_have_arguments_and_its_end_counts() {
        let scratch = scratch("a");
        let editor = |line: &str| OsString::from(line);
        let mut child = start(&editor("sed -i s/a/b/"), &scratch.file).unwrap();
        assert_eq!(refused(child.wait().await.unwrap()), Ok(()));
        assert_eq!(scratch.read().unwrap(), "b");
        let mut child = start(&editor("exit 3;"), &scratch.file).unwrap();
        let said = refused(child.wait().await.unwrap()).unwrap_err();
        assert!(said.contains("exit status: 3"), "{said}");
    }
}
