//! The console at work: terminal, clock, tasks.
//!
//! Owns: the event loop, the terminal's modes, and the performing of effects on
//! a cluster. Must not decide anything: what follows from a key or an answer is
//! `update`'s.
//! Invariants: a key is drawn at once, data ten times a second, and an idle
//! screen not at all; however the process ends, the terminal is as it was.

mod ask;
mod clock;
mod console;
mod console_settings;
mod crash;
mod editor;
mod export;
mod frames;
mod guard;
mod input;
mod perform;
mod profile_file;
mod profiles;
mod rehearsal;
mod signals;
mod tasks;
mod themes;

pub use ask::ask_secret;
pub use editor::edit;

use crate::domain::{BrokerId, Failure};
use crate::profile::{Loaded, Profile, system_zone};
use crate::tui::app::actions::session;
use crate::tui::app::look::Look;
use crate::tui::app::notes::Tone;
use crate::tui::app::{Screen, State};
use anyhow::{Context as _, bail};
use clock::Clock;
use console::{Console, Inputs};
pub use crash::Crashed;
use futures::future::BoxFuture;
pub use rehearsal::Rehearsal;
use std::io::IsTerminal as _;
use std::sync::Arc;
use tasks::{Given, Tasks};
use themes::Themes;
use tokio::sync::mpsc;

/// What the console is started with.
pub struct Options {
    /// The saved profiles, with what was wrong in their file.
    pub profiles: Loaded,
    /// The cluster to open at once; without one the profiles are shown.
    pub start: Option<Profile>,
    /// How its brokers are switched, when it is a demo.
    pub switch_broker: Option<SwitchBroker>,
    /// Whatever is opened is opened read-only: so it was asked for on the command line.
    pub read_only: bool,
}

/// A running demo. It lives as long as its switch.
pub struct OpenedDemo {
    pub profile: Profile,
    pub switch_broker: SwitchBroker,
}

/// Stops a broker of the demo that runs, starts one that does not; says whether
/// it runs now.
pub type SwitchBroker = Arc<dyn Fn(BrokerId) -> Result<bool, Failure> + Send + Sync>;

/// Starts the embedded demo cluster. The command line hands it in, so that the
/// console need not know the demo.
pub type OpenDemo = Arc<dyn Fn() -> BoxFuture<'static, Result<OpenedDemo, Failure>> + Send + Sync>;

/// Inputs and answers that may wait for the loop.
const WAITING: usize = 256;

/// There is a terminal to draw on and one to read keys from: where stdin is a pipe,
/// the terminal that controls the process, as pagers do.
pub fn has_terminal() -> bool {
    let keys = || std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty");
    std::io::stdout().is_terminal() && (std::io::stdin().is_terminal() || keys().is_ok())
}

/// Runs the console until it is left.
pub async fn run(options: Options, open_demo: OpenDemo) -> anyhow::Result<()> {
    if !has_terminal() {
        bail!("the console needs a terminal; the commands of `klamm --help` work without one");
    }
    let clock = Clock;
    let (keymap, keys_said) = console_settings::keymap(&options.profiles);
    let (themes, themes_said) = Themes::load(&options.profiles, &themes::Terminal::detect());
    let zone = options.start.as_ref().map_or_else(system_zone, |profile| profile.zone.clone());
    let mut state = State::new(clock.now(), Arc::new(keymap), zone);
    state.views.profiles.cards = profiles::cards(&options.profiles, options.start.as_ref(), options.read_only);
    state.views.profiles.file = options.profiles.file.as_ref().map_or(String::new(), |path| path.display().to_string());
    state.views.profiles.warnings = options.profiles.warnings.iter().map(ToString::to_string).collect();
    state.views.profiles.arrange();
    state.look = Look::new(themes.names(), themes.current.name.clone());
    for warning in keys_said.warnings.into_iter().chain(themes_said.warnings) {
        state.say(Tone::Warning, warning);
    }
    let mut effects = Vec::new();
    match &options.start {
        Some(profile) => session::connect(&mut state, profile.name.clone(), &mut effects),
        None => state.screen = Screen::Profiles,
    }
    let (answers, answers_in) = mpsc::channel(WAITING);
    let given = options.start.map(|profile| Given { profile, switch_broker: options.switch_broker });
    let tasks = Tasks::new(options.profiles, given, options.read_only, open_demo, clock, answers);
    let signals = signals::listen().context("cannot listen for signals")?;

    let guard = guard::Guard::enter().context("cannot set up the terminal")?;
    let terminal = ratatui::Terminal::new(ratatui::backend::CrosstermBackend::new(std::io::stdout()))
        .context("cannot draw on the terminal")?;
    let (input, reader) = input::read(clock);
    let mut console = Console::new(terminal, state, themes, tasks, clock, Box::new(std::io::stdout()));
    let mut inputs = Inputs { events: input, answers: answers_in, signals, reader: Some(reader), guard: Some(guard) };
    let ended = console.run(effects, &mut inputs).await;
    if let Some(reader) = inputs.reader.take() {
        // What is typed from here on is for the shell.
        reader.abort();
        let _ = reader.await;
    }
    console.close();
    ended
}

#[cfg(test)]
mod tests;
