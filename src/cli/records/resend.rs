//! `klamm records resend`: records sent again, byte for byte, to a topic of any profile.

use super::get::{place, with_standard_input};
use super::{range, what};
use crate::cli::change::carry_out_from;
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::session::Session;
use crate::cluster::{Cluster, MOST_PLACES, ResendRequest};
use crate::domain::query::Query;
use crate::domain::record::{ReadAs, TieredRead};
use crate::domain::resend::{Headers, Placing, Stamp};
use crate::domain::when::parse_duration;
use crate::domain::{Offset, PartitionId, TopicName, command_line, show, topic_formats};
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;

#[derive(Debug, Args)]
pub(crate) struct ResendArguments {
    /// Topics whose records are sent; - reads them from standard input
    #[arg(value_name = "TOPIC", required_unless_present_any = ["resume", "at"])]
    topics: Vec<String>,
    /// The topic that they are sent to
    #[arg(long, value_name = "TOPIC", required_unless_present = "resume")]
    to: Option<String>,
    /// The saved profile of the cluster that they are sent to; without it the same
    #[arg(long, value_name = "PROFILE")]
    to_profile: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Only the record at this place; may be repeated
    #[arg(long, value_name = "TOPIC/P@OFFSET")]
    at: Vec<String>,
    #[command(flatten)]
    how: How,
    /// Which time they have there; without it the one they had
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    timestamp: StampWord,
    /// Also where what the profile masks would be seen
    #[arg(long)]
    unmasked: bool,
    /// Go on with a plan that was cut short
    #[arg(long, value_name = "ID", conflicts_with_all = ["topics", "to", "at", "query"])]
    resume: Option<String>,
    #[command(flatten)]
    consent: Consent,
}

/// Which records of the topics.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    /// What records must meet, such as: value.customer.id = 42
    #[arg(long = "where", value_name = "QUERY")]
    pub(in crate::cli) query: Option<String>,
    /// earliest, -N (the newest N), an offset, a time, or how long ago (15m)
    #[arg(long, value_name = "WHERE", default_value = "earliest", allow_hyphen_values = true)]
    pub(in crate::cli) from: String,
    /// Up to this offset, this time, or so long ago (--to is where they go)
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<String>,
    /// How far beyond a time of --until is read, since times have no order
    #[arg(long, value_name = "DURATION")]
    pub(in crate::cli) slack: Option<String>,
    /// Only of these partitions
    #[arg(long, value_name = "P,…", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(0..))]
    pub(in crate::cli) from_partition: Vec<PartitionId>,
    /// How values are read; without it as the profile's formats say
    #[arg(long = "as", value_parser = super::tail::ReadAsParser)]
    pub(in crate::cli) view: Option<ReadAs>,
    /// Also read what only remote storage holds
    #[arg(long)]
    pub(in crate::cli) tiered: bool,
    /// End after this many records
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) limit: Option<u64>,
}

/// How they are sent.
#[derive(Debug, Args)]
pub(in crate::cli) struct How {
    /// The partition's number, or the key's hash as in the Java client
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(in crate::cli) partition: PlacingWord,
    /// Records a second, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) rate: Option<u64>,
    /// Without a transaction: an interruption may leave records twice
    #[arg(long)]
    pub(in crate::cli) at_least_once: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(in crate::cli) enum PlacingWord {
    /// The partition of the same number
    #[default]
    Kept,
    /// By the key's hash
    Hashed,
}

impl From<PlacingWord> for Placing {
    fn from(word: PlacingWord) -> Self {
        match word {
            PlacingWord::Kept => Self::Kept,
            PlacingWord::Hashed => Self::Hashed,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(in crate::cli) enum StampWord {
    /// The one they had
    #[default]
    Kept,
    /// When they are sent
    Now,
}

impl From<StampWord> for Stamp {
    fn from(word: StampWord) -> Self {
        match word {
            StampWord::Kept => Self::Kept,
            StampWord::Now => Self::Now,
        }
    }
}

pub(super) async fn run(session: &mut Session, arguments: ResendArguments) -> Result<Exit, Stop> {
    let (consent, to_profile) = (arguments.consent, arguments.to_profile.clone());
    if let Some(id) = &arguments.resume {
        let (source, target) = both(session, to_profile.as_deref()).await?;
        let plan = target.plan_resume(&source, id).await?;
        return carry_out_from(session, &target, &source, &plan, consent).await;
    }
    let mut places = Vec::with_capacity(arguments.at.len());
    for word in &arguments.at {
        let place = place(word)?;
        places.push((place.topic, place.partition, place.offset));
    }
    let named = with_standard_input(arguments.topics.clone()).await?;
    let mut topics: BTreeSet<TopicName> = named.iter().map(|name| TopicName::from(name.as_str())).collect();
    topics.extend(places.iter().map(|(topic, ..)| topic.clone()));
    let mut words: Vec<String> = ["records", "resend"].map(String::from).to_vec();
    words.extend(named);
    words.extend(option("--to", arguments.to.as_deref()));
    words.extend(option("--to-profile", to_profile.as_deref()));
    words.extend(arguments.at.iter().flat_map(|at| option("--at", Some(at))));
    words.extend(arguments.which.words());
    words.extend(arguments.how.words());
    words.extend(arguments.unmasked.then(|| "--unmasked".to_owned()));
    words.extend(option("--timestamp", matches!(arguments.timestamp, StampWord::Now).then_some("now")));
    let request = ResendRequest {
        command_line: typed(words),
        unmasked: arguments.unmasked,
        to: arguments.to.as_deref().map(TopicName::from),
        timestamp: arguments.timestamp.into(),
        ..request(session, topics, places, &arguments.which, &arguments.how, consent)?
    };
    let (source, target) = both(session, to_profile.as_deref()).await?;
    let plan = target.plan_resend(&source, request).await?;
    carry_out_from(session, &target, &source, &plan, consent).await
}

/// The cluster that is read, and the one that is written to.
async fn both(session: &mut Session, to_profile: Option<&str>) -> Result<(Cluster, Cluster), Stop> {
    let source = session.connect().await?;
    let target = match to_profile {
        Some(name) => session.connect_other(name).await?,
        None => source.clone(),
    };
    Ok((source, target))
}

/// What every command that sends records again asks for.
pub(in crate::cli) fn request(
    session: &Session,
    topics: BTreeSet<TopicName>,
    places: Vec<(TopicName, PartitionId, Offset)>,
    which: &Which,
    how: &How,
    consent: Consent,
) -> Result<ResendRequest, Stop> {
    if topics.is_empty() {
        return Err(Stop::usage("standard input names no topic"));
    }
    if places.len() > MOST_PLACES {
        let most = show::count(MOST_PLACES as u64);
        return Err(Stop::usage(format!("--at: {most} records at once; a query of --where takes more")));
    }
    let (now, zone) = (session.now(), session.zone_asked_for());
    let query = which.query.as_deref().map(|text| what::read(text, now, zone)).transpose()?.flatten();
    let (start, begins) = range::from(&which.from, now, zone)?;
    let ends = which.until.as_deref().map(|until| range::to("--until", until, now, zone)).transpose()?;
    let slack = which.slack.as_deref().map(parse_duration).transpose();
    Ok(ResendRequest {
        topics: topics.into_iter().collect(),
        places,
        query: Query::all(begins.into_iter().chain(ends).chain(query).collect()),
        partitions: (!which.from_partition.is_empty()).then(|| which.from_partition.clone()),
        start,
        slack_ms: slack.map_err(|reason| Stop::usage(format!("--slack: {reason}")))?,
        view: which.view,
        tiered: if which.tiered { TieredRead::Allowed } else { TieredRead::Ask },
        to: None,
        partition: how.partition.into(),
        timestamp: Stamp::Kept,
        headers: Headers::Kept,
        rate: how.rate,
        limit: which.limit,
        at_least_once: how.at_least_once,
        again: false,
        unmasked: false,
        count: consent.dry_run,
        command_line: String::new(),
    })
}

impl Which {
    /// As it is typed.
    pub(in crate::cli) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut option = |flag: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]))
        };
        option("--where", self.query.clone());
        option("--from", (self.from != "earliest").then(|| self.from.clone()));
        option("--until", self.until.clone());
        option("--slack", self.slack.clone());
        let partitions: Vec<String> = self.from_partition.iter().map(ToString::to_string).collect();
        option("--from-partition", (!partitions.is_empty()).then(|| partitions.join(",")));
        option("--as", self.view.map(topic_formats::words));
        option("--limit", self.limit.map(|limit| limit.to_string()));
        words.extend(self.tiered.then(|| "--tiered".to_owned()));
        words
    }
}

impl How {
    /// As it is typed.
    pub(in crate::cli) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if Placing::from(self.partition) == Placing::Hashed {
            words.extend(["--partition".to_owned(), "hashed".to_owned()]);
        }
        if let Some(rate) = self.rate {
            words.extend(["--rate".to_owned(), rate.to_string()]);
        }
        words.extend(self.at_least_once.then(|| "--at-least-once".to_owned()));
        words
    }
}

/// `klamm` with these words.
pub(in crate::cli) fn typed(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    command_line::join(std::iter::once("klamm").chain(words.iter().map(String::as_str)))
}

fn option(flag: &str, value: Option<&str>) -> Vec<String> {
    value.into_iter().flat_map(|value| [flag.to_owned(), value.to_owned()]).collect()
}
