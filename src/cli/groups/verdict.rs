//! `klamm groups verdict`: how groups are doing, judged by their last commits.

use super::reset::duration;
use super::rules::RuleArguments;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{
    Cell, Column, Report, Section, Table, Tone, complain, fact, number, objects, text, word_fact,
};
use crate::cli::session::Session;
use crate::cluster::GroupDetail;
use crate::domain::group::GroupPartition;
use crate::domain::samples::EVERY;
use crate::domain::verdict::{GroupVerdict, Judgement, Reason, Source, Verdict};
use crate::domain::{GroupId, Time, show};
use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub(crate) struct VerdictArguments {
    #[arg(value_name = "GROUP", required_unless_present = "all", conflicts_with = "all")]
    groups: Vec<String>,
    /// All groups
    #[arg(long)]
    all: bool,
    /// Each partition, with the rule that gave its verdict
    #[arg(long)]
    explain: bool,
    /// End with 5 where a verdict is as bad as this one or worse
    #[arg(long, value_enum, value_name = "VERDICT")]
    check: Option<Limit>,
    /// Look again for so long where there is too little to tell a verdict by
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    #[command(flatten)]
    rules: RuleArguments,
}

/// Looks are so far apart: those that follow sooner do not count.
const LOOK_EVERY: Duration = Duration::from_millis(EVERY.unsigned_abs() + 1_000);

/// Verdicts that can be too bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Limit {
    Warn,
    Stop,
    Stall,
    Rewind,
}

impl Limit {
    fn verdict(self) -> Verdict {
        match self {
            Self::Warn => Verdict::Warn,
            Self::Stop => Verdict::Stop,
            Self::Stall => Verdict::Stall,
            Self::Rewind => Verdict::Rewind,
        }
    }
}

const GROUPS: &[Column] = &[
    text("group", "GROUP"),
    word_fact("status", "STATUS"),
    word_fact("verdict", "VERDICT"),
    text("verdict_source", "BY"),
    fact("lag", "LAG"),
    number("complete", "COMPLETE"),
    text("reason", "WHY"),
];

const PARTITIONS: &[Column] = &[
    text("topic", "TOPIC"),
    number("partition", "P"),
    word_fact("verdict", "VERDICT"),
    fact("lag", "LAG"),
    number("commits", "COMMITS"),
    text("last_commit", "LAST COMMIT"),
    text("reason", "WHY"),
];

pub(super) async fn run(session: &mut Session, arguments: &VerdictArguments) -> Result<Exit, Stop> {
    let cluster = arguments.rules.connect(session).await?;
    let wanted: Vec<GroupId> = arguments.groups.iter().map(|group| GroupId::from(group.as_str())).collect();
    let only = (!arguments.all).then_some(wanted.as_slice());
    let mut answer = cluster.judged_groups(only).await?;
    let is_open = |groups: &[GroupDetail]| groups.iter().any(is_still_open);
    if let Some(why) = answer.value.iter().find_map(why_sampled) {
        let more = match arguments.wait {
            None if is_open(&answer.value) => ". There are too few looks so far: --wait 2m takes them",
            _ => "",
        };
        complain(&format!("verdicts are estimated from samples: {why}{more}"));
    }
    if let Some(until) = arguments.wait.and_then(|wait| Instant::now().checked_add(wait)) {
        while is_open(&answer.value) && Instant::now() + LOOK_EVERY <= until {
            tokio::time::sleep(LOOK_EVERY).await;
            answer = cluster.judged_groups(only).await?;
        }
    }
    let zone = session.output.look.zone.clone();
    let clock = |time: Time| time.show(&zone);
    let mut report = Report { rows: Table::new(GROUPS), items: Some(Vec::new()), ..Report::default() };
    report.failures = answer.failures;
    for group in &answer.value {
        let row = group_row(group, &clock);
        let partitions = Table::of(PARTITIONS, partition_rows(group, &clock));
        if arguments.explain {
            report.sections.push(Section::Heading(heading(group)));
            report.sections.push(Section::Rows(partitions.clone()));
        }
        let mut item = objects(&Table { columns: GROUPS, rows: vec![row.clone()] });
        if let Some(Json::Object(item)) = item.get_mut(0) {
            item.insert("partitions".into(), objects(&partitions));
            report.items.get_or_insert_default().push(json!(item));
        }
        report.rows.push(row);
    }
    let is_too_bad = |group: &GroupDetail| {
        let worst = worst(group).filter(|verdict| verdict.judgement.is_sure());
        arguments.check.zip(worst).is_some_and(|(limit, worst)| worst.judgement.verdict >= limit.verdict())
    };
    let exit = match Exit::of_answer(answer.value.len(), &report.failures) {
        Exit::Done if answer.value.iter().any(is_too_bad) => Exit::NotMet,
        exit => exit,
    };
    session.output.report(&report)?;
    Ok(exit)
}

fn heading(group: &GroupDetail) -> String {
    let lag = group.lag.fact();
    let lag = lag.known().map_or("?".into(), |lag| show::count(*lag));
    let word = worst(group).map_or("cannot tell", |verdict| verdict.judgement.verdict.word());
    format!("{}: {word}, lag {lag}", group.description.listing.id)
}

fn group_row(group: &GroupDetail, clock: &impl Fn(Time) -> String) -> Vec<Cell> {
    let judgement = worst(group).map(|verdict| &verdict.judgement);
    let share = worst(group).map(|verdict| verdict.complete as f64 / verdict.partitions.max(1) as f64);
    let reason = match worst(group) {
        Some(verdict) => format!("{}: {}", verdict.worst, why(&verdict.judgement, clock)),
        None => group.judged.reason().unwrap_or(UNSEEN).to_owned(),
    };
    vec![
        Cell::text(&group.description.listing.id),
        told(judgement, |verdict| Cell::Word(verdict.status(), tone(verdict))),
        told(judgement, |verdict| Cell::Word(verdict.word(), tone(verdict))),
        Cell::or_absent(judgement.filter(|judgement| judgement.is_sure()), |judgement| {
            Cell::word(judgement.source.word())
        }),
        Cell::of(&group.lag.fact(), Cell::Count),
        Cell::Share(share.unwrap_or(0.0)),
        Cell::text(reason),
    ]
}

fn partition_rows(group: &GroupDetail, clock: &impl Fn(Time) -> String) -> Vec<Vec<Cell>> {
    let judged = group.judged.known().map_or(&[][..], |judged| &judged.partitions);
    let row = |(index, row): (usize, &GroupPartition)| {
        let judged = judged.get(index).and_then(Option::as_ref);
        vec![
            Cell::text(&row.partition.topic),
            Cell::Id(row.partition.partition.into()),
            told(judged, |verdict| Cell::Word(verdict.word(), tone(verdict))),
            Cell::of(&row.lag(), Cell::Count),
            Cell::count(judged.map_or(0, |judgement| judgement.commits)),
            Cell::or_absent(judged.map(|judgement| judgement.last_commit), Cell::Time),
            Cell::text(judged.map_or_else(|| UNSEEN.to_owned(), |judgement| why(judgement, clock))),
        ]
    };
    group.partitions.iter().enumerate().map(row).collect()
}

/// A verdict that more looks or commits would tell.
fn is_still_open(group: &GroupDetail) -> bool {
    worst(group).is_some_and(|verdict| !verdict.judgement.is_sure())
}

fn why_sampled(group: &GroupDetail) -> Option<&str> {
    group.judged.known()?.why_sampled.as_deref()
}

fn worst(group: &GroupDetail) -> Option<&GroupVerdict> {
    group.judged.known()?.group.as_ref()
}

/// Without a commit, or without knowing the end, nothing is judged.
const UNSEEN: &str = "no commit in the part of the log that was read, or its lag is not known";

/// The verdict where it is sure.
fn told(judgement: Option<&Judgement>, cell: impl FnOnce(Verdict) -> Cell) -> Cell {
    match judgement {
        Some(judgement) if judgement.is_sure() => cell(judgement.verdict),
        Some(judgement) => Cell::Unknown(so_far(judgement).into()),
        None => Cell::Unknown(UNSEEN.into()),
    }
}

pub(super) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Ok => Tone::Good,
        Verdict::Warn => Tone::Look,
        Verdict::Stop | Verdict::Stall | Verdict::Rewind => Tone::Bad,
    }
}

fn so_far(judgement: &Judgement) -> String {
    format!("cannot tell yet, {} of {} {}", judgement.commits, judgement.of, judgement.source.plural())
}

/// The rule in words, or how far the window is from telling.
fn why(judgement: &Judgement, clock: &impl Fn(Time) -> String) -> String {
    match (&judgement.reason, judgement.source) {
        (reason, _) if judgement.is_sure() => reason.told(clock),
        // Looks are no commits.
        (Reason::TooFew { .. }, Source::Sampled) => so_far(judgement),
        (reason, _) => format!("{}: {}", so_far(judgement), reason.told(clock)),
    }
}
