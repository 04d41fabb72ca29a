//! The terminal's modes, and their return to what they were.
//!
//! Invariant: leaving is idempotent and is done on drop and on panic; the
//! panic hook writes escape codes only and then lets the former hook speak.

use crate::domain::quiet;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};
use std::thread::ThreadId;
use tokio::sync::Notify;

static IS_ENTERED: AtomicBool = AtomicBool::new(false);
static HAS_PANICKED: AtomicBool = AtomicBool::new(false);
static PANIC: Notify = Notify::const_new();
static HOOK: Once = Once::new();
/// The thread that runs the event loop.
static LOOP: OnceLock<ThreadId> = OnceLock::new();

/// While it lives the terminal belongs to the console.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    pub fn enter() -> io::Result<Self> {
        LOOP.get_or_init(|| std::thread::current().id());
        HOOK.call_once(install_hook);
        enter()?;
        Ok(Self(()))
    }

    /// Gives the terminal back for a while.
    pub fn step_out(&self) {
        leave();
    }

    pub fn step_in(&self) -> io::Result<()> {
        enter()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<()> {
    if IS_ENTERED.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let entered = enable_raw_mode()
        .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, Hide));
    if entered.is_err() {
        leave();
    }
    entered
}

/// In the reverse order. A terminal that is gone cannot be restored, so errors mean nothing here.
fn leave() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Cleared first: tmux up to 3.3 leaves full rows standing above the prompt when its window grew meanwhile.
    let _ = execute!(
        io::stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        Clear(ClearType::All),
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

fn install_hook() {
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!(%panic, "panic");
        if quiet::is_caught() {
            return;
        }
        // On the loop's own thread nothing catches it. In a task the runtime does,
        // and the loop leaves in order when it hears of it.
        let is_fatal = LOOP.get().is_none_or(|id| *id == std::thread::current().id());
        if is_fatal || !IS_ENTERED.load(Ordering::SeqCst) {
            leave();
            former(panic);
        }
    }));
}

/// A request's task ended by a panic: klamm's state can no longer be trusted.
pub fn task_panicked() {
    HAS_PANICKED.store(true, Ordering::SeqCst);
    PANIC.notify_one();
}

/// Returns once a task has panicked.
pub async fn panicked() {
    while !HAS_PANICKED.load(Ordering::SeqCst) {
        PANIC.notified().await;
    }
}
