//! `klamm records …`: reading a topic's records, finding some, and writing some.

mod batch;
mod columns;
mod compression;
mod export;
mod follow;
mod get;
mod import;
pub(super) mod line;
mod produce;
mod range;
mod resend;
mod scope;
mod search;
mod stats;
pub(super) mod status;
mod tail;
mod what;

pub(super) use resend::{How, StampWord, Which, request as resend_request, typed};
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
    Produce(Box<produce::ProduceArguments>),
    /// Write records to a file or a pipe: JSON lines, CSV, or their bytes
    // Nothing is sent anywhere here: --to means what it means to search and stats.
    #[command(
        mut_arg("until", |arg| {
            arg.long("to").visible_alias("until").help("Up to this offset, this time, or so long ago; without it up to now")
        }),
        mut_arg("slack", |arg| arg.help("How far beyond a time of --to is read, since times have no order"))
    )]
    Export(export::ExportArguments),
    /// Restore records from a file of export --format raw
    Import(import::ImportArguments),
    /// Send records again, to a topic of this or another cluster
    Resend(resend::ResendArguments),
    /// How batches are compressed, by producer, and what another codec would save
    Compression(compression::CompressionArguments),
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::Tail(arguments) => tail::run(session, arguments).await,
        Verb::Search(arguments) => search::run(session, arguments).await,
        Verb::Stats(arguments) => stats::run(session, arguments).await,
        Verb::Get(arguments) => get::run(session, arguments).await,
        Verb::Produce(arguments) => produce::run(session, *arguments).await,
        Verb::Export(arguments) => export::run(session, arguments).await,
        Verb::Import(arguments) => import::run(session, arguments).await,
        Verb::Resend(arguments) => resend::run(session, arguments).await,
        Verb::Compression(arguments) => compression::run(session, arguments).await,
    }
}
