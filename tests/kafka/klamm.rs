//! The binary under test, as a script would use it.
//!
//! Invariant: it sees no settings but ours, keeps its state in a folder of its
//! own, and never runs longer than its deadline.

use crate::contract;
use crate::patience::{self, LONG};
use crate::places;
use crate::target::Target;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The exit codes of the contract.
pub const DONE: i32 = 0;
pub const FAILED: i32 = 1;
pub const PARTLY: i32 = 3;
pub const REFUSED: i32 = 4;
/// Nothing matched.
pub const NOT_MET: i32 = 5;

pub struct Klamm {
    home: PathBuf,
    connection: Vec<String>,
}

/// What one run left behind.
pub struct Ran {
    words: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Klamm {
    /// With a home of its own: another journal, another shift.
    pub fn on(target: &Target) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let home = places::data().join(format!("home-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&home).expect("a home");
        let mut connection = vec!["--bootstrap".to_owned(), target.bootstrap.clone()];
        if let Some(registry) = &target.registry {
            connection.extend(["--registry".to_owned(), registry.clone()]);
        }
        Self { home, connection }
    }

    /// The same where nothing can be kept: files stand where folders belong. (Rights
    /// would not do, since the tests may run as root.)
    pub fn without_state(self) -> Self {
        for folder in [".local", "Library"] {
            fs::write(self.home.join(folder), b"").expect("a file");
        }
        self
    }

    /// For runs that say themselves where the cluster is.
    pub fn without_connection(mut self) -> Self {
        self.connection.clear();
        self
    }

    /// The journal of the one cluster it changed.
    pub fn journal(&self) -> PathBuf {
        let mut folders = vec![self.home.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                    return path;
                }
            }
        }
        panic!("nothing was journaled below {}", self.home.display());
    }

    /// A file in its home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Puts a file into its home.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.join(name);
        fs::write(&path, text).expect("a file");
        path
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.bare_command();
        command.args(&self.connection).args(words);
        command
    }

    /// Without a connection, and with no settings but those of its own home.
    fn bare_command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KLAMM_") || name.starts_with("XDG_")) {
            command.env_remove(name);
        }
        command.env("HOME", &self.home).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        self.start(words).end()
    }

    /// With more in its environment.
    pub fn run_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.command(words);
        command.envs(environment.iter().copied());
        start(command, words).end()
    }

    /// Starts it and comes back; for what must happen while it runs.
    pub fn start(&self, words: &[&str]) -> Running {
        start(self.command(words), words)
    }

    /// The document of a run that must succeed, and how long the process took.
    pub fn timed(&self, words: &[&str]) -> (Duration, Value) {
        let began = Instant::now();
        let output = self.command(words).output().expect("the binary runs");
        let took = began.elapsed();
        assert!(output.status.success(), "klamm {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        (took, serde_json::from_slice(&output.stdout).expect("a document"))
    }

    /// `demo --serve` with these words, as soon as it said where it is.
    pub fn serve_demo(&self, words: &[&str]) -> Served {
        let words = [&["demo", "--serve"], words].concat();
        let mut command = self.bare_command();
        let began = Instant::now();
        let mut child = command.args(&words).spawn().expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it is");
        let took = began.elapsed();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let bootstrap = said["bootstrap"].as_str().expect("where it is").to_owned();
        let running = Running { child, out: Heard::default(), err: Heard::default(), words: words.join(" ") };
        Served { took, bootstrap, running }
    }

    /// The document of a run that must succeed.
    pub fn json(&self, words: &[&str]) -> Value {
        self.run(&[words, &["--output", "json"]].concat()).succeeded().json()
    }

    /// The items of that document.
    pub fn items(&self, words: &[&str]) -> Vec<Value> {
        items(&self.json(words))
    }

    /// A stream of records: one object a line, and a code of its own for none.
    pub fn records(&self, words: &[&str]) -> Vec<Value> {
        let ran = self.run(&[words, &["--output", "json"]].concat());
        let expected = if ran.stdout.is_empty() { NOT_MET } else { DONE };
        ran.ended_with(expected).lines()
    }
}

impl Drop for Klamm {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.home);
    }
}

fn start(mut command: Command, words: &[&str]) -> Running {
    let mut child = command.spawn().expect("the binary runs");
    let out = Heard::from(child.stdout.take().expect("a pipe"));
    let err = Heard::from(child.stderr.take().expect("a pipe"));
    Running { child, out, err, words: words.join(" ") }
}

/// A pipe that is read to its end beside the test, so that a full pipe stops nobody.
#[derive(Default)]
struct Heard {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let ears = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                ears.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..count]);
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.so_far()
    }
}

/// A demo in a process of its own; it ends with this.
pub struct Served {
    /// Until it said where it is.
    pub took: Duration,
    pub bootstrap: String,
    running: Running,
}

impl Served {
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }
}

pub struct Running {
    child: Child,
    out: Heard,
    err: Heard,
    words: String,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until what it said so far is enough.
    pub fn wait_for(&self, what: &str, is_enough: impl Fn(&str) -> bool) {
        patience::until(what, LONG, || {
            let said = self.out.so_far();
            if is_enough(&said) { Ok(()) } else { Err(format!("{said}\n{}", self.err.so_far())) }
        });
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        self.out.so_far()
    }

    /// It is over, by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_some()
    }

    /// Ends it as a crash or a power cut does: at once, and without its knowing.
    pub fn kill(mut self) {
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("its end");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        let status = patience::try_until("klamm to end", LONG, || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err("it still runs".to_owned()),
            Err(error) => Err(error.to_string()),
        });
        if status.is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let (stdout, stderr) = (self.out.whole(), self.err.whole());
        let words = std::mem::take(&mut self.words);
        match status {
            Ok(status) => Ran { words, code: status.code().unwrap_or(-1), stdout, stderr },
            Err(message) => panic!("klamm {words}: {message}\n{stdout}\n{stderr}"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    pub fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "klamm {}\n{}\n{}", self.words, self.stdout, self.stderr);
        self
    }

    pub fn succeeded(self) -> Self {
        self.ended_with(DONE)
    }

    pub fn json(&self) -> Value {
        self.read(&self.stdout)
    }

    pub fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| self.read(line)).collect()
    }

    /// JSON that is what its schema says.
    fn read(&self, text: &str) -> Value {
        let json =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("klamm {}: {error} in\n{text}", self.words));
        contract::holds(&self.words, &json);
        json
    }
}

/// The items of a document, whose envelope is the same everywhere.
pub fn items(document: &Value) -> Vec<Value> {
    document["items"].as_array().unwrap_or_else(|| panic!("a document has items: {document}")).clone()
}
