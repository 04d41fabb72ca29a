//! `klamm records …`: reading a topic's records, and writing some.

mod compression;
pub(super) mod line;
mod produce;
mod tail;
mod what;

pub(super) use tail::refuse_unknown;

use super::exit::{Exit, Stop};
use super::session::Session;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Read records as they come; one JSON object a line with --output json
    Tail(tail::TailArguments),
    /// Write records
    Produce(produce::ProduceArguments),
    /// How batches are compressed, by producer, and what another codec would save
    Compression(compression::CompressionArguments),
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::Tail(arguments) => tail::run(session, arguments).await,
        Verb::Produce(arguments) => produce::run(session, arguments).await,
        Verb::Compression(arguments) => compression::run(session, arguments).await,
    }
}
