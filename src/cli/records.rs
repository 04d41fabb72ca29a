//! `klamm records …`: reading a topic's records, finding some, and writing some.

mod batch;
mod columns;
mod compression;
mod follow;
mod get;
pub(super) mod line;
mod produce;
mod range;
mod scope;
mod search;
mod stats;
mod status;
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
    /// Find the records that meet a query, in whole topics; says what was not covered
    Search(search::SearchArguments),
    /// Count records by field, time, key and size; the latest record of each key
    Stats(stats::StatsArguments),
    /// Show single records by their places
    Get(get::GetArguments),
    /// Write records
    Produce(produce::ProduceArguments),
    /// How batches are compressed, by producer, and what another codec would save
    Compression(compression::CompressionArguments),
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::Tail(arguments) => tail::run(session, arguments).await,
        Verb::Search(arguments) => search::run(session, arguments).await,
        Verb::Stats(arguments) => stats::run(session, arguments).await,
        Verb::Get(arguments) => get::run(session, arguments).await,
        Verb::Produce(arguments) => produce::run(session, arguments).await,
        Verb::Compression(arguments) => compression::run(session, arguments).await,
    }
}
