//! The console in a real terminal: a pty with a terminal emulator behind it.
//!
//! A key is typed as bytes; what is seen is what the emulator would show.
//! Invariant: nothing waits for a time. Everything waits for what must appear,
//! with a deadline, and a failure prints the screen.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A loaded machine with two cores is slow; a limit only costs when something is broken.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What the terminal shows and how much it was sent.
struct Shown {
    parser: vt100::Parser<Answers>,
    bytes: usize,
    is_over: bool,
    /// What comes next is not shown: the terminal goes away.
    is_leaving: bool,
}

/// Questions a terminal is asked and answers: where the cursor is, what it is.
#[derive(Default)]
struct Answers {
    pending: Vec<u8>,
    /// What was done to the terminal beside drawing: titles, clipboard, bells.
    tricks: Vec<String>,
}

impl vt100::Callbacks for Answers {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.tricks.push("a bell".to_owned());
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.tricks.push(format!("the title {:?}", String::from_utf8_lossy(title)));
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.tricks.push(format!("the clipboard {:?}", String::from_utf8_lossy(data)));
    }

    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        _first: Option<u8>,
        _second: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        match (last, parameters) {
            ('n', [[6]]) => {
                let (row, column) = screen.cursor_position();
                self.pending.extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes());
            }
            ('c', _) => self.pending.extend(b"\x1b[?62;22c"),
            _ => {}
        }
    }
}

pub struct Console {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    /// The terminal's end of the line, as long as it is there.
    master: Option<Box<dyn MasterPty + Send>>,
    /// Reads what is to be shown.
    eyes: Option<JoinHandle<()>>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
    /// The terminal's settings before anything ran in it.
    settings: String,
    /// Its settings and its journal; gone with it.
    home: TempDir,
}

impl Console {
    /// `klamm` with these words, in a terminal of this size.
    pub fn open(words: &[&str], columns: u16, rows: u16) -> Self {
        Self::open_program(env!("CARGO_BIN_EXE_klamm"), words, &[], columns, rows)
    }

    /// The same with variables.
    pub fn open_with(words: &[&str], variables: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        Self::open_program(env!("CARGO_BIN_EXE_klamm"), words, variables, columns, rows)
    }

    /// Another program in a terminal, such as a shell.
    pub fn open_program(program: &str, words: &[&str], variables: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let home = tempfile::tempdir().expect("a home");
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pty");
        let settings = settings(&*pair.master);
        let mut command = CommandBuilder::new(program);
        command.args(words);
        for (name, _) in std::env::vars() {
            if name.starts_with("KLAMM_") || name.starts_with("XDG_") || name == "NO_COLOR" {
                command.env_remove(name);
            }
        }
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.cwd(home.path());
        let child = pair.slave.spawn_command(command).expect("the console starts");
        drop(pair.slave);

        let parser = vt100::Parser::new_with_callbacks(cells(rows), cells(columns), 0, Answers::default());
        let shown =
            Arc::new((Mutex::new(Shown { parser, bytes: 0, is_over: false, is_leaving: false }), Condvar::new()));
        let keys = Arc::new(Mutex::new(pair.master.take_writer().expect("a way to type")));
        let mut output = pair.master.try_clone_reader().expect("a way to see");
        let (seen, hands) = (Arc::clone(&shown), Arc::clone(&keys));
        let eyes = std::thread::spawn(move || {
            let mut buffer = [0; 64 * 1024];
            loop {
                let count = output.read(&mut buffer).unwrap_or(0);
                let mut now = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
                now.bytes += count;
                let is_over = count == 0 || now.is_leaving;
                now.is_over = is_over;
                now.parser.process(&buffer[..count]);
                let answer = std::mem::take(&mut now.parser.callbacks_mut().pending);
                drop(now);
                seen.1.notify_all();
                if !answer.is_empty() {
                    let _ = hands.lock().unwrap_or_else(PoisonError::into_inner).write_all(&answer);
                }
                if is_over {
                    break;
                }
            }
        });
        Self { shown, master: Some(pair.master), eyes: Some(eyes), keys, child, settings, home }
    }

    /// Types: plain text, and keys in angle brackets: `<enter>`, `<esc>`, `<ctrl-d>`.
    pub fn press(&self, script: &str) {
        let mut bytes = Vec::new();
        let mut rest = script;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|inside| inside.split_once('>'));
            if let Some((bytes_of, after)) = named.and_then(|(name, after)| Some((key(name)?, after))) {
                bytes.extend(bytes_of);
                rest = after;
            } else {
                let mut buffer = [0; 4];
                bytes.extend(first.encode_utf8(&mut buffer).bytes());
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.write_all(&bytes).and_then(|()| keys.flush()).expect("the terminal takes keys");
    }

    /// All that the console logged.
    pub fn log(&self) -> String {
        let folder = self.home.path().join(".local/state/klamm/log");
        let files = std::fs::read_dir(folder).expect("there is a log").filter_map(Result::ok);
        files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
    }

    pub fn screen(&self) -> String {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).parser.screen().contents()
    }

    /// Bytes the terminal was sent so far.
    pub fn bytes(&self) -> usize {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// What was done to the terminal beside drawing.
    pub fn tricks(&self) -> Vec<String> {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).parser.callbacks().tricks.clone()
    }

    /// Waits until the screen satisfies `looks_right`, and returns it.
    pub fn wait(&self, what: &str, looks_right: impl Fn(&str) -> bool) -> String {
        self.try_wait(PATIENCE, looks_right).unwrap_or_else(|| {
            let is_over = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).is_over;
            let what = if is_over { format!("the console ended before {what}") } else { format!("waited for {what}") };
            panic!("{what}:\n{}", self.screen())
        })
    }

    /// The same with a limit; `None` when it has passed, or when the console ended.
    pub fn try_wait(&self, limit: Duration, looks_right: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + limit;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let text = shown.parser.screen().contents();
            if looks_right(&text) {
                return Some(text);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || shown.is_over {
                return None;
            }
            (shown, _) = self.shown.1.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub fn sees(&self, text: &str) -> String {
        self.wait(&format!("{text:?}"), |screen| screen.contains(text))
    }

    pub fn sees_no_more(&self, text: &str) -> String {
        self.wait(&format!("{text:?} to go"), |screen| !screen.contains(text))
    }

    /// From the list of groups to the plan that moves one to its start, on screen to its
    /// end: a yes counts only when the last row was seen.
    pub fn opens_reset(&self, group: &str) {
        self.press(&format!("/{group}<enter>"));
        self.sees(&format!("▸ {group}"));
        self.press("<enter>");
        self.sees("COMMITTED");
        self.press("R");
        self.sees("earliest");
        self.press("<enter>");
        self.sees("COMMITTED →");
        self.press("G");
        self.sees("y  apply");
    }

    /// Waits until nothing was sent for `quiet`.
    pub fn settles(&self, quiet: Duration) {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = (shown.bytes, Instant::now());
        while last.1.elapsed() < quiet {
            assert!(Instant::now() < deadline, "it never rests:\n{}", shown.parser.screen().contents());
            let left = quiet.saturating_sub(last.1.elapsed());
            (shown, _) = self.shown.1.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner);
            if shown.bytes != last.0 {
                last = (shown.bytes, Instant::now());
            }
        }
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).parser.set_size(cells(rows), cells(columns));
        self.master().resize(size(columns, rows)).expect("a terminal can be resized");
    }

    /// Sends the console a signal by name: `TERM`, `HUP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).stderr(Stdio::null()).status();
        let sent = sent.expect("kill runs, of the Debian package procps");
        assert!(sent.success(), "cannot send {name}");
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its state is known").is_some()
    }

    /// Waits for its end, and until all that it sent was taken in; its exit code.
    pub fn ends(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let is_over = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).is_over;
            if is_over && let Some(status) = self.child.try_wait().expect("its state is known") {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.screen());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// The window is closed: nobody holds the terminal's other end any more. `key` is
    /// pressed last; what it draws is not looked at.
    pub fn goes_away(&mut self, key: &str) {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).is_leaving = true;
        self.press(key);
        let eyes = self.eyes.take().expect("it was there");
        eyes.join().expect("what is shown is read");
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(std::io::sink());
        self.master = None;
    }

    fn master(&self) -> &dyn MasterPty {
        self.master.as_deref().expect("the terminal is there")
    }

    /// Everything it changed in the terminal is as it was before.
    pub fn assert_restored(&self) {
        assert_eq!(settings(self.master()), self.settings, "the terminal's settings");
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parser = &mut shown.parser;
        assert!(!parser.screen().alternate_screen(), "the alternate screen is left");
        parser.process(b"\x1b[?47h");
        assert_eq!(parser.screen().contents(), "", "and nothing stays on it");
        parser.process(b"\x1b[?47l");
        let screen = parser.screen();
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "bracketed paste is off");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is free");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has cells")
}

/// The terminal's settings as text, to compare.
fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

/// The bytes a terminal sends for a named key.
fn key(name: &str) -> Option<Vec<u8>> {
    let bytes: &[u8] = match name {
        "enter" => b"\r",
        "esc" => b"\x1b",
        "tab" => b"\t",
        "space" => b" ",
        "backspace" => b"\x7f",
        "up" => b"\x1b[A",
        "down" => b"\x1b[B",
        "right" => b"\x1b[C",
        "left" => b"\x1b[D",
        "shift-tab" => b"\x1b[Z",
        _ => {
            let letter = name.strip_prefix("ctrl-")?.bytes().next()?;
            return Some(vec![letter & 0x1f]);
        }
    };
    Some(bytes.to_vec())
}
