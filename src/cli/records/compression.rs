//! `klamm records compression`: how a topic's batches are compressed, what each
//! producer does, and what another codec would save.

use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Section, Table, number, objects, text};
use crate::cli::session::Session;
use crate::domain::compression::{CompressionReport, ProducerUse, Trial, ratio};
use crate::domain::{Failure, TopicName, show};
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(crate) struct CompressionArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// The newest records whose batches are looked at
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    sample: u64,
}

const TRIALS: &[Column] = &[
    text("codec", "CODEC"),
    number("level", "LEVEL"),
    number("gathered_bytes", "BATCHES OF"),
    number("size_bytes", "SIZE"),
    number("ratio", "RATIO"),
    number("saved", "SAVED"),
    number("pack_seconds_per_gb", "CPU S/GB IN"),
    number("unpack_seconds_per_gb", "CPU S/GB OUT"),
];

const PRODUCERS: &[Column] = &[
    number("producer_id", "PRODUCER"),
    text("codec", "CODEC"),
    text("transactional", "TRANSACTIONAL"),
    number("batches", "BATCHES"),
    number("records_per_batch", "RECORDS/BATCH"),
    number("size_bytes", "SIZE"),
    number("bytes_per_batch", "SIZE/BATCH"),
    number("ratio", "RATIO"),
];

pub(super) async fn run(session: &mut Session, arguments: CompressionArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let topic = TopicName::from(arguments.topic.as_str());
    super::refuse_unknown(&cluster, &topic, &[]).await?;
    let report = cluster.compression(&topic, arguments.sample).await?;
    let exit = Exit::of_answer(usize::from(report.value.batches > 0), &report.failures);
    session.output.report(&shown(&topic, &report.value, report.failures))?;
    Ok(exit)
}

fn shown(topic: &TopicName, report: &CompressionReport, failures: Vec<Failure>) -> Report {
    let trials = Table::of(TRIALS, report.trials.iter().map(|trial| trial_row(report, trial)));
    let producers = Table::of(PRODUCERS, report.producers.iter().map(producer_row));
    let item = json!({
        "topic": topic,
        "compression_type": report.topic_codec,
        "batches": report.batches,
        "records": report.records,
        "size_bytes": report.wire_bytes,
        "plain_bytes": report.plain_bytes,
        "ratio": report.ratio(),
        "records_per_batch": report.records_per_batch(),
        "producers": objects(&producers),
        "trials": objects(&trials),
        "advice": report.advice(),
    });
    let mut sections = vec![Section::Heading(format!("Compression of {topic}")), Section::Line(sampled(report))];
    if let Some(codec) = &report.topic_codec {
        sections.push(Section::Line(said(codec)));
    }
    if !producers.rows.is_empty() {
        sections.push(Section::Heading("As it is".into()));
        sections.push(Section::Rows(producers));
    }
    if !trials.rows.is_empty() {
        sections.push(Section::Heading("As it would be".into()));
        sections.push(Section::Rows(trials.clone()));
    }
    sections.push(Section::Heading(report.advice()));
    Report { items: Some(vec![item]), sections, rows: trials, failures, ..Report::default() }
}

fn sampled(report: &CompressionReport) -> String {
    let ratio = report.ratio().map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.1} : 1"));
    format!(
        "the newest {} in {}: {} in the log, {} plain, {ratio}",
        show::plural(report.records, "record"),
        if report.batches == 1 { "1 batch".to_owned() } else { format!("{} batches", show::count(report.batches)) },
        show::size(report.wire_bytes),
        show::size(report.plain_bytes),
    )
}

/// What the topic's `compression.type` means for its producers.
fn said(codec: &str) -> String {
    if codec == "producer" {
        "compression.type is producer: brokers keep batches as they come".into()
    } else {
        format!("compression.type is {codec}: brokers compress again what comes otherwise")
    }
}

fn trial_row(report: &CompressionReport, trial: &Trial) -> Vec<Cell> {
    vec![
        Cell::word(trial.codec.word()),
        Cell::or_absent(trial.level, |level| Cell::Id(level.into())),
        Cell::or_absent(trial.gathered, |bytes| Cell::Size(bytes.into())),
        Cell::Size(trial.packed_bytes),
        Cell::or_absent(trial.ratio(), Cell::Ratio),
        Cell::or_absent(report.saved(trial), Cell::Share),
        Cell::or_absent(trial.pack_seconds_per_gb(), Cell::Ratio),
        Cell::or_absent(trial.unpack_seconds_per_gb(), Cell::Ratio),
    ]
}

fn producer_row(used: &ProducerUse) -> Vec<Cell> {
    vec![
        Cell::or_absent(used.producer_id, Cell::Id),
        Cell::word(used.codec.word()),
        Cell::Flag(used.is_transactional),
        Cell::Count(used.batches),
        Cell::or_absent(ratio(used.records, used.batches), Cell::Ratio),
        Cell::Size(used.wire_bytes),
        Cell::or_absent(used.wire_bytes.checked_div(used.batches), Cell::Size),
        Cell::or_absent(used.ratio(), Cell::Ratio),
    ]
}
