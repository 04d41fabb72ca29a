//! The command line: everything the console does, for scripts and for people in
//! a hurry.
//!
//! Owns: words in, rows out, exit codes. Must not know the screen (the console
//! is opened through its door) nor the wire.
//! Invariant: data goes to standard output and everything else to standard
//! error; a change is made only by `change.rs`, with consent; an interrupt never
//! cuts one in half. `docs/commands.md` is made from the same table of arguments.

mod arguments;
mod change;
mod config;
mod confirm;
mod connection;
mod console;
mod dead_letters;
mod demo;
mod documents;
mod exit;
mod exporter;
mod groups;
mod interrupt;
mod journal;
mod logging;
mod memory;
mod output;
mod plan;
mod profiles;
mod records;
mod reference;
mod session;
mod shell;
mod topics;

pub use documents::{Document, documents};
pub use reference::reference;

use crate::profile;
use arguments::{Arguments, Noun};
use clap::{CommandFactory, FromArgMatches};
use exit::{Exit, Stop};
use futures::FutureExt as _;
use output::{Format, Report, complain};
use session::Session;
use std::io;
use std::process::ExitCode;

/// More threads than this read answers no sooner, and each keeps room for the largest.
const MOST_THREADS: usize = 4;

/// Runs klamm with the arguments of this process.
pub fn main() -> ExitCode {
    let parsed = Arguments::command().try_get_matches().and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok((arguments, matches))
    });
    let (arguments, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Nobody can be told when help cannot be printed.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Exit::Failed.into();
        }
    };
    if !has_own_screen(arguments.noun.as_ref()) {
        logging::to_stderr();
    }
    let mut session = Session::new(arguments.globals, &matches);
    let exit = if arguments.print_log_path {
        print_log_path(&mut session)
    } else {
        // As one type: the runtime would hold a copy of every command for each way it can run.
        runtime.block_on(run(&mut session, arguments.noun).boxed_local())
    };
    // A read of standard input may still be waiting for a line; nobody waits for it.
    runtime.shutdown_background();
    exit.into()
}

fn print_log_path(session: &mut Session) -> Exit {
    let Some(dir) = profile::paths::log_dir() else {
        complain("this platform names no directory for logs");
        return Exit::Failed;
    };
    let line = logging::path(&dir).display().to_string();
    let written = session.output.line(&line).and_then(|()| session.output.flush());
    written.map_or_else(|error| stopped(session, error.into()), |()| Exit::Done)
}

/// The console, and what serves until it is told to stop.
fn has_own_screen(noun: Option<&Noun>) -> bool {
    matches!(noun, None | Some(Noun::Demo(_) | Noun::Exporter(_)))
}

async fn run(session: &mut Session, noun: Option<Noun>) -> Exit {
    let applying = session.applying.clone();
    let result = if has_own_screen(noun.as_ref()) {
        // Those have their own idea of what ctrl-c means.
        command(session, noun).await
    } else {
        tokio::select! {
            biased;
            result = command(session, noun) => result,
            () = applying.interrupted() => return Exit::Interrupted,
        }
    };
    result.unwrap_or_else(|stop| stopped(session, stop))
}

async fn command(session: &mut Session, noun: Option<Noun>) -> Result<Exit, Stop> {
    match noun {
        None => console::open(session).await,
        Some(Noun::Demo(arguments)) => demo::run(session, &arguments).await,
        Some(Noun::Profiles(verb)) => profiles::run(session, verb).await,
        Some(Noun::Config(verb)) => config::run(session, &verb),
        Some(Noun::Topics(verb)) => topics::run(session, verb).await,
        Some(Noun::Groups(verb)) => groups::run(session, verb).await,
        Some(Noun::DeadLetters(verb)) => dead_letters::run(session, verb).await,
        Some(Noun::Exporter(arguments)) => exporter::run(session, &arguments).await,
        Some(Noun::Records(verb)) => records::run(session, verb).await,
        Some(Noun::Journal(verb)) => journal::run(session, verb).await,
        Some(Noun::Completions(arguments)) => shell::completions(session, &arguments),
        Some(Noun::Man(arguments)) => shell::man(session, &arguments),
    }
}

/// Says why there is no answer: a sentence on standard error and, where a
/// program reads, the document with nothing in it but the failure.
fn stopped(session: &mut Session, stop: Stop) -> Exit {
    match stop {
        Stop::Usage(message) => {
            // Below the sentence there may be what was typed, with a mark.
            let mut lines = message.lines();
            complain(lines.next().unwrap_or_default());
            lines.for_each(output::say);
            Exit::Usage
        }
        Stop::Failed(failure) => {
            let exit = Exit::of_failure(&failure);
            if session.output.format == Format::Json {
                let report = Report { items: Some(vec![]), failures: vec![failure], ..Report::default() };
                return session.output.report(&report).map_or_else(|error| stopped(session, error.into()), |()| exit);
            }
            complain(&failure.to_string());
            exit
        }
        // Whoever read the output has had enough of it.
        Stop::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Stop::Output(error) => {
            complain(&format!("cannot write the output: {error}"));
            Exit::Failed
        }
    }
}
