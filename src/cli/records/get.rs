//! `klamm records get`: single records by topic, partition and offset.

use super::{batch, line};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::complain;
use crate::cli::session::{Session, blocking};
use crate::domain::record::{ReadAs, TieredRead};
use crate::domain::{Fact, FailureKind, Offset, PartitionId, TopicName};
use clap::Args;
use std::io;

#[derive(Debug, Args)]
pub(crate) struct GetArguments {
    /// Topic, partition and offset, such as orders/3@1041; - reads them from standard input, one a line
    #[arg(value_name = "TOPIC/PARTITION@OFFSET", required = true)]
    places: Vec<String>,
    /// Also read what only remote storage holds
    #[arg(long)]
    tiered: bool,
    /// Also show the record's batch, its producer, and what became of its transaction
    #[arg(long)]
    show_batch: bool,
    /// How keys and values are read; without it as the profile's formats say
    #[arg(long = "as", value_parser = super::tail::ReadAsParser)]
    view: Option<ReadAs>,
}

pub(super) struct Place {
    pub(super) topic: TopicName,
    pub(super) partition: PartitionId,
    pub(super) offset: Offset,
}

pub(super) async fn run(session: &mut Session, arguments: GetArguments) -> Result<Exit, Stop> {
    let words = with_standard_input(arguments.places).await?;
    let places = words.iter().map(|word| place(word)).collect::<Result<Vec<_>, _>>()?;
    let cluster = session.connect().await?;
    let output = &mut session.output;
    if let Some(header) = line::header(output.format, arguments.show_batch) {
        output.line(&header)?;
    }
    let (mut written, mut missing) = (0, 0);
    let mut failures = Vec::new();
    let tiered = if arguments.tiered { TieredRead::Allowed } else { TieredRead::Ask };
    for place in &places {
        let usual = cluster.profile().formats.of(place.topic.as_str());
        let view = arguments.view.unwrap_or(usual);
        let Place { topic, partition, offset } = place;
        match cluster.record_at(topic, *partition, *offset, tiered).await {
            Ok(Some(record)) => {
                let refs = [record];
                let records = cluster.decode(&refs, view).await;
                let batches = match arguments.show_batch {
                    true => batch::lines(&cluster, &refs, &records).await,
                    false => Vec::new(),
                };
                for (index, record) in records.iter().enumerate() {
                    output.line(&line::write_with(record, batches.get(index), output.format, &output.look))?;
                    written += 1;
                }
            }
            Ok(None) => {
                let why = match cluster.absence(topic, *partition, *offset).await {
                    Ok(Fact::Known(absence)) => absence.to_string(),
                    Ok(Fact::Unknown(reason)) => format!("why is not known: {reason}"),
                    Err(failure) => format!("why is not known: {failure}"),
                };
                complain(&format!("there is no record at {topic}/{partition}@{offset}: {why}"));
                missing += 1;
            }
            Err(failure) if failure.kind == FailureKind::Refused => {
                failures.push(failure.hint("Add --tiered to read it."));
            }
            Err(failure) => failures.push(failure),
        }
        output.flush()?;
    }
    if written == 0
        && missing == 0
        && let Some(failure) = failures.first()
    {
        return Err(failure.clone().into());
    }
    failures.iter().for_each(|failure| complain(&failure.to_string()));
    Ok(match Exit::of_look_up(written, &failures) {
        Exit::Done if missing > 0 => Exit::Partial,
        exit => exit,
    })
}

pub(super) fn place(word: &str) -> Result<Place, Stop> {
    let wrong = || Stop::usage(format!("{word}: write TOPIC/PARTITION@OFFSET, such as orders/3@1041"));
    let (before, offset) = word.rsplit_once('@').ok_or_else(wrong)?;
    let (topic, partition) = before.rsplit_once('/').ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0).ok_or_else(wrong);
    let partition = PartitionId::try_from(number(partition)?).map_err(|_| wrong())?;
    if topic.is_empty() {
        return Err(wrong());
    }
    Ok(Place { topic: topic.into(), partition, offset: number(offset)? })
}

/// The words, where `-` stands for the lines of standard input.
pub(super) async fn with_standard_input(words: Vec<String>) -> Result<Vec<String>, Stop> {
    if !words.iter().any(|word| word == "-") {
        return Ok(words);
    }
    let lines = blocking("read standard input", || {
        let lines = io::stdin().lines().collect::<Result<Vec<_>, _>>()?;
        Ok(lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>())
    })
    .await?;
    Ok(words.into_iter().flat_map(|word| if word == "-" { lines.clone() } else { vec![word] }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_place_is_read_from_its_end() {
        let place = place("a/b@c/3@1041").unwrap_or_else(|_| panic!("a place"));
        assert_eq!((place.topic.as_str(), place.partition, place.offset), ("a/b@c", 3, 1041));
    }

    #[rstest]
    #[case("orders")]
    #[case("orders/3")]
    #[case("orders@3")]
    #[case("/3@1")]
    #[case("orders/-1@1")]
    #[case("orders/1@x")]
    fn what_is_no_place(#[case] word: &str) {
        assert!(matches!(place(word), Err(Stop::Usage(_))));
    }
}
