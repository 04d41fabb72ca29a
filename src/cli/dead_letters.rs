//! `klamm dead-letters …`: records that could not be processed, and why.

mod list;
mod redrive;
mod show;

use super::exit::{Exit, Stop};
use super::session::Session;
use crate::domain::dead_letter::short_class;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Topics of dead letters, and what their newest letters failed of, by cause
    List(list::ListArguments),
    /// The letters of a topic; with --at one of them whole, beside the record it was
    Show(show::ShowArguments),
    /// Bring letters back to where they failed, each once
    Redrive(redrive::RedriveArguments),
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List(arguments) => list::run(session, arguments).await,
        Verb::Show(arguments) => show::run(session, arguments).await,
        Verb::Redrive(arguments) => redrive::run(session, arguments).await,
    }
}

/// The first line of an exception's message, or what there is instead.
fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

fn class_of(exception: Option<&str>) -> &str {
    exception.map_or("?", short_class)
}
