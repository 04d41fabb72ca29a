//! `klamm profiles test`: the way into a cluster, step by step.

use crate::cli::connection::none_chosen;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Format, Look, Report, Section, Table, Tone, number, text, toned};
use crate::cli::session::Session;
use crate::cluster::{Ending, ProbeStep, Stage, probe};
use crate::domain::Failure;
use crate::domain::certificate::PeerCertificate;
use clap::Args;
use serde_json::{Value as Json, json};

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Without it the cluster that --profile, --bootstrap or the file names
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

const STEPS: &[Column] = &[
    text("check", "CHECK"),
    text("target", "TARGET"),
    text("status", "STATUS"),
    number("duration_ms", "MS"),
    text("message", "FOUND"),
    text("hint", "WHAT TO DO"),
];

pub(super) async fn run(session: &mut Session, arguments: TestArguments) -> Result<Exit, Stop> {
    if let Some(name) = arguments.name {
        session.name_profile(name);
    }
    let (loaded, profile) = session.profile().await?;
    let profile = profile.ok_or_else(|| none_chosen(&loaded))?;
    let (mut rows, mut items) = (Table::new(STEPS), Vec::new());
    let (mut failures, mut advice, mut is_in) = (Vec::new(), Vec::new(), false);
    let mut steps = probe(profile);
    while let Some(step) = steps.recv().await {
        // A step may wait for its deadline: people see each as it ends, and the advice
        // below, where it has room.
        if session.output.format == Format::Table {
            let line = line(&step, &session.output.look);
            session.output.line(&line)?;
            session.output.flush()?;
        }
        rows.push(cells(&step));
        items.push(item(&step));
        // With that answer one works; what fails beside it is a part.
        is_in |= step.stage == Stage::Metadata && matches!(step.ending, Ending::Ok(_) | Ending::Look { .. });
        match step.ending {
            Ending::Look { hint, .. } => {
                advice.push(format!("{} {}: {hint}", step.stage.word(), step.target));
            }
            Ending::Failed(failure) => {
                let hint = failure.hint.clone();
                advice.extend(hint.map(|hint| format!("{} {}: {hint}", step.stage.word(), step.target)));
                failures.push(failure);
            }
            Ending::Ok(_) | Ending::Skipped(_) => {}
        }
    }
    // Two addresses with the same fault need the same advice.
    advice.dedup();
    let exit = Exit::of_answer(usize::from(is_in), &failures);
    let mut sections = vec![Section::Line(sum(&items))];
    if !advice.is_empty() {
        sections.push(Section::Heading("What to do".into()));
        sections.extend(advice.into_iter().map(Section::Line));
    }
    session.output.report(&Report { rows, items: Some(items), sections, failures, ..Report::default() })?;
    Ok(exit)
}

fn status(ending: &Ending) -> (&'static str, Tone) {
    match ending {
        Ending::Ok(_) => ("ok", Tone::Good),
        Ending::Look { .. } => ("warning", Tone::Look),
        Ending::Failed(_) => ("failed", Tone::Bad),
        Ending::Skipped(_) => ("skipped", Tone::Plain),
    }
}

/// What was found, and what to do about it.
fn words(ending: &Ending) -> (String, Option<String>) {
    match ending {
        Ending::Ok(found) => (found.clone(), None),
        Ending::Look { found, hint } => (found.clone(), Some(hint.clone())),
        Ending::Failed(failure) => (cause(failure), failure.hint.clone()),
        Ending::Skipped(why) => (why.clone(), None),
    }
}

/// The failure without the address and the advice, which have columns of their own.
fn cause(failure: &Failure) -> String {
    let bare = Failure { hint: None, broker: None, ..failure.clone() };
    bare.to_string()
}

fn millis(step: &ProbeStep) -> Option<u64> {
    let was_tried = !matches!(step.ending, Ending::Skipped(_));
    was_tried.then(|| u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX))
}

/// One step for people, under those that came before.
fn line(step: &ProbeStep, look: &Look) -> String {
    let took = millis(step).map_or_else(|| "–".to_owned(), |millis| format!("{millis} ms"));
    let (message, _) = words(&step.ending);
    let target = if step.target.is_empty() { String::new() } else { format!("{}: ", step.target) };
    let (word, tone) = status(&step.ending);
    let found = format!("{target}{message}");
    format!("{:<13}{}{took:>9}  {}", step.stage.word(), toned(&format!("{word:<8}"), tone, look), look.safe(&found))
}

/// How many steps ended in which way.
fn sum(items: &[Json]) -> String {
    let count = |word: &str| items.iter().filter(|item| item["status"] == word).count();
    let words = ["ok", "warning", "failed", "skipped"];
    let told = words.map(|word| (count(word), word)).into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

fn cells(step: &ProbeStep) -> Vec<Cell> {
    let (word, tone) = status(&step.ending);
    let (message, hint) = words(&step.ending);
    vec![
        Cell::word(step.stage.word()),
        Cell::text(step.target.as_str()),
        Cell::Word(word, tone),
        millis(step).map_or(Cell::Absent, Cell::Count),
        Cell::text(message),
        hint.map_or(Cell::Absent, Cell::text),
    ]
}

fn item(step: &ProbeStep) -> Json {
    let (message, hint) = words(&step.ending);
    json!({
        "check": step.stage.word(),
        "target": step.target,
        "status": status(&step.ending).0,
        "message": message,
        "hint": hint,
        "duration_ms": millis(step),
        "certificate": step.certificate.as_ref().map(certificate),
    })
}

fn certificate(certificate: &PeerCertificate) -> Json {
    json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": certificate.names,
        "not_before": certificate.not_before.rfc3339(),
        "not_after": certificate.not_after.rfc3339(),
        "protocol": certificate.protocol,
    })
}
