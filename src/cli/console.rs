//! `klamm` without a noun: the console, on the cluster that was named or on the
//! screen that offers one.

use super::arguments::Globals;
use super::connection;
use super::exit::{Exit, Stop};
use super::logging;
use super::memory;
use super::output::complain;
use super::session::Session;
use crate::demo::{Demo, Options as DemoOptions};
use crate::domain::{Failure, FailureKind};
use crate::profile::{Loaded, Profile, paths};
use crate::tui::{self, OpenDemo, OpenedDemo, SwitchBroker};
use std::sync::Arc;

pub(crate) async fn open(session: &mut Session) -> Result<Exit, Stop> {
    refuse_without_terminal()?;
    // What is wrong with the file is said on the screen, not before it.
    let (loaded, profile) = session.select(connection::saved(&session.globals)?).await?;
    enter(session, loaded, profile, None).await
}

/// The demo lives as long as the console that shows it.
pub(crate) async fn on_demo(session: &mut Session, demo: Demo) -> Result<Exit, Stop> {
    let OpenedDemo { profile, switch_broker } = opened(demo, &session.globals);
    enter(session, connection::saved(&session.globals)?, Some(profile), Some(switch_broker)).await
}

/// A running demo as the console sees it.
fn opened(demo: Demo, globals: &Globals) -> OpenedDemo {
    let profile = connection::of_demo(&demo, globals);
    OpenedDemo { profile, switch_broker: Arc::new(move |id| demo.switch_broker(id)) }
}

/// Said before anything is started for a screen that cannot be drawn.
pub(crate) fn refuse_without_terminal() -> Result<(), Stop> {
    if !tui::has_terminal() {
        return Err(Stop::usage("the console needs a terminal; klamm --help names the commands that do not"));
    }
    if std::env::var_os("TERM").is_some_and(|value| value == "dumb") {
        return Err(Stop::usage(
            "the console places text on the screen, and this terminal says that it cannot (TERM=dumb): set TERM to \
             what the terminal is, or use the commands of klamm --help",
        ));
    }
    Ok(())
}

async fn enter(
    session: &Session,
    profiles: Loaded,
    start: Option<Profile>,
    switch_broker: Option<SwitchBroker>,
) -> Result<Exit, Stop> {
    memory::give_back_large_blocks();
    let _log = paths::log_dir().and_then(|dir| logging::to_file(&dir));
    let (flags, environment) = session.layers()?;
    let read_only = flags.read_only || environment.read_only;
    let options = tui::Options { profiles, start, switch_broker, read_only };
    let Err(error) = tui::run(options, demo_opener(session)).await else { return Ok(Exit::Done) };
    if error.is::<tui::Crashed>() {
        let log = paths::log_dir().map_or(String::new(), |dir| format!(": {}", logging::path(&dir).display()));
        complain(&format!("{error}{log}"));
        return Ok(Exit::Crashed);
    }
    // Nothing but the terminal itself can end the console with another error.
    Err(Failure::new(FailureKind::Storage, "use the terminal", format!("{error:#}")).into())
}

/// How the console starts the demo without knowing it.
fn demo_opener(session: &Session) -> OpenDemo {
    let globals = session.globals.clone();
    Arc::new(move || {
        let globals = globals.clone();
        Box::pin(async move {
            let demo = Demo::start(DemoOptions::default()).await?;
            Ok(opened(demo, &globals))
        })
    })
}
