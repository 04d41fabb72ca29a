//! `klamm dead-letters redrive`: letters brought back to where they failed, each once.

use super::show::place;
use crate::cli::change::carry_out_from;
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::records::{How, StampWord, Which, resend_request, typed};
use crate::cli::session::Session;
use crate::cluster::ResendRequest;
use crate::domain::resend::Headers;
use crate::domain::{Offset, PartitionId, TopicName};
use clap::Args;
use std::collections::BTreeSet;

#[derive(Debug, Args)]
pub(crate) struct RedriveArguments {
    /// The topic of the letters
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// Only the letter at this place; may be repeated
    #[arg(long, value_name = "P@OFFSET", value_parser = place)]
    at: Vec<(PartitionId, Offset)>,
    /// To this topic instead of those where they failed
    #[arg(long, value_name = "TOPIC")]
    to: Option<String>,
    /// Keep the headers that tell of the failure
    #[arg(long)]
    keep_headers: bool,
    /// Also those that were brought back before
    #[arg(long)]
    again: bool,
    /// Also where what the profile masks would be seen
    #[arg(long)]
    unmasked: bool,
    /// Which time they have there; without it that of now
    #[arg(long, value_enum, default_value_t = StampWord::Now, value_name = "WHICH")]
    timestamp: StampWord,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    consent: Consent,
}

pub(super) async fn run(session: &mut Session, arguments: RedriveArguments) -> Result<Exit, Stop> {
    let topic = TopicName::from(arguments.topic.as_str());
    let places = arguments.at.iter().map(|(partition, offset)| (topic.clone(), *partition, *offset)).collect();
    let topics = BTreeSet::from([topic.clone()]);
    let request = resend_request(session, topics, places, &arguments.which, &arguments.how, arguments.consent)?;
    let cluster = session.connect().await?;
    crate::cli::records::refuse_unknown(&cluster, &topic, &[]).await?;
    let mut words = ["dead-letters", "redrive", topic.as_str()].map(String::from).to_vec();
    words.extend(arguments.at.iter().flat_map(|(partition, offset)| ["--at".into(), format!("{partition}@{offset}")]));
    words.extend(arguments.to.iter().flat_map(|to| ["--to".into(), to.clone()]));
    words.extend(arguments.keep_headers.then(|| "--keep-headers".into()));
    words.extend(arguments.again.then(|| "--again".into()));
    if matches!(arguments.timestamp, StampWord::Kept) {
        words.extend(["--timestamp".into(), "kept".into()]);
    }
    words.extend(arguments.which.words());
    words.extend(arguments.how.words());
    words.extend(arguments.unmasked.then(|| "--unmasked".into()));
    let request = ResendRequest {
        command_line: typed(words),
        unmasked: arguments.unmasked,
        to: arguments.to.as_deref().map(TopicName::from),
        headers: if arguments.keep_headers { Headers::KeptAndMarked } else { Headers::WithoutErrors },
        timestamp: arguments.timestamp.into(),
        again: arguments.again,
        ..request
    };
    let plan = cluster.plan_resend(&cluster, request).await?;
    carry_out_from(session, &cluster, &cluster, &plan, arguments.consent).await
}
