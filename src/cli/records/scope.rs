//! What is searched: topics, partitions, from where to where, and what records must meet.

use super::get::with_standard_input;
use super::tail::Level;
use super::{range, what};
use crate::cli::exit::Stop;
use crate::cli::session::Session;
use crate::cluster::SearchRequest;
use crate::domain::query::Query;
use crate::domain::record::{ReadAs, TieredRead};
use crate::domain::when::parse_duration;
use crate::domain::{PartitionId, TopicName};
use clap::Args;
use std::collections::BTreeSet;

#[derive(Debug, Args)]
pub(crate) struct Scope {
    /// Topics, searched one after the other; - reads them from standard input, one a line
    #[arg(value_name = "TOPIC", required = true)]
    topics: Vec<String>,
    /// What records must meet, such as: value.customer.id = 42 and not headers.retry exists
    #[arg(long = "where", value_name = "QUERY")]
    query: Option<String>,
    /// earliest, -N (the newest N), an offset, a time, or how long ago (15m)
    #[arg(long, value_name = "WHERE", default_value = "earliest", allow_hyphen_values = true)]
    from: String,
    /// Up to this offset, this time, or so long ago; without it up to the end of now
    #[arg(long, visible_alias = "until", value_name = "WHERE", allow_hyphen_values = true)]
    to: Option<String>,
    /// How far beyond a time of --to is read, since times are not in order; without it as
    /// long as the range, from a second to five minutes
    #[arg(long, value_name = "DURATION")]
    slack: Option<String>,
    /// Only these partitions
    #[arg(long, value_name = "P,…", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(0..))]
    partition: Vec<PartitionId>,
    /// Whether records of transactions are searched that were or may be aborted
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    isolation: Level,
    /// Also read what only remote storage holds; it is slow, and asked for otherwise
    #[arg(long)]
    tiered: bool,
    /// How keys and values are read; without it as the profile's formats say
    #[arg(long = "as", value_parser = super::tail::ReadAsParser)]
    view: Option<ReadAs>,
}

/// A search that was asked for.
pub(super) struct Asked {
    pub(super) request: SearchRequest,
    /// The answer is a report, which says its failures itself.
    pub(super) reports: bool,
}

impl Scope {
    /// What to search; `None` where nothing is asked of records at all.
    pub(super) async fn read(&self, session: &Session, reports: bool) -> Result<(Option<Query>, Asked), Stop> {
        let (now, zone) = (session.now(), session.zone_asked_for());
        let query = match &self.query {
            Some(text) => what::read(text, now, zone)?,
            None => None,
        };
        let (start, begins) = range::from(&self.from, now, zone)?;
        let ends = self.to.as_deref().map(|to| range::to("--to", to, now, zone)).transpose()?;
        // Times and offsets first: they cost nothing.
        let query = Query::all(begins.into_iter().chain(ends).chain(query).collect());
        let slack = self.slack.as_deref().map(parse_duration).transpose();
        let slack_ms = slack.map_err(|reason| Stop::usage(format!("--slack: {reason}")))?;
        let names: BTreeSet<String> = with_standard_input(self.topics.clone()).await?.into_iter().collect();
        if names.is_empty() {
            return Err(Stop::usage("standard input names no topic"));
        }
        let request = SearchRequest {
            partitions: (!self.partition.is_empty()).then(|| self.partition.clone()),
            start,
            slack_ms,
            view: self.view,
            isolation: self.isolation.into(),
            tiered: if self.tiered { TieredRead::Allowed } else { TieredRead::Ask },
            ..SearchRequest::of(
                names.iter().map(|name| TopicName::from(name.as_str())).collect(),
                query.clone().unwrap_or_else(Query::everything),
            )
        };
        Ok((query, Asked { request, reports }))
    }
}
