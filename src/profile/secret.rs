//! Where a secret comes from, and fetching it when it is needed.
//!
//! Invariant: neither a secret nor what a command printed appears in a message;
//! only where it was looked for does.

use super::field::Field;
use crate::domain::{Failure, FailureKind, command_line};
use secrecy::SecretString;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A command that takes longer waits for something that will not come.
const COMMAND_DEADLINE: Duration = Duration::from_secs(20);
/// How often an ending program is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// A keyring may ask the person to unlock it first.
const KEYRING_DEADLINE: Duration = Duration::from_secs(60);
/// Under which klamm's secrets are in the keyring.
const SERVICE: &str = "klamm";
/// Tokens are a few kilobytes; more is not a secret.
const MAX_SECRET: u64 = 64 * 1024;

/// Where a secret is kept.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    File(PathBuf),
    /// The first line that a program prints.
    Command(Vec<String>),
    /// The system's keyring, under klamm's name and this one.
    Keyring(String),
    /// Asked for once, and kept for the run.
    Prompt,
    /// In the configuration file itself.
    Literal(SecretString),
}

/// A secret that a person is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    pub profile: String,
    pub field: Field,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.field {
            Field::Token => "token",
            Field::Passphrase => "passphrase of the key",
            Field::RegistryPassword => "password of the registry",
            _ => "password",
        };
        write!(f, "{what} for profile {}", self.profile)
    }
}

/// How a person is asked, where there is one.
pub type Ask<'a> = &'a dyn Fn(&Question) -> Result<SecretString, Failure>;

/// Nobody can be asked.
pub fn nobody_to_ask(question: &Question) -> Result<SecretString, Failure> {
    let message = format!("the {question} is asked for on a terminal, and there is none");
    Err(Failure::new(FailureKind::Invalid, "get secret", message)
        .hint("Keep it in a variable, a file, a command or the keyring to run without a terminal."))
}

impl SecretSource {
    /// Where it is kept, for showing: never the secret.
    pub fn describe(&self) -> String {
        match self {
            Self::Env(name) => format!("environment variable {name}"),
            Self::File(path) => format!("file {}", path.display()),
            // Arguments may hold secrets themselves.
            Self::Command(words) => format!("command {}", words.first().map_or("", String::as_str)),
            Self::Keyring(name) => format!("keyring, {SERVICE} {name}"),
            Self::Prompt => "asked for once a run".into(),
            Self::Literal(_) => "in the configuration file".into(),
        }
    }

    /// Fetches the secret. May wait for a program: not for the event loop.
    pub(super) fn resolve(
        &self,
        environment: &dyn Fn(&str) -> Option<String>,
        ask: &dyn Fn() -> Result<SecretString, Failure>,
    ) -> Result<SecretString, Failure> {
        let fail =
            |kind, reason: String| Failure::new(kind, "get secret", reason).on(format!("from {}", self.describe()));
        let text = match self {
            Self::Literal(secret) => return Ok(secret.clone()),
            Self::Prompt => return ask(),
            Self::Keyring(name) => run(&look_up(name), KEYRING_DEADLINE).map_err(|reason| {
                fail(FailureKind::Storage, reason)
                    .hint(format!("Keep it there with: {}", command_line::join(keep(name))))
            })?,
            Self::Env(name) => environment(name).ok_or_else(|| {
                fail(FailureKind::NotFound, "the variable is not set".into())
                    .hint(format!("Set {name} and start again."))
            })?,
            Self::File(path) => read(path).map_err(|reason| fail(FailureKind::Storage, reason))?,
            Self::Command(words) => {
                run(words, COMMAND_DEADLINE).map_err(|reason| fail(FailureKind::Storage, reason))?
            }
        };
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() {
            return Err(fail(FailureKind::NotFound, "it is empty".into()));
        }
        Ok(SecretString::from(line))
    }
}

/// The program of this system that reads its keyring. A crate would bring a D-Bus
/// client and its own cryptography for one look-up.
fn look_up(name: &str) -> Vec<String> {
    let words: &[&str] = if cfg!(target_os = "macos") {
        &["security", "find-generic-password", "-w", "-s", SERVICE, "-a", name]
    } else {
        &["secret-tool", "lookup", "service", SERVICE, "account", name]
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The command that puts a secret there; both programs ask for it.
fn keep(name: &str) -> Vec<&str> {
    if cfg!(target_os = "macos") {
        vec!["security", "add-generic-password", "-s", SERVICE, "-a", name, "-w"]
    } else {
        vec!["secret-tool", "store", "--label=klamm", "service", SERVICE, "account", name]
    }
}

fn read(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    bounded(file)
}

fn bounded(source: impl Read) -> Result<String, String> {
    let mut text = String::new();
    source.take(MAX_SECRET).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

fn run(words: &[String], deadline: Duration) -> Result<String, String> {
    let until = Instant::now() + deadline;
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // Its complaints would be written across the screen.
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let Some(stdout) = child.stdout.take() else { return Err("its output cannot be read".into()) };
    let (send, receive) = mpsc::sync_channel(1);
    std::thread::spawn(move || send.send(bounded(stdout)));
    match receive.recv_timeout(deadline) {
        Ok(Err(reason)) => {
            end(child);
            Err(reason)
        }
        Ok(Ok(text)) => {
            // Its output is closed or longer than any secret: it has nothing more to say.
            let status = finish(child, until)?;
            if status.success() { Ok(text) } else { Err(format!("it failed ({status})")) }
        }
        Err(_) => {
            end(child);
            Err(format!("it did not answer within {} s", deadline.as_secs()))
        }
    }
}

/// Waits for its end; one that has closed its output may still go on for ever.
fn finish(mut child: Child, until: Instant) -> Result<ExitStatus, String> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < until => std::thread::park_timeout(LOOK_AGAIN),
            Ok(None) => {
                end(child);
                return Err("it printed something and did not end".into());
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// It may be gone already, which is as good.
fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn unasked() -> Result<SecretString, Failure> {
        nobody_to_ask(&Question { profile: "p".into(), field: Field::Password })
    }

    fn get(source: &SecretSource) -> Result<String, String> {
        source
            .resolve(&nothing, &unasked)
            .map(|secret| secret.expose_secret().to_owned())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn secrets_come_from_where_the_profile_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "from file\n").unwrap();
        assert_eq!(get(&SecretSource::File(path)).unwrap(), "from file");
        let command = ["sh", "-c", "printf 'from command\\nmore'"].map(String::from).to_vec();
        assert_eq!(get(&SecretSource::Command(command)).unwrap(), "from command");
        let env = SecretSource::Env("X".into());
        let found = env.resolve(&|name| (name == "X").then(|| "from env".into()), &unasked).unwrap();
        assert_eq!(found.expose_secret(), "from env");
    }

    #[test]
    fn a_missing_secret_says_where_it_was_looked_for() {
        assert!(
            get(&SecretSource::Env("NOPE".into()))
                .unwrap_err()
                .contains("environment variable NOPE: the variable is not set")
        );
        assert!(get(&SecretSource::File("/nonexistent/x".into())).unwrap_err().contains("/nonexistent/x"));
        let failing = ["sh", "-c", "echo s3cret; exit 3"].map(String::from).to_vec();
        let error = get(&SecretSource::Command(failing)).unwrap_err();
        assert!(error.contains("command sh") && !error.contains("s3cret"), "{error}");
        assert!(get(&SecretSource::Command(vec![])).unwrap_err().contains("empty"));
        assert!(get(&SecretSource::Command(vec!["true".into()])).unwrap_err().contains("it is empty"));
    }

    #[test]
    fn what_is_asked_for_is_asked_and_never_guessed() {
        assert!(get(&SecretSource::Prompt).unwrap_err().contains("password for profile p is asked for on a terminal"));
        let asked = SecretSource::Prompt.resolve(&nothing, &|| Ok("typed".into())).unwrap();
        assert_eq!(asked.expose_secret(), "typed");
    }

    #[test]
    fn the_keyring_is_read_by_the_systems_own_program_under_klamms_name() {
        let words = look_up("prod");
        assert!(words.contains(&"klamm".to_owned()) && words.contains(&"prod".to_owned()), "{words:?}");
        assert!(keep("prod").contains(&"prod"));
        assert_eq!(SecretSource::Keyring("prod".into()).describe(), "keyring, klamm prod");
    }

    #[test]
    fn a_command_that_hangs_is_given_up() {
        let hanging = ["sh", "-c", "exec sleep 60"].map(String::from).to_vec();
        assert!(run(&hanging, Duration::from_millis(50)).unwrap_err().contains("did not answer"));
        let lingering = ["sh", "-c", "echo x; exec >&-; exec sleep 60"].map(String::from).to_vec();
        assert!(run(&lingering, Duration::from_millis(500)).unwrap_err().contains("did not end"));
    }
}
