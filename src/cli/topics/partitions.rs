//! `klamm topics plan-partitions` and `add-partitions`: how many a topic needs,
//! what that does to its keys, and the change.

use crate::cli::change::carry_out;
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Section, Table, fact, number, objects, say, text};
use crate::cli::plan::{severity_mark, severity_word};
use crate::cli::session::Session;
use crate::domain::partition_plan::{Choice, CommitZero, PartitionReport, PartitionWish, Source};
use crate::domain::partitioner::Partitioner;
use crate::domain::when::parse_duration;
use crate::domain::{GroupId, TopicName, show, throughput};
use clap::Args;
use serde_json::{Map, Value as Json, json};
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// Bytes a second the topic shall carry: 50MB/s
    #[arg(long, value_name = "RATE", value_parser = rate)]
    target_rate: Option<f64>,
    /// What one partition takes from producers, if you know better than klamm
    #[arg(long, value_name = "RATE", value_parser = rate)]
    in_rate: Option<f64>,
    /// What one consumer reads from one partition
    #[arg(long, value_name = "RATE", value_parser = rate)]
    read_rate: Option<f64>,
    /// Consumers that shall work in parallel in one group
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    consumers: Option<u32>,
    /// Look at this count, too
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Records whose keys are looked at
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1_000_000))]
    sample: Option<u64>,
    /// Measure the rate for this long; 0s leaves it out
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    measure: i64,
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// How many it shall have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    to: i32,
    /// Then commit offset 0 in the new partitions for the topic's Empty groups, or
    /// for those named, so that none skips what arrives before it sees them
    #[arg(long, value_name = "GROUP,…", num_args = 0.., require_equals = true, value_delimiter = ',')]
    commit_zero: Option<Vec<String>>,
    #[command(flatten)]
    consent: Consent,
}

fn rate(text: &str) -> Result<f64, String> {
    let bytes = throughput::parse(text).ok_or("write 50MB/s, 1.5GiB/s or a number of bytes a second")?;
    Ok(bytes as f64)
}

pub(super) async fn add(session: &mut Session, arguments: AddArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let zero = match arguments.commit_zero {
        None => CommitZero::No,
        Some(groups) if groups.is_empty() => CommitZero::Offered,
        Some(groups) => CommitZero::Only(groups.iter().map(|group| GroupId::from(group.as_str())).collect()),
    };
    let plan = cluster.plan_add_partitions(&TopicName::from(arguments.topic.as_str()), arguments.to, zero).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}

pub(super) async fn plan(session: &mut Session, arguments: PlanArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let usual = PartitionWish::default();
    let wish = PartitionWish {
        target_rate: arguments.target_rate,
        in_rate: arguments.in_rate,
        read_rate: arguments.read_rate,
        consumers: arguments.consumers,
        partitions: arguments.partitions,
        sample: arguments.sample.unwrap_or(usual.sample),
        ..usual
    };
    if arguments.measure > 0 {
        // A rate is what lies between two looks; the report takes the second.
        cluster.metadata().await?;
        cluster.logs_of(&[TopicName::from(arguments.topic.as_str())]).await?;
        say(&format!("klamm: measuring for {}", show::duration(arguments.measure.unsigned_abs())));
        tokio::time::sleep(Duration::from_millis(arguments.measure.unsigned_abs())).await;
    }
    let report = cluster.partition_report(&TopicName::from(arguments.topic.as_str()), wish).await?;
    session.output.report(&shown(&report))?;
    Ok(Exit::Done)
}

const CHOICES: &[Column] = &[
    number("partitions", "PARTITIONS"),
    fact("bytes_per_second_each", "RATE EACH"),
    number("replicas_per_broker", "REPLICAS/BROKER"),
    number("moved_java", "MOVE (JAVA)"),
    number("moved_librdkafka", "MOVE (LIBRDKAFKA)"),
    number("moved_sarama", "MOVE (SARAMA)"),
    number("moved_expected", "MOVE (EXPECTED)"),
    text("divides_evenly", "EVEN"),
    text("is_over_limit", "OVER LIMIT"),
    text("is_recommended", "LOOK HERE FIRST"),
];

const HOTTEST: &[Column] = &[
    number("partitions", "PARTITIONS"),
    text("key", "HOT KEY"),
    number("share", "SHARE"),
    number("from", "FROM"),
    number("to", "TO"),
];

fn shown(report: &PartitionReport) -> Report {
    let choices = Table::of(
        CHOICES,
        report.choices.iter().enumerate().map(|(index, choice)| choice_row(choice, report.recommended == Some(index))),
    );
    let hottest = Table::of(HOTTEST, report.choices.iter().flat_map(hot_rows));
    Report {
        items: Some(vec![item(report, &choices, &hottest)]),
        sections: sections(report, &choices, hottest),
        rows: choices,
        ..Report::default()
    }
}

fn choice_row(choice: &Choice, is_recommended: bool) -> Vec<Cell> {
    let moved = |wanted: Partitioner| {
        let found = choice.moved.iter().find(|(partitioner, _)| *partitioner == wanted);
        Cell::or_absent(found, |(_, share)| Cell::Share(*share))
    };
    vec![
        Cell::Id(choice.partitions.into()),
        choice.rate_each.map_or_else(|| Cell::Unknown("no rate was measured or given".into()), Cell::ByteRate),
        Cell::count(choice.replicas_per_broker),
        moved(Partitioner::Java),
        moved(Partitioner::Librdkafka),
        moved(Partitioner::Sarama),
        Cell::Share(choice.expected_moved),
        Cell::Flag(choice.divides_evenly),
        Cell::Flag(choice.is_over_limit),
        Cell::Flag(is_recommended),
    ]
}

fn hot_rows(choice: &Choice) -> impl Iterator<Item = Vec<Cell>> {
    choice.hottest.iter().map(|hot| {
        vec![
            Cell::Id(choice.partitions.into()),
            Cell::text(hot.key.as_str()),
            Cell::Share(hot.share),
            Cell::Id(hot.from.into()),
            Cell::or_absent(hot.to, |to| Cell::Id(to.into())),
        ]
    })
}

fn item(report: &PartitionReport, choices: &Table, hottest: &Table) -> Json {
    let by_client = |shares: &[(Partitioner, f64)]| -> Json {
        let members = shares.iter().map(|(partitioner, share)| (partitioner.word().to_lowercase(), json!(share)));
        Json::Object(members.collect::<Map<_, _>>())
    };
    let warnings = report
        .warnings
        .iter()
        .map(|warning| json!({"severity": severity_word(warning.severity), "text": warning.text}));
    json!({
        "topic": report.topic,
        "partitions": report.current,
        "refusal": report.refusal,
        "bytes_per_second": report.rate,
        "busiest_bytes_per_second": report.busiest,
        "size_bytes": report.size,
        "needs": report.needs.as_ref().map(|needs| json!({
            "target_bytes_per_second": needs.target,
            "partition_takes_bytes_per_second": needs.takes.per_second,
            "partition_takes_source": source_word(needs.takes.source),
            "consumer_reads_bytes_per_second": needs.reads.map(|reads| reads.per_second),
            "consumers": needs.consumers,
            "minimum": needs.minimum,
            "suggested": needs.suggested,
            "lines": needs.lines,
        })),
        "choices": objects(choices),
        "hottest": objects(hottest),
        "sample": {
            "records": report.sampled,
            "distinct_keys": report.distinct_keys,
            "keyless": report.keyless,
            "from": report.sampled_span.and_then(|(from, _)| from.rfc3339()),
            "to": report.sampled_span.and_then(|(_, to)| to.rfc3339()),
            "explained": by_client(&report.explained),
            "partitioner": report.partitioner.map(|partitioner| partitioner.word().to_lowercase()),
            "failure": report.sample_failure,
            "records_by_partition": report.skew,
        },
        "replica_limit": report.replica_limit,
        "warnings": warnings.collect::<Vec<_>>(),
        "start_at_zero": report.zero.groups,
        "not_at_zero": report.zero.others.iter()
            .map(|(group, reason)| json!({"group": group, "reason": reason})).collect::<Vec<_>>(),
    })
}

/// Where a number comes from, in JSON.
fn source_word(source: Source) -> &'static str {
    match source {
        Source::Measured => "measured",
        Source::Said => "said",
        Source::Assumed => "assumed",
    }
}

fn sections(report: &PartitionReport, choices: &Table, hottest: Table) -> Vec<Section> {
    let mut sections = vec![Section::Heading(format!("Partitions for {}: {} now", report.topic, report.current))];
    sections.extend(report.refusal.iter().map(|reason| Section::Line(format!("✖ must not be changed: {reason}"))));
    let now = match (report.rate, report.busiest) {
        (Some(rate), Some(busiest)) => {
            format!("carries {}, its busiest partition {}", show::byte_rate(rate), show::byte_rate(busiest))
        }
        _ => "what it carries is not known yet".into(),
    };
    sections.push(Section::Line(now));
    sections.extend(report.needs.iter().flat_map(|needs| &needs.lines).cloned().map(Section::Line));
    if choices.rows.is_empty() {
        sections
            .push(Section::Line("no larger count is called for; --target-rate and --partitions ask for one".into()));
    } else {
        sections.push(Section::Rows(choices.clone()));
    }
    sections.push(Section::Line(keys(report)));
    if !hottest.rows.is_empty() {
        sections.push(Section::Rows(hottest));
    }
    let mark = severity_mark;
    sections.extend(report.warnings.iter().map(|w| Section::Line(format!("{} {}", mark(w.severity), w.text))));
    sections
}

fn keys(report: &PartitionReport) -> String {
    if let Some(failure) = &report.sample_failure {
        return format!("keys: ? {failure}");
    }
    let sample = format!(
        "keys: {} records sampled, {} distinct keys, {} without a key",
        show::count(report.sampled),
        show::count(report.distinct_keys as u64),
        show::count(report.keyless)
    );
    match report.partitioner {
        Some(client) => {
            format!("{sample}; the default partitioner of {} clients explains where they lie", client.word())
        }
        None => sample,
    }
}
